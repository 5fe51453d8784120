"""The headers of a mail that came in, read without trusting any of them."""

from __future__ import annotations

import re
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import NamedTuple, TypeAlias

from agentconsole.protocol import MAX_EMAIL
from agentconsole.text import header as one_line

from ..domain.letter import IN_ADDRESS, IN_MESSAGE_ID
from .charsets import unescaped, words

Mime: TypeAlias = "Message[str, str]"  # the class itself cannot be subscripted when it runs

MAX_NAME = 80
MAX_SUBJECT = 200
MAX_ID = 250
MAX_REFERENCES = 50
MAX_RECIPIENTS = 100
_VALUE = 64 * 1024  # characters of one header that are looked at
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\\x00-\x20\x7f-\xa0]+@[^\s@<>\"(),:;\\/\x00-\x2c\x7f-\xa0]+")
_ID = re.compile(r"<([^<>\s\x00-\x1f\x7f]+)>")
_RECIPIENTS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To")


class Mailbox(NamedTuple):
    """A name ('' = none) and an address in lower case."""

    name: str
    address: str


def raw(message: Mime, name: str) -> list[str]:
    """All values of a header, bytes that are not ASCII made text, encoded words as they stand."""
    name = name.lower()
    return [unescaped(value[:_VALUE]) for key, value in message.raw_items() if key.lower() == name]


def first(message: Mime, name: str) -> str:
    """The first value of a header in one line, encoded words as they stand; '' = there is none."""
    return " ".join(next(iter(raw(message, name)), "").split())


def subject(message: Mime) -> str:
    """The subject as a person reads it, in one line."""
    return one_line(words(first(message, "Subject")), MAX_SUBJECT)


def mailboxes(message: Mime, *names: str) -> list[Mailbox]:
    """Who is named in these headers, in order; what is no e-mail address is left out."""
    values = [value for name in names for value in raw(message, name)]
    found = [
        Mailbox(one_line(words(name), MAX_NAME), address.strip().lower())
        for name, address in getaddresses(values)
    ]
    return [box for box in found if is_address(box.address)][:MAX_RECIPIENTS]


def is_address(address: str) -> bool:
    """Whether mail could be sent there at all."""
    return len(address) <= MAX_EMAIL and _EMAIL.fullmatch(address) is not None


def addresses(message: Mime, *names: str) -> tuple[str, ...]:
    """The addresses of these headers, each once, in order."""
    return tuple(dict.fromkeys(box.address for box in mailboxes(message, *names)))


def ids(message: Mime, name: str) -> tuple[str, ...]:
    """The message ids of a header with their angle brackets, oldest first, each once."""
    found = [
        f"<{each}>" for value in raw(message, name) for each in _ID.findall(value) if len(each) <= MAX_ID
    ]
    return tuple(dict.fromkeys(found[-MAX_REFERENCES:]))


def message_id(message: Mime) -> str:
    """The mail's own id; '' = it has none. An id without brackets gets them."""
    if found := ids(message, "Message-ID"):
        return found[0]
    bare = first(message, "Message-ID").strip("<> ")
    return f"<{bare}>" if bare and len(bare) <= MAX_ID and _ID.fullmatch(f"<{bare}>") else ""


def tokens(message: Mime) -> tuple[str, ...]:
    """The reply tokens that the mail carries, the likeliest first; whether they are ours is not asked here."""
    found = [IN_ADDRESS.search(address) for address in addresses(message, *_RECIPIENTS)]
    told = [*ids(message, "In-Reply-To"), *reversed(ids(message, "References"))]
    found += [IN_MESSAGE_ID.fullmatch(each.lower()) for each in told]
    return tuple(dict.fromkeys(match[1] for match in found if match))[:20]


def sent_at(message: Mime) -> int:
    """When the mail says that it was sent, in milliseconds; 0 = it does not say, or nonsense."""
    try:
        at = parsedate_to_datetime(first(message, "Date")).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return 0
    return max(0, int(at * 1000))
