"""The observe screen: tiles by risk, opened while they are in view and no longer, and nothing that anybody notices."""

import re
from typing import Any

import pytest

from agentconsole.protocol import (
    Beat,
    ChatCard,
    Event,
    Gone,
    Grant,
    Open,
    Party,
    Person,
    Ping,
    Preview,
    Pulse,
    Refused,
    Resume,
    Role,
    Said,
    Shut,
    Side,
    StaffMessage,
    State,
    Status,
    Synced,
    Wall,
    Welcome,
)
from agentconsole.text import UNSAFE
from tests.hostile import HOSTILE
from tests.screens.fed import ME, START, Desk, desk, rows

SIZES = {(40, 12): 1, (80, 24): 2, (120, 40): 6}


def boss(*roles: Role) -> Welcome:
    return Welcome(
        "run1", START, ME, "kim", "Kim", [Grant(role) for role in roles or (Role.supervisor,)], Status.online
    )


def running(chat: int, name: str = "", **facts: Any) -> ChatCard:
    given: dict[str, Any] = {"owner": 8, "owner_name": "Robin", "state": State.active, "version": 2} | facts
    began = START - 90_000 + chat
    times = {"since": began, "started_at": began, "taken_at": began + 10_000} | {
        key: given.pop(key) for key in ("since", "started_at", "taken_at") if key in given
    }
    version, state = given.pop("version"), given.pop("state")
    return ChatCard(
        chat,
        version,
        3,
        3,
        state,
        given.pop("department", 1),
        **times,
        name=name or f"Visitor {chat}",
        **given,
    )


def said(chat: int, seq: int, text: str, by: Party | None = None) -> Event:
    return Event(chat, seq, START - 60_000 + seq, by or Party(Side.visitor, 0, "Ana"), Said(text), seq)


def opened(d: Desk) -> set[int]:
    """What the server was asked to show, less what it was asked to shut."""
    return d.store.viewing


def shut(d: Desk) -> list[int]:
    return [frame.chat for frame in d.app.client._shut]


async def watching(d: Desk, *cards: ChatCard, roles: tuple[Role, ...] = (Role.supervisor,)) -> None:
    await d.feed(boss(*roles), *cards, Synced())
    await d.press("E")


@pytest.mark.parametrize("size", SIZES)
async def test_as_many_tiles_as_fit_and_exactly_those_are_open(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await watching(d, *(running(chat) for chat in range(1, 10)))
        assert len(d.app.main.observe.shown) == SIZES[size]
        assert opened(d) == set(d.app.main.observe.shown)
        assert all(d.sees(f"Visitor {chat}") for chat in opened(d))
        assert not d.sees("Visitor 9")
        assert d.sees("silently")
        assert len(d.screen) == size[1]
        assert d.app.client._wall


async def test_other_pages_open_others_and_leaving_opens_none() -> None:
    async with desk() as d:
        await watching(d, *(running(chat) for chat in range(1, 6)))
        assert opened(d) == {1, 2}
        await d.press("greater_than_sign")
        assert opened(d) == {3, 4}
        assert sorted(shut(d)) == [1, 2]
        await d.press("greater_than_sign")
        assert opened(d) == {5}
        await d.press("greater_than_sign")
        assert opened(d) == {1, 2}
        await d.press("g")
        assert opened(d) == set()
        assert not d.app.client._wall


async def test_the_cursor_goes_from_tile_to_tile_and_over_the_edge() -> None:
    async with desk() as d:
        await watching(d, *(running(chat) for chat in range(1, 4)))
        seen = [d.app.main.observe.selected]
        for key in ("right", "j", "down", "k", "left"):
            await d.press(key)
            seen.append(d.app.main.observe.selected)
        assert seen == [1, 2, 3, 1, 3, 2]


async def test_a_tile_shows_who_the_last_lines_what_is_typed_and_why_it_is_here() -> None:
    async with desk() as d:
        await watching(d, running(1, "Ana", transfers=3, alarms=1, help_at=START))
        await d.feed(Pulse([Beat(1, START - 95_000, START)]))
        robin = Party(Side.staff, 8, "Robin")
        await d.feed(Resume(1, 0, 2, True), said(1, 1, "It burns"), said(1, 2, "Which printer?", robin))
        await d.feed(Preview(1, "the one in the kit"))
        assert d.sees("Ana")
        assert d.sees("Robin · Support")
        assert d.sees("! calls for help, changed hands 3 times, 1 alarming line, unanswered for 1 min")
        assert d.sees("┃ It burns")
        assert d.sees("> Which printer?")
        assert d.sees("✎ the one in the kit")
        await d.feed(said(1, 3, "In the kitchen"))
        assert d.sees("┃ In the kitchen")
        assert not d.sees("✎ the one")


async def test_the_riskiest_comes_first_and_the_order_holds_still_while_it_is_read() -> None:
    async with desk((40, 12)) as d:
        await watching(d, running(1), running(2))
        assert d.app.main.observe.shown == [1]
        await d.press("g", "E")
        await d.feed(Pulse([Beat(2, START - 300_000, START)]))
        assert d.app.main.observe.shown == [1]
        await d.later(4_100)
        assert d.app.main.observe._order == [2, 1]
        assert d.app.main.observe.shown == [1]  # the one under the cursor stays
        await d.press("left")
        assert d.app.main.observe.shown == [2]


async def test_a_chat_that_ends_makes_room_at_once() -> None:
    async with desk() as d:
        await watching(d, *(running(chat) for chat in range(1, 4)))
        await d.feed(running(1, version=3, state=State.wrapup))
        assert d.app.main.observe.shown == [2, 3]
        assert opened(d) == {2, 3}


async def test_only_supervisors_and_analysts_are_offered_it_and_only_for_their_departments() -> None:
    async with desk() as d:
        await d.feed(running(1))
        assert not d.sees("Observe")
        await d.press("E")
        assert d.sees("Only supervisors and analysts watch silently.")
        grants = [Grant(Role.agent), Grant(Role.analyst, 2)]
        await d.feed(
            Welcome("run1", START, ME, "kim", "Kim", grants, Status.online),
            running(1),
            running(2, department=2),
            Synced(),
        )
        await d.press("E")
        assert d.app.main.observe.shown == [2]


async def test_my_own_chats_and_those_i_joined_are_no_tiles() -> None:
    async with desk() as d:
        await watching(d, running(1, owner=ME), running(2, guests=[Person(ME, "Kim")]), running(3))
        assert d.app.main.observe.shown == [3]


async def test_large_and_back_the_chat_stays_silent_and_is_shut_when_left() -> None:
    async with desk() as d:
        await watching(d, running(1, "Ana"), running(2))
        await d.feed(Resume(1, 0, 1, True), said(1, 1, "It burns"))
        await d.press("enter")
        assert opened(d) == {1}
        assert d.sees("You watch silently, unnoticed.")
        assert d.sees("It burns")
        await d.press("i")
        assert d.sees("NOTE – staff only ▸")
        await d.type("x")
        out = {type(frame) for frame in d.app.client._due(d.clock.now)}
        assert out <= {Open, Shut, Wall, Ping}
        await d.press("backspace", "escape", "E")
        assert opened(d) == {1, 2}
        await d.press("enter", "g")
        assert opened(d) == set()
        assert {type(command) for command in d.sent} <= {Open}


async def test_a_whisper_goes_from_the_tile_to_the_agent_who_is_named() -> None:
    async with desk() as d:
        await watching(d, running(1, "Ana"))
        await d.press("comma")
        assert d.sees("WHISPER to Robin about chat 1, Ana")
        assert d.sees("Only Robin sees it; no visitor ever does.")
        await d.type("offer a refund")
        await d.press("enter")
        (message,) = [command for command in d.sent if isinstance(command, StaffMessage)]
        assert (message.user, message.chat, message.text) == (8, 1, "offer a refund")


async def test_a_refused_whisper_is_told_and_kept() -> None:
    async with desk() as d:
        await watching(d, running(1, "Ana"))
        await d.press("comma")
        await d.type("offer")
        await d.press("enter")
        (message,) = [command for command in d.sent if isinstance(command, StaffMessage)]
        await d.feed(Refused("unknown", "This chat is over.", message.cid, 1))  # type: ignore[arg-type]
        assert d.sees("Not sent to Robin: This chat is over.")
        await d.press("M", "enter")
        assert d.sees("offer")
        await d.press("escape", "e")
        assert d.app.main.messages.composer.text == "offer"


async def test_an_analyst_watches_but_is_offered_no_whisper_join_or_take_over() -> None:
    async with desk((120, 40)) as d:
        await watching(d, running(1, "Ana"), roles=(Role.analyst,))
        possible = {
            id
            for id in ("whisper", "tile_join", "tile_take_over", "tile_feedback")
            if d.app.deeds.possible(id)
        }
        assert possible == {"tile_feedback"}
        await d.press("comma")
        assert not d.sees("WHISPER to")
        assert not [command for command in d.sent if isinstance(command, StaffMessage)]


async def test_nothing_to_watch_says_so() -> None:
    async with desk() as d:
        await watching(d)
        assert d.sees("No colleague answers a chat in the departments you supervise.")
        await d.press("enter", "right", "comma")
        assert d.sent == []


@pytest.mark.parametrize("size", [(40, 12), (120, 40)])
async def test_hostile_texts_in_tiles_act_on_nothing(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await watching(d, running(1))
        for seq, each in enumerate(HOSTILE, 1):
            text = each.text[:4_000]
            await d.feed(
                running(1, text[:80] or "x", version=seq + 2, owner_name=text[:40] or "x"),
                said(1, seq, text),
                Preview(1, text),
            )
            for row in d.screen:
                assert not UNSAFE.search(row)
                assert re.fullmatch(r"[^\x00-\x1f\x7f]*", row)
        assert len(d.screen) == size[1]


async def test_five_hundred_chats_open_page_and_tick_without_painting_what_stands() -> None:
    async with desk((120, 40)) as d:
        await watching(d, *(running(chat) for chat in range(1, 501)))
        assert d.sees("1-6 of 500")
        assert len(opened(d)) == 6
        for _ in range(10):
            await d.press("greater_than_sign")
        assert d.sees("61-66 of 500")
        assert len(opened(d)) == 6
        before, painted = rows(d.app), []
        d.app.main.observe.tiles.refresh = lambda *regions, **more: painted.append(regions)  # type: ignore[method-assign,assignment]
        await d.later(1_000)
        assert rows(d.app) == before
        assert painted == []


async def test_a_chat_that_has_just_gone_is_not_looked_for() -> None:
    async with desk((40, 12)) as d:
        await watching(d, running(1), running(2))
        gone = next(chat for chat in (1, 2) if chat != d.app.main.observe.selected)
        d.store.apply(Gone(gone, 9), d.clock.now)  # the screen has not heard of it
        await d.press("tab", "right")
        assert gone not in opened(d)


@pytest.mark.parametrize("key", ["E", "V"])
async def test_after_a_new_login_the_waits_are_told_again(key: str) -> None:
    async with desk() as d:
        await watching(d, running(1))
        await d.press(key)
        d.app.client = d.app.actions.client = d.app.session.client()
        d.store.link_lost(d.clock.now)
        await d.feed(boss(), running(1), Synced())
        assert d.app.client._wall
