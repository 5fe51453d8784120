"""Words among staff: messages between colleagues and in channels, whispers, feedback; and who watched which chat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import (
    AcknowledgeFeedback,
    Code,
    FeedbackCard,
    GiveFeedback,
    Message,
    Party,
    ReadMessages,
    Side,
    StaffMessage,
    State,
    Took,
    Transferred,
)

from ..domain.life import Head, Refusal, checked_text, takes_part
from ..domain.policy import Actor, Deed, Thing, can
from ..storage import chats, departments, feedback, letters, messages, users
from ..storage.chats import WorkingSet
from .made import Made, RoomRead
from .things import readable


class Watched(msgspec.Struct, frozen=True):
    """Somebody began (``on``), or ended, to watch a running chat in silence: the audit log keeps it, nothing else."""

    chat: int
    on: bool


class Looked(msgspec.Struct, frozen=True):
    """Somebody read a running chat once without taking part in it; kept in the audit log alone, as above."""

    chat: int


def watches(head: Head, actor: Actor) -> bool:
    """Is reading this chat to observe it: does it run without this actor, who is there to supervise or to judge?"""
    running = head.state is State.active and not takes_part(head, actor.id)
    return running and can(actor, Deed.observe, Thing(department=head.department))


def _message(sheet: WorkingSet, actor: Actor, command: StaffMessage, now: int) -> Made:
    text = checked_text(command.text)
    if bool(command.user) == bool(command.department):
        raise Refusal(Code.invalid, "Write to a colleague, or to a department's channel.")
    room = _direct(sheet, actor, command.user) if command.user else _channel(sheet, actor, command.department)
    head = readable(sheet, actor, command.chat) if command.chat else None
    whisper = (
        head is not None
        and takes_part(head, command.user)
        and can(actor, Deed.whisper, Thing(department=head.department))
    )
    new = Message(1, room, now, actor.id, actor.display, text, command.chat, whisper)
    made = messages.add(sheet.connection, new)
    if command.user:
        messages.enter(sheet.connection, command.user, room)
    messages.mark(sheet.connection, actor.id, room, made.id)
    return Made(seq=made.id, news=[made])


def _direct(sheet: WorkingSet, actor: Actor, user: int) -> str:
    found = users.by_id(sheet.connection, user)
    if not can(actor, Deed.message) or found is None or found.disabled:
        raise Refusal(Code.unknown, "There is no such colleague.")
    if user == actor.id:
        raise Refusal(Code.invalid, "That is you. Choose a colleague.")
    return messages.between(actor.id, user)


def _channel(sheet: WorkingSet, actor: Actor, key: int) -> str:
    found = departments.one(sheet.connection, key)
    if found is None or not can(actor, Deed.channel, Thing(department=key)):
        raise Refusal(Code.unknown, "There is no such channel, or it is not yours to see.")
    return messages.channel(key)


def may_read_room(actor: Actor, room: str) -> bool:
    """Is this one of the actor's rooms?"""
    key = messages.department(room)
    if key:
        return can(actor, Deed.channel, Thing(department=key))
    return can(actor, Deed.message) and actor.id in messages.people(room)


def _read(sheet: WorkingSet, actor: Actor, command: ReadMessages, now: int) -> Made:
    if not may_read_room(actor, command.room):
        raise Refusal(Code.unknown, "There is no such room, or it is not yours to see.")
    if not messages.mark(sheet.connection, actor.id, command.room, command.upto):
        return Made()
    card = messages.card(sheet.connection, actor.id, command.room)
    return Made(news=[RoomRead(actor.id, card)] if card else [])


def _give_feedback(sheet: WorkingSet, actor: Actor, command: GiveFeedback, now: int) -> Made:
    head = readable(sheet, actor, command.chat)
    if not can(actor, Deed.feedback_give, Thing(department=head.department)):
        raise Refusal(Code.not_now, "Only supervisors and quality analysts of its department give feedback.")
    if command.seq > head.seq:
        raise Refusal(Code.invalid, "This chat has no such line.")
    agent = _judged(sheet, head, command.seq)
    if agent is None:
        raise Refusal(Code.not_now, "Nobody has answered this chat, so there is nobody to give feedback to.")
    if agent.id == actor.id:
        raise Refusal(Code.invalid, "That was you. Feedback is for colleagues.")
    card = FeedbackCard(
        id=1,
        chat=head.id,
        agent=agent.id,
        agent_name=agent.name,
        author=actor.id,
        author_name=actor.display,
        at=now,
        text=checked_text(command.text),
        seq=command.seq,
        good=command.good,
    )
    filed = feedback.add(sheet.connection, card, head.department)
    return Made(seq=filed.card.id, news=[filed])


def _judged(sheet: WorkingSet, head: Head, seq: int) -> Party | None:
    """Whom feedback on this event is for: who of staff made it, else who answered the chat then, or took it next.

    Without ``seq`` who answers the chat, or did so last; None = nobody has.
    """
    log = chats.staff_log(sheet.connection, head.id)
    for entry in log:
        if entry.seq == seq and entry.by.side is Side.staff:
            return entry.by
    takers = [entry for entry in log if isinstance(entry.what, Took | Transferred)]
    before = [entry for entry in takers if not seq or entry.seq <= seq]
    found = before[-1:] or takers[:1]
    return found[0].by if found else None


def feedback_thing(filed: feedback.Filed) -> Thing:
    """Feedback as policy looks at it: it belongs to its agent and to its department's supervisors."""
    return Thing(department=filed.department, owner=filed.card.agent)


def _acknowledge(sheet: WorkingSet, actor: Actor, command: AcknowledgeFeedback, now: int) -> Made:
    filed = feedback.one(sheet.connection, command.feedback)
    if filed is None or not can(actor, Deed.feedback_acknowledge, feedback_thing(filed)):
        raise Refusal(Code.unknown, "There is no such feedback, or it is not for you.")
    if filed.card.acknowledged_at:
        return Made()
    feedback.acknowledge(sheet.connection, filed.card.id, now)
    card = msgspec.structs.replace(filed.card, acknowledged_at=now)
    return Made(seq=card.id, news=[feedback.Filed(card, filed.department)])


def _watched(sheet: WorkingSet, actor: Actor, command: Watched, now: int) -> Made:
    deed = "watch" if command.on else "watch_end"
    letters.record(sheet.connection, now, actor.name, deed, f"chat {command.chat}", "")
    return Made(about=command.chat)


def _looked(sheet: WorkingSet, actor: Actor, command: Looked, now: int) -> Made:
    letters.record(sheet.connection, now, actor.name, "look", f"chat {command.chat}", "")
    return Made(about=command.chat)


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    StaffMessage: _message,
    ReadMessages: _read,
    GiveFeedback: _give_feedback,
    AcknowledgeFeedback: _acknowledge,
    Watched: _watched,
    Looked: _looked,
}
