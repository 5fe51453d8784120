"""Handing a chat over: to whom it can go, how each of them stands, and what will happen, told before it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

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
    State,
    Status,
    Took,
    Transferred,
    VisitorLeft,
)
from agentconsole.protocol import Offered as OfferMade
from agentconsole.text import distance

AWAY: dict[Away | None, str] = {
    None: "the others of the department are asked",
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


def nearest(found: Sequence[Target], words: str) -> Target | None:
    """The first whose name begins with the words, else the first that has them in its name, else the first of all."""
    wanted = words.casefold().strip()
    choices = [target for target in found if target.user or target.department]
    return min(choices, key=lambda target: distance(target.name.casefold(), wanted), default=None)


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


@dataclass(frozen=True, slots=True)
class Chain:
    """What will happen: ``why`` is what stands in the way now (its times run on), ``steps`` what follows step by step.

    ``send`` is the wish with which nothing else can happen, however the facts change on the way; None = the server
    would refuse, so nothing is sent.
    """

    why: str
    steps: str
    send: Wish | None = None

    @property
    def text(self) -> str:
        """All of it, to be read before the yes."""
        return f"{self.why} {self.steps}".strip()

    def differs(self, other: Chain) -> bool:
        """True if something else will happen."""
        return (self.steps, self.send) != (other.steps, other.send)


@dataclass(frozen=True, slots=True)
class _Case:
    """A wish among the facts of a moment."""

    wish: Wish
    card: ChatCard
    seats: Mapping[int, SeatCard]
    departments: Mapping[int, DepartmentCard]
    now: int

    @property
    def seat(self) -> SeatCard | None:
        return self.seats.get(self.wish.user)

    @property
    def name(self) -> str:
        return self.seat.display if self.seat else "This person"

    @property
    def queue(self) -> DepartmentCard | None:
        """The department that will have the chat."""
        return self.departments.get(self.wish.department or self.card.department)

    @property
    def where(self) -> str:
        return self.queue.name if self.queue else "the department"

    @property
    def running(self) -> bool:
        return self.card.state is State.active

    @property
    def open(self) -> bool:
        """Can somebody there answer now, besides the chat's owner?"""
        return self.queue is not None and _open(self.queue, self.seats.values(), self.card.owner)

    @property
    def hindered(self) -> str:
        """What keeps the wanted person from it ('' = nothing, or nobody is wanted)."""
        return obstacle(self.seat, self.now) if self.seat else ""

    @property
    def others(self) -> bool:
        """Is everybody else of the department asked if the wanted person cannot? Never of the one that has it already."""
        elsewhere = self.wish.department not in (0, self.card.department)
        return self.running and elsewhere and self.open


def ways(
    wish: Wish,
    card: ChatCard,
    seats: Mapping[int, SeatCard],
    departments: Mapping[int, DepartmentCard],
    now: int,
) -> list[Away | None]:
    """What can be chosen to be done because nobody wanted can take it now, what is usual first; [] = there is no need.

    None = the others of the department are asked.
    """
    case = _Case(wish, card, seats, departments, now)
    if wish.force or not case.running or case.queue is None:
        return []
    if not wish.user:
        closed = not case.open and case.queue.id != card.department
        return [Away.refuse, Away.wait] if closed else []
    if not case.hindered:
        return []
    if case.others:
        return [None, Away.wait, Away.email, Away.refuse]
    at = ORDER.index(case.queue.away)
    return [*ORDER[at:], *ORDER[:at]]


ORDER = [Away.refuse, Away.wait, Away.email]


def chain(
    wish: Wish,
    card: ChatCard,
    seats: Mapping[int, SeatCard],
    departments: Mapping[int, DepartmentCard],
    visitor: str,
    now: int,
) -> Chain:
    """What will happen, step by step, if this is what I wish; ``now`` is the server's clock."""
    case = _Case(wish, card, seats, departments, now)
    forced = wish.force and wish.user != 0
    if card.state not in (State.waiting, State.offered, State.active):
        return Chain("", "Nobody answers this chat any more: there is nothing to hand over.")
    if (card.offer_to or card.offer_department) and not forced:
        return Chain(
            "", f"It is being offered to {whom(card, departments)}: nothing changes before that ends."
        )
    if not wish.user:
        return _to_department(case, visitor)
    if case.seat is None or case.queue is None:
        return Chain("", "There is no such colleague any more. Choose somebody else.")
    if not serves(case.seat, case.queue.id):
        return Chain("", f"{case.name} does not answer chats of {case.where}. It will be refused.")
    if forced:
        return _at_once(case, case.seat)
    if case.hindered:
        return _hindered(case, case.queue, visitor)
    return _asked(case, case.queue)


def _at_once(case: _Case, seat: SeatCard) -> Chain:
    if seat.status is Status.offline or seat.lost_at:
        return Chain(f"{case.name} {case.hindered}.", "So it will be refused, and nothing changes.")
    return Chain("", f"At once: {case.name} has the chat and is not asked.", replace(case.wish, away=None))


def _asked(case: _Case, queue: DepartmentCard) -> Chain:
    send, offer_s = replace(case.wish, away=Away.refuse, force=False), queue.offer_s
    if not (case.running and case.wish.department):
        stays = "it stays with you" if case.running else "it stays in its queue"
        return Chain("", f"Offered to {case.name} for {offer_s} s. Declined or no answer: {stays}.", send)
    first = f"{case.name} first, for {offer_s} s."
    home = case.departments.get(case.card.department, queue)
    return Chain("", f"{first} Then {_everybody(case.where, home.offer_s)}", send)


def _hindered(case: _Case, queue: DepartmentCard, visitor: str) -> Chain:
    why, wish = f"{case.name} {case.hindered}.", case.wish
    if not case.running:
        return Chain(why, "It stays in the queue: choose somebody else.")
    if wish.away is None and case.others:
        send = Wish(department=wish.department, note=wish.note, away=Away.refuse)
        return Chain(why, f"So it is offered to {_everybody(case.where, queue.offer_s)}", send)
    away = wish.away or queue.away
    send = replace(wish, away=away, force=False)
    if away is Away.wait:
        most = duration(queue.wait_for_s * 1000)
        line = f"{visitor} waits in {case.name}'s line for up to {most}"
        return Chain(why, f"{line}; then everybody of {case.where} may take it.", send)
    if away is Away.email and case.card.email:
        promise = f"{visitor} is promised an e-mail from {case.name}; the chat ends"
        return Chain(why, f"{promise} as a left message for {case.name}.", send)
    if away is Away.email:
        return Chain(why, f"{visitor} gave no e-mail address: it will be refused, and nothing changes.")
    return Chain(why, "It will be refused, and nothing changes.")


def _to_department(case: _Case, visitor: str) -> Chain:
    where, queue, card = case.where, case.queue, case.card
    if queue is None:
        return Chain("", "There is no such department any more. Choose another.")
    if not case.running:
        return Chain("", f"A waiting chat is offered to one person: F4 shows who answers {where}.")
    if queue.id == card.department:
        return Chain("", f"It is in {where} already: choose somebody of it, or put it back into the queue.")
    if case.open:
        send = Wish(department=queue.id, note=case.wish.note, away=Away.refuse)
        return Chain("", f"Offered to {_everybody(where, queue.offer_s)}", send)
    why = f"Nobody of {where} can answer now."
    if case.wish.away is Away.wait:
        send = Wish(department=queue.id, note=case.wish.note, away=Away.wait)
        return Chain(why, f"{visitor} waits in the queue of {where}, with its age.", send)
    return Chain(why, "It will be refused, and it stays with you.")


def _everybody(where: str, offer_s: int) -> str:
    return f"the agents of {where} for {offer_s} s. Nobody: into the queue of {where}, with its age."


def _open(queue: DepartmentCard, seats: Iterable[SeatCard], owner: int) -> bool:
    """Can somebody of a department answer now? The owner of the chat in question does not count."""
    there = [seat for seat in seats if serves(seat, queue.id) and _present(seat)]
    return queue.open and (any(seat.user != owner for seat in there) or not there)


def _present(seat: SeatCard) -> bool:
    return seat.status is Status.online and not seat.lost_at


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
