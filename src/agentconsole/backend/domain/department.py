"""A department: the queue that a group of agents answers, and its settings."""

from __future__ import annotations

import msgspec

from agentconsole.protocol import Away, DepartmentCard, DepartmentFace, Routing


class Department(msgspec.Struct, frozen=True):
    """One row. Times are milliseconds, 0 = never, unless said otherwise.

    ``team`` lets colleagues read each other's chats; ``to_solve`` = a chat must be marked when it is closed;
    ``pages`` are patterns of pages that lead here (`leading`); ``priority`` points count like waiting
    (docs/routing.md); ``agent_limit`` is how many chats of this department one agent may have (0 = the agent's own
    limit); ``strict_limit`` refuses also what an agent takes by hand beyond a limit. A chat that asks for ``skills``, or
    for one of the ``languages``, goes to anybody after ``skill_wait_ms``. ``reply_ms`` is the time for a first answer,
    ``offer_ms`` how long a transfer stands open, ``wait_for_ms`` how long one waits for a person who is away. The queue
    flows over to the department ``overflow_to`` after ``overflow_ms``, and at once if nobody is there. Silent for
    ``idle_ms``, a chat no longer counts against its agent. ``alarms`` are words that put a chat at risk. ``hours`` says in words when the
    department is open, for colleagues; nothing opens or closes by it.
    """

    id: int
    slug: str
    name: str
    description: str = ""
    welcome: str = ""
    topics: tuple[str, ...] = ()
    team: bool = False
    archived: bool = False
    wrapup_ms: int = 30_000
    abandon_ms: int = 60_000
    waiting_ms: int = 1_800_000
    queue_limit: int = 200
    version: int = 0
    to_solve: bool = False
    pages: tuple[str, ...] = ()
    priority: int = 0
    routing: Routing = Routing.manual
    agent_limit: int = 0
    strict_limit: bool = False
    languages: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    skill_wait_ms: int = 120_000
    reply_ms: int = 60_000
    offer_ms: int = 60_000
    wait_for_ms: int = 600_000
    away: Away = Away.refuse
    overflow_to: int = 0
    overflow_ms: int = 0
    idle_ms: int = 600_000
    guests: int = 3
    guide: str = ""
    hours: str = ""
    note_required: bool = False
    alarms: tuple[str, ...] = ()

    def face(self, is_open: bool) -> DepartmentFace:
        """The department as a visitor sees it."""
        return DepartmentFace(
            self.id, self.slug, self.name, is_open, self.welcome, list(self.topics), self.waiting_ms // 1_000
        )

    def card(self, mine: bool, is_open: bool) -> DepartmentCard:
        """The department as staff see it."""
        return DepartmentCard(
            id=self.id,
            slug=self.slug,
            name=self.name,
            description=self.description,
            mine=mine,
            open=is_open,
            routing=self.routing,
            priority=self.priority,
            guide=self.guide,
            hours=self.hours,
            note_required=self.note_required,
            away=self.away,
            offer_s=self.offer_ms // 1_000,
            wait_for_s=self.wait_for_ms // 1_000,
            guests=self.guests,
            to_solve=self.to_solve,
            team=self.team,
            languages=list(self.languages),
            skills=list(self.skills),
        )


USUAL = Department(0, "", "")
