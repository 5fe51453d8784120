"""Changes of very many tickets or calls, made a slice at a time so that nobody else's command waits for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ..domain.policy import Actor, Deed
from ..domain.ticket import Ticket
from ..storage import Connection, backlog, tickets, webhooks
from ..storage.backlog import Left, Work
from ..storage.chats import WorkingSet
from .made import Made, TicketMade
from .things import require
from .tickets import freed, keep, rewound
from .time_rules import effort

SLICE = 100  # tickets in one transaction
CALLS = 500
EFFORT = 300_000  # of asking rules on time in one transaction; a twentieth of a second


def size(connection: Connection) -> int:
    """How many tickets are changed in one transaction: the more rules on time have to be asked about each, the fewer."""
    return max(1, min(SLICE, EFFORT // max(1, effort(connection))))


class GoOn(msgspec.Struct, frozen=True):
    """Do the next slice of a work that is left."""

    work: Work
    about: int


def begin_work(sheet: WorkingSet, work: Work, about: int, now: int) -> list[TicketMade]:
    """Do the first slice of a work, all over again if it runs already; the clock does what is left."""
    if not about:  # all of it
        for left in backlog.every(sheet.connection):
            if left.work is work:
                backlog.remove(sheet.connection, work, left.about)
    return _go(sheet, Left(work, about), now)


def begin_calls(sheet: WorkingSet, departments: Sequence[int], now: int) -> tuple[int, bool]:
    """Try the calls of these departments' rules again that were given up: a slice now, and the clock does what is left.

    How many they were, and is anything left?
    """
    count, reached = webhooks.again(sheet.connection, now, departments, 0, CALLS)
    left = [Left(Work.call, about, reached) for about in departments if reached]
    for each in left:
        backlog.put(sheet.connection, each)
    return count, bool(left)


def _go(sheet: WorkingSet, left: Left, now: int) -> list[TicketMade]:
    reached, news = DEEDS[left.work](sheet, left, now)
    if reached:
        backlog.put(sheet.connection, left._replace(after=reached))
    else:
        backlog.remove(sheet.connection, left.work, left.about)
    return news


def _go_on(sheet: WorkingSet, actor: Actor, command: GoOn, now: int) -> Made:
    require(actor, Deed.expire)
    left = backlog.one(sheet.connection, command.work, command.about)
    return Made(news=[*_go(sheet, left, now)]) if left else Made()


def _free(sheet: WorkingSet, left: Left, now: int) -> Slice:
    """Tickets of somebody who may not answer them any more become nobody's."""
    limit = size(sheet.connection)
    page = tickets.undone_of(sheet.connection, left.about, left.after, limit)
    news = []
    for before in page:
        after, lines = freed(sheet, before, now)
        if lines:
            department = sheet.department(before.department)
            news.append(TicketMade(before, keep(sheet, before, after, lines, department, now)))
    return _reached(page, limit), news


def _wind(sheet: WorkingSet, left: Left, now: int) -> Slice:
    limit = size(sheet.connection)
    page = tickets.not_closed(sheet.connection, left.after, limit, left.about)
    return _reached(page, limit), rewound(sheet, page, now)


def _call(sheet: WorkingSet, left: Left, now: int) -> Slice:
    return webhooks.again(sheet.connection, now, [left.about], left.after, CALLS)[1], []


def _reached(page: Sequence[Ticket], limit: int) -> int:
    return page[-1].id if len(page) == limit else 0


Slice = tuple[int, list[TicketMade]]  # up to which number, 0 = nothing is left; and what changed
DEEDS: dict[Work, Callable[[WorkingSet, Left, int], Slice]] = {
    Work.free: _free,
    Work.wind: _wind,
    Work.call: _call,
}
COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {GoOn: _go_on}
