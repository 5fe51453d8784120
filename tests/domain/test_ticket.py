"""The life of a ticket as properties: numbers without gaps, one status for each moment, nothing asked that is answered."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.backend.domain.life import Refusal
from agentconsole.backend.domain.ticket import (
    AT_REST,
    OURS,
    OVER,
    PATIENCE_MS,
    Ticket,
    TicketLine,
    answered,
    checked_subject,
    into,
    record,
    subject_of,
    wrote,
)
from agentconsole.protocol import (
    Answered,
    Code,
    Party,
    Public,
    Side,
    TicketChanged,
    TicketNoted,
    TicketStatus,
    Wrote,
)

START = 1_700_000_000_000
ANN = Party(Side.staff, 7, "Ann")
VERA = Party(Side.visitor, 0, "Vera")
NEW = Ticket(1, 1, TicketStatus.new, "The parcel", START, START, asked_at=START)

deeds = st.one_of(
    st.just("writes"),
    st.just("notes"),
    st.tuples(st.just("answers"), st.sampled_from(TicketStatus)),
    st.tuples(st.just("sets"), st.sampled_from(TicketStatus)),
)


def step(ticket: Ticket, deed: Any, now: int) -> tuple[Ticket, list[TicketLine]]:
    """The ticket after a deed; a refused one changes nothing."""
    try:
        if deed == "writes":
            return wrote(ticket, Wrote("hello?"), VERA, now)
        if deed == "notes":
            return record(ticket, ANN, [TicketNoted("NOTE")], now)
        verb, status = deed
        if verb == "answers":
            return answered(ticket, Answered("there"), ANN, status, now, now + 1)
        after, whats = into(ticket, status, now, now + 1)
        return record(after, ANN, whats, now)
    except Refusal:
        return ticket, []


@given(st.lists(deeds, max_size=25))
def test_a_ticket_lives_by_its_rules(acts: list[Any]) -> None:
    ticket, log, now = NEW, list[TicketLine](), START
    for deed in acts:
        now += 60_000
        before = ticket
        ticket, lines = step(before, deed, now)
        log += lines
        statuses = [
            line.what
            for line in lines
            if isinstance(line.what, TicketChanged) and line.what.field == "status"
        ]
        assert len(statuses) == (before.status is not ticket.status), "each change of status is told once"
        if before.status is TicketStatus.closed:
            assert ticket.status is TicketStatus.closed, "closed is for good"
        if before.status is not TicketStatus.new:
            assert ticket.status is not TicketStatus.new
        if deed == "writes" and lines:
            assert ticket.status in OURS
            assert ticket.asked_at == (before.asked_at or now), "who waits, waits since the first question"
        if deed[0] == "answers" and lines:
            assert ticket.asked_at == 0
            assert ticket.assignee == ANN.id, "who answers what is nobody's takes it"
            assert ticket.answered_at == (before.answered_at or now)
        assert bool(ticket.solved_at) == (ticket.status in OVER)
        assert bool(ticket.hold_until) == (ticket.status is TicketStatus.hold)
        assert ticket.version >= before.version
        assert (ticket.version > before.version) == (ticket != before)
    assert [line.seq for line in log] == list(range(1, len(log) + 1))
    public = [line for line in log if isinstance(line.what, Public)]
    assert [line.pub for line in public] == list(range(1, len(public) + 1))
    assert all(line.pub == 0 for line in log if not isinstance(line.what, Public)), "notes have no pub"
    assert (ticket.seq, ticket.pub) == (len(log), len(public))


def test_a_hold_needs_a_date_to_come() -> None:
    for until in (0, START - 1, START):
        with pytest.raises(Refusal) as caught:
            into(NEW, TicketStatus.hold, START, until)
        assert caught.value.code is Code.invalid
    held, _ = into(NEW, TicketStatus.hold, START, START + 1)
    assert (held.status, held.hold_until) == (TicketStatus.hold, START + 1)


def test_an_answered_ticket_is_not_new() -> None:
    with pytest.raises(Refusal) as caught:
        answered(NEW, Answered("x"), ANN, TicketStatus.new, START)
    assert caught.value.code is Code.invalid


def test_lists_show_what_presses_first() -> None:
    due = msgspec.structs.replace(NEW, first_due=START + 5, next_due=START + 9)
    assert (due.due_at, due.rank) == (START + 5, START + 5)
    assert NEW.rank == START + PATIENCE_MS, "without a service level it is as if it were due a day after"
    waiting = msgspec.structs.replace(NEW, status=TicketStatus.waiting, first_due=START + 5)
    solved = msgspec.structs.replace(NEW, status=TicketStatus.solved)
    assert due.rank < NEW.rank < waiting.rank == AT_REST < solved.rank


def test_a_subject_is_one_line() -> None:
    assert checked_subject(" a\r\nBcc: x@y.example\0 ") == "a Bcc: x@y.example"
    assert subject_of("\n\n  first line\nsecond") == "first line"
    assert subject_of("x" * 200) == "x" * 79 + "…"
    assert subject_of(" \n ") == ""
    with pytest.raises(Refusal) as caught:
        checked_subject("x" * 201)
    assert caught.value.code is Code.too_long
