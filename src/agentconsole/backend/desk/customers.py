"""Commands about customers: the cards of two e-mail addresses become one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import ClientId, Code, Part

from ..domain.contact import checked_email
from ..domain.life import Refusal
from ..domain.policy import Actor, Deed, Thing, can
from ..storage import chats, customers, letters, tickets
from ..storage.chats import WorkingSet
from .made import Made, TicketMade


class MergeCustomers(Part, frozen=True):
    """Make one customer of those who have these two addresses. Refused: unknown, invalid."""

    cid: ClientId
    email: str
    into: str


def _merge(sheet: WorkingSet, actor: Actor, command: MergeCustomers, now: int) -> Made:
    connection = sheet.connection
    one, other = checked_email(command.email), checked_email(command.into)
    if not all(_known(sheet, actor, email) for email in (one, other)):
        raise Refusal(Code.unknown, "There is no such customer, or it is not yours to change.")
    if other in customers.addresses(connection, one):
        return Made()
    moved = tickets.of_addresses(connection, customers.addresses(connection, one))
    key = customers.merge(connection, one, other, "", now)
    news = [TicketMade(ticket, _given(sheet, ticket.id, key)) for ticket in moved]
    letters.record(connection, now, actor.name, "customers merged", one, f"into {other}")
    return Made(about=key, news=[*news])


def _known(sheet: WorkingSet, actor: Actor, email: str) -> bool:
    """Has this address written to a department whose supervisor the actor is?"""
    found = {ticket.department for ticket in tickets.of_addresses(sheet.connection, [email])}
    found |= {head.department for head in chats.of_email(sheet.connection, email)}
    return any(can(actor, Deed.customer_merge, Thing(department=department)) for department in found)


def _given(sheet: WorkingSet, key: int, customer: int) -> Any:
    """The ticket as its new customer's; lists are told."""
    ticket = tickets.one(sheet.connection, key, lock=True)
    assert ticket is not None
    after = msgspec.structs.replace(ticket, customer=customer, version=ticket.version + 1)
    tickets.save(sheet.connection, after)
    return after


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {MergeCustomers: _merge}
