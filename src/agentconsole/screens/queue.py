"""The queue screen: who is waiting, and in a wide terminal all that is known of the one under the cursor."""

from __future__ import annotations

import time

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll

from agentconsole import narrate
from agentconsole.actions import Actions
from agentconsole.cache import Picture
from agentconsole.handover import note_of, origin, seconds_left
from agentconsole.offers import Offer, Offered
from agentconsole.protocol import ChatCard, Routing, Status
from agentconsole.screens.listing import Listing
from agentconsole.store import Store
from agentconsole.views import Topic
from agentconsole.widgets.paint import Cell, Ground
from agentconsole.widgets.queue_list import QueueList, call, entries, offer
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words

SHOWN = frozenset(
    {
        Topic.queue,
        Topic.mine,
        Topic.offers,
        Topic.talk,
        Topic.team,
        Topic.preview,
        Topic.card,
        Topic.departments,
        Topic.me,
        Topic.synced,
        Topic.link,
    }
)


class QueueView(Listing):
    """The waiting chats of my departments and my own ones."""

    BLANK = True
    topics = SHOWN

    def __init__(self, store: Store, actions: Actions, picture: Picture | None = None) -> None:
        """``picture`` is how things stood the last time: shown until the server has said how they stand."""
        super().__init__(store, actions, QueueList(id="queue-list"), id="queue")
        self.picture = picture
        self.told = False  # the server has said once how things stand
        self.slipped_at = 0
        self.nobody = Words(id="nobody")
        self.facts = Words(id="facts")

    def compose(self) -> ComposeResult:
        """List and detail; a few words where there is nothing to list."""
        with Ground(id="queue-main"):
            yield self.nobody
            yield self.rows
        with VerticalScroll(id="detail", can_focus=False):
            yield self.facts

    def on_mount(self) -> None:
        """Draw what is known already."""
        self.redraw(self.actions.clock())

    def arrive(self) -> None:
        """The queue comes into view: what has gone since then was under nobody's finger."""
        super().arrive()
        self.slipped_at = 0

    def redraw(self, now: int) -> None:
        """Bring list and detail up to date."""
        self.told = self.told or self.store.synced
        waiting, mine = self.store.queue(now), self.store.mine()
        departments = {id: card.name for id, card in self.store.departments.items()}
        before, server_now = self.selected, self.store.server_now(now)
        offers = [offer(row, self._words(row), departments, server_now) for row in self.store.offers()]
        calls = [call(card, departments, server_now) for card in self.store.calls()]
        me = self.store.me.user if self.store.me else 0
        ringing = {
            id for id, card in self.store.departments.items() if card.mine and card.routing is Routing.ring
        }
        self.rows.show(entries(waiting, mine, departments, offers, calls, me, ringing))
        if before and before != self.selected:
            self.slipped_at = now
        self.nobody.display = not (waiting or offers or calls)
        if self.nobody.display:
            self.nobody.show(self._nobody())
        self._detail(now)

    def _words(self, row: Offered) -> str:
        """Who wants what of me, and the note that goes with it."""
        words = origin(row, self.store.team, self.store.departments)
        talk = self.store.talks.get(row.card.chat)
        note = note_of(talk.events) if talk and row.kind is not Offer.invited else ""
        return f"{words}: {note}".replace("\n", " ") if note else words

    def _nobody(self) -> list[Cell]:
        """What to know while nobody waits."""
        if not self.store.synced:
            known = self._known()
            return [*known, (f"\n{self.store.link.why}", "warn")] if self.store.link.why else known
        cells: list[Cell] = [("Nobody is waiting.", "strong")]
        served = [card.name for card in self.store.departments.values() if card.mine]
        if served:
            cells.append((f"\nYou will see new chats of {', '.join(served)} here.", "dim"))
        elif not self.store.answers():
            cells.append(("\nChats that wait in the departments you look after stand here.", "dim"))
        else:
            cells.append(("\nYou are in no department yet. Ask your administrator for a grant.", "warn"))
        if self.store.me and self.store.me.status is not Status.online:
            status = narrate.STATUSES[self.store.me.status]
            cells.append((f"\nYour status: {status}. ", "warn"))
            cells += [("s", "key"), (" changes it.", "dim")]
        if left := self.store.counts().left:
            cells.append((f"\n{left} left message{'s' if left > 1 else ''} not handled yet. ", ""))
            cells += [("l", "key"), (" shows them.", "dim")]
        return cells

    def _known(self) -> list[Cell]:
        """What is known without the server."""
        if self.told:
            return [("Nobody was waiting when the link was lost.", "strong")]
        return (
            self._last_time(self.picture)
            if self.picture
            else [("The server has not said yet who waits.", "dim")]
        )

    def _last_time(self, shown: Picture) -> list[Cell]:
        cells: list[Cell] = [
            (f"As of {time.strftime('%H:%M', time.localtime(shown.at / 1000))}, connecting …", "strong")
        ]
        for title, rows in (("My chats", shown.mine), ("Waiting", shown.waiting)):
            cells.append((f"\n\n{title} {len(rows)}", "head"))
            for row in rows:
                wait = narrate.duration(shown.at - row.at)
                cells.append((f"\n{wait:8} {narrate.name(row.name)}  {row.department}  {row.about}", "dim"))
        return cells

    @on(Rows.Moved)
    def moved(self) -> None:
        """Another chat under the cursor."""
        self._detail(self.actions.clock())

    def _detail(self, now: int) -> None:
        card = self.store.chats.get(self.selected)
        self.facts.show(self._facts(card, now) if card else [])

    def _facts(self, card: ChatCard, now: int) -> list[Cell]:
        server_now = self.store.server_now(now)
        mine = self.store.takes_part(card.chat)
        offered = next((row for row in self.store.offers() if row.card.chat == card.chat), None)
        cells: list[Cell] = [(narrate.name(card.name), "strong")]
        if offered:
            left = f", {seconds_left(offered.until, server_now)}" if offered.until else ""
            cells.append((f"\n⇒ {self._words(offered)}{left}", "warn"))
        if card.help_at:
            cells.append((f"\nH help called {narrate.duration(server_now - card.help_at)}", "bad"))
        for label, value, ink in (
            ("answers", card.owner_name, ""),
            ("waits", "" if card.owner else narrate.duration(server_now - card.since), ""),
            ("is", narrate.presence(card, server_now), "bad" if card.lost_at else "good"),
            ("in", self.store.department_name(card.department), ""),
            ("for", card.wanted_name, "warn"),
            ("priority", f"{card.priority:+}" if card.priority else "", ""),
            ("topic", card.topic, ""),
            ("mail", card.email, ""),
            ("language", card.language, ""),
            ("page", narrate.page(card), ""),
            ("traffic", "drill: a simulated visitor" if card.drill else "", ""),
        ):
            if value:
                cells += [(f"\n{label} ", "dim"), (value, ink)]
        cells += [("\n\nFirst line", "head"), (f"\n{card.first_line or 'has not written yet'}", "")]
        if preview := self.store.preview(card.chat, now):
            cells += [("\n\nTyping now", "head"), (f"\n✎ {preview}", "typing")]
        reads = mine or (card.owner != 0 and not offered)
        joins = offered is not None and offered.kind is Offer.invited
        takes = " opens it" if reads else " joins it" if joins else " takes it"
        answers = self.store.answers()
        cells.append(("\n", ""))
        if reads or answers:
            cells += [("\nEnter", "key"), (takes, "dim")]
        if not reads:
            cells += [("\nv", "key"), (" reads it first" if answers else " reads it", "dim")]
        if offered:
            cells += [("\nD", "key"), (" declines", "dim")]
        return [*cells, ("\nw", "key"), (" says why it is where it is", "dim")]
