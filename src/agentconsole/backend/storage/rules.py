"""Rules in the database, and when each fired."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ScalarSelect, delete, exists, func, insert, literal, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from agentconsole.protocol import RuleEvent, RuleFiring, TicketStatus

from ..domain.rules import Rule
from . import letters
from .tables import setting
from .ticket_tables import rule, rule_firing, ticket, ticket_public_event

EDITION = "rules_edition"
IN_TURN = (rule.c.place, rule.c.id)


def every(connection: Connection) -> list[Rule]:
    """All rules in their turn."""
    return [_rule(row) for row in connection.execute(select(rule).order_by(*IN_TURN))]


def one(connection: Connection, key: int) -> Rule | None:
    """A rule by its id."""
    row = connection.execute(select(rule).where(rule.c.id == key)).one_or_none()
    return _rule(row) if row else None


def waiting_for(connection: Connection, event: RuleEvent, department: int = 0) -> list[Rule]:
    """The active rules that wait for this event in a department (0 = in any), in their turn.

    Asked at every event: all rules are kept beside the connection until one has changed.
    """
    query = select(setting.c.value).where(setting.c.key == EDITION)
    edition = connection.execute(query).scalar_one_or_none() or ""
    known, found = connection.info.get("rules", (None, []))
    if known != edition:
        found = [rule for rule in every(connection) if rule.active]
        connection.info["rules"] = edition, found
    return [
        rule
        for rule in found
        if rule.event is event and (not department or rule.department in (0, department))
    ]


def _changed(connection: Connection) -> None:
    letters.set_setting(connection, EDITION, secrets.token_hex(8))  # never twice, also after a rollback


def add(connection: Connection, new: Rule) -> int:
    """Write a new rule at the end; its id."""
    _changed(connection)
    last = connection.execute(select(func.max(rule.c.place))).scalar_one() or 0
    key = connection.execute(insert(rule).values({**_values(new), "place": last + 1})).inserted_primary_key
    assert key is not None
    return int(key[0])


def save(connection: Connection, changed: Rule) -> None:
    """Write a rule as it is now."""
    _changed(connection)
    connection.execute(update(rule).where(rule.c.id == changed.id).values(_values(changed)))


def remove(connection: Connection, key: int) -> None:
    """Delete a rule; what it did stays written in the tickets."""
    _changed(connection)
    connection.execute(delete(rule_firing).where(rule_firing.c.rule == key))
    connection.execute(delete(rule).where(rule.c.id == key))


def place(connection: Connection, ids: Sequence[int]) -> None:
    """Put rules into this order."""
    _changed(connection)
    for turn, key in enumerate(ids, 1):
        connection.execute(update(rule).where(rule.c.id == key).values(place=turn))


def note(connection: Connection, fired: RuleFiring, heard: int = 0) -> None:
    """Remember that a rule fired; ``heard`` is how far people had written in the ticket."""
    connection.execute(
        insert(rule_firing).values(
            rule=fired.rule,
            ticket=fired.ticket,
            chat=fired.chat,
            at=fired.at,
            heard=heard,
            did=json.dumps(fired.did, ensure_ascii=False),
        )
    )


def firings(connection: Connection, key: int, limit: int) -> list[RuleFiring]:
    """The last times that a rule fired, newest first."""
    query = select(rule_firing).where(rule_firing.c.rule == key).order_by(rule_firing.c.id.desc())
    return [
        RuleFiring(row.rule, row.at, json.loads(row.did), row.ticket, row.chat)
        for row in connection.execute(query.limit(limit))
    ]


def counts(connection: Connection, only: int = 0) -> dict[int, int]:
    """How often each rule fired, or ``only`` this one."""
    query = select(rule_firing.c.rule, func.count()).group_by(rule_firing.c.rule)
    if only:
        query = query.where(rule_firing.c.rule == only)
    return {row[0]: row[1] for row in connection.execute(query)}


def fired_on(connection: Connection, tickets: Sequence[int]) -> dict[int, set[int]]:
    """Which rules fired on each of these tickets since people last wrote in it."""
    query = select(rule_firing.c.ticket, rule_firing.c.rule).where(
        rule_firing.c.ticket.in_(tickets), rule_firing.c.heard == _heard(rule_firing.c.ticket)
    )
    found: dict[int, set[int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.ticket, set()).add(row.rule)
    return found


def heard(connection: Connection, ticket: int) -> int:
    """The last event of a ticket that a person wrote for the customer, or the customer; its seq."""
    return connection.execute(select(_heard(literal(ticket)))).scalar_one()


def _heard(ticket: ColumnElement[int]) -> ScalarSelect[int]:
    last = select(func.coalesce(func.max(ticket_public_event.c.seq), 0))
    return last.where(
        ticket_public_event.c.ticket_id == ticket, ticket_public_event.c.side != "system"
    ).scalar_subquery()


def forget(connection: Connection, before: int, limit: int) -> int:
    """Delete what rules did before then, but on tickets that are not closed; how many, ``limit`` at most."""
    running = exists().where(
        ticket.c.id == rule_firing.c.ticket, ticket.c.status != TicketStatus.closed.value
    )
    old = select(rule_firing.c.id).where(rule_firing.c.at < before, ~running)
    some = old.order_by(rule_firing.c.at).limit(limit)
    return connection.execute(delete(rule_firing).where(rule_firing.c.id.in_(some))).rowcount


def _values(found: Rule) -> dict[str, Any]:
    return {
        "department": found.department,
        "name": found.name,
        "note": found.note,
        "active": found.active,
        "event": found.event.value,
        "conditions": found.when,
        "actions": json.dumps(found.do, ensure_ascii=False),
        "stop": found.stop,
        "place": found.place,
        "version": found.version,
    }


def _rule(row: Any) -> Rule:
    return Rule(
        id=row.id,
        department=row.department,
        name=row.name,
        note=row.note,
        active=bool(row.active),
        event=RuleEvent(row.event),
        when=row.conditions,
        do=tuple(json.loads(row.actions)),
        stop=bool(row.stop),
        place=row.place,
        version=row.version,
    )
