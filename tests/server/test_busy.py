"""`agentconsole busy`: a call from a script, with the kept token, exit codes and JSON."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from agentconsole import credentials
from tests import shell
from tests.running import Running, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Running:  # type: ignore[misc]
    with running(tmp_path_factory.mktemp("busy") / "data") as here:
        yield here


def busy(*words: str, token: str = "", home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command; in a process of its own where it would look for a token in a keyring."""
    env = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    env |= {credentials.VARIABLE: token} if token else {}
    env |= {"XDG_CONFIG_HOME": str(home)} if home else {}
    way = shell.run if token else shell.process
    return subprocess.CompletedProcess(words, *way("busy", *words, env=env))


def status(server: Running, token: str, name: str) -> str:
    """The status of somebody, as the team sees it."""
    team = server.ask("GET", "/api/team", token).json()
    return str(next(seat["status"] for seat in team if seat["name"] == name))


def test_on_and_off_set_the_status_and_give_the_one_before_back(server: Running) -> None:
    name = server.add_user("agent")
    token = server.login(name)
    before = status(server, token, name)
    done = busy("on", "--server", server.url, "--user", name, token=token)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "You are on the phone: no new chats.\n"
    assert status(server, token, name) == "phone"
    assert busy("on", "--server", server.url, "--user", name, token=token).returncode == 0
    assert busy("off", "--server", server.url, "--user", name, token=token).returncode == 0
    assert status(server, token, name) == before


def test_a_supervisor_says_it_for_somebody_and_nobody_else_can(server: Running) -> None:
    lead, name = server.add_user("supervisor"), server.add_user("agent")
    token = server.login(lead)
    done = busy("on", "--server", server.url, "--user", lead, "--of", name, "--json", token=token)
    assert done.returncode == 0
    assert json.loads(done.stdout)["done"] is True
    assert status(server, token, name) == "phone"
    refused = busy(
        "off", "--server", server.url, "--user", name, "--of", lead, "--json", token=server.login(name)
    )
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["code"] == "unknown"
    assert busy("on", "--server", server.url, "--user", lead, "--of", "nobody", token=token).returncode == 1


def test_without_a_login_it_says_what_to_do(server: Running, tmp_path: Path) -> None:
    done = busy("on", "--server", server.url, "--user", "kim", home=tmp_path)
    assert done.returncode == 4
    assert "Start the console once and log in." in done.stderr
    wrong = busy("on", "--server", server.url, "--user", "kim", "--json", token="x" * 43, home=tmp_path)
    assert wrong.returncode == 4
    assert json.loads(wrong.stdout)["code"] == "login"


def test_usage_and_a_server_that_is_not_there_have_codes_of_their_own(tmp_path: Path) -> None:
    assert busy("maybe").returncode == 2
    assert busy("on", home=tmp_path).returncode == 2
    assert busy("on", "--server", "ftp://x", "--user", "kim", token="x" * 43, home=tmp_path).returncode == 2
    gone = busy("on", "--server", "http://127.0.0.1:9", "--user", "kim", token="x" * 43, home=tmp_path)
    assert gone.returncode == 3
    assert "cannot be reached" in gone.stderr
