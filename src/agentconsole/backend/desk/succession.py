"""What becomes of a chat when somebody of staff is gone: its owner, a guest, or who was invited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import Grant, OfferEnd, Party, Side, State, Status

from ..domain import offers, together
from ..domain.life import Decision, Head, unknown
from ..domain.policy import SYSTEM, Actor, Deed, answering_in, answers, can
from ..storage import seats, users
from ..storage.chats import WorkingSet
from ..storage.seats import Seat
from ..storage.users import User
from .made import Made
from .things import carry_out
from .workload import colleague


class Excuse(msgspec.Struct, frozen=True):
    """Go on without this guest, or without waiting for this invited person, if they are gone or the time is over."""

    chat: int
    user: int


def is_gone(person: User | None, grants: tuple[Grant, ...], seat: Seat, now: int) -> bool:
    """Can this person be in no chat now: without the right, offline, or with the link lost for longer than it is held?"""
    if person is None or person.disabled or not answering_in(grants) or seat.status is Status.offline:
        return True
    return seat.lost_at > 0 and 0 < seat.held_until <= now


def heir(sheet: WorkingSet, head: Head, now: int) -> Party | None:
    """The first who has joined the chat, is there, and answers its department; None = nobody."""
    for user in head.guests:
        found = colleague(sheet, user, now)
        if found is not None and found.there and answers(found.actor.grants, head.department):
            return found.actor.party
    return None


def succeed(sheet: WorkingSet, head: Head, by: Party, now: int, tried: tuple[int, ...]) -> Decision:
    """A running chat whose owner is gone: a colleague in it goes on, else it goes back into its queue."""
    found = heir(sheet, head, now)
    if found is not None:
        return offers.inherit(head, found, now)
    return offers.requeue(head, by, now, sheet.department(head.department), tried)


def reopened(sheet: WorkingSet, before: Head, decision: Decision, now: int) -> Decision:
    """The decision, and what follows from it if it reopened a chat that its owner may not answer any more."""
    head, entries = decision
    if before.state is not State.wrapup or head.state is not State.active:
        return decision
    owner = users.by_id(sheet.connection, head.owner)
    grants = users.grants_of(sheet.connection, head.owner)
    if owner is not None and not owner.disabled and answers(grants, head.department):
        return decision
    after, more = succeed(sheet, head, SYSTEM.party, now, tried=())
    return after, entries + more


def _excuse(sheet: WorkingSet, actor: Actor, command: Excuse, now: int) -> Made:
    if not can(actor, Deed.expire):
        raise unknown()
    head = sheet.head(command.chat)
    if head is None or head.state is not State.active:
        return Made(about=command.chat)
    person = users.by_id(sheet.connection, command.user)
    grants = users.grants_of(sheet.connection, command.user)
    gone = is_gone(person, grants, seats.one(sheet.connection, command.user), now)
    name = person.display if person else ""
    if command.user in head.invited and (gone or head.invited_until <= now):
        why = OfferEnd.unavailable if gone else OfferEnd.timeout
        after, entries = together.uninvite(head, actor.party, now, command.user, name, why)
    elif command.user in head.guests and gone:
        after, entries = together.leave(head, Party(Side.staff, command.user, name), now)
    else:
        return Made(about=command.chat)
    return carry_out(sheet, head, after, entries)


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {Excuse: _excuse}
