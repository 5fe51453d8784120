"""What each action of the table does on the screens: one method an action, called by keys, palette, help and mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from textual.screen import ModalScreen

from agentconsole import canned, keys, narrate, settings, themes
from agentconsole.actions import Unfit
from agentconsole.client import Problem
from agentconsole.keys import Where
from agentconsole.link import LinkState
from agentconsole.offers import Offer
from agentconsole.outbox import OutboxFull
from agentconsole.protocol import OPEN_STATES, Join, Outcome, Said, Side, State, Take, TakeNext, TakeOver
from agentconsole.screens.ahead import Ahead
from agentconsole.screens.ask import Ask
from agentconsole.screens.choice import Choice, Option
from agentconsole.screens.editing import edit_draft
from agentconsole.screens.finder import Finder, Item
from agentconsole.screens.governing import Governing
from agentconsole.screens.help import Help
from agentconsole.screens.host import Host
from agentconsole.screens.hours import OpeningHours
from agentconsole.screens.mailing import Mailing
from agentconsole.screens.rules import RuleDeeds
from agentconsole.screens.staffing import Staffing
from agentconsole.screens.statuses import Statuses
from agentconsole.screens.talk import Talk
from agentconsole.screens.ticket_files import TicketFiles
from agentconsole.screens.ticket_filters import TicketFilters
from agentconsole.screens.ticketing import READ_ONLY, Ticketing
from agentconsole.screens.together import Together
from agentconsole.screens.watch import Watch

T = TypeVar("T")

UNMARKED = "unmarked"
NO_ANSWERS = "Agents and supervisors answer chats; you read them: v opens the one under the cursor."
NO_NOTE = "Only who takes part in this chat, or supervises it, writes notes into it."
TAKES = frozenset({"take", "take_next", "take_viewed"})
# So long after the chat under the cursor went away, a key may still have been meant for it.
SLIP_MS = 700

OUTCOME_HINTS = {
    Outcome.solved: "the visitor has what they came for",
    Outcome.unsolved: "it could not be solved",
    Outcome.follow_up: "somebody will come back to it",
    Outcome.spam: "no real question",
}


class Deeds:
    """The one handler. Methods are named after the actions; those that ask something are coroutines."""

    def __init__(self, app: Host) -> None:
        self.app = app
        self.expecting = 0
        self.written = ""
        self.answered: dict[str, Callable[[], object]] = {}
        self.objected: dict[str, Callable[[str], object]] = {}
        self.unsaid: dict[tuple[str, int], str] = {}  # what was refused, by what it was for and its chat
        self.needle = ""
        self.ahead = Ahead(self)
        self.together = Together(self)
        self.statuses = Statuses(self)
        self.watch, self.talk = Watch(self), Talk(self)
        self.ticketing, self.mailing = Ticketing(self), Mailing(self)
        self.governing = Governing(self)
        self.staffing = Staffing(self)
        staff = (self.together, self.statuses, self.staffing, self.watch, self.talk)
        others = (
            *staff,
            self.ticketing,
            TicketFilters(self),
            TicketFiles(self),
            self.mailing,
            self.governing,
            OpeningHours(self),
            RuleDeeds(self),
        )
        self.nouns: tuple[object, ...] = (self, *others)

    async def perform(self, id: str) -> None:
        """Do an action; what cannot be done is said in a sentence."""
        try:
            if id.startswith("chat_"):
                self._numbered(int(id.removeprefix("chat_")))
                return
            if not self.ticketing.works(id):
                raise Unfit(READ_ONLY)
            name = "break_" if id == "break" else id
            done = getattr(next(noun for noun in self.nouns if hasattr(noun, name)), name)()
            if done is not None:
                await done
        except (Unfit, OutboxFull, Problem) as problem:
            self.app.tell(str(problem), "warn")
            if id in TAKES:
                self.ahead.denied(str(problem))

    async def ask(self, dialog: ModalScreen[T]) -> T | None:
        """Show a dialog and wait for its answer."""
        return cast("T | None", await self.app.push_screen_wait(dialog))

    async def write_about(
        self, noun: str, chat: int, dialog: Ask, send: Callable[[str], str], then: Callable[[], object]
    ) -> None:
        """Ask for words about a chat and send them; words that could not be sent stand there when asked again."""
        dialog.value = self.unsaid.get((noun, chat), "")
        words = await self.ask(dialog)
        if not words or not words.strip():
            return
        self.unsaid[noun, chat] = words
        cid = send(words)
        del self.unsaid[noun, chat]

        def refused(why: str) -> None:
            self.unsaid[noun, chat] = words
            self.app.tell(
                f"{why} What you wrote is kept: the next {noun} on this chat begins with it.", "warn"
            )

        self.after(cid, then, refused)

    async def confirm(self, title: str, explanation: str, yes: str) -> bool:
        """Ask once before something that cannot be taken back."""
        options = [Option("yes", yes), Option("no", "Back")]
        return await self.ask(Choice(title, options, "yes", explanation)) == "yes"

    def possible(self, id: str) -> bool:
        """False if this action could only be refused now: then it is not offered."""
        if id == "back":
            return self.app.main.way_back is not None
        nouns = (
            self.together,
            self.watch,
            self.talk,
            self.ticketing,
            self.mailing,
            self.governing,
            self.staffing,
        )
        return all(noun.possible(id) for noun in nouns)

    def after(
        self, cid: str, then: Callable[[], object], refused: Callable[[str], object] | None = None
    ) -> None:
        """Do something once the server has answered a command; ``refused`` gets the sentence in place of the notice."""
        self.answered[cid] = then
        if refused:
            self.objected[cid] = refused

    def settle(self) -> None:
        """Commands were answered: do what waited for that, say what was refused, go to the chat that was taken."""
        for ack, command in self.app.store.take_acks():
            if isinstance(command, Take | TakeNext | TakeOver | Join):
                self.expecting = ack.chat or getattr(command, "chat", 0)
                self.ahead.answered(ack.cid, self.expecting)
            self.objected.pop(ack.cid, None)
            if then := self.answered.pop(ack.cid, None):
                then()
            self.ticketing.acked(ack, command)
        for refused, _ in self.app.store.take_refusals():
            self.answered.pop(refused.cid, None)
            self.objected.pop(refused.cid, self._tell_refusal)(refused.text)
        self.together.settle()
        self.ticketing.settle()
        if self.expecting and self.app.store.takes_part(self.expecting) and self.app.main.is_active:
            chat, self.expecting = self.expecting, 0
            self._arrived(chat)

    def _tell_refusal(self, sentence: str) -> None:
        self.app.tell(sentence, "warn")

    def _arrived(self, chat: int) -> None:
        """The chat taken is mine: go there, unless letters are being written here that were not meant for it."""
        view = self.app.main.chat
        if self._in_chat() and view.chat and view.composer.text != self.written:
            card = self.app.store.chats[chat]
            self.app.tell(f"{narrate.name(card.name)} is yours now, and waits until you have written this.")
        else:
            self.app.main.go_chat(chat)
            self.app.main.set_focus(view.composer.field)  # at once: the next key may have come already
        self.ahead.landed(chat)

    # --- places ---

    def queue(self) -> None:
        self.app.main.go(self.app.main.queue)

    def back(self) -> None:
        """One place back; from a ticket to the list, wherever one came from."""
        if self.app.main.where is Where.ticket:
            self.ticketing.ticket_back()
        else:
            self.app.main.back()

    def left_messages(self) -> None:
        self.app.main.go(self.app.main.left)

    def chats(self) -> None:
        """The chat in front, or my first."""
        view = self.app.main.chat
        self._open(view.chat or self.app.store.neighbour(0, 1))

    def next_needing(self) -> None:
        chat = self.app.store.next_needing(self._chat() if self._in_chat() else 0)
        if not chat:
            raise Unfit("No chat of yours needs you now.")
        self._open(chat)

    def previous_chat(self) -> None:
        self._open(self.app.store.neighbour(self._chat(), -1))

    def next_chat(self) -> None:
        self._open(self.app.store.neighbour(self._chat(), 1))

    def _numbered(self, number: int) -> None:
        mine = self.app.store.mine()
        if number > len(mine):
            raise Unfit(f"You have {len(mine)} chat{'' if len(mine) == 1 else 's'}.")
        self._open(mine[number - 1].card.chat)

    def _open(self, chat: int) -> None:
        if not chat:
            raise Unfit("You have no chat yet. Take one from the queue.")
        store = self.app.store
        if chat in store.chats and not (store.takes_part(chat) or chat in store.viewing):
            self.app.actions.look(chat)
        self.together.opened(chat)
        self.app.main.go_chat(chat)

    # --- me ---

    async def logout(self) -> None:
        if await self.confirm(
            "Log out?", "Your chats stay yours; drafts and unsent lines are kept here.", "Log out"
        ):
            self.app.main.chat.leave()
            await self.app.session.log_out()

    async def quit(self) -> None:
        mine = self.app.store.counts().mine
        explanation = f"You answer {mine} chat{'s' if mine > 1 else ''}. They stay yours; drafts are kept."
        if not mine or await self.confirm("Leave the console?", explanation, "Leave"):
            self.app.leave()

    # --- the console itself ---

    async def help(self) -> None:
        chosen = await self.ask(Help(self.app.table, self.app.main.where))
        if chosen:
            await self._if_here(chosen)

    async def palette(self) -> None:
        items = [
            Item(each.id, each.label, each.help, " ".join(map(keys.spoken, each.keys[:2])))
            for each in self.app.table
            if self.app.fits(each) and each.where is not Where.composer and each.id != "palette"
            if self.possible(each.id)
        ]
        chosen = await self.ask(Finder("Commands", items))
        if chosen:
            await self._if_here(chosen)

    async def _if_here(self, id: str) -> None:
        action = next(each for each in self.app.table if each.id == id)
        if not self.app.fits(action):
            raise Unfit(f"'{action.label}' cannot be done here.")
        await self.perform(id)

    async def theme(self) -> None:
        options = [Option(name, name, hint) for name, hint in themes.HINTS.items()]
        chosen = await self.ask(Choice("Theme", options, self.app.theme))
        if chosen:
            self.app.choose_theme(chosen)
            try:
                settings.keep("theme", chosen)
            except (OSError, ValueError) as error:
                raise Unfit(f"The theme holds until you leave; it could not be kept: {error}") from error

    def reconnect(self) -> None:
        if self.app.store.link.state is LinkState.connected and not self.app.store.link.silent_s(
            self.app.clock()
        ):
            raise Unfit("The link is up; there is nothing to connect anew.")
        self.app.actions.reconnect()

    def redraw(self) -> None:
        self.app.redraw_terminal()

    # --- the queue ---

    def take(self) -> None:
        chat = self.app.main.queue.selected
        if self.app.store.takes_part(chat):
            self._open(chat)
        elif chat:
            if self.app.actions.clock() - self.app.main.queue.slipped_at < SLIP_MS:
                raise Unfit("The chat that stood here has just gone. Press again to take this one.")
            if self.together.reads_only(chat):
                self._open(chat)
            else:
                self._take(chat)
        else:
            raise Unfit("Nobody is waiting.")

    def take_viewed(self) -> None:
        if self.app.store.is_mine(self._chat()):
            raise Unfit("This chat is yours already.")
        if self.together.reads_only(self._chat()):
            raise Unfit("A colleague answers this chat. J joins it; a supervisor takes it over with O.")
        self._take(self._chat())

    def take_next(self) -> None:
        if not self.app.store.answers():
            raise Unfit(NO_ANSWERS)
        self.told(self.app.actions.take_next())

    def _take(self, chat: int) -> None:
        if not self.app.store.answers():
            raise Unfit(NO_ANSWERS)
        invited = self.together.offer(chat) is Offer.invited
        self.told(self.app.actions.join(chat) if invited else self.app.actions.take(chat))

    def told(self, cid: str) -> None:
        """A chat was asked for: the answer opens it, with what is typed until then in its composer."""
        self.written = self.app.main.chat.composer.text
        self.ahead.asked(cid)
        if self.app.store.link.silent_s(self.app.actions.clock()):
            self.app.tell("The server does not answer just now; this is done as soon as it does.")

    def peek(self) -> None:
        chat = self.app.main.queue.selected
        if not chat:
            raise Unfit("Nobody is waiting.")
        self._open(chat)

    # --- a chat ---

    def compose(self) -> None:
        """Go to the composer; with the cursor on a folded line, first show all of that."""
        if not self.app.main.chat.transcript.unfold():
            self.app.main.chat.write()

    def leave_composer(self) -> None:
        self.app.main.chat.focus()

    def note_mode(self) -> None:
        view = self.app.main.chat
        if not (self.app.store.takes_part(view.chat) or view.chat in view.stranded):
            sentence = "This chat is not yours: what you write here is a note."
            raise Unfit(sentence if view.may_note else NO_NOTE)
        if not view.may_note:
            raise Unfit(NO_NOTE)
        view.toggle_note()
        view.write()

    async def close(self) -> None:
        chat = self._answered()
        draft = self.app.store.draft(chat)
        options = [Option(each, narrate.OUTCOMES[each], OUTCOME_HINTS[each]) for each in Outcome]
        department = self.app.store.departments.get(self.app.store.chats[chat].department)
        if department is None or not department.to_solve:
            options.append(Option(UNMARKED, "no mark", "it just ends"))
        warning = "What stands in the composer has not been sent." if draft.strip() else ""
        chosen = await self.ask(Choice(f"Close the chat with {self._visitor()} as", options, "", warning))
        if chosen:
            self.app.actions.close(chat, None if chosen == UNMARKED else Outcome(chosen))

    def reopen(self) -> None:
        self.app.actions.reopen(self._chat())

    async def release(self) -> None:
        chat = self._answered()
        explanation = f"{self._visitor()} waits again, first in line, for you or a colleague."
        if await self.confirm("Put the chat back into the queue?", explanation, "Put it back"):
            self.app.actions.release(chat)

    def customer(self) -> None:
        view = self.app.main.chat
        view.customer_wanted = not view.customer_shown
        view.redraw()
        self.app.fetch_customer()

    async def customer_note(self) -> None:
        chat = self._chat()
        card = self.app.store.chats.get(chat)
        if card is None or not card.email:
            raise Unfit("A customer note needs an e-mail address, and this visitor gave none.")
        explanation = f"Kept on the card of {card.email}; visitors never see it."
        await self.write_about(
            "customer note",
            chat,
            Ask("Customer note", explanation, limit=4_000, add=True),
            lambda words: self.app.actions.note_customer(chat, words),
            lambda: self._customer_changed(chat),
        )

    def _customer_changed(self, chat: int) -> None:
        """Ask for the card again, now or when this chat is in front again."""
        if chat == self._chat():
            self.app.fetch_customer(again=True)
        else:
            self.app.main.chat.customers.pop(chat, None)

    async def canned(self) -> None:
        replies = self.app.main.chat.replies
        nothing = "No reply fits. 'Save reply' in the palette keeps one."
        replies.found(await self.ask(replies.finder("Canned replies", nothing)))

    async def save_canned(self) -> None:
        words = self.app.main.chat.composer.text
        if not words.strip():
            raise Unfit("Write the reply into the composer first; fields such as {name} are filled in later.")
        shortcut = await self.ask(Ask("Save as canned reply", "Its shortcut, one word:", limit=32))
        if shortcut:
            self.after(
                self.app.actions.save_canned(shortcut, words), lambda: self.app.tell(f"/{shortcut} is kept.")
            )

    async def search(self) -> None:
        words = await self.ask(Ask("Search in this chat", "", self.needle))
        if words is None:
            return
        self.needle = words
        transcript = self.app.main.chat.transcript
        hits = transcript.highlight(words)
        if words:
            self.app.tell(
                f"{hits} line{'' if hits == 1 else 's'} with '{words}'. > and < go from hit to hit."
            )
            transcript.seek(-1)

    def search_next(self) -> None:
        self._seek(1)

    def search_previous(self) -> None:
        self._seek(-1)

    def _seek(self, direction: int) -> None:
        if not self.app.main.chat.transcript.seek(1 if direction > 0 else -1):
            raise Unfit("No further hit in this direction." if self.needle else "Search for something first.")

    def older(self) -> None:
        self.app.actions.older(self._chat())

    def scroll_up(self) -> None:
        self.app.main.chat.transcript.action_page(-1)

    def scroll_down(self) -> None:
        self.app.main.chat.transcript.action_page(1)

    def newest(self) -> None:
        self.app.main.chat.transcript.action_end()
        self.app.looking()

    def copy(self) -> None:
        picked = self.app.main.chat.transcript.picked
        words = picked.text if picked else self._last_of_visitor()
        self.app.copy_to_clipboard(words)
        self.app.tell("Copied, if your terminal lets programs write to its clipboard.")

    def _last_of_visitor(self) -> str:
        talk = self.app.store.talks.get(self._chat())
        for event in reversed(talk.events if talk else []):
            if isinstance(event.what, Said) and event.by.side is Side.visitor:
                return event.what.text
        raise Unfit("The visitor has not written anything yet.")

    def retry(self) -> None:
        self.app.actions.retry(self._chat())
        self.app.changed_here(self._chat())

    def edit_failed(self) -> None:
        view, chat = self.app.main.chat, self._chat()
        if view.composer.text.strip():
            raise Unfit("Something stands in the composer already. Send it, or empty it first.")
        line = next((line for line in self.app.store.pending(chat) if line.why), None)
        if line is not None and line.note is not view.note:
            view.toggle_note()
        view.composer.put(self.app.actions.take_back(chat))
        view.keep()
        self.app.changed_here(chat)
        view.write()

    def shut(self) -> None:
        chat = self._chat()
        self.app.actions.put_away(chat)
        self.app.main.chat.throw_away()
        following = self.app.store.neighbour(0, 1)
        self.app.main.chat.open(following)
        if not following:
            self.queue()

    # --- the composer ---

    async def send(self) -> None:
        view = self.app.main.chat
        chat, note, words = view.chat, view.loaded_note, view.composer.text
        if not words.strip():
            return
        if not note and (now_with := view.gone_to):
            raise Unfit(f"This chat went to {now_with}: nothing was sent, and what you wrote is kept.")
        if not (note or await self.filled_in(words)):
            return
        if note:
            self.app.actions.note(chat, words)
        else:
            self.app.actions.say(chat, words)
        if (view.chat, view.loaded_note) == (chat, note):
            view.cleared()
        else:
            self.app.actions.draft(chat, "", note)
        self.app.changed_here(chat)

    async def filled_in(self, words: str) -> bool:
        """True if no field of a canned reply is open in these words, or they may go as they are."""
        names = ", ".join(f"{{{name}}}" for name in canned.open_fields(words)[:3])
        if not names:
            return True
        return await self.confirm("Send it like this?", f"These fields are still open: {names}", "Send it")

    def newline(self) -> None:
        self.app.main.chat.composer.field.insert("\n")

    def complete(self) -> None:
        self.app.main.chat.replies.complete()

    def history_back(self) -> None:
        self.app.main.chat.composer.step_history(-1)

    def history_on(self) -> None:
        self.app.main.chat.composer.step_history(1)

    async def editor(self) -> None:
        """Edit the draft in $VISUAL or $EDITOR; a file that cannot be read back changes nothing."""
        main = self.app.main
        places = {Where.messages: main.messages, Where.ticket: main.ticket}
        view: Any = places.get(main.where, main.chat)
        await edit_draft(self.app, view)

    async def pasted(self, words: str) -> None:
        """Many lines were pasted: they come in as one text after a yes."""
        rows = words.count("\n") + 1
        field = (self.app.main.composer or self.app.main.chat.composer).field
        if await self.confirm(
            f"Paste {rows} lines?", "They become one message, to be looked over before it is sent.", "Paste"
        ):
            field.replace(words, *field.selection)
        field.focus()

    # --- left messages ---

    def handled(self) -> None:
        message = self.app.main.left.selected
        if not message:
            raise Unfit("There is no message here.")
        self.app.actions.handle_left(message)

    # --- which chat ---

    def _in_chat(self) -> bool:
        return self.app.main.where is Where.chat

    def _chat(self) -> int:
        return self.app.main.chat.chat

    def _answered(self) -> int:
        """The chat in front, if I answer it and it runs."""
        chat, store = self._chat(), self.app.store
        card = store.chats.get(chat)
        if card is None or card.state not in (*OPEN_STATES, State.wrapup):
            raise Unfit("This chat is over. x puts it away.")
        if not store.is_mine(chat):
            raise Unfit("This chat is not yours.")
        if card.state is State.wrapup:
            talk = store.talks.get(chat)
            again = "" if talk and talk.deserted else "u reopens it, "
            raise Unfit(f"This chat is closed already. {again}x ends the wrap-up.")
        return chat

    def _visitor(self) -> str:
        card = self.app.store.chats.get(self._chat())
        return (card.name if card else "") or "this visitor"
