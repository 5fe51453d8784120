"""Reply tokens: what opens a ticket, to whom, and for how long."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.backend import token
from agentconsole.backend.domain.letter import TOKEN
from agentconsole.backend.domain.spans import DAY_MS
from agentconsole.backend.token import DAYS, named_in, read, sign

KEY, OTHER = b"k" * 32, b"o" * 32
NOW = 1_700_000_000_000


@given(ticket=st.integers(1, 2**40 - 1), recipient=st.emails(), at=st.integers(0, 2**42))
def test_opens_its_ticket_to_its_recipient(ticket: int, recipient: str, at: int) -> None:
    signed = sign(KEY, ticket, recipient, at)
    assert re.fullmatch(TOKEN, signed)
    assert read(KEY, signed.upper().lower(), recipient.upper(), at) == ticket
    assert named_in(signed) == ticket
    assert read(OTHER, signed, recipient, at) == 0
    assert read(KEY, signed, f"x{recipient}", at) == 0


def test_a_domain_is_the_same_in_its_own_letters_and_in_ascii() -> None:
    for signed, sender in itertools.permutations(("v@bücher.example", "v@xn--bcher-kva.example")):
        assert read(KEY, sign(KEY, 7, signed, NOW), sender, NOW) == 7
    assert read(KEY, sign(KEY, 7, "v@bücher.example", NOW), "v@bucher.example", NOW) == 0


def test_is_believed_for_180_days() -> None:
    signed = sign(KEY, 7, "v@x.example", NOW)
    assert read(KEY, signed, "v@x.example", NOW + DAYS * DAY_MS) == 7
    assert read(KEY, signed, "v@x.example", NOW + (DAYS + 1) * DAY_MS) == 0


@given(at=st.integers(0, 27), sign_=st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_one_changed_sign_opens_nothing(at: int, sign_: str) -> None:
    signed = sign(KEY, 7, "v@x.example", NOW)
    changed = signed[:at] + sign_ + signed[at + 1 :]
    same = token._taken_apart(changed) == token._taken_apart(signed)
    assert read(KEY, changed, "v@x.example", NOW) == (7 if same else 0)


@pytest.mark.parametrize("nonsense", ["", "a", "a" * 28, "!" * 28, "ä" * 28, "=" * 28, "1" * 28, "a" * 4_000])
def test_nonsense_opens_nothing(nonsense: str) -> None:
    assert read(KEY, nonsense, "v@x.example", NOW) == 0
