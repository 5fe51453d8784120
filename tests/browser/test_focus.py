"""What others do meanwhile takes neither the cursor nor half-typed text from a visitor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.acts import bubble, start, write
from tests.browser.conftest import Contexts
from tests.browser.desk import Agent
from tests.browser.host import Site
from tests.browser.test_launcher import OPEN_SHADOWS, chat_in, tag
from tests.running import Running, running
from tests.waiting import until

pytestmark = pytest.mark.browser

LATE_FOCUS = "Document.prototype.hasFocus = () => false;"  # a busy browser tells its frames late


def stir(agent: Agent, page: Page, department: str) -> None:
    """The form's departments come and go: the page has drawn them anew twice."""
    choice = page.get_by_role("radio", name=re.compile(department))
    for status, there in (("break", False), ("online", True)):
        agent.order("set_status", status=status)
        wanted = "We are here" if there else "Nobody is here just now"
        expect(choice.locator("xpath=..").get_by_text(wanted)).to_be_visible()


@pytest.mark.parametrize("label", ["Name", "E-mail", "Your message"])
def test_a_field_of_the_form_keeps_cursor_and_text(
    site: Running, agent: Agent, page: Page, label: str
) -> None:
    page.goto(site.url + "/chat")
    field = page.get_by_label(label)
    expect(field).to_be_visible()
    field.press_sequentially("half a ")
    stir(agent, page, "Sales")
    expect(field).to_be_focused()
    page.keyboard.type("word")
    expect(field).to_have_value("half a word")
    assert field.evaluate("(one) => one.type === 'email' ? 11 : one.selectionStart") == len("half a word")


def test_a_choice_keeps_cursor_and_mark(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/chat")
    expect(page.get_by_role("radio", name=re.compile("^Sales"))).to_be_focused()
    page.keyboard.press("ArrowDown")
    support = page.get_by_role("radio", name=re.compile("^Support"))
    expect(support).to_be_focused()
    stir(agent, page, "Support")
    expect(support).to_be_focused()
    expect(support).to_be_checked()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name=re.compile("^Sales"))).to_be_focused()


def test_who_fills_in_the_form_stays_there_when_a_chat_begins_elsewhere(
    site: Running, agent: Agent, contexts: Contexts
) -> None:
    context = contexts()
    one, two = context.new_page(), context.new_page()
    heard: list[str] = []
    one.on("websocket", lambda socket: socket.on("framereceived", lambda text: heard.append(str(text))))
    one.goto(site.url + "/chat")
    two.goto(site.url + "/chat/support")
    field = one.get_by_label("Your message")
    expect(field).to_be_visible()
    field.press_sequentially("half a ")
    two.get_by_label("Your message").fill("")
    start(two, "from the other tab")
    agent.say(agent.take("from the other tab"), "an answer")
    until(lambda: one.evaluate("1") and any("an answer" in text for text in heard), what="the chat here too")
    one.bring_to_front()
    expect(field).to_be_focused()
    one.keyboard.type("word")
    expect(field).to_have_value("half a word")
    one.get_by_role("button", name="Start chat").click()
    expect(bubble(one, "half a word")).to_be_visible()


def test_who_writes_a_line_stays_in_its_chat(site: Running, agent: Agent, contexts: Contexts) -> None:
    context = contexts()
    one, two = context.new_page(), context.new_page()
    one.goto(site.url + "/chat")
    one.get_by_role("radio", name=re.compile("^Sales")).check()
    start(one, "the first chat")
    chat = agent.take("the first chat")
    one.reload()
    composer = one.get_by_label("Write a message")
    expect(composer).to_be_visible()
    composer.press_sequentially("half a ")
    two.goto(site.url + "/chat")
    write(two, "seen")
    agent.hears(chat, "seen")
    two.get_by_role("banner").get_by_role("button", name="End chat").wait_for()
    other = Visit(site, two)
    second = other.start("support", "the second chat")
    agent.waiting("the second chat")
    expect(one.get_by_role("navigation", name="Your chats")).to_be_visible()
    one.bring_to_front()
    expect(composer).to_be_focused()
    one.keyboard.type("word")
    one.keyboard.press("Enter")
    agent.hears(chat, "half a word")
    assert second != chat


class Visit:
    """The same visitor in a window that speaks the protocol by itself."""

    def __init__(self, site: Running, page: Page) -> None:
        self.site = site
        token = page.evaluate("localStorage.getItem('agentconsole.token')")
        self.visitor = site.visitor(token)

    def start(self, department: str, text: str) -> int:
        """Begin a chat; its id."""
        return self.visitor.start(self.site.department_id(department), text)


def test_a_comment_is_not_lost_to_another_chat_nor_to_another_windows_comment(
    site: Running, agent: Agent, page: Page
) -> None:
    page.goto(site.url + "/chat")
    page.get_by_role("radio", name=re.compile("^Sales")).check()
    start(page, "to be judged")
    chat = agent.take("to be judged")
    agent.order("close", chat=chat)
    page.get_by_role("button", name="Good").click(timeout=20_000)
    page.reload()
    comment = page.get_by_label("Tell us more (optional)")
    expect(comment).to_be_visible()
    comment.press_sequentially("half a ")
    visit = Visit(site, page)
    visit.visitor.send(t="rate", cid="another-window-1", chat=chat, rating="bad", comment="from elsewhere")
    expect(page.get_by_text("Your comment has arrived.", exact=False)).to_be_hidden()
    visit.start("support", "elsewhere again")
    agent.waiting("elsewhere again")
    expect(comment).to_be_focused()
    page.keyboard.type("word")
    expect(comment).to_have_value("half a word")
    page.get_by_role("button", name="Send comment").click()
    what = {"kind": "rated", "rating": "good", "comment": "half a word"}
    agent.get(lambda frame: frame["t"] == "event" and frame["chat"] == chat and frame["what"] == what)
    expect(comment).to_be_hidden()


def test_the_composer_keeps_cursor_and_text_through_all_that_happens_to_its_chat(
    site: Running, agent: Agent, page: Page
) -> None:
    page.goto(site.url + "/chat/slow")
    start(page, "many things happen")
    composer = page.get_by_label("Write a message")
    expect(composer).to_be_visible()
    composer.press_sequentially("half a ")
    chat = agent.take("many things happen")
    agent.say(chat, "an answer")
    expect(bubble(page, "an answer")).to_be_visible()
    agent.order("close", chat=chat)
    expect(page.get_by_text("Just write: the chat goes on.", exact=False)).to_be_visible()
    expect(composer).to_be_focused()
    page.keyboard.type("word")
    page.keyboard.press("Enter")
    agent.hears(chat, "half a word")


def test_a_button_that_goes_away_leaves_the_cursor_in_the_chat(
    site: Running, agent: Agent, page: Page
) -> None:
    page.goto(site.url + "/chat/sales")
    start(page, "a button goes away")
    page.get_by_role("button", name="Send as a message").focus()
    chat = agent.take("a button goes away")
    expect(page.get_by_label("Write a message")).to_be_focused()
    page.keyboard.type("unsent")
    agent.order("close", chat=chat)
    expect(page.get_by_text("How was this chat?")).to_be_visible()
    expect(page.get_by_role("log")).to_be_focused()
    page.get_by_role("button", name="Start a new chat").click()
    expect(page.get_by_label("Your message")).to_have_value("unsent")


@pytest.mark.parametrize("leaves", [False, True])
def test_a_slow_link_puts_the_cursor_into_the_form_unless_the_visitor_has_gone_elsewhere(
    site: Running, host: Site, contexts: Contexts, leaves: bool
) -> None:
    page = contexts(viewport={"width": 1000, "height": 800}).new_page()
    page.add_init_script(OPEN_SHADOWS + LATE_FOCUS)
    held: list[tuple[WebSocketRoute, str | bytes]] = []

    def hold(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda text: held.append((socket, text)))

    page.route_web_socket(re.compile("/ws/visitor"), hold)
    page.goto(host.page("/slow", f"<input id=own>{tag(site, department='sales')}"))
    page.get_by_role("button", name="Open chat").click()
    chat, own = chat_in(page), page.locator("#own")
    expect(chat.get_by_text("Connecting …")).to_be_visible()
    until(lambda: page.evaluate("1") and any("synced" in str(text) for _, text in held), what="all of it")
    if leaves:
        own.click()
    for socket, text in held:
        socket.send(text)
    expect(chat.get_by_label("Your message")).to_be_visible()
    expect(own if leaves else chat.get_by_label("Your message")).to_be_focused()


HIDE = """(hidden) => {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (hidden ? "hidden" : "visible") });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_window_too_many_gets_the_link_of_one_that_nobody_looks_at_else_says_why(
    contexts: Contexts, tmp_path: Path
) -> None:
    with running(tmp_path / "data", sockets_per_token=2) as site:
        address = f"{site.url}/chat/{site.add_department()}"
        context = contexts()
        first, second, third, fourth = (context.new_page() for _ in range(4))
        for tab in (first, second):
            tab.goto(address)
            expect(tab.get_by_label("Your message")).to_be_visible()
        second.evaluate(HIDE, True)
        third.goto(address)
        start(third, "room was made")
        expect(bubble(first, "room was made")).to_be_visible()
        fourth.goto(address)
        crowd = fourth.get_by_text("open in too many windows. Close one", exact=False)
        expect(crowd).to_be_visible()
        third.goto("about:blank")
        expect(bubble(fourth, "room was made")).to_be_visible()
        first.evaluate(HIDE, True)
        second.evaluate(HIDE, False)
        expect(bubble(second, "room was made")).to_be_visible()


def test_nothing_can_be_filled_in_before_the_server_has_said_what_there_is(site: Running, page: Page) -> None:
    page.add_init_script(
        """new MutationObserver(() => {
          const form = document.querySelector("form");
          if (form && window.early === undefined) window.early = form.checkVisibility();
        }).observe(document, { subtree: true, childList: true });"""
    )
    page.goto(site.url + "/chat/sales")
    expect(page.get_by_label("Your message")).to_be_visible()
    assert page.evaluate("window.early") is False
