"""What the server knows of the running moment, made of committed rows only: open chats, queues, seats, departments."""

from __future__ import annotations

import statistics
from bisect import insort
from collections import defaultdict, deque
from collections.abc import Iterable

from agentconsole.protocol import (
    AGEING_MS,
    BreakReason,
    CannedCard,
    DepartmentFace,
    Grant,
    LeftCard,
    Membership,
    State,
    Status,
)

from .domain.department import Department
from .domain.life import Head, is_open
from .domain.policy import answers
from .domain.spans import DAY_MS
from .storage import (
    Connection,
    assignments,
    chats,
    departments,
    feedback,
    letters,
    members,
    seats,
    users,
)
from .storage.feedback import Filed
from .storage.seats import Seat
from .storage.users import User

WAITS = 20
WAITS_ENOUGH = 10
NOT_SEATED = Seat(0)
UNANSWERED = (State.waiting, State.offered)  # in line, as its visitor sees it


class Board:
    """The open chats by id, by visitor and by owner; each department's queue in order; seats, people, texts.

    It changes only by ``put`` and its like, with what a transaction committed, and equals a board loaded afresh.
    """

    def __init__(self) -> None:
        self.heads: dict[int, Head] = {}
        self.of_visitor: defaultdict[int, set[int]] = defaultdict(set)
        self.of_owner: defaultdict[int, set[int]] = defaultdict(set)
        self.of_guest: defaultdict[int, set[int]] = defaultdict(set)
        self._there: defaultdict[int, set[int]] = defaultdict(set)
        self.offered_to: defaultdict[int, set[int]] = defaultdict(set)
        self.given_at: dict[int, int] = {}
        self.freed_at: dict[int, int] = {}
        self.queues: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        self.waits: dict[int, deque[int]] = {}
        self.departments: dict[int, Department] = {}
        self.users: dict[int, User] = {}
        self.grants: dict[int, tuple[Grant, ...]] = {}
        self.seats: dict[int, Seat] = {}
        self.canned: dict[int, CannedCard] = {}
        self.left: dict[int, LeftCard] = {}
        self.members: dict[int, dict[int, Membership]] = {}
        self.breaks: list[BreakReason] = []
        self.chat_limit = members.CHAT_LIMIT
        self.feedback: dict[int, Filed] = {}

    def load(self, connection: Connection, now: int) -> None:
        """Read everything."""
        self.load_departments(connection)
        self.load_people(connection)
        self.canned = {card.id: card for card in letters.canned_replies(connection)}
        self.left = {card.id: card for card in letters.left_since(connection, now - DAY_MS)}
        self.feedback = {filed.card.id: filed for filed in feedback.recent(connection)}
        self.breaks = seats.break_reasons(connection)
        self.given_at = assignments.given_at(connection)
        self.freed_at = chats.freed_at(connection)
        for head in chats.open_chats(connection):
            self.put(head)

    def load_departments(self, connection: Connection) -> None:
        """Read departments and their last waits."""
        self.departments = {found.id: found for found in departments.every(connection)}
        for key in self.departments:
            waits = chats.answered_waits(connection, key, WAITS)
            self.waits[key] = deque(reversed(waits), maxlen=WAITS)
        self._attend_all()

    def load_people(self, connection: Connection) -> None:
        """Read users, grants and seats."""
        self.users = {found.id: found for found in users.every(connection)}
        self.grants = users.every_grant(connection)
        self.seats = seats.every(connection)
        self.members = members.every(connection)
        self.chat_limit = members.chat_limit(connection)
        self._attend_all()

    def put(self, head: Head, at: int = 0) -> None:
        """A chat as it was just committed, at ``at`` (ms)."""
        before = self.heads.get(head.id)
        if before is not None:
            self._forget(before)
            self._note_work(before, head, at)
        if is_open(head.state):
            self._remember(head)
        if head.taken_at and before is not None and not before.taken_at and not head.drill:
            self.waits.setdefault(head.department, deque(maxlen=WAITS)).append(head.taken_at - head.queued_at)

    def _note_work(self, before: Head, after: Head, at: int) -> None:
        """When an agent was last given a chat, and when one last ended."""
        for user in {after.owner, after.offer_to} - {before.owner, before.offer_to, 0}:
            self.given_at[user] = max(self.given_at.get(user, 0), at)
        if after.owner and after.ended_at and not before.ended_at:
            self.freed_at[after.owner] = after.ended_at

    def _remember(self, head: Head) -> None:
        self.heads[head.id] = head
        self.of_visitor[head.visitor].add(head.id)
        if head.owner:
            self.of_owner[head.owner].add(head.id)
        for user in head.guests:
            self.of_guest[user].add(head.id)
        if head.offer_to:
            self.offered_to[head.offer_to].add(head.id)
        if head.state in UNANSWERED:
            insort(self.queues[head.department], _place(head))

    def _forget(self, head: Head) -> None:
        del self.heads[head.id]
        self._discard(self.of_visitor, head.visitor, head.id)
        if head.owner:
            self._discard(self.of_owner, head.owner, head.id)
        for user in head.guests:
            self._discard(self.of_guest, user, head.id)
        if head.offer_to:
            self._discard(self.offered_to, head.offer_to, head.id)
        if head.state in UNANSWERED:
            self.queues[head.department].remove(_place(head))

    @staticmethod
    def _discard(index: defaultdict[int, set[int]], key: int, chat: int) -> None:
        index[key].discard(chat)
        if not index[key]:
            del index[key]

    def quick_put(self, head: Head) -> None:
        """A chat in which nothing listed changed."""
        self.heads[head.id] = head

    def place(self, head: Head) -> int:
        """1 = next in line, 0 = not waiting."""
        if head.state not in UNANSWERED:
            return 0
        return self.queues[head.department].index(_place(head)) + 1

    def wait_s(self, department: int) -> int:
        """The estimated wait: the median of the last 20 answered waits, in seconds; under 10 of them -1."""
        waits = self.waits.get(department, ())
        return round(statistics.median(waits) / 1000) if len(waits) >= WAITS_ENOUGH else -1

    def put_left(self, card: LeftCard, now: int) -> None:
        """A left message as it was just committed; those that were handled a day ago are forgotten."""
        self.left[card.id] = card
        self.left = {
            key: each
            for key, each in self.left.items()
            if not each.handled_at or each.handled_at >= now - DAY_MS
        }

    def put_feedback(self, filed: Filed) -> None:
        """Feedback as it was just committed; where there is very much, the oldest that was acknowledged is forgotten."""
        self.feedback[filed.card.id] = filed
        if len(self.feedback) > feedback.RECENT:
            oldest = max(self.feedback, key=lambda key: (self.feedback[key].card.acknowledged_at > 0, -key))
            del self.feedback[oldest]

    def put_seat(self, seat: Seat) -> None:
        """A seat as it was just committed."""
        self.seats[seat.user] = seat
        self._attend(seat.user)

    def _attend_all(self) -> None:
        self._there.clear()
        for user in self.users:
            self._attend(user)

    def _attend(self, user: int) -> None:
        """Keep who is there, by department: asked at every change of a seat, so never counted afresh."""
        seat, person = self.seat(user), self.users.get(user)
        there = seat.status is Status.online and not seat.lost_at and bool(person and not person.disabled)
        grants = self.grants.get(user, ())
        for key in self.departments:
            if there and answers(grants, key):
                self._there[key].add(user)
            else:
                self._there[key].discard(user)

    def is_there(self, user: int, department: int) -> bool:
        """Can this person answer chats of the department now: online, linked, and of it?"""
        return user in self._there[department]

    def can_answer(self, department: int) -> bool:
        """Is somebody there who can answer now: online, linked, and of this department?"""
        return bool(self._there[department])

    def faces(self, at: int) -> list[DepartmentFace]:
        """The departments as visitors see them at this moment."""
        return [
            found.face(self.can_answer(found.id), at)
            for found in self.departments.values()
            if not found.archived
        ]

    def seat(self, user: int) -> Seat:
        """A user's seat, offline if never taken."""
        return self.seats.get(user, NOT_SEATED)

    def load_of(self, user: int) -> int:
        """How many chats count against a user now: answered, in wrap-up, or offered."""
        return len(self.of_owner.get(user, ())) + len(self.offered_to.get(user, ()))

    def limit_of(self, user: int) -> int:
        """How many chats at once a user may be given."""
        person = self.users.get(user)
        return (person.chat_limit if person else 0) or self.chat_limit

    def team(self, key: int) -> bool:
        """Does this department let colleagues read each other's chats?"""
        found = self.departments.get(key)
        return found is not None and found.team

    def own_open(self, user: int) -> Iterable[Head]:
        """The open chats that a user answers or has joined."""
        keys = self.of_owner.get(user, set()) | self.of_guest.get(user, set())
        return [self.heads[key] for key in sorted(keys)]

    def name_of(self, user: int) -> str:
        """A user's name as shown."""
        person = self.users.get(user)
        return person.display if person else ""


def _place(head: Head) -> tuple[int, int]:
    """What orders a queue: the age, and each point of priority like so much of it."""
    return head.since - head.priority * AGEING_MS, head.id
