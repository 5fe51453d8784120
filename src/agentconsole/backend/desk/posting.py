"""Puts mails to customers into the outbox, in the same transaction as what they are about."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from agentconsole.protocol import Code, FileCard, MailKind, MailState

from ..compose import Enclosed, Outgoing, Unsendable, address, compose
from ..domain.brakes import AUTOMATIC_AN_HOUR, is_machine
from ..domain.department import Department
from ..domain.life import Refusal
from ..domain.spans import DAY_MS, HOUR_MS
from ..domain.template import filled
from ..domain.ticket import Ticket
from ..storage import departments, files, mails, templates
from ..storage.chats import WorkingSet
from ..storage.mails import Mail
from ..token import sign
from ..wordings import plain_subject

MAX_BYTES = 20 * 1024 * 1024  # of all files of a mail: more is refused by most mail servers
LOCAL = 64  # characters that an address may have before its @
FORMS = frozenset({"widget", "chat", "form"})  # sources where anybody may type anybody's address


def post(
    sheet: WorkingSet,
    ticket: Ticket,
    department: Department,
    kind: MailKind,
    text: str,
    now: int,
    seq: int = 0,
    files: Sequence[FileCard] = (),
) -> int:
    """Queue a mail to the ticket's customer; the answer is its id, 0 = there is nothing to send it from or to.

    A ticket with the number 0 is none: answers to such a mail belong to nothing yet.

    What no person wrote is not sent (0) where it could go round in circles or be misused. Raises Refusal too_long,
    invalid.
    """
    mailing = department.mailing
    if not mailing.mailbox or ticket.drill:
        return 0
    try:
        sender, recipient = address(mailing.address), address(ticket.email)
    except Unsendable:
        return 0
    if kind in mails.AUTOMATIC and not _wanted(sheet, ticket, kind, recipient, now):
        return 0
    try:
        return _queued(sheet, ticket, department, kind, text, now, seq, files, sender, recipient)
    except Unsendable as problem:
        if kind in mails.AUTOMATIC:
            return 0  # what the customer wrote is taken in all the same
        raise Refusal(Code.invalid, f"This mail cannot be sent: {problem}") from problem


def _wanted(sheet: WorkingSet, ticket: Ticket, kind: MailKind, recipient: str, now: int) -> bool:
    """May an automatic mail go to this address? Not to machines and ourselves, and never many."""
    connection = sheet.connection
    if is_machine(recipient.lower()) or is_ours(sheet, recipient):
        return False
    if mails.from_machine(connection, ticket.id):
        return False
    if mails.automatic_since(connection, recipient, now - HOUR_MS) >= AUTOMATIC_AN_HOUR:
        return False
    acknowledges = kind is MailKind.acknowledgement
    return not (acknowledges and mails.acknowledged(connection, ticket.id, recipient, now - DAY_MS))


def is_ours(sheet: WorkingSet, written: str) -> bool:
    """Does mail to this address come to us?"""
    local, _, domain = written.lower().rpartition("@")
    meant = {f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"}
    return any(meant & set(found.mailing.addresses) for found in departments.every(sheet.connection))


def _queued(
    sheet: WorkingSet,
    ticket: Ticket,
    department: Department,
    kind: MailKind,
    text: str,
    now: int,
    seq: int,
    cards: Sequence[FileCard],
    sender: str,
    recipient: str,
) -> int:
    connection = sheet.connection
    if sum(card.size for card in cards) > MAX_BYTES:
        raise Refusal(Code.too_long, f"A mail may carry {MAX_BYTES >> 20} MiB of files in all.")
    known = kind not in mails.AUTOMATIC or ticket.source not in FORMS
    fields = _fields(ticket, department, text, known)
    words = templates.text_for(connection, department.id, kind, department.mailing.language)
    subject = " ".join(filled(words.subject, fields).split())
    token = sign(mails.key(connection), ticket.id, ticket.email, now)
    domain = sender.rpartition("@")[2]
    went, answered = mails.thread(connection, ticket.id)
    outgoing = Outgoing(
        sender=sender,
        sender_name=department.mailing.display or department.name,
        to=recipient,
        to_name=ticket.name if known else "",
        reply_to=_reply_to(sender, token) if department.mailing.plus and ticket.id else sender,
        message_id=f"<t{token}.{secrets.token_hex(8)}@{domain}>",
        subject=subject,
        text=filled(words.text, fields),
        at=now,
        in_reply_to=answered,
        references=tuple(went),
        language=department.mailing.language,
        automatic=kind in mails.AUTOMATIC,
        html=department.mailing.html,
        files=tuple(Enclosed(card.name, card.type, files.data(connection, card.id)) for card in cards),
    )
    raw = compose(outgoing)
    mail = Mail(
        id=0,
        ticket=ticket.id,
        department=department.id,
        kind=kind,
        recipient=recipient,
        subject=subject,
        state=MailState.queued,
        at=now,
        message_id=outgoing.message_id,
        chat=ticket.chat,
        seq=seq,
        next_at=now,
    )
    return mails.queue(connection, mail, raw)


def _fields(ticket: Ticket, department: Department, text: str, known: bool) -> dict[str, str]:
    """What is filled into a template; nothing that was typed where not even the address is ``known`` to be theirs."""
    mailing = department.mailing
    return {
        "ticket.number": str(ticket.id or ""),
        "ticket.subject": plain_subject(ticket.subject) if known else "",
        "customer.name": ticket.name if known else "",
        "department.name": mailing.display or department.name,
        "customer.email": ticket.email,
        "agent.name": ticket.assignee_name if known else "",
        "answer": text,
        "transcript": text,
        "signature": f"-- \n{mailing.signature}" if mailing.signature else "",
    }


def _reply_to(sender: str, token: str) -> str:
    """Where answers go: the department's address with the token, unless that is longer than an address may be."""
    local, _, domain = sender.rpartition("@")
    marked = f"{local.partition('+')[0]}+t{token}"
    return f"{marked}@{domain}" if len(marked) <= LOCAL else sender
