"""What a client may ask for: the commands of visitors and of staff."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .base import (
    MAX_PRIORITY,
    MAX_REASON,
    MAX_TEXT,
    Away,
    ClientId,
    Count,
    Id,
    Outcome,
    Part,
    Rating,
    Status,
    VisitorToken,
    Word,
)
from .tickets import TicketCommand

# --- commands that both doors know


class Say(Word, frozen=True, tag="say"):
    """Write a public line into a chat. Refused: empty, too_long, closed, unknown, slow_down, id_reused."""

    cid: ClientId
    chat: Id
    text: str


class Typing(Word, frozen=True, tag="typing"):
    """What stands in the composer now ('' = nothing): newest wins, never stored, expires after 8 s.

    From a visitor the text is the preview; from staff only whether there is text reaches the visitor.
    """

    chat: Id
    text: str = ""


class Seen(Word, frozen=True, tag="seen"):
    """High-water marks of this reader: ``pub`` for visitors, ``seq`` for staff. They never go back."""

    chat: Id
    delivered: Count = 0
    read: Count = 0


class Ping(Word, frozen=True, tag="ping"):
    """Sent by the client every PING_SECONDS; the server answers Pong with the same n."""

    n: Count = 0


# --- the visitor's commands


class VisitorCursor(Part, frozen=True):
    """The last pub that this window has of one chat."""

    chat: Id
    pub: Count


class VisitorHello(Word, frozen=True, tag="hello"):
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


class Start(Word, frozen=True, tag="start"):
    """Open a chat. One open chat per visitor and department: if there is one already, it is the answer
    (Ack with its id) and ``text`` is said in it. With ``department`` 0 the topic, else the page, leads to one.
    Refused: full, slow_down, too_long, invalid, unknown."""

    cid: ClientId
    department: Count
    text: str = ""
    name: str = ""
    email: str = ""
    topic: str = ""


class Leave(Word, frozen=True, tag="leave"):
    """The visitor ends the chat; a member of staff who joined it leaves it. Refused: not_now (its owner transfers,
    closes or gives it back instead)."""

    cid: ClientId
    chat: Id


class Rate(Word, frozen=True, tag="rate"):
    """Judge an ended chat; again = replace."""

    cid: ClientId
    chat: Id
    rating: Rating
    comment: str = ""


class LeaveMessage(Word, frozen=True, tag="leave_message"):
    """Leave a message to be answered later by e-mail. With ``chat``: the waiting chat ends as this message
    and its topic and lines come along."""

    cid: ClientId
    department: Id
    text: str
    email: str
    name: str = ""
    chat: Count = 0
    topic: str = ""


class Browse(Word, frozen=True, tag="browse"):
    """The page the visitor is on now."""

    page: str
    page_title: str = ""


VisitorCommand = VisitorHello | Start | Say | Typing | Seen | Leave | Rate | LeaveMessage | Browse | Ping


# --- staff commands


class Cursor(Part, frozen=True):
    """The last seq that this console has of one chat."""

    chat: Id
    seq: Count


class StaffHello(Word, frozen=True, tag="hello"):
    """First frame of a staff socket, within 5 s. ``token`` comes from POST /api/sessions."""

    token: Annotated[str, Meta(min_length=20, max_length=200)]
    cursors: Annotated[list[Cursor], Meta(max_length=500)] = []
    client: Annotated[str, Meta(max_length=80)] = ""


class Take(Word, frozen=True, tag="take"):
    """Answer a waiting chat, or one that is offered or being transferred to me or to my department. Refused: taken (names who), gone, unknown. Taking what is mine already is fine."""

    cid: ClientId
    chat: Id


class TakeNext(Word, frozen=True, tag="take_next"):
    """Answer the chat that has waited longest in my departments (``department`` 0 = any). Refused: gone (none waits)."""

    cid: ClientId
    department: Count = 0


class Note(Word, frozen=True, tag="note"):
    """Write a private note into a chat."""

    cid: ClientId
    chat: Id
    text: str


class Close(Word, frozen=True, tag="close"):
    """End my chat with an outcome; Reopen undoes it while wrap-up lasts. Without an outcome it ends unmarked:
    refused (invalid) where the department's chats must be marked."""

    cid: ClientId
    chat: Id
    outcome: Outcome | None = Outcome.solved


class Reopen(Word, frozen=True, tag="reopen"):
    """Undo a close while the visitor is there."""

    cid: ClientId
    chat: Id


class Finish(Word, frozen=True, tag="finish"):
    """End the wrap-up of my chat now. Refused: not_now (it still runs: Close it first), closed."""

    cid: ClientId
    chat: Id


class Release(Word, frozen=True, tag="release"):
    """Put my chat back into the queue; it keeps its age, so it comes first."""

    cid: ClientId
    chat: Id


class Open(Word, frozen=True, tag="open"):
    """Show me this chat and its further events until Shut. The answer is Resume, events, then Ack.

    Opened by a supervisor or analyst who takes no part in it, a running chat is observed: nobody in it can notice,
    and the audit log keeps who watched it from when to when. Opened by a colleague, it is watched openly to learn:
    those who answer it are told (Learning).
    """

    cid: ClientId
    chat: Id
    after: Count = 0


class Shut(Word, frozen=True, tag="shut"):
    """No more events of this chat, please. My own chats cannot be shut."""

    chat: Id


class Older(Word, frozen=True, tag="older"):
    """The ``limit`` events before ``before``. The answer is Event frames (ascending), then Ack with the first seq sent
    (or ``before`` itself when there was nothing older)."""

    cid: ClientId
    chat: Id
    before: Id
    limit: Annotated[int, Meta(ge=1, le=500)] = 200


class SetStatus(Word, frozen=True, tag="set_status"):
    """Set my own status, or with ``user`` somebody else's (supervisors); ``reason`` is shown to colleagues.

    Refused: not_now (offline while I still answer chats), invalid (a break asks for one of the reasons, if there are any).
    """

    cid: ClientId
    status: Status
    reason: Annotated[str, Meta(max_length=80)] = ""
    user: Count = 0


class Phone(Word, frozen=True, tag="phone"):
    """A call begins, or (``on`` false) ends and the status before it comes back. With ``user``: of somebody else."""

    cid: ClientId
    on: bool
    user: Count = 0


class AlertsTested(Word, frozen=True, tag="alerts_tested"):
    """I saw and heard the test of my alerts; the team screen shows when."""

    cid: ClientId


class Decline(Word, frozen=True, tag="decline"):
    """I would rather not have this chat that is offered to me, or not join it; it goes on to the next."""

    cid: ClientId
    chat: Id
    reason: Annotated[str, Meta(max_length=MAX_REASON)] = ""


class Transfer(Word, frozen=True, tag="transfer"):
    """Offer my chat to an agent, to a department, or to a department preferring an agent.

    I keep it until it is accepted. An agent's refusal or silence leaves it with me; that of a department puts it into
    the department's queue. ``away`` says what to do if the agent cannot take it now (None: as the department has it);
    ``force`` (supervisors) makes it the agent's at once.
    Refused: invalid (to oneself, to who has it, a note is required), unavailable, limit, not_now, unknown.
    """

    cid: ClientId
    chat: Id
    user: Count = 0
    department: Count = 0
    note: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    away: Away | None = None
    force: bool = False


class CancelTransfer(Word, frozen=True, tag="cancel_transfer"):
    """Take my offer of this chat back."""

    cid: ClientId
    chat: Id


class TakeOver(Word, frozen=True, tag="take_over"):
    """A supervisor becomes the owner of a running chat."""

    cid: ClientId
    chat: Id


class Join(Word, frozen=True, tag="join"):
    """Join a running chat openly: the visitor is told, its owner stays responsible. Refused: limit, not_now, unknown."""

    cid: ClientId
    chat: Id


class Invite(Word, frozen=True, tag="invite"):
    """Ask a colleague to join my chat; Join accepts, Decline declines. Refused: limit, invalid, unavailable.

    It ends unanswered after the department's time for an offer, or once the colleague is gone.
    """

    cid: ClientId
    chat: Id
    user: Id


class CancelInvite(Word, frozen=True, tag="cancel_invite"):
    """Take the invitation of this colleague back. Refused: not_now (not invited, or not any more)."""

    cid: ClientId
    chat: Id
    user: Id


class AskHelp(Word, frozen=True, tag="ask_help"):
    """Call the department's supervisors to my chat."""

    cid: ClientId
    chat: Id
    text: Annotated[str, Meta(max_length=MAX_REASON)] = ""


class EndHelp(Word, frozen=True, tag="end_help"):
    """The call for help is answered, or not needed any more."""

    cid: ClientId
    chat: Id


class Prioritise(Word, frozen=True, tag="prioritise"):
    """Set a waiting chat's own priority: each point counts like a fixed time of waiting more (supervisors)."""

    cid: ClientId
    chat: Id
    priority: Annotated[int, Meta(ge=-MAX_PRIORITY, le=MAX_PRIORITY)]


class Explain(Word, frozen=True, tag="explain"):
    """Why did this chat go where it went, or why does it wait? The answer is Explanation, then Ack."""

    cid: ClientId
    chat: Id


class Wall(Word, frozen=True, tag="wall"):
    """Tell me (Pulse) how long the visitors of running chats wait for an answer, or stop it."""

    on: bool


class StaffMessage(Word, frozen=True, tag="message"):
    """Write to a colleague (``user``) or to a department's channel (``department``); the visitor never sees it.

    With ``chat`` it is about that chat: to its owner from somebody who supervises it, it is a whisper.
    Refused: invalid (nobody, or both, or oneself), unknown, empty, too_long.
    """

    cid: ClientId
    text: str
    user: Count = 0
    department: Count = 0
    chat: Count = 0


class ReadMessages(Word, frozen=True, tag="read_messages"):
    """I have read this room's messages up to this id; it never goes back."""

    room: Annotated[str, Meta(max_length=40)]
    upto: Count


class OlderMessages(Word, frozen=True, tag="older_messages"):
    """The ``limit`` messages of a room before ``before`` (0 = the newest). The answer is Message frames
    (ascending), then Ack with the first id sent as ``seq`` (or ``before`` itself when there was nothing older)."""

    cid: ClientId
    room: Annotated[str, Meta(max_length=40)]
    before: Count = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class GiveFeedback(Word, frozen=True, tag="give_feedback"):
    """Tell the agent of a chat what was ``good``, or what to improve, about line ``seq`` (0 = the whole chat).

    It goes to who wrote that line; of the visitor's lines, and of the whole, to who answered the chat then, or last.
    """

    cid: ClientId
    chat: Id
    text: str
    seq: Count = 0
    good: bool = False


class AcknowledgeFeedback(Word, frozen=True, tag="acknowledge_feedback"):
    """I have read this feedback on my chat."""

    cid: ClientId
    feedback: Id


class SetMember(Word, frozen=True, tag="set_member"):
    """How an agent stands in a department: ``tier`` 1 is asked first; ``limit`` chats of it at once (0 = the agent's own)."""

    cid: ClientId
    user: Id
    department: Id
    tier: Annotated[int, Meta(ge=1, le=9)] = 1
    limit: Annotated[int, Meta(ge=0, le=1_000)] = 0


class SetAgent(Word, frozen=True, tag="set_agent"):
    """What an agent can and how many chats at once (``limit`` 0 = as the system has it)."""

    cid: ClientId
    user: Id
    limit: Annotated[int, Meta(ge=0, le=1_000)] = 0
    languages: Annotated[list[Annotated[str, Meta(max_length=35)]], Meta(max_length=20)] = []
    skills: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=50)] = []


class NoteCustomer(Word, frozen=True, tag="note_customer"):
    """Add a note to the customer card of this chat's e-mail address. Refused: invalid (the chat has no e-mail)."""

    cid: ClientId
    chat: Id
    text: str


class SaveCanned(Word, frozen=True, tag="save_canned"):
    """Create or replace my canned reply with this shortcut; an empty text deletes it."""

    cid: ClientId
    shortcut: Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[^\s/]+$(?!\n)")]
    text: str
    department: Count = 0
    everybody: bool = False


class HandleLeft(Word, frozen=True, tag="handle_left"):
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
    | Finish
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
    | Phone
    | AlertsTested
    | Decline
    | Transfer
    | CancelTransfer
    | TakeOver
    | Join
    | Leave
    | Invite
    | CancelInvite
    | AskHelp
    | EndHelp
    | Prioritise
    | Explain
    | Wall
    | StaffMessage
    | ReadMessages
    | OlderMessages
    | GiveFeedback
    | AcknowledgeFeedback
    | SetMember
    | SetAgent
    | TicketCommand
    | Ping
)
