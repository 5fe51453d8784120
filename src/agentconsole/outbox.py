"""Commands on their way to the server: kept in order until each is acknowledged or refused."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import msgspec

from agentconsole.protocol import (
    MAX_INT,
    Ack,
    AcknowledgeFeedback,
    AlertsTested,
    AskHelp,
    CancelInvite,
    CancelTransfer,
    Close,
    Code,
    ConvertChat,
    Decline,
    EndHelp,
    Event,
    Explain,
    Finish,
    GiveFeedback,
    HandleLeft,
    Invite,
    Join,
    Leave,
    MergeTicket,
    NewTicket,
    Note,
    NoteCustomer,
    Noted,
    NoteTicket,
    Older,
    OlderMessages,
    Open,
    Phone,
    Prioritise,
    Refused,
    Release,
    Reopen,
    ReplyTicket,
    Said,
    SaveCanned,
    Say,
    SetAgent,
    SetMember,
    SetStatus,
    SetTicket,
    SplitTicket,
    StaffMessage,
    Take,
    TakeNext,
    TakeOver,
    TakeTicket,
    Transfer,
)

Command = (
    Take
    | TakeNext
    | Say
    | Note
    | Close
    | Reopen
    | Finish
    | Release
    | Open
    | Older
    | SetStatus
    | NoteCustomer
    | SaveCanned
    | HandleLeft
    | Phone
    | AlertsTested
    | Decline
    | Transfer
    | CancelTransfer
    | TakeOver
    | Join
    | Leave
    | Invite
    | CancelInvite
    | AskHelp
    | EndHelp
    | Prioritise
    | Explain
    | StaffMessage
    | OlderMessages
    | GiveFeedback
    | AcknowledgeFeedback
    | SetMember
    | SetAgent
    | NewTicket
    | ConvertChat
    | ReplyTicket
    | NoteTicket
    | SetTicket
    | TakeTicket
    | MergeTicket
    | SplitTicket
)
Written = (
    Say
    | Note
    | NoteCustomer
    | SaveCanned
    | StaffMessage
    | GiveFeedback
    | NewTicket
    | ReplyTicket
    | NoteTicket
)
Question = Open | Older | OlderMessages | Explain
# What stays, with its refusal, until it is sent again, edited or thrown away.
Editable = Say | Note | StaffMessage

LIMIT = 500
TRANSIENT = frozenset({Code.busy, Code.slow_down})
RETRY_MS = 1_000
# An event that is older than its line by more than this is another line with the same text.
SAME_LINE_MS = 60_000


class OutboxFull(Exception):
    """Too many commands wait for the server; the message says what to do."""


@dataclass
class Entry:
    """One command under way.

    ``refusal`` not None: it failed and waits for retry, edit or discard. ``acked``: the number of its event, which
    has not come yet (0 = not acknowledged). ``shown``: its event seems to be in the log already.
    """

    command: Command
    made_at: int
    sent: bool = False
    tried: bool = False
    not_before: int = 0
    refusal: Refused | None = None
    acked: int = 0
    shown: bool = False

    @property
    def failed(self) -> bool:
        """True once the server has refused it for good."""
        return self.refusal is not None

    @property
    def open(self) -> bool:
        """True while the server has not answered for good."""
        return not self.acked and not self.failed


class _Kept(msgspec.Struct):
    """An entry on disk."""

    command: Written
    made_at: int
    refusal: Refused | None = None


def lane(command: Command) -> int:
    """Commands of one lane go one after the other: those of a chat, of a ticket, those of neither (0), and apart from
    them questions."""
    if ticket := getattr(command, "ticket", 0):
        return -(MAX_INT + int(ticket))
    chat: int = getattr(command, "chat", 0)
    return -(chat or MAX_INT) if isinstance(command, Question) else chat


class Outbox:
    """The commands that the server has not answered yet, in the order in which they were made.

    Of each lane only the first is under way, so a refusal or a busy server never changes the order of lines.
    Written words (`Written`) survive a crash: `written()` is what to keep on disk, ``version`` tells when it changed.
    """

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.version = 0

    def add(self, command: Command, now: int) -> None:
        """Put a command at the end. Raises OutboxFull, but never for a question: the console asks many by itself, and
        there nobody could be told. The same cid again changes nothing."""
        if command.cid in self.entries:
            return
        if not isinstance(command, Question) and self.unsent() >= LIMIT:
            raise OutboxFull(f"{LIMIT} things already wait for the server. Wait until the link is back.")
        self.entries[command.cid] = Entry(command, now)
        self.version += isinstance(command, Written)

    def due(self, now: int) -> list[Command]:
        """What is to be sent now: the first unanswered command of each lane, if not under way already."""
        heads: dict[int, Entry] = {}
        for entry in self.entries.values():
            if entry.open:
                heads.setdefault(lane(entry.command), entry)
        return [entry.command for entry in heads.values() if not entry.sent and entry.not_before <= now]

    def next_due(self, now: int) -> int | None:
        """Milliseconds until a command that had to wait may be sent again; None when none has to."""
        waits = [e.not_before - now for e in self.entries.values() if e.open and e.not_before > now]
        return min(waits, default=None)

    def sent(self, cid: str) -> None:
        """The command was written to the socket."""
        if entry := self.entries.get(cid):
            entry.sent = entry.tried = True

    def link_lost(self) -> None:
        """Nobody knows what became of the commands under way: all are to be sent again, with their cids.

        Questions (open, older, explain) are dropped: hello asks anew.
        """
        for cid in [cid for cid, e in self.entries.items() if isinstance(e.command, Question)]:
            del self.entries[cid]
        for entry in self.entries.values():
            entry.sent = False

    def answer(self, frame: Ack | Refused, now: int) -> Entry | None:
        """The entry that this frame answers, or None.

        An acknowledged one leaves (a line when its event is here: `arrived`); a refused line stays as failed;
        one that was refused for a moment (busy, slow_down) is sent again by itself.
        """
        entry = self.entries.get(frame.cid)
        if entry is None or not entry.open:
            return None
        if isinstance(frame, Refused) and frame.code in TRANSIENT:
            entry.sent, entry.not_before = False, now + (frame.retry_ms or RETRY_MS)
            return entry
        line = isinstance(entry.command, Say | Note)
        if isinstance(frame, Refused) and isinstance(entry.command, Editable):
            entry.refusal, entry.shown = frame, False
        elif isinstance(frame, Ack) and line and frame.seq:
            entry.acked = frame.seq
        else:
            del self.entries[frame.cid]
        self.version += isinstance(entry.command, Written)
        return entry

    def arrived(self, chat: int, last: int) -> None:
        """The log of this chat is here up to ``last``: acknowledged lines in it need not be shown apart any more."""
        for entry in self.of_chat(chat):
            if entry.acked and entry.acked <= last:
                del self.entries[entry.command.cid]

    def recognise(self, event: Event, clock_ahead: int) -> None:
        """A line of mine came back before its acknowledgement (or in place of a lost one): do not show it twice.

        Only what is shown depends on this; the acknowledgement decides. ``clock_ahead`` is the server's clock less ours.
        """
        if not isinstance(event.what, Said | Noted):
            return
        for entry in self.of_chat(event.chat):
            same = isinstance(entry.command, Say) == isinstance(event.what, Said)
            if not (same and entry.tried and entry.open) or entry.shown:
                continue
            fits = event.at >= entry.made_at + clock_ahead - SAME_LINE_MS
            if fits and isinstance(entry.command, Say | Note) and entry.command.text == event.what.text:
                entry.shown = True
                return

    def unsent(self) -> int:
        """How many commands the server has not answered."""
        return sum(entry.open for entry in self.entries.values())

    def discard(self, cid: str) -> Entry | None:
        """Take a failed entry out (to edit it, to send it anew, or to forget it)."""
        entry = self.entries.get(cid)
        if entry is None or not entry.failed:
            return None
        self.version += 1
        return self.entries.pop(cid)

    def throw_away(self, chat: int) -> None:
        """Forget what was refused of the lines of this chat."""
        for entry in self.of_chat(chat):
            self.discard(entry.command.cid)

    def of_chat(self, chat: int) -> list[Entry]:
        """The written lines (say, note) of one chat, oldest first, failed ones too."""
        return [
            entry
            for entry in self.entries.values()
            if isinstance(entry.command, Say | Note) and entry.command.chat == chat
        ]

    def unask(self, chat: int) -> None:
        """The events of this chat are not wanted any more: what still asks for them must not do so later."""
        for entry in [*self.entries.values()]:
            if isinstance(entry.command, Open | Older) and entry.command.chat == chat:
                del self.entries[entry.command.cid]

    def of_ticket(self, ticket: int) -> list[Entry]:
        """My answers and notes on their way to one ticket, oldest first."""
        return [
            entry
            for entry in self.entries.values()
            if isinstance(entry.command, ReplyTicket | NoteTicket) and entry.command.ticket == ticket
        ]

    def messages(self) -> list[Entry]:
        """Messages to colleagues on their way, oldest first, refused ones too."""
        return [entry for entry in self.entries.values() if isinstance(entry.command, StaffMessage)]

    def written(self) -> list[Entry]:
        """What must survive a crash, oldest first."""
        return [e for e in self.entries.values() if isinstance(e.command, Written) and not e.acked]

    def as_data(self) -> list[object]:
        """What must survive a crash, as plain JSON data."""
        kept = (
            _Kept(e.command, e.made_at, e.refusal) for e in self.written() if isinstance(e.command, Written)
        )
        return [msgspec.to_builtins(each) for each in kept]

    def restore(self, data: object) -> None:
        """Put back what `as_data` gave, each line at its time; what cannot be read is left out."""
        entries = {}
        for each in data if isinstance(data, list) else ():
            with suppress(msgspec.ValidationError):
                kept = msgspec.convert(each, _Kept)
                entries[kept.command.cid] = Entry(
                    kept.command, kept.made_at, tried=True, refusal=kept.refusal
                )
        everything = (entries | self.entries).items()
        self.entries = dict(sorted(everything, key=lambda item: item[1].made_at))
        self.version += 1
