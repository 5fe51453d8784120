"""Where a mail that came belongs: looked up and decided, nothing written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from agentconsole.protocol import TicketQuery, TicketStatus

from .. import token
from ..domain.brakes import MACHINE_LETTERS_AN_HOUR, NEW_TICKETS_AN_HOUR
from ..domain.department import Department
from ..domain.letter import IN_MESSAGE_ID, Bounce, Letter, Nature
from ..domain.spans import HOUR_MS
from ..domain.ticket import Ticket
from ..storage import Connection, arrivals, departments, mails, tickets
from ..storage.mails import Mail

MERGES = 8  # so many merges are followed from the ticket that a token names
ANSWERED = 12  # so many of the mails are looked up that a mail says to answer
NOBODYS = "No department gets its mail from this mailbox."
_NUMBER = re.compile(r"\[?#(\d{1,12})\b\]?")


class Onto(msgspec.Struct, frozen=True):
    """On a ticket: the sender has its key."""

    ticket: Ticket
    outcome: str = "on its ticket"


class New(msgspec.Struct, frozen=True):
    """A new ticket, that ``follows`` a closed one or may belong to the one it is ``related`` to (0 = none).

    ``silent`` = why it is not acknowledged, besides what the letter itself says.
    """

    department: int
    follows: int = 0
    related: int = 0
    silent: str = ""
    outcome: str = arrivals.NEW


class News(msgspec.Struct, frozen=True):
    """A mail server writes about a mail of ours."""

    mail: Mail
    outcome: str = "on the mail that it is about"


class Ignore(msgspec.Struct, frozen=True):
    """Nowhere: nobody needs it; the mail is kept with the reason, for who looks for it."""

    why: str


class Detain(msgspec.Struct, frozen=True):
    """Into quarantine: a person must look at it."""

    why: str


Taken = Onto | New | News
Route = Taken | Ignore | Detain


def route(connection: Connection, letter: Letter, mailbox: str, now: int) -> Route:
    """Where this letter belongs that came into a mailbox."""
    every = [found for found in departments.every(connection) if not found.archived]
    own = own_addresses(every)
    if letter.bounce is not None:
        mail = _mail_of(connection, letter, letter.bounce, now)
        return News(mail) if mail else Ignore("it is about no mail of ours")
    if letter.report:
        return Ignore("it only tells that a mail was delivered or shown")
    if letter.sender in own or without_tag(letter.sender) in own:
        if letter.nature is Nature.person:
            return Detain("It says to come from one of our own addresses.")
        return Ignore("a loop: it comes from one of our own addresses")
    ticket = keyed_ticket(connection, letter, now)
    if ticket is not None:
        if letter.nature is not Nature.person and _too_many(connection, letter, ticket, now):
            return Ignore(f"a loop: more than {MACHINE_LETTERS_AN_HOUR} such mails within an hour")
        if ticket.status is not TicketStatus.closed:
            return Onto(ticket)
        heir = _heir(connection, ticket.department) or _addressed(every, letter, mailbox)
        return _new(connection, letter, New(heir.id, follows=ticket.id), now) if heir else Detain(NOBODYS)
    department = _addressed(every, letter, mailbox)
    if department is None:
        return Detain(NOBODYS)
    return _new(connection, letter, New(department.id, related=_hinted(connection, letter)), now)


def own_addresses(every: Iterable[Department]) -> set[str]:
    """All addresses of ours."""
    return {address for found in every for address in found.mailing.addresses}


def without_tag(address: str) -> str:
    """An address without what stands between the plus sign and the domain."""
    local, at, domain = address.partition("@")
    return local.partition("+")[0] + at + domain


def keyed_ticket(connection: Connection, letter: Letter, now: int) -> Ticket | None:
    """The ticket to which this letter has a key: a token signed for its sender, or a mail that we sent to this sender."""
    key = mails.known_key(connection)
    for each in letter.tokens:
        if key and (number := token.read(key, each, letter.sender, now)):
            found = _living(connection, number)
            if found is not None:
                return found
    for each in _answered(letter):
        mail = mails.by_message_id(connection, [each])
        if mail is not None and mail.ticket and mail.recipient == letter.sender:
            return _living(connection, mail.ticket)
    return None


def _heir(connection: Connection, department: int) -> Department | None:
    """A department, or, if it is archived, the one that it flows over to; None = there is none."""
    found = departments.one(connection, department)
    if found is not None and found.archived:
        found = departments.one(connection, found.overflow_to)
    return found if found is not None and not found.archived else None


def _answered(letter: Letter) -> list[str]:
    """The mails that a letter says to answer, the likeliest first."""
    ids = dict.fromkeys([letter.in_reply_to, *reversed(letter.references)])
    return [each for each in ids if each][:ANSWERED]


def _living(connection: Connection, number: int) -> Ticket | None:
    """A ticket, or the one that it was merged into."""
    found = tickets.one(connection, number, lock=True)
    for _ in range(MERGES):
        if found is None or not found.merged_into:
            break
        found = tickets.one(connection, found.merged_into, lock=True)
    return found


def _too_many(connection: Connection, letter: Letter, ticket: Ticket, now: int) -> bool:
    before = arrivals.machine_letters(connection, letter.sender, ticket.id, now - HOUR_MS)
    return before >= MACHINE_LETTERS_AN_HOUR


def _new(connection: Connection, letter: Letter, way: New, now: int) -> Route:
    if arrivals.new_tickets(connection, letter.sender, now - HOUR_MS) >= NEW_TICKETS_AN_HOUR:
        return Detain(f"Its sender made {NEW_TICKETS_AN_HOUR} tickets within an hour.")
    return way


def _addressed(every: list[Department], letter: Letter, mailbox: str) -> Department | None:
    """The department that a letter was sent to; of those whose mail comes from this mailbox the first, if none is named."""
    here = [found for found in every if found.mailing.mailbox == mailbox]
    for address in (*letter.to, *letter.cc):
        named = {address, without_tag(address)}
        for found in here:
            if named & set(found.mailing.addresses):
                return found
    return here[0] if here else None


def _hinted(connection: Connection, letter: Letter) -> int:
    """The ticket that this letter may belong to, for people to decide; 0 = none."""
    for number in _hints(connection, letter):
        found = _living(connection, number) if number else None
        if found is not None:
            return found.id
    return 0


def _hints(connection: Connection, letter: Letter) -> Iterator[int]:
    for each in letter.tokens:
        yield token.named_in(each)
    if answered := _answered(letter):
        mail = mails.by_message_id(connection, answered)
        yield mail.ticket if mail else 0
        yield arrivals.ticket_of(connection, answered)
    for number in _NUMBER.findall(letter.subject):
        yield int(number)
    query = TicketQuery(status="active", email=letter.sender, order="newest", limit=1)
    for ticket in tickets.page(connection, query, None, 0)[1]:
        yield ticket.id


def _mail_of(connection: Connection, letter: Letter, bounce: Bounce, now: int) -> Mail | None:
    """The mail of ours that a mail server writes about: by its id, which nobody else knows, or by a token in it."""
    if bounce.message_id and (mail := mails.by_message_id(connection, [bounce.message_id])):
        return mail
    key = mails.known_key(connection)
    inside = IN_MESSAGE_ID.fullmatch(bounce.message_id.lower())
    for each in (*letter.tokens, *([inside[1]] if inside else [])):
        number = token.read(key, each, bounce.recipient, now) if key else 0
        last = mails.last_answer(connection, number) if number else 0
        mail = mails.one(connection, last) if last else None
        if mail is not None and mail.recipient == bounce.recipient:
            return mail
    return None
