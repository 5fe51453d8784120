"""A server that the tests of the doors share, and one of their own for those that need it."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
import uvloop

from tests.running import Running, running


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Parts of the server that are tested in this process run on the loop that is shipped."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The real server on SQLite; the first user is the administrator `root`."""
    with running(tmp_path_factory.mktemp("server") / "data") as found:
        found.add_user(name="root")
        yield found


@pytest.fixture
def server_on(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A fresh server, once on SQLite and once on PostgreSQL."""
    database = "" if database_url.startswith("sqlite") else database_url
    with running(tmp_path_factory.mktemp("server") / "data", database) as found:
        yield found
