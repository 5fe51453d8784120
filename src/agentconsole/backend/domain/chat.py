"""The life of a chat: which event may follow in which state, and what each command makes happen."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from agentconsole.protocol import (
    MAX_COMMENT,
    MAX_TEXT,
    OPEN_STATES,
    Close,
    Code,
    Ended,
    Finished,
    Leave,
    MessageLeft,
    Note,
    Noted,
    Outcome,
    OutcomeSet,
    Party,
    Public,
    PublicWhat,
    Rate,
    Rated,
    Rating,
    Release,
    Reopen,
    Reopened,
    Requeued,
    Said,
    Say,
    Side,
    Started,
    State,
    Take,
    Took,
    VisitorLeft,
    What,
)

from .policy import Actor, Deed, Thing, can

LIFE: dict[tuple[State, type[What]], State] = {
    (State.waiting, Started): State.waiting,
    (State.waiting, Said): State.waiting,
    (State.waiting, Noted): State.waiting,
    (State.waiting, Took): State.active,
    (State.waiting, VisitorLeft): State.abandoned,
    (State.waiting, MessageLeft): State.left_message,
    (State.active, Said): State.active,
    (State.active, Noted): State.active,
    (State.active, Requeued): State.waiting,
    (State.active, Ended): State.wrapup,
    (State.active, VisitorLeft): State.wrapup,
    (State.wrapup, OutcomeSet): State.wrapup,
    (State.wrapup, Noted): State.wrapup,
    (State.wrapup, Rated): State.wrapup,
    (State.wrapup, Reopened): State.active,
    (State.wrapup, Finished): State.closed,
    (State.closed, Noted): State.closed,
    (State.closed, Rated): State.closed,
    (State.abandoned, Noted): State.abandoned,
    (State.left_message, Noted): State.left_message,
}

UNANSWERED_LIMIT = 300


class Head(msgspec.Struct, frozen=True, gc=False):
    """A chat as it stands: one row. Times are UTC milliseconds, 0 = not (yet).

    ``since`` is when it began to wait (a requeued chat keeps it), ``due_at`` when the next timer fires,
    ``unanswered`` counts the visitor's lines since the last human answer, ``version`` grows with every change
    that a list shows.
    """

    id: int
    visitor: int
    department: int
    state: State
    owner: int
    seq: int
    pub: int
    version: int
    since: int
    started_at: int
    owner_name: str = ""
    name: str = ""
    email: str = ""
    topic: str = ""
    first_line: str = ""
    language: str = ""
    page: str = ""
    page_title: str = ""
    lost_at: int = 0
    left: bool = False
    taken_at: int = 0
    replied_at: int = 0
    ended_at: int = 0
    due_at: int = 0
    unanswered: int = 0
    outcome: Outcome | None = None
    rating: Rating | None = None
    comment: str = ""
    drill: bool = False


class Timing(msgspec.Struct, frozen=True):
    """How long things last in a department, in milliseconds."""

    wrapup: int = 30_000
    abandon: int = 60_000


USUAL = Timing()


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One numbered event of a log; ``pub`` 0 = staff only."""

    seq: int
    pub: int
    at: int
    by: Party
    what: What


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


ChatCommand = Say | Note | Take | Close | Reopen | Release | Leave | Rate | Expire | VisitorLink | VisitorPage


VISITORS = (Leave, Rate, VisitorPage)


class Refusal(Exception):
    """A command cannot be: a code for programs, a sentence for people."""

    def __init__(self, code: Code, text: str, retry_ms: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.retry_ms = retry_ms


Decision = tuple[Head, list[Entry]]


def is_open(state: State) -> bool:
    """Is the conversation still going on?"""
    return state in OPEN_STATES


def thing(head: Head, team: bool) -> Thing:
    """The chat as policy looks at it; ``team`` = its department lets colleagues read."""
    return Thing(
        department=head.department,
        owner=head.owner,
        visitor=head.visitor,
        waiting=head.state is State.waiting,
        over=not is_open(head.state),
        team=team,
    )


def append(head: Head, by: Party, now: int, *whats: What, **changes: object) -> Decision:
    """The head after these events and changes, and the events with their numbers. Raises Refusal where LIFE has no row."""
    entries = []
    seq, pub, state = head.seq, head.pub, head.state
    for what in whats:
        following = LIFE.get((state, type(what)))
        if following is None:
            raise Refusal(Code.not_now, f"This chat is {_WORDS[state]}: that is not possible now.")
        state = following
        seq += 1
        if isinstance(what, Public):
            pub += 1
        entries.append(Entry(seq, pub if isinstance(what, Public) else 0, now, by, what))
    return _with(head, seq=seq, pub=pub, state=state, **changes), entries


_WORDS = {
    State.waiting: "waiting in its queue",
    State.offered: "being offered to an agent",
    State.active: "running",
    State.wrapup: "closed, in wrap-up",
    State.closed: "over",
    State.abandoned: "over, the visitor has left",
    State.left_message: "a left message",
}


def _with(head: Head, **changes: object) -> Head:
    return msgspec.structs.replace(head, **changes)


def _listed(head: Head, **changes: object) -> Head:
    return msgspec.structs.replace(head, version=head.version + 1, **changes)


def begin(head: Head, by: Party, now: int, topic: str, text: str) -> Decision:
    """The first events of a new chat: started, and its first line if there is one."""
    whats: list[PublicWhat] = [Started(topic)]
    if text:
        whats.append(Said(checked_text(text)))
    head, entries = append(head, by, now, *whats)
    return _with(head, first_line=first_line(text), unanswered=1 if text else 0), entries


def first_line(text: str) -> str:
    """What a queue shows of a text."""
    return " ".join(text.split())[:200]


def checked_text(text: str, limit: int = MAX_TEXT) -> str:
    """The text itself, if it is one. Raises Refusal empty, too_long or invalid; nothing is ever cut."""
    if not text.strip():
        raise Refusal(Code.empty, "There is nothing to send yet.")
    if len(text) > limit:
        raise Refusal(Code.too_long, f"{len(text):,} characters are too many; up to {limit:,} are possible.")
    return without_nul(text)


def without_nul(text: str) -> str:
    """The text itself. Raises Refusal invalid for the one character that not every database keeps."""
    if "\0" in text:
        raise Refusal(Code.invalid, "A NUL character cannot be kept. Please take it out.")
    return text


def decide(
    head: Head, actor: Actor, command: ChatCommand, now: int, team: bool = False, timing: Timing | None = None
) -> Decision:
    """What this command of this actor makes of this chat. Raises Refusal; then nothing has changed.

    A decision without events and with the very same head means: it was so already.
    """
    facts = thing(head, team)
    if (actor.side is Side.visitor or isinstance(command, VISITORS)) and not can(actor, Deed.visit, facts):
        raise unknown()
    decider = _DECIDERS[type(command)]
    return decider(head, actor, command, now, facts, timing or USUAL)


def unknown() -> Refusal:
    """The one answer to what does not exist and to what is not yours."""
    return Refusal(Code.unknown, "There is no such chat, or it is not yours to see.")


def _require(actor: Actor, deed: Deed, facts: Thing, sentence: str) -> None:
    if can(actor, deed, facts):
        return
    raise Refusal(Code.not_now, sentence) if can(actor, Deed.read_chat, facts) else unknown()


def _say(head: Head, actor: Actor, command: Say, now: int, facts: Thing, timing: Timing) -> Decision:
    text = checked_text(command.text)
    if not is_open(head.state):
        mine = actor.side is Side.visitor or can(actor, Deed.read_chat, facts)
        raise _over() if mine else unknown()
    if actor.side is Side.visitor:
        return _visitor_says(head, actor, text, now)
    _require(actor, Deed.answer, facts, "Take this chat before you write in it.")
    if head.state is State.wrapup:
        raise Refusal(Code.not_now, "This chat is closed. Reopen it to write on, or leave it as it is.")
    return append(head, actor.party, now, Said(text), unanswered=0, replied_at=head.replied_at or now)


def _visitor_says(head: Head, actor: Actor, text: str, now: int) -> Decision:
    if head.unanswered >= UNANSWERED_LIMIT:
        raise Refusal(Code.slow_down, "Please wait for an answer before you write more.", retry_ms=60_000)
    party = Party(Side.visitor, 0, head.name)
    whats: list[What] = [Said(text)]
    if head.state is State.wrapup:
        whats.insert(0, Reopened())
    changes: dict[str, object] = {"unanswered": head.unanswered + 1}
    if not head.first_line:
        changes.update(first_line=first_line(text), version=head.version + 1)
    if head.state is State.wrapup:
        changes.update(_reopening(head))
    return append(head, party, now, *whats, **changes)


def _reopening(head: Head) -> dict[str, object]:
    return {"due_at": 0, "ended_at": 0, "left": False, "outcome": None, "version": head.version + 1}


def _over() -> Refusal:
    return Refusal(Code.closed, "This chat is over. What you wrote was not sent.")


def _note(head: Head, actor: Actor, command: Note, now: int, facts: Thing, timing: Timing) -> Decision:
    text = checked_text(command.text)
    _require(actor, Deed.note, facts, "Take this chat before you write a note in it.")
    return append(head, actor.party, now, Noted(text))


def _take(head: Head, actor: Actor, command: Take, now: int, facts: Thing, timing: Timing) -> Decision:
    if not can(actor, Deed.take, facts):
        raise unknown()
    if head.owner == actor.id and head.state in (State.active, State.wrapup):
        return head, []
    if not is_open(head.state):
        raise Refusal(Code.gone, "The visitor has left this chat already.")
    if head.owner:
        raise Refusal(Code.taken, f"{head.owner_name} has taken this chat.")
    after, entries = append(head, actor.party, now, Took())
    return (
        _listed(
            after, owner=actor.id, owner_name=actor.display, taken_at=now, due_at=0, ended_at=0, outcome=None
        ),
        entries,
    )


def _close(head: Head, actor: Actor, command: Close, now: int, facts: Thing, timing: Timing) -> Decision:
    _require(actor, Deed.close, facts, "Take this chat before you close it.")
    if not is_open(head.state):
        raise _over()
    whats: list[What] = [OutcomeSet(command.outcome)]
    if head.state is State.wrapup:
        if head.outcome is command.outcome:
            return head, []
        after, entries = append(head, actor.party, now, *whats)
        return _listed(after, outcome=command.outcome), entries
    after, entries = append(head, actor.party, now, Ended(), *whats)
    return (
        _listed(after, outcome=command.outcome, ended_at=now, due_at=now + timing.wrapup, unanswered=0),
        entries,
    )


def _reopen(head: Head, actor: Actor, command: Reopen, now: int, facts: Thing, timing: Timing) -> Decision:
    _require(actor, Deed.reopen, facts, "Only who closed this chat can reopen it.")
    if head.state is State.active:
        return head, []
    if head.state is not State.wrapup:
        raise Refusal(Code.closed, "Wrap-up is over; this chat can no longer be reopened.")
    if head.left or head.lost_at:
        raise Refusal(Code.gone, "The visitor has left; there is nobody to reopen this chat for.")
    return append(head, actor.party, now, Reopened(), **_reopening(head))


def _release(head: Head, actor: Actor, command: Release, now: int, facts: Thing, timing: Timing) -> Decision:
    _require(actor, Deed.release, facts, "This chat is not yours to give back.")
    after, entries = append(head, actor.party, now, Requeued())
    due_at = now + timing.abandon if head.lost_at else 0
    return _listed(after, owner=0, owner_name="", taken_at=0, due_at=due_at), entries


def _leave(head: Head, actor: Actor, command: Leave, now: int, facts: Thing, timing: Timing) -> Decision:
    if head.left or not is_open(head.state):
        return head, []
    if head.state is State.wrapup:
        return _listed(head, left=True), []
    return _visitor_gone(head, Party(Side.visitor, 0, head.name), now, timing)


def _visitor_gone(head: Head, by: Party, now: int, timing: Timing) -> Decision:
    after, entries = append(head, by, now, VisitorLeft())
    due_at = now + timing.wrapup if after.state is State.wrapup else 0
    return _listed(after, left=True, ended_at=now, due_at=due_at), entries


def _rate(head: Head, actor: Actor, command: Rate, now: int, facts: Thing, timing: Timing) -> Decision:
    if len(command.comment) > MAX_COMMENT:
        raise Refusal(Code.too_long, f"A comment may have up to {MAX_COMMENT:,} characters.")
    without_nul(command.comment)
    if head.rating is command.rating and head.comment == command.comment:
        return head, []
    party = Party(Side.visitor, 0, head.name)
    after, entries = append(head, party, now, Rated(command.rating, command.comment))
    return _listed(after, rating=command.rating, comment=command.comment), entries


def _expire(head: Head, actor: Actor, command: Expire, now: int, facts: Thing, timing: Timing) -> Decision:
    if not can(actor, Deed.expire, facts):
        raise unknown()
    if not head.due_at or head.due_at > now:
        return head, []
    if head.state is State.wrapup:
        after, entries = append(head, actor.party, now, Finished())
        return _listed(after, due_at=0), entries
    if head.state is State.waiting and head.lost_at:
        return _visitor_gone(head, actor.party, now, timing)
    return _listed(head, due_at=0), []


def _link(head: Head, actor: Actor, command: VisitorLink, now: int, facts: Thing, timing: Timing) -> Decision:
    if not can(actor, Deed.expire, facts):
        raise unknown()
    if command.up == (head.lost_at == 0) or not is_open(head.state):
        return head, []
    changes: dict[str, object] = {"lost_at": 0 if command.up else now}
    if head.state is State.waiting:
        changes["due_at"] = 0 if command.up else now + timing.abandon
    return _listed(head, **changes), []


def _page(head: Head, actor: Actor, command: VisitorPage, now: int, facts: Thing, timing: Timing) -> Decision:
    page, title = command.page.replace("\0", ""), command.page_title.replace("\0", "")
    if (head.page, head.page_title) == (page, title) or not is_open(head.state):
        return head, []
    return _listed(head, page=page, page_title=title), []


def leave_message(head: Head, now: int) -> Decision:
    """The waiting visitor leaves a message instead: the chat ends as that message."""
    after, entries = append(head, Party(Side.visitor, 0, head.name), now, MessageLeft())
    return _listed(after, ended_at=now, due_at=0), entries


_DECIDERS: dict[type[ChatCommand], Callable[..., Decision]] = {
    Say: _say,
    Note: _note,
    Take: _take,
    Close: _close,
    Reopen: _reopen,
    Release: _release,
    Leave: _leave,
    Rate: _rate,
    Expire: _expire,
    VisitorLink: _link,
    VisitorPage: _page,
}
