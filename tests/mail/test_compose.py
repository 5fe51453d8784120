"""Mails that go out: hostile names, subjects, addresses and file names add no header and no recipient."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.backend import compose as room
from agentconsole.backend.compose import Enclosed, Outgoing, Unsendable, address, compose, ids, text_of
from agentconsole.text import UNSAFE, file_name
from tests.hostile import HOSTILE

MAIL = Outgoing(
    sender="desk@example.org",
    sender_name="The desk",
    to="vera@x.example",
    to_name="Vera",
    reply_to="desk+tabc@example.org",
    message_id="<tabc.1@example.org>",
    subject="Hello",
    text="Good morning",
    at=1_700_000_000_000,
)
HEADERS = ["Date", "From", "To", "Reply-To", "Message-ID", "Subject", "MIME-Version"]
INJECTIONS = [
    "=?utf-8?q?a=0ABcc:_v=40x?=",
    "=?utf-8?q?a=0D=0ABcc:_v=40x=0D=0A=0D=0Abody?=",
    "=?utf-8?b?YQpCY2M6IHZAeA==?=",
    "a\r\nBcc: v@x.example",
    "a\nBcc: v@x.example",
    "a\rBcc: v@x.example",
    "a\r\n\r\n<html>",
    "a\u2028Bcc: v@x.example",
    "a\x85Bcc: v@x.example",
    "a\x0bBcc: v@x.example\x0c",
    'x" <evil@x.example>, "y',
    "evil@x.example, v",
    "<evil@x.example>",
    "x\\",
    'x\\"',
    "group: evil@x.example;",
    "(comment",
    "=?utf-8?q?=22_=3Cevil=40x.example=3E?=",
    "=?=?utf-8?q?x?=",
    "=?utf-8?q?" + "ø" * 60,
    "ø, <evil@x.example>" * 5,
    "日本語," * 30,
    "\udc80\udcff",
    "\0a",
    "",
    "  ",
    *(hostile.text for hostile in HOSTILE),
]
PIECES = st.sampled_from([*INJECTIONS, "\r\n", "=?", "?=", '"', "\\", ",", "<", ">", "@", ":", ";", " ", "ø"])
hostile = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=8).map("".join))


def read(raw: bytes) -> Any:
    """The mail as a recipient's program reads it."""
    return message_from_bytes(raw, policy=policy.default)


def sound(raw: bytes, files: int = 0) -> EmailMessage:
    """Nothing but what we wrote stands in this mail."""
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw)
    plain = message_from_bytes(raw, policy=policy.compat32)
    names = list(plain.keys())
    assert names == [
        *HEADERS,
        *(["Content-Type"] if files else ["Content-Type", "Content-Transfer-Encoding"]),
    ]
    for name, expected in (("From", MAIL.sender), ("To", MAIL.to), ("Reply-To", MAIL.reply_to)):
        for message in (plain, read(raw)):
            assert [one for _, one in getaddresses(message.get_all(name))] == [expected]
    assert plain.get_all("Bcc") is plain.get_all("Cc") is None
    assert len([part for part in plain.walk() if not part.is_multipart()]) == 1 + files
    found: EmailMessage = read(raw)
    return found


@given(name=hostile, to_name=hostile, subject=hostile, text=hostile)
def test_hostile_words_add_nothing(name: str, to_name: str, subject: str, text: str) -> None:
    raw = compose(
        msgspec.structs.replace(MAIL, sender_name=name, to_name=to_name, subject=subject, text=text)
    )
    found = sound(raw)
    for shown in (str(found["Subject"]), found["From"].addresses[0].display_name):
        assert not UNSAFE.search(shown)


@given(name=hostile, data=st.binary(max_size=200), kind=hostile)
def test_hostile_files_add_nothing(name: str, data: bytes, kind: str) -> None:
    raw = compose(msgspec.structs.replace(MAIL, files=(Enclosed(name, kind, data),)))
    part = next(iter(sound(raw, files=1).iter_attachments()))
    assert part.get_content_disposition() == "attachment"
    assert part.get_payload(decode=True) == data
    assert part.get_filename() == (file_name(name) or "file")


@given(to=hostile, local=hostile)
def test_a_hostile_address_is_refused_or_the_one_that_is_meant(to: str, local: str) -> None:
    for written in (to, f"{local}@x.example", f"vera@{to}"):
        try:
            raw = compose(msgspec.structs.replace(MAIL, to=written))
        except Unsendable:
            continue
        found = read(raw)["To"].addresses
        assert [one.addr_spec.lower() for one in found] == [address(written).lower()]


@given(inner=hostile)
def test_hostile_message_ids_are_left_out(inner: str) -> None:
    for given_ in (f"<{inner}@x>", inner, f"<a@{inner}>"):
        raw = compose(msgspec.structs.replace(MAIL, in_reply_to=given_, references=("<a@b>", given_)))
        names = [name for name in read(raw) if name not in ("In-Reply-To", "References")]
        assert names == [*HEADERS, "Content-Type", "Content-Transfer-Encoding"]
        assert str(read(raw)["References"]).split()[0] == "<a@b>"


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "Æ Ø Å and a long line " * 40,
        "日本語のテキスト。" * 40,
        "From here\n.\n..\n--=_x\n",
        "-- \nsignature",
        "  indented\n\n\nfar",
        "a=b =C3=A6 ?= =?utf-8?q?x?=",
        "\ttab",
        "",
    ],
)
def test_the_text_arrives_as_it_was_written(text: str) -> None:
    raw = compose(msgspec.structs.replace(MAIL, text=text))
    assert text_of(raw) == text.expandtabs(8).rstrip("\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    "name", ["naïve 日本 語.pdf", "a" * 300 + ".pdf", "x.html", "..", "/etc/passwd", "ø" * 200]
)
def test_a_file_keeps_a_safe_name(name: str) -> None:
    raw = compose(msgspec.structs.replace(MAIL, files=(Enclosed(name, "text/html", b"<script>"),)))
    part = next(iter(read(raw).iter_attachments()))
    assert part.get_filename() == (file_name(name) or "file")
    assert part.get_content_type() == "application/octet-stream"
    assert max(map(len, raw.split(b"\r\n"))) <= 78 + 120


def test_an_automatic_mail_says_so() -> None:
    found = read(compose(msgspec.structs.replace(MAIL, automatic=True)))
    assert found["Auto-Submitted"] == "auto-replied"
    assert read(compose(MAIL))["Auto-Submitted"] is None


def test_a_thread_keeps_its_first_and_its_newest_mails() -> None:
    many = [f"<{number}@x>" for number in range(40)]
    assert ids(many) == ("<0@x>", *many[-11:])


def test_a_domain_of_another_script_is_written_in_ascii() -> None:
    assert address("vera@bücher.example") == "vera@xn--bcher-kva.example"


def test_what_the_library_would_read_otherwise_never_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look finds what the first let through."""
    monkeypatch.setattr(room, "header", lambda text, limit: text)
    caught = 0
    for text in INJECTIONS:
        for field in ("sender_name", "to_name", "subject"):
            try:
                raw = compose(msgspec.structs.replace(MAIL, **{field: text}))
            except (Unsendable, UnicodeError):
                caught += 1
            else:
                sound(raw)
    assert caught > 20
