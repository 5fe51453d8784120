"""The demo, run for real: what it tells, and that nothing of it is left behind."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from agentconsole.drill.weekend import LETTERS
from tests.waiting import until

DEMO = (sys.executable, "-m", "agentconsole", "demo")

SHELL = ("sh", "-c", '"$@"; echo "exit code $?"; read line', "sh")


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Temporary files go into `folder`; settings of the machine's own agentconsole do not count."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AGENTCONSOLE_")}
    kept = {name: value for name, value in kept.items() if not name.startswith("XDG_")}
    (folder / "home").mkdir(exist_ok=True)
    return kept | {"TMPDIR": str(folder), "HOME": str(folder / "home"), **more}


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
    with demo(tmp_path, "--headless", "--seconds", "12", "--seed", "a") as process:
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
    assert report["offers"] >= 1
    assert report["tickets"] == len(LETTERS)
    assert report["staff_messages"] >= 1
    assert report["missed"] + report["declined"] + report["transfers"] + report["joins"] >= 1
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


def test_a_killed_demo_leaves_neither_server_nor_folder(tmp_path: Path) -> None:
    with demo(tmp_path, "--headless", "--seconds", "600") as process:
        until(lambda: running(tmp_path), 30, what="the demo's server")
        process.kill()
        process.wait(timeout=40)
        until(lambda: not left_behind(tmp_path), 60, what="the end of all that it had started")


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
    assert "and here is none" in err
    assert out == ""
    assert left_behind(tmp_path) == []


class Terminal:
    """A demo in a terminal of its own, 120x40, started by a shell."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.shown = b""
        self.pid, self._screen = pty.fork()
        if self.pid == 0:
            os.execve("/bin/sh", [*SHELL, *DEMO, *flags], environment(folder, TERM="xterm-256color"))
        termios.tcsetwinsize(self._screen, (40, 120))

    def appears(self, what: bytes) -> bool:
        """Has this been written to the terminal since the last key?"""
        with suppress(OSError):  # the terminal is gone with its last process
            while select.select([self._screen], [], [], 0)[0]:
                self.shown += os.read(self._screen, 65_536)
        return what in self.shown

    def press(self, keys: bytes) -> None:
        """Type."""
        self.shown = b""
        os.write(self._screen, keys)

    def hang_up(self) -> None:
        """Close the terminal's window."""
        if self._screen >= 0:
            os.close(self._screen)
            self._screen = -1

    def processes(self) -> dict[int, int]:
        """What runs in this terminal besides the shell: process -> its parent."""
        table = subprocess.run(
            ["ps", "-e", "-o", "pid=,ppid=,sess="], capture_output=True, text=True, check=True
        )
        rows = [[int(number) for number in line.split()] for line in table.stdout.splitlines()]
        return {pid: parent for pid, parent, session in rows if session == self.pid != pid}

    def demo(self) -> int:
        """The demo's own process."""
        return next(pid for pid, parent in self.processes().items() if parent == self.pid)

    def ended(self) -> bool:
        """Has the demo ended, and all that it started here?"""
        return not self.processes() and (self._screen < 0 or self.appears(b"exit code "))


def page(shown: bytes) -> bytes:
    """The visitor's page, from the address that was shown."""
    found = re.search(rb"The visitor's page: (http://127\.0\.0\.1:\d+/\w+)", shown)
    assert found
    with urllib.request.urlopen(found[1].decode(), timeout=30) as answer:
        return bytes(answer.read())


@contextmanager
def terminal(folder: Path, *flags: str) -> Iterator[Terminal]:
    """A demo in a terminal that shows the console with the guide's chat, and whose page a browser can open."""
    screen = Terminal(folder, *flags)
    try:
        until(lambda: screen.appears(b"The visitor's page: http://127.0.0.1:"), 40, what="the page's address")
        until(lambda: screen.appears(b"Guide"), 40, what="the guide's chat in the console's queue")
        assert b"/visitor.js" in page(screen.shown)
        yield screen
        until(screen.ended, 40, what="the demo's end")
        assert left_behind(folder) == []
        assert not list((folder / "home").rglob("*"))
    finally:
        screen.hang_up()
        for left in processes(folder):
            os.kill(left, signal.SIGKILL)
        for left in (*screen.processes(), screen.pid):
            os.kill(left, signal.SIGKILL)
        os.waitpid(screen.pid, 0)


@pytest.mark.terminal
@pytest.mark.parametrize("role", ["agent", "supervisor"])
def test_leaving_the_console_ends_the_demo_and_names_the_page_again(tmp_path: Path, role: str) -> None:
    with terminal(tmp_path, "--as", role) as screen:
        until(lambda: screen.appears(f"Demo {role}".encode()), 20, what="my name")
        screen.press(b"T")
        until(lambda: screen.appears(b"calm and light"), 20, what="the themes")
        screen.press(b"2")
        until(lambda: screen.appears(f"Demo {role}".encode()), 20, what="the other theme")
        screen.press(b"Q")
        until(screen.ended, 40, what="the demo's end")
        assert b"exit code 0" in screen.shown
        assert b"/chat is gone" in screen.shown


@pytest.mark.terminal
def test_a_signal_gives_the_terminal_back(tmp_path: Path) -> None:
    with terminal(tmp_path) as screen:
        os.kill(screen.demo(), signal.SIGTERM)
        until(screen.ended, 40, what="the demo's end")
        assert b"exit code 143" in screen.shown
        assert screen.shown.rfind(b"\x1b[?1049l") > screen.shown.rfind(b"\x1b[?1049h") > 0


@pytest.mark.terminal
def test_closing_the_window_ends_the_demo(tmp_path: Path) -> None:
    with terminal(tmp_path) as screen:
        screen.hang_up()
