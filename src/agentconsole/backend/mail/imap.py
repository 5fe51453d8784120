"""Fetching mail: one task per mailbox, which waits for news (IDLE), looks from time to time, and comes back after failures.

A mail is marked as read, or moved away, only once it is committed. What is unread is taken in, and what came after the
last mail that was taken in, whoever has read it meanwhile; so nothing is missed, and what comes twice is known.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import imaplib
import logging
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec
from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientError, LoginError  # type: ignore[import-untyped]

from agentconsole.text import log_value

from ..domain.letter import MAX_BYTES
from ..domain.life import Refusal, Stumbled
from ..secret import NoPassword
from .intake import Cursor, Intake
from .settings import Mailbox, Server, Tls, password
from .watched import LOOK_SECONDS, Watched

log = logging.getLogger("agentconsole.mail")

CONNECT_SECONDS = 15.0
READ_SECONDS = 60.0
IDLE_SECONDS = 300.0  # then it looks by itself: some servers forget to tell
LEAST_PAUSE, MOST_PAUSE = 1.0, 300.0
LOGIN_PAUSE = 60.0
BUSY_PAUSE = 60.0  # the longest while this server cannot write
TRIES = 3  # then a mail that cannot be fetched, or over which the desk stumbles, goes into quarantine
FAILURES = (IMAPClientError, imaplib.IMAP4.error, OSError, EOFError, ValueError, NoPassword)

T = TypeVar("T")


class Standing(msgspec.Struct):
    """How the fetching of a mailbox stands: ``text`` in words, ``since`` monotonic seconds, ``taken`` mails so far."""

    mailbox: str
    connected: bool = False
    text: str = "not yet connected"
    since: float = 0.0
    taken: int = 0

    def turn(self, connected: bool, text: str) -> None:
        """Note a change."""
        if (connected, text) != (self.connected, self.text):
            self.connected, self.text, self.since = connected, text, time.monotonic()


class _Client(IMAPClient):  # type: ignore[misc]
    """The library asks the socket for news, which knows nothing of what came together with the answer before."""

    def _poll_socket(self, sock: socket.socket, timeout: float | None = None) -> Sequence[object]:
        return [sock] if timeout == 0 else super()._poll_socket(sock, timeout)


class Session:
    """One connection to a mailbox's folder. Every method blocks; all raise what stands in FAILURES."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.validity = 0
        self.next_uid = 0
        self._client: IMAPClient | None = None

    @property
    def client(self) -> IMAPClient:
        """The connection. Raises OSError if there is none."""
        if self._client is None:
            raise OSError("not connected")
        return self._client

    def open(self) -> None:
        """Connect, encrypt, log in, choose the folder."""
        server = self.mailbox.imap
        assert server is not None
        self._client = connect(server)
        if server.user:
            self._client.login(server.user, password(server))
        if self.mailbox.done and not self._client.folder_exists(self.mailbox.done):
            self._client.create_folder(self.mailbox.done)
        chosen = self._client.select_folder(self.mailbox.folder)
        self.validity = int(chosen[b"UIDVALIDITY"])
        self.next_uid = int(chosen.get(b"UIDNEXT", 1))

    def new(self, cursor: Cursor) -> list[int]:
        """The uids of mails that were not taken in yet, oldest first."""
        self.told_by_the_way()
        found = set(self.client.search(["UNSEEN", "UNDELETED"]))
        if cursor.validity == self.validity:
            later = self.client.search(["UNDELETED", "UID", f"{cursor.uid + 1}:*"])
            found.update(uid for uid in later if uid > cursor.uid)  # the star always means the last mail
        return sorted(found)

    def told_by_the_way(self) -> bool:
        """Has the mail server told of new mail in an answer to something else, since this was asked last?

        It tells everything once: who has overheard it waits in vain.
        """
        return bool(self.client._imap.response("EXISTS")[1] != [None])

    def raw(self, uid: int) -> bytes:
        """A mail byte for byte, one byte too many at most; b'' = it is gone."""
        part = f"BODY.PEEK[]<0.{MAX_BYTES + 1}>"
        answer = self.client.fetch([uid], [part]).get(uid, {})
        return bytes(answer.get(b"BODY[]<0>", b""))

    def settle(self, uid: int) -> None:
        """A mail was taken in: it is read, and goes where such mails go."""
        self.client.add_flags([uid], [b"\\Seen"], silent=True)
        if not self.mailbox.done:
            return
        if self.client.has_capability("MOVE"):
            self.client.move([uid], self.mailbox.done)
            return
        self.client.copy([uid], self.mailbox.done)
        self.client.add_flags([uid], [b"\\Deleted"], silent=True)
        if self.client.has_capability("UIDPLUS"):
            self.client.uid_expunge([uid])

    def wait(self, seconds: float) -> None:
        """Until the mail server tells of something, or so long."""
        self.client.idle()
        try:
            if not self.client.idle_check(timeout=0):
                self.client.idle_check(timeout=seconds)
        finally:
            self.client.idle_done()

    @property
    def tells(self) -> bool:
        """Does the mail server tell of new mail by itself?"""
        return bool(self.client.has_capability("IDLE"))

    def close(self) -> None:
        """Say goodbye if there is somebody to say it to."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.logout()
            except FAILURES:
                _drop(client)

    def cut(self) -> None:
        """Break the connection, from another thread: whatever waits on it fails at once."""
        client = self._client
        if client is not None:
            with contextlib.suppress(*FAILURES, AttributeError):
                client.socket().shutdown(socket.SHUT_RDWR)


def connect(server: Server) -> IMAPClient:
    """An encrypted connection, if that is wished for. Raises what stands in FAILURES."""
    client = _Client(
        server.host,
        server.port,
        use_uid=True,
        ssl=server.tls is Tls.tls,
        ssl_context=server.context() if server.tls is Tls.tls else None,
        timeout=SocketTimeout(CONNECT_SECONDS, READ_SECONDS),
    )
    if server.tls is Tls.starttls:
        try:
            client.starttls(server.context())
        except FAILURES:
            _drop(client)
            raise
    return client


def _drop(client: IMAPClient) -> None:
    with contextlib.suppress(*FAILURES):
        client.shutdown()


def probe(mailbox: Mailbox) -> list[str]:
    """What works of fetching from a mailbox, in sentences; it blocks. Raises what stands in FAILURES."""
    session = Session(mailbox)
    try:
        session.open()
        told = [f"logged in to {mailbox.imap.host if mailbox.imap else ''}"]
        waiting = len(session.new(Cursor()))
        told.append(f"{mailbox.folder}: {waiting} unread")
        told.append("new mail is told at once" if session.tells else f"looked for every {mailbox.poll_s} s")
        return told
    finally:
        session.close()


class Fetcher:
    """Fetches one mailbox for ever."""

    def __init__(self, mailbox: Mailbox, intake: Intake) -> None:
        self.mailbox = mailbox
        self.standing = Standing(mailbox.name)
        self.idle_seconds = IDLE_SECONDS
        self.least_pause = LEAST_PAUSE
        self._intake = intake
        self._failed: Counter[int] = Counter()
        self._refused: Counter[int] = Counter()
        self._pause = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._stay()
            except LoginError as failure:
                self._failing("the mail server refused the login", failure)
                self._pause = max(self._pause, LOGIN_PAUSE)
            except FAILURES as failure:
                self._failing("no connection", failure)
            except Exception as failure:  # a loop that catches everything: mail must go on coming
                self._failing("stumbled", failure)
                log.exception("mailbox %s stumbled", self.mailbox.name)
            await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))

    def _failing(self, what: str, failure: Exception) -> None:
        self._pause = min(MOST_PAUSE, max(self.least_pause, 2 * self._pause))
        text = f"{what}: {log_value(str(failure) or type(failure).__name__)}"
        if text != self.standing.text:
            log.warning("mailbox %s: %s", self.mailbox.name, text)
        self.standing.turn(False, text)

    async def _stay(self) -> None:
        """One connection, from its beginning to its end."""
        session = Session(self.mailbox)
        thread = ThreadPoolExecutor(1, f"imap-{self.mailbox.name}")
        try:
            await _in(thread, session.open)
            self.standing.turn(True, "connected")
            log.info("mailbox %s: connected", self.mailbox.name)
            while True:
                if not await self._empty(thread, session):
                    self._pause = min(BUSY_PAUSE, max(self.least_pause, 2 * self._pause))
                    await asyncio.sleep(self._pause)
                    continue
                self._pause = 0.0
                if not session.tells:
                    await asyncio.sleep(self.mailbox.poll_s)
                elif not await _in(thread, session.told_by_the_way):
                    await _in(thread, session.wait, self.idle_seconds)
        finally:
            session.cut()
            thread.submit(session.close)
            thread.shutdown(wait=False)

    async def _empty(self, thread: ThreadPoolExecutor, session: Session) -> bool:
        """Take in what is there, oldest first; False = the server cannot write just now, and there is a rest.

        That is no fault of a mail's; one that was refused again and again keeps the next from nothing.
        """
        cursor = await self._intake.cursor(self.mailbox.name)
        uids = await _in(thread, session.new, cursor)
        left = 0
        for uid in uids:
            try:
                await self._one(thread, session, uid)
            except Refusal as refusal:
                log.warning("mailbox %s waits: %s", self.mailbox.name, refusal.text)
                left += 1
                self._refused[uid] += 1
                if left > 1 or self._refused[uid] < TRIES:
                    return False
        if left:
            return False
        last = max(uids, default=0)
        if session.validity != cursor.validity:
            last = max(last, session.next_uid - 1)
        if session.validity != cursor.validity or last > cursor.uid:
            await self._intake.advance(self.mailbox.name, Cursor(session.validity, last))
        return True

    async def _one(self, thread: ThreadPoolExecutor, session: Session, uid: int) -> None:
        """Take in one mail; one that fails again and again by itself goes into quarantine. Raises Refusal busy."""
        raw = b""
        try:
            raw = await _in(thread, session.raw, uid)
            if not raw:
                return
            await self._intake.take(raw, self.mailbox.name)
        except (IMAPClientError, Stumbled) as failure:
            self._failed[uid] += 1
            if isinstance(failure, imaplib.IMAP4.abort) or self._failed[uid] < TRIES:
                raise
            why = failure.text if isinstance(failure, Stumbled) else str(failure)
            raw = raw or f"mail {uid} of {self.mailbox.folder} ({session.validity})".encode()
            await self._intake.detain(raw, self.mailbox.name, f"It could not be taken in: {log_value(why)}")
        await _in(thread, session.settle, uid)
        self._failed.pop(uid, None)
        self._refused.pop(uid, None)
        self.standing.taken += 1


async def fetch(intake: Intake, watched: Watched) -> None:
    """Fetch all mailboxes that mail is fetched from, as the settings say that are in force, until cancelled."""
    under_way: dict[Mailbox, asyncio.Task[None]] = {}
    async with asyncio.TaskGroup() as group:
        while True:
            wanted = {box for box in watched.mailboxes.values() if box.imap is not None}
            for box in under_way.keys() - wanted:
                task = under_way.pop(box)
                task.cancel()
                await asyncio.wait({task})
            for box in wanted - under_way.keys():
                under_way[box] = group.create_task(Fetcher(box, intake).run(), name=f"mailbox {box.name}")
            await asyncio.sleep(LOOK_SECONDS)
            watched.look()


async def _in(thread: ThreadPoolExecutor, what: Callable[..., T], *arguments: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, functools.partial(what, *arguments))
