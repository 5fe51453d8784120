"""The shipped console in a terminal of its own, with a home of its own, and what an agent does there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.running import Running
from tests.terminal.rig import Terminal

F1, F2, F3, F6, F7, F8, F9 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1b[17~", "\x1b[18~", "\x1b[19~", "\x1b[20~"
CTRL_P, CTRL_U = "\x10", "\x15"
ENTER, ESCAPE, DOWN = "\r", "\x1b", "\x1b[B"
COMMAND = (sys.executable, "-m", "agentconsole")


class Console(Terminal):
    """`agentconsole --server URL --user NAME` in a pseudo-terminal. It keeps its files below `home`."""

    def __init__(
        self,
        site: Running,
        home: Path,
        *,
        user: str = "ana",
        token: str = "",
        url: str = "",
        columns: int = 80,
        lines: int = 24,
        env: dict[str, str | None] | None = None,
    ) -> None:
        """Start; `token` '' = a fresh login over REST, None in `env` takes it away. `url` may lead through a proxy."""
        self.token = token or site.login(user)
        home.mkdir(parents=True, exist_ok=True)
        own: dict[str, str | None] = {
            name: str(home / name.lower()) for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME")
        }
        own |= {"HOME": str(home), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        own |= {"AGENTCONSOLE_TOKEN": self.token, "AGENTCONSOLE_SERVER": None, "AGENTCONSOLE_USER": None}
        command = [*COMMAND, "--server", url or site.url, "--user", user]
        super().__init__(command, columns=columns, lines=lines, env=own | (env or {}))

    def ready(self) -> Console:
        """Wait until the console is connected."""
        self.wait_for(re.compile("link (quick|fair|slow)|⇄"), 30)
        return self

    def row(self, *parts: str, seconds: float = 15) -> str:
        """Wait for a row that shows all these parts; the row."""

        def found(rows: list[str]) -> str:
            return next((row for row in rows if all(part in row for part in parts)), "")

        return found(self.wait_until(found, seconds, f"a row with {parts}"))

    def gone(self, text: str, seconds: float = 15) -> None:
        """Wait until no row shows this text any more."""
        self.wait_until(lambda rows: not any(text in row for row in rows), seconds, f"{text!r} to go away")

    def write(self, text: str) -> None:
        """Type a line and send it."""
        self.send(text)
        self.row("▸", text[:10])
        self.send(ENTER)

    def shows(self, text: str) -> bool:
        """Whether a row shows this text now."""
        return any(text in row for row in self.rows)
