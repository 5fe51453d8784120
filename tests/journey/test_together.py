"""Several of staff with one visitor, at real consoles: a call for help, joining, inviting, another department, why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journey.console import ENTER, ESCAPE, F1, Console
from tests.journey.test_transfer import arrive, heard
from tests.running import Running, unique

pytestmark = [pytest.mark.terminal]

SECRET = "she-is-really-angry"


@pytest.fixture
def desks(site: Running, tmp_path: Path) -> Iterator[Callable[[str], Console]]:
    """Starts the console of anybody, each with a home of its own."""
    with ExitStack() as open_ones:

        def start(user: str) -> Console:
            return open_ones.enter_context(Console(site, tmp_path / user, user=user)).ready()

        yield start


def taken(console: Console) -> None:
    """The waiting chat is taken, and letters are keys."""
    console.row("Ana", "My printer is on fire")
    console.send(ENTER)
    console.row("to Ana ▸")
    keys(console)


def enter(console: Console, shows: str) -> None:
    """Enter on the row under the cursor until this is seen: what has just moved there asks for a second one."""
    for _ in range(20):
        console.send(ENTER)
        rows = console.wait_until(
            lambda rows: any(shows in row or "Press again" in row for row in rows), 15, shows
        )
        if rows and console.shows(shows):
            return
        console.send(F1)  # a letter would still be text for the visitor
        console.wait_for("type to find")
        console.send(ESCAPE)
        console.gone("type to find")
    raise AssertionError(f"no {shows!r}")


def keys(console: Console) -> None:
    """Letters are keys."""
    console.send(ESCAPE)
    console.wait_for("? Help")


def test_help_is_called_and_comes(
    site: Running, department: str, agent: str, desks: Callable[[str], Console]
) -> None:
    lead = site.add_user("supervisor", name=unique("boss"), department=department)
    kim, boss = desks(agent), desks(lead)
    visitor = arrive(site, department)

    # why it waits: the facts of the moment, in a dialog that goes away again
    kim.row("Ana", "My printer is on fire")
    kim.send("w")
    kim.wait_for("Why nobody has the chat with Ana")
    kim.row("could take it")
    kim.send(ESCAPE)
    kim.gone("Why nobody has")
    taken(kim)
    kim.send("!")
    kim.wait_for("Call the supervisors?")
    kim.send(SECRET + ENTER)
    kim.wait_for("H help called")
    boss.wait_for("Calls for help 1")
    boss.row("Ana", f"H {agent} calls")
    enter(boss, "┃ My printer is on fire")
    boss.wait_for("You watch silently")
    boss.send("J")
    boss.row("to Ana ▸")
    boss.wait_for("You joined this chat")
    kim.wait_for(f"with {lead}")
    kim.gone("H help called")
    boss.write("Good morning, I am the lead")
    kim.wait_for("Good morning, I am the lead")

    # why: nobody but the agent's own hand
    keys(kim)
    kim.send("w")
    kim.wait_for(f"No routing decided this: {agent} has taken the chat by hand.")

    keys(boss)
    boss.send("L")
    kim.gone(f"with {lead}")
    kim.send("i")
    kim.write("It is me again")
    frames = heard(visitor, "It is me again")
    kinds = [frame["what"]["kind"] for frame in frames if frame["t"] == "event"]
    assert kinds.count("joined") == kinds.count("parted") == 1
    assert SECRET not in json.dumps(frames)
    visitor.close()


def test_a_colleague_is_invited_declines_and_then_joins(
    site: Running, department: str, agent: str, desks: Callable[[str], Console]
) -> None:
    name = site.add_user("agent", name=unique("robin"), department=department)
    kim, robin = desks(agent), desks(name)
    visitor = arrive(site, department)
    taken(kim)
    for answer in ("D", ENTER):
        kim.send("I")
        kim.wait_for("Invite whom into the chat with Ana?")
        kim.send(name)
        kim.wait_until(lambda rows: not any(agent in row for row in rows[6:18]), 10, "one colleague left")
        kim.send(ENTER)
        kim.wait_for(f"{name} is asked to join")
        robin.wait_for("Offered to you 1")
        robin.row("invited", f"{agent} asks you to join")
        if answer == ENTER:
            enter(robin, "to Ana ▸")
        else:
            robin.send(answer)
            robin.wait_for("Decline the chat with Ana?")
            robin.send(ENTER)
            kim.wait_for(f"{name} would rather not join")
            robin.gone("Offered to you")
    kim.wait_for(f"with {name}")
    robin.write("Two heads are better than one")
    assert heard(visitor, "Two heads are better than one")[-1]["by"]["name"] == name
    visitor.close()


def test_another_department_gets_a_chat_with_a_note_and_its_guide_is_read_before(
    site: Running, department: str, agent: str, desks: Callable[[str], Console]
) -> None:
    billing = site.add_department(guide="Invoices over 100 euros", note_required=True)
    name = site.add_user("agent", name=unique("alex"), department=billing)
    kim, alex = desks(agent), desks(name)
    visitor = arrive(site, department)
    taken(kim)
    kim.send("h")
    kim.wait_for("Hand over the chat with Ana")
    kim.send("invoices over")
    kim.row("when: Invoices over 100 euros", "A note is required")
    kim.row("Then: Offered to the agents of")
    kim.send(ENTER)
    kim.wait_for("Enter offers it")
    kim.send(ENTER)
    kim.wait_for("wants a note")
    kim.send(SECRET)
    kim.row("NOTE", SECRET)
    kim.send(ENTER)
    kim.gone("Hand over the chat")
    alex.wait_for("Offered to you 1")
    alex.row("⇒", agent)
    alex.send(ENTER)
    alex.row("to Ana ▸")
    alex.row(SECRET)
    alex.write("You have reached billing")
    frames = heard(visitor, "You have reached billing")
    assert SECRET not in json.dumps(frames)
    visitor.close()


def test_who_is_away_is_refused_in_the_dialog_and_nothing_is_lost(
    site: Running, department: str, agent: str, desks: Callable[[str], Console]
) -> None:
    name = site.add_user("agent", name=unique("robin"), department=department)
    robin, kim = desks(name), desks(agent)
    robin.send("b")
    robin.wait_for("reason")
    robin.send(ENTER)
    robin.wait_for("on break")
    visitor = arrive(site, department)
    taken(kim)
    kim.send("h")
    kim.wait_for("Hand over the chat with Ana")
    kim.send(name)
    kim.row("Then:", "is on break")
    kim.send(ENTER)
    kim.wait_for("Enter offers it")
    kim.send("look-at-this")
    kim.row("NOTE", "look-at-this")
    kim.send(ENTER)
    kim.row("! ", f"{name}")
    kim.row("NOTE", "look-at-this")
    robin.send("B")
    kim.row("Then: Offered to")
    kim.send(ENTER)
    kim.gone("Hand over the chat")
    robin.wait_for("Offered to you 1")
    visitor.close()
