"""The operator's door: a Unix socket in the data folder, over which `agentconsole admin` gives orders."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pwd
import socket
import stat
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from agentconsole.protocol import MAX_COUNTED, Code, Side, WebhookState, encode

from . import signing
from .desk import Desk
from .desk.admin import (
    AddDepartment,
    AddUser,
    DisableUser,
    Done,
    GiveGrant,
    SetDepartment,
    SetPassword,
    WithdrawGrant,
    as_order,
)
from .desk.availability import SetBreaks
from .desk.mailing import SettleMail
from .desk.receiving import DiscardMail
from .desk.sessions import EndSession, EndSessions
from .desk.team import AddEverybody, SetAgentOf, SetMemberOf, SetSystem
from .desk.templates import SetTemplate
from .desk.webhooks import CallAgain, mine
from .domain.life import Refusal
from .domain.policy import Actor
from .options import Options
from .secret import NoPassword, give_to_owner
from .storage import Connection, arrivals, departments, letters, templates, users, webhooks
from .storage.database import Database
from .tracing import traced

log = logging.getLogger("agentconsole.operator")

NAME = "operator.sock"
LONGEST = 262_144
SECONDS = 30.0
PATH_LIMIT = 100
WEBHOOKS = 200  # of a list


class Question(msgspec.Struct, tag_field="t", forbid_unknown_fields=True, frozen=True):
    """Base of what an operator may ask."""


class ListUsers(Question, tag="list_users", frozen=True):
    """All users with their grants."""


class ListDepartments(Question, tag="list_departments", frozen=True):
    """All departments with their settings."""


class ListSessions(Question, tag="list_sessions", frozen=True):
    """The sessions in force."""


class ListAudit(Question, tag="list_audit", frozen=True):
    """The newest lines of the audit log, oldest first; ``about`` = only those of one actor or object, as "chat 7"."""

    limit: Annotated[int, Meta(ge=1, le=100_000)] = 100
    about: str = ""


class ListTemplates(Question, tag="list_templates", frozen=True):
    """All templates of mails; ``department`` '' = for all."""


class ListWebhooks(Question, tag="list_webhooks", frozen=True):
    """Calls to other systems that have got so far, newest first."""

    state: WebhookState = WebhookState.given_up


class ShowWebhookSecret(Question, tag="show_webhook_secret", frozen=True):
    """What webhooks are signed with, so that who gets them can look."""


class ListHeld(Question, tag="list_held", frozen=True):
    """The newest mails in quarantine, or those that were ``ignored``, newest first."""

    ignored: bool = False


class TraceTicket(Question, tag="trace_ticket", frozen=True):
    """What became of the mails from and to the customer of a ticket, oldest first."""

    ticket: int


Wish = (
    AddUser
    | SetPassword
    | DisableUser
    | GiveGrant
    | WithdrawGrant
    | AddDepartment
    | SetDepartment
    | AddEverybody
    | SetSystem
    | SetMemberOf
    | SetAgentOf
    | SetBreaks
    | EndSession
    | EndSessions
    | ListUsers
    | ListDepartments
    | ListSessions
    | ListAudit
    | ListTemplates
    | ListWebhooks
    | ShowWebhookSecret
    | CallAgain
    | SetTemplate
    | ListHeld
    | TraceTicket
    | SettleMail
    | DiscardMail
)


class Answer(msgspec.Struct, omit_defaults=True):
    """What came of a wish: a refusal (``code`` and ``text``), what was done, or the rows asked for (``text`` beside them: which
    of them are left out).
    """

    code: Code | None = None
    text: str = ""
    done: Done | None = None
    rows: list[dict[str, Any]] | None = None


_wishes = msgspec.json.Decoder(Wish)
_answers = msgspec.json.Decoder(Answer)


def operator(uid: int) -> Actor:
    """Who gives orders from the machine's own command line."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Actor(Side.system, name=f"operator {name}")


async def carry_out(database: Database, desk: Desk, options: Options, actor: Actor, wish: Any) -> Answer:
    """Do it through the desk, or look it up."""
    if isinstance(wish, ShowWebhookSecret):
        return await _secret(options)
    if isinstance(wish, Question):
        now = desk.clock()
        if isinstance(wish, ListAudit):
            return Answer(rows=await database.read(lambda db: letters.recorded(db, wish.limit, wish.about)))
        if isinstance(wish, ListHeld):
            held = await database.read(lambda db: arrivals.detained(db, None, wish.ignored))
            return Answer(rows=[msgspec.structs.asdict(card) for card in held])
        if isinstance(wish, TraceTicket):
            rows = await database.read(lambda db: traced(db, wish.ticket))
            missing = f"There is no ticket {wish.ticket}."
            return Answer(Code.unknown, missing) if rows is None else Answer(rows=rows)
        if isinstance(wish, ListWebhooks):
            return await database.read(lambda db: _webhooks(db, actor, wish.state))
        return Answer(rows=await database.read(lambda db: _QUESTIONS[type(wish)](db, now)))
    try:
        made = await desk.handle(actor, wish)
    except Refusal as refusal:
        return Answer(refusal.code, refusal.text)
    return Answer(done=made.value)


async def _secret(options: Options) -> Answer:
    try:
        kept = await asyncio.to_thread(signing.written, options)
        signing.keys(kept)
    except NoPassword as problem:
        return Answer(Code.not_now, str(problem))
    return Answer(rows=[{"secret": word} for word in kept.split()])


def _users(db: Connection, now: int) -> list[dict[str, Any]]:
    slugs = {found.id: found.slug for found in departments.every(db)}
    grants = users.every_grant(db)
    return [
        {
            "name": user.name,
            "display": user.display,
            "disabled": user.disabled,
            "grants": [
                {"role": grant.role.value, "department": slugs.get(grant.department, "")}
                for grant in grants.get(user.id, ())
            ],
        }
        for user in users.every(db)
    ]


def _departments(db: Connection, now: int) -> list[dict[str, Any]]:
    every = departments.every(db)
    slugs = {found.id: found.slug for found in every}
    return [{"id": found.id, **msgspec.structs.asdict(as_order(found, slugs))} for found in every]


def _sessions(db: Connection, now: int) -> list[dict[str, Any]]:
    names = {user.id: user.name for user in users.every(db)}
    return [
        {
            "id": row.id,
            "user": names[row.user_id],
            "label": row.label,
            "created_at": row.created_at,
            "used_at": row.used_at,
            "expires_at": row.expires_at,
        }
        for row in users.sessions(db, now)
    ]


def _templates(db: Connection, now: int) -> list[dict[str, Any]]:
    slugs = {found.id: found.slug for found in departments.every(db)}
    return [
        {**msgspec.to_builtins(found), "department": slugs.get(found.department, "")}
        for found in templates.every(db)
    ]


def _webhooks(db: Connection, actor: Actor, state: WebhookState) -> Answer:
    whose = mine(db, actor)
    found = webhooks.in_state(db, state, whose, WEBHOOKS)
    rows = [msgspec.to_builtins(msgspec.structs.asdict(hook.card)) for hook in found]
    total = webhooks.total(db, state, whose)
    counted = f"{total:,}" if total < MAX_COUNTED else f"{total:,} or more"
    text = f"These are the newest {len(rows)} of {counted}." if total > len(rows) else ""
    return Answer(rows=rows, text=text)


_QUESTIONS: dict[type[Any], Callable[[Connection, int], list[dict[str, Any]]]] = {
    ListUsers: _users,
    ListDepartments: _departments,
    ListSessions: _sessions,
    ListTemplates: _templates,
}


# --- the socket ----------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def door(database: Database, desk: Desk, options: Options) -> AsyncIterator[None]:
    """Answer operators while the block lasts. Call it under the database's lock. Raises OSError."""

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                await _attend(database, desk, options, reader, writer)
        except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError):
            log.warning("an operator's connection broke off")
        finally:
            writer.close()

    listening = _listening(options.data)
    server = await asyncio.start_unix_server(attend, sock=listening, limit=LONGEST)
    try:
        yield
    finally:
        server.close()
        (options.data / NAME).unlink(missing_ok=True)


async def _attend(
    database: Database,
    desk: Desk,
    options: Options,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    uid = _peer(writer.get_extra_info("socket"))
    written = await reader.readuntil(b"\n")
    if uid not in (0, os.geteuid()):
        log.warning("an operator's connection of user %d was refused", uid)
        answer = Answer(Code.unknown, "Only root and the server's own user may give orders here.")
    else:
        answer = await _obey(database, desk, options, operator(uid), written)
    writer.write(encode(answer) + b"\n")
    await writer.drain()


async def _obey(database: Database, desk: Desk, options: Options, actor: Actor, written: bytes) -> Answer:
    try:
        wish = _wishes.decode(written)
    except (msgspec.MsgspecError, RecursionError) as error:
        return Answer(Code.bad_frame, f"This order cannot be read: {error}")
    answer = await carry_out(database, desk, options, actor, wish)
    log.info("%s ordered %s: %s", actor.name, type(wish).__name__, answer.code or "ok")
    return answer


def _peer(connection: Any) -> int:
    """The user on the other side; where the system does not tell, the file's mode has let only our own in."""
    if not hasattr(socket, "SO_PEERCRED"):
        return os.geteuid()
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[1])


def _listening(data: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _short(data) as path:
        Path(path).unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            listening.bind(path)
        finally:
            os.umask(before)
    listening.listen(16)
    listening.setblocking(False)
    return listening


@contextlib.contextmanager
def _short(data: Path) -> Iterator[str]:
    """A path to the socket that fits into a socket address, however deep the folder lies."""
    path = str(data / NAME)
    if len(os.fsencode(path)) <= PATH_LIMIT or not Path("/proc/self/fd").is_dir():
        yield path
        return
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{NAME}"
    finally:
        os.close(folder)


# --- the other side ------------------------------------------------------------------------------------------------


def ask(data: Path, wish: Any) -> Answer | None:
    """Give a wish to the running server; None = none answers in this data folder. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        try:
            with _short(data) as path:
                connection.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        connection.sendall(encode(wish) + b"\n")
        with connection.makefile("rb") as answers:
            line = answers.readline()
    if not line.endswith(b"\n"):
        raise OSError("the server broke off before it had answered")
    return _answers.decode(line)


def alone(options: Options, clock: Callable[[], int], wish: Any) -> Answer:
    """Carry a wish out without a server, under the same lock. Raises Locked, TooNew, Unreachable, OSError.

    What root makes in the folder is its owner's, as whom the server runs.
    """
    database = Database(options.database_url, options.data)
    try:
        database.lock()
        database.migrate()
        with database.named():
            return asyncio.run(_alone(database, options, clock, wish))
    finally:
        database.close()
        if os.geteuid() == 0:
            _give_all_to_owner(options.data)


def _give_all_to_owner(folder: Path) -> None:
    for path in folder.iterdir():
        if stat.S_ISREG(path.lstat().st_mode):
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                give_to_owner(file, folder)
            finally:
                os.close(file)


async def _alone(database: Database, options: Options, clock: Callable[[], int], wish: Any) -> Answer:
    desk = Desk(database, clock, lambda results: None)
    try:
        return await carry_out(database, desk, options, operator(os.geteuid()), wish)
    finally:
        desk.writer.close()
