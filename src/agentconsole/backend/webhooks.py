"""Calls other systems for rules: to public addresses alone, at least once, always with the same id."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import random
import secrets
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore

from agentconsole import __version__

from .desk import Desk
from .desk.rules import Called
from .domain.life import Refusal
from .domain.policy import SYSTEM
from .storage import webhooks
from .storage.database import Database, Unreachable
from .storage.webhooks import Webhook

log = logging.getLogger("agentconsole.webhooks")

SECONDS = 5.0  # for a call with all its redirects
REDIRECTS = 3
MAX_ANSWER = 65_536
AT_ONCE = 8
PERIOD = 1.0
FIRST_RETRY_S, LAST_RETRY_S = 10, 10_800
GIVE_UP_MS = 86_400_000
EMBEDDING = [ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "::/96")]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unusable(Exception):
    """Nothing is sent there; says why."""


def is_public(written: str) -> bool:
    """Does this address belong to the open internet, and to nothing of ours?"""
    address: Address = ipaddress.ip_address(written.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif address.is_site_local or any(address in network for network in EMBEDDING):
            return False  # or it leads to an IPv4 address that nobody has looked at
    return address.is_global and not address.is_multicast and not address.is_reserved


class Guard(httpcore.AsyncNetworkBackend):
    """Looks a name up once, and connects to an address that it has looked at."""

    def __init__(self, allowed: Callable[[str], bool]) -> None:
        self._allowed = allowed
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises Unusable, or what the connection raises."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be found") from error
        addresses = [str(each[4][0]) for each in found]
        public = [address for address in addresses if self._allowed(address)]
        if len(public) < len(addresses) or not public:
            raise Unusable(f"{host} is no public address")
        return await self._plain.connect_tcp(public[0], port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, *given: Any, **more: Any) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise Unusable("that is no address")

    async def sleep(self, seconds: float) -> None:
        """As asyncio does."""
        await asyncio.sleep(seconds)


async def call(
    url: str, key: str, body: bytes, allowed: Callable[[str], bool] = is_public
) -> tuple[bool, str]:
    """Was the call taken (2xx), and what came of it in words? Never raises but when cancelled."""
    try:
        async with asyncio.timeout(SECONDS):
            async with httpcore.AsyncConnectionPool(
                network_backend=Guard(allowed), max_keepalive_connections=0
            ) as pool:
                for _ in range(REDIRECTS + 1):
                    status, to = await _once(pool, url, key, body)
                    if not to:
                        return 200 <= status < 300, f"answered {status}"
                    url = urljoin(url, to)
                    if urlsplit(url).scheme not in ("http", "https"):
                        return False, "redirected to what is no web address"
                return False, f"redirected more than {REDIRECTS} times"
    except TimeoutError:
        return False, f"no answer within {SECONDS:.0f} s"
    except Unusable as error:
        return False, f"refused: {error}"
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
        httpcore.UnsupportedProtocol,
        OSError,
        ValueError,
    ) as error:
        return False, f"{type(error).__name__}: {error}"[:200]


async def _once(pool: httpcore.AsyncConnectionPool, url: str, key: str, body: bytes) -> tuple[int, str]:
    """The status, and where it redirects to ('' = nowhere); the answer is read no further than MAX_ANSWER."""
    headers: dict[bytes | str, bytes | str] = {
        "Host": urlsplit(url).netloc,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Idempotency-Key": key,
        "User-Agent": f"agentconsole/{__version__}",
    }
    async with pool.stream("POST", url, headers=headers, content=body) as answer:
        read = 0
        async for chunk in answer.aiter_stream():
            read += len(chunk)
            if read > MAX_ANSWER:
                break
        if answer.status not in (307, 308):
            return answer.status, ""
        to = next((value for name, value in answer.headers if name.lower() == b"location"), b"")
        return answer.status, to.decode("ascii", "replace")


def retry_at(hook: Webhook, now: int) -> int:
    """When to try again after a failure; 0 = it has been tried for a day."""
    seconds = min(FIRST_RETRY_S * 3**hook.tries, LAST_RETRY_S) * random.uniform(0.75, 1.25)
    at = now + round(seconds * 1_000)
    return at if at <= hook.at + GIVE_UP_MS else 0


class Caller:
    """Makes the calls that are due, until cancelled."""

    def __init__(self, database: Database, desk: Desk, allowed: Callable[[str], bool] = is_public) -> None:
        self._database, self._desk, self._allowed = database, desk, allowed

    async def run(self) -> None:
        """Look once a second; what is called is told to the desk, so that it is not called again."""
        while True:
            try:
                await self.once()
            except Refusal as refusal:
                log.warning("webhooks were refused: %s", refusal.text)
            except (Unreachable, *self._database.failures) as error:
                log.warning("webhooks wait for the database: %s", type(error).__name__)
            except Exception:  # as the clock does: calls must go on
                log.exception("webhooks stumbled, mark %s", secrets.token_hex(4))
            await asyncio.sleep(PERIOD)

    async def once(self) -> int:
        """Make the calls that are due now; how many."""
        now = self._desk.clock()
        due = await self._database.read(lambda db: webhooks.due(db, now, AT_ONCE))
        await asyncio.gather(*(self._try(hook) for hook in due))
        return len(due)

    async def _try(self, hook: Webhook) -> None:
        taken, answer = await call(hook.url, hook.key, hook.body.encode(), self._allowed)
        now = self._desk.clock()
        next_at = 0 if taken else retry_at(hook, now)
        if not taken:
            log.info("webhook %d: %s%s", hook.id, answer, "" if next_at else "; given up")
        await self._desk.handle(SYSTEM, Called(hook.id, taken, answer, next_at))
