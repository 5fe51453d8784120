"""`agentconsole` as a shell runs it: exit code, what it printed, what it complained of."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from unittest import mock

from agentconsole.__main__ import main

Outcome = tuple[int, str, str]


def process(*words: str, env: Mapping[str, str] | None = None, given: bytes = b"") -> Outcome:
    """In a process of its own; `env` comes on top of an environment that says nothing of ours."""
    command = [sys.executable, "-m", "agentconsole", *words]
    done = subprocess.run(
        command, env=_environment(env), input=given, capture_output=True, timeout=60, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def run(*words: str, env: Mapping[str, str] | None = None, given: bytes = b"") -> Outcome:
    """The same in this process: starting Python takes longer than most commands. Not for two threads at once."""
    out, complaint = _stream(), _stream()
    mask = os.umask(0o077)
    os.umask(mask)
    inside = mock.patch.dict(os.environ, _environment(env), clear=True)
    with (
        inside,
        mock.patch.object(sys, "stdin", _stream(given)),
        redirect_stdout(out),
        redirect_stderr(complaint),
    ):
        time.tzset()
        try:
            code = main(words)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    time.tzset()
    os.umask(mask)
    return code, _text(out), _text(complaint)


def _environment(env: Mapping[str, str] | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AGENTCONSOLE_")}
    return kept | dict(env or {})


def _stream(given: bytes = b"") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(given), "utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()
