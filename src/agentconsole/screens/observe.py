"""The observe screen: running chats as tiles, the riskiest first, watched silently while they are in view."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget

from agentconsole import narrate
from agentconsole.actions import Actions
from agentconsole.protocol import ChatCard, Event, Noted, Said, Side, State
from agentconsole.risk import Risk, by_risk, risk
from agentconsole.store import Store
from agentconsole.views import Topic, Touched
from agentconsole.widgets.bars import Bar, Tabs
from agentconsole.widgets.tiles import Spoken, Tile, Tiles
from agentconsole.widgets.words import Words

ORDER_MS = 4_000  # between two orderings: tiles must not jump about while they are read
LINES = 12
RUNNING = frozenset({State.offered, State.active})
SHOWN = frozenset({Topic.card, Topic.talk, Topic.preview, Topic.pulse, Topic.departments, Topic.me})


class ObserveView(Widget):
    """A page of tiles. Exactly the chats of the tiles are open on the server, as long as they are in view.

    ``large`` is the chat that is about to be shown in full: it stays open.
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(id="observe")
        self.store = store
        self.actions = actions
        self.selected = 0
        self.large = 0
        self.banner = Bar(id="watch-banner")
        self.tiles = Tiles(id="tiles")
        self.nobody = Words(id="nobody-runs")
        self._order: list[int] = []
        self._ordered_at = 0
        self._page = 0
        self._opened: set[int] = set()
        self._here = False

    def compose(self) -> ComposeResult:
        """That one watches, and whom; a few words where there is nobody to watch."""
        yield self.banner
        yield self.nobody
        yield self.tiles

    # --- in view or not ---

    def land(self) -> None:
        """Put the focus on the tiles."""
        self.tiles.focus()

    def arrive(self) -> None:
        """The tiles come into view: from now on these chats are watched."""
        self._here = True
        self.actions.wall(True)
        self._rank(self.actions.clock())
        self.redraw(self.actions.clock())

    def leave(self) -> None:
        """Out of view: nothing is watched any more, but for the chat that is opened large."""
        self._here = False
        self.actions.wall(False)
        self._opened.discard(self.large)
        self.large = 0
        self._shut(set(self._opened))

    def sync(self, touched: set[Touched], now: int) -> None:
        """Draw what was touched."""
        if any(touch.topic is Topic.synced for touch in touched):
            self.actions.wall(True)  # after a new login it is another client
            self._rank(now)
        if any(touch.topic in SHOWN for touch in touched):
            self.tick(now)

    def tick(self, now: int) -> None:
        """Time went by: the order may be another one now."""
        room = len(self._order) < self.tiles.grid.capacity
        gone = not all(self._runs(self.store.chats.get(chat)) for chat in self.shown)
        if room or gone or now - self._ordered_at >= ORDER_MS:
            self._rank(now)
        self.redraw(now)

    # --- which chats ---

    @property
    def shown(self) -> list[int]:
        """The chats of this page that are still here. The one under the cursor stays on it wherever the order would put
        it."""
        room = self.tiles.grid.capacity
        page = self._order[self._page * room : (self._page + 1) * room]
        if self.selected in self._order and self.selected not in page:
            page[-1:] = [self.selected]
        return [chat for chat in page if chat in self.store.chats]

    @property
    def has_pages(self) -> bool:
        """True if there are more chats than one page has room for."""
        return len(self._order) > self.tiles.grid.capacity

    @property
    def card(self) -> ChatCard | None:
        """The card of the chat under the cursor."""
        return self.store.chats.get(self.selected)

    def _runs(self, card: ChatCard | None) -> bool:
        """True for a running chat that I may watch and take no part in."""
        return (
            card is not None
            and card.state in RUNNING
            and self.store.observes(card.department)
            and not self.store.takes_part(card.chat)
        )

    def _rank(self, now: int) -> None:
        running = filter(self._runs, self.store.chats.values())
        ranked = by_risk(running, self.store.watching.beats, self.store.server_now(now))
        self._order = [card.chat for card, _ in ranked]
        self._ordered_at = now
        self._page = min(self._page, max(0, (len(self._order) - 1) // self.tiles.grid.capacity))
        if self.selected not in self._order:
            first = self._page * self.tiles.grid.capacity
            self.selected = self._order[first] if self._order else 0

    def step(self, step: int) -> None:
        """The cursor goes to the next chat in the order (1) or the one before (-1), going round."""
        if self._order:
            at = self._order.index(self.selected) if self.selected in self._order else -step
            self._select((at + step) % len(self._order))

    def turn(self, step: int) -> None:
        """The next page (1) or the one before (-1), going round; the cursor on its first tile."""
        if self._order:
            room = self.tiles.grid.capacity
            at = self._order.index(self.selected) if self.selected in self._order else 0
            pages = -(-len(self._order) // room)
            self._select((at // room + step) % pages * room)

    def _select(self, index: int) -> None:
        self.selected = self._order[index]
        self._page = index // self.tiles.grid.capacity
        self.redraw(self.actions.clock())

    def _open_shown(self) -> None:
        """The tiles' chats are open, and no others."""
        shown = set(self.shown)
        self._shut(self._opened - shown)
        for chat in shown - self._opened - self.store.viewing:
            self.actions.look(chat)
            self._opened.add(chat)

    def _shut(self, chats: set[int]) -> None:
        for chat in sorted(chats):
            self._opened.discard(chat)
            if not self.store.takes_part(chat):
                self.actions.put_away(chat)

    # --- drawing ---

    def redraw(self, now: int) -> None:
        """Open what is in view, and draw it."""
        if not self._here:
            return
        self._open_shown()
        shown = self.shown
        at = self.store.server_now(now)
        self.tiles.show([self._tile(self.store.chats[chat], now, at) for chat in shown], self.selected)
        self.tiles.display = bool(shown)
        self.nobody.display = not shown
        if not shown:
            self.nobody.show(
                [
                    ("No colleague answers a chat in the departments you supervise.", "strong"),
                    ("\nChats show up here as soon as somebody answers them, the riskiest first.", "dim"),
                ]
            )
        narrow = self.app.size.width < 60
        words = "watching silently" if narrow else "You watch silently: nobody in these chats can notice it."
        kept = "" if self.app.size.width < 100 else " The audit log keeps who watched, and when."
        first = self._page * self.tiles.grid.capacity + 1
        last = first + len(shown) - 1
        where = f"{first}-{last}" if last > first else f"{first}"
        of = f"{where} of {len(self._order)} " if shown else ""
        self.banner.show([(f" ◉ {words}", "strong"), (kept, "dim")], [(of, "dim")])

    def _tile(self, card: ChatCard, now: int, at: int) -> Tile:
        talk = self.store.talks.get(card.chat)
        rated = risk(card, self.store.watching.beats.get(card.chat), at)
        events = talk.events[-LINES:] if talk else []
        return Tile(
            card.chat,
            narrate.name(card.name),
            " · ".join(
                part for part in (self._staff(card), self.store.department_name(card.department)) if part
            ),
            why(rated),
            tuple(self._spoken(event, card) for event in events) or (Spoken("-", "dim", "…"),),
            self.store.preview(card.chat, now),
        )

    def _staff(self, card: ChatCard) -> str:
        if not card.owner:
            return f"offered to {card.offer_name}" if card.offer_name else "nobody yet"
        return " + ".join([card.owner_name, *(guest.name for guest in card.guests)])

    def _spoken(self, event: Event, card: ChatCard) -> Spoken:
        words = narrate.sentence(event, card.name or "visitor", self.store.me.user if self.store.me else 0)
        match event.what:
            case Said() if event.by.side is Side.visitor:
                return Spoken("┃", "", words)
            case Said():
                name = "" if event.by.id == card.owner else f"{event.by.name}: "
                return Spoken(">", "staff", f"{name}{words}")
            case Noted():
                return Spoken("#", "note", f"note by {event.by.name}: {words}")
        return Spoken("-", "dim", words)

    @on(Tiles.Moved)
    def moved(self, message: Tiles.Moved) -> None:
        """A tile was clicked."""
        self.selected = message.chat
        self.redraw(self.actions.clock())

    @on(Tiles.Chosen)
    def chosen(self) -> None:
        """A tile was clicked twice."""
        self.post_message(Tabs.Chosen("tile_open"))

    @on(Tiles.Reshaped)
    def reshaped(self) -> None:
        """More tiles fit, or fewer: the one under the cursor stays in view."""
        if self.selected in self._order:
            self._page = self._order.index(self.selected) // self.tiles.grid.capacity
        self.redraw(self.actions.clock())


def why(rated: Risk) -> str:
    """The reasons in one row of words ('' = it goes well)."""
    return ", ".join(rated.reasons)
