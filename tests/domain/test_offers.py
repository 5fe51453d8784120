"""How a chat changes hands: each way of an offer, told one by one: what the dispatcher gives."""

import msgspec
import pytest

from agentconsole.backend.domain import offers
from agentconsole.backend.domain.chat import VisitorLink, leave_message
from agentconsole.backend.domain.life import Refusal, is_offered
from agentconsole.backend.domain.offers import OfferLost
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.protocol import (
    CancelTransfer,
    Close,
    Code,
    Decline,
    Leave,
    Note,
    Offered,
    OfferEnd,
    OfferEnded,
    Outcome,
    Prioritise,
    Release,
    Requeued,
    Say,
    State,
    Take,
)
from tests.domain.cast import ELSEWHERE, HERE, NOW, chat, staff
from tests.domain.team import (
    CARL,
    CID,
    EXPIRE,
    OLGA,
    SALES,
    SUPPORT,
    SUSAN,
    VERA,
    clock,
    do,
    done,
    give,
    kinds,
    offer,
    refuse,
    refused,
    transfer,
    whats,
)

WAITING = chat(State.waiting)
RUNNING = chat(State.active)
SAY, TAKE, DECLINE = Say(CID, 7, "hello"), Take(CID, 7), Decline(CID, 7, "at lunch")
CANCEL, RELEASE, CLOSE, LEAVE = (
    CancelTransfer(CID, 7),
    Release(CID, 7),
    Close(CID, 7, Outcome.solved),
    Leave(CID, 7),
)


# --- the dispatcher gives ------------------------------------------------------------------------------------------


def test_a_given_chat_is_offered_and_nobodys_until_taken() -> None:
    offered, entries = give(WAITING, CARL)
    assert (offered.state, offered.owner, offered.timed) == (State.offered, 0, True)
    assert offer(offered) == (CARL, 0, NOW + SALES.reply_ms)
    assert entries[0].what == Offered(HERE, CARL, "Carl", until=NOW + SALES.reply_ms)
    assert refused(offered, OLGA, TAKE) is Code.taken
    taken = done(offered, CARL, TAKE, NOW + 5)
    assert (taken.owner, taken.owner_name, taken.taken_at) == (CARL, "Carl", NOW + 5)
    assert not is_offered(taken)


def test_the_first_line_accepts_as_well_and_the_reply_is_no_longer_owed() -> None:
    offered, _ = give(WAITING, CARL)
    assert kinds(do(offered, CARL, SAY)) == "took said"
    said = done(offered, CARL, SAY, NOW + 1)
    assert (said.owner, said.timed, said.due_at, said.replied_at) == (CARL, False, 0, NOW + 1)


@pytest.mark.parametrize("who", [CARL, SUSAN])
def test_the_reply_time_runs_on_until_somebody_of_staff_writes(who: int) -> None:
    taken = done(give(WAITING, CARL)[0], CARL, TAKE, NOW + 5)
    assert (taken.timed, taken.due_at) == (True, NOW + SALES.reply_ms)
    asked = done(taken, VERA, SAY, NOW + 6)
    noted = done(asked, CARL, Note(CID, 7, "hm"), NOW + 6)
    assert (noted.timed, noted.due_at) == (True, NOW + SALES.reply_ms), (
        "neither the visitor nor a note answers"
    )
    helped = msgspec.structs.replace(noted, guests=(SUSAN,))
    assert (done(helped, who, SAY, NOW + 7).timed, done(helped, who, SAY, NOW + 7).due_at) == (False, 0)


def test_a_taken_chat_without_an_answer_goes_on_and_is_a_missed_one() -> None:
    taken = done(give(WAITING, CARL)[0], CARL, TAKE)
    due = NOW + SALES.reply_ms
    assert clock(taken, due - 1) is taken
    missed = do(taken, SYSTEM, EXPIRE, due)
    assert whats(missed) == [OfferEnded(OfferEnd.timeout, CARL, "Carl"), Requeued()]
    assert (missed[0].owner, missed[0].tried, missed[0].since) == (0, (CARL,), WAITING.since)


def test_nobody_who_missed_it_is_asked_again_though_another_took_it_between() -> None:
    late = clock(give(WAITING, CARL)[0], NOW + 20)
    assert late.tried == (CARL,)
    taken = done(give(late, OLGA, NOW + 20)[0], OLGA, TAKE, NOW + 21)
    missed = clock(taken, NOW + 40)
    assert set(missed.tried) == {CARL, OLGA}
    answered = done(taken, OLGA, SAY, NOW + 22)
    assert done(answered, OLGA, RELEASE).tried == (OLGA,), "an answered chat begins a new round"


def test_who_was_asked_in_one_department_is_not_asked_again_in_the_next() -> None:
    declined = done(give(WAITING, CARL)[0], CARL, DECLINE)
    moved, entries = offers.move(declined, SUPPORT, NOW, "nobody there")
    assert (moved.department, moved.home, moved.since, moved.queued_at) == (
        ELSEWHERE,
        HERE,
        WAITING.since,
        NOW,
    )
    assert (moved.passed, moved.tried, entries[0].pub) == ((HERE,), (CARL,), 0)
    with pytest.raises(Refusal):
        give(moved, CARL)


@pytest.mark.parametrize("way", ["decline", "timeout", "unavailable"])
def test_a_given_chat_that_is_not_wanted_waits_again_with_its_age(way: str) -> None:
    offered, _ = give(WAITING, CARL)
    after, entries = refuse(offered, way)
    assert (after.state, after.owner, after.due_at, after.timed) == (State.waiting, 0, 0, False)
    assert (after.since, after.queued_at) == (WAITING.since, WAITING.queued_at)
    assert len(entries) == 1
    assert entries[0].pub == 0, "the visitor is told nothing"
    if way == "unavailable":
        assert give(after, CARL)[0].offer_to == CARL, "who was cut off has not been asked in vain"
    else:
        assert after.tried == (CARL,)
        with pytest.raises(Refusal):
            give(after, CARL)


def test_without_a_reply_time_an_offer_ends_when_its_person_is_gone() -> None:
    patient = msgspec.structs.replace(SALES, reply_ms=0)
    offered, _ = offers.give(WAITING, CARL, "Carl", NOW, patient)
    assert (offered.due_at, offered.timed) == (0, False)
    assert done(offered, SYSTEM, OfferLost(7, CARL)).state is State.waiting


@pytest.mark.parametrize("user", [0, OLGA])
def test_only_the_offer_to_who_is_gone_is_lost(user: int) -> None:
    for head in (WAITING, RUNNING, give(WAITING, CARL)[0], transfer(RUNNING, OLGA, CARL)[0]):
        assert done(head, SYSTEM, OfferLost(7, user)) is head


def test_a_lost_visitor_is_given_the_usual_time_after_an_offer() -> None:
    lost = done(give(WAITING, CARL)[0], SYSTEM, VisitorLink(7, False), NOW + 1)
    assert lost.due_at == NOW + 20, "the offer's own"
    waiting = clock(lost, NOW + 20)
    assert (waiting.state, waiting.due_at) == (State.waiting, NOW + 20 + SALES.abandon_ms)
    assert clock(waiting, waiting.due_at).state is State.abandoned
    assert clock(give(waiting, OLGA, NOW + 21)[0], NOW + 41).state is State.waiting


@pytest.mark.parametrize("command", ["leave", "message"])
def test_a_visitor_may_go_while_the_chat_is_offered(command: str) -> None:
    offered, _ = give(WAITING, CARL)
    gone = done(offered, VERA, LEAVE) if command == "leave" else leave_message(offered, NOW)[0]
    assert (gone.offer_to, gone.due_at, gone.timed, gone.owner) == (0, 0, False, 0)
    assert refused(gone, CARL, TAKE) is Code.gone
    assert clock(gone, NOW + 1_000) is gone


def test_accept_or_timeout_never_both() -> None:
    """Whichever comes first decides; the other finds nothing to do, or is told."""
    offered, _ = give(WAITING, CARL)
    due = offered.due_at
    late = clock(offered, due)
    assert late.state is State.waiting
    assert refused(late, CARL, DECLINE) is Code.not_now
    again = done(late, CARL, TAKE, due)  # by hand, like anybody
    assert (again.owner, again.timed) == (CARL, False)
    taken = done(offered, CARL, TAKE, due)
    assert clock(taken, due - 1) is taken
    passed, _ = transfer(RUNNING, OLGA, CARL)
    assert clock(passed, passed.due_at).owner == OLGA
    assert refused(clock(passed, passed.due_at), CARL, TAKE) is Code.taken
    accepted = done(passed, CARL, TAKE, passed.due_at)
    assert accepted.owner == CARL
    assert clock(accepted, passed.due_at) is accepted


def test_priority_is_the_supervisors_and_says_nothing_to_the_visitor() -> None:
    for head in (WAITING, give(WAITING, CARL)[0]):
        after, entries = do(head, SUSAN, Prioritise(CID, 7, 3))
        assert (after.priority, entries[0].pub) == (3, 0)
        assert done(after, SUSAN, Prioritise(CID, 7, 3)) is after


def test_who_has_lost_every_right_cannot_accept() -> None:
    nobody = staff(CARL, "Carl")
    for head in (give(WAITING, CARL)[0], transfer(RUNNING, OLGA, CARL)[0]):
        for command in (TAKE, SAY, DECLINE):
            assert refused(head, nobody, command) is Code.unknown
