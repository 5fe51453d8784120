"""The tests' own databases are fresh, empty and durable."""

import os

import pytest
from sqlalchemy import create_engine, text


@pytest.mark.parametrize("round_number", [1, 2])
def test_every_test_gets_an_empty_database(database_url: str, round_number: int) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE once (n INTEGER)"))
        connection.execute(text("INSERT INTO once VALUES (:n)"), {"n": round_number})
        assert connection.scalar(text("SELECT count(*) FROM once")) == 1
    engine.dispose()


@pytest.mark.postgres
def test_postgres_commits_durably_and_listens_on_loopback_only(postgres_url: str) -> None:
    if "AGENTCONSOLE_TEST_POSTGRES" in os.environ:
        pytest.skip("the server is not ours")
    engine = create_engine(postgres_url)
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
