"""How a seat reads: what runs out is told in whole minutes, a lost link in seconds, and neither ever jumps back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentconsole import team
from agentconsole.protocol import DepartmentCard, SeatCard, Status

NOW = 1_800_000_000_000
MINUTE = 60_000


def seat(status: Status = Status.online, **facts: object) -> SeatCard:
    return SeatCard(1, "ada", "Ada", status, NOW, **facts)  # type: ignore[arg-type]


@given(st.integers(1, 180 * MINUTE), st.integers(-60 * MINUTE, 240 * MINUTE))
def test_a_break_is_told_in_whole_minutes_and_is_overdue_only_when_it_is(length: int, at: int) -> None:
    taken = seat(Status.away, until=NOW + length)
    words, left = team.break_ends(taken, NOW + at), length - at
    assert team.overdue(taken, NOW + at) == (left < 0)
    assert " s" not in words
    if left > 0:
        assert words == f"{-(-left // MINUTE)} min left"
    elif left < -MINUTE:
        assert words == f"{-left // MINUTE} min over"


def test_a_break_without_a_length_and_other_statuses_run_out_of_nothing() -> None:
    assert team.break_ends(seat(Status.away), NOW + 9 * MINUTE) == ""
    for status in set(Status) - {Status.away}:
        assert team.break_ends(seat(status, until=NOW), NOW + MINUTE) == ""
        assert not team.overdue(seat(status, until=NOW), NOW + MINUTE)


@given(st.integers(0, 90_000))
def test_a_lost_link_is_counted_by_seconds_while_chats_are_held(at: int) -> None:
    lost = seat(lost_at=NOW, held_until=NOW + 60_000, chats=2)
    words = team.link(lost, NOW + at)
    if at < 60_000:
        assert words == f"link lost, {-(-(60_000 - at) // 1000)} s more for 2 chats"
    else:
        assert "more" not in words
    assert team.counting(lost, NOW + at) == (at < 60_000)


def test_who_is_offline_has_no_link_to_lose() -> None:
    assert team.link(seat(Status.offline, lost_at=NOW, held_until=NOW + 60_000), NOW) == ""
    assert team.link(seat(), NOW) == ""


def test_the_status_line_names_reason_length_and_who_set_it() -> None:
    set_by = seat(Status.away, reason="Lunch", until=NOW + 90_000, by="Mona")
    assert team.status_line(set_by, NOW) == "on break: Lunch, 2 min left (set by Mona)"
    assert team.status_line(seat(), NOW) == "online"


def test_rows_stand_by_status_then_name_and_only_of_the_department() -> None:
    departments = {1: DepartmentCard(1, "a", "Support"), 2: DepartmentCard(2, "b", "Billing")}
    seats = [
        SeatCard(1, "x", "Zoe", Status.online, NOW, departments=[1]),
        SeatCard(2, "x", "amy", Status.online, NOW, departments=[0]),
        SeatCard(3, "x", "Bob", Status.phone, NOW, departments=[2]),
        SeatCard(4, "x", "Cyd", Status.offline, 0, departments=[1, 2]),
    ]
    rows = team.members(seats, departments, 2, 1, NOW)
    assert [row.name for row in rows] == ["Online 2", "amy", "Zoe", "Offline 1", "Cyd"]
    assert [row.departments for row in rows if row.user] == ["all departments", "Support", "Support, Billing"]
    assert [row.since for row in rows if row.user] == ["now", "now", ""]
    assert [row.me for row in rows if row.user] == [True, False, False]
