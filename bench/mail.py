"""Taking in mail: a hundred mails of mixed kinds, from their bytes to the commit."""

import asyncio
import itertools
import random
import tempfile
import time
from pathlib import Path

import msgspec

from agentconsole.backend.desk import Desk
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.mailing import Mailing
from agentconsole.backend.mail.intake import Intake
from agentconsole.backend.mail.workers import Reader
from agentconsole.backend.storage import departments
from agentconsole.backend.storage.database import Database
from bench.figures import Report
from bench.sizes import Size
from tests.mail.corpus import CASES
from tests.mail.corpus.case import DESK

GOAL_S = 10.0
MAILS = 100
NOW = 1_780_000_000_000
MAILBOX = "main"


def mail(size: Size) -> list[Report]:
    """The seconds that a hundred mails of the corpus take, one after the other, the start of the worker among them."""
    luck = random.Random(1)
    chosen = luck.sample(CASES, MAILS)
    report = Report("mail", {"mails": MAILS, "KiB in all": sum(len(case.raw) for case in chosen) >> 10})
    with tempfile.TemporaryDirectory(prefix="agentconsole-") as name:
        took = asyncio.run(_taken_in(Path(name), [case.raw for case in chosen]))
    report.add("a hundred mails taken in", sum(took), GOAL_S, unit="s")
    report.add("the slowest of them", 1_000 * max(took), unit="ms", note="it starts the worker")
    return [report]


async def _taken_in(folder: Path, raws: list[bytes]) -> list[float]:
    """How long each took, in seconds."""
    database = Database(f"sqlite:///{folder / 'agentconsole.db'}", folder)
    database.migrate()
    with database.writer_engine.begin() as connection:
        new = departments.add(connection, Department(0, "support", "Support"))
        mailing = Mailing(address=DESK, mailbox=MAILBOX, acknowledge=True)
        departments.save(connection, msgspec.structs.replace(new, mailing=mailing))
    apart = itertools.count(NOW, 3_600_000)  # else the hour's limit for one sender keeps most out
    desk, reader = Desk(database, lambda: next(apart), lambda made: None), Reader()
    intake = Intake(database, desk, reader)
    took = []
    try:
        for raw in raws:
            began = time.perf_counter()
            await intake.take(raw, MAILBOX)
            took.append(time.perf_counter() - began)
    finally:
        await reader.close()
        await desk.writer.drain()
        desk.writer.close()
        database.close()
    return took
