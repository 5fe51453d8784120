"""Mails are read in a process of its own, so that one that takes all time or memory harms nobody.

The worker gets frames on its standard input and answers on its standard output: eight bytes of length,
then the bytes. It is started with the first mail, kept for the next, and replaced when it is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import struct
import sys
from typing import BinaryIO

import msgspec

from ..domain.letter import Letter, Unreadable

CPU_SECONDS = 10
WALL_SECONDS = 30.0
MEMORY = 1024 * 1024 * 1024  # bytes of address space
MAILS_PER_WORKER = 1000
_LENGTH = struct.Struct(">Q")


class _Read(msgspec.Struct, tag="read"):
    letter: Letter


class _Refused(msgspec.Struct, tag="refused"):
    reason: str


_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[_Read | _Refused] = msgspec.msgpack.Decoder(_Read | _Refused)


class Reader:
    """Reads mails one after the other in its worker; several may ask at once."""

    def __init__(
        self, *, cpu_seconds: int = CPU_SECONDS, wall_seconds: float = WALL_SECONDS, memory: int = MEMORY
    ) -> None:
        self._limits = (cpu_seconds, memory)
        self._wall_seconds = wall_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._read = 0

    async def read(self, raw: bytes) -> Letter:
        """The letter; raises `Unreadable` also where the mail cost its worker time, memory or life."""
        async with self._turn:
            if self._read >= MAILS_PER_WORKER:
                await self._stop()
            process = await self._worker()
            try:
                async with asyncio.timeout(self._wall_seconds):
                    answer = await _ask(process, raw)
            except TimeoutError:
                await self._stop()
                raise Unreadable(f"Reading it took more than {self._wall_seconds:g} seconds.") from None
            except (asyncio.IncompleteReadError, ConnectionError):
                await self._stop()
                raise Unreadable("Reading it took more time or memory than a mail may take.") from None
            except BaseException:
                await self._stop()  # half an answer may lie in the pipe
                raise
            self._read += 1
        if isinstance(answer, _Refused):
            raise Unreadable(answer.reason)
        return answer.letter

    async def close(self) -> None:
        """End the worker."""
        async with self._turn:
            await self._stop()

    async def _worker(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                __name__,
                *map(str, self._limits),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            self._read = 0
        return self._process

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _ask(process: asyncio.subprocess.Process, raw: bytes) -> _Read | _Refused:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(_LENGTH.pack(len(raw)))
    process.stdin.write(raw)
    await process.stdin.drain()
    (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
    return _decoder.decode(await process.stdout.readexactly(length))


def _serve(cpu_seconds: int, incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """The worker's side: one answer for each mail, until there are no more."""
    from .parse import parse  # the server itself never reads a mail, and starts the sooner

    while len(head := incoming.read(_LENGTH.size)) == _LENGTH.size:
        raw = incoming.read(_LENGTH.unpack(head)[0])
        _allow(cpu_seconds)
        try:
            answer: _Read | _Refused = _Read(parse(raw))
        except Unreadable as failure:
            answer = _Refused(failure.reason)
        data = _encode(answer)
        outgoing.write(_LENGTH.pack(len(data)))
        outgoing.write(data)
        outgoing.flush()


def _allow(seconds: int) -> None:
    """So much more processor time; the kernel ends the process at the limit."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _confine(memory: int) -> None:
    """No more memory than that, no file written, no core left."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _confine(int(sys.argv[2]))
    try:
        _serve(int(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
    except (MemoryError, KeyboardInterrupt):
        sys.exit(1)
