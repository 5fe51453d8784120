"""What one simulated colleague knows of the desk: departments, colleagues, chats, and how far each chat has come."""

from __future__ import annotations

from typing import Any

from agentconsole import protocol as p
from agentconsole.protocol import Routing, Side, State, Status

from .ledger import Ledger

BY_HAND = (Routing.manual, Routing.ring)


class Talk:
    """A chat that I follow, as far as it has come here; ``unread`` counts lines that nobody has answered."""

    def __init__(self) -> None:
        self.seq = 0
        self.unread = 0
        self.begun = False


class View:
    """Built from frames alone; the events of each chat must come without gaps, else it stands in the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.me = 0
        self.cards: dict[int, p.ChatCard] = {}
        self.seats: dict[int, p.SeatCard] = {}
        self.departments: dict[int, p.DepartmentCard] = {}
        self.breaks: list[str] = []
        self.talks: dict[int, Talk] = {}
        self.letters: list[p.Message] = []

    def apply(self, frame: Any) -> bool:
        """Take a frame in; False if it changes nothing here."""
        if isinstance(frame, p.Welcome):
            self.me = frame.user
            self.cards.clear()
        elif isinstance(frame, p.ChatCard):
            known = self.cards.get(frame.chat)
            if known is None or frame.version >= known.version:
                self.cards[frame.chat] = frame
        elif isinstance(frame, p.Gone):
            self.cards.pop(frame.chat, None)
        elif isinstance(frame, p.SeatCard):
            self.seats[frame.user] = frame
        elif isinstance(frame, p.DepartmentList):
            self.departments = {card.id: card for card in frame.departments}
        elif isinstance(frame, p.Breaks):
            self.breaks = [reason.name for reason in frame.reasons]
        elif isinstance(frame, p.Resume):
            if frame.reset:
                talk = self.talk(frame.chat)
                talk.seq, talk.unread = frame.after, 0
        elif isinstance(frame, p.Event):
            self._event(frame)
        elif isinstance(frame, p.Message):
            if frame.author != self.me and frame.room.startswith("u"):
                self.letters.append(frame)
        else:
            return False
        return True

    def _event(self, event: p.Event) -> None:
        talk = self.talk(event.chat)
        if event.seq <= talk.seq:
            return
        if event.seq != talk.seq + 1:
            self._ledger.faults.append(f"chat {event.chat}: event {event.seq} came after {talk.seq}")
        talk.seq = event.seq
        if isinstance(event.what, p.Said):
            talk.unread = talk.unread + 1 if event.by.side is Side.visitor else 0

    def talk(self, chat: int) -> Talk:
        """What I know of this chat's conversation."""
        return self.talks.setdefault(chat, Talk())

    # --- questions ----------------------------------------------------------------------------------------------

    def mine(self, chat: int) -> bool:
        """Do I answer this chat now?"""
        card = self.cards.get(chat)
        return card is not None and card.owner == self.me and card.state is State.active

    def free(self) -> bool:
        """May I have one more?"""
        seat = self.seats.get(self.me)
        return seat is not None and seat.status is Status.online and seat.chats < seat.limit

    def waiting(self) -> list[p.ChatCard]:
        """Chats that one takes by hand, the longest waiting first; the dispatcher gives away the others."""
        found = [
            card
            for card in self.cards.values()
            if card.state is State.waiting and not card.wanted and self._by_hand(card.department)
        ]
        return sorted(found, key=lambda card: card.since)

    def _by_hand(self, department: int) -> bool:
        known = self.departments.get(department)
        return known is not None and known.routing in BY_HAND

    def answers(self, seat: p.SeatCard | None, department: int) -> bool:
        """Does this person answer chats of this department?"""
        return seat is not None and (seat.departments == [0] or department in seat.departments)

    def colleagues(self, department: int) -> list[p.SeatCard]:
        """Who else of a department could take one more chat now."""
        return [
            seat
            for seat in self.seats.values()
            if seat.user != self.me
            and seat.status is Status.online
            and not seat.lost_at
            and seat.chats < seat.limit
            and self.answers(seat, department)
        ]

    def named(self, name: str) -> p.SeatCard | None:
        """The person with this user name, while there."""
        found = (seat for seat in self.seats.values() if name and seat.name == name)
        return next((seat for seat in found if not seat.lost_at and seat.status is not Status.offline), None)
