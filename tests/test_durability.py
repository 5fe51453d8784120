"""What was acknowledged is there after kill -9: once, in order, and the same for both sides.

The long form, with a hundred kills, is `./dev prove-durability`.
"""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.proof import order
from tests.proof.check import Findings
from tests.proof.proxy import Proxy, anywhere
from tests.proof.scene import Scene
from tests.proof.server import FAULTS, SHIPPED, Served, broken

VISITORS, AGENTS, RATE = 20, 3, 500.0


async def killed(served: Served, moments: Sequence[str], seed: int = 1) -> Findings:
    """What is found after the server was killed at these moments under 500 lines a second."""
    with served:
        scene = Scene(served, random.Random(seed))
        department, tokens = await asyncio.to_thread(served.staff, AGENTS)
        await scene.gather(VISITORS, tokens, department, lambda: served.url)
        for moment in moments:
            await scene.kill(moment, RATE)
            await scene.revive()
        async with scene.talking(RATE):
            await asyncio.sleep(0.5)
        return await scene.findings()


@pytest.mark.slow
async def test_killed_under_load_nothing_is_lost_doubled_or_out_of_order(tmp_path: Path) -> None:
    found = await killed(Served(tmp_path / "data", agents=AGENTS), ("load", "ack", "pause", "ack"))
    assert found.clean(), found
    assert found.acknowledged > RATE


@pytest.mark.slow
async def test_a_server_that_acknowledges_before_it_commits_is_found_out(tmp_path: Path) -> None:
    served = Served(tmp_path / "data", agents=AGENTS, launcher=broken("ack-first"))
    found = await killed(served, ("ack", "ack", "ack"))
    assert found.lists()[FAULTS["ack-first"]], found


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["forgetful", "shuffled"])
async def test_a_server_that_repeats_or_mixes_up_is_found_out(tmp_path: Path, fault: str) -> None:
    with Served(tmp_path / "data", agents=AGENTS, launcher=broken(fault)) as served:
        luck = random.Random(1)
        scene = Scene(served, luck)
        department, tokens = await asyncio.to_thread(served.staff, 1)
        async with Proxy(lambda: served.url, anywhere(luck)) as proxy:
            await scene.gather(4, tokens, department, lambda: proxy.url)
            async with scene.talking(RATE):
                await asyncio.sleep(3)
            proxy.plan = lambda: None
            found = await scene.findings()
    assert found.lists()[FAULTS[fault]], found


@pytest.mark.strace
@pytest.mark.parametrize("launcher", [SHIPPED, broken("ack-first")], ids=["shipped", "ack-first"])
async def test_no_acknowledgement_leaves_before_the_sync_of_its_commit(
    tmp_path: Path, launcher: Sequence[str]
) -> None:
    if not order.available():
        pytest.skip("no strace here that may trace")
    # The file must lie on a disk: where memory is the disk, a sync means nothing.
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        trace = Path(folder) / "trace"
        with Served(Path(folder) / "data", launcher, agents=1) as served:
            scene = Scene(served, random.Random(1))
            department, tokens = await asyncio.to_thread(served.staff, 1)
            await scene.gather(4, tokens, department, lambda: served.url)
            with order.traced(served.pid, trace):
                async with scene.talking(RATE):
                    await asyncio.sleep(0.6)
                await scene.settle()
            await scene.leave()
        cids = [acked.cid for peer in scene.peers for acked in peer.record.acked]
        with trace.open("rb") as lines:
            shown = order.read(lines, cids)
    assert shown.acknowledged > 100
    assert shown.clean() is (launcher == SHIPPED), shown
