"""Clients that never give up: they resend what was not acknowledged and resume after what they have."""

import asyncio
import base64
import random
import time
from collections.abc import Callable
from typing import Any

from agentconsole import protocol as p
from tests.proof.record import Acked, Entry, Line, Record
from tests.proof.wire import Wire, connect

HANDSHAKE = 10.0  # seconds from connecting to synced
AWAY = (0.01, 0.2)  # seconds a peer stays away after a lost link


class Peer:
    """One person's client. Commands wait in `outbox` until answered, in the order in which they were given."""

    side = ""
    path = ""

    def __init__(self, name: str, where: Callable[[], str], luck: random.Random) -> None:
        self.record = Record(name, self.side)
        self.where = where
        self.luck = luck
        self.outbox: dict[str, Any] = {}
        self.last: dict[int, int] = {}
        self.seen: dict[tuple[int, int], Entry] = {}
        self.answered: dict[str, Any] = {}
        self.live = asyncio.Event()
        self.changed = asyncio.Event()
        self.on_ack: Callable[[], None] = lambda: None
        self.wire: Wire | None = None
        self._lost = asyncio.Event()
        self._counter = 0
        self._task = asyncio.create_task(self._stay_connected(), name=name)

    # --- what the test asks of it -------------------------------------------------------------------------

    def new_cid(self) -> str:
        """A client id that this peer has not used before."""
        self._counter += 1
        return f"{self.record.name}-{self._counter:06d}"

    def say(self, chat: int, text: str) -> str:
        """Send a line now and again until it is acknowledged; its cid."""
        command = p.Say(cid=self.new_cid(), chat=chat, text=text)
        self.record.sent.append(Line(chat, command.cid, text))
        self.give(command)
        return command.cid

    def give(self, command: Any) -> None:
        """Put a command with a cid into the outbox, and on the wire if the link is live."""
        self.outbox[command.cid] = command
        if self.live.is_set() and self.wire is not None:
            self.wire.send(p.encode(command))

    async def answer(self, cid: str, seconds: float = 20) -> Any:
        """The ack or refusal of a command. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while cid not in self.answered:
                self.changed.clear()
                await self.changed.wait()
        return self.answered[cid]

    async def settled(self, seconds: float = 30) -> bool:
        """Wait until every command is answered; False when that does not happen in time."""
        try:
            async with asyncio.timeout(seconds):
                while self.outbox:
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True

    async def reached(self, chat: int, number: int, seconds: float = 30) -> bool:
        """Wait until event `number` of a chat has come; False when that does not happen in time."""
        try:
            async with asyncio.timeout(seconds):
                while self.last.get(chat, 0) < number:
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True

    def stop_reading(self) -> None:
        """Leave what comes in the kernel's buffers, like a terminal that is stopped."""
        if self.wire is not None and self.wire.transport is not None:
            self.wire.transport.pause_reading()

    def read_again(self) -> None:
        """Undo `stop_reading`."""
        if self.wire is not None and self.wire.transport is not None and self.wire.open:
            self.wire.transport.resume_reading()

    def drop(self) -> None:
        """Cut this peer's own link."""
        if self.wire is not None:
            self.wire.drop()

    async def leave(self) -> None:
        """Stop for good; what was never answered is noted."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.drop()
        self.record.unsettled = list(self.outbox)

    # --- the link -----------------------------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        while True:
            try:
                async with asyncio.timeout(HANDSHAKE):
                    await self._connect()
                await self._lost.wait()
            except (OSError, TimeoutError):
                self.drop()
            self.live.clear()
            await asyncio.sleep(self.luck.uniform(*AWAY))

    async def _connect(self) -> None:
        began = time.perf_counter()
        self._lost = lost = asyncio.Event()

        def on_lost(code: int) -> None:
            self.live.clear()
            lost.set()

        self.wire = await connect(self.where(), self.path, self._on_text, on_lost)
        self.record.links += 1
        self.wire.send(p.encode(self.hello()))
        over = asyncio.ensure_future(lost.wait())
        live = asyncio.ensure_future(self.live.wait())
        try:
            await asyncio.wait({over, live}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            live.cancel()
        self.record.handshakes.append(time.perf_counter() - began)

    def hello(self) -> Any:
        """The first frame, with a cursor for every chat."""
        raise NotImplementedError

    def decode(self, payload: bytes) -> Any:
        """A frame of this side. Raises BadFrame."""
        raise NotImplementedError

    def _on_text(self, payload: bytes) -> None:
        try:
            frame = self.decode(payload)
        except p.BadFrame as error:
            self.record.faults.append(f"cannot read {payload[:200]!r}: {error}")
            return
        match frame:
            case p.Event() | p.VisitorEvent():
                self._event(frame.chat, self.number(frame), frame)
            case p.Ack() | p.VisitorAck():
                self._acked(frame)
            case p.Refused():
                self.record.refused.append(f"{frame.cid}: {frame.code} {frame.text}")
                self.outbox.pop(frame.cid, None)
                self.answered[frame.cid] = frame
            case p.Resume() | p.VisitorResume():
                self._resume(frame)
            case p.Synced() | p.VisitorSynced():
                self._resend()
        self.changed.set()

    def _resend(self) -> None:
        self.live.set()
        assert self.wire is not None
        for command in list(self.outbox.values()):
            self.wire.send(p.encode(command))

    def _resume(self, frame: p.Resume | p.VisitorResume) -> None:
        have = self.last.get(frame.chat, 0)
        if frame.reset:
            self.record.resets += 1
            self.last[frame.chat] = frame.after
        elif frame.after != have:
            self.record.faults.append(f"chat {frame.chat} resumes after {frame.after}, the cursor was {have}")

    def _event(self, chat: int, number: int, frame: p.Event | p.VisitorEvent) -> None:
        have = self.last.get(chat, 0)
        if number > have + 1:
            self.record.faults.append(f"chat {chat}: {number} came after {have}")
            self.drop()
            return
        self.last[chat] = max(have, number)
        text = frame.what.text if isinstance(frame.what, p.Said) else ""
        entry = Entry(number, frame.by.side.value, text)
        before = self.seen.setdefault((chat, number), entry)
        if before is not entry:
            self.record.repeats += 1
            if before != entry:
                self.record.faults.append(f"chat {chat}: {before} became {entry}")
            return
        self.record.arrived.setdefault(chat, []).append(entry)

    def _acked(self, frame: p.Ack | p.VisitorAck) -> None:
        command = self.outbox.pop(frame.cid, None)
        self.answered[frame.cid] = frame
        number = frame.seq if isinstance(frame, p.Ack) else frame.pub
        match command:
            case p.Say():
                self.record.acked.append(Acked(frame.chat, frame.cid, number))
                self.on_ack()
            case p.Start() if command.text:
                self.record.sent.append(Line(frame.chat, frame.cid, command.text))
                self.record.acked.append(Acked(frame.chat, frame.cid, number))

    def number(self, frame: Any) -> int:
        """The event's number for this side."""
        raise NotImplementedError


class Visitor(Peer):
    """A visitor's window."""

    side = "visitor"
    path = "/ws/visitor"

    def __init__(self, name: str, where: Callable[[], str], luck: random.Random, token: str = "") -> None:
        self.token = token or base64.urlsafe_b64encode(luck.randbytes(32)).decode().rstrip("=")
        super().__init__(name, where, luck)

    def start(self, department: int, text: str) -> str:
        """Open a chat with a first line; the cid of the command, whose answer names the chat."""
        command = p.Start(cid=self.new_cid(), department=department, text=text, name=self.record.name)
        self.give(command)
        return command.cid

    def hello(self) -> p.VisitorHello:
        """With the pub of each chat."""
        cursors = [p.VisitorCursor(chat=chat, pub=pub) for chat, pub in self.last.items() if pub]
        return p.VisitorHello(token=self.token, cursors=cursors)

    def decode(self, payload: bytes) -> Any:
        """A visitor's frame."""
        return p.decode_visitor_frame(payload)

    def number(self, frame: Any) -> int:
        """Visitors count by pub."""
        return int(frame.pub)


class Agent(Peer):
    """An agent's console."""

    side = "staff"
    path = "/ws/staff"

    def __init__(self, name: str, where: Callable[[], str], luck: random.Random, token: str) -> None:
        self.token = token
        super().__init__(name, where, luck)

    def take(self, chat: int) -> str:
        """Answer a waiting chat; the cid of the command."""
        command = p.Take(cid=self.new_cid(), chat=chat)
        self.give(command)
        return command.cid

    def hello(self) -> p.StaffHello:
        """With the seq of each chat."""
        cursors = [p.Cursor(chat=chat, seq=seq) for chat, seq in self.last.items() if seq]
        return p.StaffHello(token=self.token, cursors=cursors, client="proof")

    def decode(self, payload: bytes) -> Any:
        """A frame to staff."""
        return p.decode_staff_frame(payload)

    def number(self, frame: Any) -> int:
        """Staff count by seq."""
        return int(frame.seq)
