"""The list of tickets: countdowns, filters, searching, any length, and what changes while one looks."""

from __future__ import annotations

import asyncio
import re

import pytest

from agentconsole.protocol import (
    Ack,
    Clock,
    SetTicket,
    TakeTicket,
    TicketCount,
    TicketCounts,
    TicketGone,
    TicketQuery,
    TicketStatus,
)
from agentconsole.text import UNSAFE
from tests.hostile import HOSTILE
from tests.screens.fed import ME, START, desk, left
from tests.screens.fed_tickets import HOUR, Doors, settled, ticket, with_doors
from tests.screens.team import team

SIZES = [(40, 12), (80, 24), (120, 40)]


def lists(doors: Doors) -> list[tuple[int, int]]:
    """Offset and limit of each reading of a list."""
    return [
        (params.get("offset", 0), params.get("limit", 50))
        for _, path, params in doors.asked
        if path == "/api/tickets"
    ]


@pytest.mark.parametrize("size", SIZES)
async def test_a_list_says_what_is_late_without_colours(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await with_doors(
            d,
            ticket(1, first_due=START - 3 * HOUR, breached=[Clock.first]),
            ticket(2),
            ticket(3, name="Bo", first_due=0, status=TicketStatus.waiting),
        )
        await d.press("K")
        await settled(d)
        assert len(d.screen) == size[1]
        late = next(row for row in d.screen if "OVERDUE" in row)
        assert "! " in late
        assert "OVERDUE 3h 00m" in late
        assert d.sees("due in 2h 10m")
        assert d.sees("Printer 1 is on fire")
        await d.later(10 * 60_000)
        assert d.sees("due in 2h 00m")
        assert d.sees("OVERDUE 3h 10m")


async def test_a_clock_that_runs_out_is_late_at_once_though_nobody_has_said_so() -> None:
    async with desk() as d:
        await with_doors(d, ticket(1, first_due=START + 60_000))
        await d.press("K")
        await settled(d)
        assert not d.sees("OVERDUE")
        await d.later(120_000)
        assert d.sees("! #1")
        assert d.sees("OVERDUE 1m")


async def test_a_hundred_thousand_are_read_by_the_stretch_that_is_looked_at() -> None:
    async with desk() as d:
        doors = await with_doors(d)
        for number in range(1, 100_001):
            doors.cards[number] = ticket(number, first_due=START + number * 60_000)
        await d.press("K")
        await settled(d)
        assert d.sees("100,000 tickets")
        await d.press("end")
        await settled(d)
        assert d.sees("Printer 100000 is on fire")
        await d.press("pageup", "home")
        await settled(d)
        assert d.sees("Printer 1 is on fire")
        assert len(lists(doors)) <= 4
        assert all(limit <= 200 for _, limit in lists(doors))
        d.app.main.tickets.list.scroll_to(y=50_000, animate=False, immediate=True)
        await settled(d)
        assert d.sees("Printer 50005 is on fire")


async def test_a_card_that_is_shown_is_replaced_in_place_and_what_enters_is_read() -> None:
    async with desk() as d:
        doors = await with_doors(d, ticket(1), ticket(2))
        await d.press("K")
        await settled(d)
        before = len(lists(doors))
        await d.feed(ticket(1, version=2, subject="Printer is out", assignee=ME, assignee_name="Kim"))
        await settled(d)
        assert d.sees("Printer is out")
        assert len(lists(doors)) == before
        await d.feed(doors.put(ticket(3, first_due=START + 60_000)))
        await settled(d)
        assert not d.sees("Printer 3 is on fire")  # not yet: a list that changes is not read at every change
        await d.later(2_000)
        await settled(d)
        assert d.sees("Printer 3 is on fire")
        assert d.sees("3 tickets")
        await d.feed(ticket(4, status=TicketStatus.solved))
        await d.later(5_000)
        await settled(d)
        assert len(lists(doors)) == before + 1  # what cannot be in this list changes nothing


async def test_what_i_may_see_no_more_goes() -> None:
    async with desk() as d:
        doors = await with_doors(d, ticket(1), ticket(2))
        await d.press("K")
        await settled(d)
        del doors.cards[1]
        await d.feed(TicketGone(1, 5))
        await d.later(2_000)
        await settled(d)
        assert not d.sees("Printer 1")
        await d.feed(ticket(1, version=4))
        assert 1 not in d.store.tickets.cards


async def test_the_cursor_stays_on_its_ticket_when_the_order_changes() -> None:
    async with desk() as d:
        doors = await with_doors(d, ticket(1), ticket(2), ticket(3))
        await d.press("K")
        await settled(d)
        await d.press("down")
        assert d.app.main.tickets.selected == 2
        await d.feed(doors.put(ticket(3, version=2, first_due=START + 60_000)))
        await d.later(2_000)
        await settled(d)
        assert d.app.main.tickets.selected == 2
        assert d.app.main.tickets.list.cursor == 2


async def test_filters_are_walked_chosen_by_name_and_searched_in() -> None:
    async with desk() as d:
        doors = await with_doors(
            d, ticket(1, assignee=ME, assignee_name="Kim"), ticket(2), ticket(3, status=TicketStatus.solved)
        )
        await d.press("K")
        await settled(d)
        await d.press("right")
        await settled(d)
        assert d.sees("‹ Mine ›")
        assert d.sees("1 ticket ")
        assert not d.sees("Printer 2 is on fire")
        await d.press("f")
        await d.type("solved")
        await d.press("enter")
        await settled(d)
        assert d.sees("Printer 3 is on fire")
        await d.press("x", "slash")
        await d.type("printer 2")
        await d.press("enter")
        await settled(d)
        assert d.sees("“printer 2”")
        assert [card.ticket for card in doors.listed(d.app.main.tickets.wanted)] == [2]
        assert not d.sees("Printer 1 is on fire")
        await d.press("slash")
        await d.type("nothing like it")
        await d.press("enter")
        await settled(d)
        assert d.sees("No ticket of “All open” with “nothing like it”.")
        await d.press("x")
        await settled(d)
        assert d.sees("Printer 1 is on fire")


async def test_keys_stay_with_the_list_while_another_one_is_on_its_way() -> None:
    async with desk() as d:
        doors = await with_doors(d, ticket(1), ticket(2))
        await d.press("K")
        await settled(d)
        doors.shut = asyncio.Event()
        await d.press("greater_than_sign", "greater_than_sign")
        assert d.sees("looking …")
        assert d.sees("‹ Unassigned ›")
        doors.shut.set()
        await settled(d)
        await d.press("end")
        assert d.app.main.tickets.selected == 2


async def test_a_filter_is_kept_used_and_deleted() -> None:
    async with desk((120, 40)) as d:
        doors = await with_doors(d, ticket(1), ticket(2))
        await d.press("K")
        await settled(d)
        await d.press("slash")
        await d.type("printer 2")
        await d.press("enter")
        await settled(d)
        await d.press("equals_sign")
        await d.type("twos")
        await d.press("enter")
        await settled(d)
        assert [(each.name, each.query) for each in doors.filters] == [
            ("twos", TicketQuery(text="printer 2"))
        ]
        assert d.sees("‹ twos ›")
        assert not d.sees("Printer 1 is on fire")
        await d.press("colon")
        await d.type("delete filter")
        await d.press("enter", "enter")
        await settled(d)
        assert doors.filters == []
        assert d.sees("Printer 1 is on fire")


async def test_counts_stand_always_in_sight_by_department() -> None:
    async with desk((120, 40)) as d:
        await with_doors(d)
        assert "Support 3 new 2 open 40 solved  Billing 0 new 1 open 0 solved" in d.screen[-1]
        assert d.sees("Tickets 6")
    async with desk() as d:
        await with_doors(d)
        assert "tickets 3 new 3 open" in d.screen[-1]
        await d.feed(TicketCounts([TicketCount(1, new=1)]))
        assert "Support 1 new" in d.screen[-1]


async def test_wide_terminals_have_filters_with_counts_and_the_ticket_under_the_cursor() -> None:
    async with desk((120, 40)) as d:
        doors = await with_doors(d, ticket(1), ticket(2, name="Bo"))
        doors.put(ticket(3, status=TicketStatus.open))
        await d.press("K")
        await settled(d)
        assert d.sees("Unassigned")
        assert re.search(r"Overdue +1", "\n".join(d.screen))
        await d.press("down")
        await settled(d)
        assert d.app.main.tickets.script.ticket == 2
        assert d.sees("┃ It burns. Please help!")


async def test_next_takes_the_one_nearest_to_its_breach_and_opens_it() -> None:
    async with desk() as d:
        doors = await with_doors(d, ticket(5))
        await d.press("K", "N")
        await settled(d)
        (command,) = d.sent
        assert isinstance(command, TakeTicket)
        assert command.ticket == 0
        doors.put(ticket(5, version=2, assignee=ME, assignee_name="Kim"))
        await d.feed(Ack(command.cid, 5, 2))
        await settled(d)
        assert d.sees("#5 Printer 5 is on fire")
        assert d.sees("It burns")


async def test_status_and_hold_are_set_from_the_list() -> None:
    async with desk() as d:
        await with_doors(d, ticket(1))
        await d.press("K")
        await settled(d)
        await d.press("c")
        await d.type("2")
        assert [(each.ticket, each.status) for each in d.sent if isinstance(each, SetTicket)] == [
            (1, "solved")
        ]
        await d.press("c")
        await d.type("4")
        await d.type("last tuesday")
        await d.press("enter")
        assert d.sees("is no date that is understood")
        assert d.sees("last tuesday")
        await d.press("ctrl+u")
        await d.type("3d")
        await d.press("enter")
        held = [each for each in d.sent if isinstance(each, SetTicket)][-1]
        assert held.status is TicketStatus.hold
        assert isinstance(held.hold_until, int)
        assert 2 * 24 * HOUR < held.hold_until - START <= 3 * 24 * HOUR


async def test_a_colleague_is_chosen_by_name() -> None:
    async with desk() as d:
        await d.feed(*team())
        await with_doors(d, ticket(1))
        await d.press("K")
        await settled(d)
        await d.press("o")
        await d.type("robin")
        await d.press("enter")
        assert [each.assignee for each in d.sent if isinstance(each, SetTicket)] == [8]


async def test_the_server_out_of_reach_says_so_and_is_not_hammered() -> None:
    async with desk() as d:
        doors = await with_doors(d)
        doors.down = True
        await d.press("K")
        await settled(d)
        assert d.sees("The tickets cannot be read.")
        tried = len(doors.asked)
        for _ in range(5):
            await d.later(1_000)
        assert len(doors.asked) == tried
        doors.down = False
        doors.put(ticket(1))
        await d.press("r")
        await settled(d)
        assert d.sees("Printer 1 is on fire")


async def test_a_number_opens_its_ticket_from_anywhere() -> None:
    async with desk() as d:
        await with_doors(d, ticket(123))
        await d.press("number_sign")
        await d.type("#123")
        await d.press("enter")
        await settled(d)
        assert d.sees("#123 Printer 123 is on fire")
        await d.press("number_sign")
        await d.type("nine")
        await d.press("enter")
        assert d.sees("'nine' is no number of a ticket.")
        await d.press("number_sign")
        await d.type("9")
        await d.press("enter")
        await settled(d)
        assert d.sees("Ticket #9 cannot be shown: There is no such ticket")


async def test_a_left_message_leads_to_its_ticket() -> None:
    async with desk() as d:
        await with_doors(d, ticket(8))
        await d.feed(left(2, ticket=8), left(3))
        await d.press("l")
        await d.press("home", "enter")
        await settled(d)
        assert d.sees("#8 Printer 8 is on fire")
        await d.press("l", "end", "enter")
        assert d.sees("This message has no ticket.")


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_tickets_act_on_nothing(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        doors = await with_doors(d)
        await d.press("K")
        for number, each in enumerate(HOSTILE, 1):
            text = each.text[:190].encode("utf-8", "replace").decode()
            doors.put(
                ticket(number, subject=text, name=text, assignee_name=text, assignee=9, tags=[text[:40]])
            )
        await d.press("r")
        await settled(d)
        for _ in range(len(HOSTILE) // 5 + 1):
            await d.press("pagedown")
            for row in d.screen:
                assert not UNSAFE.search(row)
        assert len(d.screen) == size[1]
