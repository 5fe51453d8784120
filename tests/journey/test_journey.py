"""A visitor in Chromium and an agent at the real console, from the first line to the rating and the next visit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, WebSocket, expect

from tests.browser.acts import Place, bubble, lines, start, write
from tests.browser.conftest import Contexts
from tests.browser.host import Site
from tests.browser.test_launcher import OPEN_SHADOWS, chat_in, tag
from tests.journey.conftest import Consoles
from tests.journey.console import CTRL_P, CTRL_U, ENTER, ESCAPE, F7, F8, F9, Console
from tests.running import PASSWORD, Running, unique
from tests.terminal.rig import foreign_controls

pytestmark = [pytest.mark.terminal, pytest.mark.browser]

ABROAD = "Zażółć gęślą jaźń, 你好 ñ"
SECRET = "private-thought-sesame"
PREVIEW = "what I am about to ask"


class Frames(list[str]):
    """Every text frame that the page's sockets received."""

    def watch(self, page: Page) -> None:
        """Begin before the page is loaded."""
        page.on("websocket", self._socket)

    def _socket(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: self.append(str(data)))


@pytest.fixture
def department(site: Running) -> str:
    """Wrap-up is long enough to undo a close, and short enough to wait for its end."""
    return site.add_department(wrapup_s=6)


def on_our_page(site: Running, host: Site, page: Page, department: str) -> Place:
    """The visitor comes to /chat."""
    page.goto(f"{site.url}/chat/{department}")
    return page


def on_a_shop(site: Running, host: Site, page: Page, department: str) -> FrameLocator:
    """The visitor opens the launcher on somebody else's page."""
    page.add_init_script(OPEN_SHADOWS)
    page.goto(host.page("/journey", f"<p>a shop</p>{tag(site, department=department)}"))
    page.get_by_role("button", name="Open chat").click()
    return chat_in(page)


def keys(console: Console) -> None:
    """Leave the composer, so that letters are keys."""
    console.send(ESCAPE)
    console.wait_for("? Help")


def close(console: Console, outcome: str, mark: str) -> None:
    """Close the chat in front with the outcome of this number."""
    console.send(F9)
    console.wait_for("Close the chat with")
    console.send(outcome)
    console.wait_for(f"Closed as {mark}")


@pytest.mark.parametrize("arrive", [on_our_page, on_a_shop])
def test_from_the_first_line_to_the_next_visit(
    site: Running,
    host: Site,
    contexts: Contexts,
    department: str,
    agent: str,
    consoles: Consoles,
    arrive: Callable[[Running, Site, Page, str], Place],
) -> None:
    console = consoles().ready()
    console.wait_for("Nobody is waiting")
    page = contexts(viewport={"width": 1000, "height": 800}).new_page()
    frames = Frames()
    frames.watch(page)
    place = arrive(site, host, page, department)
    email = f"{unique('jo')}@example.com"
    start(place, "How much is it?", name="Jo Ünal", email=email)

    # the queue: who waits, what for, and what is being typed
    console.row("Jo Ünal", "How much is it?")
    place.get_by_label("Write a message").press_sequentially(PREVIEW, delay=20)
    console.row("Jo Ünal", f"✎ {PREVIEW}")
    console.send(ENTER)
    console.row("to Jo Ünal ▸")
    console.row("┃ How much is it?")
    expect(place.get_by_role("log").get_by_text(f"\u2068{agent}\u2069 is here for you")).to_be_visible()
    place.get_by_label("Write a message").press_sequentially(" now", delay=20)
    console.row("✎ Jo Ünal:", f"{PREVIEW} now")
    place.get_by_label("Write a message").fill("")

    # lines both ways, typing, marks up to "seen"
    write(place, ABROAD)
    console.row(f"┃ {ABROAD}")
    console.send("Dzień ")
    expect(place.get_by_text(f"\u2068{agent}\u2069 is typing …")).to_be_visible()
    console.send("dobry, 你好 🙂")
    console.row("to Jo Ünal ▸", "dobry")
    console.send(ENTER)
    expect(bubble(place, "Dzień dobry, 你好 🙂")).to_be_visible()
    console.row("Dzień dobry", "seen")

    # a note is the staff's alone, while it is typed and afterwards
    console.send(F8)
    console.wait_for("NOTE – staff only")
    console.send(SECRET)
    console.row("NOTE", SECRET)
    console.send(ENTER)
    console.row("note by", SECRET)
    console.send(F8)
    console.row("to Jo Ünal ▸")

    # a reply is kept, and used with the visitor's name in it
    console.send("Please bear with me, {name}.")
    console.row("to Jo Ünal ▸", "{name}.")
    console.send(CTRL_P)
    console.wait_for("Commands")
    console.send("save reply")
    console.wait_until(
        lambda rows: not any("Take next" in row for row in rows[2:-3]), what="the one command left"
    )
    console.send(ENTER)
    console.wait_for("Save as canned reply")
    console.send("bear" + ENTER)
    console.wait_for("/bear is kept")
    console.send(CTRL_U + "/bea")
    console.row("/bear", "Please bear with me")
    console.send("\t")
    console.row("to Jo Ünal ▸", "Please bear with me, Jo Ünal.")
    console.send(ENTER)
    expect(bubble(place, "Please bear with me, Jo Ünal.")).to_be_visible()

    # closed, undone, closed again
    close(console, "3", "follow up")
    expect(place.get_by_text("Just write: the chat goes on.", exact=False)).to_be_visible()
    keys(console)
    console.send("u")
    console.wait_for("You reopened the chat")
    console.gone("Closed as")
    expect(place.get_by_text("The chat goes on", exact=True)).to_be_visible()
    write(place, "one more thing")
    console.row("┃ one more thing")
    close(console, "1", "solved")

    # the rating
    place.get_by_role("button", name="Good").click(timeout=20_000)
    console.row("rated the chat :-) good")
    place.get_by_label("Tell us more (optional)").fill("very kind, dziękuję")
    place.get_by_role("button", name="Send comment").click()
    console.row("rated the chat :-) good: very kind, dziękuję")
    console.wait_for("This chat is over")

    # the next visit of the same address, and what is known of the one before
    place.get_by_role("button", name="Start a new chat").click()
    start(place, "me again", email=email)
    console.wait_for("1 wait")
    console.send("t")
    console.row("┃ me again")
    console.send(F7)
    console.wait_for("Earlier chats")
    console.row("solved, :-) good")
    console.wait_for("How much is it?")

    text = page.content() + "".join(frame.content() for frame in page.frames)
    assert lines(place) == ["me again"]
    assert "me again" in text
    assert SECRET not in text
    received = "".join(frames)
    assert json.dumps(ABROAD, ensure_ascii=False) in received or json.dumps(ABROAD) in received
    assert "rated" in received
    assert SECRET not in received
    assert foreign_controls(console.raw) == []


def test_a_password_is_asked_for_once_and_what_is_kept_is_announced(
    site: Running, agent: str, consoles: Consoles, tmp_path: Path
) -> None:
    first = consoles(env={"AGENTCONSOLE_TOKEN": None})
    first.wait_for("Log in")
    first.send("a wrong password" + ENTER)
    first.wait_for(re.compile("[Nn]ame or password|wrong|not right"))
    first.send(PASSWORD + ENTER)
    first.wait_for("Nobody is waiting")
    first.wait_for("tokens.json")
    first.send("Q")
    assert first.wait_end() == 0
    assert PASSWORD.encode() not in first.raw
    kept = next((tmp_path / "home").rglob("tokens.json"))
    assert kept.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in kept.read_text()
    second = consoles(env={"AGENTCONSOLE_TOKEN": None}).ready()
    second.wait_for("Nobody is waiting")
    assert b"password" not in second.raw
