"""What the server costs when it does nothing: memory at rest and per idle connection, and how fast it is there."""

import compileall
import tempfile
from pathlib import Path
from statistics import median

import agentconsole
from bench.driver import Contender, Floor, Ours
from bench.figures import Report
from bench.sizes import Size
from tests.proof.server import Served

MEBIBYTE, KIBIBYTE = 1 << 20, 1 << 10


def footprint(size: Size) -> list[Report]:
    """Memory as proportional set size; start from spawning the process to its ready line."""
    report = Report(
        "footprint", {"idle connections": size.idle, "busy chats": size.busy, "starts": size.starts}
    )
    with tempfile.TemporaryDirectory(prefix="agentconsole-") as name:
        _start(report, size, Path(name))
        _memory(report, size, Path(name))
    return [report]


def _start(report: Report, size: Size, folder: Path) -> None:
    compileall.compile_dir(str(Path(agentconsole.__file__).parent), quiet=2)
    first, again = [], []
    for number in range(size.starts):
        served = Served(folder / f"start{number}")
        first.append(served.start())
        served.stop()
        again.append(served.start())
        served.stop()
    report.add("start to ready", median(again), 1.0, unit="s")
    report.add("first start, makes the database", median(first), 1.0, unit="s")


def _memory(report: Report, size: Size, folder: Path) -> None:
    with Floor() as floor, Ours(folder / "data", size.agents) as ours:
        report.add("at rest", ours.memory() / MEBIBYTE, 60, unit="MiB")
        each = {contender.name: _each_idle(contender, size) for contender in (floor, ours)}
        note = f"{each['ours'] / KIBIBYTE:.1f} against {each['floor'] / KIBIBYTE:.1f} KiB"
        report.add("an idle connection / floor", each["ours"] / each["floor"], 1.0, note=note)
        report.add("with all connections", ours.memory() / MEBIBYTE, unit="MiB")


def _each_idle(contender: Contender, size: Size) -> float:
    contender.open(size.busy, size.agents)
    contender.load.do("steady", seconds=size.seconds, rate=500)
    before = contender.memory()
    contender.load.do("idle", count=size.idle)
    contender.load.do("steady", seconds=size.seconds, rate=500)
    return (contender.memory() - before) / size.idle
