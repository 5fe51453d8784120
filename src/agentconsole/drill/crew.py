"""Everybody who plays in the demo besides the person at the console: colleagues, visitors, and a guide."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from agentconsole.protocol import DepartmentFace, Side

from . import rest
from .agent import Agent
from .ledger import Ledger, lines_of
from .link import Trouble, socket_url
from .manners import Manners
from .plan import Act, Plan, Temper, Waiting
from .script import Answer, Book, Script
from .visitor import Visitor

GUIDE = "Welcome to the demo"
OPENING = "Enter takes me. Write anything, and I show you around. Your own visitor's page: {page}"
READ_ONLY = (
    "v reads this. E watches running chats in silence, the riskiest first; + gives feedback on a line of theirs. ? shows "
    "every key. The real visitor is you: {page}"
)
TOUR = (
    "Sales gives you chats by itself: they stand on top of the queue as offered to you. Enter takes one, D declines, "
    "w says why it came to you. Support rings everybody who is free; in Billing you pick by hand. Who lets an offer run out is put on a break: B "
    "comes back.",
    "In a chat h hands it over (try it with me, to Bo), I invites a colleague, ! calls a supervisor, m writes a note. "
    "Ana, Bo, Mia and Tom do the same to you.",
    "K shows the tickets: what came while nobody was there, the most pressing first. Answer one: in the demo its mail goes "
    "into a folder and not out.",
    "W shows the team, M what colleagues write to each other, s is your status: on a break nothing is offered to you.",
)
TOURS = {
    "supervisor": (
        "E watches running chats in silence, the riskiest first. There , whispers to the agent, J joins, O takes over, "
        "+ gives feedback.",
        "W shows the team: Enter changes somebody's status, limit or skills. Who calls for help stands out in the queue.",
        "P in the queue changes how soon a chat is answered, w says why it is where it is. h gives a chat to "
        "somebody, asked or not.",
    ),
}
LAST_STEP = "? shows every key. I am a script and nothing here stays; the real visitor is you: {page}"
LAST_SECONDS = 15.0  # real seconds in which agents have closed their chats


class Crew:
    """The simulated agents of a drill, working until `finish`."""

    def __init__(self, base: str, book: Book, speed: float, ledger: Ledger) -> None:
        self._base = base
        self._book = book
        self._speed = speed
        self._ledger = ledger
        self._agents: dict[asyncio.Task[None], Agent] = {}

    def hire(self, token: str, manners: Manners, seed: str) -> None:
        """One more agent begins to work."""
        url = socket_url(self._base, "/ws/staff")
        agent = Agent(url, token, manners, self._book, self._speed, seed, self._ledger)
        self._agents[asyncio.create_task(agent.run())] = agent

    async def finish(self) -> None:
        """Let everybody close their chats and go. Raises Trouble if one of them had been turned away."""
        for agent in self._agents.values():
            agent.finish()
        if self._agents:
            await asyncio.wait(self._agents, timeout=LAST_SECONDS)
        await self.dismiss()

    async def dismiss(self) -> None:
        """Everybody drops what they are doing. Raises Trouble if one of them had been turned away."""
        tasks = list(self._agents)
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Trouble):
                raise result


def guide(base: str, department: DepartmentFace, book: Book, ledger: Ledger, role: str) -> Visitor:
    """A visitor who shows the person at the console around, a step for each answer, and waits as long as it takes."""
    page = f"{base}/chat"
    script = Script(
        topic=GUIDE,
        language=book.languages[0].code,
        opens=[(READ_ONLY if role == "analyst" else OPENING).format(page=page)],
        goes_on=[*TOURS.get(role, TOUR), LAST_STEP.format(page=page)],
        answers=[Answer(["browser", "page"], f"With a browser on this machine, at {page}")],
        page=page,
        page_title="The demo's guide",
    )
    plan = Plan(
        number=0,
        temper=Temper.calm,
        department=department,
        script=script,
        topic=GUIDE,
        language=book.languages[0],
        name="Guide",
        email="guide@example.com",
        gives_email=True,
        opening=script.opens[0],
        waiting=(Waiting(86_400.0, Act.leave),),
        turns={},
        letters=20.0,
        mute=0,
        leaves_when_done=False,
        rating=None,
        comment="",
    )
    return Visitor(socket_url(base, "/ws/visitor"), plan, 4.0, ledger, lambda sentence: None)


async def audit(base: str, token: str, ledger: Ledger) -> dict[str, int]:
    """Hold every acknowledged line against the history of its chat; what is amiss goes into the ledger.

    Returns how many chats and lines were looked at. Raises Trouble.
    """
    visitors: dict[int, Mapping[int, str]] = {}
    staff: dict[int, Mapping[int, str]] = {}
    for card in await rest.all_chats(base, token):
        events = await rest.history(base, token, card.chat)
        if [event.seq for event in events] != list(range(1, len(events) + 1)):
            ledger.faults.append(f"chat {card.chat}: its history has gaps")
        ledger.tally(events)
        visitors[card.chat] = lines_of(events, Side.visitor)
        staff[card.chat] = lines_of(events, Side.staff)
    missing = {line.chat for line in ledger.lines if line.number} - visitors.keys()
    ledger.lost.extend(f"chat {chat} is not in history" for chat in sorted(missing))
    ledger.compare(Side.visitor, visitors)
    ledger.compare(Side.staff, staff)
    return {"chats": len(visitors), "lines": sum(map(len, visitors.values())) + sum(map(len, staff.values()))}


async def let_go(task: asyncio.Task[None]) -> None:
    """End a task that nobody waits for any more."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
