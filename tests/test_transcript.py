"""The transcript: what it shows, that nobody can imitate staff in it, and that it never moves under the reader."""

import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult

from agentconsole.protocol import Event, Party, Said, decode_staff_frame, encode
from agentconsole.protocol import Side as PartySide
from agentconsole.screens.lines import Script
from agentconsole.store import Store
from agentconsole.text import FOLD_LINES, clean
from agentconsole.widgets.layout import Layout, columns
from agentconsole.widgets.transcript import MARKS, Line, Transcript
from tests.hostile import HOSTILE

NOON = int(datetime(2025, 11, 20, 12, tzinfo=UTC).timestamp() * 1000)
MINUTE = 60_000
BAR = MARKS["visitor"]


def visitor(key: int, text: str, minutes: float = 0, who: str = "Kari") -> Line:
    return Line(key, NOON + int(minutes * MINUTE), who, "visitor", text)


class Page(App[None]):
    def __init__(self, *lines: Line, zone: Any = UTC) -> None:
        super().__init__()
        self.transcript = Transcript(lines, zone=zone)
        self.messages: list[Any] = []

    def compose(self) -> ComposeResult:
        yield self.transcript

    def on_transcript_older_wanted(self, message: Transcript.OlderWanted) -> None:
        self.messages.append(message)

    def on_transcript_follow_changed(self, message: Transcript.FollowChanged) -> None:
        self.messages.append(message)

    @property
    def rows(self) -> list[str]:
        transcript = self.transcript
        return [transcript.render_line(y).text.rstrip() for y in range(transcript.size.height)]

    @property
    def filled(self) -> list[str]:
        return [row for row in self.rows if row]


def numbered(count: int, first: int = 1) -> list[Line]:
    return [visitor(n, f"number {n}.", n) for n in range(first, first + count)]


async def test_a_conversation_is_shown_with_times_names_marks_and_states() -> None:
    lines = [
        Line(1, NOON, "", "system", "Kari started a chat"),
        visitor(2, "Hello", 1),
        visitor(3, "are you there?", 1.2),
        Line(4, NOON + 2 * MINUTE, "Liv", "me", "Yes", "read"),
        Line(5, NOON + 3 * MINUTE, "Ola", "note", "was promised a refund"),
        Line(6, NOON + 4 * MINUTE, "Ola", "note", "be kind", label="whisper"),
        Line(7, NOON + 5 * MINUTE, "Ola", "agent", "Ola here"),
        Line(8, NOON + 6 * MINUTE, "Liv", "me", "one", "sent"),
        Line(9, NOON + 6 * MINUTE, "Liv", "me", "two", "pending"),
        Line(10, NOON + 6 * MINUTE, "Liv", "me", "three", "failed"),
    ]
    async with Page(*lines).run_test(size=(80, 24)) as pilot:
        rows = pilot.app.filled
        assert rows[0].startswith(" ── Thursday 20 November 2025 ───")
        assert [" ".join(row.split()) for row in rows[1:]] == [
            "12:00 - Kari started a chat",
            f"12:01 Kari {BAR} Hello",
            f"{BAR} are you there?",
            "12:02 Liv Yes seen",
            "12:03 Ola # note: was promised a refund",
            "12:04 # whisper: be kind",
            "12:05 Ola Ola here",
            "12:06 Liv one ✓",
            "two …",
            "three",
            "! not sent",
        ]
        starts = {row.index(word) for row, word in zip(rows[2:5], ["Hello", "are", "Yes"], strict=True)}
        assert len(starts) == 1


@pytest.mark.parametrize("cells", [20, 40, 80, 120])
async def test_every_row_of_foreign_text_bears_the_visitors_bar_and_no_other_row_does(cells: int) -> None:
    async with Page().run_test(size=(cells, 60)) as pilot:
        transcript = pilot.app.transcript
        shape = columns(cells)
        at = 1 + shape.time + (shape.name and shape.name + 1)
        for case in HOSTILE:
            imitation = f"{case.text}\n-- system --\n12:00 Liv   own words"
            transcript.show(
                [
                    Line(1, NOON, "Liv", "me", "own words"),
                    Line(2, NOON, case.text, "visitor", imitation),
                    Line(3, NOON, "", "system", "Liv took the chat"),
                ]
            )
            for index, foreign in ((0, False), (1, True), (2, False)):
                start, end = transcript._layout.span(index)
                for row in range(max(start + (index == 0), transcript._top), end):
                    text = transcript.render_line(row - transcript._top).crop(at, at + 1).text
                    assert (text == BAR) is foreign, (case.name, row)


async def test_hostile_lines_are_shown_literally_and_their_neighbours_are_intact() -> None:
    async with Page().run_test(size=(200, 40)) as pilot:
        for case in HOSTILE:
            pilot.app.transcript.show(
                [visitor(1, case.text, 0, who=case.text), Line(2, NOON, "Liv", "me", "intact")]
            )
            shown = "\n".join(pilot.app.rows)
            assert case.visible[:90] in shown, case.name
            assert pilot.app.filled[-1].split()[-1] == "intact"
            for y in range(40):
                strip = pilot.app.transcript.render_line(y)
                assert strip.cell_length == sum(cell_len(segment.text) for segment in strip) == 200
                assert clean(strip.text) == strip.text


async def test_it_follows_the_end_and_stays_where_the_reader_is() -> None:
    async with Page(*numbered(100)).run_test(size=(60, 10)) as pilot:
        app: Page = pilot.app
        assert "number 100." in app.rows[-1]
        app.transcript.append(*numbered(1, 101))
        assert "number 101." in app.rows[-1]
        app.transcript.action_page(-1)
        await pilot.pause()
        before = app.rows
        assert not app.transcript.following
        app.transcript.append(*numbered(3, 102))
        assert app.transcript.below == 3
        assert app.rows[:-1] == before[:-1]
        assert app.rows[-1].strip() == "↓ 3 new below (End)"
        app.transcript.prepend(numbered(50, -49))
        assert app.rows[:-1] == before[:-1]
        app.transcript.to_end()
        await pilot.pause()
        assert "number 104." in app.rows[-1]
        assert app.transcript.below == 0
        assert [message.following for message in app.messages] == [False, True]


async def test_older_lines_are_asked_for_at_the_top() -> None:
    async with Page(*numbered(40)).run_test(size=(60, 10)) as pilot:
        app: Page = pilot.app
        app.transcript.focus()
        await pilot.press("home")
        await pilot.pause()
        assert any(isinstance(message, Transcript.OlderWanted) for message in app.messages)
        assert "number 1." in "".join(app.rows)


@pytest.mark.parametrize("size", [(120, 40), (40, 12), (20, 6), (16, 4), (81, 5)])
async def test_the_newest_line_stays_in_view_at_every_size(size: tuple[int, int]) -> None:
    async with Page(*numbered(300)).run_test(size=(80, 24)) as pilot:
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert "number 300." in pilot.app.rows[-1]
        pilot.app.transcript.append(visitor(301, "last words", 301))
        assert "last words" in " ".join(" ".join(pilot.app.rows).replace(BAR, "").split())


async def test_after_a_resize_the_reader_sees_the_line_at_the_lower_edge_again() -> None:
    lines = [visitor(n, f"number {n}. " + "some words " * (n % 9), n) for n in range(200)]
    async with Page(*lines).run_test(size=(80, 24)) as pilot:
        app: Page = pilot.app
        for _ in range(3):
            app.transcript.action_page(-1)
        last = app.transcript._layout.line_at(app.transcript._top + 23)
        await pilot.resize_terminal(50, 15)
        await pilot.pause()
        assert app.transcript._layout.line_at(app.transcript._top + 14) == last


async def test_a_state_changes_in_place_and_repaints_only_its_row() -> None:
    lines = [*numbered(5), Line("mine", NOON + 9 * MINUTE, "Liv", "me", "on its way", "pending")]
    async with Page(*lines).run_test(size=(80, 24)) as pilot:
        app: Page = pilot.app
        others = app.filled[:-1]
        assert app.transcript.set_state("mine", "delivered")
        assert app.filled[-1].endswith("✓✓")
        assert app.transcript.set_state("mine", "failed")
        assert app.filled[-1].split() == ["!", "not", "sent"]
        assert app.transcript.rename("mine", Line(77, NOON + 9 * MINUTE, "Liv", "me", "on its way", "sent"))
        assert app.filled[-1].endswith("✓")
        assert app.filled[: len(others)] == others
        assert not app.transcript.set_state("mine", "read")
        assert app.transcript.update(Line(77, NOON + 9 * MINUTE, "Liv", "me", "changed", "read"))
        assert app.filled[-1].split()[-2:] == ["changed", "seen"]
        assert lines[-1].state == "pending"


async def test_days_are_those_of_the_readers_zone() -> None:
    lines = [visitor(1, "late", 11 * 60), visitor(2, "later", 11 * 60 + 50)]
    async with Page(*lines, zone=timezone(timedelta(minutes=30))).run_test(size=(80, 24)) as pilot:
        assert [row.split()[1] for row in pilot.app.filled if "──" in row] == ["Thursday", "Friday"]
        assert "00:20" in pilot.app.filled[-1]


async def test_a_clock_of_twelve_hours_has_room() -> None:
    layout = Layout(
        [visitor(1, "noon"), visitor(2, "night", 12 * 60 + 5), visitor(3, "x", 13 * 60)], UTC, False
    )
    assert [layout.time(index) for index in range(3)] == ["12:00p", "12:05a", " 1:00a"]
    for cells in (40, 80, 120):
        assert columns(cells, False).time == columns(cells).time + 1
        assert columns(cells, False).text == columns(cells).text - 1 or columns(cells).text == 100


async def test_the_marker_of_unread_lines_stands_above_the_first() -> None:
    async with Page(*numbered(5)).run_test(size=(80, 24)) as pilot:
        app: Page = pilot.app
        app.transcript.mark_unread(4)
        marker = next(n for n, row in enumerate(app.filled) if " new ──" in row)
        assert "number 3." in app.filled[marker - 1]
        assert "number 4." in app.filled[marker + 1]
        app.transcript.mark_unread(None)
        assert not any(" new ──" in row for row in app.filled)


async def test_a_long_text_is_folded_and_enter_shows_it() -> None:
    text = "\n".join(f"row {n}" for n in range(FOLD_LINES + 34))
    async with Page(visitor(1, text), visitor(2, "after", 9)).run_test(size=(80, 24)) as pilot:
        app: Page = pilot.app
        app.transcript.focus()
        assert any("… 34 more lines (↑ goes there, Enter shows)" in row for row in app.rows)
        await pilot.press("up", "up", "enter", "end")
        await pilot.pause()
        assert any(f"row {FOLD_LINES + 33}" in row for row in app.rows)
        assert not any("more lines" in row for row in app.rows)


async def test_a_line_is_chosen_with_the_cursor() -> None:
    async with Page(*numbered(5)).run_test(size=(80, 24)) as pilot:
        app: Page = pilot.app
        app.transcript.focus()
        await pilot.press("up", "up")
        assert next(row for row in app.rows if row.startswith("▸")).endswith("number 4.")
        assert app.transcript.picked == app.transcript.lines[3]
        assert not app.transcript.unfold()
        await pilot.press("escape")
        assert not any(row.startswith("▸") for row in app.rows)
        await pilot.click(Transcript, offset=(30, 2))
        assert app.transcript.picked is not None


async def test_words_are_found_and_marked() -> None:
    lines = [visitor(1, "The Straße is long"), visitor(2, "nothing", 9), visitor(3, "another straße", 20)]
    async with Page(*lines).run_test(size=(80, 24)) as pilot:
        transcript = pilot.app.transcript
        assert transcript.highlight("THE") == 2
        strip = next(strip for y in range(24) if "The Straße" in (strip := transcript.render_line(y)).text)
        assert [s.text for s in strip if s.style and s.style.reverse] == ["The"]
        assert transcript.seek(-1)
        assert transcript.picked == lines[2]
        assert transcript.seek(-1)
        assert transcript.picked == lines[0]
        assert not transcript.seek(-1)


def test_ten_thousand_lines_cost_little_memory() -> None:
    lines = [
        visitor(n, f"line {n} of a rather long conversation about a parcel", n * 0.4) for n in range(10_000)
    ]
    tracemalloc.start()
    transcript = Transcript(lines, zone=UTC)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(transcript.lines) == 10_000
    assert size / 10_000 <= 250


def test_a_chat_of_ten_thousand_lines_costs_its_texts_and_little_more() -> None:
    speakers = [PartySide.visitor, PartySide.staff]
    frames = [
        encode(
            Event(
                700,
                seq,
                seq * 400,
                Party(speakers[seq % 2], 9, "Kari"),
                Said(f"line {seq} of a chat {seq % 7}"),
                seq,
            )
        )
        for seq in range(1, 10_001)
    ]
    store = Store()
    transcript = Transcript(zone=UTC)
    script = Script(store, transcript)
    script.open(700)
    tracemalloc.start()
    for frame in frames:
        store.apply(decode_staff_frame(frame), 0)
    script.follow()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert transcript.lines[-1].text == "line 10000 of a chat 4"
    assert size / 10_000 <= 200


TEXTS = st.text(st.sampled_from("ab 日é\n\u0301👍—"), max_size=90)
SIDES = st.sampled_from(["visitor", "agent", "me", "note", "system"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), TEXTS, SIDES),
        st.tuples(st.just("prepend"), TEXTS, SIDES),
        st.tuples(st.just("update"), TEXTS, st.integers(0, 30)),
        st.tuples(st.just("unread"), st.none(), st.integers(0, 30)),
        st.tuples(st.just("scroll"), st.none(), st.integers(-9, 9)),
    ),
    max_size=14,
)


@given(STEPS, st.sampled_from([17, 39, 70]))
@settings(max_examples=60, deadline=None)
def test_counted_rows_equal_drawn_rows_and_views_stay_in_range(steps: Any, cells: int) -> None:
    transcript = Transcript(zone=UTC)
    transcript._layout.reshape(cells)
    for key, (what, text, value) in enumerate(steps):
        match what:
            case "append":
                transcript.append(Line(key, NOON + key * 200_000, "Kari", value, text))
            case "prepend":
                transcript.prepend([Line(key, NOON - key * 200_000, "Kari", value, text)])
            case "update" if value < len(transcript.lines):
                old = transcript.lines[value]
                transcript.rename(
                    old.key, Line(key + 100, old.at_ms + 250_000, "Ola", old.side, text, "failed")
                )
            case "unread":
                transcript.mark_unread(value)
            case "scroll":
                transcript._scroll(transcript._top + value)
        layout = transcript._layout
        for index, line in enumerate(transcript.lines):
            start, end = layout.span(index)
            assert end - start == len(layout.rows(index))
            assert {layout.line_at(row) for row in range(start, end)} == {index}
            assert layout.find(line.key) == index
        assert 0 <= transcript._top <= transcript._max_top


async def test_colours_come_from_the_theme_and_change_with_it() -> None:
    async with Page(*numbered(3)).run_test(size=(80, 24)) as pilot:
        pilot.app.theme = "textual-light"
        await pilot.pause()
        light = pilot.app.transcript.render_line(23)
        pilot.app.theme = "nord"
        await pilot.pause()
        dark = pilot.app.transcript.render_line(23)
        assert light.text == dark.text
        assert [segment.style for segment in light] != [segment.style for segment in dark]
