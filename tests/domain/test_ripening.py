"""When rules on time fire: against an oracle that looks at a ticket every ten minutes and knows nothing of moments."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentconsole.backend.domain.condition import Facts
from agentconsole.backend.domain.opening import Kind, Opening
from agentconsole.backend.domain.ripening import Outlook
from agentconsole.backend.domain.rules import Rule, plan
from agentconsole.backend.domain.ticket import Ticket
from agentconsole.backend.domain.timetable import parse_week
from agentconsole.protocol import RuleEvent, TicketPriority, TicketStatus
from tests.domain import hours_oracle

STEP = 600_000
NOW = int(datetime(2026, 3, 27, 12, tzinfo=UTC).timestamp() * 1_000)  # the clock changes on Sunday, the 29th
AHEAD = 4 * 144  # steps that the oracle looks
OPENINGS = [
    Opening(zone=zone, email=parse_week(week) if week else None)
    for zone in ("Europe/Oslo", "Asia/Kolkata")
    for week in ("", "mon-fri 09:00-17:00", "mon-sun 22:00-02:30", "closed")
]

times = st.integers(0, 40).map(lambda steps: f"{10 * steps}m") | st.sampled_from(["1d", "2d", "4d", "30d"])
tests = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(["age", "waiting", "quiet"]), st.sampled_from(["over", "under"]), times),
    st.sampled_from(["hours is open", "hours is closed", "priority is high", "tag is vip", "status is new"]),
)  # fmt: skip
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not {}".format, inner),
    ),
    max_leaves=4,
)
rules = st.lists(st.tuples(conditions, st.booleans()), min_size=1, max_size=4)
ago = st.integers(0, 200).map(lambda steps: NOW - steps * STEP)


def rule(key: int, when: str, stop: bool) -> Rule:
    return Rule(key, 0, f"r{key}", "", True, RuleEvent.time_passed, when, ("tag x",), stop, key, 1)


def facts(ticket: Ticket, opening: Opening, at: int) -> Facts:
    """The ticket as it is at this moment, if nothing has happened to it."""
    return Facts(
        RuleEvent.time_passed,
        "sales",
        tags=ticket.tags,
        priority=ticket.priority.value,
        status=ticket.status.value,
        age_ms=at - ticket.created_at,
        waiting_ms=at - ticket.asked_at if ticket.asked_at else 0,
        quiet_ms=at - ticket.updated_at,
        is_open=hours_oracle.is_open(opening, Kind.email, at),
    )


@settings(max_examples=60, deadline=None)
@given(
    rules,
    st.sets(st.integers(1, 4)),
    st.sampled_from(OPENINGS),
    ago,
    ago,
    st.none() | ago,
    st.sampled_from(TicketPriority),
)
@example(
    [("age over 10m", True), ("age over 20m", False)], {1}, OPENINGS[0], NOW, NOW, None, TicketPriority.low
)
@example(
    [("hours is open", True), ("age over 1d", False)], {1}, OPENINGS[1], NOW, NOW, None, TicketPriority.low
)
@example(
    [("quiet over 10m and hours is closed", False)], set(), OPENINGS[5], NOW, NOW, None, TicketPriority.low
)
@example(
    [("age under 30m and hours is closed", False)], set(), OPENINGS[1], NOW, NOW, None, TicketPriority.low
)
@example([("not waiting over 0m", False)], set(), OPENINGS[0], NOW, NOW, None, TicketPriority.low)
@example(
    [("age under 10m", True), ("age over 0m", False)], {1}, OPENINGS[0], NOW, NOW, None, TicketPriority.low
)
def test_a_rule_ripens_when_it_first_would_fire(
    written: list[tuple[str, bool]],
    fired: set[int],
    opening: Opening,
    created_at: int,
    updated_at: int,
    asked_at: int | None,
    priority: TicketPriority,
) -> None:
    ticket = Ticket(
        1,
        1,
        TicketStatus.new,
        "s",
        created_at,
        updated_at,
        asked_at=asked_at or 0,
        priority=priority,
        tags=("vip",),
    )
    waiting = [rule(key, when, stop) for key, (when, stop) in enumerate(written, 1)]
    found = Outlook(ticket, facts(ticket, opening, NOW), opening, NOW).ripe_at(waiting, fired)

    def fires(at: int) -> bool:
        return bool({each.id for each, _ in plan(waiting, facts(ticket, opening, at))} - fired)

    moments = (NOW + step * STEP + ms for step in range(AHEAD) for ms in (0, 1))
    first = next((at for at in moments if fires(at)), 0)
    if first:
        assert found == first
    else:
        assert found == 0 or found >= NOW + AHEAD * STEP
        assert found == 0 or fires(found)
