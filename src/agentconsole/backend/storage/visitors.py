"""Visitors in the database: known by the hash of the token that their browser keeps."""

from __future__ import annotations

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from ..domain.spans import DAY_MS
from .tables import visitor

IDLE_MS = DAY_MS
LIFE_MS = 30 * DAY_MS


class Visitor(msgspec.Struct, frozen=True):
    """One browser."""

    id: int
    token_hash: bytes
    created_at: int
    used_at: int
    drill: bool

    def expired(self, now: int) -> bool:
        """A token lives 24 hours idle and 30 days at most."""
        return now - self.used_at > IDLE_MS or now - self.created_at > LIFE_MS


def by_token(connection: Connection, token_hash: bytes, lock: bool = False) -> Visitor | None:
    """The visitor with this token's hash."""
    query = select(visitor).where(visitor.c.token_hash == token_hash)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return Visitor(**row._mapping) if row else None


def add(connection: Connection, token_hash: bytes, now: int, drill: bool) -> Visitor:
    """Write a new visitor."""
    key = connection.execute(
        insert(visitor).values(token_hash=token_hash, created_at=now, used_at=now, drill=drill)
    ).inserted_primary_key
    assert key is not None
    return Visitor(key[0], token_hash, now, now, drill)


def touch(connection: Connection, key: int, now: int) -> None:
    """Remember that the token was used."""
    connection.execute(update(visitor).where(visitor.c.id == key).values(used_at=now))
