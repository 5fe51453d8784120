"""The queue screen: what stands there, and what the keys send."""

from collections.abc import Iterable

import pytest

from agentconsole.cache import Picture
from agentconsole.protocol import Ack, Gone, Grant, Open, Preview, Role, Status, Take, TakeNext, Welcome
from agentconsole.widgets.paint import Cell
from agentconsole.widgets.queue_list import Entry, QueueList
from tests.screens.fed import ME, START, desk, log, mine, waiting


async def test_shows_who_waits_with_wait_department_name_topic_and_first_line() -> None:
    async with desk() as d:
        await d.feed(waiting(1, "Ana", 412, topic="Invoice", department=2), waiting(2, "", 95, drill=True))
        (ana,) = [row for row in d.screen if "Ana" in row]
        assert ana.split()[:3] == ["!6", "min", "Billing"]
        assert "Invoice · My printer is on fire" in ana
        assert d.sees("no name")
        assert d.sees("drill My printer")


async def test_who_may_only_read_is_offered_no_taking_and_told_so() -> None:
    async with desk((100, 24)) as d:
        grants = [Grant(Role.analyst)]
        await d.feed(Welcome("run1", START, ME, "kim", "Kim", grants, Status.online), waiting(1))
        assert not d.sees("Take")
        assert not d.sees("takes it")
        assert d.sees("v reads it")
        for key in ("enter", "t"):
            await d.press(key)
            assert d.sees("Agents and supervisors answer chats")
            await d.press("g")
        assert all(isinstance(command, Open) for command in d.sent)
        await d.press("v")
        assert not d.sees("a takes it")


async def test_seconds_only_in_the_first_minute() -> None:
    async with desk() as d:
        await d.feed(waiting(1, wait_s=58))
        assert d.sees("58 s")
        await d.later(1_000)
        assert d.sees("59 s")
        await d.later(1_000)
        assert d.sees("1 min")
        before = d.screen
        await d.later(30_000)
        assert [row for row in d.screen if "Ana" in row] == [row for row in before if "Ana" in row]


async def test_shows_what_the_visitor_is_typing_and_forgets_it_after_eight_seconds() -> None:
    async with desk() as d:
        await d.feed(waiting(1), Preview(1, "I tried to"))
        assert d.sees("✎ I tried to")
        await d.later(8_100)
        assert d.sees("My printer is on fire")
        assert not d.sees("I tried to")


async def test_a_lost_link_does_not_bring_the_picture_of_the_last_time_back() -> None:
    async with desk(last=Picture(START, "", "", [], [])) as d:
        assert d.sees("Nobody is waiting.")
        d.app.changed(d.store.link_lost(d.clock.now))
        await d.drawn()
        assert d.sees("Nobody was waiting when the link was lost.")
        assert not d.sees("As of")


async def test_only_the_row_that_changes_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    draw = QueueList.draw

    def noted(self: QueueList, item: Entry, line: int, width: int) -> Iterable[Cell]:
        drawn.append(item.card.chat if item.card else 0)
        return draw(self, item, line, width)

    async with desk() as d:
        await d.feed(*(waiting(chat, wait_s=200) for chat in range(1, 9)))
        monkeypatch.setattr(QueueList, "draw", noted)
        await d.feed(Preview(3, "I tried to"))
        assert d.sees("✎ I tried to")
        assert set(drawn) == {3}
        await d.feed(waiting(9, wait_s=1))
        assert set(drawn) == set(range(10))


async def test_enter_takes_the_chat_under_the_cursor_and_opens_it_once_it_is_mine() -> None:
    async with desk() as d:
        await d.feed(waiting(1, "Ana", 60), waiting(2, "Bo", 30))
        await d.press("down", "enter")
        (take,) = d.sent
        assert isinstance(take, Take)
        assert take.chat == 2
        assert d.app.main.where == "queue"
        await d.feed(Ack(take.cid, 2, 3), mine(2, "Bo"), *log(2, "*", "<hi", "+", name="Bo"))
        assert d.app.main.where == "chat"
        assert d.sees("to Bo ▸")
        assert d.sees("You took the chat")


async def test_take_next_opens_the_chat_that_the_server_chose() -> None:
    async with desk() as d:
        await d.feed(waiting(1, "Ana", 60), waiting(2, "Bo", 90))
        await d.press("t")
        (take,) = d.sent
        assert isinstance(take, TakeNext)
        await d.feed(Ack(take.cid, 2, 3), mine(2, "Bo"), *log(2, "*", "<hi", "+", name="Bo"))
        assert d.sees("to Bo ▸")


async def test_a_refused_take_says_why_and_stays_in_the_queue() -> None:
    from agentconsole.protocol import Code, Refused

    async with desk() as d:
        await d.feed(waiting(1))
        await d.press("enter")
        await d.feed(Refused(Code.taken, "Robin was faster.", d.sent[0].cid, 1), Gone(1, 5))
        assert d.sees("Robin was faster.")
        assert d.app.main.where == "queue"
        assert d.sees("Nobody is waiting.")


async def test_the_cursor_stays_on_its_chat_when_the_queue_moves() -> None:
    async with desk() as d:
        await d.feed(waiting(1, "Ana", 60), waiting(2, "Bo", 30))
        await d.press("down")
        await d.feed(waiting(3, "Cleo", 500))
        await d.press("enter")
        assert [command.chat for command in d.sent] == [2]


async def test_what_went_while_another_place_was_in_view_asks_for_no_second_press() -> None:
    async with desk() as d:
        await d.feed(waiting(1))
        await d.press("l")
        await d.feed(Gone(1, 5), waiting(2, "Bo", 30))
        await d.press("g", "enter")
        assert [command.chat for command in d.sent] == [2]


async def test_take_next_with_nobody_waiting_says_so_and_sends_nothing() -> None:
    async with desk() as d:
        await d.press("t")
        assert d.sent == []
        assert d.sees("Nobody is waiting.")


async def test_the_empty_queue_says_something_useful() -> None:
    async with desk() as d:
        assert d.sees("Nobody is waiting.")
        assert d.sees("Support, Billing")
        assert not d.sees("Sales")


async def test_my_chats_stand_below_and_enter_opens_them() -> None:
    async with desk() as d:
        await d.feed(waiting(1), mine(11, "Lucía"), *log(11, "*", "<hello", "+", "<anybody?", name="Lucía"))
        assert d.sees("My chats 1")
        assert d.sees("2 new")
        await d.press("down", "enter")
        assert d.sent == []
        assert d.sees("to Lucía ▸")


async def test_the_detail_pane_stands_beside_it_in_a_wide_terminal_only() -> None:
    for size, shown in (((120, 40), True), ((80, 24), False)):
        async with desk(size) as d:
            await d.feed(waiting(1, email="ana@example.org", page_title="Prices"))
            assert d.sees("ana@example.org") is shown


async def test_peek_opens_a_waiting_chat_without_taking_it() -> None:
    from agentconsole.protocol import Open

    async with desk() as d:
        await d.feed(waiting(1))
        await d.press("v")
        (look,) = d.sent
        assert isinstance(look, Open)
        await d.feed(*log(1, "*", "<hello?"), Ack(look.cid, 1, 2))
        assert d.sees("You only view this chat")
        assert not d.sees("▸")
        await d.press("x")
        assert d.app.main.where == "queue"


async def test_away_visitors_are_marked_in_words() -> None:
    async with desk() as d:
        await d.feed(waiting(1, lost_at=START - 9_000))
        assert d.sees("away My printer")


async def test_a_viewed_chat_can_be_taken_from_where_it_is_read() -> None:
    async with desk() as d:
        await d.feed(waiting(1))
        await d.press("v")
        (look,) = d.sent
        await d.feed(*log(1, "*", "<hello?"), Ack(look.cid, 1, 2))
        await d.press("a")
        take = d.sent[-1]
        assert isinstance(take, Take)
        await d.feed(Ack(take.cid, 1, 3), mine(1), *log(1, "*", "<hello?", "+"))
        assert d.sees("to Ana ▸")


async def test_enter_takes_no_other_chat_when_the_one_under_the_cursor_has_just_gone() -> None:
    async with desk() as d:
        await d.feed(waiting(1, "Ana", 60), waiting(2, "Bo", 30))
        await d.feed(Gone(1, 9))
        await d.press("enter")
        assert d.sent == []
        assert d.sees("has just gone")
        await d.later(1_000)
        await d.press("enter")
        assert [command.chat for command in d.sent] == [2]
