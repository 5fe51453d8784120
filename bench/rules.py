"""What 200 active rules cost when something happens to a ticket."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from agentconsole.backend.desk.desk import Job, work
from agentconsole.backend.desk.rules import PutRule
from agentconsole.backend.domain import condition
from agentconsole.backend.domain import rules as domain
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.storage import departments, tickets
from agentconsole.backend.storage.database import Database
from agentconsole.protocol import NewTicket, RuleEvent, RuleWish
from bench.figures import Report
from bench.sizes import Size

GOAL = 5.0  # ms an event
RULES = 200
NOW = 1_790_000_000_000
TEXT = "My order 4711 has not come. I have written before and would like my money back.\n" * 60
CONDITIONS = (
    'source is email and (subject contains "number {n}" or tag is t{n}) and not priority is low',
    'text contains "never {n}", "not {n} either" and domain is shop{n}.example',
    'text matches "refund {n}|(order|parcel) {n}[0-9]+ (lost|late)"',
    "hours is open and (assignee is nobody or age over {n}m) and language is x{n}",
)


def rules_bench(size: Size) -> list[Report]:
    """A new ticket with a text of 5 kB, with and without rules none of which fires, and with one that does."""
    report = Report("rules", {"active rules": RULES, "characters of text": len(TEXT)})
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bench.db", Path(folder))
        try:
            database.migrate()
            with database.writer_engine.begin() as connection:
                departments.add(connection, Department(0, "support", "Support"))
            rounds = 100 * size.rounds
            bare = _event(database, rounds)
            for number in range(RULES):
                when = CONDITIONS[number % len(CONDITIONS)].format(n=number)
                _do(database, PutRule(RuleWish(f"Rule {number}", RuleEvent.ticket_created, ["tag x"], when)))
            ruled = _event(database, rounds)
            report.add(
                "an event without rules",
                bare,
                unit="ms",
                note="processor time of the whole command, without the commit",
            )
            report.add("what the rules add to it", ruled - bare, GOAL, unit="ms")
            condition.read.cache_clear()
            domain.actions.cache_clear()
            report.add("the first event after a start", _event(database, 1) - bare, unit="ms")
        finally:
            database.close()
    return [report]


def _event(database: Database, rounds: int) -> float:
    """Milliseconds of processor time for a new ticket, with the transaction rolled back."""
    took = []
    for number in range(rounds):
        command = NewTicket(f"bench-{number:08}", 1, "Where is it?", TEXT, "v@shop.example")
        took.append(_timed(database, command))
    return median(took)


def _timed(database: Database, command: NewTicket) -> float:
    with database.writer_engine.connect() as connection:
        transaction = connection.begin()
        began = time.thread_time()
        [made] = work(connection, [Job(SYSTEM, command, NOW, _nobody)], True)
        took = 1_000 * (time.thread_time() - began)
        assert made.refusal is None
        assert tickets.one(connection, made.about) is not None
        transaction.rollback()
    return took


def _do(database: Database, command: PutRule) -> None:
    with database.writer_engine.begin() as connection:
        [made] = work(connection, [Job(SYSTEM, command, NOW, _nobody)], True)
        assert made.refusal is None, made.refusal


_nobody: Callable[[object], None] = lambda made: None  # noqa: E731
