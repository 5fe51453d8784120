"""Rules on time: each ticket that is not closed knows when the next of them fires on it."""

from __future__ import annotations

from collections.abc import Sequence

from agentconsole.protocol import RuleEvent, TicketStatus

from ..domain import condition
from ..domain.ripening import Outlook
from ..domain.rules import governs
from ..domain.ticket import Ticket
from ..storage import Connection, rules
from ..storage.chats import WorkingSet
from .automation import Heard, facts_in, name_of

HEARD = Heard(RuleEvent.time_passed)
ASKING = 50  # what it takes to ask a rule at all, in characters of conditions


def ripe_times(sheet: WorkingSet, page: Sequence[Ticket], now: int) -> dict[int, int]:
    """When a rule on time fires next on each of these tickets, as they are written down; 0 = none will.

    A rule fires once on a ticket, and again after people have written in it.
    """
    found = {ticket.id: 0 for ticket in page}
    every = rules.waiting_for(sheet.connection, RuleEvent.time_passed)
    if not every:
        return found
    fired = rules.fired_on(sheet.connection, list(found))
    names = {user: name_of(sheet.connection, user) for user in {ticket.assignee for ticket in page}}
    for ticket in page:
        waiting = [rule for rule in every if governs(rule, ticket.department)]
        if waiting and ticket.status is not TicketStatus.closed:
            department, name = sheet.department(ticket.department), names[ticket.assignee]
            facts = facts_in(sheet.connection, department, name, ticket, HEARD, now)
            outlook = Outlook(ticket, facts, department.opening, now)
            found[ticket.id] = outlook.ripe_at(waiting, fired.get(ticket.id, ()))
    return found


def effort(connection: Connection) -> int:
    """What it takes to ask the rules on time about one ticket, in characters of conditions: each is asked at every moment
    that it names, and as if the department were open, and closed."""
    found = 0
    for rule in rules.waiting_for(connection, RuleEvent.time_passed):
        read = condition.read(rule.when)
        found += ASKING + len(rule.when) * (1 + len(read.moments)) * (1 + read.asks_hours)
    return found
