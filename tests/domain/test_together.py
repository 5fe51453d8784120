"""Several of staff with one visitor: joining, leaving, inviting, declining, and calling for help."""

from typing import Any

import msgspec
import pytest

from agentconsole.backend.domain import together
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.life import Decision, Head, Refusal, listed, takes_part, thing
from agentconsole.backend.domain.policy import Deed, can
from agentconsole.protocol import (
    AskHelp,
    Close,
    Code,
    Decline,
    Declined,
    EndHelp,
    HelpAsked,
    HelpDone,
    Invited,
    InviteEnded,
    Join,
    Joined,
    Leave,
    Note,
    OfferEnd,
    Outcome,
    Parted,
    Release,
    Say,
    State,
    Take,
)
from tests.domain import team
from tests.domain.cast import HERE, NOW, STATES, chat
from tests.domain.team import CARL, CID, OLGA, PEOPLE, SALES, STAN, SUSAN, VERA, do, done, refused, whats
from tests.domain.test_life import listed as shown
from tests.domain.test_life import lived, numbered

RUNNING = chat(State.active)
JOIN, LEAVE, DECLINE = Join(CID, 7), Leave(CID, 7), Decline(CID, 7, "lunch")
HELP, HELPED = AskHelp(CID, 7, "how?"), EndHelp(CID, 7)


def invite(head: Head, user: int, department: Department = SALES) -> Decision:
    by = PEOPLE[OLGA].party
    return together.invite(head, by, NOW, user, PEOPLE[user].display, department)


def with_guests(*guests: int) -> Head:
    return msgspec.structs.replace(RUNNING, guests=guests)


@pytest.fixture
def colleagues_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(team.DEPARTMENTS, HERE, msgspec.structs.replace(SALES, team=True))


# --- joining and leaving -------------------------------------------------------------------------------------------


def test_joining_is_public_and_the_owner_stays_responsible() -> None:
    joined, entries = do(RUNNING, SUSAN, JOIN)
    assert [entry.what for entry in entries] == [Joined()]
    assert (entries[0].pub, entries[0].by) == (RUNNING.pub + 1, PEOPLE[SUSAN].party)
    assert (joined.owner, joined.guests, joined.state) == (OLGA, (SUSAN,), State.active)
    shown(RUNNING, joined)
    assert done(joined, SUSAN, JOIN) is joined
    assert done(joined, OLGA, JOIN) is joined, "its owner is in it already"


def test_a_guest_writes_and_notes_but_neither_closes_nor_hands_over() -> None:
    joined = with_guests(CARL)
    assert whats(do(joined, CARL, Say(CID, 7, "I know that one")))[0].text == "I know that one"
    assert whats(do(joined, CARL, Note(CID, 7, "hm")))[0].text == "hm"
    for command in (Close(CID, 7, Outcome.solved), Release(CID, 7)):
        assert refused(joined, CARL, command) is Code.not_now
    with pytest.raises(Refusal) as caught:
        team.transfer(joined, CARL, SUSAN)
    assert caught.value.code is Code.not_now


def test_a_guest_leaves_and_is_out() -> None:
    parted, entries = do(with_guests(CARL, SUSAN), CARL, LEAVE)
    assert ([entry.what for entry in entries], entries[0].pub) == ([Parted()], RUNNING.pub + 1)
    assert (parted.guests, parted.owner, parted.state) == ((SUSAN,), OLGA, State.active)
    assert refused(parted, CARL, Say(CID, 7, "one more")) is Code.unknown
    assert done(parted, VERA, Say(CID, 7, "bye")).unanswered == 1


def test_its_owner_cannot_just_leave() -> None:
    assert refused(with_guests(CARL), OLGA, LEAVE) is Code.not_now
    assert done(RUNNING, SUSAN, LEAVE) is RUNNING, "who is not in it is out of it"
    assert refused(RUNNING, CARL, LEAVE) is Code.unknown
    assert refused(RUNNING, STAN, LEAVE) is Code.unknown


def test_after_the_end_a_guest_leaves_without_a_word() -> None:
    closed = done(with_guests(CARL), OLGA, Close(CID, 7, Outcome.solved))
    assert closed.guests == (CARL,)
    after, entries = do(closed, CARL, LEAVE)
    assert (after.guests, entries) == ((), [])
    shown(closed, after)


@pytest.mark.parametrize("state", [state for state in STATES if state is not State.active])
def test_only_a_running_chat_is_joined(state: State) -> None:
    code = refused(chat(state), SUSAN, JOIN)
    assert code is (Code.not_now if state in (State.waiting, State.offered) else Code.closed)
    with pytest.raises(Refusal):
        invite(chat(state), SUSAN)


def test_colleagues_join_where_the_department_lets_them_read(colleagues_read: None) -> None:
    assert done(RUNNING, CARL, JOIN).guests == (CARL,)
    assert refused(RUNNING, STAN, JOIN) is Code.unknown


def test_in_a_closed_department_a_colleague_is_invited_first() -> None:
    assert refused(RUNNING, CARL, JOIN) is Code.unknown
    assert done(invite(RUNNING, CARL)[0], CARL, JOIN).guests == (CARL,)


@pytest.mark.parametrize("most", [0, 1, 2, 3])
def test_the_limit_counts_who_is_in_and_who_is_asked(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    small = msgspec.structs.replace(SALES, guests=most, team=True)
    monkeypatch.setitem(team.DEPARTMENTS, HERE, small)
    head, places = RUNNING, most
    for user, invited in ((STAN, True), (CARL, False), (SUSAN, False)):
        try:
            head = invite(head, user, small)[0] if invited else done(head, user, JOIN)
        except Refusal as refusal:
            assert refusal.code is Code.limit  # noqa: PT017
            assert places == 0
        else:
            places -= 1
    assert len(head.guests) + len(head.invited) == min(most, 3)
    if most:
        assert done(head, STAN, JOIN).invited == (), "the place of who was invited is kept"


# --- invitations ---------------------------------------------------------------------------------------------------


def test_who_is_invited_sees_the_chat_from_any_department_until_declined() -> None:
    assert not can(PEOPLE[STAN], Deed.read_chat, thing(RUNNING, team=False))
    invited, entries = invite(RUNNING, STAN)
    assert ([entry.what for entry in entries], entries[0].pub) == ([Invited(STAN, "Stan", NOW + 40)], 0)
    assert can(PEOPLE[STAN], Deed.read_chat, thing(invited, team=False))
    assert refused(invited, STAN, Say(CID, 7, "hi")) is Code.not_now
    assert refused(invited, STAN, Take(CID, 7)) is Code.taken
    shown(RUNNING, invited)
    declined, more = do(invited, STAN, DECLINE)
    assert ([entry.what for entry in more], more[0].pub) == ([Declined("lunch", invite=True)], 0)
    assert (declined.invited, declined.guests) == ((), ())
    assert refused(declined, STAN, JOIN) is Code.unknown


def test_an_invitation_is_accepted_once_and_made_once() -> None:
    invited, _ = invite(RUNNING, STAN)
    assert invite(invited, STAN) == (invited, [])
    joined = done(invited, STAN, JOIN)
    assert (joined.guests, joined.invited) == ((STAN,), ())
    for user in (STAN, OLGA):
        with pytest.raises(Refusal, match="in this chat already") as caught:
            invite(joined, user)
        assert caught.value.code is Code.invalid
    assert takes_part(joined, STAN)
    assert not takes_part(joined, 0)


@pytest.mark.parametrize("why", OfferEnd)
def test_an_invitation_ends_and_its_place_is_free(why: OfferEnd) -> None:
    small = msgspec.structs.replace(SALES, guests=1)
    invited = invite(RUNNING, STAN, small)[0]
    with pytest.raises(Refusal):
        invite(invited, CARL, small)
    ended, entries = together.uninvite(invited, PEOPLE[OLGA].party, NOW, STAN, "Stan", why)
    assert ([entry.what for entry in entries], entries[0].pub) == ([InviteEnded(why, STAN, "Stan")], 0)
    shown(invited, ended)
    lived(invited, ended, entries)
    assert refused(ended, STAN, JOIN) is Code.unknown
    assert invite(ended, CARL, small)[0].invited == (CARL,)
    with pytest.raises(Refusal, match="Stan is not invited") as caught:
        together.uninvite(ended, PEOPLE[OLGA].party, NOW, STAN, "Stan", why)
    assert caught.value.code is Code.not_now


def test_a_later_invitation_puts_the_end_off_and_the_end_of_all_clears_it() -> None:
    first = invite(RUNNING, STAN)[0]
    by = PEOPLE[OLGA].party
    second = together.invite(first, by, NOW + 30, CARL, "Carl", SALES)[0]
    assert (first.invited_until, second.invited_until) == (NOW + 40, NOW + 70)
    for command in (Release(CID, 7), Close(CID, 7, Outcome.solved)):
        after = done(second, OLGA, command)
        assert (after.invited, after.invited_until) == ((), 0)


@pytest.mark.parametrize("state", [State.wrapup, State.closed, State.abandoned, State.left_message])
def test_the_refusal_to_come_into_a_chat_that_ended_speaks_of_that(state: State) -> None:
    with pytest.raises(Refusal) as caught:
        invite(chat(state), CARL)
    assert "sent" not in caught.value.text
    assert ("Reopen" in caught.value.text) == (state is State.wrapup)


def test_an_offer_is_declined_before_an_invitation() -> None:
    both = team.transfer(invite(RUNNING, CARL)[0], OLGA, CARL)[0]
    first = done(both, CARL, DECLINE)
    assert (first.offer_to, first.invited) == (0, (CARL,))
    second = done(first, CARL, DECLINE)
    assert second.invited == ()
    assert refused(second, CARL, DECLINE) is Code.unknown


@pytest.mark.parametrize("way", ["requeued", "closed", "left", "taken over by the guest"])
def test_no_guest_outlives_the_company(way: str) -> None:
    head = msgspec.structs.replace(RUNNING, guests=(CARL,), invited=(STAN,), help_at=NOW)
    if way == "requeued":
        after = done(head, OLGA, Release(CID, 7))
        assert (after.guests, after.invited, after.help_at) == ((), (), 0)
    elif way == "taken over by the guest":
        passed = team.transfer(head, OLGA, CARL)[0]
        after = done(passed, CARL, Take(CID, 7))
        assert (after.owner, after.guests, after.invited) == (CARL, (), (STAN,))
    else:
        end: Any = Close(CID, 7, Outcome.solved) if way == "closed" else LEAVE
        after = done(head, OLGA if way == "closed" else VERA, end)
        assert (after.guests, after.invited, after.help_at) == ((CARL,), (), 0)
        assert refused(after, STAN, JOIN) is Code.unknown


# --- help ----------------------------------------------------------------------------------------------------------


def test_a_call_for_help_is_made_once_and_the_visitor_hears_nothing() -> None:
    asked, entries = do(RUNNING, OLGA, HELP)
    assert ([entry.what for entry in entries], entries[0].pub) == ([HelpAsked("how?")], 0)
    assert asked.help_at == NOW
    assert do(asked, OLGA, HELP, NOW + 5) == (asked, [])
    shown(RUNNING, asked)
    lived(RUNNING, asked, entries)
    numbered(RUNNING, asked, entries)


@pytest.mark.parametrize("who", [OLGA, SUSAN, CARL])
def test_who_answers_or_supervises_ends_the_call(who: int) -> None:
    asked = done(with_guests(CARL), OLGA, HELP)
    after, entries = do(asked, who, HELPED)
    assert (after.help_at, [entry.what for entry in entries], entries[0].pub) == (0, [HelpDone()], 0)
    assert done(after, who, HELPED) is after


def test_a_supervisor_who_joins_is_the_help_and_a_colleague_is_not(colleagues_read: None) -> None:
    asked = done(RUNNING, OLGA, HELP)
    assert whats(do(asked, SUSAN, JOIN)) == [Joined(), HelpDone()]
    assert done(asked, SUSAN, JOIN).help_at == 0
    assert whats(do(asked, CARL, JOIN)) == [Joined()]
    assert done(asked, CARL, JOIN).help_at == NOW
    assert whats(do(RUNNING, SUSAN, JOIN)) == [Joined()], "nothing is ended that was not begun"


def test_help_is_called_to_ones_own_running_chat() -> None:
    assert refused(RUNNING, CARL, HELP) is Code.unknown
    assert refused(RUNNING, SUSAN, HELP) is Code.not_now
    assert refused(chat(State.wrapup), OLGA, HELP) is Code.not_now
    with pytest.raises(Refusal, match="NUL"):
        do(RUNNING, OLGA, AskHelp(CID, 7, "a\0b"))
    assert listed(RUNNING).version == RUNNING.version + 1
