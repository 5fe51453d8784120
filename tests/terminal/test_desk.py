"""The driver and the transcript in a real pseudo-terminal: bytes, sizes, signals, locales, and a clean end."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile import HOSTILE
from tests.terminal.rig import Terminal, foreign_controls
from tests.waiting import until

pytestmark = pytest.mark.terminal

DESK = [sys.executable, "-m", "tests.terminal.desk"]
F2, F3, F4, F5, F6, F10 = "\x1bOQ", "\x1bOR", "\x1bOS", "\x1b[15~", "\x1b[17~", "\x1b[21~"


@pytest.fixture
def desk() -> Iterator[Terminal]:
    with Terminal(DESK, columns=120, lines=40) as terminal:
        terminal.wait_for("earlier 1")
        terminal.wait_quiet()
        yield terminal


def assert_restored(terminal: Terminal) -> None:
    """The terminal is as it was before: modes, cursor, screen, and the line discipline."""
    raw = terminal.raw
    for mode in (b"1049", b"1000", b"1003", b"1006", b"1004", b"2004"):
        assert raw.rfind(b"\x1b[?" + mode + b"l") > raw.rfind(b"\x1b[?" + mode + b"h"), mode
    assert raw.rfind(b"\x1b[?25h") > raw.rfind(b"\x1b[?25l")
    assert raw.rfind(b"\x1b[?7h") > raw.rfind(b"\x1b[?7l")
    assert raw.count(b"\x1b[<u") >= raw.count(b"\x1b[>")
    assert terminal.attributes() == terminal.attributes_before


def test_bytes_per_key_line_and_switch_and_none_when_idle(desk: Terminal) -> None:
    before = desk.wait_quiet()
    for key in "the quick brown fox":
        desk.send(key)
        desk.wait_quiet(0.05)
    desk.wait_for("the quick brown fox")
    keys = desk.wait_quiet()
    assert (keys - before) / 19 <= 30
    for number in range(1, 11):
        desk.send(F2)
        desk.wait_for(f"line {number}:")
    lines = desk.wait_quiet()
    assert (lines - keys) / 10 <= 200
    for number in range(10):
        desk.send(F3)
        desk.wait_for("waiting 20" if number % 2 == 0 else "line 10:")
    switches = desk.wait_quiet()
    assert (switches - lines) / 10 <= 8000
    assert desk.wait_quiet(1.0) == switches
    assert foreign_controls(desk.raw) == []


def test_the_terminals_own_cursor_stands_at_the_input(desk: Terminal) -> None:
    desk.send("abc")
    desk.wait_for("abc")
    desk.wait_quiet()
    assert desk.raw.rfind(b"\x1b[?25h") > desk.raw.rfind(b"\x1b[?25l")
    cursor = desk.screen.cursor
    row = desk.rows[cursor.y]
    assert row[: cursor.x].endswith("abc")
    desk.send("\x1b[D")
    desk.wait_until(lambda rows: desk.screen.cursor.x == cursor.x, what="the cursor to move")
    assert not desk.screen.buffer[cursor.y][cursor.x].reverse


def test_every_hostile_text_is_shown_and_none_acts() -> None:
    with Terminal([*DESK, "hostile"], columns=100, lines=30) as terminal:
        terminal.wait_for(f"intact {len(HOSTILE) - 1}")
        seen: set[int] = set()
        terminal.send("\t")
        for _ in range(200):
            seen.update(map(int, re.findall(r"intact (\d+)", "\n".join(terminal.rows))))
            if 0 in seen:
                break
            before = terminal.rows
            terminal.send("\x1b[5~")
            terminal.wait_until(lambda rows, before=before: rows != before, what="the page before")
            terminal.wait_quiet(0.02)
        assert seen == set(range(len(HOSTILE)))
        assert foreign_controls(terminal.raw, signals=False) == []


def test_sizes_down_to_one_cell_and_storms_of_them(desk: Terminal) -> None:
    for columns, lines in [(1, 1), (2, 2), (20, 6), (40, 12), (300, 2), (1, 90)]:
        desk.resize(columns, lines)
        desk.wait_quiet(0.1)
    for step in range(60):
        desk.resize(20 + step, 6 + step // 3)
    desk.resize(80, 24)
    desk.wait_for("earlier 1")
    desk.send("still here")
    desk.wait_for("still here")
    desk.resize(20, 6)
    desk.wait_until(
        lambda rows: any("earlier 1" in row for row in rows) and any("still" in row for row in rows)
    )


@pytest.mark.parametrize("how", ["f10", "SIGTERM", "SIGHUP", "SIGINT", "crash"])
def test_the_terminal_is_left_clean(desk: Terminal, how: str) -> None:
    desk.send(F6)
    desk.send({"f10": F10, "crash": F4}.get(how, ""))
    if how.startswith("SIG"):
        desk.wait_quiet(0.1)
        os.kill(desk.process.pid, getattr(signal, how))
    code = desk.wait_end()
    assert_restored(desk)
    assert desk.raw.rfind(b"\x1b[23;0t") > desk.raw.rfind(b"\x1b[22;0t") > 0
    assert b"\x1b]2;2 waiting\x07" in desk.raw
    assert code == {"f10": 0, "SIGTERM": 143, "SIGHUP": 129, "SIGINT": 130, "crash": 1}[how]
    assert (b"Traceback" in desk.raw) == (how == "crash")


@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_while_the_terminal_is_taken_over_leaves_it_clean(how: str) -> None:
    with Terminal([*DESK, how], columns=120, lines=40) as terminal:
        code = terminal.wait_end()
        assert code == 128 + getattr(signal, how)
        assert b"\x1b[?1049h" in terminal.raw
        assert_restored(terminal)
        assert b"Traceback" not in terminal.raw


def test_a_terminal_that_stands_still_loses_nothing(desk: Terminal) -> None:
    desk.reads = False
    select.select([], [], [], 0.2)  # the reader's last look around
    for _ in range(60):  # far more than a terminal keeps for its reader
        desk.send(F3)
        desk.send(F2)
        desk.send(F6)
        select.select([], [], [], 0.02)
    desk.send("still here")
    desk.reads = True
    desk.wait_for("line 60:", 40)
    desk.wait_for("still here")
    desk.send(F3)
    desk.wait_for("waiting 20")
    desk.send(F3)
    rows = desk.wait_for("line 60:")
    assert [row for row in rows if "line 59:" in row]
    assert foreign_controls(desk.raw) == []


def test_it_can_be_left_though_the_terminal_stands_still(desk: Terminal) -> None:
    desk.reads = False
    for _ in range(60):
        desk.send(F3)
        select.select([], [], [], 0.02)
    desk.send(F10)
    assert desk.process.wait(15) == 0


def test_a_lost_terminal_ends_the_program_quietly(desk: Terminal) -> None:
    desk.hang_up()
    assert desk.process.wait(15) in (128 + signal.SIGHUP, -signal.SIGHUP)


def test_stopping_and_going_on_draws_everything_again(desk: Terminal) -> None:
    desk.send("draft")
    desk.wait_for("draft")
    os.kill(desk.process.pid, signal.SIGTSTP)
    desk.wait_until(lambda _: b"\x1b[?1049l" in desk.raw, what="the terminal given back")
    desk.wait_quiet(0.2)
    assert_restored(desk)
    size = len(desk.raw)
    os.kill(desk.process.pid, signal.SIGCONT)
    os.kill(desk.process.pid, signal.SIGCONT)
    desk.wait_until(lambda _: "draft" in desk.raw[size:].decode(errors="replace"), what="the draft again")
    desk.send("ed")
    desk.wait_for("drafted")
    desk.wait_for("earlier 1")


def test_another_program_may_use_the_terminal_meanwhile(desk: Terminal) -> None:
    desk.send("draft")
    desk.wait_for("draft")
    desk.send(F5)
    desk.wait_for("another program here")
    desk.wait_quiet(0.2)
    assert_restored(desk)
    size = len(desk.raw)
    desk.send("\n")
    desk.wait_until(lambda _: "draft" in desk.raw[size:].decode(errors="replace"), what="the draft again")
    desk.send("ed")
    desk.wait_for("drafted")


def test_a_large_frame_is_synchronised_where_the_terminal_can(desk: Terminal) -> None:
    desk.send("\x1b[?2026;2$y")
    desk.wait_quiet()
    desk.send("x")
    desk.wait_for("x")
    size = desk.wait_quiet()
    assert b"\x1b[?2026h" not in desk.raw[:size]
    desk.send(F3)
    desk.wait_for("waiting 20")
    desk.wait_quiet()
    assert desk.raw[size:].count(b"\x1b[?2026h") == desk.raw[size:].count(b"\x1b[?2026l") == 1


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """A tmux server of our own: another emulator, and where our people work."""
    if shutil.which("tmux") is None:
        pytest.skip("needs tmux")
    command = ["tmux", "-f", "/dev/null", "-S", str(tmp_path / "socket")]

    def run(*arguments: str) -> str:
        return subprocess.run([*command, *arguments], check=True, capture_output=True, text=True).stdout

    yield run
    subprocess.run([*command, "kill-server"], check=False, capture_output=True)


def test_tmux_shows_the_same_as_our_emulator(desk: Terminal, tmux: Callable[..., str]) -> None:
    tmux("new-session", "-d", "-x", "120", "-y", "40", *DESK, ";", "set", "status", "off")

    def rows() -> list[str]:
        return [row.rstrip() for row in tmux("capture-pane", "-p").splitlines()]

    until(lambda: any("earlier 1" in row for row in rows()), what="the desk in tmux")
    desk.resize(120, 40)
    for keys, name, seen in [
        ("hi there", None, "hi there"),
        (F2, "F2", "line 1:"),
        (F2, "F2", "line 2:"),
        (F3, "F3", "waiting 20"),
        (F3, "F3", "line 2:"),
        (F2, "F2", "line 3:"),
    ]:
        desk.send(keys)
        tmux("send-keys", *([name] if name else ["-l", keys]))
        desk.wait_for(seen)
        desk.wait_quiet(0.1)
        until(lambda: rows() == desk.rows, what=f"the same screen after {keys!r}")


def test_no_color_means_no_colour_at_all() -> None:
    with Terminal(DESK, env={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for("earlier 1")
        terminal.send(F3)
        terminal.wait_for("waiting 10")
        terminal.wait_quiet()
        used = {code for codes in re.findall(rb"\x1b\[([\d;]*)m", terminal.raw) for code in codes.split(b";")}
        assert used <= {b"", b"0", b"1", b"2", b"3", b"4", b"7", b"9", b"22", b"23", b"24", b"27", b"29"}


@pytest.mark.parametrize("env", [{"LANG": "C"}, {"LC_ALL": "POSIX"}, {"LANG": "en_US.ISO-8859-1"}])
def test_a_locale_without_utf8_gets_ascii(env: dict[str, str]) -> None:
    with Terminal([*DESK, "hostile"], env=env) as terminal:
        terminal.wait_for("intact")
        terminal.send(F3)
        terminal.wait_for("waiting 10")
        terminal.wait_quiet()
        assert terminal.raw.isascii()


def test_sixteen_colours_and_an_old_terminal_still_show_everything() -> None:
    for env in ({"TERM": "vt100", "COLORTERM": None}, {"TERM": "linux", "COLORTERM": None}, {"TERM": None}):
        with Terminal(DESK, env=env) as terminal:
            terminal.wait_for("earlier 1")
            terminal.send("typed")
            terminal.wait_for("typed")
