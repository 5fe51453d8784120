"""A small staff door in this process: real sockets, a log in memory, and faults on demand."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from agentconsole.client import now_ms
from agentconsole.protocol import (
    Ack,
    Bye,
    ChatCard,
    Code,
    DepartmentList,
    Event,
    Grant,
    Note,
    Noted,
    Older,
    Open,
    Party,
    Ping,
    Pong,
    Refused,
    Resume,
    Role,
    Said,
    Say,
    Seen,
    Side,
    StaffCommand,
    StaffHello,
    State,
    Status,
    Synced,
    Take,
    Typing,
    Welcome,
    decode_staff_command,
    encode,
)

ME = 7
ADA = Party(Side.staff, ME, "Ada")
VISITOR = Party(Side.visitor, 0, "Vi")
TOKEN = "a-token-of-twenty-and-more"


def card(chat: int, **changes: object) -> ChatCard:
    """A running chat of Ada's, with what is to be different."""
    own: dict[str, object] = {
        "chat": chat,
        "version": 1,
        "seq": 1,
        "pub": 1,
        "state": State.active,
        "department": 1,
        "since": 1_000,
        "started_at": 1_000,
        "owner": ME,
        "owner_name": "Ada",
        "name": "Vi",
        "taken_at": 1_000 + chat,
    }
    return ChatCard(**(own | changes))  # type: ignore[arg-type]


@dataclass
class SmallDesk:
    """What the door knows and what it has seen. ``fault`` is asked with each command before it is handled:
    'lose' = handle it and cut the link before the answer, 'cut' = cut the link at once, 'mute' = say nothing more,
    a Refused = the answer, None = all is well."""

    logs: dict[int, list[Event]] = field(default_factory=dict)
    cards: dict[int, ChatCard] = field(default_factory=dict)
    done: dict[str, Ack] = field(default_factory=dict)
    seen: list[StaffCommand] = field(default_factory=list)
    fault: Callable[[StaffCommand], str | Refused | None] = lambda command: None
    run: str = "run-1"
    token: str = TOKEN
    muted: bool = False
    sockets: set[ServerConnection] = field(default_factory=set)
    hellos: list[StaffHello] = field(default_factory=list)

    def say(self, chat: int, text: str, by: Party = VISITOR, cid: str = "") -> Event:
        """Append a line to the log and send it to everybody here."""
        log = self.logs.setdefault(chat, [])
        event = Event(chat, len(log) + 1, now_ms(), by, Said(text), len(log) + 1)
        log.append(event)
        self.send(event)
        return event

    def send(self, frame: msgspec.Struct) -> None:
        """A frame to every console."""
        for each in self.sockets:
            self._out(each, frame)

    def _out(self, each: ServerConnection, frame: msgspec.Struct) -> None:
        if not self.muted:
            each.protocol.send_text(encode(frame))
            each.send_data()

    def texts(self, chat: int, by: Party = ADA) -> list[str]:
        """What this party said in the chat, in the log's order."""
        return [
            e.what.text for e in self.logs.get(chat, []) if e.by == by and isinstance(e.what, Said | Noted)
        ]

    def cut(self) -> None:
        """Break every connection without a word."""
        for each in list(self.sockets):
            each.transport.abort()

    async def serve(self, connection: ServerConnection) -> None:
        """One console."""
        try:
            async for data in connection:
                await self._handle(connection, decode_staff_command(data))
        except ConnectionClosed:
            pass
        finally:
            self.sockets.discard(connection)

    async def _handle(self, connection: ServerConnection, command: StaffCommand) -> None:
        if isinstance(command, StaffHello):
            await self._hello(connection, command)
            return
        self.seen.append(command)
        fault = self.fault(command)
        if fault == "cut":
            connection.transport.abort()
        elif fault == "mute":
            self.muted = True
        elif isinstance(fault, Refused):
            self._out(connection, fault)
        else:
            self._answer(connection, command, lose=fault == "lose")

    def _answer(self, connection: ServerConnection, command: StaffCommand, lose: bool) -> None:
        match command:
            case Ping(n=n):
                self._out(connection, Pong(n, now_ms()))
                return
            case Seen() | Typing():
                return
            case Older(chat=chat, before=before, limit=limit):
                page = self.logs[chat][max(0, before - 1 - limit) : before - 1]
                for event in page:
                    self._out(connection, event)
                self._out(connection, Ack(command.cid, chat, page[0].seq if page else before))
                return
            case Open(chat=chat, after=after):
                self._resume(connection, chat, after)
                self._out(connection, Ack(command.cid, chat))
                return
        cid = getattr(command, "cid", "")
        if cid not in self.done:
            self.done[cid] = self._do(command, cid)
        if lose:
            connection.transport.abort()
        else:
            self._out(connection, self.done[cid])

    def _do(self, command: StaffCommand, cid: str) -> Ack:
        match command:
            case Say(chat=chat, text=text):
                return Ack(cid, chat, self.say(chat, text, ADA).seq)
            case Note(chat=chat, text=text):
                log = self.logs[chat]
                log.append(Event(chat, len(log) + 1, now_ms(), ADA, Noted(text)))
                self.send(log[-1])
                return Ack(cid, chat, len(log))
            case Take(chat=chat):
                self.cards[chat] = card(chat, version=99)
                self.send(self.cards[chat])
                return Ack(cid, chat)
        return Ack(cid)

    async def _hello(self, connection: ServerConnection, hello: StaffHello) -> None:
        if hello.token != self.token:
            self._out(connection, Refused(Code.login, "Your session has ended. Log in again."))
            await connection.close(4001)
            return
        self.hellos.append(hello)
        self.sockets.add(connection)
        grants = [Grant(Role.agent, 1)]
        self._out(connection, Welcome(self.run, now_ms(), ME, "ada", "Ada", grants, Status.online))
        self._out(connection, DepartmentList([]))
        for each in self.cards.values():
            self._out(connection, each)
        cursors = {cursor.chat: cursor.seq for cursor in hello.cursors}
        for chat, each in self.cards.items():
            if each.owner == ME:
                self._resume(connection, chat, cursors.get(chat, 0))
        self._out(connection, Synced())

    def _resume(self, connection: ServerConnection, chat: int, after: int) -> None:
        log = self.logs.get(chat, [])
        reset = after > len(log)
        after = 0 if reset else after
        self._out(connection, Resume(chat, after, len(log), reset))
        for event in log[after:]:
            self._out(connection, event)

    async def bye(self, retry_ms: int) -> None:
        """Send everybody away, to come back after this time."""
        self.send(Bye("The server restarts.", retry_ms))
        for each in list(self.sockets):
            await each.close(1012)


@asynccontextmanager
async def listening(desk: SmallDesk, port: int = 0) -> AsyncIterator[tuple[Server, int]]:
    """The desk at a port of this machine; leaving closes every connection at once."""
    async with serve(desk.serve, "127.0.0.1", port, compression=None, ping_interval=None) as server:
        try:
            yield server, next(iter(server.sockets)).getsockname()[1]
        finally:
            desk.cut()
            server.close()
            await asyncio.sleep(0)


def free_port() -> int:
    """A port that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
