"""Rules at work: what they do to tickets and chats, in which order, and that they come to an end."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend.desk.made import TicketMade
from agentconsole.backend.desk.rules import OnTime, OrderRules, PutRule, RemoveRule, tried
from agentconsole.backend.desk.ticketing import ExpireTicket
from agentconsole.backend.domain.level import Level
from agentconsole.backend.domain.life import Refusal
from agentconsole.backend.domain.mailing import Mailing
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.domain.ticket import Ticket
from agentconsole.backend.storage import departments, letters, mails, rules, tickets, webhooks
from agentconsole.backend.storage.tables import staff_message
from agentconsole.backend.storage.ticket_tables import mail_out, webhook_out
from agentconsole.protocol import RuleEvent, RuleWish, TicketStatus
from tests.storage.house import SALES, SUPPORT, House, begin_message, new_cid

E = RuleEvent
HOUR = 3_600_000


def rule(house: House, *do: str, when: str = "", event: RuleEvent = E.ticket_created, **more: Any) -> int:
    name = more.pop("name", " ".join(do)[:40])
    return house.do(SYSTEM, PutRule(RuleWish(name, event, list(do), when, **more))).about


def ticket(house: House, text: str = "Where is my order?", **more: Any) -> int:
    given: dict[str, Any] = {"department": SALES, "subject": "Order", "email": "vera@shop.example", **more}
    return house.do(SYSTEM, p.NewTicket(new_cid(), text=text, **given)).about


def one(house: House, key: int) -> Ticket:
    found = house.database.read_now(lambda db: tickets.one(db, key))
    assert found is not None
    return found


def did(house: House, key: int) -> list[list[str]]:
    log = house.database.read_now(lambda db: tickets.log(db, key))
    return [line.what.did for line in log if isinstance(line.what, p.RuleFired)]


def change(house: House, department: int, **fields: Any) -> None:
    with house.database.writer_engine.begin() as connection:
        found = departments.one(connection, department)
        assert found is not None
        departments.save(connection, msgspec.structs.replace(found, **fields))


def rows(house: House, table: Any) -> list[Any]:
    return house.database.read_now(lambda db: list(db.execute(table.select())))


def test_a_new_ticket_is_sorted(house: House) -> None:
    rule(
        house,
        "move support",
        "tag refund, money",
        "priority high",
        when="text contains refund and source is api",
    )
    kept, moved = ticket(house), ticket(house, "A REFUND please")
    assert (one(house, kept).department, did(house, kept)) == (SALES, [])
    found = one(house, moved)
    assert (found.department, found.tags, found.priority) == (SUPPORT, ("refund", "money"), "high")
    assert did(house, moved) == [["moved to Support", "tag refund, money", "priority high"]]
    [card] = house.database.read_now(lambda db: rules.firings(db, 1, 5))
    assert (card.ticket, card.did) == (moved, did(house, moved)[0])


def test_tags_and_priority_of_a_new_ticket_are_there_when_rules_look(house: House) -> None:
    rule(house, "assign ann", when="tag is vip and priority is urgent")
    key = ticket(house, tags=["vip"], priority=p.TicketPriority.urgent)
    assert one(house, key).assignee == house.ann.id


def test_rules_take_their_turns_and_stop(house: House) -> None:
    first, second, third = (rule(house, f"tag {name}", name=name) for name in ("a", "b", "c"))
    house.do(SYSTEM, OrderRules((third, first)))
    assert one(house, ticket(house)).tags == ("c", "a", "b")
    found = house.database.read_now(lambda db: rules.one(db, first))
    assert found is not None
    house.do(SYSTEM, PutRule(msgspec.structs.replace(found.wish, stop=True), first))
    assert one(house, ticket(house)).tags == ("c", "a")
    house.do(SYSTEM, RemoveRule(third))
    house.do(SYSTEM, PutRule(msgspec.structs.replace(found.wish, active=False), first))
    assert one(house, ticket(house)).tags == ("b",)
    assert second


def test_what_a_rule_does_is_an_event_and_chains_end(house: House) -> None:
    """Two rules send a ticket to and fro: each fires once, and the ticket rests."""
    rule(house, "move support", when="department is sales", event=E.department_changed, name="there")
    rule(house, "move sales", when="department is support", event=E.department_changed, name="back")
    rule(house, "move support", "status waiting")
    rule(house, "tag told", event=E.status_changed)
    found = one(house, key := ticket(house))
    assert len(did(house, key)) == 4
    assert (found.department, found.tags) == (SUPPORT, ("told",))


def test_no_more_than_ten_rounds(house: House) -> None:
    for turn in range(14):
        rule(
            house,
            f"move {('sales', 'support')[turn % 2]}",
            f"tag t{turn}",
            event=E.department_changed,
            when="".join(f"tag is t{turn - 1}" if turn else "tag is start"),
        )
    rule(house, "move support", "tag start")
    assert len(did(house, ticket(house))) <= 10


def test_after_a_move_only_rules_of_there_and_of_everybody_act(house: House) -> None:
    mine: dict[str, Any] = {"department": SALES}
    rule(house, "move support", name="everybody's move")
    rule(house, "tag mine", **mine)
    rule(house, "tag stopped", name="stop of who has no say any more", stop=True, **mine)
    rule(house, "tag all")
    rule(house, "tag went", event=E.department_changed, **mine)
    rule(house, "tag came", event=E.department_changed, department=SUPPORT)
    assert one(house, ticket(house)).tags == ("all", "came")


def test_a_departments_rule_that_moves_a_ticket_lets_go_of_it(house: House) -> None:
    rule(house, "tag a", "move support", name="move", department=SALES, stop=True)
    rule(house, "priority urgent", name="not looked at after the stop")
    rule(house, "move sales", event=E.department_changed, department=SUPPORT, name="back")
    key = ticket(house)
    assert did(house, key) == [["tag a", "moved to Support"], ["moved to Sales"]], "and so on it does not go"
    assert (one(house, key).department, one(house, key).priority) == (SALES, "normal")
    early = RuleWish("r", E.ticket_created, ["move support", "tag b"], department=SALES)
    refusal = house.try_(SYSTEM, PutRule(early)).refusal
    assert refusal is not None
    assert "moves last" in refusal.text


def test_a_chats_rule_has_no_say_over_a_ticket_that_went_elsewhere(house: House) -> None:
    rule(house, "move support", event=E.ticket_created)
    rule(house, "ticket", "tag mine", "notify #sales", event=E.rating_given, department=SALES, name="one")
    rule(house, "ticket", "tag all", event=E.rating_given, name="two")
    visitor, head = house.start(email="v@x.example", text="help")
    house.do(house.ann, p.Take(new_cid(), head.id))
    house.do(house.ann, p.Close(new_cid(), head.id, p.Outcome.solved))
    made = house.do(visitor, p.Rate(new_cid(), head.id, p.Rating.bad))
    found = house.database.read_now(lambda db: tickets.of_chat(db, head.id))
    assert found is not None
    assert (found.department, found.tags) == (SUPPORT, ("all",))
    heard = [item for item in made.news if isinstance(item, TicketMade)]
    assert [item.before for item in heard] == [None, heard[0].after], "it is told that there is a ticket"
    [fired] = house.database.read_now(lambda db: rules.firings(db, 2, 5))
    assert fired.did[1:] == [
        "not done: tag mine (the chat is no ticket of this department)",
        "told all of Sales",
    ]


def test_what_cannot_be_done_is_told_in_the_ticket(house: House) -> None:
    house.do(house.sue, p.SaveCanned(new_cid(), "thanks", "Thanks, {customer.name}.", SALES))
    rule(
        house,
        "assign bob",
        "answer /thanks",
        "answer Hello {customer.name}!",
        "unassign",
        "untag x",
        "priority normal",
    )
    [told] = did(house, key := ticket(house, department=SUPPORT))
    assert told[0] == "not assigned: bob does not work on tickets of this department"
    assert told[1].startswith("not answered: there is no canned reply")
    assert told[2] == "not answered: customer.name is not known"
    assert told[3:] == ["was nobody's already", "untag x: was so already", "was normal already"]
    assert one(house, key).assignee == 0


def test_an_answer_is_mailed_once_and_is_no_answer_of_a_person(house: House) -> None:
    change(house, SALES, mailing=Mailing(address="sales@desk.example", mailbox="main", acknowledge=False))
    rule(house, "answer Dear {customer.name}, {ticket.number} it is.")
    key = ticket(house, name="Vera")
    [mail] = rows(house, mail_out)
    assert (mail.kind, mail.recipient, mail.ticket) == ("rule", "vera@shop.example", key)
    assert f"Dear Vera, {key} it is.".encode() in mail.raw
    assert b"auto-replied" in mail.raw
    found = one(house, key)
    assert (found.status, found.answered_at) == (TicketStatus.new, 0)
    for _ in range(9):
        ticket(house, name="Vera")
    assert len(rows(house, mail_out)) == 4  # the brake on automatic mails
    assert house.database.read_now(lambda db: mails.automatic_since(db, "vera@shop.example", 0)) == 4


def test_people_and_systems_are_told_but_never_what_is_private(house: House) -> None:
    rule(
        house,
        "note SECRET",
        "notify @ann Look: {ticket.subject}",
        "notify #sales",
        "webhook https://example.org/x",
        name="tell",
    )
    made = house.do(SYSTEM, p.NewTicket(new_cid(), SALES, "Late", "LONGTEXT", email="v@x.example"))
    frames = [item for item in made.news if isinstance(item, p.Message)]
    assert [(each.room, each.author) for each in frames] == [(f"u0-{house.ann.id}", 0), (f"d{SALES}", 0)]
    assert len(rows(house, staff_message)) == 2
    [call] = rows(house, webhook_out)
    body = json.loads(call.body)
    assert (body["ticket"], body["event"], call.next_at) == (made.about, "ticket_created", house.now)
    assert "SECRET" not in call.body
    assert "LONGTEXT" not in call.body
    assert len(call.key) == 32
    assert house.database.read_now(lambda db: webhooks.due(db, house.now, 9))


def test_replies_wake_other_rules_than_the_first_message(house: House) -> None:
    rule(house, "tag answered", event=E.agent_replied)
    rule(house, "priority urgent", when='text matches "\\bangry\\b"', event=E.customer_replied)
    key = ticket(house, "I am angry")
    assert one(house, key).priority == "normal"
    house.do(house.ann, p.ReplyTicket(new_cid(), key, "Hello.", 99))
    assert one(house, key).tags == ("answered",)


def test_clocks_wake_rules(house: House) -> None:
    change(house, SALES, levels=(Level(p.TicketPriority.normal, first_ms=HOUR, always=True),))
    rule(house, "tag warned", event=E.clock_warned, when="clock is first")
    rule(house, "priority urgent", "notify #sales", event=E.clock_breached)
    key = ticket(house)
    house.now += HOUR * 3 // 4
    house.system(ExpireTicket(key))
    assert (one(house, key).tags, one(house, key).priority) == (("warned",), "normal")
    house.now += HOUR // 4
    house.system(ExpireTicket(key))
    assert one(house, key).priority == "urgent"


def test_time_wakes_a_rule_once_until_people_write_again(house: House) -> None:
    rule(house, "note Still nobody?", event=E.time_passed, when="age over 2h and status is new, open")

    def sweep() -> list[int]:
        found = house.database.read_now(lambda db: tickets.ripe(db, house.now, 9))
        for key in found:
            house.system(OnTime(key))
        return found

    key = ticket(house)
    assert sweep() == []
    house.now += 2 * HOUR + 1
    assert sweep() == [key]
    assert sweep() == []
    house.system(OnTime(key))  # a stale one does nothing
    assert len(did(house, key)) == 1
    house.do(house.ann, p.ReplyTicket(new_cid(), key, "Hello.", 99, status=TicketStatus.open))
    assert sweep() == [key]
    house.do(house.ann, p.SetTicket(new_cid(), key, status=TicketStatus.closed))
    assert sweep() == []


def test_a_merged_ticket_brings_no_events_along(house: House) -> None:
    rule(house, "tag replied", event=E.customer_replied)
    into, gone = ticket(house), ticket(house, "More")
    house.do(house.ann, p.MergeTicket(new_cid(), gone, into))
    assert one(house, into).tags == ()


def test_a_bad_rating_becomes_a_ticket(house: House) -> None:
    rule(
        house,
        "ticket",
        "assign sue",
        "tag unhappy",
        "notify @sue",
        "webhook https://example.org/x",
        event=E.rating_given,
        when="rating is bad",
    )
    rule(house, "notify #sales Again.", event=E.chat_closed)
    visitor, head = house.start(email="v@x.example", text="help")
    house.do(house.ann, p.Take(new_cid(), head.id))
    house.do(house.ann, p.Close(new_cid(), head.id, p.Outcome.solved))
    made = house.do(visitor, p.Rate(new_cid(), head.id, p.Rating.bad))
    found = house.database.read_now(lambda db: tickets.of_chat(db, head.id))
    assert found is not None
    assert (found.tags, found.assignee) == (("unhappy",), house.sue.id)
    assert [type(item).__name__ for item in made.news] == ["TicketMade", "Message"]
    [call] = rows(house, webhook_out)
    told = json.loads(call.body)
    assert (told["rating"], told["chat"], told["ticket"]) == ("bad", head.id, found.id)


@pytest.mark.parametrize("rating, department", [("good", 0), ("bad", SUPPORT)])
def test_a_rating_tells_people_and_systems_without_a_ticket(
    house: House, rating: str, department: int
) -> None:
    only = {"event": E.rating_given, "when": "rating is bad and department is sales"}
    rule(house, "notify @sue Bad.", "webhook https://example.org/x", **only)
    rule(house, "notify @sue Wrong.", event=E.rating_given, when=f"rating is {rating}", department=department)
    visitor, head = house.start()
    house.do(house.ann, p.Take(new_cid(), head.id))
    house.do(house.ann, p.Close(new_cid(), head.id, p.Outcome.solved))
    made = house.do(visitor, p.Rate(new_cid(), head.id, p.Rating.bad))
    assert [item.text for item in made.news if isinstance(item, p.Message)] == [f"Chat {head.id}: Bad."]
    [call] = rows(house, webhook_out)
    told = json.loads(call.body)
    assert (told["event"], told["rating"], told["chat"]) == ("rating_given", "bad", head.id)
    assert house.database.read_now(lambda db: tickets.of_chat(db, head.id)) is None


def test_a_missed_chat_tells_its_department(house: House) -> None:
    rule(house, "notify #sales {customer.email} left.", event=E.chat_missed, when="hours is open")
    visitor, head = house.start(email="v@x.example")
    made = house.do(visitor, p.Leave(new_cid(), head.id))
    [told] = [item for item in made.news if isinstance(item, p.Message)]
    assert told.text == f"Chat {head.id}: v@x.example left."


def test_a_trial_says_what_would_have_been_and_changes_nothing(house: House) -> None:
    late, other = ticket(house, "LATE again"), ticket(house)
    wish = RuleWish("Late", E.ticket_created, ["priority high"], "text contains late and assignee is nobody")
    before = one(house, late)
    page = house.database.read_now(lambda db: tickets.newest(db, None, 10))
    found = house.database.read_now(lambda db: tried(db, wish, page, house.now))
    assert (found.looked, [hit.ticket for hit in found.hits]) == (2, [late])
    assert found.hits[0].would == ["priority high"]
    assert one(house, late) == before
    assert other
    replied = msgspec.structs.replace(wish, event=E.customer_replied)
    assert house.database.read_now(lambda db: tried(db, replied, page, house.now)).hits == []


@pytest.mark.parametrize(
    "do, told",
    [
        (["move nowhere"], "no department nowhere"), (["assign nobody"], "no user"), (["notify @zed"], "no user"),
        (["notify #zed"], "no department"), (["answer /zed"], "no canned reply"), (["dance"], "Write one of"), ([], "does something"),
    ],
)  # fmt: skip
def test_a_rule_that_names_what_is_not_there_is_refused(house: House, do: list[str], told: str) -> None:
    refusal = house.try_(SYSTEM, PutRule(RuleWish("r", E.ticket_created, do))).refusal
    assert isinstance(refusal, Refusal)
    assert told in refusal.text


def test_supervisors_set_their_departments_rules_alone(house: House) -> None:
    mine = RuleWish("Mine", E.ticket_created, ["tag a"], department=SALES)
    theirs = msgspec.structs.replace(mine, department=SUPPORT)
    everybodys = msgspec.structs.replace(mine, department=0)
    key = house.do(house.sue, PutRule(mine)).about
    shared = house.do(SYSTEM, PutRule(everybodys)).about
    for actor, command in (
        (house.sue, PutRule(theirs)), (house.sue, PutRule(everybodys)), (house.sue, PutRule(theirs, key)),
        (house.sue, PutRule(mine, shared)), (house.sue, RemoveRule(shared)), (house.sue, OrderRules((shared, key))),
        (house.ann, PutRule(mine)), (house.ann, RemoveRule(key)), (house.sue, RemoveRule(999)), (house.ann, OnTime(1)),
    ):  # fmt: skip
        refusal = house.try_(actor, command).refusal
        assert refusal is not None
        assert refusal.code == "unknown", command
    refusal = house.try_(house.sue, PutRule(mine, key, 7)).refusal
    assert refusal is not None
    assert refusal.code == "conflict"


def test_left_messages_are_sorted_too(house: House) -> None:
    rule(house, "tag left", when="source is widget and domain is x.example")
    house.do(house.visitor(), begin_message())
    [found] = house.database.read_now(lambda db: tickets.newest(db, None, 5))
    assert found.tags == ("left",)


LONG = "All that is long, longer and longest, and has no end"


@pytest.mark.parametrize(
    "topic, tags",
    [
        ("Prices, old", ("prices old", "asked")),
        (LONG, ("all that is long longer and longest and",)),
        ("Something else", ()),
    ],
)
def test_a_left_message_has_the_topic_which_tags_its_ticket_if_the_department_offers_it(
    house: House, topic: str, tags: tuple[str, ...]
) -> None:
    change(house, SALES, topics=("Prices, old", LONG))
    rule(house, "tag asked", when='tag is "prices old"')
    card, _ = house.do(house.visitor(), begin_message(topic=topic)).news
    visitor, head = house.start(topic=topic)
    of_chat, _ = house.do(visitor, begin_message(chat=head.id, text="", topic="not this one")).news
    for left in (card, of_chat):
        assert left == house.database.read_now(lambda db, key=left.id: letters.left(db, key))
        ticket = house.database.read_now(lambda db, key=left.ticket: tickets.one(db, key))
        assert (left.topic, ticket.tags) == (topic, tags)


def test_no_topic_is_longer_than_a_topic(house: House) -> None:
    assert house.try_(house.visitor(), begin_message(topic="x" * p.MAX_TOPIC)).refusal is None
    refusal = house.try_(house.visitor(), begin_message(topic="x" * (p.MAX_TOPIC + 1))).refusal
    assert refusal is not None
    assert refusal.code is p.Code.too_long


@pytest.mark.parametrize(
    "text, told",
    [("Hi {name}, {ticket.number} it is.", "answered vera@shop.example"), ("See {page}.", "There is no field {page}")],
)  # fmt: skip
def test_canned_replies_are_the_same_for_people_and_rules(house: House, text: str, told: str) -> None:
    change(house, SALES, mailing=Mailing(address="sales@desk.example", mailbox="main", acknowledge=False))
    house.do(house.sue, p.SaveCanned(new_cid(), "hi", text, SALES))
    rule(house, "answer /hi")
    [[found]] = did(house, key := ticket(house, name="Vera"))
    assert told in found
    assert [f"Hi Vera, {key} it is.".encode() in mail.raw for mail in rows(house, mail_out)] in ([True], [])
