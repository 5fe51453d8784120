"""What the people of a drill sent, heard and had acknowledged, and whether all of that agrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

import msgspec

from agentconsole.protocol import (
    Declined,
    Event,
    HelpAsked,
    Invited,
    Joined,
    Moved,
    Noted,
    Offered,
    OfferEnd,
    OfferEnded,
    Requeued,
    Said,
    Side,
    Transferred,
)


class Line(msgspec.Struct, frozen=True):
    """A line that somebody sent. ``number`` is what the acknowledgement said: pub for visitors, seq for staff,
    0 = it was never answered. ``chat`` 0 = it began a chat of which nobody told the number."""

    chat: int
    side: Side
    text: str
    number: int


class Ledger:
    """One drill's books: counts by name, every line sent, and everything that should not have been."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.ratings: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.waits: list[int] = []
        self.lines: list[Line] = []
        self.lost: list[str] = []
        self.doubled: list[str] = []
        self.faults: list[str] = []

    def count(self, name: str) -> None:
        """One more of these."""
        self.counts[name] += 1

    def sent(self, chat: int, side: Side, text: str, number: int) -> None:
        """A line went out; ``number`` 0 = nobody knows whether it arrived."""
        self.lines.append(Line(chat, side, text, number))

    def compare(self, side: Side, histories: Mapping[int, Mapping[int, str]]) -> None:
        """Hold the acknowledged lines of one side against histories: chat -> number -> text of that side's lines.

        Findings go into `lost` and `doubled`, a sentence each.
        """
        begun = Counter(line.text for line in self.lines if not line.chat and line.side is side)
        for chat, history in histories.items():
            lines = [line for line in self.lines if line.chat == chat and line.side is side]
            for line in lines:
                if line.number and history.get(line.number) != line.text:
                    self.lost.append(
                        f"chat {chat}: line {line.number} of {side} is not what was acknowledged"
                    )
            sent = Counter(line.text for line in lines) + begun
            for text, times in Counter(history.values()).items():
                if times > sent[text]:
                    self.doubled.append(
                        f"chat {chat}: a line of {side} stands {times} times, sent {sent[text]} times"
                    )

    def tally(self, events: Sequence[Event]) -> None:
        """Count what happened between colleagues in one chat's history."""
        for event in events:
            what = event.what
            if isinstance(what, OfferEnded):
                if what.why is OfferEnd.timeout and what.user:
                    self.count("missed")
            elif type(what) in TALLIED and not (isinstance(what, Declined) and what.invite):
                self.count(TALLIED[type(what)])

    def report(self) -> dict[str, object]:
        """All counts, as plain data; waits in seconds."""
        waits = sorted(self.waits)
        return {
            **{name: self.counts[name] for name in COUNTS},
            "rated": {name: self.ratings[name] for name in ("good", "fair", "bad")},
            "waits": {
                "count": len(waits),
                "median_s": round(median(waits) / 1000, 1) if waits else None,
                "longest_s": round(waits[-1] / 1000, 1) if waits else None,
            },
            "refused": dict(sorted(self.refused.items())),
            "acknowledged": sum(1 for line in self.lines if line.number),
            "unanswered": sum(1 for line in self.lines if not line.number),
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "faults": len(self.faults),
        }


TALLIED: dict[type, str] = {
    Offered: "offers",
    Declined: "declined",
    Transferred: "transfers",
    Requeued: "requeued",
    Moved: "overflowed",
    Invited: "invitations",
    Joined: "joins",
    HelpAsked: "calls_for_help",
    Noted: "notes",
}
COUNTS = (
    "visitors",
    "chats_started",
    "chats_taken",
    "chats_ended",
    "chats_left",
    "chats_abandoned",
    "chats_closed",
    "messages_left",
    "lines_from_visitors",
    "lines_from_staff",
    "links_lost",
    "missed",
    "staff_messages",
    *TALLIED.values(),
)


def lines_of(events: Sequence[Event], side: Side) -> dict[int, str]:
    """The lines of one side in a staff history, by the number that this side's acknowledgements carry."""
    return {
        event.seq if side is Side.staff else event.pub: event.what.text
        for event in events
        if isinstance(event.what, Said) and event.by.side is side
    }
