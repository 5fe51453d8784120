"""A histogram that costs next to nothing to add to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence


class Steps:
    """Counts values by the first of ``edges`` that is not below them; add from one thread only."""

    def __init__(self, edges: Sequence[float]) -> None:
        self._edges = list(edges)
        self._counts = [0] * (len(edges) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._edges, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self._counts)

    def cumulative(self) -> Iterator[tuple[float, int]]:
        """(edge, how many values were not above it), without the last step, which has no edge."""
        below = 0
        for edge, count in zip(self._edges, self._counts, strict=False):
            below += count
            yield edge, below
