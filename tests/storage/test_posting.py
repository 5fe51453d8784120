"""Mails to customers, from the answer to the last word about it, on both databases."""

import re
from email import message_from_bytes, policy
from typing import Any

import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend import token
from agentconsole.backend.compose import text_of
from agentconsole.backend.desk import mailing
from agentconsole.backend.desk.mailing import ClaimMail, MailDeed, MailSent, RecoverMails, SettleMail
from agentconsole.backend.desk.posting import AUTOMATIC_AN_HOUR, MAX_BYTES
from agentconsole.backend.domain.mailing import Mailing
from agentconsole.backend.domain.spans import DAY_MS, HOUR_MS
from agentconsole.backend.storage import arrivals, departments, files, mails, raws
from agentconsole.backend.storage.arrivals import Arrival
from agentconsole.backend.storage.mails import Mail
from agentconsole.protocol import MailKind, MailState
from agentconsole.text import header
from tests.hostile import HOSTILE
from tests.storage.house import SALES, House, begin_message, new_cid
from tests.storage.test_rules import did, rule
from tests.storage.test_tickets import made_ticket, new_ticket, reply, ticket, whats

MAILING = Mailing(
    address="sales@example.org",
    also=("shop@example.org",),
    display="The shop",
    mailbox="shop",
    signature="Kind regards",
    acknowledge=False,
)


@pytest.fixture
def shop(house: House) -> House:
    """A house whose sales department writes mails."""
    set_mailing(house)
    return house


def set_mailing(house: House, **fields: Any) -> None:
    """How sales writes mails from now on."""
    with house.database.writer_engine.begin() as db:
        found = departments.one(db, SALES)
        assert found is not None
        changed = msgspec.structs.replace(MAILING, **fields)
        departments.save(db, msgspec.structs.replace(found, mailing=changed, version=found.version + 1))


def outbox(house: House, key: int) -> list[Mail]:
    """The mails of a ticket."""

    def read(db: Any) -> list[Mail]:
        found = [mails.one(db, card.id) for card in mails.of_ticket(db, key)]
        return [mail for mail in found if mail]

    return house.database.read_now(read)


def raw(house: House, mail: Mail) -> Any:
    """A mail as its recipient's program reads it."""
    return message_from_bytes(
        house.database.read_now(lambda db: raws.outgoing(db, mail.id)) or b"", policy=policy.default
    )


def answered(house: House, **fields: Any) -> tuple[int, Mail]:
    """A ticket whose answer lies in the outbox."""
    key = new_ticket(house)
    assert reply(house, key, **fields).refusal is None
    return key, outbox(house, key)[-1]


def sending(house: House, mail: Mail) -> Mail:
    """The mail is claimed: the server is about to send it."""
    claimed: Mail = house.system(ClaimMail(mail.id)).value
    assert claimed.state is MailState.sending
    return claimed


def sent(house: House, mail: Mail, state: MailState, answer: str = "250 ok", next_at: int = 0) -> Any:
    """The mail was claimed, and this came of it."""
    sending(house, mail)
    return house.system(MailSent(mail.id, state, answer, next_at))


# --- queued


def test_an_answer_is_queued_in_its_own_transaction(shop: House) -> None:
    key, mail = answered(shop)
    assert (mail.state, mail.kind, mail.recipient, mail.seq) == (
        MailState.queued,
        MailKind.answer,
        "v@x.example",
        2,
    )
    assert next(what for what in whats(shop, key) if isinstance(what, p.Answered)).mail == mail.id
    assert ticket(shop, key).mail is MailState.queued
    found = raw(shop, mail)
    writer = found["From"].addresses[0]
    assert (writer.display_name, writer.addr_spec) == ("The shop", "sales@example.org")
    assert found["Subject"] == f"Re: The parcel [#{key}]"
    assert found["Auto-Submitted"] is None
    assert text_of(found.as_bytes()) == "On its way.\n\n-- \nKind regards"


def test_the_reply_address_opens_the_ticket_to_its_customer_alone(shop: House) -> None:
    key, mail = answered(shop)
    reply_to = raw(shop, mail)["Reply-To"].addresses[0].addr_spec
    local, _, domain = reply_to.partition("@")
    assert (local.partition("+t")[0], domain) == ("sales", "example.org")
    signed = local.partition("+t")[2]
    secret = shop.database.read_now(mails.known_key)
    assert token.read(secret, signed, "v@x.example", shop.now) == key
    assert token.read(secret, signed, "other@x.example", shop.now) == 0
    assert mail.message_id.startswith(f"<t{signed}.")


def test_the_thread_goes_on(shop: House) -> None:
    key, first = answered(shop)
    shop.now += 1
    with shop.database.writer_engine.begin() as db:
        came = Arrival(
            0, "shop", "<theirs@x.example>", b"1", shop.now, "v@x.example", "person: on its ticket", key
        )
        arrivals.add(db, came, b"")
    shop.now += 1
    assert reply(shop, key, text="And again").refusal is None
    second = raw(shop, outbox(shop, key)[-1])
    assert second["In-Reply-To"] == "<theirs@x.example>"
    assert second["References"].split() == [first.message_id, "<theirs@x.example>"]


def test_files_go_along_and_too_many_are_refused(shop: House) -> None:
    key = new_ticket(shop)
    with shop.database.writer_engine.begin() as db:
        small = files.add(db, "../plan.pdf", "application/pdf", b"plan", shop.now, owner=shop.ann.id)
        large = files.add(db, "film", "video/mp4", b"", shop.now, owner=shop.ann.id)
        db.exec_driver_sql(f"UPDATE file SET size = {MAX_BYTES} WHERE id = {large.id}")
    made = reply(shop, key, files=[small.id, large.id])
    assert made.refusal is not None
    assert made.refusal.code is p.Code.too_long
    assert outbox(shop, key) == []
    assert reply(shop, key, files=[small.id]).refusal is None
    part = next(iter(raw(shop, outbox(shop, key)[0]).iter_attachments()))
    assert (part.get_filename(), part.get_content(), part.get_content_disposition()) == (
        "plan.pdf",
        b"plan",
        "attachment",
    )


@pytest.mark.parametrize("lacks", [{"mailbox": ""}, {"address": ""}, {"address": "no address"}])
def test_without_an_address_or_a_mailbox_nothing_is_queued(shop: House, lacks: dict[str, str]) -> None:
    set_mailing(shop, **lacks)
    key = new_ticket(shop)
    assert reply(shop, key).refusal is None
    assert outbox(shop, key) == []
    assert ticket(shop, key).mail is MailState.failed


def test_a_long_address_or_a_server_without_tags_gets_the_token_in_the_headers_alone(shop: House) -> None:
    for fields in ({"address": "a" * 40 + "@example.org"}, {"plus": False}):
        set_mailing(shop, **fields)
        _, mail = answered(shop)
        found = raw(shop, mail)
        assert found["Reply-To"].addresses[0].addr_spec == found["From"].addresses[0].addr_spec
        assert mail.message_id.startswith("<t")


def test_notes_never_lie_in_the_outbox(shop: House) -> None:
    key = new_ticket(shop)
    shop.do(shop.ann, p.NoteTicket(new_cid(), key, "the-secret-note"))
    assert reply(shop, key).refusal is None
    shop.do(shop.ann, p.NoteTicket(new_cid(), key, "the-secret-note"))
    assert reply(shop, key, text="Second").refusal is None
    for mail in outbox(shop, key):
        found = shop.database.read_now(lambda db, mail=mail: raws.outgoing(db, mail.id))
        assert b"secret" not in (found or b"")
        assert "secret" not in text_of(found or b"")


def test_what_strangers_call_themselves_is_no_header(shop: House) -> None:
    for hostile in HOSTILE:
        text = hostile.text.encode(errors="replace").decode().replace("\0", "")[:80] or "x"
        key = new_ticket(shop, name=text, subject=text)
        assert reply(shop, key).refusal is None
        found = raw(shop, outbox(shop, key)[-1])
        assert [one.addr_spec for one in found["To"].addresses] == ["v@x.example"]
        shown = found["To"].addresses[0].display_name
        assert "".join(shown.split()) == "".join(header(text, 80).split())


# --- automatic mails and their brakes


def left(house: House, **fields: Any) -> tuple[int, list[Mail]]:
    """A message left in the widget, and the mails that it caused."""
    key = made_ticket(house.do(house.visitor(), begin_message(**fields)))
    return key, outbox(house, key)


def test_a_left_message_is_acknowledged_in_our_words_alone(shop: House) -> None:
    set_mailing(shop, acknowledge=True, language="nb-NO")
    key, found = left(shop, name="Buy-cheap", text="spam-link")
    assert [mail.kind for mail in found] == [MailKind.acknowledgement]
    mail = raw(shop, found[0])
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["Content-Language"] == "nb-NO"
    assert mail["Subject"] == f"Vi har mottatt meldingen din [#{key}]"
    assert not re.search("Buy|cheap|spam|link", mail.as_string())


def test_a_rule_sends_no_words_of_a_stranger_to_an_address_that_nobody_has_proved(shop: House) -> None:
    rule(shop, "answer Hello {customer.name}, wait.")
    key, found = left(shop, name="Buy-cheap")
    assert found == []
    assert did(shop, key) == [["not answered: customer.name would go to an address that nobody has proved"]]
    key = new_ticket(shop, name="Vera", source="phone")
    assert "Hello Vera, wait." in raw(shop, outbox(shop, key)[0]).get_content()


@pytest.mark.parametrize("language", ["en", "nb", "pl", "pt", "ro", "de", "es", "fr", "xx"])
def test_every_language_has_its_words(shop: House, language: str) -> None:
    set_mailing(shop, acknowledge=True, language=language)
    key, found = left(shop)
    text = raw(shop, found[0]).get_content()
    assert str(key) in text
    assert "The shop" in text
    assert "{" not in text


def test_who_told_a_person_is_not_told_that_it_has_come(shop: House) -> None:
    set_mailing(shop, acknowledge=True)
    assert outbox(shop, new_ticket(shop, source="phone")) == []
    assert [mail.kind for mail in outbox(shop, new_ticket(shop, source="api"))] == [MailKind.acknowledgement]


@pytest.mark.parametrize(
    "email",
    [
        "sales@example.org",
        "sales+tabc@example.org",
        "SHOP@example.org",
        "noreply@x.example",
        "no-reply+1@x.example",
        "do_not_reply@x.example",
        "mailer-daemon@x.example",
        "postmaster@x.example",
        "bounces+7@x.example",
    ],
)
def test_machines_and_ourselves_get_no_automatic_mail(shop: House, email: str) -> None:
    set_mailing(shop, acknowledge=True)
    assert left(shop, email=email)[1] == []


def test_an_address_gets_four_automatic_mails_an_hour(shop: House) -> None:
    set_mailing(shop, acknowledge=True)
    assert sum(len(left(shop)[1]) for _ in range(AUTOMATIC_AN_HOUR + 3)) == AUTOMATIC_AN_HOUR
    assert len(left(shop, email="other@x.example")[1]) == 1
    shop.now += HOUR_MS + 1
    assert len(left(shop)[1]) == 1


def test_one_acknowledgement_a_day_and_ticket(shop: House) -> None:
    set_mailing(shop, acknowledge=True)
    key, _ = left(shop)
    found = ticket(shop, key)

    def again() -> int:
        with shop.database.writer_engine.begin() as db:
            sheet = mailing.WorkingSet(db, careful=True)
            department = departments.one(db, SALES)
            assert department is not None
            from agentconsole.backend.desk.posting import post

            return post(sheet, found, department, MailKind.acknowledgement, "", shop.now)

    shop.now += DAY_MS - 1
    assert again() == 0
    shop.now += 1
    assert again() > 0


def test_what_began_with_a_machine_stays_silent(shop: House) -> None:
    set_mailing(shop, tell_solved=True)
    for outcome, expected in (("automatic: new ticket", 0), ("person: new ticket", 1)):
        key = new_ticket(shop)
        with shop.database.writer_engine.begin() as db:
            came = Arrival(0, "shop", "", outcome.encode(), shop.now, "v@x.example", outcome, key)
            arrivals.add(db, came, b"")
        shop.do(shop.ann, p.SetTicket(new_cid(), key, status=p.TicketStatus.solved))
        assert len(outbox(shop, key)) == expected


def test_an_automatic_mail_stands_in_the_ticket_once_it_went(shop: House) -> None:
    set_mailing(shop, acknowledge=True)
    key, found = left(shop)
    assert not any(isinstance(what, p.Mailed) for what in whats(shop, key))
    seen = ticket(shop, key).seq
    sent(shop, found[0], MailState.accepted)
    mailed = next(what for what in whats(shop, key) if isinstance(what, p.Mailed))
    assert (mailed.what, mailed.to, mailed.mail) == (MailKind.acknowledgement, "v@x.example", found[0].id)
    assert "The shop" in mailed.text
    assert ticket(shop, key).mail is None
    assert reply(shop, key, seen=seen).refusal is None, "nobody wrote meanwhile but ourselves"


# --- sent


def test_a_mail_is_claimed_by_one(shop: House) -> None:
    _, mail = answered(shop)
    assert shop.database.read_now(lambda db: mails.due(db, shop.now, 10)) == [mail]
    assert sending(shop, mail).tries == 1
    assert shop.system(ClaimMail(mail.id)).value is None
    assert shop.database.read_now(lambda db: mails.due(db, shop.now, 10)) == []


@pytest.mark.parametrize(
    "state", [MailState.accepted, MailState.failed, MailState.unknown, MailState.deferred]
)
def test_what_came_of_a_mail_is_told(shop: House, state: MailState) -> None:
    key, mail = answered(shop)
    made = sent(shop, mail, state, "words of\r\nthe server", shop.now + 60_000)
    found = outbox(shop, key)[0]
    assert (found.state, found.answer) == (state, "words of the server")
    assert p.MailMoved(mail.id, state, "words of the server") in whats(shop, key)
    assert ticket(shop, key).mail is state
    lost = state in (MailState.failed, MailState.unknown)
    assert ticket(shop, key).status is (p.TicketStatus.open if lost else p.TicketStatus.waiting)
    assert made.news[0].after == ticket(shop, key)


def test_the_same_refusal_again_is_no_news(shop: House) -> None:
    key, mail = answered(shop)
    for _ in range(4):
        sent(shop, mail, MailState.deferred, "451 come later", shop.now)
    sent(shop, mail, MailState.deferred, "421 going down", shop.now)
    told = [what.text for what in whats(shop, key) if isinstance(what, p.MailMoved)]
    assert told == ["451 come later", "421 going down"]
    assert outbox(shop, key)[0].tries == 5


def test_an_older_mail_does_not_speak_for_the_last_answer(shop: House) -> None:
    key, first = answered(shop)
    assert reply(shop, key, text="Second").refusal is None
    sent(shop, first, MailState.accepted)
    assert ticket(shop, key).mail is MailState.queued


def test_what_was_being_sent_when_the_server_stopped_asks_a_person(shop: House) -> None:
    key, mail = answered(shop)
    sending(shop, mail)
    shop.system(RecoverMails())
    assert outbox(shop, key)[0].state is MailState.unknown
    assert shop.database.read_now(lambda db: mails.due(db, shop.now + DAY_MS, 10)) == []
    assert (ticket(shop, key).mail, ticket(shop, key).status) == (MailState.unknown, p.TicketStatus.open)


@pytest.mark.parametrize(
    "state, deed, becomes",
    [
        (MailState.unknown, MailDeed.resend, MailState.queued),
        (MailState.unknown, MailDeed.accepted, MailState.accepted),
        (MailState.unknown, MailDeed.withdraw, MailState.withdrawn),
        (MailState.failed, MailDeed.resend, MailState.queued),
        (MailState.failed, MailDeed.accepted, None),
        (MailState.accepted, MailDeed.resend, None),
        (MailState.accepted, MailDeed.withdraw, None),
        (MailState.deferred, MailDeed.withdraw, MailState.withdrawn),
    ],
)
def test_a_supervisor_decides(
    shop: House, state: MailState, deed: MailDeed, becomes: MailState | None
) -> None:
    key, mail = answered(shop)
    sent(shop, mail, state, "x", shop.now + 1 if state is MailState.deferred else 0)
    refused = shop.try_(shop.ann, SettleMail(mail.id, deed)).refusal
    assert refused is not None
    assert refused.code is p.Code.unknown
    made = shop.try_(shop.sue, SettleMail(mail.id, deed))
    found = outbox(shop, key)[0]
    if becomes is None:
        assert made.refusal is not None
        assert made.refusal.code is p.Code.not_now
        assert found.state is state
        return
    assert (made.refusal, found.state) == (None, becomes)
    assert ticket(shop, key).mail is becomes
    due = shop.database.read_now(lambda db: mails.due(db, shop.now, 10))
    assert [one.id for one in due] == ([mail.id] if deed is MailDeed.resend else [])
    assert outbox(shop, key)[0].message_id == mail.message_id


def test_a_mail_on_its_way_is_nobodys_to_decide(shop: House) -> None:
    _, mail = answered(shop)
    sending(shop, mail)
    for deed in MailDeed:
        refusal = shop.try_(shop.sue, SettleMail(mail.id, deed)).refusal
        assert refusal is not None
        assert refusal.code is p.Code.not_now


def test_a_merged_ticket_brings_its_mails(shop: House) -> None:
    one, mail = answered(shop)
    other = new_ticket(shop)
    shop.do(shop.sue, p.MergeTicket(new_cid(), one, other))
    assert [found.id for found in outbox(shop, other)] == [mail.id]
    sent(shop, mail, MailState.accepted)
    assert p.MailMoved(mail.id, MailState.accepted, "250 ok") in whats(shop, other)


def test_only_the_system_sends(shop: House) -> None:
    _, mail = answered(shop)
    for command in (ClaimMail(mail.id), MailSent(mail.id, MailState.accepted, ""), RecoverMails()):
        refusal = shop.try_(shop.sue, command).refusal
        assert refusal is not None
        assert refusal.code is p.Code.unknown
