"""The words about tickets: what left messages, mails and converted chats become, and how staff work on them.

A ticket has one log like a chat: staff read it by ``seq``; what its customer got or sent also has a ``pub``. Lists and
logs are read over REST (docs/api.md); the socket tells what changed and takes what staff do.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from .base import ClientId, Count, Id, Millis, Part, Term, Word
from .events import Party, Public, StaffOnly

MAX_SUBJECT = 200
MAX_TICKET_TEXT = 20_000
MAX_TAG = 40
MAX_TAGS = 20
MAX_FILE = 10 * 1024 * 1024
MAX_FILES = 5


class TicketStatus(Term):
    """Where a ticket stands; who must act next follows from it."""

    new = "new"  # nobody has answered yet
    open = "open"  # staff must act
    waiting = "waiting"  # for the customer
    hold = "hold"  # until a date
    solved = "solved"  # the customer who writes again opens it
    closed = "closed"  # for good: what comes now is a new ticket that follows it


class TicketPriority(Term):
    """How much a ticket presses; each has its own service levels."""

    low = "low"
    normal = "normal"
    high = "high"
    urgent = "urgent"


class Clock(Term):
    """The three clocks of a service level; docs/metrics.md defines them."""

    first = "first"  # to the first human answer
    next = "next"  # to the answer to the customer's first unanswered message
    solve = "solve"  # to solved


class MailKind(Term):
    """What a mail to a customer is for."""

    answer = "answer"
    acknowledgement = "acknowledgement"
    solved = "solved"
    transcript = "transcript"
    rule = "rule"  # an answer that a rule sent


class MailState(Term):
    """How far a mail to a customer has got."""

    queued = "queued"  # will be sent
    sending = "sending"  # given to the mail server just now
    accepted = "accepted"  # the mail server took it, with the answer beside
    deferred = "deferred"  # refused for now, will be tried again
    failed = "failed"  # refused for good, or given up
    bounced = "bounced"  # came back
    unknown = "unknown"  # the server stopped in the middle of sending: a person must decide
    withdrawn = "withdrawn"  # a person decided not to send it


class FileCard(Part, frozen=True):
    """A file of a message: read it with GET /api/files/{id}; ``size`` in bytes."""

    id: Id
    name: str
    type: str
    size: Count


# --- what happens in a ticket


class Wrote(Public, frozen=True, tag="wrote"):
    """The customer wrote. ``text`` is what is new in it; ``quoted`` = there is more in the mail (``mail``, its id)."""

    text: str
    source: str = ""
    email: str = ""
    subject: str = ""
    mail: Count = 0
    quoted: bool = False
    files: list[FileCard] = []


class Answered(Public, frozen=True, tag="answered"):
    """Staff answered; ``mail`` is the mail (0 = there was no address to send one to)."""

    text: str
    to: str = ""
    mail: Count = 0
    files: list[FileCard] = []


class Mailed(Public, frozen=True, tag="mailed"):
    """A mail of ours that no person wrote went out."""

    what: MailKind
    to: str
    mail: Count = 0
    text: str = ""


class Transcribed(Public, frozen=True, tag="transcribed"):
    """The lines of the chat that the ticket was made of."""

    chat: Count
    text: str


class TicketNoted(StaffOnly, frozen=True, tag="ticket_noted"):
    """A private note; no way leads from here to the customer."""

    text: str
    files: list[FileCard] = []


class TicketChanged(StaffOnly, frozen=True, tag="ticket_changed"):
    """``field`` went from ``before`` to ``after`` (as shown); ``why`` is empty where a person did it for a reason of theirs."""

    field: str
    before: str
    after: str
    why: str = ""


class TicketMerged(StaffOnly, frozen=True, tag="ticket_merged"):
    """Another ticket's messages came here (``into`` false), or this one's went to another."""

    other: Id
    into: bool = False


class TicketSplit(StaffOnly, frozen=True, tag="ticket_split"):
    """The message ``seq`` became a ticket of its own (``other``), or this ticket came from there (``seq`` 0)."""

    other: Id
    seq: Count = 0


class RuleFired(StaffOnly, frozen=True, tag="rule_fired"):
    """A rule fired and did this, in words."""

    rule: Id
    name: str
    did: list[str]


class MailMoved(StaffOnly, frozen=True, tag="mail_moved"):
    """A mail to the customer got further, or came back; ``text`` is the mail server's answer."""

    mail: Id
    state: MailState
    text: str = ""


class ClockWarned(StaffOnly, frozen=True, tag="clock_warned"):
    """A service level is near its breach (``breached`` false) or was breached."""

    clock: Clock
    due_at: Millis
    breached: bool = False


TicketPublicWhat = Wrote | Answered | Mailed | Transcribed
TicketStaffWhat = (
    TicketNoted | TicketChanged | TicketMerged | TicketSplit | RuleFired | MailMoved | ClockWarned
)
TicketWhat = TicketPublicWhat | TicketStaffWhat


class TicketEntry(Part, frozen=True):
    """One event of a ticket; ``pub`` 0 = staff only."""

    seq: Id
    at: Millis
    by: Party
    what: TicketWhat
    pub: Count = 0


# --- frames


class TicketCard(Word, frozen=True, tag="ticket"):
    """A ticket in a list: replace the one before if ``version`` is not older.

    ``asked_at`` is since when the customer waits for an answer (0 = does not). ``first_due``, ``next_due``,
    ``solve_due`` are when each clock that runs is breached (0 = it does not run), ``due_at`` the nearest of them;
    ``breached`` are the clocks that were. ``mail`` is the state of the last answer's mail. ``merged_into``,
    ``follows`` and ``related`` ("maybe belongs to") are other tickets (0 = none), ``chat`` the chat it came from.
    """

    ticket: Id
    version: Count
    seq: Count
    pub: Count
    department: Id
    status: TicketStatus
    subject: str
    created_at: Millis
    updated_at: Millis
    email: str = ""
    name: str = ""
    customer: Count = 0
    assignee: Count = 0
    assignee_name: str = ""
    priority: TicketPriority = TicketPriority.normal
    tags: list[str] = []
    source: str = "widget"
    language: str = ""
    first_line: str = ""
    asked_at: Millis = 0
    answered_at: Millis = 0
    solved_at: Millis = 0
    hold_until: Millis = 0
    first_due: Millis = 0
    next_due: Millis = 0
    solve_due: Millis = 0
    due_at: Millis = 0
    breached: list[Clock] = []
    mail: MailState | None = None
    chat: Count = 0
    merged_into: Count = 0
    follows: Count = 0
    related: Count = 0
    drill: bool = False


class TicketGone(Word, frozen=True, tag="ticket_gone"):
    """Tombstone: I may not see this ticket any more."""

    ticket: Id
    version: Count


class TicketCount(Part, frozen=True):
    """A department's tickets by status; ``overdue`` are those whose clock was breached and still runs."""

    department: Id
    new: Count = 0
    open: Count = 0
    waiting: Count = 0
    hold: Count = 0
    solved: Count = 0
    overdue: Count = 0


class TicketCounts(Word, frozen=True, tag="ticket_counts"):
    """My departments' tickets, counted; replaces the counts before."""

    counts: list[TicketCount]


class TicketViewer(Part, frozen=True):
    """Who looks at a ticket now; ``answering`` = with something in the composer."""

    user: Id
    name: str
    answering: bool = False


class TicketViewers(Word, frozen=True, tag="ticket_viewers"):
    """Who else looks at a ticket that I look at. Never stored."""

    ticket: Id
    viewers: list[TicketViewer]


# --- commands

Subject = Annotated[str, Meta(max_length=MAX_SUBJECT)]
Tags = Annotated[list[Annotated[str, Meta(min_length=1, max_length=MAX_TAG)]], Meta(max_length=MAX_TAGS)]
Files = Annotated[list[Id], Meta(max_length=MAX_FILES)]


class NewTicket(Word, frozen=True, tag="new_ticket"):
    """Write a ticket down for a customer (``source`` e.g. "phone", "facebook"); ``follows`` is a closed one that it
    goes on with. Only what a program writes down (``source`` "api") is acknowledged to the customer. Refused: unknown, invalid, empty, too_long."""

    cid: ClientId
    department: Id
    subject: Subject
    text: str
    email: str = ""
    name: str = ""
    source: Annotated[str, Meta(max_length=40)] = "api"
    priority: TicketPriority = TicketPriority.normal
    tags: Tags = []
    follows: Count = 0


class ConvertChat(Word, frozen=True, tag="convert_chat"):
    """Make a ticket of a chat that I answer or that is over; its lines come along. Refused: unknown, not_now (there is one)."""

    cid: ClientId
    chat: Id
    subject: Subject = ""
    note: str = ""


class ReplyTicket(Word, frozen=True, tag="reply_ticket"):
    """Answer the customer, by mail if there is an address.

    ``seen`` is the last seq that the writer has seen: if the customer or a colleague wrote publicly after it, the
    answer is refused (conflict) unless ``insist``. ``email`` is the recipient whom the writer saw: refused (conflict)
    if it is another one by now. ``status`` is what the ticket becomes, ``hold_until`` the date that goes with ``hold``.
    ``files`` were uploaded with POST /api/files. Refused also: unknown, empty, too_long, closed, invalid (hold without a
    date to come, a date without hold).
    """

    cid: ClientId
    ticket: Id
    text: str
    seen: Count
    email: str = ""
    status: TicketStatus = TicketStatus.waiting
    insist: bool = False
    files: Files = []
    hold_until: Millis = 0


class NoteTicket(Word, frozen=True, tag="note_ticket"):
    """Write a private note into a ticket. Refused: unknown, empty, too_long."""

    cid: ClientId
    ticket: Id
    text: str
    files: Files = []


class SetTicket(Word, frozen=True, tag="set_ticket"):
    """Change what a ticket says of itself; what is left out stays. ``assignee`` 0 = nobody.

    ``version``, if given, is the one that the writer saw: refused (conflict) if it is another one by now.
    Refused also: unknown, invalid (hold without a date to come, an assignee who cannot see it).
    """

    cid: ClientId
    ticket: Id
    version: Count = 0
    status: TicketStatus | UnsetType = UNSET
    hold_until: Millis | UnsetType = UNSET
    assignee: Count | UnsetType = UNSET
    department: Id | UnsetType = UNSET
    priority: TicketPriority | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    subject: Subject | UnsetType = UNSET


class TakeTicket(Word, frozen=True, tag="take_ticket"):
    """Become the assignee: of ``ticket``, or with 0 of the unassigned one nearest to its breach in my departments.

    Refused: taken (names who), gone (none is left), unknown.
    """

    cid: ClientId
    ticket: Count = 0


class MergeTicket(Word, frozen=True, tag="merge_ticket"):
    """Put this ticket's messages into another one of the same customer; this one is closed. Refused: unknown, invalid."""

    cid: ClientId
    ticket: Id
    into: Id


class SplitTicket(Word, frozen=True, tag="split_ticket"):
    """Make the customer's message ``seq`` a ticket of its own. Refused: unknown, invalid."""

    cid: ClientId
    ticket: Id
    seq: Id
    subject: Subject = ""


class ViewTicket(Word, frozen=True, tag="view_ticket"):
    """I look at this ticket (``ticket`` 0 = at none); ``answering`` = something stands in the composer. Never stored."""

    ticket: Count
    answering: bool = False


TicketCommand = (
    NewTicket
    | ConvertChat
    | ReplyTicket
    | NoteTicket
    | SetTicket
    | TakeTicket
    | MergeTicket
    | SplitTicket
    | ViewTicket
)
TicketFrame = TicketCard | TicketGone | TicketCounts | TicketViewers
