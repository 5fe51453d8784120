"""Chats over REST: lists, one chat with its log, and what an agent does in it."""

from __future__ import annotations

import time
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from agentconsole.protocol import (
    OPEN_STATES,
    Ack,
    ChatCard,
    ClientId,
    Close,
    Code,
    Count,
    Ended,
    Event,
    Finish,
    Finished,
    Joined,
    MessageLeft,
    Note,
    Outcome,
    Part,
    Parted,
    Promised,
    Rated,
    Release,
    Reopen,
    Reopened,
    Requeued,
    Role,
    Said,
    Say,
    Side,
    Started,
    State,
    Take,
    Took,
    Transferred,
    VisitorLeft,
)
from agentconsole.text import clean, clean_lines

from ..desk.talking import Looked, watches
from ..domain.life import Entry, Head, thing, unknown
from ..domain.policy import Actor, Deed, Thing, can, departments_of
from ..storage import chats, departments
from ..storage.lists import Scope, listed
from ..views import chat_card
from .calls import Call, Download, House, Route

Limit = Annotated[int, Meta(ge=1, le=500)]


class ChatQuery(Part, frozen=True):
    """Which chats: of one state, of one department, with an id below ``before``."""

    state: State | UnsetType = UNSET
    department: Count = 0
    before: Count = 0
    limit: Limit = 50


class EventQuery(Part, frozen=True):
    """Which events: those after seq ``after``."""

    after: Count = 0
    limit: Limit = 200


class Text(Part, frozen=True):
    """A line or a note. ``cid`` is your own id for it: sending it again with the same cid is harmless."""

    cid: ClientId
    text: str


class Act(Part, frozen=True):
    """Something done to a chat, under your own id for it."""

    cid: ClientId


class Closing(Part, frozen=True):
    """How a chat is closed."""

    cid: ClientId
    outcome: Outcome | None = Outcome.solved


# --- questions -----------------------------------------------------------------------------------------------------


async def _list(call: Call) -> list[ChatCard]:
    actor, query = call.actor, call.query
    scope = Scope(
        actor.id,
        departments_of(actor, Role.agent),
        departments_of(actor, Role.supervisor),
        departments_of(actor, Role.analyst),
    )
    heads, teams = await call.house.database.read(
        lambda db: (
            listed(db, scope, query.state or None, query.department, query.before, query.limit),
            {found.id: found.team for found in departments.every(db)},
        )
    )
    return [
        _card(call.house, head) for head in heads if _listable(actor, thing(head, teams[head.department]))
    ]


def _listable(actor: Actor, facts: Thing) -> bool:
    return can(actor, Deed.read_chat, facts) or (facts.waiting and can(actor, Deed.see_queue, facts))


def _card(house: House, head: Head) -> ChatCard:
    return house.hub.card(head) if head.state in OPEN_STATES else chat_card(head, house.hub.board.name_of)


async def _one(call: Call) -> ChatCard:
    return _card(call.house, await chat_of(call, Deed.read_chat))


async def chat_of(call: Call, deed: Deed) -> Head:
    """The chat of the path, if the caller may do this to it. Raises Refusal unknown."""
    head, found = await call.house.database.read(
        lambda db: (
            (head := chats.one(db, call.key)),
            departments.one(db, head.department) if head else None,
        )
    )
    if head is None or found is None or not can(call.actor, deed, thing(head, found.team)):
        raise unknown()
    return head


async def _log(call: Call) -> Head:
    """The chat of the path, to read what was said in it; who observes it that way stands in the audit log."""
    head = await chat_of(call, Deed.read_chat)
    if watches(head, call.actor):
        await call.house.desk.handle(call.actor, Looked(head.id))
    return head


async def _events(call: Call) -> list[Event]:
    head = await _log(call)
    after, limit = call.query.after, call.query.limit
    entries = await call.house.database.read(
        lambda db: chats.staff_log(db, head.id, after, before=after + limit + 1, limit=limit)
    )
    await chat_of(call, Deed.read_chat)  # what was read is told only if the right to read it still stands
    return [Event(head.id, entry.seq, entry.at, entry.by, entry.what, entry.pub) for entry in entries]


async def _transcript(call: Call) -> Download:
    head = await _log(call)
    found = await transcript(call.house, head)
    await chat_of(call, Deed.read_chat)
    return found


async def transcript(house: House, head: Head) -> Download:
    """The public part of a chat as plain text; times are UTC."""
    entries, found = await house.database.read(
        lambda db: (chats.public_log(db, head.id), departments.one(db, head.department))
    )
    title = f"Chat {head.id}, {found.name if found else ''}"
    lines = [title, f"{_clock(head.started_at, '%Y-%m-%d')} (times are UTC)", ""]
    lines += [line for entry in entries if (line := _line(entry))]
    text = "\n".join(lines) + "\n"
    return Download(f"chat-{head.id}.txt", text.encode("utf-8", "replace"), "text/plain")


def _line(entry: Entry) -> str:
    who, what = _who(entry), entry.what
    if isinstance(what, Said):
        return f"{_clock(entry.at)} {who}: {_indented(what.text)}"
    if isinstance(what, VisitorLeft) and entry.by.side is Side.system:
        return f"{_clock(entry.at)} * The visitor's connection was lost."
    if isinstance(what, Promised):
        return f"{_clock(entry.at)} * {clean(what.name)} will answer by e-mail."
    sentence = _SENTENCES.get(type(what), "").replace("{who}", who)
    if isinstance(what, Rated):
        sentence += f" {what.rating}" + (f": {_indented(what.comment)}" if what.comment else "")
    return f"{_clock(entry.at)} * {sentence}" if sentence else ""


def _who(entry: Entry) -> str:
    name = clean(entry.by.name)
    if entry.by.side is Side.visitor:
        return f"{name} (visitor)" if name else "Visitor"
    return name or "Staff"


def _indented(text: str) -> str:
    """No line of a text can pass for a line of the transcript."""
    return "\n    ".join(clean_lines(text))


_SENTENCES: dict[type[Any], str] = {
    Started: "The chat began.",
    Took: "{who} answers.",
    Requeued: "The chat waits again.",
    VisitorLeft: "{who} left.",
    Ended: "{who} ended the chat.",
    Reopened: "The chat goes on.",
    Finished: "",
    Rated: "{who} rated the chat:",
    MessageLeft: "{who} left a message to be answered later.",
    Joined: "{who} joined.",
    Parted: "{who} left the conversation.",
    Transferred: "{who} answers now.",
}


def _clock(at: int, form: str = "%H:%M:%S") -> str:
    return time.strftime(form, time.gmtime(at / 1000))


# --- commands ------------------------------------------------------------------------------------------------------


async def _done(call: Call, command: Any) -> Ack:
    made = await call.house.desk.handle(call.actor, command)
    return Ack(command.cid, made.about, made.seq)


async def _say(call: Call) -> Ack:
    return await _done(call, Say(call.body.cid, call.key, call.body.text))


async def _note(call: Call) -> Ack:
    return await _done(call, Note(call.body.cid, call.key, call.body.text))


async def _take(call: Call) -> Ack:
    return await _done(call, Take(call.body.cid, call.key))


async def _close(call: Call) -> Ack:
    return await _done(call, Close(call.body.cid, call.key, call.body.outcome))


async def _reopen(call: Call) -> Ack:
    return await _done(call, Reopen(call.body.cid, call.key))


async def _finish(call: Call) -> Ack:
    return await _done(call, Finish(call.body.cid, call.key))


async def _release(call: Call) -> Ack:
    return await _done(call, Release(call.body.cid, call.key))


_REUSED = (Code.unknown, Code.id_reused)

ROUTES = (
    Route(
        method="GET",
        path="/api/chats",
        handler=_list,
        summary="Chats that I may see, newest first; ask for the next page with the last id as `before`.",
        query=ChatQuery,
        answer=list[ChatCard],
    ),
    Route(
        method="GET",
        path="/api/chats/{chat}",
        handler=_one,
        summary="One chat.",
        answer=ChatCard,
        refusals=(Code.unknown,),
    ),
    Route(
        method="GET",
        path="/api/chats/{chat}/events",
        handler=_events,
        summary="What happened in a chat, oldest first; ask for the next page with the last seq as `after`.",
        query=EventQuery,
        answer=list[Event],
        refusals=(Code.unknown,),
    ),
    Route(
        method="GET",
        path="/api/chats/{chat}/transcript",
        handler=_transcript,
        summary="The public part of a chat as a text file.",
        answer=Download,
        refusals=(Code.unknown,),
    ),
    Route(
        method="POST",
        path="/api/chats/{chat}/messages",
        handler=_say,
        summary="Write a public line into my chat.",
        body=Text,
        answer=Ack,
        status=201,
        refusals=(*_REUSED, Code.not_now, Code.closed),
    ),
    Route(
        method="POST",
        path="/api/chats/{chat}/notes",
        handler=_note,
        summary="Write a private note into a chat.",
        body=Text,
        answer=Ack,
        status=201,
        refusals=(*_REUSED, Code.not_now),
    ),
    Route(
        method="POST",
        path="/api/chats/{chat}/take",
        handler=_take,
        summary="Answer a waiting chat.",
        body=Act,
        answer=Ack,
        refusals=(*_REUSED, Code.taken, Code.gone),
    ),
    Route(
        method="POST",
        path="/api/chats/{chat}/close",
        handler=_close,
        summary="End a chat with an outcome; wrap-up begins.",
        body=Closing,
        answer=Ack,
        refusals=(*_REUSED, Code.not_now, Code.closed),
    ),
    Route(
        method="POST",
        path="/api/chats/{chat}/reopen",
        handler=_reopen,
        summary="Undo a close while wrap-up lasts and the visitor is there.",
        body=Act,
        answer=Ack,
        refusals=(*_REUSED, Code.not_now, Code.closed, Code.gone),
    ),
    Route(
        method="POST",
        path="/api/chats/{chat}/finish",
        handler=_finish,
        summary="End the wrap-up of my chat now.",
        body=Act,
        answer=Ack,
        refusals=(*_REUSED, Code.not_now, Code.closed, Code.gone),
    ),
    Route(
        method="POST",
        path="/api/chats/{chat}/release",
        handler=_release,
        summary="Put a chat back into its queue; it keeps its place in line.",
        body=Act,
        answer=Ack,
        refusals=(*_REUSED, Code.not_now),
    ),
)
