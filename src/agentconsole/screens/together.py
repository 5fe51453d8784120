"""What the actions between colleagues do: hand over, decline, join, invite, call for help, explain."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from agentconsole import narrate
from agentconsole.actions import Unfit
from agentconsole.handover import Wish, standing
from agentconsole.keys import Where
from agentconsole.offers import Offer
from agentconsole.outbox import OutboxFull
from agentconsole.protocol import MAX_PRIORITY, OPEN_STATES, ChatCard, Role, State
from agentconsole.screens.ask import Ask
from agentconsole.screens.explain import Explained
from agentconsole.screens.finder import Finder, Item
from agentconsole.screens.transfer import Answer, TransferDialog

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds


class Together:
    """Methods are named after the actions. They act on the chat at hand: in front, or under the queue's cursor."""

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds
        self.app = deeds.app
        self._wishes: dict[int, Wish] = {}
        self._fetched: set[int] = set()
        self._checks: dict[str, Callable[[], bool]] = {
            "take": lambda: self.app.store.answers() or self.reads_only(self.chat),
            "take_next": self.app.store.answers,
            "take_viewed": lambda: self.app.store.answers() and self._takeable(self.card),
            "transfer": lambda: self._passable(self.card),
            "cancel_transfer": lambda: self._cancellable(self.card),
            "decline": lambda: bool(self._declinable()),
            "invite": lambda: self._running(self.card) and self.app.store.is_mine(self.chat),
            "join": lambda: self._joinable(self.card),
            "part": lambda: self._guest(self.chat),
            "ask_help": lambda: self._callable(self.card),
            "take_over": lambda: self._seizable(self.card),
            "prioritise": lambda: self._waits(self.card) and self._supervises(self.card),
            "explain": lambda: self.card is not None,
        }

    # --- what can be done now ---

    def possible(self, id: str) -> bool:
        """False if this action could only be refused now: then it is not offered."""
        check = self._checks.get(id)
        return check is None or check()

    @property
    def chat(self) -> int:
        """The chat at hand (0 = none): in front, or under the cursor of a list of chats."""
        main = self.app.main
        match main.where:
            case Where.chat:
                return main.chat.chat
            case Where.queue:
                return main.queue.selected
            case Where.running:
                return main.running.selected
            case Where.observe:
                return main.observe.selected
        return 0

    @property
    def card(self) -> ChatCard | None:
        """Its card."""
        return self.app.store.chats.get(self.chat)

    def _running(self, card: ChatCard | None) -> bool:
        return card is not None and card.state is State.active

    def _waits(self, card: ChatCard | None) -> bool:
        return card is not None and card.state in (State.waiting, State.offered)

    def _supervises(self, card: ChatCard | None) -> bool:
        return card is not None and self.app.store.has_role(card.department, Role.supervisor)

    def _passable(self, card: ChatCard | None) -> bool:
        if card is None or card.offer_until or card.state not in (State.waiting, State.active):
            return False
        return (self._running(card) and self.app.store.is_mine(card.chat)) or self._supervises(card)

    def _cancellable(self, card: ChatCard | None) -> bool:
        return (
            card is not None
            and self._running(card)
            and bool(card.offer_until)
            and (self.app.store.is_mine(card.chat) or card.offer_by == self._me or self._supervises(card))
        )

    def _takeable(self, card: ChatCard | None) -> bool:
        if card is None or self.app.store.takes_part(card.chat):
            return False
        return card.state is State.waiting or self.offer(card.chat) is not None

    def _joinable(self, card: ChatCard | None) -> bool:
        if card is None or not self._running(card) or self.app.store.takes_part(card.chat):
            return False
        return self.offer(card.chat) in (None, Offer.invited)

    def _seizable(self, card: ChatCard | None) -> bool:
        return (
            self._running(card)
            and card is not None
            and not self.app.store.is_mine(card.chat)
            and self._supervises(card)
        )

    def _callable(self, card: ChatCard | None) -> bool:
        if card is None or not self._running(card):
            return False
        return self.app.store.takes_part(card.chat) or (bool(card.help_at) and self._supervises(card))

    def _guest(self, chat: int) -> bool:
        return self.app.store.takes_part(chat) and not self.app.store.is_mine(chat)

    def offer(self, chat: int) -> Offer | None:
        """How a chat is offered to me; None if it is not."""
        return next((row.kind for row in self.app.store.offers() if row.card.chat == chat), None)

    def reads_only(self, chat: int) -> bool:
        """True if a chat is a colleague's and not offered to me: it can be read, not taken."""
        card = self.app.store.chats.get(chat)
        return (
            card is not None and card.owner != 0 and not self.app.store.is_mine(chat) and not self.offer(chat)
        )

    # --- what is offered is read before it is taken ---

    def opened(self, chat: int) -> None:
        """The person looks at this chat: it stays open whatever becomes of the offer."""
        self._fetched.discard(chat)

    def settle(self) -> None:
        """Fetch what was said in the chats that are offered to me, the note above all; forget those that went elsewhere."""
        store = self.app.store
        if not store.synced:
            return
        offers = {row.card.chat for row in store.offers()}
        for chat in offers - store.talks.keys() - store.viewing:
            with suppress(OutboxFull):  # the offer stands without it
                self.app.actions.look(chat)
                self._fetched.add(chat)
        for chat in self._fetched - offers:
            self._fetched.discard(chat)
            if not store.takes_part(chat) and chat != self.app.main.chat.chat:
                self.app.actions.put_away(chat)

    def _declinable(self) -> int:
        """The chat to say no to: the one at hand, or the only one that is offered."""
        if self.offer(self.chat):
            return self.chat
        offers = self.app.store.offers()
        return offers[0].card.chat if len(offers) == 1 else 0

    @property
    def _me(self) -> int:
        return self.app.store.me.user if self.app.store.me else 0

    # --- handing over ---

    async def transfer(self) -> None:
        """Hand over the chat at hand; where there is none, the one in front, or my first."""
        main, chat = self.app.main, self.chat
        if main.where is not Where.chat and not self._passable(self.card):
            chat = main.chat.chat or self.app.store.neighbour(0, 1) or chat
        await self.hand_over(chat)

    async def hand_over(self, chat: int) -> bool:
        """Ask to whom a chat goes and offer it; True once it is offered."""
        card = self.app.store.chats.get(chat)
        if card is None:
            raise Unfit("You have no chat to hand over.")
        if not (self._running(card) or self._waits(card)):
            raise Unfit("Only a running chat can be handed over; this one is closed.")
        if not (self.app.store.is_mine(chat) or self._supervises(card)):
            who = (
                f"{card.owner_name} answers this chat" if card.owner_name else "Nobody answers this chat yet"
            )
            raise Unfit(f"{who}; only who answers it, or a supervisor, hands it over.")
        if card.offer_until:
            raise Unfit(f"This chat is offered to {self._whom(card)} already. H takes that back first.")
        dialog = TransferDialog(
            self.app.store,
            self.app.clock,
            chat,
            lambda wish, answer: self._offer(chat, wish, answer, dialog),
            keys=self.app.main.chat.composer.field.keys,
            may_force=self._supervises(card),
            wish=self._wishes.pop(chat, None),
        )
        wish = await self.deeds.ask(dialog)
        if wish is not None:
            return True
        if dialog.sending:
            self.app.tell("The offer is on its way already. H takes it back as soon as the server has it.")
        elif dialog.kept.note.strip() and chat in self.app.store.chats:
            self._wishes[chat] = dialog.kept
            self.app.tell("Nothing was handed over. The note is kept for the next time.")
        return False

    def _offer(self, chat: int, wish: Wish, answer: Answer, dialog: TransferDialog) -> None:
        """Send it; who has put the dialog away before the answer hears a refusal without it, and the note is kept."""

        def refused(why: str) -> None:
            if not dialog.put_away:
                answer(why)
                return
            self._wishes[chat] = dialog.kept
            self.app.tell(f"Not handed over: {why} The note is kept for the next time.", "warn")

        try:
            cid = self.app.actions.transfer(chat, wish)
        except (Unfit, OutboxFull) as problem:
            answer(str(problem))
            return
        self.deeds.after(cid, lambda: answer(""), refused)

    def cancel_transfer(self) -> None:
        """Take the offer of the chat at hand back."""
        self.app.actions.cancel_transfer(self.chat)

    def _whom(self, card: ChatCard) -> str:
        """To whom a chat is offered."""
        return card.offer_name or self.app.store.department_name(card.offer_department) or "somebody"

    # --- what is offered to me ---

    async def decline(self) -> None:
        """Say no, with a reason or without."""
        chat = self._declinable()
        if not chat:
            raise Unfit(
                "Several chats are offered to you: go to the one that you mean."
                if self.app.store.offers()
                else "Nothing is offered to you."
            )
        card = self.app.store.chats[chat]
        reason = await self.deeds.ask(
            Ask(
                f"Decline the chat with {narrate.name(card.name)}?",
                "A reason for your colleagues, or nothing. Escape leaves the offer as it is.",
                limit=200,
            )
        )
        if reason is not None:
            self.app.actions.decline(chat, reason)

    # --- several with one visitor ---

    def join(self) -> None:
        """Join the chat at hand; the visitor is told."""
        if self.app.store.takes_part(self.chat):
            raise Unfit("You take part in this chat already.")
        self.deeds.told(self.app.actions.join(self.chat))

    def part(self) -> None:
        """Leave the chat that I joined."""
        if not self._guest(self.chat):
            raise Unfit("You have not joined this chat. Your own one you close, hand over or release.")
        self.app.actions.part(self.chat)

    async def invite(self) -> None:
        """Choose a colleague and ask them to join, or one who was asked to take that back."""
        chat, card = self.chat, self.card
        if card is None or not self.app.store.is_mine(chat):
            raise Unfit("Only who answers a chat invites others into it.")
        asked = {each.id: each.name for each in card.invited}
        there = {card.owner, *asked} | {each.id for each in card.guests}
        now = self.app.store.server_now(self.app.clock())
        seats = sorted(
            (seat for seat in self.app.store.team.values() if seat.user not in there),
            key=lambda seat: (standing(seat, now) != "online", seat.display.casefold()),
        )
        items = [Item(str(user), name, "asked; Enter takes it back") for user, name in asked.items()]
        items += [Item(str(seat.user), seat.display, standing(seat, now)) for seat in seats]
        names = asked | {seat.user: seat.display for seat in seats}
        title = f"Invite whom into the chat with {narrate.name(card.name)}?"
        chosen = await self.deeds.ask(Finder(title, items, "No colleague of that name who could be asked."))
        if not chosen:
            return
        user, name = int(chosen), names[int(chosen)]
        if user in asked:
            cid, told = self.app.actions.cancel_invite(chat, user), f"{name} is not asked any more."
        else:
            cid, told = self.app.actions.invite(chat, user), f"{name} is asked to join."
        self.deeds.after(cid, lambda: self.app.tell(told))

    # --- supervisors ---

    async def ask_help(self) -> None:
        """Call for help, or end the call."""
        chat, card = self.chat, self.card
        if card is None or card.state not in OPEN_STATES:
            raise Unfit("This chat is over: nobody is called to it any more.")
        if card.help_at:
            self.deeds.after(
                self.app.actions.end_help(chat), lambda: self.app.tell("The call for help is ended.")
            )
            return
        words = await self.deeds.ask(
            Ask(
                "Call the supervisors?", "What it is about, or nothing; the visitor never sees it.", limit=200
            )
        )
        if words is not None:
            self.deeds.after(
                self.app.actions.ask_help(chat, words),
                lambda: self.app.tell("The supervisors of the department have been called."),
            )

    async def take_over(self) -> None:
        """Become the owner; asked once."""
        chat, card = self.chat, self.card
        if card is None or self.app.store.is_mine(chat):
            raise Unfit("This chat is yours already." if card else "No chat is open.")
        explanation = (
            f"{card.owner_name} answers it now, will be told, and loses it at once. The visitor is told too."
        )
        if await self.deeds.confirm(
            f"Take over the chat with {narrate.name(card.name)}?", explanation, "Take it"
        ):
            self.deeds.told(self.app.actions.take_over(chat))

    async def prioritise(self) -> None:
        """Change the priority of the waiting chat under the cursor."""
        card = self.card
        if card is None or card.state not in (State.waiting, State.offered):
            raise Unfit("Only a waiting chat has a priority to change.")
        explanation = f"From -{MAX_PRIORITY} (later) to {MAX_PRIORITY} (sooner); 0 is the usual one."
        words = await self.deeds.ask(
            Ask(f"Priority of {narrate.name(card.name)}", explanation, str(card.priority), limit=3)
        )
        if words is not None and words.strip():
            self.app.actions.prioritise(card.chat, words.strip())

    async def explain(self) -> None:
        """Show why the chat at hand went where it went."""
        chat, card = self.chat, self.card
        if card is None:
            raise Unfit("Put the cursor on a chat, or open one.")
        self.app.store.watching.explanations.pop(chat, None)  # how it stood once says nothing of now
        self.deeds.after(self.app.actions.explain(chat), lambda: self._explained(chat))

    def _explained(self, chat: int) -> None:
        found = self.app.store.watching.explanations.get(chat)
        card = self.app.store.chats.get(chat)
        if found is None:
            who = card.owner_name if card else ""
            self.app.tell(f"No routing decided this: {who or 'nobody'} has taken the chat by hand.")
        elif self.app.main.is_active:
            self.app.push_screen(Explained(found, narrate.name(card.name) if card else "the visitor"))
