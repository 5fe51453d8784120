"""What is asked at a chat, a ticket, a mail or a customer's card is found by an index, however long the history is."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from agentconsole.backend.storage import (
    Connection,
    arrivals,
    chats,
    customers,
    letters,
    mails,
    rules,
    tickets,
)
from agentconsole.backend.storage.database import Database
from agentconsole.protocol import MailKind

GROWING = re.compile(
    r"SCAN (chat|left_message|staff_message|ticket|mail_out|mail_in|rule_firing|public_event|staff_event)\b"
)
QUESTIONS: dict[str, Callable[[Connection], Any]] = {
    "a visitor's open chat": lambda db: chats.open_of_visitor(db, 1, 1),
    "who answered last": lambda db: chats.last_owner(db, 1, "vera@x.example"),
    "chats of an address": lambda db: chats.of_email(db, "vera@x.example"),
    "the left message of a ticket": lambda db: letters.left_as(db, 1),
    "left messages of an address": lambda db: letters.left_by(db, "vera@x.example"),
    "the ticket of a chat": lambda db: tickets.of_chat(db, 1),
    "tickets of addresses": lambda db: tickets.of_addresses(db, ["vera@x.example"]),
    "the next ticket": lambda db: tickets.next_unassigned(db, [1]),
    "the transcript's mail": lambda db: mails.of_chat(db, 1, MailKind.transcript),
    "mails of a ticket": lambda db: mails.thread(db, 1),
    "automatic mails to an address": lambda db: mails.automatic_since(db, "vera@x.example", 1),
    "the ticket of a mail": lambda db: arrivals.ticket_of(db, ["<1@x.example>"]),
    "tickets that a sender made": lambda db: arrivals.new_tickets(db, "vera@x.example", 1),
    "rules that fired on tickets": lambda db: rules.fired_on(db, [1, 2]),
    "how often a rule fired": lambda db: rules.counts(db, 1),
    "a merge of customers": lambda db: customers.merge(db, "vera@x.example", "v@x.example", "", 1),
}


OPEN_ONES: dict[str, Callable[[Connection], Any]] = {
    "how many wait": lambda db: chats.waiting_count(db, 1),
    "chats that somebody holds": lambda db: chats.held_by(db, 1),
}


@pytest.mark.one_engine
def test_nothing_grows_with_the_history(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url, tmp_path)
    try:
        database.migrate()
        with database.writer_engine.connect() as connection:
            asked: list[tuple[str, Any]] = []
            event.listen(connection, "before_cursor_execute", lambda *said: asked.append((said[2], said[3])))
            driver: Any = connection.connection.driver_connection
            for what, question in (QUESTIONS | OPEN_ONES).items():
                asked.clear()
                question(connection)
                assert asked
                for statement, values in asked:
                    plan = driver.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
                    assert what not in OPEN_ONES or "chat_open" in str(plan), f"{what}: {plan}"
                    scans = [row[3] for row in plan if GROWING.match(row[3])]
                    assert not scans, f"{what}: {scans}"
            connection.rollback()
    finally:
        database.close()
