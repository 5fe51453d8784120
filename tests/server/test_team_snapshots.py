"""Old snapshot + events = new snapshot, for every command of teamwork: offers, transfers, seats, messages, feedback."""

import inspect
import re
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest

from agentconsole import protocol as p
from agentconsole.backend import marks, places
from agentconsole.backend.desk import admin, team
from agentconsole.backend.desk.availability import SetBreaks
from agentconsole.backend.storage import messages
from tests.server import test_snapshots as snapshots
from tests.server import test_ticket_snapshots
from tests.server.site import SALES, SUPPORT, Site, running
from tests.server.test_snapshots import NAMES, WRAPUP_MS, Watchers
from tests.server.windows import SECONDS, StaffWindow, new_cid
from tests.waiting import async_until

ANN, BOB, CARL, SUE = 1, 2, 3, 4
BASE = snapshots.console


def console(frames: list[Any]) -> dict[str, Any]:
    """As in the other snapshots, with what teamwork adds."""
    known = BASE(frames)
    store = snapshots.store_of(frames)
    return known | {
        "rooms": {name: (card.last, card.unread) for name, card in store.rooms.cards.items()},
        "feedback": store.feedback.cards,
        "breaks": store.breaks,
        "offers": sorted(
            chat for chat, card in store.chats.items() if card.offer_to or card.offer_department
        ),
    }


async def routed(site: Site, ann: StaffWindow, bob: StaffWindow, vera: Any) -> AsyncIterator[str]:
    """What the dispatcher gives: offered, declined, accepted."""
    await site.order(admin.SetDepartment("sales", routing=p.Routing.longest_idle, team=True))
    yield "a policy"
    chat = await vera.start("hello", name="Vera", email="vera@x.example")
    await ann.expect(p.ChatCard, chat=chat, offer_to=ANN)
    yield "an offer"
    await vera.say(chat, "more")
    yield "a line during the offer"
    await ann.done(p.Decline(new_cid(), chat, "not now"))
    await bob.expect(p.ChatCard, chat=chat, offer_to=BOB)
    yield "declined, and offered to the next"
    await bob.say(chat, "hello Vera")
    yield "accepted by answering"
    await bob.done(p.Close(new_cid(), chat, None))
    await vera.done(p.Leave(new_cid(), chat))
    yield "closed without a mark"
    site.later(WRAPUP_MS)
    await async_until(lambda: chat not in site.hub.board.heads, what="the end of wrap-up")
    await site.order(admin.SetDepartment("sales", routing=p.Routing.manual))


async def handed(site: Site, staff: dict[str, StaffWindow], vera: Any) -> AsyncIterator[str]:
    """Transfers, joining, help."""
    ann, bob, carl, sue = (staff[name] for name in ("ann", "bob", "carl", "sue"))
    chat = await vera.start("again", name="Vera", email="vera@x.example")
    await sue.done(p.Prioritise(new_cid(), chat, 3))
    yield "a priority"
    await ann.done(p.Take(new_cid(), chat))
    await ann.done(p.Transfer(new_cid(), chat, user=BOB, note="she is in a hurry"))
    yield "a transfer is offered"
    await bob.done(p.Decline(new_cid(), chat))
    yield "and declined"
    await ann.done(p.Transfer(new_cid(), chat, department=SUPPORT))
    yield "a transfer to a department"
    await ann.done(p.CancelTransfer(new_cid(), chat))
    yield "and taken back"
    await ann.done(p.Transfer(new_cid(), chat, department=SUPPORT, user=CARL))
    await carl.done(p.Take(new_cid(), chat))
    yield "a transfer is accepted elsewhere"
    await carl.done(p.Invite(new_cid(), chat, ANN))
    yield "an invitation across departments"
    await ann.done(p.Join(new_cid(), chat))
    yield "joined"
    await ann.say(chat, "me again")
    await carl.done(p.AskHelp(new_cid(), chat, "how?"))
    yield "a call for help"
    await carl.done(p.EndHelp(new_cid(), chat))
    yield "help is done"
    await ann.done(p.Leave(new_cid(), chat))
    yield "left"
    await carl.done(p.Invite(new_cid(), chat, BOB))
    await bob.done(p.Decline(new_cid(), chat))
    yield "an invitation is declined"
    await carl.done(p.Invite(new_cid(), chat, BOB))
    await carl.done(p.CancelInvite(new_cid(), chat, BOB))
    yield "an invitation is taken back"
    await carl.done(p.Transfer(new_cid(), chat, department=SALES))
    await bob.done(p.Take(new_cid(), chat))
    yield "accepted by one of the department"
    await sue.done(p.Transfer(new_cid(), chat, user=ANN, force=True))
    yield "forced"
    await sue.done(p.TakeOver(new_cid(), chat))
    yield "taken over"
    await bob.done(p.SetStatus(new_cid(), p.Status.away, "Lunch"))
    await sue.done(p.Transfer(new_cid(), chat, user=BOB, away=p.Away.wait))
    yield "waits in Bob's line"
    await ann.done(p.Take(new_cid(), chat))
    await ann.done(p.Transfer(new_cid(), chat, user=BOB, away=p.Away.email))
    yield "an e-mail is promised"


async def seated(site: Site, staff: dict[str, StaffWindow]) -> AsyncIterator[str]:
    """Statuses, calls, breaks, limits."""
    bob, sue = staff["bob"], staff["sue"]
    await site.order(SetBreaks([p.BreakReason("Lunch", 30), p.BreakReason("Training")]))
    yield "reasons for a break"
    await bob.done(p.SetStatus(new_cid(), p.Status.away, "lunch"))
    yield "a break with an end"
    await bob.done(p.Phone(new_cid(), True))
    yield "a call"
    await bob.done(p.Phone(new_cid(), False))
    yield "the call is over"
    await sue.done(p.SetStatus(new_cid(), p.Status.drain, user=BOB))
    yield "a supervisor sets a status"
    await bob.done(p.AlertsTested(new_cid()))
    yield "alerts are tested"
    await sue.done(p.SetAgent(new_cid(), BOB, 5, ["pl"], ["billing"]))
    await sue.done(p.SetMember(new_cid(), BOB, SALES, 2, 1))
    yield "limits and skills"
    await site.order(team.SetSystem(4))
    yield "everybody's limit"
    await site.order(team.AddEverybody("support"))  # whose rights change comes back with them


async def said(staff: dict[str, StaffWindow], chat: int) -> AsyncIterator[str]:
    """Messages and feedback."""
    ann, bob, sue = staff["ann"], staff["bob"], staff["sue"]
    first = await ann.done(p.StaffMessage(new_cid(), "who knows Vera?", department=SALES))
    yield "a message in a channel"
    await bob.done(p.StaffMessage(new_cid(), "I do", user=ANN, chat=chat))
    yield "a message about a chat"
    sue.send(p.ReadMessages(f"d{SALES}", first.seq))
    yield "read"
    given = await sue.done(p.GiveFeedback(new_cid(), chat, "well done", good=True))
    yield "feedback"
    await ann.done(p.AcknowledgeFeedback(new_cid(), given.seq))
    yield "acknowledged"


async def test_every_command_of_teamwork(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "PERIOD", 0.01)
    monkeypatch.setattr(places, "PERIOD", 0.01)
    monkeypatch.setattr(snapshots, "console", console)
    async with running(database_url, tmp_path, {"wrapup_ms": WRAPUP_MS}, sockets_per_token=50) as site:
        everybody = Watchers(site)
        for name in NAMES:
            everybody.staff[name] = await site.staff(name)
        vera = await site.visitor(page="https://x.example/a")
        everybody.visitors = [vera, await site.visitor(vera.token)]
        staff = everybody.staff
        async for step in routed(site, staff["ann"], staff["bob"], vera):
            await everybody.agree(step)
        async for step in handed(site, staff, vera):
            await everybody.agree(step)
        chat = max(card.chat for card in staff["ann"].seen(p.ChatCard))
        async for step in seated(site, staff):
            await everybody.agree(step)
        everybody.staff = staff = {name: await site.staff(name) for name in NAMES}
        async for step in said(staff, chat):
            await everybody.agree(step)


USED = re.compile(r"p\.(\w+)\(|\.(say|start)\(")
# What moves no list: greetings, what is only read or looked at, and typing, which is nobody's history.
MOVES_NOTHING = {
    *("VisitorHello", "StaffHello", "Ping", "Typing"),
    *("Older", "OlderMessages", "Explain", "Shut", "Wall", "ViewTicket"),
}


def test_every_word_is_in_a_script() -> None:
    scripts = "".join(map(inspect.getsource, (snapshots, sys.modules[__name__], test_ticket_snapshots)))
    words = {word.__name__ for word in (*get_args(p.StaffCommand), *get_args(p.VisitorCommand))}
    used = {word or window.title() for word, window in USED.findall(scripts)}
    assert words - used == MOVES_NOTHING


async def test_nothing_is_missed_that_changes_while_the_lists_are_read(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Her rooms are read from the database; before they are told, everything that Ann's lists show has changed."""
    async with running(sqlite_url, tmp_path) as site:
        sue, vera = await site.staff("sue"), await site.visitor()
        read, there, gate = messages.cards, threading.Event(), threading.Event()

        def slow(connection: Any, user: int, departments: Any) -> Any:
            found = read(connection, user, departments)
            there.set()
            gate.wait(SECONDS)
            return found

        ann = await site.staff("ann", greet=False)
        with monkeypatch.context() as patch:
            patch.setattr(messages, "cards", slow)
            ann.send(ann.hello())
            await async_until(there.is_set, what="the rooms to be read")
        await sue.done(p.StaffMessage(new_cid(), "to you", user=ANN))
        await sue.done(p.StaffMessage(new_cid(), "to all of us", department=SALES))
        await sue.done(p.SetStatus(new_cid(), p.Status.phone))
        await sue.done(p.SaveCanned(new_cid(), "hi", "Hello!", department=SALES))
        await vera.done(p.LeaveMessage(new_cid(), SALES, "call me", "vera@x.example"))
        await site.order(admin.SetDepartment("sales", guide="Ask first."))
        await site.order(SetBreaks([p.BreakReason("Lunch", 30)]))
        gate.set()
        await ann.expect(p.Synced)
        await ann.settle()
        fresh = await site.staff("ann")
        assert console(ann.frames) == console(fresh.frames)
