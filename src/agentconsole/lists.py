"""The lists beside the chats: departments, team, reasons for a break, canned replies, left messages."""

from __future__ import annotations

from typing import Any

from agentconsole.protocol import (
    BreakReason,
    Breaks,
    CannedCard,
    DepartmentCard,
    DepartmentList,
    LeftCard,
    SeatCard,
)


class Lists:
    """Each thing by its id. What is not renewed between `renew` and `drop_stale` goes; until then it stays."""

    def __init__(self) -> None:
        self.departments: dict[int, DepartmentCard] = {}
        self.team: dict[int, SeatCard] = {}
        self.breaks: list[BreakReason] = []
        self.canned: dict[int, CannedCard] = {}
        self.left: dict[int, LeftCard] = {}
        self._stale: list[tuple[dict[int, Any], set[int]]] = []

    def renew(self) -> None:
        """The lists are about to come afresh."""
        self._stale = [(each, set(each)) for each in (self.team, self.canned, self.left)]

    def drop_stale(self) -> None:
        """The lists are whole."""
        for each, ids in self._stale:
            for id in ids:
                each.pop(id, None)
        self._stale = []

    def put(self, frame: DepartmentList | SeatCard | CannedCard | LeftCard | Breaks) -> bool:
        """Take a card in; False if it tells nothing new."""
        match frame:
            case DepartmentList(departments=departments):
                fresh = {card.id: card for card in departments}
                changed = fresh != self.departments
                self.departments.clear()
                self.departments.update(fresh)
                return changed
            case Breaks(reasons=reasons):
                changed = reasons != self.breaks
                self.breaks[:] = reasons
                return changed
            case SeatCard(user=user):
                return self._put(self.team, user, frame)
            case CannedCard(id=id, text=""):
                return self.canned.pop(id, None) is not None
            case CannedCard(id=id):
                return self._put(self.canned, id, frame)
            case LeftCard(id=id):
                return self._put(self.left, id, frame)

    def _put(self, cards: dict[int, Any], id: int, card: object) -> bool:
        for each, ids in self._stale:
            if each is cards:
                ids.discard(id)
        changed = cards.get(id) != card
        cards[id] = card
        return changed
