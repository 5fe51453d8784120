"""Races of a team over real connections, on both databases: one correct end, and everybody is told which.

AGENTCONSOLE_RACES=200 tries each so often instead of a few times. The orders that a seed chooses are in tests/proof.
"""

import asyncio
import os
import random
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from agentconsole import protocol as p
from agentconsole.backend.desk.admin import GiveGrant, SetDepartment, WithdrawGrant
from agentconsole.backend.desk.team import SetAgentOf
from agentconsole.backend.domain.life import Head, is_open
from agentconsole.backend.storage import chats
from tests.running import PASSWORD, Running
from tests.server.site import SUPPORT, Site, running
from tests.server.windows import StaffWindow, VisitorWindow, Window, new_cid
from tests.waiting import async_until

TRIES = int(os.environ.get("AGENTCONSOLE_RACES", "8"))
Said = tuple[Window, Any]


def user_of(window: StaffWindow) -> int:
    """Whose console this is."""
    return int(window.seen(p.Welcome)[0].user)


async def row(site: Site, chat: int) -> Head:
    """The chat as it is committed."""
    await site.desk.writer.drain()
    found = await site.hub.database.read(lambda db: chats.one(db, chat))
    assert found is not None
    return found


async def race(luck: random.Random, *moves: Said) -> list[Any]:
    """Send these in any order, at almost the same time; the answers, in the order given."""
    order = list(moves)
    luck.shuffle(order)
    for window, word in order:
        window.send(word)
        await asyncio.sleep(luck.choice((0, 0, 0, 0.001, 0.003)))
    return [await window.answer(word.cid) for window, word in moves]


def refused(answer: Any) -> p.Code | None:
    """Why, or None."""
    return answer.code if isinstance(answer, p.Refused) else None


def texts(window: VisitorWindow | StaffWindow, chat: int) -> list[str]:
    """The lines that came, in their order."""
    return [event.what.text for event in window.log(chat) if isinstance(event.what, p.Said)]


async def test_take_races_with_being_given_it(database_url: str, tmp_path: Path) -> None:
    luck, ends = random.Random(1), Counter[str]()
    settings = {"routing": p.Routing.least_busy, "strict_limit": True, "wrapup_ms": 1, "reply_ms": 60_000}
    async with running(database_url, tmp_path, settings) as site:
        ann, bob = await site.staff("ann"), await site.staff("bob")
        for name in ("ann", "bob"):
            await site.order(SetAgentOf(name, limit=1))
        for _ in range(TRIES):
            vera = await site.visitor()
            chat = await vera.start()
            answers = await race(luck, *((one, p.Take(new_cid(), chat)) for one in (ann, bob)))
            await async_until(lambda c=chat: site.hub.board.heads[c].state is not p.State.waiting)
            found = await row(site, chat)
            got = found.owner or found.offer_to
            assert got in (user_of(ann), user_of(bob))
            assert sum(refused(one) is None for one in answers) == (found.owner != 0)
            ends[f"{[refused(one) for one in answers]}"] += 1
            winner = ann if got == user_of(ann) else bob
            if found.state is p.State.offered:
                await winner.done(p.Take(new_cid(), chat))
            await winner.done(p.Close(new_cid(), chat))
            await async_until(lambda c=chat: c not in site.hub.board.heads, what="its wrap-up to end")
            vera.drop()
    assert ends


async def test_who_goes_while_a_chat_comes_is_not_given_it(database_url: str, tmp_path: Path) -> None:
    luck = random.Random(2)
    async with running(database_url, tmp_path, {"routing": p.Routing.fill_first}) as site:
        ann, bob = await site.staff("ann"), await site.staff("bob")
        goes = [(p.Status.away, "Lunch"), (p.Status.phone, ""), (p.Status.drain, ""), (p.Status.offline, "")]
        for number in range(TRIES):
            vera = await site.visitor()
            start = p.Start(new_cid(), 1, "hello")
            status, reason = goes[number % len(goes)]
            gone = p.SetStatus(new_cid(), status, reason)
            ack, left = await race(luck, (vera, start), (ann, gone))
            assert refused(left) is None
            await async_until(lambda c=ack.chat: site.hub.board.heads[c].offer_to == user_of(bob))
            await site.desk.writer.drain()
            assert (await row(site, ack.chat)).offer_to == user_of(bob)
            await vera.done(p.Leave(new_cid(), ack.chat))
            await ann.done(p.SetStatus(new_cid(), p.Status.online))
            vera.drop()


async def test_transfer_races_with_close_and_lines(database_url: str, tmp_path: Path) -> None:
    """Accepted or closed; the visitor's line is there once, and whoever has the chat sees it in order."""
    luck, ends = random.Random(3), Counter[bool]()
    async with running(database_url, tmp_path) as site:
        ann, bob = await site.staff("ann"), await site.staff("bob")
        for _ in range(TRIES):
            vera, chat = await site.chat(ann)
            await ann.done(p.Transfer(new_cid(), chat, user_of(bob)))
            await bob.expect(p.ChatCard, chat=chat, offer_to=user_of(bob))
            lines = [p.Say(new_cid(), chat, text) for text in ("one", "two")]
            moves: list[Said] = [(bob, p.Take(new_cid(), chat)), (ann, p.Close(new_cid(), chat))]
            vera.send(lines[0])
            taken, closed = await race(luck, *moves)
            said = [await vera.answer(lines[0].cid), await vera.done(lines[1])]
            assert [refused(one) for one in said] == [None, None]
            found = await row(site, chat)
            assert sum(refused(one) is None for one in (taken, closed)) == 1
            assert found.owner == user_of(bob if refused(taken) is None else ann)
            owner = bob if refused(taken) is None else ann
            await async_until(lambda o=owner, c=chat: texts(o, c)[-2:] == ["one", "two"], what="both lines")
            assert texts(owner, chat) == texts(vera, chat) == ["hello", "one", "two"]
            seqs = [event.seq for event in owner.log(chat)]
            assert seqs == list(range(1, found.seq + 1))
            ends[refused(taken) is None] += 1
            await vera.done(p.Leave(new_cid(), chat))
            vera.drop()
    assert TRIES < 8 or len(ends) == 2, ends


async def test_many_chats_at_once_exceed_no_limit(database_url: str, tmp_path: Path) -> None:
    """Two agents may have two chats each, and 22 visitors come: replayed card by card, nobody has more at any instant."""
    settings = {"routing": p.Routing.least_busy, "reply_ms": 60_000, "team": True}
    async with running(database_url, tmp_path, settings) as site:
        agents = [await site.staff("ann"), await site.staff("bob")]
        for name in ("ann", "bob"):
            await site.order(SetAgentOf(name, limit=2))
        veras = [await site.visitor() for _ in range(22)]
        starts = [p.Start(new_cid(), 1, "hello") for _ in veras]
        for vera, start in zip(veras, starts, strict=True):
            vera.send(start)
        found = [(await vera.answer(start.cid)).chat for vera, start in zip(veras, starts, strict=True)]
        await asyncio.gather(*(serve(site, agent) for agent in agents))
        for agent in agents:
            for chat in found:
                await async_until(
                    lambda a=agent, c=chat: a.seen(p.ChatCard, chat=c, state=p.State.closed), what="its end"
                )
            assert most_at_once(agent) == dict.fromkeys(map(user_of, agents), 2)
        assert {(await row(site, chat)).state for chat in found} == {p.State.closed}


async def serve(site: Site, agent: StaffWindow) -> None:
    """Take what is offered, and be done with it, until nobody is there any more."""
    user, heads = user_of(agent), site.hub.board.heads
    while heads:
        await async_until(lambda: not heads or any(each.offer_to == user for each in heads.values()))
        for chat in [each.id for each in heads.values() if each.offer_to == user]:
            for word in (p.Take, p.Close, p.Finish):
                await agent.done(word(new_cid(), chat))


def most_at_once(window: StaffWindow) -> dict[int, int]:
    """How many chats each agent had at most, as the cards told it."""
    has: dict[int, int] = {}
    most: Counter[int] = Counter()
    for card in window.seen(p.ChatCard):
        has[card.chat] = (card.offer_to or card.owner) if is_open(card.state) else 0
        for user, chats_now in Counter(has.values()).items():
            most[user] = max(most[user], chats_now)
    del most[0]
    return dict(most)


async def test_transfer_to_somebody_who_goes(database_url: str, tmp_path: Path) -> None:
    """Gone on a break or home, full, or out of the department: refused, or it stays with its owner; never in between."""
    luck = random.Random(8)
    async with running(database_url, tmp_path, {"strict_limit": True, "offer_ms": 60_000}) as site:
        ann, bob = await site.staff("ann"), await site.staff("bob")
        await site.order(SetAgentOf("ann", limit=1_000))
        await site.order(SetAgentOf("bob", limit=1))
        to = user_of(bob)
        for number in range(TRIES):
            vera, chat = await site.chat(ann)
            wish = p.Transfer(new_cid(), chat, to)
            if number % 2:
                gone = p.SetStatus(new_cid(), luck.choice((p.Status.offline, p.Status.phone, p.Status.drain)))
                offered, left = await race(luck, (ann, wish), (bob, gone))
                assert refused(left) is None
                assert refused(offered) in (None, p.Code.unavailable)
                await async_until(
                    lambda c=chat: not site.hub.board.heads[c].offer_to, what="the offer to end"
                )
                await bob.done(p.SetStatus(new_cid(), p.Status.online))
            else:
                other, waits = await site.chat()
                offered, taken = await race(luck, (ann, wish), (bob, p.Take(new_cid(), waits)))
                assert sorted([refused(offered) is None, refused(taken) is None]) == [False, True]
                if refused(offered) is None:
                    await ann.done(p.CancelTransfer(new_cid(), chat))
                    await other.done(p.Leave(new_cid(), waits))
                else:
                    await bob.done(p.Close(new_cid(), waits))
                    await bob.done(p.Finish(new_cid(), waits))
                other.drop()
            found = await row(site, chat)
            assert (found.state, found.owner, found.offer_to) == (p.State.active, user_of(ann), 0)
            await vera.done(p.Leave(new_cid(), chat))
            vera.drop()
        vera, chat = await site.chat(ann)
        removed = asyncio.create_task(site.order(WithdrawGrant("bob", p.Role.agent, "sales")))
        await ann.ask(p.Transfer(new_cid(), chat, to))
        await removed
        await async_until(lambda: not site.hub.board.heads[chat].offer_to, what="the offer to end")
        found = await row(site, chat)
        assert (found.state, found.owner, found.offer_to) == (p.State.active, user_of(ann), 0)


async def test_two_transfers_and_many_acceptances(database_url: str, tmp_path: Path) -> None:
    """The first offer stands and the other is told who has it; of several who accept one is told yes."""
    luck = random.Random(4)
    async with running(database_url, tmp_path, {"offer_ms": 60_000}) as site:
        await site.order(GiveGrant("bob", p.Role.agent, "support"))
        await site.order(SetAgentOf("bob", limit=1_000))
        ann, bob, carl, sue = [await site.staff(name) for name in ("ann", "bob", "carl", "sue")]
        for _ in range(TRIES):
            vera, chat = await site.chat(ann)
            answers = await race(
                luck,
                (ann, p.Transfer(new_cid(), chat, 0, SUPPORT)),
                (sue, p.Transfer(new_cid(), chat, user_of(bob))),
            )
            found = await row(site, chat)
            loser = next(one for one in answers if isinstance(one, p.Refused))
            assert sum(refused(one) is None for one in answers) == 1
            assert (found.offer_name or found.offer_queue) in loser.text
            if found.offer_to:
                await ann.done(p.CancelTransfer(new_cid(), chat))
                await ann.done(p.Transfer(new_cid(), chat, 0, SUPPORT))
            await carl.expect(p.ChatCard, chat=chat, offer_department=SUPPORT)
            taken = await race(luck, *((one, p.Take(new_cid(), chat)) for one in (bob, carl)))
            assert sum(refused(one) is None for one in taken) == 1
            found = await row(site, chat)
            assert (found.department, found.owner_name) == (
                SUPPORT,
                "Bob" if refused(taken[0]) is None else "Carl",
            )
            told = next(one for one in taken if isinstance(one, p.Refused))
            assert (told.code, told.text) == (p.Code.taken, f"{found.owner_name} has taken this chat.")
            await vera.done(p.Leave(new_cid(), chat))
            vera.drop()


async def test_accept_races_with_the_end_of_its_time(database_url: str, tmp_path: Path) -> None:
    """It is accepted in time, or it stays with its owner, or it went on: one of these, and never two owners."""
    luck = random.Random(5)
    async with running(database_url, tmp_path, {"offer_ms": 300}) as site:
        ann, bob = await site.staff("ann"), await site.staff("bob")
        for _ in range(max(3, TRIES // 3)):
            vera, chat = await site.chat(ann)
            await ann.done(p.Transfer(new_cid(), chat, user_of(bob)))
            due = (await row(site, chat)).due_at
            await async_until(lambda d=due: site.desk.clock() >= d - 1, every=0.001)
            await asyncio.sleep(luck.uniform(0, 0.6))
            answer = await bob.ask(p.Take(new_cid(), chat))
            await async_until(lambda c=chat: not site.hub.board.heads[c].offer_to)
            found = await row(site, chat)
            assert found.owner == user_of(bob if refused(answer) is None else ann)
            assert refused(answer) in (None, p.Code.taken)
            await vera.done(p.Leave(new_cid(), chat))
            vera.drop()


async def test_who_is_removed_loses_the_chat_at_once(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        for _ in range(3):
            ann, bob = await site.staff("ann"), await site.staff("bob")
            vera, chat = await site.chat(ann)
            removed = asyncio.create_task(site.order(WithdrawGrant("ann", p.Role.agent, "sales")))
            stale = [p.Say(new_cid(), chat, f"line {number}") for number in range(20)]
            for say in stale:
                ann.send(say)
                await asyncio.sleep(0)
            await removed
            await ann.closed()
            found = await row(site, chat)
            assert (found.state, found.owner) == (p.State.waiting, 0)
            await vera.say(chat, "secret")
            await bob.take(chat)
            kept = [text for text in texts(bob, chat) if text.startswith("line")]
            assert kept == [say.text for say in stale][: len(kept)], "what she wrote before is kept, in order"
            assert "secret" not in str(ann.frames)
            await vera.done(p.Leave(new_cid(), chat))
            await site.order(GiveGrant("ann", p.Role.agent, "sales"))
            for window in (ann, bob, vera):
                window.drop()


async def test_forced_transfer_while_the_agent_writes(database_url: str, tmp_path: Path) -> None:
    """The line is in the chat before the change of hands, or it was refused; never behind it."""
    luck, ends = random.Random(6), Counter[Any]()
    async with running(database_url, tmp_path) as site:
        ann, bob, sue = [await site.staff(name) for name in ("ann", "bob", "sue")]
        for _ in range(TRIES):
            vera, chat = await site.chat(ann)
            ann.send(p.Typing(chat, "I was just about to"))
            given, said = await race(
                luck,
                (sue, p.Transfer(new_cid(), chat, user_of(bob), force=True)),
                (ann, p.Say(new_cid(), chat, "what I was writing")),
            )
            assert refused(given) is None
            await bob.expect(p.Event, chat=chat, what=p.Transferred)
            await vera.expect(p.VisitorEvent, chat=chat, what=p.Transferred)
            told = [type(event.what).__name__ for event in vera.log(chat)]
            assert told.count("Said") == (2 if refused(said) is None else 1)
            assert told[-1] == "Transferred"
            ends[refused(said)] += 1
            await vera.done(p.Leave(new_cid(), chat))
            vera.drop()
    assert ends


async def test_an_observer_without_a_right_there_sees_no_more(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        ann, carl, ada = [await site.staff(name) for name in ("ann", "carl", "ada")]
        for _ in range(3):
            vera, chat = await site.chat(ann)
            await ada.done(p.Open(new_cid(), chat))
            await ann.done(p.Transfer(new_cid(), chat, 0, SUPPORT))
            await carl.expect(p.ChatCard, chat=chat, offer_department=SUPPORT)
            vera.send(p.Say(new_cid(), chat, "before"))
            take = p.Take(new_cid(), chat)
            carl.send(take)
            assert refused(await carl.answer(take.cid)) is None
            await vera.say(chat, f"only for support {chat}")
            await ada.expect(p.Gone, chat=chat)
            await carl.expect(p.Event, chat=chat, what=p.Said(f"only for support {chat}"))
            await ada.settle()
            assert f"only for support {chat}" not in str(ada.frames)
            again = await ada.refused(p.Open(new_cid(), chat))
            assert again.code is p.Code.unknown
            await vera.done(p.Leave(new_cid(), chat))
            vera.drop()


async def test_an_observer_comes_while_the_chat_goes_elsewhere(database_url: str, tmp_path: Path) -> None:
    """Let in or refused, she reads nothing of what is said in the other department, and has watched no longer than that."""
    luck = random.Random(9)
    async with running(database_url, tmp_path) as site:
        ann, carl, ada = [await site.staff(name) for name in ("ann", "carl", "ada")]
        for _ in range(TRIES):
            vera, chat = await site.chat(ann)
            await ann.done(p.Transfer(new_cid(), chat, 0, SUPPORT))
            await carl.expect(p.ChatCard, chat=chat, offer_department=SUPPORT)
            opened, taken, said = await race(
                luck,
                (ada, p.Open(new_cid(), chat)),
                (carl, p.Take(new_cid(), chat)),
                (vera, p.Say(new_cid(), chat, "on the way")),
            )
            assert refused(opened) in (None, p.Code.unknown)
            assert [refused(taken), refused(said)] == [None, None]
            await vera.say(chat, f"only for support {chat}")
            await carl.expect(p.Event, chat=chat, what=p.Said(f"only for support {chat}"))
            await ada.settle()
            change = next(event.seq for event in carl.log(chat) if isinstance(event.what, p.Transferred))
            late = {event.seq for event in carl.log(chat) if isinstance(event.what, p.Said)} - {
                *range(change)
            }
            assert late
            assert not late & {event.seq for event in ada.log(chat)}
            await site.desk.writer.drain()
            assert await watched(site, "watch", chat) == await watched(site, "watch_end", chat)
            await vera.done(p.Leave(new_cid(), chat))
            vera.drop()


async def watched(site: Site, deed: str, chat: int) -> int:
    """How often this stands in the audit log about a chat."""
    query = f"SELECT count(*) FROM audit WHERE deed = '{deed}' AND object = 'chat {chat}'"
    return int(await site.hub.database.read(lambda db: db.exec_driver_sql(query).scalar_one()))


async def test_the_last_agent_leaves_while_a_chat_begins(database_url: str, tmp_path: Path) -> None:
    """The chat waits and its visitor knows that nobody is there, or was given in time and comes back to the queue."""
    luck = random.Random(7)
    async with running(database_url, tmp_path, {"routing": p.Routing.round_robin}) as site:
        ann = await site.staff("ann")
        for _ in range(TRIES):
            await ann.done(p.SetStatus(new_cid(), p.Status.online))
            vera = await site.visitor()
            ack, gone = await race(
                luck,
                (vera, p.Start(new_cid(), 1, "hello")),
                (ann, p.SetStatus(new_cid(), p.Status.offline)),
            )
            assert refused(gone) is None
            await async_until(lambda c=ack.chat: site.hub.board.heads[c].state is p.State.waiting)
            assert (await row(site, ack.chat)).offer_to == 0
            await vera.settle()
            faces = {
                face.id: face.open for face in vera.seen((p.Departments, p.VisitorWelcome))[-1].departments
            }
            assert faces[1] is False
            await vera.done(p.LeaveMessage(new_cid(), 1, "", "v@x.example", chat=ack.chat))
            assert (await row(site, ack.chat)).state is p.State.left_message
            vera.drop()


async def test_offers_go_on_after_a_restart(database_url: str, tmp_path: Path) -> None:
    """The time of one offer runs out and the other's agent never comes back: nothing is stuck, nothing doubled."""
    settings = {"routing": p.Routing.round_robin, "reply_ms": 1_500}
    async with running(database_url, tmp_path, settings) as site:
        ann, bob = await site.staff("ann"), await site.staff("bob")
        veras = [await site.visitor(), await site.visitor()]
        found = [await vera.start() for vera in veras]
        await async_until(lambda: all(site.hub.board.heads[chat].offer_to for chat in found))
        await site.restart()
        for window in (bob, *veras):
            await window.come_back()
        assert ann.code is not None
        await async_until(
            lambda: (
                {site.hub.board.heads[chat].offer_to for chat in found} == {user_of(bob)}
                or all(not site.hub.board.heads[chat].offer_to for chat in found)
            ),
            seconds=15,
            what="every offer to end or to be Bob's",
        )
        for chat in found:
            head = await row(site, chat)
            assert is_open(head.state)
            log = await site.hub.database.read(lambda db, c=chat: chats.staff_log(db, c))
            assert [entry.seq for entry in log] == list(range(1, head.seq + 1))
            in_vain: set[int] = set()
            for what in (entry.what for entry in log):
                if isinstance(what, p.Offered):
                    assert what.user not in in_vain, "nobody is asked twice in vain"
                elif isinstance(what, p.OfferEnded) and what.why is p.OfferEnd.timeout:
                    in_vain.add(what.user)


async def test_offers_go_on_after_kill_9(server_on: Running) -> None:
    """Killed with an offer open: who comes back is asked for what the other was asked for; no event is there twice."""
    slug = server_on.add_department(routing=p.Routing.round_robin, reply_s=2)
    department = server_on.department_id(slug)
    names = [server_on.add_user("agent", department=slug) for _ in range(2)]
    tokens = [server_on.login(name, PASSWORD) for name in names]
    here: Any = SimpleNamespace(url=server_on.url)
    staff = [StaffWindow(here, token) for token in tokens]
    vera = VisitorWindow(here, "visitor-".ljust(43, "v"))
    for window in (*staff, vera):
        await window.connect()
        await window.greet()
    chat = await vera.start(department=department)
    card = await staff[0].expect(p.ChatCard, chat=chat, state=p.State.offered)
    await asyncio.to_thread(server_on.kill)
    await asyncio.to_thread(server_on.start)
    here.url = server_on.url
    first = next(window for window in staff if user_of(window) == card.offer_to)
    other = next(window for window in staff if window is not first)
    for window in (other, vera):
        await window.come_back()
    await other.expect(p.ChatCard, seconds=15, chat=chat, offer_to=user_of(other))
    await other.done(p.Say(new_cid(), chat, "here I am"))
    await vera.expect(p.VisitorEvent, chat=chat, what=p.Said("here I am"))
    await other.expect(p.Event, chat=chat, what=p.Said("here I am"))
    await first.come_back()
    seat = first.seen(p.SeatCard, user=card.offer_to)[-1]
    kinds = [type(event.what).__name__ for event in other.log(chat)]
    assert kinds == ["Started", "Said", "Offered", "OfferEnded", "Offered", "Took", "Said"]
    assert seat.status is p.Status.online, "whose link was cut has missed nothing"
    for window in (*staff, vera):
        window.drop()


async def test_a_department_becomes_automatic_while_its_chats_are_taken(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path) as site:
        ann = await site.staff("ann")
        veras = [await site.visitor() for _ in range(5)]
        found = [await vera.start() for vera in veras]
        changed = asyncio.create_task(site.order(SetDepartment("sales", routing=p.Routing.least_busy)))
        answers = [await ann.ask(p.Take(new_cid(), chat)) for chat in found[:2]]
        await changed
        assert all(refused(one) is None for one in answers)
        await async_until(lambda: site.hub.board.load_of(user_of(ann)) == 3, what="her third chat")
        rows = [msgspec.structs.asdict(await row(site, chat)) for chat in found]
        assert [one["state"] for one in rows].count(p.State.waiting) == 2
