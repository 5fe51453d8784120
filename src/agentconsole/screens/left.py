"""The left messages: what visitors wrote while nobody could answer, to be read and marked as handled."""

from __future__ import annotations

import time
from collections.abc import Iterable

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll

from agentconsole import narrate
from agentconsole.actions import Actions
from agentconsole.protocol import LeftCard
from agentconsole.screens.listing import Listing
from agentconsole.store import Store
from agentconsole.views import Topic
from agentconsole.widgets.paint import Cell, column
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words


class LeftList(Rows[LeftCard]):
    """Open messages first, oldest on top; below them those handled today."""

    def key_of(self, item: LeftCard) -> int:
        """The message's id."""
        return item.id

    def draw(self, item: LeftCard, line: int, width: int) -> Iterable[Cell]:
        """Mark, time, who, beginning."""
        done = bool(item.handled_at)
        ink = "dim" if done else ""
        cells: list[Cell] = [(" ✓ " if done else " • ", "good" if done else "warn")]
        if width >= 50:
            cells.append((moment(item.at) + " ", "dim"))
        cells.append((column(item.name or item.email, min(24, max(10, width // 4))) + " ", ink or "strong"))
        if item.drill:
            cells.append(("drill ", "dim"))
        if item.topic:
            cells.append((f"{item.topic} · ", ink))
        cells.append((item.text.replace("\n", " "), ink))
        return cells


class LeftView(Listing):
    """List and reading pane."""

    topics = frozenset({Topic.left, Topic.synced, Topic.departments})

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions, LeftList(id="left-list"), id="left")
        self.letter = Words(id="message")

    def compose(self) -> ComposeResult:
        """The list, and the whole message beside or below it."""
        yield self.rows
        yield Words(
            [
                ("No left messages.", "strong"),
                ("\nWhat visitors write while nobody can answer stands here.", "dim"),
            ],
            id="none-left",
        )
        with VerticalScroll(id="reading"):
            yield self.letter

    def on_mount(self) -> None:
        """Draw what is known already."""
        self.redraw(self.actions.clock())

    def tick(self, now: int) -> None:
        """Nothing here changes with time alone."""

    def redraw(self, now: int) -> None:
        """Bring list and pane up to date."""
        cards = sorted(self.store.left.values(), key=lambda card: (bool(card.handled_at), card.at, card.id))
        self.rows.show(cards)
        self.set_class(not cards, "-nothing")
        self._read()

    @on(Rows.Moved)
    def moved(self) -> None:
        """Another message under the cursor."""
        self._read()

    def _read(self) -> None:
        card = self.store.left.get(self.selected)
        self.letter.show(self._letter(card) if card else [])

    def _letter(self, card: LeftCard) -> list[Cell]:
        cells: list[Cell] = [(narrate.name(card.name), "strong"), (f"  {card.email}", "accent")]
        cells.append((f"\n{moment(card.at)}  {self.store.department_name(card.department)}", "dim"))
        if card.topic:
            cells.append((f"\nabout {card.topic}", ""))
        if card.page:
            cells.append((f"\nfrom {card.page}", "dim"))
        if card.handled_at:
            cells.append((f"\n✓ handled by {card.handled_by} {moment(card.handled_at)}", "good"))
        if card.drill:
            cells.append(("\ndrill: a simulated visitor", "dim"))
        return [*cells, (f"\n\n{card.text}", "")]


def moment(at: int) -> str:
    """Date and time, in this machine's zone."""
    return time.strftime("%d %b %H:%M", time.localtime(at / 1000))
