"""Keeps on disk, in a thread, what must survive a crash: unsent lines, drafts, history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agentconsole.store import Store

SAVE_MS = 700


class Keeper:
    """``save`` is called with `Store.words()` (None: nothing is kept); ``failed`` with a sentence if that
    did not work."""

    def __init__(
        self,
        store: Store,
        save: Callable[[dict[str, object]], None] | None,
        failed: Callable[[str], object],
    ) -> None:
        self.store = store
        self._save = save
        self._failed = failed
        self._saving = asyncio.Lock()
        self._saver: asyncio.Future[None] | None = None
        self._saved_version = 0
        self._dirty_since = 0

    def touch(self, now: int) -> None:
        """Drafts or history changed: they are to be saved soon."""
        self._dirty_since = self._dirty_since or now

    def due_in(self, now: int) -> int | None:
        """Milliseconds until drafts are to be saved; None = they are."""
        return self._dirty_since + SAVE_MS - now if self._dirty_since else None

    async def keep(self) -> None:
        """Save the written words if they changed; lines that are made meanwhile are saved too before this returns."""
        async with self._saving:
            wanted = bool(self._dirty_since)
            while self._save is not None and (wanted or self.store.outbox.version != self._saved_version):
                wanted, self._dirty_since = False, 0
                self._saved_version = self.store.outbox.version
                loop = asyncio.get_running_loop()
                self._saver = loop.run_in_executor(None, self._save, self.store.words())
                try:
                    await asyncio.shield(self._saver)
                except OSError as error:
                    self._failed(_unkept(error))
                    return

    async def keep_last(self) -> None:
        """Save once more when leaving, behind a save that may be under way."""
        if self._save is None:
            return
        if self._saver is not None:
            await asyncio.wait([self._saver])
        try:
            self._save(self.store.words())
        except OSError as error:
            self._failed(_unkept(error))


def _unkept(error: OSError) -> str:
    why = str(error).strip().rstrip(".") or type(error).__name__
    return f"Drafts and unsent lines cannot be kept on disk ({why}); do not leave before they are sent."
