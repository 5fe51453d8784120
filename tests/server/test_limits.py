"""Each limit at the limit, one above, and a hundred times: told in words, never silently."""

import asyncio
from pathlib import Path

import pytest

from agentconsole import protocol as p
from agentconsole.backend import jobs
from agentconsole.backend.connections import A_SOCKETS_WORTH
from agentconsole.backend.domain import chat as domain
from agentconsole.backend.limits import Rate, Tally, millis
from tests.server.raw import Raw
from tests.server.site import SALES, SUPPORT, Site, running
from tests.server.windows import VisitorWindow, Window, new_cid
from tests.waiting import async_until

HELLO = b'{"t":"hello","token":"' + b"t" * 43 + b'"}'


async def codes(window: Window, commands: list[object]) -> list[str]:
    """Send these at once; "" or the code of each answer."""
    for command in commands:
        window.send(command)
    answers = [await window.answer(command.cid) for command in commands]  # type: ignore[attr-defined]
    return [answer.code.value if isinstance(answer, p.Refused) else "" for answer in answers]


# --- lengths ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2])
async def test_lengths(sqlite_url: str, tmp_path: Path, times: int) -> None:
    async with running(sqlite_url, tmp_path) as site:
        ann = await site.staff("ann")
        vera, chat = await site.chat(ann)
        for size, code in ((p.MAX_TEXT, ""), (p.MAX_TEXT + 1, "too_long"), (p.MAX_TEXT * 7, "too_long")):
            text = "ø" * size if times == 1 else "x" * size
            found = [await codes(vera, [p.Say(new_cid(), chat, text)])]
            found.append(await codes(ann, [p.Say(new_cid(), chat, text)]))
            found.append(await codes(ann, [p.Note(new_cid(), chat, text)]))
            assert found == [[code]] * 3, size
        starts: list[tuple[dict[str, str], str]] = [
            ({"name": "n" * p.MAX_NAME}, ""),
            ({"name": "n" * (p.MAX_NAME + 1)}, "too_long"),
            ({"name": "n" * p.MAX_NAME * 100}, "too_long"),
            ({"topic": "t" * p.MAX_TOPIC}, ""),
            ({"topic": "t" * (p.MAX_TOPIC + 1)}, "too_long"),
            ({"topic": "t" * p.MAX_TOPIC * 100}, "too_long"),
            ({"email": "e" * (p.MAX_EMAIL - 9) + "@x.exampl"}, ""),
            ({"email": "e" * (p.MAX_EMAIL - 9) + "@x.example"}, "invalid"),
            ({"email": "e" * p.MAX_EMAIL * 100 + "@x.example"}, "invalid"),
            ({"email": "not an address"}, "invalid"),
            ({"text": "x" * (p.MAX_TEXT + 1)}, "too_long"),
        ]
        for fields, code in starts:
            willy = await site.visitor()
            assert await codes(willy, [p.Start(new_cid(), SALES, **fields)]) == [code], fields
            willy.drop()
        await ann.done(p.Close(new_cid(), chat))
        for size, code in (
            (p.MAX_COMMENT, ""),
            (p.MAX_COMMENT + 1, "too_long"),
            (p.MAX_COMMENT * 50, "too_long"),
        ):
            assert await codes(vera, [p.Rate(new_cid(), chat, p.Rating.fair, "c" * size)]) == [code]
        for size, code in ((p.MAX_LEFT_TEXT, ""), (p.MAX_LEFT_TEXT + 1, "too_long")):
            letter = p.LeaveMessage(new_cid(), SALES, "m" * size, "v@x.example")
            assert await codes(vera, [letter]) == [code]


async def test_what_a_page_says_of_itself_is_cut(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        vera = await site.visitor(page="p" * 30_000, page_title="t" * 20_000)
        chat = await vera.start()
        head = site.hub.board.heads[chat]
        assert (len(head.page), len(head.page_title)) == (p.MAX_PAGE, 160)


# --- rates --------------------------------------------------------------------------------------------------------------


async def test_messages(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, message_burst=10, messages_per_second=0.01) as site:
        vera, chat = await site.chat()  # one of the ten
        twin = await site.visitor(vera.token)
        willy, other = await site.chat()
        found = await codes(vera, [p.Say(new_cid(), chat, f"{n}") for n in range(9)])
        assert found == [""] * 9
        found = await codes(vera, [p.Say(new_cid(), chat, f"{n}") for n in range(9, 10)])
        assert found == ["slow_down"]
        found = await codes(twin, [p.Say(new_cid(), chat, f"{n}") for n in range(1_000)])
        assert found == ["slow_down"] * 1_000
        refused = twin.seen(p.Refused)[-1]
        assert 0 < refused.retry_ms <= 100_000
        assert (await codes(willy, [p.Say(new_cid(), other, "not my limit")])) == [""]
        assert site.hub.board.heads[chat].pub == 11


async def test_messages_go_on_after_a_while(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, message_burst=2, messages_per_second=20) as site:
        vera, chat = await site.chat()
        say = p.Say(new_cid(), chat, "again")
        await codes(vera, [p.Say(new_cid(), chat, f"{n}") for n in range(3)])

        async def accepted() -> bool:
            return not isinstance(await vera.ask(say), p.Refused)

        await async_until(accepted, what="the bucket to fill")


async def test_unanswered_lines(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "UNANSWERED_LIMIT", 20)
    async with running(sqlite_url, tmp_path) as site:
        ann = await site.staff("ann")
        vera, chat = await site.chat(ann)  # one of the twenty
        found = await codes(vera, [p.Say(new_cid(), chat, f"{n}") for n in range(40)])
        assert found == [""] * 19 + ["slow_down"] * 21
        await ann.say(chat, "let me look")
        assert await codes(vera, [p.Say(new_cid(), chat, "thanks")]) == [""]


async def begin(site: Site, window: VisitorWindow) -> str:
    """Begin a chat and leave it at once; "" or the refusal's code."""
    answer = await window.ask(p.Start(new_cid(), SALES, "hello"))
    if isinstance(answer, p.Refused):
        assert answer.retry_ms > 0
        return answer.code.value
    await window.done(p.Leave(new_cid(), answer.chat))
    return ""


async def test_chats_of_a_token(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, chats_per_token=3) as site:
        vera = await site.visitor()
        assert [await begin(site, vera) for _ in range(4)] == ["", "", "", "slow_down"]
        assert {await begin(site, vera) for _ in range(300)} == {"slow_down"}
        assert await begin(site, await site.visitor()) == ""


async def test_a_chat_that_is_open_can_be_started_again_and_again(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, chats_per_token=1) as site:
        vera, chat = await site.chat()
        for _ in range(10):
            assert (await vera.done(p.Start(new_cid(), SALES, "me again"))).chat == chat
        ann, carl = await site.staff("ann"), await site.staff("carl")
        await ann.done(p.Take(new_cid(), chat))
        await ann.done(p.Transfer(new_cid(), chat, department=SUPPORT))
        await carl.done(p.Take(new_cid(), chat))
        assert (await vera.done(p.Start(new_cid(), SALES, "and again"))).chat == chat


async def test_chats_of_an_address(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, chats_per_address=10) as site:
        found = []
        for _ in range(11):
            willy = await site.visitor()
            found.append(await begin(site, willy))
            willy.drop()
        assert found == [""] * 10 + ["slow_down"]
        letter = p.LeaveMessage(new_cid(), SALES, "then so", "v@x.example")
        assert (await (await site.visitor()).refused(letter)).code is p.Code.slow_down


async def test_a_full_queue(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, {"queue_limit": 3}) as site:
        ann = await site.staff("ann")
        waiting = [await site.chat() for _ in range(3)]
        for _ in range(10):
            willy = await site.visitor()
            assert await codes(willy, [p.Start(new_cid(), SALES, "me too")]) == ["full"]
            willy.drop()
        await ann.take(waiting[0][1])
        await site.chat()


# --- sockets ------------------------------------------------------------------------------------------------------------


async def test_windows_of_a_token(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, sockets_per_token=4) as site:
        vera = [await site.visitor("t" * 43) for _ in range(4)]
        more = await site.visitor("t" * 43, greet=False)
        more.send(more.hello())
        assert (await more.expect(p.Bye)).retry_ms > 0
        assert await more.closed() == 1013
        vera[0].drop()
        await async_until(lambda: len(site.hub.visitors) == 3, what="the window to be gone")
        await site.visitor("t" * 43)


async def test_windows_of_a_token_that_come_at_once(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, sockets_per_token=4) as site:
        windows = [await site.visitor("t" * 43, greet=False) for _ in range(40)]
        for window in windows:
            window.send(window.hello())

        async def outcome(window: VisitorWindow) -> bool:
            await async_until(lambda: window.code is not None or window.seen(p.VisitorSynced))
            return window.code is None

        assert sum(await asyncio.gather(*map(outcome, windows))) == 4
        assert len(site.hub.visitors) == 4


async def test_sockets_of_an_address(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, sockets_per_address=30) as site:
        held = [await Raw.connect(site.url) for _ in range(30)]
        assert {raw.status for raw in held} == {101}
        for _ in range(100):
            async with await Raw.connect(site.url, "/ws/staff") as raw:
                assert raw.status == 429
                assert b"Retry-After" in raw.head
        held.pop().drop()

        async def welcome() -> bool:
            async with await Raw.connect(site.url) as raw:
                return raw.status == 101

        await async_until(welcome, what="room for one more")
        for raw in held:
            raw.drop()


async def test_sockets_in_all(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, sockets=5) as site:
        held = [await Raw.connect(site.url) for _ in range(5)]
        async with await Raw.connect(site.url) as raw:
            assert raw.status == 429
        for one in held:
            assert one.status == 101
            one.drop()


async def test_connections_of_an_address(sqlite_url: str, tmp_path: Path) -> None:
    """Beside its sockets an address holds so many connections, whatever they ask for."""
    async with running(sqlite_url, tmp_path, sockets_per_address=3, head_seconds=300.0) as site:
        sockets = [await Raw.connect(site.url) for _ in range(3)]
        assert [raw.status for raw in sockets] == [101] * 3
        held = [await Raw.connect(site.url, "/healthz", Upgrade="") for _ in range(3 * A_SOCKETS_WORTH)]
        assert {raw.status for raw in held} == {200}

        async def welcome() -> bool:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(site.url.rpartition(":")[2]))
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            try:
                async with asyncio.timeout(20):
                    return b" 200 " in await reader.readline()
            except ConnectionError:
                return False
            finally:
                writer.close()

        assert not await welcome()
        held.pop().drop()
        await async_until(welcome, what="room for one more")
        for raw in held + sockets:
            raw.drop()


async def test_who_says_nothing_is_sent_away(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, hello_seconds=1.0) as site:
        vera = await site.visitor()
        async with await Raw.connect(site.url) as silent, await Raw.connect(site.url, "/ws/staff") as pinging:
            pinging.text(b'{"t":"ping","n":1}')
            assert await silent.closed() == 1008
            assert await pinging.closed() == 1008
        await vera.pong()


async def test_who_says_nothing_is_sent_away_while_the_database_takes_nothing(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock waits for the database; dead and silent links do not wait with it."""
    monkeypatch.setattr(jobs, "ALIVE_EVERY", 0.0)
    async with running(sqlite_url, tmp_path, hello_seconds=0.2) as site, site.stalled() as arrived:
        await arrived()
        async with await Raw.connect(site.url) as silent:
            assert await silent.closed() == 1008


async def test_the_public_address_is_an_own_origin(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, public_url="https://chat.example.org") as site:
        for origin, status in (("https://chat.example.org", 101), ("https://chat.example.com", 403)):
            async with await Raw.connect(site.url, Origin=origin) as raw:
                assert raw.status == status


async def test_a_silent_link_is_dead(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agentconsole.backend import sockets

    monkeypatch.setattr(sockets, "DEAD_AFTER", 2.5)
    async with running(sqlite_url, tmp_path) as site:
        mute, alive = await site.visitor(), await site.visitor()
        while mute.code is None:
            await alive.pong()
            await asyncio.sleep(0.05)
        assert mute.code == 0
        await alive.pong()


# --- the fast talker ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["visitor", "staff"])
async def test_who_talks_too_fast_is_read_slowly_and_keeps_nobody_waiting(
    sqlite_url: str, tmp_path: Path, who: str
) -> None:
    async with running(sqlite_url, tmp_path, frames_per_second=1.0) as site:
        flooding = await (site.staff("ann") if who == "staff" else site.visitor())
        for n in range(1, 401):
            flooding.send(p.Ping(n))
        await flooding.expect(p.Pong, n=150)
        vera = await site.visitor()
        for _ in range(5):
            await vera.pong()
        assert len(flooding.seen(p.Pong)) < 300
        assert flooding.code is None


async def test_nothing_is_lost_of_what_was_said_too_fast(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, frames_per_second=2_000.0) as site:
        vera = await site.visitor()
        numbers = list(range(1, 1_001))
        for n in numbers:
            vera.send(p.Ping(n))
        await vera.expect(p.Pong, n=1_000)
        assert [pong.n for pong in vera.seen(p.Pong)] == numbers


# --- the slow reader ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slow", ["visitor", "staff"])
async def test_a_slow_reader_is_cut_off_and_slows_nobody(sqlite_url: str, tmp_path: Path, slow: str) -> None:
    async with running(sqlite_url, tmp_path, visitor_buffer=262_144, staff_buffer=262_144) as site:
        ann, twin = await site.staff("ann"), await site.staff("ann")
        vera, chat = await site.chat(ann)
        window = await site.visitor(vera.token)
        victim: Window = twin if slow == "staff" else window
        assert victim.wire.transport is not None
        victim.wire.transport.pause_reading()
        lines = 0
        while not site.hub.cut and lines < 2_000:
            await asyncio.gather(*(ann.say(chat, "x" * 3_900) for _ in range(10)))
            lines += 10
        assert site.hub.cut == 1
        last = await ann.say(chat, "the end")
        await vera.expect(p.VisitorEvent, what=p.Said("the end"))
        await ann.expect(p.Event, seq=last.seq)
        victim.wire.transport.resume_reading()
        await victim.closed()
        await victim.connect()
        await victim.greet()
        assert victim.seen((p.Event, p.VisitorEvent), what=p.Said("the end"))
        assert len(vera.log(chat)) == lines + 4


async def test_lists_longer_than_the_buffer_keep_nobody_out(sqlite_url: str, tmp_path: Path) -> None:
    """Else whoever leaves enough long messages locks all agents out: each hello would be cut off, again and again."""
    async with running(sqlite_url, tmp_path, staff_buffer=65_536) as site:
        vera = await site.visitor()
        for number in range(40):
            await vera.done(p.LeaveMessage(new_cid(), SALES, f"{number} " + "長" * 9_000, "vera@x.example"))
        ann = await site.staff("ann", greet=False)
        assert ann.wire.transport is not None
        ann.wire.transport.pause_reading()
        ann.send(ann.hello())
        await async_until(lambda: site.hub.staff, what="Ann to be in")
        ann.wire.transport.resume_reading()
        await ann.expect(p.Synced)
        assert len(ann.seen(p.LeftCard)) == 40
        assert site.hub.cut == 0
        ann.wire.transport.pause_reading()
        while not site.hub.cut and len(site.hub.board.left) < 2_000:
            await vera.done(p.LeaveMessage(new_cid(), SALES, "長" * 9_000, "vera@x.example"))
        assert site.hub.cut == 1, "what comes after them is bounded as before"


# --- the bookkeeping itself -----------------------------------------------------------------------------------------------


def test_a_bucket_gives_its_burst_and_then_one_a_period() -> None:
    now = [0.0]
    rate = Rate(3, 2.0, lambda: now[0])
    assert [rate.take("a") for _ in range(3)] == [0.0] * 3
    assert rate.take("a") == 2.0
    assert rate.take("b") == 0.0
    now[0] = 1.5
    assert rate.take("a") == 0.5
    now[0] = 2.0
    assert rate.take("a") == 0.0
    assert rate.take("a") == 2.0
    now[0] = 1_000.0
    assert [rate.take("a") for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]
    assert millis(0.0004) == 1


def test_buckets_that_are_full_again_are_forgotten() -> None:
    now = [0.0]
    rate = Rate(1, 1.0, lambda: now[0])
    for number in range(50_000):
        now[0] += 0.01
        assert rate.take(number) == 0.0
    assert len(rate._full_at) <= 1_024 + 1


def test_a_tally_forgets_who_holds_nothing() -> None:
    tally = Tally()
    assert [tally.add("a"), tally.add("a"), tally.add("b")] == [1, 2, 1]
    for key in ("a", "a", "b", "b"):
        tally.drop(key)
    assert tally.add("a") == 1
    assert tally._held == {"a": 1}
