"""The link to the server as the agent sees it: up or down, silent since when, how quick."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SILENT_AFTER_MS = 3_000

# The class changes when the round trip passes these bounds (ms), and back only below 4/5 of them.
_BOUNDS = (150, 500, 1_500)
# Why a server closes a connection, by its code.
CLOSED = {
    1009: "The server found a frame too big.",
    1008: "The server closed the connection because of its rules.",
    1012: "The server restarts.",
    1013: "The server has cut this console off for a moment.",
}


class LinkState(StrEnum):
    """What the client is doing about the link."""

    offline = "offline"  # never started, or stopped
    connecting = "connecting"  # no socket: trying, or waiting for the next try
    connected = "connected"  # a socket with a welcome
    login = "login"  # the session has ended: log in again


class Latency(StrEnum):
    """How quick the link is; shown instead of a number that would never stand still."""

    unknown = ""
    quick = "quick"
    fair = "fair"
    slow = "slow"
    very_slow = "very slow"


_CLASSES = (Latency.quick, Latency.fair, Latency.slow, Latency.very_slow)


@dataclass
class Link:
    """The state of the link. All times are UTC milliseconds of this machine's clock; 0 = never.

    ``heard_at`` is when the last frame came; ``asked_at`` when the oldest unanswered thing was sent (0 = nothing
    is outstanding); ``retry_at`` when the next try to connect begins (0 = now, or none); ``why`` is a sentence.
    ``run`` is the server's run id, ``restarts`` how often it changed under us.
    """

    state: LinkState = LinkState.offline
    since: int = 0
    heard_at: int = 0
    asked_at: int = 0
    retry_at: int = 0
    why: str = ""
    run: str = ""
    restarts: int = 0
    latency: Latency = Latency.unknown

    def enter(self, state: LinkState, now: int, why: str = "", retry_at: int = 0) -> None:
        """Go to ``state``; ``since`` moves only when the state really changes."""
        if state is not self.state:
            self.state, self.since = state, now
        self.why, self.retry_at = why, retry_at
        if state is not LinkState.connected:
            self.asked_at = 0

    def heard(self, now: int) -> None:
        """Something came from the server."""
        self.heard_at, self.asked_at = now, 0

    def asked(self, now: int) -> None:
        """Something that wants an answer was sent."""
        self.asked_at = self.asked_at or now

    def welcomed(self, run: str, now: int) -> None:
        """The server said welcome; ``restarts`` counts a run id that is not the one before."""
        self.restarts += bool(self.run) and run != self.run
        self.run = run
        self.enter(LinkState.connected, now)
        self.heard(now)

    def measured(self, round_trip_ms: int) -> bool:
        """Note a round trip; True when the latency's class changed."""
        before = self.latency
        held = _CLASSES.index(before) if before else -1
        rank = sum(
            round_trip_ms >= (bound * 4 // 5 if rank < held else bound) for rank, bound in enumerate(_BOUNDS)
        )
        self.latency = _CLASSES[rank]
        return self.latency is not before

    def quiet_ms(self, now: int) -> int:
        """How long nothing has come; a clock that was put back starts anew."""
        self.heard_at = min(self.heard_at, now)
        return now - (self.heard_at or min(self.since, now))

    def silent_s(self, now: int) -> int:
        """Whole seconds without an answer, from the third on; 0 while all is well.

        A link that is up counts as silent only while something is outstanding.
        """
        if self.state in (LinkState.offline, LinkState.login):
            return 0
        if self.state is LinkState.connected and not self.asked_at:
            return 0
        silent = self.quiet_ms(now)
        return silent // 1000 if silent >= SILENT_AFTER_MS else 0

    def words(self, now: int) -> str:
        """The link in a few words for the status bar."""
        silent = self.silent_s(now)
        match self.state:
            case LinkState.offline:
                return "offline"
            case LinkState.login:
                return "logged out"
            case LinkState.connected:
                return f"no answer for {silent} s" if silent else f"link {self.latency}".rstrip()
        if silent and self.heard_at:
            return f"no answer for {silent} s"
        return f"no connection for {silent} s" if silent else "connecting"
