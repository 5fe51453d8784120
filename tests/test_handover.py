"""Handing over: who is listed, how they stand, and the chain that is told before anything happens."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from agentconsole.handover import Chain, Wish, chain, fitting, nearest, obstacle, targets, ways
from agentconsole.protocol import Away, ChatCard, DepartmentCard, SeatCard, State, Status

NOW = 1_790_000_000_000
DEPARTMENTS = {
    1: DepartmentCard(1, "support", "Support", mine=True, open=True),
    2: DepartmentCard(2, "billing", "Billing", open=True, guide="Invoices over 100", offer_s=45),
    3: DepartmentCard(3, "sales", "Sales", away=Away.wait, wait_for_s=300),
}
CHAT = ChatCard(
    5, 1, 3, 3, State.active, 1, NOW, NOW, owner=7, owner_name="Kim", name="Ana", email="ana@example.org"
)


def seat(user: int, name: str, **facts: Any) -> SeatCard:
    given: dict[str, Any] = {"status": Status.online, "limit": 3, "departments": [1]} | facts
    return SeatCard(user, name, name.capitalize(), since=NOW - 180_000, **given)


SEATS = {
    each.user: each
    for each in (
        seat(7, "kim"),
        seat(8, "robin", chats=3, departments=[1, 2]),
        seat(9, "alex", departments=[2]),
        seat(10, "sam", status=Status.away, reason="Lunch", departments=[0]),
        seat(11, "lee"),
        seat(12, "ina", lost_at=NOW - 50_000),
    )
}


def told(wish: Wish, card: ChatCard = CHAT) -> Chain:
    return chain(wish, card, SEATS, DEPARTMENTS, "Ana", NOW)


def test_everybody_but_the_owner_is_listed_and_who_is_free_comes_first() -> None:
    found = targets(CHAT, SEATS.values(), DEPARTMENTS, NOW)
    names = [each.name for each in found]
    assert names == [
        "Departments",
        "Billing",
        "Sales",
        "Support",
        "Agents",
        "Alex",
        "Lee",
        "Ina",
        "Robin",
        "Sam",
    ]
    by_name = {each.name: each for each in found}
    assert (by_name["Billing"].state, by_name["Billing"].load) == ("open", "1 of 3 free")
    assert by_name["Billing"].about == "Invoices over 100"
    assert by_name["Sales"].state == "closed"
    assert by_name["Robin"].load == "3/3"
    assert not by_name["Robin"].free
    assert by_name["Support"].state == "it is here"
    assert (by_name["Robin"].department, by_name["Alex"].department) == (0, 2)
    assert by_name["Sam"].state == "on break 3 min: Lunch"
    assert by_name["Sam"].about == "all departments"


def test_within_a_department_one_chooses_who_is_asked_first() -> None:
    found = targets(CHAT, SEATS.values(), DEPARTMENTS, NOW, within=2)
    assert [(each.user, each.department) for each in found] == [(0, 0), (0, 2), (9, 2), (8, 2), (10, 2)]


def test_words_narrow_the_list_and_a_heading_without_anybody_goes() -> None:
    found = targets(CHAT, SEATS.values(), DEPARTMENTS, NOW)
    assert [each.name for each in fitting(found, "alex")] == ["Agents", "Alex"]
    assert [each.name for each in fitting(found, "billing")] == [
        "Departments",
        "Billing",
        "Agents",
        "Alex",
        "Robin",
    ]
    assert [each.name for each in fitting(found, "invoices")] == ["Departments", "Billing"]
    assert fitting(found, "nobody of that name") == []


@pytest.mark.parametrize(
    "words, name",
    [
        ("", "Billing"),
        ("sal", "Sales"),
        ("Bil", "Billing"),
        ("rob", "Robin"),
        ("am", "Sam"),
        ("invoices", "Billing"),
    ],
)
def test_words_go_to_whom_they_name_before_whom_they_describe(words: str, name: str) -> None:
    about = {"Billing": "for sal, rob and Sam: invoices", "Support": "bills"}
    everybody = targets(CHAT, SEATS.values(), DEPARTMENTS, NOW)
    found = fitting([replace(each, about=about.get(each.name, each.about)) for each in everybody], words)
    near = nearest(found, words)
    assert near is not None
    assert near.name == name


def test_where_nobody_fits_nobody_is_near() -> None:
    assert nearest([], "somebody") is None


QUEUE_2 = "the agents of Billing for 45 s. Nobody: into the queue of Billing, with its age."
LUNCH = "Sam is on break 3 min: Lunch."
PROMISED = "Ana is promised an e-mail from Sam; the chat ends as a left message for Sam."
LINED = "Ana waits in Sam's line for up to 5 min; then everybody of Sales may take it."
IN_LINE = "Nobody of Sales can answer now. Ana waits in the queue of Sales, with its age."
FIRST = "Alex first, for 45 s. Then the agents of Billing for 60 s. "
NOBODY_2 = "Nobody: into the queue of Billing, with its age."


@pytest.mark.parametrize(
    "wish, sentence, sent",
    [
        (
            Wish(user=11),
            "Offered to Lee for 60 s. Declined or no answer: it stays with you.",
            Wish(user=11, away=Away.refuse),
        ),
        (Wish(department=2), f"Offered to {QUEUE_2}", Wish(department=2, away=Away.refuse)),
        (Wish(user=9, department=2), FIRST + NOBODY_2, Wish(user=9, department=2, away=Away.refuse)),
        (
            Wish(user=10, department=2),
            f"{LUNCH} So it is offered to {QUEUE_2}",
            Wish(department=2, away=Away.refuse),
        ),
        (Wish(user=10, department=3), f"{LUNCH} {LINED}", Wish(user=10, department=3, away=Away.wait)),
        (Wish(user=10, away=Away.email), f"{LUNCH} {PROMISED}", Wish(user=10, away=Away.email)),
        (
            Wish(department=3, away=Away.wait),
            IN_LINE,
            Wish(department=3, away=Away.wait),
        ),
        (
            Wish(user=9, department=2, force=True),
            "At once: Alex has the chat and is not asked.",
            Wish(user=9, department=2, force=True),
        ),
    ],
)
def test_the_chain_says_what_will_happen_and_only_that_is_sent(wish: Wish, sentence: str, sent: Wish) -> None:
    assert (told(wish).text, told(wish).send) == (sentence, sent)


@pytest.mark.parametrize(
    "wish, sentence",
    [
        (Wish(user=8), "Robin has 3 of 3 chats already. It will be refused, and nothing changes."),
        (Wish(user=9), "Alex does not answer chats of Support. It will be refused."),
        (Wish(user=99), "There is no such colleague any more. Choose somebody else."),
        (
            Wish(department=1),
            "It is in Support already: choose somebody of it, or put it back into the queue.",
        ),
        (Wish(department=3), "Nobody of Sales can answer now. It will be refused, and it stays with you."),
        (
            Wish(user=12, force=True),
            "Ina has no link (chats given back). So it will be refused, and nothing changes.",
        ),
    ],
)
def test_what_would_be_refused_is_told_and_never_sent(wish: Wish, sentence: str) -> None:
    assert (told(wish).text, told(wish).send) == (sentence, None)


def test_nobody_is_promised_an_e_mail_without_an_address() -> None:
    chain = told(Wish(user=10, away=Away.email), msgspec.structs.replace(CHAT, email=""))
    assert chain.text == f"{LUNCH} Ana gave no e-mail address: it will be refused, and nothing changes."
    assert chain.send is None


def test_a_chat_that_waits_goes_to_one_person_or_stays_where_it_is() -> None:
    waiting = msgspec.structs.replace(CHAT, state=State.waiting, owner=0, owner_name="")
    for away in (None, *Away):
        assert told(Wish(user=10, away=away), waiting).send is None
        assert "It stays in the queue" in told(Wish(user=10, away=away), waiting).text
        assert told(Wish(department=2, away=away), waiting).send is None
        assert ways(Wish(user=10, away=away), waiting, SEATS, DEPARTMENTS, NOW) == []
    assert told(Wish(user=11), waiting).text.endswith("it stays in its queue.")


def test_what_to_do_if_they_are_away_is_asked_only_if_they_are() -> None:
    assert ways(Wish(user=11), CHAT, SEATS, DEPARTMENTS, NOW) == []
    assert ways(Wish(department=2), CHAT, SEATS, DEPARTMENTS, NOW) == []
    assert ways(Wish(department=1), CHAT, SEATS, DEPARTMENTS, NOW) == []
    assert ways(Wish(department=3), CHAT, SEATS, DEPARTMENTS, NOW) == [Away.refuse, Away.wait]
    assert ways(Wish(user=10), CHAT, SEATS, DEPARTMENTS, NOW)[0] is Away.refuse
    assert ways(Wish(user=10, department=3), CHAT, SEATS, DEPARTMENTS, NOW)[0] is Away.wait
    assert ways(Wish(user=10, department=2), CHAT, SEATS, DEPARTMENTS, NOW)[0] is None
    assert ways(Wish(user=10, force=True), CHAT, SEATS, DEPARTMENTS, NOW) == []


@pytest.mark.parametrize(
    "facts, why",
    [
        ({}, ""),
        ({"limit": 0, "chats": 9}, ""),
        ({"status": Status.phone}, "is on the phone"),
        ({"status": Status.drain}, "is finishing"),
        ({"lost_at": NOW - 1, "held_until": NOW + 22_000}, "has no link (kept 22 s more)"),
        ({"chats": 3}, "has 3 of 3 chats already"),
    ],
)
def test_an_obstacle_is_named(facts: dict[str, Any], why: str) -> None:
    assert obstacle(seat(9, "alex", **facts), NOW) == why
