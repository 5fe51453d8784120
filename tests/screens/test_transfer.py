"""Handing a chat over: the dialog at three sizes, what it sends, and that nothing is half done."""

import pytest

from agentconsole.protocol import Ack, Away, CancelTransfer, Code, Refused, Transfer
from agentconsole.screens.transfer import SLIP_MS, TransferDialog
from tests.screens.fed import START, Desk, desk, log, mine
from tests.screens.team import ALEX, ROBIN, departments, history, seat, supervisor, team, theirs


async def with_ana(d: Desk) -> None:
    """A chat of mine in front, keys beside the composer."""
    await d.feed(*team(), mine(11), *log(11, "*", "<hello", "+"))
    await d.press("1", "escape")


async def opened(d: Desk) -> None:
    """The dialog stands."""
    await with_ana(d)
    await d.press("h")
    assert d.sees("Hand over the chat with Ana")


def reads(d: Desk, words: str) -> bool:
    """True if the words stand in the dialog, wrapped or not."""
    return words in " ".join(" ".join(row.strip("│ ") for row in d.screen).split())


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (120, 40)])
async def test_it_is_whole_at_every_size(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await opened(d)
        assert d.sees("Billing")
        assert d.sees("Then: Offered to the agents of")
        assert d.sees("NOTE")
        await d.type("robin")
        assert d.sees("● Robin")
        assert d.sees("1/3")
        assert reads(d, "Declined or no answer: it stays with you.")
        await d.press("enter")
        await d.type("please look")
        assert d.sees("please look")
        await d.press("enter")
        (offer,) = d.sent
        assert isinstance(offer, Transfer)
        assert (offer.chat, offer.user, offer.department, offer.note) == (11, ROBIN, 0, "please look")


async def test_each_row_says_how_they_stand() -> None:
    async with desk((120, 40)) as d:
        await opened(d)
        (billing,) = [row for row in d.screen if "● Billing" in row]
        assert "1 of 3 free" in billing
        assert "open" in billing
        assert "Invoices over" in billing
        (sales,) = [row for row in d.screen if "○ Sales" in row]
        assert "closed" in sales
        (robin,) = [row for row in d.screen if "● Robin" in row]
        assert robin.split()[1:5] == ["●", "Robin", "1/3", "online"]
        assert "Support" in robin
        assert d.sees("on break 3 min: Lunch")
        assert d.sees("link lost, kept 22 s more")
        (jo,) = [row for row in d.screen if "○ Jo" in row]
        assert "3/3" in jo
        assert not any("Kim" in row and "1/3" in row for row in d.screen)


async def test_the_guide_of_the_chosen_department_stands_there_and_its_note_is_required() -> None:
    async with desk() as d:
        await opened(d)
        await d.type("billing invoices")
        assert d.sees("when: Invoices over 100 euros  A note is required.")
        await d.press("enter", "enter")
        assert d.sent == []
        assert d.sees("Billing wants a note")
        await d.type("two invoices are open")
        await d.press("enter")
        (offer,) = d.sent
        assert isinstance(offer, Transfer)
        assert (offer.user, offer.department, offer.note) == (0, 2, "two invoices are open")


async def test_a_department_can_ask_one_of_its_agents_first() -> None:
    async with desk() as d:
        await opened(d)
        await d.type("support")
        await d.press("f4")
        assert d.sees("Support: who is asked first")
        assert not d.sees("Alex")
        await d.type("robin")
        assert d.sees("Then: Robin first, for 60 s.")
        await d.press("enter", "enter")
        (offer,) = d.sent
        assert isinstance(offer, Transfer)
        assert (offer.user, offer.department) == (ROBIN, 1)


async def test_what_happens_if_the_person_is_away_is_told_and_can_be_changed() -> None:
    async with desk() as d:
        await opened(d)
        await d.type("alex")
        assert d.sees("Then: Alex is on break 3 min: Lunch. So it is offered to")
        await d.press("f2")
        assert d.sees("Ana waits in Alex's line")
        await d.press("f2")
        assert reads(d, "Ana gave no e-mail address: it will be refused")
        await d.feed(mine(11, version=8, email="ana@example.org"))
        d.app.screen.redraw()
        await d.drawn()
        assert d.sees("Ana is promised an e-mail from Alex")
        await d.press("enter")
        await d.type("after lunch")
        await d.press("enter")
        (offer,) = d.sent
        assert isinstance(offer, Transfer)
        assert (offer.user, offer.department, offer.away, offer.force) == (ALEX, 2, Away.email, False)


async def test_only_supervisors_can_force() -> None:
    async with desk() as d:
        await opened(d)
        await d.type("alex")
        await d.press("f3")
        assert not d.sees("at once")
    async with desk() as d:
        await d.feed(supervisor())
        await opened(d)
        await d.type("alex")
        await d.press("f3")
        assert d.sees("Then: At once: Alex has the chat and is not asked.")
        await d.press("enter")
        await d.type("urgent")
        await d.press("enter")
        (offer,) = d.sent
        assert isinstance(offer, Transfer)
        assert offer.force


async def test_refused_it_stays_with_the_note_and_says_why() -> None:
    async with desk() as d:
        await opened(d)
        await d.type("robin")
        await d.press("enter")
        await d.type("she is in a hurry")
        await d.press("enter")
        (offer,) = d.sent
        await d.press("enter")
        assert len(d.sent) == 1
        await d.feed(Refused(Code.unavailable, "Robin has just gone on a break.", offer.cid, 11))
        assert d.sees("Robin has just gone on a break.")
        assert d.sees("she is in a hurry")
        await d.press("enter")
        (again,) = d.sent
        assert isinstance(again, Transfer)
        assert again.cid != offer.cid
        await d.feed(Ack(again.cid, 11, 9))
        assert not d.sees("Hand over the chat")


async def test_escape_does_nothing_and_keeps_the_note_for_the_next_time() -> None:
    async with desk() as d:
        await opened(d)
        await d.type("robin")
        await d.press("enter")
        await d.type("half a note")
        await d.press("escape")
        assert d.sent == []
        assert not d.sees("Hand over the chat")
        await d.press("h")
        assert d.sees("half a note")


async def test_escape_behind_the_yes_does_not_say_that_nothing_was_done() -> None:
    async with desk() as d:
        await opened(d)
        await d.type("robin")
        await d.press("enter")
        await d.type("she is in a hurry")
        await d.press("enter", "escape")
        (offer,) = d.sent
        assert d.sees("The offer is on its way already.")
        await d.feed(Refused(Code.unavailable, "Robin has just gone on a break.", offer.cid, 11))
        assert d.sees("Not handed over: Robin has just gone on a break.")
        await d.press("h")
        assert d.sees("she is in a hurry")


async def test_people_come_and_go_while_one_chooses() -> None:
    async with desk() as d:
        await opened(d)
        await d.type("robin")
        await d.feed(seat(ROBIN, "Robin", chats=3, departments=[1, 2]))
        d.app.screen.redraw()
        await d.drawn()
        assert d.sees("Robin has 3 of 3 chats already.")


async def test_words_that_fit_nobody_send_nothing() -> None:
    async with desk() as d:
        await opened(d)
        await d.type("xyzzy")
        assert d.sees("Nobody fits.")
        await d.press("enter", "enter")
        assert d.sent == []


async def test_a_running_offer_counts_down_and_can_be_taken_back_with_one_key() -> None:
    async with desk() as d:
        await with_ana(d)
        offer = {"offer_to": ROBIN, "offer_name": "Robin", "offer_by": 7, "offer_until": START + 60_000}
        await d.feed(mine(11, version=9, **offer))
        assert d.sees("→ Robin 60 s")
        assert d.sees("Offered to Robin, 60 s. It stays yours until somebody takes it.")
        await d.later(18_000)
        assert d.sees("→ Robin 42 s")
        await d.press("h")
        assert d.sees("offered to Robin already")
        await d.press("H")
        (back,) = d.sent
        assert isinstance(back, CancelTransfer)
        assert back.chat == 11
        await d.press("g")
        assert d.sees("offered")
        await d.feed(mine(11, version=10))
        assert not d.sees("offered")


async def test_a_key_without_an_offer_says_so() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.press("H")
        assert d.sees("not offered to anybody")
        assert d.sent == []


async def test_a_pasted_note_of_many_lines_is_kept_whole() -> None:
    from textual.events import Paste

    async with desk() as d:
        await opened(d)
        await d.type("robin")
        await d.press("enter")
        d.app.post_message(Paste("\n".join(f"line {n}" for n in range(20))))
        await d.drawn()
        await d.press("enter")
        (offer,) = d.sent
        assert isinstance(offer, Transfer)
        assert offer.note.splitlines()[-1] == "line 19"


async def test_the_rule_of_the_department_is_what_is_told() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.feed(departments(away=Away.wait, wait_for_s=120), seat(ROBIN, "Robin", chats=3))
        await d.press("h")
        await d.type("robin")
        assert reads(d, "Ana waits in Robin's line for up to 2 min")
        await d.press("enter", "enter")
        (offer,) = d.sent
        assert isinstance(offer, Transfer)
        assert offer.away is Away.wait


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_what_changed_since_it_was_drawn_is_told_and_asked_once_more(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await with_ana(d)
        await d.feed(departments(away=Away.email), mine(11, version=8, email="ana@example.org"))
        await d.press("h")
        await d.type("robin")
        await d.press("enter")
        assert reads(d, "Offered to Robin")
        await d.feed(seat(ROBIN, "Robin", chats=3))
        await d.press("enter")
        assert d.sent == []
        assert reads(d, "This has changed just now.")
        assert reads(d, "Robin has 3 of 3 chats already. Ana is promised an e-mail from Robin;")
        await d.press("enter")
        (offer,) = d.sent
        assert isinstance(offer, Transfer)
        assert (offer.user, offer.away) == (ROBIN, Away.email)


async def test_what_changed_a_moment_ago_is_asked_once_more_and_what_could_be_read_is_not() -> None:
    async with desk() as d:
        await opened(d)
        await d.type("robin")
        await d.press("enter")
        dialog = d.app.screen
        assert isinstance(dialog, TransferDialog)
        await d.feed(seat(ROBIN, "Robin", chats=3), departments(away=Away.wait))
        dialog.follow()
        await d.press("enter")
        assert d.sent == []
        assert reads(d, "This has changed just now.")
        await d.feed(seat(ROBIN, "Robin", chats=1))
        dialog.follow()
        d.clock.now += SLIP_MS
        await d.press("enter")
        (offer,) = d.sent
        assert isinstance(offer, Transfer)
        assert (offer.user, offer.away) == (ROBIN, Away.refuse)


async def test_what_would_be_refused_is_not_sent() -> None:
    async with desk() as d:
        await opened(d)
        await d.type("sales")
        await d.press("enter")
        await d.type("she wants two")
        await d.press("enter")
        assert d.sent == []
        assert reads(d, "Nothing was sent. Choose somebody else, or press F2.")
        d.app.screen.redraw()
        await d.drawn()
        assert reads(d, "Nothing was sent.")
        await d.feed(departments(away=Away.wait))
        assert reads(d, "Nothing was sent.")
        await d.press("f2")
        assert reads(d, "Ana waits in the queue of Sales, with its age.")
        await d.press("enter")
        (offer,) = d.sent
        assert isinstance(offer, Transfer)
        assert (offer.department, offer.away, offer.note) == (3, Away.wait, "she wants two")


async def test_what_was_objected_to_goes_as_soon_as_it_can_be_done() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.feed(seat(ROBIN, "Robin", chats=3))
        await d.press("h")
        await d.type("robin")
        await d.press("enter", "enter")
        assert reads(d, "Nothing was sent.")
        await d.feed(seat(ROBIN, "Robin", chats=1))
        d.app.screen.redraw()
        await d.drawn()
        assert not d.sees("Nothing was sent.")
        assert d.sees("Then: Offered to Robin for 60 s.")
        await d.press("enter")
        assert len(d.sent) == 1


async def test_nobody_hands_a_chat_over_to_oneself() -> None:
    async with desk() as d:
        await d.feed(supervisor(), *team(), theirs(21), *history())
        await d.press("g", "home", "v")
        d.app.main.go_chat(21)
        await d.press("h")
        await d.type("kim")
        assert d.sees("Nobody fits.")
