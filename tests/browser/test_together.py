"""Several agents and one visitor: what the visitor is told of it, and what not."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from agentconsole.backend.desk.admin import AddUser, GiveGrant
from agentconsole.protocol import Role, Routing
from tests.browser.acts import bubble, start, write
from tests.browser.desk import Agent, furnished
from tests.running import HASH, Running, unique
from tests.waiting import until

pytestmark = pytest.mark.browser


@pytest.fixture
def department(site: Running) -> str:
    """A department for one test alone."""
    return site.add_department(name=unique("Repairs "))


def colleague(site: Running, department: str, display: str) -> Agent:
    """Somebody of this department, online."""
    name = unique("colleague")
    site.order(AddUser(name, HASH, display=display))
    site.order(GiveGrant(name, Role.agent, department))
    found = Agent(site, name)
    found.order("set_status", status="online")
    return found


@pytest.fixture
def ben(site: Running, department: str) -> Iterator[Agent]:
    """A colleague of Ana's."""
    found = colleague(site, department, "Ben Ek")
    yield found
    found.close()


@pytest.fixture
def heard(page: Page) -> list[dict[str, Any]]:
    """All frames that come to the visitor's window."""
    found: list[dict[str, Any]] = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda text: found.append(json.loads(text)))
    )
    return found


def notices(page: Page) -> list[str]:
    """What the log says beside the lines, without the marks around names."""
    return [re.sub("[\u2068\u2069]", "", text) for text in page.locator(".notice").all_text_contents()]


def test_colleagues_join_write_and_leave(
    site: Running, agent: Agent, ben: Agent, page: Page, department: str, heard: list[dict[str, Any]]
) -> None:
    page.goto(f"{site.url}/chat/{department}")
    start(page, "it needs two")
    chat = agent.take("it needs two")
    agent.say(chat, "I ask a colleague")
    agent.order("note", chat=chat, text="a secret thought")
    agent.order("invite", chat=chat, user=ben.user)
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana Ruiz")
    ben.order("join", chat=chat)
    expect(page.get_by_text("\u2068Ben Ek\u2069 has joined the chat")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("\u2068Ana Ruiz\u2069 and \u2068Ben Ek\u2069")

    agent.tell("typing", chat=chat, text="x")
    expect(page.get_by_text("\u2068Ana Ruiz\u2069 is typing …")).to_be_visible()
    ben.tell("typing", chat=chat, text="x")
    expect(page.get_by_text("\u2068Ana Ruiz\u2069 and \u2068Ben Ek\u2069\u2069 are typing …")).to_be_visible()
    ben.say(chat, "Ben here")
    expect(bubble(page, "Ben here")).to_be_visible()
    expect(page.get_by_text("\u2068Ana Ruiz\u2069 is typing …")).to_be_visible()
    agent.say(chat, "and Ana")
    expect(page.get_by_text("typing …")).to_be_hidden()
    agent.say(chat, "Ana again")
    expect(bubble(page, "Ana again")).to_be_visible()
    assert page.locator(".who").all_text_contents() == ["Ana Ruiz", "Ben Ek", "Ana Ruiz"]

    ben.order("leave", chat=chat)
    expect(page.get_by_text("\u2068Ben Ek\u2069 has left the chat")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana Ruiz")
    assert "secret" not in json.dumps(heard)
    assert "invited" not in json.dumps(heard)


def test_of_a_transfer_one_hears_only_who_is_there_now(
    site: Running, agent: Agent, ben: Agent, page: Page, department: str, heard: list[dict[str, Any]]
) -> None:
    page.goto(f"{site.url}/chat/{department}")
    start(page, "whose is it")
    chat = agent.take("whose is it")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana Ruiz")
    agent.order("transfer", chat=chat, user=ben.user, note="a hard case")
    ben.get(
        lambda frame: frame["t"] == "card" and frame["chat"] == chat and frame.get("offer_to") == ben.user
    )
    ben.order("decline", chat=chat)
    agent.say(chat, "one moment")
    expect(bubble(page, "one moment")).to_be_visible()
    agent.order("transfer", chat=chat, user=ben.user, note="a hard case")
    ben.order("take", chat=chat)
    expect(page.get_by_text("is here for you now")).to_be_visible()
    assert notices(page) == [
        "Chat started",
        "Ana Ruiz is here for you",
        "Ben Ek is here for you now, instead of Ana Ruiz",
    ]
    expect(page.get_by_role("heading", level=1)).to_have_text("Ben Ek")
    told = json.dumps(heard)
    for word in ("hard case", "offer", "declined", "user"):
        assert word not in told, word


def test_who_is_moved_to_another_department_is_told_its_name_and_stays_where_they_came_in(
    site: Running, agent: Agent, page: Page, department: str
) -> None:
    name = unique("Workshop ")
    other = site.add_department(name=name)
    page.goto(f"{site.url}/chat/{department}")
    start(page, "not here")
    chat = agent.take("not here")
    under = page.get_by_role("banner").locator(".under")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana Ruiz")
    before = under.text_content()
    assert before
    assert before.startswith("Repairs")
    agent.order("set_status", status="break")
    agent.order("transfer", chat=chat, department=site.department_id(other), away="wait")
    expect(
        page.get_by_text(f"You are in line for \u2068{name}\u2069 now; nothing is lost", exact=False)
    ).to_be_visible()
    expect(page.get_by_role("status").get_by_text("You are number \u20681\u2069 in line")).to_be_visible()
    agent.order("set_status", status="online")
    agent.order("take", chat=chat)
    expect(page.get_by_text("You are number")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana Ruiz")
    expect(under).to_have_text(before)


def test_who_waits_in_the_line_of_a_person_keeps_their_place(
    site: Running, agent: Agent, ben: Agent, page: Page, department: str
) -> None:
    page.goto(f"{site.url}/chat/{department}")
    start(page, "I want Ben")
    chat = agent.take("I want Ben")
    ben.order("set_status", status="break")
    agent.order("transfer", chat=chat, user=ben.user, away="wait")
    expect(page.get_by_text("You are back in line and keep your place")).to_be_visible()
    expect(page.get_by_role("status").get_by_text("You are number \u20681\u2069 in line")).to_be_visible()
    assert "Ben" not in " ".join(notices(page))


def test_a_promised_answer_names_who_will_write(
    site: Running, agent: Agent, ben: Agent, page: Page, department: str
) -> None:
    page.goto(f"{site.url}/chat/{department}")
    start(page, "write to me", email="jo@example.com")
    chat = agent.take("write to me")
    ben.order("set_status", status="break")
    agent.order("transfer", chat=chat, user=ben.user, away="email")
    expect(page.get_by_text("\u2068Ben Ek\u2069 will answer you by e-mail")).to_be_visible()


def test_an_offer_moves_nobody_in_the_line(site: Running, page: Page, heard: list[dict[str, Any]]) -> None:
    """While the chat is offered, declined and offered again its visitor waits, at the same place."""
    slug = site.add_department(routing=Routing.least_busy)
    one, two = colleague(site, slug, "One"), colleague(site, slug, "Two")
    page.goto(f"{site.url}/chat/{slug}")
    start(page, "pass me on")
    card = one.get(lambda frame: frame["t"] == "card" and frame["state"] == "offered")
    chat = card["chat"]
    asked, taker = (one, two) if card["offer_to"] == one.user else (two, one)
    asked.order("decline", chat=chat)
    taker.get(lambda frame: frame["t"] == "card" and frame.get("offer_to") == taker.user)
    expect(page.get_by_role("status").get_by_text("You are number \u20681\u2069 in line")).to_be_visible()
    cards = [frame for frame in heard if frame["t"] == "chat" and frame["chat"] == chat]
    assert {card["state"] for card in cards} == {"waiting"}
    assert {frame["place"] for frame in heard if "place" in frame} == {1}
    assert all("place" in card for card in cards)
    assert notices(page) == ["Chat started"]
    taker.order("take", chat=chat)
    expect(page.get_by_text("is here for you")).to_be_visible()
    expect(page.get_by_text("in line")).to_be_hidden()
    one.close()
    two.close()


def test_who_loses_the_agent_is_told_so_and_keeps_the_place(page: Page, tmp_path: Path) -> None:
    """And a screen reader hears it: what is told stands in regions that were there before."""
    with furnished(tmp_path / "data", seat_hold_seconds=1) as site:
        ana = Agent(site)
        ana.order("set_status", status="online")
        page.goto(site.url + "/chat/sales")
        start(page, "do not go")
        chat = ana.take("do not go")
        ana.say(chat, "I stay")
        expect(bubble(page, "I stay")).to_be_visible()
        status = page.locator(".queue-text")
        expect(status).to_have_text("")
        assert status.evaluate("(one) => one.checkVisibility() && one.role") == "status"
        write(page, "are you there?")
        ana.hears(chat, "are you there?")
        ana.close()
        sentence = "Nobody can go on here just now. You are in line again and keep your place"
        expect(page.get_by_role("log").get_by_text(sentence)).to_be_visible()
        expect(status).to_contain_text("You are number \u20681\u2069 in line")
        expect(page.get_by_role("banner").get_by_text("Waiting for an answer")).to_be_visible()
        again = Agent(site)
        again.order("set_status", status="online")
        until(lambda: again.waiting("do not go") == chat, what="it waits")
        again.order("take", chat=chat)
        expect(status).to_have_text("")
        again.close()
