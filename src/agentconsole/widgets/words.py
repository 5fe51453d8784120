"""A few words in a row or wrapped over several, painted only when they change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.geometry import Size

from agentconsole import text
from agentconsole.widgets.paint import Cell, Painted


class Words(Painted):
    """Cells that wrap at the widget's width; `show` replaces them."""

    DEFAULT_CSS = "Words { height: auto; }"

    def __init__(
        self, cells: Sequence[Cell] = (), *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._cells: Sequence[Cell] = cells
        self._rows: tuple[int, list[list[Cell]]] = (0, [])

    def show(self, cells: Sequence[Cell]) -> None:
        """Replace the words; nothing is painted when they are the same."""
        if cells != self._cells:
            width, before = self._rows
            self._cells = cells
            self._rows = (0, [])
            taller = self.styles.is_auto_height and len(before) != len(self._wrapped(width))
            self.refresh(layout=taller or self.styles.is_auto_width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as the words take."""
        return len(self._wrapped(width))

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """As wide as the words in one row."""
        return sum(text.width(text.clean(words)) for words, _ in self._cells)

    def cells(self, y: int, width: int) -> Iterable[Cell]:
        """One wrapped row."""
        rows = self._wrapped(width)
        return rows[y] if y < len(rows) else ()

    def _wrapped(self, width: int) -> list[list[Cell]]:
        if self._rows[0] != width or not self._rows[1]:
            self._rows = (width, wrap_cells(self._cells, width))
        return self._rows[1]


def hints(*pairs: tuple[str, str]) -> list[Cell]:
    """The row of a dialog that says what its keys do, spelt as in the footer."""
    return [
        cell
        for number, (key, does) in enumerate(pairs)
        for cell in (("  " if number else "", ""), (key, "key"), (f" {does}", "dim"))
    ]


def wrap_cells(cells: Sequence[Cell], width: int) -> list[list[Cell]]:
    """Cells in rows of at most `width` cells; newlines in the words begin a new row."""
    rows: list[list[Cell]] = []
    for line in _lines(cells):
        whole = "".join(words for words, _ in line)
        start = 0
        for row in text.wrap(whole, max(1, width)):
            rows.append(_slice(line, start, start + len(row)))
            start += len(row)
            start += whole[start : start + 1] == " "
    return rows


def _lines(cells: Sequence[Cell]) -> list[list[Cell]]:
    lines: list[list[Cell]] = [[]]
    for words, ink in cells:
        first, *more = text.clean_lines(words)
        lines[-1].append((first, ink))
        lines.extend([(line, ink)] for line in more)
    return lines


def _slice(cells: Sequence[Cell], start: int, end: int) -> list[Cell]:
    part: list[Cell] = []
    for words, ink in cells:
        if end > 0 and start < len(words) and (piece := words[max(0, start) : end]):
            part.append((piece, ink))
        start -= len(words)
        end -= len(words)
    return part
