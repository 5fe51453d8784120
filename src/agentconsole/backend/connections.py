"""HTTP connections: a request's head comes in time, and neither one address nor all together hold too many of them."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from .addresses import bucket, trusted
from .limits import Tally
from .options import Options

MOST = 2_000  # of all addresses; sockets are counted where they are kept
A_SOCKETS_WORTH = 4  # a page and its files come over several at once


class Threshold:
    """Who stands at the door: the connections that are no sockets, by address."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.addresses = Tally()
        self.standing = 0

    def enter(self, peer: str) -> str | None:
        """One more; the key to leave with ("" = a proxy, which stands for many), or None: it is one too many."""
        options = self.options
        if self.standing >= MOST:
            return None
        key = "" if options.behind_proxy and trusted(peer, options.trusted_proxies) else bucket(peer)
        if key and self.addresses.add(key) > A_SOCKETS_WORTH * options.sockets_per_address:
            self.addresses.drop(key)
            return None
        self.standing += 1
        return key

    def leave(self, key: str) -> None:
        """One less."""
        self.standing -= 1
        if key:
            self.addresses.drop(key)


class Connection(H11Protocol):
    """uvicorn's connection, but nobody holds it without asking for something."""

    def __init__(self, threshold: Threshold, **given: Any) -> None:
        super().__init__(**given)
        self._threshold = threshold
        self._key: str | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        super().connection_made(cast(asyncio.Transport, transport))
        self._key = self._threshold.enter(self.client[0] if self.client else "")
        if self._key is None:
            self.transport.abort()
        else:
            self._watch()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Part of uvicorn's protocol."""
        super().on_response_complete()
        self._watch()

    def handle_websocket_upgrade(self, event: Any) -> None:
        """Part of uvicorn's protocol."""
        self._left()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._left()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Between two answers the time runs; also for the rest of a body that nobody wanted."""
        if self._key is None or self._is_answering():
            self._unwatch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self._threshold.options.head_seconds, self._too_late)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _too_late(self) -> None:
        self._deadline = None
        self.transport.close()

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _left(self) -> None:
        key, self._key = self._key, None
        self._unwatch()
        if key is not None:
            self._threshold.leave(key)
