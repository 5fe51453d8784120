"""Files of tickets over REST: uploaded before they are sent, and saved by whoever may read their ticket."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from agentconsole.protocol import Code, FileCard, Part

from ..desk.uploads import KeepFile
from ..domain.life import Refusal
from ..domain.policy import Actor, Deed, Thing, can
from ..storage import Connection, files, tickets
from ..storage.files import Stored
from .calls import Call, Download, Route, Upload


class Naming(Part, frozen=True):
    """The name of a file."""

    name: Annotated[str, Meta(min_length=1, max_length=500)]


async def _add(call: Call) -> FileCard:
    made = await call.house.desk.handle(call.actor, KeepFile(call.query.name, call.body.type, call.body.data))
    card: FileCard = made.value
    return card


async def _one(call: Call) -> Download:
    def read(connection: Connection) -> Download:
        found = files.one(connection, call.key)
        if found is None or not _readable(connection, call.actor, found):
            raise Refusal(Code.unknown, "There is no such file, or it is not yours to see.")
        return Download(found.name, files.data(connection, found.id))

    return await call.house.database.read(read)


def _readable(connection: Connection, actor: Actor, found: Stored) -> bool:
    if not found.ticket:
        return found.owner != 0 and found.owner == actor.id
    ticket = tickets.one(connection, found.ticket)
    return ticket is not None and can(actor, Deed.ticket_read, Thing(department=ticket.department))


ROUTES = (
    Route(
        method="POST",
        path="/api/files",
        handler=_add,
        summary="Upload a file, to be sent with an answer or a note; what is not sent is forgotten after a day.",
        query=Naming,
        body=Upload,
        answer=FileCard,
        status=201,
        refusals=(Code.not_now, Code.invalid, Code.empty, Code.too_long, Code.full, Code.slow_down),
    ),
    Route(
        method="GET",
        path="/api/files/{file}",
        handler=_one,
        summary="A file of a ticket that I may read, or one that I uploaded. It is saved, never shown.",
        answer=Download,
        refusals=(Code.unknown,),
    ),
)
