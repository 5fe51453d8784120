"""Durable throughput, CPU and latency of the product against the floor, in rounds taken in turn."""

import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from bench.driver import Contender, Disk, Floor, Ours
from bench.figures import Report, ratio
from bench.sizes import Size

OUTSTANDING = 1600  # lines on the way at saturation, over all chats and both sides
MOST = 16  # of them, a side and chat
STEADY = 1000  # lines a second
Rounds = dict[str, list[dict[str, Any]]]


def throughput(size: Size) -> list[Report]:
    """One report for each number of chats."""
    return [_with_chats(chats, size) for chats in size.chats]


def _with_chats(chats: int, size: Size) -> Report:
    window = window_for(chats, OUTSTANDING)
    settings = {"chats": chats, "lines on the way": f"{window} a side and chat", "rounds": size.rounds}
    report = Report(f"throughput, {chats} chats", settings)
    with (
        tempfile.TemporaryDirectory(prefix="agentconsole-") as folder,
        Floor() as floor,
        Ours(Path(folder) / "data", size.agents) as ours,
        Disk(Path(folder)) as disk,
    ):
        for contender in (floor, ours):
            contender.open(chats, size.agents)
        full = in_turn((floor, ours), size, "saturate", seconds=size.seconds, window=window)
        steady = in_turn((floor, ours, disk), size, "steady", seconds=size.seconds, rate=STEADY)
    _saturated(report, full)
    _steady(report, steady)
    return report


def window_for(chats: int, outstanding: int) -> int:
    """Lines on the way for each side of each chat, so that all together are about `outstanding`."""
    return min(MOST, max(1, outstanding // (2 * chats)))


def in_turn(contenders: tuple[Contender | Disk, ...], size: Size, phase: str, **arguments: Any) -> Rounds:
    """The same phase for each contender, one after the other, `size.rounds` times."""
    rounds: Rounds = defaultdict(list)
    for _ in range(size.rounds):
        for contender in contenders:
            rounds[contender.name].append(contender.load.do(phase, **arguments))
    return rounds


def compare(rounds: Rounds, *path: str) -> float:
    """The median of ours over the median of the floor's, of one value in the results."""
    return ratio(_values(rounds["ours"], path), _values(rounds["floor"], path))


def _values(results: list[dict[str, Any]], path: tuple[str, ...]) -> list[float]:
    values = []
    for result in results:
        value: Any = result
        for step in path:
            value = value[step]
        values.append(value)
    return values


def middle(rounds: Rounds, who: str, *path: str) -> float:
    """The median of one value."""
    return median(_values(rounds[who], path))


def _saturated(report: Report, full: Rounds) -> None:
    per_second = [f"{middle(full, who, 'rate'):,.0f}" for who in ("ours", "floor")]
    report.add(
        "throughput / floor",
        compare(full, "rate"),
        0.7,
        least=True,
        note="{} against {} lines/s".format(*per_second),
    )
    cpu = [f"{middle(full, who, 'cpu_us'):.1f}" for who in ("ours", "floor")]
    report.add("CPU per line / floor", compare(full, "cpu_us"), 1.5, note="{} against {} µs".format(*cpu))
    for p in ("p50", "p95"):
        _latency(report, full, "saturated", p, 3)
    report.add(
        "load generator busy",
        max(_values(full["floor"] + full["ours"], ("own_load",))),
        0.95,
        note="must not be the bottleneck",
    )
    report.add("server busy", middle(full, "ours", "server_load"), unit="cores")


def _steady(report: Report, steady: Rounds) -> None:
    """The tail has its goal here; the middle has it at saturation, where commits are shared."""
    for p, limit in (("p50", None), ("p95", None), ("p99", 4)):
        _latency(report, steady, f"{STEADY}/s", p, limit)
    for p in ("p50", "p95", "p99"):
        disk = middle(steady, "disk", "delivery_ms", p)
        value = middle(steady, "ours", "delivery_ms", p) / (middle(steady, "floor", "delivery_ms", p) + disk)
        report.add(
            f"delivery {p} / (floor + one commit), {STEADY}/s",
            value,
            note=f"three pages and a sync on this disk: {disk:.2f} ms",
        )
    report.add(f"CPU per line / floor, {STEADY}/s", compare(steady, "cpu_us"))


def _latency(report: Report, rounds: Rounds, when: str, p: str, limit: float | None) -> None:
    both = [f"{middle(rounds, who, 'delivery_ms', p):.2f}" for who in ("ours", "floor")]
    report.add(
        f"delivery {p} / floor, {when}",
        compare(rounds, "delivery_ms", p),
        limit,
        note="{} against {} ms".format(*both),
    )
