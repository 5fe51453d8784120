"""The bodies of REST requests and answers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .base import Count, Id, Millis, Outcome, Part, Rating, State
from .frames import LeftCard
from .tickets import MailKind, MailState, TicketCard, TicketEntry


class Login(Part, frozen=True):
    """POST /api/sessions."""

    name: Annotated[str, Meta(max_length=80)]
    password: Annotated[str, Meta(max_length=1_000)]
    label: Annotated[str, Meta(max_length=80)] = ""


class Session(Part, frozen=True):
    """A revocable token of one login, shown once."""

    token: str
    user: Id
    name: str
    display: str
    expires_at: Millis


class CustomerNote(Part, frozen=True):
    """A note on a customer card."""

    at: Millis
    author: str
    text: str


class EarlierChat(Part, frozen=True):
    """A line in a customer's history, newest first."""

    chat: Id
    department: Id
    started_at: Millis
    state: State
    first_line: str = ""
    outcome: Outcome | None = None
    rating: Rating | None = None
    owner_name: str = ""


class CustomerCard(Part, frozen=True):
    """GET /api/chats/{id}/customer: who this is, as far as the reader may know."""

    email: str
    name: str
    chats: list[EarlierChat]
    notes: list[CustomerNote]
    left: list[LeftCard] = []
    tickets: list[TicketCard] = []


class TicketQuery(Part, frozen=True):
    """Which tickets, as query parameters; '' and 0 = any. Lists are written with commas.

    ``status`` also knows "active" (all but solved and closed); ``assignee`` is a user's id, "me" or "nobody". ``text``
    is looked for in number, subject, name, address and tags. ``order`` is "pressing" (nearest to breach first),
    "newest" or "oldest". The page begins after ``offset`` tickets and has up to ``limit``.
    """

    department: Annotated[str, Meta(max_length=200)] = ""
    status: Annotated[str, Meta(max_length=100)] = "active"
    assignee: Annotated[str, Meta(max_length=20)] = ""
    priority: Annotated[str, Meta(max_length=60)] = ""
    source: Annotated[str, Meta(max_length=40)] = ""
    tag: Annotated[str, Meta(max_length=40)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    text: Annotated[str, Meta(max_length=200)] = ""
    overdue: bool = False
    order: Annotated[str, Meta(pattern="^(pressing|newest|oldest)$(?!\n)")] = "pressing"
    offset: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class TicketPage(Part, frozen=True):
    """GET /api/tickets: one page of ``total`` tickets."""

    total: Count
    tickets: list[TicketCard]


class MailCard(Part, frozen=True):
    """A mail to a customer: ``answer`` is what the mail server said last, ``next_at`` when it is tried again (0 = not)."""

    id: Id
    ticket: Id
    department: Id
    kind: MailKind
    to: str
    subject: str
    state: MailState
    at: Millis
    seq: Count = 0
    answer: str = ""
    tries: Count = 0
    next_at: Millis = 0
    sent_at: Millis = 0


class TicketDetail(Part, frozen=True):
    """GET /api/tickets/{id}: the card, its events after ``after``, and the mails to its customer."""

    card: TicketCard
    entries: list[TicketEntry]
    mails: list[MailCard] = []


class TicketDone(Part, frozen=True):
    """The command ``cid`` is durable: ``seq`` is the last event of ``ticket`` that it made (0 = none)."""

    cid: str
    ticket: Count
    seq: Count = 0


class TicketFilter(Part, frozen=True):
    """A saved filter: mine (``owner``), or the department's for everybody in it."""

    id: Id
    name: str
    query: TicketQuery
    owner: Count = 0
    department: Count = 0


class QuarantineCard(Part, frozen=True):
    """A mail that could not become part of a ticket by itself, and why; ``ignored`` = nobody needs to decide about it.

    Of one that was discarded nothing is left but this.
    """

    id: Id
    mailbox: str
    at: Millis
    reason: str
    sender: str = ""
    subject: str = ""
    size: Count = 0
    released_by: str = ""
    released_at: Millis = 0
    ticket: Count = 0
    ignored: bool = False
    discarded_by: str = ""
    discarded_at: Millis = 0
