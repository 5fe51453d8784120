"""A chat as each audience may see it: rows become frames."""

from __future__ import annotations

from collections.abc import Callable

from agentconsole.protocol import (
    ChatCard,
    Event,
    Face,
    Membership,
    Person,
    SeatCard,
    Side,
    State,
    TicketCard,
    TicketEntry,
    VisitorCard,
    VisitorEvent,
    encode,
)

from .domain.life import Entry, Head, is_offered
from .domain.ticket import Ticket, TicketLine
from .readers import Frame, pack
from .storage.seats import Seat
from .storage.users import User

Marks = tuple[int, int]
NO_MARKS: Marks = (0, 0)


def staff_event(chat: int, entry: Entry) -> Frame:
    """An event for staff."""
    return pack(encode(Event(chat, entry.seq, entry.at, entry.by, entry.what, entry.pub)))


def visitor_event(chat: int, entry: Entry) -> Frame:
    """A public event for its visitor; call it only for entries with a pub."""
    by = Face(entry.by.side, entry.by.name if entry.by.side is Side.staff else "")
    return pack(encode(VisitorEvent(chat, entry.pub, entry.at, by, entry.what)))  # type: ignore[arg-type]


Names = Callable[[int], str]


def chat_card(head: Head, names: Names, marks: Marks = NO_MARKS) -> ChatCard:
    """A chat in a list of staff; ``marks`` are the visitor's, ``names`` tells what a user is called."""
    return ChatCard(
        chat=head.id,
        version=head.version,
        seq=head.seq,
        pub=head.pub,
        state=head.state,
        department=head.department,
        since=head.since,
        started_at=head.started_at,
        owner=head.owner,
        owner_name=head.owner_name,
        name=head.name,
        email=head.email,
        topic=head.topic,
        first_line=head.first_line,
        language=head.language,
        page=head.page,
        page_title=head.page_title,
        lost_at=head.ended_at if head.left and not head.lost_at else head.lost_at,
        delivered=marks[0],
        read=marks[1],
        taken_at=head.taken_at,
        ended_at=head.ended_at,
        due_at=head.due_at if head.state is State.wrapup else 0,
        outcome=head.outcome,
        rating=head.rating,
        drill=head.drill,
        priority=head.priority,
        offer_to=head.offer_to,
        offer_name=head.offer_name,
        offer_department=head.offer_department,
        offer_by=head.offer_by,
        offer_until=head.due_at if is_offered(head) else 0,
        wanted=head.wanted,
        wanted_name=head.wanted_name,
        wanted_until=head.wanted_until,
        guests=[Person(user, names(user)) for user in head.guests],
        invited=[Person(user, names(user)) for user in head.invited],
        invited_until=head.invited_until if head.invited else 0,
        transfers=head.transfers,
        help_at=head.help_at,
        alarms=head.alarms,
    )


def visitor_card(
    head: Head, names: Names, marks: Marks = NO_MARKS, place: int = 0, wait_s: int = -1
) -> VisitorCard:
    """A chat for its visitor, who does not learn of offers, nor where in the house it is; ``marks`` are those of staff.

    Its version counts what is public: the head's own would tell how often staff did something among themselves.
    """
    return VisitorCard(
        chat=head.id,
        version=head.pub,
        department=head.home or head.department,
        state=State.waiting if head.state is State.offered else head.state,
        pub=head.pub,
        agents=[name for name in (head.owner_name, *map(names, head.guests)) if name],
        place=place,
        wait_s=wait_s,
        delivered=marks[0],
        read=marks[1],
        rating=head.rating,
        topic=head.topic,
    )


def visible(head: Head) -> tuple[object, ...]:
    """What of a head its visitor sees; a change elsewhere is no news there."""
    state = State.waiting if head.state is State.offered else head.state
    return state, head.owner_name, head.guests, head.rating, head.topic


def seat_card(
    user: User, seat: Seat, chats: int, limit: int, departments: list[int], members: list[Membership]
) -> SeatCard:
    """A member of the team, with ``chats`` of ``limit`` running or offered."""
    return SeatCard(
        user=user.id,
        name=user.name,
        display=user.display,
        status=seat.status,
        since=seat.since,
        reason=seat.reason,
        lost_at=seat.lost_at,
        chats=chats,
        by=seat.set_by,
        until=seat.until,
        held_until=seat.held_until if seat.lost_at else 0,
        limit=limit,
        own_limit=user.chat_limit,
        departments=departments,
        members=members,
        languages=list(user.languages),
        skills=list(user.skills),
        alerts_at=seat.alerts_at,
    )


def ticket_card(ticket: Ticket) -> TicketCard:
    """A ticket in a list of staff."""
    return TicketCard(
        ticket=ticket.id,
        version=ticket.version,
        seq=ticket.seq,
        pub=ticket.pub,
        department=ticket.department,
        status=ticket.status,
        subject=ticket.subject,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        email=ticket.email,
        name=ticket.name,
        customer=ticket.customer,
        assignee=ticket.assignee,
        assignee_name=ticket.assignee_name,
        priority=ticket.priority,
        tags=list(ticket.tags),
        source=ticket.source,
        language=ticket.language,
        first_line=ticket.first_line,
        asked_at=ticket.asked_at,
        answered_at=ticket.answered_at,
        solved_at=ticket.solved_at,
        hold_until=ticket.hold_until,
        first_due=ticket.first_due,
        next_due=ticket.next_due,
        solve_due=ticket.solve_due,
        due_at=ticket.due_at,
        breached=list(ticket.breached),
        mail=ticket.mail,
        chat=ticket.chat,
        merged_into=ticket.merged_into,
        follows=ticket.follows,
        related=ticket.related,
        drill=ticket.drill,
    )


def ticket_entry(line: TicketLine) -> TicketEntry:
    """An event of a ticket for staff."""
    return TicketEntry(line.seq, line.at, line.by, line.what, line.pub)
