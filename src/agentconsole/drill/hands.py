"""What a simulated colleague does over the link at a person's pace: asking, typing, reading, waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from agentconsole import protocol as p
from agentconsole.protocol import Side

from .ledger import Ledger
from .link import Answer, Link, new_cid
from .pace import Pace
from .view import View

LETTERS = 9.0  # typed per second
HARMLESS = {
    *(p.Code.not_now, p.Code.closed, p.Code.taken, p.Code.gone, p.Code.limit, p.Code.unavailable),
    p.Code.unknown,  # what was offered has gone where this person may not look
}


class Hands:
    """One person's doing; whatever is under way is dropped as soon as it is time to finish."""

    def __init__(self, link: Link, view: View, pace: Pace, luck: Random, ledger: Ledger) -> None:
        self.link = link
        self.view = view
        self.pace = pace
        self.luck = luck
        self.ledger = ledger
        self.finishing = False

    def finish(self) -> None:
        """No more pauses."""
        self.finishing = True
        self.pace.ring()

    def chance(self, share: float) -> bool:
        """Does it happen this time?"""
        return self.luck.random() < share

    async def ask(self, command: Any) -> Answer:
        """The server's answer; refusals that come of others having been faster are part of the day."""
        answer = await self.link.ask(command)
        if isinstance(answer, p.Refused) and answer.code not in HARMLESS:
            self.ledger.refused[answer.code] += 1
        return answer

    async def done(self, command: Any) -> bool:
        """Ask, and say whether it was done."""
        return isinstance(await self.ask(command), p.Ack)

    async def rest(self, low: float, high: float) -> None:
        """A pause."""
        await self._unless_finishing(self.pace.rest(low, high))

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until the condition holds; False when it did not in time."""
        await self.pace.until(lambda: condition() or self.finishing, seconds)
        return condition()

    def read(self, chat: int) -> None:
        """Tell the visitor that all was read."""
        talk = self.view.talk(chat)
        talk.unread = 0
        self.link.send(p.Seen(chat, delivered=talk.seq, read=talk.seq))

    async def say(self, chat: int, text: str) -> None:
        """Type a line and send it."""
        self.link.send(p.Typing(chat, text[:1]))
        typing = self.pace.strike(text, LETTERS, lambda shown: self.link.send(p.Typing(chat, shown)))
        await self._unless_finishing(typing)
        try:
            answer = await self.ask(p.Say(new_cid(), chat, text))
        except asyncio.CancelledError:
            self.ledger.sent(chat, Side.staff, text, 0)
            raise
        if isinstance(answer, p.Ack):
            self.ledger.sent(chat, Side.staff, text, answer.seq)

    async def message(self, text: str, **to: int) -> None:
        """Write to a colleague (``user``), perhaps about a ``chat``, or to a ``department``'s channel."""
        if await self.done(p.StaffMessage(new_cid(), text, **to)):
            self.ledger.count("staff_messages")

    async def _unless_finishing(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(doing)
        waiting = asyncio.ensure_future(self.pace.until(lambda: self.finishing))
        try:
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
            waiting.cancel()
            await asyncio.gather(task, waiting, return_exceptions=True)
