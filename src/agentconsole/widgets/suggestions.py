"""The canned replies that fit the shortcut being typed, in a few rows above the composer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agentconsole.protocol import CannedCard
from agentconsole.widgets.paint import Cell, column, widest
from agentconsole.widgets.rows import Rows

MOST = 5


class Suggestions(Rows[CannedCard], can_focus=False):
    """There while there is something to complete; the composer's arrows move its cursor."""

    LIT = True
    DEFAULT_CSS = "Suggestions { height: 1; background: $panel; display: none; }"

    def offer(self, cards: Sequence[CannedCard]) -> None:
        """Show these, or nothing."""
        self.display = bool(cards)
        self.styles.height = min(MOST, len(cards))
        self.show(cards)

    def hide(self) -> None:
        """Nothing to complete any more."""
        self.offer([])

    def key_of(self, item: CannedCard) -> int:
        """The reply's id."""
        return item.id

    def measure(self, items: Sequence[CannedCard]) -> tuple[int, ...]:
        """The cells of the shortcuts."""
        return (min(widest(card.shortcut for card in items), 16),)

    def draw(self, item: CannedCard, line: int, width: int) -> Iterable[Cell]:
        """Shortcut and the beginning of the text."""
        return [
            (f" /{column(item.shortcut, *self.widths)} ", "key"),
            (item.text.replace("\n", " "), "dim"),
        ]
