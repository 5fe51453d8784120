"""What the actions of tickets do: choosing, answering, changing and handing on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agentconsole import dates, ticket_words
from agentconsole.actions import Unfit
from agentconsole.keys import Where
from agentconsole.outbox import Command, OutboxFull
from agentconsole.protocol import (
    MAX_EMAIL,
    MAX_SUBJECT,
    Ack,
    ConvertChat,
    MergeTicket,
    NewTicket,
    Role,
    SplitTicket,
    TakeTicket,
    TicketCard,
    TicketPriority,
    TicketStatus,
    Wrote,
)
from agentconsole.screens.ask import Ask
from agentconsole.screens.choice import Choice, Option
from agentconsole.screens.finder import Finder, Item

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds
    from agentconsole.screens.ticket import TicketView

ON_SEND = (TicketStatus.waiting, TicketStatus.solved, TicketStatus.open, TicketStatus.hold)
BY_HAND = (*ON_SEND, TicketStatus.closed)
SHARED = frozenset(
    {"take_ticket", "ticket_status", "assign_ticket", "ticket_priority", "ticket_tags", "change_ticket"}
)
WRITING = SHARED | {"ticket_note", "write_answer", "send_ticket", "ticket_replies", "attach"}
ANYWHERE = frozenset({"next_ticket", "new_ticket", "convert_chat"})
READ_ONLY = "Agents and supervisors of its department work on a ticket; you read it."


class Told(NamedTuple):
    """What a person wrote down for a customer: whose it is, what it is about, what was said."""

    email: str = ""
    subject: str = ""
    text: str = ""


class Ticketing:
    """Methods are named after the actions."""

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds
        self.app = deeds.app
        self.expecting = 0  # the ticket to go to
        self._refused = Told()  # of a new ticket that was not made

    # --- what can be done now ---

    def possible(self, id: str) -> bool:
        """False if this action could only be refused now: then it is not offered."""
        card = self._card()
        if not self.works(id):
            return False
        match id:
            case "take_ticket":
                return card is not None and not self._mine(card)
            case "send_ticket":
                return bool(self._view.composer.text.strip())
            case "write_answer" | "ticket_replies":
                return self._view.writable
            case "open_ticket":
                return card is not None
            case "convert_chat":
                return bool(self.app.main.chat.chat)
            case "open_left":
                return bool(self._left())
        return card is not None or id not in SHARED

    def works(self, id: str) -> bool:
        """False if this action writes to a ticket that I may only read."""
        card = self._card()
        if id in WRITING:
            return card is None or self.app.store.answers(card.department)
        return id not in ANYWHERE or self.app.store.answers()

    # --- places ---

    def tickets(self) -> None:
        """The list."""
        self.app.main.go(self.app.main.tickets)

    async def go_ticket(self) -> None:
        """Open a ticket by its number."""
        words = await self.deeds.ask(Ask("Open ticket number", "", limit=17))
        if words and words.strip():
            self.open(_number(words))

    def open(self, ticket: int) -> None:
        """Put a ticket in front."""
        view = self._view
        view.open(ticket)
        if self.app.main.where is Where.ticket:
            view.arrive()
        self.app.main.go(view)

    def open_ticket(self) -> None:
        """The one under the cursor."""
        self.open(self._at_hand().ticket)

    def ticket_back(self) -> None:
        """Back to the list."""
        self.tickets()
        self.app.main.tickets.list.select(self._view.ticket)

    def next_in_list(self) -> None:
        """The next one."""
        self._step(1)

    def previous_in_list(self) -> None:
        """The one before."""
        self._step(-1)

    def _step(self, step: int) -> None:
        view, rows = self.app.main.tickets, self.app.main.tickets.list
        listed = view.listed
        place = listed.places.get(self._view.ticket)
        if place is None:
            place = rows.cursor - step if 0 <= rows.cursor < len(listed) else -1
        if not 0 <= place + step < len(listed):
            raise Unfit(f"This is the {'last' if step > 0 else 'first'} ticket of “{view.filter.name}”.")
        card = listed[place + step]
        if card is None:
            raise Unfit("The list is not here so far. Go back to it (x) and choose.")
        rows.select(card.ticket)
        self.open(card.ticket)

    def next_ticket(self) -> None:
        """Take the one nearest to its breach."""
        self.app.main.work.take()

    def acked(self, ack: Ack, command: Command) -> None:
        """The server made or found a ticket, or put one into another: `settle` goes there."""
        match command:
            case TakeTicket(ticket=0) | ConvertChat() | NewTicket() if ack.chat:
                self.expecting = ack.chat
            case MergeTicket(into=into):
                self.expecting = into
            case SplitTicket() if ack.chat:
                self.app.tell(f"It is ticket #{ack.chat} now.")

    def settle(self) -> None:
        """Go there, unless letters are being written here; what a dialog is about stays in front as long as it stands."""
        if not (self.expecting and self.app.main.is_active):
            return
        ticket, self.expecting = self.expecting, 0
        composer = self.app.main.composer
        if composer and composer.field.has_focus and composer.text.strip():
            self.app.tell(
                f"Ticket #{ticket} waits until you have written this: Esc # and its number open it."
            )
        else:
            self.open(ticket)

    # --- an open ticket ---

    def write_answer(self) -> None:
        """Go to the composer; with the cursor on a folded message, first show all of that."""
        if not self._view.transcript.unfold():
            self._view.write()

    def ticket_note(self) -> None:
        """Answer or note."""
        self._view.toggle_note()
        self._view.write()

    def ticket_facts(self) -> None:
        """Facts or not."""
        view = self._view
        view.facts_wanted = not view.facts_shown
        view.fetch()
        view.redraw()

    def ticket_history(self) -> None:
        """Every change or not."""
        self._view.script.fold()
        self.app.tell("Every change is shown." if self._view.script.history else "Changes are folded.")

    def ticket_up(self) -> None:
        """Back."""
        self._view.transcript.action_page(-1)

    def ticket_down(self) -> None:
        """On."""
        self._view.transcript.action_page(1)

    def ticket_line_up(self) -> None:
        """The message before."""
        self._view.transcript.action_cursor(-1)

    def ticket_line_down(self) -> None:
        """The next message."""
        self._view.transcript.action_cursor(1)

    def ticket_end(self) -> None:
        """The newest message."""
        self._view.transcript.action_end()

    async def ticket_replies(self) -> None:
        """A canned answer."""
        replies = self._view.replies
        replies.found(await self.deeds.ask(replies.finder("Canned replies", "No reply fits.")))

    async def send_ticket(self) -> None:
        """Send the answer, and choose what becomes of the ticket; or keep the note."""
        view, card = self._view, self._open_card()
        ticket, note, words = view.ticket, view.loaded_note, view.composer.text
        if not words.strip():
            raise Unfit("Nothing is written yet. i begins; c changes the status alone.")
        files = [file.id for file in view.attached]
        if note:
            self.app.main.work.note(ticket, words, files)
            view.cleared()
            return
        self._nobody_wrote(view)
        if not await self.deeds.filled_in(words):
            return
        chosen = await self.deeds.ask(
            Choice(
                f"Answer {ticket_words.recipient(card)}; ticket #{ticket} is then",
                [
                    Option(each, ticket_words.STATUSES[each], ticket_words.STATUS_HINTS[each])
                    for each in ON_SEND
                ],
                TicketStatus.waiting,
                _sent_how(card, len(files)),
            )
        )
        until = await self._until() if chosen == TicketStatus.hold else 0
        if not chosen or until is None:
            return
        self._nobody_wrote(view)
        seen = view.seen.get(ticket, 0)
        cid = self.app.main.work.reply(card, words, seen, TicketStatus(chosen), files, until)
        told = (
            f"Answered {ticket_words.recipient(card)}. N takes the next ticket, > opens the next of the list."
        )
        self.deeds.after(cid, lambda: self.app.tell(told))
        view.cleared()
        view.focus()

    def _nobody_wrote(self, view: TicketView) -> None:
        if names := view.unseen:
            view.saw_all()
            view.redraw()
            raise Unfit(f"{names} wrote meanwhile. Read it; F9 sends your answer as it stands.")

    async def _until(self) -> int | None:
        """A date to come (None = none)."""
        typed, why = "", f"For example: {dates.EXAMPLES}"
        while True:
            words = await self.deeds.ask(Ask("On hold until when?", why, typed, limit=60))
            if words is None:
                return None
            try:
                return dates.to_come(words, self.app.store.server_now(self.app.clock()))
            except dates.BadDate as problem:
                typed, why = words, str(problem)

    # --- changes ---

    def take_ticket(self) -> None:
        """Become the assignee."""
        card = self._at_hand()
        if self._mine(card):
            raise Unfit("This ticket is yours already.")
        self.app.main.work.take(card.ticket)

    async def ticket_status(self) -> None:
        """Where it stands."""
        card = self._at_hand()
        if card.status is TicketStatus.closed:
            raise Unfit("This ticket is closed for good. e begins one that follows it.")
        options = [
            Option(each, ticket_words.STATUSES[each], ticket_words.STATUS_HINTS[each]) for each in BY_HAND
        ]
        warning = ""
        if self.app.store.ticket_draft(card.ticket):
            warning = "Your answer here has not been sent; F9 sends it."
        chosen = await self.deeds.ask(Choice(f"Ticket #{card.ticket} is", options, card.status, warning))
        until = await self._until() if chosen == TicketStatus.hold else 0
        if chosen and until is not None:
            self.app.main.work.status(card.ticket, TicketStatus(chosen), until)

    async def assign_ticket(self) -> None:
        """To whom it belongs."""
        card, store = self._at_hand(), self.app.store
        me = store.me.user if store.me else 0
        seats = sorted(store.team.values(), key=lambda seat: (seat.user != me, seat.display.casefold()))
        items = [Item("0", "nobody", "anybody of the department may take it")] if card.assignee else []
        items += [
            Item(str(seat.user), seat.display, "me" if seat.user == me else seat.status.value)
            for seat in seats
            if (not seat.departments or card.department in seat.departments) and seat.user != card.assignee
        ]
        chosen = await self.deeds.ask(
            Finder(f"Ticket #{card.ticket} to whom?", items, "No colleague of that name.")
        )
        if chosen is not None:
            self.app.main.work.set(card.ticket, assignee=int(chosen))

    async def ticket_priority(self) -> None:
        """How much it presses."""
        card = self._at_hand()
        options = [
            Option(each, each.value, ticket_words.PRIORITY_HINTS[each]) for each in reversed(TicketPriority)
        ]
        chosen = await self.deeds.ask(Choice(f"Ticket #{card.ticket} presses", options, card.priority))
        if chosen:
            self.app.main.work.priority(card.ticket, TicketPriority(chosen))

    async def ticket_tags(self) -> None:
        """Its tags."""
        card = self._at_hand()
        before = " ".join(card.tags)
        ask = Ask(
            f"Tags of ticket #{card.ticket}", "With spaces between them:", f"{before} ".lstrip(), add=True
        )
        words = await self.deeds.ask(ask)
        if words is not None:
            self.app.main.work.tags(card.ticket, words)

    async def change_ticket(self) -> None:
        """The rarer changes, by name."""
        card = self._at_hand()
        options = [
            Option("subject", "subject"),
            Option("department", "department", "those who answer there get it"),
            Option("merge", "merge", "put its messages into another ticket of this customer"),
            Option("split", "split", "make the message under the cursor a ticket of its own"),
            Option("follow", "follow-up", "begin a new ticket for this customer"),
        ]
        if card.email and self.app.store.has_role(card.department, Role.supervisor):
            options.append(Option("customer", "customer", "has a second address: one card for both"))
        chosen = await self.deeds.ask(Choice(f"Change ticket #{card.ticket}", options))
        if chosen:
            await {
                "subject": self._subject,
                "department": self._department,
                "merge": self._merge,
                "split": self._split,
                "follow": self._follow,
                "customer": self._customer,
            }[chosen](card)

    async def _subject(self, card: TicketCard) -> None:
        words = await self.deeds.ask(Ask(f"Subject of ticket #{card.ticket}", "", card.subject, MAX_SUBJECT))
        if words is not None:
            self.app.main.work.subject(card.ticket, words)

    async def _department(self, card: TicketCard) -> None:
        departments = self.app.store.departments
        items = [
            Item(str(id), each.name, each.guide) for id, each in departments.items() if id != card.department
        ]
        chosen = await self.deeds.ask(Finder(f"Ticket #{card.ticket} to which department?", items))
        if chosen:
            self.app.main.work.set(card.ticket, department=int(chosen))

    async def _merge(self, card: TicketCard) -> None:
        known = await self.app.main.work.customer(card.ticket)
        others = [] if isinstance(known, str) else known.tickets
        items = [
            Item(str(each.ticket), f"#{each.ticket}", f"{ticket_words.STATUSES[each.status]}: {each.subject}")
            for each in others
            if each.ticket != card.ticket and each.status is not TicketStatus.closed
        ]
        if not items:
            raise Unfit(f"{ticket_words.who(card)} has no other ticket that is not closed.")
        chosen = await self.deeds.ask(Finder(f"Put ticket #{card.ticket} into which one?", items))
        if chosen and await self.deeds.confirm(
            f"Put #{card.ticket} into #{chosen}?",
            f"Its messages go there, and #{card.ticket} is closed. This cannot be undone.",
            "Merge",
        ):
            self.app.main.work.merge(card.ticket, int(chosen))

    async def _customer(self, card: TicketCard) -> None:
        title = f"Which other address has {ticket_words.who(card)}, {card.email}?"
        words = await self.deeds.ask(
            Ask(title, "Tickets, chats and notes of both stand on one card.", "", MAX_EMAIL)
        )
        if not words or not words.strip():
            return
        explanation = f"{words.strip()} and {card.email} are one customer from now on. This cannot be undone."
        if await self.deeds.confirm("Make one card of both?", explanation, "Merge"):
            await self.app.main.work.reads.merge_customers(words.strip(), card.email)
            self.app.tell("The cards are one now.")

    async def _split(self, card: TicketCard) -> None:
        seq = self._picked()
        thread = self.app.store.tickets.thread(card.ticket)
        entry = next((each for each in thread.entries if each.seq == seq), None)
        if entry is None or not isinstance(entry.what, Wrote) or self.app.main.where is not Where.ticket:
            raise Unfit(
                "Open the ticket, put the cursor (up, down) on a message of the customer, then split."
            )
        subject = await self.deeds.ask(
            Ask(
                "Subject of the new ticket",
                "The message goes there.",
                entry.what.subject or card.subject,
                MAX_SUBJECT,
            )
        )
        if subject is not None:
            self.app.main.work.split(card.ticket, seq, subject)

    async def _follow(self, card: TicketCard) -> None:
        words = await self.deeds.ask(
            Ask(
                f"A new ticket for {ticket_words.who(card)}: what is it about?", f"It follows #{card.ticket}."
            )
        )
        if words and words.strip():
            told = Told(card.email, card.subject, words)
            self._begin(card.department, told, card.source, card.ticket)

    async def new_ticket(self) -> None:
        """Write one down: department, address, subject, what was said."""
        store = self.app.store
        mine = [(id, each) for id, each in sorted(store.departments.items()) if each.mine]
        if not mine:
            raise Unfit("You answer in no department, so there is nowhere to put it.")
        options = [Option(str(id), each.name) for id, each in mine]
        where = (
            await self.deeds.ask(Choice("New ticket in", options)) if len(options) > 1 else options[0].value
        )
        if not where:
            return
        again = self._refused
        whose = "E-mail address (empty: there is none):"
        email = await self.deeds.ask(Ask("Whose is it?", whose, again.email, MAX_EMAIL, add=True))
        if email is None:
            return
        subject = await self.deeds.ask(Ask("Subject", "", again.subject, MAX_SUBJECT, add=True))
        if subject is None:
            return
        text = await self.deeds.ask(Ask("What did the customer say?", "", again.text, 4_000, add=True))
        if text and text.strip():
            self._refused = Told()
            self._begin(int(where), Told(email, subject, text), "phone")

    def _begin(self, department: int, told: Told, source: str, follows: int = 0) -> None:
        """Make a ticket of it; what is refused is kept for the next one that is written down."""
        try:
            cid = self.app.main.work.begin(department, told.subject, told.text, told.email, source, follows)
        except (Unfit, OutboxFull):
            self._refused = told
            raise
        self.deeds.objected[cid] = lambda why: self._not_made(told, why)

    def _not_made(self, told: Told, why: str) -> None:
        self._refused = told
        self.app.tell(f'{why} What you wrote is kept: the next new ticket (") begins with it.', "warn")

    # --- from chats and left messages ---

    async def convert_chat(self) -> None:
        """Make a ticket of the chat in front."""
        main = self.app.main
        card = self.app.store.chats.get(main.chat.chat)
        if card is None:
            raise Unfit("No chat is in front.")
        subject = await self.deeds.ask(
            Ask(
                "Make a ticket of this chat",
                f"Answered by e-mail to {card.email or 'nobody: no address is known'}. Its subject:",
                card.topic or " ".join(card.first_line.split())[:80],
                MAX_SUBJECT,
            )
        )
        if subject is not None:
            main.work.convert(card.chat, subject)

    def open_left(self) -> None:
        """The ticket that a left message became."""
        if not (ticket := self._left()):
            raise Unfit("This message has no ticket. Space marks it as handled.")
        self.open(ticket)

    def _left(self) -> int:
        found = self.app.store.left.get(self.app.main.left.selected)
        return found.ticket if found else 0

    # --- which ticket ---

    @property
    def _view(self) -> TicketView:
        return self.app.main.ticket

    def _card(self) -> TicketCard | None:
        main = self.app.main
        return main.ticket.card if main.where is Where.ticket else main.tickets.card

    def _at_hand(self) -> TicketCard:
        card = self._card()
        if card is None:
            raise Unfit("There is no ticket here.")
        return card

    def _open_card(self) -> TicketCard:
        card = self._view.card
        if card is None:
            raise Unfit("No ticket is open. K lists them.")
        return card

    def _mine(self, card: TicketCard) -> bool:
        return self.app.store.me is not None and card.assignee == self.app.store.me.user

    def _picked(self) -> int:
        """The number of the event under the cursor (0 = none)."""
        line = self._view.transcript.picked
        return line.key if line and isinstance(line.key, int) else 0


def _sent_how(card: TicketCard, files: int) -> str:
    if not card.email:
        return "There is no address: nothing is sent, the answer only stands in the ticket."
    return f"With {files} file{'s' if files > 1 else ''}." if files else ""


def _number(words: str) -> int:
    digits = words.strip().lstrip("#").strip()
    if not digits.isdecimal() or not digits.isascii() or not 0 < int(digits) < 2**53:
        raise Unfit(f"'{words.strip()}' is no number of a ticket.")
    return int(digits)
