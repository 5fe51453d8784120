"""When time next has something to do: one cheap look, instead of one into every table."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.engine import Connection

from .backlog import PREFIX

_SOONEST = f"""
SELECT (SELECT min(due_at) FROM chat WHERE due_at > 0),
       (SELECT min(timer_at) FROM ticket WHERE timer_at > 0),
       (SELECT min(rules_at) FROM ticket WHERE rules_at > 0),
       (SELECT min(next_at) FROM mail_out WHERE next_at > 0),
       (SELECT min(next_at) FROM webhook_out WHERE next_at > 0),
       EXISTS (SELECT 1 FROM setting WHERE substr(key, 1, {len(PREFIX)}) = '{PREFIX}')
"""


class Agenda(NamedTuple):
    """When the first timer of a chat and of a ticket runs out, the first rule on time fires, the first mail and the
    first call are due, in UTC milliseconds, 0 = none is; and is any work left that goes on in slices?"""

    chat: int = 0
    ticket: int = 0
    rule: int = 0
    mail: int = 0
    call: int = 0
    work: bool = False

    @property
    def first(self) -> int:
        """When there is something to do; 0 = never, 1 = since long."""
        return 1 if self.work else min((at for at in self[:5] if at), default=0)


def soonest(connection: Connection) -> Agenda:
    """What comes first of each kind; the times stand in indexes, and settings are few."""
    *times, work = connection.exec_driver_sql(_SOONEST).one()
    chat, ticket, rule, mail, call = (at or 0 for at in times)
    return Agenda(chat, ticket, rule, mail, call, bool(work))


def is_due(at: int, now: int) -> bool:
    """Has this time of an agenda come?"""
    return 0 < at <= now
