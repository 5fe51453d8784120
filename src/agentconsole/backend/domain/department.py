"""A department: the queue that a group of agents answers, and its settings."""

from __future__ import annotations

import msgspec

from agentconsole.protocol import Away, DepartmentCard, DepartmentFace, Routing

from . import hours
from .hours import Kind, Opening
from .level import Levels
from .mailing import Mailing
from .spans import HOUR_MS

ALWAYS = Opening()
SOON_MS = HOUR_MS  # how long before its hours end a department says so


class Department(msgspec.Struct, frozen=True):
    """One row. Times are milliseconds, 0 = never, unless said otherwise.

    ``team`` lets colleagues read each other's chats; ``to_solve`` = a chat must be marked when it is closed;
    ``pages`` are patterns of pages that lead here (`leading`); ``priority`` points count like waiting
    (docs/routing.md); ``agent_limit`` is how many chats of this department one agent may have (0 = the agent's own
    limit); ``strict_limit`` refuses also what an agent takes by hand beyond a limit. A chat that asks for ``skills``, or
    for one of the ``languages``, goes to anybody after ``skill_wait_ms``. ``reply_ms`` is the time for a first answer,
    ``offer_ms`` how long a transfer stands open, ``wait_for_ms`` how long one waits for a person who is away. The queue
    flows over to the department ``overflow_to`` after ``overflow_ms``, and at once if nobody is there. Silent for
    ``idle_ms``, a chat no longer counts against its agent. ``alarms`` are words that put a chat at risk. ``hours`` says
    in words when the department is open, for colleagues; nothing opens or closes by it, but by ``opening``. ``levels``
    are the service levels of its tickets.
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
    opening: Opening = Opening()
    levels: Levels = ()
    mailing: Mailing = Mailing()

    def keeps_open(self, at: int, kind: Kind = Kind.chat) -> bool:
        """Do its opening hours say that it is open at this moment?"""
        return hours.is_open(self.opening, kind, at)

    def turns_at(self, at: int, kind: Kind = Kind.chat) -> int:
        """When its hours next end, or begin (0 = never, or not within two years)."""
        change = hours.next_change(self.opening, kind, at)
        return change.at if change else 0

    def face(self, is_open: bool, at: int) -> DepartmentFace:
        """The department as a visitor sees it at this moment; ``is_open`` = somebody could answer."""
        kept, turns_at = self.keeps_open(at), self.turns_at(at)
        return DepartmentFace(
            id=self.id,
            slug=self.slug,
            name=self.name,
            open=is_open and kept,
            welcome=self.welcome,
            topics=list(self.topics),
            patience_s=self.waiting_ms // 1_000,
            closed=not kept,
            opens_at=0 if kept else turns_at,
            closes_at=turns_at if kept and turns_at - at <= SOON_MS else 0,
        )

    def card(self, mine: bool, is_open: bool, at: int) -> DepartmentCard:
        """The department as staff see it at this moment."""
        kept = self.keeps_open(at)
        return DepartmentCard(
            id=self.id,
            slug=self.slug,
            name=self.name,
            description=self.description,
            mine=mine,
            open=is_open and kept,
            routing=self.routing,
            priority=self.priority,
            guide=self.guide,
            hours=self.hours or (hours.words(self.opening, Kind.chat) if self.opening != ALWAYS else ""),
            note_required=self.note_required,
            away=self.away,
            offer_s=self.offer_ms // 1_000,
            wait_for_s=self.wait_for_ms // 1_000,
            guests=self.guests,
            to_solve=self.to_solve,
            team=self.team,
            languages=list(self.languages),
            skills=list(self.skills),
            closed=not kept,
            turns_at=self.turns_at(at),
            mails=self.mailing.sends,
        )


USUAL = Department(0, "", "")
