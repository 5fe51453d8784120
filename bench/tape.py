"""A program in a pseudo-terminal whose output is kept with its times; what could be seen when is worked out afterwards.

An emulator is far slower than a terminal, so nothing is emulated while the program runs: the reader only notes
when which bytes came. A slow line is a reader that takes so many bytes a second; its delay is added to the times.
"""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyte

from tests.terminal.rig import Screen

COLUMNS, LINES = 120, 40
SYNC_QUERY, SYNC_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"  # a terminal that can paint a frame at once


@dataclass(frozen=True)
class Line:
    """The line between program and terminal: seconds each way, and bytes a second to the terminal (0 = any)."""

    delay: float = 0.0
    rate: int = 0


AT_HAND = Line()
FAR_AWAY = Line(0.150, 16_000)


class Tape:
    """Runs `command` at 120x40 and notes everything."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], line: Line = AT_HAND) -> None:
        self.line = line
        self.chunks: list[tuple[float, bytes]] = []
        self.bytes = 0
        self._screen = Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._rows: list[list[str]] = []
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**environment, **terminal},
            start_new_session=True,
        )
        os.close(slave)
        self._master = master
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        piece = self.line.rate // 100 or 1 << 16
        while True:
            try:
                data = os.read(self._master, piece)
            except OSError:
                return
            if not data:
                return
            if self.line.rate:
                time.sleep(len(data) / self.line.rate)
            self.chunks.append((time.perf_counter() + self.line.delay, data))
            self.bytes += len(data)
            if SYNC_QUERY in data:
                os.write(self._master, SYNC_ANSWER)

    def press(self, keys: str) -> float:
        """Type; the time at which the person did. Over a slow line the program gets it later."""
        pressed = time.perf_counter()
        if self.line.delay:
            threading.Timer(self.line.delay, self._write, (keys,)).start()
        else:
            self._write(keys)
        return pressed

    def _write(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def quiet(self, seconds: float = 0.4, most: float = 20.0) -> int:
        """Wait until nothing has come for so long; the bytes that came meanwhile."""
        before, deadline = self.bytes, time.perf_counter() + most
        while time.perf_counter() < deadline:
            seen = self.bytes
            time.sleep(seconds)
            if self.bytes == seen:
                break
        return self.bytes - before

    def wait_for(self, text: str, seconds: float = 20.0) -> None:
        """Wait until the screen shows `text`. Raises TimeoutError with the screen. For setting up, not for timing."""
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            screen = self.screen()
            if any(text in row for row in screen):
                return
            time.sleep(0.05)
        raise TimeoutError(f"{text!r} did not appear:\n" + "\n".join(row.rstrip() for row in screen))

    def screen(self) -> list[str]:
        """What stands on the screen now."""
        self._emulate()
        return [self._row(row) for row in range(LINES)]

    def seen(self, texts: Sequence[str], since: int = 0) -> dict[str, float]:
        """When each text was first on the screen, from chunk `since` on (missing = never)."""
        self._emulate()
        found: dict[str, float] = {}
        waiting = list(texts)
        for (when, _), rows in zip(self.chunks[since:], self._rows[since:], strict=False):
            for text in [text for text in waiting if any(text in row for row in rows)]:
                found[text] = when
                waiting.remove(text)
        return found

    def _emulate(self) -> None:
        """Feed the emulator with what is new, and keep the rows that each chunk changed."""
        for _, data in self.chunks[len(self._rows) :]:
            self._stream.feed(data)
            self._rows.append([self._row(row) for row in sorted(self._screen.dirty) if row < LINES])
            self._screen.dirty.clear()

    def _row(self, row: int) -> str:
        cells = self._screen.buffer[row]
        return "".join(cells[column].data for column in range(COLUMNS))

    def memory(self) -> int:
        """Resident bytes of the program."""
        rollup = Path(f"/proc/{self._process.pid}/smaps_rollup").read_text()
        return 1024 * next(int(row.split()[1]) for row in rollup.splitlines() if row.startswith("Rss:"))

    def ended(self, seconds: float) -> bool:
        """Wait until the program has ended by itself; False when it does not."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """End the program and the terminal."""
        self._process.kill()
        self._process.wait()
        self._reader.join(2)
        os.close(self._master)

    def __enter__(self) -> "Tape":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def pace(times: int, per_second: float, act: Callable[[int], None]) -> None:
    """Call `act(n)` so many times, evenly spaced."""
    began = time.perf_counter()
    for number in range(times):
        time.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        act(number)
