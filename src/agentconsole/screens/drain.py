"""The dialog of who wants to stop: my running chats, each with one key to hand it over, and offline at the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from agentconsole import narrate
from agentconsole.actions import Actions
from agentconsole.protocol import State
from agentconsole.store import Store
from agentconsole.views import Mine
from agentconsole.widgets.paint import Cell, column
from agentconsole.widgets.queue_list import state_of
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words

ROWS = 8


class Chosen(NamedTuple):
    """What to do next, and with which chat; the deed is an action's id, or open."""

    deed: str
    chat: int = 0


class ToMove(Rows[Mine]):
    """My chats: what is up with each, and where it is going."""

    def key_of(self, item: Mine) -> int:
        """The chat's id."""
        return item.card.chat

    def draw(self, item: Mine, line: int, width: int) -> Iterable[Cell]:
        """State, visitor, what about."""
        card, wide = item.card, width >= 50
        to = f"to {card.offer_name or 'a department'}" if card.offer_until else ""
        moving = f"offered {to}" if to and wide else to
        return [
            (column(f" {moving or state_of(item)}", 22 if wide else 12) + " ", "accent" if moving else ""),
            (column(narrate.name(card.name), max(8, min(18, width // 3))) + " ", "strong"),
            (narrate.topic_and_line(card), "dim"),
        ]


class DrainDialog(ModalScreen["Chosen | None"]):
    """Lists what must move before one is gone; it follows the store while it stands. None when it is put away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", show=False),
        Binding("enter", "pick('open')", "Open", show=False),
        Binding("h", "pick('transfer')", "Hand over", show=False),
        Binding("z", "pick('release')", "Into the queue", show=False),
        Binding("c", "pick('close')", "Close", show=False),
        Binding("o", "pick('offline')", "Offline", show=False),
    ]

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__()
        self.store = store
        self.actions = actions
        self.heading = Words(classes="dialog-title")
        self.rows = ToMove(id="to-move")
        self.hints = Words()

    def compose(self) -> ComposeResult:
        """How many, which, what to press."""
        with Vertical(classes="dialog -tall"):
            yield self.heading
            yield Words([("No new chats come to you.", "dim")], classes="dialog-text")
            yield self.rows
            yield self.hints

    def on_mount(self) -> None:
        """Follow what happens to the chats."""
        self.follow()
        self.rows.focus()
        self.set_interval(0.5, self.follow)

    def follow(self) -> None:
        """Bring the list up to date; what looks the same is not painted."""
        mine = self._mine()
        self.rows.styles.height = max(1, min(ROWS, len(mine)))
        self.rows.show(mine)
        many = f"{len(mine)} chat{'s' if len(mine) > 1 else ''} must be finished or handed over"
        self.heading.show([(many if mine else "All your chats are done", "strong")])
        keys = (
            [("h", " hand over  "), ("z", " into the queue  "), ("c", " close  "), ("Enter", " open  ")]
            if mine
            else [("o", " go offline  ")]
        )
        cells: list[Cell] = [("\n", "")]
        for key, label in [*keys, ("Esc", " keep on")]:
            cells += [(key, "key"), (label, "dim")]
        self.hints.show(cells)

    def _mine(self) -> list[Mine]:
        return [
            row
            for row in self.store.mine()
            if self.store.is_mine(row.card.chat) and row.card.state is not State.wrapup
        ]

    def action_pick(self, deed: str) -> None:
        """A key was pressed for the chat under the cursor."""
        if deed == "offline":
            if not self._mine():
                self.dismiss(Chosen(deed))
        elif chat := int(self.rows.selected or 0):
            self.dismiss(Chosen(deed, chat))
