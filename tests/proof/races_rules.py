"""What must be true of the rows after each commit, of each event at its place in the order, and when nothing moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from agentconsole import protocol as p
from agentconsole.backend.board import Board
from agentconsole.backend.desk import Change, Made
from agentconsole.backend.desk.desk import Job
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.life import LIFE, Entry, Head, is_offered, is_open
from agentconsole.backend.hub import Hub
from agentconsole.backend.storage import Connection, chats, departments, members, seats, users
from agentconsole.backend.storage.database import Database
from agentconsole.backend.storage.seats import Seat
from agentconsole.backend.storage.tables import chat

OVER = (p.State.closed, p.State.abandoned, p.State.left_message)
BY_HAND = (p.Routing.manual, p.Routing.ring)


class Broken(AssertionError):
    """A rule does not hold."""


def must(truth: object, sentence: str) -> None:
    """Raises Broken with the sentence."""
    if not truth:
        raise Broken(sentence)


class Rows:
    """The tables as they stand."""

    def __init__(self, connection: Connection) -> None:
        self.heads: dict[int, Head] = {
            row[0]: chats.head_of(row) for row in connection.execute(select(chat).order_by(chat.c.id))
        }
        self.seats: dict[int, Seat] = seats.every(connection)
        people = users.every(connection)
        usual = members.chat_limit(connection)
        self.names = {user.id: user.display for user in people}
        self.limits = {user.id: user.chat_limit or usual for user in people}
        self.grants: dict[int, tuple[p.Grant, ...]] = users.every_grant(connection)
        self.departments: dict[int, Department] = {found.id: found for found in departments.every(connection)}
        self.members = members.every(connection)

    def counted(self, user: int, now: int) -> list[tuple[int, int]]:
        """The (chat, department) of what counts against somebody: offers, and chats that are not silent for long."""
        found = []
        for head in self.heads.values():
            if not is_open(head.state):
                continue
            if head.offer_to == user:
                found.append((head.id, head.offer_department or head.department))
            elif head.owner == user:
                idle_ms = self.departments[head.department].idle_ms
                spoke_at = max(head.spoke_at, head.taken_at, head.since)
                if not idle_ms or now - spoke_at < idle_ms:
                    found.append((head.id, head.department))
        return found

    def room(self, user: int, department: int, now: int, besides: int = 0) -> str:
        """Why there is no room for one more chat of this department, '' = there is."""
        held = [(key, where) for key, where in self.counted(user, now) if key != besides]
        if len(held) >= self.limits[user]:
            return f"{self.names[user]} has {len(held)} of {self.limits[user]} chats: {held}"
        member = self.members.get(user, {}).get(department)
        most = (member.limit if member else 0) or self.departments[department].agent_limit
        here = sum(where == department for _, where in held)
        return f"{self.names[user]} has {here} of {most} chats there" if most and here >= most else ""

    def present(self, user: int) -> bool:
        """Online, with a link."""
        seat = self.seats.get(user, Seat(user))
        return seat.status is p.Status.online and not seat.lost_at

    def may(self, user: int, department: int, *roles: p.Role) -> bool:
        """Has somebody one of these roles there?"""
        grants = self.grants.get(user, ())
        return any(grant.role in roles and grant.department in (0, department) for grant in grants)

    def answers(self, user: int, department: int) -> bool:
        """Does somebody answer chats of this department?"""
        return self.may(user, department, p.Role.agent, p.Role.supervisor)

    def why_not(self, user: int, head: Head, department: int, now: int) -> str:
        """Why the dispatcher may not give this chat to this agent, '' = it may."""
        seat = self.seats.get(user, Seat(user))
        if not self.present(user):
            return f"{self.names[user]} is {seat.status}, lost at {seat.lost_at}"
        if not self.may(user, department, p.Role.agent):
            return f"{self.names[user]} does not answer there"
        if user in (*head.tried, head.owner, head.offer_to):
            return f"{self.names[user]} was asked already, or has it"
        return self.room(user, department, now)


class Referee:
    """Looks at every commit. The order inside a batch is that of its jobs; replayed on the rows before it, the
    results must lead to the rows after it."""

    def __init__(self) -> None:
        self.rows: Rows
        self.lines: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)

    def begin(self, database: Database) -> None:
        """Take the rows as they are."""
        self.rows = database.read_now(Rows)

    def look(self, database: Database, batch: Sequence[Job], results: Sequence[Made]) -> None:
        """A batch was committed."""
        touched: set[int] = set()
        for job, made in zip(batch, results, strict=True):
            if made.refusal is not None:
                self._refused(job, made.refusal.code, made.refusal.text)
                must(not made.changes and not made.news, "who was refused changed nothing")
            for change in made.changes:
                self._changed(job, change)
                self.rows.heads[change.after.id] = change.after
                touched.add(change.after.id)
            for item in made.news:
                if isinstance(item, Seat):
                    self.rows.seats[item.user] = item
        replayed, self.rows = self.rows, database.read_now(Rows)
        must(replayed.heads == self.rows.heads, f"the rows are what was told: {_differ(replayed, self.rows)}")
        must(replayed.seats == self.rows.seats, "the seats are what was told")
        for head in self.rows.heads.values():
            head_holds(head)
        self._one_chat_a_visitor()
        for key in touched:
            entries = database.read_now(lambda db, key=key: chats.staff_log(db, key))
            log_holds(self.rows.heads[key], entries)
            said = [(entry.by.id, entry.what.text) for entry in entries if isinstance(entry.what, p.Said)]
            must(said == self.lines[key], f"the lines of chat {key} are there once, in order: {said}")

    def _one_chat_a_visitor(self) -> None:
        running = [(head.visitor, head.home) for head in self.rows.heads.values() if is_open(head.state)]
        must(len(running) == len(set(running)), f"one open chat a visitor and department: {running}")

    # --- one job --------------------------------------------------------------------------------------------------

    def _refused(self, job: Job, code: p.Code, text: str) -> None:
        must(code is not p.Code.busy, f"{type(job.command).__name__} failed in the server: {text}")
        must(text[0].isupper() and text.endswith("."), f"a refusal is a sentence: {text!r}")
        head = self.rows.heads.get(getattr(job.command, "chat", 0))
        if head is None:
            return
        whose = [name for name in (head.owner_name, head.offer_name, head.offer_queue) if name]
        if code is p.Code.taken or (isinstance(job.command, p.Transfer) and "being offered" in text):
            must(any(name in text for name in whose), f"the loser is told who: {text!r}, but it is {whose}")
        if (
            isinstance(job.command, p.Take)
            and head.owner not in (0, job.actor.id)
            and code is not p.Code.unknown
        ):
            expected = (p.Code.taken, p.Code.limit)
            must(code in expected, f"a chat that {head.owner_name} took is refused as taken: {code} {text}")

    def _changed(self, job: Job, change: Change) -> None:
        before, after = change.before, change.after
        if before is not None:
            must(before == self.rows.heads.get(before.id), f"decided on an old state of chat {before.id}")
            must(before.state not in OVER or after.owner == before.owner, "who is over gets no owner")
        for entry in change.entries:
            if isinstance(entry.what, p.Said):
                self.lines[after.id].append((entry.by.id, entry.what.text))
        if before is None:
            return
        for entry in change.entries:
            what = entry.what
            if isinstance(what, p.Offered) and what.user:
                self._offered(job, before, what, change.entries)
            elif isinstance(what, p.Took):
                self._took(job, before, entry.by.id, change.entries)
            elif isinstance(what, p.Transferred):
                self._transferred(job, before, after, entry.by.id)

    def _offered(self, job: Job, before: Head, what: p.Offered, entries: Sequence[Entry]) -> None:
        rows, user = self.rows, what.user
        forced = isinstance(job.command, p.Transfer) and job.command.force
        if forced:
            seat = rows.seats.get(user, Seat(user))
            must(seat.status is not p.Status.offline and not seat.lost_at, "forced upon who is there")
            return
        must(not before.offer_to, f"chat {before.id} is offered to two")
        if isinstance(job.command, p.Transfer):
            must(rows.present(user), f"offered to {what.name}, who is not present")
            must(rows.answers(user, what.department), f"offered to {what.name}, who does not answer there")
            why = rows.room(user, what.department, job.now)
        else:
            must(
                before.state is not p.State.active or before.offer_department == what.department, "same queue"
            )
            why = rows.why_not(user, before, what.department, job.now)
        must(not why, f"chat {before.id} was given, but {why}")

    def _took(self, job: Job, before: Head, user: int, entries: Sequence[Entry]) -> None:
        rows = self.rows
        must(not before.owner, f"chat {before.id} has an owner already")
        forced = isinstance(job.command, p.Transfer) and job.command.force
        if before.offer_to not in (0, user) and not forced:
            must(
                rows.may(user, before.department, p.Role.supervisor),
                f"chat {before.id} is offered to somebody else",
            )
        must(
            rows.answers(user, before.department) or before.offer_to == user or forced,
            f"{rows.names[user]} takes a chat of a department without a right there",
        )
        if rows.departments[before.department].strict_limit and isinstance(job.command, p.Take | p.TakeNext):
            why = "" if before.offer_to == user else rows.room(user, before.department, job.now)
            must(not why, f"taken beyond a strict limit: {why}")

    def _transferred(self, job: Job, before: Head, after: Head, user: int) -> None:
        rows, command = self.rows, job.command
        if isinstance(command, p.Transfer) and command.force:
            return
        must(not after.timed and not after.due_at, f"no timer of the old owner goes on in chat {before.id}")
        must(not is_offered(after), "what was accepted is offered no more")
        if isinstance(command, p.TakeOver):
            must(
                rows.may(user, before.department, p.Role.supervisor),
                "only a supervisor of its department takes over",
            )
            return
        must(is_offered(before), f"chat {before.id} was accepted, but it was not offered")
        if before.offer_to:
            must(before.offer_to == user, f"chat {before.id} was accepted by somebody whom nobody asked")
        else:
            must(rows.answers(user, before.offer_department), "accepted by one of the department")
            strict = rows.departments[before.offer_department].strict_limit
            why = rows.room(user, before.offer_department, job.now) if strict else ""
            must(not why, f"accepted beyond a strict limit: {why}")

    # --- at rest --------------------------------------------------------------------------------------------------

    def rest(self, database: Database, now: int, hub: Hub) -> None:
        """Nothing moves any more: nothing may be stuck, and memory is what a server would read that starts now."""
        rows = self.rows
        for head in rows.heads.values():
            must(not 0 < head.due_at <= now, f"chat {head.id} was due at {head.due_at}, it is {now}")
            if head.offer_to:
                where = head.offer_department or head.department
                there = rows.present(head.offer_to) and rows.answers(head.offer_to, where)
                must(there, f"chat {head.id} stays offered to {head.offer_name}, who is not there")
            self._waits(head, now)
            self._held(head, now)
        self._same(database, now, hub)

    def _waits(self, head: Head, now: int) -> None:
        rows = self.rows
        passed_on = head.state is p.State.active and head.offer_department and not head.offer_to
        if head.state is not p.State.waiting and not passed_on:
            return
        key = head.offer_department if passed_on else head.department
        department = rows.departments[key]
        wanted = 0 if passed_on else head.wanted
        free = {user for user in rows.limits if not rows.why_not(user, head, key, now)}
        if wanted and now < head.wanted_until:
            able = rows.may(wanted, key, p.Role.agent) and wanted not in (*head.tried, head.owner)
            if able:
                must(wanted not in free, f"chat {head.id} waits for {head.wanted_name}, who is free")
                return
        if wanted in free and not head.wanted_until and department.routing is not p.Routing.manual:
            must(False, f"chat {head.id} waits, and {head.wanted_name}, who knows the customer, is free")
        if department.routing not in BY_HAND:
            names = sorted(rows.names[user] for user in free)
            must(not free, f"chat {head.id} waits in {department.name}, and {names} are free")
        self._flows(head, department, now) if not passed_on else None

    def _flows(self, head: Head, department: Department, now: int) -> None:
        rows, to = self.rows, department.overflow_to
        if not to or to in head.passed:
            return
        there = {
            key: any(rows.present(user) and rows.may(user, key, p.Role.agent) for user in rows.limits)
            for key in (department.id, to)
        }
        late = 0 < department.overflow_ms <= now - (head.queued_at or head.since)
        must(
            not there[to] or (there[department.id] and not late),
            f"chat {head.id} stays in {department.name}, though it should flow over",
        )

    def _held(self, head: Head, now: int) -> None:
        seat = self.rows.seats.get(head.owner, Seat(head.owner, lost_at=0))
        gone = seat.lost_at and 0 < seat.held_until <= now
        waits = head.state is p.State.active and (head.asked_at or not head.replied_at)
        must(
            not (gone and waits), f"chat {head.id} stays with {head.owner_name}, whose link is lost for good"
        )

    def _same(self, database: Database, now: int, hub: Hub) -> None:
        fresh = Board()
        database.read_now(lambda db: fresh.load(db, now))
        for name in ("heads", "seats", "grants", "departments", "members", "users"):
            must(getattr(fresh, name) == getattr(hub.board, name), f"the board's {name} are not the rows'")
        for name in ("of_owner", "of_guest", "offered_to", "of_visitor", "queues"):
            ours, theirs = (_full(getattr(board, name)) for board in (fresh, hub.board))
            must(ours == theirs, f"the board's {name}: {theirs}, but the rows say {ours}")
        assert hub.dispatcher is not None
        must(not hub.dispatcher._scene.reserved, "no proposal is left over")

    def next_moment(self, now: int) -> int:
        """The next time at which something is due, 0 = never."""
        rows = self.rows
        times = {head.due_at for head in rows.heads.values()}
        times |= {head.wanted_until for head in rows.heads.values() if head.state is p.State.waiting}
        for head in rows.heads.values():
            department = rows.departments[head.department]
            if is_open(head.state) and head.owner and department.idle_ms:
                times.add(max(head.spoke_at, head.taken_at, head.since) + department.idle_ms)
            if head.state is p.State.waiting and department.overflow_ms:
                times.add((head.queued_at or head.since) + department.overflow_ms)
        times |= {seat.held_until for seat in rows.seats.values() if seat.lost_at}
        return min((moment for moment in times if moment > now), default=0)


def head_holds(head: Head) -> None:
    """What is true of every chat's row: it waits, is offered, is owned or is over, and never anything between."""
    about = f"chat {head.id} is {head.state} with owner {head.owner}, offered to {head.offer_to}"
    offered = is_offered(head)
    if head.state is p.State.waiting:
        must(not head.owner and not offered and not head.timed and not head.guests, about)
    elif head.state is p.State.offered:
        must(not head.owner and head.offer_to, about)
        must(head.due_at or not head.timed, f"{about}, and never ends")
    elif head.state is p.State.active:
        must(head.owner and head.offer_to != head.owner, about)
        must(
            bool(head.due_at) == bool(offered or head.timed),
            f"{about}, due at {head.due_at}, timed {head.timed}",
        )
    else:
        must(not offered and not head.timed and not head.help_at and not head.invited, f"{about}: left open")
    if head.state is p.State.wrapup:
        must(head.owner and head.due_at, f"{about}, due at {head.due_at}")
    if head.state in OVER:
        must(not head.due_at, f"{about}, due at {head.due_at}")
        must(head.state is p.State.closed or not head.owner, about)


def log_holds(head: Head, entries: Sequence[Entry]) -> None:
    """The events have no gap, may follow each other, and lead to the row."""
    about = f"the log of chat {head.id}"
    must([entry.seq for entry in entries] == list(range(1, head.seq + 1)), f"{about} has no gap in seq")
    public = [entry.pub for entry in entries if entry.pub]
    must(public == list(range(1, head.pub + 1)), f"{about} has no gap in pub: {public}, {head.pub}")
    state, owner = p.State.waiting, 0
    asked: tuple[int, int] | None = None
    tried: set[int] = set()
    before: set[int] = set()  # the chat was taken from its queue
    for at, entry in enumerate(entries):
        what, user = entry.what, entry.by.id
        following = LIFE.get((state, type(what)))
        must(following is not None, f"{about}: {type(what).__name__} cannot follow in {state}")
        assert following is not None
        state = following
        if isinstance(what, p.Offered):
            must(
                asked is None or (not asked[1] and entry.by.side is p.Side.system), f"{about}: offered to two"
            )
            if what.user and entry.by.side is p.Side.system:
                must(what.user not in tried, f"{about}: {what.name} was asked again in the same round")
            if entry.by.side is p.Side.staff:  # a new wish is a new round
                tried, before = set(), set()
            asked = what.department, what.user
        elif isinstance(what, p.OfferEnded) or (isinstance(what, p.Declined) and not what.invite):
            if isinstance(what, p.OfferEnded) and what.user == owner:
                tried = before
            cut_off = isinstance(what, p.OfferEnded) and what.why is p.OfferEnd.unavailable and not owner
            if not cut_off:
                tried.add(what.user if isinstance(what, p.OfferEnded) else user)
            asked = None
        elif isinstance(what, p.Took | p.Transferred):
            must(isinstance(what, p.Transferred) or not owner, f"{about}: taken from nobody")
            owner, asked = user, None
            before = set(tried)
            if isinstance(what, p.Transferred):
                tried = set()
        elif isinstance(what, p.Requeued):
            if not _came_to_nothing(entries[:at], entry.at):
                tried = set()
            tried |= {owner} if entry.by.side is p.Side.staff else set()
            owner, asked = 0, None
        elif isinstance(what, p.Said) and entry.by.side is p.Side.staff and asked is None:
            tried = set()
        elif isinstance(what, p.Ended | p.VisitorLeft | p.Promised | p.MessageLeft):
            asked = None
    must(state is head.state, f"{about} ends {state}, its row {head.state}")
    must(owner == head.owner, f"{about} leads to owner {owner}, its row has {head.owner}")
    offered = (head.offer_department, head.offer_to) if is_offered(head) else None
    must((asked is None) == (offered is None), f"{about}: offered {asked}, its row {offered}")
    must(asked is None or asked[1] == head.offer_to, f"{about}: offered {asked}, its row {offered}")


def _came_to_nothing(entries: Sequence[Entry], at: int) -> bool:
    """Did an offer end in the same moment, so that the round goes on in the queue?"""
    last = entries[-1].what if entries and entries[-1].at == at else None
    if isinstance(last, p.OfferEnded):
        return last.why is not p.OfferEnd.cancelled
    return isinstance(last, p.Declined) and not last.invite


def _differ(one: Rows, other: Rows) -> str:
    for key in one.heads.keys() | other.heads.keys():
        told, row = one.heads.get(key), other.heads.get(key)
        if told != row:
            if told is None or row is None:
                return f"chat {key}: told {told}, row {row}"
            names = [name for name in Head.__struct_fields__ if getattr(told, name) != getattr(row, name)]
            return f"chat {key}: " + ", ".join(
                f"{name} told {getattr(told, name)!r} row {getattr(row, name)!r}" for name in names
            )
    return ""


def _full(index: Any) -> dict[int, Any]:
    return {key: value for key, value in index.items() if value}


def owners(entries: Iterable[Entry]) -> list[int]:
    """Everybody who became the owner, in order."""
    return [entry.by.id for entry in entries if isinstance(entry.what, p.Took | p.Transferred)]


def as_rows(value: Any) -> Any:
    """A value that two can be compared by."""
    return msgspec.to_builtins(value)
