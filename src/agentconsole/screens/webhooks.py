"""Calls of rules to other systems that were given up: to where, about what, why, and tried again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from agentconsole import dates
from agentconsole.client import Problem
from agentconsole.protocol import MAX_COUNTED, WebhookCard, WebhookPage
from agentconsole.questions import parsed
from agentconsole.screens.host import Host
from agentconsole.widgets.paint import Cell, column
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words, hints

KEYS = (("Enter", "try again"), ("A", "all again"), ("r", "read again"), ("Esc", "back"))


async def given_up(host: Host) -> WebhookPage:
    """The calls that were given up of the rules that I may set. Raises Problem."""
    return parsed(await host.client.ask("GET", "/api/webhooks"), WebhookPage)


def counted(page: WebhookPage) -> list[Cell]:
    """How many there are, in words; nothing if there are none."""
    if not page.total:
        return []
    calls = "call to another system was" if page.total == 1 else "calls to other systems were"
    told = f"{_number(page.total)} {calls} given up. "
    return [("! ", "bad"), (told, "warn"), ("w", "key"), (" shows them.", "dim")]


def _number(total: int) -> str:
    return f"{total:,} or more" if total >= MAX_COUNTED else f"{total:,}"


class WebhookList(Rows[WebhookCard]):
    """A call a row, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Try again", show=False)]

    def key_of(self, item: WebhookCard) -> int:
        """Its id."""
        return item.id

    def draw(self, item: WebhookCard, line: int, width: int) -> Iterable[Cell]:
        """About what, of which rule, why."""
        return [
            (column(_about(item), 10) + " ", "key"),
            (column(item.rule_name, max(10, width // 4)) + " ", "strong"),
            (item.answer or item.url, "dim"),
        ]


class WebhooksDialog(ModalScreen[None]):
    """The list, and below it the call under the cursor, or what is wrong."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,w", "dismiss(None)", "Back", show=False),
        Binding("A", "all", "All again", show=False),
        Binding("r", "read", "Read again", show=False),
    ]

    def __init__(self, host: Host, page: WebhookPage) -> None:
        super().__init__()
        self.host = host
        self.page = page
        self.rows = WebhookList(id="webhook-list")
        self._title = Words(classes="dialog-title")
        self._told = Words(id="webhook-told")

    def compose(self) -> ComposeResult:
        """Title, the list, the call under the cursor, the keys."""
        with Vertical(classes="dialog -page"):
            yield self._title
            yield self.rows
            yield self._told
            yield Words(hints(*KEYS))

    def on_mount(self) -> None:
        """Show what is known."""
        self.rows.focus()
        self.show(self.page)

    def show(self, page: WebhookPage) -> None:
        """Bring the list up to date."""
        self.page = page
        shown = len(page.webhooks)
        newest = f", the newest {shown} of {_number(page.total)}" if shown < page.total else ""
        self._title.show([(f"Calls to other systems that were given up{newest}", "strong")])
        self.rows.show(page.webhooks)
        self._describe()

    def _describe(self) -> None:
        card: WebhookCard | None = self.rows.selected_item
        self._told.show(facts(card) if card else [("There are none any more.", "dim")])

    @on(Rows.Moved)
    def moved(self, message: Rows.Moved) -> None:
        """Another one under the cursor."""
        message.stop()
        self._describe()

    @on(Rows.Chosen)
    def chosen(self, message: Rows.Chosen) -> None:
        """Enter, or a second click."""
        message.stop()
        self._work(lambda: self._again(f"/api/webhooks/{message.key}/again"))

    def action_all(self) -> None:
        """Try all of them again."""
        if self.page.total:
            self._work(lambda: self._again("/api/webhooks/again"))

    def action_read(self) -> None:
        """Read the list."""
        self._work(self._read)

    async def _again(self, path: str) -> None:
        await self.host.client.ask("POST", path)
        await self._read()

    async def _read(self) -> None:
        self.show(await given_up(self.host))

    @work(group="webhooks", exclusive=True)
    async def _work(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except Problem as problem:
            self._told.show([("! ", "bad"), (str(problem), "warn")])


def facts(card: WebhookCard) -> list[Cell]:
    """A call in words: to where, about what, and what came of it."""
    return [
        (f"{card.url}\n", "strong"),
        (f"{_about(card)}, {card.event.replace('_', ' ')}, {dates.shown(card.at)}\n", ""),
        (f"tried {card.tries} times, the last {dates.shown(card.tried_at)}: ", "dim"),
        (card.answer, "warn"),
    ]


def _about(card: WebhookCard) -> str:
    return f"ticket #{card.ticket}" if card.ticket else f"chat {card.chat}"
