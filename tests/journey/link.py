"""A link that can fall silent without being closed, as a dead Wi-Fi does: nothing passes, nothing is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.proof.proxy import Knife, Proxy


class Line(Proxy):
    """Forwards everything while `clear` is set; otherwise bytes wait, and so do new connections."""

    def __init__(self, target: Callable[[], str]) -> None:
        super().__init__(target, lambda: None)
        self.clear = asyncio.Event()
        self.clear.set()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, knife: Knife) -> None:
        while data := await reader.read(65_536):
            await self.clear.wait()
            writer.write(data)
            await writer.drain()


class Link:
    """A line in a thread of its own, for tests that wait."""

    def __init__(self, target: Callable[[], str]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._line = self._run(self._open(target))
        self.url = self._line.url

    async def _open(self, target: Callable[[], str]) -> Line:
        return await Line(target).__aenter__()

    def _run(self, coroutine):  # type: ignore[no-untyped-def]
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def silence(self) -> None:
        """From now on nothing comes through, and nobody is told."""
        self._loop.call_soon_threadsafe(self._line.clear.clear)

    def back(self) -> None:
        """What has waited comes through."""
        self._loop.call_soon_threadsafe(self._line.clear.set)

    def close(self) -> None:
        """Cut it and end the thread."""
        self.back()
        self._run(self._line.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def link_to(target: Callable[[], str]) -> Iterator[Link]:
    """A line to the server at `target()` while the block lasts."""
    link = Link(target)
    try:
        yield link
    finally:
        link.close()
