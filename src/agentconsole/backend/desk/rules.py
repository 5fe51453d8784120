"""Commands about rules: written, ordered, removed; what time does by them; and what a rule would have done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from agentconsole.protocol import (
    CHAT_EVENTS,
    MAX_RULES,
    Answered,
    Code,
    RuleEvent,
    RuleHit,
    RuleTried,
    RuleWish,
    TicketPriority,
    TicketStatus,
    Transcribed,
    Wrote,
)

from ..domain.life import Refusal, without_nul
from ..domain.policy import Actor, Deed, Thing, can
from ..domain.rules import Action, Rule, Verb, actions, checked, plan
from ..domain.ticket import Ticket
from ..storage import Connection, departments, letters, rules, tickets, users
from ..storage.backlog import Work
from ..storage.chats import WorkingSet
from .automation import Heard, facts_of, fire
from .made import Made, News, TicketMade
from .slices import begin_work
from .tickets import keep, rewound


class PutRule(msgspec.Struct, frozen=True):
    """Write a rule: a new one, or over the one with this id. The answer's ``about`` is its id."""

    rule: RuleWish
    id: int = 0
    version: int = 0


class RemoveRule(msgspec.Struct, frozen=True):
    """Delete a rule."""

    id: int


class OrderRules(msgspec.Struct, frozen=True):
    """Give rules their turns: these in this order, then the others as they were."""

    ids: tuple[int, ...]


class OnTime(msgspec.Struct, frozen=True):
    """Time has passed: let the rules that wait for that look at a ticket."""

    ticket: int


def unknown_rule() -> Refusal:
    """There is no such rule, or it is not this actor's to set: both answer alike."""
    return Refusal(Code.unknown, "There is no such rule, or it is not yours to set.")


def may_set(actor: Actor, department: int) -> bool:
    """May this actor set rules of this department (0 = of all at once)?"""
    return can(actor, Deed.set_rules, Thing(department=department))


def checked_wish(connection: Connection, actor: Actor, wish: RuleWish) -> RuleWish:
    """A rule that can be kept and does what it says. Raises Refusal unknown, invalid."""
    if not may_set(actor, wish.department):
        raise unknown_rule()
    if wish.department and departments.one(connection, wish.department) is None:
        raise Refusal(Code.invalid, "There is no such department.")
    wish = msgspec.structs.replace(
        wish,
        name=" ".join(without_nul(wish.name).split()),
        note=without_nul(wish.note),
        when=without_nul(wish.when),
        do=[without_nul(text) for text in wish.do],
    )
    try:
        checked(wish)
        found = actions(tuple(wish.do))
    except ValueError as error:
        raise Refusal(Code.invalid, str(error)) from None
    for action in found:
        _known(connection, wish, action)
    return wish


def _known(connection: Connection, wish: RuleWish, action: Action) -> None:
    """Raises Refusal invalid if an action names a department, a person or a reply that is not there."""
    name = action.values[0] if action.values else ""
    channel = action.verb is Verb.notify and name.startswith("#")
    person = action.verb is Verb.notify and name.startswith("@")
    if action.verb is Verb.move or channel:
        found = departments.by_slug(connection, name.removeprefix("#"))
        if found is None or found.archived:
            raise Refusal(Code.invalid, f"There is no department {name.removeprefix('#')}.")
    if (action.verb is Verb.assign or person) and users.by_name(connection, name.removeprefix("@")) is None:
        raise Refusal(Code.invalid, f"There is no user {name.removeprefix('@')}.")
    if action.verb is Verb.answer and action.text.startswith("/"):
        shortcut = action.text[1:].casefold()
        shared = [card for card in letters.canned_replies(connection) if not card.owner]
        if not any(card.shortcut.casefold() == shortcut for card in shared):
            raise Refusal(Code.invalid, f"There is no canned reply {action.text} that everybody shares.")
    useful = (Verb.notify, Verb.webhook, Verb.ticket)
    if wish.event in CHAT_EVENTS and action.verb not in useful and "ticket" not in wish.do:
        raise Refusal(
            Code.invalid,
            f"A chat has nothing to {action.verb}. Begin with: ticket (makes one), or only notify or call a webhook.",
        )


def _put(sheet: WorkingSet, actor: Actor, command: PutRule, now: int) -> Made:
    connection = sheet.connection
    before = rules.one(connection, command.id) if command.id else None
    if command.id and (before is None or not may_set(actor, before.department)):
        raise unknown_rule()
    wish = checked_wish(connection, actor, command.rule)
    if before is None and len(rules.every(connection)) >= MAX_RULES:
        raise Refusal(
            Code.invalid, f"There are {MAX_RULES} rules already; nobody could say what they do together."
        )
    if before is not None and command.version not in (0, before.version):
        raise Refusal(Code.conflict, "Somebody has changed this rule meanwhile. Read it again.")
    new = Rule(
        id=command.id,
        department=wish.department,
        name=wish.name,
        note=wish.note,
        active=wish.active,
        event=wish.event,
        when=wish.when,
        do=tuple(wish.do),
        stop=wish.stop,
        place=before.place if before else 0,
        version=before.version + 1 if before else 1,
    )
    if before is None:
        new = msgspec.structs.replace(new, id=rules.add(connection, new))
    else:
        rules.save(connection, new)
    letters.record(connection, now, actor.name, "set_rule", f"rule {new.id}", new.name)
    return Made(about=new.id, news=_looked_again(sheet, [new, *([before] if before else [])], now))


def _remove(sheet: WorkingSet, actor: Actor, command: RemoveRule, now: int) -> Made:
    found = rules.one(sheet.connection, command.id)
    if found is None or not may_set(actor, found.department):
        raise unknown_rule()
    rules.remove(sheet.connection, found.id)
    letters.record(sheet.connection, now, actor.name, "remove_rule", f"rule {found.id}", found.name)
    return Made(about=found.id, news=_looked_again(sheet, [found], now))


def _order(sheet: WorkingSet, actor: Actor, command: OrderRules, now: int) -> Made:
    """Only the turns that the actor's rules have are dealt out anew, so that nobody else's rule comes sooner or later."""
    found = rules.every(sheet.connection)
    mine = [rule.id for rule in found if may_set(actor, rule.department)]
    if len(set(command.ids)) != len(command.ids) or not set(command.ids) <= set(mine):
        raise unknown_rule()
    order = iter([*command.ids, *(key for key in mine if key not in command.ids)])
    rules.place(sheet.connection, [next(order) if rule.id in mine else rule.id for rule in found])
    letters.record(sheet.connection, now, actor.name, "order_rules", "", " ".join(map(str, command.ids)))
    return Made(news=_looked_again(sheet, found, now))


# --- time that passes ----------------------------------------------------------------------------------------------


def _looked_again(sheet: WorkingSet, changed: Iterable[Rule], now: int) -> list[News]:
    """Tickets learn anew when a rule on time fires on them, if these changed."""
    reached = {rule.department for rule in changed if rule.event is RuleEvent.time_passed}
    if len(reached) > 1:
        reached = {0}
    return [item for key in reached for item in begin_work(sheet, Work.wind, key, now)]


def _on_time(sheet: WorkingSet, actor: Actor, command: OnTime, now: int) -> Made:
    if not can(actor, Deed.expire):
        raise unknown_rule()
    before = tickets.one(sheet.connection, command.ticket, lock=True)
    if before is None or not before.rules_at or before.rules_at > now:
        return Made()
    fired = rules.fired_on(sheet.connection, [before.id]).get(before.id, set())
    after, lines = fire(sheet, [Heard(RuleEvent.time_passed)], before, now, fired=fired)
    if not lines:
        news = rewound(sheet, [before], now)
        left = tickets.one(sheet.connection, before.id)
        assert left is None or not 0 < left.rules_at <= now, (
            "what is ripe fires"
        )  # else it would be tried for ever
        return Made(news=[*news])
    after = keep(sheet, after, after, lines, sheet.department(before.department), now)
    return Made(about=after.id, seq=after.seq, news=[TicketMade(before, after)])


# --- what would have been ------------------------------------------------------------------------------------------


def tried(connection: Connection, wish: RuleWish, page: Iterable[Ticket], now: int) -> RuleTried:
    """On which of these tickets the rule would have fired; writes nothing.

    What is written in a ticket is looked at as it was written then; the rest as it stands now, but for a new ticket.
    """
    rule = Rule(1, 0, wish.name, "", True, wish.event, wish.when, tuple(wish.do), False, 0, 0)
    would = [action.words for action in actions(rule.do)]
    hits: list[RuleHit] = []
    looked = 0
    for ticket in page:
        looked += 1
        for at, then, heard in _happened(connection, ticket, wish.event, now):
            if plan([rule], facts_of(connection, then, heard, at)):
                hits.append(RuleHit(ticket.id, ticket.subject, at, would))
                break
    return RuleTried(looked, hits)


def _happened(
    connection: Connection, ticket: Ticket, event: RuleEvent, now: int
) -> Iterable[tuple[int, Ticket, Heard]]:
    """When this event happened to a ticket, and how the ticket was as far as that is known."""
    log = tickets.public_log(connection, ticket.id)
    if event is RuleEvent.ticket_created:
        fresh = msgspec.structs.replace(
            ticket,
            status=TicketStatus.new,
            assignee=0,
            priority=TicketPriority.normal,
            tags=(),
            asked_at=ticket.created_at,
            updated_at=ticket.created_at,
        )
        text = log[0].what.text if log and isinstance(log[0].what, Wrote | Transcribed) else ""
        return [(ticket.created_at, fresh, Heard(event, text))]
    if event is RuleEvent.customer_replied:
        said = [(line.at, line.what.text) for line in log[1:] if isinstance(line.what, Wrote)]
        return [(at, ticket, Heard(event, text)) for at, text in said]
    if event is RuleEvent.agent_replied:
        return [(line.at, ticket, Heard(event)) for line in log if isinstance(line.what, Answered)]
    return [(now, ticket, Heard(event))]


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    PutRule: _put,
    RemoveRule: _remove,
    OrderRules: _order,
    OnTime: _on_time,
}
