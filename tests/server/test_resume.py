"""Coming back: after a cursor that fits only what is missing, after any other everything, and never a loop."""

from pathlib import Path
from typing import Any

import pytest

from agentconsole import protocol as p
from agentconsole.backend import greetings
from tests.server.site import SUPPORT, Site, running
from tests.server.windows import StaffWindow, VisitorWindow, new_cid


async def talk(site: Site, lines: int = 4) -> tuple[StaffWindow, VisitorWindow, int]:
    """Ann and a visitor in a chat; seq runs ahead of pub by one note."""
    ann = await site.staff("ann")
    vera, chat = await site.chat(ann)
    await ann.done(p.Note(new_cid(), chat, "note"))
    for number in range(lines):
        await vera.say(chat, f"line {number}")
    await ann.settle()
    return ann, vera, chat


def resumed(window: Any, chat: int) -> tuple[int, int, bool, list[int]]:
    """The resume of a chat since the last hello: after, up to, reset, and the numbers of the events that came."""
    (frame,) = window.seen((p.Resume, p.VisitorResume), chat=chat)
    events = window.seen((p.Event, p.VisitorEvent), chat=chat)
    if isinstance(frame, p.Resume):
        return frame.after, frame.seq, frame.reset, [event.seq for event in events]
    return frame.after, frame.pub, frame.reset, [event.pub for event in events]


@pytest.mark.parametrize(
    "cursor, wanted",
    [
        (None, (0, 8, True, [1, 2, 3, 4, 5, 6, 7, 8])),
        (0, (0, 8, False, [1, 2, 3, 4, 5, 6, 7, 8])),
        (1, (1, 8, False, [2, 3, 4, 5, 6, 7, 8])),
        (7, (7, 8, False, [8])),
        (8, (8, 8, False, [])),
        (9, (0, 8, True, [1, 2, 3, 4, 5, 6, 7, 8])),
        (2**53, (0, 8, True, [1, 2, 3, 4, 5, 6, 7, 8])),
    ],
)
async def test_a_consoles_cursor(
    database_url: str, tmp_path: Path, cursor: int | None, wanted: tuple[int, int, bool, list[int]]
) -> None:
    async with running(database_url, tmp_path) as site:
        ann, _, chat = await talk(site)
        await ann.come_back(cursors={} if cursor is None else {chat: cursor})
        assert resumed(ann, chat) == wanted


@pytest.mark.parametrize(
    "cursor, wanted",
    [
        (None, (0, 7, False, [1, 2, 3, 4, 5, 6, 7])),
        (0, (0, 7, False, [1, 2, 3, 4, 5, 6, 7])),
        (6, (6, 7, False, [7])),
        (7, (7, 7, False, [])),
        (8, (0, 7, True, [1, 2, 3, 4, 5, 6, 7])),
        (2**53, (0, 7, True, [1, 2, 3, 4, 5, 6, 7])),
    ],
)
async def test_a_visitors_cursor(
    sqlite_url: str, tmp_path: Path, cursor: int | None, wanted: tuple[int, int, bool, list[int]]
) -> None:
    async with running(sqlite_url, tmp_path) as site:
        _, vera, chat = await talk(site)
        await vera.come_back(cursors={} if cursor is None else {chat: cursor})
        assert resumed(vera, chat) == wanted


async def test_cursors_of_foreign_chats_tell_nothing(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        _, vera, chat = await talk(site)
        bob = await site.staff("bob", cursors={chat: 1, 99: 1})
        willy = await site.visitor(cursors={chat: 1, 99: 1})
        own = await willy.start("mine")
        await willy.come_back(cursors={chat: 1, own: 1, 99: 7})
        assert resumed(willy, own) == (1, 2, False, [2])
        for window in (bob, willy):
            assert not any(getattr(frame, "chat", 0) == chat for frame in window.frames)
        assert vera.code is None


async def test_a_long_absence_brings_the_end_and_the_rest_on_demand(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(greetings, "TAIL", 10)
    async with running(sqlite_url, tmp_path) as site:
        ann, _, chat = await talk(site, 30)
        await ann.come_back(cursors={chat: 24})
        assert resumed(ann, chat) == (24, 34, False, list(range(25, 35)))
        await ann.come_back(cursors={chat: 23})
        assert resumed(ann, chat) == (24, 34, True, list(range(25, 35)))
        for before, limit, wanted in (
            (25, 20, range(5, 25)),
            (5, 20, range(1, 5)),
            (1, 20, ()),
            (999, 2, (33, 34)),
        ):
            at = len(ann.frames)
            ack = await ann.done(p.Older(new_cid(), chat, before, limit))
            found = [frame.seq for frame in ann.frames[at:] if isinstance(frame, p.Event)]
            assert found == list(wanted)
            assert ack.seq == (found[0] if found else before)


async def test_lines_said_during_the_greeting_come_once_and_in_order(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is read while the chat goes on: what is committed meanwhile is held back and handed over."""
    async with running(database_url, tmp_path) as site:
        ann, vera, chat = await talk(site)
        for round_ in range(12):
            bobs = [await site.visitor(vera.token, greet=False), await site.staff("ann", greet=False)]
            for number in range(5):
                vera.send(p.Say(new_cid(), chat, f"{round_} {number}"))
                if number == round_ % 5:
                    for window in bobs:
                        window.send(window.hello())
            last = await vera.say(chat, f"{round_} last")
            await bobs[0].expect(p.VisitorEvent, chat=chat, pub=last.pub)
            await bobs[1].expect(p.Event, chat=chat, pub=last.pub)
            assert [event.pub for event in bobs[0].seen(p.VisitorEvent, chat=chat)] == list(
                range(1, last.pub + 1)
            )
            seqs = [event.seq for event in bobs[1].seen(p.Event, chat=chat)]
            assert seqs == list(range(1, len(seqs) + 1))
            for window in bobs:
                window.drop()
        assert ann.code is None


async def test_an_event_that_was_read_before_it_was_announced_comes_once(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the commit and its announcement somebody comes, and reads it from the log."""
    async with running(database_url, tmp_path) as site:
        ann, vera, chat = await talk(site)
        publish, kept = site.hub.publish, []
        with monkeypatch.context() as patch:
            patch.setattr(site.desk, "_publish", kept.append)
            await vera.say(chat, "committed")
            twins = [await site.visitor(vera.token), await site.staff("ann", greet=False)]
            await twins[1].greet()
            sue = await site.staff("sue", greet=False)
            await sue.greet()
            await sue.done(p.Open(new_cid(), chat))
        for results in kept:
            publish(results)
        await vera.say(chat, "and on")
        for window in (*twins, sue):
            await window.expect((p.VisitorEvent, p.Event), chat=chat, what=p.Said("and on"))
            events = window.seen((p.VisitorEvent, p.Event), chat=chat)
            assert [event.what for event in events][-3:] == [
                p.Said("line 3"),
                p.Said("committed"),
                p.Said("and on"),
            ]
        assert ann.seen(p.Event, what=p.Said("committed"))


async def test_open_and_shut(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann, vera, chat = await talk(site)
        sue = await site.staff("sue")
        ack = await sue.done(p.Open(new_cid(), chat, after=6))
        assert ack.chat == chat
        assert resumed(sue, chat) == (6, 8, False, [7, 8])
        await vera.say(chat, "followed")
        await sue.expect(p.Event, chat=chat, seq=9)
        sue.send(p.Shut(chat))
        ann.send(p.Shut(chat))
        await sue.pong()
        await vera.say(chat, "unheard by Sue")
        await ann.expect(p.Event, chat=chat, seq=10)
        await sue.settle()
        assert not sue.seen(p.Event, seq=10)
        assert (await sue.refused(p.Open(new_cid(), 999))).code is p.Code.unknown


async def test_all_windows_of_an_owner_get_the_chat(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann, twin = await site.staff("ann"), await site.staff("ann")
        vera, chat = await site.chat(ann)
        await twin.expect(p.Event, chat=chat, what=p.Took)
        await ann.say(chat, "from one window")
        await twin.expect(p.Event, chat=chat, what=p.Said("from one window"))
        assert resumed(twin, chat)[3] == [1, 2, 3, 4]
        other, second = await site.chat(text="", department=SUPPORT)
        await site.staff("carl")
        assert not twin.seen(p.ChatCard, chat=second)
        assert vera.code is None
        assert other.code is None


async def test_a_restart_changes_nothing_for_anybody(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        ann, vera, chat = await talk(site)
        willy, waiting = await site.chat()
        run = ann.seen(p.Welcome)[0].run
        await site.restart()
        for window in (ann, vera, willy):
            assert await window.closed() == 1012
            (bye,) = window.seen(p.Bye)
            assert 0 <= bye.retry_ms <= 5_000
        await ann.connect()
        await ann.greet(cursors={chat: 8})
        await vera.connect()
        await vera.greet(cursors={chat: 7})
        await willy.connect()
        await willy.greet(cursors={waiting: 1})
        assert ann.seen(p.Welcome)[0].run != run
        assert resumed(ann, chat) == (8, 8, False, [])
        assert resumed(vera, chat) == (7, 7, False, [])
        assert resumed(willy, waiting) == (1, 2, False, [2])
        assert ann.seen(p.ChatCard, chat=waiting)[0].state is p.State.waiting
        await ann.expect(p.ChatCard, chat=waiting, lost_at=0)
        await vera.say(chat, "still here")
        await ann.expect(p.Event, chat=chat, what=p.Said("still here"))
