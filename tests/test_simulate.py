"""Drill visitors: what they plan, what they say, and what comes of it on a real server."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from random import Random

import msgspec
import pytest
import pytest_asyncio
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as websockets_serve

from agentconsole import protocol as p
from agentconsole.drill import rest, roster, site
from agentconsole.drill.agent import Agent
from agentconsole.drill.crew import audit
from agentconsole.drill.ledger import Ledger
from agentconsole.drill.link import Link, Trouble, base_url, new_cid, new_token, socket_url
from agentconsole.drill.manners import Manners
from agentconsole.drill.pace import TYPING_EVERY, Pace
from agentconsole.drill.plan import Act, Temper, Waiting, plan
from agentconsole.drill.script import Bad, Dialogue, load
from agentconsole.drill.server import running
from agentconsole.drill.visitor import Visitor
from agentconsole.protocol import Rating, Side
from agentconsole.simulate import Drill, departments, rate, run_drill
from tests.waiting import async_until, during

BOOK = load()
FACES = [
    p.DepartmentFace(1, "sales", "Sales", True),
    p.DepartmentFace(2, "support", "Support", True, topics=["Login"]),
]


# --- plans and scripts ------------------------------------------------------------------------------------------


def test_the_same_seed_brings_the_same_visitors() -> None:
    first = [plan("monday", number, BOOK, FACES) for number in range(50)]
    assert first == [plan("monday", number, BOOK, FACES) for number in range(50)]
    assert first != [plan("tuesday", number, BOOK, FACES) for number in range(50)]


def test_visitors_differ() -> None:
    plans = [plan("x", number, BOOK, FACES) for number in range(300)]
    assert {each.temper for each in plans} == set(Temper)
    assert {each.rating for each in plans} == {*Rating, None}
    assert {each.department.slug for each in plans} == {"sales", "support"}
    assert {"en", "ja", "ar"} <= {each.language.code for each in plans}
    acts = {waiting.act for each in plans for waiting in each.waiting} | {
        act for each in plans for act in each.turns.values()
    }
    assert acts == set(Act)


def test_a_department_without_scripts_of_its_own_gets_the_general_ones() -> None:
    assert all(not script.departments for script in BOOK.for_department("repairs"))


def test_everything_in_the_scripts_fits_into_the_protocol() -> None:
    for script in BOOK.scripts:
        assert len(script.topic) <= p.MAX_TOPIC
        assert all(0 < len(text) <= p.MAX_TEXT for text in [*script.opens, *script.goes_on, *script.agent])
    for language in BOOK.languages:
        assert all(0 < len(name) <= p.MAX_NAME for name in language.names)
        assert all(len(text) <= p.MAX_COMMENT for text in [*language.praise, *language.blame])
    assert any(len(text) > 1_000 for script in BOOK.scripts for text in script.goes_on)


def test_a_visitor_answers_by_keyword_then_goes_on_then_thanks() -> None:
    script = next(each for each in BOOK.scripts if each.topic == "Login" and each.language == "en")
    dialogue = Dialogue(
        script, BOOK.language("en"), Random(1), {"name": "Robin", "email": "robin@example.com"}
    )
    assert dialogue.reply("Hello, which ACCOUNT is it?") == "The one for robin@example.com"
    assert dialogue.reply("And your account has no e-mail?") == "It is robin@example.com"
    told = [dialogue.reply("Hm.") for _ in script.goes_on]
    assert told == script.goes_on
    assert dialogue.reply("Hm.") in BOOK.language("en").thanks
    assert dialogue.done
    assert dialogue.reply("Bye!") == ""


@pytest.mark.parametrize(
    "written, complaint",
    [
        ("", "missing required field"),
        ("[[script]\n", "cannot be used"),
        ('[[language]]\ncode = "en"\n', "missing required field"),
    ],
)
def test_a_bad_script_file_is_refused_with_a_sentence(tmp_path: Path, written: str, complaint: str) -> None:
    path = tmp_path / "drill.toml"
    path.write_text(written)
    with pytest.raises(Bad, match=complaint) as refused:
        load(path)
    assert str(path) in str(refused.value)


def test_a_script_in_an_unknown_language_is_refused(tmp_path: Path) -> None:
    source = Path(sys.modules[load.__module__].__file__ or "").parent / "scripts.toml"
    path = tmp_path / "drill.toml"
    path.write_text(source.read_text() + '\n[[script]]\ntopic = "T"\nlanguage = "xx"\nopens = ["Hi"]\n')
    with pytest.raises(Bad, match="'xx'"):
        load(path)


def test_rates_are_read_as_people_write_them() -> None:
    assert rate("6/min") == pytest.approx(0.1)
    assert rate("0.5/s") == 0.5
    assert rate("90/h") == pytest.approx(0.025)
    for wrong in ("6", "0/min", "-1/s", "1/year", "1e9/s", "nan/s", ""):
        with pytest.raises(Exception, match="no rate"):
            rate(wrong)


# --- the books --------------------------------------------------------------------------------------------------


def test_the_books_notice_what_is_lost_and_what_is_doubled() -> None:
    ledger = Ledger()
    ledger.sent(7, Side.visitor, "one", 1)
    ledger.sent(7, Side.visitor, "two", 2)
    ledger.sent(7, Side.visitor, "three", 0)
    ledger.compare(Side.visitor, {7: {1: "one", 2: "two", 3: "three"}})
    ledger.compare(Side.visitor, {7: {1: "one", 2: "two"}})
    assert (ledger.lost, ledger.doubled) == ([], [])
    ledger.compare(Side.visitor, {7: {1: "one"}})
    assert (len(ledger.lost), len(ledger.doubled)) == (1, 0)
    ledger.compare(Side.visitor, {7: {1: "one", 2: "two", 3: "one"}})
    assert (len(ledger.lost), len(ledger.doubled)) == (1, 1)


async def test_typing_is_shown_at_most_every_half_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    shown: list[tuple[float, str]] = []

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr("agentconsole.drill.pace.asyncio.sleep", sleep)
    monkeypatch.setattr("agentconsole.drill.pace.time.monotonic", lambda: now[0])
    pace = Pace(3.0, Random(1))
    for text in ("a first line of some length", "and a second one right after it"):
        await pace.strike(text, 5.0, lambda text: shown.append((now[0], text)))
    assert len(shown) >= 4
    assert all(later - earlier >= TYPING_EVERY for (earlier, _), (later, _) in pairwise(shown))


# --- on a real server -------------------------------------------------------------------------------------------


class Site:
    """A furnished server with its people's tokens."""

    def __init__(self, base: str, tokens: dict[str, str]) -> None:
        self.base = base
        self.tokens = tokens

    def socket(self, path: str) -> str:
        """The address of a socket."""
        return socket_url(self.base, path)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A real server with departments and people."""

    async def wait(work: object) -> str:
        return str(await work)  # type: ignore[misc]

    data = tmp_path_factory.mktemp("site")
    async with running(data, wait) as server:
        people = await site.furnish(data, "agent", brisk=True)
        sessions = [await rest.login(server.base, person.name, person.password) for person in people]
        yield Site(server.base, {session.name: session.token for session in sessions})


@pytest.mark.asyncio(loop_scope="module")
async def test_a_drill_and_scripted_agents_lose_and_double_nothing(desk: Site) -> None:
    ledger = Ledger()
    manners = Manners(hesitation=(0.5, 2))
    agent = Agent(desk.socket("/ws/staff"), desk.tokens[roster.SEAT], manners, BOOK, 12.0, "seat", ledger)
    working = asyncio.create_task(agent.run())
    told: list[str] = []
    drill = Drill(server=desk.base, rate=4.0, visitors=10, seed="books", speed=12.0)
    heard: list[object] = []
    hello = p.StaffHello(desk.tokens[roster.SEAT])
    console = Link(desk.socket("/ws/staff"), lambda: hello, p.decode_staff_frame, heard.append, Random(1))
    try:
        async with during(console.run()):
            await run_drill(drill, BOOK, asyncio.Event(), ledger, told.append)
    finally:
        agent.finish()
        await working
    checked = await audit(desk.base, desk.tokens[roster.KEEPER], ledger)
    assert (ledger.lost, ledger.doubled, ledger.faults) == ([], [], [])
    assert ledger.counts["chats_started"] == 10
    assert ledger.counts["chats_taken"] >= 5
    assert sum(ledger.ratings.values()) >= 1
    assert checked["lines"] >= len([line for line in ledger.lines if line.number]) > 20
    cards = await rest.all_chats(desk.base, desk.tokens[roster.KEEPER])
    assert all(card.drill for card in cards)
    assert any("rates" in sentence for sentence in told)
    assert any(isinstance(frame, p.Preview) and frame.text for frame in heard), "they type before they send"


class Shift:
    """Colleagues at work, one of them in a special manner, and what the histories say has come of it."""

    def __init__(self, desk: Site) -> None:
        self.desk = desk
        self.ledger = Ledger()
        self.agents: dict[Agent, asyncio.Task[None]] = {}
        self.before: set[int] = set()

    async def begins(self, name: str, manners: Manners) -> None:
        """Somebody comes to work."""
        url, token = self.desk.socket("/ws/staff"), self.desk.tokens[name]
        agent = Agent(url, token, manners, BOOK, 15.0, name, self.ledger)
        self.agents[agent] = asyncio.create_task(agent.run())
        await async_until(agent.at_work.is_set, 20, what=f"{name} at work")

    async def happened(self, name: str) -> int:
        """How often, in the chats since this shift began."""
        counted, token = Ledger(), self.desk.tokens[roster.KEEPER]
        for card in await rest.all_chats(self.desk.base, token):
            if card.chat not in self.before:
                counted.tally(await rest.history(self.desk.base, token, card.chat))
        return counted.counts[name]

    async def begins_now(self) -> None:
        """What was before does not count."""
        cards = await rest.all_chats(self.desk.base, self.desk.tokens[roster.KEEPER])
        self.before = {card.chat for card in cards}

    async def ends(self) -> None:
        """Everybody goes home."""
        for agent in self.agents:
            agent.finish()
        await asyncio.gather(*self.agents.values())


QUICK = Manners(hesitation=(0.5, 2))
OTHERS = ("bo", "tom", roster.MENTOR)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "department, special, outcome",
    [
        ("support", {"transfers": 1.0}, "transfers"),
        ("support", {"invites": 1.0}, "joins"),
        ("support", {"helps": 1.0}, "calls_for_help"),
        ("sales", {"declines": 1.0}, "declined"),
        ("sales", {"misses": 1.0}, "missed"),
    ],
    ids=["transfers", "invites", "calls for help", "declines", "misses"],
)
async def test_colleagues_do_more_than_answer(
    desk: Site, department: str, special: dict[str, float], outcome: str
) -> None:
    shift = Shift(desk)
    await shift.begins_now()
    by_hand = department == "support"
    await shift.begins("ana", msgspec.structs.replace(QUICK, picks=by_hand, **special))
    for name in OTHERS if by_hand else ():
        manner = msgspec.structs.replace(QUICK, mentor=name == roster.MENTOR, picks=False)
        await shift.begins(name, manner)
    stop = asyncio.Event()
    drill = Drill(server=desk.base, rate=2.0, at_once=5, departments=(department,), seed="more", speed=15.0)
    coming = asyncio.create_task(run_drill(drill, BOOK, stop, shift.ledger, lambda sentence: None))

    async def it_happened() -> bool:
        return await shift.happened(outcome) > 0

    try:
        await async_until(it_happened, 30, what=outcome)
    finally:
        stop.set()
        await coming
        await shift.ends()
    assert (shift.ledger.lost, shift.ledger.doubled, shift.ledger.faults) == ([], [], [])
    assert not shift.ledger.refused


@pytest.mark.asyncio(loop_scope="module")
async def test_a_line_sent_into_a_cut_link_arrives_once(desk: Site) -> None:
    token = new_token()
    heard: list[object] = []
    link = Link(
        desk.socket("/ws/visitor"),
        lambda: p.VisitorHello(token=token, drill=True),
        p.decode_visitor_frame,
        heard.append,
        Random(1),
    )
    running_link = asyncio.create_task(link.run())
    await async_until(link.live.is_set, what="the link")
    faces = await departments(desk.socket("/ws/visitor"))
    begun = await link.ask(p.Start(new_cid(), faces[0].id, "begin"))
    for number in range(5):
        asked = asyncio.create_task(link.ask(p.Say(new_cid(), begun.chat, f"line {number}")))
        await asyncio.sleep(0)
        link.cut(0.01)
        assert isinstance(await asyncio.wait_for(asked, 15), p.VisitorAck)
    await link.ask(p.Leave(new_cid(), begun.chat))
    running_link.cancel()
    events = await rest.history(desk.base, desk.tokens[roster.KEEPER], begun.chat)
    said = [event.what.text for event in events if isinstance(event.what, p.Said)]
    assert said == ["begin", *(f"line {number}" for number in range(5))]
    assert link.losses == 5


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "act, state", [(Act.leave, p.State.abandoned), (Act.leave_message, p.State.left_message)]
)
async def test_an_impatient_visitor_goes_in_a_way_that_staff_can_see(
    desk: Site, act: Act, state: p.State
) -> None:
    faces = await departments(desk.socket("/ws/visitor"))
    impatient = msgspec.structs.replace(
        plan("z", 1, BOOK, faces), opening=f"I will {act}", waiting=(Waiting(2, Act.browse), Waiting(2, act))
    )
    await Visitor(desk.socket("/ws/visitor"), impatient, 20.0, Ledger(), lambda sentence: None).run()
    cards = await rest.all_chats(desk.base, desk.tokens[roster.KEEPER])
    card = next(card for card in cards if card.first_line == f"I will {act}")
    assert card.state is state
    assert card.page.endswith("/more")
    assert card.drill


@pytest.mark.asyncio(loop_scope="module")
async def test_the_command_ends_with_ctrl_c_and_tells_what_happened(desk: Site) -> None:
    command = (sys.executable, "-m", "agentconsole", "simulate", "--server", desk.base, "--rate", "5/s")
    process = await asyncio.create_subprocess_exec(
        *command, "--speed", "10", "--department", "billing", "--json", "--seed", "c", stdout=subprocess.PIPE
    )

    async def some_wait() -> bool:
        cards = await rest.all_chats(desk.base, desk.tokens[roster.KEEPER])
        return sum(card.state is p.State.waiting for card in cards) >= 2

    await async_until(some_wait, 20, what="two waiting visitors")
    process.send_signal(signal.SIGINT)
    out, _ = await asyncio.wait_for(process.communicate(), 20)
    report = json.loads(out)
    assert process.returncode == 0
    assert report["seed"] == "c"
    assert report["chats_started"] >= 2
    assert report["chats_abandoned"] == report["chats_started"]
    cards = await rest.all_chats(desk.base, desk.tokens[roster.KEEPER])
    assert not [card for card in cards if card.state in p.OPEN_STATES and card.state is not p.State.wrapup]


@pytest.mark.asyncio(loop_scope="module")
async def test_an_unknown_department_is_refused_with_those_there_are(desk: Site) -> None:
    drill = Drill(server=desk.base, rate=1.0, departments=("repairs",))
    with pytest.raises(Trouble, match=r"'repairs'.*support.*sales.*billing"):
        await run_drill(drill, BOOK, asyncio.Event(), Ledger(), lambda sentence: None)


def test_a_server_that_is_not_there_is_named() -> None:
    command = [sys.executable, "-m", "agentconsole", "simulate", "--server", "http://127.0.0.1:9"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, env=dict(os.environ))
    assert ended.returncode == 1
    assert "http://127.0.0.1:9" in ended.stderr
    assert ended.stderr.count("\n") == 1


async def test_a_server_of_another_version_is_told_apart_from_a_lost_link() -> None:
    face = p.DepartmentFace(1, "sales", "Sales", True)

    async def serve(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(p.encode(p.VisitorWelcome("r", 1, [face])).decode())
        await socket.send('{"t": "synced"}')
        await socket.recv()
        await socket.send('{"t": "a word of tomorrow"}')
        await socket.wait_closed()

    async with websockets_serve(serve, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        drill = Drill(server=f"127.0.0.1:{port}", rate=10, visitors=1, speed=20)
        with pytest.raises(Trouble, match="speaks another language"):
            await run_drill(drill, BOOK, asyncio.Event(), Ledger(), lambda sentence: None)


def test_addresses_are_put_right_or_refused() -> None:
    assert base_url("chat.example.org/") == "http://chat.example.org"
    assert base_url("https://chat.example.org:8443") == "https://chat.example.org:8443"
    for wrong in ("", "ftp://chat.example.org", "http://", "http://host:99999"):
        with pytest.raises(Trouble, match="no address"):
            base_url(wrong)
