"""The log of one conversation, drawn by line from plain data: ten thousand lines open at once."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import accumulate
from typing import ClassVar, Literal, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from agentconsole.text import FOLD_LINES, clean, clean_lines, cut, fold, width, wrap

Side = Literal["visitor", "agent", "me", "note", "system"]
State = Literal["", "pending", "sent", "delivered", "read", "failed"]
Key = int | str

GROUP_MS = 5 * 60_000
CACHED_ROWS = 1000
TEXT_CELLS = 100
WHEEL_ROWS = 3
# The visitor's bar stands at every row of foreign text and nowhere else.
MARKS: dict[Side, str] = {"visitor": "┃", "agent": " ", "me": " ", "note": "#", "system": "-"}
LONG_STATES: dict[State, str] = {"pending": "…", "sent": "✓", "delivered": "✓✓", "read": "seen"}
SHORT_STATES: dict[State, str] = LONG_STATES | {"read": "●"}


@dataclass(slots=True)
class Line:
    """One entry of a transcript.

    `key` is unique within the transcript; `at_ms` is UTC milliseconds; `who` and `text` are as stored
    (they are cleaned here); `label` is a word in front of a note (`note` if empty), such as `whisper`.
    """

    key: Key
    at_ms: int
    who: str
    side: Side
    text: str
    state: State = ""
    label: str = ""


class _Columns(NamedTuple):
    """Cells of each column; a width of 0 means that the column is not there."""

    time: int
    name: int
    text: int
    state: int


class _Row(NamedTuple):
    kind: Literal["date", "unread", "head", "text", "more", "failed"]
    text: str
    last: bool = False
    label: str = ""


def columns(cells: int) -> _Columns:
    """How a transcript that is `cells` wide divides its rows; one cell stands left of the time for the cursor."""
    if cells >= 64:
        name = min(16, max(8, cells // 6))
        return _Columns(6, name, max(1, min(TEXT_CELLS, cells - name - 15)), 5)
    if cells >= 34:
        return _Columns(6, 0, cells - 12, 3)
    return _Columns(0, 0, max(1, cells - 3), 0)


class Transcript(Widget, can_focus=True):
    """Shows lines, follows the newest unless scrolled up, and never moves under the reader's eyes."""

    DEFAULT_CSS = """
    Transcript {
        height: 1fr;
        background: $background;
        color: $foreground;
        & > .transcript--time { color: $text-muted; }
        & > .transcript--visitor { color: $foreground; }
        & > .transcript--visitor-name { color: $text-primary; text-style: bold; }
        & > .transcript--visitor-mark { color: $primary; }
        & > .transcript--agent { color: $foreground; }
        & > .transcript--agent-name { color: $foreground; text-style: bold; }
        & > .transcript--me { color: $foreground; }
        & > .transcript--me-name { color: $text-success; text-style: bold; }
        & > .transcript--note { background: $warning 15%; color: $foreground; }
        & > .transcript--note-name { color: $text-warning; text-style: bold; }
        & > .transcript--note-mark { color: $text-warning; text-style: bold; }
        & > .transcript--system { color: $text-muted; text-style: italic; }
        & > .transcript--date { color: $text-muted; }
        & > .transcript--unread { color: $text-warning; text-style: bold; }
        & > .transcript--state { color: $text-muted; }
        & > .transcript--failed { color: $text-error; text-style: bold; }
        & > .transcript--cursor { background: $primary 25%; }
        & > .transcript--match { text-style: reverse; }
        & > .transcript--below { background: $primary; color: $text; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"transcript--{name}"
        for name in (
            *("time", "visitor", "visitor-name", "visitor-mark", "agent", "agent-name", "me", "me-name"),
            *("note", "note-name", "note-mark", "system", "date", "unread", "state", "failed"),
            *("cursor", "match", "below"),
        )
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor(-1)", "Line up", show=False),
        Binding("down,j", "cursor(1)", "Line down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "home", "Oldest", show=False),
        Binding("end", "end", "Newest", show=False),
        Binding("enter", "pick", "Choose line", show=False),
        Binding("escape", "unpick", "Leave line", show=False),
    ]

    class Picked(Message):
        """A line was chosen (Enter): to copy it, or to comment on it."""

        def __init__(self, transcript: "Transcript", line: Line) -> None:
            super().__init__()
            self.transcript = transcript
            self.line = line

        @property
        def control(self) -> "Transcript":
            return self.transcript

    class OlderWanted(Message):
        """The reader came to the oldest line that is here."""

    class FollowChanged(Message):
        """The newest line came into view (`following`) or was left."""

        def __init__(self, following: bool) -> None:
            super().__init__()
            self.following = following

    def __init__(
        self,
        lines: Iterable[Line] = (),
        *,
        zone: tzinfo | None = None,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Show `lines`, oldest first; times are those of `zone` (None: the local zone)."""
        super().__init__(name=name, id=id, classes=classes)
        self._zone = zone
        self._columns = columns(80)
        self._top = 0
        self._seen = 0  # rows in view before the last resize
        self._following = True
        self._below = 0
        self._cursor: int | None = None
        self._unread: Key | None = None
        self._needle = ""
        self._opened: set[Key] = set()
        self._styles: dict[str, Style] = {}
        self._strips: dict[int, Strip] = {}
        self._set(list(lines))

    # ---- data ----------------------------------------------------------------------------------

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown, oldest first; change it through the methods only."""
        return self._lines

    @property
    def following(self) -> bool:
        """True while the newest line stays in view."""
        return self._following

    @property
    def below(self) -> int:
        """How many lines came while the reader looked at older ones."""
        return self._below

    def show(self, lines: Iterable[Line], unread: Key | None = None) -> None:
        """Show another conversation from its end; `unread` is the key of its first unread line."""
        self._cursor, self._unread, self._needle = None, unread, ""
        self._opened.clear()
        self._set(list(lines))
        self.to_end()

    def append(self, *lines: Line) -> None:
        """Newer lines; the view moves only if it was at the end."""
        start = len(self._lines)
        self._lines.extend(lines)
        for index, line in enumerate(lines, start):
            self._index[line.key] = index - self._base
            self._starts.append(self._starts[-1] + self._height(index))
        if self._following:
            self._top = self._max_top
        else:
            self._below += len(lines)
        self.refresh()

    def prepend(self, lines: Sequence[Line]) -> None:
        """Older lines, oldest first; what is in view stays where it is."""
        if not lines:
            return
        end = self._total - self._top
        cursor = self._cursor
        self._base += len(lines)
        self._lines[:0] = lines
        for index, line in enumerate(lines):
            self._index[line.key] = index - self._base
        self._cursor = None if cursor is None else cursor + len(lines)
        self._measure()
        self._top = self._max_top if self._following else max(0, self._total - end)
        self.refresh()

    def update(self, line: Line) -> bool:
        """Put `line` in the place of the one with its key; False if there is none."""
        index = self._position(line.key)
        if index is None:
            return False
        self._lines[index] = line
        self._changed(index)
        return True

    def set_state(self, key: Key, state: State) -> bool:
        """The delivery state of one own line; False if there is no such line."""
        index = self._position(key)
        if index is None:
            return False
        if self._lines[index].state != state:
            self._lines[index] = replace(self._lines[index], state=state)
            self._changed(index)
        return True

    def rename(self, old: Key, line: Line) -> bool:
        """Give a pending line the key and content under which the server returned it."""
        index = self._position(old)
        if index is None:
            return False
        del self._index[old]
        self._index[line.key] = index - self._base
        self._lines[index] = line
        self._changed(index)
        return True

    def mark_unread(self, key: Key | None) -> None:
        """Draw the marker of unread lines above the line `key` (None: no marker)."""
        old, self._unread = self._unread, key
        for index in (self._position(old), self._position(key)):
            if index is not None:
                self._changed(index)

    def highlight(self, needle: str) -> int:
        """Mark each place where `needle` stands (any case) and return in how many lines it does."""
        self._needle = clean(needle).casefold()
        self._strips.clear()
        self.refresh()
        if not self._needle:
            return 0
        return sum(self._needle in clean(line.text).casefold() for line in self._lines)

    def seek(self, direction: Literal[-1, 1]) -> bool:
        """Put the cursor on the next (1) or previous (-1) line with the highlighted words."""
        index = self._cursor if self._cursor is not None else (len(self._lines) if direction < 0 else -1)
        while 0 <= (index := index + direction) < len(self._lines):
            if self._needle and self._needle in clean(self._lines[index].text).casefold():
                self._put_cursor(index)
                return True
        return False

    @property
    def picked(self) -> Line | None:
        """The line under the cursor."""
        return None if self._cursor is None else self._lines[self._cursor]

    # ---- keys and mouse ------------------------------------------------------------------------

    def to_end(self) -> None:
        """Follow the newest line again."""
        self._scroll(self._max_top)

    def action_page(self, direction: int) -> None:
        """One page towards older (-1) or newer (1) lines."""
        self._scroll(self._top + direction * max(1, self.size.height - 1))

    def action_home(self) -> None:
        """The oldest line."""
        self._scroll(0)

    def action_end(self) -> None:
        """The newest line."""
        self._put_cursor(None)
        self.to_end()

    def action_cursor(self, direction: int) -> None:
        """Move the cursor line by line."""
        if not self._lines:
            return
        if self._cursor is None:
            row = min(self._total, self._top + self.size.height) - 1
            self._put_cursor(self._at_row(max(0, row)))
        else:
            self._put_cursor(min(len(self._lines) - 1, max(0, self._cursor + direction)))

    def action_pick(self) -> None:
        """Show a folded line whole, or choose the line under the cursor."""
        if self._cursor is None:
            return
        line = self._lines[self._cursor]
        if line.key not in self._opened and any(row.kind == "more" for row in self._rows(self._cursor)):
            self._opened.add(line.key)
            self._changed(self._cursor)
        else:
            self.post_message(self.Picked(self, line))

    def action_unpick(self) -> None:
        """Take the cursor away."""
        self._put_cursor(None)

    def on_click(self, event: events.Click) -> None:
        """Choose the line under the mouse."""
        row = self._row_of(event.y)
        if 0 <= row < self._total:
            self._put_cursor(self._at_row(row))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Older lines."""
        event.stop()
        self._scroll(self._top - WHEEL_ROWS)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Newer lines."""
        event.stop()
        self._scroll(self._top + WHEEL_ROWS)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap anew; the line at the lower edge stays there, the newest if it was in view."""
        new = columns(event.size.width)
        bottom = min(self._total, self._top + max(1, self._seen)) - 1
        self._seen = event.size.height
        anchor = self._at_row(bottom) if bottom >= 0 and not self._following else None
        if new != self._columns:
            self._columns = new
            self._measure()
        self._strips.clear()
        if anchor is not None:
            self._top = self._starts[anchor + 1] - event.size.height
        self._top = self._max_top if anchor is None else min(self._max_top, max(0, self._top))
        self.refresh()

    def notify_style_update(self) -> None:
        """Forget drawn rows when colours change."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()

    # ---- rows ----------------------------------------------------------------------------------

    @property
    def _total(self) -> int:
        return self._starts[-1]

    @property
    def _max_top(self) -> int:
        return max(0, self._total - self.size.height)

    def _set(self, lines: list[Line]) -> None:
        self._lines = lines
        self._base = 0
        self._index = {line.key: index for index, line in enumerate(lines)}
        self._measure()

    def _measure(self) -> None:
        """Count every line's rows; they are wrapped again when they are drawn."""
        self._strips.clear()
        heights = map(self._height, range(len(self._lines)))
        self._starts = array("L", accumulate(heights, initial=0))

    def _position(self, key: Key | None) -> int | None:
        index = None if key is None else self._index.get(key)
        return None if index is None else index + self._base

    def _at_row(self, row: int) -> int:
        return min(len(self._lines) - 1, bisect_right(self._starts, row) - 1)

    def _row_of(self, y: int) -> int:
        return self._top + y - max(0, self.size.height - self._total)

    def _changed(self, index: int) -> None:
        """A line is drawn anew; if it has more or fewer rows, those below move, or those above if following."""
        start, old = self._starts[index], self._starts[index + 1]
        grown = self._height(index) - (old - start)
        self._strips.clear() if grown else self._forget(start, old)
        if not grown:
            y = start - self._row_of(0)
            self.refresh(Region(0, y, self.size.width, old - start))
            return
        self._starts[index + 1 :] = array("L", [row + grown for row in self._starts[index + 1 :]])
        if self._following or old <= self._top:
            self._top = max(0, self._top + grown)
        self._top = self._max_top if self._following else min(self._top, self._max_top)
        self.refresh()

    def _forget(self, start: int, end: int) -> None:
        for row in range(start, end):
            self._strips.pop(row, None)

    def _scroll(self, top: int) -> None:
        top = min(self._max_top, max(0, top))
        following = top == self._max_top
        moved, self._top = top != self._top, top
        if following != self._following:
            self._following = following
            self.post_message(self.FollowChanged(following))
        if following:
            self._below = 0
        if moved and top == 0:
            self.post_message(self.OlderWanted())
        self.refresh()

    def _put_cursor(self, index: int | None) -> None:
        self._cursor = index
        if index is None:
            self.refresh()
            return
        start, end = self._starts[index], self._starts[index + 1]
        top = min(self._top, start)
        self._scroll(max(top, min(start, end - self.size.height)))

    def _begins_day(self, index: int) -> bool:
        if index == 0:
            return True
        before, now = self._lines[index - 1].at_ms, self._lines[index].at_ms
        return _minute(before // 60_000, self._zone)[0] != _minute(now // 60_000, self._zone)[0]

    def _grouped(self, index: int) -> bool:
        """True if the line goes on with what the same person said just before."""
        if index == 0:
            return False
        before, line = self._lines[index - 1], self._lines[index]
        return (
            before.side == line.side
            and before.who == line.who
            and 0 <= line.at_ms - before.at_ms < GROUP_MS
            and line.key != self._unread
            and not self._begins_day(index)
        )

    def _height(self, index: int) -> int:
        line = self._lines[index]
        text = line.text
        if len(text) <= self._columns.text and text.isascii() and text.isprintable() and line.side != "note":
            rows = 1
        else:
            body, hidden = self._body(line)
            rows = len(body) + (hidden > 0)
        rows += self._begins_day(index) + (line.key == self._unread) + (line.state == "failed")
        return rows + self._has_head(index)

    def _has_head(self, index: int) -> bool:
        return not self._columns.name and self._lines[index].side != "system" and not self._grouped(index)

    def _body(self, line: Line) -> tuple[list[str], int]:
        """The wrapped rows of a line's text that are shown, and how many are folded away."""
        texts = clean_lines(line.text)
        if line.side == "note":
            texts[0] = f"{_label(line)}: {texts[0]}"
        rows = [row for text in texts for row in wrap(text, self._columns.text)]
        return (rows, 0) if line.key in self._opened else fold(rows, FOLD_LINES)

    def _rows(self, index: int) -> list[_Row]:
        line = self._lines[index]
        rows: list[_Row] = []
        if self._begins_day(index):
            rows.append(_Row("date", _minute(line.at_ms // 60_000, self._zone)[0]))
        if line.key == self._unread:
            rows.append(_Row("unread", "new"))
        if self._has_head(index):
            rows.append(_Row("head", cut(clean(line.who), self._columns.text)))
        body, hidden = self._body(line)
        label = f"{_label(line)}:" if line.side == "note" else ""
        for number, text in enumerate(body, 1):
            rows.append(_Row("text", text, number == len(body), label if text.startswith(label) else ""))
            label = ""
        if hidden:
            rows.append(_Row("more", f"… {hidden} more lines (Enter shows)"))
        if line.state == "failed":
            rows.append(_Row("failed", "! not sent"))
        return rows

    # ---- drawing -------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        cells = self.size.width
        row = self._row_of(y)
        if not 0 <= row < self._total:
            return Strip.blank(cells, self._style(""))
        if self._below and y == self.size.height - 1:
            return self._hint(cells)
        strip = self._strips.get(row)
        if strip is None:
            if len(self._strips) > CACHED_ROWS:
                self._strips.clear()
            index = self._at_row(row)
            self._draw(index, cells)
            strip = self._strips[row]
        if self._cursor is not None and self._at_row(row) == self._cursor:
            return self._with_cursor(strip, cells)
        return strip

    def _hint(self, cells: int) -> Strip:
        text = cut(f" ↓ {self._below} new below (End) ", cells)
        segments = [Segment(text.rjust(cells), self._style("below"))]
        return Strip(segments, cells)

    def _with_cursor(self, strip: Strip, cells: int) -> Strip:
        cursor = self._style("cursor")
        segments = [Segment("▸", self._style("visitor-mark")), *strip.crop(1, cells)]
        return Strip([_grounded(segment, cursor) for segment in segments], cells)

    def _draw(self, index: int, cells: int) -> None:
        """Draw every row of one line."""
        lead = True
        for row, what in enumerate(self._rows(index), self._starts[index]):
            if what.kind in ("date", "unread"):
                rule = cut(f" ── {what.text} ".ljust(cells - 1, "─"), cells)
                segments = [Segment(rule, self._style(what.kind))]
                ground = self._style("")
            else:
                line = self._lines[index]
                segments = [*self._gutter(index, lead), *self._text(line, what), *self._delivery(line, what)]
                ground = self._style("note" if line.side == "note" else "")
                lead = False
                if line.side == "note":
                    segments = [_grounded(segment, ground) for segment in segments]
            self._strips[row] = Strip(segments).adjust_cell_length(cells, ground)

    def _gutter(self, index: int, lead: bool) -> Iterable[Segment]:
        """Time, name and mark; `lead` is the first row of a line, which alone bears time and name."""
        line, shape = self._lines[index], self._columns
        side = line.side
        time = self._time(index) if lead and shape.time else ""
        yield Segment(" " + time.ljust(shape.time), self._style("time"))
        if shape.name:
            named = lead and side != "system" and not self._grouped(index)
            name = cut(clean(line.who), shape.name) if named else ""
            name = " " * (shape.name - width(name)) + name + " "
            yield Segment(name, self._style("time" if side == "system" else f"{side}-name"))
        yield Segment(MARKS[side] + " ", self._style(f"{side}-mark" if side in ("visitor", "note") else side))

    def _text(self, line: Line, row: _Row) -> Iterable[Segment]:
        """The words of a row, those searched for marked."""
        if row.kind != "text":
            name = {"head": f"{line.side}-name", "failed": "failed"}.get(row.kind, "state")
            return [Segment(row.text, self._style(name))]
        style, rest = self._style(line.side), row.text[len(row.label) :]
        label = [Segment(row.label, self._style("note-mark"))] if row.label else []
        return [*label, *_matches(rest, self._needle, style, self._style("match"))]

    def _delivery(self, line: Line, row: _Row) -> Iterable[Segment]:
        """How far an own line has come, right of the text column."""
        shape = self._columns
        if row.last and shape.state and line.state in LONG_STATES:
            states = LONG_STATES if shape.state > 3 else SHORT_STATES
            gap = " " * (shape.text - width(row.text) + 1)
            yield Segment(gap + states[line.state], self._style("state"))

    def _time(self, index: int) -> str:
        now = _minute(self._lines[index].at_ms // 60_000, self._zone)[1]
        if self._grouped(index) and now == _minute(self._lines[index - 1].at_ms // 60_000, self._zone)[1]:
            return ""
        return now

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self.get_component_rich_style(f"transcript--{name}") if name else self.rich_style
            self._styles[name] = style
        return style


def _label(line: Line) -> str:
    return clean(line.label) or "note"


def _grounded(segment: Segment, ground: Style) -> Segment:
    return Segment(segment.text, (segment.style or Style()) + Style(bgcolor=ground.bgcolor))


def _matches(text: str, needle: str, style: Style, match: Style) -> Iterable[Segment]:
    folded = text.casefold()
    if len(folded) != len(text):  # some letter folds into two: offsets would not fit
        folded = text.lower() if len(text.lower()) == len(text) else text
    at = 0
    while needle and (found := folded.find(needle, at)) >= 0:
        yield Segment(text[at:found], style)
        yield Segment(text[found : found + len(needle)], style + match)
        at = found + len(needle)
    yield Segment(text[at:], style)


@lru_cache(1024)
def _minute(minutes: int, zone: tzinfo | None) -> tuple[str, str]:
    """The day and the time of day of a minute since 1970, as they are shown."""
    at = datetime.fromtimestamp(minutes * 60, zone)
    return f"{at:%A} {at.day} {at:%B %Y}", f"{at:%H:%M}"
