"""Furnishes the demo's site: the departments, the people who work there, and canned replies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from agentconsole import protocol as p

from . import roster
from .link import Link, Trouble, new_cid, socket_url, unwrapped
from .roster import Person
from .server import clean_environment, command
from .weekend import LEVELS, MAILBOX

SOCKET = "operator.sock"
SECONDS = 20.0


async def furnish(data: Path, role: str, brisk: bool) -> list[Person]:
    """Give the server on this data folder departments and people; ``brisk`` = short timers. Raises Trouble."""
    everybody = roster.people(role)
    await _add(data, everybody[0])
    for department in roster.DEPARTMENTS:
        timers = roster.BRISK[department["slug"]] if brisk else {}
        mails = {"mailbox": MAILBOX, "address": f"{department['slug']}@demo.example", "levels": LEVELS}
        await _order(data, {"t": "add_department", **department, **timers, **mails})
    await asyncio.gather(*(_add(data, person) for person in everybody[1:]))
    for person in everybody:
        await _place(data, person)
    for kind, stands in (("tier", roster.TIERS), ("limit", roster.MEMBER_LIMITS)):
        for (name, slug), value in stands.items():
            await _order(data, {"t": "set_member", "name": name, "department": slug, kind: value})
    breaks = [{"name": name, "minutes": minutes} for name, minutes in roster.BREAKS.items()]
    await _order(data, {"t": "set_breaks", "reasons": breaks})
    return everybody


async def retire(data: Path, name: str) -> None:
    """Take this administrator from among those who answer chats. Raises Trouble."""
    for role in ("agent", "supervisor"):
        await _order(data, {"t": "withdraw_grant", "name": name, "role": role})


async def _place(data: Path, person: Person) -> None:
    """The person's rights, and what the person can."""
    for grant in person.grants:
        wish = {"t": "give_grant", "name": person.name, "role": grant.role, "department": grant.department}
        await _order(data, wish)
    if person.limit:
        await _order(
            data,
            {
                "t": "set_agent",
                "name": person.name,
                "limit": person.limit,
                "languages": person.languages,
                "skills": person.skills,
            },
        )


async def _add(data: Path, person: Person) -> None:
    """With the ordinary command, which hashes the password."""
    words = (
        "admin",
        "user",
        "add",
        person.name,
        "--display",
        person.display,
        "--password-stdin",
        "--data",
        str(data),
    )
    await _run(words, person.password)


async def _run(words: Sequence[str], typed: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command(*words),
        env=clean_environment(os.environ),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await process.communicate(f"{typed}\n".encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Trouble(f"The demo could not be furnished: {said.decode(errors='replace').strip()}")


async def stock(base: str, token: str) -> None:
    """Give everybody canned replies; the token is the keeper's. Raises Trouble."""
    hello = p.StaffHello(token=token, client="drill")
    link = Link(
        socket_url(base, "/ws/staff"), lambda: hello, p.decode_staff_frame, lambda frame: None, Random()
    )
    with unwrapped():
        async with asyncio.TaskGroup() as group:
            connected = group.create_task(link.run())
            for shortcut, text in roster.CANNED.items():
                answer = await link.ask(p.SaveCanned(new_cid(), shortcut, text, everybody=True))
                if isinstance(answer, p.Refused):
                    raise Trouble(f"The demo could not be furnished: {answer.text}")
            await link.ask(p.SetStatus(new_cid(), p.Status.offline))
            connected.cancel()


@contextlib.contextmanager
def _near(data: Path) -> Iterator[str]:
    """The folder under a name that fits into a socket's address, however deep it lies."""
    if not Path("/proc/self/fd").is_dir():
        yield str(data)
        return
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}"
    finally:
        os.close(folder)


async def _order(data: Path, wish: dict[str, Any]) -> None:
    """Over the operator's socket, as `agentconsole admin` does it, without starting a program each time."""
    try:
        with _near(data) as folder:
            reader, writer = await asyncio.open_unix_connection(f"{folder}/{SOCKET}")
        try:
            writer.write(json.dumps(wish).encode() + b"\n")
            async with asyncio.timeout(SECONDS):
                answer = json.loads(await reader.readline())
        finally:
            writer.close()
    except (OSError, TimeoutError, ValueError) as error:
        raise Trouble(f"The demo's server does not take orders ({error}).") from error
    if answer.get("code"):
        raise Trouble(f"The demo could not be furnished: {answer.get('text', '')}")
