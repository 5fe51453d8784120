"""What the console knows: every frame is applied here, every screen and alert asks here.

No terminal, no network, no clock: time comes in as ``now`` (UTC milliseconds of this machine). Texts are kept
exactly as sent; whoever shows them cleans them (`agentconsole.text`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from agentconsole.conversation import Conversation
from agentconsole.knowledge import Knowledge
from agentconsole.outbox import TRANSIENT, Command, Editable, lane
from agentconsole.protocol import (
    MAX_INT,
    OPEN_STATES,
    Ack,
    Breaks,
    Bye,
    CannedCard,
    ChatCard,
    ColleagueTyping,
    Cursor,
    DepartmentList,
    Event,
    Explanation,
    FeedbackCard,
    Gone,
    Join,
    Learning,
    LeftCard,
    Message,
    Note,
    NoteTicket,
    OlderMessages,
    Open,
    Pong,
    Preview,
    Pulse,
    Refused,
    ReplyTicket,
    Resume,
    RoomCard,
    Routing,
    Say,
    SeatCard,
    Seen,
    Side,
    StaffFrame,
    StaffMessage,
    State,
    Status,
    Synced,
    Take,
    TakeNext,
    TakeOver,
    TicketCard,
    TicketCounts,
    TicketDetail,
    TicketGone,
    TicketPage,
    TicketQuery,
    TicketViewers,
    VisitorMarks,
    Welcome,
)
from agentconsole.rooms import between_two
from agentconsole.views import (
    CaughtUp,
    News,
    NewsKind,
    Topic,
    Touched,
    waits,
)

CURSOR_LIMIT = 500
UNREAD_ROOMS = 20
RENEWED = (
    Topic.synced,
    Topic.team,
    Topic.canned,
    Topic.left,
    Topic.queue,
    Topic.mine,
    Topic.counts,
    Topic.offers,
    Topic.rooms,
    Topic.feedback,
    Topic.tickets,
    Topic.ticket,
)


class Store(Knowledge):
    """Takes in all that comes and all that is done here. Nothing waits, fails or draws."""

    # --- what comes in ---

    def apply(self, frame: StaffFrame, now: int) -> set[Touched]:
        """Take one frame in; return what it touched. Twice the same frame is as good as once."""
        match frame:
            case Event():
                return self._event(frame, now)
            case ChatCard():
                return self._card(frame, now)
            case VisitorMarks():
                return self._marks(frame)
            case Preview():
                return self._typing(frame.chat, 0, frame.text, now)
            case ColleagueTyping():
                self._typists[frame.user] = frame.name
                return self._typing(frame.chat, frame.user, "on" if frame.on else "", now)
            case Ack():
                return self._ack(frame, now)
            case Refused():
                return self._refused(frame, now)
            case Gone():
                return self._tombstone(frame)
            case Resume():
                return self._resume(frame)
            case SeatCard():
                return self._seat(frame)
            case CannedCard():
                return {Touched(Topic.canned)} if self._lists.put(frame) else set()
            case LeftCard():
                return self._left(frame)
            case DepartmentList():
                self._lists.put(frame)
                return {Touched(Topic.departments), Touched(Topic.queue)}
            case Welcome():
                return self._welcome(frame, now)
            case Synced():
                return self._synced(now)
            case Pong():
                self._clock_ahead = frame.now - now if frame.now else self._clock_ahead
                return set()
            case Bye():
                return {Touched(Topic.link)}
            case Message():
                return self._message(frame)
            case RoomCard():
                changed = self.rooms.put_card(frame)
                return {Touched(Topic.rooms), Touched(Topic.counts)} if changed else set()
            case FeedbackCard():
                return self._feedback(frame)
            case Breaks():
                return {Touched(Topic.team)} if self._lists.put(frame) else set()
            case Learning():
                return {Touched(Topic.learning, frame.chat)} if self.watching.learning(frame) else set()
            case Pulse():
                return {Touched(Topic.pulse)} if self.watching.pulse(frame) else set()
            case Explanation():
                self.watching.explained(frame)
                return {Touched(Topic.explained, frame.chat)}
            case TicketCard() | TicketGone() | TicketCounts() | TicketViewers():
                return self._ticket(frame)

    def link_lost(self, now: int) -> set[Touched]:
        """The socket is gone: everything stays readable; commands under way will be sent again."""
        self.synced = False
        self.outbox.link_lost()
        self.watching.link_lost()
        for talk in self.talks.values():
            talk.link_lost()
        return {Touched(Topic.link)}

    def silent(self) -> set[Touched]:
        """The server has not answered for three seconds: worth an alert, once for each loss."""
        self._tidings.tell(News(NewsKind.link_lost))
        return {Touched(Topic.link)}

    def warn(self, text: str) -> set[Touched]:
        """Something at home went wrong that a person must be told; it comes out of `take_refusals`."""
        self._tidings.warn(text)
        return {Touched(Topic.answer)}

    def _welcome(self, frame: Welcome, now: int) -> set[Touched]:
        self.link_lost(now)
        self.link.welcomed(frame.run, now)
        self.me = frame
        self._clock_ahead = frame.now - now
        self._cards.renew()
        self._missed = 0
        for each in (self._lists, self.rooms, self.feedback, self.tickets):
            each.renew()
        return {Touched(Topic.me), Touched(Topic.link)}

    def _synced(self, now: int) -> set[Touched]:
        if self.synced:
            return set()
        touched = {Touched(topic) for topic in RENEWED}
        for chat in self._cards.take_stale():
            touched |= self._drop(chat)
        for each in (self._lists, self.rooms, self.feedback):
            each.drop_stale()
        self.synced = True
        self._unread_rooms = [
            card.room for card in self.rooms.listed() if card.unread and self.rooms.lacks(card.room)
        ][:UNREAD_ROOMS]
        if self._tidings.live:
            self.caught_up = CaughtUp(self._missed, now)
        self._tidings.live = True
        return touched

    # --- cards ---

    def _card(self, frame: ChatCard, now: int) -> set[Touched]:
        before = self.chats.get(frame.chat)
        if not self._cards.put(frame):
            return set()
        frame = self.chats[frame.chat]
        if talk := self.talks.get(frame.chat):
            talk.over = frame.state not in OPEN_STATES
        self._card_news(before, frame, now)
        return self._card_touched(before, frame)

    def _card_news(self, before: ChatCard | None, card: ChatCard, now: int) -> None:
        if card.state is State.waiting:
            queued = (State.waiting, State.offered)
            if before is None or not (before.state in queued or self._owned(before)):
                kind = NewsKind.ring if self._rings(card) else NewsKind.waiting
                self._tidings.of_chat(kind, card, card.first_line)
        if (offer := self._offer(card)) and (
            self._offer(before) is not offer or (before and before.offer_until != card.offer_until)
        ):
            self._tidings.of_offer(offer, card)
        if card.help_at and not (before and before.help_at) and self.supervises(card.department):
            self._tidings.of_chat(NewsKind.help, card, card.owner_name)
        if not self._answered(card):
            self._taken_here.discard(card.chat)
            self._not_looked_at.pop(card.chat, None)
        elif not self._answered(before) and not self._took(card.chat) and self._tidings.live:
            self._not_looked_at[card.chat] = now
            self._tidings.of_chat(NewsKind.assigned, card, card.first_line)

    def _rings(self, card: ChatCard) -> bool:
        """True if this waiting chat calls everybody of its department, and me among them."""
        department = self.departments.get(card.department)
        return (
            department is not None
            and department.mine
            and department.routing is Routing.ring
            and self.status is Status.online
        )

    def _took(self, chat: int) -> bool:
        """True if this window took the chat, or may just have done so."""
        asked = (entry.command for entry in self.outbox.entries.values())
        return chat in self._taken_here or any(
            isinstance(command, TakeNext)
            or (isinstance(command, Take | TakeOver | Join | Say) and command.chat == chat)
            for command in asked
        )

    def _card_touched(self, before: ChatCard | None, after: ChatCard | None) -> set[Touched]:
        card = after or before
        assert card is not None
        touched = {Touched(Topic.card, card.chat)}
        if waits(before) or waits(after):
            touched.add(Touched(Topic.queue))
        if self._answered(before) or self._answered(after):
            touched.add(Touched(Topic.mine))
        if self._offer(before) or self._offer(after):
            touched |= {Touched(Topic.offers), Touched(Topic.counts)}
        if (waits(before), self._answered(before)) != (waits(after), self._answered(after)):
            touched.add(Touched(Topic.counts))
        if before is None or after is None or _marks_of(before) != _marks_of(after):
            touched.add(Touched(Topic.talk, card.chat))
        return touched

    def _tombstone(self, frame: Gone) -> set[Touched]:
        return self._drop(frame.chat) if self._cards.tombstone(frame) else set()

    def _drop(self, chat: int) -> set[Touched]:
        card = self.chats.pop(chat, None)
        talk = self.talks.get(chat)
        self._typings.forget(chat)
        self._not_looked_at.pop(chat, None)
        self._taken_here.discard(chat)
        self.viewing.discard(chat)
        self.outbox.arrived(chat, MAX_INT)
        self.watching.drop(chat)
        if talk:
            talk.over = True
        return self._card_touched(card, None) if card else set()

    def _marks(self, frame: VisitorMarks) -> set[Touched]:
        if not self._cards.mark(frame):
            return set()
        return {Touched(Topic.card, frame.chat), Touched(Topic.talk, frame.chat)}

    def _seat(self, frame: SeatCard) -> set[Touched]:
        before = self.team.get(frame.user)
        if not self._lists.put(frame):
            return set()
        if self.me is None or frame.user != self.me.user:
            return {Touched(Topic.team)}
        chosen = (frame.status, frame.reason, frame.since)
        if frame.by and before and (before.status, before.reason, before.since) != chosen:
            self._tidings.of_status(frame)
        self.me = replace(self.me, status=frame.status, reason=frame.reason, display=frame.display)
        return {Touched(Topic.team), Touched(Topic.me)}

    def _left(self, frame: LeftCard) -> set[Touched]:
        if frame.id not in self.left and not frame.handled_at:
            self._tidings.of_left(frame)
        return {Touched(Topic.left), Touched(Topic.counts)} if self._lists.put(frame) else set()

    # --- messages and feedback ---

    def _message(self, frame: Message) -> set[Touched]:
        card = self.rooms.cards.get(frame.room)
        old = (card is None or frame.id <= card.last) and self._asked_for(frame.room)
        mine = self.me is not None and frame.author == self.me.user
        if not self.rooms.put(frame, unread=not (old or mine)):
            return set()
        if not (old or mine):
            self._tidings.of_message(frame)
        whisper = {Touched(Topic.talk, frame.chat)} if frame.chat and between_two(frame) else set()
        return {Touched(Topic.rooms), Touched(Topic.counts)} | whisper

    def _asked_for(self, room: str) -> bool:
        asked = (entry.command for entry in self.outbox.entries.values())
        return any(isinstance(command, OlderMessages) and command.room == room for command in asked)

    def _feedback(self, frame: FeedbackCard) -> set[Touched]:
        fresh = frame.id not in self.feedback.cards and not frame.acknowledged_at
        if fresh and self.me and frame.agent == self.me.user:
            self._tidings.of_feedback(frame)
        if not self.feedback.put(frame):
            return set()
        return {Touched(Topic.feedback), Touched(Topic.counts), Touched(Topic.talk, frame.chat)}

    # --- tickets ---

    def _ticket(self, frame: TicketCard | TicketGone | TicketCounts | TicketViewers) -> set[Touched]:
        match frame:
            case TicketCard(ticket=ticket):
                changed = self.tickets.put(frame, self.me.user if self.me else 0)
            case TicketGone(ticket=ticket):
                changed = self.tickets.gone(frame)
            case TicketCounts():
                return {Touched(Topic.ticket_counts)} if self.tickets.count(frame) else set()
            case TicketViewers(ticket=ticket):
                return {Touched(Topic.viewers, ticket)} if self.tickets.view(frame) else set()
        return {Touched(Topic.tickets), Touched(Topic.ticket, ticket)} if changed else set()

    def ticket_page(
        self, query: TicketQuery, offset: int, page: TicketPage, now: int, *, afresh: bool
    ) -> set[Touched]:
        """A page of a list of tickets was read."""
        self.tickets.page(query, offset, page, now, afresh=afresh)
        return {Touched(Topic.tickets)}

    def ticket_opened(self, detail: TicketDetail) -> set[Touched]:
        """A ticket, or what is new in it, was read."""
        self.tickets.opened(detail)
        return {Touched(Topic.ticket, detail.card.ticket), Touched(Topic.tickets)}

    # --- conversations ---

    def _talk(self, chat: int) -> Conversation:
        return self.talks.setdefault(chat, Conversation(chat))

    def _resume(self, frame: Resume) -> set[Touched]:
        talk = self._talk(frame.chat)
        epoch = talk.epoch
        talk.resume(frame)
        card = self.chats.get(frame.chat)
        talk.over = card is not None and card.state not in OPEN_STATES
        return self._talk_touched(frame.chat) if talk.epoch != epoch else set()

    def _event(self, frame: Event, now: int) -> set[Touched]:
        talk = self._talk(frame.chat)
        epoch = talk.epoch
        fresh = talk.add(frame)
        for event in fresh:
            self._fresh_event(event)
        self._missed += 0 if self.synced else len(fresh)
        self.outbox.arrived(frame.chat, talk.last)
        touched = self._talk_touched(frame.chat) if fresh or talk.epoch != epoch else set()
        if fresh and frame.by.side is Side.visitor and self._typings.note(frame.chat, 0, "", now):
            touched |= self._typing_touched(frame.chat)
        return touched

    def _talk_touched(self, chat: int) -> set[Touched]:
        touched = {Touched(Topic.talk, chat)}
        if self.takes_part(chat):
            touched |= {Touched(Topic.mine), Touched(Topic.counts)}
        return touched

    def _fresh_event(self, event: Event) -> None:
        card = self.chats.get(event.chat)
        if self.me and event.by.side is Side.staff and event.by.id == self.me.user:
            self.outbox.recognise(event, self._clock_ahead)
        if card is not None and self._answered(card):
            self._tidings.of_event(card, event)

    # --- typing ---

    def _typing(self, chat: int, typist: int, text: str, now: int) -> set[Touched]:
        return self._typing_touched(chat) if self._typings.note(chat, typist, text, now) else set()

    def _typing_touched(self, chat: int) -> set[Touched]:
        queue = {Touched(Topic.queue)} if waits(self.chats.get(chat)) else set()
        return {Touched(Topic.preview, chat)} | queue

    def expire(self, now: int) -> set[Touched]:
        """Forget previews and typing marks older than 8 s."""
        return {t for chat in self._typings.expire(now) for t in self._typing_touched(chat)}

    def next_expiry(self, now: int) -> int | None:
        """Milliseconds until `expire` has something to do; None = nothing will expire."""
        return self._typings.next_expiry(now)

    # --- answers to my commands ---

    def _ack(self, frame: Ack, now: int) -> set[Touched]:
        entry = self.outbox.answer(frame, now)
        if entry is None:
            return set()
        command = entry.command
        self._tidings.answered(frame, command)
        touched = {Touched(Topic.answer)}
        if isinstance(command, Take | TakeNext | TakeOver | Join) and frame.chat:
            self._taken_here.add(frame.chat)
            self._not_looked_at.pop(frame.chat, None)
        if isinstance(command, Say | Note):
            self.outbox.arrived(command.chat, self._talk(command.chat).last)
            touched.add(Touched(Topic.talk, command.chat))
        if isinstance(command, StaffMessage):
            touched.add(Touched(Topic.rooms))
        if isinstance(command, ReplyTicket | NoteTicket):
            self.tickets.took(command, frame.seq, entry.made_at)
            touched.add(Touched(Topic.ticket, command.ticket))
        if isinstance(command, OlderMessages):
            self.rooms.answered(command.room, command.before, frame.seq)
            touched.add(Touched(Topic.rooms))
        return touched

    def _refused(self, frame: Refused, now: int) -> set[Touched]:
        entry = self.outbox.answer(frame, now)
        if entry is not None and frame.code in TRANSIENT:
            return set()
        if entry is None and frame.cid:
            return set()
        command = entry.command if entry else None
        self._tidings.answered(frame, command)
        touched = {Touched(Topic.answer)}
        if isinstance(command, Say | Note):
            touched |= {Touched(Topic.talk, command.chat), Touched(Topic.mine)}
        if isinstance(command, StaffMessage):
            touched.add(Touched(Topic.rooms))
        if isinstance(command, ReplyTicket | NoteTicket):
            self._give_back(command, frame.text)
            touched.add(Touched(Topic.ticket, command.ticket))
        if isinstance(command, Open):
            self.viewing.discard(command.chat)
            self._talk(command.chat).over = True
            touched.add(Touched(Topic.talk, command.chat))
        return touched

    def _give_back(self, command: ReplyTicket | NoteTicket, why: str) -> None:
        """A refused answer is a draft again, before what has been written since."""
        note = isinstance(command, NoteTicket)
        self._words.give_back(command.ticket, command.text, command.files, note)
        self.tickets.refused[command.ticket] = why
        self.outbox.version += 1

    def take_news(self) -> list[News]:
        """What happened since the last call; for alerts."""
        return self._tidings.take_news()

    def take_acks(self) -> list[tuple[Ack, Command]]:
        """Acknowledgements since the last call with their commands (a take_next learns its chat from ``Ack.chat``)."""
        return self._tidings.take_acks()

    def take_refusals(self) -> list[tuple[Refused, Command | None]]:
        """Refusals since the last call with the commands they answer (None: not one of ours); a person must be told."""
        return self._tidings.take_refusals()

    # --- what I do ---

    def enqueue(self, command: Command, now: int) -> set[Touched]:
        """Put a command into the outbox (use `Client.send`). A say or note shows at once as pending. Raises OutboxFull."""
        self.outbox.add(command, now)
        if isinstance(command, Open):
            talk = self._talk(command.chat)
            talk.asked = talk.last
            if not self.takes_part(command.chat):
                self.viewing.add(command.chat)
        if isinstance(command, Say | Note):
            return {Touched(Topic.talk, command.chat)}
        return {Touched(Topic.rooms)} if isinstance(command, StaffMessage) else set()

    def retry(self, cid: str, new_cid: str, now: int) -> set[Touched]:
        """Send a failed line again, as the newest, under a new cid."""
        entry = self.outbox.discard(cid)
        if entry is None:
            return set()
        touched = self.enqueue(replace(entry.command, cid=new_cid), now)
        return touched | {Touched(Topic.mine)}

    def take_back(self, cid: str) -> str:
        """Take a failed line out of the outbox and return its text, to be edited ('' = no such line)."""
        entry = self.outbox.discard(cid)
        return entry.command.text if entry and isinstance(entry.command, Editable) else ""

    def saw(self, chat: int) -> set[Touched]:
        """The newest lines of this chat are on my screen, and I am looking."""
        talk = self._talk(chat)
        if talk.read == talk.last and chat not in self._not_looked_at:
            return set()
        talk.read = talk.last
        self._not_looked_at.pop(chat, None)
        return {Touched(Topic.mine), Touched(Topic.counts)}

    def saw_room(self, room: str) -> set[Touched]:
        """The newest messages of this room are on my screen, and I am looking."""
        return {Touched(Topic.rooms), Touched(Topic.counts)} if self.rooms.saw(room) else set()

    def set_draft(self, chat: int, text: str, note: bool = False) -> None:
        """Keep what stands in the composer of this chat; '' forgets it."""
        self._words.keep(chat, text, note)

    def set_message_draft(self, room: str, text: str) -> None:
        """Keep what is being written to this room; '' forgets it."""
        self._words.keep_message(room, text)

    def set_ticket_draft(self, ticket: int, text: str, note: bool = False) -> None:
        """Keep what stands in the composer of this ticket; '' forgets it."""
        self._words.keep_ticket(ticket, text, note)

    def remember(self, chat: int, text: str) -> None:
        """Add a sent text to the composer history of this chat (newest last, at most 50, no doubles in a row)."""
        self._words.remember(chat, text)

    def forget(self, chat: int) -> set[Touched]:
        """Drop the conversation of a chat that is over or only viewed; one that I take part in is kept."""
        if self.takes_part(chat):
            return set()
        self.viewing.discard(chat)
        self.talks.pop(chat, None)
        self.outbox.unask(chat)
        return {Touched(Topic.talk, chat)}

    # --- what the client sends by itself ---

    def cursors(self) -> list[Cursor]:
        """The cursors for hello, at most 500: of my chats and of those I view."""
        known = [talk for talk in self.talks.values() if talk.last and not talk.over]
        known.sort(key=lambda talk: not self.takes_part(talk.chat))
        return [Cursor(talk.chat, talk.last) for talk in known[:CURSOR_LIMIT]]

    def gaps(self) -> list[tuple[int, int]]:
        """(chat, after) of conversations that miss events and have not asked for them yet."""
        if not self.synced:
            return []
        for chat in self.viewing - self.talks.keys():
            self._talk(chat)
        return [
            (talk.chat, talk.last)
            for talk in self.talks.values()
            if talk.asks(talk.chat in self.viewing, self.takes_part(talk.chat))
        ]

    def unread_rooms(self) -> list[str]:
        """Rooms whose unread messages are not here and have not been asked for yet: a whisper may be among them."""
        if not self.synced:
            return []
        fetch, self._unread_rooms = self._unread_rooms, []
        return fetch

    def take_marks(self) -> list[Seen]:
        """Delivered and read marks of my own chats that the server has not been told yet."""
        found = (talk.take_marks() for talk in self.talks.values() if self.takes_part(talk.chat))
        return [marks for marks in found if marks is not None]

    # --- over a crash ---

    def words(self) -> dict[str, object]:
        """Outbox, drafts and composer history as plain JSON data; `restore` takes it back."""
        return {"outbox": self.outbox.as_data(), **self._words.as_data()}

    def restore(self, words: Mapping[str, Any]) -> set[Touched]:
        """Put back what `words` gave before the crash; what cannot be read is left out."""
        self.outbox.restore(words.get("outbox"))
        self._words.restore(words)
        return {Touched(Topic.mine)} | {
            Touched(Topic.talk, max(0, lane(entry.command))) for entry in self.outbox.written()
        }


def _marks_of(card: ChatCard) -> tuple[object, ...]:
    return card.delivered, card.read, card.state
