"""A service level: how fast a department wants its tickets answered and solved."""

from __future__ import annotations

import re

import msgspec

from agentconsole.protocol import TicketPriority

from .spans import DAY_MS, HOUR_MS, MINUTE_MS

WARN_MS = 900_000
MAX_MS = 366 * DAY_MS
UNITS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
TARGETS = ("first", "next", "solve", "warn")
EXAMPLE = 'Write "normal first=4h next=8h solve=3d", with "always" to count around the clock and warn=15m.'
_PART = re.compile(r"(\d{1,6})([mhd])", re.ASCII)


class Level(msgspec.Struct, frozen=True):
    """The targets for tickets of a priority, in milliseconds; 0 = none.

    They count in the department's opening hours for e-mail, or around the clock if ``always``. Who may act is warned
    ``warn_ms`` before a breach.
    """

    priority: TicketPriority
    first_ms: int = 0
    next_ms: int = 0
    solve_ms: int = 0
    always: bool = False
    warn_ms: int = WARN_MS


Levels = tuple[Level, ...]


def parse_level(text: str) -> Level:
    """A level as `level_text` writes it. Raises ValueError with a sentence that says what to write."""
    first, *rest = text.lower().split() or [""]
    if first not in TicketPriority.__members__:
        raise ValueError(f"A level begins with its priority: {', '.join(TicketPriority)}. {EXAMPLE}")
    given: dict[str, int] = {}
    always = False
    for word in rest:
        name, _, time = word.partition("=")
        if word == "always":
            always = True
        elif name in TARGETS and f"{name}_ms" not in given:
            given[f"{name}_ms"] = parse_time(time)
        else:
            raise ValueError(f"{word!r} is no target. {EXAMPLE}")
    if not any(given.get(f"{name}_ms") for name in TARGETS[:3]):
        raise ValueError(f"The level for {first} has no target. {EXAMPLE}")
    return Level(TicketPriority(first), always=always, **given)


def level_text(level: Level) -> str:
    """A level in writing."""
    targets = [f"{name}={time_text(ms)}" for name in TARGETS[:3] if (ms := getattr(level, f"{name}_ms"))]
    warn = [] if level.warn_ms == WARN_MS else [f"warn={time_text(level.warn_ms)}"]
    return " ".join([level.priority.value, *targets, *(["always"] if level.always else []), *warn])


def checked_levels(texts: list[str]) -> Levels:
    """The levels of a department, one of each priority. Raises ValueError with a sentence."""
    found = {level.priority: level for level in map(parse_level, texts)}
    if len(found) != len(texts):
        raise ValueError("Give one level for each priority.")
    return tuple(found[priority] for priority in TicketPriority if priority in found)


def parse_time(text: str) -> int:
    """A time like 90m, 4h or 1d12h (a day is 24 hours) in milliseconds. Raises ValueError with a sentence."""
    parts = _PART.findall(text)
    total = sum(int(number) * UNITS[unit] for number, unit in parts)
    if not parts or "".join(number + unit for number, unit in parts) != text or total > MAX_MS:
        raise ValueError(f"{text!r} is no time of up to a year. Write it as 30m, 4h or 3d.")
    return total


def time_text(ms: int) -> str:
    """A time in writing, as 1d12h; whole minutes."""
    found, left = "", ms // UNITS["m"]
    for unit, minutes in (("d", 1_440), ("h", 60), ("m", 1)):
        count, left = divmod(left, minutes)
        found += f"{count}{unit}" if count else ""
    return found or "0m"
