"""Watching silently: what this console sends, and does not send, about chats in which its person takes no part."""

from typing import Any

import pytest

from agentconsole.actions import Actions
from agentconsole.client import Client
from agentconsole.outbox import Outbox
from agentconsole.protocol import (
    ChatCard,
    Code,
    Event,
    Grant,
    Open,
    Party,
    Refused,
    Resume,
    Role,
    Said,
    Shut,
    Side,
    State,
    Status,
    Synced,
    Typing,
    Welcome,
)
from agentconsole.store import Store

NOW = 1_790_000_000_000
ME, ROBIN = 7, 8


def running(chat: int, owner: int = ROBIN) -> ChatCard:
    return ChatCard(chat, 1, 3, 3, State.active, 1, NOW, NOW, owner, "Robin", "Ana")


def said(chat: int, seq: int) -> Event:
    return Event(chat, seq, NOW, Party(Side.visitor, 0, "Ana"), Said(f"line {seq}"), seq)


class Bench:
    """Store, actions and client of a supervisor, connected to nobody; `flush` is what would go out now."""

    def __init__(self) -> None:
        self.store = Store()
        self.client = Client(
            "http://127.0.0.1:9", "t" * 20, self.store, lambda touched: None, clock=lambda: NOW
        )
        self.actions = Actions(self.store, self.client, lambda: NOW)
        welcome = Welcome("run", NOW, ME, "sam", "Sam", [Grant(Role.supervisor)], Status.online)
        self.feed(welcome, running(1), running(2), Synced())

    def feed(self, *frames: Any) -> None:
        for frame in frames:
            self.store.apply(frame, NOW)

    def flush(self) -> list[Any]:
        return [frame for frame in self.client._due(NOW) if type(frame).__name__ != "Ping"]


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_a_watched_chat_is_never_told_of_typing_delivery_or_reading(bench: Bench) -> None:
    bench.actions.look(1)
    bench.feed(Resume(1, 0, 2, True), said(1, 1), said(1, 2))
    bench.actions.typing(1, "something")
    bench.actions.saw(1)
    (only,) = bench.flush()
    assert isinstance(only, Open)
    assert bench.store.take_marks() == []


async def test_my_own_chats_are_told_so_that_the_test_above_can_fail(bench: Bench) -> None:
    bench.feed(running(3, ME), Resume(3, 0, 1, True), said(3, 1))
    bench.actions.typing(3, "something")
    bench.actions.saw(3)
    kinds = {type(frame) for frame in bench.flush()}
    assert Typing in kinds
    assert bench.client._marks_at == NOW


async def test_what_is_put_away_before_it_was_asked_for_is_never_opened(bench: Bench) -> None:
    bench.actions.look(1)
    bench.actions.put_away(1)
    assert bench.flush() == [Shut(1)]


async def test_a_busy_server_does_not_make_an_old_question_be_asked_again(bench: Bench) -> None:
    cid = bench.actions.look(1)
    assert len(bench.flush()) == 1
    bench.actions.put_away(1)
    bench.feed(Refused(Code.busy, "Too busy.", cid, 1, 10))
    assert bench.flush() == [Shut(1)]
    assert bench.store.outbox.due(NOW + 60_000) == []


async def test_opened_again_at_once_it_stays_open(bench: Bench) -> None:
    bench.actions.look(1)
    bench.flush()
    bench.actions.put_away(1)
    bench.actions.look(1)
    (again,) = bench.flush()
    assert isinstance(again, Open)
    assert bench.store.viewing == {1}


async def test_a_line_that_crosses_the_shut_asks_for_nothing(bench: Bench) -> None:
    bench.actions.look(1)
    bench.flush()
    bench.actions.put_away(1)
    bench.feed(said(1, 57))
    assert bench.store.gaps() == []
    bench.actions.look(2)
    bench.feed(Resume(2, 0, 1, True), said(2, 1), said(2, 57))
    assert [chat for chat, _ in bench.store.gaps()] == [2]


async def test_what_is_in_view_is_asked_for_again_after_a_lost_link_and_nothing_else(bench: Bench) -> None:
    bench.actions.look(1)
    bench.actions.look(2)
    bench.flush()
    bench.feed(Resume(1, 0, 1, True), said(1, 1), Resume(2, 0, 1, True), said(2, 1))
    bench.actions.put_away(2)
    bench.flush()
    bench.store.link_lost(NOW)
    assert isinstance(bench.store.me, Welcome)
    bench.feed(bench.store.me, running(1), running(2), Synced())
    assert bench.store.gaps() == [(1, 1)]


def test_unask_leaves_other_questions_and_all_commands_alone() -> None:
    outbox = Outbox()
    outbox.add(Open("cid-open-1", 1), NOW)
    outbox.add(Open("cid-open-2", 2), NOW)
    outbox.unask(1)
    assert list(outbox.entries) == ["cid-open-2"]
