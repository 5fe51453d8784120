"""`agentconsole simulate`: scripted visitors over the real visitor protocol, for training, for the demo and for load."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from random import Random

import msgspec

from agentconsole import protocol as p
from agentconsole.text import clean, cut

from .drill.ledger import Ledger
from .drill.link import Trouble, base_url, dial, new_token, socket_url
from .drill.plan import plan
from .drill.script import Bad, Book, load
from .drill.visitor import Visitor

HOUR = 3_600.0
UNITS = {"s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": HOUR, "hour": HOUR}
WELCOME_SECONDS = 10.0
LAST_SECONDS = 8.0  # real seconds in which all visitors have gone home


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """One run of simulated visitors. ``rate`` is arrivals a second; ``seconds`` and ``visitors`` 0 = without end."""

    server: str
    rate: float
    departments: tuple[str, ...] = ()
    seconds: float = 0
    visitors: int = 0
    at_once: int = 20
    seed: str = ""
    speed: float = 1.0


async def run_drill(
    drill: Drill, book: Book, stop: asyncio.Event, ledger: Ledger, note: Callable[[str], None]
) -> None:
    """Let visitors come until the drill is over or ``stop`` is set, then send everybody home. Raises Trouble."""
    url = socket_url(base_url(drill.server), "/ws/visitor")
    faces = _chosen(await departments(url), drill.departments)
    crowd: dict[asyncio.Task[None], Visitor] = {}
    over = asyncio.ensure_future(_over(drill, stop))
    try:
        await _arrivals(drill, book, url, faces, crowd, over, ledger, note)
        while crowd and not over.done():
            await asyncio.wait({over, *crowd}, return_when=asyncio.FIRST_COMPLETED)
            _dismiss(crowd)
    finally:
        over.cancel()
        await _send_home(crowd)


async def departments(url: str) -> list[p.DepartmentFace]:
    """What the server offers its visitors. Raises Trouble."""
    socket = await dial(url)
    try:
        async with asyncio.timeout(WELCOME_SECONDS):
            await socket.send(p.encode(p.VisitorHello(token=new_token(), drill=True)).decode())
            frame = p.decode_visitor_frame(await socket.recv())
    except (TimeoutError, EOFError, p.BadFrame) as error:
        raise Trouble(
            "What answers there is not an agentconsole server, or one of another version."
        ) from error
    finally:
        socket.transport.abort()
    if isinstance(frame, p.Refused | p.Bye):
        raise Trouble(f"The server does not want visitors now: {clean(frame.text)}")
    if not isinstance(frame, p.VisitorWelcome):
        raise Trouble("What answers there is not an agentconsole server, or one of another version.")
    return frame.departments


def _chosen(faces: list[p.DepartmentFace], slugs: Sequence[str]) -> list[p.DepartmentFace]:
    if not faces:
        raise Trouble("The server has no department yet. Add one: agentconsole admin department add NAME.")
    unknown = sorted(set(slugs) - {face.slug for face in faces})
    if unknown:
        known = ", ".join(clean(face.slug) for face in faces)
        raise Trouble(f"There is no department {unknown[0]!r}. The server has: {known}.")
    return [face for face in faces if not slugs or face.slug in slugs]


async def _over(drill: Drill, stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(drill.seconds or None):
            await stop.wait()


async def _arrivals(
    drill: Drill,
    book: Book,
    url: str,
    faces: list[p.DepartmentFace],
    crowd: dict[asyncio.Task[None], Visitor],
    over: asyncio.Future[None],
    ledger: Ledger,
    note: Callable[[str], None],
) -> None:
    luck = Random(drill.seed)
    number = 0
    while not over.done() and not (drill.visitors and number >= drill.visitors):
        if len(crowd) < drill.at_once:
            number += 1
            visitor = Visitor(url, plan(drill.seed, number, book, faces), drill.speed, ledger, note)
            crowd[asyncio.create_task(visitor.run())] = visitor
        await asyncio.wait({over}, timeout=luck.expovariate(drill.rate))
        _dismiss(crowd)


def _dismiss(crowd: dict[asyncio.Task[None], Visitor]) -> None:
    """Forget the visitors who have gone. Raises Trouble if the server turned one away."""
    for task in [task for task in crowd if task.done()]:
        del crowd[task]
        task.result()


async def _send_home(crowd: dict[asyncio.Task[None], Visitor]) -> None:
    if not crowd:
        return
    for visitor in crowd.values():
        visitor.go_home()
    await asyncio.wait(crowd, timeout=LAST_SECONDS)
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)


# --- the command line ------------------------------------------------------------------------------------------


def rate(text: str) -> float:
    """Arrivals a second, from `6/min`, `0.5/s` or `90/h`. Raises ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)/([a-z]+)", text.strip().lower())
    if not found or found[2] not in UNITS or not 0 < float(found[1]) / UNITS[found[2]] <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no rate; write 6/min, 0.5/s or 90/h (up to 100/s)")
    return float(found[1]) / UNITS[found[2]]


def positive(text: str) -> float:
    """A number above 0. Raises an error that argparse shows."""
    with suppress(ValueError):
        if 0 < (number := float(text)) < 1e6:
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")


def whole(text: str) -> int:
    """A whole number above 0. Raises an error that argparse shows."""
    if text.isdecimal() and 0 < int(text) < 1_000_000:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")


def parser(prog: str = "agentconsole simulate") -> argparse.ArgumentParser:
    """The flags of `agentconsole simulate`."""
    words = argparse.ArgumentParser(
        prog=prog,
        description="Let scripted visitors chat with a server's agents. What they do is marked as drill traffic.",
        epilog="Ends when the time is over, when all visitors have gone, or with Ctrl-C, and then tells what happened.",
        allow_abbrev=False,
    )
    words.add_argument(
        "--server", metavar="URL", default="http://127.0.0.1:8080", help="the server (default: %(default)s)"
    )
    words.add_argument(
        "--rate", type=rate, default="6/min", help="arrivals, such as 6/min or 0.5/s (default: %(default)s)"
    )
    words.add_argument(
        "--department",
        action="append",
        default=[],
        metavar="SLUG",
        help="only this one; repeat it for several (default: all)",
    )
    words.add_argument("--seconds", type=positive, default=0, help="stop after this time")
    words.add_argument(
        "--visitors", type=whole, default=0, metavar="MAX", help="stop after this many visitors"
    )
    words.add_argument(
        "--at-once",
        type=whole,
        default=20,
        metavar="N",
        help="at most so many at the same time (default: %(default)s)",
    )
    words.add_argument(
        "--seed", default="", help="any word or number: the same seed brings the same visitors"
    )
    words.add_argument(
        "--speed",
        type=positive,
        default=1.0,
        help="how much faster visitors type, think and wait (default: %(default)s)",
    )
    words.add_argument(
        "--script", type=Path, metavar="FILE", help="what they say, as a TOML file (see docs/training.md)"
    )
    words.add_argument(
        "--json", action="store_true", help="print nothing but the summary, as one JSON object"
    )
    return words


def main(arguments: Sequence[str]) -> int:
    """Run the command; the answer is the exit code: 0 done, 1 not possible (with a sentence), 2 wrong arguments."""
    given = parser().parse_args(arguments)
    drill = Drill(
        server=given.server,
        rate=given.rate,
        departments=tuple(given.department),
        seconds=given.seconds,
        visitors=given.visitors,
        at_once=given.at_once,
        seed=given.seed or secrets.token_hex(4),
        speed=given.speed,
    )
    ledger = Ledger()
    note = _silent if given.json else tell
    try:
        asyncio.run(_until_interrupted(drill, load(given.script), ledger, note))
    except (Trouble, Bad) as error:
        print(f"agentconsole simulate: {clean(str(error))}", file=sys.stderr)
        return 1
    report = {"seed": drill.seed, **ledger.report()}
    print(json.dumps(report, ensure_ascii=False) if given.json else summary(report))
    return 0


async def _until_interrupted(drill: Drill, book: Book, ledger: Ledger, note: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run_drill(drill, book, stop, ledger, note)


def tell(sentence: str) -> None:
    """Print a sentence with the time before it, safe for a terminal."""
    print(f"{datetime.now().astimezone():%H:%M:%S}  {cut(clean(sentence), 100)}", flush=True)


def _silent(sentence: str) -> None:
    pass


def summary(report: dict[str, object]) -> str:
    """The report for people, a line for each fact."""
    rows = []
    for name, value in report.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {number}" for key, number in value.items() if number is not None) or "-"
        rows.append(f"{name.replace('_', ' '):<22} {value}")
    return "\n".join(rows)
