"""Several launchers on one site, one for each department: each has a chat of its own."""

import re

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, WebSocketRoute, expect

from tests.browser.acts import bubble, lines, press, start, write
from tests.browser.conftest import Contexts
from tests.browser.desk import Agent
from tests.browser.host import Site
from tests.browser.test_launcher import OPEN_SHADOWS, tag
from tests.running import Running, unique

pytestmark = pytest.mark.browser


@pytest.fixture
def page(contexts: Contexts) -> Page:
    """A visitor on a desktop."""
    context = contexts(viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
    context.add_init_script(OPEN_SHADOWS)
    return context.new_page()


def tags(site: Running, *departments: str, **data: str) -> str:
    """A tag for each of these departments, named after it."""
    return "".join(tag(site, department=name, title=f"Ask {name}", **data) for name in departments)


def button(page: Page, department: str) -> Locator:
    """This department's launcher."""
    return page.get_by_role("button", name=re.compile(f"^Ask {department}"))


def chat_of(page: Page, department: str) -> FrameLocator:
    """This department's chat."""
    return page.locator(f"agentconsole-launcher[data-department={department}]").frame_locator("iframe")


def test_two_launchers_on_one_page_are_two_chats_of_one_visitor(
    site: Running, agent: Agent, host: Site, page: Page
) -> None:
    one, two = unique("to sales "), unique("to support ")
    page.goto(host.page("/both", tags(site, "sales", "support")))
    sales, support = chat_of(page, "sales"), chat_of(page, "support")
    button(page, "sales").click()
    start(sales, one)
    button(page, "support").click()
    expect(sales.get_by_label("Write a message")).to_be_hidden()
    expect(support.get_by_label("Your message")).to_be_visible()
    expect(support.get_by_text(one)).to_have_count(0)
    start(support, two)
    first, second = agent.take(one), agent.take(two)
    agent.say(second, "support answers")
    expect(bubble(support, "support answers")).to_be_visible()
    agent.say(first, "sales answers")
    expect(page.get_by_role("button", name="Ask sales. New messages: 1")).to_be_visible()
    support.get_by_label("Write a message").fill("a draft for support")
    page.reload()
    expect(bubble(support, "support answers")).to_be_visible()
    expect(support.get_by_label("Write a message")).to_have_value("a draft for support")
    expect(page.get_by_role("button", name="Ask sales. New messages: 1")).to_be_visible()
    page.get_by_role("button", name="Ask sales. New messages: 1").click()
    expect(bubble(sales, "sales answers")).to_be_visible()
    assert lines(sales) == [one, "sales answers"]
    assert lines(support) == [two, "support answers"]
    expect(sales.get_by_role("navigation")).to_have_count(0)
    write(sales, "more for sales")
    agent.hears(first, "more for sales")
    assert agent.lines(second) == [two, "support answers"]


def test_launchers_stand_side_by_side_in_the_order_of_their_tags(
    site: Running, host: Site, page: Page
) -> None:
    script = tags(site, "sales", "support") + tags(site, "slow", position="left") + tags(site, "sales")
    page.goto(host.page("/row", script))
    boxes = {}
    for name in ("sales", "support", "slow"):
        expect(button(page, name)).to_have_count(1)
        boxes[name] = button(page, name).bounding_box()
    places = {name: (box["x"], box["y"], box["width"]) for name, box in boxes.items() if box}
    assert places == {"sales": (920, 720, 60), "support": (846, 720, 60), "slow": (20, 720, 60)}
    button(page, "sales").click()
    expect(chat_of(page, "sales").get_by_label("Your message")).to_be_visible()
    button(page, "support").click()
    expect(chat_of(page, "support").get_by_label("Your message")).to_be_visible()
    expect(button(page, "sales")).to_have_attribute("aria-expanded", "false")


def test_pages_with_different_departments_keep_their_chats_apart(
    site: Running, agent: Agent, host: Site, page: Page
) -> None:
    host.page("/support", tags(site, "support"))
    page.goto(host.page("/sales", tags(site, "sales")))
    button(page, "sales").click()
    start(chat_of(page, "sales"), "only on the page of sales")
    number = agent.take("only on the page of sales")
    page.goto(host.url + "/support")
    button(page, "support").click()
    expect(chat_of(page, "support").get_by_label("Your message")).to_be_visible()
    agent.say(number, "meanwhile")
    page.goto(host.url + "/sales")
    expect(bubble(chat_of(page, "sales"), "meanwhile")).to_be_visible()


def test_what_is_on_its_way_is_shown_where_it_was_written_and_sent_from_anywhere(
    site: Running, agent: Agent, host: Site, page: Page
) -> None:
    held: list[str | bytes] = []

    def hold(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda text: held.append(text) if '"t":"start"' in str(text) else server.send(text))

    page.route_web_socket(re.compile("/ws/visitor"), hold)
    page.goto(host.page("/pending", tags(site, "sales", "support")))
    button(page, "sales").click()
    start(chat_of(page, "sales"), "not yet sent to sales")
    page.reload()
    expect(bubble(chat_of(page, "sales"), "not yet sent to sales")).to_be_visible()
    button(page, "support").click()
    expect(chat_of(page, "support").get_by_label("Your message")).to_be_visible()
    fresh = page.context.new_page()
    page.close()
    fresh.goto(host.page("/support-only", tags(site, "support")))
    card = agent.get(
        lambda frame: frame["t"] == "card" and frame.get("first_line") == "not yet sent to sales"
    )
    assert card["department"] == site.department_id("sales")
    assert bubble(chat_of(fresh, "support"), "not yet sent to sales").count() == 0


def test_on_a_phone_no_launcher_lies_on_an_open_chat(
    site: Running, agent: Agent, host: Site, contexts: Contexts
) -> None:
    phone = contexts(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone.add_init_script(OPEN_SHADOWS)
    page = phone.new_page()
    head = "<meta name=viewport content='width=device-width'>"
    page.goto(host.page("/phones", head + tags(site, "sales", "support")))
    button(page, "sales").tap()
    sales = chat_of(page, "sales")
    expect(sales.get_by_label("Your message")).to_be_visible()
    expect(button(page, "support")).to_be_hidden()
    press(sales, "Close window", touch=True)
    expect(button(page, "support")).to_be_visible()
    expect(button(page, "sales")).to_be_visible()
