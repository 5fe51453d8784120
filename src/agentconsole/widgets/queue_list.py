"""The queue as a list: what is offered to me, who waits, how long, what they want, what they are typing; below it my own chats."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from agentconsole import narrate
from agentconsole.handover import seconds_left
from agentconsole.narrate import duration, topic_and_line
from agentconsole.offers import Offered
from agentconsole.protocol import ChatCard, State
from agentconsole.views import Mine, Waiting
from agentconsole.widgets.paint import Cell, column
from agentconsole.widgets.rows import Rows

LONG_WAIT_MS = 5 * 60_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. A heading has no card; ``note`` is the wait of a waiting chat or what is up with one of mine,
    ``lead`` what must be known before its topic."""

    card: ChatCard | None
    note: str = ""
    department: str = ""
    preview: str = ""
    urgent: bool = False
    mine: bool = False
    heading: str = ""
    lead: str = ""


def entries(
    waiting: Sequence[Waiting],
    mine: Sequence[Mine],
    departments: Mapping[int, str],
    offers: Sequence[Entry] = (),
    calls: Sequence[Entry] = (),
    me: int = 0,
    ringing: Collection[int] = (),
) -> list[Entry]:
    """The rows of the screen: what is offered to me, who calls for help, who waits, my own chats.

    ``ringing`` are the departments whose chats ring with everybody.
    """
    rows = [Entry(None, heading=f"Offered to you {len(offers)}"), *offers] if offers else []
    rows += [Entry(None, heading=f"Calls for help {len(calls)}"), *calls] if calls else []
    if waiting:
        rows.append(Entry(None, heading=f"Waiting {len(waiting)}"))
    rows += [_waiting(row, departments, me, row.card.department in ringing) for row in waiting]
    if mine:
        rows.append(Entry(None, heading=f"My chats {len(mine)}"))
    rows += [_mine(row, departments) for row in mine]
    return rows


def offer(row: Offered, words: str, departments: Mapping[int, str], now: int) -> Entry:
    """A chat that waits for my yes or no; ``words`` say who wants what, ``now`` is the server's clock."""
    left = f"{seconds_left(row.until, now)} left" if row.until else "invited"
    return Entry(row.card, left, departments.get(row.card.department, ""), urgent=True, lead=f"⇒ {words}")


def call(card: ChatCard, departments: Mapping[int, str], now: int) -> Entry:
    """A chat whose agent calls for a supervisor; ``now`` is the server's clock."""
    lead = f"H {card.owner_name or 'an agent'} calls"
    return Entry(
        card, duration(now - card.help_at), departments.get(card.department, ""), urgent=True, lead=lead
    )


def _waiting(row: Waiting, departments: Mapping[int, str], me: int, rings: bool) -> Entry:
    card = row.card
    leads = ["rings"] if rings else []
    leads += [f"{card.priority:+}"] if card.priority else []
    if card.wanted:
        leads.append("for you" if card.wanted == me else f"for {card.wanted_name}")
    return Entry(
        card,
        duration(row.wait_ms),
        departments.get(card.department, ""),
        row.preview,
        urgent=row.wait_ms >= LONG_WAIT_MS,
        lead=" ".join(leads),
    )


def _mine(row: Mine, departments: Mapping[int, str]) -> Entry:
    department = departments.get(row.card.department, "")
    return Entry(row.card, state_of(row), department, urgent=bool(row.failed or row.unread), mine=True)


def _first(note: str, width: int) -> str:
    """The first column of a row ``width`` cells wide."""
    return column(note, 11) if width >= 60 else column(note.removesuffix(" left"), 8)


def state_of(chat: Mine) -> str:
    """What is up with one of my chats, in a word or two."""
    if chat.failed:
        return "! refused"
    if chat.card.state is State.wrapup:
        return "wrap-up"
    if chat.unread:
        return f"{chat.unread} new"
    if chat.card.help_at:
        return "help called"
    if chat.card.offer_until:
        return "offered"
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
            (_first(item.note, width), "warn" if item.urgent else ""),
        ]
        if width >= 60:
            cells.append((column(item.department, min(18, width // 8)) + " ", "dim"))
        cells.append((column(narrate.name(card.name), min(22, max(10, width * 3 // 16))) + " ", "strong"))
        if card.drill:
            cells.append(("drill " if width >= 60 else "d ", "dim"))
        if card.lost_at:
            cells.append(("away " if width >= 60 else "~ ", "bad"))
        if item.lead:
            cells.append((f"{item.lead}  ", "warn"))
        if item.preview:
            cells.append((f"✎ {item.preview}", "typing"))
        else:
            cells.append((topic_and_line(card), ""))
        return cells
