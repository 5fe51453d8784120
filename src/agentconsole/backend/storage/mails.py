"""The outbox in the database: mails to customers and how far each has got."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import MailCard, MailKind, MailState

from ..token import KEY_BYTES
from .letters import set_setting
from .tables import setting
from .ticket_tables import mail_in, mail_out, ticket

KEY = "mail_token_key"
AUTOMATIC = (MailKind.acknowledgement, MailKind.solved, MailKind.transcript, MailKind.rule)
_MACHINES = ("automatic", "list", "bounce")  # how the outcome of a mail begins that no person wrote
_COLUMNS = [column for column in mail_out.columns if column.name != "raw"]


class Mail(msgspec.Struct, frozen=True, gc=False):
    """A mail without its bytes. Times are UTC milliseconds; ``next_at`` is when it is to be sent, 0 = not.

    ``seq`` is the ticket's event that it carries (0 = none), ``answer`` what the mail server said last.
    """

    id: int
    ticket: int
    department: int
    kind: MailKind
    recipient: str
    subject: str
    state: MailState
    at: int
    message_id: str
    chat: int = 0
    seq: int = 0
    tries: int = 0
    next_at: int = 0
    sent_at: int = 0
    answer: str = ""

    @property
    def card(self) -> MailCard:
        """As staff see it."""
        return MailCard(
            id=self.id,
            ticket=self.ticket,
            department=self.department,
            kind=self.kind,
            to=self.recipient,
            subject=self.subject,
            state=self.state,
            at=self.at,
            seq=self.seq,
            answer=self.answer,
            tries=self.tries,
            next_at=self.next_at,
            sent_at=self.sent_at,
        )


def queue(connection: Connection, new: Mail, raw: bytes) -> int:
    """Put a mail into the outbox; its id."""
    key = connection.execute(insert(mail_out).values(**_values(new), raw=raw)).inserted_primary_key
    assert key is not None
    return int(key[0])


def one(connection: Connection, key: int, lock: bool = False) -> Mail | None:
    """A mail by its id; ``lock`` keeps others from changing it meanwhile."""
    query = select(*_COLUMNS).where(mail_out.c.id == key)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _mail(row) if row else None


def save(connection: Connection, changed: Mail) -> None:
    """Write how far a mail has got."""
    connection.execute(update(mail_out).where(mail_out.c.id == changed.id).values(_values(changed)))


def due(
    connection: Connection, now: int, limit: int, but: Collection[int] = (), busy: Collection[int] = ()
) -> list[Mail]:
    """What is to be sent, longest waiting first; nothing of the departments ``but`` or the tickets ``busy``."""
    query = (
        select(*_COLUMNS)
        .where(
            mail_out.c.next_at > 0,
            mail_out.c.next_at <= now,
            mail_out.c.department.not_in(sorted(but)),
            mail_out.c.ticket.not_in(sorted(busy)),
        )
        .order_by(mail_out.c.next_at, mail_out.c.id)
        .limit(limit)
    )
    return [_mail(row) for row in connection.execute(query)]


def in_state(
    connection: Connection,
    states: Collection[MailState],
    departments: Iterable[int] | None = None,
    limit: int = 1_000,
) -> list[Mail]:
    """Mails of these departments (None = all; a mail is where its ticket is) in these states, newest first."""
    query = select(*_COLUMNS).where(mail_out.c.state.in_([state.value for state in states]))
    if departments is not None:
        now = select(ticket.c.department).where(ticket.c.id == mail_out.c.ticket).scalar_subquery()
        query = query.where(func.coalesce(now, mail_out.c.department).in_(sorted(departments)))
    return [_mail(row) for row in connection.execute(query.order_by(mail_out.c.id.desc()).limit(limit))]


def counts(connection: Connection) -> dict[str, int]:
    """How many mails are in each state."""
    query = select(mail_out.c.state, func.count()).group_by(mail_out.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def of_ticket(connection: Connection, ticket: int) -> list[MailCard]:
    """The mails to a ticket's customer, oldest first."""
    query = select(*_COLUMNS).where(mail_out.c.ticket == ticket).order_by(mail_out.c.id)
    return [_mail(row).card for row in connection.execute(query)]


def last_answer(connection: Connection, ticket: int) -> int:
    """The newest mail of a ticket that a person wrote; 0 = none."""
    query = select(func.max(mail_out.c.id)).where(
        mail_out.c.ticket == ticket, mail_out.c.kind == MailKind.answer.value
    )
    return connection.execute(query).scalar_one() or 0


def by_message_id(connection: Connection, ids: Collection[str]) -> Mail | None:
    """The mail of ours with one of these ids."""
    query = select(*_COLUMNS).where(mail_out.c.message_id.in_(list(ids))).order_by(mail_out.c.id.desc())
    row = connection.execute(query).first()
    return _mail(row) if row else None


def with_token(connection: Connection, ticket: int, token: str) -> list[Mail]:
    """The mails of a ticket that bear this token, which those of one day share."""
    begins = mail_out.c.message_id.startswith(f"<t{token}.", autoescape=True)
    query = select(*_COLUMNS).where(mail_out.c.ticket == ticket, begins)
    return [_mail(row) for row in connection.execute(query)]


def move(connection: Connection, before: int, after: int) -> None:
    """Another ticket has these mails from now on; its events are numbered anew."""
    for table in (mail_out, mail_in):
        connection.execute(update(table).where(table.c.ticket == before).values(ticket=after, seq=0))


def of_chat(connection: Connection, chat: int, kind: MailKind) -> bool:
    """Was a mail of this kind about this chat put into the outbox?"""
    about = mail_out.c.chat == chat, mail_out.c.chat > 0  # as its index says it
    query = select(mail_out.c.id).where(*about, mail_out.c.kind == kind.value)
    return connection.execute(query.limit(1)).first() is not None


def thread(connection: Connection, ticket: int) -> tuple[list[str], str]:
    """The ids of all mails of a ticket in the order they went, and of the one that is answered now ('' = none)."""
    if not ticket:
        return [], ""
    went = select(mail_out.c.at, mail_out.c.message_id).where(mail_out.c.ticket == ticket)
    came = select(mail_in.c.at, mail_in.c.message_id).where(mail_in.c.ticket == ticket)
    ours = [(row.at, 1, row.message_id) for row in connection.execute(went)]
    theirs = [(row.at, 0, row.message_id) for row in connection.execute(came) if row.message_id]
    answered = max(theirs or ours, default=(0, 0, ""))[2]
    return [one for _, _, one in sorted(ours + theirs)], answered


def from_machine(connection: Connection, ticket: int) -> bool:
    """Did the ticket begin with a mail that no person wrote?"""
    if not ticket:
        return False
    query = (
        select(mail_in.c.outcome)
        .where(mail_in.c.ticket == ticket)
        .order_by(mail_in.c.at, mail_in.c.id)
        .limit(1)
    )
    return (connection.execute(query).scalar_one_or_none() or "").startswith(_MACHINES)


def acknowledged(connection: Connection, ticket: int, recipient: str, since: int) -> bool:
    """Was this recipient told since then that the ticket has come?"""
    query = select(mail_out.c.id).where(
        mail_out.c.recipient == recipient,
        mail_out.c.at > since,
        mail_out.c.ticket == ticket,
        mail_out.c.kind == MailKind.acknowledgement.value,
    )
    return connection.execute(query).first() is not None


def automatic_since(connection: Connection, recipient: str, since: int) -> int:
    """How many automatic mails this recipient was sent since then."""
    query = select(func.count()).where(
        mail_out.c.recipient == recipient,
        mail_out.c.at > since,
        mail_out.c.kind.in_([kind.value for kind in AUTOMATIC]),
    )
    return connection.execute(query).scalar_one()


def known_key(connection: Connection) -> bytes:
    """What reply tokens are signed with; b'' = none was ever signed."""
    written = connection.execute(select(setting.c.value).where(setting.c.key == KEY)).scalar_one_or_none()
    return bytes.fromhex(written or "")


def key(connection: Connection) -> bytes:
    """What reply tokens are signed with; made at first need."""
    found = known_key(connection)
    if not found:
        found = secrets.token_bytes(KEY_BYTES)
        set_setting(connection, KEY, found.hex())
    return found


def _values(mail: Mail) -> dict[str, Any]:
    values = msgspec.structs.asdict(mail)
    del values["id"]
    return {**values, "kind": mail.kind.value, "state": mail.state.value}


def _mail(row: Any) -> Mail:
    return Mail(**{**row._mapping, "kind": MailKind(row.kind), "state": MailState(row.state)})
