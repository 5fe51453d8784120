"""A dialog that asks for one line: a reason, a note, a shortcut, words to search."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from agentconsole.widgets.words import Words, hints


class Ask(ModalScreen[str | None]):
    """Asks for one line; None when the person backs out."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back", show=False)]

    def __init__(
        self, title: str, explanation: str = "", value: str = "", limit: int = 0, *, add: bool = False
    ) -> None:
        """``add``: what is typed comes behind ``value`` instead of replacing it."""
        super().__init__()
        self.heading = title
        self.explanation = explanation
        self.value = value
        self.limit = limit
        self.add = add

    def compose(self) -> ComposeResult:
        """Title, explanation, field, how to answer."""
        with Vertical(classes="dialog"):
            yield Words([(self.heading, "strong")], classes="dialog-title")
            if self.explanation:
                yield Words([(self.explanation, "dim")], classes="dialog-text")
            yield Input(
                self.value, compact=True, max_length=self.limit, select_on_focus=not self.add, id="answer"
            )
            yield Words(hints(("Enter", "done"), ("Esc", "back")))

    def on_mount(self) -> None:
        """Write at once."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()

    @on(Input.Submitted)
    def accept(self, event: Input.Submitted) -> None:
        """Enter."""
        self.dismiss(event.value)
