"""A socket on the level of bytes: handshakes with any headers, frames of any shape."""

from __future__ import annotations

import asyncio
import base64
import os
from typing import Any
from urllib.parse import urlsplit

from tests.proof.wire import client_frame

CONT, TEXT, BINARY, CLOSE, PING, PONG = range(3), 1, 2, 8, 9, 10
SECONDS = 20.0


class Raw:
    """Bytes out, frames in as (opcode, payload)."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: int, head: bytes
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.status = status
        self.head = head

    @classmethod
    async def connect(cls, url: str, path: str = "/ws/visitor", **headers: str) -> Raw:
        """Ask for an upgrade; `status` is the answer's. A header given as "" is left out."""
        where = urlsplit(url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**22)
        wanted = {
            "Host": where.netloc,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in wanted.items() if value)]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        return cls(reader, writer, int(head.split(b" ", 2)[1]), head)

    def send(self, data: bytes) -> None:
        """Bytes as they are."""
        self.writer.write(data)

    def text(self, payload: bytes | str) -> None:
        """One text frame."""
        self.send(client_frame(payload.encode() if isinstance(payload, str) else payload))

    async def frame(self) -> tuple[int, bytes]:
        """The next frame; (0, b"") = the connection was ended without one."""
        async with asyncio.timeout(SECONDS):
            try:
                first, size = await self.reader.readexactly(2)
                length = size & 0x7F
                if length > 125:
                    length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
                return first & 0x0F, await self.reader.readexactly(length)
            except (asyncio.IncompleteReadError, ConnectionError):
                return 0, b""

    async def until_text(self, part: bytes) -> bytes:
        """The next text frame that contains this."""
        while True:
            opcode, payload = await self.frame()
            assert opcode != 0, f"ended before {part!r}"
            assert opcode != CLOSE, f"closed with {payload!r} before {part!r}"
            if opcode == TEXT and part in payload:
                return payload

    async def closed(self) -> int:
        """The code with which the server closes; 0 = it just hung up."""
        while True:
            opcode, payload = await self.frame()
            if opcode == 0:
                return 0
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], "big")

    def drop(self) -> None:
        """Hang up."""
        self.writer.close()

    async def __aenter__(self) -> Raw:
        return self

    async def __aexit__(self, *exc: Any) -> None:
        self.drop()


def frame(
    first: int,
    payload: bytes,
    masked: bool = True,
    length: int | None = None,
    mask: bytes = b"\x11\x22\x33\x44",
) -> bytes:
    """A frame with this first byte; `length` may lie."""
    size = len(payload) if length is None else length
    bit = 0x80 if masked else 0
    if size < 126:
        head = bytes((first, bit | size))
    elif size < 65_536:
        head = bytes((first, bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, bit | 127)) + size.to_bytes(8, "big")
    if not masked:
        return head + payload
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
