"""Commands about calls to other systems: what came of one, and that what was given up is tried again; what is old goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import Code

from ..domain.life import Refusal, without_nul
from ..domain.policy import Actor, Deed
from ..domain.spans import DAY_MS
from ..storage import Connection, departments, letters, rules, webhooks
from ..storage.chats import WorkingSet
from .admin import Done
from .made import Made
from .rules import may_set
from .slices import begin_calls
from .things import require

TAKEN_DAYS, GIVEN_UP_DAYS = 30, 90
SLICE = 500


class Called(msgspec.Struct, frozen=True):
    """A webhook was called: was it ``taken``, with which ``answer``, and when is it tried again (0 = not)?"""

    id: int
    taken: bool
    answer: str
    next_at: int = 0


class CallAgain(msgspec.Struct, tag_field="t", tag="call_again", forbid_unknown_fields=True, frozen=True):
    """Try a call again that was given up, or at once one that waits; 0 = all of mine that were given up.

    Refused: unknown, not_now (it was taken).
    """

    webhook: int = 0


class ForgetCalls(msgspec.Struct, frozen=True):
    """Delete a slice of the calls that are long over; ``value`` = is there more?"""


class ForgetFirings(msgspec.Struct, frozen=True):
    """Delete a slice of what rules did more than ``days`` ago; ``value`` = is there more?

    On a ticket that is not closed it stays: rules must know where they have been.
    """

    days: int


def mine(connection: Connection, actor: Actor) -> list[int]:
    """The departments whose rules this actor may set, 0 = those of all."""
    return [key for key in (0, *(found.id for found in departments.every(connection))) if may_set(actor, key)]


def _unknown() -> Refusal:
    return Refusal(Code.unknown, "There is no such call, or it is not yours.")


def _called(sheet: WorkingSet, actor: Actor, command: Called, now: int) -> Made:
    require(actor, Deed.expire)
    found = webhooks.one(sheet.connection, command.id)
    if found is None:
        raise _unknown()
    tried_so = msgspec.structs.replace(
        found,
        tries=found.tries + 1,
        tried_at=now,
        next_at=command.next_at,
        sent_at=now if command.taken else 0,
        answer=without_nul(command.answer),
    )
    webhooks.save(sheet.connection, tried_so)
    return Made(about=found.id)


def _again(sheet: WorkingSet, actor: Actor, command: CallAgain, now: int) -> Made:
    if not command.webhook:
        return _all_again(sheet, actor, now)
    found = webhooks.one(sheet.connection, command.webhook)
    if found is None or not may_set(actor, found.department):
        raise _unknown()
    if found.sent_at:
        raise Refusal(Code.not_now, "This call was taken; it is not made twice.")
    tries = found.tries if found.next_at else 0
    webhooks.save(sheet.connection, msgspec.structs.replace(found, next_at=now, tries=tries))
    letters.record(sheet.connection, now, actor.name, "call_again", f"webhook {found.id}", "")
    return Made(about=found.id, value=Done(True, f"Webhook {found.id} is tried again.", str(found.id)))


def _all_again(sheet: WorkingSet, actor: Actor, now: int) -> Made:
    count, left = begin_calls(sheet, mine(sheet.connection, actor), now)
    if count or left:
        which = "all webhooks that were given up" if left else f"{count} webhooks"
        letters.record(sheet.connection, now, actor.name, "call_again", "", which)
    told = "All webhooks that were given up are" if left else f"{count} webhooks are"
    return Made(value=Done(bool(count or left), f"{told} tried again.", ""))


def _forget_calls(sheet: WorkingSet, actor: Actor, command: ForgetCalls, now: int) -> Made:
    require(actor, Deed.expire)
    taken, given_up = now - TAKEN_DAYS * DAY_MS, now - GIVEN_UP_DAYS * DAY_MS
    return Made(value=webhooks.forget(sheet.connection, taken, given_up, SLICE) == SLICE)


def _forget_firings(sheet: WorkingSet, actor: Actor, command: ForgetFirings, now: int) -> Made:
    require(actor, Deed.expire)
    return Made(value=rules.forget(sheet.connection, now - command.days * DAY_MS, SLICE) == SLICE)


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    Called: _called,
    CallAgain: _again,
    ForgetCalls: _forget_calls,
    ForgetFirings: _forget_firings,
}
