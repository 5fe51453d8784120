"""`./dev bench [names] [--short] [--json FILE]`: every figure beside its goal."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.assignments import assignments
from bench.console import console
from bench.dispatcher import dispatcher
from bench.figures import Report
from bench.footprint import footprint
from bench.growth import growth
from bench.hours import hours_bench
from bench.mail import mail
from bench.observers import observers
from bench.profile import profile
from bench.rules import rules_bench
from bench.sizes import SHORT, WHOLE, Size
from bench.syncs import syncs
from bench.throughput import throughput
from bench.tickets import tickets
from tests.proof.server import RAISED

PARTS: dict[str, Callable[[Size], list[Report]]] = {
    "throughput": throughput,
    "syncs": syncs,
    "growth": growth,
    "footprint": footprint,
    "console": console,
    "dispatcher": dispatcher,
    "assignments": assignments,
    "observers": observers,
    "tickets": tickets,
    "hours": hours_bench,
    "rules": rules_bench,
    "mail": mail,
    "profile": profile,
}


def run(names: Sequence[str], size: Size) -> list[Report]:
    """The named parts one after the other, printed as they come."""
    reports = []
    for name in names:
        began = time.monotonic()
        for report in PARTS[name](size):
            print(report, flush=True)
            reports.append(report)
        print(f"   ({name}: {time.monotonic() - began:.0f} s)", flush=True)
    return reports


def surroundings() -> dict[str, str]:
    """What figures depend on, besides the code."""
    raised = ", ".join(f"{name} {value}" for name, value in RAISED.items())
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} cores",
        "server settings raised for the run": raised,
    }


def main() -> int:
    """0 when every goal that was measured is met."""
    words = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    words.add_argument("names", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)} (default: all)")
    words.add_argument(
        "--short", action="store_true", help="fewer and shorter rounds: a look, not a measurement"
    )
    words.add_argument("--json", type=Path, metavar="FILE", help="write all figures into this file too")
    words.add_argument(
        "--data", metavar="DIR", help="where the data folders are made (default: the temporary folder)"
    )
    arguments = words.parse_args()
    if arguments.data:
        tempfile.tempdir = arguments.data
    if unknown := set(arguments.names) - PARTS.keys():
        words.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    for name, value in surroundings().items():
        print(f"{name}: {value}")
    reports = run(arguments.names or list(PARTS), SHORT if arguments.short else WHOLE)
    if arguments.json:
        content = {"surroundings": surroundings(), "reports": [report.as_json() for report in reports]}
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    missed = [figure.name for report in reports for figure in report.figures if figure.met is False]
    print(f"{len(missed)} of the goals are not met" if missed else "all goals are met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
