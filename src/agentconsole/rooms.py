"""Messages among staff: the rooms I may read, what was said in them, and whispers about a chat."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable

from msgspec.structs import replace

from agentconsole.protocol import Message, ReadMessages, RoomCard

ROOM_LIMIT = 2_000


class Rooms:
    """Rooms by name (``d7``, ``u3-9``). ``messages`` of a room ascend by id and have no hole behind their first.

    ``complete`` names the rooms whose first message is here too.
    """

    def __init__(self) -> None:
        self.cards: dict[str, RoomCard] = {}
        self.messages: dict[str, list[Message]] = {}
        self.complete: set[str] = set()
        self._stale: set[str] = set()
        self._before_loss: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._read: dict[str, int] = {}

    # --- what comes in ---

    def renew(self) -> None:
        """The list is about to come afresh; what was said meanwhile is missing here."""
        self._stale = set(self.cards)
        self._before_loss = {room: said[-1].id for room, said in self.messages.items() if said}
        self._told.clear()

    def drop_stale(self) -> None:
        """The list is whole: other rooms are not mine to read any more."""
        for room in self._stale:
            self.cards.pop(room, None)
            self._forget(room)
            self._read.pop(room, None)
        self._stale.clear()
        self._before_loss.clear()

    def put_card(self, card: RoomCard) -> bool:
        """Take a room in; False if it tells nothing new. What I have just read does not become unread again."""
        before = self.cards.get(card.room)
        if card.room in self._stale:
            self._stale.discard(card.room)
            if card.last > self._before_loss.get(card.room, card.last):
                self._forget(card.room)
        elif before and card.last < before.last:
            return False
        if card.unread and self._read.get(card.room, 0) >= card.last:
            card = replace(card, unread=0)
        self.cards[card.room] = card
        return card != before

    def put(self, message: Message, unread: bool = False) -> bool:
        """Take a message in, in any order; False if it is here already. A newer one than the room's card knows is the
        room's newest, and one more to read if ``unread``."""
        said = self.messages.setdefault(message.room, [])
        if said and message.id > said[-1].id:
            said.append(message)
        elif any(known.id == message.id for known in said):
            return False
        else:
            insort(said, message, key=lambda each: each.id)
        if len(said) > ROOM_LIMIT:
            del said[: len(said) - ROOM_LIMIT]
            self.complete.discard(message.room)
        card = self.cards.get(message.room)
        if card is None or message.id > card.last:
            self.cards[message.room] = RoomCard(
                message.room,
                message.id,
                (card.unread if card else 0) + unread,
                message.at,
                message.text,
                message.author_name,
            )
        return True

    def answered(self, room: str, before: int, first: int) -> None:
        """A page of older messages has come: it began at ``first``, which is ``before`` if nothing is older."""
        if first in (0, before):
            self.complete.add(room)

    def _forget(self, room: str) -> None:
        self.messages.pop(room, None)
        self.complete.discard(room)

    # --- what I do ---

    def saw(self, room: str) -> bool:
        """The newest messages of this room are on my screen; False if they were already."""
        card, newest = self.cards.get(room), self.newest(room)
        if newest <= self._read.get(room, 0) and not (card and card.unread):
            return False
        self._read[room] = max(newest, self._read.get(room, 0))
        if card and card.last <= self._read[room]:
            self.cards[room] = replace(card, unread=0)
        return True

    def take_marks(self) -> list[ReadMessages]:
        """How far I have read, where the server has not been told yet."""
        marks = [
            ReadMessages(room, upto) for room, upto in self._read.items() if upto > self._told.get(room, 0)
        ]
        self._told.update({mark.room: mark.upto for mark in marks})
        return marks

    # --- questions ---

    def newest(self, room: str) -> int:
        """The id of the newest message known of (0 = none)."""
        said, card = self.messages.get(room), self.cards.get(room)
        return max(said[-1].id if said else 0, card.last if card else 0)

    def first(self, room: str) -> int:
        """The id of the oldest message here: ask for those before it (0 = none here, ask for the newest)."""
        said = self.messages.get(room)
        return said[0].id if said else 0

    def lacks(self, room: str) -> bool:
        """True if the room has messages and its newest is not here."""
        card, said = self.cards.get(room), self.messages.get(room)
        return card is not None and card.last > (said[-1].id if said else 0)

    def unread(self) -> int:
        """All unread messages of all rooms."""
        return sum(card.unread for card in self.cards.values())

    def listed(self) -> list[RoomCard]:
        """The rooms: unread ones first, then the newest first."""
        return sorted(self.cards.values(), key=lambda card: (not card.unread, -card.last_at, card.room))

    def whispers(self, chat: int) -> list[Message]:
        """What was whispered and answered between two people about a chat, oldest first; to be shown in its transcript
        by time."""
        said: Iterable[Message] = (each for room in self.messages.values() for each in room)
        return sorted((m for m in said if m.chat == chat and between_two(m)), key=lambda m: (m.at, m.id))

    def whispered(self, chat: int) -> list[str]:
        """The rooms of which nothing is unread but whispers about this chat: who sees its transcript has read them."""
        rooms = {message.room for message in self.whispers(chat)}
        return [room for room in sorted(rooms) if self._unread_are_of(room, chat)]

    def _unread_are_of(self, room: str, chat: int) -> bool:
        card, said = self.cards.get(room), self.messages.get(room, [])
        if card is None or not card.unread or self.lacks(room):
            return False
        return all(message.chat == chat for message in said[-card.unread :])


def between_two(message: Message) -> bool:
    """True for a message to one colleague alone."""
    return message.room.startswith("u")


def direct(one: int, other: int) -> str:
    """The room between two people."""
    return f"u{min(one, other)}-{max(one, other)}"


def of_rules(room: str) -> bool:
    """True for the room in which rules tell one person what they did: nobody reads answers there."""
    return room.startswith("u0-")


def channel(department: int) -> str:
    """The room of a department."""
    return f"d{department}"


def partner(room: str, me: int) -> int:
    """The other one in a room between two (0 = it is a department's, or not mine)."""
    one, _, other = room.removeprefix("u").partition("-")
    if not (room.startswith("u") and one.isdecimal() and other.isdecimal()):
        return 0
    ids = int(one), int(other)
    return ids[1] if ids[0] == me else ids[0] if ids[1] == me else 0


def department_of(room: str) -> int:
    """The department whose channel this is (0 = none)."""
    rest = room.removeprefix("d")
    return int(rest) if room.startswith("d") and rest.isdecimal() else 0
