"""Fields in texts: `{customer.name}` and the like, in mails, canned replies, notes and messages of rules."""

from __future__ import annotations

import re
from collections.abc import Mapping

FIELDS = {
    "customer.name": "the customer's name",
    "customer.email": "the customer's address",
    "agent.name": "who answers",
    "ticket.number": "the ticket's number",
    "ticket.subject": "the ticket's subject",
    "department.name": "the department's name",
    "answer": "what was answered",
    "signature": "the department's signature",
    "transcript": "the lines of the chat",
}
SHORT = {
    "name": "customer.name",
    "email": "customer.email",
    "topic": "ticket.subject",
    "department": "department.name",
    "agent": "agent.name",
}
_FIELD = re.compile(r"\{([a-z]+(?:[._][a-z]+)*)\}")
_MEANT = re.compile(r"\{([A-Za-z][A-Za-z0-9._ -]{0,40})\}")


def checked(text: str) -> str:
    """The same, if it has no field that nobody knows. Raises ValueError with a sentence."""
    wrong = [name for name in _MEANT.findall(text) if name not in FIELDS]
    if wrong:
        known = ", ".join(f"{{{name}}}" for name in FIELDS)
        raise ValueError(f"There is no field {{{wrong[0]}}}. There are {known}.")
    return text


def spelled(text: str) -> str:
    """A canned reply with its fields under their whole names: {name} is {customer.name} there."""
    return _FIELD.sub(lambda found: f"{{{SHORT[found[1]]}}}" if found[1] in SHORT else found[0], text)


def used(text: str) -> list[str]:
    """The fields of a text, each once, as they come."""
    return list(dict.fromkeys(name for name in _FIELD.findall(text) if name in FIELDS))


def missing(text: str, facts: Mapping[str, str]) -> list[str]:
    """The fields for which there is nothing to fill in."""
    return [name for name in used(text) if not facts.get(name, "").strip()]


def filled(text: str, facts: Mapping[str, str]) -> str:
    """The text with its fields filled in; what is filled in is not looked at again, what is missing becomes nothing."""
    return _FIELD.sub(
        lambda found: facts.get(found[1], "") if found[1] in FIELDS else found[0],
        text,
    )
