"""The one connection to the server: login, questions over REST, and the socket that never gives up."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from enum import StrEnum

from agentconsole.outbox import Command
from agentconsole.protocol import CustomerCard, Event, LeftCard, Session, Shut, Typing
from agentconsole.store import Store, Touched


class Problem(Exception):
    """A request failed; the message is a sentence for a person. ``code`` is the server's, or 'unreachable'."""

    def __init__(self, code: str, text: str, retry_s: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.retry_s = retry_s


class End(StrEnum):
    """Why `Client.run` returned."""

    stopped = "stopped"  # somebody called stop()
    login = "login"  # the session has ended: log in again and make a new Client with the same store


def new_cid() -> str:
    """A fresh client id for a command."""
    return secrets.token_urlsafe(16)


def now_ms() -> int:
    """This machine's clock, UTC milliseconds."""
    return time.time_ns() // 1_000_000


def server_url(text: str) -> str:
    """The server's base address as written by a person, put right (scheme added, no trailing slash).

    Raises ValueError with a sentence for what is no address.
    """
    raise NotImplementedError


async def login(server: str, name: str, password: str, label: str = "") -> Session:
    """Exchange a password for a revocable token. Raises Problem (code 'login', 'slow_down', 'unreachable' ...)."""
    raise NotImplementedError


async def logout(server: str, token: str) -> None:
    """Revoke the token. Raises Problem; a token that has ended already is fine."""
    raise NotImplementedError


class Client:
    """One console's connection. It applies every frame to the store and then calls ``changed`` with what was touched:
    once per burst, in the event loop, never concurrently. ``save`` is called (in a thread) with `Store.words()`
    whenever written words change and before they are sent.
    """

    def __init__(
        self,
        server: str,
        token: str,
        store: Store,
        changed: Callable[[set[Touched]], None],
        *,
        save: Callable[[dict[str, object]], None] | None = None,
        clock: Callable[[], int] = now_ms,
        label: str = "",
    ) -> None:
        raise NotImplementedError

    async def run(self) -> End:
        """Connect, say hello, receive, send, and come back after every loss, until stop() or the session ends."""
        raise NotImplementedError

    def stop(self) -> None:
        """Make `run` return soon; what is in the outbox stays there."""
        raise NotImplementedError

    def send(self, command: Command | Typing | Shut) -> None:
        """Send now, or as soon as the link is back. Commands with a cid wait in the outbox (raises OutboxFull);
        typing and shut are worth nothing later and are dropped while the link is down."""
        raise NotImplementedError

    def typing(self, chat: int, text: str) -> None:
        """Tell that I am typing; at most one frame every 500 ms, the newest wins, '' goes at once."""
        raise NotImplementedError

    def retry_now(self) -> None:
        """Do not wait any longer: try to connect at once (or send a ping, if the link seems up)."""
        raise NotImplementedError

    def touch(self) -> None:
        """Drafts or history changed: save them soon (within about a second), in a thread."""
        raise NotImplementedError

    async def customer(self, chat: int) -> CustomerCard:
        """The customer card of a chat. Raises Problem."""
        raise NotImplementedError

    async def events(self, chat: int, after: int = 0, limit: int = 500) -> list[Event]:
        """Events of any chat I may read (an earlier one of the same customer, say). Raises Problem."""
        raise NotImplementedError

    async def transcript(self, chat: int) -> str:
        """The chat as plain text. Raises Problem."""
        raise NotImplementedError

    async def left_messages(self) -> list[LeftCard]:
        """All left messages I may see. Raises Problem."""
        raise NotImplementedError
