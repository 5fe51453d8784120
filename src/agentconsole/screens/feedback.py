"""The feedback screen: what I was told about chats of mine, and what I have told others."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll

from agentconsole import narrate
from agentconsole.actions import Actions
from agentconsole.protocol import FeedbackCard, Said
from agentconsole.screens.left import moment
from agentconsole.screens.listing import Listing
from agentconsole.store import Store
from agentconsole.views import Topic
from agentconsole.widgets.paint import Cell, column
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words


class FeedbackList(Rows[FeedbackCard]):
    """What waits for an acknowledgement first, then the newest."""

    def key_of(self, item: FeedbackCard) -> int:
        """The feedback's id."""
        return item.id

    def draw(self, item: FeedbackCard, line: int, width: int) -> Iterable[Cell]:
        """Mark, time, who to whom, kind, beginning."""
        done = bool(item.acknowledged_at)
        cells: list[Cell] = [(" ✓ " if done else " • ", "good" if done else "warn")]
        if width >= 60:
            cells.append((moment(item.at) + " ", "dim"))
        cells.append((column(f"{item.author_name} → {item.agent_name}", max(14, width // 4)) + " ", "strong"))
        cells.append(("good " if item.good else "to improve ", "good" if item.good else "warn"))
        return [*cells, (item.text.replace("\n", " "), "dim" if done else "")]


class FeedbackView(Listing):
    """List and reading pane."""

    topics = frozenset({Topic.feedback, Topic.synced})

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions, FeedbackList(id="feedback-list"), id="feedback")
        self.whole = Words(id="feedback-text")

    def compose(self) -> ComposeResult:
        """The list, and all of one beside or below it."""
        yield self.rows
        yield Words(
            [
                ("No feedback yet.", "strong"),
                ("\nWhat supervisors and analysts say about a chat stands here and beside its lines.", "dim"),
            ],
            id="no-feedback",
        )
        with VerticalScroll(id="feedback-pane", can_focus=False):
            yield self.whole

    @property
    def card(self) -> FeedbackCard | None:
        """The feedback under the cursor."""
        return self.store.feedback.cards.get(self.selected)

    def tick(self, now: int) -> None:
        """Nothing here changes with time alone."""

    def redraw(self, now: int) -> None:
        """Bring list and pane up to date."""
        cards = self.store.feedback.listed()
        self.rows.show(cards)
        self.set_class(not cards, "-nothing")
        self._read()

    @on(Rows.Moved)
    def moved(self) -> None:
        """Another one under the cursor."""
        self._read()

    def _read(self) -> None:
        card = self.card
        self.whole.show(self._facts(card) if card else [])

    def _facts(self, card: FeedbackCard) -> list[Cell]:
        me = self.store.me.user if self.store.me else 0
        kind = "good" if card.good else "to improve"
        about = "a line of" if card.seq else "the whole of"
        chat = self.store.chats.get(card.chat)
        name = narrate.name(chat.name) if chat else f"chat {card.chat}"
        cells: list[Cell] = [
            (f"{card.author_name} to {card.agent_name}: {kind}", "strong"),
            (f"\n{moment(card.at)}, on {about} the chat with {name}", "dim"),
        ]
        if line := self._line(card):
            cells.append((f"\n> {line}", "dim"))
        cells.append((f"\n\n{card.text}", ""))
        if card.acknowledged_at:
            return [*cells, (f"\n\n✓ acknowledged {moment(card.acknowledged_at)}", "good")]
        if card.agent == me:
            return [
                *cells,
                ("\n\nEnter", "key"),
                (" acknowledges it", "dim"),
                ("   v", "key"),
                (" shows the chat", "dim"),
            ]
        return [*cells, ("\n\nnot acknowledged yet", "warn")]

    def _line(self, card: FeedbackCard) -> str:
        talk = self.store.talks.get(card.chat)
        if not card.seq or talk is None or not talk.first <= card.seq <= talk.last:
            return ""
        what = talk.events[card.seq - talk.first].what
        return what.text.replace("\n", " ") if isinstance(what, Said) else ""
