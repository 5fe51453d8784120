"""Who may do what: the one question of right, asked at every door."""

from __future__ import annotations

import msgspec

from agentconsole.protocol import Grant, Party, Role, Side, Term


class Deed(Term):
    """Everything that somebody might want to do; a row of RIGHTS each."""

    see_queue = "see_queue"
    read_chat = "read_chat"
    see_preview = "see_preview"
    take = "take"
    answer = "answer"
    note = "note"
    release = "release"
    close = "close"
    reopen = "reopen"
    visit = "visit"
    customer_read = "customer_read"
    customer_note = "customer_note"
    left_read = "left_read"
    left_handle = "left_handle"
    set_own_status = "set_own_status"
    set_status = "set_status"
    observe = "observe"
    join_chat = "join_chat"
    take_over = "take_over"
    transfer = "transfer"
    force = "force"
    decline = "decline"
    invite = "invite"
    ask_help = "ask_help"
    end_help = "end_help"
    prioritise = "prioritise"
    explain = "explain"
    whisper = "whisper"
    message = "message"
    channel = "channel"
    feedback_give = "feedback_give"
    feedback_read = "feedback_read"
    feedback_acknowledge = "feedback_acknowledge"
    set_member = "set_member"
    add_department = "add_department"
    set_department = "set_department"
    ticket_read = "ticket_read"
    ticket_answer = "ticket_answer"
    ticket_change = "ticket_change"
    ticket_add = "ticket_add"
    file_add = "file_add"
    customer_merge = "customer_merge"
    filter_own = "filter_own"
    filter_department = "filter_department"
    set_rules = "set_rules"
    see_mail = "see_mail"
    settle_mail = "settle_mail"
    canned_own = "canned_own"
    canned_department = "canned_department"
    canned_everybody = "canned_everybody"
    see_team = "see_team"
    administer = "administer"
    expire = "expire"


class Who(Term):
    """In which quality somebody asks: a role, or one of the two that no grant gives."""

    visitor = "visitor"
    agent = "agent"
    supervisor = "supervisor"
    analyst = "analyst"
    admin = "admin"
    system = "system"


WHO = {role: Who(role) for role in Role}


class Reach(Term):
    """How far a right goes."""

    own = "own"  # the visitor's own chat
    assigned = "assigned"  # chats that I answer
    taking_part = "taking_part"  # chats that I answer or have joined
    reading = (
        "reading"  # those; what is offered to me; my department's if open to colleagues, and its waiting ones
    )
    called = "called"  # what is offered to me or to my department, or I am invited to
    reachable = (
        "reachable"  # everything of a department that the grant covers; what I take part in or am called to
    )
    department = "department"  # everything of a department that the grant covers
    everywhere = "everywhere"


_STAFF = (Who.agent, Who.supervisor, Who.analyst, Who.admin)

RIGHTS: dict[Deed, dict[Who, Reach]] = {
    Deed.see_queue: {
        Who.agent: Reach.department,
        Who.supervisor: Reach.department,
        Who.analyst: Reach.department,
    },
    Deed.read_chat: {
        Who.visitor: Reach.own,
        Who.agent: Reach.reading,
        Who.supervisor: Reach.reachable,
        Who.analyst: Reach.department,
    },
    Deed.observe: {Who.supervisor: Reach.department, Who.analyst: Reach.department},
    Deed.see_preview: {
        Who.agent: Reach.reading,
        Who.supervisor: Reach.reachable,
        Who.analyst: Reach.department,
    },
    Deed.take: {Who.agent: Reach.reachable, Who.supervisor: Reach.reachable},
    Deed.take_over: {Who.supervisor: Reach.department},
    Deed.join_chat: {Who.agent: Reach.reading, Who.supervisor: Reach.reachable},
    Deed.answer: {Who.agent: Reach.taking_part, Who.supervisor: Reach.taking_part},
    Deed.note: {Who.agent: Reach.taking_part, Who.supervisor: Reach.department},
    Deed.release: {Who.agent: Reach.assigned, Who.supervisor: Reach.department},
    Deed.close: {Who.agent: Reach.assigned, Who.supervisor: Reach.department},
    Deed.reopen: {Who.agent: Reach.assigned, Who.supervisor: Reach.assigned},
    Deed.transfer: {Who.agent: Reach.assigned, Who.supervisor: Reach.department},
    Deed.force: {Who.supervisor: Reach.department},
    Deed.decline: {Who.agent: Reach.called, Who.supervisor: Reach.called},
    Deed.invite: {Who.agent: Reach.assigned, Who.supervisor: Reach.department},
    Deed.ask_help: {Who.agent: Reach.taking_part, Who.supervisor: Reach.taking_part},
    Deed.end_help: {Who.agent: Reach.taking_part, Who.supervisor: Reach.department},
    Deed.prioritise: {Who.supervisor: Reach.department},
    Deed.explain: {
        Who.agent: Reach.reading,
        Who.supervisor: Reach.reachable,
        Who.analyst: Reach.department,
    },
    Deed.whisper: {Who.supervisor: Reach.department},
    Deed.message: dict.fromkeys(_STAFF, Reach.everywhere),
    Deed.channel: dict.fromkeys(_STAFF, Reach.department),
    Deed.feedback_give: {Who.supervisor: Reach.department, Who.analyst: Reach.department},
    Deed.feedback_read: {
        Who.agent: Reach.assigned,
        Who.supervisor: Reach.department,
        Who.analyst: Reach.department,
    },
    Deed.feedback_acknowledge: dict.fromkeys(_STAFF, Reach.assigned),
    Deed.visit: {Who.visitor: Reach.own},
    Deed.customer_read: {Who.agent: Reach.reading, Who.supervisor: Reach.reachable},
    Deed.customer_note: {Who.agent: Reach.taking_part, Who.supervisor: Reach.department},
    Deed.left_read: {Who.agent: Reach.department, Who.supervisor: Reach.department},
    Deed.left_handle: {Who.agent: Reach.department, Who.supervisor: Reach.department},
    Deed.set_own_status: dict.fromkeys(_STAFF, Reach.everywhere),
    Deed.set_status: {Who.supervisor: Reach.department, Who.system: Reach.everywhere},
    Deed.set_member: {
        Who.supervisor: Reach.department,
        Who.admin: Reach.everywhere,
        Who.system: Reach.everywhere,
    },
    Deed.ticket_read: {
        Who.agent: Reach.department,
        Who.supervisor: Reach.department,
        Who.analyst: Reach.department,
        Who.system: Reach.everywhere,
    },
    Deed.ticket_answer: {Who.agent: Reach.department, Who.supervisor: Reach.department},
    Deed.ticket_change: {
        Who.agent: Reach.department,
        Who.supervisor: Reach.department,
        Who.system: Reach.everywhere,
    },
    Deed.ticket_add: {
        Who.agent: Reach.department,
        Who.supervisor: Reach.department,
        Who.system: Reach.everywhere,
    },
    Deed.file_add: {Who.agent: Reach.everywhere, Who.supervisor: Reach.everywhere},
    Deed.customer_merge: {Who.supervisor: Reach.department},
    Deed.filter_own: {Who.agent: Reach.everywhere, Who.supervisor: Reach.everywhere},
    Deed.filter_department: {Who.supervisor: Reach.department},
    Deed.set_rules: {
        Who.supervisor: Reach.department,
        Who.admin: Reach.everywhere,
        Who.system: Reach.everywhere,
    },
    Deed.see_mail: {Who.supervisor: Reach.department, Who.system: Reach.everywhere},
    Deed.settle_mail: {Who.supervisor: Reach.department, Who.system: Reach.everywhere},
    Deed.canned_own: {Who.agent: Reach.everywhere, Who.supervisor: Reach.everywhere},
    Deed.canned_department: {Who.supervisor: Reach.department, Who.admin: Reach.everywhere},
    Deed.canned_everybody: {Who.admin: Reach.everywhere},
    Deed.see_team: dict.fromkeys(_STAFF, Reach.everywhere),
    Deed.add_department: {
        Who.supervisor: Reach.everywhere,
        Who.admin: Reach.everywhere,
        Who.system: Reach.everywhere,
    },
    Deed.set_department: {
        Who.supervisor: Reach.department,
        Who.admin: Reach.everywhere,
        Who.system: Reach.everywhere,
    },
    Deed.administer: {Who.admin: Reach.everywhere, Who.system: Reach.everywhere},
    Deed.expire: {Who.system: Reach.everywhere},
}


class Actor(msgspec.Struct, frozen=True):
    """Who asks: made by a door from the connection, never from a message.

    ``id`` is the user's or visitor's id, 0 for the system and for a visitor whose first chat is still to come.
    """

    side: Side
    id: int = 0
    name: str = ""
    display: str = ""
    grants: tuple[Grant, ...] = ()
    token_hash: bytes = b""

    @property
    def party(self) -> Party:
        """The signature under this actor's events."""
        return Party(self.side, self.id if self.side is Side.staff else 0, self.display)


SYSTEM = Actor(Side.system)


class Thing(msgspec.Struct, frozen=True, gc=False):
    """What the question is about, as plain facts; the default is something that belongs to nobody."""

    department: int = 0
    owner: int = 0
    visitor: int = 0
    waiting: bool = False
    over: bool = False
    team: bool = False
    guests: tuple[int, ...] = ()
    called: tuple[int, ...] = ()
    called_department: int = 0


NOTHING = Thing()


def can(actor: Actor, deed: Deed, thing: Thing = NOTHING) -> bool:
    """May this actor do this deed to this thing? The default is no."""
    reaches = RIGHTS[deed]
    if actor.side is Side.system:
        return Who.system in reaches
    if actor.side is Side.visitor:
        return reaches.get(Who.visitor) is Reach.own and actor.id != 0 and thing.visitor == actor.id
    for grant in actor.grants:
        reach = reaches.get(WHO[grant.role])
        if reach is not None and _reached(reach, grant, actor, thing):
            return True
    return False


def _reached(reach: Reach, grant: Grant, actor: Actor, thing: Thing) -> bool:
    if reach is Reach.own:
        return False
    if reach is Reach.everywhere:
        return True
    covered = grant.department in (0, thing.department)
    if reach is Reach.department:
        return covered
    if reach is Reach.assigned:
        return _is(actor, (thing.owner,))
    if reach is Reach.taking_part:
        return _is(actor, (thing.owner, *thing.guests))
    called = _is(actor, thing.called) or (
        thing.called_department != 0 and grant.department in (0, thing.called_department)
    )
    if reach is Reach.called:
        return called
    near = called or _is(actor, (thing.owner, *thing.guests))
    if reach is Reach.reachable:
        return covered or near
    return near or (covered and (thing.team or thing.waiting))


def _is(actor: Actor, users: tuple[int, ...]) -> bool:
    return actor.id != 0 and actor.id in users


def departments_of(actor: Actor, *roles: Role) -> frozenset[int] | None:
    """The departments in which the actor has one of these roles; None = all of them."""
    found = [grant.department for grant in actor.grants if grant.role in roles]
    return None if 0 in found else frozenset(found)


ANSWERING = (Role.agent, Role.supervisor)


def answers(grants: tuple[Grant, ...], department: int) -> bool:
    """Do these grants let somebody answer chats of this department?"""
    return any(grant.role in ANSWERING and grant.department in (0, department) for grant in grants)


def is_given(grants: tuple[Grant, ...], department: int) -> bool:
    """Does the dispatcher give chats of this department to somebody with these grants? Supervisors take by hand."""
    return any(grant.role is Role.agent and grant.department in (0, department) for grant in grants)


def answering_in(grants: tuple[Grant, ...]) -> list[int]:
    """The departments whose chats somebody with these grants answers, ascending; [0] = all."""
    found = sorted({grant.department for grant in grants if grant.role in ANSWERING})
    return [0] if 0 in found else found
