"""Mails are read in processes of their own, so that one that takes all time or memory harms nobody.

A worker gets frames on its standard input and answers on its standard output: eight bytes of length,
then the bytes. It is started when a mail needs it, kept for the next, and replaced when it is gone.
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
    """Reads mails, as many at once as it has ``workers``; who asks for more waits for the first that is free."""

    def __init__(
        self,
        *,
        workers: int = 1,
        cpu_seconds: int = CPU_SECONDS,
        wall_seconds: float = WALL_SECONDS,
        memory: int = MEMORY,
    ) -> None:
        self._workers = [Worker(cpu_seconds, wall_seconds, memory) for _ in range(workers)]
        self._free = list(self._workers)
        self._turn = asyncio.Semaphore(workers)

    async def read(self, raw: bytes) -> Letter:
        """The letter; raises `Unreadable` also where the mail cost its worker time, memory or life."""
        async with self._turn:
            worker = self._free.pop()  # the one that was used last: others are not even started without need
            try:
                return await worker.read(raw)
            finally:
                self._free.append(worker)

    async def close(self) -> None:
        """End the workers, once each has read what it has begun."""
        for _ in self._workers:
            await self._turn.acquire()
        for worker in self._workers:
            await worker.stop()
            self._turn.release()


class Worker:
    """One process that reads one mail at a time."""

    def __init__(self, cpu_seconds: int, wall_seconds: float, memory: int) -> None:
        self.wall_seconds = wall_seconds
        self.process: asyncio.subprocess.Process | None = None
        self._limits = (cpu_seconds, memory)
        self._read = 0

    async def read(self, raw: bytes) -> Letter:
        """The letter. Raises Unreadable."""
        if self._read >= MAILS_PER_WORKER:
            await self.stop()
        process = await self._started()
        try:
            async with asyncio.timeout(self.wall_seconds):
                answer = await _ask(process, raw)
        except TimeoutError:
            await self.stop()
            raise Unreadable(f"Reading it took more than {self.wall_seconds:g} seconds.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            await self.stop()
            raise Unreadable("Reading it took more time or memory than a mail may take.") from None
        except BaseException:
            await self.stop()  # half an answer may lie in the pipe
            raise
        self._read += 1
        if isinstance(answer, _Refused):
            raise Unreadable(answer.reason)
        return answer.letter

    async def stop(self) -> None:
        """End the process; the next mail starts another."""
        process, self.process = self.process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()

    async def _started(self) -> asyncio.subprocess.Process:
        if self.process is None or self.process.returncode is not None:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                __name__,
                *map(str, self._limits),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            self._read = 0
        return self.process


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
