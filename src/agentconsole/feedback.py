"""Feedback on chats: what I was told and have not acknowledged yet, and what was said about one chat."""

from __future__ import annotations

from agentconsole.protocol import FeedbackCard


class Feedback:
    """Feedback by id. What is not renewed between `renew` and `drop_stale` goes; until then it stays."""

    def __init__(self) -> None:
        self.cards: dict[int, FeedbackCard] = {}
        self._stale: set[int] = set()

    def renew(self) -> None:
        """The list is about to come afresh."""
        self._stale = set(self.cards)

    def drop_stale(self) -> None:
        """The list is whole."""
        for id in self._stale:
            del self.cards[id]
        self._stale = set()

    def put(self, card: FeedbackCard) -> bool:
        """Take feedback in; False if it tells nothing new."""
        self._stale.discard(card.id)
        changed = self.cards.get(card.id) != card
        self.cards[card.id] = card
        return changed

    def listed(self) -> list[FeedbackCard]:
        """What waits for an acknowledgement first, then the newest first."""
        return sorted(self.cards.values(), key=lambda card: (bool(card.acknowledged_at), -card.at, card.id))

    def to_acknowledge(self, me: int) -> list[FeedbackCard]:
        """What I was told and have not acknowledged, oldest first."""
        mine = [card for card in self.cards.values() if card.agent == me and not card.acknowledged_at]
        return sorted(mine, key=lambda card: (card.at, card.id))

    def of_chat(self, chat: int) -> list[FeedbackCard]:
        """What was said about a chat, oldest first."""
        return sorted((c for c in self.cards.values() if c.chat == chat), key=lambda c: (c.at, c.id))
