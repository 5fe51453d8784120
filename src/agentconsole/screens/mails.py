"""Mails to customers that are under way or in trouble, mails in quarantine, and mails that were ignored: for supervisors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual import on, work
from textual.app import ComposeResult

from agentconsole import dates, ticket_words
from agentconsole.client import Problem
from agentconsole.protocol import MailCard, MailState, QuarantineCard
from agentconsole.screens.listing import Listing
from agentconsole.ticket_actions import TicketActions
from agentconsole.views import Topic, Touched
from agentconsole.widgets.paint import Cell, column, ends
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words

UNDER_WAY = ",".join(state for state in MailState if state not in (MailState.accepted, MailState.withdrawn))
AGAIN_MS = 10_000
INKS = {MailState.queued: "dim", MailState.sending: "dim", MailState.deferred: "warn"}


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail of ours or one in quarantine; a heading has neither."""

    heading: str = ""
    mail: MailCard | None = None
    held: QuarantineCard | None = None


class MailList(Rows[MailRow]):
    """Headings, what is to be decided, what is under way."""

    def key_of(self, item: MailRow) -> str | None:
        """Which list, and the id there."""
        if item.mail:
            return f"m{item.mail.id}"
        return f"q{item.held.id}" if item.held else None

    def draw(self, item: MailRow, line: int, width: int) -> Iterable[Cell]:
        """State, to or from whom, about what."""
        if item.mail:
            mail, ink = item.mail, INKS.get(item.mail.state, "bad")
            left: list[Cell] = [
                ("! " if ink == "bad" else "  ", ink),
                (column(mail.state.value, 9) + " ", ink),
                (column(f"#{mail.ticket}", 7) + " ", "dim"),
                (column(mail.to, min(28, width // 4)) + " ", "strong"),
                (mail.answer or mail.subject, "dim"),
            ]
            return _dated(left, mail.at, width)
        if item.held:
            held = item.held
            quiet = settled(held) or held.ignored
            cells: list[Cell] = [
                _mark(held),
                (column(held.sender or "no sender", min(28, width // 4)) + " ", "" if quiet else "strong"),
                (column(held.reason, min(30, width // 3)) + " ", "dim"),
                (held.subject or "no subject", "dim" if quiet else ""),
            ]
            return _dated(cells, held.at, width)
        return [(f" {item.heading} ", "head"), ("─" * (width - len(item.heading) - 3), "rule")]


def _dated(left: list[Cell], at: int, width: int) -> list[Cell]:
    return ends(left, [(f"{dates.shown(at)[4:10].strip()} ", "dim")], width) if width >= 60 else left


def settled(held: QuarantineCard) -> bool:
    """Whether a mail in quarantine waits for nobody any more."""
    return bool(held.released_at or held.discarded_at)


def _mark(held: QuarantineCard) -> Cell:
    if held.discarded_at:
        return "✗ ", "dim"
    if held.released_at:
        return "✓ ", "good"
    return ("  ", "") if held.ignored else ("! ", "warn")


class MailsView(Listing):
    """Both lists in one; what is under the cursor stands whole below it."""

    topics = frozenset({Topic.synced})

    def __init__(self, work: TicketActions) -> None:
        super().__init__(work.store, work.actions, MailList(id="mail-list"), id="mails")
        self.work = work
        self.mails: list[MailCard] = []
        self.held: list[QuarantineCard] = []
        self.ignored: list[QuarantineCard] = []
        self.problem = ""
        self.read_at = 0
        self.nothing = Words(id="no-mails")
        self.whole = Words(id="whole-mail")

    def compose(self) -> ComposeResult:
        """The list, and the one under the cursor."""
        yield self.nothing
        yield self.rows
        yield self.whole

    @property
    def row(self) -> MailRow | None:
        """What is under the cursor."""
        item: MailRow | None = self.rows.selected_item
        return item

    def arrive(self) -> None:
        """Read both lists."""
        super().arrive()
        self.fetch()

    def sync(self, touched: set[Touched], now: int) -> None:
        """After a reconnect all is read again; a ticket that changed may have brought mail."""
        if any(touch.topic in (Topic.synced, Topic.tickets, Topic.ticket) for touch in touched):
            self.read_at = min(self.read_at, now - AGAIN_MS)

    def tick(self, now: int) -> None:
        """Mails get further by themselves."""
        if now - self.read_at >= AGAIN_MS:
            self.fetch()

    def fetch(self) -> None:
        """Read both lists."""
        self.read_at = self.actions.clock()
        self._fetch()

    @work(exclusive=True, group="mails")
    async def _fetch(self) -> None:
        try:
            self.mails = await self.work.reads.mails(UNDER_WAY)
            self.held = await self.work.reads.quarantine()
            self.ignored = await self.work.reads.quarantine(ignored=True)
            self.problem = ""
        except Problem as problem:
            self.problem = str(problem)
        self.redraw(self.actions.clock())

    def redraw(self, now: int) -> None:
        """Bring the list up to date: what wants a decision first."""
        trouble = [mail for mail in self.mails if mail.state in ticket_words.TROUBLE]
        others = [mail for mail in self.mails if mail.state not in ticket_words.TROUBLE]
        held = sorted(self.held, key=lambda card: (settled(card), -card.at))
        rows: list[MailRow] = []
        for heading, found in (("To decide", trouble), ("Under way", others)):
            if found:
                rows += [MailRow(f"{heading} {len(found)}"), *(MailRow(mail=mail) for mail in found)]
        if held:
            waiting = sum(not settled(card) for card in held)
            rows += [MailRow(f"Quarantine {waiting}"), *(MailRow(held=card) for card in held)]
        if self.ignored:
            rows += [MailRow(f"Ignored {len(self.ignored)}"), *(MailRow(held=card) for card in self.ignored)]
        self.rows.show(rows)
        self.whole.display = bool(rows)
        self.nothing.display = not rows
        if self.problem:
            self.nothing.show(
                [("The mails cannot be read. ", "bad"), (self.problem, ""), ("\nr tries again.", "dim")]
            )
        else:
            self.nothing.show(
                [
                    ("No mail is under way, in trouble or in quarantine, and none was ignored.", "strong"),
                    ("\nWhat is sent without trouble stands in its ticket.", "dim"),
                ]
            )
        self._whole()

    @on(Rows.Moved)
    def moved(self, message: Rows.Moved) -> None:
        """Another one under the cursor."""
        message.stop()
        self._whole()

    def _whole(self) -> None:
        row = self.row
        cells: list[Cell] = []
        if row and row.mail:
            mail = row.mail
            cells = [
                (mail.subject or "no subject", "strong"),
                (f"\nto {mail.to}, {dates.shown(mail.at)}, ticket #{mail.ticket}", "dim"),
                (f"\n{ticket_words.delivery(mail)}", INKS.get(mail.state, "bad")),
            ]
            if mail.next_at:
                cells.append((f"\ntried again {dates.shown(mail.next_at)}", "dim"))
        elif row and row.held:
            held = row.held
            cells = [
                (held.subject or "no subject", "strong"),
                (
                    f"\nfrom {held.sender or 'nobody'}, {dates.shown(held.at)}, {ticket_words.size(held.size)}",
                    "dim",
                ),
                (f"\n{held.reason}", "warn"),
            ]
            if held.released_at:
                cells.append((f"\n✓ released by {held.released_by}, ticket #{held.ticket}", "good"))
            elif held.discarded_at:
                cells.append((f"\n✗ discarded by {held.discarded_by}", "dim"))
        self.whole.show(cells)
