"""What the console knows, and every question that may be asked about it; only the store changes it."""

from __future__ import annotations

from agentconsole.cards import Cards
from agentconsole.conversation import Conversation
from agentconsole.drafts import Drafts
from agentconsole.feedback import Feedback
from agentconsole.link import Link
from agentconsole.lists import Lists
from agentconsole.offers import Offer, Offered, offered, waiting_for_me
from agentconsole.outbox import Outbox
from agentconsole.protocol import (
    AGEING_MS,
    MAX_INT,
    OPEN_STATES,
    ChatCard,
    Event,
    Role,
    SeatCard,
    State,
    Status,
    Welcome,
)
from agentconsole.rooms import Rooms
from agentconsole.tickets import Tickets
from agentconsole.tidings import Tidings
from agentconsole.typings import Typings
from agentconsole.views import (
    CaughtUp,
    Counts,
    LineState,
    Mine,
    Need,
    PendingLine,
    Waiting,
    Why,
    around,
    pending_line,
    waits,
)
from agentconsole.watching import Watching


class Knowledge:
    """All that this console knows, to be read: `agentconsole.store.Store` alone changes it.

    Plain attributes: ``me`` (the last Welcome, None before), ``departments``, ``chats`` (cards by id), ``team`` (seats by
    user), ``canned``, ``left``, ``talks`` (conversations by chat), ``viewing`` (chats opened without being mine),
    ``rooms`` (messages among staff), ``feedback``, ``tickets``, ``watching`` (who learns, how long visitors wait, why a chat went
    where), ``breaks`` (the reasons to choose from), ``link``, ``outbox``, ``drafts`` and ``note_drafts`` (unsent answers
    and unsent private notes by chat: never the one for the other), ``files`` (to go with those of tickets), ``caught_up`` (None until a reconnect), ``synced``.
    """

    def __init__(self) -> None:
        self.me: Welcome | None = None
        self._lists, self._cards, self._words = Lists(), Cards(), Drafts()
        self.departments, self.team = self._lists.departments, self._lists.team
        self.canned, self.left = self._lists.canned, self._lists.left
        self.chats = self._cards.by_chat
        self.drafts, self.note_drafts = self._words.answers, self._words.notes
        self.files = self._words.files
        self.breaks = self._lists.breaks
        self.rooms, self.feedback, self.watching = Rooms(), Feedback(), Watching()
        self.tickets = Tickets()
        self.talks: dict[int, Conversation] = {}
        self.viewing: set[int] = set()
        self.link = Link()
        self.outbox = Outbox()
        self.caught_up: CaughtUp | None = None
        self.synced = False
        self._clock_ahead = 0
        self._typings = Typings()
        self._typists: dict[int, str] = {}
        self._missed = 0
        self._unread_rooms: list[str] = []
        self._taken_here: set[int] = set()
        self._not_looked_at: dict[int, int] = {}
        self._tidings = Tidings()

    @property
    def status(self) -> Status:
        """My chosen status; offline as long as nobody has told."""
        return self.me.status if self.me else Status.offline

    @property
    def reason(self) -> str:
        """The reason I gave with my status."""
        return self.me.reason if self.me else ""

    def status_ms(self, now: int) -> int:
        """How long I have had my status; for ever, as far as nobody has told."""
        return self.server_now(now) - self.seat.since if self.seat else MAX_INT

    def server_now(self, now: int) -> int:
        """The server's clock, for waits and ages."""
        return now + self._clock_ahead

    def is_mine(self, chat: int) -> bool:
        """True if I answer this chat and it is not over."""
        return self._owned(self.chats.get(chat))

    def takes_part(self, chat: int) -> bool:
        """True if I answer this chat or have joined it, and it is not over."""
        return self._answered(self.chats.get(chat))

    def looks_on(self, chat: int) -> bool:
        """True if I watch this running chat: I have opened it, take no part in it, and it is not offered to me."""
        card = self.chats.get(chat)
        return (
            chat in self.viewing
            and card is not None
            and card.state in (State.offered, State.active)
            and not self._answered(card)
            and self._offer(card) is None
        )

    def observes(self, department: int) -> bool:
        """True if I watch running chats of this department silently (0: of any)."""
        return self.has_role(department, Role.supervisor, Role.analyst)

    @property
    def seat(self) -> SeatCard | None:
        """My own seat: status, reason, who set it, until when."""
        return self.team.get(self.me.user) if self.me else None

    def has_role(self, department: int, *roles: Role) -> bool:
        """True if one of these roles is mine there (``department`` 0: anywhere)."""
        grants = self.me.grants if self.me else []
        return any(
            grant.role in roles and (not department or grant.department in (0, department))
            for grant in grants
        )

    def supervises(self, department: int = 0) -> bool:
        """True if I supervise this department (0: any)."""
        return self.has_role(department, Role.supervisor, Role.admin)

    def answers(self, department: int = 0) -> bool:
        """True if I may answer there (0: anywhere); analysts and administrators alone only read."""
        return self.me is None or self.has_role(department, Role.agent, Role.supervisor)

    def offers(self) -> list[Offered]:
        """What is offered to me: the offer that runs out first, first."""
        return waiting_for_me(self.chats.values(), self.me.user, self._my_departments()) if self.me else []

    def calls(self) -> list[ChatCard]:
        """The chats of colleagues that call for me as a supervisor, the oldest call first."""
        called = [
            card
            for card in self.chats.values()
            if card.help_at and not self._answered(card) and self.supervises(card.department)
        ]
        return sorted(called, key=lambda card: (card.help_at, card.chat))

    def _offer(self, card: ChatCard | None) -> Offer | None:
        return offered(card, self.me.user, self._my_departments()) if card and self.me else None

    def _my_departments(self) -> set[int]:
        return {id for id, card in self.departments.items() if card.mine}

    def _answered(self, card: ChatCard | None) -> bool:
        """True if I own this chat or have joined it."""
        if card is None or self.me is None or card.state not in OPEN_STATES:
            return False
        return card.owner == self.me.user or any(guest.id == self.me.user for guest in card.guests)

    def _owned(self, card: ChatCard | None) -> bool:
        return (
            card is not None
            and self.me is not None
            and card.owner == self.me.user
            and card.state in OPEN_STATES
        )

    def queue(self, now: int) -> list[Waiting]:
        """Who waits, in the order in which the server gives them: by age, and each point of priority like some of it."""
        at = self.server_now(now)
        cards = sorted(filter(waits, self.chats.values()), key=self._turn)
        return [Waiting(card, max(0, at - card.since), self.preview(card.chat, now)) for card in cards]

    def _turn(self, card: ChatCard) -> tuple[int, int]:
        department = self.departments.get(card.department)
        points = card.priority + (department.priority if department else 0)
        return card.since - points * AGEING_MS, card.chat

    def _my_cards(self) -> list[ChatCard]:
        return sorted(
            filter(self._answered, self.chats.values()), key=lambda card: (card.taken_at, card.chat)
        )

    def mine(self) -> list[Mine]:
        """My open chats, those I joined among them, in the order in which they were taken; the numbers 1-9 of the screen are this order."""
        return [
            Mine(
                card,
                talk.unread() if (talk := self.talks.get(card.chat)) else 0,
                talk.unanswered_since() if talk and card.state is State.active else 0,
                sum(entry.failed for entry in self.outbox.of_chat(card.chat)),
                card.chat in self.drafts or card.chat in self.note_drafts,
            )
            for card in self._my_cards()
        ]

    def counts(self) -> Counts:
        """The numbers of the status bar."""
        mine = self._my_cards()
        return Counts(
            len(mine),
            sum(waits(card) for card in self.chats.values()),
            sum(talk.unread() for card in mine if (talk := self.talks.get(card.chat))),
            sum(not card.handled_at for card in self.left.values()),
            sum(self._offer(card) is not None for card in self.chats.values()),
            self.rooms.unread(),
            len(self.feedback.to_acknowledge(self.me.user)) if self.me else 0,
        )

    def needs_me(self) -> list[Need]:
        """The chats that want me: offers to me first, then failed lines, unanswered ones (oldest first), newly assigned."""
        needs = [Need(row.card.chat, Why.offered, row.until) for row in self.offers()]
        for row in self.mine():
            chat = row.card.chat
            if row.failed:
                made = min(entry.made_at for entry in self.outbox.of_chat(chat) if entry.failed)
                needs.append(Need(chat, Why.failed, made))
            elif row.needs_since:
                needs.append(Need(chat, Why.unanswered, row.needs_since))
            elif chat in self._not_looked_at:
                needs.append(Need(chat, Why.assigned, self._not_looked_at[chat]))
        order = list(Why)
        return sorted(needs, key=lambda need: (order.index(need.why), need.since, need.chat))

    def next_needing(self, after_chat: int = 0) -> int:
        """The chat to go to from ``after_chat``: round the `needs_me` order; 0 = none (other than it) needs me."""
        return around([need.chat for need in self.needs_me()], after_chat, 1)

    def neighbour(self, chat: int, step: int) -> int:
        """The next (step 1) or previous (-1) of my chats, round; 0 = I have none (other than it)."""
        return around([card.chat for card in self._my_cards()], chat, step)

    def pending(self, chat: int) -> list[PendingLine]:
        """My lines of this chat that are not in the log yet, oldest first; drawn below the events."""
        return [pending_line(entry) for entry in self.outbox.of_chat(chat) if not entry.shown]

    def line_state(self, event: Event) -> LineState:
        """How far a public line of staff has got with the visitor."""
        card = self.chats.get(event.chat)
        if card is None or not event.pub or event.pub > card.delivered:
            return LineState.read if card and event.pub and event.pub <= card.read else LineState.sent
        return LineState.read if event.pub <= card.read else LineState.delivered

    def preview(self, chat: int, now: int) -> str:
        """What the visitor is typing now ('' = nothing known)."""
        return self._typings.text(chat, 0, now)

    def colleagues_typing(self, chat: int, now: int) -> list[str]:
        """Display names of other staff typing in this chat; who has left it types no more."""
        card = self.chats.get(chat)
        inside = {card.owner, *(guest.id for guest in card.guests)} if card else set()
        return [self._typists[who] for who in self._typings.typists(chat, now) if who in inside]

    def department_name(self, department: int) -> str:
        """Its name, or '' if I do not know it."""
        card = self.departments.get(department)
        return card.name if card else ""

    def draft(self, chat: int, note: bool = False) -> str:
        """What stood unsent in the composer of this chat, as an answer or as a private note."""
        return (self._words.notes if note else self._words.answers).get(chat, "")

    def message_draft(self, room: str) -> str:
        """What stood unsent in the composer of this room."""
        return self._words.messages.get(room, "")

    def ticket_draft(self, ticket: int, note: bool = False) -> str:
        """What stood unsent in the composer of this ticket, as an answer or as a private note."""
        return (self._words.ticket_notes if note else self._words.ticket_answers).get(ticket, "")

    def written_tickets(self) -> frozenset[int]:
        """The tickets into which something is being written."""
        words, files = self._words, self.files
        return frozenset({*words.ticket_answers, *words.ticket_notes, *files.answers, *files.notes})

    def message_rooms(self) -> list[str]:
        """The rooms to which something is being written."""
        return list(self._words.messages)

    def history(self, chat: int) -> list[str]:
        """Texts sent in this chat from this console, oldest first."""
        return list(self._words.sent.get(chat, ()))
