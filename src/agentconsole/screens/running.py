"""All running chats of my departments in one list, to be narrowed by department, agent and state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult

from agentconsole import narrate
from agentconsole.actions import Actions
from agentconsole.protocol import ChatCard, State
from agentconsole.risk import risk
from agentconsole.screens.listing import Listing
from agentconsole.store import Store
from agentconsole.views import Topic, Touched
from agentconsole.widgets.bars import Bar, Tabs
from agentconsole.widgets.paint import Cell, column
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words

STATES = {State.offered: "offered", State.active: "running", State.wrapup: "wrap-up"}
SHOWN = frozenset({Topic.card, Topic.pulse, Topic.departments, Topic.me, Topic.synced, Topic.mine})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to; 0 and None = no matter which."""

    department: int = 0
    agent: int = 0
    state: State | None = None

    def fits(self, card: ChatCard) -> bool:
        """True for a running chat that is wanted."""
        people = {card.owner or card.offer_to, *(guest.id for guest in card.guests)}
        return (
            card.state in STATES
            and self.department in (0, card.department)
            and (not self.agent or self.agent in people)
            and self.state in (None, card.state)
        )


@dataclass(frozen=True, slots=True)
class Running:
    """One row; ``who`` answers, ``why`` says what is wrong with it ('' = nothing)."""

    chat: int
    age: str
    state: str
    department: str
    visitor: str
    who: str
    about: str
    why: str
    mine: bool


class RunningList(Rows[Running]):
    """The oldest first."""

    def key_of(self, item: Running) -> int:
        """The chat's id."""
        return item.chat

    def draw(self, item: Running, line: int, width: int) -> Iterable[Cell]:
        """One row in as many columns as fit."""
        cells: list[Cell] = [("!" if item.why else " ", "warn"), (column(item.age, 8) + " ", "dim")]
        cells.append((column(item.visitor, 8 if width < 60 else 14) + " ", "strong"))
        cells.append((column(item.who, 10 if width < 60 else 14) + " ", "staff" if item.mine else ""))
        if width >= 60:
            cells.append((column(item.state, 7) + " ", "dim"))
            cells.append((column(item.department, min(16, width // 8)) + " ", "dim"))
        if item.why:
            cells.append((f"{item.why}  ", "warn"))
        return [*cells, (item.about, "dim")]


class RunningView(Listing):
    """The list and what it is narrowed to."""

    topics = SHOWN

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions, RunningList(id="running-list"), id="running")
        self.wanted = Wanted()
        self.title = Bar(id="running-title")
        self.nothing = Words(id="none-running")

    def compose(self) -> ComposeResult:
        """What is listed, the list; a few words where nothing is."""
        yield self.title
        yield self.nothing
        yield self.rows

    def arrive(self) -> None:
        """The list comes into view; who supervises hears how long visitors wait for an answer."""
        self.actions.wall(self.store.observes(0))
        super().arrive()

    def leave(self) -> None:
        """The list goes out of view."""
        self.actions.wall(False)

    def sync(self, touched: set[Touched], now: int) -> None:
        """Draw what was touched; after a new login it is another client that has to hear how long visitors wait."""
        if any(touch.topic is Topic.synced for touch in touched):
            self.actions.wall(self.store.observes(0))
        super().sync(touched, now)

    def narrow(self, wanted: Wanted) -> None:
        """List other chats."""
        self.wanted = wanted
        self.redraw(self.actions.clock())

    def running(self) -> list[ChatCard]:
        """All running chats that I know of, narrowed or not, the oldest first."""
        cards = filter(Wanted().fits, self.store.chats.values())
        return sorted(cards, key=lambda card: (card.started_at, card.chat))

    def people(self) -> list[tuple[int, str]]:
        """Who answers, or is asked to, in one of these chats: id and name, by name."""
        found = {}
        for card in self.running():
            found[card.owner or card.offer_to] = card.owner_name or card.offer_name
            found.update({guest.id: guest.name for guest in card.guests})
        found.pop(0, None)
        return sorted(found.items(), key=lambda each: (each[1].casefold(), each[0]))

    @on(Rows.Chosen)
    def chosen(self) -> None:
        """A chat was clicked twice."""
        self.post_message(Tabs.Chosen("open_running"))

    def redraw(self, now: int) -> None:
        """Bring list and title up to date."""
        at = self.store.server_now(now)
        everything = self.running()
        cards = [card for card in everything if self.wanted.fits(card)]
        self.rows.show([self._row(card, at) for card in cards])
        self.rows.display = bool(cards)
        self.nothing.display = not cards
        if not cards:
            self.nothing.show(self._nothing(bool(everything)))
        self.title.show(
            [(" Running chats", "strong"), (f"  {self._narrowed()}", "dim")], [(f"{len(cards)} ", "dim")]
        )

    def _nothing(self, hidden: bool) -> list[Cell]:
        if hidden:
            return [("No running chat fits.", "strong"), ("\nx", "key"), (" shows all of them again.", "dim")]
        return [
            ("No chat is running.", "strong"),
            (
                "\nHere stand your own chats, those of the departments that you supervise, and those of departments "
                "whose agents may read each other's chats.",
                "dim",
            ),
        ]

    def _narrowed(self) -> str:
        names = dict(self.people())
        wanted = self.wanted
        return " · ".join(
            (
                self.store.department_name(wanted.department) or "all departments",
                (names.get(wanted.agent) or "someone else") if wanted.agent else "all agents",
                STATES[wanted.state] if wanted.state else "all states",
            )
        )

    def _row(self, card: ChatCard, at: int) -> Running:
        rated = risk(card, self.store.watching.beats.get(card.chat), at)
        owner = card.owner_name or (f"→ {card.offer_name}" if card.offer_name else "")
        return Running(
            card.chat,
            narrate.duration(at - card.started_at),
            STATES[card.state],
            self.store.department_name(card.department),
            narrate.name(card.name),
            " + ".join([owner, *(guest.name for guest in card.guests)]),
            narrate.topic_and_line(card),
            ", ".join(rated.reasons),
            self.store.takes_part(card.chat),
        )
