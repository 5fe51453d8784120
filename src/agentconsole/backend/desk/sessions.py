"""Commands about logins: a session begins, is used, and ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import Code

from ..domain.life import Refusal
from ..domain.policy import Actor, Deed, can
from ..storage import letters, users
from ..storage.chats import WorkingSet
from ..storage.users import SessionRow
from .admin import Done, Order
from .made import Made, SessionsEnded


class OpenSession(msgspec.Struct, frozen=True):
    """Somebody proved the password behind ``password_hash``; the value is the SessionRow. Raises login."""

    user: int
    password_hash: str
    token_hash: bytes
    label: str
    expires_at: int


class TouchSession(msgspec.Struct, frozen=True):
    """A session was used."""

    session: int


class EndSession(Order, tag="end_session", frozen=True):
    """End a session: one's own, or as administrator anybody's."""

    session: int


class EndSessions(Order, tag="end_sessions", frozen=True):
    """End all sessions of a user."""

    name: str


def _open_session(sheet: WorkingSet, actor: Actor, command: OpenSession, now: int) -> Made:
    _require(can(actor, Deed.administer))
    found = users.by_id(sheet.connection, command.user)
    if found is None or found.disabled or found.password_hash != command.password_hash:
        raise Refusal(Code.login, "The name or the password is wrong.")
    row = SessionRow(
        id=0,
        user_id=found.id,
        token_hash=command.token_hash,
        label=command.label,
        created_at=now,
        used_at=now,
        expires_at=command.expires_at,
        revoked_at=0,
    )
    row = users.open_session(sheet.connection, row)
    letters.record(sheet.connection, now, found.name, "login", f"session {row.id}", command.label)
    return Made(about=row.id, value=row)


def _touch_session(sheet: WorkingSet, actor: Actor, command: TouchSession, now: int) -> Made:
    _require(can(actor, Deed.administer))
    users.touch_session(sheet.connection, command.session, now)
    return Made(about=command.session)


def _end_session(sheet: WorkingSet, actor: Actor, command: EndSession, now: int) -> Made:
    row = users.session_by_id(sheet.connection, command.session)
    mine = row is not None and actor.id != 0 and row.user_id == actor.id
    _require(row is not None and (mine or can(actor, Deed.administer)))
    assert row is not None
    about = str(row.id)
    if row.revoked_at:
        return Made(about=row.id, value=Done(False, f"Session {about} has ended already.", about))
    users.revoke_session(sheet.connection, row.id, now)
    letters.record(sheet.connection, now, actor.name or str(actor.side), "logout", f"session {about}")
    news = [SessionsEnded(row.user_id, row.id)]
    return Made(about=row.id, news=[*news], value=Done(True, f"Session {about} has ended.", about))


def _end_sessions(sheet: WorkingSet, actor: Actor, command: EndSessions, now: int) -> Made:
    _require(can(actor, Deed.administer))
    found = users.by_name(sheet.connection, command.name.strip().lower())
    if found is None:
        raise Refusal(Code.unknown, f"There is no user {command.name}.")
    users.revoke_sessions(sheet.connection, found.id, now)
    letters.record(sheet.connection, now, actor.name or str(actor.side), "end_sessions", found.name)
    done = Done(True, f"All sessions of {found.name} have ended.", found.name)
    return Made(about=found.id, news=[SessionsEnded(found.id)], value=done)


def _require(allowed: bool) -> None:
    if not allowed:
        raise Refusal(Code.unknown, "There is no such session, or it is not yours.")


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    OpenSession: _open_session,
    TouchSession: _touch_session,
    EndSession: _end_session,
    EndSessions: _end_sessions,
}
