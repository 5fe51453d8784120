"""Tries mailboxes step by step, as sending and fetching would use them: nothing is sent, and nothing changes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiosmtplib
import msgspec

from agentconsole.text import header

from . import imap, sending
from .settings import Mailbox, Server, Tls, password

STEP_SECONDS = 15.0


class Finding(msgspec.Struct, frozen=True):
    """One step: does it work, and in words what is so."""

    mailbox: str
    half: str
    step: str
    ok: bool
    text: str


async def checked(mailbox: Mailbox) -> AsyncIterator[Finding]:
    """What works of a mailbox; a half ends with the first step that does not."""
    for half, server in (("smtp", mailbox.smtp), ("imap", mailbox.imap)):
        if half == "smtp" and mailbox.drop:
            yield Finding(
                mailbox.name, half, "settings", True, f"mails are written into {mailbox.drop}, not sent"
            )
            continue
        if server is None:
            yield Finding(mailbox.name, half, "settings", True, f"there is no {half}_host: it is not used")
            continue
        steps = _smtp(server) if half == "smtp" else _imap(mailbox, server)
        async for step, ok, text in steps:
            yield Finding(mailbox.name, half, step, ok, header(text, 300))


Step = tuple[str, bool, str]
_FAILURES = (aiosmtplib.SMTPException, *imap.FAILURES)


async def _tried(step: str, deed: Callable[[], Awaitable[str]]) -> Step:
    try:
        async with asyncio.timeout(STEP_SECONDS):
            return step, True, await deed()
    except TimeoutError:
        return step, False, f"no answer within {STEP_SECONDS:.0f} seconds"
    except _FAILURES as problem:
        return step, False, _words(problem)


def _words(problem: BaseException) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {problem.verify_message} (see ca_file)"
    return sending.words(problem)


async def _reached(server: Server) -> AsyncIterator[Step]:
    """Name and connection, alike for both halves."""

    async def name() -> str:
        found = await asyncio.get_running_loop().getaddrinfo(server.host, server.port, type=1)
        return f"{server.host} is {', '.join(sorted({str(each[4][0]) for each in found}))}"

    async def link() -> str:
        _, writer = await asyncio.open_connection(server.host, server.port)
        writer.close()
        await writer.wait_closed()
        return f"port {server.port} answers"

    for step, deed in (("name", name), ("connection", link)):
        found = await _tried(step, deed)
        yield found
        if not found[1]:
            return


async def _smtp(server: Server) -> AsyncIterator[Step]:
    async for found in _reached(server):
        yield found
        if not found[1]:
            return
    try:
        link = sending.connection(server)
    except OSError as problem:
        yield "encryption", False, _words(problem)
        return

    async def greet() -> str:
        await link.connect()
        return _encrypted(server)

    async def login() -> str:
        if not server.user:
            return "not wanted"
        secret = await asyncio.to_thread(password, server)
        await link.login(server.user, secret)
        return f"as {server.user}"

    try:
        for step, deed in (("encryption", greet), ("login", login)):
            found = await _tried(step, deed)
            yield found
            if not found[1]:
                return
    finally:
        link.close()


def _encrypted(server: Server) -> str:
    return (
        "NONE: others can read along"
        if server.tls is Tls.none
        else f"{server.tls.value}, certificate trusted"
    )


async def _imap(mailbox: Mailbox, server: Server) -> AsyncIterator[Step]:
    async for found in _reached(server):
        yield found
        if not found[1]:
            return
    opened: list[Any] = []

    def greet() -> str:
        opened.append(imap.connect(server))
        return _encrypted(server)

    def login() -> str:
        if not server.user:
            return "not wanted"
        opened[0].login(server.user, password(server))
        return f"as {server.user}"

    def folder() -> str:
        chosen = opened[0].select_folder(mailbox.folder, readonly=True)
        told = (
            "tells of new mail" if opened[0].has_capability("IDLE") else f"is asked every {mailbox.poll_s} s"
        )
        return f"{mailbox.folder} with {chosen[b'EXISTS']} mails; {told}"

    try:
        for step, deed in (("encryption", greet), ("login", login), ("folder", folder)):
            found = await _tried(step, lambda deed=deed: asyncio.to_thread(deed))  # type: ignore[misc]
            yield found
            if not found[1]:
                return
    finally:
        for client in opened:
            await _tried("logout", lambda client=client: asyncio.to_thread(client.logout))  # type: ignore[misc]
