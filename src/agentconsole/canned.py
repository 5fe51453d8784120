"""Canned replies in the composer: completing a shortcut, filling in fields, going from field to field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from agentconsole.protocol import CannedCard
from agentconsole.text import clean

_SHORTCUT = re.compile(r"(?:^|(?<=\s))/(\S*)$")
_FIELD = re.compile(r"\{([^{}\n]{1,40})\}")

FIELDS = {
    "name": "the visitor's name",
    "email": "the visitor's address",
    "topic": "what the chat is about",
    "department": "the department's name",
    "agent": "my own name",
    "page": "the page the visitor is on",
    "customer.name": "the same as {name}",
    "customer.email": "the same as {email}",
    "agent.name": "the same as {agent}",
    "department.name": "the same as {department}",
    "ticket.number": "the ticket's number",
    "ticket.subject": "the ticket's subject",
}


class Span(NamedTuple):
    """A stretch of the text: from ``start`` up to, not including, ``end``."""

    start: int
    end: int


class Edit(NamedTuple):
    """The composer's new text, and what to select in it (an empty span = just the cursor)."""

    text: str
    selection: Span


def choices(canned: Iterable[CannedCard], me: int, department: int, beginning: str = "") -> list[CannedCard]:
    """The replies that fit here by shortcut, sorted; of one shortcut mine beats the department's beats everybody's."""
    best: dict[str, CannedCard] = {}
    for card in canned:
        if card.owner not in (0, me) or card.department not in (0, department):
            continue
        if not card.shortcut.casefold().startswith(beginning.casefold()):
            continue
        known = best.get(card.shortcut)
        if known is None or _rank(card) > _rank(known):
            best[card.shortcut] = card
    return sorted(best.values(), key=lambda card: (card.shortcut.casefold(), card.id))


def _rank(card: CannedCard) -> tuple[bool, bool, int]:
    return card.owner != 0, card.department != 0, card.id


def shortcut_before(text: str, cursor: int) -> str | None:
    """The shortcut being typed right before the cursor, without its '/' (None = none is)."""
    match = _SHORTCUT.search(text, 0, cursor)
    return match[1] if match else None


def insert(text: str, cursor: int, card: CannedCard, values: Mapping[str, str]) -> Edit:
    """Put the reply in place of the shortcut before the cursor (or at the cursor), fields filled in.

    ``values`` knows the names of FIELDS; a field without a value stays as {name}, and the first such is selected.
    """
    match = _SHORTCUT.search(text, 0, cursor)
    start = match.start() if match else cursor
    body = fill(card.text, values)
    whole = text[:start] + body + text[cursor:]
    field = _FIELD.search(whole, start, start + len(body))
    end = start + len(body)
    return Edit(whole, Span(*field.span()) if field else Span(end, end))


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with every known field filled in; values come from outside and become one safe line."""

    def value(match: re.Match[str]) -> str:
        known = values.get(match[1].strip().casefold(), "")
        return clean(known).replace("{", "(").replace("}", ")") or match[0]

    return _FIELD.sub(value, template)


def next_field(text: str, cursor: int) -> Span | None:
    """The next field still open, from the cursor on and then from the beginning (None = all filled in)."""
    match = _FIELD.search(text, cursor) or _FIELD.search(text)
    return Span(*match.span()) if match else None


def open_fields(text: str) -> list[str]:
    """Names of fields that nobody filled in: ask once before such a text is sent."""
    return [match[1] for match in _FIELD.finditer(text)]
