"""The link falls silent, the server is killed, the console is killed: nothing typed is lost, nothing comes twice."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from tests.journey.conftest import Consoles
from tests.journey.console import Console
from tests.journey.link import link_to
from tests.running import Running
from tests.terminal.rig import foreign_controls
from tests.waiting import until

pytestmark = pytest.mark.terminal

SILENT = re.compile(r"[Nn]o answer for (\d+) s")


def texts(site: Running, token: str, chat: int) -> list[str]:
    """All that was said in the chat, as the server keeps it."""
    events = site.ask("GET", f"/api/chats/{chat}/events?limit=500", token).json()
    return [event["what"]["text"] for event in events if event["what"]["kind"] == "said"]


def begin(site: Running, department: str, console: Console) -> int:
    """A visitor writes, the agent answers; the chat."""
    visitor = site.visitor()
    chat = visitor.start(site.department_id(department), "Good morning", name="Vi")
    visitor.close()
    console.row("Vi", "Good morning")
    console.send("t")
    console.row("to Vi ▸")
    console.write("before")
    console.row("before", "✓")
    return chat


def test_a_silent_link_is_told_from_the_third_second_on_and_loses_nothing(
    site: Running, department: str, consoles: Consoles
) -> None:
    with link_to(lambda: site.url) as link:
        console = consoles(url=link.url).ready()
        chat = begin(site, department, console)
        link.silence()
        for number in range(4):
            console.write(f"unheard {number}")
        rows = console.wait_for(SILENT)
        first = next(int(found[1]) for row in rows if (found := SILENT.search(row)))
        assert first == 3
        console.wait_for(re.compile(r"[Nn]o answer for 4 s"))
        console.row("4 things of yours will be sent when it is back")
        console.row("┃ Good morning")
        waiting = [row for row in console.rows if "unheard" in row]
        assert [row.split()[-2:] for row in waiting] == [[str(number), "…"] for number in range(4)]
        assert texts(site, console.token, chat) == ["Good morning", "before"]
        console.send("half a th")
        link.back()
        wanted = ["Good morning", "before", *(f"unheard {number}" for number in range(4))]
        until(lambda: texts(site, console.token, chat) == wanted, what="each line once, in order")
        console.wait_until(
            lambda rows: not any(SILENT.search(row) for row in rows), what="the end of the silence"
        )
        console.wait_until(lambda rows: not any("…" in row for row in rows), what="all lines acknowledged")
        assert [row.split()[-2] for row in console.rows if "unheard" in row] == list("0123")
        console.row("to Vi ▸ half a th")
        assert foreign_controls(console.raw) == []


def test_a_server_that_is_killed_and_comes_back_changes_nothing(
    site: Running, department: str, consoles: Consoles
) -> None:
    console = consoles().ready()
    chat = begin(site, department, console)
    console.send("a draft that st")
    console.row("▸ a draft that st")
    site.http.close()
    site.kill()
    console.wait_for(re.compile("connecting|[Nn]o answer|[Nn]o connection"))
    console.row("┃ Good morning")
    console.send("ays")
    console.row("▸ a draft that stays")
    site.start()
    console.wait_for("link quick", 40)
    console.row("▸ a draft that stays")
    console.send("\r")
    console.row("a draft that stays", "✓")
    assert texts(site, console.token, chat) == ["Good morning", "before", "a draft that stays"]
    assert console.shows("1 mine")


def test_a_console_that_is_killed_brings_back_what_was_typed(
    site: Running, department: str, consoles: Consoles, tmp_path: Path
) -> None:
    with link_to(lambda: site.url) as link:
        console = consoles(url=link.url).ready()
        chat = begin(site, department, console)
        link.silence()
        for number in range(3):
            console.write(f"unsent {number}")
        console.send("the draft")
        console.row("▸ the draft")
        kept = tmp_path / "home"
        until(
            lambda: any("the draft" in path.read_text() for path in kept.rglob("window-*.json")),
            what="it on disk",
        )
        os.kill(console.process.pid, signal.SIGKILL)
        assert console.wait_end() == -signal.SIGKILL
        link.back()
        console = consoles(url=link.url).ready()
        wanted = ["Good morning", "before", *(f"unsent {number}" for number in range(3))]
        until(lambda: texts(site, console.token, chat) == wanted, what="each line once, in order")
        console.row("1 mine")
        console.send("1")
        console.row("▸ the draft")
        assert all(path.stat().st_mode & 0o077 == 0 for path in kept.rglob("*") if path.is_file())
