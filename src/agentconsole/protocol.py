"""The words of agentconsole: every entity, command, event and refusal that crosses a wire.

One JSON object a frame, tagged by ``t``. Three kinds of words: *commands* (client to server), *frames* (server
to client) and, inside an event frame, *what* happened (tagged by ``kind``). Times are UTC milliseconds, ids are
positive integers, ``cid`` is the client's own id for a command: resending a command with its cid is always harmless.

A conversation has one log. Staff read it by ``seq`` (1, 2, 3 ... without gaps); the visitor reads the public
part by ``pub`` (likewise without gaps) and never learns a ``seq``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

VERSION = 1

MAX_FRAME = 65_536
MAX_TEXT = 4_000
MAX_NAME = 80
MAX_EMAIL = 254
MAX_PAGE = 2_048
MAX_TOPIC = 120
MAX_COMMENT = 1_000
MAX_LEFT_TEXT = 10_000

PING_SECONDS = 20
LINK_LOST_SECONDS = 40

MAX_INT = 2**53
Id = Annotated[int, Meta(ge=1, le=MAX_INT)]
Count = Annotated[int, Meta(ge=0, le=MAX_INT)]
Millis = Annotated[int, Meta(ge=0, le=MAX_INT)]
ClientId = Annotated[str, Meta(min_length=8, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]
VisitorToken = Annotated[str, Meta(min_length=43, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


# --- small closed sets ---------------------------------------------------------------------------------------


class Role(StrEnum):
    """What a grant gives: a person's rights are the union of all grants."""

    agent = "agent"
    supervisor = "supervisor"
    analyst = "analyst"
    admin = "admin"


class State(StrEnum):
    """The state of a chat; the transitions are the table in ``backend.domain.chat``."""

    waiting = "waiting"
    offered = "offered"
    active = "active"
    wrapup = "wrapup"
    closed = "closed"
    abandoned = "abandoned"
    left_message = "left_message"


OPEN_STATES = frozenset({State.waiting, State.offered, State.active, State.wrapup})


class Status(StrEnum):
    """An agent's own choice; whether the agent's link is up is another fact (``SeatCard.lost_at``)."""

    online = "online"
    away = "break"
    offline = "offline"


class Rating(StrEnum):
    """The visitor's emoticon after the chat."""

    good = "good"
    fair = "fair"
    bad = "bad"


class Outcome(StrEnum):
    """How an agent closes a chat."""

    solved = "solved"
    unsolved = "unsolved"
    follow_up = "follow_up"
    spam = "spam"


class Side(StrEnum):
    """Who speaks."""

    visitor = "visitor"
    staff = "staff"
    system = "system"


class Code(StrEnum):
    """Why a command was refused; programs act on the code, people read the sentence beside it."""

    bad_frame = "bad_frame"  # not valid JSON, unknown word or field, value out of bounds; the third closes the socket
    login = "login"  # wrong name or password, or the session has ended: log in again
    expired = "expired"  # the visitor's token is too old: make a new one
    unknown = "unknown"  # no such thing, or not yours to see: both answer alike
    taken = "taken"  # somebody else was faster; the sentence names who
    gone = "gone"  # the visitor has left or the chat is over
    closed = "closed"  # the chat has ended and cannot be written to any more
    not_now = "not_now"  # the chat's state does not allow this
    empty = "empty"  # nothing but white space
    too_long = "too_long"  # over the limit named in the sentence; nothing was cut
    invalid = "invalid"  # a value makes no sense; the sentence says which and why
    id_reused = "id_reused"  # this cid was used before for something else
    slow_down = "slow_down"  # too many in too short a time; retry_ms says when to go on
    full = "full"  # the queue is full: leave a message instead
    conflict = "conflict"  # somebody changed it meanwhile; read it again
    busy = "busy"  # the server cannot take it just now: send it again after retry_ms


class Word(msgspec.Struct, tag_field="t", forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """Base of everything that is a whole frame."""


class Part(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """Base of everything that stands inside a frame."""


# --- what happened in a conversation ---------------------------------------------------------------------------


class Public(msgspec.Struct, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """Base of events that the visitor also gets; they have a seq and a pub."""


class StaffOnly(msgspec.Struct, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """Base of events for staff alone; they have a seq and no pub, and lie in a table of their own."""


class Started(Public, tag="started"):
    """The visitor opened the chat and waits."""

    topic: str = ""


class Said(Public, tag="said"):
    """A line from the visitor or from staff, exactly as sent."""

    text: str


class Took(Public, tag="took"):
    """A member of staff (the event's ``by``) now answers the chat."""


class Requeued(Public, tag="requeued"):
    """The chat went back into its queue; the visitor waits again with the first place in line kept."""


class VisitorLeft(Public, tag="visitor_left"):
    """The visitor ended the chat (``by`` visitor) or stayed away too long (``by`` system)."""


class Ended(Public, tag="ended"):
    """Staff closed the chat; wrap-up begins, and the visitor who writes now reopens it."""


class Reopened(Public, tag="reopened"):
    """A close was undone, by staff or by the visitor's next line."""


class Finished(Public, tag="finished"):
    """Wrap-up is over: the conversation is history; the rating may be given from now on."""


class Rated(Public, tag="rated"):
    """The visitor's judgement; the last one counts."""

    rating: Rating
    comment: str = ""


class MessageLeft(Public, tag="message_left"):
    """The waiting visitor would rather get an answer later; the chat became a left message."""


class Noted(StaffOnly, tag="noted"):
    """A private note; no way leads from here to the visitor."""

    text: str


class OutcomeSet(StaffOnly, tag="outcome_set"):
    """How the closing agent judged the chat."""

    outcome: Outcome


PublicWhat = Started | Said | Took | Requeued | VisitorLeft | Ended | Reopened | Finished | Rated | MessageLeft
StaffWhat = Noted | OutcomeSet
What = PublicWhat | StaffWhat


class Party(Part):
    """Who did it. ``id`` is the user's id for staff, 0 for visitor and system."""

    side: Side
    id: Count = 0
    name: str = ""


# --- commands that both doors know -----------------------------------------------------------------------------


class Say(Word, tag="say"):
    """Write a public line into a chat. Refused: empty, too_long, closed, unknown, slow_down, id_reused."""

    cid: ClientId
    chat: Id
    text: str


class Typing(Word, tag="typing"):
    """What stands in the composer now ('' = nothing): newest wins, never stored, expires after 8 s.

    From a visitor the text is the preview; from staff only whether there is text reaches the visitor.
    """

    chat: Id
    text: str = ""


class Seen(Word, tag="seen"):
    """High-water marks of this reader: ``pub`` for visitors, ``seq`` for staff. They never go back."""

    chat: Id
    delivered: Count = 0
    read: Count = 0


class Ping(Word, tag="ping"):
    """Sent by the client every PING_SECONDS; the server answers Pong with the same n."""

    n: Count = 0


# --- the visitor's commands ------------------------------------------------------------------------------------


class VisitorCursor(Part):
    """The last pub that this window has of one chat."""

    chat: Id
    pub: Count


class VisitorHello(Word, tag="hello"):
    """First frame of a visitor's socket, within 5 s.

    ``token`` is 32 random bytes, base64url without padding, made and kept by the visitor's browser; the server
    stores only its hash, and only once a chat or a message begins. ``drill`` marks simulated traffic.
    """

    token: VisitorToken
    cursors: Annotated[list[VisitorCursor], Meta(max_length=16)] = []
    language: Annotated[str, Meta(max_length=35)] = ""
    page: str = ""
    page_title: str = ""
    drill: bool = False


class Start(Word, tag="start"):
    """Open a chat. One open chat per visitor and department: if there is one already, it is the answer
    (Ack with its id) and ``text`` is said in it. Refused: full, slow_down, too_long, invalid, unknown."""

    cid: ClientId
    department: Id
    text: str = ""
    name: str = ""
    email: str = ""
    topic: str = ""


class Leave(Word, tag="leave"):
    """The visitor ends the chat."""

    cid: ClientId
    chat: Id


class Rate(Word, tag="rate"):
    """Judge an ended chat; again = replace."""

    cid: ClientId
    chat: Id
    rating: Rating
    comment: str = ""


class LeaveMessage(Word, tag="leave_message"):
    """Leave a message to be answered later by e-mail. With ``chat``: the waiting chat ends as this message
    and its lines come along."""

    cid: ClientId
    department: Id
    text: str
    email: str
    name: str = ""
    chat: Count = 0


class Browse(Word, tag="browse"):
    """The page the visitor is on now."""

    page: str
    page_title: str = ""


VisitorCommand = VisitorHello | Start | Say | Typing | Seen | Leave | Rate | LeaveMessage | Browse | Ping


# --- staff commands --------------------------------------------------------------------------------------------


class Cursor(Part):
    """The last seq that this console has of one chat."""

    chat: Id
    seq: Count


class StaffHello(Word, tag="hello"):
    """First frame of a staff socket, within 5 s. ``token`` comes from POST /api/sessions."""

    token: Annotated[str, Meta(min_length=20, max_length=200)]
    cursors: Annotated[list[Cursor], Meta(max_length=500)] = []
    client: Annotated[str, Meta(max_length=80)] = ""


class Take(Word, tag="take"):
    """Answer a waiting chat. Refused: taken (names who), gone, unknown. Taking what is mine already is fine."""

    cid: ClientId
    chat: Id


class TakeNext(Word, tag="take_next"):
    """Answer the chat that has waited longest in my departments (``department`` 0 = any). Refused: gone (none waits)."""

    cid: ClientId
    department: Count = 0


class Note(Word, tag="note"):
    """Write a private note into a chat."""

    cid: ClientId
    chat: Id
    text: str


class Close(Word, tag="close"):
    """End my chat with an outcome; Reopen undoes it while wrap-up lasts."""

    cid: ClientId
    chat: Id
    outcome: Outcome = Outcome.solved


class Reopen(Word, tag="reopen"):
    """Undo a close while the visitor is there."""

    cid: ClientId
    chat: Id


class Release(Word, tag="release"):
    """Put my chat back into the queue; it keeps its age, so it comes first."""

    cid: ClientId
    chat: Id


class Open(Word, tag="open"):
    """Show me this chat and its further events until Shut. The answer is Resume, events, then Ack."""

    cid: ClientId
    chat: Id
    after: Count = 0


class Shut(Word, tag="shut"):
    """No more events of this chat, please. My own chats cannot be shut."""

    chat: Id


class Older(Word, tag="older"):
    """The ``limit`` events before ``before``. The answer is Event frames (ascending), then Ack with the first seq sent
    (or ``before`` itself when there was nothing older)."""

    cid: ClientId
    chat: Id
    before: Id
    limit: Annotated[int, Meta(ge=1, le=500)] = 200


class SetStatus(Word, tag="set_status"):
    """Set my own status; ``reason`` is shown to colleagues."""

    cid: ClientId
    status: Status
    reason: Annotated[str, Meta(max_length=80)] = ""


class NoteCustomer(Word, tag="note_customer"):
    """Add a note to the customer card of this chat's e-mail address. Refused: invalid (the chat has no e-mail)."""

    cid: ClientId
    chat: Id
    text: str


class SaveCanned(Word, tag="save_canned"):
    """Create or replace my canned reply with this shortcut; an empty text deletes it."""

    cid: ClientId
    shortcut: Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[^\s/]+$")]
    text: str
    department: Count = 0
    everybody: bool = False


class HandleLeft(Word, tag="handle_left"):
    """Mark a left message as handled by me, or open again."""

    cid: ClientId
    message: Id
    handled: bool = True


StaffCommand = (
    StaffHello
    | Take
    | TakeNext
    | Say
    | Note
    | Close
    | Reopen
    | Release
    | Typing
    | Seen
    | Open
    | Shut
    | Older
    | SetStatus
    | NoteCustomer
    | SaveCanned
    | HandleLeft
    | Ping
)


# --- frames to both --------------------------------------------------------------------------------------------


class Refused(Word, tag="refused"):
    """The command ``cid`` was refused and changed nothing ('' = the frame could not be read)."""

    code: Code
    text: str
    cid: str = ""
    chat: Count = 0
    retry_ms: Count = 0


class Pong(Word, tag="pong"):
    """Answer to Ping; ``now`` is the server's clock."""

    n: Count = 0
    now: Millis = 0


class Bye(Word, tag="bye"):
    """The server closes this socket on purpose. Come back after ``retry_ms`` (already spread by the server)."""

    text: str
    retry_ms: Count = 0


# --- frames to the visitor ---------------------------------------------------------------------------------------


class DepartmentFace(Part):
    """A department as a visitor sees it; ``open`` = somebody can answer now."""

    id: Id
    slug: str
    name: str
    open: bool
    welcome: str = ""
    topics: list[str] = []


class VisitorWelcome(Word, tag="welcome"):
    """Answer to hello. ``run`` changes when the server restarts. Chat cards and events follow, then Synced."""

    run: str
    now: Millis
    departments: list[DepartmentFace]
    version: int = VERSION


class Departments(Word, tag="departments"):
    """The departments changed or somebody came or went; replaces the list in welcome."""

    departments: list[DepartmentFace]


class VisitorCard(Word, tag="chat"):
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


class VisitorResume(Word, tag="resume"):
    """Events ``after`` + 1 to ``pub`` of this chat follow. ``reset``: forget what you have of it, the cursor did not fit."""

    chat: Id
    after: Count
    pub: Count
    reset: bool = False


class Face(Part):
    """Who did it, as far as a visitor may know."""

    side: Side
    name: str = ""


class VisitorEvent(Word, tag="event"):
    """One public event."""

    chat: Id
    pub: Id
    at: Millis
    by: Face
    what: PublicWhat


class VisitorAck(Word, tag="ack"):
    """The command ``cid`` is durable. ``pub`` is its event's number (0 = it made none)."""

    cid: str
    chat: Count = 0
    pub: Count = 0


class AgentTyping(Word, tag="agent_typing"):
    """Somebody of staff is typing, or stopped."""

    chat: Id
    name: str
    on: bool


class StaffMarks(Word, tag="marks"):
    """How far staff have got, as pub."""

    chat: Id
    delivered: Count
    read: Count


class Place(Word, tag="place"):
    """The visitor's place in line changed."""

    chat: Id
    place: Count
    wait_s: Annotated[int, Meta(ge=-1, le=MAX_INT)] = -1


class VisitorSynced(Word, tag="synced"):
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


# --- frames to staff ---------------------------------------------------------------------------------------------


class Grant(Part):
    """A role in one department, or in all (``department`` 0)."""

    role: Role
    department: Count = 0


class DepartmentCard(Part):
    """A department as staff see it."""

    id: Id
    slug: str
    name: str
    description: str = ""
    mine: bool = False


class Welcome(Word, tag="welcome"):
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


class DepartmentList(Word, tag="departments"):
    """All departments I may know of."""

    departments: list[DepartmentCard]


class ChatCard(Word, tag="card"):
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


class Gone(Word, tag="gone"):
    """Tombstone: this chat is in none of my lists any more, or I may not see it any more."""

    chat: Id
    version: Count


class Resume(Word, tag="resume"):
    """Events ``after`` + 1 to ``seq`` of this chat follow. ``reset``: forget what you have of it; older ones by Older."""

    chat: Id
    after: Count
    seq: Count
    reset: bool = False


class Event(Word, tag="event"):
    """One event of a chat; ``pub`` 0 = staff only."""

    chat: Id
    seq: Id
    at: Millis
    by: Party
    what: What
    pub: Count = 0


class Ack(Word, tag="ack"):
    """The command ``cid`` is durable. ``seq`` is its (last) event's number (0 = it made none)."""

    cid: str
    chat: Count = 0
    seq: Count = 0


class Preview(Word, tag="preview"):
    """What the visitor is typing now ('' = nothing). Forget it after 8 s without a new one."""

    chat: Id
    text: str


class ColleagueTyping(Word, tag="colleague_typing"):
    """Another member of staff is typing in this chat, or stopped."""

    chat: Id
    user: Id
    name: str
    on: bool


class VisitorMarks(Word, tag="marks"):
    """How far the visitor has got, as pub."""

    chat: Id
    delivered: Count
    read: Count


class VisitorPresence(Word, tag="presence"):
    """The visitor's link and page (``lost_at`` 0 = connected)."""

    chat: Id
    version: Count
    lost_at: Millis = 0
    page: str = ""
    page_title: str = ""


class SeatCard(Word, tag="seat"):
    """A member of the team: chosen status and, apart from it, the link (``lost_at`` 0 = connected)."""

    user: Id
    name: str
    display: str
    status: Status
    since: Millis
    reason: str = ""
    lost_at: Millis = 0
    chats: Count = 0


class CannedCard(Word, tag="canned"):
    """A canned reply; ``text`` '' = deleted. ``owner`` 0 = shared with the department (0 = everybody)."""

    id: Id
    shortcut: str
    text: str
    owner: Count = 0
    department: Count = 0


class LeftCard(Word, tag="left"):
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


class Synced(Word, tag="synced"):
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
    | VisitorPresence
    | SeatCard
    | CannedCard
    | LeftCard
    | Synced
    | Pong
    | Bye
)


# --- REST bodies ---------------------------------------------------------------------------------------------------


class Login(Part):
    """POST /api/sessions."""

    name: Annotated[str, Meta(max_length=80)]
    password: Annotated[str, Meta(max_length=1_000)]
    label: Annotated[str, Meta(max_length=80)] = ""


class Session(Part):
    """A revocable token of one login, shown once."""

    token: str
    user: Id
    name: str
    display: str
    expires_at: Millis


class CustomerNote(Part):
    """A note on a customer card."""

    at: Millis
    author: str
    text: str


class EarlierChat(Part):
    """A line in a customer's history, newest first."""

    chat: Id
    department: Id
    started_at: Millis
    state: State
    first_line: str = ""
    outcome: Outcome | None = None
    rating: Rating | None = None
    owner_name: str = ""


class CustomerCard(Part):
    """GET /api/chats/{id}/customer: who this is, as far as the reader may know."""

    email: str
    name: str
    chats: list[EarlierChat]
    notes: list[CustomerNote]
    left: list[LeftCard] = []


# --- encoding ------------------------------------------------------------------------------------------------------


class BadFrame(ValueError):
    """What came in is not one of our words; the message says what is wrong with it."""


encode = msgspec.json.Encoder().encode

_visitor_command = msgspec.json.Decoder(VisitorCommand)
_staff_command = msgspec.json.Decoder(StaffCommand)
_visitor_frame = msgspec.json.Decoder(VisitorFrame)
_staff_frame = msgspec.json.Decoder(StaffFrame)
_what = msgspec.json.Decoder(What)
_public_what = msgspec.json.Decoder(PublicWhat)


def _decode(decoder: msgspec.json.Decoder[Any], data: bytes | str) -> Any:
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise BadFrame(str(error)) from error


def decode_visitor_command(data: bytes | str) -> VisitorCommand:
    """A frame from a visitor. Raises BadFrame."""
    command: VisitorCommand = _decode(_visitor_command, data)
    return command


def decode_staff_command(data: bytes | str) -> StaffCommand:
    """A frame from staff. Raises BadFrame."""
    command: StaffCommand = _decode(_staff_command, data)
    return command


def decode_visitor_frame(data: bytes | str) -> VisitorFrame:
    """A frame from the server to a visitor. Raises BadFrame."""
    frame: VisitorFrame = _decode(_visitor_frame, data)
    return frame


def decode_staff_frame(data: bytes | str) -> StaffFrame:
    """A frame from the server to staff. Raises BadFrame."""
    frame: StaffFrame = _decode(_staff_frame, data)
    return frame


def decode_what(data: bytes | str) -> What:
    """The stored body of an event of either table. Raises BadFrame."""
    what: What = _decode(_what, data)
    return what


def decode_public_what(data: bytes | str) -> PublicWhat:
    """The stored body of a public event; a staff-only word is refused here. Raises BadFrame."""
    what: PublicWhat = _decode(_public_what, data)
    return what
