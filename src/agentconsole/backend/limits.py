"""How often somebody may do something: token buckets, kept only while they are not full."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable


class Rate:
    """``burst`` at once, then one every ``period`` seconds, for each key on its own.

    ``clock`` gives seconds. Keys whose bucket is full again are forgotten as the table grows.
    """

    def __init__(self, burst: int, period: float, clock: Callable[[], float]) -> None:
        self._burst = burst
        self._period = period
        self._clock = clock
        self._full_at: dict[Hashable, float] = {}
        self._sweep_at = 1_024

    def take(self, key: Hashable) -> float:
        """0 = go ahead; else the seconds until the next one is allowed, and nothing was taken."""
        now = self._clock()
        full_at = max(self._full_at.get(key, now), now)
        wait = full_at + self._period - now - self._burst * self._period
        if wait > 1e-9:
            return wait
        self._full_at[key] = full_at + self._period
        if len(self._full_at) > self._sweep_at:
            self._sweep(now)
        return 0.0

    def _sweep(self, now: float) -> None:
        self._full_at = {key: full_at for key, full_at in self._full_at.items() if full_at > now}
        self._sweep_at = max(1_024, 2 * len(self._full_at))


class Tally:
    """How many of something a key holds at the moment."""

    def __init__(self) -> None:
        self._held: dict[Hashable, int] = {}

    def add(self, key: Hashable) -> int:
        """One more; the answer is how many there are now."""
        self._held[key] = self._held.get(key, 0) + 1
        return self._held[key]

    def drop(self, key: Hashable) -> None:
        """One less."""
        left = self._held.get(key, 0) - 1
        if left > 0:
            self._held[key] = left
        else:
            self._held.pop(key, None)


def millis(seconds: float) -> int:
    """Seconds as whole milliseconds, rounded up."""
    return math.ceil(seconds * 1000)
