"""Which chats a member of staff can have listed: the wide question, before policy is asked for each."""

from __future__ import annotations

import msgspec
from sqlalchemy import Column, ColumnElement, and_, or_, select, true
from sqlalchemy.engine import Connection

from agentconsole.protocol import State

from ..domain.life import Head
from .chats import head_of
from .tables import chat, department

Departments = frozenset[int] | None


class Scope(msgspec.Struct, frozen=True):
    """Where somebody may look, by role; None = all departments. ``user`` sees their own chats anywhere."""

    user: int
    agent: Departments
    supervisor: Departments
    analyst: Departments


def listed(
    connection: Connection,
    scope: Scope,
    state: State | None = None,
    within: int = 0,
    before: int = 0,
    limit: int = 50,
) -> list[Head]:
    """Chats in this scope, newest first: of one state, of the department ``within``, with an id below ``before``."""
    query = select(chat).where(_in_scope(scope)).order_by(chat.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(chat.c.state == state.value)
    if within:
        query = query.where(chat.c.department == within)
    if before:
        query = query.where(chat.c.id < before)
    return [head_of(row) for row in connection.execute(query)]


def _in_scope(scope: Scope) -> ColumnElement[bool]:
    waiting = chat.c.state.in_((State.waiting.value, State.offered.value))
    team = chat.c.department.in_(select(department.c.id).where(department.c.team.is_(True)))
    mine = [
        chat.c.owner == scope.user,
        chat.c.offer_to == scope.user,
        _among(chat.c.guests, scope.user),
        _among(chat.c.invited, scope.user),
    ]
    return or_(
        *mine,
        _covered(scope.supervisor),
        and_(_covered(scope.agent), or_(waiting, team)),
        _covered(scope.analyst),
    )


def _among(users: Column[str], user: int) -> ColumnElement[bool]:
    """Is the user one of those in a comma-separated list?"""
    return and_(users != "", ("," + users + ",").contains(f",{user},"))


def _covered(departments: Departments) -> ColumnElement[bool]:
    return true() if departments is None else chat.c.department.in_(departments)
