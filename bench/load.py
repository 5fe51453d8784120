"""The load generator, in a process of its own: real visitors and agents, lines both ways, counted and timed.

It takes one JSON command a line on stdin and answers each with one JSON line. A line counts when it has been
delivered to the other side *and* acknowledged to its sender. `python -m bench.load` is started by `bench.driver`.
"""

import asyncio
import base64
import itertools
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import uvloop

from tests.proof.wire import Wire, connect

PING_EVERY = 15  # seconds
AT_ONCE = 50  # connections being opened, and visitors waiting, at a time
PATIENCE = 60  # seconds for any one step of the setting up


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all its threads, to the nanosecond: its own clock in the kernel."""
    return time.clock_gettime((~pid << 3) | 2)


class Lane:
    """The lines of one side of one chat: sent, acknowledged and delivered in order."""

    __slots__ = ("acked", "chat", "delivered", "head", "load", "middle", "sent", "tail", "times", "wire")

    def __init__(self, load: "Load", wire: Wire, side: str, index: int, chat: int, text_bytes: int) -> None:
        self.load, self.wire, self.chat = load, wire, chat
        self.head = f"{side}{index:05d}-"
        self.middle = f'","chat":{chat},"text":"'
        self.tail = (" abcdefg" * (text_bytes // 8))[: text_bytes - 15] + '"}'
        self.sent = self.acked = self.delivered = 0
        self.times: deque[float] = deque()

    def send(self) -> None:
        """Send the next line."""
        self.sent += 1
        token = f"{self.head}{self.sent:08d}"
        self.times.append(time.perf_counter())
        self.load.sent += 1
        self.wire.send(f'{{"t":"say","cid":"{token}{self.middle}{token}{self.tail}'.encode())

    def got_ack(self, number: int) -> None:
        """The server says that line `number` is durable."""
        if number != self.acked + 1:
            self.load.wrong += 1
        self.acked = number
        if self.delivered >= number:
            self._done()

    def got_line(self, number: int) -> None:
        """The other side has line `number`."""
        self.load.latencies.append(time.perf_counter() - self.times.popleft())
        if number != self.delivered + 1:
            self.load.wrong += 1
        self.delivered = number
        if self.acked >= number:
            self._done()

    def _done(self) -> None:
        self.load.done += 1
        if self.load.done == self.load.sent:
            self.load.drained.set()
        if self.load.window and self.sent - min(self.acked, self.delivered) < self.load.window:
            self.send()


class Load:
    """All connections of one run, and the phases that are measured over them."""

    def __init__(self) -> None:
        self.url = ""
        self.pid = 0
        self.door: Floor | Desk
        self.wires: list[Wire] = []
        self.lanes: dict[str, list[Lane]] = {"v": [], "a": []}
        self.latencies: list[float] = []
        self.sent = self.done = self.wrong = self.refused = self.lost = 0
        self.window = 0
        self.last_refusal = ""
        self.drained = asyncio.Event()

    # --- setting up -------------------------------------------------------------------------------------------

    async def open(
        self, url: str, pid: int, floor: bool, chats: int, agents: int, text_bytes: int = 64, **desk: Any
    ) -> dict[str, Any]:
        """Connect visitors and agents, so that every chat has one of each; those of before leave."""
        self._leave()
        self.url, self.pid = url, pid
        self.door = Floor(self) if floor else Desk(self, **desk)
        began = time.perf_counter()
        pairs = await self.door.chats(chats, agents)
        for index, (chat, visitor, agent) in enumerate(pairs):
            self.lanes["v"].append(Lane(self, visitor, "v", index, chat, text_bytes))
            self.lanes["a"].append(Lane(self, agent, "a", index, chat, text_bytes))
        for wire in {id(pair[1]): pair[1] for pair in pairs}.values():
            wire.on_text = self._reader("a")
        for wire in {id(pair[2]): pair[2] for pair in pairs}.values():
            wire.on_text = self._reader("v")
        return {"chats": len(pairs), "seconds": time.perf_counter() - began}

    def _leave(self) -> None:
        for wire in self.wires:
            wire.on_lost = lambda code: None
            wire.drop()
        self.wires.clear()
        for lanes in self.lanes.values():
            lanes.clear()

    async def idle(self, count: int) -> dict[str, Any]:
        """Connect `count` more visitors that only say hello."""
        await in_turn(self.door.idle_visitor, count)
        return {"idle": count}

    def link_lost(self, code: int) -> None:
        """No link may end while measuring; it is counted and reported."""
        self.lost += 1

    def _reader(self, awaited: str) -> Callable[[bytes], None]:
        lanes = self.lanes
        awaited_byte = ord(awaited)

        def read(payload: bytes) -> None:
            kind = payload[6:8]
            if kind == b"ac":
                at = payload.find(b'"cid":"') + 7
                if at > 6 and payload[at + 6] == 45:
                    lanes[chr(payload[at])][int(payload[at + 1 : at + 6])].got_ack(
                        int(payload[at + 7 : at + 15])
                    )
            elif kind == b"ev":
                at = payload.find(b'"text":"') + 8
                if at > 7 and payload[at] == awaited_byte and payload[at + 6] == 45:
                    lanes[awaited][int(payload[at + 1 : at + 6])].got_line(int(payload[at + 7 : at + 15]))
            elif kind == b"re" and payload.startswith(b'{"t":"refused"'):
                self.refused += 1
                self.last_refusal = payload.decode()
                self.drained.set()

        return read

    # --- phases -----------------------------------------------------------------------------------------------

    async def saturate(self, seconds: float, window: int, ramp: float = 0.5) -> dict[str, Any]:
        """Keep `window` lines of each side of each chat on the way."""
        self.window = window
        for lane in self._both():
            for _ in range(window):
                lane.send()
        await asyncio.sleep(ramp)
        result = await self._measured(asyncio.sleep(seconds))
        self.window = 0
        await self._drained()
        return result | self._faults()

    async def steady(self, seconds: float, rate: float, ramp: float = 0.5) -> dict[str, Any]:
        """Send `rate` lines a second, evenly spaced, over all lanes in turn."""
        stop = asyncio.Event()
        sending = asyncio.create_task(self._pace(rate, stop))
        await asyncio.sleep(ramp)
        result = await self._measured(asyncio.sleep(seconds))
        stop.set()
        await sending
        await self._drained()
        return result | self._faults()

    async def _pace(self, rate: float, stop: asyncio.Event) -> None:
        began = time.perf_counter()
        for sent, lane in enumerate(itertools.cycle(self._both())):
            if stop.is_set():
                return
            await asyncio.sleep(max(0.0, began + sent / rate - time.perf_counter()))
            lane.send()

    async def fill(self, lines: int, window: int = 4) -> dict[str, Any]:
        """Let every lane send `lines` more lines."""
        goal = {lane: lane.sent + lines for lane in self._both()}
        began = time.perf_counter()
        while any(lane.sent < end for lane, end in goal.items()):
            for lane, end in goal.items():
                while lane.sent < end and lane.sent - min(lane.acked, lane.delivered) < window:
                    lane.send()
            await asyncio.sleep(0.001)
        await self._drained()
        return {"lines": lines * len(goal), "seconds": time.perf_counter() - began} | self._faults()

    async def lone(self, count: int) -> dict[str, Any]:
        """Send `count` lines, each only after the one before was delivered and acknowledged."""
        self.latencies.clear()
        for lane in itertools.islice(itertools.cycle(self._both()), count):
            lane.send()
            await self._drained()
            await asyncio.sleep(0.005)
        return {"messages": count, "delivery_ms": percentiles(self.latencies)} | self._faults()

    async def named(self, lone: int, together: int) -> dict[str, Any]:
        """Send `lone` lines one at a time and `together` more at once; the cids of all."""
        both = itertools.cycle(self._both())
        cids = []
        for number in range(lone + together):
            lane = next(both)
            lane.send()
            cids.append(f"{lane.head}{lane.sent:08d}")
            if number < lone:
                await self._drained()
        await self._drained()
        return {"cids": cids} | self._faults()

    async def _measured(self, phase: Any) -> dict[str, Any]:
        self.latencies.clear()
        done, server, own, clock = self.done, cpu_seconds(self.pid), time.process_time(), time.perf_counter()
        await phase
        seconds = time.perf_counter() - clock
        messages = self.done - done
        server_cpu = cpu_seconds(self.pid) - server
        return {
            "messages": messages,
            "seconds": seconds,
            "rate": messages / seconds,
            "cpu_us": 1e6 * server_cpu / max(1, messages),
            "server_load": server_cpu / seconds,
            "own_load": (time.process_time() - own) / seconds,
            "delivery_ms": percentiles(self.latencies),
        }

    async def _drained(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.done < self.sent:
                if self.refused:
                    raise RuntimeError("a line was refused")
                self.drained.clear()
                await self.drained.wait()

    def _both(self) -> list[Lane]:
        return self.lanes["v"] + self.lanes["a"]

    def _faults(self) -> dict[str, Any]:
        faults = {"wrong": self.wrong, "refused": self.refused, "lost_links": self.lost}
        return faults | ({"last_refusal": self.last_refusal} if self.last_refusal else {})

    async def ping_forever(self) -> None:
        """What every client does, so that the server keeps the links."""
        while True:
            await asyncio.sleep(PING_EVERY)
            for wire in self.wires:
                wire.send(b'{"t":"ping"}')


class Dialogue:
    """A connection while it is being set up: frames are read as JSON and waited for."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.wire: Wire

    async def begin(self, path: str, first: dict[str, Any]) -> "Dialogue":
        """Connect, say `first`, and wait until the server has told everything."""
        self.wire = await connect(self.load.url, path, self._keep, self.load.link_lost)
        self.load.wires.append(self.wire)
        self.wire.send(json.dumps(first).encode())
        await self.wait_for("synced")
        return self

    def _keep(self, payload: bytes) -> None:
        self.inbox.put_nowait(json.loads(payload))

    async def wait_for(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next frame of this kind with these fields. Raises RuntimeError at a refusal."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = await self.inbox.get()
                if frame["t"] == "refused":
                    raise RuntimeError(f"the server refused: {frame}")
                if frame["t"] == kind and all(frame.get(name) == value for name, value in fields.items()):
                    return frame

    def rest(self) -> Wire:
        """The bare connection; what still comes is of no interest."""
        self.wire.on_text = lambda payload: None
        return self.wire


class Floor:
    """Setting up against the relay."""

    def __init__(self, load: Load) -> None:
        self.load = load

    async def chats(self, count: int, agents: int) -> list[tuple[int, Wire, Wire]]:
        """Pairs of connections: (chat, visitor's, agent's)."""
        mine = [list(range(first, count, agents)) for first in range(agents)]
        staff = await in_turn(lambda n: self._join("staff", mine[n]), agents)
        visitors = await in_turn(lambda n: self._join("visitor", [n]), count)
        return [(chat, visitors[chat], staff[chat % agents]) for chat in range(count)]

    async def idle_visitor(self, number: int) -> Wire:
        """A visitor in no chat."""
        return await self._join("visitor", [])

    async def _join(self, side: str, chats: list[int]) -> Wire:
        return (await Dialogue(self.load).begin("/", {"side": side, "chats": chats})).rest()


class Desk:
    """Setting up against the product: hello, start, take."""

    def __init__(self, load: Load, tokens: list[str], department: int) -> None:
        self.load, self.tokens, self.department = load, tokens, department

    async def chats(self, count: int, agents: int) -> list[tuple[int, Wire, Wire]]:
        """Pairs of connections: (chat, visitor's, agent's); every chat is taken by its agent."""
        staff = [
            await Dialogue(self.load).begin("/ws/staff", {"t": "hello", "token": token})
            for token in self.tokens[:agents]
        ]
        pairs: list[tuple[int, Wire, Wire]] = []
        for first in range(0, count, AT_ONCE):
            opened = await in_turn(self._visitor_in_chat, min(AT_ONCE, count - first))
            for number, (chat, visitor) in enumerate(opened, first):
                agent = staff[number % agents]
                await self._take(agent, chat)
                pairs.append((chat, visitor, agent.wire))
        for agent in staff:
            agent.rest()
        return pairs

    async def idle_visitor(self, number: int) -> Wire:
        """A visitor who only looks."""
        return (await self._visitor()).rest()

    async def _visitor(self) -> Dialogue:
        token = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
        return await Dialogue(self.load).begin("/ws/visitor", {"t": "hello", "token": token})

    async def _visitor_in_chat(self, number: int) -> tuple[int, Wire]:
        visitor = await self._visitor()
        start = {"t": "start", "cid": f"start-{number:06d}", "department": self.department, "text": "hello"}
        visitor.wire.send(json.dumps(start).encode())
        chat = (await visitor.wait_for("ack", cid=start["cid"]))["chat"]
        return chat, visitor.rest()

    async def _take(self, agent: Dialogue, chat: int) -> None:
        agent.wire.send(json.dumps({"t": "take", "cid": f"take-{chat:06d}", "chat": chat}).encode())
        await agent.wait_for("ack", cid=f"take-{chat:06d}")


async def in_turn(make: Callable[[int], Any], count: int) -> list[Any]:
    """The results of make(0) ... make(count - 1), a few at a time."""
    results: list[Any] = []
    for first in range(0, count, AT_ONCE):
        results += await asyncio.gather(*(make(n) for n in range(first, min(count, first + AT_ONCE))))
    return results


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    return {f"p{p}": 1000 * ordered[min(len(ordered) - 1, len(ordered) * p // 100)] for p in (50, 95, 99)}


async def main() -> None:
    """Answer commands until stdin ends."""
    load = Load()
    commands = {
        name: getattr(load, name) for name in ("open", "idle", "saturate", "steady", "fill", "lone", "named")
    }
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    pinging = asyncio.create_task(load.ping_forever())
    while line := await reader.readline():
        command = json.loads(line)
        try:
            answer = await commands[command.pop("do")](**command)
        except (OSError, RuntimeError, TimeoutError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"} | load._faults()
        print(json.dumps(answer), flush=True)
    pinging.cancel()


if __name__ == "__main__":
    uvloop.run(main())
