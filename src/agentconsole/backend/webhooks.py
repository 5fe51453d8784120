"""Calls other systems for rules: to public addresses alone, signed, at least once, always with the same id."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import logging
import random
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore

from agentconsole import __version__

from . import signing
from .desk import Desk
from .desk.webhooks import Called
from .domain.life import Refusal, is_busy
from .domain.policy import SYSTEM
from .secret import NoPassword
from .storage import webhooks
from .storage.agenda import is_due
from .storage.database import Database, Unreachable
from .storage.webhooks import Webhook

log = logging.getLogger("agentconsole.webhooks")

SECONDS = 5.0  # for a call with all its redirects
REDIRECTS = 3
PORTS = (80, 443)  # and those from FREE_PORT on: below are mail, files, terminals
FREE_PORT = 1_024
AT_ONCE = 32  # receivers
PERIOD, PERIOD_WITHOUT_SECRET = 1.0, 60.0
REST = 60.0  # seconds for a receiver of whose call nothing could be kept
FIRST_RETRY_S, LAST_RETRY_S = 10, 10_800
TRIES = 15  # about a day, and no matter how much of it this server was off
UNICAST = ipaddress.ip_network("2000::/3")  # all of IPv6 that is given out
NAT64 = ipaddress.ip_network("64:ff9b::/96")
OTHERS = [  # special, though is_global lets some of them through: protocols, documentation, tunnels, clouds' own services
    ipaddress.ip_network(each)
    for each in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "2002::/16", "3fff::/20")
]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unusable(Exception):
    """Nothing is sent there; says why."""


def is_public(written: str) -> bool:
    """Does this address belong to the open internet?"""
    address: Address = ipaddress.ip_address(written.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif address in NAT64:
            address = ipaddress.IPv4Address(address.packed[-4:])
        elif address not in UNICAST:
            return False
    if any(address in network for network in OTHERS):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_here(written: str) -> bool:
    """Is it this machine's own? Then no wall stands before it, though its address may be a public one."""
    family = socket.AF_INET6 if ":" in written else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((written, 9))  # sends nothing: it only asks which way it would go
        except OSError:
            return False
        return bool(probe.getsockname()[0] == written.partition("%")[0])


def may_be_called(address: str) -> bool:
    """Is it public, and not ours?"""
    return is_public(address) and not is_here(address)


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
        if port not in PORTS and port < FREE_PORT:
            raise Unusable(f"port {port} is none of the web's")
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
    url: str, signed: Mapping[str, str], body: bytes, allowed: Callable[[str], bool] = may_be_called
) -> tuple[bool, str]:
    """Was the call taken (2xx), and what came of it in words? Never raises but when cancelled.

    ``signed`` are the headers that go with the body, to wherever it is redirected.
    """
    try:
        async with asyncio.timeout(SECONDS):
            async with httpcore.AsyncConnectionPool(
                network_backend=Guard(allowed), max_keepalive_connections=0
            ) as pool:
                at = _address(url)
                for _ in range(REDIRECTS + 1):
                    status, to = await _once(pool, at, signed, body)
                    if not to:
                        return 200 <= status < 300, f"answered {status}"
                    at = _redirected(at, to)
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


def _address(url: str) -> SplitResult:
    """An address taken apart. Raises Unusable, ValueError."""
    found = urlsplit(url)
    if found.scheme not in ("http", "https") or not found.hostname or not url.isascii():
        raise Unusable("that is no web address")
    if "@" in found.netloc:
        raise Unusable("the address has a name or a password in it")
    return found


def _redirected(at: SplitResult, to: str) -> SplitResult:
    """Where a redirect leads. Raises Unusable, ValueError."""
    try:
        found = _address(urljoin(at.geturl(), to))
    except Unusable as problem:
        raise Unusable(f"redirected, and {problem}") from None
    if at.scheme == "https" and found.scheme != "https":
        raise Unusable("redirected to where others can read along")
    return found


async def _once(
    pool: httpcore.AsyncConnectionPool, at: SplitResult, signed: Mapping[str, str], body: bytes
) -> tuple[int, str]:
    """The status, and where it redirects to ('' = nowhere).

    What follows the headers is not read: it says nothing that is needed, however long or slow it is.
    """
    headers: dict[bytes | str, bytes | str] = {
        "Host": at.netloc,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "User-Agent": f"agentconsole/{__version__}",
    }
    headers.update(signed)
    async with pool.stream("POST", at.geturl(), headers=headers, content=body) as answer:
        if answer.status not in (307, 308):
            return answer.status, ""
        to = next((value for name, value in answer.headers if name.lower() == b"location"), b"")
        return answer.status, to.decode("ascii", "replace")


def retry_at(tries: int, now: int) -> int:
    """When to try again after so many failures; 0 = it is given up."""
    if tries >= TRIES:
        return 0
    seconds = float(min(FIRST_RETRY_S * 3 ** (tries - 1), LAST_RETRY_S))
    return now + round(seconds * random.uniform(0.75, 1.25) * 1_000)


class Caller:
    """Makes the calls that are due, until cancelled. ``secret`` is what they are signed with, as signing has it.

    Those to one receiver are made one after the other, in the order in which they are due; receivers do not wait for
    each other, as long as there are fewer than AT_ONCE that let us wait. Those that did not take their last call have half
    of that room at most.
    """

    def __init__(
        self,
        database: Database,
        desk: Desk,
        secret: Callable[[], str],
        allowed: Callable[[str], bool] = may_be_called,
    ) -> None:
        self._database, self._desk, self._secret, self._allowed = database, desk, secret, allowed
        self._keys: tuple[bytes, ...] = ()
        self._busy: set[str] = set()  # receivers that are being called
        self._poor: set[str] = set()  # receivers that did not take their last call
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Look once a second, and whenever a call has ended."""
        async with asyncio.TaskGroup() as calls:
            while True:
                pause = PERIOD
                self._ended.clear()
                try:
                    await self.begin(calls)
                except NoPassword as problem:
                    log.warning("webhooks wait for their secret: %s", problem)
                    pause = PERIOD_WITHOUT_SECRET
                except (Unreachable, *self._database.failures) as error:
                    log.warning("webhooks wait for the database: %s", type(error).__name__)
                except Exception:  # as the clock does: calls must go on
                    log.exception("webhooks stumbled, mark %s", secrets.token_hex(4))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._ended.wait()

    async def begin(self, calls: asyncio.TaskGroup) -> None:
        """Begin the calls that are due now, as far as there is room. Raises NoPassword."""
        if not is_due((await self._desk.soonest()).call, self._desk.clock()):
            return
        while len(self._busy) < AT_ONCE:
            free = functools.partial(webhooks.due, now=self._desk.clock(), limit=1, busy=self._shunned())
            due = await self._database.read(free)
            if not due:
                return
            if not self._keys:
                self._keys = signing.keys(await asyncio.to_thread(self._secret))
            [hook] = due
            self._busy.add(hook.receiver)
            calls.create_task(self._call(hook), name=f"webhook {hook.id}")

    def _shunned(self) -> tuple[str, ...]:
        """Receivers of which none is called just now."""
        room = AT_ONCE - AT_ONCE // 2
        return tuple(self._busy if len(self._busy & self._poor) < room else self._busy | self._poor)

    async def _call(self, hook: Webhook) -> None:
        try:
            outcome = await self._made(hook)
            if outcome.taken:
                self._poor.discard(hook.receiver)
            else:
                self._poor.add(hook.receiver)
            await self._keep(outcome)
        except Refusal as refusal:
            log.warning("webhook %d was refused: %s", hook.id, refusal.text)
            await asyncio.sleep(REST)
        except Exception:  # others' calls must go on
            log.exception("webhook %d stumbled, mark %s", hook.id, secrets.token_hex(4))
            await asyncio.sleep(REST)
        finally:
            self._busy.discard(hook.receiver)
            self._ended.set()

    async def _made(self, hook: Webhook) -> Called:
        body = hook.body.encode()
        signed = signing.headers(self._keys, hook.key, body, self._desk.clock())
        taken, answer = await call(hook.url, signed, body, self._allowed)
        next_at = 0 if taken else retry_at(hook.tries + 1, self._desk.clock())
        if not taken:
            log.info("webhook %d: %s%s", hook.id, answer, "" if next_at else "; given up")
        return Called(hook.id, taken, answer, next_at)

    async def _keep(self, outcome: Called) -> None:
        """What came of a call is written however long the desk is busy: else it would be made again. Raises Refusal."""
        while True:
            try:
                await self._desk.handle(SYSTEM, outcome)
                return
            except Refusal as refusal:
                if not is_busy(refusal):
                    raise
                log.warning("what came of webhook %d cannot be kept yet: %s", outcome.id, refusal.text)
                await asyncio.sleep(PERIOD)
