"""A small desk to run in a terminal: `python -m tests.terminal.desk [hostile | SIGTERM | SIGHUP | SIGINT]`."""

import os
import signal
import sys

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.filter import LineFilter
from textual.widgets import ContentSwitcher, Input, Label, OptionList
from textual.widgets.option_list import Option

from agentconsole.driver import CURSOR_CSS, CleanFilter, DiffDriver
from agentconsole.widgets.transcript import Line, Transcript
from tests.hostile import HOSTILE

START = 1_763_700_000_000
PAGE = (
    1500  # characters of a hostile text that fill less than a page, so that each page differs from the next
)


class Desk(App[None]):
    """F2 adds a line, F3 switches views, F4 crashes, F5 runs another program, F6 alerts, F10 leaves."""

    CSS = CURSOR_CSS + "#title { height: 1; background: $panel; } Input { height: 1; border: none; }"
    CSS += "ContentSwitcher { height: 1fr; } OptionList { height: 1fr; }"
    BINDINGS = [
        Binding("f2", "line", priority=True),
        Binding("f3", "switch", priority=True),
        Binding("f4", "crash", priority=True),
        Binding("f5", "edit", priority=True),
        Binding("f6", "alert", priority=True),
        Binding("f10", "quit", priority=True),
    ]
    clean_filter = CleanFilter()

    def __init__(self, scene: str = "") -> None:
        Killed.number = getattr(signal, scene, 0)
        super().__init__(driver_class=Killed if Killed.number else DiffDriver)
        self.scene = scene
        self.count = 0

    def get_line_filters(self) -> list[LineFilter]:
        return [*super().get_line_filters(), self.clean_filter]

    def compose(self) -> ComposeResult:
        yield Label("desk of Liv", id="title", markup=False)
        with ContentSwitcher(initial="chat"):
            with Vertical(id="chat"):
                yield Transcript(self.first_lines(), id="log")
            yield OptionList(*(Option(f"waiting {n}") for n in range(40)), id="queue", markup=False)
        yield Input(compact=True)

    def first_lines(self) -> list[Line]:
        if self.scene == "hostile":
            foreign = [
                Line(n, START, case.text, "visitor", case.text[:PAGE]) for n, case in enumerate(HOSTILE)
            ]
            own = [Line(f"own {n}", START, "Liv", "me", f"intact {n}") for n in range(len(HOSTILE))]
            return [line for pair in zip(foreign, own, strict=True) for line in pair]
        return [Line(-n, START, "Kari", "visitor", f"earlier {n}") for n in range(60, 0, -1)]

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False
        self.query_one(Input).focus()

    def action_line(self) -> None:
        self.count += 1
        text = f"line {self.count}: the parcel is on its way and comes tomorrow"
        self.query_one(Transcript).append(
            Line(self.count, START + self.count * 60_000, "Kari", "visitor", text)
        )

    def action_switch(self) -> None:
        switcher = self.query_one(ContentSwitcher)
        switcher.current = "queue" if switcher.current == "chat" else "chat"

    def action_crash(self) -> None:
        raise ZeroDivisionError("on purpose")

    def action_edit(self) -> None:
        with self.suspend():
            print("another program here", flush=True)
            input()

    def action_alert(self) -> None:
        driver = self._driver
        assert isinstance(driver, DiffDriver)
        assert driver.alert(b"\x1b[22;0t\x1b]2;2 waiting\x07\x07") or driver._terminal_is_stuck()
        assert not driver.alert(b"\x1b]2;x\x07\x1b[2J")


class Killed(DiffDriver):
    """A signal comes while the terminal is being taken over, and nobody can take note of it yet."""

    number = 0

    def _patch_lflag(self, attrs: int) -> int:
        os.kill(os.getpid(), self.number)
        return super()._patch_lflag(attrs)


if __name__ == "__main__":
    desk = Desk(*sys.argv[1:])
    desk.run()
    sys.exit(desk.return_code or 0)
