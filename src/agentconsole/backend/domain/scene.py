"""The scene of the dispatcher: who could answer and what waits, kept ready for the next decision."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush

from agentconsole.protocol import AGEING_MS

from .facts import FOR_EVER, Agent, Held, Key, Load, Queue, Waiting, primaries, primary


class Scene:
    """All facts, changed one by one; equals a scene built afresh from the same facts.

    What changed since the last dispatch is remembered, so that only this is looked at. ``ageing`` is in ms.
    """

    def __init__(self, ageing: int = AGEING_MS) -> None:
        self.ageing = ageing
        self.agents: dict[int, Agent] = {}
        self.queues: dict[int, Queue] = {}
        self.waiting: dict[int, Waiting] = {}
        self.held: dict[int, Held] = {}
        self.reserved: dict[int, tuple[int, int]] = {}  # chat: agent, department
        self.members: defaultdict[int, set[int]] = defaultdict(set)  # department: agents
        self.there: defaultdict[int, set[int]] = defaultdict(set)  # department: agents online with a link
        self.ready: defaultdict[int, set[int]] = defaultdict(set)  # department: of them those with room
        self.lines: defaultdict[int, list[Key]] = defaultdict(list)  # department: chats in order
        self.wanting: defaultdict[int, set[int]] = defaultdict(set)  # agent: chats that want this agent
        self.news = News()
        self._keys: dict[int, Key] = {}
        self._speaks: dict[int, frozenset[str]] = {}
        self._asks: dict[int, frozenset[str]] = {}
        self._held_in: defaultdict[int, set[int]] = defaultdict(set)  # department: chats
        self._counted: defaultdict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
        # agent: reserved chat, its department and turn
        self._promised: defaultdict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
        self._turn = 0
        self._loads: dict[int, Load] = {}
        self._moments: list[tuple[int, str, int]] = []
        self._armed: dict[tuple[str, int], int] = {}

    # Agents

    def put_agent(self, agent: Agent) -> None:
        """A new agent, or new facts about one."""
        old = self.agents.get(agent.id)
        if old == agent:
            return
        self.agents[agent.id] = agent
        self._speaks[agent.id] = primaries(agent.languages)
        self._place(old, agent)
        self.news.agents.add(agent.id)

    def drop_agent(self, agent: int) -> None:
        """The agent is no longer one."""
        if old := self.agents.pop(agent, None):
            self._place(old, None)
            del self._speaks[agent]

    def _place(self, old: Agent | None, new: Agent | None) -> None:
        before = old.places.keys() if old else set()
        after = new.places.keys() if new else set()
        agent = (old or new).id  # type: ignore[union-attr]
        for department in before - after:
            self.members[department].discard(agent)
            self.ready[department].discard(agent)
        for department in before | after:
            if department in after:
                self.members[department].add(agent)
            self._attend(department, agent, new is not None and department in after and new.there)
        if before != after:
            self.news.chats |= self.wanting[agent]

    def _attend(self, department: int, agent: int, there: bool) -> None:
        present = self.there[department]
        before = bool(present)
        (present.add if there else present.discard)(agent)
        if bool(present) != before:
            self.news.presence.add(department)

    # Departments

    def put_queue(self, queue: Queue) -> None:
        """A new department, or new settings of one."""
        old = self.queues.get(queue.id)
        if old == queue:
            return
        self.queues[queue.id] = queue
        self._asks[queue.id] = primaries(queue.languages)
        self._reorder(queue.id)
        if old is None or _timing(old) != _timing(queue):
            self._retime(queue.id)

    def drop_queue(self, department: int) -> None:
        """The department is gone; chats that still wait there are given to nobody."""
        if self.queues.pop(department, None):
            del self._asks[department]
            self._reorder(department)
            self._retime(department)

    def _reorder(self, department: int) -> None:
        chats = [chat for _, chat in self.lines[department]]
        for chat in chats:
            self._keys[chat] = self._key(self.waiting[chat])
        self.lines[department] = sorted(self._keys[chat] for chat in chats)
        self.news.departments.add(department)
        self.news.presence.add(department)

    def _retime(self, department: int) -> None:
        for _, chat in self.lines[department]:
            self._arm("chat", chat)
        for chat in self._held_in[department]:
            self._recount(self.held[chat])
            self._arm("held", chat)

    # Chats that wait

    def put_waiting(self, waiting: Waiting) -> None:
        """A chat that waits, or new facts about it."""
        if self.waiting.get(waiting.chat) == waiting:
            return
        self._unqueue(waiting.chat)
        self.waiting[waiting.chat] = waiting
        key = self._keys[waiting.chat] = self._key(waiting)
        insort(self.lines[waiting.department], key)
        if waiting.wanted:
            self.wanting[waiting.wanted].add(waiting.chat)
        self._arm("chat", waiting.chat)
        self.news.chats.add(waiting.chat)

    def drop_waiting(self, chat: int) -> None:
        """The chat waits no more."""
        self._unqueue(chat)

    def _unqueue(self, chat: int) -> None:
        if old := self.waiting.pop(chat, None):
            line = self.lines[old.department]
            del line[bisect_left(line, self._keys.pop(chat))]
            self.wanting[old.wanted].discard(chat)

    def _key(self, waiting: Waiting) -> Key:
        queue = self.queues.get(waiting.department)
        points = waiting.priority + (queue.priority if queue else 0)
        return waiting.since - points * self.ageing, waiting.chat

    def key(self, chat: int) -> Key:
        """What a waiting chat is ordered by, the smallest first, in all departments alike."""
        return self._keys[chat]

    # Chats that count against somebody

    def put_held(self, held: Held) -> None:
        """A chat that an agent has, or new facts about it."""
        old = self.held.get(held.chat)
        if old == held:
            return
        if old is None or not _heavier(old, held):
            self.drop_held(held.chat)
            self._held_in[held.department].add(held.chat)
            if held.offered:
                self._counted[held.offered][held.chat] = (held.offered_in or held.department, FOR_EVER)
        self.held[held.chat] = held
        self._counted[held.agent][held.chat] = (held.department, held.spoke_at)
        self._recount(held, room=False)
        self._arm("held", held.chat)

    def drop_held(self, chat: int) -> None:
        """The chat counts against nobody any more."""
        if old := self.held.pop(chat, None):
            self._held_in[old.department].discard(chat)
            self._counted[old.agent].pop(chat, None)
            self._counted[old.offered].pop(chat, None)
            self._recount(old)

    def _recount(self, held: Held, room: bool = True) -> None:
        """Count again for its agents; with ``room`` there may be some now that was not there before."""
        for agent in (held.agent, held.offered):
            self._loads.pop(agent, None)
            (self.news.agents if room else self.news.loads).add(agent)
        if held.chat in self.waiting:
            self.news.chats.add(held.chat)

    # Proposals on their way to the database

    def reserve(self, chat: int, agent: int) -> None:
        """The chat is being given to this agent (0 = overflows): not proposed again, and counted, until ``release``."""
        self.release(chat)
        waiting = self.waiting.get(chat)
        department = waiting.department if waiting else 0
        self.reserved[chat] = (agent, department)
        self._turn += 1
        self._promised[agent][chat] = (department, self._turn)
        self._loads.pop(agent, None)
        self.news.loads.add(agent)

    def release(self, chat: int) -> None:
        """The proposal was committed or refused: from now on the facts speak for themselves."""
        if promise := self.reserved.pop(chat, None):
            agent, _ = promise
            del self._promised[agent][chat]
            self._loads.pop(agent, None)
            self.news.agents.add(agent)
            self.news.chats.add(chat)
            self.news.released = True

    def turn(self, agent: int) -> int:
        """Who has a chat on its way was given one just now; of two such agents the greater turn came later (0 = none)."""
        promised = self._promised.get(agent)
        return max(turn for _, turn in promised.values()) if promised else 0

    # What follows from the facts

    def load(self, agent: int, now: int) -> Load:
        """How many chats count against an agent: all but the silent ones."""
        load = self._loads.get(agent)
        if load is None or not load.start <= now < load.end:
            load = self._loads[agent] = self._count(agent, now)
        return load

    def _count(self, agent: int, now: int) -> Load:
        of: dict[int, int] = {}
        start, end, total = 0, FOR_EVER, 0
        counted, promised = self._counted.get(agent, {}), self._promised.get(agent, {})
        for chat, (department, spoke_at) in counted.items():
            queue = self.queues.get(department)
            silent_at = spoke_at + queue.idle_ms if queue and queue.idle_ms else FOR_EVER
            if now < silent_at or chat in promised:
                end = min(end, silent_at) if chat not in promised else end
                of[department] = of.get(department, 0) + 1
                total += 1
            else:
                start = max(start, silent_at)
        for chat, (department, _) in promised.items():
            if chat not in counted:
                of[department] = of.get(department, 0) + 1
                total += 1
        return Load(total, of, start, end)

    def has_room(self, agent: Agent, department: int, now: int) -> bool:
        """Whether this agent is there and may have another chat of this department."""
        if not agent.there:
            return False
        load = self.load(agent.id, now)
        limit = agent.places[department].limit
        return load.total < agent.limit and not 0 < limit <= load.of.get(department, 0)

    def language(self, waiting: Waiting) -> str:
        """The language that an agent must speak to have this chat, '' = any."""
        if asks := self._asks.get(waiting.department):
            spoken = primary(waiting.language)
            return spoken if spoken in asks else ""
        return ""

    def speaks(self, agent: int, language: str) -> bool:
        """Whether the agent speaks it; '' is spoken by everybody."""
        return not language or language in self._speaks[agent]

    def in_line(self, waiting: Waiting, now: int) -> bool:
        """Whether the chat waits in one person's line; who can never have it holds nothing up."""
        if not waiting.wanted or now >= waiting.wanted_until:
            return False
        agent = self.agents.get(waiting.wanted)
        able = agent is not None and waiting.department in agent.places
        return (
            able and waiting.wanted not in self.owners(waiting) and waiting.wanted not in self.tried(waiting)
        )

    def owners(self, waiting: Waiting) -> tuple[int, int]:
        """Who has the chat while it is passed on (0 = nobody)."""
        held = self.held.get(waiting.chat)
        return waiting.barred, held.agent if held else 0

    def tried(self, waiting: Waiting) -> frozenset[int]:
        """Who was asked already, or is just now."""
        held = self.held.get(waiting.chat)
        return waiting.tried | {held.offered} if held else waiting.tried

    # Time

    def next_time(self, now: int) -> int:
        """The next moment (ms) at which time alone can make something possible; 0 = never.

        ``now`` means that it is already so, or that a proposal ended since the last dispatch: dispatch.
        """
        if self.news.released:
            return now
        while self._moments:
            when, kind, item = self._moments[0]
            if self._armed.get((kind, item)) == when:
                due = next((moment for moment in self._due(kind, item) if moment >= when), 0)
                if due == when:
                    return max(when, now)
                self._rearm(kind, item, due)
            heappop(self._moments)
        return 0

    def settle(self, now: int) -> None:
        """What became possible by time is news; who has room is known again."""
        while self._moments and self._moments[0][0] <= now:
            when, kind, item = heappop(self._moments)
            if self._armed.get((kind, item)) != when:
                continue
            moments = list(self._due(kind, item))
            if any(when <= moment <= now for moment in moments):
                self._fire(kind, item)
            self._rearm(kind, item, next((moment for moment in moments if moment > now), 0))
        for number in self.news.agents | self.news.loads:
            if agent := self.agents.get(number):
                for department in agent.places:
                    ready = self.ready[department]
                    (ready.add if self.has_room(agent, department, now) else ready.discard)(number)

    def _fire(self, kind: str, item: int) -> None:
        if kind == "chat":
            self.news.chats.add(item)
        else:
            self.news.agents.add(self.held[item].agent)

    def _due(self, kind: str, item: int) -> Iterator[int]:
        """The moments of a chat in order."""
        if kind == "chat":
            return iter(sorted(self._chat_moments(item)))
        held = self.held.get(item)
        queue = self.queues.get(held.department) if held else None
        return iter([held.spoke_at + queue.idle_ms] if held and queue and queue.idle_ms else [])

    def _chat_moments(self, chat: int) -> Iterator[int]:
        waiting = self.waiting.get(chat)
        queue = self.queues.get(waiting.department) if waiting else None
        if waiting is None or queue is None:
            return
        if waiting.wanted and waiting.wanted_until:
            yield waiting.wanted_until
        if queue.skill_wait_ms and (queue.skills or self.language(waiting)):
            yield waiting.here_since + queue.skill_wait_ms
        if queue.overflow_to and queue.overflow_ms:
            yield waiting.here_since + queue.overflow_ms

    def _arm(self, kind: str, item: int) -> None:
        """See to it that the first moment is not missed; an entry that is too early moves itself on."""
        due = next(self._due(kind, item), 0)
        armed = self._armed.get((kind, item))
        if due and (armed is None or due < armed):
            self._rearm(kind, item, due)

    def _rearm(self, kind: str, item: int, due: int) -> None:
        if due:
            self._armed[kind, item] = due
            heappush(self._moments, (due, kind, item))
        else:
            self._armed.pop((kind, item), None)


class News:
    """What changed since the last dispatch, by what it can make possible."""

    def __init__(self) -> None:
        self.chats: set[int] = set()
        self.agents: set[int] = set()  # who may have more room than before
        self.loads: set[int] = set()  # who may have less
        self.departments: set[int] = set()  # whose settings changed
        self.presence: set[int] = set()  # departments where the first came or the last went
        self.released = False  # a proposal ended, and nobody looked since

    def forget(self) -> None:
        """All of it was considered."""
        for told in (self.chats, self.agents, self.loads, self.departments, self.presence):
            told.clear()
        self.released = False


def _timing(queue: Queue) -> tuple[object, ...]:
    """What the moments of a department's chats depend on."""
    overflow = queue.overflow_to, queue.overflow_ms
    return queue.idle_ms, queue.skill_wait_ms, bool(queue.skills), queue.languages, *overflow


def _heavier(old: Held, new: Held) -> bool:
    """Whether it is the same but for a line written since: the commonest change, which frees nobody."""
    same = (old.agent, old.department, old.offered, old.offered_in)
    return same == (new.agent, new.department, new.offered, new.offered_in) and new.spoke_at >= old.spoke_at
