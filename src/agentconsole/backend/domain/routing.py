"""The dispatcher: which waiting chat goes to which agent now, or to another department, and why.

A pure function of the scene and the time. It proposes; the transaction that gives the chat has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import merge

import msgspec

from agentconsole.protocol import AGEING_MS, Routing, Status, Verdict

from .case import BY_HAND, Case
from .explanation import Candidate, Decision, Outcome, Way, decision, span
from .facts import FOR_EVER, Agent, Held, Place, Queue, Waiting
from .scene import Scene

__all__ = [
    "AGEING_MS",
    "Agent",
    "Assignment",
    "Decision",
    "Held",
    "Overflow",
    "Place",
    "Queue",
    "Scene",
    "Waiting",
    "dispatch",
    "explain",
]

ABSENT = {
    Status.offline: Verdict.offline,
    Status.away: Verdict.on_break,
    Status.phone: Verdict.phone,
    Status.drain: Verdict.drain,
}


class Assignment(msgspec.Struct, frozen=True):
    """Give this chat to this agent, for these reasons."""

    chat: int
    agent: int
    explanation: Decision


class Overflow(msgspec.Struct, frozen=True):
    """Move this chat to department ``to``; ``why`` is a sentence."""

    chat: int
    to: int
    why: str


def dispatch(scene: Scene, now: int) -> list[Assignment | Overflow]:
    """All that can be given at this moment: assignments, then overflows, each in the order of the queue.

    Each decision sees those before it. The facts of the scene stay as they are: whoever carries a proposal out marks it
    with ``scene.reserve``, otherwise the next dispatch proposes it again. ``now`` must not go back.
    """
    scene.settle(now)
    return Run(scene, now).everything()


def explain(scene: Scene, chat: Waiting, now: int) -> Decision:
    """How it stands at this moment for a chat that waits: who could take it, and why not each of the others."""
    queue = scene.queues.get(chat.department) or Queue(chat.department, "")
    case = Case(scene, chat, queue, now)
    return decision(Run(scene, now).weigh(case, give=False))


class Run:
    """One dispatch: the scene, and what this run has given already."""

    def __init__(self, scene: Scene, now: int) -> None:
        self.scene = scene
        self.now = now
        self.given: dict[int, list[int]] = {}  # agent: departments of chats given in this run
        self.turns: dict[int, int] = {}  # agent: the later the greater, as in ``Scene.turn``
        self.hungry: dict[int, list[Agent]] = {}  # department: who may have more room than before
        self.proposals: list[Assignment | Overflow] = []

    def everything(self) -> list[Assignment | Overflow]:
        """Give what can be given, then move what overflows; what was looked at in vain is no news any more."""
        news = self.scene.news
        done: set[int] = set()
        for case, pool in self._cases():
            if any(self._free(case, agent) for agent in pool):
                outcome = self.weigh(case)
                if outcome.way is not Way.nobody:
                    self._give(outcome)
                    done.add(case.waiting.chat)
        for chat in self._leaking(done):
            if overflow := self._overflow(chat):
                self.proposals.append(overflow)
                done.add(chat)
        news.forget()
        news.chats |= done
        news.agents |= self.given.keys()
        return self.proposals

    def _give(self, outcome: Outcome) -> None:
        one = outcome.free[0]
        agent = one.agent
        self.given.setdefault(agent.id, []).append(outcome.case.queue.id)
        self.turns[agent.id] = FOR_EVER + len(self.proposals)
        self.proposals.append(Assignment(outcome.case.waiting.chat, agent.id, decision(outcome)))
        if one.total + 1 >= agent.limit:
            self._sate(agent)

    # Which chats to look at, and for whom

    def _cases(self) -> Iterator[tuple[Case, Iterable[Agent]]]:
        """The chats for which something may have become possible, in order, each with the agents to ask about."""
        scene, news = self.scene, self.scene.news
        self._find_hungry()
        whole = news.departments | {number for number in self.hungry if self._automatic(number)}
        alone = set(news.chats)
        for agent in news.agents:
            alone |= scene.wanting.get(agent, set())
        single = sorted(
            scene.key(chat)
            for chat in alone
            if chat in scene.waiting and scene.waiting[chat].department not in whole
        )
        anew = bool(news.chats or news.departments)
        for _, chat in merge(single, *(scene.lines[department] for department in whole)):
            if not anew and not self.hungry:
                return
            waiting = scene.waiting[chat]
            queue = scene.queues.get(waiting.department)
            if queue is None or chat in scene.reserved:
                continue
            if chat in news.chats or queue.id in news.departments:
                pool = [scene.agents[number] for number in scene.ready[queue.id]]
            else:
                pool = self.hungry.get(queue.id, [])
            case = Case(scene, waiting, queue, self.now)
            if pool and not case.by_hand:
                yield case, pool

    def _find_hungry(self) -> None:
        for number in self.scene.news.agents:
            if agent := self.scene.agents.get(number):
                for department in agent.places:
                    if number in self.scene.ready[department]:
                        self.hungry.setdefault(department, []).append(agent)

    def _sate(self, agent: Agent) -> None:
        """No room is left: nothing more is looked for."""
        for department in agent.places:
            if agent in self.hungry.get(department, ()):
                self.hungry[department].remove(agent)
                if not self.hungry[department]:
                    del self.hungry[department]

    def _automatic(self, department: int) -> bool:
        queue = self.scene.queues.get(department)
        return queue is not None and queue.routing not in BY_HAND

    # The decision

    def counts(self, agent: Agent, department: int) -> tuple[int, int]:
        """How many chats count against the agent: in all, and of this department."""
        load = self.scene.load(agent.id, self.now)
        total, here = load.total, load.of.get(department, 0)
        if given := self.given.get(agent.id):
            return total + len(given), here + given.count(department)
        return total, here

    def hurdle(self, case: Case, agent: Agent, total: int, here: int) -> Verdict | None:
        """What keeps this chat from this agent, the first that applies; None = nothing."""
        if agent.status is not Status.online:
            return ABSENT[agent.status]
        if agent.lost:
            return Verdict.lost
        queue, waiting = case.queue, case.waiting
        if total >= agent.limit:
            return Verdict.limit
        if 0 < agent.places[queue.id].limit <= here:
            return Verdict.department_limit
        if case.in_line:
            return None if agent.id == waiting.wanted else Verdict.not_wanted
        if case.strict:
            speaks = self.scene.speaks(agent.id, case.language)
            if not speaks or not queue.skills <= agent.skills:
                return Verdict.skills
        if agent.id in case.owners:
            return Verdict.not_wanted
        return Verdict.tried if agent.id in case.tried else None

    def _free(self, case: Case, agent: Agent) -> bool:
        return self.hurdle(case, agent, *self.counts(agent, case.queue.id)) is None

    def weigh(self, case: Case, give: bool = True) -> Outcome:
        """Look at every agent of the department and choose; without ``give`` nobody is chosen."""
        scene, queue = self.scene, case.queue
        free: list[Candidate] = []
        others: list[Candidate] = []
        for number in sorted(scene.members.get(queue.id, ())):
            one = self._candidate(case, scene.agents[number])
            (others if one.hurdle else free).append(one)
        way = Way.nobody
        wanted = next((one for one in free if one.agent.id == case.preferred), None)
        if give and wanted:
            way = Way.line if case.in_line else Way.wanted
            free.remove(wanted)
            free.insert(0, wanted)
        elif queue.routing not in BY_HAND:
            free.sort(key=lambda one: (one.agent.places[queue.id].tier, *RANK[queue.routing](one)))
            way = Way.policy if give and free else way
        name = scene.agents[case.waiting.wanted].name if case.waiting.wanted in scene.agents else ""
        return Outcome(case, way, free, others, name, self.now)

    def _candidate(self, case: Case, agent: Agent) -> Candidate:
        total, here = self.counts(agent, case.queue.id)
        turn = self.turns.get(agent.id) or (self.scene.reserved and self.scene.turn(agent.id)) or 0
        given_at = self.now if turn else agent.given_at
        return Candidate(agent, total, here, given_at, turn, self.hurdle(case, agent, total, here))

    # Overflow

    def _leaking(self, done: set[int]) -> list[int]:
        """The chats that stayed and for which overflow may have become possible, in order."""
        scene, news = self.scene, self.scene.news
        chats = set(news.chats)
        if news.presence:
            for queue in scene.queues.values():
                if queue.overflow_to and self._concerns(queue):
                    chats.update(chat for _, chat in scene.lines[queue.id])
                elif not scene.there[queue.id]:
                    chats.update(self._homesick(queue))
        still = (chat for chat in chats if chat in scene.waiting and chat not in scene.reserved)
        return sorted((chat for chat in still if chat not in done), key=scene.key)

    def _overflow(self, chat: int) -> Overflow | None:
        scene = self.scene
        waiting = scene.waiting[chat]
        queue = scene.queues.get(waiting.department)
        if queue is None or waiting.barred or scene.in_line(waiting, self.now):
            return None
        waited = self.now - waiting.here_since
        if scene.there[queue.id] and not 0 < queue.overflow_ms <= waited:
            return None
        to = self._outlet(queue, waiting) or self._way_back(queue, waiting)
        if to is None:
            return None
        cause = f"it waited {span(waited)}" if scene.there[queue.id] else f"nobody is online in {queue.name}"
        return Overflow(chat, to.id, f"From {queue.name} to {to.name}: {cause}.")

    def _concerns(self, queue: Queue) -> bool:
        """Whether somebody came or went in this department or on the way that its chats overflow."""
        presence, been = self.scene.news.presence, {queue.id}
        if queue.id in presence:
            return True
        while queue.overflow_to not in been:
            been.add(queue.overflow_to)
            if queue.overflow_to in presence:
                return True
            found = self.scene.queues.get(queue.overflow_to)
            if found is None or self.scene.there[found.id]:
                return False
            queue = found
        return False

    def _outlet(self, queue: Queue, waiting: Waiting) -> Queue | None:
        """The next department on the way where somebody is online and where the chat has not been."""
        been = {queue.id, *waiting.moved}
        while queue.overflow_to not in been:
            been.add(queue.overflow_to)
            found = self.scene.queues.get(queue.overflow_to)
            if found is None or self.scene.there[found.id]:
                return found
            queue = found
        return None

    def _homesick(self, queue: Queue) -> Iterator[int]:
        """The chats of a deserted department for which somebody came or went where they have been, or here."""
        presence = self.scene.news.presence
        for _, chat in self.scene.lines[queue.id]:
            moved = self.scene.waiting[chat].moved
            if moved and (queue.id in presence or not presence.isdisjoint(moved)):
                yield chat

    def _way_back(self, queue: Queue, waiting: Waiting) -> Queue | None:
        """Where a chat returns that nobody here and nobody further on can answer: the last department where it has
        been and somebody is online. Out of a department where somebody is nothing returns, so that nothing goes to and fro."""
        if self.scene.there[queue.id]:
            return None
        for department in reversed(waiting.moved):
            if self.scene.there[department] and (found := self.scene.queues.get(department)):
                return found
        return None


def _turn(one: Candidate) -> tuple[int, int, int]:
    """The longest ago first; the list of users decides between equals."""
    return one.given_at, one.turn, one.agent.id


def _least_busy(one: Candidate) -> tuple[int, ...]:
    return one.total, *_turn(one)


def _longest_idle(one: Candidate) -> tuple[int, ...]:
    """Who has no chat comes first, the longest without; who has chats is not idle, and takes turns."""
    return (1, 0, *_turn(one)) if one.total else (0, one.agent.freed_at, *_turn(one))


def _fill_first(one: Candidate) -> tuple[int, ...]:
    return -one.total, *_turn(one)


RANK: dict[Routing, Callable[[Candidate], tuple[int, ...]]] = {
    Routing.round_robin: _turn,
    Routing.least_busy: _least_busy,
    Routing.longest_idle: _longest_idle,
    Routing.fill_first: _fill_first,
}
