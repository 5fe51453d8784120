"""The team: who is where, countdowns of lost links, and what supervisors change."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from agentconsole.protocol import (
    BreakReason,
    Breaks,
    Grant,
    Membership,
    Phone,
    Role,
    SeatCard,
    SetAgent,
    SetMember,
    SetStatus,
    StaffMessage,
    Status,
    Welcome,
)
from tests.screens.fed import ME, START, Desk, desk

HOUR = 3_600_000


def seat(user: int, display: str, status: Status = Status.online, **facts: Any) -> SeatCard:
    given: dict[str, Any] = {"limit": 3, "departments": [1], "alerts_at": START - HOUR} | facts
    return SeatCard(user, display.lower(), display, status, given.pop("since", START - 5 * 60_000), **given)


async def supervising(d: Desk) -> None:
    """The person at this console supervises all departments."""
    assert d.store.me
    d.store.me = replace(d.store.me, grants=[Grant(Role.supervisor)])
    await d.press("W")


def twelve() -> list[SeatCard]:
    lost = seat(12, "Lena", chats=3, lost_at=START - 38_000, held_until=START + 22_000)
    lunch = seat(13, "Mona", Status.away, reason="Lunch", until=START - 4 * 60_000)
    short = seat(14, "Nils", Status.away, reason="Coffee", until=START + 6 * 60_000, by="Mona")
    rest = [seat(20 + n, f"Agent{n:02}", departments=[1, 2] if n % 2 else [2]) for n in range(7)]
    return [
        seat(ME, "Kim"),
        lost,
        lunch,
        short,
        seat(15, "Olga", Status.phone, chats=3, alerts_at=0),
        *rest,
    ]


async def test_columns_stay_straight_when_one_name_grows() -> None:
    async with desk((120, 40)) as d:
        await d.feed(seat(12, "Lena", chats=3), seat(13, "Mona"))
        await d.press("W")
        before = since(d, "Lena")
        await d.feed(seat(13, "Mona Cederberg"))
        assert since(d, "Lena") == since(d, "Mona") > before


def since(d: Desk, name: str) -> int:
    """Where it stands how long somebody has been so."""
    return next(row for row in d.screen if name in row).index("5 min")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
async def test_the_team_stands_by_status_with_what_runs_out(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await d.feed(*twelve())
        await d.press("W")
        assert d.sees("Online 9")
        assert d.sees("Lena")
        row = next(row for row in d.screen if "Lena" in row)
        assert "!" in row[:4]
        assert "22 s" in row
        await d.press("end")
        await d.drawn()
        for _ in range(4):
            await d.press("up")
        if size[1] >= 24:
            assert d.sees("Coffee (by Mona), 6 min left")
            assert d.sees("Lunch, 4 min over")
            assert d.sees("! 2 overdue or lost")
            assert next(row for row in d.screen if "Lunch" in row).startswith(" ! Mona")
            assert next(row for row in d.screen if "Coffee" in row).startswith(" ◐ Nils")
            assert any("Olga" in row and "3/3" in row for row in d.screen)


async def test_a_long_reason_leaves_room_for_what_runs_out_and_for_departments() -> None:
    long = "A training about the new way to write invoices for companies"
    async with desk() as d:
        until = START + 6 * 60_000
        await d.feed(*twelve(), seat(21, "Ada", Status.away, reason=long, until=until))
        await d.press("W")
        await d.press("end")
        row = next(row for row in d.screen if "Ada" in row)
        assert "A training" in row
        assert "…, 6 min left" in row
        assert "Support" in row


async def test_the_countdown_goes_by_seconds_and_names_the_chats_that_go_back() -> None:
    async with desk() as d:
        await d.feed(*twelve())
        await d.press("W")
        assert d.sees("link lost, 22 s more for 3 chats")
        await d.later(2_000)
        assert d.sees("link lost, 20 s more for 3 chats")
        await d.later(21_000)
        assert d.sees("link lost 1 min") or d.sees("link lost 61 s")
        assert not d.sees("for 3 chats")


async def test_the_person_under_the_cursor_is_shown_in_full() -> None:
    async with desk() as d:
        away = seat(13, "Mona", Status.away, reason="Lunch", by="Olga", until=START + 6 * 60_000)
        facts = {
            "departments": [1, 2],
            "members": [Membership(1), Membership(2, 2, 1)],
            "languages": ["en", "de"],
            "skills": ["returns"],
            "alerts_at": 0,
        }
        await d.feed(replace(away, **facts))
        await d.press("W")
        assert d.sees("Mona ◐ on break: Lunch, 6 min left (set by Olga)")
        assert d.sees("answers Support, Billing (priority 2)")
        assert d.sees("at most 1 of Billing")
        assert d.sees("speaks en, de  skills returns")
        assert d.sees("alerts tested never")


async def test_one_department_can_be_shown_alone() -> None:
    async with desk() as d:
        await d.feed(
            seat(21, "Ada", departments=[1]),
            seat(22, "Bob", departments=[2]),
            seat(23, "Cyd", departments=[0]),
        )
        await d.press("W", "f", "2")  # All, Billing, Sales, Support
        assert d.sees("Billing")
        assert [
            name for name in ("Ada", "Bob", "Cyd") if any(f" {name} " in row for row in d.screen[:12])
        ] == ["Bob", "Cyd"]
        await d.press("f", "3")
        assert d.sees("Cyd")
        assert not any(" Bob " in row for row in d.screen[:12])


async def test_a_supervisor_sets_somebody_on_a_break_with_a_reason() -> None:
    async with desk() as d:
        await d.feed(seat(21, "Ada"), Breaks([BreakReason("Coffee", 10), BreakReason("Training")]))
        await supervising(d)
        await d.press("enter", "1", "2")
        assert d.sees("Coffee")
        assert d.sees("up to 10 min")
        assert d.sees("as long as needed")
        await d.press("2")
        (command,) = d.sent
        assert command == SetStatus(command.cid, Status.away, "Training", 21)


async def test_a_supervisor_puts_somebody_on_the_phone() -> None:
    async with desk() as d:
        await d.feed(seat(21, "Ada"))
        await supervising(d)
        await d.press("enter", "1", "3")
        (command,) = d.sent
        assert command == Phone(command.cid, True, 21)


async def test_a_supervisor_changes_limit_and_keeps_the_rest() -> None:
    async with desk() as d:
        await d.feed(seat(21, "Ada", languages=["en"], skills=["vip"]))
        await supervising(d)
        await d.press("enter", "2", "backspace", "5", "enter")
        (command,) = d.sent
        assert command == SetAgent(command.cid, 21, 5, ["en"], ["vip"])
        await d.press("enter", "4")
        await d.press("comma", "space", "d", "e", "comma", "e", "n", "enter")
        assert d.sent[-1] == SetAgent(d.sent[-1].cid, 21, 0, ["en", "de"], ["vip"])


async def test_what_another_supervisor_changed_meanwhile_stays() -> None:
    async with desk() as d:
        await d.feed(seat(21, "Ada", languages=["en"], skills=["vip"]))
        await supervising(d)
        await d.press("enter", "2", "backspace", "5")
        await d.feed(seat(21, "Ada", languages=["en", "fr"], skills=["vip"]))
        await d.press("enter")
        (command,) = d.sent
        assert command == SetAgent(command.cid, 21, 5, ["en", "fr"], ["vip"])


async def test_what_is_no_number_changes_nothing_and_says_what_fits() -> None:
    async with desk() as d:
        await d.feed(seat(21, "Ada"))
        await supervising(d)
        await d.press("enter", "2", "backspace", "x", "enter")
        assert d.sent == []
        assert d.sees("write a number from 0 to 1000")
        await d.press("enter", "3", "1", "ctrl+u")
        await d.press("1", "0", "enter")
        assert d.sent == []
        assert d.sees("write a number from 1 to 9")


async def test_a_supervisor_sets_priority_and_limit_in_a_department() -> None:
    async with desk() as d:
        await d.feed(seat(21, "Ada", departments=[1, 2], members=[Membership(2, 2, 1)]))
        await supervising(d)
        await d.press("enter", "3")
        assert d.sees("priority 2, at most 1")
        await d.press("2", "ctrl+u", "3", "space", "4", "enter")
        (command,) = d.sent
        assert command == SetMember(command.cid, 21, 2, 3, 4)


async def test_an_agent_is_told_that_supervisors_change_others() -> None:
    async with desk() as d:
        await d.feed(seat(21, "Ada"))
        await d.press("W", "enter")
        assert d.sees("Supervisors change what Ada does.")
        assert d.sent == []


async def test_one_key_writes_to_the_colleague_under_the_cursor() -> None:
    async with desk() as d:
        await d.feed(seat(21, "Ada"), seat(ME, "Kim"))
        await d.press("W", "m")
        await d.type("a minute?")
        await d.press("enter")
        (command,) = d.sent
        assert command == StaffMessage(command.cid, "a minute?", user=21)
        await d.press("escape", "W", "down", "m")
        assert d.sees("This is you.")


async def test_an_agents_own_row_opens_the_own_status() -> None:
    async with desk() as d:
        await d.feed(seat(ME, "Kim"))
        await d.press("W", "enter")
        assert d.sees("My status")


async def test_nobody_here_says_what_to_do() -> None:
    async with desk() as d:
        await d.press("W")
        assert d.sees("Nobody is here.")
        await d.press("enter")
        assert d.sees("There is nobody under the cursor.")


async def test_a_tick_without_a_countdown_paints_nothing() -> None:
    async with desk() as d:
        await d.feed(*(each for each in twelve() if each.user != 12))
        await d.press("W")
        d.clock.now += 1_000
        before = d.app.main.team.rows.items
        painted: list[object] = []
        rows = d.app.main.team.rows
        plain = rows.refresh
        rows.refresh = lambda *regions, **more: painted.append(regions) or plain(*regions, **more)  # type: ignore[method-assign]
        d.app.tick()
        assert painted == []
        await d.feed(seat(12, "Lena", chats=3, lost_at=d.clock.now, held_until=d.clock.now + 60_000))
        assert painted
        painted.clear()
        await d.later(1_000)
        assert painted
        assert before != rows.items


async def test_names_from_outside_are_shown_as_they_are_written() -> None:
    async with desk() as d:
        await d.feed(seat(21, "[red]Ada[/]\x1b[2J\n"), seat(22, "B", Status.away, reason="[b]x\x07"))
        await d.press("W")
        assert d.sees("[red]Ada[/]")
        assert d.sees("[b]x")


async def test_a_welcome_without_my_seat_still_shows_my_status() -> None:
    async with desk() as d:
        await d.feed(Welcome("run2", START, ME, "kim", "Kim", [], Status.phone, ""))
        assert "■ Kim on the phone" in d.screen[-1]
