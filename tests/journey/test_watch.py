"""A supervisor in a real terminal, with the real server: watching silently, whispering, feedback, learning."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journey.console import ENTER, ESCAPE, Console
from tests.running import Running, Visitor, unique
from tests.waiting import until

pytestmark = pytest.mark.terminal


@pytest.fixture
def agent(site: Running, department: str) -> str:
    """An agent and nothing more: the first user of a site may do everything."""
    site.add_user("admin")
    return site.add_user("agent", name=unique("kim"), department=department)


@pytest.fixture
def pair(site: Running, department: str, agent: str, tmp_path: Path) -> Iterator[tuple[Console, Console]]:
    """An agent's console, and that of who supervises the department."""
    lead = site.add_user("supervisor", department=department)
    with ExitStack() as both:
        yield (
            both.enter_context(Console(site, tmp_path / "agent", user=agent)).ready(),
            both.enter_context(Console(site, tmp_path / "lead", user=lead, columns=120, lines=40)).ready(),
        )


def taken(kim: Console, site: Running, department: str, name: str, text: str) -> tuple[Visitor, int]:
    """A visitor whose chat Kim has taken."""
    visitor = site.visitor()
    chat = visitor.start(site.department_id(department), text, name=name)
    kim.row(name, text[:10])
    kim.send("t")
    kim.row(f"to {name} ▸")
    return visitor, chat


def watched(site: Running, chat: int) -> list[str]:
    """What the audit log says of watching this chat, oldest first."""
    with sqlite3.connect(f"file:{site.data}/agentconsole.db?mode=ro", uri=True) as db:
        rows = db.execute(
            "select deed from audit where object = ? and deed like 'watch%' order by id", (f"chat {chat}",)
        )
        return [row[0] for row in rows]


def test_watching_whispering_and_feedback(
    pair: tuple[Console, Console], site: Running, agent: str, department: str
) -> None:
    kim, lead = pair
    ana, chat = taken(kim, site, department, "Ana", "My printer is on fire")
    kim.row("You took the chat")
    kim.gone("+1")
    assert not kim.shows("Observe")
    before = kim.rows[:-1]

    lead.send("E")
    lead.row("You watch silently")
    lead.row("▸Ana", agent)
    lead.row("┃ My printer is on fire")
    ana.send(t="typing", chat=chat, text="it smokes now")
    lead.row("✎ it smokes now")
    kim.row("✎ Ana: it smokes now")
    ana.send(t="typing", chat=chat, text="")
    kim.gone("it smokes now")
    assert kim.rows[:-1] == before, "watching shows on the agent's screen"
    assert watched(site, chat) == ["watch"]

    lead.send(",")
    lead.row(f"WHISPER to {agent} about chat {chat}, Ana")
    lead.send("tell her to leave the room" + ENTER)
    kim.row("# WHISPER from", "to you alone:")
    kim.row("tell her")
    assert not kim.shows("Messages 1"), "a whisper that stands in the transcript is read"
    kim.send("half an answer")
    kim.row("▸ half an answer")
    kim.send(ESCAPE)
    kim.wait_for("c Close")
    kim.send(",")
    kim.row("To ", f"about chat {chat}, Ana")
    kim.send("doing so" + ENTER)
    kim.gone("Only ")
    kim.row("▸ half an answer")
    lead.row("Messages 1")
    lead.send("U")
    lead.row("doing so")
    until(lambda: watched(site, chat) == ["watch", "watch_end"])

    lead.send(ESCAPE)
    lead.send("E")
    lead.row("▸Ana")
    lead.send("o")
    lead.row("You watch silently, unnoticed.")
    lead.row("PRIVATE from", "to you alone:")
    lead.row("doing")
    for _ in range(4):
        lead.send("-")
    lead.row("▸", "My printer is on fire")
    lead.send("+")
    lead.row(f"Feedback to {agent}")
    lead.row("On this line of the visitor: My printer is on fire")
    lead.send("1")
    lead.row(f"To {agent}: good")
    lead.send("calm and quick" + ENTER)
    kim.row("FEEDBACK by", "good (new): calm and quick")
    kim.send("=")
    kim.row("FEEDBACK by", "good (acknowledged)")
    lead.send("F")
    lead.row("✓", "calm and quick")
    ana.send(t="leave", cid="leave-by-ana-1", chat=chat)
    events = [ana.wait("event")]
    while "visitor_left" not in str(events[-1]):
        events.append(ana.wait("event"))
    assert events[-1]["pub"] == 4, "begun, written, taken, left: nothing else has happened for the visitor"
    ana.close()


def test_a_glance_leaves_a_whole_trace_in_the_audit_log_and_nowhere_else(
    pair: tuple[Console, Console], site: Running, department: str
) -> None:
    kim, lead = pair
    ana, chat = taken(kim, site, department, "Ana", "My printer is on fire")
    lead.row("1 wait" if lead.shows("1 wait") else "0 wait")
    lead.send("EgEgEgEgEg")
    lead.row("Nobody is waiting.")
    deeds = until(lambda: (found := watched(site, chat))[-1:] == ["watch_end"] and found)
    assert deeds == ["watch", "watch_end"] * (len(deeds) // 2)
    ana.send(t="typing", chat=chat, text="can you see this")
    kim.row("✎ Ana: can you see this")
    lead.send("V")
    lead.row("Ana", "running")
    assert not lead.shows("can you see this")
    ana.close()


def test_a_colleague_learns_openly_where_the_department_allows_it(
    site: Running, department: str, agent: str, tmp_path: Path
) -> None:
    open_one = site.add_department(team=True)
    kim, robin = (site.add_user("agent", department=open_one) for _ in range(2))
    with ExitStack() as both:
        answering = both.enter_context(Console(site, tmp_path / "kim", user=kim)).ready()
        learning = both.enter_context(Console(site, tmp_path / "robin", user=robin)).ready()
        ana, _ = taken(answering, site, open_one, "Ana", "My printer is on fire")
        learning.send("V")
        learning.row("Ana", kim)
        learning.send("v")
        learning.row("They see that you watch (learning)")
        learning.send(ENTER)
        learning.row(f"You watch to learn, and {kim} sees it.")
        answering.row(f"{robin} watches to learn")
        learning.send("g")
        answering.gone("watches to learn")
        ana.close()
