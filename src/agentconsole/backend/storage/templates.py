"""Templates in the database: what mails to customers say where the built-in words will not do."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Connection

from agentconsole.protocol import MailKind

from ..wordings import Wording, wording
from .ticket_tables import template


class Template(msgspec.Struct, frozen=True):
    """The words of a mail; ``department`` 0 = all that have none of their own, ``language`` '' = every language."""

    department: int
    kind: MailKind
    language: str
    subject: str
    text: str


def text_for(connection: Connection, department: int, kind: MailKind, language: str) -> Wording:
    """The words for a mail: the department's own, then everybody's, in its language before any; else the built-in."""
    query = select(template).where(
        template.c.kind == kind.value,
        template.c.department.in_([department, 0]),
        template.c.language.in_([language, language.partition("-")[0], ""]),
    )
    rows = connection.execute(query).all()
    if not rows:
        return wording(kind, language)
    best = max(rows, key=lambda row: (row.department, row.language))
    return Wording(best.subject, best.text)


def every(connection: Connection) -> list[Template]:
    """All templates."""
    query = select(template).order_by(template.c.department, template.c.kind, template.c.language)
    return [_template(row) for row in connection.execute(query)]


def save(connection: Connection, new: Template) -> bool:
    """Write or replace the template of this department, kind and language; an empty text deletes it. Was it changed?"""
    same = (
        template.c.department == new.department,
        template.c.kind == new.kind.value,
        template.c.language == new.language,
    )
    row = connection.execute(select(template).where(*same)).one_or_none()
    if (row is None and not new.text) or (row is not None and _template(row) == new):
        return False
    connection.execute(delete(template).where(*same))
    if new.text:
        connection.execute(insert(template).values({**msgspec.structs.asdict(new), "kind": new.kind.value}))
    return True


def _template(row: Any) -> Template:
    return Template(row.department, MailKind(row.kind), row.language, row.subject, row.text)
