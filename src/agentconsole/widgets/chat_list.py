"""My chats: a list at the side where there is room, a strip of tabs where there is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from agentconsole import narrate, text
from agentconsole.handover import seconds_left
from agentconsole.narrate import duration
from agentconsole.offers import Offered
from agentconsole.protocol import State
from agentconsole.views import Mine
from agentconsole.widgets.paint import Cell, Painted, ends
from agentconsole.widgets.rows import Rows

TAB_CELLS = 14
STEP_MS = 10_000


@dataclass(frozen=True, slots=True)
class Tab:
    """One of my chats as it stands in the list: ``mark`` tells its state in one sign."""

    chat: int
    number: int
    name: str
    mark: str
    ink: str
    note: str
    last: str


def tabs(
    mine: Sequence[Mine], lasts: Mapping[int, str], viewed: Sequence[Tab], now: int, me: int
) -> list[Tab]:
    """My chats in their order with what was said last, then those I only view; ``now`` is the server's clock."""
    rows = []
    for number, chat in enumerate(mine, 1):
        card = chat.card
        mark, ink, note = " ", "", ""
        if chat.failed:
            mark, ink, note = "!", "bad", "refused"
        elif card.state is State.wrapup:
            left = max(0, card.due_at - now) // 1000
            mark, ink, note = "✓", "dim", f"closed {left} s" if left else "closed"
        elif chat.unread:
            mark, ink, note = str(min(chat.unread, 9)), "accent", f"{chat.unread} new"
        elif card.help_at:
            mark, ink, note = "H", "bad", "help called"
        elif card.offer_until:
            mark, ink, note = "→", "warn", f"offered {seconds_left(card.offer_until, now)}"
        elif card.lost_at:
            mark, ink, note = "~", "bad", "away"
        elif chat.needs_since:
            mark, ink, note = "?", "warn", "answer"
        elif chat.draft:
            mark, ink, note = "✎", "dim", "draft"
        elif card.owner != me:
            mark, ink, note = "+", "dim", "joined"
        if chat.needs_since and not chat.failed and card.state is not State.wrapup:
            note = f"{note} {_waited(now - chat.needs_since)}".strip()
        last = lasts.get(card.chat) or card.topic or card.first_line
        rows.append(Tab(card.chat, number, narrate.name(card.name), mark, ink, note, last))
    return [*rows, *viewed]


def offered_tab(row: Offered, now: int) -> Tab:
    """A chat that is offered to me: how long still, and what it is about."""
    card = row.card
    note = f"offered {seconds_left(row.until, now)}" if row.until else "invited"
    return Tab(card.chat, 0, narrate.name(card.name), "⇒", "warn", note, card.topic or card.first_line)


def _waited(ms: int) -> str:
    """How long an answer has been wanted, in steps of ten seconds: it must not change the row every second."""
    return duration(ms // STEP_MS * STEP_MS) if ms >= STEP_MS else ""


class ChatOpened(Message):
    """A chat was chosen from the list or the strip."""

    def __init__(self, chat: int) -> None:
        super().__init__()
        self.chat = chat


class ChatList(Rows[Tab], can_focus=False):
    """My chats, two rows each: name and what is up, then what it is about."""

    LINES = 2

    def key_of(self, item: Tab) -> int:
        """The chat's id."""
        return item.chat

    def draw(self, item: Tab, line: int, width: int) -> Iterable[Cell]:
        """Number, name and note, then the topic."""
        if line:
            return [("   ", ""), (item.last, "dim")]
        number = str(item.number) if 0 < item.number < 10 else " "
        left: list[Cell] = [(f" {number} ", "key"), (item.name, "strong")]
        return ends(left, [(f"{item.note or item.mark} ", item.ink)], width)

    def on_click(self, event: events.Click) -> None:
        """One click opens."""
        index = (event.y + self.scroll_offset.y) // self.LINES
        if 0 <= index < len(self.items):
            self.post_message(ChatOpened(self.items[index].chat))


class ChatStrip(Painted):
    """My chats in one row; the one on screen is in view, the others around it."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.items: Sequence[Tab] = ()
        self.current = 0

    def show(self, items: Sequence[Tab], current: int) -> None:
        """Replace the tabs; painted only if they look different."""
        if [*map(_look, items)] != [*map(_look, self.items)] or current != self.current:
            self.items, self.current = items, current
            self.refresh()

    def cells(self, y: int, width: int) -> Iterable[Cell]:
        """As many tabs as fit, the current one among them."""
        return [cell for _, cells in self._shown(width) for cell in cells]

    def on_click(self, event: events.Click) -> None:
        """Open the tab under the mouse."""
        start = 0
        for chat, cells in self._shown(self.size.width):
            start += sum(text.width(words) for words, _ in cells)
            if event.x < start:
                if chat:
                    self.post_message(ChatOpened(chat))
                return

    def _shown(self, width: int) -> list[tuple[int, list[Cell]]]:
        drawn = [(tab.chat, self._tab(tab)) for tab in self.items]
        first = 0
        at = next((index for index, (chat, _) in enumerate(drawn) if chat == self.current), 0)
        while first < at and _cells(drawn[first : at + 1]) > width - 4:
            first += 1
        more: list[tuple[int, list[Cell]]] = [(0, [("… ", "dim")])] if first else []
        return [*more, *drawn[first:]]

    def _tab(self, tab: Tab) -> list[Cell]:
        on = tab.chat == self.current
        name = text.cut(text.clean(tab.name), TAB_CELLS)
        number = f" {tab.number} " if 0 < tab.number < 10 else " "
        mark = f"{tab.mark} " if tab.mark.strip() else ""
        return [
            (number, "on" if on else "key"),
            (f"{name} ", "on" if on else ""),
            (mark, "on" if on else tab.ink),
            (" ", ""),
        ]


def _look(tab: Tab) -> tuple[object, ...]:
    return tab.chat, tab.number, tab.name, tab.mark


def _cells(drawn: Sequence[tuple[int, list[Cell]]]) -> int:
    return sum(text.width(words) for _, cells in drawn for words, _ in cells)
