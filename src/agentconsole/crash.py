"""What is left of the console when it breaks: a traceback in a file, and a sentence with its mark."""

from __future__ import annotations

import os
import secrets
import traceback
from pathlib import Path

from agentconsole.text import clean

TOLD = (
    "agentconsole broke down ({kind}, mark {mark}). What you had written is kept: start it again to go on. "
    "{where} Please report it with its mark."
)
KEPT = "The traceback is in {file}."
SHOWN = "The traceback could not be kept ({reason}); it is this:\n{trace}"


def keep(error: BaseException, folder: Path) -> str:
    """Write the traceback, without any values of variables, below ``folder``; the sentences to tell."""
    mark = secrets.token_hex(4)
    trace = "".join(traceback.format_exception(error))
    file = folder / f"crash-{mark}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", errors="replace") as out:
            out.write(trace)
        where = KEPT.format(file=file)
    except OSError as reason:
        where = SHOWN.format(reason=reason.strerror, trace="\n".join(map(clean, trace.splitlines())))
    return TOLD.format(kind=type(error).__name__, mark=mark, where=where)
