"""A dialog to find one of many by typing: any action by its name, a canned reply by its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from agentconsole.text import distance
from agentconsole.text import width as cells_of
from agentconsole.widgets.paint import Cell, column, widest
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words, hints

ROWS = 10
WIDTH = 84  # of the dialog, as in console.tcss
SIDES = 5  # of these: frame, padding, scrollbar
LOW = 18  # rows of a terminal that has room for meaning and keys too
EDGES = 4  # rows of the dialog that are no items, if it is low: frame, title, field


@dataclass(frozen=True, slots=True)
class Item:
    """Something to find: its value, its name, what it is, and what stands at the right end (a key, say)."""

    value: str
    label: str
    hint: str
    aside: str = ""


class Found(Rows[Item], can_focus=False):
    """What fits the words typed."""

    LIT = True

    def key_of(self, item: Item) -> str:
        """Each item is itself."""
        return item.value

    def measure(self, items: Sequence[Item]) -> tuple[int, ...]:
        """The cells of the names, and of what stands at their right."""
        return columns(items)

    def draw(self, item: Item, line: int, width: int) -> Iterable[Cell]:
        """Name, key, meaning."""
        name, aside = self.widths
        cells: list[Cell] = [(f" {column(item.label, name)} ", "strong")]
        if aside:
            cells.append((f"{column(item.aside, aside)} ", "key"))
        return [*cells, (item.hint.replace("\n", " "), "dim")]


def columns(items: Sequence[Item]) -> tuple[int, int]:
    """The cells of the names, and of what stands at their right (0 = nothing)."""
    name, aside = widest(each.label for each in items), widest(each.aside for each in items)
    return min(name, 18 if any(each.hint for each in items) else WIDTH), min(aside, 12)


class Finder(ModalScreen[str | None]):
    """Asks for one of many; the words typed narrow the list. None when the person backs out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
    ]

    def __init__(self, title: str, items: Sequence[Item], nothing: str = "Nothing fits.") -> None:
        super().__init__()
        self.heading = title
        self.items = items
        self.column_widths = columns(items)
        self.nothing = nothing

    def compose(self) -> ComposeResult:
        """What to type, what fits, all of the one under the cursor."""
        with Vertical(classes="dialog -tall"):
            yield Words([(self.heading, "strong")], classes="dialog-title")
            yield Input(placeholder="type to find", compact=True, id="words")
            yield Found(id="found")
            yield Words(id="whole")
            yield Words(hints(("↑ ↓", "choose"), ("Enter", "take"), ("Esc", "back")), id="finder-keys")

    def on_mount(self) -> None:
        """Begin with everything."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()
        self._narrow("")

    def on_resize(self) -> None:
        """What is under the cursor stands above the lower edge."""
        self._fit()

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Other words, other hits."""
        self._narrow(event.value)

    @on(Input.Submitted)
    def accept(self) -> None:
        """Take the one under the cursor."""
        key = self.query_one(Found).selected
        if key is not None:
            self.dismiss(str(key))

    @on(Rows.Chosen)
    def clicked(self, message: Rows.Chosen) -> None:
        """Take the one clicked."""
        self.dismiss(str(message.key))

    @on(Rows.Moved)
    def moved(self) -> None:
        """Show all of the one under the cursor."""
        item = self.query_one(Found).selected_item
        whole = item.hint if item and self._cut(item) else "" if item else self.nothing
        self.query_one("#whole", Words).show([(whole, "dim")])

    def action_move(self, step: int) -> None:
        """Up or down."""
        self.query_one(Found).action_move(step)

    def action_page(self, step: int) -> None:
        """A page up or down."""
        self.query_one(Found).action_page(step)

    def _narrow(self, words: str) -> None:
        wanted = words.casefold().split()
        found = [item for item in self.items if all(word in _haystack(item) for word in wanted)]
        found.sort(key=lambda item: _distance(item, words.casefold().strip()))
        rows = self.query_one(Found)
        rows.show(found)
        rows.action_edge(-1)
        self._fit()
        self.moved()

    def _fit(self) -> None:
        """As many rows as there is room for; the meaning below them if some row is too short for it."""
        height, low = self.app.size.height, self.app.size.height < LOW
        rows = self.query_one(Found)
        rows.styles.height = max(1, min(ROWS, len(self.items), height - EDGES))
        self.query_one("#whole").display = not low and (not rows.items or any(map(self._cut, self.items)))
        self.query_one("#finder-keys").display = not low

    def _cut(self, item: Item) -> bool:
        """True if all that the item means does not fit into its row."""
        name, aside = self.column_widths
        room = min(WIDTH, self.app.size.width) - SIDES - name - 2 - (aside + 1 if aside else 0)
        return cells_of(item.hint) > room


def _distance(item: Item, words: str) -> int:
    """How near an item is to the words: its name begins with them, holds them, or they stand elsewhere."""
    return distance(item.label.casefold(), words)


def _haystack(item: Item) -> str:
    return f"{item.label} {item.hint} {item.value}".casefold()
