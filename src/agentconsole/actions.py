"""What an agent can do, without a terminal in sight: the screens use it, and a line mode can."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agentconsole.client import Client, new_cid, now_ms
from agentconsole.handover import Wish
from agentconsole.outbox import Command
from agentconsole.protocol import (
    MAX_PRIORITY,
    MAX_REASON,
    MAX_TEXT,
    AcknowledgeFeedback,
    AlertsTested,
    AskHelp,
    CancelInvite,
    CancelTransfer,
    ChatCard,
    Close,
    Decline,
    EndHelp,
    Explain,
    Finish,
    GiveFeedback,
    HandleLeft,
    Invite,
    Join,
    Leave,
    Note,
    NoteCustomer,
    Older,
    OlderMessages,
    Open,
    Outcome,
    Phone,
    Prioritise,
    Release,
    Reopen,
    SaveCanned,
    Say,
    SetAgent,
    SetMember,
    SetStatus,
    Shut,
    StaffMessage,
    State,
    Status,
    Take,
    TakeNext,
    TakeOver,
    Transfer,
)
from agentconsole.rooms import department_of, partner
from agentconsole.store import Store

OLDER_PAGE = 200


class Unfit(ValueError):
    """This cannot be done or said now; the message is a sentence that says what to do. Nothing was lost."""


class Actions:
    """One method for each thing to do. Each sends a command (or raises Unfit, or the outbox's OutboxFull)
    and returns its cid; what became of it comes back through the store."""

    def __init__(self, store: Store, client: Client, clock: Callable[[], int] = now_ms) -> None:
        self.store = store
        self.client = client
        self.clock = clock

    def _send(self, command: Command) -> str:
        self.client.send(command)
        return command.cid

    # --- the queue ---

    def take(self, chat: int) -> str:
        """Answer a waiting chat."""
        if chat not in self.store.chats:
            raise Unfit("This chat is no longer here. Choose another.")
        return self._send(Take(new_cid(), chat))

    def take_next(self, department: int = 0) -> str:
        """Answer the first chat of the queue, or who is offered to me."""
        if not self.store.counts().waiting:
            offers = self.store.offers()
            raise Unfit("Nobody is waiting." + (" n goes to what is offered to you." if offers else ""))
        return self._send(TakeNext(new_cid(), department))

    def look(self, chat: int) -> str:
        """Read a chat that is not mine, with what happens in it from now on."""
        talk = self.store.talks.get(chat)
        return self._send(Open(new_cid(), chat, talk.last if talk else 0))

    def wall(self, on: bool) -> None:
        """Hear how long the visitors of running chats wait for an answer, or no longer."""
        self.client.wall(on)

    def put_away(self, chat: int) -> None:
        """Stop reading a chat that is not mine, or that is over; of mine it ends the wrap-up."""
        card = self.store.chats.get(chat)
        if self.store.is_mine(chat) and card is not None and card.state is State.wrapup:
            self._send(Finish(new_cid(), chat))
            return
        if self.store.is_mine(chat):
            raise Unfit("This chat is yours and still open. Close it, or put it back into the queue.")
        if self.store.takes_part(chat):
            raise Unfit("You joined this chat. Leave it first.")
        if chat in self.store.viewing:
            self.client.send(Shut(chat))
        self.store.forget(chat)

    # --- a chat ---

    def say(self, chat: int, text: str) -> str:
        """Answer the visitor, as the owner of the chat or as a guest in it."""
        if not self.store.takes_part(chat):
            raise Unfit("Take this chat before you answer it.")
        cid = self._send(Say(new_cid(), chat, self._fit(text)))
        self._written(chat, text)
        return cid

    def note(self, chat: int, text: str) -> str:
        """Write a private note; no visitor ever sees it."""
        cid = self._send(Note(new_cid(), chat, self._fit(text)))
        self._written(chat, text)
        return cid

    def close(self, chat: int, outcome: Outcome | None) -> str:
        """End my chat; without an outcome it stays unmarked."""
        self._check_mine(chat, "This chat is not yours to close.")
        return self._send(Close(new_cid(), chat, outcome))

    def reopen(self, chat: int) -> str:
        """Undo a close while wrap-up lasts."""
        card = self.store.chats.get(chat)
        if card is None or card.state is not State.wrapup:
            raise Unfit("There is nothing to reopen: only a chat in wrap-up can be reopened.")
        return self._send(Reopen(new_cid(), chat))

    def release(self, chat: int) -> str:
        """Put my chat back into its queue."""
        self._check_mine(chat, "This chat is not yours to put back.")
        return self._send(Release(new_cid(), chat))

    def older(self, chat: int) -> str:
        """Fetch the page of events before the first one here."""
        talk = self.store.talks.get(chat)
        if talk is None or talk.complete:
            raise Unfit("This is the beginning of the chat.")
        return self._send(Older(new_cid(), chat, talk.first, OLDER_PAGE))

    def typing(self, chat: int, text: str) -> None:
        """Let the visitor see that I am typing."""
        if self.store.takes_part(chat):
            self.client.typing(chat, text)

    def saw(self, chat: int) -> None:
        """I am looking at the newest lines of this chat."""
        self.client.saw(chat)

    def draft(self, chat: int, text: str, note: bool) -> None:
        """Keep what stands in the composer, as an answer or as a note."""
        if self.store.draft(chat, note) != text:
            self.store.set_draft(chat, text, note)
            self.client.touch()

    def throw_away(self, chat: int) -> None:
        """What I wrote for the visitor of this chat and could not send is wanted no more: refused lines and the draft."""
        self.store.outbox.throw_away(chat)
        self.draft(chat, "", False)

    def retry(self, chat: int) -> str:
        """Send my oldest refused line of this chat again."""
        cid = self._failed(chat)
        new = new_cid()
        self.store.retry(cid, new, self.clock())
        self.client.retry_now()
        return new

    def take_back(self, chat: int) -> str:
        """Take my oldest refused line out and return its text."""
        return self.store.take_back(self._failed(chat))

    # --- together ---

    def transfer(self, chat: int, wish: Wish) -> str:
        """Offer a running chat to an agent, to a department, or to a department that asks an agent first."""
        self._card(chat)
        if len(wish.note) > MAX_TEXT:
            raise Unfit(
                f"The note is {len(wish.note):,} characters long and {MAX_TEXT:,} fit; nothing was cut."
            )
        return self._send(
            Transfer(new_cid(), chat, wish.user, wish.department, wish.note.strip(), wish.away, wish.force)
        )

    def cancel_transfer(self, chat: int) -> str:
        """Take my offer of a chat back."""
        if not self._card(chat).offer_until:
            raise Unfit("This chat is not offered to anybody.")
        return self._send(CancelTransfer(new_cid(), chat))

    def decline(self, chat: int, reason: str = "") -> str:
        """Say no to a chat that is offered to me, or to an invitation."""
        return self._send(Decline(new_cid(), chat, reason.strip()[:MAX_REASON]))

    def take_over(self, chat: int) -> str:
        """Become the owner of a colleague's chat."""
        return self._send(TakeOver(new_cid(), self._card(chat).chat))

    def join(self, chat: int) -> str:
        """Join a running chat openly."""
        return self._send(Join(new_cid(), self._card(chat).chat))

    def part(self, chat: int) -> str:
        """Leave a chat that I joined; its owner goes on."""
        return self._send(Leave(new_cid(), self._card(chat).chat))

    def invite(self, chat: int, user: int) -> str:
        """Ask a colleague to join my chat."""
        self._check_mine(chat, "Only who answers a chat invites others into it.")
        return self._send(Invite(new_cid(), chat, user))

    def cancel_invite(self, chat: int, user: int) -> str:
        """Take the invitation of a colleague back."""
        self._check_mine(chat, "Only who answers a chat takes its invitations back.")
        return self._send(CancelInvite(new_cid(), chat, user))

    def ask_help(self, chat: int, words: str = "") -> str:
        """Call the department's supervisors."""
        return self._send(AskHelp(new_cid(), self._card(chat).chat, words.strip()[:MAX_REASON]))

    def end_help(self, chat: int) -> str:
        """The call for help is answered, or not needed any more."""
        return self._send(EndHelp(new_cid(), self._card(chat).chat))

    def prioritise(self, chat: int, words: str) -> str:
        """Set a waiting chat's own priority, as written: a whole number."""
        try:
            priority = int(words)
        except ValueError:
            raise Unfit(f"'{words}' is no whole number. Nothing was changed.") from None
        if abs(priority) > MAX_PRIORITY:
            raise Unfit(f"A priority is a number from -{MAX_PRIORITY} to {MAX_PRIORITY}; 0 is the usual one.")
        return self._send(Prioritise(new_cid(), self._card(chat).chat, priority))

    def explain(self, chat: int) -> str:
        """Ask why a chat went where it went, or why it waits."""
        return self._send(Explain(new_cid(), self._card(chat).chat))

    # --- colleagues: messages, whispers, feedback ---

    def message(self, room: str, text: str, chat: int = 0) -> str:
        """Write to a colleague or to a department's channel, perhaps about a chat; no visitor ever sees it."""
        me = self.store.me.user if self.store.me else 0
        user, department = partner(room, me), department_of(room)
        if not user and not department:
            raise Unfit("This is no colleague and no department. Choose another.")
        return self._send(StaffMessage(new_cid(), self._fit(text), user, department, chat))

    def whisper(self, chat: int, text: str) -> str:
        """Tell the agent of a chat something that no visitor and no colleague sees."""
        card = self._card(chat)
        if not card.owner:
            raise Unfit("Nobody answers this chat yet, so there is nobody to whisper to.")
        return self._send(StaffMessage(new_cid(), self._fit(text), user=card.owner, chat=chat))

    def older_messages(self, room: str) -> str:
        """Fetch the page of messages before the first one here."""
        if room in self.store.rooms.complete:
            raise Unfit("This is the beginning of the conversation.")
        return self._send(OlderMessages(new_cid(), room, self.store.rooms.first(room)))

    def newest_messages(self, room: str) -> str:
        """Fetch the newest messages of a room."""
        return self._send(OlderMessages(new_cid(), room))

    def message_draft(self, room: str, text: str) -> None:
        """Keep what is being written to a room."""
        if self.store.message_draft(room) != text:
            self.store.set_message_draft(room, text)
            self.client.touch()

    def retry_message(self, cid: str) -> str:
        """Send a refused message again."""
        new = new_cid()
        self.store.retry(cid, new, self.clock())
        self.client.retry_now()
        return new

    def take_back_message(self, cid: str) -> str:
        """Take a refused message out and return its text."""
        return self.store.take_back(cid)

    def read_room(self, room: str) -> None:
        """The newest messages of this room are on my screen."""
        self.client.saw_room(room)

    def feedback(self, chat: int, text: str, good: bool, seq: int = 0) -> str:
        """Tell the agent of a chat what was good or could be better, about one line or the whole (``seq`` 0)."""
        return self._send(GiveFeedback(new_cid(), chat, self._fit(text), seq, good))

    def acknowledge(self, feedback: int) -> str:
        """I have read this feedback."""
        return self._send(AcknowledgeFeedback(new_cid(), feedback))

    # --- customers, replies, messages, me ---

    def note_customer(self, chat: int, text: str) -> str:
        """Add a note to the customer's card."""
        card = self.store.chats.get(chat)
        if card is None or not card.email:
            raise Unfit("A customer note needs an e-mail address, and this visitor gave none.")
        return self._send(NoteCustomer(new_cid(), chat, self._fit(text)))

    def save_canned(self, shortcut: str, text: str) -> str:
        """Keep a canned reply of mine under a shortcut; an empty text deletes it."""
        shortcut = shortcut.strip().lstrip("/")
        if not shortcut or len(shortcut) > 32 or any(ch.isspace() or ch == "/" for ch in shortcut):
            raise Unfit("A shortcut is one word of at most 32 characters, without spaces and slashes.")
        return self._send(SaveCanned(new_cid(), shortcut, text))

    def handle_left(self, message: int) -> str:
        """Mark a left message as handled, or as open again."""
        card = self.store.left.get(message)
        if card is None:
            raise Unfit("This message is no longer here.")
        return self._send(HandleLeft(new_cid(), message, not card.handled_at))

    def set_status(self, status: Status, reason: str = "", user: int = 0) -> str:
        """Say whether I take chats, or (supervisors) whether somebody else does."""
        return self._send(SetStatus(new_cid(), status, reason[:80], user))

    def phone(self, on: bool, user: int = 0) -> str:
        """A call begins or ends: mine, or (supervisors) somebody else's."""
        return self._send(Phone(new_cid(), on, user))

    def alerts_tested(self) -> str:
        """I saw and heard the test of my alerts."""
        return self._send(AlertsTested(new_cid()))

    def set_agent(self, user: int, limit: int, languages: Sequence[str], skills: Sequence[str]) -> str:
        """What somebody can, and how many chats at once (0 = as the system has it)."""
        return self._send(SetAgent(new_cid(), user, limit, list(languages), list(skills)))

    def set_member(self, user: int, department: int, tier: int, limit: int) -> str:
        """How somebody stands in a department: ``tier`` 1 is asked first; ``limit`` chats of it (0 = no own limit)."""
        return self._send(SetMember(new_cid(), user, department, tier, limit))

    def reconnect(self) -> None:
        """Try the server now."""
        self.client.retry_now()

    def _card(self, chat: int) -> ChatCard:
        card = self.store.chats.get(chat)
        if card is None:
            raise Unfit("This chat is no longer here. Choose another.")
        return card

    def _fit(self, text: str) -> str:
        if not text.strip():
            raise Unfit("There is nothing to send yet.")
        if len(text) > MAX_TEXT:
            raise Unfit(
                f"This is {len(text):,} characters long and {MAX_TEXT:,} fit. Send it in parts; nothing was cut."
            )
        return text

    def _check_mine(self, chat: int, sentence: str) -> None:
        if not self.store.is_mine(chat):
            raise Unfit(sentence)

    def _written(self, chat: int, text: str) -> None:
        self.store.remember(chat, text)
        self.client.touch()

    def _failed(self, chat: int) -> str:
        for line in self.store.pending(chat):
            if line.why:
                return line.cid
        raise Unfit("No line of yours was refused in this chat.")
