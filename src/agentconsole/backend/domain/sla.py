"""The clocks of a service level: when each is breached, while it runs.

docs/metrics.md defines them. All three run while staff must act (new, open) and stand still otherwise. What they count is
kept as a meter: ``solve_used`` ms up to ``solve_since``, from when it runs (0 = it stands still); ``next_used`` is the
part of it since the customer's question that stands. A stretch in which the meter runs counts by the hours and the level
that the ticket has now, all of it; what ended stays as it was counted.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agentconsole.protocol import Clock, ClockWarned, TicketStatus

from .department import Department
from .hours import Kind, after_open, open_between
from .level import Level
from .ticket import OURS, Ticket


def wound(ticket: Ticket, department: Department, now: int) -> Ticket:
    """The ticket with its clocks as they run from now on, and the moment at which time itself acts next.

    Winding it again, now or later, changes nothing.
    """
    level = level_of(department, ticket)
    runs, since = ticket.status in OURS, ticket.solve_since
    used, round_used = ticket.solve_used, ticket.next_used
    if runs and not since:
        since = now
    elif since and not runs:
        used += _counted(department, level, since, now)
        round_used += _counted(department, level, max(since, ticket.asked_at), now)
        since = 0
    asked_again = bool(ticket.asked_at and ticket.answered_at)
    if not asked_again:
        round_used = 0
        ticket = _without(ticket, Clock.next)
    ticket = msgspec.structs.replace(ticket, solve_used=used, solve_since=since, next_used=round_used)
    due = {
        clock: _after(department, level, start, target) for clock, start, target in _running(ticket, level)
    }
    ticket = msgspec.structs.replace(
        ticket,
        first_due=due.get(Clock.first, 0),
        next_due=due.get(Clock.next, 0),
        solve_due=due.get(Clock.solve, 0),
    )
    return msgspec.structs.replace(ticket, timer_at=_timer_at(ticket, department))


def rung(ticket: Ticket, department: Department, now: int) -> tuple[Ticket, list[ClockWarned]]:
    """Which clocks are near their breach, or breached, by now and were not told so yet; each is told once.

    Of a question that stands, ``next`` is told once; the next question begins without marks.
    """
    told: list[ClockWarned] = []
    warned, breached = list(ticket.warned), list(ticket.breached)
    for clock, warn_at, due_at in _untold(ticket, department):
        if due_at <= now:
            told.append(ClockWarned(clock, due_at, breached=True))
            breached.append(clock)
        elif warn_at <= now and clock not in warned:
            told.append(ClockWarned(clock, due_at))
        if warn_at <= now and clock not in warned:
            warned.append(clock)
    if not told:
        return ticket, []
    after = msgspec.structs.replace(ticket, warned=tuple(warned), breached=tuple(breached))
    return msgspec.structs.replace(after, timer_at=_timer_at(after, department)), told


def level_of(department: Department, ticket: Ticket) -> Level:
    """The department's targets for a ticket of this priority; without any, nothing is ever due."""
    found = (level for level in department.levels if level.priority is ticket.priority)
    return next(found, Level(ticket.priority))


def _running(ticket: Ticket, level: Level) -> Iterator[tuple[Clock, int, int]]:
    """The clocks that run: from when, and how much is left of each from there; what is left may be nothing at all."""
    since, asked_at, answered = ticket.solve_since, ticket.asked_at, ticket.answered_at
    if not since or ticket.status is TicketStatus.closed:
        return
    if level.first_ms and asked_at and not answered:
        yield Clock.first, since, level.first_ms - ticket.solve_used
    if level.next_ms and asked_at and answered:
        yield Clock.next, max(since, asked_at), level.next_ms - ticket.next_used
    if level.solve_ms:
        yield Clock.solve, since, level.solve_ms - ticket.solve_used


def _untold(ticket: Ticket, department: Department) -> Iterator[tuple[Clock, int, int]]:
    """The running clocks whose breach was not told: when to warn, and when they are breached."""
    level = level_of(department, ticket)
    targets = {Clock.first: level.first_ms, Clock.next: level.next_ms, Clock.solve: level.solve_ms}
    dues = {Clock.first: ticket.first_due, Clock.next: ticket.next_due, Clock.solve: ticket.solve_due}
    for clock, start, left in _running(ticket, level):
        if not dues[clock] or clock in ticket.breached:
            continue
        before = min(level.warn_ms, targets[clock] // 2)
        warn_at = _after(department, level, start, left - before) if before else dues[clock]
        yield clock, warn_at, dues[clock]


def _timer_at(ticket: Ticket, department: Department) -> int:
    moments = (
        due_at if clock in ticket.warned else warn_at
        for clock, warn_at, due_at in _untold(ticket, department)
    )
    return min(moments, default=0)


def _without(ticket: Ticket, clock: Clock) -> Ticket:
    """The ticket without what was told of this clock."""
    if clock not in ticket.warned and clock not in ticket.breached:
        return ticket
    warned, breached = (
        tuple(each for each in marks if each is not clock) for marks in (ticket.warned, ticket.breached)
    )
    return msgspec.structs.replace(ticket, warned=warned, breached=breached)


def _counted(department: Department, level: Level, start: int, end: int) -> int:
    if level.always:
        return max(0, end - start)
    return open_between(department.opening, Kind.email, start, end)


def _after(department: Department, level: Level, start: int, left: int) -> int:
    """When so much counted time has passed since ``start``; 0 if it never will (not within years)."""
    if level.always:
        return start + max(0, left)
    return after_open(department.opening, Kind.email, start, left) or 0
