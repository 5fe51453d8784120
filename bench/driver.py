"""The processes of a measurement: the floor or the product on one side, the load generator on the other."""

import itertools
import json
import mmap
import os
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from agentconsole.backend.storage.database import PAGE_BYTES
from bench.load import percentiles
from tests.proof.server import SHIPPED, Served

SYNCED_PAGES = 2_000  # the part of the disk by which it is judged
PAGES_A_LINE = 3  # of the log, when a line is committed alone
SHIM_SOURCE = Path(__file__).with_name("slow_sync.c")


class Load:
    """A load generator in its own process, told what to do line by line."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "bench.load"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, what: str, **arguments: Any) -> dict[str, Any]:
        """Carry out one phase and give its result. Raises RuntimeError when something went wrong in it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what} | arguments) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(
            self._process.stdout.readline() or '{"error": "the load generator died"}'
        )
        if "error" in answer or any(answer.get(fault) for fault in ("wrong", "refused", "lost_links")):
            raise RuntimeError(f"{what}: {answer}")
        return answer

    def close(self) -> None:
        """End it and its connections."""
        self._process.kill()
        self._process.communicate()


class Contender:
    """One server, floor or ours, with a load generator of its own."""

    name = ""
    pid = 0
    url = ""

    def __init__(self) -> None:
        self.load = Load()

    def open(self, chats: int, agents: int) -> None:
        """Connect visitors and agents, a chat for each visitor."""
        raise NotImplementedError

    def close(self) -> None:
        """End everything."""
        self.load.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def memory(self) -> int:
        """Proportional set size in bytes: what the server process really costs."""
        rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return 1024 * next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


class Floor(Contender):
    """The relay."""

    name = "floor"

    def __init__(self) -> None:
        super().__init__()
        command = [sys.executable, "-m", "bench.floor"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.pid, self.url = self._process.pid, self._process.stdout.readline().split()[1]

    def open(self, chats: int, agents: int) -> None:
        """No log-in, no log."""
        self.load.do("open", url=self.url, pid=self.pid, floor=True, chats=chats, agents=agents)

    def close(self) -> None:
        """End the relay too."""
        super().close()
        self._process.kill()
        self._process.communicate()


class Ours(Contender):
    """The shipped `agentconsole serve` on a data folder, with real users and real log-ins."""

    name = "ours"

    def __init__(
        self,
        data: Path,
        agents: int,
        launcher: Sequence[str] = SHIPPED,
        environment: dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.served = Served(data, launcher, environment=environment, agents=agents)
        self.tokens: list[str] = []
        self.department = 0
        self.start()

    def start(self) -> None:
        """Start the server, or start it again after `stop`."""
        self.served.start()
        self.pid, self.url = self.served.pid, self.served.url

    def open(self, chats: int, agents: int) -> None:
        """Log the agents in, start the chats, take them."""
        self.department, self.tokens = self.served.staff(agents)
        desk = {"tokens": self.tokens, "department": self.department}
        self.load.do("open", url=self.url, pid=self.pid, floor=False, chats=chats, agents=agents, **desk)

    def close(self) -> None:
        """kill -9: nothing of it is needed any more."""
        super().close()
        self.served.kill()


class Disk:
    """What a commit must wait for at the least: the pages of a lone line written over old ones, and one fdatasync.

    It takes its turn among the contenders, at their rate, because a disk that others use answers differently each
    minute, and after a pause differently than without one.
    """

    name = "disk"

    def __init__(self, folder: Path) -> None:
        self.load = self
        self._descriptor = os.open(folder / "sync", os.O_CREAT | os.O_RDWR)
        for page in range(SYNCED_PAGES):
            os.pwrite(self._descriptor, os.urandom(PAGE_BYTES), page * PAGE_BYTES)
        os.fsync(self._descriptor)
        self._pages = itertools.cycle(range(SYNCED_PAGES))

    def do(self, what: str, seconds: float, rate: float) -> dict[str, Any]:
        """So many commits a second, evenly spaced; their times as those of a delivery."""
        took = []
        began = time.perf_counter()
        for number in range(int(seconds * rate)):
            time.sleep(max(0.0, began + number / rate - time.perf_counter()))
            written = time.perf_counter()
            for _ in range(PAGES_A_LINE):
                os.pwrite(self._descriptor, bytes(PAGE_BYTES), next(self._pages) * PAGE_BYTES)
            os.fdatasync(self._descriptor)
            took.append(time.perf_counter() - written)
        return {"delivery_ms": percentiles(took)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._descriptor)


class SyncShim:
    """Counts the server's fsync and fdatasync calls and can slow each of them, by a library that is preloaded."""

    def __init__(self, folder: Path) -> None:
        self.library, self._file = folder / "slow_sync.so", folder / "slow_sync.state"
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-O2", "-o", self.library, SHIM_SOURCE, "-ldl"], check=True
        )
        self._file.write_bytes(bytes(16))
        descriptor = os.open(self._file, os.O_RDWR)
        self._state = mmap.mmap(descriptor, 16)
        os.close(descriptor)

    @property
    def environment(self) -> dict[str, str]:
        """What the server must be started with."""
        return {"LD_PRELOAD": str(self.library), "SLOW_SYNC_STATE": str(self._file)}

    @property
    def count(self) -> int:
        """Syncs so far."""
        return int(struct.unpack_from("q", self._state, 0)[0])

    def delay(self, milliseconds: int) -> None:
        """Make every sync from now on take so much longer."""
        struct.pack_into("q", self._state, 8, milliseconds * 1000)
