"""Whole lives: two agents, a supervisor, a visitor and the clock do what they like, and the rules hold throughout."""

from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from agentconsole.backend.domain.chat import Expire, VisitorLink, VisitorPage, begin, decide, leave_message
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.life import Entry, Head, Refusal, is_open
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.protocol import (
    Close,
    Ended,
    Finished,
    Leave,
    Note,
    Outcome,
    Party,
    Rate,
    Rating,
    Release,
    Reopen,
    Requeued,
    Said,
    Say,
    Side,
    State,
    Take,
    Took,
    VisitorLeft,
)
from tests.domain.cast import ACTORS, NOW, OWNER, chat
from tests.domain.test_life import listed, lived, numbered

CID = "cid-00000"
STAFF = st.sampled_from([ACTORS["owner"], ACTORS["colleague"], ACTORS["supervisor"]])
DEPARTMENT = Department(1, "d", "D", wrapup_ms=30, abandon_ms=60)


class Life(RuleBasedStateMachine):
    """One chat from its first moment; `said` counts what the book says by itself."""

    @initialize(text=st.sampled_from(("", "hello")))
    def start(self, text: str) -> None:
        self.now = NOW
        new = chat(State.waiting, seq=0, pub=0, unanswered=0, first_line="", since=NOW)
        self.head, self.log = begin(new, Party(Side.visitor, 0, "Vera"), NOW, "", text)
        self.was_over = False

    def act(self, actor: Actor, command: Any) -> None:
        before = self.head
        try:
            after, entries = decide(before, actor, command, self.now, DEPARTMENT)
        except Refusal:
            return
        self.became(before, after, entries)

    def became(self, before: Head, after: Head, entries: list[Entry]) -> None:
        lived(before, after, entries)
        numbered(before, after, entries)
        listed(before, after)
        self.head, self.log = after, self.log + entries

    @rule(actor=STAFF)
    def take(self, actor: Actor) -> None:
        owner = self.head.owner
        self.act(actor, Take(CID, 7))
        assert self.head.owner in (owner, actor.id)
        assert not owner or self.head.owner == owner, "who has a chat is not robbed of it"

    @rule(actor=STAFF)
    def answer(self, actor: Actor) -> None:
        lines = len(self.log)
        self.act(actor, Say(CID, 7, "how can I help?"))
        assert len(self.log) == lines or self.head.owner == actor.id

    @rule(actor=STAFF)
    def note(self, actor: Actor) -> None:
        self.act(actor, Note(CID, 7, "hm"))

    @rule(actor=STAFF, outcome=st.sampled_from(Outcome))
    def close(self, actor: Actor, outcome: Outcome) -> None:
        self.act(actor, Close(CID, 7, outcome))

    @rule(actor=STAFF)
    def reopen(self, actor: Actor) -> None:
        self.act(actor, Reopen(CID, 7))

    @rule(actor=STAFF)
    def release(self, actor: Actor) -> None:
        self.act(actor, Release(CID, 7))

    @rule()
    def write(self) -> None:
        self.act(ACTORS["visitor"], Say(CID, 7, "I wonder"))

    @rule()
    def leave(self) -> None:
        self.act(ACTORS["visitor"], Leave(CID, 7))

    @rule(rating=st.sampled_from(Rating))
    def rate(self, rating: Rating) -> None:
        self.act(ACTORS["visitor"], Rate(CID, 7, rating))

    @rule(page=st.sampled_from(("", "https://x.example/")))
    def browse(self, page: str) -> None:
        self.act(ACTORS["visitor"], VisitorPage(7, page))

    @rule()
    def rather_leave_a_message(self) -> None:
        try:
            self.became(self.head, *leave_message(self.head, self.now))
        except Refusal:
            assert self.head.state is not State.waiting

    @rule(up=st.booleans())
    def link(self, up: bool) -> None:
        self.act(SYSTEM, VisitorLink(7, up))

    @rule(passed=st.integers(0, 100))
    def time_passes(self, passed: int) -> None:
        self.now += passed
        self.act(SYSTEM, Expire(7))
        assert not self.head.due_at or self.head.due_at > self.now, "what was due has happened"

    @invariant()
    def one_owner_while_answered(self) -> None:
        answered = self.head.state in (State.active, State.wrapup, State.closed)
        assert bool(self.head.owner) == bool(self.head.owner_name) == bool(self.head.taken_at) == answered

    @invariant()
    def the_owner_is_who_took_it_last(self) -> None:
        owner = 0
        for entry in self.log:
            if isinstance(entry.what, Took):
                owner = entry.by.id
            elif isinstance(entry.what, Requeued):
                owner = 0
        assert self.head.owner == owner

    @invariant()
    def over_is_over(self) -> None:
        assert not (self.was_over and is_open(self.head.state))
        self.was_over = not is_open(self.head.state)

    @invariant()
    def a_deadline_means_something(self) -> None:
        head = self.head
        wanted = head.state is State.wrapup or (head.state is State.waiting and head.lost_at != 0)
        assert bool(head.due_at) == wanted

    @invariant()
    def it_has_an_end_exactly_when_it_ended(self) -> None:
        assert bool(self.head.ended_at) == (self.head.state not in (State.waiting, State.active))
        assert (self.head.outcome is None) or self.head.state in (State.wrapup, State.closed)

    @invariant()
    def unanswered_lines_are_counted(self) -> None:
        count = 0
        for entry in self.log:
            if isinstance(entry.what, Said):
                count = 0 if entry.by.side is Side.staff else count + 1
            elif isinstance(entry.what, Ended):
                count = 0
        assert self.head.unanswered == count

    @invariant()
    def the_first_line_is_the_visitors_first(self) -> None:
        lines = [e.what.text for e in self.log if isinstance(e.what, Said) and e.by.side is Side.visitor]
        assert self.head.first_line == (lines[0] if lines else "")

    @invariant()
    def the_log_has_no_gaps(self) -> None:
        assert [entry.seq for entry in self.log] == list(range(1, self.head.seq + 1))
        pubs = [entry.pub for entry in self.log if entry.pub]
        assert pubs == list(range(1, self.head.pub + 1))

    @invariant()
    def it_ends_once(self) -> None:
        ends = [e for e in self.log if isinstance(e.what, Finished)]
        assert len(ends) == (self.head.state is State.closed)
        if self.head.state is State.abandoned:
            assert sum(isinstance(e.what, VisitorLeft) for e in self.log) >= 1

    @invariant()
    def its_age_stays(self) -> None:
        assert (self.head.since, self.head.started_at) == (NOW, msgspec.structs.replace(self.head).started_at)
        assert self.head.owner in (0, OWNER, 12, 14)


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLife = Life.TestCase
