"""A dialog that shows a long text, such as a whole mail, and nothing else."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from agentconsole.widgets.words import Words, hints

MOST = 200_000  # characters


class Reader(ModalScreen[None]):
    """Shows a text as it is; nothing in it acts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,x,enter", "dismiss(None)", "Back", show=False),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.heading = title
        self.text = text if len(text) <= MOST else f"{text[:MOST]}\n… {len(text) - MOST:,} characters more"

    def compose(self) -> ComposeResult:
        """Title, text, how to go back."""
        with Vertical(classes="dialog -page"):
            yield Words([(self.heading, "strong")], classes="dialog-title")
            with VerticalScroll(id="page", can_focus=False):
                yield Words([(self.text, "")])
            yield Words(hints(("↑ ↓ PgUp PgDn", "scroll"), ("Esc", "back")))

    def action_scroll(self, step: int) -> None:
        """A row on or back."""
        self.query_one(VerticalScroll).scroll_relative(y=step, animate=False)

    def action_page(self, step: int) -> None:
        """A page on or back."""
        page = self.query_one(VerticalScroll)
        page.scroll_relative(y=step * max(1, page.size.height - 1), animate=False)
