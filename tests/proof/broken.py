"""Starts the server with one deliberate fault, so that a proof can show that it would notice.

`python -m tests.proof.broken FAULT [arguments of serve]`
"""

import random
import sys
import time
from collections.abc import Sequence
from typing import Any

from agentconsole import __main__ as program
from agentconsole.backend.desk import desk
from agentconsole.backend.storage.writer import Writer


def ack_first() -> None:
    """Tell everybody, and only then commit."""

    def attempt(self: Writer[Any, Any], batch: Sequence[Any], careful: bool) -> list[Any]:
        with self._engine.begin() as connection:
            results = self._work(connection, batch, careful)
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._done, batch, results)
            time.sleep(0.01)
        return results

    def finish(self: Writer[Any, Any], batch: list[Any], results: list[Any]) -> None:
        if self._waiting:
            self._hand_over()
        else:
            self._busy = False
            self._idle.set()

    Writer._attempt = attempt  # type: ignore[method-assign]
    Writer._finish = finish  # type: ignore[method-assign]


def forgetful() -> None:
    """Keep no receipts, so that a line sent again is a new line."""
    desk._receipt_key = lambda chat, actor, command: None


def shuffled() -> None:
    """Carry out what waits in any order."""
    hand_over = Writer._hand_over

    def any_order(self: Writer[Any, Any]) -> None:
        random.shuffle(self._waiting)
        hand_over(self)

    Writer._hand_over = any_order  # type: ignore[method-assign]


FAULTS = {"ack-first": ack_first, "forgetful": forgetful, "shuffled": shuffled}

if __name__ == "__main__":
    FAULTS[sys.argv[1]]()
    sys.argv = ["agentconsole", "serve", *sys.argv[2:]]
    sys.exit(program.main())
