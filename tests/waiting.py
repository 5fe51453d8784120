"""Waiting for a condition with a deadline, instead of sleeping and hoping."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import pytest

T = TypeVar("T")
GRACE = 1.0  # seconds past the deadline in which a last answer may still come


def until(condition: Callable[[], T], seconds: float = 10, every: float = 0.02, what: str = "") -> T:
    """Ask `condition` every `every` seconds until it is true, and return its answer.

    It is asked once more at the deadline; if it is still not true, AssertionError says `what` was waited for.
    """
    deadline = time.monotonic() + seconds
    while True:
        late = time.monotonic() >= deadline
        answer = condition()
        if answer:
            return answer
        if late:
            raise AssertionError(_complaint(condition, answer, seconds, what))
        time.sleep(every)


@asynccontextmanager
async def during(endless: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """It runs while the block lasts; then it is cancelled, and must not have ended by itself."""
    running = asyncio.create_task(endless)
    try:
        yield
    finally:
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def async_until(
    condition: Callable[[], T | Awaitable[T]], seconds: float = 10, every: float = 0.02, what: str = ""
) -> T:
    """Like `until`, in a coroutine; `condition` may be a plain function or a coroutine function."""
    deadline = time.monotonic() + seconds
    while True:
        late = time.monotonic() >= deadline
        answer = condition()
        if inspect.isawaitable(answer):
            answer = await _before(deadline, answer, condition, seconds, what)
        if answer:
            return cast(T, answer)
        if late:
            raise AssertionError(_complaint(condition, answer, seconds, what))
        await asyncio.sleep(every)


async def _before(
    deadline: float, answer: Awaitable[T], condition: Callable[[], object], seconds: float, what: str
) -> T:
    """The awaited answer; a condition that hangs past the deadline fails like one that stays untrue."""
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic()) + GRACE) as limit:
            return await answer
    except TimeoutError:
        if not limit.expired():
            raise
        raise AssertionError(_complaint(condition, "no answer", seconds, what)) from None


def _complaint(condition: Callable[[], object], answer: object, seconds: float, what: str) -> str:
    name = what or getattr(condition, "__qualname__", repr(condition))
    return f"waited {seconds:g} s in vain for: {name} (last answer: {answer!r})"
