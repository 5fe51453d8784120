"""Messages among staff in the console: any order, twice, after a loss, it is always the same picture."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agentconsole.protocol import (
    Ack,
    Code,
    Grant,
    Message,
    OlderMessages,
    ReadMessages,
    Refused,
    Role,
    RoomCard,
    StaffFrame,
    StaffMessage,
    Status,
    Synced,
    Welcome,
)
from agentconsole.rooms import Rooms, channel, department_of, direct, partner
from agentconsole.store import Store
from agentconsole.views import NewsKind
from tests.small_desk import ME

NOW = 1_800_000_000_000
ROOM = direct(ME, 8)


def message(id: int, room: str = ROOM, author: int = 8, **more: Any) -> Message:
    return Message(id, room, NOW + id, author, "Bob" if author == 8 else "Ada", f"message {id}", **more)


def welcome() -> Welcome:
    return Welcome("run", NOW, ME, "ada", "Ada", [Grant(Role.agent)], Status.online)


def ready(*frames: StaffFrame) -> Store:
    store = Store()
    for frame in (welcome(), *frames, Synced()):
        store.apply(frame, NOW)
    return store


@given(st.permutations(range(1, 13)), st.lists(st.integers(1, 12)))
def test_messages_make_the_same_room_in_any_order_and_any_number(order: list[int], again: list[int]) -> None:
    rooms = Rooms()
    for id in [*order, *again]:
        rooms.put(message(id))
    assert [each.id for each in rooms.messages[ROOM]] == list(range(1, 13))


@given(
    st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=12),
    st.integers(0, 30),
)
def test_after_a_loss_a_room_is_whole_or_empty_and_never_has_a_hole(
    lives: list[tuple[int, bool]], seen: int
) -> None:
    """Messages 1..n exist on the server; a client that was away gets the newest card, live ones, and pages on demand."""
    rooms, written = Rooms(), 0
    for more, connected in lives:
        if not connected:
            written += more
            continue
        rooms.renew()
        rooms.put_card(RoomCard(ROOM, written, 0))
        rooms.drop_stale()
        if rooms.lacks(ROOM):
            page = range(max(1, written - 4), written + 1)
            for id in page:
                rooms.put(message(id))
            rooms.answered(ROOM, 0, page[0] if page else 0)
        for id in range(written + 1, written + 1 + min(more, 3)):
            rooms.put(message(id))
            rooms.put_card(RoomCard(ROOM, id, 1))
            written = id
        ids = [each.id for each in rooms.messages.get(ROOM, [])]
        assert ids == list(range(ids[0], written + 1)) if ids else written == 0


def test_what_i_have_read_is_told_once_and_does_not_come_back_as_unread() -> None:
    store = ready(RoomCard(ROOM, 3, 3), *(message(id) for id in (1, 2, 3)))
    assert store.counts().messages == 3
    store.saw_room(ROOM)
    assert store.counts().messages == 0
    assert store.rooms.take_marks() == [ReadMessages(ROOM, 3)]
    assert store.rooms.take_marks() == []
    store.apply(RoomCard(ROOM, 3, 3), NOW)
    assert store.counts().messages == 0
    store.apply(RoomCard(ROOM, 4, 1), NOW)
    assert store.counts().messages == 1


def test_a_message_is_news_once_and_not_when_it_is_mine_or_was_fetched() -> None:
    store = ready(RoomCard(ROOM, 3, 0))
    store.apply(message(4), NOW)
    store.apply(message(4), NOW)
    store.apply(message(5, author=ME), NOW)
    assert [(news.kind, news.room) for news in store.take_news()] == [(NewsKind.message, ROOM)]
    store.enqueue(OlderMessages("older-one", ROOM, 4), NOW)
    store.apply(message(3), NOW)
    assert store.take_news() == []
    store.apply(message(6, chat=11, whisper=True), NOW)
    assert [(news.kind, news.chat) for news in store.take_news()] == [(NewsKind.whisper, 11)]


def test_the_beginning_of_a_room_is_known_when_nothing_is_older() -> None:
    store = ready(RoomCard(ROOM, 3, 0))
    store.enqueue(OlderMessages("older-one", ROOM, 0), NOW)
    for id in (2, 3):
        store.apply(message(id), NOW)
    store.apply(Ack("older-one", 0, 2), NOW)
    assert ROOM not in store.rooms.complete
    store.enqueue(OlderMessages("older-two", ROOM, store.rooms.first(ROOM)), NOW)
    store.apply(Ack("older-two", 0, 2), NOW)
    assert ROOM in store.rooms.complete


def test_whispers_are_found_by_chat_and_in_time() -> None:
    other = direct(ME, 9)
    store = ready(
        message(5, chat=11, whisper=True),
        message(6, other, 9, chat=11, whisper=True),
        message(4, chat=11, whisper=True),
        message(7, chat=11),
        message(8, chat=12, whisper=True),
    )
    assert [each.id for each in store.rooms.whispers(11)] == [4, 5, 6, 7], (
        "what two said about a chat, answers too"
    )


def test_rooms_that_are_not_listed_any_more_are_forgotten() -> None:
    store = ready(RoomCard(ROOM, 1, 0), RoomCard("d2", 2, 0), message(1), message(2, "d2"))
    for frame in (welcome(), RoomCard(ROOM, 1, 0), Synced()):
        store.apply(frame, NOW)
    assert set(store.rooms.cards) == {ROOM}
    assert set(store.rooms.messages) == {ROOM}


def test_unread_rooms_that_are_not_here_are_fetched_once_after_hello() -> None:
    store = ready(RoomCard(ROOM, 3, 2), RoomCard("d2", 2, 0))
    assert store.unread_rooms() == [ROOM]
    assert store.unread_rooms() == []


def test_a_refused_message_stays_until_it_is_taken_back() -> None:
    store = ready()
    store.enqueue(StaffMessage("message-one", "hello", user=8), NOW)
    store.apply(Refused(Code.unknown, "There is no such colleague.", "message-one"), NOW)
    (entry,) = store.outbox.messages()
    assert entry.failed
    assert store.take_back("message-one") == "hello"
    assert store.outbox.messages() == []


@given(st.integers(1, 2**40), st.integers(1, 2**40))
def test_a_room_between_two_is_named_alike_from_both_sides(one: int, other: int) -> None:
    assert direct(one, other) == direct(other, one)
    assert partner(direct(one, other), one) == other
    assert department_of(channel(one)) == one
    assert partner(channel(one), one) == 0
    assert department_of(direct(one, other)) == 0


@given(st.permutations(["card", "message"]))
def test_a_new_message_counts_once_whether_its_card_comes_before_it_behind_it_or_never(
    order: list[str],
) -> None:
    for kept in (order, [each for each in order if each == "message"]):
        store = ready(RoomCard(ROOM, 3, 1))
        for each in kept:
            store.apply(message(4) if each == "message" else RoomCard(ROOM, 4, 2), NOW)
        assert store.counts().messages == 2
        assert store.rooms.cards[ROOM].last == 4
    store.apply(message(5, author=ME), NOW)
    assert store.counts().messages == 2
