"""A scene: visitors and agents in chats on a real server, talking at a steady rate while the server is being killed."""

import asyncio
import itertools
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agentconsole import protocol as p
from tests.proof.check import Findings, judge
from tests.proof.peers import Agent, Peer, Visitor
from tests.proof.record import Entry, History
from tests.proof.server import Served

AT_ONCE = 100  # visitors who wait at a time: a queue takes 200
PAGE = 500  # events asked for at a time
SETTLE = 60.0  # seconds in which everything must be answered and delivered


@dataclass
class Room:
    """One chat and the two who talk in it."""

    chat: int
    visitor: Visitor
    agent: Agent


@dataclass
class Scene:
    """Everybody who takes part, and everything that they say."""

    served: Served
    luck: random.Random
    visitors: list[Visitor] = field(default_factory=list)
    agents: list[Agent] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)
    spoken: Iterator[int] = field(default_factory=itertools.count)

    async def gather(
        self, visitors: int, tokens: Sequence[str], department: int, where: Callable[[], str]
    ) -> None:
        """Connect everybody through `where()`; every visitor starts a chat, and the agents take them in turn."""
        self.agents = [Agent(f"agent-{n:03d}", where, self.luck, token) for n, token in enumerate(tokens)]
        self.visitors = [Visitor(f"visitor-{n:03d}", where, self.luck) for n in range(visitors)]
        pairs = list(zip(self.visitors, itertools.cycle(self.agents), strict=False))
        for first in range(0, visitors, AT_ONCE):
            await self._open(pairs[first : first + AT_ONCE], department)

    async def _open(self, pairs: Sequence[tuple[Visitor, Agent]], department: int) -> None:
        starts = [visitor.start(department, f"{visitor.record.name} says hello") for visitor, _ in pairs]
        takes = []
        for (visitor, agent), start in zip(pairs, starts, strict=True):
            opened = await visitor.answer(start)
            assert isinstance(opened, p.VisitorAck), opened
            self.rooms.append(Room(opened.chat, visitor, agent))
            takes.append((agent, agent.take(opened.chat)))
        for agent, take in takes:
            taken = await agent.answer(take)
            assert isinstance(taken, p.Ack), taken

    @property
    def peers(self) -> list[Peer]:
        """Visitors and agents."""
        return [*self.visitors, *self.agents]

    def speak(self) -> None:
        """Somebody says something in one of the chats."""
        room = self.luck.choice(self.rooms)
        peer: Peer = room.visitor if self.luck.random() < 0.5 else room.agent
        peer.say(
            room.chat, f"{peer.record.name} says line {next(self.spoken)} " + "…" * self.luck.randint(0, 60)
        )

    async def talk(self, rate: float) -> None:
        """Speak `rate` times a second until cancelled, whether the server is there or not."""
        began = time.perf_counter()
        for line in itertools.count():
            await asyncio.sleep(max(0.0, began + line / rate - time.perf_counter()))
            self.speak()

    @asynccontextmanager
    async def talking(self, rate: float) -> AsyncIterator[None]:
        """Talk for as long as the block lasts."""
        talk = asyncio.create_task(self.talk(rate))
        try:
            yield
        finally:
            talk.cancel()
            await asyncio.gather(talk, return_exceptions=True)

    def acknowledged(self) -> int:
        """Lines acknowledged so far."""
        return sum(len(peer.record.acked) for peer in self.peers)

    async def settle(self, seconds: float = SETTLE) -> None:
        """Wait until nobody waits for an answer any more; who still does stands in the findings."""
        await asyncio.gather(*(peer.settled(seconds) for peer in self.peers))

    # --- killing ------------------------------------------------------------------------------------------

    async def kill(self, moment: str, rate: float) -> None:
        """kill -9 at one of three moments: "load", "ack" (as an acknowledgement comes in), "pause" (all settled)."""
        if moment == "pause":
            async with self.talking(rate):
                await asyncio.sleep(0.2)
            await self.settle()
            self.served.kill()
        elif moment == "load":
            async with self.talking(rate):
                await asyncio.sleep(self.luck.uniform(0.2, 0.8))
                self.served.kill()
        else:
            await self._kill_at_an_ack(rate)

    async def _kill_at_an_ack(self, rate: float) -> None:
        countdown, shot, pid = self.luck.randint(50, 200), asyncio.Event(), self.served.pid

        def heard() -> None:
            nonlocal countdown
            countdown -= 1
            if countdown == 0:
                os.kill(pid, signal.SIGKILL)
                shot.set()

        for peer in self.peers:
            peer.on_ack = heard
        async with self.talking(rate), asyncio.timeout(SETTLE):
            await shot.wait()
            self.served.kill()
        for peer in self.peers:
            peer.on_ack = _nothing

    async def revive(self) -> float:
        """Start the server again while the clients hammer at its door; the seconds until it was ready."""
        return await asyncio.to_thread(self.served.start)

    # --- judging ------------------------------------------------------------------------------------------

    async def findings(self) -> Findings:
        """Wait for the end of it all, read both histories of every chat, and compare."""
        await self.settle()
        histories = [await self._history(room) for room in self.rooms]
        lengths = {history.chat: (len(history.staff), len(history.visitor)) for history in histories}
        await asyncio.gather(*(room.agent.reached(room.chat, lengths[room.chat][0]) for room in self.rooms))
        await asyncio.gather(*(room.visitor.reached(room.chat, lengths[room.chat][1]) for room in self.rooms))
        await self.leave()
        found = judge([peer.record for peer in self.peers], histories)
        found.faults += [
            f"{peer.record.name}: {refusal}" for peer in self.peers for refusal in peer.record.refused
        ]
        return found

    async def leave(self) -> None:
        """Everybody goes."""
        await asyncio.gather(*(peer.leave() for peer in self.peers))

    async def _history(self, room: Room) -> History:
        events: list[p.Event] = []
        while page := await asyncio.to_thread(self._page, room, events[-1].seq if events else 0):
            events += page
        staff = [Entry(event.seq, event.by.side.value, said(event)) for event in events]
        again = Visitor(
            room.visitor.record.name, lambda: self.served.url, random.Random(), room.visitor.token
        )
        async with asyncio.timeout(SETTLE):
            await again.live.wait()
        await again.leave()
        visitor = again.record.arrived.get(room.chat, [])
        return History(room.chat, staff, visitor, {event.seq: event.pub for event in events})

    def _page(self, room: Room, after: int) -> list[p.Event]:
        path = f"/api/chats/{room.chat}/events?after={after}&limit={PAGE}"
        return read_events(self.served.rest("GET", path, token=room.agent.token))


def said(event: p.Event) -> str:
    """The text of a line, '' for any other event."""
    return event.what.text if isinstance(event.what, p.Said) else ""


def read_events(answer: object) -> list[p.Event]:
    """The events of a REST page."""
    frames = answer["events"] if isinstance(answer, dict) else answer
    assert isinstance(frames, list)
    events = [p.decode_staff_frame(p.encode({"t": "event"} | frame)) for frame in frames]
    return [event for event in events if isinstance(event, p.Event)]


def _nothing() -> None:
    """Nobody waits for an acknowledgement."""
