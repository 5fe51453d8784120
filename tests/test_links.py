"""Links that break anywhere, readers that stop reading, cursors that do not fit: everybody still sees everything once."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agentconsole import protocol as p
from tests.proof.peers import Agent, Visitor
from tests.proof.proxy import Cut, Proxy, anywhere
from tests.proof.scene import Scene
from tests.proof.server import Served
from tests.waiting import async_until

RATE = 400.0
LONG_LINE = "x" * (p.MAX_TEXT - 100)


@asynccontextmanager
async def scene_on(folder: Path, **settings: int) -> AsyncIterator[Scene]:
    """A real server with nobody in it yet but the agents."""
    environment = {f"AGENTCONSOLE_{name.upper()}": str(value) for name, value in settings.items()}
    with Served(folder / "data", environment=environment, agents=5) as served:
        yield Scene(served, random.Random(1))


async def people(scene: Scene, visitors: int, agents: int, where: Proxy | None = None) -> None:
    """Everybody comes, through the proxy if there is one."""
    department, tokens = await asyncio.to_thread(scene.served.staff, agents)
    await scene.gather(visitors, tokens, department, lambda: where.url if where else scene.served.url)


@pytest.mark.slow
async def test_links_cut_at_any_byte_lose_nothing(tmp_path: Path) -> None:
    async with scene_on(tmp_path) as scene, Proxy(lambda: scene.served.url, anywhere(scene.luck)) as proxy:
        await people(scene, 15, 3, proxy)
        async with scene.talking(RATE):
            await async_until(lambda: proxy.cuts.total() >= 200, seconds=30, what="200 cuts")
        proxy.plan = lambda: None
        found = await scene.findings()
        assert found.clean(), found
        assert min(proxy.cuts[kind] for kind in ("up", "down", "ack")) > 20, proxy.cuts


async def test_every_link_cut_between_commit_and_acknowledgement(tmp_path: Path) -> None:
    """Each acknowledgement but the last one of a link is kept back: every line is sent at least twice."""
    async with scene_on(tmp_path) as scene, Proxy(lambda: scene.served.url, lambda: None) as proxy:
        await people(scene, 4, 1, proxy)
        proxy.plan = lambda: Cut("ack", 1, shift=-2)
        for peer in scene.peers:
            peer.drop()
        for _ in range(20):
            scene.speak()
        await async_until(lambda: proxy.cuts["ack"] >= 20, seconds=20, what="20 acknowledgements kept back")
        proxy.plan = lambda: None
        found = await scene.findings()
        assert found.clean(), found


async def test_cut_and_killed_together(tmp_path: Path) -> None:
    async with scene_on(tmp_path) as scene, Proxy(lambda: scene.served.url, anywhere(scene.luck)) as proxy:
        await people(scene, 10, 2, proxy)
        for moment in ("load", "pause"):
            await scene.kill(moment, RATE)
            await scene.revive()
        proxy.plan = lambda: None
        found = await scene.findings()
        assert found.clean(), found


async def test_a_console_that_stops_reading_is_cut_off_and_resumes(tmp_path: Path) -> None:
    """A second window of the agent stops reading while its chats go on; the first window misses nothing."""
    limit = 256 * 1024
    async with scene_on(tmp_path, staff_buffer=limit) as scene:
        await people(scene, 4, 1)
        agent = scene.agents[0]
        slow = Agent("slow-console", lambda: scene.served.url, scene.luck, agent.token)
        await asyncio.wait_for(slow.live.wait(), 10)
        links = slow.record.links, agent.record.links
        slow.stop_reading()
        for sent, room in enumerate(scene.rooms * 120):
            room.visitor.say(room.chat, f"{room.visitor.record.name} line {sent} {LONG_LINE}")
            if sent % 40 == 0:
                room.agent.say(room.chat, f"answer {sent}")
                await scene.settle()
        await scene.settle()
        assert agent.record.links == links[1], "the reader beside it was cut off too"
        behind = slow.last.copy()
        slow.read_again()
        for room in scene.rooms:
            assert await slow.reached(room.chat, agent.last[room.chat])
        assert slow.record.links > links[0], "it was never cut off"
        assert any(behind[chat] < number for chat, number in agent.last.items())
        await slow.leave()
        found = await scene.findings()
        assert found.clean(), found
        for chat, arrived in slow.record.arrived.items():
            assert arrived == agent.record.arrived[chat]


async def test_a_visitor_that_stops_reading_is_cut_off_and_resumes(tmp_path: Path) -> None:
    async with scene_on(tmp_path, visitor_buffer=256 * 1024) as scene:
        await people(scene, 2, 1)
        slow, other = scene.rooms
        links = slow.visitor.record.links, other.visitor.record.links
        slow.visitor.stop_reading()
        for n in range(600):
            slow.agent.say(slow.chat, f"line {n} {LONG_LINE}")
            if n % 50 == 0:
                other.visitor.say(other.chat, f"meanwhile {n}")
                await scene.settle()
        await scene.settle()
        assert other.visitor.record.links == links[1]
        slow.visitor.read_again()
        found = await scene.findings()
        assert found.clean(), found
        assert slow.visitor.record.links > links[0], "it was never cut off"


async def test_a_herd_comes_back_after_a_restart(tmp_path: Path) -> None:
    async with scene_on(tmp_path) as scene:
        await people(scene, 150, 5)
        async with scene.talking(RATE):
            await asyncio.sleep(0.5)
            assert await asyncio.to_thread(scene.served.stop) == 0
            await scene.revive()
            await async_until(lambda: all(peer.live.is_set() for peer in scene.peers), seconds=30)
        found = await scene.findings()
        assert found.clean(), found


@pytest.mark.parametrize("pub", [3, 10_000, p.MAX_INT], ids=["mine", "future", "far future"])
async def test_a_visitors_cursor_that_does_not_fit_gives_the_whole_chat(tmp_path: Path, pub: int) -> None:
    async with scene_on(tmp_path) as scene:
        await people(scene, 2, 1)
        for _ in range(10):
            scene.speak()
        await scene.settle()
        mine, other = scene.rooms
        back = Visitor("visitor-back", lambda: scene.served.url, scene.luck, mine.visitor.token)
        back.last = {mine.chat: pub, other.chat: 1, p.MAX_INT: 1}
        await asyncio.wait_for(back.live.wait(), 10)
        assert await back.reached(mine.chat, mine.visitor.last[mine.chat])
        await back.leave()
        expected = mine.visitor.record.arrived[mine.chat]
        assert back.record.arrived[mine.chat] == (expected[3:] if pub == 3 else expected)
        assert back.record.resets == (0 if pub == 3 else 1)
        assert other.chat not in back.record.arrived
        await scene.leave()
