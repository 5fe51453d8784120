"""The clocks of a service level: when each is breached, while it runs."""

from __future__ import annotations

from agentconsole.protocol import ClockWarned

from .department import Department
from .ticket import Ticket


def wound(ticket: Ticket, department: Department, now: int) -> Ticket:
    """The ticket with its clocks as they run from now on, and the moment at which time itself acts next."""
    return ticket


def rung(ticket: Ticket, now: int) -> tuple[Ticket, list[ClockWarned]]:
    """Which clocks are near their breach, or breached, by now and were not told so yet."""
    return ticket, []
