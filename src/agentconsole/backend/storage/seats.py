"""Seats in the database: each person's chosen status, the link, and the log of statuses; reasons for a break."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import BreakReason, Status

from .tables import break_reason, seat, status_log


class Seat(msgspec.Struct, frozen=True):
    """What an agent chose, and apart from it whether the link is up (``lost_at`` 0 = it is).

    ``set_by`` is who set the status if it was somebody else; ``until`` when a break should be over (0 = open end). The
    chats of a lost link are kept until ``held_until``. A call remembers the status before it.
    """

    user: int
    status: Status = Status.offline
    reason: str = ""
    since: int = 0
    lost_at: int = 1
    set_by: str = ""
    until: int = 0
    held_until: int = 0
    status_before: Status | None = None
    reason_before: str = ""
    until_before: int = 0
    alerts_at: int = 0


def every(connection: Connection) -> dict[int, Seat]:
    """Every seat that was ever taken, by user."""
    return {row.user_id: _seat(row) for row in connection.execute(select(seat))}


def one(connection: Connection, key: int) -> Seat:
    """A user's seat, locked; offline if never taken."""
    row = connection.execute(select(seat).where(seat.c.user_id == key).with_for_update()).one_or_none()
    return _seat(row) if row else Seat(key)


def save(connection: Connection, changed: Seat) -> None:
    """Write a seat."""
    values = msgspec.structs.asdict(changed)
    del values["user"]
    values["status"] = changed.status.value
    values["status_before"] = changed.status_before.value if changed.status_before else ""
    if not connection.execute(update(seat).where(seat.c.user_id == changed.user).values(values)).rowcount:
        connection.execute(insert(seat).values(user_id=changed.user, **values))


def log(connection: Connection, changed: Seat) -> None:
    """Write down a change of status for the reports to come."""
    connection.execute(
        insert(status_log).values(
            user_id=changed.user,
            status=changed.status.value,
            reason=changed.reason,
            set_by=changed.set_by,
            at=changed.since,
        )
    )


def lose_all(connection: Connection, now: int, held_until: int) -> None:
    """A server that starts has no links: every linked seat was lost now, its chats are kept until ``held_until``."""
    connection.execute(update(seat).where(seat.c.lost_at == 0).values(lost_at=now, held_until=held_until))


def break_reasons(connection: Connection) -> list[BreakReason]:
    """The reasons that one may choose for a break, in their order."""
    query = select(break_reason).order_by(break_reason.c.place, break_reason.c.name)
    return [BreakReason(row.name, row.minutes) for row in connection.execute(query)]


def set_break_reasons(connection: Connection, reasons: Sequence[BreakReason]) -> None:
    """Replace the reasons for a break."""
    connection.execute(delete(break_reason))
    rows = [
        {"name": reason.name, "minutes": reason.minutes, "place": place}
        for place, reason in enumerate(reasons)
    ]
    if rows:
        connection.execute(insert(break_reason), rows)


def _seat(row: Any) -> Seat:
    values = dict(row._mapping)
    values["user"] = values.pop("user_id")
    values["status"] = Status(values["status"])
    values["status_before"] = Status(values["status_before"]) if values["status_before"] else None
    return Seat(**values)
