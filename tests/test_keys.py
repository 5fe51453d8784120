"""The table of actions: complete, free of clashes, remappable, and the same as its page in docs."""

from itertools import product
from pathlib import Path

import pytest
from textual.keys import _character_to_key

from agentconsole import keys
from agentconsole.keys import ACTIONS, Action, KeyClash, Where

DOCS = Path(__file__).parent.parent / "docs"


def test_no_key_means_two_things_in_one_place() -> None:
    assert keys.clashes() == []


def test_every_action_can_be_told_apart_and_says_what_it_does() -> None:
    assert len({each.id for each in ACTIONS}) == len(ACTIONS)
    for each in ACTIONS:
        assert each.label
        assert each.help.endswith(".")


def test_no_default_key_is_one_that_links_and_shells_keep() -> None:
    used = {key for each in ACTIONS for key in each.keys}
    assert not used & set(keys.UNSAFE)
    assert not used & {"f10", "f11", "f12", "ctrl+a", "ctrl+b"}


def test_no_action_needs_alt_or_more() -> None:
    plain = ("alt+", "shift+", "super+")
    only = [each.id for each in ACTIONS if each.keys and all(key.startswith(plain) for key in each.keys)]
    assert only == ["editor"]  # editing elsewhere is an extra; the palette has it too


def test_a_letter_is_text_while_writing_and_a_key_elsewhere() -> None:
    for where in (Where.queue, Where.chat, Where.left):
        assert keys.acts("n", where) is keys.action("next_needing")
    assert keys.acts("n", Where.composer) is None
    assert keys.acts("ctrl+n", Where.composer) is keys.action("next_needing")
    assert keys.acts("enter", Where.composer) is keys.action("send")
    assert keys.acts("enter", Where.queue) is keys.action("take")


def test_an_agent_without_ctrl_and_function_keys_can_do_everything_outside_the_composer() -> None:
    for each in ACTIONS:
        if each.where is not Where.composer and each.keys:
            simple = [key for key in each.keys if "+" not in key and key not in keys._NAMES - {"enter"}]
            assert simple or each.keys == ("escape",) or each.id == "redraw", each.id


@pytest.mark.parametrize("sign", "?/[]<>:1 Tq+-_@.,;'\"#~!é")
def test_signs_are_named_as_the_screen_library_names_them(sign: str) -> None:
    wanted = _character_to_key(sign)
    if sign != " ":
        assert keys._named("help", sign) == wanted
    assert keys.spoken(wanted) == ("Space" if sign == " " else sign)


def test_a_remapped_action_acts_under_its_new_keys_alone() -> None:
    table = keys.remapped({"take_next": ("F9", "?"), "close": ("c",), "send_ticket": ("y",), "help": ("f1",)})
    assert keys.action("take_next", table).keys == ("f9", "question_mark")
    assert keys.acts("f4", Where.queue, table) is None
    assert keys.acts("f9", Where.composer, table) is keys.action("take_next", table)


@pytest.mark.parametrize(
    "changes, named",
    [
        ({"take_next": ("n",)}, ("keys.take_next", "'Next'", "keys.next_needing")),
        ({"take": ("t",)}, ("keys.take", "'Take next'")),
        ({"tke_next": ("f4",)}, ("keys.tke_next", "take_next")),
        ({"quit": ("ctrl+s",)}, ("keys.quit", "Ctrl+S", "stops the line")),
        ({"quit": ("hyper+x",)}, ("keys.quit", "hyper+x")),
        ({"quit": ("",)}, ("keys.quit",)),
    ],
)
def test_what_cannot_be_used_is_refused_with_names(
    changes: dict[str, tuple[str, ...]], named: tuple[str, ...]
) -> None:
    with pytest.raises(KeyClash) as refusal:
        keys.remapped(changes)
    for word in named:
        assert word in str(refusal.value)


def test_the_same_key_in_two_places_that_never_meet_is_fine() -> None:
    table = keys.remapped({"take": ("x",), "handled": ("x",)})
    assert keys.acts("x", Where.queue, table) is keys.action("take", table)
    assert keys.acts("x", Where.left, table) is keys.action("handled", table)


def test_send_key_swaps_enter_and_new_line() -> None:
    table = keys.with_send_key("ctrl+j")
    assert keys.acts("enter", Where.composer, table) is keys.action("newline", table)
    assert keys.acts("ctrl+j", Where.composer, table) is keys.action("send", table)
    assert keys.clashes(table) == []


def test_clashes_finds_them_in_every_pair_of_places_that_meet() -> None:
    meeting = 0
    for one, other in product(Where, Where):
        table = (Action("a", ("ctrl+n",), "A", "A.", one), Action("b", ("ctrl+n",), "B", "B.", other))
        meeting += bool(keys.clashes(table))
    places = len(Where)
    # each with itself, anywhere with the others, chat with composer, a ticket's keys in the list and open
    assert meeting == places + 2 * (places - 1) + 2 + 4


def test_docs_keys_is_the_table() -> None:
    assert (DOCS / "keys.md").read_text(encoding="utf-8") == keys.as_markdown(), (
        "docs/keys.md is old: write keys.as_markdown() into it"
    )
