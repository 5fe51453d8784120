"""The rows at the edges of the screen: where I am, what the keys do here, and how things stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from textual import events
from textual.message import Message

from agentconsole import text
from agentconsole.widgets.paint import Cell, Painted, ends


class Bar(Painted):
    """One row of cells, painted only when it changes; the right end stays whole."""

    DEFAULT_CSS = "Bar { height: 1; background: $bar; text-style: $bar-style; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.left: list[Cell] = []
        self.right: list[Cell] = []

    def show(self, left: list[Cell], right: list[Cell]) -> None:
        """Replace both ends."""
        if (left, right) != (self.left, self.right):
            self.left, self.right = left, right
            self.refresh()

    def cells(self, y: int, width: int) -> Iterable[Cell]:
        """Left end, space, right end."""
        return ends(self.left, self.right, width) if self.right else self.left


class TypingRule(Painted):
    """The rule above the composer; while somebody types it shows who, and the end of what."""

    DEFAULT_CSS = "TypingRule { height: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.who = ""
        self.words = ""
        self.count: Cell = ("", "")

    def show(self, who: str, words: str, count: Cell) -> None:
        """``who`` '' = nobody types; ``count`` stands at the right end."""
        if (who, words, count) != (self.who, self.words, self.count):
            self.who, self.words, self.count = who, words, count
            self.refresh()

    def cells(self, y: int, width: int) -> Iterable[Cell]:
        """Who and what, or the rule."""
        right = text.width(self.count[0])
        if not self.who:
            return [("─" * (width - right), "rule"), self.count]
        lead = f"✎ {text.cut(text.clean(self.who), max(4, width // 4))} "
        room = width - right - text.width(lead) - 1
        words = end_of(text.clean(self.words.replace("\n", " ")), room)
        return [(lead, "accent"), (words + " " * (room + 1 - text.width(words)), "typing"), self.count]


def end_of(words: str, cells: int) -> str:
    """The end of cleaned text, for what is still being written."""
    if text.width(words) <= cells:
        return words
    words = words[-max(1, cells) :]
    while words and text.width(words) > cells - 1:
        words = words[1:]
    return text.ELLIPSIS + words


class Tabs(Bar):
    """The places of the console with their counts; a click goes there."""

    class Chosen(Message):
        """A place was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.places: Sequence[tuple[str, str]] = ()
        self.gap = " "

    def place(
        self,
        places: Sequence[tuple[str, str]],
        current: str,
        right: list[Cell],
        urgent: Collection[str] = (),
    ) -> None:
        """Show (action, label) for each place, the current one and ``urgent`` ones standing out."""
        self.places = places
        taken = sum(text.width(label) + 3 for _, label in places) + sum(
            text.width(words) for words, _ in right
        )
        self.gap = " " if taken + 2 <= self.size.width else ""
        left: list[Cell] = [(" ", "")]
        for action, label in places:
            ink = "on" if action == current else "warn" if action in urgent else "dim"
            left += [(f" {label} ", ink), (self.gap, "")]
        self.show(left, right)

    def on_click(self, event: events.Click) -> None:
        """Go to the place under the mouse."""
        start = 1
        for action, label in self.places:
            start += text.width(label) + 2 + len(self.gap)
            if event.x < start:
                self.post_message(self.Chosen(action))
                return


class Keys(Bar):
    """What the keys do here: as many as fit, whole ones only."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.hints: Sequence[tuple[str, str]] = ()

    def hint(self, hints: Sequence[tuple[str, str]]) -> None:
        """Show (key, label) pairs."""
        if hints != self.hints:
            self.hints = hints
            self.refresh()

    def cells(self, y: int, width: int) -> Iterable[Cell]:
        """Pairs until one does not fit any more."""
        row: list[Cell] = [(" ", "")]
        left = width - 1
        for key, label in self.hints:
            taken = text.width(key) + text.width(label) + 3
            if taken > left:
                break
            left -= taken
            row += [(key, "key"), (f" {label}  ", "dim")]
        return row
