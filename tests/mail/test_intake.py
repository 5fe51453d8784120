"""What becomes of each mail of the corpus, on both databases: nothing is lost, nothing is hijacked, nothing loops."""

import hashlib

import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend.desk import receiving
from agentconsole.backend.desk.made import Made
from agentconsole.backend.desk.receiving import DetainMail, DiscardMail, ReceiveMail, ReleaseMail
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.mailing import Mailing
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.mail.intake import rough
from agentconsole.backend.mail.parse import parse
from agentconsole.backend.storage import arrivals, departments, files, letters, mails
from tests.storage.house import SALES, SUPPORT, new_cid

from .corpus import CASES, Case, Goes
from .corpus.case import ANNA, REPLY_ADDRESS, SENT, TOKEN, answering, from_anna, mail
from .office import BOX, NUMBER, Office


def outcome(office: Office, made: Made, before: int) -> Goes:
    """Where a mail went, from what stands in the database."""
    said = str(made.value)
    if said.startswith("in quarantine"):
        return Goes.detained if "own addresses" in office.detained()[0].reason else Goes.quarantine
    if made.about == 0:
        assert office.count() == before
        return Goes.dropped
    if made.about == NUMBER:
        return Goes.bounce if said.startswith("bounce") else Goes.ticket
    assert office.count() == before + 1
    return Goes.linked if office.read(made.about).related == NUMBER else Goes.new


def test_every_mail_of_the_corpus_goes_where_it_should(office: Office) -> None:
    """Each with its sender's limits as if it came alone; the same mail again changes nothing."""
    wrong = []
    for case in CASES:
        before, quarantined = office.count(), len(office.detained())
        made = office.take(case.raw)
        goes = outcome(office, made, before)
        if goes is not expected(case):
            wrong.append(f"{case.name}: {goes}, not {expected(case)} ({made.value})")
        after = office.count()
        again = office.take(case.raw)
        assert str(again.value).startswith(("came before", "in quarantine")), case.name
        assert (office.count(), len(office.detained())) == (
            after,
            quarantined + (goes in (Goes.quarantine, Goes.detained)),
        ), case.name
        if made.about > NUMBER:  # out of the way of the next
            office.house.do(SYSTEM, p.SetTicket(new_cid(), made.about, status=p.TicketStatus.solved))
        office.house.now += 3_600_001
    assert not wrong, "\n".join(wrong)


def expected(case: Case) -> Goes:
    """Whoever writes from Anna's address is linked to her open ticket."""
    if case.goes is Goes.new and case.name not in STRANGERS:
        return Goes.linked
    return case.goes


STRANGERS = {"no-reply", "address-in-the-name", "address-in-an-encoded-name", "cc-of-another"}


def test_what_the_customer_wrote_is_on_the_ticket_with_its_mail_and_files(office: Office) -> None:
    office.reply()
    assert office.read(NUMBER).status is p.TicketStatus.waiting
    attached = "Content-Type: multipart/mixed; boundary=b\n"
    body = "--b\nContent-Type: text/plain\n\nHere it is.\n\nOn 1 May 2025 10:00, Help wrote:\n> Please send it.\n--b\nContent-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\nAAEC\n--b--\n"
    made = office.take(mail(answering("Re: Parcel", "files", attached.strip()), body))
    assert (made.about, office.read(NUMBER).status) == (NUMBER, p.TicketStatus.open)
    what = office.whats()[made.seq - 1]
    assert (what.text, what.quoted, what.email, what.source) == ("Here it is.", True, ANNA, "email")
    (card,) = what.files
    stored = office.house.database.read_now(lambda db: (files.one(db, card.id), files.data(db, card.id)))
    assert stored[0] is not None
    assert (stored[0].ticket, stored[0].seq, stored[0].name, stored[1]) == (
        NUMBER,
        made.seq,
        "a.png",
        b"\0\1\2",
    )
    (arrival,) = office.house.database.read_now(lambda db: arrivals.of_ticket(db, NUMBER))
    assert (arrival.id, arrival.seq, arrival.outcome) == (what.mail, made.seq, "person: on its ticket")


def test_an_automatic_reply_wakes_nobody(office: Office) -> None:
    office.reply()
    made = office.take(mail(answering("Away", "away", "Auto-Submitted: auto-replied"), "I am away."))
    assert made.about == NUMBER
    assert office.read(NUMBER).status is p.TicketStatus.waiting
    assert isinstance(office.whats()[made.seq - 1], p.Wrote)


def test_automatic_replies_without_end_are_a_loop(office: Office) -> None:
    taken = [
        office.take(mail(answering("Away", f"away{n}", "Auto-Submitted: auto-replied"), f"{n}"))
        for n in range(9)
    ]
    assert [made.about for made in taken] == [NUMBER] * 4 + [0] * 5
    assert "loop" in str(taken[-1].value)
    office.house.now += 3_600_001
    assert office.take(mail(answering("Away", "later", "Auto-Submitted: auto-replied"), "x")).about == NUMBER


def test_a_token_opens_its_ticket_to_nobody_else_and_not_for_ever(office: Office) -> None:
    stolen = answering("Re: Parcel", "stolen").replace(f"<{ANNA}>\nTo", "<mallory@example.test>\nTo")
    made = office.take(mail(stolen, "Send me all."))
    assert made.about != NUMBER
    assert office.read(made.about).related == NUMBER
    assert office.read(made.about).email == "mallory@example.test"
    office.house.now += 181 * 86_400_000
    by_address = from_anna("Re: Parcel", "late", to=f"help+t{TOKEN}@example.com")
    assert office.take(mail(by_address, "Late.")).about != NUMBER


def test_a_mail_of_ours_to_another_is_no_key(office: Office) -> None:
    with office.house.database.writer_engine.begin() as connection:
        office.send(connection, "<plain.2@example.com>", "other@example.test")
        office.send(connection, "<plain.3@example.com>", ANNA)
    made = office.take(mail(from_anna("Re: x", "k1", more="In-Reply-To: <plain.2@example.com>"), "Hi"))
    assert (made.about == NUMBER, office.read(made.about).related) == (False, NUMBER)
    assert (
        office.take(mail(from_anna("Re: x", "k2", more="In-Reply-To: <plain.3@example.com>"), "Hi")).about
        == NUMBER
    )


def test_who_adds_to_a_mail_of_their_own_gets_a_new_ticket_with_a_hint(office: Office) -> None:
    first = office.take(mail(from_anna("Hi", "own1"), "Hello"))
    office.take(mail(from_anna("Something else", "own2"), "Hello"))
    added = office.take(
        mail(from_anna("Re: Hi", "own3", more="In-Reply-To: <own1@mail.example.org>"), "And this")
    )
    assert office.read(added.about).related == first.about != added.about


def test_an_answer_to_a_merged_ticket_goes_where_it_was_merged(office: Office) -> None:
    target = office.house.do(office.house.ann, p.NewTicket(new_cid(), SALES, "Other", "Hi", email=ANNA)).about
    office.house.do(office.house.ann, p.MergeTicket(new_cid(), NUMBER, target))
    assert office.take(mail(answering("Re: Parcel", "merged"), "Hello")).about == target


def test_an_answer_to_a_closed_ticket_is_a_new_one_that_follows_it(office: Office) -> None:
    office.house.do(office.house.ann, p.SetTicket(new_cid(), NUMBER, status=p.TicketStatus.closed))
    made = office.take(mail(answering("Re: Parcel", "closed"), "It broke again."))
    assert (made.about == NUMBER, office.read(made.about).follows) == (False, NUMBER)


@pytest.mark.parametrize("heir", ["overflow", "mailbox", "nobody"])
def test_what_follows_in_an_archived_department_goes_to_its_heir(office: Office, heir: str) -> None:
    house = office.house
    house.do(house.ann, p.SetTicket(new_cid(), NUMBER, status=p.TicketStatus.closed))
    with house.database.writer_engine.begin() as connection:
        third = departments.add(connection, Department(0, "third", "Third", mailing=Mailing(mailbox="x"))).id
        for key in (SALES, SUPPORT):
            found = departments.one(connection, key)
            assert found is not None
            gone = key == SALES or heir == "nobody"
            changed = msgspec.structs.replace(
                found, archived=gone, overflow_to=third if heir == "overflow" else 0
            )
            departments.save(connection, changed)
    made = office.take(mail(answering("Re: Parcel", "heir"), "It broke again."))
    if heir == "nobody":
        assert "No department" in office.detained()[0].reason
    else:
        ticket = office.read(made.about)
        assert (ticket.department, ticket.follows) == ((third if heir == "overflow" else SUPPORT), NUMBER)


@pytest.mark.parametrize(
    "head, state",
    [
        (answering("Re: Parcel", "p1"), "accepted"),
        (answering("Re: Parcel", "p2", "Auto-Submitted: auto-replied"), "accepted"),
        (from_anna("Re: Parcel", "p3", to=REPLY_ADDRESS), "accepted"),
        (from_anna("Re: Parcel", "p4", to=REPLY_ADDRESS, more=f"References: {SENT} <x@y.test>"), "unknown"),
        (answering("Re: Parcel", "p5").replace(f"<{ANNA}>\nTo", "<mallory@example.test>\nTo"), "unknown"),
    ],
)
def test_who_answers_a_mail_has_got_it(office: Office, head: str, state: str) -> None:
    office.fate(p.MailState.unknown)
    office.take(mail(head, "Thank you."))
    card = office.house.database.read_now(lambda db: mails.one(db, office.mail))
    assert card is not None
    assert card.state == state
    assert office.read(NUMBER).mail == (p.MailState.accepted if state == "accepted" else None)
    moved = [what.text for what in office.whats() if isinstance(what, p.MailMoved)]
    assert len(moved) == (state == "accepted")
    assert all(text.endswith("answered it.") for text in moved)


def test_of_two_mails_that_share_a_token_neither_is_known_to_have_come(office: Office) -> None:
    office.fate(p.MailState.unknown)
    with office.house.database.writer_engine.begin() as connection:
        office.send(connection, f"<t{office.token}.2@example.com>", ANNA)
    made = office.take(mail(from_anna("Re: Parcel", "two", to=REPLY_ADDRESS), "Thank you."))
    assert made.about == NUMBER
    card = office.house.database.read_now(lambda db: mails.one(db, office.mail))
    assert card is not None
    assert card.state is p.MailState.unknown


def test_an_answer_that_follows_a_closed_ticket_shows_that_its_mail_came(office: Office) -> None:
    office.fate(p.MailState.unknown)
    office.house.do(office.house.ann, p.SetTicket(new_cid(), NUMBER, status=p.TicketStatus.closed))
    made = office.take(mail(answering("Re: Parcel", "proof"), "It broke again."))
    assert office.read(made.about).follows == NUMBER
    assert (office.read(NUMBER).status, office.read(NUMBER).mail) == ("closed", p.MailState.accepted)
    assert len(made.news) == 2


@pytest.mark.parametrize(
    "more, told",
    [
        ("", 1),
        ("Auto-Submitted: no", 1),
        ("Auto-Submitted: auto-generated", 0),
        ("X-Auto-Response-Suppress: All", 0),
        ("Precedence: bulk", 0),
        ("List-Id: <talk.example.test>", 0),
        ("Reply-To: other@example.test", 1),
    ],
)
def test_who_wants_no_acknowledgement_gets_none(office: Office, more: str, told: int) -> None:
    office.house.now += 3_600_001
    made = office.take(mail(from_anna("Hi", "ack", more=more), "Hello"))
    kinds = [card.kind for card in office.house.database.read_now(lambda db: mails.of_ticket(db, made.about))]
    assert kinds == [p.MailKind.acknowledgement] * told


def test_a_web_form_is_answered_at_the_address_in_it_and_not_acknowledged(office: Office) -> None:
    head = from_anna("Form", "form", more="Reply-To: carl@example.test").replace(
        ANNA, "no-reply@forms.example.test"
    )
    made = office.take(mail(head, "Hello"))
    ticket = office.read(made.about)
    assert (ticket.email, ticket.source) == ("carl@example.test", "form")
    assert not office.house.database.read_now(lambda db: mails.of_ticket(db, made.about))


def test_the_department_is_the_one_that_was_written_to(office: Office) -> None:
    made = office.take(mail(from_anna("Hi", "d1", to="Support+x@Example.com"), "Hello"))
    assert office.read(made.about).department == SUPPORT
    made = office.take(mail(from_anna("Hi", "d2", to="unknown@example.com"), "Hello"))
    assert office.read(made.about).department == SALES
    assert "quarantine" in str(office.take(mail(from_anna("Hi", "d3"), "Hello"), mailbox="other").value)


def test_a_bounce_is_told_on_the_ticket_and_opens_it(office: Office) -> None:
    office.reply()
    last = office.house.database.read_now(lambda db: mails.one(db, mails.last_answer(db, NUMBER)))
    assert last is not None
    case = next(case for case in CASES if case.name == "postfix")
    made = office.take(case.raw.replace(SENT.encode(), last.message_id.encode()))
    ticket = office.read(NUMBER)
    assert (made.about, ticket.status, ticket.mail) == (NUMBER, p.TicketStatus.open, p.MailState.bounced)
    moved = next(what for what in office.whats() if isinstance(what, p.MailMoved))
    assert (moved.mail, moved.state) == (last.id, p.MailState.bounced)
    assert "5.1.1" in moved.text
    card = office.house.database.read_now(lambda db: mails.one(db, last.id))
    assert card is not None
    assert card.state is p.MailState.bounced


def test_a_late_mail_is_told_and_changes_nothing(office: Office) -> None:
    office.reply()
    assert office.take(next(case for case in CASES if case.name == "late").raw).about == NUMBER
    assert office.read(NUMBER).status is p.TicketStatus.waiting
    card = office.house.database.read_now(lambda db: mails.one(db, office.mail))
    assert card is not None
    assert card.state is p.MailState.accepted


def test_the_same_mail_by_two_ways_is_one_entry_and_another_with_its_id_is_not_lost(office: Office) -> None:
    raw = mail(from_anna("Hi", "same"), "Hello")
    first = office.take(raw)
    other_way = raw.replace(
        b"Received: from mail", b"Received: by relay\r\nDelivered-To: help@example.com\r\nReceived: from mail"
    )
    assert office.take(other_way, mailbox="second").about == first.about
    other = office.take(raw.replace(b"Hello", b"Goodbye"))
    assert other.about not in (0, first.about)


def test_one_sender_makes_twenty_tickets_an_hour_and_the_rest_waits_for_a_person(office: Office) -> None:
    for n in range(20):
        assert office.take(mail(from_anna("Hi", f"many{n}"), f"{n}")).about
    assert not office.detained()
    assert not office.take(mail(from_anna("Hi", "many20"), "20")).about
    (card,) = office.detained()
    assert (card.sender, card.subject) == (ANNA, "Hi")
    assert "hour" in card.reason
    assert office.take(mail(answering("Re: Parcel", "many21"), "On my ticket I may.")).about == NUMBER
    office.house.now += 3_600_001
    assert office.take(mail(from_anna("Hi", "many22"), "22")).about


def test_quarantine_is_released_once_by_who_may(office: Office) -> None:
    house = office.house
    bad = next(case for case in CASES if case.name == "flat-2000").raw
    office.take(bad)
    (card,) = office.detained()
    letter = rough(bad, card.reason)
    assert letter.sender == ANNA
    wish = ReleaseMail(new_cid(), card.id, SALES, letter)
    refusal = house.try_(house.ann, wish).refusal
    assert refusal is not None
    assert refusal.code is p.Code.unknown, "an agent does not settle mail"
    made = house.do(house.sue, wish)
    ticket = office.read(made.about)
    assert (ticket.email, ticket.subject) == (ANNA, "Flat")
    (what, *_) = office.whats(made.about)
    assert what.files[0].name == "mail.eml"
    assert "parts" in what.text
    (card,) = office.detained()
    assert (card.released_by, card.ticket) == ("Sue", made.about)
    again = house.try_(house.sue, ReleaseMail(new_cid(), card.id, SALES, letter)).refusal
    assert again is not None
    assert again.code is p.Code.not_now


def test_what_was_ignored_is_kept_with_the_reason_and_can_be_released(office: Office) -> None:
    raw = next(case for case in CASES if case.name == "delivered").raw
    office.take(raw)
    assert office.detained() == [], "nobody needs to decide about it"
    (card,) = office.detained(ignored=True)
    assert (card.reason, card.ignored) == ("it only tells that a mail was delivered or shown", True)
    assert (card.subject, card.size) == ("Successful Mail Delivery Report", len(office.real(raw)))
    assert office.take(raw).value == "came before (ignored)"
    made = office.house.do(office.house.sue, ReleaseMail(new_cid(), card.id, SALES, parse(office.real(raw))))
    assert made.about
    (card,) = office.detained(ignored=True)
    assert (card.released_by, card.ticket) == ("Sue", made.about)
    assert office.take(raw).about == made.about


@pytest.mark.parametrize("name", ["flat-2000", "delivered"])
def test_what_is_discarded_is_gone_for_good_and_does_not_come_again(office: Office, name: str) -> None:
    house, ignored = office.house, name == "delivered"
    raw = next(case for case in CASES if case.name == name).raw
    office.take(raw)
    (card,) = office.detained(ignored)
    for actor, key in ((house.ann, card.id), (house.sue, 999)):
        refusal = house.try_(actor, DiscardMail(key)).refusal
        assert refusal is not None
        assert refusal.code is p.Code.unknown
    assert house.do(house.sue, DiscardMail(card.id)).value.changed
    office.house.now += 1
    assert not house.do(house.sue, DiscardMail(card.id)).value.changed
    assert house.do(SYSTEM, DiscardMail(card.id)).value.text == f"Sue has discarded mail {card.id} already."
    (gone,) = office.detained(ignored)
    assert (gone.discarded_by, gone.discarded_at) == ("Sue", house.now - 1)
    assert house.database.read_now(lambda db: arrivals.detained_raw(db, card.id)) == b""
    told = [
        line
        for line in house.database.read_now(lambda db: letters.recorded(db, 100))
        if line["deed"] == "discard_mail"
    ]
    assert [(line["actor"], line["object"]) for line in told] == [("sue", f"quarantine {card.id}")]
    refusal = house.try_(house.sue, ReleaseMail(new_cid(), card.id, SALES, rough(raw, ""))).refusal
    assert refusal is not None
    assert (refusal.code, "Sue has discarded" in refusal.text) == (p.Code.not_now, True)
    assert office.take(raw).value == "came before (discarded)"
    assert (office.detained(ignored), office.count()) == ([gone], NUMBER)


def test_what_was_released_is_not_discarded(office: Office) -> None:
    raw = next(case for case in CASES if case.name == "delivered").raw
    office.take(raw)
    (card,) = office.detained(ignored=True)
    office.house.do(office.house.sue, ReleaseMail(new_cid(), card.id, SALES, parse(office.real(raw))))
    refusal = office.house.try_(office.house.sue, DiscardMail(card.id)).refusal
    assert refusal is not None
    assert refusal.code is p.Code.not_now
    assert office.house.database.read_now(lambda db: arrivals.detained_raw(db, card.id))


def test_nobody_but_the_system_takes_in_mail(office: Office) -> None:
    raw = mail(from_anna("Hi", "door"), "Hello")
    for command in (ReceiveMail(BOX, parse(raw), raw), DetainMail(BOX, "x", raw)):
        for actor in (office.house.ann, office.house.sue):
            refusal = office.house.try_(actor, command).refusal
            assert refusal is not None
            assert refusal.code is p.Code.unknown


def test_a_digest_is_of_what_the_mail_says() -> None:
    raw = mail(from_anna("Hi", "x").replace("Message-ID: <x@mail.example.org>\n", ""), "Hello")
    assert receiving.digest_of(parse(raw), raw) == hashlib.sha256(raw).digest()
