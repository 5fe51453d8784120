"""What the department's rules do when something happens to a ticket, in the same transaction."""

from __future__ import annotations

from ..domain.department import Department
from ..domain.ticket import Ticket, TicketLine
from ..storage.chats import WorkingSet


def react(
    sheet: WorkingSet, before: Ticket | None, after: Ticket, department: Department, now: int
) -> tuple[Ticket, list[TicketLine]]:
    """The ticket after all rules that fire on this change, and what they did."""
    return after, []
