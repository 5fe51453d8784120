"""A run of a chat's events, kept in columns: a line of 50 characters costs its text and some twenty bytes."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import overload

from agentconsole.columns import added, column, joined
from agentconsole.protocol import Event, Party, Said, What


class Log(Sequence[Event]):
    """Events of one chat with the numbers ``base`` + 1 and on, without a gap; each is made anew when it is asked for."""

    def __init__(self, base: int = 0) -> None:
        self.base = base
        self._chat = 0
        self._at = array("q")
        self._pub = column()
        self._by = column()
        self._what: list[What | str] = []
        self._parties: list[Party] = []
        self._numbers: dict[Party, int] = {}

    def __len__(self) -> int:
        return len(self._what)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        """One event, or a list of them."""
        if isinstance(index, slice):
            return [self._event(at) for at in range(*index.indices(len(self)))]
        return self._event(range(len(self))[index])

    def _event(self, index: int) -> Event:
        what = self._what[index]
        return Event(
            self._chat,
            self.base + 1 + index,
            self._at[index],
            self._parties[self._by[index]],
            Said(what) if isinstance(what, str) else what,
            self._pub[index],
        )

    def append(self, event: Event) -> None:
        """The next event."""
        self._chat = event.chat
        self._at.append(event.at)
        self._pub = added(self._pub, event.pub)
        number = self._numbers.setdefault(event.by, len(self._parties))
        if number == len(self._parties):
            self._parties.append(event.by)
        self._by = added(self._by, number)
        self._what.append(event.what.text if isinstance(event.what, Said) else event.what)

    def prepend(self, events: Sequence[Event]) -> None:
        """The events just before the first, oldest first."""
        if not events:
            return
        older = Log()
        older._parties, older._numbers = self._parties, self._numbers
        for event in events:
            older.append(event)
        self.base -= len(older)
        self._chat = older._chat
        self._at, self._what = older._at + self._at, older._what + self._what
        self._pub, self._by = joined(older._pub, self._pub), joined(older._by, self._by)
