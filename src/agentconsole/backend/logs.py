"""Log lines: one event is one line of key=value, without control characters, message texts or tokens."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
import traceback
from typing import TextIO

from agentconsole.text import log_value

LONGEST = 1_000
LONGEST_TRACE = 20_000


class Line(logging.Formatter):
    """time=... level=... where=... text="..."; a traceback follows in the same line, with an id.

    Of an exception only its type is shown: its words may hold what people wrote.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Part of logging.Formatter."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        where = record.name.removeprefix("agentconsole.")
        words = [
            f"time={now}.{int(record.msecs):03d}Z",
            f"level={record.levelname.lower()}",
            f"where={log_value(where, 80)}",
            f"text={_quoted(log_value(record.getMessage(), LONGEST))}",
        ]
        if record.exc_info and record.exc_info[1] is not None:
            words.append(f"id={secrets.token_hex(4)}")
            words.append(f"trace={_quoted(_trace(record.exc_info[1]))}")
        return " ".join(words)


def set_up(level: str, stream: TextIO | None = None) -> None:
    """Send all log lines from ``level`` on to ``stream`` (default: standard error)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Line())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.raiseExceptions = False
    for noisy in ("uvicorn.access", "asyncio", "alembic", "websockets"):  # the last one would show frames
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _trace(error: BaseException) -> str:
    parts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(parts) < 10:
        steps = "; ".join(
            f"{_place(step.filename)}:{step.lineno} {step.name}"
            for step in traceback.extract_tb(cause.__traceback__)
        )
        parts.append(f"{_named(cause)} at {steps or 'no place'}")
        cause = cause.__cause__ or cause.__context__
    return log_value(" <- ".join(parts), LONGEST_TRACE)


def _named(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, BaseExceptionGroup):
        return f"{name}({', '.join(_named(part) for part in error.exceptions)})"
    return f"{name} {error.strerror}" if isinstance(error, OSError) and error.strerror else name


def _place(filename: str) -> str:
    return "/".join(filename.rsplit("/", 2)[-2:])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
