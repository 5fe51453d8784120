"""The diffing driver against Textual's own painting, cell by cell, through an independent emulator."""

import ast
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.driver import Driver
from textual.filter import LineFilter
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import ContentSwitcher, Input, Label, OptionList, Static, TextArea
from textual.widgets.option_list import Option

import agentconsole
from agentconsole import alerts
from agentconsole.cells import Cells
from agentconsole.driver import CURSOR_CSS, CleanFilter, DiffDriver, speaks_utf8
from agentconsole.sgr import canonical, change, colourless
from agentconsole.text import clean
from agentconsole.widgets.transcript import Line, Transcript
from tests.hostile import HOSTILE
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
        self.slow = False
        self.busy = False
        self.written = 0
        self.raw_written = 0
        self.wire = b""
        self._emulators()

    def _emulators(self) -> None:
        self.plain = Emulator(*self._get_terminal_size())
        self.diffed = Emulator(*self.terminal_size)
        # what a terminal shows after a resize is anybody's guess
        self.diffed.feed("\x1b[?25h" if self._cursor_shown else "\x1b[?25l")
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

    def _behind(self) -> bool:
        return self.busy

    def _send(self, data: str) -> None:
        self.wire += data.encode()
        self.written += len(data.encode())
        self.diffed.feed(data)
        if self.slow:
            self.busy = True
            self._loop.call_later(0.02, self._through)

    def _through(self) -> None:
        self.busy = False
        self._idle()

    def write(self, data: str) -> None:
        self.raw_written += len(data)
        super().write(data)
        if self._app.screen._compositor.size != self._get_terminal_size():
            return  # a frame laid out for the size before: no reference
        self.plain.feed(data)
        if not self.comparing and not any(UNPAINTED in row for row in self.plain.screen.rows()):
            self.comparing = True
        if self.comparing and data[-1] == "H" and not self.slow:
            self.compare()

    def compare(self) -> None:
        assert differences(self.plain, self.diffed) == []
        cursor, focused = self.diffed.screen.cursor, self._app.focused
        assert cursor.hidden is not isinstance(focused, Input | TextArea)
        if isinstance(focused, Input | TextArea):
            at, (columns, lines) = focused.cursor_screen_offset, self.terminal_size
            behind = isinstance(focused, Input) and focused.cursor_position == len(focused.value)
            assert (cursor.x, cursor.y) == (min(at.x - behind, columns - 1), min(at.y, lines - 1))
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
    return [f"{y},{x}: {one} is {other}" for y, x, one, other in cells if seen(one) != seen(other)]


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


@pytest.mark.parametrize("typed", ["", "ab", "注文", "much more than fits into the field " * 3])
async def test_the_cursor_stands_right_behind_what_was_typed(typed: str) -> None:
    desk = Desk(1)
    async with desk.run_test(headless=False, size=(60, 16)):
        field, cursor = desk.query_one(Input), desk.twin.diffed.screen.cursor
        field.value = "something else"  # what an Input is given first does not make it scroll
        field.value = typed
        field.cursor_position = len(typed)

        def behind() -> bool:
            room, text = field.content_region, cell_len(typed) - field.scroll_offset.x
            return text < room.width and (cursor.x, cursor.y) == (room.x + text, room.y)

        await async_until(behind, what="the cursor behind the text")


async def test_a_slow_terminal_gets_the_newest_state_and_none_of_what_was_between() -> None:
    desk = Desk(7)
    async with desk.run_test(headless=False, size=(60, 16)) as pilot:
        twin = desk.twin
        twin.slow = True
        for _ in range(40):
            for _ in range(4):
                desk.query_one("#log", Transcript).append(desk.next_line())
                desk.press("x")
                await pilot.pause(0)
            await async_until(lambda: not twin.busy)
            twin.compare()


class Unwatched(TwinDriver):
    """What nobody cleaned is no reference."""

    def compare(self) -> None:
        pass


class Careless(App[None]):
    """Shows what it is given, cleaned by nobody."""

    def __init__(self, text: str) -> None:
        super().__init__(driver_class=Unwatched)
        self.text = text

    def compose(self) -> ComposeResult:
        yield Static(self.text, markup=False)
        yield OptionList(Option(self.text), markup=False)
        yield Static("next line", markup=False)


class Careful(Careless):
    clean_filter = CleanFilter()

    def get_line_filters(self) -> list[LineFilter]:
        return [*super().get_line_filters(), self.clean_filter]


@pytest.mark.parametrize("app", [Careless, Careful])
async def test_no_foreign_control_passes_even_where_nobody_cleaned(app: type[Careless]) -> None:
    for case in HOSTILE:
        text = case.text[:300]
        async with app(text).run_test(headless=False, size=(70, 20)) as pilot:
            await pilot.pause(0)
            twin = pilot.app._driver
            assert isinstance(twin, TwinDriver)
            assert foreign_controls(twin.wire) == [], case.name
            assert twin.diffed.screen.title == ""


async def test_the_filter_keeps_widths_and_literal_text() -> None:
    async with Careful("a\x1b[2Jb\u202ec\u200bd\x9be").run_test(headless=False, size=(40, 8)) as pilot:
        await pilot.pause(0)
        twin = pilot.app._driver
        assert isinstance(twin, TwinDriver)
        assert twin.diffed.screen.rows()[0] == "a[2Jbcde"


def frame(*rows: tuple[int, int, str, str]) -> str:
    return (
        "".join(f"\x1b[{y + 1};{x + 1}H\x1b[{style}m{text}\x1b[0m" for y, x, style, text in rows)
        + "\x1b[1;1H"
    )


STYLES = [
    "0",
    "1",
    "2",
    "1;2",
    "3;1;33",
    "31",
    "1;4;32",
    "7",
    "38;2;1;2;3;48;2;9;9;9",
    "48;2;9;9;9",
    "4;48;5;20",
    "9;97;100",
    "39;49",
]


@pytest.mark.parametrize("bce", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_random_frames_end_in_the_same_cells(seed: int, bce: bool) -> None:
    rng = random.Random(f"frames {seed}")
    width, height = rng.choice([(1, 1), (2, 3), (17, 6), (30, 12), (50, 8)])
    cells = Cells(keeps_background=bce)
    cells.resize(width, height)
    plain, diffed = Emulator(width, height), Emulator(width, height)
    for view in (plain, diffed):
        view.feed("\x1b[?7l")
        view.screen.keeps_background = bce
    for step in range(120):
        rows = []
        for _ in range(rng.randint(1, height)):
            x = rng.randrange(width)
            text = clean(rng.choice([words(rng, 4), " " * width, "x" * width]))
            while x + sum(map(size_of, text)) > width:
                text = text[:-1]
            rows.append((rng.randrange(height), x, rng.choice(STYLES), text))
        plain.feed(frame(*rows))
        cells.apply(frame(*rows))
        if step % 17 == 16:
            cells.forget()
        if rng.random() < 0.8:
            diffed.feed(cells.paint())
            assert differences(plain, diffed) == []
            assert cells.paint() == ""


def size_of(ch: str) -> int:
    return cell_len(ch)


def test_rows_that_moved_are_scrolled_by_the_terminal() -> None:
    cells = Cells()
    cells.resize(80, 24)
    texts = [f"row {n} says something of its own" for n in range(40)]
    view = Emulator(80, 24)
    for top, most in [(0, 9999), (1, 120), (3, 200), (0, 200)]:
        cells.apply(frame(*((y, 0, "37", texts[top + y].ljust(80)) for y in range(24))))
        out = cells.paint()
        assert len(out) <= most
        view.feed(out)
        assert view.screen.rows() == texts[top : top + 24]


def test_a_frame_passes_text_colours_and_moves_and_nothing_else() -> None:
    cells = Cells()
    cells.resize(40, 2)
    cells.apply("\x1b[1;1Ha\x1b[2J\x1b]52;c;eA==\x07\x9bb\x1b]8;;http://x\x1b\\c\u202e\x1b[?1049l\x1b[2;1H")
    assert foreign_controls(cells.paint().encode(), signals=False) == []


@pytest.mark.parametrize("old", ["", *STYLES])
@pytest.mark.parametrize("new", ["", *STYLES])
def test_a_change_of_pen_equals_setting_it_anew(old: str, new: str) -> None:
    one, other = Emulator(4, 1), Emulator(4, 1)
    one.feed(f"\x1b[{old}m{change(canonical(old), canonical(new))}x")
    other.feed(f"\x1b[0m\x1b[{new}mx")
    assert one.screen.buffer[0][0] == other.screen.buffer[0][0]
    assert len(change(canonical(old), canonical(new))) <= len(f"\x1b[;{new}m")


def test_without_colours_what_stands_out_is_reversed() -> None:
    assert colourless("1;38;2;224;224;224;48;2;18;18;18", dark=True) == "1"
    assert colourless("38;2;0;0;0;48;2;1;120;212", dark=True) == "7"
    assert colourless("38;2;20;20;20;48;2;216;216;216", dark=False) == ""
    assert colourless("7;48;2;200;200;200", dark=True) == ""
    assert colourless("31;44", dark=True) == "7"


@pytest.mark.parametrize(
    "environ, utf8",
    [
        ({}, True),
        ({"LANG": "nb_NO.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LANG": "C"}, False),
        ({"LANG": "POSIX"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "C", "LC_ALL": "en_GB.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, False),
        ({"LANG": "C", "LC_CTYPE": "pl_PL.UTF-8"}, True),
    ],
)
def test_the_locale_says_whether_the_terminal_speaks_utf8(environ: dict[str, str], utf8: bool) -> None:
    assert speaks_utf8(environ) is utf8


def test_in_ascii_frames_are_drawn_and_widths_are_kept() -> None:
    cells = Cells(ascii_only=True)
    cells.resize(30, 2)
    cells.apply("\x1b[1;1H┌─┐│Grüße żółć ✓ … 日本|é\x1b[2;1H▁▔█ нет|")
    out = cells.paint()
    assert out.isascii()
    view = Emulator(30, 2)
    view.feed(out)
    assert view.screen.rows() == ["+-+|Gru?e zolc v . ? ? |e", "_-# ???|"]


def test_every_sign_of_ours_has_an_ascii_of_its_own() -> None:
    """A question mark beside the link, or for a status, would look like trouble."""
    root = Path(agentconsole.__file__).parent
    pages = [*(root / "screens").glob("*.py"), *(root / "widgets").glob("*.py"), root / "team.py"]
    trees = [ast.parse(page.read_text()) for page in pages]
    words = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    signs = {sign for word in words if isinstance(word, str) for sign in word if not sign.isascii()}
    cells = Cells(ascii_only=True)
    cells.resize(len(signs), 1)
    cells.apply("\x1b[1;1H" + "".join(sorted(signs)))
    assert len(signs) > 20
    assert "?" not in cells.paint()


class Alerting(DiffDriver):
    """A driver whose terminal nobody looks at."""

    def __init__(self) -> None:
        self._prepare({})
        self.sent: list[str] = []

    def _send(self, data: str) -> None:
        self.sent.append(data)

    def _terminal_is_stuck(self) -> bool:
        return False


@pytest.mark.parametrize("env", [{}, {"TMUX": "/tmp/x"}, {"STY": "1.x"}])
@pytest.mark.parametrize("kind", ["osc9", "osc777", "osc99"])
def test_alerts_pass_and_what_only_looks_like_them_does_not(env: dict[str, str], kind: str) -> None:
    driver = Alerting()
    tty = alerts.detect({"TERM": "xterm-256color", **env}, kind)
    for case in HOSTILE:
        good = alerts.notify(tty, case.text, case.text) + alerts.set_title(tty, case.text) + alerts.bell()
        assert driver.alert(good), case.name
    assert driver.alert(alerts.push_title(tty))
    sent = len(driver.sent)
    for bad in (
        b"\x1b[2J",
        b"x",
        b"\x1b]52;c;eA==\x07",
        b"\x1bPtmux;\x1b\x1b[2J\x1b\\",
        b"\x1b]2;a\x1b[2J\x07",
    ):
        assert not driver.alert(bad)
    assert len(driver.sent) == sent


def test_only_known_sequences_pass_besides_frames() -> None:
    driver = Alerting()
    for known in ("\x1b[?1049h", "\x1b[?1000h", "\x1b[>25u", "\x1b[<u", "\x07", "\x1b]52;c;aGk=\x07"):
        driver.write(known)
    assert len(driver.sent) == 6
    for foreign in ("\x1b[2J", "hello", "\x1b]0;x\x07", "\x1b]52;c;?\x07", "\x1b[6n", "\x1bc"):
        driver.write(foreign)
    assert len(driver.sent) == 6
    assert len(driver.refused) == 6
