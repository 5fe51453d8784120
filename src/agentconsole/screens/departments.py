"""The departments that I run: all settings of one, in groups, and the one under the cursor in full."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll

from agentconsole import department_settings
from agentconsole.actions import Actions
from agentconsole.department_reads import DepartmentReads, Outcome
from agentconsole.department_settings import Kind, Setting
from agentconsole.keys import spoken
from agentconsole.protocol import DepartmentCard, Role
from agentconsole.questions import Problem
from agentconsole.screens.listing import Listing
from agentconsole.store import Store
from agentconsole.views import Topic, Touched
from agentconsole.widgets.bars import Bar
from agentconsole.widgets.paint import Cell, column
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words

LABEL = max(len(setting.label) for group in department_settings.GROUPS for setting in group.settings)
ROOMY = 100  # columns, from which on the sentence stands beside the value


@dataclass(frozen=True, slots=True)
class Unkept:
    """What was written and could not be kept, and why."""

    words: str
    why: str


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting with its value, or a heading."""

    heading: str = ""
    setting: Setting | None = None
    shown: str = ""
    unkept: bool = False


class SettingList(Rows[SettingRow]):
    """Under a heading for each group: what it is called, and what holds."""

    def key_of(self, item: SettingRow) -> str | None:
        """The setting's name."""
        return item.setting.name if item.setting else None

    def draw(self, item: SettingRow, line: int, width: int) -> Iterable[Cell]:
        """One row; on a wide terminal with what it means."""
        if item.setting is None:
            return [(f" {item.heading} ", "head"), ("─" * max(0, width - len(item.heading) - 3), "rule")]
        label = min(LABEL, max(10, width // 3))
        cells: list[Cell] = [
            (" ! " if item.unkept else "   ", "bad"),
            (column(item.setting.label, label) + "  ", ""),
        ]
        value: Cell = (item.shown or "none", "strong" if item.shown else "dim")
        if width < ROOMY:
            return [*cells, value]
        room = (width - label - 5) // 3
        return [*cells, (column(value[0], room) + "  ", value[1]), (item.setting.help, "dim")]


class DepartmentsView(Listing):
    """``department`` is the one shown (0 = none), ``settings`` what the server last said of it.

    ``overtaken``: by department and version, the version that a change of mine has made of it.
    """

    topics = frozenset({Topic.departments, Topic.me, Topic.synced})

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions, SettingList(id="setting-list"), id="departments")
        self.reads = DepartmentReads(lambda: actions.client)
        self.department = 0
        self.settings: Mapping[str, Any] = {}
        self.problem = ""
        self.unkept: dict[tuple[int, str], Unkept] = {}
        self.changing = asyncio.Lock()
        self.overtaken: dict[tuple[int, int], int] = {}
        self.title = Bar(id="department-title")
        self.nothing = Words(id="no-department")
        self.facts = Words(id="setting")

    def compose(self) -> ComposeResult:
        """Which department, its settings, and the one under the cursor in full."""
        yield self.title
        yield self.nothing
        yield self.rows
        with VerticalScroll(id="setting-pane", can_focus=False):
            yield self.facts

    # --- which department ---

    def mine(self) -> list[DepartmentCard]:
        """The departments that I may change, by name."""
        cards = self.store.departments.values()
        may = [card for card in cards if self.store.has_role(card.id, Role.supervisor, Role.admin)]
        return sorted(may, key=lambda card: (card.name.casefold(), card.id))

    @property
    def called(self) -> str:
        """What the department shown is called."""
        return str(self.settings.get("name", "")) or self.store.department_name(self.department)

    @property
    def row(self) -> SettingRow | None:
        """What is under the cursor."""
        item: SettingRow | None = self.rows.selected_item
        return item

    def choose(self, department: int) -> None:
        """Show another department."""
        if department != self.department:
            self.department, self.settings, self.problem = department, {}, ""
        self.redraw(self.actions.clock())
        self.fetch()

    # --- reading ---

    def arrive(self) -> None:
        """Read the settings anew."""
        if not self.department:
            self.department = next((card.id for card in self.mine()), 0)
        self.choose(self.department)

    def sync(self, touched: set[Touched], now: int) -> None:
        """Somebody has changed a department, or the link is back: read again."""
        if any(touch.topic in self.topics for touch in touched):
            self.arrive()

    def fetch(self) -> None:
        """Read the settings of the department shown."""
        if self.department:
            self._fetch()

    @work(group="departments", exclusive=True)
    async def _fetch(self) -> None:
        await self.read()

    async def read(self) -> None:
        """Read them now; an answer about a department that is no longer shown comes too late."""
        department = self.department
        try:
            settings, problem = await self.reads.one(department), ""
        except Problem as raised:
            settings, problem = dict(self.settings), str(raised)
        if department == self.department:
            self.settings, self.problem = settings, problem
            self.redraw(self.actions.clock())

    async def change(self, name: str, value: Any, department: int, version: int) -> Outcome:
        """Change one setting as it stood in a version, or in what I have made of that version since. Raises Problem."""
        async with self.changing:
            while mine := self.overtaken.get((department, version)):
                version = mine
            outcome = await self.reads.change(department, name, value, version)
            with contextlib.suppress(Problem):
                if (await self.reads.one(department))["version"] == version + 1:
                    self.overtaken[department, version] = version + 1
            return outcome

    # --- drawing ---

    def redraw(self, now: int) -> None:
        """Bring list and detail up to date."""
        rows: list[SettingRow] = []
        for title, settings in department_settings.known(self.settings):
            rows.append(SettingRow(title))
            rows += [self._row(setting) for setting in settings]
        self.rows.show(rows)
        self.set_class(not rows, "-nothing")
        self.nothing.show(self._why_nothing())
        self._entitle()
        self._describe()

    def _row(self, setting: Setting) -> SettingRow:
        shown = department_settings.shown(setting, self.settings[setting.name])
        if setting.kind is Kind.department and shown:
            shown = next((card.name for card in self.store.departments.values() if card.slug == shown), shown)
        return SettingRow("", setting, shown, (self.department, setting.name) in self.unkept)

    def _why_nothing(self) -> Sequence[Cell]:
        if self.problem:
            return [
                ("The settings cannot be read. ", "bad"),
                (self.problem, ""),
                ("\nr tries again.", "dim"),
            ]
        if self.department:
            return [("Reading …", "dim")]
        return [
            ("There is no department that you may change.", "strong"),
            ("\n+", "key"),
            (" adds one.", "dim"),
        ]

    def _entitle(self) -> None:
        mine = [card.id for card in self.mine()]
        right: list[Cell] = []
        if self.department in mine and len(mine) > 1:
            right = [(f"{mine.index(self.department) + 1} of {len(mine)}  < > ", "dim")]
        if self.problem and self.settings:
            right = [(f"! {self.problem} ", "bad")]
        gone = self.settings.get("archived")
        name: list[Cell] = [(f" {self.called or 'Departments'}", "strong"), ("  settings", "dim")]
        self.title.show([*name, ("  archived", "warn")] if gone else name, right)

    @on(Rows.Moved)
    def moved(self, message: Rows.Moved) -> None:
        """Another one under the cursor."""
        message.stop()
        self._describe()

    def _describe(self) -> None:
        setting = self.row.setting if self.row else None
        if setting is None:
            self.facts.show([])
            return
        cells: list[Cell] = []
        if unkept := self.unkept.get((self.department, setting.name)):
            cells += [("! ", "bad"), (unkept.why, "warn"), ("\nyours, not kept: ", "dim"), (unkept.words, "")]
            cells += [("\n", ""), (spoken("enter"), "key"), (" opens it again; now it is: ", "dim")]
        else:
            cells += [(f"{setting.help}\n", "dim")]
        value = self.settings[setting.name]
        long = setting.kind in department_settings.EDITED
        shown = department_settings.written(setting, value) if long else self.row.shown if self.row else ""
        cells.append((shown or "none", "strong" if shown else "dim"))
        self.facts.show(cells)
