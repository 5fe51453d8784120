"""The rules that I may set: which are active, in which turn, what each does and did; written in an editor, and tried."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from agentconsole import dates, rule_text
from agentconsole.actions import Unfit
from agentconsole.client import Problem
from agentconsole.protocol import RuleCard, RuleOrder, RuleSet, RuleTrial, RuleTried, RuleWish, WebhookPage
from agentconsole.questions import parsed
from agentconsole.screens.choice import Choice, Option
from agentconsole.screens.editing import edited
from agentconsole.screens.host import Host
from agentconsole.screens.webhooks import WebhooksDialog, counted, given_up
from agentconsole.widgets.paint import Cell, column, ends
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.words import Words, hints

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds

T = TypeVar("T")

KEYS = (
    ("Enter", "edit"), ("n", "new"), ("a", "on/off"), ("t", "try"), ("< >", "turn"), ("d", "delete"), ("Space", "more"), ("Esc", "back"),
)  # fmt: skip
WITHOUT = (("n", "new"), ("Esc", "back"))  # where there is no rule to do anything with
SHOWN = 20  # tickets of a trial
NEW = 0  # the id under which a rule stands that is not kept yet


class RuleDeeds:
    """The action of the table."""

    def __init__(self, deeds: Deeds) -> None:
        self.app = deeds.app

    async def rules(self) -> None:
        """Show the rules that I may set."""
        self.app.push_screen(RulesDialog(self.app))


class RuleList(Rows[RuleCard]):
    """A rule a row, in their turn."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Edit", show=False)]

    slugs: Mapping[int, str] = {}  # the departments' short names; replaced as a whole

    def key_of(self, item: RuleCard) -> int:
        """Its id."""
        return item.id

    def draw(self, item: RuleCard, line: int, width: int) -> Iterable[Cell]:
        """On or off, its name, event, department, and how often it fired."""
        rule = item.rule
        on = rule.active
        wide = max(12, width - 46) if width >= 70 else max(12, width - 16)
        left: list[Cell] = [
            ("● on  " if on else "○ off ", "good" if on else "dim"),
            (column(rule.name, wide) + " ", "strong" if on else "dim"),
        ]
        if width >= 70:
            left.append((column(rule.event.replace("_", " "), 18) + " ", ""))
            left.append((column(self.slugs.get(rule.department, "all"), 10), "dim"))
        return ends(left, [(f"{item.fired}× " if item.fired else "", "dim")], width)


class RulesDialog(ModalScreen[None]):
    """The list, and below it the rule under the cursor, what a trial found, or what is wrong."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,semicolon", "dismiss(None)", "Back", show=False),
        Binding("e", "edit", "Edit", show=False),
        Binding("n", "new", "New", show=False),
        Binding("space", "more", "Scroll what stands below", show=False),
        Binding("a", "switch", "On or off", show=False),
        Binding("t", "try", "Try", show=False),
        Binding("less_than_sign,left", "turn(-1)", "Earlier", show=False),
        Binding("greater_than_sign,right", "turn(1)", "Later", show=False),
        Binding("d,delete", "remove", "Delete", show=False),
        Binding("w", "webhooks", "Calls that were given up", show=False),
        Binding("r", "again", "Read again", show=False),
    ]

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.lost = WebhookPage(0, [])  # calls to other systems that were given up
        self.cards: Sequence[RuleCard] = ()
        self.unkept: dict[int, str] = {}  # what was written and could not be kept, by rule
        self.rows = RuleList(id="rule-list")
        self._nothing = Words([("Reading …", "dim")], id="no-rules")
        self._told = Words(id="rule-told")
        self._lost = Words(id="lost-calls")
        self._keys = Words(hints(WITHOUT[-1]))

    def compose(self) -> ComposeResult:
        """Title, the list, the rule under the cursor, the keys."""
        with Vertical(classes="dialog -page"):
            yield Words([("Rules, in the order of their turns", "strong")], classes="dialog-title")
            yield self._nothing
            yield self.rows
            with VerticalScroll(can_focus=False, id="rule"):
                yield self._told
            yield self._lost
            yield self._keys

    def on_mount(self) -> None:
        """Read them."""
        self._lost.display = False
        self.rows.focus()
        self.action_again()

    # --- what is shown ---

    @property
    def slugs(self) -> dict[int, str]:
        """The departments' short names."""
        return {card.id: card.slug for card in self.host.store.departments.values()}

    @property
    def card(self) -> RuleCard | None:
        """The rule under the cursor."""
        return self.rows.selected_item

    @on(Rows.Moved)
    def moved(self, message: Rows.Moved) -> None:
        """Another one under the cursor."""
        message.stop()
        self._describe()

    def show(self, cards: Sequence[RuleCard], key: int = 0) -> None:
        """Bring the list up to date, with the cursor on this rule."""
        self.cards = cards
        slugs = self.slugs
        if self.rows.slugs != slugs:
            self.rows.slugs = slugs
            self.rows.refresh()
        self.rows.show(cards)
        if key:
            self.rows.select(key)
        self.rows.display = bool(cards)
        self._nothing.display = not cards
        self._nothing.show(
            [("There are no rules that you may set. ", "strong"), ("n writes one.", "dim")]
            if self._may_write
            else [("Supervisors and administrators set rules; you are neither.", "dim")]
        )
        self._keys.show(hints(*(KEYS if cards else WITHOUT if self._may_write else WITHOUT[-1:])))
        self._describe()

    @property
    def _may_write(self) -> bool:
        me = self.host.store.me
        return me is not None and any(grant.role in ("supervisor", "admin") for grant in me.grants)

    def _describe(self) -> None:
        card = self.card
        self._told.show(facts(card) if card else [])

    def tell(self, sentence: str, key: int | None = None) -> None:
        """Say what is wrong; what was written for a rule is kept for the next try."""
        kept = [
            ("\nWhat you wrote is kept: ", "dim"),
            ("n" if key == NEW else "Enter", "key"),
            (" opens it again.", "dim"),
        ]
        self._told.show([("! ", "bad"), (sentence, "warn"), *(kept if key is not None else [])])

    # --- what can be done ---

    def action_again(self) -> None:
        """Read the rules, and what became of their calls."""
        self._work(self._read)
        self._read_lost()

    @work(group="lost", exclusive=True)
    async def _read_lost(self) -> None:
        with suppress(Problem):  # reading the rules tells of it
            self.lost = await given_up(self.host)
            self._lost.show(counted(self.lost))
            self._lost.display = bool(self.lost.total)

    @work(exclusive=True, group="webhooks")
    async def action_webhooks(self) -> None:
        """Show the calls that were given up."""
        if self.lost.total:
            await self.host.push_screen_wait(WebhooksDialog(self.host, self.lost))
            self.action_again()

    def action_more(self) -> None:
        """A screenful down in what stands below the list; from the end to its beginning."""
        pane = self.query_one("#rule", VerticalScroll)
        if pane.scroll_offset.y >= pane.max_scroll_y:
            pane.scroll_home(animate=False, immediate=True)
        else:
            pane.scroll_page_down(animate=False)

    def action_edit(self) -> None:
        """Write the rule under the cursor anew."""
        card = self.card
        if card:
            self._work(lambda: self._edit(card.id, card.rule, card.version), card.id)

    @on(Rows.Chosen)
    def chosen(self, message: Rows.Chosen) -> None:
        """Enter, or a second click."""
        message.stop()
        self.action_edit()

    def action_new(self) -> None:
        """Write a new rule."""
        self._work(lambda: self._edit(NEW, rule_text.FRESH, 0), NEW)

    async def _edit(self, key: int, rule: RuleWish, version: int) -> None:
        before = self.unkept.get(key) or rule_text.written(rule, self.slugs)
        try:
            words = await edited(self.host, before, "rule.toml")
        except Unfit as problem:
            self.tell(str(problem))
            return
        if not words.strip() or (words == before and key not in self.unkept):
            return
        self.unkept[key] = words
        try:
            wish = rule_text.read(words, self.slugs)
        except ValueError as error:
            self.tell(str(error), key)
            return
        await self._keep(key, wish, version)

    async def _keep(self, key: int, wish: RuleWish, version: int) -> None:
        if key == NEW:
            card = await self._ask("POST", "/api/rules", wish, RuleCard)
        else:
            card = await self._ask("PUT", f"/api/rules/{key}", RuleSet(wish, version), RuleCard)
        self.unkept.pop(key, None)
        await self._read(card.id)

    def action_switch(self) -> None:
        """Switch the rule under the cursor on or off."""
        card = self.card
        if card:
            wish = msgspec.structs.replace(card.rule, active=not card.rule.active)
            self._work(lambda: self._switch(card, wish))

    async def _switch(self, card: RuleCard, wish: RuleWish) -> None:
        await self._ask("PUT", f"/api/rules/{card.id}", RuleSet(wish, card.version), RuleCard)
        await self._read()

    def action_turn(self, step: int) -> None:
        """Give the rule under the cursor an earlier or a later turn."""
        ids = [card.id for card in self.cards]
        at = self.rows.cursor
        if 0 <= at < len(ids) and 0 <= at + step < len(ids):
            ids[at], ids[at + step] = ids[at + step], ids[at]
            self._work(lambda: self._order(ids))

    async def _order(self, ids: list[int]) -> None:
        self.show(await self._ask("POST", "/api/rules/order", RuleOrder(ids), list[RuleCard]))

    def action_remove(self) -> None:
        """Delete the rule under the cursor, after a yes."""
        card = self.card
        if card:
            self._work(lambda: self._remove(card))

    async def _remove(self, card: RuleCard) -> None:
        options = [Option("yes", "Delete it"), Option("no", "Back")]
        ask = Choice(f"Delete the rule {card.rule.name}?", options, "no", "What it did stays in the tickets.")
        if await self.host.push_screen_wait(ask) == "yes":
            await self._send("DELETE", f"/api/rules/{card.id}")
            await self._read()

    def action_try(self) -> None:
        """Ask on which past tickets the rule under the cursor would have fired."""
        card = self.card
        if card:
            self._told.show([("Trying …", "dim")])
            self._work(lambda: self._try(card.rule))

    async def _try(self, rule: RuleWish) -> None:
        tried = await self._ask("POST", "/api/rules/try", RuleTrial(rule), RuleTried)
        self._told.show(trial(tried))

    # --- the server ---

    @work(group="rules", exclusive=True)
    async def _work(self, step: Callable[[], Awaitable[None]], key: int | None = None) -> None:
        try:
            await step()
        except Problem as problem:
            self.tell(str(problem), key)

    async def _read(self, key: int = 0) -> None:
        self.show(await self._ask("GET", "/api/rules", None, list[RuleCard]), key)

    async def _ask(self, method: str, path: str, body: Any, shape: type[T]) -> T:
        return parsed(await self._send(method, path, body), shape)

    async def _send(self, method: str, path: str, body: Any = None) -> bytes:
        content = None if body is None else msgspec.json.encode(body)
        return await self.host.client.ask(method, path, content=content)


def facts(card: RuleCard) -> list[Cell]:
    """A rule in words: when, what, and the last times."""
    rule = card.rule
    cells: list[Cell] = [(f"{rule.note}\n", "")] if rule.note else []
    cells += [("on ", "dim"), (rule.event.replace("_", " "), "strong")]
    cells += [(" when ", "dim"), (rule.when, "")] if rule.when else [(", always", "dim")]
    cells.append(("\n", ""))
    for action in rule.do:
        cells += [("  → ", "dim"), (f"{action}\n", "")]
    if rule.stop:
        cells.append(("  then no later rule looks at it\n", "dim"))
    for fired in card.firings:
        about = f"ticket #{fired.ticket}" if fired.ticket else f"chat {fired.chat}"
        cells.append((f"{dates.shown(fired.at)}  {about}: {'; '.join(fired.did)}\n", "dim"))
    if not card.firings:
        cells.append(("It has not fired yet. t shows what it would have done.", "dim"))
    return cells


def trial(tried: RuleTried) -> list[Cell]:
    """What a rule would have done."""
    head = f"Of the newest {tried.looked} tickets it would have fired on {len(tried.hits)}. Nothing was changed.\n"
    cells: list[Cell] = [(head, "strong")]
    for hit in tried.hits[:SHOWN]:
        cells += [(f"#{hit.ticket} ", "key"), (f"{hit.subject}  ", ""), (f"{'; '.join(hit.would)}\n", "dim")]
    if len(tried.hits) > SHOWN:
        cells.append((f"and {len(tried.hits) - SHOWN} more", "dim"))
    return cells
