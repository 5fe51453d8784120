"""The tests' own databases are fresh, empty and durable."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.databases import accepts, own_server
from tests.test_house import ROOT
from tests.waiting import until

SERVE = """
from tests.databases import own_server

with own_server() as url:
    print(url.port, flush=True)
    input()
"""


@pytest.mark.parametrize("round_number", [1, 2])
def test_every_test_gets_an_empty_database(database_url: str, round_number: int) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE once (n INTEGER)"))
        connection.execute(text("INSERT INTO once VALUES (:n)"), {"n": round_number})
        assert connection.scalar(text("SELECT count(*) FROM once")) == 1
    engine.dispose()


@pytest.mark.postgres
def test_our_postgres_commits_durably_and_listens_on_loopback_only() -> None:
    with own_server() as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            shown = {
                name: connection.scalar(text(f"SHOW {name}"))
                for name in ("fsync", "synchronous_commit", "listen_addresses", "unix_socket_directories")
            }
        engine.dispose()
    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
    }


@pytest.mark.postgres
def test_our_postgres_goes_even_when_the_tests_are_killed() -> None:
    with tempfile.TemporaryDirectory() as left_over:
        Path(left_over).chmod(0o755)  # the server runs as somebody else
        with subprocess.Popen(
            [sys.executable, "-c", SERVE],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": left_over},
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as tests:
            assert tests.stdout
            port = int(tests.stdout.readline())
            assert accepts(port)
            tests.kill()
        until(lambda: not accepts(port), what="the server's end")
        until(lambda: not list(Path(left_over).glob("*/data/postmaster.pid")), what="the end of its shutdown")
