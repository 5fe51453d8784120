"""A department: the queue that a group of agents answers, and its settings."""

from __future__ import annotations

import msgspec

from agentconsole.protocol import DepartmentCard, DepartmentFace

from .chat import Timing


class Department(msgspec.Struct, frozen=True):
    """One row. ``team`` lets colleagues read each other's chats; times are milliseconds."""

    id: int
    slug: str
    name: str
    description: str = ""
    welcome: str = ""
    topics: tuple[str, ...] = ()
    team: bool = False
    archived: bool = False
    wrapup_ms: int = 30_000
    abandon_ms: int = 60_000
    waiting_ms: int = 1_800_000
    queue_limit: int = 200
    version: int = 0

    @property
    def timing(self) -> Timing:
        """How long things last here."""
        return Timing(self.wrapup_ms, self.abandon_ms)

    def face(self, is_open: bool) -> DepartmentFace:
        """The department as a visitor sees it."""
        return DepartmentFace(
            self.id, self.slug, self.name, is_open, self.welcome, list(self.topics), self.waiting_ms // 1_000
        )

    def card(self, mine: bool) -> DepartmentCard:
        """The department as staff see it."""
        return DepartmentCard(self.id, self.slug, self.name, self.description, mine)
