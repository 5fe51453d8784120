"""A TCP proxy that cuts links at chosen bytes: anywhere, inside a frame, or between commit and acknowledgement."""

import asyncio
import contextlib
import random
import socket
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

ACK = b'{"t":"ack"'
RESET = struct.pack("ii", 1, 0)  # linger 0: closing sends RST, and what the peer has not read yet is gone


@dataclass
class Cut:
    """Where one link ends: after `after` bytes in a direction, or at the `after`-th acknowledgement.

    `kind` is "up" (client to server), "down", or "ack"; `shift` moves an ack cut from the start of its text.
    """

    kind: str
    after: int
    shift: int = 0
    reset: bool = False


class Knife:
    """Follows one direction of a link and says how much of each piece still goes through."""

    def __init__(self, cut: Cut | None, direction: str) -> None:
        here = cut is not None and (cut.kind == direction or (cut.kind == "ack" and direction == "down"))
        self.cut = cut if here else None
        self.left = cut.after if cut is not None else 0
        self.tail = b""

    def share(self, data: bytes) -> tuple[bytes, bool]:
        """The bytes to forward, and whether the link ends after them."""
        if self.cut is None:
            return data, False
        if self.cut.kind != "ack":
            self.left -= len(data)
            return (data, False) if self.left > 0 else (data[: len(data) + self.left], True)
        return self._before_ack(data, self.cut.shift)

    def _before_ack(self, data: bytes, shift: int) -> tuple[bytes, bool]:
        text = self.tail + data
        at = -1
        while (at := text.find(ACK, at + 1)) >= 0:
            self.left -= 1
            if self.left <= 0:
                return data[: max(0, at - len(self.tail) + shift)], True
        self.tail = text[-(len(ACK) - 1) :]
        return data, False


class Proxy:
    """Forwards every connection to `target()` until its cut; `cuts` counts what was done, by kind."""

    def __init__(self, target: Callable[[], str], plan: Callable[[], Cut | None]) -> None:
        self.target = target
        self.plan = plan
        self.cuts: Counter[str] = Counter()
        self.url = ""
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._links: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._attend, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        while self._links:
            for end in list(self._ends):
                end.transport.abort()
            await asyncio.wait(set(self._links), timeout=1)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        try:
            await self._join(reader, writer)
        finally:
            self._links.discard(link)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        where = urlsplit(self.target())
        try:
            far_reader, far_writer = await asyncio.open_connection(where.hostname, where.port)
        except OSError:
            writer.transport.abort()
            return
        cut = self.plan()
        ends = {writer, far_writer}
        self._ends |= ends
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer, Knife(cut, "up"))),
            asyncio.create_task(self._pump(far_reader, writer, Knife(cut, "down"))),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._ends -= ends
            for end in ends:
                _sever(end, reset=cut is not None and cut.reset)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, knife: Knife) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                share, over = knife.share(data)
                writer.write(share)
                await writer.drain()
                if over and knife.cut is not None:
                    self.cuts[knife.cut.kind] += 1
                    return


def _sever(end: asyncio.StreamWriter, reset: bool) -> None:
    sock = end.get_extra_info("socket")
    if reset and sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    end.transport.abort()


def anywhere(luck: random.Random, most: int = 6_000) -> Callable[[], Cut]:
    """A plan that cuts every link: a third each at random bytes up, down, and around an acknowledgement."""

    def plan() -> Cut:
        kind = luck.choice(["up", "down", "ack"])
        after = luck.randint(1, 8) if kind == "ack" else luck.randint(150, most)
        return Cut(kind, after, luck.choice([-2, -1, 0, 5, 30]), luck.random() < 0.5)

    return plan
