"""What is offered to me: a chat by the dispatcher, a colleague's transfer to me or my department, an invitation."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from agentconsole.protocol import OPEN_STATES, ChatCard


class Offer(StrEnum):
    """How a chat is offered; the most pressing first."""

    given = "given"  # by the dispatcher
    transfer = "transfer"  # by a colleague, to me alone
    department = "department"  # by a colleague, to everybody of a department of mine
    invited = "invited"  # to join a colleague's chat


class Offered(NamedTuple):
    """A chat that waits for my yes or no; ``until`` 0 = as long as it runs."""

    card: ChatCard
    kind: Offer
    until: int


def offered(card: ChatCard | None, me: int, departments: Collection[int]) -> Offer | None:
    """How this chat is offered to me, who answer ``departments``; None if it is not."""
    if card is None or card.state not in OPEN_STATES or card.owner == me:
        return None
    if card.offer_until and card.offer_to == me:
        return Offer.transfer if card.offer_by else Offer.given
    if (
        card.offer_until
        and not card.offer_to
        and card.offer_by != me
        and card.offer_department in departments
    ):
        return Offer.department
    if any(person.id == me for person in card.invited):
        return Offer.invited
    return None


def waiting_for_me(cards: Collection[ChatCard], me: int, departments: Collection[int]) -> list[Offered]:
    """All that is offered to me: what runs out first, first."""
    found = [(card, kind) for card in cards if (kind := offered(card, me, departments)) is not None]
    rows = [Offered(card, kind, 0 if kind is Offer.invited else card.offer_until) for card, kind in found]
    return sorted(rows, key=lambda row: (not row.until, row.until, row.card.chat))
