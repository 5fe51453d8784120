"""Every mail of the corpus is read as its author meant it."""

import pytest

from agentconsole.backend.domain.letter import Unreadable
from agentconsole.backend.mail.parse import parse

from .corpus import CASES, Case, Goes

READABLE = [case for case in CASES if case.goes is not Goes.quarantine]
IDS = [case.name for case in READABLE]


@pytest.mark.parametrize("case", READABLE, ids=IDS)
def test_a_mail_is_read(case: Case) -> None:
    letter = parse(case.raw)
    assert letter.nature is case.nature, letter.automatic
    if case.reply is not None:
        assert letter.reply == case.reply
    for name in ("language", "subject", "sender"):
        expected = getattr(case, name)
        assert expected is None or getattr(letter, name) == expected
    if case.files is not None:
        assert tuple(file.name for file in letter.files) == case.files
    if case.status:
        assert letter.bounce is not None
        assert letter.bounce.status == case.status
        assert letter.bounce.permanent is not case.status.startswith("4")


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.goes is Goes.quarantine], ids=lambda case: case.name
)
def test_what_cannot_be_read_says_why(case: Case) -> None:
    with pytest.raises(Unreadable) as failure:
        parse(case.raw)
    assert failure.value.reason.endswith(".")


def test_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert len(names) >= 110
