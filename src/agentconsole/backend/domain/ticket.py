"""The life of a ticket: what customers, staff and time do to it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agentconsole.protocol import (
    MAX_SUBJECT,
    MAX_TAG,
    Answered,
    Clock,
    Code,
    MailState,
    Party,
    Public,
    Side,
    TicketChanged,
    TicketPriority,
    TicketStatus,
    TicketWhat,
    Wrote,
)

from .life import Refusal, without_nul
from .spans import DAY_MS

CLOSE_AFTER_MS = 7 * DAY_MS  # a solved ticket is closed for good after so long
PATIENCE_MS = DAY_MS  # without a service level a ticket stands in lists as if due so long after it was asked
AT_REST = 2**52  # where tickets that wait for nobody of staff stand in lists: behind all others

UNDONE = frozenset({TicketStatus.new, TicketStatus.open, TicketStatus.waiting, TicketStatus.hold})
OURS = frozenset({TicketStatus.new, TicketStatus.open})  # staff must act
OVER = frozenset({TicketStatus.solved, TicketStatus.closed})


class Ticket(msgspec.Struct, frozen=True, gc=False):
    """A ticket as it stands: one row. Times are UTC milliseconds, 0 = not (yet).

    ``asked_at`` is the customer's first message that nobody has answered. ``first_due``, ``next_due`` and ``solve_due``
    are when each running clock is breached; ``solve_used`` ms of counted time had passed for the solution when its
    clock last stopped, or at ``solve_since``, from when it runs, and ``next_used`` of them since ``asked_at`` (`sla`).
    ``warned`` and ``breached`` are the clocks for which that was told. ``timer_at`` is when time itself does something
    to the ticket next, ``rules_at`` when a rule on time fires on it (`ripening`).
    """

    id: int
    department: int
    status: TicketStatus
    subject: str
    created_at: int
    updated_at: int
    seq: int = 0
    pub: int = 0
    version: int = 0
    email: str = ""
    name: str = ""
    customer: int = 0
    assignee: int = 0
    assignee_name: str = ""
    priority: TicketPriority = TicketPriority.normal
    tags: tuple[str, ...] = ()
    source: str = "widget"
    language: str = ""
    first_line: str = ""
    asked_at: int = 0
    answered_at: int = 0
    solved_at: int = 0
    hold_until: int = 0
    first_due: int = 0
    next_due: int = 0
    solve_due: int = 0
    solve_used: int = 0
    solve_since: int = 0
    next_used: int = 0
    warned: tuple[Clock, ...] = ()
    breached: tuple[Clock, ...] = ()
    timer_at: int = 0
    rules_at: int = 0
    mail: MailState | None = None
    chat: int = 0
    merged_into: int = 0
    follows: int = 0
    related: int = 0
    drill: bool = False

    @property
    def due_at(self) -> int:
        """The nearest of the running clocks' ends, 0 = none runs."""
        return min((due for due in (self.first_due, self.next_due, self.solve_due) if due), default=0)

    @property
    def rank(self) -> int:
        """Where the ticket stands in lists, least first: what is nearest to its breach, then what rests."""
        if self.status in OURS:
            return self.due_at or (self.asked_at or self.created_at) + PATIENCE_MS
        return AT_REST + (0 if self.status is TicketStatus.waiting else 1)


class TicketLine(msgspec.Struct, frozen=True, gc=False):
    """An event with its numbers; ``pub`` 0 = staff only."""

    seq: int
    pub: int
    at: int
    by: Party
    what: TicketWhat


SYSTEM_PARTY = Party(Side.system, 0, "")


def record(
    ticket: Ticket, by: Party, whats: Iterable[TicketWhat], now: int
) -> tuple[Ticket, list[TicketLine]]:
    """Number these events; the ticket counts them."""
    lines: list[TicketLine] = []
    seq, pub = ticket.seq, ticket.pub
    for what in whats:
        seq += 1
        pub += isinstance(what, Public)
        lines.append(TicketLine(seq, pub if isinstance(what, Public) else 0, now, by, what))
    changed = msgspec.structs.replace(ticket, seq=seq, pub=pub, version=ticket.version + 1, updated_at=now)
    return changed, lines


def wrote(ticket: Ticket, what: Wrote, by: Party, now: int) -> tuple[Ticket, list[TicketLine]]:
    """The customer wrote: whatever the ticket waited for, staff must act now. Raises Refusal closed."""
    if ticket.status is TicketStatus.closed:
        raise Refusal(Code.closed, "This ticket is closed; what comes now is a new one.")
    status = ticket.status if ticket.status is TicketStatus.new else TicketStatus.open
    whats: list[TicketWhat] = [what, *_moved(ticket.status, status, "the customer wrote")]
    after = msgspec.structs.replace(
        ticket, status=status, asked_at=ticket.asked_at or now, hold_until=0, solved_at=0
    )
    return record(after, by, whats, now)


def answered(
    ticket: Ticket, what: Answered, by: Party, status: TicketStatus, now: int, hold_until: int = 0
) -> tuple[Ticket, list[TicketLine]]:
    """Staff answered; who answers what is nobody's takes it. Raises Refusal closed, invalid."""
    if ticket.status is TicketStatus.closed:
        raise Refusal(Code.closed, "This ticket is closed. Begin a new one that follows it.")
    if status is TicketStatus.new:
        raise Refusal(Code.invalid, "An answered ticket is not new any more.")
    whats: list[TicketWhat] = [what]
    after = msgspec.structs.replace(ticket, asked_at=0, answered_at=ticket.answered_at or now)
    if not ticket.assignee:
        whats.append(TicketChanged("assignee", "", by.name))
        after = msgspec.structs.replace(after, assignee=by.id, assignee_name=by.name)
    after, moved = into(after, status, now, hold_until)
    return record(after, by, [*whats, *moved], now)


def into(
    ticket: Ticket, status: TicketStatus, now: int, hold_until: int = 0, why: str = ""
) -> tuple[Ticket, list[TicketWhat]]:
    """The ticket in another status. Raises Refusal invalid (hold without a date to come), closed."""
    if ticket.status is TicketStatus.closed and status is not TicketStatus.closed:
        raise Refusal(Code.closed, "This ticket is closed for good. Begin a new one that follows it.")
    if status is TicketStatus.hold and hold_until <= now:
        raise Refusal(Code.invalid, "On hold until when? Give a date to come.")
    if status is TicketStatus.new and ticket.status is not TicketStatus.new:
        raise Refusal(Code.invalid, "A ticket is new only until somebody has worked on it.")
    solved_at = (ticket.solved_at or now) if status in OVER else 0
    asked_at = 0 if status in OVER else ticket.asked_at
    after = msgspec.structs.replace(
        ticket,
        status=status,
        hold_until=hold_until if status is TicketStatus.hold else 0,
        solved_at=solved_at,
        asked_at=asked_at,
    )
    return after, _moved(ticket.status, status, why)


def _moved(before: TicketStatus, after: TicketStatus, why: str) -> list[TicketWhat]:
    return [] if before is after else [TicketChanged("status", before.value, after.value, why)]


def subject_of(text: str) -> str:
    """A subject made of the first words of a text."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= 80 else line[:79].rstrip() + "…"


def tag_of(text: str) -> str:
    """A text as a tag: small letters, no comma, at most so long; '' = nothing is left of it."""
    return " ".join(without_nul(text).replace(",", " ").split()).lower()[:MAX_TAG].rstrip()


def checked_subject(subject: str) -> str:
    """A subject on one line. Raises Refusal too_long."""
    subject = " ".join(subject.replace("\0", "").split())
    if len(subject) > MAX_SUBJECT:
        raise Refusal(Code.too_long, f"A subject may have up to {MAX_SUBJECT} characters.")
    return subject
