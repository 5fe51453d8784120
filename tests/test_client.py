"""The client against real sockets: resume, outbox, silence, refusals, leaving."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AbstractAsyncContextManager

import pytest
from websockets.protocol import State

from agentconsole import client as client_module
from agentconsole.client import Client, End, Problem, in_the_clear, login, new_cid, now_ms, server_url
from agentconsole.link import LinkState
from agentconsole.protocol import Code, Note, Open, Ping, Refused, Say, Seen, Shut, StaffCommand, Take, Typing
from agentconsole.store import Store
from agentconsole.views import LineState, Topic, Touched
from tests.consoles import Console
from tests.consoles import console as running
from tests.small_desk import TOKEN, SmallDesk, card, free_port, listening
from tests.waiting import async_until


@pytest.fixture
def desk() -> SmallDesk:
    desk = SmallDesk(cards={1: card(1), 2: card(2)})
    desk.say(1, "hello")
    desk.say(2, "good day")
    return desk


def console(
    port: int, token: str = TOKEN, store: Store | None = None, **more: object
) -> AbstractAsyncContextManager[Console]:
    """A console at the small desk."""
    return running(f"http://127.0.0.1:{port}", token, store, **more)


async def synced(ada: Console) -> None:
    await ada.synced()


async def test_hello_brings_cards_and_conversations(desk: SmallDesk) -> None:
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        assert ada.state is LinkState.connected
        assert ada.store.counts().mine == 2
        assert ada.texts(1) == ["hello"]
        assert {Touched(Topic.queue), Touched(Topic.mine)} <= set().union(*ada.touched)
        desk.say(1, "anybody there?")
        await async_until(lambda: ada.texts(1) == ["hello", "anybody there?"])
    assert ada.state is LinkState.offline


async def test_a_line_is_pending_then_sent(desk: SmallDesk) -> None:
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        ada.say(1, "I am here")
        assert [line.state for line in ada.store.pending(1)] == [LineState.pending]
        await async_until(lambda: not ada.store.pending(1))
        assert ada.texts(1) == ["hello", "I am here"]


async def test_lines_typed_while_the_link_is_down_go_out_in_order_and_once(desk: SmallDesk) -> None:
    port = free_port()
    texts = [f"line {number}" for number in range(20)]
    async with console(port) as ada:
        ada.store.apply(card(1), now_ms())
        for text in texts:
            ada.say(1, text)
        await async_until(lambda: ada.store.link.retry_at, what="a first try that failed")
        async with listening(desk, port):
            ada.client.retry_now()
            await async_until(lambda: not ada.store.outbox.entries)
            assert desk.texts(1) == texts
            assert ada.texts(1) == ["hello", *texts]


@pytest.mark.parametrize("fault", ["cut", "lose"])
async def test_a_link_cut_before_or_after_the_commit_loses_and_doubles_nothing(
    desk: SmallDesk, fault: str
) -> None:
    faults = 0

    def every_third_say(command: StaffCommand) -> str | None:
        nonlocal faults
        if isinstance(command, Say) and len(desk.seen) % 3 == 0:
            faults += 1
            return fault
        return None

    desk.fault = every_third_say
    texts = [f"line {number}" for number in range(12)]
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        for text in texts:
            ada.say(1, text)

        async def all_there() -> bool:
            ada.client.retry_now()
            return not ada.store.outbox.entries

        await async_until(all_there, seconds=30)
        assert faults
        assert desk.texts(1) == texts
        await async_until(lambda: ada.texts(1) == ["hello", *texts])
        assert ada.store.pending(1) == []
    assert len({c.cid for c in desk.seen if isinstance(c, Say)}) == len(texts)


async def test_reconnecting_asks_only_for_what_is_missing_and_counts_it(desk: SmallDesk) -> None:
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        assert ada.store.caught_up is None
        desk.cut()
        await async_until(lambda: ada.state is LinkState.connecting)
        assert ada.texts(1) == ["hello"]
        for number in range(14):
            desk.say(1, f"missed {number}")
        ada.client.retry_now()
        await synced(ada)
        assert {cursor.chat: cursor.seq for cursor in desk.hellos[-1].cursors} == {1: 1, 2: 1}
        assert ada.store.caught_up
        assert ada.store.caught_up.events == 14
        assert len(ada.texts(1)) == 15


async def test_a_cursor_that_does_not_fit_is_answered_by_a_fresh_log(desk: SmallDesk) -> None:
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        desk.cut()
        desk.logs[1] = []
        ada.client.retry_now()
        await async_until(lambda: len(desk.hellos) == 2 and ada.store.synced)
        assert ada.texts(1) == []
        assert ada.texts(2) == ["good day"]


async def test_a_gap_is_filled_by_asking(desk: SmallDesk) -> None:
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        muted, desk.muted = desk.muted, True
        desk.say(1, "lost on the way")
        desk.muted = muted
        desk.say(1, "after the gap")
        await async_until(lambda: ada.texts(1) == ["hello", "lost on the way", "after the gap"])
        assert any(isinstance(command, Open) for command in desk.seen)


async def test_a_viewed_chat_is_viewed_again_after_a_reconnect(desk: SmallDesk) -> None:
    desk.cards[3] = card(3, owner=99)
    desk.say(3, "for somebody else")
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        ada.client.send(Open(new_cid(), 3))
        await async_until(lambda: ada.texts(3) == ["for somebody else"])
        desk.cut()
        desk.say(3, "meanwhile")
        ada.client.retry_now()
        await async_until(lambda: len(ada.texts(3)) == 2)
        ada.client.send(Shut(3))
        await async_until(lambda: Shut(3) in desk.seen)
        assert 3 not in ada.store.talks


async def test_silence_is_told_from_the_third_second_on(desk: SmallDesk) -> None:
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        desk.muted = True
        link = ada.store.link
        told: list[int] = []

        def silent() -> bool:
            told.append(link.silent_s(now_ms()))
            return told[-1] >= 4

        before = len(ada.touched)
        await async_until(silent, seconds=20)
        assert not {1, 2} & set(told)
        assert link.words(now_ms()).startswith("no answer for ")
        assert {Touched(Topic.link)} in ada.touched[before:]
        assert [item.kind for item in ada.store.take_news()] == ["link_lost"]
        assert ada.state is LinkState.connected
        desk.muted = False
        ada.client.retry_now()
        await async_until(lambda: not link.silent_s(now_ms()))


async def test_an_idle_link_is_asked_and_stays_well(desk: SmallDesk) -> None:
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        await async_until(lambda: sum(isinstance(c, Ping) for c in desk.seen) >= 2, seconds=15)
        assert ada.store.link.silent_s(now_ms()) == 0
        assert ada.store.link.latency == "quick"


async def test_a_dead_link_is_given_up(desk: SmallDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "GIVE_UP_MS", 500)
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        desk.muted = True
        await async_until(lambda: ada.state is LinkState.connecting, seconds=15)
        desk.muted = False
        ada.client.retry_now()
        await synced(ada)


async def test_the_servers_hint_wins(desk: SmallDesk) -> None:
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        await desk.bye(40_000)
        await async_until(lambda: ada.store.link.retry_at)
        assert 30_000 < ada.store.link.retry_at - now_ms() <= 40_000
        desk.run = "run-2"
        ada.client.retry_now()
        await synced(ada)
        assert ada.store.link.restarts == 1


async def test_a_session_that_ended_asks_for_a_login_and_keeps_the_words(desk: SmallDesk) -> None:
    kept: list[dict[str, object]] = []
    async with listening(desk) as (_, port), console(port, save=kept.append) as ada:
        await synced(ada)
        desk.token = "another-token-altogether"
        desk.cut()
        ada.say(1, "not lost")
        ada.client.retry_now()
        assert ada.life
        assert await asyncio.wait_for(asyncio.shield(ada.life), 10) is End.login
        assert ada.state is LinkState.login
        assert ada.store.link.why == "Your session has ended. Log in again."
        assert [line.text for line in ada.store.pending(1)] == ["not lost"]
    again = Store()
    again.restore(kept[-1])
    async with listening(desk) as (_, port), console(port, desk.token, again) as ada:
        await async_until(lambda: desk.texts(1) == ["not lost"])


async def test_written_words_are_saved_before_they_are_sent(desk: SmallDesk) -> None:
    saved: list[str] = []

    def save(words: dict[str, object]) -> None:
        saved.append(str(words["outbox"]))
        assert "careful" in saved[-1] or not desk.texts(1) or desk.texts(1) == ["careful"]

    unsaved: list[bool] = []
    desk.fault = lambda command: (
        unsaved.append(not any("careful" in each for each in saved)) if isinstance(command, Say) else None
    )  # type: ignore[func-returns-value]
    async with listening(desk) as (_, port), console(port, save=save) as ada:
        await synced(ada)
        ada.say(1, "careful")
        await async_until(lambda: not ada.store.outbox.entries)
        await async_until(lambda: saved[-1] == "[]", what="the outbox on disk is empty again")
    assert unsaved == [False]


async def test_a_line_made_while_another_is_being_saved_is_saved_too_before_it_is_sent(
    desk: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    saving, may_end = threading.Event(), threading.Event()
    saved: list[str] = []

    def save(words: dict[str, object]) -> None:
        if "first" in str(words["outbox"]) and not saving.is_set():
            saving.set()
            assert may_end.wait(30)
        saved.append(str(words["outbox"]))

    async with listening(desk) as (_, port), console(port, save=save) as ada:
        unsaved: list[str] = []
        count_as_sent = ada.store.outbox.sent

        def look(cid: str) -> None:
            if not any(cid in each for each in saved):
                unsaved.append(cid)
            count_as_sent(cid)

        monkeypatch.setattr(ada.store.outbox, "sent", look)
        await synced(ada)
        ada.say(1, "first")
        await async_until(saving.is_set, what="the first line is being saved")
        ada.say(2, "second")
        may_end.set()
        await async_until(lambda: not ada.store.outbox.entries)
    assert unsaved == []


async def test_drafts_are_saved_soon(desk: SmallDesk) -> None:
    kept: list[dict[str, object]] = []
    async with listening(desk) as (_, port), console(port, save=kept.append) as ada:
        await synced(ada)
        ada.store.set_draft(1, "half a thou")
        ada.client.touch()
        await async_until(lambda: kept and kept[-1]["drafts"] == {"1": "half a thou"})


async def test_a_disk_that_cannot_be_written_is_told_and_stops_nothing(desk: SmallDesk) -> None:
    def save(words: dict[str, object]) -> None:
        raise OSError("no space left")

    async with listening(desk) as (_, port), console(port, save=save) as ada:
        await synced(ada)
        ada.say(1, "still sent")
        await async_until(lambda: desk.texts(1) == ["still sent"])
        [(refusal, command)] = ada.store.take_refusals()[:1]
        assert "no space left" in refusal.text
        assert command is None


async def test_a_busy_server_is_asked_again_and_order_is_kept(desk: SmallDesk) -> None:
    refused: list[str] = []

    def busy(command: StaffCommand) -> Refused | None:
        if isinstance(command, Say) and command.text == "first" and len(refused) < 2:
            refused.append(command.cid)
            return Refused(Code.busy, "Too much to do.", command.cid, command.chat, 50)
        return None

    desk.fault = busy
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        ada.say(1, "first")
        ada.say(1, "second")
        ada.say(2, "in another chat")
        await async_until(lambda: not ada.store.outbox.entries)
        assert desk.texts(1) == ["first", "second"]
        assert desk.texts(2) == ["in another chat"]
        assert len(set(refused)) == 1
        assert ada.store.take_refusals() == []


async def test_a_refused_line_stays_with_its_reason_and_can_be_sent_again(desk: SmallDesk) -> None:
    desk.fault = lambda command: (
        Refused(Code.closed, "The chat is over.", command.cid, command.chat)
        if isinstance(command, Note) and command.text == "too late"
        else None
    )
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        ada.client.send(Note(new_cid(), 1, "too late"))
        ada.say(1, "goes on")
        await async_until(lambda: desk.texts(1) == ["goes on"])
        await async_until(lambda: len(ada.store.pending(1)) == 1)
        [line] = ada.store.pending(1)
        assert (line.state, line.why, line.note) == (LineState.failed, "The chat is over.", True)
        desk.fault = lambda command: None
        ada.store.retry(line.cid, new_cid(), now_ms())
        ada.client.retry_now()
        await async_until(lambda: desk.texts(1) == ["goes on", "too late"])
        await async_until(lambda: not ada.store.pending(1))


async def test_marks_and_typing_are_few(desk: SmallDesk) -> None:
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        for text in ("h", "he", "hel", "hell", "hello", "", ""):
            ada.client.typing(1, text)
            await asyncio.sleep(0)
        ada.store.saw(1)
        await async_until(lambda: any(isinstance(c, Seen) and c.chat == 1 and c.read == 1 for c in desk.seen))
        await async_until(lambda: Typing(1) in desk.seen)
        typed = [c for c in desk.seen if isinstance(c, Typing)]
        assert typed in ([Typing(1, "…"), Typing(1)], [Typing(1)])
        assert "hell" not in str(desk.seen)


async def test_a_take_is_answered_with_its_chat(desk: SmallDesk) -> None:
    desk.cards[5] = card(5, owner=0, owner_name="", state="waiting", taken_at=0)
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)
        assert [row.card.chat for row in ada.store.queue(now_ms())] == [5]
        ada.client.send(Take(new_cid(), 5))
        await async_until(lambda: ada.store.is_mine(5))
        await async_until(lambda: [ack.chat for ack, _ in ada.store.take_acks()] == [5])
        assert ada.store.take_news() == []


async def test_stop_leaves_at_once_even_while_waiting_for_the_next_try() -> None:
    async with console(free_port()) as ada:
        await async_until(lambda: ada.store.link.retry_at)
        ada.client.stop()
        assert ada.life
        assert await asyncio.wait_for(ada.life, 5) is End.stopped


async def test_delays_grow_with_full_jitter_up_to_a_minute() -> None:
    client = Client("http://127.0.0.1:1", TOKEN, Store(), lambda touched: None)
    assert client._delay_s(0) == 0
    for failures, most in ((1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (50, 60)):
        delays = [client._delay_s(failures) for _ in range(200)]
        assert min(delays) >= 0
        assert most * 0.7 < max(delays) <= most


@pytest.mark.parametrize(
    "written, meant",
    [
        ("chat.example.org", "https://chat.example.org"),
        (" https://chat.example.org/ ", "https://chat.example.org"),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("http://10.0.0.1:80/desk/", "http://10.0.0.1:80/desk"),
    ],
)
def test_addresses_are_put_right(written: str, meant: str) -> None:
    assert server_url(written) == meant


@pytest.mark.parametrize(
    "written", ["", "ftp://x", "https://", "https://x:99999", "https://a:b@x", "https://x/?a=1"]
)
def test_no_address_is_refused_with_a_sentence(written: str) -> None:
    with pytest.raises(ValueError) as refusal:
        server_url(written)
    assert str(refusal.value).endswith(".")


async def test_no_password_crosses_a_network_openly() -> None:
    assert in_the_clear("http://chat.example.org")
    assert not in_the_clear("https://chat.example.org")
    assert not in_the_clear("http://127.0.0.1:8000")
    with pytest.raises(Problem, match=r"unencrypted. Write https://") as problem:
        await login("http://desk.invalid", "ada", "secret")
    assert problem.value.code == "usage", "it was not even looked for"


async def test_no_proxy_stands_before_a_server_on_this_machine(
    desk: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with listening(desk) as (_, port), console(port) as ada:
        await synced(ada)


@pytest.mark.parametrize("name", ["chat..example.org", f"{'a' * 70}.org", "xn--a.org"])
async def test_a_name_that_no_server_can_have_is_a_sentence_at_both_doors(name: str) -> None:
    server = server_url(name)
    with pytest.raises(Problem, match="cannot be reached"):
        await login(server, "ada", "secret")
    async with running(server, TOKEN) as ada:
        await async_until(lambda: ada.store.link.why, what="a first try that failed")
        assert "cannot be reached" in ada.store.link.why
        assert ada.life is not None
        assert not ada.life.done()


async def test_a_login_without_a_server_is_a_sentence() -> None:
    with pytest.raises(Problem, match="cannot be reached") as problem:
        await login(f"http://127.0.0.1:{free_port()}", "ada", "secret")
    assert problem.value.code == "unreachable"


async def test_whoever_is_in_a_hurry_leaves_no_connection_open(desk: SmallDesk) -> None:
    """The server does not answer the goodbye, and the program's end does not wait for that."""
    async with listening(desk) as (_, port):
        client = Client(f"http://127.0.0.1:{port}", TOKEN, store := Store(), lambda touched: None)
        life = asyncio.create_task(client.run())
        await async_until(lambda: store.synced, what="synced")
        socket = client._socket
        assert socket
        for each in desk.sockets:
            each.transport.pause_reading()
        life.cancel()
        await async_until(lambda: socket.state is not State.OPEN, every=0.005, what="the goodbye")
        life.cancel()
        await asyncio.wait([life])
        assert socket.transport.is_closing()
