"""Mails given to a real mail server: taken, refused, broken off; encrypted and logged in."""

import asyncio
import ssl
from pathlib import Path

import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend.mail import sending
from agentconsole.backend.mail.sending import FIRST_MS, GIVE_UP_MS, MOST_MS, delivered, next_try
from agentconsole.backend.mail.settings import Server, Tls
from agentconsole.backend.storage.database import Unreachable
from agentconsole.backend.storage.mails import Mail
from agentconsole.protocol import MailKind, MailState
from tests.journey.tls import Files
from tests.mail.mailboxes import mailbox
from tests.mail.post_office import HOST, TAKEN, PostOffice
from tests.server.ticket_desk import desk

RAW = b"From: d@example.org\r\nTo: v@x.example\r\nSubject: x\r\n\r\nHello\r\n.\r\n..two dots\r\n"
PASSWORD = "the-mail-password"


def plain(office: PostOffice, **more: str) -> Server:
    """How to reach an office on this machine."""
    return Server(HOST, office.port, Tls.none, **more)


async def deliver(office: PostOffice, server: Server | None = None) -> sending.Outcome:
    """One mail to this office."""
    return await delivered(server or plain(office), "d@example.org", "v@x.example", RAW)


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """A file with the password."""
    file = tmp_path / "secret"
    file.touch(0o600)
    file.write_text(PASSWORD + "\n")
    return str(file)


def test_a_mail_is_written_into_a_folder_instead(tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    outcome = sending.dropped(str(folder), 7, RAW)
    assert outcome.state is MailState.accepted
    assert "nothing was sent" in outcome.answer
    assert [(each.name, each.read_bytes(), each.stat().st_mode & 0o777) for each in folder.iterdir()] == [
        ("7.eml", RAW, 0o600)
    ]
    (tmp_path / "file").touch()
    refused = sending.dropped(str(tmp_path / "file"), 8, RAW)
    assert refused.state is MailState.deferred
    assert "cannot be written" in refused.answer


async def test_a_mail_arrives_byte_for_byte() -> None:
    async with PostOffice() as office:
        assert await deliver(office) == sending.Outcome(MailState.accepted, TAKEN)
        assert office.received == [("d@example.org", ["v@x.example"], RAW)]


@pytest.mark.parametrize("stage", ["at_mail", "at_rcpt", "at_data", "on_data"])
@pytest.mark.parametrize(
    "answer, state",
    [
        ("450 4.2.0 come later", MailState.deferred),
        ("421 4.3.0 busy", MailState.deferred),
        ("550 5.1.1 nobody of that name", MailState.failed),
        ("552 5.3.4 too large", MailState.failed),
    ],
)
async def test_the_server_says_no(stage: str, answer: str, state: MailState) -> None:
    async with PostOffice() as office:
        setattr(office, stage, answer)
        assert await deliver(office) == sending.Outcome(state, answer)


@pytest.mark.parametrize("stage", ["at_rcpt", "at_data"])
async def test_a_connection_that_breaks_before_the_mail_is_tried_again(stage: str) -> None:
    async with PostOffice() as office:
        setattr(office, stage, "drop")
        assert (await deliver(office)).state is MailState.deferred
        assert office.received == []


async def test_a_connection_that_breaks_after_the_mail_leaves_nobody_knowing() -> None:
    async with PostOffice() as office:
        office.on_data = "drop"
        outcome = await deliver(office)
        assert outcome.state is MailState.unknown
        assert "not known" in outcome.answer
        assert len(office.received) == 1


async def test_silence_after_the_mail_leaves_nobody_knowing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "TAKEN_SECONDS", 0.05)
    async with PostOffice() as office:
        office.gate.clear()
        assert (await deliver(office)).state is MailState.unknown


async def test_nobody_there_is_tried_again() -> None:
    async with PostOffice() as office:
        server = plain(office)
    outcome = await delivered(server, "d@example.org", "v@x.example", RAW)
    assert outcome.state is MailState.deferred
    assert "not reached" in outcome.answer


async def test_a_stop_before_the_mail_is_no_riddle() -> None:
    held, over = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 office.example\r\n")
        await reader.readline()
        held.set()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        over.set()

    server = await asyncio.start_server(silent, HOST, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        task = asyncio.create_task(
            delivered(Server(HOST, port, Tls.none), "d@example.org", "v@x.example", RAW)
        )
        await held.wait()
        task.cancel()
        assert (await task).state is MailState.deferred
        await over.wait()


# --- encrypted, and logged in


@pytest.mark.parametrize("login", [False, True])
async def test_starttls_with_a_certificate_to_trust(
    context: ssl.SSLContext, files: Files, secret: str, login: bool
) -> None:
    async with PostOffice(context, ("desk", PASSWORD) if login else None) as office:
        user = {"user": "desk", "password_file": secret} if login else {}
        server = Server(HOST, office.port, Tls.starttls, ca_file=str(files.certificate), **user)
        assert (await deliver(office, server)).state is MailState.accepted


async def test_tls_from_the_first_byte(context: ssl.SSLContext, files: Files, secret: str) -> None:
    async with PostOffice(context, ("desk", PASSWORD), wrapped=True) as office:
        login = {"user": "desk", "password_file": secret}
        server = Server(HOST, office.port, Tls.tls, ca_file=str(files.certificate), **login)
        assert (await deliver(office, server)).state is MailState.accepted
        untrusted = Server(HOST, office.port, Tls.tls, **login)
        assert "certificate" in (await deliver(office, untrusted)).answer
        assert len(office.received) == 1


async def test_a_certificate_that_nobody_trusts_gets_no_mail(context: ssl.SSLContext) -> None:
    async with PostOffice(context) as office:
        outcome = await deliver(office, Server(HOST, office.port, Tls.starttls))
        assert outcome.state is MailState.deferred
        assert "certificate" in outcome.answer
        assert office.stages == []


async def test_without_starttls_nothing_is_said() -> None:
    """A mail server, or somebody on the way, that offers no encryption gets neither password nor mail."""
    async with PostOffice() as office:
        outcome = await deliver(office, Server(HOST, office.port, Tls.starttls))
        assert outcome.state is MailState.deferred
        assert office.stages == []


async def test_a_wrong_password_is_told_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "wrong-secret")
    async with PostOffice(login=("desk", PASSWORD)) as office:
        outcome = await deliver(office, plain(office, user="desk", password_env="MAIL_PASSWORD"))
        assert outcome.state is MailState.deferred
        assert "535" in outcome.answer
        assert "wrong-secret" not in outcome.answer


async def test_a_password_that_is_missing_is_named() -> None:
    async with PostOffice() as office:
        outcome = await deliver(office, plain(office, user="desk", password_env="NO_SUCH_VARIABLE"))
        assert outcome.state is MailState.deferred
        assert "NO_SUCH_VARIABLE" in outcome.answer


# --- when to try again


def test_tries_are_farther_and_farther_apart_for_three_days() -> None:
    mail = Mail(1, 1, 1, MailKind.answer, "v@x.example", "x", MailState.sending, 0, "<x>", tries=1)
    now, pauses = 0, []
    while at := next_try(mail, now):
        pauses.append(at - now)
        now, mail = at, msgspec.structs.replace(mail, tries=mail.tries + 1)
    assert pauses[:7] == [FIRST_MS * 2**step for step in range(6)] + [MOST_MS]
    assert max(pauses) == MOST_MS
    assert GIVE_UP_MS - MOST_MS < now <= GIVE_UP_MS


@pytest.mark.parametrize(
    "part, problem, state",
    [
        ("raws.outgoing", Unreachable("gone"), MailState.deferred),
        ("delivered", RuntimeError("a fault of ours"), MailState.unknown),
    ],
)
async def test_a_claimed_mail_is_settled_whatever_goes_wrong(
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    problem: Exception,
    state: MailState,
) -> None:
    """Nothing but a restart would look at it again."""

    def broken(*given: object) -> None:
        raise problem

    monkeypatch.setattr(f"agentconsole.backend.mail.sending.{part}", broken)
    (tmp_path / "mail.toml").write_text(mailbox("shop", smtp=1))
    async with desk(sqlite_url, tmp_path) as d:
        ann = await d.site.staff("ann")
        number = await d.new()
        await d.reply("ann", number)
        await ann.expect(p.TicketCard, ticket=number, mail=state)
