"""Opening hours in writing, both ways: "Mon-Fri 08:00-16:00, Sat 10:00-14:00"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from .opening import DAY, WEEKDAYS, Day, Kind, Opening, Span, Week, check, check_date

EXAMPLE = 'Write "Mon-Fri 08:00-16:00, Sat 10:00-14:00", "Fri 22:00-02:00", "always" or "closed".'
DAY_EXAMPLE = (
    'Write "2026-12-24", "12-25=Christmas Day" for every year, or "2026-12-23 08:00-12:00=Stocktaking".'
)
TIMES = re.compile(r"(\d{1,2})(?::(\d{2}))?-(\d{1,2})(?::(\d{2}))?", re.ASCII)
DASHES = str.maketrans("–—−‐‑", "-----")
MAX_TOLD = 5  # days that differ, named in words


def parse_week(text: str) -> Week:
    """A week as `week_text` writes it. Days without times share those of the days after them ("Mon, Wed 8-12").

    Times without a day are of the days before them, or of every day. Raises ValueError with a sentence that says what
    to write.
    """
    match plain(text):
        case "always":
            return Week(always=True)
        case "closed":
            return Week()
        case written:
            return Week(joined(_parts(written)))


def week_text(week: Week) -> str:
    """A week in writing; days in a row with the same times are told together."""
    if week.always:
        return "always"
    by_day: dict[int, list[tuple[int, int]]] = {}
    for span in joined(week.spans):
        by_day.setdefault(span.day, []).append((span.start, span.end))
    told: list[str] = []
    day = 0
    while day < 7:
        last = day
        while last < 6 and by_day.get(last + 1) == by_day.get(day):
            last += 1
        if times := by_day.get(day):
            told.append(f"{_days_text(day, last)}{' '.join(times_text(*each) for each in times)}")
        day = last + 1
    return ", ".join(told) or "closed"


def parse_day(text: str) -> Day:
    """A date that differs, as `day_text` writes it. Raises ValueError with a sentence that says what to write."""
    written, _, name = text.partition("=")
    first, *rest = plain(written).split() or [""]
    try:
        check_date(first)
    except ValueError as error:
        raise ValueError(f"{error} {DAY_EXAMPLE}") from None
    kinds: list[Kind] = []
    spans: list[tuple[int, int]] = []
    for word in rest:
        if word in Kind.__members__:
            kinds.append(Kind(word))
        elif word == "always":
            spans.append((0, DAY))
        elif word != "closed":
            spans.append(_times(word, DAY_EXAMPLE))
    ordered = joined(Span(0, *span) for span in spans)
    return Day(
        first, tuple((span.start, span.end) for span in ordered), name.strip(), tuple(dict.fromkeys(kinds))
    )


def day_text(day: Day) -> str:
    """A date that differs, in writing."""
    times = [times_text(*span) for span in day.spans] or ["closed"]
    return " ".join([day.date, *day.kinds, *times]) + (f"={day.name}" if day.name else "")


def words(opening: Opening, kind: Kind) -> str:
    """The hours in a sentence without a full stop, for people."""
    week = opening.week(kind)
    usual = "always" if week is None else week_text(week)
    days = [day for day in opening.days if kind in day.kinds or not day.kinds]
    if not days and usual == "always":
        return "always open"
    told = [f"{usual} ({opening.zone})"]
    told.extend(_day_words(day) for day in days[:MAX_TOLD])
    if len(days) > MAX_TOLD:
        told.append(f"and {len(days) - MAX_TOLD} more days that differ")
    return "; ".join(told)


def texts(opening: Opening) -> dict[str, Any]:
    """Opening hours as the texts that `rewritten` takes; '' = no hours are kept."""
    weeks = {f"{kind}_hours": week_text(week) if (week := opening.week(kind)) else "" for kind in Kind}
    return {"opening_zone": opening.zone, **weeks, "days": [day_text(day) for day in opening.days]}


def rewritten(opening: Opening, wish: Any) -> Opening:
    """The same with what is not None in ``wish``: opening_zone, chat_hours, email_hours, phone_hours, and days.

    ``days`` replaces all days that differ; ``more_days`` adds some, in place of those of the same date and kinds;
    ``usual_days`` are dates that differ no more. Raises ValueError with a sentence that says what to write.
    """
    changes: dict[str, Any] = {}
    if wish.opening_zone is not None:
        changes["zone"] = wish.opening_zone.strip()
    for kind in Kind:
        written = getattr(wish, f"{kind}_hours")
        if written is not None:
            changes[kind.value] = parse_week(written) if written.strip() else None
    days = opening.days if wish.days is None else tuple(parse_day(text) for text in wish.days)
    for day in map(parse_day, wish.more_days or ()):
        others = (other for other in days if (other.date, other.kinds) != (day.date, day.kinds))
        days = (*others, day)
    usual = {check_date(written.strip()) for written in wish.usual_days or ()}
    changes["days"] = tuple(sorted((day for day in days if day.date not in usual), key=_by_date))
    return check(msgspec.structs.replace(opening, **changes))


def _by_date(day: Day) -> tuple[bool, str]:
    """Those of every year come first."""
    return len(day.date) > 5, day.date


def times_text(start: int, end: int) -> str:
    """An interval as "22:00-02:00"; an end past the next day's same time is told beyond 24:00."""
    shown = end - DAY if DAY < end < DAY + start else end
    return f"{clock(start)}-{clock(shown)}"


def clock(minute: int) -> str:
    """A minute of the day as "08:30"."""
    return f"{minute // 60:02}:{minute % 60:02}"


def plain(text: str) -> str:
    """A text as the grammar knows it: small letters, plain dashes without spaces around them, plain spaces."""
    return re.sub(r"\s*-\s*", "-", " ".join(text.translate(DASHES).lower().split()))


def weekday(word: str) -> int | None:
    """The number of a weekday that is written "Mon" or "monday", or None."""
    for number, name in enumerate(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    ):
        if len(word) >= 3 and name.startswith(word):
            return number
    return None


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time in as few spans as possible, in order; none is joined to one of another day."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.day, span.start, span.end)):
        last = found[-1] if found else None
        if last and last.day == span.day and span.start <= last.end:
            found[-1] = Span(last.day, last.start, max(last.end, span.end))
        else:
            found.append(span)
    return tuple(found)


def _parts(written: str) -> Iterable[Span]:
    days: list[int] = []
    timed = True
    for part in written.split(","):
        names: list[str] = []
        times: list[str] = []
        for word in part.split():
            (times if word[:1].isdecimal() else names).append(word)
        if not names and not times:
            raise ValueError(f"Something is missing before or after a comma. {EXAMPLE}")
        if names and timed:
            days, timed = [], False
        for name in names:
            days.extend(_weekdays(name))
        for each in times:
            start, end = _times(each, EXAMPLE)
            for day in days or range(7):
                yield Span(day, start, end)
            timed = True
    if not timed:
        raise ValueError(f"{written.split(',')[-1].strip()!r} has no times. {EXAMPLE}")


def _weekdays(word: str) -> list[int]:
    if word == "daily":
        return list(range(7))
    first, dash, last = word.partition("-")
    start, end = weekday(first), weekday(last if dash else first)
    if start is None or end is None:
        raise ValueError(f"{word!r} is no weekday. {EXAMPLE}")
    return [(start + step) % 7 for step in range((end - start) % 7 + 1)]


def _times(word: str, example: str) -> tuple[int, int]:
    found = TIMES.fullmatch(word)
    if not found:
        raise ValueError(f"{word!r} is no interval of time. {example}")
    hour, minute, end_hour, end_minute = (int(number or 0) for number in found.groups())
    if minute > 59 or end_minute > 59:
        raise ValueError(f"{word!r}: an hour has minutes 00 to 59. {example}")
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if start >= DAY:
        raise ValueError(f"{word!r} begins after the day is over: write 00:00 and the day after.")
    if end > 2 * DAY:
        raise ValueError(f"{word!r} ends too late: write the end as 00:00 to 24:00.")
    if end == start:
        raise ValueError(f"{word!r} has no length. Write 00:00-24:00 for a whole day.")
    return start, end if end > start else end + DAY


def _days_text(first: int, last: int) -> str:
    if (first, last) == (0, 6):
        return "Mon-Sun "
    return f"{WEEKDAYS[first]} " if first == last else f"{WEEKDAYS[first]}-{WEEKDAYS[last]} "


def _day_words(day: Day) -> str:
    times = " ".join(times_text(*span) for span in day.spans) or "closed"
    return f"{day.date} {times}" + (f" ({day.name})" if day.name else "")
