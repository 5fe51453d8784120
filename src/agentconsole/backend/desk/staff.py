"""Commands of staff that are not about one chat's log: next in line, canned replies, notes, left messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import (
    CannedCard,
    Code,
    CustomerNote,
    HandleLeft,
    NoteCustomer,
    Role,
    SaveCanned,
    Take,
    TakeNext,
    TicketStatus,
)

from ..domain.chat import decide
from ..domain.life import Refusal, checked_text, thing, unknown, without_nul
from ..domain.policy import Actor, Deed, Thing, can, departments_of
from ..storage import chats, letters
from ..storage.chats import WorkingSet
from .made import Made, News
from .things import carry_out, require
from .tickets import marked
from .workload import may_take


class SaveMarks(msgspec.Struct, frozen=True):
    """High-water marks collected over a second: (chat, reader, delivered, read), in pub."""

    marks: tuple[tuple[int, str, int, int], ...]


def _take_next(sheet: WorkingSet, actor: Actor, command: TakeNext, now: int) -> Made:
    mine = departments_of(actor, Role.agent, Role.supervisor)
    if command.department:
        mine = frozenset({command.department}) if mine is None else mine & {command.department}
    head = chats.next_waiting(sheet.connection, mine, actor.id, now)
    if head is None:
        raise Refusal(Code.gone, "Nobody is waiting.")
    sheet.load((head.id,))
    department = sheet.department(head.department)
    may_take(sheet, head, actor, now)
    after, entries = decide(head, actor, Take(command.cid, head.id), now, department)
    return carry_out(sheet, head, after, entries)


def _save_marks(sheet: WorkingSet, actor: Actor, command: SaveMarks, now: int) -> Made:
    require(actor, Deed.expire)
    chats.save_marks(sheet.connection, command.marks)
    return Made()


def _note_customer(sheet: WorkingSet, actor: Actor, command: NoteCustomer, now: int) -> Made:
    head = sheet.head(command.chat)
    if head is None or not can(actor, Deed.customer_note, thing(head, team=False)):
        raise unknown()
    if not head.email:
        raise Refusal(
            Code.invalid, "This visitor gave no e-mail address, so there is no card to keep notes on."
        )
    note = CustomerNote(now, actor.display, checked_text(command.text))
    letters.note_on(sheet.connection, head.email, head.department, note)
    return Made(about=head.id)


def _save_canned(sheet: WorkingSet, actor: Actor, command: SaveCanned, now: int) -> Made:
    if command.everybody:
        require(actor, Deed.canned_everybody)
        owner, department = 0, 0
    elif command.department:
        require(actor, Deed.canned_department, Thing(department=command.department))
        owner, department = 0, command.department
    else:
        require(actor, Deed.canned_own)
        owner, department = actor.id, 0
    text = checked_text(command.text) if command.text else ""
    wish = CannedCard(
        id=1, shortcut=without_nul(command.shortcut), text=text, owner=owner, department=department
    )
    card = letters.save_canned(sheet.connection, wish)
    if card is None:
        raise Refusal(Code.unknown, f"There is no canned reply named {command.shortcut}.")
    return Made(about=card.id, news=[card])


def _handle_left(sheet: WorkingSet, actor: Actor, command: HandleLeft, now: int) -> Made:
    card = letters.left(sheet.connection, command.message)
    if card is None or not can(actor, Deed.left_handle, Thing(department=card.department)):
        raise Refusal(Code.unknown, "There is no such message, or it is not yours to see.")
    if command.handled == bool(card.handled_at):
        if command.handled and card.handled_by != actor.display:
            raise Refusal(Code.taken, f"{card.handled_by} has handled this message already.")
        return Made(about=card.id)
    by, at = (actor.display, now) if command.handled else ("", 0)
    letters.handle(sheet.connection, card.id, by, at)
    news: list[News] = [msgspec.structs.replace(card, handled_by=by, handled_at=at)]
    if card.ticket:
        status = TicketStatus.solved if command.handled else TicketStatus.open
        news.extend(marked(sheet, card.ticket, actor, status, now))
    return Made(about=card.id, news=news)


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    TakeNext: _take_next,
    SaveMarks: _save_marks,
    NoteCustomer: _note_customer,
    SaveCanned: _save_canned,
    HandleLeft: _handle_left,
}
