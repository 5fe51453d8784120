"""The console over TLS with a desk's own certificate; and one that it must not believe."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.console import ENTER, Console
from tests.journey.tls import Files, self_signed
from tests.running import PASSWORD, Running, running
from tests.terminal.rig import foreign_controls
from tests.waiting import until

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl"),
]

WARNING = "its certificate is not trusted"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The desk's own certificate."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def site(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that speaks TLS itself, with Ana and a department."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(files.certificate))  # for the requests and visitors of the tests
        data = tmp_path_factory.mktemp("site") / "data"
        with running(data, tls_cert=files.certificate, tls_key=files.key) as site:
            site.add_user("agent", name="ana", department=site.add_department("desk"))
            yield site


def text(rows: list[str]) -> str:
    """A sentence as it reads over the ends of its rows."""
    return re.sub(r"[\s│]+", " ", " ".join(rows))


def test_login_take_and_answer(site: Running, files: Files, tmp_path: Path) -> None:
    assert site.url.startswith("https://")
    env = {"AGENTCONSOLE_TOKEN": None, "SSL_CERT_FILE": str(files.certificate)}
    with Console(site, tmp_path / "home", env=env) as console:
        console.wait_for("Log in")
        console.send(PASSWORD + ENTER)
        console.wait_for("Nobody is waiting")
        visitor = site.visitor()
        visitor.start(site.department_id("desk"), "is this line safe?", name="Vi")
        console.row("Vi", "is this line safe?")
        console.send("t")
        console.row("to Vi ▸")
        console.write("It is.")
        console.row("It is.", "✓")
        until(lambda: visitor.wait("event")["what"].get("text") == "It is.", what="the answer")
        visitor.close()
        assert foreign_controls(console.raw) == []


@pytest.mark.parametrize("logged_in", [False, True])
def test_a_certificate_of_nobody_is_refused_with_what_to_do(
    site: Running, tmp_path: Path, logged_in: bool
) -> None:
    env: dict[str, str | None] = {"SSL_CERT_FILE": None}
    if not logged_in:
        env["AGENTCONSOLE_TOKEN"] = None
    with Console(site, tmp_path / "home", env=env, columns=120, lines=40) as console:
        if not logged_in:
            console.wait_for("Log in")
            console.send(PASSWORD + ENTER)
        console.wait_until(lambda rows: WARNING in text(rows), 30, "the warning")
        console.wait_until(lambda rows: "SSL_CERT_FILE" in text(rows), what="what to do")
        assert not console.shows("Nobody is waiting")
        assert foreign_controls(console.raw) == []


def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    files = self_signed(tmp_path, "other", "127.0.0.9")
    env = {"SSL_CERT_FILE": str(files.certificate)}
    with (
        running(tmp_path / "data", tls_cert=files.certificate, tls_key=files.key) as site,
        Console(site, tmp_path / "home", token="x" * 43, env=env, columns=120, lines=40) as console,
    ):
        console.wait_until(lambda rows: WARNING in text(rows), 30, "the warning")
        console.wait_until(lambda rows: "IP address mismatch" in text(rows), what="the reason")
