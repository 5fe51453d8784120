"""What staff and visitors say over their sockets, word by word."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any

from agentconsole.protocol import (
    MAX_NAME,
    MAX_PAGE,
    MAX_TEXT,
    Ack,
    BadFrame,
    Browse,
    Bye,
    Code,
    Explain,
    LeaveMessage,
    Older,
    OlderMessages,
    Open,
    Ping,
    Pong,
    ReadMessages,
    Refused,
    Say,
    Seen,
    Shut,
    Side,
    StaffHello,
    Start,
    Typing,
    ViewTicket,
    VisitorAck,
    VisitorHello,
    Wall,
    decode_staff_command,
    decode_visitor_command,
    encode,
)

from .auth import token_hash
from .desk import Desk, Made
from .desk.talking import Looked, Watched, may_read_room, watches
from .desk.visits import BeginChat, BeginMessage, TouchVisitor, Where
from .domain.chat import VisitorPage
from .domain.life import Head, is_open, takes_part, thing
from .domain.policy import SYSTEM, Actor, Deed, can
from .domain.spans import HOUR_MS
from .greetings import explanations, greet_staff, greet_visitor, open_chat, show_chat
from .hub import Hub
from .limits import Rate, millis
from .options import Options
from .readers import StaffReader, VisitorReader, pack
from .sockets import Socket, Talk
from .storage import Connection, chats, messages, tickets, users, visitors
from .views import staff_event

POLICY, RIGHTS_CHANGED, LATER = 1008, 1012, 1013
SESSION_ENDED, TOKEN_EXPIRED = 4001, 4002
TYPING_PERIOD = 0.5


class Desks:
    """What talks share: the desk, the hub, the rates of a visitor, and this run's name."""

    def __init__(
        self,
        desk: Desk,
        hub: Hub,
        run: str,
        clock: Callable[[], float],
        options: Options,
    ) -> None:
        self.desk = desk
        self.hub = hub
        self.run = run
        self.clock = clock
        self.options = options
        seconds = options.chats_minutes * 60
        self.messages = Rate(options.message_burst, 1 / options.messages_per_second, clock)
        self.starts_by_token = Rate(options.chats_per_token, seconds / options.chats_per_token, clock)
        self.starts_by_address = Rate(options.chats_per_address, seconds / options.chats_per_address, clock)


def _words(text: str, limit: int) -> str:
    return text[:limit]


class _Typing:
    """Typing, at most twice a second; the newest wins."""

    __slots__ = ("_clock", "_next", "_pending")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next = 0.0
        self._pending: Callable[[], None] | None = None

    def tell(self, call: Callable[[], None]) -> None:
        now = self._clock()
        if self._pending is not None:
            self._pending = call
        elif now >= self._next:
            self._next = now + TYPING_PERIOD
            call()
        else:
            self._pending = call
            asyncio.get_running_loop().call_later(self._next - now, self._now)

    def _now(self) -> None:
        call, self._pending = self._pending, None
        self._next = self._clock() + TYPING_PERIOD
        if call is not None:
            call()


def _greet_once(socket: Socket, hello: Coroutine[Any, Any, None]) -> None:
    if socket.greeted:
        hello.close()
        raise BadFrame("hello was said already")
    socket.greeted = True
    socket.pause()
    socket.door.start(socket.close, hello)


class VisitorTalk(Talk):
    """A visitor's socket."""

    def __init__(self, desks: Desks, socket: Socket) -> None:
        self.buffer = desks.options.visitor_buffer
        self._desks = desks
        self._socket = socket
        self._reader: VisitorReader | None = None
        self._typing: _Typing | None = None
        self._touched_at = 0

    def heard(self, data: bytes) -> None:
        """Part of Talk."""
        command = decode_visitor_command(data)
        reader = self._reader
        if isinstance(command, Say) and reader is not None:
            if self._allowed(reader, command):
                self._submit(reader.actor, command, command.cid)
        elif isinstance(command, VisitorHello):
            _greet_once(self._socket, self._hello(command))
        elif isinstance(command, Ping):
            self._send(Pong(command.n, self._desks.desk.clock()))
            if reader is not None:
                self._touch(reader)
        elif reader is None:
            raise BadFrame("hello comes first")
        elif isinstance(command, Start):
            self._start(reader, command)
        elif isinstance(command, LeaveMessage):
            self._leave_message(reader, command)
        elif isinstance(command, Typing):
            self._tell_typing(reader, command)
        elif isinstance(command, Seen):
            head = self._own(reader, command.chat)
            if head is not None:
                self._desks.hub.marks.put(Side.visitor, head, command.delivered, command.read)
        elif isinstance(command, Browse):
            self._browse(reader, command)
        elif self._allowed(reader, command):
            self._submit(reader.actor, command, command.cid)

    async def _hello(self, command: VisitorHello) -> None:
        desks, digest = self._desks, token_hash(command.token)
        now = desks.desk.clock()
        found, ended = await desks.hub.database.read(lambda db: _visit(db, digest))
        if desks.hub.sockets_of(digest) >= desks.options.sockets_per_token:
            self._send(Bye("This visit is open in too many windows.", 60_000))
            self._socket.close(LATER, "too many windows")
            return
        if found is not None and found.expired(now):
            self._send(Refused(Code.expired, "This visit is too old. Please begin again."))
            self._socket.close(TOKEN_EXPIRED, "token expired")
            return
        known = found.id if found else desks.hub.visitor_of(digest)
        actor = Actor(Side.visitor, known, token_hash=digest)
        socket = self._socket
        reader = VisitorReader(actor, socket.address, socket.send, socket.close)
        reader.drain = socket.drain
        reader.page = _words(command.page, MAX_PAGE)
        reader.page_title = _words(command.page_title, MAX_NAME * 2)
        reader.language = command.language
        reader.drill = command.drill
        self._reader = reader
        if socket.transport.is_closing():
            return
        self._touched_at = found.used_at if found else now
        self._touch(reader)
        cursors = {cursor.chat: cursor.pub for cursor in command.cursors}
        await greet_visitor(desks.hub, reader, cursors, desks.run, now, ended)
        if reader.page:
            self._tell_page(reader)
        socket.go_on()

    def _touch(self, reader: VisitorReader) -> None:
        """A visit is not idle while a window is there; so much is written once an hour."""
        now = self._desks.desk.clock()
        if reader.actor.id and now - self._touched_at >= HOUR_MS:
            self._touched_at = now
            self._desks.desk.submit(SYSTEM, TouchVisitor(reader.actor.id), _quiet)

    def _start(self, reader: VisitorReader, command: Start) -> None:
        if not self._has_open(reader, command.department):
            wait = self._desks.starts_by_token.take(reader.actor.token_hash)
            wait = wait or self._desks.starts_by_address.take(reader.address)
            if wait:
                text = "You have begun many chats in a short time. Please wait a little."
                self._send(Refused(Code.slow_down, text, command.cid, retry_ms=millis(wait)))
                return
        if self._allowed(reader, command):
            self._submit(reader.actor, BeginChat(command.cid, command, self._where(reader)), command.cid)

    def _has_open(self, reader: VisitorReader, department: int) -> bool:
        board = self._desks.hub.board
        return any(board.heads[key].home == department for key in board.of_visitor.get(reader.actor.id, ()))

    def _leave_message(self, reader: VisitorReader, command: LeaveMessage) -> None:
        if self._allowed(reader, command):
            wait = self._desks.starts_by_address.take(reader.address)
            if wait:
                text = "Many messages have come from here in a short time. Please wait a little."
                self._send(Refused(Code.slow_down, text, command.cid, retry_ms=millis(wait)))
                return
            letter = BeginMessage(command.cid, command, self._where(reader))
            self._submit(reader.actor, letter, command.cid)

    def _where(self, reader: VisitorReader) -> Where:
        return Where(reader.page, reader.page_title, reader.language, reader.drill)

    def _allowed(self, reader: VisitorReader, command: Any) -> bool:
        wait = self._desks.messages.take(reader.actor.token_hash)
        if wait:
            text = "That was a lot at once. Please wait a moment."
            self._send(Refused(Code.slow_down, text, command.cid, retry_ms=millis(wait)))
        return not wait

    def _own(self, reader: VisitorReader, chat: int) -> Head | None:
        head = self._desks.hub.board.heads.get(chat)
        return head if head is not None and head.visitor == reader.actor.id else None

    def _tell_typing(self, reader: VisitorReader, command: Typing) -> None:
        if self._typing is None:
            self._typing = _Typing(self._desks.clock)
        self._typing.tell(functools.partial(self._preview, reader, command))

    def _preview(self, reader: VisitorReader, command: Typing) -> None:
        head = self._own(reader, command.chat)
        if head is not None:
            self._desks.hub.typists.tell_preview(head, _words(command.text, MAX_TEXT))

    def _browse(self, reader: VisitorReader, command: Browse) -> None:
        reader.page = _words(command.page, MAX_PAGE)
        reader.page_title = _words(command.page_title, MAX_NAME * 2)
        if self._allowed_quietly(reader):
            self._tell_page(reader)

    def _allowed_quietly(self, reader: VisitorReader) -> bool:
        return not self._desks.messages.take(reader.actor.token_hash)

    def _tell_page(self, reader: VisitorReader) -> None:
        for chat in self._desks.hub.board.of_visitor.get(reader.actor.id, ()):
            page = VisitorPage(chat, reader.page, reader.page_title)
            self._desks.desk.submit(reader.actor, page, lambda made: None)

    def _submit(self, actor: Actor, command: Any, cid: str) -> None:
        self._desks.desk.submit(actor, command, functools.partial(self._answer, cid))

    def _answer(self, cid: str, made: Made) -> None:
        if made.refusal is not None:
            self._send(Refused(made.refusal.code, made.refusal.text, cid, made.about, made.refusal.retry_ms))
            return
        if made.visitor and self._reader is not None and not self._reader.actor.id:
            self._recognised(made.visitor)
        self._send(VisitorAck(cid, made.about, made.pub))
        self._socket.hurry()

    def _recognised(self, visitor: int) -> None:
        assert self._reader is not None
        hub, digest = self._desks.hub, self._reader.actor.token_hash
        for window in hub.recognise(digest, Actor(Side.visitor, visitor, token_hash=digest)):
            for chat in sorted(hub.board.of_visitor.get(visitor, ())):
                if window.hold(chat):
                    work = show_chat(hub, window, hub.board.heads[chat], None)
                    self._socket.door.start(window.close, work)

    def _send(self, word: object) -> None:
        self._socket.send(pack(encode(word)))

    def gone(self) -> None:
        """Part of Talk."""
        if self._reader is not None:
            self._desks.hub.leave_visitor(self._reader)


def _visit(db: Connection, digest: bytes) -> tuple[visitors.Visitor | None, Head | None]:
    found = visitors.by_token(db, digest)
    if found is None:
        return None, None
    last = next((head for head in chats.of_visitor(db, found.id) if not is_open(head.state)), None)
    return found, last


class StaffTalk(Talk):
    """A console's socket."""

    def __init__(self, desks: Desks, socket: Socket) -> None:
        self.buffer = desks.options.staff_buffer
        self._desks = desks
        self._socket = socket
        self._reader: StaffReader | None = None
        self._typing: _Typing | None = None
        self._opening: set[int] = set()
        self._viewing: ViewTicket | None = None
        self._watching = asyncio.Lock()  # a chat that is opened twice in a row is watched once

    def heard(self, data: bytes) -> None:
        """Part of Talk."""
        command = decode_staff_command(data)
        reader = self._reader
        if isinstance(command, Say) and reader is not None:
            self._desks.desk.submit(reader.actor, command, functools.partial(self._answer, command.cid))
        elif isinstance(command, StaffHello):
            _greet_once(self._socket, self._hello(command))
        elif isinstance(command, Ping):
            self._send(Pong(command.n, self._desks.desk.clock()))
        elif reader is None:
            raise BadFrame("hello comes first")
        elif isinstance(command, Typing):
            self._tell_typing(reader, command)
        elif isinstance(command, Seen):
            self._seen(reader, command)
        elif isinstance(command, Shut):
            self._opening.discard(command.chat)
            head = self._desks.hub.board.heads.get(command.chat)
            if head is None or not takes_part(head, reader.actor.id):
                self._desks.hub.unfollow(reader, command.chat)
        elif isinstance(command, Wall):
            wall = self._desks.hub.wall
            (wall.show if command.on else wall.hide)(reader)
        elif isinstance(command, ReadMessages):
            self._desks.desk.submit(reader.actor, command, _quiet)
        elif isinstance(command, ViewTicket):
            self._viewing = command
            self._socket.door.start(self._socket.close, self._view(reader, command))
        elif isinstance(command, Explain):
            self._socket.door.start(self._socket.close, self._explain(reader, command))
        elif isinstance(command, OlderMessages):
            self._socket.door.start(self._socket.close, self._older_messages(reader, command))
        elif isinstance(command, Open):
            self._opening.add(command.chat)
            self._socket.door.start(self._socket.close, self._open(reader, command))
        elif isinstance(command, Older):
            self._socket.door.start(self._socket.close, self._older(reader, command))
        else:
            self._desks.desk.submit(reader.actor, command, functools.partial(self._answer, command.cid))

    async def _hello(self, command: StaffHello) -> None:
        desks, socket = self._desks, self._socket
        now = desks.desk.clock()
        digest, rights = token_hash(command.token), desks.hub.rights
        found = await desks.hub.database.read(lambda db: users.actor_by_token(db, digest, now))
        if found is None:
            self._send(Refused(Code.login, "This session has ended. Please log in again."))
            socket.close(SESSION_ENDED, "log in again")
            return
        actor, session = found
        reader = StaffReader(actor, socket.address, socket.send, socket.close, session.id)
        reader.drain = socket.drain
        reader.allow = socket.allow
        reader.silent_ms = socket.silent_ms
        reader.expires_at = session.expires_at
        self._reader = reader
        if socket.transport.is_closing():
            return
        cursors = {cursor.chat: cursor.seq for cursor in command.cursors}
        if await greet_staff(desks.hub, reader, cursors, desks.run, now, rights):
            socket.go_on()
        else:
            self._send(Bye("Your rights have changed.", 0))
            socket.close(RIGHTS_CHANGED, "rights changed")

    async def _readable(self, reader: StaffReader, chat: int) -> Head | None:
        hub = self._desks.hub
        head = hub.board.heads.get(chat) or await hub.database.read(lambda db: chats.one(db, chat))
        return head if head is not None and hub.may_read(reader.actor, head) else None

    def _refuse_unknown(self, cid: str, chat: int) -> None:
        self._send(Refused(Code.unknown, "There is no such chat, or it is not yours to see.", cid, chat))

    async def _open(self, reader: StaffReader, command: Open) -> None:
        head = await self._readable(reader, command.chat)
        if head is None:
            self._refuse_unknown(command.cid, command.chat)
            return
        if self._desks.hub.comes_to_watch(reader, head):
            async with self._watching:
                head = head if head.id in reader.following else await self._watch(reader, head)
            if head is None:
                self._refuse_unknown(command.cid, command.chat)
                return
        reader.send(pack(encode(self._desks.hub.card(head))))
        await open_chat(self._desks.hub, reader, head, command.after or None, command.cid)
        if head.id not in self._opening and not takes_part(head, reader.actor.id):
            self._desks.hub.unfollow(reader, head.id)  # it was shut while it was being opened

    async def _watch(self, reader: StaffReader, head: Head) -> Head | None:
        """The chat, watched from now on; the audit log knows before the first line. None = meanwhile the right to
        read it, or the reader, has gone."""
        hub, desk = self._desks.hub, self._desks.desk
        silently = watches(head, reader.actor)
        if silently:
            await desk.handle(reader.actor, Watched(head.id, True))
        now = await self._readable(reader, head.id) if reader in hub.staff else None
        if now is not None and hub.comes_to_watch(reader, now):
            hub.follow(reader, now.id)  # first: who follows is named to those who answer
            hub.watch(reader, now)
        elif silently and head.id not in reader.watching:
            desk.submit(reader.actor, Watched(head.id, False), _quiet)
        return now

    async def _view(self, reader: StaffReader, command: ViewTicket) -> None:
        """Look at a ticket; of two words the last counts, whichever is looked up first."""
        found = await self._desks.hub.database.read(lambda db: tickets.one(db, command.ticket))
        if command is self._viewing and reader in self._desks.hub.staff:
            self._desks.hub.tickets.view(reader, found, command.answering)

    async def _explain(self, reader: StaffReader, command: Explain) -> None:
        head = await self._readable(reader, command.chat)
        team = head is not None and self._desks.hub.board.team(head.department)
        if head is None or not can(reader.actor, Deed.explain, thing(head, team)):
            self._refuse_unknown(command.cid, command.chat)
            return
        for explanation in await explanations(self._desks.hub, head):
            self._send(explanation)
        self._send(Ack(command.cid, command.chat))

    async def _older_messages(self, reader: StaffReader, command: OlderMessages) -> None:
        if not may_read_room(reader.actor, command.room):
            text = "There is no such room, or it is not yours to see."
            self._send(Refused(Code.unknown, text, command.cid))
            return
        found = await self._desks.hub.database.read(
            lambda db: messages.before(db, command.room, command.before, command.limit)
        )
        await reader.send_many(pack(encode(message)) for message in found)
        self._send(Ack(command.cid, seq=found[0].id if found else command.before))

    async def _older(self, reader: StaffReader, command: Older) -> None:
        head = await self._readable(reader, command.chat)
        if head is None:
            self._refuse_unknown(command.cid, command.chat)
            return
        if head.id not in reader.following and watches(head, reader.actor):
            await self._desks.desk.handle(reader.actor, Looked(head.id))
        log, latest = await self._desks.hub.database.read(
            lambda db: (
                chats.staff_log(db, command.chat, before=command.before, limit=command.limit),
                chats.one(db, command.chat),
            )
        )
        if latest is None or not self._desks.hub.may_read(reader.actor, latest):
            self._refuse_unknown(command.cid, command.chat)
            return
        await reader.send_many(staff_event(command.chat, entry) for entry in log)
        self._send(Ack(command.cid, command.chat, log[0].seq if log else command.before))

    def _tell_typing(self, reader: StaffReader, command: Typing) -> None:
        if self._typing is None:
            self._typing = _Typing(self._desks.clock)
        self._typing.tell(functools.partial(self._type, reader, command))

    def _type(self, reader: StaffReader, command: Typing) -> None:
        hub = self._desks.hub
        head = hub.board.heads.get(command.chat)
        if head is not None and can(reader.actor, Deed.answer, thing(head, team=False)):
            hub.typists.tell(reader.actor, head, bool(command.text))
        elif head is not None and head.offer_to == reader.actor.id:
            hub.typists.note(head.id, bool(command.text))

    def _seen(self, reader: StaffReader, command: Seen) -> None:
        head = self._desks.hub.board.heads.get(command.chat)
        if head is not None and head.owner == reader.actor.id:
            marks = _pub(head, command.delivered), _pub(head, command.read)
            self._desks.hub.marks.put(Side.staff, head, *marks)

    def _answer(self, cid: str, made: Made) -> None:
        if made.refusal is not None:
            self._send(Refused(made.refusal.code, made.refusal.text, cid, made.about, made.refusal.retry_ms))
            return
        self._send(Ack(cid, made.about, made.seq))
        self._socket.hurry()

    def _send(self, word: object) -> None:
        self._socket.send(pack(encode(word)))

    def gone(self) -> None:
        """Part of Talk."""
        if self._reader is not None:
            self._desks.hub.leave_staff(self._reader)


def _quiet(made: Made) -> None:
    """Nobody waits for this answer."""


def _pub(head: Head, seq: int) -> int:
    """The pub that a staff mark stands for: exact at the end of the log, and never too far before it."""
    return head.pub if seq >= head.seq else max(0, seq - (head.seq - head.pub))
