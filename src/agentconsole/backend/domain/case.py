"""What one waiting chat asks of an agent at one moment."""

from __future__ import annotations

from agentconsole.protocol import Routing

from .facts import Queue, Waiting
from .scene import Scene

BY_HAND = {Routing.manual, Routing.ring}


class Case:
    """``in_line``: only the wanted person may have it; ``strict``: language and skills are still asked for."""

    __slots__ = ("in_line", "language", "owners", "queue", "strict", "tried", "waiting")

    def __init__(self, scene: Scene, waiting: Waiting, queue: Queue, now: int) -> None:
        self.waiting = waiting
        self.queue = queue
        self.language = scene.language(waiting)
        self.in_line = scene.in_line(waiting, now)
        self.owners = scene.owners(waiting)
        self.tried = scene.tried(waiting)
        relaxed = queue.skill_wait_ms and now - waiting.here_since >= queue.skill_wait_ms
        self.strict = not relaxed

    @property
    def preferred(self) -> int:
        """Who has this chat before the policy is asked, if available; 0 = nobody."""
        if self.in_line or (not self.waiting.wanted_until and self.queue.routing is not Routing.manual):
            return self.waiting.wanted
        return 0

    @property
    def by_hand(self) -> bool:
        """Whether nobody is chosen for it: it is taken."""
        return self.queue.routing in BY_HAND and not self.preferred
