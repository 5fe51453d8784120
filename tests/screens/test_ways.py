"""Finding one's way: Escape goes one place back, hints are true, and no key is ignored without a word."""

from __future__ import annotations

import pytest

from agentconsole.keys import Where
from agentconsole.screens.finder import Finder, Found
from tests.screens.fed import START, Desk, desk, log, mine, waiting
from tests.screens.fed_tickets import settled, ticket, with_doors
from tests.screens.team import supervisor, team, theirs


def hints(d: Desk) -> str:
    """The row of keys."""
    return d.screen[-2].strip()


async def test_escape_goes_one_place_back_and_a_place_is_gone_back_to_once() -> None:
    async with desk() as d:
        await with_doors(d, ticket(5))
        await d.feed(mine(11), *log(11, "*", "<hello", "+"))
        await d.press("1", "escape")
        assert d.app.main.where is Where.chat
        await d.press("escape")
        assert d.app.main.where is Where.chat  # two Escapes in a row never leave a chat that I answer
        await d.press("W", "K")
        await settled(d)
        await d.press("enter")
        await settled(d)
        found = [d.app.main.where]
        for _ in range(4):
            await d.press("escape")
            await settled(d)
            found.append(d.app.main.where)
        assert found == [Where.ticket, Where.tickets, Where.team, Where.chat, Where.chat]
        await d.press("W")
        await d.press("escape", "m")  # after Escape letters are keys, also where one came back to
        assert d.app.main.chat.note
        assert d.app.main.chat.composer.text == ""


async def test_from_a_ticket_found_by_its_number_escape_leads_to_the_list_and_then_home() -> None:
    async with desk() as d:
        await with_doors(d, ticket(5))
        await d.press("number_sign", "5", "enter")
        await settled(d)
        for where in (Where.ticket, Where.tickets, Where.queue, Where.queue):
            assert d.app.main.where is where
            await d.press("escape")
            await settled(d)


async def test_from_a_chat_that_i_only_watch_escape_leads_back_to_the_others() -> None:
    async with desk() as d:
        await d.feed(supervisor(), *team(), theirs(21))
        await d.press("E", "enter")
        assert d.app.main.where is Where.chat
        await d.press("i", "escape")
        assert d.app.main.where is Where.chat  # the first one leaves the composer
        await d.press("escape")
        assert d.app.main.where is Where.observe
        await d.press("escape")
        assert d.app.main.where is Where.queue


async def test_what_is_done_here_comes_first_and_under_a_dialog_no_key_is_promised() -> None:
    async with desk() as d:
        await with_doors(d, ticket(5))
        await d.press("K")
        await settled(d)
        assert hints(d).startswith("Enter Open")
        await d.press("c")
        assert d.sees("Ticket #5 is")
        assert hints(d) == ""
        await d.press("escape")
        assert hints(d).startswith("Enter Open")
        await d.press("W")
        assert "Esc Back" in hints(d)
        await d.press("g")
        assert "Esc" not in hints(d)


async def test_while_writing_no_letter_is_promised() -> None:
    async with desk((120, 40)) as d:
        await d.feed(mine(11), *log(11, "*", "<hello", "+"))
        await d.press("1")
        assert "F8 Note" in hints(d)
        assert "Quit" not in hints(d)
        await d.press("escape")
        assert "Q Quit" in hints(d)


async def test_a_letter_that_does_nothing_here_is_answered() -> None:
    async with desk() as d:
        await d.press("q")
        assert d.sees("q does nothing here. ? shows the keys.")
        await d.press("W", "v")
        assert d.sees("v does nothing here.")
        await d.press("j")  # the list's own
        await d.press("W")
        assert not d.sees("does nothing")
        await d.feed(mine(11), *log(11, "*", "<hello", "+"))
        await d.press("1")
        await d.type("qx")
        assert not d.sees("does nothing")


async def test_reconnecting_a_link_that_is_up_is_answered() -> None:
    async with desk() as d:
        d.store.link.welcomed("run", START)
        await d.press("R")
        assert d.sees("The link is up")


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_in_a_finder_what_is_under_the_cursor_is_always_in_view(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await d.feed(waiting(1))
        await d.press("colon")
        dialog = d.app.screen
        assert isinstance(dialog, Finder)
        rows = dialog.query_one(Found)
        for _ in range(14):
            item = rows.selected_item
            assert item is not None
            assert any(item.label in row for row in d.screen[3:-1]), item.label
            await d.press("down")
        assert d.sees("Enter take") is (size[1] > 12)
        await d.type("nothing like it")
        assert d.sees("Nothing fits.") is (size[1] > 12)
