"""The console's client against the real server: everything asked and said, links cut, servers killed, once each."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from agentconsole import cache, files
from agentconsole.client import Client, End, Problem, login, logout, new_cid, now_ms
from agentconsole.link import LinkState
from agentconsole.protocol import (
    Close,
    Event,
    HandleLeft,
    Note,
    NoteCustomer,
    Older,
    Open,
    Outcome,
    Release,
    Said,
    SaveCanned,
    SetStatus,
    Shut,
    Side,
    State,
    Status,
    Take,
    TakeNext,
    Typing,
)
from agentconsole.store import Store
from agentconsole.views import LineState, NewsKind
from tests.consoles import Console, console
from tests.proof.proxy import Cut, Proxy, anywhere
from tests.running import PASSWORD, Running, Visitor, running
from tests.waiting import async_until


@dataclass
class Desk:
    """A department of its own with the agent ``ann`` on the shared server."""

    server: Running
    department: int
    ann: str
    slug: str
    visitors: list[Visitor]

    async def visit(self, text: str = "Good morning", **more: str) -> tuple[Visitor, int]:
        """A visitor who started a chat; its id."""
        visitor = await asyncio.to_thread(self.server.visitor)
        self.visitors.append(visitor)
        return visitor, await asyncio.to_thread(visitor.start, self.department, text, **more)

    async def token(self, name: str = "") -> str:
        """A session of this person."""
        return (await login(self.server.url, name or self.ann, PASSWORD, "test")).token

    async def staffed(self, *roles: str) -> str:
        """Another person with these roles here; the login name."""
        return await asyncio.to_thread(lambda: self.server.add_user(*roles, department=self.slug))

    def close(self) -> None:
        """The visitors go without a word; their windows may hold frames that nobody has read."""
        for visitor in self.visitors:
            with suppress(OSError):
                visitor.link.socket.shutdown(socket.SHUT_RDWR)
            visitor.close()


def opened(server: Running) -> Desk:
    slug = server.add_department()
    ann = server.add_user("agent", department=slug)
    return Desk(server, server.department_id(slug), ann, slug, [])


@pytest.fixture
def desk(server: Running) -> Iterator[Desk]:
    desk = opened(server)
    yield desk
    desk.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Desk]:
    """A desk on a server of its own, to be killed."""
    with running(tmp_path / "data") as server:
        server.add_user(name="root")
        desk = opened(server)
        yield desk
        desk.close()


async def taken(ada: Console, chat: int) -> None:
    """Take the chat and wait until it is mine, with its lines."""
    ada.client.send(Take(new_cid(), chat))
    await async_until(lambda: ada.store.is_mine(chat) and ada.texts(chat), what="the chat is mine")


async def book(client: Client, chat: int) -> list[Event]:
    """All that happened in this chat, by the server's own book."""
    return msgspec.json.decode(await client.ask("GET", f"/api/chats/{chat}/events"), type=list[Event])


async def log(client: Client, chat: int) -> list[str]:
    """What staff said in this chat, by the server's own book."""
    return [
        e.what.text for e in await book(client, chat) if isinstance(e.what, Said) and e.by.side is Side.staff
    ]


async def test_a_wrong_password_is_a_sentence_and_a_right_one_a_revocable_token(desk: Desk) -> None:
    with pytest.raises(Problem) as problem:
        await login(desk.server.url, desk.ann, "wrong wrong wrong")
    assert problem.value.code == "login"
    assert str(problem.value).endswith(".")
    token = await desk.token()
    async with console(desk.server.url, token) as ada:
        await ada.synced()
        await logout(desk.server.url, token)
        assert ada.life
        assert await asyncio.wait_for(asyncio.shield(ada.life), 15) is End.login
        assert ada.store.link.why
    await logout(desk.server.url, token)


async def test_a_conversation_from_the_queue_to_its_end(desk: Desk) -> None:
    async with console(desk.server.url, await desk.token()) as ada:
        await ada.synced()
        assert ada.store.me
        assert ada.store.me.name == desk.ann
        ada.client.send(SetStatus(new_cid(), Status.online))
        await async_until(lambda: ada.store.status is Status.online)
        visitor, chat = await desk.visit("How much is it?", name="Vera", email="vera@shop.example")
        await async_until(lambda: [row.card.chat for row in ada.store.queue(now_ms())] == [chat])
        assert [(news.kind, news.text) for news in ada.store.take_news()] == [
            (NewsKind.waiting, "How much is it?")
        ]
        visitor.send(t="typing", chat=chat, text="and when wou")
        await async_until(lambda: ada.store.preview(chat, now_ms()) == "and when wou")

        ada.client.send(TakeNext(new_cid()))
        await async_until(lambda: ada.texts(chat) == ["How much is it?"])
        assert [ack.chat for ack, _ in ada.store.take_acks() if ack.chat] == [chat]
        assert ada.store.counts()[:4] == (1, 0, 1, 0)
        assert ada.store.next_needing() == chat
        ada.store.saw(chat)
        assert ada.store.counts().unread == 0

        ada.client.typing(chat, "T")
        assert (await asyncio.to_thread(visitor.wait, "agent_typing"))["on"] is True
        ada.say(chat, "Ten euros.")
        await async_until(lambda: ada.texts(chat) == ["How much is it?", "Ten euros."])
        assert not ada.store.pending(chat)
        said = await asyncio.to_thread(visitor.wait, "event")
        while said["what"].get("text") != "Ten euros.":
            said = await asyncio.to_thread(visitor.wait, "event")
        mine = ada.store.talks[chat].events[-1]
        visitor.send(t="seen", chat=chat, delivered=said["pub"], read=said["pub"])
        await async_until(lambda: ada.store.line_state(mine) is LineState.read)

        ada.client.send(Note(new_cid(), chat, "a good customer"))
        ada.client.send(NoteCustomer(new_cid(), chat, "pays at once"))
        await async_until(lambda: not ada.store.outbox.entries)
        customer = await ada.client.customer(chat)
        assert (customer.email, [note.text for note in customer.notes]) == (
            "vera@shop.example",
            ["pays at once"],
        )
        assert "Ten euros." in (await ada.client.ask("GET", f"/api/chats/{chat}/transcript")).decode()
        assert await log(ada.client, chat) == ["Ten euros."]

        ada.client.send(Close(new_cid(), chat, Outcome.solved))
        await async_until(lambda: ada.store.chats[chat].state is State.wrapup)
        ada.client.send(SaveCanned(new_cid(), "price", "It costs {amount}."))
        await async_until(lambda: [card.shortcut for card in ada.store.canned.values()] == ["price"])
        assert ada.store.take_refusals() == []


async def test_a_left_message_is_seen_and_handled(desk: Desk) -> None:
    async with console(desk.server.url, await desk.token()) as ada:
        await ada.synced()
        visitor = await asyncio.to_thread(desk.server.visitor)
        desk.visitors.append(visitor)
        message = {"department": desk.department, "text": "Please call.", "email": "vera@shop.example"}
        visitor.send(t="leave_message", cid=new_cid(), **message)
        await async_until(lambda: ada.store.counts().left == 1)
        [card] = ada.store.left.values()
        assert card.text == "Please call."
        ada.client.send(HandleLeft(new_cid(), card.id))
        await async_until(lambda: ada.store.counts().left == 0)
        assert ada.store.left[card.id].handled_by


async def test_two_windows_of_one_agent_show_the_same_and_a_colleague_may_look(desk: Desk) -> None:
    sue = await desk.token(await desk.staffed("agent", "supervisor"))
    token = await desk.token()
    async with console(desk.server.url, token) as one, console(desk.server.url, token) as two:
        await one.synced()
        await two.synced()
        _, chat = await desk.visit()
        await async_until(lambda: one.store.queue(now_ms()))
        await taken(one, chat)
        await async_until(lambda: two.texts(chat))
        assert [news.kind for news in two.store.take_news()] == [NewsKind.waiting, NewsKind.assigned]
        for number in range(5):
            (one, two)[number % 2].say(chat, f"line {number}")
            await async_until(lambda: one.texts(chat) == two.texts(chat) and not two.store.outbox.entries)
        async with console(desk.server.url, sue) as other:
            await other.synced()
            other.client.send(Open(new_cid(), chat))
            await async_until(lambda: other.texts(chat) == one.texts(chat))
            one.client.send(Typing(chat, "x"))
            await async_until(lambda: other.store.colleagues_typing(chat, now_ms()))
            other.client.send(Shut(chat))
            other.client.send(Take(new_cid(), chat))
            [(refusal, _)] = await async_until(other.store.take_refusals)
            assert refusal.code == "taken"
            assert one.store.me
            assert one.store.me.display in refusal.text


async def test_a_long_chat_comes_in_pages(own: Desk) -> None:
    async with console(own.server.url, await own.token()) as ada:
        await ada.synced()
        _, chat = await own.visit()
        await async_until(lambda: ada.store.queue(now_ms()))
        await taken(ada, chat)
        lines = [f"line {number}" for number in range(450)]
        for text in lines:
            ada.say(chat, text)
        await async_until(lambda: not ada.store.outbox.entries, seconds=60)
        ada.client.send(Note(new_cid(), chat, "the last"))
        await async_until(lambda: ada.texts(chat)[-1] == "the last")
        for text in lines[:80]:
            ada.say(chat, text)
        await async_until(lambda: not ada.store.outbox.entries, seconds=60)
        whole = ada.texts(chat)
        async with console(own.server.url, await own.token()) as fresh:
            await fresh.synced()
            talk = fresh.store.talks[chat]
            assert not talk.complete
            assert fresh.texts(chat) == whole[-len(fresh.texts(chat)) :]
            while not talk.complete:
                first = talk.first
                fresh.client.send(Older(new_cid(), chat, first, 20))
                await async_until(lambda first=first: talk.first < first)
            assert fresh.texts(chat) == whole


@pytest.mark.parametrize("seed", range(3))
async def test_a_link_cut_anywhere_loses_doubles_and_turns_nothing(desk: Desk, seed: int) -> None:
    luck = random.Random(seed)
    plan = anywhere(luck, 4_000)
    async with Proxy(lambda: desk.server.url, plan) as proxy:
        visitor, chat = await desk.visit()
        async with console(proxy.url, await desk.token()) as ada:
            lines = [f"line {number} of {seed}" for number in range(60)]
            await _persist(ada, lambda: chat in ada.store.chats)
            ada.client.send(Take(new_cid(), chat))
            await _persist(ada, lambda: ada.store.is_mine(chat))
            for text in lines:
                ada.say(chat, text)
                if luck.random() < 0.2:
                    visitor.send(t="say", cid=new_cid(), chat=chat, text="meanwhile")
                    await asyncio.sleep(0)
            await _persist(ada, lambda: not ada.store.outbox.entries)
            assert proxy.cuts
            straight = Client(desk.server.url, ada.client.token, Store(), lambda touched: None)
            assert await log(straight, chat) == lines

            async def as_the_server_has_it() -> bool:
                ada.client.retry_now()
                return [*ada.store.talks[chat].events] == await book(straight, chat)

            await async_until(as_the_server_has_it, seconds=30, every=0.1)
            assert ada.store.pending(chat) == []


async def _persist(ada: Console, condition: object, seconds: float = 60) -> None:
    """Wait for the condition, trying to connect again and again."""

    def met() -> bool:
        ada.client.retry_now()
        return bool(condition())  # type: ignore[operator]

    await async_until(met, seconds=seconds, every=0.05)


async def test_a_server_killed_and_one_restarted_change_nothing_for_the_agent(own: Desk) -> None:
    async with console(own.server.url, await own.token()) as ada:
        await ada.synced()
        _, chat = await own.visit()
        await async_until(lambda: ada.store.queue(now_ms()))
        await taken(ada, chat)
        lines = [f"line {number}" for number in range(90)]
        for number, text in enumerate(lines):
            ada.say(chat, text)
            if number % 30 == 29:
                await async_until(lambda wanted=number - 25: len(await_texts(ada, chat)) >= wanted)
                await asyncio.to_thread(own.server.kill if number < 60 else own.server.stop)
                await async_until(lambda: ada.state is LinkState.connecting)
                ada.say(chat, between := f"while it was down, after {number}")
                lines_before = ada.texts(chat)
                await asyncio.to_thread(own.server.start)
                await _persist(ada, lambda: ada.store.synced and not ada.store.outbox.entries)
                assert ada.texts(chat)[: len(lines_before)] == lines_before
                assert between in ada.texts(chat)
        assert ada.store.link.restarts == 3
        written = await log(ada.client, chat)
        assert [text for text in written if text.startswith("line")] == lines
        assert len(written) == len(set(written)) == 93


def await_texts(ada: Console, chat: int) -> list[str]:
    return ada.texts(chat)


async def test_between_commit_and_acknowledgement(desk: Desk) -> None:
    _, chat = await desk.visit()
    plans = iter([Cut("ack", 2)])
    token = await desk.token()
    proxy = Proxy(lambda: desk.server.url, lambda: next(plans, None))
    async with proxy, console(proxy.url, token) as ada:
        await async_until(lambda: chat in ada.store.chats)
        await taken(ada, chat)
        ada.say(chat, "committed, never acknowledged")
        await async_until(lambda: proxy.cuts["ack"])
        await _persist(ada, lambda: ada.store.synced and not ada.store.outbox.entries)
        assert ada.texts(chat)[1:] == ["committed, never acknowledged"]
        assert await log(ada.client, chat) == ["committed, never acknowledged"]


async def test_a_console_that_crashed_sends_what_it_had_not_sent(desk: Desk, tmp_path: Path) -> None:
    _, chat = await desk.visit()
    token = await desk.token()
    here = cache.place(desk.server.url, desk.ann, tmp_path)
    words = cache.Words(here)
    words.adopt(Store())
    async with console(desk.server.url, token, save=words.save) as ada:
        await async_until(lambda: chat in ada.store.chats)
        await taken(ada, chat)
        ada.client.server = "http://127.0.0.1:1"
        assert ada.client._socket
        ada.client._socket.transport.abort()
        await async_until(lambda: ada.state is LinkState.connecting)
        ada.store.set_draft(chat, "half an ans")
        ada.say(chat, "typed before the crash")
        ada.client.touch()
        on_disk = await async_until(lambda: _holding("half an ans", words.path))
    files.write(words.path, on_disk)
    words.close()
    store = Store()
    again = cache.Words(here)
    again.adopt(store)
    assert store.draft(chat) == "half an ans"
    async with console(desk.server.url, token, store, save=again.save) as bea:
        await bea.synced()
        await async_until(lambda: not bea.store.outbox.entries)
        assert (await log(bea.client, chat)) == ["typed before the crash"]
    again.close()


def _holding(text: str, path: Path) -> object:
    """What the file holds, once this text is in it."""
    found = files.read(path)
    return found if text in str(found) else None


async def test_a_released_chat_waits_again_with_its_place(desk: Desk) -> None:
    async with console(desk.server.url, await desk.token()) as ada:
        await ada.synced()
        _, first = await desk.visit("first")
        _, second = await desk.visit("second")
        await async_until(lambda: len(ada.store.queue(now_ms())) == 2)
        await taken(ada, first)
        ada.store.take_news()
        ada.client.send(Release(new_cid(), first))
        await async_until(lambda: [row.card.chat for row in ada.store.queue(now_ms())] == [first, second])
        assert not ada.store.is_mine(first)
        assert ada.store.take_news() == []
