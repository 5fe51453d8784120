"""Mails are kept for so many days; what waits for a decision, for ever."""

import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend.desk.mailing import MailDeed, SettleMail
from agentconsole.backend.desk.receiving import DiscardMail, ReleaseMail
from agentconsole.backend.desk.retention import SLICE, ForgetHeld, ForgetMails
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.mail.parse import parse
from agentconsole.backend.storage import arrivals, mails, raws
from tests.storage.house import SALES, new_cid

from .corpus import CASES
from .corpus.case import ANNA, answering, from_anna, mail
from .office import NUMBER, Office

DAYS, DAY_MS = 30, 86_400_000


def sent(office: Office, state: p.MailState) -> int:
    """A mail of ours, byte for byte, that got so far."""
    with office.house.database.writer_engine.begin() as connection:
        key = office.send(connection, f"<{new_cid()}@example.com>", ANNA, raw=b"Subject: x\r\n\r\nHello\r\n")
        found = mails.one(connection, key)
        assert found is not None
        mails.save(connection, msgspec.structs.replace(found, state=state))
    return key


def left(office: Office, key: int) -> bytes:
    """What is left of a mail of ours."""
    found = office.house.database.read_now(lambda db: raws.outgoing(db, key))
    assert found is not None
    return found


def test_a_mail_that_went_is_kept_for_its_days_and_longer_while_it_may_go_again(office: Office) -> None:
    went = {state: sent(office, state) for state in p.MailState}
    office.house.now += DAYS * DAY_MS
    assert office.house.do(SYSTEM, ForgetMails(DAYS)).value is False
    assert all(left(office, key) for key in went.values()), "its days are not over"
    office.house.now += 1
    assert office.house.do(SYSTEM, ForgetMails(DAYS)).value is False
    assert {state for state, key in went.items() if not left(office, key)} == {p.MailState.accepted}


def test_what_is_gone_is_not_sent_again(office: Office) -> None:
    key = sent(office, p.MailState.accepted)
    office.house.now += DAYS * DAY_MS + 1
    office.house.do(SYSTEM, ForgetMails(DAYS))
    with office.house.database.writer_engine.begin() as connection:
        found = mails.one(connection, key)
        assert found is not None
        mails.save(connection, msgspec.structs.replace(found, state=p.MailState.bounced))
    refusal = office.house.try_(office.house.sue, SettleMail(key, MailDeed.resend)).refusal
    assert refusal is not None
    assert (refusal.code, "age" in refusal.text) == (p.Code.not_now, True)


def test_a_mail_that_came_is_known_when_it_is_gone(office: Office) -> None:
    raw = mail(answering("Re: Parcel", "old"), "Where is it?")
    assert office.take(raw).about == NUMBER
    (came,) = office.house.database.read_now(lambda db: arrivals.of_ticket(db, NUMBER))
    office.house.now += DAYS * DAY_MS + 1
    office.house.do(SYSTEM, ForgetMails(DAYS))
    assert office.house.database.read_now(lambda db: raws.incoming(db, came.id)) == b""
    assert any(getattr(what, "text", "") == "Where is it?" for what in office.whats()), "what it said stays"
    assert "came before" in str(office.take(raw).value)


def test_much_is_forgotten_a_slice_at_a_time(office: Office) -> None:
    for _ in range(SLICE + 1):
        sent(office, p.MailState.accepted)
    office.house.now += DAYS * DAY_MS + 1
    assert [office.house.do(SYSTEM, ForgetMails(DAYS)).value for _ in range(2)] == [True, False]


def test_what_waits_in_quarantine_is_kept_for_ever(office: Office) -> None:
    unread = [case.raw for case in CASES if case.name in ("flat-2000", "nested-3000")]
    report = next(case.raw for case in CASES if case.name == "delivered")
    for raw in (*unread, report):
        office.take(raw)
    first, second = office.detained()
    letter = parse(mail(from_anna("Hello", "freed"), "Hello"))
    office.house.do(office.house.sue, ReleaseMail(new_cid(), first.id, SALES, letter))
    assert [card.id for card in office.detained()] == [second.id, first.id], "what still waits stands first"
    (told,) = office.detained(ignored=True)
    office.house.do(office.house.sue, DiscardMail(told.id))
    for days, held, ignored in ((DAYS, 2, 1), (1, 1, 0)):
        office.house.now += days * DAY_MS
        office.house.do(SYSTEM, ForgetHeld(DAYS))
        assert (len(office.detained()), len(office.detained(ignored=True))) == (held, ignored)


@pytest.mark.parametrize("command", [ForgetMails(1), ForgetHeld(1)])
def test_nobody_but_the_clock_forgets(office: Office, command: ForgetMails | ForgetHeld) -> None:
    refusal = office.house.try_(office.house.sue, command).refusal
    assert refusal is not None
    assert refusal.code is p.Code.unknown
