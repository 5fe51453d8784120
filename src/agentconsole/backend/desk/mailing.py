"""Commands about mails that go out: claimed before they are sent, settled after, and decided by people where nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from agentconsole.protocol import (
    Code,
    Mailed,
    MailKind,
    MailMoved,
    MailState,
    Party,
    TicketStatus,
    TicketWhat,
)
from agentconsole.text import header

from ..compose import text_of
from ..domain.letter import Letter, Nature
from ..domain.life import Refusal
from ..domain.policy import Actor, Deed, Thing, can
from ..domain.ticket import SYSTEM_PARTY, Ticket, into, record
from ..storage import mails, raws, tickets
from ..storage.chats import WorkingSet
from ..storage.mails import Mail
from .admin import Done
from .made import Made, TicketMade
from .things import require
from .tickets import keep

MAX_ANSWER = 300
CRASHED = "The server stopped while it was sent. Whether it arrived is not known."
_WHY = {
    MailState.failed: "the answer was not delivered",
    MailState.bounced: "the answer came back",
    MailState.unknown: "nobody knows whether the answer arrived",
}
_RESTING = (TicketStatus.waiting, TicketStatus.hold, TicketStatus.solved)


class MailDeed(StrEnum):
    """What a person decides about a mail."""

    resend = "resend"  # send it (again)
    accepted = "accepted"  # it arrived, as somebody found out
    withdraw = "withdraw"  # do not send it


# the states in which a person may decide so
DECIDABLE = {
    MailDeed.resend: (
        MailState.deferred,
        MailState.failed,
        MailState.bounced,
        MailState.unknown,
        MailState.withdrawn,
    ),
    MailDeed.accepted: (MailState.unknown,),
    MailDeed.withdraw: (MailState.queued, MailState.deferred, MailState.failed, MailState.unknown),
}


class RecoverMails(msgspec.Struct, frozen=True):
    """The server starts: what was just being sent when it stopped may have arrived or not; a person must decide."""


class ClaimMail(msgspec.Struct, frozen=True):
    """A mail is about to be sent; ``value`` is the mail, or None if it is not due any more."""

    mail: int


class MailSent(msgspec.Struct, frozen=True):
    """What came of sending a claimed mail; ``next_at`` is when to try again (0 = not)."""

    mail: int
    state: MailState
    answer: str
    next_at: int = 0


class SettleMail(msgspec.Struct, tag_field="t", tag="settle_mail", forbid_unknown_fields=True, frozen=True):
    """A person decides about a mail. Refused: unknown, not_now (its state does not ask for it)."""

    mail: int
    deed: MailDeed


def _recover(sheet: WorkingSet, actor: Actor, command: RecoverMails, now: int) -> Made:
    require(actor, Deed.expire)
    made = Made()
    for mail in mails.in_state(sheet.connection, [MailState.sending]):
        made.news.extend(moved(sheet, mail, MailState.unknown, CRASHED, now))
    return made


def _claim(sheet: WorkingSet, actor: Actor, command: ClaimMail, now: int) -> Made:
    require(actor, Deed.expire)
    mail = mails.one(sheet.connection, command.mail, lock=True)
    if mail is None or not mail.next_at or mail.next_at > now:
        return Made()
    claimed = msgspec.structs.replace(mail, state=MailState.sending, tries=mail.tries + 1, next_at=0)
    mails.save(sheet.connection, claimed)
    return Made(value=claimed)


def _sent(sheet: WorkingSet, actor: Actor, command: MailSent, now: int) -> Made:
    require(actor, Deed.expire)
    mail = mails.one(sheet.connection, command.mail, lock=True)
    if mail is None or mail.state is not MailState.sending:
        return Made()
    return Made(news=list(moved(sheet, mail, command.state, command.answer, now, command.next_at)))


def _settle(sheet: WorkingSet, actor: Actor, command: SettleMail, now: int) -> Made:
    mail = mails.one(sheet.connection, command.mail, lock=True)
    ticket = tickets.one(sheet.connection, mail.ticket) if mail else None
    if mail is None or not can(actor, Deed.settle_mail, Thing(department=(ticket or mail).department)):
        raise Refusal(Code.unknown, "There is no such mail, or it is not yours to decide about.")
    if mail.state not in DECIDABLE[command.deed]:
        raise Refusal(Code.not_now, f"This mail is {mail.state.value}; that cannot be decided about it now.")
    by, name = actor.party, actor.display or actor.name
    if command.deed is MailDeed.resend:
        if not raws.outgoing(sheet.connection, mail.id):
            raise Refusal(
                Code.not_now, "This mail was deleted because of its age. Write a new answer instead."
            )
        fresh = msgspec.structs.replace(mail, tries=0)
        news = moved(sheet, fresh, MailState.queued, f"{name} sends it again.", now, now, by)
    elif command.deed is MailDeed.accepted:
        news = moved(sheet, mail, MailState.accepted, f"{name} says that it arrived.", now, 0, by)
    else:
        news = moved(sheet, mail, MailState.withdrawn, f"{name} withdrew it.", now, 0, by)
    sentence = f"Mail {mail.id} to {mail.recipient}: {command.deed.value}."
    return Made(about=mail.ticket, news=list(news), value=Done(True, sentence, str(mail.id)))


def moved(
    sheet: WorkingSet,
    mail: Mail,
    state: MailState,
    answer: str,
    now: int,
    next_at: int = 0,
    by: Party = SYSTEM_PARTY,
) -> list[TicketMade]:
    """A mail got further, or came back: written, told in its ticket, which asks for somebody if the answer was lost."""
    answer = header(answer, MAX_ANSWER)
    sent_at = now if state is MailState.accepted else mail.sent_at
    after = msgspec.structs.replace(mail, state=state, answer=answer, next_at=next_at, sent_at=sent_at)
    mails.save(sheet.connection, after)
    again = state is MailState.deferred and mail.tries > 1 and mail.answer[:3] == answer[:3]
    before = tickets.one(sheet.connection, mail.ticket, lock=True) if mail.ticket else None
    if before is None or again:
        return []
    department = sheet.department(before.department)
    whats: list[TicketWhat] = [MailMoved(mail.id, state, answer)]
    ticket = before
    if mail.kind is MailKind.answer:
        ticket, reopened = _asking(before, state, now)
        whats += reopened
        if mail.id == mails.last_answer(sheet.connection, before.id):
            ticket = msgspec.structs.replace(ticket, mail=state)
    elif state is MailState.accepted and mail.kind is not MailKind.rule:  # a rule says itself what it did
        text = text_of(raws.outgoing(sheet.connection, mail.id) or b"")
        whats.append(Mailed(mail.kind, mail.recipient, mail.id, text))
    ticket, lines = record(ticket, by, whats, now)
    return [TicketMade(before, keep(sheet, before, ticket, lines, department, now))]


def answered(sheet: WorkingSet, ticket: Ticket, letter: Letter, now: int) -> Ticket:
    """The ticket, after a letter of its customer's has shown that a mail arrived of which nobody knew."""
    mail = _answered(sheet, ticket, letter)
    if mail is None or mail.state is not MailState.unknown:
        return ticket
    who = "The customer" if letter.nature is Nature.person else "A program of the customer's"
    return moved(sheet, mail, MailState.accepted, f"{who} answered it.", now)[0].after


def _answered(sheet: WorkingSet, ticket: Ticket, letter: Letter) -> Mail | None:
    """The very mail of a ticket that a letter answers; None = it is not said.

    What else it refers to may have come to the customer only as a list of ids in a later mail of ours.
    """
    parent = letter.in_reply_to or (letter.references[-1] if letter.references else "")
    if parent:
        found = mails.by_message_id(sheet.connection, [parent])
    else:
        named = mails.with_token(sheet.connection, ticket.id, letter.tokens[0]) if letter.tokens else []
        found = named[0] if len(named) == 1 else None
    fits = found is not None and (found.ticket, found.recipient) == (ticket.id, letter.sender)
    return found if fits else None


def _asking(ticket: Ticket, state: MailState, now: int) -> tuple[Ticket, list[TicketWhat]]:
    """A ticket that rests on an answer which the customer may not have is open again."""
    if state in _WHY and ticket.status in _RESTING:
        return into(ticket, TicketStatus.open, now, why=_WHY[state])
    return ticket, []


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    RecoverMails: _recover,
    ClaimMail: _claim,
    MailSent: _sent,
    SettleMail: _settle,
}
