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

PING_SECONDS = 20
LINK_LOST_SECONDS = 40

MAX_INT = 2**53
Id = Annotated[int, Meta(ge=1, le=MAX_INT)]
Count = Annotated[int, Meta(ge=0, le=MAX_INT)]
Millis = Annotated[int, Meta(ge=0, le=MAX_INT)]
ClientId = Annotated[str, Meta(min_length=8, max_length=40, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]
VisitorToken = Annotated[str, Meta(min_length=43, max_length=64, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]


class Role(StrEnum):
    """What a grant gives: a person's rights are the union of all grants."""

    agent = "agent"
    supervisor = "supervisor"
    analyst = "analyst"
    admin = "admin"


class State(StrEnum):
    """The state of a chat; the transitions are the table in ``backend.domain.chat``."""

    waiting = "waiting"
    offered = "offered"
    active = "active"
    wrapup = "wrapup"
    closed = "closed"
    abandoned = "abandoned"
    left_message = "left_message"


OPEN_STATES = frozenset({State.waiting, State.offered, State.active, State.wrapup})


class Status(StrEnum):
    """An agent's own choice; whether the agent's link is up is another fact (``SeatCard.lost_at``)."""

    online = "online"
    away = "break"
    offline = "offline"


class Rating(StrEnum):
    """The visitor's emoticon after the chat."""

    good = "good"
    fair = "fair"
    bad = "bad"


class Outcome(StrEnum):
    """How an agent closes a chat."""

    solved = "solved"
    unsolved = "unsolved"
    follow_up = "follow_up"
    spam = "spam"


class Side(StrEnum):
    """Who speaks."""

    visitor = "visitor"
    staff = "staff"
    system = "system"


class Code(StrEnum):
    """Why a command was refused; programs act on the code, people read the sentence beside it."""

    bad_frame = (
        "bad_frame"  # not valid JSON, unknown word or field, value out of bounds; the third closes the socket
    )
    login = "login"  # wrong name or password, or the session has ended: log in again
    expired = "expired"  # the visitor's token is too old: make a new one
    unknown = "unknown"  # no such thing, or not yours to see: both answer alike
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
