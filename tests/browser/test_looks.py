"""What one sees and hears: hostile texts stay texts, everything has a name, colours can be read."""

import itertools
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acts import bubble, lines, start, write
from tests.browser.conftest import Contexts
from tests.browser.desk import Agent
from tests.hostile import HOSTILE
from tests.running import Running
from tests.waiting import until

pytestmark = pytest.mark.browser

NUMBERS = itertools.count(1)

MARKUP = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "</p></div></main><style>*{display:none}</style>",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
    "javascript:alert(1)",
    '<a href="javascript:alert(1)">x</a>',
    "&lt;b&gt; &amp; &#x3c;",
    'https://example.com/"onmouseover="alert(1)',
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
]


def carried(text: str) -> bool:
    """The server refuses NUL, halves of characters, white space alone, and what is too long."""
    return len(text.strip()) > 0 and len(text) <= 4_000 and not re.search("[\0\ud800-\udfff]", text)


TEXTS = [one.text for one in HOSTILE if carried(one.text)]


def test_hostile_texts_are_shown_as_they_are(site: Running, agent: Agent, page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(site.url + "/chat/support")
    expect(page.get_by_role("heading", name="Support & <b>Help</b>")).to_be_visible()
    page.get_by_label("Name").fill("<img src=x onerror=alert(1)>")
    start(page, MARKUP[0])
    chat = agent.take(MARKUP[0])
    for text in MARKUP[1:]:
        write(page, text)
        agent.hears(chat, text)
    until(lambda: lines(page) == MARKUP, what="the visitor's lines as typed")
    for text in TEXTS:
        agent.say(chat, text)
    expect(page.get_by_role("log").locator(".theirs .text")).to_have_count(len(TEXTS))
    assert page.get_by_role("log").locator(".theirs .text").all_text_contents() == TEXTS
    assert agent.lines(chat) == MARKUP + TEXTS
    assert page.locator("img, iframe, object, embed, base, style, form[action]").count() == 0
    assert page.locator("script").count() == 1
    links = (
        page.get_by_role("log")
        .locator("a")
        .evaluate_all("(all) => all.map((one) => [one.href, one.rel, one.target])")
    )
    assert links
    for href, rel, target in links:
        assert href.startswith(("http://", "https://"))
        assert (rel, target) == ("noopener noreferrer nofollow", "_blank")
    width = page.get_by_role("log").evaluate("(one) => [one.scrollWidth, one.clientWidth]")
    assert width[0] <= width[1], "no text makes the window scroll sideways"
    page.reload()
    expect(page.get_by_role("log").locator(".text")).to_have_count(len(MARKUP + TEXTS))
    assert lines(page) == MARKUP + TEXTS


def screens(site: Running, agent: Agent, page: Page, check: Any) -> None:
    """Walk through every screen and call `check(name)` on each."""
    page.goto(site.url + "/chat")
    expect(page.get_by_label("Your message")).to_be_visible()
    expect(page.get_by_role("button", name="Start chat")).to_be_in_viewport(ratio=1)
    check("form")
    page.get_by_role("button", name="Leave a message instead").click()
    page.get_by_role("button", name="Send message").click()
    check("message with an error")
    page.get_by_role("button", name="Back").click()
    text = f"look at https://example.com/{next(NUMBERS)}"
    start(page, text)
    check("waiting")
    chat = agent.take(text)
    agent.say(chat, "looking at https://example.com/")
    agent.tell("typing", chat=chat, text="x")
    expect(page.get_by_text("is typing …")).to_be_visible()
    page.get_by_label("Write a message").fill("x" * 3_990)
    page.get_by_role("banner").get_by_role("button", name="End chat").click()
    expect(page.get_by_text("Characters left", exact=False)).to_be_visible()
    check("active")
    page.get_by_role("alertdialog").get_by_role("button", name="End chat").click()
    page.get_by_role("button", name="Fair").click()
    expect(page.get_by_role("button", name="Send comment")).to_be_visible()
    expect(page.get_by_role("button", name="Start a new chat")).to_be_in_viewport(ratio=1)
    check("rating")


CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => [0, 1, 2].map((at) => top[at] * top[3] + under[at] * (1 - top[3])).concat(1);
  const ground = (one) => (one ? over(parse(getComputedStyle(one).backgroundColor), ground(one.parentElement)) : [255, 255, 255, 1]);
  const light = (colour) => colour.slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const one = node.parentElement;
    if (!node.data.trim() || !one.checkVisibility() || one.closest(".unseen, :disabled, noscript")) continue;
    const under = ground(one);
    const [low, high] = [light(under), light(over(parse(getComputedStyle(one).color), under))].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) bad.push([node.data, contrast]);
  }
  return bad;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("accent", ["", "?color=%23ffd400", "?color=%23101010", "?color=%23e11d48"])
def test_every_text_can_be_read(
    site: Running, agent: Agent, contexts: Contexts, scheme: str, accent: str
) -> None:
    tab = contexts(
        color_scheme=scheme, reduced_motion="reduce", viewport={"width": 390, "height": 640}
    ).new_page()
    goto = tab.goto
    tab.goto = lambda address: goto(address + accent)  # type: ignore[method-assign,assignment]
    found: dict[str, Any] = {}

    def check(name: str) -> None:
        if bad := tab.evaluate(CONTRASTS):
            found[name] = bad

    screens(site, agent, tab, check)
    assert found == {}
    assert tab.evaluate("document.documentElement.dataset.theme") == scheme


NAMELESS = """() => [...document.querySelectorAll("button, input, textarea, select, a[href], [role]")]
  .filter((one) => one.checkVisibility() && !one.matches("[role=status], [role=alert]"))
  .filter((one) => {
    const label = one.getAttribute("aria-label") || document.getElementById(one.getAttribute("aria-labelledby"))?.textContent
      || one.labels?.[0]?.textContent || one.textContent;
    return !label?.trim();
  })
  .map((one) => one.outerHTML)"""
SMALL = """() => [...document.querySelectorAll("button, input, textarea, select")]
  .filter((one) => one.checkVisibility())
  .map((one) => [one.closest("label") ?? one, one])
  .filter(([area]) => area.getBoundingClientRect().width < 24 || area.getBoundingClientRect().height < 24)
  .map(([, one]) => one.outerHTML)"""


def test_every_control_has_a_name_and_is_large_enough(site: Running, agent: Agent, page: Page) -> None:
    found: dict[str, Any] = {}

    def check(name: str) -> None:
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
        assert len(ids) == len(set(ids))
        if bad := page.evaluate(NAMELESS) + page.evaluate(SMALL):
            found[name] = bad
        assert page.locator("h1:visible").count() == 1
        assert page.get_by_role("main").count() == 1

    screens(site, agent, page, check)
    assert found == {}


def test_screen_readers_hear_the_others_lines_once(site: Running, agent: Agent, page: Page) -> None:
    """The log is a polite live region that keeps still while it is being filled; own lines are not read aloud."""
    page.goto(site.url + "/chat/sales")
    start(page, "spoken")
    chat = agent.take("spoken")
    agent.say(chat, "aloud")
    expect(bubble(page, "aloud")).to_be_visible()
    log = page.get_by_role("log")
    for name, value in (
        ("aria-live", "polite"),
        ("aria-relevant", "additions"),
        ("aria-busy", "false"),
        ("tabindex", "0"),
    ):
        expect(log).to_have_attribute(name, value)
    assert log.locator(".mine").evaluate_all("(all) => all.every((one) => one.ariaLive === 'off')")
    assert not log.locator(".theirs[aria-live]").count()
    page.evaluate(
        """() => { window.added = []; new MutationObserver((all) => all.forEach(({ addedNodes }) =>
          addedNodes.forEach((one) => window.added.push(one.textContent)))).observe(document.querySelector(".lines"), { childList: true }); }"""
    )
    for number in range(3):
        agent.say(chat, f"more {number}")
    expect(bubble(page, "more 2")).to_be_visible()
    heard = page.evaluate("window.added.filter((text) => text.includes('more 0')).length")
    assert heard == 1, "a line that is drawn again is read aloud again"


def test_a_wrong_clock_does_not_change_the_day(site: Running, agent: Agent, page: Page) -> None:
    page.add_init_script(
        """const Real = Date, wrong = (at) => at + 30 * 3_600_000;
        Date = class extends Real {
          constructor(...given) { given.length ? super(...given) : super(wrong(Real.now())); }
          static now() { return wrong(Real.now()); }
        };"""
    )
    page.goto(site.url + "/chat/sales")
    start(page, "what day is it")
    agent.say(agent.take("what day is it"), "today")
    expect(bubble(page, "today")).to_be_visible()
    expect(page.locator(".day")).to_have_text(["Today"])


def test_who_drops_or_pastes_a_picture_is_told_that_it_cannot_be_sent(
    site: Running, agent: Agent, page: Page
) -> None:
    page.goto(site.url + "/chat/sales")
    start(page, "with a picture")
    told = page.get_by_text("Files and pictures cannot be sent here", exact=False)
    for kind in ("drop", "paste"):
        taken = page.get_by_label("Write a message").evaluate(
            """(composer, kind) => {
              const data = new DataTransfer();
              data.items.add(new File(["x"], "cat.png", { type: "image/png" }));
              const told = { bubbles: true, cancelable: true };
              const over = new DragEvent("dragover", { ...told, dataTransfer: data });
              const event = kind === "paste" ? new ClipboardEvent(kind, { ...told, clipboardData: data })
                : new DragEvent(kind, { ...told, dataTransfer: data });
              return [over, event].map((one) => !composer.dispatchEvent(one));
            }""",
            kind,
        )
        assert taken == [True, True], "the browser would open the picture in place of the chat"
        expect(told).to_be_visible()
        page.get_by_label("Write a message").fill(f"no {kind} then")
        expect(told).to_be_hidden()
    agent.take("with a picture")


def test_a_dark_page_is_dark_before_its_script_has_come(site: Running, contexts: Contexts) -> None:
    tab = contexts(color_scheme="dark").new_page()
    tab.route("**/visitor.js", lambda route: route.abort())
    tab.goto(site.url + "/chat/sales")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 23)"


def test_on_paper_it_is_black_on_white(site: Running, agent: Agent, contexts: Contexts) -> None:
    """Browsers leave out backgrounds: what is white on a colour would be lost."""
    tab = contexts(color_scheme="dark").new_page()
    tab.goto(site.url + "/chat/sales")
    start(tab, "for the record")
    agent.take("for the record")
    tab.emulate_media(media="print")
    ink = tab.locator(".title, .line.mine .text").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).color)"
    )
    assert ink == ["rgb(0, 0, 0)"] * 2
    expect(tab.get_by_label("Write a message")).to_be_hidden()


def test_right_to_left_lines_keep_their_direction(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/chat/sales")
    start(page, "שלום לכם")
    chat = agent.take("שלום לכם")
    agent.say(chat, "left to right")
    expect(bubble(page, "left to right")).to_be_visible()
    directions = page.locator(".text").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).direction)"
    )
    assert directions == ["rtl", "ltr"]


@pytest.mark.parametrize("size", [(320, 480), (390, 844), (1200, 900)])
def test_nothing_is_cut_off(site: Running, agent: Agent, contexts: Contexts, size: tuple[int, int]) -> None:
    """Also with letters twice as large; the composer stays on screen."""
    tab = contexts(viewport={"width": size[0], "height": size[1]}, locale="pl-PL").new_page()
    tab.goto(site.url + "/chat/sales?lang=en")
    tab.evaluate("document.documentElement.style.fontSize = '200%'")
    text = f"large letters {size}"
    start(tab, text)
    expect(tab.get_by_label("Write a message")).to_be_in_viewport()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    agent.take(text)


def test_who_reads_above_is_not_pulled_down(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/chat/sales")
    start(page, "the top")
    chat = agent.take("the top")
    for number in range(40):
        agent.say(chat, f"row {number}")
    expect(bubble(page, "row 39")).to_be_in_viewport()
    page.get_by_role("log").evaluate("(one) => one.scrollTo(0, 0)")
    expect(bubble(page, "the top")).to_be_in_viewport()
    agent.say(chat, "news")
    page.get_by_role("button", name="To the newest message").click()
    expect(bubble(page, "news")).to_be_in_viewport()
    agent.say(chat, "more news")
    expect(bubble(page, "more news")).to_be_in_viewport()
