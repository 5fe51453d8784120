"""Opening hours, case by case: each a thing that people have complained of in other systems, or a corner of the clock."""

from datetime import UTC, date, datetime

import pytest

from agentconsole.backend.domain.hours import (
    Change,
    Day,
    Kind,
    Opening,
    Span,
    Week,
    after_open,
    check,
    is_open,
    next_change,
    open_between,
    parse_day,
    parse_week,
)
from agentconsole.backend.domain.strip import strip

CHAT = Kind.chat
HOUR = 3_600_000
OFFICE = "Mon-Fri 08:00-16:00"


def opening(text: str, zone: str = "Europe/Oslo", *days: str) -> Opening:
    return check(Opening(zone, parse_week(text), days=tuple(parse_day(day) for day in days)))


def utc(text: str) -> int:
    """An instant, written in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


def opens(kept: Opening, after: str) -> str:
    """When it opens next, in UTC."""
    change = next_change(kept, CHAT, utc(after))
    assert change is not None
    assert change.opens
    return datetime.fromtimestamp(change.at / 1_000, UTC).strftime("%Y-%m-%d %H:%M")


def hours_between(kept: Opening, start: str, end: str) -> float:
    return open_between(kept, CHAT, utc(start), utc(end)) / HOUR


# Summer time


@pytest.mark.parametrize(
    "after, expected",
    [
        ("2026-03-26 20:00", "2026-03-27 07:00"),  # Friday, still winter time
        ("2026-03-28 20:00", "2026-03-30 06:00"),  # Monday after the clocks went forward
        ("2026-10-22 20:00", "2026-10-23 06:00"),
        ("2026-10-24 20:00", "2026-10-26 07:00"),  # and back
    ],
)
def test_eight_in_the_morning_is_eight_by_the_clock_on_both_sides_of_a_switch(
    after: str, expected: str
) -> None:
    assert opens(opening(OFFICE), after) == expected


def test_the_hour_that_does_not_exist_is_open_to_nobody() -> None:
    night = opening("Sun 02:00-03:00")
    assert hours_between(night, "2026-03-28 12:00", "2026-03-30 12:00") == 0
    assert opens(night, "2026-03-28 12:00") == "2026-04-05 00:00"


def test_the_hour_that_comes_twice_is_open_twice() -> None:
    night = opening("Sun 02:00-03:00")
    assert hours_between(night, "2026-10-24 12:00", "2026-10-26 12:00") == 2
    half = opening("Sun 02:15-02:45")
    assert hours_between(half, "2026-10-24 12:00", "2026-10-26 12:00") == 1
    first = next_change(half, CHAT, utc("2026-10-25 00:30"))
    assert first == Change(utc("2026-10-25 00:45"), opens=False), "at the first 02:45"
    assert opens(half, "2026-10-25 00:45") == "2026-10-25 01:15", "and again at the second 02:15"


def test_a_night_shift_loses_an_hour_in_spring_and_gains_one_in_autumn() -> None:
    shift = opening("Sat 22:00-06:00")
    assert hours_between(shift, "2026-03-28 12:00", "2026-03-29 12:00") == 7
    assert hours_between(shift, "2026-10-24 12:00", "2026-10-25 12:00") == 9


@pytest.mark.parametrize(
    "zone, spring, hours",
    [
        ("Europe/Oslo", "2026-03-29", 23),
        ("Europe/Oslo", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
    ],
)
def test_a_whole_day_is_as_long_as_the_clock_makes_it(zone: str, spring: str, hours: float) -> None:
    begin = utc(f"{spring} 00:00") - 48 * HOUR
    kept = Opening(zone, Week(), days=(Day(spring, ((0, 1_440),)),))
    assert open_between(kept, CHAT, begin, begin + 144 * HOUR) == hours * HOUR


@pytest.mark.parametrize(
    "zone, day, first",
    [
        ("Africa/Cairo", "2026-04-24", "2026-04-23 22:00"),  # the clock goes from 24:00 to 01:00
        ("America/Santiago", "2026-09-06", "2026-09-06 04:00"),
        ("Asia/Beirut", "2026-03-29", "2026-03-28 22:00"),
    ],
)
def test_a_day_without_midnight_begins_when_its_clock_begins(zone: str, day: str, first: str) -> None:
    kept = Opening(zone, Week(), days=(Day(day, ((0, 1_440),)),))
    begin = utc(first)
    assert not is_open(kept, CHAT, begin - 1)
    assert is_open(kept, CHAT, begin)
    assert open_between(kept, CHAT, begin - 48 * HOUR, begin + 48 * HOUR) == 23 * HOUR


def test_a_clock_that_goes_back_a_minute_after_midnight_shows_the_end_of_yesterday_again() -> None:
    kept = opening(
        "Sun 00:00-00:30, Sat 23:30-24:00", "America/St_Johns"
    )  # 2010-11-07 00:01 goes back to Sat 23:01
    assert hours_between(kept, "2010-11-06 12:00", "2010-11-07 12:00") * 60 == pytest.approx(30 + 1 + 30 + 30)


def test_a_date_that_was_left_out_is_open_to_nobody() -> None:
    kept = opening("Fri 00:00-24:00", "Pacific/Apia")  # on Thursday 2011-12-29 the next day was Saturday
    assert hours_between(kept, "2011-12-28 00:00", "2012-01-02 00:00") == 0
    row = strip(kept, CHAT, date(2011, 12, 30), "Pacific/Apia")[0]
    assert (row.cells, row.skipped) == ("~" * 96, 1_440)


@pytest.mark.parametrize(
    "zone, expected",
    [
        ("Asia/Kolkata", "2026-06-01 02:30"),
        ("Asia/Kathmandu", "2026-06-01 02:15"),
        ("Australia/Adelaide", "2026-05-31 22:30"),
        ("Pacific/Chatham", "2026-05-31 19:15"),
        ("Pacific/Marquesas", "2026-06-01 17:30"),
        ("Pacific/Kiritimati", "2026-05-31 18:00"),
    ],
)
def test_zones_of_half_and_quarter_hours(zone: str, expected: str) -> None:
    assert opens(opening("Mon 08:00-16:00", zone), "2026-05-30 12:00") == expected


# Midnight


def test_around_the_clock_has_no_closed_minute() -> None:
    for text in ("always", "00:00-24:00", "Mon-Sun 12:00-36:00"):
        kept = opening(text)
        start = utc("2026-03-01 00:00")
        assert open_between(kept, CHAT, start, start + 400 * 24 * HOUR) == 400 * 24 * HOUR
        assert next_change(kept, CHAT, start) is None
        assert all(is_open(kept, CHAT, start + minute * 60_000 - 1) for minute in range(10 * 1_440))


def test_hours_that_meet_at_midnight_have_no_seam() -> None:
    kept = opening("Fri 20:00-24:00, Sat 00:00-04:00")
    change = next_change(kept, CHAT, utc("2026-06-05 20:00"))
    assert change == Change(utc("2026-06-06 02:00"), opens=False)


def test_past_midnight_belongs_to_the_evening_on_which_it_began() -> None:
    kept = opening("Fri 22:00-02:00")
    assert is_open(kept, CHAT, utc("2026-06-05 23:30"))  # Saturday 01:30 in Oslo
    assert not is_open(kept, CHAT, utc("2026-06-04 23:30"))  # Friday 01:30: Thursday evening was closed
    assert hours_between(kept, "2026-06-01 00:00", "2026-06-08 00:00") == 4


def test_sunday_night_runs_into_monday() -> None:
    assert is_open(opening("Sun 22:00-02:00", "UTC"), CHAT, utc("2026-06-08 01:59"))
    assert not is_open(opening("Sun 22:00-02:00", "UTC"), CHAT, utc("2026-06-08 02:00"))


def test_the_end_is_not_in_it() -> None:
    kept = opening(OFFICE, "UTC")
    assert is_open(kept, CHAT, utc("2026-06-01 08:00"))
    assert is_open(kept, CHAT, utc("2026-06-01 16:00") - 1)
    assert not is_open(kept, CHAT, utc("2026-06-01 16:00"))
    assert not is_open(kept, CHAT, utc("2026-06-01 08:00") - 1)


# Days that differ


def test_a_holiday_closes_its_date_and_no_other() -> None:
    kept = opening(OFFICE, "Europe/Oslo", "2026-12-24=Christmas Eve", "12-25")
    assert opens(kept, "2026-12-23 16:00") == "2026-12-28 07:00"
    assert opens(kept, "2027-12-23 16:00") == "2027-12-24 07:00", "only that year"
    assert opens(kept, "2028-12-24 16:00") == "2028-12-26 07:00", "every year: Monday 2028-12-25 is closed"


def test_the_tail_of_the_evening_before_stays_on_a_holiday() -> None:
    kept = opening("Mon-Sun 22:00-02:00", "UTC", "2026-06-06")
    assert is_open(kept, CHAT, utc("2026-06-06 01:00"))
    assert not is_open(kept, CHAT, utc("2026-06-06 23:00"))
    assert not is_open(kept, CHAT, utc("2026-06-07 01:00")), "the holiday has no evening, so no tail either"


def test_an_exception_replaces_the_hours_of_its_day() -> None:
    kept = opening(OFFICE, "UTC", "2026-12-23 10:00-12:00", "2026-12-26 09:00-10:00")
    assert hours_between(kept, "2026-12-23 00:00", "2026-12-24 00:00") == 2
    assert hours_between(kept, "2026-12-26 00:00", "2026-12-27 00:00") == 1, "a Saturday"


def test_of_several_days_for_one_date_the_more_exact_one_holds() -> None:
    kept = opening(OFFICE, "UTC", "2026-12-24 12:00-13:00", "12-24 chat 09:00-15:00", "12-24")
    assert hours_between(kept, "2026-12-24 00:00", "2026-12-25 00:00") == 1
    assert hours_between(kept, "2027-12-24 00:00", "2027-12-25 00:00") == 6
    later = opening(OFFICE, "UTC", "2026-12-24", "2026-12-24 12:00-13:00")
    assert hours_between(later, "2026-12-24 00:00", "2026-12-25 00:00") == 1


def test_a_leap_day_comes_in_leap_years() -> None:
    kept = opening(OFFICE, "UTC", "02-29=Leap day")
    assert hours_between(kept, "2028-02-29 00:00", "2028-03-01 00:00") == 0  # a Tuesday
    assert hours_between(kept, "2027-02-26 00:00", "2027-03-02 00:00") == 16  # Friday and Monday
    assert hours_between(opening("Tue 00:00-24:00", "UTC"), "2028-02-29 00:00", "2028-03-01 00:00") == 24


def test_a_day_may_hold_for_one_kind_alone() -> None:
    kept = Opening(
        "UTC", parse_week(OFFICE), parse_week("Mon-Fri 07:00-19:00"), days=(parse_day("2026-12-23 chat"),)
    )
    noon = utc("2026-12-23 12:00")
    assert not is_open(kept, Kind.chat, noon)
    assert is_open(kept, Kind.email, noon)
    assert is_open(kept, Kind.phone, noon), "no hours are kept"


def test_who_keeps_no_hours_is_open_always_but_on_days_that_say_otherwise() -> None:
    assert is_open(Opening(), CHAT, 0)
    assert next_change(Opening(), CHAT, 0) is None
    assert after_open(Opening(), CHAT, 5, 7) == 12
    kept = Opening("UTC", days=(parse_day("12-25"),))
    assert next_change(kept, CHAT, utc("2026-11-22 00:00")) == Change(utc("2026-12-25 00:00"), opens=False)
    assert hours_between(kept, "2026-12-01 00:00", "2027-01-01 00:00") == 30 * 24


# Far away


def test_what_never_opens_has_no_next_change_and_no_due_time() -> None:
    kept = opening("closed")
    assert next_change(kept, CHAT, utc("2026-11-22 00:00")) is None
    assert after_open(kept, CHAT, utc("2026-11-22 00:00"), 1) is None
    assert after_open(kept, CHAT, utc("2026-11-22 00:00"), 0) == utc("2026-11-22 00:00")


def test_a_long_holiday_is_looked_over_up_to_two_years() -> None:
    closed = Opening("UTC", Week(), days=(Day("2028-11-20", ((480, 960),)),))
    assert opens(closed, "2026-11-22 00:00") == "2028-11-20 08:00"
    assert next_change(closed, CHAT, utc("2026-11-01 00:00")) is None


def test_a_due_time_counts_open_hours_alone() -> None:
    kept = opening(OFFICE, "Europe/Oslo", "2026-12-24", "2026-12-25")
    friday = utc("2026-12-18 14:00")  # 15:00 in Oslo
    assert after_open(kept, CHAT, friday, HOUR) == utc("2026-12-18 15:00"), "the end of the hours is in time"
    assert after_open(kept, CHAT, friday, 2 * HOUR) == utc("2026-12-21 08:00")
    assert after_open(kept, CHAT, friday, (1 + 24 + 1) * HOUR) == utc("2026-12-28 08:00")
    assert after_open(kept, CHAT, utc("2026-12-19 12:00"), HOUR) == utc("2026-12-21 08:00"), (
        "asked on a Saturday"
    )


# What cannot be kept


@pytest.mark.parametrize(
    "kept, said",
    [
        (Opening("Europe/Olso"), "no time zone 'Europe/Olso'"),
        (Opening(""), "no time zone"),
        (Opening("../etc/passwd"), "no time zone"),
        (Opening("Europe"), "no time zone"),
        (Opening("europe/oslo\0"), "no time zone"),
        (Opening("UTC", Week((Span(7, 0, 60),))), "weekday"),
        (Opening("UTC", Week((Span(0, 60, 60),))), "minute"),
        (Opening("UTC", Week((Span(0, 1_440, 1_500),))), "minute"),
        (Opening("UTC", Week((Span(0, -1, 60),))), "minute"),
        (Opening("UTC", Week((Span(0, 0, 2_881),))), "minute"),
        (Opening("UTC", Week((Span(0, 0, 60),) * 101)), "at most 100"),
        (Opening("UTC", days=(Day("2026-02-30"),)), "no date"),
        (Opening("UTC", days=(Day("20261224"),)), "no date"),
        (Opening("UTC", days=(Day("2-29"),)), "no date"),
        (Opening("UTC", days=(Day("2026-W52-4"),)), "no date"),
        (Opening("UTC", days=(Day("12-24", ((60, 0),)),)), "minute"),
        (Opening("UTC", days=(Day("12-24"),) * 1_001), "At most 1000"),
        (Opening("UTC", days=(Day("12-24", name="x" * 81),)), "80 characters"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(kept: Opening, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check(kept)
