"""Those who listen: one reader a socket, with what it may hear and what is held back for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from agentconsole.protocol import MAX_INT

from .domain.policy import Actor

Frame = bytes
CHUNK = 65_536
ROOMS = 0  # all rooms of staff messages, held back like one conversation


def _just_now() -> int:
    return 0


async def _at_once() -> None:
    """There is nothing to wait for."""


def _whatever(size: int) -> None:
    """There is no limit to raise."""


def pack(payload: bytes) -> Frame:
    """One unmasked WebSocket text frame (RFC 6455, section 5.2), made once for all its readers."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


class Reader:
    """A connected socket that has said hello.

    ``send`` writes a frame, ``close(code, reason)`` ends the socket, ``drain`` waits until a slow link has taken
    what was written, ``allow(size)`` lets an answer of that size wait beside what may wait anyway. While a conversation's
    past is being read for it, that conversation's new events are held back, so that the reader gets them in order and
    once.
    """

    __slots__ = ("_held", "_told", "actor", "address", "allow", "close", "drain", "send")

    def __init__(
        self, actor: Actor, address: str, send: Callable[[Frame], None], close: Callable[[int, str], None]
    ) -> None:
        self.actor = actor
        self.address = address
        self.send = send
        self.close = close
        self.drain: Callable[[], Awaitable[None]] = _at_once
        self.allow: Callable[[int], None] = _whatever
        self._held: dict[int, list[tuple[int, Frame]]] | None = None
        self._told: dict[int, int] | None = None

    async def send_many(self, frames: Iterable[Frame]) -> None:
        """A long answer, as fast as the link takes it."""
        chunk: list[Frame] = []
        size = 0
        for frame in frames:
            chunk.append(frame)
            size += len(frame)
            if size >= CHUNK:
                self.send(b"".join(chunk))
                await self.drain()
                chunk, size = [], 0
        if chunk:
            self.send(b"".join(chunk))

    def deliver(self, chat: int, number: int, frame: Frame) -> None:
        """An event of a conversation, by its number in this reader's log."""
        if self._held is not None:
            held = self._held.get(chat)
            if held is not None:
                held.append((number, frame))
                return
        if self._told is not None:
            if number <= self._told.get(chat, 0):
                return
            self._told.pop(chat, None)
        self.send(frame)

    def tell(self, chat: int, frame: Frame) -> None:
        """What passes in a conversation and is no event: never before the events that are held back."""
        held = self._held.get(chat) if self._held is not None else None
        if held is None:
            self.send(frame)
        else:
            held.append((MAX_INT, frame))

    def hold(self, chat: int) -> bool:
        """Hold this conversation's events back from now on; False = they are being held already."""
        if self._held is None:
            self._held = {}
        if chat in self._held:
            return False
        self._held[chat] = []
        return True

    def release(self, chat: int, after: int) -> None:
        """Hand over what was held back, from the number after ``after``.

        What was read may have been committed a moment before it is announced: such an announcement is passed over.
        """
        held = (self._held or {}).pop(chat, [])
        if not self._held:
            self._held = None
        for number, frame in held:
            if number > after:
                self.send(frame)
        self._told = self._told or {}
        self._told[chat] = after


class StaffReader(Reader):
    """A console: ``following`` are the chats whose events it gets, ``shown`` those whose cards it has.

    Without taking part in them it follows the chats in ``watching`` in silence, those in ``learning`` openly.
    ``silent_ms`` tells how long nothing has been heard from it; its login ends at ``expires_at``; ``gone``: its link
    has ended.
    """

    __slots__ = ("expires_at", "following", "gone", "learning", "session", "shown", "silent_ms", "watching")

    def __init__(
        self,
        actor: Actor,
        address: str,
        send: Callable[[Frame], None],
        close: Callable[[int, str], None],
        session: int,
    ) -> None:
        super().__init__(actor, address, send, close)
        self.session = session
        self.expires_at = MAX_INT
        self.gone = False
        self.following: set[int] = set()
        self.shown: set[int] = set()
        self.watching: set[int] = set()
        self.learning: set[int] = set()
        self.silent_ms: Callable[[], int] = _just_now


class VisitorReader(Reader):
    """A window of a visitor; ``page`` and the rest are what its socket told."""

    __slots__ = ("drill", "language", "page", "page_title")

    def __init__(
        self, actor: Actor, address: str, send: Callable[[Frame], None], close: Callable[[int, str], None]
    ) -> None:
        super().__init__(actor, address, send, close)
        self.page = ""
        self.page_title = ""
        self.language = ""
        self.drill = False
