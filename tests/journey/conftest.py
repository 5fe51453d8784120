"""One server for the whole folder, and consoles that are ended with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import browser, complaints, contexts, host
from tests.browser.desk import answers
from tests.journey.console import Console
from tests.running import Running, running, unique

__all__ = ["browser", "complaints", "contexts", "host"]

Consoles = Callable[..., Console]


@pytest.fixture(scope="package")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The real server."""
    with running(tmp_path_factory.mktemp("site") / "data") as site:
        yield site


@pytest.fixture
def site(running_site: Running) -> Iterator[Running]:
    """The same server, running at the end of every test whatever was done to it."""
    yield running_site
    if not answers(running_site):
        running_site.kill()
        running_site.start()


@pytest.fixture
def department(site: Running) -> str:
    """A department that no other test uses."""
    return site.add_department()


@pytest.fixture
def agent(site: Running, department: str) -> str:
    """An agent of that department alone."""
    return site.add_user("agent", name=unique("kim"), department=department)


@pytest.fixture
def consoles(site: Running, agent: str, tmp_path: Path) -> Iterator[Consoles]:
    """Starts that agent's console; a second one has the same home."""
    with ExitStack() as open_ones:

        def start(**more: Any) -> Console:
            return open_ones.enter_context(Console(site, tmp_path / "home", **{"user": agent, **more}))

        yield start
