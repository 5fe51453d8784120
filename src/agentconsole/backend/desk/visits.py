"""What visitors begin: a visit, a chat, a left message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import (
    MAX_LEFT_TEXT,
    MAX_TOPIC,
    Code,
    LeaveMessage,
    LeftCard,
    Party,
    Said,
    Say,
    Side,
    Start,
    State,
)

from ..domain.chat import begin, decide, leave_message
from ..domain.contact import checked_email, checked_name
from ..domain.department import Department
from ..domain.leading import lead
from ..domain.life import Entry, Head, Refusal, checked_text, unknown, without_nul
from ..domain.policy import Actor, Deed
from ..storage import chats, departments, visitors
from ..storage.chats import WorkingSet
from .left import leave
from .made import Change, Made
from .succession import reopened
from .things import carry_out, department_in_use, require


class Where(msgspec.Struct, frozen=True):
    """What the visitor's socket knows beside the command."""

    page: str = ""
    page_title: str = ""
    language: str = ""
    drill: bool = False


class BeginChat(msgspec.Struct, frozen=True):
    """Start, with where it comes from."""

    cid: str
    start: Start
    where: Where

    @property
    def words(self) -> Start:
        """What the visitor asked for; a command that is sent again may come from another page."""
        return self.start


class BeginMessage(msgspec.Struct, frozen=True):
    """LeaveMessage, with where it comes from."""

    cid: str
    letter: LeaveMessage
    where: Where

    @property
    def words(self) -> LeaveMessage:
        """As in BeginChat."""
        return self.letter


class TouchVisitor(msgspec.Struct, frozen=True):
    """A visitor is there: the token is not idle."""

    visitor: int


def arrive(sheet: WorkingSet, actor: Actor, command: Any, now: int) -> Actor:
    """The visitor with an id: the first command that begins something makes the row. Raises Refusal expired."""
    if actor.side is not Side.visitor:
        return actor
    found = visitors.by_token(sheet.connection, actor.token_hash, lock=True)
    if found is None:
        found = visitors.add(sheet.connection, actor.token_hash, now, command.where.drill)
    elif found.expired(now):
        raise Refusal(Code.expired, "This visit is too old. Please begin again.")
    else:
        visitors.touch(sheet.connection, found.id, now)
    return msgspec.structs.replace(actor, id=found.id)


def _begin_chat(sheet: WorkingSet, actor: Actor, command: BeginChat, now: int) -> Made:
    start, where = command.start, command.where
    department = _chosen(sheet, start, where)
    running = chats.open_of_visitor(sheet.connection, actor.id, department.id)
    if running is not None:
        return _go_on(sheet, actor, running, start, now)
    if not department.keeps_open(now):
        raise Refusal(
            Code.unavailable, f"{department.name} is closed now. Leave a message; the answer comes by e-mail."
        )
    if chats.waiting_count(sheet.connection, department.id) >= department.queue_limit:
        raise Refusal(Code.full, f"Too many people wait for {department.name}. Please leave a message.")
    name = checked_name(start.name)
    email = checked_email(start.email) if start.email.strip() else ""
    topic = _checked_topic(start.topic)
    text = checked_text(start.text) if start.text else ""
    head = Head(
        id=0,
        visitor=actor.id,
        department=department.id,
        state=State.waiting,
        owner=0,
        seq=0,
        pub=0,
        version=1,
        since=now,
        queued_at=now,
        started_at=now,
        name=name,
        email=email,
        topic=topic,
        home=department.id,
        language=_kept(where.language),
        page=_kept(where.page),
        page_title=_kept(where.page_title),
        drill=where.drill,
    )
    owner, owner_name = chats.last_owner(sheet.connection, actor.id, email)
    head = sheet.insert(msgspec.structs.replace(head, wanted=owner, wanted_name=owner_name))
    after, entries = begin(head, Party(Side.visitor, 0, name), now, start.topic, text)
    after = msgspec.structs.replace(after, version=2)
    sheet.change(after, entries)
    return Made(about=after.id, seq=after.seq, pub=after.pub, changes=[Change(None, after, entries)])


def _chosen(sheet: WorkingSet, start: Start, where: Where) -> Department:
    key = start.department or lead(departments.every(sheet.connection), start.topic, where.page)
    if not key:
        raise Refusal(Code.invalid, "Please choose a department first.")
    return department_in_use(sheet, key)


def _go_on(sheet: WorkingSet, actor: Actor, running: Head, start: Start, now: int) -> Made:
    if not start.text.strip():
        return Made(about=running.id, seq=running.seq, pub=running.pub)
    sheet.load((running.id,))
    say = Say(start.cid, running.id, start.text)
    decision = decide(running, actor, say, now, sheet.department(running.department))
    after, entries = reopened(sheet, running, decision, now)
    return carry_out(sheet, running, after, entries)


def _begin_message(sheet: WorkingSet, actor: Actor, command: BeginMessage, now: int) -> Made:
    letter, where = command.letter, command.where
    department = department_in_use(sheet, letter.department)
    text = checked_text(letter.text, MAX_LEFT_TEXT) if letter.text.strip() or not letter.chat else ""
    card = LeftCard(
        id=1,
        department=department.id,
        at=now,
        text=text,
        email=checked_email(letter.email),
        name=checked_name(letter.name),
        page=_kept(where.page),
        chat=letter.chat,
        topic=_checked_topic(letter.topic),
        drill=where.drill,
    )
    changes = []
    log: list[Entry] = []
    if letter.chat:
        change = _end_as_message(sheet, actor, letter.chat, now)
        changes.append(change)
        log = chats.public_log(sheet.connection, letter.chat)
        lines = [
            entry.what.text for entry in log if entry.by.side is Side.visitor and isinstance(entry.what, Said)
        ]
        card = msgspec.structs.replace(
            card,
            text="\n\n".join([*lines, text] if text else lines)[: MAX_LEFT_TEXT * 2],
            department=change.after.department,
            topic=change.after.topic or card.topic,
        )
        if not card.text:
            raise Refusal(Code.empty, "There is nothing in your message yet.")
    left, ticket = leave(sheet, card, actor.id, log, text, where.language, now)
    pub = changes[0].after.pub if changes else 0
    return Made(about=letter.chat or left.id, pub=pub, changes=changes, news=[left, ticket])


def _touch_visitor(sheet: WorkingSet, actor: Actor, command: TouchVisitor, now: int) -> Made:
    require(actor, Deed.administer)
    visitors.touch(sheet.connection, command.visitor, now)
    return Made(about=command.visitor)


def _end_as_message(sheet: WorkingSet, actor: Actor, key: int, now: int) -> Change:
    head = sheet.head(key)
    if head is None or head.visitor != actor.id:
        raise unknown()
    after, entries = leave_message(head, now)
    sheet.change(after, entries)
    return Change(head, after, entries)


def _checked_topic(topic: str) -> str:
    if len(topic) > MAX_TOPIC:
        raise Refusal(Code.too_long, f"A topic may have up to {MAX_TOPIC} characters.")
    return without_nul(topic)


def _kept(metadata: str) -> str:
    """What a page says of itself, without the one character that not every database keeps."""
    return metadata.replace("\0", "")


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    BeginChat: _begin_chat,
    BeginMessage: _begin_message,
    TouchVisitor: _touch_visitor,
}
