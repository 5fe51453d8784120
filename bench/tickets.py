"""A list of very many tickets: how long the server takes to open it and to filter it, and the console."""

import json
import random
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import msgspec

from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.ticket import Ticket
from agentconsole.backend.storage import departments
from agentconsole.backend.storage import tickets as stored
from agentconsole.backend.storage.database import Database
from agentconsole.protocol import Clock, TicketPriority, TicketStatus
from bench.figures import Report
from bench.sizes import Size
from bench.tickets_screen import tickets_screen
from tests.proof.server import Served

GOAL_MS = 100.0
ASKED = 20  # times each
DEPARTMENTS = 8
HOUR_MS = 3_600_000
NOW = 1_780_000_000_000
STATUSES = {"new": 2, "open": 6, "waiting": 8, "hold": 2, "solved": 12, "closed": 70}
WORDS = (
    *(
        "invoice",
        "delivery",
        "password",
        "refund",
        "login",
        "address",
        "order",
        "contract",
        "meter",
        "router",
    ),
    *(
        "Rechnung",
        "faktura",
        "entrega",
        "livraison",
        "hasło",
        "parcel",
        "upgrade",
        "cancel",
        "broken",
        "late",
    ),
)
QUESTIONS: dict[str, dict[str, str]] = {
    "open the list": {},
    "all, closed ones too": {"status": ""},
    "deep in it": {"status": "", "offset": "50000"},
    "unassigned": {"assignee": "nobody"},
    "mine": {"assignee": "me"},
    "overdue": {"overdue": "true"},
    "two statuses of a department": {"status": "new,open", "department": "3"},
    "a priority, newest first": {"status": "", "priority": "urgent", "order": "newest"},
    "a tag": {"status": "", "tag": "vip"},
    "a source": {"status": "", "source": "phone"},
    "an address": {"status": "", "email": "customer777@example.org"},
    "a number": {"status": "", "text": "77777"},
    "a word that many have": {"status": "", "text": "invoice"},
    "two words": {"status": "", "text": "faktura customer77"},
    "a word that nobody has": {"status": "", "text": "zeppelin"},
}


def tickets(size: Size) -> list[Report]:
    """What a list of so many tickets takes, at the server and on screen."""
    with filled(size) as (served, token):
        return [lists(served.url, token), tickets_screen(served, token, served.data.parent, size.tickets)]


@contextmanager
def filled(size: Size) -> Iterator[tuple[Served, str]]:
    """A server with so many tickets, and the token of an agent who may read them all."""
    with tempfile.TemporaryDirectory(prefix="agentconsole-") as name:
        served = Served(Path(name) / "data", agents=1)
        served.start()
        _, (token,) = served.staff(1)
        served.stop()
        fill(f"sqlite:///{served.data / 'agentconsole.db'}", served.data, size.tickets)
        served.start()
        try:
            yield served, token
        finally:
            served.stop()


def lists(url: str, token: str) -> Report:
    """What GET /api/tickets takes, from request to answer, for each way to ask."""
    report = Report("tickets", {"departments": DEPARTMENTS, "asked": f"{ASKED} times"})
    for question, parameters in QUESTIONS.items():
        answers = [ask(url, token, parameters) for _ in range(ASKED)]
        took = [each for each, _ in answers]
        note = f"{answers[0][1]:,} fit; slowest {max(took):.1f}"
        report.add(question, median(took), GOAL_MS, unit="ms", note=note)
    return report


def ask(url: str, token: str, parameters: dict[str, str]) -> tuple[float, int]:
    """One page of the list: the milliseconds from request to answer, and how many tickets fit."""
    address = f"{url}/api/tickets?{urlencode(parameters)}"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    began = time.perf_counter()
    with closing(urllib.request.urlopen(request)) as answer:
        page = answer.read()
    took = 1_000 * (time.perf_counter() - began)
    return took, json.loads(page)["total"]


def fill(url: str, folder: Path, number: int) -> None:
    """Put so many tickets into the database of a server that is not running."""
    database = Database(url, folder)
    try:
        with database.writer_engine.begin() as connection:
            known = [found.id for found in departments.every(connection)]
            while len(known) < DEPARTMENTS:
                slug = f"department{len(known)}"
                known.append(departments.add(connection, Department(0, slug, slug)).id)
            stored.add_many(connection, made(number, known))
    finally:
        database.close()


def made(number: int, known: list[int]) -> Iterator[Ticket]:
    """Tickets as a desk has them after some years."""
    luck = random.Random(1)
    for each in range(1, number + 1):
        status = TicketStatus(luck.choices(list(STATUSES), list(STATUSES.values()))[0])
        at = NOW - (number - each) * HOUR_MS // 4
        ours = status in (TicketStatus.new, TicketStatus.open)
        customer = luck.randrange(number // 10 + 1)
        subject = " ".join(luck.choices(WORDS, k=4))
        yield msgspec.structs.replace(
            Ticket(0, luck.choice(known), status, subject, at, at),
            seq=8,
            pub=4,
            version=8,
            email=f"customer{customer}@example.org",
            name=f"Customer {customer}",
            assignee=luck.choice((0, 1, 2, 3)),
            priority=luck.choice((TicketPriority.normal, *TicketPriority)),
            tags=tuple(luck.sample(("billing", "vip", "return", "wish"), luck.randrange(3))),
            source=luck.choice(("widget", "e-mail", "e-mail", "phone")),
            first_line=" ".join(luck.choices(WORDS, k=12)),
            asked_at=at if ours else 0,
            next_due=at + luck.randrange(48) * HOUR_MS if ours and luck.random() < 0.8 else 0,
            breached=(Clock.next,) if luck.random() < 0.05 else (),
        )
