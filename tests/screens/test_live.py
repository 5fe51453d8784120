"""The console against the real server: log in, take, answer, lose the session, go on."""

from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from agentconsole.app import AgentConsole
from agentconsole.link import LinkState
from agentconsole.settings import Settings
from tests.running import PASSWORD, Running, Visitor, running
from tests.screens.fed import rows
from tests.waiting import async_until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("site")) as running_server:
        running_server.add_department("support", name="Support")
        yield running_server


@asynccontextmanager
async def console(server: Running, token: str = "") -> Any:
    name = server.add_user("agent")
    app = AgentConsole(
        server.url, name, token, settings=Settings(theme="night"), on_disk=True, driver_class=None
    )
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        yield app, pilot, name


async def sees(app: AgentConsole, words: str) -> None:
    """Wait until the words stand on the screen."""
    try:
        await async_until(lambda: any(words in row for row in rows(app)), seconds=10)
    except AssertionError:
        raise AssertionError("\n".join([f"{words!r} is not on the screen:", *rows(app)])) from None


async def log_in(app: AgentConsole, pilot: Pilot[int], password: str = PASSWORD) -> None:
    await sees(app, "password")
    await pilot.press(*("space" if ch == " " else ch for ch in password), "enter")


def connected(app: AgentConsole) -> bool:
    return app.store.link.state is LinkState.connected and app.store.synced


async def test_a_wrong_password_is_told_and_the_right_one_lets_in(server: Running) -> None:
    async with console(server) as (app, pilot, _):
        await log_in(app, pilot, "nonsense")
        await sees(app, "wrong")
        await log_in(app, pilot)
        await sees(app, "Nobody is waiting.")
        await async_until(lambda: connected(app))


async def test_a_line_goes_to_the_visitor_and_one_comes_back(server: Running) -> None:
    async with console(server) as (app, pilot, _):
        await log_in(app, pilot)
        await async_until(lambda: connected(app))
        visitor = Visitor(server.url)
        chat = visitor.start(server.department_id("support"), "My printer is on fire", name="Ana")
        await sees(app, "My printer is on fire")
        await pilot.press("enter")
        await sees(app, "to Ana ▸")
        await pilot.press(*"Coming", "enter")
        await async_until(lambda: not app.store.outbox.entries, what="the line is acknowledged")
        while (event := visitor.wait("event"))["what"].get("text") != "Coming":
            pass
        visitor.send(t="seen", chat=chat, delivered=event["pub"], read=event["pub"])
        await sees(app, "seen")
        visitor.send(t="typing", chat=chat, text="It is out now")
        await sees(app, "✎ Ana: It is out now")
        visitor.send(t="say", cid="a-visitors-cid", chat=chat, text="It is out now, thanks")
        await sees(app, "It is out now, thanks")
        await pilot.press("f9", "1")
        await sees(app, "Closed as solved")
        visitor.close()


async def test_an_ended_session_asks_for_the_password_and_loses_no_draft(server: Running) -> None:
    async with console(server) as (app, pilot, _):
        await log_in(app, pilot)
        await async_until(lambda: connected(app))
        visitor = Visitor(server.url)
        chat = visitor.start(server.department_id("support"), "Hello?", name="Bo")
        await sees(app, "Hello?")
        await pilot.press("t")
        await sees(app, "to Bo ▸")
        await pilot.press(*"half")
        answer = server.ask("DELETE", "/api/sessions/current", app.session.token)
        assert answer.status_code == 204
        await sees(app, "Your session has ended.")
        await log_in(app, pilot)
        await async_until(lambda: connected(app))
        await sees(app, "to Bo ▸ half")
        assert app.store.draft(chat) == "half"
        visitor.close()


async def test_the_next_start_needs_no_password_and_shows_the_draft_again(server: Running) -> None:
    async with console(server) as (app, pilot, name):
        await log_in(app, pilot)
        await async_until(lambda: connected(app))
        visitor = Visitor(server.url)
        visitor.start(server.department_id("support"), "Hello?", name="Cleo")
        await sees(app, "Cleo")
        await pilot.press("t")
        await sees(app, "to Cleo ▸")
        await pilot.press(*"half", "escape", "Q", "enter")
    await async_until(lambda: not app.session.words._held, what="the window's file is free")
    app = AgentConsole(server.url, name, settings=Settings(theme="night"), on_disk=True, driver_class=None)
    async with app.run_test(size=(100, 30)) as pilot:
        await async_until(lambda: connected(app))
        await pilot.press("1")
        await sees(app, "to Cleo ▸ half")
        visitor.close()
