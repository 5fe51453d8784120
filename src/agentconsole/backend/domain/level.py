"""A service level: how fast a department wants its tickets answered and solved."""

from __future__ import annotations

import msgspec

from agentconsole.protocol import TicketPriority

WARN_MS = 900_000


class Level(msgspec.Struct, frozen=True):
    """The targets for tickets of a priority, in milliseconds; 0 = none.

    They count in the department's opening hours for e-mail, or around the clock if ``always``. Who may act is warned
    ``warn_ms`` before a breach.
    """

    priority: TicketPriority
    first_ms: int = 0
    next_ms: int = 0
    solve_ms: int = 0
    always: bool = False
    warn_ms: int = WARN_MS


Levels = tuple[Level, ...]
