"""The one writer: what waits is committed together, and only then anybody hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

J = TypeVar("J")
R = TypeVar("R")

MAX_BATCH = 1_000
MAX_WAITING = 20_000


class Overloaded(Exception):
    """More waits to be written than is sensible to keep."""


class Writer(Generic[J, R]):
    """Group commit. Jobs given while a batch is being written form the next batch; nobody lingers.

    ``work(connection, jobs, careful)`` answers each job with its result. It is called optimistically first; when a
    unique key objects, again with ``careful`` (look before you insert); when the batch fails otherwise, once a job,
    so that a bad one cannot fail its neighbours: ``failed(job, error)`` makes its result. ``done(jobs, results)``
    is called in the event loop after the commit, once a batch.
    """

    def __init__(
        self,
        engine: Engine,
        work: Callable[[Connection, Sequence[J], bool], list[R]],
        failed: Callable[[J, Exception], R],
        done: Callable[[Sequence[J], list[R]], None],
    ) -> None:
        self._engine = engine
        self._work = work
        self._failed = failed
        self._done = done
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._waiting: list[J] = []
        self._busy = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.batches = 0
        self.jobs = 0

    def submit(self, job: J) -> None:
        """Take a job; call it in the event loop. Raises Overloaded."""
        if len(self._waiting) >= MAX_WAITING:
            raise Overloaded
        self._waiting.append(job)
        if not self._busy:
            self._busy = True
            self._idle.clear()
            self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        self._thread.submit(self._write, batch)

    def _write(self, batch: list[J]) -> None:
        results = self._commit(batch)
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._finish, batch, results)

    def _finish(self, batch: list[J], results: list[R]) -> None:
        self.batches += 1
        self.jobs += len(batch)
        if self._waiting:
            self._hand_over()
        else:
            self._busy = False
            self._idle.set()
        self._done(batch, results)

    def _commit(self, batch: list[J]) -> list[R]:
        for careful in (False, True):
            try:
                return self._attempt(batch, careful)
            except IntegrityError:
                continue
            except Exception:  # noqa: BLE001 - whatever it was, each job gets its own try and its own answer
                break
        return [self._alone(job) for job in batch]

    def _alone(self, job: J) -> R:
        try:
            return self._attempt([job], careful=True)[0]
        except Exception as error:  # noqa: BLE001 - a loop that catches everything: failed() logs it with a mark
            return self._failed(job, error)

    def _attempt(self, batch: Sequence[J], careful: bool) -> list[R]:
        with self._engine.begin() as connection:
            return self._work(connection, batch, careful)

    async def drain(self) -> None:
        """Wait until everything given so far is written."""
        await self._idle.wait()

    def close(self) -> None:
        """Finish the batch in hand and stop."""
        self._thread.shutdown(wait=True)
