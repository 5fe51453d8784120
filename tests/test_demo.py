"""The demo, run for real: what it tells, and that nothing of it is left behind."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.waiting import until

DEMO = (sys.executable, "-m", "agentconsole", "demo")


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Temporary files go into `folder`; settings of the machine's own agentconsole do not count."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AGENTCONSOLE_")}
    return kept | {"TMPDIR": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), **more}


@contextmanager
def demo(folder: Path, *flags: str) -> Iterator[subprocess.Popen[str]]:
    """A running demo, killed with its whole session if the test leaves it behind."""
    process = subprocess.Popen(
        [*DEMO, *flags],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(folder),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for pid in processes(folder):
            os.kill(pid, signal.SIGKILL)
        process.communicate()


def processes(folder: Path) -> list[int]:
    """Every process that has this folder in its command line."""
    table = subprocess.run(
        ["ps", "-ww", "-e", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = (line.split(maxsplit=1) for line in table.splitlines() if str(folder) in line)
    return [int(pid) for pid, args in rows if not args.startswith("ps ")]


def left_behind(folder: Path) -> list[object]:
    """What a demo that has ended should not have left: processes and files."""
    return [*processes(folder), *folder.glob("agentconsole-demo-*")]


def running(folder: Path) -> bool:
    """Has the demo's server opened its doors?"""
    return bool(processes(folder)) and bool(list(folder.glob("agentconsole-demo-*/operator.sock")))


@pytest.mark.slow
def test_headless_tells_what_happened_and_loses_nothing(tmp_path: Path) -> None:
    with demo(tmp_path, "--headless", "--seconds", "8", "--seed", "a") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert len(out.splitlines()) == 1
    report = json.loads(out)
    assert report["ok"] is True
    assert report["chats_started"] >= 3
    assert report["chats_taken"] >= 2
    assert report["chats_ended"] >= 1
    assert report["waits"]["count"] == report["chats_taken"]
    assert report["lines_from_visitors"] > report["chats_started"]
    assert report["lines_from_staff"] >= report["chats_taken"]
    assert report["acknowledged"] >= report["lines_from_visitors"]
    assert (report["lost"], report["doubled"], report["faults"]) == (0, 0, 0)
    assert report["checked"]["chats"] >= report["chats_started"]
    assert report["checked"]["lines"] >= report["acknowledged"]
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    with demo(tmp_path, "--headless", "--seconds", "600") as process:
        until(lambda: running(tmp_path), 30, what="the demo's server")
        process.send_signal(number)
        out, err = process.communicate(timeout=40)
        assert (process.returncode, out, err) == (128 + number, "", "")
        assert left_behind(tmp_path) == []


def test_a_signal_before_the_server_is_ready_ends_everything(tmp_path: Path) -> None:
    with demo(tmp_path, "--headless", "--seconds", "600") as process:
        until(lambda: bool(processes(tmp_path)), 30, what="the server's process")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=40)
        assert process.returncode == 128 + signal.SIGTERM
        assert left_behind(tmp_path) == []


def test_ctrl_c_ends_it_early_and_still_tells(tmp_path: Path) -> None:
    with demo(tmp_path, "--headless", "--seconds", "600") as process:
        until(lambda: running(tmp_path), 30, what="the demo's server")
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=40)
        assert left_behind(tmp_path) == []
    if process.returncode == 0:
        assert json.loads(out)["ok"] is True
    else:  # it was still being furnished
        assert (process.returncode, out, err) == (128 + signal.SIGINT, "", "")


def test_without_a_terminal_it_says_what_to_do(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        out, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "--headless" in err
    assert out == ""
    assert left_behind(tmp_path) == []


@pytest.mark.terminal
@pytest.mark.parametrize("role", ["agent", "supervisor"])
def test_in_a_terminal_it_names_the_page_and_shows_the_console(tmp_path: Path, role: str) -> None:
    pid, screen = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [*DEMO, "--as", role], environment(tmp_path, TERM="xterm-256color"))
    termios.tcsetwinsize(screen, (40, 120))
    try:
        shown = b""

        def appears(what: bytes) -> bool:
            nonlocal shown
            with suppress(OSError):  # the terminal is gone with its last process
                while select.select([screen], [], [], 0)[0]:
                    shown += os.read(screen, 65_536)
            return what in shown

        until(lambda: appears(b"The visitor's page: http://127.0.0.1:"), 40, what="the page's address")
        until(lambda: appears(b"Guide"), 40, what="the guide's chat in the console's queue")
        os.kill(pid, signal.SIGTERM)
        until(lambda: appears(b"") and os.waitpid(pid, os.WNOHANG)[0] == pid, 40, what="the demo's end")
        assert left_behind(tmp_path) == []
    finally:
        for left in processes(tmp_path):
            os.kill(left, signal.SIGKILL)
        os.close(screen)
