"""Every hostile text in every field that a visitor fills, over the visitor's protocol, on the real console's screens."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from agentconsole.protocol import MAX_COMMENT, MAX_EMAIL, MAX_LEFT_TEXT, MAX_NAME, MAX_TEXT, MAX_TOPIC
from tests.hostile import HOSTILE
from tests.journey.conftest import Consoles
from tests.journey.console import DOWN, ENTER, ESCAPE, F2, F6, Console
from tests.running import Running, Visitor, cid
from tests.terminal.rig import SIGNALS, foreign_controls
from tests.waiting import until

pytestmark = pytest.mark.terminal

EMAIL = "vi@example.com"
SIZE = {"columns": 140, "lines": 100}
WHOLE = re.compile(r"┃ still whole (\d+) *(?:│|$|  )")
MAX_LANGUAGE = 35
# Of these texts no field keeps anything: a NUL, which not every database keeps, and what is no Unicode.
REFUSED = {"null and delete": "invalid", "lone surrogates": "bad_frame"}
KEPT = [(number, text) for number, text in enumerate(HOSTILE) if text.name not in REFUSED]


def answer(visitor: Visitor, **frame: Any) -> dict[str, Any]:
    """What the server answers to a command."""
    visitor.send(cid=cid(), **frame)
    return visitor.wait("ack", "refused")


def step(console: Console, key: str) -> None:
    """Press a key and wait until all of it is painted."""
    console.send(key)
    console.wait_quiet(0.05)


@pytest.fixture
def visitors(
    site: Running, department: str, consoles: Consoles
) -> Iterator[tuple[Console, dict[int, Visitor]]]:
    """A console, and one visitor for each text who says it in all fields; by the text's number."""
    console = consoles(**SIZE, env={"AGENTCONSOLE_ALERTS_PROTOCOL": "osc9"}).ready()
    console.wait_for("Nobody is waiting")
    key = site.department_id(department)
    with ExitStack() as open_ones:
        found = {}
        for number, hostile in enumerate(HOSTILE):
            text = hostile.text
            page = {"page": f"https://x.example/{text}"[:2048], "page_title": text[:2048]}
            known = {} if hostile.name in REFUSED else {"language": text[:MAX_LANGUAGE], **page}
            visitor = site.visitor(**known)
            open_ones.callback(visitor.close)
            visitor.send(t="browse", **page)
            start = {"t": "start", "department": key, "name": text[:MAX_NAME], "topic": text[:MAX_TOPIC]}
            start |= {"text": f"{text}"[:MAX_TEXT], "email": EMAIL}
            got = answer(visitor, **start)
            if not text.strip():
                assert got["code"] == "empty", hostile.name
                got = answer(visitor, **start | {"text": ""})
            assert got.get("code", "") == REFUSED.get(hostile.name, ""), hostile.name
            if got["t"] == "ack":
                found[number] = visitor
                visitor.chat = got["chat"]  # type: ignore[attr-defined]
        console.wait_for(f"{len(found)} waiting")
        yield console, found
        assert foreign_controls(console.raw) == []
        console.send(F2)
        console.wait_for("My chats")
        console.send("Q")
        console.wait_for("Leave the console?")
        console.send(ENTER)
        assert console.wait_end() == 0


def test_nothing_of_it_drives_the_terminal(
    site: Running, department: str, visitors: tuple[Console, dict[int, Visitor]]
) -> None:
    console, found = visitors
    _queue(console, found)
    _chats(site, console, found)
    _ratings(site, console, found)
    _left_messages(site, department, console)
    _addresses(site, department, console)
    _forgery(site, department, console)
    signals = [text for text in SIGNALS.findall(console.raw) if text]
    assert any("·".encode() in text for text in signals), signals


def _queue(console: Console, found: dict[int, Visitor]) -> None:
    """All rows, previews, and the details of each chat under the cursor."""
    for number, visitor in found.items():
        visitor.send(t="typing", chat=visitor.chat, text=HOSTILE[number].text[:MAX_TEXT])  # type: ignore[attr-defined]
    console.wait_until(lambda rows: sum("✎" in row for row in rows) >= len(found) - 3, what="all previews")
    for _ in found:
        step(console, DOWN)


def _chats(site: Running, console: Console, found: dict[int, Visitor]) -> None:
    """Each chat with its transcript and its customer, and the ordinary line behind the hostile one."""
    for number, visitor in found.items():
        assert site.ask("POST", f"/api/chats/{visitor.chat}/take", console.token, {"cid": cid()}).is_success  # type: ignore[attr-defined]
        assert answer(visitor, t="say", chat=visitor.chat, text=f"still whole {number}")["t"] == "ack"  # type: ignore[attr-defined]
    console.wait_for(f"{len(found)} mine")
    step(console, "1")
    seen: dict[int, list[str]] = {}
    while len(seen) < len(found):
        rows = console.wait_until(lambda rows: _new(rows, seen.keys()), what="the next chat and its customer")
        (number,) = _shown(rows)
        seen[number] = rows
        console.send(F6)
    for number, rows in seen.items():
        text, visible = HOSTILE[number].text, HOSTILE[number].visible
        if visible and len(text) < 60 and "\r" not in text:  # which begins a new row, with the visitor's mark
            assert any("┃ " in row and visible in row for row in rows), "\n".join(rows)


def _new(rows: list[str], seen: Collection[int]) -> bool:
    """One chat that was not seen yet stands there, whole and with its customer."""
    shown = _shown(rows)
    return len(shown) == 1 and not shown & set(seen) and any("arlier chats" in row for row in rows)


def _shown(rows: list[str]) -> set[int]:
    return {int(found[1]) for row in rows if (found := WHOLE.search(row))}


def _ratings(site: Running, console: Console, found: dict[int, Visitor]) -> None:
    """Every text as the comment of one rating after the other."""
    number = next(iter(found))
    visitor = found[number]
    chat: int = visitor.chat  # type: ignore[attr-defined]
    console.wait_for(f"┃ still whole {number}")  # the next one behind the last is the first
    assert site.ask(
        "POST", f"/api/chats/{chat}/close", console.token, {"cid": cid(), "outcome": "solved"}
    ).is_success
    visitor.wait("ended", "event")
    for hostile in HOSTILE:
        got = answer(visitor, t="rate", chat=chat, rating="bad", comment=hostile.text[:MAX_COMMENT])
        assert got.get("code", "") == REFUSED.get(hostile.name, ""), hostile.name
    answer(visitor, t="rate", chat=chat, rating="good", comment="whole rating")
    console.wait_for(":-) good: whole rating")


def _left_messages(site: Running, department: str, console: Console) -> None:
    """Every text as name, topic and words of a left message, each read in the pane."""
    visitor = site.visitor()
    key = site.department_id(department)
    for hostile in HOSTILE:
        letter = {"text": hostile.text[: MAX_LEFT_TEXT - 10] + "\nintact", "name": hostile.text[:MAX_NAME]}
        letter |= {"email": EMAIL, "topic": hostile.text[:MAX_TOPIC]}
        got = answer(visitor, t="leave_message", department=key, **letter)
        assert got.get("code", "") == REFUSED.get(hostile.name, ""), hostile.name
    visitor.close()
    console.wait_for(f"Left messages {len(KEPT)}")
    console.send(ESCAPE)
    console.wait_for("g Queue")
    console.send("l")
    console.wait_for("Handled")
    console.wait_for(f"{KEPT[0][1].visible}  {EMAIL}")
    intact = 0
    for _ in KEPT:
        intact += any(row.strip().endswith("intact") for row in console.rows)
        step(console, DOWN)
    assert intact >= len(KEPT) - 2, "\n".join(console.rows)  # of the longest, the end is below the pane


def _addresses(site: Running, department: str, console: Console) -> None:
    """Most are no addresses; those that are stand in the list."""
    visitor = site.visitor()
    key = site.department_id(department)
    codes = set()
    for hostile in HOSTILE:
        if hostile.name == "lone surrogates":
            continue
        email = f"{hostile.text}@example.com"[:MAX_EMAIL]
        got = answer(visitor, t="leave_message", department=key, text="whole address", email=email)
        codes.add(got.get("code", ""))
    visitor.close()
    assert codes == {"", "invalid"}
    until(lambda: console.process.poll() is None and console.shows("whole address"), what="the last message")


def _forgery(site: Running, department: str, console: Console) -> None:
    """What a visitor writes into a name, a topic or a comment begins no row that looks like ours."""
    forged = "x\nYou closed the chat"
    visitor = site.visitor()
    key = site.department_id(department)
    chat = visitor.start(key, "to be forged", name=forged, topic=forged)
    assert site.ask("POST", f"/api/chats/{chat}/take", console.token, {"cid": cid()}).is_success
    visitor.wait("event")
    assert answer(visitor, t="leave", chat=chat)["t"] == "ack"
    assert answer(visitor, t="rate", chat=chat, rating="good", comment=forged)["t"] == "ack"
    visitor.close()
    console.wait_for(f"{len(KEPT) + 1} mine")
    console.send(F2)
    console.wait_for("My chats")
    console.send("\x1b[F" + ENTER)
    console.row("- x You closed the chat rated the chat :-) good: x")
    assert not [row for row in console.rows if re.search("- (You )?closed", row)]
