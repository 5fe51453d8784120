"""Work on many tickets or calls that goes on in slices: what is left of it stands here, so that a crash forgets none."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from . import letters
from .tables import setting

PREFIX = "backlog:"


class Work(StrEnum):
    """What is done: tickets of a user who may not answer them become nobody's; a department's are wound anew; calls of
    its rules that were given up are tried again."""

    free = "free"
    wind = "wind"
    call = "call"


class Left(NamedTuple):
    """Work on the tickets of ``about`` (a user, or a department, 0 = all), or the calls of a department's rules (0 = of
    those for all); those up to number ``after`` are done."""

    work: Work
    about: int
    after: int = 0


def put(connection: Connection, left: Left) -> None:
    """Remember how far this work has come; one that is there already goes on from here."""
    letters.set_setting(connection, _key(left.work, left.about), str(left.after))


def one(connection: Connection, work: Work, about: int) -> Left | None:
    """What is left of this work."""
    query = select(setting.c.value).where(setting.c.key == _key(work, about))
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else Left(work, about, int(found))


def every(connection: Connection) -> list[Left]:
    """All work that is left."""
    query = select(setting).where(setting.c.key.startswith(PREFIX)).order_by(setting.c.key)
    found = []
    for row in connection.execute(query):
        _, work, about = row.key.split(":")
        found.append(Left(Work(work), int(about), int(row.value)))
    return found


def remove(connection: Connection, work: Work, about: int) -> None:
    """Nothing is left of this work."""
    connection.execute(delete(setting).where(setting.c.key == _key(work, about)))


def _key(work: Work, about: int) -> str:
    return f"{PREFIX}{work}:{about}"
