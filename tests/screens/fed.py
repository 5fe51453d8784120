"""A console whose store is fed by hand: the real app, store and client, without a server."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from textual.pilot import Pilot

from agentconsole.app import AgentConsole
from agentconsole.client import Problem
from agentconsole.outbox import Command
from agentconsole.protocol import (
    CannedCard,
    ChatCard,
    DepartmentCard,
    DepartmentList,
    Event,
    Grant,
    LeftCard,
    Noted,
    Outcome,
    Party,
    Preview,
    Resume,
    Role,
    Said,
    Side,
    StaffFrame,
    Started,
    State,
    Status,
    Synced,
    Took,
    Welcome,
)
from agentconsole.settings import Settings
from agentconsole.store import Store
from tests.waiting import async_until

START = 1_790_000_000_000
ME = 7


class Clock:
    """A clock that stands still until it is moved; UTC milliseconds."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


class Unplugged(AgentConsole):
    """The console without its connection: what would be sent stands in the outbox."""

    def connect(self) -> None:  # type: ignore[override]
        """No server here."""


async def unanswered(*_: Any, **__: Any) -> bytes:
    """What a question over REST gets here: the same at once, and not when some socket has found out."""
    raise Problem("unreachable", "No server here.")


@dataclass
class Desk:
    """A running console under test."""

    app: Unplugged
    pilot: Pilot[int]
    clock: Clock

    @property
    def store(self) -> Store:
        return self.app.store

    async def feed(self, *frames: StaffFrame) -> None:
        """Frames arrive from the server."""
        touched = set()
        for frame in frames:
            touched |= self.store.apply(frame, self.clock.now)
        self.app.changed(touched)
        await self.drawn()

    async def drawn(self) -> None:
        """Wait until what has come is on the screen."""
        await self.pilot.pause()
        await async_until(lambda: not (self.app._pumping or self._asking()), every=0.005, what="all is drawn")
        await self.pilot.pause()

    def _asking(self) -> bool:
        """The customer's card is drawn when its answer comes, so a step that has asked for it is not done before."""
        return any(worker.group == "customer" and not worker.is_finished for worker in self.app.workers)

    async def press(self, *keys: str) -> None:
        """Keys, and what they started."""
        await self.pilot.press(*keys)
        await self.drawn()

    async def type(self, words: str) -> None:
        """Letters into whatever has the focus."""
        await self.press(*("space" if ch == " " else "slash" if ch == "/" else ch for ch in words))

    async def later(self, ms: int) -> None:
        """Time goes by."""
        self.clock.now += ms
        self.app.changed(self.store.expire(self.clock.now))
        self.app.tick()
        await self.drawn()

    @property
    def sent(self) -> list[Command]:
        """The commands on their way, oldest first."""
        return [entry.command for entry in self.store.outbox.entries.values()]

    @property
    def screen(self) -> list[str]:
        """What stands on the screen, row by row."""
        return rows(self.app)

    def sees(self, words: str) -> bool:
        """True if the words stand in one row of the screen."""
        return any(words in row for row in self.screen)


def rows(app: AgentConsole) -> list[str]:
    """The text on the screen of an app, row by row."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


@asynccontextmanager
async def desk(
    size: tuple[int, int] = (80, 24), settings: Settings | None = None, **more: Any
) -> AsyncIterator[Desk]:
    """A console on a terminal of that size, after hello."""
    clock = Clock()
    app = Unplugged(
        "http://127.0.0.1:9",
        "kim",
        "token",
        settings=settings or Settings(theme="night"),
        clock=clock,
        driver_class=None,
        **more,
    )
    app.client.ask = unanswered  # type: ignore[method-assign]
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        running = Desk(app, pilot, clock)
        await running.feed(*hello())
        yield running


def hello() -> list[StaffFrame]:
    """What the server says first."""
    return [
        Welcome("run1", START, ME, "kim", "Kim", [Grant(Role.agent)], Status.online),
        DepartmentList(
            [
                DepartmentCard(1, "support", "Support", mine=True),
                DepartmentCard(2, "billing", "Billing", mine=True),
                DepartmentCard(3, "sales", "Sales"),
            ]
        ),
        CannedCard(1, "hello", "Hello {name}, this is {agent}. How can I help?"),
        CannedCard(2, "help", "Have a look at our help pages first."),
        CannedCard(3, "order", "Your order {order number} is on its way."),
        Synced(),
    ]


def waiting(chat: int, name: str = "Ana", wait_s: int = 30, version: int = 1, **facts: Any) -> ChatCard:
    """A waiting chat."""
    since = START - wait_s * 1000
    given: dict[str, Any] = {"department": 1, "first_line": "My printer is on fire"} | facts
    return ChatCard(chat, version, 2, 2, State.waiting, since=since, started_at=since, name=name, **given)


def mine(
    chat: int, name: str = "Ana", version: int = 2, state: State = State.active, seq: int = 3, **facts: Any
) -> ChatCard:
    """A chat of mine."""
    given: dict[str, Any] = {"department": 1, "first_line": "My printer is on fire"} | facts
    return ChatCard(
        chat,
        version,
        seq,
        seq,
        state,
        since=START - 90_000,
        started_at=START - 90_000,
        owner=ME,
        owner_name="Kim",
        name=name,
        taken_at=START - 60_000,
        **given,
    )


def log(chat: int, *texts: str, name: str = "Ana", start: int = 1) -> list[StaffFrame]:
    """A conversation: '<' from the visitor, '>' from me, '#' a note of mine, '@' from a colleague, '*' started, '+' took."""
    frames: list[StaffFrame] = [Resume(chat, start - 1, start - 1 + len(texts), reset=start == 1)]
    for seq, text in enumerate(texts, start):
        frames.append(event(chat, seq, text, name))
    return frames


def event(chat: int, seq: int, text: str, name: str = "Ana") -> Event:
    """One event, written as for `log`."""
    sign, words = text[:1], text[1:]
    visitor, me, colleague = (
        Party(Side.visitor, 0, name),
        Party(Side.staff, ME, "Kim"),
        Party(Side.staff, 8, "Robin"),
    )
    at = START - 80_000 + seq * 5_000
    match sign:
        case "<":
            return Event(chat, seq, at, visitor, Said(words), seq)
        case ">":
            return Event(chat, seq, at, me, Said(words), seq)
        case "@":
            return Event(chat, seq, at, colleague, Said(words), seq)
        case "#":
            return Event(chat, seq, at, me, Noted(words))
        case "*":
            return Event(chat, seq, at, visitor, Started(words), seq)
    return Event(chat, seq, at, me, Took(), seq)


def left(id: int, text: str = "Please call me back", **facts: Any) -> LeftCard:
    """A left message."""
    given: dict[str, Any] = {"department": 2, "email": "ana@example.org", "name": "Ana"} | facts
    return LeftCard(id, at=START - 3_600_000 + id, text=text, **given)


__all__ = [
    "ME",
    "START",
    "Desk",
    "Outcome",
    "Preview",
    "desk",
    "event",
    "hello",
    "left",
    "log",
    "mine",
    "rows",
    "tempfile",
    "waiting",
]
