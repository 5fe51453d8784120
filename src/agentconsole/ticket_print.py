"""Tickets in printed lines: a list as a table with countdowns, and one ticket as a thread."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

from agentconsole import ticket_words
from agentconsole.protocol import (
    Answered,
    Side,
    TicketCard,
    TicketDetail,
    TicketEntry,
    TicketNoted,
    TicketPage,
    Transcribed,
    Wrote,
)
from agentconsole.text import clean, clean_lines, cut, width

HEADS = ("#", "TIME", "STATUS", "PRIORITY", "FOR", "CUSTOMER")
MOST = (10, 16, 9, 8, 14, 22)  # cells; the subject has what is left
LEAST_SUBJECT = 20


def columns() -> int:
    """How wide lines may be: as the terminal is, or as long as they come where there is none."""
    return shutil.get_terminal_size((160, 24)).columns


def table(page: TicketPage, now: int, cells: int) -> str:
    """A page of tickets, one a line."""
    if not page.tickets:
        return "No tickets." if not page.total else f"No more: there are {page.total}."
    rows = [HEADS, *(_row(card, now) for card in page.tickets)]
    widths = [min(most, max(width(row[number]) for row in rows)) for number, most in enumerate(MOST)]
    room = max(LEAST_SUBJECT, cells - sum(widths) - 2 * len(widths))
    subjects = ["SUBJECT", *(cut(clean(card.subject), room) for card in page.tickets)]
    lines = [
        "  ".join([*map(_cell, row, widths), subject]).rstrip()
        for row, subject in zip(rows, subjects, strict=True)
    ]
    more = page.total - len(page.tickets)
    return "\n".join([*lines, *([f"{more} more; there are {page.total}."] if more > 0 else [])])


def _row(card: TicketCard, now: int) -> tuple[str, ...]:
    words = (
        str(card.ticket),
        ticket_words.due(card, now)[0],
        ticket_words.STATUSES[card.status],
        card.priority.value,
        card.assignee_name or "-",
        ticket_words.who(card),
    )
    return tuple(clean(word) for word in words)


def _cell(word: str, cells: int) -> str:
    short = cut(word, cells)
    return short + " " * (cells - width(short))


def thread(detail: TicketDetail, now: int) -> str:
    """A ticket with what happened in it."""
    card = detail.card
    due = ticket_words.due(card, now)[0]
    status = ", ".join(word for word in (ticket_words.STATUSES[card.status], due) if word)
    facts = [
        ("status", status),
        ("priority", card.priority.value),
        ("assignee", card.assignee_name or "nobody"),
        ("customer", " ".join(word for word in (card.name, f"<{card.email}>" if card.email else "") if word)),
        ("tags", ", ".join(card.tags)),
        ("source", card.source),
        ("chat", str(card.chat or "")),
        ("merged into", str(card.merged_into or "")),
        ("follows", str(card.follows or "")),
        ("maybe belongs to", str(card.related or "")),
        ("version", f"{card.version}, last seq {card.seq}"),
    ]
    lines = [f"#{card.ticket}  {clean(card.subject)}"]
    lines += [f"{name}: {clean(value)}" for name, value in facts if value]
    delivered = {mail.seq: ticket_words.delivery(mail) for mail in detail.mails if mail.seq}
    for entry in detail.entries:
        lines += ["", *_entry(entry)]
        if entry.seq in delivered:
            lines.append(f"    mail: {clean(delivered[entry.seq])}")
    return "\n".join(lines)


def _entry(entry: TicketEntry) -> list[str]:
    what = entry.what
    if not isinstance(what, Wrote | Answered | TicketNoted | Transcribed):
        return [f"{_clock(entry)} * {clean(ticket_words.sentence(entry))}"]
    kind = {Answered: "answer", TicketNoted: "PRIVATE NOTE", Transcribed: f"chat {_chat(entry)}"}
    label = kind.get(type(what), "message")
    who = clean(entry.by.name) or ("the customer" if entry.by.side is Side.visitor else "staff")
    lines = [f"{_clock(entry)} {who} ({label})", *(f"    {line}" for line in clean_lines(what.text))]
    files = [] if isinstance(what, Transcribed) else what.files
    size = ticket_words.size
    return [*lines, *(f"    file {file.id}: {clean(file.name)}, {size(file.size)}" for file in files)]


def _chat(entry: TicketEntry) -> int:
    return entry.what.chat if isinstance(entry.what, Transcribed) else 0


def _clock(entry: TicketEntry) -> str:
    at = datetime.fromtimestamp(entry.at / 1_000, UTC).astimezone()
    return f"[{entry.seq}] {at:%Y-%m-%d %H:%M}"
