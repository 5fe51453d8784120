"""What a line costs when there is more of everything: chats, events in the chat, messages in the database."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from bench.driver import Contender, Floor, Ours
from bench.figures import Report
from bench.sizes import Size
from bench.throughput import OUTSTANDING, window_for

LIMIT = 1.1
LONG_CHATS = 20  # chats that are filled with events
PER_CHAT = 200  # stored messages in one old chat


def growth(size: Size) -> list[Report]:
    """CPU per line, many against few; where the floor grows too, relative to it."""
    report = Report("growth", {"figure": "server CPU per line at saturation", "lines on the way": OUTSTANDING})
    with tempfile.TemporaryDirectory(prefix="agentconsole-") as name:
        _chats(report, size, Path(name))
        _events(report, size, Path(name))
        _stored(report, size, Path(name))
    return [report]


def _chats(report: Report, size: Size, folder: Path) -> None:
    few, many = size.few_chats, size.many_chats
    costs: dict[str, list[float]] = {}
    with Floor() as floor_few, Floor() as floor_many:
        with Ours(folder / "few") as ours_few, Ours(folder / "many") as ours_many:
            pairs: list[tuple[str, Contender, int]] = [
                ("floor few", floor_few, few),
                ("floor many", floor_many, many),
                ("ours few", ours_few, few),
                ("ours many", ours_many, many),
            ]
            for _, contender, chats in pairs:
                contender.open(chats)
            for _ in range(size.rounds):
                for name, contender, chats in pairs:
                    costs.setdefault(name, []).append(cost(contender, size, chats))
    ours = median(costs["ours many"]) / median(costs["ours few"])
    floor = median(costs["floor many"]) / median(costs["floor few"])
    report.add(f"{many} against {few} chats", ours / max(1.0, floor), LIMIT, note=f"ours {ours:.2f}, floor {floor:.2f}")


def _events(report: Report, size: Size, folder: Path) -> None:
    short, long = [], []
    with Ours(folder / "short") as fresh, Ours(folder / "long") as filled:
        fresh.open(LONG_CHATS)
        filled.open(LONG_CHATS)
        filled.load.do("fill", lines=size.long_chat // 2)
        for _ in range(size.rounds):
            short.append(cost(fresh, size, LONG_CHATS, lines=5))
            long.append(cost(filled, size, LONG_CHATS))
            fresh = _again(fresh)
    report.add(f"{size.long_chat} against few events in the chat", median(long) / median(short), LIMIT)


def _stored(report: Report, size: Size, folder: Path) -> None:
    none, many = [], []
    with Ours(folder / "empty") as empty, Ours(folder / "old") as old:
        old.served.stop()
        fill(folder / "old" / "agentconsole.db", size.stored)
        old.start()
        empty.open(size.few_chats)
        old.open(size.few_chats)
        for _ in range(size.rounds):
            none.append(cost(empty, size, size.few_chats))
            many.append(cost(old, size, size.few_chats))
    report.add(f"{size.stored:,} stored messages against none", median(many) / median(none), LIMIT)


def cost(contender: Contender, size: Size, chats: int) -> float:
    """CPU per line in µs, the server kept full."""
    result = contender.load.do("saturate", seconds=size.seconds, window=window_for(chats, OUTSTANDING))
    return float(result["cpu_us"])
