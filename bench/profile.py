"""Where the server's time goes at saturation, by module."""

import json
import sys
import tempfile
from pathlib import Path

from bench.driver import Ours
from bench.figures import Report
from bench.sizes import Size
from bench.throughput import OUTSTANDING, window_for

SHOWN = 14


def profile(size: Size) -> list[Report]:
    """The shares of event loop and writer, the largest first."""
    chats = size.chats[0]
    report = Report(
        "profile at saturation",
        {"chats": chats, "note": "the profiler slows small functions most: read shares"},
    )
    with tempfile.TemporaryDirectory(prefix="agentconsole-") as folder:
        shares = Path(folder) / "shares"
        launcher = (sys.executable, "-m", "bench.profiled", str(shares))
        with Ours(Path(folder) / "data", size.agents, launcher=launcher) as ours:
            ours.open(chats, size.agents)
            ours.load.do("saturate", seconds=2 * size.seconds, window=window_for(chats, OUTSTANDING))
            ours.load.close()
            ours.served.stop()
        spent = json.loads(shares.read_text())
    whole = sum(sum(modules.values()) for modules in spent.values())
    for thread, modules in spent.items():
        report.add(thread, 100 * sum(modules.values()) / whole, unit="%")
        for module, seconds in list(modules.items())[:SHOWN]:
            report.add(f"  {module}", 100 * seconds / whole, unit="%")
    return [report]
