"""Whatever breaks in the console: the terminal is as it was, the traceback has a mark, and what was typed is kept."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.journey import broken
from tests.journey.conftest import Consoles
from tests.journey.console import ENTER, F7, F8
from tests.journey.test_ends import assert_restored, in_a_chat
from tests.running import Running

pytestmark = pytest.mark.terminal

MARK = re.compile(r"\(ZeroDivisionError,\s+mark\s+([0-9a-f]{8})\)")
# What the person does, or what comes, when the part is broken.
NEXT = {"painting": ENTER, "key": "x", "worker": F7, "connection": "", "clock": ""}


@pytest.mark.parametrize("part", broken.PARTS)
def test_the_terminal_is_clean_the_draft_kept_and_the_traceback_marked(
    site: Running, department: str, consoles: Consoles, tmp_path: Path, part: str
) -> None:
    begins = tmp_path / "broken-from-now-on"
    shutil.copy(broken.__file__, tmp_path / "sitecustomize.py")
    env = {"PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}", "AGENTCONSOLE_TEST_BREAK": part}
    console = consoles(env=env | {"AGENTCONSOLE_TEST_BREAK_FROM": str(begins)})
    in_a_chat(site, department, console)
    if part == "painting":  # from here on nothing is painted but what is done below
        console.row("Vi", "away")
    begins.touch()
    if part == "connection":
        visitor = site.visitor()
        visitor.start(site.department_id(department), "one more")
        visitor.close()
    console.send(NEXT[part])
    assert console.wait_end() == 1
    assert_restored(console)
    text = re.sub(rb"\x1b\[[\d;]*m", b"", console.raw).decode()
    told = MARK.search(text)
    assert told is not None, text[-2000:]
    assert broken.SECRET not in text
    (file,) = (tmp_path / "home").rglob("crash-*.txt")
    assert file.name == f"crash-{told[1]}.txt"
    assert file.name in text.replace("\n", "").replace("\r", "")
    assert file.stat().st_mode & 0o777 == 0o600
    trace = file.read_text()
    assert "ZeroDivisionError" in trace
    assert "broken" in trace or "sitecustomize" in trace
    assert broken.SECRET not in trace

    again = consoles().ready()
    again.row("1 mine")
    again.send("1")
    if part == "painting":  # the note went out before its picture could be drawn
        again.row("note by", "a note")
    else:
        again.send(F8)
        again.row("NOTE", "a note")
        again.send(F8)
    again.row("to Vi ▸ draft")


GARBAGE = [b"", b"\x00\xff\xfe\x1b[2J", b"[" * 100_000, b'{"drafts": 7}', b"null"]


@pytest.mark.parametrize("garbage", GARBAGE, ids=["empty", "binary", "deep", "other shape", "null"])
def test_broken_files_of_ours_are_no_reason_not_to_start(
    site: Running, department: str, consoles: Consoles, tmp_path: Path, garbage: bytes
) -> None:
    console = consoles()
    in_a_chat(site, department, console)
    console.wait_until(lambda _: any((tmp_path / "home").rglob("glimpse")), what="all files")
    console.send("\x1b")
    console.wait_for("c Close")
    console.send("Q")
    console.wait_for("Leave the console?")
    console.send(ENTER)
    assert console.wait_end() == 0
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert len(files) >= 3
    for path in files:
        path.write_bytes(garbage)
    again = consoles().ready()
    again.row("1 mine")
    again.send("1")
    again.row("to Vi ▸")
    again.send("as before")
    again.row("to Vi ▸ as before")
