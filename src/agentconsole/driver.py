"""The terminal as Textual's driver: writes only the cells that changed, lets nothing foreign through, and is
left as it was found."""

import asyncio
import atexit
import contextlib
import curses
import os
import re
import signal
import sys
import termios
import threading
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from queue import Full
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual._xterm_parser import XTermParser
from textual.color import Color
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter
from textual.geometry import Offset, Size
from textual.message import Message

from agentconsole import ending
from agentconsole.cells import Cells
from agentconsole.terminal import TerminalFile
from agentconsole.text import DOT, UNSAFE

if TYPE_CHECKING:
    from textual.app import App

SYNC_START = "\x1b[?2026h"
SYNC_END = "\x1b[?2026l"
SYNC_FROM = 512
HIDE_FROM = 512
RESIZE_PAUSE = 0.05
LEAST_SIZE = (
    16,
    4,
)  # below this, some of Textual's widgets wrap text into no columns at all, and the app ends
LAYOUT_PATIENCE = 0.3
CLOSE_PATIENCE = 2.0
MOST_WAITING = 50
KEY_PAUSE = 0.05
NOT_TYPED = "[]OPX^_bf"  # behind Escape: what begins a longer sequence, and how many terminals move by words
READY_PATIENCE = 2.0
# Everything that the console may have switched on, switched off.
RESTORE = (
    "\x1b[m\x1b[r\x1b[?2026l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[<u"
    "\x1b[?7h\x1b[?1049l\x1b[?25h"
)
# Include in an app's CSS: the terminal's own cursor stands at the input, none is painted.
CURSOR_CSS = """
Input > .input--cursor, Input:focus > .input--cursor, TextArea > .text-area--cursor, TextArea:focus > .text-area--cursor {
    color: $foreground; background: transparent; text-style: none;
}
"""

_FRAME = re.compile(r"\x1b\[\d+;\d+H")
_KNOWN = re.compile(
    r"(?:\x1b\[\?(?:7|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
    r"|\x1b\[\?2026\$p"
    r"|\x1b\[>\d+u|\x1b\[<u|\x07"
    r"|\x1b\]52;c;[A-Za-z0-9+/=]*\x07)+"
)
_WORDS = r"[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]*"
_ALERT = re.compile(
    rf"(?:\x07|\x1b\[22;0t|\x1b\]2;{_WORDS}\x07|\x1b\](?:9|777;notify|99);{_WORDS}(?:\x07|\x1b\\))+"
)
_TOLD = re.compile(rf"\x1b\][0-9]+(?:;notify)?;{_WORDS}(?:\x07|\x1b\\)")
_TMUX_WRAP = re.compile(r"\x1bPtmux;((?:[^\x1b]|\x1b\x1b)*)\x1b\\")
_SCREEN_WRAP = re.compile(r"\x1bP((?:[^\x1b]|\x1b[^\\P])*)\x1b\\")
_TITLE_KEPT = "\x1b[22;0t"
_TITLE_BACK = "\x1b[23;0t"
_IGNORED = re.compile(r"\x1b\[\?25[hl]|\x1b\]22;[a-z-]*\x07|\x1b\[\?2048\$p")


class CleanFilter(LineFilter):
    """The second layer against hostile text: what a widget draws is harmless, whoever forgot to clean it.

    Widths are fixed by then, so an unsafe character becomes a dot only if it has a cell, else nothing.
    All are equal: Textual keeps filtered strips by filter.
    """

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CleanFilter)

    def __hash__(self) -> int:
        return hash(CleanFilter)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments if all are harmless."""
        for text, _, _ in segments:
            if not text.isprintable() or (not text.isascii() and UNSAFE.search(text)):
                return [
                    Segment(UNSAFE.sub(_same_width, text), style, control)
                    for text, style, control in segments
                ]
        return segments


class KeyParser(XTermParser):
    """Takes Escape and a letter that come together for two keys, unless the app has an Alt chord of that letter.

    Terminals write both alike, and over a slow line what was typed apart comes together.
    """

    def __init__(self, chords: Collection[str], debug: bool = False) -> None:
        self._chords = chords
        super().__init__(debug)

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterator[events.Key]:
        sign = sequence[1:]
        if sequence[0] != "\x1b" or len(sign) != 1 or not sign.isprintable() or sign in NOT_TYPED:
            yield from super()._sequence_to_key_events(sequence, alt)
        elif f"alt+{sign}" in self._chords:
            yield events.Key(f"alt+{sign}", None)
        else:
            yield events.Key("escape", "\x1b")
            yield from super()._sequence_to_key_events(sign)


class DiffDriver(LinuxDriver):
    """Textual's driver for terminals, with a copy of the cells between the frames and the wire."""

    def __init__(
        self, app: "App[Any]", *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._prepare(os.environ)
        utf8 = not self.cells.ascii_only
        output = sys.__stderr__
        assert output is not None
        self._terminal = TerminalFile(
            output.fileno(), "utf-8" if utf8 else "ascii", self._idle_from_thread, self._lost_from_thread
        )
        self._file: Any = self._terminal
        self._listens = False
        self._key_timer: asyncio.TimerHandle | None = None
        self._started = False

    def _prepare(self, environ: Mapping[str, str]) -> None:
        """What does not need a terminal."""
        self.cells = Cells(
            colour="NO_COLOR" not in environ,
            ascii_only=not speaks_utf8(environ),
            keeps_background=keeps_background(environ),
        )
        self.refused: deque[str] = deque(maxlen=20)
        self._unpainted = False
        self._resize_timer: asyncio.TimerHandle | None = None
        self._resized_again = False
        self._late_frame: asyncio.TimerHandle | None = None
        self._has_sync = False
        self._cursor_shown = False
        self._title_kept = False
        self._lent = False

    # ---- what Textual writes -------------------------------------------------------------------

    def write(self, data: str) -> None:
        """Take a frame into the cells, or let a known sequence pass; anything else is refused."""
        if data in (SYNC_START, SYNC_END):
            self._has_sync = True
        elif _FRAME.match(data):
            self._take_frame(data)
        elif _KNOWN.fullmatch(data):
            self._send(data)
        elif not _IGNORED.fullmatch(data):
            self.refused.append(data)

    def _take_frame(self, frame: str) -> None:
        size = self._true_size()
        if size != self.cells.size:
            self.cells.resize(*size)
        self.cells.dark = self._app.current_theme.dark
        self.cells.apply(frame)
        if self._app.size == self._get_terminal_size():
            self.paint()
        elif self._late_frame is None:  # the terminal has its new size already, the frame not yet
            self._late_frame = self._loop.call_later(LAYOUT_PATIENCE, self.paint)

    def paint(self) -> None:
        """Write what changed, unless the last writing is not through yet: then as soon as it is."""
        if self._behind():
            self._unpainted = True
            return
        self._unpainted = False
        if self._late_frame is not None:
            self._late_frame.cancel()
            self._late_frame = None
        cursor = self._cursor_of_focus()
        shown = cursor is not None
        if cursor is not None:
            self.cells.cursor = cursor
        data = self.cells.paint(place_cursor=shown)
        if len(data) >= SYNC_FROM and self._has_sync:
            data = SYNC_START + data + SYNC_END
        elif len(data) >= HIDE_FROM and self._cursor_shown:
            data = "\x1b[?25l" + data
            self._cursor_shown = False
        if shown != self._cursor_shown:
            data += "\x1b[?25h" if shown else "\x1b[?25l"
            self._cursor_shown = shown
        if data:
            self._send(data)

    def _cursor_of_focus(self) -> tuple[int, int] | None:
        """Row and column at which the person writes; what Textual remembers may stem from before the layout."""
        focused = self._app.focused if self._app.screen_stack else None
        offset = getattr(focused, "cursor_screen_offset", None)
        if focused is None or not isinstance(offset, Offset) or not focused.region:
            return None
        # At its end an Input names the cell behind the next letter, because it scrolls that far.
        return (offset.y, offset.x - getattr(focused, "cursor_at_end", False))

    def _behind(self) -> bool:
        """True while the terminal has not taken all of what was sent."""
        return self._terminal.behind

    def _send(self, data: str) -> None:
        if self._writer_thread is not None and not self._terminal.lost and self._terminal.send(data):
            self._writer_thread.write("")

    def _idle_from_thread(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may be closed
            self._loop.call_soon_threadsafe(self._idle)

    def _idle(self) -> None:
        if self._unpainted:
            self.paint()

    # ---- calling the agent ---------------------------------------------------------------------

    def alert(self, data: bytes) -> bool:
        """Write bell, title or notification (as `alerts` makes them); False if it is anything else.

        While the terminal is lent to another program only the bell rings: that harms nobody's picture.
        """
        text = data.decode(errors="replace")
        plain = _SCREEN_WRAP.sub(
            r"\1", _TMUX_WRAP.sub(lambda wrap: wrap[1].replace("\x1b\x1b", "\x1b"), text)
        )
        if not _ALERT.fullmatch(plain):
            self.refused.append(text)
            return False
        if self._terminal_is_stuck():
            return False
        if self._lent:
            self._ring_elsewhere(plain)
            return True
        self._title_kept = self._title_kept or _TITLE_KEPT in text
        self._send(text)
        return True

    def _ring_elsewhere(self, plain: str) -> None:
        if "\x07" in _TOLD.sub("", plain):
            with contextlib.suppress(OSError):
                os.write(self._terminal.fileno(), b"\x07")

    def _terminal_is_stuck(self) -> bool:
        """True if a terminal reads so little that calls for the agent would only pile up."""
        return self._terminal.waits >= MOST_WAITING

    # ---- life ----------------------------------------------------------------------------------

    def start_application_mode(self) -> None:
        """Take the terminal over; after a suspension everything is drawn again."""
        if self._started:  # a SIGCONT without a stop before it
            return
        self._listens = True
        self._lent = False
        self._unpainted = False
        self._cursor_shown = False
        self._has_sync = False
        self.cells.forget()
        ending.guard(self._restore_now)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is None:
            return
        self._send("\x1b[?25l")
        if not self._started:
            self._started = True
            atexit.register(self._restore_now)
        signal.signal(signal.SIGWINCH, lambda *_: self._loop.call_soon_threadsafe(self._resized))
        for number in ending.ENDING:
            self._loop.add_signal_handler(number, self._leave, 128 + number)
        if self.cells.size != (0, 0):
            self._loop.call_soon(self.paint)

    def suspend_application_mode(self) -> None:
        """Lend the terminal to another program."""
        super().suspend_application_mode()
        self._lent = True

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        for number in ending.ENDING:
            self._loop.remove_signal_handler(number)
        if self._title_kept:
            self._send(_TITLE_BACK)
        self._send("\x1b[m")
        super().stop_application_mode()
        self._send("\x1b[?25h")
        if self._started:
            self._started = False
            atexit.unregister(self._restore_now)

    def close(self) -> None:
        """Wait until all is written, but not for ever: a terminal may have stopped reading."""
        if self._writer_thread is not None:
            with contextlib.suppress(Full):
                self._writer_thread._queue.put(None, timeout=CLOSE_PATIENCE)
            self._writer_thread.join(CLOSE_PATIENCE)
            self._writer_thread = None

    def _restore_now(self) -> None:
        """The last resort of a process that ends without `stop_application_mode`."""
        with contextlib.suppress(OSError):
            os.write(self._terminal.fileno(), RESTORE.encode())
        if self.attrs_before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)

    def _leave(self, code: int) -> None:
        self._app.exit(return_code=code)

    def _lost_from_thread(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._lost)

    def _lost(self) -> None:
        self._leave(128 + signal.SIGHUP)

    # ---- size ----------------------------------------------------------------------------------

    def _get_terminal_size(self) -> tuple[int, int]:
        """The size that the app lays itself out for; of a smaller terminal it sees the upper left part."""
        columns, lines = self._true_size()
        return (max(columns, LEAST_SIZE[0]), max(lines, LEAST_SIZE[1]))

    def _true_size(self) -> tuple[int, int]:
        for fileno in (self._terminal.fileno(), self.fileno):
            with contextlib.suppress(OSError):
                size = os.get_terminal_size(fileno)
                if size.columns and size.lines:
                    return (size.columns, size.lines)
        return self.cells.size if self.cells.size != (0, 0) else (80, 24)

    def _query_in_band_window_resize(self) -> None:
        """SIGWINCH tells sizes, also through SSH and tmux; a second teller would double the work."""

    def _resized(self) -> None:
        """Tell the app at once, and in a storm of sizes again after a pause."""
        if self._resize_timer is not None:
            self._resized_again = True
            return
        self._resized_again = False
        self._resize_timer = self._loop.call_later(RESIZE_PAUSE, self._resize_pause_over)
        size = Size(*self._get_terminal_size())
        if size == self._app.size:
            self._app.refresh(layout=True)  # the app has this size already, but of it more or less is in view
        else:
            self._app.post_message(events.Resize(size, size))

    def _resize_pause_over(self) -> None:
        self._resize_timer = None
        if self._resized_again:
            self._resized()

    # ---- keys ----------------------------------------------------------------------------------

    def disable_input(self) -> None:
        """Stop reading keys."""
        self._listens = False
        self._loop.remove_reader(self.fileno)
        if self._key_timer is not None:
            self._key_timer.cancel()
        super().disable_input()

    def run_input_thread(self) -> None:
        """What is typed ahead waits for the screen that it is meant for; then the loop reads, and no thread."""
        ready = getattr(self._app, "ready", None)
        if isinstance(ready, threading.Event):
            ready.wait(READY_PATIENCE)
        self._loop.call_soon_threadsafe(self._listen)

    def _listen(self) -> None:
        if self._listens:
            self._parser = KeyParser(getattr(self._app, "alt_chords", frozenset()), self._debug)
            self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
            self._loop.add_reader(self.fileno, self._read_keys)

    def _read_keys(self) -> None:
        try:
            data = os.read(self.fileno, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self.fileno)
            self._lost()
            return
        for event in self._parser.feed(self._decode(data)):
            self.process_message(event)
        self._await_rest()

    def _await_rest(self) -> None:
        """An Escape is a key of its own if nothing follows it for a while."""
        if self._key_timer is not None:
            self._key_timer.cancel()
            self._key_timer = None
        if self._parser._timeout_time is not None:
            self._key_timer = self._loop.call_later(KEY_PAUSE, self._no_rest)

    def _no_rest(self) -> None:
        for event in self._parser.tick():
            self.process_message(event)
        self._key_timer = None
        self._await_rest()

    def send_message(self, message: Message) -> None:
        """Hand a key to the app; in the loop, as all of this is."""
        self._app.post_message(message)


def speaks_utf8(environ: Mapping[str, str]) -> bool:
    """False if the locale names another encoding; an environment without any locale is taken for UTF-8.

    Python itself sets LC_CTYPE to C.UTF-8 where the locale is C: that says nothing about the terminal.
    """
    own = environ.get("LC_CTYPE", "")
    locale = (
        environ.get("LC_ALL")
        or ("" if own == "C.UTF-8" and environ.get("LANG") else own)
        or environ.get("LANG")
    )
    return not locale or "utf8" in locale.lower().replace("-", "")


def keeps_background(environ: Mapping[str, str]) -> bool:
    """True if the terminal erases with the current background colour (terminfo's `bce`)."""
    if environ.get("TMUX"):
        return True
    try:
        curses.setupterm(environ.get("TERM") or "dumb", sys.__stderr__.fileno() if sys.__stderr__ else 2)
    except curses.error:
        return False
    return curses.tigetflag("bce") == 1


def _same_width(match: re.Match[str]) -> str:
    return DOT if cell_len(match.group()) else ""
