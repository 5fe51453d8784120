"""What the actions of the list of tickets do: filters, searching, order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentconsole.actions import Unfit
from agentconsole.screens.ask import Ask
from agentconsole.screens.choice import Choice, Option
from agentconsole.screens.finder import Finder, Item

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds


class TicketFilters:
    """Methods are named after the actions."""

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds
        self.app = deeds.app

    def next_filter(self) -> None:
        """The next filter."""
        self.app.main.tickets.step(1)

    def previous_filter(self) -> None:
        """The filter before."""
        self.app.main.tickets.step(-1)

    async def filter_tickets(self) -> None:
        """A filter by its name."""
        view = self.app.main.tickets
        counts = {row.key: row.count for row in view.filter_rows()}
        items = [
            Item(
                each.key,
                each.name,
                f"{counts.get(each.key, -1):,} tickets" if counts.get(each.key, -1) >= 0 else "",
            )
            for each in view.every_filter()
        ]
        if chosen := await self.deeds.ask(Finder("Show which tickets?", items)):
            view.choose(chosen)

    async def search_tickets(self) -> None:
        """Words to find."""
        view = self.app.main.tickets
        words = await self.deeds.ask(
            Ask(f"Search in “{view.filter.name}”", "Number, subject, name, address or tag:", view.words, 200)
        )
        if words is not None:
            view.search(words)

    def all_tickets(self) -> None:
        """All open ones again."""
        self.app.main.tickets.choose("active")

    async def sort_tickets(self) -> None:
        """Another order."""
        view = self.app.main.tickets
        options = [
            Option("pressing", "nearest to breach first"),
            Option("newest", "newest first"),
            Option("oldest", "oldest first"),
        ]
        if chosen := await self.deeds.ask(Choice("In which order?", options, view.wanted.order)):
            view.sort(chosen)

    def refresh_tickets(self) -> None:
        """Read it anew."""
        self.app.main.tickets.refresh_list()

    async def save_filter(self) -> None:
        """Keep filter and search under a name."""
        view = self.app.main.tickets
        name = await self.deeds.ask(
            Ask("Save this filter as", f"{view.filter.name} {view.words}".strip(), limit=60)
        )
        if not name or not name.strip():
            return
        store = self.app.store
        options = [Option("0", "for me")]
        options += [
            Option(str(id), f"for all of {card.name}")
            for id, card in sorted(store.departments.items())
            if store.supervises(id) and card.mine
        ]
        whose = await self.deeds.ask(Choice("For whom?", options)) if len(options) > 1 else "0"
        if whose is not None:
            kept = await self.app.main.work.save_filter(name.strip(), view.wanted, int(whose))
            view.choose(f"s{kept.id}")

    async def delete_filter(self) -> None:
        """Delete the saved filter in use."""
        view = self.app.main.tickets
        if not view.filter.key[1:].isdecimal() or view.filter.key[0] != "s":
            raise Unfit("No saved filter is in use. f chooses one.")
        if await self.deeds.confirm(
            f"Delete the filter “{view.filter.name}”?", "Tickets stay as they are.", "Delete"
        ):
            await self.app.main.work.delete_filter(int(view.filter.key[1:]))
            view.choose("active")
