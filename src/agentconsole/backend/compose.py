"""Mails to customers, written byte by byte and read again before they leave.

No mail library writes them: those decode what stands in a header and let it become headers of its own. The library only
reads the finished bytes, as a recipient would, and everything must be as it was meant.
"""

from __future__ import annotations

import base64
import hashlib
import quopri
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import msgspec

from agentconsole.text import UNSAFE, file_name, header

from .markup import page

MAX_NAME = 80
MAX_SUBJECT = 200
MAX_LINE = 998
MAX_IDS = 12
MAX_ID = 250
MAX_READ = 65_536  # bytes of a file that are read again: base64 has no sign that could begin anything else
_CHUNK = 42  # bytes in an encoded word: it may have 75 characters
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/^_`{|}~=-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>")
_TYPE = re.compile(r"[a-z0-9]+/[a-z0-9.+-]{1,80}")
_TEXTUAL = re.compile(r"(text|message|multipart)/")


Part = tuple[list[tuple[str, str]], bytes]  # its headers, its body

# What the library is known to raise on what it does not understand.
_BROKEN = (ValueError, LookupError, TypeError, AttributeError)


class Unsendable(Exception):
    """A mail that must not leave as it is; the message says why."""


class Enclosed(msgspec.Struct, frozen=True):
    """A file to send along."""

    name: str
    type: str
    data: bytes


class Outgoing(msgspec.Struct, frozen=True):
    """A mail to one customer. Ids have their angle brackets; ``at`` is UTC milliseconds, ``language`` '' = not said.

    ``automatic`` = no person wrote it, and no machine should answer; ``html`` = it says the same as HTML too.
    """

    sender: str
    sender_name: str
    to: str
    to_name: str
    reply_to: str
    message_id: str
    subject: str
    text: str
    at: int
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    language: str = ""
    automatic: bool = False
    html: bool = False
    files: tuple[Enclosed, ...] = ()


def compose(mail: Outgoing) -> bytes:
    """The mail as it goes out. Raises Unsendable if it cannot be what it is meant to be."""
    subject = header(mail.subject, MAX_SUBJECT)
    mail = msgspec.structs.replace(
        mail,
        sender=address(mail.sender),
        sender_name=header(mail.sender_name, MAX_NAME),
        to=address(mail.to),
        to_name=header(mail.to_name, MAX_NAME),
        reply_to=address(mail.reply_to),
        subject=subject,
        in_reply_to=next(iter(ids([mail.in_reply_to])), ""),
        references=ids(mail.references),
    )
    raw = _written(mail)
    if not raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n") or b"\0" in raw:
        raise Unsendable("It has a line that ends in a way which mail servers read differently.")
    bare = [msgspec.structs.replace(file, data=file.data[:MAX_READ]) for file in mail.files]
    _check(_written(msgspec.structs.replace(mail, files=tuple(bare))), mail)
    return raw


def address(written: str) -> str:
    """An address as mail servers write it, its domain in ASCII. Raises Unsendable."""
    local, _, domain = written.strip().rpartition("@")
    try:
        found = f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"
    except UnicodeError:
        found = ""
    if not _ADDRESS.fullmatch(found) or "=?" in found or ".." in f".{found}." or ".@" in found:
        raise Unsendable(f"{header(written, 80)} is no address that a mail can be sent to.")
    return found


def ids(given: Any) -> tuple[str, ...]:
    """Of these message ids those that can stand in a header: the first and the newest, each once."""
    sound = [
        one
        for one in dict.fromkeys(given)
        if len(one) <= MAX_ID and "=?" not in one and _MESSAGE_ID.fullmatch(one)
    ]
    return tuple(sound if len(sound) <= MAX_IDS else [sound[0], *sound[1 - MAX_IDS :]])


def text_of(raw: bytes) -> str:
    """The text of a mail that `compose` wrote."""
    message: Any = message_from_bytes(raw, policy=policy.default)
    return str(message.get_body(("plain",)).get_content()).replace("\r\n", "\n").rstrip("\n")


def _written(mail: Outgoing) -> bytes:
    heads, body = _content(mail)
    return _assembled(_heads(mail) + heads) + body


def _heads(mail: Outgoing) -> list[tuple[str, str]]:
    heads = [
        ("Date", _date(mail.at)),
        ("From", _mailbox("From", mail.sender_name, mail.sender)),
        ("To", _mailbox("To", mail.to_name, mail.to)),
        ("Reply-To", _mailbox("Reply-To", mail.sender_name, mail.reply_to)),
        ("Message-ID", mail.message_id),
        ("Subject", _words(mail.subject)),
    ]
    if mail.in_reply_to:
        heads.append(("In-Reply-To", mail.in_reply_to))
    if mail.references:
        heads.append(("References", "\r\n ".join(mail.references)))
    if mail.language:
        heads.append(("Content-Language", mail.language))
    if mail.automatic:
        heads += [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")]
    return [*heads, ("MIME-Version", "1.0")]


def _date(at: int) -> str:
    return format_datetime(datetime.fromtimestamp(at // 1_000, UTC))


def _mailbox(head: str, name: str, written: str) -> str:
    if not name:
        return written
    if name.isascii():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"\r\n <{written}>'
    return f"{_words(name)}\r\n <{written}>"


def _words(text: str) -> str:
    """The text as it stands, or in encoded words if it is not ASCII."""
    if text.isascii():
        return text
    words, chunk = [], b""
    for sign in text:
        coded = sign.encode()
        if len(chunk) + len(coded) > _CHUNK:
            words.append(chunk)
            chunk = b""
        chunk += coded
    words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def _content(mail: Outgoing) -> Part:
    text = _plain(mail.text)
    words = _text("plain", text)
    if mail.html:
        words = _together("alternative", mail, [words, _text("html", page(text, mail.language))])
    if not mail.files:
        return words
    return _together(
        "mixed", mail, [words, *((_file_heads(file), _base64(file.data)) for file in mail.files)]
    )


def _text(kind: str, text: str) -> Part:
    way = "base64" if _is_foreign(text) else "quoted-printable"
    heads = [("Content-Type", f"text/{kind}; charset=utf-8"), ("Content-Transfer-Encoding", way)]
    return heads, _text_body(text)


def _together(kind: str, mail: Outgoing, parts: Sequence[Part]) -> Part:
    mark = hashlib.sha256(f"{kind} {mail.message_id}".encode()).hexdigest()[:32]
    boundary = f"=_{mark}"  # "=_" is in no text that is quoted-printable or base64
    line = f"--{boundary}".encode()
    body = [line + b"\r\n" + _assembled(heads) + part + b"\r\n" for heads, part in parts]
    return [("Content-Type", f'multipart/{kind};\r\n boundary="{boundary}"')], b"".join(
        [*body, line + b"--\r\n"]
    )


def _is_foreign(text: str) -> bool:
    """Would most of it be escaped?"""
    return sum(not sign.isascii() for sign in text) * 3 > len(text)


def _text_body(text: str) -> bytes:
    coded = (text + "\n").encode()
    if _is_foreign(text):
        return _base64(coded)
    return quopri.encodestring(coded).replace(b"\n", b"\r\n")


def _plain(text: str) -> str:
    """A text without what acts on a terminal; what shapes its script stays."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(8).split("\n")
    return "\n".join(re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "", line) for line in lines).rstrip("\n")


def _file_heads(file: Enclosed) -> list[tuple[str, str]]:
    name = file_name(file.name) or "file"
    kind = (
        file.type
        if _TYPE.fullmatch(file.type) and not _TEXTUAL.match(file.type)
        else "application/octet-stream"
    )
    return [
        ("Content-Type", kind),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", "attachment" + _file_words(name)),
    ]


def _file_words(name: str) -> str:
    """The parameters that say what a file is called, in lines that are not too long (RFC 2231)."""
    if name.isascii():
        return f';\r\n filename="{name}"'
    coded = [f"%{byte:02X}" for byte in name.encode()]
    pieces = ["".join(coded[start : start + 20]) for start in range(0, len(coded), 20)]
    pieces[0] = "utf-8''" + pieces[0]
    return "".join(f";\r\n filename*{index}*={piece}" for index, piece in enumerate(pieces))


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _assembled(heads: list[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in heads).encode("ascii") + b"\r\n"


def _check(raw: bytes, mail: Outgoing) -> None:
    """Read the mail as its recipient would. Raises Unsendable unless it says what was meant, and nothing else."""
    try:
        _compare(raw, mail)
    except _BROKEN as problem:
        raise Unsendable("It cannot be read again.") from problem


def _compare(raw: bytes, mail: Outgoing) -> None:
    if max(map(len, raw.split(b"\r\n"))) > MAX_LINE:
        raise Unsendable("It has a line that is too long for mail servers.")
    message: Any = message_from_bytes(raw, policy=policy.default)
    whole = not (mail.files or mail.html)
    content = ["Content-Type", "Content-Transfer-Encoding"] if whole else ["Content-Type"]
    if list(message.keys()) != [*(name for name, _ in _heads(mail)), *content]:
        raise Unsendable(f"Its headers are {', '.join(message.keys())}.")
    meant = {"From": (mail.sender_name, mail.sender), "To": (mail.to_name, mail.to)}
    meant["Reply-To"] = (mail.sender_name, mail.reply_to)
    for name, (display, written) in meant.items():
        found: tuple[Address, ...] = message[name].addresses
        if [(_dense(one.display_name), one.addr_spec) for one in found] != [(_dense(display), written)]:
            raise Unsendable(f"Its {name} header names {', '.join(map(str, found))}.")
    if _dense(str(message["Subject"])) != _dense(mail.subject) or UNSAFE.search(str(message["Subject"])):
        raise Unsendable("Its subject reads otherwise than it was meant.")
    if str(message["Message-ID"]) != mail.message_id:
        raise Unsendable("Its Message-ID reads otherwise than it was meant.")
    _check_parts(message, mail)


def _dense(text: str) -> str:
    """Without spaces: the library sets one between encoded words where there is none."""
    return "".join(text.split())


def _check_parts(message: EmailMessage, mail: Outgoing) -> None:
    parts = [part for part in message.walk() if not part.is_multipart()]
    allowed = {"content-type", "content-transfer-encoding", "content-disposition"}
    inner = [part for part in message.walk() if part is not message]
    strange = [name for part in inner for name in part if name.lower() not in allowed]
    broken = [defect for part in message.walk() for defect in part.defects]
    texts = ["text/plain", "text/html"] if mail.html else ["text/plain"]
    strange += [
        part.get_content_type() for part in parts[: len(texts)] if part.get_content_type() not in texts
    ]
    named = [part.get_filename() for part in parts[len(texts) :]]
    if strange or broken or named != [file_name(file.name) or "file" for file in mail.files]:
        raise Unsendable("Its parts are not the text and the files that were meant.")
