"""Two colleagues write to each other at real consoles: a channel, an unread count, an answer, and a link that goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.conftest import Consoles
from tests.journey.console import ENTER, ESCAPE, Console
from tests.journey.link import link_to
from tests.running import Running, unique
from tests.terminal.rig import foreign_controls

pytestmark = pytest.mark.terminal


@pytest.fixture
def robin(site: Running, department: str) -> str:
    """A colleague of the same department."""
    return site.add_user("agent", name=unique("robin"), department=department)


@pytest.fixture
def colleague(site: Running, robin: str, tmp_path: Path) -> Iterator[Console]:
    """The colleague's console, with a home of its own."""
    with Console(site, tmp_path / "robin", user=robin) as console:
        yield console.ready()


def writes(console: Console, to: str) -> None:
    """Begin to write to the one of this name."""
    console.send("M")
    console.wait_for("+ New")
    console.send("+")
    console.wait_for("Write to whom?")
    console.send(to)
    console.send(ENTER)
    console.row("staff: to", to[1:10], "▸")


def test_a_channel_an_answer_and_a_draft_over_a_cut_link(
    site: Running, department: str, consoles: Consoles, agent: str, robin: str, colleague: Console
) -> None:
    with link_to(lambda: site.url) as link:
        kim = consoles(url=link.url).ready()

        # to the whole department: its room names who reads it, the colleague's number grows
        writes(kim, department)
        kim.row("staff: to all of", "▸")
        kim.send("who knows?")
        kim.row("▸ who knows?")
        kim.send(ENTER)
        kim.row("who knows?")
        colleague.row("Queue 0", "Messages 1")
        kim.send("and about fires?" + ENTER)
        colleague.row("Queue 0", "Messages 2")
        assert "2 from staff" in colleague.rows[-1]

        # read is what stood on the screen; the answer goes to one person
        colleague.send("U")
        colleague.row("who knows?")
        colleague.row("and about fires?")
        colleague.row("staff: to all of", "▸")
        colleague.gone("Messages 2")
        assert not colleague.shows("from staff  ")
        colleague.send(ESCAPE)
        colleague.wait_for("+ New")
        writes(colleague, agent)
        colleague.row("Nothing has been said between you and")
        colleague.send("I do" + ENTER)
        kim.row("Queue 0", "Messages 1")
        kim.send(ESCAPE)
        kim.wait_for("+ New")
        kim.send("U")
        kim.row("staff: to", robin, "▸")
        kim.row("I do")
        kim.gone("Messages 1")

        # the link goes in the middle of a word: what was sent waits, what was not is a draft
        link.silence()
        kim.send("come here" + ENTER)
        kim.row("come here")
        kim.send("half a th")
        kim.row("▸ half a th")
        kim.wait_for("No answer for")
        kim.row("1 thing of yours will be sent when it is back")
        kim.send(ESCAPE)
        kim.wait_for("+ New")
        kim.send("g")
        kim.wait_for("Nobody is waiting")
        kim.send("M")
        kim.row("staff: to", "▸ half a th")
        assert not colleague.shows("come here")
        link.back()
        colleague.row("come here")
        kim.gone("No answer for")
        kim.row("staff: to", "▸ half a th")
        kim.send("i")
        kim.send("ought" + ENTER)
        colleague.row("half a thought")
        assert sum("come here" in row for row in colleague.rows) == 1
        assert len(kim.rows) == 24
        assert foreign_controls(kim.raw) == []
        assert foreign_controls(colleague.raw) == []
