"""Facts for the dispatcher, drawn so that everything happens often: each from one number, by which it comes again."""

from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from agentconsole.backend.domain.routing import Agent, Held, Place, Queue, Waiting
from agentconsole.protocol import Routing, Status

AGENTS, DEPARTMENTS, CHATS = range(1, 6), range(1, 4), range(1, 9)
AUTOMATIC, BY_HAND = [*Routing][2:], [*Routing][:2]
Fact = TypeVar("Fact")


def some(luck: Random, usual: Any, *others: Any) -> Any:
    """The usual value two times of three."""
    return usual if luck.random() < 0.66 else luck.choice(others)


def subset(luck: Random, *of: Any) -> frozenset[Any]:
    """Any of them."""
    return frozenset(one for one in of if luck.random() < 0.5)


def agent(luck: Random) -> Agent:
    """One of five, mostly able to take chats."""
    return Agent(
        id=luck.choice(AGENTS),
        name=luck.choice(["Ana", "Bob", "Cleo"]),
        status=some(luck, Status.online, *Status),
        reason=luck.choice(["", "Lunch"]),
        lost=luck.random() < 0.1,
        limit=some(luck, 2, 0, 1, 3),
        languages=subset(luck, "pl-PL", "de"),
        skills=subset(luck, "billing", "phones"),
        given_at=luck.randint(0, 40),
        freed_at=luck.randint(0, 40),
        places={
            department: Place(luck.choice((1, 1, 2)), some(luck, 0, 1, 2))
            for department in DEPARTMENTS
            if luck.random() < 0.66
        },
    )


def queue(luck: Random) -> Queue:
    """One of three departments."""
    return Queue(
        id=luck.choice(DEPARTMENTS),
        name=luck.choice(["Sales", "Support"]),
        routing=luck.choice(AUTOMATIC * 2 + BY_HAND),
        priority=luck.randint(0, 3),
        skills=some(luck, frozenset(), subset(luck, "billing", "phones")),
        languages=some(luck, frozenset(), frozenset({"pl"}), frozenset({"pl", "DE"})),
        skill_wait_ms=some(luck, 0, 5, 20),
        idle_ms=some(luck, 0, 5, 20),
        overflow_to=luck.choice([0, 0, *DEPARTMENTS, 9]),
        overflow_ms=luck.choice([0, 5, 20, 50]),
    )


def waiting(luck: Random) -> Waiting:
    """One of eight chats."""
    return Waiting(
        chat=luck.choice(CHATS),
        department=luck.choice(DEPARTMENTS),
        since=luck.randint(0, 40),
        priority=luck.randint(0, 3),
        language=luck.choice(["", "pl", "PL-pl", "de", "de_AT"]),
        tried=some(luck, frozenset(), subset(luck, *AGENTS)),
        wanted=some(luck, 0, *AGENTS),
        wanted_until=some(luck, 0, 30, 60, 90),
        barred=some(luck, 0, 0, *AGENTS),
        moved=some(luck, (), tuple(luck.sample([*DEPARTMENTS], luck.randint(1, len([*DEPARTMENTS]))))),
        entered=some(luck, 0, luck.randint(0, 60)),
    )


def held(luck: Random) -> Held:
    """A chat that somebody has; some of them wait at the same time, as chats do that are passed on."""
    return Held(
        chat=luck.randint(6, 14),
        agent=luck.choice(AGENTS),
        department=luck.choice(DEPARTMENTS),
        spoke_at=luck.randint(0, 60),
        offered=some(luck, 0, *AGENTS),
        offered_in=some(luck, 0, *DEPARTMENTS),
    )


def drawn(make: Callable[[Random], Fact]) -> st.SearchStrategy[Fact]:
    """A strategy: much richer than one that draws each field by itself."""
    return st.integers(0, 1 << 40).map(lambda number: make(Random(number)))


agents, queues, waitings, helds = drawn(agent), drawn(queue), drawn(waiting), drawn(held)
