"""The clocks of a service level, against an opinion that walks through a ticket's life minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconsole.backend.domain import sla
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.hours import Kind, Opening, Span, Week
from agentconsole.backend.domain.level import Level
from agentconsole.backend.domain.ticket import Ticket, answered, into, wrote
from agentconsole.protocol import (
    Answered,
    Clock,
    ClockWarned,
    Party,
    Side,
    TicketPriority,
    TicketStatus,
    Wrote,
)
from tests.domain import hours_oracle
from tests.domain.hours_oracle import MINUTE

HOUR, DAY = 60, 1_440  # minutes
ANA = Party(Side.staff, 1, "Ana")
CUSTOMER = Party(Side.visitor, 0, "c@example.org")
ZONES = ("Europe/Oslo", "America/St_Johns", "Australia/Lord_Howe", "America/Havana", "UTC")
HORIZON = 10 * DAY


def at(text: str, zone_hours: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000) - zone_hours * 3_600_000


def fresh(now: int) -> Ticket:
    return Ticket(1, 1, TicketStatus.new, "Where is it?", now, now, asked_at=now)


def of(opening: Opening, *levels: Level) -> Department:
    return Department(1, "support", "Support", opening=opening, levels=levels)


def normal(first: int = 0, following: int = 0, solve: int = 0, always: bool = False, warn: int = 15) -> Level:
    """A level for usual tickets, in minutes."""
    return Level(
        TicketPriority.normal, first * MINUTE, following * MINUTE, solve * MINUTE, always, warn * MINUTE
    )


OFFICE = Opening("Europe/Oslo", email=Week(tuple(Span(day, 8 * HOUR, 16 * HOUR) for day in range(5))))
ACTS = ("write", "write", "write", "answer", "answer_open", "answer_open", "wait", "hold", "open", "solve")


def act(ticket: Ticket, word: str, now: int) -> Ticket:
    """What staff or the customer do; what makes no sense just now changes nothing."""
    if word == "write":
        return wrote(ticket, Wrote("And?"), CUSTOMER, now)[0]
    if word in ("answer", "answer_open"):
        status = TicketStatus.waiting if word == "answer" else TicketStatus.open
        return answered(ticket, Answered("There."), ANA, status, now)[0]
    statuses = {
        "wait": TicketStatus.waiting,
        "hold": TicketStatus.hold,
        "open": TicketStatus.open,
        "solve": TicketStatus.solved,
    }
    if word in statuses:
        return into(ticket, statuses[word], now, now + DAY * MINUTE if word == "hold" else 0)[0]
    return ticket


class Watcher:
    """Counts the minutes of each clock while the ticket lives; knows nothing of how they are kept."""

    def __init__(self, department: Department) -> None:
        self.opening, self.level = department.opening, department.levels[0]
        self.minutes = dict.fromkeys(Clock, 0)
        self.told: set[tuple[Clock, bool]] = set()

    def targets(self) -> dict[Clock, int]:
        level = self.level
        return {
            clock: ms // MINUTE
            for clock, ms in zip(Clock, (level.first_ms, level.next_ms, level.solve_ms), strict=True)
            if ms
        }

    def runs(self, ticket: Ticket) -> set[Clock]:
        if ticket.status not in (TicketStatus.new, TicketStatus.open):
            return set()
        found = {Clock.solve}
        if ticket.asked_at:
            found.add(Clock.next if ticket.answered_at else Clock.first)
        return found & set(self.targets())

    def saw(self, ticket: Ticket) -> None:
        if not (ticket.asked_at and ticket.answered_at):  # no further question stands
            self.minutes[Clock.next] = 0
            self.told = {mark for mark in self.told if mark[0] is not Clock.next}

    def count(self, ticket: Ticket, begins: int) -> None:
        """A minute passes."""
        if self.level.always or hours_oracle.is_open(self.opening, Kind.email, begins):
            asked = {Clock.first, Clock.next} if ticket.asked_at else set()
            live = ticket.status in (TicketStatus.new, TicketStatus.open)
            for clock in (Clock.first, Clock.solve):  # both since the ticket was made
                self.minutes[clock] += live
            self.minutes[Clock.next] += live and Clock.next in asked and bool(ticket.answered_at)

    def due_after(self, ticket: Ticket, now: int) -> dict[Clock, int]:
        """How many minutes from now each running clock is breached, if nothing happens; -1 = is already."""
        found = {}
        for clock in self.runs(ticket):
            left = self.targets()[clock] - self.minutes[clock]
            if left <= 0:
                found[clock] = -1
                continue
            for minute in range(HORIZON):
                left -= self.level.always or hours_oracle.is_open(
                    self.opening, Kind.email, now + minute * MINUTE
                )
                if not left:
                    found[clock] = minute + 1
                    break
        return found

    def rings(self, ticket: Ticket) -> set[tuple[Clock, bool]]:
        """What must be told now: (clock, breached)."""
        now_due = set()
        for clock in self.runs(ticket):
            target, passed = self.targets()[clock], self.minutes[clock]
            warn = min(self.level.warn_ms // MINUTE, target // 2)
            if passed >= target:
                now_due.add((clock, True))
            elif warn and passed >= target - warn and (clock, True) not in self.told:
                now_due.add((clock, False))
        new = now_due - self.told
        for clock, breached in new:
            self.told |= {(clock, False)} | ({(clock, True)} if breached else set())
        return new


@st.composite
def departments(draw: st.DrawFn) -> Department:
    spans = draw(
        st.lists(
            st.builds(
                lambda day, start, length: Span(day, start * 30, min(start * 30 + length * 30, 2_880)),
                st.integers(0, 6),
                st.integers(0, 47),
                st.integers(1, 24),
            ),
            max_size=8,
        )
    )
    even = st.one_of(st.just(0), st.integers(1, 300).map(lambda half: half * 2))
    level = normal(
        draw(even), draw(even), draw(even), draw(st.booleans()), draw(st.sampled_from((0, 15, 60)))
    )
    return of(Opening(draw(st.sampled_from(ZONES)), email=Week(tuple(spans))), level)


@st.composite
def begins(draw: st.DrawFn) -> int:
    """Often just before a change of the clock."""
    zone = draw(st.sampled_from(ZONES[:4]))
    changes = hours_oracle.clock_changes(zone, 2026)
    return draw(st.sampled_from(changes)) - draw(st.integers(0, 2 * DAY)) * MINUTE


STEPS = st.lists(st.tuples(st.integers(0, 600), st.sampled_from(ACTS)), max_size=8)


@settings(max_examples=60, deadline=None)
@given(departments(), begins(), STEPS)
def test_each_clock_is_due_when_its_minutes_have_passed(
    department: Department, start: int, steps: list[tuple[int, str]]
) -> None:
    ticket, watcher, now = sla.wound(fresh(start), department, start), Watcher(department), start
    for minutes, word in steps:
        for _ in range(minutes):
            watcher.count(ticket, now)
            now += MINUTE
        ticket = sla.wound(act(ticket, word, now), department, now)
        watcher.saw(ticket)
        assert sla.wound(ticket, department, now) == ticket
        assert sla.wound(ticket, department, now + 77 * MINUTE) == ticket
    expected = watcher.due_after(ticket, now)
    dues = {Clock.first: ticket.first_due, Clock.next: ticket.next_due, Clock.solve: ticket.solve_due}
    for clock, due in dues.items():
        if clock not in watcher.runs(ticket):
            assert due == 0, clock
        elif clock not in expected:
            assert due == 0 or due > now + HORIZON * MINUTE, clock
        elif expected[clock] == -1:
            assert 0 < due <= now, clock
        else:
            assert due == now + expected[clock] * MINUTE, clock


@settings(max_examples=60, deadline=None)
@given(departments(), begins(), STEPS)
def test_each_warning_and_each_breach_is_told_once_in_its_minute(
    department: Department, start: int, steps: list[tuple[int, str]]
) -> None:
    ticket, watcher, now = sla.wound(fresh(start), department, start), Watcher(department), start

    def ring() -> None:
        nonlocal ticket
        wanted = watcher.rings(ticket)
        due = ticket.timer_at and ticket.timer_at <= now
        ticket, told = sla.rung(ticket, department, now) if due else (ticket, [])
        assert {(each.clock, each.breached) for each in told} == wanted
        assert len(told) == len(wanted)
        assert sla.rung(ticket, department, now) == (ticket, [])
        assert sla.wound(ticket, department, now) == ticket
        assert not ticket.timer_at or ticket.timer_at > now

    ring()
    for minutes, word in [*steps, (400, "nothing")]:
        for _ in range(minutes):
            watcher.count(ticket, now)
            now += MINUTE
            ring()
        ticket = sla.wound(act(ticket, word, now), department, now)
        watcher.saw(ticket)
        ring()


def test_an_evening_does_not_count() -> None:
    friday = at("2026-01-16 14:00")  # 15:00 in Oslo
    ticket = sla.wound(fresh(friday), of(OFFICE, normal(first=120)), friday)
    assert ticket.first_due == at("2026-01-19 08:00")  # Monday 09:00
    assert ticket.timer_at == at("2026-01-19 07:45")
    around = sla.wound(fresh(friday), of(OFFICE, normal(first=120, always=True)), friday)
    assert around.first_due == at("2026-01-16 16:00")


def test_the_night_in_which_the_clock_jumps_has_an_hour_less() -> None:
    night = Opening("Europe/Oslo", email=Week((Span(6, 0, 6 * HOUR),)))
    saturday = at("2026-03-28 12:00")
    ticket = sla.wound(fresh(saturday), of(night, normal(first=240)), saturday)
    assert ticket.first_due == at("2026-03-29 03:00")  # 05:00 in Oslo: 00-02 and 03-05


def test_waiting_for_the_customer_is_not_our_time() -> None:
    monday = at("2026-01-12 08:00")
    department = of(OFFICE, normal(solve=8 * HOUR))
    ticket = sla.wound(fresh(monday), department, monday)
    tuesday = monday + DAY * MINUTE
    asked = monday + 2 * HOUR * MINUTE
    ticket = sla.wound(act(ticket, "answer", asked), department, asked)
    assert (ticket.solve_due, ticket.timer_at, ticket.due_at) == (0, 0, 0)
    ticket = sla.wound(act(ticket, "write", tuesday), department, tuesday)
    assert ticket.solve_due == tuesday + 6 * HOUR * MINUTE


def test_what_is_opened_again_may_be_too_late_at_once() -> None:
    monday = at("2026-01-12 08:00")
    department = of(OFFICE, normal(solve=60))
    ticket = sla.wound(fresh(monday), department, monday)
    late = monday + 90 * MINUTE
    ticket = sla.wound(act(ticket, "solve", late), department, late)
    again = late + DAY * MINUTE
    ticket = sla.wound(act(ticket, "write", again), department, again)
    assert ticket.timer_at <= again
    ticket, told = sla.rung(ticket, department, again)
    assert told == [ClockWarned(Clock.solve, again, breached=True)]


def test_the_next_question_counts_from_when_it_was_asked_and_rests_with_the_ticket() -> None:
    monday = at("2026-01-12 08:00")
    department = of(OFFICE, normal(following=60))
    ticket, now = sla.wound(fresh(monday), department, monday), monday
    for minutes, word in ((10, "answer_open"), (20, "write"), (30, "hold"), (50, "open")):
        now = monday + minutes * MINUTE
        ticket = sla.wound(act(ticket, word, now), department, now)
        assert ticket.next_due == {20: monday + 80 * MINUTE, 50: monday + 100 * MINUTE}.get(minutes, 0)


def test_another_department_does_not_begin_the_first_answer_anew() -> None:
    monday = at("2026-01-12 08:00")
    slow, fast = of(OFFICE, normal(first=240)), of(OFFICE, normal(first=60))
    ticket = sla.wound(fresh(monday), slow, monday)
    later = monday + 30 * MINUTE
    assert sla.wound(ticket, fast, later).first_due == monday + 60 * MINUTE
    assert sla.wound(sla.wound(ticket, fast, later), slow, later) == ticket


@pytest.mark.parametrize("field", ["priority", "levels"])
def test_other_targets_count_from_the_same_beginning(field: str) -> None:
    monday = at("2026-01-12 08:00")
    department = of(OFFICE, normal(first=240))
    ticket = sla.wound(fresh(monday), department, monday)
    if field == "priority":
        ticket = msgspec.structs.replace(ticket, priority=TicketPriority.urgent)
        assert sla.wound(ticket, department, monday).first_due == 0
        urgent = Level(TicketPriority.urgent, 30 * MINUTE)
        department = msgspec.structs.replace(department, levels=(*department.levels, urgent))
    else:
        department = of(OFFICE, normal(first=30))
    assert sla.wound(ticket, department, monday + HOUR * MINUTE).first_due == monday + 30 * MINUTE


def test_a_second_question_is_warned_of_again() -> None:
    monday = at("2026-01-12 08:00")
    department = of(OFFICE, normal(following=60))
    ticket = sla.wound(fresh(monday), department, monday)
    told: list[ClockWarned] = []
    now = monday
    for _ in range(2):
        ticket = sla.wound(act(ticket, "answer", now), department, now)
        ticket = sla.wound(act(ticket, "write", now), department, now)
        now = ticket.next_due
        ticket, more = sla.rung(ticket, department, now)
        told += more
    assert [each.breached for each in told] == [True, True]


def test_a_level_without_targets_asks_for_nothing() -> None:
    monday = at("2026-01-12 08:00")
    ticket = sla.wound(fresh(monday), of(OFFICE), monday)
    assert (ticket.due_at, ticket.timer_at) == (0, 0)
    never = of(Opening(email=Week()), normal(first=60))
    assert sla.wound(fresh(monday), never, monday).first_due == 0
