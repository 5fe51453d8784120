"""What is offered to me: on top of the queue, in the chat list, counted down, read before it is taken."""

import pytest

from agentconsole.protocol import Ack, Decline, Gone, Join, Open, Routing, State, Take
from agentconsole.settings import Settings
from tests.screens.fed import ME, START, Desk, desk, event, log, mine, waiting
from tests.screens.team import ROBIN, departments, handed_to_me, history, person, supervisor, team, theirs


async def offered(d: Desk, left_s: int = 42) -> None:
    """Robin hands Ana's chat to me, and its history has come."""
    await d.feed(*team(), waiting(1, "Bo", 30), handed_to_me(left_s=left_s))
    (look,) = d.sent
    assert isinstance(look, Open)
    await d.feed(*history(), Ack(look.cid, 21, 5))


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (120, 40)])
async def test_an_offer_stands_on_top_of_the_queue_with_countdown_who_and_note(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await offered(d)
        at = [number for number, row in enumerate(d.screen) if "Offered to you 1" in row]
        below = [number for number, row in enumerate(d.screen) if "Waiting 1" in row]
        assert at[0] < below[0]
        (row,) = [row for row in d.screen if "⇒" in row and "42 s" in row]
        assert "Ana" in row
        if size[0] >= 80:
            assert "Robin hands it to you: She wants" in row
        await d.later(2_000)
        assert any("40 s" in row for row in d.screen)


async def test_enter_takes_it_and_goes_there() -> None:
    async with desk() as d:
        await offered(d)
        await d.press("home", "enter")
        (take,) = d.sent
        assert isinstance(take, Take)
        assert take.chat == 21
        await d.feed(mine(21, version=9, seq=6), event(21, 6, "+"), Ack(take.cid, 21, 6))
        assert d.app.main.where == "chat"
        assert d.sees("to Ana ▸")


async def test_opening_it_shows_the_whole_history_and_the_note_before_one_says_yes() -> None:
    async with desk() as d:
        await offered(d)
        await d.press("home", "v")
        assert d.sent == []
        assert d.sees("My printer is on fire")
        assert d.sees("Stand back, please")
        assert d.sees("⇒ Robin hands it to you, 42 s. a takes it, D declines. Note: She wants")
        await d.press("a")
        (take,) = d.sent
        assert isinstance(take, Take)


async def test_next_goes_to_offers_first() -> None:
    async with desk() as d:
        await d.feed(mine(11), *log(11, "*", "<hello", "+", "<anybody?"))
        await offered(d)
        await d.press("n")
        assert d.app.main.chat.chat == 21
        await d.press("n")
        assert d.app.main.chat.chat == 11


async def test_it_is_declined_with_a_reason_and_then_forgotten() -> None:
    async with desk() as d:
        await offered(d)
        await d.press("home", "D")
        await d.type("no idea of printers")
        await d.press("enter")
        (no,) = d.sent
        assert isinstance(no, Decline)
        assert (no.chat, no.reason) == (21, "no idea of printers")
        await d.feed(Ack(no.cid, 21, 6), Gone(21, 6))
        assert not d.sees("Offered to you")
        assert 21 not in d.store.viewing


async def test_escape_declines_nothing() -> None:
    async with desk() as d:
        await offered(d)
        await d.press("home", "D", "escape")
        assert d.sent == []
        assert d.sees("Offered to you 1")


async def test_an_offer_that_ran_out_while_i_read_it_leaves_me_reading() -> None:
    async with desk() as d:
        await offered(d)
        await d.press("home", "v")
        await d.feed(theirs(21, version=9))
        assert d.app.main.chat.chat == 21
        assert not d.sees("hands it to you")
        await d.press("a")
        assert d.sent == []
        assert d.sees("J joins it")


async def test_an_offer_that_went_elsewhere_unread_is_put_away() -> None:
    async with desk() as d:
        await offered(d)
        await d.feed(theirs(21, version=9))
        assert not d.sees("Offered to you")
        assert 21 not in d.store.viewing
        assert 21 not in d.store.talks


async def test_the_dispatchers_offer_is_told_as_given() -> None:
    async with desk() as d:
        given = waiting(5, "Cy", 12, version=3, offer_to=ME, offer_name="Kim", offer_until=START + 60_000)
        await d.feed(
            *team(), given.__replace__(state=State.offered) if hasattr(given, "__replace__") else given
        )
        assert d.sees("Cy")
        assert d.sees("⇒ given to you")
        assert d.sees("60 s")


async def test_an_invitation_is_accepted_by_joining() -> None:
    async with desk() as d:
        await d.feed(*team(), theirs(21, invited=[person(ME, "Kim")]))
        assert d.sees("invited")
        assert d.sees("⇒ Robin asks you to join")
        await d.press("home", "enter")
        joins = [command for command in d.sent if isinstance(command, Join)]
        assert [command.chat for command in joins] == [21]


async def test_an_offer_to_everybody_of_a_department_names_it() -> None:
    async with desk() as d:
        until = START + 30_000
        card = theirs(21, offer_department=2, offer_by=ROBIN, offer_until=until)
        await d.feed(*team(), card)
        assert d.sees("Robin hands it to Billing")


async def test_the_list_beside_the_chat_counts_it_down() -> None:
    async with desk((120, 40)) as d:
        await d.feed(mine(11), *log(11, "*", "<hello", "+"))
        await d.press("1")
        await offered(d)
        assert d.sees("offered 42 s")


async def test_hints_offer_declining_only_while_there_is_something_to_decline() -> None:
    async with desk((120, 40)) as d:
        await d.feed(*team())
        assert not d.sees("D Decline")
        await d.feed(handed_to_me())
        await d.press("home")
        assert d.sees("D Decline")


async def test_a_chat_that_rings_with_everybody_says_so() -> None:
    async with desk() as d:
        await d.feed(departments(routing=Routing.ring), waiting(1, "Bo"), waiting(2, "Cy", department=2))
        assert [("Bo" in row) for row in d.screen if "rings" in row] == [True]


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (120, 40)])
@pytest.mark.parametrize("theme", ["night", "mono"])
async def test_what_is_offered_is_counted_on_every_screen(size: tuple[int, int], theme: str) -> None:
    async with desk(size, Settings(theme=theme)) as d:
        await d.feed(supervisor(), *team(), mine(11), *log(11, "*", "<hello", "+"))
        assert not d.sees("⇒")
        await d.feed(handed_to_me(21), handed_to_me(22, name="Cy"))
        for key in ("g", "1", "W", "M", "V", "E", "l", "F"):
            await d.press("escape", key)
            assert size[1] < 18 or "Queue 0 ⇒2" in d.screen[0], key
            assert "⇒2 offered" in d.screen[-1], key
            assert "0 wait" in d.screen[-1], key
        await d.feed(theirs(21, version=9), theirs(22, "Cy", version=9))
        assert not d.sees("⇒")


async def test_a_name_stays_as_it_is_written_and_what_is_offered_to_me_goes_to_nobody_else() -> None:
    async with desk() as d:
        await d.feed(theirs(21, invited=[person(ME, "Kim")], owner_name="robin"), *history(21))
        await d.press("n")
        assert d.sees("⇒ robin asks you to join")
    async with desk() as d:
        await d.feed(handed_to_me(), *history())
        await d.press("n")
        assert d.sees("Robin hands it to you, 42 s.")
        assert not d.sees("→ Kim")


async def test_take_next_with_nothing_but_an_offer_says_where_that_is() -> None:
    async with desk() as d:
        await d.feed(handed_to_me(), *history())
        before = d.sent
        await d.press("t")
        assert d.sent == before
        assert d.sees("Nobody is waiting. n goes to what is offered to you.")
