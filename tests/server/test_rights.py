"""What somebody may not see does not exist, at every door, and a right that ends has ended at once."""

import asyncio
import logging
import re
import time
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from agentconsole import protocol as p
from agentconsole.backend.desk import admin
from agentconsole.backend.desk.sessions import EndSession
from agentconsole.backend.storage import users
from tests.server.site import SALES, SUPPORT, Site, running, staff_token
from tests.server.windows import VisitorWindow, Window, new_cid

SOON = 1.0  # seconds in which a right that ends has ended


async def bytes_of(window: Window, command: Any) -> bytes:
    """The answer to a command as bytes, without its own ids."""
    answer = await window.ask(command)
    (raw,) = [data for data, frame in zip(window.raw, window.frames, strict=True) if frame is answer]
    chat = getattr(command, "chat", 0) or getattr(command, "message", 0)
    return raw.replace(command.cid.encode(), b"CID").replace(b'"chat":%d' % chat, b'"chat":ID')


def visitors_commands(chat: int) -> list[Any]:
    return [
        p.Say(new_cid(), chat, "let me in"),
        p.Leave(new_cid(), chat),
        p.Rate(new_cid(), chat, p.Rating.bad),
        p.LeaveMessage(new_cid(), SALES, "x", "w@x.example", chat=chat),
    ]


def staff_commands(chat: int) -> list[Any]:
    return [
        p.Say(new_cid(), chat, "let me in"),
        p.Note(new_cid(), chat, "let me in"),
        p.Take(new_cid(), chat),
        p.Close(new_cid(), chat),
        p.Reopen(new_cid(), chat),
        p.Release(new_cid(), chat),
        p.Open(new_cid(), chat),
        p.Older(new_cid(), chat, 10),
        p.NoteCustomer(new_cid(), chat, "x"),
    ]


async def test_anothers_chat_answers_a_visitor_like_one_that_does_not_exist(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path) as site:
        ann = await site.staff("ann")
        vera, chat = await site.chat(ann)
        willy, _ = await site.chat()
        newcomer = await site.visitor()
        for window in (willy, newcomer):
            for theirs, nobodys in zip(visitors_commands(chat), visitors_commands(999_999), strict=True):
                answer = await bytes_of(window, theirs)
                assert answer == await bytes_of(window, nobodys)
                assert b'"unknown"' in answer
            for command in (p.Typing(chat, "psst"), p.Seen(chat, 9, 9)):
                window.send(command)
        for window in (willy, newcomer):
            await window.settle()
        await vera.settle()
        await ann.settle()
        assert not ann.seen(p.Preview)
        assert [event.pub for event in vera.log(chat)] == [1, 2, 3]
        assert site.hub.board.heads[chat].state is p.State.active


async def test_a_foreign_departments_chat_answers_staff_like_one_that_does_not_exist(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path) as site:
        ann = await site.staff("ann")
        _, running_chat = await site.chat(ann, email="vera@x.example")
        _, waiting = await site.chat()
        for name in ("carl", "root"):
            window = await site.staff(name)
            for chat in (running_chat, waiting):
                for theirs, nobodys in zip(staff_commands(chat), staff_commands(999_999), strict=True):
                    answer = await bytes_of(window, theirs)
                    assert answer == await bytes_of(window, nobodys), theirs
                    assert b'"unknown"' in answer
            assert (await window.refused(p.TakeNext(new_cid()))).code is p.Code.gone
            assert (await window.refused(p.TakeNext(new_cid(), SALES))).code is p.Code.gone
            window.send(p.Typing(running_chat, "x"))
            window.send(p.Seen(running_chat, 9, 9))
            await window.settle()
            assert not window.seen((p.ChatCard, p.Gone, p.Event, p.Preview, p.ColleagueTyping))
        bob = await site.staff("bob")
        for theirs, nobodys in zip(staff_commands(running_chat), staff_commands(999_999), strict=True):
            if isinstance(theirs, p.Take):
                continue  # a colleague sees the queue, and so is told who was faster
            assert await bytes_of(bob, theirs) == await bytes_of(bob, nobodys), theirs


async def test_left_messages_of_another_department(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann, carl = await site.staff("ann"), await site.staff("carl")
        willy = await site.visitor()
        left = (await willy.done(p.LeaveMessage(new_cid(), SUPPORT, "secret", "w@x.example"))).chat
        await carl.expect(p.LeftCard, id=left)
        refusals = [await ann.refused(p.HandleLeft(new_cid(), key)) for key in (left, 999_999)]
        assert {(one.code, one.text) for one in refusals} == {(p.Code.unknown, refusals[0].text)}
        await carl.done(p.HandleLeft(new_cid(), left))
        again = await site.staff("ann")
        for window in (ann, again):
            await window.settle()
            assert not any(b"secret" in raw for raw in window.raw)


async def test_canned_replies_of_others(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        everybody = {name: await site.staff(name) for name in ("ann", "bob", "carl", "sue", "root")}
        await everybody["ann"].done(p.SaveCanned(new_cid(), "mine", "of Ann alone"))
        await everybody["sue"].done(p.SaveCanned(new_cid(), "sales", "of sales", SALES))
        await everybody["root"].done(p.SaveCanned(new_cid(), "all", "of everybody", everybody=True))
        for name, command in (
            ("ann", p.SaveCanned(new_cid(), "x", "x", SALES)),
            ("sue", p.SaveCanned(new_cid(), "x", "x", SUPPORT)),
            ("sue", p.SaveCanned(new_cid(), "x", "x", everybody=True)),
        ):
            assert (await everybody[name].refused(command)).code is p.Code.unknown
        wanted = {
            "ann": {"of Ann alone", "of sales", "of everybody"},
            "bob": {"of sales", "of everybody"},
            "carl": {"of everybody"},
            "sue": {"of sales", "of everybody"},
            "root": {"of sales", "of everybody"},
        }
        for name, window in everybody.items():
            await window.settle()
            fresh = await site.staff(name)
            for each in (window, fresh):
                assert {card.text for card in each.seen(p.CannedCard)} == wanted[name], name


# --- a right that ends ----------------------------------------------------------------------------------------------------


async def soon(window: Window, began: float) -> int:
    """The code with which the window is closed, at once."""
    code = await window.closed()
    assert time.monotonic() - began < SOON
    return code


async def test_a_disabled_user_is_out_at_once(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        ann, twin = await site.staff("ann"), await site.staff("ann")
        vera, chat = await site.chat(ann)
        began = time.monotonic()
        await site.order(admin.DisableUser("ann"))
        assert [await soon(ann, began), await soon(twin, began)] == [4001, 4001]
        head = site.hub.board.heads[chat]
        assert (head.state, head.owner) == (p.State.waiting, 0)
        await vera.expect(p.VisitorEvent, what=p.Requeued)
        again = await site.staff("ann", greet=False)
        again.send(again.hello())
        assert (await again.expect(p.Refused)).code is p.Code.login
        assert await again.closed() == 4001


async def test_a_right_ends_though_the_database_is_gone_just_then(sqlite_url: str, tmp_path: Path) -> None:
    """What was committed is told as far as it can be, and the rest when the database answers again."""
    async with running(sqlite_url, tmp_path) as site:
        ann, sue = await site.staff("ann"), await site.staff("sue")
        gone = OperationalError("SELECT", {}, Exception("the link to the database is down"))
        with mock.patch.object(site.hub.board, "load_people", side_effect=gone) as asked:
            withdrawing = site.order(admin.WithdrawGrant("ann", p.Role.agent, "sales"))
            vera = await site.visitor()
            starting = vera.start(text="told all the same")
            await asyncio.gather(withdrawing, starting)
            assert await ann.closed() == 1012
            await sue.expect(p.ChatCard, first_line="told all the same")
            assert asked.called
            assert site.hub.board.grants[1]
        await site.order(admin.AddDepartment("latest"))
        assert 1 not in site.hub.board.grants


async def test_a_session_that_is_ended_is_out_at_once(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann, bob = await site.staff("ann"), await site.staff("bob")
        sessions = await site.hub.database.read(lambda db: users.sessions(db, 0))
        mine = next(row.id for row in sessions if row.user_id == ann.seen(p.Welcome)[0].user)
        began = time.monotonic()
        await site.order(EndSession(mine))
        assert await soon(ann, began) == 4001
        await bob.pong()


async def test_a_login_that_runs_out_ends_the_console_too(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann, clock = await site.staff("ann"), site.desk.clock
        site.desk.clock = lambda: 2**50 - 1
        site.hub.tick()
        await ann.pong()
        site.desk.clock = lambda: 2**50
        site.hub.tick()
        assert await ann.closed() == 4001
        site.desk.clock = clock


async def test_a_new_password_ends_all_sessions(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann = await site.staff("ann")
        began = time.monotonic()
        await site.order(admin.SetPassword("ann", "hash"))
        assert await soon(ann, began) == 4001


async def test_a_role_that_is_withdrawn(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        ann = await site.staff("ann")
        vera, chat = await site.chat(ann)
        began = time.monotonic()
        await site.order(admin.WithdrawGrant("ann", p.Role.agent, "sales"))
        assert await soon(ann, began) == 1012
        await ann.connect()
        await ann.greet(cursors={chat: 3})
        assert not ann.seen((p.ChatCard, p.Event, p.Resume))
        assert (await ann.refused(p.Say(new_cid(), chat, "still here?"))).code is p.Code.unknown
        await vera.expect(p.VisitorEvent, what=p.Requeued)
        bob = await site.staff("bob")
        await bob.take(chat)
        await site.order(admin.GiveGrant("ann", p.Role.supervisor, "sales"))
        assert await ann.closed() == 1012
        await ann.connect()
        await ann.greet()
        assert ann.seen(p.ChatCard, chat=chat)


async def test_a_department_that_is_no_team_any_more(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, {"team": True}) as site:
        ann, bob = await site.staff("ann"), await site.staff("bob")
        vera, chat = await site.chat(ann)
        await bob.done(p.Open(new_cid(), chat))
        await vera.say(chat, "open to all of sales")
        await bob.expect(p.Event, what=p.Said("open to all of sales"))
        await site.order(admin.SetDepartment("sales", team=False))
        await bob.expect(p.Gone, chat=chat)
        await vera.say(chat, "for Ann alone")
        await ann.expect(p.Event, what=p.Said("for Ann alone"))
        await bob.settle()
        assert not any(b"for Ann alone" in raw for raw in bob.raw)


async def test_a_right_that_ends_while_the_log_is_read(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob opens a waiting chat; before the log has been read, Ann has taken it and said something."""
    async with running(sqlite_url, tmp_path) as site:
        ann, bob = await site.staff("ann"), await site.staff("bob")
        _, chat = await site.chat()
        read, gate, there = site.hub.database.read, asyncio.Event(), asyncio.Event()

        async def slow(question: Any) -> Any:
            there.set()
            await gate.wait()
            return await read(question)

        for command in (p.Open(new_cid(), chat), p.Older(new_cid(), chat, 99)):
            with monkeypatch.context() as patch:
                patch.setattr(site.hub.database, "read", slow)
                bob.send(command)
                await there.wait()
            await ann.done(p.Take(new_cid(), chat))
            await ann.say(chat, "between you and me")
            gate.set()
            answer = await bob.answer(command.cid)
            assert isinstance(answer, p.Refused)
            assert answer.code is p.Code.unknown
            await bob.settle()
            assert not any(b"between you and me" in raw for raw in bob.raw)
            await ann.done(p.Release(new_cid(), chat))
            gate.clear()
            there.clear()


# --- what stays inside ------------------------------------------------------------------------------------------------------


def blurred(window: VisitorWindow, chat: int) -> list[bytes]:
    """What a visitor got, without ids and times, and without the place in the queue, which is told by a clock."""
    frames = [frame for frame in window.raw if not frame.startswith(b'{"t":"place"')]
    text = b"\n".join(frames).replace(b'"chat":%d' % chat, b'"chat":ID')
    return re.sub(rb'"(at|now|n)":\d+|"(run|cid)":"[^"]*"', b"", text).split(b"\n")


async def transcript(site: Site, window: VisitorWindow, chat: int) -> httpx.Response:
    """The visitor's own transcript over REST."""
    async with httpx.AsyncClient(base_url=site.url) as client:
        return await client.get(
            f"/api/visitor/chats/{chat}/transcript", headers={"Authorization": f"Bearer {window.token}"}
        )


async def test_notes_and_observers_leave_no_trace_with_the_visitor(database_url: str, tmp_path: Path) -> None:
    """Twin run: the same conversation with and without notes, an outcome corrected and a silent observer."""
    async with running(database_url, tmp_path) as site:
        ann = await site.staff("ann")

        async def conversation(watched: bool) -> tuple[VisitorWindow, int]:
            vera, chat = await site.chat(ann, name="Vera")
            sue = await site.staff("sue") if watched else None
            if sue:
                await sue.done(p.Open(new_cid(), chat))
                await sue.done(p.Note(new_cid(), chat, "TOPSECRET of Sue"))
                sue.send(p.Seen(chat, 99, 99))
                sue.send(p.Typing(chat, "x"))
            await ann.say(chat, "hello")
            await vera.expect(p.VisitorEvent, what=p.Said("hello"))
            if watched:
                await ann.done(p.Note(new_cid(), chat, "TOPSECRET of Ann"))
            await vera.say(chat, "bye")
            await ann.done(p.Close(new_cid(), chat, p.Outcome.spam))
            await vera.expect(p.VisitorEvent, what=p.Ended)
            if sue:
                await sue.done(p.Note(new_cid(), chat, "TOPSECRET again"))
                await sue.done(p.Older(new_cid(), chat, 99))
            await vera.settle()
            return vera, chat

        plain, watched = await conversation(False), await conversation(True)
        assert sorted(blurred(*plain)) == sorted(blurred(*watched))
        texts = []
        for vera, chat in (plain, watched):
            answer = await transcript(site, vera, chat)
            assert answer.status_code == 200
            texts.append(re.sub(r"\d", "0", answer.text))
            await vera.come_back()
            assert not any(b"TOPSECRET" in raw or b"Sue" in raw for raw in vera.raw)
        assert texts[0] == texts[1]
        foreign = [await transcript(site, plain[0], chat) for chat in (watched[1], 999_999)]
        assert [(each.status_code, each.content) for each in foreign] == [(404, foreign[0].content)] * 2


async def test_an_observer_leaves_no_trace_with_the_agent(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        sue, ann, bob = await site.staff("sue"), await site.staff("ann"), await site.staff("bob")
        _, chat = await site.chat(ann)
        for window in (ann, bob):
            await window.settle()
        counts = [len(window.frames) for window in (ann, bob)]
        await sue.done(p.Open(new_cid(), chat))
        await sue.done(p.Older(new_cid(), chat, 9))
        sue.send(p.Seen(chat, 3, 3))
        sue.send(p.Typing(chat, "x"))
        await sue.settle()
        sue.send(p.Shut(chat))
        await sue.settle()
        for window, count in zip((ann, bob), counts, strict=True):
            assert window.frames[count:] == []


def files(folder: Path) -> dict[str, bytes]:
    """Everything that the server has written, its log of the database included."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_a_preview_is_never_kept(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(sqlite_url, tmp_path) as site:
        ann, carl = await site.staff("ann"), await site.staff("carl")
        vera, chat = await site.chat(ann)
        vera.send(p.Typing(chat, "PREVIEWSECRET of Vera"))
        await ann.expect(p.Preview, chat=chat, text="PREVIEWSECRET of Vera")
        ann.send(p.Typing(chat, "PREVIEWSECRET of Ann"))
        typing = await vera.expect(p.AgentTyping, chat=chat)
        assert (typing.name, typing.on) == ("Ann", True)
        await vera.say(chat, "SAIDSECRET")
        await carl.settle()
        vera.drop()
        assert (await ann.expect(p.Preview, chat=chat)).text == ""
        await site.desk.writer.drain()
        kept = files(tmp_path)
        assert any(b"SAIDSECRET" in content for content in kept.values()), (
            "this test looks in the wrong place"
        )
        for name, content in kept.items():
            assert b"PREVIEWSECRET" not in content, name
        assert not any(b"PREVIEWSECRET" in raw for raw in (*vera.raw, *carl.raw))
        logged = caplog.text
        for secret in ("PREVIEWSECRET", "SAIDSECRET", staff_token("ann"), vera.token):
            assert secret not in logged
            assert not any(secret.encode() in content for content in kept.values()) or secret == "SAIDSECRET"


async def test_previews_are_for_those_who_may_answer(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        everybody = {name: await site.staff(name) for name in ("ann", "bob", "carl", "sue", "ada", "root")}
        vera, chat = await site.chat()
        for name in ("ann", "bob", "sue"):
            await everybody[name].expect(p.ChatCard, chat=chat)
        vera.send(p.Typing(chat, "waiting"))
        for name in ("ann", "bob", "sue"):
            await everybody[name].expect(p.Preview, text="waiting")
        await everybody["ann"].take(chat)
        vera.send(p.Typing(chat, "to Ann"))
        await everybody["ann"].expect(p.Preview, text="to Ann")
        await everybody["ada"].ask(p.Open(new_cid(), chat))
        vera.send(p.Typing(chat, "watched"))
        for name in ("ann", "ada"):
            await everybody[name].expect(p.Preview, text="watched")
        for name, window in everybody.items():
            await window.settle()
            texts = {preview.text for preview in window.seen(p.Preview)}
            wanted = {"ann": {"waiting", "to Ann", "watched"}, "ada": {"watched"}}
            assert texts == wanted.get(name, set() if name in ("carl", "root") else {"waiting"}), name


async def test_typing_is_told_twice_a_second_and_the_newest_wins(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann = await site.staff("ann")
        vera, chat = await site.chat(ann)
        for number in range(200):
            vera.send(p.Typing(chat, f"letter {number}"))
        await ann.expect(p.Preview, text="letter 199")
        assert [preview.text for preview in ann.seen(p.Preview)] == ["letter 0", "letter 199"]
        long = "x" * (p.MAX_TEXT + 1)
        vera.send(p.Typing(chat, long))
        assert (await ann.expect(p.Preview)).text == long[: p.MAX_TEXT]
