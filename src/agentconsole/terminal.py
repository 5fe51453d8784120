"""The terminal's end of the line: what it takes at once is written at once, the rest in order by a thread."""

import os
import selectors
from collections import deque
from collections.abc import Callable


class TerminalFile:
    """The terminal's end of the line: what it takes at once is written at once, the rest by Textual's writer thread.

    Writing at once needs a description of the terminal of our own, one that never blocks: the one we were given
    is shared with the shell. Where the terminal cannot be opened again, the thread writes everything. A terminal that
    is gone takes all silently.
    """

    def __init__(
        self, fileno: int, encoding: str, on_idle: Callable[[], None], on_lost: Callable[[], None]
    ) -> None:
        self._fileno = fileno
        self._encoding = encoding
        self._on_idle = on_idle
        self._on_lost = on_lost
        self._own = own_description(fileno)
        self._waiting: deque[bytes] = deque()
        self.lost = False

    @property
    def behind(self) -> bool:
        """True while something has not been written yet; then order wants that what comes waits too."""
        return bool(self._waiting)

    @property
    def waits(self) -> int:
        """How many pieces have not been written yet."""
        return len(self._waiting)

    def send(self, text: str) -> bool:
        """Write what can be written without waiting; True if the thread must be told that there is something left."""
        data = text.encode(self._encoding, "replace")
        was_behind = self.behind
        if not was_behind and self._own is not None and not self.lost:
            try:
                data = data[os.write(self._own, data) :]
            except BlockingIOError:
                pass
            except OSError:
                self._lose()
        if data and not self.lost:
            self._waiting.append(data)
        return bool(data) and not was_behind

    def write(self, _: str) -> None:
        """In the thread: write all that waits. A piece waits until it is written whole."""
        while self._waiting:
            self._write_all(self._waiting[0])
            self._waiting.popleft()

    def _write_all(self, piece: bytes) -> None:
        data = memoryview(piece)
        while data and not self.lost:
            try:
                data = data[os.write(self._fileno, data) :]
            except BlockingIOError:
                with selectors.DefaultSelector() as selector:
                    selector.register(self._fileno, selectors.EVENT_WRITE)
                    selector.select(0.1)
            except OSError:
                self._lose()

    def _lose(self) -> None:
        self.lost = True
        self._on_lost()

    def flush(self) -> None:
        """In the thread: called when nothing more waits to be written."""
        self._on_idle()

    def fileno(self) -> int:
        """The terminal's file descriptor."""
        return self._fileno


def own_description(fileno: int) -> int | None:
    """The terminal behind a descriptor, opened once more for writing without ever waiting; None if it cannot be."""
    try:
        return os.open(os.ttyname(fileno), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
