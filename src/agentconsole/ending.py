"""A terminal that is given back even if a signal ends the process before anything else could do it."""

import contextlib
import os
import signal
from collections.abc import Callable

LEAVE = b"\x1b[?25h\x1b[?1049l"  # what `cache.ENTER` switched on, switched off
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def guard(restore: Callable[[], None]) -> None:
    """From now on a signal of ``ENDING`` gives the terminal back with ``restore`` and ends the process with 128 + its
    number, until somebody else takes the signal over."""

    def end(number: int, _: object) -> None:
        restore()
        os._exit(128 + number)

    for number in ENDING:
        signal.signal(number, end)


def leave_picture() -> None:
    """Take the first picture away again: the console does not come up."""
    with contextlib.suppress(OSError):  # there may be no terminal any more
        os.write(1, LEAVE)
