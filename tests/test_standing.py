"""The bottom row on every width: who I am, my status and what waits for me stay, whatever the names are."""

from __future__ import annotations

import pytest

from agentconsole.protocol import RoomCard, SeatCard, Status, TicketCount, TicketCounts
from agentconsole.screens import standing
from agentconsole.store import Store
from tests.screens.fed import ME, START, hello, waiting
from tests.screens.team import handed_to_me

LONG = "Kim Maximiliane von und zu Hohenlohe-Waldenburg"


def store(display: str, status: Status = Status.online, reason: str = "", *, offers: int = 0) -> Store:
    """A console that knows me and two waiting chats."""
    found = Store()
    for frame in hello():
        found.apply(frame, START)
    found.apply(SeatCard(ME, "kim", display, status, START, reason), START)
    for chat in (1, 2):
        found.apply(waiting(chat), START)
    for chat in range(30, 30 + offers):
        found.apply(handed_to_me(chat), START)
    found.link.welcomed("run", START)
    found.link.measured(40)
    return found


def row(found: Store, width: int) -> str:
    left, right = ("".join(words for words, _ in cells) for cells in standing.row(found, START, width))
    assert len(left) + len(right) <= width
    return f"{left} {right}"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_long_name_hides_neither_status_nor_link_nor_counts(width: int) -> None:
    said = row(store(LONG, Status.away, "a long lunch with everybody from the department"), width)
    assert "Kim" in said
    assert "on break" in said
    assert "2 wait" in said
    assert width == 40 or "quick" in said


def test_what_is_offered_leaves_my_status_in_words_at_forty_columns() -> None:
    said = row(store("Demo agent", Status.away, "Lunch", offers=2), 40)
    assert "on break" in said
    assert "⇒2 offered" in said
    assert "2 wait" in said
    assert "0 new" not in said


def test_tickets_are_counted_in_words_as_far_as_there_is_room() -> None:
    found = store("Kim")
    found.apply(TicketCounts([TicketCount(1, new=7), TicketCount(2, solved=3)]), START)
    assert "Support 7 new 0 open 0 solved  Billing 0 new 0 open 3 solved" in row(found, 130)
    assert "Support 7 new  Billing 3 solved" in row(found, 92)
    assert "tickets 7 new" in row(found, 80)
    assert "tickets 7" in row(found, 75)


def test_zeros_give_way_to_the_tickets() -> None:
    found = store("Demo agent", offers=1)
    found.apply(TicketCounts([TicketCount(1, new=7)]), START)
    found.apply(RoomCard("d1", 32, 32), START)
    said = row(found, 80)
    assert "32 msg" in said
    assert "7 new" in said
    assert "2 wait" in said
    assert "0 new" not in said


def test_no_number_runs_into_the_next_one() -> None:
    found = store("Kim")
    found.apply(TicketCounts([TicketCount(1, new=7), TicketCount(2, solved=3)]), START)
    for width in range(60, 131):
        left, right = ("".join(words for words, _ in cells) for cells in standing.row(found, START, width))
        assert "tickets" not in left or width - len(left) - len(right) >= 2
