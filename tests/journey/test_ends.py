"""However the console ends, the terminal is as it was before; and the next start shows how things stood."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journey.conftest import Consoles
from tests.journey.console import ENTER, F8, Console
from tests.journey.link import link_to
from tests.running import Running, cid
from tests.terminal.rig import foreign_controls

pytestmark = pytest.mark.terminal

COLOURS = re.compile(rb"\x1b\[([\d;:]*)m")
PLAIN = {b"", b"0", b"1", b"2", b"3", b"4", b"7", b"9", b"22", b"23", b"24", b"27", b"29"}


def assert_restored(console: Console) -> None:
    """Modes, cursor, colours, title and the line discipline."""
    raw = console.raw
    for mode in (b"1049", b"1000", b"1003", b"1006", b"1004", b"2004"):
        assert raw.rfind(b"\x1b[?" + mode + b"l") > raw.rfind(b"\x1b[?" + mode + b"h") >= 0, mode
    assert raw.rfind(b"\x1b[?25h") > raw.rfind(b"\x1b[?25l") > 0
    assert raw.count(b"\x1b[<u") >= raw.count(b"\x1b[>")
    assert raw.rfind(b"\x1b[23;") > raw.rfind(b"\x1b[22;") > 0
    assert COLOURS.findall(raw)[-1] in (b"", b"0")
    assert console.attributes() == console.attributes_before
    assert b"Traceback" not in raw
    assert foreign_controls(raw) == []


def in_a_chat(site: Running, department: str, console: Console) -> None:
    """A chat of mine in front of me, a draft and a note begun."""
    console.ready()
    visitor = site.visitor()
    visitor.start(site.department_id(department), "Good morning", name="Vi")
    visitor.close()
    console.row("Vi", "Good morning")
    console.send("t")
    console.row("to Vi ▸")
    console.send("draft" + F8 + "a note")
    console.row("NOTE", "a note")


def by_key(console: Console) -> None:
    """Escape, Q, yes."""
    console.send("\x1b")
    console.wait_for("c Close")
    console.send("Q")
    console.wait_for("Leave the console?")
    console.send(ENTER)


def by_signal(number: signal.Signals) -> Callable[[Console], None]:
    """As an operator, a shell or a lost session ends it."""

    def end(console: Console) -> None:
        os.kill(console.process.pid, number)

    return end


@pytest.mark.parametrize(
    "end, code",
    [
        pytest.param(by_key, 0, id="key"),
        *(
            pytest.param(by_signal(each), 128 + each, id=each.name)
            for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
        ),
    ],
)
def test_the_terminal_is_left_as_it_was(
    site: Running, department: str, consoles: Consoles, end: Callable[[Console], None], code: int
) -> None:
    console = consoles()
    in_a_chat(site, department, console)
    end(console)
    assert console.wait_end() == code
    assert_restored(console)


def test_also_while_the_link_is_lost(site: Running, department: str, consoles: Consoles) -> None:
    with link_to(lambda: site.url) as link:
        console = consoles(url=link.url)
        in_a_chat(site, department, console)
        link.silence()
        console.send(ENTER)
        console.wait_for(re.compile("[Nn]o answer for 3 s"))
        by_key(console)
        assert console.wait_end() == 0
        assert_restored(console)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_also_while_only_the_last_picture_stands(consoles: Consoles, number: signal.Signals) -> None:
    first = consoles().ready()
    first.send("Q")
    assert first.wait_end() == 0
    console = consoles()
    console.wait_until(lambda _: re.search(rb"as of \d\d:\d\d", console.raw), what="the last picture")
    os.kill(console.process.pid, number)
    assert console.wait_end() == 128 + number
    raw = console.raw
    assert raw.rfind(b"\x1b[?1049l") > raw.rfind(b"\x1b[?1049h")
    assert raw.rfind(b"\x1b[?25h") > raw.rfind(b"\x1b[?25l")
    assert console.attributes() == console.attributes_before
    assert b"Traceback" not in raw


def test_a_terminal_that_is_gone_ends_it(site: Running, department: str, consoles: Consoles) -> None:
    console = consoles()
    in_a_chat(site, department, console)
    console.hang_up()
    assert console.process.wait(15) in (128 + signal.SIGHUP, -signal.SIGHUP)
    again = consoles().ready()
    again.row("1 mine")
    again.send("1")
    again.row("to Vi ▸ draft")
    again.send(F8)
    again.row("NOTE", "a note")


def test_the_next_start_shows_how_things_stood_and_says_so(
    site: Running, department: str, consoles: Consoles, tmp_path: Path
) -> None:
    visitor = site.visitor()
    chat = visitor.start(site.department_id(department), "the old first line", name="Vera")
    first = consoles().ready()
    first.row("Vera", "the old first line")
    home = tmp_path / "home"
    first.wait_until(
        lambda _: any(b"Vera" in path.read_bytes() for path in home.rglob("glimpse")), what="the picture"
    )
    first.send("Q")
    assert first.wait_end() == 0
    visitor.send(t="leave", cid=cid(), chat=chat)
    visitor.wait("ack")
    visitor.close()

    second = consoles().ready()
    second.wait_for("Nobody is waiting")
    raw = second.raw
    rows, said, live = raw.find(b"Vera"), re.search(rb"as of \d\d:\d\d", raw), raw.find(b"Nobody is waiting")
    assert said is not None
    assert 0 < said.start() < rows < live
    assert foreign_controls(raw) == []
    pictures = [path for path in home.rglob("*") if path.name in ("glimpse", "picture.json", "last.json")]
    assert len(pictures) == 3
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in pictures)


@pytest.mark.parametrize("columns, lines", [(80, 24), (120, 40), (40, 12)])
def test_every_size_shows_composer_and_newest_line(
    site: Running, department: str, consoles: Consoles, columns: int, lines: int
) -> None:
    visitor = site.visitor()
    console = consoles(columns=columns, lines=lines)
    console.wait_for("Nobody is waiting", 30)
    chat = visitor.start(site.department_id(department), "Good morning", name="Vi", email="vi@example.com")
    console.row("Vi", "Good")
    console.send("t")
    console.wait_for("Vi ▸")
    for number in range(40):
        visitor.send(t="say", cid=cid(), chat=chat, text=f"line {number}")
        visitor.wait("ack")
    console.wait_for("┃ line 39")
    console.send("my answer")
    console.row("Vi ▸ my answer")
    console.send(ENTER)
    console.row("my answer", "✓")
    assert console.shows("kim")
    visitor.send(t="say", cid=cid(), chat=chat, text="the newest")
    console.row("┃ the newest")
    console.row("Vi ▸")
    assert all(len(row) <= columns for row in console.rows)
    visitor.close()


def test_no_color_is_no_colour_at_all(site: Running, department: str, consoles: Consoles) -> None:
    for _ in range(2):  # the second start draws the picture of the first
        console = consoles(env={"NO_COLOR": "1"})
        in_a_chat(site, department, console)
        console.send("\x1b")
        console.wait_for("g Queue")
        for keys, shown in (("g", "My chats"), ("l", "No left messages"), ("?", "type to find")):
            console.send(keys)
            console.wait_for(shown)
        console.send("\x1b")
        console.gone("type to find")
        console.send("Q")
        console.wait_for("Leave the console?")
        console.send(ENTER)
        assert console.wait_end() == 0
        used = {code for codes in COLOURS.findall(console.raw) for code in re.split(b"[;:]", codes)}
        assert used <= PLAIN
