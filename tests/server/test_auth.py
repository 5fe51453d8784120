"""Logins and sessions, on the real server: guessing, telling names apart, and what ends a session."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from agentconsole.backend import auth
from agentconsole.backend.auth import FIRST_DELAY_MS, Guesses, hash_password
from agentconsole.backend.desk import Desk
from agentconsole.backend.desk.admin import AddUser, DisableUser, GiveGrant, SetPassword, WithdrawGrant
from agentconsole.backend.desk.sessions import EndSession, EndSessions
from agentconsole.backend.domain.life import Refusal
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.operator import ListSessions
from agentconsole.backend.options import Options
from agentconsole.backend.storage.database import Database
from agentconsole.protocol import Code, Login, Role
from tests.running import HASH, PASSWORD, Running, cid, running, unique
from tests.waiting import async_until, until

WRONG = b'{"code":"login","text":"The name or the password is wrong."}'


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Running]:
    """A server of its own, because guessing makes the address wait: `ola` is an agent there."""
    with running(tmp_path / "data") as found:
        found.add_user(name="root")
        found.add_user("agent", name="ola")
        yield found


def guess(server: Running, name: str, password: str = "wrong password", token: str = "") -> Any:
    """One try to log in."""
    return server.ask("POST", "/api/sessions", token, {"name": name, "password": password})


# --- guessing --------------------------------------------------------------------------------------------------


def test_after_five_wrong_passwords_an_account_waits(guarded: Running) -> None:
    for _ in range(5):
        answer = guess(guarded, "ola")
        assert (answer.status_code, answer.content) == (401, WRONG)
    answer = guess(guarded, "ola", PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (429, "slow_down")
    assert 0 < int(answer.headers["retry-after"]) <= FIRST_DELAY_MS // 1_000
    assert guess(guarded, "root", PASSWORD).status_code == 201, "others are not concerned"


def test_names_are_locked_whether_they_exist_or_not(guarded: Running) -> None:
    seen = {name: [guess(guarded, name).content for _ in range(5)] for name in ("ola", "nobody")}
    assert seen["ola"] == seen["nobody"]


def test_an_address_waits_after_ten_wrong_passwords(guarded: Running) -> None:
    answers = [guess(guarded, f"name{number}").status_code for number in range(12)]
    assert answers == [401] * 10 + [429] * 2
    assert guess(guarded, "ola", PASSWORD).status_code == 429


def test_many_guesses_at_once_are_not_more_than_one_after_another(guarded: Running) -> None:
    with ThreadPoolExecutor(20) as threads:
        answers = [*threads.map(lambda number: guess(guarded, "ola", f"guess {number}"), range(200))]
    codes = [answer.status_code for answer in answers]
    assert codes.count(401) <= 5
    assert codes.count(429) == 200 - codes.count(401)


def test_a_right_password_is_never_counted(guarded: Running) -> None:
    for _ in range(15):
        assert guess(guarded, "ola", PASSWORD).status_code == 201


def test_many_right_logins_at_once_all_come_in(guarded: Running) -> None:
    """A team behind one address begins its shift: whoever must wait a second is in on the next try."""

    def enter(number: int) -> int:
        def tried() -> int:
            status = guess(guarded, names[number], PASSWORD).status_code
            return status if status != 429 else 0

        return until(tried, 30, every=0.2)

    names = [guarded.add_user("agent") for _ in range(15)]
    with ThreadPoolExecutor(15) as threads:
        assert [*threads.map(enter, range(15))] == [201] * 15


def test_a_device_that_was_logged_in_is_not_locked_out_by_guesses_from_elsewhere(tmp_path: Path) -> None:
    life = 2 / 86_400
    with running(tmp_path / "data", session_days=life, login_tries_per_address=100) as server:
        server.add_user(name="ola")
        token = server.login("ola")
        until(lambda: server.ask("GET", "/api/me", token).status_code == 401, what="the session to end")
        for _ in range(5):
            guess(server, "ola")
        assert guess(server, "ola", PASSWORD).status_code == 429
        assert guess(server, "ola", PASSWORD, token).status_code == 201
        for _ in range(4):
            assert guess(server, "ola", "wrong password", token).status_code == 401
        server.add_user(name="per")
        for _ in range(5):
            guess(server, "per")
        assert guess(server, "per", PASSWORD, token).status_code == 429, "for another account it is nothing"


class Clock:
    """A clock that is set by hand."""

    now = 1_000_000

    def __call__(self) -> int:
        """The time in milliseconds."""
        return self.now


def wait_of(guesses: Guesses, key: str) -> int:
    """How long this key has to wait now, in milliseconds."""
    try:
        guesses.admit(key)
    except Refusal as refusal:
        return refusal.retry_ms
    return 0


def test_the_wait_doubles_up_to_the_window_and_is_forgotten() -> None:
    clock = Clock()
    guesses = Guesses(2, 900_000, clock)
    waits = []
    for _ in range(9):
        assert wait_of(guesses, "ola") == 0
        guesses.begin("ola")
        guesses.end("ola", proved=False, forgive=True)
        waits.append(wait_of(guesses, "ola"))
        clock.now += waits[-1]
    assert waits == [0, 30_000, 60_000, 120_000, 240_000, 480_000, 900_000, 900_000, 900_000]
    clock.now += 900_000
    assert wait_of(guesses, "ola") == 0
    guesses.begin("ola")
    guesses.end("ola", proved=False, forgive=True)
    assert wait_of(guesses, "ola") == 0, "the count begins anew"


def test_tries_in_hand_count_before_they_are_decided() -> None:
    guesses = Guesses(3, 900_000, Clock())
    for _ in range(3):
        assert wait_of(guesses, "ola") == 0
        guesses.begin("ola")
    assert wait_of(guesses, "ola") == 1_000
    guesses.end("ola", proved=True, forgive=True)
    assert wait_of(guesses, "ola") == 0


async def test_the_same_work_is_done_for_names_that_do_not_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []

    def watched(stored: str, password: str) -> bool:
        verified.append(stored)
        return real(stored, password)

    real = auth._verify
    monkeypatch.setattr(auth, "_verify", watched)
    database = Database(f"sqlite:///{tmp_path / 'agentconsole.db'}", tmp_path)
    database.migrate()
    desk = Desk(database, lambda: 1_000_000, lambda made: None)
    door = auth.Auth(database, desk, Options(data=tmp_path))
    await desk.handle(SYSTEM, AddUser("ola", HASH))
    await desk.handle(SYSTEM, AddUser("root", HASH))
    await desk.handle(SYSTEM, AddUser("per", HASH))
    await desk.handle(SYSTEM, DisableUser("per"))
    answers = []
    for name, password in (("ola", "wrong"), ("nobody", "wrong"), ("per", PASSWORD)):
        with pytest.raises(Refusal) as refused:
            await door.login(Login(name, password), "127.0.0.1")
        answers.append((refused.value.code, refused.value.text))
    assert len(set(answers)) == 1
    assert len({stored.rpartition("$")[0].rpartition("$")[0] for stored in verified}) == 1
    assert len(verified) == 3
    door.close()
    desk.writer.close()
    database.close()


async def test_so_many_passwords_wait_to_be_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes after them is told at once, and those before are not made to wait for more than that."""
    gate = threading.Event()
    monkeypatch.setattr(auth, "WAITING", 3)
    monkeypatch.setattr(auth, "_verify", lambda stored, password: gate.wait(20) and False)
    database = Database(f"sqlite:///{tmp_path / 'agentconsole.db'}", tmp_path)
    database.migrate()
    desk = Desk(database, lambda: 1_000_000, lambda made: None)
    door = auth.Auth(database, desk, Options(data=tmp_path))

    async def code(number: int) -> Code:
        with pytest.raises(Refusal) as refused:
            await door.login(Login(f"name{number}", "wrong"), f"192.0.2.{number}")
        return refused.value.code

    waiting = [asyncio.create_task(code(number)) for number in range(3)]
    await async_until(lambda: door._verifying == 3, what="three to wait")
    assert await code(3) is Code.busy
    gate.set()
    assert await asyncio.gather(*waiting) == [Code.login] * 3
    assert await code(4) is Code.login
    door.close()
    desk.writer.close()
    database.close()


@pytest.mark.parametrize("password", ["", "seven77", "x" * 1_001])
def test_a_password_has_a_sensible_length(password: str) -> None:
    with pytest.raises(Refusal) as refused:
        hash_password(password)
    assert refused.value.code is Code.invalid


# --- what is kept ----------------------------------------------------------------------------------------------


def test_neither_passwords_nor_tokens_are_kept_or_logged(guarded: Running) -> None:
    token = guarded.login("ola")
    visitor = guarded.visitor()
    visitor.start(guarded.department_id(guarded.add_department()), text="a very private matter")
    guess(guarded, "ola", "a wrong but telling password")
    kept = b"".join(path.read_bytes() for path in guarded.data.iterdir() if path.is_file())
    logged = guarded.log.read_bytes()
    for secret in (PASSWORD, token, visitor.token, "a wrong but telling password"):
        assert secret.encode() not in kept
        assert secret.encode() not in logged
    assert b"a very private matter" in kept
    assert b"a very private matter" not in logged
    with sqlite3.connect(guarded.data / "agentconsole.db") as db:
        (stored,) = db.execute("SELECT password_hash FROM user_account WHERE name = 'ola'").fetchone()
        assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    visitor.close()


def test_a_log_line_is_one_line_whatever_the_name_is(guarded: Running) -> None:
    guess(guarded, 'ola\nlevel=info text="all is well"\x1b[2J\u202e')
    lines = guarded.log.read_text().splitlines()
    refused = [line for line in lines if "login refused" in line]
    assert len(refused) == 1
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("level=info") for line in lines)


# --- the end of a session --------------------------------------------------------------------------------------


class Console:
    """A staff socket of one session."""

    def __init__(self, server: Running, token: str) -> None:
        self._link = connect(server.url.replace("http", "ws", 1) + "/ws/staff", compression=None)
        self.link = self._link.__enter__()
        self.link.send(json.dumps({"t": "hello", "token": token}))
        self.greeting = self.told("synced")

    def told(self, last: str) -> list[dict[str, Any]]:
        """Everything that is sent until the first frame of the kind ``last``."""
        frames = [json.loads(self.link.recv(timeout=20))]
        while frames[-1]["t"] != last:
            frames.append(json.loads(self.link.recv(timeout=20)))
        return frames

    def closed(self) -> int:
        """The code with which the server closes; waits for it."""
        try:
            while True:
                self.link.recv(timeout=20)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 0
        finally:
            self._link.__exit__(None, None, None)


@pytest.mark.parametrize("how", ["logout", "password", "disabled", "revoked", "all revoked"])
def test_a_session_ends_at_once_everywhere(server: Running, how: str) -> None:
    name = server.add_user("agent")
    token, other = server.login(name), server.login(name)
    console = Console(server, token)
    (number,) = [row["id"] for row in server.order(ListSessions()).rows or [] if row["user"] == name][:1]
    if how == "logout":
        assert server.ask("DELETE", "/api/sessions/current", token).status_code == 204
    else:
        wishes = {
            "password": SetPassword(name, HASH),
            "disabled": DisableUser(name),
            "revoked": EndSession(number),
            "all revoked": EndSessions(name),
        }
        assert server.order(wishes[how]).code is None
    assert console.closed() == 4001
    assert server.ask("GET", "/api/me", token).status_code == 401
    alone = how in ("logout", "revoked")
    assert server.ask("GET", "/api/me", other).status_code == (200 if alone else 401)


def test_who_is_disabled_cannot_log_in_and_can_again_when_enabled(server: Running) -> None:
    name = server.add_user("agent")
    server.order(DisableUser(name))
    answer = guess(server, name, PASSWORD)
    assert (answer.status_code, answer.content) == (401, WRONG)
    server.order(DisableUser(name, disabled=False))
    assert guess(server, name, PASSWORD).status_code == 201


def test_rights_are_those_of_the_moment(server: Running) -> None:
    slug = server.add_department()
    name = server.add_user("agent", department=slug)
    token = server.login(name)
    visitor = server.visitor()
    chat = visitor.start(server.department_id(slug))
    assert server.ask("POST", f"/api/chats/{chat}/take", token, {"cid": cid()}).status_code == 200
    assert server.order(WithdrawGrant(name, Role.agent, slug)).code is None
    assert server.ask("GET", f"/api/chats/{chat}", token).status_code == 404
    assert visitor.wait("event")["what"]["kind"] == "started"
    kinds = [visitor.wait("event")["what"]["kind"] for _ in range(3)]
    assert kinds == ["said", "took", "requeued"], "the chat waits again"
    assert server.order(GiveGrant(name, Role.agent, slug)).code is None
    assert server.ask("GET", f"/api/chats/{chat}", token).json()["state"] == "waiting"
    visitor.close()


def test_a_console_that_is_open_hears_no_more_of_what_it_may_not_know(server: Running) -> None:
    slug = server.add_department()
    name = server.add_user("agent", department=slug)
    token, visitor, second = server.login(name), server.visitor(), server.visitor()
    console, department = Console(server, token), server.department_id(slug)
    chat = visitor.start(department)
    assert console.told("card")[-1]["chat"] == chat
    assert server.order(WithdrawGrant(name, Role.agent, slug)).code is None
    assert console.closed() == 1012, "it comes back with the rights of the moment"
    console = Console(server, token)
    later = second.start(department, text="a later secret")
    visitor.send(t="say", cid=cid(), chat=chat, text="a further secret")
    assert visitor.wait("ack", "refused")["t"] == "ack"
    console.link.send(json.dumps({"t": "take", "cid": cid(), "chat": later}))
    frames = console.told("refused")
    assert "secret" not in json.dumps(frames)
    assert frames[-1]["code"] == "unknown"
    assert not {frame["t"] for frame in [*console.greeting, *frames]} & {"card", "event", "preview"}
    server.order(DisableUser(name))
    assert console.closed() == 4001
    visitor.close()
    second.close()


def test_a_token_is_not_chosen_by_who_logs_in(server: Running) -> None:
    name = server.add_user()
    chosen = "x" * 43
    session = guess(server, name, PASSWORD, chosen).json()
    assert session["token"] != chosen
    assert len(session["token"]) == 43
    assert guess(server, name, PASSWORD).json()["token"] != session["token"]
    assert server.ask("GET", "/api/me", chosen).status_code == 401


def test_names_do_not_depend_on_case_or_spaces(server: Running) -> None:
    name = server.add_user()
    assert guess(server, f" {name.upper()} ", PASSWORD).status_code == 201


def test_a_login_may_name_its_device(server: Running) -> None:
    name, label = server.add_user(), unique("laptop ")
    body = {"name": name, "password": PASSWORD, "label": label}
    assert server.ask("POST", "/api/sessions", body=body).status_code == 201
    assert label in [row["label"] for row in server.order(ListSessions()).rows or []]
