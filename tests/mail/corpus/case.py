"""One mail of the corpus, and the small world that all of them are about."""

from __future__ import annotations

import base64
import quopri
from dataclasses import dataclass
from enum import StrEnum

from agentconsole.backend.domain.letter import Nature

# The desk is help@example.com. Anna, anna@example.org, has ticket 12, and got one mail of ours on it.
DESK = "help@example.com"
ANNA = "anna@example.org"
TOKEN = "k3v9x2m7q4w8z1p5"  # stands for a valid reply token of ticket 12 for Anna
SENT = f"<t{TOKEN}.1@example.com>"
REPLY_ADDRESS = f"help+t{TOKEN}@example.com"


class Goes(StrEnum):
    """What becomes of a mail."""

    ticket = "on ticket 12"
    new = "a new ticket"
    linked = "a new ticket that may belong to ticket 12"
    bounce = "on the answer of ticket 12 that came back"
    quarantine = "into quarantine, for it cannot be read"
    detained = "into quarantine, though it can be read"
    dropped = "nowhere, with a trace"


@dataclass(frozen=True)
class Case:
    """A mail and its expected outcome; ``reply`` None = not looked at here."""

    name: str
    raw: bytes
    goes: Goes = Goes.new
    reply: str | None = None
    nature: Nature = Nature.person
    language: str | None = None
    subject: str | None = None
    sender: str | None = None
    files: tuple[str, ...] | None = None
    status: str = ""  # of a bounce


def mail(headers: str, body: str | bytes = "", charset: str = "utf-8") -> bytes:
    """A mail of header lines and a body; newlines become CR LF."""
    if isinstance(body, str):
        body = body.encode(charset)
    head = headers.strip("\n").encode("utf-8")
    return (head + b"\n\n" + body).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def part(kind: str, text: str, how: str = "quoted-printable") -> str:
    """One part of a multipart mail in UTF-8, with its headers."""
    data = text.encode()
    coded = quopri.encodestring(data) if how == "quoted-printable" else base64.encodebytes(data)
    return f"Content-Type: {kind}\nContent-Transfer-Encoding: {how}\n\n{coded.decode()}"


def single(headers: str, only: str) -> bytes:
    """A mail of one `part`."""
    return mail(*f"{headers.strip()}\nMIME-Version: 1.0\n{only}".split("\n\n", 1))


def alternative(
    headers: str, plain: str, html: str, boundary: str = "=_b1", how: str = "quoted-printable"
) -> bytes:
    """A mail that comes as text and as HTML."""
    text = part("text/plain; charset=utf-8", plain, how)
    page = part("text/html; charset=utf-8", html, how)
    body = f"--{boundary}\n{text}\n--{boundary}\n{page}\n--{boundary}--\n"
    kind = f'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="{boundary}"'
    return mail(f"{headers.strip()}\n{kind}", body)


def from_anna(subject: str, number: str, *, to: str = DESK, more: str = "") -> str:
    """The headers of a mail of Anna's; ``number`` makes its Message-ID."""
    return f"""\
Return-Path: <{ANNA}>
Received: from mail.example.org (mail.example.org [192.0.2.7]) by mx.example.com; Mon, 03 Mar 2025 11:40:02 +0100
Message-ID: <{number}@mail.example.org>
Date: Mon, 03 Mar 2025 11:40:00 +0100
From: Anna Berg <{ANNA}>
To: Example Help <{to}>
Subject: {subject}
{more}""".strip()


def answering(subject: str, number: str, more: str = "") -> str:
    """The headers of Anna's answer to our mail on ticket 12."""
    threads = f"In-Reply-To: {SENT}\nReferences: <first@mail.example.org> {SENT}"
    return from_anna(subject, number, to=REPLY_ADDRESS, more=f"{threads}\n{more}".strip())
