"""What the server sends: frames to visitors and to staff."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .base import (
    MAX_INT,
    VERSION,
    Away,
    Code,
    Count,
    Id,
    Millis,
    Outcome,
    Part,
    Rating,
    Role,
    Routing,
    Side,
    State,
    Status,
    Verdict,
    Word,
)
from .events import Party, PublicWhat, What
from .tickets import TicketFrame

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

    Who has waited ``patience_s`` is told that nobody has come and may leave a message, or wait on. ``closed`` = its
    hours are over: it opens at ``opens_at`` (0 = not known). ``closes_at`` is when its hours end (0 = not soon).
    """

    id: Id
    slug: str
    name: str
    open: bool
    welcome: str = ""
    topics: list[str] = []
    patience_s: Count = 1_800
    closed: bool = False
    opens_at: Millis = 0
    closes_at: Millis = 0


class VisitorWelcome(Word, frozen=True, tag="welcome"):
    """Answer to hello. ``run`` changes when the server restarts. Chat cards and events follow, then Synced.

    ``lead`` is the department to which the visitor's page leads (0 = none in particular).
    """

    run: str
    now: Millis
    departments: list[DepartmentFace]
    version: int = VERSION
    lead: Count = 0


class Departments(Word, frozen=True, tag="departments"):
    """The departments changed or somebody came or went; replaces the list in welcome."""

    departments: list[DepartmentFace]


class VisitorCard(Word, frozen=True, tag="chat"):
    """My chat as it stands; replaces the card before if ``version`` is not older.

    ``department`` is the one that the visitor chose, wherever the chat has gone since. ``place`` is 1 for the next in
    line (0 = not waiting, or somebody is being called); ``wait_s`` the estimated wait, -1 = not known.
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
    """A department as staff see it.

    ``open`` = somebody can answer now. ``guide`` says when to transfer here, ``hours`` in words when it is open; ``note_required`` = a transfer to here
    needs a note; ``away`` is what happens when the wanted person cannot take it; ``offer_s`` how long an offer stands;
    ``to_solve`` = a chat must be marked when it is closed. ``team`` = colleagues may read each other's chats.
    ``closed`` = its hours for chats are over; ``turns_at`` is when that changes (0 = never, or not within two years).
    ``mails`` = its answers to tickets go out by e-mail; else they are written down only.
    """

    id: Id
    slug: str
    name: str
    description: str = ""
    mine: bool = False
    open: bool = False
    routing: Routing = Routing.manual
    priority: int = 0
    guide: str = ""
    hours: str = ""
    note_required: bool = False
    away: Away = Away.refuse
    offer_s: Count = 60
    wait_for_s: Count = 600
    guests: Count = 3
    to_solve: bool = False
    team: bool = False
    languages: list[str] = []
    skills: list[str] = []
    closed: bool = False
    turns_at: Millis = 0
    mails: bool = False


class Person(Part, frozen=True):
    """A member of staff, by id and name as shown."""

    id: Id
    name: str


class Membership(Part, frozen=True):
    """How an agent stands in a department: ``tier`` 1 is asked first, ``limit`` 0 = only the agent's own."""

    department: Id
    tier: int = 1
    limit: Count = 0


class BreakReason(Part, frozen=True):
    """A reason for a break, and how long such a break may be (0 = as long as needed)."""

    name: str
    minutes: Count = 0


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
    An open offer: ``offer_to`` (0 = everybody of ``offer_department``), made by ``offer_by`` (0 = the dispatcher), until
    ``offer_until``. ``wanted`` is the person in whose line it waits until ``wanted_until`` (0 = only preferred).
    ``guests`` have joined, ``invited`` were asked to, until ``invited_until``. ``help_at`` is since when help is called for (0 = it is not),
    ``alarms`` counts lines with words of the department's list.
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
    priority: int = 0
    offer_to: Count = 0
    offer_name: str = ""
    offer_department: Count = 0
    offer_by: Count = 0
    offer_until: Millis = 0
    wanted: Count = 0
    wanted_name: str = ""
    wanted_until: Millis = 0
    guests: list[Person] = []
    invited: list[Person] = []
    invited_until: Millis = 0
    transfers: Count = 0
    help_at: Millis = 0
    alarms: Count = 0


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
    """A member of the team: chosen status and, apart from it, the link (``lost_at`` 0 = connected).

    ``by`` set the status if it was not the person ('' = it was). ``until`` is when a break should be over (0 = open
    end). ``held_until``: with the link lost, the chats are kept until then. ``chats`` of ``limit`` are running or
    offered; ``own_limit`` is what was set for this person (0 = as the system has it). ``departments`` are those whose chats this person answers (0 = all), ``alerts_at`` is when the person last
    tested the alerts (0 = never).
    """

    user: Id
    name: str
    display: str
    status: Status
    since: Millis
    reason: str = ""
    lost_at: Millis = 0
    chats: Count = 0
    by: str = ""
    until: Millis = 0
    held_until: Millis = 0
    limit: Count = 0
    own_limit: Count = 0
    departments: list[int] = []
    members: list[Membership] = []
    languages: list[str] = []
    skills: list[str] = []
    alerts_at: Millis = 0


class Breaks(Word, frozen=True, tag="breaks"):
    """The reasons for a break that one may choose from; none = any words will do."""

    reasons: list[BreakReason]


class Learning(Word, frozen=True, tag="learning"):
    """Who watches this chat openly to learn, now; told to those who answer it. Never stored."""

    chat: Id
    names: list[str]


class Beat(Part, frozen=True):
    """How a running chat stands: ``asked_at`` 0 = the visitor is answered."""

    chat: Id
    asked_at: Millis
    spoke_at: Millis


class Pulse(Word, frozen=True, tag="pulse"):
    """To who asked for it with Wall: the running chats whose beat changed since the last Pulse."""

    beats: list[Beat]


class Message(Word, frozen=True, tag="message"):
    """A staff message. ``room`` is where it lies: ``d7`` = the channel of department 7, ``u3-9`` = between users 3 and 9.

    ``chat`` is what it is about (0 = nothing); ``whisper`` = from somebody who supervises that chat to who answers it.
    ``author`` 0 = a rule wrote it, whose name stands beside; to one person it does so in the room ``u0-9``.
    """

    id: Id
    room: str
    at: Millis
    author: Count
    author_name: str
    text: str
    chat: Count = 0
    whisper: bool = False


class RoomCard(Word, frozen=True, tag="room"):
    """A room that I may read, with its newest message's id and how many I have not read."""

    room: str
    last: Count
    unread: Count
    last_at: Millis = 0
    last_text: str = ""
    last_name: str = ""


class FeedbackCard(Word, frozen=True, tag="feedback"):
    """Feedback on a chat (``seq`` 0 = on the whole) to who wrote that line, or answered the chat then.

    ``acknowledged_at`` 0 = not yet.
    """

    id: Id
    chat: Id
    agent: Id
    agent_name: str
    author: Id
    author_name: str
    at: Millis
    text: str
    seq: Count = 0
    good: bool = False
    acknowledged_at: Millis = 0


class Reason(Part, frozen=True):
    """What the dispatcher found about one agent; ``text`` is the sentence with the facts of that moment."""

    user: Id
    name: str
    verdict: Verdict
    text: str


class Explanation(Word, frozen=True, tag="explanation"):
    """Why a chat went to ``agent`` at that moment (0 = to nobody: it waits, and this is how it stands now).

    ``text`` says it in a sentence, ``reasons`` why (not) each agent of the department.
    """

    chat: Id
    at: Millis
    text: str
    reasons: list[Reason]
    agent: Count = 0
    agent_name: str = ""
    routing: Routing = Routing.manual


class CannedCard(Word, frozen=True, tag="canned"):
    """A canned reply; ``text`` '' = deleted. ``owner`` 0 = shared with the department (0 = everybody)."""

    id: Id
    shortcut: str
    text: str
    owner: Count = 0
    department: Count = 0


class LeftCard(Word, frozen=True, tag="left"):
    """A left message; ``agent`` is who shall answer it (0 = nobody in particular), ``note`` what whoever promised that
    wrote for them. ``ticket`` is what it became."""

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
    agent: Count = 0
    agent_name: str = ""
    note: str = ""
    ticket: Count = 0
    topic: str = ""


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
    | Breaks
    | Learning
    | Pulse
    | Message
    | RoomCard
    | FeedbackCard
    | Explanation
    | TicketFrame
    | Synced
    | Pong
    | Bye
)
