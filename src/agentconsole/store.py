"""What the console knows: every frame is applied here, every screen and alert asks here.

No terminal, no network, no clock: time comes in as ``now`` (UTC milliseconds of this machine). Texts are kept
exactly as sent; whoever shows them cleans them (`agentconsole.text`).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from agentconsole.conversation import Conversation
from agentconsole.link import Link
from agentconsole.outbox import Command, Entry, Outbox
from agentconsole.protocol import (
    CannedCard,
    ChatCard,
    Cursor,
    DepartmentCard,
    Event,
    LeftCard,
    Rating,
    Refused,
    Role,
    SeatCard,
    Seen,
    StaffFrame,
    Welcome,
)

TYPING_MS = 8_000


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
    team = "team"
    canned = "canned"
    left = "left"
    answer = "answer"  # a command was refused: see Store.take_refusals


class Touched(NamedTuple):
    """A topic and the chat concerned (0 = all, or none)."""

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

    failed = "failed"  # a line of mine was refused
    unanswered = "unanswered"  # the visitor wrote and nobody has answered
    assigned = "assigned"  # it became mine and I have not looked at it yet


class Need(NamedTuple):
    """A chat of mine that wants me, why, and since when."""

    chat: int
    why: Why
    since: int


class Counts(NamedTuple):
    """The numbers of the status bar: my open chats, waiting chats, unread lines in mine, left messages not handled."""

    mine: int
    waiting: int
    unread: int
    left: int


class NewsKind(StrEnum):
    """What may be worth an alert."""

    waiting = "waiting"  # a new chat waits
    assigned = "assigned"  # a chat became mine by other hands than this window's
    line = "line"  # the visitor wrote in my chat
    rated = "rated"  # my chat was rated
    visitor_left = "visitor_left"  # the visitor left my chat
    left_message = "left_message"  # somebody left a message
    link_lost = "link_lost"  # the server has not answered for three seconds


class News(NamedTuple):
    """Something that just happened (never what was already so at hello). ``name`` and ``text`` are as sent: clean them."""

    kind: NewsKind
    chat: int = 0
    name: str = ""
    text: str = ""
    rating: Rating | None = None
    drill: bool = False


class CaughtUp(NamedTuple):
    """After a reconnect: how many events came that had been missed, and when."""

    events: int
    at: int


class Store:
    """All that this console knows. Nothing here waits, fails or draws.

    Plain attributes to read: ``me`` (the last Welcome, None before), ``status`` and ``reason``, ``departments``,
    ``chats`` (cards by id), ``team`` (seats by user), ``canned``, ``left``, ``talks`` (conversations by chat),
    ``link``, ``outbox``, ``drafts`` (text by chat), ``caught_up`` (None until a reconnect brought something).
    """

    def __init__(self) -> None:
        self.me: Welcome | None = None
        self.departments: dict[int, DepartmentCard] = {}
        self.chats: dict[int, ChatCard] = {}
        self.team: dict[int, SeatCard] = {}
        self.canned: dict[int, CannedCard] = {}
        self.left: dict[int, LeftCard] = {}
        self.talks: dict[int, Conversation] = {}
        self.link = Link()
        self.outbox = Outbox()
        self.drafts: dict[int, str] = {}
        self.caught_up: CaughtUp | None = None
        self.synced = False

    # --- what comes in ---

    def apply(self, frame: StaffFrame, now: int) -> set[Touched]:
        """Take one frame in; return what it touched. Twice the same frame is as good as once."""
        raise NotImplementedError

    def link_lost(self, now: int) -> set[Touched]:
        """The socket is gone: everything stays readable; commands under way will be sent again."""
        raise NotImplementedError

    def expire(self, now: int) -> set[Touched]:
        """Forget previews and typing marks older than 8 s."""
        raise NotImplementedError

    def next_expiry(self, now: int) -> int | None:
        """Milliseconds until `expire` has something to do; None = nothing will expire."""
        raise NotImplementedError

    def take_news(self) -> list[News]:
        """What happened since the last call; for alerts."""
        raise NotImplementedError

    def take_refusals(self) -> list[tuple[Refused, Command | None]]:
        """Refusals since the last call with the commands they answer (None: not one of ours); a person must be told."""
        raise NotImplementedError

    # --- what I do ---

    def enqueue(self, command: Command, now: int) -> set[Touched]:
        """Put a command into the outbox (use `Client.send`). A say or note shows at once as pending. Raises OutboxFull."""
        raise NotImplementedError

    def retry(self, cid: str, new_cid: str, now: int) -> set[Touched]:
        """Send a failed line again, as the newest, under a new cid."""
        raise NotImplementedError

    def take_back(self, cid: str) -> str:
        """Take a failed line out of the outbox and return its text, to be edited ('' = no such line)."""
        raise NotImplementedError

    def saw(self, chat: int) -> set[Touched]:
        """The newest lines of this chat are on my screen, and I am looking."""
        raise NotImplementedError

    def set_draft(self, chat: int, text: str) -> None:
        """Keep what stands in the composer of this chat; '' forgets it."""
        raise NotImplementedError

    def remember(self, chat: int, text: str) -> None:
        """Add a sent text to the composer history of this chat (newest last, at most 50, no doubles in a row)."""
        raise NotImplementedError

    def forget(self, chat: int) -> set[Touched]:
        """Drop the conversation of a chat that is over; a chat in my lists is kept."""
        raise NotImplementedError

    # --- what the client sends by itself ---

    def cursors(self) -> list[Cursor]:
        """The cursors for hello, at most 500."""
        raise NotImplementedError

    def gaps(self) -> list[tuple[int, int]]:
        """(chat, after) of conversations that miss events and have not asked yet; each is told once."""
        raise NotImplementedError

    def take_marks(self) -> list[Seen]:
        """Delivered and read marks of my own chats that the server has not been told yet."""
        raise NotImplementedError

    # --- questions ---

    def server_now(self, now: int) -> int:
        """The server's clock, for waits and ages."""
        raise NotImplementedError

    def has_role(self, role: Role, department: int = 0) -> bool:
        """True if one of my grants gives this role there (department 0: anywhere)."""
        raise NotImplementedError

    def is_mine(self, chat: int) -> bool:
        """True if I answer this chat and it is not over."""
        raise NotImplementedError

    def queue(self, now: int) -> list[Waiting]:
        """Who waits, longest first."""
        raise NotImplementedError

    def mine(self) -> list[Mine]:
        """My open chats in the order in which I took them; the numbers 1-9 of the screen are this order."""
        raise NotImplementedError

    def counts(self) -> Counts:
        """The numbers of the status bar."""
        raise NotImplementedError

    def needs_me(self) -> list[Need]:
        """My chats that want me: failed lines first, then unanswered ones (oldest first), then newly assigned ones."""
        raise NotImplementedError

    def next_needing(self, after_chat: int = 0) -> int:
        """The chat to go to from ``after_chat``: round the `needs_me` order; 0 = none needs me."""
        raise NotImplementedError

    def neighbour(self, chat: int, step: int) -> int:
        """The next (step 1) or previous (-1) of my chats, round; 0 = I have none."""
        raise NotImplementedError

    def pending(self, chat: int) -> list[PendingLine]:
        """My lines of this chat that are not in the log yet, oldest first; drawn below the events."""
        raise NotImplementedError

    def line_state(self, event: Event) -> LineState:
        """How far a public line of staff has got with the visitor."""
        raise NotImplementedError

    def preview(self, chat: int, now: int) -> str:
        """What the visitor is typing now ('' = nothing known)."""
        raise NotImplementedError

    def colleagues_typing(self, chat: int, now: int) -> list[str]:
        """Display names of other staff typing in this chat."""
        raise NotImplementedError

    def department_name(self, department: int) -> str:
        """Its name, or '' if I do not know it."""
        raise NotImplementedError

    def history(self, chat: int) -> list[str]:
        """Texts sent in this chat from this console, oldest first."""
        raise NotImplementedError

    # --- over a crash ---

    def words(self) -> dict[str, object]:
        """Outbox, drafts and composer history as plain JSON data; `restore` takes it back."""
        raise NotImplementedError

    def restore(self, words: dict[str, object]) -> set[Touched]:
        """Put back what `words` gave before the crash; what cannot be read is left out."""
        raise NotImplementedError


def failed(entries: Iterable[Entry]) -> int:
    """How many of these entries were refused."""
    return sum(entry.failed for entry in entries)
