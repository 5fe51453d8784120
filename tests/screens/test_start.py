"""The console as a person starts it, in a real terminal: the last picture, the connection, keys typed ahead."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentconsole import cache
from tests.running import Running, Visitor, running
from tests.terminal.rig import Terminal

pytestmark = pytest.mark.terminal


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "server") as server:
        yield server


def test_a_key_typed_at_the_first_picture_takes_the_chat(server: Running) -> None:
    department = server.add_department()
    name = server.add_user("agent", department=department)
    command = [sys.executable, "-m", "agentconsole", "--server", server.url, "--user", name]
    env = {"AGENTCONSOLE_TOKEN": server.login(name)}
    cleo, dora = Visitor(server.url), Visitor(server.url)
    cleo.start(server.department_id(department), "Where is my parcel?", name="Cleo")
    with Terminal(command, columns=100, lines=30, env=env) as terminal:
        terminal.wait_for("Cleo")
        terminal.wait_quiet()
        terminal.send("Q")
        assert terminal.wait_end() == 0
    dora.start(server.department_id(department), "And mine?", name="Dora")
    with Terminal(command, columns=100, lines=30, env=env) as terminal:
        terminal.send("t")
        terminal.wait_for("to Cleo ▸")
        picture, _, _ = terminal.raw.partition(b"\x1b[?2026")
        assert cache.ENTER in picture
        assert b"connecting" in picture
        assert b"Cleo" in picture
    cleo.close()
    dora.close()
