"""The queue as a list: who waits, how long, what they want, what they are typing; below it my own chats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agentconsole import narrate
from agentconsole.narrate import duration, topic_and_line
from agentconsole.protocol import ChatCard, State
from agentconsole.views import Mine, Waiting
from agentconsole.widgets.paint import Cell, column
from agentconsole.widgets.rows import Rows

LONG_WAIT_MS = 5 * 60_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. A heading has no card; ``note`` is the wait of a waiting chat or what is up with one of mine."""

    card: ChatCard | None
    note: str = ""
    department: str = ""
    preview: str = ""
    urgent: bool = False
    mine: bool = False
    heading: str = ""


def entries(
    waiting: Sequence[Waiting], mine: Sequence[Mine], departments: Mapping[int, str], now: int
) -> list[Entry]:
    """The rows of the screen; ``now`` is the server's clock."""
    rows = [Entry(None, heading=f"Waiting {len(waiting)}")] if waiting else []
    rows += [_waiting(row, departments) for row in waiting]
    if mine:
        rows.append(Entry(None, heading=f"My chats {len(mine)}"))
    rows += [_mine(row, departments) for row in mine]
    return rows


def _waiting(row: Waiting, departments: Mapping[int, str]) -> Entry:
    department = departments.get(row.card.department, "")
    return Entry(row.card, duration(row.wait_ms), department, row.preview, urgent=row.wait_ms >= LONG_WAIT_MS)


def _mine(row: Mine, departments: Mapping[int, str]) -> Entry:
    department = departments.get(row.card.department, "")
    return Entry(row.card, state_of(row), department, urgent=bool(row.failed or row.unread), mine=True)


def state_of(chat: Mine) -> str:
    """What is up with one of my chats, in a word or two."""
    if chat.failed:
        return "! refused"
    if chat.card.state is State.wrapup:
        return "wrap-up"
    if chat.unread:
        return f"{chat.unread} new"
    if chat.draft:
        return "draft"
    return "waits" if chat.needs_since else "running"


class QueueList(Rows[Entry]):
    """Headings, waiting chats, my chats."""

    def key_of(self, item: Entry) -> int | None:
        """The chat's id."""
        return item.card.chat if item.card else None

    def draw(self, item: Entry, line: int, width: int) -> Iterable[Cell]:
        """One row in as many columns as fit."""
        if item.card is None:
            return [(f" {item.heading} ", "head"), ("─" * (width - len(item.heading) - 3), "rule")]
        card = item.card
        cells: list[Cell] = [
            ("!" if item.urgent and not item.mine else " ", "warn"),
            (column(item.note, 11 if width >= 60 else 8), "warn" if item.urgent else ""),
        ]
        if width >= 60:
            cells.append((column(item.department, min(18, width // 7)) + " ", "dim"))
        cells.append((column(narrate.name(card.name), min(22, max(10, width // 5))) + " ", "strong"))
        if card.drill:
            cells.append(("drill " if width >= 60 else "d ", "dim"))
        if card.lost_at:
            cells.append(("away " if width >= 60 else "~ ", "bad"))
        if item.preview:
            cells.append((f"✎ {item.preview}", "typing"))
        else:
            cells.append((topic_and_line(card), ""))
        return cells
