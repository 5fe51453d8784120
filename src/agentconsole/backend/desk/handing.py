"""Chats change hands: the dispatcher's assignments and overflows, transfers, invitations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import (
    CancelInvite,
    Code,
    Explanation,
    Invite,
    LeftCard,
    OfferEnd,
    Promised,
    Said,
    Side,
    State,
    Status,
    Transfer,
)

from ..domain import offers, together
from ..domain.chat import require
from ..domain.department import Department
from ..domain.life import Head, Refusal, thing, unknown
from ..domain.offers import Target
from ..domain.policy import Actor, Deed, Thing, answering_in, answers, can, is_given
from ..storage import assignments, chats, departments, seats, users
from ..storage.chats import WorkingSet
from .left import leave
from .made import Made, TicketMade
from .things import carry_out, department_in_use, readable
from .workload import Colleague, colleague, in_department


class Assign(msgspec.Struct, frozen=True):
    """The dispatcher's proposal: offer this chat to this agent, for these reasons."""

    chat: int
    agent: int
    explanation: Explanation


class Overflow(msgspec.Struct, frozen=True):
    """The dispatcher's proposal: move this waiting chat to another department."""

    chat: int
    to: int
    why: str


def _assign(sheet: WorkingSet, actor: Actor, command: Assign, now: int) -> Made:
    head = _head(sheet, actor, Deed.expire, command.chat)
    agent = colleague(sheet, command.agent, now)
    in_transfer = head.state is State.active and head.offer_department and not head.offer_to
    place = head.offer_department if in_transfer else head.department
    if agent is None or not is_given(agent.actor.grants, place) or agent.why_not:
        raise Refusal(Code.unavailable, "This agent cannot take the chat any more.")
    if not (head.state is State.waiting or in_transfer) or agent.user.id in (*head.tried, head.owner):
        raise Refusal(Code.not_now, "This chat is not to be given to this agent any more.")
    held, most = in_department(sheet, agent, place)
    if most and held >= most:
        raise Refusal(Code.limit, "This agent has as many chats of this department as may be.")
    department = sheet.department(place)
    after, entries = offers.give(head, agent.user.id, agent.user.display, now, department)
    assignments.add(sheet.connection, msgspec.structs.replace(command.explanation, at=now))
    return carry_out(sheet, head, after, entries)


def _overflow(sheet: WorkingSet, actor: Actor, command: Overflow, now: int) -> Made:
    head = _head(sheet, actor, Deed.expire, command.chat)
    to = departments.one(sheet.connection, command.to)
    if head.state is not State.waiting or to is None or to.archived or to.id == head.department:
        raise Refusal(Code.not_now, "This chat cannot flow over there any more.")
    after, entries = offers.move(head, to, now, command.why)
    return carry_out(sheet, head, after, entries)


def _transfer(sheet: WorkingSet, actor: Actor, command: Transfer, now: int) -> Made:
    head = readable(sheet, actor, command.chat)
    own = sheet.department(head.department)
    facts = thing(head, own.team)
    require(actor, Deed.transfer, facts, "Only who answers this chat hands it over.")
    if command.force:
        require(actor, Deed.force, facts, "Only a supervisor of its department forces a transfer.")
    if not command.user and not command.department:
        raise Refusal(Code.invalid, "Say to whom: an agent, a department, or both.")
    to = department_in_use(sheet, command.department) if command.department else own
    target = _target(sheet, actor, command, to, now) if command.user else None
    after, entries = offers.transfer(
        head, actor, command, now, target, to, open_now(sheet, to.id, head.owner)
    )
    made = carry_out(sheet, head, after, entries)
    promised = next((entry for entry in entries if isinstance(entry.what, Promised)), None)
    if promised is not None and target is not None:
        made.news.extend(_letter(sheet, head, actor, command, target, now))
    return made


def _target(sheet: WorkingSet, actor: Actor, command: Transfer, to: Department, now: int) -> Target:
    if command.user == actor.id and not command.force:
        raise Refusal(Code.invalid, "That is you. Choose a colleague.")
    found = _colleague(sheet, command.user, now)
    name = found.user.display
    if not answers(found.actor.grants, to.id):
        raise Refusal(
            Code.invalid,
            f"{name} does not answer chats of {to.name}. Choose one of {name}'s departments too.",
        )
    held, most = in_department(sheet, found, to.id)
    full = f"has {held} of {most} chats of {to.name}" if most and held >= most else ""
    return Target(
        found.user.id, name, found.why_not or full, found.there, is_given(found.actor.grants, to.id)
    )


def open_now(sheet: WorkingSet, department: int, besides: int) -> bool:
    """Can somebody of this department answer now, ``besides`` this one?"""
    enabled = {found.id for found in users.every(sheet.connection) if not found.disabled}
    present = [
        key
        for key, seat in seats.every(sheet.connection).items()
        if seat.status is Status.online and not seat.lost_at and key in enabled - {besides}
    ]
    grants = users.every_grant(sheet.connection)
    return any(answers(grants.get(key, ()), department) for key in present)


def _letter(
    sheet: WorkingSet, head: Head, actor: Actor, command: Transfer, target: Target, now: int
) -> tuple[LeftCard, TicketMade]:
    log = chats.public_log(sheet.connection, head.id)
    lines = [
        entry.what.text for entry in log if isinstance(entry.what, Said) and entry.by.side is Side.visitor
    ]
    card = LeftCard(
        id=1,
        department=command.department or head.department,
        at=now,
        text="\n\n".join(lines),
        email=head.email,
        name=head.name,
        page=head.page,
        chat=head.id,
        topic=head.topic,
        drill=head.drill,
        agent=target.id,
        agent_name=target.name,
        note=command.note,
    )
    return leave(sheet, card, head.visitor, log, "", head.language, now, actor.party)


def _invite(sheet: WorkingSet, actor: Actor, command: Invite, now: int) -> Made:
    head = readable(sheet, actor, command.chat)
    department = sheet.department(head.department)
    facts = thing(head, department.team)
    require(actor, Deed.invite, facts, "Only who answers this chat invites others to it.")
    found = _colleague(sheet, command.user, now)
    if not answering_in(found.actor.grants):
        raise Refusal(Code.invalid, f"{found.user.display} does not answer chats.")
    if not found.there:
        raise Refusal(Code.unavailable, f"{found.user.display} {found.absent}. Choose somebody who is there.")
    after, entries = together.invite(head, actor.party, now, found.user.id, found.user.display, department)
    return carry_out(sheet, head, after, entries) if after is not head else Made(about=head.id)


def _cancel_invite(sheet: WorkingSet, actor: Actor, command: CancelInvite, now: int) -> Made:
    head = readable(sheet, actor, command.chat)
    facts = thing(head, sheet.department(head.department).team)
    require(actor, Deed.invite, facts, "Only who answers this chat takes its invitations back.")
    found = users.by_id(sheet.connection, command.user)
    name = found.display if found else "This colleague"
    after, entries = together.uninvite(head, actor.party, now, command.user, name, OfferEnd.cancelled)
    return carry_out(sheet, head, after, entries)


def _colleague(sheet: WorkingSet, key: int, now: int) -> Colleague:
    found = colleague(sheet, key, now)
    if found is None:
        raise Refusal(Code.unknown, "There is no such colleague.")
    return found


def _head(sheet: WorkingSet, actor: Actor, deed: Deed, key: int) -> Head:
    head = sheet.head(key)
    if head is None or not can(actor, deed, Thing(department=head.department)):
        raise unknown()
    return head


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    Assign: _assign,
    Overflow: _overflow,
    Transfer: _transfer,
    Invite: _invite,
    CancelInvite: _cancel_invite,
}
