"""One ticket: what was written and what was done, line by line, and the answer that is being written."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget

from agentconsole import ticket_words
from agentconsole.client import Problem
from agentconsole.enclosures import Enclosure
from agentconsole.protocol import (
    MAX_TICKET_TEXT,
    CustomerCard,
    FileCard,
    TicketCard,
    TicketStatus,
)
from agentconsole.screens.replies import About, Replies
from agentconsole.screens.ticket_facts import banner, facts, head, who_row
from agentconsole.screens.ticket_lines import TicketScript
from agentconsole.text import clean, cut
from agentconsole.ticket_actions import TicketActions
from agentconsole.views import Topic, Touched
from agentconsole.widgets.bars import Bar, TypingRule
from agentconsole.widgets.composer import Composer, Field
from agentconsole.widgets.paint import Cell, Ground
from agentconsole.widgets.suggestions import Suggestions
from agentconsole.widgets.transcript import Transcript
from agentconsole.widgets.words import Words

COUNT_FROM = MAX_TICKET_TEXT - 1_000
SHOWN = frozenset({Topic.ticket, Topic.viewers, Topic.synced, Topic.departments, Topic.me})
FULL_CELLS = 120
ADDRESS_CELLS = 34
LOW = 18  # rows: fewer have none for a rule that says nothing


class TicketView(Widget, can_focus=True):
    """One ticket in front; its draft belongs to it, and answers and notes have one each."""

    BLANK = True

    def __init__(self, work: TicketActions, keys: Mapping[str, str]) -> None:
        super().__init__(id="ticket")
        self.work = work
        self.store = work.store
        self.ticket = 0
        self.noting: set[int] = set()
        self.seen: dict[int, int] = {}
        self.vanished: dict[int, list[Enclosure]] = {}  # files that the server has no more
        self.customers: dict[int, CustomerCard | str] = {}
        self.facts_wanted: bool | None = None
        self.loaded_note = False
        self.in_view = False
        self.head = Bar(id="ticket-head")
        self.who = Bar(id="ticket-who")
        self.transcript = Transcript(id="ticket-lines")
        self.transcript.can_focus = False  # keys go to the view or to the composer
        self.nothing = Words(id="ticket-nothing")
        self.banner = Words(id="ticket-banner")
        self.banner.display = False
        self.suggestions = Suggestions()
        self.rule = TypingRule(id="ticket-rule")
        self.composer = Composer(keys, id="ticket-composer")
        self.composer.field.most_rows = 12
        self.facts = Words(id="ticket-facts")
        self.panel = VerticalScroll(self.facts, id="ticket-panel", can_focus=False)
        self.script = TicketScript(self.store, self.transcript)
        self.replies = Replies(self.store, self.composer, self.suggestions, self._about)

    def compose(self) -> ComposeResult:
        """The ticket with its composer, and beside it the facts."""
        with Ground(id="ticket-middle"):
            yield self.head
            yield self.who
            yield self.nothing
            yield self.transcript
            yield self.banner
            yield self.suggestions
            yield self.rule
            yield self.composer
        yield self.panel

    # --- which ticket ---

    @property
    def card(self) -> TicketCard | None:
        """The card of the ticket in front."""
        return self.store.tickets.cards.get(self.ticket)

    @property
    def note(self) -> bool:
        """True while the composer writes a private note."""
        return self.ticket in self.noting

    @property
    def writable(self) -> bool:
        """True if I can write something here: into a closed ticket a note alone."""
        card = self.card
        if card is None or not self.store.answers(card.department):
            return False
        return card.status is not TicketStatus.closed or self.note

    @property
    def attached(self) -> list[FileCard]:
        """The files that will go with what is being written."""
        return [each.file for each in self.store.files.of(self.ticket, self.note)]

    def open(self, ticket: int) -> None:
        """Put a ticket in front; drafts stay with the tickets they belong to."""
        if ticket == self.ticket:
            return
        self.keep()
        self.ticket = ticket
        self.store.tickets.thread(ticket)
        self.seen.pop(ticket, None)
        self.script.open(ticket)
        self._load_draft()
        self._saw()

    def arrive(self) -> None:
        """The ticket comes into view."""
        self.in_view = True
        self.script.follow()
        self._load_draft()
        self._saw()
        self._look()
        self.fetch()
        self.redraw()

    def leave(self) -> None:
        """Out of view: the draft is kept, and nobody looks at it any more."""
        self.keep()
        self.in_view = False
        self.work.look(0)

    def caught_up(self) -> None:
        """The link is back: customers that could not be asked for are asked for again."""
        self.customers = {at: card for at, card in self.customers.items() if not isinstance(card, str)}

    def land(self) -> None:
        """Begin with reading: letters are keys."""
        self.focus()

    def write(self) -> None:
        """Put the focus into the composer, if anything can be written here."""
        (self.composer.field if self.writable else self).focus()

    @property
    def place(self) -> tuple[int, bool]:
        """Which draft stands in the composer: the ticket's, as an answer or as a note."""
        return self.ticket, self.loaded_note

    def keep(self) -> None:
        """What stands in the composer is kept as this ticket's draft."""
        self.keep_at(self.place, self.composer.text)

    def keep_at(self, place: tuple[int, bool], words: str) -> None:
        """Keep a draft."""
        ticket, note = place
        if ticket:
            self.work.draft(ticket, words, note)

    def draft_at(self, place: tuple[int, bool]) -> str:
        """A draft that is kept."""
        return self.store.ticket_draft(*place)

    def toggle_note(self) -> None:
        """Answer or note; each has a draft of its own, so that neither can turn into the other."""
        self.keep()
        self.noting ^= {self.ticket}
        self._load_draft()
        self._look()
        self.fetch()
        self.redraw()

    def cleared(self) -> None:
        """What stood in the composer is on its way."""
        self.work.sent(self.ticket, self.loaded_note)
        self.vanished.pop(self.ticket, None)
        self._load_draft()
        self._look()
        self.script.follow()
        self.transcript.to_end()
        self.redraw()

    def _load_draft(self) -> None:
        self.loaded_note = self.note
        self.composer.load(self.store.ticket_draft(self.ticket, self.note), ())
        self.suggestions.hide()

    def _look(self) -> None:
        """Colleagues see that I look, and whether I am writing an answer."""
        if self.ticket and self.in_view:
            self.work.look(self.ticket, bool(self.composer.text.strip()) and not self.loaded_note)

    # --- what was seen ---

    @property
    def unseen(self) -> str:
        """Who has written publicly since my answer began ('' = nobody)."""
        thread = self.store.tickets.threads.get(self.ticket)
        seen, me = self.seen.get(self.ticket, 0), self.store.me.user if self.store.me else 0
        names = [
            entry.by.name or "the customer"
            for entry in (thread.entries if thread else ())
            if entry.pub and entry.seq > seen and not (entry.by.id == me and me)
        ]
        return ", ".join(dict.fromkeys(names))

    def saw_all(self) -> None:
        """All that is here has been seen: the next answer goes out knowing it."""
        thread = self.store.tickets.threads.get(self.ticket)
        self.seen[self.ticket] = thread.last if thread else 0

    def _saw(self) -> None:
        """What comes while an answer is being written is not seen before it is said."""
        if not self.composer.text.strip() or self.ticket not in self.seen:
            thread = self.store.tickets.threads.get(self.ticket)
            if thread is not None and thread.whole:
                self.saw_all()

    # --- what the server knows ---

    def fetch(self) -> None:
        """Read what is not here yet, and who the customer is if that is on the screen."""
        if self.ticket and self.store.tickets.lacks(self.ticket):
            self._fetch(self.ticket)
        if self.ticket and self.facts_shown and self.ticket not in self.customers:
            self.customers[self.ticket] = "looking …"
            self._fetch_customer(self.ticket)

        if self.ticket and self.store.files.unsure(self.ticket, self.note):
            self._look_for_files(self.ticket, self.note)

    @work(group="ticket-files", exclusive=True)
    async def _look_for_files(self, ticket: int, note: bool) -> None:
        try:
            gone = await self.work.vanished(ticket, note)
        except Problem:  # the next time that something comes
            return
        if gone:
            self.vanished[ticket] = [*self.vanished.get(ticket, ()), *gone]
            self.redraw()

    @work(group="ticket")
    async def _fetch(self, ticket: int) -> None:
        await self.work.read_ticket(ticket)

    @work(group="ticket-customer")
    async def _fetch_customer(self, ticket: int) -> None:
        self.customers[ticket] = await self.work.customer(ticket)
        self.redraw()

    # --- drawing ---

    def sync(self, touched: set[Touched], now: int) -> None:
        """Draw what was touched."""
        topics = {touch.topic for touch in touched if touch.chat in (0, self.ticket)}
        if Topic.canned in topics:
            self.replies.suggest()
        if not topics & SHOWN:
            return
        if Topic.synced in topics:
            self._look()
        self.fetch()
        if not self.composer.text and self.store.ticket_draft(self.ticket, self.note):
            self._load_draft()  # a refused answer came back
        self.script.follow()
        self._saw()
        self.redraw()

    def tick(self, now: int) -> None:
        """Countdowns; what looks the same is not painted."""
        self._head(now)

    def redraw(self) -> None:
        """Draw everything around the transcript."""
        now = self.work.actions.clock()
        self._head(now)
        thread, card = self.store.tickets.threads.get(self.ticket), self.card
        empty = not self.transcript.lines
        self.nothing.display, self.transcript.display = empty, not empty
        if empty:
            problem = thread.problem if thread else ""
            words = f"Ticket #{self.ticket} cannot be shown: {problem}" if problem else "looking …"
            self.nothing.show([(words if self.ticket else "No ticket is open. K lists them.", "dim")])
        cells = banner(self)
        self.banner.display = bool(cells)
        self.banner.show(cells)
        self._rule()
        self._address()
        self.panel.display = self.facts_shown
        if self.facts_shown and card:
            history = self.customers.get(self.ticket, "looking …")
            self.facts.show(facts(self.store, card, self.store.server_now(now), history))

    def _head(self, now: int) -> None:
        card = self.card
        if card is None:
            self.head.show([(f" Ticket #{self.ticket}" if self.ticket else " No ticket", "strong")], [])
            self.who.show([], [])
            return
        server_now = self.store.server_now(now)
        self.head.show(*head(card, server_now))
        self.who.show(*who_row(self.store, card, server_now))

    def _rule(self) -> None:
        written = len(self.composer.text)
        count: Cell = ("", "")
        if written > COUNT_FROM:
            ink = "bad" if written > MAX_TICKET_TEXT else "dim"
            count = (f" {written:,} of {MAX_TICKET_TEXT:,} ", ink)
        names = ", ".join(f"{file.name} ({ticket_words.size(file.size)})" for file in self.attached)
        self.rule.show(f"{len(self.attached)} attached:" if names else "", names, count)

    def _address(self) -> None:
        card, narrow = self.card, self.app.size.width < 60
        self.composer.display = self.writable
        self.rule.display = self.writable and (self.app.size.height >= LOW or bool(self.rule.who))
        typing = self.composer.field.has_focus
        self.composer.address("", self.note, typing, narrow)
        if card is not None and not self.note:
            ink = ("accent" if typing else "dim") if card.email else "warn"
            who = cut(clean(ticket_words.recipient(card)), 14 if narrow else ADDRESS_CELLS)
            self.composer.prompt.show([(f"{who} ▸ " if narrow else f"to {who} ▸ ", ink)])

    @property
    def facts_shown(self) -> bool:
        """True while the facts stand beside the ticket."""
        return self.app.size.width >= FULL_CELLS if self.facts_wanted is None else self.facts_wanted

    def on_resize(self) -> None:
        """Another width may have room for the facts."""
        self.fetch()
        self.redraw()

    def on_descendant_focus(self) -> None:
        """The prompt shows whether letters go into the text."""
        self._address()

    def on_descendant_blur(self) -> None:
        """The same."""
        self._address()

    # --- the composer ---

    @on(Composer.Changed)
    def keep_draft(self, message: Composer.Changed) -> None:
        """What is written is kept."""
        message.stop()
        if not self.ticket:
            return
        self.work.draft(self.ticket, message.text, self.loaded_note)
        if self.store.tickets.refused.pop(self.ticket, ""):
            self.redraw()  # who goes on writing has read why
        self._look()
        self.replies.suggest()
        self._rule()

    @on(Field.Did)
    def composer_key(self, message: Field.Did) -> None:
        """Keys of the composer; what means a place goes on to the one handler."""
        if not self.replies.took(message.action):
            match message.action:
                case "leave_composer":
                    self.focus()
                case "send":
                    self.post_message(Field.Did("send_ticket"))
                case "history_back":
                    self.composer.field.action_cursor_up()
                case "history_on":
                    self.composer.field.action_cursor_down()
                case _:
                    return
        message.stop()

    def _about(self) -> About:
        card = self.card
        if card is None:
            return About()
        more = {"ticket.number": str(card.ticket), "ticket.subject": card.subject}
        return About(card.department, card.name or card.email, card.email, card.subject, more)
