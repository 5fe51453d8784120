"""Sending a command again is harmless: it is answered with what it made, whatever has happened meanwhile."""

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentconsole import protocol as p
from agentconsole.backend.desk.admin import WithdrawGrant
from agentconsole.backend.desk.desk import Job, work
from agentconsole.backend.desk.visits import TouchVisitor, Where
from agentconsole.backend.domain.chat import Expire
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.backend.domain.spans import DAY_MS
from agentconsole.backend.storage import departments, visitors
from agentconsole.backend.storage.batch import Overtaken
from agentconsole.backend.storage.chats import WorkingSet
from tests.storage.house import SALES, SUPPORT, House, begin_chat, begin_message, new_cid

MINUTE = 60_000
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def answers(made: Any) -> tuple[int, int, int]:
    """What the sender learns."""
    assert made.refusal is None, made.refusal
    return made.about, made.seq, made.pub


def over(house: House, chat: int) -> None:
    """The chat is closed and its wrap-up ends."""
    house.do(house.ann, p.Close(new_cid(), chat))
    house.now += MINUTE
    house.do(SYSTEM, Expire(chat))
    assert house.head(chat).state is p.State.closed


def test_a_line_again(house: House) -> None:
    vera, head = house.start()
    say = p.Say(new_cid(), head.id, "once")
    first = house.do(vera, say)
    with_neighbours = house.batch(
        (vera, p.Say(new_cid(), head.id, "other")), (vera, say), (vera, say), careful=True
    )
    assert [answers(made) for made in with_neighbours[1:]] == [answers(first)] * 2
    assert [entry.what for entry in house.log(head.id)[2:]] == [p.Said("once"), p.Said("other")]


ROUNDS = st.lists(
    st.tuples(
        st.sampled_from(["new", "again", "again", "other", "restart", "note", "fails"]), st.integers(0, 99)
    ),
    min_size=4,
    max_size=30,
)


@few
@given(ROUNDS)
def test_lines_again_at_any_time_are_written_once(house: House, rounds: list[tuple[str, int]]) -> None:
    """Over batches, new connections, batches that failed, and lines written by another hand meanwhile."""
    house.alone = False
    vera, head = house.start()
    house.do(house.ann, p.Take(new_cid(), head.id))
    told: list[tuple[Actor, p.Say, tuple[int, int, int]]] = []
    for what, which in rounds:
        sender = (vera, house.ann)[which % 2]
        if what == "again" and told:
            again, say, answer = told[which % len(told)]
            assert answers(house.do(again, say)) == answer
        elif what == "restart":
            house.database.writer_engine.dispose()
        elif what == "note":
            house.do(house.ann, p.Note(new_cid(), head.id, "a note"))
        elif what == "fails":
            lost = Job(sender, p.Say(new_cid(), head.id, "lost"), house.now, lambda made: None)
            with house.database.writer_engine.connect() as connection, contextlib.suppress(Overtaken):
                connection.begin()
                try:
                    work(connection, [lost], False)
                finally:
                    connection.invalidate()  # as the writer does when its commit fails
        else:
            say = p.Say(new_cid(), head.id, f"line {len(told)}")
            if what == "other":
                with house.database.writer_engine.connect():  # so that it is done on another connection
                    made = house.do(sender, say)
            else:
                made = house.do(sender, say)
            told.append((sender, say, answers(made)))
    assert [entry.what for entry in house.log(head.id) if isinstance(entry.what, p.Said)] == [
        p.Said("hello"),
        *(p.Said(say.text) for _, say, _ in told),
    ]


def test_a_line_twice_in_one_batch(house: House) -> None:
    vera, head = house.start()
    say = p.Say(new_cid(), head.id, "once")
    first, second = house.batch((vera, say), (vera, say))
    assert answers(first) == answers(second)
    assert len(house.log(head.id)) == 3


def test_a_line_again_that_reopened_a_chat_whose_agent_may_not_answer_any_more(house: House) -> None:
    """It went back into its queue in the same command, so that the line is not the last event."""
    vera, head = house.start()
    house.do(house.ann, p.Take(new_cid(), head.id))
    house.do(house.ann, p.Close(new_cid(), head.id))
    house.system(WithdrawGrant("ann", p.Role.agent, "sales"))
    say = p.Say(new_cid(), head.id, "one thing more")
    first = house.do(vera, say)
    (line,) = (entry for entry in house.log(head.id) if entry.what == p.Said(say.text))
    assert house.log(head.id)[-1].what == p.Requeued("")
    for careful in (False, True):
        assert answers(house.do(vera, say, careful)) == (first.about, line.seq, line.pub)
    assert len(house.log(head.id)) == first.seq


def test_leaving_again_after_one_came_back_does_not_leave_again(house: House) -> None:
    """Leaving a chat in wrap-up makes no event that could bear the cid; the same once more would make one."""
    vera, head = house.start()
    house.do(house.ann, p.Take(new_cid(), head.id))
    house.do(house.ann, p.Close(new_cid(), head.id))
    leave = p.Leave(new_cid(), head.id)
    first = house.do(vera, leave)
    house.do(vera, p.Say(new_cid(), head.id, "one thing more"))
    house.database.writer_engine.dispose()
    for _ in range(2):
        assert answers(house.do(vera, leave)) == answers(first)
    assert house.head(head.id).state is p.State.active


def test_a_line_again_after_the_chat_is_over_was_sent(house: House) -> None:
    vera, head = house.start()
    house.do(house.ann, p.Take(new_cid(), head.id))
    say = p.Say(new_cid(), head.id, "last words")
    first = house.do(vera, say)
    over(house, head.id)
    assert answers(house.do(vera, say)) == answers(first)
    assert house.try_(vera, p.Say(new_cid(), head.id, "later")).refusal.code is p.Code.closed


def test_a_take_again_after_a_colleague_took_over(house: House) -> None:
    _, head = house.start()
    take = p.Take(new_cid(), head.id)
    first = house.do(house.ann, take)
    house.do(house.ann, p.Release(new_cid(), head.id))
    house.do(house.bob, p.Take(new_cid(), head.id))
    assert answers(house.do(house.ann, take)) == answers(first)
    assert house.head(head.id).owner == house.bob.id


def test_closing_again_is_answered_with_the_same_number(house: House) -> None:
    _, head = house.start()
    house.do(house.ann, p.Take(new_cid(), head.id))
    close = p.Close(new_cid(), head.id)
    assert answers(house.do(house.ann, close)) == answers(house.do(house.ann, close))


def test_the_same_cid_for_something_else_is_refused(house: House) -> None:
    vera, head = house.start()
    say = p.Say(new_cid(), head.id, "one")
    house.do(vera, say)
    for other in (p.Say(say.cid, head.id, "two"), p.Leave(say.cid, head.id)):
        refusal = house.try_(vera, other, careful=True).refusal
        assert refusal is not None
        assert refusal.code is p.Code.id_reused
    assert house.head(head.id).state is p.State.waiting
    assert len(house.log(head.id)) == 3


def test_a_cid_belongs_to_its_sender_and_chat(house: House) -> None:
    vera, head = house.start()
    willy, other = house.start()
    house.do(house.ann, p.Take(new_cid(), head.id))
    cid = new_cid()
    for actor, chat in ((vera, head.id), (house.ann, head.id), (willy, other.id)):
        house.do(actor, p.Say(cid, chat, "mine"))
    assert len(house.log(head.id)) == 5
    assert len(house.log(other.id)) == 3


def test_a_start_again_is_the_same_chat_wherever_the_visitor_is_now(house: House) -> None:
    vera = house.visitor()
    cid = new_cid()
    here = begin_chat(cid=cid, where=Where("https://x.example/a", "A"))
    there = begin_chat(cid=cid, where=Where("https://x.example/b", "B", "de", True))
    first = house.do(vera, here)
    assert answers(house.do(vera, there)) == answers(first)
    assert len(house.log(first.about)) == 2
    house.do(house.ann, p.Take(new_cid(), first.about))
    over(house, first.about)
    assert answers(house.do(vera, there)) == answers(first)
    refusal = house.try_(vera, begin_chat(cid=cid, text="other words")).refusal
    assert refusal is not None
    assert refusal.code is p.Code.id_reused


def test_a_left_message_again_is_one_message(house: House) -> None:
    vera = house.visitor()
    cid = new_cid()
    first = house.do(vera, begin_message(cid=cid))
    again = house.do(vera, begin_message(cid=cid))
    assert answers(again) == answers(first)
    assert not again.news


def test_a_refused_command_may_work_later_with_the_same_cid(house: House) -> None:
    _, head = house.start()
    say = p.Say(new_cid(), head.id, "hello")
    refusal = house.try_(house.ann, say).refusal
    assert refusal is not None
    assert refusal.code is p.Code.not_now
    house.do(house.ann, p.Take(new_cid(), head.id))
    house.do(house.ann, say)


def test_take_next_again_takes_no_second_chat(house: House) -> None:
    _, first = house.start()
    _, second = house.start()
    command = p.TakeNext(new_cid())
    made = house.do(house.ann, command)
    assert made.about == first.id
    assert answers(house.do(house.ann, command)) == answers(made)
    assert house.head(second.id).state is p.State.waiting


# --- one open chat ---------------------------------------------------------------------------------------------------


def test_one_open_chat_for_each_visitor_and_department(house: House) -> None:
    vera, head = house.start(text="one")
    again = house.do(vera, begin_chat(text="two"))
    silent = house.do(vera, begin_chat(text=""))
    elsewhere = house.do(vera, begin_chat(SUPPORT))
    assert (again.about, silent.about) == (head.id, head.id)
    assert elsewhere.about != head.id
    assert [entry.what for entry in house.log(head.id)] == [p.Started(), p.Said("one"), p.Said("two")]
    house.do(vera, p.Leave(new_cid(), head.id))
    assert house.do(vera, begin_chat()).about not in (head.id, elsewhere.about)


def test_two_windows_of_a_new_visitor_start_one_chat(house: House) -> None:
    vera = house.visitor()
    first, second = house.batch(
        (vera, begin_chat(text="from one")), (vera, begin_chat(text="from the other"))
    )
    assert first.about == second.about
    assert first.visitor == second.visitor
    assert len(house.log(first.about)) == 3


def test_the_database_itself_holds_the_line(house: House) -> None:
    """Even a batch that goes wrong cannot write a second open chat."""
    _, head = house.start()
    with (
        pytest.raises(house.database.duplicates),
        house.database.writer_engine.begin() as connection,
    ):
        WorkingSet(connection, careful=False).insert(msgspec.structs.replace(head, id=0))


def test_a_full_queue_is_said_and_leaves_nothing(house: House) -> None:
    with house.database.writer_engine.begin() as connection:
        sales = departments.one(connection, SALES)
        assert sales is not None
        departments.save(connection, msgspec.structs.replace(sales, queue_limit=2))
    started = [house.start() for _ in range(2)]
    newcomer = house.visitor()
    refusal = house.try_(newcomer, begin_chat()).refusal
    assert refusal is not None
    assert refusal.code is p.Code.full
    assert house.database.read_now(lambda db: visitors.by_token(db, newcomer.token_hash)) is None
    assert house.try_(started[0][0], begin_chat(text="me again")).refusal is None
    house.do(house.ann, p.Take(new_cid(), started[0][1].id))
    assert house.try_(newcomer, begin_chat()).refusal is None


@pytest.mark.parametrize("hours, lives", [(24, True), (25, False)])
def test_a_visitors_token_lives_a_day(house: House, hours: int, lives: bool) -> None:
    vera, head = house.start()
    house.do(vera, p.Leave(new_cid(), head.id))
    house.now += hours * 60 * MINUTE
    refusal = house.try_(Actor(p.Side.visitor, 0, token_hash=vera.token_hash), begin_chat()).refusal
    assert (refusal is None) == lives
    assert refusal is None or refusal.code is p.Code.expired


@pytest.mark.parametrize("hours, lives", [(0, True), (1, False)])
def test_a_visitors_token_lives_thirty_days_however_often_it_is_used(
    house: House, hours: int, lives: bool
) -> None:
    vera, head = house.start()
    house.do(vera, p.Leave(new_cid(), head.id))
    for _ in range(30):
        house.now += DAY_MS
        house.system(TouchVisitor(vera.id))
    house.now += hours * 60 * MINUTE
    refusal = house.try_(Actor(p.Side.visitor, 0, token_hash=vera.token_hash), begin_chat()).refusal
    assert (refusal is None) == lives
    assert refusal is None or refusal.code is p.Code.expired
