"""Feedback on chats in the database."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import FeedbackCard

from .tables import feedback

RECENT = 500


class Filed(msgspec.Struct, frozen=True):
    """A piece of feedback, and the department of its chat when it was given."""

    card: FeedbackCard
    department: int


def add(connection: Connection, new: FeedbackCard, department: int) -> Filed:
    """Write feedback; the answer has its id."""
    values = msgspec.structs.asdict(new)
    del values["id"]
    values["chat_id"] = values.pop("chat")
    key = connection.execute(insert(feedback).values(department=department, **values)).inserted_primary_key
    assert key is not None
    return Filed(msgspec.structs.replace(new, id=key[0]), department)


def one(connection: Connection, key: int) -> Filed | None:
    """Feedback by its id."""
    row = connection.execute(select(feedback).where(feedback.c.id == key)).one_or_none()
    return _filed(row) if row else None


def acknowledge(connection: Connection, key: int, at: int) -> None:
    """The agent has read it."""
    connection.execute(update(feedback).where(feedback.c.id == key).values(acknowledged_at=at))


def recent(connection: Connection, limit: int = RECENT) -> list[Filed]:
    """What is not acknowledged yet, and the newest beside, oldest first."""
    query = select(feedback).order_by(feedback.c.acknowledged_at > 0, feedback.c.id.desc()).limit(limit)
    return sorted((_filed(row) for row in connection.execute(query)), key=lambda filed: filed.card.id)


def on(connection: Connection, chat: int) -> list[Filed]:
    """The feedback on a chat, oldest first."""
    query = select(feedback).where(feedback.c.chat_id == chat).order_by(feedback.c.id)
    return [_filed(row) for row in connection.execute(query)]


def _filed(row: Any) -> Filed:
    values = dict(row._mapping)
    department = values.pop("department")
    values["chat"] = values.pop("chat_id")
    values["good"] = bool(values["good"])
    return Filed(FeedbackCard(**values), department)
