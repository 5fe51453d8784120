"""Old snapshot + events = new snapshot, for every command: who watched knows what who comes now is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend import marks, places
from agentconsole.backend.desk import admin
from agentconsole.store import Store
from tests.server.site import SALES, SUPPORT, Site, running
from tests.server.windows import StaffWindow, VisitorWindow, Window, new_cid
from tests.waiting import async_until

NAMES = ("ann", "bob", "carl", "sue", "ada", "root")
WRAPUP_MS = 600_000  # it ends when the script says so


# --- what a reader knows -----------------------------------------------------------------------------------------------


def store_of(frames: list[Any]) -> Store:
    """The console's own store after these frames."""
    store = Store()
    for frame in frames:
        store.apply(frame, 0)
    return store


def console(frames: list[Any]) -> dict[str, Any]:
    """What the console's own store makes of these frames."""
    store = store_of(frames)
    assert store.me is not None
    mine = {chat for chat in store.chats if store.is_mine(chat)}
    return {
        "me": (store.me.user, store.me.display, store.me.grants, store.me.status, store.me.reason),
        "departments": store.departments,
        "chats": {
            # Numbers travel with the events, and marks to those who follow a chat: neither moves a list.
            chat: msgspec.structs.replace(
                card, seq=0, pub=0, **({} if chat in mine else {"delivered": 0, "read": 0})
            )
            for chat, card in store.chats.items()
            if card.state in p.OPEN_STATES
        },
        "team": store.team,
        "canned": store.canned,
        "left": store.left,
        "mine": {chat: [*store.talks[chat].events] for chat in mine if chat in store.talks},
        "queue": [waiting.card.chat for waiting in store.queue(0)],
    }


def widget(frames: list[Any]) -> dict[str, Any]:
    """What a visitor's window knows: the newest card of each chat with places and marks, and its log."""
    cards: dict[int, p.VisitorCard] = {}
    logs: dict[int, dict[int, Any]] = {}
    faces: list[p.DepartmentFace] = []
    for frame in frames:
        match frame:
            case p.VisitorCard():
                if frame.version >= getattr(cards.get(frame.chat), "version", 0):
                    cards[frame.chat] = frame
            case p.Place(chat=chat) if chat in cards:
                cards[chat] = msgspec.structs.replace(cards[chat], place=frame.place, wait_s=frame.wait_s)
            case p.StaffMarks(chat=chat) if chat in cards:
                cards[chat] = msgspec.structs.replace(cards[chat], delivered=frame.delivered, read=frame.read)
            case p.VisitorResume(chat=chat, reset=True):
                logs[chat] = {}
            case p.VisitorEvent(chat=chat):
                logs.setdefault(chat, {})[frame.pub] = (frame.at, frame.by, frame.what)
            case p.VisitorWelcome() | p.Departments():
                faces = frame.departments
    for chat, log in logs.items():
        assert sorted(log) == list(range(1, len(log) + 1)), f"chat {chat} has a gap"
    return {
        "faces": faces,
        "cards": {chat: msgspec.structs.replace(card, pub=0, version=0) for chat, card in cards.items()},
        "logs": logs,
    }


class Watchers:
    """Everybody who has been there from the beginning."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.staff: dict[str, StaffWindow] = {}
        self.visitors: list[VisitorWindow] = []

    async def agree(self, after: str) -> None:
        """Compare each watcher with somebody who comes now."""
        for name, window in self.staff.items():
            await self._agrees(
                window,
                lambda n=name: self.site.staff(n),
                lambda frames: console(frames),
                f"{name} after {after}",
            )
        for window in self.visitors:
            token = window.token
            await self._agrees(
                window, lambda t=token: self.site.visitor(t), widget, f"a visitor after {after}"
            )

    async def _agrees(self, window: Window, come: Any, read: Any, who: str) -> None:
        seen: list[dict[str, Any]] = []

        async def same() -> bool:
            await window.settle()
            fresh = await come()
            now = read(fresh.frames)
            fresh.drop()
            old = read(window.frames)
            if (
                "team" in now
            ):  # a seat has no tombstone: who was disabled is told as offline, and left out anew
                gone = old["team"].keys() - now["team"].keys()
                assert all(old["team"].pop(user).status is p.Status.offline for user in gone)
            if "cards" in now:  # a visitor is shown the last chat that ended, not all of them
                old["cards"] = {chat: card for chat, card in old["cards"].items() if chat in now["cards"]}
                old["logs"] = {chat: log for chat, log in old["logs"].items() if chat in now["logs"]}
            seen[:] = [old, now]
            return bool(old == now)

        try:
            await async_until(same, 20, what=who)
        except AssertionError:
            old, now = seen or ({}, {})
            for key in now:
                assert old[key] == now[key], f"{key} of {who}"
            raise


async def script(site: Site, all_of_them: Watchers) -> Iterator[str]:  # type: ignore[misc]
    """Every command of both sides, one after the other; yields its name once it is carried out."""
    ann, bob, sue = (all_of_them.staff[name] for name in ("ann", "bob", "sue"))
    vera, willy = all_of_them.visitors[:2]
    chat = await vera.start("hello", name="Vera", email="vera@x.example", topic="Prices")
    yield "start"
    other = await willy.start("")
    yield "start without words"
    await willy.say(other, "my first line")
    yield "a first line"
    await vera.say(chat, "more")
    yield "a line while waiting"
    vera.send(p.Browse("https://x.example/b", "B"))
    yield "browse"
    await sue.done(p.Note(new_cid(), chat, "be quick"))
    yield "a note in the queue"
    await sue.done(p.Open(new_cid(), chat))
    yield "open"
    await ann.done(p.Take(new_cid(), chat))
    yield "take"
    await ann.say(chat, "hello Vera")
    yield "an answer"
    await ann.done(p.Note(new_cid(), chat, "nice"))
    yield "a note"
    vera.send(p.Seen(chat, 4, 3))
    yield "the visitor's marks"
    ann.send(p.Seen(chat, 99, 5))
    yield "the agent's marks"
    await bob.done(p.TakeNext(new_cid()))
    yield "take next"
    await bob.done(p.Release(new_cid(), other))
    yield "release"
    await sue.done(p.Take(new_cid(), other))
    yield "a supervisor takes"
    await ann.done(p.Close(new_cid(), chat, p.Outcome.solved))
    yield "close"
    await sue.done(p.Close(new_cid(), chat, p.Outcome.spam))
    yield "another outcome"
    await vera.done(p.Rate(new_cid(), chat, p.Rating.fair))
    yield "rate in wrap-up"
    await ann.done(p.Reopen(new_cid(), chat))
    yield "reopen"
    await ann.done(p.Close(new_cid(), chat))
    yield "close again"
    await vera.say(chat, "one more thing")
    yield "the visitor reopens"
    await ann.done(p.SetStatus(new_cid(), p.Status.away, "lunch"))
    yield "a break"
    await bob.done(p.SetStatus(new_cid(), p.Status.offline))
    await sue.done(p.SetStatus(new_cid(), p.Status.away))
    yield "nobody can answer"
    await bob.done(p.SetStatus(new_cid(), p.Status.online))
    yield "somebody can answer"
    await ann.done(p.NoteCustomer(new_cid(), chat, "pays late"))
    yield "a note on the customer"
    await ann.done(p.SaveCanned(new_cid(), "hi", "Hello!"))
    await sue.done(p.SaveCanned(new_cid(), "bye", "Good bye!", SALES))
    yield "canned replies"
    await ann.done(p.SaveCanned(new_cid(), "hi", "Hello there!"))
    await sue.done(p.SaveCanned(new_cid(), "bye", "", SALES))
    yield "canned replies changed and deleted"
    await willy.done(p.LeaveMessage(new_cid(), SUPPORT, "call me", "w@x.example", "Willy"))
    third = await willy.start("and here?", SUPPORT)
    yield "a left message and a chat elsewhere"
    await willy.done(p.LeaveMessage(new_cid(), SUPPORT, "", "w@x.example", chat=third))
    yield "a waiting chat becomes a left message"
    await all_of_them.staff["carl"].done(p.HandleLeft(new_cid(), 1))
    yield "handled"
    await all_of_them.staff["carl"].done(p.HandleLeft(new_cid(), 1, handled=False))
    yield "open again"
    await vera.done(p.Leave(new_cid(), chat))
    yield "the visitor leaves"
    site.later(WRAPUP_MS)
    await async_until(lambda: chat not in site.hub.board.heads, what="the end of wrap-up")
    yield "finished"
    await vera.done(p.Rate(new_cid(), chat, p.Rating.good, "fine"))
    yield "rate"
    again = await vera.start("me again")
    await vera.done(p.Leave(new_cid(), again))
    yield "left while waiting"
    await site.order(admin.AddDepartment("spares", "Spare parts"))
    await site.order(admin.SetDepartment("sales", "Sales!", welcome="Hi", topics=["One", "Two"]))
    yield "departments"
    sales = site.hub.board.departments[SALES]
    running_chat = await vera.start("and again")
    await ann.done(p.Take(new_cid(), running_chat))
    for team in (not sales.team, sales.team):
        await site.order(admin.SetDepartment("sales", team=team))
        yield f"team {team}"
    await site.order(admin.AddUser("zoe", "", "Zoe"))
    await site.order(admin.GiveGrant("zoe", p.Role.agent))
    yield "a new user"
    await site.order(admin.DisableUser("zoe"))
    yield "a disabled user"
    await ann.done(p.ConvertChat(new_cid(), running_chat))
    yield "a ticket is made of it"
    await ann.done(p.Close(new_cid(), running_chat))
    await ann.done(p.Finish(new_cid(), running_chat))
    yield "wrap-up ended by hand"


@pytest.mark.parametrize("team", [False, True])
async def test_every_command(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, team: bool
) -> None:
    monkeypatch.setattr(marks, "PERIOD", 0.01)
    monkeypatch.setattr(places, "PERIOD", 0.01)
    async with running(
        database_url, tmp_path, {"wrapup_ms": WRAPUP_MS, "team": team}, sockets_per_token=50
    ) as site:
        everybody = Watchers(site)
        for name in NAMES:
            everybody.staff[name] = await site.staff(name)
        vera = await site.visitor(page="https://x.example/a")
        everybody.visitors = [vera, await site.visitor(), await site.visitor(vera.token)]
        async for step in script(site, everybody):
            await everybody.agree(step)


async def placed(window: VisitorWindow, chat: int, place: int, wait_s: int) -> None:
    """Wait until the window knows this place in line, from a card or a place frame."""

    async def told() -> bool:
        card = widget(window.frames)["cards"].get(chat)
        return card is not None and (card.place, card.wait_s) == (place, wait_s)

    await async_until(told, what=f"place {place} and {wait_s} s")


async def test_waits_are_estimated_from_the_last_twenty(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PERIOD", 0.01)
    async with running(database_url, tmp_path) as site:
        ann = await site.staff("ann")
        start = site.desk.clock()
        for number in range(30):
            if number in (9, 10, 30):
                assert site.hub.board.wait_s(SALES) == (-1 if number < 10 else 6)
            site.desk.clock = lambda n=number: start + n * 1_000_000  # type: ignore[misc]
            vera, chat = await site.chat()
            site.desk.clock = lambda n=number: start + n * 1_000_000 + (n + 1) * 1_000  # type: ignore[misc]
            await ann.done(p.Take(new_cid(), chat))
            await ann.done(p.Close(new_cid(), chat))
            vera.drop()
        # The last twenty waits are 11 to 30 seconds: 20.5 in the middle.
        assert site.hub.board.wait_s(SALES) == 20
        vera, chat = await site.chat()
        willy, second = await site.chat()
        await placed(vera, chat, 1, 20)
        await placed(willy, second, 2, 20)
        await ann.done(p.Take(new_cid(), chat))
        await placed(willy, second, 1, 20)
        await site.restart()
        await willy.connect()
        await willy.greet()
        assert willy.seen(p.VisitorCard, chat=second)[-1].place == 1
        assert site.hub.board.wait_s(SALES) in (20, 21)
