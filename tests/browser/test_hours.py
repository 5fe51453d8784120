"""The widget after hours: closed, closing, nobody there; and back again, while somebody looks."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import FrameLocator, Page, WebSocketRoute, expect

from agentconsole.backend.desk.admin import SetDepartment
from tests.browser.acts import bubble, start, write
from tests.browser.conftest import Contexts, modules
from tests.browser.desk import Agent
from tests.browser.host import Site
from tests.browser.hours import CLOSED, OPEN, called, closing, keep, opening
from tests.browser.test_launcher import OPEN_SHADOWS
from tests.browser.test_launchers import button, chat_of, tags
from tests.browser.test_looks import CONTRASTS, NAMELESS, SMALL
from tests.running import Running, unique
from tests.waiting import until

pytestmark = pytest.mark.browser

Place = Page | FrameLocator
HERE = "UTC"
NOBODY = "Nobody is here just now. You may send this as a message and get the answer by e-mail, or wait on."


@pytest.fixture
def department(site: Running) -> str:
    """A department for one test alone."""
    return site.add_department(name=unique("Garden "), wrapup_s=1)


@pytest.fixture
def page(contexts: Contexts) -> Page:
    """A visitor in the zone of the tests' clock."""
    return contexts(viewport={"width": 390, "height": 640}, timezone_id=HERE).new_page()


def presence(place: Place, text: str) -> None:
    """The form says this of who is there."""
    expect(place.locator(".presence")).to_have_text(text)


def is_message(place: Place) -> None:
    """The form leaves a message, to be answered by e-mail."""
    expect(place.get_by_role("button", name="Send message")).to_be_visible()
    expect(place.get_by_role("button", name="Start chat")).to_be_hidden()
    expect(place.locator("#email")).to_have_attribute("required", "")


def is_chat(place: Place) -> None:
    """The form begins a chat."""
    expect(place.get_by_role("button", name="Start chat")).to_be_visible()
    expect(place.get_by_role("button", name="Send message")).to_be_hidden()


# --- when that is ----------------------------------------------------------------------------------------------------


def back(contexts: Contexts, zone: str, locale: str, now: str, opens: str) -> str:
    """What the widget says of a department that is closed; both moments are by the visitor's clock."""
    page = contexts(timezone_id=zone, locale=locale).new_page()
    modules(page)
    moments = [datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone)).timestamp() for at in (now, opens)]
    text = page.evaluate(
        """async ([locale, now, opens]) => {
          const { presence } = await import("/static/widget/hours.js");
          const { loadWords } = await import("/static/widget/words.js");
          return presence(await loadWords([locale]), { closed: true, opens_at: 1000 * opens }, 1000 * now);
        }""",
        [locale, *moments],
    )
    return re.sub("[\u2068\u2069]", "", str(text))


@pytest.mark.parametrize(
    "zone, now, opens, told",
    [
        ("Europe/Oslo", "2026-11-20 06:30", "2026-11-20 08:00", "today 08:00"),
        ("Europe/Oslo", "2026-11-20 23:59", "2026-11-21 00:00", "tomorrow 00:00"),
        ("Europe/Oslo", "2026-11-20 17:00", "2026-11-23 08:00", "Monday 08:00"),
        ("Europe/Oslo", "2026-11-20 17:00", "2026-11-26 08:00", "Thursday 08:00"),
        ("Europe/Oslo", "2026-11-20 17:00", "2026-11-27 08:00", "Friday 27 November 08:00"),
        ("Europe/Oslo", "2026-12-30 17:00", "2027-01-11 08:00", "Monday 11 January 08:00"),
        ("Europe/Oslo", "2026-01-07 17:00", "2026-12-07 08:00", "Monday 7 December 2026 08:00"),
        ("Europe/Oslo", "2026-03-28 23:30", "2026-03-29 03:00", "tomorrow 03:00"),  # the night of 23 hours
        ("Europe/Oslo", "2026-10-24 23:30", "2026-10-26 00:15", "Monday 00:15"),  # the day of 25 hours
        (
            "America/Havana",
            "2026-03-07 20:00",
            "2026-03-08 01:30",
            "tomorrow 01:30",
        ),  # a day without midnight
        ("Asia/Kolkata", "2026-02-28 23:00", "2026-03-01 05:30", "tomorrow 05:30"),
        ("Pacific/Apia", "2011-12-29 12:00", "2011-12-31 09:00", "tomorrow 09:00"),  # the 30th was left out
    ],
)
def test_it_is_back_on_a_day_as_one_says_it(
    contexts: Contexts, zone: str, now: str, opens: str, told: str
) -> None:
    assert back(contexts, zone, "en-GB", now, opens).replace(",", "") == f"Closed now. Back {told}"


@pytest.mark.parametrize(
    "locale, today, tomorrow, monday",
    [
        ("en-GB", "Back today 08:00", "Back tomorrow 08:00", "Back Monday 08:00"),
        ("en-US", "Back today 8:00 AM", "Back tomorrow 8:00 AM", "Back Monday 8:00 AM"),
        ("de-DE", "Wieder da: heute, 08:00", "Wieder da: morgen, 08:00", "Wieder da: Montag, 08:00"),
        ("es-ES", "Volvemos: hoy, 8:00", "Volvemos: mañana, 8:00", "Volvemos: lunes, 8:00"),
        ("fr-FR", "De retour : aujourd’hui, 08:00", "De retour : demain, 08:00", "De retour : lundi, 08:00"),
        ("nb-NO", "Tilbake i dag 08:00", "Tilbake i morgen 08:00", "Tilbake mandag 08:00"),
        ("pl-PL", "Wracamy: dzisiaj, 08:00", "Wracamy: jutro, 08:00", "Wracamy: poniedziałek, 08:00"),
        ("pt-PT", "Voltamos: hoje, 08:00", "Voltamos: amanhã, 08:00", "Voltamos: segunda-feira, 08:00"),
        ("ro-RO", "Revenim: azi, 08:00", "Revenim: mâine, 08:00", "Revenim: luni, 08:00"),
    ],
)
def test_it_is_back_in_every_language(
    contexts: Contexts, locale: str, today: str, tomorrow: str, monday: str
) -> None:
    now = "2026-11-20 06:30"
    opens = ("2026-11-20 08:00", "2026-11-21 08:00", "2026-11-23 08:00")
    told = [back(contexts, "Europe/Lisbon", locale, now, at).partition(". ")[2] for at in opens]
    assert [re.sub("[\u00a0\u202f]", " ", text) for text in told] == [today, tomorrow, monday]


# --- the form --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
def test_closed_the_form_is_a_message_and_says_when_we_are_back_by_the_visitors_clock(
    site: Running, agent: Agent, contexts: Contexts, department: str, zone: str
) -> None:
    assert site.order(SetDepartment(department, topics=["Seeds", "Tools"])).code is None
    hours, begins = opening(19 * 60)
    keep(site, department, hours)
    page = contexts(timezone_id=zone).new_page()
    page.goto(f"{site.url}/chat/{department}")
    presence(page, f"Closed now. Back {called(begins, zone)}")
    expect(page.get_by_role("heading", name="Leave a message")).to_be_visible()
    expect(page.get_by_text("your message reaches us, and we answer by e-mail", exact=False)).to_be_visible()
    expect(page.get_by_role("button", name="Back")).to_be_hidden()
    is_message(page)
    text = unique("after hours ")
    page.get_by_label("Topic").select_option("Seeds")
    page.get_by_label("Your message").fill(text)
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("Please give an e-mail address, so that we can answer.")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.get_by_label("E-mail").fill("late@example.com")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("We will answer to \u2068late@example.com\u2069.")).to_be_visible()
    expect(page.locator(".stored").get_by_text(f"Closed now. Back {called(begins, zone)}")).to_be_visible()
    left = agent.get(lambda frame: frame["t"] == "left" and frame["text"] == text)
    assert (left["department"], left["topic"]) == (site.department_id(department), "Seeds")
    page.get_by_role("button", name="Write another message").click()
    is_message(page)
    expect(page.get_by_label("Your message")).to_have_value("")
    expect(page.get_by_label("E-mail")).to_have_value("late@example.com")


def test_hours_that_end_and_begin_change_the_form_under_the_hand_and_keep_what_is_in_it(
    site: Running, agent: Agent, contexts: Contexts, department: str
) -> None:
    assert site.order(SetDepartment(department, topics=["Seeds", "Tools"])).code is None
    context = contexts(viewport={"width": 390, "height": 640}, timezone_id=HERE)
    one, two = context.new_page(), context.new_page()
    for tab in (one, two):
        tab.goto(f"{site.url}/chat/{department}")
        presence(tab, "We are here")
        tab.get_by_label("Topic").select_option("Tools")
        is_chat(tab)
    one.bring_to_front()
    one.get_by_label("Name").fill("Jo")
    field = one.get_by_label("Your message")
    field.press_sequentially("half a ")
    place = field.bounding_box()
    keep(site, department, CLOSED)
    for tab in (one, two):
        presence(tab, "Closed now")
        is_message(tab)
        expect(tab.get_by_label("Topic")).to_have_value("Tools")
    expect(field).to_be_focused()
    assert field.bounding_box() == place, "the field stays where one writes"
    one.keyboard.type("word")
    one.get_by_label("E-mail").fill("jo@example.com")
    field.focus()
    keep(site, department, OPEN)
    for tab in (one, two):
        presence(tab, "We are here")
        is_chat(tab)
    expect(field).to_be_focused()
    assert field.bounding_box() == place
    expect(field).to_have_value("half a word")
    expect(one.get_by_label("Name")).to_have_value("Jo")
    one.get_by_role("button", name="Start chat").click()
    expect(bubble(one, "half a word")).to_be_visible()
    card = agent.get(
        lambda frame: (
            frame["t"] == "card" and frame.get("name") == "Jo" and frame.get("first_line") == "half a word"
        )
    )
    assert (card["name"], card["email"], card["topic"]) == ("Jo", "jo@example.com", "Tools")


def test_within_the_last_hour_it_is_told_when_we_close(
    site: Running, agent: Agent, contexts: Contexts, department: str
) -> None:
    hours, ends = closing(45)
    keep(site, department, hours)
    page = contexts(timezone_id="Asia/Kathmandu").new_page()
    page.goto(f"{site.url}/chat/{department}")
    time = f"\u2068{ends.astimezone(ZoneInfo('Asia/Kathmandu')):%H:%M}\u2069"
    presence(page, f"We are here until {time}")
    agent.order("set_status", status="break")
    presence(page, f"Nobody is here just now; we close at {time}")
    agent.order("set_status", status="online")
    text = unique("just in time ")
    start(page, text)
    expect(page.get_by_role("status").get_by_text(f"We close at {time}.", exact=False)).to_be_visible()
    hours, _ = closing(90)
    keep(site, department, hours)
    expect(page.get_by_text("We close at", exact=False)).to_be_hidden()
    agent.take(text)
    expect(page.get_by_text("in line", exact=False)).to_be_hidden()


def test_the_last_agent_goes_one_may_wait_or_write_and_sees_them_come_back(
    site: Running, agent: Agent, page: Page, department: str
) -> None:
    page.goto(f"{site.url}/chat/{department}")
    page.get_by_label("Your message").fill("is anybody there")
    agent.order("set_status", status="break")
    presence(page, "Nobody is here just now")
    expect(page.get_by_text("You may write anyway and wait, or leave a message", exact=False)).to_be_visible()
    is_chat(page)
    page.get_by_role("button", name="Leave a message instead").click()
    is_message(page)
    expect(page.get_by_label("Your message")).to_have_value("is anybody there")
    agent.order("set_status", status="online")
    presence(page, "We are here")
    is_message(page)
    page.get_by_role("button", name="Back").click()
    is_chat(page)
    expect(page.get_by_label("Your message")).to_have_value("is anybody there")
    expect(page.get_by_text("You may write anyway", exact=False)).to_be_hidden()


def test_who_presses_start_as_the_hours_end_loses_nothing(
    site: Running, agent: Agent, page: Page, department: str
) -> None:
    """The news has not come yet: the server refuses, and the text stands in a message."""

    def late(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda text: None if '"t":"departments"' in str(text) else socket.send(text))

    page.route_web_socket(re.compile("/ws/visitor"), late)
    page.goto(f"{site.url}/chat/{department}")
    presence(page, "We are here")
    keep(site, department, CLOSED)
    page.get_by_label("Your message").fill("a moment too late")
    page.get_by_role("button", name="Start chat").click()
    expect(page.get_by_role("status").get_by_text("Your text is kept.", exact=False)).to_be_visible()
    is_message(page)
    expect(page.get_by_label("Your message")).to_have_value("a moment too late")


def test_a_closed_department_is_shown_as_closed_and_can_be_chosen_for_a_message(
    site: Running, agent: Agent, page: Page
) -> None:
    name = unique("Night shift ")
    slug = site.add_department(name=name)
    hours, begins = opening(8 * 60)
    keep(site, slug, hours)
    page.goto(site.url + "/chat")
    is_chat(page)
    page.get_by_label("Your message").fill(f"for {slug}")
    closed = page.get_by_role("radio", name=f"{name} Closed now. Back {called(begins, HERE)}")
    closed.check()
    is_message(page)
    presence(page, f"Closed now. Back {called(begins, HERE)}")
    page.get_by_role("radio", name="Sales We are here").check()
    is_chat(page)
    closed.check()
    expect(page.get_by_label("Your message")).to_have_value(f"for {slug}")
    page.get_by_label("E-mail").fill("night@example.com")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("Your message is stored")).to_be_visible()
    left = agent.get(lambda frame: frame["t"] == "left" and frame["text"] == f"for {slug}")
    assert left["department"] == site.department_id(slug)
    page.get_by_role("button", name="Start a new chat").click()
    keep(site, slug, OPEN)
    expect(page.get_by_role("radio", name=f"{name} We are here")).to_be_checked()
    is_chat(page)


# --- who waits -------------------------------------------------------------------------------------------------------


def test_hours_end_while_one_waits_the_chat_becomes_a_message(
    site: Running, agent: Agent, page: Page, department: str
) -> None:
    page.goto(f"{site.url}/chat/{department}")
    first = unique("nobody comes ")
    start(page, first)
    write(page, "second line")
    page.get_by_label("Write a message").fill("not yet sent")
    hours, begins = opening(20 * 60)
    keep(site, department, hours)
    told = page.get_by_role("status").filter(has_text="Closed now")
    expect(told).to_contain_text(f"Closed now. Back {called(begins, HERE)}")
    expect(told).to_contain_text("send this as a message and get the answer by e-mail, or wait on")
    expect(page.get_by_label("Write a message")).to_be_focused()
    page.get_by_role("button", name="Send as a message").click()
    expect(page.get_by_role("heading", name="Send as a message")).to_be_visible()
    expect(page.get_by_text("What you have written here is sent along.")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_be_focused()
    expect(page.get_by_label("Your message")).to_have_value("not yet sent")
    page.get_by_role("button", name="Back to the chat").click()
    expect(page.get_by_label("Write a message")).to_have_value("not yet sent")
    page.get_by_role("button", name="Send as a message").click()
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("Please give an e-mail address, so that we can answer.")).to_be_visible()
    page.keyboard.type("waits@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_text("We will answer to \u2068waits@example.com\u2069.")).to_be_visible()
    left = agent.get(lambda frame: frame["t"] == "left" and frame.get("email") == "waits@example.com")
    assert [line for line in left["text"].splitlines() if line] == [first, "second line", "not yet sent"]
    page.get_by_role("button", name="Write another message").click()
    is_message(page)
    expect(page.get_by_label("Your message")).to_have_value("")


def test_who_waits_on_after_hours_can_be_answered(
    site: Running, agent: Agent, page: Page, department: str
) -> None:
    page.goto(f"{site.url}/chat/{department}")
    text = unique("I wait ")
    start(page, text)
    keep(site, department, CLOSED)
    expect(page.get_by_role("status").filter(has_text="Closed now")).to_be_visible()
    page.reload()
    expect(page.get_by_role("status").filter(has_text="Closed now")).to_be_visible()
    agent.say(agent.take(text), "still here")
    expect(bubble(page, "still here")).to_be_visible()
    expect(page.get_by_text("Closed now", exact=False)).to_be_hidden()


def test_who_waits_is_told_when_the_last_agent_goes_and_when_one_is_back(
    site: Running, agent: Agent, page: Page, department: str
) -> None:
    page.goto(f"{site.url}/chat/{department}")
    text = unique("I hope ")
    start(page, text)
    status = page.get_by_role("status").filter(has_text="in line")
    expect(status).to_be_visible()
    agent.order("set_status", status="break")
    expect(status).to_contain_text(NOBODY)
    agent.order("set_status", status="online")
    expect(status).not_to_contain_text("Nobody")
    agent.take(text)


def test_an_agent_comes_while_the_message_is_written(
    site: Running, agent: Agent, page: Page, department: str
) -> None:
    """The cursor stays where it is; what was written for the message goes into the chat."""
    page.goto(f"{site.url}/chat/{department}")
    text = unique("answered after all ")
    start(page, text, email="here@example.com")
    page.get_by_role("button", name="Send as a message").click()
    field = page.get_by_label("Your message")
    field.press_sequentially("and also ")
    chat = agent.take(text)
    expect(page.get_by_role("status").filter(has_text="is here for you now")).to_be_visible()
    expect(field).to_be_focused()
    page.keyboard.type("this")
    expect(page.get_by_role("button", name="Send message")).to_be_hidden()
    page.get_by_role("button", name="Back to the chat").click()
    expect(page.get_by_label("Write a message")).to_be_focused()
    expect(page.get_by_label("Write a message")).to_have_value("and also this")
    page.keyboard.press("Enter")
    agent.hears(chat, "and also this")


def test_a_chat_sent_as_a_message_in_one_tab_is_so_in_all(
    site: Running, agent: Agent, contexts: Contexts, department: str
) -> None:
    context = contexts(timezone_id=HERE)
    one, two = context.new_page(), context.new_page()
    one.goto(f"{site.url}/chat/{department}")
    start(one, unique("in two tabs "), email="tabs@example.com")
    two.goto(f"{site.url}/chat/{department}")
    two.get_by_role("button", name="Send as a message").click()
    keep(site, department, CLOSED)
    one.get_by_role("button", name="Send as a message").click()
    one.get_by_role("button", name="Send message").click()
    expect(one.get_by_text("We will answer to \u2068tabs@example.com\u2069.")).to_be_visible()
    expect(two.get_by_text("Your message is stored. We will answer by e-mail.")).to_be_visible()
    two.get_by_role("button", name="Write another message").click()
    is_message(two)


def test_a_running_chat_goes_on_undisturbed(site: Running, agent: Agent, page: Page, department: str) -> None:
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda text: frames.append(str(text))))
    page.goto(f"{site.url}/chat/{department}")
    text = unique("in the middle of it ")
    start(page, text)
    chat = agent.take(text)
    agent.say(chat, "one moment")
    expect(bubble(page, "one moment")).to_be_visible()
    composer = page.get_by_label("Write a message")
    composer.press_sequentially("half a ")
    before = page.locator("#window").inner_text()
    keep(site, department, CLOSED)
    until(lambda: page.evaluate("1") and '"closed":true' in frames[-1], what="the news is here")
    assert page.locator("#window").inner_text() == before
    expect(composer).to_be_focused()
    page.keyboard.type("word")
    page.keyboard.press("Enter")
    agent.hears(chat, "half a word")
    agent.say(chat, "goodbye")
    expect(bubble(page, "goodbye")).to_be_visible()
    agent.order("close", chat=chat)
    page.get_by_role("button", name="Leave a message").click(timeout=20_000)
    is_message(page)


# --- launchers -------------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(contexts: Contexts) -> Page:
    """A visitor on somebody's pages, on a desktop."""
    context = contexts(
        viewport={"width": 1000, "height": 800},
        reduced_motion="reduce",
        timezone_id=HERE,
        color_scheme="dark",
    )
    context.add_init_script(OPEN_SHADOWS)
    return context.new_page()


def test_launchers_of_an_open_and_a_closed_department_side_by_side(
    site: Running, agent: Agent, host: Site, shop: Page, department: str
) -> None:
    other = site.add_department()
    hours, begins = opening(3 * 60)
    keep(site, other, hours)
    shop.goto(host.page("/hours", tags(site, department, other)))
    here, there = chat_of(shop, department), chat_of(shop, other)
    button(shop, other).click()
    presence(there, f"Closed now. Back {called(begins, HERE)}")
    is_message(there)
    there.get_by_label("Your message").fill("for later")
    button(shop, department).click()
    presence(here, "We are here")
    is_chat(here)
    here.get_by_label("Your message").fill("for now")
    keep(site, department, CLOSED)
    keep(site, other, OPEN)
    presence(here, "Closed now")
    is_message(here)
    expect(here.get_by_label("Your message")).to_have_value("for now")
    button(shop, other).click()
    presence(there, "We are here")
    is_chat(there)
    expect(there.get_by_label("Your message")).to_have_value("for later")


def test_the_launcher_calls_who_waits_with_the_window_closed(
    site: Running, agent: Agent, host: Site, shop: Page, department: str
) -> None:
    shop.goto(host.page("/waiting", tags(site, department)))
    button(shop, department).click()
    chat = chat_of(shop, department)
    text = unique("out of sight ")
    start(chat, text)
    shop.keyboard.press("Escape")
    expect(button(shop, department)).to_have_attribute("aria-expanded", "false")
    keep(site, department, CLOSED)
    expect(shop.get_by_role("button", name=f"Ask {department}. New messages: 1")).to_be_visible()
    button(shop, department).click()
    expect(chat.get_by_role("button", name="Send as a message")).to_be_visible()
    shop.keyboard.press("Escape")
    expect(shop.get_by_role("button", name=f"Ask {department}", exact=True)).to_be_visible()
    agent.take(text)


# --- what one sees and hears -----------------------------------------------------------------------------------------

WATCH = """() => {
  window.told = [];
  const live = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest("[role=status], [role=alert]");
  new MutationObserver((all) => all.forEach(({ type, target, addedNodes }) => {
    const region = live(target);
    if (region?.checkVisibility() && (type !== "childList" || addedNodes.length)) window.told.push(region.textContent);
  })).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def test_a_screen_reader_hears_each_change_once(
    site: Running, agent: Agent, page: Page, department: str
) -> None:
    """Also while the page is drawn anew each second, for the clock goes on."""
    page.clock.install()
    page.goto(f"{site.url}/chat/{department}")
    presence(page, "We are here")
    page.get_by_label("Your message").fill(text := unique("heard "))
    page.evaluate(WATCH)
    keep(site, department, CLOSED)
    presence(page, "Closed now")
    page.clock.run_for(3_000)
    told = page.evaluate("window.told")
    assert len(told) == 2, told  # that it is closed, and what becomes of a message
    keep(site, department, OPEN)
    presence(page, "We are here")
    page.get_by_role("button", name="Start chat").click()
    expect(bubble(page, text)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="in line")).to_be_visible()
    page.evaluate("window.told.length = 0")
    keep(site, department, CLOSED)
    expect(page.get_by_role("status").filter(has_text="Closed now")).to_be_visible()
    page.clock.run_for(3_000)
    told = page.evaluate("window.told")
    assert len(told) == 2, told  # where one stands, and what one may do
    agent.take(text)


@pytest.mark.parametrize("size", [(320, 480), (390, 844), (1200, 900)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_closed_can_be_read_and_used_on_every_screen(
    site: Running, agent: Agent, contexts: Contexts, size: tuple[int, int], scheme: str
) -> None:
    name = unique("Donaudampfschifffahrtsgesellschaftskapitänsmützen שלום ")
    slug = site.add_department(name=name)
    page = contexts(
        viewport={"width": size[0], "height": size[1]},
        locale="de-DE",
        color_scheme=scheme,
        reduced_motion="reduce",
    ).new_page()
    found: dict[str, object] = {}

    def check(screen: str) -> None:
        bad = page.evaluate(CONTRASTS) + page.evaluate(NAMELESS) + page.evaluate(SMALL)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            bad.append("it scrolls sideways")
        if bad:
            found[screen] = bad

    hours, _ = opening(30 * 60)
    keep(site, slug, hours)
    page.goto(f"{site.url}/chat")
    page.get_by_role("radio", name=name).check()
    expect(page.get_by_role("button", name="Nachricht senden")).to_be_visible()
    check("choice")
    keep(site, slug, OPEN)
    expect(page.get_by_role("button", name="Chat beginnen")).to_be_visible()
    page.get_by_label("Ihre Nachricht").fill(slug)
    page.get_by_role("button", name="Chat beginnen").click()
    expect(bubble(page, slug)).to_be_visible()
    keep(site, slug, hours)
    expect(page.get_by_role("status").filter(has_text="Gerade geschlossen. Wieder da")).to_be_visible()
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    expect(page.get_by_label("Nachricht schreiben")).to_be_in_viewport()
    check("waiting, with large letters")
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.get_by_role("button", name="Als Nachricht senden").click()
    check("as a message")
    page.get_by_label("E-Mail").fill("gross@example.com")
    page.get_by_role("button", name="Nachricht senden").click()
    expect(page.get_by_text("Wir antworten an", exact=False)).to_be_visible()
    check("stored")
    keep(site, slug, OPEN)
    assert found == {}
