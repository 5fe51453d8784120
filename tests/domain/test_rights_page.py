"""docs/rights.md is the policy's own table, whole and up to date."""

from agentconsole.backend.domain.policy import RIGHTS, Deed, Reach, Who
from tools.rights_page import COLUMNS, DEEDS, LEGEND, PAGE, WORDS, page


def test_the_page_is_what_the_policy_says() -> None:
    assert PAGE.read_text() == page(), "write it anew: python tools/rights_page.py"


def test_each_right_has_its_words() -> None:
    assert set(DEEDS) == set(Deed) == set(RIGHTS)
    assert set(COLUMNS) == set(Who)
    assert set(WORDS) == set(Reach)
    for word in WORDS.values():
        assert f"\n| {word} |" in LEGEND, word
