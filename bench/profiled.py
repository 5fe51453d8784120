"""Runs the server with a profiler in its event loop and in its writer, and writes down where their time went.

`python -m bench.profiled FILE [arguments of serve]`; the profiler itself makes everything slower, calls of small
functions most of all: read shares, not microseconds.
"""

import cProfile
import json
import pstats
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from agentconsole import __main__ as program
from agentconsole.backend.storage.writer import Writer

HOUSE = Path(program.__file__).parent


def main() -> int:
    """Serve until SIGTERM, then write the shares."""
    file, arguments = Path(sys.argv[1]), sys.argv[2:]
    loop, writer = cProfile.Profile(), cProfile.Profile()
    run = Writer._run
    Writer._run = lambda self: writer.runcall(run, self)  # type: ignore[method-assign]
    code: int = loop.runcall(program.main, ["serve", *arguments])
    file.write_text(json.dumps({"event loop": shares(loop), "writer": shares(writer)}))
    return code


def shares(profile: cProfile.Profile) -> dict[str, float]:
    """Seconds spent in each module's own code, without waiting (and without the loop's own work, which hides in it)."""
    spent: Counter[str] = Counter()
    stats: Any = pstats.Stats(profile)
    for (file, _, function), (_, _, own, _, _) in stats.stats.items():
        if not _waits(function) and not file.endswith("asyncio/runners.py"):
            spent[_module(file, function)] += own
    return dict(spent.most_common())


def _waits(function: str) -> bool:
    return any(
        word in function
        for word in ("epoll", "SimpleQueue", "'get'", "'acquire'", "run_until_complete", "run_forever")
    )


def _module(file: str, function: str) -> str:
    if file == "~":
        return function.strip("<>")
    path = Path(file)
    if path.is_relative_to(HOUSE):
        return str(path.relative_to(HOUSE))
    parts = path.parts
    return parts[parts.index("site-packages") + 1] if "site-packages" in parts else f"python: {path.name}"


if __name__ == "__main__":
    sys.exit(main())
