"""Heads stay in memory between batches, and are never older than their rows."""

import pytest
from sqlalchemy import update

from agentconsole import protocol as p
from agentconsole.backend.desk import desk
from agentconsole.backend.desk.desk import Job, work
from agentconsole.backend.storage.tables import chat as table
from tests.storage.house import House, new_cid


def test_a_row_changed_by_another_hand_is_read_again(house: House) -> None:
    visitor, head = house.start()
    house.do(visitor, p.Say(new_cid(), head.id, "one"))
    with house.database.writer_engine.begin() as other:
        other.execute(update(table).values(name="Renamed", version=table.c.version + 1))
    made = house.do(visitor, p.Say(new_cid(), head.id, "two"))
    assert made.changes[0].after.name == "Renamed"


def test_a_batch_that_fails_leaves_no_heads(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, head = house.start()
    house.do(visitor, p.Say(new_cid(), head.id, "kept"))
    failing = Job(visitor, p.Say(new_cid(), head.id, "lost"), house.now, lambda made: None)
    with monkeypatch.context() as broken:
        broken.setattr(desk, "Change", _fails)
        with pytest.raises(ZeroDivisionError), house.database.writer_engine.begin() as connection:
            work(connection, [failing], False)
    made = house.do(visitor, p.Say(new_cid(), head.id, "kept too"))
    assert house.head(head.id) == made.changes[0].after
    assert [entry.seq for entry in house.log(head.id)] == list(range(1, made.seq + 1))


def test_memory_and_rows_agree_after_every_batch(house: House) -> None:
    started = [house.start() for _ in range(3)]
    for turn in range(4):
        house.try_(house.ann, p.TakeNext(new_cid()))
        for visitor, head in started:
            made = house.do(visitor, p.Say(new_cid(), head.id, f"line {turn}"))
            assert house.head(head.id) == made.changes[0].after


def _fails(*arguments: object) -> None:
    raise ZeroDivisionError
