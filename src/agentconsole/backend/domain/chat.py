"""What each command makes of a chat: the one function `decide`, and the commands of visitors, of agents, of the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import (
    MAX_COMMENT,
    AskHelp,
    CancelTransfer,
    Close,
    Code,
    Decline,
    Ended,
    EndHelp,
    Finish,
    Finished,
    Join,
    Leave,
    MessageLeft,
    Note,
    Noted,
    OfferEnd,
    OfferEnded,
    OutcomeSet,
    Party,
    Prioritise,
    PublicWhat,
    Rate,
    Rated,
    Release,
    Reopen,
    Reopened,
    Said,
    Say,
    Side,
    Started,
    State,
    Take,
    TakeOver,
    Took,
    VisitorLeft,
    What,
)

from . import offers, together
from .department import USUAL, Department
from .life import (
    ENDING,
    NO_LINE,
    NO_OFFER,
    UNANSWERED_LIMIT,
    Decision,
    Head,
    Refusal,
    append,
    checked_text,
    first_line,
    is_offered,
    is_open,
    listed,
    over,
    thing,
    unknown,
    without_nul,
)
from .offers import OfferLost
from .policy import Actor, Deed, Thing, can


class Expire(msgspec.Struct, frozen=True):
    """The clock's command: whatever is due now in this chat."""

    chat: int


class VisitorLink(msgspec.Struct, frozen=True):
    """The visitor's last window closed, or a first one opened again."""

    chat: int
    up: bool


class VisitorPage(msgspec.Struct, frozen=True):
    """The visitor went to another page of the site."""

    chat: int
    page: str
    page_title: str = ""


ChatCommand = (
    Say
    | Note
    | Take
    | Close
    | Reopen
    | Finish
    | Release
    | Leave
    | Rate
    | Decline
    | CancelTransfer
    | TakeOver
    | Join
    | AskHelp
    | EndHelp
    | Prioritise
    | OfferLost
    | Expire
    | VisitorLink
    | VisitorPage
)

VISITORS = (Rate, VisitorPage)


def begin(head: Head, by: Party, now: int, topic: str, text: str) -> Decision:
    """The first events of a new chat: started, and its first line if there is one."""
    whats: list[PublicWhat] = [Started(topic)]
    if text:
        whats.append(Said(checked_text(text)))
    head, entries = append(head, by, now, *whats)
    asked = {"unanswered": 1, "asked_at": now, "spoke_at": now} if text else {}
    return msgspec.structs.replace(head, first_line=first_line(text), **asked), entries


def decide(
    head: Head, actor: Actor, command: ChatCommand, now: int, department: Department = USUAL
) -> Decision:
    """What this command of this actor makes of this chat. Raises Refusal; then nothing has changed.

    ``department`` is the one that has the chat. A decision without events and with the very same head means: it was
    so already.
    """
    facts = thing(head, department.team)
    if (actor.side is Side.visitor or isinstance(command, VISITORS)) and not can(actor, Deed.visit, facts):
        raise unknown()
    decider = _DECIDERS[type(command)]
    return decider(head, actor, command, now, facts, department)


def require(actor: Actor, deed: Deed, facts: Thing, sentence: str) -> None:
    """Raises Refusal not_now with the sentence to who may at least read the chat, unknown to everybody else."""
    if can(actor, deed, facts):
        return
    raise Refusal(Code.not_now, sentence) if can(actor, Deed.read_chat, facts) else unknown()


def _say(head: Head, actor: Actor, command: Say, now: int, facts: Thing, department: Department) -> Decision:
    answers = actor.side is Side.visitor or can(actor, Deed.answer, facts)
    if not answers and not can(actor, Deed.read_chat, facts):
        raise unknown()
    text = checked_text(command.text)
    if not is_open(head.state):
        raise over()
    if actor.side is Side.visitor:
        return _visitor_says(head, actor, text, now, department)
    if head.state is State.offered and head.offer_to == actor.id:
        taken, took = _take(head, actor, Take(command.cid, head.id), now, facts, department)
        after, said = _staff_says(taken, actor, text, now)
        return after, took + said
    if not answers:
        raise Refusal(Code.not_now, "Take this chat before you write in it.")
    if head.state is State.wrapup:
        raise Refusal(Code.not_now, "This chat is closed. Reopen it to write on, or leave it as it is.")
    return _staff_says(head, actor, text, now)


def _staff_says(head: Head, actor: Actor, text: str, now: int) -> Decision:
    answered: dict[str, object] = {
        "unanswered": 0,
        "asked_at": 0,
        "spoke_at": now,
        "replied_at": head.replied_at or now,
    }
    if head.timed:
        due_at = head.due_at if is_offered(head) else 0
        tried = head.tried if is_offered(head) else ()
        answered.update(timed=False, due_at=due_at, tried=tried, version=head.version + 1)
    return append(head, actor.party, now, Said(text), **answered)


def _visitor_says(head: Head, actor: Actor, text: str, now: int, department: Department) -> Decision:
    if head.unanswered >= UNANSWERED_LIMIT:
        raise Refusal(Code.slow_down, "Please wait for an answer before you write more.", retry_ms=60_000)
    party = Party(Side.visitor, 0, head.name)
    whats: list[What] = [Said(text)]
    changes: dict[str, object] = {
        "unanswered": head.unanswered + 1,
        "asked_at": head.asked_at or now,
        "spoke_at": now,
    }
    if not head.first_line:
        changes.update(first_line=first_line(text), version=head.version + 1)
    if department.alarms and _alarming(text, department):
        changes.update(alarms=head.alarms + 1, version=head.version + 1)
    if head.state is State.wrapup:
        whats.insert(0, Reopened())
        changes.update(_reopening(head))
    return append(head, party, now, *whats, **changes)


def _alarming(text: str, department: Department) -> bool:
    folded = text.casefold()
    return any(word in folded for word in department.alarms)


def _reopening(head: Head) -> dict[str, object]:
    return {"due_at": 0, "ended_at": 0, "left": False, "outcome": None, "version": head.version + 1}


def _note(
    head: Head, actor: Actor, command: Note, now: int, facts: Thing, department: Department
) -> Decision:
    require(actor, Deed.note, facts, "Take this chat before you write a note in it.")
    return append(head, actor.party, now, Noted(checked_text(command.text)))


def _take(
    head: Head, actor: Actor, command: Take, now: int, facts: Thing, department: Department
) -> Decision:
    if not can(actor, Deed.take, facts):
        raise unknown()
    if head.owner == actor.id and head.state in (State.active, State.wrapup):
        return head, []
    if offers.accepts(head, actor):
        return offers.accept(head, actor.party, now)
    if head.owner not in (0, actor.id):
        raise Refusal(Code.taken, f"{head.owner_name} has taken this chat.")
    if not is_open(head.state):
        raise Refusal(Code.gone, "The visitor has left this chat already.")
    if head.offer_to not in (0, actor.id) and not can(actor, Deed.force, facts):
        raise Refusal(Code.taken, f"This chat is being offered to {head.offer_name}.")
    return take(head, actor.party, now)


def take(head: Head, by: Party, now: int) -> Decision:
    """A waiting or offered chat is answered by this person; an offer's timer runs on until the first line."""
    after, entries = append(head, by, now, Took())
    mine = head.offer_to == by.id
    owing = head.timed and mine
    return (
        listed(
            after,
            department=(head.offer_department if mine else 0) or head.department,
            owner=by.id,
            owner_name=by.name,
            taken_at=now,
            timed=owing,
            due_at=head.due_at if owing else 0,
            ended_at=0,
            outcome=None,
            tried=head.tried if owing else (),
            **NO_OFFER,
            **NO_LINE,
        ),
        entries,
    )


def _close(
    head: Head, actor: Actor, command: Close, now: int, facts: Thing, department: Department
) -> Decision:
    require(actor, Deed.close, facts, "Take this chat before you close it.")
    if not is_open(head.state):
        raise Refusal(Code.closed, "This chat is over already.")
    if command.outcome is None and department.to_solve:
        raise Refusal(Code.invalid, f"{department.name} wants to know how a chat ended. Choose an outcome.")
    whats: list[What] = [OutcomeSet(command.outcome)] if command.outcome else []
    if head.state is State.wrapup:
        if head.outcome is command.outcome or command.outcome is None:
            return head, []
        after, entries = append(head, actor.party, now, *whats)
        return listed(after, outcome=command.outcome), entries
    after, entries = append(head, actor.party, now, *offers.cancelled(head), Ended(), *whats)
    ended = listed(
        after,
        outcome=command.outcome,
        ended_at=now,
        due_at=now + department.wrapup_ms,
        unanswered=0,
        asked_at=0,
        **ENDING,
    )
    return ended, entries


def _finish(
    head: Head, actor: Actor, command: Finish, now: int, facts: Thing, department: Department
) -> Decision:
    require(actor, Deed.close, facts, "Only who answered this chat ends its wrap-up.")
    if not is_open(head.state):
        raise Refusal(Code.closed, "This chat is over already.")
    if head.state is not State.wrapup:
        raise Refusal(Code.not_now, "This chat still runs. Close it first.")
    return _finished(head, actor, now)


def _finished(head: Head, actor: Actor, now: int) -> Decision:
    after, entries = append(head, actor.party, now, Finished())
    return listed(after, due_at=0), entries


def _reopen(
    head: Head, actor: Actor, command: Reopen, now: int, facts: Thing, department: Department
) -> Decision:
    require(actor, Deed.reopen, facts, "Only who closed this chat can reopen it.")
    if head.state is State.active:
        return head, []
    if head.state is not State.wrapup:
        raise Refusal(Code.closed, "Wrap-up is over; this chat can no longer be reopened.")
    if head.left or head.lost_at:
        raise Refusal(Code.gone, "The visitor has left; there is nobody to reopen this chat for.")
    return append(head, actor.party, now, Reopened(), **_reopening(head))


def _release(
    head: Head, actor: Actor, command: Release, now: int, facts: Thing, department: Department
) -> Decision:
    require(actor, Deed.release, facts, "This chat is not yours to give back.")
    return offers.requeue(head, actor.party, now, department, tried=(head.owner,))


def _leave(
    head: Head, actor: Actor, command: Leave, now: int, facts: Thing, department: Department
) -> Decision:
    if actor.side is Side.staff:
        return together.part(head, actor, now, facts)
    if not can(actor, Deed.visit, facts):
        raise unknown()
    if head.left or not is_open(head.state):
        return head, []
    if head.state is State.wrapup:
        return listed(head, left=True), []
    return _visitor_gone(head, Party(Side.visitor, 0, head.name), now, department)


def _visitor_gone(head: Head, by: Party, now: int, department: Department) -> Decision:
    after, entries = append(head, by, now, *offers.cancelled(head), VisitorLeft())
    due_at = now + department.wrapup_ms if after.state is State.wrapup else 0
    return listed(after, left=True, ended_at=now, due_at=due_at, **ENDING, **NO_LINE), entries


def _rate(
    head: Head, actor: Actor, command: Rate, now: int, facts: Thing, department: Department
) -> Decision:
    if len(command.comment) > MAX_COMMENT:
        raise Refusal(Code.too_long, f"A comment may have up to {MAX_COMMENT:,} characters.")
    without_nul(command.comment)
    if head.rating is command.rating and head.comment == command.comment:
        return head, []
    party = Party(Side.visitor, 0, head.name)
    after, entries = append(head, party, now, Rated(command.rating, command.comment))
    return listed(after, rating=command.rating, comment=command.comment), entries


def _expire(
    head: Head, actor: Actor, command: Expire, now: int, facts: Thing, department: Department
) -> Decision:
    if not can(actor, Deed.expire, facts):
        raise unknown()
    if not head.due_at or head.due_at > now:
        return head, []
    if head.state is State.wrapup:
        return _finished(head, actor, now)
    if is_offered(head):
        return offers.run_out(head, now, department, OfferEnd.timeout)
    if head.timed:
        missed = OfferEnded(OfferEnd.timeout, head.owner, head.owner_name)
        after, entries = append(head, actor.party, now, missed)
        tried = (*head.tried, head.owner)
        back, more = offers.requeue(after, actor.party, now, department, tried)
        return back, entries + more
    if head.state is State.waiting and head.lost_at:
        return _visitor_gone(head, actor.party, now, department)
    return listed(head, due_at=0), []


def _link(
    head: Head, actor: Actor, command: VisitorLink, now: int, facts: Thing, department: Department
) -> Decision:
    if not can(actor, Deed.expire, facts):
        raise unknown()
    if command.up == (head.lost_at == 0) or not is_open(head.state):
        return head, []
    changes: dict[str, object] = {"lost_at": 0 if command.up else now}
    if head.state is State.waiting:
        changes["due_at"] = 0 if command.up else now + department.abandon_ms
    return listed(head, **changes), []


def _page(
    head: Head, actor: Actor, command: VisitorPage, now: int, facts: Thing, department: Department
) -> Decision:
    page, title = command.page.replace("\0", ""), command.page_title.replace("\0", "")
    if (head.page, head.page_title) == (page, title) or not is_open(head.state):
        return head, []
    return listed(head, page=page, page_title=title), []


def _prioritise(
    head: Head, actor: Actor, command: Prioritise, now: int, facts: Thing, department: Department
) -> Decision:
    require(actor, Deed.prioritise, facts, "Only a supervisor of its department sets a chat's priority.")
    return offers.prioritise(head, actor.party, now, command.priority)


def _decline(
    head: Head, actor: Actor, command: Decline, now: int, facts: Thing, department: Department
) -> Decision:
    if not can(actor, Deed.read_chat, facts):
        raise unknown()
    if head.offer_to == actor.id:
        return offers.decline(head, actor.party, now, department, without_nul(command.reason.strip()))
    if actor.id in head.invited:
        return together.decline(head, actor.party, now, without_nul(command.reason.strip()))
    raise Refusal(Code.not_now, "This chat is not offered to you (any more).")


def _cancel(
    head: Head, actor: Actor, command: CancelTransfer, now: int, facts: Thing, department: Department
) -> Decision:
    require(actor, Deed.transfer, facts, "Only who answers this chat takes its offer back.")
    return offers.cancel(head, actor.party, now, department)


def _take_over(
    head: Head, actor: Actor, command: TakeOver, now: int, facts: Thing, department: Department
) -> Decision:
    require(actor, Deed.take_over, facts, "Only a supervisor of its department takes a running chat over.")
    if head.state in (State.waiting, State.offered):
        return take(head, actor.party, now)
    if head.state is State.active and head.owner == actor.id:
        return head, []
    return offers.take_over(head, actor.party, now)


def _lost(
    head: Head, actor: Actor, command: OfferLost, now: int, facts: Thing, department: Department
) -> Decision:
    if not can(actor, Deed.expire, facts):
        raise unknown()
    if not is_offered(head) or head.offer_to != command.user:
        return head, []
    return offers.run_out(head, now, department, OfferEnd.unavailable)


def _join(
    head: Head, actor: Actor, command: Join, now: int, facts: Thing, department: Department
) -> Decision:
    require(actor, Deed.join_chat, facts, "This chat is not open to you to join.")
    return together.join(head, actor, now, facts, department)


def _ask_help(
    head: Head, actor: Actor, command: AskHelp, now: int, facts: Thing, department: Department
) -> Decision:
    require(actor, Deed.ask_help, facts, "Take this chat before you call for help in it.")
    return together.ask_help(head, actor.party, now, without_nul(command.text.strip()))


def _end_help(
    head: Head, actor: Actor, command: EndHelp, now: int, facts: Thing, department: Department
) -> Decision:
    require(
        actor, Deed.end_help, facts, "Only who answers this chat, or its supervisor, ends the call for help."
    )
    return together.end_help(head, actor.party, now)


def leave_message(head: Head, now: int) -> Decision:
    """The waiting visitor leaves a message instead: the chat ends as that message."""
    after, entries = append(head, Party(Side.visitor, 0, head.name), now, MessageLeft())
    return listed(after, ended_at=now, due_at=0, **ENDING, **NO_LINE), entries


_DECIDERS: dict[type[Any], Callable[..., Decision]] = {
    Say: _say,
    Note: _note,
    Take: _take,
    Close: _close,
    Reopen: _reopen,
    Finish: _finish,
    Release: _release,
    Leave: _leave,
    Rate: _rate,
    Decline: _decline,
    CancelTransfer: _cancel,
    TakeOver: _take_over,
    Join: _join,
    AskHelp: _ask_help,
    EndHelp: _end_help,
    Prioritise: _prioritise,
    OfferLost: _lost,
    Expire: _expire,
    VisitorLink: _link,
    VisitorPage: _page,
}
