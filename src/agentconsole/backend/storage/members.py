"""How agents stand in their departments: whom the dispatcher asks first, and how many chats of one department at once."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Connection

from agentconsole.protocol import Membership

from . import letters
from .tables import membership

CHAT_LIMIT = 3


def chat_limit(connection: Connection) -> int:
    """How many chats at once an agent may have, unless something else is set for the agent."""
    return int(letters.settings(connection).get("chat_limit", CHAT_LIMIT))


def every(connection: Connection) -> dict[int, dict[int, Membership]]:
    """User to department to membership; who is not in it stands as usual."""
    found: defaultdict[int, dict[int, Membership]] = defaultdict(dict)
    for row in connection.execute(select(membership)):
        found[row.user_id][row.department_id] = Membership(row.department_id, row.tier, row.chat_limit)
    return dict(found)


def one(connection: Connection, user: int, department: int) -> Membership:
    """A user's membership in a department."""
    row = connection.execute(
        select(membership).where(membership.c.user_id == user, membership.c.department_id == department)
    ).one_or_none()
    return Membership(department, row.tier, row.chat_limit) if row else Membership(department)


def save(connection: Connection, user: int, wish: Membership) -> None:
    """Write a user's membership in a department."""
    connection.execute(
        delete(membership).where(membership.c.user_id == user, membership.c.department_id == wish.department)
    )
    if wish != Membership(wish.department):
        connection.execute(
            insert(membership).values(
                user_id=user, department_id=wish.department, tier=wish.tier, chat_limit=wish.limit
            )
        )
