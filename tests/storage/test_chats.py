"""Chats and their logs in the database: what is written is what is read, by whatever question."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentconsole import protocol as p
from agentconsole.backend.board import Board
from agentconsole.backend.desk.admin import Alive, Awake
from agentconsole.backend.desk.made import Made
from agentconsole.backend.desk.staff import SaveMarks
from agentconsole.backend.desk.visits import Where
from agentconsole.backend.domain.chat import Expire, VisitorLink, VisitorPage
from agentconsole.backend.domain.life import Entry, Refusal
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.backend.domain.spans import DAY_MS
from agentconsole.backend.storage import chats, feedback, letters
from agentconsole.backend.storage.batch import TOGETHER
from agentconsole.backend.storage.chats import COLUMNS, HOT, MUTABLE
from agentconsole.backend.storage.seats import Seat
from tests.storage.house import NOW, SALES, SUPPORT, House, begin_chat, begin_message, new_cid

few = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


def talk(house: House, kinds: str) -> tuple[Actor, int]:
    """A chat with lines (v, a: visitor and agent) and notes (n) in this order."""
    vera, head = house.start(text="")
    house.do(house.ann, p.Take(new_cid(), head.id))
    words: dict[str, Any] = {"v": (vera, p.Say), "a": (house.ann, p.Say), "n": (house.ann, p.Note)}
    house.batch(*((words[k][0], words[k][1](new_cid(), head.id, f"{k}{i}")) for i, k in enumerate(kinds)))
    return vera, head.id


@few
@given(
    st.text("van", max_size=25),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(1, 30)), min_size=1, max_size=12),
)
def test_pages_of_the_log_are_slices_of_it(
    house: House, kinds: str, pages: list[tuple[int, int, int]]
) -> None:
    _, chat = talk(house, kinds)
    whole = house.log(chat)
    assert [entry.seq for entry in whole] == list(range(1, len(kinds) + 3))
    for after, before, limit in pages:
        wanted = [e for e in whole if e.seq > after and (not before or e.seq < before)][-limit:]
        found = house.database.read_now(
            lambda db, a=after, b=before, n=limit: chats.staff_log(db, chat, a, b, n)
        )
        assert found == wanted
        public = house.database.read_now(lambda db, a=after, n=limit: chats.public_log(db, chat, a, n))
        assert public == [e for e in whole if e.pub > after][:limit]


def test_notes_lie_where_visitors_cannot_look(house: House) -> None:
    _, chat = talk(house, "vnan")
    public = house.database.read_now(lambda db: chats.public_log(db, chat))
    assert [entry.pub for entry in public] == [1, 2, 3, 4]
    with house.database.writer_engine.begin() as connection:
        rows = connection.exec_driver_sql("SELECT kind, what FROM public_event").fetchall()
        assert {row[0] for row in rows} == {"started", "took", "said"}
        assert not any("n1" in row[1] or "n3" in row[1] for row in rows)
        rows = connection.exec_driver_sql("SELECT kind FROM staff_event").fetchall()
        assert [row[0] for row in rows] == ["noted", "noted"]


def test_a_batch_is_written_as_if_its_commands_had_come_alone(house: House) -> None:
    def play(together: bool) -> list[Entry]:
        vera, head = house.start()
        orders: list[tuple[Actor, Any]] = [
            (house.ann, p.Take(new_cid(), head.id)),
            (house.bob, p.Take(new_cid(), head.id)),
            (vera, p.Say(new_cid(), head.id, "one")),
            (house.ann, p.Note(new_cid(), head.id, "two")),
            (house.ann, p.SetStatus(new_cid(), p.Status.away, "lunch")),
            (house.ann, p.Say(new_cid(), head.id, "three")),
            (house.ann, p.Close(new_cid(), head.id)),
            (vera, p.Say(new_cid(), head.id, "four")),
            (vera, begin_chat(text="five")),
        ]
        made = house.batch(*orders) if together else [house.try_(*order) for order in orders]
        assert [each.refusal.code if each.refusal else "" for each in made] == [
            "",
            "taken",
            *[""] * 7,
        ]
        last = house.head(head.id)
        assert (last.state, last.seq, last.pub, last.unanswered) == (p.State.active, 11, 9, 2)
        house.do(house.ann, p.SetStatus(new_cid(), p.Status.online))
        return [Entry(e.seq, e.pub, e.at, e.by, e.what) for e in house.log(head.id)]

    assert play(together=True) == play(together=False)


def test_many_chats_in_one_batch_are_each_written_as_decided(house: House) -> None:
    """More rows than one statement takes, of both kinds: what lists show, and the numbers that a line moves."""
    started = [house.start(text=f"first {number}") for number in range(2 * TOGETHER + 3)]
    takes = [(house.ann, p.Take(new_cid(), head.id)) for _, head in started]
    says = [(vera, p.Say(new_cid(), head.id, f"line of {head.id}")) for vera, head in started]
    for orders in (takes, says):
        for made in house.batch(*orders):
            assert house.head(made.about) == made.changes[0].after
    for _, head in started:
        assert house.log(head.id)[-1].what == p.Said(f"line of {head.id}")


def test_refusals_write_nothing(house: House) -> None:
    vera, head = house.start()
    with house.database.writer_engine.begin() as connection:
        before = _everything(connection)
    made = house.batch(
        (house.ann, p.Say(new_cid(), head.id, "not mine")),
        (house.bob, p.Close(new_cid(), head.id)),
        (vera, p.Say(new_cid(), head.id, " ")),
        (vera, p.Say(new_cid(), 99, "foreign")),
        (house.visitor(), begin_chat(99)),
        (house.visitor(), begin_message(email="nonsense")),
        (house.ann, p.SaveCanned(new_cid(), "x", "y", everybody=True)),
        (house.ann, p.HandleLeft(new_cid(), 99)),
    )
    assert all(each.refusal and not each.changes and not each.news for each in made)
    with house.database.writer_engine.begin() as connection:
        assert _everything(connection) == before


def _everything(connection: Any) -> dict[str, list[Any]]:
    tables = (
        "chat",
        "public_event",
        "staff_event",
        "receipt",
        "visitor",
        "left_message",
        "canned",
        "mark",
        "seat",
    )
    return {name: sorted(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {name}"))) for name in tables}


def test_hot_columns_are_those_that_no_list_shows() -> None:
    assert set(HOT) < set(MUTABLE) < set(COLUMNS)
    shown = set(p.ChatCard.__struct_fields__) - {"seq", "pub", "asked_at"}  # asked_at is live in Pulse alone
    assert not shown & set(HOT)


def test_who_has_waited_longest_comes_next(house: House) -> None:
    waiting = []
    for minute in range(4):
        house.now = NOW + minute * 60_000
        waiting.append(house.start()[1].id)
    house.start(department=SUPPORT)
    house.do(house.ann, p.Take(new_cid(), waiting[0]))
    house.now += 60_000
    newest = house.start()[1].id
    house.do(house.ann, p.Release(new_cid(), waiting[0]))
    taken = [house.do(house.bob, p.TakeNext(new_cid())).about for _ in range(5)]
    assert taken == [*waiting, newest]
    refusal = house.try_(house.bob, p.TakeNext(new_cid())).refusal
    assert refusal is not None
    assert refusal.code is p.Code.gone, "support is none of Bob's business"
    refusal = house.try_(house.bob, p.TakeNext(new_cid(), SUPPORT)).refusal
    assert refusal is not None
    assert refusal.code is p.Code.gone


def test_marks_never_go_back(house: House) -> None:
    _, chat = talk(house, "vava")
    for delivered, read, wanted in ((3, 1, (3, 1)), (2, 2, (3, 2)), (5, 0, (5, 2))):
        house.system(SaveMarks(((chat, "v", delivered, read), (chat, "s", 1, 1))))
        assert house.database.read_now(lambda db: chats.marks(db, [chat])) == {
            (chat, "v"): wanted,
            (chat, "s"): (1, 1),
        }


def test_what_is_due(house: House) -> None:
    _, waiting = house.start()
    _, wrapup = house.start()
    house.do(house.ann, p.Take(new_cid(), wrapup.id))
    house.do(house.ann, p.Close(new_cid(), wrapup.id))
    house.system(VisitorLink(waiting.id, False))

    def due(at: int) -> list[int]:
        return house.database.read_now(lambda db: chats.due(db, at))

    assert due(NOW + 29_999) == []
    assert due(NOW + 30_000) == [wrapup.id]
    assert due(NOW + 60_000) == [wrapup.id, waiting.id]
    assert due(2**52) == [wrapup.id, waiting.id]


def test_answered_waits_leave_drills_out(house: House) -> None:
    for seconds, drill in ((10, False), (20, True), (30, False)):
        _, head = house.start(where=Where(drill=drill))
        house.now += seconds * 1000
        house.do(house.ann, p.Take(new_cid(), head.id))
    house.start()
    assert house.database.read_now(lambda db: chats.answered_waits(db, SALES)) == [30_000, 10_000]
    assert house.database.read_now(lambda db: chats.answered_waits(db, SUPPORT)) == []


def test_the_last_waits_are_those_that_were_answered_last(house: House) -> None:
    begun = []
    for _ in range(4):
        begun.append(house.start()[1])
        house.now += 1_000
    for head in (begun[2], begun[0], begun[3]):
        house.now += 10_000
        house.do(house.ann, p.Take(new_cid(), head.id))
        house.do(house.ann, p.Close(new_cid(), head.id))
    assert house.database.read_now(lambda db: chats.answered_waits(db, SALES, 2)) == [31_000, 24_000]


def test_who_waits_again_has_waited_since_then(house: House) -> None:
    board = Board()
    house.database.read_now(lambda db: board.load(db, NOW))

    def put(made: Made) -> None:
        for change in made.changes:
            board.put(change.after, house.now)

    vera, head = house.start()
    board.put(house.head(head.id))
    for seconds in (10, 600, 5):
        house.now += seconds * 1000
        say, take, release = (
            p.Say(new_cid(), head.id, "still here"),
            p.Take(new_cid(), head.id),
            p.Release(new_cid(), head.id),
        )
        put(house.do(house.ann, release if seconds == 600 else take))
        put(house.do(vera, say))
    assert list(board.waits[SALES]) == [10_000, 5_000]
    assert house.database.read_now(lambda db: chats.answered_waits(db, SALES)) == [5_000]


# --- the server was away -------------------------------------------------------------------------------------------------


def test_deadlines_are_put_off_by_the_time_that_nobody_was_there(house: House) -> None:
    _, waiting = house.start()
    vera, lost = house.start()
    _, wrapup = house.start()
    house.do(house.ann, p.Take(new_cid(), wrapup.id))
    house.do(house.ann, p.Close(new_cid(), wrapup.id))
    house.system(VisitorLink(lost.id, False))
    house.now += 10_000
    house.system(Alive())
    house.now += 3_600_000
    house.system(Awake())
    assert house.head(wrapup.id).due_at == NOW + 30_000 + 3_600_000
    assert house.head(lost.id).due_at == NOW + 60_000 + 3_600_000
    assert house.head(lost.id).lost_at == NOW
    assert house.head(waiting.id).lost_at == house.now, "nobody has a link to a server that starts"
    assert house.head(waiting.id).due_at == house.now + 60_000 + 60_000, (
        "windows come back spread over a minute"
    )
    assert house.head(waiting.id).version > waiting.version
    house.now += 10_000
    assert house.database.read_now(lambda db: chats.due(db, house.now)) == []
    house.do(vera, p.Leave(new_cid(), lost.id))
    house.system(VisitorLink(waiting.id, True))
    assert house.head(waiting.id).due_at == 0


def test_a_first_start_puts_nothing_off(house: House) -> None:
    _, head = house.start()
    house.system(VisitorLink(head.id, False))
    house.system(Awake())
    assert house.head(head.id).due_at == NOW + 60_000


# --- the board -------------------------------------------------------------------------------------------------------


def _shown(board: Board) -> dict[str, Any]:
    return {
        "heads": board.heads,
        "of_visitor": dict(board.of_visitor),
        "of_owner": dict(board.of_owner),
        "queues": {key: queue for key, queue in board.queues.items() if queue},
        "seats": board.seats,
        "canned": board.canned,
        "left": board.left,
        "departments": board.departments,
        "users": board.users,
    }


STEPS = st.lists(
    st.tuples(
        st.integers(0, 17), st.integers(0, 99), st.integers(0, 99), st.sampled_from((0, 1_000, 40_000))
    ),
    min_size=5,
    max_size=30,
)


@few
@given(STEPS)
def test_the_board_equals_one_that_is_read_anew(house: House, steps: list[tuple[int, int, int, int]]) -> None:
    visitors: list[Actor] = [house.start()[0]]
    board = Board()
    house.database.read_now(lambda db: board.load(db, house.now))
    for kind, who, which, passed in steps:
        house.now += passed
        actor, command = _anything(house, visitors, kind, who, which)
        made = house.try_(actor, command)
        if made.visitor and not actor.id:
            visitors.append(Actor(p.Side.visitor, made.visitor, token_hash=actor.token_hash))
        for change in made.changes:
            if change.before is None or change.before.version != change.after.version:
                board.put(change.after)
            else:
                board.quick_put(change.after)
        for item in made.news:
            if isinstance(item, p.LeftCard):
                board.put_left(item, house.now)
            elif isinstance(item, p.CannedCard):
                board.canned[item.id] = item
            elif isinstance(item, Seat):
                board.put_seat(item)
    fresh = Board()
    house.database.read_now(lambda db: fresh.load(db, house.now))
    assert _shown(board) == _shown(fresh)


def test_the_board_forgets_what_was_handled_a_day_ago(house: House) -> None:
    board = Board()

    def told(actor: Actor, command: Any) -> p.LeftCard:
        for item in house.do(actor, command).news:
            if isinstance(item, p.LeftCard):
                board.put_left(item, house.now)
                return item
        raise AssertionError("no left message")

    old, waiting = (told(house.visitor(), begin_message()) for _ in range(2))
    told(house.ann, p.HandleLeft(new_cid(), old.id))
    house.now += DAY_MS + 1
    fresh = told(house.visitor(), begin_message())
    anew = Board()
    house.database.read_now(lambda db: anew.load(db, house.now))
    assert [*board.left] == [*anew.left] == [waiting.id, fresh.id]


def test_of_too_many_left_messages_the_newest_are_read(house: House) -> None:
    for _ in range(3):
        house.do(house.visitor(), begin_message())
    found = house.database.read_now(lambda db: letters.left_since(db, house.now, 2))
    assert [card.id for card in found] == [2, 3], "whoever comes later must see what came last"


def test_the_board_keeps_as_much_feedback_as_is_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "RECENT", 2)
    board = Board()
    for key, acknowledged_at in ((1, 0), (2, 9), (3, 9)):
        card = p.FeedbackCard(key, 1, 1, "Ann", 2, "Sue", NOW, "well", acknowledged_at=acknowledged_at)
        board.put_feedback(feedback.Filed(card, SALES))
    assert [*board.feedback] == [1, 3], "what is not acknowledged, and the newest"


def _anything(house: House, visitors: list[Actor], kind: int, who: int, which: int) -> tuple[Actor, Any]:
    heads = sorted(house.database.read_now(chats.open_chats), key=lambda head: head.id)
    chat = heads[which % len(heads)].id if heads else which + 1
    staff = (house.ann, house.bob, house.sue)[who % 3]
    vera = (*visitors, house.visitor())[who % (len(visitors) + 1)]
    wishes: list[tuple[Actor, Any]] = [
        (vera, begin_chat()),
        (vera, begin_chat(SUPPORT, text="")),
        (vera, p.Say(new_cid(), chat, "x")),
        (vera, p.Leave(new_cid(), chat)),
        (vera, begin_message(chat=chat)),
        (vera, VisitorPage(chat, "https://x.example/")),
        (staff, p.Take(new_cid(), chat)),
        (staff, p.TakeNext(new_cid())),
        (staff, p.Say(new_cid(), chat, "y")),
        (staff, p.Note(new_cid(), chat, "z")),
        (staff, p.Close(new_cid(), chat)),
        (staff, p.Reopen(new_cid(), chat)),
        (staff, p.Release(new_cid(), chat)),
        (staff, p.SetStatus(new_cid(), p.Status.away)),
        (staff, p.SaveCanned(new_cid(), "a", "b")),
        (SYSTEM, VisitorLink(chat, False)),
        (SYSTEM, VisitorLink(chat, True)),
        (SYSTEM, Expire(chat)),
    ]
    return wishes[kind]


@pytest.mark.parametrize("key", [1, 2**53])
def test_what_does_not_exist_is_unknown(house: House, key: int) -> None:
    for command in (p.Say(new_cid(), key, "x"), p.Take(new_cid(), key), p.Note(new_cid(), key, "x")):
        refusal = house.try_(house.ann, command).refusal
        assert isinstance(refusal, Refusal)
        assert refusal.code is p.Code.unknown
