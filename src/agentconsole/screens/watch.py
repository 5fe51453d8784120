"""What the actions of watching do: the observe screen, the list of running chats, feedback."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agentconsole import narrate
from agentconsole.actions import Unfit
from agentconsole.keys import Where
from agentconsole.protocol import ChatCard, FeedbackCard, Role, Said, Side, State
from agentconsole.screens.ask import Ask
from agentconsole.screens.choice import Choice, Option
from agentconsole.screens.finder import Finder, Item
from agentconsole.screens.running import STATES, Wanted

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds

MAX_FEEDBACK = 4_000


class Watch:
    """Methods are named after the actions."""

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds
        self.app = deeds.app

    # --- what can be done now ---

    def possible(self, id: str) -> bool:
        """False if this action could only be refused now: then it is not offered."""
        view, store = self.app.main.observe, self.app.store
        match id:
            case "observe":
                return store.observes(0)
            case "tile_page" | "tile_page_back":
                return view.has_pages
            case "tile_next" | "tile_previous" | "tile_open":
                return bool(view.selected)
            case "tile_join" | "tile_take_over":
                return (
                    view.card is not None and view.card.state is State.active and self._supervises(view.card)
                )
            case "tile_feedback":
                return self._judged(view.card)
            case "give_feedback":
                return self._judged(self.app.main.chat.card)
            case "acknowledge":
                return self._to_acknowledge(self.app.main.chat.chat) is not None
            case "acknowledge_listed":
                return self._waits_for_me(self.app.main.feedback.card)
            case "feedback_chat":
                card = self.app.main.feedback.card
                return card is not None and card.chat in store.chats
            case "open_running":
                return bool(self.app.main.running.selected)
            case "filter_none":
                return self.app.main.running.wanted != Wanted()
        return True

    def _supervises(self, card: ChatCard) -> bool:
        return self.app.store.has_role(card.department, Role.supervisor)

    def _judged(self, card: ChatCard | None) -> bool:
        """True if I may tell the agent of this chat what I think of it."""
        me = self.app.store.me
        return (
            card is not None
            and bool(card.owner)
            and (me is None or card.owner != me.user)
            and self.app.store.observes(card.department)
        )

    # --- the observe screen ---

    def observe(self) -> None:
        """Watch the running chats."""
        if not self.possible("observe"):
            raise Unfit("Only supervisors and analysts watch silently. V lists the chats that you may read.")
        self.app.main.go(self.app.main.observe)

    def tile_next(self) -> None:
        """The next tile."""
        self.app.main.observe.step(1)

    def tile_previous(self) -> None:
        """The tile before."""
        self.app.main.observe.step(-1)

    def tile_page(self) -> None:
        """The next page."""
        self.app.main.observe.turn(1)

    def tile_page_back(self) -> None:
        """The page before."""
        self.app.main.observe.turn(-1)

    def tile_open(self) -> None:
        """The chat under the cursor in full, still silently."""
        card = self._tile()
        self.app.main.observe.large = card.chat
        self._look(card.chat)

    def tile_join(self) -> None:
        """Join it openly."""
        self.deeds.together.join()

    async def tile_take_over(self) -> None:
        """Become its owner."""
        await self.deeds.together.take_over()

    async def tile_feedback(self) -> None:
        """Feedback on the whole chat."""
        await self._feedback(self._tile(), 0)

    def _tile(self) -> ChatCard:
        card = self.app.main.observe.card
        if card is None:
            raise Unfit("No chat is running that you could watch.")
        return card

    # --- running chats ---

    def running(self) -> None:
        """All of them."""
        self.app.main.go(self.app.main.running)

    async def open_running(self) -> None:
        """Open the chat under the cursor; who would be seen watching is told before."""
        card = self.app.store.chats.get(self.app.main.running.selected)
        if card is None:
            raise Unfit("There is no chat here.")
        if self.app.store.takes_part(card.chat):
            self.app.main.go_chat(card.chat)
        elif self.app.store.observes(card.department) or await self._agreed(card):
            self._look(card.chat)

    async def _agreed(self, card: ChatCard) -> bool:
        department = self.app.store.departments.get(card.department)
        if department is None or not department.team:
            raise Unfit("Agents of this department do not read each other's chats.")
        return await self.deeds.confirm(
            f"Watch {card.owner_name or 'this chat'} to learn?",
            f"They see that you watch (learning); {narrate.name(card.name)} does not.",
            "Watch openly",
        )

    def _look(self, chat: int) -> None:
        if chat not in self.app.store.viewing:
            self.app.actions.look(chat)
        self.app.main.go_chat(chat)

    async def filter_department(self) -> None:
        """One department, or all."""
        view = self.app.main.running
        cards = sorted(self.app.store.departments.values(), key=lambda card: card.name.casefold())
        items = [
            Item("0", "All departments", ""),
            *(Item(str(card.id), card.name, card.description) for card in cards),
        ]
        if chosen := await self.deeds.ask(Finder("Chats of which department?", items)):
            view.narrow(replace(view.wanted, department=int(chosen)))

    async def filter_agent(self) -> None:
        """One agent, or all."""
        view = self.app.main.running
        items = [Item("0", "All agents", ""), *(Item(str(id), name, "") for id, name in view.people())]
        if chosen := await self.deeds.ask(Finder("Chats of which agent?", items)):
            view.narrow(replace(view.wanted, agent=int(chosen)))

    async def filter_state(self) -> None:
        """One state, or all."""
        view = self.app.main.running
        options = [Option("all", "all states"), *(Option(state, words) for state, words in STATES.items())]
        chosen = await self.deeds.ask(Choice("Chats in which state?", options, view.wanted.state or "all"))
        if chosen:
            view.narrow(replace(view.wanted, state=None if chosen == "all" else State(chosen)))

    def filter_none(self) -> None:
        """All chats again."""
        self.app.main.running.narrow(Wanted())

    # --- feedback ---

    def feedback(self) -> None:
        """What was said about chats."""
        self.app.main.go(self.app.main.feedback)

    def line_up(self) -> None:
        """The cursor goes to the line before."""
        self.app.main.chat.transcript.action_cursor(-1)

    def line_down(self) -> None:
        """The cursor goes to the next line."""
        self.app.main.chat.transcript.action_cursor(1)

    async def give_feedback(self) -> None:
        """On the line under the cursor, or on the whole chat."""
        view = self.app.main.chat
        if view.card is None:
            raise Unfit("Open a chat first.")
        picked = view.transcript.picked
        key = picked.key if picked else 0
        await self._feedback(view.card, key if isinstance(key, int) else 0)

    async def _feedback(self, card: ChatCard, seq: int) -> None:
        if not self._judged(card):
            raise Unfit(
                "Feedback is given by supervisors and analysts, to the agent of a chat of their departments."
            )
        about = self._quoted(card.chat, seq) if seq else f"the whole chat with {narrate.name(card.name)}"
        options = [
            Option("good", "good", "worth doing again"),
            Option("improve", "to improve", "what to do better"),
        ]
        kind = await self.deeds.ask(Choice(f"Feedback to {card.owner_name}", options, "", f"On {about}"))
        if not kind:
            return
        label = "good" if kind == "good" else "to improve"
        explanation = f"On {about}. {card.owner_name} and the supervisors see it, no visitor does."
        await self.deeds.write_about(
            "feedback",
            card.chat,
            Ask(f"To {card.owner_name}: {label}", explanation, limit=MAX_FEEDBACK, add=True),
            lambda words: self.app.actions.feedback(card.chat, words, kind == "good", seq),
            lambda: self.app.tell(f"{card.owner_name} will see your feedback."),
        )

    def _quoted(self, chat: int, seq: int) -> str:
        talk = self.app.store.talks.get(chat)
        if talk and talk.first <= seq <= talk.last:
            event = talk.events[seq - talk.first]
            if isinstance(event.what, Said):
                who = "the visitor" if event.by.side is Side.visitor else event.by.name
                return f"this line of {who}: {' '.join(event.what.text.split())[:120]}"
        return "this line"

    def acknowledge(self) -> None:
        """The oldest feedback on the chat in front."""
        card = self._to_acknowledge(self.app.main.chat.chat)
        if card is None:
            raise Unfit("No feedback on this chat waits for you.")
        self._acknowledge(card)

    def acknowledge_listed(self) -> None:
        """The feedback under the cursor."""
        card = self.app.main.feedback.card
        if card is None or not self._waits_for_me(card):
            raise Unfit("This feedback does not wait for you." if card else "There is no feedback here.")
        self._acknowledge(card)

    def feedback_chat(self) -> None:
        """The chat that the feedback is about."""
        card = self.app.main.feedback.card
        if card is None or card.chat not in self.app.store.chats:
            raise Unfit("This chat is not among those that you can open here any more.")
        if self.app.store.takes_part(card.chat):
            self.app.main.go_chat(card.chat)
        else:
            self._look(card.chat)

    def _acknowledge(self, card: FeedbackCard) -> None:
        cid = self.app.actions.acknowledge(card.id)
        self.deeds.after(cid, lambda: self.app.tell(f"{card.author_name} sees that you have read it."))

    def _waits_for_me(self, card: FeedbackCard | None) -> bool:
        me = self.app.store.me
        return card is not None and me is not None and card.agent == me.user and not card.acknowledged_at

    def _to_acknowledge(self, chat: int) -> FeedbackCard | None:
        return next(
            (card for card in self.app.store.feedback.of_chat(chat) if self._waits_for_me(card)), None
        )

    @property
    def at_hand(self) -> int:
        """The chat under the cursor, where these screens are in view (0 = none)."""
        main = self.app.main
        places = {Where.observe: main.observe.selected, Where.running: main.running.selected}
        return places.get(main.where, 0)
