"""The console's floor: a bare Textual app with a Log and an Input, fed with lines through a local socket.

`python -m bench.bare PORT` connects to that port and shows every line that comes.
"""

import asyncio
import sys

from textual.app import App, ComposeResult
from textual.widgets import Input, Log

READY = "bare is ready"


class Bare(App[None]):
    """Nothing but the framework."""

    CSS = "Log { height: 1fr; }"

    def compose(self) -> ComposeResult:
        """A log over an input."""
        yield Log()
        yield Input()

    async def on_mount(self) -> None:
        """Say that it is there, and start to listen."""
        self.query_one(Log).write_line(READY)
        self.query_one(Input).focus()
        self.run_worker(self._listen(int(sys.argv[1])))

    async def _listen(self, port: int) -> None:
        reader, _ = await asyncio.open_connection("127.0.0.1", port)
        log = self.query_one(Log)
        while line := await reader.readline():
            log.write_line(line.decode().rstrip("\n"))


if __name__ == "__main__":
    Bare().run()
