"""Opening hours in writing: what is read, how it is written back, and what the refusals say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.backend.domain.hours import Kind, Opening, words
from agentconsole.backend.domain.opening import Day, Span, Week, check
from agentconsole.backend.domain.timetable import day_text, joined, parse_day, parse_week, week_text


@pytest.mark.parametrize(
    "written, told",
    [
        ("always", "always"),
        ("Closed", "closed"),
        ("Mon-Fri 08:00-16:00, Sat 10:00-14:00", "Mon-Fri 08:00-16:00, Sat 10:00-14:00"),
        ("Fri 22:00-02:00", "Fri 22:00-02:00"),
        ("00:00-24:00", "Mon-Sun 00:00-24:00"),
        ("daily 8-16", "Mon-Sun 08:00-16:00"),
        ("  monday – friday  8:00 – 16:00 ", "Mon-Fri 08:00-16:00"),
        ("Mon-Fri 08:00-12:00 13:00-16:00", "Mon-Fri 08:00-12:00 13:00-16:00"),
        ("Mon-Fri 08:00-12:00, 13:00-16:00", "Mon-Fri 08:00-12:00 13:00-16:00"),
        ("Mon, Wed, Fri 8-12", "Mon 08:00-12:00, Wed 08:00-12:00, Fri 08:00-12:00"),
        ("Mon Wed 8-12", "Mon 08:00-12:00, Wed 08:00-12:00"),
        ("Sat-Mon 10-12", "Mon 10:00-12:00, Sat-Sun 10:00-12:00"),
        ("Mon 08:00-12:00, Mon 11:00-13:00, Mon 13:00-14:00", "Mon 08:00-14:00"),
        ("Mon 18:00-00:00", "Mon 18:00-24:00"),
        ("Mon 20:00-44:00", "Mon 20:00-44:00"),
        ("Mon 20:00-43:59", "Mon 20:00-19:59"),
        ("Thurs 8-9, TUES 8-9", "Tue 08:00-09:00, Thu 08:00-09:00"),
    ],
)
def test_a_week_is_read_and_written(written: str, told: str) -> None:
    assert week_text(parse_week(written)) == told


@pytest.mark.parametrize(
    "written, said",
    [
        ("", "missing"),
        ("Mon", "'mon' has no times"),
        ("Mon 8-9, Tue", "'tue' has no times"),
        ("Mon 8-9,", "before or after a comma"),
        ("Mo 8-9", "'mo' is no weekday"),
        ("Mon-Freitag 8-9", "no weekday"),
        ("Mon 8", "'8' is no interval"),
        ("Mon 8:00", "no interval"),
        ("Mon 08.00-16.00", "no interval"),
        ("Mon 8am-4pm", "no interval"),
        ("Mon 8:60-9:00", "minutes 00 to 59"),
        ("Mon 24:00-25:00", "after the day is over"),
        ("Mon 08:00-49:00", "too late"),
        ("Mon 08:00-08:00", "00:00-24:00 for a whole day"),
        ("Mon 00:00-00:00", "00:00-24:00 for a whole day"),
        ("Mon ٨-٩", "no"),
        ("always, Mon 8-9", "no weekday"),
    ],
)
def test_a_refusal_says_what_to_write(written: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        parse_week(written)
    assert str(refused.value).endswith((".", "?"))


SPANS = st.builds(
    lambda day, start, length: Span(day, start, min(2_880, start + length)),
    st.integers(0, 6),
    st.integers(0, 1_439),
    st.integers(1, 2_880),
)


@given(st.lists(SPANS, max_size=12))
def test_what_is_written_is_read_as_the_same_week(spans: list[Span]) -> None:
    week = Week(joined(spans))
    assert parse_week(week_text(week)) == week


@given(
    st.text(max_size=40)
    | st.from_regex(r"[a-z]{0,5}[ ,-]{0,2}[0-9]{0,3}(:[0-9]{0,3})?-?[0-9:]{0,6}", fullmatch=True)
)
def test_any_text_is_a_week_that_can_be_kept_or_refused(text: str) -> None:
    try:
        week = parse_week(text)
    except ValueError:
        return
    check(Opening("UTC", week))
    assert parse_week(week_text(week)) == week


@pytest.mark.parametrize(
    "written, day",
    [
        ("2026-12-24", Day("2026-12-24")),
        ("2026-12-24 closed=Christmas Eve", Day("2026-12-24", name="Christmas Eve")),
        ("12-25 = A = B ", Day("12-25", name="A = B")),
        ("2026-12-23 08:00-12:00=Stocktaking", Day("2026-12-23", ((480, 720),), "Stocktaking")),
        ("2026-12-23 13-15 8-12", Day("2026-12-23", ((480, 720), (780, 900)))),
        ("2026-12-31 22:00-02:00", Day("2026-12-31", ((1_320, 1_560),))),
        ("2026-12-23 always", Day("2026-12-23", ((0, 1_440),))),
        ("2026-12-23 chat phone 8-12", Day("2026-12-23", ((480, 720),), kinds=(Kind.chat, Kind.phone))),
        ("02-29", Day("02-29")),
    ],
)
def test_a_day_is_read_and_written(written: str, day: Day) -> None:
    assert parse_day(written) == day
    assert parse_day(day_text(day)) == day


@pytest.mark.parametrize(
    "written", ["", "=x", "24.12.2026", "2026-12-32", "2026-02-29", "02-30", "12-24 8", "12-24 foo"]
)
def test_what_is_no_day_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(ValueError, match="Write"):
        parse_day(written)


def test_the_hours_in_words() -> None:
    week = parse_week("Mon-Fri 8-16")
    assert words(Opening(), Kind.chat) == "always open"
    assert words(Opening("Europe/Oslo", week), Kind.chat) == "Mon-Fri 08:00-16:00 (Europe/Oslo)"
    days = (parse_day("12-25=Christmas Day"), parse_day("2026-12-23 8-12"), parse_day("12-26 phone"))
    assert words(Opening("UTC", week, days=days), Kind.chat) == (
        "Mon-Fri 08:00-16:00 (UTC); 12-25 closed (Christmas Day); 2026-12-23 08:00-12:00"
    )
    many = tuple(parse_day(f"12-{day:02}") for day in range(1, 9))
    assert words(Opening("UTC", days=many), Kind.chat).endswith("; and 3 more days that differ")
