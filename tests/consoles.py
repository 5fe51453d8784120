"""A console without a screen: a store and its client, running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agentconsole.client import Client, End, new_cid
from agentconsole.link import LinkState
from agentconsole.protocol import Say
from agentconsole.store import Store
from agentconsole.views import Touched
from tests.waiting import async_until


@dataclass
class Console:
    """A store and its client, running."""

    client: Client
    store: Store
    touched: list[set[Touched]] = field(default_factory=list)
    life: asyncio.Task[End] | None = None

    @property
    def state(self) -> LinkState:
        """The link's."""
        return self.store.link.state

    def say(self, chat: int, text: str) -> str:
        """Send a line; its cid."""
        cid = new_cid()
        self.client.send(Say(cid, chat, text))
        return cid

    async def synced(self) -> None:
        """Wait until hello has been answered."""
        await async_until(lambda: self.store.synced, what="synced")

    def texts(self, chat: int) -> list[str]:
        """All lines and notes that this console shows of the chat."""
        talk = self.store.talks.get(chat)
        return [e.what.text for e in talk.events if hasattr(e.what, "text")] if talk else []


@asynccontextmanager
async def console(url: str, token: str, store: Store | None = None, **more: object) -> AsyncIterator[Console]:
    """Run a console until the block ends; ``more`` goes to the Client."""
    store = store or Store()
    touched: list[set[Touched]] = []
    client = Client(url, token, store, touched.append, **more)  # type: ignore[arg-type]
    running = Console(client, store, touched, asyncio.create_task(client.run()))
    try:
        yield running
    finally:
        client.stop()
        assert running.life is not None
        await asyncio.wait([running.life], timeout=10)
        assert running.life.done(), "run() did not return after stop()"
        running.life.result()
