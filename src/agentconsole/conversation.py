"""One conversation as the console has it: a run of events without gaps, whatever order they came in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from agentconsole.log import Log
from agentconsole.protocol import Ended, Event, Reopened, Resume, Said, Seen, Side, VisitorLeft

LOOSE_LIMIT = 2_000
ENDS = (Ended, Reopened, VisitorLeft)


@dataclass
class Run:
    """Events with the numbers ``base`` + 1 to ``last``, no gap; ``loose`` ones wait for their neighbours."""

    events: Log = field(default_factory=Log)
    loose: dict[int, Event] = field(default_factory=dict)

    @property
    def base(self) -> int:
        """The number before the first."""
        return self.events.base

    @property
    def last(self) -> int:
        """The number of the newest event, or ``base`` if there is none."""
        return self.base + len(self.events)

    @property
    def holes(self) -> bool:
        """True if something came that does not join the end: what lies between is missing."""
        return bool(self.loose) and max(self.loose) > self.last

    def add(self, event: Event) -> tuple[int, int]:
        """Take an event in; return how many were put before and behind the run (0, 0: known, or still loose)."""
        if self.base < event.seq <= self.last or event.seq in self.loose:
            return 0, 0
        self.loose[event.seq] = event
        behind = 0
        while (following := self.loose.pop(self.last + 1, None)) is not None:
            self.events.append(following)
            behind += 1
        before: list[Event] = []
        while (
            self.base > len(before) and (earlier := self.loose.pop(self.base - len(before), None)) is not None
        ):
            before.append(earlier)
        self.events.prepend(before[::-1])
        if len(self.loose) > LOOSE_LIMIT:
            self.loose = {event.seq: event}
        return len(before), behind


@dataclass
class Conversation:
    """A chat's log. ``events`` ascend by seq without a gap; ``epoch`` changes whenever anything but the end of
    ``events`` changed (older page, reset), so a drawn transcript knows that it has to start over.

    ``over``: the chat left my lists; what was shown stays readable, nothing more will come.
    ``read`` is the seq up to which I have read, ``told_...`` the marks that the server has been told.
    ``asked``: the cursor with which missing events were asked for (-1 = not yet);
    ``resumed``: the server has answered for this chat since the last hello.
    """

    chat: int
    run: Run = field(default_factory=Run)
    epoch: int = 0
    over: bool = False
    read: int = 0
    told_delivered: int = 0
    told_read: int = 0
    asked: int = -1
    resumed: bool = False
    _target: int = 0
    _fresh: Run | None = None
    _unanswered: list[Event] = field(default_factory=list)
    _tallied: int = 0
    _tallied_epoch: int = 0

    @property
    def events(self) -> Sequence[Event]:
        """What to draw, oldest first."""
        return self.run.events

    @property
    def first(self) -> int:
        """The seq of the oldest event here (or of the next, if there is none yet)."""
        return self.run.base + 1

    @property
    def last(self) -> int:
        """The seq of the newest event here; the cursor for hello."""
        return self.run.last

    @property
    def deserted(self) -> bool:
        """True if the visitor, not staff, ended it last: nobody is there to reopen it for."""
        ends = (event.what for event in reversed(self.events) if isinstance(event.what, ENDS))
        return isinstance(next(ends, None), VisitorLeft)

    @property
    def complete(self) -> bool:
        """True when nothing older exists."""
        return self.run.base == 0

    @property
    def gap(self) -> bool:
        """True when events between the newest here and one that came later are missing, and none are on their way."""
        return (self._fresh or self.run).holes and not self.short

    @property
    def short(self) -> bool:
        """True while events that the server announced have not come."""
        return (self._fresh or self.run).last < self._target

    def resume(self, frame: Resume) -> None:
        """Events after ``frame.after`` follow. With ``reset`` the old ones stay until the new ones have come."""
        self.resumed = True
        self._target = frame.seq
        self._fresh = Run(Log(frame.after)) if frame.reset or frame.after > self.last else None
        self._swap()

    def add(self, event: Event) -> list[Event]:
        """Take an event in, in any order, any number of times; return the new ones at the end (``epoch`` tells the rest)."""
        before, behind = (self._fresh or self.run).add(event)
        if self._fresh is not None:
            self._swap()
            return []
        self.epoch += bool(before)
        return list(self.events[len(self.events) - behind :])

    def link_lost(self) -> None:
        """A half-received reset is forgotten; the cursor is that of what is on screen."""
        self._fresh, self._target = None, 0
        self.asked, self.resumed = -1, False
        self.told_delivered = self.told_read = 0
        self.run.loose.clear()

    def _swap(self) -> None:
        if self._fresh is not None and not self.short:
            self.run, self._fresh = self._fresh, None
            self.read = min(self.read, self.last)
            self.epoch += 1

    def asks(self, viewed: bool, mine: bool) -> bool:
        """Are events missing that were not asked for yet? From now on they were. What of a chat that was put away comes
        asks for nothing."""
        missing = (viewed and (self.gap or not self.resumed)) or (mine and self.gap)
        if not missing or self.asked >= self.last:
            return False
        self.asked = self.last
        return True

    def take_marks(self) -> Seen | None:
        """The delivered and read marks, if the server has not been told them yet; from now on it was."""
        if self.last <= self.told_delivered and self.read <= self.told_read:
            return None
        self.told_delivered, self.told_read = self.last, self.read
        return Seen(self.chat, self.last, self.read)

    def unanswered_since(self) -> int:
        """When the visitor's oldest line came that no member of staff has answered (0 = all answered)."""
        self._tally()
        return self._unanswered[0].at if self._unanswered else 0

    def unread(self) -> int:
        """How many of the visitor's lines stand behind my read mark and behind staff's last line."""
        self._tally()
        return len(self._unanswered) - bisect_right(self._unanswered, self.read, key=lambda event: event.seq)

    def _tally(self) -> None:
        """Look at the lines that came since the last time; a long chat is not read anew for each of them."""
        if self._tallied_epoch != self.epoch:
            self._tallied, self._tallied_epoch, self._unanswered = 0, self.epoch, []
        for event in self.events[self._tallied :]:
            if not isinstance(event.what, Said):
                continue
            if event.by.side is Side.staff:
                self._unanswered = []
            elif event.by.side is Side.visitor:
                self._unanswered.append(event)
        self._tallied = len(self.events)
