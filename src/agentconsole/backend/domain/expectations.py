"""Expectations of opening hours in writing, one a line: "support: Sun 02:30 Europe/Oslo -> closed"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import msgspec

from agentconsole.protocol import HoursMiss, HoursResult

from .hours import EPOCH, Kind, Opening, is_open, segments, zone
from .opening import DAY
from .spans import DAY_MS, MINUTE_MS
from .timetable import DASHES, weekday

EXAMPLE = 'Write "support: Sun 02:30 Europe/Oslo -> closed" or "support email: 2026-12-24 12:00 -> open".'
LINE = re.compile(
    r"(?P<name>\S+?)(?:\s+(?P<kind>\w+))?\s*:\s+(?P<when>.+?)\s*(?:->|→|=>)\s*(?P<wanted>\w+)", re.ASCII
)
WHEN = re.compile(
    r"(?P<day>\S+)\s+(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?:\s+(?P<zone>\S+))?", re.ASCII
)
YEARS = range(1900, 2201)
WIDEST_MS = 16 * 60 * MINUTE_MS

Find = Callable[[str], Opening | None]


class Expectation(msgspec.Struct, frozen=True):
    """A line that was read: in which department of what kind it shall be open at this time on the clock of ``zone``.

    ``day`` is a date, or a weekday (0 = Monday); ``zone`` '' = the department's.
    """

    name: str
    kind: Kind
    day: date | int
    minute: int
    zone: str
    open: bool


def compare(text: str, find: Find, now_ms: int) -> HoursResult:
    """Which of these expectations are not met, or cannot be read. ``find`` gives the hours of a department by its name.

    A weekday is the next such day whose time is not over yet.
    """
    misses = []
    read = 0
    for number, line in lines(text):
        read += 1
        found = _found(line, find, now_ms)
        if found:
            misses.append(HoursMiss(number, line, found))
    return HoursResult(read, misses)


def lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers; # begins a comment."""
    for number, line in enumerate(text.splitlines(), 1):
        said = line.partition("#")[0].strip()
        if said:
            yield number, said


def parse_expectation(line: str) -> Expectation:
    """One line. Raises ValueError with a sentence that says what to write."""
    parts = LINE.fullmatch(line)
    if not parts:
        raise ValueError(f"This line cannot be read. {EXAMPLE}")
    kind, wanted = (parts["kind"] or "chat").lower(), parts["wanted"].lower()
    if kind not in Kind.__members__:
        raise ValueError(f"{parts['kind']!r} is neither chat, email nor phone. {EXAMPLE}")
    if wanted not in ("open", "closed"):
        raise ValueError(f"{parts['wanted']!r} is neither open nor closed. {EXAMPLE}")
    when = WHEN.fullmatch(parts["when"])
    if not when:
        raise ValueError(f"{parts['when']!r} is no day and time. {EXAMPLE}")
    if when["zone"]:
        zone(when["zone"])
    return Expectation(
        parts["name"].lower(),
        Kind(kind),
        _day(when["day"].translate(DASHES)),
        int(when["hour"]) * 60 + int(when["minute"]),
        when["zone"] or "",
        wanted == "open",
    )


def instants(expected: Expectation, zone_name: str, now_ms: int) -> list[int]:
    """When the clock of this zone shows that time: once, twice, or never."""
    if isinstance(expected.day, date):
        return _shown(zone_name, expected.day.toordinal() - EPOCH, expected.minute)
    today = datetime.fromtimestamp(now_ms / 1_000, UTC).toordinal() - EPOCH
    for day in range(today - 1, today + 9):
        if date.fromordinal(day + EPOCH).weekday() == expected.day:
            found = _shown(zone_name, day, expected.minute)
            ahead = day > today + 1 or any(at >= now_ms for at in found)
            if ahead:
                return found
    return []


def _found(line: str, find: Find, now_ms: int) -> str:
    """What is so instead of what this line expects, or ''."""
    try:
        expected = parse_expectation(line)
    except ValueError as error:
        return str(error)
    opening = find(expected.name)
    if opening is None:
        return f"There is no department {expected.name!r}."
    times = instants(expected, expected.zone or opening.zone, now_ms)
    answers = {is_open(opening, expected.kind, at) for at in times}
    if answers == {expected.open} or (not answers and not expected.open):
        return ""
    if not answers:
        return "closed: the clock leaves this time out"
    if len(answers) == 2:
        return "both: the clock shows this time twice, and once it is closed"
    return "closed" if expected.open else "open"


def _day(written: str) -> date | int:
    number = weekday(written.lower())
    if number is not None:
        return number
    try:
        if len(written) == 10 and (found := date.fromisoformat(written)).year in YEARS:
            return found
    except ValueError:
        pass
    raise ValueError(f"{written!r} is neither a weekday nor a date. {EXAMPLE}")


def _shown(zone_name: str, day: int, minute: int) -> list[int]:
    shown = (day * DAY + minute) * MINUTE_MS
    around = segments(zone_name, day * DAY_MS - WIDEST_MS, (day + 1) * DAY_MS + WIDEST_MS)
    return [shown - offset for start, end, offset in around if start <= shown - offset < end]
