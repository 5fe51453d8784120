"""What the actions of the departments screen do: every setting is changed alone, and what is refused is kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from agentconsole import attachments, department_settings
from agentconsole.actions import Unfit
from agentconsole.department_settings import EDITED, Kind, Setting
from agentconsole.protocol import Role
from agentconsole.questions import Problem
from agentconsole.screens.ask import Ask
from agentconsole.screens.choice import Choice, Option
from agentconsole.screens.departments import DepartmentsView, Unkept
from agentconsole.screens.editing import edited

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds

ACTIONS = frozenset(
    {"change_setting", "next_department", "previous_department", "department_members", "add_everybody"}
    | {"add_days", "choose_department"}
)
NEW = (0, "slug")  # where the short name of a department stands that could not be added


class Governing:
    """Methods are named after the actions."""

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds
        self.app = deeds.app

    @property
    def view(self) -> DepartmentsView:
        """The place."""
        return self.app.main.departments

    def possible(self, id: str) -> bool:
        """Departments are run by supervisors and administrators."""
        if id == "departments":
            return self.app.store.has_role(0, Role.supervisor, Role.admin)
        return id not in ACTIONS or bool(self.view.department)

    # --- which department ---

    def departments(self) -> None:
        """Show the departments that I may change."""
        if not self.possible("departments"):
            raise Unfit("Departments are run by their supervisors and by administrators.")
        self.app.main.go(self.view)

    def next_department(self) -> None:
        """Show the next one."""
        self._step(1)

    def previous_department(self) -> None:
        """Show the one before."""
        self._step(-1)

    def _step(self, step: int) -> None:
        ids = [card.id for card in self.view.mine()]
        if not ids:
            raise Unfit("There is no other department that you may change.")
        here = ids.index(self.view.department) if self.view.department in ids else -max(step, 0)
        self.view.choose(ids[(here + step) % len(ids)])

    async def choose_department(self) -> None:
        """Choose one by its name."""
        options = [Option(str(card.id), card.name, card.description) for card in self.view.mine()]
        chosen = await self.deeds.ask(Choice("Which department?", options, str(self.view.department)))
        if chosen:
            self.view.choose(int(chosen))

    def refresh_departments(self) -> None:
        """Read the settings anew."""
        self.view.fetch()

    # --- its settings ---

    async def change_setting(self) -> None:
        """Change the setting under the cursor."""
        view, row = self.view, self.view.row
        if row is None or row.setting is None:
            raise Unfit("There is no setting under the cursor.")
        department, setting, version = view.department, row.setting, view.settings["version"]
        value = view.settings[setting.name]
        unkept = view.unkept.get((department, setting.name))
        before = unkept.words if unkept else department_settings.written(setting, value)
        words = await self._written(setting, before)
        if words is None or (words == before and not unkept):
            return
        try:
            wish = department_settings.read(setting, words)
            outcome = await view.change(setting.name, wish, department, version)
        except (ValueError, Problem) as problem:
            await self._refused(department, setting, words, version, problem)
            return
        view.unkept.pop((department, setting.name), None)
        self.app.tell(outcome.text)
        await view.read()

    async def _written(self, setting: Setting, before: str) -> str | None:
        title = f"{setting.label} of {self.view.called}"
        if setting.kind in EDITED or "\n" in before:
            return (await edited(self.app, before, f"{setting.name}.txt")).rstrip("\n")
        if setting.kind is Kind.department:
            others = [card for card in self.app.store.departments.values() if card.id != self.view.department]
            options = [Option(card.slug, card.name, card.description) for card in others]
            return await self.deeds.ask(Choice(title, [Option("", "none"), *options], before, setting.help))
        if setting.choices:
            options = [Option(value, value.replace("_", " "), hint) for value, hint in setting.choices]
            return await self.deeds.ask(Choice(title, options, before, setting.help))
        return await self.deeds.ask(Ask(title, setting.help, before, add=True))

    async def _refused(
        self, department: int, setting: Setting, words: str, version: int, problem: Exception
    ) -> None:
        """Say why, and keep what was written; who was overtaken sees what is there now."""
        why = str(problem)
        if isinstance(problem, Problem) and problem.code == "conflict" and department == self.view.department:
            await self.view.read()
            if self.view.settings.get("version") != version:
                why = f"Somebody has changed {self.view.called} meanwhile."
        self.view.unkept[department, setting.name] = Unkept(words, why)
        self.view.redraw(self.app.actions.clock())
        self.app.tell(f"{why} What you wrote is kept: Enter opens it again.", "warn")

    # --- more ---

    async def add_department(self) -> None:
        """Add a department."""
        view = self.view
        kept = view.unkept.get(NEW)
        slug = await self.deeds.ask(
            Ask(
                "Add a department",
                kept.why if kept else "Its short name, as in addresses: letters a to z, digits and -:",
                kept.words if kept else "",
                add=True,
            )
        )
        if not slug or not slug.strip():
            return
        slug = slug.strip()
        try:
            outcome = await view.reads.add(slug, "")
            every = await view.reads.every()
        except Problem as problem:
            view.unkept[NEW] = Unkept(slug, str(problem))
            raise
        view.unkept.pop(NEW, None)
        self.app.tell(outcome.text)
        view.choose(next((card.id for card in every if card.slug == slug), view.department))

    def department_members(self) -> None:
        """Show who is where in this department; priorities and limits are changed there."""
        self._some()
        self.app.main.team.within = self.view.department
        self.app.main.go(self.app.main.team)

    async def add_everybody(self) -> None:
        """Make everybody who answers chats an agent of this department."""
        view, department = self.view, self._some()
        explanation = f"Everybody who answers chats anywhere becomes an agent of {view.called} too."
        if await self.deeds.confirm("Add everybody?", explanation, "Add them"):
            self.app.tell((await view.reads.add_everybody(department)).text)

    async def add_days(self) -> None:
        """Add the days of a calendar file to those on which it is closed."""
        view, department = self.view, self._some()
        path = await self.deeds.ask(
            Ask(f"Closed days of {view.called}", "The path of a calendar file (.ics) on this machine:")
        )
        if not path or not path.strip():
            return
        try:
            _, data, _ = await asyncio.to_thread(attachments.read, path)
            outcome = await view.reads.add_days(department, data.decode())
        except attachments.BadFile as problem:
            raise Unfit(str(problem)) from problem
        except UnicodeDecodeError as problem:
            raise Unfit("This is no calendar file: its bytes are no text. Nothing was changed.") from problem
        self.app.tell(outcome.text)
        await view.read()

    def _some(self) -> int:
        if not self.view.department:
            raise Unfit("There is no department here. + adds one.")
        return self.view.department
