"""The departments on the screen, against the real server: shown, changed one by one, refused, overtaken, added."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from agentconsole import department_settings
from agentconsole.app import AgentConsole
from agentconsole.backend.rest.departments import Settings as Answer
from agentconsole.department_settings import GROUPS, Kind, Setting
from agentconsole.protocol import Away, Routing
from agentconsole.questions import Problem
from agentconsole.screens import governing
from agentconsole.settings import Settings
from agentconsole.text import width
from tests.running import Running, running
from tests.screens.fed import desk, rows
from tests.waiting import async_until

ALL = [setting for group in GROUPS for setting in group.settings]
BY_NAME = {setting.name: setting for setting in ALL}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("site")) as running_server:
        yield running_server


class Console:
    """A console of somebody who runs one department of the running server."""

    def __init__(self, server: Running, app: AgentConsole, pilot: Pilot[int], slug: str, token: str) -> None:
        self.server, self.app, self.pilot, self.token = server, app, pilot, token
        self.slug, self.department = slug, server.department_id(slug)

    @property
    def path(self) -> str:
        return f"/api/departments/{self.department}"

    def kept(self) -> Any:
        """What the server has."""
        return self.server.ask("GET", self.path, self.token).json()

    def set(self, **changes: Any) -> None:
        """Somebody else changes it."""
        assert self.server.ask("PATCH", self.path, self.token, changes).status_code == 200

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, words: str) -> None:
        """Replace what stands in the field of the dialog."""
        await async_until(lambda: isinstance(self.app.focused, Input), what="a dialog that asks")
        await self.press("end", "ctrl+u")
        assert isinstance(self.app.focused, Input)
        self.app.focused.value = words

    async def sees(self, words: str) -> None:
        try:
            await async_until(lambda: any(words in row for row in rows(self.app)), seconds=10)
        except AssertionError:
            raise AssertionError("\n".join([f"{words!r} is not there:", *rows(self.app)])) from None

    async def at(self, name: str) -> None:
        """Put the cursor on a setting."""
        view = self.app.main.departments
        await async_until(lambda: name in view.settings, what=f"{name} is read")
        view.rows.select(name)
        await self.pilot.pause()
        assert view.row
        assert view.row.setting is BY_NAME[name]


@asynccontextmanager
async def console(
    server: Running, size: tuple[int, int] = (80, 24), role: str = "supervisor", **settings: Any
) -> AsyncIterator[Console]:
    slug = server.add_department(**settings)
    name = server.add_user(role, department=slug)
    token = server.login(name)
    app = AgentConsole(server.url, name, token, settings=Settings(theme="night"), driver_class=None)
    async with app.run_test(size=size) as pilot:
        await async_until(lambda: app.store.synced, seconds=10)
        await pilot.press("ampersand")
        yield Console(server, app, pilot, slug, token)


async def test_my_own_change_overtakes_nobody(server: Running) -> None:
    """On a slow line the next change begins before the answer to the last one is here."""
    async with console(server) as c:
        await c.at("team")
        view = c.app.main.departments
        version = view.settings["version"]
        wishes = {"team": True, "routing": "round_robin", "priority": 4}
        await asyncio.gather(
            *(view.change(name, value, c.department, version) for name, value in wishes.items())
        )
        assert {name: c.kept()[name] for name in wishes} == wishes
        c.set(priority=5)
        with pytest.raises(Problem, match="changed"):
            await view.change("priority", 6, c.department, version)


def test_the_table_has_every_setting_of_the_server_once() -> None:
    names = [setting.name for setting in ALL]
    assert len(names) == len(set(names))
    # The last two are ways to write `days`.
    assert set(names) == set(Answer.__struct_fields__) - {"id", "version", "more_days", "usual_days"}


@pytest.mark.parametrize("setting", ALL, ids=lambda setting: setting.name)
def test_every_setting_says_in_one_sentence_what_it_is(setting: Setting) -> None:
    assert setting.help.endswith(".")
    assert ". " not in setting.help
    assert width(setting.label) <= 20


def test_closed_sets_are_those_of_the_protocol() -> None:
    assert [value for value, _ in BY_NAME["routing"].choices] == list(Routing)
    assert [value for value, _ in BY_NAME["away"].choices] == list(Away)


def test_what_the_server_says_can_be_written_back(server: Running) -> None:
    slug = server.add_department(topics=["Invoices, bills", "Other"], skills=["vip", "returns"], priority=-3)
    token = server.login(server.add_user("supervisor", department=slug))
    told = server.ask("GET", f"/api/departments/{server.department_id(slug)}", token).json()
    for setting in ALL:
        value = told[setting.name]
        assert department_settings.read(setting, department_settings.written(setting, value)) == value


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
async def test_all_settings_stand_in_groups(server: Running, size: tuple[int, int]) -> None:
    async with console(
        server, size, name="Spare parts", description="\x1b]0;mine\x07 Nuts [b]bolts[/b]"
    ) as c:
        await c.sees("What people see")
        await c.sees("Spare parts")
        await c.sees("Nuts [b]bolts[/b]"[: size[0] - 30])
        seen: set[str] = set()
        for _ in range(len(ALL)):
            screen = rows(c.app)
            assert all(width(row) <= size[0] for row in screen)
            assert not any("\x1b" in row for row in screen)
            row = c.app.main.departments.row
            assert row
            assert row.setting
            seen.add(row.setting.name)
            if size[1] >= 24:
                assert any(row.setting.help[:40] in line for line in screen)
            await c.press("down")
        assert seen == set(BY_NAME)


async def test_each_kind_is_changed_by_enter(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(server) as c:
        await c.at("priority")
        await c.press("enter")
        await c.type("4")
        await c.press("enter")
        await async_until(lambda: c.kept()["priority"] == 4, what="the priority")
        await c.at("routing")
        await c.press("enter", "3")
        await async_until(lambda: c.kept()["routing"] == "round_robin", what="the routing")
        await c.at("team")
        await c.press("enter", "1")
        await async_until(lambda: c.kept()["team"] is True, what="the flag")
        await c.at("skills")
        await c.press("enter")
        await c.type("vip, returns,")
        await c.press("enter")
        await async_until(lambda: c.kept()["skills"] == ["vip", "returns"], what="the skills")
        await c.sees("vip, returns")
        _editor(monkeypatch, lambda words: words + "Welcome!\nAsk away.\n")
        await c.at("welcome")
        await c.press("enter")
        await async_until(lambda: c.kept()["welcome"] == "Welcome!\nAsk away.", what="the welcome")
        await c.sees("Ask away.")


async def test_a_number_that_does_not_fit_is_refused_and_comes_again(server: Running) -> None:
    async with console(server) as c:
        await c.at("guests")
        for wrong, sentence in (("many", "write a whole number"), ("21", "Guests may be 0 to 20, not 21.")):
            await c.press("enter")
            await c.type(wrong)
            await c.press("enter")
            await c.sees(sentence)
            await c.sees("yours, not kept: " + wrong)
            assert c.kept()["guests"] == 3
        await c.press("enter")
        await async_until(lambda: isinstance(c.app.focused, Input), what="the dialog")
        assert isinstance(c.app.focused, Input)
        assert c.app.focused.value == "21"
        await c.press("backspace", "enter")
        await async_until(lambda: c.kept()["guests"] == 2, what="the guests")
        await async_until(lambda: not any("not kept" in row for row in rows(c.app)))


async def test_who_was_overtaken_sees_what_is_there_now_and_keeps_what_was_typed(server: Running) -> None:
    async with console(server, reply_s=60) as c:
        await c.at("reply_s")
        await c.press("enter")
        await c.type("30")
        c.set(reply_s=95)
        await async_until(lambda: c.app.main.departments.settings["reply_s"] == 95, what="it is read again")
        await c.press("enter")
        await c.sees("Somebody has changed")
        await c.sees("yours, not kept: 30")
        await c.sees("now it is: 95 s")
        assert c.kept()["reply_s"] == 95
        await c.press("enter")
        await async_until(lambda: isinstance(c.app.focused, Input), what="the dialog")
        await c.press("enter")
        await async_until(lambda: c.kept()["reply_s"] == 30, what="the second try")


async def test_what_another_sets_shows_by_itself(server: Running) -> None:
    async with console(server) as c:
        await c.at("guide")
        c.set(guide="Only broken ones.")
        await c.sees("Only broken ones.")


async def test_only_my_own_departments_are_here_and_keys_go_from_one_to_the_next(server: Running) -> None:
    foreign = server.add_department(name="Foreign affairs")
    async with console(server, name="Alpha") as c:
        await c.sees("Alpha")
        assert [card.slug for card in c.app.main.departments.mine()] == [c.slug]
        await c.press("plus")
        await c.type("Not A Slug")
        await c.press("enter")
        await c.sees("letters a to z")
        await c.press("plus")
        await async_until(lambda: isinstance(c.app.focused, Input), what="the dialog")
        assert isinstance(c.app.focused, Input)
        assert c.app.focused.value == "Not A Slug"
        await c.type(f"new-{c.slug}")
        await c.press("enter")
        await async_until(lambda: c.app.main.departments.settings.get("name", "").startswith("New "))
        await async_until(lambda: len(c.app.main.departments.mine()) == 2, what="it is mine")
        added = c.app.main.departments.department
        await c.press("greater_than_sign")
        assert c.app.main.departments.department == c.department
        await c.press("less_than_sign")
        assert c.app.main.departments.department == added
        assert foreign not in {card.slug for card in c.app.main.departments.mine()}


async def test_an_agent_is_told_who_runs_departments(server: Running) -> None:
    async with console(server, role="agent") as c:
        await c.sees("Departments are run by their supervisors")
        assert c.app.main.where != "departments"


async def test_members_stand_on_the_team_screen(server: Running) -> None:
    async with console(server, name="Ventilators") as c:
        await c.at("name")
        await c.press("m")
        assert c.app.main.where == "team"
        assert c.app.main.team.within == c.department


async def test_an_archived_department_can_be_taken_back_at_once(server: Running) -> None:
    async with console(server) as c:
        await c.at("archived")
        await c.press("enter", "1")
        await async_until(lambda: c.kept()["archived"] is True, what="it is archived")
        await c.sees("archived")
        await async_until(lambda: c.department not in c.app.store.departments)
        await c.at("archived")
        await c.press("enter", "2")
        await async_until(lambda: c.kept()["archived"] is False, what="it is back")


async def test_days_of_a_calendar_file_are_added(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "days.ics"
    day = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20301224\r\nSUMMARY:Feast\r\nEND:VEVENT\r\n"
    path.write_bytes(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{day}END:VCALENDAR\r\n".encode())
    async with console(server) as c:
        await c.at("days")
        await c.press("u")
        await c.type("nothing.ics")
        await c.press("enter")
        await c.sees("nothing.ics is no file.")
        await c.press("u")
        await c.type("days.ics")
        await c.press("enter")
        await c.sees("2030-12-24 closed=Feast")
        assert c.kept()["days"] == ["2030-12-24 closed=Feast"]


async def test_without_a_server_the_reason_stands_there() -> None:
    async with desk() as d:
        await d.press("ampersand")
        assert d.sees("Departments are run by their supervisors")


def test_kinds_that_open_an_editor_hold_several_lines() -> None:
    assert {setting.name for setting in ALL if setting.kind is Kind.text} == {"welcome", "guide", "signature"}


def _editor(monkeypatch: pytest.MonkeyPatch, makes: Callable[[str], str]) -> None:
    async def edited(host: object, words: str, name: str) -> str:
        return makes(words)

    monkeypatch.setattr(governing, "edited", edited)
