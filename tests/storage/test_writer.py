"""The one writer: what waits is committed together, and only then anybody hears of it."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event

from agentconsole.backend.storage import writer as module
from agentconsole.backend.storage.batch import Overtaken
from agentconsole.backend.storage.database import Database
from agentconsole.backend.storage.writer import Overloaded, Writer
from tests.waiting import async_until


class Book:
    """Writes each job as a row of the setting table; a job with "bad" in it fails, the same twice is a duplicate.

    A job that begins with "line" is a brief one. ``told`` are the results in the order in which they were announced,
    ``attempts`` the batches that were tried, ``threads`` where each was.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.gate = threading.Event()
        self.gate.set()
        self.working = threading.Event()
        self.attempts: list[tuple[tuple[str, ...], bool]] = []
        self.threads: list[str] = []
        self.patience: list[int] = []
        self.told: list[list[str]] = []
        self.down = False
        self.writer: Writer[str, str] = Writer(
            database, self.work, self.failed, self.done, lambda job: job.startswith("line")
        )

    def work(self, connection: Any, jobs: Sequence[str], careful: bool) -> list[str]:
        self.attempts.append((tuple(jobs), careful))
        self.threads.append(threading.current_thread().name)
        if self.database.sqlite:
            self.patience.append(connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one())
        self.working.set()
        self.gate.wait(10)
        if self.down:
            raise self.database.writer_engine.dialect.loaded_dbapi.OperationalError("the disk is gone")  # type: ignore[union-attr]
        return [self.write(connection, job, careful) for job in jobs]

    def write(self, connection: Any, job: str, careful: bool) -> str:
        if careful and connection.exec_driver_sql(f"SELECT 1 FROM setting WHERE key = '{job}'").first():
            return f"{job} was there"
        if job == "overtaken" and not careful:
            raise Overtaken
        if "bad" in job:
            raise ValueError(job)
        connection.exec_driver_sql(f"INSERT INTO setting (key, value) VALUES ('{job}', '')")
        return f"{job} written"

    def failed(self, job: str, error: Exception) -> str:
        return f"{job} failed: {type(error).__name__}"

    def done(self, jobs: Sequence[str], results: list[str]) -> None:
        assert len(jobs) == len(results)
        self.told.append(results)

    def rows(self) -> set[str]:
        """What is committed."""
        query = "SELECT key FROM setting"
        return set(self.database.read_now(lambda db: [row[0] for row in db.exec_driver_sql(query)]))

    async def give(self, *jobs: str) -> list[str]:
        """Give jobs at once; the results of them all."""
        for job in jobs:
            self.writer.submit(job)
        await self.writer.drain()
        return [result for results in self.told for result in results]


@pytest.fixture
async def book(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Book]:
    """A writer whose disk is quick, however slow this machine is just now."""
    monkeypatch.setattr(module, "QUICK", 60.0)
    database = Database(database_url, tmp_path)
    database.migrate()
    book = Book(database)
    yield book
    book.gate.set()
    book.writer.close()
    database.close()


async def until_working(book: Book) -> None:
    await async_until(book.working.is_set, what="the writer to work")


async def test_what_is_given_at_once_is_one_batch(book: Book) -> None:
    assert await book.give("a", "b", "c") == ["a written", "b written", "c written"]
    assert book.attempts == [(("a", "b", "c"), False)]
    assert book.rows() == {"a", "b", "c"}


async def test_what_comes_while_it_writes_is_the_next_batch(book: Book) -> None:
    book.gate.clear()
    book.writer.submit("first")
    await until_working(book)
    for job in ("b", "c", "d"):
        book.writer.submit(job)
    book.gate.set()
    await book.writer.drain()
    assert [jobs for jobs, _ in book.attempts] == [("first",), ("b", "c", "d")]
    assert (book.writer.batches, book.writer.jobs) == (2, 4)


async def test_nobody_hears_before_the_commit(book: Book) -> None:
    book.gate.clear()
    book.writer.submit("a")
    await until_working(book)
    await asyncio.sleep(0)
    assert book.told == []
    assert book.rows() == set()
    book.gate.set()
    await book.writer.drain()
    assert book.told == [["a written"]]
    assert book.rows() == {"a"}


async def test_a_duplicate_is_looked_up_on_a_second_careful_try(book: Book) -> None:
    await book.give("a")
    assert await book.give("b", "a", "c") == ["a written", "b written", "a was there", "c written"]
    assert book.attempts[1:] == [(("b", "a", "c"), False), (("b", "a", "c"), True)]
    assert book.rows() == {"a", "b", "c"}


async def test_a_row_that_another_hand_changed_is_looked_at_on_a_second_careful_try(book: Book) -> None:
    jobs = ("a", "overtaken", "b")
    assert await book.give(*jobs) == [f"{job} written" for job in jobs]
    assert book.attempts == [(jobs, False), (jobs, True)]


async def test_a_bad_job_fails_alone(book: Book) -> None:
    found = await book.give("a", "bad", "b")
    assert found == ["a written", "bad failed: ValueError", "b written"]
    assert book.rows() == {"a", "b"}
    assert await book.give("c") == [*found, "c written"]


async def test_a_duplicate_and_a_bad_job_in_one_batch(book: Book) -> None:
    await book.give("a")
    found = await book.give("bad", "a", "b")
    assert found[1:] == ["bad failed: ValueError", "a was there", "b written"]


async def test_an_outage_fails_everybody_once_and_passes(book: Book) -> None:
    book.down = True
    jobs = [f"job{number}" for number in range(50)]
    found = await book.give(*jobs)
    assert found == [f"{job} failed: OperationalError" for job in jobs]
    assert len(book.attempts) <= 3, "each try may wait half a minute for a lock: fifty of them must not"
    book.down = False
    assert (await book.give("later"))[-1] == "later written"


async def test_a_lost_connection_is_replaced(book: Book) -> None:
    if book.database.sqlite:
        await book.give("a")
        connection: Any = book.writer._connection
        connection.connection.driver_connection.close()
        book.writer.submit("b")
    else:
        await book.give("a")
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        book.database.read_now(lambda db: db.exec_driver_sql(kill).all())
        book.writer.submit("b")
    await book.writer.drain()
    assert (await book.give("c"))[-1] == "c written"
    assert {"a", "c"} <= book.rows()


@pytest.mark.parametrize("over", [0, 1, 100])
async def test_more_than_can_wait_is_refused(book: Book, monkeypatch: pytest.MonkeyPatch, over: int) -> None:
    limit = 20
    monkeypatch.setattr(module, "MAX_WAITING", limit)
    book.gate.clear()
    book.writer.submit("first")
    await until_working(book)
    refused = 0
    for number in range(limit + over * limit if over > 1 else limit + over):
        try:
            book.writer.submit(f"job{number}")
        except Overloaded:
            refused += 1
    assert refused == (over * limit if over > 1 else over)
    book.gate.set()
    await book.writer.drain()
    assert len(book.rows()) == limit + 1
    book.writer.submit("again")
    await book.writer.drain()
    assert "again" in book.rows()


async def test_a_long_queue_is_written_in_batches_of_bounded_size(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BATCH", 10)
    jobs = [f"job{number:02}" for number in range(35)]
    assert await book.give(*jobs) == [f"{job} written" for job in jobs]
    assert [len(tried) for tried, _ in book.attempts] == [10, 10, 10, 5]


async def test_closing_finishes_the_batch_in_hand(book: Book) -> None:
    book.gate.clear()
    book.writer.submit("a")
    await until_working(book)
    close: Callable[[], None] = book.writer.close
    closing = asyncio.create_task(asyncio.to_thread(close))
    await asyncio.sleep(0)
    book.gate.set()
    await closing
    assert book.rows() == {"a"}


async def test_a_chore_comes_between_two_batches_and_may_fail(book: Book) -> None:
    done: list[bool] = []

    def chore(connection: Any) -> None:
        done.append(connection.in_transaction())
        raise book.database.writer_engine.dialect.loaded_dbapi.OperationalError("not now")  # type: ignore[union-attr]

    book.gate.clear()
    book.writer.submit("a")
    await until_working(book)
    book.writer.between(chore)
    book.writer.submit("b")
    assert not done
    book.gate.set()
    await book.writer.drain()
    assert book.rows() == {"a", "b"}
    assert done == [False]


# --- brief jobs: in the event loop, as long as nothing there has to wait ----------------------------------------------


def here(book: Book) -> str:
    """The thread in which a brief job is written while all is well."""
    return "MainThread" if book.database.sqlite else "writer"


@pytest.fixture
async def warm(book: Book) -> Book:
    """A writer that has its connection already."""
    await book.give("first")
    book.attempts.clear()
    book.threads.clear()
    book.told.clear()
    return book


async def test_a_brief_batch_is_written_in_the_event_loop(warm: Book) -> None:
    assert await warm.give("line a", "line b") == ["line a written", "line b written"]
    assert warm.threads == [here(warm)]
    assert warm.rows() == {"first", "line a", "line b"}


@pytest.mark.parametrize("jobs", [("line a", "other", "line b"), ("other", "line a"), ("line a", "other")])
async def test_a_batch_with_anything_longer_is_written_in_the_thread(
    warm: Book, jobs: tuple[str, ...]
) -> None:
    assert await warm.give(*jobs) == [f"{job} written" for job in jobs]
    assert warm.threads == ["writer"]


async def test_what_fails_in_the_event_loop_is_done_by_the_thread(warm: Book) -> None:
    await warm.give("line a")
    found = await warm.give("line b", "line a", "line bad", "line c")
    assert found[1:] == [
        "line b written",
        "line a was there",
        "line bad failed: ValueError",
        "line c written",
    ]
    assert warm.rows() == {"first", "line a", "line b", "line c"}
    assert warm.threads[:2] == [here(warm)] * 2
    assert set(warm.threads[2:]) == {"writer"}
    await warm.give("line d")
    assert warm.threads[-1] == here(warm), "one failure is no habit"


async def test_on_a_slow_disk_the_thread_waits_until_it_is_quick_again(
    warm: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUICK", 10.0)
    warm.writer._disk_seconds = 80.0  # the mean of the last commits, as a disk that hung has left it
    used = []
    while len(used) < 100 and "MainThread" not in used:
        await warm.give(f"line {len(used)}")
        used.append(warm.threads[-1])
    assert used[:10] == ["writer"] * 10
    assert used[-1] == here(warm)


async def test_commits_are_what_the_disk_is_judged_by(warm: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUICK", 0.02)
    warm.writer._disk_seconds = 0.0
    stalls = iter([0.5, 0.0])
    event.listen(
        warm.database.writer_engine, "commit", lambda connection: threading.Event().wait(next(stalls, 0))
    )
    await warm.give("line a")
    await warm.give("line b")
    assert warm.threads == [here(warm), "writer"]


async def test_the_event_loop_waits_for_nobodys_lock(warm: Book) -> None:
    engine = create_engine(warm.database.url, isolation_level="AUTOCOMMIT")
    lock = ("BEGIN IMMEDIATE",) if warm.database.sqlite else ("BEGIN", "LOCK TABLE setting IN EXCLUSIVE MODE")
    with engine.connect() as foreign:
        for statement in lock:
            foreign.exec_driver_sql(statement)
        warm.writer.submit("line a")
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the batch was handed over, and this goes on: nobody stands still here
        warm.writer.submit("line b")
        assert warm.told == []
        foreign.exec_driver_sql("ROLLBACK")
        await warm.writer.drain()
    engine.dispose()
    assert warm.told == [["line a written"], ["line b written"]]
    assert warm.threads == ["writer", here(warm)]
    assert warm.patience[-2:] == ([30_000, 0] if warm.database.sqlite else []), "milliseconds for a lock"


async def test_while_a_chore_is_waiting_or_done_the_thread_writes(warm: Book) -> None:
    begun, gate = threading.Event(), threading.Event()

    def chore(connection: Any) -> None:
        begun.set()
        gate.wait(10)

    warm.writer.between(chore)
    await async_until(begun.is_set, what="the chore")
    warm.writer.submit("line a")
    await asyncio.sleep(0)
    assert warm.threads == []
    gate.set()
    await warm.writer.drain()
    assert warm.threads == ["writer"]
    await warm.give("line b")
    assert warm.threads[-1] == here(warm)


@pytest.mark.parametrize("seed", range(5))
async def test_wherever_they_are_written_results_come_in_the_order_of_the_jobs(book: Book, seed: int) -> None:
    chance = random.Random(seed)
    given = []
    for number in range(120):
        job = f"{chance.choice(('line', 'line', 'line', 'other', 'line bad'))} {number}"
        given.append(f"{job} failed: ValueError" if "bad" in job else f"{job} written")
        book.writer.submit(job)
        if chance.random() < 0.2:
            await book.writer.drain()
        for _ in range(chance.choice((0, 0, 0, 1, 2, 3))):
            await asyncio.sleep(0)
    await book.writer.drain()
    assert [result for results in book.told for result in results] == given
    if book.database.sqlite:
        assert set(book.threads) == {"MainThread", "writer"}
