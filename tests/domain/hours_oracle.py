"""An independent opinion on opening hours: asks the wall clock, minute by minute, and knows nothing of intervals."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from agentconsole.backend.domain.opening import Day, Kind, Opening

MINUTE = 60_000


def clock_at(zone: str, at_ms: int) -> datetime:
    """What the clock shows, without its zone."""
    return datetime.fromtimestamp(at_ms // 1_000, ZoneInfo(zone)).replace(tzinfo=None)


def is_open(opening: Opening, kind: Kind, at_ms: int) -> bool:
    return each_minute(opening, kind, at_ms, 1)[0]


def each_minute(opening: Opening, kind: Kind, at_ms: int, minutes: int) -> list[bool]:
    """Is it open in each of so many minutes? What is written for a date is read once."""
    place, found = ZoneInfo(opening.zone), []
    written: dict[date, list[tuple[int, int]]] = {}
    for second in range(at_ms // 1_000, at_ms // 1_000 + minutes * 60, 60):
        shown = datetime.fromtimestamp(second, place)
        minute, today = shown.hour * 60 + shown.minute, shown.date()
        if today not in written:
            before = times_of(opening, kind, today - timedelta(days=1))
            after_midnight = [(start - 1_440, end - 1_440) for start, end in before]
            written[today] = times_of(opening, kind, today) + after_midnight
        found.append(any(start <= minute < end for start, end in written[today]))
    return found


def times_of(opening: Opening, kind: Kind, day: date) -> list[tuple[int, int]]:
    """The minutes of a date, as its owner would read the settings aloud."""
    best: Day | None = None
    best_rank = (-1, -1)
    for each in opening.days:
        if each.kinds and kind not in each.kinds:
            continue
        parts = [int(part) for part in each.date.split("-")]
        if len(parts) == 3 and parts != [day.year, day.month, day.day]:
            continue
        if len(parts) == 2 and parts != [day.month, day.day]:
            continue
        rank = (len(parts), 1 if each.kinds else 0)
        if rank >= best_rank:
            best, best_rank = each, rank
    if best is not None:
        return list(best.spans)
    week = {Kind.chat: opening.chat, Kind.email: opening.email, Kind.phone: opening.phone}[kind]
    if week is None or week.always:
        return [(0, 1_440)]
    return [(span.start, span.end) for span in week.spans if span.day == day.isoweekday() - 1]


@lru_cache(2_000)
def clock_changes(zone: str, year: int) -> tuple[int, ...]:
    """The instants of a year, to the minute, at which the clock of this zone jumps."""
    found = []
    place = ZoneInfo(zone)

    def ahead(at: int) -> timedelta | None:
        return datetime.fromtimestamp(at, place).utcoffset()

    first = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    for hour in range(first, first + 366 * 86_400, 3_600):
        if ahead(hour) != ahead(hour + 3_600):
            found.extend(at * 1_000 for at in range(hour, hour + 3_600, 60) if ahead(at) != ahead(at + 60))
    return tuple(at + MINUTE for at in found)
