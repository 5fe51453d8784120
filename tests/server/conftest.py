"""A server that the tests of the doors share, and one of their own for those that need it."""

from collections.abc import Iterator

import pytest

from tests.running import Running, running


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
