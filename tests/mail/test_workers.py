"""The worker: what kills it is one unreadable mail, and the next goes on."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agentconsole.backend.desk import Desk
from agentconsole.backend.domain.letter import Unreadable
from agentconsole.backend.mail import workers
from agentconsole.backend.mail.intake import Intake
from agentconsole.backend.mail.workers import Reader
from agentconsole.backend.storage.database import Database
from tests.storage.house import NOW
from tests.waiting import async_until

from .corpus import CASES, Goes
from .corpus.case import from_anna, mail

GOOD = mail(from_anna("Hi", "good"), "Hello")


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    """A reader, ended afterwards."""
    reader = Reader(cpu_seconds=1, wall_seconds=20, memory=512 * 1024 * 1024)
    yield reader
    await reader.close()


def started(reader: Reader) -> asyncio.subprocess.Process:
    """The process that reads the next mail."""
    process = reader._free[-1].process
    assert process is not None
    return process


def stop(reader: Reader) -> int:
    """Whoever reads the next mail gets no further; the answer is its process."""
    os.kill(started(reader).pid, signal.SIGSTOP)
    return started(reader).pid


def slow(name: str) -> bytes:
    """A mail that a worker cannot read in a second: every line is compared with every open delimiter."""
    opening = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(195))
    return f"{from_anna('Slow', name)}\nMIME-Version: 1.0\n{opening}\n".encode() + b"--x\n" * 3_000_000


async def test_mails_of_all_kinds_in_any_order_are_each_read_or_refused(reader: Reader) -> None:
    letters = await asyncio.gather(*(reader.read(case.raw) for case in CASES), return_exceptions=True)
    for case, letter in zip(CASES, letters, strict=True):
        assert isinstance(letter, Unreadable) == (case.goes is Goes.quarantine), case.name


async def test_a_mail_that_takes_too_long_is_unreadable_and_the_next_is_read(reader: Reader) -> None:
    raw = slow("slow")
    reading = [asyncio.ensure_future(reader.read(each)) for each in (GOOD, raw, GOOD)]
    before, failure, after = await asyncio.gather(*reading, return_exceptions=True)
    assert isinstance(failure, Unreadable)
    assert "more time or memory" in failure.reason
    assert before == after


async def test_a_mail_that_takes_too_much_memory_is_unreadable() -> None:
    reader = Reader(cpu_seconds=10, memory=180 * 1024 * 1024)
    try:
        assert (await reader.read(GOOD)).subject == "Hi"
        with pytest.raises(Unreadable, match="memory"):
            await reader.read(mail(from_anna("Big", "big"), "a line of text\n" * 1_600_000))
        assert (await reader.read(GOOD)).subject == "Hi"
    finally:
        await reader.close()


async def test_the_wall_clock_counts_too() -> None:
    reader = Reader(wall_seconds=60)
    await reader.read(GOOD)
    stop(reader)
    (worker,) = reader._workers
    worker.wall_seconds = 0.5
    with pytest.raises(Unreadable, match=r"0\.5 seconds"):
        await reader.read(GOOD)
    worker.wall_seconds = 60
    assert (await reader.read(GOOD)).subject == "Hi"
    await reader.close()


async def test_a_worker_that_was_killed_is_replaced(reader: Reader) -> None:
    await reader.read(GOOD)
    process = started(reader)
    process.kill()
    await process.wait()
    assert (await reader.read(GOOD)).subject == "Hi"


async def test_a_reading_that_is_given_up_leaves_no_answer_behind(reader: Reader) -> None:
    await reader.read(GOOD)
    giving_up = asyncio.ensure_future(reader.read(slow("given-up")))
    await asyncio.sleep(0)
    giving_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await giving_up
    assert (await reader.read(mail(from_anna("Other", "other"), "Hello"))).subject == "Other"


async def test_a_worker_is_renewed_in_time(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MAILS_PER_WORKER", 2)
    pids = []
    for _ in range(4):
        await reader.read(GOOD)
        pids.append(started(reader).pid)
    assert pids[0] == pids[1] != pids[2] == pids[3]


async def test_who_opens_a_mail_waits_neither_for_the_intake_nor_for_a_colleague(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'desk.db'}", tmp_path)
    database.migrate()
    desk = Desk(database, lambda: NOW, lambda made: None)
    intake = Intake(database, desk)
    try:
        stopped = []
        for reader in (intake._incoming, intake._opened):
            await reader.read(GOOD)
            stopped.append(stop(reader))
        waiting = [asyncio.ensure_future(each) for each in (intake.take(GOOD, "main"), intake.read(GOOD))]
        await async_until(
            lambda: len(intake._opened._free) < len(intake._opened._workers), what="a colleague reads"
        )
        assert (await intake.read(mail(from_anna("Other", "other"), "Hello"))).subject == "Other"
        assert not any(each.done() for each in waiting)
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        await asyncio.gather(*waiting)
    finally:
        await intake.close()
        desk.writer.close()
        database.close()
