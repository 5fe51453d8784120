"""What the settings file says holds at the real console, and what cannot be used is told there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journey.conftest import Consoles
from tests.running import Running
from tests.waiting import until

pytestmark = pytest.mark.terminal

FILE = '[keys]\ntake_next = ["$"]\ntest_alerts = ["f12"]\n'
F12 = "\x1b[24~"
THROUGH_TMUX = b"\x1bPtmux;\x1b\x1b]9;agentconsole test: notification by osc9\x07\x1b\\"


def write(tmp_path: Path, text: str) -> None:
    """Put it where the console looks."""
    folder = tmp_path / "home" / "xdg_config_home" / "agentconsole"
    folder.mkdir(parents=True)
    (folder / "console.toml").write_text(text)


def test_keys_are_those_of_the_file_and_alerts_go_through_tmux(
    site: Running, department: str, consoles: Consoles, tmp_path: Path
) -> None:
    write(tmp_path, FILE)
    console = consoles(env={"TMUX": "/tmp/tmux,1,0"}).ready()
    console.wait_for("$ Take next")
    console.send(F12)
    console.wait_for("Did you see and hear it?")
    until(lambda: THROUGH_TMUX in console.raw, what="the notification for the terminal outside")
    assert b"\x07\x1bPtmux;" in console.raw
    assert b"\x1b]2;agentconsole test: the title\x07" in console.raw
    console.send("1")
    console.wait_for("Your alerts count as tested.")
    visitor = site.visitor()
    visitor.start(site.department_id(department), "Good morning", name="Vi")
    visitor.close()
    console.row("Vi", "Good morning")
    console.send("t")
    console.wait_for("t does nothing here")
    console.send("$")
    console.row("to Vi ▸")


def test_what_cannot_be_used_is_told(consoles: Consoles, tmp_path: Path) -> None:
    write(tmp_path, 'theme = "nihgt"\n')
    console = consoles()
    console.wait_for("There is no theme 'nihgt'; choose auto, night,")
