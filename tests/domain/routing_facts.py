"""Facts for the dispatcher, small enough that everything happens often: hypothesis strategies and short makers."""

from typing import Any

from hypothesis import strategies as st

from agentconsole.backend.domain.routing import Agent, Held, Place, Queue, Waiting
from agentconsole.protocol import Routing, Status

AGENTS, DEPARTMENTS, CHATS = range(1, 6), range(1, 4), range(1, 9)
TIMES = st.integers(0, 40)
TAGS = ["", "pl", "PL-pl", "de", "de_AT"]
LANGUAGES = [frozenset({"pl-PL"}), frozenset[str](), frozenset({"de", "PL"}), frozenset({"de"})]
SKILLS = [frozenset({"billing"}), frozenset({"phones"}), frozenset({"billing", "phones"})]
NOBODY = frozenset[int]()
ONLINE = Status.online


def often(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Mostly the usual value."""
    return st.sampled_from([usual] * max(2, 2 * len(others)) + list(others))


PLACE = st.builds(Place, tier=often(1, 2), limit=often(0, 1, 2))
agents = st.builds(
    Agent,
    id=st.sampled_from(AGENTS),
    name=st.sampled_from(["Ana", "Bob", "Cleo"]),
    status=often(ONLINE, *list(Status)[1:]),
    reason=st.sampled_from(["", "Lunch"]),
    lost=often(False, True),
    limit=often(3, 2, 1, 0),
    languages=often(*LANGUAGES),
    skills=often(frozenset(), *SKILLS),
    given_at=TIMES,
    freed_at=TIMES,
    places=st.fixed_dictionaries({}, optional={1: PLACE, 2: PLACE, 3: PLACE}),
)
queues = st.builds(
    Queue,
    id=st.sampled_from(DEPARTMENTS),
    name=st.sampled_from(["Sales", "Support"]),
    routing=st.sampled_from([*Routing][2:] * 2 + [*Routing][:2]),
    priority=st.integers(0, 3),
    skills=often(frozenset(), *SKILLS),
    languages=often(frozenset(), frozenset({"pl"}), frozenset({"pl", "DE"})),
    skill_wait_ms=often(0, 5, 20),
    idle_ms=often(0, 5, 20),
    overflow_to=st.sampled_from([2, 3, 1, 0, 9, 0]),
    overflow_ms=st.sampled_from([0, 5, 20, 30]),
)
waitings = st.builds(
    Waiting,
    chat=st.sampled_from(CHATS),
    department=st.sampled_from(DEPARTMENTS),
    since=TIMES,
    priority=st.integers(0, 3),
    language=st.sampled_from(TAGS),
    tried=often(NOBODY, frozenset({1}), frozenset({2, 3})),
    wanted=often(0, *AGENTS),
    wanted_until=often(0, 30, 60, 80),
    barred=often(0, *AGENTS),
    moved=often(NOBODY, frozenset({1}), frozenset({2})),
    entered=often(0, 20, 30),
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
