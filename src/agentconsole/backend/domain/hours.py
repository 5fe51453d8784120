"""Questions about opening hours: is it open, what comes next, how much open time lies between.

An instant is open if the clock on the wall of the department's zone shows a time that lies in a span. So an hour that
the clock skips is open to nobody, and an hour that it shows twice is open twice. Instants are milliseconds UTC of the
years 1900 to 2200; open time is from its first instant until before its last.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from .opening import DAY, Day, Kind, Opening, Span, Week, check, check_date, zone
from .spans import DAY_MS, MINUTE_MS
from .timetable import parse_day, parse_week, week_text, words

__all__ = [
    "Change",
    "Day",
    "Kind",
    "Opening",
    "Span",
    "Week",
    "after_open",
    "check",
    "check_date",
    "day_of",
    "is_open",
    "merged",
    "next_change",
    "open_between",
    "open_intervals",
    "parse_day",
    "parse_week",
    "segments",
    "week_text",
    "words",
    "zone",
]

BLOCK_MS = 7 * DAY_MS  # open time is worked out and remembered by weeks of UTC
AHEAD_MS = 731 * DAY_MS  # how far to look for the next change
LIMIT_MS = 5 * 366 * DAY_MS  # how far for the end of so much open time
EPOCH = date(1970, 1, 1).toordinal()
FIRST_WEEKDAY = date(1970, 1, 1).weekday()

Interval = tuple[int, int]


class Change(msgspec.Struct, frozen=True):
    """At ``at`` it ``opens``, or closes."""

    at: int
    opens: bool


def is_open(opening: Opening, kind: Kind, at_ms: int) -> bool:
    """Whether it is open at this instant."""
    if _always(opening, kind):
        return True
    found = _block(opening, kind, at_ms // BLOCK_MS)
    index = bisect_right(found, (at_ms, LAST))
    return index > 0 and at_ms < found[index - 1][1]


def next_change(opening: Opening, kind: Kind, at_ms: int) -> Change | None:
    """The first opening or closing after this instant; None if there is none within two years."""
    if _always(opening, kind):
        return None
    was = is_open(opening, kind, at_ms)
    for start, end in _from(opening, kind, at_ms, at_ms + AHEAD_MS):
        if start > at_ms and not was:
            return Change(start, opens=True)
        if end > at_ms and was:
            return Change(end, opens=False) if end <= at_ms + AHEAD_MS else None
    return None


def open_between(opening: Opening, kind: Kind, from_ms: int, to_ms: int) -> int:
    """How many milliseconds from ``from_ms`` until before ``to_ms`` are open."""
    if to_ms <= from_ms:
        return 0
    if _always(opening, kind):
        return to_ms - from_ms
    found = 0
    for number in range(from_ms // BLOCK_MS, (to_ms - 1) // BLOCK_MS + 1):
        whole = number * BLOCK_MS >= from_ms and (number + 1) * BLOCK_MS <= to_ms
        if whole:
            found += _total(opening, kind, number)
        else:
            parts = _block(opening, kind, number)
            found += sum(max(0, min(end, to_ms) - max(start, from_ms)) for start, end in parts)
    return found


def after_open(opening: Opening, kind: Kind, from_ms: int, open_ms: int) -> int | None:
    """The first instant by which ``open_ms`` of open time have passed since ``from_ms``; None if not within 5 years.

    Of no time at all that is ``from_ms`` itself, open or closed.
    """
    if open_ms <= 0 or _always(opening, kind):
        return from_ms + max(0, open_ms)
    left = open_ms
    for number in range(from_ms // BLOCK_MS, (from_ms + LIMIT_MS) // BLOCK_MS):
        if number * BLOCK_MS >= from_ms and (total := _total(opening, kind, number)) < left:
            left -= total
            continue
        for start, end in _block(opening, kind, number):
            begin = max(start, from_ms)
            if end - begin >= left:
                return begin + left
            left -= max(0, end - begin)
    return None


def open_intervals(opening: Opening, kind: Kind, from_ms: int, to_ms: int) -> tuple[Interval, ...]:
    """The open time from ``from_ms`` until before ``to_ms``, in order and in as few intervals as possible."""
    found = _from(opening, kind, from_ms, to_ms)
    return merged(
        [(max(start, from_ms), min(end, to_ms)) for start, end in found if start < to_ms and end > from_ms]
    )


def day_of(opening: Opening, kind: Kind, day: str) -> Day | None:
    """What is said of this date ("2026-12-24") in place of its weekday, or None."""
    book = _days(opening, kind)
    return book.get(day) or book.get(day[5:])


# --- how it is worked out ------------------------------------------------------------------------------------------

LAST = 1 << 62


def _always(opening: Opening, kind: Kind) -> bool:
    """Whether there is nothing to work out."""
    week = opening.week(kind)
    return (week is None or week.always) and not opening.days


def _from(opening: Opening, kind: Kind, from_ms: int, to_ms: int) -> Iterator[Interval]:
    """The open intervals, whole, from the one that is running at ``from_ms`` to the one that has begun by ``to_ms``."""
    held: Interval | None = None
    for number in range(from_ms // BLOCK_MS, to_ms // BLOCK_MS + 1):
        for interval in _block(opening, kind, number):
            if held and held[1] == interval[0]:
                held = held[0], interval[1]
                continue
            if held:
                yield held
            held = interval
    if held:
        yield held


@lru_cache(8_192)
def _block(opening: Opening, kind: Kind, number: int) -> tuple[Interval, ...]:
    """The open intervals of a week of UTC, merged and in order, cut off at its ends."""
    found: list[Interval] = []
    for start, end, offset in segments(opening.zone, number * BLOCK_MS, (number + 1) * BLOCK_MS):
        first, last = (start + offset) // DAY_MS, (end + offset - 1) // DAY_MS
        for day in range(first - 1, last + 1):  # the evening before may run past midnight
            midnight = day * DAY_MS - offset
            for opens, closes in _spans(opening, kind, day):
                begin = max(start, midnight + opens * MINUTE_MS)
                until = min(end, midnight + closes * MINUTE_MS)
                if begin < until:
                    found.append((begin, until))
    return merged(found)


@lru_cache(8_192)
def _total(opening: Opening, kind: Kind, number: int) -> int:
    return sum(end - start for start, end in _block(opening, kind, number))


def _spans(opening: Opening, kind: Kind, day: int) -> tuple[tuple[int, int], ...]:
    """The spans of a local date, given as days since 1970."""
    if opening.days:
        special = day_of(opening, kind, date.fromordinal(EPOCH + day).isoformat())
        if special:
            return special.spans
    return _usual(opening.week(kind))[(day + FIRST_WEEKDAY) % 7]


@lru_cache(1_024)
def _usual(week: Week | None) -> tuple[tuple[tuple[int, int], ...], ...]:
    """The spans of each weekday."""
    if week is None or week.always:
        return (((0, DAY),),) * 7
    return tuple(
        tuple((span.start, span.end) for span in week.spans if span.day == weekday) for weekday in range(7)
    )


@lru_cache(1_024)
def _days(opening: Opening, kind: Kind) -> dict[str, Day]:
    """The days that differ for this kind, by their date."""
    holding = [day for day in opening.days if kind in day.kinds or not day.kinds]
    return {day.date: day for day in sorted(holding, key=lambda day: bool(day.kinds))}


def merged(intervals: list[Interval]) -> tuple[Interval, ...]:
    """The same time in as few intervals as possible, in order."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return tuple(found)


def segments(name: str, from_ms: int, to_ms: int) -> list[tuple[int, int, int]]:
    """A stretch of time, cut where the zone's clock changes: from, until, and by how much the clock is ahead of UTC."""
    place = zone(name)
    seconds = [*range(from_ms // 1_000, to_ms // 1_000, DAY_MS // 1_000), to_ms // 1_000]
    known = [(second, _offset(place, second)) for second in seconds]
    found = [(from_ms, known[0][1])]
    for low, high in pairwise(known):
        if low[1] != high[1]:
            found.extend((second * 1_000, offset) for second, offset in _changes(place, low, high))
    ends = [*(start for start, _ in found[1:]), to_ms]
    return [
        (start, end, offset * 1_000) for (start, offset), end in zip(found, ends, strict=True) if start < end
    ]


def _changes(place: ZoneInfo, low: tuple[int, int], high: tuple[int, int]) -> list[tuple[int, int]]:
    """The seconds after ``low`` until ``high`` from which the clock goes differently; each is with its offset."""
    if low[1] == high[1]:
        return []
    if high[0] - low[0] == 1:
        return [high]
    second = (low[0] + high[0]) // 2
    middle = second, _offset(place, second)
    return [*_changes(place, low, middle), *_changes(place, middle, high)]


def _offset(place: ZoneInfo, second: int) -> int:
    """Seconds by which the clock is ahead of UTC."""
    ahead = datetime.fromtimestamp(second, place).utcoffset()
    return 0 if ahead is None else ahead.days * 86_400 + ahead.seconds
