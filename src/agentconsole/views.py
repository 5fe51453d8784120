"""The shapes in which the store answers: what was touched, rows of lists, counts, news."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from agentconsole.outbox import Entry
from agentconsole.protocol import ChatCard, Note, Rating, Say, State


class Topic(StrEnum):
    """What a screen may care about; `Store.apply` says which of them a frame touched."""

    me = "me"  # my name, grants, status
    link = "link"  # the link's state, latency class, restarts
    synced = "synced"  # hello has been answered in full (see Store.caught_up)
    departments = "departments"
    queue = "queue"  # who waits, or something shown of them
    mine = "mine"  # which chats are mine, or something shown of them in the list
    counts = "counts"  # mine, waiting, unread, left
    card = "card"  # id = chat: its card (visitor, page, presence, marks, state)
    talk = "talk"  # id = chat: events, pending lines or marks of its transcript
    preview = "preview"  # id = chat: what the visitor, or a colleague, is typing
    team = "team"  # who is where; the reasons for a break
    offers = "offers"  # what is offered to me
    rooms = "rooms"  # messages among staff, unread counts
    feedback = "feedback"
    learning = "learning"  # id = chat: who watches it openly
    pulse = "pulse"  # how long the visitors of running chats wait for an answer (see Client.wall)
    explained = "explained"  # id = chat: an explanation has come
    canned = "canned"
    left = "left"
    tickets = "tickets"  # the list of tickets, or something shown of them
    ticket = "ticket"  # id = ticket: its events, its facts, my answers on their way
    viewers = "viewers"  # id = ticket: who else looks at it
    ticket_counts = "ticket_counts"
    answer = "answer"  # a command was refused: see Store.take_refusals


class Touched(NamedTuple):
    """A topic and the chat (or ticket) concerned (0 = all, or none)."""

    topic: Topic
    chat: int = 0


class LineState(StrEnum):
    """How far a line of mine has got."""

    pending = "pending"  # in the outbox
    failed = "failed"  # refused; the sentence is in PendingLine.why
    sent = "sent"  # durable on the server
    delivered = "delivered"  # in the visitor's browser
    read = "read"  # on the visitor's screen


class PendingLine(NamedTuple):
    """A line or note of mine that is not in the log yet."""

    cid: str
    text: str
    note: bool
    made_at: int
    state: LineState
    why: str = ""


class Waiting(NamedTuple):
    """A row of the queue; ``wait_ms`` is the wait so far, ``preview`` what the visitor is typing now."""

    card: ChatCard
    wait_ms: int
    preview: str


class Mine(NamedTuple):
    """A row of my chats; ``needs_since`` is when the visitor's oldest unanswered line came (0 = none)."""

    card: ChatCard
    unread: int
    needs_since: int
    failed: int
    draft: bool


class Why(StrEnum):
    """Why a chat needs me."""

    offered = "offered"  # it is offered to me, and the offer runs out
    failed = "failed"  # a line of mine was refused
    unanswered = "unanswered"  # the visitor wrote and nobody has answered
    assigned = "assigned"  # it became mine and I have not looked at it yet


class Need(NamedTuple):
    """A chat of mine that wants me, why, and since when."""

    chat: int
    why: Why
    since: int


class Counts(NamedTuple):
    """The numbers of the status bar: my open chats, waiting chats, unread lines in mine, left messages not handled,
    offers to me, unread messages of colleagues, feedback not acknowledged."""

    mine: int
    waiting: int
    unread: int
    left: int
    offers: int = 0
    messages: int = 0
    feedback: int = 0


class NewsKind(StrEnum):
    """What may be worth an alert."""

    waiting = "waiting"  # a new chat waits
    assigned = "assigned"  # a chat became mine by other hands than this window's
    line = "line"  # the visitor wrote in my chat
    rated = "rated"  # my chat was rated
    visitor_left = "visitor_left"  # the visitor left my chat
    left_message = "left_message"  # somebody left a message
    link_lost = "link_lost"  # the server has not answered for three seconds
    ring = "ring"  # a chat rings with everybody of a department of mine
    offered = "offered"  # the dispatcher gives me a chat
    transfer = "transfer"  # a colleague hands a chat to me
    transfer_department = "transfer_department"  # a colleague hands a chat to a department of mine
    invited = "invited"  # a colleague asks me to join a chat
    help = "help"  # an agent calls for the supervisors
    whisper = "whisper"  # a supervisor whispers to me about a chat of mine
    message = "message"  # a colleague wrote to me, or to a channel of mine
    feedback = "feedback"  # I was given feedback on a chat
    status_changed = "status_changed"  # somebody else, or the system, changed my status


class News(NamedTuple):
    """Something that just happened (never what was already so at hello). ``name`` and ``text`` are as sent: clean them."""

    kind: NewsKind
    chat: int = 0
    name: str = ""
    text: str = ""
    rating: Rating | None = None
    drill: bool = False
    room: str = ""


class CaughtUp(NamedTuple):
    """After a reconnect: how many events came that had been missed, and when."""

    events: int
    at: int


def waits(card: ChatCard | None) -> bool:
    """True if the chat stands in the queue."""
    return card is not None and card.state is State.waiting


def pending_line(entry: Entry) -> PendingLine:
    """A line of the outbox as it is drawn."""
    command = entry.command
    assert isinstance(command, Say | Note)
    state = LineState.failed if entry.failed else LineState.sent if entry.acked else LineState.pending
    why = entry.refusal.text if entry.refusal else ""
    return PendingLine(command.cid, command.text, isinstance(command, Note), entry.made_at, state, why)


def around(chats: list[int], chat: int, step: int) -> int:
    """The one ``step`` behind ``chat``, going round; the first if it is not among them, 0 if it is alone."""
    if chat not in chats:
        return chats[0 if step > 0 else -1] if chats else 0
    there = chats[(chats.index(chat) + step) % len(chats)]
    return there if there != chat else 0
