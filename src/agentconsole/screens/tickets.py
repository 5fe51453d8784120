"""The tickets: filters, a list of any length with countdowns, and the one under the cursor to be read."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace
from textual import on, work
from textual.app import ComposeResult
from textual.timer import Timer

from agentconsole import ticket_words
from agentconsole.client import Problem
from agentconsole.protocol import TicketCard, TicketQuery
from agentconsole.screens.listing import Listing
from agentconsole.screens.ticket_facts import status_cells, who_row
from agentconsole.screens.ticket_lines import TicketScript
from agentconsole.ticket_actions import TicketActions
from agentconsole.tickets import Listed, totals
from agentconsole.views import Topic, Touched
from agentconsole.widgets.bars import Bar
from agentconsole.widgets.paint import Cell, Ground
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.ticket_list import FilterList, FilterRow, TicketList
from agentconsole.widgets.transcript import Transcript
from agentconsole.widgets.words import Words

AGAIN_MS = 1_500  # at least so long between two readings of a list that changes
AFTER_FAILURE_MS = 10_000
FILTER_CELLS, PANE_CELLS = 22, 58  # as wide as console.tcss makes them
ORDER_CELLS = 70  # a list as wide says in which order it stands
WARM_S = 1.0  # after the start
REST_S = 0.08  # so long the cursor stays on a ticket before it is read


class Filter(NamedTuple):
    """A filter to choose: ``key`` tells it apart, ``query`` is what it asks for."""

    key: str
    name: str
    query: TicketQuery


BUILT_IN = (
    Filter("active", "All open", TicketQuery()),
    Filter("mine", "Mine", TicketQuery(assignee="me")),
    Filter("nobody", "Unassigned", TicketQuery(assignee="nobody")),
    Filter("overdue", "Overdue", TicketQuery(overdue=True)),
    Filter("new", "New", TicketQuery(status="new")),
    Filter("open", "Open", TicketQuery(status="open")),
    Filter("waiting", "Waiting", TicketQuery(status="waiting")),
    Filter("hold", "On hold", TicketQuery(status="hold")),
    Filter("solved", "Solved", TicketQuery(status="solved", order="newest")),
    Filter("closed", "Closed", TicketQuery(status="closed", order="newest")),
)
FIRST_STATUS = 4  # of BUILT_IN


class TicketsView(Listing):
    """Draws what the store has of the list in front, and reads what it lacks."""

    topics = frozenset({Topic.tickets, Topic.ticket_counts, Topic.synced, Topic.departments, Topic.me})

    def __init__(self, work: TicketActions) -> None:
        self.list = TicketList(id="ticket-list")
        super().__init__(work.store, work.actions, self.list, id="tickets")
        self.work = work
        self.filter = BUILT_IN[0]
        self.words = ""
        self.order = ""
        self.problem = ""
        self.filters = FilterList(id="ticket-filters")
        self.top = Bar(id="tickets-top")
        self.nothing = Words(id="no-tickets")
        self.title = Words(id="ticket-title")
        self.reading = Transcript(id="ticket-reading")
        self.reading.can_focus = False
        self.pane = Ground(self.title, self.reading, id="ticket-pane")
        self.script = TicketScript(self.store, self.reading)
        self._reads = False
        self._failed_at = 0
        self._rest: Timer | None = None
        self._filters_known = False
        self._warm = False

    def compose(self) -> ComposeResult:
        """Filters, list, and the ticket under the cursor."""
        yield self.filters
        with Ground(id="tickets-middle"):
            yield self.top
            yield self.nothing
            yield self.rows
        yield self.pane

    # --- which list ---

    @property
    def wanted(self) -> TicketQuery:
        """What the list asks for."""
        query = self.filter.query
        if self.words:
            query = replace(query, text=self.words)
        return replace(query, order=self.order) if self.order else query

    @property
    def listed(self) -> Listed:
        """The list in front."""
        return self.store.tickets.listed(self.wanted)

    @property
    def card(self) -> TicketCard | None:
        """The ticket under the cursor."""
        return self.list.selected_item

    def every_filter(self) -> list[Filter]:
        """All filters in the order in which they stand."""
        counts = self.store.tickets.counts
        departments = [
            Filter(f"d{count.department}", name, TicketQuery(department=str(count.department)))
            for count in counts
            if (name := self.store.department_name(count.department))
        ]
        saved = [Filter(f"s{each.id}", each.name, each.query) for each in self.store.tickets.filters]
        return [*BUILT_IN, *(departments if len(departments) > 1 else []), *saved]

    def choose(self, key: str) -> None:
        """Show the list of another filter; words that were searched for are forgotten."""
        self.filter = next((each for each in self.every_filter() if each.key == key), BUILT_IN[0])
        self.words = self.order = ""
        self._changed()

    def step(self, step: int) -> None:
        """The next filter, or the one before."""
        filters = self.every_filter()
        keys = [each.key for each in filters]
        at = keys.index(self.filter.key) if self.filter.key in keys else 0
        self.choose(keys[(at + step) % len(keys)])

    def search(self, words: str) -> None:
        """Show the tickets of this filter in which these words stand."""
        self.words = " ".join(words.split())[:200]
        self._changed()

    def sort(self, order: str) -> None:
        """Another order."""
        self.order = order
        self._changed()

    def _changed(self) -> None:
        self.problem, self._failed_at = "", 0
        self.redraw(self.actions.clock())
        self.fetch()

    def warm(self) -> None:
        """Read the first stretch before anybody asks for it, once, where there are tickets at all."""
        if not self._warm and self.store.synced and self.store.tickets.counts:
            self._warm = True
            self.set_timer(WARM_S, self.fetch)

    def refresh_list(self) -> None:
        """Read the list anew."""
        self.listed.stale, self.listed.asked_at, self._failed_at = True, 0, 0
        self._filters_known = False
        self.fetch()

    # --- in view or not ---

    def arrive(self) -> None:
        """The list comes into view."""
        super().arrive()
        self.fetch()

    def sync(self, touched: set[Touched], now: int) -> None:
        """Draw what was touched; read what changed."""
        topics = {touch.topic for touch in touched}
        if Topic.synced in topics:
            self._failed_at, self._filters_known = 0, False
        super().sync(touched, now)
        if topics & {Topic.ticket, Topic.synced}:
            self.script.follow()
        if topics & {Topic.tickets, Topic.synced}:
            self.fetch()

    def tick(self, now: int) -> None:
        """Countdowns, and a list that became stale a moment ago."""
        self.list.now = self.store.server_now(now)
        self.list.look()
        self._title()
        self.fetch()

    # --- reading ---

    def fetch(self) -> None:
        """Read what is wanted and not here, one stretch after the other."""
        if self._reads or not self.is_mounted or self._stretch() is None:
            return
        self._reads = True
        self._fill()

    def _stretch(self) -> tuple[int, bool] | None:
        """The place around which to read, and whether the rest is worth nothing any more; None = all is here."""
        now, listed = self.actions.clock(), self.listed
        if self._failed_at and now - self._failed_at < AFTER_FAILURE_MS:
            return None
        first, behind = self.list.in_view if self.list.items is listed else (0, 1)
        if listed.stale and (not listed.asked_at or now - listed.asked_at >= AGAIN_MS):
            return first, True
        return (first, False) if listed.lacks(first, behind) else None

    @work(group="ticket-list")
    async def _fill(self) -> None:
        before = None
        try:
            while (stretch := self._stretch()) is not None and (self.wanted, stretch) != before:
                before = self.wanted, stretch
                await self.work.read_list(self.wanted, stretch[0], afresh=stretch[1])
                self.problem = ""
            if not self._filters_known:
                self._filters_known = True
                await self.work.read_filters()
        except Problem as problem:
            self.problem, self._failed_at = str(problem), self.actions.clock()
        finally:
            self._reads = False
        self.redraw(self.actions.clock())

    @on(TicketList.Missing)
    def missing(self) -> None:
        """Places came into view whose tickets are not here."""
        self.fetch()

    # --- drawing ---

    def redraw(self, now: int) -> None:
        """Bring everything up to date."""
        listed = self.listed
        self.list.now = self.store.server_now(now)
        self.list.me = self.store.me.user if self.store.me else 0
        self.list.written = self.store.written_tickets()
        self.list.show(listed)
        self.nothing.display = not listed.total
        self.nothing.show(self._nothing(listed))
        self.filters.show(self.filter_rows())
        self.filters.select(self.filter.key)
        self._top(listed)
        self._title()

    def _nothing(self, listed: Listed) -> list[Cell]:
        if self.problem:
            return [("The tickets cannot be read. ", "bad"), (self.problem, ""), ("\nr tries again.", "dim")]
        if not listed.asked_at:
            return [("looking …", "dim")]
        if self.words:
            return [
                (f"No ticket of “{self.filter.name}” with “{self.words}”.", "strong"),
                ("\nx", "key"),
                (" shows all open ones.", "dim"),
            ]
        if self.filter.key != "active":
            return [("Nothing here.", "strong"), ("\nx", "key"), (" shows all open tickets.", "dim")]
        return [
            ("No ticket is open.", "strong"),
            ("\nWhat customers write by e-mail, or while nobody can chat, stands here.", "dim"),
        ]

    def filter_rows(self) -> list[FilterRow]:
        """The filters under their headings, each with how many tickets it has, as far as that is known."""
        counts = {count.department: count for count in self.store.tickets.counts}
        sums = totals(counts.values())
        rows = [FilterRow("", "Tickets")]
        for place, each in enumerate(self.every_filter()):
            if place == FIRST_STATUS:
                rows.append(FilterRow("", "Status"))
            if each.key[0] == "d" and not any(row.name == "Departments" for row in rows):
                rows.append(FilterRow("", "Departments"))
            if each.key[0] == "s" and each.key[1:].isdecimal() and rows[-1].key[:1] != "s":
                rows.append(FilterRow("", "Saved"))
            count = getattr(sums, each.key, -1)
            if each.key == "active":
                count = sums.new + sums.open + sums.waiting + sums.hold
            elif each.key[0] == "d" and each.key[1:].isdecimal():
                found = counts[int(each.key[1:])]
                count = found.new + found.open + found.waiting + found.hold
            elif count < 0:
                known = self.store.tickets.lists.get(each.query)
                count = known.total if known is not None and known.asked_at else -1
            rows.append(FilterRow(each.key, each.name, count, each.key == "overdue" and count > 0))
        return rows

    def _top(self, listed: Listed) -> None:
        left: list[Cell] = [(f" ‹ {self.filter.name} › ", "on")]
        if self.words:
            left.append((f" “{self.words}”", "warn"))
        left.append((f" {listed.total:,}" if listed.asked_at else " …", "strong"))
        left.append((f" ticket{'' if listed.total == 1 else 's'}", "dim"))
        if self.problem and listed.total:
            left.append(("  not up to date: the server cannot be asked", "bad"))
        order = self.wanted.order
        words = f"{order} first " if order != "pressing" else "nearest to breach first "
        room = self.app.size.width - (FILTER_CELLS if self.filters.display else 0)
        room -= PANE_CELLS if self.pane.display else 0
        self.top.show(left, [(words, "dim")] if room >= ORDER_CELLS or order != "pressing" else [])

    def _title(self) -> None:
        card = self.card
        if not self.pane.display or card is None:
            self.title.show([])
            return
        now = self.list.now
        left, right = who_row(self.store, card, now)
        words, ink = ticket_words.due(card, now)
        self.title.show(
            [
                (card.subject or card.first_line or "no subject", "strong"),
                ("\n", ""),
                *((words.strip() if not at else words, ink) for at, (words, ink) in enumerate(left)),
                ("\n", ""),
                *status_cells(card),
                (f"  {words}" if words else "", ink),
                *right,
            ]
        )

    @property
    def resting(self) -> bool:
        """True while the cursor has just come to a ticket that will be read."""
        return self._rest is not None

    @on(Rows.Moved)
    def moved(self, message: Rows.Moved) -> None:
        """Another ticket under the cursor: it is read as soon as the cursor rests."""
        message.stop()
        if message.rows is not self.list:
            return
        self._title()
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        if self.pane.display:
            self._rest = self.set_timer(REST_S, self._read)

    def _read(self) -> None:
        self._rest = None
        ticket = self.selected
        if ticket and self.pane.display:
            self.store.tickets.thread(ticket)
            self.script.open(ticket)
            if self.store.tickets.lacks(ticket):
                self._read_one(ticket)

    @work(exclusive=True, group="ticket-pane")
    async def _read_one(self, ticket: int) -> None:
        await self.work.read_ticket(ticket)
        if self.script.ticket == ticket:
            self.script.follow()

    def on_resize(self) -> None:
        """Another size has room for more, or for less."""
        width = self.app.size.width
        self.filters.display = width >= 100
        self.pane.display = width >= 120
        self.redraw(self.actions.clock())
        self._read()
