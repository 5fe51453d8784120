"""Old snapshot + pushed cards = new snapshot, and counts = a recount, whatever is done to tickets."""

import random
from pathlib import Path
from typing import Any

import pytest

from agentconsole import protocol as p
from agentconsole.backend.desk.customers import MergeCustomers
from agentconsole.backend.desk.ticketing import ExpireTicket
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.storage import Connection
from agentconsole.backend.storage import tickets as stored
from agentconsole.backend.tickets import COUNTED, is_overdue
from tests.server.site import SALES, SUPPORT
from tests.server.ticket_desk import Desk, desk
from tests.server.windows import StaffWindow, new_cid

NAMES = ("ann", "bob", "carl", "sue", "ada", "root")
HOUR_MS = 3_600_000
STEPS = 150
CHECK_EVERY = 25
LOOKS = 5


class Watcher:
    """A console that read the list once and has only heard since."""

    def __init__(self, name: str, window: StaffWindow) -> None:
        self.name = name
        self.window = window

    def cards(self) -> dict[int, p.TicketCard]:
        """What it knows: each newer card replaces the one before, a tombstone takes it away."""
        known: dict[int, Any] = {}
        for frame in self.window.seen((p.TicketCard, p.TicketGone)):
            if frame.version >= getattr(known.get(frame.ticket), "version", 0):
                known[frame.ticket] = frame
        return {key: card for key, card in known.items() if isinstance(card, p.TicketCard)}

    def counts(self) -> list[p.TicketCount]:
        """The counts as told last; a department without tickets may be told of or not."""
        told: p.TicketCounts = self.window.seen(p.TicketCounts)[-1]
        return [count for count in told.counts if count != p.TicketCount(count.department)]


class Crowd:
    """People who do anything to any ticket, wise or not."""

    def __init__(self, d: Desk, seed: int) -> None:
        self.d = d
        self.luck = random.Random(seed)
        self.tickets: list[int] = []
        self.done = 0
        self.now = d.site.desk.clock()
        d.site.desk.clock = lambda: self.now  # type: ignore[method-assign]

    async def act(self, windows: dict[str, StaffWindow]) -> None:
        """One command by one of them; time goes on."""
        self.now += self.luck.randrange(HOUR_MS)
        command = self._command()
        if isinstance(command, ExpireTicket):
            await self.d.site.desk.handle(SYSTEM, command)
            return
        if isinstance(command, MergeCustomers):
            body = {"email": command.email, "into": command.into}
            answer = await self.d.ask("sue", "POST", "/api/customers/merge", body)
            self.done += answer.is_success
            return
        made = await windows[self.luck.choice(("ann", "bob", "carl", "sue"))].ask(command)
        self.done += isinstance(made, p.Ack)
        if isinstance(made, p.Ack) and made.chat not in self.tickets:
            self.tickets.append(made.chat)

    def _command(self) -> Any:
        luck, cid = self.luck, new_cid()
        address = f"{luck.choice('klm')}@x.example"
        if len(self.tickets) < 5 or luck.random() < 0.1:
            department = luck.choice((SALES, SUPPORT))
            return p.NewTicket(cid, department, "A bill", "It is wrong.", address)
        key, other = luck.choice(self.tickets), luck.choice(self.tickets)
        status = luck.choice(list(p.TicketStatus))
        return luck.choice(
            (
                p.ReplyTicket(cid, key, "Sorry.", 99, status=status, insist=luck.random() < 0.7),
                p.NoteTicket(cid, key, "Mind the tone."),
                p.SetTicket(cid, key, status=status, hold_until=self.now + luck.randrange(HOUR_MS)),
                p.SetTicket(cid, key, department=luck.choice((SALES, SUPPORT))),
                p.SetTicket(cid, key, assignee=luck.choice((0, 1, 2, 3, 4))),
                p.SetTicket(cid, key, priority=luck.choice(list(p.TicketPriority)), tags=["vip"]),
                p.TakeTicket(cid, luck.choice((0, key))),
                p.MergeTicket(cid, key, other),
                p.SplitTicket(cid, key, luck.randrange(1, 5)),
                MergeCustomers(cid, address, f"{luck.choice('klm')}@x.example"),
                ExpireTicket(key),
            )
        )


def recounted(connection: Connection) -> dict[int, dict[str, int]]:
    """The tickets of each department, counted one by one."""
    found: dict[int, dict[str, int]] = {}
    for ticket in stored.newest(connection, None, 10_000):
        counts = found.setdefault(ticket.department, dict.fromkeys(COUNTED, 0))
        if ticket.status.value in counts:
            counts[ticket.status.value] += 1
        counts["overdue"] += is_overdue(ticket)
    return found


async def agree(d: Desk, watchers: list[Watcher]) -> None:
    """Compare each watcher with somebody who comes now, and the counts with a recount.

    Mail goes out and the server's clock runs meanwhile: what changes between two looks is looked at again.
    """
    for key in await d.site.hub.database.read(lambda db: stored.due(db, d.site.desk.clock())):
        await d.site.desk.handle(SYSTEM, ExpireTicket(key))  # or the server's own clock does it meanwhile
    for watcher in watchers:
        for looks_left in reversed(range(LOOKS)):
            try:
                await agrees(d, watcher)
            except AssertionError:
                if not looks_left:
                    raise
            else:
                break


async def agrees(d: Desk, watcher: Watcher) -> None:
    """Compare one watcher."""
    recount = await d.site.hub.database.read(recounted)
    d.site.hub.tick()
    await watcher.window.settle()
    page = await d.list(watcher.name, status="", limit=200)
    assert page.total == len(page.tickets) < 200
    assert watcher.cards() == {card.ticket: card for card in page.tickets}, watcher.name
    fresh = await d.site.staff(watcher.name)
    told = fresh.seen(p.TicketCounts)[0].counts
    fresh.drop()
    mine = {SALES} if watcher.name in ("ann", "bob", "sue", "ada") else {SUPPORT}
    mine = set() if watcher.name == "root" else mine
    wanted = [
        p.TicketCount(key, **counts)
        for key, counts in sorted(recount.items())
        if key in mine and any(counts.values())
    ]
    assert watcher.counts() == wanted
    assert [count for count in told if count != p.TicketCount(count.department)] == wanted


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_is_done_to_tickets(database_url: str, tmp_path: Path, seed: int) -> None:
    async with desk(database_url, tmp_path, sockets_per_token=100) as d:
        windows = {name: await d.site.staff(name) for name in NAMES}
        watchers = [Watcher(name, window) for name, window in windows.items()]
        crowd = Crowd(d, seed)
        for step in range(1, STEPS + 1):
            await crowd.act(windows)
            if step % CHECK_EVERY == 0:
                await agree(d, watchers)
        assert crowd.done > STEPS / 4, "most of it was refused"
        logs = {}
        for key in crowd.tickets:
            found, ticket = await d.site.hub.database.read(
                lambda db, key=key: (stored.log(db, key), stored.one(db, key))
            )
            assert ticket is not None
            assert [line.seq for line in found] == [*range(1, ticket.seq + 1)]
            assert [line.pub for line in found if line.pub] == [*range(1, ticket.pub + 1)]
            logs[key] = len(found)
        assert max(logs.values()) > 5
