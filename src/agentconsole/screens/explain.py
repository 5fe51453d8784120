"""Why a chat went to whom it went, or why it waits: the dispatcher's facts of that moment, agent by agent."""

from __future__ import annotations

import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from agentconsole.protocol import Explanation, Routing, Verdict
from agentconsole.widgets.paint import Cell
from agentconsole.widgets.words import Words, hints

ROUTINGS = {
    Routing.manual: "picked by hand from the queue",
    Routing.ring: "rings with everybody, the first has it",
    Routing.round_robin: "in turn",
    Routing.least_busy: "who has the fewest chats",
    Routing.longest_idle: "who has been idle the longest",
    Routing.fill_first: "who has the most chats and a free place",
}
SIGNS = {Verdict.chosen: ("✓ ", "good"), Verdict.free: ("● ", "good")}


class Explained(ModalScreen[None]):
    """Shows an explanation; long ones scroll."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,w,q", "dismiss(None)", "Back", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("home", "edge(-1)", "Beginning", show=False),
        Binding("end", "edge(1)", "End", show=False),
    ]

    def __init__(self, found: Explanation, visitor: str) -> None:
        super().__init__()
        self.found = found
        self.visitor = visitor
        self.words = Words(facts(found))

    def compose(self) -> ComposeResult:
        """Title, the whole explanation, the keys."""
        heading = f"Why {self.found.agent_name} has" if self.found.agent else "Why nobody has"
        with Vertical(classes="dialog -tall"):
            yield Words([(f"{heading} the chat with {self.visitor}", "strong")], classes="dialog-title")
            with VerticalScroll(can_focus=False, id="explanation"):
                yield self.words
            yield Words(hints(("↑ ↓ PgUp PgDn", "scroll"), ("Esc", "back")))

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)

    def action_move(self, step: int) -> None:
        """A row up or down."""
        self._scroll.scroll_relative(y=step, animate=False, immediate=True)

    def action_page(self, step: int) -> None:
        """A screenful up or down."""
        self._scroll.scroll_relative(
            y=step * max(1, self._scroll.size.height - 1), animate=False, immediate=True
        )

    def action_edge(self, side: int) -> None:
        """The beginning or the end."""
        self._scroll.scroll_to(y=0 if side < 0 else self._scroll.max_scroll_y, animate=False, immediate=True)


def facts(found: Explanation) -> list[Cell]:
    """The explanation in full: the sentence, then each agent with what was found."""
    at = time.strftime("%H:%M:%S", time.localtime(found.at / 1000))
    cells: list[Cell] = [
        (found.text, ""),
        (f"\nat {at}; routing: {ROUTINGS[found.routing]}", "dim"),
    ]
    for reason in found.reasons:
        sign, ink = SIGNS.get(reason.verdict, ("· ", "dim"))
        cells += [(f"\n{sign}", ink), (reason.name, "strong"), (f"  {reason.text}", "")]
    if not found.reasons:
        cells.append(("\nNo agent belongs to the department.", "warn"))
    return cells
