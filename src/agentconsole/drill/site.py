"""The demo's site: three departments, the people who work there, and canned replies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from agentconsole import protocol as p

from .link import Link, Trouble, new_cid, socket_url, unwrapped
from .server import clean_environment, command

KEEPER = "keeper"  # the first administrator, who also reads the books at the end
SEAT = "demo"  # the person at the console
SOCKET = "operator.sock"
SECONDS = 20.0
HEADLESS_WRAPUP = 5


class Grant(msgspec.Struct, frozen=True):
    """A role in a department ('' = in all)."""

    role: str
    department: str = ""


class Person(msgspec.Struct, frozen=True):
    """Somebody of staff, with a password of their own."""

    name: str
    display: str
    grants: tuple[Grant, ...]
    password: str

    @property
    def rights(self) -> str:
        """What the person may do, in words."""
        return ", ".join(
            grant.role + (f" in {grant.department}" if grant.department else "") for grant in self.grants
        )


DEPARTMENTS: tuple[dict[str, Any], ...] = (
    {
        "slug": "sales",
        "name": "Sales",
        "description": "Questions before buying",
        "welcome": "Welcome! What would you like to know?",
        "topics": ["Prices", "Trial", "Delivery", "A question"],
    },
    {
        "slug": "support",
        "name": "Support",
        "description": "Something does not work",
        "welcome": "Hello! Tell us what does not work, and what you see.",
        "topics": ["Login", "Something is broken", "Settings", "A question"],
        "team": True,
    },
    {
        "slug": "billing",
        "name": "Billing",
        "description": "Invoices and payments",
        "welcome": "Hello! Please have the number of your invoice at hand.",
        "topics": ["Invoice", "Payment", "A question"],
    },
)
COLLEAGUES = {"ana": ("sales", "support"), "bo": ("support", "billing"), "mia": ("billing", "sales")}
ROLES = {
    "agent": ("agent",),
    "supervisor": ("agent", "supervisor"),
    "analyst": ("analyst",),
    "admin": ("agent", "supervisor", "admin"),
}

CANNED = {
    "hello": "Hello {name}, this is {agent}. How can I help you?",
    "moment": "One moment please, I am looking it up.",
    "mail": "Which e-mail address may I use to write to you?",
    "more": "Is there anything else that I can do for you?",
    "bye": "Thank you for writing to {department}, {name}. Have a nice day!",
}


def people(role: str) -> list[Person]:
    """Everybody, the first administrator first, each with a fresh password."""
    seat = Person(SEAT, f"Demo {role}", tuple(Grant(each) for each in ROLES[role]), _password())
    keeper = Person(KEEPER, "Keeper", (), _password())
    colleagues = [
        Person(name, name.title(), tuple(Grant("agent", slug) for slug in slugs), _password())
        for name, slugs in COLLEAGUES.items()
    ]
    return [keeper, seat, *colleagues]


def _password() -> str:
    return secrets.token_urlsafe(12)


async def furnish(data: Path, role: str, brisk: bool) -> list[Person]:
    """Give the server on this data folder departments and people; ``brisk`` = short wrap-up. Raises Trouble."""
    everybody = people(role)
    await _add(data, everybody[0])
    wrapup = {"wrapup_s": HEADLESS_WRAPUP} if brisk else {}
    for department in DEPARTMENTS:
        await _order(data, {"t": "add_department", **department, **wrapup})
    await asyncio.gather(*(_add(data, person) for person in everybody[1:]))
    for person in everybody:
        for grant in person.grants:
            wish = {
                "t": "give_grant",
                "name": person.name,
                "role": grant.role,
                "department": grant.department,
            }
            await _order(data, wish)
    return everybody


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
            for shortcut, text in CANNED.items():
                answer = await link.ask(p.SaveCanned(new_cid(), shortcut, text, everybody=True))
                if isinstance(answer, p.Refused):
                    raise Trouble(f"The demo could not be furnished: {answer.text}")
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
