"""Who is there: links and seats, marks, timers, and what the clock does when nobody comes back."""

import asyncio
from pathlib import Path

import pytest

from agentconsole import protocol as p
from agentconsole.backend import hub, jobs
from agentconsole.backend.domain.spans import HOUR_MS
from tests.server.site import SALES, SUPPORT, running
from tests.server.windows import new_cid
from tests.waiting import async_until

WRAPUP_MS = 600_000  # it ends when the test says so


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "VISITOR_GRACE", 0.05)
    monkeypatch.setattr(hub, "SEAT_GRACE", 0.05)
    monkeypatch.setattr(jobs, "PERIOD", 0.05)


async def test_a_waiting_visitor_who_does_not_come_back_has_left(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, {"abandon_ms": 400}) as site:
        ann = await site.staff("ann")
        vera, chat = await site.chat()
        willy, second = await site.chat()
        vera.drop()
        card = await ann.expect(p.ChatCard, chat=chat, state=p.State.waiting)
        while not card.lost_at:
            card = await ann.expect(p.ChatCard, chat=chat)
        assert card.state is p.State.waiting
        await ann.expect(p.Gone, chat=chat)  # nobody of the agents answered it: it is history to none of them
        assert (await willy.expect(p.Place, chat=second, place=1)).place == 1
        assert (await ann.refused(p.Take(new_cid(), chat))).code is p.Code.gone
        await vera.come_back()
        assert vera.seen(p.VisitorCard, chat=chat)[-1].state is p.State.abandoned
        left = vera.log(chat)[-1]
        assert (type(left.what), left.by.side) == (p.VisitorLeft, p.Side.system)


async def test_a_waiting_visitor_who_comes_back_in_time_keeps_the_place(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path) as site:
        vera, chat = await site.chat()
        _, _ = await site.chat()
        vera.drop()
        await async_until(lambda: site.hub.board.heads[chat].lost_at, what="the loss")
        assert site.hub.board.heads[chat].due_at
        await vera.come_back(cursors={chat: 2})
        await async_until(lambda: not site.hub.board.heads[chat].lost_at, what="the link")
        assert site.hub.board.heads[chat].due_at == 0
        assert vera.seen(p.VisitorCard, chat=chat)[0].place == 1


async def test_one_of_two_windows_is_enough(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann = await site.staff("ann")
        vera, chat = await site.chat(ann)
        twin = await site.visitor(vera.token)
        vera.drop()
        await vera.closed()
        await asyncio.sleep(0.2)
        await twin.settle()
        assert not site.hub.board.heads[chat].lost_at
        twin.drop()
        await async_until(lambda: site.hub.board.heads[chat].lost_at, what="the loss")
        assert site.hub.board.heads[chat].state is p.State.active, "an answered chat waits for its visitor"


async def test_a_visit_is_idle_only_while_nobody_is_there(database_url: str, tmp_path: Path) -> None:
    """A chat may go on for days: its visitor is let in again for 24 hours from the last sign of life."""
    async with running(database_url, tmp_path) as site:
        start, hour = site.desk.clock(), 0
        site.desk.clock = lambda: start + hour * HOUR_MS
        vera, chat = await site.chat(await site.staff("ann"))
        hour = 23
        await vera.pong()
        await site.desk.writer.drain()
        hour = 46
        await vera.come_back()
        assert vera.seen(p.VisitorCard, chat=chat)
        await site.desk.writer.drain()
        hour = 69
        await vera.come_back()
        await site.desk.writer.drain()
        vera.drop()
        await vera.closed()
        hour = 94
        await vera.connect()
        vera.send(vera.hello())
        assert (await vera.expect(p.Refused)).code is p.Code.expired
        assert await vera.closed() == 4002


async def test_seats_are_lost_and_come_back(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        sue = await site.staff("sue", greet=False)
        await sue.greet()
        ann, twin = await site.staff("ann"), await site.staff("ann")
        await sue.expect(p.SeatCard, name="ann", lost_at=0)
        vera, chat = await site.chat(ann)
        assert (await sue.expect(p.SeatCard, name="ann", chats=1)).status is p.Status.online
        ann.drop()
        await ann.closed()
        await asyncio.sleep(0.15)
        assert not site.hub.board.seat(1).lost_at
        twin.drop()
        seat = await sue.expect(p.SeatCard, name="ann")
        assert seat.lost_at
        assert seat.status is p.Status.online, "the link is not the person"
        assert site.hub.board.heads[chat].owner == 1
        await ann.come_back()
        await sue.expect(p.SeatCard, name="ann", lost_at=0, chats=1)
        assert vera.code is None


async def test_a_department_is_open_while_somebody_can_answer(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        vera = await site.visitor()

        def faces(frame: p.VisitorWelcome | p.Departments) -> dict[int, bool]:
            return {face.id: face.open for face in frame.departments}

        assert faces(vera.seen(p.VisitorWelcome)[0]) == {SALES: False, SUPPORT: False}
        ann = await site.staff("ann")
        assert faces(await vera.expect(p.Departments)) == {SALES: True, SUPPORT: False}
        await site.staff("ada")
        await site.staff("root")
        carl = await site.staff("carl")
        assert faces(await vera.expect(p.Departments)) == {SALES: True, SUPPORT: True}
        await ann.done(p.SetStatus(new_cid(), p.Status.away))
        assert faces(await vera.expect(p.Departments)) == {SALES: False, SUPPORT: True}
        carl.drop()
        assert faces(await vera.expect(p.Departments)) == {SALES: False, SUPPORT: False}
        assert vera.seen(p.Departments)[-1] == vera.frames[-1]


async def test_marks_go_both_ways_once_a_second(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        ann, sue = await site.staff("ann"), await site.staff("sue")
        vera, chat = await site.chat(ann)  # started, said, took
        await ann.done(p.Note(new_cid(), chat, "seq 4"))
        await ann.say(chat, "seq 5, pub 4")
        await sue.done(p.Open(new_cid(), chat))
        for pub in range(5):
            vera.send(p.Seen(chat, pub, pub // 2))
        vera.send(p.Seen(chat, 1, 0))
        sue.send(p.Seen(chat, 5, 5))
        ann.send(p.Seen(chat, 5, 3))
        marks = await ann.expect(p.VisitorMarks, chat=chat)
        assert (marks.delivered, marks.read) == (4, 2)
        marks = await vera.expect(p.StaffMarks, chat=chat)
        assert (marks.delivered, marks.read) == (4, 2)
        vera.send(p.Seen(chat, 99, 99))
        marks = await ann.expect(p.VisitorMarks, chat=chat)
        assert (marks.delivered, marks.read) == (4, 4)
        assert len(ann.seen(p.VisitorMarks)) == 2
        assert len(vera.seen(p.StaffMarks)) == 1
        await site.desk.writer.drain()
        await site.restart()
        await vera.connect()
        await vera.greet()
        card = vera.seen(p.VisitorCard, chat=chat)[0]
        assert (card.delivered, card.read) == (4, 2)
        await ann.connect()
        await ann.greet()
        card = ann.seen(p.ChatCard, chat=chat)[0]
        assert (card.delivered, card.read) == (4, 4)


async def test_wrap_up_ends_and_then_the_chat_is_history(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, {"wrapup_ms": WRAPUP_MS}) as site:
        ann = await site.staff("ann")
        vera, chat = await site.chat(ann)
        _, other = await site.chat(ann)
        for each in (other, chat):
            await ann.done(p.Close(new_cid(), each))
        due = (await ann.expect(p.ChatCard, chat=chat, state=p.State.wrapup)).due_at
        await ann.done(p.Reopen(new_cid(), chat))
        await ann.expect(p.ChatCard, chat=chat, state=p.State.active)
        site.later(WRAPUP_MS)
        await ann.expect(p.Event, chat=other, what=p.Finished)  # the clock has looked
        await ann.settle()
        assert site.hub.board.heads[chat].state is p.State.active, (
            "the timer of a close that was undone is no timer"
        )
        await ann.done(p.Close(new_cid(), chat))
        assert (await ann.expect(p.ChatCard, chat=chat, state=p.State.wrapup)).due_at > due
        site.later(WRAPUP_MS)
        await ann.expect(p.Event, chat=chat, what=p.Finished)
        await vera.expect(p.VisitorEvent, chat=chat, what=p.Finished)
        assert chat not in site.hub.board.heads
        assert (await ann.refused(p.Reopen(new_cid(), chat))).code is p.Code.closed
        assert (await ann.refused(p.Say(new_cid(), chat, "too late"))).code is p.Code.closed
        await vera.come_back(cursors={chat: 3})
        assert vera.seen(p.VisitorCard, chat=chat)[0].state is p.State.closed
        assert await vera.start("and now?") != chat


async def test_a_visitor_who_left_cannot_be_reopened_but_may_come_back(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann = await site.staff("ann")
        vera, chat = await site.chat(ann)
        await vera.done(p.Leave(new_cid(), chat))
        await ann.expect(p.Event, chat=chat, what=p.VisitorLeft)
        assert (await ann.refused(p.Reopen(new_cid(), chat))).code is p.Code.gone
        await vera.say(chat, "I changed my mind")
        await ann.expect(p.Event, chat=chat, what=p.Reopened)
        await ann.say(chat, "welcome back")


async def test_a_left_message_takes_the_lines_along(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        ann, bob = await site.staff("ann"), await site.staff("bob")
        vera, chat = await site.chat(text="first", name="Vera")
        await vera.say(chat, "second")
        letter = p.LeaveMessage(new_cid(), SALES, "third", "vera@x.example", "Vera", chat)
        await vera.done(letter)
        assert await vera.done(letter) == vera.seen(p.VisitorAck, cid=letter.cid)[0]
        for window in (ann, bob):
            left = await window.expect(p.LeftCard)
            assert (left.text, left.email, left.chat) == ("first\n\nsecond\n\nthird", "vera@x.example", chat)
            assert window.seen(p.ChatCard, chat=chat)[-1].state is p.State.waiting
        assert (await vera.expect(p.VisitorCard, state=p.State.left_message)).chat == chat
        await ann.done(p.HandleLeft(new_cid(), left.id))
        assert (await bob.expect(p.LeftCard, id=left.id)).handled_by == "Ann"
        refused = await bob.refused(p.HandleLeft(new_cid(), left.id))
        assert (refused.code, "Ann" in refused.text) == (p.Code.taken, True)
        late = await site.staff("bob")
        assert [card.handled_by for card in late.seen(p.LeftCard)] == ["Ann"]
