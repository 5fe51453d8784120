"""Commands about saved filters: mine, and those of a department for everybody in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from agentconsole.protocol import Code, Count, Part, TicketFilter, TicketQuery

from ..domain.life import Refusal, without_nul
from ..domain.policy import Actor, Deed, Thing
from ..storage import filters, tickets
from ..storage.chats import WorkingSet
from .made import Made
from .things import department_in_use, require, unknown_thing

MOST = 100


class SaveFilter(Part, frozen=True):
    """Save a filter of mine, or of a department; the one with the same name is replaced. Refused: unknown, invalid, full."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    query: TicketQuery
    department: Count = 0


class DropFilter(msgspec.Struct, frozen=True):
    """Delete a filter. Refused: unknown."""

    filter: int


def _save(sheet: WorkingSet, actor: Actor, command: SaveFilter, now: int) -> Made:
    _may_save(actor, command.department)
    if command.department:
        department_in_use(sheet, command.department)
    name = " ".join(without_nul(command.name).split())
    if not name:
        raise Refusal(Code.empty, "A filter needs a name.")
    for word in msgspec.structs.astuple(command.query):
        without_nul(str(word))
    try:
        tickets.check(command.query)
    except ValueError as error:
        raise Refusal(Code.invalid, str(error)) from None
    owner = 0 if command.department else actor.id
    wish = TicketFilter(1, name, command.query, owner, command.department)
    if filters.count(sheet.connection, wish) >= MOST:
        raise Refusal(Code.full, f"There are {MOST} filters already. Delete one first.")
    saved = filters.save(sheet.connection, wish)
    return Made(about=saved.id, value=saved)


def _drop(sheet: WorkingSet, actor: Actor, command: DropFilter, now: int) -> Made:
    found = filters.one(sheet.connection, command.filter)
    if found is None or (found.owner and found.owner != actor.id):
        raise unknown_thing()
    _may_save(actor, found.department)
    filters.drop(sheet.connection, found.id)
    return Made(about=found.id)


def _may_save(actor: Actor, department: int) -> None:
    deed = Deed.filter_department if department else Deed.filter_own
    require(actor, deed, Thing(department=department))


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    SaveFilter: _save,
    DropFilter: _drop,
}
