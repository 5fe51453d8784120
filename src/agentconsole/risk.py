"""How much a running chat needs a supervisor's eyes: one formula, for the order of the observe screen.

| what | points | said when |
|---|---|---|
| help is called for | 100 | always |
| the visitor's oldest line without an answer | 1 for each 10 s, at most 60 | from 30 s |
| the wait before somebody answered (or so far) | 1 for each 30 s, at most 20 | from 2 min |
| lines with words of the department's alarm list | 15 each, at most 60 | always |
| changes of hands, from the second on | 10 each, at most 40 | always |

More points come first; of equal ones the chat that began first, then the lower number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from agentconsole.narrate import duration
from agentconsole.protocol import Beat, ChatCard

HELP_POINTS = 100
UNANSWERED_STEP_MS, UNANSWERED_MOST, UNANSWERED_SAID_MS = 10_000, 60, 30_000
WAIT_STEP_MS, WAIT_MOST, WAIT_SAID_MS = 30_000, 20, 120_000
ALARM_POINTS, ALARM_MOST = 15, 60
TRANSFER_POINTS, TRANSFER_MOST = 10, 40


class Risk(NamedTuple):
    """A chat's points and why it has them, the heaviest reason first; no reason = it goes well."""

    points: int
    reasons: tuple[str, ...]


def risk(card: ChatCard, beat: Beat | None, now: int) -> Risk:
    """The formula above. ``beat`` tells of its lines (None = none has come); ``now`` is the server's clock."""
    asked_at = beat.asked_at if beat else 0
    unanswered = max(0, now - asked_at) if asked_at else 0
    waited = max(0, (card.taken_at or now) - card.since)
    found = [
        (HELP_POINTS if card.help_at else 0, "calls for help"),
        (
            min(unanswered // UNANSWERED_STEP_MS, UNANSWERED_MOST),
            f"unanswered for {_steady(unanswered)}" if unanswered >= UNANSWERED_SAID_MS else "",
        ),
        (min(card.alarms * ALARM_POINTS, ALARM_MOST), _counted(card.alarms, "alarming line")),
        (
            min(max(0, card.transfers - 1) * TRANSFER_POINTS, TRANSFER_MOST),
            f"changed hands {card.transfers} times",
        ),
        (
            min(waited // WAIT_STEP_MS, WAIT_MOST),
            f"waited {duration(waited)}" if waited >= WAIT_SAID_MS else "",
        ),
    ]
    found.sort(key=lambda each: -each[0])
    reasons = tuple(reason for points, reason in found if points and reason)
    return Risk(sum(points for points, _ in found), reasons)


def by_risk(cards: Iterable[ChatCard], beats: Mapping[int, Beat], now: int) -> list[tuple[ChatCard, Risk]]:
    """The chats with their risks, the one that needs eyes most first."""
    rated = [(card, risk(card, beats.get(card.chat), now)) for card in cards]
    return sorted(rated, key=lambda each: (-each[1].points, each[0].started_at, each[0].chat))


def _steady(ms: int) -> str:
    """A span in steps of ten seconds: it must not change what is on the screen every second."""
    return duration(ms // UNANSWERED_STEP_MS * UNANSWERED_STEP_MS)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
