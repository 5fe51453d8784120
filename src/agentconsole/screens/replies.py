"""Canned answers in a composer, of a chat or of a ticket: offered while a shortcut is typed, chosen, filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agentconsole import canned
from agentconsole.protocol import CannedCard
from agentconsole.screens.finder import Finder, Item
from agentconsole.store import Store
from agentconsole.widgets.composer import Composer
from agentconsole.widgets.suggestions import Suggestions


@dataclass(frozen=True, slots=True)
class About:
    """What their fields are filled in with: the department's id, the customer, what it is about, and ``more`` by name."""

    department: int = 0
    name: str = ""
    email: str = ""
    topic: str = ""
    more: Mapping[str, str] = field(default_factory=dict)


class Replies:
    """The canned answers of one composer; ``about`` tells what stands in front of it now."""

    def __init__(
        self, store: Store, composer: Composer, suggestions: Suggestions, about: Callable[[], About]
    ) -> None:
        self.store = store
        self.composer = composer
        self.suggestions = suggestions
        self.about = about

    def fitting(self, beginning: str = "") -> list[CannedCard]:
        """Those that fit here, by the beginning of their shortcuts."""
        me = self.store.me.user if self.store.me else 0
        return canned.choices(self.store.canned.values(), me, self.about().department, beginning)

    def suggest(self) -> None:
        """Offer what fits the shortcut before the cursor, if one stands there."""
        beginning = canned.shortcut_before(self.composer.text, self.composer.cursor)
        self.suggestions.offer(self.fitting(beginning) if beginning is not None else [])

    def took(self, action: str) -> bool:
        """A key of the composer: True if it chose or completed, and means nothing else."""
        choosing = self.suggestions.display
        match action:
            case "history_back" if choosing:
                self.suggestions.action_move(-1)
            case "history_on" if choosing:
                self.suggestions.action_move(1)
            case "leave_composer" if choosing:
                self.suggestions.hide()
            case "send" if choosing:
                self.complete()
            case "complete":
                self.complete()
            case _:
                return False
        return True

    def complete(self) -> None:
        """Put the chosen one in, or go to the next open field."""
        card = self.suggestions.selected_item if self.suggestions.display else None
        if card is not None:
            self.insert(card)
        elif gap := canned.next_field(self.composer.text, self.composer.cursor):
            self.composer.mark(gap)

    def insert(self, card: CannedCard) -> None:
        """Put one where the cursor stands, its fields filled in."""
        self.composer.edit(canned.insert(self.composer.text, self.composer.cursor, card, self._values()))
        self.suggestions.hide()
        self.composer.field.focus()

    def finder(self, title: str, nothing: str) -> Finder:
        """The dialog to find one by its words; its answer goes to `found`."""
        items = [Item(str(card.id), f"/{card.shortcut}", card.text) for card in self.fitting()]
        return Finder(title, items, nothing)

    def found(self, id: str | None) -> None:
        """Put in what was found, if anything was."""
        if id is not None and (card := self.store.canned.get(int(id))):
            self.insert(card)

    def _values(self) -> dict[str, str]:
        about, me = self.about(), self.store.me
        agent, department = me.display if me else "", self.store.department_name(about.department)
        return {
            "name": about.name,
            "email": about.email,
            "topic": about.topic,
            "department": department,
            "agent": agent,
            "customer.name": about.name,
            "customer.email": about.email,
            "agent.name": agent,
            "department.name": department,
            **about.more,
        }
