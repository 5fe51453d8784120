"""Small clients for the tests: a console and a visitor's window that say words and expect frames."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, TypeVar

from agentconsole import protocol as p
from tests.proof.wire import Wire, connect

if TYPE_CHECKING:
    from tests.server.site import Site

SECONDS = 20.0  # a deadline, not a speed
F = TypeVar("F")
_cids = itertools.count(1)


def new_cid() -> str:
    """A client id that nobody has used."""
    return f"cid-{next(_cids):08d}"


class Window:
    """One socket. `frames` and `raw` are all that came; `expect` reads on from where the last one stood."""

    path = ""

    def __init__(self, site: Site, token: str) -> None:
        self.site = site
        self.token = token
        self.frames: list[Any] = []
        self.raw: list[bytes] = []
        self.code: int | None = None
        self.at = 0
        self.wire: Wire
        self._came = asyncio.Event()

    # --- the link ---------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Open the socket. Raises ConnectionError with the status line when the server does not want it."""
        self.frames, self.raw, self.code, self.at = [], [], None, 0
        self.wire = await connect(self.site.url, self.path, self._heard, self._lost)

    async def come_back(self, **hello: Any) -> None:
        """Connect anew after the link was lost, with what `hello` says."""
        self.drop()
        await self.closed()
        await self.connect()
        await self.greet(**hello)

    def decode(self, data: bytes) -> Any:
        """A frame to this side. Raises BadFrame."""
        raise NotImplementedError

    def hello(self, **fields: Any) -> Any:
        """The first frame."""
        raise NotImplementedError

    async def greet(self, **fields: Any) -> None:
        """Say hello and wait until all is told."""
        self.send(self.hello(**fields))
        await self.expect((p.Synced, p.VisitorSynced))

    def _heard(self, data: bytes) -> None:
        self.raw.append(data)
        self.frames.append(self.decode(data))
        self._came.set()

    def _lost(self, code: int) -> None:
        self.code = code
        self._came.set()

    def drop(self) -> None:
        """Cut the link."""
        self.wire.drop()

    async def closed(self, seconds: float = SECONDS) -> int:
        """Wait until the socket is closed; the close code, 0 = cut."""
        async with asyncio.timeout(seconds):
            while self.code is None:
                self._came.clear()
                await self._came.wait()
        return self.code

    # --- words ------------------------------------------------------------------------------------------------

    def send(self, word: Any) -> None:
        """Send a word, or bytes as they are."""
        self.wire.send(word if isinstance(word, bytes) else p.encode(word))

    async def ask(self, word: Any, seconds: float = SECONDS) -> Any:
        """Send a command with a cid; its acknowledgement or refusal."""
        start = len(self.frames)
        self.send(word)
        return await self._find((p.Ack, p.VisitorAck, p.Refused), {"cid": word.cid}, seconds, start)

    async def answer(self, cid: str, seconds: float = SECONDS) -> Any:
        """The acknowledgement or refusal of this cid, which may have come already."""
        return await self._find((p.Ack, p.VisitorAck, p.Refused), {"cid": cid}, seconds, 0)

    async def done(self, word: Any) -> Any:
        """Send a command that must be acknowledged."""
        answer = await self.ask(word)
        assert isinstance(answer, p.Ack | p.VisitorAck), answer
        return answer

    async def refused(self, word: Any) -> p.Refused:
        """Send a command that must be refused."""
        answer = await self.ask(word)
        assert isinstance(answer, p.Refused), answer
        return answer

    async def expect(self, kind: type[F] | tuple[type, ...], seconds: float = SECONDS, **fields: Any) -> F:
        """The next frame of this kind with these fields (a type stands for any of it); reading goes on behind it."""
        found: F = await self._find(kind, fields, seconds)
        return found

    async def _find(self, kind: Any, fields: dict[str, Any], seconds: float, start: int | None = None) -> Any:
        at = self.at if start is None else start
        first = at
        try:
            async with asyncio.timeout(seconds):
                while True:
                    while at < len(self.frames):
                        frame = self.frames[at]
                        at += 1
                        if isinstance(frame, kind) and _fits(frame, fields):
                            if start is None:
                                self.at = at
                            return frame
                    if self.code is not None:
                        raise AssertionError(f"closed with {self.code} while waiting for {kind} {fields}")
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            came = "\n".join(repr(frame)[:300] for frame in self.frames[first:][-20:])
            raise AssertionError(f"no {kind} {fields} came in {seconds:g} s; what came:\n{came}") from None

    async def settle(self) -> None:
        """Wait until the server has carried out what this window and others sent before: a ping goes round, twice,
        for the writer's answers come later than the socket's."""
        await self.site.desk.writer.drain()
        await self.pong()

    async def pong(self) -> p.Pong:
        """A ping and its answer."""
        number = next(_cids)
        self.send(p.Ping(number))
        found: p.Pong = await self._find(p.Pong, {"n": number}, SECONDS, 0)
        return found

    def seen(self, kind: Any, **fields: Any) -> list[Any]:
        """All frames of this kind that have come so far on this link."""
        return [frame for frame in self.frames if isinstance(frame, kind) and _fits(frame, fields)]

    async def say(self, chat: int, text: str, cid: str = "") -> Any:
        """A line; its acknowledgement."""
        return await self.done(p.Say(cid or new_cid(), chat, text))


def _fits(frame: Any, fields: dict[str, Any]) -> bool:
    return all(_same(getattr(frame, name), wanted) for name, wanted in fields.items())


def _same(found: Any, wanted: Any) -> bool:
    return isinstance(found, wanted) if isinstance(wanted, type) else found == wanted


class StaffWindow(Window):
    """A console."""

    path = "/ws/staff"

    def decode(self, data: bytes) -> Any:
        """A frame to staff."""
        return p.decode_staff_frame(data)

    def hello(self, **fields: Any) -> p.StaffHello:
        """`cursors` maps chat to seq."""
        cursors = [p.Cursor(chat, seq) for chat, seq in fields.pop("cursors", {}).items()]
        return p.StaffHello(self.token, cursors, **fields)

    async def take(self, chat: int) -> p.Ack:
        """Take a chat, which must work, and wait for its events."""
        await self._find(p.ChatCard, {"chat": chat}, SECONDS, 0)
        ack: p.Ack = await self.done(p.Take(new_cid(), chat))
        await self.expect(p.Event, chat=chat, what=p.Took)
        return ack

    def log(self, chat: int) -> list[p.Event]:
        """The events of a chat that came, once each, by seq."""
        return [
            event
            for _, event in sorted({event.seq: event for event in self.seen(p.Event, chat=chat)}.items())
        ]


class VisitorWindow(Window):
    """A visitor's window."""

    path = "/ws/visitor"

    def decode(self, data: bytes) -> Any:
        """A frame to a visitor."""
        return p.decode_visitor_frame(data)

    def hello(self, **fields: Any) -> p.VisitorHello:
        """`cursors` maps chat to pub."""
        cursors = [p.VisitorCursor(chat, pub) for chat, pub in fields.pop("cursors", {}).items()]
        return p.VisitorHello(self.token, cursors, **fields)

    async def start(self, text: str = "hello", department: int = 1, **fields: Any) -> int:
        """Begin a chat, which must work; its id."""
        ack = await self.done(p.Start(new_cid(), department, text, **fields))
        await self.expect(p.VisitorEvent, chat=ack.chat, pub=ack.pub)
        return int(ack.chat)

    def log(self, chat: int) -> list[p.VisitorEvent]:
        """The events of a chat that came, once each, by pub."""
        found = {event.pub: event for event in self.seen(p.VisitorEvent, chat=chat)}
        return [event for _, event in sorted(found.items())]
