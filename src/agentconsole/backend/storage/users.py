"""Staff in the database: users, their grants, sessions and seats."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import Grant, Role, Side, Status

from ..domain.policy import Actor
from .tables import grant, seat, session, user


class User(msgspec.Struct, frozen=True):
    """A member of staff."""

    id: int
    name: str
    display: str
    password_hash: str
    disabled: bool
    created_at: int


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


class Seat(msgspec.Struct, frozen=True):
    """What an agent chose, and apart from it whether the link is up (``lost_at`` 0 = it is)."""

    user: int
    status: Status = Status.offline
    reason: str = ""
    since: int = 0
    lost_at: int = 1


def every(connection: Connection) -> list[User]:
    """All users by name."""
    return [_user(row) for row in connection.execute(select(user).order_by(user.c.name))]


def by_name(connection: Connection, name: str) -> User | None:
    """A user by login name."""
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
    values = msgspec.structs.asdict(new)
    del values["id"]
    key = connection.execute(insert(user).values(values)).inserted_primary_key
    assert key is not None
    return msgspec.structs.replace(new, id=key[0])


def save(connection: Connection, changed: User) -> None:
    """Write a user's row."""
    values = msgspec.structs.asdict(changed)
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


def seats(connection: Connection) -> dict[int, Seat]:
    """Every seat that was ever taken, by user."""
    return {row.user_id: _seat(row) for row in connection.execute(select(seat))}


def seat_of(connection: Connection, key: int) -> Seat:
    """A user's seat; offline if never taken."""
    row = connection.execute(select(seat).where(seat.c.user_id == key)).one_or_none()
    return _seat(row) if row else Seat(key)


def save_seat(connection: Connection, changed: Seat) -> None:
    """Write a seat."""
    values = {
        "status": changed.status.value,
        "reason": changed.reason,
        "since": changed.since,
        "lost_at": changed.lost_at,
    }
    if not connection.execute(update(seat).where(seat.c.user_id == changed.user).values(values)).rowcount:
        connection.execute(insert(seat).values(user_id=changed.user, **values))


def lose_all_seats(connection: Connection, now: int) -> None:
    """A server that starts has no links: every linked seat was lost now."""
    connection.execute(update(seat).where(seat.c.lost_at == 0).values(lost_at=now))


def _user(row: Any) -> User:
    return User(**row._mapping)


def _seat(row: Any) -> Seat:
    return Seat(row.user_id, Status(row.status), row.reason, row.since, row.lost_at)
