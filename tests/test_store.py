"""What the console knows: any order, twice, after a loss, it is always the same picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agentconsole.conversation import Conversation
from agentconsole.protocol import (
    Ack,
    CannedCard,
    ChatCard,
    Code,
    ColleagueTyping,
    Cursor,
    DepartmentCard,
    DepartmentList,
    Event,
    Gone,
    Grant,
    LeftCard,
    Noted,
    Party,
    Person,
    Pong,
    Preview,
    Rated,
    Rating,
    Refused,
    Resume,
    Role,
    Said,
    Say,
    SeatCard,
    Seen,
    Side,
    StaffFrame,
    State,
    Status,
    Synced,
    Take,
    TakeNext,
    VisitorLeft,
    VisitorMarks,
    Welcome,
    What,
)
from agentconsole.store import Store
from agentconsole.views import NewsKind, Topic, Touched, Why
from tests.small_desk import ADA, ME, VISITOR, card

NOW = 1_800_000_000_000
BOB = Party(Side.staff, 8, "Bob")


def welcome(run: str = "run-1", now: int = NOW) -> Welcome:
    return Welcome(run, now, ME, "ada", "Ada", [Grant(Role.agent, 1)], Status.online)


def said(chat: int, seq: int, text: str = "", by: Party = VISITOR, at: int = 0) -> Event:
    return Event(chat, seq, at or NOW + seq, by, Said(text or f"line {seq}"), seq)


def waiting(chat: int, **changes: Any) -> ChatCard:
    own = {"state": State.waiting, "owner": 0, "owner_name": "", "taken_at": 0, "since": NOW - 1000 * chat}
    return card(chat, **(own | changes))


def apply(store: Store, *frames: StaffFrame, now: int = NOW) -> set[Touched]:
    return set().union(*(store.apply(frame, now) for frame in frames))


def ready(*frames: StaffFrame) -> Store:
    """A store that is synced with these frames inside its hello."""
    store = Store()
    apply(store, welcome(), *frames, Synced())
    return store


def texts(store: Store, chat: int) -> list[str]:
    return [e.what.text for e in store.talks[chat].events if isinstance(e.what, Said | Noted)]


def picture(store: Store) -> object:
    """Everything that a person can see."""
    return (
        store.queue(NOW),
        store.mine(),
        store.counts(),
        store.needs_me(),
        {chat: texts(store, chat) for chat in store.talks if store.is_mine(chat)},
        store.team,
        store.canned,
        store.left,
    )


# --- one chat's log --------------------------------------------------------------------------------------------


@given(st.permutations(range(1, 13)), st.integers(0, 12))
def test_events_make_the_same_log_in_any_order_and_any_number(order: list[int], after: int) -> None:
    store = ready(card(1), Resume(1, after, after))
    for seq in [*order, *order[::2]]:
        apply(store, said(1, seq))
    assert [e.seq for e in store.talks[1].events] == list(range(1, 13))


@given(st.permutations(range(1, 9)))
def test_only_a_run_without_gaps_is_ever_shown(order: list[int]) -> None:
    store = ready(card(1), Resume(1, 0, 0))
    for seq in order:
        apply(store, said(1, seq))
        seqs = [e.seq for e in store.talks[1].events]
        assert seqs == list(range(1, len(seqs) + 1))


def test_a_gap_is_asked_for_once_until_it_moves() -> None:
    store = ready(card(1), Resume(1, 0, 1), said(1, 1))
    assert store.gaps() == []
    apply(store, said(1, 3))
    assert store.gaps() == [(1, 1)]
    apply(store, said(1, 5))
    assert store.gaps() == []
    apply(store, Resume(1, 1, 5), *(said(1, seq) for seq in (2, 3)))
    assert store.gaps() == []
    apply(store, said(1, 4))
    assert store.talks[1].last == 5


@given(st.lists(st.sampled_from(["visitor", "staff", "note", "older", "read", "reset"]), max_size=40))
def test_what_is_unanswered_is_counted_on_as_lines_come(deeds: list[str]) -> None:
    talk = Conversation(1)
    talk.resume(Resume(1, 20, 20, True))
    for deed in deeds:
        if deed == "reset":
            talk.resume(Resume(1, talk.first - 1, talk.last, True))
            for event in list(talk.events):
                talk.add(event)
        elif deed == "read":
            talk.read = talk.last
        elif deed == "older":
            talk.add(said(1, max(1, talk.first - 1)))
        else:
            event = said(1, talk.last + 1, "", VISITOR if deed == "visitor" else ADA)
            talk.add(replace(event, what=Noted("note")) if deed == "note" else event)
        lines = [e for e in talk.events if isinstance(e.what, Said)]
        answered = max((e.seq for e in lines if e.by == ADA), default=0)
        open_lines = [e for e in lines if e.seq > answered]
        assert talk.unanswered_since() == (open_lines[0].at if open_lines else 0)
        assert talk.unread() == sum(e.seq > talk.read for e in open_lines)


def test_a_reset_replaces_the_log_only_when_the_new_one_is_there() -> None:
    store = ready(card(1), Resume(1, 0, 2), said(1, 1, "old"), said(1, 2, "old too"))
    epoch = store.talks[1].epoch
    apply(store, Resume(1, 0, 2, True), said(1, 1, "new"))
    assert texts(store, 1) == ["old", "old too"]
    assert store.cursors() == [Cursor(1, 2)]
    touched = apply(store, said(1, 2, "new too"))
    assert texts(store, 1) == ["new", "new too"]
    assert store.talks[1].epoch != epoch
    assert Touched(Topic.talk, 1) in touched


def test_a_reset_to_nothing_empties_at_once_and_a_half_reset_is_forgotten_with_the_link() -> None:
    store = ready(card(1), Resume(1, 0, 1), said(1, 1, "old"))
    apply(store, Resume(1, 0, 3, True), said(1, 1, "new"))
    store.link_lost(NOW)
    assert texts(store, 1) == ["old"]
    apply(store, welcome(), card(1), Resume(1, 0, 0, True), Synced())
    assert texts(store, 1) == []


def test_older_pages_are_put_before_and_change_the_epoch() -> None:
    store = ready(card(1), Resume(1, 4, 6, True), said(1, 5), said(1, 6))
    talk = store.talks[1]
    assert (talk.first, talk.complete) == (5, False)
    epoch = talk.epoch
    apply(store, said(1, 3))
    assert [e.seq for e in talk.events] == [5, 6]
    apply(store, said(1, 4))
    assert [e.seq for e in talk.events] == [3, 4, 5, 6]
    assert talk.epoch == epoch + 1
    assert store.gaps() == []
    apply(store, said(1, 1), said(1, 2))
    assert talk.complete


# --- lists -----------------------------------------------------------------------------------------------------


@given(st.permutations([1, 2, 3, 4, 5]))
def test_of_many_cards_the_newest_stands_whatever_the_order(order: list[int]) -> None:
    store = ready()
    for version in order:
        apply(store, card(1, version=version, name=f"name {version}"))
    assert store.chats[1].name == "name 5"


@given(st.permutations([("card", 1), ("gone", 2), ("card", 3), ("gone", 4)]))
def test_a_tombstone_is_not_undone_by_an_older_card(order: list[tuple[str, int]]) -> None:
    store = ready()
    for kind, version in order:
        apply(store, Gone(1, version) if kind == "gone" else card(1, version=version))
    assert store.chats == {}


def test_of_the_same_version_the_later_word_counts() -> None:
    store = ready(card(1, version=5))
    apply(store, Gone(1, 5))
    assert store.chats == {}
    apply(store, card(1, version=5))
    assert 1 in store.chats


@given(st.permutations([(1, 0), (2, 1), (3, 3), (2, 2)]))
def test_marks_never_go_back(order: list[tuple[int, int]]) -> None:
    store = ready(card(1, version=1))
    for version, (delivered, read) in enumerate(order, 2):
        apply(store, VisitorMarks(1, delivered, read))
        apply(store, card(1, version=version))
    assert (store.chats[1].delivered, store.chats[1].read) == (3, 3)


def test_lists_stay_until_they_are_renewed_and_what_is_not_renewed_goes() -> None:
    seat = SeatCard(8, "bob", "Bob", Status.online, NOW)
    canned, left = CannedCard(1, "hi", "Hello"), LeftCard(1, 1, NOW, "please call", "vi@example.org")
    store = ready(card(1, version=9), waiting(2), waiting(3), seat, canned, left, Resume(1, 0, 1), said(1, 1))
    before = picture(store)
    store.link_lost(NOW)
    apply(store, welcome("run-2"))
    assert picture(store) == before
    apply(
        store, waiting(2, version=1, name="renewed"), card(1, version=2, name="older, but the server says so")
    )
    assert store.chats[1].name == "older, but the server says so"
    assert len(store.queue(NOW)) == 2
    apply(store, Synced())
    assert [row.card.chat for row in store.queue(NOW)] == [2]
    assert (store.team, store.canned, store.left) == ({}, {}, {})
    assert store.link.restarts == 1


def test_a_chat_that_left_my_lists_stays_readable_until_it_is_put_away() -> None:
    store = ready(card(1), Resume(1, 0, 1), said(1, 1))
    apply(store, Gone(1, 2))
    assert store.talks[1].over
    assert texts(store, 1) == ["line 1"]
    assert store.cursors() == []
    store.forget(1)
    assert 1 not in store.talks


def test_my_own_chat_cannot_be_put_away() -> None:
    store = ready(card(1), Resume(1, 0, 1), said(1, 1))
    store.forget(1)
    assert texts(store, 1) == ["line 1"]


def test_every_frame_twice_is_as_good_as_once() -> None:
    frames: list[StaffFrame] = [
        welcome(),
        DepartmentList([DepartmentCard(1, "sales", "Sales", mine=True)]),
        SeatCard(ME, "ada", "Ada", Status.away, NOW, "lunch"),
        SeatCard(8, "bob", "Bob", Status.online, NOW),
        CannedCard(1, "hi", "Hello"),
        CannedCard(2, "by", "Bye"),
        LeftCard(1, 1, NOW, "please call", "vi@example.org"),
        card(1, version=3),
        waiting(2),
        waiting(3),
        Resume(1, 0, 2),
        said(1, 1),
        said(1, 2),
        Synced(),
        said(1, 3, "mine", ADA),
        said(1, 4),
        VisitorMarks(1, 3, 2),
        Preview(2, "typing"),
        waiting(2, version=5, page="/x", lost_at=1),
        Gone(3, 4),
        CannedCard(2, "by", ""),
        Pong(1, NOW),
    ]
    once, twice = Store(), Store()
    for frame in frames:
        once.apply(frame, NOW)
        twice.apply(frame, NOW)
        after = picture(twice)
        twice.apply(frame, NOW)
        assert picture(twice) == after, frame
    assert picture(once) == picture(twice)
    assert once.status is Status.away
    assert once.reason == "lunch"
    assert [news.kind for news in once.take_news()] == [news.kind for news in twice.take_news()]


# --- old snapshot + events = new snapshot ----------------------------------------------------------------------


@dataclass
class Desk:
    """A model of the server for one reader: what it would send live, and at hello."""

    logs: dict[int, list[Event]] = field(default_factory=dict)
    cards: dict[int, ChatCard] = field(default_factory=dict)
    left: dict[int, LeftCard] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)

    def live(self, chat: int, deed: str) -> list[StaffFrame]:
        """Do something to this chat; the frames that the reader gets for it."""
        if chat in self.gone:
            return []
        known = self.cards.get(chat)
        if known is None:
            return [self._put(waiting(chat, version=1, seq=0, pub=0))]
        match deed:
            case "visitor" | "note" | "answer":
                by = VISITOR if deed == "visitor" else ADA
                what: What = Noted(f"note {len(self._log(chat))}") if deed == "note" else Said(deed)
                return self._event(known, by, what)
            case "take" if known.state is State.waiting:
                mine = self._put(_newer(known, state=State.active, owner=ME, owner_name="Ada", taken_at=NOW))
                log = self._log(chat)
                return [mine, Resume(chat, 0, len(log), True), *log]
            case "lose" if known.owner == ME:
                return [self._put(_newer(known, owner=8, owner_name="Bob"))]
            case "release" if known.owner == ME:
                return [self._put(_newer(known, state=State.waiting, owner=0, taken_at=0))]
            case "marks":
                pub = len(self._log(chat))
                self.cards[chat] = replace(known, delivered=pub, read=pub)
                return [VisitorMarks(chat, pub, pub)]
            case "page":
                return [self._put(_newer(known, page="/next"))]
            case "end":
                del self.cards[chat]
                self.gone.add(chat)
                return [Gone(chat, known.version + 1)]
            case "message":
                self.left[chat] = LeftCard(chat, 1, NOW, "later", "vi@example.org")
                return [self.left[chat]]
        return []

    def hello(self, cursors: list[Cursor]) -> list[StaffFrame]:
        """The whole answer to a hello with these cursors."""
        frames: list[StaffFrame] = [welcome(), *self.left.values(), *self.cards.values()]
        known = {cursor.chat: cursor.seq for cursor in cursors}
        for each in self.cards.values():
            if each.owner == ME:
                log = self._log(each.chat)
                after = known.get(each.chat, 0)
                reset = after == 0 or after > len(log)
                after = 0 if reset else after
                frames += [Resume(each.chat, after, len(log), reset), *log[after:]]
        return [*frames, Synced()]

    def _log(self, chat: int) -> list[Event]:
        return self.logs.setdefault(chat, [])

    def _put(self, fresh: ChatCard) -> ChatCard:
        self.cards[fresh.chat] = fresh
        return fresh

    def _event(self, known: ChatCard, by: Party, what: What) -> list[StaffFrame]:
        log = self._log(known.chat)
        log.append(Event(known.chat, len(log) + 1, NOW + len(log), by, what, len(log) + 1))
        mine = known.owner == ME
        if mine and by != VISITOR:
            return [log[-1]]  # no listed field has changed, so the card stays as it was told
        fresh = self._put(_newer(known))
        return [fresh, log[-1]] if mine else [fresh]


def _newer(known: ChatCard, **changes: Any) -> ChatCard:
    return replace(known, version=known.version + 1, **changes)


DEEDS = ("visitor", "answer", "note", "take", "lose", "release", "marks", "page", "end", "message")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.integers(1, 4), st.sampled_from(DEEDS)),
        st.tuples(st.just(0), st.sampled_from(["cut", "hello", "half a hello"])),
    ),
    max_size=60,
)


@given(STEPS)
def test_old_snapshot_and_events_are_the_new_snapshot(steps: list[tuple[int, str]]) -> None:
    desk, old = Desk(), Store()
    apply(old, *desk.hello([]))
    connected = True
    for chat, deed in steps:
        if deed == "cut":
            old.link_lost(NOW)
            connected = False
        elif deed == "hello":
            apply(old, *desk.hello(old.cursors()))
            connected = True
        elif deed == "half a hello":
            frames = desk.hello(old.cursors())
            apply(old, *frames[: len(frames) // 2])
            old.link_lost(NOW)
            connected = False
        else:
            frames = desk.live(chat, deed)
            if connected:
                apply(old, *frames)
    if not connected:
        apply(old, *desk.hello(old.cursors()))
    fresh = Store()
    apply(fresh, *desk.hello([]))
    old_needs = [need for need in old.needs_me() if need.why is not Why.assigned]
    assert old_needs == fresh.needs_me()
    assert old.gaps() == []
    old_shown, fresh_shown = list(picture(old)), list(picture(fresh))  # type: ignore[call-overload]
    del old_shown[3], fresh_shown[3]
    assert old_shown == fresh_shown


# --- what needs me ---------------------------------------------------------------------------------------------


def test_the_queue_is_longest_first_with_its_wait_by_the_servers_clock() -> None:
    store = ready(waiting(2), waiting(3), waiting(1), card(4))
    apply(store, Pong(1, NOW + 5_000))
    assert [(row.card.chat, row.wait_ms) for row in store.queue(NOW)] == [(3, 8000), (2, 7000), (1, 6000)]


def test_the_queue_stands_in_the_order_in_which_the_server_gives_it() -> None:
    store = ready(
        waiting(1, since=NOW - 6_000),
        waiting(2, since=NOW - 5_000),
        waiting(3, since=NOW - 4_000, priority=1),
    )
    assert [row.card.chat for row in store.queue(NOW)] == [3, 1, 2]
    urgent = DepartmentCard(7, "urgent", "Urgent", priority=2)
    store.departments[7] = urgent
    store.chats[2] = replace(store.chats[2], department=7)
    assert [row.card.chat for row in store.queue(NOW)] == [2, 3, 1]


def test_unread_lines_are_those_behind_my_eyes_and_my_answers() -> None:
    store = ready(card(1), Resume(1, 0, 3), said(1, 1), said(1, 2, "x", ADA), said(1, 3))
    assert store.counts().unread == 1
    store.saw(1)
    assert store.counts().unread == 0
    apply(store, said(1, 4), said(1, 5))
    assert store.counts().unread == 2
    assert store.mine()[0].unread == 2
    apply(store, said(1, 6, "answer", ADA))
    assert store.counts().unread == 0


def test_chats_that_need_me_come_in_order_and_next_goes_round() -> None:
    store = ready(
        *(card(chat) for chat in (1, 2, 3, 4, 5)),
        *(Resume(chat, 0, 1) for chat in (1, 2, 3, 4, 5)),
        said(1, 1, at=NOW + 50),
        said(2, 1, at=NOW + 10),
        said(3, 1, "answered", ADA),
        said(4, 1, "also", ADA),
        said(5, 1, at=NOW + 90),
    )
    store.enqueue(Say("cid-00001", 4, "x"), NOW)
    apply(store, Refused(Code.invalid, "No.", "cid-00001", 4))
    apply(store, card(9, version=2, taken_at=99))
    assert [(need.chat, need.why) for need in store.needs_me()] == [
        (4, Why.failed),
        (2, Why.unanswered),
        (1, Why.unanswered),
        (5, Why.unanswered),
        (9, Why.assigned),
    ]
    visited, chat = [], 0
    for _ in range(6):
        chat = store.next_needing(chat)
        visited.append(chat)
    assert visited == [4, 2, 1, 5, 9, 4]
    assert store.next_needing(3) == 4
    store.saw(9)
    assert 9 not in [need.chat for need in store.needs_me()]


def test_next_is_nothing_when_only_this_chat_needs_me() -> None:
    store = ready(card(1), Resume(1, 0, 1), said(1, 1))
    assert store.next_needing(0) == 1
    assert store.next_needing(1) == 0
    assert store.neighbour(1, 1) == 0


def test_neighbours_go_round_in_the_order_of_taking() -> None:
    store = ready(card(3, taken_at=1), card(1, taken_at=2), card(2, taken_at=3))
    assert [store.neighbour(3, 1), store.neighbour(1, 1), store.neighbour(2, 1)] == [1, 2, 3]
    assert store.neighbour(3, -1) == 2


def test_previews_are_forgotten_after_eight_seconds_or_with_the_line() -> None:
    store = ready(waiting(1), card(2, guests=[Person(8, "Bob")]), Resume(2, 0, 0))
    touched = apply(store, Preview(1, "how do I"), Preview(2, "well"), ColleagueTyping(2, 8, "Bob", True))
    assert {Touched(Topic.preview, 1), Touched(Topic.queue), Touched(Topic.preview, 2)} <= touched
    assert store.queue(NOW)[0].preview == "how do I"
    assert store.colleagues_typing(2, NOW) == ["Bob"]
    assert store.next_expiry(NOW + 3_000) == 5_000
    assert Touched(Topic.preview, 2) in apply(store, said(2, 1, "well, well"))
    assert store.preview(2, NOW) == ""
    assert store.expire(NOW + 7_999) == set()
    assert {Touched(Topic.preview, 1), Touched(Topic.queue)} <= store.expire(NOW + 8_000)
    assert store.preview(1, NOW) == ""
    assert store.next_expiry(NOW) is None


def test_who_has_left_a_chat_types_there_no_more() -> None:
    inside = card(2, owner=8, owner_name="Bob", guests=[Person(9, "Eve")])
    store = ready(
        inside, Resume(2, 0, 0), ColleagueTyping(2, 8, "Bob", True), ColleagueTyping(2, 9, "Eve", True)
    )
    assert store.colleagues_typing(2, NOW) == ["Bob", "Eve"]
    touched = apply(store, replace(inside, version=9, owner=0, owner_name="", guests=[]))
    assert Touched(Topic.card, 2) in touched
    assert store.colleagues_typing(2, NOW) == []


def test_marks_are_told_for_my_own_chats_and_once() -> None:
    store = ready(card(1), card(2, owner=8), Resume(1, 0, 2), said(1, 1), said(1, 2), said(2, 1))
    assert store.take_marks() == [Seen(1, 2, 0)]
    assert store.take_marks() == []
    store.saw(1)
    assert store.take_marks() == [Seen(1, 2, 2)]


# --- news ------------------------------------------------------------------------------------------------------


def kinds(store: Store) -> list[NewsKind]:
    return [news.kind for news in store.take_news()]


def test_what_was_so_at_the_first_hello_is_no_news() -> None:
    store = ready(card(1), waiting(2), Resume(1, 0, 1), said(1, 1), LeftCard(1, 1, NOW, "x", "y@example.org"))
    assert kinds(store) == []


def test_what_happens_is_news() -> None:
    store = ready(card(1), Resume(1, 0, 0))
    apply(store, waiting(2, first_line="help", name="Vi"), waiting(2, version=2, page="/x"))
    [news] = store.take_news()
    assert (news.kind, news.chat, news.name, news.text) == (NewsKind.waiting, 2, "Vi", "help")
    apply(store, said(1, 1, "hello"), said(1, 2, "mine", ADA), said(1, 3, "bob's", BOB))
    assert kinds(store) == [NewsKind.line]
    apply(
        store,
        Event(1, 4, NOW, VISITOR, Rated(Rating.good, "fine"), 4),
        Event(1, 5, NOW, VISITOR, VisitorLeft(), 5),
    )
    assert kinds(store) == [NewsKind.rated, NewsKind.visitor_left]
    apply(store, LeftCard(1, 1, NOW, "x", "y@example.org"), LeftCard(1, 1, NOW, "x", "y@example.org"))
    assert kinds(store) == [NewsKind.left_message]


def test_a_chat_that_others_gave_me_is_news_and_one_that_i_took_is_not() -> None:
    store = ready(waiting(1), waiting(2), waiting(3))
    store.enqueue(Take("cid-00001", 1), NOW)
    apply(store, Ack("cid-00001", 1), card(1, version=2))
    assert kinds(store) == []
    store.enqueue(TakeNext("cid-00002"), NOW)
    apply(store, card(2, version=2), Ack("cid-00002", 2))
    assert kinds(store) == []
    assert store.needs_me() == []
    assert [ack.chat for ack, _ in store.take_acks()] == [1, 2]
    apply(store, card(3, version=2))
    assert kinds(store) == [NewsKind.assigned]


def test_my_own_release_is_no_news_and_a_colleagues_is() -> None:
    store = ready(card(1), card(2, owner=8))
    apply(store, waiting(1, version=2))
    assert kinds(store) == []
    apply(store, waiting(2, version=2))
    assert kinds(store) == [NewsKind.waiting]


def test_what_happened_while_the_link_was_down_is_news() -> None:
    store = ready(card(1), Resume(1, 0, 1), said(1, 1))
    store.link_lost(NOW)
    apply(store, welcome(), card(1), waiting(2), Resume(1, 1, 3), said(1, 2), said(1, 3), Synced())
    assert kinds(store) == [NewsKind.waiting, NewsKind.line, NewsKind.line]
    assert store.caught_up
    assert store.caught_up.events == 2
