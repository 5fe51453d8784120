"""Commands that run the system: users, grants, departments, and the clock's own book-keeping."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from agentconsole.protocol import (
    MAX_NAME,
    MAX_PAGE,
    MAX_PRIORITY,
    MAX_TEXT,
    MAX_TOPIC,
    Away,
    Code,
    Grant,
    Leave,
    Role,
    Routing,
    State,
)

from ..domain import mailing, timetable
from ..domain.chat import decide
from ..domain.department import Department
from ..domain.level import checked_levels, level_text
from ..domain.life import Refusal, without_nul
from ..domain.policy import Actor, Deed, Thing, answering_in, answers, can
from ..storage import chats, departments, letters, seats, users
from ..storage.backlog import Work
from ..storage.chats import WorkingSet
from ..storage.users import User
from .left import ticketed
from .made import Change, DepartmentsChanged, Made, SessionsEnded, StaffChanged
from .slices import begin_work
from .succession import succeed
from .things import require

USER_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,79}")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
HOUR_S = 3_600
RECONNECT_MS = 60_000
CID = "administration"
SHARED = (
    "chat",
    "Chat",
)  # short name and name of the department that everybody shares while there is no other


class Order(msgspec.Struct, tag_field="t", forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """Base of what an operator may order; doing it twice is harmless."""


class AddUser(Order, tag="add_user", frozen=True):
    """Add a user without rights. The first one becomes administrator, agent and supervisor (``only_admin``: not more)."""

    name: str
    password_hash: str
    display: str = ""
    only_admin: bool = False


class SetPassword(Order, tag="set_password", frozen=True):
    """Give a user another password; all their sessions end."""

    name: str
    password_hash: str


class DisableUser(Order, tag="disable_user", frozen=True):
    """Lock a user out, or (``disabled`` false) let them in again; running chats go back to their queues."""

    name: str
    disabled: bool = True


class GiveGrant(Order, tag="give_grant", frozen=True):
    """Give a role in a department ('' = all)."""

    name: str
    role: Role
    department: str = ""


class WithdrawGrant(Order, tag="withdraw_grant", frozen=True):
    """Take a role in a department ('' = all) away; running chats without a right any more go back to their queues."""

    name: str
    role: Role
    department: str = ""


class AddDepartment(Order, tag="add_department", frozen=True):
    """Add a department; what is None gets the default.

    Opening hours come in writing (`timetable.rewritten`): ``days`` replaces those that differ, ``more_days`` adds some,
    ``usual_days`` are dates that differ no more. ``address`` to ``missed`` say how it writes mail (`Mailing`).
    """

    slug: str
    name: str | None = None
    description: str | None = None
    welcome: str | None = None
    topics: list[str] | None = None
    team: bool | None = None
    wrapup_s: int | None = None
    abandon_s: int | None = None
    waiting_s: int | None = None
    queue_limit: int | None = None
    to_solve: bool | None = None
    pages: list[str] | None = None
    priority: int | None = None
    routing: Routing | None = None
    agent_limit: int | None = None
    strict_limit: bool | None = None
    languages: list[str] | None = None
    skills: list[str] | None = None
    skill_wait_s: int | None = None
    reply_s: int | None = None
    offer_s: int | None = None
    wait_for_s: int | None = None
    away: Away | None = None
    overflow_to: str | None = None
    overflow_s: int | None = None
    idle_s: int | None = None
    guests: int | None = None
    guide: str | None = None
    hours: str | None = None
    note_required: bool | None = None
    alarms: list[str] | None = None
    levels: list[str] | None = None
    opening_zone: str | None = None
    chat_hours: str | None = None
    email_hours: str | None = None
    phone_hours: str | None = None
    days: list[str] | None = None
    more_days: list[str] | None = None
    usual_days: list[str] | None = None
    address: str | None = None
    also: list[str] | None = None
    mailbox: str | None = None
    plus: bool | None = None
    mail_name: str | None = None
    mail_language: str | None = None
    signature: str | None = None
    acknowledge: bool | None = None
    tell_solved: bool | None = None
    transcript: bool | None = None
    missed: bool | None = None
    mail_html: bool | None = None


class SetDepartment(AddDepartment, tag="set_department", frozen=True):
    """Change what is not None. With ``version``, only if nobody has changed it since."""

    archived: bool | None = None
    version: int = 0


class Awake(msgspec.Struct, frozen=True):
    """A server starts: all links are down, and what fell due while nobody was there gets that time on top."""


class Alive(msgspec.Struct, frozen=True):
    """The server is still there; the next start counts the downtime from now."""


class Done(msgspec.Struct, frozen=True):
    """What an order came to, as a sentence; ``changed`` false = it was so already."""

    changed: bool
    text: str
    about: str


# --- users ---------------------------------------------------------------------------------------------------------


def _add_user(sheet: WorkingSet, actor: Actor, command: AddUser, now: int) -> Made:
    require(actor, Deed.administer)
    connection = sheet.connection
    name = command.name.strip().lower()
    if not USER_NAME.fullmatch(name):
        raise Refusal(
            Code.invalid, "A user's name is made of letters a to z, digits and . _ - @ +, up to 80 of them."
        )
    if users.by_name(connection, name):
        return _same(name, f"{name} exists already; nothing was changed.")
    first = users.count(connection) == 0
    if command.only_admin and not first:
        raise Refusal(
            Code.invalid, f"Only the first user becomes administrator that way. Add {name}, then grant admin."
        )
    display = _short(command.display.strip() or name, MAX_NAME, "A display name")
    new = users.add(connection, User(0, name, display, command.password_hash, False, now))
    roles = [Role.admin] if first else []
    roles += [Role.agent, Role.supervisor] if first and not command.only_admin else []
    for role in roles:
        users.give(connection, new.id, Grant(role))
    given = f" with the roles {', '.join(roles)}" if roles else "; grant a role next"
    record(sheet, actor, now, "add_user", name, " ".join(roles))
    return _made(name, f"{name} was added{given}.", StaffChanged((new.id,)))


def _set_password(sheet: WorkingSet, actor: Actor, command: SetPassword, now: int) -> Made:
    require(actor, Deed.administer)
    found = _user(sheet, command.name)
    users.save(sheet.connection, msgspec.structs.replace(found, password_hash=command.password_hash))
    users.revoke_sessions(sheet.connection, found.id, now)
    record(sheet, actor, now, "set_password", found.name)
    return _made(
        found.name, f"{found.name} has a new password and must log in again.", SessionsEnded(found.id)
    )


def _disable_user(sheet: WorkingSet, actor: Actor, command: DisableUser, now: int) -> Made:
    require(actor, Deed.administer)
    found = _user(sheet, command.name)
    state = "disabled" if command.disabled else "enabled"
    if found.disabled == command.disabled:
        return _same(found.name, f"{found.name} is {state} already.")
    before = users.actor_of(sheet.connection, found)
    if command.disabled:
        _keep_an_admin(sheet, found)
        users.revoke_sessions(sheet.connection, found.id, now)
    users.save(sheet.connection, msgspec.structs.replace(found, disabled=command.disabled))
    changes = _give_back(sheet, before, (), now) if command.disabled else []
    record(sheet, actor, now, "disable_user" if command.disabled else "enable_user", found.name)
    made = _made(found.name, f"{found.name} is {state}.", StaffChanged((found.id,)))
    if command.disabled:
        made.news.insert(0, SessionsEnded(found.id))
        made.news.extend(begin_work(sheet, Work.free, found.id, now))
    made.changes = changes
    return made


def _give_grant(sheet: WorkingSet, actor: Actor, command: GiveGrant, now: int) -> Made:
    require(actor, Deed.administer)
    found = _user(sheet, command.name)
    if actor.id and actor.id == found.id:
        raise Refusal(Code.invalid, "Nobody gives rights to himself. Ask another administrator.")
    words = _grant_words(command.role, command.department)
    if not users.give(
        sheet.connection, found.id, Grant(command.role, _department_id(sheet, command.department))
    ):
        return _same(found.name, f"{found.name} is {words} already.")
    record(sheet, actor, now, "give_grant", found.name, words)
    return _made(found.name, f"{found.name} is now {words}.", StaffChanged((found.id,)))


def _withdraw_grant(sheet: WorkingSet, actor: Actor, command: WithdrawGrant, now: int) -> Made:
    require(actor, Deed.administer)
    found = _user(sheet, command.name)
    words = _grant_words(command.role, command.department)
    before = users.actor_of(sheet.connection, found)
    grant = Grant(command.role, _department_id(sheet, command.department))
    if grant not in before.grants:
        return _same(found.name, f"{found.name} is not {words}.")
    if command.role is Role.admin:
        _keep_an_admin(sheet, found)
    users.withdraw(sheet.connection, found.id, grant)
    left = tuple(other for other in before.grants if other != grant)
    changes = _give_back(sheet, before, left, now)
    record(sheet, actor, now, "withdraw_grant", found.name, words)
    made = _made(found.name, f"{found.name} is no longer {words}.", StaffChanged((found.id,)))
    made.news.extend(begin_work(sheet, Work.free, found.id, now))
    made.changes = changes
    return made


def _give_back(sheet: WorkingSet, owner: Actor, left: Iterable[Grant], now: int) -> list[Change]:
    """Give running chats of a user back where no grant covers answering them any more: to a colleague who has joined,
    else to their queue.

    Who had joined a chat leaves it. A chat in wrap-up keeps its owner; if it is reopened, it is given back then. Offers
    and invitations of who may not take them end by the dispatcher's next look.
    """
    left = tuple(left)
    changes = []
    for head in chats.open_chats(sheet.connection):
        running = head.state is State.active
        mine = running and head.owner == owner.id
        if not mine and owner.id not in head.guests:
            continue
        invited = not answers(owner.grants, head.department) and answering_in(left)
        if invited or answers(left, head.department):
            continue
        sheet.load((head.id,))
        if mine:
            after, entries = succeed(sheet, head, owner.party, now, tried=(owner.id,))
        else:
            leave = Leave(CID, head.id)
            after, entries = decide(head, owner, leave, now, sheet.department(head.department))
        sheet.change(after, entries)
        changes.append(Change(head, after, entries))
    return changes


def _keep_an_admin(sheet: WorkingSet, leaving: User) -> None:
    if users.admins(sheet.connection) <= {leaving.id} and not leaving.disabled:
        raise Refusal(Code.invalid, f"{leaving.name} is the last administrator. Make another one first.")


def _user(sheet: WorkingSet, name: str) -> User:
    found = users.by_name(sheet.connection, name.strip().lower())
    if found is None:
        raise Refusal(Code.unknown, f"There is no user {name}.")
    return found


def _grant_words(role: Role, department: str) -> str:
    return f"{role} in {department}" if department else f"{role} everywhere"


# --- departments ---------------------------------------------------------------------------------------------------


def _add_department(sheet: WorkingSet, actor: Actor, command: AddDepartment, now: int) -> Made:
    require(actor, Deed.add_department)
    if not SLUG.fullmatch(command.slug):
        raise Refusal(
            Code.invalid,
            "A department's short name is made of letters a to z, digits and -, up to 40 of them.",
        )
    if departments.by_slug(sheet.connection, command.slug):
        return _same(command.slug, f"{command.slug} exists already; nothing was changed.")
    _put_shared_away(sheet)
    fresh = Department(0, command.slug, command.slug.replace("-", " ").capitalize(), version=1)
    wish = _changed(sheet, fresh, command)
    _may_lead_mails(sheet, actor, fresh, wish)
    added = departments.add(sheet.connection, wish)
    record(sheet, actor, now, "add_department", command.slug)
    made = _made(command.slug, f"The department {command.slug} was added.", DepartmentsChanged())
    if actor.id and not can(actor, Deed.set_department, Thing(department=added.id)):
        users.give(sheet.connection, actor.id, Grant(Role.supervisor, added.id))
        made.news.append(StaffChanged((actor.id,)))
    return made


def _put_shared_away(sheet: WorkingSet) -> None:
    """Whoever makes departments has no use for the one that everybody shared, unless it was used or changed."""
    found = departments.every(sheet.connection)
    if len(found) != 1 or (found[0].slug, found[0].version) != (SHARED[0], 1):
        return
    used = chats.listed(sheet.connection, None, (), 0, 1) or letters.left_since(sheet.connection, 0, 1)
    if not used:
        departments.remove(sheet.connection, found[0].id)


def _set_department(sheet: WorkingSet, actor: Actor, command: SetDepartment, now: int) -> Made:
    found = department_to_change(sheet, actor, command.slug)
    if command.version and command.version != found.version:
        raise Refusal(Code.conflict, f"Somebody has changed {found.slug} meanwhile. Read it again.")
    wish = _changed(sheet, found, command)
    if command.archived is not None:
        wish = msgspec.structs.replace(wish, archived=command.archived)
    _may_lead_mails(sheet, actor, found, wish)
    if wish == found:
        return _same(found.slug, f"{found.slug} is so already.")
    departments.save(sheet.connection, msgspec.structs.replace(wish, version=found.version + 1))
    names = [name for name in wish.__struct_fields__ if getattr(wish, name) != getattr(found, name)]
    record(sheet, actor, now, "set_department", found.slug, " ".join(names))
    made = _made(found.slug, f"{found.slug} was changed.", DepartmentsChanged())
    if (wish.levels, wish.opening) != (found.levels, found.opening):
        made.news.extend(begin_work(sheet, Work.wind, found.id, now))
    return made


def _may_lead_mails(sheet: WorkingSet, actor: Actor, before: Department, after: Department) -> None:
    """Raises Refusal: where mails go and come from is the administrators' to say, and an address is one department's."""
    changed = [
        name for name in mailing.LEADING if getattr(before.mailing, name) != getattr(after.mailing, name)
    ]
    if changed and not can(actor, Deed.administer):
        raise Refusal(Code.invalid, f"Only an administrator sets {', '.join(changed)} of a department.")
    for other in departments.every(sheet.connection) if changed else ():
        shared = set(after.mailing.addresses) & set(other.mailing.addresses)
        if shared and other.id != before.id and not other.archived:
            raise Refusal(Code.conflict, f"{min(shared)} is the address of {other.slug} already.")


def department_to_change(sheet: WorkingSet, actor: Actor, slug: str) -> Department:
    """The department of this short name. Raises Refusal unknown, with its reason only to who may change them all."""
    found = departments.by_slug(sheet.connection, slug)
    require(actor, Deed.set_department, Thing(department=found.id if found else 0))
    return found or _department(sheet, slug)


def as_order(found: Department, slugs: Mapping[int, str]) -> SetDepartment:
    """The order that would make a department as it is; ``slugs`` by id."""
    seconds = {name: getattr(found, name[:-1] + "ms") // 1_000 for name in _fields() if name.endswith("_s")}
    same = {name: getattr(found, name, None) for name in _fields() if name not in seconds}
    lists = {name: list(value) for name, value in same.items() if isinstance(value, tuple)}
    overflow_to = slugs.get(found.overflow_to, "")
    levels = [level_text(level) for level in found.levels]
    words = {
        "overflow_to": overflow_to,
        "levels": levels,
        **timetable.texts(found.opening),
        **mailing.texts(found.mailing),
    }
    return SetDepartment(**{**same, **seconds, **lists, **words})


def _fields() -> tuple[str, ...]:
    return SetDepartment.__struct_fields__


def _changed(sheet: WorkingSet, found: Department, wish: AddDepartment) -> Department:
    changes: dict[str, Any] = {}
    if wish.name is not None:
        changes["name"] = _short(wish.name.strip(), MAX_NAME, "A department's name")
        if not changes["name"]:
            raise Refusal(Code.empty, "A department needs a name.")
    if wish.description is not None:
        changes["description"] = _short(wish.description, 500, "A description")
    if wish.welcome is not None:
        changes["welcome"] = _short(wish.welcome, 1_000, "A welcome")
    if wish.topics is not None:
        topics = tuple(_short(topic.strip(), MAX_TOPIC, "A topic") for topic in wish.topics)
        changes["topics"] = tuple(topic for topic in topics if topic)
        if len(topics) > 20:
            raise Refusal(Code.invalid, "More than 20 topics are no choice any more.")
    if wish.team is not None:
        changes["team"] = wish.team
    if wish.wrapup_s is not None:
        changes["wrapup_ms"] = 1_000 * _between(wish.wrapup_s, 0, HOUR_S, "Wrap-up seconds")
    if wish.abandon_s is not None:
        changes["abandon_ms"] = 1_000 * _between(wish.abandon_s, 5, HOUR_S, "Abandon seconds")
    if wish.waiting_s is not None:
        changes["waiting_ms"] = 1_000 * _between(wish.waiting_s, 1, 24 * HOUR_S, "Waiting seconds")
    if wish.queue_limit is not None:
        changes["queue_limit"] = _between(wish.queue_limit, 1, 100_000, "A queue's limit")
    changes.update(_routing(sheet, found, wish))
    try:
        changes["opening"] = timetable.rewritten(found.opening, wish)
        changes["mailing"] = mailing.rewritten(found.mailing, wish)
    except ValueError as error:
        raise Refusal(Code.invalid, str(error)) from None
    return msgspec.structs.replace(found, **changes)


def _routing(sheet: WorkingSet, found: Department, wish: AddDepartment) -> dict[str, Any]:
    changes: dict[str, Any] = {
        name: given
        for name in ("to_solve", "routing", "strict_limit", "away", "note_required")
        if (given := getattr(wish, name)) is not None
    }
    for name, least, most in NUMBERS:
        given = getattr(wish, name)
        if given is not None:
            changes[name] = _between(given, least, most, name.replace("_", " ").capitalize())
    for name, least, most in SECONDS:
        given = getattr(wish, f"{name}_s")
        if given is not None:
            what = name.replace("_", " ").capitalize() + " seconds"
            changes[f"{name}_ms"] = 1_000 * _between(given, least, most, what)
    for name, length in WORDS:
        given = getattr(wish, name)
        if given is not None:
            changes[name] = _list_of(given, length, name)
    if wish.hours is not None:
        changes["hours"] = _short(wish.hours.strip(), 200, "Opening hours")
    if wish.guide is not None:
        changes["guide"] = _short(wish.guide.strip(), MAX_TEXT, "A guide")
    if wish.levels is not None:
        try:
            changes["levels"] = checked_levels(wish.levels)
        except ValueError as error:
            raise Refusal(Code.invalid, str(error)) from None
    if wish.overflow_to is not None:
        to = _department_id(sheet, wish.overflow_to)
        if to and to == found.id:
            raise Refusal(Code.invalid, "A department cannot flow over into itself.")
        changes["overflow_to"] = to
    return changes


NUMBERS = (("priority", -MAX_PRIORITY, MAX_PRIORITY), ("agent_limit", 0, 1_000), ("guests", 0, 20))
SECONDS = (
    ("skill_wait", 0, 24 * HOUR_S),
    ("reply", 0, HOUR_S),
    ("offer", 5, HOUR_S),
    ("wait_for", 10, 24 * HOUR_S),
    ("overflow", 0, 24 * HOUR_S),
    ("idle", 0, 24 * HOUR_S),
)
WORDS = (("pages", MAX_PAGE), ("languages", 35), ("skills", 40), ("alarms", 80))


def _list_of(given: list[str], length: int, what: str) -> tuple[str, ...]:
    if len(given) > 200:
        raise Refusal(Code.invalid, f"More than 200 {what} are too many.")
    cleaned = (_short(word.strip().casefold(), length, f"One of the {what}") for word in given)
    return tuple(dict.fromkeys(word for word in cleaned if word))


def _department(sheet: WorkingSet, slug: str) -> Department:
    found = departments.by_slug(sheet.connection, slug)
    if found is None:
        raise Refusal(Code.unknown, f"There is no department {slug}.")
    return found


def _department_id(sheet: WorkingSet, slug: str) -> int:
    return _department(sheet, slug).id if slug else 0


def _short(written: str, limit: int, what: str) -> str:
    if len(written) > limit:
        raise Refusal(Code.too_long, f"{what} may have up to {limit:,} characters.")
    return without_nul(written)


def _between(number: int, least: int, most: int, what: str) -> int:
    if not least <= number <= most:
        raise Refusal(Code.invalid, f"{what} may be {least:,} to {most:,}, not {number:,}.")
    return number


# --- the clock -----------------------------------------------------------------------------------------------------


def _awake(sheet: WorkingSet, actor: Actor, command: Awake, now: int) -> Made:
    assert can(actor, Deed.expire)
    connection = sheet.connection
    alive = int(letters.settings(connection).get("alive_at", now))
    seats.lose_all(connection, now, now + RECONNECT_MS)
    chats.extend_timers(connection, max(0, now - alive))
    chats.lose_all_visitors(connection, now, RECONNECT_MS)
    letters.set_setting(connection, "alive_at", str(now))
    if not departments.every(connection):
        departments.add(connection, Department(0, *SHARED, team=True, version=1))
    ticketed(sheet, now)
    return Made()


def _alive(sheet: WorkingSet, actor: Actor, command: Alive, now: int) -> Made:
    assert can(actor, Deed.expire)
    letters.set_setting(sheet.connection, "alive_at", str(now))
    return Made()


# --- common --------------------------------------------------------------------------------------------------------


def record(sheet: WorkingSet, actor: Actor, now: int, deed: str, thing: str, detail: str = "") -> None:
    """Write into the audit log who did what to what."""
    letters.record(sheet.connection, now, actor.name or str(actor.side), deed, thing, detail)


def _same(about: str, sentence: str) -> Made:
    return Made(value=Done(False, sentence, about))


def _made(about: str, sentence: str, *news: Any) -> Made:
    return Made(news=list(news), value=Done(True, sentence, about))


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    AddUser: _add_user,
    SetPassword: _set_password,
    DisableUser: _disable_user,
    GiveGrant: _give_grant,
    WithdrawGrant: _withdraw_grant,
    AddDepartment: _add_department,
    SetDepartment: _set_department,
    Awake: _awake,
    Alive: _alive,
}
