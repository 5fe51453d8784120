"""The one connection to the server: the socket that never gives up, and the questions of whoever is logged in."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from agentconsole import __version__
from agentconsole.addresses import in_the_clear, is_local, server_url
from agentconsole.keeper import Keeper
from agentconsole.link import CLOSED, SILENT_AFTER_MS, LinkState
from agentconsole.outbox import Command
from agentconsole.protocol import (
    LINK_LOST_SECONDS,
    MAX_FRAME,
    BadFrame,
    Bye,
    Code,
    CustomerCard,
    OlderMessages,
    Open,
    Ping,
    Pong,
    Refused,
    Shut,
    StaffFrame,
    StaffHello,
    Synced,
    Typing,
    ViewTicket,
    Wall,
    decode_staff_frame,
    encode,
)
from agentconsole.questions import Http, Problem, login, logout, parsed, reason, speaks_tls, trusted
from agentconsole.store import Store
from agentconsole.typings import Strokes
from agentconsole.views import Topic, Touched

__all__ = [
    "Client",
    "End",
    "Http",
    "Problem",
    "in_the_clear",
    "login",
    "logout",
    "new_cid",
    "now_ms",
    "server_url",
]

CONNECT_SECONDS = 10

PING_AFTER_MS = 2_000
GIVE_UP_MS = min(20, LINK_LOST_SECONDS) * 1000
MARKS_MS = 1_000
BURST = 100  # frames that are applied together at most: a flood must not pile up in memory

FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 60.0
LONGEST_HINT_MS = 300_000
STABLE_MS = 10_000

SESSION_ENDED = (4001, 4002)


class End(StrEnum):
    """Why `Client.run` returned."""

    stopped = "stopped"  # somebody called stop()
    login = "login"  # the session has ended: log in again and make a new Client with the same store


def new_cid() -> str:
    """A fresh client id for a command."""
    return secrets.token_urlsafe(16)


def now_ms() -> int:
    """This machine's clock, UTC milliseconds."""
    return time.time_ns() // 1_000_000


class Client:
    """One console's connection. It applies every frame to the store and then calls ``changed`` with what was touched:
    once per burst, in the event loop, never concurrently. ``save`` is called (in a thread) with `Store.words()`
    whenever written words change and before they are sent.
    """

    def __init__(
        self,
        server: str,
        token: str,
        store: Store,
        changed: Callable[[set[Touched]], None],
        *,
        save: Callable[[dict[str, object]], None] | None = None,
        clock: Callable[[], int] = now_ms,
        label: str = "",
    ) -> None:
        self.server = server
        self.token = token
        self.store = store
        self._changed = changed
        self._keeper = Keeper(store, save, lambda sentence: self._tell(store.warn(sentence)))
        self._clock = clock
        self._label = label or f"agentconsole/{__version__}"
        self._http = Http(server, token)
        self._socket: ClientConnection | None = None
        self._inbox: list[StaffFrame] = []
        self._arrived = asyncio.Event()
        self._work = asyncio.Event()
        self._stir = asyncio.Event()
        self._hurry = asyncio.Event()
        self._stop = asyncio.Event()
        self._hello_at = 0
        self._synced_at = 0
        self._ping_wanted = False
        self._pings: dict[int, int] = {}
        self._ping_number = 0
        self._strokes = Strokes()
        self._shut: list[Shut] = []
        self._wall = self._wall_told = False
        self._view = self._view_told = ViewTicket(0)
        self._marks_at = 0
        self._silence_told = 0
        self._hint_ms = 0
        self._session_over = ""

    # --- what others call ---

    async def run(self) -> End:
        """Connect, say hello, receive, send, and come back after every loss, until stop() or the session ends."""
        watch = asyncio.create_task(self._watch())
        try:
            await _first(self._live(), self._stop.wait(), watch)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            over = bool(self._session_over)
            state = LinkState.login if over else LinkState.offline
            self.store.link.enter(state, self._clock(), self._session_over)
            await self._keeper.keep_last()
        self._tell({Touched(Topic.link)})
        return End.login if over else End.stopped

    def stop(self) -> None:
        """Make `run` return soon; what is in the outbox stays there."""
        self._stop.set()

    def send(self, command: Command | Typing | Shut) -> None:
        """Send now, or as soon as the link is back. Commands with a cid wait in the outbox (raises OutboxFull);
        typing and shut are worth nothing later and are dropped while the link is down."""
        match command:
            case Typing():
                self.typing(command.chat, command.text)
            case Shut():
                self._shut.append(command)
                self._tell(self.store.forget(command.chat))
            case _:
                if isinstance(command, Open):  # a Shut that is still here must not end what is opened again
                    self._shut = [each for each in self._shut if each.chat != command.chat]
                self._tell(self.store.enqueue(command, self._clock()))
        self._wake()

    def typing(self, chat: int, text: str) -> None:
        """Tell that I am typing, or have stopped (''). What I type stays here; repeated every 3 s at most."""
        if self._strokes.note(chat, text, self._clock()):
            self._wake()

    def retry_now(self) -> None:
        """Do not wait any longer: try to connect at once (or send a ping, if the link seems up)."""
        self._ping_wanted = True
        self._hurry.set()
        self._wake()

    def saw(self, chat: int) -> None:
        """The newest lines of this chat are on my screen, and I am looking: the server hears of it soon."""
        self._tell(self.store.saw(chat))
        self._wake()

    def saw_room(self, room: str) -> None:
        """The newest messages of this room are on my screen, and I am looking: the server hears of it soon."""
        self._tell(self.store.saw_room(room))
        self._wake()

    def wall(self, on: bool) -> None:
        """Be told, over every loss of the link, how long the visitors of running chats wait for an answer; or not."""
        self._wall = on
        self._wake()

    def told(self, touched: set[Touched]) -> None:
        """An answer over REST changed the store: whoever draws it hears of that."""
        self._tell(touched)

    def view(self, ticket: int, answering: bool) -> None:
        """Tell colleagues, over every loss of the link, at which ticket I look (0 = at none), and whether I answer it."""
        self._view = ViewTicket(ticket, answering)
        if self._view != self._view_told:
            self._wake()

    def touch(self) -> None:
        """Drafts or history changed: save them soon (within about a second), in a thread."""
        self._keeper.touch(self._clock())
        self._wake()

    async def customer(self, chat: int) -> CustomerCard:
        """The customer card of a chat. Raises Problem."""
        return parsed(await self.ask("GET", f"/api/chats/{chat}/customer"), CustomerCard)

    async def ask(
        self, method: str, path: str, *, content: bytes | None = None, params: Any = None, kind: str = ""
    ) -> bytes:
        """A question over REST; its answer's body. Raises Problem."""
        return await self._http.ask(method, path, content=content, params=params, kind=kind)

    # --- the life of the link ---

    async def _live(self) -> None:
        """One connection after the other, until the session is over."""
        failures = 0
        while True:
            why = await self._connection()
            now = self._clock()
            stable = bool(self._synced_at) and now - self._synced_at >= STABLE_MS
            failures = 0 if stable else failures + 1
            self._lost()
            if self._session_over:
                return
            await self._pause(why, self._delay_s(failures))

    async def _connection(self) -> str:
        """Connect, say hello, and stay as long as the link does; the sentence says why it is gone."""
        self._tell(self._entered(""))
        socket: ClientConnection | None = None
        try:
            async with connect(
                f"ws{self.server.removeprefix('http')}/ws/staff",
                ssl=await asyncio.to_thread(trusted) if speaks_tls(self.server) else None,
                compression=None,
                max_size=MAX_FRAME,
                open_timeout=CONNECT_SECONDS,
                close_timeout=1,
                ping_interval=None,
                proxy=None if is_local(self.server) else True,
                user_agent_header=f"agentconsole/{__version__}",
            ) as socket:
                hello = StaffHello(self.token, self.store.cursors(), self._label)
                await socket.send(encode(hello), text=True)
                self._socket, self._hello_at = socket, self._clock()
                self._hurry.clear()
                self._wake()
                await _first(self._read(socket), self._apply(), self._write(socket))
                return self._goodbye(socket)
        except ConnectionClosed:
            return "The server closed the connection."
        except InvalidStatus as error:
            return f"The server answered {error.response.status_code}; is the address right?"
        except (OSError, TimeoutError, WebSocketException, ImportError, UnicodeError) as error:
            return f"{self.server} cannot be reached: {reason(error)}."
        finally:
            if socket:  # cancelled once more during its goodbye, it would stay open
                socket.transport.abort()

    def _goodbye(self, socket: ClientConnection) -> str:
        if socket.close_code in SESSION_ENDED:
            self._session_over = self._session_over or "Your session has ended. Log in again."
        return CLOSED.get(socket.close_code or 0, "The connection broke.")

    def _lost(self) -> None:
        """Nobody knows what became of what was under way."""
        self._socket, self._hello_at, self._synced_at = None, 0, 0
        self._pings.clear()
        self._strokes = Strokes()
        self._shut.clear()
        self._wall_told, self._view_told = False, ViewTicket(0)
        self._tell(self.store.link_lost(self._clock()))

    def _entered(self, why: str, retry_at: int = 0) -> set[Touched]:
        self.store.link.enter(LinkState.connecting, self._clock(), why, retry_at)
        return {Touched(Topic.link)}

    def _delay_s(self, failures: int) -> float:
        """How long to wait: as the server wished, not at all after a good link, else up to a doubling bound."""
        hint, self._hint_ms = self._hint_ms, 0
        if hint:
            return hint / 1000
        if not failures:
            return 0.0
        return random.uniform(0, min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(failures - 1, 10)))

    async def _pause(self, why: str, delay_s: float) -> None:
        self._tell(self._entered(why, self._clock() + int(delay_s * 1000)))
        self._wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._hurry.wait()

    # --- what comes ---

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for data in socket:
                try:
                    self._inbox.append(decode_staff_frame(data))
                except BadFrame:
                    self._tell(self.store.warn(_NOT_UNDERSTOOD))
                if len(self._inbox) >= BURST:
                    self._deliver()
                self._arrived.set()
        except ConnectionClosed:
            pass
        finally:
            self._deliver()

    async def _apply(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            self._deliver()

    def _deliver(self) -> None:
        """All that has come, into the store; then one word about it."""
        frames, self._inbox = self._inbox, []
        if not frames:
            return
        now = self._clock()
        self.store.link.heard(now)
        touched: set[Touched] = set()
        for frame in frames:
            touched |= self.store.apply(frame, now)
            touched |= self._note(frame, now)
        for chat, after in self.store.gaps():
            touched |= self.store.enqueue(Open(new_cid(), chat, after), now)
        for room in self.store.unread_rooms():
            touched |= self.store.enqueue(OlderMessages(new_cid(), room), now)
        self._wake()
        self._tell(touched)

    def _note(self, frame: StaffFrame, now: int) -> set[Touched]:
        """What a frame means to the link itself."""
        match frame:
            case Pong(n=n) if (asked := self._pings.pop(n, None)) is not None:
                return {Touched(Topic.link)} if self.store.link.measured(now - asked) else set()
            case Synced():
                self._synced_at = now
            case Bye():
                self._hint_ms = min(max(frame.retry_ms, 1), LONGEST_HINT_MS)
            case Refused(cid="", code=Code.login | Code.expired):
                self._session_over = frame.text
        return set()

    # --- what goes ---

    async def _write(self, socket: ClientConnection) -> None:
        while True:
            self._work.clear()
            if self.store.link.state is LinkState.connected:
                await self._keeper.keep()
                for frame in self._due(self._clock()):
                    await socket.send(encode(frame), text=True)
            await _wait(self._work, self._next_work(self._clock()))

    def _due(self, now: int) -> list[msgspec.Struct]:
        """The frames to be sent now; from here on they count as sent."""
        link, outbox = self.store.link, self.store.outbox
        frames: list[msgspec.Struct] = [*outbox.due(now)]
        for command in outbox.due(now):
            outbox.sent(command.cid)
        frames += [*self._strokes.due(now), *self._shut]
        self._shut.clear()
        if self._wall is not self._wall_told:
            self._wall_told = self._wall
            frames.append(Wall(self._wall))
        if self._view != self._view_told:
            self._view_told = self._view
            frames.append(self._view)
        if now - self._marks_at >= MARKS_MS and (
            marks := [*self.store.take_marks(), *self.store.rooms.take_marks()]
        ):
            self._marks_at = now
            frames += marks
        if self._ping_wanted or (not self._pings and link.quiet_ms(now) >= PING_AFTER_MS):
            self._ping_wanted = False
            self._ping_number += 1
            self._pings[self._ping_number] = now
            frames.append(Ping(self._ping_number))
        if self._pings or any(entry.sent and entry.open for entry in outbox.entries.values()):
            link.asked(now)
            self._stir.set()
        return frames

    def _next_work(self, now: int) -> int | None:
        """Milliseconds until there may be something to send; None = only when somebody says so."""
        waits = [self.store.outbox.next_due(now), self._marks_at + MARKS_MS - now]
        if not self._pings:
            waits.append(PING_AFTER_MS - self.store.link.quiet_ms(now))
        return min((wait for wait in waits if wait is not None and wait > 0), default=None)

    # --- what time does ---

    async def _watch(self) -> None:
        """Forgets old previews, counts the seconds of silence, saves drafts, gives a dead link up."""
        while True:
            self._stir.clear()
            now = self._clock()
            touched = self.store.expire(now) | self._silence(now)
            if (self._keeper.due_in(now) or 1) <= 0:
                await self._keeper.keep()
            self._tell(touched)
            await _wait(self._stir, self._next_tick(self._clock()))

    def _silence(self, now: int) -> set[Touched]:
        link, before = self.store.link, self._silence_told
        self._silence_told = link.silent_s(now)
        asked_at = link.asked_at if link.state is LinkState.connected else self._hello_at
        if self._socket and asked_at and now - asked_at >= GIVE_UP_MS:
            self._socket.transport.abort()
        if self._silence_told == before:
            return set()
        return self.store.silent() if not before else {Touched(Topic.link)}

    def _next_tick(self, now: int) -> int | None:
        waits = [self.store.next_expiry(now), self._keeper.due_in(now)]
        link = self.store.link
        if link.state is LinkState.connecting or link.asked_at:
            quiet = link.quiet_ms(now)
            waits.append(max(SILENT_AFTER_MS - quiet, 1000 - quiet % 1000))
        return min((max(1, wait) for wait in waits if wait is not None), default=None)

    def _tell(self, touched: set[Touched]) -> None:
        if touched:
            self._changed(touched)

    def _wake(self) -> None:
        self._work.set()
        self._stir.set()


_NOT_UNDERSTOOD = "The server said something that this console does not know. Bring both to the same version."


async def _first(*coros: Awaitable[object]) -> None:
    """Run these together until the first is done; the others are cancelled. What it raised is raised."""
    tasks = [asyncio.ensure_future(coro) for coro in coros]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _wait(event: asyncio.Event, ms: int | None) -> None:
    """Until the event is set, but no longer than this."""
    with suppress(TimeoutError):
        async with asyncio.timeout(None if ms is None else ms / 1000):
            await event.wait()
