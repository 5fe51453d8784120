"""Departments over REST: their settings, for supervisors and administrators."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import msgspec

from agentconsole.protocol import Code, DepartmentCard, Part

from ..desk.admin import AddDepartment, SetDepartment, as_order
from ..desk.team import AddEverybody
from ..desk.things import unknown_thing
from ..domain.calendar_file import holidays
from ..domain.department import Department
from ..domain.hours import zone
from ..domain.life import Refusal
from ..domain.policy import Deed, Thing, can
from ..domain.timetable import day_text
from ..storage import departments
from .calls import Call, Route

Settings: Any = msgspec.defstruct(
    "DepartmentSettings",
    [
        ("id", int, 0),
        *((field.name, field.type, field.default) for field in msgspec.structs.fields(SetDepartment)[1:]),
    ],
    bases=(Part,),
    frozen=True,
    module=__name__,
    namespace={
        "__doc__": "The settings of a department, times in seconds; what is left out stays. With `version`, only if "
        "nobody has changed it since."
    },
)
New: Any = msgspec.defstruct(
    "NewDepartment",
    [(field.name, field.type, field.default) for field in msgspec.structs.fields(AddDepartment)[1:]],
    bases=(Part,),
    frozen=True,
    module=__name__,
    namespace={"__doc__": "A new department; what is left out gets the default."},
)


class Named(Part, frozen=True):
    """The short name of a new department, as in its addresses, with its settings."""

    slug: str
    settings: New = New()


class Calendar(Part, frozen=True):
    """The text of an iCalendar file."""

    calendar: str


class Outcome(Part, frozen=True):
    """What came of it, as a sentence; ``changed`` false = it was so already."""

    changed: bool
    text: str


async def _list(call: Call) -> list[DepartmentCard]:
    return call.house.hub.department_list(call.actor).departments


async def _one(call: Call) -> Any:
    found, slugs = await call.house.database.read(
        lambda db: (
            departments.one(db, call.key),
            {each.id: each.slug for each in departments.every(db)},
        )
    )
    if found is None or not can(call.actor, Deed.set_department, Thing(department=found.id)):
        raise unknown_thing()
    order = as_order(found, slugs)
    given = {name: getattr(order, name) for name in order.__struct_fields__ if name != "slug"}
    return Settings(id=found.id, **given)


async def _add(call: Call) -> Outcome:
    settings = {name: getattr(call.body.settings, name) for name in New.__struct_fields__}
    return await _order(call, AddDepartment(call.body.slug, **settings))


async def _set(call: Call) -> Outcome:
    found = await _department(call)
    given = {name: getattr(call.body, name) for name in Settings.__struct_fields__ if name != "id"}
    return await _order(call, SetDepartment(found.slug, **given))


async def _add_everybody(call: Call) -> Outcome:
    found = await _department(call)
    return await _order(call, AddEverybody(found.slug))


async def _holidays(call: Call) -> Outcome:
    found = await _department(call)
    if not can(call.actor, Deed.set_department, Thing(department=found.id)):
        raise unknown_thing()
    today = datetime.fromtimestamp(call.house.hub.now() / 1_000, zone(found.opening.zone)).date()
    try:
        read = await asyncio.to_thread(holidays, call.body.calendar.encode(), today)
    except ValueError as error:
        raise Refusal(Code.invalid, str(error)) from None
    outcome = await _order(call, SetDepartment(found.slug, more_days=[day_text(day) for day in read.days]))
    told = f"{len(read.days)} days; {read.past} events are over, {read.skipped} cannot be used."
    return Outcome(outcome.changed, f"{outcome.text} {told}")


async def _department(call: Call) -> Department:
    found = await call.house.database.read(lambda db: departments.one(db, call.key))
    if found is None:
        raise unknown_thing()
    return found


async def _order(call: Call, order: Any) -> Outcome:
    made = await call.house.desk.handle(call.actor, order)
    return Outcome(made.value.changed, made.value.text)


_REFUSALS = (Code.unknown, Code.invalid, Code.empty, Code.too_long, Code.conflict)

ROUTES = (
    Route(
        method="GET",
        path="/api/departments",
        handler=_list,
        summary="The departments; `mine` are those in which I have a role.",
        answer=list[DepartmentCard],
    ),
    Route(
        method="POST",
        path="/api/departments",
        handler=_add,
        summary="Add a department; who is no administrator becomes its supervisor.",
        body=Named,
        answer=Outcome,
        refusals=_REFUSALS,
    ),
    Route(
        method="GET",
        path="/api/departments/{department}",
        handler=_one,
        summary="The settings of a department that I may change.",
        answer=Settings,
    ),
    Route(
        method="PATCH",
        path="/api/departments/{department}",
        handler=_set,
        summary="Change settings of a department.",
        body=Settings,
        answer=Outcome,
        refusals=_REFUSALS,
    ),
    Route(
        method="POST",
        path="/api/departments/{department}/holidays",
        handler=_holidays,
        summary="Add the whole-day events of an iCalendar file to the days on which a department is closed.",
        body=Calendar,
        answer=Outcome,
        refusals=_REFUSALS,
    ),
    Route(
        method="POST",
        path="/api/departments/{department}/everybody",
        handler=_add_everybody,
        summary="Make everybody who answers chats anywhere an agent of this department too.",
        answer=Outcome,
        refusals=(Code.unknown,),
    ),
)
