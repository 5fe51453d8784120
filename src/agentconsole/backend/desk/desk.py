"""Takes commands from every door, carries them out in batches, and tells what came of them."""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from agentconsole.protocol import Code, Say, Side, State, Take, encode

from ..domain.chat import ChatCommand, decide
from ..domain.life import Refusal, Stumbled, thing, unknown
from ..domain.policy import Actor, Deed, can
from ..storage import Connection, users
from ..storage.agenda import Agenda, soonest
from ..storage.chats import Receipt, WorkingSet
from ..storage.database import Database
from ..storage.writer import Overloaded, Writer
from . import (
    admin,
    availability,
    customers,
    filters,
    handing,
    mailing,
    receiving,
    retention,
    rules,
    sessions,
    slices,
    staff,
    succession,
    talking,
    team,
    templates,
    ticketing,
    uploads,
    visits,
    webhooks,
)
from .chat_rules import chat_changed
from .left import missed
from .made import Change, Made, StaffChanged
from .transcripts import mail_transcript
from .workload import may_take

log = logging.getLogger("agentconsole.desk")

CHAT_COMMANDS: tuple[type[Any], ...] = ChatCommand.__args__
Plain = Callable[[WorkingSet, Actor, Any, int], Made]
PLAIN: dict[type[Any], Plain] = {
    **visits.COMMANDS,
    **staff.COMMANDS,
    **availability.COMMANDS,
    **handing.COMMANDS,
    **talking.COMMANDS,
    **team.COMMANDS,
    **succession.COMMANDS,
    **admin.COMMANDS,
    **sessions.COMMANDS,
    **ticketing.COMMANDS,
    **receiving.COMMANDS,
    **retention.COMMANDS,
    **uploads.COMMANDS,
    **rules.COMMANDS,
    **slices.COMMANDS,
    **filters.COMMANDS,
    **customers.COMMANDS,
    **mailing.COMMANDS,
    **templates.COMMANDS,
    **webhooks.COMMANDS,
}


SURE_MS = 5_000  # an agenda is read again after so long
PAST = (admin.Awake,)  # these write to rows of chats past the working set


class Job(msgspec.Struct, gc=False):
    """A command on its way through the writer."""

    actor: Actor
    command: Any
    now: int
    reply: Callable[[Made], None]


class Desk:
    """The only writer of the domain.

    ``clock`` gives UTC milliseconds; ``publish`` is called in the event loop with all that a batch made, before the
    senders are answered.
    """

    def __init__(
        self, database: Database, clock: Callable[[], int], publish: Callable[[Sequence[Made]], None]
    ) -> None:
        self.clock = clock
        self._publish = publish
        self._database = database
        self._agenda = Agenda()
        self._agenda_of = self._stirs = 0
        self._agenda_until: float = 0
        self.codes: Counter[str] = Counter()
        self.writer: Writer[Job, Made] = Writer(database, work, self._failed, self._done, _brief)

    def submit(self, actor: Actor, command: Any, reply: Callable[[Made], None]) -> None:
        """Carry out a command; ``reply`` gets what came of it, after the commit. Call it in the event loop."""
        try:
            self.writer.submit(Job(actor, command, self.clock(), reply))
        except Overloaded:
            reply(Made(refusal=Refusal(Code.busy, "The server has too much to do. Please try again.", 2_000)))

    async def handle(self, actor: Actor, command: Any) -> Made:
        """Carry out a command and wait for what came of it. Raises Refusal."""
        future: asyncio.Future[Made] = asyncio.get_running_loop().create_future()

        def reply(made: Made) -> None:
            if not future.done():
                future.set_result(made)

        self.submit(actor, command, reply)
        made = await future
        if made.refusal is not None:
            raise made.refusal
        return made

    async def soonest(self) -> Agenda:
        """What time has to do next: read again only when its time has come, when more than lines was written, or
        after a while, should another hand have written."""
        now, stirs = self.clock(), self._stirs
        if now >= self._agenda_until or stirs != self._agenda_of:
            self._agenda = await self._database.read(soonest)
            self._agenda_of = stirs
            self._agenda_until = min(self._agenda.first or math.inf, now + SURE_MS)
        return self._agenda

    def _done(self, jobs: Sequence[Job], results: Sequence[Made]) -> None:
        try:
            self._publish([made for made in results if made.changes or made.news])
        finally:
            for job, made in zip(jobs, results, strict=True):
                self._stirs += not _is_line(job, made)
                self.codes[made.refusal.code if made.refusal else "ok"] += 1
                job.reply(made)

    def _failed(self, job: Job, error: Exception) -> Made:
        if isinstance(error, self._database.failures):
            reason = str(getattr(error, "orig", error)).partition("\n")[
                0
            ]  # what follows may show what people wrote
            log.error("not written: %s: %s", type(job.command).__name__, reason)
            text = "The server cannot write just now; nothing is lost if you send it again."
            busy = Refusal if isinstance(error, self._database.outages) else Stumbled
            return Made(refusal=busy(Code.busy, text, 2_000))
        mark = secrets.token_hex(4)
        log.error("failed %s: %s", mark, type(job.command).__name__, exc_info=error)
        text = f"Something went wrong in the server (see its log, {mark})."
        return Made(refusal=Stumbled(Code.busy, text, 5_000))


def _brief(job: Job) -> bool:
    """A line takes next to no time to write; everything else may take its time."""
    return type(job.command) is Say


def _is_line(job: Job, made: Made) -> bool:
    """Was this a line and nothing more? Then time has nothing else to do than before."""
    if type(job.command) is not Say or made.news:
        return False
    return all(each.before is not None and each.before.version == each.after.version for each in made.changes)


def work(connection: Connection, jobs: Sequence[Job], careful: bool) -> list[Made]:
    """Load, decide, write: one batch inside one transaction."""
    sheet = WorkingSet(connection, careful)
    sheet.load(_chats_of(jobs))
    rights: dict[int, Actor] = connection.info.get("rights", {})
    results = []
    for job in jobs:
        if job.actor.side is Side.staff and job.actor.id in rights:
            job = msgspec.structs.replace(job, actor=rights[job.actor.id])
        if type(job.command) in PLAIN:
            sheet.flush()
            own = WorkingSet(connection, careful=True)
            made = _plain(own, job)
            sheet.forget(own)
            if type(job.command) in PAST:
                sheet.forget_all()
            rights = _rights(connection, made, rights)
        else:
            made = _chat(sheet, job)
        results.append(made)
    sheet.flush()
    sheet.remember()
    connection.info["rights"] = rights
    return results


def _rights(connection: Connection, made: Made, known: dict[int, Actor]) -> dict[int, Actor]:
    """Whose rights changed: a command that was on its way just then is carried out with those of this moment."""
    changed = {user for item in made.news if isinstance(item, StaffChanged) for user in item.users}
    if not changed:
        return known
    people = [found for key in changed if (found := users.by_id(connection, key)) is not None]
    actors = {found.id: users.actor_of(connection, found) for found in people}
    for found in people:
        if found.disabled:
            actors[found.id] = msgspec.structs.replace(actors[found.id], grants=())
    return known | actors


def _chats_of(jobs: Iterable[Job]) -> Iterable[int]:
    return (job.command.chat for job in jobs if isinstance(job.command, CHAT_COMMANDS))


def _plain(sheet: WorkingSet, job: Job) -> Made:
    try:
        with sheet.connection.begin_nested():
            actor = visits.arrive(sheet, job.actor, job.command, job.now)
            key = _receipt_key(0, actor, job.command)
            made = _again(sheet, key, job.command)
            if made is None:
                made = PLAIN[type(job.command)](sheet, actor, job.command, job.now)
                made.news.extend(sheet.told)
                _keep(sheet, key, job, made)
                sheet.flush()
            if actor.side is Side.visitor:
                made.visitor = actor.id
            return made
    except Refusal as refusal:
        return Made(refusal=refusal)


def _chat(sheet: WorkingSet, job: Job) -> Made:
    command: ChatCommand = job.command
    key = _receipt_key(command.chat, job.actor, command)
    try:
        made = _again(sheet, key, command)
        if made is not None:
            return made
        head = sheet.head(command.chat)
        if head is None:
            raise unknown()
        department = sheet.department(head.department)
        if type(command) is Take and can(job.actor, Deed.take, thing(head, department.team)):
            may_take(sheet, head, job.actor, job.now)
        decision = decide(head, job.actor, command, job.now, department)
        after, entries = succession.reopened(sheet, head, decision, job.now)
    except Refusal as refusal:
        return _earlier(sheet, key, command) or Made(about=command.chat, refusal=refusal)
    if after is head:
        return _earlier(sheet, key, command) or Made(about=head.id)
    signed = sheet.change(after, entries, key, digest(command) if key else 0)
    made = Made(
        about=head.id,
        seq=after.seq if entries else 0,
        pub=after.pub if after.pub > head.pub else 0,
        changes=[Change(head, after, entries)],
    )
    if after.version != head.version:  # more than a line: lists show it
        if after.state is State.abandoned and after.email and department.mailing.missed:
            made.news.extend(missed(sheet, after, job.now))
        mail_transcript(sheet, after, department, entries, job.now)
        made.news.extend(chat_changed(sheet, head, after, entries, job.now))
        made.news.extend(sheet.told)
        sheet.told.clear()
    if not signed:
        _keep(sheet, key, job, made)
    return made


def _receipt_key(chat: int, actor: Actor, command: Any) -> tuple[int, str, str] | None:
    cid = getattr(command, "cid", None)
    return (chat, f"{actor.side[0]}{actor.id}", cid) if cid is not None else None


def _again(sheet: WorkingSet, key: tuple[int, str, str] | None, command: Any) -> Made | None:
    found = sheet.receipt(key) if key else None
    if found is None:
        return None
    if found.digest != digest(command):
        raise Refusal(Code.id_reused, "This cid was used before for something else; make a new one.")
    return Made(about=found.about, seq=found.seq, pub=found.pub)


def _earlier(sheet: WorkingSet, key: tuple[int, str, str] | None, command: Any) -> Made | None:
    """What a command made when it came first, though it can make nothing now: the chat has gone on meanwhile."""
    found = sheet.receipt(key, ever=True) if key else None
    if found is None or found.digest != digest(command):
        return None
    return Made(about=found.about, seq=found.seq, pub=found.pub)


def _keep(sheet: WorkingSet, key: tuple[int, str, str] | None, job: Job, made: Made) -> None:
    if key is not None:
        sheet.keep(Receipt(*key, digest(job.command), made.about, made.seq, made.pub, job.now))


def digest(command: Any) -> int:
    """32 bits that tell whether two commands with one cid are the same."""
    return zlib.crc32(encode(getattr(command, "words", command)))
