"""Commands that run the system: users, grants, sessions, departments, and the clock's own book-keeping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import text

from ..domain.policy import Actor, Deed, can
from ..storage import letters, users
from ..storage.chats import WorkingSet
from .made import Made


class Awake(msgspec.Struct, frozen=True):
    """A server starts: all links are down, and what fell due while nobody was there gets that time on top."""


class Alive(msgspec.Struct, frozen=True):
    """The server is still there; the next start counts the downtime from now."""


def _awake(sheet: WorkingSet, actor: Actor, command: Awake, now: int) -> Made:
    assert can(actor, Deed.expire)
    connection = sheet.connection
    alive = int(letters.settings(connection).get("alive_at", now))
    users.lose_all_seats(connection, now)
    connection.execute(
        text("UPDATE chat SET due_at = due_at + :down WHERE due_at > 0"), {"down": max(0, now - alive)}
    )
    connection.execute(
        text(
            "UPDATE chat SET lost_at = :now, version = version + 1,"
            " due_at = CASE WHEN state = 'waiting' THEN :now +"
            " (SELECT abandon_ms FROM department WHERE department.id = chat.department) ELSE due_at END"
            " WHERE lost_at = 0 AND state IN ('waiting', 'offered', 'active', 'wrapup')"
        ),
        {"now": now},
    )
    letters.set_setting(connection, "alive_at", str(now))
    return Made()


def _alive(sheet: WorkingSet, actor: Actor, command: Alive, now: int) -> Made:
    assert can(actor, Deed.expire)
    letters.set_setting(sheet.connection, "alive_at", str(now))
    return Made()


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {Awake: _awake, Alive: _alive}
