"""The chat by mail: once it is over, to the visitor who gave an address and was answered."""

from __future__ import annotations

from collections.abc import Sequence

from agentconsole.protocol import Finished, MailKind, TicketStatus

from ..domain.department import Department
from ..domain.life import Entry, Head
from ..domain.ticket import Ticket, subject_of
from ..storage import chats, mails
from ..storage.chats import WorkingSet
from .posting import post
from .tickets import transcript_of


def mail_transcript(
    sheet: WorkingSet, head: Head, department: Department, entries: Sequence[Entry], now: int
) -> None:
    """Queue the transcript if the chat has just ended for good and its department mails it.

    A chat that nobody answered is not mailed: its text is the visitor's alone, and the address is not proved to be theirs.
    """
    over = any(isinstance(entry.what, Finished) for entry in entries)
    if not over or not department.mailing.transcript or not department.mailing.sends:
        return
    if not head.email or not head.replied_at or head.drill:
        return
    sheet.flush()
    if mails.of_chat(sheet.connection, head.id, MailKind.transcript):
        return
    about = Ticket(
        id=0,
        department=head.department,
        status=TicketStatus.closed,
        subject=subject_of(head.topic or head.first_line),
        created_at=now,
        updated_at=now,
        email=head.email,
        name=head.name,
        source="chat",
        chat=head.id,
    )
    text = transcript_of(chats.public_log(sheet.connection, head.id))
    post(sheet, about, department, MailKind.transcript, text, now)
