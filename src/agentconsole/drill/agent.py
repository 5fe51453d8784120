"""One simulated colleague: takes waiting drill chats over the staff socket, answers by script, and closes them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from random import Random
from typing import Any

import msgspec

from agentconsole import protocol as p
from agentconsole.protocol import Outcome, Side, State, Status

from .ledger import Ledger
from .link import Answer, Link, new_cid, unwrapped
from .pace import Pace
from .script import Book, filled

REPLY = 40.0  # seconds that an agent waits for the visitor's next line
LETTERS = 9.0  # typed per second
OUTCOMES = (Outcome.solved, Outcome.solved, Outcome.solved, Outcome.unsolved, Outcome.follow_up)
REASONS = ("Coffee", "Lunch", "Meeting")


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent works; times in seconds of the agent's life, ``breaks`` (seconds between two) 0 = none."""

    hesitation: tuple[float, float] = (15.0, 45.0)
    limit: int = 2
    breaks: float = 0.0
    not_these: tuple[str, ...] = ()  # topics left to others


class Talk:
    """A chat of mine, as far as it has come here."""

    def __init__(self) -> None:
        self.seq = 0
        self.unread = 0
        self.over = False


class Agent:
    """Plays one agent; takes only drill chats. ``speed`` 2.0 lets the agent live twice as fast."""

    def __init__(
        self, url: str, token: str, manners: Manners, book: Book, speed: float, seed: str, ledger: Ledger
    ) -> None:
        self._token = token
        self._manners = manners
        self._book = book
        self._luck = Random(seed)
        self._pace = Pace(speed, self._luck)
        self._ledger = ledger
        self._link = Link(url, self._hello, p.decode_staff_frame, self._heard, self._luck)
        self._cards: dict[int, p.ChatCard] = {}
        self._talks: dict[int, Talk] = {}
        self._lost_races: set[int] = set()
        self._me = 0
        self._on_break = False
        self._finishing = False

    async def run(self) -> None:
        """Work until `finish`, and until what was taken is closed. Raises Trouble."""
        with unwrapped():
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(self._link.run()), group.create_task(self._breaks())]
                try:
                    await self._link.live.wait()
                    await self._set_status(Status.online)
                    await self._work(group)
                finally:
                    for helper in helpers:
                        helper.cancel()

    def finish(self) -> None:
        """Take nothing more and close what is still open."""
        self._finishing = True
        self._pace.ring()

    # --- what is heard ------------------------------------------------------------------------------------------

    def _hello(self) -> p.StaffHello:
        cursors = [p.Cursor(chat, talk.seq) for chat, talk in self._talks.items()]
        return p.StaffHello(token=self._token, cursors=cursors, client="drill")

    def _heard(self, frame: Any) -> None:
        if isinstance(frame, p.Welcome):
            self._me = frame.user
            self._cards.clear()
        elif isinstance(frame, p.ChatCard):
            self._card(frame)
        elif isinstance(frame, p.Gone):
            self._cards.pop(frame.chat, None)
        elif isinstance(frame, p.Resume) and frame.reset and frame.chat in self._talks:
            self._talks[frame.chat].seq = frame.after
        elif isinstance(frame, p.Event):
            self._event(frame)
        else:
            return
        self._pace.ring()

    def _card(self, card: p.ChatCard) -> None:
        known = self._cards.get(card.chat)
        if known is None or card.version >= known.version:
            self._cards[card.chat] = card

    def _event(self, event: p.Event) -> None:
        talk = self._talks.setdefault(event.chat, Talk())
        if event.seq <= talk.seq:
            return
        if event.seq != talk.seq + 1:
            self._ledger.faults.append(f"chat {event.chat}: event {event.seq} came after {talk.seq}")
        talk.seq = event.seq
        what = event.what
        if isinstance(what, p.Said) and event.by.side is Side.visitor:
            talk.unread += 1
            self._link.send(p.Seen(event.chat, delivered=event.seq))
        elif isinstance(what, p.Ended | p.VisitorLeft):
            talk.over = True
        elif isinstance(what, p.Reopened):
            talk.over = False

    # --- what is done -------------------------------------------------------------------------------------------

    async def _work(self, group: asyncio.TaskGroup) -> None:
        busy: set[asyncio.Task[None]] = set()
        while not self._finishing:
            await self._pace.until(lambda: self._finishing or (self._free(busy) and bool(self._waiting())))
            await self._unless_finishing(self._pace.rest(*self._manners.hesitation))
            if not self._finishing and self._free(busy) and (waiting := self._waiting()):
                card = waiting[0]
                if await self._take(card.chat):
                    task = group.create_task(self._serve(card))
                    busy.add(task)
                    task.add_done_callback(busy.discard)
                    task.add_done_callback(lambda _: self._pace.ring())
        if busy:
            await asyncio.wait(busy)

    def _free(self, busy: set[asyncio.Task[None]]) -> bool:
        return not self._on_break and len(busy) < self._manners.limit

    def _waiting(self) -> list[p.ChatCard]:
        """Chats that I might take, the longest waiting first."""
        waiting = [
            card
            for card in self._cards.values()
            if card.state is State.waiting
            and card.drill
            and card.topic not in self._manners.not_these
            and card.chat not in self._lost_races
        ]
        return sorted(waiting, key=lambda card: card.since)

    async def _take(self, chat: int) -> bool:
        answer = await self._link.ask(p.Take(new_cid(), chat))
        if isinstance(answer, p.Refused):
            self._lost_races.add(chat)
            return False
        return True

    async def _serve(self, card: p.ChatCard) -> None:
        talk = self._talks.setdefault(card.chat, Talk())
        for line in self._lines(card):
            await self._unless_finishing(self._pace.rest(1, 4))
            if talk.over or self._finishing:
                break
            self._read(card.chat, talk)
            await self._say(card.chat, line)
            await self._pace.until(lambda: talk.over or talk.unread > 0 or self._finishing, REPLY)
        if not talk.over:
            self._read(card.chat, talk)
            await self._say(card.chat, self._book.language(card.language).farewell)
        await self._unless_finishing(self._pace.rest(2, 6))
        await self._ask(p.Close(new_cid(), card.chat, self._luck.choice(OUTCOMES)))

    def _lines(self, card: p.ChatCard) -> list[str]:
        script = self._book.matching(card.topic, card.language)
        language = self._book.language(card.language)
        lines = script.agent if script and script.agent else [language.greeting, *language.going_on]
        return [filled(line, {"name": card.name or "you"}) for line in lines]

    def _read(self, chat: int, talk: Talk) -> None:
        talk.unread = 0
        self._link.send(p.Seen(chat, delivered=talk.seq, read=talk.seq))

    async def _say(self, chat: int, text: str) -> None:
        self._link.send(p.Typing(chat, text[:1]))
        await self._unless_finishing(
            self._pace.strike(text, LETTERS, lambda shown: self._link.send(p.Typing(chat, shown)))
        )
        say = p.Say(new_cid(), chat, text)
        try:
            answer = await self._ask(say)
        except asyncio.CancelledError:
            self._ledger.sent(chat, Side.staff, text, 0)
            raise
        if isinstance(answer, p.Ack):
            self._ledger.sent(chat, Side.staff, text, answer.seq)

    async def _ask(self, command: Any) -> Answer:
        answer = await self._link.ask(command)
        if isinstance(answer, p.Refused) and answer.code not in (p.Code.not_now, p.Code.closed):
            self._ledger.refused[answer.code] += 1
        return answer

    async def _breaks(self) -> None:
        while self._manners.breaks:
            await self._pace.rest(self._manners.breaks * 0.5, self._manners.breaks * 1.5)
            self._on_break = True
            await self._set_status(Status.away, self._luck.choice(REASONS))
            await self._pace.rest(30, 90)
            self._on_break = False
            await self._set_status(Status.online)
            self._pace.ring()

    async def _set_status(self, status: Status, reason: str = "") -> None:
        await self._ask(p.SetStatus(new_cid(), status, reason))

    async def _unless_finishing(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do it, but drop it as soon as it is time to finish."""
        task = asyncio.ensure_future(doing)
        waiting = asyncio.ensure_future(self._pace.until(lambda: self._finishing))
        try:
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
            waiting.cancel()
            await asyncio.gather(task, waiting, return_exceptions=True)
