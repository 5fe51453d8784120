"""`agentconsole demo`: a server, colleagues, visitors and the console, all of it gone without a trace afterwards."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from agentconsole.text import clean

from .drill import rest, roster, site, weekend
from .drill.crew import GUIDE, Crew, audit, guide, let_go
from .drill.ledger import Ledger
from .drill.link import Trouble, socket_url, unwrapped
from .drill.manners import BESIDE_A_PERSON, HEADLESS
from .drill.roster import KEEPER, SEAT
from .drill.script import Book, load
from .drill.server import Server, bequeathed, clean_environment, command, running
from .simulate import Drill, departments, positive, rate, run_drill

ROLES = ("agent", "supervisor", "analyst", "admin")
NO_TERMINAL = (
    "agentconsole demo: the console needs a terminal that can move its cursor, and here is {found}. "
    "Run it in a terminal, over ssh with -t, or without one: agentconsole demo --headless --seconds 12."
)
CONSOLE_STOP_SECONDS = 5.0
HEADLESS_SECONDS = 20.0
SPEED = 1.0
HEADLESS_SPEED = 6.0
RATE = 4 / 60
HEADLESS_RATE = 1.0


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the person at the keyboard asked for; ``seconds`` 0 = until the console is left."""

    role: str
    headless: bool
    seconds: float
    speed: float
    rate: float
    seed: str
    show_passwords: bool


class Interrupted(Exception):
    """A signal asked for the end before there was anything to tell."""


class Stop:
    """The wish to end, brought by a signal."""

    def __init__(self) -> None:
        self.number = 0
        self.wished = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._wish, number)

    def _wish(self, number: int) -> None:
        self.number = self.number or number
        self.wished.set()

    async def unless(self, work: Awaitable[Any]) -> Any:
        """The work's result. Raises Interrupted if the end was wished before it was done."""
        task = asyncio.ensure_future(work)
        wished = asyncio.ensure_future(self.wished.wait())
        try:
            await asyncio.wait({task, wished}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wished.cancel()
            if not task.done():
                await let_go(task)
        if task.cancelled():
            raise Interrupted
        return task.result()


async def play(wish: Wish) -> int:
    """The whole demo; the answer is the exit code. Raises Trouble."""
    stop = Stop()
    book = load()
    try:
        with tempfile.TemporaryDirectory(prefix="agentconsole-demo-") as folder:
            data = Path(folder)
            weekend.furnish(data)
            async with bequeathed(data) as bequeath, running(data, stop.unless, bequeath) as server:
                people = await stop.unless(site.furnish(data, wish.role, wish.headless))
                tokens = await stop.unless(_log_in(server.base, people))
                if wish.show_passwords:
                    _print_passwords(people)
                await stop.unless(site.stock(server.base, tokens[KEEPER]))
                await stop.unless(weekend.write(server.base, tokens[KEEPER]))
                if wish.headless:
                    return await _headless(wish, server, book, tokens, stop)
                await stop.unless(site.retire(data, KEEPER))
                return await _with_console(wish, server, book, tokens, stop, data, bequeath)
    except Interrupted:
        return 128 + stop.number


async def _log_in(base: str, people: Sequence[roster.Person]) -> dict[str, str]:
    sessions = await asyncio.gather(*(rest.login(base, person.name, person.password) for person in people))
    return {session.name: session.token for session in sessions}


def _print_passwords(people: Sequence[roster.Person]) -> None:
    for person in people:
        print(f"{person.name:<8} {person.password}   {person.rights}", flush=True)


# --- without a terminal -----------------------------------------------------------------------------------------


async def _headless(wish: Wish, server: Server, book: Book, tokens: dict[str, str], stop: Stop) -> int:
    ledger = Ledger()
    began = time.monotonic()
    crew = Crew(server.base, book, wish.speed, ledger)
    for name in [SEAT, *roster.COLLEAGUES, roster.MENTOR]:
        manners = msgspec.structs.replace(HEADLESS, mentor=name == roster.MENTOR, picks=name != roster.MENTOR)
        crew.hire(tokens[name], manners, f"{wish.seed}/{name}")
    drill = _drill(wish, server.base, wish.rate, wish.seconds)
    try:
        await _while_it_lives(server, run_drill(drill, book, stop.wished, ledger, lambda sentence: None))
    finally:
        await crew.finish()
    if stop.number not in (0, signal.SIGINT):
        raise Interrupted
    checked = await audit(server.base, tokens[KEEPER], ledger)
    fine = not (ledger.lost or ledger.doubled or ledger.faults)
    report = {
        "seconds": round(time.monotonic() - began, 1),
        "seed": wish.seed,
        "visitor_page": f"{server.base}/chat",
        "agents": 2 + len(roster.COLLEAGUES),
        **ledger.report(),
        "tickets": await rest.count_tickets(server.base, tokens[KEEPER]),
        "checked": checked,
        "findings": [*ledger.lost, *ledger.doubled, *ledger.faults][:10],
        "ok": fine,
    }
    print(json.dumps(report, ensure_ascii=False), flush=True)
    return 0 if fine else 1


def _drill(wish: Wish, base: str, arrivals: float, seconds: float) -> Drill:
    return Drill(server=base, rate=arrivals, seconds=seconds, at_once=12, seed=wish.seed, speed=wish.speed)


async def _while_it_lives(server: Server, work: Awaitable[None]) -> None:
    """Do the work. Raises Trouble when the server ends meanwhile."""
    task = asyncio.ensure_future(work)
    death = asyncio.ensure_future(server.ended())
    try:
        await asyncio.wait({task, death}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            death.result()
        task.result()
    finally:
        for each in (task, death):
            if not each.done():
                await let_go(each)


# --- with the console -------------------------------------------------------------------------------------------


async def _with_console(
    wish: Wish,
    server: Server,
    book: Book,
    tokens: dict[str, str],
    stop: Stop,
    data: Path,
    started: Callable[[int], None],
) -> int:
    ledger = Ledger()
    page = f"{server.base}/chat"
    print(f"The visitor's page: {page}   (open it in a browser and write to yourself)", flush=True)
    crew = Crew(server.base, book, wish.speed, ledger)
    beside = msgspec.structs.replace(BESIDE_A_PERSON, friend=SEAT, not_these=(GUIDE,))
    for name in roster.COLLEAGUES:
        crew.hire(tokens[name], beside, f"{wish.seed}/{name}")
    mentor = msgspec.structs.replace(beside, mentor=True, picks=False)
    crew.hire(tokens[roster.MENTOR], mentor, f"{wish.seed}/{roster.MENTOR}")
    crowd = asyncio.ensure_future(_crowd(wish, server.base, book, ledger))
    try:
        code = await _console(wish, server, tokens[SEAT], data, stop, started)
    finally:
        await let_go(crowd)
        await crew.dismiss()
    if stop.number not in (0, signal.SIGINT):
        raise Interrupted
    print(f"The demo is over and {page} is gone with everything in it.", flush=True)
    return code


async def _crowd(wish: Wish, base: str, book: Book, ledger: Ledger) -> None:
    """The guide at once, a few visitors soon, then as many as wished."""
    faces = await departments(socket_url(base, "/ws/visitor"))
    by_hand = next(face for face in faces if face.slug == roster.QUIET)
    host = guide(base, by_hand, book, ledger, wish.role)
    never = asyncio.Event()
    first = msgspec.structs.replace(_drill(wish, base, 0.3, 0), visitors=4, seed=f"{wish.seed}/first")
    with unwrapped():
        async with asyncio.TaskGroup() as group:
            group.create_task(host.run())
            await host.waits.wait()
            group.create_task(run_drill(first, book, never, ledger, lambda sentence: None))
            group.create_task(
                run_drill(_drill(wish, base, wish.rate, 0), book, never, ledger, lambda sentence: None)
            )


async def _console(
    wish: Wish, server: Server, token: str, data: Path, stop: Stop, started: Callable[[int], None]
) -> int:
    """The console in this terminal, until the person or a signal ends it."""
    own = data / "console"
    own.mkdir(mode=0o700)
    environment = clean_environment(os.environ) | {
        "AGENTCONSOLE_TOKEN": token,
        "XDG_STATE_HOME": str(own),
        "XDG_CACHE_HOME": str(own),
        "XDG_CONFIG_HOME": str(own),
    }
    words = command("--server", server.base, "--user", SEAT)
    process = await asyncio.create_subprocess_exec(*words, env=environment)
    started(process.pid)
    try:
        async with asyncio.timeout(wish.seconds or None):
            return int(await stop.unless(process.wait()))
    except (Interrupted, TimeoutError):
        return 0
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask the console to leave the terminal clean; insist after a while."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            process.send_signal(number)
        with suppress(TimeoutError):
            async with asyncio.timeout(CONSOLE_STOP_SECONDS):
                await process.wait()
                return


# --- the command line -------------------------------------------------------------------------------------------


def parser(prog: str = "agentconsole demo") -> argparse.ArgumentParser:
    """The flags of `agentconsole demo`."""
    words = argparse.ArgumentParser(
        prog=prog,
        description="Try everything at once: a server, colleagues, visitors, and the console. Nothing is left behind.",
        allow_abbrev=False,
    )
    words.add_argument(
        "--as", dest="role", choices=ROLES, default="agent", help="who you are (default: %(default)s)"
    )
    words.add_argument(
        "--headless",
        action="store_true",
        help="no console: an agent by script; prints what happened as one JSON object",
    )
    words.add_argument(
        "--seconds",
        type=positive,
        default=0.0,
        help=f"end after this time (headless default: {HEADLESS_SECONDS:g})",
    )
    words.add_argument(
        "--speed", type=positive, default=0.0,
        help=f"how much faster the others live (default: {SPEED:g}, headless {HEADLESS_SPEED:g})",
    )  # fmt: skip
    words.add_argument("--rate", type=rate, default=0.0, help="how many visitors come, such as 4/min or 1/s")
    words.add_argument(
        "--seed", default="", help="any word or number: the same seed brings the same visitors"
    )
    words.add_argument(
        "--show-passwords",
        action="store_true",
        help="print names and passwords, to log in from a second terminal",
    )
    return words


def main(arguments: Sequence[str]) -> int:
    """Run the command; the answer is the exit code: 0 fine, 1 not possible or something was lost, 2 no terminal."""
    given = parser().parse_args(arguments)
    term = os.environ.get("TERM", "")
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if not given.headless and (not terminal or term in ("", "dumb", "unknown")):
        found = f"one of the kind '{term}' (TERM)" if terminal else "none"
        print(NO_TERMINAL.format(found=found), file=sys.stderr)
        return 2
    wish = Wish(
        role=given.role,
        headless=given.headless,
        seconds=given.seconds or (HEADLESS_SECONDS if given.headless else 0),
        speed=given.speed or (HEADLESS_SPEED if given.headless else SPEED),
        rate=given.rate or (HEADLESS_RATE if given.headless else RATE),
        seed=given.seed or secrets.token_hex(4),
        show_passwords=given.show_passwords,
    )
    try:
        return asyncio.run(play(wish))
    except Trouble as trouble:
        print(f"agentconsole demo: {clean(str(trouble))}", file=sys.stderr)
        return 1
