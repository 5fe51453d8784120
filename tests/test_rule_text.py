"""A rule as a text: what is written is read as it was, and what is wrong is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole import rule_text
from agentconsole.backend.domain import condition, rules
from agentconsole.protocol import RuleEvent, RuleWish

DEPARTMENTS = {1: "sales", 2: "support"}
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
RULES = st.builds(
    RuleWish,
    TEXTS,
    st.sampled_from(RuleEvent),
    st.lists(TEXTS.map(str.strip).filter(bool), max_size=4),
    TEXTS,
    TEXTS,
    st.sampled_from((0, 1, 2)),
    st.booleans(),
    st.booleans(),
)


@given(RULES)
def test_what_is_written_is_read_as_it_was(rule: RuleWish) -> None:
    assert rule_text.read(rule_text.written(rule, DEPARTMENTS), DEPARTMENTS) == rule


@pytest.mark.parametrize(
    "text, told",
    [
        ("name = ", "cannot be read"), ("nme = 'a'", "A rule has no nme"), ("name = 'a'", "event"),
        ("name = 'a'\nevent = 'now'\ndo = []", "event"), ("name = 1\nevent = 'time_passed'\ndo = []", "name"),
        ("name = 'a'\nevent = 'time_passed'\ndo = 'tag x'", "do"),
        ("name = 'a'\nevent = 'time_passed'\ndo = []\ndepartment = 'x'", "There are sales, support"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        rule_text.read(text, DEPARTMENTS)


def test_the_hints_beside_a_rule_name_all_words() -> None:
    page = rule_text.written(rule_text.FRESH, DEPARTMENTS)
    assert all(field in page for field in condition.FIELDS)
    assert all(verb in page for verb in rules.Verb)
    assert all(event in page for event in RuleEvent)
