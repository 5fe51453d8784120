"""Of two that race, one wins and the other is told who did: over real connections, on both databases."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from agentconsole import protocol as p
from agentconsole.backend.desk.made import Made
from agentconsole.backend.domain.life import Head
from agentconsole.backend.domain.policy import Actor
from agentconsole.backend.storage import chats
from tests.server.site import SALES, Site, running
from tests.server.windows import StaffWindow, Window, new_cid
from tests.storage.house import begin_chat
from tests.waiting import async_until

TRIALS = 1_000
ROUND = 10


async def waiting(site: Site, count: int) -> list[int]:
    """So many chats of visitors who wait for sales."""
    visitors = [Actor(p.Side.visitor, 0, token_hash=number.to_bytes(32, "big")) for number in range(count)]
    made: list[Made] = await asyncio.gather(*(site.desk.handle(one, begin_chat(SALES)) for one in visitors))
    return [each.about for each in made]


def answers(window: Window, cids: list[str]) -> dict[str, p.Ack | p.Refused]:
    """The answers to these commands, which have come."""
    found = {frame.cid: frame for frame in window.seen((p.Ack, p.Refused))}
    return {cid: found[cid] for cid in cids}


async def head(site: Site, chat: int) -> Head:
    """The chat as it is committed."""
    found = await site.hub.database.read(lambda db: chats.one(db, chat))
    assert found is not None
    return found


async def test_two_agents_take_one_chat(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, {"queue_limit": 10_000}) as site:
        racers = [await site.staff("ann"), await site.staff("bob")]
        names = ["Ann", "Bob"]
        trials = await waiting(site, TRIALS)
        luck = random.Random(7)
        cids: list[list[str]] = [[], []]
        for first in range(0, len(trials), ROUND):
            who = luck.choice((0, 1))
            for racer in (who, 1 - who):
                for chat in trials[first : first + ROUND]:
                    cids[racer].append(f"take-{names[racer]}-{chat}")
                    racers[racer].send(p.Take(cids[racer][-1], chat))
            await asyncio.gather(*(racers[each].answer(cids[each][-1]) for each in (0, 1)))
        found = [answers(racers[who], cids[who]) for who in (0, 1)]
        query = "SELECT id, owner_name FROM chat"
        owners = dict(await site.hub.database.read(lambda db: db.exec_driver_sql(query).all()))
        wins = [0, 0]
        for number, chat in enumerate(trials):
            replies = [found[who][cids[who][number]] for who in (0, 1)]
            winner = [isinstance(reply, p.Ack) for reply in replies]
            assert sorted(winner) == [False, True], (chat, replies)
            who = winner.index(True)
            wins[who] += 1
            loser = replies[1 - who]
            assert isinstance(loser, p.Refused)
            assert loser.code is p.Code.taken
            assert loser.text == f"{names[who]} has taken this chat."
            assert owners[chat] == names[who]
        assert min(wins) > len(trials) // 20, f"this was no race: {wins}"
        kinds = "SELECT chat_id, count(*) FROM public_event WHERE kind = 'took' GROUP BY chat_id"
        took = await site.hub.database.read(lambda db: db.exec_driver_sql(kinds).all())
        assert sorted(map(tuple, took)) == [(chat, 1) for chat in trials]
        await losers_know_nothing(racers, trials, found, cids)


async def losers_know_nothing(
    racers: list[StaffWindow],
    trials: list[int],
    found: list[dict[str, p.Ack | p.Refused]],
    cids: list[list[str]],
) -> None:
    """Who lost has the tombstone and not one event of the conversation."""
    for who in (0, 1):
        lost = {
            chat for number, chat in enumerate(trials) if isinstance(found[who][cids[who][number]], p.Refused)
        }
        await racers[who].settle()
        assert {gone.chat for gone in racers[who].seen(p.Gone)} >= lost
        assert not {event.chat for event in racers[who].seen(p.Event)} & lost


async def test_one_agent_takes_twice_from_two_windows(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        windows = [await site.staff("ann"), await site.staff("ann")]
        trials = await waiting(site, 100)
        cids = [[f"take-{who}-{chat}" for chat in trials] for who in (0, 1)]
        for number, chat in enumerate(trials):
            for who in (0, 1):
                windows[who].send(p.Take(cids[who][number], chat))
        for window, mine in zip(windows, cids, strict=True):
            await window.answer(mine[-1])
            assert all(isinstance(reply, p.Ack) for reply in answers(window, mine).values())
            await async_until(lambda w=window: len(w.seen(p.Event)) >= 300, what="all events")
            for chat in trials:
                assert [str(type(e.what).__name__) for e in window.log(chat)] == ["Started", "Said", "Took"]


async def test_take_races_with_leave(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        ann = await site.staff("ann")
        luck = random.Random(3)
        outcomes = set()
        for _ in range(40):
            vera, chat = await site.chat()
            take, leave = p.Take(new_cid(), chat), p.Leave(new_cid(), chat)
            both = [(ann, take), (vera, leave)]
            luck.shuffle(both)
            for window, command in both:
                window.send(command)
                await asyncio.sleep(luck.choice((0, 0, 0.001)))
            taken, left = await ann.answer(take.cid), await vera.answer(leave.cid)
            assert isinstance(left, p.VisitorAck)
            found = await head(site, chat)
            if isinstance(taken, p.Ack):
                assert (found.state, found.left, found.owner_name) == (p.State.wrapup, True, "Ann")
                outcomes.add("taken")
            else:
                assert taken.code is p.Code.gone
                assert (found.state, found.owner, found.taken_at) == (p.State.abandoned, 0, 0)
                outcomes.add("gone")
            vera.drop()
        assert outcomes == {"taken", "gone"}


async def test_close_races_with_a_line(database_url: str, tmp_path: Path) -> None:
    """Whatever comes first: the line is in the chat once, and the chat goes on or was reopened."""
    async with running(database_url, tmp_path) as site:
        ann = await site.staff("ann")
        luck = random.Random(5)
        kinds = set()
        for _ in range(30):
            vera, chat = await site.chat(ann)
            both = [(ann, p.Close(new_cid(), chat)), (vera, p.Say(new_cid(), chat, "one more"))]
            luck.shuffle(both)
            for window, command in both:
                window.send(command)
            for window, command in both:
                assert not isinstance(await window.answer(command.cid), p.Refused)
            await vera.settle()
            log = [str(type(event.what).__name__) for event in vera.log(chat)][3:]
            assert log in (["Said", "Ended"], ["Ended", "Reopened", "Said"])
            assert (await head(site, chat)).state is (p.State.wrapup if log[0] == "Said" else p.State.active)
            kinds.add(log[0])
            vera.drop()
        assert kinds == {"Said", "Ended"}


async def test_two_agents_and_the_visitor_end_a_chat_once(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        ann, sue = await site.staff("ann"), await site.staff("sue")
        for _ in range(20):
            vera, chat = await site.chat(ann)
            commands = [
                (ann, p.Close(new_cid(), chat)),
                (sue, p.Close(new_cid(), chat)),
                (vera, p.Leave(new_cid(), chat)),
            ]
            for window, command in commands:
                window.send(command)
            for window, command in commands:
                await window.answer(command.cid)
            await vera.settle()
            ends = [e for e in vera.log(chat) if isinstance(e.what, p.Ended | p.VisitorLeft)]
            assert len(ends) == 1
            vera.drop()


async def test_two_windows_start_at_once(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        for _ in range(15):
            token = site.token()
            one, two = await site.visitor(token), await site.visitor(token)
            starts = [p.Start(new_cid(), SALES, "from one"), p.Start(new_cid(), SALES, "from two")]
            one.send(starts[0])
            two.send(starts[1])
            first, second = await one.answer(starts[0].cid), await two.answer(starts[1].cid)
            assert first.chat == second.chat
            for window in (one, two):
                await window.expect(p.VisitorEvent, chat=first.chat, pub=3)
                assert {e.what.text for e in window.log(first.chat) if isinstance(e.what, p.Said)} == {
                    "from one",
                    "from two",
                }
            one.drop()
            two.drop()


async def test_a_window_that_opens_while_the_other_starts_shows_the_chat(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second window's hello finds no visitor in the database; before it goes on, the first chat is begun."""
    async with running(database_url, tmp_path) as site:
        token = site.token()
        one, two = await site.visitor(token), await site.visitor(token, greet=False)
        read, gate, there = site.hub.database.read, asyncio.Event(), asyncio.Event()

        async def slow(question: Any) -> Any:
            answer = await read(question)
            there.set()
            await gate.wait()
            return answer

        with monkeypatch.context() as patch:
            patch.setattr(site.hub.database, "read", slow)
            two.send(two.hello())
            await there.wait()
        chat = await one.start("hello")
        gate.set()
        await two.expect(p.VisitorEvent, chat=chat, what=p.Said("hello"))
        await one.say(chat, "and on")
        await two.expect(p.VisitorEvent, chat=chat, what=p.Said("and on"))


async def test_hello_and_start_at_the_same_moment(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        for pause in [0, 0, 0.0005, 0.001, 0.002, 0.004] * 2:
            token = site.token()
            one, two = await site.visitor(token), await site.visitor(token, greet=False)
            start = p.Start(new_cid(), SALES, "hello")
            one.send(start)
            await asyncio.sleep(pause)
            two.send(two.hello())
            chat = (await one.answer(start.cid)).chat
            await two.expect(p.VisitorEvent, chat=chat, what=p.Said("hello"))
            one.drop()
            two.drop()


async def test_the_same_start_twice_is_one_chat_with_one_line(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        vera = await site.visitor(page="https://shop.example/a")
        start = p.Start(new_cid(), SALES, "hello")
        vera.send(start)
        vera.send(start)
        ack = await vera.done(start)
        await vera.come_back(page="https://shop.example/b", cursors={})
        assert await vera.done(start) == ack
        assert [type(event.what) for event in vera.log(ack.chat)] == [p.Started, p.Said]
        refused = await vera.refused(p.Start(start.cid, SALES, "something else"))
        assert refused.code is p.Code.id_reused
