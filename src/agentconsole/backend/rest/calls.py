"""What every REST resource is made of: a route, the call that came in over it, and what all calls share."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from agentconsole.protocol import MAX_INT, Code, Part

from ..auth import Auth, Held
from ..desk import Desk
from ..domain.life import Refusal, unknown
from ..domain.policy import Actor
from ..hub import Hub
from ..limits import Tally
from ..mail.intake import Intake
from ..storage.database import Database

KEY = re.compile(r"[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class House:
    """What the resources need of the server.

    Of ``uploads`` only some run at once: each is in memory until it is whole. Of one person's only UPLOADS of them do:
    ``uploading`` counts those that run or wait.
    """

    database: Database
    desk: Desk
    hub: Hub
    auth: Auth
    intake: Intake
    uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(16))
    uploading: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class Call:
    """One request: ``keys`` are the ids in its path, ``token`` is the bearer's; who it is stands in ``actor``.

    ``query`` and ``body`` are of the route's types. ``held`` is None except where staff call.
    """

    house: House
    address: str
    token: str
    actor: Actor
    held: Held | None
    keys: tuple[int, ...]
    query: Any
    body: Any

    @property
    def key(self) -> int:
        """The first id in the path, 0 = there is none."""
        return self.keys[0] if self.keys else 0


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that is a file: its bytes, and of which media type it is said to be."""

    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Download:
    """An answer that a browser saves as a file, and never shows."""

    name: str
    data: bytes
    type: str = "application/octet-stream"


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


class NoQuery(Part, frozen=True):
    """The query of a route that has no parameters."""


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


def body_of(command: type[Any], name: str, *path: str) -> Any:
    """The shape of a body that says all that this command does, but for the fields that stand in the path."""
    return msgspec.defstruct(
        name,
        [_field(field) for field in msgspec.structs.fields(command) if field.name not in path],
        bases=(Part,),
        frozen=True,
        namespace={"__doc__": command.__doc__},
    )


def _field(field: msgspec.structs.FieldInfo) -> Any:
    if field.required:
        return field.name, field.type
    if field.default_factory is not msgspec.NODEFAULT:
        return field.name, field.type, msgspec.field(default_factory=field.default_factory)
    return field.name, field.type, field.default


def key(written: str) -> int:
    """The id in a path. Raises Refusal unknown: what is no id is the id of nothing."""
    found = int(written) if KEY.fullmatch(written) else MAX_INT + 1
    if found > MAX_INT:
        raise unknown()
    return found


def converted(values: dict[str, str], shape: Any) -> Any:
    """Query parameters in a shape. Raises Refusal bad_frame."""
    if any("\0" in value for value in values.values()):
        raise Refusal(Code.bad_frame, "The query has a NUL character, which can stand nowhere.")
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
