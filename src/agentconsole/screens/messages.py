"""The messages screen: rooms of colleagues and departments, and the one in front; no visitor sees any of it."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget

from agentconsole import narrate
from agentconsole.actions import Actions
from agentconsole.protocol import MAX_TEXT
from agentconsole.rooms import channel, of_rules, partner
from agentconsole.screens.rooms import RoomScript, room_name, room_of, unsent
from agentconsole.store import Store
from agentconsole.text import clean, cut
from agentconsole.views import Topic, Touched
from agentconsole.widgets.bars import Bar, TypingRule
from agentconsole.widgets.composer import NAME_CELLS, Composer, Field
from agentconsole.widgets.paint import Cell, Ground
from agentconsole.widgets.room_list import RoomList, RoomRow
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.transcript import Transcript
from agentconsole.widgets.words import Words

SHOWN = frozenset({Topic.rooms, Topic.team, Topic.departments, Topic.synced, Topic.me})
NARROW = 60


class MessagesView(Widget):
    """Rooms at the side, one in front; in a narrow terminal either the list or the room."""

    def __init__(self, store: Store, actions: Actions, keys: Mapping[str, str]) -> None:
        super().__init__(id="messages")
        self.store = store
        self.actions = actions
        self.room = ""
        self.listing = True
        self._asked: set[str] = set()
        self.rows = RoomList(id="room-list")
        self.head = Bar(id="room-head")
        self.transcript = Transcript(id="room-lines")
        self.transcript.can_focus = False
        self.nothing = Words(id="no-room")
        self.rule = TypingRule(id="room-rule")
        self.composer = Composer(keys, id="room-composer")
        self.ground = Ground(id="room")
        self.script = RoomScript(store, self.transcript)

    def compose(self) -> ComposeResult:
        """The list, and the room with its composer."""
        yield self.rows
        with self.ground:
            yield self.head
            yield self.nothing
            yield self.transcript
            yield self.rule
            yield self.composer

    # --- which room ---

    @property
    def writable(self) -> bool:
        """True if somebody would read what is written into the room in front."""
        return bool(self.room) and not of_rules(self.room)

    def open(self, room: str) -> None:
        """Put a room in front; drafts stay with the rooms they belong to."""
        if room == self.room:
            return
        self.keep()
        self.room = room
        self.composer.load(self.store.message_draft(room), ())
        self.script.open(room)
        self.redraw()

    def newest_unread(self) -> str:
        """The room with the newest unread message ('' = all is read)."""
        unread = [card for card in self.store.rooms.cards.values() if card.unread]
        return max(unread, key=lambda card: (card.last_at, card.room)).room if unread else ""

    @property
    def place(self) -> tuple[str]:
        """Which draft stands in the composer: that of a room."""
        return (self.room,)

    def keep(self) -> None:
        """What stands in the composer is kept as this room's draft."""
        self.keep_at(self.place, self.composer.text)

    def keep_at(self, place: tuple[str], words: str) -> None:
        """Keep a draft."""
        (room,) = place
        if room:
            self.actions.message_draft(room, words)

    def draft_at(self, place: tuple[str]) -> str:
        """A draft that is kept."""
        return self.store.message_draft(*place)

    # --- in view or not ---

    def land(self) -> None:
        """Begin with the list."""
        self.choose()

    def write(self) -> None:
        """Put the focus into the composer, if anybody would read it; the room is in view in any case."""
        if self.room:
            self.listing = False
            self._split()
        if self.writable:
            self.composer.field.focus()

    def choose(self) -> None:
        """Put the focus on the list."""
        self.listing = True
        self._split()
        self.rows.focus()

    def arrive(self) -> None:
        """The messages come into view."""
        if not self.room and (first := next(iter(self._rooms()), None)):
            self.open(first.room)
        self.script.follow()
        self.redraw()

    def caught_up(self) -> None:
        """The link is back: what was asked for before it was lost was not answered."""
        self._asked.clear()

    def leave(self) -> None:
        """Out of view."""
        self.keep()

    @property
    def shows_newest(self) -> bool:
        """True while the newest message of the room in front is on the screen."""
        return bool(
            self.room
            and self.transcript.display
            and self.ground.display
            and self.transcript.following
            and not self.store.rooms.lacks(self.room)
        )

    def sync(self, touched: set[Touched], now: int) -> None:
        """Draw what was touched."""
        if any(touch.topic in SHOWN for touch in touched):
            self.script.follow()
            self.redraw()

    def tick(self, now: int) -> None:
        """Nothing here changes with time alone."""

    # --- drawing ---

    def redraw(self) -> None:
        """Draw all but the transcript."""
        self._fetch()
        self.rows.show(self._rooms())
        if self.room:
            self.rows.select(self.room)
        self._split()
        name = room_name(self.store, self.room) if self.room else ""
        self.head.show(self._head(name), [])
        said = bool(self.transcript.lines)
        self.transcript.display = said
        self.nothing.display = not said
        self.composer.display = self.rule.display = self.writable
        if not self.room:
            self.nothing.show(
                [
                    ("No messages yet.", "strong"),
                    ("\nPress ", "dim"),
                    ("+", "key"),
                    (" to write to a colleague or a department; no visitor sees it.", "dim"),
                ]
            )
        elif not said:
            between = "to" if self.room.startswith("d") else "between you and"
            self.nothing.show([(f"Nothing has been said {between} {name} yet.", "dim")])
        self._address(name)

    def _split(self) -> None:
        """In a narrow terminal there is room for the list or for the room, not for both."""
        narrow = self.app.size.width < NARROW
        self.rows.display = self.listing or not narrow
        self.ground.display = not (narrow and self.listing and self.rows.items)

    def _head(self, name: str) -> list[Cell]:
        if not self.room:
            return [(" Messages among staff", "strong")]
        seat = self.store.team.get(partner(self.room, self.store.me.user if self.store.me else 0))
        state = narrate.STATUSES[seat.status] + (f": {seat.reason}" if seat.reason else "") if seat else ""
        return [
            (f" {name}", "strong"),
            (f"  {state}" if state else "", "dim"),
            (
                "  staff only, no visitor sees this" if self.writable else "  answers would reach nobody",
                "note",
            ),
        ]

    def _address(self, name: str) -> None:
        who = cut(clean(name), 8 if self.app.size.width < NARROW else NAME_CELLS)
        failed = any(entry.failed for entry in unsent(self.store, self.room)) if self.room else False
        count = len(self.composer.text)
        left = (f" {count:,} of {MAX_TEXT:,} ", "bad" if count > MAX_TEXT else "dim")
        first = "Esc " if self.composer.field.has_focus else ""
        refused = f"a message was refused; {first}r sends it again, {first}e edits it"
        self.rule.show("!" if failed else "", refused, left if count > MAX_TEXT - 500 else ("", ""))
        ink = "note" if self.composer.field.has_focus else "dim"
        self.composer.prompt.show([(f"staff: to {who} ▸ ", ink)])

    def _rooms(self) -> list[RoomRow]:
        """Where something of mine is unsent, rooms with messages, where I am writing, my departments' channels."""
        store = self.store
        names = [room_of(store, entry) for entry in store.outbox.messages() if entry.failed]
        names += [card.room for card in store.rooms.listed()]
        names += [room for room in (self.room, *store.message_rooms()) if room]
        names += [channel(id) for id, card in sorted(store.departments.items()) if card.mine]
        return [self._row(room) for room in dict.fromkeys(names)]

    def _row(self, room: str) -> RoomRow:
        store, card = self.store, self.store.rooms.cards.get(room)
        seat = store.team.get(partner(room, store.me.user if store.me else 0))
        said = store.rooms.messages.get(room)
        last = said[-1].text if said else card.last_text if card else ""
        return RoomRow(
            room,
            room_name(store, room),
            narrate.STATUSES[seat.status] if seat else "",
            card.unread if card else 0,
            last,
            bool(store.message_draft(room)) and room != self.room,
            any(entry.failed for entry in unsent(store, room)),
        )

    def _fetch(self) -> None:
        """The newest messages of a room that is opened are asked for, once."""
        rooms, room = self.store.rooms, self.room
        if room in rooms.cards and room not in self._asked and rooms.lacks(room) and rooms.cards[room].last:
            self._asked.add(room)
            self.actions.newest_messages(room)

    def on_resize(self) -> None:
        """Another width may have room for both."""
        self.redraw()

    def on_descendant_focus(self) -> None:
        """List or composer; a click may have chosen."""
        self.listing = not self.composer.field.has_focus
        self._address(room_name(self.store, self.room))

    # --- list and composer ---

    @on(Rows.Moved)
    def moved(self, message: Rows.Moved) -> None:
        """Another room under the cursor is in front at once."""
        message.stop()
        if self.rows.has_focus and message.key:
            self.open(str(message.key))

    @on(Rows.Chosen)
    def chosen(self, message: Rows.Chosen) -> None:
        """A room was clicked twice."""
        message.stop()
        self.open(str(message.key))
        self.write()

    @on(Transcript.OlderWanted)
    def older(self, message: Transcript.OlderWanted) -> None:
        """The reader came to the oldest message that is here."""
        message.stop()
        if self.room and self.room not in self.store.rooms.complete:
            self.actions.older_messages(self.room)

    @on(Composer.Changed)
    def keep_draft(self, message: Composer.Changed) -> None:
        """What is written is kept."""
        message.stop()
        self.keep()
        self._address(room_name(self.store, self.room))

    @on(Field.Did)
    def composer_key(self, message: Field.Did) -> None:
        """Keys of the composer that mean something here too; the rest goes on to the one handler."""
        match message.action:
            case "leave_composer":
                self.choose()
            case "send":
                self.post_message(Field.Did("send_message"))
            case "history_back" | "history_on" | "complete":
                pass
            case _:
                return
        message.stop()
