"""Who holds a connection without asking for anything, or too many of them, is sent away; who asks is served."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from agentconsole.backend import connections, http, server
from agentconsole.backend.connections import Threshold
from agentconsole.backend.options import Options
from tests.server.site import Site, running, staff_token

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECONDS = 20.0
ASK = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A site that waits half a second for a head."""
    data = tmp_path_factory.mktemp("connections")
    async with running(f"sqlite:///{data / 'agentconsole.db'}", data, head_seconds=0.5) as found:
        yield found


async def connected(site: Site, said: bytes = b"") -> Streams:
    """A connection over which this was said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(site.url.rpartition(":")[2]))
    writer.write(said)
    return reader, writer


async def ended(streams: Streams, drip: bytes = b"") -> bool:
    """Does the server end the connection, though this is sent again and again?"""
    reader, writer = streams
    over = asyncio.create_task(reader.read())
    async with asyncio.timeout(SECONDS):
        while not over.done():
            writer.write(drip)
            await asyncio.wait({over}, timeout=0.05)
    writer.close()
    return isinstance(over.exception(), ConnectionError | None)


@pytest.mark.parametrize(
    "said, drip",
    [
        (b"", b""),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n"),
        (
            b"GET /ws/visitor HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n",
            b"X: y\r\n",
        ),
        (ASK + b"GET /healthz HT", b""),
        (ASK + b"GET /healthz HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n"),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", b"x"),
    ],
    ids=[
        "nothing",
        "slow head",
        "slow handshake",
        "half a second one",
        "slow second one",
        "slow body unread",
    ],
)
async def test_who_asks_for_nothing_is_sent_away(site: Site, said: bytes, drip: bytes) -> None:
    assert await ended(await connected(site, said), drip)


async def test_who_is_slow_with_a_body_is_told_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BODY_SECONDS", 0.2)
    head = (
        b"POST /api/left-messages/9/handled HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %s\r\nContent-Length: 100\r\n\r\n"
    )
    reader, writer = await connected(site, head % staff_token("ann").encode() + b'{"cid":')
    async with asyncio.timeout(SECONDS):
        assert b" 408 " in await reader.readuntil(b"\r\n")
    writer.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="a kernel that has no such time")
async def test_the_kernel_gives_up_who_takes_nothing() -> None:
    with server._listen(Options(port=0)) as listening:
        _, writer = await asyncio.open_connection(*listening.getsockname())
        async with asyncio.timeout(SECONDS):
            taken, _ = await asyncio.get_running_loop().sock_accept(listening)
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == server.USER_TIMEOUT_MS
            room = taken.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
            assert room <= 2 * server.SEND_BUFFER  # Linux shows twice what was asked for
        writer.close()


async def test_who_asks_is_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for the head ends with the head: an answer may take longer, and so may a socket's silence."""
    gate = asyncio.Event()
    session = site.desk.handle

    async def late(actor: object, command: object) -> object:
        await gate.wait()
        return await session(actor, command)  # type: ignore[arg-type]

    monkeypatch.setattr(site.desk, "handle", late)
    body = b'{"cid":"a-client-id","handled":true}'
    lines = (
        b"POST /api/left-messages/9/handled HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
    )
    reader, writer = await connected(site, lines % (staff_token("ann").encode(), len(body)) + body)
    vera = await site.visitor()
    assert await ended(await connected(site))  # a whole time for a head has passed
    gate.set()
    async with asyncio.timeout(SECONDS):
        assert b" 404 " in await reader.readuntil(b"\r\n")
    writer.close()
    await vera.pong()
    vera.drop()


async def test_a_proxy_stands_for_many_and_all_together_are_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 10)
    alone = Options(sockets_per_address=1)
    for options, peer, room in (
        (alone, "127.0.0.1", 4),
        (replace(alone, behind_proxy=True), "127.0.0.1", 10),
        (replace(alone, behind_proxy=True), "192.0.2.1", 4),
    ):
        threshold = Threshold(options)
        keys = [key for _ in range(20) if (key := threshold.enter(peer)) is not None]
        assert len(keys) == room
        for key in keys:
            threshold.leave(key)
        assert threshold.enter(peer) is not None
    threshold = Threshold(alone)
    inside = [threshold.enter(f"2001:db8:0:{n:x}::1") for n in range(20)]
    assert sum(key is not None for key in inside) == 10
    crowd = Threshold(alone)
    assert sum(crowd.enter(f"2001:db8::{n:x}") is not None for n in range(20)) == 4  # one network
