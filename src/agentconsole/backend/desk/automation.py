"""What rules do when something happens to a ticket, in the same transaction."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import msgspec

from agentconsole.protocol import (
    CHAT_EVENTS,
    MAX_TAGS,
    MAX_TEXT,
    Answered,
    Clock,
    ClockWarned,
    Mailed,
    MailKind,
    Message,
    Party,
    RuleEvent,
    RuleFired,
    RuleFiring,
    Side,
    TicketChanged,
    TicketMerged,
    TicketNoted,
    TicketPriority,
    TicketStatus,
    TicketWhat,
    Transcribed,
    Wrote,
)

from ..domain import template
from ..domain.condition import Facts
from ..domain.department import Department
from ..domain.hours import Kind
from ..domain.life import Refusal
from ..domain.policy import Deed, Thing, can
from ..domain.rules import MAX_ROUNDS, Action, Rule, Verb, actions, fits, governs
from ..domain.ticket import Ticket, TicketLine, into, record
from ..storage import Connection, chats, departments, letters, messages, rules, tickets, users, webhooks
from ..storage.chats import WorkingSet
from ..storage.webhooks import Webhook
from .posting import FORMS, post


class Heard(NamedTuple):
    """Something happened; ``text`` is the customer's message that it is about ('' = the last), ``clock`` which ran."""

    event: RuleEvent
    text: str = ""
    clock: Clock | None = None


class Done(NamedTuple):
    """The ticket after an action, what happened in it, and that in words."""

    ticket: Ticket
    whats: list[TicketWhat]
    did: str


def react(
    sheet: WorkingSet, before: Ticket | None, after: Ticket, lines: Sequence[TicketLine], now: int
) -> tuple[Ticket, list[TicketLine]]:
    """The ticket after all rules that fire on this change, and what they did; ``lines`` are what has just happened."""
    return fire(sheet, heard_in(before, after, lines), after, now)


def heard_in(before: Ticket | None, after: Ticket, lines: Iterable[TicketLine]) -> list[Heard]:
    """The events of a change of a ticket, in order. What another ticket brings along when merged happened there."""
    if before is None:
        return [Heard(RuleEvent.ticket_created)]
    found = []
    whats = [line.what for line in lines]
    if not any(isinstance(what, TicketMerged) for what in whats):
        for what in whats:
            if isinstance(what, Wrote):
                found.append(Heard(RuleEvent.customer_replied, what.text))
            elif isinstance(what, Answered):
                found.append(Heard(RuleEvent.agent_replied))
            elif isinstance(what, ClockWarned):
                event = RuleEvent.clock_breached if what.breached else RuleEvent.clock_warned
                found.append(Heard(event, clock=what.clock))
    return found + _changes(before, after)


def _changes(before: Ticket, after: Ticket) -> list[Heard]:
    found = []
    if after.status is not before.status:
        found.append(Heard(RuleEvent.status_changed))
    if after.department != before.department:
        found.append(Heard(RuleEvent.department_changed))
    return found


def fire(
    sheet: WorkingSet,
    events: Iterable[Heard],
    ticket: Ticket,
    now: int,
    more: Mapping[str, str] | None = None,
    fired: set[int] | None = None,
) -> tuple[Ticket, list[TicketLine]]:
    """Let the rules that wait for these events act on a ticket, and on what their acts cause.

    A rule fires once in a chain of events, and a chain ends after MAX_ROUNDS. ``more`` is what else is known of the
    event, ``fired`` the rules that have fired already.
    """
    fired = set() if fired is None else fired
    lines: list[TicketLine] = []
    left, rounds = deque(events), 0
    while left and rounds < MAX_ROUNDS:
        heard, rounds = left.popleft(), rounds + 1
        waiting = rules.waiting_for(sheet.connection, heard.event, ticket.department)
        if not waiting:
            continue
        facts = facts_of(sheet.connection, ticket, heard, now, more)
        for rule in waiting:
            still = governs(rule, ticket.department)  # one before it may have moved it
            if not still or not fits(rule, facts):
                continue
            if rule.id not in fired:
                fired.add(rule.id)
                before = ticket
                ticket, new = act(sheet, ticket, rule, actions(rule.do), now)
                lines += new
                left.extend(_changes(before, ticket))
            if rule.stop:
                break
    return ticket, lines


def facts_of(
    connection: Connection, ticket: Ticket, heard: Heard, now: int, more: Mapping[str, str] | None = None
) -> Facts:
    """What rules may ask about a ticket to which this has just happened."""
    assignee = name_of(connection, ticket.assignee)
    return facts_in(connection, department_of(connection, ticket), assignee, ticket, heard, now, more)


def name_of(connection: Connection, user: int) -> str:
    """The login name of a ticket's assignee."""
    person = users.by_id(connection, user) if user else None
    return person.name if person else "nobody"


def facts_in(
    connection: Connection,
    department: Department,
    assignee: str,
    ticket: Ticket,
    heard: Heard,
    now: int,
    more: Mapping[str, str] | None = None,
) -> Facts:
    """The same, where the ticket's department and assignee are known."""
    return Facts(
        heard.event,
        department.slug,
        source=ticket.source,
        subject=ticket.subject,
        text=heard.text or cache(lambda: last_text(connection, ticket)),
        email=ticket.email,
        language=ticket.language,
        tags=ticket.tags,
        priority=ticket.priority.value,
        status=ticket.status.value,
        assignee=assignee,
        age_ms=now - ticket.created_at,
        waiting_ms=now - ticket.asked_at if ticket.asked_at else 0,
        quiet_ms=now - ticket.updated_at,
        is_open=department.keeps_open(now, Kind.email),
        drill=ticket.drill,
        clock=heard.clock.value if heard.clock else "",
        rating=(more or {}).get("rating", ""),
    )


def last_text(connection: Connection, ticket: Ticket) -> str:
    """What the customer wrote last, as far as it is kept by now."""
    said = [line.what for line in tickets.public_log(connection, ticket.id)]
    return next((what.text for what in reversed(said) if isinstance(what, Wrote | Transcribed)), "")


def department_of(connection: Connection, ticket: Ticket) -> Department:
    """The ticket's department."""
    found = departments.one(connection, ticket.department)
    assert found is not None
    return found


def act(
    sheet: WorkingSet, ticket: Ticket, rule: Rule, todo: Iterable[Action], now: int
) -> tuple[Ticket, list[TicketLine]]:
    """The ticket after all that a rule does, with its firing written down; what cannot be done is told there."""
    by = Party(Side.system, 0, f"rule {rule.name}")
    lines: list[TicketLine] = []
    did: list[str] = []
    for action in todo:
        if not governs(rule, ticket.department):
            did.append(f"not done: {action.words} (the ticket is another department's by now)")
            continue
        try:
            done = ACTS[action.verb](sheet, ticket, rule, action, now)
        except Refusal as refusal:
            done = Done(ticket, [], f"not done: {action.words} ({refusal.text})")
        ticket, new = record(done.ticket, by, done.whats, now) if done.whats else (done.ticket, [])
        lines += new
        did.append(done.did)
    ticket, last = record(ticket, by, [RuleFired(rule.id, rule.name, did)], now)
    heard = rules.heard(sheet.connection, ticket.id)
    rules.note(sheet.connection, RuleFiring(rule.id, now, did, ticket.id), heard)
    return ticket, [*lines, *last]


def fields_of(connection: Connection, ticket: Ticket) -> dict[str, str]:
    """What can be filled into the texts of rules."""
    department = department_of(connection, ticket)
    return {
        "customer.name": ticket.name,
        "customer.email": ticket.email,
        "agent.name": ticket.assignee_name,
        "ticket.number": str(ticket.id),
        "ticket.subject": ticket.subject,
        "department.name": department.name,
        "signature": department.mailing.signature,
    }


# --- what each action does -----------------------------------------------------------------------------------------


def _changed(ticket: Ticket, rule: Rule, field: str, before: str, after: str, did: str) -> Done:
    return Done(ticket, [TicketChanged(field, before, after, f"rule {rule.name}")], did)


def _move(sheet: WorkingSet, ticket: Ticket, rule: Rule, action: Action, now: int) -> Done:
    here = department_of(sheet.connection, ticket)
    target = departments.by_slug(sheet.connection, action.values[0])
    if target is None or target.archived:
        return Done(ticket, [], f"not moved: there is no department {action.values[0]}")
    if target.id == here.id:
        return Done(ticket, [], f"was in {here.name} already")
    after = moved(sheet, ticket, target.id)
    return _changed(after, rule, "department", here.name, target.name, f"moved to {target.name}")


def moved(sheet: WorkingSet, ticket: Ticket, department: int) -> Ticket:
    """The ticket in another department, and nobody's if whoever has it may not answer it there."""
    stays = not ticket.assignee or may_answer(sheet, ticket.assignee, department)
    after = msgspec.structs.replace(ticket, department=department)
    return after if stays else msgspec.structs.replace(after, assignee=0, assignee_name="")


def _assign(sheet: WorkingSet, ticket: Ticket, rule: Rule, action: Action, now: int) -> Done:
    found = users.by_name(sheet.connection, action.values[0])
    if found is None or not may_answer(sheet, found.id, ticket.department):
        return Done(
            ticket, [], f"not assigned: {action.values[0]} does not work on tickets of this department"
        )
    if found.id == ticket.assignee:
        return Done(ticket, [], f"was {found.display}'s already")
    given = msgspec.structs.replace(ticket, assignee=found.id, assignee_name=found.display)
    return _changed(
        given, rule, "assignee", ticket.assignee_name, found.display, f"assigned to {found.display}"
    )


def may_answer(sheet: WorkingSet, user: int, department: int) -> bool:
    """May this user work on tickets of this department?"""
    found = users.by_id(sheet.connection, user)
    if found is None or found.disabled:
        return False
    return can(users.actor_of(sheet.connection, found), Deed.ticket_answer, Thing(department=department))


def _unassign(sheet: WorkingSet, ticket: Ticket, rule: Rule, action: Action, now: int) -> Done:
    if not ticket.assignee:
        return Done(ticket, [], "was nobody's already")
    freed = msgspec.structs.replace(ticket, assignee=0, assignee_name="")
    return _changed(freed, rule, "assignee", ticket.assignee_name, "", "made nobody's")


def _priority(sheet: WorkingSet, ticket: Ticket, rule: Rule, action: Action, now: int) -> Done:
    wanted = TicketPriority(action.values[0])
    if ticket.priority is wanted:
        return Done(ticket, [], f"was {wanted} already")
    set_so = msgspec.structs.replace(ticket, priority=wanted)
    return _changed(set_so, rule, "priority", ticket.priority, wanted, f"priority {wanted}")


def _tag(sheet: WorkingSet, ticket: Ticket, rule: Rule, action: Action, now: int) -> Done:
    if action.verb is Verb.tag:
        tags = tuple(dict.fromkeys((*ticket.tags, *action.values)))
    else:
        tags = tuple(tag for tag in ticket.tags if tag not in action.values)
    if tags == ticket.tags:
        return Done(ticket, [], f"{action.words}: was so already")
    if len(tags) > MAX_TAGS:
        return Done(ticket, [], f"not tagged: a ticket has at most {MAX_TAGS} tags")
    tagged = msgspec.structs.replace(ticket, tags=tags)
    return _changed(tagged, rule, "tags", ", ".join(ticket.tags), ", ".join(tags), action.words)


def _status(sheet: WorkingSet, ticket: Ticket, rule: Rule, action: Action, now: int) -> Done:
    wanted = TicketStatus(action.values[0]) if action.values else TicketStatus.hold
    if wanted is ticket.status and not action.ms:
        return Done(ticket, [], f"was {wanted} already")
    after, whats = into(ticket, wanted, now, now + action.ms if action.ms else 0, f"rule {rule.name}")
    return Done(after, list(whats), action.words)


def _note(sheet: WorkingSet, ticket: Ticket, rule: Rule, action: Action, now: int) -> Done:
    text = template.filled(action.text, fields_of(sheet.connection, ticket))
    return Done(ticket, [TicketNoted(text)], "wrote a note")


def _answer(sheet: WorkingSet, ticket: Ticket, rule: Rule, action: Action, now: int) -> Done:
    """A mail that no person wrote: the brakes on such mails hold, and it is no answer of staff."""
    text = action.text
    if text.startswith("/"):
        known = [
            card
            for card in letters.canned_replies(sheet.connection)
            if card.shortcut.casefold() == text[1:].casefold()
            and not card.owner
            and card.department in (0, ticket.department)
        ]
        if not known:
            return Done(ticket, [], f"not answered: there is no canned reply {text}")
        text = template.spelled(max(known, key=lambda card: card.department).text)
        try:
            template.checked(text)
        except ValueError as error:
            return Done(ticket, [], f"not answered with {action.text}: {error}")
    fields = fields_of(sheet.connection, ticket)
    lacking = template.missing(text, fields)
    if lacking:
        return Done(ticket, [], f"not answered: {', '.join(lacking)} is not known")
    typed = [name for name in ("customer.name", "ticket.subject") if name in template.used(text)]
    if typed and ticket.source in FORMS:
        words = " and ".join(typed)
        return Done(ticket, [], f"not answered: {words} would go to an address that nobody has proved")
    text = template.filled(text, fields)
    mail = post(
        sheet, ticket, department_of(sheet.connection, ticket), MailKind.rule, text, now, ticket.seq + 1
    )
    if not mail:
        return Done(
            ticket, [], "not answered: there is nowhere to write, or enough automatic mails went there"
        )
    return Done(ticket, [Mailed(MailKind.rule, ticket.email, mail, text)], f"answered {ticket.email}")


def _notify(sheet: WorkingSet, ticket: Ticket, rule: Rule, action: Action, now: int) -> Done:
    text = template.filled(action.text, fields_of(sheet.connection, ticket))
    text = f"Ticket {ticket.id}, {ticket.subject}" + (f": {text}" if text else "")
    return Done(ticket, [], notify(sheet, rule, action, text, 0, now))


def notify(sheet: WorkingSet, rule: Rule, action: Action, text: str, chat: int, now: int) -> str:
    """A message to a colleague or a channel; the answer is that in words."""
    to = action.values[0]
    if to.startswith("@"):
        person = users.by_name(sheet.connection, to[1:])
        if person is None or person.disabled:
            return f"nobody told: there is no {to}"
        room, name = messages.between(0, person.id), person.display
        messages.enter(sheet.connection, person.id, room)
    else:
        found = departments.by_slug(sheet.connection, to[1:])
        if found is None:
            return f"nobody told: there is no channel {to}"
        room, name = messages.channel(found.id), f"all of {found.name}"
    new = Message(1, room, now, 0, f"rule {rule.name}", text[:MAX_TEXT], chat)
    sheet.told.append(messages.add(sheet.connection, new))
    return f"told {name}"


def _webhook(sheet: WorkingSet, ticket: Ticket, rule: Rule, action: Action, now: int) -> Done:
    told = {
        "event": rule.event.value,
        "rule": rule.name,
        "at": now,
        "ticket": ticket.id,
        "department": department_of(sheet.connection, ticket).slug,
        "subject": ticket.subject,
        "status": ticket.status.value,
        "priority": ticket.priority.value,
        "tags": list(ticket.tags),
        "source": ticket.source,
        "email": ticket.email,
        "assignee": ticket.assignee_name,
        "drill": ticket.drill,
    }
    head = chats.one(sheet.connection, ticket.chat) if rule.event in CHAT_EVENTS else None
    if head is not None:
        told |= {"chat": head.id, "rating": head.rating.value if head.rating else ""}
    body = json.dumps(told, ensure_ascii=False)
    call = Webhook(0, action.values[0], body, now, rule=rule.id, department=rule.department, ticket=ticket.id)
    webhooks.add(sheet.connection, call)
    return Done(ticket, [], action.words)


def _nothing(sheet: WorkingSet, ticket: Ticket, rule: Rule, action: Action, now: int) -> Done:
    return Done(ticket, [], "a ticket of the chat")


ACTS: dict[Verb, Callable[[WorkingSet, Ticket, Rule, Action, int], Done]] = {
    Verb.move: _move,
    Verb.assign: _assign,
    Verb.unassign: _unassign,
    Verb.priority: _priority,
    Verb.tag: _tag,
    Verb.untag: _tag,
    Verb.status: _status,
    Verb.hold: _status,
    Verb.note: _note,
    Verb.answer: _answer,
    Verb.notify: _notify,
    Verb.webhook: _webhook,
    Verb.ticket: _nothing,
}
