"""Nobody hears of anything before it is committed; and who was cut off between commit and answer asks again."""

import asyncio
from pathlib import Path

import pytest

from agentconsole import protocol as p
from agentconsole.backend import hub
from agentconsole.backend.storage import chats
from tests.server.site import SALES, running
from tests.server.windows import new_cid
from tests.waiting import async_until


async def test_nobody_hears_before_the_commit(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        ann, sue = await site.staff("ann"), await site.staff("sue")
        vera, chat = await site.chat(ann)
        twin = await site.visitor(vera.token)
        await sue.done(p.Open(new_cid(), chat))
        everybody = (ann, sue, vera, twin)
        for window in everybody:
            await window.settle()
        async with site.stalled() as at_the_gate:
            counts = [len(each.frames) for each in everybody]
            vera.send(p.Say(new_cid(), chat, "unheard"))
            await at_the_gate()
            ann.send(p.Note(new_cid(), chat, "unheard"))
            ann.send(p.Close(new_cid(), chat))
            for each in everybody:
                await each.pong()
            news = [each.frames[count:] for each, count in zip(everybody, counts, strict=True)]
            assert [[type(frame) for frame in heard] for heard in news] == [[p.Pong]] * 4
            assert len(await site.hub.database.read(lambda db: chats.staff_log(db, chat))) == 3
        await vera.expect(p.VisitorEvent, what=p.Said("unheard"))
        for window in (ann, sue):
            await window.expect(p.Event, what=p.Said("unheard"))
        await twin.expect(p.VisitorEvent, what=p.Said("unheard"))


async def test_reading_goes_on_while_the_writer_is_stalled(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        ann = await site.staff("ann")
        _, other = await site.chat(ann)
        vera, chat = await site.chat()
        async with site.stalled() as at_the_gate:
            vera.send(p.Say(new_cid(), chat, "slow disk"))
            await at_the_gate()
            sue = await site.staff("sue", greet=False)
            await sue.greet()
            assert sue.seen(p.ChatCard, chat=other)
            await sue.done(p.Open(new_cid(), chat))
            assert [event.seq for event in sue.log(chat)] == [1, 2]
        await sue.expect(p.Event, chat=chat, seq=3)


@pytest.mark.parametrize("answered", [False, True])
async def test_a_link_cut_between_commit_and_answer(
    database_url: str, tmp_path: Path, answered: bool
) -> None:
    async with running(database_url, tmp_path) as site:
        ann = await site.staff("ann")
        vera, chat = await site.chat(ann)
        say = p.Say(new_cid(), chat, "once")
        close = p.Close(new_cid(), chat, p.Outcome.follow_up)
        for window, command in ((vera, say), (ann, close)):
            async with site.stalled() as at_the_gate:
                window.send(command)
                await at_the_gate()
                if not answered:
                    window.drop()
                    await window.closed()
            await site.desk.writer.drain()
            await window.come_back()
            again = await window.done(command)
            assert (again.seq if isinstance(again, p.Ack) else again.pub) > 0
            assert await window.done(command) == again
        await vera.settle()
        await ann.settle()
        found = await site.hub.database.read(lambda db: chats.staff_log(db, chat))
        assert [type(entry.what) for entry in found] == [
            p.Started,
            p.Said,
            p.Took,
            p.Said,
            p.Ended,
            p.OutcomeSet,
        ]
        assert [event.pub for event in vera.log(chat)] == [1, 2, 3, 4, 5]
        assert [event.seq for event in ann.log(chat)] == [1, 2, 3, 4, 5, 6]


async def test_who_comes_back_while_the_loss_is_being_written_is_not_lost(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "VISITOR_GRACE", 0.02)
    monkeypatch.setattr(hub, "SEAT_GRACE", 0.02)
    async with running(database_url, tmp_path) as site:
        sue = await site.staff("sue")
        ann = await site.staff("ann")
        await sue.expect(p.SeatCard, name="ann", lost_at=0)
        vera, chat = await site.chat()
        for window in (vera, ann):
            async with site.stalled() as at_the_gate:
                window.drop()
                await at_the_gate()
                await window.come_back()
        await site.desk.writer.drain()
        await async_until(lambda: not site.hub.board.heads[chat].lost_at, what="the visitor's link")
        await async_until(lambda: not site.hub.board.seat(1).lost_at, what="Ann's link")
        await sue.expect(p.ChatCard, chat=chat, lost_at=0)
        await sue.settle()
        assert sue.seen(p.ChatCard, chat=chat)[-1].lost_at == 0
        assert sue.seen(p.SeatCard, name="ann")[-1].lost_at == 0


async def test_a_failing_database_is_told_and_nothing_is_half_done(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url, tmp_path) as site:
        ann = await site.staff("ann")
        vera, chat = await site.chat(ann)
        outage = site.hub.database.outages[0]("INSERT", {}, OSError("no space left on device"))
        writer = site.desk.writer

        def broken(*given: object) -> object:
            raise outage

        with monkeypatch.context() as patch:
            patch.setattr(writer, "_work", broken)
            say = p.Say(new_cid(), chat, "not now")
            refused = await vera.refused(say)
            assert refused.code is p.Code.busy
            assert refused.retry_ms
            assert (await ann.refused(p.Close(new_cid(), chat))).code is p.Code.busy
        await vera.done(say)
        await vera.expect(p.VisitorEvent, what=p.Said("not now"))
        assert await vera.start(department=SALES) == chat
        await asyncio.sleep(0)
        assert [event.pub for event in vera.log(chat)][:4] == [1, 2, 3, 4]
