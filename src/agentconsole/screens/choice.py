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

from agentconsole.text import width
from agentconsole.widgets.paint import Cell, column, widest
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words, hints

WIDTH = 64  # of a dialog, as in console.tcss
FRAME = 9  # of these: border, padding, number and gap


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

    def measure(self, items: Sequence[Option]) -> tuple[int, ...]:
        """The cells of the names."""
        return (widest(option.label for option in items),)

    def draw(self, item: Option, line: int, width: int) -> Iterable[Cell]:
        """Number, name, meaning."""
        number = self.items.index(item) + 1
        return [
            (f" {number} " if number < 10 else "   ", "key"),
            (column(item.label, *self.widths), "strong"),
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
            if any(map(self._cut, self.options)):
                yield Words(id="meaning")
            yield Words(hints(("Enter", "choose"), ("Esc", "back")))

    def on_mount(self) -> None:
        """Begin at the answer that holds now."""
        rows = self.query_one(Options)
        rows.styles.height = len(self.options)
        rows.show(self.options)
        if self.chosen:
            rows.select(self.chosen)
        rows.focus()
        self.moved()

    def _cut(self, option: Option) -> bool:
        """True if the meaning of this answer does not fit into its row."""
        names = widest(each.label for each in self.options)
        return width(option.hint) > min(WIDTH, self.app.size.width) - FRAME - names

    @on(Rows.Moved)
    def moved(self) -> None:
        """All of the answer under the cursor, where rows are too short for some."""
        option = self.query_one(Options).selected_item
        for words in self.query("#meaning").results(Words):
            words.show([(option.hint if option else "", "dim")])

    def on_key(self, event: events.Key) -> None:
        """A digit answers at once."""
        if event.character and event.character.isdigit() and 0 < int(event.character) <= len(self.options):
            event.stop()
            self.dismiss(self.options[int(event.character) - 1].value)

    @on(Rows.Chosen)
    def answer(self, message: Rows.Chosen) -> None:
        """Enter or a click."""
        self.dismiss(str(message.key))
