"""`agentconsole rule ...`: rules from the shell, as texts that can be kept beside a site's other settings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from agentconsole import errands, rule_text
from agentconsole.client import Http, Problem
from agentconsole.errands import Told
from agentconsole.protocol import DepartmentCard, RuleCard, RuleSet, RuleTrial, RuleTried, RuleWish
from agentconsole.questions import parsed

T = TypeVar("T")

Plan = Callable[[argparse.Namespace], errands.Work]


def main(words: Sequence[str]) -> int:
    """Run the command; the answer is the exit code."""
    word = errands.first_word("rule", words, DEEDS)
    if isinstance(word, int):
        return word
    description, arguments, plan = DEEDS[word]
    known = errands.parser(f"rule {word}", description)
    for name, more in arguments:
        known.add_argument(name, **more)
    return errands.run(known, words[1:], plan)


def _list(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        cards = await errands.ask(http, "/api/rules", list[RuleCard])
        slugs = await _slugs(http)
        lines = [
            f"{card.id:>4}  {'on ' if card.rule.active else 'off'}  {slugs.get(card.rule.department, 'all'):<12}  "
            f"{card.rule.event:<18}  {card.rule.name}  ({card.fired}×)"
            for card in cards
        ]
        text = "\n".join(lines) or "There are no rules that you may set."
        return Told(text, {"done": True, "rules": msgspec.to_builtins(cards)})

    return work


def _show(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        card = await _card(http, given.rule)
        text = rule_text.written(card.rule, await _slugs(http))
        return Told(text, {"done": True, **msgspec.to_builtins(card)})

    return work


def _set(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        wish = rule_text.read(_text(given.file), await _slugs(http))
        if given.rule:
            card = await _send(http, "PUT", f"/api/rules/{given.rule}", RuleSet(wish), RuleCard)
        else:
            card = await _send(http, "POST", "/api/rules", wish, RuleCard)
        return Told(
            f"Rule {card.id}, {card.rule.name}, is kept.", {"done": True, **msgspec.to_builtins(card)}
        )

    return _telling(work)


def _try(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        wish = rule_text.read(_text(given.file), await _slugs(http))
        trial = RuleTrial(wish, given.tickets)
        tried = await _send(http, "POST", "/api/rules/try", trial, RuleTried)
        lines = [f"#{hit.ticket} {hit.subject}: {'; '.join(hit.would)}" for hit in tried.hits]
        head = f"Of {tried.looked} tickets it would have fired on {len(tried.hits)}. Nothing was changed."
        return Told("\n".join([head, *lines]), {"done": True, **msgspec.to_builtins(tried)})

    return _telling(work)


def _switch(active: bool) -> Plan:
    def plan(given: argparse.Namespace) -> errands.Work:
        async def work(http: Http) -> Told:
            card = await _card(http, given.rule)
            wish = msgspec.structs.replace(card.rule, active=active)
            card = await _send(http, "PUT", f"/api/rules/{card.id}", RuleSet(wish, card.version), RuleCard)
            text = f"Rule {card.id}, {card.rule.name}, is {'on' if active else 'off'}."
            return Told(text, {"done": True, **msgspec.to_builtins(card)})

        return work

    return plan


def _remove(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        await http.ask("DELETE", f"/api/rules/{given.rule}")
        return Told(f"Rule {given.rule} is deleted.", {"done": True})

    return work


def _telling(work: errands.Work) -> errands.Work:
    """What is wrong with a text is a refusal like the server's."""

    async def told(http: Http) -> Told:
        try:
            return await work(http)
        except ValueError as error:
            raise Problem("invalid", str(error)) from error

    return told


def _text(path: Path) -> str:
    """Raises Problem."""
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem("file", f"{path} cannot be read: {error}.") from error


async def _slugs(http: Http) -> dict[int, str]:
    return {card.id: card.slug for card in await errands.ask(http, "/api/departments", list[DepartmentCard])}


async def _card(http: Http, key: int) -> RuleCard:
    return await errands.ask(http, f"/api/rules/{key}", RuleCard)


async def _send(
    http: Http, method: str, path: str, body: RuleSet | RuleWish | RuleTrial, shape: type[T]
) -> T:
    return parsed(await http.ask(method, path, content=msgspec.json.encode(body)), shape)


RULE = ("rule", {"type": int, "help": "the rule's number"})
FILE = (
    "file",
    {"type": Path, "help": "the rule as a text, as show prints it; - reads it from standard input"},
)
AGAIN = (
    "--rule",
    {"type": int, "default": 0, "metavar": "N", "help": "write over this rule; without it, a new one"},
)
TICKETS = (
    "--tickets",
    {"type": int, "default": 200, "metavar": "N", "help": "how many of the newest (%(default)s)"},
)

DEEDS: dict[str, tuple[str, tuple[tuple[str, dict[str, Any]], ...], Plan]] = {
    "list": ("The rules that I may set, in their turn.", (), _list),
    "show": ("A rule as a text.", (RULE,), _show),
    "set": ("Write a rule.", (FILE, AGAIN), _set),
    "try": ("What a rule would have done to past tickets; nothing is changed.", (FILE, TICKETS), _try),
    "on": ("Switch a rule on.", (RULE,), _switch(True)),
    "off": ("Switch a rule off.", (RULE,), _switch(False)),
    "remove": ("Delete a rule; what it did stays written in the tickets.", (RULE,), _remove),
}
