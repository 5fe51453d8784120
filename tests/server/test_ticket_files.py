"""Files of tickets on the real server: limits, names, types, and who may have them."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from agentconsole import protocol as p
from agentconsole.backend import http
from agentconsole.backend.desk.uploads import UNSENT, ForgetFiles
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.domain.spans import DAY_MS
from agentconsole.backend.storage import files
from tests.server.site import SUPPORT, staff_token
from tests.server.ticket_desk import Desk, desk
from tests.waiting import async_until

UNKNOWN = b'{"code":"unknown","text":"There is no such file, or it is not yours to see."}'


async def upload(
    d: Desk, who: str, name: str, data: Any = b"data", kind: str = "text/plain", **headers: str
) -> httpx.Response:
    """An upload and its bare answer."""
    sent = {"Authorization": f"Bearer {staff_token(who)}", "Content-Type": kind, **headers}
    return await d.http.post("/api/files", params={"name": name}, content=data, headers=sent)


async def key(d: Desk, who: str, name: str = "a.txt", data: bytes = b"data", kind: str = "text/plain") -> int:
    """The id of an upload."""
    answer = await upload(d, who, name, data, kind)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def got(d: Desk, who: str, file: int) -> httpx.Response:
    """A file."""
    return await d.ask(who, "GET", f"/api/files/{file}")


async def test_a_file_goes_out_with_an_answer_and_is_saved_never_shown(
    database_url: str, tmp_path: Path
) -> None:
    async with desk(database_url, tmp_path) as d:
        number = await d.new()
        data = b"<script>alert(1)</script>\x00\xff"
        file = await key(d, "ann", "Quittung <für> Kim.html", data, "text/html; charset=utf-8")
        await d.reply("ann", number, "Here it is.", files=[file])
        (answered,) = [
            e.what for e in (await d.show("bob", number)).entries if isinstance(e.what, p.Answered)
        ]
        assert answered.files == [p.FileCard(file, "Quittung _für_ Kim.html", "text/html", len(data))]
        answer = await got(d, "bob", file)
        assert answer.content == data
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].endswith("; sandbox")
        assert answer.headers["content-disposition"] == (
            'attachment; filename="Quittung _f_r_ Kim.html"; '
            "filename*=UTF-8''%51%75%69%74%74%75%6E%67%20%5F%66%C3%BC%72%5F%20%4B%69%6D%2E%68%74%6D%6C"
        )
        (mail,) = (await d.show("bob", number)).mails
        assert base64.b64encode(data) in await d.raw("bob", number, mail.seq)


async def test_who_may_have_a_file(sqlite_url: str, tmp_path: Path) -> None:
    async with desk(sqlite_url, tmp_path) as d:
        number = await d.new()
        unsent = await key(d, "ann")
        for who in ("bob", "carl", "sue", "root"):
            assert (await got(d, who, unsent)).content == UNKNOWN, "not sent yet: its uploader's alone"
        assert (await got(d, "ann", unsent)).content == b"data"
        await d.do("ann", "POST", f"/{number}/notes", {"text": "see it", "files": [unsent]})
        for who in ("bob", "sue", "ada"):
            assert (await got(d, who, unsent)).content == b"data"
        assert {(await got(d, "carl", each)).content for each in (unsent, 999_999)} == {UNKNOWN}
        await d.do("ann", "PATCH", f"/{number}", {"department": SUPPORT})
        assert (await got(d, "carl", unsent)).content == b"data"
        assert (await got(d, "ann", unsent)).content == UNKNOWN, "it went where its ticket went"
        assert (await d.http.get(f"/api/files/{unsent}")).status_code == 401


async def test_files_that_are_not_mine_or_sent_already_are_not_sent(sqlite_url: str, tmp_path: Path) -> None:
    async with desk(sqlite_url, tmp_path) as d:
        first, second = await d.new(), await d.new()
        his, mine = await key(d, "bob"), await key(d, "ann")
        body = {"text": "x", "files": [his], "seen": 99}
        assert await d.refused("ann", "POST", f"/{first}/replies", body) == "gone"
        await d.do("ann", "POST", f"/{first}/notes", {"text": "x", "files": [mine, mine]})
        assert await d.refused("ann", "POST", f"/{second}/notes", {"text": "x", "files": [mine]}) == "gone"
        assert await d.refused("ann", "POST", f"/{second}/replies", {**body, "files": [mine]}) == "gone"
        assert len((await d.show("ann", second)).entries) == 1, "nothing was written"
        many = [await key(d, "ann") for _ in range(6)]
        answer = await d.ask("ann", "POST", f"/{first}/notes", {"text": "x", "files": many})
        assert answer.status_code == 400, "five to a message"
        await d.do("ann", "POST", f"/{first}/merge", {"into": second})
        assert (await got(d, "bob", mine)).content == b"data"


async def test_sizes(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        whole = b"x" * p.MAX_FILE
        file = await key(d, "ann", data=whole)
        assert (await got(d, "ann", file)).content == whole
        for data in (whole + b"x", _stream(p.MAX_FILE + 1)):
            answer = await upload(d, "ann", "big", data)
            assert (answer.status_code, answer.json()["code"]) == (413, "bad_frame")
        assert (await upload(d, "ann", "none", b"")).json()["code"] == "empty"
        big = {"subject": "x", "text": "y" * 140_000, "department": 1}
        assert (await d.ask("ann", "POST", "", big)).status_code == 413, "elsewhere a body is small"
        assert (await upload(d, "ann", "z", b"x", **{"Content-Encoding": "gzip"})).status_code == 415


async def _stream(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 65_536 + 1):
        yield b"x" * 65_536


async def test_names_and_types(sqlite_url: str, tmp_path: Path) -> None:
    async with desk(sqlite_url, tmp_path) as d:
        for name, kept in (
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\kim\\bill.pdf", "bill.pdf"),
            ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt"),
            ("gpj.\u202eexe", "gpj.exe"),
            ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
            (".profile", "profile"),
        ):
            card = (await upload(d, "ann", name)).json()
            assert card["name"] == kept
            header = (await got(d, "ann", card["id"])).headers["content-disposition"]
            assert header == f'attachment; filename="{kept}"'
        for name in ("..", "/", "\u200b", "x" * 501):
            assert (await upload(d, "ann", name)).status_code == 400
        for kind, kept in (("image/png", "image/png"), ("text/html;x=y", "text/html")):
            assert (await upload(d, "ann", "x", kind=kind)).json()["type"] == kept
        for kind in ("nonsense", "a/b/c", "x" * 200 + "/y", "<b>/x"):
            assert (await upload(d, "ann", "x", kind=kind)).json()["type"] == "application/octet-stream"


async def test_who_may_upload_and_how_much(sqlite_url: str, tmp_path: Path) -> None:
    async with desk(sqlite_url, tmp_path) as d:
        for who in ("ada", "root"):
            assert (await upload(d, who, "x")).json()["code"] == "not_now"
        assert (await d.http.post("/api/files?name=x", content=b"x")).status_code == 401
        for _ in range(UNSENT):
            await key(d, "ann")
        assert (await upload(d, "ann", "x")).json()["code"] == "full"
        assert (await upload(d, "bob", "x")).status_code == 201


async def test_slow_uploads_of_one_person_keep_nobody_else_waiting(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Request] = []
    gate = asyncio.Event()
    read = http._read

    async def seen(request: Request, *limits: Any) -> bytes:
        begun.append(request)
        return await read(request, *limits)

    async def dripping() -> AsyncIterator[bytes]:
        yield b"x"
        await gate.wait()

    monkeypatch.setattr(http, "_read", seen)
    async with desk(sqlite_url, tmp_path) as d:
        slow = [asyncio.create_task(upload(d, "ann", "slow", dripping())) for _ in range(http.UPLOADS)]
        await async_until(lambda: len(begun) == http.UPLOADS, what="the uploads to have begun")
        refused = await upload(d, "ann", "one more")
        assert (refused.status_code, refused.json()["code"]) == (429, "slow_down")
        assert (await upload(d, "bob", "x")).status_code == 201
        gate.set()
        assert {answer.status_code for answer in await asyncio.gather(*slow)} == {201}
        assert (await upload(d, "ann", "one more")).status_code == 201


async def test_a_message_that_is_split_off_takes_a_copy_of_its_files(
    database_url: str, tmp_path: Path
) -> None:
    async with desk(database_url, tmp_path) as d:
        await d.mail("See what it says.", attached=b"LOG")
        (first,) = [card.ticket for card in (await d.list("ann")).tickets]
        (was,) = [e.what for e in (await d.show("ann", first)).entries if isinstance(e.what, p.Wrote)]
        second = (await d.do("ann", "POST", f"/{first}/split", {"seq": 1}))["ticket"]
        (now,) = [e.what for e in (await d.show("ann", second)).entries if isinstance(e.what, p.Wrote)]
        assert (now.text, now.files[0].name, now.files[0].size) == (was.text, "log.txt", 3)
        await d.do("ann", "PATCH", f"/{second}", {"department": SUPPORT})
        assert (await got(d, "carl", now.files[0].id)).content == b"LOG"
        assert (await got(d, "ann", was.files[0].id)).content == b"LOG"
        assert (await got(d, "carl", was.files[0].id)).content == UNKNOWN


async def test_what_is_not_sent_in_a_day_is_forgotten(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        number = await d.new()
        sent, unsent = await key(d, "ann"), await key(d, "ann")
        await d.do("ann", "POST", f"/{number}/notes", {"text": "x", "files": [sent]})
        now = d.site.desk.clock()
        d.site.desk.clock = lambda: now + DAY_MS - 60_000  # type: ignore[method-assign]
        fresh = await key(d, "ann")
        await d.site.desk.handle(SYSTEM, ForgetFiles())
        assert (await got(d, "ann", unsent)).content == b"data"
        d.site.desk.clock = lambda: now + DAY_MS + 60_000  # type: ignore[method-assign]
        await d.site.desk.handle(SYSTEM, ForgetFiles())
        assert (await got(d, "ann", unsent)).content == UNKNOWN
        assert [(await got(d, "ann", each)).content for each in (sent, fresh)] == [b"data"] * 2
        left = await d.site.hub.database.read(
            lambda db: [files.one(db, each) for each in (sent, unsent, fresh)]
        )
        assert [each is not None for each in left] == [True, False, True]


async def test_a_server_that_starts_forgets_what_was_never_sent(sqlite_url: str, tmp_path: Path) -> None:
    async with desk(sqlite_url, tmp_path) as d:
        fresh = await key(d, "ann")  # first: the number of a forgotten file may be given again
        with d.site.hub.database.writer_engine.begin() as connection:
            old = files.add(connection, "old", "text/plain", b"x", 1, owner=1)
        await d.site.restart()

        async def left() -> list[bool]:
            stored = await d.site.hub.database.read(
                lambda db: [files.one(db, each) for each in (old.id, fresh)]
            )
            return [each is not None for each in stored]

        async def forgotten() -> bool:
            return await left() == [False, True]

        await async_until(forgotten, what="the old file to be forgotten")
