"""Files of tickets in the database; what is in them is read on demand only."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import FileCard

from .ticket_tables import file, file_data


class Stored(msgspec.Struct, frozen=True):
    """A file; ``ticket`` 0 = uploaded by ``owner`` and not sent yet, ``private`` = it belongs to a note."""

    id: int
    ticket: int
    seq: int
    owner: int
    name: str
    type: str
    size: int
    at: int
    private: bool

    @property
    def card(self) -> FileCard:
        """As it stands in a message."""
        return FileCard(self.id, self.name, self.type, self.size)


def add(
    connection: Connection,
    name: str,
    type_: str,
    data: bytes,
    now: int,
    owner: int = 0,
    ticket: int = 0,
    seq: int = 0,
    private: bool = False,
) -> Stored:
    """Write a file down."""
    values = {
        "ticket": ticket,
        "seq": seq,
        "owner": owner,
        "name": name,
        "type": type_,
        "size": len(data),
        "at": now,
        "private": private,
    }
    key = connection.execute(insert(file).values(values)).inserted_primary_key
    assert key is not None
    connection.execute(insert(file_data).values(file_id=key[0], data=data))
    return Stored(
        id=key[0],
        ticket=ticket,
        seq=seq,
        owner=owner,
        name=name,
        type=type_,
        size=len(data),
        at=now,
        private=private,
    )


def one(connection: Connection, key: int) -> Stored | None:
    """A file by its id."""
    row = connection.execute(select(file).where(file.c.id == key)).one_or_none()
    return Stored(**{**row._mapping, "private": bool(row.private)}) if row else None


def data(connection: Connection, key: int) -> bytes:
    """What is in a file."""
    return bytes(connection.execute(select(file_data.c.data).where(file_data.c.file_id == key)).scalar_one())


def unsent(connection: Connection, owner: int) -> int:
    """How many files this user has uploaded and not sent yet."""
    query = select(func.count()).select_from(file).where(file.c.ticket == 0, file.c.owner == owner)
    return connection.execute(query).scalar_one()


def take(
    connection: Connection, keys: Sequence[int], ticket: int, seq: int, owner: int, private: bool
) -> list[FileCard]:
    """Bind files that ``owner`` uploaded to a message; what is not theirs, or is bound already, is passed over."""
    found = []
    for key in keys:
        stored = one(connection, key)
        if stored is not None and stored.owner == owner and not stored.ticket:
            connection.execute(
                update(file).where(file.c.id == key).values(ticket=ticket, seq=seq, private=private)
            )
            found.append(stored.card)
    return found


def copy(connection: Connection, keys: Sequence[int], now: int) -> list[FileCard]:
    """Files once more, bound to nothing yet and nobody's."""
    found = [stored for key in keys if (stored := one(connection, key)) is not None]
    return [add(connection, each.name, each.type, data(connection, each.id), now).card for each in found]


def move(connection: Connection, before: int, after: int) -> None:
    """Another ticket has these files from now on."""
    connection.execute(update(file).where(file.c.ticket == before).values(ticket=after))


def forget(connection: Connection, before: int) -> None:
    """Delete what was uploaded before then and never sent."""
    stale = select(file.c.id).where(file.c.ticket == 0, file.c.at < before)
    connection.execute(delete(file_data).where(file_data.c.file_id.in_(stale)))
    connection.execute(delete(file).where(file.c.ticket == 0, file.c.at < before))
