"""While an editor has the terminal the console goes on without it: nothing is painted, the bell rings, Ctrl+C is the editor's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journey.conftest import Consoles
from tests.journey.console import ENTER, Console
from tests.running import Running

pytestmark = pytest.mark.terminal

ALT_E, CTRL_C = "\x1be", "\x03"
EDITOR = """#!/bin/sh
trap 'echo it was interrupted' INT
echo the editor is here
until read word; do :; done
echo "$word" >> "$1"
echo the editor ends
"""


def test_an_editor_has_the_terminal_for_itself(
    site: Running, department: str, consoles: Consoles, tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text(EDITOR)
    editor.chmod(0o700)
    console = consoles(env={"VISUAL": str(editor)}).ready()
    visitor = site.visitor()
    chat = visitor.start(site.department_id(department), "Good morning", name="Vi")
    console.row("Vi", "Good morning")
    console.send("t")
    console.row("to Vi ▸")
    console.send("first" + ALT_E)
    console.wait_for("the editor is here")
    visitor.send(t="say", cid="while-the-editor-is-open", chat=chat, text="psst")
    visitor.wait("ack")
    site.visitor().start(site.department_id(department), "Is anybody there?", name="Wim")
    console.wait_until(lambda _: b"\x07" in lent(console), 15, "the bell")
    console.send(CTRL_C)
    console.wait_for("it was interrupted")
    console.send("second" + ENTER)
    console.row("to Vi ▸ first")
    console.row("second")
    console.row("psst")
    assert b"\x1b" not in lent(console)
    assert b"psst" not in lent(console)
    visitor.close()


def lent(console: Console) -> bytes:
    """What came to the terminal while the editor had it."""
    return console.raw.partition(b"the editor is here")[2].partition(b"the editor ends")[0]
