"""In which chats somebody of staff is typing now, so that nobody's time for a first answer ends in mid-sentence."""

from __future__ import annotations

import asyncio

SECONDS = 8.0


class Typists:
    """Chats by the moment until which the last sign of typing counts; never stored."""

    def __init__(self) -> None:
        self._until: dict[int, float] = {}

    def note(self, chat: int, on: bool) -> None:
        """Somebody is typing there, or has stopped."""
        if on:
            self._until[chat] = asyncio.get_running_loop().time() + SECONDS
        else:
            self._until.pop(chat, None)

    def has(self, chat: int) -> bool:
        """Is somebody typing there, as far as the last seconds tell?"""
        until = self._until.get(chat, 0.0)
        if until and until < asyncio.get_running_loop().time():
            del self._until[chat]
            return False
        return bool(until)
