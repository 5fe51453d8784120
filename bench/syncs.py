"""How many syncs a line costs, what slow ones do, and that each comes before its acknowledgement."""

import tempfile
from pathlib import Path
from statistics import median

from bench.driver import Ours, SyncShim
from bench.figures import Report
from bench.sizes import Size
from bench.throughput import OUTSTANDING, window_for
from tests.proof import order

SLOW = 10  # milliseconds added to every sync


def syncs(size: Size) -> list[Report]:
    """Counted by a preloaded library; the order once with strace."""
    chats = size.chats[0]
    window = window_for(chats, OUTSTANDING)
    report = Report(
        "syncs",
        {"chats": chats, "lines on the way": f"{window} a side and chat", "slow sync": f"{SLOW} ms more"},
    )
    with tempfile.TemporaryDirectory(prefix="agentconsole-") as name:
        folder = Path(name)
        shim = SyncShim(folder)
        with Ours(folder / "data", size.agents, environment=shim.environment) as ours:
            ours.open(chats, size.agents)
            before = shim.count
            ours.load.do("lone", count=size.lone)
            report.add(
                "syncs of a lone line",
                (shim.count - before) / size.lone,
                1.02,
                note=f"{size.lone} lines, one at a time",
            )
            _saturated(report, size, shim, ours, window)
            _in_order(report, size, ours, folder)
    return [report]


def _saturated(report: Report, size: Size, shim: SyncShim, ours: Ours, window: int) -> None:
    fast, slow, each = [], [], []
    for _ in range(size.rounds):
        before, done = shim.count, ours.load.do("saturate", seconds=size.seconds, window=window, ramp=0)
        each.append((shim.count - before) / done["messages"])
        fast.append(done["rate"])
        shim.delay(SLOW)
        slow.append(ours.load.do("saturate", seconds=size.seconds, window=window)["rate"])
        shim.delay(0)
    report.add("syncs a line at saturation", median(each), 0.1)
    note = f"{median(slow):,.0f} of {median(fast):,.0f} lines/s"
    report.add(
        f"throughput kept with {SLOW} ms a sync", median(slow) / median(fast), 0.3, least=True, note=note
    )


def _in_order(report: Report, size: Size, ours: Ours, folder: Path) -> None:
    if not order.available():
        report.remarks.append(
            "the order of sync and acknowledgement was not shown: there is no strace here that may trace"
        )
        return
    trace = folder / "trace"
    with order.traced(ours.pid, trace):
        cids = ours.load.do("named", lone=size.lone, together=size.traced)["cids"]
    with trace.open("rb") as lines:
        shown = order.read(lines, cids)
    report.add(
        "acknowledged before its sync",
        len(shown.early) + len(shown.unwritten),
        0,
        note=f"of {shown.acknowledged}, by strace",
    )
    report.add("acknowledgements not seen by strace", len(cids) - shown.acknowledged, 0)
    with trace.open("rb") as lines:
        report.remarks += ["one lone line, as strace saw it:", *order.story(lines, cids[size.lone // 2])]
