"""How the lines of a conversation fall into rows: wrapping, day lines, grouping, and which row is which line."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import accumulate
from typing import Literal, NamedTuple

from agentconsole.text import FOLD_LINES, clean, clean_lines, cut, fold, wrap
from agentconsole.widgets.line import Key, Line, Lines

GROUP_MS = 5 * 60_000
MINUTE_MS = 60_000
TEXT_CELLS = 100


class Columns(NamedTuple):
    """Cells of each column; a width of 0 means that the column is not there."""

    time: int
    name: int
    text: int
    state: int


class Row(NamedTuple):
    """One row: `label` is the part of its text that says what a note is, `last` the last row of the text."""

    kind: Literal["date", "unread", "head", "text", "more", "failed"]
    text: str
    last: bool = False
    label: str = ""


def columns(cells: int, clock_24h: bool = True) -> Columns:
    """How a transcript that is `cells` wide divides its rows; one cell stands left of the time for the cursor."""
    time = 6 if clock_24h else 7
    if cells >= 64:
        name = min(16, max(8, cells // 6))
        return Columns(time, name, min(TEXT_CELLS, cells - time - name - 9), 5)
    if cells >= 34:
        return Columns(time, 0, cells - time - 6, 3)
    return Columns(0, 0, max(1, cells - 3), 0)


class Layout:
    """The lines in order, and in which rows each stands; a line's rows are wrapped when they are asked for."""

    def __init__(
        self, lines: Iterable[Line] = (), zone: tzinfo | None = None, clock_24h: bool = True
    ) -> None:
        self.zone = zone
        self.clock_24h = clock_24h
        self.columns = columns(80, clock_24h)
        self.fill(lines)

    def fill(self, lines: Iterable[Line], unread: Key | None = None, opened: Iterable[Key] = ()) -> None:
        """Start over with other lines; long ones are folded, but for those that were ``opened``."""
        self.lines = Lines(lines)
        self.unread = unread
        self.opened: set[Key] = set(opened)
        self._measure()

    def reshape(self, cells: int) -> bool:
        """Take another width; False if nothing changes by it."""
        new = columns(cells, self.clock_24h)
        if new == self.columns:
            return False
        self.columns = new
        self._measure()
        return True

    def append(self, lines: Sequence[Line]) -> None:
        """Newer lines behind the others."""
        start = len(self.lines)
        self.lines.extend(lines)
        for index in range(start, len(self.lines)):
            self._starts.append(self._starts[-1] + self._height(index))

    def prepend(self, lines: Sequence[Line]) -> None:
        """Older lines before the others, oldest first."""
        self.lines.prepend(lines)
        self._measure()

    def replace(self, index: int, line: Line) -> None:
        """Another line in the place of one; its key may be another too."""
        self.lines[index] = line

    def find(self, key: Key | None) -> int | None:
        """The index of the line `key`."""
        return None if key is None else self.lines.find(key)

    @property
    def total(self) -> int:
        """How many rows there are."""
        return self._starts[-1]

    def span(self, index: int) -> tuple[int, int]:
        """The first row of a line and the first behind it."""
        return self._starts[index], self._starts[index + 1]

    def line_at(self, row: int) -> int:
        """The index of the line that stands in a row."""
        return min(len(self.lines) - 1, bisect_right(self._starts, row) - 1)

    def remeasure(self, index: int) -> int:
        """Count a changed line's rows anew; by how many they grew."""
        start, end = self.span(index)
        grown = self._height(index) - (end - start)
        if grown:
            self._starts[index + 1 :] = array("I", [row + grown for row in self._starts[index + 1 :]])
        return grown

    def grouped(self, index: int) -> bool:
        """True if the line goes on with what the same person said just before."""
        if index == 0:
            return False
        before, line = self.lines[index - 1], self.lines[index]
        return (
            before.side == line.side
            and before.who == line.who
            and 0 <= line.at_ms - before.at_ms < GROUP_MS
            and line.key != self.unread
            and not self._begins_day(index)
        )

    def time(self, index: int) -> str:
        """The time that stands before a line; none if it is that of the line before in its group, or of the message that
        a remark of ours stands below."""
        if self.lines[index].side == "system" and isinstance(self.lines[index].key, str):
            return ""
        now = self._clock(index)
        return "" if self.grouped(index) and now == self._clock(index - 1) else now

    def rows(self, index: int) -> list[Row]:
        """All rows of a line."""
        line = self.lines[index]
        rows: list[Row] = []
        if self._begins_day(index):
            rows.append(Row("date", _minute(line.at_ms // MINUTE_MS, self.zone, True)[0]))
        if line.key == self.unread:
            rows.append(Row("unread", "new"))
        if self._has_head(index):
            rows.append(Row("head", cut(clean(line.who), self.columns.text)))
        body, hidden = self._body(line)
        label = f"{_label(line)}:" if line.side == "note" else ""
        for number, text in enumerate(body, 1):
            rows.append(Row("text", text, number == len(body), label if text.startswith(label) else ""))
            label = ""
        if hidden:
            rows.append(Row("more", f"… {hidden} more lines (↑ goes there, Enter shows)"))
        if line.state == "failed":
            rows.append(Row("failed", "! not sent"))
        return rows

    def _measure(self) -> None:
        heights = map(self._height, range(len(self.lines)))
        self._starts = array("I", accumulate(heights, initial=0))

    def _height(self, index: int) -> int:
        """How many rows a line has, without wrapping it where that can be seen at once."""
        line = self.lines[index]
        text = line.text
        if len(text) <= self.columns.text and text.isascii() and text.isprintable() and line.side != "note":
            rows = 1
        else:
            body, hidden = self._body(line)
            rows = len(body) + (hidden > 0)
        rows += self._begins_day(index) + (line.key == self.unread) + (line.state == "failed")
        return rows + self._has_head(index)

    def _has_head(self, index: int) -> bool:
        return not self.columns.name and self.lines[index].side != "system" and not self.grouped(index)

    def _body(self, line: Line) -> tuple[list[str], int]:
        """The wrapped rows of a line's text that are shown, and how many are folded away."""
        texts = clean_lines(line.text)
        if line.side == "note":
            texts[0] = f"{_label(line)}: {texts[0]}"
        rows = [row for text in texts for row in wrap(text, self.columns.text)]
        return (rows, 0) if line.key in self.opened else fold(rows, FOLD_LINES)

    def _begins_day(self, index: int) -> bool:
        if index == 0:
            return True
        before, now = self.lines.at(index - 1) // MINUTE_MS, self.lines.at(index) // MINUTE_MS
        return before != now and _minute(before, self.zone, True)[0] != _minute(now, self.zone, True)[0]

    def _clock(self, index: int) -> str:
        return _minute(self.lines.at(index) // MINUTE_MS, self.zone, self.clock_24h)[1]


def _label(line: Line) -> str:
    return clean(line.label) or "note"


@lru_cache(256)
def _minute(minutes: int, zone: tzinfo | None, clock_24h: bool) -> tuple[str, str]:
    """The day and the time of day of a minute since 1970, as they are shown."""
    at = datetime.fromtimestamp(minutes * 60, zone)
    day = f"{at:%A} {at.day} {at:%B %Y}"
    return day, f"{at:%H:%M}" if clock_24h else f"{at.hour % 12 or 12:2}:{at:%M}{'ap'[at.hour // 12]}"
