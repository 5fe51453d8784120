"""Notices that nobody has touched this console for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from textual import events

MINUTE = 60_000


class Idle:
    """``minutes`` without a key or the mouse (0 = never) make `due` true, once until the next input."""

    def __init__(self, minutes: int, now: int) -> None:
        self.minutes = minutes
        self._at = now
        self._told = False
        self._elsewhere = False

    @contextmanager
    def elsewhere(self, clock: Callable[[], int]) -> Iterator[None]:
        """Who works in another program, an editor say, is not idle."""
        self._elsewhere = True
        try:
            yield
        finally:
            self._elsewhere = False
            self._at, self._told = clock(), False

    def heard(self, event: events.Event, now: int) -> None:
        """Whatever a person does with the terminal counts."""
        if isinstance(event, events.Key | events.Paste | events.MouseEvent):
            self._at, self._told = now, False

    def due(self, now: int, online_ms: int) -> bool:
        """True when the time is up, the first time that it is asked then. Who has been online for ``online_ms``
        only, after a call say, has not been idle for longer."""
        if (
            not self.minutes
            or self._told
            or self._elsewhere
            or min(now - self._at, online_ms) < self.minutes * MINUTE
        ):
            return False
        self._told = True
        return True
