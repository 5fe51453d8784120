"""The clock: asks what is due and sends it through the desk like everybody's commands."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable

from .desk import Desk
from .desk.admin import Alive
from .domain.chat import Expire
from .domain.life import Refusal
from .domain.policy import SYSTEM
from .storage import chats
from .storage.database import Database, Locked, Unreachable

log = logging.getLogger("agentconsole.jobs")

PERIOD = 0.5
ALIVE_EVERY = 20
CHECKPOINT_EVERY = 60
CHECKPOINT_JOBS = 4_000


async def run(
    database: Database, desk: Desk, sweep: Callable[[], None], is_typing: Callable[[int], bool]
) -> None:
    """Until cancelled: fire timers, drop dead links (``sweep``), keep the lock and the sign of life, move SQLite's log.

    The timer of a chat in which its agent ``is_typing`` waits a little longer.

    Raises Locked if another server has come meanwhile: there must be one.
    """
    beat = moved = 0
    while True:
        try:
            sweep()
            await _expire(database, desk, is_typing)
            if beat % ALIVE_EVERY == 0:
                await asyncio.to_thread(database.keep_lock)
                await desk.handle(SYSTEM, Alive())
            if beat % CHECKPOINT_EVERY == CHECKPOINT_EVERY - 1 or desk.writer.jobs > moved + CHECKPOINT_JOBS:
                moved = desk.writer.jobs
                await asyncio.to_thread(database.checkpoint)
                desk.writer.between(database.finish_checkpoint)
        except Refusal as refusal:
            log.warning("the clock was refused: %s", refusal.text)
        except Locked:
            log.error("another server has taken this database; this one leaves")
            raise
        except (Unreachable, *database.failures) as error:
            log.warning("the clock waits for the database: %s", type(error).__name__)
        except Exception:  # one of the three loops that catch everything: the clock must go on
            log.exception("the clock stumbled, mark %s", secrets.token_hex(4))
        beat += 1
        await asyncio.sleep(PERIOD)


async def _expire(database: Database, desk: Desk, is_typing: Callable[[int], bool]) -> None:
    now = desk.clock()
    for key in await database.read(lambda db: chats.due(db, now)):
        if not is_typing(key):
            desk.submit(SYSTEM, Expire(key), lambda made: None)
