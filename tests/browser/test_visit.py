"""A visitor in Chromium, an agent on the staff socket, the real server between them."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.acts import bubble, lines, start, write
from tests.browser.conftest import Contexts
from tests.browser.desk import Agent
from tests.running import Running
from tests.waiting import until

pytestmark = pytest.mark.browser


def test_a_chat_both_ways(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/chat/sales")
    expect(page.get_by_text("Welcome!")).to_be_visible()
    page.get_by_label("Topic").select_option("Prices")
    start(page, "first line", name="Jo", email="jo@example.com")
    expect(page.get_by_text(re.compile("You are number .* in line"))).to_be_visible()
    chat = agent.take("first line")
    card = agent.get(lambda frame: frame["t"] == "card" and frame["chat"] == chat)
    assert (card["name"], card["email"], card["topic"]) == ("Jo", "jo@example.com", "Prices")
    expect(page.get_by_role("log").get_by_text("\u2068Ana Ruiz\u2069 is here for you")).to_be_visible()
    agent.say(chat, "Hello Jo")
    expect(bubble(page, "Hello Jo")).to_be_visible()
    write(page, "second line")
    pub = agent.hears(chat, "second line")["pub"]
    expect(page.locator(".meta", has_text=re.compile("Sent$"))).to_be_visible()
    seq = agent.hears(chat, "second line")["seq"]
    agent.tell("seen", chat=chat, delivered=seq, read=seq - 1)
    expect(page.locator(".meta", has_text="Delivered")).to_be_visible()
    agent.tell("seen", chat=chat, delivered=seq, read=seq)
    expect(page.locator(".meta", has_text="Read")).to_be_visible()
    agent.get(lambda frame: frame["t"] == "marks" and frame["chat"] == chat and frame.get("read", 0) >= pub)
    agent.tell("typing", chat=chat, text="x")
    expect(page.get_by_text("\u2068Ana Ruiz\u2069 is typing …")).to_be_visible()
    agent.tell("typing", chat=chat, text="")
    expect(page.get_by_text("\u2068Ana Ruiz\u2069 is typing …")).to_have_count(0)
    assert lines(page) == ["first line", "Hello Jo", "second line"] == agent.lines(chat)
    assert page.context.cookies() == []


def test_the_agent_sees_the_typing_and_nobody_keeps_it(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/chat/sales")
    start(page, "preview please")
    chat = agent.take("preview please")
    expect(page.get_by_text("The agent can see what you type before you send it.")).to_be_visible()
    page.get_by_label("Write a message").press_sequentially("unsent-sesame", delay=120)
    agent.get(lambda frame: frame["t"] == "preview" and frame["text"] == "unsent-sesame")
    assert len(agent.previews(chat)) > 1
    page.get_by_label("Write a message").fill("")
    agent.get(lambda frame: frame["t"] == "preview" and frame.get("text", "") == "" and frame["chat"] == chat)
    write(page, "sent instead")
    agent.hears(chat, "sent instead")
    kept = b"".join(path.read_bytes() for path in site.data.glob("*.db*")) + site.log.read_bytes()
    assert b"sent instead" in kept
    assert b"unsent-sesame" not in kept


def test_a_reload_keeps_log_and_draft(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/chat/sales")
    page.get_by_label("Your message").fill("not yet sent")
    page.reload()
    expect(page.get_by_label("Your message")).to_have_value("not yet sent")
    start(page, "before the reload")
    chat = agent.take("before the reload")
    agent.say(chat, "an answer")
    expect(bubble(page, "an answer")).to_be_visible()
    page.get_by_label("Write a message").fill("half a thou")
    page.reload()
    expect(bubble(page, "an answer")).to_be_visible()
    expect(page.get_by_label("Write a message")).to_have_value("half a thou")
    assert lines(page) == ["before the reload", "an answer"]


def test_a_page_that_the_browser_kept_goes_on_with_what_was_written_meanwhile(
    site: Running, agent: Agent, contexts: Contexts
) -> None:
    """Back and forth between pages, without loading them anew."""
    context = contexts()
    first, second = context.new_page(), context.new_page()
    first.goto(site.url + "/chat/sales")
    start(first, "back and forth")
    chat = agent.take("back and forth")
    expect(first.get_by_text("is here for you")).to_be_visible()
    first.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    second.goto(site.url + "/chat/sales")
    second.get_by_label("Write a message").fill("written on the other page")
    agent.say(chat, "an answer meanwhile")
    expect(bubble(second, "an answer meanwhile")).to_be_visible()
    expect(bubble(first, "an answer meanwhile")).to_be_hidden()
    first.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(bubble(first, "an answer meanwhile")).to_be_visible()
    expect(first.get_by_label("Write a message")).to_have_value("written on the other page")


def test_two_tabs_are_one_visitor_with_one_chat(site: Running, agent: Agent, contexts: Contexts) -> None:
    context = contexts()
    one, two = context.new_page(), context.new_page()
    for tab, text in ((one, "from tab one"), (two, "from tab two")):
        tab.goto(site.url + "/chat/sales")
        tab.get_by_label("Your message").fill(text)
    for tab in (one, two):
        tab.evaluate("setTimeout(() => document.querySelector('form').requestSubmit(), 100)")
    for tab in (one, two):
        expect(bubble(tab, "from tab one")).to_be_visible()
        expect(bubble(tab, "from tab two")).to_be_visible()
    card = agent.get(
        lambda frame: frame["t"] == "card" and frame.get("first_line", "").startswith("from tab")
    )
    chat = card["chat"]
    agent.order("take", chat=chat)
    agent.say(chat, "hello both")
    write(one, "one writes")
    expect(bubble(two, "one writes")).to_be_visible()
    write(two, "two writes")
    expect(bubble(one, "two writes")).to_be_visible()
    until(lambda: lines(one) == lines(two) == agent.lines(chat), what="both tabs and the server agree")
    chats = {frame["chat"] for frame in agent.frames if frame.get("first_line", "").startswith("from tab")}
    assert chats == {chat}
    assert sorted(agent.lines(chat)) == [
        "from tab one",
        "from tab two",
        "hello both",
        "one writes",
        "two writes",
    ]


def test_lines_written_without_a_server_arrive_once_and_in_order(
    site: Running, agent: Agent, page: Page
) -> None:
    page.goto(site.url + "/chat/sales")
    start(page, "before the crash")
    chat = agent.take("before the crash")
    write(page, "on its way")
    site.kill()
    for number in range(5):
        write(page, f"offline {number}")
    page.get_by_label("Write a message").fill("still typing")
    expect(page.get_by_text("Connection lost.", exact=False)).to_be_visible()
    assert lines(page)[-1] == "offline 4"
    site.start()
    agent.again()
    expect(page.get_by_text("Connection lost.", exact=False)).to_be_hidden(timeout=30_000)
    agent.hears(chat, "offline 4")
    wanted = ["before the crash", "on its way", *(f"offline {number}" for number in range(5))]
    until(lambda: agent.lines(chat) == wanted == lines(page), what="every line once, in order, on both sides")
    expect(page.get_by_label("Write a message")).to_have_value("still typing")


def test_lines_written_offline_survive_a_reload_too(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/chat/sales")
    start(page, "and then")
    chat = agent.take("and then")
    held: list[str | bytes] = []

    def hold(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda text: held.append(text) if '"t":"say"' in str(text) else server.send(text))

    page.route_web_socket(re.compile("/ws/visitor"), hold)
    page.reload()
    expect(bubble(page, "and then")).to_be_visible()
    write(page, "never got out")
    until(lambda: page.evaluate("1") and held, what="the line is on its way")
    page.unroute_all()
    fresh = page.context.new_page()
    page.close()
    fresh.goto(site.url + "/chat/sales")
    agent.hears(chat, "never got out")
    until(
        lambda: agent.lines(chat) == ["and then", "never got out"] == lines(fresh), what="once, on both sides"
    )


def test_a_line_written_between_acknowledgement_and_first_event_is_sent(
    site: Running, agent: Agent, page: Page
) -> None:
    """The server has acknowledged the start and tells of the chat a moment later; what is written meanwhile has no chat yet."""
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    told: list[str] = []
    started = False

    def hold(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda text: pass_on(socket, text))

    def pass_on(socket: WebSocketRoute, text: str | bytes) -> None:
        kind = json.loads(text)["t"]
        if started and kind != "ack":
            held.append((socket, text))
            return
        told.append(kind)
        socket.send(text)

    page.route_web_socket(re.compile("/ws/visitor"), hold)
    page.goto(site.url + "/chat/sales")
    until(lambda: page.evaluate("1") and "synced" in told, what="the page is connected")
    started = True
    start(page, "quick fingers")
    until(lambda: page.evaluate("1") and "ack" in told, what="the start is acknowledged")
    write(page, "and a quick line")
    expect(bubble(page, "and a quick line")).to_be_visible()
    started = False
    for socket, text in held:
        socket.send(text)
    chat = agent.take("quick fingers")
    agent.hears(chat, "and a quick line")
    until(
        lambda: agent.lines(chat) == ["quick fingers", "and a quick line"] == lines(page),
        what="once, on both sides",
    )


def test_a_line_cut_off_between_commit_and_acknowledgement_arrives_once(
    site: Running, agent: Agent, page: Page
) -> None:
    cuts: list[str] = []

    def cut(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def back(text: str | bytes) -> None:
            if '"t":"ack"' in str(text) and len(cuts) < 3:
                cuts.append(str(text))
                socket.close(code=1012)
                server.close()
            else:
                socket.send(text)

        server.on_message(back)

    page.route_web_socket(re.compile("/ws/visitor"), cut)
    page.goto(site.url + "/chat/sales")
    start(page, "cut one")
    chat = agent.waiting("cut one")
    write(page, "cut two")
    write(page, "cut three")
    expect(page.locator(".meta", has_text=re.compile("Sent$"))).to_be_visible(timeout=75_000)
    wanted = ["cut one", "cut two", "cut three"]
    agent.order("take", chat=chat)
    until(
        lambda: agent.lines(chat) == wanted == lines(page), seconds=30, what="once, in order, on both sides"
    )
    assert len(cuts) == 3


def test_a_line_that_has_gone_silent_is_found_out(site: Running, agent: Agent, page: Page) -> None:
    """Nothing is closed and nothing answers: after forty seconds the widget makes a new link by itself."""
    silent: list[WebSocketRoute] = []
    links: list[WebSocketRoute] = []

    def mute(socket: WebSocketRoute) -> None:
        links.append(socket)
        server = socket.connect_to_server()
        socket.on_message(lambda text: None if socket in silent else server.send(text))
        server.on_message(lambda text: None if socket in silent else socket.send(text))

    page.clock.install()
    page.route_web_socket(re.compile("/ws/visitor"), mute)
    page.goto(site.url + "/chat/sales")
    start(page, "hello out there")
    chat = agent.take("hello out there")
    expect(page.locator(".meta", has_text=re.compile("Sent$"))).to_be_visible()
    expect(page.get_by_text("is here for you")).to_be_visible()
    silent.extend(links)
    agent.say(chat, "you cannot hear this yet")
    page.clock.fast_forward(50_000)
    page.clock.fast_forward(10_000)
    expect(bubble(page, "you cannot hear this yet")).to_be_visible(timeout=15_000)
    assert len(links) == 2


def test_a_hidden_window_that_may_beat_once_a_minute_keeps_its_link(
    site: Running, agent: Agent, page: Page
) -> None:
    """So slow do browsers make the timers of a window that nobody has looked at for some minutes."""
    links: list[WebSocketRoute] = []
    pongs: list[str | bytes] = []

    def listen(socket: WebSocketRoute) -> None:
        links.append(socket)
        server = socket.connect_to_server()
        server.on_message(lambda text: (socket.send(text), '"pong"' in str(text) and pongs.append(text)))

    page.clock.install()
    page.route_web_socket(re.compile("/ws/visitor"), listen)
    page.goto(site.url + "/chat/sales")
    start(page, "I look elsewhere")
    chat = agent.take("I look elsewhere")
    expect(page.get_by_text("is here for you")).to_be_visible()
    for _ in range(3):
        pongs.clear()
        page.clock.fast_forward(60_000)
        until(lambda: page.evaluate("1") and pongs, what="the server is asked and answers")
    agent.say(chat, "still with me?")
    expect(bubble(page, "still with me?")).to_be_visible()
    assert len(links) == 1


def test_the_place_in_line_is_told_as_it_changes(site: Running, agent: Agent, contexts: Contexts) -> None:
    slug = site.add_department()
    tabs = [contexts().new_page() for _ in range(3)]
    for number, tab in enumerate(tabs):
        tab.goto(f"{site.url}/chat/{slug}")
        start(tab, f"{slug} {number}")
        expect(tab.get_by_text(f"You are number \u2068{number + 1}\u2069 in line")).to_be_visible()
    agent.take(f"{slug} 0")
    expect(tabs[0].get_by_text("in line")).to_be_hidden()
    expect(tabs[2].get_by_text("You are number \u20682\u2069 in line")).to_be_visible()
    agent.take(f"{slug} 1")
    expect(tabs[2].get_by_text("You are number \u20681\u2069 in line")).to_be_visible()


def test_an_estimate_of_the_wait_comes_with_the_tenth_answered_one(
    site: Running, agent: Agent, page: Page
) -> None:
    slug = site.add_department()
    department = site.department_id(slug)

    def answered(number: int) -> None:
        visitor = site.visitor()
        visitor.start(department, text := f"{slug} of {number}")
        agent.order("close", chat=agent.take(text))
        visitor.close()

    page.goto(f"{site.url}/chat/{slug}")
    start(page, f"{slug} watches")
    for number in range(9):
        answered(number)
    page.reload()
    expect(page.get_by_text("You are number \u20681\u2069 in line")).to_be_visible()
    expect(page.get_by_text("You can write already")).to_be_visible()
    answered(9)
    expect(page.get_by_text(re.compile("Estimated wait: \u2068\\d+ minutes?\u2069"))).to_be_visible()
    expect(page.get_by_text("You are number \u20681\u2069 in line")).to_be_visible()


def test_many_lines_at_once_wait_their_turn(site: Running, agent: Agent, page: Page) -> None:
    """More than the server takes at once: the widget waits as told and sends them later, in order."""
    page.goto(site.url + "/chat/sales")
    start(page, "a flood")
    chat = agent.take("a flood")
    for number in range(30):
        write(page, f"line {number}")
    agent.hears(chat, "line 29")
    wanted = ["a flood", *(f"line {number}" for number in range(30))]
    until(lambda: agent.lines(chat) == wanted == lines(page), what="all lines, in order")


def test_a_line_into_a_chat_that_is_over_is_kept_for_the_next_one(
    site: Running, agent: Agent, page: Page
) -> None:
    held: list[str | bytes] = []
    servers: list[WebSocketRoute] = []

    def hold(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        servers.append(server)
        socket.on_message(lambda text: held.append(text) if '"too late"' in str(text) else server.send(text))

    page.route_web_socket(re.compile("/ws/visitor"), hold)
    page.goto(site.url + "/chat/sales")
    start(page, "soon over")
    chat = agent.take("soon over")
    write(page, "too late")
    agent.order("close", chat=chat)
    expect(page.get_by_text("How was this chat?")).to_be_visible()
    for text in held:
        servers[-1].send(text)
    refusal = page.get_by_role("alert").filter(has_text="This chat is over. Your text is kept")
    expect(refusal).to_be_visible()
    held.clear()
    page.unroute_all()
    page.get_by_role("button", name="Send in a new chat").click()
    expect(page.get_by_label("Your message")).to_have_value("too late")
    assert agent.lines(chat) == ["soon over"]


def test_a_full_queue_offers_a_message_and_keeps_the_text(
    site: Running, agent: Agent, contexts: Contexts, page: Page
) -> None:
    other = contexts().new_page()
    other.goto(site.url + "/chat/tiny")
    start(other, "I am first")
    page.goto(site.url + "/chat/tiny")
    page.get_by_label("Your message").fill("I am second")
    page.get_by_role("button", name="Start chat").click()
    expect(page.get_by_text("The line is full just now.", exact=False)).to_be_visible()
    expect(page.get_by_role("heading", name="Leave a message")).to_be_visible()
    expect(page.get_by_label("Your message")).to_have_value("I am second")
    page.get_by_label("E-mail").fill("second@example.com")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("We will answer to \u2068second@example.com\u2069.")).to_be_visible()
    agent.get(lambda frame: frame["t"] == "left" and frame["text"] == "I am second")


def test_nobody_there_offers_a_message_and_may_be_waited_for(site: Running, page: Page) -> None:
    ana = Agent(site)
    ana.order("set_status", status="break")
    page.goto(site.url + "/chat/support")
    expect(page.get_by_text("You may write anyway and wait", exact=False)).to_be_visible()
    expect(page.get_by_role("button", name="Leave a message instead")).to_be_visible()
    start(page, "I will wait")
    ana.order("set_status", status="online")
    chat = ana.take("I will wait")
    ana.say(chat, "here I am")
    expect(bubble(page, "here I am")).to_be_visible()
    ana.close()


def test_the_form_follows_who_comes_and_goes(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/chat")
    sales = page.get_by_role("radio", name="Sales We are here")
    expect(sales).to_be_visible()
    page.get_by_label("Your message").fill("kept while it changes")
    agent.order("set_status", status="break")
    expect(page.get_by_role("radio", name="Sales Nobody is here just now")).to_be_visible()
    expect(page.get_by_label("Your message")).to_have_value("kept while it changes")
    agent.order("set_status", status="online")
    expect(sales).to_be_visible()


def test_who_waits_may_leave_a_message_instead(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/chat/sales")
    page.get_by_label("Topic").select_option("Prices")
    start(page, "waiting too long", email="jo.waits@example.com")
    write(page, "more of it")
    page.get_by_role("button", name="Send as a message").click()
    expect(page.get_by_label("Topic")).to_be_hidden()
    expect(page.get_by_text("What you have written here is sent along.")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("jo.waits@example.com")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("Your message is stored")).to_be_visible()
    left = agent.get(lambda frame: frame["t"] == "left" and frame.get("email") == "jo.waits@example.com")
    assert "waiting too long" in left["text"]
    assert "more of it" in left["text"]
    assert left["topic"] == "Prices"


def test_who_has_waited_too_long_is_told_and_may_wait_on(site: Running, agent: Agent, page: Page) -> None:
    page.goto(f"{site.url}/chat/{site.add_department(waiting_s=2)}")
    start(page, "is anybody there")
    expect(page.get_by_text("You can write already; everything is passed on.")).to_be_visible()
    expect(page.get_by_role("status").get_by_text("Sorry, nobody has come yet.", exact=False)).to_be_visible()
    expect(page.get_by_role("button", name="Send as a message")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Sorry, nobody has come yet.", exact=False)).to_be_visible()
    chat = agent.take("is anybody there")
    expect(page.get_by_text("Sorry, nobody has come yet.", exact=False)).to_be_hidden()
    agent.say(chat, "I am")
    expect(bubble(page, "I am")).to_be_visible()


def test_leaving_asks_once_and_then_for_a_rating(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/chat/sales")
    start(page, "goodbye soon")
    chat = agent.take("goodbye soon")
    end = page.get_by_role("banner").get_by_role("button", name="End chat")
    end.click()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("End this chat?")).to_be_hidden()
    end.click()
    page.get_by_role("alertdialog").get_by_role("button", name="End chat").click()
    agent.get(
        lambda frame: (
            frame["t"] == "event" and frame["chat"] == chat and frame["what"]["kind"] == "visitor_left"
        )
    )
    expect(page.get_by_text("You ended the chat")).to_be_visible()
    page.get_by_role("button", name="Good").click()
    expect(page.get_by_text("Thank you for your rating!")).to_be_visible()
    page.get_by_label("Tell us more (optional)").fill("<b>very</b> nice")
    page.get_by_role("button", name="Send comment").click()
    expect(page.get_by_text("Your comment has arrived.", exact=False)).to_be_visible()
    what = {"kind": "rated", "rating": "good", "comment": "<b>very</b> nice"}
    agent.get(lambda frame: frame["t"] == "event" and frame["chat"] == chat and frame["what"] == what)


def test_who_writes_after_the_end_reopens_the_chat(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/chat/slow")
    start(page, "one more thing")
    chat = agent.take("one more thing")
    agent.order("close", chat=chat)
    expect(page.get_by_text("Just write: the chat goes on.", exact=False)).to_be_visible()
    write(page, "wait!")
    agent.get(
        lambda frame: frame["t"] == "event" and frame["chat"] == chat and frame["what"]["kind"] == "reopened"
    )
    expect(page.get_by_text("The chat goes on", exact=True)).to_be_visible()
    expect(page.get_by_text("Just write: the chat goes on.", exact=False)).to_be_hidden()


def test_the_transcript_can_be_downloaded_and_a_new_chat_started(
    site: Running, agent: Agent, page: Page, tmp_path: Path
) -> None:
    page.goto(site.url + "/chat/sales")
    start(page, "write this down: ñ 😀")
    chat = agent.take("write this down: ñ 😀")
    agent.say(chat, "written")
    agent.order("note", chat=chat, text="a private thought")
    agent.order("close", chat=chat)
    expect(page.get_by_text("How was this chat?")).to_be_visible()
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download transcript").last.click()
    file = tmp_path / waited.value.suggested_filename
    waited.value.save_as(file)
    text = file.read_text("utf-8")
    assert file.suffix == ".txt"
    assert "write this down: ñ 😀" in text
    assert "written" in text
    assert "private thought" not in text
    page.get_by_role("button", name="Start a new chat").click()
    start(page, "another one")
    assert agent.waiting("another one") != chat
    assert lines(page) == ["another one"]


def test_too_long_is_not_sent_and_not_cut(site: Running, agent: Agent, page: Page) -> None:
    page.goto(site.url + "/chat/sales")
    start(page, "long ones")
    chat = agent.take("long ones")
    composer = page.get_by_label("Write a message")
    composer.fill("😀" * 4_001)
    expect(page.get_by_text("Characters too many: \u20681\u2069")).to_be_visible()
    composer.press("Enter")
    expect(composer).to_have_value("😀" * 4_001)
    composer.fill("😀" * 4_000)
    composer.press("Enter")
    agent.hears(chat, "😀" * 4_000)
    expect(composer).to_have_value("")


def test_an_old_visit_gives_way_to_a_new_one_and_keeps_the_text(
    site: Running, agent: Agent, page: Page
) -> None:
    page.goto(site.url + "/chat/sales")
    start(page, "long ago")
    chat = agent.take("long ago")
    agent.say(chat, "your line is here")
    expect(bubble(page, "your line is here")).to_be_visible()
    page.get_by_label("Write a message").fill("my draft")
    site.stop()
    with sqlite3.connect(site.data / "agentconsole.db") as database:
        database.execute("UPDATE visitor SET used_at = 1, created_at = 1")
    database.close()
    site.start()
    agent.again()
    expect(page.get_by_text("Your earlier chat is too old.", exact=False)).to_be_visible(timeout=30_000)
    expect(page.get_by_label("Your message")).to_have_value("my draft")
    page.get_by_role("button", name="Start chat").click()
    assert agent.waiting("my draft") != chat


def test_blocked_storage_is_no_obstacle(site: Running, agent: Agent, contexts: Contexts) -> None:
    context = contexts()
    context.add_init_script(
        """for (const name of ["localStorage", "sessionStorage"]) {
          Object.defineProperty(window, name, { get() { throw new DOMException("blocked", "SecurityError"); } });
        }"""
    )
    tab = context.new_page()
    tab.goto(site.url + "/chat/sales")
    start(tab, "nothing is kept here")
    agent.say(agent.take("nothing is kept here"), "but it works")
    expect(bubble(tab, "but it works")).to_be_visible()
    expect(tab.get_by_text("if you leave it, this chat is gone", exact=False)).to_be_visible()


@pytest.mark.parametrize(
    "address, locale, sentence, language",
    [
        ("/chat/sales", "nb-NO", "Meldingen din", "nb-NO"),
        ("/chat/sales?lang=pl", "nb-NO", "Twoja wiadomość", "pl"),
        ("/chat/sales?lang=tlh", "pt-BR", "A sua mensagem", "pt-BR"),
        ("/chat/sales", "ro-RO", "Mesajul dumneavoastră", "ro-RO"),
        ("/chat/sales", "zh-TW", "Your message", "en"),
    ],
)
def test_it_speaks_the_language_of_the_page_or_the_browser(
    site: Running, contexts: Contexts, address: str, locale: str, sentence: str, language: str
) -> None:
    tab = contexts(locale=locale).new_page()
    tab.goto(site.url + address)
    expect(tab.get_by_label(sentence)).to_be_visible()
    assert tab.evaluate("document.documentElement.lang") == language
