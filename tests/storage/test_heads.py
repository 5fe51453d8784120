"""Heads stay in memory between batches, and are never older than their rows."""

from typing import Any
from unittest import mock

import pytest
from sqlalchemy import update

from agentconsole import protocol as p
from agentconsole.backend.desk import desk
from agentconsole.backend.desk.admin import Alive, SetDepartment
from agentconsole.backend.desk.desk import Job, work
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.storage.batch import TOGETHER, Overtaken, Statements
from agentconsole.backend.storage.tables import chat as table
from tests.storage.house import House, new_cid


@pytest.mark.parametrize("others", [0, 1, TOGETHER + 3])
@pytest.mark.parametrize("changes", [{"version": table.c.version + 1}, {"seq": table.c.seq + 1}])
def test_a_row_changed_by_another_hand_is_noticed_and_read_again(
    house: House, others: int, changes: dict[str, Any]
) -> None:
    house.alone = False
    started = [house.start() for _ in range(others + 1)]
    visitor, head = started[others // 2]
    house.batch(*((vera, p.Say(new_cid(), each.id, "one")) for vera, each in started))
    with house.database.writer_engine.begin() as other:
        other.execute(update(table).where(table.c.id == head.id).values(name="Renamed", **changes))
    lines = [(vera, p.Say(new_cid(), each.id, "two")) for vera, each in started]
    with pytest.raises(Overtaken):
        house.batch(*lines)
    made = house.batch(*lines, careful=True)
    assert made[others // 2].changes[0].after.name == "Renamed"
    assert [answer.seq for answer in made] == [house.head(each.id).seq for _, each in started]
    assert house.do(visitor, p.Say(new_cid(), head.id, "three")).seq == house.head(head.id).seq


def test_a_line_asks_the_database_nothing(house: House) -> None:
    visitor, head = house.start()
    house.do(visitor, p.Say(new_cid(), head.id, "one"))
    with mock.patch.object(Statements, "by_ids", autospec=True, side_effect=Statements.by_ids) as asked:
        house.do(visitor, p.Say(new_cid(), head.id, "two"))
        assert [call.args[2] for call in asked.call_args_list] == [[]]
        house.do(visitor, p.Say(new_cid(), head.id, "three"), careful=True)
        assert asked.call_args_list[1].args[2] == [head.id]


def test_what_a_command_of_another_kind_leaves_alone_stays_in_memory(house: House) -> None:
    (vera, one), (vlad, other) = house.start(), house.start()
    house.batch((vera, p.Say(new_cid(), one.id, "one")), (vlad, p.Say(new_cid(), other.id, "one")))
    house.do(SYSTEM, Alive())
    assert house.do(house.ann, p.TakeNext(new_cid())).about == one.id
    with mock.patch.object(Statements, "by_ids", autospec=True, side_effect=Statements.by_ids) as asked:
        lines = house.batch(
            (vera, p.Say(new_cid(), one.id, "two")), (vlad, p.Say(new_cid(), other.id, "two"))
        )
        assert asked.call_args_list[0].args[2] == [one.id], "only what was taken is read"
    assert lines[0].changes[0].after.owner == house.ann.id


def test_settings_of_a_department_hold_from_the_next_command_on(house: House) -> None:
    visitor, head = house.start()
    house.do(house.ann, p.Take(new_cid(), head.id))
    house.do(visitor, p.Say(new_cid(), head.id, "one"))
    house.do(SYSTEM, SetDepartment("sales", wrapup_s=7))
    made = house.do(house.ann, p.Close(new_cid(), head.id))
    assert made.changes[0].after.due_at == house.now + 7_000


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
