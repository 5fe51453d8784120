"""What time has to do next: the one cheap look says the same as a look into every table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import update
from sqlalchemy.engine import Connection

from agentconsole import protocol as p
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.storage import backlog, chats, mails, tickets, webhooks
from agentconsole.backend.storage.agenda import Agenda, is_due, soonest
from agentconsole.backend.storage.backlog import Left, Work
from agentconsole.backend.storage.mails import Mail
from agentconsole.backend.storage.tables import chat
from agentconsole.backend.storage.ticket_tables import ticket
from agentconsole.backend.storage.webhooks import Webhook
from agentconsole.protocol import MailKind, MailState
from tests.storage.house import NOW, SALES, House, new_cid

FIRST = NOW + 1_000
MOMENTS = (NOW, FIRST - 1, FIRST, FIRST + 60_000)


def looked(db: Connection, now: int) -> Agenda:
    """The agenda, if nothing that it says about this moment differs from what the tables say."""
    found = soonest(db)
    in_tables = [
        chats.due(db, now),
        tickets.due(db, now),
        tickets.ripe(db, now, 10),
        mails.due(db, now, 10),
        webhooks.due(db, now, 10),
    ]
    assert [is_due(at, now) for at in found[:5]] == [bool(keys) for keys in in_tables]
    assert is_due(found.first, now) == (any(in_tables) or found.work)
    assert found.work == bool(backlog.every(db))
    return found


def due_mail(at: int) -> Mail:
    """A mail that is to be sent then."""
    to, said = "vera@example.com", f"<{at}@example.com>"
    return Mail(0, 1, SALES, MailKind.answer, to, "Late", MailState.queued, NOW, said, next_at=at)


@pytest.fixture
def db(house: House) -> Iterator[Connection]:
    """Two chats and two tickets, for which nobody has set a time."""
    for _ in range(2):
        house.start()
        house.do(SYSTEM, p.NewTicket(new_cid(), SALES, "Late", "Where?"))
    with house.database.writer_engine.begin() as connection:
        connection.execute(update(chat).values(due_at=0))
        connection.execute(update(ticket).values(timer_at=0, rules_at=0))
        yield connection


def test_nothing_to_do(db: Connection) -> None:
    assert [looked(db, now) for now in MOMENTS] == [Agenda()] * len(MOMENTS)


@pytest.mark.parametrize("kind", Agenda._fields)
def test_each_kind_is_seen_when_it_is_due_and_no_other(db: Connection, kind: str) -> None:
    if kind == "chat":
        db.execute(update(chat).values(due_at=FIRST + 9_000 * (chat.c.id - 1)))
    elif kind == "ticket":
        db.execute(update(ticket).values(timer_at=FIRST + 9_000 * (ticket.c.id - 1)))
    elif kind == "rule":
        db.execute(update(ticket).values(rules_at=FIRST + 9_000 * (ticket.c.id - 1)))
    elif kind == "mail":
        for at in (FIRST + 9_000, FIRST):
            mails.queue(db, due_mail(at), b"raw")
    elif kind == "call":
        webhooks.add(db, Webhook(0, "https://a.example", "{}", FIRST + 9_000))
        webhooks.add(db, Webhook(0, "https://b.example", "{}", FIRST))
    else:
        backlog.put(db, Left(Work.wind, SALES, 5))
    expected = Agenda()._replace(**{kind: True if kind == "work" else FIRST})
    assert [looked(db, now) for now in MOMENTS] == [expected] * len(MOMENTS)
