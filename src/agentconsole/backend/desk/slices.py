"""Changes of very many tickets, made a slice at a time so that nobody else's command waits for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ..domain.policy import Actor, Deed
from ..domain.ticket import Ticket
from ..storage import backlog, tickets
from ..storage.backlog import Left, Work
from ..storage.chats import WorkingSet
from .made import Made, TicketMade
from .things import require
from .tickets import freed, keep, rewound
from .time_rules import effort

SLICE = 100  # tickets in one transaction
EFFORT = 300_000  # of asking rules on time in one transaction; a twentieth of a second


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


def _go(sheet: WorkingSet, left: Left, now: int) -> list[TicketMade]:
    size = max(1, min(SLICE, EFFORT // max(1, effort(sheet.connection))))
    page = PAGES[left.work](sheet, left, size)
    news = DEEDS[left.work](sheet, page, now)
    if len(page) == size:
        backlog.put(sheet.connection, left._replace(after=page[-1].id))
    else:
        backlog.remove(sheet.connection, left.work, left.about)
    return news


def _go_on(sheet: WorkingSet, actor: Actor, command: GoOn, now: int) -> Made:
    require(actor, Deed.expire)
    left = backlog.one(sheet.connection, command.work, command.about)
    return Made(news=[*_go(sheet, left, now)]) if left else Made()


def _free(sheet: WorkingSet, page: list[Ticket], now: int) -> list[TicketMade]:
    """Tickets of somebody who may not answer them any more become nobody's."""
    news = []
    for before in page:
        after, lines = freed(sheet, before, now)
        if lines:
            department = sheet.department(before.department)
            news.append(TicketMade(before, keep(sheet, before, after, lines, department, now)))
    return news


PAGES: dict[Work, Callable[[WorkingSet, Left, int], list[Ticket]]] = {
    Work.free: lambda sheet, left, size: tickets.undone_of(sheet.connection, left.about, left.after, size),
    Work.wind: lambda sheet, left, size: tickets.not_closed(sheet.connection, left.after, size, left.about),
}
DEEDS: dict[Work, Callable[[WorkingSet, list[Ticket], int], list[TicketMade]]] = {
    Work.free: _free,
    Work.wind: rewound,
}
COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {GoOn: _go_on}
