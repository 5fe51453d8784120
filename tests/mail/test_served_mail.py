"""The whole way: a mail in a real mailbox becomes a ticket of the running server, which also stops while it waits for mail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agentconsole import protocol as p
from agentconsole.backend.domain.mailing import Mailing
from agentconsole.backend.storage import tickets
from agentconsole.backend.storage.database import Database
from tests.server.site import running
from tests.waiting import async_until

from .corpus.case import DESK, from_anna, mail
from .dovecot import PASSWORD, Dovecot, prepared

pytestmark = pytest.mark.imap


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    """A mail server."""
    with prepared() as server:
        server.start()
        yield server


def settings(folder: Path, server: Dovecot) -> None:
    """The mailbox of the test, as an administrator writes it down."""
    secret = folder / "secret"
    secret.touch(0o600)
    secret.write_text(PASSWORD)
    lines = [
        "[mailbox.main]",
        'imap_host = "localhost"',
        f"imap_port = {server.tls_port}",
        f'imap_ca_file = "{server.ca_file}"',
        'imap_user = "help"',
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
