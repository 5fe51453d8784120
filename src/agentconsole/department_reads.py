"""Departments over REST: their settings, asked for and changed one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import DepartmentCard
from agentconsole.questions import Asks, parsed


class Outcome(msgspec.Struct, frozen=True):
    """What came of a change, as a sentence; ``changed`` false = it was so already."""

    changed: bool
    text: str


class DepartmentReads:
    """One method a question; each raises Problem. ``client`` gives the one to ask, which changes with every login."""

    def __init__(self, client: Callable[[], Asks]) -> None:
        self._client = client

    async def every(self) -> list[DepartmentCard]:
        """All departments that are in use."""
        return parsed(await self._client().ask("GET", "/api/departments"), list[DepartmentCard])

    async def one(self, department: int) -> dict[str, Any]:
        """The settings of a department, by name, with its ``version``."""
        return parsed(await self._client().ask("GET", f"/api/departments/{department}"), dict[str, Any])

    async def change(self, department: int, name: str, value: Any, version: int) -> Outcome:
        """Change one setting, if nobody has changed the department since this version (else Problem 'conflict')."""
        body = msgspec.json.encode({name: value, "version": version})
        return parsed(
            await self._client().ask("PATCH", f"/api/departments/{department}", content=body), Outcome
        )

    async def add(self, slug: str, name: str) -> Outcome:
        """Add a department with this short name; ``name`` '' makes one of it."""
        body = msgspec.json.encode({"slug": slug, "settings": {"name": name} if name else {}})
        return parsed(await self._client().ask("POST", "/api/departments", content=body), Outcome)

    async def add_everybody(self, department: int) -> Outcome:
        """Make everybody who answers chats anywhere an agent of this department too."""
        answer = await self._client().ask("POST", f"/api/departments/{department}/everybody", content=b"{}")
        return parsed(answer, Outcome)

    async def add_days(self, department: int, calendar: str) -> Outcome:
        """Add the whole-day events of an iCalendar text to the days on which it is closed."""
        body = msgspec.json.encode({"calendar": calendar})
        answer = await self._client().ask("POST", f"/api/departments/{department}/holidays", content=body)
        return parsed(answer, Outcome)
