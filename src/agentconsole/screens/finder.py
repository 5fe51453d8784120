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

from agentconsole.widgets.paint import Cell, column
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words

ROWS = 10


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

    def draw(self, item: Item, line: int, width: int) -> Iterable[Cell]:
        """Name, key, meaning."""
        aside = max((len(each.aside) for each in self.items), default=0)
        name = min(max((len(each.label) for each in self.items), default=0), 18)
        cells: list[Cell] = [(f" {column(item.label, name)} ", "strong")]
        if aside:
            cells.append((f"{column(item.aside, min(aside, 12))} ", "key"))
        return [*cells, (item.hint.replace("\n", " "), "dim")]


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
        self.nothing = nothing

    def compose(self) -> ComposeResult:
        """What to type, what fits, all of the one under the cursor."""
        with Vertical(classes="dialog -tall"):
            yield Words([(self.heading, "strong")], classes="dialog-title")
            yield Input(placeholder="type to find", compact=True, id="words")
            yield Found(id="found")
            yield Words(id="whole")

    def on_mount(self) -> None:
        """Begin with everything."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()
        self.query_one(Found).styles.height = max(1, min(ROWS, len(self.items)))
        self._narrow("")

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
        self.query_one("#whole", Words).show([(item.hint if item else self.nothing, "dim")])

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
        self.moved()


def _distance(item: Item, words: str) -> int:
    """How near an item is to the words: its name begins with them, holds them, or they stand elsewhere."""
    label = item.label.casefold()
    return 0 if label.startswith(words) else 1 if words in label else 2


def _haystack(item: Item) -> str:
    return f"{item.label} {item.hint} {item.value}".casefold()
