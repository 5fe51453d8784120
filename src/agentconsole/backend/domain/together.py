"""Several of staff with one visitor: joining, leaving, inviting, and calling for help."""

from __future__ import annotations

from agentconsole.protocol import (
    Code,
    Declined,
    HelpAsked,
    HelpDone,
    Invited,
    InviteEnded,
    Joined,
    OfferEnd,
    Parted,
    Party,
    State,
    What,
)

from .department import Department
from .life import Decision, Head, Refusal, append, listed, takes_part, unknown
from .policy import Actor, Deed, Thing, can


def join(head: Head, actor: Actor, now: int, facts: Thing, department: Department) -> Decision:
    """Join openly. Raises Refusal limit or not_now."""
    if takes_part(head, actor.id):
        return head, []
    _running(head)
    _room_for_one(head, department, actor.id)
    whats: list[What] = [Joined()]
    helped = head.help_at != 0 and can(actor, Deed.force, facts)
    if helped:
        whats.append(HelpDone())
    after, entries = append(head, actor.party, now, *whats)
    invited = tuple(user for user in head.invited if user != actor.id)
    help_at = 0 if helped else head.help_at
    return listed(after, guests=(*head.guests, actor.id), invited=invited, help_at=help_at), entries


def part(head: Head, actor: Actor, now: int, facts: Thing) -> Decision:
    """Leave a chat that one has joined. Raises Refusal not_now for its owner."""
    if head.owner == actor.id and head.state is State.active:
        raise Refusal(
            Code.not_now, "This chat is yours. Transfer it, close it, or give it back to the queue."
        )
    if actor.id not in head.guests:
        if can(actor, Deed.read_chat, facts):
            return head, []
        raise unknown()
    if head.state is not State.active:
        return listed(head, guests=_without(head.guests, actor.id)), []
    return leave(head, actor.party, now)


def leave(head: Head, by: Party, now: int) -> Decision:
    """A guest of a running chat leaves it."""
    after, entries = append(head, by, now, Parted())
    return listed(after, guests=_without(head.guests, by.id)), entries


def invite(head: Head, by: Party, now: int, user: int, name: str, department: Department) -> Decision:
    """Ask a colleague to join. Raises Refusal limit, invalid or not_now."""
    if user in head.invited:
        return head, []
    _running(head)
    if takes_part(head, user):
        raise Refusal(Code.invalid, f"{name} is in this chat already.")
    _room_for_one(head, department, user)
    until = now + department.offer_ms
    after, entries = append(head, by, now, Invited(user, name, until))
    return listed(after, invited=(*head.invited, user), invited_until=until), entries


def uninvite(head: Head, by: Party, now: int, user: int, name: str, why: OfferEnd) -> Decision:
    """An invitation ends: taken back, run out, or the person is gone. Raises Refusal not_now."""
    if user not in head.invited:
        raise Refusal(Code.not_now, f"{name} is not invited to this chat (any more).")
    after, entries = append(head, by, now, InviteEnded(why, user, name))
    return listed(after, invited=_without(head.invited, user)), entries


def decline(head: Head, by: Party, now: int, reason: str) -> Decision:
    """Who was invited would rather not join."""
    invited = _without(head.invited, by.id)
    if head.state is not State.active:
        return listed(head, invited=invited), []
    after, entries = append(head, by, now, Declined(reason, invite=True))
    return listed(after, invited=invited), entries


def ask_help(head: Head, by: Party, now: int, text: str) -> Decision:
    """Call for the supervisors."""
    if head.help_at:
        return head, []
    after, entries = append(head, by, now, HelpAsked(text))
    return listed(after, help_at=now), entries


def end_help(head: Head, by: Party, now: int) -> Decision:
    """Help has come, or is not needed."""
    if not head.help_at:
        return head, []
    after, entries = append(head, by, now, HelpDone())
    return listed(after, help_at=0), entries


def _running(head: Head) -> None:
    if head.state in (State.waiting, State.offered):
        raise Refusal(Code.not_now, "Nobody answers this chat yet. Take it instead.")
    if head.state is State.wrapup:
        raise Refusal(Code.closed, "This chat is closed, in wrap-up. Reopen it before others come in.")
    if head.state is not State.active:
        raise Refusal(Code.closed, "This chat is over; nobody can come in any more.")


def _room_for_one(head: Head, department: Department, user: int) -> None:
    others = {*head.guests, *head.invited} - {user}
    if len(others) >= department.guests:
        raise Refusal(
            Code.limit,
            f"Beside its owner, a chat of {department.name} may have {department.guests} of you at most."
            if department.guests
            else f"{department.name} wants one agent a chat: nobody can join.",
        )


def _without(users: tuple[int, ...], user: int) -> tuple[int, ...]:
    return tuple(other for other in users if other != user)
