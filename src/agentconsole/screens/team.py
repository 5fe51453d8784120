"""The team: who is where, since when, what runs out, how much each has to do; and all that is known of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll

from agentconsole import narrate, team
from agentconsole.actions import Actions
from agentconsole.protocol import SeatCard, Status
from agentconsole.screens.left import moment
from agentconsole.screens.listing import Listing
from agentconsole.store import Store
from agentconsole.team import Member
from agentconsole.views import Topic
from agentconsole.widgets.bars import Bar
from agentconsole.widgets.paint import Cell, column, widest, with_end
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words

SHOWN = frozenset({Topic.team, Topic.departments, Topic.me, Topic.synced})
BESIDE_WORDS = 35  # cells for sign, chats, time and, at the least, a department


class TeamList(Rows[Member]):
    """Under a heading for each status: sign, name, status, what runs out, load, departments."""

    def key_of(self, item: Member) -> int | None:
        """The user's id."""
        return item.user or None

    def measure(self, items: Sequence[Member]) -> tuple[int, ...]:
        """The cells of the names, and of what is said of those who are there."""
        people = [item for item in items if item.user]
        words = widest(item.words + _ends(item) for item in people if not item.lost)
        return widest(item.name + _mark(item) for item in people), words

    def draw(self, item: Member, line: int, width: int) -> Iterable[Cell]:
        """One row in as many columns as fit."""
        if not item.user:
            return [(f" {item.name} ", "head"), ("─" * max(0, width - len(item.name) - 3), "rule")]
        sign, ink = team.SIGNS[item.status]
        alarm = "bad" if item.alarm else ""
        widest_name, widest_words = self.widths
        name = min(widest_name, 24, max(10, width // 4))
        cells: list[Cell] = [
            (f" {'!' if item.alarm else sign} ", alarm or ink),
            (with_end(item.name, _mark(item), name) + " ", "strong"),
            (column(item.load, 5), "warn" if item.full else ""),
        ]
        if width < 60:
            return [*cells, (item.ends or f"{item.words} {item.since}", alarm)]
        cells.append((column(item.since, 10), "dim"))
        if item.lost:
            return [*cells, (item.ends, "bad")]
        words = min(widest_words, max(20, width - name - BESIDE_WORDS))
        cells.append((with_end(item.words, _ends(item), words) + "  ", alarm))
        untested: Cell = ("" if item.tested else "alerts? ", "warn")
        return [*cells, untested, (item.departments, "dim")]


def _mark(item: Member) -> str:
    return " (you)" if item.me else ""


def _ends(item: Member) -> str:
    return f", {item.ends}" if item.ends else ""


class TeamView(Listing):
    """List and detail; ``within`` is the department shown (0 = all)."""

    topics = SHOWN

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions, TeamList(id="team-list"), id="team")
        self.within = 0
        self.title = Bar(id="team-title")
        self.facts = Words(id="person")

    def compose(self) -> ComposeResult:
        """Whom it is about, the list, and one of them in full."""
        yield self.title
        yield self.rows
        yield Words(
            [
                ("Nobody is here.", "strong"),
                ("\nf", "key"),
                (" chooses another department, or all of them.", "dim"),
            ],
            id="nobody-here",
        )
        with VerticalScroll(id="person-pane", can_focus=False):
            yield self.facts

    def on_mount(self) -> None:
        """Draw what is known already."""
        self.redraw(self.actions.clock())

    def redraw(self, now: int) -> None:
        """Bring list and detail up to date."""
        if self.within not in self.store.departments:
            self.within = 0
        at = self.store.server_now(now)
        me = self.store.me.user if self.store.me else 0
        rows = team.members(self.store.team.values(), self.store.departments, me, self.within, at)
        self.rows.show(rows)
        self.set_class(not rows, "-nothing")
        self._entitle([row for row in rows if row.user])
        self._read(at)

    def _entitle(self, rows: list[Member]) -> None:
        name = self.store.department_name(self.within) or "All departments"
        serving = [row for row in rows if row.answers]
        free = sum(row.status is Status.online and not row.full and not row.alarm for row in serving)
        alarms = sum(row.alarm for row in rows)
        right: list[Cell] = [(f"{free} of {len(serving)} free for a chat ", "dim")]
        if alarms:
            right = [(f"! {alarms} overdue or lost  ", "bad"), *right]
        self.title.show([(f" {name}", "strong")], right)

    @on(Rows.Moved)
    def moved(self) -> None:
        """Another person under the cursor."""
        self._read(self.store.server_now(self.actions.clock()))

    def _read(self, at: int) -> None:
        seat = self.store.team.get(self.selected)
        self.facts.show(self._facts(seat, at) if seat else [])

    def _facts(self, seat: SeatCard, at: int) -> list[Cell]:
        sign, ink = team.SIGNS[seat.status]
        cells: list[Cell] = [(f"{seat.display} ", "strong"), (f"{sign} {team.status_line(seat, at)}", ink)]
        cells.append((f"\nsince {moment(seat.since)}" if seat.since else "\nnever here yet", "dim"))
        if lost := team.link(seat, at):
            cells.append((f"  {lost}", "bad"))
        cells += [("\nchats ", "dim"), (team.load(seat), "")]
        cells += [("  answers ", "dim"), (team.serving(seat, self.store.departments), "")]
        if standing := self._standing(seat):
            cells += [("\nat most ", "dim"), (standing, "")]
        cells += [("\nspeaks ", "dim"), (", ".join(seat.languages) or "none noted", "")]
        cells += [("  skills ", "dim"), (", ".join(seat.skills) or "none noted", "")]
        tested = f"{narrate.duration(at - seat.alerts_at)} ago" if seat.alerts_at else "never"
        cells += [("\nalerts tested ", "dim"), (tested, "" if seat.alerts_at else "warn")]
        return cells

    def _standing(self, seat: SeatCard) -> str:
        limits = [
            f"{each.limit} of {name}"
            for each in seat.members
            if each.limit and (name := self.store.department_name(each.department))
        ]
        return ", ".join(limits)
