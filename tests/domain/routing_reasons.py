"""Whether an explanation is true: every verdict and every figure in a sentence, held against the oracle's facts."""

import re

from agentconsole.backend.domain.routing import Agent, Decision, Queue, Waiting
from agentconsole.protocol import Reason, Routing, Verdict
from tests.domain.oracle import Oracle

HAS = {0: "none", 1: "1 chat"}


def true_of(world: Oracle, chat: Waiting, decision: Decision) -> None:
    """Assert that the decision is the oracle's, and that each agent of the department has one true reason."""
    queue = world.queues.get(chat.department) or Queue(chat.department, "")
    members = {agent.id: agent for agent in world.members(chat.department)}
    assert sorted(reason.user for reason in decision.reasons) == sorted(members)
    assert decision.routing is queue.routing
    chosen = members.get(decision.agent)
    assert decision.agent_name == (chosen.name if chosen else "")
    for reason in decision.reasons:
        agent = members[reason.user]
        assert reason.name == agent.name
        hurdle = world.hurdle(chat, agent)
        if hurdle:
            assert reason.verdict is hurdle
            assert reason.text == hurdle_text(world, chat, queue, agent, hurdle)
        elif chosen is None:
            assert (reason.verdict, reason.text) == (Verdict.free, "could take it")
        else:
            _of_the_free(world, chat, queue, agent, chosen, reason)
    _summary(world, chat, queue, chosen, decision)


def hurdle_text(world: Oracle, chat: Waiting, queue: Queue, agent: Agent, verdict: Verdict) -> str:
    """What is to be said of a hurdle."""
    language, skills = world.lacking(chat, agent)
    lacks = [f"does not speak {language}"] * bool(language)
    if skills:
        lacks.append(f"lacks the skill{'s' * (len(skills) > 1)} {', '.join(sorted(skills))}")
    limit = agent.places[chat.department].limit
    here = world.here(agent.id, chat.department)
    owner = world.owns(chat, agent.id) and not world.lines_up(chat)
    waits = f"the chat waits for {world.agents[chat.wanted].name}" if world.lines_up(chat) else ""
    return {
        Verdict.offline: "is offline",
        Verdict.on_break: f"is on a break ({agent.reason})" if agent.reason else "is on a break",
        Verdict.phone: "is on the phone",
        Verdict.drain: "finishes the running chats and takes no new ones",
        Verdict.lost: "has lost the link",
        Verdict.limit: f"has {world.total(agent.id)} of {plural(agent.limit)}",
        Verdict.department_limit: f"has {here} of {plural(limit)} of {queue.name}",
        Verdict.skills: " and ".join(lacks),
        Verdict.tried: "was asked already",
        Verdict.not_wanted: "has the chat and passes it on" if owner else waits,
    }[verdict]


def _of_the_free(
    world: Oracle, chat: Waiting, queue: Queue, agent: Agent, chosen: Agent, reason: Reason
) -> None:
    tier, best = agent.places[queue.id].tier, chosen.places[queue.id].tier
    if agent is chosen:
        assert reason.verdict is Verdict.chosen
    elif world.first(chat) == chosen.id:
        assert reason.verdict is Verdict.not_wanted
        assert reason.text == f"the chat asks for {chosen.name} first"
    elif tier > best:
        assert reason.verdict is Verdict.tier
        assert reason.text == f"tier {tier}; an agent of tier {best} was free"
    else:
        assert tier == best
        assert reason.verdict is Verdict.later
        _later(world, queue.routing, agent, chosen, reason.text)


def _later(world: Oracle, routing: Routing, agent: Agent, chosen: Agent, text: str) -> None:
    mine, theirs = world.total(agent.id), world.total(chosen.id)
    if text.startswith("has ") and ";" in text:
        assert text == f"has {plural(mine)}; {chosen.name} has {theirs or 'none'}"
        assert {
            Routing.least_busy: mine > theirs,
            Routing.fill_first: mine < theirs,
            Routing.longest_idle: mine > theirs == 0,
        }[routing]
    elif text.startswith("had a chat end later"):
        assert routing is Routing.longest_idle
        assert mine == theirs == 0
        assert agent.freed_at > chosen.freed_at
        _ages(text, world.now, agent.freed_at, chosen.freed_at, "none has ended yet")
    elif text.startswith("was given a chat later"):
        assert world.given_at(agent.id) > world.given_at(chosen.id)
        _ages(
            text, world.now, world.given_at(agent.id)[0], world.given_at(chosen.id)[0], "none was given yet"
        )
    else:
        assert text == f"equal to {chosen.name} in everything, who comes first in the list of users"
        assert world.given_at(agent.id) == world.given_at(chosen.id)
        assert agent.id > chosen.id
    assert chosen.name in text


def _ages(text: str, now: int, mine: int, theirs: int, never: str) -> None:
    """The tests' times are below a minute."""
    ages = [max(0, now - at) // 1000 for at in (mine, theirs)]
    if theirs == 0:
        assert text.endswith(f": {ages[0]} s ago against {never}")
    elif ages[0] == ages[1]:
        assert text.endswith(", by a moment")
    else:
        assert text.endswith(f": {ages[0]} s ago against {ages[1]} s")


def _summary(world: Oracle, chat: Waiting, queue: Queue, chosen: Agent | None, decision: Decision) -> None:
    free = world.free(chat)
    if chosen is None:
        assert decision.text.startswith("Waits")
        numbers = [int(number) for number in re.findall(r"(\d+) (?:of|agent)", decision.text)]
        assert not numbers or not free or numbers[0] == len(free)
        return
    assert decision.text.startswith(f"To {chosen.name}")
    if world.first(chat) == chosen.id:
        assert ("was waiting for" in decision.text) == world.lines_up(chat)
        return
    equals = [agent for agent in free if agent.places[queue.id].tier == chosen.places[queue.id].tier]
    crowd = "the only one free" if len(equals) == 1 else f"first of {len(equals)} free"
    assert crowd in decision.text
    if queue.routing in (Routing.least_busy, Routing.fill_first):
        assert f"has {plural(world.total(chosen.id))}" in decision.text


def plural(number: int) -> str:
    """Chats, counted."""
    return "1 chat" if number == 1 else f"{number} chats"
