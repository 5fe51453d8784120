"""My own status: keys, breaks with a length, phone, finishing, offline, no input, and what others did to it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from textual.app import App

from agentconsole.protocol import (
    Ack,
    AlertsTested,
    BreakReason,
    Breaks,
    Phone,
    Release,
    SeatCard,
    SetStatus,
    State,
    Status,
)
from agentconsole.settings import Settings
from tests.screens.fed import ME, START, Desk, desk, mine
from tests.waiting import async_until

MINUTE = 60_000


def my_seat(status: Status, **facts: Any) -> SeatCard:
    return SeatCard(ME, "kim", "Kim", status, facts.pop("since", START), **facts)


async def acked(d: Desk) -> None:
    """The server has done all that was asked."""
    await d.feed(*(Ack(command.cid) for command in d.sent))


async def test_break_is_chosen_from_the_reasons_with_their_length() -> None:
    async with desk() as d:
        await d.feed(Breaks([BreakReason("Lunch", 45), BreakReason("Coffee", 10)]))
        await d.press("b")
        assert d.sees("up to 45 min")
        await d.press("2")
        (command,) = d.sent
        assert command == SetStatus(command.cid, Status.away, "Coffee")
        await d.feed(my_seat(Status.away, reason="Coffee", until=START + 10 * MINUTE))
        assert "◐ Kim on break: Coffee, 10 min left" in d.screen[-1]
        await d.later(9 * MINUTE + 30_000)
        assert "1 min left" in d.screen[-1]
        await d.later(MINUTE)
        assert "time is up" in d.screen[-1]
        await d.later(3 * MINUTE)
        assert "3 min over" in d.screen[-1]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
async def test_status_dialog_is_whole_and_every_digit_does_what_it_says(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await d.press("s")
        for words in ("online", "on break", "on the phone", "finishing", "offline"):
            assert d.sees(words), words
        await d.press("3")
        assert isinstance(d.sent[-1], Phone)
        await d.press("s", "5")
        assert d.sent[-1] == SetStatus(d.sent[-1].cid, Status.offline)
        await d.press("B")
        assert d.sent[-1] == SetStatus(d.sent[-1].cid, Status.online)


async def test_one_key_begins_a_call_and_ends_it() -> None:
    async with desk() as d:
        await d.press("p")
        assert d.sent[-1] == Phone(d.sent[-1].cid, True)
        await d.feed(my_seat(Status.phone))
        assert "■ Kim on the phone" in d.screen[-1]
        await d.press("p")
        assert d.sent[-1] == Phone(d.sent[-1].cid, False)


async def test_who_set_my_status_is_shown_and_told() -> None:
    async with desk() as d:
        await d.feed(my_seat(Status.online))
        await d.feed(my_seat(Status.away, since=START + 1, reason="Training", by="Mona"))
        assert d.sees("Mona set you to break: Training. B goes back online.")
        assert "(set by Mona)" in d.screen[-1]


async def test_who_did_not_answer_is_told_that_the_system_set_the_break() -> None:
    async with desk() as d:
        await d.feed(my_seat(Status.online))
        await d.feed(my_seat(Status.away, since=START + 1, reason="No answer", by="agentconsole"))
        assert d.sees("The system set you to break: No answer. B goes back online.")


async def test_what_i_did_myself_is_not_told() -> None:
    async with desk() as d:
        await d.feed(my_seat(Status.online))
        await d.feed(my_seat(Status.away, since=START + 1, reason="Lunch"))
        assert not d.sees("set you to")


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_finishing_lists_what_must_move_and_hands_it_over(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await d.feed(
            mine(11), mine(12, "Bo", offer_to=9, offer_name="Robin", offer_by=ME, offer_until=START + 60_000)
        )
        await d.press("s", "4")
        assert d.sent[-1] == SetStatus(d.sent[-1].cid, Status.drain)
        assert d.sees("2 chats must be finished")
        assert d.sees("to Robin")
        await d.press("z", "1")
        assert isinstance(d.sent[-1], Release)
        assert d.sent[-1].chat == 11
        await d.feed(my_seat(Status.drain), mine(11, version=5, state=State.closed))
        await async_until(lambda: d.sees("1 chat must be finished"))
        await d.feed(mine(12, "Bo", version=9, state=State.closed))
        await async_until(lambda: d.sees("All your chats are done"))
        await d.press("o")
        assert d.sent[-1] == SetStatus(d.sent[-1].cid, Status.offline)


async def test_finishing_comes_back_to_its_list_after_each_hand_over() -> None:
    async with desk() as d:
        await d.feed(mine(11), mine(12, "Bo"), SeatCard(9, "robin", "Robin", Status.online, START, limit=3))
        await d.press("s", "4", "h")
        assert d.sees("Robin")
        assert d.app.main.chat.chat == 11
        await d.press("escape")
        await async_until(lambda: d.sees("2 chats must be finished"))
        await d.press("down", "enter")
        assert d.app.screen is d.app.main
        assert d.app.main.chat.chat == 12


async def test_offline_with_chats_offers_to_finish_them_first() -> None:
    async with desk() as d:
        await d.feed(mine(11))
        await d.press("s", "5")
        assert d.sent == []
        assert d.sees("Offline?")
        await d.press("1")
        assert d.sent[-1] == SetStatus(d.sent[-1].cid, Status.drain)
        await d.press("escape")
        assert d.app.screen is d.app.main


async def test_no_input_sets_a_break_and_one_key_comes_back() -> None:
    async with desk(settings=Settings(theme="night", away_after_min=15)) as d:
        await d.later(14 * MINUTE)
        assert d.sent == []
        await d.press("g")
        await d.later(14 * MINUTE)
        assert d.sent == []
        await d.later(2 * MINUTE)
        (command,) = d.sent
        assert command == SetStatus(command.cid, Status.away, "No input")
        assert d.sees("Are you there?")
        await d.later(30 * MINUTE)
        assert len(d.sent) == 1
        await d.press("enter")
        assert d.sent[-1] == SetStatus(d.sent[-1].cid, Status.online)


async def test_a_call_that_ended_just_now_was_no_idleness() -> None:
    async with desk(settings=Settings(theme="night", away_after_min=15)) as d:
        await d.feed(my_seat(Status.phone))
        await d.later(40 * MINUTE)
        await d.feed(my_seat(Status.online, since=d.clock.now))
        await d.later(14 * MINUTE)
        assert d.sent == []
        await d.later(2 * MINUTE)
        assert d.sees("Are you there?")


async def test_who_writes_in_an_editor_is_not_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(App, "suspend", lambda app: nullcontext())
    async with desk(settings=Settings(theme="night", away_after_min=15)) as d:
        with d.app.suspend():
            await d.later(40 * MINUTE)
        await d.later(14 * MINUTE)
        assert d.sent == []
        await d.later(2 * MINUTE)
        assert d.sees("Are you there?")


async def test_without_the_setting_nobody_is_set_away() -> None:
    async with desk() as d:
        await d.later(24 * 60 * MINUTE)
        assert d.sent == []


async def test_alerts_count_as_tested_only_after_a_yes() -> None:
    async with desk() as d:
        await d.press("A")
        assert d.sees("Did you see and hear it?")
        await d.press("2")
        assert d.sent == []
        assert d.sees("alerts.protocol")
        await d.press("A", "1")
        assert [type(command) for command in d.sent] == [AlertsTested]
        await acked(d)
        assert d.sees("Your alerts count as tested.")
