"""The dispatcher once more, as slow and plain as can be: loops over all pairs, no index, nothing remembered."""

from dataclasses import dataclass, field

from agentconsole.backend.domain.routing import Agent, Held, Queue, Waiting
from agentconsole.protocol import Routing, Status, Verdict

ABSENT = {
    Status.offline: Verdict.offline,
    Status.away: Verdict.on_break,
    Status.phone: Verdict.phone,
    Status.drain: Verdict.drain,
}


@dataclass
class Oracle:
    """All facts; `reserved` and `given` are (chat, agent, department) in the order in which it happened."""

    now: int = 0
    ageing: int = 60_000
    agents: dict[int, Agent] = field(default_factory=dict)
    queues: dict[int, Queue] = field(default_factory=dict)
    waiting: dict[int, Waiting] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)
    reserved: list[tuple[int, int, int]] = field(default_factory=list)
    given: list[tuple[int, int, int]] = field(default_factory=list)

    # What counts

    def counted(self, agent: int) -> dict[int, int]:
        """Chat: department, of all that count against an agent."""
        result = {}
        for held in self.held.values():
            queue = self.queues.get(held.department)
            silent = queue is not None and queue.idle_ms and self.now - held.spoke_at >= queue.idle_ms
            if held.offered == agent:
                result[held.chat] = held.offered_in or held.department
            if held.agent == agent:
                result.pop(held.chat, None)
                if not silent or held.chat in [chat for chat, to, _ in self.reserved if to == agent]:
                    result[held.chat] = held.department
        for chat, to, department in self.reserved + self.given:
            if to == agent:
                result.setdefault(chat, department)
        return result

    def total(self, agent: int) -> int:
        """How many in all."""
        return len(self.counted(agent))

    def here(self, agent: int, department: int) -> int:
        """How many of one department."""
        return list(self.counted(agent).values()).count(department)

    def given_at(self, agent: int) -> tuple[int, int]:
        """When last given a chat; those on their way were given now, one after the other."""
        turns = [turn for turn, (_, to, _) in enumerate(self.reserved + self.given, 1) if to == agent]
        return (self.now, turns[-1]) if turns else (self.agents[agent].given_at, 0)

    # Who may have which

    def members(self, department: int) -> list[Agent]:
        """Everybody who answers its chats."""
        return [agent for agent in self.agents.values() if department in agent.places]

    def lines_up(self, chat: Waiting) -> bool:
        """Whether only one person may have it now, who can indeed have it sooner or later."""
        if not (chat.wanted and self.now < chat.wanted_until):
            return False
        if self.asked(chat, chat.wanted) or self.owns(chat, chat.wanted):
            return False
        return chat.wanted in [agent.id for agent in self.members(chat.department)]

    def owns(self, chat: Waiting, agent: int) -> bool:
        """Whether this agent has the chat and passes it on."""
        held = self.held.get(chat.chat)
        return agent == chat.barred or (held is not None and held.agent == agent)

    def asked(self, chat: Waiting, agent: int) -> bool:
        """Whether this agent was asked, or is just now."""
        held = self.held.get(chat.chat)
        return agent in chat.tried or (held is not None and held.offered == agent)

    def lacking(self, chat: Waiting, agent: Agent) -> tuple[str, set[str]]:
        """The language not spoken ('' = none) and the skills that are missing."""
        queue = self.queues.get(chat.department) or Queue(chat.department, "")
        tongue = _main(chat.language)
        asked = tongue in [_main(tag) for tag in queue.languages]
        spoken = tongue in [_main(tag) for tag in agent.languages]
        return (tongue if asked and not spoken else ""), {
            skill for skill in queue.skills if skill not in agent.skills
        }

    def hurdle(self, chat: Waiting, agent: Agent) -> Verdict | None:
        """The first thing in the way."""
        queue = self.queues.get(chat.department) or Queue(chat.department, "")
        here_since = chat.entered or chat.since
        picky = not queue.skill_wait_ms or self.now - here_since < queue.skill_wait_ms
        place = agent.places[chat.department]
        lines_up = self.lines_up(chat)
        hurdles = [
            (agent.status in ABSENT, ABSENT.get(agent.status)),
            (agent.lost, Verdict.lost),
            (self.total(agent.id) >= agent.limit, Verdict.limit),
            (
                place.limit > 0 and self.here(agent.id, chat.department) >= place.limit,
                Verdict.department_limit,
            ),
            (lines_up and agent.id != chat.wanted, Verdict.not_wanted),
            (not lines_up and picky and any(self.lacking(chat, agent)), Verdict.skills),
            (self.owns(chat, agent.id), Verdict.not_wanted),
            (self.asked(chat, agent.id), Verdict.tried),
        ]
        return next((verdict for applies, verdict in hurdles if applies), None)

    def free(self, chat: Waiting) -> list[Agent]:
        """Those without a hurdle."""
        return [agent for agent in self.members(chat.department) if self.hurdle(chat, agent) is None]

    def first(self, chat: Waiting) -> int:
        """Who goes before any policy, if free."""
        by_hand = self.queues[chat.department].routing is Routing.manual
        if self.lines_up(chat) or (not chat.wanted_until and not by_hand):
            return chat.wanted
        return 0

    def better(self, routing: Routing, one: Agent, other: Agent) -> bool:
        """Whether the policy gives to the one rather than to the other."""
        mine, theirs = self.total(one.id), self.total(other.id)
        if routing is Routing.least_busy and mine != theirs:
            return mine < theirs
        if routing is Routing.fill_first and mine != theirs:
            return mine > theirs
        if routing is Routing.longest_idle:
            if (mine == 0) != (theirs == 0):
                return mine == 0
            if mine == 0 and one.freed_at != other.freed_at:
                return one.freed_at < other.freed_at
        if self.given_at(one.id) != self.given_at(other.id):
            return self.given_at(one.id) < self.given_at(other.id)
        return one.id < other.id

    def choice(self, chat: Waiting) -> Agent | None:
        """Who gets it now."""
        queue = self.queues.get(chat.department)
        if queue is None:
            return None
        free = self.free(chat)
        for agent in free:
            if agent.id == self.first(chat):
                return agent
        if queue.routing in (Routing.manual, Routing.ring):
            return None
        tiers = [agent.places[queue.id].tier for agent in free]
        best = [agent for agent in free if agent.places[queue.id].tier == min(tiers)]
        for agent in best:
            if all(other is agent or self.better(queue.routing, agent, other) for other in best):
                return agent
        assert not best
        return None

    # The order

    def order(self) -> list[Waiting]:
        """All chats that wait, by age in which each point of priority counts as time."""

        def age(chat: Waiting) -> int:
            queue = self.queues.get(chat.department)
            points = chat.priority + (queue.priority if queue else 0)
            return self.now - chat.since + points * self.ageing

        on_their_way = [chat for chat, _, _ in self.reserved + self.given]
        chats = [chat for chat in self.waiting.values() if chat.chat not in on_their_way]
        return sorted(chats, key=lambda chat: (-age(chat), chat.chat))

    def next_pair(self) -> tuple[Waiting, Agent] | None:
        """The first chat in order that somebody may have."""
        for chat in self.order():
            if agent := self.choice(chat):
                return chat, agent
        return None

    # Overflow

    def outlet(self, chat: Waiting) -> int:
        """Where it overflows to now; 0 = it stays."""
        queue = self.queues.get(chat.department)
        if queue is None or chat.barred or self.lines_up(chat):
            return 0
        waited = self.now - (chat.entered or chat.since)
        if self.staffed(queue.id) and not (queue.overflow_ms and waited >= queue.overflow_ms):
            return 0
        way = [queue.id]
        while True:
            to = self.queues[way[-1]].overflow_to
            if to not in self.queues or to in way or to in chat.moved:
                return 0 if self.staffed(queue.id) else self.back(chat)
            if self.staffed(to):
                return to
            way.append(to)

    def back(self, chat: Waiting) -> int:
        """The last department where it has been and somebody is; 0 = none."""
        been = [to for to in chat.moved if to in self.queues and to != chat.department and self.staffed(to)]
        return been[-1] if been else 0

    def staffed(self, department: int) -> bool:
        """Whether somebody is online with a link."""
        return any(agent.status is Status.online and not agent.lost for agent in self.members(department))

    # Time

    def next_time(self) -> int:
        """The next moment after now at which time alone may change something; 0 = never."""
        moments = []
        for chat in self.waiting.values():
            if (queue := self.queues.get(chat.department)) is None:
                continue
            here_since = chat.entered or chat.since
            asked = _main(chat.language) in [_main(tag) for tag in queue.languages]
            if chat.wanted:
                moments.append(chat.wanted_until)
            if queue.skill_wait_ms and (queue.skills or asked):
                moments.append(here_since + queue.skill_wait_ms)
            if queue.overflow_to and queue.overflow_ms:
                moments.append(here_since + queue.overflow_ms)
        for held in self.held.values():
            queue = self.queues.get(held.department)
            if queue is not None and queue.idle_ms:
                moments.append(held.spoke_at + queue.idle_ms)
        return min((moment for moment in moments if moment > self.now), default=0)


def _main(tag: str) -> str:
    return tag.lower().replace("_", "-").split("-")[0]
