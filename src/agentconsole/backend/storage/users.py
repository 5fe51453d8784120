"""Staff in the database: users, their grants and sessions."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import Grant, Role, Side

from ..domain.policy import Actor
from .tables import grant, session, user


class User(msgspec.Struct, frozen=True):
    """A member of staff; ``chat_limit`` is how many chats at once (0 = as the system has it)."""

    id: int
    name: str
    display: str
    password_hash: str
    disabled: bool
    created_at: int
    chat_limit: int = 0
    languages: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()


LISTS = ("languages", "skills")


class SessionRow(msgspec.Struct, frozen=True):
    """A login: times in milliseconds, ``revoked_at`` 0 = in force."""

    id: int
    user_id: int
    token_hash: bytes
    label: str
    created_at: int
    used_at: int
    expires_at: int
    revoked_at: int


def every(connection: Connection) -> list[User]:
    """All users by name."""
    return [_user(row) for row in connection.execute(select(user).order_by(user.c.name))]


def by_name(connection: Connection, name: str) -> User | None:
    """A user by login name."""
    if "\0" in name:  # nobody has it, and PostgreSQL would not even look
        return None
    row = connection.execute(select(user).where(user.c.name == name)).one_or_none()
    return _user(row) if row else None


def by_id(connection: Connection, key: int) -> User | None:
    """A user by its id."""
    row = connection.execute(select(user).where(user.c.id == key)).one_or_none()
    return _user(row) if row else None


def admins(connection: Connection) -> set[int]:
    """Who can run the system: the ids of all users that are not disabled and have an admin grant."""
    query = select(user.c.id).join(grant, grant.c.user_id == user.c.id)
    rows = connection.execute(query.where(grant.c.role == Role.admin.value, user.c.disabled.is_(False)))
    return {row.id for row in rows}


def add(connection: Connection, new: User) -> User:
    """Write a new user; the answer has the id."""
    values = _values(new)
    del values["id"]
    key = connection.execute(insert(user).values(values)).inserted_primary_key
    assert key is not None
    return msgspec.structs.replace(new, id=key[0])


def save(connection: Connection, changed: User) -> None:
    """Write a user's row."""
    values = _values(changed)
    connection.execute(update(user).where(user.c.id == changed.id).values(values))


def count(connection: Connection) -> int:
    """How many users there are."""
    return int(connection.execute(select(func.count()).select_from(user)).scalar_one())


def grants_of(connection: Connection, key: int) -> tuple[Grant, ...]:
    """A user's grants; department 0 = all."""
    rows = connection.execute(
        select(grant).where(grant.c.user_id == key).order_by(grant.c.role, grant.c.department_id)
    )
    return tuple(Grant(Role(row.role), row.department_id) for row in rows)


def every_grant(connection: Connection) -> dict[int, tuple[Grant, ...]]:
    """User id to grants."""
    found: dict[int, tuple[Grant, ...]] = {}
    for row in connection.execute(select(grant)):
        found[row.user_id] = (*found.get(row.user_id, ()), Grant(Role(row.role), row.department_id))
    return found


def give(connection: Connection, key: int, given: Grant) -> bool:
    """Give a grant; False = it was there already."""
    if given in grants_of(connection, key):
        return False
    connection.execute(
        insert(grant).values(user_id=key, role=given.role.value, department_id=given.department)
    )
    return True


def withdraw(connection: Connection, key: int, taken: Grant) -> bool:
    """Take a grant away; False = there was none."""
    result = connection.execute(
        delete(grant).where(
            grant.c.user_id == key,
            grant.c.role == taken.role.value,
            grant.c.department_id == taken.department,
        )
    )
    return bool(result.rowcount)


def actor_of(connection: Connection, found: User) -> Actor:
    """The user as somebody who acts."""
    return Actor(Side.staff, found.id, found.name, found.display, grants_of(connection, found.id))


def actor_by_token(connection: Connection, token_hash: bytes, now: int) -> tuple[Actor, SessionRow] | None:
    """Who holds this session's token; None = unknown, revoked, expired or disabled."""
    row = connection.execute(select(session).where(session.c.token_hash == token_hash)).one_or_none()
    if row is None or row.revoked_at or row.expires_at <= now:
        return None
    owner = connection.execute(select(user).where(user.c.id == row.user_id)).one()
    if owner.disabled:
        return None
    return actor_of(connection, _user(owner)), SessionRow(**row._mapping)


def session_by_token(connection: Connection, token_hash: bytes) -> SessionRow | None:
    """The session of this token, ended or not."""
    row = connection.execute(select(session).where(session.c.token_hash == token_hash)).one_or_none()
    return SessionRow(**row._mapping) if row else None


def session_by_id(connection: Connection, key: int) -> SessionRow | None:
    """A session by its id."""
    row = connection.execute(select(session).where(session.c.id == key)).one_or_none()
    return SessionRow(**row._mapping) if row else None


def sessions(connection: Connection, now: int) -> list[SessionRow]:
    """The sessions in force, oldest first."""
    query = (
        select(session).where(session.c.revoked_at == 0, session.c.expires_at > now).order_by(session.c.id)
    )
    return [SessionRow(**row._mapping) for row in connection.execute(query)]


def open_session(connection: Connection, new: SessionRow) -> SessionRow:
    """Write a new session; the answer has its id."""
    values = msgspec.structs.asdict(new)
    del values["id"]
    key = connection.execute(insert(session).values(values)).inserted_primary_key
    assert key is not None
    return msgspec.structs.replace(new, id=key[0])


def touch_session(connection: Connection, key: int, now: int) -> None:
    """Remember that a session was used."""
    connection.execute(update(session).where(session.c.id == key).values(used_at=now))


def revoke_session(connection: Connection, key: int, now: int) -> None:
    """End one session."""
    connection.execute(
        update(session).where(session.c.id == key, session.c.revoked_at == 0).values(revoked_at=now)
    )


def revoke_sessions(connection: Connection, key: int, now: int) -> None:
    """End all sessions of a user."""
    connection.execute(
        update(session).where(session.c.user_id == key, session.c.revoked_at == 0).values(revoked_at=now)
    )


def _user(row: Any) -> User:
    values = dict(row._mapping)
    for name in LISTS:
        values[name] = tuple(json.loads(values[name]))
    return User(**values)


def _values(found: User) -> dict[str, Any]:
    values = msgspec.structs.asdict(found)
    return {**values, **{name: json.dumps(values[name], ensure_ascii=False) for name in LISTS}}
