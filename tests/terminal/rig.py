"""A program in a real pseudo-terminal: its screen as an emulator shows it, its raw bytes, keys and sizes.

with Terminal([sys.executable, "-m", "agentconsole", "demo"], columns=80, lines=24) as terminal:
    terminal.wait_for("waiting")
    terminal.send("t")
    assert foreign_controls(terminal.raw) == []
"""

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import pyte
from rich.cells import get_character_cell_size

# What agentconsole and Textual may write besides text; everything else in the stream is foreign.
KNOWN = re.compile(
    rb"\x1b\[[\d;]*[mHfJKXGdABCD]"  # colours, cursor, erasing
    rb"|\x1b\[\d*;?\d*r|\x1bM"  # scroll region, reverse index
    rb"|\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
    rb"|\x1b\[\?(?:2026|2048)\$p"
    rb"|\x1b\[>\d+u|\x1b\[<u"  # kitty keys
    rb"|\x1b\[2[23];[02]t"  # keep and give back the title
    rb"|[\n\r\x08]"
)
# A title, a notification, a bell: ours, but tests of hostile text look into what they carry.
SIGNALS = re.compile(rb"\x07|\x1b\](?:2|9|777;notify|99);([^\x00-\x1f\x7f]*)(?:\x07|\x1b\\)")
CONTROL = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]?|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?|[\x00-\x1a\x1c-\x1f\x7f]",
    re.DOTALL,
)
INVISIBLE = re.compile(
    "[\x80-\x9f\u00ad\u034f\u061c\u115f\u1160\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


# The last bytes read may be the first of a sequence whose rest is still on its way.
UNFINISHED = re.compile(rb"\x1b(\[[0-9;?]*)?")


def foreign_controls(raw: bytes, signals: bool = True) -> list[str]:
    """Every control sequence, C1 and invisible character of a stream that is not of the known families.

    `signals=False` reports titles, notifications and bells too.
    """
    found: list[str] = []
    for match in CONTROL.finditer(raw):
        sequence = match.group()
        if KNOWN.fullmatch(sequence) or (signals and SIGNALS.fullmatch(sequence)):
            continue
        if match.end() == len(raw) and UNFINISHED.fullmatch(sequence):
            continue
        found.append(repr(sequence))
    found.extend(repr(ch) for ch in INVISIBLE.findall(raw.decode(errors="surrogateescape")))
    return found


class Screen(pyte.Screen):
    """pyte's screen with what it lacks: scrolling by SU and SD, marks in the cell before them, and the other
    half of a wide character vanishing when one half is overwritten, as terminals do. Without `keeps_background`
    it erases as GNU screen does, with no colour at all."""

    keeps_background = True

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        """EL: in the pen's background, or in none."""
        with self._erasing():
            super().erase_in_line(how, private)

    def erase_characters(self, count: int | None = None) -> None:
        """ECH: in the pen's background, or in none."""
        with self._erasing():
            super().erase_characters(count)

    def index(self) -> None:
        """LF at the bottom: the row that comes in is erased too."""
        _, bottom = self.margins or pyte.screens.Margins(0, self.lines - 1)
        scrolled = self.cursor.y == bottom
        super().index()
        if scrolled:
            self.erase_in_line(2)

    @contextlib.contextmanager
    def _erasing(self) -> Iterator[None]:
        pen = self.cursor.attrs
        if not self.keeps_background:
            self.cursor.attrs = self.default_char
        yield
        self.cursor.attrs = pen

    def draw(self, data: str) -> None:
        """Put text into the cells."""
        for ch in data:
            size = get_character_cell_size(ch)
            line = self.buffer[self.cursor.y]
            if size == 0:
                at = min(self.cursor.x, self.columns) - 1
                at -= at > 0 and line[at].data == ""
                if at >= 0:
                    line[at] = line[at]._replace(data=line[at].data + ch)
                continue
            if self.cursor.x + size > self.columns:
                if pyte.modes.DECAWM in self.mode:
                    self.carriage_return()
                    self.linefeed()
                    line = self.buffer[self.cursor.y]
                else:
                    self.cursor.x = max(0, self.columns - size)
            x = self.cursor.x
            if x and line[x].data == "":
                line[x - 1] = line[x - 1]._replace(data=" ")
            if x + size < self.columns and line[x + size].data == "":
                line[x + size] = line[x + size]._replace(data=" ")
            line[x] = self.cursor.attrs._replace(data=ch)
            if size == 2 and x + 1 < self.columns:
                line[x + 1] = self.cursor.attrs._replace(data="")
            self.cursor.x = min(x + size, self.columns)
            self.dirty.add(self.cursor.y)

    def scroll_up(self, count: int = 1, **_: object) -> None:
        """SU: the rows of the scroll region move up."""
        self._scroll(count or 1, self.index, bottom=True)

    def scroll_down(self, count: int = 1, **_: object) -> None:
        """SD: the rows of the scroll region move down."""
        self._scroll(count or 1, self.reverse_index, bottom=False)

    def _scroll(self, count: int, step: Callable[[], None], bottom: bool) -> None:
        top, last = self.margins or pyte.screens.Margins(0, self.lines - 1)
        kept, self.cursor.y = self.cursor.y, last if bottom else top
        for _ in range(count):
            step()
        self.cursor.y = kept

    def rows(self) -> list[str]:
        """The text of each row, right blanks cut off."""
        return [
            "".join(self.buffer[y][x].data for x in range(self.columns)).rstrip() for y in range(self.lines)
        ]


class Emulator:
    """Screen and stream in one: feed bytes or text, look at the screen."""

    def __init__(self, columns: int, lines: int) -> None:
        self.screen = Screen(columns, lines)
        self._stream = pyte.Stream(self.screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def feed(self, data: bytes | str) -> None:
        """Let the emulator show `data`."""
        # pyte would print the final letters of sequences with < or > in them
        text = self._decode(data) if isinstance(data, bytes) else data
        self._stream.feed(re.sub(r"\x1b\[[<>]\d*u", "", text))


pyte.Stream.csi = {**pyte.Stream.csi, "S": "scroll_up", "T": "scroll_down"}
pyte.Stream.events = pyte.Stream.events | {"scroll_up", "scroll_down"}


class Terminal:
    """Runs `command` in a pseudo-terminal of its own session until `close` or the end of a `with` block."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str | None] | None = None,
        cwd: str | None = None,
    ) -> None:
        """Start; `env` is laid over this process's environment, None takes a variable away."""
        environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        for name in ("NO_COLOR", "TMUX", "STY", "COLUMNS", "LINES", "LC_ALL", "PYTEST_CURRENT_TEST"):
            environ.pop(name, None)
        for name, value in (env or {}).items():
            environ.pop(name, None) if value is None else environ.__setitem__(name, value)
        self._master, slave = pty.openpty()
        self._set_size(columns, lines)
        self.attributes_before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _CHILD, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environ,
            cwd=cwd,
            start_new_session=True,
        )
        self._slave = slave
        self._lock = threading.Lock()
        self._raw = bytearray()
        self._emulator = Emulator(columns, lines)
        self._closing = False
        self.reads = True  # False: a terminal that stands still
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def raw(self) -> bytes:
        """Every byte that the program has written so far."""
        with self._lock:
            return bytes(self._raw)

    @property
    def rows(self) -> list[str]:
        """The rows of the screen as they are now."""
        with self._lock:
            return self._emulator.screen.rows()

    @property
    def screen(self) -> Screen:
        """The emulator's screen; look at it only while the program is quiet."""
        return self._emulator.screen

    def send(self, keys: str | bytes) -> None:
        """Type."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size; the program gets SIGWINCH."""
        with self._lock:
            self._emulator.screen.resize(lines, columns)
            self._set_size(columns, lines)

    def wait_for(self, text: str | re.Pattern[str], seconds: float = 15) -> list[str]:
        """Wait until the screen shows `text` (or a row that matches) and return the rows."""
        found = text.search if isinstance(text, re.Pattern) else (lambda row: text in row)
        return self.wait_until(
            lambda rows: any(found(row) for row in rows), seconds, f"{text!r} on the screen"
        )

    def wait_until(
        self, condition: Callable[[list[str]], object], seconds: float = 15, what: str = "the screen"
    ) -> list[str]:
        """Wait until `condition(rows)` holds and return the rows."""
        deadline = time.monotonic() + seconds
        while True:
            rows = self.rows
            if condition(rows):
                return rows
            if self.process.poll() is not None:
                deadline = min(deadline, time.monotonic() + 0.5)
            if time.monotonic() > deadline:
                shown = "\n".join(rows).rstrip()
                raise AssertionError(f"waited {seconds:g} s in vain for {what}; the screen shows:\n{shown}")
            select.select([], [], [], 0.02)

    def wait_quiet(self, pause: float = 0.3, seconds: float = 15) -> int:
        """Wait until nothing was written for `pause` seconds and return how many bytes there are."""
        deadline = time.monotonic() + seconds
        size, since = len(self.raw), time.monotonic()
        while time.monotonic() - since < pause:
            assert time.monotonic() < deadline, "the program never stops writing"
            select.select([], [], [], 0.02)
            if len(self.raw) != size:
                size, since = len(self.raw), time.monotonic()
        return size

    def wait_end(self, seconds: float = 15) -> int:
        """Wait until the program has ended and all it wrote is here; its exit code."""
        code = self.process.wait(seconds)
        self.wait_quiet(0.05)
        return code

    def attributes(self) -> list[object]:
        """The terminal's attributes (termios) as they are now."""
        return list(termios.tcgetattr(self._slave))

    def hang_up(self) -> None:
        """Take the terminal away, as a lost SSH connection does."""
        self._closing = True
        self._reader.join(2)
        with contextlib.suppress(OSError):
            os.close(self._slave)
            os.close(self._master)

    def close(self) -> None:
        """End the program and the terminal."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGCONT)
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(5)
        self.hang_up()

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self) -> None:
        while not self._closing:
            ready, _, _ = select.select([self._master] if self.reads else [], [], [], 0.1)
            if not ready:
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            if not data:
                return
            with self._lock:
                self._raw += data
                self._emulator.feed(data)


# The child makes the pseudo-terminal its controlling one, so that Ctrl+Z, resizes and hang-ups are real.
_CHILD = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
