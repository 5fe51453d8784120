"""What docs/operating.md tells operators to do, done: nginx with TLS before the server, a console behind sshd."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.journey.console import ENTER, Console
from tests.journey.recipes import changed, recipe
from tests.journey.tls import Files, self_signed
from tests.running import PASSWORD, Running, Visitor, running, unique
from tests.terminal.rig import Terminal, foreign_controls
from tests.waiting import until

pytestmark = pytest.mark.terminal


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def started(command: list[str], port: int, log: Path) -> Iterator[None]:
    """A daemon in the foreground, listening on this port while the block lasts."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    try:
        until(lambda: listens(port) or process.poll() is not None, what=" ".join(command))
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(10)


# --- the reverse proxy ---


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """The proxy's certificate."""
    return self_signed(tmp_path)


@pytest.fixture
def proxied(tmp_path: Path, files: Files, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Running, str]]:
    """The server behind nginx, and its public address."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("needs nginx (Debian: apt install nginx-light)")
    port = free_port()
    public = f"https://127.0.0.1:{port}"
    monkeypatch.setenv("SSL_CERT_FILE", str(files.certificate))
    with running(
        tmp_path / "data", behind_proxy=True, public_url=public, trusted_proxies="127.0.0.1"
    ) as site:
        server = changed(
            recipe("proxy_pass"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
            ("    listen [::]:443 ssl;\n", ""),
            ("/etc/ssl/chat.example.org.pem", str(files.certificate)),
            ("/etc/ssl/chat.example.org.key", str(files.key)),
            ("http://127.0.0.1:8080", site.url),
        )
        folders = " ".join(
            f"{kind}_temp_path {tmp_path}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = tmp_path / "nginx.conf"
        config.write_text(
            f"daemon off; pid {tmp_path}/nginx.pid; error_log stderr;\nevents {{}}\n"
            f"http {{ access_log off; {folders}\n{server}}}\n"
        )
        with started([nginx, "-c", str(config), "-p", str(tmp_path)], port, tmp_path / "nginx.log"):
            yield site, public


def test_the_desk_behind_nginx(proxied: tuple[Running, str], files: Files, tmp_path: Path) -> None:
    site, public = proxied
    department = site.add_department()
    agent = site.add_user("agent", name=unique("ana"), department=department)
    env = {"AGENTCONSOLE_TOKEN": None, "SSL_CERT_FILE": str(files.certificate)}
    with Console(site, tmp_path / "home", user=agent, url=public, env=env) as console:
        console.wait_for("Log in")
        console.send(PASSWORD + ENTER)
        console.wait_for("Nobody is waiting")
        visitor = Visitor(public)
        visitor.start(site.department_id(department), "through the proxy", name="Vi")
        console.row("Vi", "through the proxy")
        console.send("t")
        console.row("to Vi ▸")
        console.write("and back")
        console.row("and back", "✓")
        visitor.close()
    with httpx.Client(base_url=public) as http:
        assert http.get("/healthz").is_success
        assert http.get("/metrics").status_code == 403
        assert http.get("/chat").is_success


def test_origins_and_addresses_are_those_of_the_public_side(proxied: tuple[Running, str]) -> None:
    site, public = proxied
    address = public.replace("http", "ws") + "/ws/visitor"
    with connect(address, origin=public):  # type: ignore[arg-type]
        pass
    for foreign in ("https://evil.example", site.url):
        with pytest.raises(InvalidStatus) as refused, connect(address, origin=foreign):  # type: ignore[arg-type]
            pass
        assert refused.value.response.status_code == 403


def test_limits_count_the_address_that_nginx_has_seen(proxied: tuple[Running, str]) -> None:
    site, public = proxied
    answers = [wrong_login(public, "127.0.0.9", f"guessed{number}") for number in range(12)]
    assert answers[0] == 401
    assert answers[-1] == 429, "the address waits"
    assert wrong_login(public, "127.0.0.8", "another") == 401, "and others do not"
    refused = [line for line in site.log.read_text().splitlines() if "login refused" in line]
    assert "user=guessed0 address=127.0.0.9" in refused[0]
    assert "user=another address=127.0.0.8" in refused[-1]


def wrong_login(public: str, address: str, name: str) -> int:
    """What a stranger at this address gets, who says that he is somewhere else each time."""
    with httpx.Client(transport=httpx.HTTPTransport(local_address=address), base_url=public) as http:
        forged = {"X-Forwarded-For": f"203.0.113.{len(name)}", "X-Real-IP": "203.0.113.1"}
        return http.post(
            "/api/sessions", json={"name": name, "password": "wrong"}, headers=forged
        ).status_code


# --- the service ---


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("needs systemd-analyze")
    unit = tmp_path / "agentconsole.service"
    unit.write_text(
        changed(
            recipe("[Service]"),
            ("/opt/agentconsole/bin/agentconsole", sys.executable),
            ("User=agentconsole", "User=root"),
        )
    )
    told = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True)
    assert not [line for line in told.stderr.splitlines() if "agentconsole.service" in line]


# --- agents over SSH ---


@pytest.fixture
def door(site: Running, tmp_path: Path) -> Iterator[tuple[int, Path, Path]]:
    """An sshd with the page's words; its port, the agent's key, and where the command is written."""
    sshd = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
    if sshd is None or shutil.which("ssh") is None:
        pytest.skip("needs sshd and ssh (Debian: apt install openssh-server openssh-client)")
    if os.getuid():
        pytest.skip("sshd lets in only the user it runs as, and needs root for others")
    Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host", "agent"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(command, check=True)
    port, program = free_port(), tmp_path / "agentconsole"
    words = changed(
        recipe("ForceCommand"),
        ("Match Group agents", "Match User root"),
        ("/opt/agentconsole/bin/agentconsole", str(program)),
        ("https://chat.example.org", site.url),
    )
    config = tmp_path / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/agent.pub\n"
        f"StrictModes no\nPidFile none\nPermitRootLogin yes\nUsePAM no\n{words}"
    )
    with started([sshd, "-D", "-e", "-f", str(config)], port, tmp_path / "sshd.log"):
        yield port, tmp_path / "agent", program


def test_a_console_over_ssh(site: Running, tmp_path: Path, door: tuple[int, Path, Path]) -> None:
    port, key, program = door
    department = site.add_department()
    site.add_user("agent", name="root", department=department)
    home = tmp_path / "home"
    home.mkdir()
    variables = f"HOME={home} XDG_STATE_HOME={home} PYTHON_KEYRING_BACKEND=keyring.backends.fail.Keyring"
    variables += f" PYTHONPATH={os.environ.get('PYTHONPATH', '')}"
    program.write_text(
        f'#!/bin/sh\ncd {Path.cwd()}\nexec env {variables} {sys.executable} -m agentconsole "$@"\n'
    )
    program.chmod(0o755)
    ssh = [
        "ssh",
        "-F",
        "none",
        "-i",
        str(key),
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
    ]
    ssh += ["-o", "LogLevel=ERROR", "-p", str(port), "-t", "root@127.0.0.1"]
    with Terminal([*ssh, "rm", "-rf", "/tmp/anything"]) as terminal:
        terminal.wait_for("Log in", 30)
        terminal.wait_for("root")
        terminal.send(PASSWORD + ENTER)
        terminal.wait_for("Nobody is waiting")
        visitor = site.visitor()
        visitor.start(site.department_id(department), "over ssh", name="Vi")
        terminal.wait_for("over ssh")
        terminal.resize(120, 40)
        terminal.wait_until(
            lambda rows: rows[-1] and any("over ssh" in row for row in rows), what="the new size"
        )
        terminal.send("t")
        terminal.wait_for("to Vi ▸")
        terminal.send("answered" + ENTER)
        until(lambda: visitor.wait("event")["what"].get("text") == "answered", what="the answer")
        visitor.close()
        assert foreign_controls(terminal.raw) == []
        os.kill(terminal.process.pid, signal.SIGTERM)  # the connection breaks
        terminal.wait_end()
    with Terminal([*ssh]) as again:
        again.wait_for("1 mine", 30)
        assert b"assword" not in again.raw
    without = subprocess.run(
        [part for part in ssh if part != "-t"], capture_output=True, text=True, timeout=30
    )
    assert without.returncode == 2
    assert "needs a terminal" in without.stderr
