"""Tickets in the console against the real server: from the list to an answer, with a colleague at the same ticket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from agentconsole.app import AgentConsole
from agentconsole.settings import Settings
from tests.running import Running, cid, running, unique
from tests.screens.fed import rows
from tests.waiting import async_until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("site")) as running_server:
        yield running_server


class Person:
    """An agent of one department at a console."""

    def __init__(self, app: AgentConsole, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, words: str) -> None:
        await self.pilot.press(*("space" if ch == " " else ch for ch in words))

    async def sees(self, words: str) -> None:
        try:
            await async_until(lambda: any(words in row for row in rows(self.app)), seconds=15)
        except AssertionError:
            raise AssertionError("\n".join([f"{words!r} is not on the screen:", *rows(self.app)])) from None

    def shows(self, words: str) -> bool:
        return any(words in row for row in rows(self.app))


@asynccontextmanager
async def at_work(server: Running, department: str, role: str = "agent") -> AsyncIterator[Person]:
    name = server.add_user(role, name=unique(role), department=department)
    app = AgentConsole(
        server.url, name, server.login(name), settings=Settings(theme="night"), driver_class=None
    )
    async with app.run_test(size=(100, 30)) as pilot:
        await async_until(lambda: app.store.synced, seconds=15)
        yield Person(app, pilot)


async def written(server: Running, department: str, **facts: Any) -> int:
    """A ticket that was written down by somebody; its number."""
    name = server.add_user("agent", name=unique("writer"), department=department)
    body = {
        "cid": cid(),
        "department": server.department_id(department),
        "subject": "The printer burns",
        "text": "Hello,\nit burns.",
        "email": "ana@example.org",
        "name": "Ana",
        "source": "phone",
    } | facts
    answer = await asyncio.to_thread(server.ask, "POST", "/api/tickets", server.login(name), body)
    assert answer.status_code == 201, answer.text
    page = server.ask("GET", "/api/tickets?order=newest", server.login(name)).json()
    return int(page["tickets"][0]["ticket"])


async def test_next_is_taken_answered_and_solved(server: Running) -> None:
    department = server.add_department()
    number = await written(server, department)
    async with at_work(server, department) as kim:
        await kim.sees("Tickets 1")
        await kim.press("K")
        await kim.sees("The printer burns")
        await kim.press("N")
        await kim.sees(f"#{number} The printer burns")
        await kim.sees("yours")
        await kim.sees("┃ it burns.")
        await kim.press("i")
        await kim.type("Switch it off.")
        await kim.press("f9")
        await kim.sees("Answer ana@example.org")
        await kim.press("2")
        await kim.sees("changed status: new → solved")
        await kim.sees("Switch it off.")
        await async_until(lambda: kim.app.main.work.store.tickets.sent == {})
        assert sum("Switch it off." in row for row in rows(kim.app)) == 1
        await kim.sees("Tickets 0")


async def test_a_supervisor_makes_one_card_of_two_addresses(server: Running) -> None:
    department = server.add_department()
    await written(server, department, subject="At home", email="ana@home.example")
    number = await written(server, department, subject="At work", email="ana@work.example")
    async with at_work(server, department) as kim:
        await kim.press("number_sign")
        await kim.type(str(number))
        await kim.press("enter")
        await kim.sees("At work")
        await kim.press("e")
        await kim.sees("follow-up")
        assert not kim.shows("one card for both"), "an agent does not decide who is who"
    async with at_work(server, department, "supervisor") as sue:
        await sue.press("number_sign")
        await sue.type(str(number))
        await sue.press("enter")
        await sue.sees("At work")
        await sue.press("e")
        await sue.sees("one card for both")
        await sue.press("6")
        await sue.sees("Which other address has Ana")
        await sue.type("ana@home.example")
        await sue.press("enter")
        await sue.sees("Make one card of both?")
        await sue.press("1")
        await sue.sees("The cards are one now.")
    reader = server.login(server.add_user("agent", department=department))
    card = server.ask("GET", "/api/customers?email=ana@work.example", reader).json()
    assert [each["subject"] for each in card["tickets"]] == ["At work", "At home"]


async def test_two_at_one_ticket_see_each_other_and_the_second_answer_waits(server: Running) -> None:
    department = server.add_department()
    number = await written(server, department)
    async with at_work(server, department) as kim, at_work(server, department) as robin:
        for each in (kim, robin):
            await each.press("number_sign")
            await each.type(str(number))
            await each.press("enter")
            await each.sees("it burns.")
            await each.press("i")
        await kim.sees("looks at this too.")
        await robin.type("From Robin")
        await kim.sees("is answering this ticket.")
        await kim.type("From Kim")
        await robin.press("f9")
        await robin.sees("Answer ana@example.org")
        await robin.press("enter")
        await kim.sees("wrote meanwhile. Read it before you send.")
        await kim.sees("From Robin")
        await kim.press("f9")
        await kim.sees("F9 sends your answer as it stands.")
        assert kim.app.main.ticket.composer.text == "From Kim"
        await kim.press("f9")
        await kim.sees("Answer ana@example.org")
        await kim.press("enter")
        await robin.sees("From Kim")


async def test_a_list_is_live_and_shows_what_comes_in(server: Running) -> None:
    department = server.add_department()
    await written(server, department, subject="The first")
    async with at_work(server, department) as kim:
        await kim.press("K")
        await kim.sees("The first")
        await written(server, department, subject="The second")
        await kim.sees("The second")
        await kim.sees("2 tickets")


async def test_a_note_a_tag_and_a_filter_are_kept_by_the_server(server: Running) -> None:
    department = server.add_department()
    number = await written(server, department)
    async with at_work(server, department) as kim:
        await kim.press("K")
        await kim.sees("The printer burns")
        await kim.press("plus")
        await kim.type("fire")
        await kim.press("enter", "enter")
        await kim.sees("+fire")
        await kim.press("m")
        await kim.type("big contract")
        await kim.press("f9")
        await kim.sees("staff only: big contract")
        await kim.press("escape", "escape", "slash")
        await kim.type("fire")
        await kim.press("enter")
        await kim.sees("1 ticket ")
        await kim.press("equals_sign")
        await kim.type("Fires")
        await kim.press("enter")
        await kim.sees("‹ Fires ›")
        assert [each.name for each in kim.app.store.tickets.filters] == ["Fires"]
        assert kim.app.main.tickets.selected == number


async def test_without_rights_there_is_nothing(server: Running) -> None:
    number = await written(server, server.add_department())
    async with at_work(server, server.add_department()) as kim:
        await kim.press("number_sign")
        await kim.type(str(number))
        await kim.press("enter")
        await kim.sees("cannot be shown: There is no such ticket")
