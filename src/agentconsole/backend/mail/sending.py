"""Sends what lies in the outbox: each mail is claimed before a server is asked, and settled with what it answered.

A mail server that breaks off, or is silent, before it has got the whole mail has not taken it: that is tried again.
After that nobody knows; the mail is not sent twice, and a person decides.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import ssl
from pathlib import Path

import aiosmtplib
import msgspec

from agentconsole.protocol import MailState

from ..compose import Unsendable, address
from ..desk import Desk
from ..desk.mailing import ClaimMail, MailSent
from ..domain.life import Refusal
from ..domain.mailing import Mailing
from ..domain.policy import SYSTEM
from ..domain.spans import DAY_MS, HOUR_MS, MINUTE_MS
from ..secret import NoPassword
from ..storage import Connection, departments, mails, raws
from ..storage.agenda import is_due
from ..storage.database import Database, Unreachable
from ..storage.mails import Mail
from .settings import Mailboxes, Server, Tls, password

log = logging.getLogger("agentconsole.mail")

PERIOD = 0.5  # seconds between two looks into the outbox
AT_ONCE = 64  # mails on their way
AT_ONCE_EACH = 3  # of them through one mailbox
STEP_SECONDS = 60.0
TAKEN_SECONDS = 600.0  # how long a server may think about a mail that it has got
STOP_SECONDS = 4.0  # for mails on their way when the server stops
FIRST_MS, MOST_MS = MINUTE_MS, HOUR_MS  # between two tries
GIVE_UP_MS = 3 * DAY_MS

NOT_SENT = "The mail server was not reached: {}."
NOT_READ = "The mail could not be read from the database: {}."
STUMBLED = "The server stumbled over it (see its log, {}). Whether it arrived is not known."
UNKNOWN = "The connection broke when the mail server had got the mail: {}. Whether it arrived is not known."


class Outcome(msgspec.Struct, frozen=True):
    """What came of one try."""

    state: MailState
    answer: str


class Envelope(msgspec.Struct, frozen=True):
    """A mail and where it goes."""

    sender: str
    recipient: str
    raw: bytes


def next_try(mail: Mail, now: int) -> int:
    """When a deferred mail is tried again; 0 = it has been tried long enough."""
    pause = min(MOST_MS, FIRST_MS << min(mail.tries - 1, 10))
    return 0 if now + pause > mail.at + GIVE_UP_MS else now + pause


class Sender:
    """Takes mails from the outbox until cancelled."""

    def __init__(self, database: Database, desk: Desk, mailboxes: Mailboxes) -> None:
        self._database = database
        self._desk = desk
        self._mailboxes = mailboxes
        self._under_way: dict[int, str] = {}  # mail: its mailbox
        self._tickets: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; mails on their way get a moment to arrive."""
        try:
            while True:
                try:
                    await self._look()
                except (Unreachable, *self._database.failures) as error:
                    log.warning("the outbox waits for the database: %s", type(error).__name__)
                except Refusal as refusal:
                    log.warning("the outbox was refused: %s", refusal.text)
                await self._pause()
        finally:
            await self._finish()

    async def _pause(self) -> None:
        """Until there is room for another mail, or the next look is due."""
        self._room.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PERIOD):
                await self._room.wait()

    async def _finish(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _look(self) -> None:
        """Begin to send what is due, as far as there is room; the mails of one ticket one after the other."""
        if len(self._tasks) >= AT_ONCE:
            return
        soon = await self._desk.soonest()
        if not is_due(soon.mail, self._desk.clock()):
            return
        found, mailings = await self._database.read(self._due)
        for mail in found:
            mailing = mailings[mail.department]
            if self._has_room(mailing.mailbox) and mail.ticket not in self._tickets:
                self._begin(mail, mailing)

    def _due(self, db: Connection) -> tuple[list[Mail], dict[int, Mailing]]:
        """What is due of the departments whose mailbox has room, and how each department mails."""
        mailings = {found.id: found.mailing for found in departments.every(db)}
        full = [key for key, mailing in mailings.items() if not self._has_room(mailing.mailbox)]
        return mails.due(db, self._desk.clock(), AT_ONCE, full, self._tickets), mailings

    def _has_room(self, mailbox: str) -> bool:
        under_way = list(self._under_way.values())
        return len(under_way) < AT_ONCE and under_way.count(mailbox) < AT_ONCE_EACH

    def _begin(self, mail: Mail, mailing: Mailing) -> None:
        self._under_way[mail.id] = mailing.mailbox
        if mail.ticket:
            self._tickets.add(mail.ticket)
        sending = self._send(mail, mailing.mailbox, mailing.address)
        task = asyncio.create_task(sending, name=f"mail {mail.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, mail: Mail, name: str, sender: str) -> None:
        claimed: Mail | None = None
        try:
            claimed = (await self._desk.handle(SYSTEM, ClaimMail(mail.id))).value
            if claimed is not None:
                await self._deliver(claimed, name, sender)
        except Refusal as refusal:
            log.warning("mail %d waits: %s", mail.id, refusal.text)
            await asyncio.sleep(PERIOD)
        except Exception:  # one of the loops that catch everything: others' mails must go on
            mark = secrets.token_hex(4)
            log.exception("mail %d stumbled, mark %s", mail.id, mark)
            if claimed is not None:  # nobody would look at it again
                await self._settle(MailSent(mail.id, MailState.unknown, STUMBLED.format(mark)))
        finally:
            self._under_way.pop(mail.id, None)
            self._tickets.discard(mail.ticket)
            self._room.set()

    async def _deliver(self, mail: Mail, name: str, sender: str) -> None:
        mailbox = self._mailboxes.get(name)
        if mailbox is not None and mailbox.drop:
            raw = await self._database.read(lambda db: raws.outgoing(db, mail.id)) or b""
            outcome = await asyncio.to_thread(dropped, mailbox.drop, mail.id, raw)
        elif mailbox is None or mailbox.smtp is None:
            outcome = Outcome(
                MailState.deferred, f"There is no mailbox {name!r} with an smtp_host in mail.toml."
            )
        else:
            outcome = await self._handed_over(mail, mailbox.smtp, sender)
        next_at = 0
        if outcome.state is MailState.deferred:
            next_at = next_try(mail, self._desk.clock())
            if not next_at:
                outcome = Outcome(MailState.failed, f"Given up after {mail.tries} tries: {outcome.answer}")
        code = outcome.answer[:3]  # what follows may name the customer
        log.info("mail %d: %s %s", mail.id, outcome.state.value, code if code.isdecimal() else "")
        await self._settle(MailSent(mail.id, outcome.state, outcome.answer, next_at))

    async def _handed_over(self, mail: Mail, server: Server, sender: str) -> Outcome:
        try:
            raw = await self._database.read(lambda db: raws.outgoing(db, mail.id)) or b""
        except (Unreachable, *self._database.failures) as problem:
            return Outcome(MailState.deferred, NOT_READ.format(type(problem).__name__))
        return await delivered(server, sender, mail.recipient, raw)

    async def _settle(self, command: MailSent) -> None:
        """What came of a mail must be written, however long the database is busy."""
        while True:
            try:
                await self._desk.handle(SYSTEM, command)
                return
            except Refusal as refusal:
                log.warning("mail %d cannot be settled yet: %s", command.mail, refusal.text)
                await asyncio.sleep(PERIOD)


def dropped(into: str, mail: int, raw: bytes) -> Outcome:
    """Write a mail into a folder instead of sending it; it is there whole or not at all."""
    folder = Path(into).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = folder / f".{mail}.part"
        part.touch(mode=0o600)
        part.write_bytes(raw)
        part.rename(folder / f"{mail}.eml")
    except OSError as problem:
        return Outcome(
            MailState.deferred, f"The folder {folder} cannot be written: {problem.strerror or problem}."
        )
    return Outcome(MailState.accepted, f"Written to {folder / f'{mail}.eml'}; nothing was sent.")


async def delivered(server: Server, sender: str, recipient: str, raw: bytes) -> Outcome:
    """Give one mail to a mail server over a connection of its own; what came of it."""
    try:
        secret = await asyncio.to_thread(password, server) if server.user else ""
        envelope = Envelope(address(sender), address(recipient), raw)
        link = connection(server)
    except (NoPassword, OSError) as problem:
        return Outcome(MailState.deferred, NOT_SENT.format(words(problem)))
    except Unsendable as problem:
        return Outcome(MailState.failed, str(problem))
    try:
        return await _announced(link, server, secret, envelope) or await _given(link, raw)
    except aiosmtplib.SMTPResponseException as refused:
        state = MailState.failed if refused.code >= 500 else MailState.deferred
        return Outcome(state, f"{refused.code} {refused.message}")
    finally:
        _leave(link)


def connection(server: Server) -> aiosmtplib.SMTP:
    """A connection that is still to be opened; without TLS only where the settings say so. Raises OSError."""
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.tls is Tls.tls,
        start_tls=server.tls is Tls.starttls,
        tls_context=None if server.tls is Tls.none else server.context(),
        timeout=STEP_SECONDS,
    )


async def opened(link: aiosmtplib.SMTP, server: Server, secret: str) -> None:
    """Connect, encrypt and log in. Raises what aiosmtplib raises, and OSError."""
    await link.connect()
    if server.user:
        await link.login(server.user, secret)


async def _announced(
    link: aiosmtplib.SMTP, server: Server, secret: str, envelope: Envelope
) -> Outcome | None:
    """Everything before the mail itself: whatever goes wrong here, the server does not have it. None = all is well.

    Raises SMTPResponseException if the server refuses this mail.
    """
    try:
        try:
            await opened(link, server, secret)
        except aiosmtplib.SMTPResponseException as refused:  # it is not about this mail
            return Outcome(MailState.deferred, NOT_SENT.format(f"{refused.code} {refused.message}"))
        size = [f"SIZE={len(envelope.raw)}"] if link.supports_extension("size") else []
        await link.mail(envelope.sender, options=size)
        await link.rcpt(envelope.recipient)
        code, answer = await link.execute_command(b"DATA")
    except aiosmtplib.SMTPResponseException:
        raise
    except (aiosmtplib.SMTPException, OSError, ValueError) as problem:
        return Outcome(MailState.deferred, NOT_SENT.format(words(problem)))
    except asyncio.CancelledError:
        return Outcome(MailState.deferred, "This server was stopped before it was sent.")
    if code != aiosmtplib.SMTPStatus.start_input:
        raise aiosmtplib.SMTPDataError(code, answer)
    return None


async def _given(link: aiosmtplib.SMTP, raw: bytes) -> Outcome:
    """The mail itself. From here on nobody knows, until the server has answered.

    Raises SMTPResponseException if the server does not take it.
    """
    protocol = link.protocol
    try:
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("the connection was lost")
        protocol.write(_dotted(raw))
        code, answer = await protocol.read_response(timeout=TAKEN_SECONDS)
    except (aiosmtplib.SMTPException, OSError) as problem:
        return Outcome(MailState.unknown, UNKNOWN.format(words(problem)))
    if code // 100 == 2:
        return Outcome(MailState.accepted, f"{code} {answer}")
    raise aiosmtplib.SMTPDataError(code, answer)


def _dotted(raw: bytes) -> bytes:
    """The mail as it goes over the wire: lines that begin with a dot get another, and a lone dot ends it."""
    return (b"." if raw.startswith(b".") else b"") + raw.replace(b"\r\n.", b"\r\n..") + b".\r\n"


def _leave(link: aiosmtplib.SMTP) -> None:
    """Say good-bye without waiting for the answer."""
    if link.protocol is not None and link.is_connected:
        with contextlib.suppress(aiosmtplib.SMTPException):
            link.protocol.write(b"QUIT\r\n")
    link.close()


def words(problem: BaseException) -> str:
    """What went wrong on the way to a mail server, for people."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({problem.verify_message})"
    if isinstance(problem, aiosmtplib.SMTPConnectError) and isinstance(problem.__cause__, OSError):
        return words(problem.__cause__)
    text = str(problem).strip().rstrip(".")
    return text or type(problem).__name__
