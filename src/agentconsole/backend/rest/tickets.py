"""Tickets over REST: lists, one ticket with its log, and what staff do with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from agentconsole.protocol import (
    Answered,
    Code,
    ConvertChat,
    Count,
    Mailed,
    MergeTicket,
    NewTicket,
    NoteTicket,
    Part,
    ReplyTicket,
    SetTicket,
    SplitTicket,
    TakeTicket,
    TicketDetail,
    TicketDone,
    TicketPage,
    TicketQuery,
    Wrote,
)

from ..compose import text_of
from ..desk.ticketing import unknown_ticket
from ..domain.letter import Unreadable
from ..domain.life import Refusal
from ..domain.policy import Actor, Deed, Thing, can
from ..domain.ticket import Ticket
from ..storage import Connection, departments, mails, raws, tickets
from ..views import ticket_card, ticket_entry
from .calls import Call, Download, Route, body_of

MAIL = "message/rfc822"


class LogQuery(Part, frozen=True):
    """Which events: those after seq ``after``, up to ``limit``."""

    after: Count = 0
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 500


# --- questions -----------------------------------------------------------------------------------------------------


async def _list(call: Call) -> TicketPage:
    total, found = await call.house.database.read(lambda db: listed(db, call.actor, call.query))
    return TicketPage(total, [ticket_card(ticket) for ticket in found])


def listed(connection: Connection, actor: Actor, query: TicketQuery) -> tuple[int, list[Ticket]]:
    """The tickets of this query that the actor may read. Raises Refusal invalid."""
    mine = readable_departments(connection, actor)
    try:
        return tickets.page(connection, query, mine, actor.id)
    except ValueError as error:
        raise Refusal(Code.invalid, str(error)) from None


def readable_departments(connection: Connection, actor: Actor) -> set[int]:
    """The departments whose tickets this actor may read."""
    every = departments.every(connection)
    return {found.id for found in every if can(actor, Deed.ticket_read, Thing(department=found.id))}


async def _one(call: Call) -> TicketDetail:
    after, limit = call.query.after, call.query.limit

    def read(connection: Connection) -> TicketDetail:
        lines = tickets.log(connection, call.key, after, limit)
        ticket = own(connection, call.actor, call.key)
        entries = [ticket_entry(line) for line in lines]
        return TicketDetail(ticket_card(ticket), entries, mails.of_ticket(connection, ticket.id))

    return await call.house.database.read(read)


def own(connection: Connection, actor: Actor, key: int) -> Ticket:
    """A ticket that this actor may read. Raises Refusal unknown."""
    ticket = tickets.one(connection, key)
    if ticket is None or not can(actor, Deed.ticket_read, Thing(department=ticket.department)):
        raise unknown_ticket()
    return ticket


async def _raw(call: Call) -> Download:
    found, _ = await _mail(call)
    return Download(_name(call, "eml"), found, MAIL)


async def _whole(call: Call) -> Download:
    found, came = await _mail(call)
    text = await _read(call, found) if came else text_of(found)
    return Download(_name(call, "txt"), text.encode("utf-8", "replace"), "text/plain")


def _name(call: Call, ending: str) -> str:
    key, seq = call.keys
    return f"ticket-{key}-{seq}.{ending}"


async def _mail(call: Call) -> tuple[bytes, bool]:
    """The mail of the event in the path, and whether it came in. Raises Refusal unknown."""
    key, seq = call.keys

    def read(connection: Connection) -> tuple[bytes | None, bool]:
        own(connection, call.actor, key)
        for line in tickets.log(connection, key, seq - 1, 1):
            if isinstance(line.what, Wrote):
                return raws.incoming(connection, line.what.mail), True
            if isinstance(line.what, Answered | Mailed):
                return raws.outgoing(connection, line.what.mail), False
        return None, False

    found, came = await call.house.database.read(read)
    if found is None:
        raise Refusal(Code.unknown, "No mail belongs to this.")
    if not found:
        raise Refusal(
            Code.unknown, "This mail was deleted because of its age; what it said stands in the ticket."
        )
    return found, came


async def _read(call: Call, raw: bytes) -> str:
    """All the text of a mail that came, quotes and signature too, read where it can do no harm."""
    try:
        return (await call.house.intake.read(raw)).text
    except Unreadable as error:
        raise Refusal(Code.invalid, f"This mail cannot be shown: {error.reason} Save it instead.") from error


# --- commands ------------------------------------------------------------------------------------------------------


def _doing(command: type[Any], name: str = "", **fixed: Any) -> Callable[[Call], Awaitable[TicketDone]]:
    """Carries out the command of the body; ``name`` is its field for the id in the path."""

    async def done(call: Call) -> TicketDone:
        given = {**msgspec.structs.asdict(call.body), **fixed, **({name: call.key} if name else {})}
        made = await call.house.desk.handle(call.actor, command(**given))
        return TicketDone(call.body.cid, made.about, made.seq)

    return done


_TAKE = body_of(TakeTicket, "TakeBody", "ticket")
_COMMON = (Code.unknown, Code.not_now, Code.id_reused)

ROUTES = (
    Route(
        method="GET",
        path="/api/tickets",
        handler=_list,
        summary="Tickets of my departments, the most pressing first.",
        query=TicketQuery,
        answer=TicketPage,
        refusals=(Code.invalid,),
    ),
    Route(
        method="POST",
        path="/api/tickets",
        handler=_doing(NewTicket),
        summary="Write a ticket down for a customer; the answer's `chat` is its number.",
        body=body_of(NewTicket, "TicketBody"),
        answer=TicketDone,
        status=201,
        refusals=(*_COMMON, Code.invalid, Code.empty, Code.too_long),
    ),
    Route(
        method="POST",
        path="/api/tickets/next",
        handler=_doing(TakeTicket, ticket=0),
        summary="Take the unassigned ticket nearest to its breach; the answer's `chat` is its number.",
        body=_TAKE,
        answer=TicketDone,
        refusals=(*_COMMON, Code.gone),
    ),
    Route(
        method="GET",
        path="/api/tickets/{ticket}",
        handler=_one,
        summary="One ticket with what happened in it, oldest first, and the mails to its customer.",
        query=LogQuery,
        answer=TicketDetail,
        refusals=(Code.unknown,),
    ),
    Route(
        method="PATCH",
        path="/api/tickets/{ticket}",
        handler=_doing(SetTicket, "ticket"),
        summary="Change what a ticket says of itself; what is left out stays.",
        body=body_of(SetTicket, "SetBody", "ticket"),
        answer=TicketDone,
        refusals=(*_COMMON, Code.invalid, Code.empty, Code.closed, Code.conflict, Code.too_long),
    ),
    Route(
        method="POST",
        path="/api/tickets/{ticket}/replies",
        handler=_doing(ReplyTicket, "ticket"),
        summary="Answer the customer, by mail if there is an address.",
        body=body_of(ReplyTicket, "ReplyBody", "ticket"),
        answer=TicketDone,
        status=201,
        refusals=(*_COMMON, Code.conflict, Code.empty, Code.too_long, Code.closed, Code.invalid, Code.gone),
    ),
    Route(
        method="POST",
        path="/api/tickets/{ticket}/notes",
        handler=_doing(NoteTicket, "ticket"),
        summary="Write a private note into a ticket.",
        body=body_of(NoteTicket, "NoteBody", "ticket"),
        answer=TicketDone,
        status=201,
        refusals=(*_COMMON, Code.empty, Code.too_long, Code.invalid, Code.gone),
    ),
    Route(
        method="POST",
        path="/api/tickets/{ticket}/take",
        handler=_doing(TakeTicket, "ticket"),
        summary="Become the assignee of a ticket that is nobody's.",
        body=_TAKE,
        answer=TicketDone,
        refusals=(*_COMMON, Code.taken),
    ),
    Route(
        method="POST",
        path="/api/tickets/{ticket}/merge",
        handler=_doing(MergeTicket, "ticket"),
        summary="Put this ticket's messages into another one of the same customer.",
        body=body_of(MergeTicket, "MergeBody", "ticket"),
        answer=TicketDone,
        refusals=(*_COMMON, Code.invalid, Code.closed),
    ),
    Route(
        method="POST",
        path="/api/tickets/{ticket}/split",
        handler=_doing(SplitTicket, "ticket"),
        summary="Make a message of the customer a ticket of its own; the answer's `chat` is its number.",
        body=body_of(SplitTicket, "SplitBody", "ticket"),
        answer=TicketDone,
        status=201,
        refusals=(*_COMMON, Code.invalid, Code.too_long),
    ),
    Route(
        method="GET",
        path="/api/tickets/{ticket}/raw/{seq}",
        handler=_raw,
        summary="The mail that event `seq` of a ticket came or went with, byte for byte.",
        answer=Download,
        refusals=(Code.unknown,),
    ),
    Route(
        method="GET",
        path="/api/tickets/{ticket}/whole/{seq}",
        handler=_whole,
        summary="All the text of the mail of event `seq`, with what it quotes.",
        answer=Download,
        refusals=(Code.unknown, Code.invalid),
    ),
    Route(
        method="POST",
        path="/api/chats/{chat}/ticket",
        handler=_doing(ConvertChat, "chat"),
        summary="Make a ticket of a chat; its lines come along, and the answer's `chat` is its number.",
        body=body_of(ConvertChat, "ConvertBody", "chat"),
        answer=TicketDone,
        status=201,
        refusals=(*_COMMON, Code.invalid, Code.too_long),
    ),
)
