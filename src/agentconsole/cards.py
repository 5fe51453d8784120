"""The chats of my lists: of each the newest card, and never an older one, not even after it went."""

from __future__ import annotations

from msgspec.structs import replace

from agentconsole.protocol import ChatCard, Gone, VisitorMarks

GONE_LIMIT = 10_000


class Cards:
    """Cards by chat. After `renew` every chat is stale until the server's first word about it, which counts
    whatever its version; after that only what is not older counts."""

    def __init__(self) -> None:
        self.by_chat: dict[int, ChatCard] = {}
        self._gone: dict[int, int] = {}
        self._stale: set[int] = set()

    def renew(self) -> None:
        """The lists are about to come afresh."""
        self._gone.clear()
        self._stale = set(self.by_chat)

    def take_stale(self) -> set[int]:
        """The chats that were not renewed; asked once, when the lists are whole."""
        stale, self._stale = self._stale, set()
        return stale

    def put(self, card: ChatCard) -> bool:
        """Take a card in; False if it is old or tells nothing new. The visitor's marks never go back."""
        before = self.by_chat.get(card.chat)
        if card.chat in self._stale:
            self._stale.discard(card.chat)
        elif card.version < max(before.version if before else 0, self._gone.get(card.chat, 0)):
            return False
        elif before:
            marks = max(card.delivered, before.delivered), max(card.read, before.read)
            card = replace(card, delivered=marks[0], read=marks[1])
        self._gone.pop(card.chat, None)
        self.by_chat[card.chat] = card
        return card != before

    def tombstone(self, frame: Gone) -> bool:
        """True if the chat is to be dropped; False if what is here is newer."""
        known = self.by_chat.get(frame.chat)
        if known and frame.version < known.version and frame.chat not in self._stale:
            return False
        self._stale.discard(frame.chat)
        self._gone[frame.chat] = max(frame.version, self._gone.get(frame.chat, 0))
        while len(self._gone) > GONE_LIMIT:
            del self._gone[next(iter(self._gone))]
        return True

    def mark(self, frame: VisitorMarks) -> bool:
        """The visitor's marks; False if they tell nothing new."""
        card = self.by_chat.get(frame.chat)
        if card is None or (frame.delivered <= card.delivered and frame.read <= card.read):
            return False
        marks = max(card.delivered, frame.delivered), max(card.read, frame.read)
        self.by_chat[frame.chat] = replace(card, delivered=marks[0], read=marks[1])
        return True
