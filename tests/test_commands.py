"""The words that `agentconsole` takes."""

from collections.abc import Mapping

import pytest

from agentconsole import rule_line, ticket_line
from agentconsole.__main__ import OTHERS
from tests.shell import run


def test_help_names_every_word() -> None:
    code, shown, _ = run("--help")
    assert code == 0
    assert [word for word in OTHERS if f"agentconsole {word} " not in shown] == []


@pytest.mark.parametrize("word", ["bogus", "", "serv\x1b[2J", "Serve"])
def test_a_word_that_is_none_is_answered_with_those_that_are(word: str) -> None:
    code, shown, complaint = run(word, "--server", "http://127.0.0.1:1")
    assert (code, shown) == (2, "")
    assert f"there is no command {word!r}; there are {', '.join(OTHERS)}" in complaint
    assert "\x1b" not in complaint


@pytest.mark.parametrize("noun, deeds", [("ticket", ticket_line.DEEDS), ("rule", rule_line.DEEDS)])
def test_a_command_of_several_words_lists_them(noun: str, deeds: Mapping[str, object]) -> None:
    code, shown, complaint = run(noun, "--help")
    assert (code, complaint) == (0, "")
    assert [word for word in deeds if f"\n  {word} " not in shown] == []
    for wrong in ("bogus", "--server", "\x1b[2J"):
        code, nothing, complaint = run(noun, wrong, "list")
        assert (code, nothing) == (2, "")
        assert complaint.startswith(shown)
        assert f"{wrong!r} is none of these words" in complaint
    assert run(noun) == (2, "", shown)


@pytest.mark.parametrize(
    "words",
    [
        (),
        *((word,) for word in OTHERS),
        ("hours", "test"),
        *(("ticket", word) for word in ticket_line.DEEDS),
        *(("rule", word) for word in rule_line.DEEDS),
        *(("admin", *words) for words in (("user", "add"), ("department", "set"), ("webhook", "again"))),
        *(("mail", word) for word in ("check", "settle", "discard")),
    ],
    ids=" ".join,
)
def test_help_fits_into_a_terminal(words: tuple[str, ...]) -> None:
    code, shown, _ = run(*words, "--help", env={"COLUMNS": "80"})
    assert code == 0
    assert [line for line in shown.splitlines() if len(line) > 80] == []
