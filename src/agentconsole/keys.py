"""What keys mean: which action a key is in a place, other keys for an action, and the page of all keys.

The table itself is `agentconsole.keytable`; this module needs no terminal either.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from agentconsole.keytable import ACTIONS as ACTIONS
from agentconsole.where import Action as Action
from agentconsole.where import Where as Where

_EDIT = (
    "enter space tab escape backspace delete up down left right home end ctrl+left ctrl+right "
    "ctrl+a ctrl+e ctrl+d ctrl+k ctrl+u ctrl+w ctrl+v ctrl+x ctrl+y ctrl+c ctrl+z"
)
# What edits text while the composer has the focus: there these keys are the composer's, whoever else has them.
EDITING = frozenset(_EDIT.split())
# What some link, shell or multiplexer may keep for itself.
UNSAFE = {
    "ctrl+s": "stops the line on many links",
    "ctrl+q": "starts the line again on many links",
    "ctrl+c": "interrupts programs",
    "ctrl+z": "suspends programs",
    "ctrl+h": "is Backspace on many keyboards",
    "ctrl+i": "is Tab",
    "ctrl+m": "is Enter",
    "ctrl+left_square_bracket": "is Escape",
}
_MODIFIERS = ("ctrl", "alt", "shift", "meta", "super")
_NAMED = "enter space tab escape backspace delete insert up down left right home end pageup pagedown"
_NAMES = frozenset(_NAMED.split()) | {f"f{number}" for number in range(1, 25)}
# Textual's names where they are not those of Unicode.
_SIGNS = {"/": "slash", "\\": "backslash", "@": "at", "-": "minus", "+": "plus", "_": "underscore"}


class KeyClash(ValueError):
    """A remapping cannot be used; the message says which and what to do."""


def action(id: str, table: tuple[Action, ...] = ACTIONS) -> Action:
    """The action with this id. Raises KeyError."""
    for each in table:
        if each.id == id:
            return each
    raise KeyError(id)


def at(where: Where, table: tuple[Action, ...] = ACTIONS) -> list[Action]:
    """The actions that can be used there: its own and those of anywhere, in the table's order.

    The composer belongs to a chat, so the chat's actions are there too.
    """
    places = around(where) | ({Where.chat} if where is Where.composer else set())
    return [each for each in table if each.where in places]


def around(where: Where) -> set[Where]:
    """Where an action must belong to be usable in this place."""
    shared = {Where.ticketing} if where in (Where.tickets, Where.ticket) else set()
    return {where, Where.anywhere} | shared


def types_text(key: str) -> bool:
    """True for a key that writes or edits while the composer has the focus, so that it can be no action there."""
    return key in EDITING or _is_sign(key)


def acts(key: str, where: Where, table: tuple[Action, ...] = ACTIONS) -> Action | None:
    """The action of this key there, or None. ``where`` composer means: the composer has the focus."""
    for each in table:
        if key in each.keys and where in _reach(each, key):
            return each
    return None


def remapped(
    changes: Mapping[str, tuple[str, ...]], table: tuple[Action, ...] = ACTIONS
) -> tuple[Action, ...]:
    """The table with other keys for some actions (an empty tuple = no key). Raises KeyClash.

    A sign may be written as itself: '?' for 'question_mark'.
    """
    known = {each.id for each in table}
    for id in changes:
        if id not in known:
            close = difflib.get_close_matches(id, known, 1)
            hint = f"did you mean {close[0]}?" if close else "docs/keys.md lists them."
            raise KeyClash(f"keys.{id}: there is no such action; {hint}")
    fresh = tuple(
        replace(each, keys=tuple(_named(each.id, key) for key in changes[each.id]))
        if each.id in changes
        else each
        for each in table
    )
    _refuse_clashes(fresh, changes)
    return fresh


def with_send_key(send_key: str, table: tuple[Action, ...] = ACTIONS) -> tuple[Action, ...]:
    """The table for the setting send_key: with 'ctrl+j' Enter begins a new line and Ctrl+J sends."""
    if send_key == "enter":
        return table
    newline, send = action("newline", table), action("send", table)
    changed = {
        "newline": tuple("enter" if key == "ctrl+j" else key for key in newline.keys),
        "send": tuple("ctrl+j" if key == "enter" else key for key in send.keys),
    }
    return tuple(replace(each, keys=changed.get(each.id, each.keys)) for each in table)


def clashes(table: tuple[Action, ...] = ACTIONS) -> list[tuple[str, Action, Action]]:
    """Keys that would mean two things in one place, with both actions."""
    owners: dict[tuple[str, Where], Action] = {}
    found = []
    for each in table:
        for key in each.keys:
            for where in sorted(_reach(each, key)):
                other = owners.setdefault((key, where), each)
                if other is not each and (key, other, each) not in found:
                    found.append((key, other, each))
    return found


def _refuse_clashes(table: tuple[Action, ...], changes: Mapping[str, object]) -> None:
    for key, first, second in clashes(table):
        changed, other = (first, second) if first.id in changes else (second, first)
        raise KeyClash(
            f"keys.{changed.id}: {spoken(key)} is also {other.label!r} there. "
            f"Choose another key, or give keys.{other.id} another one too."
        )


def _reach(each: Action, key: str) -> set[Where]:
    """The places where this key of this action acts; ``chat`` stands for a chat whose composer has not the focus."""
    match each.where:
        case Where.anywhere:
            places = set(Where) - {Where.anywhere, Where.ticketing}
        case Where.chat:
            places = {Where.chat, Where.composer}
        case Where.ticketing:
            return {Where.tickets, Where.ticket}
        case place:
            return {place}
    return places - {Where.composer} if types_text(key) else places


def _named(id: str, key: str) -> str:
    """The key as Textual calls it. Raises KeyClash for what is no key, or none that arrives everywhere."""
    *modifiers, last = (
        key.strip().split("+")
        if key.strip() not in ("+", "ctrl++", "alt++")
        else [*key.strip("+").split("+"), "+"]
    )
    modifiers = [each.lower() for each in modifiers if each]
    if len(last) == 1 and not last.isalnum():
        last = _sign_name(last)
    elif len(last) > 1 or modifiers:
        last = last.lower()
    name = "+".join([*modifiers, last])
    if any(each not in _MODIFIERS for each in modifiers) or not (last in _NAMES or _is_sign(last)):
        raise KeyClash(f"keys.{id}: {key!r} is no key. Write keys like f4, ctrl+t, alt+e, enter, t or ?.")
    if name in UNSAFE:
        raise KeyClash(
            f"keys.{id}: {spoken(name)} {UNSAFE[name]}, so it would not always arrive. Choose another key."
        )
    return name


def _is_sign(key: str) -> bool:
    return key in _names_of_signs() or (len(key) == 1 and key.isalnum())


@cache
def _names_of_signs() -> Mapping[str, str]:
    """The signs that have a key name of several letters, by that name."""
    signs = (chr(code) for code in range(33, 256))
    return {_sign_name(sign): sign for sign in signs if sign.isprintable() and not sign.isalnum()}


def _sign_name(sign: str) -> str:
    named = unicodedata.name(sign, "nothing").lower().replace(" ", "_").replace("-", "_")
    return _SIGNS.get(sign, named)


def spoken(key: str) -> str:
    """A key's name as people read it: 'ctrl+n' is 'Ctrl+N', 'question_mark' is '?', 'T' is 'T'."""
    *modifiers, last = key.split("+")
    sign = _names_of_signs().get(last, last)
    if len(sign) == 1:
        shown = sign.upper() if modifiers else sign
    else:
        shown = _SPOKEN.get(last, last.capitalize())
    return "+".join([*(each.capitalize() for each in modifiers), shown])


_SPOKEN = {"escape": "Esc", "pageup": "PgUp", "pagedown": "PgDn", "delete": "Del", "insert": "Ins"}

PLACES = {
    Where.anywhere: "Anywhere",
    Where.queue: "In the queue",
    Where.chat: "In a chat",
    Where.composer: "In the composer",
    Where.left: "In the list of left messages",
    Where.team: "In the team",
    Where.departments: "In the departments",
    Where.observe: "On the observe screen",
    Where.running: "In the list of running chats",
    Where.messages: "In the messages among staff",
    Where.feedback: "In the list of feedback",
    Where.ticketing: "On a ticket, in the list or open",
    Where.tickets: "In the list of tickets",
    Where.ticket: "In an open ticket",
    Where.mails: "In the list of mails",
}


def as_markdown(table: tuple[Action, ...] = ACTIONS) -> str:
    """The text of docs/keys.md."""
    out = [_INTRODUCTION]
    for where, title in PLACES.items():
        out.append(f"## {title}\n\n| key | action | what it does | id |\n|---|---|---|---|")
        out += [
            f"| {_cell(each.keys)} | {each.label} | {each.help} | `{each.id}` |"
            for each in table
            if each.where is where
        ]
        out[-1] += "\n"
    return "\n".join(out)


def _cell(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{spoken(key)}`" for key in keys) or "(palette)"


_INTRODUCTION = """# Keys

Letters act while the composer has not the focus: `Esc` leaves it, `i` comes back, and the draft stays. Function
keys and Ctrl letters act everywhere, also while writing. What has no key is in the command palette (`Ctrl+P`).

The keys were chosen to arrive through tmux, SSH and odd keyboards: none of `Ctrl+S`, `Ctrl+Q`, `Ctrl+C`, `Ctrl+Z`
(links and shells keep them), none above `F9` (window managers keep those), no Alt key that is the only way.

`n`, `[` and `]` walk from chat to chat and leave letters keys, so that they can be pressed again; `i` or `Enter` begins to
write. `F3`, `F5`, `F6` and a chat's number go on to write. `Esc` and a letter that come together, as over a slow line, are
two keys, unless the letter with Alt has an action of its own; only `Esc b` and `Esc f` move by words, as in shells.

Other keys: in the settings file, by the action's id (a list for several keys, an empty list for none). A key that
would mean two things in one place is refused with a sentence, and the keys below stay.

```toml
[keys]
take_next = ["f4", "ctrl+t"]
break = []
```
"""
