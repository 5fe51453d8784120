"""What becomes of a ticket's work when something comes between: a dialog, a loss of the link, a refusal, a very long mail."""

from __future__ import annotations

from agentconsole.protocol import Ack, Code, EarlierChat, NewTicket, Refused, State, TakeTicket, Wrote
from agentconsole.text import FOLD_LINES
from tests.screens.fed import START, Desk, desk, hello
from tests.screens.fed_tickets import entry, settled, ticket, with_doors
from tests.screens.test_ticket import opened, replies, write


async def taking_the_next(d: Desk) -> TakeTicket:
    """A ticket is open, and the next one, #30, has been asked for."""
    doors = await opened(d)
    doors.put(ticket(30))
    await d.press("N")
    (take,) = [command for command in d.sent if isinstance(command, TakeTicket)]
    return take


async def test_a_ticket_that_comes_while_a_dialog_stands_waits_for_it() -> None:
    async with desk() as d:
        take = await taking_the_next(d)
        await write(d, "Dear Ana")
        await d.press("f9")
        await d.feed(Ack(take.cid, 30, 2))
        await d.press("2")
        await settled(d)
        assert [(reply.ticket, reply.text) for reply in replies(d)] == [(12, "Dear Ana")]
        assert d.store.written_tickets() == set()
        assert d.app.main.ticket.ticket == 30


async def test_a_ticket_that_comes_while_i_write_does_not_take_the_letters() -> None:
    async with desk() as d:
        take = await taking_the_next(d)
        await write(d, "Dear ")
        await d.feed(Ack(take.cid, 30, 2))
        assert d.sees("Ticket #30 waits until you have written this: Esc # and its number open it.")
        await d.type("Ana")
        assert (d.app.main.ticket.ticket, d.app.main.ticket.composer.text) == (12, "Dear Ana")


async def test_a_customer_who_could_not_be_asked_for_is_asked_for_when_the_link_is_back() -> None:
    async with desk((120, 40)) as d:
        doors = await opened(d)
        d.app.main.ticket.customers[12] = "Not known: the server cannot be reached."
        doors.chats = [EarlierChat(5, 1, START, State.closed, "how are you")]
        await d.press("f2")
        d.store.link_lost(d.clock.now)
        await d.feed(*hello())
        await d.press("K", "number_sign")
        await d.type("12")
        await d.press("enter")
        await settled(d)
        assert d.sees("how are you")


async def test_enter_shows_all_of_a_folded_message_and_then_writes() -> None:
    async with desk() as d:
        doors = await with_doors(d)
        text = "\n".join(f"row {number}" for number in range(FOLD_LINES + 34))
        doors.put(ticket(12), entry(1, Wrote(text), pub=1))
        await d.press("number_sign")
        await d.type("12")
        await d.press("enter")
        await settled(d)
        assert d.sees("… 34 more lines (↑ goes there, Enter shows)")
        await d.press("up", "enter", "end")
        assert d.sees(f"row {FOLD_LINES + 33}")
        await d.press("enter")
        assert d.app.main.ticket.composer.field.has_focus


async def test_a_new_ticket_that_is_refused_is_not_lost() -> None:
    async with desk() as d:
        doors = await with_doors(d, ticket(30))
        await d.press("K", "quotation_mark", "1")
        for words in ("ana@example", "Fire", "It burns"):
            await d.type(words)
            await d.press("enter")
        (new,) = [command for command in d.sent if isinstance(command, NewTicket)]
        assert (new.department, new.email, new.subject, new.text) == (1, "ana@example", "Fire", "It burns")
        await d.feed(Refused(Code.invalid, "ana@example is no address.", new.cid))
        assert d.sees("ana@example is no address. What you wrote is kept")
        await d.press("quotation_mark", "1")
        await d.type(".org")
        await d.press("enter", "enter", "enter")
        (again,) = [command for command in d.sent if isinstance(command, NewTicket)]
        assert (again.email, again.subject, again.text) == ("ana@example.org", "Fire", "It burns")
        await d.feed(Ack(again.cid, 30, 1))
        await settled(d)
        assert d.sees("#30 Printer 30")
        assert doors.cards[30].ticket == d.app.main.ticket.ticket
