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
from agentconsole.protocol import Say


def ack_first() -> None:
    """Tell everybody of lines, and only then commit."""
    make = desk.Desk.__init__

    def make_hasty(self: desk.Desk, *arguments: Any) -> None:
        make(self, *arguments)
        writer = self.writer
        work, done = writer._work, writer._done

        def work_and_tell(connection: Any, jobs: Sequence[Any], careful: bool) -> list[Any]:
            results = work(connection, jobs, careful)
            if _only_lines(jobs):
                assert writer._loop is not None
                writer._loop.call_soon_threadsafe(done, jobs, results)
                time.sleep(0.01)
            return results

        writer._work = work_and_tell
        writer._brief = lambda job: False
        writer._done = lambda jobs, results: None if _only_lines(jobs) else done(jobs, results)

    desk.Desk.__init__ = make_hasty  # type: ignore[method-assign, assignment]


def _only_lines(jobs: Sequence[Any]) -> bool:
    return all(isinstance(job.command, Say) for job in jobs)


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
