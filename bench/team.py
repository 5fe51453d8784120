"""A server's data with departments and people, made through the desk before any server runs on it."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agentconsole.backend.auth import hash_password
from agentconsole.backend.desk import Desk
from agentconsole.backend.desk.admin import AddDepartment, AddUser, GiveGrant
from agentconsole.backend.domain.life import Entry
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.storage import chats
from agentconsole.backend.storage.database import Database
from agentconsole.protocol import Role
from tests.proof.staffing import PASSWORD

People = Mapping[str, Iterable[tuple[Role, str]]]  # name -> (role, slug of a department)


def furnish(data: Path, places: Iterable[AddDepartment], people: People) -> None:
    """Fill a new folder. Everybody has the same password; nobody of them is the administrator."""
    data.mkdir()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _furnish(data, places, people)).result()


async def _furnish(data: Path, places: Iterable[AddDepartment], people: People) -> None:
    database = _database(data)
    try:
        database.lock()
        database.migrate()
        desk = Desk(database, lambda: time.time_ns() // 1_000_000, lambda made: None)
        for place in places:
            await desk.handle(SYSTEM, place)
        password = hash_password(PASSWORD)
        await desk.handle(SYSTEM, AddUser(name="keeper", password_hash=password, only_admin=True))
        for name, grants in people.items():
            await desk.handle(SYSTEM, AddUser(name=name, password_hash=password))
            for role, slug in grants:
                await desk.handle(SYSTEM, GiveGrant(name=name, role=role, department=slug))
        await desk.writer.drain()
        desk.writer.close()
    finally:
        database.close()


def histories(data: Path, keys: Iterable[int]) -> dict[int, list[Entry]]:
    """The committed events of these chats, read from the file of a stopped server."""
    database = _database(data)
    try:
        return database.read_now(lambda db: {key: chats.staff_log(db, key) for key in keys})
    finally:
        database.close()


def _database(data: Path) -> Database:
    return Database(f"sqlite:///{data / 'agentconsole.db'}", data)
