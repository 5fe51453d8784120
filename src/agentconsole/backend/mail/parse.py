"""Reading one mail: bytes from anywhere become a `Letter`, or are unreadable for a reason that can be named."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import Compat32

from ..domain.letter import MAX_BYTES, MAX_DEPTH, MAX_PARTS, MAX_RECEIVED, Letter, Unreadable
from . import bodies, bounces, headers, natures, quotes
from .charsets import unescaped
from .headers import Mime

# What the library is known to raise on hostile mail, here and there.
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, AssertionError)
_BOUNDARY = re.compile(
    rb"""boundary\s{0,20}=\s{0,20}(?:"([^"\r\n]{1,200})"|([^\s";]{1,200}))""", re.IGNORECASE
)
_DELIMITER = re.compile(rb"^--([^\r\n]{1,205})", re.MULTILINE)
_ATTACHED = re.compile(rb"^content-type:\s{0,20}message/", re.MULTILINE | re.IGNORECASE)
_DAEMON = re.compile(
    r"[\s\"<]*(?:mailer-daemon|postmaster)[\s\">]*(?:\(|$)", re.IGNORECASE
)  # a mail server of few words
_ANSWERED = re.compile(r"^(?:re|sv|aw|odp|antw|res|r|ref|rép|rif|ynt)(?:\[\d+\])?\s?:", re.IGNORECASE)
_FORWARDED = re.compile(r"^(?:fwd?|vs|vb|wg|tr|rv|enc|pd|fs|doorst|i)\s?:", re.IGNORECASE)


class _AsWritten(Compat32):
    """Header values as text, also where they hold bytes that are not ASCII."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return unescaped(value)


_AS_WRITTEN = _AsWritten()


def parse(raw: bytes) -> Letter:
    """Read a mail; raises `Unreadable`, and nothing else. Time and memory are limited by `workers`."""
    if len(raw) > MAX_BYTES:
        raise Unreadable(f"It is larger than {MAX_BYTES // 1024 // 1024} MiB.")
    if not raw.strip():
        raise Unreadable("It is empty.")
    _few_parts(raw)
    try:
        message = message_from_bytes(raw, policy=_AS_WRITTEN)
        _shape(message)
        return _letter(message)
    except RecursionError:
        raise Unreadable(f"Its parts lie more than {MAX_DEPTH} deep.") from None
    except _BROKEN as failure:
        raise Unreadable(
            f"It is broken in a way that cannot be read ({type(failure).__name__})."
        ) from failure


def _few_parts(raw: bytes) -> None:
    """Count the parts before the library does: its time grows with the square of their number."""
    names = {quoted or bare for quoted, bare in _BOUNDARY.findall(raw)}
    opening = sum(1 for line in _DELIMITER.findall(raw) if line.rstrip() in names)
    if max(opening, len(names), len(_ATTACHED.findall(raw))) > MAX_PARTS:
        raise Unreadable(f"It has more than {MAX_PARTS} parts.")


def _shape(message: Mime) -> None:
    """Refuse what is too deep, has too many parts, or has gone in circles."""
    waiting = [(message, 1)]
    parts = 0
    while waiting:
        part, depth = waiting.pop()
        parts += 1
        if depth > MAX_DEPTH:
            raise Unreadable(f"Its parts lie more than {MAX_DEPTH} deep.")
        if parts > MAX_PARTS:
            raise Unreadable(f"It has more than {MAX_PARTS} parts.")
        if part.is_multipart():
            waiting += [(child, depth + 1) for child in part.get_payload() if not isinstance(child, str)]
    if len(headers.raw(message, "Received")) > MAX_RECEIVED:
        raise Unreadable(f"More than {MAX_RECEIVED} mail servers passed it on: it goes in circles.")


def _letter(message: Mime) -> Letter:
    name, sender = _sender(message)
    body = bodies.read(message)
    bounce = bounces.read(message, sender, body.text)
    automatic = natures.why_automatic(message, sender)
    subject = headers.subject(message)
    answers = any(headers.ids(message, name) for name in ("In-Reply-To", "References"))
    answers = (answers or _ANSWERED.match(subject) is not None) and _FORWARDED.match(subject) is None
    reply = quotes.reply_of(body.text, answers=answers)
    return Letter(
        message_id=headers.message_id(message),
        sender=sender,
        sender_name=name,
        subject=subject,
        in_reply_to=next(iter(headers.ids(message, "In-Reply-To")), ""),
        references=headers.ids(message, "References"),
        reply_to=next(iter(headers.addresses(message, "Reply-To")), ""),
        to=headers.addresses(message, "To", "Delivered-To", "X-Original-To"),
        cc=headers.addresses(message, "Cc"),
        sent_at=headers.sent_at(message),
        text=body.text,
        reply=reply.new,
        language=reply.language or _language(message),
        files=tuple(body.files),
        nature=natures.of(message, bounce, automatic),
        bounce=bounce,
        tokens=headers.tokens(message),
        received=len(headers.raw(message, "Received")),
        automatic=automatic,
        report=bounce is None and natures.is_report(message),
        null_sender=natures.null_sender(message),
        no_answer=natures.no_answer(message, sender),
    )


def _sender(message: Mime) -> headers.Mailbox:
    """Who says to have written it; nobody, or several at once, is nobody whom we could answer."""
    lines = headers.raw(message, "From")
    boxes = headers.mailboxes(message, "From")
    if not boxes and len(lines) == 1 and _DAEMON.match(lines[0]):
        return headers.Mailbox("", "mailer-daemon@invalid")
    if not boxes and not lines:
        boxes = headers.mailboxes(message, "Sender")
    if not boxes:
        raise Unreadable("It does not say who sent it.")
    if len({box.address for box in boxes}) == 1:
        return boxes[0]
    named = set(headers.addresses(message, "Sender"))
    chosen = [box for box in boxes if box.address in named]
    if len(lines) > 1 or not chosen:
        raise Unreadable("It names more than one sender.")
    return chosen[0]


def _language(message: Mime) -> str:
    """The language that the mail itself says it is in, two letters; '' = it does not."""
    found = re.match(r"([a-z]{2})(?:[-_,; ]|$)", headers.first(message, "Content-Language").lower())
    return found[1] if found else ""
