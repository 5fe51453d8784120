"""What a visitor may ask over REST, with the token that the browser keeps."""

from __future__ import annotations

from agentconsole.protocol import Code

from ..domain.life import thing, unknown
from ..domain.policy import Deed, can
from ..storage import chats
from .calls import Call, Download, Route
from .chats import transcript


async def _transcript(call: Call) -> Download:
    head = await call.house.database.read(lambda db: chats.one(db, call.key))
    if head is None or not can(call.actor, Deed.read_chat, thing(head, team=False)):
        raise unknown()
    return await transcript(call.house, head)


ROUTES = (
    Route(
        method="GET",
        path="/api/visitor/chats/{chat}/transcript",
        handler=_transcript,
        summary="My own chat as a text file; the bearer is the visitor's token.",
        who="visitor",
        answer=Download,
        refusals=(Code.unknown, Code.expired),
    ),
)
