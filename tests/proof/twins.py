"""Twin runs: one scripted chat on a server of its own, watched or not; all that the observed side could compare."""

import asyncio
import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import create_engine, inspect

from agentconsole import protocol as p
from tests.proof.server import SHIPPED
from tests.running import Running
from tests.server.windows import StaffWindow, new_cid

SECONDS = 20.0
VISITOR = "twin-visitor-".ljust(43, "v")
TIME = re.compile(rb"\b1[0-9]{12}\b")
RUN = re.compile(rb'"run":"[^"]*"')
KEPT_APART = {"audit"}


@dataclass
class Traces:
    """All that the observed side gets, and all that is kept, times and the names of runs blurred."""

    chat: int
    streams: dict[str, list[bytes]] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)
    rows: dict[str, list[Any]] = field(default_factory=dict)
    audit: list[Any] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    previews: list[str] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)


def differences(one: Traces, other: Traces) -> list[str]:
    """What somebody of the observed side, or who reads the database but for the audit log, could tell apart."""
    found = []
    for who in one.streams:
        pairs = zip(one.streams[who], other.streams[who], strict=False)
        at = next((number for number, (left, right) in enumerate(pairs) if left != right), None)
        if at is not None:
            found.append(f"{who}, frame {at}: {one.streams[who][at]!r} / {other.streams[who][at]!r}")
        elif len(one.streams[who]) != len(other.streams[who]):
            longer = max(one.streams[who], other.streams[who], key=len)
            found.append(
                f"{who} got {abs(len(one.streams[who]) - len(other.streams[who]))} more: {longer[-1]!r}"
            )
    found += [
        f"{key}: {one.answers[key]!r} / {other.answers[key]!r}"
        for key in one.answers
        if one.answers[key] != other.answers[key]
    ]
    for table in one.rows.keys() | other.rows.keys():
        left, right = one.rows.get(table), other.rows.get(table)
        if left != right:
            found.append(f"table {table}: {left} / {right}")
    if one.log != other.log:
        found.append(f"log: {one.log} / {other.log}")
    return found


class Person:
    """The handle of a recorder process."""

    def __init__(self, name: str, path: str, process: asyncio.subprocess.Process, file: Path) -> None:
        self.name, self.path, self.process, self.file = name, path, process, file
        self.frames: list[dict[str, Any]] = []
        self.at = 0
        self.pings = 0
        self._came = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.frames.append(json.loads(line))
            self._came.set()

    def say(self, word: Any) -> None:
        """Send a word."""
        assert self.process.stdin is not None
        self.process.stdin.write(p.encode(word) + b"\n")

    async def expect(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next frame of this kind with these fields, after the one found last."""
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    while self.at < len(self.frames):
                        frame = self.frames[self.at]
                        self.at += 1
                        if frame["t"] == kind and all(
                            frame.get(key) == value for key, value in fields.items()
                        ):
                            return frame
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"{self.name}: no {kind} {fields} came; last: {self.frames[-8:]}") from None

    async def done(self, word: Any) -> dict[str, Any]:
        """Send a command that must be acknowledged."""
        self.say(word)
        return await self.expect("ack", cid=word.cid)

    async def event(self, kind: str) -> dict[str, Any]:
        """The next event of this kind."""
        while (frame := await self.expect("event"))["what"]["kind"] != kind:
            pass
        return frame

    async def still(self) -> None:
        """All that was under way has come."""
        self.pings += 1
        self.say(p.Ping(self.pings))
        await self.expect("pong", n=self.pings)

    async def go(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.process.wait()
        await self._reading


@asynccontextmanager
async def person(url: str, path: str, file: Path) -> AsyncIterator[Person]:
    """A recorder process while the block lasts."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.proof.recorder", url, path, str(file)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**22,
    )
    found = Person(file.name, path, process, file)
    try:
        yield found
    finally:
        await found.go()


class Observers:
    """A supervisor and an analyst; they do what they may, or (``watch`` false) sit there."""

    def __init__(self, server: Running, tokens: dict[str, str], watch: bool) -> None:
        site = cast(Any, SimpleNamespace(url=server.url))
        self.server, self.tokens, self.watch = server, tokens, watch
        self.sue, self.ada = StaffWindow(site, tokens["sue"]), StaffWindow(site, tokens["ada"])

    async def come(self) -> None:
        """Both connect, in this order."""
        for window in (self.sue, self.ada):
            await window.connect()
            await window.greet()
            me = window.seen(p.Welcome)[0].user
            await window.expect(p.SeatCard, user=me, status=p.Status.online)

    async def look(self, chat: int) -> None:
        """Open the chat, page through it, explain it, turn the wall on, and ask everything over REST."""
        if not self.watch:
            return
        for window, name in ((self.sue, "sue"), (self.ada, "ada")):
            await window.done(p.Open(new_cid(), chat))
            await window.done(p.Older(new_cid(), chat, 99, 3))
            await window.done(p.Explain(new_cid(), chat))
            window.send(p.Wall(True))
            window.send(p.Seen(chat, 99, 99))
            window.send(p.Typing(chat, "TYPED BY NOBODY"))
            assert isinstance(await window.ask(p.Say(new_cid(), chat, "x")), p.Refused)
            for path in ("", f"/{chat}", f"/{chat}/events", f"/{chat}/transcript", f"/{chat}/explanations"):
                await asyncio.to_thread(fetched, self.server, f"/api/chats{path}", self.tokens[name])
            await asyncio.to_thread(fetched, self.server, f"/api/chats/{chat}/customer", self.tokens[name])
            for path in ("team", "feedback", "left-messages", "canned", "chats?state=active&limit=5"):
                await asyncio.to_thread(fetched, self.server, f"/api/{path}", self.tokens[name])
            await window.pong()

    async def shut(self, chat: int) -> None:
        """Look no more."""
        for window in (self.sue, self.ada) if self.watch else ():
            window.send(p.Wall(False))
            window.send(p.Shut(chat))
            await window.pong()


def fetched(server: Running, path: str, token: str) -> bytes:
    """Status and body of a question, also of a refused one."""
    request = urllib.request.Request(server.url + path, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return blurred(b"%d %s" % (answer.status, answer.read()))
    except urllib.error.HTTPError as error:
        return blurred(b"%d %s" % (error.code, error.read()))


def blurred(content: bytes) -> bytes:
    """Without times and the names of runs, whose lengths are always the same."""
    content = RUN.sub(b'"run":""', TIME.sub(b"T", content))
    return re.sub(rb"\d\d:\d\d:\d\d", b"CLOCK", re.sub(rb"\d{4}-\d\d-\d\d", b"DAY", content))


async def run(folder: Path, watch: bool, database: str = "", launcher: Sequence[str] = SHIPPED) -> Traces:
    """The script on a fresh server; ``database`` is the URL of an empty one, '' an SQLite file."""
    options = [f"--database={database}"] if database else []
    server = Running(folder / "data", launcher=launcher, options=options)
    await asyncio.to_thread(server.start)
    try:
        return await _played(server, folder, watch, database)
    finally:
        await asyncio.to_thread(server.stop)


async def _played(server: Running, folder: Path, watch: bool, database: str) -> Traces:
    tokens = await asyncio.to_thread(_staffed, server)
    observers = Observers(server, tokens, watch)
    await observers.come()
    async with (
        person(server.url, "/ws/staff", folder / "owner") as ann,
        person(server.url, "/ws/staff", folder / "colleague") as bob,
        person(server.url, "/ws/visitor", folder / "visitor") as vera,
    ):
        observed = (ann, bob, vera)
        users = {}
        for window, name, number in ((ann, "ann", 1), (bob, "bob", 2)):
            window.say(p.StaffHello(tokens[name]))
            me = users[name] = (await window.expect("welcome"))["user"]
            await window.expect("seat", user=me, status="online")
            await ann.expect("seat", user=me) if number == 2 else None
            for each in (ann, bob)[:number]:
                await each.still()
        vera.say(p.VisitorHello(VISITOR))
        await vera.expect("synced")
        department = await asyncio.to_thread(server.department_id, "sales")
        chat = await _talk(observers, ann, bob, vera, department, users["ann"])
        answers = await asyncio.to_thread(_asked, server, tokens, chat)
        for each in observed:
            await each.still()
    previews = [
        frame.text
        for window in (observers.sue, observers.ada)
        for frame in window.seen(p.Preview)
        if frame.text
    ]
    for window in (observers.sue, observers.ada):
        window.drop()
    await asyncio.to_thread(server.stop)
    traces = Traces(chat, answers=answers, previews=previews)
    for each in observed:
        traces.streams[each.name] = _frames(blurred_stream(each.file.read_bytes()))
    traces.rows, traces.audit = _rows(database or f"sqlite:///{next(server.data.glob('*.db'))}")
    lines = server.log.read_text().splitlines()
    traces.log = [re.sub(r"time=\S+|127\.0\.0\.1:\d+|/\S+|\[\d+\]", "", line) for line in lines]
    traces.kept = _files(folder) | {"rows": repr(traces.rows).encode()}
    return traces


def _files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def _staffed(server: Running) -> dict[str, str]:
    server.add_user(name="root")
    slug = server.add_department("sales", team=True, offer_s=3_600)
    for name, role in (("ann", "agent"), ("bob", "agent"), ("sue", "supervisor"), ("ada", "analyst")):
        server.add_user(role, name=name, department=slug)
    return {name: server.login(name) for name in ("ann", "bob", "sue", "ada")}


async def _talk(
    observers: Observers, ann: Person, bob: Person, vera: Person, department: int, owner: int
) -> int:
    """What happens in either run; at each turn the observers may look."""
    everybody = (ann, bob, vera)

    async def still() -> None:
        for each in everybody:
            await each.still()

    letter = p.LeaveMessage(
        "letter-001", department, "LEFT FIRST", "vera@x.example"
    )  # makes her known before she starts
    await vera.done(letter)
    await ann.expect("left")
    for each in (
        ann,
        bob,
    ):  # counts come with the next tick of the clock, before the talk and not in its midst
        await each.expect("ticket_counts", counts=[{"department": department, "new": 1}])
    chat = int(
        (await vera.done(p.Start("start-0001", department, "hello", "Vera", "vera@x.example")))["chat"]
    )
    await vera.expect("place", chat=chat)
    await bob.expect("card", chat=chat)
    await observers.look(chat)
    vera.say(p.Typing(chat, "PREVIEWSECRET while waiting"))
    await ann.expect("preview", chat=chat)
    await ann.done(p.Take("take-00001", chat))
    await ann.expect("resume", chat=chat)
    await vera.event("took")
    await still()
    await observers.look(chat)
    for number in range(4):
        await ann.done(p.Say(f"answer-00{number}", chat, f"answer {number}"))
        await vera.event("said")
        await vera.done(p.Say(f"question-{number}", chat, f"question {number}"))
        await still()
    vera.say(p.Typing(chat, "PREVIEWSECRET while answered"))
    await ann.expect("preview", chat=chat, text="PREVIEWSECRET while answered")
    await observers.shut(chat)
    await still()
    await observers.look(chat)
    await ann.done(p.Note("note-00001", chat, "NOTESECRET"))
    ann.say(p.Seen(chat, 99, 99))
    await vera.expect("marks", chat=chat)
    vera.say(p.Seen(chat, 99, 99))
    await ann.expect("marks", chat=chat)
    await bob.done(p.StaffMessage("message-01", "shall I help?", user=owner))
    await still()
    # Here the supervisor steps in, whether she has watched or not.
    await observers.sue.done(p.Join("join-00001", chat))
    await vera.event("joined")
    await still()
    await observers.sue.done(p.Say("sue-say-001", chat, "I am Sue"))
    await observers.sue.done(p.Leave("leave-0001", chat))
    await vera.event("parted")
    await observers.look(chat)
    await ann.done(p.Say("answer-last", chat, "goodbye"))
    await ann.done(p.Close("close-0001", chat))
    await vera.event("ended")
    await still()
    await observers.shut(chat)
    return chat


def _asked(server: Running, tokens: dict[str, str], chat: int) -> dict[str, bytes]:
    """What the observed side is answered over REST."""
    paths = [
        "chats",
        f"chats/{chat}",
        f"chats/{chat}/events",
        f"chats/{chat}/transcript",
        f"chats/{chat}/explanations",
    ]
    paths += [f"chats/{chat}/customer", "chats/999", "team", "feedback", "departments", "audit", "me"]
    found = {
        f"{name} {path}": re.sub(rb'"session":\d+', b"", fetched(server, f"/api/{path}", tokens[name]))
        for name in ("ann", "bob")
        for path in paths
    }
    return found | {"visitor": fetched(server, f"/api/visitor/chats/{chat}/transcript", VISITOR)}


def blurred_stream(content: bytes) -> bytes:
    """The bytes of a link with times as long as they were: frames keep their lengths."""
    return RUN.sub(
        lambda found: b'"run":"' + b"r" * (len(found[0]) - 8) + b'"', TIME.sub(b"1" + b"T" * 12, content)
    )


def _frames(content: bytes) -> list[bytes]:
    """The link's bytes, cut where frames begin; nothing is left out."""
    return re.split(rb"(?=\x81[\x7e\x00-\x7d])", content)


def _rows(url: str) -> tuple[dict[str, list[Any]], list[Any]]:
    """All tables but for the audit log, with times and tokens blurred; and the audit log."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = {
            name: sorted(
                (
                    tuple(_plain(value) for value in row)
                    for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"')
                ),
                key=repr,
            )
            for name in inspect(connection).get_table_names()
            if name not in KEPT_APART
        }
        found = connection.exec_driver_sql("SELECT actor, deed, object, at FROM audit ORDER BY id").all()
    engine.dispose()
    return rows, [tuple(row) for row in found]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "bytes"
    return "time" if re.fullmatch(r"1\d{12}", str(value)) else value
