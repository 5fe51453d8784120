"""The bodies of REST requests and answers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .base import Id, Millis, Outcome, Part, Rating, State
from .frames import LeftCard


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
