"""Drawing by line: cells of text and ink become strips, with the styles looked up once per theme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.containers import Vertical
from textual.strip import Strip
from textual.widget import Widget

from agentconsole import text

Cell = tuple[str, str]  # (text, ink); ink is one of INKS or "" for plain

# Of each ink the theme's variables that give its foreground, its background and its shape ("" = the widget's own); a
# shape without `$` is written out. They are no component classes: Textual works those out anew for each widget and each
# change of its classes, and that was the greatest part of a start and of every change of place.
INKS = {
    "dim": ("ink-dim", "", "$ink-dim-style"),
    "strong": ("", "", "bold"),
    "accent": ("primary", "", "bold"),
    "staff": ("secondary", "", ""),
    "good": ("success", "", ""),
    "warn": ("warning", "", "bold"),
    "bad": ("error", "", "bold"),
    "note": ("ink-note", "", "$ink-note-style"),
    "typing": ("ink-dim", "", "italic"),
    "rule": ("rule", "", "$rule-style"),
    "key": ("primary", "", "bold"),
    "head": ("ink-dim", "", "bold"),
    "on": ("cursor-foreground", "cursor-background", "$cursor-style"),
    "cursor": ("cursor-foreground", "cursor-background", "$cursor-style"),
    "cursor-blurred": ("", "cursor-blurred-background", "$cursor-blurred-style"),
}


def dyed(name: str, variables: Mapping[str, str]) -> Style:
    """What an ink alone makes of a text, in the theme of these variables."""
    front, back, shape = INKS[name]
    style = Style(color=_colour(variables, front), bgcolor=_colour(variables, back))
    return style + Style.parse(variables[shape[1:]] if shape.startswith("$") else shape)


def _colour(variables: Mapping[str, str], name: str) -> RichColor | None:
    return Color.parse(variables[name]).rich_color if name else None


class Painted(Widget):
    """A widget that draws lines of cells; subclasses answer `cells(y, width)`."""

    DEFAULT_CSS = "Painted { height: 1; }"

    _inks: dict[tuple[str, str], Style] | None = None
    _inked_in = ""  # the theme of these

    def cells(self, y: int, width: int) -> Iterable[Cell]:
        """What stands in row `y`, of at most `width` cells; longer is cut."""
        return ()

    def notify_style_update(self) -> None:
        """Forget the looked-up styles: theme, focus or classes changed."""
        super().notify_style_update()
        if self._inked_in not in ("", self.app.theme):
            self.refresh()
        self._inks = None

    def ink(self, name: str, over: str = "") -> Style:
        """The style of an ink, perhaps over a cursor's."""
        if self._inks is None:
            self._inks, self._inked_in = {}, self.app.theme
        style = self._inks.get((name, over))
        if style is None:
            style = self._inks[name, over] = self._mixed(name, over)
        return style

    def _mixed(self, name: str, over: str) -> Style:
        """Under a cursor an ink keeps its shape, not its colour: that might vanish in the cursor's."""
        variables = self.app.theme_variables
        ink = dyed(name, variables) if name else Style()
        if not over:
            return self.rich_style + ink
        return self.rich_style + dyed(over, variables) + Style(bold=ink.bold, italic=ink.italic)

    def strip(self, cells: Iterable[Cell], width: int, over: str = "") -> Strip:
        """The cells as one strip of exactly `width` cells."""
        segments: list[Segment] = []
        left = width
        for words, ink in cells:
            if left <= 0:
                break
            words = text.cut(text.clean(words), left)
            left -= text.width(words)
            segments.append(Segment(words, self.ink(ink, over)))
        if left > 0:
            segments.append(Segment(" " * left, self.ink("", over)))
        return Strip(segments, width)

    def render_line(self, y: int) -> Strip:
        """One row of the widget."""
        return self.strip(self.cells(y, self.size.width), self.size.width)


class Ground(Vertical):
    """Widgets one below the other; between them is nothing to draw but the background, so none of it is kept."""

    BLANK = True


def column(words: str, width: int) -> str:
    """Cleaned text in exactly `width` cells: cut with … or filled with spaces."""
    words = text.cut(text.clean(words), width)
    return words + " " * (width - text.width(words))


def widest(words: Iterable[str]) -> int:
    """The cells that the longest of these takes once it is cleaned; 0 if there is none."""
    return max((text.width(text.clean(each)) for each in words), default=0)


def with_end(words: str, end: str, width: int) -> str:
    """Cleaned text and its end in exactly `width` cells; where there is no room for all, only what is before the end is cut."""
    return column(text.cut(text.clean(words), width - text.width(end)) + end, width)


def ends(left: list[Cell], right: list[Cell], width: int) -> list[Cell]:
    """Cells at both ends of a row; the right ones stay whole, the left ones give way."""
    taken = sum(text.width(text.clean(words)) for words, _ in right)
    room = width - taken - 1
    if room <= 0:
        return right
    row: list[Cell] = []
    for words, ink in left:
        words = text.cut(text.clean(words), room)
        room -= text.width(words)
        row.append((words, ink))
        if room <= 0:
            break
    return [*row, (" " * (room + 1), ""), *right]
