"""The chat screen: my chats, the one in front of me, the visitor's state, and the composer."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from agentconsole import narrate
from agentconsole.actions import Actions
from agentconsole.handover import gone_to
from agentconsole.protocol import MAX_TEXT, OPEN_STATES, ChatCard, CustomerCard, Role, State
from agentconsole.screens.chat_news import head, news
from agentconsole.screens.lines import Script
from agentconsole.screens.replies import About, Replies
from agentconsole.store import Store
from agentconsole.views import Topic, Touched
from agentconsole.widgets.bars import Bar, TypingRule
from agentconsole.widgets.chat_list import ChatList, ChatStrip, Tab, offered_tab, tabs
from agentconsole.widgets.composer import Composer, Field
from agentconsole.widgets.customer import LOADING, Customer
from agentconsole.widgets.paint import Ground
from agentconsole.widgets.suggestions import Suggestions
from agentconsole.widgets.transcript import Transcript
from agentconsole.widgets.words import Words

COUNT_FROM = MAX_TEXT - 500
FULL_CELLS = 120


class ChatView(Widget, can_focus=True):
    """One chat in front, my others one key away. It draws from the store and asks nothing of the network."""

    BLANK = True

    class CustomerShown(Message):
        """The customer's card came into view; what stands on it may have to be asked for."""

    def __init__(self, store: Store, actions: Actions, keys: Mapping[str, str]) -> None:
        super().__init__(id="chat")
        self.store = store
        self.actions = actions
        self.chat = 0
        self.noting: set[int] = set()
        self.stranded: set[int] = set()
        self.loaded_note = False
        self.customers: dict[int, CustomerCard | str] = {}
        self.customer_wanted: bool | None = None
        self._card_of = 0  # the chat whose customer's card is on the screen
        self.side = ChatList(id="chats")
        self.strip = ChatStrip(id="strip")
        self.visitor = Bar(id="visitor")
        self.transcript = Transcript(id="transcript")
        self.transcript.can_focus = False  # keys go to the view or to the composer
        self.banner = Words(id="chat-banner")
        self.banner.display = False
        self.suggestions = Suggestions()
        self.rule = TypingRule(id="typing")
        self.composer = Composer(keys, id="composer")
        self.panel = Customer(id="customer")
        self.script = Script(store, self.transcript)
        self.replies = Replies(store, self.composer, self.suggestions, self._about)

    def compose(self) -> ComposeResult:
        """List, the chat in the middle, customer."""
        yield self.side
        with Ground(id="middle"):
            yield self.strip
            yield self.visitor
            yield self.transcript
            yield self.banner
            yield self.suggestions
            yield self.rule
            yield self.composer
        yield self.panel

    # --- which chat ---

    @property
    def card(self) -> ChatCard | None:
        """The card of the chat in front."""
        return self.store.chats.get(self.chat)

    @property
    def note(self) -> bool:
        """True while the composer writes a private note; a chat that I take no part in can be written nothing else."""
        return self.chat in self.noting or not (self.store.takes_part(self.chat) or self.astray)

    @property
    def astray(self) -> bool:
        """True if an unsent answer stands here although the chat went to somebody else: it is kept, and cannot be sent."""
        return self.chat in self.stranded and self.chat not in self.noting

    @property
    def gone_to(self) -> str:
        """Who has the chat in front of me now, if it is mine no more ('' = it is over, or mine)."""
        if self.store.takes_part(self.chat):
            return ""
        talk, me = self.store.talks.get(self.chat), self.store.me
        return gone_to(self.card, talk.events if talk else [], me.user if me else 0)

    def offers(self, id: str) -> bool:
        """False for what this chat, as it stands now, could only refuse: the footer leaves it out."""
        card = self.card
        match id:
            case "close":
                return card is not None and card.state is State.active and self.store.is_mine(self.chat)
            case "note_mode" | "canned":
                return self.writable
        return True

    @property
    def writable(self) -> bool:
        """True if something can be written here: in my chats, and a supervisor's notes into those that still run."""
        card = self.card
        runs = card is not None and card.state in OPEN_STATES
        return self.astray or self.store.takes_part(self.chat) or (runs and self.may_note)

    @property
    def may_note(self) -> bool:
        """True if a private note may be written into this chat: by who takes part in it, or supervises it."""
        card = self.card
        return card is not None and (
            self.store.takes_part(self.chat) or self.store.has_role(card.department, Role.supervisor)
        )

    def open(self, chat: int) -> None:
        """Put a chat in front; drafts stay with the chats they belong to."""
        if chat == self.chat:
            return
        self.leave()
        before, self.chat = self.chat, chat
        if not (self.store.takes_part(before) or before in self.store.viewing or before in self.stranded):
            self.store.forget(before)
        self.script.open(chat)
        self._load_draft()
        self.redraw()

    def leave(self) -> None:
        """The chat goes out of sight: what stands in the composer is kept, and nobody types any more.

        Who only watches it does so no longer.
        """
        if self.chat:
            self.keep()
            self.actions.typing(self.chat, "")
        if self.store.looks_on(self.chat):
            self.actions.put_away(self.chat)
            self.chat = 0
            self.script.open(0)

    def caught_up(self) -> None:
        """The link is back: customers that could not be asked for are asked for again."""
        self.customers = {chat: card for chat, card in self.customers.items() if not isinstance(card, str)}
        self._card_of = 0

    @property
    def place(self) -> tuple[int, bool]:
        """Which draft stands in the composer: the chat's, as an answer or as a note."""
        return self.chat, self.loaded_note

    def keep(self) -> None:
        """What stands in the composer is kept as this chat's draft."""
        self.keep_at(self.place, self.composer.text)

    def keep_at(self, place: tuple[int, bool], words: str) -> None:
        """Keep a draft."""
        chat, note = place
        if chat:
            self.actions.draft(chat, words, note)

    def draft_at(self, place: tuple[int, bool]) -> str:
        """A draft that is kept."""
        return self.store.draft(*place)

    def land(self) -> None:
        """Put the focus where answering begins, or where keys act if this chat is not mine to answer."""
        (self.composer.field if self.store.takes_part(self.chat) else self).focus()

    def write(self) -> None:
        """Put the focus into the composer, if anything can be written here."""
        (self.composer.field if self.writable else self).focus()

    def toggle_note(self) -> None:
        """Answer or note; each has a draft of its own, so that neither can turn into the other."""
        self.keep()
        self.noting ^= {self.chat}
        self._load_draft()
        self._address()
        if self.note:
            self.actions.typing(self.chat, "")

    def _load_draft(self) -> None:
        self._strand()
        self.loaded_note = self.note
        self.composer.load(self.store.draft(self.chat, self.note), self.store.history(self.chat))
        self.suggestions.hide()

    def throw_away(self) -> None:
        """What was written in the chat in front and could not be sent is wanted no more."""
        self.stranded.discard(self.chat)
        self.actions.throw_away(self.chat)
        self._load_draft()

    def _strand(self) -> None:
        """An unsent answer stays what it is when the chat goes to somebody else, until it is left or put away."""
        if self.store.takes_part(self.chat):
            self.stranded.discard(self.chat)
        elif self.chat and self.store.draft(self.chat).strip() and self.gone_to:
            self.stranded.add(self.chat)

    def cleared(self) -> None:
        """What stood in the composer has been sent."""
        self.actions.draft(self.chat, "", self.note)
        self.actions.typing(self.chat, "")
        self._load_draft()
        self.transcript.mark_unread(None)
        self.transcript.to_end()
        self._typing(self.actions.clock())

    # --- drawing ---

    def arrive(self) -> None:
        """The chat comes into view again: what happened meanwhile is caught up with."""
        self.script.follow()
        self._load_draft()
        self.redraw()

    def sync(self, touched: set[Touched], now: int) -> None:
        """Draw what was touched."""
        topics = {touch.topic for touch in touched if touch.chat in (0, self.chat)}
        if Topic.talk in topics:
            self.script.follow()
        if Topic.canned in topics:
            self.replies.suggest()
        if topics & {Topic.card, Topic.mine, Topic.synced, Topic.departments, Topic.talk, Topic.learning}:
            self.redraw()
        elif Topic.preview in topics:
            self._typing(now)
        elif any(touch.topic in (Topic.mine, Topic.counts, Topic.talk) for touch in touched):
            self._tabs(now)

    def tick(self, now: int) -> None:
        """Time went by: durations and countdowns; what looks the same is not painted."""
        self._tabs(now)
        self._visitor(now)
        self._typing(now)
        self._banner(now)

    def redraw(self) -> None:
        """Draw everything around the transcript."""
        now = self.actions.clock()
        self._strand()
        if self.note is not self.loaded_note:
            self.keep()
            self._load_draft()
        self.set_class(not self.chat, "-empty")
        self.tick(now)
        self._address()
        self._customer()

    def _tabs(self, now: int) -> None:
        server_now = self.store.server_now(now)
        offers = {row.card.chat: row for row in self.store.offers()}
        others = (self.store.viewing | self.stranded | offers.keys() | {self.chat}) - {0}
        viewed = [
            offered_tab(offers[chat], server_now) if chat in offers else self._viewed(chat)
            for chat in sorted(others, key=lambda chat: (chat not in offers, chat))
            if not self.store.takes_part(chat)
        ]
        lasts = {
            id: narrate.last_line(talk.events) for id, talk in self.store.talks.items() if id != self.chat
        }
        items = tabs(self.store.mine(), lasts, viewed, server_now, self.store.me.user if self.store.me else 0)
        self.strip.show(items, self.chat)
        self.side.show(items)
        self.side.select(self.chat)
        self.set_class(len(items) < 2, "-single")

    def _viewed(self, chat: int) -> Tab:
        card = self.store.chats.get(chat)
        name = narrate.name(card.name) if card else f"chat {chat}"
        if chat in self.stranded:
            return Tab(chat, 0, name, "✎", "warn", "unsent", (card.topic or card.first_line) if card else "")
        over = card is None or card.state not in OPEN_STATES
        sign, note = ("✓", "over") if over else ("=", "view")
        return Tab(chat, 0, name, sign, "dim", note, (card.topic or card.first_line) if card else "")

    def _visitor(self, now: int) -> None:
        card = self.card
        if card is None:
            words = f"Chat {self.chat} is over." if self.chat else "No chat is open."
            self.visitor.show([(f" {words}", "dim")], [])
            return
        self.visitor.show(*head(self.store, card, self.store.server_now(now), self.size.width))

    def _typing(self, now: int) -> None:
        """The row above the composer: what the visitor is typing, else a rule."""
        written = len(self.composer.text)
        count = ("", "")
        if written > COUNT_FROM:
            count = (f" {written:,} of {MAX_TEXT:,} ", "bad" if written > MAX_TEXT else "dim")
        who = words = ""
        if preview := self.store.preview(self.chat, now):
            who, words = f"{self._visitor_name()}:", preview
        elif names := self.store.colleagues_typing(self.chat, now):
            who, words = ", ".join(names), "types here too"
        self.rule.show(who, words, count)

    def _banner(self, now: int) -> None:
        gone_to = self.gone_to if self.astray else ""
        cells = news(self.store, self.chat, self.store.server_now(now), gone_to, self.may_note)
        self.banner.display = bool(cells)
        self.banner.show(cells)

    def _visitor_name(self) -> str:
        card = self.card
        return (card.name if card else "") or "visitor"

    def _address(self) -> None:
        narrow = self.app.size.width < 50
        self.composer.display = self.writable
        self.composer.address(self._visitor_name(), self.note, self.composer.field.has_focus, narrow)
        if self.astray:
            self.composer.prompt.show([(f"gone to {self.gone_to} – not sent ▸ ", "bad")])

    def _customer(self) -> None:
        card = self.card
        shown = bool(self.chat) and (
            self.app.size.width >= FULL_CELLS if self.customer_wanted is None else self.customer_wanted
        )
        self.panel.display = shown
        before, self._card_of = self._card_of, self.chat if shown else 0
        if shown and before != self.chat:
            self.post_message(self.CustomerShown())
        if shown and card:
            self.panel.show(
                card,
                self.store.department_name(card.department),
                self.customers.get(self.chat, LOADING),
                self.store.watching.learners.get(self.chat, []),
            )

    @property
    def customer_shown(self) -> bool:
        """True while the customer's card is on the screen."""
        return bool(self.panel.display)

    def on_resize(self) -> None:
        """Another width may show or hide the customer, and shorten the prompt."""
        self.redraw()

    def on_descendant_focus(self) -> None:
        """The prompt shows whether letters go into the text."""
        self._address()

    def on_descendant_blur(self) -> None:
        """The same."""
        self._address()

    # --- the composer ---

    @on(Composer.Changed)
    def keep_draft(self, message: Composer.Changed) -> None:
        """What is written is kept, and the visitor may see that I am typing, but never for a note."""
        if not self.chat:
            return
        self.actions.draft(self.chat, message.text, self.loaded_note)
        if not self.loaded_note:
            self.actions.typing(self.chat, message.text)
        self.replies.suggest()
        self._typing(self.actions.clock())

    @on(Field.Did)
    def composer_key(self, message: Field.Did) -> None:
        """History and completion happen here; the rest goes on to the one handler."""
        if not self.replies.took(message.action):
            match message.action:
                case "history_back":
                    self.composer.step_history(-1)
                case "history_on":
                    self.composer.step_history(1)
                case _:
                    return
        message.stop()

    def _about(self) -> About:
        card = self.card
        if card is None:
            return About()
        return About(card.department, card.name, card.email, card.topic, {"page": card.page})
