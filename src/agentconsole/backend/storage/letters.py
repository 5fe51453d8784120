"""What is written down beside chats: left messages, canned replies, notes on customers, settings, the audit log."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import CannedCard, CustomerNote, LeftCard

from .tables import audit, canned, customer_note, left_message, setting


def leave(connection: Connection, new: LeftCard, visitor: int) -> LeftCard:
    """Write a left message; the answer has its id."""
    values = {name: getattr(new, name) for name in new.__struct_fields__ if name != "id"}
    key = connection.execute(insert(left_message).values(visitor=visitor, **values)).inserted_primary_key
    assert key is not None
    return _left({"id": key[0], **values})


def left(connection: Connection, key: int) -> LeftCard | None:
    """A left message by its id."""
    row = connection.execute(select(left_message).where(left_message.c.id == key)).one_or_none()
    return _left(row._mapping) if row else None


def left_as(connection: Connection, ticket: int) -> LeftCard | None:
    """The left message that became this ticket."""
    row = connection.execute(select(left_message).where(left_message.c.ticket == ticket)).one_or_none()
    return _left(row._mapping) if row else None


def unticketed(connection: Connection) -> list[LeftCard]:
    """Left messages of an earlier version that wait for an answer and are no tickets yet."""
    query = select(left_message).where(left_message.c.handled_at == 0, left_message.c.ticket == 0)
    return [_left(row._mapping) for row in connection.execute(query.order_by(left_message.c.id))]


def bind(connection: Connection, key: int, ticket: int) -> None:
    """A left message became this ticket."""
    connection.execute(update(left_message).where(left_message.c.id == key).values(ticket=ticket))


def left_since(connection: Connection, since: int, limit: int = 500) -> list[LeftCard]:
    """The newest left messages that are open or were handled since then, oldest first."""
    query = (
        select(left_message)
        .where(or_(left_message.c.handled_at == 0, left_message.c.handled_at >= since))
        .order_by(left_message.c.id.desc())
        .limit(limit)
    )
    return [_left(row._mapping) for row in reversed(connection.execute(query).all())]


def left_by(connection: Connection, email: str, limit: int = 20) -> list[LeftCard]:
    """Left messages of an e-mail address, newest first."""
    query = (
        select(left_message)
        .where(left_message.c.email == email)
        .order_by(left_message.c.id.desc())
        .limit(limit)
    )
    return [_left(row._mapping) for row in connection.execute(query)]


def handle(connection: Connection, key: int, by: str, at: int) -> None:
    """Mark a left message as handled ('' and 0 = open again)."""
    connection.execute(
        update(left_message).where(left_message.c.id == key).values(handled_by=by, handled_at=at)
    )


def canned_replies(connection: Connection) -> list[CannedCard]:
    """All canned replies."""
    return [_canned(row) for row in connection.execute(select(canned).order_by(canned.c.shortcut))]


def save_canned(connection: Connection, wish: CannedCard) -> CannedCard | None:
    """Write or replace the reply with this owner, department and shortcut; an empty text deletes it.

    None = there was nothing to delete.
    """
    same = (
        canned.c.owner == wish.owner,
        canned.c.department == wish.department,
        canned.c.shortcut == wish.shortcut,
    )
    row = connection.execute(select(canned).where(*same)).one_or_none()
    if row is None and wish.text:
        values = {name: getattr(wish, name) for name in wish.__struct_fields__ if name != "id"}
        key = connection.execute(insert(canned).values(values)).inserted_primary_key
        assert key is not None
        return msgspec.structs.replace(wish, id=key[0])
    if row is None:
        return None
    change = update(canned).values(text=wish.text) if wish.text else delete(canned)
    connection.execute(change.where(canned.c.id == row.id))
    return msgspec.structs.replace(wish, id=row.id)


def notes_on(connection: Connection, email: str) -> list[tuple[int, CustomerNote]]:
    """(department, note) on an e-mail address, newest first."""
    query = (
        select(customer_note)
        .where(customer_note.c.email == email)
        .order_by(customer_note.c.id.desc())
        .limit(100)
    )
    return [(row.department, CustomerNote(row.at, row.author, row.text)) for row in connection.execute(query)]


def note_on(connection: Connection, email: str, department: int, note: CustomerNote) -> None:
    """Write a note on an e-mail address."""
    connection.execute(
        insert(customer_note).values(
            email=email, department=department, author=note.author, text=note.text, at=note.at
        )
    )


def settings(connection: Connection) -> dict[str, str]:
    """All settings kept in the database."""
    return {row.key: row.value for row in connection.execute(select(setting))}


def set_setting(connection: Connection, key: str, value: str) -> None:
    """Write a setting."""
    if not connection.execute(update(setting).where(setting.c.key == key).values(value=value)).rowcount:
        connection.execute(insert(setting).values(key=key, value=value))


def record(connection: Connection, at: int, actor: str, deed: str, thing: str, detail: str = "") -> None:
    """Write a line of the audit log."""
    connection.execute(insert(audit).values(at=at, actor=actor, deed=deed, object=thing, detail=detail))


def recorded(connection: Connection, limit: int, about: str = "") -> list[dict[str, Any]]:
    """The newest ``limit`` lines of the audit log, oldest first; ``about`` = only those of one actor or object."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if about:
        query = query.where(or_(audit.c.actor == about, audit.c.object == about))
    return [dict(row._mapping) for row in reversed(connection.execute(query).all())]


def _left(values: Any) -> LeftCard:
    return LeftCard(**{name: values[name] for name in LeftCard.__struct_fields__})


def _canned(row: Any) -> CannedCard:
    return CannedCard(row.id, row.shortcut, row.text, row.owner, row.department)
