"""What becomes of chats when somebody of staff is gone, over real connections; and of what was written for who comes next."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agentconsole import protocol as p
from agentconsole.backend import hub
from agentconsole.backend.desk import admin
from agentconsole.backend.domain.life import Head
from tests.server.site import SUPPORT, Site, running
from tests.server.windows import StaffWindow, VisitorWindow, new_cid
from tests.waiting import async_until

ANN, BOB, CARL = 1, 2, 3
HOLD_MS = OFFER_MS = 60_000
GONE = ("offline", "link lost", "disabled", "without a right")


@asynccontextmanager
async def team(
    url: str, data: Path, monkeypatch: pytest.MonkeyPatch, sales: dict[str, Any] | None = None
) -> AsyncIterator[tuple[Site, dict[str, StaffWindow]]]:
    """Ann, Bob, Carl and Sue at their consoles; a seat whose link is lost is held until the test says that time is up."""
    monkeypatch.setattr(hub, "SEAT_GRACE", 0.05)
    async with running(
        url, data, {"team": True, **(sales or {})}, seat_hold_seconds=HOLD_MS // 1_000
    ) as site:
        yield site, {name: await site.staff(name) for name in ("ann", "bob", "carl", "sue")}


def head(site: Site, chat: int) -> Head:
    """The chat as it stands."""
    return site.hub.board.heads[chat]


def kinds(window: StaffWindow, chat: int, after: int = 0) -> list[str]:
    """What a console was told of the chat, by kind."""
    return [type(event.what).__name__ for event in window.log(chat) if event.seq > after]


async def goes(site: Site, name: str, window: StaffWindow, way: str, department: str = "sales") -> None:
    """A member of staff is gone in this way."""
    if way == "offline":
        await window.done(p.SetStatus(new_cid(), p.Status.offline))
    elif way == "link lost":
        await given_up(site, window)
    elif way == "disabled":
        await site.order(admin.DisableUser(name))
    else:
        await site.order(admin.WithdrawGrant(name, p.Role.agent, department))


async def given_up(site: Site, window: StaffWindow) -> None:
    """A link is lost, and does not come back in time."""
    user = window.seen(p.Welcome)[0].user
    window.drop()
    await async_until(lambda: site.hub.board.seat(user).lost_at, what="the loss")
    site.later(HOLD_MS)


# --- invitations -------------------------------------------------------------------------------------------------------


async def test_an_invitation_ends_unanswered_and_another_may_come(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with team(database_url, tmp_path, monkeypatch, {"guests": 1, "offer_ms": OFFER_MS}) as (
        site,
        staff,
    ):
        ann, bob, carl = staff["ann"], staff["bob"], staff["carl"]
        _, chat = await site.chat(ann)
        await ann.done(p.Invite(new_cid(), chat, CARL))
        card = await carl.expect(p.ChatCard, chat=chat)
        assert card.invited_until > 0
        assert (await ann.refused(p.Invite(new_cid(), chat, BOB))).code is p.Code.limit
        site.later(OFFER_MS)
        ended = await ann.expect(p.Event, chat=chat, what=p.InviteEnded(p.OfferEnd.timeout, CARL, "Carl"))
        assert (ended.pub, ended.at >= card.invited_until) == (0, True)
        await carl.expect(p.Gone, chat=chat)
        await ann.done(p.Invite(new_cid(), chat, BOB))
        await bob.done(p.Join(new_cid(), chat))
        assert (head(site, chat).guests, head(site, chat).invited) == ((BOB,), ())


@pytest.mark.parametrize("way", GONE)
async def test_an_invitation_of_who_is_gone_ends(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        ann, carl = staff["ann"], staff["carl"]
        _, chat = await site.chat(ann)
        await ann.done(p.Invite(new_cid(), chat, CARL))
        await goes(site, "carl", carl, way, "support")
        await ann.expect(p.Event, chat=chat, what=p.InviteEnded(p.OfferEnd.unavailable, CARL, "Carl"))
        assert head(site, chat).invited == ()


async def test_an_invitation_is_taken_back(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        ann, bob, carl = staff["ann"], staff["bob"], staff["carl"]
        _, chat = await site.chat(ann)
        await ann.done(p.Invite(new_cid(), chat, CARL))
        await carl.expect(p.ChatCard, chat=chat)
        assert (await bob.refused(p.CancelInvite(new_cid(), chat, CARL))).code is p.Code.not_now
        again = p.CancelInvite(new_cid(), chat, CARL)
        assert (await ann.done(again)).seq == (await ann.done(again)).seq > 0
        await carl.expect(p.Gone, chat=chat)
        assert (await ann.refused(p.CancelInvite(new_cid(), chat, CARL))).code is p.Code.not_now
        assert (await carl.refused(p.Join(new_cid(), chat))).code is p.Code.unknown
        assert kinds(ann, chat)[-2:] == ["Invited", "InviteEnded"]


async def test_an_invitation_gets_the_time_of_a_downtime_on_top(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        _, chat = await site.chat(staff["ann"])
        await staff["ann"].done(p.Invite(new_cid(), chat, CARL))
        before = head(site, chat)
        await site.restart()
        after = head(site, chat)
        assert after.invited == before.invited == (CARL,)
        assert after.invited_until > before.invited_until


async def test_who_still_answers_is_told_to_choose_finishing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        await site.chat(staff["ann"])
        refused = await staff["ann"].refused(p.SetStatus(new_cid(), p.Status.offline))
        assert "choose finishing" in refused.text


# --- guests ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", GONE)
async def test_a_guest_who_is_gone_has_left_and_the_visitor_is_told(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        ann, bob = staff["ann"], staff["bob"]
        vera, chat = await site.chat(ann)
        await bob.done(p.Join(new_cid(), chat))
        await goes(site, "bob", bob, way)
        told = await vera.expect(p.VisitorEvent, chat=chat, what=p.Parted())
        assert told.by.name == "Bob"
        assert (head(site, chat).guests, head(site, chat).owner) == ((), ANN)


async def test_a_guest_who_is_soon_back_stays(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        ann, bob = staff["ann"], staff["bob"]
        vera, chat = await site.chat(ann)
        await bob.done(p.Join(new_cid(), chat))
        await ann.done(p.Invite(new_cid(), chat, CARL))
        await bob.come_back()
        await async_until(lambda: not site.hub.board.seat(BOB).lost_at, what="Bob's link to be known")
        await given_up(site, staff["carl"])  # whose end shows that the clock has looked
        await ann.expect(p.Event, chat=chat, what=p.InviteEnded)
        assert head(site, chat).guests == (BOB,)
        assert not vera.seen(p.VisitorEvent, what=p.Parted())


# --- owners ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["link lost", "disabled", "without a right"])
async def test_a_guest_goes_on_with_the_chat_of_an_owner_who_is_gone(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        ann, bob, carl = staff["ann"], staff["bob"], staff["carl"]
        vera, chat = await site.chat(ann)
        await ann.done(p.Invite(new_cid(), chat, CARL))
        await carl.done(p.Join(new_cid(), chat))
        await bob.done(p.Join(new_cid(), chat))
        await goes(site, "ann", ann, way)
        told = await vera.expect(p.VisitorEvent, chat=chat, what=p.Transferred("Ann"))
        assert told.by.name == "Bob", "Carl came first, but does not answer sales"
        found = head(site, chat)
        assert (found.state, found.owner, found.guests) == (p.State.active, BOB, (CARL,))
        await bob.say(chat, "I go on")
        assert not vera.seen(p.VisitorEvent, what=p.Requeued())


async def test_without_an_heir_the_chat_goes_back_into_its_queue(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        ann, carl = staff["ann"], staff["carl"]
        vera, chat = await site.chat(ann)
        await ann.done(p.Invite(new_cid(), chat, CARL))
        await carl.done(p.Join(new_cid(), chat))
        await given_up(site, ann)
        await vera.expect(p.VisitorEvent, chat=chat, what=p.Requeued())
        assert (head(site, chat).owner, head(site, chat).guests) == (0, ())


async def test_whoever_was_in_a_chat_that_waits_again_is_gone_for_its_visitor(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        ann, bob = staff["ann"], staff["bob"]
        vera, chat = await site.chat(ann)
        await bob.done(p.Join(new_cid(), chat))
        assert (await vera.expect(p.VisitorCard, chat=chat, agents=["Ann", "Bob"])).state is p.State.active
        await ann.done(p.Release(new_cid(), chat))
        await vera.expect(p.VisitorEvent, chat=chat, what=p.Requeued())
        assert (await vera.expect(p.VisitorCard, chat=chat, state=p.State.waiting)).agents == []
        await bob.refused(p.Say(new_cid(), chat, "still here?"))
        again = await site.visitor(token=vera.token)
        await again.settle()
        assert again.seen(p.VisitorCard, chat=chat)[-1].agents == []


@pytest.mark.parametrize("way", ["disabled", "without a right"])
@pytest.mark.parametrize("company", [False, True])
@pytest.mark.parametrize("by", ["a line", "a new start"])
async def test_who_writes_in_the_wrap_up_of_an_agent_without_a_right_is_answered_by_others(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, company: bool, by: str
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        ann, bob = staff["ann"], staff["bob"]
        vera, chat = await site.chat(ann)
        if company:
            await bob.done(p.Join(new_cid(), chat))
        await ann.done(p.Close(new_cid(), chat))
        await goes(site, "ann", ann, way)
        assert (head(site, chat).state, head(site, chat).owner) == (p.State.wrapup, ANN)
        await once_more(vera, chat, by)
        await bob.done(p.Take(new_cid(), chat))
        found = head(site, chat)
        assert (found.state, found.owner, found.guests) == (p.State.active, BOB, ())
        told = [type(event.what) for event in vera.log(chat)]
        assert (p.Transferred if company else p.Requeued) in told
        assert told.index(p.Reopened) < told.index(p.Transferred if company else p.Requeued)
        assert await bob.say(chat, "here I am")


async def once_more(vera: VisitorWindow, chat: int, by: str) -> None:
    """The visitor writes after the end."""
    if by == "a line":
        await vera.say(chat, "one more thing")
    else:
        assert await vera.start("one more thing") == chat


async def test_a_guest_without_a_right_is_out_of_a_wrap_up(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        ann, bob = staff["ann"], staff["bob"]
        vera, chat = await site.chat(ann)
        await bob.done(p.Join(new_cid(), chat))
        await ann.done(p.Close(new_cid(), chat))
        await goes(site, "bob", bob, "disabled")
        assert (head(site, chat).guests, head(site, chat).owner) == ((), ANN)
        await vera.say(chat, "one more thing")
        assert (head(site, chat).state, head(site, chat).owner) == (p.State.active, ANN)


# --- what was written ---------------------------------------------------------------------------------------------------


async def test_the_note_of_a_promise_is_kept_with_the_chat_and_the_letter(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with team(database_url, tmp_path, monkeypatch, {"note_required": True}) as (site, staff):
        ann, bob = staff["ann"], staff["bob"]
        vera, chat = await site.chat(ann, email="vera@x.example")
        await bob.done(p.SetStatus(new_cid(), p.Status.away, "Lunch"))
        promise = p.Transfer(new_cid(), chat, BOB, note="invoice 4711", away=p.Away.email)
        await ann.done(promise)
        left = await bob.expect(p.LeftCard, chat=chat)
        assert (left.agent, left.note) == (BOB, "invoice 4711")
        noted = [event for event in ann.log(chat) if event.what == p.Noted("invoice 4711")]
        assert [(event.pub, event.by.id) for event in noted] == [(0, ANN)]
        await vera.settle()
        assert not any(b"4711" in raw for raw in vera.raw)
        late = await site.staff("sue")
        assert late.seen(p.LeftCard, chat=chat)[0].note == "invoice 4711"


async def test_the_note_for_a_queue_in_which_nobody_answers_now_is_kept(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        ann, carl = staff["ann"], staff["carl"]
        await site.order(admin.SetDepartment("support", note_required=True))
        vera, chat = await site.chat(ann)
        await carl.done(p.SetStatus(new_cid(), p.Status.away, "Lunch"))
        to = {"department": SUPPORT, "away": p.Away.wait}
        assert (await ann.refused(p.Transfer(new_cid(), chat, **to))).code is p.Code.invalid
        await ann.done(p.Transfer(new_cid(), chat, note="invoice 4711", **to))
        assert head(site, chat).department == SUPPORT
        await carl.done(p.Take(new_cid(), chat))
        await async_until(lambda: "Requeued" in kinds(carl, chat), what="the whole log")
        assert p.Noted("invoice 4711") in [event.what for event in carl.log(chat)]
        await vera.settle()
        assert not any(b"4711" in raw for raw in vera.raw)


async def test_feedback_goes_to_who_wrote_the_line_or_answered_then(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with team(database_url, tmp_path, monkeypatch) as (site, staff):
        ann, bob, carl, sue = (staff[name] for name in ("ann", "bob", "carl", "sue"))
        vera, chat = await site.chat()

        async def judged(seq: int = 0) -> str:
            given = await sue.done(p.GiveFeedback(new_cid(), chat, "hm", seq=seq))
            return (await sue.expect(p.FeedbackCard, id=given.seq)).agent_name

        nobody = await sue.refused(p.GiveFeedback(new_cid(), chat, "hm"))
        assert nobody.code is p.Code.not_now
        await ann.take(chat)
        hers = (await ann.say(chat, "from Ann")).seq
        asked = hers + 1
        await vera.say(chat, "to Ann")
        await ann.done(p.Invite(new_cid(), chat, CARL))
        await carl.done(p.Join(new_cid(), chat))
        aside = (await carl.say(chat, "from Carl, a guest")).seq
        await ann.done(p.Transfer(new_cid(), chat, BOB))
        await bob.done(p.Take(new_cid(), chat))
        his = (await bob.say(chat, "from Bob")).seq
        lines = {1: "Ann", hers: "Ann", asked: "Ann", aside: "Carl", his: "Bob", 0: "Bob"}
        assert {seq: await judged(seq) for seq in lines} == lines
        await bob.done(p.Release(new_cid(), chat))
        assert [await judged(seq) for seq in (hers, 0)] == ["Ann", "Bob"], "also while it waits again"
        await sue.done(p.Take(new_cid(), chat))
        assert (await sue.refused(p.GiveFeedback(new_cid(), chat, "hm"))).code is p.Code.invalid
        assert await judged(his) == "Bob", "though she answers it now"
        await ann.settle()
        assert {card.seq for card in ann.seen(p.FeedbackCard)} == {1, hers, asked}
