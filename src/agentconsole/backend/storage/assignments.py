"""To whom the dispatcher gave which chat, and why: the explanation of the very run that decided."""

from __future__ import annotations

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from agentconsole.protocol import Explanation, encode

from .tables import assignment

_explanation = msgspec.json.Decoder(Explanation)
RECENT = 5_000


def add(connection: Connection, given: Explanation) -> None:
    """Write an assignment down."""
    connection.execute(
        insert(assignment).values(
            chat_id=given.chat, agent=given.agent, at=given.at, explanation=encode(given).decode()
        )
    )


def of(connection: Connection, chat: int) -> list[Explanation]:
    """The explanations of a chat's assignments, oldest first."""
    query = select(assignment.c.explanation).where(assignment.c.chat_id == chat).order_by(assignment.c.id)
    return [_explanation.decode(written) for written in connection.execute(query).scalars()]


def given_at(connection: Connection) -> dict[int, int]:
    """When each agent was last given a chat, as far as the newest assignments tell."""
    query = select(assignment.c.agent, assignment.c.at).order_by(assignment.c.id.desc()).limit(RECENT)
    found: dict[int, int] = {}
    for agent, at in connection.execute(query):
        found.setdefault(agent, at)
    return found
