"""What I wrote and did not send, and what I sent, by chat and ticket; answers and private notes are kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agentconsole.enclosures import Enclosure, Enclosures

DRAFT_LIMIT = 500
HISTORY_CHATS = 100
HISTORY_LIMIT = 50
HISTORY_CHARS = 200_000  # in all: it is written to the disk with every line that is sent


class Drafts:
    """Unsent ``answers`` and unsent private ``notes`` by chat (never the one for the other), sent texts, unsent
    ``messages`` to colleagues by room, ``ticket_answers`` and ``ticket_notes`` by ticket, and the ``files`` to go along."""

    def __init__(self) -> None:
        self.answers: dict[int, str] = {}
        self.notes: dict[int, str] = {}
        self.sent: dict[int, list[str]] = {}
        self.messages: dict[str, str] = {}
        self.ticket_answers: dict[int, str] = {}
        self.ticket_notes: dict[int, str] = {}
        self.files = Enclosures()

    def keep(self, chat: int, text: str, note: bool) -> None:
        """Keep what stands in the composer; '' forgets it."""
        drafts = self.notes if note else self.answers
        drafts.pop(chat, None)
        if text:
            drafts[chat] = text
            _limit(drafts, DRAFT_LIMIT)

    def keep_message(self, room: str, text: str) -> None:
        """Keep what is being written to a room; '' forgets it."""
        self.messages.pop(room, None)
        if text:
            self.messages[room] = text
            _limit(self.messages, DRAFT_LIMIT)

    def keep_ticket(self, ticket: int, text: str, note: bool) -> None:
        """Keep what is being written into a ticket; '' forgets it."""
        drafts = self.ticket_notes if note else self.ticket_answers
        drafts.pop(ticket, None)
        if text:
            drafts[ticket] = text
            _limit(drafts, DRAFT_LIMIT)

    def give_back(self, ticket: int, text: str, files: Sequence[int], note: bool) -> None:
        """What was refused is a draft again, before what has been written since."""
        since = (self.ticket_notes if note else self.ticket_answers).get(ticket)
        self.keep_ticket(ticket, f"{text}\n\n{since}" if since else text, note)
        self.files.back(ticket, note, files)

    def remember(self, chat: int, text: str) -> None:
        """Add a sent text: newest last, at most 50 of a chat, no doubles in a row. The oldest chats are forgotten first."""
        texts = self.sent.pop(chat, [])
        if texts[-1:] != [text]:
            texts.append(text)
        self.sent[chat] = texts[-HISTORY_LIMIT:]
        _limit(self.sent, HISTORY_CHATS)
        while (
            len(self.sent) > 1
            and sum(len(each) for kept in self.sent.values() for each in kept) > HISTORY_CHARS
        ):
            del self.sent[next(iter(self.sent))]

    def as_data(self) -> dict[str, object]:
        """All of it as plain JSON data."""
        return {
            "drafts": {str(chat): text for chat, text in self.answers.items()},
            "note_drafts": {str(chat): text for chat, text in self.notes.items()},
            "history": {str(chat): list(texts) for chat, texts in self.sent.items()},
            "message_drafts": dict(self.messages),
            "ticket_drafts": {str(ticket): text for ticket, text in self.ticket_answers.items()},
            "ticket_note_drafts": {str(ticket): text for ticket, text in self.ticket_notes.items()},
            "ticket_files": msgspec.to_builtins(self.files.answers, str_keys=True),
            "ticket_note_files": msgspec.to_builtins(self.files.notes, str_keys=True),
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Put back what `as_data` gave; what cannot be read, and what is here already, is left out."""
        for name, shape, mine in (
            ("drafts", dict[int, str], self.answers),
            ("note_drafts", dict[int, str], self.notes),
            ("history", dict[int, list[str]], self.sent),
            ("message_drafts", dict[str, str], self.messages),
            ("ticket_drafts", dict[int, str], self.ticket_answers),
            ("ticket_note_drafts", dict[int, str], self.ticket_notes),
            ("ticket_files", dict[int, list[Enclosure]], self.files.answers),
            ("ticket_note_files", dict[int, list[Enclosure]], self.files.notes),
        ):
            for key, found in _readable(data.get(name), shape).items():
                mine.setdefault(key, found)


def _limit(kept: dict[Any, Any], limit: int) -> None:
    while len(kept) > limit:
        del kept[next(iter(kept))]


def _readable(found: object, shape: Any) -> dict[Any, Any]:
    try:
        readable: dict[Any, Any] = msgspec.convert(found, shape, strict=False)
    except msgspec.ValidationError:
        return {}
    return readable
