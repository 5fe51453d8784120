"""Saved filters for tickets in the database."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import TicketFilter, TicketQuery, encode

from .ticket_tables import ticket_filter


def of(connection: Connection, owner: int, departments: Collection[int]) -> list[TicketFilter]:
    """The filters of this user and of these departments, by name."""
    query = (
        select(ticket_filter)
        .where(
            or_(
                ticket_filter.c.owner == owner,
                ticket_filter.c.department.in_(sorted(departments)),
            )
        )
        .order_by(ticket_filter.c.name, ticket_filter.c.id)
    )
    return [_filter(row) for row in connection.execute(query)]


def one(connection: Connection, key: int) -> TicketFilter | None:
    """A filter by its id."""
    row = connection.execute(select(ticket_filter).where(ticket_filter.c.id == key)).one_or_none()
    return _filter(row) if row else None


def count(connection: Connection, wish: TicketFilter) -> int:
    """How many other filters its owner or department has."""
    query = (
        select(func.count())
        .select_from(ticket_filter)
        .where(
            ticket_filter.c.owner == wish.owner,
            ticket_filter.c.department == wish.department,
            ticket_filter.c.name != wish.name,
        )
    )
    return connection.execute(query).scalar_one()


def save(connection: Connection, wish: TicketFilter) -> TicketFilter:
    """Write or replace the filter with this owner, department and name; the answer has its id."""
    same = (
        ticket_filter.c.owner == wish.owner,
        ticket_filter.c.department == wish.department,
        ticket_filter.c.name == wish.name,
    )
    known = connection.execute(select(ticket_filter.c.id).where(*same)).scalar_one_or_none()
    values = {"query": encode(wish.query).decode()}
    if known is not None:
        connection.execute(update(ticket_filter).where(ticket_filter.c.id == known).values(values))
        return msgspec.structs.replace(wish, id=known)
    values |= {"name": wish.name}
    new = insert(ticket_filter).values(owner=wish.owner, department=wish.department, **values)
    key = connection.execute(new).inserted_primary_key
    assert key is not None
    return msgspec.structs.replace(wish, id=key[0])


def drop(connection: Connection, key: int) -> None:
    """Delete a filter."""
    connection.execute(delete(ticket_filter).where(ticket_filter.c.id == key))


def _filter(row: Any) -> TicketFilter:
    query = msgspec.json.decode(row.query, type=TicketQuery)
    return TicketFilter(row.id, row.name, query, row.owner, row.department)
