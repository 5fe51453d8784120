"""The alphabet of the protocol: limits, ids, small closed sets, and what every word is made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

VERSION = 1

MAX_FRAME = 65_536
MAX_TEXT = 4_000
MAX_NAME = 80
MAX_EMAIL = 254
MAX_PAGE = 2_048
MAX_TOPIC = 120
MAX_COMMENT = 1_000
MAX_LEFT_TEXT = 10_000
MAX_REASON = 200
MAX_PRIORITY = 10
AGEING_MS = 60_000  # one point of priority counts like this much waiting

PING_SECONDS = 20
LINK_LOST_SECONDS = 40

MAX_INT = 2**53
Id = Annotated[int, Meta(ge=1, le=MAX_INT)]
Count = Annotated[int, Meta(ge=0, le=MAX_INT)]
Millis = Annotated[int, Meta(ge=0, le=MAX_INT)]
ClientId = Annotated[str, Meta(min_length=8, max_length=40, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]
VisitorToken = Annotated[str, Meta(min_length=43, max_length=64, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]


class Term(StrEnum):
    """One of a small closed set; looked up as fast as the string that it is."""

    __hash__ = str.__hash__


class Role(Term):
    """What a grant gives: a person's rights are the union of all grants."""

    agent = "agent"
    supervisor = "supervisor"
    analyst = "analyst"
    admin = "admin"


class State(Term):
    """The state of a chat; the transitions are the table in ``backend.domain.chat``."""

    waiting = "waiting"
    offered = "offered"
    active = "active"
    wrapup = "wrapup"
    closed = "closed"
    abandoned = "abandoned"
    left_message = "left_message"


OPEN_STATES = frozenset({State.waiting, State.offered, State.active, State.wrapup})


class Status(Term):
    """An agent's own choice; whether the agent's link is up is another fact (``SeatCard.lost_at``).

    Only who is online is given chats. ``phone`` lasts as long as a call, ``drain`` is "finish mine, no new ones".
    """

    online = "online"
    away = "break"
    phone = "phone"
    drain = "drain"
    offline = "offline"


class Routing(Term):
    """How a department's chats find their agent; the definitions are in docs/routing.md."""

    manual = "manual"  # everybody sees the queue and takes by hand
    ring = "ring"  # everybody who could answer is rung; the first to take it has it
    round_robin = "round_robin"  # who was given a chat the longest ago
    least_busy = "least_busy"  # who has the fewest chats
    longest_idle = "longest_idle"  # whose last chat ended the longest ago
    fill_first = "fill_first"  # who has the most chats and still a free place


class Verdict(Term):
    """Why a chat did, or did not, go to an agent at that moment."""

    chosen = "chosen"
    offline = "offline"
    on_break = "break"
    phone = "phone"
    drain = "drain"
    lost = "lost"  # no link
    limit = "limit"  # as many chats as this agent may have
    department_limit = "department_limit"  # as many as this agent may have of this department
    skills = "skills"  # lacks a skill or language that the chat asks for
    tried = "tried"  # was offered this chat already
    not_wanted = "not_wanted"  # the chat waits for somebody else
    tier = "tier"  # agents of a better priority were free
    later = "later"  # the policy preferred somebody else
    free = "free"  # could take it: the policy gives it to nobody by itself


class Away(Term):
    """What to do when the person a chat is transferred to cannot take it now."""

    refuse = "refuse"  # say so and change nothing
    wait = "wait"  # the visitor waits in that person's line, for a limited time
    email = "email"  # the visitor is promised an e-mail from that person


class Rating(Term):
    """The visitor's emoticon after the chat."""

    good = "good"
    fair = "fair"
    bad = "bad"


class Outcome(Term):
    """How an agent closes a chat."""

    solved = "solved"
    unsolved = "unsolved"
    follow_up = "follow_up"
    spam = "spam"


class OfferEnd(Term):
    """How an offer came to nothing."""

    timeout = "timeout"
    cancelled = "cancelled"
    unavailable = "unavailable"


class Side(Term):
    """Who speaks."""

    visitor = "visitor"
    staff = "staff"
    system = "system"


class Code(Term):
    """Why a command was refused; programs act on the code, people read the sentence beside it."""

    bad_frame = (
        "bad_frame"  # not valid JSON, unknown word or field, value out of bounds; the third closes the socket
    )
    login = "login"  # wrong name or password, or the session has ended: log in again
    expired = "expired"  # the visitor's token is too old: make a new one
    unknown = "unknown"  # no such thing, or not yours to see: both answer alike
    unavailable = "unavailable"  # the person or department cannot take it now; the sentence says why
    limit = "limit"  # a limit on chats or people is reached; the sentence names it
    taken = "taken"  # somebody else was faster; the sentence names who
    gone = "gone"  # the visitor has left or the chat is over
    closed = "closed"  # the chat has ended and cannot be written to any more
    not_now = "not_now"  # the chat's state does not allow this
    empty = "empty"  # nothing but white space
    too_long = "too_long"  # over the limit named in the sentence; nothing was cut
    invalid = "invalid"  # a value makes no sense; the sentence says which and why
    id_reused = "id_reused"  # this cid was used before for something else
    slow_down = "slow_down"  # too many in too short a time; retry_ms says when to go on
    full = "full"  # the queue is full: leave a message instead
    conflict = "conflict"  # somebody changed it meanwhile; read it again
    busy = "busy"  # the server cannot take it just now: send it again after retry_ms


class Word(
    msgspec.Struct, tag_field="t", forbid_unknown_fields=True, omit_defaults=True, frozen=True, gc=False
):
    """Base of everything that is a whole frame."""


class Part(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True, gc=False):
    """Base of everything that stands inside a frame."""
