"""Questions to the server over REST: what is left of one that nobody waits for any more."""

import asyncio
import gc
import warnings
from collections.abc import Iterator

import pytest

from agentconsole.questions import Http
from tests.running import Running, running
from tests.waiting import async_until

STEPS = 30  # of the event loop; a question to this machine takes fewer until it is sent


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("site")) as running_server:
        yield running_server


async def given_up(server: Running, steps: int) -> None:
    """A question that is asked, and given up after so many turns of the event loop."""
    http = Http(server.url)
    await http.ask("GET", "/healthz")
    asked = asyncio.create_task(http.ask("GET", "/healthz"))
    for _ in range(steps):
        await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    await async_until(lambda: len(asyncio.all_tasks()) == 1, what="the request to end alone")


def test_whoever_gives_up_a_question_leaves_no_connection_open(server: Running) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for steps in range(STEPS):
            asyncio.run(given_up(server, steps))
            gc.collect()
    assert [str(each.message) for each in told if each.category is ResourceWarning] == []
