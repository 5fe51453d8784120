"""The team as a person reads it: who is where, for how long, set by whom, and what runs out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agentconsole.narrate import STATUSES, duration
from agentconsole.protocol import DepartmentCard, SeatCard, Status

MINUTE = 60_000
SIGNS = {
    Status.online: ("●", "good"),
    Status.away: ("◐", "warn"),
    Status.phone: ("■", "warn"),
    Status.drain: ("▼", "warn"),
    Status.offline: ("○", "dim"),
}
HEADINGS = {
    Status.online: "Online",
    Status.phone: "On the phone",
    Status.away: "On break",
    Status.drain: "Finishing",
    Status.offline: "Offline",
}


@dataclass(frozen=True, slots=True)
class Member:
    """A row of the team screen. ``user`` 0 = a heading, which has only a ``name``; ``ends`` says what runs out,
    ``alarm`` is true when that is overdue or a link is ``lost``."""

    user: int
    name: str
    status: Status = Status.offline
    words: str = ""
    since: str = ""
    ends: str = ""
    alarm: bool = False
    lost: bool = False
    load: str = ""
    full: bool = False
    departments: str = ""
    tested: bool = True
    me: bool = False
    answers: bool = True  # chats, of some department


def members(
    seats: Iterable[SeatCard], departments: Mapping[int, DepartmentCard], me: int, within: int, now: int
) -> list[Member]:
    """The rows of the screen: by status, then by name; ``within`` a department (0 = all). ``now`` is the server's clock."""
    shown = [seat for seat in seats if not within or serves(seat, within)]
    rows: list[Member] = []
    for status, heading in HEADINGS.items():
        here = sorted(
            (seat for seat in shown if seat.status is status), key=lambda each: each.display.casefold()
        )
        if here:
            rows.append(Member(0, f"{heading} {len(here)}"))
        rows += [_member(seat, departments, me, now) for seat in here]
    return rows


def _member(seat: SeatCard, departments: Mapping[int, DepartmentCard], me: int, now: int) -> Member:
    words = seat.reason or STATUSES[seat.status]
    if seat.by:
        words += f" (by {seat.by})"
    lost = link(seat, now)
    return Member(
        seat.user,
        seat.display,
        seat.status,
        words,
        since(seat, now),
        lost or break_ends(seat, now),
        bool(lost) or overdue(seat, now),
        bool(lost),
        load(seat),
        bool(seat.limit) and seat.chats >= seat.limit,
        serving(seat, departments),
        bool(seat.alerts_at) or seat.status is Status.offline,
        seat.user == me,
        bool(seat.departments),
    )


def since(seat: SeatCard, now: int) -> str:
    """How long the status has lasted, in whole minutes ('' = never set)."""
    if not seat.since:
        return ""
    return duration(now - seat.since) if now - seat.since >= MINUTE else "now"


def serves(seat: SeatCard, department: int) -> bool:
    """True if this person answers chats of the department."""
    return 0 in seat.departments or department in seat.departments


def serving(seat: SeatCard, departments: Mapping[int, DepartmentCard]) -> str:
    """The departments that this person answers, by name; with the priority where it is not the first."""
    if 0 in seat.departments:
        return "all departments"
    tiers = {each.department: each.tier for each in seat.members}
    names = []
    for id in seat.departments:
        if card := departments.get(id):
            tier = tiers.get(id, 1)
            names.append(card.name if tier == 1 else f"{card.name} (priority {tier})")
    return ", ".join(names) or "no department"


def load(seat: SeatCard) -> str:
    """Running and offered chats, of how many."""
    return f"{seat.chats}/{seat.limit}" if seat.limit else str(seat.chats)


def overdue(seat: SeatCard, now: int) -> bool:
    """True if a break has lasted longer than it may."""
    return seat.status is Status.away and bool(seat.until) and now > seat.until


def break_ends(seat: SeatCard, now: int) -> str:
    """How long a break may last still, or how long it is overdue, in whole minutes; '' without a length."""
    if seat.status is not Status.away or not seat.until:
        return ""
    if now > seat.until:
        over = (now - seat.until) // MINUTE
        return f"{over} min over" if over else "time is up"
    return f"{-((now - seat.until) // MINUTE)} min left"


def link(seat: SeatCard, now: int) -> str:
    """What a lost link means for this person's chats, second by second while they are held ('' = the link is up)."""
    if not seat.lost_at or seat.status is Status.offline:
        return ""
    if not counting(seat, now):
        return f"link lost {duration(now - seat.lost_at)}"
    seconds = -((now - seat.held_until) // 1000)
    if not seat.chats:
        return f"link lost, {seconds} s more"
    return f"link lost, {seconds} s more for {seat.chats} chat{'s' if seat.chats > 1 else ''}"


def counting(seat: SeatCard, now: int) -> bool:
    """True while a lost link is counted down."""
    return bool(seat.lost_at) and now < seat.held_until


def status_line(seat: SeatCard, now: int, brief: bool = False) -> str:
    """My own status for the status bar: what, why, how long still, and who set it; ``brief`` = without reasons."""
    words = STATUSES[seat.status]
    if seat.reason and not brief:
        words += f": {seat.reason}"
    if ends := break_ends(seat, now):
        words += f", {ends}"
    return f"{words} (set by {seat.by})" if seat.by and not brief else words
