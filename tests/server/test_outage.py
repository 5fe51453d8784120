"""A full disk, a database that somebody else holds: told in words, nothing acknowledged is lost, and it passes."""

import contextlib
import resource
import sqlite3
from pathlib import Path

import httpx
import psycopg
import pytest

from agentconsole.backend import jobs
from agentconsole.backend.connections import MOST
from agentconsole.backend.server import SPARE_FILES
from agentconsole.backend.storage.database import ONE_SERVER
from tests.proof.impatient import LAUNCHER
from tests.proof.server import SHIPPED
from tests.running import Running, Visitor, cid, running
from tests.server import site as sites
from tests.waiting import async_until, until

pytestmark = pytest.mark.one_engine


def say(visitor: Visitor, chat: int, text: str) -> str:
    """Say a line; "" or the code of the refusal."""
    mine = cid()
    visitor.send(t="say", cid=mine, chat=chat, text=text)
    answer = visitor.wait("ack", "refused")
    assert answer["cid"] == mine
    return "" if answer["t"] == "ack" else str(answer["code"])


def said(server: Running, chat: int, token: str) -> list[str]:
    """All lines of the chat, as staff read them."""
    events = server.ask("GET", f"/api/chats/{chat}/events?limit=500", token).json()
    return [event["what"]["text"] for event in events if event["what"]["kind"] == "said"]


def test_a_full_disk_is_said_and_passes(tmp_path: Path) -> None:
    """The process may not let its files grow: to the database that is a disk without room."""
    with running(tmp_path / "data") as server:
        department = server.department_id(server.add_department())
        token = server.login(server.add_user("agent", "supervisor"))
        visitor = server.visitor()
        chat = visitor.start(department, "line 0")
        size = (server.data / "agentconsole.db-wal").stat().st_size
        limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size + 40_000, limits[1]))
        lines, codes = ["line 0"], []
        for number in range(1, 41):
            codes.append(say(visitor, chat, text := f"line {number} " + "x" * 3_000))
            lines += [text] if not codes[-1] else []
        assert codes[0] == ""
        assert set(codes[-20:]) == {"busy"}
        assert server.ask("GET", "/healthz").status_code == 200
        assert said(server, chat, token) == lines, "what is there can be read"
        login = server.ask("POST", "/api/sessions", body={"name": "nobody", "password": "at all"})
        assert login.status_code == 401
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, limits)
        assert say(visitor, chat, "there is room again") == ""
        assert said(server, chat, token) == [*lines, "there is room again"]


def test_it_may_open_as_many_files_as_it_holds_sockets(tmp_path: Path) -> None:
    """A shell's usual 1,024 would end it long before the sockets that are promised."""
    narrow = ("sh", "-c", 'ulimit -Sn 200 && exec "$0" "$@"', *SHIPPED)
    with running(tmp_path / "data", launcher=narrow, sockets=3_000) as server:
        soft, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        assert soft == min(hard, 3_000 + MOST + SPARE_FILES)


def test_who_holds_the_database_is_waited_for(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        department = server.department_id(server.add_department())
        token = server.login(server.add_user("agent", "supervisor"))
        visitor = server.visitor()
        chat = visitor.start(department, "before")
        foreign = sqlite3.connect(server.data / "agentconsole.db", isolation_level=None)
        foreign.execute("BEGIN IMMEDIATE")
        for number in range(3):
            visitor.send(t="say", cid=cid(), chat=chat, text=f"meanwhile {number}")
        visitor.send(t="ping", n=7)
        assert visitor.wait("ack", "refused", "pong")["t"] == "pong", "nobody is told what is not written"
        assert said(server, chat, token) == ["before"]
        foreign.execute("ROLLBACK")
        assert [visitor.wait("ack", "refused")["t"] for _ in range(3)] == ["ack"] * 3
        assert said(server, chat, token) == ["before", *(f"meanwhile {number}" for number in range(3))]


def test_who_holds_the_database_keeps_nobody_from_leaving(tmp_path: Path) -> None:
    with running(tmp_path / "data", launcher=LAUNCHER) as server:
        department = server.department_id(server.add_department())
        visitor = server.visitor()
        chat = visitor.start(department, "before")
        foreign = sqlite3.connect(server.data / "agentconsole.db", isolation_level=None)
        foreign.execute("BEGIN IMMEDIATE")
        visitor.send(t="say", cid=cid(), chat=chat, text="never acknowledged")
        visitor.send(t="ping", n=7)
        visitor.wait("pong")
        assert server.stop() == 1, "it leaves, though not all is written"
        assert "the database did not answer in time" in server.log.read_text()
        foreign.execute("ROLLBACK")
        foreign.close()
        server.start()
        until(lambda: server.ask("GET", "/readyz").status_code == 200)
        server.visitor(visitor.token).close()


async def test_it_is_not_ready_while_nothing_can_be_written(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ALIVE_EVERY", 0.05)
    async with sites.running(sqlite_url, tmp_path) as site, httpx.AsyncClient(base_url=site.url) as client:

        async def answered(path: str, status: int) -> bool:
            return (await client.get(path)).status_code == status

        assert await answered("/readyz", 200)
        async with site.stalled() as at_the_gate:
            await at_the_gate()
            site.later(31_000)
            assert await answered("/readyz", 503)
            assert await answered("/healthz", 200), "but it lives"
        await async_until(lambda: answered("/readyz", 200), what="it to be ready again")


def test_of_two_servers_on_one_database_the_first_leaves_when_it_lost_the_lock(
    postgres_url: str, tmp_path: Path
) -> None:
    """A link to PostgreSQL that is cut takes the lock along; lines go on, until somebody else has taken it."""
    rival_url = postgres_url.replace("+psycopg", "")
    with running(tmp_path / "data", postgres_url, LAUNCHER) as server, contextlib.ExitStack() as held:
        department = server.department_id(server.add_department())
        visitor = server.visitor()
        chat = visitor.start(department, "before")
        rival = held.enter_context(psycopg.connect(rival_url, autocommit=True))
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        take = "SELECT pg_try_advisory_lock(%s)"

        def taken() -> bool:
            rival.execute(cut)
            return rival.execute(take, [ONE_SERVER]).fetchone() == (True,)

        rival.execute(cut)
        until(lambda: say(visitor, chat, "after") == "")
        until(taken, what="the lock to be free")
        assert visitor.wait("bye")
        assert server.stop() == 3, "it has left by itself"
        assert "another server has taken this database; this one leaves" in server.log.read_text()
