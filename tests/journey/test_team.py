"""The team in real terminals, with the real server: statuses, phone, breaks set by a supervisor, a lost link."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journey.console import ENTER, Console
from tests.running import Running, running

pytestmark = pytest.mark.terminal


@pytest.fixture(scope="module")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of their own: the team screen shows everybody there is."""
    with running(tmp_path_factory.mktemp("team") / "data") as found:
        yield found


@pytest.fixture
def pair(site: Running, department: str, agent: str, tmp_path: Path) -> Iterator[tuple[Console, Console]]:
    """An agent's console, and that of who supervises the department."""
    lead = site.add_user("supervisor", department=department)
    with ExitStack() as both:
        yield (
            both.enter_context(Console(site, tmp_path / "agent", user=agent)).ready(),
            both.enter_context(Console(site, tmp_path / "lead", user=lead)).ready(),
        )


def choose(lead: Console, agent: str) -> None:
    """Put the cursor on this agent."""
    lead.send("\x1b[H")
    for _ in range(60):
        before = lead.rows
        if any(row.strip().startswith(f"{agent} ") and "online" in row for row in before[-9:]):
            return
        lead.send("\x1b[B")
        lead.wait_until(lambda rows, before=before: rows != before, what="the cursor to move")
    raise AssertionError(f"{agent} is not in the list")


def test_the_team_is_whole_at_80_by_24_and_follows_everybody(
    pair: tuple[Console, Console], site: Running, agent: str, department: str
) -> None:
    kim, lead = pair
    visitor = site.visitor()
    visitor.start(site.department_id(department), "Good morning", name="Vi")
    visitor.close()
    kim.row("Vi", "Good morning")
    kim.send("t")
    kim.row("to Vi ▸")

    lead.send("W")
    lead.row("All departments")
    row = lead.row(agent, "1/3", "online")
    assert "●" in row
    lead.row("Enter Change", "f Department")

    kim.wait_for("Esc Keys")  # the composer has the focus
    kim.send("\x1b")
    kim.wait_for("c Close")
    kim.send("p")
    kim.row("■", "on the phone")
    assert "■" in lead.row(agent, "on the phone")
    lead.row("On the phone 1")
    kim.send("p")
    lead.row(agent, "online")
    kim.row("● ", agent, "online")


def test_a_supervisor_sets_a_break_and_the_agent_sees_who_it_was(
    pair: tuple[Console, Console], agent: str
) -> None:
    kim, lead = pair
    lead.send("W")
    lead.row(agent, "online")
    choose(lead, agent)
    lead.send(ENTER)
    lead.row(f"Change {agent}")
    lead.send("1")
    lead.row(f"Status of {agent}")
    lead.send("2")
    lead.row(f"{agent} on break")
    lead.send("Training" + ENTER)
    lead.row(agent, "Training (by ")
    kim.row("set you to break: Training")
    kim.row("on break: Training (set by ")
    kim.send("B")
    lead.row(agent, "online")


def test_a_console_that_dies_is_counted_down_before_its_chats_go_back(
    pair: tuple[Console, Console], site: Running, agent: str, department: str
) -> None:
    kim, lead = pair
    visitor = site.visitor()
    visitor.start(site.department_id(department), "Good morning", name="Vi")
    kim.row("Vi", "Good morning")
    kim.send("t")
    kim.row("to Vi ▸")
    lead.send("W")
    lead.row(agent, "1/3")
    kim.process.send_signal(signal.SIGKILL)
    lead.row("!", agent, "link lost, ", " s more for 1 chat")
    visitor.close()
