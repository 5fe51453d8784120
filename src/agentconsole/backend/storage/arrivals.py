"""Mails that came, in the database: what became of each, and those that wait in quarantine."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import QuarantineCard

from .letters import set_setting, settings
from .ticket_tables import mail_in, quarantine

NEW = "new ticket"  # how the outcome of a mail ends that became one
_CURSOR = "mailbox_read:"
_settled_at = quarantine.c.released_at + quarantine.c.discarded_at  # one of them is 0
_CARD = [quarantine.c[name] for name in QuarantineCard.__struct_fields__]


class Arrival(msgspec.Struct, frozen=True):
    """A mail that was taken in. ``outcome`` begins with its nature, and goes on with what became of it.

    ``digest`` is the same for the same mail however often it comes; ``ticket`` and ``seq`` = where it stands (0 = nowhere).
    """

    id: int
    mailbox: str
    message_id: str
    digest: bytes
    at: int
    sender: str
    outcome: str
    ticket: int = 0
    seq: int = 0


_COLUMNS = [mail_in.c[name] for name in Arrival.__struct_fields__]


def add(connection: Connection, new: Arrival, raw: bytes) -> int:
    """Write down a mail that came; its id."""
    values = {name: getattr(new, name) for name in new.__struct_fields__ if name != "id"}
    key = connection.execute(insert(mail_in).values(**values, raw=raw)).inserted_primary_key
    assert key is not None
    return int(key[0])


def place(connection: Connection, key: int, ticket: int, seq: int) -> None:
    """Say where a mail stands."""
    connection.execute(update(mail_in).where(mail_in.c.id == key).values(ticket=ticket, seq=seq))


def same(connection: Connection, digest: bytes) -> Arrival | None:
    """The mail that came before with this digest."""
    row = connection.execute(select(*_COLUMNS).where(mail_in.c.digest == digest)).one_or_none()
    return Arrival(**row._mapping) if row else None


def of_ticket(connection: Connection, ticket: int) -> list[Arrival]:
    """The mails that stand on a ticket, oldest first."""
    query = select(*_COLUMNS).where(mail_in.c.ticket == ticket).order_by(mail_in.c.id)
    return [Arrival(**row._mapping) for row in connection.execute(query)]


def ticket_of(connection: Connection, ids: Collection[str]) -> int:
    """The newest ticket on which a mail with one of these ids stands; 0 = none. Everybody who got it knows its id."""
    query = select(func.max(mail_in.c.ticket)).where(mail_in.c.message_id.in_(list(ids)))
    return connection.execute(query).scalar_one() or 0


def new_tickets(connection: Connection, sender: str, since: int) -> int:
    """How many new tickets this sender's mails made since then."""
    query = select(func.count()).where(
        mail_in.c.sender == sender, mail_in.c.at > since, mail_in.c.outcome.endswith(NEW)
    )
    return connection.execute(query).scalar_one()


def machine_letters(connection: Connection, sender: str, ticket: int, since: int) -> int:
    """How many mails that no person wrote came from this sender on a ticket since then."""
    query = select(func.count()).where(
        mail_in.c.sender == sender,
        mail_in.c.at > since,
        mail_in.c.ticket == ticket,
        mail_in.c.outcome.not_like("person%"),
    )
    return connection.execute(query).scalar_one()


def cursor(connection: Connection, mailbox: str) -> tuple[int, int]:
    """Validity and uid of the last mail of a mailbox's folder that was taken in; (0, 0) = none was."""
    written = settings(connection).get(f"{_CURSOR}{mailbox}", "")
    validity, _, uid = written.partition(":")
    return (int(validity), int(uid)) if uid else (0, 0)


def advance(connection: Connection, mailbox: str, validity: int, uid: int) -> None:
    """Write down up to where a mailbox's folder was taken in."""
    set_setting(connection, f"{_CURSOR}{mailbox}", f"{validity}:{uid}")


def detain(connection: Connection, card: QuarantineCard, digest: bytes, raw: bytes) -> int:
    """Put a mail into quarantine; its id there, also if it lies there already."""
    known = connection.execute(
        select(quarantine.c.id).where(quarantine.c.digest == digest)
    ).scalar_one_or_none()
    if known is not None:
        return int(known)
    values = {name: getattr(card, name) for name in card.__struct_fields__ if name != "id"}
    key = connection.execute(insert(quarantine).values(**values, digest=digest, raw=raw)).inserted_primary_key
    assert key is not None
    return int(key[0])


def unneeded(connection: Connection, digest: bytes) -> str:
    """Whether a mail with this digest came before, that nobody needed: "discarded" or "ignored"; "" = it did not."""
    query = select(quarantine.c.discarded_at, quarantine.c.ignored).where(quarantine.c.digest == digest)
    row = connection.execute(query).one_or_none()
    if row is None:
        return ""
    return "discarded" if row.discarded_at else "ignored" if row.ignored else ""


def detained(
    connection: Connection, mailboxes: Collection[str] | None, ignored: bool = False, limit: int = 200
) -> list[QuarantineCard]:
    """What lies in quarantine, or was ignored, of these mailboxes (None = all): what still waits, and behind it what
    was released or discarded, each newest first.
    """
    query = (
        select(*_CARD)
        .where(quarantine.c.ignored.is_(ignored))
        .order_by(_settled_at > 0, quarantine.c.id.desc())
        .limit(limit)
    )
    if mailboxes is not None:
        query = query.where(quarantine.c.mailbox.in_(sorted(mailboxes)))
    return [_card(row) for row in connection.execute(query)]


def forget_held(connection: Connection, before: int, limit: int) -> int:
    """Delete what was released, discarded or ignored before then; how many, ``limit`` at most."""
    over = (_settled_at > 0) & (_settled_at < before)
    unseen = quarantine.c.ignored & (_settled_at == 0) & (quarantine.c.at < before)
    old = select(quarantine.c.id).where(over | unseen).order_by(quarantine.c.id).limit(limit)
    return connection.execute(delete(quarantine).where(quarantine.c.id.in_(old))).rowcount


def prisoner(connection: Connection, key: int, lock: bool = False) -> QuarantineCard | None:
    """A mail in quarantine by its id."""
    query = select(*_CARD).where(quarantine.c.id == key)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _card(row) if row else None


def detained_raw(connection: Connection, key: int) -> bytes:
    """A mail in quarantine, byte for byte."""
    return bytes(connection.execute(select(quarantine.c.raw).where(quarantine.c.id == key)).scalar_one())


def release(connection: Connection, key: int, by: str, at: int, ticket: int) -> None:
    """Say who let a mail go, and which ticket it became."""
    connection.execute(
        update(quarantine).where(quarantine.c.id == key).values(released_by=by, released_at=at, ticket=ticket)
    )


def discard(connection: Connection, key: int, by: str, at: int) -> None:
    """Delete a mail in quarantine, and say who did; its digest stays, so that it does not come again."""
    connection.execute(
        update(quarantine).where(quarantine.c.id == key).values(discarded_by=by, discarded_at=at, raw=b"")
    )


def _card(row: Any) -> QuarantineCard:
    return QuarantineCard(**row._mapping)
