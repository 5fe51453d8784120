"""Tells staff what becomes of tickets: changed cards, counts by department, and who else looks at one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from agentconsole.protocol import (
    TicketCount,
    TicketCounts,
    TicketGone,
    TicketViewer,
    TicketViewers,
    encode,
)

from .desk.made import TicketMade
from .domain.policy import Actor, Deed, Thing, can
from .domain.ticket import UNDONE, Ticket
from .readers import StaffReader, pack
from .storage import Connection, tickets
from .views import ticket_card

COUNTED = ("new", "open", "waiting", "hold", "solved", "overdue")
Counts = dict[int, Counter[str]]


def is_overdue(ticket: Ticket) -> bool:
    """Was a clock of this ticket breached, and is it still to be done?"""
    return bool(ticket.breached) and ticket.status in UNDONE


def may_read(actor: Actor, department: int) -> bool:
    """May this actor read the tickets of this department?"""
    return can(actor, Deed.ticket_read, Thing(department=department))


class View(msgspec.Struct, frozen=True):
    """At which ticket a console looks."""

    ticket: int
    department: int
    answering: bool


class Tickets:
    """The part of the fan-out that is about tickets; ``staff`` are all consoles that said hello."""

    def __init__(self, staff: Iterable[StaffReader]) -> None:
        self._staff = staff
        self._counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._stale: set[int] = set()
        self._views: dict[StaffReader, View] = {}

    def load(self, connection: Connection) -> None:
        """Count the tickets, before the doors open."""
        self._counts.clear()
        for department, status, number in tickets.counts(connection):
            self._counts[department][status] = number
        for department, number in tickets.overdue_counts(connection):
            self._counts[department]["overdue"] = number

    def made(self, item: TicketMade) -> None:
        """A ticket was written or changed."""
        before, after = item.before, item.after
        if before is not None:
            self._count(before, -1)
        self._count(after, 1)
        frame = pack(encode(ticket_card(after)))
        gone = pack(encode(TicketGone(after.id, after.version)))
        earlier = before.department if before is not None else after.department
        for reader in self._staff:
            if may_read(reader.actor, after.department):
                reader.send(frame)
            elif may_read(reader.actor, earlier):
                reader.send(gone)
        if earlier != after.department:
            self._moved(after)

    def _count(self, ticket: Ticket, step: int) -> None:
        counter = self._counts[ticket.department]
        counter[ticket.status.value] += step
        counter["overdue"] += step * is_overdue(ticket)
        self._stale.add(ticket.department)

    def tick(self) -> None:
        """Tell counts that changed since the last tick."""
        if not self._stale:
            return
        stale, self._stale = self._stale, set()
        for reader in self._staff:
            if any(may_read(reader.actor, key) for key in stale):
                reader.send(pack(encode(self.counts(reader.actor))))

    def counts(self, actor: Actor) -> TicketCounts:
        """The counts of the departments whose tickets this actor may read."""
        found = [
            TicketCount(key, **{name: counter[name] for name in COUNTED})
            for key, counter in sorted(self._counts.items())
            if may_read(actor, key)
        ]
        return TicketCounts(found)

    def view(self, reader: StaffReader, ticket: Ticket | None, answering: bool = False) -> None:
        """A console looks at a ticket (None, or one that it may not read = at none); others who look at it are told."""
        before = self._views.pop(reader, None)
        if ticket is not None and may_read(reader.actor, ticket.department):
            self._views[reader] = View(ticket.id, ticket.department, answering)
        now = self._views.get(reader)
        for key in {view.ticket for view in (before, now) if view is not None}:
            self._tell_viewers(key)

    def viewers(self, ticket: int, but: StaffReader | None = None) -> list[TicketViewer]:
        """Who looks at a ticket, each person once."""
        found: dict[int, TicketViewer] = {}
        for reader, view in self._looking_at(ticket):
            if but is None or reader.actor.id != but.actor.id:
                known = found.get(reader.actor.id)
                answering = view.answering or (known is not None and known.answering)
                found[reader.actor.id] = TicketViewer(reader.actor.id, reader.actor.display, answering)
        return [found[user] for user in sorted(found)]

    def _looking_at(self, ticket: int) -> list[tuple[StaffReader, View]]:
        return [
            (reader, view)
            for reader, view in self._views.items()
            if view.ticket == ticket and may_read(reader.actor, view.department)
        ]

    def _tell_viewers(self, ticket: int) -> None:
        for reader, _ in self._looking_at(ticket):
            reader.send(pack(encode(TicketViewers(ticket, self.viewers(ticket, but=reader)))))

    def _moved(self, ticket: Ticket) -> None:
        """Who looks at a ticket that went to another department looks on only if it is theirs to see."""
        for reader, view in self._views.items():
            if view.ticket == ticket.id:
                self._views[reader] = View(ticket.id, ticket.department, view.answering)
        self._tell_viewers(ticket.id)
