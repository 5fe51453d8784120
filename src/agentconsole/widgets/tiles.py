"""Several running chats side by side, drawn by line from plain data: whose, how risky, the last lines, what is typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textual import events
from textual.geometry import Region
from textual.message import Message

from agentconsole import text
from agentconsole.widgets.bars import end_of
from agentconsole.widgets.paint import Cell, Painted
from agentconsole.widgets.transcript import MARKS, WRAPPED

WIDE, VERY_WIDE = 100, 200
TILE_ROWS, MOST_ROWS = 9, 3


class Spoken(NamedTuple):
    """A line of a tile. ``mark`` stands before each of its rows, so that no text can look like another's."""

    mark: str
    ink: str
    text: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One running chat: ``who`` is its visitor, ``with_whom`` agent and department, ``risk`` the reasons in words
    ('' = it goes well), ``lines`` the last ones (oldest first), ``typing`` the visitor's preview."""

    chat: int
    who: str
    with_whom: str
    risk: str = ""
    lines: tuple[Spoken, ...] = ()
    typing: str = ""


class Grid(NamedTuple):
    """How many tiles stand side by side and one below the other."""

    columns: int
    rows: int

    @property
    def capacity(self) -> int:
        """How many tiles there are room for."""
        return self.columns * self.rows


def grid(width: int, height: int) -> Grid:
    """As many tiles as can be read: one in a small terminal, two in 80x24, six in 120x40."""
    columns = 1 if width < WIDE else 2 if width < VERY_WIDE else 3
    return Grid(columns, min(MOST_ROWS, max(1, height // TILE_ROWS)))


class Tiles(Painted, can_focus=True):
    """A page of tiles with a cursor; only tiles that changed are painted."""

    DEFAULT_CSS = "Tiles { height: 1fr; background: $background; }"

    class Chosen(Message):
        """A tile was clicked twice."""

    class Moved(Message):
        """A tile was clicked."""

        def __init__(self, chat: int) -> None:
            super().__init__()
            self.chat = chat

    class Reshaped(Message):
        """There is room for more tiles, or for fewer."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.items: Sequence[Tile] = ()
        self.current = 0
        self._drawn: dict[int, list[list[Cell]]] = {}

    @property
    def grid(self) -> Grid:
        """The grid in this size."""
        return grid(self.size.width, self.size.height)

    def show(self, items: Sequence[Tile], current: int) -> None:
        """Replace the tiles; ``current`` is the chat under the cursor."""
        before, under = self.items, self.current
        self.items, self.current = items, current
        if len(before) != len(items):
            self._drawn.clear()
            self.refresh()
            return
        for index, (old, new) in enumerate(zip(before, items, strict=True)):
            if old != new or (under != current and new.chat in (under, current)):
                self._drawn.pop(index, None)
                self.refresh(self._region(index))

    def cells(self, y: int, width: int) -> Iterable[Cell]:
        """One row through all tiles that it meets."""
        across, down = self.grid
        high = max(1, self.size.height // down)
        row, line = divmod(y, high)
        if row >= down:
            return ()
        out: list[Cell] = []
        for index in range(row * across, (row + 1) * across):
            if index % across:
                out.append(("│", "rule"))
            if index < len(self.items):
                out += self._rows(index, high)[line]
            else:
                out.append((" " * self._wide(index), ""))
        return out

    def _wide(self, index: int) -> int:
        """The width of a tile; the last of a row takes what is left."""
        across = self.grid.columns
        wide = (self.size.width - (across - 1)) // across
        last = index % across == across - 1
        return self.size.width - (wide + 1) * (across - 1) if last else wide

    def _region(self, index: int) -> Region:
        across, down = self.grid
        high, wide = max(1, self.size.height // down), (self.size.width - (across - 1)) // across
        return Region((index % across) * (wide + 1), index // across * high, self._wide(index), high)

    def _rows(self, index: int, high: int) -> list[list[Cell]]:
        if index not in self._drawn:
            rows = drawn(self.items[index], self._wide(index), high, self.items[index].chat == self.current)
            self._drawn[index] = [fitted(row, self._wide(index)) for row in rows]
        return self._drawn[index]

    def on_resize(self, event: events.Resize) -> None:
        """Another size may have room for more."""
        self._drawn.clear()
        self.post_message(self.Reshaped())

    def on_click(self, event: events.Click) -> None:
        """One click puts the cursor on a tile, a second one opens it."""
        for index, tile in enumerate(self.items):
            if self._region(index).contains(event.x, event.y):
                again = tile.chat == self.current
                self.post_message(self.Chosen() if again or event.chain > 1 else self.Moved(tile.chat))


def drawn(tile: Tile, width: int, height: int, current: bool) -> list[list[Cell]]:
    """A tile's rows: who, why it is here, as many of the last lines as fit, what is being typed."""
    head: list[Cell] = [
        ("▸" if current else " ", "on" if current else ""),
        (f"{tile.who} ", "on" if current else "strong"),
        (f" {tile.with_whom}", "dim"),
    ]
    why: list[Cell] = [(f" ! {tile.risk}", "warn")] if tile.risk else [(" goes well", "dim")]
    room = max(0, height - 3)
    lines = _newest(tile.lines, max(1, width - 3), room)
    typing: list[Cell] = []
    if tile.typing:
        words = text.clean(tile.typing.replace("\n", " "))
        typing = [(" ✎ ", "accent"), (end_of(words, max(1, width - 4)), "typing")]
    rows = [head, why, *lines, *([[]] * (room - len(lines))), typing]
    return rows[:height] if height > 3 else [head, typing or (lines or [why])[-1]][:height]


def _newest(lines: Sequence[Spoken], width: int, room: int) -> list[list[Cell]]:
    """The newest rows that fit, oldest first."""
    rows: list[list[Cell]] = []
    for line in reversed(lines):
        wrapped = [part for words in text.clean_lines(line.text) for part in text.wrap(words, width)]
        rows[:0] = [
            [(f" {_mark(line, number)} ", "accent" if line.mark == "┃" else line.ink), (part, line.ink)]
            for number, part in [*enumerate(wrapped)][-room:]
        ]
        if len(rows) >= room:
            break
    return rows[-room:] if room else []


def _mark(line: Spoken, row: int) -> str:
    """What stands before a row: a sentence begins once, as in the transcript."""
    return WRAPPED if row and line.mark == MARKS["system"] else line.mark


def fitted(cells: Iterable[Cell], width: int) -> list[Cell]:
    """Cells cut or filled to exactly this width."""
    row: list[Cell] = []
    for words, ink in cells:
        words = text.cut(text.clean(words), width)
        width -= text.width(words)
        row.append((words, ink))
        if width <= 0:
            return row
    return [*row, (" " * width, "")]
