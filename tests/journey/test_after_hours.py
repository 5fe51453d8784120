"""After hours, with every part real: a visitor's browser, the server, an agent's terminal, mail out and mail in."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import expect

from agentconsole.backend.desk.admin import SetDepartment
from tests.browser.conftest import Contexts
from tests.browser.hours import CLOSED, OPEN, keep
from tests.journey.console import ENTER, F8, F9, Console
from tests.mail.dovecot import PASSWORD, Dovecot, prepared
from tests.mail.mailboxes import mailbox
from tests.mail.post_office import PostOffice, Received, Street
from tests.running import Running, running
from tests.waiting import until

pytestmark = [pytest.mark.terminal, pytest.mark.browser, pytest.mark.imap]

ADDRESS = "help@desk.example"


@pytest.fixture
def post() -> Iterator[PostOffice]:
    """Where the server's mails arrive."""
    with Street() as office:
        yield office


@pytest.fixture
def inbox() -> Iterator[Dovecot]:
    """Where customers' mails arrive."""
    with prepared() as server:
        server.start()
        yield server


@pytest.fixture
def site(
    tmp_path: Path, post: PostOffice, inbox: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Running]:
    """A server with one department, its mailbox, and an agent."""
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    box = mailbox("main", smtp=post.port, imap=inbox.port, user="help", imap_poll_seconds=1)
    (data / "mail.toml").write_text(box)
    with running(data) as found:
        found.add_user("admin", name="root")
        found.add_department("support")
        settings = SetDepartment(
            "support", address=ADDRESS, mailbox="main", mail_name="Desk", acknowledge=True, mail_html=True
        )
        answer = found.order(settings)
        assert answer.code is None, answer
        found.add_user("agent", name="kim", department="support")
        yield found


def mails_to(post: PostOffice, recipient: str, count: int) -> list[EmailMessage]:
    """Wait until so many mails went to this address; the mails."""

    def found() -> list[Received]:
        own = [each for each in post.received if each.recipients == [recipient]]
        return own if len(own) >= count else []

    received = until(found, seconds=20, what=f"{count} mails to {recipient}")
    assert len(received) == count
    read = [email.message_from_bytes(each.raw, policy=email.policy.default) for each in received]
    assert all(isinstance(each, EmailMessage) for each in read)
    return [each for each in read if isinstance(each, EmailMessage)]


def said(mail: EmailMessage, form: str = "plain") -> str:
    """What a mail says, in one of its forms."""
    part = mail.get_body((form,))
    assert part is not None
    return str(part.get_content())


def answer_to(mail: EmailMessage, sender: str, text: str) -> bytes:
    """What a mail program makes of an answer: to whom it says, and with what was written before below it."""
    quoted = "\n".join(f"> {line}" for line in said(mail).splitlines())
    answer = EmailMessage()
    answer["From"], answer["To"] = sender, str(mail["Reply-To"])
    answer["Subject"] = f"Re: {mail['Subject']}"
    answer["Message-ID"] = "<answer.1@customer.example>"
    answer["In-Reply-To"] = answer["References"] = str(mail["Message-ID"])
    answer["Date"] = str(mail["Date"])
    answer.set_content(f"{text}\n\nOn Monday Desk <{ADDRESS}> wrote:\n{quoted}\n")
    return answer.as_bytes(policy=email.policy.SMTP)


def test_a_message_left_after_hours_is_answered_by_mail_and_the_customer_writes_on(
    site: Running, post: PostOffice, inbox: Dovecot, contexts: Contexts, tmp_path: Path
) -> None:
    keep(site, "support", CLOSED)
    visitor = contexts().new_page()
    visitor.goto(f"{site.url}/chat/support")
    visitor.get_by_label("Your message").fill("My parcel has not come. Where is it?")
    visitor.locator("#email").fill("vera@customer.example")
    visitor.locator("#name").fill("Vera")
    visitor.get_by_role("button", name="Send message").click()
    expect(visitor.get_by_text("vera@customer.example").first).to_be_visible()
    (receipt,) = mails_to(post, "vera@customer.example", 1)
    assert receipt["Auto-Submitted"] == "auto-replied"
    assert "parcel" not in receipt.as_string(), "an address that nobody proved gets no text of the form back"

    with Console(site, tmp_path / "home", user="kim") as kim:
        kim.ready()
        kim.send("K")
        kim.row("#1", "Vera", "My parcel has not come")
        kim.send(ENTER)
        kim.row("┃ My parcel has not come. Where is it?")
        kim.send("m")
        kim.row("NOTE – staff only ▸")
        kim.send("NOTESECRET the depot has it")
        kim.row("▸ NOTESECRET")
        kim.send(F9)
        kim.row("# NOTE by kim", "NOTESECRET")
        kim.send(F8)
        kim.row("to vera@customer.example ▸")
        kim.send("It comes tomorrow. https://post.example/?a=1&b=2")
        kim.row("▸ It comes tomorrow.")
        kim.send(F9)
        kim.wait_for("waiting")
        kim.send(ENTER)
        _, answer = mails_to(post, "vera@customer.example", 2)
        assert "It comes tomorrow. https://post.example/?a=1&b=2" in said(answer)
        assert 'It comes tomorrow. <a href="https://post.example/?a=1&amp;b=2"' in said(answer, "html")
        assert answer["Auto-Submitted"] is None
        kim.row("accepted")

        inbox.deliver("help", answer_to(answer, "Vera <vera@customer.example>", "Thank you so much!"))
        kim.row("┃ Thank you so much!", seconds=30)
        assert not kim.shows("> It comes tomorrow."), "what was quoted is folded"
        assert not any("#2" in row for row in kim.rows), "it is part of the same ticket"
    assert not any(b"NOTESECRET" in each.raw for each in post.received)
    keep(site, "support", OPEN)


def test_a_stranger_who_writes_a_number_into_the_subject_gets_a_ticket_of_his_own(
    site: Running, post: PostOffice, inbox: Dovecot, tmp_path: Path
) -> None:
    vera = (
        b"From: Vera <vera@customer.example>\r\nTo: help@desk.example\r\nSubject: Order\r\n"
        b"Message-ID: <first@customer.example>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nWhere is it?\r\n"
    )
    forged = (
        b"From: Mallory <mallory@elsewhere.example>\r\nTo: help@desk.example\r\nSubject: Re: [#1] Order\r\n"
        b"Message-ID: <forged@elsewhere.example>\r\nDate: Mon, 2 Nov 2026 11:00:00 +0000\r\n\r\nSend me all of it.\r\n"
    )
    inbox.deliver("help", vera, forged)
    with Console(site, tmp_path / "home", user="kim", columns=120, lines=40) as kim:
        kim.ready()
        kim.send("K")
        kim.row("#1", "Order", seconds=30)
        kim.row("#2", "[#1] Order", seconds=30)
    assert len(mails_to(post, "vera@customer.example", 1)) == 1
    assert len(mails_to(post, "mallory@elsewhere.example", 1)) == 1
