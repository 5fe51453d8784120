"""One database, SQLite or PostgreSQL: connections, the one-server lock, migrations and reads in threads."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError

from .shape import TooNew, bring_up

T = TypeVar("T")

ONE_SERVER = 4_127_690_153
PAGE_BYTES = 2_048  # of a new SQLite file: a line changes three pages, and pages are synced whole
ONE_MOMENT = "REPEATABLE READ"  # an answer does not see what is committed meanwhile, as on SQLite
CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"
READERS = 4
# What a link to PostgreSQL is held for dead after, unless its address says otherwise: seconds, but the last in ms.
LINK = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
LOCK_SECONDS = 30  # while another program holds SQLite's file


__all__ = ["Database", "Locked", "TooNew", "Unreachable"]


class Locked(Exception):
    """Another server works on this database already."""


class Unreachable(Exception):
    """The database does not answer, or cannot be what its address says."""


class Database:
    """The engines of one database. ``close`` may be called twice.

    SQLite runs in WAL with synchronous=FULL: a commit has reached the disk when it returns. ``duplicates`` are the
    exceptions of a unique key, ``outages`` say that the database itself is locked, full or gone, ``failures`` are all
    that it may raise.
    """

    def __init__(self, url: str, data: Path) -> None:
        self.url = url
        self.data = data
        self._lock_file: int | None = None
        self._lock_connection: Connection | None = None
        self._closed = False
        try:
            self.sqlite = make_url(url).get_backend_name() == "sqlite"
            self.writer_engine = self._engine(writer=True)
            self._reader_engine = self._engine(writer=False)
        except (ArgumentError, ValueError):
            raise Unreachable(
                "This is no address of a database; one looks like postgresql://user@host/name."
            ) from None
        except ModuleNotFoundError as missing:
            raise Unreachable(
                f"The driver of PostgreSQL, {missing.name}, is not installed: pip install 'psycopg[binary]'"
            ) from None
        driver = self.writer_engine.dialect.loaded_dbapi
        self.duplicates = (IntegrityError, driver.IntegrityError)
        self.failures = (DBAPIError, driver.Error)
        self.outages = (OperationalError, driver.OperationalError)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")

    def _engine(self, writer: bool) -> Engine:
        if not self.sqlite:
            given = make_url(self.url).query
            return create_engine(
                self.url,
                pool_size=2 if writer else READERS + 1,
                max_overflow=0,
                pool_pre_ping=not writer,
                isolation_level=None if writer else ONE_MOMENT,
                connect_args={name: value for name, value in LINK.items() if name not in given},
            )
        engine = create_engine(self.url, connect_args={"timeout": LOCK_SECONDS, "check_same_thread": False})

        @event.listens_for(engine, "connect")
        def _connected(connection: Any, record: Any) -> None:
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in (
                f"page_size={PAGE_BYTES}",
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                "cache_size=-32000" if writer else "cache_size=-8000",
                "wal_autocheckpoint=100000",  # a last resort: `checkpoint` comes long before
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine, "begin")
        def _begun(connection: Connection) -> None:
            driver: Any = connection.connection.driver_connection
            driver.execute("BEGIN IMMEDIATE" if writer else "BEGIN")

        return engine

    @contextlib.contextmanager
    def named(self) -> Iterator[None]:
        """What fails in here is raised as Unreachable, in one line that can be told to people."""
        try:
            yield
        except self.failures as error:
            reason = " ".join(str(getattr(error, "orig", None) or error).split())
            raise Unreachable(f"The database cannot be used: {reason}") from error

    def lock(self) -> None:
        """Make this the only server on this database and in this folder. Raises Locked, Unreachable, OSError."""
        with self.named():
            self._lock()

    def _lock(self) -> None:
        handle = os.open(self.data / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self.sqlite:
                self._lock_database()
        except BlockingIOError:
            os.close(handle)
            raise Locked(
                f"Another server already uses {self.data}. Stop it first, or choose another --data."
            ) from None
        except (Locked, *self.failures):
            os.close(handle)
            raise
        self._lock_file = handle

    def _lock_database(self) -> None:
        connection = self._reader_engine.connect()
        try:
            self._take(connection)
        except Locked:
            connection.close()
            raise
        self._lock_connection = connection

    def _take(self, connection: Connection) -> None:
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:k)"), {"k": ONE_SERVER}).scalar()
        connection.commit()
        if not taken:
            raise Locked(
                "Another server already uses this database. Stop it first, or choose another --database."
            )

    def keep_lock(self) -> None:
        """Hold the lock still, or again if PostgreSQL lost the link that held it. Raises Locked, Unreachable."""
        if self._lock_connection is None:
            return
        with self.named():
            try:
                self._lock_connection.execute(text("SELECT 1"))
                self._lock_connection.commit()
            except self.failures:
                self._lock_connection.invalidate()
                self._lock_connection.rollback()
                self._take(self._lock_connection)

    def migrate(self) -> None:
        """Bring the tables to this version's shape. Raises TooNew, Unreachable."""
        with self.named(), self.writer_engine.begin() as connection:
            bring_up(connection)

    def read_now(self, question: Callable[[Connection], T]) -> T:
        """Answer a question from committed rows, in the calling thread.

        It is asked once more if PostgreSQL cut the link meanwhile: a restart of the database is nobody's failure.
        """
        try:
            return self._answer(question)
        except self.outages:
            if self.sqlite:
                raise
            return self._answer(question)

    def _answer(self, question: Callable[[Connection], T]) -> T:
        with self._reader_engine.connect() as connection:
            return question(connection)

    async def read(self, question: Callable[[Connection], T]) -> T:
        """Answer a question from committed rows, in a reader's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, question)

    def wait_for_lock(self, connection: Connection, seconds: int) -> None:
        """How long this connection waits while another program holds SQLite's file; at first LOCK_SECONDS."""
        if self.sqlite and connection.info.get("lock_seconds", LOCK_SECONDS) != seconds:
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA busy_timeout={1_000 * seconds}")
            connection.info["lock_seconds"] = seconds

    def checkpoint(self) -> None:
        """Move SQLite's log into the file, beside the writer's path."""
        if self.sqlite:
            connection = self._reader_engine.raw_connection()
            try:
                for _ in range(2):  # the second time little has come meanwhile
                    connection.cursor().execute(CHECKPOINT).fetchall()
            finally:
                connection.close()

    def finish_checkpoint(self, connection: Connection) -> None:
        """Move the little that was written since `checkpoint`, so that SQLite's log begins anew and does not grow.

        ``connection`` is the writer's, between two of its batches.
        """
        if self.sqlite:
            driver: Any = connection.connection.driver_connection
            driver.execute(CHECKPOINT).fetchall()

    def _unlock(self, connection: Connection) -> None:
        """At once, for the next server: PostgreSQL notices a closed connection only some time later."""
        with contextlib.suppress(*self.failures):
            connection.execute(text("SELECT pg_advisory_unlock(:k)"), {"k": ONE_SERVER})
            connection.commit()
        connection.close()

    def close(self) -> None:
        """Let everything go, the lock last."""
        if self._closed:
            return
        self._closed = True
        self._readers.shutdown(wait=True)
        if self._lock_connection is not None:
            self._unlock(self._lock_connection)
        self._reader_engine.dispose()
        self.writer_engine.dispose()
        if self._lock_file is not None:
            os.close(self._lock_file)
