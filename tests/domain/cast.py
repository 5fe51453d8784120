"""Everybody who might ask for something, and chats in every state."""

from typing import Any

import msgspec

from agentconsole.backend.domain.chat import decide
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.life import Head, Refusal
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.protocol import Grant, Outcome, Role, Side, State

HERE, ELSEWHERE = 1, 2
OWNER, COLLEAGUE, STRANGER, SUPERVISOR, ANALYST, ADMIN, NOBODY = 11, 12, 13, 14, 15, 16, 17
VISITOR, OTHER_VISITOR = 21, 22
NOW = 1_000_000


def staff(user: int, name: str, *grants: Grant) -> Actor:
    """A member of staff."""
    return Actor(Side.staff, user, name.lower(), name, grants)


def visitor(key: int) -> Actor:
    """A visitor; 0 = one whose first chat is still to come."""
    return Actor(Side.visitor, key, token_hash=b"x")


ACTORS: dict[str, Actor] = {
    "owner": staff(OWNER, "Olga", Grant(Role.agent, HERE)),
    "colleague": staff(COLLEAGUE, "Carl", Grant(Role.agent, HERE)),
    "agent everywhere": staff(COLLEAGUE, "Eve", Grant(Role.agent, 0)),
    "agent elsewhere": staff(STRANGER, "Stan", Grant(Role.agent, ELSEWHERE)),
    "supervisor": staff(SUPERVISOR, "Susan", Grant(Role.supervisor, HERE)),
    "supervisor elsewhere": staff(SUPERVISOR, "Seth", Grant(Role.supervisor, ELSEWHERE)),
    "supervisor elsewhere, agent here": staff(
        SUPERVISOR, "Sara", Grant(Role.supervisor, ELSEWHERE), Grant(Role.agent, HERE)
    ),
    "analyst": staff(ANALYST, "Ada", Grant(Role.analyst, HERE)),
    "administrator": staff(ADMIN, "Adam", Grant(Role.admin)),
    "nobody": staff(NOBODY, "Noah"),
    "visitor": visitor(VISITOR),
    "other visitor": visitor(OTHER_VISITOR),
    "new visitor": visitor(0),
    "system": SYSTEM,
}

ENDED = (State.closed, State.abandoned, State.left_message)
STATES = (State.waiting, State.offered, State.active, State.wrapup, *ENDED)


def chat(state: State, **changes: Any) -> Head:
    """A chat in this state, as a life leads to it: answered ones belong to OWNER, the dispatcher offers it to COLLEAGUE."""
    answered = state in (State.active, State.wrapup, State.closed)
    offered = state is State.offered
    head = Head(
        id=7,
        visitor=VISITOR,
        department=HERE,
        state=state,
        owner=OWNER if answered else 0,
        owner_name="Olga" if answered else "",
        seq=6,
        pub=4,
        version=5,
        since=NOW - 60_000,
        started_at=NOW - 60_000,
        name="Vera",
        first_line="hello",
        taken_at=NOW - 30_000 if answered else 0,
        replied_at=NOW - 20_000 if answered else 0,
        ended_at=0 if state in (State.waiting, State.offered, State.active) else NOW - 1_000,
        due_at=NOW + 29_000 if state in (State.offered, State.wrapup) else 0,
        outcome=Outcome.solved if state in (State.wrapup, State.closed) else None,
        unanswered=0 if answered else 1,
        home=HERE,
        offer_to=COLLEAGUE if offered else 0,
        offer_name="Carl" if offered else "",
        timed=offered,
    )
    return msgspec.structs.replace(head, **changes)


def outcome(head: Head, actor: Actor, command: Any, now: int = NOW, team: bool = False) -> str:
    """What a command comes to, in words: the kinds of its events, "" for no change, "state changed" for a change
    without events, or the refusal's code in brackets."""
    try:
        after, entries = decide(head, actor, command, now, Department(HERE, "here", "Here", team=team))
    except Refusal as refusal:
        return f"[{refusal.code}]"
    if entries:
        return " ".join(str(entry.what.__struct_config__.tag) for entry in entries)
    return "" if after is head else "changed"
