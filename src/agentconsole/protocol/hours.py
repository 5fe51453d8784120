"""Opening hours over REST: a week as strips, and expectations to be tested."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from .base import Id, Millis, Part, Term

ZoneName = Annotated[str, Meta(max_length=80)]


class HoursKind(Term):
    """What is open or closed: chats, answers by e-mail, or the telephone."""

    chat = "chat"
    email = "email"
    phone = "phone"


class HoursDay(Part, frozen=True):
    """A day of opening hours by one zone's clock.

    ``cells`` are its 96 quarters of an hour: "#" open, "." closed, "+" partly open, "~" left out by the clock. ``times``
    tell the open intervals as "08:00-16:00". The day is ``skipped`` minutes shorter than usual (less than 0: longer), and
    the clock of the department's own zone goes forward by ``shift`` minutes meanwhile. ``special`` says why it is no day
    like others.
    """

    date: str
    cells: str
    times: list[str] = []
    skipped: int = 0
    shift: int = 0
    special: str = ""


class HoursWeek(Part, frozen=True):
    """Seven days of a department's opening hours, by its own clock (``days``) and by the reader's (``reader_days``).

    ``words`` tell them in a sentence. ``change_at`` is when it closes, or opens again (0 = not within two years).
    """

    department: Id
    name: str
    kind: HoursKind
    zone: str
    words: str
    open: bool
    change_at: Millis
    days: list[HoursDay]
    reader_zone: str
    reader_days: list[HoursDay]


class HoursQuery(Part, frozen=True):
    """Which hours: of what, in which zone too (the department's own unless said), and from which date (today)."""

    kind: HoursKind = HoursKind.chat
    zone: ZoneName = ""
    first: Annotated[str, Meta(pattern=r"^((19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})?$")] = msgspec.field(
        default="", name="from"
    )


class HoursWish(Part, frozen=True):
    """Expectations of opening hours, one a line, as "support: Sun 02:30 Europe/Oslo -> closed"."""

    text: Annotated[str, Meta(max_length=100_000)]


class HoursMiss(Part, frozen=True):
    """An expectation that is not met, or cannot be read: its line, and what is so instead."""

    line: int
    text: str
    found: str


class HoursResult(Part, frozen=True):
    """How many expectations were read, and what differs."""

    read: int
    misses: list[HoursMiss]
