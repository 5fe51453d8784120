"""A room's messages as a transcript's lines, and what rooms and their chats are called."""

from __future__ import annotations

from itertools import chain

from agentconsole import narrate
from agentconsole.outbox import Entry
from agentconsole.protocol import Message, StaffMessage
from agentconsole.rooms import channel, department_of, direct, of_rules, partner
from agentconsole.screens.lines import Tail
from agentconsole.store import Store
from agentconsole.widgets.transcript import Line, Transcript


def room_name(store: Store, room: str) -> str:
    """The colleague's name, or the department's; that it is a channel can be seen."""
    user = partner(room, store.me.user if store.me else 0)
    if of_rules(room):
        return "rules, to you alone"
    if not user:
        return f"all of {store.department_name(department_of(room)) or room}"
    if seat := store.team.get(user):
        return seat.display
    said = store.rooms.messages.get(room, [])  # one who has left the team
    return next((each.author_name for each in said if each.author == user), f"colleague {user}")


def chat_name(store: Store, chat: int) -> str:
    """A chat as it is called in a message about it."""
    card = store.chats.get(chat)
    return f"chat {chat}, {narrate.name(card.name)}" if card else f"chat {chat}"


def unsent(store: Store, room: str) -> list[Entry]:
    """My messages to this room that the server has not taken yet, refused ones too, oldest first."""
    return [entry for entry in store.outbox.messages() if room_of(store, entry) == room]


def room_of(store: Store, entry: Entry) -> str:
    """Where a message of the outbox goes."""
    command = entry.command
    assert isinstance(command, StaffMessage)
    me = store.me.user if store.me else 0
    return direct(me, command.user) if command.user else channel(command.department)


class RoomScript:
    """Keeps one transcript in step with one room."""

    def __init__(self, store: Store, transcript: Transcript) -> None:
        self.store = store
        self.transcript = transcript
        self.room = ""
        self._shown: list[int] = []
        self._tail = Tail(transcript)

    def open(self, room: str) -> None:
        """Show another room from its end, with a mark where the unread messages begin."""
        self.room = room
        self._show(self._first_unread())

    def follow(self) -> None:
        """Bring the transcript up to date."""
        said, known = self.store.rooms.messages.get(self.room, []), self._shown
        if not known or not said:
            self._show(self._first_unread())
            return
        older = [message for message in said if message.id < known[0]]
        fresh = said[len(older) + len(known) :]
        if [message.id for message in said[len(older) : len(said) - len(fresh)]] != known:
            self._shown = [message.id for message in said]
            pending = self._pending()
            self.transcript.reload(chain(map(self.line, said), pending))
            self._tail.start(pending)
            return
        self.transcript.prepend([self.line(message) for message in older])
        self._shown = [message.id for message in said]
        if not self._tail.replace([self.line(message) for message in fresh], self._pending()):
            self._show(None)

    def _show(self, unread: int | None) -> None:
        said, pending = self.store.rooms.messages.get(self.room, []), self._pending()
        self._shown = [message.id for message in said]
        self.transcript.show(chain(map(self.line, said), pending), unread)
        self._tail.start(pending)

    def _first_unread(self) -> int | None:
        card, me = self.store.rooms.cards.get(self.room), self.store.me
        others = [
            message.id
            for message in self.store.rooms.messages.get(self.room, [])
            if me is None or message.author != me.user
        ]
        return others[-card.unread] if card and 0 < card.unread <= len(others) else None

    def line(self, message: Message) -> Line:
        """One message. What it is about stands in a label, where no words of its own can stand."""
        me = self.store.me.user if self.store.me else 0
        label = ""
        if message.chat:
            kind = "WHISPER about" if message.whisper else "about"
            label = f"{kind} {chat_name(self.store, message.chat)}"
        side = "note" if label else "me" if message.author == me else "agent"
        return Line(message.id, message.at, message.author_name, side, message.text, label=label)  # type: ignore[arg-type]

    def _pending(self) -> list[Line]:
        name = self.store.me.display if self.store.me else ""
        lines = []
        for entry in unsent(self.store, self.room):
            command = entry.command
            assert isinstance(command, StaffMessage)
            state = "failed" if entry.failed else "pending"
            lines.append(Line(command.cid, entry.made_at, name, "me", command.text, state))  # type: ignore[arg-type]
        return lines
