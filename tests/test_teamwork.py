"""Offers, seats, feedback and watching in the store: an old picture and what came since are the new picture."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agentconsole import narrate, protocol
from agentconsole.offers import Offer
from agentconsole.protocol import (
    Beat,
    BreakReason,
    Breaks,
    ChatCard,
    DepartmentCard,
    DepartmentList,
    Event,
    Explanation,
    FeedbackCard,
    Gone,
    Grant,
    Learning,
    Party,
    Person,
    Pulse,
    Role,
    Routing,
    SeatCard,
    Side,
    StaffFrame,
    State,
    Status,
    Synced,
    Take,
    Welcome,
)
from agentconsole.store import Store
from agentconsole.views import NewsKind, Topic, Touched, Why
from tests.small_desk import ME, card

NOW = 1_800_000_000_000
DEPARTMENTS = DepartmentList(
    [
        DepartmentCard(1, "support", "Support", mine=True),
        DepartmentCard(2, "sales", "Sales", mine=True, routing=Routing.ring),
        DepartmentCard(3, "billing", "Billing"),
    ]
)


def welcome(*grants: Grant) -> Welcome:
    return Welcome("run", NOW, ME, "ada", "Ada", list(grants) or [Grant(Role.agent)], Status.online)


def ready(*frames: StaffFrame, grants: tuple[Grant, ...] = ()) -> Store:
    store = Store()
    for frame in (welcome(*grants), DEPARTMENTS, *frames, Synced()):
        store.apply(frame, NOW)
    return store


def kinds(store: Store) -> list[NewsKind]:
    return [news.kind for news in store.take_news()]


def offered_card(chat: int, version: int = 2, **facts: Any) -> ChatCard:
    own = {"state": State.active, "owner": 8, "owner_name": "Bob", "offer_until": NOW + 60_000, "offer_by": 8}
    return replace(card(chat), version=version, **(own | facts))


def given_card(chat: int, version: int = 2, **facts: Any) -> ChatCard:
    own = {"state": State.offered, "owner": 0, "owner_name": "", "offer_to": ME, "offer_until": NOW + 60_000}
    return replace(card(chat), version=version, **(own | facts))


people = st.sampled_from([0, ME, 8, 9])
cards = st.builds(
    offered_card,
    st.integers(1, 3),
    st.just(1),
    state=st.sampled_from([State.waiting, State.offered, State.active, State.wrapup, State.closed]),
    owner=people,
    department=st.integers(1, 3),
    offer_to=people,
    offer_by=people,
    offer_department=st.integers(0, 3),
    offer_until=st.sampled_from([0, NOW + 60_000]),
    guests=st.lists(people.filter(bool).map(lambda id: Person(id, "x")), max_size=2),
    invited=st.lists(people.filter(bool).map(lambda id: Person(id, "x")), max_size=2),
    help_at=st.sampled_from([0, NOW]),
)
seats = st.builds(
    SeatCard,
    people.filter(bool),
    st.just("x"),
    st.just("X"),
    st.sampled_from(list(Status)),
    st.just(NOW),
    by=st.sampled_from(["", "Mona"]),
    lost_at=st.sampled_from([0, NOW]),
)
frames = st.one_of(
    cards,
    seats,
    st.builds(Gone, st.integers(1, 3), st.just(1)),
    st.builds(Breaks, st.lists(st.builds(BreakReason, st.sampled_from(["Lunch", "Coffee"])), max_size=2)),
)


def picture(store: Store) -> object:
    return (
        store.offers(),
        store.queue(NOW),
        [row.card for row in store.mine()],
        store.counts(),
        store.needs_me(),
        store.team,
        store.breaks,
        store.status,
        store.chats,
    )


@given(st.lists(frames, max_size=25))
def test_an_old_picture_and_what_came_since_are_the_new_picture(came: list[StaffFrame]) -> None:
    old, chats, team, breaks = ready(), {}, {}, Breaks([])
    for version, frame in enumerate(came, 2):
        match frame:
            case ChatCard():
                frame = replace(frame, version=version)
                chats[frame.chat] = frame
            case Gone():
                frame = replace(frame, version=version)
                chats.pop(frame.chat, None)
            case SeatCard():
                team[frame.user] = frame
            case Breaks():
                breaks = frame
        before = picture(old)
        touched = old.apply(frame, NOW)
        assert touched or picture(old) == before, "what changed is told"
        if old.offers() != before[0]:  # type: ignore[index]
            assert Touched(Topic.offers) in touched
    new = ready(*team.values(), *chats.values(), breaks)
    old._not_looked_at.clear()  # what has not been looked at is this window's own
    new._not_looked_at.clear()
    assert picture(old) == picture(new)


@pytest.mark.parametrize(
    "facts, offer, news",
    [
        ({"offer_to": ME}, Offer.transfer, NewsKind.transfer),
        ({"offer_department": 1}, Offer.department, NewsKind.transfer_department),
        ({"offer_department": 3}, None, None),
        ({"offer_to": 9}, None, None),
        ({"offer_to": ME, "owner": ME}, None, None),
        ({"offer_until": 0, "invited": [Person(ME, "Ada")]}, Offer.invited, NewsKind.invited),
    ],
)
def test_what_is_offered_to_me_is_told_once_by_its_kind(
    facts: dict[str, Any], offer: Offer | None, news: NewsKind | None
) -> None:
    store = ready(offered_card(1, 1, offer_until=0, owner=facts.get("owner", 8)))
    store.take_news()
    asked = offered_card(1, **facts)
    store.apply(asked, NOW)
    assert [row.kind for row in store.offers()] == ([offer] if offer else [])
    assert kinds(store) == ([news] if news else [])
    store.apply(replace(asked, version=3, transfers=1), NOW)
    assert kinds(store) == []
    store.apply(replace(asked, version=4, offer_until=0, invited=[]), NOW)
    assert store.offers() == []


def test_what_the_dispatcher_gives_me_is_an_offer_of_its_own_and_comes_first() -> None:
    store = ready(card(2), offered_card(3, 1, offer_to=ME, offer_until=NOW + 90_000))
    store.apply(given_card(1), NOW)
    assert kinds(store) == [NewsKind.offered]
    assert [(row.card.chat, row.kind) for row in store.offers()] == [(1, Offer.given), (3, Offer.transfer)]
    assert store.counts().offers == 2
    assert [(need.chat, need.why) for need in store.needs_me()][:2] == [(1, Why.offered), (3, Why.offered)]
    assert not store.is_mine(1)


def test_a_chat_of_a_ringing_department_rings_only_while_i_am_online() -> None:
    waiting = {"state": State.waiting, "owner": 0, "owner_name": "", "department": 2}
    store = ready()
    store.apply(replace(card(1), **waiting), NOW)
    assert kinds(store) == [NewsKind.ring]
    store.apply(SeatCard(ME, "ada", "Ada", Status.away, NOW), NOW)
    store.apply(replace(card(2), **waiting), NOW)
    assert kinds(store) == [NewsKind.waiting]


def test_a_chat_that_was_offered_in_vain_is_not_announced_again() -> None:
    store = ready()
    waiting = replace(card(1), state=State.waiting, owner=0, owner_name="")
    store.apply(waiting, NOW)
    store.apply(given_card(1, 5, offer_to=8), NOW)
    store.apply(replace(waiting, version=6), NOW)
    assert kinds(store) == [NewsKind.waiting]
    store.apply(offered_card(1, 7, offer_until=0), NOW)
    store.apply(replace(waiting, version=8), NOW)
    assert kinds(store) == [NewsKind.waiting]


def test_a_chat_that_i_joined_is_among_mine_but_not_mine_to_close() -> None:
    store = ready()
    store.apply(offered_card(1, offer_until=0, guests=[Person(ME, "Ada")]), NOW)
    assert [row.card.chat for row in store.mine()] == [1]
    assert store.takes_part(1)
    assert not store.is_mine(1)


def test_what_i_accepted_here_is_not_announced_as_assigned() -> None:
    store = ready(given_card(1, 1))
    store.take_news()
    store.enqueue(Take("take-this-one", 1), NOW)
    store.apply(replace(card(1), version=3), NOW)
    assert kinds(store) == []
    store.apply(replace(card(2), version=3), NOW)
    assert kinds(store) == [NewsKind.assigned]


def test_help_calls_those_who_supervise_that_department() -> None:
    calling = offered_card(1, offer_until=0, department=3, help_at=NOW)
    agent = ready(offered_card(1, 1, offer_until=0, department=3))
    agent.apply(calling, NOW)
    assert kinds(agent) == []
    lead = ready(offered_card(1, 1, offer_until=0, department=3), grants=(Grant(Role.supervisor, 3),))
    lead.apply(calling, NOW)
    lead.apply(replace(calling, version=3), NOW)
    assert kinds(lead) == [NewsKind.help]
    elsewhere = ready(grants=(Grant(Role.supervisor, 1),))
    elsewhere.apply(calling, NOW)
    assert kinds(elsewhere) == []


def test_only_others_hands_on_my_status_are_news() -> None:
    store = ready(SeatCard(ME, "ada", "Ada", Status.online, NOW))
    store.apply(SeatCard(ME, "ada", "Ada", Status.away, NOW + 1, "Lunch"), NOW)
    store.apply(SeatCard(8, "bob", "Bob", Status.away, NOW + 1, "Lunch", by="Mona"), NOW)
    assert store.take_news() == []
    store.apply(SeatCard(ME, "ada", "Ada", Status.away, NOW + 2, "No answer", by="agentconsole"), NOW)
    (news,) = store.take_news()
    assert (news.kind, news.name, news.text) == (NewsKind.status_changed, "agentconsole", "break: No answer")
    store.apply(
        SeatCard(ME, "ada", "Ada", Status.away, NOW + 2, "No answer", by="agentconsole", chats=1), NOW
    )
    assert store.take_news() == []
    assert store.seat is not None
    assert (store.status, store.reason, store.seat.by) == (Status.away, "No answer", "agentconsole")


def told(id: int, **facts: Any) -> FeedbackCard:
    return FeedbackCard(id, 1, facts.pop("agent", ME), "Ada", 9, "Mona", NOW + id, "Well done", **facts)


def test_feedback_to_me_is_news_until_it_is_acknowledged() -> None:
    store = ready()
    store.apply(told(1), NOW)
    store.apply(told(1), NOW)
    store.apply(told(2, agent=8), NOW)
    assert kinds(store) == [NewsKind.feedback]
    assert [each.id for each in store.feedback.to_acknowledge(ME)] == [1]
    assert store.counts().feedback == 1
    store.apply(told(1, acknowledged_at=NOW), NOW)
    assert store.counts().feedback == 0
    assert [each.id for each in store.feedback.of_chat(1)] == [1, 2]
    for frame in (welcome(), DEPARTMENTS, told(2, agent=8), Synced()):
        store.apply(frame, NOW)
    assert set(store.feedback.cards) == {2}


def test_who_learns_and_who_waits_is_of_this_connection_alone() -> None:
    store = ready(card(1))
    assert store.apply(Learning(1, ["Bob"]), NOW) == {Touched(Topic.learning, 1)}
    assert store.apply(Learning(1, ["Bob"]), NOW) == set()
    assert store.apply(Pulse([Beat(1, NOW, NOW)]), NOW) == {Touched(Topic.pulse)}
    assert store.apply(Pulse([Beat(1, NOW, NOW)]), NOW) == set()
    store.link_lost(NOW)
    assert (store.watching.learners, store.watching.beats) == ({}, {})


def test_an_explanation_is_kept_and_told() -> None:
    store = ready()
    why = Explanation(1, NOW, "Bob has the fewest chats.", [])
    assert store.apply(why, NOW) == {Touched(Topic.explained, 1)}
    assert store.watching.explanations[1] is why


SAMPLES: dict[type, dict[str, Any]] = {
    protocol.Said: {"text": "x"},
    protocol.Noted: {"text": "x"},
    protocol.Rated: {"rating": protocol.Rating.good},
    protocol.Promised: {"name": "Bob"},
    protocol.OutcomeSet: {"outcome": protocol.Outcome.solved},
    protocol.Offered: {"department": 1},
    protocol.OfferEnded: {"why": protocol.OfferEnd.timeout},
    protocol.Moved: {"department": 1, "name": "Sales"},
    protocol.Lined: {"user": 8, "name": "Bob", "until": 1},
    protocol.Invited: {"user": 8, "name": "Bob"},
    protocol.InviteEnded: {"why": protocol.OfferEnd.timeout, "user": 8, "name": "Bob"},
    protocol.Prioritised: {"priority": 2},
}


@pytest.mark.parametrize("kind", protocol.What.__args__, ids=lambda kind: kind.__name__)
def test_every_event_has_a_sentence_in_one_row(kind: type) -> None:
    what = kind(**SAMPLES.get(kind, {}))
    for by in (Party(Side.staff, 8, "Bob"), Party(Side.system), Party(Side.visitor, 0, "Kim")):
        words = narrate.sentence(Event(1, 1, NOW, by, what, 0), "Kim", ME)
        assert words.strip()
        assert "\n" not in words
        assert "  " not in words


def test_a_note_of_many_rows_from_a_transfer_stays_in_one() -> None:
    what = protocol.Offered(1, 8, "Bob", True, "first\nBob took the chat")
    words = narrate.sentence(Event(1, 1, NOW, Party(Side.staff, ME, "Ada"), what), "Kim", ME)
    assert words == "You offered the chat to Bob: first Bob took the chat"
