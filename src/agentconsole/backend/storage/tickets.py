"""Tickets and their logs in the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, and_, bindparam, func, insert, or_, select, true, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from agentconsole.protocol import (
    MAX_INT,
    Clock,
    MailState,
    Party,
    Side,
    TicketPriority,
    TicketQuery,
    TicketStatus,
    decode_ticket_public_what,
    decode_ticket_what,
    encode,
)

from ..domain.ticket import OURS, UNDONE, Ticket, TicketLine
from .ticket_tables import ticket, ticket_public_event, ticket_staff_event

Clause = ColumnElement[bool]
SAVE = update(ticket).where(ticket.c.id == bindparam("key"))
NOT_CLOSED = UNDONE | {TicketStatus.solved}
PRESSING = (ticket.c.rank, ticket.c.id)
ORDERS = {
    "pressing": PRESSING,
    "newest": (ticket.c.id.desc(),),
    "oldest": (ticket.c.id,),
}
SORTED = ORDERS | {"pressing": (ticket.c.rank + 0, ticket.c.id)}


def add(connection: Connection, new: Ticket, lines: Iterable[TicketLine]) -> Ticket:
    """Write a new ticket and its first events; the answer has its number."""
    key = connection.execute(insert(ticket).values(_values(new))).inserted_primary_key
    assert key is not None
    made = msgspec.structs.replace(new, id=key[0])
    append(connection, made.id, lines)
    return made


def add_many(connection: Connection, new: Iterable[Ticket]) -> None:
    """Write many tickets without events, as an import or a measurement does."""
    connection.execute(insert(ticket), [_values(each) for each in new])


def save(connection: Connection, changed: Ticket, lines: Iterable[TicketLine] = ()) -> None:
    """Write a ticket as it stands now, and what happened in it."""
    connection.execute(SAVE, {"key": changed.id, **_values(changed)})
    append(connection, changed.id, lines)


def append(connection: Connection, key: int, lines: Iterable[TicketLine]) -> None:
    """Write events into a ticket's log."""
    public, private = [], []
    for line in lines:
        row = {
            "ticket_id": key,
            "seq": line.seq,
            "at": line.at,
            "side": line.by.side.value,
            "party": line.by.id,
            "name": line.by.name,
            "kind": str(type(line.what).__struct_config__.tag),
            "what": encode(line.what).decode(),
        }
        if line.pub:
            public.append({**row, "pub": line.pub})
        else:
            private.append(row)
    if public:
        connection.execute(insert(ticket_public_event), public)
    if private:
        connection.execute(insert(ticket_staff_event), private)


def one(connection: Connection, key: int, lock: bool = False) -> Ticket | None:
    """A ticket by its number; ``lock`` keeps others from changing it meanwhile."""
    query = select(ticket).where(ticket.c.id == key)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _ticket(row) if row else None


def of_chat(connection: Connection, chat: int) -> Ticket | None:
    """The ticket that was made of a chat."""
    query = select(ticket).where(ticket.c.chat == chat, ticket.c.chat > 0)  # as its index says it
    row = connection.execute(query.order_by(ticket.c.id)).first()
    return _ticket(row) if row else None


def of_addresses(connection: Connection, emails: Sequence[str], limit: int = 200) -> list[Ticket]:
    """The tickets of these e-mail addresses, newest first."""
    query = select(ticket).where(ticket.c.email.in_(list(emails))).order_by(ticket.c.id.desc()).limit(limit)
    return [_ticket(row) for row in connection.execute(query)]


def next_unassigned(connection: Connection, departments: Iterable[int] | None) -> Ticket | None:
    """The unassigned ticket nearest to its breach in these departments (None = all)."""
    clauses = [ticket.c.assignee == 0, ticket.c.status.in_(_values_of(OURS))]
    if departments is not None:
        clauses.append(ticket.c.department.in_(sorted(departments)))
    row = connection.execute(
        select(ticket).where(*clauses).order_by(*PRESSING).limit(1).with_for_update()
    ).first()
    return _ticket(row) if row else None


def log(connection: Connection, key: int, after: int = 0, limit: int = MAX_INT) -> list[TicketLine]:
    """What happened in a ticket after event ``after``, up to ``limit`` events, for staff, in order."""
    last = min(after + limit, MAX_INT)
    found = []
    for table, public in ((ticket_public_event, True), (ticket_staff_event, False)):
        query = select(table).where(table.c.ticket_id == key, table.c.seq > after, table.c.seq <= last)
        for row in connection.execute(query):
            by = Party(Side(row.side), row.party, row.name)
            pub = row.pub if public else 0
            found.append(TicketLine(row.seq, pub, row.at, by, decode_ticket_what(row.what)))
    return sorted(found, key=lambda line: line.seq)


def public_log(connection: Connection, key: int) -> list[TicketLine]:
    """What the customer wrote and got, in order: nothing else is read."""
    query = (
        select(ticket_public_event)
        .where(ticket_public_event.c.ticket_id == key)
        .order_by(ticket_public_event.c.pub)
    )
    return [
        TicketLine(
            row.seq,
            row.pub,
            row.at,
            Party(Side(row.side), row.party, row.name),
            decode_ticket_public_what(row.what),
        )
        for row in connection.execute(query)
    ]


def page(
    connection: Connection, query: TicketQuery, departments: Iterable[int] | None, user: int
) -> tuple[int, list[Ticket]]:
    """How many tickets of these departments (None = all) fit the query, and one page of them.

    Raises ValueError with a sentence if the query makes no sense.
    """
    total, keys = _found(connection, query, departments, user)
    rows = connection.execute(select(ticket).where(ticket.c.id.in_(keys)))
    found = {row.id: _ticket(row) for row in rows}
    return total, [found[key] for key in keys]


def _found(
    connection: Connection, query: TicketQuery, departments: Iterable[int] | None, user: int
) -> tuple[int, list[int]]:
    """How many tickets fit, and the numbers of those on the page.

    Two indexes answer who asks for departments and statuses alone: one counts, one has the order. Any other wish makes
    one pass through the table, which the `+ 0` asks for: rows that are fetched one by one, in an index's order, cost
    ten times as much.
    """
    scanned = _where(query, departments, ticket.c.department + 0, ticket.c.status + "")
    clauses = _clauses(query, user)
    if not clauses:
        total = _total(connection, _where(query, departments, ticket.c.department, ticket.c.status))
        keys = select(ticket.c.id).where(*scanned).order_by(*ORDERS[query.order])
        return total, list(connection.execute(_paged(keys, query)).scalars())
    clauses += scanned
    keys = select(ticket.c.id, func.count().over()).where(*clauses).order_by(*SORTED[query.order])
    rows = connection.execute(_paged(keys, query)).all()
    if rows:
        return rows[0][1], [row[0] for row in rows]
    return (_total(connection, clauses) if query.offset else 0), []


def _total(connection: Connection, clauses: list[Clause]) -> int:
    return connection.execute(select(func.count()).select_from(ticket).where(*clauses)).scalar_one()


def _paged(keys: Select[Any], query: TicketQuery) -> Select[Any]:
    return keys.limit(query.limit).offset(query.offset)


def _where(
    query: TicketQuery,
    departments: Iterable[int] | None,
    department: ColumnElement[int],
    status: ColumnElement[str],
) -> list[Clause]:
    """Of these departments and statuses. Raises ValueError with a sentence."""
    clauses: list[Clause] = []
    wished = {_number(word) for word in _words(query.department)}
    if departments is not None:
        clauses.append(department.in_(sorted(wished & set(departments) if wished else departments)))
    elif wished:
        clauses.append(department.in_(sorted(wished)))
    statuses = _words(query.status)
    if "active" in statuses:
        statuses = [*(word for word in statuses if word != "active"), *(each.value for each in UNDONE)]
    if statuses:
        clauses.append(status.in_(sorted({_one_of(TicketStatus, word) for word in statuses})))
    return clauses


def check(query: TicketQuery) -> None:
    """Raises ValueError with a sentence if the query makes no sense."""
    _where(query, None, ticket.c.department, ticket.c.status)
    _clauses(query, 0)


def _clauses(query: TicketQuery, user: int) -> list[Clause]:
    clauses: list[Clause] = []
    if _words(query.priority):
        wished = {_one_of(TicketPriority, word) for word in _words(query.priority)}
        clauses.append(ticket.c.priority.in_(sorted(wished)))
    if query.assignee:
        wanted = {"me": user, "nobody": 0}.get(query.assignee)
        clauses.append(ticket.c.assignee + 0 == (_number(query.assignee) if wanted is None else wanted))
    if query.source:
        clauses.append(ticket.c.source == query.source)
    if query.email:
        clauses.append(ticket.c.email == query.email.strip().lower())
    if query.tag:
        clauses.append(
            ticket.c.tags.contains(json.dumps(query.tag.strip().lower(), ensure_ascii=False), autoescape=True)
        )
    if query.overdue:
        clauses.append(_overdue())
    if query.text.strip():
        clauses.append(and_(*(_mentions(word) for word in query.text.split()[:8])))
    return clauses


def _one_of(kind: type[TicketStatus] | type[TicketPriority], word: str) -> str:
    """The word itself, if it is one of these. Raises ValueError with a sentence."""
    if word not in kind.__members__:
        known = ", ".join(kind.__members__)
        raise ValueError(f"There is no {kind.__name__[6:].lower()} {word[:40]!r}; there are {known}.")
    return word


def _number(word: str) -> int:
    """The id that is written here. Raises ValueError with a sentence."""
    if not (word.isascii() and word.isdecimal() and len(word) <= 15):
        raise ValueError(f"{word[:40]!r} is not the number of a department or a person.")
    return int(word)


def _mentions(word: str) -> Clause:
    found: list[Clause] = [ticket.c.words.contains(word.casefold(), autoescape=True)]
    number = word.removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) <= 15:
        found.append(ticket.c.id == int(number))
    return or_(*found)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _overdue() -> Clause:
    return and_(ticket.c.breached != "", ticket.c.status.in_(_values_of(UNDONE)))


def _values_of(statuses: Iterable[TicketStatus]) -> list[str]:
    return sorted(status.value for status in statuses)


def counts(connection: Connection) -> list[tuple[int, str, int]]:
    """(department, status, how many tickets)."""
    query = select(ticket.c.department, ticket.c.status, func.count()).group_by(
        ticket.c.department, ticket.c.status
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def overdue_counts(connection: Connection) -> list[tuple[int, int]]:
    """(department, how many tickets were not answered or solved in time and still are not)."""
    query = select(ticket.c.department, func.count()).where(_overdue()).group_by(ticket.c.department)
    return [(row[0], row[1]) for row in connection.execute(query)]


def due(connection: Connection, now: int, limit: int = 200) -> list[int]:
    """Tickets to which time has something to do."""
    query = (
        select(ticket.c.id)
        .where(ticket.c.timer_at > 0, ticket.c.timer_at <= now)
        .order_by(ticket.c.timer_at)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def ripe(connection: Connection, now: int, limit: int) -> list[int]:
    """Tickets on which a rule on time fires by now, the longest due first."""
    query = select(ticket.c.id).where(ticket.c.rules_at > 0, ticket.c.rules_at <= now)
    return list(connection.execute(query.order_by(ticket.c.rules_at).limit(limit)).scalars())


def set_ripe(connection: Connection, times: Mapping[int, int]) -> None:
    """Write when a rule on time fires next on each of these tickets."""
    if times:
        connection.execute(SAVE, [{"key": key, "rules_at": at} for key, at in times.items()])


def undone_of(connection: Connection, user: int, after: int, limit: int) -> list[Ticket]:
    """The next tickets after this number that are this user's and still to be done, in order, locked."""
    return _next(connection, ticket.c.assignee == user, UNDONE, after, limit)


def not_closed(connection: Connection, after: int, limit: int, department: int) -> list[Ticket]:
    """The next tickets of a department (0 = all) after this number that are not closed, in order, locked."""
    mine = ticket.c.department == department if department else true()
    return _next(connection, mine, NOT_CLOSED, after, limit)


def _next(
    connection: Connection, mine: Clause, statuses: Iterable[TicketStatus], after: int, limit: int
) -> list[Ticket]:
    query = select(ticket).where(mine, ticket.c.id > after, ticket.c.status.in_(_values_of(statuses)))
    rows = connection.execute(query.order_by(ticket.c.id).limit(limit).with_for_update())
    return [_ticket(row) for row in rows]


def newest(connection: Connection, departments: Iterable[int] | None, limit: int) -> list[Ticket]:
    """The newest tickets of these departments (None = all), newest first."""
    query = select(ticket)
    if departments is not None:
        query = query.where(ticket.c.department.in_(sorted(departments)))
    return [_ticket(row) for row in connection.execute(query.order_by(ticket.c.id.desc()).limit(limit))]


def _values(new: Ticket) -> dict[str, Any]:
    values = msgspec.structs.asdict(new)
    del values["id"]
    return {
        **values,
        "status": new.status.value,
        "priority": new.priority.value,
        "mail": new.mail.value if new.mail else None,
        "tags": json.dumps(new.tags, ensure_ascii=False),
        "warned": ",".join(new.warned),
        "breached": ",".join(new.breached),
        "rank": new.rank,
        "words": " ".join((new.subject, new.name, new.email, *new.tags, new.first_line)).casefold(),
    }


def _ticket(row: Any) -> Ticket:
    values = dict(row._mapping)
    del values["rank"], values["words"]
    return Ticket(
        **{
            **values,
            "status": TicketStatus(row.status),
            "priority": TicketPriority(row.priority),
            "mail": MailState(row.mail) if row.mail else None,
            "tags": tuple(json.loads(row.tags)),
            "warned": tuple(Clock(word) for word in _words(row.warned)),
            "breached": tuple(Clock(word) for word in _words(row.breached)),
            "drill": bool(row.drill),
        }
    )
