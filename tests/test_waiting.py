"""Waiting ends when the condition is true, or says what was waited for in vain."""

import asyncio
from itertools import count

import pytest

from tests.waiting import async_until, until


def test_until_returns_the_first_true_answer() -> None:
    numbers = count()
    assert until(lambda: next(numbers) // 3, every=0) == 1
    assert next(numbers) == 4


def test_until_says_what_was_waited_for() -> None:
    with pytest.raises(AssertionError, match=r"0\.01 s in vain for: a miracle \(last answer: \[\]\)"):
        until(list, seconds=0.01, every=0.001, what="a miracle")


async def test_async_until_takes_functions_and_coroutines() -> None:
    numbers = count()

    async def third() -> int:
        return next(numbers) // 3

    assert await async_until(third, every=0) == 1
    assert await async_until(lambda: next(numbers), every=0) == 4


@pytest.mark.parametrize("condition", [lambda: 0, lambda: asyncio.sleep(0, 0)], ids=["plain", "coroutine"])
async def test_async_until_says_what_was_waited_for(condition: object) -> None:
    with pytest.raises(AssertionError, match="in vain for: a miracle"):
        await async_until(condition, seconds=0.01, every=0.001, what="a miracle")  # type: ignore[arg-type]


async def test_async_until_gives_up_on_a_condition_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.waiting.GRACE", 0.0)
    with pytest.raises(AssertionError, match="no answer"):
        await async_until(lambda: asyncio.sleep(3600), seconds=0.01)
