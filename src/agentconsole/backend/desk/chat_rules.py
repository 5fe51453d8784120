"""What rules do when a chat ends, is missed or is rated: tell somebody, or make a ticket of it and go on with that."""

from __future__ import annotations

import json
from collections.abc import Iterable

from agentconsole.protocol import (
    Finished,
    Party,
    Rated,
    RuleEvent,
    RuleFiring,
    Said,
    Side,
    State,
    Transcribed,
)

from ..domain import template
from ..domain.condition import Facts
from ..domain.hours import Kind
from ..domain.life import Entry, Head
from ..domain.rules import Action, Rule, Verb, governs, plan
from ..domain.ticket import Ticket, subject_of
from ..storage import chats, departments, letters, rules, tickets, users, webhooks
from ..storage.chats import WorkingSet
from ..storage.webhooks import Webhook
from .automation import act, notify
from .made import News, TicketMade
from .tickets import Draft, begin, keep, transcript_of


def chat_changed(
    sheet: WorkingSet, before: Head, after: Head, entries: Iterable[Entry], now: int
) -> list[News]:
    """Let the rules that wait for what has just happened to a chat act; what they made."""
    events = _events(before, after, entries)
    news: list[News] = []
    for event in events:
        waiting = rules.waiting_for(sheet.connection, event, after.department)
        if waiting:
            sheet.flush()
            for rule, actions in plan(waiting, _facts(sheet, event, after, now)):
                news.extend(_fired(sheet, rule, actions, after, now))
    return news


def _events(before: Head, after: Head, entries: Iterable[Entry]) -> list[RuleEvent]:
    found = []
    for entry in entries:
        if isinstance(entry.what, Finished):
            found.append(RuleEvent.chat_closed)
        elif isinstance(entry.what, Rated):
            found.append(RuleEvent.rating_given)
    if after.state is State.abandoned and before.state is not State.abandoned:
        found.append(RuleEvent.chat_missed)
    return found


def _facts(sheet: WorkingSet, event: RuleEvent, head: Head, now: int) -> Facts:
    department = sheet.department(head.department)
    owner = users.by_id(sheet.connection, head.owner) if head.owner else None

    def text() -> str:
        log = chats.public_log(sheet.connection, head.id)
        return "\n".join(
            entry.what.text for entry in log if isinstance(entry.what, Said) and entry.by.side is Side.visitor
        )

    return Facts(
        event,
        department.slug,
        source="chat",
        subject=head.topic or head.first_line,
        text=text,
        email=head.email,
        language=head.language,
        assignee=owner.name if owner else "nobody",
        age_ms=now - head.started_at,
        is_open=department.keeps_open(now, Kind.chat),
        drill=head.drill,
        rating=head.rating.value if head.rating else "",
    )


def _fired(sheet: WorkingSet, rule: Rule, actions: tuple[Action, ...], head: Head, now: int) -> list[News]:
    """On the chat's ticket, if it has one or the rule makes one; else a rule can only tell people and systems.

    A department's own rule has no say over a ticket that went to another one.
    """
    before = tickets.of_chat(sheet.connection, head.id)
    ticket = before
    if ticket is None and any(action.verb is Verb.ticket for action in actions):
        ticket = _ticket(sheet, head, rule, now)
    if ticket is None or not governs(rule, ticket.department):
        did = [_told(sheet, rule, action, head, now) for action in actions]
        rules.note(sheet.connection, RuleFiring(rule.id, now, did, chat=head.id))
        letters.record(
            sheet.connection, now, f"rule {rule.name}", "rule_fired", f"chat {head.id}", "; ".join(did)
        )
        return [TicketMade(None, ticket)] if ticket is not None and before is None else []
    after, lines = act(sheet, ticket, rule, actions, now)
    department = departments.one(sheet.connection, ticket.department)
    assert department is not None
    return [TicketMade(before, keep(sheet, ticket, after, lines, department, now))]


def _ticket(sheet: WorkingSet, head: Head, rule: Rule, now: int) -> Ticket:
    draft = Draft(
        department=head.department,
        subject=subject_of(head.topic or head.first_line) or f"Chat {head.id}",
        source="chat",
        email=head.email,
        name=head.name,
        first=Transcribed(head.id, transcript_of(chats.public_log(sheet.connection, head.id))),
        by=Party(Side.system, 0, f"rule {rule.name}"),
        chat=head.id,
        language=head.language,
        drill=head.drill,
        silent=True,
    )
    return begin(sheet, draft, now)


def _told(sheet: WorkingSet, rule: Rule, action: Action, head: Head, now: int) -> str:
    department = sheet.department(head.department)
    if action.verb is Verb.notify:
        fields = {
            "customer.name": head.name,
            "customer.email": head.email,
            "agent.name": head.owner_name,
            "department.name": department.name,
        }
        text = template.filled(action.text, fields) or rule.event.replace("_", " ")
        return notify(sheet, rule, action, f"Chat {head.id}: {text}", head.id, now)
    if action.verb is Verb.webhook:
        told = {
            "event": rule.event.value,
            "rule": rule.name,
            "at": now,
            "chat": head.id,
            "department": department.slug,
            "email": head.email,
            "agent": head.owner_name,
            "rating": head.rating.value if head.rating else "",
            "drill": head.drill,
        }
        body = json.dumps(told, ensure_ascii=False)
        call = Webhook(0, action.values[0], body, now, rule=rule.id, department=rule.department, chat=head.id)
        webhooks.add(sheet.connection, call)
        return action.words
    return f"not done: {action.words} (the chat is no ticket of this department)"
