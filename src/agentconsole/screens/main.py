"""The one screen: a row of places, the place itself, what the keys do, and how things stand."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from textual import on
from textual.app import ComposeResult
from textual.keys import key_to_character
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from agentconsole import keys
from agentconsole.actions import Actions
from agentconsole.cache import Picture
from agentconsole.keys import Action, Where
from agentconsole.link import LinkState
from agentconsole.screens import standing
from agentconsole.screens.chat import ChatView
from agentconsole.screens.departments import DepartmentsView
from agentconsole.screens.feedback import FeedbackView
from agentconsole.screens.left import LeftView
from agentconsole.screens.mails import MailsView
from agentconsole.screens.messages import MessagesView
from agentconsole.screens.observe import ObserveView
from agentconsole.screens.queue import QueueView
from agentconsole.screens.running import RunningView
from agentconsole.screens.team import TeamView
from agentconsole.screens.ticket import TicketView
from agentconsole.screens.tickets import TicketsView
from agentconsole.store import Store
from agentconsole.ticket_actions import TicketActions
from agentconsole.tickets import totals
from agentconsole.views import Touched
from agentconsole.widgets.bars import Bar, Keys, Spot, Tabs
from agentconsole.widgets.composer import Composer
from agentconsole.widgets.paint import Cell
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words

# What acts on the chat at hand stands with the keys of the places that have one, and in no other footer.
AT_HAND = {
    "decline": {Where.queue, Where.chat},
    "transfer": {Where.queue, Where.chat, Where.running, Where.observe},
}
NOTICE_MS = 8_000
CAUGHT_UP_MS = 6_000


class Place(Protocol):
    """What stands in the middle of the screen; its id is the place's name in the table of actions (`Where`)."""

    @property
    def id(self) -> str | None:
        """The name of a `Where`."""
        ...

    def land(self) -> None:
        """Put the focus there."""
        ...

    def arrive(self) -> None:
        """It comes into view: draw what is known."""
        ...

    def leave(self) -> None:
        """It goes out of view."""
        ...

    def sync(self, touched: set[Touched], now: int) -> None:
        """Draw what was touched."""
        ...

    def tick(self, now: int) -> None:
        """Time went by: paint what looks different now."""
        ...


class Places(ContentSwitcher):
    """Where the place in view stands."""

    BLANK = True


class MainScreen(Screen[None]):
    """Switches between the places; draws only the one in view."""

    BLANK = True
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [
        (0, "-narrow"),
        (60, "-normal"),
        (100, "-wide"),
        (120, "-full"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (9, "-low"), (18, "-high")]

    def __init__(
        self,
        store: Store,
        actions: Actions,
        table: Sequence[Action],
        *,
        clock_24h: bool = True,
        picture: Picture | None = None,
    ) -> None:
        super().__init__()
        self.store = store
        self.actions = actions
        self.table = table
        self.clock_24h = clock_24h
        composer_keys: Mapping[str, str] = {
            key: action.id for action in table if action.where is Where.composer for key in action.keys
        }
        self.queue = QueueView(store, actions, picture)
        self.chat = ChatView(store, actions, composer_keys)
        self.left = LeftView(store, actions)
        self.team = TeamView(store, actions)
        self.departments = DepartmentsView(store, actions)
        self.observe = ObserveView(store, actions)
        self.running = RunningView(store, actions)
        self.messages = MessagesView(store, actions, composer_keys)
        self.feedback = FeedbackView(store, actions)
        self.work = TicketActions(actions)
        self.tickets = TicketsView(self.work)
        self.mails = MailsView(self.work)
        self.ticket = TicketView(self.work, {**composer_keys, "enter": "newline"})
        self.all: tuple[Place, ...] = (
            *(self.queue, self.chat, self.left, self.team, self.departments),
            *(self.observe, self.running, self.messages, self.feedback),
            *(self.tickets, self.ticket, self.mails),
        )
        self.view: Place = self.queue
        self._came: list[Place] = []  # the places before this one, the last one last
        self.possible: Callable[[str], bool] = bool  # what could only be refused now is not offered
        self._notice_until = 0
        self._ready = False
        self.places = Tabs(id="places")
        self.link = Bar(id="link-banner")
        self.sentence = Words(id="notice")
        self.hints = Keys(id="keys")
        self.status = Bar(id="status")
        self.link.display = self.sentence.display = False

    def compose(self) -> ComposeResult:
        """Top to bottom."""
        yield self.places
        with Places(initial="queue"):
            for place in self.all:
                assert isinstance(place, Widget)
                yield place
        yield self.link
        yield self.sentence
        yield self.hints
        yield self.status

    def on_mount(self) -> None:
        """Begin with the queue."""
        self._ready = True
        self.queue.land()
        self.frame(self.actions.clock())

    @property
    def where(self) -> Where:
        """The place in view, as the table of actions names it."""
        return Where(self.view.id or "")

    @property
    def composer(self) -> Composer | None:
        """The composer of the place in view, if it has one."""
        composers = (self.chat.composer, self.messages.composer, self.ticket.composer)
        return dict(zip((Where.chat, Where.messages, Where.ticket), composers, strict=True)).get(self.where)

    def go(self, view: Place) -> None:
        """Show another place and put the focus there."""
        if view is not self.view:
            self._came = [place for place in self._came if place not in (view, self.view)]
            if (self.view, view) != (self.ticket, self.tickets):
                self._came.append(self.view)
            self.view.leave()
            self.view = view
            view.arrive()
            self.query_one(ContentSwitcher).current = view.id
        view.land()
        self.frame(self.actions.clock())

    @property
    def way_back(self) -> Place | None:
        """The place before this one; there is none behind the queue, nor behind a chat that I answer."""
        answering = self.view is self.chat and self.store.takes_part(self.chat.chat)
        if self.view is self.queue or answering:
            return None
        empty = None if self.chat.chat else self.chat
        return next((place for place in reversed(self._came) if place is not empty), self.queue)

    def back(self) -> None:
        """One place back, where letters stay keys; it is not come back from."""
        if place := self.way_back:
            came = self._came[: self._came.index(place)] if place in self._came else []
            self.go(place)
            if place is self.chat:
                self.chat.focus()
            self._came = came

    def go_chat(self, chat: int) -> None:
        """Show a chat."""
        self.chat.open(chat)
        self.go(self.chat)

    def sync(self, touched: set[Touched], now: int) -> None:
        """Draw what was touched: the place in view and the frame around it. Others are drawn when they come into view."""
        self.view.sync(touched, now)
        self.frame(now)

    def caught_up(self) -> None:
        """The link is back; places that are not in view have to know it too."""
        for view in (self.chat, self.messages, self.ticket):
            view.caught_up()

    def tick(self, now: int) -> None:
        """Time went by."""
        self.view.tick(now)
        self.tickets.warm()
        self.frame(now)

    def notice(self, sentence: str, ink: str = "") -> None:
        """Tell the person something, in place of the key hints, for a while."""
        self.sentence.show([(sentence, ink)])
        self.sentence.display = True
        self.hints.add_class("-covered")  # no more than that: a low screen has no hints to come back
        self._notice_until = self.actions.clock() + NOTICE_MS

    def unnotice(self) -> None:
        """The notice has been read."""
        if self._notice_until:
            self._notice_until = 0
            self.sentence.display = False
            self.hints.remove_class("-covered")

    def on_screen_suspend(self) -> None:
        """A dialog stands over it: these keys do nothing now."""
        self._hints()

    def on_screen_resume(self) -> None:
        """The dialog is gone."""
        if self._ready:
            self._hints()

    def on_descendant_focus(self) -> None:
        """Other keys act in the composer than beside it."""
        self._hints()

    def on_descendant_blur(self) -> None:
        """Also when the composer goes away."""
        self._hints()

    @on(Rows.Moved)
    def moved(self) -> None:
        """What can be done depends on what is under the cursor."""
        self._hints()

    # --- the frame around the place ---

    def frame(self, now: int) -> None:
        """Places, hints, link and status; painted only where they changed."""
        if not self._ready:
            return
        if self._notice_until and now >= self._notice_until:
            self.unnotice()
        self._places(now)
        self._hints()
        self._link(now)
        self._status(now)

    def _places(self, now: int) -> None:
        counts = self.store.counts()
        unread = f" +{counts.unread}" if counts.unread else ""
        left = f" {counts.left}" if counts.left else ""
        messages = f" {counts.messages}" if counts.messages else ""
        feedback = f" {counts.feedback}" if counts.feedback else ""
        offers = f" ⇒{counts.offers}" if counts.offers else ""
        wide = self.size.width >= 100
        sums = totals(self.store.tickets.counts)
        spots = [
            Spot("queue", f"Queue {counts.waiting}{offers}"),
            Spot("chats", f"Chats {counts.mine}{unread}"),
            Spot("tickets", f"Tickets {sums.new + sums.open}"),
            Spot("mails", "Mail"),
            Spot("left_messages", ("Left messages" if wide else "Left") + left),
            Spot("messages", f"Messages{messages}", f"Msgs{messages}"),
            Spot("running", "All chats" if wide else "All"),
            Spot("observe", "Observe", "Obs"),
            Spot("team", "Team"),
            Spot("departments", "Departments", "Depts"),
            Spot("feedback", f"Feedback{feedback}", f"Fdbk{feedback}"),
        ]
        there = {
            "mails": self.where is Where.mails,
            "observe": self.possible("observe"),
            "departments": self.where is Where.departments,
            "feedback": counts.feedback > 0 or self.where is Where.feedback,
        }
        shown = [spot for spot in spots if there.get(spot.action, True)]
        names = {Where.chat: "chats", Where.left: "left_messages", Where.ticket: "tickets"}
        current = names.get(self.where, self.where.value)
        clock = time.strftime("%H:%M" if self.clock_24h else "%I:%M %p", time.localtime(now / 1000))
        urgent = {"queue"} if counts.offers else set()
        self.places.place(shown, current, [(f"{clock} ", "dim")], urgent)

    def _hints(self) -> None:
        writing = self.composer is not None and self.composer.field.has_focus
        shown = [
            action
            for action in self.table
            if self.is_active and action.shown and action.keys and self._fits(action, writing)
        ]
        shown.sort(key=self._rank)
        self.hints.hint([(keys.spoken(_best(action, writing)), action.label) for action in shown])

    def _rank(self, action: Action) -> int:
        """What is done in this place alone comes first, what can be done everywhere last."""
        if action.id in AT_HAND:
            return 0 if self.where in (Where.queue, Where.chat) else 1
        if action.where is Where.anywhere and action.id != "back":
            return 2
        return int(action.where is Where.ticketing or action.id == "back")

    def _fits(self, action: Action, writing: bool) -> bool:
        if not self.possible(action.id) or self.where not in AT_HAND.get(action.id, {self.where}):
            return False
        if action.where is Where.queue and not self.queue.selected:
            return False
        if action.where is Where.left and not self.left.selected:
            return False
        if action.id == "decline" and self.where is Where.chat and not self._offered_here():
            return False
        if action.where is Where.composer:
            return writing and not (self.where is Where.ticket and action.id == "send")
        if self.where is Where.chat and not self.chat.offers(action.id):
            return False
        if writing and all(map(keys.types_text, action.keys)):
            return False
        return action.where in keys.around(self.where)

    def _offered_here(self) -> bool:
        return any(row.card.chat == self.chat.chat for row in self.store.offers())

    def _link(self, now: int) -> None:
        cells = self._link_news(now)
        self.link.display = bool(cells)
        self.link.show(cells, [])

    def _link_news(self, now: int) -> list[Cell]:
        link = self.store.link
        silent = link.silent_s(now)
        if silent or (link.state is LinkState.connecting and link.why):
            words = link.words(now)
            waiting = self.store.outbox.unsent()
            kept = "What you write is kept."
            if waiting:
                kept = f"{waiting} thing{'s' if waiting > 1 else ''} of yours will be sent when it is back."
            return [(f" ! {words[:1].upper()}{words[1:]}. ", "bad"), (f"{kept} ", ""), (link.why, "dim")]
        caught = self.store.caught_up
        if caught and caught.events and now - caught.at < CAUGHT_UP_MS:
            return [
                (f" ✓ Back again: caught up {caught.events} event{'s' if caught.events > 1 else ''}.", "good")
            ]
        return []

    def _status(self, now: int) -> None:
        self.status.show(*standing.row(self.store, now, self.size.width))


def _best(action: Action, writing: bool) -> str:
    """The key to show: while writing one that is no text, else the shortest name."""
    fitting = [key for key in action.keys if not (writing and is_text(key))]
    return min(fitting or action.keys, key=lambda key: len(keys.spoken(key)) if key != "space" else 9)


def is_text(key: str) -> bool:
    """True if the key writes a character, so that in the composer it is text."""
    character = key_to_character(key)
    return bool(character and character.isprintable())
