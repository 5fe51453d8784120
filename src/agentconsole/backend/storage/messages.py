"""Staff messages in the database: what lies in which room, and how far each person has read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select
from sqlalchemy.engine import Connection

from agentconsole.protocol import Message, RoomCard

from .tables import room_mark, staff_message


def channel(department: int) -> str:
    """The room of a department."""
    return f"d{department}"


def between(one: int, other: int) -> str:
    """The room of two users."""
    return f"u{min(one, other)}-{max(one, other)}"


def people(room: str) -> tuple[int, ...]:
    """The two users of a room between users; none for a department's channel or a name that is no room."""
    low, _, high = room[1:].partition("-")
    if room[:1] == "u" and low.isdecimal() and high.isdecimal() and room == between(int(low), int(high)):
        return int(low), int(high)
    return ()


def department(room: str) -> int:
    """The department whose channel this is; 0 = none."""
    return int(room[1:]) if room[:1] == "d" and room[1:].isdecimal() and room == channel(int(room[1:])) else 0


def add(connection: Connection, new: Message) -> Message:
    """Write a message; the answer has its id."""
    values = msgspec.structs.asdict(new)
    del values["id"]
    key = connection.execute(insert(staff_message).values(values)).inserted_primary_key
    assert key is not None
    return msgspec.structs.replace(new, id=key[0])


def before(connection: Connection, room: str, key: int, limit: int) -> list[Message]:
    """The ``limit`` messages of a room before this id (0 = the newest), oldest first."""
    query = select(staff_message).where(staff_message.c.room == room)
    if key:
        query = query.where(staff_message.c.id < key)
    rows = connection.execute(query.order_by(staff_message.c.id.desc()).limit(limit)).all()
    return [_message(row) for row in reversed(rows)]


def enter(connection: Connection, user: int, room: str) -> None:
    """The room is one of this user's from now on, with nothing read."""
    mine = (room_mark.c.user_id == user, room_mark.c.room == room)
    if connection.execute(select(room_mark.c.upto).where(*mine)).scalar_one_or_none() is None:
        connection.execute(insert(room_mark).values(user_id=user, room=room, upto=0))


def mark(connection: Connection, user: int, room: str, upto: int) -> bool:
    """Move a user's mark forward; False = it was there already, or further."""
    mine = (room_mark.c.user_id == user, room_mark.c.room == room)
    present = connection.execute(select(room_mark.c.upto).where(*mine)).scalar_one_or_none() or 0
    newest = connection.execute(
        select(func.max(staff_message.c.id)).where(staff_message.c.room == room)
    ).scalar_one_or_none()
    upto = min(upto, newest or 0)
    if upto <= present:
        return False
    connection.execute(delete(room_mark).where(*mine))
    connection.execute(insert(room_mark).values(user_id=user, room=room, upto=upto))
    return True


def card(connection: Connection, user: int, room: str) -> RoomCard | None:
    """A room as this user has it; None = nothing lies in it."""
    newest = before(connection, room, 0, 1)
    if not newest:
        return None
    upto = (
        connection.execute(
            select(room_mark.c.upto).where(room_mark.c.user_id == user, room_mark.c.room == room)
        ).scalar_one_or_none()
        or 0
    )
    unread = connection.execute(
        select(func.count()).where(
            staff_message.c.room == room, staff_message.c.id > upto, staff_message.c.author != user
        )
    ).scalar_one()
    last = newest[0]
    return RoomCard(room, last.id, unread, last.at, last.text[:200], last.author_name)


def cards(connection: Connection, user: int, departments: Iterable[int]) -> list[RoomCard]:
    """The rooms of these departments and those between this user and others, newest first."""
    mine = select(room_mark.c.room).where(room_mark.c.user_id == user, room_mark.c.room.like("u%"))
    names = set(connection.execute(mine).scalars())
    names.update(channel(key) for key in departments)
    found = [card(connection, user, name) for name in sorted(names)]
    return sorted((each for each in found if each is not None), key=lambda each: -each.last)


def _message(row: Any) -> Message:
    return Message(**{**row._mapping, "whisper": bool(row.whisper)})
