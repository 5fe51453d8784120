"""A mail that came becomes part of a ticket, a new ticket, news of a mail of ours, or goes into quarantine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import (
    MAX_NAME,
    MAX_TICKET_TEXT,
    Code,
    FileCard,
    MailKind,
    MailMoved,
    MailState,
    Party,
    QuarantineCard,
    Side,
    TicketStatus,
    TicketWhat,
    Wrote,
)
from agentconsole.text import header

from ..domain.brakes import why_silent
from ..domain.letter import Bounce, Letter, Nature
from ..domain.life import Refusal
from ..domain.policy import Actor, Deed, Thing, can
from ..domain.spans import HOUR_MS
from ..domain.ticket import SYSTEM_PARTY, Ticket, into, record, subject_of
from ..storage import Connection, arrivals, departments, files, mails, tickets
from ..storage.arrivals import Arrival
from ..storage.chats import WorkingSet
from .admin import Done
from .admin import record as record_audit
from .made import Made, TicketMade
from .mailing import answered
from .posting import post
from .sorting import Detain, Ignore, New, News, Onto, Taken, keyed_ticket, own_addresses, route
from .things import require
from .tickets import Draft, begin, keep, made_of, received

SOURCE = "email"
FORM = "form"  # a web form wrote: nobody has proved that the address in it is theirs


class ReceiveMail(msgspec.Struct, frozen=True):
    """A mail that came into a mailbox and could be read."""

    mailbox: str
    letter: Letter
    raw: bytes


class DetainMail(msgspec.Struct, frozen=True):
    """A mail that came into a mailbox and could not be read, and why."""

    mailbox: str
    reason: str
    raw: bytes


class AdvanceMailbox(msgspec.Struct, frozen=True):
    """All mails of a mailbox's folder up to this uid were taken in; ``validity`` is the folder's own number."""

    mailbox: str
    validity: int
    uid: int


class DiscardMail(msgspec.Struct, tag_field="t", tag="discard_mail", forbid_unknown_fields=True, frozen=True):
    """Throw away a mail in quarantine, or one that was ignored, for good. Refused: unknown, not_now (it was released)."""

    mail: int


class ReleaseMail(msgspec.Struct, frozen=True):
    """Take in a mail from quarantine after all; ``letter`` is what could be read of it.

    Refused: unknown, not_now (it was released or discarded already, or came again by itself).
    """

    cid: str
    mail: int
    department: int
    letter: Letter


def _receive(sheet: WorkingSet, actor: Actor, command: ReceiveMail, now: int) -> Made:
    require(actor, Deed.expire)
    letter, digest = command.letter, digest_of(command.letter, command.raw)
    if (known := arrivals.same(sheet.connection, digest)) is not None:
        return Made(about=known.ticket, seq=known.seq, value=f"came before ({known.outcome})")
    if why := arrivals.unneeded(sheet.connection, digest):
        return Made(value=f"came before ({why})")
    way = route(sheet.connection, letter, command.mailbox, now)
    if isinstance(way, Detain | Ignore):
        return _lock_away(sheet, command.mailbox, way, command.raw, digest, now, letter)
    return _take_in(sheet, command.mailbox, letter, command.raw, digest, way, now)


def _detain(sheet: WorkingSet, actor: Actor, command: DetainMail, now: int) -> Made:
    require(actor, Deed.expire)
    digest = hashlib.sha256(command.raw).digest()
    return _lock_away(sheet, command.mailbox, Detain(command.reason), command.raw, digest, now, None)


def _release(sheet: WorkingSet, actor: Actor, command: ReleaseMail, now: int) -> Made:
    card = _prisoner(sheet, command.mail)
    if command.department not in released_into(sheet.connection, actor, card):
        raise no_prisoner()
    if card.released_at:
        raise _released(card)
    if card.discarded_at:
        raise Refusal(Code.not_now, f"{card.discarded_by} has discarded this mail; nothing of it is left.")
    raw = arrivals.detained_raw(sheet.connection, card.id)
    digest = digest_of(command.letter, raw)
    if (known := arrivals.same(sheet.connection, digest)) is not None:
        raise Refusal(Code.not_now, f"This mail came by itself meanwhile; it is ticket {known.ticket}.")
    ticket = keyed_ticket(sheet.connection, command.letter, now)
    fits = ticket is not None and ticket.status is not TicketStatus.closed
    way: Taken = Onto(ticket) if ticket is not None and fits else New(command.department, silent="released")
    made = _take_in(sheet, card.mailbox, command.letter, raw, digest, way, now)
    arrivals.release(sheet.connection, card.id, actor.display, now, made.about)
    return made


def _discard(sheet: WorkingSet, actor: Actor, command: DiscardMail, now: int) -> Made:
    card = _prisoner(sheet, command.mail)
    if not (can(actor, Deed.settle_mail) or released_into(sheet.connection, actor, card)):
        raise no_prisoner()
    if card.released_at:
        raise _released(card)
    if card.discarded_at:
        sentence = f"{card.discarded_by} has discarded mail {card.id} already."
        return Made(value=Done(False, sentence, str(card.id)))
    arrivals.discard(sheet.connection, card.id, actor.display or actor.name, now)
    record_audit(sheet, actor, now, "discard_mail", f"quarantine {card.id}", header(card.sender, MAX_NAME))
    return Made(value=Done(True, f"Mail {card.id} is discarded.", str(card.id)))


def _prisoner(sheet: WorkingSet, key: int) -> QuarantineCard:
    card = arrivals.prisoner(sheet.connection, key, lock=True)
    if card is None:
        raise no_prisoner()
    return card


def no_prisoner() -> Refusal:
    """There is no such mail, or not for who asks."""
    return Refusal(Code.unknown, "There is no such mail in quarantine.")


def _released(card: QuarantineCard) -> Refusal:
    return Refusal(Code.not_now, f"{card.released_by} has released this mail; it is ticket {card.ticket}.")


def released_into(connection: Connection, actor: Actor, card: QuarantineCard) -> list[int]:
    """The departments that this actor may give a mail from quarantine to: those whose mailbox it came into.

    A mailbox that no department has any more is everybody's who may decide in all of them.
    """
    every = departments.every(connection)
    whose = [found for found in every if found.mailing.mailbox == card.mailbox]
    if not whose and can(actor, Deed.settle_mail):
        whose = [found for found in every if not found.archived]
    return [found.id for found in whose if can(actor, Deed.settle_mail, Thing(department=found.id))]


def _advance(sheet: WorkingSet, actor: Actor, command: AdvanceMailbox, now: int) -> Made:
    require(actor, Deed.expire)
    arrivals.advance(sheet.connection, command.mailbox, command.validity, command.uid)
    return Made()


def digest_of(letter: Letter, raw: bytes) -> bytes:
    """The same for the same mail, by whatever way and however often it comes.

    On each way other servers write other headers, so with an id of its own only what the mail says counts.
    """
    if not letter.message_id or not letter.sent_at:
        return hashlib.sha256(raw).digest()
    said = (letter.message_id, letter.sender, letter.subject, letter.sent_at, letter.text, letter.files)
    return hashlib.sha256(msgspec.msgpack.encode(said)).digest()


def _lock_away(
    sheet: WorkingSet,
    mailbox: str,
    way: Detain | Ignore,
    raw: bytes,
    digest: bytes,
    now: int,
    letter: Letter | None,
) -> Made:
    """Keep a mail that belongs nowhere: for a person to decide about, or only to be found by who looks for it."""
    card = QuarantineCard(
        id=0,
        mailbox=mailbox,
        at=now,
        reason=way.why,
        sender=letter.sender if letter else "",
        subject=letter.subject if letter else "",
        size=len(raw),
        ignored=isinstance(way, Ignore),
    )
    key = arrivals.detain(sheet.connection, card, digest, raw)
    if arrivals.unneeded(sheet.connection, digest) == "discarded":
        return Made(value="came before (discarded)")
    return Made(value=f"ignored ({key}): {way.why}" if card.ignored else f"in quarantine ({key})")


def _take_in(
    sheet: WorkingSet,
    mailbox: str,
    letter: Letter,
    raw: bytes,
    digest: bytes,
    way: Taken,
    now: int,
) -> Made:
    arrival = Arrival(
        id=0,
        mailbox=mailbox,
        message_id=letter.message_id,
        digest=digest,
        at=now,
        sender=letter.sender,
        outcome=f"{letter.nature.value}: {way.outcome}",
    )
    key = arrivals.add(sheet.connection, arrival, raw)
    if isinstance(way, News):
        made = _came_back(sheet, way, letter.bounce, key, now)
    elif isinstance(way, Onto):
        made = _onto(sheet, way.ticket, letter, key, now)
    else:
        closed = tickets.one(sheet.connection, way.follows, lock=True) if way.follows else None
        made = _new(sheet, way, letter, key, now)
        if closed is not None and (after := answered(sheet, closed, letter, now)) is not closed:
            made.news.append(TicketMade(closed, after))
    made.value = arrival.outcome
    return made


def _onto(sheet: WorkingSet, before: Ticket, letter: Letter, key: int, now: int) -> Made:
    """The customer wrote on; what a program of the customer's wrote changes nothing but the log."""
    first, before = before, answered(sheet, before, letter, now)
    what = _wrote(sheet, letter, key, now)
    _bind(sheet, what, key, before.id, before.seq + 1)
    by = Party(Side.visitor, 0, letter.sender_name[:MAX_NAME] or letter.sender)
    if letter.nature is Nature.person:
        after = received(sheet, before, what, by, now)
    else:
        department = sheet.department(before.department)
        after, lines = record(before, by, [what], now)
        tickets.append(sheet.connection, before.id, lines)  # not told to rules: two that answer never end
        after = keep(sheet, before, after, [], department, now)
    made = made_of(first, after)
    made.seq = before.seq + 1
    return made


def _new(sheet: WorkingSet, way: New, letter: Letter, key: int, now: int) -> Made:
    what = _wrote(sheet, letter, key, now)
    own = own_addresses(departments.every(sheet.connection))
    nobody = bool(letter.no_answer) or letter.sender in own  # web forms write from our own address
    behind = nobody and letter.reply_to != "" and letter.reply_to not in own
    draft = Draft(
        department=way.department,
        subject=letter.subject or subject_of(what.text),
        source=FORM if behind else SOURCE,
        email=letter.reply_to if behind else letter.sender,
        name=letter.sender_name[:MAX_NAME],
        first=what,
        by=Party(Side.visitor, 0, letter.sender_name[:MAX_NAME] or letter.sender),
        language=letter.language,
        follows=way.follows,
        related=way.related,
        silent=True,
    )
    ticket = begin(sheet, draft, now)
    _bind(sheet, what, key, ticket.id, 1)
    department = sheet.department(ticket.department)
    recent = mails.automatic_since(sheet.connection, ticket.email, now - HOUR_MS)
    if not (way.silent or why_silent(letter, own, recent)) and department.mailing.acknowledge:
        post(sheet, ticket, department, MailKind.acknowledgement, "", now)
    made = made_of(None, ticket)
    made.seq = 1
    return made


def _wrote(sheet: WorkingSet, letter: Letter, key: int, now: int) -> Wrote:
    """What the customer wrote, with its files, which belong to no ticket yet."""
    text = (letter.reply or letter.subject or "(no text)")[:MAX_TICKET_TEXT]
    cards: list[FileCard] = [
        files.add(sheet.connection, file.name, file.type, file.data, now).card for file in letter.files
    ]
    return Wrote(
        text=text,
        source=SOURCE,
        email=letter.sender,
        subject=letter.subject,
        mail=key,
        quoted=letter.text.strip() not in ("", text.strip()),
        files=cards,
    )


def _bind(sheet: WorkingSet, what: Wrote, key: int, ticket: int, seq: int) -> None:
    arrivals.place(sheet.connection, key, ticket, seq)
    files.take(sheet.connection, [card.id for card in what.files], ticket, seq, owner=0, private=False)


def _came_back(sheet: WorkingSet, way: News, bounce: Bounce | None, key: int, now: int) -> Made:
    """A mail server wrote about a mail of ours: who works on its ticket must know."""
    assert bounce is not None
    mail = way.mail
    state = MailState.bounced if bounce.permanent else mail.state
    words = " ".join(f"{bounce.status} {bounce.diagnostic}".split()) or "it came back"
    if bounce.permanent:
        mails.save(sheet.connection, msgspec.structs.replace(mail, state=state, answer=words, next_at=0))
    before = tickets.one(sheet.connection, mail.ticket, lock=True) if mail.ticket else None
    if before is None:
        return Made()
    whats: list[TicketWhat] = [MailMoved(mail.id, state, words)]
    after = before
    if bounce.permanent and mail.kind is MailKind.answer:
        after, moved = _needs_somebody(before, now)
        whats += moved
        if mail.id == mails.last_answer(sheet.connection, before.id):
            after = msgspec.structs.replace(after, mail=state)
    department = sheet.department(before.department)
    after, lines = record(after, SYSTEM_PARTY, whats, now)
    arrivals.place(sheet.connection, key, before.id, lines[0].seq)
    made = made_of(before, keep(sheet, before, after, lines, department, now))
    made.seq = lines[0].seq
    return made


def _needs_somebody(ticket: Ticket, now: int) -> tuple[Ticket, list[TicketWhat]]:
    """The customer did not get the answer that the ticket rests on."""
    if ticket.status in (TicketStatus.waiting, TicketStatus.solved, TicketStatus.hold):
        return into(ticket, TicketStatus.open, now, why="the answer came back")
    return ticket, []


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    ReceiveMail: _receive,
    DetainMail: _detain,
    AdvanceMailbox: _advance,
    ReleaseMail: _release,
    DiscardMail: _discard,
}
