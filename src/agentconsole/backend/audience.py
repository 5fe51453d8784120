"""Who of staff may hear of something, asked once for all who hold the same grants."""

from __future__ import annotations

from collections.abc import Callable

from agentconsole.protocol import CannedCard, Grant

from .desk.talking import feedback_thing
from .domain.policy import NOTHING, Actor, Deed, Thing, can
from .storage.feedback import Filed


def who_may(deed: Deed, about: Thing = NOTHING) -> Callable[[Actor], bool]:
    """Who of staff may do this, asked of many: those who have no part in the thing are judged by their grants alone."""
    near = {about.owner, *about.guests, *about.called}
    known: dict[tuple[Grant, ...], bool] = {}

    def may(actor: Actor) -> bool:
        if actor.id in near:
            return can(actor, deed, about)
        found = known.get(actor.grants)
        if found is None:
            found = known[actor.grants] = can(actor, deed, about)
        return found

    return may


def has_feedback(actor: Actor, filed: Filed) -> bool:
    """May this person read this feedback?"""
    return actor.id == filed.card.author or can(actor, Deed.feedback_read, feedback_thing(filed))


def has_canned(actor: Actor, card: CannedCard) -> bool:
    """Is this canned reply for this person?"""
    if card.owner:
        return card.owner == actor.id
    return not card.department or any(grant.department in (0, card.department) for grant in actor.grants)
