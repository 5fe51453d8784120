"""The one writer: what waits is committed together, and only then anybody hears of it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agentconsole.backend.storage import writer as module
from agentconsole.backend.storage.database import Database
from agentconsole.backend.storage.writer import Overloaded, Writer
from tests.waiting import async_until


class Book:
    """Writes each job as a row of the setting table; a job that begins with "bad" fails, the same twice is a duplicate.

    ``told`` are the results in the order in which they were announced, ``attempts`` the batches that were tried.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.gate = threading.Event()
        self.gate.set()
        self.working = threading.Event()
        self.attempts: list[tuple[tuple[str, ...], bool]] = []
        self.told: list[list[str]] = []
        self.down = False
        self.writer: Writer[str, str] = Writer(database, self.work, self.failed, self.done)

    def work(self, connection: Any, jobs: Sequence[str], careful: bool) -> list[str]:
        self.attempts.append((tuple(jobs), careful))
        self.working.set()
        self.gate.wait(10)
        if self.down:
            raise self.database.writer_engine.dialect.loaded_dbapi.OperationalError("the disk is gone")  # type: ignore[union-attr]
        return [self.write(connection, job, careful) for job in jobs]

    def write(self, connection: Any, job: str, careful: bool) -> str:
        if careful and connection.exec_driver_sql(f"SELECT 1 FROM setting WHERE key = '{job}'").first():
            return f"{job} was there"
        if job.startswith("bad"):
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
async def book(database_url: str, tmp_path: Path) -> AsyncIterator[Book]:
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
