"""The dispatcher in cases that a supervisor would tell: one policy, one filter, one timer at a time."""

from random import Random

import pytest
from msgspec.structs import replace

from agentconsole.backend.domain.routing import (
    Agent,
    Assignment,
    Decision,
    Held,
    Overflow,
    Place,
    Queue,
    Scene,
    Waiting,
    dispatch,
    explain,
)
from agentconsole.protocol import Routing, Status, Verdict

MINUTE = 60_000
NOW = 60 * MINUTE
SALES, SUPPORT = 1, 2
ROBIN = Queue(SALES, "Sales", Routing.round_robin)
AUTOMATIC = [Routing.round_robin, Routing.least_busy, Routing.longest_idle, Routing.fill_first]


def agent(number: int, name: str, **facts: object) -> Agent:
    plain = Agent(number, name, Status.online, places={SALES: Place()})
    return replace(plain, **facts)


def scene(*facts: Agent | Queue | Waiting | Held) -> Scene:
    built = Scene()
    put = {
        Agent: built.put_agent,
        Queue: built.put_queue,
        Waiting: built.put_waiting,
        Held: built.put_held,
    }
    for fact in facts:
        put[type(fact)](fact)  # type: ignore[operator]
    return built


def given(built: Scene, now: int = NOW) -> dict[int, str]:
    """Chat: to whom."""
    found = dispatch(built, now)
    return {one.chat: one.explanation.agent_name for one in found if isinstance(one, Assignment)}


def said(decision: Decision) -> dict[str, tuple[Verdict, str]]:
    return {reason.name: (reason.verdict, reason.text) for reason in decision.reasons}


ANA = agent(1, "Ana", given_at=NOW - 40_000, freed_at=NOW - 5_000)
BOB = agent(2, "Bob", given_at=NOW - 12_000, freed_at=NOW - 90_000)
BOBS = (Held(91, 2, SALES, NOW),)


@pytest.mark.parametrize(
    "routing, helds, name, text",
    [
        (Routing.round_robin, BOBS, "Ana", "was given a chat later than Ana: 12 s ago against 40 s"),
        (Routing.least_busy, BOBS, "Ana", "has 1 chat; Ana has none"),
        (Routing.longest_idle, (), "Bob", "had a chat end later than Bob: 5 s ago against 1 min 30 s"),
        (Routing.longest_idle, BOBS, "Ana", "has 1 chat; Ana has none"),
        (Routing.fill_first, BOBS, "Bob", "has 0 chats; Bob has 1"),
    ],
)
def test_each_policy_and_what_it_says(
    routing: Routing, helds: tuple[Held, ...], name: str, text: str
) -> None:
    built = scene(replace(ROBIN, routing=routing), ANA, BOB, Waiting(7, SALES, NOW - 1_000), *helds)
    (assignment,) = dispatch(built, NOW)
    assert isinstance(assignment, Assignment)
    assert assignment.explanation.agent_name == name
    (other,) = {"Ana", "Bob"} - {name}
    assert said(assignment.explanation)[other] == (Verdict.later, text)


@pytest.mark.parametrize("routing", AUTOMATIC)
def test_a_better_tier_comes_before_any_policy(routing: Routing) -> None:
    second = Place(tier=2)
    ready = agent(3, "Cleo", places={SALES: second}, given_at=1, freed_at=1)
    built = scene(replace(ROBIN, routing=routing), ANA, ready, Waiting(7, SALES, NOW))
    (assignment,) = dispatch(built, NOW)
    assert isinstance(assignment, Assignment)
    assert said(assignment.explanation)["Cleo"] == (Verdict.tier, "tier 2; an agent of tier 1 was free")
    built.put_agent(replace(ANA, limit=0))
    assert given(built) == {7: "Cleo"}


def test_a_burst_goes_round_the_team() -> None:
    crew = [agent(number, name) for number, name in enumerate(("Ana", "Bob", "Cleo"), 1)]
    built = scene(ROBIN, *crew, *(Waiting(chat, SALES, NOW + chat) for chat in range(1, 7)))
    assert list(given(built).values()) == ["Ana", "Bob", "Cleo"] * 2


@pytest.mark.parametrize("routing", AUTOMATIC)
def test_a_limit_is_never_exceeded_in_a_flood(routing: Routing) -> None:
    crew = [agent(1, "Ana", limit=2), agent(2, "Bob", places={SALES: Place(limit=1)})]
    queue = replace(ROBIN, routing=routing)
    built = scene(queue, *crew, *(Waiting(chat, SALES, NOW) for chat in range(1, 40)))
    assert sorted(given(built).values()) == ["Ana", "Ana", "Bob"]
    assert said(explain(built, Waiting(50, SALES, NOW), NOW))["Ana"][0] is Verdict.free
    for chat, name in given(built).items():
        built.reserve(chat, 1 if name == "Ana" else 2)
    assert given(built) == {}
    decision = explain(built, Waiting(50, SALES, NOW), NOW)
    assert said(decision) == {
        "Ana": (Verdict.limit, "has 2 of 2 chats"),
        "Bob": (Verdict.department_limit, "has 1 of 1 chat of Sales"),
    }


def test_ageing_lets_nobody_starve() -> None:
    """A point is a minute: the chat of priority 5 is overtaken by one that has waited five minutes more."""
    urgent = Waiting(1, SALES, NOW - 2 * MINUTE, priority=5)
    patient = Waiting(2, SALES, NOW - 6 * MINUTE)
    waits_longer = Waiting(3, SALES, NOW - 8 * MINUTE)
    built = scene(ROBIN, agent(1, "Ana"), urgent, patient, waits_longer)
    assert list(given(built)) == [3, 1, 2]


def test_departments_share_one_order() -> None:
    both = {SALES: Place(), SUPPORT: Place()}
    support = Queue(SUPPORT, "Support", Routing.least_busy, priority=3)
    built = scene(ROBIN, support, agent(1, "Ana", limit=1, places=both))
    built.put_waiting(Waiting(1, SALES, NOW - 2 * MINUTE))
    built.put_waiting(Waiting(2, SUPPORT, NOW))
    assert list(given(built)) == [2]
    built.put_queue(replace(support, priority=1))
    assert list(given(built)) == [1]


def test_language_and_skills_are_asked_for_until_the_wait_is_over() -> None:
    queue = replace(
        ROBIN, languages=frozenset({"pl"}), skills=frozenset({"billing"}), skill_wait_ms=2 * MINUTE
    )
    built = scene(
        queue, agent(1, "Ana", skills=frozenset({"billing"})), Waiting(1, SALES, NOW, language="PL-pl")
    )
    assert given(built) == {}
    assert said(explain(built, built.waiting[1], NOW))["Ana"] == (Verdict.skills, "does not speak pl")
    built.put_waiting(Waiting(2, SALES, NOW, language="de"))
    assert given(built) == {2: "Ana"}, "a language that is not asked for is everybody's"
    built.drop_waiting(2)
    assert built.next_time(NOW) == NOW + 2 * MINUTE
    assert given(built, NOW + 2 * MINUTE - 1) == {}
    assert given(built, NOW + 2 * MINUTE) == {1: "Ana"}


def test_a_silent_chat_makes_room_by_the_clock_alone() -> None:
    built = scene(replace(ROBIN, idle_ms=MINUTE), agent(1, "Ana", limit=1), Held(9, 1, SALES, NOW))
    built.put_waiting(Waiting(1, SALES, NOW))
    assert given(built) == {}
    assert built.next_time(NOW) == NOW + MINUTE
    built.put_held(Held(9, 1, SALES, NOW + 30_000))
    assert given(built, NOW + MINUTE) == {}
    assert given(built, NOW + MINUTE + 30_000) == {1: "Ana"}
    before = explain(built, built.waiting[1], NOW + MINUTE)
    assert said(before)["Ana"] == (Verdict.limit, "has 1 of 1 chat"), "a clock that was put back"


@pytest.mark.parametrize("routing", Routing)
def test_a_person_is_waited_for_and_then_everybody(routing: Routing) -> None:
    queue = replace(ROBIN, routing=routing)
    away = agent(2, "Bob", status=Status.away, reason="Lunch")
    built = scene(queue, agent(1, "Ana"), away)
    built.put_waiting(Waiting(1, SALES, NOW, wanted=2, wanted_until=NOW + MINUTE))
    assert given(built) == {}
    decision = explain(built, built.waiting[1], NOW)
    assert decision.text == "Waits for Bob, 1 min 0 s more; then for everybody of Sales."
    assert said(decision) == {
        "Ana": (Verdict.not_wanted, "the chat waits for Bob"),
        "Bob": (Verdict.on_break, "is on a break (Lunch)"),
    }
    everybody = {1: "Ana"} if routing in AUTOMATIC else {}
    assert given(built, NOW + MINUTE) == everybody
    built = scene(queue, agent(1, "Ana"), agent(2, "Bob"), built.waiting[1])
    assert given(built) == {1: "Bob"}, "in every policy: the promise was made by hand"


@pytest.mark.parametrize("routing", Routing)
def test_the_last_agent_is_preferred_if_available(routing: Routing) -> None:
    queue = replace(ROBIN, routing=routing)
    built = scene(queue, agent(1, "Ana"), agent(2, "Bob", places={SALES: Place(tier=2)}))
    built.put_waiting(Waiting(1, SALES, NOW, wanted=2))
    assert given(built) == ({} if routing is Routing.manual else {1: "Bob"})
    built.put_agent(replace(built.agents[2], lost=True))
    assert given(built) == ({1: "Ana"} if routing in AUTOMATIC else {})


@pytest.mark.parametrize("routing", [Routing.manual, Routing.ring])
def test_by_hand_nothing_is_given(routing: Routing) -> None:
    built = scene(replace(ROBIN, routing=routing), agent(1, "Ana"), Waiting(1, SALES, NOW))
    assert dispatch(built, NOW) == []
    decision = explain(built, built.waiting[1], NOW)
    assert said(decision) == {"Ana": (Verdict.free, "could take it")}


def test_never_back_to_who_was_asked_and_never_to_the_owner() -> None:
    asked = Waiting(1, SALES, NOW, tried=frozenset({1}), barred=2)
    built = scene(ROBIN, agent(1, "Ana"), agent(2, "Bob"), asked)
    assert given(built) == {}
    assert said(explain(built, asked, NOW)) == {
        "Ana": (Verdict.tried, "was asked already"),
        "Bob": (Verdict.not_wanted, "has the chat and passes it on"),
    }
    built.put_agent(agent(3, "Cleo"))
    assert given(built) == {1: "Cleo"}


SOMEBODY = agent(5, "Eve", places={SUPPORT: Place()})
LEAKING = replace(ROBIN, overflow_to=SUPPORT, overflow_ms=MINUTE)
HANDS = Queue(SUPPORT, "Support", Routing.manual)


def test_overflow_after_a_time_or_at_once_when_nobody_is_there() -> None:
    built = scene(LEAKING, HANDS, SOMEBODY, agent(1, "Ana", limit=0), Waiting(1, SALES, NOW))
    assert dispatch(built, NOW) == []
    assert built.next_time(NOW) == NOW + MINUTE
    assert dispatch(built, NOW + MINUTE) == [
        Overflow(1, SUPPORT, "From Sales to Support: it waited 1 min 0 s.")
    ]
    built.put_waiting(Waiting(1, SALES, NOW, entered=NOW + MINUTE))
    assert dispatch(built, NOW + MINUTE) == []
    built.drop_agent(1)
    gone = Overflow(1, SUPPORT, "From Sales to Support: nobody is online in Sales.")
    assert dispatch(built, NOW + MINUTE) == [gone]


def test_overflow_goes_where_somebody_is_and_never_back() -> None:
    third = Queue(3, "Night", Routing.manual)
    watch = agent(6, "Finn", places={3: Place()})
    built = scene(LEAKING, replace(HANDS, overflow_to=3, priority=0), third, Waiting(1, SALES, NOW))
    assert dispatch(built, NOW) == [], "nobody anywhere: it stays"
    built.put_agent(watch)
    assert [(one.chat, one.to) for one in dispatch(built, NOW) if isinstance(one, Overflow)] == [(1, 3)]
    built.put_waiting(Waiting(1, SALES, NOW, moved=(3,)))
    built.put_agent(agent(1, "Ana", limit=0))
    assert dispatch(built, NOW + 2 * MINUTE) == [], "somebody is here: it does not go back"
    built.drop_agent(1)
    built.put_waiting(Waiting(1, SALES, NOW, barred=9))
    assert dispatch(built, NOW) == [], "who passes it on still has it"


def test_a_chat_returns_when_nobody_is_left_where_it_went() -> None:
    home, away = agent(1, "Ana", limit=0), replace(SOMEBODY, limit=0)
    built = scene(LEAKING, HANDS, Waiting(1, SUPPORT, NOW, moved=(SALES,)))
    assert dispatch(built, NOW) == [], "nobody anywhere: it stays"
    built.put_agent(home)
    back = Overflow(1, SALES, "From Support to Sales: nobody is online in Support.")
    assert dispatch(built, NOW) == [back]
    built.put_agent(away)
    assert dispatch(built, NOW) == [], "somebody is here: it stays"
    built.drop_agent(away.id)
    assert dispatch(built, NOW) == [back]
    built.put_agent(replace(home, lost=True))
    assert dispatch(built, NOW) == []


def test_it_returns_to_where_it_was_last_and_goes_on_rather_than_back() -> None:
    night = Queue(3, "Night", Routing.manual)
    everywhere = [agent(key, f"Agent {key}", places={key: Place()}, limit=0) for key in (SALES, 3, 4)]
    built = scene(ROBIN, HANDS, night, *everywhere, Waiting(1, SUPPORT, NOW, moved=(SALES, 3)))
    assert [one.to for one in dispatch(built, NOW) if isinstance(one, Overflow)] == [3]
    built.put_queue(Queue(4, "Reception", Routing.manual))
    built.put_queue(replace(HANDS, overflow_to=4))
    assert [one.to for one in dispatch(built, NOW) if isinstance(one, Overflow)] == [4]


@pytest.mark.parametrize("seed", range(200))
def test_a_chat_never_goes_to_and_fro(seed: int) -> None:
    """While nobody comes or goes it moves less often than there are departments, however long it waits."""
    luck = Random(seed)
    places = [1, 2, 3, 4]
    queues = [
        Queue(
            key,
            f"D{key}",
            Routing.manual,
            overflow_to=luck.choice([0, *places]),
            overflow_ms=luck.choice([0, 5]),
        )
        for key in places
    ]
    staff = [agent(key, f"Agent {key}", places={key: Place()}) for key in places if luck.random() < 0.6]
    chat = Waiting(1, luck.choice(places), NOW, moved=tuple(luck.sample(places, luck.randint(0, 3))))
    built, now, moves = scene(*queues, *staff, chat), NOW, 0
    for _ in range(20):
        for overflow in dispatch(built, now):
            assert isinstance(overflow, Overflow)
            moves += 1
            moved = (*(each for each in chat.moved if each != chat.department), chat.department)
            chat = replace(chat, department=overflow.to, entered=now, moved=moved)
            built.put_waiting(chat)
        now += 10
    assert moves <= len(places)


def test_a_proposal_on_its_way_counts_and_is_not_made_again() -> None:
    built = scene(ROBIN, agent(1, "Ana", limit=1), Waiting(1, SALES, NOW), Waiting(2, SALES, NOW + 1))
    assert given(built) == given(built) == {1: "Ana"}
    built.reserve(1, 1)
    assert given(built) == {}
    assert built.next_time(NOW) == 0
    built.release(1)
    assert built.next_time(NOW) == NOW, "refused: there is something to do at once"
    assert given(built) == {1: "Ana"}
    built.reserve(1, 1)
    built.drop_waiting(1)
    built.put_held(Held(1, 1, SALES, NOW))
    built.release(1)
    assert given(built) == {}
    built.drop_held(1)
    assert given(built) == {2: "Ana"}
