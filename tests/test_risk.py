"""The order of the observe screen: what makes a chat riskier never puts it further back."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agentconsole import risk as formula
from agentconsole.protocol import Beat, ChatCard, State
from agentconsole.risk import by_risk, risk

NOW = 1_790_000_000_000
HOUR = 3_600_000


def running(chat: int = 1, **facts: Any) -> ChatCard:
    given: dict[str, Any] = {"since": NOW - 60_000, "started_at": NOW - 60_000, "taken_at": NOW - 50_000}
    return ChatCard(chat, 1, 3, 3, State.active, 1, **(given | facts), owner=8, owner_name="Robin")


@st.composite
def chats(draw: st.DrawFn, chat: int = 1) -> tuple[ChatCard, Beat | None]:
    since = NOW - draw(st.integers(0, 3 * HOUR))
    taken = draw(st.one_of(st.just(0), st.integers(since, NOW)))
    card = running(
        chat,
        since=since,
        started_at=since,
        taken_at=taken,
        transfers=draw(st.integers(0, 9)),
        alarms=draw(st.integers(0, 9)),
        help_at=draw(st.one_of(st.just(0), st.just(NOW - 5_000))),
    )
    beat = draw(st.one_of(st.none(), st.builds(Beat, st.just(chat), st.integers(since, NOW), st.just(NOW))))
    return card, beat


many = st.lists(st.integers(1, 40), unique=True, max_size=30).flatmap(
    lambda ids: st.tuples(*(chats(chat=chat) for chat in ids))
)


@given(chats(), st.data())
def test_what_makes_it_worse_never_takes_points_away(
    given: tuple[ChatCard, Beat | None], data: st.DataObject
) -> None:
    card, beat = given
    asked = beat.asked_at if beat else 0
    earlier = (asked or NOW) - data.draw(st.integers(0, HOUR))
    worse = data.draw(
        st.sampled_from(
            [
                (replace(card, help_at=NOW), beat),
                (replace(card, alarms=card.alarms + 1), beat),
                (replace(card, transfers=card.transfers + 1), beat),
                (replace(card, since=card.since - HOUR), beat),
                (card, Beat(card.chat, earlier, NOW)),
            ]
        )
    )
    assert risk(*worse, NOW).points >= risk(card, beat, NOW).points


@given(many, st.randoms())
def test_the_order_is_the_points_then_age_and_does_not_depend_on_how_the_chats_came(
    given: tuple[tuple[ChatCard, Beat | None], ...], random: Any
) -> None:
    cards = [card for card, _ in given]
    beats = {card.chat: beat for card, beat in given if beat}
    order = by_risk(cards, beats, NOW)
    random.shuffle(cards)
    assert by_risk(cards, beats, NOW) == order
    keys = [(-rated.points, card.started_at, card.chat) for card, rated in order]
    assert keys == sorted(keys)
    assert len(order) == len(cards)


@given(chats(), st.integers(0, 300_000))
def test_time_alone_takes_no_points_away(given: tuple[ChatCard, Beat | None], later: int) -> None:
    card, beat = given
    assert risk(card, beat, NOW + later).points >= risk(card, beat, NOW).points


@given(chats())
def test_every_reason_has_points_and_a_call_for_help_comes_first(given: tuple[ChatCard, Beat | None]) -> None:
    card, beat = given
    rated = risk(card, beat, NOW)
    assert len(rated.reasons) <= 5
    assert not rated.reasons or rated.points > 0
    assert ("calls for help" in rated.reasons[:1]) is bool(card.help_at)


def test_a_chat_that_goes_well_has_no_points_and_no_reason() -> None:
    assert risk(running(), None, NOW) == (0, ())
    assert risk(running(), Beat(1, 0, NOW), NOW) == (0, ())  # answered meanwhile


@pytest.mark.parametrize(
    "facts, points, reasons",
    [
        ({"help_at": NOW}, 100, ("calls for help",)),
        ({"asked_at": NOW - 29_000}, 2, ()),
        ({"asked_at": NOW - 125_000}, 12, ("unanswered for 2 min",)),
        ({"asked_at": NOW - 2 * HOUR}, 60, ("unanswered for 2 h 00 min",)),
        ({"since": NOW - HOUR, "taken_at": NOW - HOUR + 300_000}, 10, ("waited 5 min",)),
        ({"alarms": 1}, 15, ("1 alarming line",)),
        ({"alarms": 9}, 60, ("9 alarming lines",)),
        ({"transfers": 1}, 0, ()),
        ({"transfers": 3}, 20, ("changed hands 3 times",)),
        ({"transfers": 2, "alarms": 2}, 40, ("2 alarming lines", "changed hands 2 times")),
    ],
)
def test_the_formula(facts: dict[str, int], points: int, reasons: tuple[str, ...]) -> None:
    asked = facts.get("asked_at", 0)
    card = running(**{name: value for name, value in facts.items() if name != "asked_at"})
    assert risk(card, Beat(1, asked, NOW), NOW) == (points, reasons)


def test_the_page_of_the_formula_has_its_numbers() -> None:
    page = formula.__doc__ or ""
    for number in (formula.HELP_POINTS, formula.UNANSWERED_MOST, formula.WAIT_MOST, formula.ALARM_MOST):
        assert f" {number} " in page


def test_supervisors_read_the_same_formula() -> None:
    page = (Path(__file__).parent.parent / "docs" / "supervisor.md").read_text(encoding="utf-8")
    rows = [row for row in (formula.__doc__ or "").splitlines() if row.startswith("|")]
    assert len(rows) == 7
    for row in rows:
        assert row in page
