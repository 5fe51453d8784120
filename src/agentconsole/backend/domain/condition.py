"""Conditions of rules: `source is email and (subject contains refund or not tag is vip)`, read and asked.

Patterns (`matches`) run in time that grows with the text alone, whatever the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import re2  # type: ignore[import-untyped]

from agentconsole.protocol import (
    MAX_CONDITION,
    Clock,
    Rating,
    RuleEvent,
    TicketPriority,
    TicketStatus,
)

from .level import parse_time

MAX_DEPTH = 5
MAX_TESTS = 50
MAX_VALUES = 50
MAX_PATTERN = 500
PATTERN_MEMORY = 1 << 18  # bytes that a pattern may take; larger ones are refused
MAX_TEXT = 20_000  # characters of a text that are looked at

WORDS = ("source", "department", "email", "domain", "language", "tag", "assignee")
TEXTS = ("subject", "text")
TIMES = ("age", "waiting", "quiet")
CLOSED = {
    "priority": tuple(TicketPriority),
    "status": tuple(TicketStatus),
    "rating": tuple(Rating),
    "clock": tuple(Clock),
    "hours": ("open", "closed"),
    "drill": ("yes", "no"),
}
FIELDS = {
    **dict.fromkeys(WORDS, ("is", "contains", "matches")),
    **dict.fromkeys(TEXTS, ("is", "contains", "matches")),
    **dict.fromkeys(TIMES, ("over", "under")),
    **dict.fromkeys(CLOSED, ("is",)),
}
EXAMPLE = 'Write as: source is email and (subject contains refund, "money back" or age over 4h).'


class Facts:
    """What rules may ask about a ticket or a chat when something happened to it. Times are milliseconds.

    ``assignee`` is a user's name, "nobody" where there is none; ``text`` is the customer's message that it is about, or
    how to get it if it is asked for.
    """

    def __init__(
        self,
        event: RuleEvent,
        department: str,
        *,
        source: str = "",
        subject: str = "",
        text: str | Callable[[], str] = "",
        email: str = "",
        language: str = "",
        tags: tuple[str, ...] = (),
        priority: str = "normal",
        status: str = "",
        assignee: str = "nobody",
        age_ms: int = 0,
        waiting_ms: int = 0,
        quiet_ms: int = 0,
        is_open: bool = True,
        drill: bool = False,
        rating: str = "",
        clock: str = "",
    ) -> None:
        self.event = event
        self.department = department
        self.source, self.language, self.email = source, language, email
        self.subject, self._text = subject, text
        self.domain, self.tag = email.rpartition("@")[2], tags
        self.priority, self.status, self.assignee = priority, status, assignee
        self.age, self.waiting, self.quiet = age_ms, waiting_ms, quiet_ms
        self.hours = "open" if is_open else "closed"
        self.drill = "yes" if drill else "no"
        self.rating, self.clock = rating, clock

        self._folded: dict[str, tuple[str, ...]] = {}
        self._coded: dict[str, tuple[bytes, ...]] = {}

    def later(self, age_ms: int, waiting_ms: int, quiet_ms: int, is_open: bool) -> Facts:
        """The same, but for what time alone changes."""
        found = Facts.__new__(Facts)  # copy.copy takes three times as long
        found.__dict__.update(self.__dict__)
        found.age, found.waiting, found.quiet = age_ms, waiting_ms, quiet_ms
        found.hours = "open" if is_open else "closed"
        return found

    @cached_property
    def text(self) -> str:
        """What the customer wrote."""
        return self._text if isinstance(self._text, str) else self._text()

    def folded(self, field: str) -> tuple[str, ...]:
        """What a field says, without regard to case; of tags there may be several."""
        if field == "hours":  # what is kept is shared with later facts
            return (self.hours,)
        if field not in self._folded:
            self._folded[field] = tuple(each.casefold() for each in self._said(field))
        return self._folded[field]

    def coded(self, field: str) -> tuple[bytes, ...]:
        """The same for patterns."""
        if field not in self._coded:
            self._coded[field] = tuple(each.encode(errors="replace") for each in self._said(field))
        return self._coded[field]

    def _said(self, field: str) -> tuple[str, ...]:
        found: str | tuple[str, ...] = getattr(self, field)
        return (found[:MAX_TEXT],) if isinstance(found, str) else found


Condition = Callable[[Facts], bool]


class Token(NamedTuple):
    """A word, a quoted value or a sign, and where it stands."""

    text: str
    at: int
    quoted: bool = False


_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([(),])|([^\s(),"]+))')


class Read(NamedTuple):
    """A condition, and with what it changes as time passes: ages (field, ms from which on it differs), and the hours."""

    holds: Condition
    moments: tuple[tuple[str, int], ...] = ()
    asks_hours: bool = False


def parse(text: str) -> Condition:
    """The condition that is written here; nothing written always holds.

    Raises ValueError with a sentence that says where and what to write.
    """
    return read(text).holds


@lru_cache(4_096)
def read(text: str) -> Read:
    """The same, and with what it changes. Raises ValueError."""
    if len(text) > MAX_CONDITION:
        raise ValueError(f"A condition has at most {MAX_CONDITION} characters.")
    reader = _Reader(_tokens(text))
    if not reader.tokens:
        return Read(_always)
    found = reader.either(1)
    if reader.next is not None:
        raise reader.wrong("and, or, or the end")
    return Read(found, tuple(reader.moments), reader.asks_hours)


def _always(facts: Facts) -> bool:
    return True


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f'A quotation mark (") is open at character {at + 1}. {EXAMPLE}')
        quoted = match[1] is not None
        word = re.sub(r'\\(["\\])', r"\1", match[1]) if quoted else match[2] or match[3]
        found.append(Token(word, match.end() - len(match[0].lstrip()), quoted))
        at = match.end()
    return found


class _Reader:
    """Reads the words of a condition from left to right: or binds weaker than and, and weaker than not."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place, self.tests = tokens, 0, 0
        self.moments: list[tuple[str, int]] = []
        self.asks_hours = False

    @property
    def next(self) -> Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def wrong(self, wanted: str) -> ValueError:
        token = self.next
        where = f"at character {token.at + 1}, not {token.text!r}" if token else "at the end"
        return ValueError(f"Here should stand {wanted}, {where}. {EXAMPLE}")

    def took(self, *words: str) -> str:
        token = self.next
        if token is None or token.quoted or token.text.lower() not in words:
            return ""
        self.place += 1
        return token.text.lower()

    def either(self, depth: int) -> Condition:
        parts = [self.both(depth)]
        while self.took("or"):
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else _any(tuple(parts))

    def both(self, depth: int) -> Condition:
        parts = [self.one(depth)]
        while self.took("and"):
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else _all(tuple(parts))

    def one(self, depth: int) -> Condition:
        turned = False
        while self.took("not"):
            turned = not turned
        if self.took("("):
            if depth >= MAX_DEPTH:
                raise ValueError(f"Groups go {MAX_DEPTH} deep at most. Make two rules of it.")
            found = self.either(depth + 1)
            if not self.took(")"):
                raise self.wrong("and, or, or a closing bracket")
        else:
            found = self.test()
        return _not(found) if turned else found

    def test(self) -> Condition:
        self.tests += 1
        if self.tests > MAX_TESTS:
            raise ValueError(f"A condition asks at most {MAX_TESTS} things. Make two rules of it.")
        field = self.took(*FIELDS)
        if not field:
            raise self.wrong(f"one of {', '.join(FIELDS)}")
        how = self.took(*FIELDS[field])
        if not how:
            raise self.wrong(f"{' or '.join(FIELDS[field])} after {field}")
        values = [self.value()]
        while self.took(","):
            values.append(self.value())
        if len(values) > MAX_VALUES:
            raise ValueError(f"After {field} {how} stand at most {MAX_VALUES} values.")
        if field in TIMES:
            self.moments += [(field, parse_time(value.lower()) + (how == "over")) for value in values]
        self.asks_hours |= field == "hours"
        return _test(field, how, values)

    def value(self) -> str:
        token = self.next
        if token is None or (not token.quoted and token.text in ("(", ")", ",")):
            raise self.wrong("a value")
        self.place += 1
        if not token.text:
            raise ValueError(f"A value is empty, at character {token.at + 1}.")
        return token.text


def _test(field: str, how: str, values: list[str]) -> Condition:
    if field in TIMES:
        return _time(field, how, [parse_time(value.lower()) for value in values])
    if field in CLOSED and not set(values) <= set(CLOSED[field]):
        raise ValueError(f"{field} is one of {', '.join(CLOSED[field])}.")
    if how == "matches":
        return _matches(field, [pattern(value) for value in values])
    folded = tuple(value.casefold() for value in values)
    if how == "is":
        return lambda facts: any(said in folded for said in facts.folded(field))
    return lambda facts: any(value in said for said in facts.folded(field) for value in folded)


def _time(field: str, how: str, values: list[int]) -> Condition:
    if how == "over":
        return lambda facts: any(getattr(facts, field) > value for value in values)
    return lambda facts: any(getattr(facts, field) < value for value in values)


def _matches(field: str, patterns: list[Any]) -> Condition:
    return lambda facts: any(each.search(said) for said in facts.coded(field) for each in patterns)


def pattern(written: str) -> Any:
    """A pattern, ready to search bytes. Raises ValueError with a sentence."""
    if len(written) > MAX_PATTERN:
        raise ValueError(f"A pattern has at most {MAX_PATTERN} characters.")
    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = PATTERN_MEMORY
    options.log_errors = False
    try:
        return re2.compile(written.encode(), options)
    except re2.error as error:
        why = error.args[0]
        told = why.decode(errors="replace") if isinstance(why, bytes) else str(why)
        raise ValueError(f"The pattern {written!r} cannot be used: {told}.") from None


def _all(parts: tuple[Condition, ...]) -> Condition:
    return lambda facts: all(part(facts) for part in parts)


def _any(parts: tuple[Condition, ...]) -> Condition:
    return lambda facts: any(part(facts) for part in parts)


def _not(part: Condition) -> Condition:
    return lambda facts: not part(facts)
