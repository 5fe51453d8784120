"""A conversation from its first line to its end, said through the desk on a data folder: `python -m tests.proof.session DATA`.

Prints the cid of each command that was acknowledged, as it is; with --hasty, on purpose wrong, when it is given. Each has
the same cid in every run, so that a later run says again whatever an earlier one may have left out.
"""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from agentconsole import protocol as p
from agentconsole.backend.desk import Desk
from agentconsole.backend.desk.visits import BeginChat, BeginMessage, Where
from agentconsole.backend.domain.life import Refusal
from agentconsole.backend.domain.policy import Actor
from agentconsole.backend.storage import chats, departments, tickets, users
from agentconsole.backend.storage.database import Database
from tests.proof.staffing import DEPARTMENT, agent_name

NOW = 1_700_000_000_000
TRIES = 3
VISITOR = Actor(p.Side.visitor, 0, token_hash=bytes(range(32)))
EMAIL = "vera@shop.example"
LINES = 4
CHAT = 1


@dataclass(frozen=True)
class Story:
    """The chat's log, the subjects of tickets, and the cids of all that was done."""

    told: tuple[str, ...]
    tickets: tuple[str, ...]
    cids: frozenset[str]


def opened(data: Path) -> Database:
    """The database of this folder."""
    return Database(f"sqlite:///{data / 'agentconsole.db'}", data)


def script(agent: Actor, department: int) -> Iterator[tuple[Actor, Any]]:
    """Who says what, in order: a chat with lines of both sides, a note and an end, and a message that is left."""
    yield VISITOR, BeginChat("begin-0001", p.Start("begin-0001", department, text="line 0"), Where())
    yield from _lines(VISITOR, "visitor")
    yield agent, p.Take("take-00001", CHAT)
    yield from _lines(agent, "agent")
    yield agent, p.Note("note-00001", CHAT, "a note")
    yield from _lines(VISITOR, "more")
    yield agent, p.Close("close-0001", CHAT, p.Outcome.solved)
    letter = p.LeaveMessage("letter-001", department, text="call me", email=EMAIL)
    yield VISITOR, BeginMessage("letter-001", letter, Where())


def _lines(actor: Actor, name: str) -> Iterator[tuple[Actor, p.Say]]:
    return ((actor, p.Say(f"{name}-{n:05}", CHAT, f"{name} {n}")) for n in range(LINES))


async def play(database: Database, hasty: bool) -> None:
    """Say it all; what is refused is said again a few times, as clients do, before the next."""
    desk = Desk(database, lambda: NOW, lambda made: None)
    try:
        department, agent = await database.read(_cast)
        visitor = VISITOR
        for actor, command in script(agent, department):
            if hasty:
                print(command.cid, flush=True)
            for _ in range(TRIES):
                with contextlib.suppress(Refusal):
                    made = await desk.handle(visitor if actor is VISITOR else actor, command)
                    visitor = msgspec.structs.replace(visitor, id=visitor.id or made.visitor)
                    print(command.cid, flush=True)
                    break
    finally:
        desk.writer.close()


def _cast(connection: Any) -> tuple[int, Actor]:
    department = departments.by_slug(connection, DEPARTMENT)
    agent = users.by_name(connection, agent_name(0))
    assert department is not None
    assert agent is not None
    return department.id, users.actor_of(connection, agent)


def story(data: Path) -> Story:
    """What the database has to tell. Raises AssertionError if the file is damaged or a chat half written."""
    database = opened(data)
    try:
        return database.read_now(_story)
    finally:
        database.close()


def _story(connection: Any) -> Story:
    assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    log = chats.staff_log(connection, CHAT)
    assert [entry.seq for entry in log] == list(range(1, len(log) + 1))
    head = chats.one(connection, CHAT)
    assert (head.seq if head else 0) == len(log), "row and log of a chat are of one moment"
    told = tuple(f"{entry.by.side} {p.encode(entry.what).decode()}" for entry in log)
    found = tickets.of_addresses(connection, [EMAIL])
    receipts = "SELECT cid FROM public_event WHERE cid <> '' UNION ALL SELECT cid FROM receipt"
    cids = connection.exec_driver_sql(receipts).scalars().all()
    assert len(cids) == len(set(cids)), "nothing was done twice"
    return Story(told, tuple(ticket.subject for ticket in found), frozenset(cids))


def main() -> int:
    """0 when all was said; what it failed of otherwise."""
    database = opened(Path(sys.argv[-1]))
    try:
        database.lock()
        database.migrate()
        asyncio.run(play(database, "--hasty" in sys.argv))
    finally:
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
