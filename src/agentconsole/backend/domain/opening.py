"""Opening hours as they are kept: weeks of local wall time in a zone, and days that differ."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from agentconsole.protocol import HoursKind as Kind

__all__ = ["Day", "Kind", "Opening", "Span", "Week", "check", "check_date", "zone"]

DAY = 1_440  # minutes
MAX_SPANS = 100  # of a week
MAX_DAYS = 1_000
MAX_DAY_NAME = 80
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Span(msgspec.Struct, frozen=True):
    """From ``start`` until ``end`` of a weekday (0 = Monday), in minutes of local wall time.

    ``end`` is not in it; 1440 is 24:00, and up to 2880 is past midnight: that tail belongs to the day on which it began.
    """

    day: int
    start: int
    end: int


class Day(msgspec.Struct, frozen=True):
    """A date that differs from its weekday: "2026-12-24", or "12-24" for every year ("02-29": leap years only).

    ``spans`` (start, end) replace those of the weekday, none = closed; what runs past midnight from the evening before
    stays. It holds for ``kinds``, none = for all. Of several for one date, one with a year goes before one without, then
    one that names kinds before one that does not, then the later.
    """

    date: str
    spans: tuple[tuple[int, int], ...] = ()
    name: str = ""
    kinds: tuple[Kind, ...] = ()


class Week(msgspec.Struct, frozen=True):
    """The spans of a usual week, none = closed; ``always`` is around the clock."""

    spans: tuple[Span, ...] = ()
    always: bool = False


class Opening(msgspec.Struct, frozen=True, cache_hash=True):
    """When a department is open, by the clocks of an IANA ``zone``.

    A kind whose week is None keeps no hours: it is open always, but for ``days`` that hold for it.
    """

    zone: str = "UTC"
    chat: Week | None = None
    email: Week | None = None
    phone: Week | None = None
    days: tuple[Day, ...] = ()

    def week(self, kind: Kind) -> Week | None:
        """The usual week of this kind; None = no hours are kept."""
        found: Week | None = getattr(self, kind)
        return found


@lru_cache(1_024)
def zone(name: str) -> ZoneInfo:
    """The time zone of this IANA name. Raises ValueError with a sentence."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, a folder of names
        raise ValueError(f"There is no time zone {name!r}. Write one as Europe/Oslo or UTC.") from None


def check(opening: Opening) -> Opening:
    """The same, if it can be kept. Raises ValueError with a sentence that says what to write."""
    zone(opening.zone)
    for kind in Kind:
        week = opening.week(kind)
        spans = week.spans if week else ()
        if len(spans) > MAX_SPANS:
            raise ValueError(
                f"A week has at most {MAX_SPANS} intervals; these {kind} hours have {len(spans)}."
            )
        for span in spans:
            if not 0 <= span.day <= 6:
                raise ValueError(f"A weekday is a number from 0 (Monday) to 6 (Sunday), not {span.day}.")
            _check_times(span.start, span.end)
    if len(opening.days) > MAX_DAYS:
        raise ValueError(
            f"At most {MAX_DAYS} days may differ; these are {len(opening.days)}. Remove old ones."
        )
    for day in opening.days:
        check_date(day.date)
        if len(day.name) > MAX_DAY_NAME:
            raise ValueError(f"The name of a day has at most {MAX_DAY_NAME} characters: {day.name[:20]}…")
        if len(day.spans) > MAX_SPANS:
            raise ValueError(f"A day has at most {MAX_SPANS} intervals; {day.date} has {len(day.spans)}.")
        for start, end in day.spans:
            _check_times(start, end)
    return opening


def check_date(written: str) -> str:
    """The same, if it is a date, or a day of every year. Raises ValueError with a sentence."""
    try:
        full = written if len(written) == 10 else f"2000-{written}"  # 2000 was a leap year
        if date.fromisoformat(full).isoformat() == full:
            return written
    except ValueError:
        pass
    raise ValueError(f"{written!r} is no date. Write 2026-12-24, or 12-24 for every year.")


def _check_times(start: int, end: int) -> None:
    if not (0 <= start < DAY and start < end <= 2 * DAY):
        raise ValueError(
            f"An interval runs from minute 0-1439 of its day to a later one, 2880 at most: not {start} to {end}."
        )
