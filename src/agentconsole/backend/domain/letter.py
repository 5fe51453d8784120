"""What a mail is, once it has been read: plain data that knows nothing of MIME."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

MAX_BYTES = 25 * 1024 * 1024
MAX_DEPTH = 20
MAX_PARTS = 200
MAX_RECEIVED = 60

# A reply token stands in the address an answer goes to (desk+t<token>@example.org) and begins the
# Message-ID of every mail that we send (<t<token>.<unique>@example.org>). Mail servers may change
# the case of an address, so a token has none.
TOKEN = r"[a-z0-9_-]{8,120}"
IN_ADDRESS = re.compile(rf"\+t({TOKEN})@")
IN_MESSAGE_ID = re.compile(rf"<t({TOKEN})\.[^<>@\s]+@[^<>@\s]+>")


class Unreadable(Exception):
    """A mail that cannot be taken in; ``reason`` is a sentence for the people who look after the quarantine."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Nature(StrEnum):
    """Who has written: a person, a machine, a mail server that could not deliver, or a mailing list."""

    person = "person"
    automatic = "automatic"
    bounce = "bounce"
    list = "list"


class File(msgspec.Struct, frozen=True):
    """An attachment; ``name`` is safe to save under, ``inline`` = shown inside the text (a picture, a logo)."""

    name: str
    type: str
    data: bytes
    inline: bool = False


class Bounce(msgspec.Struct, frozen=True):
    """What a mail server says of a mail of ours.

    ``status`` is an enhanced status code ("5.1.1") or '', ``permanent`` = it will not be tried again,
    ``message_id`` is that of our mail ('' = not said).
    """

    recipient: str = ""
    status: str = ""
    permanent: bool = True
    diagnostic: str = ""
    message_id: str = ""


class Letter(msgspec.Struct, frozen=True):
    """One mail that came in.

    Addresses are in lower case, ids with their angle brackets. ``text`` is everything that can be read,
    ``reply`` what is new in it, ``files`` the attachments. ``sent_at`` is in milliseconds (0 = not said).
    ``automatic`` = why it is no person's letter ('' = nothing speaks against a person), ``report`` = it
    reports on another mail and says nothing else, ``null_sender`` = it came with an empty return path,
    ``no_answer`` = why it wants no automatic answer though a person may have written it.
    """

    message_id: str
    sender: str
    sender_name: str = ""
    subject: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_to: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    sent_at: int = 0
    text: str = ""
    reply: str = ""
    language: str = ""
    files: tuple[File, ...] = ()
    nature: Nature = Nature.person
    bounce: Bounce | None = None
    tokens: tuple[str, ...] = ()
    received: int = 0
    automatic: str = ""
    report: bool = False
    null_sender: bool = False
    no_answer: str = ""
