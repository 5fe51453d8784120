"""The canned replies that fit the shortcut being typed, in a few rows above the composer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agentconsole.protocol import CannedCard
from agentconsole.widgets.paint import Cell, column
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

    def draw(self, item: CannedCard, line: int, width: int) -> Iterable[Cell]:
        """Shortcut and the beginning of the text."""
        widest = max(len(card.shortcut) for card in self.items)
        return [
            (f" /{column(item.shortcut, min(widest, 16))} ", "key"),
            (item.text.replace("\n", " "), "dim"),
        ]
