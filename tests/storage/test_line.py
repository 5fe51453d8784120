"""The line of those who wait: whatever happens, the first by age and priority comes next, and nobody twice."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentconsole import protocol as p
from agentconsole.backend.domain.policy import Actor
from tests.storage.house import House, new_cid

STEPS = st.lists(
    st.tuples(
        st.sampled_from(("start", "start", "next", "next", "take", "release", "prioritise", "leave")),
        st.integers(0, 9),
        st.integers(-p.MAX_PRIORITY, p.MAX_PRIORITY),
        st.sampled_from((0, 1_000, 50_000)),
    ),
    min_size=5,
    max_size=30,
)


@dataclass
class Line:
    """A line that is kept in plain Python: who waits, who is with Ann, and since when and how urgently."""

    house: House
    waiting: list[int] = field(default_factory=list)
    with_ann: list[int] = field(default_factory=list)
    visitors: dict[int, Actor] = field(default_factory=dict)
    since: dict[int, int] = field(default_factory=dict)
    urgency: dict[int, int] = field(default_factory=dict)

    def first(self) -> int:
        """Who comes next, 0 = nobody waits."""
        return min(self.waiting, key=self._rank, default=0)

    def _rank(self, chat: int) -> tuple[int, int]:
        return self.since[chat] - self.urgency.get(chat, 0) * p.AGEING_MS, chat

    def step(self, kind: str, which: int, points: int) -> None:
        """Something happens; the line here and the one in the database go on."""
        house = self.house
        if kind == "start":
            visitor, head = house.start()
            self.visitors[head.id], self.since[head.id] = visitor, house.now
            self.waiting.append(head.id)
        elif kind == "next":
            self.next()
        elif kind == "release" and self.with_ann:
            self._move(house.ann, p.Release, which, self.with_ann, self.waiting)
        elif kind == "take" and self.waiting:
            self._move(house.ann, p.Take, which, self.waiting, self.with_ann)
        elif kind == "prioritise" and self.waiting:
            chat = self.waiting[which % len(self.waiting)]
            house.do(house.sue, p.Prioritise(new_cid(), chat, points))
            self.urgency[chat] = points
        elif kind == "leave" and self.waiting:
            chat = self.waiting.pop(which % len(self.waiting))
            house.do(self.visitors[chat], p.Leave(new_cid(), chat))

    def _move(self, who: Actor, command: Any, which: int, here: list[int], there: list[int]) -> None:
        chat = here.pop(which % len(here))
        self.house.do(who, command(new_cid(), chat))
        there.append(chat)

    def next(self) -> None:
        """Bob takes whoever is first, or is told that nobody waits."""
        expected = self.first()
        made = self.house.try_(self.house.bob, p.TakeNext(new_cid()))
        if expected:
            assert (made.refusal, made.about) == (None, expected)
            self.waiting.remove(expected)
        else:
            assert made.refusal is not None
            assert made.refusal.code is p.Code.gone


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whoever_is_first_comes_next_and_nobody_is_forgotten(
    house: House, steps: list[tuple[str, int, int, int]]
) -> None:
    while house.try_(house.bob, p.TakeNext(new_cid())).refusal is None:
        pass  # whom an example that failed has left behind
    line = Line(house)
    for kind, which, points, passed in steps:
        house.now += passed
        line.step(kind, which, points)
    for chat in line.with_ann:
        house.do(house.ann, p.Release(new_cid(), chat))
    line.waiting += line.with_ann
    for _ in range(len(line.waiting) + 1):
        line.next()
