"""Taking in a mail: it is read in a worker, and the desk decides what becomes of it; nothing is lost on the way."""

from __future__ import annotations

import logging
import re

import msgspec

from agentconsole.protocol import Code
from agentconsole.text import header as one_line
from agentconsole.text import log_value

from ..desk import Desk
from ..desk.made import Made
from ..desk.receiving import AdvanceMailbox, DetainMail, ReceiveMail, ReleaseMail
from ..domain.letter import MAX_BYTES, File, Letter, Nature, Unreadable
from ..domain.life import Refusal
from ..domain.policy import SYSTEM, Actor
from ..storage import arrivals
from ..storage.database import Database
from .charsets import unescaped, words
from .workers import Reader

log = logging.getLogger("agentconsole.mail")

_HEADER = re.compile(rb"^(From|Subject|Message-ID):[ \t]{0,20}([^\r\n]{0,998})", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>@,;:\"()]{1,64}@[^\s<>@,;:\"()]{3,189}")
_HEAD_BYTES = 100_000
AT_ONCE = 4  # mails that people open


class Cursor(msgspec.Struct, frozen=True):
    """The last mail of a folder that was taken in; ``validity`` is the folder's own number, without which uids mean nothing."""

    validity: int = 0
    uid: int = 0


class Intake:
    """The way of mails into the desk, one for all mailboxes; and who reads them for people.

    People have workers of their own: they wait neither for a mail that comes in nor for one that a colleague opens.
    """

    def __init__(self, database: Database, desk: Desk) -> None:
        self._incoming = Reader()
        self._opened = Reader(workers=AT_ONCE)
        self._database = database
        self._desk = desk

    async def close(self) -> None:
        """End the workers."""
        await self._incoming.close()
        await self._opened.close()

    async def read(self, raw: bytes) -> Letter:
        """What a mail says, for a person who waits for it. Raises Unreadable."""
        return await self._opened.read(raw)

    async def take(self, raw: bytes, mailbox: str) -> str:
        """Take a mail in; what became of it, in words, once that is committed.

        Raises Refusal busy if the server cannot write just now: the mail must come again.
        """
        try:
            letter = await self._incoming.read(raw)
        except Unreadable as unreadable:
            made = await self._desk.handle(
                SYSTEM, DetainMail(mailbox, unreadable.reason, raw[: MAX_BYTES + 1])
            )
            outcome = f"{made.value}: {unreadable.reason}"
        else:
            made = await self._desk.handle(SYSTEM, ReceiveMail(mailbox, letter, raw))
            outcome = str(made.value)
        log.info("mailbox %s: %s, ticket %s", log_value(mailbox), log_value(outcome), made.about or "none")
        return outcome

    async def detain(self, raw: bytes, mailbox: str, reason: str) -> None:
        """Put a mail into quarantine. Raises Refusal busy."""
        await self._desk.handle(SYSTEM, DetainMail(mailbox, reason, raw))

    async def cursor(self, mailbox: str) -> Cursor:
        """The last mail of a mailbox's folder that was taken in."""
        found = await self._database.read(lambda db: arrivals.cursor(db, mailbox))
        return Cursor(*found)

    async def advance(self, mailbox: str, cursor: Cursor) -> None:
        """All mails up to this one were taken in. Raises Refusal busy."""
        await self._desk.handle(SYSTEM, AdvanceMailbox(mailbox, cursor.validity, cursor.uid))

    async def release(self, actor: Actor, cid: str, key: int, department: int) -> Made:
        """Take a mail in that lay in quarantine. Raises Refusal unknown, not_now, busy."""
        raw = await self._database.read(
            lambda db: arrivals.detained_raw(db, key) if arrivals.prisoner(db, key) else None
        )
        if raw is None:
            raise Refusal(Code.unknown, "There is no such mail in quarantine.")
        try:
            letter = await self.read(raw)
        except Unreadable as unreadable:
            letter = rough(raw, unreadable.reason)
        return await self._desk.handle(actor, ReleaseMail(cid, key, department, letter))


def rough(raw: bytes, reason: str) -> Letter:
    """What can be said of a mail that cannot be read: it comes along as a file, for a person to open or not."""
    found = {
        name.decode().lower(): words(unescaped(value.decode("utf-8", "surrogateescape")))
        for name, value in reversed(_HEADER.findall(raw[:_HEAD_BYTES]))
    }
    address = _ADDRESS.search(found.get("from", ""))
    subject = one_line(found.get("subject", ""), 200)
    return Letter(
        message_id="",
        sender=address[0].lower() if address else "",
        subject=subject,
        text=f"This mail could not be read. {reason}",
        reply=f"This mail could not be read. {reason}",
        files=(File("mail.eml", "message/rfc822", raw),),
        nature=Nature.automatic,
        automatic="it could not be read",
    )
