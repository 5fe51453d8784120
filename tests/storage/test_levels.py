"""Clocks of tickets at the desk: wound by every change, wound anew when hours or levels are, told once in the log."""

from __future__ import annotations

from agentconsole import protocol as p
from agentconsole.backend.desk.admin import SetDepartment
from agentconsole.backend.desk.ticketing import ExpireTicket
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.domain.ticket import Ticket
from agentconsole.backend.storage import tickets
from agentconsole.protocol import Clock, TicketStatus
from tests.storage.house import SALES, SUPPORT, House, new_cid

HOUR = 3_600_000


def ticket(house: House) -> int:
    return house.do(SYSTEM, p.NewTicket(new_cid(), SALES, "Late", "x", "v@x.example")).about


def one(house: House, key: int) -> Ticket:
    found = house.database.read_now(lambda db: tickets.one(db, key))
    assert found is not None
    return found


def told(house: House, key: int) -> list[tuple[Clock, bool]]:
    log = house.database.read_now(lambda db: tickets.log(db, key))
    return [(line.what.clock, line.what.breached) for line in log if isinstance(line.what, p.ClockWarned)]


def test_hours_and_levels_wind_the_clocks_of_tickets_that_are_there(house: House) -> None:
    key = ticket(house)
    made = house.do(SYSTEM, SetDepartment("sales", levels=["normal first=4h"]))
    assert one(house, key).first_due == house.now + 4 * HOUR
    assert [item.after.id for item in made.news if type(item).__name__ == "TicketMade"] == [key]
    house.do(SYSTEM, SetDepartment("sales", email_hours="closed"))
    assert one(house, key).first_due == 0
    house.do(SYSTEM, SetDepartment("sales", levels=["normal first=2h always"]))
    assert one(house, key).first_due == house.now + 2 * HOUR
    before = one(house, key)
    house.do(SYSTEM, SetDepartment("sales", guide="Only broken ones."))
    assert one(house, key) == before


def test_warnings_and_breaches_stand_in_the_log_once(house: House) -> None:
    house.do(SYSTEM, SetDepartment("sales", levels=["normal first=1h solve=2h always warn=15m"]))
    key = ticket(house)
    began = house.now
    for minutes in range(0, 180, 5):
        house.now = began + minutes * 60_000
        due = house.database.read_now(lambda db: tickets.due(db, house.now))
        assert due == ([key] if minutes in (45, 60, 105, 120) else []), minutes
        for found in due:
            house.system(ExpireTicket(found))
            house.system(ExpireTicket(found))
    assert told(house, key) == [
        (clock, late) for clock in (Clock.first, Clock.solve) for late in (False, True)
    ]
    assert one(house, key).breached == (Clock.first, Clock.solve)


def test_an_answer_a_pause_a_move_and_another_priority(house: House) -> None:
    levels = ["normal first=1h next=1h solve=8h always", "urgent solve=1h always"]
    house.do(SYSTEM, SetDepartment("sales", levels=levels, address="sales@example.org", mailbox="main"))
    house.do(SYSTEM, SetDepartment("support", levels=["normal solve=2h always"]))
    key = ticket(house)
    house.now += HOUR // 2
    house.do(house.ann, p.ReplyTicket(new_cid(), key, "Hello.", 99))
    found = one(house, key)
    assert (found.status, found.due_at, found.timer_at) == (TicketStatus.waiting, 0, 0)
    house.now += 10 * HOUR
    house.do(house.ann, p.SetTicket(new_cid(), key, status=TicketStatus.open))
    assert one(house, key).solve_due == house.now + HOUR * 15 // 2
    house.do(house.ann, p.SetTicket(new_cid(), key, priority=p.TicketPriority.urgent))
    assert one(house, key).solve_due == house.now + HOUR // 2
    house.do(house.ann, p.SetTicket(new_cid(), key, priority=p.TicketPriority.normal, department=SUPPORT))
    assert one(house, key).solve_due == house.now + HOUR * 3 // 2
