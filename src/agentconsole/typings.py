"""What is being typed elsewhere, forgotten after eight seconds; and that something is being typed here."""

from __future__ import annotations

from agentconsole.protocol import Typing

TYPING_MS = 8_000
REPEAT_MS = 3_000


class Typings:
    """Texts by chat and typist (0 = the visitor), each with the time when it came."""

    def __init__(self) -> None:
        self._texts: dict[tuple[int, int], tuple[str, int]] = {}

    def note(self, chat: int, typist: int, text: str, now: int) -> bool:
        """Somebody typed ('' = stopped). True unless nothing was and is there."""
        before = self._texts.pop((chat, typist), None)
        if text:
            self._texts[chat, typist] = (text, now)
        return bool(text or before)

    def text(self, chat: int, typist: int, now: int) -> str:
        """What this one is typing now, '' if nothing is known."""
        text, at = self._texts.get((chat, typist), ("", now))
        return text if now - at < TYPING_MS else ""

    def typists(self, chat: int, now: int) -> list[int]:
        """Who of staff is typing in this chat, ascending."""
        return sorted(who for at, who in self._texts if at == chat and who and self.text(chat, who, now))

    def forget(self, chat: int) -> None:
        """Nothing is typed in this chat any more."""
        for key in [key for key in self._texts if key[0] == chat]:
            del self._texts[key]

    def expire(self, now: int) -> set[int]:
        """Forget what is too old; return the chats concerned."""
        old = [key for key, (_, at) in self._texts.items() if now - at >= TYPING_MS]
        for key in old:
            del self._texts[key]
        return {chat for chat, _ in old}

    def next_expiry(self, now: int) -> int | None:
        """Milliseconds until `expire` has something to do; None = nothing is being typed."""
        oldest = min((at for _, at in self._texts.values()), default=None)
        return None if oldest is None else max(0, oldest + TYPING_MS - now)


class Strokes:
    """What I type, chat by chat: told at most every 3 s while it goes on, at once when it stops, and never what it is."""

    def __init__(self) -> None:
        self._now: dict[int, str] = {}
        self._told: dict[int, int] = {}

    def note(self, chat: int, text: str, now: int) -> bool:
        """I am typing, or have stopped (''). True if there is something to tell."""
        told = self._told.get(chat)
        if (text and told is not None and now - told < REPEAT_MS) or (not text and told is None):
            return False
        self._now[chat] = text
        return True

    def due(self, now: int) -> list[Typing]:
        """What is to be told now; it then counts as told."""
        frames = [Typing(chat, "…" if text else "") for chat, text in self._now.items()]
        for chat, text in self._now.items():
            if text:
                self._told[chat] = now
            else:
                self._told.pop(chat, None)
        self._now.clear()
        return frames
