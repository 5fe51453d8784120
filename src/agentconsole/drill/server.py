"""A server of our own for the length of a drill: started on a free port, stopped with everything that belongs to it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from . import heir
from .link import Trouble

START_SECONDS = 30.0
STOP_SECONDS = 12.0  # the server itself promises 10
READY = "ready "
ROOMY = {  # everybody in a drill has the same address
    "--chats-per-address": "1000000",
    "--chats-per-token": "1000",
    "--sockets-per-address": "1000",
}


class Server:
    """A running `agentconsole serve`. ``base`` is its address."""

    def __init__(self, process: asyncio.subprocess.Process, base: str, log: Path) -> None:
        self.process = process
        self.base = base
        self._log = log

    async def ended(self) -> None:
        """Wait until the server ends by itself. Raises Trouble then."""
        await self.process.wait()
        raise Trouble(f"The server ended unexpectedly: {last_words(self._log)}")


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without settings of another agentconsole."""
    return {name: value for name, value in environment.items() if not name.startswith("AGENTCONSOLE_")}


def command(*words: str) -> list[str]:
    """The arguments that start this very program."""
    return [sys.executable, "-m", "agentconsole", *words]


@asynccontextmanager
async def bequeathed(folder: Path) -> AsyncIterator[Callable[[int], None]]:
    """Takes the ids of processes; should this process be killed, they are ended and the folder is removed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", heir.__name__, str(folder)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # what ends us must not end it
    )
    assert process.stdin is not None
    pipe = process.stdin
    try:
        yield lambda id: pipe.write(f"{id}\n".encode())
    finally:
        pipe.write(f"{heir.OVER}\n".encode())
        pipe.close()
        await process.wait()


@asynccontextmanager
async def running(
    data: Path,
    unless: Callable[[Awaitable[str]], Awaitable[str]],
    started: Callable[[int], None] = lambda id: None,
) -> AsyncIterator[Server]:
    """A server on this data folder, stopped at the end. ``unless`` may break off the waiting for its start, ``started``
    gets the id of its process.

    Raises Trouble when it does not start.
    """
    log = data / "server.log"
    limits = [word for flag in ROOMY.items() for word in flag]
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *command("serve", "--data", str(data), "--port", "0", *limits),
            env=clean_environment(os.environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for the drill, which then stops its server itself
        )
    started(process.pid)
    try:
        yield Server(process, await unless(_ready(process, log)), log)
    finally:
        await _stop(process)


async def _ready(process: asyncio.subprocess.Process, log: Path) -> str:
    assert process.stdout is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            async for line in process.stdout:
                said = line.decode().strip()
                if said.startswith(READY):
                    return said.removeprefix(READY)
    raise Trouble(f"The server did not start: {last_words(log)}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def last_words(log: Path) -> str:
    """The end of what the server wrote, for a person to read."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return " / ".join(lines[-3:]) or "it said nothing"
