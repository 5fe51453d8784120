"""One hostile text of each class in every field that a visitor fills, on screens as small as they come."""

from __future__ import annotations

import re

import pytest

from agentconsole.protocol import MAX_COMMENT, MAX_LEFT_TEXT, MAX_NAME, MAX_TEXT, MAX_TOPIC
from tests.hostile import HOSTILE
from tests.journey.conftest import Consoles
from tests.journey.console import DOWN, ENTER, F2, F7, Console
from tests.journey.test_hostile import answer, step
from tests.running import Running, Visitor, cid
from tests.terminal.rig import foreign_controls

pytestmark = pytest.mark.terminal

CLASSES = {
    "clear screen": "cursor and erasing",
    "scroll region": "margins",
    "leave alternate screen": "modes",
    "full reset": "single escapes",
    "title": "OSC",
    "clipboard write": "OSC 52",
    "device control": "DCS",
    "unfinished csi": "a sequence that ours would finish",
    "c1 csi": "C1",
    "carriage return": "C0",
    "right to left override": "direction",
    "invisible flood": "nothing to see, 9,000 times",
    "combining flood": "marks without end",
    "wide flood": "half cells at the edge",
    "50,000 characters": "length",
    "unterminated close": "markup",
    "action": "markup that would act",
}
CASES = [(number, text) for number, text in enumerate(HOSTILE) if text.name in CLASSES]


def test_the_classes_are_in_the_list() -> None:
    assert len(CASES) == len(CLASSES)


@pytest.mark.parametrize("columns, lines", [(80, 24), (40, 12)])
def test_nothing_of_it_drives_a_small_terminal(
    site: Running, consoles: Consoles, department: str, columns: int, lines: int
) -> None:
    console = consoles(columns=columns, lines=lines, env={"AGENTCONSOLE_ALERTS_PROTOCOL": "osc9"})
    console.wait_for("Nobody is waiting", 30)
    for number, hostile in CASES:
        visitor = site.visitor()
        chat = _wait_in_the_queue(site, department, console, visitor, hostile.text)
        _talk(console, visitor, chat, number, hostile.visible)
        _judge(site, console, visitor, chat, hostile.text)
        visitor.close()
    _left_messages(site, department, console)
    assert foreign_controls(console.raw) == []
    assert all(len(row) <= columns for row in console.rows)
    console.send("Q")
    console.wait_for("Leave the console?")
    console.send(ENTER)
    assert console.wait_end() == 0


def _wait_in_the_queue(site: Running, department: str, console: Console, visitor: Visitor, text: str) -> int:
    """All fields, a preview, and the details under the cursor; the chat."""
    visitor.send(t="browse", page=f"https://x.example/{text}"[:2048], page_title=text[:2048])
    fields = {"name": text[:MAX_NAME], "topic": text[:MAX_TOPIC], "email": "vi@example.com"}
    chat = visitor.start(site.department_id(department), text[:MAX_TEXT], **fields)
    visitor.send(t="typing", chat=chat, text=text[:MAX_TEXT])
    console.wait_until(lambda rows: not any("Nobody is waiting" in row for row in rows), what="the chat")
    console.wait_quiet(0.05)
    step(console, DOWN)
    return chat


def _talk(console: Console, visitor: Visitor, chat: int, number: int, visible: str) -> None:
    """The transcript, the preview above the composer, the customer; and the ordinary line behind the text."""
    console.send("t")
    console.wait_for("▸")
    assert answer(visitor, t="say", chat=chat, text=f"still whole {number}")["t"] == "ack"
    console.wait_for(re.compile(rf"┃ still whole {number} *(│|$|  )"))
    if visible and len(visible) < 20 and len(HOSTILE[number].text) < 60:
        assert any(visible in row for row in console.rows), "\n".join(console.rows)
    visitor.send(t="typing", chat=chat, text=HOSTILE[number].text[:MAX_TEXT])
    for _ in range(2):
        step(console, F7)


def _judge(site: Running, console: Console, visitor: Visitor, chat: int, text: str) -> None:
    """The comment of a rating; then back to the queue."""
    closed = site.ask("POST", f"/api/chats/{chat}/close", console.token, {"cid": cid(), "outcome": "solved"})
    assert closed.is_success, closed.text
    visitor.wait("ended", "event")
    for comment in (text[:MAX_COMMENT], "unharmed"):
        assert answer(visitor, t="rate", chat=chat, rating="bad", comment=comment)["t"] == "ack"
    console.wait_for("unharmed")
    console.send(F2)
    console.wait_for("Nobody is waiting")


def _left_messages(site: Running, department: str, console: Console) -> None:
    """Name and words of left messages, each read in the pane."""
    visitor = site.visitor()
    for _, hostile in CASES:
        text, name = hostile.text[: MAX_LEFT_TEXT - 10] + "\nintact", hostile.text[:MAX_NAME]
        key = site.department_id(department)
        assert (
            answer(visitor, t="leave_message", department=key, text=text, email="vi@example.com", name=name)[
                "t"
            ]
            == "ack"
        )
    visitor.close()
    console.send("l")
    console.wait_for("vi@")
    for _ in CASES:
        step(console, DOWN)
