"""The whole way: a mail in a real mailbox becomes a ticket of the running server, which also stops while it waits for mail."""

from pathlib import Path

import pytest

from agentconsole import protocol as p
from agentconsole.backend.domain.mailing import Mailing
from agentconsole.backend.mail import imap
from agentconsole.backend.storage import tickets
from agentconsole.backend.storage.database import Database
from tests.server.site import running
from tests.waiting import async_until

from .corpus.case import DESK, from_anna, mail
from .dovecot import PASSWORD, Dovecot

pytestmark = pytest.mark.imap


def settings(folder: Path, server: Dovecot, user: str = "help") -> None:
    """The mailbox of the test, as an administrator writes it down."""
    secret = folder / "secret"
    secret.touch(0o600)
    secret.write_text(PASSWORD)
    lines = [
        "[mailbox.main]",
        'imap_host = "localhost"',
        f"imap_port = {server.tls_port}",
        f'imap_ca_file = "{server.ca_file}"',
        f'imap_user = "{user}"',
        f'imap_password_file = "{secret}"',
        'imap_done_folder = "Done"',
    ]
    (folder / "mail.toml").write_text("\n".join(lines))


async def test_a_mail_becomes_a_ticket_of_the_running_server(dovecot: Dovecot, tmp_path: Path) -> None:
    settings(tmp_path, dovecot)
    dovecot.deliver("help", mail(from_anna("Before it started", "s1"), "Hello"))
    url = f"sqlite:///{tmp_path / 'agentconsole.db'}"
    mailing = Mailing(address=DESK, mailbox="main", acknowledge=False)
    async with running(url, tmp_path, {"mailing": mailing}) as site:
        ann = await site.staff("ann")
        first = await ann.expect(p.TicketCard, subject="Before it started")
        assert (first.email, first.source, first.status) == ("anna@example.org", "email", p.TicketStatus.new)
        dovecot.deliver("help", mail(from_anna("While it runs", "s2"), "Hello again"))
        await ann.expect(p.TicketCard, subject="While it runs")
        await async_until(lambda: len(dovecot.flags("help", "Done")) == 2, what="both mails to be moved")
    database = Database(url, tmp_path)
    try:
        assert database.read_now(lambda db: tickets.page(db, p.TicketQuery(), None, 0))[0] == 2
    finally:
        database.close()


async def test_a_changed_file_counts_for_the_running_server(
    dovecot: Dovecot, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "LOOK_SECONDS", 0.1)
    settings(tmp_path, dovecot, "before")
    url = f"sqlite:///{tmp_path / 'agentconsole.db'}"
    mailing = Mailing(address=DESK, mailbox="main", acknowledge=False)
    async with running(url, tmp_path, {"mailing": mailing}) as site:
        ann = await site.staff("ann")
        (tmp_path / "mail.toml").write_text("[mailbox.main]\nimap_hots = 1\n")
        await async_until(lambda: "line 2: There is no field imap_hots" in caplog.text, seconds=60)
        dovecot.deliver("before", mail(from_anna("Under the old settings", "w1"), "Hello"))
        await ann.expect(p.TicketCard, subject="Under the old settings")
        await async_until(lambda: moved(dovecot, "before") == 1, seconds=60)
        settings(tmp_path, dovecot, "after")
        dovecot.deliver("after", mail(from_anna("Under the new settings", "w2"), "Hello"))
        await async_until(lambda: moved(dovecot, "after") == 1, seconds=60)
        dovecot.deliver("before", mail(from_anna("Too late", "w3"), "Hello"))
        dovecot.deliver("after", mail(from_anna("The last", "w4"), "Hello"))
        await ann.expect(p.TicketCard, subject="The last")
        await async_until(lambda: moved(dovecot, "after") == 2, seconds=60)
    assert len(dovecot.flags("before")) == 1, "the old mailbox is left alone"


def moved(dovecot: Dovecot, user: str) -> int:
    """How many mails were moved away because they were taken in."""
    with dovecot.mailbox(user) as person:
        return len(dovecot.flags(user, "Done")) if "Done" in str(person.list()[1]) else 0
