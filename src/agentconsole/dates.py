"""A date to come as people write it: 'tomorrow', 'fri 9:00', '3d', '24 dec', '2026-12-24 08:00'."""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo

MORNING = time(8)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
EXAMPLES = "tomorrow, fri 9:00, 3d, 24 dec, 2026-12-24 08:00"
LONGEST = timedelta(days=3 * 366)

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})$", re.ASCII)
_SPAN = re.compile(r"(\d{1,4}) ?(min|h|hours?|d|days?|w|weeks?)$", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})$", re.ASCII)
_DAY_MONTH = re.compile(r"(\d{1,2})\.? ?([a-z]{3,9})(?: (\d{4}))?$", re.ASCII)
_STEPS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class BadDate(ValueError):
    """This is no date to come; the message says why."""


def to_come(words: str, now_ms: int, zone: tzinfo | None = None) -> int:
    """When that is, in UTC milliseconds; a day without a time means 08:00. ``zone`` None is this machine's.

    Raises BadDate.
    """
    now = datetime.fromtimestamp(now_ms / 1000, zone or UTC).astimezone(zone)
    written = " ".join(words.casefold().split())
    if not written:
        raise BadDate(f"Write a date, such as {EXAMPLES}.")
    if span := _SPAN.match(written):
        when = now + timedelta(**{_STEPS[span[2][0]]: int(span[1])})
        if span[2][0] in "dw":
            when = _at(when.date(), MORNING, zone)
    else:
        when = _moment(written, words, now, zone)
    if when <= now:
        raise BadDate(f"'{words.strip()}' is past: {said(when)}. Write a date to come.")
    if when - now > LONGEST:
        raise BadDate(f"'{words.strip()}' is more than three years from now: {said(when)}.")
    return int(when.timestamp() * 1000)


def _moment(written: str, words: str, now: datetime, zone: tzinfo | None) -> datetime:
    at, day_words = MORNING, written
    if clock := _CLOCK.search(written):
        try:
            at = time(int(clock[1]), int(clock[2]))
        except ValueError:
            raise BadDate(f"'{clock[0]}' is no time of day.") from None
        day_words = written[: clock.start()].strip()
    if not day_words:
        today = _at(now.date(), at, zone)
        return today if today > now else _at(now.date() + timedelta(days=1), at, zone)
    return _at(_day(day_words, words, now.date()), at, zone)


def _day(written: str, words: str, today: date) -> date:
    if written == "today":
        return today
    if len(written) >= 3 and "tomorrow".startswith(written):
        return today + timedelta(days=1)
    for number, name in enumerate(DAYS):
        if len(written) >= 2 and name.startswith(written):
            return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    try:
        if iso := _ISO.match(written):
            return _date(int(iso[1]), int(iso[2]), int(iso[3]))
        if (named := _DAY_MONTH.match(written)) and named[2][:3] in MONTHS:
            day, month = int(named[1]), MONTHS.index(named[2][:3]) + 1
            if named[3]:
                return _date(int(named[3]), month, day)
            return _next(day, month, today)
    except ValueError:
        raise BadDate(f"'{words.strip()}' is no day of the calendar.") from None
    raise BadDate(f"'{words.strip()}' is no date that is understood. Write it like: {EXAMPLES}.")


def _date(year: int, month: int, day: int) -> date:
    """Raises ValueError also at both ends of the calendar, whose moments are no dates in some other zone."""
    return date(year if MINYEAR < year < MAXYEAR else 0, month, day)


def _next(day: int, month: int, today: date) -> date:
    """The next such day; the 29th of February may be years away."""
    for year in range(today.year, today.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    raise ValueError(day)


def _at(day: date, at: time, zone: tzinfo | None) -> datetime:
    moment = datetime.combine(day, at, zone)
    return moment if zone else moment.astimezone()


def said(when: datetime) -> str:
    """A moment as it is shown."""
    return f"{when:%a} {when.day} {when:%b %Y %H:%M}"


def shown(at_ms: int, zone: tzinfo | None = None) -> str:
    """A moment in UTC milliseconds as it is shown."""
    return said(datetime.fromtimestamp(at_ms / 1000, zone))
