"""A place that is a list with one row under the cursor: what the queue, the team and their like have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.widget import Widget

from agentconsole.actions import Actions
from agentconsole.store import Store
from agentconsole.views import Topic, Touched
from agentconsole.widgets.rows import Rows


class Listing(Widget):
    """Drawn anew when something of ``topics`` was touched, and when time passes."""

    topics: ClassVar[frozenset[Topic]] = frozenset()

    def __init__(self, store: Store, actions: Actions, rows: Rows[Any], id: str) -> None:
        super().__init__(id=id)
        self.store = store
        self.actions = actions
        self.rows = rows

    @property
    def selected(self) -> int:
        """The id of what is under the cursor (0 = nothing)."""
        return int(self.rows.selected or 0)

    def land(self) -> None:
        """Put the focus on the list."""
        self.rows.focus()

    def arrive(self) -> None:
        """The list comes into view."""
        self.redraw(self.actions.clock())

    def leave(self) -> None:
        """The list goes out of view."""

    def sync(self, touched: set[Touched], now: int) -> None:
        """Draw what was touched."""
        if any(touch.topic in self.topics for touch in touched):
            self.redraw(now)

    def tick(self, now: int) -> None:
        """Time has passed; what looks the same is not painted."""
        self.redraw(now)

    def redraw(self, now: int) -> None:
        """Bring the list and what stands beside it up to date."""
        raise NotImplementedError
