"""How tickets come into being and are kept: every change of one goes through here, whoever made it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from agentconsole.protocol import (
    MailKind,
    Party,
    Said,
    TicketChanged,
    TicketPriority,
    TicketStatus,
    TicketWhat,
    Transcribed,
    Wrote,
)

from ..domain import sla
from ..domain.department import Department
from ..domain.life import Entry
from ..domain.policy import Actor
from ..domain.ticket import (
    CLOSE_AFTER_MS,
    OVER,
    SYSTEM_PARTY,
    Ticket,
    TicketLine,
    into,
    record,
    subject_of,
    wrote,
)
from ..storage import customers, tickets
from ..storage.chats import WorkingSet
from .automation import may_answer, react
from .made import Made, TicketMade
from .posting import post
from .things import department_in_use
from .time_rules import ripe_times


class Draft(msgspec.Struct, frozen=True):
    """What a new ticket begins with; ``first`` is its first event, by ``by``; ``silent`` = its customer is told nothing."""

    department: int
    subject: str
    source: str
    email: str
    name: str
    first: TicketWhat
    by: Party
    chat: int = 0
    language: str = ""
    follows: int = 0
    related: int = 0
    drill: bool = False
    assignee: int = 0
    assignee_name: str = ""
    priority: TicketPriority = TicketPriority.normal
    tags: tuple[str, ...] = ()
    silent: bool = False


def begin(
    sheet: WorkingSet,
    draft: Draft,
    now: int,
    also: Iterable[TicketWhat] = (),
    note: TicketWhat | None = None,
    noted_by: Party | None = None,
) -> Ticket:
    """Write a new ticket down; rules and clocks begin. The answer is the ticket as it was left.

    ``also`` are further first events, ``note`` one of ``noted_by``.
    """
    department = sheet.department(draft.department)
    asked = isinstance(draft.first, Wrote | Transcribed)
    ticket = Ticket(
        id=0,
        department=draft.department,
        status=TicketStatus.new,
        subject=draft.subject,
        created_at=now,
        updated_at=now,
        email=draft.email,
        name=draft.name,
        customer=customers.of_email(sheet.connection, draft.email, draft.name, now),
        assignee=draft.assignee,
        assignee_name=draft.assignee_name,
        source=draft.source,
        language=draft.language,
        first_line=subject_of(getattr(draft.first, "text", "")),
        asked_at=now if asked else 0,
        chat=draft.chat,
        follows=draft.follows,
        related=draft.related,
        drill=draft.drill,
        priority=draft.priority,
        tags=draft.tags,
    )
    ticket, lines = record(ticket, draft.by, [draft.first, *also], now)
    if note is not None and noted_by is not None:
        ticket, noted = record(ticket, noted_by, [note], now)
        lines += noted
    made = tickets.add(sheet.connection, ticket, lines)
    kept = keep(sheet, None, made, [], department, now)
    if asked and department.mailing.acknowledge and not draft.drill and not draft.silent:
        post(sheet, kept, department, MailKind.acknowledgement, "", now)
    return kept


def keep(
    sheet: WorkingSet,
    before: Ticket | None,
    after: Ticket,
    lines: list[TicketLine],
    department: Department,
    now: int,
) -> Ticket:
    """Write a changed ticket: its rules have their turn, its clocks are wound."""
    after, let_go = freed(sheet, after, now)
    after, more = react(sheet, before, after, lines, now)
    after, reopened = freed(sheet, after, now)  # a rule can do that too
    if after.department != department.id:
        department = department_in_use(sheet, after.department)
    after = sla.wound(after, department, now)
    after = msgspec.structs.replace(after, timer_at=_timer_at(after))
    tickets.append(sheet.connection, after.id, [*lines, *let_go, *more, *reopened])
    after = msgspec.structs.replace(after, rules_at=ripe_times(sheet, [after], now)[after.id])
    tickets.save(sheet.connection, after)
    return after


def freed(sheet: WorkingSet, ticket: Ticket, now: int) -> tuple[Ticket, list[TicketLine]]:
    """The ticket as nobody's if it is to be done and whoever has it may not answer it (any more)."""
    if not ticket.assignee or ticket.status in OVER or may_answer(sheet, ticket.assignee, ticket.department):
        return ticket, []
    name = ticket.assignee_name
    what = TicketChanged("assignee", name, "", f"{name} cannot answer here any more")
    after = msgspec.structs.replace(ticket, assignee=0, assignee_name="")
    return record(after, SYSTEM_PARTY, [what], now)


def _timer_at(ticket: Ticket) -> int:
    closes = ticket.solved_at + CLOSE_AFTER_MS if ticket.status is TicketStatus.solved else 0
    return min((at for at in (ticket.timer_at, ticket.hold_until, closes) if at), default=0)


def made_of(before: Ticket | None, after: Ticket) -> Made:
    """What a command about a ticket made."""
    return Made(about=after.id, seq=after.seq, news=[TicketMade(before, after)])


def transcript_of(log: Iterable[Entry]) -> str:
    """The lines of a chat, each under who said it; nothing that was for staff alone can be among them."""
    return "\n".join(
        f"{entry.by.name or entry.by.side}: {entry.what.text}"
        for entry in log
        if isinstance(entry.what, Said)
    )


def received(sheet: WorkingSet, before: Ticket, what: Wrote, by: Party, now: int) -> Ticket:
    """The customer wrote on a ticket that is not closed; kept. Raises Refusal closed."""
    department = sheet.department(before.department)
    after, lines = wrote(before, what, by, now)
    return keep(sheet, before, after, lines, department, now)


def marked(sheet: WorkingSet, key: int, actor: Actor, status: TicketStatus, now: int) -> list[TicketMade]:
    """A ticket set to a status by the way; one that is closed, or stands so, stays as it is."""
    before = tickets.one(sheet.connection, key, lock=True)
    if before is None or before.status in (status, TicketStatus.closed):
        return []
    department = sheet.department(before.department)
    after, whats = into(before, status, now)
    after, lines = record(after, actor.party, whats, now)
    return [TicketMade(before, keep(sheet, before, after, lines, department, now))]


def rewound(sheet: WorkingSet, page: Sequence[Ticket], now: int) -> list[TicketMade]:
    """The clocks of these tickets, wound anew: their department's hours or service levels, or rules, have changed."""
    news = []
    ripe = ripe_times(sheet, page, now)
    tickets.set_ripe(
        sheet.connection, {each.id: ripe[each.id] for each in page if each.rules_at != ripe[each.id]}
    )
    for before in (msgspec.structs.replace(each, rules_at=ripe[each.id]) for each in page):
        after = sla.wound(before, sheet.department(before.department), now)
        after = msgspec.structs.replace(after, timer_at=_timer_at(after))
        if after != before:
            after = msgspec.structs.replace(after, version=before.version + 1)
            tickets.save(sheet.connection, after)
            news.append(TicketMade(before, after))
    return news
