"""The life of a ticket's mails, for whoever asks what became of them."""

from __future__ import annotations

from typing import Any

from agentconsole.protocol import MailCard, MailMoved, MailState

from .storage import Connection, arrivals, mails, tickets


def traced(db: Connection, ticket: int) -> list[dict[str, Any]] | None:
    """When each mail was written, what its mail server said, and what came in, oldest first; None = no such ticket.

    Of each row ``mail`` is the mail's number (0 = it came in), ``who`` the other side's address.
    """
    if tickets.one(db, ticket) is None:
        return None
    ours = {card.id: card for card in mails.of_ticket(db, ticket)}
    rows = [_row(card.at, card.id, "queued", card.to, card.kind.value) for card in ours.values()]
    for line in tickets.log(db, ticket):
        if isinstance(line.what, MailMoved):
            card = ours.get(line.what.mail)
            to = card.to if card else ""
            rows.append(_row(line.at, line.what.mail, line.what.state.value, to, line.what.text))
    rows += [
        _row(came.at, 0, "received", came.sender, came.outcome) for came in arrivals.of_ticket(db, ticket)
    ]
    rows.sort(key=lambda row: row["at"])
    return rows + [_now(card) for card in ours.values() if card.next_at or card.state is MailState.sending]


def _now(card: MailCard) -> dict[str, Any]:
    """What is about to happen to a mail."""
    if card.next_at:
        return _row(card.next_at, card.id, "to be sent", card.to, f"try {card.tries + 1}")
    return _row(card.at, card.id, "sending", card.to, f"try {card.tries}")


def _row(at: int, mail: int, state: str, who: str, text: str) -> dict[str, Any]:
    return {"at": at, "mail": mail, "state": state, "who": who, "text": text}
