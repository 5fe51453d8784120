"""Tickets on both databases: from a left message to closed, and every refusal on the way."""

from typing import Any

import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend.desk.admin import SetDepartment, WithdrawGrant
from agentconsole.backend.desk.made import TicketMade
from agentconsole.backend.desk.ticketing import ExpireTicket
from agentconsole.backend.domain.chat import Expire
from agentconsole.backend.domain.hours import Opening, Week
from agentconsole.backend.domain.mailing import Mailing
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.domain.ticket import CLOSE_AFTER_MS, Ticket
from agentconsole.backend.storage import departments, letters, tickets
from tests.storage.house import NOW, SALES, SUPPORT, House, begin_chat, begin_message, new_cid


def ticket(house: House, key: int) -> Ticket:
    """A ticket as it stands in the database."""
    found = house.database.read_now(lambda db: tickets.one(db, key))
    assert found is not None
    return found


def whats(house: House, key: int) -> list[Any]:
    """What happened in a ticket."""
    return [line.what for line in house.database.read_now(lambda db: tickets.log(db, key))]


def made_ticket(made: Any) -> int:
    """The number of the ticket that a command made."""
    return next(item.after.id for item in made.news if isinstance(item, TicketMade))


def new_ticket(house: House, **fields: Any) -> int:
    """A ticket that an agent wrote down."""
    values = {"department": SALES, "subject": "The parcel", "text": "Where is it?", "email": "v@x.example"}
    return house.do(house.ann, p.NewTicket(new_cid(), **{**values, **fields})).about


def reply(house: House, key: int, who: Any = None, **fields: Any) -> Any:
    """Answer a ticket as it stands."""
    values = {"text": "On its way.", "seen": ticket(house, key).seq, **fields}
    return house.try_(who or house.ann, p.ReplyTicket(new_cid(), key, **values))


def write_mails(house: House) -> None:
    """The department answers by mail from now on."""
    house.do(SYSTEM, SetDepartment("sales", address="sales@example.org", mailbox="main", acknowledge=False))


def test_a_left_message_is_a_ticket_at_once(house: House) -> None:
    made = house.do(house.visitor(), begin_message(name="Vera"))
    key = made_ticket(made)
    found = ticket(house, key)
    assert (found.status, found.email, found.name, found.source) == (
        p.TicketStatus.new,
        "v@x.example",
        "Vera",
        "widget",
    )
    assert (found.subject, found.asked_at, found.department) == ("call me", NOW, SALES)
    assert whats(house, key) == [p.Wrote("call me", "widget", "v@x.example")]
    left = next(item for item in made.news if isinstance(item, p.LeftCard))
    assert left.ticket == key


def test_a_waiting_chat_comes_along_as_its_transcript(house: House) -> None:
    vera, head = house.start(text="Is anybody there?", name="Vera")
    made = house.do(vera, begin_message(chat=head.id, text="Never mind, mail me.", name="Vera"))
    first, second = whats(house, made_ticket(made))
    assert first == p.Transcribed(head.id, "Vera: Is anybody there?")
    assert second == p.Wrote("Never mind, mail me.", "widget", "v@x.example")
    assert ticket(house, made_ticket(made)).chat == head.id


def test_the_same_message_twice_is_one_ticket(house: House) -> None:
    visitor, message = house.visitor(), begin_message()
    first = house.do(visitor, message)
    assert house.do(visitor, message, careful=True).about == first.about
    page = house.database.read_now(lambda db: tickets.page(db, p.TicketQuery(), None, 0))
    assert page[0] == 1


def test_an_answer_takes_the_ticket_and_handles_the_left_message(house: House) -> None:
    write_mails(house)
    made = house.do(house.visitor(), begin_message())
    key = made_ticket(made)
    answer = reply(house, key)
    found = ticket(house, key)
    assert (found.status, found.assignee, found.asked_at) == (p.TicketStatus.waiting, house.ann.id, 0)
    left = next(item for item in answer.news if isinstance(item, p.LeftCard))
    assert (left.handled_by, left.handled_at) == ("Ann", NOW)
    kept = house.database.read_now(lambda db: letters.left_as(db, key))
    assert kept is not None
    assert kept.handled_at == NOW


def test_an_answer_that_nobody_can_get_shows_as_failed(house: House) -> None:
    key = new_ticket(house)
    reply(house, key)
    (answer,) = [what for what in whats(house, key) if isinstance(what, p.Answered)]
    found = ticket(house, key)
    assert (answer.mail, answer.to, found.mail) == (0, "", p.MailState.failed)
    assert found.status is p.TicketStatus.open, "it does not rest on an answer that nobody got"
    reply(house, key, status=p.TicketStatus.solved)
    assert ticket(house, key).status is p.TicketStatus.solved, "but who has solved it otherwise may say so"
    by_phone = new_ticket(house, email="", source="phone")
    reply(house, by_phone)
    assert ticket(house, by_phone).mail is None, "nobody expected a mail"


def test_marking_a_left_message_moves_its_ticket(house: House) -> None:
    made = house.do(house.visitor(), begin_message())
    key, left = made_ticket(made), next(item for item in made.news if isinstance(item, p.LeftCard))
    house.do(house.ann, p.HandleLeft(new_cid(), left.id))
    assert ticket(house, key).status is p.TicketStatus.solved
    house.do(house.ann, p.HandleLeft(new_cid(), left.id, handled=False))
    assert ticket(house, key).status is p.TicketStatus.open


def test_two_who_answer_one_ticket(house: House) -> None:
    key = new_ticket(house)
    seen = ticket(house, key).seq
    assert reply(house, key, house.ann, seen=seen).refusal is None
    second = reply(house, key, house.bob, seen=seen, text="Me too.")
    assert second.refusal.code is p.Code.conflict
    assert "Ann" in second.refusal.text
    assert reply(house, key, house.bob, seen=seen, text="Me too.", insist=True).refusal is None
    texts = [what.text for what in whats(house, key) if isinstance(what, p.Answered)]
    assert texts == ["On its way.", "Me too."], "both are kept, in order"
    assert ticket(house, key).assignee == house.ann.id


def test_a_note_is_no_reason_to_warn(house: House) -> None:
    key = new_ticket(house)
    seen = ticket(house, key).seq
    house.do(house.bob, p.NoteTicket(new_cid(), key, "I know him."))
    assert reply(house, key, house.ann, seen=seen).refusal is None


def test_an_answer_goes_to_whom_its_writer_saw(house: House) -> None:
    key = new_ticket(house)
    refused = reply(house, key, email="other@x.example")
    assert (refused.refusal.code, "v@x.example" in refused.refusal.text) == (p.Code.conflict, True)
    assert reply(house, key, email="v@x.example").refusal is None


def test_only_the_department_sees_a_ticket(house: House) -> None:
    key = new_ticket(house)
    house.do(house.sue, p.SetTicket(new_cid(), key, department=SUPPORT))
    for command in (
        p.NoteTicket(new_cid(), key, "x"),
        p.SetTicket(new_cid(), key, priority=p.TicketPriority.high),
        p.TakeTicket(new_cid(), key),
        p.ReplyTicket(new_cid(), key, "x", 99),
        p.SplitTicket(new_cid(), key, 1),
        p.MergeTicket(new_cid(), key, 7),
    ):
        refused = house.try_(house.ann, command).refusal
        nothing = house.try_(house.ann, msgspec.structs.replace(command, cid=new_cid(), ticket=999)).refusal
        assert refused is not None
        assert nothing is not None
        assert (refused.code, refused.text) == (nothing.code, nothing.text)
        assert refused.code is p.Code.unknown
    assert ticket(house, key).department == SUPPORT


def test_changes_are_told_one_by_one(house: House) -> None:
    key = new_ticket(house)
    wish = p.SetTicket(
        new_cid(),
        key,
        assignee=house.bob.id,
        priority=p.TicketPriority.urgent,
        tags=["VIP", "vip", " two  words "],
        subject="Parcel lost",
        status=p.TicketStatus.hold,
        hold_until=NOW + 1,
    )
    house.do(house.ann, wish)
    found = ticket(house, key)
    assert (found.assignee_name, found.tags, found.subject) == ("Bob", ("vip", "two words"), "Parcel lost")
    fields = [what.field for what in whats(house, key) if isinstance(what, p.TicketChanged)]
    assert fields == ["assignee", "priority", "tags", "subject", "status"]
    assert (
        house.do(
            house.ann,
            msgspec.structs.replace(wish, cid=new_cid(), status=msgspec.UNSET, hold_until=msgspec.UNSET),
        ).news
        == []
    )


def test_a_date_without_a_hold_is_refused_rather_than_forgotten(house: House) -> None:
    key = new_ticket(house)
    day = NOW + 86_400_000
    for fields in ({"hold_until": day}, {"hold_until": day, "status": p.TicketStatus.open}):
        refusal = house.try_(house.ann, p.SetTicket(new_cid(), key, **fields)).refusal
        assert (refusal.code, "hold" in refusal.text) == (p.Code.invalid, True)
    for later in (day, day + 1):
        house.do(house.ann, p.SetTicket(new_cid(), key, status=p.TicketStatus.hold, hold_until=later))
    house.do(house.ann, p.SetTicket(new_cid(), key, hold_until=day))
    assert ticket(house, key).hold_until == day


def test_of_two_who_change_one_ticket_the_second_is_told(house: House) -> None:
    key = new_ticket(house)
    version = ticket(house, key).version
    house.do(house.ann, p.SetTicket(new_cid(), key, version, priority=p.TicketPriority.low))
    late = house.try_(house.bob, p.SetTicket(new_cid(), key, version, priority=p.TicketPriority.high))
    assert late.refusal is not None
    assert late.refusal.code is p.Code.conflict


def test_an_assignee_must_be_of_the_department(house: House) -> None:
    key = new_ticket(house)
    house.do(house.sue, p.SetTicket(new_cid(), key, assignee=house.bob.id))
    assert ticket(house, key).assignee == house.bob.id
    moved = house.do(house.sue, p.SetTicket(new_cid(), key, department=SUPPORT))
    assert moved.refusal is None
    assert ticket(house, key).assignee == 0, "who cannot see it any more does not keep it"
    other = new_ticket(house)
    refused = house.try_(house.ann, p.SetTicket(new_cid(), other, assignee=999))
    assert refused.refusal is not None
    assert refused.refusal.code is p.Code.invalid


def test_next_takes_what_presses_most(house: House) -> None:
    first = new_ticket(house)
    house.now += 1_000
    second = new_ticket(house)
    assert house.do(house.bob, p.TakeTicket(new_cid())).about == first
    assert house.do(house.ann, p.TakeTicket(new_cid())).about == second
    assert house.try_(house.ann, p.TakeTicket(new_cid())).refusal.code is p.Code.gone  # type: ignore[union-attr]
    taken = house.try_(house.ann, p.TakeTicket(new_cid(), first)).refusal
    assert taken is not None
    assert (taken.code, taken.text) == (p.Code.taken, "Bob has this ticket.")
    assert house.do(house.bob, p.TakeTicket(new_cid(), first)).refusal is None, (
        "what is mine I may take again"
    )


def test_the_ticket_of_somebody_who_left_can_be_taken(house: House) -> None:
    key = new_ticket(house)
    house.do(house.ann, p.TakeTicket(new_cid(), key))
    assert house.try_(house.bob, p.TakeTicket(new_cid(), key)).refusal.code is p.Code.taken
    house.do(SYSTEM, WithdrawGrant("ann", p.Role.agent, "sales"))
    house.do(house.bob, p.TakeTicket(new_cid(), key))
    assert whats(house, key)[-2:] == [
        p.TicketChanged("assignee", "Ann", "", "Ann cannot answer here any more"),
        p.TicketChanged("assignee", "", "Bob"),
    ]


def test_a_merge_moves_all_messages_and_closes_the_other(house: House) -> None:
    first, second = new_ticket(house, text="one"), new_ticket(house, text="two")
    house.do(house.ann, p.NoteTicket(new_cid(), first, "NOTE"))
    house.do(house.ann, p.MergeTicket(new_cid(), first, second))
    texts = [getattr(what, "text", None) for what in whats(house, second)]
    assert texts == ["two", None, "one", "NOTE"]
    gone = ticket(house, first)
    assert (gone.status, gone.merged_into) == (p.TicketStatus.closed, second)
    lines = house.database.read_now(lambda db: tickets.log(db, second))
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    assert [line.pub for line in lines if line.pub] == [1, 2]
    for command in (p.NoteTicket(new_cid(), first, "late"), p.SetTicket(new_cid(), first, tags=["late"])):
        late = house.try_(house.bob, command).refusal
        assert late is not None
        assert (late.code, f"into {second}" in late.text) == (p.Code.closed, True)
    stranger = new_ticket(house, email="other@x.example")
    refused = house.try_(house.ann, p.MergeTicket(new_cid(), stranger, second)).refusal
    assert refused is not None
    assert refused.code is p.Code.invalid


def test_a_left_message_whose_ticket_went_into_another_waits_no_more(house: House) -> None:
    first, second = (made_ticket(house.do(house.visitor(), begin_message())) for _ in range(2))
    made = house.do(house.ann, p.MergeTicket(new_cid(), first, second))
    assert [(item.ticket, item.handled_by) for item in made.news if isinstance(item, p.LeftCard)] == [
        (first, "Ann")
    ]
    waiting = house.database.read_now(lambda db: letters.left_since(db, NOW + 1))
    assert [card.ticket for card in waiting] == [second]


def test_a_split_leaves_the_message_and_makes_another_ticket_of_it(house: House) -> None:
    key = new_ticket(house)
    made = house.do(house.ann, p.SplitTicket(new_cid(), key, 1, "Another matter"))
    assert made.about != key
    found = ticket(house, made.about)
    assert (found.subject, found.related, found.email) == ("Another matter", key, "v@x.example")
    assert isinstance(whats(house, key)[-1], p.TicketSplit)
    again = house.try_(house.bob, p.SplitTicket(new_cid(), key, 1)).refusal
    assert again is not None
    assert again.code is p.Code.not_now
    assert house.try_(house.ann, p.SplitTicket(new_cid(), key, 2)).refusal.code is p.Code.invalid  # type: ignore[union-attr]


def test_a_chat_becomes_one_ticket(house: House) -> None:
    _, head = house.start(name="Vera", email="vera@x.example", text="My order?")
    house.do(house.ann, p.Take(new_cid(), head.id))
    house.do(house.ann, p.Note(new_cid(), head.id, "NOTESECRET"))
    house.do(house.ann, p.Say(new_cid(), head.id, "I shall look."))
    made = house.do(house.ann, p.ConvertChat(new_cid(), head.id, "Order", "call the depot"))
    found = ticket(house, made.about)
    assert (found.assignee, found.subject, found.email) == (house.ann.id, "Order", "vera@x.example")
    first, note = whats(house, made.about)
    assert first.text == "Vera: My order?\nAnn: I shall look."
    assert note == p.TicketNoted("call the depot")
    again = house.try_(house.ann, p.ConvertChat(new_cid(), head.id)).refusal
    assert again is not None
    assert (again.code, str(made.about) in again.text) == (p.Code.not_now, True)
    assert house.try_(house.bob, p.ConvertChat(new_cid(), head.id)).refusal.code is p.Code.unknown  # type: ignore[union-attr]


@pytest.mark.parametrize("missed", [True, False])
def test_an_abandoned_chat_is_a_ticket_where_the_department_wants_it(house: House, missed: bool) -> None:
    with house.database.writer_engine.begin() as connection:
        found = departments.one(connection, SALES)
        assert found is not None
        departments.save(
            connection, msgspec.structs.replace(found, mailing=Mailing(missed=missed), version=2)
        )
    for email, wanted in (("v@x.example", missed), ("", False)):
        vera, head = house.start(email=email, text="Hello?", department=SALES)
        left = house.do(vera, p.Leave(new_cid(), head.id))
        tickets_made = [item.after for item in left.news if isinstance(item, TicketMade)]
        assert [item.chat for item in tickets_made] == ([head.id] if wanted else [])
        assert [item.email for item in tickets_made] == ([email] if wanted else [])


def test_an_answer_puts_on_hold_at_once_or_does_nothing(house: House) -> None:
    write_mails(house)
    key, until = new_ticket(house), NOW + 3_600_000
    for odd in (
        {"status": p.TicketStatus.hold},
        {"status": p.TicketStatus.hold, "hold_until": NOW},
        {"hold_until": until},
    ):
        assert reply(house, key, **odd).refusal.code is p.Code.invalid
    assert ticket(house, key).seq == 1
    reply(house, key, status=p.TicketStatus.hold, hold_until=until)
    found = ticket(house, key)
    assert (found.status, found.hold_until, found.timer_at) == (p.TicketStatus.hold, until, until)
    reply(house, key, status=p.TicketStatus.hold)
    assert ticket(house, key).hold_until == until, "the date that it has stays"


def test_time_ends_a_hold_and_closes_what_is_solved(house: House) -> None:
    key = new_ticket(house)
    until = NOW + 3_600_000
    house.do(house.ann, p.SetTicket(new_cid(), key, status=p.TicketStatus.hold, hold_until=until))
    house.do(SYSTEM, ExpireTicket(key))
    assert ticket(house, key).status is p.TicketStatus.hold, "too early"
    house.now = until
    assert house.database.read_now(lambda db: tickets.due(db, until)) == [key]
    house.do(SYSTEM, ExpireTicket(key))
    assert ticket(house, key).status is p.TicketStatus.open
    reply(house, key, status=p.TicketStatus.solved)
    house.now += CLOSE_AFTER_MS
    house.do(SYSTEM, ExpireTicket(key))
    assert ticket(house, key).status is p.TicketStatus.closed
    assert house.database.read_now(lambda db: tickets.due(db, house.now * 2)) == []
    refused = reply(house, key).refusal
    assert refused is not None
    assert refused.code is p.Code.closed
    assert house.try_(house.ann, ExpireTicket(key)).refusal.code is p.Code.unknown  # type: ignore[union-attr]


def test_lists_are_filtered_and_ordered(house: House) -> None:
    write_mails(house)
    keys = [
        new_ticket(house, subject=f"Number {number} 100%_", email=f"v{number}@x.example")
        for number in range(4)
    ]
    house.do(house.ann, p.SetTicket(new_cid(), keys[2], tags=["vip"], priority=p.TicketPriority.urgent))
    reply(house, keys[0])

    def page(**fields: Any) -> list[int]:
        query = p.TicketQuery(**fields)
        total, found = house.database.read_now(lambda db: tickets.page(db, query, {SALES}, house.ann.id))
        assert total >= len(found)
        return [item.id for item in found]

    assert page() == [keys[1], keys[2], keys[3], keys[0]], "what waits for the customer comes last"
    assert page(assignee="me") == [keys[0]]
    assert page(assignee="nobody", order="newest") == [keys[3], keys[2], keys[1]]
    assert page(tag="vip") == page(priority="urgent,high") == [keys[2]]
    assert page(status="new", limit=2, offset=1) == [keys[2], keys[3]]
    assert page(text="number 100%_ v3@") == [keys[3]]
    assert page(text=f"#{keys[1]}") == [keys[1]]
    assert page(text="100%x") == page(text="Numbe_") == [], "what is looked for is no pattern"
    assert page(email="V1@x.example") == [keys[1]]
    assert page(status="solved,closed") == []
    assert house.database.read_now(lambda db: tickets.page(db, p.TicketQuery(), {SUPPORT}, 0)) == (0, [])
    for nonsense in ({"status": "odd"}, {"assignee": "x"}, {"department": "x"}, {"priority": "huge"}):
        with pytest.raises(ValueError):
            page(**nonsense)


def test_a_chat_cannot_begin_after_hours(house: House) -> None:
    with house.database.writer_engine.begin() as connection:
        found = departments.one(connection, SALES)
        assert found is not None
        departments.save(connection, msgspec.structs.replace(found, opening=Opening(chat=Week()), version=2))
    refused = house.try_(house.visitor(), begin_chat())
    assert refused.refusal is not None
    assert refused.refusal.code is p.Code.unavailable
    assert made_ticket(house.do(house.visitor(), begin_message())), "but a message can be left"


def test_the_clock_of_a_chat_still_runs(house: House) -> None:
    """A ticket with a chat's number is not that chat."""
    _, head = house.start()
    key = new_ticket(house)
    house.system(Expire(head.id))
    assert ticket(house, key).seq == 1
