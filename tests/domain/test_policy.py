"""The one question of right, against a second table: who may do what, over every grant and every kind of thing."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.backend.domain.policy import NOTHING, SYSTEM, Actor, Deed, Thing, can, departments_of
from agentconsole.protocol import Grant, Role, Side
from tests.domain.cast import ELSEWHERE, HERE, OWNER, VISITOR, staff, visitor

Rule = Callable[[Thing, Actor, bool], bool]  # thing, who asks, whether the grant covers its department


def never(thing: Thing, actor: Actor, covered: bool) -> bool:
    return False


def always(thing: Thing, actor: Actor, covered: bool) -> bool:
    return True


def department(thing: Thing, actor: Actor, covered: bool) -> bool:
    return covered


def assigned(thing: Thing, actor: Actor, covered: bool) -> bool:
    return thing.owner == actor.id


def taking_part(thing: Thing, actor: Actor, covered: bool) -> bool:
    return actor.id in (thing.owner, *thing.guests)


def called(thing: Thing, actor: Actor, covered: bool) -> bool:
    """Offered to me, I am invited, or offered to a department that this very grant covers (see `covers_call`)."""
    return actor.id in thing.called or covers_call(thing, actor.grants[0])


def covers_call(thing: Thing, grant: Grant) -> bool:
    return bool(thing.called_department) and grant.department in (0, thing.called_department)


def reachable(thing: Thing, actor: Actor, covered: bool) -> bool:
    return covered or taking_part(thing, actor, covered) or called(thing, actor, covered)


def agents_reading(thing: Thing, actor: Actor, covered: bool) -> bool:
    in_sight = covered and (thing.waiting or thing.team)
    return in_sight or taking_part(thing, actor, covered) or called(thing, actor, covered)


# One row for everything that somebody may want: agent, supervisor, analyst, admin.
MATRIX: dict[Deed, tuple[Rule, Rule, Rule, Rule]] = {
    Deed.see_queue: (department, department, department, never),
    Deed.read_chat: (agents_reading, reachable, department, never),
    Deed.see_preview: (agents_reading, reachable, department, never),
    Deed.observe: (never, department, department, never),
    Deed.take: (reachable, reachable, never, never),
    Deed.take_over: (never, department, never, never),
    Deed.join_chat: (agents_reading, reachable, never, never),
    Deed.answer: (taking_part, taking_part, never, never),
    Deed.note: (taking_part, department, never, never),
    Deed.release: (assigned, department, never, never),
    Deed.close: (assigned, department, never, never),
    Deed.reopen: (assigned, assigned, never, never),
    Deed.transfer: (assigned, department, never, never),
    Deed.force: (never, department, never, never),
    Deed.decline: (called, called, never, never),
    Deed.invite: (assigned, department, never, never),
    Deed.ask_help: (taking_part, taking_part, never, never),
    Deed.end_help: (taking_part, department, never, never),
    Deed.prioritise: (never, department, never, never),
    Deed.explain: (agents_reading, reachable, department, never),
    Deed.whisper: (never, department, never, never),
    Deed.message: (always, always, always, always),
    Deed.channel: (department, department, department, department),
    Deed.feedback_give: (never, department, department, never),
    Deed.feedback_read: (assigned, department, department, never),
    Deed.feedback_acknowledge: (assigned, assigned, assigned, assigned),
    Deed.visit: (never, never, never, never),
    Deed.customer_read: (agents_reading, reachable, never, never),
    Deed.customer_note: (taking_part, department, never, never),
    Deed.left_read: (department, department, never, never),
    Deed.left_handle: (department, department, never, never),
    Deed.set_own_status: (always, always, always, always),
    Deed.set_status: (never, department, never, never),
    Deed.set_member: (never, department, never, always),
    Deed.add_department: (never, always, never, always),
    Deed.set_department: (never, department, never, always),
    Deed.ticket_read: (department, department, department, never),
    Deed.ticket_answer: (department, department, never, never),
    Deed.ticket_change: (department, department, never, never),
    Deed.ticket_add: (department, department, never, never),
    Deed.file_add: (always, always, never, never),
    Deed.customer_merge: (never, department, never, never),
    Deed.filter_own: (always, always, never, never),
    Deed.filter_department: (never, department, never, never),
    Deed.set_rules: (never, department, never, always),
    Deed.see_mail: (never, department, never, never),
    Deed.settle_mail: (never, department, never, never),
    Deed.canned_own: (always, always, never, never),
    Deed.canned_department: (never, department, never, always),
    Deed.canned_everybody: (never, never, never, always),
    Deed.see_team: (always, always, always, always),
    Deed.administer: (never, never, never, always),
    Deed.expire: (never, never, never, never),
}
VISITORS = {Deed.read_chat, Deed.visit}
SYSTEMS = {
    *(Deed.administer, Deed.expire, Deed.set_status),
    *(Deed.set_member, Deed.add_department, Deed.set_department),
    *(Deed.ticket_read, Deed.ticket_change, Deed.ticket_add),
    *(Deed.set_rules, Deed.see_mail, Deed.settle_mail),
}
ROLES = (Role.agent, Role.supervisor, Role.analyst, Role.admin)
PLACES = (0, HERE, ELSEWHERE)
THINGS = [
    Thing(where, owner, VISITOR, waiting, over, team, guests, asked, asked_department)
    for where, owner, waiting, over, team, guests, asked, asked_department in itertools.product(
        (HERE, ELSEWHERE),
        (0, OWNER, 99),
        (False, True),
        (False, True),
        (False, True),
        ((), (OWNER, 98)),
        ((), (97, OWNER)),
        (0, HERE, ELSEWHERE),
    )
    if not (waiting and (over or owner)) and not (guests and owner != 99) and not (asked and asked_department)
]

grants = st.lists(st.builds(Grant, st.sampled_from(ROLES), st.sampled_from(PLACES)), max_size=4)
things = st.sampled_from(THINGS)
deeds = st.sampled_from(Deed)


def expected(grant: Grant, user: int, deed: Deed, thing: Thing) -> bool:
    rule = MATRIX[deed][ROLES.index(grant.role)]
    covered = grant.department in (0, thing.department)
    return rule(thing, staff(user, "x", grant), covered)


@pytest.mark.parametrize("deed", Deed)
def test_each_deed_of_each_role_at_each_place(deed: Deed) -> None:
    for role, place, thing in itertools.product(ROLES, PLACES, THINGS):
        grant = Grant(role, place)
        assert can(staff(OWNER, "Olga", grant), deed, thing) == expected(grant, OWNER, deed, thing), (
            grant,
            thing,
        )


@given(grants, deeds, things)
def test_rights_are_the_union_of_all_grants(held: list[Grant], deed: Deed, thing: Thing) -> None:
    alone = [can(staff(OWNER, "Olga", grant), deed, thing) for grant in held]
    assert can(staff(OWNER, "Olga", *held), deed, thing) == any(alone)


@given(deeds, things)
def test_without_a_grant_nothing_is_allowed(deed: Deed, thing: Thing) -> None:
    assert not can(staff(OWNER, "Olga"), deed, thing)


@given(deeds, things)
def test_a_visitor_may_visit_and_read_the_own_chat_alone(deed: Deed, thing: Thing) -> None:
    assert can(visitor(VISITOR), deed, thing) == (deed in VISITORS)
    assert not can(visitor(VISITOR + 1), deed, thing)
    assert not can(visitor(0), deed, thing)


@given(deeds)
def test_a_visitor_without_an_id_owns_no_nobodys_thing(deed: Deed) -> None:
    assert not can(visitor(0), deed, NOTHING)
    assert not can(Actor(Side.visitor, 0, grants=(Grant(Role.admin),)), deed, NOTHING)


@given(deeds)
def test_staff_without_an_id_owns_no_nobodys_thing(deed: Deed) -> None:
    somebody = Actor(Side.staff, 0, grants=(Grant(Role.agent, ELSEWHERE),))
    unowned = Thing(HERE, 0, VISITOR)
    anywhere = (
        Deed.set_own_status,
        Deed.canned_own,
        Deed.see_team,
        Deed.message,
        Deed.file_add,
        Deed.filter_own,
    )
    assert can(somebody, deed, unowned) == (deed in anywhere)
    assert can(somebody, deed, Thing(HERE, 0, VISITOR, guests=(0,), called=(0, 5))) == (deed in anywhere)


@given(deeds, things, grants)
def test_the_system_keeps_time_and_administers_and_grants_change_nothing(
    deed: Deed, thing: Thing, held: list[Grant]
) -> None:
    assert can(SYSTEM, deed, thing) == (deed in SYSTEMS)
    assert can(Actor(Side.system, grants=tuple(held)), deed, thing) == (deed in SYSTEMS)


def test_an_administrator_reads_no_conversation() -> None:
    admin = staff(1, "Adam", Grant(Role.admin))
    seeing = (Deed.see_queue, Deed.read_chat, Deed.see_preview, Deed.observe, Deed.explain)
    for deed in (*seeing, Deed.customer_read, Deed.left_read, Deed.feedback_read):
        assert not any(can(admin, deed, thing) for thing in THINGS)


@given(grants)
def test_where_somebody_has_a_role(held: list[Grant]) -> None:
    found = departments_of(staff(1, "x", *held), Role.agent, Role.supervisor)
    for place in (HERE, ELSEWHERE):
        covered = any(
            grant.role in (Role.agent, Role.supervisor) and grant.department in (0, place) for grant in held
        )
        assert (found is None or place in found) == covered


def test_the_matrix_names_every_deed() -> None:
    assert set(MATRIX) == set(Deed)
