"""Private notes never leave: what colleagues write among themselves is in nothing that a visitor can get."""

import json
import re
import secrets
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, WebSocket, expect

from agentconsole.backend.desk.admin import AddUser, GiveGrant
from agentconsole.backend.operator import ListDepartments
from agentconsole.protocol import Role
from tests.browser.acts import bubble, start, write
from tests.browser.conftest import Contexts
from tests.browser.desk import Agent, furnished
from tests.mail.mailboxes import mailbox
from tests.mail.post_office import PostOffice, Received, Street
from tests.running import HASH, Running, cid, unique
from tests.waiting import until

pytestmark = pytest.mark.browser

TYPED = "what the agent is typing"  # of which nobody but the server is told
PUBLIC = f"said-to-everybody-{secrets.token_hex(6)}"


class Marks:
    """Words that stand only in what is private, each by the name of where it was written."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        """A fresh mark for this place."""
        self.made[place] = f"classified-{secrets.token_hex(6)}"
        return self.made[place]

    def within(self, carried: bytes) -> set[str]:
        """The places whose marks are in these bytes."""
        return {place for place, mark in self.made.items() if mark.encode() in carried}


class Wire:
    """All that came to a visitor's windows: frames, answers with their headers, pages, and what the browser keeps.

    What the widget is made of are files, the same for everybody.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.carried: list[bytes] = []
        context.route("**/api/**", self._fetched)
        context.on("page", lambda page: page.on("websocket", self._opened))

    def _fetched(self, route: Route) -> None:
        answer = route.fetch()
        self.carried += [answer.body(), json.dumps(answer.headers).encode()]
        route.fulfill(response=answer)

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.carried.append(str(frame).encode()))

    def look(self, page: Page) -> None:
        """Take in what stands on the page and what is kept for it."""
        kept = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
        self.carried += [page.content().encode(), str(kept).encode()]

    @property
    def everything(self) -> bytes:
        """In one piece."""
        return b"\n".join(self.carried)


class Team:
    """A department with secrets of its own: Ana answers there, Ben is her colleague, Sue supervises."""

    def __init__(self, site: Running, ana: Agent, mark: Marks, **settings: object) -> None:
        self.site, self.mark, self.ana = site, mark, ana
        self.slug = site.add_department(
            name="Vault",
            description=mark("description of the department"),
            guide=mark("guide of the department"),
            hours=mark("hours in words"),
            alarms=[mark("alarm")],
            skills=[mark("skill")],
            pages=["/" + mark("page of the department")],
            wrapup_s=1,
            **settings,
        )
        self.ben, self.sue = self._colleague(Role.agent), self._colleague(Role.supervisor)

    def _colleague(self, role: Role) -> Agent:
        name = unique("colleague")
        self.site.order(AddUser(name, HASH, display=name.capitalize()))
        self.site.order(GiveGrant(name, role, self.slug))
        found = Agent(self.site, name)
        found.order("set_status", status="online")
        return found

    def go(self) -> None:
        """Ben and Sue go home."""
        self.ben.close()
        self.sue.close()

    def talk(self, chat: int) -> None:
        """All that is said about a running chat behind the visitor's back."""
        ana, ben, sue, mark = self.ana, self.ben, self.sue, self.mark
        ana.order("note", chat=chat, text=mark("note"))
        ana.order("note", chat=chat, text=f"@{ben.name} {mark('note that names a colleague')}")
        ana.order("note_customer", chat=chat, text=mark("note on the customer"))
        sue.tell("open", chat=chat)
        sue.order("message", user=ana.user, chat=chat, text=mark("whisper"))
        ana.order("message", user=ben.user, text=mark("message to a colleague"))
        sue.order("message", department=self.site.department_id(self.slug), text=mark("message to all"))
        ana.order("ask_help", chat=chat, text=mark("call for help"))
        ana.order("end_help", chat=chat)
        ana.order("invite", chat=chat, user=ben.user)
        ben.order("join", chat=chat)
        ben.order("leave", chat=chat)
        ana.order("transfer", chat=chat, user=ben.user, note=mark("note of a transfer"))
        ben.order("decline", chat=chat, reason=mark("why a transfer is declined"))
        ana.order("save_canned", shortcut=unique("c"), text=mark("canned answer"))
        ana.tell("typing", chat=chat, text=mark(TYPED))

    def judge(self, chat: int) -> None:
        """What is said of a chat that is over."""
        self.sue.order("give_feedback", chat=chat, text=self.mark("feedback"), good=False)

    def ticket(self, chat: int) -> int:
        """A ticket of the chat, with all that colleagues write into it; its number."""
        ana, mark = self.ana, self.mark
        ana.order("convert_chat", chat=chat, subject="A parcel", note=mark("note of a conversion"))
        card = ana.get(lambda frame: frame["t"] == "ticket" and frame.get("chat") == chat)
        number = int(card["ticket"])
        self.file = self.upload()
        ana.order("note_ticket", ticket=number, text=mark("note on the ticket"), files=[self.file])
        ana.order("set_ticket", ticket=number, tags=[mark("tag")], priority="urgent")
        return number

    def rename(self, ticket: int) -> None:
        """A subject goes out with mails, but the widget is not told of it."""
        self.ana.order("set_ticket", ticket=ticket, subject=self.mark("subject"))

    def upload(self) -> int:
        """A file that says something private, by its name and in itself; its id."""
        name, text = self.mark("name of a file"), self.mark("inside of a file")
        answer = self.site.ask(
            "POST",
            f"/api/files?name={name}.txt",
            self.ana.token,
            content=text.encode(),
            headers={"Content-Type": "text/plain"},
        )
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def seen(self, chat: int, ticket: int) -> bytes:
        """All that the three of them can see of it."""
        paths = [
            f"/api/chats/{chat}/events?limit=500",
            f"/api/chats/{chat}/customer",
            f"/api/tickets/{ticket}",
            f"/api/files/{self.file}",
            "/api/departments",
            "/api/feedback",
            "/api/canned",
        ]
        answers = [
            self.site.ask("GET", path, who.token).content for path in paths for who in (self.ana, self.sue)
        ]
        frames = [
            json.dumps(frame).encode() for who in (self.ana, self.ben, self.sue) for frame in who.frames
        ]
        settings = str(self.site.order(ListDepartments()).rows).encode()
        return b"\n".join([*answers, *frames, settings])


@pytest.fixture
def mark() -> Marks:
    """The secrets of a test."""
    return Marks()


@pytest.fixture
def team(site: Running, agent: Agent, mark: Marks) -> Iterator[Team]:
    """Ana, Ben and Sue at work."""
    made = Team(site, agent, mark)
    yield made
    made.go()


def asked(site: Running, token: str, ids: dict[str, int]) -> list[httpx.Response]:
    """What a visitor's token gets for every address that can be read over REST, with these ids in it."""
    described = site.http.get("/api/openapi.json").json()["paths"]
    paths = [path for path, ways in described.items() if "get" in ways]
    assert "/api/tickets/{ticket}" in paths, paths
    filled = [re.sub(r"\{(\w+)\}", lambda hole: str(ids.get(hole[1], 1)), path) for path in paths]
    return [site.ask("GET", path, token) for path in filled]


def test_nothing_that_colleagues_write_among_themselves_comes_to_the_visitor(
    site: Running, team: Team, mark: Marks, contexts: Contexts
) -> None:
    context = contexts()
    wire = Wire(context)
    page = context.new_page()
    page.goto(f"{site.url}/chat/{team.slug}")
    start(page, text := unique("a delicate matter "), name="Jo", email="jo.secret@example.com")
    chat = team.ana.take(text)
    team.talk(chat)
    team.ana.say(chat, PUBLIC)
    expect(bubble(page, PUBLIC)).to_be_visible()
    write(page, "and on it goes")
    team.ana.hears(chat, "and on it goes")
    wire.look(page)
    team.ana.order("close", chat=chat)
    page.get_by_role("button", name="Good").click(timeout=20_000)
    page.get_by_label("Tell us more (optional)").fill("all fine")
    page.get_by_role("button", name="Send comment").click()
    team.judge(chat)
    ticket = team.ticket(chat)
    team.rename(ticket)
    with page.expect_download():
        page.get_by_role("button", name="Download transcript").last.click()
    page.reload()
    expect(bubble(page, PUBLIC)).to_be_visible()
    wire.look(page)

    token = str(page.evaluate("localStorage.getItem('agentconsole.token')"))
    elsewhere = contexts()
    elsewhere.add_init_script(
        f"if (location.protocol === 'http:') localStorage.setItem('agentconsole.token', '{token}');"
    )
    far = Wire(elsewhere)
    other = elsewhere.new_page()
    other.goto(f"{site.url}/chat/{team.slug}")
    expect(bubble(other, PUBLIC)).to_be_visible()
    far.look(other)

    ids = {"chat": chat, "ticket": ticket, "file": team.file, "department": site.department_id(team.slug)}
    answers = asked(site, token, ids)
    open_to_visitors = {answer.url.path for answer in answers if answer.is_success}
    assert f"/api/visitor/chats/{chat}/transcript" in open_to_visitors
    assert not [
        path for path in open_to_visitors if path.startswith(("/api/tickets", "/api/chats", "/api/files"))
    ]
    rest = b"\n".join(answer.content + str(answer.headers).encode() for answer in answers)

    visitor = wire.everything + far.everything + rest
    assert visitor.count(PUBLIC.encode()) > 4, "frames, transcripts and pages were looked at"
    until(
        lambda: mark.within(team.seen(chat, ticket)) | {TYPED} == set(mark.made),
        what="the team sees each of them",
    )
    assert mark.within(visitor) == set()


def opened(mail: Received) -> bytes:
    """A mail as it came, and all its headers and parts as one reads them."""
    found = [mail.raw]
    for part in message_from_bytes(mail.raw, policy=policy.default).walk():
        found += [f"{name}: {value}".encode() for name, value in part.items()]
        inside = part.get_payload(decode=True)
        found += [inside] if isinstance(inside, bytes) else []
    return b"\n".join(found)


def sent(office: PostOffice) -> bytes:
    """All mails that have come."""
    return b"\n".join(opened(mail) for mail in list(office.received))


def test_no_mail_to_the_customer_holds_what_colleagues_write(
    mark: Marks, contexts: Contexts, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    with Street() as office:
        (data / "mail.toml").write_text(mailbox("shop", smtp=office.port))
        with furnished(data) as site:
            ana = Agent(site)
            ana.order("set_status", status="online")
            mails = {
                "address": "vault@example.org",
                "mailbox": "shop",
                "tell_solved": True,
                "transcript": True,
            }
            team = Team(site, ana, mark, **mails)
            page = contexts().new_page()
            page.goto(f"{site.url}/chat/{team.slug}")
            start(page, text := unique("by mail, please "), email="jo.mail@example.com")
            chat = ana.take(text)
            team.talk(chat)
            ana.order("close", chat=chat)
            expect(page.get_by_text("How was this chat?")).to_be_visible()
            ticket = team.ticket(chat)
            answer = {"text": PUBLIC, "seen": 100, "email": "jo.mail@example.com", "status": "solved"}
            stolen = site.ask(
                "POST",
                f"/api/tickets/{ticket}/replies",
                ana.token,
                {"cid": cid(), **answer, "files": [team.file]},
            )
            assert stolen.json()["code"] == "gone", "the file of a note cannot be sent by mistake"
            ana.order("reply_ticket", ticket=ticket, **answer)
            until(lambda: PUBLIC.encode() in sent(office), seconds=30, what="the answer is in a mail")
            until(lambda: len(office.received) > 1, seconds=30, what="and another says that it is solved")
            assert mark.within(sent(office)) == set()
            assert "note on the ticket" in mark.within(team.seen(chat, ticket))
            team.go()
            ana.close()
