"""Rules: which fire on an event, in which order, and what each says to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from agentconsole.protocol import (
    CHAT_EVENTS,
    MAX_TAG,
    MAX_TEXT,
    RuleEvent,
    RuleWish,
    TicketPriority,
    TicketStatus,
)

from . import condition, template
from .condition import Facts
from .level import parse_time

MAX_ROUNDS = 10  # of events that rules cause by what they do
MAX_URL = 500
STATUSES = (TicketStatus.open, TicketStatus.waiting, TicketStatus.solved, TicketStatus.closed)


class Verb(StrEnum):
    """What a rule can do."""

    move = "move"
    assign = "assign"
    unassign = "unassign"
    priority = "priority"
    tag = "tag"
    untag = "untag"
    status = "status"
    hold = "hold"
    note = "note"
    answer = "answer"
    notify = "notify"
    webhook = "webhook"
    ticket = "ticket"


class Action(msgspec.Struct, frozen=True):
    """One thing to do. ``words`` is how it was written; ``values`` are a department, a user, tags ..., ``ms`` a time."""

    words: str
    verb: Verb
    values: tuple[str, ...] = ()
    text: str = ""
    ms: int = 0


class Rule(msgspec.Struct, frozen=True):
    """One row. ``department`` 0 = all; ``when`` and ``do`` as they were written."""

    id: int
    department: int
    name: str
    note: str
    active: bool
    event: RuleEvent
    when: str
    do: tuple[str, ...]
    stop: bool
    place: int
    version: int

    @property
    def wish(self) -> RuleWish:
        """As it is written."""
        return RuleWish(
            self.name,
            self.event,
            list(self.do),
            self.when,
            self.note,
            self.department,
            self.active,
            self.stop,
        )


Reader = Callable[[str], dict[str, Any]]
Planned = list[tuple[Rule, tuple[Action, ...]]]


def plan(rules: Iterable[Rule], facts: Facts) -> Planned:
    """The rules that fire, in their order, and what each does; after one that says so, none looks any more.

    All look at the same facts: what one of them changes is an event of its own.
    """
    found: Planned = []
    for rule in rules:
        if fits(rule, facts):
            found.append((rule, actions(rule.do)))
            if rule.stop:
                break
    return found


def fits(rule: Rule, facts: Facts) -> bool:
    """Does this rule fire on these facts, when it is its turn?"""
    return rule.active and rule.event is facts.event and condition.parse(rule.when)(facts)


def governs(rule: Rule, department: int) -> bool:
    """May this rule act on what is of this department?"""
    return rule.department in (0, department)


@lru_cache(4_096)
def actions(texts: tuple[str, ...]) -> tuple[Action, ...]:
    """What is to be done, in order. Raises ValueError with a sentence."""
    return tuple(parse_action(text) for text in texts)


def checked(wish: RuleWish) -> RuleWish:
    """The same, if it can be kept. Raises ValueError with a sentence that says what to write."""
    if not wish.name.strip():
        raise ValueError("A rule needs a name.")
    read = condition.read(wish.when)
    found = actions(tuple(wish.do))
    if wish.department and any(action.verb is Verb.move for action in found[:-1]):
        raise ValueError("A department's own rule moves last: it has no say where the ticket went.")
    if not found:
        raise ValueError(f"A rule does something. Write one of {', '.join(Verb)}.")
    if wish.event is RuleEvent.time_passed and not read.moments:
        raise ValueError(
            "A rule on time that passes asks for a time. Write: age over 4h, or waiting, or quiet."
        )
    if wish.event not in CHAT_EVENTS and any(action.verb is Verb.ticket for action in found):
        raise ValueError("Only of a chat a ticket can be made.")
    return wish


def parse_action(text: str) -> Action:
    """An action as people write it. Raises ValueError with a sentence that says what to write."""
    first, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    try:
        verb = Verb(first.lower())
    except ValueError:
        raise ValueError(f"{first!r} is nothing that a rule does. Write one of {', '.join(Verb)}.") from None
    return Action(words=f"{verb} {rest}".strip(), verb=verb, **_READERS[verb](rest))


def _none(rest: str) -> dict[str, Any]:
    if rest:
        raise ValueError(f"Nothing stands after unassign and ticket, but here {rest!r} does.")
    return {}


def _one(what: str, example: str) -> Reader:
    def read(rest: str) -> dict[str, Any]:
        if not rest or len(rest.split()) > 1:
            raise ValueError(f"Name {what}, as: {example}.")
        return {"values": (rest.removeprefix("@").removeprefix("#").lower(),)}

    return read


def _priority(rest: str) -> dict[str, Any]:
    if rest not in TicketPriority.__members__:
        raise ValueError(f"A priority is one of {', '.join(TicketPriority)}.")
    return {"values": (rest,)}


def _tags(rest: str) -> dict[str, Any]:
    found = tuple(dict.fromkeys(" ".join(tag.split()).lower() for tag in rest.split(",")))
    if not all(found) or any(len(tag) > MAX_TAG for tag in found):
        raise ValueError(
            f"Write tags with commas between them, each of up to {MAX_TAG} characters: tag vip, late."
        )
    return {"values": found}


def _status(rest: str) -> dict[str, Any]:
    if rest not in STATUSES:
        raise ValueError(f"A rule sets the status {', '.join(STATUSES)}; to put on hold write: hold 3d.")
    return {"values": (rest,)}


def _hold(rest: str) -> dict[str, Any]:
    ms = parse_time(rest)
    if not ms:
        raise ValueError("On hold for how long? Write: hold 3d.")
    return {"ms": ms}


def _text(what: str) -> Reader:
    def read(rest: str) -> dict[str, Any]:
        if not rest:
            raise ValueError(f"What should {what} say? Write it after the word.")
        return {"text": template.checked(rest)}

    return read


def _notify(rest: str) -> dict[str, Any]:
    to, _, text = rest.partition(" ")
    if to[:1] not in ("@", "#") or len(to) < 2:
        raise ValueError(
            "Notify whom? Write: notify @ana Look at {ticket.number}, or notify #support for a channel."
        )
    if len(text) > MAX_TEXT - 500:
        raise ValueError("That is too long for a message.")
    return {"values": (to.lower(),), "text": template.checked(text.strip())}


def _webhook(rest: str) -> dict[str, Any]:
    if not rest.startswith(("https://", "http://")) or len(rest) > MAX_URL or len(rest.split()) > 1:
        raise ValueError(
            f"A webhook goes to an address of up to {MAX_URL} characters, as: webhook https://example.org/x."
        )
    if not rest.isascii() or "@" in rest.split("/")[2]:
        raise ValueError("A webhook's address is written in ASCII and has no password in it.")
    return {"values": (rest,)}


_READERS: dict[Verb, Reader] = {
    Verb.move: _one("a department by its short name", "move sales"),
    Verb.assign: _one("one of staff by the login name", "assign ana"),
    Verb.unassign: _none,
    Verb.ticket: _none,
    Verb.priority: _priority,
    Verb.tag: _tags,
    Verb.untag: _tags,
    Verb.status: _status,
    Verb.hold: _hold,
    Verb.note: _text("the note"),
    Verb.answer: _text("the answer"),
    Verb.notify: _notify,
    Verb.webhook: _webhook,
}
