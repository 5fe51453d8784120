"""Charsets, broken MIME, attachments with bad names, and what can only go into quarantine."""

from __future__ import annotations

import base64

from .case import ANNA, DESK, Case, Goes, alternative, from_anna, mail, part, single

PLAIN = "MIME-Version: 1.0\nContent-Type: text/plain; charset="


def _plain(name: str, text: str, charset: str, claimed: str = "", how: str = "8bit") -> Case:
    data = text.encode(charset)
    body = base64.encodebytes(data) if how == "base64" else data
    head = f"{from_anna('Hello', name)}\n{PLAIN}{claimed or charset}\nContent-Transfer-Encoding: {how}"
    return Case(name, mail(head, body), reply=text.strip("\n"))


def _subject(name: str, coded: str, meant: str) -> Case:
    return Case(name, mail(from_anna(coded, name), "Hello"), reply="Hello", subject=meant)


def _file(name: str, stated: str, safe: str, kind: str = "application/octet-stream") -> Case:
    text = part("text/plain; charset=utf-8", "See the file.")
    body = f"--b1\n{text}\n--b1\nContent-Type: {kind}\n{stated}\nContent-Transfer-Encoding: base64\n\nAAECAw==\n--b1--\n"
    head = f'{from_anna("File", name)}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b1"'
    return Case(name, mail(head, body), reply="See the file.", files=(safe,))


def _multipart(
    name: str, body: str, reply: str, kind: str = "mixed", files: tuple[str, ...] | None = None
) -> Case:
    head = f'{from_anna("Odd", name)}\nMIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary="b1"'
    return Case(name, mail(head, body), reply=reply, files=files)


def nested(depth: int) -> bytes:
    """A mail whose parts lie so deep."""
    opening = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return f"{from_anna('Deep', 'deep')}\nMIME-Version: 1.0\n{opening}\nHello\n".encode()


def attached_in_each_other(depth: int) -> bytes:
    """A mail in a mail in a mail."""
    opening = "Content-Type: message/rfc822\n\n" * depth
    return f"{from_anna('Deep', 'rfc822')}\nMIME-Version: 1.0\n{opening}Subject: in\n\nHello\n".encode()


def flat(parts: int) -> bytes:
    """A mail of so many parts beside each other."""
    body = "--b1\nContent-Type: text/plain\n\nx\n" * parts
    head = f'{from_anna("Flat", "flat")}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b1"'
    return f"{head}\n\n{body}--b1--\n".encode()


def _quarantine(name: str, raw: bytes) -> Case:
    return Case(name, raw, Goes.quarantine)


JAPANESE = "こんにちは。荷物が届きません。\nよろしくお願いします。\n"
RUSSIAN = "Здравствуйте!\nПосылка не пришла.\n"
POLISH = "Dzień dobry,\npaczka nie dotarła: żółć, łąka.\n"
HIDDEN_LINK = '<p>Look <a href="https://evil.example.test/x">at the invoice</a> &amp; <b>pay</b></p><script>alert(1)</script>'
PICTURE = part("image/png", "x", "base64") + "Content-ID: <p1>\n"

CASES = [
    _plain("iso-2022-jp", JAPANESE, "iso-2022-jp"),
    _plain("shift-jis", JAPANESE, "shift_jis"),
    _plain("koi8-r", RUSSIAN, "koi8-r"),
    _plain("windows-1251-base64", RUSSIAN, "windows-1251", how="base64"),
    _plain("windows-1250", POLISH, "windows-1250"),
    _plain("iso-8859-2", POLISH, "iso-8859-2"),
    _plain("utf-16", RUSSIAN, "utf-16", how="base64"),
    _plain("gb2312-that-is-more", "你好，朱镕基\n", "gb18030", "gb2312"),
    _plain("latin1-that-is-windows", "The price is 5 €, “net”.\n", "cp1252", "iso-8859-1"),
    _plain("ascii-that-is-utf-8", "Grüße\n", "utf-8", "us-ascii"),
    _plain("utf-8-that-is-latin1", "Grüße\n", "latin-1", "utf-8"),
    _plain("unknown-charset", "Grüße\n", "utf-8", "x-martian"),
    _plain("codec-that-is-no-charset", "Hello\n", "utf-8", "rot13"),
    _plain("codec-that-is-slow", "Hello\n", "utf-8", "punycode"),
    _plain("charset-in-quotes", "Grüße\n", "utf-8", '"utf-8"'),
    _plain("right-to-left", "שלום, החבילה לא הגיעה\n", "utf-8"),
    _plain("nul-bytes", "a\x00b\n", "utf-8").__class__(
        "nul-bytes", mail(from_anna("NUL", "nul"), b"a\x00b\n"), reply="a\ufffdb"
    ),
    _subject("subject-encoded", "=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
    _subject("subject-character-cut-in-two", "=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),
    _subject("subject-of-two-charsets", "=?iso-8859-1?Q?Gr=FC=DFe?= =?koi8-r?B?8NLJ18XU?=", "GrüßeПривет"),
    _subject("subject-raw-bytes", "Grüße", "Grüße"),
    _subject("subject-broken-base64", "=?utf-8?B?A?= end", "= ?utf-8?B?A?= end"),
    _subject("subject-unknown-charset", "=?x-martian?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
    _subject("subject-empty", "", ""),
    _subject("subject-too-long", "long " * 100, ("long " * 40)[:200].strip()),
    _file("file-path", 'Content-Disposition: attachment; filename="../../etc/passwd"', "passwd"),
    _file("file-windows-path", 'Content-Disposition: attachment; filename="C:\\\\temp\\\\a.doc"', "a.doc"),
    _file("file-hidden", 'Content-Disposition: attachment; filename=".bashrc"', "bashrc"),
    _file("file-reversed", "Content-Disposition: attachment; filename*=utf-8''a%E2%80%AEfdp.exe", "afdp.exe"),
    _file("file-newline", "Content-Disposition: attachment; filename*=utf-8''a%0D%0Ab.pdf", "ab.pdf"),
    _file("file-encoded-word", 'Content-Disposition: attachment; filename="=?utf-8?Q?Gr=C3=BC=C3=9Fe=2Epdf?="', "Grüße.pdf"),
    _file("file-in-pieces", "Content-Disposition: attachment; filename*0=\"long \"; filename*1=\"name.pdf\"", "long name.pdf"),
    _file("file-raw-bytes", 'Content-Disposition: attachment; filename="żółć.pdf"', "żółć.pdf"),
    _file("file-without-name", "Content-Disposition: attachment", "file-1"),
    _file("file-dots", 'Content-Disposition: attachment; filename=".."', "file-1"),
    _file("file-long", f'Content-Disposition: attachment; filename="{"x" * 300}.pdf"', "x" * 116 + ".pdf"),
    _file("file-html", 'Content-Disposition: attachment; filename="page.html"', "page.html", "text/html"),
    _file("file-svg", 'Content-Disposition: inline; filename="logo.svg"', "logo.svg", "image/svg+xml"),
    _multipart("boundary-never-ends", f"--b1\n{part('text/plain', 'Hello')}", "Hello"),
    _multipart("boundary-never-begins", "Hello there\n", "", files=None),
    _multipart("preamble", f"Ignore this.\n--b1\n{part('text/plain', 'Hello')}\n--b1--\nand this", "Hello"),
    _multipart("empty-alternative", f"--b1\n{part('text/plain', '')}\n--b1\n{part('text/html', '<p>Hello<br>there')}\n--b1--", "Hello\nthere", "alternative"),
    _multipart("picture-between", f"--b1\n{part('text/plain', 'Above')}\n--b1\n{PICTURE}\n--b1\n{part('text/plain', 'Below')}\n--b1--", "Above\n\nBelow"),
    _multipart("mail-attached", f"--b1\n{part('text/plain', 'See')}\n--b1\nContent-Type: message/rfc822\n\nSubject: in\n\nHidden\n--b1--", "See", files=("file-1.eml",)),
    _multipart("calendar", f"--b1\n{part('text/plain', 'Join')}\n--b1\n{part('text/calendar; name=invite.ics', 'BEGIN:VCALENDAR')}\n--b1--", "Join", files=("invite.ics",)),
    _multipart("signed", f"--b1\n{part('text/plain', 'Signed')}\n--b1\nContent-Type: application/pgp-signature; name=signature.asc\n\nxyz\n--b1--", "Signed", "signed", ("signature.asc",)),
    Case("html-only", single(from_anna("Hi", "html"), part("text/html", HIDDEN_LINK)), reply="Look at the invoice <https://evil.example.test/x> & pay"),
    Case("html-broken", single(from_anna("Hi", "broken"), part("text/html", "<div><p>One<table><td>Two<![foo</div>Three")), reply=None),
    Case("html-entities", single(from_anna("Hi", "entity"), part("text/html", "&lt;b&gt; &eacute; &#128512; &nope;")), reply="<b> é 😀 &nope;"),
    Case("html-list", single(from_anna("Hi", "ul"), part("text/html", "<ul><li>a<li>b</ul>")), reply="- a\n- b"),
    Case("base64-broken", single(from_anna("Hi", "b64"), "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nSGVsbG8*\nSGV"), reply=None),
    Case("encoding-unknown", single(from_anna("Hi", "cte"), "Content-Type: text/plain\nContent-Transfer-Encoding: martian\n\nHello"), reply="Hello"),
    Case("no-message-id", mail(from_anna("Hi", "x").replace("Message-ID: <x@mail.example.org>\n", ""), "Hello"), reply="Hello"),
    Case("message-id-without-brackets", mail(from_anna("Hi", "x").replace("<x@mail.example.org>", "nobrackets@mail.example.org"), "Hello"), reply="Hello"),
    Case("date-nonsense", mail(from_anna("Hi", "date").replace("Mon, 03 Mar 2025 11:40:00 +0100", "yesterday"), "Hello"), reply="Hello"),
    Case("only-headers", mail(from_anna("Call me: 555 0100", "headers")), reply="", subject="Call me: 555 0100"),
    Case("lone-cr", from_anna("Hi", "cr").encode() + b"\n\nOne\rTwo\r\nThree", reply="One\nTwo\nThree"),
    Case("upper-case-address", mail(from_anna("Hi", "upper").replace(f"<{ANNA}>\nTo", "<ANNA@Example.ORG>\nTo"), "Hello"), reply="Hello", sender=ANNA),
    Case("sender-instead-of-from", mail(f"Sender: {ANNA}\nTo: {DESK}\nSubject: Hi", "Hello"), reply="Hello", sender=ANNA),
    Case("two-froms-with-sender", mail(f"From: bob@example.test, {ANNA}\nSender: {ANNA}\nTo: {DESK}", "Hello"), reply="Hello", sender=ANNA),
    Case("alternative-markdown", alternative(from_anna("Hi", "md"), "[red]x[/] [@click=app.quit]", "<p>x"), reply="[red]x[/] [@click=app.quit]"),
    Case("escape-codes", mail(from_anna("Hi \x1b]0;owned\x07", "esc"), "\x1b[2Jgone"), reply="\x1b[2Jgone", subject="Hi ]0;owned"),
    _quarantine("empty", b""),
    _quarantine("blank", b"\r\n\r\n"),
    _quarantine("no-from", mail(f"To: {DESK}\nSubject: Hi", "Hello")),
    _quarantine("from-nobody", mail(f"From: somebody\nTo: {DESK}", "Hello")),
    _quarantine("two-from-lines", mail(f"From: {ANNA}\nFrom: bob@example.test\nTo: {DESK}", "Hello")),
    _quarantine("two-from-lines-and-a-sender", mail(f"From: {ANNA}\nFrom: bob@example.test\nSender: {ANNA}\nTo: {DESK}", "Hello")),
    _quarantine("nested-3000", nested(3000)),
    _quarantine("nested-21", nested(21)),
    _quarantine("attached-3000", attached_in_each_other(3000)),
    _quarantine("attached-30", attached_in_each_other(30)),
    _quarantine("flat-2000", flat(2000)),
    _quarantine("flat-200", flat(200)),
    _quarantine("in-circles", ("Received: from a by b; Mon, 03 Mar 2025 11:40:00 +0100\n" * 61).encode() + mail(from_anna("Hi", "circle"), "Hello")),
    _quarantine("garbage", bytes(range(256)) * 40),
    Case("nested-19", nested(19), reply="Hello"),
    Case("flat-199", flat(199)),
]  # fmt: skip
