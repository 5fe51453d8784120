"""Whatever comes over a socket: a clear answer or a clean close, and the next good client works."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from agentconsole import protocol as p
from tests.server.raw import BINARY, CLOSE, PING, PONG, TEXT, Raw, frame
from tests.server.site import Site, running, staff_token
from tests.server.windows import new_cid
from tests.waiting import async_until

pytestmark = pytest.mark.asyncio(loop_scope="module")
FIN = 0x80


def hello(token: str) -> bytes:
    """The first frame, whatever the token is."""
    return b'{"t":"hello","token":"' + token.encode() + b'"}'


HELLO = hello("t" * 43)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The site that all these tests mistreat."""
    data = tmp_path_factory.mktemp("frames")
    async with running(f"sqlite:///{data / 'agentconsole.db'}", data) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def site(one_site: Site) -> AsyncIterator[Site]:
    """The same; after each test a good client must find it in order, and nobody else's chat in it."""
    yield one_site
    vera, chat = await one_site.chat()
    await vera.say(chat, "still there?")
    await vera.expect(p.VisitorEvent, what=p.Said("still there?"))
    await vera.done(p.Leave(new_cid(), chat))
    vera.drop()
    assert not one_site.hub.board.heads


async def greeted(site: Site) -> Raw:
    """A visitor's socket that has said hello."""
    raw = await Raw.connect(site.url)
    assert raw.status == 101
    raw.text(HELLO)
    await raw.until_text(b'"synced"')
    return raw


# --- the handshake -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/ws/visitor", "/ws/staff"])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1",
        "http://localhost:{port}",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}.evil.example",
        "http://evil.example/http://127.0.0.1:{port}",
        "http://evil.example@127.0.0.1:{port}",
        "http://127.0.0.1:{port}/",
        "null",
        "file://",
        "chrome-extension://abcdef",
    ],
)
async def test_a_foreign_origin_is_refused(site: Site, path: str, origin: str) -> None:
    port = site.url.rpartition(":")[2]
    async with await Raw.connect(site.url, path, Origin=origin.format(port=port)) as raw:
        assert raw.status == 403


@pytest.mark.parametrize("path", ["/ws/visitor", "/ws/staff"])
async def test_the_own_origin_and_none_are_welcome(site: Site, path: str) -> None:
    for origin in (site.url, site.url.upper().replace("HTTP", "http"), ""):
        async with await Raw.connect(site.url, path, Origin=origin) as raw:
            assert raw.status == 101


async def test_there_is_no_socket_elsewhere(site: Site) -> None:
    for path in ("/ws", "/ws/visitor/", "/ws/admin", "/", "/ws/../ws/staff", "//[", "http://[/ws/staff"):
        async with await Raw.connect(site.url, path) as raw:
            assert raw.status == 404
    async with await Raw.connect(site.url, "/ws/visitor?token=1") as raw:
        assert raw.status == 101


async def test_compression_is_not_agreed_to(site: Site) -> None:
    async with await Raw.connect(site.url, Sec_WebSocket_Extensions="permessage-deflate") as raw:
        assert raw.status == 101
        assert b"permessage-deflate" not in raw.head


@pytest.mark.parametrize("headers", [{"Sec_WebSocket_Version": "8"}, {"Sec_WebSocket_Key": "short"}])
async def test_a_handshake_that_is_none_is_refused(site: Site, headers: dict[str, str]) -> None:
    async with await Raw.connect(site.url, **headers) as raw:
        assert raw.status in (400, 426)


# --- hello ----------------------------------------------------------------------------------------------------------------


async def test_what_is_said_before_the_welcome_is_heard_after_it(site: Site) -> None:
    start = b'{"t":"start","cid":"in-one-breath","department":1,"text":"in one breath"}'
    async with await Raw.connect(site.url) as raw:
        raw.send(b"".join(frame(FIN | TEXT, text) for text in (HELLO, start, b'{"t":"ping","n":7}')))
        seen = [await raw.until_text(part) for part in (b'"welcome"', b'"synced"', b'"pong"', b'"ack"')]
        assert b'"in-one-breath"' in seen[-1]
        chat = int(seen[-1].split(b'"chat":')[1].split(b",")[0])
        raw.text(f'{{"t":"leave","cid":"and-goodbye","chat":{chat}}}')
        await raw.until_text(b"and-goodbye")


async def test_who_says_too_much_before_the_welcome_is_sent_away(site: Site) -> None:
    async with await Raw.connect(site.url) as raw:
        raw.send(frame(FIN | TEXT, HELLO) + frame(FIN | TEXT, b'{"t":"ping"}') * 65)
        assert await raw.closed() == 1008


async def test_hello_comes_first_and_once(site: Site) -> None:
    async with await Raw.connect(site.url) as raw:
        raw.text(b'{"t":"start","cid":"12345678","department":1}')
        assert b"hello comes first" in await raw.until_text(b"bad_frame")
        raw.text(HELLO)
        await raw.until_text(b'"synced"')
        raw.text(HELLO)
        assert b"hello was said already" in await raw.until_text(b"bad_frame")


@pytest.mark.parametrize(
    "token", ["", "short", "t" * 42, "t" * 65, "t" * 42 + "=", "t" * 42 + "é", "../" + "t" * 40]
)
async def test_a_visitors_token_has_a_shape(site: Site, token: str) -> None:
    async with await Raw.connect(site.url) as raw:
        raw.text(hello(token))
        await raw.until_text(b"bad_frame")


@pytest.mark.parametrize("token", ["x" * 20, "x" * 200, "token-of-nobody".ljust(40, "x")])
async def test_a_staff_token_that_is_unknown_must_log_in(site: Site, token: str) -> None:
    async with await Raw.connect(site.url, "/ws/staff") as raw:
        raw.text(hello(token))
        await raw.until_text(b'"login"')
        assert await raw.closed() == 4001


# --- words ----------------------------------------------------------------------------------------------------------------

BAD = {
    "no json": b"hello",
    "empty": b"",
    "array": b"[]",
    "number": b"1",
    "null": b"null",
    "no tag": b"{}",
    "unknown word": b'{"t":"zap"}',
    "a word of staff": b'{"t":"take","cid":"12345678","chat":1}',
    "a frame of the server": b'{"t":"ack","cid":"12345678"}',
    "unknown field": b'{"t":"ping","n":1,"admin":true}',
    "two words in one": b'{"t":"ping","t":"zap"}',
    "two words in one, the last a known one": b'{"t":"leave","t":"ping"}',
    "missing field": b'{"t":"say","cid":"12345678","chat":1}',
    "wrong type": b'{"t":"say","cid":"12345678","chat":"1","text":"x"}',
    "text is null": b'{"t":"say","cid":"12345678","chat":1,"text":null}',
    "text is an object": b'{"t":"say","cid":"12345678","chat":1,"text":{"a":1}}',
    "nan": b'{"t":"ping","n":NaN}',
    "infinity": b'{"t":"ping","n":Infinity}',
    "fraction": b'{"t":"ping","n":1.5}',
    "negative": b'{"t":"ping","n":-1}',
    "boolean": b'{"t":"ping","n":true}',
    "beyond 2^53": b'{"t":"ping","n":9007199254740993}',
    "beyond 2^64": b'{"t":"ping","n":18446744073709551617}',
    "5,000 digits": b'{"t":"ping","n":' + b"9" * 5_000 + b"}",
    "exponent": b'{"t":"ping","n":1e400}',
    "deep": b'{"t":"ping","n":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "deep and unknown": b'{"t":"ping","x":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    "trailing": b'{"t":"ping"}{"t":"ping"}',
    "bom": b'\xef\xbb\xbf{"t":"ping"}',
    "utf-16": '{"t":"ping"}'.encode("utf-16"),
    "broken utf-8": b'{"t":"typing","chat":1,"text":"\xff\xfe"}',
    "overlong utf-8": b'{"t":"typing","chat":1,"text":"\xc0\x80"}',
    "lone surrogate": b'{"t":"typing","chat":1,"text":"\\ud800"}',
    "surrogates the wrong way round": b'{"t":"typing","chat":1,"text":"\\udc00\\ud800"}',
    "surrogate as utf-8": b'{"t":"typing","chat":1,"text":"\xed\xa0\x80"}',
    "raw control character": b'{"t":"typing","chat":1,"text":"a\nb"}',
    "raw nul": b'{"t":"typing","chat":1,"text":"a\x00b"}',
    "single quotes": b"{'t':'ping'}",
    "comment": b'{"t":"ping"/**/}',
    "cid with a space": b'{"t":"say","cid":"1234 678","chat":1,"text":"x"}',
    "cid with a newline": b'{"t":"say","cid":"12345678\\n","chat":1,"text":"x"}',
    "cid too short": b'{"t":"say","cid":"1234567","chat":1,"text":"x"}',
    "cid too long": b'{"t":"say","cid":"' + b"1" * 41 + b'","chat":1,"text":"x"}',
    "id zero": b'{"t":"say","cid":"12345678","chat":0,"text":"x"}',
    "17 cursors": b'{"t":"hello","token":"'
    + b"t" * 43
    + b'","cursors":['
    + b",".join([b'{"chat":1,"pub":1}'] * 17)
    + b"]}",
    "negative cursor": b'{"t":"hello","token":"' + b"t" * 43 + b'","cursors":[{"chat":1,"pub":-1}]}',
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_frame_is_told_and_survived(site: Site, name: str) -> None:
    async with await greeted(site) as raw:
        raw.text(BAD[name])
        found = p.decode_visitor_frame(await raw.until_text(b'"refused"'))
        assert isinstance(found, p.Refused)
        assert found.code is p.Code.bad_frame
        assert len(found.text) < 300
        raw.text(b'{"t":"ping","n":5}')
        await raw.until_text(b'"pong"')


@pytest.mark.parametrize("door", ["/ws/visitor", "/ws/staff"])
async def test_of_duplicate_keys_the_last_wins(site: Site, door: str) -> None:
    async with await Raw.connect(site.url, door) as raw:
        raw.text(HELLO if door == "/ws/visitor" else hello(staff_token("ann")))
        await raw.until_text(b'"synced"')
        raw.text(b'{"t":"ping","n":1,"n":2}')
        assert b'"n":2' in await raw.until_text(b'"pong"')


async def test_the_third_bad_frame_closes(site: Site) -> None:
    async with await greeted(site) as raw:
        for _ in range(2):
            raw.text(b"?")
            await raw.until_text(b"bad_frame")
        raw.text(b'{"t":"ping","n":5}')
        await raw.until_text(b'"pong"')
        raw.text(b"?")
        await raw.until_text(b"bad_frame")
        assert await raw.closed() == 1008


async def test_what_follows_the_third_bad_frame_is_not_done(site: Site) -> None:
    async with await greeted(site) as raw:
        raw.send(
            frame(FIN | TEXT, b"?") * 3 + frame(FIN | TEXT, b'{"t":"start","cid":"12345678","department":1}')
        )
        assert await raw.closed() == 1008


# --- frames -----------------------------------------------------------------------------------------------------------------


async def test_a_message_of_the_full_size_is_read(site: Site) -> None:
    async with await greeted(site) as raw:
        for size in (125, 126, 127, 4_000, 65_534, 65_535, 65_536):
            text = b'{"t":"ping","n":%d}' % size
            raw.text(text + b" " * (size - len(text)))
            await raw.until_text(b'"n":%d' % size)


@pytest.mark.parametrize("cut", [1, 2, 3, 9, 10, 13, 14, 1_000, 65_483])
async def test_a_message_of_the_full_size_is_read_in_two_pieces(site: Site, cut: int) -> None:
    async with await greeted(site) as raw, await greeted(site) as other:
        data = frame(FIN | TEXT, b'{"t":"ping","n":1}'.ljust(65_536)) + frame(
            FIN | TEXT, b'{"t":"ping","n":2}'
        )
        raw.send(data[:cut])
        other.text(b'{"t":"ping","n":3}')
        await other.until_text(b'"n":3')  # what came before has been read
        raw.send(data[cut:])
        for number in (1, 2):
            await raw.until_text(b'"n":%d' % number)


@pytest.mark.parametrize("size", [0, 1, 2, 12, 200])
async def test_an_unmasked_frame_closes_as_soon_as_it_is_seen(site: Site, size: int) -> None:
    async with await greeted(site) as raw:
        raw.send(frame(FIN | TEXT, b" " * size, masked=False))
        assert await raw.closed() == 1002


@pytest.mark.parametrize("length", [65_537, 2**20, 2**31, 2**62])
async def test_too_big_is_closed_from_the_header(site: Site, length: int) -> None:
    async with await greeted(site) as raw:
        raw.send(frame(FIN | TEXT, b"", length=length))
        assert await raw.closed() == 1009


async def test_too_big_in_one_piece_is_closed(site: Site) -> None:
    async with await greeted(site) as raw:
        raw.send(frame(FIN | TEXT, b'{"t":"ping","n":1}'.ljust(65_537)))
        assert await raw.closed() == 1009


async def test_too_big_in_pieces_is_closed(site: Site) -> None:
    async with await greeted(site) as raw:
        raw.send(frame(TEXT, b" " * 40_000))
        raw.send(frame(FIN, b" " * 40_000))
        assert await raw.closed() == 1009


@pytest.mark.parametrize("fragments", [2, 63, 64])
async def test_fragments_are_put_together(site: Site, fragments: int) -> None:
    async with await greeted(site) as raw:
        text = b'{"t":"ping","n":%d}' % fragments + b" " * 64
        pieces = [text[at : at + 1] for at in range(fragments - 1)] + [text[fragments - 1 :]]
        raw.send(frame(TEXT, pieces[0]))
        raw.send(frame(FIN | PING, b"between"))
        for piece in pieces[1:-1]:
            raw.send(frame(0, piece))
        raw.send(frame(FIN, pieces[-1]))
        assert await raw.frame() == (PONG, b"between")
        await raw.until_text(b'"n":%d' % fragments)


@pytest.mark.parametrize("fragments", [65, 6_400])
async def test_too_many_fragments_close(site: Site, fragments: int) -> None:
    async with await greeted(site) as raw:
        raw.send(frame(TEXT, b" ") + frame(0, b"") * (fragments - 2) + frame(FIN, b""))
        assert await raw.closed() == 1008


async def test_one_byte_at_a_time(site: Site) -> None:
    async with await greeted(site) as raw:
        for byte in frame(FIN | TEXT, b'{"t":"ping","n":77}' + b" " * 130):
            raw.send(bytes((byte,)))
            await asyncio.sleep(0)
        await raw.until_text(b'"n":77')


async def test_many_frames_in_one_piece_and_cut_anywhere(site: Site) -> None:
    async with await greeted(site) as raw:
        data = b"".join(
            frame(FIN | TEXT, b'{"t":"ping","n":%d}' % n + b" " * (n % 200)) for n in range(1, 301)
        )
        for at in range(0, len(data), 997):
            raw.send(data[at : at + 997])
            await asyncio.sleep(0)
        for number in range(1, 301):
            assert b'"n":%d,' % number in await raw.until_text(b'"pong"')


async def test_a_binary_frame_closes(site: Site) -> None:
    async with await greeted(site) as raw:
        raw.send(frame(FIN | BINARY, b'{"t":"ping"}'))
        assert await raw.closed() == 1003


BROKEN = {
    "unmasked": frame(FIN | TEXT, b'{"t":"ping"}', masked=False),
    "reserved bit": frame(FIN | 0x40 | TEXT, b'{"t":"ping"}'),
    "another reserved bit": frame(FIN | 0x10 | TEXT, b'{"t":"ping"}'),
    "reserved opcode": frame(FIN | 3, b""),
    "reserved control opcode": frame(FIN | 11, b""),
    "continuation of nothing": frame(FIN, b"x"),
    "text inside a text": frame(TEXT, b"x") + frame(FIN | TEXT, b'{"t":"ping"}'),
    "ping in pieces": frame(PING, b"x"),
    "ping too long": frame(FIN | PING, b"x" * 126),
    "close with one byte": frame(FIN | CLOSE, b"\x03"),
    "close with a code that may not be sent": frame(FIN | CLOSE, (1005).to_bytes(2, "big")),
    "close with broken text": frame(FIN | CLOSE, (1000).to_bytes(2, "big") + b"\xff"),
    "negative length": bytes((FIN | TEXT, 0xFF)) + b"\xff" * 8 + b"\0" * 4,
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_frame_closes_for_a_protocol_error(site: Site, name: str) -> None:
    async with await greeted(site) as raw:
        raw.send(BROKEN[name])
        raw.text(b'{"t":"start","cid":"12345678","department":1}')
        assert await raw.closed() in (1002, 1007, 1009)


async def test_a_close_is_answered(site: Site) -> None:
    async with await greeted(site) as raw:
        raw.send(frame(FIN | CLOSE, (1000).to_bytes(2, "big") + b"bye"))
        assert await raw.closed() == 1000
        assert await raw.frame() == (0, b"")


async def test_a_few_pings_are_answered_and_a_flood_closes(site: Site) -> None:
    async with await greeted(site) as raw:
        for number in range(8):
            raw.send(frame(FIN | PING, b"%d" % number))
            assert await raw.frame() == (PONG, b"%d" % number)
        raw.send(frame(FIN | PING, b"x") * 800)
        assert await raw.closed() == 1008


async def test_http_on_the_socket_is_no_harm(site: Site) -> None:
    async with await greeted(site) as raw:
        raw.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
        assert await raw.closed() in (0, 1002)


async def test_who_hangs_up_in_the_middle_of_a_frame_is_gone(site: Site) -> None:
    for part in (
        b"",
        b"\x81",
        b"\x81\xfe",
        b"\x81\xfe\xff",
        frame(FIN | TEXT, b"x" * 300)[:100],
        frame(TEXT, b"x"),
    ):
        raw = await greeted(site)
        raw.send(part)
        await raw.writer.drain()
        raw.drop()
    await async_until(lambda: not site.hub.visitors, what="nobody to be there")


async def test_staff_sockets_are_as_strict(site: Site) -> None:
    async with await Raw.connect(site.url, "/ws/staff") as raw:
        raw.text(hello(staff_token("ann")))
        await raw.until_text(b'"synced"')
        raw.text(p.encode(p.Start(new_cid(), 1)))
        await raw.until_text(b"bad_frame")
        raw.text(BAD["deep"])
        await raw.until_text(b"bad_frame")
        raw.text(BAD["beyond 2^64"])
        await raw.until_text(b"bad_frame")
        assert await raw.closed() == 1008
