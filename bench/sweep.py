"""Judges how chats were given to agents: who waited although somebody was free, who was overtaken, who had too many."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agentconsole.backend.domain.life import Entry
from agentconsole.protocol import Finished, Offered


@dataclass
class Waited:
    """A chat: ``key`` is its place in the order; when it was seen to wait and to be given to ``agent`` (0 = never).

    ``shown`` and ``decided`` are of one clock, in milliseconds: when a console showed that it waits, and when the
    dispatcher gave it away.
    """

    department: int
    key: float
    waits: float
    given: float = 0.0
    agent: int = 0
    shown: float = 0.0
    decided: float = 0.0


@dataclass(frozen=True)
class News:
    """At this moment (in seconds) a chat ``waits`` or was ``given``, or an agent has become ``full`` or ``free``."""

    at: float
    what: str
    which: int


class Sweep:
    """Goes through the news in their order. All agents are free at first.

    ``late`` has for each chat the longest time in seconds for which it waited while somebody was free for it.
    """

    def __init__(
        self,
        places: Mapping[int, Sequence[int]],
        chats: Mapping[int, Waited],
        news: Sequence[News],
    ) -> None:
        self.late: dict[int, float] = {}
        self._places, self._chats = places, chats
        self._free: Counter[int] = Counter(place for each in places.values() for place in each)
        self._waiting: defaultdict[int, dict[int, float]] = defaultdict(
            dict
        )  # since when both are there, 0 = not
        for each in news:
            if each.what == "waits":
                place = chats[each.which].department
                self._waiting[place][each.which] = each.at if self._free[place] else 0.0
            elif each.what == "given":
                self._given(each.which, each.at)
            else:
                self._changed(each.which, 1 if each.what == "free" else -1, each.at)

    def _given(self, chat: int, at: float) -> None:
        given = self._chats[chat]
        self._stop(chat, self._waiting[given.department].pop(chat), at)

    def _changed(self, agent: int, by: int, at: float) -> None:
        for place in self._places[agent]:
            before = self._free[place]
            self._free[place] += by
            if before and self._free[place]:
                continue
            for chat, began in self._waiting[place].items():
                self._stop(chat, began, at)
                self._waiting[place][chat] = at if self._free[place] else 0.0

    def _stop(self, chat: int, began: float, at: float) -> None:
        self.late[chat] = max(self.late.get(chat, 0.0), at - began if began else 0.0)


def overtaken(places: Mapping[int, Sequence[int]], chats: Iterable[Waited]) -> int:
    """How often a chat was given to an agent while one before it in the order, which that agent might have had, was
    known to wait and was decided about only later."""
    every = list(chats)
    return sum(
        rival.key < given.key and rival.shown < given.decided < rival.decided
        for given in every
        for rival in every
        if rival.department in places[given.agent]
    )


def over_limit(logs: Mapping[int, Sequence[Entry]], limit: int) -> int:
    """How often the logs (chat -> its events) show an agent with more than ``limit`` chats, from offer to end."""
    steps = []
    for log in logs.values():
        agent = 0
        for entry in log:
            if isinstance(entry.what, Offered):
                agent = entry.what.user
                steps.append((entry.at, 1, agent))
            elif isinstance(entry.what, Finished) and agent:
                steps.append((entry.at, -1, agent))
    held: Counter[int] = Counter()
    over = 0
    for _, step, agent in sorted(steps):
        held[agent] += step
        over += step > 0 and held[agent] > limit
    return over
