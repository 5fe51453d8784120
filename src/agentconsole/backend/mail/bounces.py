"""What mail servers write when a mail of ours does not arrive: the standard report, and what qmail and Exim send."""

from __future__ import annotations

import re
from email.message import Message

from ..domain.letter import Bounce
from . import headers
from .bodies import content_type, payload
from .charsets import decode, words
from .headers import Mime

MAX_DIAGNOSTIC = 500
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY_CODE = re.compile(r"(?:^|\s|#)([45])\d\d[ -]")
_ID = re.compile(r"^message-id:\s{0,10}(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE)
_QMAIL = re.compile(r"^Hi\. This is the .{0,80}(?:program|server) at \S+", re.MULTILINE)
_QMAIL_RECIPIENT = re.compile(r"^<([^<>\s]{3,254})>:\n((?:.+\n?){1,10})", re.MULTILINE)
_DAEMON = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|mdaemon)(?:[+-][^@]*)?@")
_FAILED = re.compile(
    r"undeliver|delivery (?:status|failure|has failed|incomplete)|mail delivery|returned mail|failure notice|"
    r"delivery notification|nicht zugestellt|unzustellbar|no se puede entregar|non remis|non distribu|"
    r"niedostarcz|nie dostarczono|não (?:foi )?entregue|não entregável|nelivrat|kan ikke leveres|ikke levert",
    re.IGNORECASE,
)


def read(message: Mime, sender: str, text: str) -> Bounce | None:
    """What this mail says of one of ours; None = it is no bounce. ``text`` is what can be read of it."""
    if is_delivery_report(message):
        return _report(message)
    failed = headers.addresses(message, "X-Failed-Recipients")
    from_daemon = _DAEMON.match(sender) is not None
    told = (
        _QMAIL.search(text) is not None
        or _FAILED.search(words(headers.first(message, "Subject"))) is not None
    )
    if failed or (told and (from_daemon or headers.first(message, "Return-Path") == "<>")):
        return _in_words(message, failed, text)
    return None


def is_daemon(sender: str) -> bool:
    """Whether an address is that of a mail server itself."""
    return _DAEMON.match(sender) is not None


def is_delivery_report(message: Mime) -> bool:
    """Whether the mail is a standard report on the delivery of another, of good or bad news."""
    return (
        content_type(message) == "multipart/report" and _part(message, "message/delivery-status") is not None
    )


def _report(message: Mime) -> Bounce | None:
    """A report by RFC 3464 that says that a mail failed or is late."""
    status_part = _part(message, "message/delivery-status")
    if status_part is None:
        return None
    for fields in _groups(status_part):
        action = headers.first(fields, "Action").lower()
        status = _STATUS.search(headers.first(fields, "Status"))
        if action not in ("failed", "delayed") and not (not action and status):
            continue
        recipient = _recipient(fields, "Original-Recipient") or _recipient(fields, "Final-Recipient")
        diagnostic = headers.first(fields, "Diagnostic-Code")
        better = _STATUS.search(diagnostic)
        code = status[1] if status else ""
        if better and code in ("", "5.0.0", "4.0.0"):
            code = better[1]
        return Bounce(
            recipient=recipient,
            status=code,
            permanent=action != "delayed" and not code.startswith("4"),
            diagnostic=diagnostic[:MAX_DIAGNOSTIC],
            message_id=_original_id(message),
        )
    return None


def _groups(status_part: Mime) -> list[Mime]:
    """The groups of fields of a delivery status; each stands for one recipient, but for the first."""
    parts = status_part.get_payload()
    return [each for each in parts if not isinstance(each, str)] if isinstance(parts, list) else []


def _recipient(fields: Mime, name: str) -> str:
    value = headers.first(fields, name).rpartition(";")[2].strip().strip("<>").lower()
    return value if headers.is_address(value) else ""


def _part(message: Mime, kind: str) -> Mime | None:
    """The first direct part of this type."""
    if not message.is_multipart():
        return None
    return next(
        (each for each in message.get_payload() if not isinstance(each, str) and content_type(each) == kind),
        None,
    )


def _original_id(message: Mime) -> str:
    """The message id of the mail that is reported on."""
    original = _part(message, "message/rfc822")
    if original is not None and original.is_multipart():
        inner = original.get_payload(0)
        return headers.message_id(inner) if isinstance(inner, Message) else ""
    for kind in ("text/rfc822-headers", "message/rfc822-headers"):
        part = _part(message, kind)
        if part is not None:
            found = _ID.search(decode(payload(part)))
            return found[1] if found else ""
    return ""


def _in_words(message: Mime, failed: tuple[str, ...], text: str) -> Bounce:
    """A bounce that tells its story in prose."""
    named = _QMAIL_RECIPIENT.search(text)
    recipient = failed[0] if failed else named[1].lower() if named else ""
    if not recipient and (address := re.search(r"[^\s<>@\"']{1,64}@[^\s<>@\"',;:]{3,189}", text)):
        recipient = address[0].strip(".").lower()
    head = re.split(r"^-{3}|^Received:", text, maxsplit=1, flags=re.MULTILINE)[0]
    diagnostic = " ".join((named[2] if named else head).split())[:MAX_DIAGNOSTIC]
    status = _STATUS.search(head)
    reply = _REPLY_CODE.search(head)
    first = status[1][0] if status else reply[1] if reply else "5"
    original = _original_id(message)
    if not original and (found := _ID.search(text)):
        original = found[1]
    return Bounce(
        recipient=recipient if headers.is_address(recipient) else "",
        status=status[1] if status else "",
        permanent=first != "4",
        diagnostic=diagnostic,
        message_id=original,
    )
