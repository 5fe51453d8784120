"""Columns hold any number, and are as narrow as their numbers allow."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.columns import added, changed, column, joined

NUMBERS = st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-300, 300)), max_size=30)


def filled(numbers: list[int]) -> array[int]:
    made = column()
    for number in numbers:
        made = added(made, number)
    return made


@given(NUMBERS, NUMBERS)
def test_what_goes_in_comes_out_in_no_more_room_than_it_needs(first: list[int], second: list[int]) -> None:
    one, other = filled(first), filled(second)
    assert one.tolist() == first
    assert joined(one, other).tolist() == first + second
    most = max((number if number >= 0 else ~number for number in first), default=0)
    assert one.itemsize == next(size for size in (1, 2, 4, 8) if most < 2 ** (8 * size - 1))


@given(st.lists(st.integers(0, 300), min_size=1, max_size=9), st.integers(-(2**63), 2**63 - 1), st.data())
def test_one_place_takes_any_number(numbers: list[int], number: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(numbers) - 1))
    numbers_then = [*numbers[:index], number, *numbers[index + 1 :]]
    assert changed(filled(numbers), index, number).tolist() == numbers_then


@pytest.mark.parametrize("number", [-(2**63) - 1, 2**63])
def test_what_is_no_such_number_is_refused(number: int) -> None:
    with pytest.raises(OverflowError):
        added(column(), number)
    with pytest.raises(OverflowError):
        changed(filled([1]), 0, number)
