"""The diffing driver against Textual's own painting, cell by cell, through an independent emulator."""

import random
from collections.abc import Mapping
from typing import Any

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.driver import Driver
from textual.filter import LineFilter
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import ContentSwitcher, Input, Label, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from agentconsole.driver import (
    CURSOR_CSS,
    CleanFilter,
    DiffDriver,
)
from agentconsole.widgets.transcript import Line, Transcript
from tests.terminal.rig import Emulator, foreign_controls
from tests.waiting import async_until

TEXT = """hello order please where is the parcel thanks 日本語 のテキスト 한국어 您好 café naïve Grüße 👍 🎉🎉 👍🏽
🇳🇴 é̂x नमस्ते สวัสดี שלום مرحبا … — ✓ ─│┌ 语 a i mm wide_word_that_is_long http://example.test/a?b=c"""
WORDS = TEXT.split()
SEED = 20_251
UNPAINTED = "\ue000"
START = 1_763_700_000_000


def words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(count))


def line(rng: random.Random, key: int) -> Line:
    side = rng.choice(["visitor", "visitor", "agent", "me", "note", "system"])
    return Line(key, START + key * 70_000, side.title(), side, words(rng, rng.randint(1, 25)))  # type: ignore[arg-type]


class TwinDriver(DiffDriver):
    """Feeds Textual's own frames to one emulator and the driver's bytes to another, and compares them."""

    environ: Mapping[str, str] = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        Driver.__init__(self, app, debug=debug, mouse=mouse, size=size)
        self._prepare(self.environ)
        self.terminal_size = size or (80, 24)
        self.comparing = True
        self.checkpoints = 0
        self.written = 0
        self.raw_written = 0
        self.wire = b""
        self._emulators()

    def _emulators(self) -> None:
        self.plain = Emulator(*self._get_terminal_size())
        self.diffed = Emulator(*self.terminal_size)
        # what a terminal shows after a resize is anybody's guess
        self.diffed.feed("\x1b[7m" + "garbage\n" * 50 + "\x1b[3;5r\x1b[r")

    def resize_terminal(self, columns: int, lines: int) -> None:
        if self.terminal_size == (columns, lines):
            return
        self.comparing = False
        self.terminal_size = (columns, lines)
        self._emulators()
        size = Size(*self._get_terminal_size())
        for y in range(size.height):
            self.plain.feed(f"\x1b[{y + 1};1H{UNPAINTED * size.width}")
        self._resized()

    def _true_size(self) -> tuple[int, int]:
        return self.terminal_size

    def start_application_mode(self) -> None:
        size = Size(*self._get_terminal_size())
        self._app.post_message(events.Resize(size, size))

    def stop_application_mode(self) -> None:
        pass

    def disable_input(self) -> None:
        pass

    def close(self) -> None:
        pass

    def _send(self, data: str) -> None:
        self.wire += data.encode()
        self.written += len(data.encode())
        self.diffed.feed(data)

    def _send_frame(self, data: str) -> None:
        self._send(data)

    def write(self, data: str) -> None:
        self.raw_written += len(data)
        super().write(data)
        if self._app.screen._compositor.size != self._get_terminal_size():
            return  # a frame laid out for the size before: no reference
        self.plain.feed(data)
        if not self.comparing and not any(UNPAINTED in row for row in self.plain.screen.rows()):
            self.comparing = True
        if self.comparing and data[-1] == "H":
            self.compare()

    def compare(self) -> None:
        assert differences(self.plain, self.diffed) == []
        self.checkpoints += 1


def seen(cell: Any) -> Any:
    """What of a cell can be seen: a blank shows no colour of letters, unless lines or reverse draw it."""
    if cell.data == " " and not (cell.underscore or cell.strikethrough or cell.reverse or cell.blink):
        return cell._replace(fg="", bold=False, italics=False)
    return cell


def differences(plain: Emulator, diffed: Emulator) -> list[str]:
    a, b = plain.screen, diffed.screen
    if (
        b.columns < a.columns
    ):  # of a wide character that does not fit into its last column a terminal shows nothing
        for row in a.buffer.values():
            if row[b.columns].data == "":
                row[b.columns - 1] = row[b.columns - 1]._replace(data=" ")
    cells = [(y, x, a.buffer[y][x], b.buffer[y][x]) for y in range(b.lines) for x in range(b.columns)]
    found = [f"{y},{x}: {one} is {other}" for y, x, one, other in cells if seen(one) != seen(other)]
    at = (min(a.cursor.y, b.lines - 1), min(a.cursor.x, b.columns - 1))
    if at != (min(b.cursor.y, b.lines - 1), min(b.cursor.x, b.columns - 1)):
        found.append(f"cursor {at} is {(b.cursor.y, b.cursor.x)}")
    return found


class Question(ModalScreen[None]):
    CSS = "Question { align: center middle; } Question > Static { width: 50%; height: 5; border: round $accent; }"

    def compose(self) -> ComposeResult:
        yield Static("Close the chat? 语", markup=False)


class Desk(App[None]):
    """Everything a console has on its screen, without a console behind it."""

    CSS = (
        CURSOR_CSS
        + """
    #side { width: 25%; border-left: solid $primary; }
    TextArea { height: 3; border: none; }
    Input { border: none; height: 1; }
    #bar { height: 1; background: $panel; }
    """
    )
    ENABLE_COMMAND_PALETTE = False
    clean_filter = CleanFilter()

    def __init__(self, seed: int = 0, driver: type[Driver] = TwinDriver) -> None:
        super().__init__(driver_class=driver)
        self.rng = random.Random(seed)
        self.count = 0

    def get_line_filters(self) -> list[LineFilter]:
        return [*super().get_line_filters(), self.clean_filter]

    def compose(self) -> ComposeResult:
        yield Label("agentconsole · Liv · available", id="bar", markup=False)
        with ContentSwitcher(initial="chat"):
            with Horizontal(id="chat"):
                yield Transcript([self.next_line() for _ in range(12)], id="log")
                yield Static(words(self.rng, 12), id="side", markup=False)
            yield OptionList(*(Option(words(self.rng, 4)) for _ in range(40)), id="queue", markup=False)
        yield Input(id="input", compact=True)
        yield TextArea(id="area", compact=True)

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False
        self.query_one(TextArea).cursor_blink = False
        self.query_one(Input).focus()

    def next_line(self) -> Line:
        self.count += 1
        return line(self.rng, self.count)

    @property
    def twin(self) -> TwinDriver:
        assert isinstance(self._driver, TwinDriver)
        return self._driver

    def press(self, *keys: str) -> None:
        for key in keys:
            self.post_message(events.Key(key, key if len(key) == 1 else None))

    async def act(self, pilot: Any) -> None:
        """One random thing that happens at a desk."""
        rng, log = self.rng, self.query_one("#log", Transcript)
        match rng.choice(
            ["type"] * 6 + ["line"] * 6 + ["keys", "page", "switch", "theme", "modal", "resize"]
        ):
            case "type":
                self.press(*rng.choices("abcdxyz", k=rng.randint(1, 3)))
            case "line":
                log.append(*(self.next_line() for _ in range(rng.choice([1, 1, 1, 2, 7]))))
            case "keys":
                await pilot.press(
                    rng.choice(["left", "home", "end", "backspace", "tab", "down", "up", "enter"])
                )
            case "page":
                log.action_page(rng.choice([-1, -1, 1])) if rng.random() < 0.7 else log.to_end()
            case "switch":
                switcher = self.query_one(ContentSwitcher)
                switcher.current = "queue" if switcher.current == "chat" else "chat"
            case "theme":
                if rng.random() < 0.5:
                    self.theme = rng.choice(["textual-dark", "textual-light", "nord", "dracula", "ansi-dark"])
                self.query_one("#side").toggle_class("hidden")
                self.query_one("#side").display = rng.random() < 0.5
            case "modal":
                self.pop_screen() if isinstance(self.screen, Question) else self.push_screen(Question())
            case "resize":
                self.twin.resize_terminal(rng.choice([1, 6, 20, 37, 40, 64]), rng.choice([1, 2, 6, 12, 17]))
        await pilot.pause(0)
        await async_until(
            lambda: self.twin.comparing or self._exception, what="the whole screen painted at its new size"
        )


@pytest.mark.parametrize("seed", range(SEED, SEED + 6))
async def test_the_screen_equals_textuals_own_painting_after_every_frame(seed: int) -> None:
    desk = Desk(seed)
    async with desk.run_test(headless=False, size=(60, 16)) as pilot:
        twin = desk.twin
        while twin.checkpoints < 170 and not desk._exception:
            await desk.act(pilot)
        assert foreign_controls(twin.wire) == []
        assert twin.written < twin.raw_written
        assert not twin.refused
