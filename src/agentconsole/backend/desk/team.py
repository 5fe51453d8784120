"""What is set of agents: limits, languages, skills, how they stand in a department; by supervisors and operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from agentconsole.protocol import Code, Grant, Membership, Role, SetAgent, SetMember

from ..domain.department import Department
from ..domain.life import Refusal, without_nul
from ..domain.policy import Actor, Deed, Thing, answers, can, is_given
from ..storage import departments, letters, members, users
from ..storage.chats import WorkingSet
from ..storage.users import User
from .admin import CID, Done, Order, department_to_change, record
from .availability import supervises
from .made import Made, StaffChanged, TeamChanged


class AddEverybody(Order, tag="add_everybody", frozen=True):
    """Make everybody who is an agent anywhere an agent of this department too."""

    slug: str


class SetMemberOf(Order, tag="set_member", frozen=True):
    """How an agent stands in a department; what is None stays."""

    name: str
    department: str
    tier: Annotated[int, Meta(ge=1, le=9)] | None = None
    limit: Annotated[int, Meta(ge=0, le=1_000)] | None = None


class SetAgentOf(Order, tag="set_agent", frozen=True):
    """How many chats at once an agent may have (0 = as the system has it), and what the agent can; None stays."""

    name: str
    limit: Annotated[int, Meta(ge=0, le=1_000)] | None = None
    languages: list[str] | None = None
    skills: list[str] | None = None


class SetSystem(Order, tag="set_system", frozen=True):
    """How many chats at once an agent may have, unless something else is set for the agent."""

    chat_limit: Annotated[int, Meta(ge=1, le=1_000)]


def _add_everybody(sheet: WorkingSet, actor: Actor, command: AddEverybody, now: int) -> Made:
    department = department_to_change(sheet, actor, command.slug)
    added = []
    for key, grants in users.every_grant(sheet.connection).items():
        if is_agent(grants) and not is_given(grants, department.id):
            users.give(sheet.connection, key, Grant(Role.agent, department.id))
            added.append(key)
    record(sheet, actor, now, "add_everybody", command.slug, f"{len(added)} agents")
    words = f"{len(added)} agents were added to {department.slug}."
    return Made(
        news=[StaffChanged(tuple(added))] if added else [], value=Done(bool(added), words, command.slug)
    )


def is_agent(grants: tuple[Grant, ...]) -> bool:
    """Is somebody with these grants an agent of any department?"""
    return any(grant.role is Role.agent for grant in grants)


def _set_member_of(sheet: WorkingSet, actor: Actor, command: SetMemberOf, now: int) -> Made:
    found = _named(sheet, actor, command.name)
    department = _department(sheet, actor, command.department)
    present = members.one(sheet.connection, found.id, department.id)
    wish = SetMember(
        CID,
        found.id,
        department.id,
        present.tier if command.tier is None else command.tier,
        present.limit if command.limit is None else command.limit,
    )
    made = _set_member(sheet, actor, wish, now)
    text = f"{found.name} stands in {department.slug} with tier {wish.tier} and limit {wish.limit}."
    made.value = Done(bool(made.news), text, found.name)
    return made


def _set_agent_of(sheet: WorkingSet, actor: Actor, command: SetAgentOf, now: int) -> Made:
    found = _named(sheet, actor, command.name)
    wish = SetAgent(
        CID,
        found.id,
        found.chat_limit if command.limit is None else command.limit,
        list(found.languages) if command.languages is None else command.languages,
        list(found.skills) if command.skills is None else command.skills,
    )
    made = _set_agent(sheet, actor, wish, now)
    made.value = Done(bool(made.news), f"{found.name} was set.", found.name)
    return made


def _set_system(sheet: WorkingSet, actor: Actor, command: SetSystem, now: int) -> Made:
    if not can(actor, Deed.administer):
        raise _unknown()
    changed = members.chat_limit(sheet.connection) != command.chat_limit
    letters.set_setting(sheet.connection, "chat_limit", str(command.chat_limit))
    record(sheet, actor, now, "set_system", "chat_limit", str(command.chat_limit))
    text = f"An agent may have {command.chat_limit} chats at once."
    return Made(news=[TeamChanged(0)] if changed else [], value=Done(changed, text, "system"))


def _set_member(sheet: WorkingSet, actor: Actor, command: SetMember, now: int) -> Made:
    found = _user(sheet, command.user)
    grants = users.grants_of(sheet.connection, command.user)
    if found is None or not can(actor, Deed.set_member, Thing(department=command.department)):
        raise _unknown()
    if not answers(grants, command.department):
        raise Refusal(Code.invalid, f"{found.display} does not answer chats of this department.")
    wish = Membership(command.department, command.tier, command.limit)
    if members.one(sheet.connection, found.id, command.department) == wish:
        return Made()
    members.save(sheet.connection, found.id, wish)
    detail = f"department {command.department}, tier {command.tier}, limit {command.limit}"
    record(sheet, actor, now, "set_member", found.name, detail)
    return Made(news=[TeamChanged(found.id)])


def _set_agent(sheet: WorkingSet, actor: Actor, command: SetAgent, now: int) -> Made:
    found = _user(sheet, command.user)
    if found is None or not supervises(sheet, actor, command.user, Deed.set_member):
        raise _unknown()
    changed = msgspec.structs.replace(
        found,
        chat_limit=command.limit,
        languages=_words(command.languages),
        skills=_words(command.skills),
    )
    if changed == found:
        return Made()
    users.save(sheet.connection, changed)
    detail = f"limit {command.limit}, languages {changed.languages}, skills {changed.skills}"
    record(sheet, actor, now, "set_agent", found.name, detail)
    return Made(news=[TeamChanged(found.id)])


def _words(given: list[str]) -> tuple[str, ...]:
    cleaned = (without_nul(word.strip().lower()) for word in given)
    return tuple(dict.fromkeys(word for word in cleaned if word))


def _user(sheet: WorkingSet, key: int) -> User | None:
    found = users.by_id(sheet.connection, key)
    return None if found is None or found.disabled else found


def _named(sheet: WorkingSet, actor: Actor, name: str) -> User:
    found = users.by_name(sheet.connection, name.strip().lower())
    if found is None:
        raise _missing(actor, f"There is no user {name}.")
    return found


def _department(sheet: WorkingSet, actor: Actor, slug: str) -> Department:
    found = departments.by_slug(sheet.connection, slug)
    if found is None:
        raise _missing(actor, f"There is no department {slug}.")
    return found


def _missing(actor: Actor, sentence: str) -> Refusal:
    """What is missing is said to who may change all of it; to others it is like what is not theirs."""
    return Refusal(Code.unknown, sentence) if can(actor, Deed.administer) else _unknown()


def _unknown() -> Refusal:
    return Refusal(Code.unknown, "There is no such colleague, or it is not yours to change.")


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    SetMember: _set_member,
    SetAgent: _set_agent,
    AddEverybody: _add_everybody,
    SetMemberOf: _set_member_of,
    SetAgentOf: _set_agent_of,
    SetSystem: _set_system,
}
