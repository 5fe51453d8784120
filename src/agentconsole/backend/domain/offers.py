"""Offers: how a chat changes hands, by the dispatcher, by transfer, or back into a queue, and never falls between two chairs."""

from __future__ import annotations

from typing import Any

import msgspec

from agentconsole.protocol import (
    Away,
    Code,
    Declined,
    HelpDone,
    Lined,
    Moved,
    Noted,
    Offered,
    OfferEnd,
    OfferEnded,
    Outcome,
    OutcomeSet,
    Party,
    Prioritised,
    Promised,
    Requeued,
    Side,
    State,
    Took,
    Transfer,
    Transferred,
    What,
)

from .department import Department
from .life import (
    ENDING,
    NO_INVITES,
    NO_LINE,
    NO_OFFER,
    Decision,
    Entry,
    Head,
    Refusal,
    append,
    is_offered,
    listed,
)
from .policy import Actor, Deed, Thing, can

SYSTEM_PARTY = Party(Side.system)


class OfferLost(msgspec.Struct, frozen=True):
    """The person to whom this chat is offered cannot take it any more."""

    chat: int
    user: int


class Target(msgspec.Struct, frozen=True):
    """The person whom a chat shall go to: ``why`` is what keeps them from it ('' = nothing), as "is on a break".

    ``there`` = linked and not offline, so that a supervisor can force it upon them; ``lines`` = the dispatcher gives this
    person chats, so that one can wait in this person's line.
    """

    id: int
    name: str
    why: str = ""
    there: bool = True
    lines: bool = True


# --- the dispatcher gives ------------------------------------------------------------------------------------------


def give(head: Head, user: int, name: str, now: int, department: Department) -> Decision:
    """The dispatcher offers a chat that waits, or one that is in transfer to a department, to one agent."""
    if head.state is State.active:
        if head.due_at <= now:
            raise Refusal(Code.not_now, "The time for this offer is over.")
        offered = Offered(head.offer_department, user, name, transfer=True, until=head.due_at)
        after, entries = append(head, SYSTEM_PARTY, now, offered)
        return listed(after, offer_to=user, offer_name=name), entries
    owed = _owed(now, department)
    offered = Offered(head.department, user, name, until=owed["due_at"])
    after, entries = append(head, SYSTEM_PARTY, now, offered)
    return listed(after, offer_to=user, offer_name=name, **owed), entries


def _owed(now: int, department: Department) -> dict[str, Any]:
    """Who has the chat owes a first answer, in as much time as its department gives for one."""
    due_at = now + department.reply_ms if department.reply_ms else 0
    return {"timed": bool(due_at), "due_at": due_at}


def move(head: Head, to: Department, now: int, why: str) -> Decision:
    """A waiting chat flows over to another department's queue."""
    after, entries = append(head, SYSTEM_PARTY, now, Moved(to.id, to.name, why))
    passed = (*(each for each in head.passed if each != head.department), head.department)
    return listed(after, department=to.id, queued_at=now, passed=passed, **NO_LINE), entries


# --- transfer ------------------------------------------------------------------------------------------------------


def transfer(
    head: Head,
    actor: Actor,
    command: Transfer,
    now: int,
    target: Target | None,
    to: Department,
    is_open: bool,
) -> Decision:
    """Offer a chat to ``target`` (None = whoever of ``to``), or what ``away`` or ``force`` make of it. Raises Refusal.

    ``to`` is the department that will have the chat, ``is_open`` whether somebody there can answer now.
    The right to transfer, and to force, has been asked for.
    """
    _check_transfer(head, actor, command, target, to)
    if command.force and target is not None:
        return _forced(head, actor, command, now, target, to)
    if target is not None and target.why:
        if head.state is not State.active:
            raise Refusal(
                Code.unavailable,
                f"{target.name} {target.why}. Choose somebody else, or leave this chat in its queue.",
            )
        if command.away is None and command.department and is_open:
            return _offer(head, actor, command, now, None, to)
        return _without(head, actor, command, now, target, to)
    if target is None and not is_open:
        if command.away is Away.wait:
            noted, entries = append(head, actor.party, now, *_noted(command))
            back, more = _into_queue(noted, actor.party, now, to)
            return back, entries + more
        raise Refusal(
            Code.unavailable,
            f"Nobody of {to.name} can answer now. Choose somebody else, or let the visitor wait in that queue.",
        )
    return _offer(head, actor, command, now, target, to)


def _check_transfer(
    head: Head, actor: Actor, command: Transfer, target: Target | None, to: Department
) -> None:
    assigning = target is not None and head.state in (State.waiting, State.offered)
    if head.state is not State.active and not assigning:
        raise Refusal(Code.not_now, "Nobody answers this chat now, so there is nothing to hand over.")
    if is_offered(head) and not (command.force and target is not None):
        then = (
            "Take that offer back first."
            if head.state is State.active
            else "Wait for the answer, or force it."
        )
        raise Refusal(Code.not_now, f"This chat is being offered to {_whom(head)}. {then}")
    if target is not None and target.id == head.owner:
        whom = "You have" if target.id == actor.id else f"{target.name} has"
        raise Refusal(Code.invalid, f"{whom} this chat already. Choose somebody else.")
    if target is None and to.id == head.department and head.state is State.active:
        raise Refusal(
            Code.invalid, f"This chat is in {to.name} already. Choose a person, or give it back to the queue."
        )
    if to.note_required and not command.note.strip():
        raise Refusal(Code.invalid, f"{to.name} wants a note for who comes next. Write one.")
    if "\0" in command.note:
        raise Refusal(Code.invalid, "A NUL character cannot be kept. Please take it out.")


def _offer(
    head: Head, actor: Actor, command: Transfer, now: int, target: Target | None, to: Department
) -> Decision:
    user, name = (target.id, target.name) if target else (0, "")
    until = now + to.offer_ms
    offered = Offered(to.id, user, name, transfer=True, note=command.note, until=until)
    after, entries = append(head, actor.party, now, offered)
    queue = {"offer_department": to.id, "offer_queue": to.name} if command.department else {}
    offer = {"offer_to": user, "offer_name": name, "offer_by": actor.id, "due_at": until}
    return listed(after, **{**NO_OFFER, **offer, **queue, "tried": _round(head, target)}), entries


def _round(head: Head, target: Target | None) -> tuple[int, ...]:
    """Who is not to be asked: a department never its chat's owner; a preferred person comes before its round."""
    if head.state is not State.active:
        return head.tried
    return () if target else (head.owner,)


def _forced(
    head: Head, actor: Actor, command: Transfer, now: int, target: Target, to: Department
) -> Decision:
    if not target.there:
        raise Refusal(Code.unavailable, f"{target.name} {target.why}. Choose somebody who is there.")
    party = Party(Side.staff, target.id, target.name)
    offered = Offered(to.id, target.id, target.name, transfer=True, note=command.note)
    whats: list[What] = [*cancelled(head), offered]
    if head.state is State.offered:
        whats.insert(0, OfferEnded(OfferEnd.cancelled, head.offer_to, head.offer_name))
    after, entries = append(head, actor.party, now, *whats)
    what: What = Transferred(head.owner_name) if head.owner else Took()
    after, more = append(after, party, now, what)
    changes = _new_owner(head, party, now) | {"department": to.id} | _owed(now, to)
    return listed(after, **changes), entries + more


def _without(
    head: Head, actor: Actor, command: Transfer, now: int, target: Target, to: Department
) -> Decision:
    way = command.away or to.away
    if way is Away.refuse:
        raise Refusal(
            Code.unavailable,
            f"{target.name} {target.why}. Choose somebody else, let the visitor wait, or promise an e-mail.",
        )
    if way is Away.wait and not target.lines:
        raise Refusal(
            Code.unavailable,
            f"{target.name} {target.why} and takes no chats from a queue, so nobody can wait in that line. "
            "Choose somebody else, or promise an e-mail.",
        )
    if way is Away.wait:
        until = now + to.wait_for_ms
        lined = Lined(target.id, target.name, until, command.note)
        after, entries = append(head, actor.party, now, lined)
        back, more = _into_queue(after, actor.party, now, to)
        line = {"wanted": target.id, "wanted_name": target.name, "wanted_until": until}
        return msgspec.structs.replace(back, **line), entries + more
    return _promise(head, actor, command, now, target, to)


def _noted(command: Transfer) -> list[What]:
    """The note for who comes next, where no event of the hand-over carries it."""
    return [Noted(command.note)] if command.note.strip() else []


def _promise(
    head: Head, actor: Actor, command: Transfer, now: int, target: Target, to: Department
) -> Decision:
    if not head.email:
        raise Refusal(
            Code.invalid,
            f"The visitor gave no e-mail address that {target.name} could write to. Ask for one first.",
        )
    promise: list[What] = [Promised(target.name), OutcomeSet(Outcome.follow_up)]
    whats = [*cancelled(head), *_noted(command), *promise]
    after, entries = append(head, actor.party, now, *whats)
    return (
        listed(
            after,
            outcome=Outcome.follow_up,
            ended_at=now,
            due_at=now + to.wrapup_ms,
            unanswered=0,
            asked_at=0,
            **ENDING,
        ),
        entries,
    )


def accepts(head: Head, actor: Actor) -> bool:
    """Would this person, by taking the chat, accept a transfer?"""
    if head.state is not State.active or not is_offered(head):
        return False
    if head.offer_to:
        return head.offer_to == actor.id
    return can(actor, Deed.take, Thing(department=head.offer_department))


def accept(head: Head, by: Party, now: int) -> Decision:
    """The transfer is accepted: one event, one owner, and no timer of the old one."""
    after, entries = append(head, by, now, Transferred(head.owner_name))
    department = head.offer_department or head.department
    changes = _new_owner(head, by, now) | {"department": department, "timed": False, "due_at": 0}
    return listed(after, **changes), entries


def take_over(head: Head, by: Party, now: int) -> Decision:
    """A supervisor becomes the owner of a running chat."""
    helped = [HelpDone()] if head.help_at else []
    after, entries = append(head, by, now, *cancelled(head), Transferred(head.owner_name), *helped)
    done = {"timed": False, "due_at": 0, "help_at": 0}
    return listed(after, **(_new_owner(head, by, now) | done)), entries


def inherit(head: Head, heir: Party, now: int) -> Decision:
    """Who had joined becomes the owner of a running chat whose owner is gone."""
    after, ended = append(head, SYSTEM_PARTY, now, *cancelled(head))
    after, entries = append(after, heir, now, Transferred(head.owner_name))
    return listed(after, **(_new_owner(head, heir, now) | {"timed": False, "due_at": 0})), ended + entries


def _new_owner(head: Head, by: Party, now: int) -> dict[str, object]:
    return {
        "owner": by.id,
        "owner_name": by.name,
        "taken_at": head.taken_at or now,
        "guests": tuple(user for user in head.guests if user != by.id),
        "invited": tuple(user for user in head.invited if user != by.id),
        "transfers": head.transfers + (head.owner != 0),
        "tried": (),
        **NO_OFFER,
        **NO_LINE,
    }


def decline(head: Head, by: Party, now: int, department: Department, reason: str) -> Decision:
    """Who was asked would rather not: the chat goes on to the next."""
    after, entries = append(head, by, now, Declined(reason))
    return _next(head, after, entries, now, department)


def cancel(head: Head, by: Party, now: int, department: Department) -> Decision:
    """The owner takes the offer back."""
    if head.state is not State.active or not is_offered(head):
        raise Refusal(Code.not_now, "This chat is not being offered to anybody (any more).")
    after, entries = append(head, by, now, *cancelled(head))
    return listed(after, **_kept(head, now, department)), entries


def run_out(head: Head, now: int, department: Department, why: OfferEnd) -> Decision:
    """Nobody has accepted in time, or who was asked is gone: the chat goes on to the next."""
    after, entries = append(head, SYSTEM_PARTY, now, OfferEnded(why, head.offer_to, _whom(head)))
    return _next(head, after, entries, now, department)


def _whom(head: Head) -> str:
    return head.offer_name or head.offer_queue


def _next(before: Head, after: Head, entries: list[Entry], now: int, department: Department) -> Decision:
    tried = (*before.tried, before.offer_to) if before.offer_to else before.tried
    if before.state is State.offered:
        if isinstance(entries[-1].what, OfferEnded) and entries[-1].what.why is OfferEnd.unavailable:
            tried = before.tried  # who was cut off has not been asked in vain
        due_at = now + department.abandon_ms if before.lost_at else 0
        return listed(after, tried=tried, due_at=due_at, timed=False, **NO_OFFER), entries
    if not before.offer_department:
        return listed(after, **_kept(before, now, department)), entries
    preferred = before.offer_to != 0 and not before.tried
    tried = (before.owner, before.offer_to) if preferred else tried
    until = now + department.offer_ms if preferred else before.due_at
    if before.offer_to and until > now:
        offered = Offered(before.offer_department, transfer=True, until=until)
        asked, more = append(after, SYSTEM_PARTY, now, offered)
        return (
            listed(asked, offer_to=0, offer_name="", due_at=until, tried=tried),
            [*entries, *more],
        )
    queue = msgspec.structs.replace(department, id=before.offer_department, name=before.offer_queue)
    back, more = _into_queue(after, SYSTEM_PARTY, now, queue)
    return msgspec.structs.replace(back, tried=tried), [*entries, *more]


def _kept(head: Head, now: int, department: Department) -> dict[str, object]:
    """The owner keeps the chat: no offer, and the time for a first answer begins again if it is still owed."""
    owed = _owed(now, department) if head.timed else {"due_at": 0}
    return {**NO_OFFER, **owed, "tried": ()}


def cancelled(head: Head) -> list[What]:
    """The event that ends an open transfer of a running chat, if there is one."""
    if head.state is State.active and is_offered(head):
        return [OfferEnded(OfferEnd.cancelled, head.offer_to, _whom(head))]
    return []


# --- back into a queue ---------------------------------------------------------------------------------------------


def requeue(head: Head, by: Party, now: int, department: Department, tried: tuple[int, ...]) -> Decision:
    """A running chat goes back into its department's queue; ``tried`` shall not be given it again."""
    after, entries = append(head, by, now, *cancelled(head))
    back, more = _into_queue(after, by, now, department)
    return msgspec.structs.replace(back, tried=tried), entries + more


def _into_queue(head: Head, by: Party, now: int, to: Department) -> Decision:
    name = to.name if to.id not in (0, head.department) else ""
    after, entries = append(head, by, now, Requeued(name))
    return (
        listed(
            after,
            owner=0,
            owner_name="",
            taken_at=0,
            department=to.id or head.department,
            queued_at=now,
            passed=(),
            due_at=now + to.abandon_ms if head.lost_at else 0,
            timed=False,
            guests=(),
            tried=(head.owner,),
            help_at=0,
            **NO_INVITES,
            **NO_OFFER,
            **NO_LINE,
        ),
        entries,
    )


def prioritise(head: Head, by: Party, now: int, priority: int) -> Decision:
    """A waiting chat's own priority."""
    if head.priority == priority:
        return head, []
    after, entries = append(head, by, now, Prioritised(priority))
    return listed(after, priority=priority), entries
