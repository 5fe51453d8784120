"""One simulated colleague: does what the desk asks of an agent or a supervisor, in drill chats only."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterator
from random import Random
from typing import Any

from agentconsole import protocol as p
from agentconsole.protocol import State, Status

from . import manners as words
from .hands import Hands
from .ledger import Ledger
from .link import Link, new_cid, unwrapped
from .manners import Manners
from .pace import Pace
from .script import Book
from .serving import Serving
from .view import View

GUESTS = (15.0, 40.0)  # seconds that somebody who joined stays
RUN_OUT = 90.0  # seconds in which an offer that is not answered has run out

Duty = tuple[str, int, int]  # what, about which chat (or message), and since when
Doing = Callable[[], Awaitable[None]]


class Agent:
    """Plays one member of staff. ``speed`` 2.0 lets the agent live twice as fast; ``at_work`` is set when online."""

    def __init__(
        self, url: str, token: str, manners: Manners, book: Book, speed: float, seed: str, ledger: Ledger
    ) -> None:
        self._token = token
        self._manners = manners
        self._book = book
        self._luck = Random(seed)
        self._pace = Pace(speed, self._luck)
        self._ledger = ledger
        self._view = View(ledger)
        self._link = Link(url, self._hello, p.decode_staff_frame, self._heard, self._luck)
        self._hands = Hands(self._link, self._view, self._pace, self._luck, ledger)
        self.at_work = asyncio.Event()
        self._busy: dict[Duty, asyncio.Task[None]] = {}
        self._seen: set[Duty] = set()
        self._lost_races: set[int] = set()

    async def run(self) -> None:
        """Work until `finish`, and until what was taken is closed. Raises Trouble."""
        with unwrapped():
            async with asyncio.TaskGroup() as group:
                helpers = [
                    group.create_task(each()) for each in (self._link.run, self._breaks, self._chatter)
                ]
                try:
                    await self._link.live.wait()
                    await self._set_status(Status.online)
                    self.at_work.set()
                    await self._work(group)
                finally:
                    for helper in helpers:
                        helper.cancel()

    def finish(self) -> None:
        """Take nothing more and close what is still open."""
        self._hands.finish()

    def _hello(self) -> p.StaffHello:
        cursors = [p.Cursor(chat, talk.seq) for chat, talk in self._view.talks.items() if talk.seq]
        return p.StaffHello(token=self._token, cursors=cursors, client="drill")

    def _heard(self, frame: Any) -> None:
        if self._view.apply(frame):
            self._pace.ring()

    # --- what there is to do ------------------------------------------------------------------------------------

    async def _work(self, group: asyncio.TaskGroup) -> None:
        while self._busy or not self._hands.finishing:
            for duty, doing in list(self._duties()):
                self._seen.add(duty)
                task = group.create_task(_run(doing))
                self._busy[duty] = task
                task.add_done_callback(functools.partial(self._ended, duty))
            await self._pace.until(lambda: self._idle() or any(True for _ in self._duties()))

    def _idle(self) -> bool:
        return self._hands.finishing and not self._busy

    def _ended(self, duty: Duty, task: asyncio.Task[None]) -> None:
        del self._busy[duty]
        if duty[0] in ("serve", "pick"):
            self._seen.discard(duty)
        self._pace.ring()

    def _duties(self) -> Iterator[tuple[Duty, Doing]]:
        """What is to be done and not begun yet."""
        for duty, doing in self._all_duties():
            if duty not in self._seen:
                yield duty, doing

    def _all_duties(self) -> Iterator[tuple[Duty, Doing]]:
        view = self._view
        for card in view.cards.values():
            if card.drill and view.mine(card.chat):
                yield ("serve", card.chat, 0), Serving(self._hands, self._manners, self._book, card.chat).run
        if self._hands.finishing:
            return
        for card in view.cards.values():
            yield from self._asked_of_me(card)
        if self._manners.picks and view.free() and self._next_waiting() is not None:
            yield ("pick", 0, 0), self._pick
        seat = view.seats.get(view.me)
        if seat is not None and seat.by and seat.status is not Status.online:
            yield ("return", 0, seat.since), self._return
        friend = view.named(self._manners.friend)
        for letter in view.letters:
            if friend is not None and letter.author == friend.user:
                yield ("answer", letter.id, 0), lambda: self._answer(friend.user)

    def _asked_of_me(self, card: p.ChatCard) -> Iterator[tuple[Duty, Doing]]:
        view, me, chat = self._view, self._view.me, card.chat
        if card.offer_to == me:
            yield ("offer", chat, card.offer_until), lambda: self._offered(card)
        elif card.offer_department and not card.offer_to and card.owner != me and self._could_take(card):
            yield ("transfer", chat, card.offer_until), lambda: self._transferred(chat)
        if any(person.id == me for person in card.invited):
            yield ("invited", chat, 0), lambda: self._invited(card)
        if self._manners.mentor and card.drill and card.owner not in (0, me) and card.state is State.active:
            if card.help_at:
                yield ("help", chat, card.help_at), lambda: self._help(card)
            friend = view.named(self._manners.friend)
            if friend is not None and card.owner == friend.user:
                yield ("whisper", chat, 0), lambda: self._whisper(chat)

    def _could_take(self, card: p.ChatCard) -> bool:
        seat = self._view.seats.get(self._view.me)
        answers = self._view.answers(seat, card.offer_department)
        return card.drill and self._manners.picks and self._view.free() and answers

    # --- chats --------------------------------------------------------------------------------------------------

    def _next_waiting(self) -> p.ChatCard | None:
        for card in self._view.waiting():
            if card.drill and card.topic not in self._manners.not_these and card.chat not in self._lost_races:
                return card
        return None

    async def _pick(self) -> None:
        await self._hands.rest(*self._manners.hesitation)
        card = self._next_waiting()
        if card is not None and self._view.free() and not self._hands.finishing:
            await self._take(card.chat)

    async def _take(self, chat: int) -> None:
        if not await self._hands.done(p.Take(new_cid(), chat)):
            self._lost_races.add(chat)

    async def _offered(self, card: p.ChatCard) -> None:
        if not card.drill or card.topic in self._manners.not_these:
            await self._hands.ask(p.Decline(new_cid(), card.chat))
        elif self._hands.chance(self._manners.misses):
            await self._hands.until(lambda: not self._still(card), RUN_OUT)
        else:
            await self._hands.rest(*(0.3 * seconds for seconds in self._manners.hesitation))
            if not self._still(card) or self._hands.finishing:
                return
            if self._hands.chance(self._manners.declines):
                reason = self._luck.choice(words.DECLINED)
                await self._hands.ask(p.Decline(new_cid(), card.chat, reason))
            else:
                await self._take(card.chat)

    def _still(self, card: p.ChatCard) -> bool:
        now = self._view.cards.get(card.chat)
        return now is not None and (now.offer_to, now.offer_until) == (card.offer_to, card.offer_until)

    async def _transferred(self, chat: int) -> None:
        await self._hands.rest(*self._manners.hesitation)
        card = self._view.cards.get(chat)
        if card is not None and card.offer_department and self._view.free() and not self._hands.finishing:
            await self._take(chat)

    async def _invited(self, card: p.ChatCard) -> None:
        await self._hands.rest(2, 10)
        if self._hands.finishing:
            return
        if not card.drill or self._hands.chance(self._manners.declines):
            await self._hands.ask(p.Decline(new_cid(), card.chat, self._luck.choice(words.DECLINED)))
        else:
            await self._join(card)

    async def _join(self, card: p.ChatCard) -> None:
        """Join, write a line, and leave after a while."""
        if not await self._hands.done(p.Join(new_cid(), card.chat)):
            return
        await self._hands.rest(3, 8)
        if not self._hands.finishing:
            await self._hands.say(card.chat, self._luck.choice(self._book.language(card.language).going_on))
        await self._hands.rest(*GUESTS)
        if not self._view.mine(card.chat):
            await self._hands.ask(p.Leave(new_cid(), card.chat))

    async def _help(self, card: p.ChatCard) -> None:
        await self._hands.rest(4, 12)
        if self._hands.finishing:
            return
        if self._hands.chance(0.5):
            await self._join(card)
        else:
            await self._hands.message(self._luck.choice(words.ADVICE), user=card.owner, chat=card.chat)
            await self._hands.ask(p.EndHelp(new_cid(), card.chat))

    async def _whisper(self, chat: int) -> None:
        """Now and then a word about a chat of the friend's."""
        await self._hands.rest(20, 60)
        card = self._view.cards.get(chat)
        friend = self._view.named(self._manners.friend)
        if card is None or friend is None or card.owner != friend.user or self._hands.finishing:
            return
        if card.state is State.active and self._hands.chance(0.4):
            await self._hands.message(self._luck.choice(words.ADVICE), user=friend.user, chat=chat)

    # --- the person ---------------------------------------------------------------------------------------------

    async def _answer(self, user: int) -> None:
        await self._hands.rest(4, 15)
        if not self._hands.finishing:
            await self._hands.message(self._luck.choice(words.ANSWERS), user=user)

    async def _return(self) -> None:
        """Somebody else, or the server, has sent me on a break: I come back by and by."""
        await self._hands.rest(20, 45)
        if not self._hands.finishing:
            await self._set_status(Status.online)

    async def _breaks(self) -> None:
        while self._manners.breaks:
            await self._pace.rest(self._manners.breaks * 0.5, self._manners.breaks * 1.5)
            if self._hands.chance(0.3):
                await self._hands.ask(p.Phone(new_cid(), True))
                await self._pace.rest(20, 60)
                await self._hands.ask(p.Phone(new_cid(), False))
            else:
                await self._set_status(Status.away, self._luck.choice(self._view.breaks or ["Break"]))
                await self._pace.rest(30, 90)
                await self._set_status(Status.online)

    async def _chatter(self) -> None:
        while self._manners.chatter:
            await self._pace.rest(self._manners.chatter * 0.5, self._manners.chatter * 1.5)
            await self._link.live.wait()
            friend = self._view.named(self._manners.friend)
            if friend is not None and self._hands.chance(0.4):
                await self._hands.message(self._luck.choice(words.DIRECT), user=friend.user)
                continue
            seat = self._view.seats.get(self._view.me)
            if channels := [key for key in self._view.departments if self._view.answers(seat, key)]:
                department = self._luck.choice(channels)
                await self._hands.message(self._luck.choice(words.CHANNEL), department=department)

    async def _set_status(self, status: Status, reason: str = "") -> None:
        await self._hands.ask(p.SetStatus(new_cid(), status, reason))


async def _run(doing: Doing) -> None:
    await doing()
