"""Everybody hands a chat to everybody: agents, a supervisor, a second department, the visitor, dispatcher and clock."""

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agentconsole.backend.domain import offers, together
from agentconsole.backend.domain.chat import VisitorLink, begin, decide, leave_message
from agentconsole.backend.domain.life import Entry, Head, Refusal, is_offered, is_open
from agentconsole.backend.domain.offers import OfferLost
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.protocol import (
    AskHelp,
    Away,
    CancelTransfer,
    Close,
    Decline,
    Declined,
    Ended,
    EndHelp,
    HelpAsked,
    Join,
    Leave,
    MessageLeft,
    Offered,
    OfferEnd,
    OfferEnded,
    Outcome,
    Party,
    Promised,
    Release,
    Reopen,
    Requeued,
    Said,
    Say,
    Side,
    State,
    Take,
    TakeOver,
    Took,
    Transferred,
    VisitorLeft,
)
from tests.domain.cast import ELSEWHERE, HERE, NOW, chat
from tests.domain.team import CID, DEPARTMENTS, EXPIRE, PEOPLE, SALES, VERA, answers, by_staff, give, transfer
from tests.domain.test_life import listed, lived, numbered

USERS = st.sampled_from(list(PEOPLE))
TICKS = st.integers(0, 45)
WISHES = tuple(wish(CID, 7) for wish in (CancelTransfer, TakeOver, Release, Reopen, AskHelp, EndHelp))
POSSIBLE: dict[str, Callable[[Head], bool]] = {
    "overflow": lambda head: head.state is State.waiting,
    "its_owner_hands_over": lambda head: head.state is State.active and not is_offered(head),
    "who_is_asked_answers": is_offered,
    "the_department_is_asked_one_by_one": lambda head: head.state is State.active and is_offered(head),
}


class Hands(RuleBasedStateMachine):
    """One chat; what the book says about it by itself stands in `owner`, `asked`, `open_offer` and `owes`."""

    @initialize(text=st.sampled_from(("", "hello")), email=st.sampled_from(("", "vera@example.org")))
    def start(self, text: str, email: str) -> None:
        self.now = NOW
        new = chat(State.waiting, seq=0, pub=0, unanswered=0, first_line="", since=NOW, email=email)
        self.head, self.log = begin(new, Party(Side.visitor, 0, "Vera"), NOW, "", text)
        self.there = set(PEOPLE)
        self.rights = dict(PEOPLE)
        self.owner = 0
        self.asked: set[int] = set()  # in this round
        self.open_offer: Offered | None = None
        self.owes = False
        self.was_over = False

    # --- what happened, told to the book ---------------------------------------------------------------------------

    def try_(self, decision: Any, *args: Any, **more: Any) -> bool:
        try:
            made = decision(*args, **more)
        except Refusal:
            return False
        self.became(*made)
        return True

    def act(self, who: Actor | int, command: Any) -> bool:
        actor = self.rights[who] if isinstance(who, int) else who
        return self.try_(decide, self.head, actor, command, self.now, DEPARTMENTS[self.head.department])

    def became(self, after: Head, entries: list[Entry]) -> None:
        before = self.head
        lived(before, after, entries)
        numbered(before, after, entries)
        listed(before, after)
        self.owner_kept(before, after, entries)
        for entry in entries:
            self.write_down(entry)
        moved = after.department != before.department
        for entry in entries:
            if isinstance(entry.what, Requeued):
                assert entry.what.department == (DEPARTMENTS[after.department].name if moved else "")
        kept = is_offered(before) and before.owner == after.owner
        if after.state is State.active and not is_offered(after) and (kept or not self.owes):
            self.asked = set()  # it stays with its owner: whatever comes next is a new round
        self.head, self.log = after, self.log + entries
        self.told_to_the_dispatcher()

    def owner_kept(self, before: Head, after: Head, entries: list[Entry]) -> None:
        changed = any(isinstance(entry.what, Took | Transferred | Requeued) for entry in entries)
        assert changed or before.owner == after.owner, "nobody loses a chat without a word"
        if after.owner not in (0, before.owner):
            assert is_open(after.state)
            assert bool(after.due_at) == after.timed, "every timer of the old owner is cancelled"

    def write_down(self, entry: Entry) -> None:
        what, open_offer = entry.what, self.open_offer
        if isinstance(what, Offered):
            self.offered(entry, what)
        elif isinstance(what, Declined) and not what.invite:
            assert open_offer is not None
            assert open_offer.user == entry.by.id, "only who was asked declines"
            self.open_offer = None
        elif isinstance(what, OfferEnded):
            missed = open_offer is None and self.owes and what.why is OfferEnd.timeout
            assert missed or (open_offer is not None and open_offer.user == what.user)
            assert not missed or what.user == self.owner
            if what.why is OfferEnd.unavailable and not self.owner:
                self.asked -= {what.user}  # who was cut off has not been asked in vain
            self.open_offer = None
            if what.why is OfferEnd.cancelled and self.owner:
                self.asked = set()
        elif isinstance(what, Took | Transferred):
            assert bool(self.owner) == isinstance(what, Transferred)
            given = open_offer is not None and not open_offer.transfer and open_offer.user == entry.by.id
            forced = open_offer is not None and open_offer.transfer and not open_offer.until
            self.owes = given or forced
            self.asked = self.asked if given else set()
            self.owner, self.open_offer = entry.by.id, None
        elif isinstance(what, Requeued):
            assert open_offer is None, "no offer is forgotten"
            self.asked = {self.owner} if by_staff(entry) else self.asked | {self.owner}
            self.owner, self.owes = 0, False
        elif isinstance(what, VisitorLeft | MessageLeft | Ended | Promised):
            self.open_offer, self.owes = None, False
        elif isinstance(what, Said) and by_staff(entry):
            self.owes = False

    def offered(self, entry: Entry, what: Offered) -> None:
        narrower = self.open_offer is not None and not self.open_offer.user and what.user != 0
        assert self.open_offer is None or narrower, "never offered to two"
        assert what.user != self.owner or not what.user, "never to who has it"
        if by_staff(entry):
            self.asked = {self.owner} if self.owner else self.asked
        else:
            assert what.user not in self.asked, "never again in the same round"
        self.asked |= {what.user} - {0}
        self.open_offer = what

    def told_to_the_dispatcher(self) -> None:
        """Who is gone, or has no right any more, loses what is offered to them."""
        head = self.head
        if head.offer_to and not self.can_take(head.offer_to, head.offer_department or head.department):
            self.act(SYSTEM, OfferLost(7, head.offer_to))

    def can_take(self, user: int, department: int) -> bool:
        return user in self.there and answers(self.rights[user], department)

    # --- the dispatcher, and where people are ----------------------------------------------------------------------

    @rule(user=USERS)
    def dispatch(self, user: int) -> None:
        self.dispatch_to(user)

    def dispatch_to(self, user: int) -> None:
        place = self.head.department if self.head.state is State.waiting else self.head.offer_department
        if self.can_take(user, place):
            self.try_(give, self.head, user, self.now)

    @precondition(lambda self: POSSIBLE["overflow"](self.head))
    @rule()
    def overflow(self) -> None:
        to = DEPARTMENTS[HERE + ELSEWHERE - self.head.department]
        if to.id not in self.head.passed:
            self.try_(offers.move, self.head, to, self.now, "nobody there")

    @rule(user=USERS)
    def goes_or_comes(self, user: int) -> None:
        self.there ^= {user}
        self.told_to_the_dispatcher()

    @rule(user=USERS)
    def loses_rights_or_gets_them_back(self, user: int) -> None:
        usual = self.rights[user] is PEOPLE[user]
        self.rights[user] = msgspec.structs.replace(PEOPLE[user], grants=()) if usual else PEOPLE[user]
        self.told_to_the_dispatcher()
        if self.head.owner == user and self.head.state is State.active and usual:
            department = DEPARTMENTS[self.head.department]
            asked = (*self.head.tried, user)
            self.try_(offers.requeue, self.head, Party(Side.system), self.now, department, asked)

    @rule(passed=TICKS)
    def time_passes(self, passed: int) -> None:
        self.now += passed
        while 0 < self.head.due_at <= self.now:
            assert self.act(SYSTEM, EXPIRE)

    # --- staff -----------------------------------------------------------------------------------------------------

    @rule(
        by=USERS,
        user=st.sampled_from((0, *PEOPLE)),
        department=st.sampled_from((0, HERE, ELSEWHERE)),
        away=st.sampled_from((None, *Away)),
        force=st.sampled_from((False, False, False, True)),
        note=st.sampled_from(("", "refund")),
    )
    def hand_over(
        self, by: int, user: int, department: int, away: Away | None, force: bool, note: str
    ) -> None:
        self.hand_over_by(by, user, department, away, force, note)

    def hand_over_by(
        self, by: int, user: int, department: int, away: Away | None, force: bool, note: str
    ) -> None:
        actor, to = self.rights[by], department or self.head.department
        if not (user or department) or (user and not answers(self.rights[user], to)):
            return
        if user == by and not force:
            return
        before, owner = self.head, self.head.owner
        lines = len(self.log)
        made = self.try_(
            transfer,
            *(before, actor, user, department, self.now, note, away, force),
            why="" if user in self.there else "is offline",
            there=user in self.there,
            is_open=any(self.can_take(other, to) for other in PEOPLE),
        )
        if not made:
            assert (self.head, self.log[lines:]) == (before, []), "nothing is half done"
            return
        assert owner in (0, by) or by == 14, "only its owner or a supervisor hands it over"
        notes = [entry.what.note for entry in self.log[lines:] if hasattr(entry.what, "note")]
        assert notes[:1] in ([note], []), "the note is kept"

    @precondition(lambda self: POSSIBLE["its_owner_hands_over"](self.head))
    @rule(
        user=st.sampled_from((0, *PEOPLE)),
        department=st.sampled_from((0, ELSEWHERE, ELSEWHERE)),
        away=st.sampled_from((None, *Away)),
    )
    def its_owner_hands_over(self, user: int, department: int, away: Away | None) -> None:
        self.hand_over_by(self.head.owner, user, department, away, False, "refund")

    @precondition(lambda self: POSSIBLE["who_is_asked_answers"](self.head))
    @rule(user=USERS, accepts=st.booleans(), later=TICKS)
    def who_is_asked_answers(self, user: int, accepts: bool, later: int) -> None:
        self.now = max(self.now, min(self.now + later, self.head.due_at))
        user = self.head.offer_to or user
        self.act(user, Take(CID, 7) if accepts else Decline(CID, 7))

    @precondition(lambda self: POSSIBLE["the_department_is_asked_one_by_one"](self.head))
    @rule(user=USERS)
    def the_department_is_asked_one_by_one(self, user: int) -> None:
        self.dispatch_to(user)

    @rule(user=USERS)
    def take(self, user: int) -> None:
        owner, asked = self.head.owner, self.head.offer_to
        if self.act(user, Take(CID, 7)) and owner not in (0, self.head.owner):
            assert asked in (0, user), "who was not asked does not get it"

    @rule(user=USERS)
    def say(self, user: int) -> None:
        self.act(user, Say(CID, 7, "how can I help?"))

    @rule(user=USERS)
    def decline(self, user: int) -> None:
        self.act(user, Decline(CID, 7))

    @rule(user=USERS)
    def join_or_part(self, user: int) -> None:
        self.act(user, Leave(CID, 7) if user in self.head.guests else Join(CID, 7))

    @rule(user=USERS)
    def invited(self, user: int) -> None:
        by = Party(Side.staff, self.head.owner, self.head.owner_name)
        department = DEPARTMENTS[self.head.department]
        self.try_(together.invite, self.head, by, self.now, user, PEOPLE[user].display, department)

    @rule(
        user=USERS,
        command=st.sampled_from(WISHES),
    )
    def do(self, user: int, command: Any) -> None:
        self.act(user, command)

    @rule(user=USERS, outcome=st.sampled_from(Outcome))
    def close(self, user: int, outcome: Outcome) -> None:
        self.act(user, Close(CID, 7, outcome))

    # --- the visitor -----------------------------------------------------------------------------------------------

    @rule()
    def write(self) -> None:
        self.act(VERA, Say(CID, 7, "I wonder"))

    @rule(passed=TICKS)
    def leave(self, passed: int) -> None:
        if passed == 0:
            self.act(VERA, Leave(CID, 7))

    @rule(passed=TICKS)
    def rather_leave_a_message(self, passed: int) -> None:
        if passed == 0:
            self.try_(leave_message, self.head, self.now)

    @rule(up=st.booleans())
    def link(self, up: bool) -> None:
        self.act(SYSTEM, VisitorLink(7, up))

    # --- what always holds -----------------------------------------------------------------------------------------

    @invariant()
    def there_is_one_owner_or_a_queue_or_an_offer(self) -> None:
        head = self.head
        assert (head.owner, head.owner_name) == (
            self.owner,
            PEOPLE[self.owner].display if self.owner else "",
        )
        assert bool(head.owner) == (head.state in (State.active, State.wrapup, State.closed))
        assert bool(head.taken_at) == bool(head.owner)
        if is_offered(head):
            assert head.state in (State.offered, State.active)
            assert head.due_at, "an offer has its time"
            assert head.offer_to != head.owner
        assert is_offered(head) == (self.open_offer is not None)
        assert is_offered(head) or head.state is not State.offered

    @invariant()
    def the_offer_is_the_one_last_made(self) -> None:
        if self.open_offer is not None:
            head, what = self.head, self.open_offer
            assert (head.offer_to, head.due_at) == (what.user, what.until)
            assert head.offer_department in (0, what.department)
            assert what.user or head.offer_department

    @invariant()
    def nobody_gone_is_asked(self) -> None:
        head = self.head
        assert not head.offer_to or self.can_take(head.offer_to, head.offer_department or head.department)

    @invariant()
    def a_first_answer_is_owed_or_not(self) -> None:
        head = self.head
        if head.state is State.active:
            assert head.timed == self.owes
            assert bool(head.due_at) == (self.owes or is_offered(head))
        elif head.state is State.offered:
            assert self.open_offer is not None
            assert head.timed == (not self.open_offer.transfer)
        else:
            assert not head.timed

    @invariant()
    def a_timer_leads_on_and_comes_to_rest(self) -> None:
        head, steps = self.head, 0
        while head.due_at:
            after, entries = decide(head, SYSTEM, EXPIRE, head.due_at, DEPARTMENTS[head.department])
            assert entries, "something happened"
            assert after.due_at == 0 or after.due_at > head.due_at
            head, steps = after, steps + 1
            assert steps < 6
        at_rest = (State.waiting, State.active, State.closed, State.abandoned, State.left_message)
        assert head.state in at_rest
        assert not is_offered(head)

    @invariant()
    def over_is_over(self) -> None:
        head = self.head
        assert not (self.was_over and is_open(head.state))
        self.was_over = not is_open(head.state)
        if head.state not in (State.waiting, State.offered, State.active):
            assert not is_offered(head)
            assert (head.help_at, head.invited, head.wanted) == (0, (), 0)

    @invariant()
    def guests_are_others(self) -> None:
        head = self.head
        assert head.owner not in (*head.guests, *head.invited)
        assert not {*head.guests} & {*head.invited}
        assert len({*head.guests, *head.invited}) == len(head.guests) + len(head.invited) <= SALES.guests
        assert not (head.guests or head.invited) or head.owner
        assert not head.help_at or any(isinstance(entry.what, HelpAsked) for entry in self.log)

    @invariant()
    def its_age_and_home_stay(self) -> None:
        assert (self.head.since, self.head.home, self.head.visitor) == (NOW, HERE, 21)
        transfers = sum(isinstance(entry.what, Transferred) for entry in self.log)
        assert self.head.transfers == transfers


Hands.TestCase.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
TestHands = Hands.TestCase


# --- the same by seed: thousands of interleavings that can be replayed -----------------------------------------------

ANYBODY, AWAY = tuple(PEOPLE), (None, None, *Away)
MOVES: tuple[tuple[str, Sequence[Any]], ...] = (
    *[("dispatch", [ANYBODY])] * 3,
    *[("its_owner_hands_over", [(0, *PEOPLE), (0, ELSEWHERE), AWAY])] * 3,
    *[("who_is_asked_answers", [ANYBODY, (True, False, False), range(60)])] * 3,
    *[("the_department_is_asked_one_by_one", [ANYBODY])] * 4,
    *[("time_passes", [range(60)])] * 3,
    ("hand_over", [ANYBODY, (0, *PEOPLE), (0, HERE, ELSEWHERE), AWAY, (True, False), ("", "refund")]),
    *((name, [ANYBODY]) for name in ("take", "say", "decline", "join_or_part", "invited")),
    ("do", [ANYBODY, WISHES]),
    ("goes_or_comes", [ANYBODY]),
    ("loses_rights_or_gets_them_back", [ANYBODY]),
    ("close", [ANYBODY, tuple(Outcome)]),
    ("leave", [range(4)]),
    ("rather_leave_a_message", [range(4)]),
    ("link", [(True, False)]),
    ("overflow", []),
    ("write", []),
)
ALWAYS = (
    "there_is_one_owner_or_a_queue_or_an_offer",
    "the_offer_is_the_one_last_made",
    "nobody_gone_is_asked",
    "a_first_answer_is_owed_or_not",
    "a_timer_leads_on_and_comes_to_rest",
    "over_is_over",
    "guests_are_others",
    "its_age_and_home_stay",
)


def walk(seed: int) -> Hands:
    """One life by chance; the same seed is the same life."""
    chance = random.Random(seed)
    life = Hands()
    life.start(chance.choice(("", "hello")), chance.choice(("", "vera@example.org")))
    for _ in range(40):
        name, pools = chance.choice(MOVES)
        if name not in POSSIBLE or POSSIBLE[name](life.head):
            getattr(life, name)(*map(chance.choice, pools))
            for law in ALWAYS:
                getattr(life, law)()
    return life


@pytest.mark.parametrize("block", range(10))
def test_thousands_of_interleavings(block: int) -> None:
    for seed in range(block * 200, block * 200 + 200):
        try:
            walk(seed)
        except AssertionError as error:
            raise AssertionError(f"replay with walk({seed}): {error}") from error


def test_the_walks_go_everywhere() -> None:
    """Every way on which a chat changes hands is taken by some seed."""
    seen = {
        f"{before.what.__struct_config__.tag} {after.what.__struct_config__.tag}"
        for seed in range(600)
        for log in [walk(seed).log]
        for before, after in pairwise(log)
    }
    assert {
        "offered declined",
        "offered offer_ended",
        "offered took",
        "offered transferred",
        "offered offered",
        "declined offered",
        "offer_ended offered",
        "offer_ended requeued",
        "lined requeued",
        "offer_ended visitor_left",
        "offer_ended ended",
    } <= seen
