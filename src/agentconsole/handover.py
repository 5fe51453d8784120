"""Handing a chat over: to whom it can go, how each of them stands, and what will happen, told before it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agentconsole.narrate import STATUSES, duration
from agentconsole.offers import Offer, Offered
from agentconsole.protocol import (
    OPEN_STATES,
    Away,
    ChatCard,
    DepartmentCard,
    Ended,
    Event,
    Finished,
    Lined,
    Requeued,
    SeatCard,
    Status,
    Took,
    Transferred,
    VisitorLeft,
)
from agentconsole.protocol import Offered as OfferMade

AWAY = {
    Away.refuse: "nothing changes, and you are told",
    Away.wait: "the visitor waits in that person's line",
    Away.email: "the visitor is promised an e-mail, and the chat ends",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Who a chat can go to: an agent, a department, or (both) a department that asks this agent first.

    ``state`` and ``load`` say how they stand, ``about`` what they do; ``free`` = somebody could take it now.
    One with neither agent nor department is a heading.
    """

    user: int = 0
    department: int = 0
    name: str = ""
    state: str = ""
    load: str = ""
    about: str = ""
    free: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of a chat; ``away`` None = as the department has it."""

    user: int = 0
    department: int = 0
    note: str = ""
    away: Away | None = None
    force: bool = False


def targets(
    card: ChatCard,
    seats: Iterable[SeatCard],
    departments: Mapping[int, DepartmentCard],
    now: int,
    within: int = 0,
) -> list[Target]:
    """Everybody but the chat's owner, under headings; ``within`` a department: anybody of it, or one of it first.

    ``now`` is the server's clock.
    """
    people, home = [seat for seat in seats if seat.user != card.owner], card.department
    if within in departments:
        inside = [seat for seat in people if serves(seat, within)]
        queue = departments[within]
        return [
            Target(name=f"{queue.name}: who is asked first"),
            _queue(queue, people, home, "anybody of it"),
            *_sorted(_agent(seat, departments, now, home, within) for seat in inside),
        ]
    queues = [_queue(each, people, home) for each in departments.values()]
    agents = [_agent(seat, departments, now, home) for seat in people]
    found: list[Target] = []
    for heading, group in (("Departments", queues), ("Agents", agents)):
        if group:
            found += [Target(name=heading), *_sorted(group)]
    return found


def fitting(found: Sequence[Target], words: str) -> list[Target]:
    """The targets in which all the words occur, under their headings."""
    wanted = words.casefold().split()
    kept: list[Target] = []
    for target in found:
        heading = not (target.user or target.department)
        text = f"{target.name} {target.state} {target.about}".casefold()
        if heading:
            if kept and not (kept[-1].user or kept[-1].department):
                kept.pop()
            kept.append(target)
        elif all(word in text for word in wanted):
            kept.append(target)
    if kept and not (kept[-1].user or kept[-1].department):
        kept.pop()
    return kept


def serves(seat: SeatCard, department: int) -> bool:
    """True if this person answers chats of the department."""
    return 0 in seat.departments or department in seat.departments


def obstacle(seat: SeatCard, now: int) -> str:
    """Why this person cannot take a chat now, as the end of a sentence ('' = they can)."""
    if seat.status is not Status.online:
        return f"is {standing(seat, now)}"
    if seat.lost_at:
        return f"has no link ({_held(seat, now)})"
    if seat.limit and seat.chats >= seat.limit:
        return f"has {seat.chats} of {seat.limit} chats already"
    return ""


def standing(seat: SeatCard, now: int) -> str:
    """Status, reason and link of a person, in a few words; ``now`` is the server's clock."""
    lost = f"link lost, {_held(seat, now)}" if seat.lost_at and seat.status is not Status.offline else ""
    if seat.status is Status.online:
        return lost or STATUSES[seat.status]
    words = STATUSES[seat.status]
    if seat.status is Status.away:
        words += f" {duration(now - seat.since)}"
    if seat.reason:
        words += f": {seat.reason}"
    return f"{words}, {lost}" if lost else words


def chain(
    wish: Wish,
    card: ChatCard,
    seats: Mapping[int, SeatCard],
    departments: Mapping[int, DepartmentCard],
    visitor: str,
    now: int,
) -> str:
    """What will happen, step by step, if this is what I wish; ``now`` is the server's clock."""
    seat = seats.get(wish.user)
    name = seat.display if seat else "this person"
    queue = departments.get(wish.department or card.department)
    where = queue.name if queue else "the department"
    offer_s, wait_s = (queue.offer_s, queue.wait_for_s) if queue else (60, 600)
    everybody = f"the agents of {where} for {offer_s} s. Nobody: into the queue of {where}, with its age."
    if wish.force and wish.user:
        return f"At once: {name} has the chat and is not asked."
    if not wish.user:
        return _to_department(wish, card, queue, everybody, visitor)
    if seat and (hindered := obstacle(seat, now)):
        if wish.away is None and wish.department and queue and queue.open:
            return f"{name} {hindered}. So it is offered to {everybody}"
        away = wish.away or (queue.away if queue else Away.refuse)
        return f"{name} {hindered}. " + _if_away(away, name, visitor, where, wait_s)
    if not wish.department:
        return f"Offered to {name} for {offer_s} s. Declined or no answer: {_stays(card)}."
    return f"{name} first, for {offer_s} s. Then {everybody}"


def _to_department(
    wish: Wish, card: ChatCard, queue: DepartmentCard | None, everybody: str, visitor: str
) -> str:
    if queue and queue.id == card.department:
        return f"It is in {queue.name} already: choose somebody of it, or put it back into the queue."
    if queue and not queue.open:
        if wish.away is Away.wait:
            return f"Nobody of {queue.name} can answer now: {visitor} waits in its queue."
        return f"Nobody of {queue.name} can answer now. It will be refused, and {_stays(card)}."
    return f"Offered to {everybody}"


def _stays(card: ChatCard) -> str:
    return "it stays with you" if card.owner else "it stays in the queue"


def _if_away(away: Away, name: str, visitor: str, where: str, wait_s: int) -> str:
    match away:
        case Away.refuse:
            return "It will be refused, and nothing changes."
        case Away.wait:
            return (
                f"{visitor} waits in {name}'s line for up to {duration(wait_s * 1000)}; "
                f"then everybody of {where} may take it."
            )
        case Away.email:
            return f"{visitor} is promised an e-mail from {name}; the chat ends as a left message for {name}."


# --- an offer under way ---


def whom(card: ChatCard, departments: Mapping[int, DepartmentCard]) -> str:
    """To whom a chat is offered."""
    department = departments.get(card.offer_department)
    return card.offer_name or (department.name if department else "") or "a colleague"


def seconds_left(until: int, now: int) -> str:
    """A countdown; ``now`` is the server's clock."""
    return f"{max(0, until - now + 999) // 1000} s"


def origin(row: Offered, seats: Mapping[int, SeatCard], departments: Mapping[int, DepartmentCard]) -> str:
    """Who wants what of me, in a few words."""
    seat = seats.get(row.card.offer_by)
    by = seat.display if seat else row.card.owner_name or "a colleague"
    match row.kind:
        case Offer.given:
            return "given to you"
        case Offer.transfer:
            return f"{by} hands it to you"
        case Offer.department:
            return f"{by} hands it to {whom(row.card, departments)}"
        case Offer.invited:
            return f"{row.card.owner_name or 'a colleague'} asks you to join"


def note_of(events: Sequence[Event]) -> str:
    """The note that goes with the newest offer, '' if there is none."""
    for event in reversed(events):
        if isinstance(event.what, OfferMade | Lined):
            return event.what.note
    return ""


def gone_to(card: ChatCard | None, events: Sequence[Event], me: int) -> str:
    """Who has a running chat that is not mine any more: a name, 'the queue', or '' if it is over or mine."""
    if card is not None:
        if card.state not in OPEN_STATES or card.owner == me:
            return ""
        return card.owner_name or "the queue"
    for event in reversed(events):
        match event.what:
            case Transferred() | Took():
                return event.by.name if event.by.id != me else ""
            case Requeued(department):
                return f"the queue of {department}" if department else "the queue"
            case Ended() | VisitorLeft() | Finished():
                return ""
    return ""


def _agent(
    seat: SeatCard, departments: Mapping[int, DepartmentCard], now: int, home: int, within: int = 0
) -> Target:
    """An agent; one who does not answer for ``home``, the chat's department, has it by way of one of their own."""
    serving = [each for each in departments.values() if serves(seat, each.id)]
    way = within or (0 if serves(seat, home) or not serving else serving[0].id)
    load = f"{seat.chats}/{seat.limit}" if seat.limit else str(seat.chats)
    return Target(
        seat.user,
        way,
        seat.display,
        standing(seat, now),
        load,
        "all departments" if 0 in seat.departments else ", ".join(each.name for each in serving),
        not obstacle(seat, now),
    )


def _queue(card: DepartmentCard, people: Sequence[SeatCard], home: int, name: str = "") -> Target:
    serving = [seat for seat in people if serves(seat, card.id)]
    free = sum(not obstacle(seat, 0) for seat in serving)
    return Target(
        0,
        card.id,
        name or card.name,
        "it is here" if card.id == home else "open" if card.open else "closed",
        f"{free} of {len(serving)} free",
        card.guide or card.description,
        card.open and free > 0 and card.id != home,
    )


def _sorted(group: Iterable[Target]) -> list[Target]:
    return sorted(group, key=lambda each: (not each.free, each.name.casefold()))


def _held(seat: SeatCard, now: int) -> str:
    left = max(0, seat.held_until - now) // 1000
    return f"kept {left} s more" if left else "chats given back"
