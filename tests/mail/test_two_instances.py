"""Two servers that acknowledge what comes, each writing to the other by SMTP and fetching by IMAP: they fall silent."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from agentconsole.backend.desk.admin import SetDepartment
from tests.mail.corpus.case import mail
from tests.mail.dovecot import PASSWORD, Dovecot
from tests.mail.mailboxes import mailbox
from tests.mail.post_office import PostOffice, Received, Street
from tests.running import Running, cid
from tests.waiting import until

pytestmark = [pytest.mark.imap, pytest.mark.slow]

ADDRESSES = {"one": "help@one.example", "other": "desk@other.example"}  # login name in Dovecot: address
UNDER_WAY = "queued,sending,deferred"


class Instance:
    """One of the two: its server, and what its supervisor sees."""

    def __init__(self, data: Path, user: str, post: PostOffice, inbox: Dovecot) -> None:
        self.user, self.address, self.inbox = user, ADDRESSES[user], inbox
        data.mkdir(mode=0o700)
        settings = mailbox("main", smtp=post.port, imap=inbox.port, user=user)
        (data / "mail.toml").write_text(settings)
        self.server = Running(data, environment={"MAIL_PASSWORD": PASSWORD})
        self.server.start()
        self.server.add_department("desk")
        self.server.add_user("supervisor", name="sue")
        self.token = self.server.login("sue")
        wish = SetDepartment("desk", address=self.address, mailbox="main", acknowledge=True, tell_solved=True)
        assert self.server.order(wish).code is None

    def answer(self, email: str) -> None:
        """A person here writes to this address."""
        department = self.server.department_id("desk")
        ticket = {"cid": cid(), "department": department, "subject": "Invoice", "text": "?", "email": email}
        made = self.server.ask("POST", "/api/tickets", self.token, ticket).json()
        reply = {"cid": cid(), "text": "Please send the invoice.", "seen": 99}
        done = self.server.ask("POST", f"/api/tickets/{made['ticket']}/replies", self.token, reply)
        assert done.status_code < 300, done.text

    def taken_in(self) -> int:
        """How many mails it has taken in; -1 = some wait. A mail is marked as read once it is committed."""
        flags = self.inbox.flags(self.user)
        return len(flags) if all(b"\\Seen" in each for each in flags) else -1

    def has_sent_all(self) -> bool:
        """Is its outbox empty?"""
        answer = self.server.ask("GET", f"/api/mails?state={UNDER_WAY}", self.token)
        assert answer.status_code == 200, answer.text
        return answer.json() == []

    def tickets(self) -> int:
        """How many tickets there are."""
        return int(self.server.ask("GET", "/api/tickets?status=", self.token).json()["total"])


class Pair:
    """Both, with the post office that carries mails from each to the mailbox of the other."""

    def __init__(self, one: Instance, other: Instance, post: PostOffice) -> None:
        self.one, self.other, self.post = one, other, post
        self.delivered = 0  # by the test itself

    def forge(self, sender: str, to: Instance) -> None:
        """A mail that says to come from this address, by no post office of ours."""
        head = f"Message-ID: <forged@x.test>\nDate: Mon, 3 Mar 2025 10:00:00 +0000\nFrom: {sender}\nTo: {to.address}"
        self.delivered += 1
        to.inbox.deliver(to.user, mail(head, "Hello"))

    def fall_silent(self) -> int:
        """Wait until no mail is anywhere on its way; how many they have sent."""
        until(self._silent, seconds=120, every=0.2, what="the two to fall silent")
        return len(self.post.received)

    def _silent(self) -> bool:
        """All that was sent was taken in, after that nothing was in an outbox, and nothing was sent meanwhile."""
        sent = len(self.post.received)
        assert sent <= 12, "they go on and on"
        taken = self.one.taken_in(), self.other.taken_in()
        if -1 in taken or sum(taken) < sent + self.delivered:
            return False
        empty = self.one.has_sent_all() and self.other.has_sent_all()
        return empty and len(self.post.received) == sent


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Iterator[Pair]:
    """Two servers, one post office, one IMAP server with a mailbox for each."""
    folder = tmp_path_factory.mktemp("pair")
    users = {address: user for user, address in ADDRESSES.items()}
    with ExitStack() as open_:
        post = open_.enter_context(Street())

        def carry(mail: Received) -> None:
            for recipient in mail.recipients:
                local, _, domain = recipient.partition("@")
                dovecot.deliver(users[f"{local.partition('+')[0]}@{domain}"], mail.raw)

        post.carry = carry
        instances = []
        for user in ADDRESSES:
            instances.append(Instance(folder / user, user, post, dovecot))
            open_.callback(instances[-1].server.stop)
        yield Pair(instances[0], instances[1], post)


def test_what_one_writes_to_the_other_is_acknowledged_once(pair: Pair) -> None:
    before = pair.fall_silent()
    tickets = pair.other.tickets()
    pair.one.answer(pair.other.address)
    sent = pair.fall_silent() - before
    assert sent == 3, "that the ticket has come, the answer, and that the answer has come"
    assert pair.other.tickets() == tickets + 2, "people there see both"


def test_a_mail_forged_from_one_to_the_other_is_acknowledged_once(pair: Pair) -> None:
    before = pair.fall_silent()
    tickets = pair.other.tickets(), pair.one.tickets()
    pair.forge(pair.other.address, pair.one)
    sent = pair.fall_silent() - before
    assert sent == 1, "an acknowledgement is not acknowledged"
    assert (pair.other.tickets(), pair.one.tickets()) == (tickets[0] + 1, tickets[1] + 1), "people see it"
