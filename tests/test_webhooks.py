"""Calls to other systems: nothing of ours can be reached by them, and none is lost or made under another id."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from agentconsole.backend import operator
from agentconsole.backend import webhooks as hooks
from agentconsole.backend.desk.desk import Desk
from agentconsole.backend.desk.made import Made
from agentconsole.backend.desk.rules import PutRule
from agentconsole.backend.desk.webhooks import Called
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.life import Refusal, Stumbled
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.backend.options import Options
from agentconsole.backend.secret import NoPassword
from agentconsole.backend.storage import departments, webhooks
from agentconsole.backend.storage.database import Database
from agentconsole.backend.storage.ticket_tables import webhook_out
from agentconsole.protocol import Code, NewTicket, RuleEvent, RuleWish, WebhookState
from tests.waiting import async_until, during

ENDLESS, DRIPPING = b"endless", b"dripping"
BODY = b'{"ticket":1}'
KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
SIGNED = {"webhook-id": "key-7"}
PRIVATE = (
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0",
    "fc00::1", "fd12::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "2002:7f00:1::", "2001:db8::1", "2001::1", "::127.0.0.1", "::ffff:0:7f00:1", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1", "100::1", "3fff::1", "5f00::1", "4000::1", "fd00:ec2::254", "192.0.0.192", "168.63.129.16",
    "100.100.100.200", "::ffff:168.63.129.16", "192.88.99.1",
)  # fmt: skip
HOSTS = (
    "127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
    "0", "169.254.169.254", "[fe80::1]", "10.1.2.3", "[64:ff9b::7f00:1]", "[::ffff:7f00:1]", "LOCALHOST.", "127.0.0.1.",
)  # fmt: skip


class Server:
    """Answers HTTP as it is told to, and remembers who called."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = itertools.chain(answers, itertools.repeat(answers[-1]))
        self.heard: list[bytes] = []
        self.url = ""
        self.tasks: list[asyncio.Task[None]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.append(task)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        self.heard.append(head + await reader.readexactly(length))
        answer = next(self.answers)
        if answer == DRIPPING:
            writer.write(b"HTTP/1.1 204 No Content\r\n")
            while not await self._gone(reader):
                writer.write(b"X: y\r\n")
        elif answer == ENDLESS:
            with contextlib.suppress(OSError):
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while not writer.is_closing():
                    writer.write(b"4000\r\n" + b"a" * 0x4000 + b"\r\n")
                    await writer.drain()
        elif answer:
            writer.write(answer.replace(b"HERE", self.url.encode()))
            await writer.drain()
        else:
            await reader.read()  # silence, until the caller goes
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    @staticmethod
    async def _gone(reader: asyncio.StreamReader) -> bool:
        """Has the caller left? Waits a little for it."""
        try:
            async with asyncio.timeout(0.05):
                return not await reader.read()
        except TimeoutError:
            return False
        except OSError:
            return True


@asynccontextmanager
async def serving(*answers: bytes) -> AsyncIterator[Server]:
    server = Server(*answers)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield server
    await asyncio.wait_for(asyncio.gather(*server.tasks, return_exceptions=True), 10)


def anywhere(address: str) -> bool:
    return True


def answer(status: int, *headers: str, body: str = "") -> bytes:
    lines = [f"HTTP/1.1 {status} Some", *headers, f"Content-Length: {len(body)}", "", body]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public(address: str) -> None:
    assert not hooks.is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]
)
def test_what_is_public(address: str) -> None:
    assert hooks.is_public(address)


@pytest.mark.parametrize("host", HOSTS)
async def test_nothing_of_ours_is_reached_however_it_is_written(host: str) -> None:
    async with serving(answer(200)) as server:
        taken, told = await hooks.call(f"http://{host}:{server.url.rpartition(':')[2]}/", SIGNED, BODY)
        assert not taken
        assert "public" in told or "found" in told
        assert not server.heard


async def test_a_name_is_looked_up_once_and_refused_if_any_of_its_addresses_is_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name whose answer changes between the look and the connection has no second chance."""
    asked: list[str] = []

    async def resolve(self: Any, host: str, port: int, **more: Any) -> list[Any]:
        asked.append(host)
        addresses = ["93.184.216.34", "127.0.0.1"] if host == "both.example" else ["127.0.0.1"]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    async with serving(answer(200)) as server:
        port = server.url.rpartition(":")[2]
        for host in ("both.example", "rebound.example"):
            assert await hooks.call(f"http://{host}:{port}/", SIGNED, BODY) == (
                False,
                f"refused: {host} is no public address",
            )
        assert asked == ["both.example", "rebound.example"]
        assert not server.heard
        assert (await hooks.call(f"http://named.example:{port}/", SIGNED, BODY, anywhere))[0]
        assert f"Host: named.example:{port}".encode() in server.heard[0]
        assert asked[2:] == ["named.example"]  # nobody looks again to connect


async def test_a_call_is_a_post_with_its_id() -> None:
    async with serving(answer(204)) as server:
        assert await hooks.call(f"{server.url}/a?b=c", SIGNED, BODY, anywhere) == (True, "answered 204")
        [heard] = server.heard
        assert heard.startswith(b"POST /a?b=c HTTP/1.1\r\n")
        assert b"webhook-id: key-7\r\n" in heard
        assert heard.endswith(BODY)


@pytest.mark.parametrize(
    "to, told",
    [
        ("http://10.0.0.1/", "no public address"), ("http://[::ffff:10.0.0.1]/", "no public address"),
        ("//169.254.169.254/latest", "no public address"), ("file:///etc/passwd", "no web address"),
        ("gopher://x/", "no web address"), ("http://\u00e5.example/", "no web address"),
        ("HERE/again", "more than 3 times"), ("http://127.0.0.1:25/", "port 25"),
        ("http://127.0.0.1:99999/", "Error"), ("http://a:b@127.0.0.1:8080/", "a name or a password"), ("http://[::1/", "Error"),
    ],
)  # fmt: skip
async def test_redirects_are_looked_at_too(to: str, told: str) -> None:
    async with serving(answer(307, f"Location: {to}")) as server:
        taken, said = await hooks.call(server.url, SIGNED, BODY, lambda address: address == "127.0.0.1")
        assert (taken, told in said) == (False, True), said
        assert len(server.heard) == (4 if "HERE" in to else 1)


def test_a_redirect_never_gives_up_encryption() -> None:
    at = hooks.urlsplit("https://example.org/x")
    assert hooks._redirected(at, "//other.example/y").geturl() == "https://other.example/y"
    with pytest.raises(hooks.Unusable, match="read along"):
        hooks._redirected(at, "http://example.org/x")


async def test_a_name_or_password_in_an_address_goes_nowhere() -> None:
    async with serving(answer(200)) as server:
        url = server.url.replace("://", "://ana:secret@")
        taken, told = await hooks.call(url, SIGNED, BODY, anywhere)
        assert (taken, told) == (False, "refused: the address has a name or a password in it")
        assert not server.heard


def test_a_public_address_of_this_very_machine_is_ours() -> None:
    """A database that listens there would think that the call comes from inside."""
    assert hooks.is_here("127.0.0.1")
    assert not hooks.is_here("93.184.216.34")


async def test_a_redirect_that_keeps_the_call_is_followed() -> None:
    async with serving(answer(308, "Location: /there"), answer(200)) as server:
        assert await hooks.call(server.url, SIGNED, BODY, anywhere) == (True, "answered 200")
        assert server.heard[1].startswith(b"POST /there ")
    async with serving(answer(302, "Location: /there")) as server:
        assert await hooks.call(server.url, SIGNED, BODY, anywhere) == (False, "answered 302")


@pytest.mark.parametrize(
    "said, told",
    [
        (b"", "no answer within"), (DRIPPING, "no answer within"), (b"garbage\r\n\r\n", "Error"),
        (answer(500), "answered 500"), (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", "Error"),
    ],
)  # fmt: skip
async def test_what_goes_wrong_is_told(said: bytes, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if told == "no answer within":
        monkeypatch.setattr(hooks, "SECONDS", 0.3)
    async with serving(said) as server:
        taken, found = await hooks.call(server.url, SIGNED, BODY, anywhere)
        assert not taken
        assert told in found


@pytest.mark.parametrize("said", [ENDLESS, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow"])
async def test_what_follows_the_headers_is_not_waited_for(said: bytes) -> None:
    """It was taken; were its end waited for, it would be called again and again."""
    async with serving(said) as server:
        assert await hooks.call(server.url, SIGNED, BODY, anywhere) == (True, "answered 200")


def test_it_is_tried_for_a_day_with_pauses_that_grow() -> None:
    now, pauses, tries = 0, [], 1
    while at := hooks.retry_at(tries, now):
        pauses.append((at - now) / 1_000)
        now, tries = at, tries + 1
    assert 7 <= pauses[0] <= 13
    assert all(8_000 < pause < 13_600 for pause in pauses[7:])
    assert 18 <= now / 3_600_000 <= 31


def _checked(heard: bytes) -> dict[str, str]:
    """The headers of a call, as docs/rules.md has a receiver check them: by the standard's words alone."""
    head, _, body = heard.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mark = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mark}"
    return headers


def _tickets(server: Server) -> list[int]:
    """Which tickets it heard of."""
    return [json.loads(heard.partition(b"\r\n\r\n")[2])["ticket"] for heard in server.heard]


class House:
    """A desk with one department, whose clock stands still until it is moved."""

    def __init__(self, url: str, data: Path) -> None:
        self.now = 1_700_000_000_000
        self._cids = itertools.count(1)
        self.database = Database(url, data)
        self.database.migrate()
        with self.database.writer_engine.begin() as connection:
            departments.add(connection, Department(0, "support", "Support"))
        self.desk = Desk(self.database, lambda: self.now, lambda made: None)

    async def rule(self, url: str) -> None:
        """A rule calls this address for every ticket that comes."""
        wish = RuleWish("Tell", RuleEvent.ticket_created, [f"webhook {url}"])
        await self.desk.handle(SYSTEM, PutRule(wish))

    async def ticket(self) -> None:
        """A ticket comes."""
        await self.desk.handle(SYSTEM, NewTicket(f"cid-{next(self._cids):08}", 1, "Late", "x"))

    def refusing(
        self, monkeypatch: pytest.MonkeyPatch, why: Callable[[Called], Refusal | None]
    ) -> list[Called]:
        """From now on the desk does not keep what came of some calls; which it did not."""
        handle = self.desk.handle
        refused: list[Called] = []

        async def refuse(actor: Actor, command: Any) -> Made:
            refusal = why(command)
            if refusal is None:
                return await handle(actor, command)
            refused.append(command)
            raise refusal

        monkeypatch.setattr(self.desk, "handle", refuse)
        return refused

    async def rows(self) -> list[Any]:
        """The calls as they are kept, oldest first."""
        query = webhook_out.select().order_by(webhook_out.c.id)
        return await self.database.read(lambda db: list(db.execute(query)))

    def caller(self, secret: Callable[[], str] = lambda: SECRET) -> hooks.Caller:
        """Calls wherever the rules say."""
        return hooks.Caller(self.database, self.desk, secret, anywhere)

    async def close(self) -> None:
        await self.desk.writer.drain()
        self.desk.writer.close()
        self.database.close()


@pytest_asyncio.fixture
async def house(sqlite_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house that is closed when the test is through."""
    house = House(sqlite_url, tmp_path)
    try:
        yield house
    finally:
        await house.close()


async def once(caller: hooks.Caller) -> None:
    """Make the calls that are due and wait for them; of those to one receiver it is one."""
    async with asyncio.TaskGroup() as calls:
        await caller.begin(calls)


async def test_a_rules_call_is_made_until_it_is_taken_always_under_one_id(house: House) -> None:
    async with serving(answer(500), answer(503), answer(200)) as server:
        await house.rule(f"{server.url}/x")
        await house.ticket()
        caller = house.caller()
        for _ in range(6):
            await once(caller)
            house.now += 3_600_000
        heads = [_checked(each) for each in server.heard]
        assert len({head["webhook-id"] for head in heads}) == 1
        assert [head["Idempotency-Key"] for head in heads] == [heads[0]["webhook-id"]] * 3
        times = [int(head["webhook-timestamp"]) for head in heads]
        assert times == [times[0], times[0] + 3_600, times[0] + 7_200]
    [row] = await house.rows()
    assert (row.tries, row.next_at, row.answer) == (3, 0, "answered 200")
    assert row.sent_at


async def test_without_a_secret_calls_wait(house: House) -> None:
    secret = "none yet"
    async with serving(answer(200)) as server:
        caller = house.caller(lambda: secret)
        await once(caller)  # nobody asks for it before there is something to sign
        await house.rule(server.url)
        await house.ticket()
        async with asyncio.TaskGroup() as calls:
            with pytest.raises(NoPassword, match="openssl"):
                await caller.begin(calls)
        [row] = await house.rows()
        assert (row.tries, row.next_at, server.heard) == (0, house.now, [])
        secret = SECRET
        await once(caller)
        _checked(server.heard[0])


async def test_one_that_lets_us_wait_holds_up_only_what_is_for_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "SECONDS", 3_600.0)
    async with serving(b"") as silent, serving(answer(200)) as quick:
        for server in (silent, quick):
            await house.rule(server.url)
        for _ in range(3):
            await house.ticket()
        async with during(house.caller().run()):
            await async_until(lambda: len(quick.heard) == 3, what="what is for the other")
            await async_until(lambda: silent.heard, what="the call that is not answered")
            assert _tickets(quick) == [1, 2, 3], "in the order in which they came"
            assert len(silent.heard) == 1, "and one after the other"


async def test_only_so_many_are_called_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "AT_ONCE", 2)
    monkeypatch.setattr(hooks, "SECONDS", 3_600.0)
    async with serving(b"") as one, serving(b"") as other, serving(b"") as third:
        for server in (one, other, third):
            await house.rule(server.url)
        await house.ticket()
        async with asyncio.TaskGroup() as calls:
            await house.caller().begin(calls)
            under_way = [task for task in asyncio.all_tasks() if task.get_name().startswith("webhook ")]
            for task in under_way:
                task.cancel()
        assert len(under_way) == 2


async def test_those_that_let_us_wait_leave_room_for_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who did not take the last call shares half of the room; who takes calls is called at once."""
    monkeypatch.setattr(hooks, "AT_ONCE", 2)
    async with (
        serving(answer(500), b"") as one,
        serving(answer(500), b"") as other,
        serving(answer(200)) as quick,
    ):
        for server in (one, other, quick):
            await house.rule(server.url)
        await house.ticket()
        caller = house.caller()
        for _ in range(2):
            await once(caller)
        assert [len(server.heard) for server in (one, other, quick)] == [1, 1, 1]
        monkeypatch.setattr(hooks, "SECONDS", 3_600.0)
        house.now += 3_600_000  # the first two are due again, before what comes now
        await house.ticket()
        async with during(caller.run()):
            await async_until(lambda: len(quick.heard) == 2, what="what is for the one that takes calls")
            await async_until(lambda: len(one.heard) + len(other.heard) == 3, what="one of the others, again")


async def test_what_came_of_a_call_is_kept_as_soon_as_the_desk_has_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not made again for that."""
    monkeypatch.setattr(hooks, "PERIOD", 0.01)
    monkeypatch.setattr(hooks, "REST", 0.01)
    later = Refusal(Code.busy, "later")
    async with serving(answer(200)) as server:
        await house.rule(server.url)
        await house.ticket()
        refused = house.refusing(monkeypatch, lambda called: later if len(refused) < 3 else None)
        await once(house.caller())
        assert (len(server.heard), len(refused)) == (1, 3)
        [row] = await house.rows()
        assert (row.tries, row.answer) == (1, "answered 200")


async def test_a_call_over_which_the_desk_stumbles_holds_up_no_other_receiver(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "PERIOD", 0.01)
    async with serving(answer(500)) as poor, serving(answer(200)) as good:
        for server in (poor, good):
            await house.rule(server.url)
        for _ in range(3):
            await house.ticket()
        stumbled = Stumbled(Code.busy, "a mistake")
        refused = house.refusing(monkeypatch, lambda called: None if called.taken else stumbled)
        async with during(house.caller().run()):
            await async_until(lambda: len(good.heard) == 3 and refused, what="what is for the other")
            assert len(poor.heard) == 1, "it is not called again and again"


async def test_many_calls_wait_for_no_pause_between_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "PERIOD", 3_600.0)
    await house.rule("http://127.0.0.1:1/")
    for _ in range(5):
        await house.ticket()
    async with during(hooks.Caller(house.database, house.desk, lambda: SECRET).run()):
        await async_until(lambda: not house.database.read_now(lambda db: webhooks.due(db, house.now, 1)))


async def test_an_operator_is_told_of_calls_that_are_not_listed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator, "WEBHOOKS", 2)
    await house.rule("http://192.0.2.1/x")
    told = []
    for _ in range(3):
        await house.ticket()
        wish = operator.ListWebhooks(WebhookState.waiting)
        answer = await operator.carry_out(house.database, house.desk, Options(), operator.operator(0), wish)
        told.append((len(answer.rows or []), answer.text))
    assert told == [(1, ""), (2, ""), (2, "These are the newest 2 of 3.")]
