"""The console's store and client against the real server: statuses, offers, messages, feedback, the wall."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest

from agentconsole.client import login, new_cid
from agentconsole.offers import Offer
from agentconsole.protocol import (
    AlertsTested,
    GiveFeedback,
    OlderMessages,
    Phone,
    Say,
    SetAgent,
    SetMember,
    SetStatus,
    StaffMessage,
    Status,
    Take,
    Transfer,
)
from agentconsole.rooms import direct
from agentconsole.views import NewsKind
from tests.consoles import Console, console
from tests.running import PASSWORD, Running, Visitor
from tests.waiting import async_until


class House:
    """A department of its own with an agent, another one, and who supervises both."""

    def __init__(self, server: Running) -> None:
        self.server = server
        slug = server.add_department()
        self.department = server.department_id(slug)
        self.ann = server.add_user("agent", department=slug)
        self.bob = server.add_user("agent", department=slug)
        self.sue = server.add_user("supervisor", department=slug)
        self.visitors: list[Visitor] = []

    async def console(self, name: str) -> object:
        """A console of this person, not yet connected."""
        token = (await login(self.server.url, name, PASSWORD, "test")).token
        return console(self.server.url, token)

    async def visit(self) -> int:
        """A visitor's chat."""
        visitor = await asyncio.to_thread(self.server.visitor)
        self.visitors.append(visitor)
        return await asyncio.to_thread(visitor.start, self.department, "Good morning")


@pytest.fixture
def house(server: Running) -> Iterator[House]:
    found = House(server)
    yield found
    for visitor in found.visitors:
        with suppress(OSError):
            visitor.close()


def me(here: Console) -> int:
    assert here.store.me is not None
    return here.store.me.user


def kinds(here: Console) -> list[NewsKind]:
    return [news.kind for news in here.store.take_news()]


async def test_statuses_go_round_and_who_set_them_is_known(house: House) -> None:
    async with await house.console(house.ann) as ann, await house.console(house.sue) as sue:
        await ann.synced()
        await sue.synced()
        ann.client.send(Phone(new_cid(), True))
        await async_until(lambda: ann.store.status is Status.phone)
        await async_until(lambda: sue.store.team[me(ann)].status is Status.phone)
        ann.client.send(Phone(new_cid(), False))
        await async_until(lambda: ann.store.status is Status.online)
        assert kinds(ann) == []
        sue.client.send(SetStatus(new_cid(), Status.away, "Training", me(ann)))
        await async_until(lambda: ann.store.status is Status.away)
        assert ann.store.seat is not None
        assert (ann.store.reason, ann.store.seat.by) == ("Training", house.sue)
        assert kinds(ann) == [NewsKind.status_changed]
        ann.client.send(SetStatus(new_cid(), Status.drain, "", me(sue)))
        await async_until(lambda: ann.store.take_refusals())


async def test_a_supervisor_sets_limits_and_the_alerts_count_as_tested(house: House) -> None:
    async with await house.console(house.ann) as ann, await house.console(house.sue) as sue:
        await ann.synced()
        await sue.synced()
        sue.client.send(SetAgent(new_cid(), me(ann), 5, ["en"], ["vip"]))
        sue.client.send(SetMember(new_cid(), me(ann), house.department, 2, 1))
        ann.client.send(AlertsTested(new_cid()))

        def done() -> bool:
            seat = sue.store.team[me(ann)]
            return bool(seat.alerts_at) and (seat.limit, seat.languages, seat.skills) == (5, ["en"], ["vip"])

        await async_until(done)
        await async_until(lambda: [each.tier for each in sue.store.team[me(ann)].members] == [2])
        assert sue.store.take_refusals() == []


async def test_a_transfer_is_offered_told_and_taken(house: House) -> None:
    async with await house.console(house.ann) as ann, await house.console(house.bob) as bob:
        await ann.synced()
        await bob.synced()
        chat = await house.visit()
        await async_until(lambda: chat in ann.store.chats and chat in bob.store.chats)
        ann.client.send(Take(new_cid(), chat))
        await async_until(lambda: ann.store.is_mine(chat))
        bob.store.take_news()
        ann.client.send(Transfer(new_cid(), chat, user=me(bob), note="an old customer"))
        await async_until(lambda: [row.kind for row in bob.store.offers()] == [Offer.transfer])
        assert NewsKind.transfer in kinds(bob)
        bob.client.send(Take(new_cid(), chat))
        await async_until(lambda: bob.store.is_mine(chat) and not ann.store.is_mine(chat))
        assert bob.store.offers() == []
        assert NewsKind.assigned not in kinds(bob)
        bob.client.send(Say(new_cid(), chat, "Hello from me"))
        await async_until(lambda: "Hello from me" in bob.texts(chat))


async def test_messages_are_counted_read_in_both_windows_and_fetched_after_a_loss(house: House) -> None:
    async with (
        await house.console(house.ann) as ann,
        await house.console(house.ann) as other,
        await house.console(house.bob) as bob,
    ):
        for here in (ann, other, bob):
            await here.synced()
        room = direct(me(ann), me(bob))
        bob.client.send(StaffMessage(new_cid(), "have you a minute?", user=me(ann)))
        await async_until(lambda: ann.store.counts().messages == 1 and other.store.counts().messages == 1)
        assert kinds(ann) == [NewsKind.message]
        ann.client.saw_room(room)
        await async_until(lambda: other.store.counts().messages == 0)
        assert bob.store.outbox.messages() == []
    async with await house.console(house.bob) as bob:
        await bob.synced()
        for n in range(3):
            bob.client.send(StaffMessage(new_cid(), f"missed {n}", user=me(ann)))
        await async_until(lambda: not bob.store.outbox.unsent())
    async with await house.console(house.ann) as again:
        await again.synced()
        await async_until(lambda: not again.store.rooms.lacks(room))
        assert [each.text for each in again.store.rooms.messages[room]][-3:] == [
            "missed 0",
            "missed 1",
            "missed 2",
        ]
        assert again.store.counts().messages == 3
        assert kinds(again) == []
        again.client.send(OlderMessages(new_cid(), room, again.store.rooms.first(room)))
        await async_until(lambda: room in again.store.rooms.complete)


async def test_a_whisper_feedback_and_the_wall_reach_who_they_are_for(house: House) -> None:
    async with await house.console(house.ann) as ann, await house.console(house.sue) as sue:
        await ann.synced()
        await sue.synced()
        chat = await house.visit()
        await async_until(lambda: chat in ann.store.chats)
        ann.client.send(Take(new_cid(), chat))
        await async_until(lambda: ann.store.is_mine(chat) and sue.store.chats[chat].owner == me(ann))
        ann.store.take_news()
        sue.client.send(StaffMessage(new_cid(), "offer a refund", user=me(ann), chat=chat))
        await async_until(
            lambda: [each.text for each in ann.store.rooms.whispers(chat)] == ["offer a refund"]
        )
        assert kinds(ann) == [NewsKind.whisper]
        sue.client.send(GiveFeedback(new_cid(), chat, "well said", good=True))
        await async_until(lambda: ann.store.counts().feedback == 1)
        assert kinds(ann) == [NewsKind.feedback]
        sue.client.wall(True)
        await async_until(lambda: chat in sue.store.watching.beats)
        assert sue.store.watching.beats[chat].asked_at
        ann.client.send(Say(new_cid(), chat, "Here I am"))
        await async_until(lambda: not sue.store.watching.beats[chat].asked_at)
        socket = sue.client._socket
        assert socket is not None
        socket.transport.abort()
        await async_until(lambda: chat not in sue.store.watching.beats)
        sue.client.retry_now()
        await async_until(lambda: chat in sue.store.watching.beats)
