"""Commands about tickets: written, answered, changed, taken, merged and split, each in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import UNSET

from agentconsole.protocol import (
    MAX_TICKET_TEXT,
    Answered,
    Code,
    ConvertChat,
    FileCard,
    Mailed,
    MailKind,
    MailState,
    MergeTicket,
    NewTicket,
    NoteTicket,
    Party,
    ReplyTicket,
    Role,
    SetTicket,
    Side,
    SplitTicket,
    TakeTicket,
    TicketChanged,
    TicketMerged,
    TicketNoted,
    TicketSplit,
    TicketStatus,
    TicketWhat,
    Transcribed,
    Wrote,
)

from ..domain import sla
from ..domain.contact import checked_email, checked_name
from ..domain.department import Department
from ..domain.life import Refusal, checked_text, is_open, thing, without_nul
from ..domain.policy import Actor, Deed, Thing, can, departments_of
from ..domain.ticket import (
    CLOSE_AFTER_MS,
    OURS,
    OVER,
    SYSTEM_PARTY,
    Ticket,
    answered,
    checked_subject,
    into,
    record,
    subject_of,
    tag_of,
)
from ..storage import chats, departments, files, mails, tickets, users
from ..storage.chats import WorkingSet
from .automation import may_answer, moved
from .left import settled
from .made import Made, TicketMade
from .posting import post
from .things import department_in_use, readable
from .tickets import Draft, begin, keep, made_of, rewound, transcript_of

PROGRAM = "api"  # the source of what a program wrote down, a form of the site's own say


class ExpireTicket(msgspec.Struct, frozen=True):
    """Time has something to do to a ticket: end a hold, warn, breach, close."""

    ticket: int


def unknown_ticket() -> Refusal:
    """There is no such ticket, or it is not this actor's to see: both answer alike."""
    return Refusal(Code.unknown, "There is no such ticket, or it is not yours to see.")


def _own(sheet: WorkingSet, actor: Actor, key: int, deed: Deed) -> tuple[Ticket, Department]:
    """A ticket to which this actor may do this. Raises Refusal unknown, not_now."""
    ticket = tickets.one(sheet.connection, key, lock=True)
    if ticket is None or not can(actor, Deed.ticket_read, Thing(department=ticket.department)):
        raise unknown_ticket()
    if not can(actor, deed, Thing(department=ticket.department)):
        raise Refusal(Code.not_now, "You may read this ticket, but not work on it.")
    if ticket.merged_into and deed is not Deed.ticket_read:
        raise Refusal(Code.closed, f"This ticket went into {ticket.merged_into}. Go on there.")
    department = sheet.department(ticket.department)
    return ticket, department


def _new(sheet: WorkingSet, actor: Actor, command: NewTicket, now: int) -> Made:
    if not can(actor, Deed.ticket_add, Thing(department=command.department)):
        raise Refusal(Code.unknown, "There is no such department.")
    department = department_in_use(sheet, command.department)
    text = checked_text(command.text, MAX_TICKET_TEXT)
    name = checked_name(command.name)
    email = checked_email(command.email) if command.email.strip() else ""
    if command.follows:
        _own(sheet, actor, command.follows, Deed.ticket_read)
    first = Wrote(text, command.source, email)
    draft = Draft(
        department=department.id,
        subject=checked_subject(command.subject) or subject_of(text),
        source=without_nul(command.source),
        email=email,
        name=name,
        first=first,
        by=Party(Side.visitor, 0, name or email),
        follows=command.follows,
        silent=command.source != PROGRAM,  # who told a person knows that it has come
        priority=command.priority,
        tags=_checked_tags(command.tags),
    )
    return made_of(None, begin(sheet, draft, now))


def _convert(sheet: WorkingSet, actor: Actor, command: ConvertChat, now: int) -> Made:
    head = readable(sheet, actor, command.chat)
    department = department_in_use(sheet, head.department)
    if not can(actor, Deed.ticket_add, Thing(department=head.department)):
        raise Refusal(Code.not_now, "You may read this chat, but not make a ticket of it.")
    if is_open(head.state) and not can(actor, Deed.answer, thing(head, department.team)):
        raise Refusal(Code.not_now, "Only who answers this chat makes a ticket of it while it runs.")
    known = tickets.of_chat(sheet.connection, head.id)
    if known is not None:
        raise Refusal(Code.not_now, f"This chat is ticket {known.id} already.")
    text = transcript_of(chats.public_log(sheet.connection, head.id))
    draft = Draft(
        department=head.department,
        subject=checked_subject(command.subject)
        or subject_of(head.topic or head.first_line)
        or f"Chat {head.id}",
        source="chat",
        email=head.email,
        name=head.name,
        first=Transcribed(head.id, text),
        by=actor.party,
        chat=head.id,
        language=head.language,
        drill=head.drill,
        assignee=actor.id,
        assignee_name=actor.display,
    )
    also = [TicketNoted(checked_text(command.note, MAX_TICKET_TEXT))] if command.note.strip() else []
    return made_of(None, begin(sheet, draft, now, also))


def _reply(sheet: WorkingSet, actor: Actor, command: ReplyTicket, now: int) -> Made:
    before, department = _own(sheet, actor, command.ticket, Deed.ticket_answer)
    text = checked_text(command.text, MAX_TICKET_TEXT)
    _date_goes_with_hold(command.hold_until, command.status)
    if command.email and command.email != before.email:
        raise Refusal(
            Code.conflict, f"This ticket's customer is {before.email or 'without an address'} by now."
        )
    if not command.insist:
        _nobody_wrote_since(sheet, before, command.seen)
    found = _taken(sheet, actor, command, before, private=False)
    mail = post(sheet, before, department, MailKind.answer, text, now, before.seq + 1, found)
    what = Answered(text, before.email if mail else "", mail, found)
    unheard = bool(before.email) and not mail and not before.drill
    rests = command.status is TicketStatus.waiting and unheard  # nobody waits for who was not written to
    status = TicketStatus.open if rests else command.status
    hold_until = command.hold_until or before.hold_until
    after, lines = answered(before, what, actor.party, status, now, hold_until)
    if before.email and not before.drill:
        after = msgspec.structs.replace(after, mail=MailState.queued if mail else MailState.failed)
    after = keep(sheet, before, after, lines, department, now)
    _tell_solved(sheet, before, after, department, now)
    made = made_of(before, after)
    made.news.extend(settled(sheet, after.id, actor, now))
    return made


def _taken(
    sheet: WorkingSet, actor: Actor, command: ReplyTicket | NoteTicket, ticket: Ticket, private: bool
) -> list[FileCard]:
    """The files of the next message, bound to it. Raises Refusal gone: none is left out silently."""
    wanted = list(dict.fromkeys(command.files))
    found = files.take(sheet.connection, wanted, ticket.id, ticket.seq + 1, actor.id, private)
    if len(found) < len(wanted):
        raise Refusal(Code.gone, "A file is not there any more. Attach it again.")
    return found


def _nobody_wrote_since(sheet: WorkingSet, ticket: Ticket, seen: int) -> None:
    """Raises Refusal conflict if the customer or staff wrote publicly after event ``seen``."""
    log = tickets.log(sheet.connection, ticket.id, seen)
    missed = [line for line in log if line.pub and not isinstance(line.what, Mailed)]
    if missed:
        names = ", ".join(dict.fromkeys(line.by.name or ticket.email for line in missed))
        raise Refusal(
            Code.conflict,
            f"Meanwhile {names} wrote in this ticket. Read it, then send again if it still fits.",
        )


def _tell_solved(sheet: WorkingSet, before: Ticket, after: Ticket, department: Department, now: int) -> None:
    solved = after.status is TicketStatus.solved and before.status is not TicketStatus.solved
    if solved and department.mailing.tell_solved and not after.drill:
        post(sheet, after, department, MailKind.solved, "", now)


def _note(sheet: WorkingSet, actor: Actor, command: NoteTicket, now: int) -> Made:
    before, department = _own(sheet, actor, command.ticket, Deed.ticket_answer)
    text = checked_text(command.text, MAX_TICKET_TEXT)
    found = _taken(sheet, actor, command, before, private=True)
    after, lines = record(before, actor.party, [TicketNoted(text, found)], now)
    return made_of(before, keep(sheet, before, after, lines, department, now))


def _set(sheet: WorkingSet, actor: Actor, command: SetTicket, now: int) -> Made:
    before, department = _own(sheet, actor, command.ticket, Deed.ticket_change)
    if command.version and command.version != before.version:
        raise Refusal(Code.conflict, "Somebody changed this ticket meanwhile. Look at it again.")
    after, whats = before, list[TicketWhat]()
    if command.department is not UNSET and command.department != before.department:
        after, change = _to_department(sheet, after, command.department)
        whats.append(change)
    if command.assignee is not UNSET and command.assignee != after.assignee:
        after, change = _to_assignee(sheet, after, command.assignee)
        whats.append(change)
    if command.priority is not UNSET and command.priority != after.priority:
        whats.append(TicketChanged("priority", after.priority.value, command.priority.value))
        after = msgspec.structs.replace(after, priority=command.priority)
    if command.tags is not UNSET and _checked_tags(command.tags) != after.tags:
        tags = _checked_tags(command.tags)
        whats.append(TicketChanged("tags", ", ".join(after.tags), ", ".join(tags)))
        after = msgspec.structs.replace(after, tags=tags)
    if command.subject is not UNSET and checked_subject(command.subject) != after.subject:
        subject = checked_subject(command.subject)
        if not subject:
            raise Refusal(Code.empty, "A ticket needs a subject.")
        whats.append(TicketChanged("subject", after.subject, subject))
        after = msgspec.structs.replace(after, subject=subject)
    if command.status is not UNSET or command.hold_until is not UNSET:
        status = after.status if command.status is UNSET else command.status
        hold_until = after.hold_until if command.hold_until is UNSET else command.hold_until
        _date_goes_with_hold(command.hold_until or 0, status)
        after, moves = into(after, status, now, hold_until)
        whats.extend(moves)
    if after == before:
        return Made(about=before.id, seq=before.seq)
    after, lines = record(after, actor.party, whats, now)
    after = keep(sheet, before, after, lines, department, now)
    _tell_solved(sheet, before, after, department, now)
    made = made_of(before, after)
    if after.status in OVER and before.status not in OVER:
        made.news.extend(settled(sheet, after.id, actor, now))
    return made


def _date_goes_with_hold(hold_until: int, status: TicketStatus) -> None:
    if hold_until and status is not TicketStatus.hold:
        raise Refusal(Code.invalid, f"A date goes with the status hold, and this is {status}.")


def _to_department(sheet: WorkingSet, ticket: Ticket, key: int) -> tuple[Ticket, TicketWhat]:
    target = department_in_use(sheet, key)
    here = departments.one(sheet.connection, ticket.department)
    change = TicketChanged("department", here.name if here else "", target.name)
    return moved(sheet, ticket, target.id), change


def _to_assignee(sheet: WorkingSet, ticket: Ticket, user: int) -> tuple[Ticket, TicketWhat]:
    if not user:
        changed = msgspec.structs.replace(ticket, assignee=0, assignee_name="")
        return changed, TicketChanged("assignee", ticket.assignee_name, "")
    found = users.by_id(sheet.connection, user)
    if found is None or found.disabled or not may_answer(sheet, user, ticket.department):
        raise Refusal(Code.invalid, "This person does not work on tickets of this department.")
    changed = msgspec.structs.replace(ticket, assignee=user, assignee_name=found.display)
    return changed, TicketChanged("assignee", ticket.assignee_name, found.display)


def _checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for tag in map(tag_of, tags) if tag))


def _take(sheet: WorkingSet, actor: Actor, command: TakeTicket, now: int) -> Made:
    if command.ticket:
        before, department = _own(sheet, actor, command.ticket, Deed.ticket_answer)
    else:
        mine = departments_of(actor, Role.agent, Role.supervisor)
        found = tickets.next_unassigned(sheet.connection, mine)
        if found is None:
            raise Refusal(Code.gone, "No ticket is waiting for somebody.")
        before, department = _own(sheet, actor, found.id, Deed.ticket_answer)
    if before.assignee == actor.id:
        return Made(about=before.id, seq=before.seq)
    if before.assignee and may_answer(sheet, before.assignee, before.department):
        raise Refusal(Code.taken, f"{before.assignee_name} has this ticket.")
    after = msgspec.structs.replace(before, assignee=actor.id, assignee_name=actor.display)
    whats: list[TicketWhat] = [TicketChanged("assignee", before.assignee_name, actor.display)]
    after, lines = record(after, actor.party, whats, now)
    return made_of(before, keep(sheet, before, after, lines, department, now))


def _merge(sheet: WorkingSet, actor: Actor, command: MergeTicket, now: int) -> Made:
    if command.ticket == command.into:
        raise Refusal(Code.invalid, "A ticket cannot be merged into itself.")
    first, second = sorted((command.ticket, command.into))  # locked in one order by everybody
    found = {key: _own(sheet, actor, key, Deed.ticket_change) for key in (first, second)}
    (source, here), (target, there) = found[command.ticket], found[command.into]
    if source.customer != target.customer:
        raise Refusal(Code.invalid, "These tickets are of different customers; merge their cards first.")
    if TicketStatus.closed in (source.status, target.status):
        raise Refusal(Code.closed, "A closed ticket cannot be merged.")
    lines = tickets.log(sheet.connection, source.id)
    whats = [TicketMerged(source.id)]
    into_target, new_lines = record(target, actor.party, whats, now)
    for line in lines:
        into_target, brought = record(into_target, line.by, [line.what], line.at)
        new_lines.extend(brought)
    asked = [at for at in (source.asked_at, target.asked_at) if at]
    into_target = msgspec.structs.replace(
        into_target,
        updated_at=now,
        asked_at=min(asked, default=0),
        status=TicketStatus.open
        if source.status in OURS and target.status is not TicketStatus.new
        else target.status,
        hold_until=0 if source.status in OURS else target.hold_until,
        solved_at=0 if source.status in OURS else target.solved_at,
    )
    files.move(sheet.connection, source.id, target.id)
    mails.move(sheet.connection, source.id, target.id)
    kept = keep(sheet, target, into_target, new_lines, there, now)
    gone, ended = into(source, TicketStatus.closed, now, why=f"merged into {target.id}")
    gone = msgspec.structs.replace(gone, merged_into=target.id)
    gone, last = record(gone, actor.party, [TicketMerged(target.id, into=True), *ended], now)
    gone = keep(sheet, source, gone, last, here, now)
    told = [TicketMade(source, gone), TicketMade(target, kept)]
    return Made(about=kept.id, seq=kept.seq, news=[*told, *settled(sheet, source.id, actor, now)])


def _split(sheet: WorkingSet, actor: Actor, command: SplitTicket, now: int) -> Made:
    before, department = _own(sheet, actor, command.ticket, Deed.ticket_change)
    log = tickets.log(sheet.connection, before.id, command.seq - 1)
    if not log or log[0].seq != command.seq or not isinstance(log[0].what, Wrote):
        raise Refusal(Code.invalid, "Only a message of the customer can become a ticket of its own.")
    if any(isinstance(line.what, TicketSplit) and line.what.seq == command.seq for line in log):
        raise Refusal(Code.not_now, "This message is a ticket of its own already.")
    copies = files.copy(sheet.connection, [card.id for card in log[0].what.files], now)
    what = msgspec.structs.replace(log[0].what, files=copies)
    draft = Draft(
        department=before.department,
        subject=checked_subject(command.subject) or subject_of(what.text) or before.subject,
        source=before.source,
        email=before.email,
        name=before.name,
        first=what,
        by=log[0].by,
        language=before.language,
        related=before.id,
        drill=before.drill,
        silent=True,  # that this message came was told when it came
    )
    made = begin(sheet, draft, now, [TicketSplit(before.id)])
    files.take(sheet.connection, [card.id for card in copies], made.id, 1, 0, private=False)
    after, lines = record(before, actor.party, [TicketSplit(made.id, command.seq)], now)
    after = keep(sheet, before, after, lines, department, now)
    return Made(about=made.id, seq=made.seq, news=[TicketMade(None, made), TicketMade(before, after)])


def _expire(sheet: WorkingSet, actor: Actor, command: ExpireTicket, now: int) -> Made:
    if not can(actor, Deed.expire):
        raise unknown_ticket()
    before = tickets.one(sheet.connection, command.ticket, lock=True)
    if before is None or not before.timer_at or before.timer_at > now:
        return Made()
    department = sheet.department(before.department)
    after, whats = before, list[TicketWhat]()
    if before.hold_until and before.hold_until <= now:
        after, whats = into(after, TicketStatus.open, now, why="the date has come")
    elif before.status is TicketStatus.solved and before.solved_at + CLOSE_AFTER_MS <= now:
        after, whats = into(after, TicketStatus.closed, now, why="solved for a week")
    after, told = sla.rung(sla.wound(after, department, now), department, now)  # its level may be a new one
    if not whats and not told:
        return Made(news=[*rewound(sheet, [before], now)])
    after, lines = record(after, SYSTEM_PARTY, [*whats, *told], now)
    return made_of(before, keep(sheet, before, after, lines, department, now))


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    NewTicket: _new,
    ConvertChat: _convert,
    ReplyTicket: _reply,
    NoteTicket: _note,
    SetTicket: _set,
    TakeTicket: _take,
    MergeTicket: _merge,
    SplitTicket: _split,
    ExpireTicket: _expire,
}
