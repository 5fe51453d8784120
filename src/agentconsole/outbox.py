"""Commands on their way to the server: kept in order until each is acknowledged or refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agentconsole.protocol import (
    Ack,
    Close,
    Code,
    HandleLeft,
    Note,
    NoteCustomer,
    Older,
    Open,
    Refused,
    Release,
    Reopen,
    SaveCanned,
    Say,
    SetStatus,
    Take,
    TakeNext,
)

Command = (
    Take
    | TakeNext
    | Say
    | Note
    | Close
    | Reopen
    | Release
    | Open
    | Older
    | SetStatus
    | NoteCustomer
    | SaveCanned
    | HandleLeft
)
Written = Say | Note | NoteCustomer | SaveCanned

LIMIT = 500
TRANSIENT = frozenset({Code.busy, Code.slow_down})
RETRY_MS = 1_000


class OutboxFull(Exception):
    """Too many commands wait for the server; the message says what to do."""


@dataclass
class Entry:
    """One command under way. ``refusal`` not None: it failed and waits for retry, edit or discard."""

    command: Command
    made_at: int
    sent: bool = False
    not_before: int = 0
    refusal: Refused | None = None

    @property
    def failed(self) -> bool:
        """True once the server has refused it for good."""
        return self.refusal is not None


def lane(command: Command) -> int:
    """Commands of one lane go one after the other: a chat's id, or 0 for all that concerns no chat."""
    return getattr(command, "chat", 0)


class Outbox:
    """The commands that the server has not answered yet, in the order in which they were made.

    Of each lane only the first is under way, so a refusal or a busy server never changes the order of lines.
    Written words (`Written`) survive a crash: `written()` is what to keep on disk, ``version`` tells when it changed.
    """

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.version = 0

    def add(self, command: Command, now: int) -> None:
        """Put a command at the end. Raises OutboxFull. The same cid again changes nothing."""
        if command.cid in self.entries:
            return
        if len(self.entries) >= LIMIT:
            raise OutboxFull(f"{LIMIT} things already wait for the server. Wait until the link is back.")
        self.entries[command.cid] = Entry(command, now)
        self.version += isinstance(command, Written)

    def due(self, now: int) -> list[Command]:
        """What is to be sent now: the first unanswered command of each lane, if not under way already."""
        heads: dict[int, Entry] = {}
        for entry in self.entries.values():
            if not entry.failed:
                heads.setdefault(lane(entry.command), entry)
        return [entry.command for entry in heads.values() if not entry.sent and entry.not_before <= now]

    def next_due(self, now: int) -> int | None:
        """Milliseconds until a command that had to wait may be sent again; None when none has to."""
        waits = [e.not_before - now for e in self.entries.values() if not e.failed and e.not_before > now]
        return min(waits, default=None)

    def sent(self, cid: str) -> None:
        """The command was written to the socket."""
        if entry := self.entries.get(cid):
            entry.sent = True

    def link_lost(self) -> None:
        """Nobody knows what became of the commands under way: all are to be sent again, with their cids.

        Questions (open, older) are dropped: hello asks anew.
        """
        for cid in [cid for cid, e in self.entries.items() if isinstance(e.command, Open | Older)]:
            del self.entries[cid]
        for entry in self.entries.values():
            entry.sent = False

    def answer(self, frame: Ack | Refused, now: int) -> Entry | None:
        """The entry that this frame answers, or None. An acknowledged one leaves; a refused line stays as failed;
        one that was refused for a moment (busy, slow_down) is sent again by itself."""
        entry = self.entries.get(frame.cid)
        if entry is None:
            return None
        if isinstance(frame, Refused) and frame.code in TRANSIENT:
            entry.sent, entry.not_before = False, now + (frame.retry_ms or RETRY_MS)
            return entry
        if isinstance(frame, Refused) and isinstance(entry.command, Say | Note):
            entry.refusal = frame
        else:
            del self.entries[frame.cid]
        self.version += isinstance(entry.command, Written)
        return entry

    def discard(self, cid: str) -> Entry | None:
        """Take a failed entry out (to edit it, to send it anew, or to forget it)."""
        entry = self.entries.get(cid)
        if entry is None or not entry.failed:
            return None
        self.version += 1
        return self.entries.pop(cid)

    def of_chat(self, chat: int) -> list[Entry]:
        """The written lines (say, note) of one chat, oldest first, failed ones too."""
        return [
            entry
            for entry in self.entries.values()
            if isinstance(entry.command, Say | Note) and entry.command.chat == chat
        ]

    def written(self) -> list[Entry]:
        """What must survive a crash, oldest first."""
        return [entry for entry in self.entries.values() if isinstance(entry.command, Written)]

    def restore(self, entries: Iterable[Entry]) -> None:
        """Put back what was kept on disk, before anything new."""
        kept = {entry.command.cid: entry for entry in entries}
        self.entries = {**kept, **self.entries}
