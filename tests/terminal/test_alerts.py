"""Alerts through a real tmux: the notification, the bell and the title arrive at the terminal outside."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.rig import Terminal
from tests.waiting import until

pytestmark = pytest.mark.terminal

INSIDE = """
import os, sys
from agentconsole import alerts
from agentconsole.settings import Alerts
from agentconsole.views import Counts, News, NewsKind
tty = alerts.detect(os.environ)
out = sys.stdout.buffer
out.write(alerts.push_title(tty))
alerter = alerts.Alerter(Alerts(line=("bell", "notify", "title")), tty)
alerter.hear([News(NewsKind.line, 1, "Vi\\x1b]0;owned\\x07", "are you there?")])
out.write(alerter.due(10_000_000))
out.write(alerts.set_title(tty, alerts.window_title(Counts(0, 2, 1, 0), alerter.headline)))
out.write(b"written\\r\\n")
out.flush()
sys.stdin.readline()
out.write(b"\\x1b[23;0tleft\\r\\n")
out.flush()
sys.stdin.readline()
"""


@pytest.fixture
def socket() -> Iterator[str]:
    if shutil.which("tmux") is None:
        pytest.skip("there is no tmux here")
    name = f"agentconsole-test-{uuid.uuid4().hex[:12]}"
    yield name
    subprocess.run(["tmux", "-L", name, "kill-server"], check=False, capture_output=True)


def test_notification_bell_and_title_come_through(socket: str, tmp_path: Path) -> None:
    config, script = tmp_path / "tmux.conf", tmp_path / "inside.py"
    config.write_text("set -g allow-passthrough on\nset -g set-titles on\nset -g set-titles-string '#T'\n")
    script.write_text(INSIDE)
    tmux = ["tmux", "-L", socket, "-f", str(config), "new-session", f"{sys.executable} {script}"]
    with Terminal(tmux) as outside:
        outside.wait_for("written")
        notification = "\x1b]9;agentconsole: Vi·]0;owned·: are you there?\x07".encode()
        until(lambda: notification in outside.raw, what="the notification outside")
        until(lambda: b"\x07" in re.sub(rb"\x1b\].*?\x07", b"", outside.raw), what="the bell outside")
        title = "Vi·]0;owned·: are you there? - 2 waiting, 1 unread - agentconsole".encode()
        until(lambda: title in outside.raw.replace(notification, b""), what="the title outside")
        assert b"]0;owned\x07" not in outside.raw
        outside.send("\r")
        outside.wait_for("left")
        outside.send("\r")
        until(lambda: outside.process.poll() is not None, what="tmux has ended")
