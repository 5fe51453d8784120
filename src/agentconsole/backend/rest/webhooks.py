"""Calls to other systems over REST, for who may set the rules that made them."""

from __future__ import annotations

from agentconsole.protocol import Code, Part, WebhookPage, WebhookState

from ..desk.webhooks import CallAgain, mine
from ..storage import Connection, webhooks
from .calls import Call, Route

SHOWN = 200


class WebhookQuery(Part, frozen=True):
    """How far the calls have got that are asked for."""

    state: WebhookState = WebhookState.given_up


async def _list(call: Call) -> WebhookPage:
    def read(connection: Connection) -> WebhookPage:
        state, departments = call.query.state, mine(connection, call.actor)
        found = webhooks.in_state(connection, state, departments, SHOWN)
        return WebhookPage(webhooks.total(connection, state, departments), [hook.card for hook in found])

    return await call.house.database.read(read)


async def _again(call: Call) -> None:
    await call.house.desk.handle(call.actor, CallAgain(call.key))


ROUTES = (
    Route(
        method="GET",
        path="/api/webhooks",
        handler=_list,
        summary="Calls that rules made to other systems, as far as I may set those rules, newest first.",
        query=WebhookQuery,
        answer=WebhookPage,
    ),
    Route(
        method="POST",
        path="/api/webhooks/again",
        handler=_again,
        summary="Try all calls of my rules again that were given up.",
        status=204,
    ),
    Route(
        method="POST",
        path="/api/webhooks/{webhook}/again",
        handler=_again,
        summary="Try a call again that was given up, or at once one that waits.",
        status=204,
        refusals=(Code.unknown, Code.not_now),
    ),
)
