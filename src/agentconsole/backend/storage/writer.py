"""The one writer: what waits is committed together, and only then anybody hears of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from sqlalchemy.engine import Connection

from ..steps import Steps
from .batch import Overtaken
from .database import LOCK_SECONDS, Database

log = logging.getLogger("agentconsole.writer")

J = TypeVar("J")
R = TypeVar("R")

Chore = Callable[[Connection], None]

MAX_BATCH = 4_000  # the more lines of a chat together, the fewer pages a line
MAX_WAITING = 20_000
QUICK = 0.002  # seconds by which a commit may be longer than its work, on the mean, to be waited for by all


class Overloaded(Exception):
    """More waits to be written than is sensible to keep."""


class Writer(Generic[J, R]):
    """Group commit. Jobs given while a batch is being written form the next batch; nobody lingers.

    ``work(connection, jobs, careful)`` answers each job with its result. It is called optimistically first; when a
    unique key objects or a row was Overtaken, again with ``careful`` (look before you insert); when the batch fails
    otherwise, once a job, so that a bad one cannot fail its neighbours: ``failed(job, error)`` makes its result.
    ``done(jobs, results)`` is called in the event loop after the commit, once a batch.

    The batches are written in a thread. Only on SQLite, and while the disk is quick, a batch of jobs that are all
    ``brief`` is written in the event loop: a commit there takes less time than to give it to the thread and back. It
    waits for no lock; what fails there is done again by the thread, which may wait.
    """

    def __init__(
        self,
        database: Database,
        work: Callable[[Connection, Sequence[J], bool], list[R]],
        failed: Callable[[J, Exception], R],
        done: Callable[[Sequence[J], list[R]], None],
        brief: Callable[[J], bool],
    ) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._work = work
        self._failed = failed
        self._done = done
        self._brief = brief
        self._chores = 0
        self._disk_seconds = 0.0  # how much longer than its work a commit takes: a mean that forgets
        self._batches: SimpleQueue[list[J] | Chore | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()
        self._waiting: list[J] = []
        self._busy = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.batches = 0
        self.jobs = 0
        self.sizes = Steps((1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096))
        self.seconds = Steps((0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0))

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

    def between(self, chore: Chore) -> None:
        """Let the writer do something on its connection between two batches, outside any transaction.

        Call it in the event loop.
        """
        self._chores += 1
        self._loop = asyncio.get_running_loop()
        self._batches.put(chore)

    def _hand_over(self) -> None:
        batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        results = self._write_here(batch) if self._is_quick(batch) else None
        if results is None:
            self._batches.put(batch)
        else:
            self._finish(batch, results)

    def _is_quick(self, batch: list[J]) -> bool:
        return (
            self._disk_seconds < QUICK
            and self._database.sqlite
            and not self._chores
            and self._connection is not None
            and all(map(self._brief, batch))
        )

    def _write_here(self, batch: list[J]) -> list[R] | None:
        began = time.perf_counter()
        try:
            results = self._attempt(batch, careful=False, patient=False)
        except Exception:  # noqa: BLE001 - whatever it was, the thread comes upon it too and knows what to do
            return None
        self._count(batch, began)
        return results

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            assert self._loop is not None
            if not isinstance(batch, list):
                self._do(batch)
                self._loop.call_soon_threadsafe(self._chore_done)
                continue
            began = time.perf_counter()
            results = self._commit(batch)
            self._count(batch, began)
            self._loop.call_soon_threadsafe(self._finish, batch, results)
        if self._connection is not None:
            self._connection.close()

    def _do(self, chore: Chore) -> None:
        try:
            chore(self._connected())
        except self._database.failures as error:
            log.warning("the writer's chore failed: %s", type(error).__name__)

    def _chore_done(self) -> None:
        self._chores -= 1

    def _count(self, batch: list[J], began: float) -> None:
        self.sizes.add(len(batch))
        self.seconds.add(time.perf_counter() - began)

    def _finish(self, batch: list[J], results: list[R]) -> None:
        self.batches += 1
        self.jobs += len(batch)
        if not self._waiting:
            self._busy = False
            self._idle.set()
        elif self._is_quick(self._waiting[:MAX_BATCH]):
            assert self._loop is not None
            self._loop.call_soon(self._hand_over)
        else:
            self._hand_over()
        self._done(batch, results)

    def _commit(self, batch: list[J]) -> list[R]:
        for careful in (False, True):
            try:
                return self._attempt(batch, careful)
            except (Overtaken, *self._database.duplicates):
                continue
            except Exception:  # noqa: BLE001 - whatever it was, each job gets its own try and its own answer
                break
        return self._one_by_one(batch)

    def _one_by_one(self, batch: list[J]) -> list[R]:
        results: list[R] = []
        for at, job in enumerate(batch):
            try:
                results += self._attempt([job], careful=True)
            except self._database.outages as error:
                # Locked or gone: each further try could wait for half a minute, and none is to blame.
                return results + [self._failed(other, error) for other in batch[at:]]
            except Exception as error:  # noqa: BLE001 - a loop that catches everything: failed() logs it with a mark
                results.append(self._failed(job, error))
        return results

    def _attempt(self, batch: Sequence[J], careful: bool, patient: bool = True) -> list[R]:
        connection = self._connected()
        try:
            self._database.wait_for_lock(connection, LOCK_SECONDS if patient else 0)
            with connection.begin():
                began = time.perf_counter()
                results = self._work(connection, batch, careful)
                worked = time.perf_counter()
            longer = time.perf_counter() - worked - (worked - began)
            self._disk_seconds += (max(0.0, longer) - self._disk_seconds) / 8
            return results
        except self._database.duplicates:
            raise
        except self._database.failures:
            self._connection = None
            connection.invalidate()
            connection.close()
            raise

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._database.writer_engine.connect()
        return self._connection

    async def drain(self) -> None:
        """Wait until everything given so far is written."""
        await self._idle.wait()

    def close(self) -> None:
        """Finish the batch in hand and stop."""
        if self._thread.is_alive():
            self._batches.put(None)
            self._thread.join()
