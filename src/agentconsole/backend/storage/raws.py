"""Mails as they came and went, byte for byte."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.engine import Connection

from .ticket_tables import mail_in, mail_out


def incoming(connection: Connection, key: int) -> bytes | None:
    """A mail that came."""
    found = connection.execute(select(mail_in.c.raw).where(mail_in.c.id == key)).scalar_one_or_none()
    return None if found is None else bytes(found)


def outgoing(connection: Connection, key: int) -> bytes | None:
    """A mail to a customer."""
    found = connection.execute(select(mail_out.c.raw).where(mail_out.c.id == key)).scalar_one_or_none()
    return None if found is None else bytes(found)
