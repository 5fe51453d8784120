"""Builds the server in one order, runs it in one task group, and takes it down in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import gc
import logging
import os
import random
import resource
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

import uvicorn
import uvloop

from . import http, jobs, operator, signing
from .auth import Auth
from .connections import MOST, Connection, Threshold
from .desk import Desk
from .desk.admin import Awake
from .desk.mailing import RecoverMails
from .desk.retention import ForgetHeld, ForgetMails
from .desk.uploads import ForgetFiles
from .desk.webhooks import ForgetCalls, ForgetFirings
from .dispatcher import Dispatcher
from .domain.policy import SYSTEM
from .greetings import catch_up_staff
from .hub import Hub
from .mail.imap import fetch
from .mail.intake import Intake
from .mail.sending import Sender
from .mail.watched import Watched
from .options import Options
from .sockets import Door, Socket
from .storage.database import Database, Locked
from .talks import Desks, StaffTalk, VisitorTalk
from .webhooks import Caller

log = logging.getLogger("agentconsole.server")

SPREAD_MS = 5_000
STOP_SECONDS = 8
LEAVE_SECONDS = 9.5
USER_TIMEOUT_MS = 10_000
SEND_BUFFER = 131_072
SPARE_FILES = 500  # beside all connections: the database, mail, webhooks
SWITCH_SECONDS = 0.000_1  # event loop and writer wait for each other, and Python's 5 ms were delivery's tail


def clock() -> int:
    """UTC now, in milliseconds."""
    return time.time_ns() // 1_000_000


def run(options: Options, ready: Callable[[str, bool], None]) -> None:
    """`serve` to its end, on the faster event loop. Raises what serve raises."""
    _open_files(options.sockets + MOST + SPARE_FILES)
    patience = threading.Timer(LEAVE_SECONDS, _give_up)
    patience.daemon = True
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(options, ready, patience.start))
    finally:
        patience.cancel()


async def serve(
    options: Options, ready: Callable[[str, bool], None], leaving: Callable[[], None] = lambda: None
) -> None:
    """Run until SIGTERM or SIGINT. Raises Locked, TooNew, Unreachable, OSError.

    ``ready(url, first)`` is called when the doors are open; ``first`` = there are no users yet. ``leaving`` is called
    when it has been told to stop.
    """
    database = Database(options.database_url, options.data)
    try:
        database.lock()
        database.migrate()
        await _serve(options, database, ready, leaving)
    finally:
        database.close()


def _open_files(wanted: int) -> None:
    """Let this process have so many files open, or as many as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < wanted:
        log.warning("only %d files may be open, and so fewer sockets than the settings say", most)


def _give_up() -> None:
    """A database that does not answer keeps nobody from leaving; what it has not taken was never acknowledged."""
    log.error("the database did not answer in time; leaving without it")
    os._exit(1)


async def _serve(
    options: Options,
    database: Database,
    ready: Callable[[str, bool], None],
    leaving: Callable[[], None],
) -> None:
    hub = Hub(database)
    desk = hub.desk = Desk(database, clock, hub.publish)
    intake = Intake(database, desk)
    try:
        await desk.handle(SYSTEM, Awake())
        await desk.handle(SYSTEM, RecoverMails())
        await database.read(lambda db: hub.load(db, clock()))
        hub.hold_ms = round(options.seat_hold_seconds * 1_000)
        hub.dispatcher = Dispatcher(hub.board, desk.submit, clock)
        hub.dispatcher.load()
        desks = Desks(desk, hub, secrets.token_urlsafe(9), asyncio.get_running_loop().time, options)
        door = Door(
            hub,
            options,
            {
                "/ws/visitor": functools.partial(VisitorTalk, desks),
                "/ws/staff": functools.partial(StaffTalk, desks),
            },
        )
        hub.catch_up = lambda reader, head: door.start(reader.close, catch_up_staff(hub, reader, head, None))
        app = http.build(database, desk, hub, options, Auth(database, desk, options), intake)
        async with operator.door(database, desk, options):
            _rare_collections()
            sys.setswitchinterval(SWITCH_SECONDS)
            await _run(options, app, door, hub, desk, database, intake, ready, leaving)
        await desk.writer.drain()
    finally:
        await intake.close()
        desk.writer.close()


async def _run(
    options: Options,
    app: object,
    door: Door,
    hub: Hub,
    desk: Desk,
    database: Database,
    intake: Intake,
    ready: Callable[[str, bool], None],
    leaving: Callable[[], None],
) -> None:
    listening = _listen(options)
    web = _Web(_config(options, app, door), lambda: ready(_url(options, listening), not hub.board.users))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with asyncio.TaskGroup() as group:
        group.create_task(web.serve([listening]))
        ticking = group.create_task(_tick(options, database, desk, door, hub, stop))
        watched = Watched(options)
        sending = group.create_task(Sender(database, desk, watched.mailboxes).run())
        fetching = group.create_task(fetch(intake, watched))
        calling = group.create_task(Caller(database, desk, functools.partial(signing.written, options)).run())
        await stop.wait()
        leaving()
        calling.cancel()
        ticking.cancel()
        sending.cancel()
        fetching.cancel()
        hub.farewell("The server restarts; your lines are kept.", lambda: random.randrange(SPREAD_MS))
        web.should_exit = True
    if not ticking.cancelled() and (ousted := ticking.result()):
        raise ousted


async def _tick(
    options: Options, database: Database, desk: Desk, door: Door, hub: Hub, stop: asyncio.Event
) -> Locked | None:
    """The clock, until cancelled; ends everything if another server has taken the database."""

    def once() -> None:
        door.sweep()
        hub.tick()
        if hub.dispatcher is not None:
            hub.dispatcher.tick()

    forgets = (
        ForgetFiles(),
        ForgetCalls(),
        ForgetFirings(options.firing_days),
        ForgetMails(options.mail_days),
        ForgetHeld(options.quarantine_days),
    )
    sweeping = asyncio.create_task(jobs.sweep(once))
    try:
        await jobs.run(database, desk, hub.typists.is_awaited, forgets)
    except Locked as ousted:
        stop.set()
        return ousted
    finally:
        sweeping.cancel()
    return None


def _rare_collections() -> None:
    """Our data has no cycles: looking for garbage among it again and again cost a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


_HINTS = {
    errno.EADDRINUSE: "Stop who listens there, or choose another with --port.",
    errno.EACCES: "Ports below 1024 are root's, unless the service may take them (docs/operating.md).",
}


def _listen(options: Options) -> socket.socket:
    """Our own listening socket, so that a stalled link is dropped by the kernel and cannot hoard memory."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle on
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
    try:
        listening.bind((options.host, options.port))
    except OSError as error:
        why = f"{options.host} port {options.port}: {error.strerror or error}"
        raise OSError(f"{why}. {_HINTS.get(error.errno or 0, '')}".rstrip()) from error
    listening.listen(2_048)
    listening.setblocking(False)
    return listening


def _url(options: Options, listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if options.tls else 'http'}://{shown}:{port}"


def _config(options: Options, app: object, door: Door) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=functools.partial(Connection, Threshold(options)),  # type: ignore[arg-type]
        ws=functools.partial(_socket, door),  # type: ignore[arg-type]
        ssl_certfile=options.tls_cert or None,
        ssl_keyfile=options.tls_key or None,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="off",
        h11_max_incomplete_event_size=16_384,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def _socket(
    door: Door, config: object, server_state: object, app_state: object = None, _loop: object = None
) -> Socket:
    return Socket(door, config, server_state, app_state)


class _Web(uvicorn.Server):
    """uvicorn without its own signal handlers: the task group stops it."""

    def __init__(self, config: uvicorn.Config, opened: Callable[[], None]) -> None:
        super().__init__(config)
        self._opened = opened

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ours are in place."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does, and then say so."""
        await super().startup(sockets)
        self._opened()
