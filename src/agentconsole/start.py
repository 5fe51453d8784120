"""What runs while the screens are still being loaded: the token, the words left unsent, and the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from agentconsole import cache, credentials
from agentconsole.client import Client, End, now_ms
from agentconsole.store import Store
from agentconsole.views import Topic, Touched

NEAR_S = 0.1  # a server that answers within this is waited for: loading the screens would only slow it down


class Start:
    """A console's first connection. The screens take it over with `taken_over`; nothing that came is lost.

    ``client`` and ``life`` (its running task) are None while there is no token; ``notices`` are sentences to tell.
    """

    def __init__(self, server: str, user: str, token: str = "") -> None:
        self.server, self.user, self.token = server, user, token
        self.store = Store()
        self.words: cache.Words | None = None
        self.notices: list[str] = []
        self.client: Client | None = None
        self.life: asyncio.Task[End] | None = None
        self._changed: Callable[[set[Touched]], None] | None = None
        self._synced = asyncio.Event()
        self._begun = asyncio.create_task(self._begin())

    async def near(self) -> bool:
        """True as soon as the server has said how things stand; False if it or the keyring takes its time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(NEAR_S):
                await asyncio.shield(self._begun)
                if self.life:
                    await self._synced.wait()
        return self._synced.is_set()

    async def taken_over(self, changed: Callable[[set[Touched]], None]) -> None:
        """From now on ``changed`` hears what comes; what came before counts as just come. Waits for the token."""
        await self._begun
        self._changed = changed
        changed({Touched(topic) for topic in Topic})

    async def _begin(self) -> None:
        if not (self.server and self.user):
            return
        if not self.token:
            found = await credentials.find(self.server, self.user)
            self.token = found.token
            self.notices += [found.notice] if found.notice else []
        if not self.token:
            return
        self._adopt_words()
        save = self.words.save if self.words else None
        self.client = Client(self.server, self.token, self.store, self._tell, save=save, clock=now_ms)
        self.life = asyncio.create_task(self.client.run())

    def _adopt_words(self) -> None:
        """Take over what an earlier window left unsent."""
        try:
            self.words = cache.Words(cache.place(self.server, self.user))
            self.words.adopt(self.store)
        except OSError as error:
            self.notices.append(f"Drafts cannot be kept over a crash: {error}")

    def _tell(self, touched: set[Touched]) -> None:
        if self.store.synced:
            self._synced.set()
        if self._changed:
            self._changed(touched)
