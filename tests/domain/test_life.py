"""Every command of everybody in every state: what the law book says, written here a second time."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.backend.domain.chat import Expire, VisitorLink, VisitorPage, begin, decide, leave_message
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.life import (
    LIFE,
    UNANSWERED_LIMIT,
    Head,
    Refusal,
    append,
    checked_text,
    is_open,
)
from agentconsole.backend.domain.offers import OfferLost
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.backend.storage.chats import HOT
from agentconsole.protocol import (
    MAX_COMMENT,
    MAX_TEXT,
    AskHelp,
    BadFrame,
    CancelTransfer,
    Clock,
    Close,
    Code,
    Decline,
    EndHelp,
    Finish,
    Finished,
    Join,
    Leave,
    MailState,
    Note,
    OfferEnd,
    Outcome,
    Party,
    Prioritise,
    Promised,
    Public,
    Rate,
    Rated,
    Rating,
    Release,
    Reopen,
    Say,
    Side,
    StaffOnly,
    Started,
    State,
    Take,
    TakeOver,
    What,
    decode_public_what,
    encode,
)
from tests.domain.cast import (
    ACTORS,
    COLLEAGUE,
    ELSEWHERE,
    ENDED,
    HERE,
    NOW,
    OWNER,
    STATES,
    VISITOR,
    chat,
    outcome,
)

CID = "cid-00000"
COMMANDS: dict[str, Any] = {
    "say": Say(CID, 7, "hello"),
    "note": Note(CID, 7, "secret"),
    "take": Take(CID, 7),
    "close": Close(CID, 7, Outcome.unsolved),
    "reopen": Reopen(CID, 7),
    "finish": Finish(CID, 7),
    "release": Release(CID, 7),
    "leave": Leave(CID, 7),
    "rate": Rate(CID, 7, Rating.good),
    "expire": Expire(7),
    "link": VisitorLink(7, False),
    "page": VisitorPage(7, "https://x.example/"),
    "decline": Decline(CID, 7, "lunch"),
    "cancel": CancelTransfer(CID, 7),
    "take over": TakeOver(CID, 7),
    "join": Join(CID, 7),
    "ask help": AskHelp(CID, 7, "how?"),
    "end help": EndHelp(CID, 7),
    "prioritise": Prioritise(CID, 7, 5),
    "lost": OfferLost(7, COLLEAGUE),
}
# What may follow what: state, event, next state.
TABLE = {
    "waiting": {
        "started": "waiting",
        "said": "waiting",
        "noted": "waiting",
        "prioritised": "waiting",
        "moved": "waiting",
        "offered": "offered",
        "took": "active",
        "visitor_left": "abandoned",
        "message_left": "left_message",
    },
    "offered": {
        "said": "offered",
        "noted": "offered",
        "prioritised": "offered",
        "took": "active",
        "declined": "waiting",
        "offer_ended": "waiting",
        "visitor_left": "abandoned",
        "message_left": "left_message",
    },
    "active": {
        **dict.fromkeys(
            ("said", "noted", "joined", "parted", "invited", "invite_ended", "help_asked", "help_done"),
            "active",
        ),
        **dict.fromkeys(("offered", "declined", "offer_ended", "transferred", "lined"), "active"),
        "requeued": "waiting",
        "ended": "wrapup",
        "promised": "wrapup",
        "visitor_left": "wrapup",
    },
    "wrapup": {
        "outcome_set": "wrapup",
        "noted": "wrapup",
        "rated": "wrapup",
        "reopened": "active",
        "finished": "closed",
    },
    "closed": {"noted": "closed", "rated": "closed"},
    "abandoned": {"noted": "abandoned"},
    "left_message": {"noted": "left_message"},
}
NO, NIL, OVER, HIDDEN = "[not_now]", "", "[closed]", "[unknown]"
SINGLE_HANDED = ("cancel", "take over", "prioritise")
# Who may do something there: command, then what it comes to in waiting, offered (to the colleague), active, wrapup,
# closed, abandoned, left.
ENTITLED = {
    ("visitor", "say"): (*("said",) * 3, "reopened said", *(OVER,) * 3),
    ("visitor", "leave"): (*("visitor_left",) * 3, "changed", *(NIL,) * 3),
    ("visitor", "rate"): (*(NO,) * 3, "rated", "rated", NO, NO),
    ("visitor", "page"): (*("changed",) * 4, *(NIL,) * 3),
    ("system", "expire"): (NIL, "offer_ended", NIL, "finished", *(NIL,) * 3),
    ("system", "link"): (*("changed",) * 4, *(NIL,) * 3),
    ("system", "lost"): (NIL, "offer_ended", *(NIL,) * 5),
    ("owner", "take"): ("took", "[taken]", NIL, NIL, *("[gone]",) * 3),
    ("owner", "say"): (NO, NO, "said", NO, OVER, HIDDEN, HIDDEN),
    ("owner", "note"): (NO, NO, "noted", "noted", "noted", HIDDEN, HIDDEN),
    ("owner", "close"): (NO, NO, "ended outcome_set", "outcome_set", OVER, HIDDEN, HIDDEN),
    ("owner", "reopen"): (NO, NO, NIL, "reopened", OVER, HIDDEN, HIDDEN),
    ("owner", "finish"): (NO, NO, NO, "finished", OVER, HIDDEN, HIDDEN),
    ("supervisor", "finish"): (NO, NO, NO, "finished", *(OVER,) * 3),
    ("owner", "release"): (NO, NO, "requeued", NO, NO, HIDDEN, HIDDEN),
    ("owner", "leave"): (NIL, NIL, NO, NIL, NIL, HIDDEN, HIDDEN),
    ("owner", "decline"): (*(NO,) * 5, HIDDEN, HIDDEN),
    ("owner", "join"): (NO, NO, NIL, NIL, NIL, HIDDEN, HIDDEN),
    ("owner", "ask help"): (NO, NO, "help_asked", NO, NO, HIDDEN, HIDDEN),
    ("owner", "end help"): (NO, NO, NIL, NIL, NIL, HIDDEN, HIDDEN),
    **{("owner", name): (*(NO,) * 5, HIDDEN, HIDDEN) for name in SINGLE_HANDED},
    ("supervisor", "take"): ("took", "took", *("[taken]",) * 3, "[gone]", "[gone]"),
    ("supervisor", "take over"): ("took", "took", "transferred", *(NO,) * 4),
    ("supervisor", "say"): (*(NO,) * 4, *(OVER,) * 3),
    ("supervisor", "note"): ("noted",) * 7,
    ("supervisor", "close"): (NO, NO, "ended outcome_set", "outcome_set", *(OVER,) * 3),
    ("supervisor", "release"): (NO, NO, "requeued", *(NO,) * 4),
    ("supervisor", "leave"): (NIL,) * 7,
    ("supervisor", "join"): (NO, NO, "joined", *(OVER,) * 4),
    ("supervisor", "end help"): (NIL,) * 7,
    ("supervisor", "prioritise"): ("prioritised", "prioritised", *(NO,) * 5),
    **{("supervisor", name): (NO,) * 7 for name in ("reopen", "decline", "cancel", "ask help")},
    # a colleague sees the queue, and of what others answer only that it was taken
    ("colleague", "take"): ("took", "took", *("[taken]",) * 3, "[gone]", "[gone]"),
    ("colleague", "say"): (NO, "took said", *(HIDDEN,) * 5),
    ("colleague", "decline"): (NO, "declined", *(HIDDEN,) * 5),
    ("colleague", "leave"): (NIL, NIL, *(HIDDEN,) * 5),
    **{
        ("colleague", name): (NO, NO, *(HIDDEN,) * 5)
        for name in (
            "note",
            "close",
            "reopen",
            "finish",
            "release",
            "join",
            "ask help",
            "end help",
            *SINGLE_HANDED,
        )
    },
    # an analyst reads everything and touches nothing
    ("analyst", "say"): (*(NO,) * 4, *(OVER,) * 3),
    ("analyst", "leave"): (NIL,) * 7,
    **{
        (who, name): (NO,) * 7
        for who in ("analyst", "visitor")  # a visitor's own chat exists for the visitor, whatever the wish
        for name in (
            "note",
            "close",
            "reopen",
            "finish",
            "release",
            "decline",
            "join",
            "ask help",
            "end help",
        )
    },
    **{(who, name): (NO,) * 7 for who in ("analyst", "visitor") for name in SINGLE_HANDED},
}
for _name in COMMANDS:  # the same rights by other ways; but the offer is to the colleague alone
    if ("colleague", _name) in ENTITLED:
        ENTITLED["agent everywhere", _name] = ENTITLED["colleague", _name]
        _found = list(ENTITLED["colleague", _name])
        _found[1] = {"take": "[taken]", "say": NO, "decline": NO}.get(_name, _found[1])
        ENTITLED["supervisor elsewhere, agent here", _name] = tuple(_found)


def numbered(before: Head, after: Head, entries: list[Any]) -> None:
    """seq and pub go on without a gap, and only public events have a pub."""
    seq, pub = before.seq, before.pub
    for entry in entries:
        seq += 1
        pub += isinstance(entry.what, Public)
        assert entry.seq == seq
        assert entry.pub == (pub if isinstance(entry.what, Public) else 0)
    assert (after.seq, after.pub) == (seq, pub)


def lived(before: Head, after: Head, entries: list[Any]) -> None:
    """The states follow the table."""
    state = before.state.value
    for entry in entries:
        state = TABLE[state][str(entry.what.__struct_config__.tag)]
    assert after.state.value == state


def listed(before: Head, after: Head) -> None:
    """The version grows exactly when more than the hot columns changes: else the hot statement would lose it."""
    changed = {name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name)}
    if after.version == before.version:
        assert changed <= set(HOT)
    else:
        assert after.version > before.version
        assert changed - {*HOT, "version"}, "a list is shown again for nothing"


def test_the_table_is_the_law() -> None:
    here = {
        (state.value, str(what.__struct_config__.tag)): after.value for (state, what), after in LIFE.items()
    }
    assert here == {(state, what): after for state, row in TABLE.items() for what, after in row.items()}


@pytest.mark.parametrize("state", STATES)
def test_what_cannot_be_is_refused_with_advice_for_that_state(state: State) -> None:
    sentences = set()
    for what in (Started(), Finished(), Promised("Bob")):
        if (state, type(what)) not in LIFE:
            with pytest.raises(Refusal) as caught:
                append(chat(state), ACTORS["owner"].party, NOW, what)
            sentences.add(caught.value.text)
    (sentence,) = sentences
    assert "that is not possible" not in sentence
    assert ("Reopen" in sentence) == (state is State.wrapup)


@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize("name", COMMANDS)
def test_everybody_everywhere(who: str, name: str) -> None:
    found = tuple(outcome(chat(state), ACTORS[who], COMMANDS[name], NOW + 60_000) for state in STATES)
    assert found == ENTITLED.get((who, name), (HIDDEN,) * 7)


@pytest.mark.parametrize("name", ["say", "note", "close", "reopen", "release"])
@pytest.mark.parametrize("state", STATES)
def test_in_a_team_colleagues_may_read_and_so_are_told_why(name: str, state: State) -> None:
    found = outcome(chat(state), ACTORS["colleague"], COMMANDS[name], team=True)
    if name == "say" and state is State.offered:
        assert found == "took said", "it is offered to this very colleague"
    else:
        assert found == (OVER if name == "say" and state in ENDED else NO)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Head, Actor, Any, bool]:
    """Any head, however odd, any actor, any command."""
    state = draw(st.sampled_from(STATES))
    head = chat(
        state,
        owner=draw(st.sampled_from((0, OWNER, 12, 14))),
        left=draw(st.booleans()),
        lost_at=draw(st.sampled_from((0, NOW - 5_000))),
        due_at=draw(st.sampled_from((0, NOW - 1, NOW, NOW + 1))),
        unanswered=draw(st.sampled_from((0, 1, UNANSWERED_LIMIT - 1, UNANSWERED_LIMIT))),
        first_line=draw(st.sampled_from(("", "hello"))),
        outcome=draw(st.sampled_from((None, *Outcome))),
        rating=draw(st.sampled_from((None, *Rating))),
        timed=draw(st.booleans()),
        help_at=draw(st.sampled_from((0, NOW - 9))),
        guests=draw(st.sampled_from(((), (12,), (14, 99)))),
        invited=draw(st.sampled_from(((), (12,), (13, 12)))),
        tried=draw(st.sampled_from(((), (12,), (OWNER, 12)))),
        offer_to=draw(st.sampled_from((0, 12, 13))),
        offer_department=draw(st.sampled_from((0, HERE, ELSEWHERE))),
    )
    text = draw(
        st.sampled_from(("", " \n", "x", "x" * MAX_TEXT, "x" * (MAX_TEXT + 1))) | st.text(max_size=20)
    )
    command = draw(
        st.sampled_from(
            (
                *COMMANDS.values(),
                Say(CID, 7, text),
                Note(CID, 7, text),
                Rate(CID, 7, Rating.bad, text),
                VisitorLink(7, True),
                *(Close(CID, 7, each) for each in Outcome),
            )
        )
    )
    return head, draw(st.sampled_from(list(ACTORS.values()))), command, draw(st.booleans())


@given(situations())
def test_a_command_follows_the_table_or_is_refused(situation: tuple[Head, Actor, Any, bool]) -> None:
    head, actor, command, team = situation
    copy = msgspec.structs.replace(head)
    try:
        after, entries = decide(head, actor, command, NOW, Department(HERE, "here", "Here", team=team))
    except Refusal:
        after, entries = head, []
    assert head == copy, "a decision changes nothing that was given to it"
    lived(head, after, entries)
    numbered(head, after, entries)
    listed(head, after)
    assert all(entry.at == NOW for entry in entries)
    if after.owner != head.owner:
        mine = isinstance(command, Take | TakeOver | Say)
        assert mine or isinstance(command, Release | Expire | Decline | OfferLost)
        assert after.owner == (actor.id if mine else 0)
    if not is_open(head.state):
        assert not is_open(after.state)
        assert after.owner == head.owner
    if after is not head and not entries:
        assert after.version > head.version, "a change without an event must show in a list"
    for name in ("id", "visitor", "home", "started_at", "since", "name", "email", "topic", "drill"):
        assert getattr(after, name) == getattr(head, name)


@given(situations())
def test_what_is_said_is_kept_letter_by_letter(situation: tuple[Head, Actor, Any, bool]) -> None:
    head, actor, command, team = situation
    if not isinstance(command, Say | Note):
        return
    try:
        _, entries = decide(head, actor, command, NOW, Department(HERE, "here", "Here", team=team))
    except Refusal:
        return
    assert [entry.what.text for entry in entries if hasattr(entry.what, "text")] == [command.text]
    assert [entry.pub == 0 for entry in entries if hasattr(entry.what, "text")] == [isinstance(command, Note)]


def sample(what: type[Any]) -> Any:
    """An event of this kind with what it needs."""
    values = {"text": "x", "outcome": Outcome.spam, "rating": Rating.bad, "name": "Carl", "department": 2}
    values |= {"user": 12, "until": NOW, "priority": 1, "why": OfferEnd.timeout}
    values |= {"field": "status", "before": "new", "after": "open", "other": 3, "rule": 4, "did": ["x"]}
    values |= {"mail": 5, "state": MailState.accepted, "clock": Clock.first, "due_at": NOW}
    needed = len(what.__struct_fields__) - len(what.__struct_defaults__)
    return what(**{name: values[name] for name in what.__struct_fields__[:needed]})


@pytest.mark.parametrize("what", StaffOnly.__subclasses__())
def test_the_visitors_decoder_does_not_know_staff_only_events(what: type[Any]) -> None:
    with pytest.raises(BadFrame):
        decode_public_what(encode(sample(what)))


def test_every_event_is_either_public_or_for_staff_only() -> None:
    for what in What.__args__:
        assert issubclass(what, Public) != issubclass(what, StaffOnly)


@pytest.mark.parametrize("state", STATES)
def test_no_event_happens_where_the_table_has_no_row(state: State) -> None:
    events = {str(what.__struct_config__.tag): what for what in What.__args__}
    for tag, what in events.items():
        made = sample(what)
        if tag in TABLE[state.value]:
            after, entries = append(chat(state), Party(Side.system), NOW, made)
            assert after.state.value == TABLE[state.value][tag]
            numbered(chat(state), after, entries)
        else:
            with pytest.raises(Refusal) as caught:
                append(chat(state), Party(Side.system), NOW, made)
            assert caught.value.code is Code.not_now


# --- single rules ------------------------------------------------------------------------------------------------


def test_two_takes_make_one_owner_and_the_second_is_told_who() -> None:
    taken, _ = decide(chat(State.waiting), ACTORS["colleague"], Take(CID, 7), NOW)
    assert (taken.owner, taken.owner_name, taken.taken_at) == (12, "Carl", NOW)
    with pytest.raises(Refusal, match="Carl") as caught:
        decide(taken, ACTORS["owner"], Take(CID, 7), NOW)
    assert caught.value.code is Code.taken


def test_a_take_after_the_visitor_left_finds_nobody() -> None:
    left, _ = decide(chat(State.waiting), ACTORS["visitor"], Leave(CID, 7), NOW)
    assert left.state is State.abandoned
    assert outcome(left, ACTORS["colleague"], Take(CID, 7)) == "[gone]"


def test_a_visitor_leaves_once() -> None:
    left, entries = decide(
        chat(State.active),
        ACTORS["visitor"],
        Leave(CID, 7),
        NOW,
        department=Department(1, "d", "D", wrapup_ms=5_000, abandon_ms=9_000),
    )
    assert (left.state, left.left, left.due_at, left.owner) == (State.wrapup, True, NOW + 5_000, OWNER)
    assert entries[0].by == Party(Side.visitor, 0, "Vera")
    assert outcome(left, ACTORS["visitor"], Leave(CID, 7)) == ""


def test_wrapup_is_ended_by_its_agent() -> None:
    after, entries = decide(
        chat(State.wrapup, due_at=NOW + 9_000),
        ACTORS["owner"],
        Finish(CID, 7),
        NOW,
        department=Department(1, "d", "D"),
    )
    assert (after.state, after.due_at) == (State.closed, 0)
    assert [type(entry.what) for entry in entries] == [Finished]
    assert outcome(chat(State.active), ACTORS["owner"], Finish(CID, 7)) == "[not_now]"
    assert outcome(chat(State.closed), ACTORS["owner"], Finish(CID, 7)) == "[closed]"
    assert outcome(chat(State.wrapup), ACTORS["colleague"], Finish(CID, 7)) == "[unknown]"


def test_reopening_needs_the_visitor() -> None:
    reopen = Reopen(CID, 7)
    assert outcome(chat(State.wrapup), ACTORS["owner"], reopen) == "reopened"
    assert outcome(chat(State.wrapup, left=True), ACTORS["owner"], reopen) == "[gone]"
    assert outcome(chat(State.wrapup, lost_at=NOW - 1), ACTORS["owner"], reopen) == "[gone]"


@pytest.mark.parametrize("who", ["owner", "visitor"])
def test_reopening_undoes_the_close(who: str) -> None:
    running = chat(State.active)
    closed, _ = decide(
        running,
        ACTORS["owner"],
        Close(CID, 7, Outcome.spam),
        NOW,
        department=Department(1, "d", "D", wrapup_ms=5_000, abandon_ms=9_000),
    )
    assert (closed.due_at, closed.ended_at, closed.outcome) == (NOW + 5_000, NOW, Outcome.spam)
    command: Any = Reopen(CID, 7) if who == "owner" else Say(CID, 7, "wait")
    again, _ = decide(closed, ACTORS[who], command, NOW + 1)
    assert (again.state, again.due_at, again.ended_at, again.outcome, again.left) == (
        State.active,
        0,
        0,
        None,
        False,
    )
    assert again.owner == OWNER


def test_wrap_up_ends_at_its_hour_and_not_before() -> None:
    wrapup = chat(State.wrapup, due_at=NOW)
    assert outcome(wrapup, SYSTEM, Expire(7), NOW - 1) == ""
    assert outcome(wrapup, SYSTEM, Expire(7), NOW) == "finished"
    done, _ = decide(wrapup, SYSTEM, Expire(7), NOW)
    assert (done.state, done.due_at) == (State.closed, 0)
    assert outcome(done, SYSTEM, Expire(7), NOW + 1) == ""


def test_a_waiting_visitor_who_is_lost_too_long_has_left() -> None:
    department = Department(1, "d", "D", wrapup_ms=5_000, abandon_ms=9_000)
    lost, _ = decide(chat(State.waiting), SYSTEM, VisitorLink(7, False), NOW, department=department)
    assert (lost.lost_at, lost.due_at) == (NOW, NOW + 9_000)
    back, _ = decide(lost, SYSTEM, VisitorLink(7, True), NOW + 1, department=department)
    assert (back.lost_at, back.due_at) == (0, 0)
    gone, entries = decide(lost, SYSTEM, Expire(7), NOW + 9_000, department=department)
    assert (gone.state, gone.left, gone.due_at) == (State.abandoned, True, 0)
    assert entries[0].by.side is Side.system


def test_a_released_chat_keeps_its_age_and_its_visitor_who_was_lost() -> None:
    before = chat(State.active, lost_at=NOW - 1)
    after, _ = decide(
        before,
        ACTORS["owner"],
        Release(CID, 7),
        NOW,
        department=Department(1, "d", "D", wrapup_ms=5_000, abandon_ms=9_000),
    )
    assert (after.since, after.owner, after.owner_name, after.taken_at) == (before.since, 0, "", 0)
    assert after.due_at == NOW + 9_000
    after, _ = decide(chat(State.active), ACTORS["owner"], Release(CID, 7), NOW)
    assert after.due_at == 0


def test_a_visitor_without_an_answer_must_stop_at_some_point() -> None:
    head = chat(State.active, unanswered=0)
    for count in range(UNANSWERED_LIMIT):
        assert head.unanswered == count
        head, _ = decide(head, ACTORS["visitor"], Say(CID, 7, "hm"), NOW)
    with pytest.raises(Refusal) as caught:
        decide(head, ACTORS["visitor"], Say(CID, 7, "hm"), NOW)
    assert caught.value.code is Code.slow_down
    assert caught.value.retry_ms
    answered, _ = decide(head, ACTORS["owner"], Say(CID, 7, "yes?"), NOW)
    assert answered.unanswered == 0
    assert outcome(answered, ACTORS["visitor"], Say(CID, 7, "hm")) == "said"


def test_the_last_rating_counts_and_the_same_again_is_none() -> None:
    head = chat(State.closed)
    rated, entries = decide(head, ACTORS["visitor"], Rate(CID, 7, Rating.bad, "slow"), NOW)
    assert [entry.what for entry in entries] == [Rated(Rating.bad, "slow")]
    assert outcome(rated, ACTORS["visitor"], Rate(CID, 7, Rating.bad, "slow")) == ""
    better, _ = decide(rated, ACTORS["visitor"], Rate(CID, 7, Rating.good), NOW)
    assert (better.rating, better.comment) == (Rating.good, "")
    assert outcome(head, ACTORS["visitor"], Rate(CID, 7, Rating.bad, "x" * MAX_COMMENT)) == "rated"
    assert outcome(head, ACTORS["visitor"], Rate(CID, 7, Rating.bad, "x" * (MAX_COMMENT + 1))) == "[too_long]"


def test_a_waiting_chat_can_end_as_a_left_message() -> None:
    for state in STATES[:2]:
        after, entries = leave_message(chat(state), NOW)
        lived(chat(state), after, entries)
        assert (after.state, after.ended_at, after.due_at) == (State.left_message, NOW, 0)
        assert (after.offer_to, after.timed) == (0, False)
    for state in STATES[2:]:
        with pytest.raises(Refusal):
            leave_message(chat(state), NOW)


@pytest.mark.parametrize("text", ["", "first words"])
def test_a_chat_begins_with_its_first_line_or_gets_it_later(text: str) -> None:
    new = chat(State.waiting, seq=0, pub=0, unanswered=0, first_line="")
    head, entries = begin(new, Party(Side.visitor, 0, "Vera"), NOW, "shoes", text)
    lived(new, head, entries)
    numbered(new, head, entries)
    assert (head.first_line, head.unanswered, len(entries)) == (text, int(bool(text)), 1 + bool(text))
    later, _ = decide(head, ACTORS["visitor"], Say(CID, 7, " second\n words "), NOW)
    assert later.first_line == (text or "second words")
    assert (later.version > head.version) == (not text)


def test_too_long_is_said_and_nothing_is_cut() -> None:
    assert checked_text("x" * MAX_TEXT) == "x" * MAX_TEXT
    for size in (MAX_TEXT + 1, 100 * MAX_TEXT):
        with pytest.raises(Refusal) as caught:
            checked_text("x" * size)
        assert caught.value.code is Code.too_long
    for nothing in ("", " ", "\n\t", "\u3000"):
        with pytest.raises(Refusal) as caught:
            checked_text(nothing)
        assert caught.value.code is Code.empty


def test_the_cast_is_complete() -> None:
    """Every open or ended state that a chat can reach stands in STATES."""
    reachable = {state for state, _ in LIFE} | set(LIFE.values())
    assert reachable == set(STATES)
    assert chat(State.active).department == HERE
    assert chat(State.active).visitor == VISITOR
