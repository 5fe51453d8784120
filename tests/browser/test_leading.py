"""Pages and topics lead a visitor to a department; the visitor decides."""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from tests.browser.acts import bubble, press, start
from tests.browser.conftest import Contexts
from tests.browser.desk import Agent
from tests.browser.host import Site
from tests.browser.test_launcher import OPEN_SHADOWS, chat_in, tag
from tests.running import Running, unique

pytestmark = pytest.mark.browser


@pytest.fixture
def page(contexts: Contexts) -> Page:
    """A visitor on a desktop."""
    context: BrowserContext = contexts(viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
    context.add_init_script(OPEN_SHADOWS)
    return context.new_page()


def radio(place: Page | FrameLocator, name: str) -> Locator:
    """The choice of this department."""
    return place.get_by_role("radio", name=re.compile(f"^{re.escape(name)} "))


def opened(page: Page) -> FrameLocator:
    """The chat, after a click on its launcher."""
    page.get_by_role("button", name="Open chat").click()
    return chat_in(page)


def department(site: Running, pattern: str = "", *topics: str) -> str:
    """The name of a department to which these pages lead, set as an administrator does."""
    slug = unique("led")
    site.add_department(slug, name=slug.capitalize(), topics=list(topics))
    if pattern:
        order = ["admin", "--data", str(site.data), "department", "set", slug, "--page", pattern]
        subprocess.run([sys.executable, "-m", "agentconsole", *order], check=True, timeout=60)
    return slug.capitalize()


def test_a_page_leads_to_its_department_and_the_choice_is_free(
    site: Running, agent: Agent, host: Site, page: Page
) -> None:
    name = department(site, "/pricing*")
    host.page("/pricing/eu", tag(site))
    page.goto(host.page("/elsewhere", tag(site)))
    chat = opened(page)
    expect(radio(chat, "Sales")).to_be_checked()
    chat.get_by_label("Your message").fill("how much")
    page.goto(host.url + "/pricing/eu?from=mail")
    expect(radio(chat, name)).to_be_checked()
    expect(chat.get_by_label("Your message")).to_have_value("how much")
    page.reload()
    expect(radio(chat, name)).to_be_checked()

    radio(chat, "Slow").check()
    agent.order("set_status", status="break")
    expect(chat.get_by_role("radio", name="Slow Nobody is here just now")).to_be_checked()
    agent.order("set_status", status="online")
    page.reload()
    expect(radio(chat, "Slow")).to_be_checked()

    radio(chat, name).check()
    start(chat, "how much is it")
    card = agent.get(lambda frame: frame["t"] == "card" and frame.get("first_line") == "how much is it")
    assert card["department"] == site.department_id(name.lower())


def test_the_department_of_the_tag_wins(site: Running, host: Site, page: Page, agent: Agent) -> None:
    department(site, "/fixed*")
    page.goto(host.page("/fixed/here", tag(site, department="sales")))
    chat = opened(page)
    expect(chat.get_by_label("Your message")).to_be_visible()
    expect(chat.get_by_role("radio")).to_have_count(0)
    start(chat, "for sales alone")
    card = agent.get(lambda frame: frame["t"] == "card" and frame.get("first_line") == "for sales alone")
    assert card["department"] == site.department_id("sales")


def test_a_visitor_who_comes_back_is_led_too(site: Running, agent: Agent, host: Site, page: Page) -> None:
    """A window that connects by itself waits for the launcher to name the page."""
    name = department(site, "/again*")
    page.goto(host.page("/first", tag(site)))
    chat = opened(page)
    start(chat, "soon closed")
    agent.order("close", chat=agent.take("soon closed"))
    expect(chat.get_by_text("How was this chat?")).to_be_visible()
    press(chat, "Close window")
    page.goto(host.page("/again/now", tag(site)))
    chat = opened(page)
    press(chat, "Start a new chat")
    expect(radio(chat, name)).to_be_checked()


def test_a_topic_chooses_its_department_and_a_department_forgets_a_topic_that_it_has_not(
    site: Running, agent: Agent, page: Page
) -> None:
    own, shared = unique("Returns "), unique("Other ")
    first, second = department(site, "", own, shared), department(site, "", shared)
    page.goto(site.url + "/chat")
    topic = page.get_by_label("Topic")
    radio(page, "Slow").check()
    topic.select_option(own)
    expect(radio(page, first)).to_be_checked()
    radio(page, second).check()
    expect(topic).to_have_value("")
    topic.select_option(shared)
    expect(radio(page, second)).to_be_checked()
    radio(page, "Slow").check()
    topic.select_option(shared)
    expect(radio(page, first)).to_be_checked()
    topic.select_option(own)
    page.reload()
    expect(topic).to_have_value(own)
    expect(radio(page, first)).to_be_checked()
    start(page, "it came broken")
    expect(bubble(page, "it came broken")).to_be_visible()
    card = agent.get(lambda frame: frame["t"] == "card" and frame.get("first_line") == "it came broken")
    assert (card["topic"], card["department"]) == (own, site.department_id(first.lower()))
