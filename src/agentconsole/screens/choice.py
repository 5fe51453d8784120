"""A dialog with a few answers: an outcome, a status, a theme, yes or no."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from agentconsole.widgets.paint import Cell, column
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words


@dataclass(frozen=True, slots=True)
class Option:
    """One answer: what it returns, what it is called, what it means."""

    value: str
    label: str
    hint: str = ""


class Options(Rows[Option]):
    """The answers, numbered, so that one key chooses."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Choose", show=False)]

    def key_of(self, item: Option) -> str:
        """Each answer is itself."""
        return item.value

    def draw(self, item: Option, line: int, width: int) -> Iterable[Cell]:
        """Number, name, meaning."""
        number = self.items.index(item) + 1
        widest = max(len(option.label) for option in self.items)
        return [
            (f" {number} " if number < 10 else "   ", "key"),
            (column(item.label, widest), "strong"),
            (f"  {item.hint}", "dim"),
        ]


class Choice(ModalScreen[str | None]):
    """Asks for one of several answers; None when the person backs out."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back", show=False)]

    def __init__(
        self, title: str, options: Sequence[Option], chosen: str = "", explanation: str = ""
    ) -> None:
        super().__init__()
        self.heading = title
        self.explanation = explanation
        self.options = options
        self.chosen = chosen

    def compose(self) -> ComposeResult:
        """Title, explanation, answers, how to answer."""
        with Vertical(classes="dialog"):
            yield Words([(self.heading, "strong")], classes="dialog-title")
            if self.explanation:
                yield Words([(self.explanation, "")], classes="dialog-text")
            yield Options(id="options")
            yield Words([("enter", "key"), (" choose  ", "dim"), ("esc", "key"), (" back", "dim")])

    def on_mount(self) -> None:
        """Begin at the answer that holds now."""
        rows = self.query_one(Options)
        rows.styles.height = len(self.options)
        rows.show(self.options)
        if self.chosen:
            rows.select(self.chosen)
        rows.focus()

    def on_key(self, event: events.Key) -> None:
        """A digit answers at once."""
        if event.character and event.character.isdigit() and 0 < int(event.character) <= len(self.options):
            event.stop()
            self.dismiss(self.options[int(event.character) - 1].value)

    @on(Rows.Chosen)
    def answer(self, message: Rows.Chosen) -> None:
        """Enter or a click."""
        self.dismiss(str(message.key))
