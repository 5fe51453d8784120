"""A drill's own small client: one socket that comes back after every loss and resends what was not answered."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from agentconsole.protocol import (
    LINK_LOST_SECONDS,
    PING_SECONDS,
    Ack,
    BadFrame,
    Bye,
    Code,
    Ping,
    Refused,
    Synced,
    VisitorAck,
    VisitorSynced,
    encode,
)

FIRST_RETRY = 5.0  # seconds; the first one comes after a random part of it
LONGEST_RETRY = 60.0
PATIENCE = 10.0  # seconds that a refused command may be asked to wait before it counts as refused

Answer = Ack | VisitorAck | Refused


class Trouble(Exception):
    """The server cannot be used; the message is a sentence for a person."""


class Unreachable(Trouble):
    """No connection just now; a later try may succeed."""


@contextmanager
def unwrapped() -> Iterator[None]:
    """Raise the Trouble that a task group brings, instead of the group."""
    try:
        yield
    except BaseExceptionGroup as group:
        found = group.subgroup(Trouble)
        while isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]  # type: ignore[assignment]
        if found is None:
            raise
        raise found from group


def new_cid() -> str:
    """A fresh client id for a command."""
    return secrets.token_urlsafe(12)


def new_token() -> str:
    """A fresh visitor's token."""
    return secrets.token_urlsafe(32)


def base_url(text: str) -> str:
    """A server's address as a person writes it, put right. Raises Trouble for what is no address."""
    written = text.strip()
    parts = urlsplit(written if "://" in written else f"http://{written}")
    try:
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise Trouble(f"{text!r} is no address of a server. Write it like http://127.0.0.1:8080.")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def socket_url(base: str, path: str) -> str:
    """The address of one of the server's sockets."""
    return "ws" + base.removeprefix("http") + path


async def dial(url: str) -> ClientConnection:
    """An open socket. Raises Unreachable, or Trouble for a bad address."""
    try:
        return await connect(url, compression=None, max_size=None, ping_interval=None, proxy=None)
    except (OSError, TimeoutError) as error:
        raise Unreachable(
            f"The server at {_site(url)} does not answer ({_reason(error)}). Is it running?"
        ) from error
    except InvalidHandshake as error:
        raise Unreachable(f"The server at {_site(url)} does not accept this connection ({error}).") from error
    except InvalidURI as error:
        raise Trouble(f"{url} is no address of a server.") from error


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme.replace('ws', 'http')}://{parts.netloc}"


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or "it took too long"


class Link:
    """One person's connection.

    ``hello`` makes the first frame, anew for each connection; ``decode`` reads frames; ``heard`` gets each of them, in
    the event loop. ``losses`` counts how often the connection was lost.
    """

    def __init__(
        self,
        url: str,
        hello: Callable[[], Any],
        decode: Callable[[str | bytes], Any],
        heard: Callable[[Any], None],
        luck: Random,
    ) -> None:
        self._url = url
        self._hello = hello
        self._decode = decode
        self._heard = heard
        self._luck = luck
        self._socket: ClientConnection | None = None
        self._outgoing: asyncio.Queue[Any] = asyncio.Queue()
        self._asked: dict[str, tuple[Any, asyncio.Future[Answer]]] = {}
        self._tries = 0
        self._pause: float | None = None
        self.live = asyncio.Event()
        self.losses = 0

    async def run(self) -> None:
        """Stay connected until cancelled. Raises Trouble when the server turns us away for good."""
        while True:
            with suppress(Unreachable):
                await self._connect_once()
            await asyncio.sleep(self._next_pause())

    async def ask(self, command: Any) -> Answer:
        """Send a command until the server answers it; a short wait that the server asks for is waited."""
        while True:
            future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._asked[command.cid] = (command, future)
            self.send(command)
            try:
                answer = await future
            finally:
                self._asked.pop(command.cid, None)
            if not isinstance(answer, Refused) or not _worth_waiting(answer):
                return answer
            await asyncio.sleep(answer.retry_ms / 1000)

    def send(self, word: Any) -> None:
        """Send now, or not at all."""
        if self.live.is_set():
            self._outgoing.put_nowait(word)

    def cut(self, seconds: float) -> None:
        """Lose the connection without a word, and come back after ``seconds``."""
        self._pause = seconds
        if self._socket is not None:
            self._socket.transport.abort()

    async def _connect_once(self) -> None:
        socket = await dial(self._url)
        self._socket, self._outgoing = socket, asyncio.Queue()
        helpers = [asyncio.create_task(self._write(socket)), asyncio.create_task(self._ping())]
        try:
            await socket.send(encode(self._hello()).decode())
            while True:
                async with asyncio.timeout(LINK_LOST_SECONDS):
                    self._frame(await socket.recv())
        except (ConnectionClosed, TimeoutError):
            self.losses += 1
        finally:
            self.live.clear()
            self._socket = None
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await _hang_up(socket)

    def _frame(self, data: str | bytes) -> None:
        try:
            frame = self._decode(data)
        except BadFrame as error:
            raise Trouble(f"The server speaks another language than this program ({error}).") from error
        if isinstance(frame, Refused) and not frame.cid and frame.code in (Code.login, Code.expired):
            raise Trouble(frame.text)
        if isinstance(frame, Bye):
            self._pause = frame.retry_ms / 1000
        self._heard(frame)
        if isinstance(frame, Synced | VisitorSynced):
            self._go_live()
        elif isinstance(frame, Ack | VisitorAck | Refused) and frame.cid in self._asked:
            future = self._asked[frame.cid][1]
            if not future.done():
                future.set_result(frame)

    def _go_live(self) -> None:
        self._tries = 0
        self.live.set()
        for command, future in self._asked.values():
            if not future.done():
                self.send(command)

    async def _write(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await socket.send(encode(await self._outgoing.get()).decode())

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            self.send(Ping())

    def _next_pause(self) -> float:
        if self._pause is not None:
            pause, self._pause = self._pause, None
            return pause
        longest = min(LONGEST_RETRY, FIRST_RETRY * 2**self._tries)
        self._tries += 1
        return self._luck.uniform(0, longest)


def _worth_waiting(answer: Refused) -> bool:
    return answer.code in (Code.busy, Code.slow_down) and 0 < answer.retry_ms <= PATIENCE * 1000


async def _hang_up(socket: ClientConnection) -> None:
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await socket.close()
    finally:
        socket.transport.abort()
