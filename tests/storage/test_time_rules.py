"""Rules on time among very many tickets: each fires once a ticket and reason, at the first look after it is due."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agentconsole import protocol as p
from agentconsole.backend.desk import slices
from agentconsole.backend.desk.rules import OnTime, PutRule
from agentconsole.backend.desk.slices import GoOn
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.domain.ticket import Ticket
from agentconsole.backend.storage import backlog, tickets
from agentconsole.backend.storage.ticket_tables import rule_firing
from agentconsole.protocol import RuleEvent, RuleWish, TicketPriority, TicketStatus
from tests.storage.house import NOW, SALES, SUPPORT, House, new_cid

MINUTE, HOUR = 60_000, 3_600_000
MANY = 20_000
YOUNG = 240  # of them were made lately, one a minute; the others rest
PERIOD = 10 * MINUTE
LOOKS = 9
AGE, WAITING, QUIET = 1, 2, 3


@dataclass(frozen=True)
class Model:
    """What the rules below ask about a ticket."""

    created_at: int
    updated_at: int
    asked_at: int
    department: int
    urgent: bool
    fired: frozenset[int] = frozenset()

    def fires(self, now: int) -> frozenset[int]:
        found = set()
        if now - self.created_at > 4 * HOUR:
            found.add(AGE)
        if self.department == SALES and self.asked_at and now - self.asked_at > 2 * HOUR:
            found.add(WAITING)
        if self.urgent and now - self.updated_at > HOUR:
            found.add(QUIET)
        return frozenset(found) - self.fired


def write_rules(house: House) -> None:
    for name, when, department in (
        ("age", "age over 4h and not tag is old", 0),
        ("waiting", "waiting over 2h", SALES),
        ("quiet", "quiet over 1h and priority is urgent", 0),
    ):
        wish = RuleWish(name, RuleEvent.time_passed, ["note Look."], when, department=department)
        house.do(SYSTEM, PutRule(wish))


def young(number: int) -> Ticket:
    """A ticket that was made so many minutes ago; nothing is due on it now."""
    at = NOW - number * MINUTE
    asked = number % 3 == 0 and number < 120
    return Ticket(
        0,
        SUPPORT if number % 2 else SALES,
        TicketStatus.open,
        "young",
        at,
        NOW - number % 60 * MINUTE,
        solve_since=at,
        asked_at=at if asked else 0,
        priority=TicketPriority.urgent if number % 10 == 0 else TicketPriority.normal,
    )


def old() -> Ticket:
    return Ticket(
        0, SALES, TicketStatus.open, "old", NOW - 900 * HOUR, NOW - 900 * HOUR, solve_since=1, tags=("old",)
    )


def fill(house: House) -> dict[int, Model]:
    """Very many tickets; the model of those on which anything can fire."""
    new = [old() for _ in range(MANY - YOUNG)] + [young(number) for number in range(YOUNG)]
    with house.database.writer_engine.begin() as connection:
        tickets.add_many(connection, new)
    return {
        key: Model(
            each.created_at, each.updated_at, each.asked_at, each.department, each.priority == "urgent"
        )
        for key, each in enumerate(new, 1)
        if each.subject == "young"
    }


def test_each_rule_fires_once_a_ticket_and_reason_among_very_many(house: House) -> None:
    models = fill(house)
    write_rules(house)
    for _ in range(MANY // slices.SLICE + 1):
        for work, about, _ in house.database.read_now(backlog.every):
            house.do(SYSTEM, GoOn(work, about))
    assert not house.database.read_now(backlog.every)
    expected = set()
    for look in range(LOOKS):
        house.now += PERIOD
        for key, model in models.items():
            if fired := model.fires(house.now):
                expected |= {(rule, key, house.now) for rule in fired}
                models[key] = replace(model, fired=model.fired | fired, updated_at=house.now)
        for key in house.database.read_now(lambda db: tickets.ripe(db, house.now, MANY)):
            house.system(OnTime(key))
        assert not house.database.read_now(lambda db: tickets.ripe(db, house.now, 1))
        if look == LOOKS // 2:
            for key in [key for key, model in models.items() if key % 7 == 0 and model.department == SALES]:
                house.do(house.sue, p.ReplyTicket(new_cid(), key, "Soon.", 99, status=TicketStatus.open))
                models[key] = replace(models[key], fired=frozenset(), asked_at=0, updated_at=house.now)
    with house.database.writer_engine.connect() as connection:
        found = [(row.rule, row.ticket, row.at) for row in connection.execute(rule_firing.select())]
    assert len(found) == len(set(found))
    assert set(found) == expected
    assert len(expected) > 100
