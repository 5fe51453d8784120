"""What twenty silent observers of one chat cost those who write in it."""

import asyncio
import itertools
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import uvloop

from agentconsole import protocol as p
from agentconsole.backend.desk.admin import AddDepartment
from agentconsole.protocol import Role
from bench.figures import Report, ratio
from bench.load import percentiles
from bench.sizes import Size
from bench.team import furnish
from tests.proof.server import Served
from tests.proof.wire import Wire, connect

OBSERVERS = 20
LINES = 100  # of each side in a round

PAUSE = 0.004  # seconds between two lines
OTHERS, MURMUR = 100, 300  # visitors of other chats, and their lines a second
PATIENCE = 30.0
COST = 1.1
SIDES = ("visitor", "agent")


def observers(size: Size) -> list[Report]:
    """Acknowledgements with twenty observers against those without, in turn, over the rounds."""
    settings = {
        "observers": OBSERVERS,
        "lines a round": f"{LINES} of each side, one at a time",
        "lines in other chats": f"{MURMUR}/s",
        "rounds": 2 * size.rounds,
        "machine's load": f"{os.getloadavg()[0]:.1f}",
    }
    report = Report("observers", settings)
    names = [f"observer{number}" for number in range(OBSERVERS)]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        people = {"agent": [(Role.agent, "support")]} | {
            name: [(Role.supervisor, "support")] for name in names
        }
        furnish(data, [AddDepartment(slug="support")], people)
        with Served(data) as served:
            tokens = [served.login(name) for name in ["agent", *names]]
            rounds = uvloop.run(_run(served.url, tokens, 2 * size.rounds))
    _judge(report, rounds)
    return [report]


class Round:
    """Seconds from sending a line to its acknowledgement, by side, and to the last observer's having it."""

    def __init__(self) -> None:
        self.acks: dict[str, list[float]] = {side: [] for side in SIDES}
        self.sent: dict[str, float] = {}
        self.seen: list[float] = []


def _judge(report: Report, rounds: dict[bool, list[Round]]) -> None:
    for side in SIDES:
        with_them, without = (
            [1_000 * median(each.acks[side]) for each in rounds[watched]] for watched in (True, False)
        )
        note = f"median of the rounds {median(with_them):.3f} ms against {median(without):.3f}"
        report.add(
            f"the {side}'s acknowledgement, with / without", ratio(with_them, without), COST, note=note
        )
        late = [percentiles(each.acks[side])["p95"] for each in rounds[True]]
        early = [percentiles(each.acks[side])["p95"] for each in rounds[False]]
        report.add(f"the {side}'s p95, with / without", ratio(late, early))
    seen = percentiles([seconds for each in rounds[True] for seconds in each.seen])
    report.add("sent until all observers have it, p50", seen["p50"], unit="ms")
    report.add("sent until all observers have it, p95", seen["p95"], unit="ms")
    report.remarks.append(f"the machine's load at the end: {os.getloadavg()[0]:.1f}")


class Person:
    """One connection: sends words, and hears answers and the lines of the chat."""

    def __init__(self, name: str, decode: Callable[[bytes], object], heard: Callable[[str], None]) -> None:
        self.name = name
        self.wire: Wire
        self.chat = 0
        self._decode = decode
        self._heard = heard
        self._synced = asyncio.Event()
        self._asked: dict[str, asyncio.Future[int]] = {}
        self._cids = itertools.count()

    async def begin(self, url: str, path: str, hello: object) -> "Person":
        """Connect, and wait until all has been told."""
        self.wire = await connect(url, path, self._frame, lambda code: None)
        self.tell(hello)
        await asyncio.wait_for(self._synced.wait(), PATIENCE)
        return self

    def tell(self, word: object) -> None:
        """Send."""
        self.wire.send(p.encode(word))

    def cid(self) -> str:
        """A fresh client id."""
        return f"{self.name}-{next(self._cids):08d}"

    async def ask(self, word: p.Start | p.Take | p.Open | p.Say) -> int:
        """Send a command; the chat of its acknowledgement. Raises RuntimeError when it is refused."""
        answer = self._asked[word.cid] = asyncio.get_running_loop().create_future()
        self.tell(word)
        return await asyncio.wait_for(answer, PATIENCE)

    def _frame(self, payload: bytes) -> None:
        frame = self._decode(payload)
        if isinstance(frame, p.Event):
            if isinstance(frame.what, p.Said):
                self._heard(frame.what.text)
        elif isinstance(frame, p.Ack | p.VisitorAck):
            if answer := self._asked.pop(frame.cid, None):
                answer.set_result(frame.chat)
        elif isinstance(frame, p.Refused):
            self._asked.pop(frame.cid).set_exception(RuntimeError(frame.text))
        elif isinstance(frame, p.Synced | p.VisitorSynced):
            self._synced.set()


class Audience:
    """The observers, and visitors of other chats who keep the server busy, in a process of their own."""

    def __init__(self, url: str, tokens: list[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_audience, args=(url, tokens, theirs), daemon=True)
        self._process.start()
        self._answer()

    def watch(self, chat: int, on: bool) -> dict[str, float]:
        """All open the chat, or shut it; text -> when the last of them had it, of the lines since the last call."""
        self._pipe.send((chat, on))
        return self._answer()

    def _answer(self) -> dict[str, float]:
        if not self._pipe.poll(PATIENCE):
            raise RuntimeError("the observers do not answer")
        found: dict[str, float] = self._pipe.recv()
        return found

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.join()


def _audience(url: str, tokens: list[str], pipe: Connection) -> None:
    uvloop.run(_attend(url, tokens, pipe))


async def _attend(url: str, tokens: list[str], pipe: Connection) -> None:
    had: Counter[str] = Counter()
    last: dict[str, float] = {}

    def heard(text: str) -> None:
        had[text] += 1
        if had[text] == len(tokens):
            last[text] = time.perf_counter()

    people = [await _staff(url, f"observer{number}", token, heard) for number, token in enumerate(tokens)]
    others = [await _visitor(url, f"other{number}") for number in range(OTHERS)]
    chats = [await other.ask(p.Start(other.cid(), 0, "hello")) for other in others]
    murmur = asyncio.create_task(_murmur(others, chats))
    pipe.send({})
    loop = asyncio.get_running_loop()
    while True:
        chat, on = await loop.run_in_executor(None, pipe.recv)
        for each in people:
            if on:
                await each.ask(p.Open(each.cid(), chat))
            else:
                each.tell(p.Shut(chat))
        pipe.send(last.copy())
        last.clear()
        if murmur.done():
            murmur.result()


async def _murmur(others: list[Person], chats: list[int]) -> None:
    """Lines in other chats, evenly spaced, so that no core of the server sleeps between two lines."""
    began = time.perf_counter()
    for number, (other, chat) in enumerate(itertools.cycle(zip(others, chats, strict=True))):
        await asyncio.sleep(max(0.0, began + number / MURMUR - time.perf_counter()))
        other.tell(p.Say(other.cid(), chat, "murmur"))


async def _run(url: str, tokens: list[str], rounds: int) -> dict[bool, list[Round]]:
    visitor = await _visitor(url, "visitor")
    agent = await _staff(url, "agent", tokens[0], _nobody)
    chat = await visitor.ask(p.Start(visitor.cid(), 0, "hello"))
    await agent.ask(p.Take(agent.cid(), chat))
    audience = Audience(url, tokens[1:])
    found: dict[bool, list[Round]] = {True: [], False: []}
    try:
        await _lines(visitor, agent, chat)
        for _ in range(rounds):
            for watched in (False, True):
                audience.watch(chat, watched)
                await asyncio.sleep(0.2)
                done = await _lines(visitor, agent, chat)
                last = audience.watch(chat, False)
                done.seen = [last[text] - began for text, began in done.sent.items() if text in last]
                if watched and len(done.seen) < len(done.sent):
                    raise RuntimeError("an observer has not had all lines")
                found[watched].append(done)
    finally:
        audience.close()
        visitor.wire.drop()
        agent.wire.drop()
    return found


async def _lines(visitor: Person, agent: Person, chat: int) -> Round:
    """One round: both sides in turn, one line at a time."""
    done = Round()
    for _ in range(LINES):
        for side, sender in zip(SIDES, (visitor, agent), strict=True):
            say = p.Say(sender.cid(), chat, f"a line of ordinary length, {next(_numbers)}")
            began = done.sent[say.text] = time.perf_counter()
            await sender.ask(say)
            done.acks[side].append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE)
    return done


_numbers = itertools.count()


async def _staff(url: str, name: str, token: str, heard: Callable[[str], None]) -> Person:
    return await Person(name, p.decode_staff_frame, heard).begin(url, "/ws/staff", p.StaffHello(token=token))


async def _visitor(url: str, name: str) -> Person:
    hello = p.VisitorHello(token=os.urandom(32).hex()[:43])
    return await Person(name, p.decode_visitor_frame, _nobody).begin(url, "/ws/visitor", hello)


def _nobody(text: str) -> None:
    """These lines are not timed."""
