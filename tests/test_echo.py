"""From the key to its echo: what is typed is on the terminal before anything else happens, and nothing is lost."""

import os
import pty
import random
import select
import threading
import tty
from typing import IO, cast

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.drivers._writer_thread import WriterThread
from textual.filter import LineFilter

from agentconsole import themes
from agentconsole.driver import CURSOR_CSS, CleanFilter, KeyParser
from agentconsole.terminal import TerminalFile
from agentconsole.widgets.composer import Composer, Field
from agentconsole.widgets.transcript import Line, Transcript
from tests.terminal.rig import Emulator
from tests.test_driver import START, TwinDriver, differences, line


class Writing(App[None]):
    """A composer under a transcript; nothing else moves."""

    CSS = CURSOR_CSS + "Transcript { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__(driver_class=TwinDriver)
        self.register_theme(themes.THEMES["night"])
        self.theme = "night"
        self.stylesheet.set_variables(self.get_css_variables())

    def get_line_filters(self) -> list[LineFilter]:
        return [*super().get_line_filters(), CleanFilter()]

    def compose(self) -> ComposeResult:
        yield Transcript([Line(n, START, "Kari", "visitor", f"earlier {n}") for n in range(30)], id="log")
        yield Composer({"enter": "send"}, id="composer")

    def on_mount(self) -> None:
        self.query_one(Composer).field.focus()

    def reference(self) -> Emulator:
        """What Textual would paint if it painted everything now."""
        view = Emulator(*self.size)
        update = self.screen._compositor.render_full_update()
        view.feed(update.render_segments(self.console))
        return view


@pytest.mark.parametrize("seed", range(4))
async def test_a_letter_is_on_the_terminal_before_anything_else_happens(seed: int) -> None:
    app, luck = Writing(), random.Random(seed)
    async with app.run_test(headless=False, size=(40, 16)) as pilot:
        await pilot.pause()
        field, twin = app.query_one(Field), app._driver
        assert isinstance(twin, TwinDriver)
        at_once = 0
        for number in range(120):
            key = luck.choice(["backspace", "delete", "left", "right", *"abcdefgh", "é", "語", "👍"])
            written = twin.written
            assert field.take(events.Key(key, key if len(key) == 1 else None))
            if not field._layout_required:
                rows = tuple(f"{y}," for y in range(field.region.y, field.region.bottom))
                assert not [
                    other for other in differences(app.reference(), twin.diffed) if other.startswith(rows)
                ]
                at_once += twin.written > written
            if number % 5 == 0:
                app.query_one("#log", Transcript).append(line(luck, 100 + number))
            if field._layout_required or luck.random() < 0.2:
                await pilot.pause(0.03)
                assert differences(app.reference(), twin.diffed) == []
        assert at_once > 60
        assert not field.take(events.Key("enter", "\r"))


def test_a_terminal_that_takes_nothing_holds_nobody_up_and_gets_all_in_order() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    idle = threading.Event()
    terminal = TerminalFile(slave, "utf-8", idle.set, lambda: None)
    sent, told = "", 0
    while len(sent) < 300_000:  # comes back though nobody reads
        piece = f"{len(sent)} {'語x' * 100}\r\n"
        told += terminal.send(piece)
        sent += piece
    assert told == 1
    assert terminal.waits > 10
    got = b""
    while not select.select([], [slave], [], 0)[1]:
        got += os.read(master, 65536)
    assert not terminal.send("there is room again, but others were first")
    sent += "there is room again, but others were first"
    writer = WriterThread(cast(IO[str], terminal))
    writer.start()
    writer.write("")
    while len(got) < len(sent.encode()):
        got += os.read(master, 65536)
    assert got.decode() == sent
    assert idle.wait(5)
    assert not terminal.behind
    assert not terminal.send("at once")
    assert os.read(master, 100) == b"at once"
    writer.stop()
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize(
    "typed, keys",
    [
        ("\x1bu", ["escape", "u"]),
        ("\x1bG", ["escape", "G"]),
        ("\x1b?", ["escape", "question_mark"]),
        ("\x1b1x", ["alt+1", "x"]),
        ("\x1b2", ["escape", "2"]),
        ("\x1bb", ["ctrl+left"]),
        ("\x1b[A\x1bOS", ["up", "f4"]),
        ("a\x1bun\r", ["a", "escape", "u", "n", "enter"]),
    ],
)
def test_escape_and_a_letter_that_come_together_are_two_keys(typed: str, keys: list[str]) -> None:
    parser = KeyParser({"alt+1", "alt+e"})
    assert [event.key for event in parser.feed(typed) if isinstance(event, events.Key)] == keys


def test_an_escape_that_is_pasted_leaves_no_composer() -> None:
    pasted = KeyParser(()).feed("\x1b[200~a\x1bub\x1b[201~")
    assert "escape" not in [event.key for event in pasted if isinstance(event, events.Key)]
