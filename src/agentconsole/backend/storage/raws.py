"""Mails as they came and went, byte for byte; of one that was deleted because of its age nothing is left here (b'')."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import MailState

from .ticket_tables import mail_in, mail_out

_KEPT = text("length(raw) > 0")  # as in the indexes


def incoming(connection: Connection, key: int) -> bytes | None:
    """A mail that came."""
    found = connection.execute(select(mail_in.c.raw).where(mail_in.c.id == key)).scalar_one_or_none()
    return None if found is None else bytes(found)


def outgoing(connection: Connection, key: int) -> bytes | None:
    """A mail to a customer."""
    found = connection.execute(select(mail_out.c.raw).where(mail_out.c.id == key)).scalar_one_or_none()
    return None if found is None else bytes(found)


def forget_incoming(connection: Connection, before: int, limit: int) -> int:
    """Delete the bytes of mails that came before then; of how many, ``limit`` at most."""
    return _forget(connection, mail_in, limit, mail_in.c.at < before)


def forget_outgoing(connection: Connection, before: int, limit: int) -> int:
    """Delete the bytes of mails that went before then; of how many, ``limit`` at most.

    Only those that a mail server took: nobody sends them again.
    """
    taken = mail_out.c.state == MailState.accepted.value
    return _forget(connection, mail_out, limit, mail_out.c.at < before, taken)


def _forget(connection: Connection, table: Any, limit: int, *which: Any) -> int:
    old = select(table.c.id).where(_KEPT, *which).order_by(table.c.at).limit(limit)
    return connection.execute(update(table).where(table.c.id.in_(old)).values(raw=b"")).rowcount
