"""A ticket's log as a transcript's lines: customer, staff, notes and history, each of its own kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agentconsole import ticket_words
from agentconsole.protocol import (
    Answered,
    FileCard,
    MailCard,
    MailMoved,
    MailState,
    NoteTicket,
    Side,
    TicketEntry,
    TicketNoted,
    Transcribed,
    Wrote,
)
from agentconsole.store import Store
from agentconsole.tickets import Thread
from agentconsole.widgets.transcript import Line, State, Transcript

SPOKEN = (Wrote, Answered, TicketNoted, Transcribed)


class TicketScript:
    """Keeps one transcript in step with one ticket. ``history`` = changes are shown one by one, else only counted."""

    def __init__(self, store: Store, transcript: Transcript) -> None:
        self.store = store
        self.transcript = transcript
        self.ticket = 0
        self.history = False
        self._drawn: list[Line] = []

    def open(self, ticket: int) -> None:
        """Show another ticket, from its end."""
        self.ticket = ticket
        self._drawn = self._lines()
        self.transcript.show(self._drawn)

    def follow(self) -> None:
        """Bring the transcript up to date."""
        fresh, old = self._lines(), self._drawn
        if fresh == old:
            return
        self._drawn = fresh
        if not old:
            self.transcript.show(fresh)
        elif fresh[: len(old)] == old:
            self.transcript.append(*fresh[len(old) :])
        elif [line.key for line in fresh] == [line.key for line in old]:
            for before, line in zip(old, fresh, strict=True):
                if before != line:
                    self.transcript.update(line)
        else:
            self.transcript.reload(fresh)

    def fold(self) -> None:
        """Show changes one by one, or only how many."""
        self.history = not self.history
        self.follow()

    def _lines(self) -> list[Line]:
        thread = self.store.tickets.threads.get(self.ticket)
        if not self.ticket or thread is None:
            return []
        return [*self._log(thread), *self._waiting()]

    def _log(self, thread: Thread) -> Iterator[Line]:
        hidden: list[TicketEntry] = []
        for entry in thread.entries:
            if isinstance(entry.what, SPOKEN):
                yield from folded(hidden)
                hidden = []
                yield from self._spoken(entry, thread)
            elif self.history:
                yield Line(entry.seq, entry.at, "", "system", ticket_words.sentence(entry))
            elif not isinstance(entry.what, MailMoved):
                hidden.append(entry)
        yield from folded(hidden)

    def _spoken(self, entry: TicketEntry, thread: Thread) -> Iterator[Line]:
        what, at, seq = entry.what, entry.at, entry.seq
        match what:
            case Wrote(text=text, files=files, quoted=quoted):
                yield Line(seq, at, entry.by.name or what.email or "customer", "visitor", text)
                if quoted:
                    yield Line(
                        f"quoted {seq}", at, "", "system", "… more stands in the mail: v shows all of it"
                    )
                yield from _files(seq, at, files)
            case Transcribed(chat=chat, text=text):
                yield Line(seq, at, f"chat {chat}", "visitor", text)
            case Answered(text=text, files=files):
                mail = thread.mails.get(what.mail)
                side = "me" if self._mine(entry) else "agent"
                yield Line(seq, at, entry.by.name, side, text, _state(mail))  # type: ignore[arg-type]
                yield Line(f"mail {seq}", at, "", "system", ticket_words.sent(what, mail, self._email()))
                yield from _files(seq, at, files)
            case TicketNoted(text=text, files=files):
                label = f"NOTE by {entry.by.name or 'the system'}, staff only"
                yield Line(seq, at, entry.by.name or "rule", "note", text, label=label)
                yield from _files(seq, at, files)

    def _email(self) -> str:
        card = self.store.tickets.cards.get(self.ticket)
        return card.email if card else ""

    def _mine(self, entry: TicketEntry) -> bool:
        me = self.store.me
        return me is not None and entry.by.side is Side.staff and entry.by.id == me.user

    def _waiting(self) -> Iterator[Line]:
        """What I have sent and the server has not told yet."""
        name = self.store.me.display if self.store.me else ""
        waiting = [
            (entry.command, entry.made_at)
            for entry in self.store.outbox.of_ticket(self.ticket)
            if not entry.failed
        ]
        told = [
            (command, made_at)
            for command, _, made_at in self.store.tickets.sent.values()
            if command.ticket == self.ticket
        ]
        for command, at in [*told, *waiting]:
            note = isinstance(command, NoteTicket)
            label = "NOTE of mine, staff only" if note else ""
            text = getattr(command, "text", "")
            yield Line(
                getattr(command, "cid", ""), at, name, "note" if note else "me", text, "pending", label=label
            )


def folded(hidden: Sequence[TicketEntry]) -> Iterator[Line]:
    """Changes in one row: the only one in words, several as a number."""
    if not hidden:
        return
    first, last = hidden[0], hidden[-1]
    words = ticket_words.sentence(last)
    if len(hidden) > 1:
        words = f"{words}  (+{len(hidden) - 1} before, H shows)"
    yield Line(first.seq, last.at, "", "system", words)


def _state(mail: MailCard | None) -> State:
    if mail is None or mail.state in ticket_words.TROUBLE or mail.state is MailState.withdrawn:
        return ""
    return "sent" if mail.state is MailState.accepted else "pending"


def _files(seq: int, at: int, files: Iterable[FileCard]) -> Iterator[Line]:
    for file in files:
        words = f"file {file.name} ({ticket_words.size(file.size)}): f saves it"
        yield Line(f"file {seq} {file.id}", at, "", "system", words)
