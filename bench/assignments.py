"""A thousand chats arrive within seconds at a team: is no limit ever exceeded, is the order kept, is nobody left waiting?"""

import asyncio
import itertools
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from agentconsole import protocol as p
from agentconsole.backend.desk.admin import AddDepartment
from agentconsole.backend.domain.life import Entry
from agentconsole.protocol import Role, Routing, State
from bench.figures import Report
from bench.load import percentiles
from bench.sizes import Size
from bench.sweep import News, Sweep, Waited, over_limit, overtaken
from bench.team import furnish, histories
from tests.proof.server import Served
from tests.proof.staffing import agent_name
from tests.proof.wire import Wire, connect

AGENTS, LIMIT, CHATS, SECONDS = 100, 3, 1_000, 10.0
POLICIES = (Routing.least_busy, Routing.round_robin, Routing.longest_idle, Routing.fill_first)
POINT_MS = 60_000  # a point of priority counts like so much waiting
GOAL_MS = 100.0
AT_ONCE = 50
PATIENCE = 120.0
SERVED = (2.0, 5.0)  # seconds from taking to closing
TAKES_PART = (State.offered, State.active, State.wrapup)


def assignments(size: Size) -> list[Report]:
    """The goals, with an arrival rate at which places are free at times and scarce at others."""
    return [measured(size.arrivals, round(AGENTS * size.arrivals / CHATS), SECONDS * size.arrivals / CHATS)]


def measured(count: int, agents: int, seconds: float) -> Report:
    """So many chats within so many seconds, at so many agents."""
    settings = {
        "chats": count,
        "agents": agents,
        "limit": LIMIT,
        "departments": len(POLICIES),
        "arriving within": f"{seconds:g} s",
        "machine's load": f"{os.getloadavg()[0]:.1f}",
    }
    report = Report("assignments", settings)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        _furnish(data, agents)
        with Served(data) as served:
            tokens = [served.login(agent_name(number)) for number in range(agents)]
            house = uvloop.run(_run(served.url, tokens, count, seconds))
            served.stop()
        _judge(report, house, histories(data, house.chats))
    return report


# --- the house --------------------------------------------------------------------------------------------------


def _furnish(data: Path, agents: int) -> None:
    """Four departments with four policies and priorities 0 to 3; most agents are in two of them."""
    slugs = [policy.value.replace("_", "-") for policy in POLICIES]
    places = [
        AddDepartment(slug=slug, routing=policy, priority=number, wrapup_s=0)
        for number, (slug, policy) in enumerate(zip(slugs, POLICIES, strict=True))
    ]
    people = {
        agent_name(number): [(Role.agent, slugs[place]) for place in sorted({number % 4, number // 4 % 4})]
        for number in range(agents)
    }
    furnish(data, places, people)


# --- what the consoles saw --------------------------------------------------------------------------------------


@dataclass
class House:
    """All that the consoles showed, as it came."""

    departments: dict[int, int] = field(default_factory=dict)  # id -> priority
    places: dict[int, tuple[int, ...]] = field(default_factory=dict)  # agent -> departments
    chats: dict[int, Waited] = field(default_factory=dict)
    news: list[News] = field(default_factory=list)
    most: int = 0
    over: int = 0
    refused: int = 0
    finished: set[int] = field(default_factory=set)
    begun: int = 0
    own_load: float = 0.0
    all_done: asyncio.Event = field(default_factory=asyncio.Event)


class Seat:
    """An agent who takes what is offered at once, answers, and closes a little later."""

    def __init__(self, house: House, number: int) -> None:
        self.house = house
        self.number = number
        self.me = 0
        self.held: set[int] = set()
        self.versions: dict[int, int] = {}
        self.served: set[int] = set()
        self.wire: Wire
        self.synced = asyncio.Event()
        self._cids = itertools.count()

    async def sit_down(self, url: str, token: str) -> None:
        """Connect; be online."""
        self.wire = await connect(url, "/ws/staff", self.heard, lambda code: None)
        self.tell(p.StaffHello(token=token))
        await self.synced.wait()

    def tell(self, word: object) -> None:
        """Send."""
        self.wire.send(p.encode(word))

    def cid(self) -> str:
        """A fresh client id."""
        return f"seat{self.number:04d}-{next(self._cids):06d}"

    def heard(self, payload: bytes) -> None:
        """Take one frame in."""
        frame = p.decode_staff_frame(payload)
        if isinstance(frame, p.ChatCard):
            self._card(frame, time.monotonic())
        elif isinstance(frame, p.Gone):
            self._hold(frame.chat, False, time.monotonic())
        elif isinstance(frame, p.Welcome):
            self.me = frame.user
        elif isinstance(frame, p.DepartmentList):
            self.house.departments = {card.id: card.priority for card in frame.departments}
        elif isinstance(frame, p.SeatCard):
            self.house.places[frame.user] = tuple(frame.departments)
        elif isinstance(frame, p.Refused):
            self.house.refused += 1
        elif isinstance(frame, p.Synced):
            self.synced.set()

    def _card(self, card: p.ChatCard, now: float) -> None:
        house, chat = self.house, card.chat
        if card.version < self.versions.get(chat, 0):
            return
        self.versions[chat] = card.version
        if card.state is State.waiting and chat not in house.chats:
            points = house.departments[card.department] + card.priority
            house.chats[chat] = Waited(
                card.department, card.since - points * POINT_MS, now, shown=1_000 * time.time()
            )
            house.news.append(News(now, "waits", chat))
        mine = self.me in (card.owner, card.offer_to)
        if mine and card.state is State.offered and chat not in self.served:
            self._serve(card, now)
        self._hold(chat, mine and card.state in TAKES_PART, now)
        if mine and card.state is State.closed:
            house.finished.add(chat)
            if len(house.finished) == house.begun:
                house.all_done.set()

    def _serve(self, card: p.ChatCard, now: float) -> None:
        self.served.add(card.chat)
        known = self.house.chats[card.chat]
        known.given, known.agent = now, self.me
        self.house.news.append(News(now, "given", card.chat))
        self.tell(p.Take(self.cid(), card.chat))
        self.tell(p.Say(self.cid(), card.chat, "Hello, what can I do for you?"))
        low, high = SERVED
        pause = low + (card.chat * 37 % 100) / 100 * (high - low)
        asyncio.get_running_loop().call_later(pause, self.tell, p.Close(self.cid(), card.chat))

    def _hold(self, chat: int, holds: bool, now: float) -> None:
        full = len(self.held) >= LIMIT
        (self.held.add if holds else self.held.discard)(chat)
        self.house.most = max(self.house.most, len(self.held))
        self.house.over += len(self.held) > LIMIT
        if full is not (len(self.held) >= LIMIT):
            self.house.news.append(News(now, "free" if full else "full", self.me))


async def _run(url: str, tokens: list[str], count: int, seconds: float) -> House:
    house = House(begun=count)
    seats = [Seat(house, number) for number in range(len(tokens))]
    visitors: list[Wire] = []
    for first in range(0, len(seats), AT_ONCE):
        batch = list(zip(seats, tokens, strict=True))[first : first + AT_ONCE]
        await asyncio.gather(*(seat.sit_down(url, token) for seat, token in batch))
    for first in range(0, count, AT_ONCE):
        visitors += await asyncio.gather(*(_visitor(url) for _ in range(min(AT_ONCE, count - first))))
    places = sorted(house.departments)
    began, cpu = time.monotonic(), time.process_time()
    for number, visitor in enumerate(visitors):
        await asyncio.sleep(max(0.0, began + number * seconds / count - time.monotonic()))
        start = p.Start(f"start-{number:06d}", places[number % len(places)], "hello")
        visitor.send(p.encode(start))
    async with asyncio.timeout(PATIENCE):
        await house.all_done.wait()
    house.own_load = (time.process_time() - cpu) / (time.monotonic() - began)
    for wire in [*visitors, *(seat.wire for seat in seats)]:
        wire.drop()
    return house


async def _visitor(url: str) -> Wire:
    wire = await connect(url, "/ws/visitor", lambda payload: None, lambda code: None)
    wire.send(p.encode(p.VisitorHello(token=os.urandom(32).hex()[:43])))
    return wire


# --- judging ----------------------------------------------------------------------------------------------------


def _judge(report: Report, house: House, logs: dict[int, list[Entry]]) -> None:
    sweep = Sweep(house.places, house.chats, house.news)
    for key, log in logs.items():
        house.chats[key].decided = next(entry.at for entry in log if isinstance(entry.what, p.Offered))
    late = percentiles(list(sweep.late.values()))
    longest = 1_000 * max(sweep.late.values())
    within = sum(each * 1_000 <= GOAL_MS for each in sweep.late.values())
    waits = percentiles([chat.given - chat.waits for chat in house.chats.values()])
    count = len(house.chats)
    report.add("chats given", count, house.begun, least=True)
    report.add("over the limit, by the consoles", house.over, 0, note=f"the most at once {house.most}")
    report.add("over the limit, by the rows", over_limit(logs, LIMIT), 0)
    passed = overtaken(house.places, house.chats.values())
    report.add("overtaken by a chat behind it", passed, 0, note="known to wait, and decided about later")
    report.add("later than the goal", count - within, 0, note=f"chat and free agent there for {GOAL_MS:g} ms")
    for name in ("p50", "p95"):
        report.add(f"chat and free agent until given, {name}", late[name], GOAL_MS, unit="ms")
    report.add("chat and free agent until given, the longest", longest, GOAL_MS, unit="ms")
    report.add("waited in all, p50", waits["p50"], unit="ms", note="free places are scarce at times")
    report.add("waited in all, p95", waits["p95"], unit="ms")
    report.add("refused", house.refused, 0)
    report.remarks.append(
        f"the machine's load at the end: {os.getloadavg()[0]:.1f}; own CPU {house.own_load:.2f}"
    )
