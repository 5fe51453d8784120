"""A week of opening hours as a strip: each day's quarters of an hour, by the clock of whoever reads it."""

from __future__ import annotations

from datetime import date

from agentconsole.protocol import HoursDay

from .hours import (
    EPOCH,
    Interval,
    Kind,
    Opening,
    day_of,
    merged,
    open_between,
    open_intervals,
    segments,
)
from .spans import DAY_MS, MINUTE_MS
from .timetable import clock

QUARTER_MS = 15 * MINUTE_MS
WIDEST_MS = 16 * 60 * MINUTE_MS  # no zone's clock is further from UTC
OPEN, CLOSED, PARTLY, SKIPPED = "#", ".", "+", "~"

Piece = tuple[int, int, int]  # from, until, by how much the clock is ahead of UTC


def strip(opening: Opening, kind: Kind, first_day: date, reader_zone: str) -> list[HoursDay]:
    """Seven days from this one, by the clock of this zone. Raises ValueError for an unknown zone."""
    first = first_day.toordinal() - EPOCH
    return [_row(opening, kind, day, reader_zone) for day in range(first, first + 7)]


def _row(opening: Opening, kind: Kind, day: int, reader_zone: str) -> HoursDay:
    told = date.fromordinal(EPOCH + day).isoformat()
    pieces = _pieces(reader_zone, day)
    special = day_of(opening, kind, told)
    return HoursDay(
        date=told,
        cells=_cells(opening, kind, day, pieces),
        times=_times(opening, kind, day, pieces),
        skipped=(DAY_MS - sum(end - start for start, end, _ in pieces)) // MINUTE_MS,
        shift=_shift(opening.zone, pieces),
        special=(special.name or ("other hours" if special.spans else "closed")) if special else "",
    )


def _pieces(zone: str, day: int) -> list[Piece]:
    """The instants at which the clock of this zone shows this date, in order."""
    found = []
    for start, end, offset in segments(zone, day * DAY_MS - WIDEST_MS, (day + 1) * DAY_MS + WIDEST_MS):
        begin, until = max(start, day * DAY_MS - offset), min(end, (day + 1) * DAY_MS - offset)
        if begin < until:
            found.append((begin, until, offset))
    return found


def _cells(opening: Opening, kind: Kind, day: int, pieces: list[Piece]) -> str:
    return "".join(
        _cell(opening, kind, day * DAY_MS + start, pieces) for start in range(0, DAY_MS, QUARTER_MS)
    )


def _cell(opening: Opening, kind: Kind, quarter: int, pieces: list[Piece]) -> str:
    """A quarter of an hour that begins at this time on the clock."""
    shown = found = 0
    for start, end, offset in pieces:
        begin, until = max(start, quarter - offset), min(end, quarter + QUARTER_MS - offset)
        shown += max(0, until - begin)
        found += open_between(opening, kind, begin, until)
    if not shown:
        return SKIPPED
    if not found:
        return CLOSED
    return OPEN if found == shown else PARTLY


def _times(opening: Opening, kind: Kind, day: int, pieces: list[Piece]) -> list[str]:
    found: list[Interval] = []
    for start, end, _ in pieces:
        found.extend(open_intervals(opening, kind, start, end))
    return [
        f"{_shown(start, 0, day, pieces)}-{_shown(end - 1, 1, day, pieces)}" for start, end in merged(found)
    ]


def _shown(instant: int, after: int, day: int, pieces: list[Piece]) -> str:
    """What the clock shows at this instant, and ``after`` milliseconds more by the same count."""
    offset = next(offset for start, end, offset in pieces if start <= instant < end)
    return clock((instant + after + offset - day * DAY_MS) // MINUTE_MS)


def _shift(zone: str, pieces: list[Piece]) -> int:
    """Minutes by which the clock of this zone goes forward in that time."""
    if not pieces:
        return 0
    ahead = [offset for _, _, offset in segments(zone, pieces[0][0] - 1_000, pieces[-1][1])]
    return (ahead[-1] - ahead[0]) // MINUTE_MS
