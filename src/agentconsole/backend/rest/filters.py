"""Saved filters for tickets over REST."""

from __future__ import annotations

from agentconsole.protocol import Code, TicketFilter

from ..desk.filters import DropFilter, SaveFilter
from ..storage import Connection, filters
from .calls import Call, Route
from .tickets import readable_departments


async def _list(call: Call) -> list[TicketFilter]:
    def read(connection: Connection) -> list[TicketFilter]:
        return filters.of(connection, call.actor.id, readable_departments(connection, call.actor))

    return await call.house.database.read(read)


async def _save(call: Call) -> TicketFilter:
    made = await call.house.desk.handle(call.actor, call.body)
    saved: TicketFilter = made.value
    return saved


async def _drop(call: Call) -> None:
    await call.house.desk.handle(call.actor, DropFilter(call.key))


ROUTES = (
    Route(
        method="GET",
        path="/api/filters",
        handler=_list,
        summary="The saved filters for tickets: mine, and those of my departments.",
        answer=list[TicketFilter],
    ),
    Route(
        method="PUT",
        path="/api/filters",
        handler=_save,
        summary="Save a filter of mine or of a department; the one with the same name is replaced.",
        body=SaveFilter,
        answer=TicketFilter,
        refusals=(Code.unknown, Code.invalid, Code.empty, Code.full),
    ),
    Route(
        method="DELETE",
        path="/api/filters/{filter}",
        handler=_drop,
        summary="Delete a saved filter.",
        status=204,
        refusals=(Code.unknown,),
    ),
)
