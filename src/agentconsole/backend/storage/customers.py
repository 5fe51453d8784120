"""Customers in the database: one card for all the e-mail addresses of a person."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from .ticket_tables import customer, customer_address, ticket


def of_email(connection: Connection, email: str, name: str, now: int) -> int:
    """The customer with this address; written down if it is a new one. '' = 0, nobody."""
    if not email:
        return 0
    found = connection.execute(
        select(customer_address.c.customer).where(customer_address.c.email == email)
    ).scalar_one_or_none()
    if found is not None:
        return int(found)
    key = connection.execute(insert(customer).values(name=name, created_at=now)).inserted_primary_key
    assert key is not None
    connection.execute(insert(customer_address).values(email=email, customer=key[0]))
    return int(key[0])


def addresses(connection: Connection, email: str) -> list[str]:
    """All addresses of the customer who has this one; itself alone if it is not known."""
    own = select(customer_address.c.customer).where(customer_address.c.email == email)
    query = select(customer_address.c.email).where(customer_address.c.customer.in_(own))
    return sorted(connection.execute(query).scalars()) or [email]


def merge(connection: Connection, email: str, into: str, name: str, now: int) -> int:
    """One card of two: all addresses of the customer with ``email`` go to the one with ``into``."""
    one, other = of_email(connection, email, name, now), of_email(connection, into, name, now)
    if one != other:
        theirs = ticket.c.customer == one, ticket.c.email.in_(addresses(connection, email))
        connection.execute(update(ticket).where(*theirs).values(customer=other))
        connection.execute(
            update(customer_address).where(customer_address.c.customer == one).values(customer=other)
        )
        connection.execute(delete(customer).where(customer.c.id == one))
    return other
