"""Drawing by line: cells of text and ink become strips, with the styles looked up once per theme."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.containers import Vertical
from textual.strip import Strip
from textual.widget import Widget

from agentconsole import text

Cell = tuple[str, str]  # (text, ink); ink is one of INKS or "" for plain

INKS = (
    "dim",
    "strong",
    "accent",
    "staff",
    "good",
    "warn",
    "bad",
    "note",
    "typing",
    "rule",
    "key",
    "head",
    "on",
    "cursor",
    "cursor-blurred",
)

INK_CSS = """
    & > .ink--dim { color: $ink-dim; text-style: $ink-dim-style; }
    & > .ink--strong { text-style: bold; }
    & > .ink--accent { color: $primary; text-style: bold; }
    & > .ink--staff { color: $secondary; }
    & > .ink--good { color: $success; }
    & > .ink--warn { color: $warning; text-style: bold; }
    & > .ink--bad { color: $error; text-style: bold; }
    & > .ink--note { color: $ink-note; text-style: $ink-note-style; }
    & > .ink--typing { color: $ink-dim; text-style: italic; }
    & > .ink--rule { color: $rule; text-style: $rule-style; }
    & > .ink--key { color: $primary; text-style: bold; }
    & > .ink--head { color: $ink-dim; text-style: bold; }
    & > .ink--on { color: $cursor-foreground; background: $cursor-background; text-style: $cursor-style; }
    & > .ink--cursor { color: $cursor-foreground; background: $cursor-background; text-style: $cursor-style; }
    & > .ink--cursor-blurred { background: $cursor-blurred-background; text-style: $cursor-blurred-style; }
"""


class Painted(Widget):
    """A widget that draws lines of cells; subclasses answer `cells(y, width)`."""

    COMPONENT_CLASSES = {f"ink--{ink}" for ink in INKS}
    DEFAULT_CSS = "Painted { height: 1; " + INK_CSS + "}"

    _inks: dict[tuple[str, str], Style] | None = None

    def cells(self, y: int, width: int) -> Iterable[Cell]:
        """What stands in row `y`, of at most `width` cells; longer is cut."""
        return ()

    def notify_style_update(self) -> None:
        """Forget the looked-up styles: theme, focus or classes changed."""
        super().notify_style_update()
        self._inks = None

    def ink(self, name: str, over: str = "") -> Style:
        """The style of an ink, perhaps over a cursor's."""
        if self._inks is None:
            self._inks = {}
        style = self._inks.get((name, over))
        if style is None:
            style = self._inks[name, over] = self._mixed(name, over)
        return style

    def _mixed(self, name: str, over: str) -> Style:
        """Under a cursor an ink keeps its shape, not its colour: that might vanish in the cursor's."""
        ink = self.get_component_rich_style(f"ink--{name}", partial=True) if name else Style()
        if not over:
            return self.rich_style + ink
        cursor = self.get_component_rich_style(f"ink--{over}", partial=True)
        return self.rich_style + cursor + Style(bold=ink.bold, italic=ink.italic)

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
