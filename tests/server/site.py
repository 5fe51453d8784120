"""A site for one test: the real server on a free port in this process, with people and departments in its database.

async with running(database_url, tmp_path) as site:
    ann, vera = await site.staff("ann"), await site.visitor()
"""

import asyncio
import hashlib
import itertools
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import uvicorn.server
from sqlalchemy import event

from agentconsole import protocol as p
from agentconsole.backend import server
from agentconsole.backend.desk import Desk
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.hub import Hub
from agentconsole.backend.options import Options
from agentconsole.backend.storage import departments, users
from agentconsole.backend.storage.database import Database
from tests.server.windows import StaffWindow, VisitorWindow
from tests.waiting import async_until

SALES, SUPPORT = 1, 2
GRANTS = {
    "ann": [p.Grant(p.Role.agent, SALES)],
    "bob": [p.Grant(p.Role.agent, SALES)],
    "carl": [p.Grant(p.Role.agent, SUPPORT)],
    "sue": [p.Grant(p.Role.supervisor, SALES)],
    "ada": [p.Grant(p.Role.analyst, SALES)],
    "root": [p.Grant(p.Role.admin)],
}
# Ordinary settings, raised because everybody in a test comes from one address; a test of limits sets its own.
RAISED: dict[str, Any] = {
    "message_burst": 100_000,
    "chats_per_token": 100_000,
    "chats_per_address": 100_000,
    "sockets_per_address": 10_000,
    "frames_per_second": 100_000,
}
STOP_SECONDS = 10.0


class _Brisk:
    """asyncio, as uvicorn knows it here: it looks a hundred times a second whether it is to end, and not ten times."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def sleep(seconds: float) -> None:
        """A tenth of it."""
        await asyncio.sleep(seconds / 10)


uvicorn.server.asyncio = _Brisk()  # type: ignore[assignment]


def staff_token(name: str) -> str:
    """The session token of a member of staff."""
    return f"token-of-{name}-".ljust(40, "x")


class Site:
    """A running server; `desk` and `hub` are its own, for orders that no door of this test carries."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.url = ""
        self.desk: Desk
        self.hub: Hub
        self._task: asyncio.Task[None]
        self._windows: list[StaffWindow | VisitorWindow] = []
        self._fresh = itertools.count(1)
        self._at_commit: Callable[[], object] = _nothing
        self._ahead_ms = 0

    def clock(self) -> int:
        """What the server takes for the time, UTC milliseconds."""
        return time.time_ns() // 1_000_000 + self._ahead_ms

    def later(self, ms: int) -> None:
        """So much time has passed: timers run out when the test has done what comes before, and not when they please."""
        self._ahead_ms += ms

    async def start(self) -> None:
        """Open the doors."""
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        build = server.http.build

        def built(database: Database, desk: Desk, hub: Hub, *others: Any) -> Any:
            self.desk, self.hub = desk, hub
            event.listen(database.writer_engine, "commit", lambda connection: self._at_commit())
            return build(database, desk, hub, *others)

        # What is put out of the collector's sight is never found again: each site would stay in memory.
        with (
            mock.patch.object(server.http, "build", built),
            mock.patch.object(server, "clock", self.clock),
            mock.patch.object(server, "_rare_collections", _nothing),
        ):
            ready: Callable[..., None] = lambda found, *others: url.set_result(found)  # noqa: E731
            self._task = asyncio.create_task(server.serve(self.options, ready))
            await asyncio.wait({self._task, url}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()
        self.url = url.result()

    async def stop(self) -> None:
        """SIGTERM, as an operator stops it."""
        if not self._task.done():
            os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            await self._task

    async def restart(self) -> None:
        """Stop it, and start it on the same data and the same port."""
        port = int(self.url.rpartition(":")[2])
        await self.stop()
        self.options = Options(**{**_fields(self.options), "port": port})
        await self.start()

    async def leave(self) -> None:
        """Everybody goes."""
        for window in self._windows:
            window.drop()

    @asynccontextmanager
    async def stalled(self) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """While the block lasts nothing is committed; call what it gives to wait until the writer is at the gate."""
        there, gate = threading.Event(), threading.Event()

        async def arrived() -> None:
            await async_until(there.is_set, what="the writer to come to the commit")
            there.clear()

        self._at_commit = lambda: (there.set(), gate.wait(STOP_SECONDS))
        try:
            with mock.patch.object(self.desk.writer, "_brief", return_value=False):
                yield arrived
        finally:
            self._at_commit = _nothing
            gate.set()

    async def order(self, command: Any) -> Any:
        """What an operator orders."""
        return await self.desk.handle(SYSTEM, command)

    # --- people -----------------------------------------------------------------------------------------------

    async def staff(self, name: str, greet: bool = True, **hello: Any) -> StaffWindow:
        """A console of ann, bob (agents of sales), carl (agent of support), sue (supervisor of sales), ada (analyst
        of sales) or root (administrator)."""
        window = StaffWindow(self, staff_token(name))
        self._windows.append(window)
        await window.connect()
        if greet:
            await window.greet(**hello)
            user = window.seen(p.Welcome)[0].user
            await async_until(
                lambda: not self.hub.board.seat(user).lost_at, what=f"{name}'s link to be known"
            )
        return window

    def token(self) -> str:
        """A visitor's token that nobody has used."""
        return f"visitor-{next(self._fresh)}-".ljust(43, "v")

    async def visitor(self, token: str = "", greet: bool = True, **hello: Any) -> VisitorWindow:
        """A visitor's window."""
        window = VisitorWindow(self, token or self.token())
        self._windows.append(window)
        await window.connect()
        if greet:
            await window.greet(**hello)
        return window

    async def chat(
        self, agent: StaffWindow | None = None, text: str = "hello", **start: Any
    ) -> "tuple[VisitorWindow, int]":
        """A new visitor with a chat, taken by `agent` if given."""
        vera = await self.visitor()
        chat = await vera.start(text=text, **start)
        if agent is not None:
            await agent.take(chat)
            await vera.expect(p.VisitorEvent, chat=chat, what=p.Took)
        return vera, chat


def _nothing() -> None:
    """The writer is not held up."""


def _fields(options: Options) -> dict[str, Any]:
    return {name: getattr(options, name) for name in options.__dataclass_fields__}


def people(url: str, data: Path, **sales: Any) -> None:
    """Put the departments and everybody in GRANTS into a new database; `sales` are settings of that department."""
    database = Database(url, data)
    try:
        database.migrate()
        with database.writer_engine.begin() as connection:
            shop = msgspec.structs.replace(Department(0, "sales", "Sales", topics=("Prices",)), **sales)
            departments.add(connection, shop)
            departments.add(connection, Department(0, "support", "Support"))
            for name, grants in GRANTS.items():
                user = users.add(connection, users.User(0, name, name.title(), "", False, 0))
                for grant in grants:
                    users.give(connection, user.id, grant)
                digest = hashlib.sha256(staff_token(name).encode()).digest()
                users.open_session(connection, users.SessionRow(0, user.id, digest, "", 0, 0, 2**50, 0))
    finally:
        database.close()


@asynccontextmanager
async def running(
    url: str, data: Path, sales: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[Site]:
    """A site on this database, gone after the block."""
    people(url, data, **(sales or {}))
    given = {"data": data, "port": 0, "database": "" if url.startswith("sqlite") else url}
    site = Site(Options(**{**RAISED, **given, **options}))
    await site.start()
    try:
        yield site
    finally:
        await site.leave()
        await site.stop()
