"""The launcher on other people's pages."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, Route, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.browser.acts import bubble, press, start, write
from tests.browser.conftest import Contexts
from tests.browser.desk import Agent
from tests.browser.host import Site
from tests.running import Running, running
from tests.waiting import until

pytestmark = pytest.mark.browser

OPEN_SHADOWS = """
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (options) { return attach.call(this, { ...options, mode: "open" }); };
"""
HOSTILE_CSS = """<style>
html > *, html > * * { display: none !important; visibility: hidden !important; opacity: 0 !important; transform: scale(0) !important;
    position: static !important; color: red !important; font: 90px fantasy !important; pointer-events: none !important }
agentconsole-launcher { left: -9999px !important; z-index: -1 !important; filter: blur(50px) !important;
    clip-path: inset(100%) !important; contain: strict !important; content-visibility: hidden !important }
</style>"""


KEYBOARD = """(height) => {  // what is left of the screen, as a phone tells it
  const here = { height, offsetTop: height < innerHeight ? 20 : 0, scale: 1 };
  for (const [name, value] of Object.entries(here)) Object.defineProperty(visualViewport, name, { configurable: true, value });
  visualViewport.dispatchEvent(new Event("resize"));
}"""


@pytest.fixture
def context(contexts: Contexts) -> BrowserContext:
    """A visitor on a desktop; the launcher's shadow is open to the test, and only to it."""
    made = contexts(viewport={"width": 1000, "height": 800})
    made.add_init_script(OPEN_SHADOWS)
    return made


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab of this visitor."""
    return context.new_page()


def tag(site: Running, **data: str) -> str:
    """The script tag that a site puts on its pages."""
    attributes = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    return f'<script src="{site.url}/widget.js" {attributes} async></script>'


def chat_in(page: Page) -> FrameLocator:
    """The chat's frame."""
    return page.locator("agentconsole-launcher").frame_locator("iframe")


def test_a_chat_goes_on_from_page_to_page(site: Running, agent: Agent, host: Site, page: Page) -> None:
    script = tag(site, department="sales")
    page.goto(host.page("/one", f"<p>one</p><a href='/two'>on</a>{script}"))
    host.page("/two", f"<p>two</p>{script}")
    page.get_by_role("button", name="Open chat").click()
    chat = chat_in(page)
    start(chat, "from page one")
    number = agent.take("from page one")
    card = agent.get(lambda frame: frame["t"] == "card" and frame["chat"] == number)
    assert (card["page"], card["page_title"]) == (host.url + "/one", "Shop/one")
    chat.get_by_label("Write a message").fill("my draft")
    page.get_by_role("link", name="on").click()
    expect(bubble(chat, "from page one")).to_be_visible()
    expect(chat.get_by_label("Write a message")).to_have_value("my draft")
    assert page.evaluate("document.activeElement === document.body"), (
        "an open chat must not take the cursor away"
    )
    agent.get(lambda frame: frame["t"] == "card" and frame.get("page") == host.url + "/two")
    page.evaluate("history.pushState({}, '', '/three'); document.title = 'Third'")
    agent.get(lambda frame: frame["t"] == "card" and frame.get("page") == host.url + "/three")
    write(chat, "still me")
    agent.hears(number, "still me")


def test_a_closed_chat_counts_what_is_unread(site: Running, agent: Agent, host: Site, page: Page) -> None:
    page.goto(host.page("/badge", tag(site, department="sales")))
    page.get_by_role("button", name="Open chat").click()
    chat = chat_in(page)
    start(chat, "then I close it")
    number = agent.take("then I close it")
    press(chat, "Close window")
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    agent.say(number, "are you there?")
    agent.say(number, "hello?")
    expect(page.get_by_role("button", name="Open chat. New messages: 2")).to_be_visible()
    expect(page.locator("agentconsole-launcher [role=status]")).to_have_text("New messages: 2")
    said = agent.get(lambda frame: frame["t"] == "event" and frame["what"].get("text") == "hello?")
    page.reload()
    expect(page.get_by_role("button", name="Open chat. New messages: 2")).to_be_visible()
    assert not read(agent, number, said["pub"])
    page.get_by_role("button", name="Open chat").click()
    expect(bubble(chat, "hello?")).to_be_visible()
    expect(page.get_by_role("button", name="Close window")).to_be_visible()
    agent.get(
        lambda frame: (
            frame["t"] == "marks" and frame["chat"] == number and frame.get("read", 0) >= said["pub"]
        )
    )
    page.get_by_role("button", name="Close window").click()
    expect(page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()


def read(agent: Agent, chat: int, pub: int) -> bool:
    """Whether the visitor's read mark has come to this event."""
    marks = [frame for frame in agent.frames if frame["t"] == "marks" and frame["chat"] == chat]
    return any(frame.get("read", 0) >= pub for frame in marks)


def test_nobody_is_connected_before_the_chat_is_opened(site: Running, host: Site, page: Page) -> None:
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto(host.page("/quiet", tag(site)))
    expect(page.locator("agentconsole-launcher iframe")).to_have_attribute("title", "Open chat")
    assert sockets == []
    page.get_by_role("button", name="Open chat").click()
    until(lambda: page.evaluate("1") and sockets, what="the socket")
    assert sockets == [site.url.replace("http", "ws") + "/ws/visitor"]


def test_the_shadow_is_closed_to_the_page(site: Running, host: Site, contexts: Contexts) -> None:
    page = contexts().new_page()
    page.goto(host.page("/closed", tag(site)))
    launcher = page.locator("agentconsole-launcher")
    expect(launcher).to_be_attached()
    assert launcher.evaluate("(one) => one.shadowRoot") is None
    assert page.evaluate("document.querySelectorAll('iframe').length") == 0


def test_a_hostile_style_sheet_cannot_touch_it(site: Running, agent: Agent, host: Site, page: Page) -> None:
    page.goto(host.page("/css", HOSTILE_CSS + tag(site, department="sales")))
    button = page.get_by_role("button", name="Open chat")
    expect(button).to_be_visible()
    box = button.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (60, 60)
    assert page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).localName", [box["x"] + 30, box["y"] + 30]
    ) == ("agentconsole-launcher")
    button.click()
    chat = chat_in(page)
    start(chat, "in spite of the style")
    agent.waiting("in spite of the style")
    style = launcher_style(page)
    assert style == {
        "filter": "none",
        "clipPath": "none",
        "opacity": "1",
        "zIndex": "2147483647",
        "transform": "none",
    }


def launcher_style(page: Page) -> dict[str, str]:
    """What the page's styles could have changed on the launcher."""
    found: dict[str, str] = page.locator("agentconsole-launcher").evaluate(
        """(one) => { const { filter, clipPath, opacity, zIndex, transform } = getComputedStyle(one);
        return { filter, clipPath, opacity, zIndex, transform }; }"""
    )
    return found


def test_it_works_under_the_strictest_policy_that_allows_it(
    site: Running, agent: Agent, host: Site, page: Page
) -> None:
    policy = (
        f"default-src 'none'; script-src {site.url}; frame-src {site.url};"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    )
    address = host.page("/strict", tag(site, department="sales"), Content_Security_Policy=policy)
    page.goto(address)
    page.get_by_role("button", name="Open chat").click()
    start(chat_in(page), "under a strict policy")
    agent.waiting("under a strict policy")


def test_a_policy_that_forbids_the_frame_opens_a_tab(
    site: Running, host: Site, page: Page, complaints: list[str]
) -> None:
    policy = f"default-src 'none'; script-src {site.url}"
    page.goto(host.page("/noframe", tag(site), Content_Security_Policy=policy))
    until(lambda: page.evaluate("1") and complaints, what="the browser blocks the frame")
    with page.expect_popup() as waited:
        page.get_by_role("button", name="Chat").click()
    expect(waited.value.get_by_label("Your message")).to_be_visible()
    # The browser may tell of the one blocked frame more than once, and late.
    complaints[:] = [told for told in complaints if "Framing" not in told]


def test_who_opens_the_chat_before_it_has_come_can_write_in_it_then(
    site: Running, host: Site, page: Page
) -> None:
    """A frame that takes the cursor while it is being loaded may lose it again to the page, and with it every key."""
    held: list[Route] = []
    page.route("**/chat?*", lambda route: held.append(route))
    page.goto(host.page("/hasty", tag(site, department="sales")))
    page.get_by_role("button", name="Chat").click()
    until(lambda: page.evaluate("1") and held, what="the chat is asked for")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    held[0].continue_()
    message = chat_in(page).get_by_label("Your message")
    expect(message).to_be_focused()
    page.keyboard.type("at once")
    expect(message).to_have_value("at once")


def test_a_chat_that_comes_late_leaves_the_cursor_to_who_writes_elsewhere(
    site: Running, host: Site, page: Page
) -> None:
    held: list[Route] = []
    page.route("**/chat?*", lambda route: held.append(route))
    page.goto(host.page("/late", f"<input aria-label='Search'>{tag(site, department='sales')}"))
    page.get_by_role("button", name="Chat").click()
    search = page.get_by_label("Search")
    search.click()
    until(lambda: page.evaluate("1") and held, what="the chat is asked for")
    held[0].continue_()
    expect(chat_in(page).get_by_label("Your message")).to_be_visible()
    page.keyboard.type("a word")
    expect(search).to_have_value("a word")


def test_who_clicks_at_once_where_the_frame_is_forbidden_gets_the_tab(
    site: Running, host: Site, page: Page, complaints: list[str]
) -> None:
    policy = f"default-src 'none'; script-src 'unsafe-inline' {site.url}"
    page.add_init_script("window.requestIdleCallback = () => 0;")
    page.goto(host.page("/hasty-noframe", tag(site), Content_Security_Policy=policy))
    with page.expect_popup() as waited:
        page.get_by_role("button", name="Chat").click()
    expect(waited.value.get_by_label("Your message")).to_be_visible()
    expect(page.get_by_role("button", name="Chat")).to_have_attribute("aria-expanded", "false")
    complaints[:] = [told for told in complaints if "Framing" not in told]


def test_the_tag_decides_on_place_colour_title_and_language(site: Running, host: Site, page: Page) -> None:
    script = tag(site, position="left", color="#7c3aed", title="Ask &lt;us&gt;", lang="nb", theme="dark")
    page.goto(host.page("/data", script))
    button = page.get_by_role("button", name="Ask <us>")
    box = button.bounding_box()
    assert box is not None
    assert box["x"] == 20
    assert button.evaluate("(one) => getComputedStyle(one).backgroundColor") == "rgb(124, 58, 237)"
    button.click()
    chat = chat_in(page)
    expect(chat.get_by_role("heading", name="Ask <us>")).to_be_visible()
    expect(chat.get_by_label("Meldingen din")).to_be_visible()
    head = chat.get_by_role("banner").evaluate("(one) => getComputedStyle(one).backgroundColor")
    assert head == "rgb(124, 58, 237)"
    assert chat.locator("html").get_attribute("data-theme") == "dark"


def test_without_a_language_in_the_tag_that_of_the_page_counts(site: Running, host: Site, page: Page) -> None:
    polish = "<script>document.documentElement.lang = 'pl-PL'</script>"
    page.goto(host.page("/po-polsku", polish + tag(site, department="sales")))
    page.get_by_role("button", name="Otwórz czat").click()
    expect(chat_in(page).get_by_label("Twoja wiadomość")).to_be_visible()


def test_the_tag_twice_makes_one_launcher(site: Running, host: Site, page: Page) -> None:
    page.goto(host.page("/twice", tag(site) + tag(site)))
    expect(page.locator("agentconsole-launcher iframe")).to_have_count(1)
    assert page.locator("agentconsole-launcher").count() == 1


def test_strangers_are_not_heard(site: Running, host: Site, page: Page) -> None:
    """Neither does the launcher believe the page's own scripts, nor the frame any window but its parent."""
    host.page("/inner", "<p>inner</p>")
    listening = "<script>addEventListener('message', ({ source }) => { if (source !== window) window.chatFrame = source; });</script>"
    page.goto(host.page("/fake", f"{listening}<iframe src='/inner'></iframe>{tag(site)}"))
    expect(page.locator("agentconsole-launcher iframe")).to_have_attribute("title", "Open chat")
    page.evaluate("window.postMessage({ agentconsole: 'unread', count: 7 }, '*')")
    page.evaluate("window.postMessage({ agentconsole: 'ready', open: true, labels: { open: 'Pwned' } }, '*')")
    inner = next(frame for frame in page.frames if frame.url.endswith("/inner"))
    framed = next(frame for frame in page.frames if "/chat" in frame.url)
    framed.evaluate("addEventListener('message', ({ source }) => { window.heard ||= source !== parent; })")
    inner.evaluate("parent.chatFrame.postMessage({ agentconsole: 'open', open: true }, '*')")
    framed.wait_for_function("window.heard")
    assert framed.evaluate("localStorage.getItem('agentconsole.open')") in (None, "no")
    expect(page.get_by_role("button", name="Open chat", exact=True)).to_have_attribute(
        "aria-expanded", "false"
    )


def test_keyboard_alone_is_enough(site: Running, agent: Agent, host: Site, page: Page) -> None:
    page.goto(host.page("/keys", f"<p>text</p>{tag(site)}"))
    button = page.get_by_role("button", name="Open chat")
    expect(page.locator("agentconsole-launcher iframe")).to_have_attribute("title", "Open chat")
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    chat = chat_in(page)
    expect(chat.get_by_role("radio", name=re.compile("^Sales"))).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(chat.get_by_role("radio", name=re.compile("^Support"))).to_be_checked()
    for label in ("Topic", "Name", "E-mail", "Your message"):
        page.keyboard.press("Tab")
        expect(chat.get_by_label(label)).to_be_focused()
    page.keyboard.type("no mouse here")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(chat.get_by_label("Write a message")).to_be_focused()
    number = agent.take("no mouse here")
    agent.say(number, "none needed")
    expect(bubble(chat, "none needed")).to_be_visible()
    composer = chat.get_by_label("Write a message")
    expect(composer).to_be_focused()
    page.keyboard.type("two")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("lines")
    expect(composer).to_have_value("two\nlines")
    page.keyboard.press("Enter")
    agent.hears(number, "two\nlines")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    page.keyboard.press("Enter")
    expect(chat.get_by_label("Write a message")).to_be_focused()


def test_on_a_phone_it_fills_the_screen(site: Running, agent: Agent, host: Site, contexts: Contexts) -> None:
    phone = contexts(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone.add_init_script(OPEN_SHADOWS)
    page = phone.new_page()
    page.goto(host.page("/phone", f"<meta name=viewport content='width=device-width'><p>text</p>{tag(site)}"))
    page.get_by_role("button", name="Open chat").tap()
    frame = page.locator("agentconsole-launcher iframe")
    chat = chat_in(page)
    expect(chat.get_by_label("Your message")).to_be_visible()
    until(
        lambda: frame.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}, what="the whole screen"
    )
    assert chat.locator("html").evaluate("(one) => one.scrollWidth") == 390
    page.evaluate(KEYBOARD, 500)
    until(
        lambda: frame.bounding_box() == {"x": 0, "y": 20, "width": 390, "height": 500},
        what="above the keyboard",
    )
    page.evaluate(KEYBOARD, 844)
    until(lambda: (frame.bounding_box() or {}).get("height") == 844, what="the whole screen again")
    press(chat, "Close window", touch=True)
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()


def test_the_sample_page_shows_the_launcher(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/static/widget/site.html")
    page.get_by_role("button", name="Open chat").click()
    start(chat_in(page), "from the sample page")
    agent.waiting("from the sample page")
    page.get_by_role("link", name="another page").click()
    expect(bubble(chat_in(page), "from the sample page")).to_be_visible()


def test_only_configured_sites_may_frame_the_chat(
    host: Site, contexts: Contexts, tmp_path: Path, complaints: list[str]
) -> None:
    with running(tmp_path / "data", frame_sites="https://shop.example") as site:
        context = contexts()
        context.add_init_script(OPEN_SHADOWS)
        page = context.new_page()
        page.goto(host.page("/foreign", tag(site)))
        until(lambda: page.evaluate("1") and complaints, what="the browser refuses to frame it")
        assert "frame-ancestors 'self' https://shop.example" in complaints[0]
        complaints.clear()
        page.goto(site.url + "/static/widget/site.html")
        page.get_by_role("button", name="Open chat").click()
        expect(chat_in(page).get_by_role("heading", level=1)).to_be_visible()


# --- who may talk to the server ---


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://127.0.0.1", "null", "http://127.0.0.1.evil.example", "file://"]
)
def test_a_foreign_origin_is_refused(site: Running, origin: str) -> None:
    address = site.url.replace("http", "ws") + "/ws/visitor"
    with pytest.raises(InvalidStatus) as refused, connect(address, origin=origin):  # type: ignore[arg-type]
        pass
    assert refused.value.response.status_code == 403


def test_a_foreign_page_cannot_open_our_socket(
    site: Running, host: Site, page: Page, complaints: list[str]
) -> None:
    page.goto(host.page("/socket", "<p>evil</p>"))
    ended = page.evaluate(
        """(address) => new Promise((done) => {
          const socket = new WebSocket(address);
          socket.onopen = () => done("open");
          socket.onclose = () => done("closed");
        })""",
        site.url.replace("http", "ws") + "/ws/visitor",
    )
    assert ended == "closed"
    complaints.clear()


def test_the_chat_may_be_framed_and_carries_a_strict_policy(site: Running, page: Page) -> None:
    for path in ("/chat", "/chat/sales"):
        answer = page.request.get(site.url + path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "style-src 'self'" in policy
        assert "unsafe" not in policy
        assert "set-cookie" not in answer.headers
