"""The long form of the durability proof: kill -9 under load, links cut, writes that fail, the server broken on purpose.

`python -m bench.durability --kills 100 --cuts 1000`; the short form is in the test suite.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from tests.proof import failing
from tests.proof.check import Findings
from tests.proof.proxy import Proxy, anywhere
from tests.proof.scene import Scene
from tests.proof.server import FAULTS, Served, broken

VISITORS, AGENTS, RATE = 50, 10, 500.0
HERD_SECONDS, HANDSHAKE_SECONDS = 30, 5
MOMENTS = ("load", "ack", "pause")


async def kills(
    folder: Path, times: int, luck: random.Random, served: Served | None = None
) -> dict[str, Any]:
    """kill -9 `times` times at the three moments in turn, and compare."""
    with served or Served(folder / "kills", agents=AGENTS) as server:
        scene = Scene(server, luck)
        department, tokens = await asyncio.to_thread(server.staff, AGENTS)
        await scene.gather(VISITORS, tokens, department, lambda: server.url)
        ready = []
        for n in range(times):
            await scene.kill(MOMENTS[n % len(MOMENTS)], RATE)
            ready.append(await scene.revive())
            _progress(f"killed {n + 1} of {times}, {scene.acknowledged()} lines acknowledged")
        async with scene.talking(RATE):
            await asyncio.sleep(1)
        found = await scene.findings()
    return _result(found, kills=times, slowest_restart_s=round(max(ready, default=0.0), 2))


async def cuts(folder: Path, times: int, luck: random.Random, served: Served | None = None) -> dict[str, Any]:
    """Cut links at random bytes until `times` were cut, and compare."""
    with served or Served(folder / "cuts", agents=AGENTS) as server:
        scene = Scene(server, luck)
        department, tokens = await asyncio.to_thread(server.staff, AGENTS)
        async with Proxy(lambda: server.url, anywhere(luck, most=40_000)) as proxy:
            await scene.gather(VISITORS, tokens, department, lambda: proxy.url)
            async with scene.talking(RATE):
                while proxy.cuts.total() < times:
                    await asyncio.sleep(0.5)
                    _progress(
                        f"cut {proxy.cuts.total()} of {times}, {scene.acknowledged()} lines acknowledged"
                    )
            proxy.plan = lambda: None
            found = await scene.findings()
    return _result(found, cuts=dict(proxy.cuts), links=sum(peer.record.links for peer in scene.peers))


async def herd(folder: Path, clients: int, luck: random.Random) -> dict[str, Any]:
    """kill -9 while so many visitors are in chats; everybody comes back at once, and nothing is missing."""
    with Served(folder / "herd", agents=AGENTS) as server:
        scene = Scene(server, luck)
        department, tokens = await asyncio.to_thread(server.staff, AGENTS)
        await scene.gather(clients, tokens, department, lambda: server.url)
        for peer in scene.peers:
            peer.record.handshakes.clear()
        async with scene.talking(RATE):
            server.kill()
            await scene.revive()
            began = time.monotonic()
            while not all(peer.live.is_set() for peer in scene.peers):
                await asyncio.sleep(0.05)
                if time.monotonic() - began > 2 * HERD_SECONDS:
                    break
            back = time.monotonic() - began
        found = await scene.findings()
    shakes = sorted(seconds for peer in scene.peers for seconds in peer.record.handshakes)
    slow = shakes[len(shakes) * 99 // 100]
    result = _result(found, clients=clients, all_back_s=round(back, 1), handshake_p99_s=round(slow, 2))
    return result | {"ok": result["ok"] and back <= HERD_SECONDS and slow < HANDSHAKE_SECONDS}


async def failing_disk(folder: Path, times: int, luck: random.Random) -> dict[str, Any]:
    """One write or sync of the database fails, a different one each time, once or from then on."""
    rig = failing.Rig(folder)
    chosen = luck.sample(rig.failures, min(times, len(rig.failures)))
    wrong: dict[str, str] = {}
    for n, failure in enumerate(chosen, 1):
        for fault in rig.faults(failure):
            wrong[str(failure)] = fault
        _progress(f"failed {n} of {len(chosen)}, {len(wrong)} wrong")
    result: dict[str, Any] = {"failures": len(chosen), "of": len(rig.failures), "wrong": len(wrong)}
    return result | {"ok": not wrong} | ({"examples": wrong} if wrong else {})


async def calibration(folder: Path, fault: str, luck: random.Random) -> dict[str, Any]:
    """The same with a server that is broken on purpose: the checker must find it."""
    served = Served(folder / fault, launcher=broken(fault), agents=AGENTS)
    if fault == "ack-first":
        result = await kills(folder, 3, luck, served)
    else:
        result = await cuts(folder, 60, luck, served)
    return result | {"broken": fault, "ok": result[FAULTS[fault]] > 0}


def _result(found: Findings, **more: Any) -> dict[str, Any]:
    examples = {kind: sentences[0] for kind, sentences in found.lists().items() if sentences}
    return more | found.counts() | {"ok": found.clean()} | ({"examples": examples} if examples else {})


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}   ", end="", file=sys.stderr, flush=True)


async def run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """All parts, one after the other."""
    luck = random.Random(arguments.seed)
    results = []
    with tempfile.TemporaryDirectory(prefix="agentconsole-") as name:
        folder = Path(name)
        parts = {
            "killed": partial(kills, folder, arguments.kills, luck),
            "cut": partial(cuts, folder, arguments.cuts, luck),
            "herd": partial(herd, folder, arguments.herd, luck),
            "failing disk": partial(failing_disk, folder, arguments.failures, luck),
        } | {f"broken: {fault}": partial(calibration, folder, fault, luck) for fault in FAULTS}
        for part, work in parts.items():
            began = time.monotonic()
            result = {"part": part} | await work() | {"seconds": round(time.monotonic() - began, 1)}
            print(json.dumps(result, ensure_ascii=False), flush=True)
            results.append(result)
    return results


def main() -> int:
    """0 when nothing was lost, doubled or out of order, and every broken build was found out."""
    words = argparse.ArgumentParser(prog="./dev prove-durability", description=__doc__)
    words.add_argument("--kills", type=int, default=100, help="how often the server is killed (default 100)")
    words.add_argument("--cuts", type=int, default=1000, help="how many links are cut (default 1000)")
    words.add_argument("--herd", type=int, default=2000, help="visitors who come back at once (default 2000)")
    words.add_argument(
        "--failures", type=int, default=200, help="how many writes or syncs fail (default 200)"
    )
    words.add_argument("--seed", type=int, default=1, help="seed of all choices (default 1)")
    results = asyncio.run(run(words.parse_args()))
    return 0 if all(result["ok"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
