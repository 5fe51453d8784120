"""Over a line that takes its time, an agent types right behind the key that takes a chat: the text is whole, nothing else happens."""

from __future__ import annotations

import re

import pytest

from tests.journey.conftest import Consoles
from tests.journey.console import ENTER
from tests.journey.link import link_to
from tests.journey.test_link import texts
from tests.running import Running

pytestmark = pytest.mark.terminal

GREETING = "o Hello Lucía, WQs? 你好 :Flo"  # keys by the dozen, were it not text


def test_what_is_typed_behind_take_waits_for_the_chat_and_is_sent_by_enter_alone(
    site: Running, department: str, consoles: Consoles
) -> None:
    with link_to(lambda: site.url) as link:
        console = consoles(url=link.url).ready()
        visitor = site.visitor()
        chat = visitor.start(site.department_id(department), "Good morning", name="Vi")
        visitor.close()
        console.row("Vi", "Good morning")
        link.silence()
        console.send("t" + GREETING + ENTER)
        console.row("For the chat that opens ▸", GREETING)
        console.row("Queue 1")
        assert not console.shows("to Vi ▸")
        link.back()
        console.row("to Vi ▸", GREETING)
        console.row(" online")
        assert console.shows("1 mine"), console.rows
        assert texts(site, console.token, chat) == ["Good morning"]
        console.send(" and on" + ENTER)
        console.row(GREETING + " and on", "✓")
        assert texts(site, console.token, chat) == ["Good morning", GREETING + " and on"]


def test_who_was_slower_keeps_the_words_for_the_next_chat(
    site: Running, department: str, consoles: Consoles, agent: str
) -> None:
    site.add_user("admin")
    robin = site.login(site.add_user("agent", department=department))
    with link_to(lambda: site.url) as link:
        console = consoles(url=link.url).ready()
        first, second = site.visitor(), site.visitor()
        chat = first.start(site.department_id(department), "Good morning", name="Vi")
        console.row("Vi", "Good morning")
        link.silence()
        console.send(ENTER + "Hello lWg")
        console.row("For the chat that opens ▸ Hello lWg")
        took = site.ask("POST", f"/api/chats/{chat}/take", robin, {"cid": "robin-is-faster-1"})
        assert took.status_code == 200, took.text
        link.back()
        console.wait_for(re.compile("Kept for the|chat you take: Hello lWg"))
        console.row("Queue 0")
        second.start(site.department_id(department), "Good evening", name="Bo")
        console.row("Bo", "Good evening")
        console.send("t")
        console.row("to Bo ▸ Hello lWg")
        for visitor in (first, second):
            visitor.close()
