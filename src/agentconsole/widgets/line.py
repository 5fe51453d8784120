"""The entries of a transcript, kept in columns: ten thousand cost half a megabyte beside their texts."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, get_args, overload

from agentconsole.columns import added, changed, column

Side = Literal["visitor", "agent", "me", "note", "system"]
State = Literal["", "pending", "sent", "delivered", "read", "failed"]
Key = int | str

SIDES: tuple[Side, ...] = get_args(Side)
STATES: tuple[State, ...] = get_args(State)
FIRST_NAME = 2**62  # keys that are words get numbers from here on, above all that are numbers


@dataclass(slots=True)
class Line:
    """One entry of a transcript.

    `key` is unique within the transcript; `at_ms` is UTC milliseconds; `who` and `text` are as stored
    (they are cleaned where they are drawn); `label` is a word in front of a note (`note` if empty), such as `whisper`.
    """

    key: Key
    at_ms: int
    who: str
    side: Side
    text: str
    state: State = ""
    label: str = ""


class Lines(Sequence[Line]):
    """Lines in order; each is made anew when it is asked for, so changing one means putting it back."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._keys = column()
        self._at = array("q")
        self._side, self._state = bytearray(), bytearray()
        self._who = column()
        self._text: list[str] = []
        self._people: list[str] = []
        self._places: dict[str, int] = {}
        self._labels: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._words: dict[int, str] = {}
        self._fresh = count(FIRST_NAME)
        self.extend(lines)

    def __len__(self) -> int:
        return len(self._text)

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> list[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | list[Line]:
        """One line, or a list of them."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        key = self._keys[index]
        return Line(
            self._words[key] if key >= FIRST_NAME else key,
            self._at[index],
            self._people[self._who[index]],
            SIDES[self._side[index]],
            self._text[index],
            STATES[self._state[index]],
            self._labels.get(key, "") if self._labels else "",
        )

    def __setitem__(self, index: int, line: Line) -> None:
        """Another line in the place of one; its key may be another too."""
        self._forget(self._keys[index])
        self._keys = changed(self._keys, index, self._number(line))
        self._at[index], self._text[index] = line.at_ms, line.text
        self._who = changed(self._who, index, self._person(line.who))
        self._side[index], self._state[index] = SIDES.index(line.side), STATES.index(line.state)

    def extend(self, lines: Iterable[Line]) -> None:
        """Newer lines behind the others."""
        for line in lines:
            self._keys = added(self._keys, self._number(line))
            self._at.append(line.at_ms)
            self._text.append(line.text)
            self._who = added(self._who, self._person(line.who))
            self._side.append(SIDES.index(line.side))
            self._state.append(STATES.index(line.state))

    def prepend(self, lines: Iterable[Line]) -> None:
        """Older lines before the others, oldest first."""
        old = len(self)
        self.extend(lines)
        columns: tuple[Any, ...] = (self._keys, self._at, self._text, self._who, self._side, self._state)
        for each in columns:
            each[:] = each[old:] + each[:old]

    def at(self, index: int) -> int:
        """When a line was said."""
        return self._at[index]

    def find(self, key: Key) -> int | None:
        """The index of the line `key`; quick where keys ascend, as numbers of events do."""
        number = self._numbers.get(key) if isinstance(key, str) else key
        if number is None:
            return None
        index = bisect_left(self._keys, number)
        if index < len(self) and self._keys[index] == number:
            return index
        try:
            return self._keys.index(number)
        except ValueError:
            return None

    def _person(self, who: str) -> int:
        place = self._places.setdefault(who, len(self._people))
        if place == len(self._people):
            self._people.append(who)
        return place

    def _number(self, line: Line) -> int:
        key = line.key
        if isinstance(key, str):
            number = self._numbers[key] = next(self._fresh)
            self._words[number] = key
        else:
            number = key
        if line.label:
            self._labels[number] = line.label
        return number

    def _forget(self, number: int) -> None:
        self._labels.pop(number, None)
        if word := self._words.pop(number, ""):
            del self._numbers[word]
