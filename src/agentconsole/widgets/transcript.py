"""The log of one conversation, drawn by line from plain data: ten thousand lines open at once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import ClassVar, Literal

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from agentconsole.text import clean, cut, width
from agentconsole.widgets.layout import Layout, Row
from agentconsole.widgets.line import Key, Line, Side, State

__all__ = ["MARKS", "Key", "Line", "Side", "State", "Transcript"]

WHEEL_ROWS = 3
SPARE_PART = 8  # of a full page, how much is left free when it moves
# The visitor's bar stands at every row of foreign text and nowhere else.
MARKS: dict[Side, str] = {"visitor": "┃", "agent": " ", "me": " ", "note": "#", "system": "-"}
# A sentence of ours names visitors and quotes them: its further rows must not look like sentences of their own.
WRAPPED = "·"
LONG_STATES: dict[State, str] = {"pending": "…", "sent": "✓", "delivered": "✓✓", "read": "seen"}
SHORT_STATES: dict[State, str] = LONG_STATES | {"read": "●"}


class Transcript(Widget, can_focus=True):
    """Shows lines, follows the newest unless scrolled up, and never moves under the reader's eyes.

    Few lines stand at the upper edge: until the page is full a new line moves no other, on the screen or the wire.
    """

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
        Binding("enter", "unfold", "Whole line", show=False),
        Binding("escape", "unpick", "Leave line", show=False),
    ]

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
        clock_24h: bool = True,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Show `lines`, oldest first; times are those of `zone` (None: the local zone)."""
        super().__init__(name=name, id=id, classes=classes)
        self._layout = Layout(lines, zone, clock_24h)
        self._top = 0
        self._seen = 0  # rows in view before the last resize
        self._following = True
        self._below = 0
        self._cursor: int | None = None
        self._needle = ""
        self._styles: dict[str, Style] = {}
        self._strips: dict[int, Strip] = {}

    # ---- data ----------------------------------------------------------------------------------

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown, oldest first; change it through the methods only."""
        return self._layout.lines

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
        self._cursor, self._needle = None, ""
        self._strips.clear()
        self._layout.fill(lines, unread)
        self._scroll(self._max_top)

    def reload(self, lines: Iterable[Line]) -> None:
        """The same conversation with lines put in or taken out anywhere: what is in view stays, and the cursor."""
        layout, picked = self._layout, self.picked
        index = layout.line_at(self._top) if self.lines else 0
        anchor = self.lines[index].key if self.lines else None
        offset = self._top - layout.span(index)[0] if self.lines else 0
        self._strips.clear()
        layout.fill(lines, layout.unread, layout.opened)
        self._cursor = layout.find(picked.key) if picked else None
        there = layout.find(anchor)
        self._top = self._max_top if there is None else layout.span(there)[0] + offset
        if self._following:
            self._follow()
        else:
            self._top = min(self._max_top, self._top)
        self.refresh()

    def append(self, *lines: Line) -> None:
        """Newer lines; the view moves only if it was at the end."""
        before, top = self._layout.total, self._top
        self._layout.append(lines)
        if self._following:
            self._follow()
        else:
            self._below += len(lines)
        if self._following and self._top == top:
            self.refresh(Region(0, before - top, self.size.width, self._layout.total - before))
        else:
            self.refresh()

    def prepend(self, lines: Sequence[Line]) -> None:
        """Older lines, oldest first; what is in view stays where it is."""
        if not lines:
            return
        end = self._layout.total - self._top
        self._layout.prepend(lines)
        self._strips.clear()
        if self._cursor is not None:
            self._cursor += len(lines)
        self._top = max(0, self._layout.total - end)
        if self._following:
            self._follow()
        self.refresh()

    def update(self, line: Line) -> bool:
        """Put `line` in the place of the one with its key; False if there is none."""
        return self.rename(line.key, line)

    def set_state(self, key: Key, state: State) -> bool:
        """The delivery state of one own line; False if there is no such line."""
        index = self._layout.find(key)
        if index is None:
            return False
        if self.lines[index].state != state:
            self._put(index, replace(self.lines[index], state=state))
        return True

    def rename(self, old: Key, line: Line) -> bool:
        """Give a pending line the key and content under which the server returned it; False if there is none."""
        index = self._layout.find(old)
        if index is None:
            return False
        self._put(index, line)
        return True

    def mark_unread(self, key: Key | None) -> None:
        """Draw the marker of unread lines above the line `key` (None: no marker)."""
        old, self._layout.unread = self._layout.unread, key
        for index in (self._layout.find(old), self._layout.find(key)):
            if index is not None:
                self._changed(index)

    def highlight(self, needle: str) -> int:
        """Mark each place where `needle` stands (any case) and return in how many lines it does."""
        self._needle = clean(needle).casefold()
        self._strips.clear()
        self.refresh()
        return sum(map(self._has_needle, self.lines))

    def seek(self, direction: Literal[-1, 1]) -> bool:
        """Put the cursor on the next (1) or previous (-1) line with the highlighted words."""
        index = self._cursor if self._cursor is not None else (len(self.lines) if direction < 0 else -1)
        while 0 <= (index := index + direction) < len(self.lines):
            if self._has_needle(self.lines[index]):
                self._put_cursor(index)
                return True
        return False

    @property
    def picked(self) -> Line | None:
        """The line under the cursor."""
        return None if self._cursor is None else self.lines[self._cursor]

    # ---- keys and mouse ------------------------------------------------------------------------

    def to_end(self) -> None:
        """Follow the newest line again."""
        if not self._following:
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
        if not self.lines:
            return
        if self._cursor is None:
            row = min(self._layout.total, self._top + self.size.height) - 1
            self._put_cursor(self._layout.line_at(max(0, row)))
        else:
            self._put_cursor(min(len(self.lines) - 1, max(0, self._cursor + direction)))

    def action_unfold(self) -> None:
        """Show all of the line under the cursor."""
        self.unfold()

    def unfold(self) -> bool:
        """Show all of the line under the cursor; False if nothing of it is hidden."""
        if self._cursor is None or all(row.kind != "more" for row in self._layout.rows(self._cursor)):
            return False
        self._layout.opened.add(self.lines[self._cursor].key)
        self._changed(self._cursor)
        return True

    def action_unpick(self) -> None:
        """Take the cursor away."""
        self._put_cursor(None)

    def on_click(self, event: events.Click) -> None:
        """Choose the line under the mouse."""
        row = self._top + event.y
        if 0 <= row < self._layout.total:
            self._put_cursor(self._layout.line_at(row))

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
        layout, height = self._layout, event.size.height
        bottom = min(layout.total, self._top + max(1, self._seen)) - 1
        anchor = layout.line_at(bottom) if bottom >= 0 and not self._following else None
        self._seen = height
        self._strips.clear()
        layout.reshape(event.size.width)
        wanted = self._max_top if anchor is None else layout.span(anchor)[1] - height
        self._top = min(self._max_top, max(0, wanted))
        self.refresh()

    def notify_style_update(self) -> None:
        """Forget drawn rows when colours change."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()

    # ---- view ----------------------------------------------------------------------------------

    @property
    def _max_top(self) -> int:
        return max(0, self._layout.total - self.size.height)

    def _put(self, index: int, line: Line) -> None:
        self._layout.replace(index, line)
        self._changed(index)

    def _changed(self, index: int) -> None:
        """A line is drawn anew, and the next, which may belong to its group; the reader's view stays."""
        layout = self._layout
        last = min(index + 1, len(self.lines) - 1)
        start, end = layout.span(index)[0], layout.span(last)[1]
        grown = layout.remeasure(index) + (layout.remeasure(last) if last > index else 0)
        if not grown:
            for row in range(start, end):
                self._strips.pop(row, None)
            self.refresh(Region(0, start - self._top, self.size.width, end - start))
            return
        self._strips.clear()
        above = grown if end <= self._top else 0
        self._top = max(0, self._top + above)
        if self._following:
            self._follow()
        else:
            self._top = min(self._max_top, self._top)
        self.refresh()

    def _follow(self) -> None:
        """Keep the newest row in view. A full page moves several rows at once: that costs a slow line hardly more
        than moving by one, and the next lines move nothing."""
        height = self.size.height
        spare = max(0, height // SPARE_PART - 1) if self._layout.total > height else 0
        if self._top < self._max_top:
            self._top = self._max_top + spare
        self._top = min(self._top, self._max_top + spare)

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
        start, end = self._layout.span(index)
        top = min(self._top, start)
        self._scroll(max(top, min(start, end - self.size.height)))

    def _has_needle(self, line: Line) -> bool:
        return bool(self._needle) and self._needle in clean(line.text).casefold()

    # ---- drawing -------------------------------------------------------------------------------

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows as they were drawn: there is no border or padding that Textual would have to put around them."""
        background, filters = self.background_colors[1], self.get_line_filters()
        strips = []
        for y in crop.line_range:
            strip = self.render_line(y)
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)
            strips.append(strip)
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        cells = self.size.width
        row = self._top + y
        if not 0 <= row < self._layout.total:
            return Strip.blank(cells, self._style(""))
        if self._below and y == self.size.height - 1:
            return self._hint(cells)
        strip = self._strips.get(row)
        if strip is None:
            if len(self._strips) > 2 * self.size.height:  # a drawn row is heavy: only those in view are kept
                seen = range(self._top, self._top + self.size.height)
                self._strips = {at: kept for at, kept in self._strips.items() if at in seen}
            self._draw(self._layout.line_at(row), cells)
            strip = self._strips[row]
        if self._cursor is not None and self._layout.line_at(row) == self._cursor:
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
        for row, what in enumerate(self._layout.rows(index), self._layout.span(index)[0]):
            if what.kind in ("date", "unread"):
                rule = cut(f" ── {what.text} ".ljust(cells - 1, "─"), cells)
                segments = [Segment(rule, self._style(what.kind))]
                ground = self._style("")
            else:
                line = self.lines[index]
                segments = [*self._gutter(index, lead), *self._text(line, what), *self._delivery(line, what)]
                ground = self._style("note" if line.side == "note" else "")
                lead = False
                if line.side == "note":
                    segments = [_grounded(segment, ground) for segment in segments]
            drawn = sum(width(segment.text) for segment in segments)
            self._strips[row] = Strip(segments, drawn).adjust_cell_length(cells, ground)

    def _gutter(self, index: int, lead: bool) -> Iterable[Segment]:
        """Time, name and mark; `lead` is the first row of a line, which alone bears time and name."""
        line, shape = self.lines[index], self._layout.columns
        side = line.side
        time = self._layout.time(index) if lead and shape.time else ""
        yield Segment(" " + time.ljust(shape.time), self._style("time"))
        if shape.name:
            named = lead and side != "system" and not self._layout.grouped(index)
            name = cut(clean(line.who), shape.name) if named else ""
            name = " " * (shape.name - width(name)) + name + " "
            yield Segment(name, self._style("time" if side == "system" else f"{side}-name"))
        mark = MARKS[side] if lead or side != "system" else WRAPPED
        yield Segment(mark + " ", self._style(f"{side}-mark" if side in ("visitor", "note") else side))

    def _text(self, line: Line, row: Row) -> Iterable[Segment]:
        """The words of a row, those searched for marked."""
        if row.kind != "text":
            name = {"head": f"{line.side}-name", "failed": "failed"}.get(row.kind, "state")
            return [Segment(row.text, self._style(name))]
        style, rest = self._style(line.side), row.text[len(row.label) :]
        label = [Segment(row.label, self._style("note-mark"))] if row.label else []
        return [*label, *_matches(rest, self._needle, style, self._style("match"))]

    def _delivery(self, line: Line, row: Row) -> Iterable[Segment]:
        """How far an own line has come, right of the text column."""
        shape = self._layout.columns
        if row.last and shape.state and line.state in LONG_STATES:
            states = LONG_STATES if shape.state > 3 else SHORT_STATES
            gap = " " * (shape.text - width(row.text) + 1)
            yield Segment(gap + states[line.state], self._style("state"))

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self.get_component_rich_style(f"transcript--{name}") if name else self.rich_style
            self._styles[name] = style
        return style


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
