"""Logins over REST: a session begins, says who holds it, and ends."""

from __future__ import annotations

from agentconsole.protocol import Code, Grant, Id, Login, Millis, Part, Session

from .calls import Call, Route


class Me(Part, frozen=True):
    """Who I am and what I may do."""

    user: Id
    name: str
    display: str
    grants: list[Grant]
    session: Id
    expires_at: Millis


async def _login(call: Call) -> Session:
    return await call.house.auth.login(call.body, call.address, call.token)


async def _logout(call: Call) -> None:
    assert call.held is not None
    await call.house.auth.logout(call.held)


async def _me(call: Call) -> Me:
    assert call.held is not None
    actor, session = call.held.actor, call.held.session
    return Me(actor.id, actor.name, actor.display, list(actor.grants), session.id, session.expires_at)


ROUTES = (
    Route(
        method="POST",
        path="/api/sessions",
        handler=_login,
        summary="Log in: exchange a name and a password for a revocable token.",
        who="anybody",
        body=Login,
        answer=Session,
        status=201,
        refusals=(Code.login, Code.slow_down),
    ),
    Route(
        method="DELETE",
        path="/api/sessions/current",
        handler=_logout,
        summary="Log out: the token of this request ends.",
        status=204,
    ),
    Route(method="GET", path="/api/me", handler=_me, summary="Who I am and what I may do.", answer=Me),
)
