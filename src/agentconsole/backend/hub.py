"""Tells everybody who may know what was committed, once it was, and knows who is there to be told."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from agentconsole.protocol import (
    Breaks,
    Bye,
    CannedCard,
    ChatCard,
    DepartmentFace,
    DepartmentList,
    Departments,
    Gone,
    Learning,
    LeftCard,
    Message,
    Side,
    State,
    VisitorResume,
    encode,
)

from .audience import has_canned, has_feedback, who_may
from .board import UNANSWERED, Board
from .desk import Change, Desk, Made
from .desk.availability import SeatLink
from .desk.made import (
    BreaksChanged,
    DepartmentsChanged,
    News,
    RoomRead,
    SessionsEnded,
    StaffChanged,
    TeamChanged,
    TicketMade,
)
from .desk.talking import Watched, may_read_room, watches
from .dispatcher import Dispatcher
from .domain.chat import VisitorLink
from .domain.life import Head, is_open, takes_part, thing
from .domain.policy import SYSTEM, Actor, Deed, Thing, answering_in, can
from .marks import HighWater
from .places import Places
from .readers import ROOMS, Frame, Reader, StaffReader, VisitorReader, pack
from .storage import Connection, chats
from .storage.database import Database
from .storage.feedback import Filed
from .storage.seats import Seat
from .tickets import Tickets
from .typists import Typists
from .views import chat_card, seat_card, staff_event, visible, visitor_card, visitor_event
from .wall import Wall

log = logging.getLogger("agentconsole.hub")

VISITOR_GRACE = 3.0
SEAT_GRACE = 4.0  # with the 40 s of a silent link: away after 45 s at the latest
CROWD, CROWD_MS = 20, 5_000
CLOSE_SESSION_ENDED = 4001
CLOSE_RESTART = 1012


class Hub:
    """Fan-out. Everything here runs in the event loop; ``publish`` is given to the desk.

    ``catch_up(reader, head)`` starts to bring a reader, whose events of that chat are held, up to date.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.board = Board()
        self.desk: Desk | None = None
        self.cut = 0
        self.hold_ms = 60_000
        self.staff: set[StaffReader] = set()
        self.arriving: set[StaffReader] = set()  # those whose rooms of staff messages are being read
        self.visitors: set[VisitorReader] = set()
        self._by_user: defaultdict[int, set[StaffReader]] = defaultdict(set)
        self._by_token: defaultdict[bytes, set[VisitorReader]] = defaultdict(set)
        self._by_visitor: defaultdict[int, set[VisitorReader]] = defaultdict(set)
        self._followers: dict[int, set[StaffReader]] = {}
        self._open: tuple[DepartmentFace, ...] = ()
        self.catch_up: Callable[[StaffReader, Head], None] = _no_catching_up
        self.dispatcher: Dispatcher | None = None
        self.wall = Wall(self.board)
        self.typists = Typists(self.board, self.staff, self._followers, self._by_visitor)
        self.marks = HighWater(self.board, self._followers, self._by_visitor, self._submit)
        self._places = Places(self.board, self._by_visitor)
        self.tickets = Tickets(self.staff)
        self._late: list[News] = []
        self._tellers: dict[type[News], Callable[[Any], None]] = {
            Seat: self._seat_changed,
            Message: self._tell_message,
            RoomRead: self._room_read,
            Filed: self._filed,
            BreaksChanged: self._breaks_changed,
            TeamChanged: self._team_changed,
            CannedCard: self._tell_canned,
            LeftCard: self._message_left,
            TicketMade: self.tickets.made,
            SessionsEnded: self._sessions_ended,
            DepartmentsChanged: self._departments_changed,
            StaffChanged: self._staff_changed,
        }
        self.rights = 0
        self._rights_of: dict[int, int] = {}

    def load(self, connection: Connection, now: int) -> None:
        """Read the running moment from the database, before the doors open."""
        self.board.load(connection, now)
        self.tickets.load(connection)
        keys = list(self.board.heads)
        if keys:
            self.marks.load(chats.marks(connection, keys))

    # --- what was committed ----------------------------------------------------------------------------------------

    def publish(self, results: Sequence[Made]) -> None:
        """Everything that a batch made, in order, behind what had to wait for the database."""
        late, self._late = self._late, []
        for item in late:
            self._news(item)
        for made in results:
            for change in made.changes:
                self._changed(change)
            for item in made.news:
                self._news(item)

    def _changed(self, change: Change) -> None:
        before, after = change.before, change.after
        listed = before is None or before.version != after.version
        if listed:
            self.board.put(after, change.entries[-1].at if change.entries else 0)
            self._follow_part(after, before)
        else:
            self.board.quick_put(after)
        if before is None:
            self._show_new(after)
        self._tell_events(after, change)
        if listed:
            if before is not None and (before.owner, before.guests) != (after.owner, after.guests):
                self._tell_newcomers(after)
            self._tell_listed(before, after)
        if after.lost_at and is_open(after.state) and after.visitor in self._by_visitor:
            self._submit(VisitorLink(after.id, True))
        if self.dispatcher is not None:
            self.dispatcher.changed(change)

    def _tell_events(self, head: Head, change: Change) -> None:
        followers = self._followers.get(head.id)
        windows = self._by_visitor.get(head.visitor)
        for entry in change.entries:
            if followers:
                frame = staff_event(head.id, entry)
                for reader in followers:
                    reader.deliver(head.id, entry.seq, frame)
            if entry.pub and windows:
                frame = visitor_event(head.id, entry)
                for window in windows:
                    window.deliver(head.id, entry.pub, frame)

    def _tell_listed(self, before: Head | None, after: Head) -> None:
        self._tell_cards(after)
        if before is None or visible(before) != visible(after):
            card = pack(encode(self.visitor_card(after)))
            for window in self._by_visitor.get(after.visitor, ()):
                window.send(card)
        if before is None or _line(before) != _line(after):
            self._places.touch(after.department)
        if before is not None and before.department != after.department:
            self._places.touch(before.department)
        if before is None or _work(before) != _work(after):
            busy = {after.owner, after.offer_to, *((before.owner, before.offer_to) if before else ())}
            for user in busy - {0}:
                self._tell_seat(user)
        if not is_open(after.state):
            self._forget(after.id)

    def _tell_cards(self, head: Head) -> None:
        frame = pack(encode(self.card(head)))
        may_read = who_may(Deed.read_chat, thing(head, self.board.team(head.department)))
        for reader in self.staff:
            self._tell_card(reader, head, frame, may_read(reader.actor))

    def _tell_card(self, reader: StaffReader, head: Head, frame: Frame, may_read: bool) -> None:
        if may_read and is_open(head.state):
            reader.shown.add(head.id)
            reader.send(frame)
        elif head.id in reader.shown:
            reader.shown.discard(head.id)
            reader.send(frame if may_read else pack(encode(Gone(head.id, head.version))))
        if head.id in reader.following:
            if not may_read:
                self.unfollow(reader, head.id)
            elif self.comes_to_watch(reader, head):
                if watches(head, reader.actor) and self.desk is not None:
                    self.desk.submit(reader.actor, Watched(head.id, True), _ignore)
                self.watch(reader, head)

    def _follow_part(self, head: Head, before: Head | None) -> None:
        """Who answers a chat, or has joined it, follows it in all windows."""
        earlier = {before.owner, *before.guests} if before else set()
        for user in {head.owner, *head.guests} - earlier - {0}:
            for reader in self._by_user.get(user, ()):
                self._stop_watching(reader, head.id)
                if head.id not in reader.following and reader.hold(head.id):
                    self.follow(reader, head.id)
                    self.catch_up(reader, head)

    def _tell_newcomers(self, head: Head) -> None:
        """Who answers a chat from now on is told who watches it to learn."""
        if self.is_learned_from(head.id):
            self._tell_learning(head)

    def _show_new(self, head: Head) -> None:
        resume = pack(encode(VisitorResume(head.id, 0, head.pub)))
        for window in self._by_visitor.get(head.visitor, ()):
            window.send(resume)

    def _forget(self, chat: int) -> None:
        self._places.forget(chat)
        self.typists.note(chat, False)
        if not self._followers.get(chat):
            self._followers.pop(chat, None)
            self.marks.forget(chat)

    def _news(self, item: News) -> None:
        """Tell what is no change of a chat; what the database would have to be asked for waits until it answers."""
        try:
            self._tellers[type(item)](item)
        except self.database.failures as error:
            log.warning("%s is told later: %s", type(item).__name__, type(error).__name__)
            self._late.append(item)

    def _seat_changed(self, seat: Seat) -> None:
        self.board.put_seat(seat)
        if seat.lost_at and seat.user in self._by_user:
            self._submit(SeatLink(seat.user, True))
        self._tell_seat(seat.user)
        self._tell_faces()
        if self.dispatcher is not None:
            self.dispatcher.seat_changed(seat.user)

    def _room_read(self, item: RoomRead) -> None:
        frame = pack(encode(item.card))
        for reader in (*self.staff, *self.arriving):
            if reader.actor.id == item.user:
                reader.tell(ROOMS, frame)

    def _filed(self, item: Filed) -> None:
        self.board.put_feedback(item)
        self._tell_staff(item.card, lambda actor: has_feedback(actor, item))

    def _breaks_changed(self, item: BreaksChanged) -> None:
        self.board.breaks = item.reasons
        self._tell_staff(Breaks(item.reasons), lambda actor: True)

    def _message_left(self, card: LeftCard) -> None:
        self.board.put_left(card, self.now())
        self._tell_staff(card, who_may(Deed.left_read, Thing(department=card.department)))

    def _team_changed(self, item: TeamChanged) -> None:
        self._reload_people()
        for user in self.board.users if not item.user else (item.user,):
            self._tell_seat(user)

    def _departments_changed(self, item: DepartmentsChanged) -> None:
        teams = {key: found.team for key, found in self.board.departments.items()}
        self.database.read_now(self.board.load_departments)
        self._tell_departments()
        for head in self.board.heads.values():
            if self.board.team(head.department) != teams.get(head.department):
                self._tell_cards(head)
        self._tell_faces()
        if self.dispatcher is not None:
            self.dispatcher.departments_changed()

    def _staff_changed(self, item: StaffChanged) -> None:
        for user in item.users:
            self._rights_changed(user)
        self._send_away(item.users)  # first: a right ends also if the database does not answer just now
        self._reload_people()
        for user in item.users:
            self._tell_seat(user)
        self._tell_faces()

    def _reload_people(self) -> None:
        self.database.read_now(self.board.load_people)
        if self.dispatcher is not None:
            self.dispatcher.people_changed()

    def _sessions_ended(self, item: SessionsEnded) -> None:
        self._rights_changed(item.user)
        for reader in [*self._by_user.get(item.user, ())]:
            if item.session in (0, reader.session):
                reader.close(CLOSE_SESSION_ENDED, "session ended")

    def _send_away(self, users: Sequence[int]) -> None:
        """Whose rights changed comes back with the new ones; if it is a crowd, spread over some seconds."""
        spread_ms = CROWD_MS if len(users) > CROWD else 0
        for user in users:
            for reader in [*self._by_user.get(user, ())]:
                retry_ms = random.randrange(spread_ms) if spread_ms else 0
                reader.send(pack(encode(Bye("Your rights have changed.", retry_ms))))
                reader.close(CLOSE_RESTART, "rights changed")

    def _rights_changed(self, user: int) -> None:
        self.rights += 1
        self._rights_of[user] = self.rights

    def rights_changed(self, user: int, since: int) -> bool:
        """Have the rights of this user, or one of his sessions, changed since ``rights`` was this number?"""
        return self._rights_of.get(user, 0) > since

    def channels(self, actor: Actor) -> list[int]:
        """The departments whose channel this actor may read."""
        return [key for key in self.board.departments if can(actor, Deed.channel, Thing(department=key))]

    def _tell_message(self, message: Message) -> None:
        frame = pack(encode(message))
        for reader in (*self.staff, *self.arriving):
            if may_read_room(reader.actor, message.room):
                reader.deliver(ROOMS, message.id, frame)

    def _tell_staff(self, word: Any, may: Callable[[Actor], bool]) -> None:
        frame = pack(encode(word))
        for reader in self.staff:
            if may(reader.actor):
                reader.send(frame)

    def _tell_canned(self, card: CannedCard) -> None:
        if card.text:
            self.board.canned[card.id] = card
        else:
            self.board.canned.pop(card.id, None)
        self._tell_staff(card, lambda actor: has_canned(actor, card))

    def _tell_seat(self, user: int) -> None:
        person = self.board.users.get(user)
        if person is not None:  # who is disabled is told as offline, and is in no list that is read anew
            card = self.seat_card(user) or seat_card(person, Seat(user), 0, 0, [], [])
            self._tell_staff(card, who_may(Deed.see_team))

    def _tell_departments(self) -> None:
        for reader in self.staff:
            reader.send(pack(encode(self.department_list(reader.actor))))

    def now(self) -> int:
        """The server's clock, UTC milliseconds."""
        assert self.desk is not None
        return self.desk.clock()

    def tick(self) -> None:
        """Time has gone on: hours may have ended or begun, and logins ended."""
        self._tell_faces()
        self.tickets.tick()
        now = self.now()
        for reader in [each for each in self.staff if each.expires_at <= now]:
            reader.close(CLOSE_SESSION_ENDED, "session ended")

    def _tell_faces(self) -> None:
        faces = self.board.faces(self.now())
        if tuple(faces) == self._open:
            return
        self._open = tuple(faces)
        self._tell_departments()
        frame = pack(encode(Departments(faces)))
        for window in self.visitors:
            window.send(frame)

    # --- who may see what ------------------------------------------------------------------------------------------

    def may_read(self, actor: Actor, head: Head) -> bool:
        """May this actor read the conversation?"""
        return can(actor, Deed.read_chat, thing(head, self.board.team(head.department)))

    def lists(self, actor: Actor, head: Head) -> bool:
        """Does this chat stand in the actor's lists?"""
        return is_open(head.state) and self.may_read(actor, head)

    def card(self, head: Head) -> ChatCard:
        """The card of a chat for staff."""
        return chat_card(head, self.board.name_of, self.marks.get(Side.visitor, head.id))

    def visitor_card(self, head: Head) -> Any:
        """The card of a chat for its visitor."""
        waiting = head.state in UNANSWERED
        place = self.board.place(head) if waiting and head.id in self.board.heads else 0
        wait_s = self.board.wait_s(head.department) if waiting else -1
        marks = self.marks.get(Side.staff, head.id)
        return visitor_card(head, self.board.name_of, marks, place, wait_s)

    def seat_card(self, user: int) -> Any:
        """The card of a member of the team, None = there is no such user (any more)."""
        person = self.board.users.get(user)
        if person is None or person.disabled:
            return None
        board = self.board
        return seat_card(
            person,
            board.seat(user),
            board.load_of(user),
            board.limit_of(user),
            answering_in(board.grants.get(user, ())),
            list(board.members.get(user, {}).values()),
        )

    def department_list(self, actor: Actor) -> DepartmentList:
        """The departments as this actor sees them."""
        at = self.now()
        cards = [
            found.card(
                any(grant.department in (0, found.id) for grant in actor.grants),
                self.board.can_answer(found.id),
                at,
            )
            for found in self.board.departments.values()
            if not found.archived
        ]
        return DepartmentList(cards)

    # --- readers come and go ---------------------------------------------------------------------------------------

    def enter_staff(self, reader: StaffReader) -> None:
        """A console has said hello."""
        self.staff.add(reader)
        readers = self._by_user[reader.actor.id]
        readers.add(reader)
        if self.board.seat(reader.actor.id).lost_at:
            self._submit(SeatLink(reader.actor.id, True))

    def leave_staff(self, reader: StaffReader) -> None:
        """A console is gone, also one that was still being greeted."""
        reader.gone = True
        self.staff.discard(reader)
        self.tickets.view(reader, None)
        self.wall.hide(reader)
        for chat in list(reader.following):
            self.unfollow(reader, chat)
        _discard(self._by_user, reader.actor.id, reader)
        if reader.actor.id not in self._by_user and self.desk is not None:
            held_until = self.desk.clock() - reader.silent_ms() + self.hold_ms
            _later(SEAT_GRACE, self._seat_lost, reader.actor.id, held_until)

    def _seat_lost(self, user: int, held_until: int) -> None:
        if user not in self._by_user and not self.board.seat(user).lost_at:
            self._submit(SeatLink(user, False, held_until))

    def enter_visitor(self, reader: VisitorReader) -> None:
        """A visitor's window has said hello; its visitor may not have an id yet."""
        self.visitors.add(reader)
        self._by_token[reader.actor.token_hash].add(reader)
        self._place_visitor(reader)

    def _place_visitor(self, reader: VisitorReader) -> None:
        if not reader.actor.id:
            return
        self._by_visitor[reader.actor.id].add(reader)
        for chat in self.board.of_visitor.get(reader.actor.id, ()):
            if self.board.heads[chat].lost_at:
                self._submit(VisitorLink(chat, True))

    def leave_visitor(self, reader: VisitorReader) -> None:
        """A visitor's window is gone."""
        self.visitors.discard(reader)
        _discard(self._by_token, reader.actor.token_hash, reader)
        if reader.actor.id:
            _discard(self._by_visitor, reader.actor.id, reader)
            if reader.actor.id not in self._by_visitor:
                for chat in self.board.of_visitor.get(reader.actor.id, ()):
                    self.typists.tell_preview(self.board.heads[chat], "")
                _later(VISITOR_GRACE, self._visitor_lost, reader.actor.id)

    def _visitor_lost(self, visitor: int) -> None:
        if visitor in self._by_visitor:
            return
        for chat in self.board.of_visitor.get(visitor, ()):
            if not self.board.heads[chat].lost_at:
                self._submit(VisitorLink(chat, False))

    def recognise(self, token_hash: bytes, actor: Actor) -> list[VisitorReader]:
        """A visitor's first chat gave them an id: which windows learn it now."""
        fresh = [reader for reader in self._by_token.get(token_hash, ()) if not reader.actor.id]
        for reader in fresh:
            reader.actor = actor
            self._place_visitor(reader)
        return fresh

    def visitor_of(self, token_hash: bytes) -> int:
        """The id of the visitor with this token, as far as a window of theirs knows it; 0 = none does."""
        return next((reader.actor.id for reader in self._by_token.get(token_hash, ()) if reader.actor.id), 0)

    def sockets_of(self, token_hash: bytes) -> int:
        """How many windows a visitor has open."""
        return len(self._by_token.get(token_hash, ()))

    def follow(self, reader: StaffReader, chat: int) -> None:
        """From now on this reader gets the chat's events."""
        reader.following.add(chat)
        self._followers.setdefault(chat, set()).add(reader)

    def comes_to_watch(self, reader: StaffReader, head: Head) -> bool:
        """Would this reader, by following this chat, begin to watch it: does it run without him, who is not called?"""
        known = head.id in reader.watching or head.id in reader.learning
        if known or head.state is not State.active or takes_part(head, reader.actor.id):
            return False
        return not can(reader.actor, Deed.decline, thing(head, self.board.team(head.department)))

    def watch(self, reader: StaffReader, head: Head) -> None:
        """Remember that this reader follows a running chat without taking part: in silence, or openly to learn."""
        if can(reader.actor, Deed.observe, Thing(department=head.department)):
            reader.watching.add(head.id)
        else:
            reader.learning.add(head.id)
            self._tell_learning(head)

    def _stop_watching(self, reader: StaffReader, chat: int) -> None:
        if chat in reader.watching:
            reader.watching.discard(chat)
            if self.desk is not None:
                self.desk.submit(reader.actor, Watched(chat, False), _ignore)
        if chat in reader.learning:
            reader.learning.discard(chat)
            head = self.board.heads.get(chat)
            if head is not None:
                self._tell_learning(head)

    def learning(self, chat: int) -> Learning:
        """Who watches this chat openly to learn."""
        followers = self._followers.get(chat, ())
        return Learning(chat, sorted({each.actor.display for each in followers if chat in each.learning}))

    def is_learned_from(self, chat: int) -> bool:
        """Does anybody watch this chat openly to learn?"""
        return any(chat in reader.learning for reader in self._followers.get(chat, ()))

    def _tell_learning(self, head: Head) -> None:
        frame = pack(encode(self.learning(head.id)))
        for user in (head.owner, *head.guests):
            for reader in self._by_user.get(user, ()):
                reader.send(frame)

    def unfollow(self, reader: StaffReader, chat: int) -> None:
        """This reader gets the chat's events no more."""
        self._stop_watching(reader, chat)
        reader.following.discard(chat)
        followers = self._followers.get(chat)
        if followers is not None:
            followers.discard(reader)
            if not followers:
                del self._followers[chat]

    def _submit(self, command: Any) -> None:
        assert self.desk is not None
        self.desk.submit(SYSTEM, command, _ignore)

    def farewell(self, text: str, spread_ms: Callable[[], int]) -> None:
        """Ask every reader to come back later, spread in time, and close."""
        readers: Iterable[Reader] = [*self.staff, *self.visitors]
        for reader in readers:
            reader.send(pack(encode(Bye(text, spread_ms()))))
            reader.close(CLOSE_RESTART, "server restart")


def _line(head: Head) -> tuple[object, ...]:
    """What of a head its place in line depends on."""
    return head.state, head.department, head.priority


def _work(head: Head) -> tuple[object, ...]:
    """What of a head counts as work of its owner and of who is offered it."""
    return head.owner, head.offer_to, head.state


def _discard(index: defaultdict[Any, set[Any]], key: Any, reader: Reader) -> None:
    index[key].discard(reader)
    if not index[key]:
        del index[key]


def _later(seconds: float, call: Callable[..., None], *args: Any) -> None:
    asyncio.get_running_loop().call_later(seconds, call, *args)


def _no_catching_up(reader: StaffReader, head: Head) -> None:
    reader.release(head.id, 0)


def _ignore(made: Made) -> None:
    """Nobody waits for this answer."""
