"""What rules tell other systems: calls that are to be made, and how far each has got."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from .ticket_tables import webhook_out


class Webhook(msgspec.Struct, frozen=True):
    """A call: ``key`` is the same at every try. Times are UTC milliseconds; ``next_at`` 0 = is not tried any more.

    ``answer`` is what came of the last try, in words; ``sent_at`` 0 = it was never taken.
    """

    id: int
    url: str
    body: str
    at: int
    key: str = ""
    rule: int = 0
    ticket: int = 0
    chat: int = 0
    tries: int = 0
    next_at: int = 0
    sent_at: int = 0
    answer: str = ""


def add(connection: Connection, new: Webhook) -> None:
    """Put a call into the queue, to be made at once."""
    values = {**msgspec.structs.asdict(new), "key": secrets.token_hex(16), "next_at": new.at}
    del values["id"]
    connection.execute(insert(webhook_out).values(values))


def due(connection: Connection, now: int, limit: int) -> list[Webhook]:
    """The calls that are to be made, longest waiting first."""
    query = (
        select(webhook_out)
        .where(webhook_out.c.next_at > 0, webhook_out.c.next_at <= now)
        .order_by(webhook_out.c.next_at, webhook_out.c.id)
        .limit(limit)
    )
    return [_webhook(row) for row in connection.execute(query)]


def one(connection: Connection, key: int) -> Webhook | None:
    """A call by its id."""
    row = connection.execute(select(webhook_out).where(webhook_out.c.id == key)).one_or_none()
    return _webhook(row) if row else None


def save(connection: Connection, changed: Webhook) -> None:
    """Write how far a call has got."""
    values = msgspec.structs.asdict(changed)
    del values["id"]
    connection.execute(update(webhook_out).where(webhook_out.c.id == changed.id).values(values))


def _webhook(row: Any) -> Webhook:
    return Webhook(**row._mapping)
