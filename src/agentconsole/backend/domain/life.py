"""The life of a chat: which event may follow in which state, and the row that stands for a chat."""

from __future__ import annotations

import msgspec

from agentconsole.protocol import (
    MAX_TEXT,
    OPEN_STATES,
    Code,
    Declined,
    Ended,
    Finished,
    HelpAsked,
    HelpDone,
    Invited,
    InviteEnded,
    Joined,
    Lined,
    MessageLeft,
    Moved,
    Noted,
    Offered,
    OfferEnded,
    Outcome,
    OutcomeSet,
    Parted,
    Party,
    Prioritised,
    Promised,
    Public,
    Rated,
    Rating,
    Reopened,
    Requeued,
    Said,
    Started,
    State,
    Took,
    Transferred,
    VisitorLeft,
    What,
)

from .policy import Thing

LIFE: dict[tuple[State, type[What]], State] = {
    (State.waiting, Started): State.waiting,
    (State.waiting, Said): State.waiting,
    (State.waiting, Noted): State.waiting,
    (State.waiting, Prioritised): State.waiting,
    (State.waiting, Moved): State.waiting,
    (State.waiting, Offered): State.offered,
    (State.waiting, Took): State.active,
    (State.waiting, VisitorLeft): State.abandoned,
    (State.waiting, MessageLeft): State.left_message,
    (State.offered, Said): State.offered,
    (State.offered, Noted): State.offered,
    (State.offered, Prioritised): State.offered,
    (State.offered, Took): State.active,
    (State.offered, Declined): State.waiting,
    (State.offered, OfferEnded): State.waiting,
    (State.offered, VisitorLeft): State.abandoned,
    (State.offered, MessageLeft): State.left_message,
    (State.active, Said): State.active,
    (State.active, Noted): State.active,
    (State.active, Offered): State.active,
    (State.active, Declined): State.active,
    (State.active, OfferEnded): State.active,
    (State.active, Transferred): State.active,
    (State.active, Lined): State.active,
    (State.active, Joined): State.active,
    (State.active, Parted): State.active,
    (State.active, Invited): State.active,
    (State.active, InviteEnded): State.active,
    (State.active, HelpAsked): State.active,
    (State.active, HelpDone): State.active,
    (State.active, Requeued): State.waiting,
    (State.active, Promised): State.wrapup,
    (State.active, Ended): State.wrapup,
    (State.active, VisitorLeft): State.wrapup,
    (State.wrapup, OutcomeSet): State.wrapup,
    (State.wrapup, Noted): State.wrapup,
    (State.wrapup, Rated): State.wrapup,
    (State.wrapup, Reopened): State.active,
    (State.wrapup, Finished): State.closed,
    (State.closed, Noted): State.closed,
    (State.closed, Rated): State.closed,
    (State.abandoned, Noted): State.abandoned,
    (State.left_message, Noted): State.left_message,
}

UNANSWERED_LIMIT = 300


class Head(msgspec.Struct, frozen=True, gc=False):
    """A chat as it stands: one row. Times are UTC milliseconds, 0 = not (yet).

    ``since`` is when it began to wait (a requeued chat keeps it), ``due_at`` when the next timer fires,
    ``unanswered`` counts the visitor's lines since the last human answer, the first of them at ``asked_at``;
    ``spoke_at`` is the last line of anybody, ``queued_at`` when it came to the queue it is in, or was last in.
    ``version`` grows with every change that a list shows.

    ``home`` is the department that the visitor chose, ``department`` the one that has the chat now. ``timed`` = the
    owner was given the chat and owes a first answer until ``due_at``. An open offer goes to ``offer_to``, with 0 to
    everybody of ``offer_department``; ``offer_by`` 0 = the dispatcher made it. ``tried`` had it offered and did not
    answer, ``passed`` are the departments it flowed over from; ``invited`` may join until ``invited_until``, which a
    later invitation puts off for all; ``wanted`` is in whose line it waits until ``wanted_until`` (0 = merely preferred).
    """

    id: int
    visitor: int
    department: int
    state: State
    owner: int
    seq: int
    pub: int
    version: int
    since: int
    started_at: int
    owner_name: str = ""
    name: str = ""
    email: str = ""
    topic: str = ""
    first_line: str = ""
    language: str = ""
    page: str = ""
    page_title: str = ""
    lost_at: int = 0
    left: bool = False
    taken_at: int = 0
    replied_at: int = 0
    ended_at: int = 0
    due_at: int = 0
    unanswered: int = 0
    outcome: Outcome | None = None
    rating: Rating | None = None
    comment: str = ""
    drill: bool = False
    home: int = 0
    priority: int = 0
    timed: bool = False
    asked_at: int = 0
    spoke_at: int = 0
    offer_to: int = 0
    offer_name: str = ""
    offer_department: int = 0
    offer_queue: str = ""
    offer_by: int = 0
    wanted: int = 0
    wanted_name: str = ""
    wanted_until: int = 0
    tried: tuple[int, ...] = ()
    passed: tuple[int, ...] = ()
    guests: tuple[int, ...] = ()
    invited: tuple[int, ...] = ()
    transfers: int = 0
    help_at: int = 0
    alarms: int = 0
    queued_at: int = 0
    invited_until: int = 0


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One numbered event of a log; ``pub`` 0 = staff only."""

    seq: int
    pub: int
    at: int
    by: Party
    what: What


class Refusal(Exception):
    """A command cannot be: a code for programs, a sentence for people."""

    def __init__(self, code: Code, text: str, retry_ms: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.retry_ms = retry_ms


class Stumbled(Refusal):
    """The server failed at this very command, and perhaps always will; it is not that it had too much to do."""


def is_busy(refusal: Refusal) -> bool:
    """Is it that there is too much to do, and no fault of the command?"""
    return refusal.code is Code.busy and not isinstance(refusal, Stumbled)


Decision = tuple[Head, list[Entry]]

NO_OFFER: dict[str, object] = {
    "offer_to": 0,
    "offer_name": "",
    "offer_department": 0,
    "offer_queue": "",
    "offer_by": 0,
}
NO_INVITES: dict[str, object] = {"invited": (), "invited_until": 0}
NO_LINE: dict[str, object] = {"wanted": 0, "wanted_name": "", "wanted_until": 0}
ENDING: dict[str, object] = {"timed": False, "help_at": 0, **NO_INVITES, **NO_OFFER}


def is_open(state: State) -> bool:
    """Is the conversation still going on?"""
    return state in OPEN_STATES


def is_offered(head: Head) -> bool:
    """Is the chat being offered to a person, or to a department?"""
    return head.offer_to != 0 or head.offer_department != 0


def takes_part(head: Head, user: int) -> bool:
    """Does this member of staff answer the chat, or has joined it?"""
    return user != 0 and (head.owner == user or user in head.guests)


def thing(head: Head, team: bool) -> Thing:
    """The chat as policy looks at it; ``team`` = its department lets colleagues read."""
    return Thing(
        department=head.department,
        owner=head.owner,
        visitor=head.visitor,
        waiting=head.state in (State.waiting, State.offered),
        over=not is_open(head.state),
        team=team,
        guests=head.guests,
        called=(head.offer_to, *head.invited),
        called_department=0 if head.offer_to else head.offer_department,
    )


def append(head: Head, by: Party, now: int, *whats: What, **changes: object) -> Decision:
    """The head after these events and changes, and the events with their numbers. Raises Refusal where LIFE has no row."""
    entries = []
    seq, pub, state = head.seq, head.pub, head.state
    for what in whats:
        following = LIFE.get((state, type(what)))
        if following is None:
            raise Refusal(Code.not_now, _ADVICE[state])
        state = following
        seq += 1
        if isinstance(what, Public):
            pub += 1
        entries.append(Entry(seq, pub if isinstance(what, Public) else 0, now, by, what))
    return msgspec.structs.replace(head, seq=seq, pub=pub, state=state, **changes), entries


_ADVICE = {
    State.waiting: "This chat still waits in its queue; somebody must take it first.",
    State.offered: "This chat is being offered to an agent; somebody must take it first.",
    State.active: "This chat is running. That can be done only while it waits, or once it has ended.",
    State.wrapup: "This chat is closed, in wrap-up. Reopen it first.",
    State.closed: "This chat is over and cannot be changed any more.",
    State.abandoned: "The visitor has left this chat, and it cannot be changed any more.",
    State.left_message: "This chat has become a left message, which is answered by e-mail.",
}


def listed(head: Head, **changes: object) -> Head:
    """The head with changes that lists show."""
    return msgspec.structs.replace(head, version=head.version + 1, **changes)


def first_line(text: str) -> str:
    """What a queue shows of a text."""
    return " ".join(text.split())[:200]


def checked_text(text: str, limit: int = MAX_TEXT) -> str:
    """The text itself, if it is one. Raises Refusal empty, too_long or invalid; nothing is ever cut."""
    if not text.strip():
        raise Refusal(Code.empty, "There is nothing to send yet.")
    if len(text) > limit:
        raise Refusal(Code.too_long, f"{len(text):,} characters are too many; up to {limit:,} are possible.")
    return without_nul(text)


def without_nul(text: str) -> str:
    """The text itself. Raises Refusal invalid for the one character that not every database keeps."""
    if "\0" in text:
        raise Refusal(Code.invalid, "A NUL character cannot be kept. Please take it out.")
    return text


def unknown() -> Refusal:
    """The one answer to what does not exist and to what is not yours."""
    return Refusal(Code.unknown, "There is no such chat, or it is not yours to see.")


def over() -> Refusal:
    """The answer to whoever writes into a chat that has ended."""
    return Refusal(Code.closed, "This chat is over. What you wrote was not sent.")
