"""A desk whose every step is chosen by a seed: what is asked, what a batch holds, when it is told, what the time is.

The storage, the desk's work, the hub, its board and the dispatcher are the real ones; only the writer's thread and the
clock are replaced by steps that a test takes.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import event, text

from agentconsole import protocol as p
from agentconsole.backend.desk import Desk, Made
from agentconsole.backend.desk.admin import Awake, GiveGrant, SetDepartment, WithdrawGrant
from agentconsole.backend.desk.availability import SeatLink
from agentconsole.backend.desk.desk import Job, work
from agentconsole.backend.desk.made import StaffChanged
from agentconsole.backend.desk.visits import BeginChat, Where
from agentconsole.backend.dispatcher import Dispatcher
from agentconsole.backend.domain.chat import Expire
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.backend.hub import Hub
from agentconsole.backend.storage import Connection, chats, departments, seats, users
from agentconsole.backend.storage.database import Database
from agentconsole.backend.storage.seats import Seat
from agentconsole.backend.storage.shape import metadata
from agentconsole.backend.storage.writer import Writer
from tests.proof import races_rules as rules

NOW = 1_700_000_000_000
RESTS_WITHIN = 100
EMPTY = [f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables)]
# Ids of empty tables begin at 1 again, as in SQLite: a seed tells the same story whatever was played before.
FROM_ONE = (
    "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
)
PEOPLE = {
    "ann": [("sales", p.Role.agent)],
    "bob": [("sales", p.Role.agent)],
    "cyn": [("sales", p.Role.agent), ("support", p.Role.agent)],
    "dan": [("support", p.Role.agent)],
    "sue": [("sales", p.Role.supervisor)],
    "ada": [("sales", p.Role.analyst)],
}
T = TypeVar("T")
RIGHTS = (p.SetAgent, p.SetMember, GiveGrant, WithdrawGrant, SetDepartment)


class Stepped(Writer[Job, Made]):
    """A writer that commits and tells when it is told to; its thread has nothing to do."""

    def __init__(self, desk: Desk, database: Database) -> None:
        super().__init__(database, work, desk._failed, desk._done, lambda job: False)
        self.cut: list[Job] = []
        self.told: deque[tuple[list[Job], list[Made]]] = deque()

    def submit(self, job: Job) -> None:
        """Keep a job."""
        self._waiting.append(job)

    @property
    def waiting(self) -> int:
        """How many jobs are to be committed."""
        return len(self.cut) + len(self._waiting)

    def commit(self, count: int) -> tuple[list[Job], list[Made]]:
        """Commit the next jobs, up to so many, as one batch."""
        if not self.cut:
            self.cut, self._waiting = self._waiting, []
        ends = [at + 1 for at, job in enumerate(self.cut) if isinstance(job.command, RIGHTS)]
        count = min([count, len(self.cut), *ends[:1]])
        batch, self.cut = self.cut[:count], self.cut[count:]
        self.told.append((batch, self._commit(batch)))
        return self.told[-1]

    def tell(self) -> None:
        """Tell of the oldest batch; what waited until now is the next batch, as in the real writer."""
        if not self.cut:
            self.cut, self._waiting = self._waiting, []
        self._done(*self.told.popleft())


class Asked(msgspec.Struct):
    """A command and, once it was carried out and told, what came of it."""

    actor: Actor
    command: Any
    made: Made | None = None

    @property
    def refused(self) -> p.Code | None:
        """Why it was refused."""
        assert self.made is not None, "not answered yet"
        return self.made.refusal.code if self.made.refusal else None


class World:
    """A desk with a few people on an empty database. ``steps`` tells what has happened so far."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.luck = random.Random(seed)
        self.now = NOW
        self.steps: list[str] = []
        self.commits = 0
        self.lines: dict[int, list[str]] = {}
        self._number = 0
        self.people: dict[str, Actor] = {}
        self.departments: dict[str, int] = {}
        self.referee = rules.Referee()
        self.hub: Hub
        self.desk: Desk
        self.writer: Stepped

    # --- making it ------------------------------------------------------------------------------------------------

    def furnish(self, **settings: Any) -> None:
        """Empty the database and put the departments and people into it; ``settings`` are those of both departments."""
        with self.database.writer_engine.begin() as connection:
            for order in EMPTY if self.database.sqlite else ["; ".join([*EMPTY, FROM_ONE])]:
                connection.exec_driver_sql(order)
            for slug in ("sales", "support"):
                wish = Department(0, slug, slug.title(), **settings)
                self.departments[slug] = departments.add(connection, wish).id
            for name, grants in PEOPLE.items():
                user = users.add(connection, users.User(0, name, name.title(), "", False, NOW))
                for slug, role in grants:
                    users.give(connection, user.id, p.Grant(role, self.departments[slug]))
                self.people[name] = users.actor_of(connection, user)
                seats.save(connection, Seat(user.id, p.Status.online, since=NOW, lost_at=0))

    def set_department(self, slug: str, **settings: Any) -> None:
        """Change a department before anything begins."""
        with self.database.writer_engine.begin() as connection:
            found = departments.by_slug(connection, slug)
            assert found is not None
            departments.save(connection, msgspec.structs.replace(found, **settings))

    def set_limit(self, name: str, limit: int) -> None:
        """How many chats somebody may have, before anything begins."""
        with self.database.writer_engine.begin() as connection:
            found = users.by_name(connection, name)
            assert found is not None
            users.save(connection, msgspec.structs.replace(found, chat_limit=limit))

    def open(self) -> None:
        """Start the server's parts on what the database has."""
        self._parts()
        self._read()

    def _parts(self) -> None:
        self.hub = Hub(self.database)
        self.desk = Desk(self.database, lambda: self.now, self._publish)
        self.desk.writer.close()
        self.writer = self.desk.writer = Stepped(self.desk, self.database)
        self.hub.desk = self.desk

    def _read(self) -> None:
        self.database.read_now(lambda db: self.hub.load(db, self.now))
        self.hub.dispatcher = Dispatcher(self.hub.board, self.desk.submit, lambda: self.now)
        self.hub.dispatcher.load()
        self.referee.begin(self.database)

    def close(self) -> None:
        """Let the writer's connection go."""
        if self.writer._connection is not None:
            self.writer._connection.invalidate()
        self.writer.close()

    def die(self, away_ms: int) -> None:
        """kill -9: what was not committed is gone, what was committed is told to nobody; later a new server starts."""
        self.note(f"killed, back after {away_ms} ms")
        self.close()
        self.now += away_ms
        self._log_in(*(actor.id for actor in self.people.values()))
        self._parts()
        self.desk.submit(SYSTEM, Awake(), lambda made: None)
        self.writer.commit(1)
        self.writer.tell()
        self._read()

    def _publish(self, results: Sequence[Made]) -> None:
        self.hub.publish(results)
        changed = {
            user
            for made in results
            for item in made.news
            if isinstance(item, StaffChanged)
            for user in item.users
        }
        self._log_in(*changed)

    def _log_in(self, *keys: int) -> None:
        """The consoles of these users connect anew, with the rights that they have now."""
        for name, actor in self.people.items():
            if actor.id in keys:
                grants = self.database.read_now(lambda db, key=actor.id: users.grants_of(db, key))
                self.people[name] = msgspec.structs.replace(actor, grants=grants)

    # --- steps ----------------------------------------------------------------------------------------------------

    def note(self, step: str) -> None:
        """Write down what happens."""
        self.steps.append(f"{self.now - NOW:>8} {step}")

    def new_cid(self) -> str:
        """A client id that nobody has used in this world."""
        self._number += 1
        return f"cid-{self._number:08d}"

    def visitor(self) -> Actor:
        """Somebody whose browser has just made a token."""
        self._number += 1
        return Actor(p.Side.visitor, 0, token_hash=self._number.to_bytes(32, "big"))

    def ask(self, actor: Actor, command: Any) -> Asked:
        """Give a command to the desk; it waits to be committed."""
        asked = Asked(actor, command)

        def reply(made: Made) -> None:
            asked.made = made

        self.note(f"{actor.display or actor.side} asks {_short(command)}")
        self.desk.submit(actor, command, reply)
        return asked

    def begin(self, slug: str = "sales", visitor: Actor | None = None, **start: Any) -> Asked:
        """A visitor starts a chat."""
        cid = self.new_cid()
        words = p.Start(cid, self.departments[slug], **{"text": f"hello {cid}", **start})
        return self.ask(visitor or self.visitor(), BeginChat(cid, words, Where()))

    def commit(self, count: int = 1_000) -> None:
        """Commit up to so many of the jobs that wait, and look at the rows."""
        if not self.writer.waiting:
            return
        batch, results = self.writer.commit(count)
        self.commits += 1
        for job, made in zip(batch, results, strict=True):
            outcome = f"{made.refusal.code}: {made.refusal.text}" if made.refusal else _outcome(made)
            self.note(f"  {job.actor.display or job.actor.side} {_short(job.command)} -> {outcome}")
        self.referee.look(self.database, batch, results)

    def tell(self) -> None:
        """Tell of the oldest batch that was committed."""
        if self.writer.told:
            self.note("told")
            self.writer.tell()

    async def turn(self) -> None:
        """One turn of the event loop: the dispatcher looks, if it was asked to."""
        await asyncio.sleep(0)

    def tick(self) -> None:
        """The clock's beat: timers, and the dispatcher's look at the time."""
        assert self.hub.dispatcher is not None
        self.hub.dispatcher.tick()
        for key in self.database.read_now(lambda db: chats.due(db, self.now)):
            self.desk.submit(SYSTEM, Expire(key), lambda made: None)

    def link(self, name: str, up: bool, hold_ms: int = 60_000) -> Asked:
        """Somebody's link is lost, or comes back."""
        return self.ask(SYSTEM, SeatLink(self.people[name].id, up, 0 if up else self.now + hold_ms))

    # --- rest -----------------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Go on until nothing moves any more at this moment; then nothing may be stuck."""
        for _ in range(RESTS_WITHIN):
            await self.turn()
            self.tick()
            await self.turn()
            if not self.writer.waiting and not self.writer.told:
                break
            while self.writer.waiting or self.writer.told:
                self.commit()
                self.tell()
        else:
            raise rules.Broken(f"it never rests: {_short(self.writer)}")
        assert self.hub.dispatcher is not None
        self.referee.rest(self.database, self.now, self.hub)

    async def pass_time(self, moments: int = 6) -> None:
        """Let the next moments come at which something is due, and rest at each."""
        for _ in range(moments):
            upcoming = self.referee.next_moment(self.now)
            if not upcoming:
                return
            self.now = upcoming
            self.note("time passes")
            await self.settle()

    async def stumble(self, chance: float = 0.6) -> None:
        """Some of the steps that may happen at any time, as luck has it."""
        while self.luck.random() < chance:
            step = self.luck.randrange(5)
            if step == 0:
                self.commit(self.luck.randint(1, 4))
            elif step == 1:
                self.commit()
            elif step == 2:
                self.tell()
            elif step == 3:
                await self.turn()
            else:
                self.tick()

    async def race(self, *moves: tuple[Actor, Any], chance: float = 0.6) -> list[Asked]:
        """These commands in any order, with any steps between; what came of each, in the order given."""
        order = list(range(len(moves)))
        self.luck.shuffle(order)
        asked: dict[int, Asked] = {}
        for at in order:
            await self.stumble(chance)
            actor, command = moves[at]
            asked[at] = self.ask(self.people.get(actor.name, actor), command)
        await self.stumble()
        await self.settle()
        return [asked[at] for at in range(len(moves))]


def _short(command: Any) -> str:
    shown = repr(command)
    return shown if len(shown) < 160 else shown[:157] + "..."


def _outcome(made: Made) -> str:
    parts = [
        f"chat {change.after.id} {change.after.state} owner {change.after.owner} offered {change.after.offer_to}"
        f"/{change.after.offer_department} due {change.after.due_at and change.after.due_at - NOW}"
        f" {'+'.join(type(entry.what).__name__ for entry in change.entries)}"
        for change in made.changes
    ]
    return "; ".join(parts) or "ok"


class Quick(Database):
    """A database that does not wait for its disk, and whose reader's thread is this one, two turns away: what is proved
    here is order, not durability."""

    def __init__(self, url: str, data: Path) -> None:
        super().__init__(url, data)
        event.listen(self.writer_engine, "connect", self._relax)

    def _relax(self, connection: Any, record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF" if self.sqlite else "SET synchronous_commit TO off")

    async def read(self, question: Callable[[Connection], T]) -> T:
        """Part of Database."""
        await asyncio.sleep(0)
        answer = self.read_now(question)
        await asyncio.sleep(0)
        return answer


@asynccontextmanager
async def world(database: Database, seed: int, **settings: Any) -> AsyncIterator[World]:
    """A world that is told apart by its seed; a failure tells the steps that led to it and how to see it again."""
    made = World(database, seed)
    made.furnish(**settings)
    try:
        yield made
    except (rules.Broken, AssertionError) as error:
        raise AssertionError("\n".join([*made.steps[-80:], str(error)])) from error
    finally:
        if hasattr(made, "writer"):
            made.close()


def again(race: str, seed: int) -> str:
    """How to see a seed again."""
    return f"./dev prove-races {race} --from {seed} --seeds 1"


def count_rows(database: Database, query: str) -> int:
    """A number that the database answers with."""
    return int(database.read_now(lambda db: db.execute(text(query)).scalar_one()))
