# ruff: noqa: ASYNC240 - the files are small and local
"""Where tokens are kept: keyrings that can be trusted, else a 0600 file, and never a wait that does not end."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring

from agentconsole import credentials
from agentconsole.credentials import Home

SERVER, USER = "https://chat.example.org", "ada"


class MemoryRing(KeyringBackend):
    """A keyring that keeps its secrets in this process."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.secrets: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.secrets[service, username]


class BrokenRing(MemoryRing):
    """A keyring whose service went away."""

    def get_password(self, service: str, username: str) -> str | None:
        raise ConnectionError("the bus is gone")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise ConnectionError("the bus is gone")


class SilentRing(MemoryRing):
    """A keyring that waits for a prompt which nobody sees."""

    def __init__(self) -> None:
        super().__init__()
        self.prompt = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.prompt.wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.prompt.wait()


class PlaintextRing(MemoryRing):
    """As if from the package of plain files."""


PlaintextRing.__module__ = "keyrings.alt.file"


@pytest.fixture
def ring() -> Iterator[MemoryRing]:
    before = keyring.get_keyring()
    ring = MemoryRing()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "tokens.json"


async def test_a_token_goes_into_the_keyring_and_comes_back(ring: MemoryRing, file: Path) -> None:
    kept = await credentials.keep(SERVER, USER, "token-1", file)
    assert (kept.home, kept.notice) == (Home.keyring, "")
    assert list(ring.secrets.values()) == ["token-1"]
    assert not file.exists()
    assert (await credentials.find(SERVER, USER, {}, file)).token == "token-1"
    assert (await credentials.find(SERVER, "eve", {}, file)).token == ""
    assert (await credentials.find("https://other.example.org", USER, {}, file)).token == ""
    await credentials.forget(SERVER, USER, file)
    assert ring.secrets == {}
    await credentials.forget(SERVER, USER, file)


async def test_the_environment_wins(ring: MemoryRing, file: Path) -> None:
    await credentials.keep(SERVER, USER, "token-1", file)
    found = await credentials.find(SERVER, USER, {"AGENTCONSOLE_TOKEN": "token-2"}, file)
    assert (found.token, found.home) == ("token-2", Home.environment)


@pytest.mark.parametrize("bad", [FailKeyring, PlaintextRing, BrokenRing])
async def test_without_a_keyring_to_trust_there_is_an_announced_file(
    ring: MemoryRing, file: Path, bad: type[KeyringBackend]
) -> None:
    keyring.set_keyring(bad())
    kept = await credentials.keep(SERVER, USER, "token-1", file)
    assert kept.home is Home.file
    assert str(file) in kept.notice
    assert file.stat().st_mode & 0o777 == 0o600
    found = await credentials.find(SERVER, USER, {}, file)
    assert (found.token, found.home) == ("token-1", Home.file)
    await credentials.forget(SERVER, USER, file)
    assert "token-1" not in file.read_text(encoding="utf-8")


async def test_of_a_chain_only_the_trusted_ring_is_used(
    ring: MemoryRing, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = PlaintextRing()
    monkeypatch.setattr(ChainerBackend, "backends", [plain, ring])
    keyring.set_keyring(ChainerBackend())
    assert (await credentials.keep(SERVER, USER, "token-1", file)).home is Home.keyring
    assert plain.secrets == {}
    assert ring.secrets


async def test_a_keyring_that_never_answers_is_left_alone(
    ring: MemoryRing, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "KEYRING_SECONDS", 0.05)
    silent = SilentRing()
    keyring.set_keyring(silent)
    kept = await credentials.keep(SERVER, USER, "token-1", file)
    assert kept.home is Home.file
    assert "did not answer" in kept.notice
    assert (await credentials.find(SERVER, USER, {}, file)).token == "token-1"
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "keyring")
    silent.prompt.set()


async def test_a_file_that_others_can_read_is_not_used(ring: MemoryRing, file: Path) -> None:
    keyring.set_keyring(FailKeyring())
    await credentials.keep(SERVER, USER, "token-1", file)
    file.chmod(0o644)
    found = await credentials.find(SERVER, USER, {}, file)
    assert found.token == ""
    assert "log in again" in found.notice
    await credentials.keep(SERVER, USER, "token-2", file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert (await credentials.find(SERVER, USER, {}, file)).token == "token-2"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"ada https://chat.example.org": 5}', "\x00"])
async def test_a_damaged_file_is_no_token_and_is_replaced(ring: MemoryRing, file: Path, content: str) -> None:
    keyring.set_keyring(FailKeyring())
    file.parent.mkdir()
    file.touch(0o600)
    file.write_text(content, encoding="utf-8")
    assert (await credentials.find(SERVER, USER, {}, file)).token == ""
    assert (await credentials.keep(SERVER, USER, "token-1", file)).home is Home.file
    assert "token-1" in json.loads(file.read_text(encoding="utf-8")).values()


async def test_where_nothing_can_be_written_it_is_told(ring: MemoryRing, tmp_path: Path) -> None:
    keyring.set_keyring(FailKeyring())
    (tmp_path / "config").write_text("a file where a folder should be", encoding="utf-8")
    kept = await credentials.keep(SERVER, USER, "token-1", tmp_path / "config" / "tokens.json")
    assert kept.home is Home.nowhere
    assert "password again" in kept.notice


async def test_a_link_in_place_of_the_file_is_not_followed(
    ring: MemoryRing, file: Path, tmp_path: Path
) -> None:
    keyring.set_keyring(FailKeyring())
    target = tmp_path / "elsewhere"
    target.write_text("{}", encoding="utf-8")
    file.parent.mkdir()
    os.symlink(target, file)
    await credentials.keep(SERVER, USER, "token-1", file)
    assert target.read_text(encoding="utf-8") == "{}"
