"""The plain facts that the dispatcher decides by: agents, departments, chats that wait and chats that are held."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agentconsole.protocol import Routing, Status

Key = tuple[int, int]  # what chats are ordered by: since - points * ageing, then the chat's id
FOR_EVER = 1 << 62


class Place(msgspec.Struct, frozen=True):
    """How an agent stands in a department: tier 1 is asked first; at most ``limit`` chats of it (0 = no limit)."""

    tier: int = 1
    limit: int = 0


class Agent(msgspec.Struct, frozen=True):
    """One who answers. ``reason`` is the break's; ``lost`` = no link; ``limit`` chats at once, already resolved.

    ``given_at``: when last given a chat, ``freed_at``: when a chat of this agent last ended (ms, 0 = never).
    ``places`` has an entry for each department whose chats this agent answers.
    """

    id: int
    name: str
    status: Status = Status.offline
    reason: str = ""
    lost: bool = False
    limit: int = 3
    languages: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    given_at: int = 0
    freed_at: int = 0
    places: dict[int, Place] = {}

    @property
    def there(self) -> bool:
        """Online with a link, whether or not there is room for another chat."""
        return self.status is Status.online and not self.lost


class Queue(msgspec.Struct, frozen=True):
    """A department as the dispatcher sees it; times in ms.

    A chat in one of ``languages`` needs an agent who speaks it, every chat needs all ``skills``; after
    ``skill_wait_ms`` anyone of the department may have it (0 = never). A chat silent for ``idle_ms`` is not counted
    (0 = always counted). ``overflow_to`` (0 = nowhere) takes over after ``overflow_ms`` (0 = only when nobody is here).
    """

    id: int
    name: str
    routing: Routing = Routing.manual
    priority: int = 0
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    skill_wait_ms: int = 0
    idle_ms: int = 0
    overflow_to: int = 0
    overflow_ms: int = 0


class Waiting(msgspec.Struct, frozen=True):
    """A chat that nobody has. ``since`` gives its age; ``entered`` when it came to this department (0 = ``since``).

    ``wanted`` with ``wanted_until`` 0 is a preference: that agent if available, else anyone. With a time it is a
    line: until then nobody else gets the chat, afterwards everybody. ``tried`` were offered it already, ``barred``
    is the owner who is passing it on, ``moved`` the departments it overflowed from,
    the last one last.
    """

    chat: int
    department: int
    since: int
    priority: int = 0
    language: str = ""
    tried: frozenset[int] = frozenset()
    wanted: int = 0
    wanted_until: int = 0
    barred: int = 0
    moved: tuple[int, ...] = ()
    entered: int = 0

    @property
    def here_since(self) -> int:
        """From when on this department's timers count."""
        return self.entered or self.since


class Held(msgspec.Struct, frozen=True):
    """A chat that counts against ``agent``, who has it, and against ``offered``, who is asked for it (0 = nobody).

    ``spoke_at`` is when somebody last wrote in it or when it was taken, whichever is later; a silent chat is not
    counted, an offer always is. It is offered in department ``offered_in`` (0 = the chat's own).
    """

    chat: int
    agent: int
    department: int
    spoke_at: int
    offered: int = 0
    offered_in: int = 0


class Load(msgspec.Struct, frozen=True):
    """What counts against an agent: in all and by department, true for ``start <= now < end``."""

    total: int
    of: dict[int, int]
    start: int
    end: int


def primary(tag: str) -> str:
    """The primary subtag of a BCP 47 language tag in lower case: 'pt' of 'pt-BR'."""
    return tag.replace("_", "-").partition("-")[0].lower()


def primaries(tags: Iterable[str]) -> frozenset[str]:
    """All of them."""
    return frozenset(map(primary, tags))
