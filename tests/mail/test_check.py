"""`agentconsole mail`: each step of a mailbox is tried and named; a trace tells the life of a ticket's mails."""

import json
import ssl
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from agentconsole.backend.mail.check import Finding, checked
from agentconsole.backend.mail.settings import Mailbox, Server, Tls
from agentconsole.backend.storage import arrivals
from agentconsole.backend.storage.database import Database
from agentconsole.protocol import QuarantineCard
from tests.journey.tls import Files
from tests.mail.dovecot import PASSWORD as IMAP_PASSWORD
from tests.mail.dovecot import Dovecot
from tests.mail.post_office import HOST, PostOffice
from tests.mail.shop import Staff, shop

pytestmark = pytest.mark.slow
SECRET = "the-mail-password"


async def steps(**halves: Server) -> list[Finding]:
    """What was found of a mailbox."""
    return [found async for found in checked(Mailbox("shop", **halves))]


def short(found: list[Finding], half: str) -> list[tuple[str, bool]]:
    """The steps of one half."""
    return [(one.step, one.ok) for one in found if one.half == half]


async def test_everything_works(
    context: ssl.SSLContext, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_SECRET", SECRET)
    async with PostOffice(context, ("desk", SECRET)) as post:
        server = Server(HOST, post.port, Tls.starttls, "desk", "MAIL_SECRET", ca_file=str(files.certificate))
        found = await steps(smtp=server)
        assert short(found, "smtp") == [
            ("name", True),
            ("connection", True),
            ("encryption", True),
            ("login", True),
        ]
        assert short(found, "imap") == [("settings", True)]
        assert post.stages == [], "nothing is sent"


@pytest.mark.parametrize(
    "fault, step",
    [
        ("name", "name"),
        ("port", "connection"),
        ("trust", "encryption"),
        ("secret", "login"),
        ("unset", "login"),
    ],
)
async def test_the_step_that_fails_is_named(
    context: ssl.SSLContext, files: Files, monkeypatch: pytest.MonkeyPatch, fault: str, step: str
) -> None:
    if fault != "unset":
        monkeypatch.setenv("MAIL_SECRET", "wrong-word" if fault == "secret" else SECRET)
    async with PostOffice(context, ("desk", SECRET)) as post, PostOffice() as gone:
        closed = gone.port
        await gone.close()
        found = await steps(
            smtp=Server(
                "no-such-host.invalid" if fault == "name" else HOST,
                closed if fault == "port" else post.port,
                Tls.starttls,
                "desk",
                "MAIL_SECRET",
                ca_file="" if fault == "trust" else str(files.certificate),
            )
        )
    last = found[-2]
    assert (last.step, last.ok) == (step, False)
    assert last.text
    assert not any(word in one.text for one in found for word in (SECRET, "wrong-word"))


@pytest.mark.imap
async def test_a_folder_is_looked_into(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAP_SECRET", IMAP_PASSWORD)
    server = Server("127.0.0.1", dovecot.tls_port, Tls.tls, "vera", "IMAP_SECRET", ca_file=dovecot.ca_file)
    found = await steps(imap=server)
    assert short(found, "imap") == [
        (step, True) for step in ("name", "connection", "encryption", "login", "folder")
    ]
    assert "INBOX with 0 mails" in found[-1].text
    missing = [one async for one in checked(Mailbox("shop", imap=server, folder="Nowhere"))][-1]
    assert (missing.step, missing.ok) == ("folder", False)
    monkeypatch.setenv("IMAP_SECRET", "wrong-word")
    refused = (await steps(imap=server))[-1]
    assert (refused.step, refused.ok) == ("login", False)
    assert "wrong-word" not in refused.text


# --- as a command


def mail(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`agentconsole mail` on this data folder."""
    command = [sys.executable, "-m", "agentconsole", "mail", words[0], "--data", str(data), *words[1:]]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def ignore(data: Path, card: QuarantineCard) -> None:
    """A mail was ignored while the server ran."""
    database = Database(f"sqlite:///{data / 'agentconsole.db'}", data)
    try:
        with database.writer_engine.begin() as connection:
            arrivals.detain(connection, msgspec.structs.replace(card, ignored=True), b"digest", b"raw")
    finally:
        database.close()


def test_check_and_trace_on_the_command_line(tmp_path: Path, post: PostOffice) -> None:
    with shop(tmp_path, post) as server:
        data = tmp_path / "data"
        found = mail(data, "check")
        assert (found.returncode, found.stderr) == (0, "")
        assert "ok   shop smtp connection: port" in found.stdout
        server.add_department("other", address="other@example.org", mailbox="elsewhere")
        found = mail(data, "check", "--json")
        assert found.returncode == 1
        assert "elsewhere" in found.stderr
        assert {json.loads(line)["half"] for line in found.stdout.splitlines()} == {"smtp", "imap"}
        sue = Staff(server)
        post.at_rcpt = "550 5.1.1 nobody of that name"
        ticket, number = sue.answer("vera@x.example", "hello")
        sue.becomes(ticket, "failed")
        post.at_rcpt = ""
        settled = mail(data, "settle", str(number), "resend")
        assert settled.returncode == 0, settled.stderr
        sue.becomes(ticket, "accepted")
        rows = json.loads(mail(data, "trace", str(ticket), "--json").stdout)
        assert [row["state"] for row in rows] == ["queued", "failed", "queued", "accepted"]
        assert rows[1]["text"] == "550 5.1.1 nobody of that name"
        assert mail(data, "settle", str(number), "resend").returncode == 1
    told = mail(data, "trace", str(ticket))
    assert told.returncode == 0, "also without a server"
    assert "vera@x.example  failed    550 5.1.1 nobody of that name" in told.stdout
    assert mail(data, "trace", "99").returncode == 1
    assert json.loads(mail(data, "quarantine", "--json").stdout) == []
    ignore(data, QuarantineCard(1, "shop", 1_700_000_000_000, "a loop", "loop@x.example", "Re: Re:", 12))
    found = mail(data, "ignored")
    assert (found.stdout, found.stderr) == (
        "mail 1  2023-11-14 22:13:20 UTC  shop  loop@x.example  Re: Re:  a loop\n",
        "",
    )
    assert mail(data, "discard", "1").stdout == "Mail 1 is discarded.\n"
    assert "a loop  discarded by operator " in mail(data, "ignored").stdout
    (data / "mail.toml").write_text("[mailbox.shop]\nsmtp_hots = 'x'\n")
    found = mail(data, "check")
    assert found.returncode == 2
    assert "line 2" in found.stderr
    (data / "mail.toml").unlink()
    assert mail(data, "check").returncode == 1
