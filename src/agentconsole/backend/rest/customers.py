"""Customers over REST: one card for all the e-mail addresses of a person, as far as the reader may know of them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from agentconsole.protocol import (
    MAX_EMAIL,
    Ack,
    Code,
    CustomerCard,
    CustomerNote,
    EarlierChat,
    LeftCard,
    Part,
)

from ..desk.customers import MergeCustomers
from ..domain.life import Head, thing, unknown
from ..domain.policy import Actor, Deed, Thing, can
from ..domain.ticket import Ticket
from ..storage import Connection, chats, customers, departments, letters, tickets
from ..views import ticket_card
from .calls import Call, Route


class Address(Part, frozen=True):
    """An e-mail address."""

    email: Annotated[str, Meta(min_length=1, max_length=MAX_EMAIL)]


async def _of_email(call: Call) -> CustomerCard:
    email = call.query.email.strip().lower()
    if not email:
        return CustomerCard("", "", [], [])
    return await call.house.database.read(lambda db: card(db, call.actor, email))


async def _of_chat(call: Call) -> CustomerCard:
    def read(connection: Connection) -> CustomerCard:
        head = chats.one(connection, call.key)
        found = departments.one(connection, head.department) if head else None
        if head is None or found is None or not can(call.actor, Deed.customer_read, thing(head, found.team)):
            raise unknown()
        if not head.email:
            return CustomerCard("", head.name, [], [])
        return card(connection, call.actor, head.email, head)

    return await call.house.database.read(read)


def card(connection: Connection, actor: Actor, email: str, here: Head | None = None) -> CustomerCard:
    """What the actor may know of who has this address; ``here`` is the chat from which it is asked."""
    teams = {found.id: found.team for found in departments.every(connection)}
    emails = customers.addresses(connection, email)
    earlier = sorted(
        (
            head
            for each in emails
            for head in chats.of_email(connection, each)
            if can(actor, Deed.read_chat, thing(head, teams[head.department]))
        ),
        key=lambda head: -head.id,
    )
    left = [
        found
        for each in emails
        for found in letters.left_by(connection, each)
        if can(actor, Deed.left_read, Thing(department=found.department))
    ]
    mine = [
        ticket
        for ticket in tickets.of_addresses(connection, emails)
        if can(actor, Deed.ticket_read, Thing(department=ticket.department))
    ]
    notes = [
        note
        for each in emails
        for department, note in letters.notes_on(connection, each)
        if (here is not None and department == here.department)
        or can(actor, Deed.left_read, Thing(department=department))
    ]
    return CustomerCard(
        email,
        here.name if here is not None else _name(earlier, left, mine),
        chats=[_earlier(chat) for chat in earlier if here is None or chat.id != here.id],
        notes=sorted(notes, key=_newest),
        left=sorted(left, key=lambda found: -found.id),
        tickets=[ticket_card(ticket) for ticket in mine],
    )


def _name(earlier: list[Head], left: list[LeftCard], mine: list[Ticket]) -> str:
    """The name that this customer gave, where the reader may see that it was given."""
    names = (
        *(ticket.name for ticket in mine),
        *(chat.name for chat in earlier),
        *(card.name for card in left),
    )
    return next((name for name in names if name), "")


def _newest(note: CustomerNote) -> int:
    return -note.at


def _earlier(chat: Head) -> EarlierChat:
    return EarlierChat(
        chat.id,
        chat.department,
        chat.started_at,
        chat.state,
        chat.first_line,
        chat.outcome,
        chat.rating,
        chat.owner_name,
    )


async def _merge(call: Call) -> Ack:
    await call.house.desk.handle(call.actor, call.body)
    return Ack(call.body.cid)


ROUTES = (
    Route(
        method="GET",
        path="/api/chats/{chat}/customer",
        handler=_of_chat,
        summary="The visitor's card: earlier chats, tickets, notes and left messages of the same customer.",
        answer=CustomerCard,
        refusals=(Code.unknown,),
    ),
    Route(
        method="GET",
        path="/api/customers",
        handler=_of_email,
        summary="The card of the customer with this address, as far as I may know; empty if there is nothing.",
        query=Address,
        answer=CustomerCard,
    ),
    Route(
        method="POST",
        path="/api/customers/merge",
        handler=_merge,
        summary="Make one customer of those who have these two addresses.",
        body=MergeCustomers,
        answer=Ack,
        refusals=(Code.unknown, Code.invalid, Code.id_reused),
    ),
)
