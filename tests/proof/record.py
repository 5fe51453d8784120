"""What clients did and saw, and what the server says happened: the plain data that the checker compares."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Line(NamedTuple):
    """A line that a client sent; its text is unique in the whole run."""

    chat: int
    cid: str
    text: str


class Acked(NamedTuple):
    """The server's word that a line is durable, as event `number` of its audience."""

    chat: int
    cid: str
    number: int


class Entry(NamedTuple):
    """An event as one audience reads it; `text` is '' unless somebody said it."""

    number: int
    side: str
    text: str


@dataclass
class Record:
    """One client's diary, in the order in which things happened to it."""

    name: str
    side: str
    sent: list[Line] = field(default_factory=list)
    acked: list[Acked] = field(default_factory=list)
    arrived: dict[int, list[Entry]] = field(default_factory=dict)
    unsettled: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    handshakes: list[float] = field(default_factory=list)
    repeats: int = 0
    links: int = 0
    resets: int = 0


@dataclass
class History:
    """A conversation as the server tells it afterwards: to staff by seq, to the visitor by pub.

    `pubs` maps a staff entry's seq to its pub (0 = staff only).
    """

    chat: int
    staff: list[Entry]
    visitor: list[Entry]
    pubs: dict[int, int]
