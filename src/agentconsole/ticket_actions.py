"""What staff can do to tickets, without a terminal in sight: one method for each thing, as in `agentconsole.actions`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from agentconsole.actions import Actions, Unfit
from agentconsole.client import Problem, new_cid
from agentconsole.enclosures import Enclosure
from agentconsole.outbox import Command
from agentconsole.protocol import (
    MAX_SUBJECT,
    MAX_TAG,
    MAX_TAGS,
    MAX_TICKET_TEXT,
    Code,
    ConvertChat,
    CustomerCard,
    MergeTicket,
    NewTicket,
    NoteTicket,
    ReplyTicket,
    SetTicket,
    SplitTicket,
    TakeTicket,
    TicketCard,
    TicketFilter,
    TicketPriority,
    TicketQuery,
    TicketStatus,
)
from agentconsole.ticket_reads import TicketReads
from agentconsole.views import Topic, Touched

PAGE = 100  # tickets read at once
AROUND = 25  # of them before the first that is wanted


class TicketActions:
    """Each sends a command (or raises Unfit, or the outbox's OutboxFull) and returns its cid."""

    def __init__(self, actions: Actions) -> None:
        self.actions = actions
        self.store = actions.store
        self.reads = TicketReads(lambda: actions.client)
        self._reading: set[int] = set()

    def _send(self, command: Command) -> str:
        self.actions.client.send(command)
        return command.cid

    def reply(
        self,
        card: TicketCard,
        text: str,
        seen: int,
        status: TicketStatus,
        files: Sequence[int] = (),
        hold_until: int = 0,
    ) -> str:
        """Answer the customer; ``seen`` is the newest event that the writer has seen, ``hold_until`` goes with hold."""
        return self._send(
            ReplyTicket(
                new_cid(),
                card.ticket,
                _fit(text),
                seen,
                card.email,
                status,
                files=list(files),
                hold_until=hold_until,
            )
        )

    def note(self, ticket: int, text: str, files: Sequence[int] = ()) -> str:
        """Write a private note; no way leads from there to the customer."""
        return self._send(NoteTicket(new_cid(), ticket, _fit(text), list(files)))

    def set(self, ticket: int, **changes: Any) -> str:
        """Change status, hold_until, assignee, department, priority, tags or subject."""
        return self._send(SetTicket(new_cid(), ticket, **changes))

    def status(self, ticket: int, status: TicketStatus, hold_until: int = 0) -> str:
        """Set where a ticket stands."""
        if status is TicketStatus.hold:
            return self.set(ticket, status=status, hold_until=hold_until)
        return self.set(ticket, status=status)

    def priority(self, ticket: int, priority: TicketPriority) -> str:
        """Set how much a ticket presses."""
        return self.set(ticket, priority=priority)

    def tags(self, ticket: int, words: str) -> str:
        """Set the tags as written, with commas or spaces between them."""
        return self.set(ticket, tags=read_tags(words))

    def subject(self, ticket: int, words: str) -> str:
        """Give a ticket another subject."""
        words = " ".join(words.split())
        if not words:
            raise Unfit("A ticket needs a subject.")
        if len(words) > MAX_SUBJECT:
            raise Unfit(f"A subject may have up to {MAX_SUBJECT} characters; this has {len(words)}.")
        return self.set(ticket, subject=words)

    def take(self, ticket: int = 0) -> str:
        """Become the assignee of a ticket; of 0 the unassigned one nearest to its breach."""
        return self._send(TakeTicket(new_cid(), ticket))

    def merge(self, ticket: int, into: int) -> str:
        """Put a ticket's messages into another one of the same customer."""
        if ticket == into:
            raise Unfit("A ticket cannot be merged into itself.")
        return self._send(MergeTicket(new_cid(), ticket, into))

    def split(self, ticket: int, seq: int, subject: str) -> str:
        """Make a message of the customer a ticket of its own."""
        return self._send(SplitTicket(new_cid(), ticket, seq, " ".join(subject.split())[:MAX_SUBJECT]))

    def convert(self, chat: int, subject: str) -> str:
        """Make a ticket of a chat."""
        return self._send(ConvertChat(new_cid(), chat, " ".join(subject.split())[:MAX_SUBJECT]))

    def begin(
        self, department: int, subject: str, text: str, email: str, source: str, follows: int = 0
    ) -> str:
        """Write a ticket down for a customer; ``follows`` is a closed one that it goes on with."""
        return self._send(
            NewTicket(
                new_cid(),
                department,
                subject,
                _fit(text),
                email.strip(),
                source=source.strip()[:40],
                follows=follows,
            )
        )

    def look(self, ticket: int, answering: bool = False) -> None:
        """Colleagues see that I look at this ticket (0 = at none)."""
        self.actions.client.view(ticket, answering)

    async def read_list(self, query: TicketQuery, first: int, *, afresh: bool) -> None:
        """Read a stretch of a list around place ``first``; ``afresh`` = forget what was here. Raises Problem."""
        offset = max(0, first - AROUND)
        page = await self.reads.page(replace(query, offset=offset, limit=PAGE))
        now = self.actions.clock()
        self.actions.client.told(self.store.ticket_page(query, offset, page, now, afresh=afresh))

    async def read_ticket(self, ticket: int) -> None:
        """Read a ticket, or what is new in it; why that failed stands in its thread."""
        if ticket in self._reading:
            return
        self._reading.add(ticket)
        thread = self.store.tickets.thread(ticket)
        try:
            before = -1
            while self.store.tickets.lacks(ticket) and thread.last != before:
                before = thread.last
                self.actions.client.told(self.store.ticket_opened(await self.reads.one(ticket, thread.last)))
        except Problem as problem:
            thread.problem = str(problem)
            self.actions.client.told({Touched(Topic.ticket, ticket)})
        finally:
            self._reading.discard(ticket)

    async def read_filters(self) -> None:
        """Read the saved filters. Raises Problem."""
        self.store.tickets.filters = await self.reads.filters()
        self.actions.client.told({Touched(Topic.tickets)})

    async def save_filter(self, name: str, query: TicketQuery, department: int = 0) -> TicketFilter:
        """Keep a filter. Raises Problem."""
        kept = await self.reads.save_filter(name, query, department)
        await self.read_filters()
        return kept

    async def delete_filter(self, id: int) -> None:
        """Forget a saved filter. Raises Problem."""
        await self.reads.delete_filter(id)
        await self.read_filters()

    async def customer(self, ticket: int) -> CustomerCard | str:
        """Who wrote a ticket, or a sentence instead."""
        card = self.store.tickets.cards.get(ticket)
        if card is None:
            return ""
        if not card.email:
            return "No address is known, so nothing else is."
        try:
            return await self.reads.customer(card.email)
        except Problem as problem:
            return f"Not known: {problem}"

    def draft(self, ticket: int, text: str, note: bool) -> None:
        """Keep what stands in the composer, as an answer or as a note."""
        if self.store.ticket_draft(ticket, note) != text:
            self.store.set_ticket_draft(ticket, text, note)
            self.actions.client.touch()

    def enclose(self, ticket: int, note: bool, enclosure: Enclosure) -> None:
        """A file goes along with what is being written; the server has it."""
        self.store.files.add(ticket, note, enclosure)
        self.actions.client.touch()

    def leave_out(self, ticket: int, note: bool, file: int) -> None:
        """A file does not go along after all."""
        self.store.files.drop(ticket, note, file)
        self.actions.client.touch()

    def sent(self, ticket: int, note: bool) -> None:
        """What stood in the composer is on its way, and its files with it."""
        self.draft(ticket, "", note)
        self.store.files.send(ticket, note)
        self.actions.client.touch()

    async def vanished(self, ticket: int, note: bool) -> list[Enclosure]:
        """Files of an earlier run that the server has no more; they are taken out. Raises Problem."""
        gone = []
        for each in self.store.files.unsure(ticket, note):
            try:
                await self.reads.file(each.file.id)
            except Problem as problem:
                if problem.code != Code.unknown:
                    raise
                self.leave_out(ticket, note, each.file.id)
                gone.append(each)
            else:
                self.store.files.there(each.file.id)
        return gone


def read_tags(words: str) -> list[str]:
    """Tags as written. Raises Unfit."""
    found = list(dict.fromkeys(tag.strip().lower() for tag in words.replace(",", " ").split()))
    if len(found) > MAX_TAGS:
        raise Unfit(f"A ticket may have up to {MAX_TAGS} tags; these are {len(found)}.")
    for tag in found:
        if len(tag) > MAX_TAG:
            raise Unfit(f"A tag may have up to {MAX_TAG} characters: {tag[:20]}… has {len(tag)}.")
    return found


def _fit(text: str) -> str:
    if not text.strip():
        raise Unfit("There is nothing to send yet.")
    if len(text) > MAX_TICKET_TEXT:
        raise Unfit(
            f"This is {len(text):,} characters long and {MAX_TICKET_TEXT:,} fit. Send it in parts; nothing was cut."
        )
    return text
