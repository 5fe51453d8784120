"""The clock: asks what is due and sends it through the desk like everybody's commands."""

from __future__ import annotations

import asyncio
import functools
import logging
import math
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from .desk import Desk, slices
from .desk.admin import Alive
from .desk.made import Made
from .desk.rules import OnTime
from .desk.slices import GoOn
from .desk.ticketing import ExpireTicket
from .domain.chat import Expire
from .domain.life import Refusal, Stumbled, is_busy
from .domain.policy import SYSTEM
from .storage import Connection, backlog, chats, tickets
from .storage.agenda import is_due
from .storage.database import Database, Locked, Unreachable

log = logging.getLogger("agentconsole.jobs")

PERIOD, LEAST = 0.5, 0.02  # seconds between two looks; a timer that runs out earlier is looked at then
ALIVE_EVERY = 10.0  # seconds
FORGET_EVERY = 3_600.0
CHECKPOINT_EVERY = 30.0
RIPE = 5  # a ticket on which rules on time fire takes as long as so many that are asked
REST = 60.0  # seconds until what stumbled is tried again
CHECKPOINT_JOBS = 4_000
CHATS, TICKETS = 500, 200  # whose timers fire in one go

Timed = Expire | ExpireTicket | OnTime | GoOn
Resting = dict[Timed, float]  # until when


async def sweep(once: Callable[[], None]) -> None:
    """Until cancelled: do what needs no database, such as dropping dead links, however long that lets others wait."""
    while True:
        try:
            once()
        except Exception:  # one of the four loops that catch everything: links must be looked after
            log.exception("the sweep stumbled, mark %s", secrets.token_hex(4))
        await asyncio.sleep(PERIOD)


async def run(
    database: Database,
    desk: Desk,
    is_typing: Callable[[int], bool],
    forgets: Sequence[Any],
) -> None:
    """Until cancelled: fire timers, keep the lock and the sign of life, delete what is old, move SQLite's log.

    The timer of a chat in which its agent ``is_typing`` waits a little longer. ``forgets`` are commands that delete
    what is old, a slice at a time; the value of what they make is true as long as there is more.

    Raises Locked if another server has come meanwhile: there must be one.
    """
    clock = asyncio.get_running_loop().time
    alive_at, forget_at = clock(), clock()
    checkpoint_at, moved = clock() + CHECKPOINT_EVERY, 0
    resting: Resting = {}
    while True:
        pause = PERIOD
        try:
            _wake(resting)
            now, soon = desk.clock(), await desk.soonest()
            if is_due(soon.chat, now) or is_due(soon.ticket, now):
                pause = await _expire(database, desk, is_typing, resting)
            else:
                pause = _until(soon.chat, now)
            if is_due(soon.rule, now) and await _on_time(database, desk, resting):
                pause = LEAST
            if soon.work and await _go_on(database, desk, resting):
                pause = LEAST
            if clock() >= alive_at:
                alive_at = clock() + ALIVE_EVERY
                await asyncio.to_thread(database.keep_lock)
                await desk.handle(SYSTEM, Alive())
            if clock() >= forget_at:
                forget_at = clock() + FORGET_EVERY
                if await _forget(desk, forgets):
                    forget_at = clock()
            if clock() >= checkpoint_at or desk.writer.jobs > moved + CHECKPOINT_JOBS:
                checkpoint_at, moved = clock() + CHECKPOINT_EVERY, desk.writer.jobs
                await asyncio.to_thread(database.checkpoint)
                desk.writer.between(database.finish_checkpoint)
        except Refusal as refusal:
            log.warning("the clock was refused: %s", refusal.text)
        except Locked:
            log.error("another server has taken this database; this one leaves")
            raise
        except (Unreachable, *database.failures) as error:
            log.warning("the clock waits for the database: %s", type(error).__name__)
        except Exception:  # one of the four loops that catch everything: the clock must go on
            log.exception("the clock stumbled, mark %s", secrets.token_hex(4))
        await asyncio.sleep(pause)


async def _forget(desk: Desk, forgets: Sequence[Any]) -> bool:
    """One slice of each; is there more? What stumbles holds up no other."""
    more = False
    for command in forgets:
        try:
            more |= bool((await desk.handle(SYSTEM, command)).value)
        except Stumbled as stumbled:
            log.warning("nothing was forgotten by %s: %s", type(command).__name__, stumbled.text)
    return more


async def _expire(
    database: Database, desk: Desk, is_typing: Callable[[int], bool], resting: Resting
) -> float:
    """Fire what is due; the answer is how many seconds to wait before the next look."""
    now, more = desk.clock(), len(resting)
    due, next_at, tickets_due = await database.read(
        lambda db: (
            chats.due(db, now, CHATS + more),
            chats.next_due(db, now),
            tickets.due(db, now, TICKETS + more),
        )
    )
    found: list[Timed] = [Expire(key) for key in due if not is_typing(key)]
    found += [ExpireTicket(key) for key in tickets_due]
    for command in found:
        if command not in resting:
            resting[command] = math.inf  # until it is through
            desk.submit(SYSTEM, command, functools.partial(_fired, resting, command))
    return _until(next_at, now)


def _until(at: int, now: int) -> float:
    return max(LEAST, min(PERIOD, (at - now) / 1_000)) if at else PERIOD


def _fired(resting: Resting, command: Timed, made: Made) -> None:
    del resting[command]
    if made.refusal is not None and not is_busy(made.refusal):
        _rest(resting, command)


async def _go_on(database: Database, desk: Desk, resting: Resting) -> bool:
    """Do the next slice of every work that is left, one after the other; was there any?"""
    left = await database.read(backlog.every)
    found = [command for work, about, _ in left if (command := GoOn(work, about)) not in resting]
    for command in found:
        await _try(desk, command, resting)
    return bool(found)


async def _on_time(database: Database, desk: Desk, resting: Resting) -> bool:
    """Let rules act on tickets because time has passed; are there more?"""
    now, more = desk.clock(), len(resting)

    def look(db: Connection) -> tuple[int, list[int]]:
        limit = max(1, slices.size(db) // RIPE)
        return limit, tickets.ripe(db, now, limit + more)

    limit, ripe = await database.read(look)
    found = [command for key in ripe if (command := OnTime(key)) not in resting][:limit]
    await asyncio.gather(*(_try(desk, command, resting) for command in found))
    return len(found) == limit


async def _try(desk: Desk, command: Timed, resting: Resting) -> None:
    """Carry it out; what stumbles, or may not be, rests."""
    try:
        await desk.handle(SYSTEM, command)
    except Refusal as refusal:
        if is_busy(refusal):
            raise
        _rest(resting, command)


def _rest(resting: Resting, command: Timed) -> None:
    """Let it rest for a while, so that it holds up nothing else."""
    resting[command] = asyncio.get_running_loop().time() + REST


def _wake(resting: Resting) -> None:
    """What has rested long enough is tried again."""
    now = asyncio.get_running_loop().time()
    for command in [each for each, until in resting.items() if until <= now]:
        del resting[command]
