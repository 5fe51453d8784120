"""What webhooks are signed with: where it is, that nobody else reads it, and that a receiver can check it."""

from __future__ import annotations

import base64
import io
import json
import os
import stat
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import keyring
import msgspec
import pytest

from agentconsole.backend import cli, signing
from agentconsole.backend.options import Options, Unusable, read
from agentconsole.backend.secret import NoPassword
from agentconsole.backend.storage import departments, webhooks
from agentconsole.backend.storage.database import Database
from agentconsole.backend.storage.webhooks import Webhook

OLD, NEW = (f"whsec_{base64.b64encode(bytes([each] * 32)).decode()}" for each in (1, 2))


def test_the_standards_own_example() -> None:
    """Numbers that other libraries for Standard Webhooks are tried with."""
    (key,) = signing.keys("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert signing.headers([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", body, 1_614_265_330_999) == {
        "Idempotency-Key": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_while_secrets_change_both_sign() -> None:
    one, other = (signing.headers(signing.keys(each), "id", b"x", 1_000) for each in (OLD, NEW))
    both = signing.headers(signing.keys(f"{NEW}\n{OLD}\n"), "id", b"x", 1_000)["webhook-signature"]
    assert both == f"{other['webhook-signature']} {one['webhook-signature']}"


def test_a_secret_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    options = Options(data=tmp_path)
    made = signing.written(options)
    assert len(signing.keys(made)[0]) == signing.NEW
    path = tmp_path / signing.NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    signing._make(path)  # somebody else came first
    assert signing.written(options) == made == path.read_text().strip()
    assert [each.name for each in tmp_path.iterdir()] == [signing.NAME]
    assert signing.written(Options(data=tmp_path / "..")) != made
    path.chmod(0o640)
    with pytest.raises(NoPassword, match="chmod 600"):
        signing.written(options)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_makes_is_for_the_servers_user(tmp_path: Path) -> None:
    """An operator asks for the secret before the server has made it."""
    os.chown(tmp_path, 4_711, 4_712)
    signing.written(Options(data=tmp_path))
    found = (tmp_path / signing.NAME).stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (4_711, 4_712, 0o600)


class _Ring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        return NEW if (service, username) == ("agentconsole webhooks", "desk") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


def test_a_secret_from_each_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kept(home: str) -> str:
        options = read({"data": str(tmp_path)}, {"AGENTCONSOLE_WEBHOOK_SECRET_FROM": home})
        return signing.written(options, {"HOOKS": OLD})

    (tmp_path / "own").touch(0o600)
    (tmp_path / "own").write_text(f"{NEW}\n")
    monkeypatch.setattr(keyring, "get_keyring", _Ring)
    assert [kept("env:HOOKS"), kept(f"file:{tmp_path}/own"), kept("keyring:desk")] == [OLD, NEW, NEW]
    for missing, told in (
        ("env:X", "X is not set"),
        ("file:/nowhere", "cannot be read"),
        ("keyring:x", "no entry x"),
    ):
        with pytest.raises(NoPassword, match=told):
            kept(missing)
    for wrong in (NEW, "env", "env:", "vault:x"):
        with pytest.raises(Unusable, match="never holds it") as caught:
            kept(wrong)
        assert NEW not in str(caught.value)
    assert not (tmp_path / signing.NAME).exists()


@pytest.mark.parametrize(
    "kept",
    ["", "swordfish", OLD.removeprefix("whsec_"), "whsec_!!!!", "whsec_c2hvcnQ=", f"{OLD} {OLD}", f"{OLD}å"],
)
def test_what_is_no_secret_is_refused_and_not_shown(kept: str) -> None:
    with pytest.raises(NoPassword) as caught:
        signing.keys(kept)
    assert not kept or kept not in str(caught.value)


# --- the command line


def admin(data: Path, *words: str) -> tuple[int, str]:
    """What `agentconsole admin webhook ...` answers, without a server: exit code, and what it prints."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        code = cli.admin(["--data", str(data), "webhook", *words])
    return code, out.getvalue()


def told(data: Path, *words: str) -> Any:
    """The same, in JSON."""
    code, out = admin(data, *words, "--json")
    assert code == 0, out
    return json.loads(out)


def given_up(data: Path, *tickets: int) -> None:
    """Calls about these tickets that were given up."""
    database = Database(Options(data=data).database_url, data)
    database.migrate()
    with database.writer_engine.begin() as connection:
        assert departments.every(connection) == []
        for ticket in tickets:
            body = json.dumps({"rule": "Tell", "event": "ticket_created", "email": "vera@shop.example"})
            webhooks.add(connection, Webhook(0, "https://x.example/y", body, 1_000, ticket=ticket))
        for hook in webhooks.due(connection, 1_000, 99):
            given_up = msgspec.structs.replace(hook, next_at=0, tries=9, answer="answered 500")
            webhooks.save(connection, given_up)
    database.close()


def test_an_operator_sees_the_secret_and_what_was_given_up(tmp_path: Path) -> None:
    given_up(tmp_path, 7, 8, 9)
    code, secret = admin(tmp_path, "secret")
    assert (code, secret.strip()) == (0, signing.written(Options(data=tmp_path)))
    assert secret.strip().encode() not in b"".join(
        each.read_bytes() for each in tmp_path.glob("agentconsole.db*")
    )
    lines = admin(tmp_path, "list")[1].splitlines()
    assert [line.split("  ")[2:] for line in lines] == [
        ["Tell", f"ticket {key}", "https://x.example/y", "answered 500"] for key in (9, 8, 7)
    ]
    assert "vera" not in json.dumps(told(tmp_path, "list"))
    assert admin(tmp_path, "again", "1") == (0, "Webhook 1 is tried again.\n")
    assert [row["ticket"] for row in told(tmp_path, "list", "--state", "waiting")] == [7]
    assert told(tmp_path, "again", "--all") == {
        "changed": True,
        "text": "2 webhooks are tried again.",
        "about": "",
    }
    assert told(tmp_path, "again", "--all")["changed"] is False
    assert told(tmp_path, "list") == []
    assert admin(tmp_path, "again", "99")[0] == cli.REFUSED
    (tmp_path / signing.NAME).write_text("x")
    code, why = admin(tmp_path, "secret")
    assert (code, "openssl rand" in why) == (cli.REFUSED, True)
