"""A day at the desk that a seed makes up: everybody does anything at any time, and the rules must hold throughout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentconsole import protocol as p
from agentconsole.backend.desk.admin import GiveGrant, SetDepartment, WithdrawGrant
from agentconsole.backend.desk.visits import BeginMessage, Where
from agentconsole.backend.domain.chat import VisitorLink
from agentconsole.backend.domain.life import Head, is_open
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.backend.storage.database import Database
from tests.proof.races import World, again, world

AGENTS = ("ann", "bob", "cyn", "dan")
STEPS = 140
CHATS = 9


async def play(database: Database, seed: int, steps: int = STEPS) -> World:
    """One day; AssertionError tells the steps if a rule does not hold."""
    async with world(database, seed) as made:
        made.note(f"again: {again('day', seed)}")
        _settings(made)
        made.open()
        day = Day(made)
        for _ in range(steps):
            await day.step()
        await made.settle()
        await made.pass_time()
        return made


def _settings(made: World) -> None:
    luck = made.luck
    for slug, other in (("sales", "support"), ("support", "sales")):
        made.set_department(
            slug,
            routing=luck.choice([*p.Routing, p.Routing.round_robin, p.Routing.least_busy]),
            strict_limit=luck.random() < 0.4,
            agent_limit=luck.choice((0, 0, 1, 2)),
            reply_ms=luck.choice((0, 20_000, 60_000)),
            offer_ms=luck.choice((20_000, 60_000)),
            wait_for_ms=luck.choice((30_000, 600_000)),
            idle_ms=luck.choice((0, 30_000, 600_000)),
            away=luck.choice([*p.Away]),
            wrapup_ms=luck.choice((0, 30_000)) or 1_000,
            guests=luck.choice((0, 1, 3)),
            team=luck.random() < 0.5,
            overflow_to=made.departments[other] if luck.random() < 0.3 else 0,
            overflow_ms=luck.choice((0, 40_000)),
        )
    for name in AGENTS:
        made.set_limit(name, luck.choice((1, 2, 3)))


class Day:
    """What people may do, and how often."""

    def __init__(self, made: World) -> None:
        self.world = made
        self.visitors: dict[int, Actor] = {}
        self._told: list[tuple[Any, Actor]] = []
        self._deeds: list[Callable[[], object]] = []
        for deed, weight in (
            (self._starts, 5),
            (self._visitor_says, 6),
            (self._visitor_goes, 2),
            (self._takes, 8),
            (self._takes_next, 3),
            (self._says, 7),
            (self._closes, 5),
            (self._transfers, 8),
            (self._declines, 3),
            (self._offer_accepted, 5),
            (self._cancels, 2),
            (self._together, 4),
            (self._supervises, 3),
            (self._status, 7),
            (self._link, 3),
            (self._limits, 3),
            (self._rights, 2),
            (self._settings, 1),
        ):
            self._deeds += [deed] * weight

    async def step(self) -> None:
        """One thing happens."""
        made, luck = self.world, self.world.luck
        roll = luck.random()
        if roll < 0.50:
            luck.choice(self._deeds)()
        elif roll < 0.66:
            made.commit(luck.choice((1, 2, 3, 1_000)))
        elif roll < 0.78:
            made.tell()
            self._meet()
        elif roll < 0.88:
            await made.turn()
        elif roll < 0.94:
            made.now += luck.choice((1, 500, 3_000, 10_000, 21_000))
            made.tick()
        elif roll < 0.97:
            made.tick()
        elif roll < 0.993:
            await made.settle()
        else:
            made.die(luck.choice((100, 5_000, 90_000)))
            self.visitors = {head.visitor: self._visitor(head.visitor) for head in self._rows.values()}
            self._told = []
            for name in (*AGENTS, "sue"):
                if luck.random() < 0.8:
                    made.link(name, True)

    # --- who and what ---------------------------------------------------------------------------------------------

    @property
    def _rows(self) -> dict[int, Head]:
        return self.world.referee.rows.heads

    def _meet(self) -> None:
        for asked, actor in self._told:
            if asked.made is not None and asked.made.visitor:
                self.visitors[asked.made.visitor] = Actor(
                    p.Side.visitor, asked.made.visitor, token_hash=actor.token_hash
                )

    @staticmethod
    def _visitor(key: int) -> Actor:
        return Actor(p.Side.visitor, key)

    def _person(self, *names: str) -> Actor:
        return self.world.people[self.world.luck.choice(names or (*AGENTS, "sue"))]

    def _chat(self, *states: p.State) -> Head | None:
        rows = [
            head
            for head in self._rows.values()
            if is_open(head.state) and (not states or head.state in states)
        ]
        if not rows and self.world.luck.random() < 0.2:
            rows = list(self._rows.values())
        return self.world.luck.choice(rows) if rows else None

    def _owner(self, head: Head) -> Actor:
        """Who has it, mostly."""
        for actor in self.world.people.values():
            if actor.id == head.owner and self.world.luck.random() < 0.85:
                return actor
        return self._person()

    def _ask(self, actor: Actor, word: type[Any], head: Head | None, *more: Any, **fields: Any) -> None:
        if head is not None:
            self.world.ask(actor, word(self.world.new_cid(), head.id, *more, **fields))

    # --- visitors -------------------------------------------------------------------------------------------------

    def _starts(self) -> None:
        luck = self.world.luck
        if sum(is_open(head.state) for head in self._rows.values()) >= CHATS:
            return
        again = [actor for actor in self.visitors.values() if actor.token_hash]
        visitor = luck.choice(again) if again and luck.random() < 0.3 else self.world.visitor()
        slug = luck.choice(("sales", "sales", "support"))
        email = luck.choice(("", "v@x.example"))
        for _ in range(luck.choice((1, 1, 1, 2))):  # two windows at once
            self._told.append((self.world.begin(slug, visitor, email=email), visitor))

    def _with_visitor(self) -> tuple[Head, Actor] | None:
        head = self._chat()
        return (head, Actor(p.Side.visitor, head.visitor)) if head is not None else None

    def _visitor_says(self) -> None:
        if (found := self._with_visitor()) is not None:
            self._ask(found[1], p.Say, found[0], f"line {self.world.new_cid()}")

    def _visitor_goes(self) -> None:
        if (found := self._with_visitor()) is None:
            return
        head, visitor = found
        roll = self.world.luck.randrange(4)
        if roll == 0:
            self._ask(visitor, p.Leave, head)
        elif roll == 1:
            token = self.visitors.get(head.visitor, visitor).token_hash
            if token:
                cid = self.world.new_cid()
                letter = p.LeaveMessage(cid, head.department, "later", "v@x.example", chat=head.id)
                self.world.ask(self.visitors[head.visitor], BeginMessage(cid, letter, Where()))
        else:
            self.world.ask(SYSTEM, VisitorLink(head.id, roll == 2))

    # --- staff ----------------------------------------------------------------------------------------------------

    def _takes(self) -> None:
        head = self._chat(p.State.waiting, p.State.offered)
        for _ in range(self.world.luck.choice((1, 2))):
            self._ask(self._person(), p.Take, head)

    def _takes_next(self) -> None:
        self.world.ask(
            self._person(),
            p.TakeNext(self.world.new_cid(), self.world.luck.choice((0, self.world.departments["sales"]))),
        )

    def _offer_accepted(self) -> None:
        offered = [head for head in self._rows.values() if head.offer_to or head.offer_department]
        if not offered:
            return
        head = self.world.luck.choice(offered)
        asked = [actor for actor in self.world.people.values() if actor.id == head.offer_to] or [
            self._person()
        ]
        actor = asked[0] if self.world.luck.random() < 0.9 else self._person()
        word = self.world.luck.choice((p.Take, p.Take, p.Say, p.Decline))
        self._ask(actor, word, head, *(["a first answer"] if word is p.Say else []))

    def _says(self) -> None:
        head = self._chat(p.State.active, p.State.offered)
        if head is not None:
            self._ask(self._owner(head), p.Say, head, f"answer {self.world.new_cid()}")

    def _closes(self) -> None:
        head = self._chat(p.State.active, p.State.wrapup)
        if head is not None:
            word = self.world.luck.choice((p.Close, p.Close, p.Close, p.Release, p.Reopen))
            self._ask(self._owner(head), word, head)

    def _transfers(self) -> None:
        luck, made = self.world.luck, self.world
        head = self._chat(p.State.active)
        if head is None:
            return
        by = self._owner(head) if luck.random() < 0.8 else made.people["sue"]
        way = luck.randrange(3)
        user = self._person(*AGENTS).id if way != 1 else 0
        department = made.departments[luck.choice(("sales", "support"))] if way else 0
        away = luck.choice((None, None, *p.Away))
        force = by.name == "sue" and luck.random() < 0.5
        self._ask(by, p.Transfer, head, user, department, "please help", away, force)

    def _cancels(self) -> None:
        head = self._chat(p.State.active)
        if head is not None:
            self._ask(self._owner(head), p.CancelTransfer, head)

    def _declines(self) -> None:
        self._ask(self._person(), p.Decline, self._chat(p.State.offered, p.State.active))

    def _together(self) -> None:
        head = self._chat(p.State.active)
        if head is None:
            return
        roll = self.world.luck.randrange(5)
        if roll == 0:
            self._ask(self._owner(head), p.Invite, head, self._person().id)
        elif roll == 1:
            self._ask(self._owner(head), p.AskHelp, head)
        elif roll == 2:
            self._ask(self._owner(head), p.EndHelp, head)
        else:
            self._ask(self._person(), p.Join if roll == 3 else p.Leave, head)

    def _supervises(self) -> None:
        luck = self.world.luck
        head = self._chat()
        if luck.random() < 0.5:
            self._ask(self.world.people["sue"], p.TakeOver, head)
        elif luck.random() < 0.5:
            self._ask(self.world.people["sue"], p.Prioritise, head, luck.randrange(-3, 4))
        elif head is not None and head.state is p.State.waiting:
            user = self._person(*AGENTS).id
            self._ask(self.world.people["sue"], p.Transfer, head, user, force=luck.random() < 0.5)

    def _status(self) -> None:
        luck, made = self.world.luck, self.world
        by = self._person()
        user = self._person(*AGENTS).id if by.name == "sue" else 0
        if luck.random() < 0.2:
            made.ask(by, p.Phone(made.new_cid(), luck.random() < 0.5, user))
        else:
            status = luck.choice((*p.Status, *[p.Status.online] * 5))
            made.ask(
                by, p.SetStatus(made.new_cid(), status, "Lunch" if status is p.Status.away else "", user)
            )

    def _link(self) -> None:
        luck = self.world.luck
        self.world.link(luck.choice((*AGENTS, "sue")), luck.random() < 0.6, luck.choice((5_000, 60_000)))

    def _limits(self) -> None:
        luck, made = self.world.luck, self.world
        agent = self._person(*AGENTS)
        if luck.random() < 0.6:
            made.ask(
                made.people["sue"],
                p.SetAgent(made.new_cid(), agent.id, luck.choice((1, 2, 3))),
            )
        else:
            wish = p.SetMember(
                made.new_cid(),
                agent.id,
                made.departments["sales"],
                luck.choice((1, 2)),
                luck.choice((0, 1, 2)),
            )
            made.ask(made.people["sue"], wish)

    def _rights(self) -> None:
        luck = self.world.luck
        word = luck.choice((GiveGrant, WithdrawGrant))
        self.world.ask(SYSTEM, word(luck.choice(AGENTS), p.Role.agent, luck.choice(("sales", "support"))))

    def _settings(self) -> None:
        luck = self.world.luck
        slug = luck.choice(("sales", "support"))
        wishes: list[dict[str, Any]] = [
            {"routing": luck.choice([*p.Routing])},
            {"reply_s": luck.choice((0, 20, 60))},
            {"agent_limit": luck.choice((0, 1, 2))},
            {"idle_s": luck.choice((0, 30, 600))},
            {"strict_limit": luck.random() < 0.5},
        ]
        self.world.ask(SYSTEM, SetDepartment(slug, **luck.choice(wishes)))
