"""A list of very many tickets on the screen: from a key to the last byte that it paints, in a terminal of 120x40."""

import os
import sys
from pathlib import Path
from statistics import median

from bench.figures import Report
from bench.tape import Tape
from tests.proof.server import Served
from tests.proof.staffing import agent_name

GOAL_MS = 150.0
TIMES = 5
# What is done, the key that does it, and the key that goes back.
DEEDS = (
    ("open the list", "K", "g"),
    ("next filter", ">", ""),
    ("previous filter", "<", ""),
    ("to the end of the list", "\x1b[F", "\x1b[H"),
    ("open a ticket", "\r", "x"),
)


def tickets_screen(served: Served, token: str, folder: Path, stored: int) -> Report:
    """What each costs in the shipped console, connected to a server that has them."""
    report = Report("tickets on screen", {"tickets": f"{stored:,}", "terminal": "120x40"})
    with Tape(command(served), environment(folder, token)) as tape:
        tape.wait_for("Nobody is waiting.")
        tape.quiet(3)  # it has looked around by then
        first, _ = _pressed(tape, "K")
        report.add("open the list, first time", first, GOAL_MS, unit="ms")
        for what, key, back in DEEDS:
            took, amounts = [], []
            for _ in range(TIMES):
                if back:
                    _pressed(tape, back)
                ms, amount = _pressed(tape, key)
                took.append(ms)
                amounts.append(amount)
            note = f"slowest {max(took):.0f}; {median(amounts):,.0f} bytes"
            report.add(what, median(took), GOAL_MS, unit="ms", note=note)
            if what == "open a ticket":
                _pressed(tape, "x")
    return report


def _pressed(tape: Tape, key: str) -> tuple[float, int]:
    """Milliseconds until all that a key causes is painted, and how many bytes that took."""
    pressed = tape.press(key)
    amount = tape.quiet(0.5)
    return (1_000 * (tape.chunks[-1][0] - pressed) if amount else 0.0), amount


def command(served: Served) -> list[str]:
    """How the console is started."""
    return [sys.executable, "-m", "agentconsole", "--server", served.url, "--user", agent_name(0)]


def environment(folder: Path, token: str) -> dict[str, str]:
    """With folders of its own and the agent's token."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("STATE", "CONFIG", "CACHE", "DATA")}
    return {**os.environ, **folders, "HOME": str(home), "AGENTCONSOLE_TOKEN": token}
