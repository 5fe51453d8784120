"""What a carried-out command made: the answer to its sender and the news for everybody else."""

from __future__ import annotations

from typing import Any

import msgspec

from agentconsole.protocol import BreakReason, CannedCard, LeftCard, Message, RoomCard

from ..domain.life import Entry, Head, Refusal
from ..domain.ticket import Ticket
from ..storage.feedback import Filed
from ..storage.seats import Seat


class Change(msgspec.Struct, frozen=True, gc=False):
    """A chat before (None = it is new) and after, and the events between."""

    before: Head | None
    after: Head
    entries: list[Entry]


class DepartmentsChanged(msgspec.Struct, frozen=True):
    """A department was added or changed."""


class StaffChanged(msgspec.Struct, frozen=True):
    """The name, grants or sessions of these users changed."""

    users: tuple[int, ...]


class SessionsEnded(msgspec.Struct, frozen=True):
    """These sessions may act no more: one (``session``), or all of a user."""

    user: int
    session: int = 0


class TeamChanged(msgspec.Struct, frozen=True):
    """An agent's limit, languages, skills or standing in a department changed."""

    user: int


class BreaksChanged(msgspec.Struct, frozen=True):
    """The reasons for a break changed."""

    reasons: list[BreakReason]


class TicketMade(msgspec.Struct, frozen=True):
    """A ticket before (None = it is new) and after."""

    before: Ticket | None
    after: Ticket


class RoomRead(msgspec.Struct, frozen=True):
    """A user has read on in a room of staff messages, which now stands so."""

    user: int
    card: RoomCard


News = (
    Seat
    | CannedCard
    | LeftCard
    | Message
    | Filed
    | RoomRead
    | TicketMade
    | TeamChanged
    | BreaksChanged
    | DepartmentsChanged
    | StaffChanged
    | SessionsEnded
)


class Made(msgspec.Struct, gc=False):
    """``about`` is the chat (or other thing) that the command was about; ``seq`` and ``pub`` number its last event.

    ``visitor`` is the id of the visitor whose command it was, ``value`` an answer for callers inside the server.
    """

    about: int = 0
    seq: int = 0
    pub: int = 0
    changes: list[Change] = []
    news: list[News] = []
    visitor: int = 0
    value: Any = None
    refusal: Refusal | None = None
