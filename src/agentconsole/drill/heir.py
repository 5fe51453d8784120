"""A small process beside a drill: if the drill is killed, it ends the processes and removes the folder left behind."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

OVER = "over"
STOP_SECONDS = 12.0  # the server itself promises 10


def main(folder: str, lines: Iterable[str]) -> None:
    """``lines`` come from the drill: the ids of its processes, and OVER if it ends by itself. If they end without it,
    nobody is there any more to clear up."""
    started: list[int] = []
    for line in lines:
        if line.strip() == OVER:
            return
        started.append(int(line))
    for process in reversed(started):
        _end(process)
    shutil.rmtree(folder, ignore_errors=True)


def _end(process: int) -> None:
    """Ask it to end; insist after a while."""
    with suppress(ProcessLookupError):
        for number in (signal.SIGTERM, signal.SIGKILL):
            os.kill(process, number)
            patience = time.monotonic() + STOP_SECONDS
            while time.monotonic() < patience:
                time.sleep(0.1)
                os.kill(process, 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin)
