"""How many chats an agent has, and whether one more may be given, asked of committed rows."""

from __future__ import annotations

import msgspec

from agentconsole.protocol import Code, Status

from ..domain import offers
from ..domain.life import Head, Refusal
from ..domain.policy import Actor
from ..storage import chats, members, seats, users
from ..storage.chats import WorkingSet
from ..storage.seats import Seat
from ..storage.users import User


class Colleague(msgspec.Struct, frozen=True):
    """A member of staff as the desk finds them now; ``held`` are the chats that count, ``limit`` how many may."""

    user: User
    actor: Actor
    seat: Seat
    held: tuple[Head, ...]
    limit: int

    @property
    def there(self) -> bool:
        """Linked, and not offline."""
        return not self.seat.lost_at and self.seat.status is not Status.offline

    @property
    def absent(self) -> str:
        """What keeps this person from a new chat, as "is on a break"; '' = nothing."""
        if self.seat.status is not Status.online:
            reason = f" ({self.seat.reason})" if self.seat.reason else ""
            return _ABSENT[self.seat.status] + reason
        return "has lost the link" if self.seat.lost_at else ""

    @property
    def why_not(self) -> str:
        """What keeps this person from being given a chat; '' = nothing."""
        if self.absent:
            return self.absent
        return f"has {len(self.held)} of {self.limit} chats" if len(self.held) >= self.limit else ""


_ABSENT = {
    Status.away: "is on a break",
    Status.phone: "is on the phone",
    Status.drain: "takes no new chats",
    Status.offline: "is offline",
}


def colleague(sheet: WorkingSet, key: int, now: int) -> Colleague | None:
    """A member of staff who is not disabled; None = there is none with this id."""
    connection = sheet.connection
    found = users.by_id(connection, key)
    if found is None or found.disabled:
        return None
    return Colleague(
        found,
        users.actor_of(connection, found),
        seats.one(connection, key),
        tuple(head for head in chats.held_by(connection, key) if counts(sheet, head, key, now)),
        found.chat_limit or members.chat_limit(connection),
    )


def counts(sheet: WorkingSet, head: Head, user: int, now: int) -> bool:
    """Does this chat count against this user? An offer does; of their own, one that was silent for long does not."""
    idle_ms = sheet.department(head.department).idle_ms
    silent = idle_ms and now - max(head.spoke_at, head.taken_at, head.since) >= idle_ms
    return head.offer_to == user or not silent


def may_take(sheet: WorkingSet, head: Head, actor: Actor, now: int) -> None:
    """Raises Refusal limit if the department is strict and this agent has as many chats as may be; what is offered to
    them, or theirs, counts already."""
    department = (offers.accepts(head, actor) and head.offer_department) or head.department
    if not sheet.department(department).strict_limit or actor.id in (head.owner, head.offer_to):
        return
    sheet.flush()  # what this batch gave before is counted too
    found = colleague(sheet, actor.id, now)
    if found is None:
        return
    held, most = in_department(sheet, found, department)
    if len(found.held) >= found.limit or (most and held >= most):
        count = f"{len(found.held)} of {found.limit} chats"
        raise Refusal(Code.limit, f"You have {count}. Close or hand over one before you take another.")


def in_department(sheet: WorkingSet, found: Colleague, department: int) -> tuple[int, int]:
    """How many chats of a department a colleague has, and how many may be (0 = the colleague's own limit)."""
    held = sum(_counts_in(head, found.user.id) == department for head in found.held)
    own = members.one(sheet.connection, found.user.id, department).limit
    return held, own or sheet.department(department).agent_limit


def _counts_in(head: Head, user: int) -> int:
    return (head.offer_department if head.offer_to == user else 0) or head.department
