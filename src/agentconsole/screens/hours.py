"""The opening hours of my departments: a week as strips, by the department's clock and by mine."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from agentconsole import strips
from agentconsole.client import Problem
from agentconsole.protocol import HoursDay, HoursKind, HoursWeek
from agentconsole.questions import parsed
from agentconsole.widgets.paint import Cell
from agentconsole.widgets.words import Words, hints

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds

ROOMY = 100  # columns, from which on a sign is half an hour
WEEK = timedelta(days=7)
INKS = {"#": "good", ".": "dim", "+": "warn", "~": "dim"}
KINDS = {HoursKind.chat: "chats", HoursKind.email: "answers by e-mail", HoursKind.phone: "the telephone"}
KEYS = (("← →", "week"), ("Tab", "chat, e-mail, phone"), ("↑ ↓", "scroll"), ("Esc", "back"))

Read = Callable[[HoursKind, date], Awaitable[list[HoursWeek]]]


class OpeningHours:
    """The action of the table."""

    def __init__(self, deeds: Deeds) -> None:
        self.app = deeds.app

    async def hours(self) -> None:
        """Show when my departments are open."""
        today = datetime.fromtimestamp(self.app.clock() / 1_000).astimezone().date()
        self.app.push_screen(HoursDialog(self._read, today))

    async def _read(self, kind: HoursKind, first: date) -> list[HoursWeek]:
        asked = {"kind": kind.value, "zone": strips.zone_here(), "from": first.isoformat()}
        return parsed(await self.app.client.ask("GET", "/api/hours", params=asked), list[HoursWeek])


class HoursDialog(ModalScreen[None]):
    """A week of all departments in which I have a role; other weeks and other kinds by a key."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,Y", "dismiss(None)", "Back", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("left,less_than_sign", "week(-1)", "Week before", show=False),
        Binding("right,greater_than_sign", "week(1)", "Next week", show=False),
        Binding("tab,o", "kind", "Kind", show=False),
    ]

    def __init__(self, read: Read, first: date) -> None:
        super().__init__()
        self.first = first
        self.kind = HoursKind.chat
        self.weeks: Sequence[HoursWeek] = ()
        self._read = read
        self._title = Words(classes="dialog-title")
        self._strips = Words([("Reading …", "dim")])

    def compose(self) -> ComposeResult:
        """Title, the strips, the keys."""
        with Vertical(classes="dialog -page"):
            yield self._title
            with VerticalScroll(can_focus=False, id="hours"):
                yield self._strips
            yield Words(hints(*KEYS))

    def on_mount(self) -> None:
        """Ask for the week."""
        self._ask()

    def on_resize(self) -> None:
        """More or fewer signs fit."""
        if self.weeks:
            self._strips.show(facts(self.weeks, self.app.size.width))

    def action_week(self, step: int) -> None:
        """The week before, or the next one."""
        self.first += step * WEEK
        self._ask()

    def action_kind(self) -> None:
        """The next of chats, answers by e-mail and the telephone."""
        kinds = list(HoursKind)
        self.kind = kinds[(kinds.index(self.kind) + 1) % len(kinds)]
        self._ask()

    def action_move(self, step: int) -> None:
        """A row up or down."""
        self._scroll.scroll_relative(y=step, animate=False, immediate=True)

    def action_page(self, step: int) -> None:
        """A screenful up or down."""
        height = max(1, self._scroll.size.height - 1)
        self._scroll.scroll_relative(y=step * height, animate=False, immediate=True)

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)

    def _ask(self) -> None:
        """Read what is asked for now; an answer to an earlier question comes too late."""
        last = self.first + WEEK - timedelta(days=1)
        days = f"{strips.day_month(self.first)} to {strips.day_month(last)} {last.year}"
        self._title.show([(f"Opening hours for {KINDS[self.kind]}, {days}", "strong")])
        self.run_worker(self._show(self.kind, self.first), group="hours", exclusive=True)

    async def _show(self, kind: HoursKind, first: date) -> None:
        try:
            self.weeks = await self._read(kind, first)
        except Problem as problem:
            self._strips.show([(str(problem), "warn")])
            return
        self._strips.show(facts(self.weeks, self.app.size.width))


def facts(weeks: Sequence[HoursWeek], width: int) -> list[Cell]:
    """The strips of these departments on a terminal of so many columns."""
    if not weeks:
        return [("You have no role in any department, so there are no hours to show.", "dim")]
    quarters = strips.HALF_HOUR if width >= ROOMY else strips.HOUR
    cells: list[Cell] = []
    for week in weeks:
        cells += [(week.name, "strong"), ("  ", ""), *_now(week), (f"\n{week.words}\n", "dim")]
        if _always(week):
            cells.append(("\n", ""))
            continue
        cells += _strip(week.zone, week.days, quarters)
        if week.reader_zone != week.zone and week.reader_days != week.days:
            cells += _strip(f"here: {week.reader_zone}", week.reader_days, quarters)
        cells.append(("\n", ""))
    return cells if all(map(_always, weeks)) else [*cells, (strips.legend(quarters), "dim")]


def _always(week: HoursWeek) -> bool:
    """True if its words say all: open around the clock, and nothing is special about any day."""
    return all(set(day.cells) == {"#"} and strips.told(day) == "00:00-24:00" for day in week.days)


def _now(week: HoursWeek) -> list[Cell]:
    """Open or closed now, and until when by this machine's clock."""
    until = ""
    if week.change_at:
        until = time.strftime(" until %a %d %b %H:%M here", time.localtime(week.change_at / 1_000))
    return [(f"● open{until}", "good")] if week.open else [(f"○ closed{until}", "warn")]


def _strip(zone: str, days: Sequence[HoursDay], quarters: int) -> list[Cell]:
    cells: list[Cell] = [(f"{line}\n", "dim") for line in strips.ruler(zone, quarters)]
    for day in days:
        unusual = day.special or day.skipped or day.shift
        cells.append((f"{strips.day_name(day)} ", "warn" if unusual else ""))
        for sign, run in groupby(strips.signs(day.cells, quarters)):
            cells.append(("".join(run), INKS[sign]))
        cells.append((f" {strips.told(day)}\n", "warn" if unusual else ""))
    return cells
