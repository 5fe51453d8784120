"""Departments in the database."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import Away, Routing

from ..domain.department import Department
from ..domain.hours import Opening
from ..domain.level import Levels
from ..domain.mailing import Mailing
from .tables import department

LISTS = ("topics", "pages", "languages", "skills", "alarms")
FLAGS = ("team", "archived", "to_solve", "strict_limit", "note_required")
SHAPES = {"opening": Opening, "levels": Levels, "mailing": Mailing}
COLUMNS = tuple(column.name for column in department.columns)


def every(connection: Connection) -> list[Department]:
    """All departments in the order they were made, archived ones too."""
    return [department_of(row) for row in connection.execute(select(department).order_by(department.c.id))]


def one(connection: Connection, key: int) -> Department | None:
    """A department by its id."""
    row = connection.execute(select(department).where(department.c.id == key)).one_or_none()
    return department_of(row) if row else None


def by_slug(connection: Connection, slug: str) -> Department | None:
    """A department by the short name in its addresses."""
    if "\0" in slug:  # none has it, and PostgreSQL would not even look
        return None
    row = connection.execute(select(department).where(department.c.slug == slug)).one_or_none()
    return department_of(row) if row else None


def add(connection: Connection, new: Department) -> Department:
    """Write a new department; the answer has its id."""
    key = connection.execute(insert(department).values(_values(new))).inserted_primary_key
    assert key is not None
    return msgspec.structs.replace(new, id=key[0])


def save(connection: Connection, changed: Department) -> None:
    """Write a department's settings."""
    connection.execute(update(department).where(department.c.id == changed.id).values(_values(changed)))


def remove(connection: Connection, key: int) -> None:
    """Delete a department to which nothing ever belonged."""
    connection.execute(delete(department).where(department.c.id == key))


def _values(found: Department) -> dict[str, Any]:
    values = msgspec.structs.asdict(found)
    del values["id"]
    lists = {name: json.dumps(values[name], ensure_ascii=False) for name in LISTS}
    shapes = {name: msgspec.json.encode(getattr(found, name)).decode() for name in SHAPES}
    return {**values, **lists, **shapes, "routing": found.routing.value, "away": found.away.value}


@functools.lru_cache(maxsize=1_000)
def department_of(row: Sequence[Any]) -> Department:
    """A row of the department table as a department."""
    values = dict(zip(COLUMNS, row, strict=True))
    for name in FLAGS:
        values[name] = bool(values[name])
    for name in LISTS:
        values[name] = tuple(json.loads(values[name]))
    for name, shape in SHAPES.items():
        values[name] = msgspec.json.decode(values[name], type=shape)
    values["routing"] = Routing(values["routing"])
    values["away"] = Away(values["away"])
    return Department(**values)
