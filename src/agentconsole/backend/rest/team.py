"""The team over REST: who is where, statuses, calls of a telephone system, and why a chat went where it went."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from agentconsole.protocol import (
    MAX_TEXT,
    Ack,
    Away,
    ClientId,
    Code,
    Count,
    Explanation,
    FeedbackCard,
    Part,
    Phone,
    SeatCard,
    SetStatus,
    Status,
    Transfer,
)

from ..audience import has_feedback
from ..domain.life import unknown
from ..domain.policy import Deed, can
from ..greetings import explanations
from ..storage import feedback
from .calls import Call, Route
from .chats import chat_of


class PhoneCall(Part, frozen=True):
    """A call begins or ends, under your own id for saying so."""

    cid: ClientId
    on: bool


class Choice(Part, frozen=True):
    """A status, under your own id for setting it."""

    cid: ClientId
    status: Status
    reason: Annotated[str, Meta(max_length=80)] = ""


class Handover(Part, frozen=True):
    """To whom a chat shall go: see the socket's `transfer`."""

    cid: ClientId
    user: Count = 0
    department: Count = 0
    note: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    away: Away | None = None
    force: bool = False


async def _team(call: Call) -> list[SeatCard]:
    hub = call.house.hub
    if not can(call.actor, Deed.see_team):
        raise unknown()
    cards = (hub.seat_card(user) for user in hub.board.users)
    return [card for card in cards if isinstance(card, SeatCard)]


async def _my_phone(call: Call) -> Ack:
    await call.house.desk.handle(call.actor, Phone(call.body.cid, call.body.on))
    return Ack(call.body.cid)


async def _phone(call: Call) -> Ack:
    await call.house.desk.handle(call.actor, Phone(call.body.cid, call.body.on, call.key))
    return Ack(call.body.cid)


async def _my_status(call: Call) -> Ack:
    await call.house.desk.handle(call.actor, SetStatus(call.body.cid, call.body.status, call.body.reason))
    return Ack(call.body.cid)


async def _status(call: Call) -> Ack:
    wish = SetStatus(call.body.cid, call.body.status, call.body.reason, call.key)
    await call.house.desk.handle(call.actor, wish)
    return Ack(call.body.cid)


async def _transfer(call: Call) -> Ack:
    body = call.body
    wish = Transfer(body.cid, call.key, body.user, body.department, body.note, body.away, body.force)
    made = await call.house.desk.handle(call.actor, wish)
    return Ack(body.cid, made.about, made.seq)


async def _explanations(call: Call) -> list[Explanation]:
    return await explanations(call.house.hub, await chat_of(call, Deed.explain))


async def _feedback(call: Call) -> list[FeedbackCard]:
    found = await call.house.database.read(feedback.recent)
    return [filed.card for filed in found if has_feedback(call.actor, filed)]


_CHANGED = (Code.unknown, Code.invalid, Code.not_now, Code.id_reused)

ROUTES = (
    Route(
        method="GET",
        path="/api/team",
        handler=_team,
        summary="Who is where: status, link, load and limit of everybody.",
        answer=list[SeatCard],
    ),
    Route(
        method="PUT",
        path="/api/me/phone",
        handler=_my_phone,
        summary="A call of mine begins, or ends and the status before it comes back.",
        body=PhoneCall,
        answer=Ack,
        refusals=(Code.unknown, Code.id_reused),
    ),
    Route(
        method="PUT",
        path="/api/team/{user}/phone",
        handler=_phone,
        summary="A call of somebody whom I supervise begins or ends: for telephone systems.",
        body=PhoneCall,
        answer=Ack,
        refusals=(Code.unknown, Code.id_reused),
    ),
    Route(
        method="PUT",
        path="/api/me/status",
        handler=_my_status,
        summary="Set my status.",
        body=Choice,
        answer=Ack,
        refusals=_CHANGED,
    ),
    Route(
        method="PUT",
        path="/api/team/{user}/status",
        handler=_status,
        summary="Set the status of somebody whom I supervise; they are told who did it.",
        body=Choice,
        answer=Ack,
        refusals=_CHANGED,
    ),
    Route(
        method="POST",
        path="/api/chats/{chat}/transfer",
        handler=_transfer,
        summary="Offer a chat to an agent, to a department, or to a department preferring an agent.",
        body=Handover,
        answer=Ack,
        refusals=(
            Code.unknown,
            Code.invalid,
            Code.not_now,
            Code.unavailable,
            Code.limit,
            Code.id_reused,
        ),
    ),
    Route(
        method="GET",
        path="/api/chats/{chat}/explanations",
        handler=_explanations,
        summary="Why the chat went to whom it went, and how it stands now if it waits.",
        answer=list[Explanation],
    ),
    Route(
        method="GET",
        path="/api/feedback",
        handler=_feedback,
        summary="Feedback on chats that I gave, got or may read: what is not acknowledged, and the newest.",
        answer=list[FeedbackCard],
    ),
)
