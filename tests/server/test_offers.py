"""What the dispatcher gives and what becomes of it, over real connections: the first answer, missed chats, held seats."""

from pathlib import Path
from typing import Any

import pytest

from agentconsole import protocol as p
from agentconsole.backend import hub, typists
from agentconsole.backend.desk import admin, desk
from agentconsole.backend.desk.availability import SetBreaks
from agentconsole.backend.desk.handing import Assign
from agentconsole.backend.domain.life import Refusal
from agentconsole.backend.storage import chats
from tests.server.site import Site, running
from tests.server.windows import new_cid
from tests.waiting import async_until

ANN, BOB = 1, 2
REPLY_MS = HOLD_MS = 60_000  # they pass when a test says so


async def routed(site: Site, **settings: Any) -> None:
    """Sales gives its chats to who was idle longest."""
    await site.order(admin.SetDepartment("sales", routing=p.Routing.longest_idle, **settings))


async def test_without_a_first_answer_the_chat_goes_on_and_the_agent_is_on_a_break(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path) as site:
        await routed(site)
        ann, bob = await site.staff("ann"), await site.staff("bob")
        _, chat = await site.chat()
        await ann.expect(p.ChatCard, chat=chat, offer_to=ANN)
        await ann.done(p.Take(new_cid(), chat))  # taken, and still not answered
        site.later(REPLY_MS)
        await bob.expect(p.ChatCard, chat=chat, offer_to=BOB)
        await ann.expect(p.SeatCard, user=ANN, status=p.Status.away, reason="No answer", by="agentconsole")
        await bob.say(chat, "here I am")
        await async_until(lambda: len(bob.log(chat)) == 9, what="the whole log")
        assert site.hub.board.heads[chat].due_at == 0, "who has answered owes nothing more"
        kinds = [type(event.what).__name__ for event in bob.log(chat)]
        assert kinds == [
            "Started",
            "Said",
            "Offered",
            "Took",
            "OfferEnded",
            "Requeued",
            "Offered",
            "Took",
            "Said",
        ]


async def test_who_is_typing_is_waited_for(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typists, "SECONDS", 1.5)
    async with running(sqlite_url, tmp_path) as site:
        await routed(site)
        ann = await site.staff("ann")
        _, chat = await site.chat()
        await ann.expect(p.ChatCard, chat=chat, offer_to=ANN)
        ann.send(p.Typing(chat, "let me"))
        site.later(REPLY_MS)
        typing = site.clock()
        await async_until(lambda: site.hub.board.heads[chat].offer_to == 0, what="the end of patience")
        log = await site.hub.database.read(lambda db: chats.staff_log(db, chat))
        (ended,) = [entry for entry in log if isinstance(entry.what, p.OfferEnded)]
        assert ended.at - typing > 1_400, "the time of the first answer had passed all the while"


async def test_chats_of_a_lost_link_go_back_when_the_seat_is_given_up(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SEAT_GRACE", 0.05)
    async with running(database_url, tmp_path, seat_hold_seconds=HOLD_MS // 1_000) as site:
        ann, bob = await site.staff("ann"), await site.staff("bob")
        vera, asked = await site.chat(ann)
        _, answered = await site.chat(ann)
        await ann.say(answered, "there you are")
        await ann.done(p.SetStatus(new_cid(), p.Status.away, "Lunch"))
        ann.drop()
        await async_until(lambda: site.hub.board.seat(ANN).lost_at, what="the loss")
        await bob.settle()
        seat = bob.seen(p.SeatCard, user=ANN)[-1]
        assert seat.held_until > seat.lost_at > 0
        assert seat.chats == 2
        site.later(HOLD_MS)
        await bob.expect(p.ChatCard, chat=asked, state=p.State.waiting)
        await vera.expect(p.VisitorEvent, what=p.Requeued())
        assert site.hub.board.heads[answered].owner == ANN, "nobody waits for an answer there"
        await ann.come_back()
        await bob.expect(p.SeatCard, user=ANN, lost_at=0, status=p.Status.away, reason="Lunch")
        await bob.done(p.Take(new_cid(), asked))
        assert (site.hub.board.heads[asked].owner, site.hub.board.heads[answered].owner) == (BOB, ANN)


async def test_an_offer_to_who_goes_away_goes_on_at_once(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        await routed(site)
        ann, bob = await site.staff("ann"), await site.staff("bob")
        _, chat = await site.chat()
        await ann.expect(p.ChatCard, chat=chat, offer_to=ANN)
        await ann.done(p.Phone(new_cid(), True))
        await bob.expect(p.ChatCard, chat=chat, offer_to=BOB)
        assert site.hub.board.seat(ANN).status is p.Status.phone, "a call is no missed chat"


async def test_the_queue_flows_over_at_once_if_nobody_is_there(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        await site.order(admin.SetDepartment("sales", overflow_to="support", routing=p.Routing.least_busy))
        await site.order(admin.SetDepartment("support", routing=p.Routing.least_busy))
        carl = await site.staff("carl")
        vera, chat = await site.chat()
        card = await carl.expect(p.ChatCard, chat=chat, offer_to=3)
        assert card.department == 2
        await vera.settle()
        assert vera.seen(p.VisitorCard, chat=chat)[-1].department == 1, "the visitor sees where he went"


async def test_it_flows_back_to_who_comes_home_when_nobody_is_left_there(
    database_url: str, tmp_path: Path
) -> None:
    async with running(database_url, tmp_path) as site:
        await site.order(admin.SetDepartment("sales", overflow_to="support", routing=p.Routing.least_busy))
        await site.order(admin.SetDepartment("support", routing=p.Routing.least_busy))
        carl = await site.staff("carl")
        _, chat = await site.chat()
        await carl.expect(p.ChatCard, chat=chat, offer_to=3)
        await carl.done(p.SetStatus(new_cid(), p.Status.offline))
        await async_until(lambda: not site.hub.board.heads[chat].offer_to, what="the end of the offer")
        assert site.hub.board.heads[chat].department == 2, "nobody anywhere: it stays"
        ann = await site.staff("ann")
        card = await ann.expect(p.ChatCard, chat=chat, offer_to=ANN)
        assert card.department == 1
        assert site.hub.board.heads[chat].passed == (1, 2)


async def test_who_did_not_answer_and_comes_back_is_asked_again(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        await routed(site)
        ann = await site.staff("ann")
        _, chat = await site.chat()
        await ann.expect(p.ChatCard, chat=chat, offer_to=ANN)
        site.later(REPLY_MS)
        await ann.expect(p.SeatCard, user=ANN, reason="No answer")
        await async_until(lambda: not site.hub.board.heads[chat].offer_to, what="the end of the offer")
        await ann.done(p.SetStatus(new_cid(), p.Status.online))
        await async_until(lambda: site.hub.board.heads[chat].offer_to == ANN, what="another offer")


async def test_a_lost_link_during_an_offer_costs_nobody_the_chat(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SEAT_GRACE", 0.02)
    async with running(database_url, tmp_path) as site:
        await routed(site)
        ann = await site.staff("ann")
        _, chat = await site.chat()
        await ann.expect(p.ChatCard, chat=chat, offer_to=ANN)
        ann.drop()
        await async_until(lambda: not site.hub.board.heads[chat].offer_to, what="the end of the offer")
        await ann.come_back()
        await async_until(
            lambda: site.hub.board.heads[chat].offer_to == ANN, what="the offer to be made again"
        )


async def test_a_call_ends_though_the_reasons_for_a_break_changed(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann = await site.staff("ann")
        await site.order(SetBreaks([p.BreakReason("Lunch", 30)]))
        await ann.done(p.SetStatus(new_cid(), p.Status.away, "Lunch"))
        until = site.hub.board.seat(ANN).until
        await ann.done(p.Phone(new_cid(), True))
        await site.order(SetBreaks([p.BreakReason("Training")]))
        await ann.done(p.Phone(new_cid(), False))
        seat = site.hub.board.seat(ANN)
        assert (seat.status, seat.reason, seat.until) == (p.Status.away, "Lunch", until)


async def test_an_archived_department_finishes_what_it_has(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        await routed(site)
        _, chat = await site.chat()
        await site.order(admin.SetDepartment("sales", archived=True))
        ann = await site.staff("ann")
        await ann.expect(p.ChatCard, chat=chat, offer_to=ANN)
        await ann.say(chat, "still here")
        refused = await (await site.visitor()).ask(p.Start(new_cid(), 1, "hello?"))
        assert isinstance(refused, p.Refused)


async def test_refused_proposals_are_not_repeated_without_rest(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(sqlite_url, tmp_path) as site:
        await routed(site)
        ann = await site.staff("ann")
        tries: list[int] = []  # when

        def refusing(sheet: Any, actor: Any, command: Assign, now: int) -> Any:
            tries.append(now)
            raise Refusal(p.Code.unavailable, "no")

        monkeypatch.setitem(desk.PLAIN, Assign, refusing)
        await site.chat()
        await async_until(lambda: len(tries) >= 6, what="six tries")
        assert tries[5] - tries[2] > 1_000, "ever more slowly"
        await ann.settle()


async def test_who_waits_for_a_skill_gets_anybody_when_the_time_has_come(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with running(sqlite_url, tmp_path) as site:
        await routed(site, skills=["billing"], skill_wait_s=1)
        ann = await site.staff("ann")
        _, chat = await site.chat()
        began = site.hub.board.heads[chat].queued_at
        card = await ann.expect(p.ChatCard, chat=chat, offer_to=ANN)
        assert card.offer_until - 60_000 >= began + 1_000


async def test_who_answers_another_chat_meanwhile_is_not_away(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        await routed(site)
        ann = await site.staff("ann")
        _, first = await site.chat()
        _, second = await site.chat()
        for chat in (first, second):
            await ann.expect(p.ChatCard, chat=chat, offer_to=ANN)
        await ann.say(first, "one after the other")
        site.later(REPLY_MS)
        await async_until(
            lambda: not site.hub.board.heads[second].offer_to, what="the end of the other offer"
        )
        await ann.settle()
        assert site.hub.board.seat(ANN).status is p.Status.online
