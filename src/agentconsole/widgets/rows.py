"""A list drawn by line from plain data: one cursor, no widget per row, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from agentconsole.widgets.paint import Cell, Painted

T = TypeVar("T")
Key = int | str


class Rows(Painted, ScrollView, Generic[T], can_focus=True):
    """A list of items with a cursor that stays on its item when the list around it changes.

    Subclasses say what an item's key is (None = a heading, never under the cursor) and draw it.
    """

    LINES: int = 1
    LIT: ClassVar[bool] = False  # the cursor stands out although the keys go elsewhere
    DEFAULT_CSS = """
    Rows { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "edge(-1)", "First", show=False),
        Binding("end", "edge(1)", "Last", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another item."""

        def __init__(self, rows: Rows[T], key: Key | None) -> None:
            super().__init__()
            self.rows = rows
            self.key = key

    class Chosen(Message):
        """An item was chosen: by a second click, or by the key that a list binds to `choose`."""

        def __init__(self, rows: Rows[T], key: Key) -> None:
            super().__init__()
            self.rows = rows
            self.key = key

        @property
        def control(self) -> Widget:
            """The list, so that handlers can name it."""
            return self.rows

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.items: Sequence[T] = ()
        self.cursor: int = -1
        self.widths: tuple[int, ...] = ()

    def key_of(self, item: T) -> Key | None:
        """The identity of an item; None for a heading."""
        raise NotImplementedError

    def draw(self, item: T, line: int, width: int) -> Iterable[Cell]:
        """Row `line` (0 <= line < LINES) of an item."""
        raise NotImplementedError

    def signature(self, item: T) -> object:
        """Two items with equal signatures look alike, so that nothing needs to be painted again."""
        return item

    def measure(self, items: Sequence[T]) -> tuple[int, ...]:
        """The `widths` of columns that are as wide as what stands in all items; when one changes, all rows do."""
        return ()

    @property
    def selected(self) -> Key | None:
        """The key under the cursor."""
        return self.key_of(self.items[self.cursor]) if 0 <= self.cursor < len(self.items) else None

    @property
    def selected_item(self) -> T | None:
        """The item under the cursor."""
        return self.items[self.cursor] if 0 <= self.cursor < len(self.items) else None

    def show(self, items: Sequence[T]) -> None:
        """Replace the items; the cursor stays on its key, or where it stood if that is gone."""
        before, key, place, widths = self.items, self.selected, self.cursor, self.widths
        self.items, self.widths = items, self.measure(items)
        self.cursor = self._find(key, place)
        if self.selected != key:
            self.post_message(self.Moved(self, self.selected))
        height = len(items) * self.LINES
        if height != self.virtual_size.height or self.virtual_size.width != self.size.width:
            self.virtual_size = Size(self.size.width, height)
        if len(before) != len(items) or self.cursor != place or self.widths != widths:
            self.refresh()
            return
        for index, (old, new) in enumerate(zip(before, items, strict=True)):
            if self.signature(old) != self.signature(new):
                self.refresh_lines(index * self.LINES, self.LINES)

    def select(self, key: Key) -> bool:
        """Put the cursor on this key; False if it is not in the list."""
        for index, item in enumerate(self.items):
            if self.key_of(item) == key:
                self._put(index)
                return True
        return False

    def _find(self, key: Key | None, place: int) -> int:
        fair = [index for index, item in enumerate(self.items) if self.key_of(item) is not None]
        if key is not None:
            for index in fair:
                if self.key_of(self.items[index]) == key:
                    return index
        return min(fair, key=lambda index: abs(index - place), default=-1)

    def _put(self, index: int) -> None:
        if index == self.cursor or not 0 <= index < len(self.items):
            return
        self.cursor = index
        self._scroll_to_cursor()
        self.refresh()
        self.post_message(self.Moved(self, self.selected))

    def _scroll_to_cursor(self) -> None:
        top, height = self.cursor * self.LINES, self.scrollable_content_region.height
        first = self.scroll_offset.y
        if self.cursor == 1 and self.key_of(self.items[0]) is None:
            top = 0
        if top < first:
            self.scroll_to(y=top, animate=False, immediate=True)
        elif height and top + self.LINES > first + height:
            self.scroll_to(y=top + self.LINES - height, animate=False, immediate=True)

    def action_move(self, step: int) -> None:
        """Up or down to the next item, over headings."""
        index = self.cursor + step
        while 0 <= index < len(self.items) and self.key_of(self.items[index]) is None:
            index += step
        self._put(index)

    def action_page(self, step: int) -> None:
        """A screenful up or down."""
        rows = max(1, self.size.height // self.LINES - 1)
        self._put(self._find(None, max(0, min(len(self.items) - 1, self.cursor + step * rows))))

    def action_edge(self, side: int) -> None:
        """The first or the last item."""
        self._put(self._find(None, 0 if side < 0 else len(self.items) - 1))

    def action_choose(self) -> None:
        """Say that the item under the cursor was chosen."""
        key = self.selected
        if key is not None:
            self.post_message(self.Chosen(self, key))

    def on_click(self, event: events.Click) -> None:
        """One click moves the cursor, a second one on the same item chooses it."""
        index = (event.y + self.scroll_offset.y) // self.LINES
        if not 0 <= index < len(self.items) or self.key_of(self.items[index]) is None:
            return
        if index == self.cursor or event.chain > 1:
            self._put(index)
            self.action_choose()
        else:
            self._put(index)

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in sight in the new size."""
        self.virtual_size = Size(event.size.width, len(self.items) * self.LINES)
        if self.cursor >= 0:
            self._scroll_to_cursor()

    def render_line(self, y: int) -> Strip:
        """One row of the list."""
        width = self.scrollable_content_region.width
        index, line = divmod(y + self.scroll_offset.y, self.LINES)
        if index >= len(self.items):
            return self.strip((), width)
        over = ""
        if index == self.cursor:
            over = "cursor" if self.LIT or self.has_focus else "cursor-blurred"
        return self.strip(self.draw(self.items[index], line, width), width, over)
