"""Chats and their logs: the working set of a batch, and questions about what is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args

import msgspec
from sqlalchemy import and_, case, func, not_, or_, select, text, update
from sqlalchemy.engine import Connection

from agentconsole.protocol import (
    AGEING_MS,
    OPEN_STATES,
    Message,
    Outcome,
    Party,
    Rating,
    Side,
    State,
    What,
    decode_public_what,
    decode_what,
    encode,
)

from ..domain.department import Department
from ..domain.life import Entry, Head, is_open
from . import batch, departments
from .tables import OPEN, chat, department, mark, public_event, receipt, staff_event
from .tables import user as people

COLUMNS = tuple(column.name for column in chat.columns)
HOT = ("seq", "pub", "unanswered", "replied_at", "asked_at", "spoke_at")
EDITION = ("id", "seq", "version")  # of these one grows with every change of a row
KNOWN = 20_000
BEGUN_FOR_EACH_WAIT = 20
MUTABLE = tuple(name for name in COLUMNS if name not in ("id", "visitor", "home", "started_at", "drill"))

_STATES = {state.value: state for state in State}
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_RATINGS = {rating.value: rating for rating in Rating}
_KINDS = {what: str(what.__struct_config__.tag) for what in get_args(What)}
_SIDES = {side.value: side for side in Side}
_SIDE_WORDS = {side: word for word, side in _SIDES.items()}
assert Head.__struct_fields__ == COLUMNS, "a head is a row: same fields, same order"

_STATE, _LEFT, _OUTCOME, _RATING, _DRILL, _TIMED = (
    COLUMNS.index(name) for name in ("state", "left", "outcome", "rating", "drill", "timed")
)
_USERS = tuple(COLUMNS.index(name) for name in ("tried", "passed", "guests", "invited"))


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """Proof that a command was carried out: what it made, for whoever asks again with the same cid."""

    chat: int
    sender: str
    cid: str
    digest: int
    about: int
    seq: int
    pub: int
    at: int


class Signed(msgspec.Struct, gc=False):
    """The cids of a chat's receipts, up to the public event ``upto``, as hashes: what is not here is not there."""

    upto: int
    cids: set[int]


class WorkingSet:
    """The heads that a batch touches, loaded once, changed in memory, written once.

    ``careful`` remembers nothing, and looks up receipts first, so that a resent command is answered and not tried.

    What the batches before left on this connection is not read again: there is one server, and what a command touched in
    a working set of its own is forgotten. Should another hand have changed a row all the same, ``flush`` raises
    batch.Overtaken, and the batch is tried once more, carefully.

    A command signs its sender's last event with its cid if that is public; that is its receipt. Which cids an open
    chat has is remembered too: a table of receipts would be looked into, and grow in a thousand places, at every line.
    """

    def __init__(self, connection: Connection, careful: bool) -> None:
        self.connection = connection
        self.careful = careful
        self._loaded: dict[int, Head] = {}
        self._heads: dict[int, Head] = {}
        self._public: list[tuple[Any, ...]] = []
        self._staff: list[tuple[Any, ...]] = []
        self._receipts: dict[tuple[int, str, str], Receipt] = {}
        self._signed: dict[int, Signed] = connection.info.pop("signed", {})
        self._departments: dict[int, Department] = connection.info.pop("departments", {})
        self._statements = batch.Statements(connection)
        self.told: list[Message] = []  # staff messages that were written by the way
        self._known: dict[int, Head] = connection.info.pop("heads", {})
        if careful:
            self.forget_all()

    def load(self, ids: Iterable[int]) -> None:
        """Read and lock these chats, in id order."""
        wanted = sorted({key for key in ids if key not in self._heads})
        unknown = []
        for key in wanted:
            known = self._known.get(key)
            if known is None:
                unknown.append(key)
            else:
                self._loaded[key] = self._heads[key] = known
        for row in self._statements.by_ids(chat, unknown, lock=True):
            head = head_of(row)
            self._loaded[head.id] = self._heads[head.id] = head
        if not self.careful:
            self._read_cids([self._heads[key] for key in wanted if key in self._heads])

    def _read_cids(self, heads: Iterable[Head]) -> None:
        for head in heads:
            signed = self._signed.get(head.id)
            if signed is None:
                signed = self._signed[head.id] = Signed(0, set())
            if signed.upto < head.pub:
                signed.cids.update(map(hash, self._statements.cids_after(head.id, signed.upto)))
                signed.upto = head.pub

    def remember(self) -> None:
        """Leave what is known for the next batch, after the last flush; a batch that fails leaves nothing."""
        if len(self._known) > KNOWN:
            self._known, self._signed = {}, {}
        self._known.update(self._heads)
        for key, head in self._heads.items():
            if not is_open(head.state):
                self._signed.pop(key, None)
        self.connection.info["heads"] = self._known
        self.connection.info["departments"] = self._departments
        self.connection.info["signed"] = self._signed

    def head(self, key: int) -> Head | None:
        """The chat as this batch has left it so far."""
        if key not in self._heads:
            self.load((key,))
        return self._heads.get(key)

    def department(self, key: int) -> Department:
        """A department's settings."""
        if key not in self._departments:
            rows = self._statements.by_ids(department, (key,))
            self._departments[key] = departments.department_of(rows[0])
        return self._departments[key]

    def forget(self, others: WorkingSet) -> None:
        """Read again what was touched there, and every department; call it after both were flushed."""
        self._departments = {}
        for key in others._heads:
            for remembered in (self._known, self._loaded, self._heads):
                remembered.pop(key, None)

    def forget_all(self) -> None:
        """Read everything again; call it after flush, when rows were written past any working set."""
        self._known, self._loaded, self._heads, self._departments = {}, {}, {}, {}

    def change(
        self, head: Head, entries: Sequence[Entry], key: tuple[int, str, str] | None = None, digest: int = 0
    ) -> bool:
        """Keep a decision for writing. If the last event of its sender is public, the cid signs it: True."""
        self._heads[head.id] = head
        own = _last_of(key[1], entries) if key else None
        cid = key[2] if key and own and own.pub else ""
        for entry in entries:
            by = entry.by
            tail = (
                entry.seq,
                entry.at,
                _SIDE_WORDS[by.side],
                by.id,
                by.name,
                kind(entry),
                encode(entry.what).decode(),
            )
            if not entry.pub:
                self._staff.append((head.id, *tail))
            elif cid and entry is own:
                self._public.append((head.id, entry.pub, *tail, cid, digest))
            else:
                self._public.append((head.id, entry.pub, *tail, "", 0))
        signed = self._signed.get(head.id)
        if signed is not None:
            signed.upto = head.pub
            if cid:
                signed.cids.add(hash(cid))
        return bool(cid)

    def insert(self, head: Head) -> Head:
        """Write a new chat's row at once; the answer has its id."""
        values = dict(zip(COLUMNS, row_of(head), strict=True))
        del values["id"]
        key = self.connection.execute(chat.insert().values(values)).inserted_primary_key
        assert key is not None
        head = msgspec.structs.replace(head, id=key[0])
        self._loaded[head.id] = self._heads[head.id] = head
        return head

    def receipt(self, key: tuple[int, str, str], ever: bool = False) -> Receipt | None:
        """What this (chat, sender, cid) made before: in this batch, in the open chat or, when careful or asked so, ever."""
        found = self._receipts.get(key)
        if found is None and (self.careful or ever or self._is_signed(key[0], key[2])):
            self.flush()
            found = _signature(self.connection, *key) if key[0] else None
            found = found or _receipt(self.connection, *key)
        return found

    def _is_signed(self, chat: int, cid: str) -> bool:
        signed = self._signed.get(chat)
        return signed is not None and hash(cid) in signed.cids

    def keep(self, made: Receipt) -> None:
        """Remember what a command made that signed nothing."""
        self._receipts[(made.chat, made.sender, made.cid)] = made
        if made.chat in self._signed:
            self._signed[made.chat].cids.add(hash(made.cid))

    def flush(self) -> None:
        """One statement a table."""
        full, hot = [], []
        for key, head in self._heads.items():
            before = self._loaded[key]
            if head is before:
                continue
            if head.version == before.version:
                hot.append(
                    (
                        head.seq,
                        head.pub,
                        head.unanswered,
                        head.replied_at,
                        head.asked_at,
                        head.spoke_at,
                        key,
                        before.seq,
                        before.version,
                    )
                )
            else:
                values = row_of(head)
                full.append(
                    (*(values[COLUMNS.index(name)] for name in MUTABLE), key, before.seq, before.version)
                )
        self._statements.update(chat, HOT, EDITION, hot)
        self._statements.update(chat, MUTABLE, EDITION, full)
        self._statements.insert(public_event, self._public)
        self._statements.insert(staff_event, self._staff)
        self._statements.insert(receipt, [msgspec.structs.astuple(made) for made in self._receipts.values()])
        self._loaded = dict(self._heads)
        self._public, self._staff, self._receipts = [], [], {}


def _signature(connection: Connection, chat_id: int, sender: str, cid: str) -> Receipt | None:
    side, party = _author(sender)
    row = connection.execute(
        select(public_event).where(
            public_event.c.chat_id == chat_id,
            public_event.c.cid == cid,
            public_event.c.side == side.value,
            public_event.c.party == party,
        )
    ).one_or_none()
    return Receipt(chat_id, sender, cid, row.digest, chat_id, row.seq, row.pub, row.at) if row else None


def _last_of(sender: str, entries: Sequence[Entry]) -> Entry | None:
    side, party = _author(sender)
    return next(
        (entry for entry in reversed(entries) if entry.by.id == party and entry.by.side is side), None
    )


def _author(sender: str) -> tuple[Side, int]:
    """As whom the sender of a command stands in a chat's log."""
    return (Side.visitor, 0) if sender[0] == Side.visitor[0] else (Side.staff, int(sender[1:]))


def _receipt(connection: Connection, chat_id: int, sender: str, cid: str) -> Receipt | None:
    row = connection.execute(
        select(receipt).where(receipt.c.chat_id == chat_id, receipt.c.sender == sender, receipt.c.cid == cid)
    ).one_or_none()
    return Receipt(*row) if row else None


def head_of(row: Sequence[Any]) -> Head:
    """A row of the chat table as a head."""
    values = list(row)
    values[_STATE] = _STATES[values[_STATE]]
    values[_LEFT] = values[_LEFT] == 1
    values[_DRILL] = values[_DRILL] == 1
    values[_TIMED] = values[_TIMED] == 1
    for index in _USERS:
        written = values[index]
        values[index] = tuple(map(int, written.split(","))) if written else ()
    if values[_OUTCOME] is not None:
        values[_OUTCOME] = _OUTCOMES[values[_OUTCOME]]
    if values[_RATING] is not None:
        values[_RATING] = _RATINGS[values[_RATING]]
    return Head(*values)


def row_of(head: Head) -> tuple[Any, ...]:
    """A head as a row of the chat table."""
    values = list(msgspec.structs.astuple(head))
    values[_STATE] = head.state.value
    values[_OUTCOME] = head.outcome.value if head.outcome else None
    values[_RATING] = head.rating.value if head.rating else None
    for index in _USERS:
        values[index] = ",".join(map(str, values[index]))
    return tuple(values)


def kind(entry: Entry) -> str:
    """The tag of what happened."""
    return _KINDS[type(entry.what)]


# --- questions -----------------------------------------------------------------------------------------------------


def one(connection: Connection, key: int) -> Head | None:
    """A chat by its id."""
    row = connection.execute(select(chat).where(chat.c.id == key)).one_or_none()
    return head_of(row) if row else None


def open_chats(connection: Connection) -> list[Head]:
    """Every conversation that is going on."""
    return [head_of(row) for row in connection.execute(select(chat).where(OPEN))]


def open_of_visitor(connection: Connection, visitor: int, department: int) -> Head | None:
    """The one open chat that a visitor began in a department, wherever it is now."""
    states = [state.value for state in OPEN_STATES]
    row = connection.execute(
        select(chat).where(chat.c.visitor == visitor, chat.c.home == department, chat.c.state.in_(states))
    ).one_or_none()
    return head_of(row) if row else None


def of_visitor(connection: Connection, visitor: int, limit: int = 5) -> list[Head]:
    """A visitor's chats, newest first."""
    query = select(chat).where(chat.c.visitor == visitor).order_by(chat.c.id.desc()).limit(limit)
    return [head_of(row) for row in connection.execute(query)]


def of_email(connection: Connection, email: str, limit: int = 50) -> list[Head]:
    """The chats of an e-mail address, newest first."""
    query = (
        select(chat).where(chat.c.email == email, chat.c.email != "").order_by(chat.c.id.desc()).limit(limit)
    )
    return [head_of(row) for row in connection.execute(query)]


def listed(
    connection: Connection,
    departments: frozenset[int] | None,
    states: Sequence[State],
    before: int,
    limit: int,
) -> list[Head]:
    """Chats of these departments (None = all) and states (none = all), newest first, with an id below ``before``."""
    query = select(chat).order_by(chat.c.id.desc()).limit(limit)
    if departments is not None:
        query = query.where(chat.c.department.in_(departments))
    if states:
        query = query.where(chat.c.state.in_([state.value for state in states]))
    if before:
        query = query.where(chat.c.id < before)
    return [head_of(row) for row in connection.execute(query)]


def waiting_count(connection: Connection, department: int) -> int:
    """How many chats wait in a department."""
    return int(
        connection.execute(
            select(func.count()).where(
                OPEN, chat.c.department == department, chat.c.state == State.waiting.value
            )
        ).scalar_one()
    )


def next_waiting(
    connection: Connection, departments: frozenset[int] | None, user: int, now: int
) -> Head | None:
    """What this user should take next in these departments (None = all), locked: what is offered to them, then the
    first in line by age and priority that does not wait for somebody else."""
    points = chat.c.priority + department.c.priority
    exists = select(people.c.id).where(people.c.id == chat.c.wanted, people.c.disabled.is_(False)).exists()
    elsewhere = and_(chat.c.wanted.not_in((0, user)), chat.c.wanted_until > now, exists)
    waiting = and_(chat.c.state == State.waiting.value, not_(elsewhere))
    if departments is not None:
        waiting = and_(waiting, chat.c.department.in_(departments))
    offered = and_(chat.c.offer_to == user, chat.c.state.in_((State.offered.value, State.active.value)))
    query = (
        select(chat)
        .join(department, department.c.id == chat.c.department)
        .where(OPEN, or_(waiting, offered))
        .order_by(case((chat.c.offer_to == user, 0), else_=1), chat.c.since - points * AGEING_MS, chat.c.id)
        .limit(1)
        .with_for_update(of=chat, skip_locked=True)
    )
    row = connection.execute(query).one_or_none()
    return head_of(row) if row else None


def held_by(connection: Connection, user: int) -> list[Head]:
    """The open chats that a user answers or is offered."""
    query = select(chat).where(OPEN, or_(chat.c.owner == user, chat.c.offer_to == user)).order_by(chat.c.id)
    return [head_of(row) for row in connection.execute(query)]


def last_owner(connection: Connection, visitor: int, email: str) -> tuple[int, str]:
    """Who last answered this customer, by the visitor or else the e-mail address; (0, '') = nobody."""
    by_visitor = chat.c.visitor == visitor
    for same in (by_visitor, and_(chat.c.email == email, chat.c.email != "")):
        row = connection.execute(
            select(chat.c.owner, chat.c.owner_name)
            .where(same, chat.c.owner > 0)
            .order_by(chat.c.id.desc())
            .limit(1)
        ).one_or_none()
        if row:
            return row.owner, row.owner_name
    return 0, ""


def freed_at(connection: Connection, limit: int = 5_000) -> dict[int, int]:
    """When a chat of each agent last ended, as far as the newest chats tell."""
    query = select(chat.c.owner, chat.c.ended_at).order_by(chat.c.id.desc()).limit(limit)
    found: dict[int, int] = {}
    for owner, ended_at in connection.execute(query):
        if owner and ended_at:
            found[owner] = max(found.get(owner, 0), ended_at)
    return found


def due(connection: Connection, now: int, limit: int = 500) -> list[int]:
    """The chats whose timer has run out."""
    query = (
        select(chat.c.id)
        .where(and_(chat.c.due_at > 0, chat.c.due_at <= now))
        .order_by(chat.c.due_at)
        .limit(limit)
    )
    return [row[0] for row in connection.execute(query)]


def next_due(connection: Connection, now: int) -> int:
    """When the next timer of a chat runs out after now; 0 = none does."""
    query = select(func.min(chat.c.due_at)).where(chat.c.due_at > now)
    return connection.execute(query).scalar_one_or_none() or 0


def extend_timers(connection: Connection, by: int) -> None:
    """Give every running timer this many milliseconds more: what is due, lines of persons, invitations, and time spent in a queue."""
    connection.execute(update(chat).where(chat.c.due_at > 0).values(due_at=chat.c.due_at + by))
    connection.execute(
        update(chat).where(OPEN, chat.c.wanted_until > 0).values(wanted_until=chat.c.wanted_until + by)
    )
    connection.execute(
        update(chat).where(OPEN, chat.c.invited_until > 0).values(invited_until=chat.c.invited_until + by)
    )
    waiting = chat.c.state == State.waiting.value
    connection.execute(update(chat).where(OPEN, waiting).values(queued_at=chat.c.queued_at + by))


def lose_all_visitors(connection: Connection, now: int, patience: int) -> None:
    """A server that starts has no links: every visitor of an open chat was lost now.

    Who waits is waited for ``patience`` milliseconds longer than usual: windows come back spread over that time.
    """
    abandon = select(department.c.abandon_ms).where(department.c.id == chat.c.department).scalar_subquery()
    connection.execute(
        update(chat)
        .where(chat.c.lost_at == 0, chat.c.state.in_([state.value for state in OPEN_STATES]))
        .values(
            lost_at=now,
            version=chat.c.version + 1,
            due_at=case((chat.c.state == State.waiting.value, now + patience + abandon), else_=chat.c.due_at),
        )
    )


def answered_waits(connection: Connection, department: int, limit: int = 20) -> list[int]:
    """The last waits in a queue, in milliseconds, until somebody took the chat, the last answered first; drill traffic
    does not count. They are looked for among those that began last: those are found without reading all."""
    begun = (
        select(chat.c.taken_at, chat.c.queued_at)
        .where(chat.c.department == department, chat.c.taken_at > 0, chat.c.drill.is_(False))
        .order_by(chat.c.started_at.desc())
        .limit(BEGUN_FOR_EACH_WAIT * limit)
        .subquery()
    )
    query = select(begun.c.taken_at - begun.c.queued_at).order_by(begun.c.taken_at.desc()).limit(limit)
    return [row[0] for row in connection.execute(query)]


def public_log(connection: Connection, key: int, after: int = 0, limit: int = 100_000) -> list[Entry]:
    """The events that the visitor may know, after this pub."""
    query = (
        select(public_event)
        .where(public_event.c.chat_id == key, public_event.c.pub > after)
        .order_by(public_event.c.pub)
        .limit(limit)
    )
    return [
        Entry(
            row.seq,
            row.pub,
            row.at,
            Party(_SIDES[row.side], row.party, row.name),
            decode_public_what(row.what),
        )
        for row in connection.execute(query)
    ]


def staff_log(
    connection: Connection, key: int, after: int = 0, before: int = 0, limit: int = 100_000
) -> list[Entry]:
    """The events of a chat for staff in seq order: of those after ``after`` and before ``before`` (0 = no end) the last ``limit``."""
    entries = []
    for table in (public_event, staff_event):
        query = select(table).where(table.c.chat_id == key)
        if after:
            query = query.where(table.c.seq > after)
        if before:
            query = query.where(table.c.seq < before)
        order = table.c.pub if table is public_event else table.c.seq
        for row in connection.execute(query.order_by(order.desc()).limit(limit)):
            pub = row.pub if table is public_event else 0
            by = Party(_SIDES[row.side], row.party, row.name)
            entries.append(Entry(row.seq, pub, row.at, by, decode_what(row.what)))
    entries.sort(key=lambda entry: entry.seq)
    return entries[-limit:]


def marks(connection: Connection, keys: Sequence[int]) -> dict[tuple[int, str], tuple[int, int]]:
    """(chat, reader) to (delivered, read), in pub."""
    query = select(mark).where(mark.c.chat_id.in_(keys))
    return {(row.chat_id, row.reader): (row.delivered, row.read) for row in connection.execute(query)}


def save_marks(connection: Connection, found: Sequence[tuple[int, str, int, int]]) -> None:
    """Write marks of (chat, reader, delivered, read); they never go back."""
    biggest = "max" if connection.dialect.name == "sqlite" else "greatest"
    statement = text(
        "INSERT INTO mark (chat_id, reader, delivered, read) VALUES (:chat, :reader, :delivered, :read)"
        " ON CONFLICT (chat_id, reader) DO UPDATE SET"
        f" delivered = {biggest}(mark.delivered, excluded.delivered), read = {biggest}(mark.read, excluded.read)"
    )
    rows = [dict(zip(("chat", "reader", "delivered", "read"), row, strict=True)) for row in found]
    connection.execute(statement, rows)
