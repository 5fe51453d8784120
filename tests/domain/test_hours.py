"""Opening hours, asked minute by minute, against an opinion that only reads the clock on the wall."""

from datetime import UTC, date, datetime
from itertools import accumulate, pairwise
from zoneinfo import available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from agentconsole.backend.domain.hours import (
    Change,
    Day,
    Kind,
    Opening,
    Span,
    Week,
    after_open,
    is_open,
    next_change,
    open_between,
    open_intervals,
)
from agentconsole.backend.domain.strip import strip
from tests.domain import hours_oracle as oracle
from tests.domain.hours_oracle import MINUTE

DAY_MS = 1_440 * MINUTE
# Each is here for something: whole, half and quarter hours; half-hour summer time; summer time that begins or ends at
# midnight or a minute after it; skipped days; no summer time; summer time below zero; both ends of the date line.
ODD = (
    "Europe/Oslo", "Europe/Dublin", "Europe/Bucharest", "America/Sao_Paulo", "America/St_Johns", "America/Havana",
    "America/New_York", "America/Asuncion", "America/Caracas", "Africa/Casablanca", "Africa/Cairo", "Asia/Kolkata",
    "Asia/Kathmandu", "Asia/Tehran", "Asia/Gaza", "Asia/Beirut", "Asia/Pyongyang", "Australia/Lord_Howe",
    "Australia/Adelaide", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Kiritimati",
    "Pacific/Marquesas", "Antarctica/Troll", "Antarctica/Casey", "UTC",
)  # fmt: skip
ZONES = st.one_of(
    st.sampled_from(ODD), st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
)
YEARS = st.integers(
    1975, 2060
)  # before, some clocks differ from UTC by seconds, and a minute begins in between
MINUTES = st.one_of(st.integers(0, 1_439), st.integers(0, 95).map(lambda quarter: quarter * 15))
LENGTHS = st.one_of(st.integers(1, 2_880), st.sampled_from((15, 60, 480, 1_440)))


@st.composite
def times(draw: st.DrawFn) -> tuple[int, int]:
    start = draw(MINUTES)
    return start, min(2_880, start + draw(LENGTHS))


@st.composite
def weeks(draw: st.DrawFn) -> Week | None:
    shape = draw(st.sampled_from(("none", "always", "spans", "spans", "spans", "spans")))
    if shape == "none":
        return None
    found = draw(
        st.lists(st.builds(lambda day, span: Span(day, *span), st.integers(0, 6), times()), max_size=9)
    )
    return Week(tuple(found), shape == "always")


@st.composite
def days(draw: st.DrawFn, near: date) -> Day:
    """A day that differs, mostly within the days that are looked at."""
    told = date.fromordinal(near.toordinal() + draw(st.integers(-3, 6))).isoformat()
    return Day(
        told[5:] if draw(st.booleans()) else told,
        tuple(draw(st.lists(times(), max_size=3))),
        kinds=tuple(draw(st.lists(st.sampled_from(Kind), max_size=2, unique=True))),
    )


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Opening, int]:
    """Opening hours, and an instant on a whole minute; often one near which the clock changes."""
    zone, year = draw(ZONES), draw(YEARS)
    instants = [
        int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1_000) + draw(st.integers(0, 364)) * DAY_MS
    ]
    instants.extend(oracle.clock_changes(zone, year))
    at = draw(st.sampled_from(instants[::-1])) - draw(st.integers(0, 2_880)) * MINUTE
    near = oracle.clock_at(zone, at).date()
    return Opening(
        zone, draw(weeks()), draw(weeks()), draw(weeks()), tuple(draw(st.lists(days(near), max_size=4)))
    ), at


@settings(max_examples=150)
@given(scenes(), st.sampled_from(Kind))
def test_every_minute_is_open_or_closed_as_the_clock_on_the_wall_says(
    scene: tuple[Opening, int], kind: Kind
) -> None:
    opening, at = scene
    known = oracle.each_minute(opening, kind, at, 4_321)
    for minute, (expected, later) in enumerate(pairwise(known)):
        begins = at + minute * MINUTE
        assert is_open(opening, kind, begins) is expected, oracle.clock_at(opening.zone, begins)
        if expected is not later or minute % 15 == 0:
            assert is_open(opening, kind, begins + MINUTE - 1) is expected


@settings(max_examples=100)
@given(scenes(), st.sampled_from(Kind), st.integers(0, 4_319), st.integers(0, MINUTE - 1))
def test_the_next_change_is_the_first_minute_that_differs(
    scene: tuple[Opening, int], kind: Kind, minute: int, extra: int
) -> None:
    opening, at = scene
    known = oracle.each_minute(opening, kind, at, 4_321)
    asked = at + minute * MINUTE + extra
    expected = next(
        (
            Change(at + later * MINUTE, known[later])
            for later in range(minute + 1, 4_321)
            if known[later] != known[minute]
        ),
        None,
    )
    found = next_change(opening, kind, asked)
    if expected:
        assert found == expected
    else:
        assert found is None or (found.at > at + 4_320 * MINUTE and found.opens is not known[minute])


@settings(max_examples=100)
@given(scenes(), st.sampled_from(Kind), st.integers(0, 4_320), st.integers(0, 4_320), st.integers(1, 4_320))
def test_open_time_is_the_sum_of_the_open_minutes(
    scene: tuple[Opening, int], kind: Kind, one: int, other: int, wanted: int
) -> None:
    opening, at = scene
    first, last = sorted((one, other))
    known = oracle.each_minute(opening, kind, at, 4_320)
    begin, until = at + first * MINUTE, at + last * MINUTE
    assert open_between(opening, kind, begin, until) == sum(known[first:last]) * MINUTE
    assert open_between(opening, kind, until, begin) == 0
    intervals = open_intervals(opening, kind, begin, until)
    assert sum(end - start for start, end in intervals) == sum(known[first:last]) * MINUTE
    assert all(earlier[1] < later[0] for earlier, later in pairwise(intervals))
    passed = next(
        (minute for minute, open_ in enumerate(accumulate(known[first:]), first) if open_ == wanted), None
    )
    due = after_open(opening, kind, begin, wanted * MINUTE)
    if passed is not None:
        assert due == at + (passed + 1) * MINUTE
    else:
        assert due is None or due > at + 4_320 * MINUTE


@settings(max_examples=100)
@given(scenes(), st.sampled_from(Kind), st.integers(-400, 400), st.integers(1, 500 * 60))
def test_due_times_and_open_time_agree_over_years(
    scene: tuple[Opening, int], kind: Kind, back: int, minutes: int
) -> None:
    opening, at = scene
    begin = at - back * DAY_MS
    due = after_open(opening, kind, begin, minutes * MINUTE)
    if due is None:
        assert open_between(opening, kind, begin, begin + 4 * 366 * DAY_MS) < minutes * MINUTE
    else:
        assert open_between(opening, kind, begin, due) == minutes * MINUTE
        assert open_between(opening, kind, begin, due - 1) == minutes * MINUTE - 1


@settings(max_examples=40)
@given(scenes(), st.sampled_from(Kind), ZONES)
def test_a_strip_shows_each_quarter_as_its_minutes_are(
    scene: tuple[Opening, int], kind: Kind, reader: str
) -> None:
    opening, at = scene
    first = oracle.clock_at(reader, at).date()
    begin = at - 2 * DAY_MS
    shown: dict[str, list[tuple[int, int, bool]]] = {}  # by date: instant, minute of the day, is it open?
    for number, expected in enumerate(oracle.each_minute(opening, kind, begin, 11 * 1_440)):
        instant = begin + number * MINUTE
        clock = oracle.clock_at(reader, instant)
        shown.setdefault(clock.date().isoformat(), []).append(
            (instant, clock.hour * 60 + clock.minute, expected)
        )
    for row in strip(opening, kind, first, reader):
        minutes = shown.get(row.date, [])
        quarters: list[list[bool]] = [[] for _ in range(96)]
        for _, minute, expected in minutes:
            quarters[minute // 15].append(expected)
        assert row.cells == "".join(
            "~" if not known else "#" if all(known) else "+" if any(known) else "." for known in quarters
        )
        assert row.skipped == 1_440 - len(minutes)
        assert row.times == told_times(minutes)


def told_times(minutes: list[tuple[int, int, bool]]) -> list[str]:
    """The open intervals of a date as its own clock tells them."""
    found: list[list[int]] = []  # the instant after it, its first and its last minute
    for instant, minute, expected in minutes:
        if expected and found and found[-1][0] == instant:
            found[-1] = [instant + MINUTE, found[-1][1], minute + 1]
        elif expected:
            found.append([instant + MINUTE, minute, minute + 1])
    return [f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}" for _, start, end in found]


@given(st.sampled_from(ODD), st.integers(0, 6), times(), st.integers(0, 1 << 40))
def test_equal_hours_give_equal_answers_however_often_they_are_made(
    zone: str, day: int, span: tuple[int, int], at: int
) -> None:
    one, other = (Opening(zone, Week((Span(day, *span),))) for _ in range(2))
    assert hash(one) == hash(other)
    assert next_change(one, Kind.chat, at) == next_change(other, Kind.chat, at)
    assert is_open(one, Kind.email, at), "no hours are kept for e-mail"
