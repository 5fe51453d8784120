"""Puts mails to customers into the outbox, in the same transaction as what they are about."""

from __future__ import annotations

from collections.abc import Sequence

from agentconsole.protocol import FileCard, MailKind

from ..domain.department import Department
from ..domain.ticket import Ticket
from ..storage.chats import WorkingSet


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
    """Queue a mail to the ticket's customer; the answer is its id, 0 = there is nothing to send it from or to."""
    return 0
