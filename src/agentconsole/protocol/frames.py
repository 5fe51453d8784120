"""What the server sends: frames to visitors and to staff."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .base import (
    MAX_INT,
    VERSION,
    Code,
    Count,
    Id,
    Millis,
    Outcome,
    Part,
    Rating,
    Role,
    Side,
    State,
    Status,
    Word,
)
from .events import Party, PublicWhat, What

# --- frames to both


class Refused(Word, frozen=True, tag="refused"):
    """The command ``cid`` was refused and changed nothing ('' = the frame could not be read)."""

    code: Code
    text: str
    cid: str = ""
    chat: Count = 0
    retry_ms: Count = 0


class Pong(Word, frozen=True, tag="pong"):
    """Answer to Ping; ``now`` is the server's clock."""

    n: Count = 0
    now: Millis = 0


class Bye(Word, frozen=True, tag="bye"):
    """The server closes this socket on purpose. Come back after ``retry_ms`` (already spread by the server)."""

    text: str
    retry_ms: Count = 0


# --- frames to the visitor


class DepartmentFace(Part, frozen=True):
    """A department as a visitor sees it; ``open`` = somebody can answer now.

    Who has waited ``patience_s`` is told that nobody has come and may leave a message, or wait on.
    """

    id: Id
    slug: str
    name: str
    open: bool
    welcome: str = ""
    topics: list[str] = []
    patience_s: Count = 1_800


class VisitorWelcome(Word, frozen=True, tag="welcome"):
    """Answer to hello. ``run`` changes when the server restarts. Chat cards and events follow, then Synced."""

    run: str
    now: Millis
    departments: list[DepartmentFace]
    version: int = VERSION


class Departments(Word, frozen=True, tag="departments"):
    """The departments changed or somebody came or went; replaces the list in welcome."""

    departments: list[DepartmentFace]


class VisitorCard(Word, frozen=True, tag="chat"):
    """My chat as it stands; replaces the card before if ``version`` is not older.

    ``place`` is 1 for the next in line (0 = not waiting); ``wait_s`` the estimated wait, -1 = not known.
    ``delivered`` and ``read`` are the marks of staff over the visitor's lines, as pub.
    """

    chat: Id
    version: Count
    department: Id
    state: State
    pub: Count
    agents: list[str] = []
    place: Count = 0
    wait_s: Annotated[int, Meta(ge=-1, le=MAX_INT)] = -1
    delivered: Count = 0
    read: Count = 0
    rating: Rating | None = None
    topic: str = ""


class VisitorResume(Word, frozen=True, tag="resume"):
    """Events ``after`` + 1 to ``pub`` of this chat follow. ``reset``: forget what you have of it, the cursor did not fit."""

    chat: Id
    after: Count
    pub: Count
    reset: bool = False


class Face(Part, frozen=True):
    """Who did it, as far as a visitor may know."""

    side: Side
    name: str = ""


class VisitorEvent(Word, frozen=True, tag="event"):
    """One public event."""

    chat: Id
    pub: Id
    at: Millis
    by: Face
    what: PublicWhat


class VisitorAck(Word, frozen=True, tag="ack"):
    """The command ``cid`` is durable. ``pub`` is its event's number (0 = it made none)."""

    cid: str
    chat: Count = 0
    pub: Count = 0


class AgentTyping(Word, frozen=True, tag="agent_typing"):
    """Somebody of staff is typing, or stopped."""

    chat: Id
    name: str
    on: bool


class StaffMarks(Word, frozen=True, tag="marks"):
    """How far staff have got, as pub."""

    chat: Id
    delivered: Count
    read: Count


class Place(Word, frozen=True, tag="place"):
    """The visitor's place in line changed."""

    chat: Id
    place: Count
    wait_s: Annotated[int, Meta(ge=-1, le=MAX_INT)] = -1


class VisitorSynced(Word, frozen=True, tag="synced"):
    """All that happened before hello has been sent."""


VisitorFrame = (
    VisitorWelcome
    | Departments
    | VisitorCard
    | VisitorResume
    | VisitorEvent
    | VisitorAck
    | Refused
    | AgentTyping
    | StaffMarks
    | Place
    | VisitorSynced
    | Pong
    | Bye
)


# --- frames to staff


class Grant(Part, frozen=True):
    """A role in one department, or in all (``department`` 0)."""

    role: Role
    department: Count = 0


class DepartmentCard(Part, frozen=True):
    """A department as staff see it."""

    id: Id
    slug: str
    name: str
    description: str = ""
    mine: bool = False


class Welcome(Word, frozen=True, tag="welcome"):
    """Answer to hello. Lists follow (departments, team, canned, left messages, chat cards), each conversation's
    missing events, then Synced. Lists are whole: what is not in them before Synced is gone."""

    run: str
    now: Millis
    user: Id
    name: str
    display: str
    grants: list[Grant]
    status: Status
    reason: str = ""
    version: int = VERSION


class DepartmentList(Word, frozen=True, tag="departments"):
    """All departments I may know of."""

    departments: list[DepartmentCard]


class ChatCard(Word, frozen=True, tag="card"):
    """A chat in a list, as this reader may see it: replace the one before if ``version`` is not older.

    ``owner`` 0 = nobody. ``since`` is when it began to wait; ``lost_at`` 0 = the visitor is connected.
    ``delivered`` and ``read`` are the visitor's marks, as pub. ``due_at`` is the end of wrap-up (0 = none).
    ``waited_ms`` is the wait until somebody took it (-1 = not yet).
    """

    chat: Id
    version: Count
    seq: Count
    pub: Count
    state: State
    department: Id
    since: Millis
    started_at: Millis
    owner: Count = 0
    owner_name: str = ""
    name: str = ""
    email: str = ""
    topic: str = ""
    first_line: str = ""
    language: str = ""
    page: str = ""
    page_title: str = ""
    lost_at: Millis = 0
    delivered: Count = 0
    read: Count = 0
    taken_at: Millis = 0
    ended_at: Millis = 0
    due_at: Millis = 0
    outcome: Outcome | None = None
    rating: Rating | None = None
    drill: bool = False


class Gone(Word, frozen=True, tag="gone"):
    """Tombstone: this chat is in none of my lists any more, or I may not see it any more."""

    chat: Id
    version: Count


class Resume(Word, frozen=True, tag="resume"):
    """Events ``after`` + 1 to ``seq`` of this chat follow. ``reset``: forget what you have of it; older ones by Older."""

    chat: Id
    after: Count
    seq: Count
    reset: bool = False


class Event(Word, frozen=True, tag="event"):
    """One event of a chat; ``pub`` 0 = staff only."""

    chat: Id
    seq: Id
    at: Millis
    by: Party
    what: What
    pub: Count = 0


class Ack(Word, frozen=True, tag="ack"):
    """The command ``cid`` is durable. ``seq`` is its (last) event's number (0 = it made none)."""

    cid: str
    chat: Count = 0
    seq: Count = 0


class Preview(Word, frozen=True, tag="preview"):
    """What the visitor is typing now ('' = nothing). Forget it after 8 s without a new one."""

    chat: Id
    text: str


class ColleagueTyping(Word, frozen=True, tag="colleague_typing"):
    """Another member of staff is typing in this chat, or stopped."""

    chat: Id
    user: Id
    name: str
    on: bool


class VisitorMarks(Word, frozen=True, tag="marks"):
    """How far the visitor has got, as pub."""

    chat: Id
    delivered: Count
    read: Count


class SeatCard(Word, frozen=True, tag="seat"):
    """A member of the team: chosen status and, apart from it, the link (``lost_at`` 0 = connected)."""

    user: Id
    name: str
    display: str
    status: Status
    since: Millis
    reason: str = ""
    lost_at: Millis = 0
    chats: Count = 0


class CannedCard(Word, frozen=True, tag="canned"):
    """A canned reply; ``text`` '' = deleted. ``owner`` 0 = shared with the department (0 = everybody)."""

    id: Id
    shortcut: str
    text: str
    owner: Count = 0
    department: Count = 0


class LeftCard(Word, frozen=True, tag="left"):
    """A left message."""

    id: Id
    department: Id
    at: Millis
    text: str
    email: str
    name: str = ""
    page: str = ""
    chat: Count = 0
    handled_by: str = ""
    handled_at: Millis = 0
    drill: bool = False


class Synced(Word, frozen=True, tag="synced"):
    """All that happened before hello has been sent; lists not renewed since hello are to be forgotten."""


StaffFrame = (
    Welcome
    | DepartmentList
    | ChatCard
    | Gone
    | Resume
    | Event
    | Ack
    | Refused
    | Preview
    | ColleagueTyping
    | VisitorMarks
    | SeatCard
    | CannedCard
    | LeftCard
    | Synced
    | Pong
    | Bye
)
