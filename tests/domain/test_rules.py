"""Rules: their language, which fire, and what a pattern may cost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconsole.backend.domain import condition, rules, template
from agentconsole.backend.domain.condition import Facts, parse
from agentconsole.backend.domain.rules import Rule, plan
from agentconsole.protocol import MAX_CONDITION, RuleEvent, RuleWish

MAIL = Facts(
    RuleEvent.ticket_created,
    "support",
    source="e-mail",
    subject="Refund of order 4711",
    text="Dear team,\nI want my MONEY back.",
    email="Vera@Shop.example",
    language="nb",
    tags=("vip", "order"),
    age_ms=3_600_000,
    is_open=False,
)


def rule(
    key: int, when: str = "", *do: str, event: RuleEvent = RuleEvent.ticket_created, **more: object
) -> Rule:
    given: dict[str, object] = {"active": True, "stop": False, **more}
    return Rule(
        key, 0, f"r{key}", "", event=event, when=when, do=do or ("unassign",), place=key, version=1, **given
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "source is e-mail", "SOURCE IS E-Mail", "source is widget, e-mail", "subject contains refund",
        'text contains "money back"', "email is vera@shop.example", "domain is shop.example", "language is nb",
        "tag is vip", "tag is late, order", "priority is normal", "assignee is nobody", "hours is closed",
        "drill is no", "age over 30m", "age under 61m", r'subject matches "order \\d+$"', r"text matches ^i\s+want.*|money",
        "not tag is late", "not not tag is vip", "tag is late or tag is vip and hours is closed",
        "(tag is late or tag is vip) and not (hours is open or drill is yes)", "tag is vip\nand hours is closed",
    ],
)  # fmt: skip
def test_what_holds(text: str) -> None:
    assert parse(text)(MAIL)


@pytest.mark.parametrize(
    "text",
    [
        "source is mail", "subject is refund", "tag contains vipp", "domain is example", "priority is high",
        "age over 60m", "age under 1h", "hours is open", "tag is late and tag is vip", "not (tag is vip or tag is late)",
        "tag is vip and (tag is late or drill is yes)", 'text contains "money  back"', "assignee is ana",
    ],
)  # fmt: skip
def test_what_does_not(text: str) -> None:
    assert not parse(text)(MAIL)


@pytest.mark.parametrize(
    "text, told",
    [
        ("colour is red", "one of source"), ("source", "is or contains or matches"), ("source over 4h", "after source"),
        ("source is", "a value, at the end"), ("source is a and", "one of source"), ("(source is a", "closing bracket"),
        ("source is a)", "the end, at character 12"), ('source is "a', "quotation mark"), ("priority is hot", "one of low"),
        ("age over soon", "no time"), ('subject matches "(?=a)"', "cannot be used"), ("subject matches a**", "cannot be used"),
        ('source is ""', "empty"), ("source is a b", "the end"), ("hours is", "a value"),
        ("subject matches " + "a" * 501, "at most 500"), ('subject matches "((a{99}){99}){99}"', "cannot be used"),
        (" and ".join(["tag is a"] * 51), "at most 50"), ("(((((tag is a)))))", "deep"), ("a" * (MAX_CONDITION + 1), "at most"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        parse(text)


Tree = tuple[str, Callable[[], bool]]
LEAVES: list[Tree] = [("tag is vip", lambda: True), ("tag is late", lambda: False)]


def _joined(children: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    def both(pair: tuple[Tree, Tree]) -> Tree:
        (one, first), (two, second) = pair
        return f"({one}) and ({two})", lambda: first() and second()

    def either(pair: tuple[Tree, Tree]) -> Tree:
        (one, first), (two, second) = pair
        return f"({one}) or ({two})", lambda: first() or second()

    def turned(one: Tree) -> Tree:
        return f"not ({one[0]})", lambda: not one[1]()

    pairs = st.tuples(children, children)
    return st.one_of(pairs.map(both), pairs.map(either), children.map(turned))


@given(st.recursive(st.sampled_from(LEAVES), _joined, max_leaves=4))
def test_groups_mean_what_they_say(tree: Tree) -> None:
    told = _refusal(lambda: parse(tree[0]))
    assert "deep" in told if told else parse(tree[0])(MAIL) == tree[1]()


PIECES = st.sampled_from([*'ab(),"\\ \n', "source", " is ", " and ", " not ", "matches "])


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=20).map("".join))
def test_nonsense_is_refused_with_a_sentence(text: str) -> None:
    told = _refusal(lambda: parse(text)(MAIL))
    assert not told or told.endswith((".", "…"))


def _refusal(act: Callable[[], object]) -> str:
    try:
        act()
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "written", ["(a+)+$", "(a|aa)+$", "(.*)*x", "(a*)*b", "([a-z]+)*[0-9]", "(?:a?){40}a{40}b", "(x+x+)+y"]
)
def test_no_pattern_takes_long(written: str) -> None:
    facts = Facts(RuleEvent.ticket_created, "support", text="a" * 200_000 + "!")
    assert parse(f'text matches "{written}"')(facts) in (True, False)  # by backtracking it would not end


def test_rules_fire_in_order_until_one_says_stop() -> None:
    found = [rule(1, "tag is late"), rule(2), rule(3, "tag is vip", stop=True), rule(4)]
    assert [each.id for each, _ in plan(found, MAIL)] == [2, 3]
    assert [
        each.id for each, _ in plan([rule(1, active=False), rule(2, event=RuleEvent.time_passed)], MAIL)
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        "move sales", "assign ana", "assign @ana", "unassign", "priority high", "tag VIP,  very  late", "untag a",
        "status solved", "hold 3d", "note Look at {ticket.subject}.", "answer /thanks", "answer Dear {customer.name}, yes.",
        "notify @ana", "notify #support See {ticket.number}", "webhook https://example.org/hook?a=1",
    ],
)  # fmt: skip
def test_actions_are_read_as_people_write_them(text: str) -> None:
    action = rules.parse_action(text)
    assert rules.parse_action(action.words) == action


@pytest.mark.parametrize(
    "text",
    [
        "", "dance", "move", "move a b", "assign", "unassign ana", "priority hot", "tag", "tag a,,b", "tag " + "x" * 41,
        "status new", "status hold", "hold", "hold 0m", "note", "answer", "answer {customer.nme}", "notify ana", "notify @",
        "notify", "webhook", "webhook ftp://a", "webhook https://a b", "webhook https://u:p@a/", "webhook https://exämple.org/",
    ],
)  # fmt: skip
def test_actions_that_make_no_sense_are_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"[.?]$|[.?] "):
        rules.parse_action(text)


@pytest.mark.parametrize(
    "wish, told",
    [
        (RuleWish(" ", RuleEvent.ticket_created, ["unassign"]), "name"),
        (RuleWish("r", RuleEvent.ticket_created, []), "does something"),
        (RuleWish("r", RuleEvent.time_passed, ["unassign"], "tag is vip"), "age over 4h"),
        (RuleWish("r", RuleEvent.time_passed, ["unassign"], "language is en"), "age over 4h"),
        (RuleWish("r", RuleEvent.time_passed, ["unassign"], 'subject contains "waiting"'), "age over 4h"),
        (RuleWish("r", RuleEvent.ticket_created, ["ticket"]), "Only of a chat"),
    ],
)
def test_a_rule_that_cannot_work_is_not_kept(wish: RuleWish, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        rules.checked(wish)


def test_a_rule_on_time_names_one_in_whatever_letters() -> None:
    wish = RuleWish("r", RuleEvent.time_passed, ["unassign"], "tag is vip AND Age over 4h")
    assert rules.checked(wish) == wish


def test_fields_are_checked_and_what_is_missing_is_known_before() -> None:
    text = "Dear {customer.name}, {ticket.number} {answer} {customer.name}"
    facts = {"customer.name": " ", "ticket.number": "7"}
    assert template.missing(template.checked(text), facts) == ["customer.name", "answer"]
    assert (
        template.filled(text, {**facts, "customer.name": "{answer}", "answer": "no"})
        == "Dear {answer}, 7 no {answer}"
    )
    assert template.checked("if (a) { b(); } {} {1}")
    for wrong in ("{customer.nme}", "{Customer.Name}", "{name}", "{customer name}"):
        with pytest.raises(ValueError, match="There is no field"):
            template.checked(wrong)


@pytest.mark.parametrize("field", condition.FIELDS)
def test_every_field_can_be_asked(field: str) -> None:
    value = {
        **{name: values[0] for name, values in condition.CLOSED.items()},
        **dict.fromkeys(condition.TIMES, "1h"),
    }
    for how in condition.FIELDS[field]:
        assert parse(f"{field} {how} {value.get(field, 'a')}")(MAIL) in (True, False)
