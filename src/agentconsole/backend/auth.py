"""Who somebody is: passwords, sessions, and how often one may guess."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from agentconsole.protocol import Code, Login, Session, Side
from agentconsole.text import log_value

from .addresses import bucket
from .desk import Desk
from .desk.sessions import EndSession, OpenSession, TouchSession
from .domain.life import Refusal
from .domain.policy import SYSTEM, Actor
from .domain.spans import DAY_MS
from .options import Options
from .storage import users, visitors
from .storage.database import Database
from .storage.users import SessionRow, User

log = logging.getLogger("agentconsole.auth")

MEMORY_KIB = 19_456
AT_ONCE = 4
WAITING = 100  # passwords, a few seconds of work
LEAST_PASSWORD = 8
FIRST_DELAY_MS = 30_000
TOUCH_MS = 60_000
MANY_KEYS = 10_000

hasher = PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1)


def hash_password(password: str) -> str:
    """The Argon2id hash to be stored. Raises Refusal invalid for a password that is too short or too long."""
    if not LEAST_PASSWORD <= len(password) <= 1_000:
        raise Refusal(Code.invalid, f"A password has {LEAST_PASSWORD} to 1,000 characters.")
    return hasher.hash(password)


def token_hash(token: str) -> bytes:
    """What is stored of a session's or a visitor's token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class Held(msgspec.Struct, frozen=True):
    """A session in force and who holds it."""

    actor: Actor
    session: SessionRow


class Auth:
    """Logins and sessions; all methods belong to the event loop."""

    def __init__(self, database: Database, desk: Desk, options: Options) -> None:
        self._database = database
        self._desk = desk
        self._life = round(options.session_days * DAY_MS)
        window = round(options.login_minutes * 60_000)
        self._accounts = Guesses(options.login_tries_per_account, window, desk.clock)
        self._addresses = Guesses(options.login_tries_per_address, window, desk.clock)
        self._devices = Guesses(options.login_tries_per_account, window, desk.clock)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
        self._nobody = hasher.hash(secrets.token_urlsafe())
        self._verifying = 0
        self.failures = 0

    async def login(self, login: Login, address: str, known: str = "") -> Session:
        """Open a session. ``known`` is the ended session's token that this device still has: guesses made elsewhere
        do not lock its owner out. Raises Refusal login, slow_down or busy.
        """
        name = login.name.strip().lower()
        user, old = await self._database.read(
            lambda connection: (
                users.by_name(connection, name),
                users.session_by_token(connection, token_hash(known)),
            )
        )
        if self._verifying >= WAITING:
            raise Refusal(Code.busy, "Very many log in just now. Please try again.", 2_000)
        tries = self._tries(name, address, user, old)
        for guesses, key in tries:
            guesses.admit(key)
        for guesses, key in tries:
            guesses.begin(key)
        proved = False
        try:
            proved = await self._proves(user, login.password)
        finally:
            for guesses, key in tries:
                guesses.end(key, proved, forgive=guesses is not self._addresses)
        if user is None or not proved:
            self.failures += 1
            log.warning("login refused user=%s address=%s", log_value(name, 80), address)
            raise _wrong()
        return await self._open(user, login.label)

    def _tries(
        self, name: str, address: str, user: User | None, old: SessionRow | None
    ) -> list[tuple[Guesses, str]]:
        if user is not None and old is not None and old.user_id == user.id and not old.revoked_at:
            return [(self._devices, str(old.id))]
        return [(self._accounts, name), (self._addresses, bucket(address))]

    async def _proves(self, user: User | None, password: str) -> bool:
        stored = user.password_hash if user else self._nobody
        self._verifying += 1
        try:
            right = await asyncio.get_running_loop().run_in_executor(self._threads, _verify, stored, password)
        finally:
            self._verifying -= 1
        return right and user is not None and not user.disabled

    async def _open(self, user: User, label: str) -> Session:
        token = secrets.token_urlsafe(32)
        expires_at = self._desk.clock() + self._life
        command = OpenSession(
            user.id, user.password_hash, token_hash(token), log_value(label, 80), expires_at
        )
        await self._desk.handle(SYSTEM, command)
        return Session(token, user.id, user.name, user.display, expires_at)

    async def session(self, token: str) -> Held:
        """Who holds this token, with the grants of this moment. Raises Refusal login."""
        now = self._desk.clock()
        key = token_hash(token)
        found = await self._database.read(lambda connection: users.actor_by_token(connection, key, now))
        if found is None:
            raise Refusal(Code.login, "Your session has ended. Please log in again.")
        actor, row = found
        if now - row.used_at >= TOUCH_MS:
            self._desk.submit(SYSTEM, TouchSession(row.id), lambda made: None)
        return Held(actor, row)

    async def actor(self, token: str) -> Actor:
        """Who acts with this token. Raises Refusal login."""
        return (await self.session(token)).actor

    async def visitor(self, token: str) -> Actor:
        """The visitor with this token. Raises Refusal expired, or unknown for one who never began anything."""
        key = token_hash(token)
        found = await self._database.read(lambda connection: visitors.by_token(connection, key))
        if found is None:
            return Actor(Side.visitor, token_hash=key)
        if found.expired(self._desk.clock()):
            raise Refusal(Code.expired, "This visit is too old. Please begin again.")
        return Actor(Side.visitor, found.id, token_hash=key)

    async def logout(self, held: Held) -> None:
        """End this session."""
        await self._desk.handle(held.actor, EndSession(held.session.id))

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Attempts(msgspec.Struct):
    """What is known of one account, address or device: times in milliseconds, ``running`` are being verified now."""

    failed: int = 0
    running: int = 0
    blocked_until: int = 0
    delay: int = 0
    last: int = 0


class Guesses:
    """Counts wrong passwords by key; from ``limit`` on the next try must wait, twice as long each time, up to the window.

    A try counts before it is evaluated, so that many at once are not more than one after another.
    """

    def __init__(self, limit: int, window_ms: int, clock: Callable[[], int]) -> None:
        self._limit = limit
        self._window = window_ms
        self._clock = clock
        self._known: dict[str, Attempts] = {}

    def admit(self, key: str) -> None:
        """Is another try in order now? Raises Refusal slow_down."""
        now = self._clock()
        found = self._current(key, now)
        if found is None:
            return
        if found.blocked_until > now:
            raise _slow_down(found.blocked_until - now)
        room = max(1, self._limit - found.failed)
        if found.running >= room:
            raise _slow_down(1_000)

    def begin(self, key: str) -> None:
        """Count a try that is about to be evaluated."""
        if len(self._known) > MANY_KEYS:
            self._forget()
        self._known.setdefault(key, Attempts()).running += 1

    def end(self, key: str, proved: bool, forgive: bool) -> None:
        """Count how it went; ``forgive``: a right password wipes out the wrong ones before it."""
        found = self._known.setdefault(key, Attempts(running=1))
        found.running -= 1
        if proved:
            if forgive:
                found.failed, found.delay, found.blocked_until = 0, 0, 0
            return
        found.failed += 1
        found.last = self._clock()
        if found.failed >= self._limit:
            found.delay = min(self._window, found.delay * 2 or FIRST_DELAY_MS)
            found.blocked_until = found.last + found.delay

    def _current(self, key: str, now: int) -> Attempts | None:
        found = self._known.get(key)
        if found is not None and self._stale(found, now):
            del self._known[key]
            return None
        return found

    def _stale(self, found: Attempts, now: int) -> bool:
        return not found.running and max(found.last, found.blocked_until) + self._window <= now

    def _forget(self) -> None:
        now = self._clock()
        self._known = {key: found for key, found in self._known.items() if not self._stale(found, now)}


def _verify(stored: str, password: str) -> bool:
    try:
        return hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _wrong() -> Refusal:
    return Refusal(Code.login, "The name or the password is wrong.")


def _slow_down(wait_ms: int) -> Refusal:
    seconds = math.ceil(wait_ms / 1000)
    return Refusal(Code.slow_down, f"Too many tries. Please wait {seconds} s and try again.", wait_ms)
