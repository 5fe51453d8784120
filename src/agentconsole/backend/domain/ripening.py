"""When a rule on time fires on a ticket: the first moment from now at which it would, if nothing else happens to it.

What a condition says of a ticket changes with time at few moments: when an age that it names is reached, and when the
department opens or closes. Between two ages it is one of two things, and the hours say which and when.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from functools import cached_property

from . import condition
from .condition import Facts
from .hours import Kind, Opening, is_open, next_change
from .rules import Rule
from .ticket import Ticket

OPEN, CLOSED, ALWAYS = 1, 2, 3
Steps = list[tuple[int, int]]  # from when, and in which of OPEN and CLOSED something holds from then on


class Outlook:
    """A ticket as it will be if only time passes; ``facts`` say how it is at ``now``."""

    def __init__(self, ticket: Ticket, facts: Facts, opening: Opening, now: int) -> None:
        self.now, self._facts, self._opening = now, facts, opening
        self._since = {"age": ticket.created_at, "waiting": ticket.asked_at, "quiet": ticket.updated_at}
        self._seen: dict[tuple[int, bool], Facts] = {}

    @cached_property
    def is_open(self) -> bool:
        """Whether the department is open now."""
        return is_open(self._opening, Kind.email, self.now)

    def ripe_at(self, rules: Iterable[Rule], fired: Container[int]) -> int:
        """When the first of these rules, in their turns, fires that has not ``fired``; 0 = none will."""
        best = 0
        stopped: Steps = [(self.now, 0)]
        for rule in rules:
            if rule.id in fired and not rule.stop:
                continue
            held = self._held(rule.when)
            if rule.id not in fired:
                at = self._first(_each(held, stopped, lambda one, other: one & ~other))
                best = min(best, at) if best and at else best or at
            if rule.stop:
                stopped = _each(held, stopped, lambda one, other: one | other)
        return best

    def _held(self, when: str) -> Steps:
        """When a condition holds."""
        read = condition.read(when)
        moments = {began + ms for field, ms in read.moments if (began := self._since[field])}
        found: Steps = []
        for at in sorted({self.now, *(at for at in moments if at > self.now)}):
            if read.asks_hours:
                mask = OPEN * read.holds(self._at(at, True)) + CLOSED * read.holds(self._at(at, False))
            else:
                mask = ALWAYS * read.holds(self._at(at, True))
            if not found or found[-1][1] != mask:
                found.append((at, mask))
        return found

    def _at(self, at: int, is_open: bool) -> Facts:
        key = at, is_open
        if key not in self._seen:
            age, waiting, quiet = (at - began if began else 0 for began in self._since.values())
            self._seen[key] = self._facts.later(age, waiting, quiet, is_open)
        return self._seen[key]

    def _first(self, steps: Steps) -> int:
        """The first moment of all these at which the hours are so; 0 = none (not within two years)."""
        ends = [at for at, _ in steps[1:]]
        for (at, mask), end in zip(steps, [*ends, 0], strict=True):
            found = self._within(at, mask)
            if found and (not end or found < end):
                return found
        return 0

    def _within(self, at: int, mask: int) -> int:
        if mask in (0, ALWAYS):
            return at if mask else 0
        opened = self.is_open if at == self.now else is_open(self._opening, Kind.email, at)
        if opened == (mask == OPEN):
            return at
        change = next_change(self._opening, Kind.email, at)
        return change.at if change else 0


def _each(one: Steps, other: Steps, both: Callable[[int, int], int]) -> Steps:
    """What holds of two that begin at one moment, step by step."""
    found: Steps = []
    at_one = at_other = 0
    moments = sorted({at for at, _ in one} | {at for at, _ in other})
    for at in moments:
        at_one += at_one + 1 < len(one) and one[at_one + 1][0] == at
        at_other += at_other + 1 < len(other) and other[at_other + 1][0] == at
        mask = both(one[at_one][1], other[at_other][1])
        if not found or found[-1][1] != mask:
            found.append((at, mask))
    return found
