"""Opening hours over REST: a week as strips, and expectations tested."""

from __future__ import annotations

from datetime import date, datetime

from agentconsole.protocol import Code, HoursQuery, HoursResult, HoursWeek, HoursWish

from ..domain.department import Department
from ..domain.expectations import compare
from ..domain.hours import is_open, words, zone
from ..domain.life import Refusal, unknown
from ..domain.policy import Deed, can
from ..domain.strip import strip
from .calls import Call, Route


async def _mine(call: Call) -> list[HoursWeek]:
    return [_week(call, found) for found in _departments(call) if _has_role(call, found)]


async def _one(call: Call) -> HoursWeek:
    found = next((each for each in _departments(call) if each.id == call.key), None)
    if found is None:
        raise unknown()
    return _week(call, found)


async def _test(call: Call) -> HoursResult:
    openings = {found.slug: found.opening for found in _departments(call)}
    return compare(call.body.text, openings.get, call.house.hub.now())


def _departments(call: Call) -> list[Department]:
    """Who sees the team sees when each department is open."""
    if not can(call.actor, Deed.see_team):
        raise unknown()
    return [found for found in call.house.hub.board.departments.values() if not found.archived]


def _has_role(call: Call, found: Department) -> bool:
    return any(grant.department in (0, found.id) for grant in call.actor.grants)


def _week(call: Call, found: Department) -> HoursWeek:
    query: HoursQuery = call.query
    now, opening = call.house.hub.now(), found.opening
    reader = query.zone or opening.zone
    return HoursWeek(
        department=found.id,
        name=found.name,
        kind=query.kind,
        zone=opening.zone,
        words=words(opening, query.kind),
        open=is_open(opening, query.kind, now),
        change_at=found.turns_at(now, query.kind),
        days=strip(opening, query.kind, _first(query, opening.zone, now), opening.zone),
        reader_zone=reader,
        reader_days=strip(opening, query.kind, _first(query, reader, now), reader),
    )


def _first(query: HoursQuery, zone_name: str, now: int) -> date:
    """The date that was asked for, or today by the clock of this zone. Raises Refusal invalid."""
    try:
        place = zone(zone_name)
        return (
            date.fromisoformat(query.first)
            if query.first
            else datetime.fromtimestamp(now / 1_000, place).date()
        )
    except ValueError as error:
        raise Refusal(Code.invalid, f"{error}".rstrip(".") + ".") from None


ROUTES = (
    Route(
        method="GET",
        path="/api/hours",
        handler=_mine,
        summary="A week of opening hours of the departments in which I have a role.",
        query=HoursQuery,
        answer=list[HoursWeek],
        refusals=(Code.unknown, Code.invalid),
    ),
    Route(
        method="GET",
        path="/api/departments/{department}/hours",
        handler=_one,
        summary="A week of opening hours of a department.",
        query=HoursQuery,
        answer=HoursWeek,
        refusals=(Code.unknown, Code.invalid),
    ),
    Route(
        method="POST",
        path="/api/hours/test",
        handler=_test,
        summary="Compare expectations with the opening hours as they are kept now.",
        body=HoursWish,
        answer=HoursResult,
        refusals=(Code.unknown,),
    ),
)
