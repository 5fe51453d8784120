"""One chat in the hands of a simulated colleague: answers by script, now and then a transfer, an invitation, a call."""

from __future__ import annotations

from agentconsole import protocol as p
from agentconsole.protocol import Outcome, State

from . import manners as words
from .hands import Hands
from .link import new_cid
from .manners import Manners
from .script import Book, filled

REPLY = 40.0  # seconds that an agent waits for the visitor's next line
HANDED = 75.0  # seconds after which an offer to somebody else has certainly come to something
CALLED = 60.0  # seconds that an agent hopes for help
SETTLED = 10.0  # seconds until the list shows what was acknowledged
OUTCOMES = (Outcome.solved, Outcome.solved, Outcome.solved, Outcome.unsolved, Outcome.follow_up)


class Serving:
    """Answers one chat for as long as it is mine, from the first line to the close."""

    def __init__(self, hands: Hands, manners: Manners, book: Book, chat: int) -> None:
        self._hands = hands
        self._view = hands.view
        self._manners = manners
        self._book = book
        self._chat = chat
        self._card = hands.view.cards[chat]

    async def run(self) -> None:
        """Serve it; returns when it is closed, gone, or somebody else's."""
        event, talk = self._event(), self._view.talk(self._chat)
        for turn, line in enumerate(self._lines()):
            await self._hands.rest(1, 4)
            if not self._goes_on():
                break
            await self._say(line)
            if turn == 0 and event:
                await self._apart(event)
            await self._hands.until(lambda: talk.unread > 0 or not self._mine(), REPLY)
        if self._mine():
            await self._say(self._book.language(self._card.language).farewell)
        await self._hands.rest(2, 6)
        if self._mine():
            await self._hands.ask(p.Close(new_cid(), self._chat, self._hands.luck.choice(OUTCOMES)))
        await self._hands.until(lambda: not self._mine(), SETTLED)

    def _mine(self) -> bool:
        return self._view.mine(self._chat)

    def _goes_on(self) -> bool:
        return self._mine() and not self._hands.finishing

    def _lines(self) -> list[str]:
        talk, card = self._view.talk(self._chat), self._card
        language = self._book.language(card.language)
        script = self._book.matching(card.topic, card.language)
        if talk.begun or card.transfers:
            lines = language.going_on[-2:]
        else:
            lines = script.agent if script and script.agent else [language.greeting, *language.going_on]
        talk.begun = True
        return [filled(line, {"name": card.name or "you"}) for line in lines]

    async def _say(self, line: str) -> None:
        self._hands.read(self._chat)
        await self._hands.say(self._chat, line)

    # --- besides answering --------------------------------------------------------------------------------------

    def _event(self) -> str:
        """What is going to happen to this chat besides answers: nothing to one that came by transfer."""
        shares = {
            "transfer": self._manners.transfers,
            "invite": self._manners.invites,
            "help": self._manners.helps,
        }
        drawn = self._hands.luck.random()
        for name, share in shares.items():
            if drawn < share:
                return "" if self._card.transfers else name
            drawn -= share
        return ""

    async def _apart(self, event: str) -> None:
        await self._hands.rest(3, 12)
        if not self._goes_on():
            return
        if event == "transfer":
            await self._transfer()
        elif event == "invite":
            await self._invite()
        else:
            await self._call()

    async def _transfer(self) -> None:
        luck, department = self._hands.luck, self._card.department
        await self._note(luck.choice(words.NOTES))
        colleague = self._colleague()
        note = luck.choice(words.HANDOVER)
        others = [card.id for card in self._view.departments.values() if card.id != department]
        if colleague is None or (others and self._hands.chance(0.35)):
            if not others:
                return
            wish = p.Transfer(new_cid(), self._chat, department=luck.choice(others), note=note)
        else:
            wish = p.Transfer(new_cid(), self._chat, user=colleague.user, note=note)
        if await self._hands.done(wish):
            await self._hands.until(lambda: not self._mine() or not self._offered(), HANDED)

    def _offered(self) -> bool:
        card = self._view.cards.get(self._chat)
        return (
            card is not None and card.state is State.active and bool(card.offer_to or card.offer_department)
        )

    def _colleague(self) -> p.SeatCard | None:
        """Whom to ask: the friend rather often, else anybody who has room."""
        card = self._view.cards[self._chat]
        there = {person.id for person in (*card.guests, *card.invited)}
        able = [seat for seat in self._view.colleagues(card.department) if seat.user not in there]
        friends = [seat for seat in able if seat.name == self._manners.friend]
        if friends and self._hands.chance(0.5):
            return friends[0]
        return self._hands.luck.choice(able) if able else None

    async def _invite(self) -> None:
        colleague = self._colleague()
        if colleague is not None:
            await self._hands.done(p.Invite(new_cid(), self._chat, colleague.user))

    async def _call(self) -> None:
        text = self._hands.luck.choice(words.CALLS)
        if not await self._hands.done(p.AskHelp(new_cid(), self._chat, text)):
            return
        if not await self._hands.until(lambda: not (self._mine() and self._called()), CALLED):
            await self._hands.ask(p.EndHelp(new_cid(), self._chat))

    def _called(self) -> bool:
        card = self._view.cards.get(self._chat)
        return card is not None and card.help_at != 0

    async def _note(self, text: str) -> None:
        await self._hands.ask(p.Note(new_cid(), self._chat, text))
