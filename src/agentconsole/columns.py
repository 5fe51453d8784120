"""Whole numbers in columns that take no more room than their largest number needs."""

from __future__ import annotations

from array import array

WIDER = {"b": "h", "h": "i", "i": "q"}


def column() -> array[int]:
    """An empty column of whole numbers of up to 64 bits, a byte each to begin with."""
    return array("b")


def added(numbers: array[int], number: int) -> array[int]:
    """The column with one number more: the same one, or a wider one. Raises OverflowError beyond 64 bits."""
    try:
        numbers.append(number)
    except OverflowError:
        return added(_wider(numbers), number)
    return numbers


def changed(numbers: array[int], index: int, number: int) -> array[int]:
    """The column with another number in one place: the same one, or a wider one. Raises OverflowError beyond 64 bits."""
    try:
        numbers[index] = number
    except OverflowError:
        return changed(_wider(numbers), index, number)
    return numbers


def joined(first: array[int], second: array[int]) -> array[int]:
    """Both columns, one behind the other."""
    wide = max(first.typecode, second.typecode, key="bhiq".index)
    return array(wide, first) + array(wide, second)


def _wider(numbers: array[int]) -> array[int]:
    code = WIDER.get(numbers.typecode)
    if code is None:
        raise OverflowError("a number does not fit into 64 bits")
    return array(code, numbers)
