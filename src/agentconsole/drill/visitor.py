"""One drill visitor: arrives, waits, types, answers, sometimes vanishes, rates, and goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from random import Random
from typing import Any

from agentconsole import protocol as p
from agentconsole.protocol import OPEN_STATES, Side, State

from .ledger import Ledger
from .link import Answer, Link, new_cid, new_token, unwrapped
from .pace import Pace
from .plan import Act, Plan
from .script import Dialogue, filled

PASTED = 300  # characters from which a text is pasted, not typed
GOODBYE = 3.0  # real seconds for the last words of a visitor who is sent home
SILENCE = (60.0, 120.0)  # seconds until a visitor asks whether somebody is there
NUDGES = 2  # so often, then the visitor leaves
ENOUGH = 30.0  # seconds that a visitor who is content waits for the agent to close the chat
RATING_BY = 45.0  # seconds after the end in which a visitor rates


class Visitor:
    """Plays one plan against a server. ``speed`` 2.0 lets the visitor live twice as fast; ``note`` gets a sentence for
    everything worth telling; ``waits`` is set when the chat is in its queue."""

    def __init__(
        self, url: str, plan: Plan, speed: float, ledger: Ledger, note: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._ledger = ledger
        self._note = note
        self._luck = Random(f"{plan.opening}/{plan.number}")
        self._pace = Pace(speed, self._luck)
        self._token = new_token()
        self._page, self._title = plan.script.page, plan.script.page_title
        self._link = Link(url, self._hello, p.decode_visitor_frame, self._heard, self._luck)
        self._sent_home = asyncio.Event()
        self.waits = asyncio.Event()
        self._begun = False
        self._chat = 0
        self._state = State.waiting
        self._pub = 0
        self._version = -1
        self._started_at = 0
        self._taken = False
        self._ended = False
        self._own: dict[int, str] = {}
        self._to_answer: list[str] = []

    async def run(self) -> None:
        """The whole visit. Raises Trouble when the server turns the visitor away."""
        self._ledger.count("visitors")
        try:
            with unwrapped():
                await self._visit()
        finally:
            self._ledger.counts["links_lost"] += self._link.losses
            self._ledger.compare(Side.visitor, {self._chat: self._own})

    async def _visit(self) -> None:
        async with asyncio.TaskGroup() as group:
            link = group.create_task(self._link.run())
            try:
                await self._unless_sent_home(self._play())
                await self._goodbye()
            finally:
                link.cancel()

    def go_home(self) -> None:
        """Say goodbye and leave soon, whatever the plan was."""
        self._sent_home.set()

    # --- what is heard ------------------------------------------------------------------------------------------

    def _hello(self) -> p.VisitorHello:
        cursors = [p.VisitorCursor(self._chat, self._pub)] if self._chat else []
        return p.VisitorHello(
            token=self._token,
            cursors=cursors,
            language=self._plan.language.code,
            page=self._page,
            page_title=self._title,
            drill=True,
        )

    def _heard(self, frame: Any) -> None:
        if isinstance(frame, p.VisitorResume) and frame.reset:
            self._pub = frame.after
        elif isinstance(frame, p.VisitorCard) and frame.version >= self._version:
            self._chat, self._version, self._state = frame.chat, frame.version, frame.state
        elif isinstance(frame, p.VisitorEvent):
            self._event(frame)
        else:
            return
        self._pace.ring()

    def _event(self, event: p.VisitorEvent) -> None:
        if event.pub <= self._pub:
            return
        if event.pub != self._pub + 1:
            self._ledger.faults.append(f"chat {event.chat}: event {event.pub} came after {self._pub}")
            self._link.cut(0)
            return
        self._pub = event.pub
        what = event.what
        if isinstance(what, p.Said):
            self._line(event, what.text)
        elif isinstance(what, p.Started) and not self._started_at:
            self._started_at = event.at
            self._ledger.count("chats_started")
        elif isinstance(what, p.Took | p.Transferred):
            if not self._taken:
                self._taken = True
                self._ledger.count("chats_taken")
                self._ledger.waits.append(event.at - self._started_at)
            self._note(f"{self._who} talks to {event.by.name}")
        elif isinstance(what, p.Ended | p.VisitorLeft | p.MessageLeft):
            self._ended = True
            if isinstance(what, p.Ended):
                self._ledger.count("chats_ended")
        elif isinstance(what, p.Finished):
            self._ledger.count("chats_closed")
        elif isinstance(what, p.Reopened):
            self._ended = False

    def _line(self, event: p.VisitorEvent, text: str) -> None:
        if event.by.side is Side.visitor:
            self._own[event.pub] = text
        else:
            self._ledger.count("lines_from_staff")
            self._to_answer.append(text)
            self._link.send(p.Seen(event.chat, delivered=event.pub))

    # --- what is done -------------------------------------------------------------------------------------------

    async def _play(self) -> None:
        await self._link.live.wait()
        if not await self._begin():
            return
        if await self._wait_for_somebody():
            await self._talk()
        await self._judge()

    async def _begin(self) -> bool:
        plan = self._plan
        start = p.Start(
            cid=new_cid(),
            department=plan.department.id,
            text=filled(plan.opening, plan.facts),
            name=plan.name,
            email=plan.email if plan.gives_email else "",
            topic=plan.topic,
        )
        await self._pace.rest(1, 4)
        self._begun = True
        answer = await self._ask(start)
        if isinstance(answer, p.Refused):
            self._begun = False
            return False
        self._chat = answer.chat
        self.waits.set()
        self._keep(start.text, answer)
        self._note(f"{self._who} waits: {start.text}")
        return True

    async def _wait_for_somebody(self) -> bool:
        """True when an agent has come, False when the chat is over before."""
        for waiting in self._plan.waiting:
            if await self._pace.until(self._somebody_or_over, waiting.after):
                break
            await self._act(waiting.act)
        return not self._over()

    async def _talk(self) -> None:
        plan = self._plan
        dialogue = Dialogue(plan.script, plan.language, self._luck, plan.facts)
        turn = nudges = 0
        while not self._over():
            silence = ENOUGH if dialogue.done else self._luck.uniform(*SILENCE)
            if not await self._pace.until(lambda: bool(self._to_answer) or self._over(), silence):
                if nudges == NUDGES or dialogue.done:
                    return await self._leave()
                nudges += 1
                await self._say(self._luck.choice(plan.language.nudges))
                continue
            heard = await self._read()
            turn += 1
            if heard and turn in plan.turns:
                await self._act(plan.turns[turn])
            if heard and turn > plan.mute and (reply := dialogue.reply(heard)) and not self._over():
                await self._say(reply)
            if dialogue.done and plan.leaves_when_done and not self._over():
                await self._pace.rest(2, 6)
                return await self._leave()
        return None

    async def _read(self) -> str:
        """All that staff have written since the last turn, read in a little while."""
        await self._pace.rest(1, 3)
        heard = "\n".join(self._to_answer)
        self._to_answer.clear()
        self._link.send(p.Seen(self._chat, delivered=self._pub, read=self._pub))
        return heard

    async def _act(self, act: Act) -> None:
        if act is Act.browse:
            self._page, self._title = f"{self._page.rstrip('/')}/more", f"{self._title} (2)"
            self._link.send(p.Browse(self._page, self._title))
        elif act is Act.lose_link:
            self._note(f"{self._who} loses the link")
            self._link.cut(self._pace.scaled(self._luck.uniform(4, 15)))
        elif act is Act.meanwhile:
            await self._say(self._luck.choice(self._plan.language.meanwhile))
        elif act is Act.leave:
            await self._leave()
        elif act is Act.leave_message:
            await self._leave_message()

    async def _judge(self) -> None:
        plan = self._plan
        if plan.rating is None or self._state not in (State.wrapup, State.closed):
            return
        if self._luck.random() < 0.5:
            await self._pace.until(lambda: self._state is State.closed, RATING_BY)
        await self._pace.rest(2, 8)
        rate = p.Rate(new_cid(), self._chat, plan.rating, plan.comment)
        if not isinstance(await self._ask(rate), p.Refused):
            self._ledger.ratings[plan.rating] += 1
            self._note(f"{self._who} rates: {plan.rating} {plan.comment}".rstrip())

    async def _say(self, text: str) -> None:
        await self._type(text)
        if self._over():
            return
        say = p.Say(new_cid(), self._chat, text)
        self._preview("")
        self._keep(text, await self._ask(say))

    async def _type(self, text: str) -> None:
        """Type with previews; sometimes begin anew; a long text is pasted."""
        if len(text) >= PASTED:
            await self._pace.rest(2, 5)
            self._pace.show(text, self._preview)
            await self._pace.rest(1, 2)
            return
        if self._luck.random() < 0.15:
            await self._pace.strike(text[: len(text) // 2], self._plan.letters, self._preview)
            await self._pace.rest(1, 2)
            self._pace.show("", self._preview)
        await self._pace.strike(text, self._plan.letters, self._preview)

    def _preview(self, text: str) -> None:
        self._link.send(p.Typing(self._chat, text))

    async def _leave(self) -> None:
        if self._chat and not self._over():
            waited = self._state in (State.waiting, State.offered)
            if not isinstance(await self._ask(p.Leave(new_cid(), self._chat)), p.Refused):
                self._ledger.count("chats_abandoned" if waited else "chats_left")
                self._note(f"{self._who} leaves" + (" without an answer" if waited else ""))

    async def _leave_message(self) -> None:
        letter = p.LeaveMessage(
            cid=new_cid(),
            department=self._plan.department.id,
            text=self._luck.choice(self._plan.language.meanwhile),
            email=self._plan.email,
            name=self._plan.name,
            chat=self._chat,
        )
        if not isinstance(await self._ask(letter), p.Refused):
            self._ledger.count("messages_left")
            self._note(f"{self._who} leaves a message")

    async def _goodbye(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                if self._begun:
                    await self._pace.until(lambda: bool(self._chat))
                await self._leave()

    # --- small things -------------------------------------------------------------------------------------------

    @property
    def _who(self) -> str:
        return f"{self._plan.name} ({self._plan.department.name})"

    async def _ask(self, command: Any) -> Answer:
        """The server's answer; a line or a beginning that is never answered stands in the books as such."""
        try:
            answer = await self._link.ask(command)
        except asyncio.CancelledError:
            if isinstance(command, p.Say | p.Start):
                self._ledger.sent(self._chat, Side.visitor, command.text, 0)
            raise
        if isinstance(answer, p.Refused):
            self._ledger.refused[answer.code] += 1
            self._note(f"{self._who} is refused: {answer.text}")
        return answer

    def _keep(self, text: str, answer: Answer) -> None:
        if isinstance(answer, p.VisitorAck):
            self._ledger.count("lines_from_visitors")
            self._ledger.sent(self._chat, Side.visitor, text, answer.pub)

    def _over(self) -> bool:
        return self._ended or self._state not in OPEN_STATES

    def _somebody_or_over(self) -> bool:
        return self._over() or self._state is State.active

    async def _unless_sent_home(self, play: Coroutine[Any, Any, None]) -> None:
        playing = asyncio.ensure_future(play)
        home = asyncio.ensure_future(self._sent_home.wait())
        try:
            await asyncio.wait({playing, home}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            playing.cancel()
            home.cancel()
            await asyncio.gather(playing, home, return_exceptions=True)
        if playing.done() and not playing.cancelled():
            playing.result()
