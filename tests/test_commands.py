"""The words that `agentconsole` takes."""

import pytest

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
