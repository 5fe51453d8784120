"""A chat as each audience may see it: rows become frames."""

from __future__ import annotations

from agentconsole.protocol import (
    ChatCard,
    Event,
    Face,
    SeatCard,
    Side,
    State,
    VisitorCard,
    VisitorEvent,
    encode,
)

from .domain.chat import Entry, Head
from .readers import Frame, pack
from .storage.users import Seat, User

Marks = tuple[int, int]
NO_MARKS: Marks = (0, 0)


def staff_event(chat: int, entry: Entry) -> Frame:
    """An event for staff."""
    return pack(encode(Event(chat, entry.seq, entry.at, entry.by, entry.what, entry.pub)))


def visitor_event(chat: int, entry: Entry) -> Frame:
    """A public event for its visitor; call it only for entries with a pub."""
    by = Face(entry.by.side, entry.by.name if entry.by.side is Side.staff else "")
    return pack(encode(VisitorEvent(chat, entry.pub, entry.at, by, entry.what)))  # type: ignore[arg-type]


def chat_card(head: Head, marks: Marks = NO_MARKS) -> ChatCard:
    """A chat in a list of staff; ``marks`` are the visitor's."""
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
    )


def visitor_card(head: Head, marks: Marks = NO_MARKS, place: int = 0, wait_s: int = -1) -> VisitorCard:
    """A chat for its visitor; ``marks`` are those of staff."""
    return VisitorCard(
        chat=head.id,
        version=head.version,
        department=head.department,
        state=head.state,
        pub=head.pub,
        agents=[head.owner_name] if head.owner_name else [],
        place=place,
        wait_s=wait_s,
        delivered=marks[0],
        read=marks[1],
        rating=head.rating,
        topic=head.topic,
    )


def visible(head: Head) -> tuple[object, ...]:
    """What of a head its visitor sees; a change elsewhere is no news there."""
    return head.state, head.owner_name, head.rating, head.topic


def seat_card(user: User, seat: Seat, chats: int) -> SeatCard:
    """A member of the team."""
    return SeatCard(
        user.id, user.name, user.display, seat.status, seat.since, seat.reason, seat.lost_at, chats
    )
