"""The REST door, on the real server: what it does, what it refuses, and that it tells nobody what is not theirs."""

import contextlib
import json
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from agentconsole.backend.rest import ROUTES
from tests.running import Running, Visitor, cid, unique

UNKNOWN = b'{"code":"unknown","text":"There is no such chat, or it is not yours to see."}'
QUESTIONS = ["", "/events", "/customer", "/transcript"]
DEEDS = ["take", "messages", "notes", "close", "reopen", "release"]


@dataclass
class Desk:
    """A waiting chat of `visitor` in the department `here`; `tokens` of people who work here and elsewhere."""

    server: Running
    here: str
    chat: int
    visitor: Visitor
    email: str
    tokens: dict[str, str]

    @property
    def path(self) -> str:
        """The chat's address."""
        return f"/api/chats/{self.chat}"

    def ask(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """The bare answer to one of the people; `path` is below the chat's."""
        return self.server.ask(method, self.path + path, self.tokens[who], body)

    def do(self, who: str, deed: str, **more: Any) -> Any:
        """Do it, and be sure that it was done."""
        answer = self.ask(who, "POST", f"/{deed}", {"cid": cid(), **more})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()


@pytest.fixture(scope="module")
def people(server: Running) -> dict[str, str]:
    """Ann and Ben are agents here, Sue supervises, Ana analyses; Eve is an agent elsewhere; Adm administers."""
    here, there = server.add_department(), server.add_department()
    roles = {
        "ann": ("agent", here),
        "ben": ("agent", here),
        "sue": ("supervisor", here),
        "ana": ("analyst", here),
        "eve": ("agent", there),
        "adm": ("admin", ""),
    }
    names = {part: server.add_user(role, department=slug) for part, (role, slug) in roles.items()}
    return {"here": here, "there": there} | {part: server.login(name) for part, name in names.items()}


@pytest.fixture
def desk(server: Running, people: dict[str, str]) -> Iterator[Desk]:
    """A waiting chat of a new visitor."""
    visitor, email = server.visitor(), f"{unique('vi')}@example.org"
    chat = visitor.start(server.department_id(people["here"]), name="Vi", email=email)
    yield Desk(server, people["here"], chat, visitor, email, people)
    visitor.close()


# --- doing -----------------------------------------------------------------------------------------------------


def test_who_is_not_logged_in_is_told_so(server: Running) -> None:
    for token in (b"", b"Bearer nonsense", b"Basic YTpi", b"Bearer " + b"\xc3\xa5" * 10):
        answer = server.ask("GET", "/api/me", headers={"Authorization": token})
        assert answer.status_code == 401
        assert answer.json()["code"] == "login"
        assert answer.headers["www-authenticate"] == "Bearer"


def test_me_says_who_i_am_and_what_i_may(server: Running) -> None:
    slug = server.add_department()
    name = server.add_user("agent", department=slug)
    me = server.ask("GET", "/api/me", server.login(name)).json()
    assert me["name"] == name
    assert me["grants"] == [{"role": "agent", "department": server.department_id(slug)}]


def test_a_chat_is_worked_from_beginning_to_end(desk: Desk) -> None:
    _work(desk)


def test_a_chat_is_worked_on_either_database(server_on: Running) -> None:
    slug = server_on.add_department()
    server_on.add_user(name="root")
    ann = server_on.login(server_on.add_user("agent", department=slug))
    visitor = server_on.visitor()
    chat = visitor.start(server_on.department_id(slug), name="Vi", email="vi@example.org")
    desk = Desk(server_on, slug, chat, visitor, "vi@example.org", {"ann": ann})
    _work(desk)
    assert [card["chat"] for card in server_on.ask("GET", "/api/chats", ann).json()] == [chat]
    visitor.close()


def _work(desk: Desk) -> None:
    text = "Hello  <b>Vi</b> \u202e \N{PILE OF POO}"
    desk.do("ann", "take")
    desk.do("ann", "messages", text=text)
    heard = [desk.visitor.wait("event")["what"] for _ in range(4)]
    assert [what["kind"] for what in heard] == ["started", "said", "took", "said"]
    assert heard[3]["text"] == text
    desk.do("ann", "notes", text="seems nice")
    desk.do("ann", "close", outcome="follow_up")
    assert desk.ask("ann", "GET", "").json()["state"] == "wrapup"
    desk.do("ann", "reopen")
    desk.do("ann", "release")
    assert desk.ask("ann", "GET", "").json()["state"] == "waiting"
    events = desk.ask("ann", "GET", "/events").json()
    assert [event["seq"] for event in events] == list(range(1, 10))
    assert [event["what"]["kind"] for event in events] == [
        "started", "said", "took", "said", "noted", "ended", "outcome_set", "reopened", "requeued",
    ]  # fmt: skip
    assert [event.get("pub", 0) for event in events] == [1, 2, 3, 4, 0, 5, 0, 6, 7]


def test_events_come_in_pages(desk: Desk) -> None:
    desk.do("ann", "take")
    for number in range(5):
        desk.do("ann", "messages", text=f"line {number}")
    pages, after = [], 0
    while page := desk.ask("ann", "GET", f"/events?after={after}&limit=3").json():
        pages.append([event["seq"] for event in page])
        after = page[-1]["seq"]
    assert pages == [[1, 2, 3], [4, 5, 6], [7, 8]]


def test_sending_again_with_the_same_cid_is_harmless(desk: Desk) -> None:
    desk.do("ann", "take")
    body = {"cid": cid(), "text": "once"}
    first, again = (desk.ask("ann", "POST", "/messages", body) for _ in range(2))
    assert first.json() == again.json()
    other = desk.ask("ann", "POST", "/messages", body | {"text": "twice"})
    assert (other.status_code, other.json()["code"]) == (409, "id_reused")
    said = [event for event in desk.ask("ann", "GET", "/events").json() if event["what"]["kind"] == "said"]
    assert [event["what"]["text"] for event in said] == ["Good morning", "once"]


def test_who_comes_second_is_told_who_was_first(desk: Desk) -> None:
    desk.do("ann", "take")
    second = desk.ask("sue", "POST", "/take", {"cid": cid()})
    assert (second.status_code, second.json()["code"]) == (409, "taken")
    assert "user" in second.json()["text"], "it names who"


def test_refusals_change_nothing(desk: Desk) -> None:
    desk.do("ann", "take")
    for text, code in (("", "empty"), (" \n", "empty"), ("x" * 4_001, "too_long")):
        answer = desk.ask("ann", "POST", "/messages", {"cid": cid(), "text": text})
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert len(desk.ask("ann", "GET", "/events").json()) == 3
    desk.do("ann", "messages", text="x" * 4_000)


# --- rights ----------------------------------------------------------------------------------------------------


def test_what_is_not_mine_does_not_exist(desk: Desk) -> None:
    """Unknown ids, ids that are none, and chats of others: one answer, byte for byte, at every door."""
    desk.do("ann", "take")
    nowhere = ["999999999", "0", "-1", "abc", "1e3", "9" * 30, "%00"]
    for who in ("ben", "eve", "adm"):
        for path in QUESTIONS:
            assert _bytes(desk.ask(who, "GET", path)) == (404, UNKNOWN), (who, path)
        for deed in DEEDS:
            if (who, deed) == ("ben", "take"):
                continue  # his department: he is told who took it
            body = {"cid": cid()} | ({"text": "x"} if deed in ("messages", "notes") else {})
            assert _bytes(desk.ask(who, "POST", f"/{deed}", body)) == (404, UNKNOWN), (who, deed)
    for key in nowhere:
        for path in QUESTIONS:
            answer = desk.server.ask("GET", f"/api/chats/{key}{path}", desk.tokens["ann"])
            assert _bytes(answer) == (404, UNKNOWN), (key, path)
    assert len(desk.ask("ann", "GET", "/events").json()) == 3, "nothing was done"


def _bytes(answer: Any) -> tuple[int, bytes]:
    return answer.status_code, answer.content


def test_a_supervisor_reads_what_a_colleague_may_not(desk: Desk) -> None:
    desk.do("ann", "take")
    for path in QUESTIONS:
        assert desk.ask("sue", "GET", path).status_code == 200
    desk.do("sue", "notes", text="well done")
    assert desk.ask("sue", "POST", "/messages", {"cid": cid(), "text": "x"}).json()["code"] == "not_now"


def test_colleagues_read_along_where_the_department_lets_them(server: Running) -> None:
    slug = server.add_department(team=True)
    ann, ben = (server.login(server.add_user("agent", department=slug)) for _ in range(2))
    visitor = server.visitor()
    chat = visitor.start(server.department_id(slug))
    assert server.ask("POST", f"/api/chats/{chat}/take", ann, {"cid": cid()}).status_code == 200
    assert server.ask("GET", f"/api/chats/{chat}/events", ben).status_code == 200
    assert [card["chat"] for card in server.ask("GET", "/api/chats", ben).json()] == [chat]
    visitor.close()


def test_lists_hold_what_each_may_see(desk: Desk) -> None:
    def listed(who: str, query: str = "") -> set[int]:
        found = desk.server.ask("GET", f"/api/chats?limit=500{query}", desk.tokens[who]).json()
        return {card["chat"] for card in found}

    assert {who for who in ("ann", "ben", "sue", "eve", "adm") if desk.chat in listed(who)} == {
        "ann",
        "ben",
        "sue",
    }
    desk.do("ann", "take")
    assert {who for who in ("ann", "ben", "sue", "ana", "eve", "adm") if desk.chat in listed(who)} == {
        "ann",
        "sue",
        "ana",
    }
    here = desk.server.department_id(desk.here)
    assert desk.chat in listed("ann", f"&state=active&department={here}")
    assert desk.chat not in listed("ann", "&state=waiting")
    assert desk.chat not in listed("ann", f"&department={here + 1}")
    assert desk.chat not in listed("ann", f"&before={desk.chat}")


def test_every_listed_chat_can_be_read(desk: Desk) -> None:
    """The list's own question and policy agree, for everybody."""
    for who in ("ann", "ben", "sue", "ana", "eve", "adm"):
        for card in desk.server.ask("GET", "/api/chats?limit=500", desk.tokens[who]).json():
            answer = desk.server.ask("GET", f"/api/chats/{card['chat']}", desk.tokens[who])
            assert answer.status_code == 200 or (who, card["state"]) == ("ana", "waiting")


def test_the_list_comes_in_pages(desk: Desk) -> None:
    more = [desk.server.visitor() for _ in range(2)]
    here = desk.server.department_id(desk.here)
    chats = [desk.chat, *(visitor.start(here) for visitor in more)]
    found, before = [], 0
    while page := desk.server.ask(
        "GET", f"/api/chats?department={here}&limit=2&before={before}", desk.tokens["sue"]
    ).json():
        assert len(page) <= 2
        found += [card["chat"] for card in page]
        before = found[-1]
    assert found == sorted(found, reverse=True)
    assert set(chats) <= set(found)
    for visitor in more:
        visitor.close()


def test_a_customers_card_shows_only_what_the_reader_may_know(desk: Desk) -> None:
    server, email = desk.server, desk.email
    elsewhere = server.visitor()
    foreign = elsewhere.start(server.department_id(desk.tokens["there"]), text="secret plan", email=email)
    again = server.visitor()
    earlier = again.start(server.department_id(desk.here), text="an earlier matter", email=email.upper())
    desk.do("ann", "take")
    card = desk.ask("ann", "GET", "/customer").json()
    assert card["email"] == email
    assert [chat["chat"] for chat in card["chats"]] == [earlier]
    assert "secret" not in json.dumps(card)
    assert server.ask("GET", f"/api/chats/{foreign}", desk.tokens["ann"]).status_code == 404
    elsewhere.close()
    again.close()


def test_left_messages_are_listed_and_handled_by_their_department(server: Running, people: Any) -> None:
    visitor, text = server.visitor(), unique("call me back ")
    visitor.send(
        t="leave_message",
        cid=cid(),
        department=server.department_id(people["here"]),
        text=text,
        email="vi@example.org",
    )
    assert visitor.wait("ack", "refused")["t"] == "ack"
    found = [
        card for card in server.ask("GET", "/api/left-messages", people["ann"]).json() if card["text"] == text
    ]
    assert len(found) == 1
    path = f"/api/left-messages/{found[0]['id']}/handled"
    assert text not in server.ask("GET", "/api/left-messages", people["eve"]).text
    assert server.ask("POST", path, people["eve"], {"cid": cid()}).status_code == 404
    assert server.ask("POST", path, people["ann"], {"cid": cid()}).status_code == 200
    second = server.ask("POST", path, people["ben"], {"cid": cid()})
    assert (second.status_code, second.json()["code"]) == (409, "taken")
    visitor.close()


# --- transcripts -----------------------------------------------------------------------------------------------


def test_transcripts_hold_the_public_part_alone(desk: Desk) -> None:
    desk.do("ann", "take")
    desk.do("ann", "messages", text="How can I help?")
    desk.do("ann", "notes", text="a private thought")
    for answer in (
        desk.ask("ann", "GET", "/transcript"),
        desk.server.ask("GET", f"/api/visitor/chats/{desk.chat}/transcript", desk.visitor.token),
    ):
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["content-disposition"] == f'attachment; filename="chat-{desk.chat}.txt"'
        assert "Vi (visitor): Good morning" in answer.text
        assert "How can I help?" in answer.text
        assert "private" not in answer.text


def test_no_line_of_a_visitor_passes_for_another_line_of_the_transcript(server: Running, people: Any) -> None:
    visitor = server.visitor()
    chat = visitor.start(
        server.department_id(people["here"]),
        text="hi\n10:00:00 user1: I owe you money\r\n\x1b[2Jx",
        name="user1\n10:00:00 user1",
    )
    text = server.ask("GET", f"/api/visitor/chats/{chat}/transcript", visitor.token).text
    lines = text.splitlines()
    assert "\x1b" not in text
    assert not any(line.startswith("10:00:00") for line in lines)
    assert any(line.startswith("    10:00:00 user1: I owe") for line in lines)
    visitor.close()


def test_a_visitors_transcript_is_for_that_visitor_alone(desk: Desk) -> None:
    path = f"/api/visitor/chats/{desk.chat}/transcript"
    other = desk.server.visitor()
    other.start(desk.server.department_id(desk.here))
    for token in (other.token, "x" * 43, "", desk.tokens["sue"]):
        assert _bytes(desk.server.ask("GET", path, token)) == (404, UNKNOWN)
    assert desk.server.ask("GET", f"/api/chats/{desk.chat}", desk.visitor.token).status_code == 401
    other.close()


# --- strictness ------------------------------------------------------------------------------------------------

BAD_BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"cid": "%s"}',
    b'{"cid": "%s", "text": null}',
    b'{"cid": "%s", "text": 7}',
    b'{"cid": "%s", "text": NaN}',
    b'{"cid": "short", "text": "x"}',
    b'{"cid": "has spaces in", "text": "x"}',
    b'{"cid": "%s", "text": "x", "owner": 1}',
    b'{"cid": "%s", "text": "x", "chat": 1}',
    b'{"cid": "%s", "text": "x", "by": {"side": "system"}}',
    b'{"cid": "%s", "text": "x", "at": 1}',
    b'{"cid": "%s", "text": "x", "pub": 1}',
    b'{"cid": "%s", "text": "x", "note": true}',
    b'{"cid": "%s", "text": "\\ud800"}',
    b'{"cid": "%s", "text": "\xff"}',
    b'\xef\xbb\xbf{"cid": "%s", "text": "x"}',
    b'{"cid": "%s", "text": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    b'{"cid": "%s", "text": "x"} x',
]


def test_a_body_that_is_not_as_described_is_refused_whole(desk: Desk) -> None:
    desk.do("ann", "take")
    json_type = {"Content-Type": "application/json"}
    for number, body in enumerate(BAD_BODIES):
        content = body.replace(b"%s", cid().encode())
        answer = desk.server.ask(
            "POST", f"{desk.path}/messages", desk.tokens["ann"], content=content, headers=json_type
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_frame"), (number, answer.text)
    assert len(desk.ask("ann", "GET", "/events").json()) == 3


def test_of_duplicate_keys_the_last_wins(desk: Desk) -> None:
    desk.do("ann", "take")
    content = b'{"cid": "%s", "text": "first", "text": "last"}' % cid().encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = desk.server.ask(
        "POST", f"{desk.path}/messages", desk.tokens["ann"], content=content, headers=headers
    )
    assert answer.status_code == 201
    assert desk.ask("ann", "GET", "/events").json()[-1]["what"]["text"] == "last"


def test_bodies_have_a_type_and_a_size(desk: Desk) -> None:
    path, ann = f"{desk.path}/messages", desk.tokens["ann"]
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = desk.server.ask("POST", path, ann, content=b"{}", headers={"Content-Type": kind})
        assert answer.status_code == 415
    squeezed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert desk.server.ask("POST", path, ann, content=b"{}", headers=squeezed).status_code == 415
    json_type = {"Content-Type": "application/json"}
    for size, status in ((131_072, 400), (131_073, 413), (13_107_200, 413)):
        answer = desk.server.ask("POST", path, ann, content=b" " * size, headers=json_type)
        assert answer.status_code == status
    pieces = (b" " * 65_536 for _ in range(3))
    assert desk.server.ask("POST", path, ann, content=pieces, headers=json_type).status_code == 413


def test_headers_have_a_size(server: Running) -> None:
    bare = server.http.build_request("GET", "/healthz")
    size = len("/healthz") + sum(len(name) + len(value) + 4 for name, value in bare.headers.raw)
    room = 16_384 - size - len("x-long") - 4
    for more, status in ((room, 200), (room + 1, 431)):
        assert server.ask("GET", "/healthz", headers={"x-long": "a" * more}).status_code == status
    with contextlib.suppress(httpx.TransportError):  # cut off before all was sent
        answer = server.ask("GET", "/healthz", headers={"x-long": "a" * 100 * 16_384})
        assert answer.status_code in (400, 431)
    assert server.ask("GET", "/healthz").status_code == 200


def test_a_query_that_is_not_as_described_is_refused(desk: Desk) -> None:
    for query in (
        "limit=0", "limit=501", "limit=x", "limit=1.5", "limit=", "limit=1&limit=2", "before=-1",
        "before=" + "9" * 30, "state=lost", "department=abc", "drop=table", "limit=NaN",
    ):  # fmt: skip
        answer = desk.server.ask("GET", f"/api/chats?{query}", desk.tokens["sue"])
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_frame"), query
    for query in ("limit=1", "limit=500", "state=active", "before=9007199254740992"):
        assert desk.server.ask("GET", f"/api/chats?{query}", desk.tokens["sue"]).status_code == 200, query


# --- the pages and what every answer has -----------------------------------------------------------------------


def test_every_answer_is_hardened_and_open_to_no_other_origin(server: Running) -> None:
    foreign = {"Origin": "https://evil.example"}
    for method, path in (
        ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("GET", "/api/docs"), ("GET", "/api/openapi.json"),
        ("GET", "/chat"), ("GET", "/api/me"), ("GET", "/nothing"), ("PUT", "/api/me"), ("OPTIONS", "/api/sessions"),
    ):  # fmt: skip
        headers = server.ask(method, path, headers=foreign).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["referrer-policy"] == "no-referrer", path
        assert not [name for name in headers if name.startswith("access-control")], path
        assert "server" not in headers
        assert "set-cookie" not in headers


def test_the_visitors_page_may_be_framed_by_the_named_sites_only(tmp_path: Any, server: Running) -> None:
    from tests.running import running

    assert "frame-ancestors *" in server.ask("GET", "/chat").headers["content-security-policy"]
    with running(tmp_path / "data", frame_sites="https://www.example.org https://*.example.com") as strict:
        for path in ("/chat", "/chat/support"):
            policy = strict.ask("GET", path).headers["content-security-policy"]
            assert policy.endswith("frame-ancestors 'self' https://www.example.org https://*.example.com")
            assert "'unsafe" not in policy


def test_files_are_asked_for_again_only_when_they_changed(server: Running) -> None:
    page = server.ask("GET", "/chat/support")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    again = server.ask("GET", "/chat/support", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert server.ask("HEAD", "/chat").headers["etag"] == page.headers["etag"]


def test_what_the_page_is_made_of_is_fetched_once_for_all(server: Running) -> None:
    page = server.ask("GET", "/chat")
    assert page.headers["cache-control"] == "no-cache"
    parts = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert len(parts) > 20
    for path in parts:
        part = server.ask("GET", path)
        assert (part.status_code, "immutable" in part.headers["cache-control"]) == (200, True), path
    edition = parts[0].split("/")[3]
    words = server.ask("GET", f"/static/widget/{edition}/texts/pl.json")
    assert "immutable" in words.headers["cache-control"], "it is asked for beside the module that reads it"
    older = server.ask("GET", parts[0].replace(edition, "0123456789abcdef"))
    assert (older.status_code, older.headers["cache-control"]) == (200, "no-cache")
    assert older.content == server.ask("GET", parts[0]).content, (
        "a page that is open during an upgrade goes on"
    )


@pytest.mark.parametrize(
    "accepted, zipped",
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("br;q=1, GZIP", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
        ("", False),
    ],
)
def test_texts_are_zipped_for_who_takes_it(server: Running, accepted: str, zipped: bool) -> None:
    plain = server.ask("GET", "/static/widget/visitor.js", headers={"Accept-Encoding": "identity"})
    answer = server.ask("GET", "/static/widget/visitor.js", headers={"Accept-Encoding": accepted})
    assert answer.content == plain.content
    assert answer.headers.get("content-encoding") == ("gzip" if zipped else None)
    assert (int(answer.headers["content-length"]) < len(plain.content) / 2) == zipped
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/widget/../http.py",
        "/static/widget/%2e%2e/http.py",
        "/static/",
        "/static",
    ],
)
def test_no_other_file_can_be_had(server: Running, path: str) -> None:
    assert server.ask("GET", path).status_code == 404


def test_what_does_not_exist_is_answered_in_json(server: Running) -> None:
    answer = server.ask("GET", "/api/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown")
    answer = server.ask("PUT", "/api/sessions")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_operators_can_watch(server: Running) -> None:
    assert server.ask("GET", "/healthz").text == "ok\n"
    assert server.ask("GET", "/readyz").text == "ok\n"
    figures = server.ask("GET", "/metrics").text
    for name in (
        'agentconsole_connections{kind="visitor"}',
        'agentconsole_chats{state="waiting"}',
        'agentconsole_mails{state="unknown"}',
        'agentconsole_webhooks{state="given_up"}',
        'agentconsole_commands_total{code="ok"}',
        "agentconsole_batch_commands_count",
        "agentconsole_commit_seconds_sum",
        "agentconsole_dropped_readers_total",
        "agentconsole_login_failures_total",
    ):
        assert name in figures, name


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make a certificate")
def test_the_server_speaks_tls_with_files_of_its_own(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate), "-days", "2"]
    subprocess.run([*make, *name, *files], check=True, capture_output=True)
    flags = ["--host=0.0.0.0", f"--tls-cert={certificate}", f"--tls-key={key}"]
    command = [
        sys.executable,
        "-m",
        "agentconsole",
        "serve",
        "--data",
        str(tmp_path / "data"),
        "--port=0",
        *flags,
    ]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        ready = process.stdout.readline()
        port = ready.strip().rpartition(":")[2]
        assert ready == f"ready https://0.0.0.0:{port}\n"
        trusted = ssl.create_default_context(cafile=str(certificate))
        answer = httpx.get(f"https://127.0.0.1:{port}/chat", verify=trusted)
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        process.terminate()
    assert process.returncode == 0


def test_every_route_asks_who_is_there(server: Running) -> None:
    for route in ROUTES:
        if route.who == "staff":
            path = route.path.replace("{chat}", "1").replace("{message}", "1")
            assert server.ask(route.method, path).status_code == 401, path
