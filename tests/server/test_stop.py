"""SIGTERM under load: commits are finished, everybody is told when to come back, and nothing acknowledged is lost."""

import asyncio
from pathlib import Path

from agentconsole import protocol as p
from agentconsole.backend.storage import chats
from tests.running import Running
from tests.server import site as sites
from tests.server.windows import StaffWindow, VisitorWindow, new_cid
from tests.waiting import async_until

VISITORS = 12


class Address:
    """Where windows connect to, when the server is a process of its own."""

    def __init__(self, url: str) -> None:
        self.url = url


async def test_the_process_leaves_in_time_and_loses_nothing(server_on: Running) -> None:
    department = server_on.department_id(server_on.add_department())
    url = Address(server_on.url)
    windows: list[VisitorWindow] = []
    for number in range(VISITORS):
        window = VisitorWindow(url, f"visitor-{number}-".ljust(43, "v"))  # type: ignore[arg-type]
        await window.connect()
        await window.greet()
        windows.append(window)
    console = StaffWindow(url, server_on.login(server_on.add_user("agent")))  # type: ignore[arg-type]
    await console.connect()
    await console.greet()
    started = [await window.start("hello", department) for window in windows]
    acknowledged: list[list[str]] = [[] for _ in windows]
    talking = [asyncio.create_task(_talk(*each)) for each in zip(windows, started, acknowledged, strict=True)]
    await async_until(lambda: all(acknowledged), what="a line of everybody")
    code = await asyncio.to_thread(server_on.stop)
    assert code == 0, "it left of itself, and was not given up"
    await asyncio.gather(*talking)
    assert await console.closed() == 1012
    pauses = [bye.retry_ms for bye in console.seen(p.Bye)]
    assert len(pauses) == 1
    for window in windows:
        assert await window.closed() == 1012
        (bye,) = window.seen(p.Bye)
        pauses.append(bye.retry_ms)
    assert all(0 <= pause <= 5_000 for pause in pauses)
    assert len(set(pauses)) > VISITORS // 2, "all would come back at once"
    await asyncio.to_thread(server_on.start)
    url.url = server_on.url
    for window, chat, texts in zip(windows, started, acknowledged, strict=True):
        await window.connect()
        await window.greet()
        said = [event.what.text for event in window.log(chat) if isinstance(event.what, p.Said)]
        assert said[1 : len(texts) + 1] == texts
        assert len(set(said)) == len(said)
        window.drop()


async def _talk(window: VisitorWindow, chat: int, acknowledged: list[str]) -> None:
    """Say lines until the link is gone, and keep those that were acknowledged."""
    number = 0
    while window.code is None:
        number += 1
        try:
            await window.say(chat, f"line {number}")
        except AssertionError:
            break
        acknowledged.append(f"line {number}")


async def test_what_was_given_before_the_end_is_written(database_url: str, tmp_path: Path) -> None:
    """A slow commit is waited for, and its sender finds it done when coming back."""
    async with sites.running(database_url, tmp_path) as site:
        ann = await site.staff("ann")
        vera, chat = await site.chat(ann)
        say = p.Say(new_cid(), chat, "at the last moment")
        async with site.stalled() as at_the_gate:
            vera.send(say)
            await at_the_gate()
            restart = asyncio.create_task(site.restart())
            assert await vera.closed() == 1012
        await restart
        found = await site.hub.database.read(lambda db: chats.staff_log(db, chat))
        assert found[-1].what == p.Said("at the last moment")
        await vera.connect()
        await vera.greet(cursors={chat: 3})
        assert (await vera.done(say)).pub == 4
        assert [event.pub for event in vera.log(chat)] == [4]
