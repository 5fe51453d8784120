"""The operator's orders: from the command line, over the socket, and in the desk itself."""

import io
import json
import os
import pwd
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from agentconsole.backend import cli, operator
from agentconsole.backend.desk import Desk
from agentconsole.backend.desk.admin import (
    AddDepartment,
    AddUser,
    Alive,
    DisableUser,
    GiveGrant,
    SetDepartment,
    SetPassword,
    WithdrawGrant,
)
from agentconsole.backend.desk.made import DepartmentsChanged, Made, SessionsEnded, StaffChanged
from agentconsole.backend.desk.sessions import EndSession, EndSessions, OpenSession, TouchSession
from agentconsole.backend.desk.visits import TouchVisitor
from agentconsole.backend.domain.life import Refusal
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.backend.storage import departments, tables, users
from agentconsole.backend.storage.database import Database
from agentconsole.protocol import Code, Grant, Role, Side
from tests.running import HASH, PASSWORD, Running, running, unique
from tests.terminal.rig import Terminal

# --- the command line ------------------------------------------------------------------------------------------


def admin(data: Path, *words: str, given: str = "") -> tuple[int, str, str]:
    """What `agentconsole admin ...` does, without a process for each: exit code, standard output and error."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(given))
        try:
            code = cli.admin(["--data", str(data), *words])
        except SystemExit as left:
            code = int(left.code or 0)
    return code, out.getvalue(), err.getvalue()


def told(data: Path, *words: str, given: str = "") -> Any:
    """What it answers in JSON."""
    code, out, err = admin(data, *words, "--json", given=given)
    assert code == 0, err
    return json.loads(out)


def session(data: Path) -> None:
    """Everything an operator does on the first day, twice over."""
    for changed in (True, False):
        assert told(data, "user", "add", "ola", "--password-stdin", given=PASSWORD)["changed"] is changed
        assert told(data, "department", "add", "support", "--name", "Support desk")["changed"] is changed
        assert told(data, "user", "add", "per", "--password-stdin", given=PASSWORD)["changed"] is changed
        grant = ("user", "grant", "per", "agent", "--department", "support")
        assert told(data, *grant)["changed"] is changed
        change = ("department", "set", "support", "--welcome", "Hi!", "--topic", "Bills", "--topic", "Other")
        assert told(data, *change, "--wrapup-seconds", "45", "--team")["changed"] is changed
    for changed in (True, False):
        assert told(data, "user", "disable", "per")["changed"] is changed
    people = {row["name"]: row for row in told(data, "user", "list")}
    assert [grant["role"] for grant in people["ola"]["grants"]] == ["admin", "agent", "supervisor"]
    assert people["per"]["grants"] == [{"role": "agent", "department": "support"}]
    assert people["per"]["disabled"] is True
    (department,) = told(data, "department", "list")
    assert department["name"] == "Support desk"
    assert department["topics"] == ["Bills", "Other"]
    assert (department["wrapup_s"], department["team"]) == (45, True)
    assert told(data, "user", "passwd", "ola", "--password-stdin", given=PASSWORD)["changed"] is True
    assert told(data, "session", "list") == []


def test_a_day_of_orders_without_a_server(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database_url.startswith("sqlite"):
        monkeypatch.setenv("AGENTCONSOLE_DATABASE", database_url)
    session(tmp_path / "data")
    assert (tmp_path / "data" / "agentconsole.db").exists() is database_url.startswith("sqlite")


def test_the_same_orders_to_a_running_server(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        told(server.data, "user", "add", "ola", "--password-stdin", given=PASSWORD)
        told(server.data, "department", "add", "support")
        token = server.login("ola")
        assert [card["slug"] for card in server.ask("GET", "/api/departments", token).json()] == ["support"]
        (row,) = told(server.data, "session", "list")
        assert told(server.data, "session", "revoke", str(row["id"]))["changed"] is True
        assert server.ask("GET", "/api/me", token).status_code == 401


def test_people_read_sentences(tmp_path: Path) -> None:
    """As a process, as an operator starts it."""

    def process(*words: str, given: str = "") -> tuple[int, str, str]:
        command = [sys.executable, "-m", "agentconsole", "admin", *words, "--data", str(tmp_path / "data")]
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    code, out, err = process("user", "add", "ola", "--password-stdin", given=PASSWORD)
    assert (code, out) == (0, "ola was added with the roles admin, agent, supervisor.\n")
    assert f"A new database was made in {tmp_path / 'data'}." in err, "it may be the wrong folder"
    assert process("user", "add", "bo", "--display", "Bo 語 K", "--password-stdin", given=PASSWORD)[2] == ""
    assert process("user", "list") == (
        0,
        "bo   Bo 語 K  no rights\nola  ola      admin, agent, supervisor\n",
        "",
    )


def test_a_password_that_is_typed_is_typed_twice(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "agentconsole", "admin", "--data", str(data), "user", "add", "ola"]
    for again, code in ((PASSWORD + "x", 1), (PASSWORD, 0)):
        with Terminal(command) as terminal:
            terminal.wait_for("Password for ola:")
            terminal.send(PASSWORD + "\n")
            terminal.wait_for("The same again:")
            terminal.send(again + "\n")
            assert terminal.wait_end() == code
            assert PASSWORD.encode() not in terminal.raw
    assert [row["name"] for row in told(data, "user", "list")] == ["ola"]


def test_exit_codes_say_what_kind_of_failure_it_was(tmp_path: Path) -> None:
    data = tmp_path / "data"
    refused = admin(data, "user", "grant", "nobody", "agent")
    assert refused[:2] == (1, "")
    assert refused[2].endswith("agentconsole: There is no user nobody.\n")
    assert admin(data, "user", "add", "ola", "--password-stdin", given="short")[0] == 1
    assert admin(data, "user", "add", "ola")[0] == 2, "no password and no terminal to ask for it"
    assert admin(data, "user", "grant", "ola", "emperor")[0] == 2
    assert admin(data)[0] == 2
    refused = admin(data, "audit", "list", "--limit", "0")
    assert refused == (1, "", "agentconsole: limit: Expected `int` >= 1.\n"), "the word as it was typed"
    code, _, err = admin(data, "department", "set", "support", "--guests", "two")
    assert (code, err.count("\n")) == (2, 2), "its hundred flags do not hide what is wrong"
    with running(data) as server:
        (server.data / operator.NAME).unlink()
        code, _, err = admin(data, "user", "list")
        assert code == 3
        assert "already uses" in err
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert admin(blocked / "data", "user", "list")[0] == 3


def test_only_the_first_user_becomes_administrator(tmp_path: Path) -> None:
    data = tmp_path / "data"
    only = ("user", "add", "ola", "--password-stdin", "--only-admin")
    assert told(data, *only, given=PASSWORD)["changed"] is True
    assert admin(data, "user", "add", "per", "--password-stdin", "--only-admin", given=PASSWORD)[0] == 1
    told(data, "user", "add", "per", "--password-stdin", given=PASSWORD)
    grants = {row["name"]: row["grants"] for row in told(data, "user", "list")}
    assert grants == {"ola": [{"role": "admin", "department": ""}], "per": []}


# --- serve -----------------------------------------------------------------------------------------------------


def serve(*words: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """`agentconsole serve ...` that is expected to end by itself: exit code and standard error."""
    command = [sys.executable, "-m", "agentconsole", "serve", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=False, env=os.environ | (env or {})
    )
    return done.returncode, done.stderr


def test_a_first_start_says_how_to_make_the_first_administrator(tmp_path: Path) -> None:
    with running(tmp_path / "a folder") as server:
        order = f"agentconsole admin --data '{server.data}' user add NAME\n"
        assert order in server.log.read_text(), "it can be pasted into a shell"
        for password in ("", "admin", "password", "agentconsole"):
            answer = server.ask("POST", "/api/sessions", body={"name": "admin", "password": password})
            assert answer.status_code == 401
        server.add_user(name="ola")
        server.log.write_text("")
        server.stop()
        server.start()
        assert "user add" not in server.log.read_text()


def test_nobody_is_let_in_unencrypted_from_elsewhere(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    for host in ("0.0.0.0", "::", "192.0.2.1", "chat.example.org"):
        code, err = serve("--data", data, "--port", "0", "--host", host)
        assert code == 2
        assert "--behind-proxy" in err
        assert "--tls-cert" in err
    code, _ = serve("--data", data, "--port", "0", env={"AGENTCONSOLE_HOST": "0.0.0.0"})
    assert code == 2
    with running(tmp_path / "proxied", host="0.0.0.0", behind_proxy=True) as server:
        assert server.ask("GET", "/healthz").status_code == 200


@pytest.mark.parametrize(
    "flags, code, hint",
    [
        (["--tls-cert", "missing.pem", "--tls-key", "missing.pem"], 2, "No such file"),
        (["--tls-cert", __file__, "--tls-key", __file__], 2, "Both must be PEM files"),
        (["--database", "nonsense"], 2, "postgresql://user@host/name"),
        (["--database", "postgresql://host:port/name"], 3, "postgresql://user@host/name"),
        (["--database", "postgresql://127.0.0.1:1/name"], 3, "The database cannot be used"),
        (["--host", "nobody.invalid", "--behind-proxy"], 3, "nobody.invalid port 0: "),
        (["--data", __file__], 3, f"The data folder {__file__} cannot be used: File exists."),
    ],
    ids=str,
)
def test_what_stands_in_the_way_of_a_start_is_said_in_one_line(
    tmp_path: Path, flags: list[str], code: int, hint: str
) -> None:
    found, err = serve("--data", str(tmp_path / "data"), "--port", "0", *flags)
    assert found == code
    assert hint in err
    assert err.count("\n") == 1, err


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "agentconsole.db").write_text("a shopping list, long enough to be looked at by somebody\n" * 20)
    code, err = serve("--data", str(data), "--port", "0")
    assert (code, err.count("\n")) == (3, 1), err
    assert "not a database" in err
    assert admin(data, "user", "list")[0] == 3
    assert (data / "agentconsole.db").read_text().startswith("a shopping list")


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, err = serve("--data", str(tmp_path / "data"), "--port", str(port))
    assert code == 3
    assert f"127.0.0.1 port {port}: Address already in use" in err
    assert "--port" in err, "and what to do"


def test_a_second_server_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        code, err = serve("--data", str(server.data), "--port", "0")
        assert code == 3
        assert "Another server already uses" in err


def test_the_data_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "fresh"
    assert admin(data, "user", "list")[0] == 0
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_its_files_are_too_even_in_a_folder_that_others_may_enter(tmp_path: Path) -> None:
    data = tmp_path / "made by somebody else"
    data.mkdir(mode=0o755)
    with running(data) as server:
        server.add_user()
        for path in data.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name
    assert {path.name for path in data.iterdir()} >= {"agentconsole.db", "server.lock"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_makes_before_the_first_start_is_for_the_servers_user(tmp_path: Path) -> None:
    os.chown(tmp_path, 4_711, 4_712)
    assert admin(tmp_path, "department", "add", "support", "--name", "Support")[0] == 0
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in tmp_path.iterdir()}
    assert set(owners) >= {"agentconsole.db", "server.lock"}
    assert set(owners.values()) == {(4_711, 4_712)}


# --- the socket ------------------------------------------------------------------------------------------------


def test_the_operators_socket_is_for_its_owner_alone(server: Running) -> None:
    mode = (server.data / operator.NAME).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may try as somebody else")
def test_another_user_gives_no_orders() -> None:
    """Even with the files' modes out of the way, the server looks who is there."""
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "data") as server:
        path = server.data / operator.NAME
        for thing, mode in ((Path(name), 0o711), (server.data, 0o711), (path, 0o666)):
            thing.chmod(mode)
        with socket.socket(socket.AF_UNIX) as link:
            os.seteuid(pwd.getpwnam("nobody").pw_uid)
            try:
                link.connect(str(path))
            finally:
                os.seteuid(0)
            link.sendall(b'{"t":"add_user","name":"eve","password_hash":"x"}\n')
            answer = json.loads(link.makefile("rb").readline())
        assert answer["text"] == "Only root and the server's own user may give orders here."
        assert server.order(operator.ListUsers()).rows == []


def test_nonsense_on_the_socket_is_answered_and_harms_nobody(server: Running) -> None:
    for nonsense in (
        b"\n",
        b"{}\n",
        b'{"t":"open_session"}\n',
        b'{"t":"list_users","x":1}\n',
        b"[" * 90_000 + b"\n",
    ):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(server.data / operator.NAME))
            link.sendall(nonsense)
            answer = json.loads(link.makefile("rb").readline())
            assert answer["code"] == "bad_frame"
    assert server.order(operator.ListUsers()).rows


def test_of_duplicate_keys_the_last_wins_here_too(server: Running) -> None:
    first, last = unique("first"), unique("last")
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(server.data / operator.NAME))
        link.sendall(f'{{"t":"add_department","slug":"{first}","slug":"{last}"}}\n'.encode())
        assert json.loads(link.makefile("rb").readline()).get("code") is None
    slugs = {row["slug"] for row in server.order(operator.ListDepartments()).rows or []}
    assert last in slugs
    assert first not in slugs


def test_the_socket_works_in_a_folder_with_a_long_name(tmp_path: Path) -> None:
    data = tmp_path / ("a-long-name-" * 10) / "data"
    with running(data) as server:
        assert len(os.fsencode(data / operator.NAME)) > 108
        assert server.order(operator.ListUsers()).rows == []


# --- in the desk -----------------------------------------------------------------------------------------------


class Office:
    """A desk on a database, and what it announced."""

    def __init__(self, url: str, data: Path) -> None:
        self.database = Database(url, data)
        self.database.migrate()
        self.news: list[Any] = []
        self.desk = Desk(self.database, lambda: 1_000_000, self._heard)

    def _heard(self, results: Any) -> None:
        self.news += [item for made in results for item in made.news]

    async def order(self, wish: Any, actor: Actor = SYSTEM) -> Made:
        """Carry it out."""
        return await self.desk.handle(actor, wish)

    async def refused(self, wish: Any, actor: Actor = SYSTEM) -> Code:
        """The code with which it is refused."""
        with pytest.raises(Refusal) as refused:
            await self.order(wish, actor)
        return refused.value.code

    def actor(self, name: str) -> Actor:
        """A user as an actor."""
        return self.database.read_now(lambda db: users.actor_of(db, users.by_name(db, name)))  # type: ignore[arg-type]

    def audit(self) -> list[tuple[str, str, str, str]]:
        """The audit log: who, what, on whom, detail."""
        with self.database.writer_engine.connect() as db:
            rows = db.execute(tables.audit.select().order_by(tables.audit.c.id)).all()
        return [(row.actor, row.deed, row.object, row.detail) for row in rows]


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """An office with an administrator `root`, an agent `ola` and the department `support`."""
    found = Office(database_url, tmp_path)
    await found.order(AddUser("root", HASH))
    await found.order(AddUser("ola", HASH))
    await found.order(AddDepartment("support"))
    await found.order(GiveGrant("ola", Role.agent, "support"))
    yield found
    found.desk.writer.close()
    found.database.close()


ORDERS = [
    AddUser("new", HASH),
    SetPassword("ola", HASH),
    DisableUser("ola"),
    GiveGrant("ola", Role.admin),
    WithdrawGrant("root", Role.admin),
    AddDepartment("new"),
    SetDepartment("support", name="New"),
    EndSession(1),
    EndSessions("root"),
    OpenSession(1, HASH, b"x", "", 2_000_000),
    TouchSession(1),
    TouchVisitor(1),
]


async def test_nobody_but_administrators_gives_orders(office: Office) -> None:
    """Agents, supervisors, analysts, visitors: nothing changes, and the answer is that there is no such thing."""
    everybody = [
        office.actor("ola"),
        Actor(Side.staff, 99, "sue", "Sue", (Grant(Role.supervisor), Grant(Role.analyst), Grant(Role.agent))),
        Actor(Side.staff, 98, "nobody", "Nobody"),
        Actor(Side.visitor, 1),
    ]
    before = office.audit()
    for actor in everybody:
        for wish in ORDERS:
            if actor.side is Side.visitor:
                continue  # a visitor's socket knows no such command
            if actor.name == "sue" and isinstance(wish, AddDepartment | SetDepartment):
                continue  # a supervisor's own departments
            assert await office.refused(wish, actor) is Code.unknown, (actor, wish)
    assert office.audit() == before


async def test_an_administrator_runs_the_system_but_raises_nobody_who_is_himself(office: Office) -> None:
    root = office.actor("root")
    for wish in (AddUser("new", HASH), GiveGrant("new", Role.admin), SetDepartment("support", name="New")):
        assert (await office.order(wish, root)).value.changed
    assert await office.refused(GiveGrant("root", Role.analyst), root) is Code.invalid
    assert Grant(Role.analyst) not in office.actor("root").grants


async def test_the_last_administrator_cannot_go(office: Office) -> None:
    assert await office.refused(WithdrawGrant("root", Role.admin)) is Code.invalid
    assert await office.refused(DisableUser("root")) is Code.invalid
    await office.order(GiveGrant("ola", Role.admin))
    await office.order(DisableUser("ola"))
    assert await office.refused(DisableUser("root")) is Code.invalid, "who is disabled does not count"
    await office.order(DisableUser("ola", disabled=False))
    assert (await office.order(DisableUser("root"))).value.changed


async def test_every_order_is_announced_and_audited_once(office: Office) -> None:
    office.news.clear()
    written = len(office.audit())
    ola = office.actor("ola").id
    for _ in range(2):
        await office.order(GiveGrant("ola", Role.supervisor))
        await office.order(WithdrawGrant("ola", Role.agent, "support"))
        await office.order(DisableUser("ola"))
        await office.order(SetDepartment("support", name="Help"))
    assert office.news == [
        StaffChanged((ola,)),
        StaffChanged((ola,)),
        SessionsEnded(ola),
        StaffChanged((ola,)),
        DepartmentsChanged(),
    ]
    assert office.audit()[written:] == [
        ("system", "give_grant", "ola", "supervisor everywhere"),
        ("system", "withdraw_grant", "ola", "agent in support"),
        ("system", "disable_user", "ola", ""),
        ("system", "set_department", "support", "name"),
    ]


NONSENSE = [
    AddUser("", HASH),
    AddUser("Ola Nordmann", HASH),
    AddUser("o\x1b", HASH),
    AddUser("x" * 81, HASH),
    AddUser("per", HASH, display="x" * 81),
    AddDepartment("Support"),
    AddDepartment("a/b"),
    AddDepartment(""),
    AddDepartment("x" * 41),
    SetDepartment("support", name=" "),
    SetDepartment("support", name="x" * 81),
    SetDepartment("support", welcome="x" * 1_001),
    SetDepartment("support", topics=["x" * 121]),
    SetDepartment("support", topics=["x"] * 21),
    SetDepartment("support", wrapup_s=-1),
    SetDepartment("support", wrapup_s=3_601),
    SetDepartment("support", abandon_s=4),
    SetDepartment("support", waiting_s=0),
    SetDepartment("support", waiting_s=86_401),
    SetDepartment("support", queue_limit=0),
]


async def test_what_makes_no_sense_is_refused(office: Office) -> None:
    before = office.audit()
    for wish in NONSENSE:
        assert await office.refused(wish) in (Code.invalid, Code.too_long, Code.empty), wish
    assert office.audit() == before


async def test_of_two_who_change_a_department_the_second_is_told(office: Office) -> None:
    (found,) = office.database.read_now(departments.every)
    assert (await office.order(SetDepartment("support", name="First", version=found.version))).value.changed
    wish = SetDepartment("support", name="Second", version=found.version)
    assert await office.refused(wish) is Code.conflict
    (found,) = office.database.read_now(departments.every)
    assert found.name == "First"


async def test_a_session_opens_only_with_the_password_that_was_proved(office: Office) -> None:
    ola = office.actor("ola")
    await office.order(SetPassword("ola", HASH + "x"))
    late = OpenSession(ola.id, HASH, b"late", "", 2_000_000)
    assert await office.refused(late) is Code.login
    await office.order(OpenSession(ola.id, HASH + "x", b"good", "", 2_000_000))
    await office.order(DisableUser("ola"))
    gone = OpenSession(ola.id, HASH + "x", b"gone", "", 2_000_000)
    assert await office.refused(gone) is Code.login


async def test_one_ends_ones_own_session_and_no_others(office: Office) -> None:
    ola, root = office.actor("ola"), office.actor("root")
    mine = (await office.order(OpenSession(ola.id, HASH, b"mine", "", 2_000_000))).about
    other = (await office.order(OpenSession(root.id, HASH, b"other", "", 2_000_000))).about
    assert await office.refused(EndSession(other), ola) is Code.unknown
    assert await office.refused(EndSession(999), ola) is Code.unknown
    assert (await office.order(EndSession(mine), ola)).value.changed
    assert not (await office.order(EndSession(mine), ola)).value.changed


async def test_the_clock_alone_says_that_the_server_lives(office: Office) -> None:
    with pytest.raises(Refusal):
        await office.order(Alive(), office.actor("root"))
