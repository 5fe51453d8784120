"""A rule as a text to be edited: TOML, with the words that it may use beside them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from agentconsole.protocol import RuleEvent, RuleWish

FRESH = RuleWish("", RuleEvent.ticket_created, ["tag "], "source is e-mail and subject contains ")
HEAD = """\
# A rule: on its event, if its condition holds, it does its actions in order. docs/rules.md explains all words.
# Save and leave the editor to keep it; leave it without a change to keep all as it is.
"""
EVENTS = f"# {', '.join(RuleEvent)}"
CONDITION = """\
# source, department, assignee, email, domain, language, tag, subject, text: is, contains, matches; priority, status,
# hours, rating, clock, drill: is; age, waiting, quiet: over, under; and, or, not, brackets; nothing = always"""
ACTIONS = """\
# move DEPARTMENT, assign USER, unassign, priority P, tag A, untag A, status S, hold 3d, note TEXT, answer TEXT or /REPLY,
# notify @USER or #DEPARTMENT TEXT, webhook ADDRESS, ticket (of a chat)"""


def written(rule: RuleWish, departments: Mapping[int, str]) -> str:
    """The rule as TOML; ``departments`` are short names by id."""
    do = "".join(f"  {_string(action)},\n" for action in rule.do)
    return (
        f"{HEAD}\n"
        f"name = {_string(rule.name)}\n"
        f"note = {_string(rule.note)}\n"
        f"active = {_flag(rule.active)}\n"
        f"stop = {_flag(rule.stop)}  # no later rule looks at this event\n"
        f"department = {_string(departments.get(rule.department, ''))}  # its short name; none = all\n\n"
        f"{EVENTS}\n"
        f"event = {_string(rule.event)}\n\n"
        f"{CONDITION}\n"
        f"when = {_string(rule.when)}\n\n"
        f"{ACTIONS}\n"
        f"do = [\n{do}]\n"
    )


def read(text: str, departments: Mapping[int, str]) -> RuleWish:
    """The rule that is written here. Raises ValueError with a sentence."""
    try:
        found: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"The text cannot be read: {error}.") from None
    strange = sorted(set(found) - set(RuleWish.__struct_fields__))
    if strange:
        raise ValueError(f"A rule has no {strange[0]}. It has {', '.join(RuleWish.__struct_fields__)}.")
    slug = found.pop("department", "")
    keys = {name: key for key, name in departments.items()}
    if slug and slug not in keys:
        raise ValueError(f"There is no department {slug}. There are {', '.join(sorted(keys)) or 'none'}.")
    try:
        rule = msgspec.convert({**found, "department": keys.get(slug, 0)}, RuleWish)
    except msgspec.ValidationError as error:
        raise ValueError(f"{error}.") from None
    return msgspec.structs.replace(rule, do=[action.strip() for action in rule.do if action.strip()])


def _flag(on: bool) -> str:
    return "true" if on else "false"


def _string(text: str) -> str:
    """A TOML string; as it is, where TOML can have it so."""
    if "'" not in text and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
