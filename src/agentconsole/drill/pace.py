"""A scripted person's time: waiting a while, waiting for something, typing at a person's speed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

TYPING_EVERY = 0.5  # real seconds between two typing frames, however fast time runs


class Pace:
    """Seconds are those of the person's life; ``speed`` of them pass in a real one."""

    def __init__(self, speed: float, luck: Random) -> None:
        self._speed = speed
        self._luck = luck
        self._rung = asyncio.Event()
        self._typed_at = 0.0

    def ring(self) -> None:
        """Something changed: whoever waits in `until` looks again."""
        self._rung.set()

    async def rest(self, low: float, high: float) -> None:
        """Do nothing for a time between these."""
        await asyncio.sleep(self._luck.uniform(low, high) / self._speed)

    async def until(self, condition: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait until the condition holds; False when it did not within ``seconds``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None if seconds is None else seconds / self._speed):
                while not condition():
                    self._rung.clear()
                    await self._rung.wait()
        return condition()

    async def strike(self, text: str, letters: float, show: Callable[[str], None]) -> None:
        """Type ``letters`` a second; ``show`` gets what stands there, never more often than TYPING_EVERY."""
        shown = 0.0
        while shown < len(text):
            pause = min(TYPING_EVERY, (len(text) - shown) / (letters * self._speed))
            await asyncio.sleep(pause)
            shown += max(pause * letters * self._speed, 0.5)
            self.show(text[: round(shown)], show)

    def show(self, text: str, show: Callable[[str], None]) -> None:
        """Show what stands there, unless something was shown a moment ago."""
        if time.monotonic() - self._typed_at >= TYPING_EVERY:
            self._typed_at = time.monotonic()
            show(text)

    def scaled(self, seconds: float) -> float:
        """So many real seconds."""
        return seconds / self._speed
