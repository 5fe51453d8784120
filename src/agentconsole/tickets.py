"""What the console knows of tickets: lists of which stretches are here, opened tickets, counts, and who else looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

from agentconsole.protocol import (
    MailCard,
    NoteTicket,
    ReplyTicket,
    TicketCard,
    TicketCount,
    TicketCounts,
    TicketDetail,
    TicketEntry,
    TicketFilter,
    TicketGone,
    TicketPage,
    TicketQuery,
    TicketStatus,
    TicketViewer,
    TicketViewers,
)

LISTS = 12  # lists that are remembered, so that going back to one shows it at once
PLACES = 5_000  # of a list
THREADS = 40

UNDONE = frozenset({TicketStatus.new, TicketStatus.open, TicketStatus.waiting, TicketStatus.hold})
OURS = frozenset({TicketStatus.new, TicketStatus.open})  # staff must act


class Listed(Sequence[TicketCard | None]):
    """The tickets of one query in their order; of the ``total`` only some are here, None stands for the others.

    ``stale``: something may have entered, left or moved. ``asked_at`` is when it was read last (0 = never).
    """

    def __init__(self, query: TicketQuery, cards: dict[int, TicketCard]) -> None:
        self.query = query
        self.total = 0
        self.stale = True
        self.asked_at = 0
        self.places: dict[int, int] = {}
        self._at: dict[int, int] = {}
        self._cards = cards

    def __len__(self) -> int:
        return self.total

    @overload
    def __getitem__(self, place: int) -> TicketCard | None: ...
    @overload
    def __getitem__(self, place: slice) -> list[TicketCard | None]: ...
    def __getitem__(self, place: int | slice) -> TicketCard | list[TicketCard | None] | None:
        """The ticket at a place, None if it is not here."""
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(self.total))]
        if not 0 <= place < self.total:
            raise IndexError(place)
        return self._cards.get(self._at.get(place, 0))

    def put(self, offset: int, page: TicketPage, *, afresh: bool) -> None:
        """A page has come; ``afresh`` = what was here before it is worth nothing any more."""
        if afresh or page.total != self.total or len(self._at) > PLACES:
            self._at.clear()
            self.places.clear()
        self.total = page.total
        for place, card in enumerate(page.tickets, offset):
            if (before := self._at.get(place)) is not None and self.places.get(before) == place:
                del self.places[before]
            self._at[place] = card.ticket
            self.places[card.ticket] = place

    def lacks(self, first: int, behind: int) -> bool:
        """True if a place from ``first`` up to, not including, ``behind`` is not here."""
        return any(place not in self._at for place in range(max(0, first), min(behind, self.total)))


class Thread:
    """One ticket with all that happened in it; ``whole`` once it has been read, ``problem`` why it could not be."""

    def __init__(self, ticket: int) -> None:
        self.ticket = ticket
        self.entries: list[TicketEntry] = []
        self.mails: dict[int, MailCard] = {}
        self.whole = False
        self.problem = ""
        self.version = 0

    @property
    def last(self) -> int:
        """The number of its newest event here."""
        return self.entries[-1].seq if self.entries else 0

    def take(self, detail: TicketDetail) -> None:
        """Events behind those that are here, and its mails as they stand."""
        last = self.last
        fresh = sorted((entry for entry in detail.entries if entry.seq > last), key=lambda entry: entry.seq)
        self.entries += fresh
        self.mails.update((mail.id, mail) for mail in detail.mails)
        self.whole = self.last >= detail.card.seq
        self.problem = ""
        self.version += 1


class Tickets:
    """All of it, changed by the store alone. ``cards`` are those of the lists and of opened tickets."""

    def __init__(self) -> None:
        self.cards: dict[int, TicketCard] = {}
        self.counts: list[TicketCount] = []
        self.viewers: dict[int, list[TicketViewer]] = {}
        self.filters: list[TicketFilter] = []
        self.lists: dict[TicketQuery, Listed] = {}
        self.threads: dict[int, Thread] = {}
        self.sent: dict[str, tuple[ReplyTicket | NoteTicket, int, int]] = {}
        self.refused: dict[int, str] = {}
        self._gone: dict[int, int] = {}

    # --- what comes over the socket ---

    def put(self, card: TicketCard, me: int) -> bool:
        """A ticket changed; False if that is nothing new here. Lists to which it may matter become stale."""
        before = self.cards.get(card.ticket)
        if card.version < max(before.version if before else 0, self._gone.get(card.ticket, 0)):
            return False
        changed = card != before
        for listed in self.lists.values():
            there = card.ticket in listed.places
            fits = may_fit(listed.query, card, me)
            if fits != there or (there and before and _order(before) != _order(card)):
                listed.stale = True
        if before is not None or card.ticket in self.threads:
            self.cards[card.ticket] = card
        return changed

    def gone(self, frame: TicketGone) -> bool:
        """I may not see it any more."""
        self._gone[frame.ticket] = frame.version
        self.threads.pop(frame.ticket, None)
        for listed in self.lists.values():
            listed.stale |= frame.ticket in listed.places
        return self.cards.pop(frame.ticket, None) is not None

    def count(self, frame: TicketCounts) -> bool:
        """The counts of my departments; False if they are the same."""
        changed = frame.counts != self.counts
        self.counts = frame.counts
        return changed

    def view(self, frame: TicketViewers) -> bool:
        """Who else looks at a ticket; False if they are the same."""
        changed = self.viewers.get(frame.ticket, []) != frame.viewers
        self.viewers[frame.ticket] = frame.viewers
        return changed

    def renew(self) -> None:
        """The link was lost: what is here may be old."""
        self.viewers.clear()
        self._gone.clear()
        for listed in self.lists.values():
            listed.stale = True
        for thread in self.threads.values():
            thread.whole = False

    # --- what comes over REST ---

    def listed(self, query: TicketQuery) -> Listed:
        """The list of a query, as far as it is here."""
        listed = self.lists.pop(query, None)
        if listed is None:  # an empty list counts as false
            listed = Listed(query, self.cards)
        self.lists[query] = listed
        if len(self.lists) > LISTS:
            del self.lists[next(iter(self.lists))]
            self._forget()
        return listed

    def page(self, query: TicketQuery, offset: int, page: TicketPage, now: int, *, afresh: bool) -> None:
        """A page of a list has come."""
        listed = self.listed(query)
        for card in page.tickets:
            known = self.cards.get(card.ticket)
            if known is None or card.version >= known.version:
                self.cards[card.ticket] = card
        listed.put(offset, page, afresh=afresh)
        if afresh:
            listed.stale, listed.asked_at = False, now

    def thread(self, ticket: int) -> Thread:
        """An opened ticket, as far as it is here."""
        thread = self.threads.pop(ticket, None) or Thread(ticket)
        self.threads[ticket] = thread
        if len(self.threads) > THREADS:
            del self.threads[next(iter(self.threads))]
        return thread

    def opened(self, detail: TicketDetail) -> None:
        """A ticket, or what is new in it, has come."""
        card = detail.card
        known = self.cards.get(card.ticket)
        if known is None or card.version >= known.version:
            self.cards[card.ticket] = card
        thread = self.thread(card.ticket)
        thread.take(detail)
        self.sent = {
            cid: told
            for cid, told in self.sent.items()
            if told[0].ticket != card.ticket or told[1] > thread.last
        }

    def lacks(self, ticket: int) -> bool:
        """True if something of this opened ticket is not here yet."""
        card, thread = self.cards.get(ticket), self.threads.get(ticket)
        if thread is None or not thread.whole:
            return True
        return card is not None and card.seq > thread.last

    # --- my answers on their way ---

    def took(self, command: ReplyTicket | NoteTicket, seq: int, made_at: int) -> None:
        """The server has it; it is shown as mine until its event is here."""
        thread = self.threads.get(command.ticket)
        self.refused.pop(command.ticket, None)
        if thread is None or seq > thread.last:
            self.sent[command.cid] = (command, seq, made_at)

    def _forget(self) -> None:
        """Cards that stand in no list and are not opened."""
        kept = {ticket for listed in self.lists.values() for ticket in listed.places} | self.threads.keys()
        for ticket in self.cards.keys() - kept:
            del self.cards[ticket]


def may_fit(query: TicketQuery, card: TicketCard, me: int = 0) -> bool:
    """True unless a ticket cannot belong to the list of a query; words searched for are the server's to find."""
    statuses = _words(query.status)
    if statuses and not (card.status in statuses or ("active" in statuses and card.status in UNDONE)):
        return False
    if query.department and str(card.department) not in _words(query.department):
        return False
    if query.priority and card.priority not in _words(query.priority):
        return False
    if query.assignee == "nobody" and card.assignee:
        return False
    if query.assignee.isdecimal() and card.assignee != int(query.assignee):
        return False
    if query.assignee == "me" and (not card.assignee or (me and card.assignee != me)):
        return False
    if query.overdue and not overdue(card):
        return False
    return (
        query.source in ("", card.source)
        and query.email in ("", card.email)
        and (not query.tag or query.tag in card.tags)
    )


def overdue(card: TicketCard, now: int = 0) -> bool:
    """Was a clock of this ticket breached while it is still to be done? ``now`` (the server's) knows it at once."""
    late = bool(card.breached) or bool(now and card.due_at and card.due_at <= now)
    return late and card.status in UNDONE


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _order(card: TicketCard) -> tuple[object, ...]:
    """What decides where a ticket stands in a list."""
    return card.status in OURS, card.status, card.due_at, card.asked_at, card.breached


def totals(counts: Iterable[TicketCount]) -> TicketCount:
    """All departments together (department: that of the first, which means nothing)."""
    found = [*counts]
    fields = ("new", "open", "waiting", "hold", "solved", "overdue")
    return TicketCount(
        found[0].department if found else 1,
        **{name: sum(getattr(count, name) for count in found) for name in fields},
    )
