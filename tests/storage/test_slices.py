"""Changes of many tickets at once: made in slices of which a crash forgets none, and each ticket is changed once."""

from __future__ import annotations

from typing import Any

import pytest

from agentconsole import protocol as p
from agentconsole.backend.desk import slices
from agentconsole.backend.desk.admin import DisableUser, GiveGrant, SetDepartment, WithdrawGrant
from agentconsole.backend.desk.made import TicketMade
from agentconsole.backend.desk.rules import PutRule
from agentconsole.backend.desk.slices import GoOn
from agentconsole.backend.desk.ticketing import ExpireTicket
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.domain.rules import Rule
from agentconsole.backend.domain.ticket import Ticket
from agentconsole.backend.storage import backlog, rules, tickets
from agentconsole.backend.storage.backlog import Left, Work
from agentconsole.protocol import RuleWish, TicketStatus
from tests.storage.house import NOW, SALES, SUPPORT, House, new_cid

HOUR = 3_600_000
GONE = p.TicketChanged("assignee", "Ann", "", "Ann cannot answer here any more")


@pytest.fixture(autouse=True)
def somebody_who_stays(house: House) -> None:
    house.do(SYSTEM, GiveGrant("sue", p.Role.admin))


def one(house: House, key: int) -> Ticket:
    found = house.database.read_now(lambda db: tickets.one(db, key))
    assert found is not None
    return found


def whats(house: House, key: int) -> list[Any]:
    return [line.what for line in house.database.read_now(lambda db: tickets.log(db, key))]


def given(house: House, status: str = "open", department: int = SALES) -> int:
    """A ticket that Ann has, in this status."""
    new = p.NewTicket(new_cid(), department, "Late", "Where is it?", "v@x.example")
    key = house.do(SYSTEM, new).about
    house.do(SYSTEM, p.SetTicket(new_cid(), key, assignee=house.ann.id))
    if status != "new":
        until = {"hold_until": NOW + HOUR} if status == "hold" else {}
        house.do(SYSTEM, p.SetTicket(new_cid(), key, status=TicketStatus(status), **until))
    return key


def left(house: House) -> list[Left]:
    return house.database.read_now(backlog.every)


def go_on(house: House) -> list[list[int]]:
    """Do what is left as the clock does, until nothing is; which tickets each slice changed."""
    changed = []
    while found := left(house):
        for work, about, _ in found:
            made = house.do(SYSTEM, GoOn(work, about))
            changed.append([item.after.id for item in made.news if isinstance(item, TicketMade)])
        assert len(changed) < 99, "it comes to an end"
    return changed


@pytest.mark.parametrize("order", [DisableUser("ann"), WithdrawGrant("ann", p.Role.agent, "sales")])
def test_what_somebody_who_leaves_has_to_do_is_nobodys(house: House, order: Any) -> None:
    undone = [given(house, status) for status in ("new", "open", "waiting", "hold")]
    over = [given(house, status) for status in ("solved", "closed")]
    made = house.do(SYSTEM, order)
    assert [item.after.id for item in made.news if isinstance(item, TicketMade)] == undone
    for key in undone:
        assert (one(house, key).assignee, one(house, key).assignee_name) == (0, "")
        assert whats(house, key)[-1] == GONE
    assert [one(house, key).assignee for key in over] == [house.ann.id] * 2, "who solved it stands there"
    assert left(house) == []


def test_a_right_that_is_left_is_enough(house: House) -> None:
    house.do(SYSTEM, GiveGrant("ann", p.Role.supervisor))
    house.do(SYSTEM, GiveGrant("ann", p.Role.agent, "support"))
    mine = given(house), given(house, department=SUPPORT)
    house.do(SYSTEM, WithdrawGrant("ann", p.Role.agent, "sales"))
    assert [one(house, key).assignee for key in mine] == [house.ann.id] * 2
    house.do(SYSTEM, WithdrawGrant("ann", p.Role.supervisor))
    assert [one(house, key).assignee for key in mine] == [0, house.ann.id]


def test_many_tickets_are_let_go_in_slices(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE", 2)
    keys = [given(house) for _ in range(5)]
    house.do(SYSTEM, DisableUser("ann"))
    assert [one(house, key).assignee for key in keys] == [0, 0, *[house.ann.id] * 3]
    assert left(house) == [Left(Work.free, house.ann.id, keys[1])], "this is what a crash leaves"
    assert go_on(house) == [keys[2:4], keys[4:]]
    assert [whats(house, key).count(GONE) for key in keys] == [1] * 5
    assert house.do(SYSTEM, GoOn(Work.free, house.ann.id)).news == [], "a stale one does nothing"
    assert house.try_(house.ann, GoOn(Work.free, house.ann.id)).refusal is not None


def test_who_comes_back_in_between_keeps_what_is_left(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE", 1)
    keys = [given(house) for _ in range(3)]
    house.do(SYSTEM, DisableUser("ann"))
    house.do(SYSTEM, DisableUser("ann", False))
    assert go_on(house) == [[], [], []]
    assert [one(house, key).assignee for key in keys] == [0, house.ann.id, house.ann.id]


def test_what_is_reopened_is_nobodys_if_whoever_had_it_has_left(house: House) -> None:
    keys = [given(house, "solved") for _ in range(2)]
    solved = given(house, "solved")
    house.do(SYSTEM, WithdrawGrant("ann", p.Role.agent, "sales"))
    house.do(SYSTEM, PutRule(RuleWish("n", p.RuleEvent.status_changed, ["tag free"], "assignee is nobody")))
    house.do(house.bob, p.SetTicket(new_cid(), keys[0], status=TicketStatus.open))
    assert GONE in whats(house, keys[0])
    assert one(house, keys[0]).tags == ("free",), "rules know it"
    house.do(house.bob, p.MergeTicket(new_cid(), given_to_nobody(house), keys[1]))
    assert [(one(house, key).status, one(house, key).assignee) for key in keys] == [("open", 0)] * 2
    house.do(house.bob, p.NoteTicket(new_cid(), solved, "Good work."))
    assert one(house, solved).assignee == house.ann.id
    house.do(SYSTEM, PutRule(RuleWish("r", p.RuleEvent.agent_replied, ["status open"])))
    house.do(house.bob, p.ReplyTicket(new_cid(), solved, "One more.", 99, status=TicketStatus.solved))
    assert (one(house, solved).status, one(house, solved).assignee) == ("open", 0), "a rule reopened it"


def given_to_nobody(house: House) -> int:
    return house.do(SYSTEM, p.NewTicket(new_cid(), SALES, "More", "And?", "v@x.example")).about


def test_new_levels_wind_many_clocks_in_slices(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE", 2)
    keys = [given(house, department=SALES) for _ in range(5)]
    house.do(SYSTEM, SetDepartment("sales", levels=["normal first=4h always"]))
    assert [one(house, key).first_due for key in keys] == [NOW + 4 * HOUR] * 2 + [0] * 3
    assert left(house) == [Left(Work.wind, SALES, keys[1])]
    house.do(SYSTEM, SetDepartment("sales", levels=["normal first=2h always"]))  # before it is through
    house.do(SYSTEM, p.SetTicket(new_cid(), keys[4], priority=p.TicketPriority.high))
    go_on(house)
    assert [one(house, key).first_due for key in keys] == [NOW + 2 * HOUR] * 4 + [0]
    assert left(house) == []


def test_a_clock_that_is_not_wound_anew_yet_rings_by_the_new_level(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.do(SYSTEM, SetDepartment("sales", levels=["normal first=1h always warn=1m"]))
    keys = [given(house) for _ in range(3)]
    monkeypatch.setattr(slices, "SLICE", 1)
    house.do(SYSTEM, SetDepartment("sales", levels=["normal first=3h always warn=1m"]))
    house.now += HOUR
    before = [whats(house, key) for key in keys]
    assert house.database.read_now(lambda db: tickets.due(db, house.now)) == keys[1:], "by the old one"
    for key in keys:
        house.do(SYSTEM, ExpireTicket(key))
    assert [whats(house, key) for key in keys] == before, "nothing is told too early"
    assert [one(house, key).first_due for key in keys] == [NOW + 3 * HOUR] * 3
    assert one(house, keys[1]).updated_at == NOW, "and it counts as quiet as before"


def test_a_slice_is_the_shorter_the_more_rules_on_time_have_to_be_asked(house: House) -> None:
    """Everybody waits for a slice, and what it takes is tickets times rules, and the moments that those name."""
    many = [Ticket(0, SALES, TicketStatus.open, "Late", NOW, NOW) for _ in range(slices.SLICE)]
    ages = " or ".join(f"age over {hours}h" for hours in range(1, 50))
    with house.database.writer_engine.begin() as connection:
        tickets.add_many(connection, many)
    sizes = []
    for count, when in ((1, "age over 1h"), (199, "age over 1h"), (1, ages), (99, ages)):
        rule = Rule(0, 0, "n", "", True, p.RuleEvent.time_passed, when, ("tag late",), False, 0, 1)
        with house.database.writer_engine.begin() as connection:
            for _ in range(count):
                rules.add(connection, rule)
            backlog.put(connection, Left(Work.wind, SALES))
        house.do(SYSTEM, GoOn(Work.wind, SALES))
        sizes += [each.after for each in left(house)]
    assert sizes == [slices.SLICE, 20, 5, 1]
