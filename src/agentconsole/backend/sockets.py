"""The WebSocket doors: a thin protocol on websockets' sans-I/O core, no task per connection."""

from __future__ import annotations

import asyncio
import functools
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any, cast

from websockets.exceptions import ProtocolError
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.protocol import State as LinkState
from websockets.server import ServerProtocol
from websockets.speedups import apply_mask

from agentconsole.protocol import MAX_FRAME, BadFrame, Code, Refused, encode

from .addresses import bucket, client, joined, own_origin
from .hub import Hub
from .limits import Rate, Tally
from .options import Options
from .readers import pack

log = logging.getLogger("agentconsole.sockets")

POLICY, TOO_BIG, FAILED = 1008, 1009, 1011
Close = Callable[[int, str], None]
STRIKES = 3
EARLY_FRAMES = 64
FRAGMENTS = 64
DEAD_AFTER = 40.0
SHORTEST_FRAME = 6
FINAL_TEXT = 0x81
MASKED = 0x80
LONGEST_HEADER = 14
BURST = 200  # frames at once
SLICE = 0.1  # seconds; who is too fast is read from so often


class Door:
    """What all sockets share: the hub, the settings, and how to make what talks over a socket of each path."""

    def __init__(self, hub: Hub, options: Options, rooms: dict[str, Callable[[Socket], Talk]]) -> None:
        self.hub = hub
        self.options = options
        self.rooms = rooms
        self.clock: Callable[[], float] = asyncio.get_running_loop().time
        self.pings = Rate(8, 0.5, self.clock)
        self.period = 1 / options.frames_per_second
        self.addresses = Tally()
        self.sockets: set[Socket] = set()
        self.tasks: set[asyncio.Task[object]] = set()
        self._unflushed: list[Socket] = []
        self._first: list[Socket] = []

    def will_flush(self, socket: Socket) -> None:
        """This socket has something to write at the end of this turn of the event loop."""
        if not self._unflushed:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unflushed.append(socket)

    def flush_first(self, socket: Socket) -> None:
        """This one is written to before the others: who asked is not to wait for all who listen."""
        self._first.append(socket)

    def _flush(self) -> None:
        first, self._first = self._first, []
        sockets, self._unflushed = self._unflushed, []
        for socket in first:
            socket.flush()
        for socket in sockets:
            socket.flush()

    def sweep(self) -> None:
        """Drop who has been silent too long, or has not said hello in time."""
        now = self.clock()
        for socket in [*self.sockets]:
            if now - socket.heard > DEAD_AFTER:
                socket.abort()
            elif not socket.greeted and now - socket.opened > self.options.hello_seconds:
                socket.close(POLICY, "hello first")

    def start(self, close: Close, work: Coroutine[Any, Any, object]) -> None:
        """Run something that takes a while for a socket. Should it fail, the socket is closed: its client resumes."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(functools.partial(self._ended, close))

    def _ended(self, close: Close, task: asyncio.Task[object]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a socket's task failed, mark %s", secrets.token_hex(4), exc_info=task.exception())
            close(FAILED, "something went wrong; come back")


class Talk:
    """What a kind of socket says and hears; ``buffer`` is how many unsent bytes cut a slow reader off."""

    buffer: int

    def heard(self, data: bytes) -> None:
        """One whole text message. Raises BadFrame."""
        raise NotImplementedError

    def gone(self) -> None:
        """The socket is closed."""
        raise NotImplementedError


class Socket(asyncio.Protocol):
    """One connection, from its handshake on. uvicorn makes it and hands over the bytes it has read."""

    __slots__ = (
        "_drained",
        "_early",
        "_fragments",
        "_out",
        "_paid_at",
        "_rest",
        "_slowed",
        "_strikes",
        "_talk",
        "_wire",
        "address",
        "counted",
        "door",
        "greeted",
        "heard",
        "limit",
        "opened",
        "tls",
        "transport",
        "uvicorn",
    )

    def __init__(self, door: Door, config: Any, server_state: Any, app_state: Any) -> None:
        self.door = door
        self.uvicorn = server_state.connections
        self._wire = ServerProtocol(max_size=MAX_FRAME)
        self._talk: Talk | None = None
        self._fragments: list[bytes] | None = None
        self._out: list[bytes] = []
        self._rest = b""
        self._paid_at = 0.0
        self._slowed = False
        self._drained: asyncio.Event | None = None
        self._early: list[bytes] | None = None
        self._strikes = 0
        self.greeted = False
        self.limit = 0
        self.address = ""
        self.counted = False
        self.opened = self.heard = door.clock()

    def silent_ms(self) -> int:
        """How long nothing has been heard from the other side."""
        return round((self.door.clock() - self.heard) * 1_000)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self.transport = cast(asyncio.Transport, transport)
        self.uvicorn.add(self)
        self.tls = transport.get_extra_info("sslcontext") is not None

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        self.heard = self.door.clock()
        if self._talk is None:
            self._to_library(data)
        elif self._slowed:
            self._rest += data
        else:
            self._read_frames(self._rest + data if self._rest else data)

    def _read_frames(self, data: bytes) -> None:
        """Whole single text messages are read here, which is cheaper; every other whole frame by the library."""
        period = self.door.period
        paid_at = max(self._paid_at, self.heard - BURST * period)
        left = int((self.heard - paid_at) / period)
        at, end = 0, len(data)
        while end - at >= SHORTEST_FRAME and left:
            size, start = data[at + 1] & 0x7F, at + 6
            if size == 126:
                size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 8
            elif size == 127:
                size, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 14
                if size > MAX_FRAME:
                    break
            if start + size > end:
                break
            if data[at] == FINAL_TEXT and data[at + 1] & MASKED and self._fragments is None:
                self._message(apply_mask(data[start : start + size], data[start - 4 : start]))
            else:
                self._to_library(data[at : start + size])
            at = start + size
            paid_at += period
            left -= 1
        self._paid_at = paid_at
        rest = data[at:]
        if _is_hopeless(rest):
            self._to_library(rest)
            rest = b""
        self._rest = rest
        if not left and end - at >= SHORTEST_FRAME:
            self._slow_down()

    def _slow_down(self) -> None:
        """Who says more than anybody can mean is read more slowly: nothing is lost, and nobody else waits."""
        if not self.transport.is_closing():
            self._slowed = True
            self.transport.pause_reading()
            asyncio.get_running_loop().call_later(SLICE, self._read_on)

    def _read_on(self) -> None:
        self._slowed = False
        if self.transport.is_closing():
            return
        self.heard = self.door.clock()
        rest, self._rest = self._rest, b""
        self._read_frames(rest)
        if not self._slowed and not self.transport.is_closing():
            self.transport.resume_reading()

    def _to_library(self, data: bytes) -> None:
        self._wire.receive_data(data)
        for event in self._wire.events_received():
            if isinstance(event, Request):
                self._shake_hands(event)
            elif isinstance(event, WireFrame):
                self._frame(event)
        self._flush()

    def eof_received(self) -> None:
        """Part of asyncio.Protocol."""
        self._wire.receive_eof()
        self._flush()

    def _flush(self) -> None:
        for data in self._wire.data_to_send():
            if data:
                self.transport.write(data)
            else:
                self.transport.close()
        if self._wire.close_expected() and not self.transport.is_closing():
            self.transport.close()

    def _shake_hands(self, request: Request) -> None:
        wire, door = self._wire, self.door
        headers = joined(request.headers.raw_items())
        peer = self._peer()
        self.address = bucket(client(peer, headers, door.options))
        room = door.rooms.get(request.path.partition("?")[0])
        origin = headers.get("origin")
        if room is None:
            response = wire.reject(404, "There is no socket here.\n")
        elif origin is not None and not own_origin(origin, peer, headers, door.options):
            response = wire.reject(403, "This page may not connect here.\n")
        elif self._crowded():
            response = wire.reject(429, "Too many connections. Please try again later.\n")
            response.headers["Retry-After"] = "10"
        else:
            response = wire.accept(request)
        wire.send_response(response)
        if wire.state is LinkState.OPEN and room is not None:
            door.sockets.add(self)
            self._talk = room(self)
            self.limit = self._talk.buffer

    def _crowded(self) -> bool:
        options = self.door.options
        self.counted = True
        return (
            self.door.addresses.add(self.address) > options.sockets_per_address
            or len(self.door.sockets) >= options.sockets
        )

    def _peer(self) -> str:
        peer = self.transport.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else "127.0.0.1"

    def _frame(self, frame: WireFrame) -> None:
        opcode = frame.opcode
        if opcode is Opcode.TEXT and frame.fin and self._fragments is None:
            self._message(bytes(frame.data))
        elif opcode in (Opcode.TEXT, Opcode.CONT):
            self._fragment(frame)
        elif opcode is Opcode.BINARY:
            self.close(1003, "text frames only")
        elif opcode is Opcode.PING and self.door.pings.take(self):
            self.close(POLICY, "too many pings")

    def _fragment(self, frame: WireFrame) -> None:
        parts = self._fragments = self._fragments or []
        parts.append(bytes(frame.data))
        if sum(map(len, parts)) > MAX_FRAME:
            self.close(TOO_BIG, "message too big")
        elif len(parts) > FRAGMENTS:
            self.close(POLICY, "too many fragments")
        elif frame.fin:
            self._fragments = None
            self._message(b"".join(parts))

    def _message(self, data: bytes) -> None:
        if self._talk is None or self._wire.state is not LinkState.OPEN:
            return
        if self._early is not None:
            self._early.append(data)
            if len(self._early) > EARLY_FRAMES:
                self.close(POLICY, "wait for the welcome")
            return
        try:
            self._talk.heard(data)
        except BadFrame as error:
            self._strikes += 1
            self.send(pack(encode(Refused(Code.bad_frame, f"This frame could not be read: {error}"))))
            if self._strikes >= STRIKES:
                self.close(POLICY, "too many bad frames")
        except Exception:  # one of the four loops that catch everything: a socket's fault stays its own
            mark = secrets.token_hex(4)
            log.exception("a command failed, mark %s", mark)
            self.send(
                pack(encode(Refused(Code.busy, f"Something went wrong in the server (see its log, {mark}).")))
            )

    def pause(self) -> None:
        """Keep what is said from now on until ``go_on``: the answer to hello comes first."""
        self._early = []

    def go_on(self) -> None:
        """Hear what was said meanwhile, in order."""
        early, self._early = self._early or [], None
        for data in early:
            self._message(data)

    def send(self, frame: bytes) -> None:
        """Write a finished frame, together with all others of this turn of the event loop."""
        if not self._out:
            self.door.will_flush(self)
        self._out.append(frame)

    def hurry(self) -> None:
        """What was sent is an answer: write it before the news of others."""
        self.door.flush_first(self)

    def flush(self) -> None:
        """Write what was sent; who does not take it is cut off and resumes later."""
        frames, self._out = self._out, []
        transport = self.transport
        if not frames or self._wire.state is not LinkState.OPEN or transport.is_closing():
            return
        transport.write(frames[0] if len(frames) == 1 else b"".join(frames))
        if transport.get_write_buffer_size() > self.limit:
            self.door.hub.cut += 1
            self.abort()

    def allow(self, size: int) -> None:
        """An answer that must come in one piece is so long: it may wait, beside the buffer, until it is taken."""
        self.limit += size

    def pause_writing(self) -> None:
        """Part of asyncio.Protocol."""
        self._drained = asyncio.Event()

    def resume_writing(self) -> None:
        """Part of asyncio.Protocol."""
        if self._talk is not None:
            self.limit = self._talk.buffer
        if self._drained is not None:
            self._drained.set()
            self._drained = None

    async def drain(self) -> None:
        """Write what was sent, and wait until the link has taken most of it."""
        self.flush()
        if self._drained is not None and not self.transport.is_closing():
            await self._drained.wait()

    def close(self, code: int, reason: str) -> None:
        """End the connection with a close frame."""
        if self._wire.state is LinkState.OPEN:
            self.flush()
            try:
                self._wire.send_close(code, reason)
            except ProtocolError:
                self.abort()
                return
            self._flush()
            asyncio.get_running_loop().call_later(2.0, self.abort)

    def abort(self) -> None:
        """End the connection at once."""
        if not self.transport.is_closing():
            self.transport.abort()

    def shutdown(self) -> None:
        """uvicorn is going: so do we."""
        self.close(1012, "server restart")

    def connection_lost(self, error: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self.resume_writing()
        self.uvicorn.discard(self)
        if self.counted:
            self.door.addresses.drop(self.address)
        self.door.sockets.discard(self)
        self._wire.receive_eof()
        if self._talk is not None:
            self._talk.gone()
            self._talk = None


def _is_hopeless(begun: bytes) -> bool:
    """Does its header tell that this frame, whose end has not come, will be refused: not masked, or too big?"""
    if len(begun) > 1 and not begun[1] & MASKED:
        return True
    sized = len(begun) >= LONGEST_HEADER and begun[1] & 0x7F == 127
    return sized and int.from_bytes(begun[2:10], "big") > MAX_FRAME
