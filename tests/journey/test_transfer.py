"""A chat goes from hand to hand between two real consoles: declined, taken back, accepted, forced away while typing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.acts import bubble, start
from tests.browser.conftest import Contexts
from tests.journey.conftest import Consoles
from tests.journey.console import ENTER, ESCAPE, Console
from tests.running import Running, Visitor, unique
from tests.waiting import until

pytestmark = [pytest.mark.terminal]

ALT_H = "\x1bh"
NOTE = "she-wants-a-new-printer"
REASON = "no-idea-of-printers"


@pytest.fixture
def robin(site: Running, department: str) -> str:
    """A colleague of the same department."""
    return site.add_user("agent", name=unique("robin"), department=department)


@pytest.fixture
def colleague(site: Running, robin: str, tmp_path: Path) -> Iterator[Console]:
    """The colleague's console, with a home of its own."""
    with Console(site, tmp_path / "robin", user=robin) as console:
        yield console.ready()


@pytest.fixture
def boss(site: Running, department: str, tmp_path: Path) -> Iterator[Console]:
    """The console of a supervisor of the department."""
    name = site.add_user("supervisor", name=unique("boss"), department=department)
    with Console(site, tmp_path / "boss", user=name) as console:
        yield console.ready()


def arrive(site: Running, department: str) -> Visitor:
    """A visitor with a question."""
    visitor = site.visitor()
    visitor.start(site.department_id(department), "My printer is on fire", name="Ana")
    return visitor


def heard(visitor: Visitor, last: str) -> list[dict[str, Any]]:
    """Every frame up to the line with this text."""
    frames = []
    while True:
        frames.append(visitor.wait("event", "chat", "agent_typing", "marks", "place", "departments"))
        if frames[-1]["t"] == "event" and frames[-1]["what"].get("text") == last:
            return frames


def hand_over(console: Console, to: str, note: str = "") -> None:
    """Offer the chat in front to a colleague, and go on writing."""
    console.send(ALT_H)
    console.wait_for("Hand over the chat with Ana")
    console.send(to)
    console.row("Then:", "Offered to")
    console.send(ENTER)
    console.wait_for("Enter offers it")
    console.send(note)
    if note:
        console.row("NOTE", note)
    console.send(ENTER)
    console.gone("Hand over the chat")


def test_declined_it_stays_accepted_it_goes_and_the_visitor_sees_one_line(
    site: Running, department: str, consoles: Consoles, robin: str, colleague: Console
) -> None:
    kim = consoles().ready()
    visitor = arrive(site, department)
    kim.row("Ana", "My printer is on fire")
    kim.send(ENTER)
    kim.row("to Ana ▸")
    kim.write("Stand back, please")

    # offered with a note; the colleague sees who, why and how long, and would rather not
    hand_over(kim, robin, NOTE)
    kim.wait_for(f"Offered to {robin}")
    colleague.wait_for("Offered to you 1")
    colleague.row("⇒", "hands it to you", NOTE[:8])
    colleague.send("D")
    colleague.wait_for("Decline the chat with Ana?")
    colleague.send(REASON + ENTER)
    colleague.gone("Offered to you")
    kim.gone("Offered to")
    kim.wait_for(f"{robin} would rather not take the chat")
    kim.row("to Ana ▸")

    # offered and taken back
    hand_over(kim, robin)
    colleague.wait_for("Offered to you 1")
    kim.wait_for(f"Offered to {robin}")
    kim.send(ESCAPE)
    kim.wait_for("H Take back")
    kim.send("H")
    kim.gone("Offered to")
    colleague.gone("Offered to you")

    # offered again, read in full, accepted
    hand_over(kim, robin, NOTE)
    colleague.wait_for("Offered to you 1")
    colleague.send("v")
    colleague.row("┃ My printer is on fire")
    colleague.row("Stand back, please")
    colleague.send("a")
    colleague.row("to Ana ▸")
    kim.wait_for(f"{robin} took the chat over")
    kim.wait_for("0 mine")
    colleague.write("I have got a new one here")

    frames = heard(visitor, "I have got a new one here")
    said = [frame["what"]["kind"] for frame in frames if frame["t"] == "event"]
    assert said.count("transferred") == 1
    assert not {"offered", "declined", "offer_ended", "requeued"} & set(said)
    text = json.dumps(frames)
    assert NOTE not in text
    assert REASON not in text
    visitor.close()


def test_taken_over_while_the_agent_types_what_stands_there_is_kept_and_sent_to_nobody(
    site: Running, department: str, consoles: Consoles, boss: Console
) -> None:
    kim = consoles().ready()
    visitor = arrive(site, department)
    kim.row("Ana", "My printer is on fire")
    kim.send(ENTER)
    kim.row("to Ana ▸")
    boss.wait_for("⇄")
    kim.send("your secret code is")
    kim.row("to Ana ▸", "your secret code is")

    boss.send("V")
    boss.row("Ana")
    boss.send(ENTER)
    boss.row("┃ My printer is on fire")
    boss.send("O")
    boss.wait_for("Take over the chat with Ana?")
    boss.send("1")
    boss.row("to Ana ▸")

    kim.row("not sent ▸", "your secret code is")
    kim.send(" 42" + ENTER)
    kim.wait_for("nothing was sent")
    kim.row("not sent ▸", "your secret code is 42")
    boss.write("I am here now")
    frames = heard(visitor, "I am here now")
    assert "secret code" not in json.dumps([frame for frame in frames if frame["t"] == "event"])
    visitor.close()
    until(lambda: "secret" not in "".join(boss.rows), what="no trace on the other screen")


@pytest.mark.browser
def test_in_the_browser_a_transfer_is_one_friendly_line(
    site: Running,
    contexts: Contexts,
    department: str,
    consoles: Consoles,
    robin: str,
    agent: str,
    colleague: Console,
) -> None:
    kim = consoles().ready()
    page = contexts(viewport={"width": 1000, "height": 800}).new_page()
    page.goto(f"{site.url}/chat/{department}")
    start(page, "My printer is on fire", name="Ana")
    kim.row("Ana", "My printer is on fire")
    kim.send(ENTER)
    kim.row("to Ana ▸")
    log = page.get_by_role("log")
    expect(log.get_by_text("is here for you", exact=False)).to_have_count(1)

    hand_over(kim, robin, NOTE)
    colleague.wait_for("Offered to you 1")
    colleague.send("D")
    colleague.wait_for("Decline the chat with Ana?")
    colleague.send(ENTER)
    kim.wait_for(f"{robin} would rather not take the chat")
    kim.write("One moment, please")
    expect(bubble(page, "One moment, please")).to_be_visible()
    expect(log.locator(".notice")).to_have_count(2)  # started, took

    hand_over(kim, robin, NOTE)
    colleague.wait_for("Offered to you 1")
    colleague.send("v")
    colleague.row("┃ My printer is on fire")
    colleague.send("a")
    colleague.row("to Ana ▸")
    expect(log.get_by_text(f"\u2068{robin}\u2069 is here for you now", exact=False)).to_be_visible()
    colleague.write("I have got a new one here")
    expect(bubble(page, "I have got a new one here")).to_be_visible()
    expect(log.locator(".notice")).to_have_count(3)
    assert NOTE not in page.content()
