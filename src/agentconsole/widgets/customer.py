"""The customer card beside a chat: who this is, where they are, what was before, what we noted."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget

from agentconsole import narrate, text, ticket_words
from agentconsole.protocol import ChatCard, CustomerCard, Person
from agentconsole.widgets.paint import Cell
from agentconsole.widgets.words import Words

LOADING = "looking …"
FIRST_LINE = 100  # cells of an earlier chat's first line; a pasted address would fill the card
PAGE = 160  # cells of the page's title or address, which would fill it too


class Customer(Widget):
    """Facts of the chat's card at once; the history as soon as it has come."""

    DEFAULT_CSS = """
    Customer { width: 32; background: $surface; padding: 0 1; }
    Customer Words { background: $surface; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.words = Words()

    def compose(self) -> ComposeResult:
        """One column of words that can be scrolled."""
        with VerticalScroll(can_focus=False):
            yield self.words

    def show(
        self,
        card: ChatCard | None,
        department: str,
        history: CustomerCard | str,
        learners: Sequence[str] = (),
    ) -> None:
        """Show a chat's customer; ``history`` is the card from the server, or a sentence instead of it;
        ``learners`` watch openly."""
        if card is None:
            self.words.show([])
            return
        cells: list[Cell] = [(narrate.name(card.name), "strong")]
        for label, value in (
            ("mail", card.email or "none given"),
            ("department", department),
            ("topic", card.topic),
            ("language", card.language),
            ("page", _short(narrate.page(card), PAGE)),
            ("", _short(card.page, PAGE) if card.page_title else ""),
            ("traffic", "drill: a simulated visitor" if card.drill else ""),
            ("answers", card.owner_name),
            ("joined", _names(card.guests)),
            ("invited", _names(card.invited)),
            ("learning", ", ".join(learners)),
        ):
            if value:
                cells += [(f"\n{label} ".replace("\n ", "\n") if label else "\n", "dim"), (value, "")]
        cells += (
            _history(history, card.chat) if isinstance(history, CustomerCard) else [(f"\n\n{history}", "dim")]
        )
        self.words.show(cells)


def _names(people: Sequence[Person]) -> str:
    return ", ".join(person.name for person in people)


def _history(history: CustomerCard, chat: int) -> list[Cell]:
    cells: list[Cell] = []
    if history.notes:
        cells.append(("\n\nNotes", "head"))
    for note in history.notes:
        cells += [(f"\n{_day(note.at)} {note.author} ", "dim"), (note.text, "")]
    earlier = [past for past in history.chats if past.chat != chat]
    cells.append(("\n\nEarlier chats" if earlier else "\n\nNo earlier chats", "head"))
    for past in earlier:
        facts = [narrate.OUTCOMES[past.outcome]] if past.outcome else []
        facts += [narrate.RATINGS[past.rating]] if past.rating else []
        cells += [
            (f"\n{_day(past.started_at)} {', '.join(facts) or past.state.value} ", "dim"),
            (_short(past.first_line, FIRST_LINE), ""),
        ]
    if history.tickets:
        cells.append(("\n\nTickets", "head"))
    for ticket in history.tickets:
        state = ticket_words.STATUSES[ticket.status]
        cells += [(f"\n#{ticket.ticket} {state} ", "dim"), (ticket.subject, "")]
    if history.left:
        cells.append(("\n\nLeft messages", "head"))
    for left in history.left:
        state = f"handled by {left.handled_by}" if left.handled_by else "not handled"
        cells += [
            (f"\n{_day(left.at)} {state} ", "dim"),
            (f"{left.topic} · {left.text}" if left.topic else left.text, ""),
        ]
    return cells


def _short(words: str, cells: int) -> str:
    return text.cut(text.clean(words), cells)


def _day(at: int) -> str:
    return time.strftime("%d %b %Y", time.localtime(at / 1000))
