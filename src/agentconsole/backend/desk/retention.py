"""How long mails are kept: a slice at a time the clock deletes those that are old and wait for no decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ..domain.policy import Actor, Deed
from ..domain.spans import DAY_MS
from ..storage import arrivals, raws
from ..storage.chats import WorkingSet
from .made import Made
from .things import require

SLICE = 20  # each may have many megabytes


class ForgetMails(msgspec.Struct, frozen=True):
    """Delete the bytes of a slice of mails older than ``days``; ``value`` = is there more?

    That they came or went, and what they said, stays. What could still be sent, or sent again, is kept whole.
    """

    days: int


class ForgetHeld(msgspec.Struct, frozen=True):
    """Delete a slice of what was released from quarantine, discarded or ignored more than ``days`` ago.

    ``value`` = is there more?
    """

    days: int


def _forget_mails(sheet: WorkingSet, actor: Actor, command: ForgetMails, now: int) -> Made:
    require(actor, Deed.expire)
    before = now - command.days * DAY_MS
    came = raws.forget_incoming(sheet.connection, before, SLICE)
    went = raws.forget_outgoing(sheet.connection, before, SLICE)
    return Made(value=SLICE in (came, went))


def _forget_held(sheet: WorkingSet, actor: Actor, command: ForgetHeld, now: int) -> Made:
    require(actor, Deed.expire)
    return Made(value=arrivals.forget_held(sheet.connection, now - command.days * DAY_MS, SLICE) == SLICE)


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    ForgetMails: _forget_mails,
    ForgetHeld: _forget_held,
}
