"""The real server as a process that can be killed and started again on the same data and port."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.proof.staffing import PASSWORD, agent_name, staffed

READY = re.compile(r"^ready (https?://\S+)$")
START_SECONDS = 30.0
SHIPPED = (sys.executable, "-m", "agentconsole", "serve")
# Ordinary settings, raised because everybody here comes from one address. The checks themselves still run.
RAISED = {
    "message_burst": 100_000,
    "messages_per_second": 100_000,
    "chats_per_address": 100_000,
    "sockets_per_address": 20_000,
    "sockets_per_token": 50,
    "sockets": 20_000,
    "frames_per_second": 100_000,
}
# A fault of tests.proof.broken, and the kind of finding that must give it away.
FAULTS = {"ack-first": "lost", "forgetful": "doubled", "shuffled": "inverted"}


def broken(fault: str) -> tuple[str, ...]:
    """The launcher of a server with this deliberate fault."""
    return (sys.executable, "-m", "tests.proof.broken", fault)


class Served:
    """`agentconsole serve` on a data folder of its own, made with `agents` when it starts for the first time.

    `launcher` may put another program in its place.
    """

    def __init__(
        self,
        data: Path,
        launcher: Sequence[str] = SHIPPED,
        options: Sequence[str] = (),
        environment: dict[str, str] | None = None,
        agents: int = 0,
    ) -> None:
        self.data = data
        self.agents = agents
        self.launcher = launcher
        self.options = options
        raised = {f"AGENTCONSOLE_{name.upper()}": str(value) for name, value in RAISED.items()}
        self.environment = os.environ | raised | (environment or {})
        self.port = 0
        self.url = ""
        self.starts = 0
        self.log = data.parent / f"{data.name}.log"
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The running process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Start it and wait until it is ready; the seconds that took. Raises RuntimeError with its log."""
        if self.agents and not self.data.exists():
            staffed(self.data, self.agents)
        command = [*self.launcher, "--data", str(self.data), "--port", str(self.port), *self.options]
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=self.environment
            )
        self.url = self._ready_line(began + START_SECONDS)
        self.port = int(self.url.rpartition(":")[2])
        self.starts += 1
        return time.perf_counter() - began

    def _ready_line(self, deadline: float) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        output = select.poll()
        output.register(self._process.stdout, select.POLLIN)
        while (left := deadline - time.perf_counter()) > 0:
            if not output.poll(1000 * left):
                break
            line = self._process.stdout.readline()
            if not line:
                break
            if found := READY.match(line.strip()):
                return found[1]
        self.kill()
        raise RuntimeError(f"the server did not become ready:\n{self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, as an operator stops it; its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(how)
        code = self._process.wait(timeout=15)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
        return code

    def __enter__(self) -> "Served":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()

    # --- people and departments ---------------------------------------------------------------------------

    def staff(self, count: int) -> tuple[int, list[str]]:
        """The department's id and the session tokens of so many agents, logged in over REST."""
        tokens = [self.login(agent_name(number)) for number in range(count)]
        departments = self.rest("GET", "/api/departments", token=tokens[0])
        return int(departments[0]["id"]), tokens

    def login(self, name: str, password: str = PASSWORD) -> str:
        """A session token of this user, over REST."""
        answer = self.rest("POST", "/api/sessions", {"name": name, "password": password})
        return str(answer["token"])

    def rest(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """One REST call. Raises urllib.error.HTTPError."""
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
        return json.loads(content) if content else None
