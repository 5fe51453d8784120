"""My own lines on their way: pending, sent, refused, over a crash, and never twice on the screen."""

from __future__ import annotations

import msgspec
import pytest

from agentconsole.drafts import HISTORY_CHARS
from agentconsole.outbox import LIMIT, OutboxFull
from agentconsole.protocol import (
    MAX_TEXT,
    Ack,
    Code,
    Event,
    Note,
    Noted,
    Open,
    Refused,
    Resume,
    Say,
    Take,
    VisitorMarks,
)
from agentconsole.store import Store
from agentconsole.views import LineState, Topic, Touched, Why
from tests.small_desk import ADA, VISITOR, card
from tests.test_store import BOB, NOW, apply, ready, said, texts


def test_a_line_is_pending_until_its_event_is_here_and_never_shown_twice() -> None:
    store = ready(card(1), Resume(1, 0, 1), said(1, 1))
    assert store.enqueue(Say("cid-00001", 1, "hello"), NOW) == {Touched(Topic.talk, 1)}
    assert [(line.text, line.state) for line in store.pending(1)] == [("hello", LineState.pending)]
    store.outbox.sent("cid-00001")
    apply(store, Ack("cid-00001", 1, 2))
    assert [(line.text, line.state) for line in store.pending(1)] == [("hello", LineState.sent)]
    apply(store, said(1, 2, "hello", ADA))
    assert store.pending(1) == []
    assert texts(store, 1) == ["line 1", "hello"]
    assert not store.outbox.entries


def test_an_event_that_comes_before_its_acknowledgement_is_not_shown_twice() -> None:
    store = ready(card(1), Resume(1, 0, 1), said(1, 1))
    store.enqueue(Say("cid-00001", 1, "ok"), NOW)
    store.enqueue(Say("cid-00002", 1, "ok"), NOW)
    store.outbox.sent("cid-00001")
    apply(store, said(1, 2, "ok", ADA))
    assert [line.cid for line in store.pending(1)] == ["cid-00002"]
    apply(store, Ack("cid-00001", 1, 2))
    assert [line.cid for line in store.pending(1)] == ["cid-00002"]


def test_an_old_line_with_the_same_words_is_another_line() -> None:
    store = ready(card(1), Resume(1, 0, 0))
    store.enqueue(Say("cid-00001", 1, "ok"), NOW)
    store.outbox.sent("cid-00001")
    apply(store, said(1, 1, "ok", ADA, NOW - 3_600_000), said(1, 2, "ok", BOB), said(1, 3, "ok", VISITOR))
    assert len(store.pending(1)) == 1
    apply(store, Event(1, 4, NOW, ADA, Noted("ok")))
    assert len(store.pending(1)) == 1


def test_the_visitors_marks_show_how_far_a_line_has_got() -> None:
    store = ready(card(1), Resume(1, 0, 2), said(1, 1, "a", ADA), said(1, 2, "b", ADA))
    first, second = store.talks[1].events
    assert store.line_state(first) is LineState.sent
    apply(store, VisitorMarks(1, 2, 1))
    assert store.line_state(first) is LineState.read
    assert store.line_state(second) is LineState.delivered


def test_a_refused_line_is_kept_retried_and_taken_back() -> None:
    store = ready(card(1), Resume(1, 0, 1), said(1, 1))
    store.enqueue(Say("cid-00001", 1, "hello"), NOW)
    touched = apply(store, Refused(Code.closed, "The chat is over.", "cid-00001", 1))
    assert {Touched(Topic.talk, 1), Touched(Topic.answer)} <= touched
    [line] = store.pending(1)
    assert (line.state, line.why) == (LineState.failed, "The chat is over.")
    assert store.mine()[0].failed == 1
    assert store.needs_me()[0].why is Why.failed
    store.retry("cid-00001", "cid-00002", NOW)
    assert [(line.cid, line.state) for line in store.pending(1)] == [("cid-00002", LineState.pending)]
    apply(store, Refused(Code.closed, "The chat is over.", "cid-00002", 1))
    assert store.take_back("cid-00002") == "hello"
    assert store.pending(1) == []
    assert store.take_back("cid-00002") == ""
    assert [command for _, command in store.take_refusals()] == [
        Say("cid-00001", 1, "hello"),
        Say("cid-00002", 1, "hello"),
    ]


def test_a_line_under_way_cannot_be_taken_back() -> None:
    store = ready(card(1))
    store.enqueue(Say("cid-00001", 1, "hello"), NOW)
    assert store.take_back("cid-00001") == ""
    assert store.retry("cid-00001", "cid-00002", NOW) == set()
    assert len(store.pending(1)) == 1


def test_one_lane_goes_one_by_one_and_lanes_do_not_wait_for_each_other() -> None:
    store = ready(card(1), card(2))
    for cid, chat in (("cid-00001", 1), ("cid-00002", 1), ("cid-00003", 2)):
        store.enqueue(Say(cid, chat, "x"), NOW)
    store.enqueue(Open("cid-00004", 1), NOW)
    assert [command.cid for command in store.outbox.due(NOW)] == ["cid-00001", "cid-00003", "cid-00004"]
    store.outbox.sent("cid-00001")
    assert [command.cid for command in store.outbox.due(NOW)] == ["cid-00003", "cid-00004"]
    apply(store, Refused(Code.slow_down, "Slowly.", "cid-00001", 1, 500))
    assert "cid-00001" not in [command.cid for command in store.outbox.due(NOW)]
    assert store.outbox.next_due(NOW) == 500
    assert store.outbox.due(NOW + 500)[0].cid == "cid-00001"
    apply(store, Ack("cid-00001", 1, 1))
    assert "cid-00002" in [command.cid for command in store.outbox.due(NOW)]
    assert store.take_refusals() == []


def test_a_full_outbox_says_so_and_takes_nothing() -> None:
    store = ready(card(1))
    for number in range(LIMIT):
        store.enqueue(Note(f"cid-{number:05}", 1, "x"), NOW)
    with pytest.raises(OutboxFull, match="Wait until the link is back"):
        store.enqueue(Note("cid-99999", 1, "x"), NOW)
    assert len(store.pending(1)) == LIMIT


def test_words_survive_a_crash_and_deeds_of_the_moment_do_not() -> None:
    store = ready(card(1), Resume(1, 0, 1), said(1, 1))
    store.enqueue(Say("cid-00001", 1, "on its way ☃"), NOW)
    store.enqueue(Note("cid-00002", 1, "refused"), NOW)
    store.enqueue(Take("cid-00003", 5), NOW)
    apply(store, Refused(Code.closed, "The chat is over.", "cid-00002", 1))
    store.set_draft(1, "half an ans")
    store.set_draft(1, "half a note", note=True)
    store.remember(1, "earlier")
    data = msgspec.json.decode(msgspec.json.encode(store.words()))
    again = Store()
    again.restore(data)
    assert [(line.text, line.state) for line in again.pending(1)] == [
        ("on its way ☃", LineState.pending),
        ("refused", LineState.failed),
    ]
    assert [command.cid for command in again.outbox.due(NOW)] == ["cid-00001"]
    assert (again.draft(1), again.draft(1, note=True)) == ("half an ans", "half a note")
    assert again.history(1) == ["earlier"]


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"outbox": 5, "drafts": 5, "note_drafts": [], "history": {"1": "x"}},
        {"outbox": [5, {"command": {"t": "take", "cid": "cid-00003", "chat": 5}, "made_at": 1}, {}]},
        {"drafts": {"x": "y"}},
    ],
)
def test_damaged_words_are_left_out(damaged: dict[str, object]) -> None:
    store = Store()
    store.restore(damaged)
    assert not store.outbox.entries
    assert not store.drafts


def test_a_draft_never_changes_its_mode_and_the_history_is_short() -> None:
    store = Store()
    store.set_draft(1, "secret", note=True)
    assert store.draft(1) == ""
    store.set_draft(1, "", note=True)
    assert store.note_drafts == {}
    for number in range(70):
        store.remember(1, f"text {number // 2}")
    assert store.history(1) == [f"text {number}" for number in range(35)]
    for number in range(70):
        store.remember(1, f"more {number}")
    assert len(store.history(1)) == 50


def test_the_history_of_many_long_texts_begins_with_the_newest_chats() -> None:
    store = Store()
    for chat in range(1, 61):
        store.remember(chat, "x" * MAX_TEXT)
    kept = [chat for chat in range(1, 61) if store.history(chat)]
    assert kept == list(range(61 - len(kept), 61))
    assert sum(len(text) for chat in kept for text in store.history(chat)) <= HISTORY_CHARS


def test_questions_of_the_console_itself_never_meet_a_full_outbox() -> None:
    store = ready(card(1), Resume(1, 0, 0))
    for number in range(LIMIT):
        store.enqueue(Note(f"cid-{number:05}", 1, "x"), NOW)
    store.enqueue(Open("cid-99999", 2, 0), NOW)
    assert "cid-99999" in store.outbox.entries


def test_refused_lines_do_not_wait_for_the_server_and_go_with_the_chat_that_is_put_away() -> None:
    store = ready(card(1), Resume(1, 0, 0))
    for number in range(LIMIT):
        cid = f"cid-{number:05}"
        store.enqueue(Note(cid, 1, "x"), NOW)
        apply(store, Refused(Code.invalid, "No.", cid))
    store.enqueue(Say("cid-99998", 1, "on its way"), NOW)
    store.enqueue(Note("cid-99999", 2, "another chat's"), NOW)
    apply(store, Refused(Code.invalid, "No.", "cid-99999"))
    before = store.outbox.version
    store.outbox.throw_away(1)
    assert [*store.outbox.entries] == ["cid-99998", "cid-99999"]
    assert store.outbox.version > before
