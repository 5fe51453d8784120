"""The last picture as it was drawn, shown again before anything is loaded: same command, same terminal, same bytes.

This module imports nothing that Python has not loaded already.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "glimpse"
MOST_BYTES = 1_000_000
_TERMINAL = ("TERM", "COLORTERM", "NO_COLOR", "TMUX")


def show(words: list[str], before: Callable[[], None]) -> bool:
    """Write what `keep` kept for the command line `words` in this terminal; False if there is nothing.

    ``before`` is called when there is something, before any of it is written.
    """
    occasion = _occasion(words)
    if not occasion:
        return False
    state = os.environ.get("XDG_STATE_HOME", "").strip() or os.path.expanduser("~/.local/state")
    try:
        with open(os.path.join(state, "agentconsole", NAME), "rb") as file:
            known, _, picture = file.read(MOST_BYTES).partition(b"\n")
            ours = os.fstat(file.fileno()).st_uid == os.geteuid()
    except OSError:
        return False
    if known != occasion or not ours:
        return False
    before()
    while picture:
        picture = picture[os.write(1, picture) :]
    return True


def keep(folder: str, words: list[str], picture: bytes) -> None:
    """Keep a picture in the state folder, for its owner alone. Raises OSError."""
    occasion = _occasion(words)
    if not occasion or not picture:
        return
    path = os.path.join(folder, NAME)
    fresh = f"{path}.{os.getpid()}"
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(occasion + b"\n" + picture)
    os.replace(fresh, path)


def forget(folder: str) -> None:
    """Take away what `keep` kept, if anything. Raises OSError."""
    path = os.path.join(folder, NAME)
    if os.path.exists(path):
        os.unlink(path)


def _occasion(words: list[str]) -> bytes:
    """The command and the terminal in one row; b'' if there is no terminal."""
    try:
        size = os.get_terminal_size(1)
    except OSError:
        return b""
    environment = [os.environ.get(name, "") for name in _TERMINAL]
    if not os.isatty(0) or environment[0] in ("", "dumb", "unknown"):
        return b""
    encoding = getattr(sys.__stdout__, "encoding", "")
    return ascii((words, *size, *environment, encoding)).encode()
