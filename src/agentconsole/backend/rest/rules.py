"""Rules over REST, for who may set them."""

from __future__ import annotations

from agentconsole.protocol import Code, RuleCard, RuleOrder, RuleSet, RuleTrial, RuleTried, RuleWish

from ..desk.rules import OrderRules, PutRule, RemoveRule, checked_wish, may_set, tried, unknown_rule
from ..domain.rules import Rule
from ..storage import Connection, rules, tickets
from .calls import Call, Route

SHOWN = 5  # of a rule's last firings


async def _list(call: Call) -> list[RuleCard]:
    def read(connection: Connection) -> list[RuleCard]:
        counts = rules.counts(connection)
        mine = [rule for rule in rules.every(connection) if may_set(call.actor, rule.department)]
        return [_card(connection, rule, counts.get(rule.id, 0)) for rule in mine]

    return await call.house.database.read(read)


def _card(connection: Connection, rule: Rule, fired: int) -> RuleCard:
    firings = rules.firings(connection, rule.id, SHOWN) if fired else []
    return RuleCard(rule.id, rule.version, rule.wish, rule.place, fired, firings)


async def _one(call: Call) -> RuleCard:
    return await _read(call, call.key)


async def _read(call: Call, key: int) -> RuleCard:
    def read(connection: Connection) -> RuleCard:
        found = rules.one(connection, key)
        if found is None or not may_set(call.actor, found.department):
            raise unknown_rule()
        return _card(connection, found, rules.counts(connection, key).get(key, 0))

    return await call.house.database.read(read)


async def _add(call: Call) -> RuleCard:
    made = await call.house.desk.handle(call.actor, PutRule(call.body))
    return await _read(call, made.about)


async def _put(call: Call) -> RuleCard:
    made = await call.house.desk.handle(call.actor, PutRule(call.body.rule, call.key, call.body.version))
    return await _read(call, made.about)


async def _remove(call: Call) -> None:
    await call.house.desk.handle(call.actor, RemoveRule(call.key))


async def _order(call: Call) -> list[RuleCard]:
    await call.house.desk.handle(call.actor, OrderRules(tuple(call.body.ids)))
    return await _list(call)


async def _try(call: Call) -> RuleTried:
    trial: RuleTrial = call.body
    now = call.house.desk.clock()

    def read(connection: Connection) -> RuleTried:
        wish = checked_wish(connection, call.actor, trial.rule)
        page = tickets.newest(connection, {wish.department} if wish.department else None, trial.tickets)
        return tried(connection, wish, page, now)

    return await call.house.database.read(read)


_REFUSALS = (Code.unknown, Code.invalid, Code.conflict)

ROUTES = (
    Route(
        method="GET",
        path="/api/rules",
        handler=_list,
        summary="The rules that I may set, in their turn, with the last times that each fired.",
        answer=list[RuleCard],
    ),
    Route(
        method="POST",
        path="/api/rules",
        handler=_add,
        summary="Write a new rule; its turn comes last.",
        body=RuleWish,
        answer=RuleCard,
        status=201,
        refusals=(Code.unknown, Code.invalid),
    ),
    Route(
        method="POST",
        path="/api/rules/order",
        handler=_order,
        summary="Give my rules their turns: these first, in this order.",
        body=RuleOrder,
        answer=list[RuleCard],
        refusals=(Code.unknown,),
    ),
    Route(
        method="POST",
        path="/api/rules/try",
        handler=_try,
        summary="What a rule would have done to the newest tickets; nothing is changed.",
        body=RuleTrial,
        answer=RuleTried,
        refusals=(Code.unknown, Code.invalid),
    ),
    Route(
        method="GET",
        path="/api/rules/{rule}",
        handler=_one,
        summary="A rule.",
        answer=RuleCard,
        refusals=(Code.unknown,),
    ),
    Route(
        method="PUT",
        path="/api/rules/{rule}",
        handler=_put,
        summary="Write a rule anew. With `version`, only if nobody has changed it since.",
        body=RuleSet,
        answer=RuleCard,
        refusals=_REFUSALS,
    ),
    Route(
        method="DELETE",
        path="/api/rules/{rule}",
        handler=_remove,
        summary="Delete a rule; what it did stays written in the tickets.",
        status=204,
        refusals=(Code.unknown,),
    ),
)
