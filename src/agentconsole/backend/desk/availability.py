"""Seats: a person's chosen status and calls, the link beside them, and what becomes of the chats of who is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import (
    AlertsTested,
    BreakReason,
    Code,
    Party,
    Phone,
    SetStatus,
    Side,
    State,
    Status,
)

from ..domain.life import Refusal, listed, without_nul
from ..domain.policy import Actor, Deed, Thing, answering_in, can
from ..domain.spans import MINUTE_MS
from ..storage import chats, departments, seats, users
from ..storage.chats import WorkingSet
from ..storage.seats import Seat
from .admin import Done, Order, record
from .made import BreaksChanged, Change, Made
from .succession import succeed
from .things import carry_out, require

NO_ANSWER = "No answer"
SYSTEM_NAME = "agentconsole"
REASONS = 50
REASON_LENGTH = 40


class SeatLink(msgspec.Struct, frozen=True):
    """The last console of a user closed, or a first one opened; the chats are kept until ``held_until``."""

    user: int
    up: bool
    held_until: int = 0


class Bench(msgspec.Struct, frozen=True):
    """An agent did not answer in time: a break begins, named so."""

    user: int


class Rescue(msgspec.Struct, frozen=True):
    """A chat whose agent is gone: a colleague in it goes on, else it goes back into its queue; if the agent still is
    gone and the visitor waits for an answer."""

    chat: int
    user: int


class SetBreaks(Order, tag="set_breaks", frozen=True):
    """Replace the reasons for a break."""

    reasons: list[BreakReason]


def _set_status(sheet: WorkingSet, actor: Actor, command: SetStatus, now: int) -> Made:
    seat = seat_to_change(sheet, actor, command.user)
    reason = without_nul(command.reason.strip())
    until = 0
    if command.status is Status.away:
        reason, until = _break(sheet, reason, now)
    if command.status is Status.phone:
        return _call(sheet, actor, seat, True, now)
    if (command.status, reason) == (seat.status, seat.reason):
        return Made()
    if command.status is Status.offline:
        _nothing_running(sheet, seat.user, actor)
    changed = msgspec.structs.replace(
        seat,
        status=command.status,
        reason=reason,
        since=now,
        until=until,
        set_by=_by(actor, seat.user),
        status_before=None,
        reason_before="",
        until_before=0,
    )
    made = _seated(sheet, changed)
    if command.status is Status.online and (seat.reason, seat.set_by) == (NO_ANSWER, SYSTEM_NAME):
        made.changes = _asked_anew(sheet, seat.user)
    return made


def _asked_anew(sheet: WorkingSet, user: int) -> list[Change]:
    """Who is back from not having answered may be asked again for the chats that still wait."""
    changes = []
    for head in chats.open_chats(sheet.connection):
        if head.state is State.waiting and user in head.tried:
            sheet.load((head.id,))
            after = listed(head, tried=tuple(other for other in head.tried if other != user))
            sheet.change(after, [])
            changes.append(Change(head, after, []))
    return changes


def _phone(sheet: WorkingSet, actor: Actor, command: Phone, now: int) -> Made:
    return _call(sheet, actor, seat_to_change(sheet, actor, command.user), command.on, now)


def _call(sheet: WorkingSet, actor: Actor, seat: Seat, on: bool, now: int) -> Made:
    if on == (seat.status is Status.phone):
        return Made()
    status, reason = (Status.phone, "") if on else (seat.status_before or Status.online, seat.reason_before)
    changed = msgspec.structs.replace(
        seat,
        status=status,
        reason=reason,
        since=now,
        until=0 if on else seat.until_before,
        set_by=_by(actor, seat.user),
        status_before=seat.status if on else None,
        reason_before=seat.reason if on else "",
        until_before=seat.until if on else 0,
    )
    return _seated(sheet, changed)


def _by(actor: Actor, user: int) -> str:
    return "" if actor.id == user else actor.display or SYSTEM_NAME


def seat_to_change(sheet: WorkingSet, actor: Actor, user: int) -> Seat:
    """One's own seat (0), or that of somebody in a department that one supervises. Raises Refusal unknown."""
    if user in (0, actor.id):
        require(actor, Deed.set_own_status)
        return seats.one(sheet.connection, actor.id)
    if not supervises(sheet, actor, user, Deed.set_status):
        raise Refusal(Code.unknown, "There is no such colleague, or it is not yours to change.")
    return seats.one(sheet.connection, user)


def supervises(sheet: WorkingSet, actor: Actor, user: int, deed: Deed) -> bool:
    """May this actor do this to this user in one of the departments whose chats the user answers?"""
    found = users.by_id(sheet.connection, user)
    if found is None or found.disabled:
        return False
    if actor.side is Side.system:
        return can(actor, deed)
    where = answering_in(users.grants_of(sheet.connection, user))
    if where == [0]:
        where = [0, *(department.id for department in departments.every(sheet.connection))]
    return any(can(actor, deed, Thing(department=key)) for key in where)


def _break(sheet: WorkingSet, reason: str, now: int) -> tuple[str, int]:
    """The reason as it is written in the list, and when such a break should be over. Raises Refusal invalid."""
    known = seats.break_reasons(sheet.connection)
    for found in known:
        if found.name.casefold() == reason.casefold():
            return found.name, now + found.minutes * MINUTE_MS if found.minutes else 0
    if known and reason not in (NO_ANSWER, "No input"):
        names = ", ".join(found.name for found in known)
        raise Refusal(Code.invalid, f"Choose one of the reasons for a break: {names}.")
    return reason, 0


def _nothing_running(sheet: WorkingSet, user: int, actor: Actor) -> None:
    running = [head for head in chats.held_by(sheet.connection, user) if head.state is State.active]
    mine = [head for head in running if head.owner == user]
    if mine:
        whose = "You still answer" if actor.id == user else "This colleague still answers"
        chats_word = "one chat" if len(mine) == 1 else f"{len(mine)} chats"
        raise Refusal(
            Code.not_now,
            f"{whose} {chats_word}. Hand over or close first, or choose finishing to get no new ones.",
        )


def _seated(sheet: WorkingSet, changed: Seat) -> Made:
    seats.save(sheet.connection, changed)
    seats.log(sheet.connection, changed)
    return Made(news=[changed])


def _alerts_tested(sheet: WorkingSet, actor: Actor, command: AlertsTested, now: int) -> Made:
    require(actor, Deed.set_own_status)
    changed = msgspec.structs.replace(seats.one(sheet.connection, actor.id), alerts_at=now)
    seats.save(sheet.connection, changed)
    return Made(news=[changed])


def _seat_link(sheet: WorkingSet, actor: Actor, command: SeatLink, now: int) -> Made:
    require(actor, Deed.expire)
    seat = seats.one(sheet.connection, command.user)
    if command.up == (seat.lost_at == 0):
        return Made()
    if command.up and seat.since == 0:
        fresh = msgspec.structs.replace(seat, lost_at=0, held_until=0, status=Status.online, since=now)
        return _seated(sheet, fresh)
    changed = msgspec.structs.replace(
        seat, lost_at=0 if command.up else now, held_until=0 if command.up else command.held_until
    )
    seats.save(sheet.connection, changed)
    return Made(news=[changed])


def _bench(sheet: WorkingSet, actor: Actor, command: Bench, now: int) -> Made:
    require(actor, Deed.expire)
    seat = seats.one(sheet.connection, command.user)
    if seat.status is not Status.online:
        return Made(news=[seat])
    changed = msgspec.structs.replace(
        seat, status=Status.away, reason=NO_ANSWER, since=now, until=0, set_by=SYSTEM_NAME
    )
    return _seated(sheet, changed)


def _rescue(sheet: WorkingSet, actor: Actor, command: Rescue, now: int) -> Made:
    require(actor, Deed.expire)
    sheet.load((command.chat,))
    head = sheet.head(command.chat)
    seat = seats.one(sheet.connection, command.user)
    gone = seat.lost_at and 0 < seat.held_until <= now
    waits = head is not None and (head.asked_at or not head.replied_at)
    if head is None or head.owner != command.user or head.state is not State.active or not waits or not gone:
        return Made(about=command.chat)
    after, entries = succeed(sheet, head, Party(Side.system), now, tried=head.tried)
    return carry_out(sheet, head, after, entries)


def _set_breaks(sheet: WorkingSet, actor: Actor, command: SetBreaks, now: int) -> Made:
    require(actor, Deed.administer)
    names = [without_nul(reason.name.strip()) for reason in command.reasons]
    if len(names) > REASONS or any(not 0 < len(name) <= REASON_LENGTH for name in names):
        raise Refusal(
            Code.invalid, f"Up to {REASONS} reasons are possible, each of 1 to {REASON_LENGTH} characters."
        )
    if len({name.casefold() for name in names}) < len(names):
        raise Refusal(Code.invalid, "Each reason may stand there once.")
    reasons = [BreakReason(name, reason.minutes) for name, reason in zip(names, command.reasons, strict=True)]
    seats.set_break_reasons(sheet.connection, reasons)
    record(sheet, actor, now, "set_breaks", "breaks", ", ".join(names))
    return Made(
        news=[BreaksChanged(reasons)], value=Done(True, "The reasons for a break were set.", "breaks")
    )


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    SetStatus: _set_status,
    Phone: _phone,
    AlertsTested: _alerts_tested,
    SeatLink: _seat_link,
    Bench: _bench,
    Rescue: _rescue,
    SetBreaks: _set_breaks,
}
