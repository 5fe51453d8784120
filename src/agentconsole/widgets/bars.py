"""The rows at the edges of the screen: where I am, what the keys do here, and how things stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

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


class Spot(NamedTuple):
    """A place in the row: the action that goes there, its name with a count, and a shorter one."""

    action: str
    label: str
    short: str = ""


class Tabs(Bar):
    """The places of the console with their counts; a click goes there. The current one is always among them."""

    class Chosen(Message):
        """A place was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ends: list[tuple[int, str]] = []  # where each place ends, and its action

    def place(
        self, spots: Sequence[Spot], current: str, right: list[Cell], urgent: Collection[str] = ()
    ) -> None:
        """Show the places, the current one and ``urgent`` ones standing out. What does not fit stands closer, then
        under its shorter name, then the last ones are left out."""
        room = self.size.width - 1 - sum(text.width(words) for words, _ in right)
        shown = [(spot.action, spot.label) for spot in spots]
        short = [(spot.action, spot.short or spot.label) for spot in spots]
        for named, pad, gap in ((shown, 1, 1), (shown, 1, 0), (short, 1, 0), (short, 0, 1)):
            if taken(named, pad, gap) <= room:
                break
        else:
            named = fewer(named, current, room - 2)
        left: list[Cell] = [(" ", "")]
        self._ends, at = [], 1
        for action, label in named:
            ink = "on" if action == current else "warn" if action in urgent else "dim"
            words = f"{' ' * pad}{label}{' ' * pad}"
            left += [(words, ink), (" " * gap, "")]
            at += text.width(words) + gap
            self._ends.append((at, action))
        if len(named) < len(spots):
            left.append((text.ELLIPSIS, "dim"))
        self.show(left, right)

    def on_click(self, event: events.Click) -> None:
        """Go to the place under the mouse."""
        if action := next((action for end, action in self._ends if event.x < end), ""):
            self.post_message(self.Chosen(action))


def taken(named: Sequence[tuple[str, str]], pad: int, gap: int) -> int:
    """How wide the places are with that much space in and between them."""
    return sum(text.width(label) + 2 * pad + gap for _, label in named)


def fewer(named: Sequence[tuple[str, str]], current: str, room: int) -> list[tuple[str, str]]:
    """As many of the first places as there is room for, and the current one."""
    kept = list(named)
    while len(kept) > 1 and taken(kept, 0, 1) > room:
        kept.remove(next(place for place in reversed(kept) if place[0] != current))
    return kept


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
