"""The dispatcher against the oracle: whatever changes, one by one, it proposes what looking at everything proposes."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from agentconsole.backend.domain.routing import (
    Agent,
    Assignment,
    Held,
    Overflow,
    Queue,
    Scene,
    Waiting,
    dispatch,
    explain,
)
from agentconsole.protocol import Routing, Status
from tests.domain import routing_facts as facts
from tests.domain.oracle import Oracle
from tests.domain.routing_reasons import true_of

AGEING = 4


def afresh(world: Oracle) -> Scene:
    """A scene built from the facts alone."""
    scene = Scene(AGEING)
    for agent in world.agents.values():
        scene.put_agent(agent)
    for waiting in world.waiting.values():
        scene.put_waiting(waiting)
    for held in world.held.values():
        scene.put_held(held)
    for queue in world.queues.values():
        scene.put_queue(queue)
    for chat, agent, department in world.reserved:
        waiting = world.waiting.get(chat)
        scene.put_waiting(Waiting(chat, department, 0))
        scene.reserve(chat, agent)
        scene.put_waiting(waiting) if waiting else scene.drop_waiting(chat)
    return scene


def right(world: Oracle, scene: Scene) -> list[Assignment | Overflow]:
    """Dispatch, and assert that it is what the oracle would do, in its order, for reasons that are true."""
    proposals = dispatch(scene, world.now)
    assignments = [proposal for proposal in proposals if isinstance(proposal, Assignment)]
    overflows = [proposal for proposal in proposals if isinstance(proposal, Overflow)]
    assert proposals == [*assignments, *overflows]
    world.given = []
    for assignment in assignments:
        pair = world.next_pair()
        assert pair is not None
        waiting, agent = pair
        assert (assignment.chat, assignment.agent) == (waiting.chat, agent.id)
        assert assignment.explanation.agent == agent.id
        true_of(world, waiting, assignment.explanation)
        world.given.append((waiting.chat, agent.id, waiting.department))
        assert world.total(agent.id) <= agent.limit
        limit = agent.places[waiting.department].limit
        assert not limit or world.here(agent.id, waiting.department) <= limit
    assert world.next_pair() is None, "somebody could have had a chat that still waits"
    expected = [(chat.chat, to) for chat in world.order() if (to := world.outlet(chat))]
    assert [(overflow.chat, overflow.to) for overflow in overflows] == expected
    world.given = []
    return proposals


@settings(max_examples=250)
@given(
    st.lists(facts.agents, min_size=3, max_size=5, unique_by=lambda agent: agent.id),
    st.lists(facts.queues, min_size=2, max_size=3, unique_by=lambda queue: queue.id),
    st.lists(facts.waitings, min_size=4, max_size=8, unique_by=lambda waiting: waiting.chat),
    st.lists(facts.helds, max_size=6, unique_by=lambda held: held.chat),
    st.integers(0, 90),
)
def test_everything_at_once(
    agents: list[Agent], queues: list[Queue], waitings: list[Waiting], helds: list[Held], now: int
) -> None:
    world = Oracle(
        now,
        AGEING,
        {agent.id: agent for agent in agents},
        {queue.id: queue for queue in queues},
        {waiting.chat: waiting for waiting in waitings},
        {held.chat: held for held in helds},
    )
    scene = afresh(world)
    for waiting in waitings:
        true_of(world, waiting, explain(scene, waiting, now))
    proposals = right(world, scene)
    assert dispatch(scene, now) == proposals, "what nobody carried out is proposed again"
    assert scene.next_time(now) == world.next_time()


class Changes(RuleBasedStateMachine):
    """Facts come and go one by one; after each dispatch the scene did what the oracle would."""

    def __init__(self) -> None:
        super().__init__()
        self.world = Oracle(40, AGEING)
        self.scene = Scene(AGEING)
        self.proposals: list[Assignment | Overflow] = []

    @initialize(
        agents=st.lists(facts.agents, min_size=3, max_size=5, unique_by=lambda agent: agent.id),
        queues=st.lists(facts.queues, min_size=2, max_size=3, unique_by=lambda queue: queue.id),
        waitings=st.lists(facts.waitings, min_size=3, max_size=8, unique_by=lambda waiting: waiting.chat),
    )
    def start(self, agents: list[Agent], queues: list[Queue], waitings: list[Waiting]) -> None:
        for agent in agents:
            self.put_agent(agent)
        for queue in queues:
            self.put_queue(queue)
        for waiting in waitings:
            self.put_waiting(waiting)

    @rule(agent=facts.agents)
    def put_agent(self, agent: Agent) -> None:
        self.world.agents[agent.id] = agent
        self.scene.put_agent(agent)

    @rule(data=st.data(), limit=st.integers(0, 3))
    def change_limit(self, data: Any, limit: int) -> None:
        if self.world.agents:
            self.put_agent(self.changed(data, self.world.agents, limit=limit))

    @rule(data=st.data(), agent=facts.agents)
    def change_status(self, data: Any, agent: Agent) -> None:
        if self.world.agents:
            self.put_agent(self.changed(data, self.world.agents, status=agent.status, lost=agent.lost))

    @rule(agent=st.sampled_from(facts.AGENTS))
    def drop_agent(self, agent: int) -> None:
        self.world.agents.pop(agent, None)
        self.scene.drop_agent(agent)

    @rule(queue=facts.queues)
    def put_queue(self, queue: Queue) -> None:
        self.world.queues[queue.id] = queue
        self.scene.put_queue(queue)

    @rule(queue=st.sampled_from(facts.DEPARTMENTS))
    def drop_queue(self, queue: int) -> None:
        self.world.queues.pop(queue, None)
        self.scene.drop_queue(queue)

    @rule(waiting=facts.waitings)
    def put_waiting(self, waiting: Waiting) -> None:
        self.world.waiting[waiting.chat] = waiting
        self.scene.put_waiting(waiting)

    @rule(chat=st.sampled_from(facts.CHATS))
    def drop_waiting(self, chat: int) -> None:
        self.world.waiting.pop(chat, None)
        self.scene.drop_waiting(chat)

    @rule(held=facts.helds)
    def put_held(self, held: Held) -> None:
        self.world.held[held.chat] = held
        self.scene.put_held(held)

    @rule(data=st.data(), later=st.integers(-10, 20))
    def speak(self, data: Any, later: int) -> None:
        if self.world.held:
            held = data.draw(st.sampled_from(list(self.world.held.values())))
            self.put_held(self.changed(data, {1: held}, spoke_at=max(0, held.spoke_at + later)))

    @rule(data=st.data())
    def drop_held(self, data: Any) -> None:
        if self.world.held:
            self.forget_held(data.draw(st.sampled_from(list(self.world.held))))

    def forget_held(self, chat: int) -> None:
        del self.world.held[chat]
        self.scene.drop_held(chat)

    @rule(ms=st.integers(1, 30))
    def time_passes(self, ms: int) -> None:
        self.world.now += ms

    @rule()
    def dispatch(self) -> None:
        self.proposals = right(self.world, self.scene)
        assert dispatch(self.scene, self.world.now) == self.proposals
        moment = self.scene.next_time(self.world.now)
        assert moment == self.world.next_time()
        self.nothing_until(moment or self.world.now + 1_000)

    def nothing_until(self, moment: int) -> None:
        """Until the moment that `next_time` names nothing new becomes possible."""
        world = self.world
        now, reserved = world.now, list(world.reserved)
        for proposal in self.proposals:
            if isinstance(proposal, Assignment):
                world.reserved.append(
                    (proposal.chat, proposal.agent, world.waiting[proposal.chat].department)
                )
            else:
                world.reserved.append((proposal.chat, 0, 0))
        world.now = moment - 1
        assert world.next_pair() is None
        assert not any(world.outlet(chat) for chat in world.order())
        world.now, world.reserved = now, reserved

    @rule(ends=st.lists(st.sampled_from(["committed", "refused", "on its way"]), max_size=8))
    def carry_out(self, ends: list[str]) -> None:
        """Of what was proposed, if the chats still wait, some is done, some refused, some remains on its way."""
        for proposal, end in zip(self.proposals, ends, strict=False):
            waiting = self.world.waiting.get(proposal.chat)
            if waiting is None or proposal.chat in self.scene.reserved:
                continue
            to = proposal.agent if isinstance(proposal, Assignment) else 0
            self.scene.reserve(proposal.chat, to)
            self.world.reserved.append((proposal.chat, to, waiting.department))
            if end == "committed":
                self.drop_waiting(proposal.chat)
                if to:
                    self.put_held(Held(proposal.chat, to, waiting.department, self.world.now))
            if end != "on its way":
                self.release(proposal.chat)
        self.proposals = []

    @rule(chat=st.sampled_from(facts.CHATS))
    def release(self, chat: int) -> None:
        self.world.reserved = [entry for entry in self.world.reserved if entry[0] != chat]
        self.scene.release(chat)

    def changed(self, data: Any, those: dict[int, Any], **changes: Any) -> Any:
        """One of those with other values."""
        return replace(data.draw(st.sampled_from(list(those.values()))), **changes)

    @invariant()
    def explains(self) -> None:
        """What it says of a waiting chat is true, whether or not a dispatch has run since the last change."""
        for waiting in list(self.world.waiting.values())[:2]:
            true_of(self.world, waiting, explain(self.scene, waiting, self.world.now))

    def teardown(self) -> None:
        """In the end it equals a scene built afresh."""
        right(self.world, self.scene)
        fresh = afresh(self.world)
        assert dispatch(fresh, self.world.now) == dispatch(self.scene, self.world.now)
        assert fresh.next_time(self.world.now) == self.scene.next_time(self.world.now)


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=60, stateful_step_count=40)


def walk(luck: Random, steps: int) -> None:
    """The same changes by plain chance, a dispatch after nearly each: small changes in a full house."""
    desk = Changes()
    world = desk.world

    def change(those: dict[int, Any], put: Any, **facts_of: Any) -> None:
        if those:
            put(replace(luck.choice(list(those.values())), **facts_of))

    for make, put in [(facts.agent, desk.put_agent), (facts.queue, desk.put_queue)] * 5 + [
        (facts.waiting, desk.put_waiting),
        (facts.held, desk.put_held),
    ] * 6:
        put(make(luck))
    ends = ["committed"] * 3 + ["refused", "on its way"]
    for _ in range(steps):
        luck.choice(
            [
                lambda: desk.put_agent(facts.agent(luck)),
                lambda: desk.put_queue(facts.queue(luck)),
                lambda: desk.put_waiting(facts.waiting(luck)),
                lambda: desk.put_waiting(facts.waiting(luck)),
                lambda: desk.put_held(facts.held(luck)),
                lambda: desk.drop_agent(luck.choice(facts.AGENTS)),
                lambda: desk.drop_queue(luck.choice(facts.DEPARTMENTS)),
                lambda: desk.drop_waiting(luck.choice(facts.CHATS)),
                lambda: desk.release(luck.choice(facts.CHATS)),
                lambda: desk.time_passes(luck.randint(1, 15)),
                lambda: desk.time_passes(luck.randint(1, 15)),
                lambda: change(world.agents, desk.put_agent, limit=luck.randint(0, 3)),
                lambda: change(world.agents, desk.put_agent, status=facts.some(luck, Status.online, *Status)),
                lambda: change(world.agents, desk.put_agent, lost=luck.random() < 0.3),
                lambda: change(world.agents, desk.put_agent, places=facts.agent(luck).places),
                lambda: change(world.queues, desk.put_queue, routing=luck.choice(list(Routing))),
                lambda: change(world.queues, desk.put_queue, priority=luck.randint(0, 3)),
                lambda: change(world.queues, desk.put_queue, idle_ms=luck.choice((0, 5, 20))),
                lambda: change(world.waiting, desk.put_waiting, priority=luck.randint(0, 3)),
                lambda: change(world.held, desk.put_held, spoke_at=world.now - luck.randint(0, 9)),
                lambda: change(world.held, desk.put_held, offered=luck.choice((0, *facts.AGENTS))),
                lambda: world.held and desk.forget_held(luck.choice(list(world.held))),
            ]
        )()
        if luck.random() < 0.8:
            desk.dispatch()
            desk.explains()
            desk.carry_out(luck.choices(ends, k=8))
    desk.teardown()


@pytest.mark.parametrize("seed", range(100))
def test_long_walks(seed: int) -> None:
    walk(Random(seed), 120)
