"""The clock: what it stumbles over rests, and holds up nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import update

from agentconsole import protocol as p
from agentconsole.backend import jobs
from agentconsole.backend.desk import Desk, slices
from agentconsole.backend.desk import desk as carrying_out
from agentconsole.backend.desk.desk import SURE_MS
from agentconsole.backend.desk.made import Made
from agentconsole.backend.desk.rules import OnTime, PutRule
from agentconsole.backend.desk.ticketing import ExpireTicket
from agentconsole.backend.domain.chat import Expire
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.backend.domain.ticket import Ticket
from agentconsole.backend.storage import tickets
from agentconsole.backend.storage.database import Database
from agentconsole.backend.storage.tables import chat
from agentconsole.protocol import Code, TicketStatus
from tests.storage.house import NOW, SALES, House, new_cid
from tests.waiting import async_until, during

HOUR = 3_600_000


class Clock:
    """A clock on a house: how often it was looked at, what the desk has tried, and over what it stumbles."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.looks = 0
        self.tried: set[Any] = set()
        self.over: set[Any] = set()
        self.desk = Desk(house.database, self._look, lambda made: None)

    def _look(self) -> int:
        self.looks += 1
        return self.house.now

    @asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        """It goes until the end."""
        try:
            async with during(jobs.run(self.house.database, self.desk, lambda chat: False, ())):
                yield
        finally:
            await self.desk.writer.drain()

    def stumble(self, monkeypatch: pytest.MonkeyPatch, *over: Any) -> None:
        """From now on the desk cannot carry out these commands."""
        self.over = set(over)
        expire, decide = carrying_out.PLAIN[ExpireTicket], carrying_out.decide

        def tried(command: Any) -> None:
            self.tried.add(command)
            if command in self.over:
                raise ArithmeticError

        def timed(sheet: Any, actor: Any, command: Any, now: int) -> Any:
            tried(command)
            return expire(sheet, actor, command, now)

        def chats(head: Any, actor: Any, command: Any, *more: Any) -> Any:
            tried(command)
            return decide(head, actor, command, *more)

        monkeypatch.setitem(carrying_out.PLAIN, ExpireTicket, timed)
        monkeypatch.setattr(carrying_out, "decide", chats)


@pytest_asyncio.fixture
async def clock(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clock]:
    """Two chats and two tickets are due, the first of each first. It looks at one a time, and does not wait between."""
    monkeypatch.setattr(jobs, "PERIOD", 0.01)
    monkeypatch.setattr(jobs, "LEAST", 0.01)
    monkeypatch.setattr(jobs, "CHATS", 1)
    monkeypatch.setattr(jobs, "TICKETS", 1)
    database = Database(sqlite_url, tmp_path)
    database.migrate()
    house = House(database)
    for until in (1, 2):
        _, head = house.start()
        with database.writer_engine.begin() as connection:
            connection.execute(update(chat).where(chat.c.id == head.id).values(due_at=NOW + until * HOUR))
        key = house.do(SYSTEM, p.NewTicket(new_cid(), SALES, "Late", "Where?")).about
        held = p.SetTicket(new_cid(), key, status=TicketStatus.hold, hold_until=NOW + until * HOUR)
        house.do(SYSTEM, held)
    house.now += 3 * HOUR
    clock = Clock(house)
    try:
        yield clock
    finally:
        clock.desk.writer.close()
        database.close()


def ticket(house: House, key: int) -> Ticket:
    found = house.database.read_now(lambda db: tickets.one(db, key))
    assert found is not None
    return found


async def test_what_stumbles_rests_and_holds_up_nothing_else(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.stumble(monkeypatch, ExpireTicket(1), Expire(1))
    async with clock.going():
        await async_until(
            lambda: ticket(clock.house, 2).status is TicketStatus.open and Expire(2) in clock.tried,
            what="the other ticket and the other chat",
        )
        looks = clock.looks
        await async_until(lambda: clock.looks > looks + 20, what="a few looks more")
        assert clock.desk.codes[Code.busy] == 2, "each was tried but once"
        assert ticket(clock.house, 1).status is TicketStatus.hold


async def test_the_more_rules_on_time_have_to_be_asked_the_fewer_tickets_come_at_once(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are one transaction, which everybody waits for."""
    wish = p.RuleWish("Late", p.RuleEvent.time_passed, ["tag late"], "age over 1h")
    clock.house.do(SYSTEM, PutRule(wish))
    monkeypatch.setattr(slices, "EFFORT", 1)
    handle = clock.desk.handle
    under_way: set[OnTime] = set()
    most = 0

    async def handled(actor: Actor, command: Any) -> Made:
        nonlocal most
        if isinstance(command, OnTime):
            under_way.add(command)
            most = max(most, len(under_way))
        made = await handle(actor, command)
        under_way.discard(command)
        return made

    monkeypatch.setattr(clock.desk, "handle", handled)
    async with clock.going():
        await async_until(lambda: all(ticket(clock.house, key).tags for key in (1, 2)), what="both tickets")
    assert most == 1


async def test_what_has_rested_is_tried_again(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "REST", 0.01)
    clock.stumble(monkeypatch, ExpireTicket(1))
    async with clock.going():
        await async_until(lambda: clock.desk.codes[Code.busy] > 2, what="another try, and one more")
        clock.over.clear()
        await async_until(lambda: ticket(clock.house, 1).status is TicketStatus.open, what="it to be mended")


async def test_the_agenda_is_read_again_only_when_it_may_have_changed(clock: Clock) -> None:
    house, desk = clock.house, clock.desk
    house.now = NOW  # nothing of the others is due yet
    vera, head = house.start()
    await desk.handle(house.ann, p.Take(new_cid(), head.id))
    known = await desk.soonest()
    for actor in (vera, house.ann, vera):
        await desk.handle(actor, p.Say(new_cid(), head.id, "a line and nothing more"))
        assert await desk.soonest() is known
    await desk.handle(house.ann, p.Close(new_cid(), head.id, p.Outcome.solved))
    wrapup = await desk.soonest()
    assert NOW < wrapup.chat < known.chat
    await desk.handle(vera, p.Say(new_cid(), head.id, "This line ends the wrap-up."))
    reopened = await desk.soonest()
    assert reopened == known
    assert reopened is not known
    with house.database.writer_engine.begin() as connection:
        connection.execute(update(chat).where(chat.c.id == head.id).values(due_at=NOW + 1))
    assert await desk.soonest() is reopened, "no command wrote that"
    house.now += SURE_MS
    assert (await desk.soonest()).chat == NOW + 1
