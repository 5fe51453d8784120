"""How a chat changes hands from one of staff to another: every way of a transfer, told one by one."""

from itertools import permutations
from typing import Any

import msgspec
import pytest

from agentconsole.backend.domain.life import Refusal, is_offered
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.protocol import (
    AskHelp,
    Away,
    CancelTransfer,
    Close,
    Code,
    Decline,
    Leave,
    Lined,
    Offered,
    OfferEnd,
    OfferEnded,
    Outcome,
    Promised,
    Release,
    Reopen,
    Requeued,
    Say,
    State,
    Take,
    TakeOver,
    Transferred,
)
from tests.domain.cast import ELSEWHERE, HERE, NOW, chat
from tests.domain.team import (
    CARL,
    CID,
    DEPARTMENTS,
    EXPIRE,
    OLGA,
    PEOPLE,
    SALES,
    STAN,
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


# --- transfer to an agent ------------------------------------------------------------------------------------------


def test_the_owner_keeps_the_chat_until_it_is_accepted() -> None:
    passed, entries = transfer(RUNNING, OLGA, CARL, note="wants a refund")
    until = NOW + SALES.offer_ms
    assert entries[0].what == Offered(HERE, CARL, "Carl", True, "wants a refund", until)
    assert (passed.state, passed.owner, offer(passed), passed.offer_by) == (
        State.active,
        OLGA,
        (CARL, 0, until),
        OLGA,
    )
    assert kinds(do(passed, OLGA, SAY)) == "said"
    assert refused(passed, CARL, SAY) is Code.not_now, "one takes a transfer, one does not talk into it"
    accepted = do(passed, CARL, TAKE, NOW + 9)
    assert whats(accepted) == [Transferred("Olga")]
    assert accepted[1][0].pub == passed.pub + 1
    head = accepted[0]
    assert (head.owner, head.department, head.transfers, head.due_at, head.timed) == (CARL, HERE, 1, 0, False)
    assert refused(head, OLGA, SAY) is Code.unknown


@pytest.mark.parametrize("way", ["decline", "timeout", "unavailable", "cancel"])
def test_an_agent_who_does_not_want_it_leaves_it_with_its_owner(way: str) -> None:
    passed, _ = transfer(RUNNING, OLGA, CARL)
    after, entries = refuse(passed, way)
    assert (after.state, after.owner, offer(after), after.tried) == (State.active, OLGA, (0, 0, 0), ())
    assert len(entries) == 1
    assert entries[0].pub == 0
    assert refused(after, CARL, TAKE) is Code.taken
    assert offer(transfer(after, OLGA, CARL)[0])[0] == CARL, "its owner may ask once more"


def test_an_owed_answer_is_owed_again_when_a_transfer_came_to_nothing() -> None:
    taken = done(give(WAITING, OLGA)[0], OLGA, TAKE)
    passed, _ = transfer(taken, OLGA, CARL)
    assert passed.due_at == NOW + SALES.offer_ms
    kept = done(passed, CARL, DECLINE, NOW + 30)
    assert (kept.timed, kept.due_at) == (True, NOW + 30 + SALES.reply_ms)
    accepted = done(passed, CARL, TAKE, NOW + 30)
    assert (accepted.timed, accepted.due_at) == (False, 0), "no timer of the old owner goes on"
    said = done(passed, OLGA, SAY, NOW + 30)
    assert (said.timed, said.due_at) == (False, passed.due_at), "the offer's own time goes on"
    assert clock(said, said.due_at).due_at == 0


def test_an_owed_answer_is_owed_no_more_where_there_is_no_time_for_one_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = done(give(WAITING, OLGA)[0], OLGA, TAKE)
    passed, _ = transfer(taken, OLGA, CARL)
    monkeypatch.setitem(DEPARTMENTS, HERE, msgspec.structs.replace(SALES, reply_ms=0))
    kept = done(passed, CARL, DECLINE, NOW + 30)
    assert (kept.owner, kept.timed, kept.due_at) == (OLGA, False, 0), (
        "else the chat were taken from her at once"
    )


def test_two_transfers_at_once_the_first_wins() -> None:
    passed, _ = transfer(RUNNING, OLGA, CARL)
    for by, user, department in ((OLGA, SUSAN, 0), (OLGA, 0, ELSEWHERE), (SUSAN, 0, ELSEWHERE)):
        with pytest.raises(Refusal, match="offered to Carl") as caught:
            transfer(passed, by, user, department)
        assert caught.value.code is Code.not_now
    with pytest.raises(Refusal, match="offered to Carl"):
        transfer(passed, SUSAN, 0, ELSEWHERE, force=True)
    accepted = done(passed, CARL, TAKE)
    with pytest.raises(Refusal) as caught:
        transfer(accepted, OLGA, SUSAN)
    assert caught.value.code is Code.unknown


@pytest.mark.parametrize("who", [OLGA, SUSAN])
def test_transfer_against_close_one_wins(who: int) -> None:
    passed, _ = transfer(RUNNING, OLGA, CARL)
    closed = do(passed, who, CLOSE)
    assert whats(closed)[0] == OfferEnded(OfferEnd.cancelled, CARL, "Carl")
    assert offer(closed[0])[:2] == (0, 0)
    assert refused(closed[0], CARL, TAKE) is Code.taken
    assert refused(closed[0], CARL, DECLINE) is Code.unknown
    for head in (closed[0], clock(closed[0], closed[0].due_at)):
        for by in (OLGA, SUSAN):
            with pytest.raises(Refusal) as caught:
                transfer(head, by, CARL, force=by == SUSAN)
            assert caught.value.code is Code.not_now
        assert refused(head, SUSAN, TakeOver(CID, 7)) is Code.not_now
    accepted = done(passed, CARL, TAKE)
    assert refused(accepted, OLGA, CLOSE) is Code.unknown
    reopened = done(closed[0], OLGA, Reopen(CID, 7)) if who == OLGA else done(closed[0], VERA, SAY)
    assert (reopened.owner, is_offered(reopened), reopened.due_at) == (OLGA, False, 0)


@pytest.mark.parametrize("end", [LEAVE, RELEASE])
def test_whatever_ends_the_owners_time_ends_the_offer(end: Any) -> None:
    passed, _ = transfer(RUNNING, OLGA, CARL)
    after = do(passed, VERA if end is LEAVE else OLGA, end)
    assert whats(after)[0] == OfferEnded(OfferEnd.cancelled, CARL, "Carl")
    assert not is_offered(after[0])
    assert refused(after[0], CARL, DECLINE) in (Code.not_now, Code.unknown)


def test_nobody_hands_over_to_who_has_it_or_without_a_word() -> None:
    for by, user in ((OLGA, OLGA), (SUSAN, OLGA)):
        with pytest.raises(Refusal, match="this chat already") as caught:
            transfer(RUNNING, by, user)
        assert caught.value.code is Code.invalid
    with pytest.raises(Refusal, match="in Sales already"):
        transfer(RUNNING, OLGA, 0, HERE)
    with pytest.raises(Refusal, match="nothing to hand over"):
        transfer(WAITING, SUSAN, 0, ELSEWHERE)
    with pytest.raises(Refusal, match="NUL"):
        transfer(RUNNING, OLGA, CARL, note="a\0b")
    for stranger, code in ((CARL, Code.unknown), (STAN, Code.unknown)):
        with pytest.raises(Refusal) as caught:
            transfer(RUNNING, stranger, SUSAN)
        assert caught.value.code is code


# --- transfer to a department --------------------------------------------------------------------------------------


def test_a_department_s_chat_is_anybodys_of_it_and_then_its_queues() -> None:
    passed, _ = transfer(RUNNING, OLGA, 0, ELSEWHERE)
    assert (offer(passed), passed.owner) == ((0, ELSEWHERE, NOW + SUPPORT.offer_ms), OLGA)
    assert refused(passed, SUSAN, TAKE) is Code.taken
    accepted = done(passed, STAN, TAKE)
    assert (accepted.owner, accepted.department, accepted.home) == (STAN, ELSEWHERE, HERE)
    late = do(passed, SYSTEM, EXPIRE, NOW + SUPPORT.offer_ms)
    assert whats(late)[1] == Requeued("Support")
    head = late[0]
    assert (head.state, head.department, head.owner, head.since) == (
        State.waiting,
        ELSEWHERE,
        0,
        RUNNING.since,
    )
    assert (head.queued_at, head.tried, head.due_at) == (NOW + SUPPORT.offer_ms, (OLGA,), 0)


def test_within_a_department_the_dispatcher_asks_one_after_the_other_in_the_same_time() -> None:
    passed, _ = transfer(RUNNING, OLGA, 0, ELSEWHERE)
    until = passed.due_at
    to_carl, entries = give(passed, CARL, NOW + 5)
    assert (offer(to_carl), to_carl.owner) == ((CARL, ELSEWHERE, until), OLGA)
    assert entries[0].what == Offered(ELSEWHERE, CARL, "Carl", transfer=True, until=until)
    assert refused(to_carl, STAN, TAKE) in (Code.taken, Code.unknown)
    declined = done(to_carl, CARL, DECLINE, NOW + 10)
    assert offer(declined) == (0, ELSEWHERE, until)
    with pytest.raises(Refusal):
        give(declined, CARL, NOW + 11)
    with pytest.raises(Refusal):
        give(declined, OLGA, NOW + 11)
    to_stan, _ = give(declined, STAN, NOW + 12)
    late = clock(to_stan, until)
    assert (late.state, late.department, set(late.tried)) == (State.waiting, ELSEWHERE, {OLGA, CARL, STAN})
    with pytest.raises(Refusal):
        give(declined, STAN, until)


@pytest.mark.parametrize("way", ["decline", "timeout", "unavailable"])
def test_preferring_one_the_department_has_its_whole_time_after_the_one(way: str) -> None:
    passed, _ = transfer(RUNNING, OLGA, CARL, ELSEWHERE, note="refund")
    assert offer(passed) == (CARL, ELSEWHERE, NOW + SUPPORT.offer_ms)
    at = NOW + SUPPORT.offer_ms
    wide, entries = refuse(passed, way, at)
    assert [type(entry.what) for entry in entries][1:] == [Offered]
    assert (offer(wide), wide.owner) == ((0, ELSEWHERE, at + SUPPORT.offer_ms), OLGA)
    assert set(wide.tried) == {OLGA, CARL}
    queued = clock(wide, wide.due_at)
    assert (queued.state, queued.department, set(queued.tried)) == (
        State.waiting,
        ELSEWHERE,
        {OLGA, CARL},
    )


def test_a_preferred_person_who_is_away_leaves_it_to_the_department() -> None:
    passed, _ = transfer(RUNNING, OLGA, CARL, ELSEWHERE, why="is on a break")
    assert offer(passed)[:2] == (0, ELSEWHERE)
    lined, _ = transfer(RUNNING, OLGA, CARL, ELSEWHERE, why="is on a break", away=Away.wait)
    assert (lined.state, lined.wanted) == (State.waiting, CARL), (
        "unless the owner would rather wait for this person"
    )


def test_a_department_that_is_not_there_refuses_or_lets_wait() -> None:
    with pytest.raises(Refusal, match="Nobody of Support") as caught:
        transfer(RUNNING, OLGA, 0, ELSEWHERE, is_open=False)
    assert caught.value.code is Code.unavailable
    queued = transfer(RUNNING, OLGA, 0, ELSEWHERE, is_open=False, away=Away.wait)
    assert whats(queued) == [Requeued("Support")]
    assert (queued[0].department, queued[0].owner, queued[0].tried) == (ELSEWHERE, 0, (OLGA,))


def test_the_queue_is_named_only_when_it_is_another() -> None:
    assert whats(do(RUNNING, OLGA, RELEASE)) == [Requeued()]
    lined = transfer(RUNNING, OLGA, CARL, why="is on a break", away=Away.wait)
    assert whats(lined)[1] == Requeued()
    lined = transfer(RUNNING, OLGA, CARL, ELSEWHERE, why="is on a break", away=Away.wait)
    assert whats(lined)[1] == Requeued("Support")


def test_a_note_is_there_when_the_department_wants_one(monkeypatch: pytest.MonkeyPatch) -> None:
    wants = msgspec.structs.replace(SUPPORT, note_required=True)
    monkeypatch.setitem(DEPARTMENTS, ELSEWHERE, wants)
    for note in ("", " \n"):
        with pytest.raises(Refusal, match="wants a note") as caught:
            transfer(RUNNING, OLGA, 0, ELSEWHERE, note=note)
        assert caught.value.code is Code.invalid
    note = "  refund,\n order 7 "
    assert whats(transfer(RUNNING, OLGA, 0, ELSEWHERE, note=note))[0].note == note


# --- whoever is away -----------------------------------------------------------------------------------------------


def test_away_is_refused_by_name_and_reason() -> None:
    with pytest.raises(Refusal, match="Carl is on a break") as caught:
        transfer(RUNNING, OLGA, CARL, why="is on a break")
    assert caught.value.code is Code.unavailable


def test_waiting_in_the_line_of_one_person() -> None:
    lined = transfer(RUNNING, OLGA, CARL, note="refund", why="is on the phone", away=Away.wait)
    until = NOW + SALES.wait_for_ms
    assert whats(lined) == [Lined(CARL, "Carl", until, "refund"), Requeued()]
    head = lined[0]
    assert (head.state, head.owner, head.wanted, head.wanted_name, head.wanted_until) == (
        State.waiting,
        0,
        CARL,
        "Carl",
        until,
    )
    assert (head.since, head.tried) == (RUNNING.since, (OLGA,))
    taken = done(give(head, CARL)[0], CARL, TAKE)
    assert (taken.owner, taken.wanted, taken.wanted_until) == (CARL, 0, 0)


def test_a_promised_e_mail_needs_an_address() -> None:
    for email in ("", "vera@example.org"):
        running = msgspec.structs.replace(RUNNING, email=email)
        if not email:
            with pytest.raises(Refusal, match="no e-mail address") as caught:
                transfer(running, OLGA, CARL, why="is offline", away=Away.email)
            assert caught.value.code is Code.invalid
            continue
        promised = transfer(running, OLGA, CARL, why="is offline", away=Away.email)
        assert whats(promised)[0] == Promised("Carl")
        head = promised[0]
        assert (head.state, head.owner, head.outcome) == (State.wrapup, OLGA, Outcome.follow_up)
        assert (head.due_at, head.ended_at, head.unanswered) == (NOW + SALES.wrapup_ms, NOW, 0)
        assert clock(head, head.due_at).state is State.closed


# --- supervisors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["waiting", "offered", "running", "in transfer"])
def test_force_makes_it_the_persons_at_once(start: str) -> None:
    head = {
        "waiting": WAITING,
        "offered": give(WAITING, OLGA)[0],
        "running": RUNNING,
        "in transfer": transfer(RUNNING, OLGA, SUSAN)[0],
    }[start]
    after, entries = transfer(head, SUSAN, CARL, why="has 3 of 3 chats", force=True, note="now")
    assert (after.owner, after.owner_name, after.state) == (CARL, "Carl", State.active)
    assert (after.timed, after.due_at, is_offered(after)) == (True, NOW + SALES.reply_ms, False)
    said = [entry.what for entry in entries if isinstance(entry.what, Offered)]
    assert [(what.user, what.note) for what in said] == [(CARL, "now")]
    if is_offered(head):
        ended = OfferEnded(OfferEnd.cancelled, head.offer_to, head.offer_name)
        assert [e.what for e in entries if isinstance(e.what, OfferEnded)] == [ended]
    assert entries[-1].by.id == CARL
    assert [entry.pub != 0 for entry in entries] == [False] * (len(entries) - 1) + [True]


def test_force_needs_the_right_and_somebody_who_is_there() -> None:
    with pytest.raises(Refusal, match="supervisor"):
        transfer(RUNNING, OLGA, CARL, force=True)
    with pytest.raises(Refusal, match="Carl is offline") as caught:
        transfer(RUNNING, SUSAN, CARL, why="is offline", there=False, force=True)
    assert caught.value.code is Code.unavailable


@pytest.mark.parametrize("start", ["running", "in transfer", "owing", "help"])
def test_taking_over_ends_every_timer_and_call(start: str) -> None:
    head = {
        "running": RUNNING,
        "in transfer": transfer(RUNNING, OLGA, CARL)[0],
        "owing": done(give(WAITING, OLGA)[0], OLGA, TAKE),
        "help": done(msgspec.structs.replace(RUNNING, guests=(SUSAN, CARL)), OLGA, AskHelp(CID, 7)),
    }[start]
    after = done(head, SUSAN, TakeOver(CID, 7))
    assert (after.owner, after.due_at, after.timed, after.help_at) == (SUSAN, 0, False, 0)
    assert SUSAN not in after.guests
    assert not is_offered(after)
    assert after.transfers == head.transfers + 1
    assert done(after, SUSAN, TakeOver(CID, 7)) is after


def test_a_supervisor_assigns_a_waiting_chat() -> None:
    tried = msgspec.structs.replace(WAITING, tried=(OLGA,))
    offered, _ = transfer(tried, SUSAN, CARL, ELSEWHERE)
    assert (offered.state, offer(offered)) == (State.offered, (CARL, ELSEWHERE, NOW + SUPPORT.offer_ms))
    taken = done(offered, CARL, TAKE)
    assert (taken.owner, taken.department, taken.due_at) == (CARL, ELSEWHERE, 0)
    back = done(offered, CARL, DECLINE)
    assert (back.state, back.department, back.tried) == (State.waiting, HERE, (OLGA, CARL))
    for away in (None, *Away):
        with pytest.raises(Refusal, match="Carl is on a break") as caught:
            transfer(WAITING, SUSAN, CARL, ELSEWHERE, why="is on a break", away=away)
        assert caught.value.code is Code.unavailable
    with pytest.raises(Refusal, match="Wait for the answer, or force it"):
        transfer(give(WAITING, OLGA)[0], SUSAN, CARL)


def test_any_order_of_the_same_wishes_leaves_one_owner() -> None:
    """Accept, decline, cancel, close, timeout and take-over, in every order."""
    wishes: list[tuple[Any, Any]] = [
        (PEOPLE[CARL], TAKE),
        (PEOPLE[OLGA], CANCEL),
        (PEOPLE[CARL], DECLINE),
        (PEOPLE[OLGA], CLOSE),
        (SYSTEM, EXPIRE),
        (PEOPLE[SUSAN], TakeOver(CID, 7)),
    ]
    for order in permutations(wishes):
        head, log = transfer(RUNNING, OLGA, CARL)
        for actor, command in order:
            try:
                head, entries = do(head, actor, command, NOW + SALES.offer_ms)
            except Refusal:
                continue
            log = log + entries
        ends = [e for e in log if e.what.__struct_config__.tag in ("transferred", "declined", "offer_ended")]
        accepted = [e for e in log if isinstance(e.what, Transferred)]
        assert ends, order
        assert head.owner == (accepted[-1].by.id if accepted else OLGA)
        assert not is_offered(head)
