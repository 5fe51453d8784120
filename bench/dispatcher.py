"""What one decision of the dispatcher costs, its explanation included, in a full house where everybody is busy."""

import random
import time
from collections.abc import Callable
from statistics import median

from msgspec.structs import replace

from agentconsole.backend.domain.routing import (
    Agent,
    Assignment,
    Held,
    Place,
    Queue,
    Scene,
    Waiting,
    dispatch,
    explain,
)
from agentconsole.protocol import Routing, Status
from bench.figures import Report
from bench.sizes import Size

GOAL = 2.0  # ms
AGENTS, DEPARTMENTS, WAITING, CHATS_EACH = 500, 50, 2_000, 3
EACH_IN = 5  # departments
POLICIES = [Routing.round_robin, Routing.least_busy, Routing.longest_idle, Routing.fill_first]
TONGUES = ["en", "pl", "de", "cs"]
BURST, TEAM = 1_000, 100


def dispatcher(size: Size) -> list[Report]:
    """Medians by kind of change: telling the scene, deciding, explaining."""
    return [_house(size, EACH_IN), _house(size, DEPARTMENTS), _burst()]


class House:
    """Everybody has as many chats as the limit allows, and 2,000 more wait."""

    def __init__(self, each_in: int) -> None:
        self.luck = random.Random(each_in)
        self.now = 10_000_000
        self.chats = 0
        self.scene = Scene()
        for number in range(1, DEPARTMENTS + 1):
            self.scene.put_queue(self._queue(number))
        for number in range(1, AGENTS + 1):
            self.scene.put_agent(self._agent(number, each_in))
            for _ in range(CHATS_EACH):
                self.hold(number)
        while len(self.scene.waiting) < WAITING:
            self.scene.put_waiting(self.visitor())
        self.carry_out(dispatch(self.scene, self.now))

    def _queue(self, number: int) -> Queue:
        return Queue(
            number,
            f"Department {number}",
            POLICIES[number % 4],
            number % 3,
            frozenset({"billing"} if number % 5 == 0 else ()),
            frozenset({"pl", "de"} if number % 2 else ()),
            skill_wait_ms=300_000,
            idle_ms=600_000,
            overflow_to=number % DEPARTMENTS + 1,
            overflow_ms=3_600_000,
        )

    def _agent(self, number: int, each_in: int) -> Agent:
        places = self.luck.sample(range(1, DEPARTMENTS + 1), each_in)
        return Agent(
            number,
            f"Agent {number}",
            Status.online,
            limit=CHATS_EACH,
            languages=frozenset(self.luck.sample(TONGUES, 2)),
            skills=frozenset({"billing"} if self.luck.random() < 0.5 else ()),
            given_at=self.now - self.luck.randrange(600_000),
            freed_at=self.now - self.luck.randrange(600_000),
            places={place: Place(self.luck.choice((1, 1, 2))) for place in sorted(places)},
        )

    def visitor(self) -> Waiting:
        """Somebody new, somewhere."""
        self.chats += 1
        since = self.now - self.luck.randrange(240_000)
        department = self.luck.randint(1, DEPARTMENTS)
        return Waiting(self.chats, department, since, self.luck.randrange(3), self.luck.choice(TONGUES))

    def hold(self, agent: int) -> None:
        """One more chat for this agent."""
        self.chats += 1
        self.scene.put_held(
            Held(self.chats, agent, self.luck.choice(list(self.scene.agents[agent].places)), self.now)
        )

    def carry_out(self, proposals: list[object]) -> int:
        """As the transaction would; returns how many chats were given."""
        given = [proposal for proposal in proposals if isinstance(proposal, Assignment)]
        for one in given:
            department = self.scene.waiting[one.chat].department
            self.scene.reserve(one.chat, one.agent)
            self.scene.drop_waiting(one.chat)
            self.scene.put_held(Held(one.chat, one.agent, department, self.now))
            self.scene.release(one.chat)
        return len(given)

    def fill(self) -> None:
        """Back to the full house."""
        self.now += 10
        self.carry_out(dispatch(self.scene, self.now))
        while len(self.scene.waiting) < WAITING:
            self.scene.put_waiting(self.visitor())
        self.carry_out(dispatch(self.scene, self.now))

    def someone(self) -> Agent:
        """Any agent."""
        return self.scene.agents[self.luck.randint(1, AGENTS)]

    def one_of(self, agent: Agent) -> int:
        """One of the chats this agent has."""
        return next(chat for chat, held in self.scene.held.items() if held.agent == agent.id)


Change = Callable[[], object]
Kind = Callable[[House], Change]


def freed(house: House) -> Change:
    """A chat ends."""
    chat = house.one_of(house.someone())
    return lambda: house.scene.drop_held(chat)


def returning(house: House) -> Change:
    """An agent comes back from a break, with no chats left."""
    agent = house.someone()
    house.scene.put_agent(replace(agent, status=Status.away))
    for chat in [chat for chat, held in house.scene.held.items() if held.agent == agent.id]:
        house.scene.drop_held(chat)
    house.fill()
    return lambda: house.scene.put_agent(agent)


def arriving(house: House) -> Change:
    """A chat comes, and everybody is busy."""
    waiting = house.visitor()
    return lambda: house.scene.put_waiting(waiting)


def wider_limit(house: House) -> Change:
    """An agent may have one more."""
    agent = house.someone()
    return lambda: house.scene.put_agent(replace(agent, limit=agent.limit + 1))


def chat_priority(house: House) -> Change:
    """A waiting chat is put first."""
    waiting = house.luck.choice(list(house.scene.waiting.values()))
    return lambda: house.scene.put_waiting(replace(waiting, priority=10))


def queue_priority(house: House) -> Change:
    """A department becomes more urgent."""
    queue = house.scene.queues[house.luck.randint(1, DEPARTMENTS)]
    return lambda: house.scene.put_queue(replace(queue, priority=(queue.priority + 1) % 4))


def line(house: House) -> Change:
    """Somebody writes in a running chat."""
    held = house.scene.held[house.one_of(house.someone())]
    return lambda: house.scene.put_held(replace(held, spoke_at=house.now))


def nothing(house: House) -> Change:
    """The clock goes on."""
    return lambda: None


CHANGES: dict[str, Kind] = {
    "a place becomes free": freed,
    "an agent returns with three places": returning,
    "a chat arrives, all are busy": arriving,
    "a limit is raised": wider_limit,
    "a chat's priority changes": chat_priority,
    "a department's priority changes": queue_priority,
    "a line is written": line,
    "nothing changes": nothing,
}


def _house(size: Size, each_in: int) -> Report:
    settings = {
        "agents": AGENTS,
        "departments": DEPARTMENTS,
        "waiting": WAITING,
        "departments an agent": each_in,
        "agents a department": AGENTS * each_in // DEPARTMENTS,
    }
    report = Report("dispatcher", settings)
    house = House(each_in)
    house.fill()
    for name, change in CHANGES.items():
        times, given = [], 0
        for _ in range(20 * size.rounds):
            act = change(house)
            house.now += 1
            began = time.perf_counter()
            act()
            proposals = dispatch(house.scene, house.now)
            times.append((time.perf_counter() - began) * 1_000)
            given += house.carry_out(list(proposals))
            house.fill()
        note = f"the slowest {max(times):.2f}, {given / len(times):.2g} chats given"
        report.add(name, median(times), GOAL, unit="ms", note=note)
    report.add("an explanation that is asked for", _asked(house, 20 * size.rounds), GOAL, unit="ms")
    return report


def _asked(house: House, times: int) -> float:
    took = []
    for waiting in house.luck.choices(list(house.scene.waiting.values()), k=times):
        began = time.perf_counter()
        explain(house.scene, waiting, house.now)
        took.append((time.perf_counter() - began) * 1_000)
    return median(took)


def _burst() -> Report:
    """A thousand chats one after the other, everyone of a team free at first."""
    report = Report("dispatcher, a burst", {"agents": TEAM, "chats": BURST, "limit": BURST // TEAM})
    scene = Scene()
    scene.put_queue(Queue(1, "Sales", Routing.least_busy))
    for number in range(1, TEAM + 1):
        scene.put_agent(
            Agent(number, f"Agent {number}", Status.online, limit=BURST // TEAM, places={1: Place()})
        )
    times = []
    for chat in range(1, BURST + 1):
        began = time.perf_counter()
        scene.put_waiting(Waiting(chat, 1, chat))
        (given,) = dispatch(scene, chat)
        assert isinstance(given, Assignment)
        scene.reserve(chat, given.agent)
        scene.drop_waiting(chat)
        scene.put_held(Held(chat, given.agent, 1, chat))
        scene.release(chat)
        times.append((time.perf_counter() - began) * 1_000)
    report.add("each chat", median(times), GOAL, unit="ms", note=f"the slowest {max(times):.2f}")
    return report
