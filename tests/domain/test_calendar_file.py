"""Holidays from calendar files: what is taken, what is left, and that nothing in a file is fatal."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.backend.domain.calendar_file import Holidays, holidays
from agentconsole.backend.domain.opening import Day

TODAY = date(2026, 11, 22)


def calendar(*events: str, end: str = "\r\n") -> bytes:
    """A file with these events, each given by its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.splitlines(), "END:VEVENT"]
    return (end.join([*lines, "END:VCALENDAR"]) + end).encode()


def read(*events: str) -> Holidays:
    return holidays(calendar(*events), TODAY)


def dates(*events: str) -> list[str]:
    return [day.date for day in read(*events).days]


def test_a_day_is_closed_and_has_its_name() -> None:
    found = read("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261225\nSUMMARY:Christmas Eve")
    assert found == Holidays((Day("2026-12-24", name="Christmas Eve"),), 0, 0)


def test_the_end_of_several_days_is_not_one_of_them() -> None:
    assert dates("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227") == [
        "2026-12-24",
        "2026-12-25",
        "2026-12-26",
    ]
    assert dates("DTSTART;VALUE=DATE:20261231\nDURATION:P2D") == ["2026-12-31", "2027-01-01"]
    assert dates("DTSTART;VALUE=DATE:20261224") == ["2026-12-24"], "without an end it is one day"


def test_folded_lines_and_escapes() -> None:
    found = read("DTSTART;VALUE=DATE:20261226\nSUMMARY:Second day\\, a long\n  one\\; closed\\nall day")
    assert found.days == (Day("2026-12-26", name="Second day, a long one; closed all day"),)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_either_end_of_line(end: str) -> None:
    assert len(holidays(calendar("DTSTART;VALUE=DATE:20261224", end=end), TODAY).days) == 1


def test_every_year_needs_no_year() -> None:
    assert dates("DTSTART;VALUE=DATE:19991225\nRRULE:FREQ=YEARLY") == ["12-25"]
    assert dates("DTSTART;VALUE=DATE:20000229\nRRULE:FREQ=YEARLY;INTERVAL=1;BYMONTH=2;BYMONTHDAY=29") == [
        "02-29"
    ]
    assert dates("DTSTART;VALUE=DATE:20201231\nDTEND;VALUE=DATE:20210102\nRRULE:FREQ=YEARLY") == [
        "01-01",
        "12-31",
    ]


def test_other_yearly_rules_are_worked_out_for_five_years() -> None:
    thanksgiving = "DTSTART;VALUE=DATE:20101125\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"
    assert dates(thanksgiving) == [
        "2026-11-26",
        "2027-11-25",
        "2028-11-23",
        "2029-11-22",
        "2030-11-28",
        "2031-11-27",
    ]
    assert dates(f"{thanksgiving}\nEXDATE;VALUE=DATE:20271125")[:2] == ["2026-11-26", "2028-11-23"]
    assert dates("DTSTART;VALUE=DATE:20250517\nRRULE:FREQ=YEARLY;UNTIL=20280517") == [
        "2027-05-17",
        "2028-05-17",
    ]
    assert dates("DTSTART;VALUE=DATE:20250517\nRRULE:FREQ=YEARLY;COUNT=3") == ["2027-05-17"]
    assert dates("DTSTART;VALUE=DATE:20240517\nRRULE:FREQ=YEARLY;INTERVAL=2")[:2] == [
        "2028-05-17",
        "2030-05-17",
    ]


def test_what_is_over_is_counted_and_left() -> None:
    found = read("DTSTART;VALUE=DATE:20251224", "DTSTART;VALUE=DATE:20261121", "DTSTART;VALUE=DATE:20261122")
    assert ([day.date for day in found.days], found.past, found.skipped) == (["2026-11-22"], 2, 0)


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART:20261224T100000Z\nDTEND:20261224T110000Z",
        "DTSTART;TZID=Europe/Oslo:20261224T000000\nDTEND;TZID=Europe/Oslo:20261225T000000",
        "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=WEEKLY",
        "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;BYHOUR=1,2,3",
        "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;COUNT=9;BYMONTH=2;BYMONTHDAY=30",
        "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=SOMETIMES",
        "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;INTERVAL=0",
        "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;BYDAY=99MO",
        "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;COUNT=5000",
        "DTSTART;VALUE=DATE:19000101\nRRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR",
        "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY\nRRULE:FREQ=YEARLY;BYMONTH=3",
        "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261220",
        "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20361224",
        "DTSTART;VALUE=DATE:2026",
        "DTSTART;VALUE=DATE:20261324",
        "DTSTART;VALUE=DATE:20261224\nSTATUS:CANCELLED",
        "DTSTART;VALUE=DATE:20261224\nRECURRENCE-ID;VALUE=DATE:20261223",
        "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;BYMONTH=3\nEXDATE:rubbish",
        "DTSTART;VALUE=DATE:99991231",
        "SUMMARY:no date at all",
    ],
)
def test_what_is_no_holiday_is_skipped_and_counted(event: str) -> None:
    found = read(event, "DTSTART;VALUE=DATE:20261225")
    assert ([day.date for day in found.days], found.skipped) == (["2026-12-25"], 1)


def test_two_of_one_date_are_one_day() -> None:
    found = read(*(f"DTSTART;VALUE=DATE:20261224\nSUMMARY:{name}" for name in ("A", "B", "A", "")))
    assert found.days == (Day("2026-12-24", name="A / B"),)


@pytest.mark.parametrize(
    "written", [b"", b"hello", b"\xff\xfe\x00", b"END:VEVENT\r\n", b"<html></html>", b"\x00" * 100]
)
def test_what_is_no_calendar_is_refused_with_a_sentence(written: bytes) -> None:
    with pytest.raises(ValueError, match="no calendar file"):
        holidays(written, TODAY)


def test_what_is_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        holidays(b" " * 2_000_001, TODAY)
    with pytest.raises(ValueError, match="at most 1000"):
        read(
            *(
                f"DTSTART;VALUE=DATE:2{year:03}0101\nDTEND;VALUE=DATE:2{year:03}1231"
                for year in range(100, 104)
            )
        )


PIECES = st.sampled_from(
    [
        "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "DTSTART;VALUE=DATE:20261224", "DTSTART:",
        "DTEND;VALUE=DATE:20261226", "RRULE:FREQ=YEARLY", "RRULE:FREQ=YEARLY;UNTIL=20270101T000000Z", "EXDATE:20261224",
        "RRULE:FREQ=YEARLY;BYDAY=99MO", "RRULE:FREQ=YEARLY;INTERVAL=0", "RRULE:FREQ=YEARLY;BYMONTHDAY=0", "RRULE:",
        "RRULE:FREQ=YEARLY;COUNT=-1", "DURATION:PT1H", "DURATION:-P1D", "SUMMARY:x", " folded", "BEGIN:VTIMEZONE",
        "TZID:Nowhere/Land", "DTSTART;TZID=Nowhere/Land:20261224T000000", "X-A;B=\"C", "EXDATE;VALUE=DATE:20261224,x",
        "DTSTART;VALUE=DATE-TIME:20261224", "RRULE:FREQ=YEARLY;UNTIL=rubbish", "RRULE:FREQ=YEARLY;BYSETPOS=1",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14))
def test_no_file_is_fatal(lines: list[str]) -> None:
    for written in (lines, ["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"]):
        try:
            found = holidays("\r\n".join(written).encode(), TODAY)
        except ValueError:
            continue
        assert found.past + found.skipped <= len(lines) + 1


def test_events_in_events_in_events_are_no_holidays() -> None:
    nested = b"BEGIN:VEVENT\r\n" * 20_000 + b"END:VEVENT\r\n" * 20_000
    assert holidays(b"BEGIN:VCALENDAR\r\n" + nested + b"END:VCALENDAR\r\n", TODAY).days == ()
