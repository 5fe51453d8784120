"""Help: every key by screen from the table of actions, narrowed by typing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from agentconsole import keys
from agentconsole.keys import Action, Where
from agentconsole.widgets.paint import Cell, column
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words

HOW = "type to find, Enter does it, Escape goes back"


def _title(words: str) -> list[Cell]:
    return [("Keys", "strong"), (f"  {words}", "dim")]


class KeyRows(Rows[Action | Where], can_focus=False):
    """Headings and actions."""

    LIT = True

    def key_of(self, item: Action | Where) -> str | None:
        """The action's id."""
        return None if isinstance(item, Where) else item.id

    def draw(self, item: Action | Where, line: int, width: int) -> Iterable[Cell]:
        """Keys and the sentence; where it is narrow the action's name, for the sentence stands below or nowhere."""
        if isinstance(item, Where):
            return [(f" {keys.PLACES[item]} ", "head"), ("─" * (width - len(keys.PLACES[item]) - 3), "rule")]
        spoken = " ".join(map(keys.spoken, item.keys)) or "palette"
        return [
            (f" {column(spoken, 18 if width >= 70 else 12)} ", "key"),
            (item.help if width >= 60 else item.label, ""),
        ]


class Help(ModalScreen[str | None]):
    """Shows the keys; Enter does the action under the cursor, if it can be done here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1", "dismiss(None)", "Back", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
    ]

    def __init__(self, table: Sequence[Action], here: Where) -> None:
        super().__init__()
        self.table = table
        self.here = here

    def compose(self) -> ComposeResult:
        """Search field, table, the whole sentence of the row under the cursor."""
        with Vertical(classes="dialog -tall"):
            yield Words(_title(HOW), classes="dialog-title")
            yield Input(placeholder="type to find", compact=True)
            yield KeyRows()
            yield Words(id="whole")

    def on_mount(self) -> None:
        """Begin with the keys of the place where help was asked."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()
        self._narrow("")

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Other words, other rows."""
        self._narrow(event.value)

    @on(Input.Submitted)
    def accept(self) -> None:
        """Do it."""
        key = self.query_one(KeyRows).selected
        self.dismiss(None if key is None else str(key))

    @on(Rows.Chosen)
    def clicked(self, message: Rows.Chosen) -> None:
        """A second click does it too."""
        self.dismiss(str(message.key))

    @on(Rows.Moved)
    def moved(self) -> None:
        """The sentence in full."""
        item = self.query_one(KeyRows).selected_item
        self.query_one("#whole", Words).show([(item.help, "dim")] if isinstance(item, Action) else [])

    def action_move(self, step: int) -> None:
        """Up or down."""
        self.query_one(KeyRows).action_move(step)

    def action_page(self, step: int) -> None:
        """A page up or down."""
        self.query_one(KeyRows).action_page(step)

    def _narrow(self, words: str) -> None:
        wanted = words.casefold().split()
        rows: list[Action | Where] = []
        writes = self.here in (Where.chat, Where.messages, Where.ticket)
        first = [self.here, *(keys.around(self.here) - {self.here, Where.anywhere})]
        first += [Where.composer] if writes else []
        for where in [*first, *(where for where in Where if where not in first)]:
            fitting = [
                action
                for action in self.table
                if action.where is where
                and all(
                    word in f"{action.label} {action.help} {' '.join(action.keys)}".casefold()
                    for word in wanted
                )
            ]
            if fitting:
                rows += [where, *fitting]
        table = self.query_one(KeyRows)
        table.show(rows)
        self.query_one(".dialog-title", Words).show(
            _title(HOW if rows else "No key does that, Escape goes back")
        )
        table.action_edge(-1)
        self.moved()
