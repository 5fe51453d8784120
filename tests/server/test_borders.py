"""Where one right ends and another begins: two roles in one person, rights that end halfway, what must not be told apart."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest
from sqlalchemy import select

from agentconsole import protocol as p
from agentconsole.backend import wall
from agentconsole.backend.desk import admin
from agentconsole.backend.desk.team import SetAgentOf
from agentconsole.backend.storage.tables import audit
from tests.server.site import SALES, SUPPORT, Site, running, staff_token
from tests.server.windows import Window, new_cid
from tests.waiting import async_until

NOWHERE = 999_999


async def answer_bytes(window: Window, command: Any) -> bytes:
    """The answer to a command, without the ids that were sent."""
    answer = await window.ask(command)
    (raw,) = [data for data, frame in zip(window.raw, window.frames, strict=True) if frame is answer]
    chat = getattr(command, "chat", 0)
    return raw.replace(command.cid.encode(), b"CID").replace(b'"chat":%d' % chat, b'"chat":ID')


async def watched(site: Site) -> list[tuple[str, str, str]]:
    """Who began and ended to watch which chat, as the audit log has it."""
    await site.desk.writer.drain()
    columns = (audit.c.actor, audit.c.deed, audit.c.object)
    query = select(*columns).where(audit.c.deed.in_(("watch", "watch_end", "look"))).order_by(audit.c.id)
    return await site.hub.database.read(lambda db: [tuple(row) for row in db.execute(query)])


async def heard(window: Window, text: bytes) -> bool:
    """Has this window ever got this text, now that all is told?"""
    await window.settle()
    return any(text in raw for raw in window.raw)


@asynccontextmanager
async def held_read(site: Site, monkeypatch: pytest.MonkeyPatch, skip: int = 0) -> Any:
    """The answers to questions to the database come, once read, only after the block; `skip` of them come at once."""
    read, gate, there, left = site.hub.database.read, asyncio.Event(), asyncio.Event(), [skip]

    async def late(question: Callable[[Any], Any]) -> Any:
        found = await read(question)
        if left[0]:
            left[0] -= 1
            return found
        there.set()
        await gate.wait()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(site.hub.database, "read", late)
        yield there.wait
    gate.set()


# --- what must not be told apart --------------------------------------------------------------------------------------


async def test_a_text_that_would_be_refused_tells_nothing_of_anothers_chat(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann, carl = await site.staff("ann"), await site.staff("carl")
        _, chat = await site.chat(ann)
        for text in ("", "\0", "x" * (p.MAX_TEXT + 1)):
            for word in (p.Say, p.Note):
                theirs = await answer_bytes(carl, word(new_cid(), chat, text))
                assert theirs == await answer_bytes(carl, word(new_cid(), NOWHERE, text)), (word, text[:3])


async def test_ones_own_limit_tells_nothing_of_anothers_chat(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, {"strict_limit": True}) as site:
        await site.order(SetAgentOf("carl", limit=1))
        carl = await site.staff("carl")
        _, mine = await site.chat(department=SUPPORT)
        await carl.take(mine)
        _, chat = await site.chat()
        theirs = await answer_bytes(carl, p.Take(new_cid(), chat))
        assert theirs == await answer_bytes(carl, p.Take(new_cid(), NOWHERE))


async def test_names_that_operators_use_tell_nothing_to_who_is_none(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann = await actor_of(site, "ann")
        for known, other in (
            (admin.SetDepartment("support", team=True), admin.SetDepartment("nothing", team=True)),
            (SetAgentOf("carl", limit=1), SetAgentOf("nobody", limit=1)),
        ):
            answers = []
            for order in (known, other):
                with pytest.raises(Exception) as refused:
                    await site.desk.handle(ann, order)
                answers.append((refused.value.code, refused.value.text))
            assert answers[0] == answers[1], known


async def actor_of(site: Site, name: str) -> Any:
    """Somebody of staff, as a door would make them."""
    from agentconsole.backend.storage import users

    return await site.hub.database.read(
        lambda db: users.actor_of(db, users.by_name(db, name))  # type: ignore[arg-type]
    )


# --- two roles in one person ------------------------------------------------------------------------------------------


async def test_a_supervisor_of_one_department_who_is_agent_of_another(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with running(sqlite_url, tmp_path) as site:
        await site.order(admin.GiveGrant("sue", p.Role.agent, "support"))
        ann, carl, sue = await site.staff("ann"), await site.staff("carl"), await site.staff("sue")
        _, here = await site.chat(ann)
        _, there = await site.chat(department=SUPPORT)
        await sue.expect(p.ChatCard, chat=there, state=p.State.waiting)
        await carl.take(there)
        await sue.expect(p.Gone, chat=there)
        me = carl.seen(p.Welcome)[0].user
        for command in (
            p.Open(new_cid(), there),
            p.TakeOver(new_cid(), there),
            p.Note(new_cid(), there, "x"),
            p.StaffMessage(new_cid(), "psst", user=me, chat=there),
            p.GiveFeedback(new_cid(), there, "well done"),
            p.SetStatus(new_cid(), p.Status.drain, user=me),
            p.SetMember(new_cid(), me, SUPPORT, 2),
        ):
            assert (await sue.refused(command)).code is p.Code.unknown, command
        await sue.done(p.Open(new_cid(), here))
        await sue.done(p.TakeOver(new_cid(), here))
        assert not await heard(carl, b"psst")


async def test_an_agent_of_two_departments_who_loses_one(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        await site.order(admin.GiveGrant("ann", p.Role.agent, "support"))
        ann = await site.staff("ann")
        _, here = await site.chat(ann)
        _, there = await site.chat(ann, department=SUPPORT)
        await site.order(admin.WithdrawGrant("ann", p.Role.agent, "sales"))
        assert await ann.closed() == 1012
        await ann.connect()
        await ann.greet()
        assert {card.chat for card in ann.seen(p.ChatCard)} == {there}
        assert (await ann.refused(p.Say(new_cid(), here, "x"))).code is p.Code.unknown
        await ann.say(there, "still here")


async def test_a_supervisor_who_joins_elsewhere_by_invitation_reads_what_is_said(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with running(sqlite_url, tmp_path) as site:
        sue, carl = await site.staff("sue"), await site.staff("carl")
        vera, there = await site.chat(department=SUPPORT)
        await carl.take(there)
        await carl.done(p.Invite(new_cid(), there, sue.seen(p.Welcome)[0].user))
        await sue.expect(p.ChatCard, chat=there)
        await sue.done(p.Join(new_cid(), there))
        await vera.say(there, "to both of you")
        await sue.expect(p.Event, what=p.Said("to both of you"))
        await sue.say(there, "hello, I am Sue")
        await sue.done(p.Leave(new_cid(), there))
        await sue.expect(p.Gone, chat=there)
        await vera.say(there, "to Carl alone")
        assert not await heard(sue, b"to Carl alone")


# --- the department changes -------------------------------------------------------------------------------------------


async def test_who_hands_a_chat_to_another_department_is_out_at_once_and_keeps_what_he_wrote(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path) as site:
        ann, bob, carl = await site.staff("ann"), await site.staff("bob"), await site.staff("carl")
        sue = await site.staff("sue")
        vera, chat = await site.chat(ann)
        await sue.done(p.Open(new_cid(), chat))
        await ann.say(chat, "I was Ann")
        await ann.done(p.Transfer(new_cid(), chat, department=SUPPORT, note="please"))
        await carl.expect(p.ChatCard, chat=chat)
        await carl.done(p.Open(new_cid(), chat))
        await carl.expect(p.Event, what=p.Said("I was Ann"))
        await carl.done(p.Take(new_cid(), chat))
        for window in (ann, sue):
            await window.expect(p.Gone, chat=chat)
        assert not bob.seen(p.ChatCard, chat=chat, state=p.State.active)
        await vera.say(chat, "to Carl alone")
        vera.send(p.Typing(chat, "typed to Carl alone"))
        await carl.expect(p.Preview, chat=chat, text="typed to Carl alone")
        for window in (ann, bob, sue):
            assert not await heard(window, b"to Carl alone")
            for command in (
                p.Open(new_cid(), chat),
                p.Older(new_cid(), chat, 99),
                p.Say(new_cid(), chat, "x"),
            ):
                assert b'"unknown"' in await answer_bytes(window, command)
        mine = [event.by.name for event in carl.log(chat) if event.what == p.Said("I was Ann")]
        assert mine == ["Ann"]
        assert await watched(site) == [("sue", "watch", f"chat {chat}"), ("sue", "watch_end", f"chat {chat}")]


# --- who watches, from when to when -----------------------------------------------------------------------------------


async def test_who_opened_a_waiting_chat_watches_it_once_somebody_answers(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The audit log knows of a supervisor, the agent of a colleague."""
    async with running(sqlite_url, tmp_path, {"team": True}) as site:
        ann, bob, sue = await site.staff("ann"), await site.staff("bob"), await site.staff("sue")
        vera, chat = await site.chat()
        for window in (bob, sue):
            await window.expect(p.ChatCard, chat=chat)
            await window.done(p.Open(new_cid(), chat))
        assert await watched(site) == []
        await ann.done(p.Take(new_cid(), chat))
        assert (await ann.expect(p.Learning, chat=chat)).names == ["Bob"]
        await vera.say(chat, "hello?")
        await sue.expect(p.Event, what=p.Said("hello?"))
        assert await watched(site) == [("sue", "watch", f"chat {chat}")]
        for window in (bob, sue):
            window.send(p.Shut(chat))
            await window.settle()
        assert (await ann.expect(p.Learning, chat=chat)).names == []
        assert await watched(site) == [("sue", "watch", f"chat {chat}"), ("sue", "watch_end", f"chat {chat}")]


async def test_who_has_left_a_chat_and_goes_on_reading_watches_it(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, {"team": True}) as site:
        ann, bob, sue = await site.staff("ann"), await site.staff("bob"), await site.staff("sue")
        _, chat = await site.chat(ann)
        await sue.done(p.Join(new_cid(), chat))
        await sue.done(p.Leave(new_cid(), chat))
        await ann.done(p.Transfer(new_cid(), chat, user=bob.seen(p.Welcome)[0].user))
        await bob.done(p.Take(new_cid(), chat))
        assert (await bob.expect(p.Learning, chat=chat)).names == ["Ann"]
        assert await watched(site) == [("sue", "watch", f"chat {chat}")]
        await sue.done(p.TakeOver(new_cid(), chat))
        assert (await sue.expect(p.Learning, chat=chat, names=["Ann", "Bob"])).names == ["Ann", "Bob"]
        assert await watched(site) == [("sue", "watch", f"chat {chat}"), ("sue", "watch_end", f"chat {chat}")]


@pytest.mark.parametrize(
    "order", [admin.WithdrawGrant("sue", p.Role.supervisor, "sales"), admin.DisableUser("sue")]
)
async def test_an_observer_whose_right_is_taken_away_is_out_at_once(
    sqlite_url: str, tmp_path: Path, order: Any
) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann, sue = await site.staff("ann"), await site.staff("sue")
        vera, chat = await site.chat(ann)
        await sue.done(p.Open(new_cid(), chat))
        await ann.settle()
        told = len(ann.frames)
        await site.order(order)
        assert await sue.closed() in (1012, 4001)
        await vera.say(chat, "to Ann alone")
        await ann.expect(p.Event, what=p.Said("to Ann alone"))
        assert not any(b"to Ann alone" in raw for raw in sue.raw)
        await async_until(lambda: ended(site), what="the end of watching")
        kinds = {type(frame) for frame in ann.frames[told:]}
        assert kinds <= {
            p.SeatCard,
            p.Event,
            p.DepartmentList,
            p.Pong,
        }  # her seat is news, that she watched is not


async def test_an_observer_who_is_gone_before_the_chat_is_shown_has_ended_to_watch(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann, sue = await site.staff("ann"), await site.staff("sue")
        _, chat = await site.chat(ann)
        async with site.stalled() as arrived:
            sue.send(p.Open(new_cid(), chat))
            await arrived()
            sue.drop()
            await async_until(lambda: len(site.hub.staff) == 1, what="Sue to be gone")
        await async_until(lambda: ended(site), what="the end of watching")
        assert await watched(site) == [("sue", "watch", f"chat {chat}"), ("sue", "watch_end", f"chat {chat}")]
        assert not [reader for reader in site.hub._followers.get(chat, ()) if reader not in site.hub.staff]


async def test_who_opens_a_chat_again_before_it_is_shown_watches_it_once(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann, sue = await site.staff("ann"), await site.staff("sue")
        _, chat = await site.chat(ann)
        async with site.stalled() as arrived:
            for command in (p.Open(new_cid(), chat), p.Shut(chat), p.Open(last := new_cid(), chat)):
                sue.send(command)
            await arrived()
            await sue.pong()
        await sue.expect(p.Ack, cid=last)
        sue.send(p.Shut(chat))
        await async_until(lambda: ended(site), what="the end of watching")


async def ended(site: Site) -> bool:
    """Has one observer come and gone?"""
    return [deed for _, deed, _ in await watched(site)] == ["watch", "watch_end"]


async def test_an_observer_whose_right_ends_while_it_is_written_down(sqlite_url: str, tmp_path: Path) -> None:
    """A chat that went elsewhere while the audit log was being written is not shown, nor followed."""
    async with running(sqlite_url, tmp_path) as site:
        ann, carl, sue = await site.staff("ann"), await site.staff("carl"), await site.staff("sue")
        vera, chat = await site.chat(ann)
        await ann.done(p.Transfer(new_cid(), chat, department=SUPPORT))
        await carl.expect(p.ChatCard, chat=chat)
        seq = site.hub.board.heads[chat].seq
        async with site.stalled() as arrived:
            taking, opening = p.Take(new_cid(), chat), p.Open(new_cid(), chat, after=seq + 1)
            carl.send(taking)
            await arrived()
            sue.send(opening)
            await sue.pong()
        await carl.answer(taking.cid)
        answer = await sue.answer(opening.cid)
        assert isinstance(answer, p.Refused), answer
        await vera.say(chat, "to Carl alone")
        assert not await heard(sue, b"to Carl alone")
        assert await ended(site)


@pytest.mark.parametrize(
    "skip, order",
    [
        (0, admin.WithdrawGrant("ann", p.Role.agent, "sales")),
        (1, admin.WithdrawGrant("bob", p.Role.agent, "sales")),
        (1, admin.DisableUser("carl")),
    ],
)
async def test_a_right_that_ends_while_hello_is_being_answered(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skip: int, order: Any
) -> None:
    """Somebody's rights are read, and lost before he is in: he must not stay with what was read."""
    async with running(sqlite_url, tmp_path) as site:
        window = await site.staff(order.name, greet=False)
        async with held_read(site, monkeypatch, skip) as there:
            window.send(window.hello())
            await there()
            await site.order(order)
        assert await window.closed() in (1012, 4001)
        assert not window.seen(p.Welcome)


# --- previews -----------------------------------------------------------------------------------------------------------


async def test_what_is_typed_while_waiting_goes_to_those_who_may_take_it(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann, ada = await site.staff("ann"), await site.staff("ada")
        vera, chat = await site.chat()
        await ada.expect(p.ChatCard, chat=chat)
        vera.send(p.Typing(chat, "not sent yet"))
        await ann.expect(p.Preview, text="not sent yet")
        assert not await heard(ada, b"not sent yet")


# --- what the visitor can count -----------------------------------------------------------------------------------------


async def test_what_staff_do_among_themselves_moves_no_number_of_the_visitors(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann, bob, sue = await site.staff("ann"), await site.staff("bob"), await site.staff("sue")
        vera, chat = await site.chat(ann)
        await vera.come_back()
        before = vera.seen(p.VisitorCard, chat=chat)[-1]
        other = bob.seen(p.Welcome)[0].user
        await ann.done(p.AskHelp(new_cid(), chat, "help"))
        await sue.done(p.EndHelp(new_cid(), chat))
        await ann.done(p.Invite(new_cid(), chat, other))
        await bob.done(p.Decline(new_cid(), chat))
        await ann.done(p.Transfer(new_cid(), chat, other, note="yours"))
        await ann.done(p.CancelTransfer(new_cid(), chat))
        await vera.come_back()
        assert vera.seen(p.VisitorCard, chat=chat)[-1] == before


async def test_the_transcript_tells_who_came_and_went(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site, httpx.AsyncClient(base_url=site.url) as client:
        ann, sue = await site.staff("ann"), await site.staff("sue")
        vera, chat = await site.chat(ann)
        await sue.done(p.Join(new_cid(), chat))
        await sue.done(p.Leave(new_cid(), chat))
        await sue.done(p.TakeOver(new_cid(), chat))
        headers = {"Authorization": f"Bearer {vera.token}"}
        told = (await client.get(f"/api/visitor/chats/{chat}/transcript", headers=headers)).text
        for sentence in ("Sue joined.", "Sue left the conversation.", "Sue answers now."):
            assert f"* {sentence}" in told


async def test_a_right_that_ends_while_rest_reads(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chat goes to another department between the question of right and the answer."""
    async with running(sqlite_url, tmp_path) as site, httpx.AsyncClient(base_url=site.url) as client:
        ann, carl = await site.staff("ann"), await site.staff("carl")
        vera, chat = await site.chat(ann)
        await ann.done(p.Transfer(new_cid(), chat, department=SUPPORT))
        await carl.expect(p.ChatCard, chat=chat)
        headers = {"Authorization": f"Bearer {staff_token('ann')}"}
        for path in ("events", "transcript"):
            if path == "transcript":
                await carl.done(p.Transfer(new_cid(), chat, ann.seen(p.Welcome)[0].user, SALES))
                await ann.done(p.Take(new_cid(), chat))
                await ann.done(p.Transfer(new_cid(), chat, department=SUPPORT))
            async with held_read(site, monkeypatch, skip=1) as there:  # the session, then the chat
                asking = asyncio.create_task(client.get(f"/api/chats/{chat}/{path}", headers=headers))
                await there()
                await carl.done(p.Take(new_cid(), chat))
                await vera.say(chat, "to Carl alone")
            answer = await asking
            assert (answer.status_code, b"to Carl alone" in answer.content) == (404, False)


async def test_a_wall_that_is_turned_on_again_and_again_is_one_wall(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        sue = await site.staff("sue")
        await site.chat(await site.staff("ann"))
        later: list[Any] = []
        with mock.patch.object(wall, "_later", later.append):
            for on in (True, False) * 20:
                sue.send(p.Wall(on))
            sue.send(p.Wall(True))
            await sue.expect(p.Pulse)
            await sue.pong()
        assert len(later) == 1
