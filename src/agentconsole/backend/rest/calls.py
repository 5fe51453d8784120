"""What every REST resource is made of: a route, the call that came in over it, and what all calls share."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from agentconsole.protocol import MAX_INT, Code

from ..auth import Auth, Held
from ..desk import Desk
from ..domain.life import Refusal, unknown
from ..domain.policy import Actor
from ..hub import Hub
from ..storage.database import Database

KEY = re.compile(r"[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class House:
    """What the resources need of the server."""

    database: Database
    desk: Desk
    hub: Hub
    auth: Auth


@dataclass(frozen=True, slots=True)
class Call:
    """One request: ``key`` is the id in its path (0 = none), ``token`` the bearer's; who it is stands in ``actor``.

    ``query`` and ``body`` are of the route's types. ``held`` is None except where staff call.
    """

    house: House
    address: str
    token: str
    actor: Actor
    held: Held | None
    key: int
    query: Any
    body: Any


@dataclass(frozen=True, slots=True)
class Download:
    """An answer that a browser saves as a file of plain text."""

    name: str
    text: str


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A method on a path. ``who`` may call it: "anybody", "staff" or "visitor" (by bearer token).

    ``status`` is the answer's when all went well; ``refusals`` are the codes that only this route may answer with.
    """

    method: str
    path: str
    handler: Callable[[Call], Awaitable[Any]]
    summary: str
    who: str = "staff"
    query: Any = None
    body: Any = None
    answer: Any = None
    status: int = 200
    refusals: tuple[Code, ...] = ()


class Problem(msgspec.Struct, frozen=True):
    """Why a request was refused: ``code`` for programs, ``text`` for people."""

    code: Code
    text: str


STATUS = {
    Code.bad_frame: 400,
    Code.login: 401,
    Code.expired: 401,
    Code.unknown: 404,
    Code.unavailable: 409,
    Code.limit: 409,
    Code.taken: 409,
    Code.gone: 409,
    Code.closed: 409,
    Code.not_now: 409,
    Code.empty: 400,
    Code.too_long: 400,
    Code.invalid: 400,
    Code.id_reused: 409,
    Code.slow_down: 429,
    Code.full: 409,
    Code.conflict: 409,
    Code.busy: 503,
}


def key(written: str) -> int:
    """The id in a path. Raises Refusal unknown: what is no id is the id of nothing."""
    found = int(written) if KEY.fullmatch(written) else MAX_INT + 1
    if found > MAX_INT:
        raise unknown()
    return found


def converted(values: dict[str, str], shape: Any) -> Any:
    """Query parameters in a shape. Raises Refusal bad_frame."""
    try:
        return msgspec.convert(values, shape, strict=False)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Refusal(Code.bad_frame, f"The query cannot be read: {error}.") from None


def decoded(body: bytes, shape: Any) -> Any:
    """A JSON body in a shape. Raises Refusal bad_frame."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise Refusal(Code.bad_frame, f"The body cannot be read: {error}.") from None
