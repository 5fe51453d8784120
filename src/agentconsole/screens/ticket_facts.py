"""What stands around a ticket: its head, what must be known just now, and the facts beside it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from agentconsole import dates, narrate, ticket_words
from agentconsole.protocol import (
    Answered,
    CustomerCard,
    MailState,
    Role,
    TicketCard,
    TicketPriority,
    TicketStatus,
)
from agentconsole.store import Store
from agentconsole.tickets import overdue
from agentconsole.widgets.paint import Cell

if TYPE_CHECKING:
    from agentconsole.screens.ticket import TicketView

MAIL_NEWS = {
    MailState.failed: "The last answer was NOT SENT",
    MailState.bounced: "The last answer CAME BACK",
    MailState.unknown: "NOBODY KNOWS whether the last answer was sent",
    MailState.deferred: "The last answer is not sent yet and will be tried again",
}


def status_cells(card: TicketCard) -> list[Cell]:
    """Status, and how much it presses if that is unusual."""
    ink = {TicketStatus.new: "accent", TicketStatus.open: "strong"}.get(card.status, "dim")
    words = ticket_words.STATUSES[card.status]
    if card.status is TicketStatus.hold and card.hold_until:
        words += f" till {dates.shown(card.hold_until)}"
    cells: list[Cell] = [(words, ink)]
    if card.priority is not TicketPriority.normal:
        cells.append(
            (f"  {card.priority.value}", "warn" if card.priority is not TicketPriority.low else "dim")
        )
    return cells


def head(card: TicketCard, now: int) -> tuple[list[Cell], list[Cell]]:
    """Both ends of the first row: number and subject; status and countdown. ``now`` is the server's clock."""
    left: list[Cell] = [
        (f" #{card.ticket} ", "dim"),
        (card.subject or card.first_line or "no subject", "strong"),
    ]
    if card.drill:
        left.append(("  drill", "dim"))
    right = [("  ", ""), *status_cells(card)]
    words, ink = ticket_words.due(card, now)
    if card.due_at or overdue(card, now):
        right.append((f"  {'! ' if ink == 'bad' else ''}{words}", ink or "dim"))
    return left, [*right, (" ", "")]


def who_row(store: Store, card: TicketCard, now: int) -> tuple[list[Cell], list[Cell]]:
    """Both ends of the second row: the customer; who works on it, where."""
    left: list[Cell] = [(f" {ticket_words.who(card)}", "accent")]
    if card.name.strip():
        left.append((f" <{card.email}>" if card.email else " (no address)", "dim"))
    if card.tags:
        left.append(("  " + " ".join(f"+{tag}" for tag in card.tags), "staff"))
    me = store.me.user if store.me else 0
    holder = "yours" if card.assignee == me and me else card.assignee_name or "unassigned"
    ink = "good" if holder == "yours" else "warn" if not card.assignee else "dim"
    right: list[Cell] = [(f"  {store.department_name(card.department)}  ", "dim"), (f"{holder} ", ink)]
    return left, right


def banner(view: TicketView) -> list[Cell]:
    """What must be known before anything is written here, the most important first."""
    store, ticket, card = view.store, view.ticket, view.card
    if why := store.tickets.refused.get(ticket):
        return [("! Not sent: ", "bad"), (why, ""), ("  Your text stands below; F9 sends it again.", "dim")]
    if gone := view.vanished.get(ticket):
        names = " and ".join(f"{each.file.name} (it was {each.path})" for each in gone)
        return [("! No longer on the server: ", "bad"), (names, ""), (". u attaches it again.", "dim")]
    if card is not None and card.merged_into:
        return [(f"This ticket was put into #{card.merged_into}: # goes there.", "warn")]
    if view.composer.text.strip() and not view.note and (names := view.unseen):
        return [(f"! {names} wrote meanwhile. ", "bad"), ("Read it before you send.", "")]
    answering = [each.name for each in store.tickets.viewers.get(ticket, []) if each.answering]
    looking = [each.name for each in store.tickets.viewers.get(ticket, []) if not each.answering]
    if answering:
        verb = "is" if len(answering) == 1 else "are"
        return [(f"! {' and '.join(answering)} {verb} answering this ticket.", "warn")]
    if card is not None and card.mail in MAIL_NEWS:
        hint = "  X decides." if store.has_role(card.department, Role.supervisor, Role.admin) else ""
        return [(f"! {MAIL_NEWS[card.mail]}. ", "bad"), (_last_sent(view, card), ""), (hint, "dim")]
    if card is not None and card.related and card.status is TicketStatus.new:
        return [(f"Maybe this belongs to #{card.related}: e merges it.", "warn")]
    if looking:
        return [(f"{' and '.join(looking)} {'looks' if len(looking) == 1 else 'look'} at this too.", "dim")]
    if card is not None and card.status is TicketStatus.closed:
        return [("Closed for good. ", "dim"), ("e", "key"), (" begins a ticket that follows it.", "dim")]
    return []


def _last_sent(view: TicketView, card: TicketCard) -> str:
    thread = view.store.tickets.thread(view.ticket)
    for entry in reversed(thread.entries):
        if isinstance(entry.what, Answered):
            return ticket_words.sent(entry.what, thread.mails.get(entry.what.mail), card.email)
    return ""


def facts(store: Store, card: TicketCard, now: int, history: CustomerCard | str) -> list[Cell]:
    """All that is known of a ticket, one below the other."""
    cells: list[Cell] = [(ticket_words.who(card), "strong")]
    for label, value in (
        ("", card.email if card.name.strip() else ""),
        ("language", card.language),
        ("source", card.source),
        ("written", dates.shown(card.created_at)),
        ("changed", dates.shown(card.updated_at)),
        ("traffic", "drill: a simulated visitor" if card.drill else ""),
    ):
        if value:
            cells += [(f"\n{label} " if label else "\n", "dim"), (value, "")]
    for label, number in (("from chat", card.chat), ("follows", card.follows), ("maybe with", card.related)):
        if number:
            cells += [(f"\n{label} ", "dim"), (f"{'' if label == 'from chat' else '#'}{number}", "accent")]
    if found := ticket_words.clocks(card, now):
        cells.append(("\n\nTime left", "head"))
        for words, ink in found:
            cells.append((f"\n{words}", ink))
    if isinstance(history, str):
        return [*cells, (f"\n\n{history}", "dim")]
    return [*cells, *earlier(card, history)]


def earlier(card: TicketCard, history: CustomerCard) -> list[Cell]:
    """The customer's notes, other tickets and chats."""
    cells: list[Cell] = []
    if history.notes:
        cells.append(("\n\nNotes", "head"))
    for note in history.notes:
        cells += [(f"\n{day(note.at)} {note.author} ", "dim"), (note.text, "")]
    others = [each for each in history.tickets if each.ticket != card.ticket]
    cells.append(("\n\nOther tickets" if others else "\n\nNo other tickets", "head"))
    for each in others:
        cells += [(f"\n#{each.ticket} {ticket_words.STATUSES[each.status]} ", "dim"), (each.subject, "")]
    if history.chats:
        cells.append(("\n\nEarlier chats", "head"))
    for past in history.chats:
        told = narrate.OUTCOMES[past.outcome] if past.outcome else past.state.value
        cells += [(f"\n{day(past.started_at)} {told} ", "dim"), (past.first_line, "")]
    return cells


def day(at: int) -> str:
    """A date, in this machine's zone."""
    return time.strftime("%Y-%m-%d", time.localtime(at / 1000))
