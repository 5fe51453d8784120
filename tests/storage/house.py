"""A database with two departments and a few people, and commands carried out on it one batch at a time."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend.desk.desk import Job, work
from agentconsole.backend.desk.made import Made
from agentconsole.backend.desk.visits import BeginChat, BeginMessage, Where
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.life import Entry, Head
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.backend.storage import chats, departments, users
from agentconsole.backend.storage.batch import Overtaken
from agentconsole.backend.storage.database import Database

NOW = 1_700_000_000_000
SALES, SUPPORT = 1, 2
_cids = itertools.count(1)


def new_cid() -> str:
    """A client id that nobody has used."""
    return f"cid-{next(_cids):08d}"


class House:
    """A migrated database; `now` is what its clock shows. While no other hand writes to it (`alone`), what is left in
    memory for the next batch is looked at after each: it must be what the rows say.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self.alone = True
        self._visitors = itertools.count(1)
        with database.writer_engine.begin() as connection:
            for slug in ("sales", "support"):
                departments.add(connection, Department(0, slug, slug.title()))
            self.ann, self.bob, self.sue = (
                self._user(connection, name, role)
                for name, role in (("ann", p.Role.agent), ("bob", p.Role.agent), ("sue", p.Role.supervisor))
            )

    def _user(self, connection: Any, name: str, role: p.Role) -> Actor:
        user = users.add(connection, users.User(0, name, name.title(), "", False, NOW))
        users.give(connection, user.id, p.Grant(role, SALES))
        return users.actor_of(connection, user)

    def batch(self, *orders: tuple[Actor, Any], careful: bool = False) -> list[Made]:
        """Carry out commands in one transaction."""
        jobs = [Job(actor, command, self.now, lambda made: None) for actor, command in orders]
        with self.database.writer_engine.begin() as connection:
            made = work(connection, jobs, careful)
            if self.alone:
                for key, head in connection.info["heads"].items():
                    assert head == chats.one(connection, key), "what is remembered is what is written"
                for key, found in connection.info["departments"].items():
                    assert found == departments.one(connection, key)
            return made

    def do(self, actor: Actor, command: Any, careful: bool = False) -> Made:
        """Carry out one command, which must work."""
        made = self.try_(actor, command, careful)
        assert made.refusal is None, made.refusal
        return made

    def try_(self, actor: Actor, command: Any, careful: bool = False) -> Made:
        """Carry out one command, which may be refused; once more, as the writer does, if another hand came before."""
        try:
            return self.batch((actor, command), careful=careful)[0]
        except Overtaken:
            return self.batch((actor, command), careful=True)[0]

    def visitor(self) -> Actor:
        """Somebody whose browser has just made a token."""
        return Actor(p.Side.visitor, 0, token_hash=next(self._visitors).to_bytes(32, "big"))

    def start(
        self, visitor: Actor | None = None, department: int = SALES, **fields: Any
    ) -> tuple[Actor, Head]:
        """A new chat; its visitor with the id that it got."""
        visitor = visitor or self.visitor()
        made = self.do(visitor, begin_chat(department, **fields))
        return msgspec.structs.replace(visitor, id=made.visitor), self.head(made.about)

    def head(self, key: int) -> Head:
        """A chat as it stands in the database."""
        found = self.database.read_now(lambda db: chats.one(db, key))
        assert found is not None
        return found

    def log(self, key: int) -> list[Entry]:
        """All of a chat's events."""
        return self.database.read_now(lambda db: chats.staff_log(db, key))

    def system(self, command: Any) -> Made:
        """A command of the clock's."""
        return self.do(SYSTEM, command)


def begin_chat(
    department: int = SALES, cid: str = "", where: Where | None = None, **fields: Any
) -> BeginChat:
    """Start, as the visitor's talk hands it on."""
    cid = cid or new_cid()
    return BeginChat(cid, p.Start(cid, department, **{"text": "hello", **fields}), where or Where())


def begin_message(department: int = SALES, cid: str = "", **fields: Any) -> BeginMessage:
    """LeaveMessage, as the visitor's talk hands it on."""
    cid = cid or new_cid()
    letter = p.LeaveMessage(cid, department, **{"text": "call me", "email": "v@x.example", **fields})
    return BeginMessage(cid, letter, Where())


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A house on a fresh database, SQLite and PostgreSQL in turn."""
    database = Database(database_url, tmp_path)
    try:
        database.migrate()
        yield House(database)
    finally:
        database.close()
