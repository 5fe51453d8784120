"""What a client may ask for: the commands of visitors and of staff."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .base import ClientId, Count, Id, Outcome, Part, Rating, Status, VisitorToken, Word

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
    (Ack with its id) and ``text`` is said in it. Refused: full, slow_down, too_long, invalid, unknown."""

    cid: ClientId
    department: Id
    text: str = ""
    name: str = ""
    email: str = ""
    topic: str = ""


class Leave(Word, frozen=True, tag="leave"):
    """The visitor ends the chat."""

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
    and its lines come along."""

    cid: ClientId
    department: Id
    text: str
    email: str
    name: str = ""
    chat: Count = 0


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
    """Answer a waiting chat. Refused: taken (names who), gone, unknown. Taking what is mine already is fine."""

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
    """End my chat with an outcome; Reopen undoes it while wrap-up lasts."""

    cid: ClientId
    chat: Id
    outcome: Outcome = Outcome.solved


class Reopen(Word, frozen=True, tag="reopen"):
    """Undo a close while the visitor is there."""

    cid: ClientId
    chat: Id


class Release(Word, frozen=True, tag="release"):
    """Put my chat back into the queue; it keeps its age, so it comes first."""

    cid: ClientId
    chat: Id


class Open(Word, frozen=True, tag="open"):
    """Show me this chat and its further events until Shut. The answer is Resume, events, then Ack."""

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
    """Set my own status; ``reason`` is shown to colleagues."""

    cid: ClientId
    status: Status
    reason: Annotated[str, Meta(max_length=80)] = ""


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
