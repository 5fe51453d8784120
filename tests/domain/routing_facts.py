"""Facts for the dispatcher, small enough that everything happens often: hypothesis strategies and short makers."""

from typing import Any

from hypothesis import strategies as st

from agentconsole.backend.domain.routing import Agent, Held, Place, Queue, Waiting
from agentconsole.protocol import Routing, Status

AGENTS, DEPARTMENTS, CHATS = range(1, 6), range(1, 4), range(1, 9)
TIMES = st.integers(0, 40)
TAGS = ["", "pl", "PL-pl", "de", "de_AT"]
SKILLS = st.frozensets(st.sampled_from(["billing", "phones"]), max_size=2)
MANY = st.frozensets(st.sampled_from(AGENTS), max_size=2)
ONLINE = Status.online


def often(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Mostly the usual value."""
    return st.sampled_from([usual] * 4 + list(others))


agents = st.builds(
    Agent,
    id=st.sampled_from(AGENTS),
    name=st.sampled_from(["Ana", "Bob", "Cleo"]),
    status=often(ONLINE, *list(Status)[1:]),
    reason=st.sampled_from(["", "Lunch"]),
    lost=often(False, True),
    limit=st.integers(0, 3),
    languages=st.frozensets(st.sampled_from(TAGS[1:]), max_size=2),
    skills=SKILLS,
    given_at=TIMES,
    freed_at=TIMES,
    places=st.dictionaries(
        st.sampled_from(DEPARTMENTS),
        st.builds(Place, tier=st.integers(1, 2), limit=often(0, 1, 2)),
    ),
)
queues = st.builds(
    Queue,
    id=st.sampled_from(DEPARTMENTS),
    name=st.sampled_from(["Sales", "Support"]),
    routing=st.sampled_from(Routing),
    priority=st.integers(0, 3),
    skills=st.one_of(st.just(frozenset()), SKILLS),
    languages=st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(["pl", "DE"]))),
    skill_wait_ms=often(0, 5, 20),
    idle_ms=often(0, 5, 20),
    overflow_to=often(0, *DEPARTMENTS, 9),
    overflow_ms=often(0, 5, 20),
)
waitings = st.builds(
    Waiting,
    chat=st.sampled_from(CHATS),
    department=st.sampled_from(DEPARTMENTS),
    since=TIMES,
    priority=st.integers(0, 3),
    language=st.sampled_from(TAGS),
    tried=st.one_of(st.just(frozenset()), MANY),
    wanted=often(0, *AGENTS),
    wanted_until=st.one_of(st.just(0), st.integers(20, 80)),
    barred=often(0, *AGENTS),
    moved=st.frozensets(st.sampled_from(DEPARTMENTS), max_size=1),
    entered=st.one_of(st.just(0), TIMES),
)
helds = st.builds(
    Held,
    chat=st.integers(5, 14),  # some of them wait at the same time: chats that are passed on
    agent=st.sampled_from(AGENTS),
    department=st.sampled_from(DEPARTMENTS),
    spoke_at=TIMES,
    offered=often(0, *AGENTS),
    offered_in=often(0, *DEPARTMENTS),
)
