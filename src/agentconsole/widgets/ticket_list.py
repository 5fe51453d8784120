"""A list of tickets of which only stretches are here, so that a hundred thousand scroll like ten, and the filters beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from textual.geometry import Size
from textual.message import Message

from agentconsole import text, ticket_words
from agentconsole.protocol import TicketCard, TicketPriority, TicketStatus
from agentconsole.tickets import overdue
from agentconsole.widgets.paint import Cell, column, ends
from agentconsole.widgets.rows import Key, Rows

TWO_ROWS_BELOW = 72  # cells: narrower than this a ticket takes two rows
DUE_CELLS = 15
NUMBER_CELLS = 7
MARKS = {
    TicketStatus.new: ("•", "accent"),
    TicketStatus.open: ("○", ""),
    TicketStatus.waiting: ("…", "dim"),
    TicketStatus.hold: ("‖", "dim"),
    TicketStatus.solved: ("✓", "dim"),
    TicketStatus.closed: ("✓", "dim"),
}
PRESSURE = {TicketPriority.urgent: "!!", TicketPriority.high: "!", TicketPriority.low: "↓"}


class TicketList(Rows[TicketCard | None]):
    """Places of a list; a place whose ticket is not here is drawn empty, and asked for."""

    class Missing(Message):
        """Places are on the screen whose tickets are not here."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.now = 0  # the server's clock
        self.me = 0
        self.written: frozenset[int] = frozenset()  # tickets with a draft of mine
        self._drawn: tuple[object, ...] = ()
        self._asked = False

    @property
    def LINES(self) -> int:  # type: ignore[override]
        """One row a ticket where it is wide enough, else two."""
        return 1 if self.size.width >= TWO_ROWS_BELOW else 2

    def key_of(self, item: TicketCard | None) -> Key:
        """The ticket's number; 0 for one that is not here."""
        return item.ticket if item else 0

    # --- what is shown ---

    def show(self, items: Sequence[TicketCard | None]) -> None:
        """Show a list; the cursor stays on its ticket, or at its place."""
        self._asked = False
        same = items is self.items
        key, place = (self._key if same else 0), self.cursor
        self.items = items
        if not same:
            place = 0
            self.scroll_to(y=0, animate=False, immediate=True)
        self.cursor = self._find(key, place)
        size = Size(self.size.width, len(items) * self.LINES)
        if size != self.virtual_size:
            self.virtual_size = size
        if self.selected != key or not same:
            self._key = self.selected or 0
            self.post_message(self.Moved(self, self.selected))
        if self.cursor != place:
            self._scroll_to_cursor()
        self.look()

    _key: Key = 0

    def look(self) -> None:
        """Draw again if anything in view looks different now."""
        first, behind = self.in_view
        drawn = (self.cursor, first, len(self.items), self.size, self.written, *self._signs(first, behind))
        if drawn != self._drawn:
            self._drawn = drawn
            self.refresh()

    def _signs(self, first: int, behind: int) -> Iterable[object]:
        for place in range(first, behind):
            card = self.items[place]
            yield card and (card, ticket_words.due(card, self.now))

    @property
    def in_view(self) -> tuple[int, int]:
        """The places on the screen: the first, and the first behind them."""
        first = self.scroll_offset.y // self.LINES
        rows = max(1, self.scrollable_content_region.height // self.LINES + 1)
        return min(first, len(self.items)), min(first + rows, len(self.items))

    def select(self, key: Key) -> bool:
        """Put the cursor on this ticket; False if it is not here."""
        place = self._place(key)
        if place is None:
            return False
        self._put(place)
        return True

    def _place(self, key: Key) -> int | None:
        places: dict[int, int] = getattr(self.items, "places", {})
        place = places.get(int(key)) if key else None
        return place if place is not None and place < len(self.items) else None

    def _find(self, key: Key | None, place: int) -> int:
        if not self.items:
            return -1
        found = self._place(key) if key else None
        return min(len(self.items) - 1, max(0, place)) if found is None else found

    def _put(self, index: int) -> None:
        super()._put(index)
        self._key = self.selected or 0

    def action_move(self, step: int) -> None:
        """Up or down."""
        self._put(min(len(self.items) - 1, max(0, self.cursor + step)))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other places came into view."""
        super().watch_scroll_y(old_value, new_value)
        self.refresh()

    def on_resize(self, event: Any) -> None:
        """One row a ticket or two."""
        super().on_resize(event)
        self.refresh()

    # --- drawing ---

    def draw(self, item: TicketCard | None, line: int, width: int) -> Iterable[Cell]:
        """One ticket in as many columns as fit."""
        if item is None:
            if not self._asked:
                self._asked = True
                self.post_message(self.Missing())
            return [("  …", "dim")] if line == 0 else ()
        if self.LINES == 2:
            return self._upper(item, width) if line == 0 else self._lower(item, width)
        return self._whole(item, width)

    def _lead(self, card: TicketCard) -> list[Cell]:
        """The sign at the left edge: late beats all."""
        if overdue(card, self.now):
            return [("! ", "bad")]
        sign, ink = MARKS[card.status]
        return [(f"{sign} ", ink)]

    def _subject(self, card: TicketCard) -> list[Cell]:
        pressure = PRESSURE.get(card.priority, "")
        cells: list[Cell] = [(f"{pressure} ", "warn")] if pressure else []
        if card.ticket in self.written:
            cells.append(("✎ ", "note"))
        if card.drill:
            cells.append(("drill ", "dim"))
        at_rest = card.status in (TicketStatus.solved, TicketStatus.closed)
        return [*cells, (card.subject or card.first_line or "no subject", "dim" if at_rest else "")]

    def _holder(self, card: TicketCard) -> Cell:
        if not card.assignee:
            return "–", "dim"
        return ("you", "accent") if card.assignee == self.me else (card.assignee_name, "dim")

    def _whole(self, card: TicketCard, width: int) -> list[Cell]:
        words, ink = ticket_words.due(card, self.now)
        name = min(24, max(12, width // 6))
        holder, holder_ink = self._holder(card)
        left: list[Cell] = [
            *self._lead(card),
            (column(f"#{card.ticket}", NUMBER_CELLS) + " ", "dim"),
            (column(words or ticket_words.STATUSES[card.status], DUE_CELLS) + " ", ink),
            (column(ticket_words.who(card), name) + " ", "strong"),
            *self._subject(card),
        ]
        return ends(left, [(text.cut(text.clean(holder), 10) + " ", holder_ink)], width)

    def _upper(self, card: TicketCard, width: int) -> list[Cell]:
        words, ink = ticket_words.due(card, self.now)
        left: list[Cell] = [*self._lead(card), (ticket_words.who(card), "strong")]
        return ends(left, [(f"{words or ticket_words.STATUSES[card.status]} ", ink)], width)

    def _lower(self, card: TicketCard, width: int) -> list[Cell]:
        holder, ink = self._holder(card)
        left: list[Cell] = [("  ", ""), (f"#{card.ticket} ", "dim"), *self._subject(card)]
        return ends(left, [(text.cut(text.clean(holder), 10) + " ", ink)], width)


@dataclass(frozen=True, slots=True)
class FilterRow:
    """A filter: ``key`` tells it apart, ``count`` is how many tickets it has (-1 = nobody knows); no key: a heading."""

    key: str
    name: str
    count: int = -1
    urgent: bool = False


class FilterList(Rows[FilterRow], can_focus=False):
    """The filters one below the other; the one in use stands out."""

    LIT = True

    class Picked(Message):
        """A filter was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def key_of(self, item: FilterRow) -> str | None:
        """Its own key."""
        return item.key or None

    def draw(self, item: FilterRow, line: int, width: int) -> Iterable[Cell]:
        """Name, and how many at the right end."""
        if not item.key:
            return [(f" {item.name}", "head")]
        count = f"{item.count:,} " if item.count >= 0 else ""
        ink = "bad" if item.urgent else "dim"
        return (
            ends([(f"  {item.name}", "")], [(count, ink)] if count else [], width)
            if count
            else [(f"  {item.name}", "")]
        )

    def on_click(self, event: Any) -> None:
        """One click is enough."""
        index = event.y + self.scroll_offset.y
        if 0 <= index < len(self.items) and (key := self.key_of(self.items[index])):
            self.post_message(self.Picked(key))
