"""Two desks that mail each other by a way that changes mails, or by rules: they fall silent by themselves.

The plain case, with all parts real, is in test_two_instances.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend.desk.admin import SetDepartment
from agentconsole.backend.desk.receiving import ReceiveMail
from agentconsole.backend.desk.rules import PutRule
from agentconsole.backend.domain.letter import Unreadable
from agentconsole.backend.domain.mailing import Mailing
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.mail.parse import parse
from agentconsole.backend.storage import departments, mails, raws, tickets
from agentconsole.backend.storage.database import Database
from tests.storage.house import SALES, House, new_cid

from .corpus.case import mail

ROUNDS = 60  # more than any limit
Way = Callable[[bytes], bytes]


class Instance:
    """A desk with an address of its own, that acknowledges every new ticket."""

    def __init__(self, folder: Path, address: str) -> None:
        folder.mkdir()
        self.address = address
        self.sent = 0
        self.database = Database(f"sqlite:///{folder / 'desk.db'}", folder)
        self.database.migrate()
        self.house = House(self.database)
        with self.database.writer_engine.begin() as connection:
            found = departments.one(connection, SALES)
            assert found is not None
            mailing = Mailing(address=address, mailbox="main", acknowledge=True, tell_solved=True)
            departments.save(connection, msgspec.structs.replace(found, mailing=mailing))

    def outgoing(self) -> list[bytes]:
        """The mails that go out now."""
        with self.database.writer_engine.begin() as connection:
            found = mails.in_state(connection, [p.MailState.queued])
            for each in found:
                mails.save(connection, msgspec.structs.replace(each, state=p.MailState.accepted, next_at=0))
            self.sent += len(found)
            return [raws.outgoing(connection, each.id) or b"" for each in reversed(found)]

    def take(self, raw: bytes) -> None:
        """A mail comes in."""
        try:
            self.house.do(SYSTEM, ReceiveMail("main", parse(raw), raw))
        except Unreadable as failure:
            raise AssertionError(failure.reason) from failure

    def mails(self) -> list[mails.Mail]:
        """All mails that it wrote."""
        return self.database.read_now(lambda db: mails.in_state(db, list(p.MailState)))

    def tickets(self) -> int:
        """How many tickets there are."""
        query = p.TicketQuery(status="")
        return self.database.read_now(lambda db: tickets.page(db, query, None, 0))[0]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Instance, Instance]]:
    """Two instances, each with its own database and keys."""
    both = Instance(tmp_path / "a", "help@a.example"), Instance(tmp_path / "b", "desk@b.example")
    yield both
    for each in both:
        each.database.close()


def exchange(one: Instance, other: Instance, way: Way = lambda raw: raw) -> None:
    """Carry mails to and fro until neither has any, or it never ends."""
    for _ in range(ROUNDS):
        for source, target in ((one, other), (other, one)):
            for raw in source.outgoing():
                target.take(way(raw))


@pytest.mark.parametrize("also_keys", [False, True])
def test_where_a_relay_removes_what_marks_automatic_mail_the_rate_ends_it(
    pair: tuple[Instance, Instance], also_keys: bool
) -> None:
    """Nothing tells that a machine wrote; with its keys gone as well, every mail looks like a new question."""

    def relay(raw: bytes) -> bytes:
        raw = re.sub(rb"(?im)^(?:auto-submitted|x-auto-response-suppress|precedence):.*\r\n", b"", raw)
        if also_keys:
            raw = re.sub(rb"(?im)^(?:in-reply-to|references|reply-to):.*\r\n(?:[ \t].*\r\n)*", b"", raw)
            raw = re.sub(rb"(?im)^to:.*\r\n(?:[ \t].*\r\n)*", b"", raw)
            raw = re.sub(rb"<t[a-z2-7]{28}\.", b"<", raw)
        return raw

    one, other = pair
    head = f"Message-ID: <start@x.test>\nDate: Mon, 3 Mar 2025 10:00:00 +0000\nFrom: {other.address}\nTo: {one.address}"
    one.take(mail(head, "Hello"))
    exchange(one, other, relay)
    assert one.sent <= 4
    assert other.sent <= 4
    assert one.sent + other.sent >= 2


def test_solved_is_told_without_end_to_nobody(pair: tuple[Instance, Instance]) -> None:
    one, other = pair
    wish = p.NewTicket(new_cid(), SALES, "Invoice", "Where is it?", email=other.address)
    key = one.house.do(one.house.ann, wish).about
    one.house.do(one.house.ann, p.ReplyTicket(new_cid(), key, "Please.", 1))
    exchange(one, other)
    before = one.sent + other.sent
    for _ in range(10):
        one.house.do(one.house.ann, p.SetTicket(new_cid(), key, status=p.TicketStatus.solved))
        exchange(one, other)
        one.house.do(one.house.ann, p.SetTicket(new_cid(), key, status=p.TicketStatus.open))
    assert one.sent + other.sent - before <= 4


def test_rules_that_answer_do_not_answer_each_other(pair: tuple[Instance, Instance]) -> None:
    """Both tickets began with people; what came last decides whether anybody would read a rule's answer."""
    one, other = pair
    for each in pair:
        each.house.do(SYSTEM, SetDepartment("sales", acknowledge=False))
        rule = p.RuleWish("Thanks", p.RuleEvent.customer_replied, ["answer We have got it."])
        each.house.do(SYSTEM, PutRule(rule))
    wish = p.NewTicket(new_cid(), SALES, "Invoice", "Where is it?", email=other.address)
    key = one.house.do(one.house.ann, wish).about
    one.house.do(one.house.ann, p.ReplyTicket(new_cid(), key, "Please send the invoice.", 1))
    exchange(one, other)
    other.house.do(other.house.ann, p.ReplyTicket(new_cid(), 1, "Here it is.", 99))
    exchange(one, other)
    one.house.do(one.house.ann, p.ReplyTicket(new_cid(), key, "Thank you.", 99))
    exchange(one, other)
    told = [[mail.kind for mail in each.mails()].count(p.MailKind.rule) for each in pair]
    assert told == [1, 1], "once for what a person of the other wrote"
