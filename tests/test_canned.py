"""Canned replies: completing, filling in, and going from field to field."""

from __future__ import annotations

import pytest

from agentconsole import canned
from agentconsole.backend.domain import template
from agentconsole.canned import Edit, Span
from agentconsole.protocol import CannedCard

ME, SALES, HELP = 7, 1, 2
REPLIES = [
    CannedCard(1, "hello", "Hello {name}, I am {agent}."),
    CannedCard(2, "hello", "Sales says hello", department=SALES),
    CannedCard(3, "help", "How can I help?", department=HELP),
    CannedCard(4, "order", "Order {order number} is on its way, {name}."),
    CannedCard(5, "Hours", "We are here from {opening} to {closing}.", owner=ME),
    CannedCard(6, "hidden", "not mine", owner=99),
]


def shortcuts(department: int, beginning: str = "") -> list[tuple[str, int]]:
    return [(card.shortcut, card.id) for card in canned.choices(REPLIES, ME, department, beginning)]


def test_mine_beats_the_departments_beats_everybodys() -> None:
    assert shortcuts(SALES) == [("hello", 2), ("Hours", 5), ("order", 4)]
    assert shortcuts(HELP) == [("hello", 1), ("help", 3), ("Hours", 5), ("order", 4)]
    own = CannedCard(9, "hello", "mine", owner=ME)
    assert canned.choices([*REPLIES, own], ME, SALES, "hel") == [own]
    assert canned.choices([own, *REPLIES], ME, SALES, "hel") == [own]


def test_the_beginning_of_a_shortcut_finds_it() -> None:
    assert shortcuts(HELP, "he") == [("hello", 1), ("help", 3)]
    assert shortcuts(HELP, "HO") == [("Hours", 5)]
    assert shortcuts(HELP, "x") == []


@pytest.mark.parametrize(
    "text, cursor, expected",
    [
        ("/he", 3, "he"),
        ("/", 1, ""),
        ("Good day /or", 12, "or"),
        ("line\n/or", 8, "or"),
        ("and/or", 6, None),
        ("/he llo", 7, None),
        ("http://x", 8, None),
        ("/help me", 3, "he"),
        ("", 0, None),
    ],
)
def test_a_shortcut_begins_a_word(text: str, cursor: int, expected: str | None) -> None:
    assert canned.shortcut_before(text, cursor) == expected


def test_a_reply_takes_the_place_of_its_shortcut_and_its_fields_are_filled_in() -> None:
    edit = canned.insert("Well: /hel and so on", 10, REPLIES[0], {"name": "Vi", "agent": "Ada"})
    assert edit == Edit("Well: Hello Vi, I am Ada. and so on", Span(25, 25))


def test_without_a_shortcut_a_reply_stands_at_the_cursor() -> None:
    assert canned.insert("ab", 1, REPLIES[2], {}) == Edit("aHow can I help?b", Span(16, 16))


def test_the_first_field_without_a_value_is_selected_and_tab_finds_the_next() -> None:
    text, selection = canned.insert("/ho", 3, REPLIES[4], {})
    assert text[selection.start : selection.end] == "{opening}"
    after = canned.next_field(text, selection.end)
    assert after
    assert text[after.start : after.end] == "{closing}"
    assert canned.next_field(text, after.end) == selection
    assert canned.open_fields(text) == ["opening", "closing"]
    assert canned.next_field("none", 0) is None


def test_what_a_visitor_calls_himself_is_no_field_and_no_second_line() -> None:
    filled = canned.fill("Hello {name}!", {"name": "{agent}\n\x1b[31mVi"})
    assert filled == "Hello (agent)··[31mVi!"


def test_an_empty_value_leaves_the_field_open() -> None:
    assert canned.fill("Hello { Name }, {email}", {"name": "Vi", "email": ""}) == "Hello Vi, {email}"


def test_chats_tickets_and_mails_know_the_same_fields() -> None:
    elsewhere = {"answer", "signature", "transcript"}  # a mail has these around what a person writes
    assert set(template.FIELDS) - elsewhere <= set(canned.FIELDS)
    assert set(template.SHORT) == {name for name in canned.FIELDS if "." not in name} - {"page"}
    assert canned.fill("Dear {customer.name}", {"customer.name": "Vi"}) == "Dear Vi"
