"""Rooms of staff messages as a list: who or which department, unread ones first, and what was said last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType

from agentconsole.widgets.paint import Cell, ends
from agentconsole.widgets.rows import Rows


@dataclass(frozen=True, slots=True)
class RoomRow:
    """One room; ``state`` says how the colleague stands ('' = a department's channel), ``draft`` = something unsent
    stands there, ``failed`` = a message was refused."""

    room: str
    name: str
    state: str = ""
    unread: int = 0
    last: str = ""
    draft: bool = False
    failed: bool = False


class RoomList(Rows[RoomRow], inherit_bindings=False):
    """Two rows for each: name and how many are unread, then the newest message.

    The arrows choose a room; paging is left to its messages.
    """

    LINES = 2
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("home", "edge(-1)", "First", show=False),
        Binding("end", "edge(1)", "Last", show=False),
    ]

    def key_of(self, item: RoomRow) -> str:
        """The room."""
        return item.room

    def draw(self, item: RoomRow, line: int, width: int) -> Iterable[Cell]:
        """Name and count, then the newest message or how the colleague stands."""
        if line:
            return [("   ", ""), (item.last.replace("\n", " ") or item.state, "dim")]
        mark, ink = (
            ("! refused", "bad")
            if item.failed
            else (f"{item.unread} new", "accent")
            if item.unread
            else ("✎", "dim")
            if item.draft
            else ("", "")
        )
        return ends([(" ", ""), (item.name, "strong")], [(f"{mark} ", ink)], width)
