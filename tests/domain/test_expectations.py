"""Expectations of opening hours: how a line is read, which instant it means, and what is said when it is not met."""

from datetime import UTC, datetime

import pytest

from agentconsole.backend.domain.expectations import compare
from agentconsole.backend.domain.hours import Opening, parse_day, parse_week

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1_000)  # a Sunday, 13:00 in Oslo
KEPT = {
    "support": Opening(
        "Europe/Oslo",
        parse_week("Mon-Fri 08:00-16:00, Sun 02:00-03:00"),
        parse_week("Mon-Fri 07:00-19:00"),
        days=(parse_day("2026-12-24"),),
    ),
    "night-desk": Opening("America/New_York", parse_week("Sun 01:15-01:45")),
}


def differing(text: str) -> dict[int, str]:
    result = compare(text, KEPT.get, NOW)
    return {miss.line: miss.found for miss in result.misses}


@pytest.mark.parametrize(
    "line",
    [
        "support: Mon 08:00 -> open",
        "support: Mon 16:00 -> closed",
        "Support: monday 7:59 → closed",
        "support chat: Mon 15:59 => open",
        "support email: Mon 07:00 -> open",
        "support phone: Mon 03:00 -> open",
        "support : Mon 08:00 Europe/Oslo -> open",
        "support: Mon 02:00 America/New_York -> open",
        "support: Sun 02:30 Europe/Oslo -> open",
        "support: 2026-12-23 12:00 -> open",
        "support: 2026-12-24 12:00 -> closed",
        "support email: 2026-12-24 12:00 -> closed   # a comment",
        "support: 2027-03-28 02:30 -> closed",  # left out by the clock
        "night-desk: 2026-11-01 01:30 -> open",  # twice, and open both times
    ],
)
def test_what_is_so_is_met(line: str) -> None:
    assert differing(line) == {}


@pytest.mark.parametrize(
    "line, said",
    [
        ("support: Mon 08:00 -> closed", "open"),
        ("support: Mon 07:59 -> open", "closed"),
        ("support: 2027-03-28 02:30 -> open", "closed: the clock leaves this time out"),
        ("sales: Mon 08:00 -> open", "There is no department 'sales'"),
        ("support fax: Mon 08:00 -> open", "neither chat, email nor phone"),
        ("support: Mon 08:00 -> shut", "neither open nor closed"),
        ("support: Mon 24:00 -> open", "no day and time"),
        ("support: Mon -> open", "no day and time"),
        ("support: Someday 08:00 -> open", "neither a weekday nor a date"),
        ("support: 2026-02-30 08:00 -> open", "neither a weekday nor a date"),
        ("support: 9999-12-31 08:00 -> open", "neither a weekday nor a date"),
        ("support: Mon 08:00 Europe/Olso -> open", "no time zone"),
        ("support: Mon 08:00 Europe/Oslo too -> open", "no day and time"),
        ("support Mon 08:00 open", "cannot be read"),
    ],
)
def test_what_is_not_so_is_told(line: str, said: str) -> None:
    assert said in differing(line)[1]


def test_a_time_that_comes_twice_must_be_so_both_times() -> None:
    once = {"s": Opening("Europe/Oslo", parse_week("Sun 00:00-24:00"), days=())}
    assert compare("s: 2026-10-25 02:30 -> open", once.get, NOW).misses == []
    # By the clock of New York half past one comes twice; in UTC only the first is before six.
    half = {"s": Opening("UTC", parse_week("Sun 00:00-06:00"))}
    (miss,) = compare("s: 2026-11-01 01:30 America/New_York -> open", half.get, NOW).misses
    assert "twice" in miss.found


def test_a_weekday_is_the_next_whose_time_is_not_over() -> None:
    days = (parse_day("2026-11-22 always"),)  # today
    kept = {"s": Opening("Europe/Oslo", parse_week("closed"), days=days)}
    assert compare("s: Sun 13:30 -> open", kept.get, NOW).misses == []
    assert compare("s: Sun 12:30 -> closed", kept.get, NOW).misses == [], "that was half an hour ago"


def test_lines_are_counted_and_comments_are_not_expectations() -> None:
    result = compare(
        "# hours\n\nsupport: Mon 08:00 -> open\n  # no\nsupport: Mon 08:00 -> closed\n", KEPT.get, NOW
    )
    assert (result.read, [miss.line for miss in result.misses]) == (2, [5])
