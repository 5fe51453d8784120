"""What rules tell other systems: calls that are to be made, and how far each has got."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import TextClause, delete, func, insert, select, text, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import MAX_COUNTED, WebhookCard, WebhookState

from .ticket_tables import webhook_out

# Written out, not bound: SQLite finds the indexes of these rows alone only by the same words.
WHERE: dict[WebhookState, TextClause] = {
    WebhookState.waiting: text("next_at > 0"),
    WebhookState.taken: text("next_at = 0 AND sent_at > 0"),
    WebhookState.given_up: text("next_at = 0 AND sent_at = 0"),
}


class Webhook(msgspec.Struct, frozen=True):
    """A call: ``key`` is the same at every try. Times are UTC milliseconds; ``next_at`` 0 = is not tried any more.

    ``answer`` is what came of the last try, at ``tried_at``, in words; ``sent_at`` 0 = it was never taken;
    ``department`` is the rule's (0 = of all). ``receiver`` is the host, with its port, that is called.
    """

    id: int
    url: str
    body: str
    at: int
    key: str = ""
    receiver: str = ""
    rule: int = 0
    department: int = 0
    ticket: int = 0
    chat: int = 0
    tries: int = 0
    tried_at: int = 0
    next_at: int = 0
    sent_at: int = 0
    answer: str = ""

    @property
    def state(self) -> WebhookState:
        """How far it has got."""
        if self.next_at:
            return WebhookState.waiting
        return WebhookState.taken if self.sent_at else WebhookState.given_up

    @property
    def card(self) -> WebhookCard:
        """As those see it who set the rule: what was told to the other system stays there."""
        told = json.loads(self.body)
        return WebhookCard(
            id=self.id,
            state=self.state,
            key=self.key,
            url=self.url,
            rule=self.rule,
            rule_name=told["rule"],
            event=told["event"],
            at=self.at,
            ticket=self.ticket,
            chat=self.chat,
            tries=self.tries,
            tried_at=self.tried_at,
            next_at=self.next_at,
            answer=self.answer,
        )


def add(connection: Connection, new: Webhook) -> None:
    """Put a call into the queue, to be made at once."""
    key, receiver = secrets.token_hex(16), _receiver(new.url)
    values = {**msgspec.structs.asdict(new), "key": key, "receiver": receiver, "next_at": new.at}
    del values["id"]
    connection.execute(insert(webhook_out).values(values))


def _receiver(url: str) -> str:
    """Whom an address belongs to, as far as it is one."""
    return re.split("[/?#]", url.partition("://")[2], maxsplit=1)[0].lower()


def due(connection: Connection, now: int, limit: int, busy: Collection[str] = ()) -> list[Webhook]:
    """The calls that are to be made, longest waiting first, but those to ``busy`` receivers."""
    query = (
        select(webhook_out)
        .where(
            WHERE[WebhookState.waiting],
            webhook_out.c.next_at <= now,
            webhook_out.c.receiver.not_in(busy),
        )
        .order_by(webhook_out.c.next_at, webhook_out.c.id)
        .limit(limit)
    )
    return [_webhook(row) for row in connection.execute(query)]


def one(connection: Connection, key: int) -> Webhook | None:
    """A call by its id."""
    row = connection.execute(select(webhook_out).where(webhook_out.c.id == key)).one_or_none()
    return _webhook(row) if row else None


def in_state(
    connection: Connection, state: WebhookState, departments: Collection[int], limit: int
) -> list[Webhook]:
    """The calls of these departments' rules that have got so far, newest first."""
    query = (
        select(webhook_out)
        .where(WHERE[state], webhook_out.c.department.in_(departments))
        .order_by(webhook_out.c.id.desc())
        .limit(limit)
    )
    return [_webhook(row) for row in connection.execute(query)]


def total(connection: Connection, state: WebhookState, departments: Collection[int]) -> int:
    """How many those are, counted to MAX_COUNTED."""
    mine = select(webhook_out.c.id).where(WHERE[state], webhook_out.c.department.in_(departments))
    return connection.execute(
        select(func.count()).select_from(mine.limit(MAX_COUNTED).subquery())
    ).scalar_one()


def counts(connection: Connection) -> dict[str, int]:
    """How many calls wait, and how many were given up."""
    counted = (WebhookState.waiting, WebhookState.given_up)
    query = select(func.count()).select_from(webhook_out)
    return {state.value: connection.execute(query.where(WHERE[state])).scalar_one() for state in counted}


def save(connection: Connection, changed: Webhook) -> None:
    """Write how far a call has got."""
    values = msgspec.structs.asdict(changed)
    del values["id"]
    connection.execute(update(webhook_out).where(webhook_out.c.id == changed.id).values(values))


def again(
    connection: Connection, now: int, departments: Collection[int], after: int, limit: int
) -> tuple[int, int]:
    """Let calls of these departments' rules that were given up be tried again; how many.

    ``limit`` of all that were given up after number ``after`` are looked at; the second answer is the last one's number,
    0 = there are no more.
    """
    query = (
        select(webhook_out.c.id, webhook_out.c.department)
        .where(WHERE[WebhookState.given_up], webhook_out.c.id > after)
        .order_by(webhook_out.c.id)
        .limit(limit)
    )
    page = connection.execute(query).all()
    keys = [row.id for row in page if row.department in departments]
    connection.execute(update(webhook_out).where(webhook_out.c.id.in_(keys)).values(next_at=now, tries=0))
    return len(keys), page[-1].id if len(page) == limit else 0


def forget(connection: Connection, taken: int, given_up: int, limit: int) -> int:
    """Delete calls that were taken before ``taken``, or given up before ``given_up``; how many, ``limit`` at most."""
    column = webhook_out.c
    old = (
        select(column.id)
        .where(
            column.next_at == 0,
            column.tried_at < taken,
            (column.sent_at > 0) | (column.tried_at < given_up),
        )
        .order_by(column.tried_at)
        .limit(limit)
    )
    return connection.execute(delete(webhook_out).where(column.id.in_(old))).rowcount


def _webhook(row: Any) -> Webhook:
    return Webhook(**row._mapping)
