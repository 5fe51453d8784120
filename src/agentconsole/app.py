"""AgentConsole: owns the client and the store, feeds the screens once per frame, and turns keys into deeds."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import App
from textual.driver import Driver
from textual.filter import LineFilter

from agentconsole import alerts, cache, crash, glimpse, keys, themes
from agentconsole.actions import Actions
from agentconsole.client import Problem, now_ms
from agentconsole.driver import CURSOR_CSS, CleanFilter, DiffDriver
from agentconsole.keys import ACTIONS, Action, Where, spoken
from agentconsole.protocol import Status
from agentconsole.screens.chat import ChatView
from agentconsole.screens.deeds import Deeds
from agentconsole.screens.idle import Idle
from agentconsole.screens.keyboard import Keyboard, Lap
from agentconsole.screens.main import MainScreen
from agentconsole.screens.session import Session
from agentconsole.screens.signals import Signals
from agentconsole.settings import Settings
from agentconsole.start import Start
from agentconsole.store import Store
from agentconsole.views import NewsKind, Topic, Touched
from agentconsole.widgets.bars import Tabs
from agentconsole.widgets.chat_list import ChatOpened
from agentconsole.widgets.composer import Field
from agentconsole.widgets.rows import Rows
from agentconsole.widgets.transcript import Transcript

FRAME_S = 0.05  # between two drawings of what comes in
# Letters of these leave letters keys, so that they can be pressed again.
WALKS = frozenset({"next_needing", "previous_chat", "next_chat"})
NOTICED = frozenset({NewsKind.status_changed})  # also told in words on the screen
LOOK_AGAIN = {Topic.talk, Topic.card, Topic.mine, Topic.rooms}


class AgentConsole(App[int]):
    """The console's app. ``token`` '' asks for a password first; ``on_disk`` keeps token, drafts and last picture;
    ``problems`` are sentences to be told at the start, ``start`` is the connection that runs already, ``last`` how
    things stood the last time, and ``words`` the command line under which the next start will show them."""

    TITLE = "agentconsole"
    CSS_PATH = Path(__file__).parent / "screens" / "console.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[Any]] = []

    def __init__(
        self,
        server: str,
        user: str,
        token: str = "",
        *,
        settings: Settings | None = None,
        table: Sequence[Action] = ACTIONS,
        on_disk: bool = False,
        problems: Sequence[str] = (),
        clock: Callable[[], int] = now_ms,
        driver_class: type[Driver] | None = DiffDriver,
        start: Start | None = None,
        last: cache.Picture | None = None,
        words: Sequence[str] = (),
    ) -> None:
        self.settings = settings or Settings()
        self.table = table
        super().__init__(driver_class=driver_class)
        for theme in themes.THEMES.values():
            self.register_theme(themes.fitted(theme, os.environ) if driver_class is DiffDriver else theme)
        self.set_reactive(App.theme, themes.suitable(self.settings.theme, dict(os.environ)))
        self._refresh_truecolor_filter(self.ansi_theme)  # nothing watches before the app runs
        self.stylesheet.set_variables(self.get_css_variables())
        if driver_class is DiffDriver:
            self.stylesheet.add_source(CURSOR_CSS, is_default_css=False)
        self.animation_level = "basic" if self.settings.animations else "none"
        self.problems = problems
        self.words = list(words)
        self.ready = threading.Event()
        self.alt_chords = frozenset(key for action in table for key in action.keys if key.startswith("alt+"))
        self.store = start.store if start else Store()
        self.clock = clock
        self.session = Session(self, server, user, token, on_disk, start)
        self.client = self.session.client()
        self.actions = Actions(self.store, self.client, clock)
        self.deeds = Deeds(self)
        self.keyboard = Keyboard(self, super().on_event, self.deeds.ahead.take)
        self.main = MainScreen(
            self.store,
            self.actions,
            table,
            clock_24h=self.settings.clock_24h,
            picture=last or (cache.last_picture(server, user) if on_disk else None),
        )
        self.main.possible = self.deeds.possible
        self.idle = Idle(self.settings.away_after_min, clock())
        self.signals = Signals(self.store, self.settings, self._alert)
        self._touched: set[Touched] = set()
        self._asking = 0  # the chat whose customer has been asked for
        self._pumping = False
        self._pumped = 0.0
        for action in table:
            if action.where is not Where.composer and action.keys:
                self._bindings.bind(",".join(action.keys), f"do('{action.id}')", action.label, show=False)
        self._bindings.key_to_bindings.pop("ctrl+q", None)

    # --- life ---

    def on_mount(self) -> None:
        """Draw what is known, then connect."""
        self.push_screen(self.main)
        self.main.call_after_refresh(self._stand)
        self.set_interval(1.0, self.tick)
        self.signals.begin()
        if self.settings.ascii and isinstance(self._driver, DiffDriver):
            self._driver.cells.ascii_only = True
        if self.problems:
            self.call_later(self.tell, " ".join(self.problems), "warn")

    def _stand(self) -> None:
        """The screen stands: keys typed ahead and all that has come may have it."""
        self.ready.set()
        self.connect()

    @work(exclusive=True, group="connection")
    async def connect(self) -> None:
        """Stay connected until the person leaves."""
        await self.session.run()

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """Lend the terminal to another program."""
        with self.idle.elsewhere(self.clock), super().suspend():
            yield

    def leave(self) -> None:
        """Leave the console; what stands in the composer is kept."""
        self.main.view.leave()
        self.client.stop()
        self.exit(0)

    def _fatal_error(self) -> None:
        """Textual would print the values of variables, which are texts of people."""
        error = sys.exc_info()[1] or self._exception
        if error and not self._exit_renderables:
            self.panic(Text(crash.keep(error, cache.state_folder())))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """The second layer against hostile text comes last."""
        return [*super().get_line_filters(), CleanFilter()]

    # --- what comes in ---

    def changed(self, touched: set[Touched]) -> None:
        """The store has changed: it is drawn at once, but in a flood only so often; keys do not wait for it."""
        self._touched |= touched
        if self._pumping:
            return
        self._pumping = True
        wait = self._pumped + FRAME_S - monotonic()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self.call_later, self._pump)
        else:
            self.call_later(self._pump)

    def _pump(self) -> None:
        now, chat = self.clock(), self.main.chat.chat
        if self.main.is_mounted:
            if any(touch.topic is Topic.synced for touch in self._touched):
                self.main.caught_up()
            if any(touch.topic in LOOK_AGAIN and touch.chat in (0, chat) for touch in self._touched):
                self.looking()  # first: what is read as it comes is not drawn as unread before
            touched, self._touched = self._touched, set()
            self.main.sync(touched, now)
            self.deeds.settle()
            if self.main.chat.chat != chat:
                self.looking()
        self._pumping, self._pumped = False, monotonic()
        self._signal(now)
        self._keep_picture(now)

    def changed_here(self, chat: int) -> None:
        """Something of mine shows in a chat before the server has answered."""
        self.changed({Touched(Topic.talk, chat), Touched(Topic.mine)})

    def tick(self) -> None:
        """Once a second: durations, and alerts that were held back. What looks the same is not painted."""
        now = self.clock()
        self.main.tick(now)
        self.deeds.ahead.tick()
        self._signal(now)
        if self.store.status is Status.online and self.idle.due(now, self.store.status_ms(now)):
            self.run_worker(self.deeds.statuses.idle(self.idle.minutes), group="deeds")

    def looking(self) -> None:
        """The chat or room in front has been seen, if its newest line is in view and the terminal has the focus."""
        view = self.main.chat
        if self._looks_at_chat() and view.chat and view.transcript.following:
            self.actions.saw(view.chat)
            for room in self.store.rooms.whispered(view.chat):
                self.actions.read_room(room)
            self.signals.looked()
            self.fetch_customer()
        messages = self.main.messages
        if self._looks_at(Where.messages) and messages.shows_newest:
            self.actions.read_room(messages.room)
            self.signals.looked()

    def on_app_focus(self) -> None:
        """Back at this terminal."""
        self.call_later(self.looking)

    # --- what goes out to the person ---

    def tell(self, sentence: str, ink: str = "") -> None:
        """Say something in the notice row."""
        self.main.notice(sentence, ink)

    def _signal(self, now: int) -> None:
        for news in self.signals.send(self.main.chat.chat if self._looks_at_chat() else 0, now):
            if news.kind in NOTICED:
                said = alerts.sentence(news)
                self.tell(f"{said[:1].upper()}{said[1:]}.{self._way_back()}", "warn")

    def _way_back(self) -> str:
        """The key that ends a break, for who did not choose it."""
        key = next((spoken(each.keys[0]) for each in self.table if each.id == "online" and each.keys), "")
        return f" {key} goes back online." if key and self.store.status is Status.away else ""

    def _looks_at_chat(self) -> bool:
        return self._looks_at(Where.chat)

    def _looks_at(self, where: Where) -> bool:
        return self.app_focus and self.main.where is where and self.main.is_active

    def _alert(self, data: bytes) -> None:
        if isinstance(self._driver, DiffDriver):
            self._driver.alert(data)

    def choose_theme(self, name: str) -> None:
        """Draw with another theme from now on."""
        self.theme = name

    def redraw_terminal(self) -> None:
        """Write every cell again: something else may have written over them."""
        if isinstance(self._driver, DiffDriver):
            self._driver.cells.forget()
        self.refresh(layout=True)

    @work(exclusive=True, group="picture", thread=True)
    def _save_picture(self, shown: cache.Picture) -> None:
        try:
            cache.save_picture(shown)
            glimpse.keep(str(cache.state_folder()), self.words, cache.drawn(shown, os.environ))
        except OSError as error:
            self.log.warning(f"the last picture could not be kept: {error}")

    def _keep_picture(self, now: int) -> None:
        if shown := self.session.picture(now):
            self._save_picture(shown)

    def fetch_customer(self, again: bool = False) -> None:
        """Ask for the customer of the chat in front, if the card is on screen and not known yet."""
        view = self.main.chat
        wanted = again or view.chat not in {*view.customers, self._asking}
        if view.chat and view.customer_shown and wanted:
            self._asking = view.chat
            self._fetch_customer(view.chat)

    @on(ChatView.CustomerShown)
    def customer_shown(self) -> None:
        """The terminal has become wide enough for it."""
        self.fetch_customer()

    @work(exclusive=True, group="customer")
    async def _fetch_customer(self, chat: int) -> None:
        view = self.main.chat
        try:
            view.customers[chat] = await self.client.customer(chat)
        except Problem as problem:
            view.customers[chat] = f"Not known: {problem}"
        finally:
            if self._asking == chat:
                self._asking = 0
        view.redraw()

    # --- keys and mouse ---

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes take their turn."""
        self.idle.heard(event, self.clock())
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self.keyboard.press(event)
        else:
            await super().on_event(event)

    @on(Lap)
    async def lapped(self) -> None:
        """What a key has caused is done."""
        await self.keyboard.lap()

    def on_key(self, event: events.Key) -> None:
        """A letter that does nothing in this place is answered in words."""
        if self.screen is not self.main or not event.is_printable:
            return
        if keys.acts(event.key, self.main.where, tuple(self.table)) or event.key in self.active_bindings:
            return
        key = next((spoken(each.keys[-1]) for each in self.table if each.id == "help" and each.keys), "")
        self.tell(f"{spoken(event.key)} does nothing here.{f' {key} shows the keys.' if key else ''}")

    def action_help_quit(self) -> None:
        """Ctrl+C, where nothing is selected: a habit of shells, and too near to 'copy' to end a shift with."""
        self.tell("To leave the console press Escape, then Q.")

    def fits(self, action: Action) -> bool:
        """True if the action can be used in the place in view."""
        if action.where is Where.composer:
            return self.main.where is Where.chat and self.main.chat.writable
        return action.where in keys.around(self.main.where)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys act only where the table says so."""
        if action != "do":
            return True
        return any(self.fits(each) for each in self.table if each.id == parameters[0])

    def action_do(self, id: str) -> None:
        """A key of the table."""
        self.do(id)

    @work(group="deeds")
    async def do(self, id: str) -> None:
        """The one handler of all that a person does."""
        self.main.unnotice()
        walks = id in WALKS and self.keyboard.letter
        await self.deeds.perform(id)
        self.deeds.settle()
        if walks and self.main.where is Where.chat:
            self.main.chat.focus()
        self.looking()

    @on(Tabs.Chosen)
    @on(Field.Did)
    def did(self, message: Tabs.Chosen | Field.Did) -> None:
        """A place was clicked, or a key of the composer pressed."""
        self.do(message.action)

    @on(Rows.Chosen, "#setting-list")
    def setting_chosen(self) -> None:
        """A setting was clicked twice."""
        self.do("change_setting")

    @on(Rows.Chosen, "#ticket-list")
    def ticket_chosen(self) -> None:
        """A ticket was clicked twice."""
        self.do("open_ticket")

    @on(Rows.Chosen, "#queue-list")
    def chosen(self) -> None:
        """A chat of the queue was clicked twice."""
        self.do("take")

    @on(Field.ManyLines)
    def pasted(self, message: Field.ManyLines) -> None:
        """A big paste waits for a yes."""
        self.run_worker(self.deeds.pasted(message.pasted))

    @on(ChatOpened)
    def opened(self, message: ChatOpened) -> None:
        """A chat was clicked."""
        self.main.go_chat(message.chat)
        self.looking()

    @on(Transcript.OlderWanted)
    def older(self) -> None:
        """The reader came to the oldest line that is here."""
        talk = self.store.talks.get(self.main.chat.chat)
        if talk and not talk.complete:
            self.do("older")

    @on(Transcript.FollowChanged)
    def followed(self, message: Transcript.FollowChanged) -> None:
        """The newest line came into view."""
        if message.following:
            self.looking()
