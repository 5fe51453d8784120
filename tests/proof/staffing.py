"""Fills a new data folder with a department and agents, before any server runs on it: through the desk, as always."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agentconsole.backend.auth import hash_password
from agentconsole.backend.desk import Desk
from agentconsole.backend.desk.admin import AddDepartment, AddUser, GiveGrant
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.storage.database import Database
from agentconsole.protocol import Role

DEPARTMENT = "support"
PASSWORD = "a long enough passphrase"


def agent_name(number: int) -> str:
    """The user name of the n-th agent."""
    return f"agent{number}"


async def fill(data: Path, agents: int) -> None:
    """One department and so many agents in it; the first one is the administrator too."""
    database = Database(f"sqlite:///{data / 'agentconsole.db'}", data)
    try:
        database.lock()
        database.migrate()
        desk = Desk(database, lambda: time.time_ns() // 1_000_000, lambda made: None)
        await desk.handle(SYSTEM, AddDepartment(slug=DEPARTMENT, name="Support"))
        password = hash_password(PASSWORD)
        for number in range(agents):
            await desk.handle(SYSTEM, AddUser(name=agent_name(number), password_hash=password))
            await desk.handle(
                SYSTEM, GiveGrant(name=agent_name(number), role=Role.agent, department=DEPARTMENT)
            )
        await desk.writer.drain()
        desk.writer.close()
    finally:
        database.close()


def staffed(data: Path, agents: int) -> None:
    """The same, and wait for it; a thread of its own lets it be called in a running event loop too."""
    data.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, fill(data, agents)).result()
