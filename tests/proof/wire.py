"""One client's end of a WebSocket as a bare asyncio protocol: text frames in, text frames out, nothing else."""

import asyncio
import base64
import os
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A
NO_MASK = bytes(4)  # a mask of zeros is legal and leaves the text readable in a trace


def client_frame(payload: bytes, first: int = TEXT) -> bytes:
    """The bytes of one masked frame."""
    size = len(payload)
    if size < 126:
        return bytes((first, 0x80 | size)) + NO_MASK + payload
    if size < 65_536:
        return bytes((first, 0xFE)) + size.to_bytes(2, "big") + NO_MASK + payload
    return bytes((first, 0xFF)) + size.to_bytes(8, "big") + NO_MASK + payload


class Wire(asyncio.Protocol):
    """Calls `on_text(payload)` for each text frame and `on_lost(close_code)` once at the end.

    The close code is 0 when the link broke without a closing frame.
    """

    def __init__(self, on_text: Callable[[bytes], None], on_lost: Callable[[int], None]) -> None:
        self.on_text = on_text
        self.on_lost = on_lost
        self.transport: asyncio.Transport | None = None
        self.open = False
        self.close_code = 0
        self.received = 0
        self._rest = b""
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; `shake_hands` goes on from here."""
        self.transport = cast(asyncio.Transport, transport)

    async def shake_hands(self, host: str, path: str) -> None:
        """Upgrade the connection. Raises ConnectionError when the server does not want it."""
        assert self.transport is not None
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        await self._opened

    def data_received(self, data: bytes) -> None:
        """Hand on every whole frame; keep the rest for the next piece."""
        self.received += len(data)
        if self._rest:
            data = self._rest + data
        if not self.open:
            head, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                self._rest = data
                return
            if not self._welcomed(head):
                return
            data = rest
        at, end = 0, len(data)
        while end - at >= 2:
            size = data[at + 1]
            start = at + 2
            if size > 125:
                start += 2 if size == 126 else 8
                if start > end:
                    break
                size = int.from_bytes(data[at + 2 : start], "big")
            stop = start + size
            if stop > end:
                break
            if data[at] == TEXT:
                self.on_text(data[start:stop])
            else:
                self._control(data[at], data[start:stop])
            at = stop
        self._rest = data[at:]

    def _welcomed(self, head: bytes) -> bool:
        self.open = head.startswith(b"HTTP/1.1 101")
        if self.open:
            self._opened.set_result(None)
        else:
            self._fail(ConnectionError(head.partition(b"\r\n")[0].decode("ascii", "replace")))
        return self.open

    def _control(self, first: int, payload: bytes) -> None:
        if first == PING:
            self._write(client_frame(payload, PONG))
        elif first == CLOSE:
            self.close_code = int.from_bytes(payload[:2], "big")
            self._write(client_frame(payload, CLOSE))
            assert self.transport is not None
            self.transport.close()

    def send(self, payload: bytes) -> None:
        """Send one text frame; silently nothing when the link is down (the outbox keeps it)."""
        if self.open:
            self._write(client_frame(payload))

    def _write(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def drop(self) -> None:
        """Cut the link at once, without a closing frame."""
        if self.transport is not None:
            self.transport.abort()

    def _fail(self, error: ConnectionError) -> None:
        if not self._opened.done():
            self._opened.set_exception(error)
        self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        """The link is gone, wanted or not."""
        self.open = False
        self._rest = b""
        if not self._opened.done():
            self._opened.set_exception(ConnectionError("the link broke during the handshake"))
        self.on_lost(self.close_code)


async def connect(
    url: str,
    path: str,
    on_text: Callable[[bytes], None],
    on_lost: Callable[[int], None],
    kind: type[Wire] = Wire,
) -> Wire:
    """Open a WebSocket at `url` (http://HOST:PORT) + `path`. Raises OSError when that fails."""
    where = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(
        lambda: kind(on_text, on_lost), where.hostname or "", where.port or 80
    )
    try:
        await wire.shake_hands(where.netloc, path)
    except asyncio.CancelledError:
        wire.drop()
        raise
    return wire
