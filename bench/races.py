"""The long form of the proof of races: each for thousands of seeds, on both databases; a seed chooses every step.

`./dev prove-races --seeds 3000`; the short form is in the test suite.
"""

import argparse
import asyncio
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tests.databases import own_server
from tests.proof.races import Quick
from tests.proof.races_faults import FAULTS
from tests.proof.races_named import RACES, once
from tests.proof.races_play import play

SEEDS = 2_000
BLOCK = 20  # seeds of one race, then of the next: whenever the time is over, all were played equally often
SHOWN = 3
NAMED = {race.__name__: race for race in RACES}
DAY = "day"
SQLITE = "sqlite"


@dataclass
class Tally:
    """What came of one race on one database."""

    race: str
    seeds: int = 0
    commits: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[int, str]] = field(default_factory=list)

    @property
    def is_race(self) -> bool:
        """Did the seeds lead to as many different ends as there must be?"""
        return self.race == DAY or self.seeds < 24 or len(self.ends) >= RACES[NAMED[self.race]]


@dataclass(frozen=True)
class Wish:
    """What is to be played: these races, for so many seeds from the first one on, for so many minutes at most."""

    races: Sequence[str]
    first: int
    seeds: int
    minutes: float
    fault: str = ""


async def _one(database: Quick, race: str, seed: int) -> tuple[str, int]:
    if race == DAY:
        return "", (await play(database, seed)).commits
    return await once(NAMED[race], database, seed)


def _play(database: Quick, tally: Tally, seeds: range) -> None:
    for seed in seeds:
        try:
            end, commits = asyncio.run(_one(database, tally.race, seed))
        except AssertionError as error:
            tally.broken.append((seed, str(error)))
        else:
            tally.ends[end] += 1
            tally.commits += commits
        tally.seeds += 1


def proved(url: str, wish: Wish) -> list[Tally]:
    """Play it all on the empty database at `url`, in this process."""
    if wish.fault:
        FAULTS[wish.fault](setattr)
    tallies = [Tally(race) for race in wish.races]
    with tempfile.TemporaryDirectory(prefix="agentconsole-") as name:
        database = Quick(url or f"sqlite:///{name}/races.db", Path(name))
        try:
            database.migrate()
            ends_at = time.monotonic() + 60 * wish.minutes if wish.minutes else float("inf")
            for first in range(wish.first, wish.first + wish.seeds, BLOCK):
                for tally in tallies:
                    if time.monotonic() < ends_at:
                        _play(database, tally, range(first, min(first + BLOCK, wish.first + wish.seeds)))
                _progress(
                    f"{'SQLite' if database.sqlite else 'PostgreSQL'}: {tallies[-1].seeds:,} of {wish.seeds:,} seeds of each"
                )
        finally:
            database.close()
    return tallies


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}   ", end="", file=sys.stderr, flush=True)


def table(found: dict[str, list[Tally]]) -> Table:
    """A row for each race and database."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("race")
    shown.add_column("database")
    for column in ("seeds", "commits", "different ends", "broken rules"):
        shown.add_column(column, justify="right")
    for at, race in enumerate(tally.race for tally in next(iter(found.values()))):
        for engine, tallies in found.items():
            one = tallies[at]
            ends = "" if race == DAY else f"{len(one.ends)}" + ("" if one.is_race else " (no race)")
            shown.add_row(race, engine, f"{one.seeds:,}", f"{one.commits:,}", ends, f"{len(one.broken)}")
    return shown


def _databases(wanted: str, stack: ExitStack) -> dict[str, str]:
    """Names and URLs; '' is a file of its own. A PostgreSQL server is started where none is named."""
    if wanted == SQLITE:
        return {SQLITE: ""}
    if wanted in ("both", "postgres"):
        url = stack.enter_context(own_server()).render_as_string(hide_password=False)
        return ({SQLITE: ""} if wanted == "both" else {}) | {"postgres": url}
    return {wanted.partition(":")[0]: wanted}


def _arguments() -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="./dev prove-races", description=__doc__)
    words.add_argument(
        "races", nargs="*", metavar="RACE", help=f"of {', '.join([*NAMED, DAY])} (default all)"
    )
    words.add_argument("--seeds", type=int, default=SEEDS, help=f"how many of each (default {SEEDS:,})")
    words.add_argument(
        "--from", type=int, default=1, dest="first", metavar="SEED", help="the first (default 1)"
    )
    words.add_argument("--minutes", type=float, default=0, help="end after so long, with fewer seeds of each")
    words.add_argument(
        "--database",
        default="both",
        metavar="URL|sqlite|postgres|both",
        help="where: the URL of an EMPTY database, or one that is made for it (default both)",
    )
    words.add_argument("--fault", choices=sorted(FAULTS), default="", help="with a deliberate fault")
    given = words.parse_args()
    if unknown := set(given.races) - {*NAMED, DAY}:
        words.error(f"there is no race {', '.join(sorted(unknown))}; there are {', '.join([*NAMED, DAY])}")
    return given


def main() -> int:
    """0 when every rule held, whatever the seed, and every race was one."""
    given = _arguments()
    wish = Wish(given.races or [*NAMED, DAY], given.first, given.seeds, given.minutes, given.fault)
    with ExitStack() as stack:
        databases = _databases(given.database, stack)
        spawned: dict[str, Any] = {"mp_context": multiprocessing.get_context("spawn")}
        workers = stack.enter_context(ProcessPoolExecutor(len(databases), **spawned))
        found = dict(zip(databases, workers.map(partial(proved, wish=wish), databases.values()), strict=True))
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    console.print(table(found))
    for engine, tallies in found.items():
        for seed, story in [each for tally in tallies for each in tally.broken][:SHOWN]:
            console.print(f"seed {seed} on {engine}:\n{story}\n", markup=False)
    return 0 if all(one.is_race and not one.broken for each in found.values() for one in each) else 1


if __name__ == "__main__":
    sys.exit(main())
