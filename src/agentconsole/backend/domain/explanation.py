"""Why a chat went to this agent and to none of the others: sentences with the facts of the moment of the decision."""

from __future__ import annotations

from enum import Enum

import msgspec

from agentconsole.protocol import Reason, Routing, Verdict

from .case import Case
from .facts import Agent, primaries

POLICIES = {
    Routing.manual: "manual",
    Routing.ring: "ring to all",
    Routing.round_robin: "round robin",
    Routing.least_busy: "least busy",
    Routing.longest_idle: "longest idle",
    Routing.fill_first: "fill one first",
}


class Decision(msgspec.Struct, frozen=True):
    """What was decided for a chat (``agent`` 0 = it waits), and the reason for each agent of the department."""

    agent: int
    agent_name: str
    routing: Routing
    text: str
    reasons: list[Reason]


class Way(Enum):
    """By what a chat found its agent."""

    line = "line"  # it waited for this very person
    wanted = "wanted"  # this person was preferred, and available
    policy = "policy"
    nobody = "nobody"


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """An agent as the decision found it: counted chats in all and of this department, when last given one.

    ``turn`` puts those in order who were given one at this very moment.
    """

    agent: Agent
    total: int
    here: int
    given_at: int
    turn: int
    hurdle: Verdict | None


class Outcome(msgspec.Struct, frozen=True):
    """One decision before it is put into words. ``free``: who had no hurdle, in the order of the policy."""

    case: Case
    way: Way
    free: list[Candidate]
    others: list[Candidate]
    wanted: str  # the name of the person the chat wants, if any
    now: int


def decision(outcome: Outcome) -> Decision:
    """The outcome in words."""
    chosen = outcome.free[0] if outcome.way is not Way.nobody else None
    reasons = _of_the_free(outcome, chosen)
    reasons += [_reason(other, other.hurdle, _hurdle(outcome, other)) for other in outcome.others]
    agent = chosen.agent if chosen else None
    text = _given(outcome, chosen) if chosen else _waits(outcome)
    return Decision(
        agent.id if agent else 0, agent.name if agent else "", outcome.case.queue.routing, text, reasons
    )


def _reason(candidate: Candidate, verdict: Verdict | None, text: str) -> Reason:
    return Reason(candidate.agent.id, candidate.agent.name, verdict or Verdict.free, text)


def _of_the_free(outcome: Outcome, chosen: Candidate | None) -> list[Reason]:
    if chosen is None:
        return [_reason(one, Verdict.free, "could take it") for one in outcome.free]
    reasons = [_reason(chosen, Verdict.chosen, _merit(outcome, chosen))]
    best = _tier(outcome, chosen)
    for one in outcome.free[1:]:
        tier = _tier(outcome, one)
        if outcome.way is not Way.policy:
            reasons.append(_reason(one, Verdict.not_wanted, f"the chat asks for {outcome.wanted} first"))
        elif tier > best:
            text = f"tier {tier}; an agent of tier {best} was free"
            reasons.append(_reason(one, Verdict.tier, text))
        else:
            reasons.append(_reason(one, Verdict.later, _lag(outcome, one, chosen)))
    return reasons


def _tier(outcome: Outcome, one: Candidate) -> int:
    return one.agent.places[outcome.case.queue.id].tier


def _hurdle(outcome: Outcome, one: Candidate) -> str:
    agent = one.agent
    match one.hurdle:
        case Verdict.limit:
            return f"has {one.total} of {chats(agent.limit)}"
        case Verdict.offline:
            return "is offline"
        case Verdict.on_break:
            return f"is on a break ({agent.reason})" if agent.reason else "is on a break"
        case Verdict.phone:
            return "is on the phone"
        case Verdict.drain:
            return "finishes the running chats and takes no new ones"
        case Verdict.lost:
            return "has lost the link"
        case Verdict.department_limit:
            limit = agent.places[outcome.case.queue.id].limit
            return f"has {one.here} of {chats(limit)} of {outcome.case.queue.name}"
        case Verdict.skills:
            return _lacks(outcome, agent)
        case Verdict.tried:
            return "was asked already"
    if outcome.case.in_line:
        return f"the chat waits for {outcome.wanted}"
    return "has the chat and passes it on"


def _lacks(outcome: Outcome, agent: Agent) -> str:
    missing = sorted(outcome.case.queue.skills - agent.skills)
    skills = f"lacks the {'skill' if len(missing) == 1 else 'skills'} {', '.join(missing)}" if missing else ""
    mute = outcome.case.language and outcome.case.language not in primaries(agent.languages)
    language = f"does not speak {outcome.case.language}" if mute else ""
    return " and ".join(filter(None, (language, skills)))


def _merit(outcome: Outcome, chosen: Candidate) -> str:
    """Why the chosen one was chosen."""
    match outcome.way, outcome.case.queue.routing:
        case Way.line, _:
            return "the chat was waiting for this agent"
        case Way.wanted, _:
            return "the chat asks for this agent first"
        case _, Routing.round_robin:
            return _last(outcome.now, chosen.given_at, "was given a chat", "was not given a chat yet")
        case _, Routing.longest_idle if not chosen.total:
            return "has no chat; " + _last(
                outcome.now, chosen.agent.freed_at, "the last one ended", "none has ended yet"
            )
    return f"has {chats(chosen.total)}"


def _last(now: int, at: int, since: str, never: str) -> str:
    return f"{since} {span(now - at)} ago" if at else never


def _lag(outcome: Outcome, one: Candidate, chosen: Candidate) -> str:
    """Why the policy preferred the chosen one, by the first fact in which the two differ."""
    name = chosen.agent.name
    routing = outcome.case.queue.routing
    if routing is Routing.longest_idle:
        if bool(one.total) != bool(chosen.total):
            return f"has {chats(one.total)}; {name} has none"
        if not one.total and one.agent.freed_at != chosen.agent.freed_at:
            times = one.agent.freed_at, chosen.agent.freed_at
            return _compared(outcome.now, *times, f"had a chat end later than {name}", "none has ended yet")
    elif routing is not Routing.round_robin and one.total != chosen.total:
        return f"has {chats(one.total)}; {name} has {chosen.total or 'none'}"
    if (one.given_at, one.turn) != (chosen.given_at, chosen.turn):
        times = one.given_at, chosen.given_at
        return _compared(outcome.now, *times, f"was given a chat later than {name}", "none was given yet")
    return f"equal to {name} in everything, who comes first in the list of users"


def _compared(now: int, mine: int, theirs: int, what: str, never: str) -> str:
    if not theirs:
        return f"{what}: {span(now - mine)} ago against {never}"
    ages = span(now - mine), span(now - theirs)
    return f"{what}: {ages[0]} ago against {ages[1]}" if ages[0] != ages[1] else f"{what}, by a moment"


def _given(outcome: Outcome, chosen: Candidate) -> str:
    name = chosen.agent.name
    match outcome.way:
        case Way.line:
            return f"To {name}: the chat was waiting for {name}, who is available."
        case Way.wanted:
            return f"To {name}: the chat asks for {name} first, who is available."
    best = _tier(outcome, chosen)
    equals = sum(_tier(outcome, one) == best for one in outcome.free)
    crowd = "the only one free" if equals == 1 else f"first of {equals} free"
    tier = f" in tier {best}" if equals < len(outcome.free) else ""
    merit = _merit(outcome, chosen)
    return f"To {name} by {POLICIES[outcome.case.queue.routing]}: {crowd}{tier}; {merit}."


def _waits(outcome: Outcome) -> str:
    number = len(outcome.free)
    everybody = number + len(outcome.others)
    if outcome.case.in_line:
        left = span(outcome.case.waiting.wanted_until - outcome.now)
        return f"Waits for {outcome.wanted}, {left} more; then for everybody of {outcome.case.queue.name}."
    if not everybody:
        return f"Waits: {outcome.case.queue.name} has no agents."
    if number:
        way = POLICIES[outcome.case.queue.routing]
        return f"Waits ({way}): {number} of {everybody} agents of {outcome.case.queue.name} could take it."
    return f"Waits: none of the {agents(everybody)} of {outcome.case.queue.name} can take it now."


def agents(number: int) -> str:
    """'1 agent', '2 agents'."""
    return "1 agent" if number == 1 else f"{number} agents"


def chats(number: int) -> str:
    """'1 chat', '2 chats'."""
    return "1 chat" if number == 1 else f"{number} chats"


def span(ms: int) -> str:
    """A duration for people, rounded down: '12 s', '4 min 10 s', '3 h 5 min'."""
    seconds = max(ms, 0) // 1_000
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
