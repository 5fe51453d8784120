"""What I wrote and did not send, and what I sent, chat by chat; answers and private notes are kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

DRAFT_LIMIT = 500
HISTORY_CHATS = 100
HISTORY_LIMIT = 50


class Drafts:
    """Unsent ``answers`` and unsent private ``notes`` by chat (never the one for the other), and sent texts."""

    def __init__(self) -> None:
        self.answers: dict[int, str] = {}
        self.notes: dict[int, str] = {}
        self.sent: dict[int, list[str]] = {}

    def keep(self, chat: int, text: str, note: bool) -> None:
        """Keep what stands in the composer; '' forgets it."""
        drafts = self.notes if note else self.answers
        drafts.pop(chat, None)
        if text:
            drafts[chat] = text
            _limit(drafts, DRAFT_LIMIT)

    def remember(self, chat: int, text: str) -> None:
        """Add a sent text: newest last, at most 50 of a chat, no doubles in a row."""
        texts = self.sent.pop(chat, [])
        if texts[-1:] != [text]:
            texts.append(text)
        self.sent[chat] = texts[-HISTORY_LIMIT:]
        _limit(self.sent, HISTORY_CHATS)

    def as_data(self) -> dict[str, object]:
        """All of it as plain JSON data."""
        return {
            "drafts": {str(chat): text for chat, text in self.answers.items()},
            "note_drafts": {str(chat): text for chat, text in self.notes.items()},
            "history": {str(chat): list(texts) for chat, texts in self.sent.items()},
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Put back what `as_data` gave; what cannot be read, and what is here already, is left out."""
        for name, kind, mine in (
            ("drafts", str, self.answers),
            ("note_drafts", str, self.notes),
            ("history", list[str], self.sent),
        ):
            for chat, found in _readable(data.get(name), kind).items():
                mine.setdefault(chat, found)


def _limit(by_chat: dict[int, Any], limit: int) -> None:
    while len(by_chat) > limit:
        del by_chat[next(iter(by_chat))]


def _readable(found: object, kind: Any) -> dict[int, Any]:
    try:
        readable: dict[int, Any] = msgspec.convert(found, dict[int, kind], strict=False)
    except msgspec.ValidationError:
        return {}
    return readable
