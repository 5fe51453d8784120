"""Dates to come as people write them; what is none is told with a reason."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from agentconsole import dates, strips

OSLO = ZoneInfo("Europe/Oslo")
NOW = datetime(2026, 3, 26, 15, 30, tzinfo=OSLO)  # a Thursday; the clock goes forward on Sunday


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@pytest.mark.parametrize(
    "words, wanted",
    [
        ("tomorrow", (3, 27, 8, 0)),
        ("Tomorrow 9:15", (3, 27, 9, 15)),
        ("16:00", (3, 26, 16, 0)),
        ("9:00", (3, 27, 9, 0)),
        ("today 18:00", (3, 26, 18, 0)),
        ("fri", (3, 27, 8, 0)),
        ("thursday", (4, 2, 8, 0)),
        ("mon 9:00", (3, 30, 9, 0)),
        ("3d", (3, 29, 8, 0)),
        ("2 weeks", (4, 9, 8, 0)),
        ("2h", (3, 26, 17, 30)),
        ("90min", (3, 26, 17, 0)),
        ("24 dec", (12, 24, 8, 0)),
        ("24. December 7:30", (12, 24, 7, 30)),
        ("2026-12-24 08:00", (12, 24, 8, 0)),
    ],
)
def test_what_is_written_is_that_moment(words: str, wanted: tuple[int, int, int, int]) -> None:
    assert dates.to_come(words, ms(NOW), OSLO) == ms(datetime(2026, *wanted, tzinfo=OSLO))


def test_a_day_of_the_year_that_is_over_is_next_years() -> None:
    assert dates.to_come("1 jan", ms(NOW), OSLO) == ms(datetime(2027, 1, 1, 8, tzinfo=OSLO))
    assert dates.to_come("29 feb", ms(NOW), OSLO) == ms(datetime(2028, 2, 29, 8, tzinfo=OSLO))


@pytest.mark.parametrize(
    "words, reason",
    [
        ("", "Write a date"),
        ("soon", "is no date that is understood"),
        ("25:00", "is no time of day"),
        ("31 feb", "no day of the calendar"),
        ("2026-02-30", "no day of the calendar"),
        ("2026-03-26 15:00", "is past"),
        ("9999d", "more than three years"),
        ("\u0663d", "is no date that is understood"),
        ("9" * 50 + "d", "is no date that is understood"),
    ],
)
def test_what_is_no_date_to_come_is_told(words: str, reason: str) -> None:
    with pytest.raises(dates.BadDate, match=reason):
        dates.to_come(words, ms(NOW), OSLO)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize("words", ["0001-01-01", "1 jan 0001", "9999-12-31 23:59", "31 dec 9999 23:59"])
def test_the_ends_of_the_calendar_are_told(words: str, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        with pytest.raises(dates.BadDate):
            dates.to_come(words, ms(NOW))
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_date_is_shown_in_its_zone() -> None:
    at = ms(datetime(2026, 12, 24, 7, 5, tzinfo=UTC))
    assert dates.shown(at, OSLO) == "Thu 24 Dec 2026 08:05"


@pytest.mark.parametrize("name, zone", [("Etc/UTC", "UTC"), (":Europe/Oslo", "Europe/Oslo"), ("nowhere", "")])
def test_the_zone_of_this_machine(name: str, zone: str) -> None:
    """As departments write it: the same week is not shown twice because it has two names."""
    assert strips.zone_here({"TZ": name}) == zone
