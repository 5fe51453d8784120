"""Two departments and who works there, and the doors of the domain as the desk uses them."""

from typing import Any

import pytest

from agentconsole.backend.domain import offers
from agentconsole.backend.domain.chat import Expire, decide, require
from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.life import Decision, Head, Refusal, thing
from agentconsole.backend.domain.offers import OfferLost, Target
from agentconsole.backend.domain.policy import SYSTEM, Actor, Deed
from agentconsole.protocol import Away, CancelTransfer, Code, Decline, Grant, Role, Side, State, Transfer
from tests.domain.cast import ELSEWHERE, HERE, NOW, staff, visitor

CID = "cid-00000"
OLGA, CARL, STAN, SUSAN = 11, 12, 13, 14
TIMES: dict[str, int] = {
    "wrapup_ms": 30,
    "abandon_ms": 60,
    "reply_ms": 20,
    "offer_ms": 40,
    "wait_for_ms": 90,
}
SALES = Department(HERE, "sales", "Sales", **TIMES)
SUPPORT = Department(ELSEWHERE, "support", "Support", **TIMES)
DEPARTMENTS = {HERE: SALES, ELSEWHERE: SUPPORT}
VERA = visitor(21)

# Olga works in sales, Stan in support, Carl in both; Susan supervises sales.
PEOPLE: dict[int, Actor] = {
    OLGA: staff(OLGA, "Olga", Grant(Role.agent, HERE)),
    CARL: staff(CARL, "Carl", Grant(Role.agent, HERE), Grant(Role.agent, ELSEWHERE)),
    STAN: staff(STAN, "Stan", Grant(Role.agent, ELSEWHERE)),
    SUSAN: staff(SUSAN, "Susan", Grant(Role.supervisor, HERE)),
}


def answers(actor: Actor, department: int) -> bool:
    """May this person be given chats of this department?"""
    return any(grant.department in (0, department) for grant in actor.grants)


def do(head: Head, actor: Actor | int, command: Any, now: int = NOW) -> Decision:
    """What the command makes of the chat in the department that has it."""
    who = PEOPLE[actor] if isinstance(actor, int) else actor
    return decide(head, who, command, now, DEPARTMENTS[head.department])


def done(head: Head, actor: Actor | int, command: Any, now: int = NOW) -> Head:
    """The chat after the command."""
    return do(head, actor, command, now)[0]


def refused(head: Head, actor: Actor | int, command: Any, now: int = NOW) -> Code:
    """The code of the refusal that there must be."""
    with pytest.raises(Refusal) as caught:
        do(head, actor, command, now)
    return caught.value.code


def give(head: Head, user: int, now: int = NOW) -> Decision:
    """The dispatcher offers the chat, as the desk lets it."""
    passed_on = head.state is State.active and head.offer_department and not head.offer_to
    place = head.offer_department if passed_on else head.department
    if not (head.state is State.waiting or passed_on) or user in (*head.tried, head.owner):
        raise Refusal(Code.not_now, "This chat is not to be given to this agent any more.")
    return offers.give(head, user, PEOPLE[user].display, now, DEPARTMENTS[place])


def transfer(
    head: Head,
    by: Actor | int,
    user: int = 0,
    department: int = 0,
    now: int = NOW,
    note: str = "",
    away: Away | None = None,
    force: bool = False,
    why: str = "",
    there: bool = True,
    is_open: bool = True,
) -> Decision:
    """Somebody hands the chat over, as the desk lets them; ``why`` keeps the wanted person from it."""
    actor = PEOPLE[by] if isinstance(by, int) else by
    facts = thing(head, DEPARTMENTS[head.department].team)
    require(actor, Deed.transfer, facts, "Only who answers this chat hands it over.")
    if force:
        require(actor, Deed.force, facts, "Only a supervisor of its department forces a transfer.")
    target = Target(user, PEOPLE[user].display, why, there) if user else None
    command = Transfer(CID, head.id, user, department, note, away, force)
    to = DEPARTMENTS[department or head.department]
    return offers.transfer(head, actor, command, now, target, to, is_open)


def clock(head: Head, now: int) -> Head:
    """The chat after whatever is due now."""
    return done(head, SYSTEM, Expire(head.id), now)


def kinds(decision: Decision) -> str:
    """The kinds of the events."""
    return " ".join(str(entry.what.__struct_config__.tag) for entry in decision[1])


def offer(head: Head) -> tuple[int, int, int]:
    """The open offer: to whom, to which department, until when."""
    return head.offer_to, head.offer_department, head.due_at


EXPIRE = Expire(7)


def refuse(head: Head, way: str, now: int = 0) -> Decision:
    """Carl's offer comes to nothing this way, at ``now`` or just in time."""
    at = now or (head.due_at if way == "timeout" else NOW + 5)
    commands: dict[str, tuple[Actor | int, Any]] = {
        "decline": (CARL, Decline(CID, 7, "at lunch")),
        "cancel": (OLGA, CancelTransfer(CID, 7)),
        "unavailable": (SYSTEM, OfferLost(7, CARL)),
        "timeout": (SYSTEM, EXPIRE),
    }
    return do(head, *commands[way], at)


def whats(decision: Decision) -> list[Any]:
    """What happened."""
    return [entry.what for entry in decision[1]]


def by_staff(entry: Any) -> bool:
    """Did a member of staff do it?"""
    return bool(entry.by.side is Side.staff)
