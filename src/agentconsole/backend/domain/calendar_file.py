"""Holidays from an iCalendar file (.ics), as days on which opening hours differ."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import msgspec

from .opening import MAX_DAY_NAME, MAX_DAYS, Day

MAX_BYTES = 2_000_000
YEARS = 5  # how far ahead a rule is worked out that names no day of the year
DAY = timedelta(days=1)
LONGEST = 366 * DAY
PARTS = {
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "WKST",
    "BYMONTH",
    "BYMONTHDAY",
    "BYDAY",
    "BYYEARDAY",
    "BYSETPOS",
}
OWN_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}  # the others choose days


# A broken property or a rule that is not followed here; the end of time; the 99th Monday of a month.
UNUSABLE = (ValueError, OverflowError, IndexError)


class Holidays(msgspec.Struct, frozen=True):
    """The days of a file, closed all day; how many events lay in the ``past``, and how many could not be used."""

    days: tuple[Day, ...]
    past: int
    skipped: int


def holidays(written: bytes, today: date) -> Holidays:
    """The whole-day events of a calendar file, from ``today`` on.

    What happens every year on the same date becomes a day of every year; other yearly rules (the fourth Thursday of
    November) become the dates of five years. All else is skipped. Raises ValueError with a sentence for what is no
    calendar.
    """
    from icalendar import Calendar

    if len(written) > MAX_BYTES:
        raise ValueError(f"A calendar file may have up to {MAX_BYTES:,} bytes.")
    try:
        calendars = Calendar.from_ical(written, multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except (ValueError, RecursionError) as error:
        raise ValueError("This is no calendar file: it must begin with BEGIN:VCALENDAR.") from error
    if not calendars:
        raise ValueError("This is no calendar file: it must begin with BEGIN:VCALENDAR.")
    names: dict[str, list[str]] = {}
    past = skipped = 0
    for event in events:
        try:
            dates = _dates(event, today)
        except UNUSABLE:
            skipped += 1
            continue
        past += not dates
        for each in dates:
            names.setdefault(each, []).append(" ".join(str(event.get("SUMMARY", "")).split()))
    if len(names) > MAX_DAYS:
        raise ValueError(f"This calendar has {len(names)} days; at most {MAX_DAYS} can be kept.")
    days = (
        Day(told, name=" / ".join(dict.fromkeys(filter(None, names[told])))[:MAX_DAY_NAME]) for told in names
    )
    return Holidays(tuple(sorted(days, key=lambda day: day.date)), past, skipped)


def _dates(event: Any, today: date) -> list[str]:
    """The dates of an event, those of every year without one. Raises ValueError for what cannot be used."""
    if "RECURRENCE-ID" in event or "RDATE" in event or str(event.get("STATUS", "")).upper() == "CANCELLED":
        raise ValueError("no event of its own")
    start, end = event.start, event.end
    if isinstance(start, datetime) or not isinstance(start, date) or not start < end <= start + LONGEST:
        raise ValueError("not whole days")
    days = range((end - start).days)
    rule = event.get("RRULE")
    if rule is None:
        return [day.isoformat() for step in days if (day := start + step * DAY) >= today]
    if (
        isinstance(rule, list)
        or set(rule) - PARTS
        or rule.get("FREQ") != ["YEARLY"]
        or min(rule.get("INTERVAL", [1])) < 1
    ):
        raise ValueError("not yearly")
    if _same_date(rule, start) and "EXDATE" not in event:
        return [_of_every_year(start + step * DAY) for step in days]
    left_out = _left_out(event)
    begins = [each for each in _begins(rule, start, today) if each not in left_out]
    return [day.isoformat() for each in begins for step in days if (day := each + step * DAY) >= today]


def _same_date(rule: Any, start: date) -> bool:
    """Does the rule say no more than "every year"?"""
    usual = {
        "FREQ": "YEARLY",
        "INTERVAL": 1,
        "BYMONTH": start.month,
        "BYMONTHDAY": start.day,
        "WKST": rule.get("WKST"),
    }
    return all(name == "WKST" or (name in usual and values == [usual[name]]) for name, values in rule.items())


def _of_every_year(day: date) -> str:
    return day.isoformat()[5:]


def _left_out(event: Any) -> set[date]:
    given = event.get("EXDATE", [])
    lists = given if isinstance(given, list) else [given]
    return {each.dt for every in lists for each in every.dts}


def _begins(rule: Any, start: date, today: date) -> list[date]:
    """The dates on which a yearly rule begins, five years ahead. Raises ValueError for what is no rule."""
    from dateutil.rrule import rrulestr  # type: ignore[import-untyped]
    from icalendar import vRecur

    parts = dict(rule)
    if "COUNT" not in parts:
        last = date(max(today, start).year + YEARS, 12, 31)
        until = parts.get("UNTIL", [last])[0]
        parts["UNTIL"] = [min(until.date() if isinstance(until, datetime) else until, last)]
    elif set(parts) - OWN_PARTS:
        raise ValueError("might be counted for ever")
    written = vRecur(parts).to_ical().decode()  # type: ignore[no-untyped-call]
    every = rrulestr(written, dtstart=datetime(start.year, start.month, start.day))  # noqa: DTZ001
    found = [each.date() for each in islice(every, MAX_DAYS + 1)]
    if len(found) > MAX_DAYS:
        raise ValueError("no holiday comes so often")
    return found
