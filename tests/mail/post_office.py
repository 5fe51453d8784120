"""A mail server that does as it is told: takes mails, refuses them, breaks off, or says nothing.

async with PostOffice() as office:
    office.on_data = "451 come later"
    ... give office.port to whoever sends ...
    assert office.received == []
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"
TAKEN = "250 2.0.0 taken as 4711"


class Received(NamedTuple):
    """A mail that came in full, whatever was answered."""

    sender: str
    recipients: list[str]
    raw: bytes


class _Clerk(SMTP):
    """aiosmtpd's server, which can also break off when it hears DATA."""

    office: PostOffice

    async def smtp_DATA(self, arg: str) -> None:
        self.office.stages.append("DATA")
        if self.office.at_data == "drop":
            assert self.transport is not None
            self.transport.abort()
        elif self.office.at_data:
            await self.push(self.office.at_data)
        else:
            await super().smtp_DATA(arg)


class PostOffice:
    """``at_mail``, ``at_rcpt``, ``at_data`` and ``on_data`` are answers; "drop" breaks off.

    A ``gate`` that is closed holds the answer back to RCPT or DATA, as ``gate_at`` says; ``held`` counts who waits there.

    ``carry`` brings a mail further, in a thread, before it is answered for.

    With ``context`` it offers STARTTLS and demands it, or is ``wrapped`` in TLS from the first byte; with ``login`` =
    (user, password) it demands that too.
    """

    def __init__(
        self,
        context: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        wrapped: bool = False,
    ) -> None:
        self.context = context
        self.wrapped = wrapped
        self.login = login
        self.received: list[Received] = []
        self.stages: list[str] = []
        self.at_mail = self.at_rcpt = self.at_data = ""
        self.on_data = TAKEN
        self.gate = threading.Event()
        self.gate.set()
        self.gate_at = "DATA"
        self.held = 0
        self.carry: Callable[[Received], None] | None = None
        self.port = 0
        self._server: asyncio.Server
        self._clerks: set[Any] = set()

    async def __aenter__(self) -> PostOffice:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._clerk, HOST, self.port, ssl=self.context if self.wrapped else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Nobody answers any more."""
        self.gate.set()
        self._server.close()
        for clerk in self._clerks:
            if clerk.transport is not None:
                clerk.transport.abort()
        await asyncio.sleep(0)

    def _clerk(self) -> SMTP:
        more: dict[str, Any] = {}
        if self.context is not None and not self.wrapped:
            more |= {"tls_context": self.context, "require_starttls": True}
        if self.login is not None:
            more |= {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": False}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            clerk = _Clerk(self, hostname="office.example", loop=asyncio.get_running_loop(), **more)
        clerk.office = self
        self._clerks.add(clerk)
        return clerk

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        sound = (data.login.decode(), data.password.decode()) == self.login
        return AuthResult(success=sound, handled=sound)

    async def _pass(self, stage: str) -> None:
        if stage == self.gate_at and not self.gate.is_set():
            self.held += 1
            await asyncio.to_thread(self.gate.wait)

    # --- what aiosmtpd asks

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.stages.append("MAIL")
        if self.at_mail:
            return self.at_mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.stages.append("RCPT")
        await self._pass("RCPT")
        if self.at_rcpt == "drop":
            server.transport.abort()
        if self.at_rcpt:
            return self.at_rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = Received(envelope.mail_from or "", list(envelope.rcpt_tos), content)
        self.received.append(mail)
        await self._pass("DATA")
        if self.carry is not None:
            await asyncio.to_thread(self.carry, mail)
        if self.on_data == "drop":
            server.transport.abort()
        return self.on_data


class Street:
    """A post office in a thread of its own, for tests of other processes."""

    def __init__(self) -> None:
        self.office = PostOffice()
        self._open = threading.Event()
        self._stop: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with self.office:
            self._open.set()
            await self._stop.wait()

    def __enter__(self) -> PostOffice:
        self._thread.start()
        assert self._open.wait(10)
        return self.office

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
