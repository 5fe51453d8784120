"""The smaller lists over REST: left messages, canned replies."""

from __future__ import annotations

from agentconsole.protocol import (
    Ack,
    CannedCard,
    ClientId,
    Code,
    HandleLeft,
    LeftCard,
    Part,
)

from ..audience import has_canned
from ..domain.policy import Deed, Thing, can
from ..domain.spans import DAY_MS
from ..storage import letters
from .calls import Call, Route


class Handling(Part, frozen=True):
    """Whether a left message is handled, under your own id for saying so."""

    cid: ClientId
    handled: bool = True


async def _left(call: Call) -> list[LeftCard]:
    since = call.house.desk.clock() - DAY_MS
    found = await call.house.database.read(lambda db: letters.left_since(db, since))
    return [card for card in found if can(call.actor, Deed.left_read, Thing(department=card.department))]


async def _handled(call: Call) -> Ack:
    command = HandleLeft(call.body.cid, call.key, call.body.handled)
    await call.house.desk.handle(call.actor, command)
    return Ack(command.cid)


async def _canned(call: Call) -> list[CannedCard]:
    found = await call.house.database.read(letters.canned_replies)
    return [card for card in found if has_canned(call.actor, card)]


ROUTES = (
    Route(
        method="GET",
        path="/api/left-messages",
        handler=_left,
        summary="Messages left to be answered later: those not handled, and those handled in the last day.",
        answer=list[LeftCard],
    ),
    Route(
        method="POST",
        path="/api/left-messages/{message}/handled",
        handler=_handled,
        summary="Mark a left message as handled by me, or open it again.",
        body=Handling,
        answer=Ack,
        refusals=(Code.unknown, Code.taken, Code.id_reused),
    ),
    Route(
        method="GET",
        path="/api/canned",
        handler=_canned,
        summary="The canned replies that I can use.",
        answer=list[CannedCard],
    ),
)
