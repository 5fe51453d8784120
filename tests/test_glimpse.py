"""The last picture is shown again, before anything is loaded, where command and terminal are the same."""

import os
import stat
import sys
from pathlib import Path

import pytest

from agentconsole import cache, glimpse
from tests.terminal.rig import Terminal

KEEP = "import sys; from agentconsole import glimpse; glimpse.keep(sys.argv[1], sys.argv[2:], b'Visitor waits'); print('kept')"
SHOW = (
    "import sys; before = set(sys.modules); from agentconsole import glimpse; shown = glimpse.show(sys.argv[1:], lambda: print('before'));"
    "print('shown' if shown else 'nothing', sorted(set(sys.modules) - before))"
)
LOADS_NOTHING = "['__future__', 'agentconsole', 'agentconsole.glimpse']"

pytestmark = pytest.mark.terminal


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "agentconsole").mkdir()
    return tmp_path / "agentconsole"


def keep(home: Path, *words: str) -> None:
    with Terminal([sys.executable, "-c", KEEP, str(home), *words], columns=90, lines=24) as terminal:
        terminal.wait_for("kept")


def shown(*words: str, columns: int = 90) -> str:
    environ = {"NO_COLOR": os.environ.get("NO_COLOR")}
    with Terminal([sys.executable, "-c", SHOW, *words], columns=columns, lines=24, env=environ) as terminal:
        terminal.wait_for("]")
        return " ".join(terminal.rows)


def test_the_same_command_shows_it_and_loads_nothing(home: Path) -> None:
    keep(home, "--user", "liv")
    assert f"before Visitor waitsshown {LOADS_NOTHING}" in shown("--user", "liv")
    assert stat.S_IMODE((home / glimpse.NAME).stat().st_mode) == 0o600


def test_another_command_or_terminal_shows_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nothing" in shown("--user", "liv")
    keep(home, "--user", "liv")
    assert "nothing" in shown("--user", "ola")
    assert "nothing" in shown("--user", "liv", columns=91)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "nothing" in shown("--user", "liv")


def test_without_a_terminal_nothing_is_shown_or_kept(home: Path) -> None:
    glimpse.keep(str(home), [], b"picture")
    assert os.listdir(home) == []
    assert not glimpse.show([], pytest.fail)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the picture is drawn from its data")
def test_both_look_in_the_same_folder(home: Path) -> None:
    assert cache.state_folder() == home


def test_changes_turn_one_picture_into_another() -> None:
    old, new = cache.ENTER + b"one\r\ntwo\r\nthree", cache.ENTER + b"one\r\n2\r\nthree"
    assert cache.changes(old, new) == b"\x1b[2H2"
    assert cache.changes(old, old) == b""
