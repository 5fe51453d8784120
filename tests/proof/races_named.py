"""The races of the team, each played in an order that a seed chooses; what it returns is how the race ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agentconsole import protocol as p
from agentconsole.backend.desk.admin import WithdrawGrant
from agentconsole.backend.desk.visits import BeginMessage, Where
from agentconsole.backend.domain.chat import VisitorLink
from agentconsole.backend.domain.life import Head
from agentconsole.backend.domain.policy import SYSTEM, Actor
from agentconsole.backend.storage import chats
from agentconsole.backend.storage.database import Database
from tests.proof.races import World, again, count_rows, world
from tests.proof.races_console import Console

SALES = {"reply_ms": 60_000, "offer_ms": 60_000}

Race = Callable[[World], Awaitable[str]]


async def begun(made: World, slug: str = "sales", **start: str) -> Head:
    """A chat that waits, or was offered already."""
    asked = made.begin(slug, **start)
    await made.settle()
    assert asked.made is not None
    return made.referee.rows.heads[asked.made.about]


async def answered(made: World, name: str = "ann", slug: str = "sales", **start: str) -> Head:
    """A chat that somebody has taken and answered."""
    head = await begun(made, slug, **start)
    made.ask(made.people[name], p.Take(made.new_cid(), head.id))
    made.ask(made.people[name], p.Say(made.new_cid(), head.id, "good morning"))
    await made.settle()
    return made.referee.rows.heads[head.id]


def now(made: World, head: Head) -> Head:
    """The chat as its row has it now."""
    return made.referee.rows.heads[head.id]


def visitor_of(head: Head) -> Actor:
    """The visitor, as their window is known."""
    return Actor(p.Side.visitor, head.visitor)


def kinds(made: World, head: Head) -> list[str]:
    """What happened in a chat, in order."""
    log = made.database.read_now(lambda db: chats.staff_log(db, head.id))
    return [type(entry.what).__name__ for entry in log]


# --- the races -------------------------------------------------------------------------------------------------------


async def take_take(made: World) -> str:
    """R1, R2: three agents take one chat, one of them twice; one has it, the others are told who."""
    made.open()
    head = await begun(made)
    names = ["ann", "bob", "cyn", "ann"]
    takes = [(made.people[name], p.Take(made.new_cid(), head.id)) for name in names]
    asked = await made.race(*takes)
    owner = now(made, head).owner_name
    for name, one in zip(names, asked, strict=True):
        if name.title() == owner:
            assert one.refused is None
        else:
            assert one.made
            assert one.made.refusal
            assert (one.refused, one.made.refusal.text) == (p.Code.taken, f"{owner} has taken this chat.")
    assert kinds(made, head).count("Took") == 1
    return owner


async def take_leave(made: World) -> str:
    """R3: taken, then left; or gone. Never served without anybody."""
    made.open()
    head = await begun(made)
    taken, left = await made.race(
        (made.people["ann"], p.Take(made.new_cid(), head.id)),
        (visitor_of(head), p.Leave(made.new_cid(), head.id)),
    )
    assert left.refused is None
    found = now(made, head)
    if taken.refused is None:
        assert (found.state, found.left, found.owner) == (p.State.wrapup, True, made.people["ann"].id)
        return "taken"
    assert (taken.refused, found.state, found.taken_at) == (p.Code.gone, p.State.abandoned, 0)
    return "gone"


async def take_assign(made: World) -> str:
    """R4: the dispatcher gives what somebody takes by hand."""
    made.set_department("sales", routing=p.Routing.round_robin, strict_limit=True, **SALES)
    for name in ("ann", "bob", "cyn"):
        made.set_limit(name, 1)
    made.open()
    made.begin()
    made.begin()
    await made.stumble(0.8)
    made.commit()
    heads = sorted(made.referee.rows.heads)
    taken, other = await made.race(
        (made.people["ann"], p.Take(made.new_cid(), heads[0])),
        (made.people["ann"], p.Take(made.new_cid(), heads[1])),
        chance=0.9,
    )
    assert [taken.refused, other.refused].count(None) <= 1, "one is her limit"
    return f"{taken.refused} {other.refused}"


async def assign_gone(made: World) -> str:
    """R5: the agent goes on a break, to the phone or home, is given less, or loses the link while being given a chat."""
    made.set_department("sales", routing=p.Routing.fill_first, **SALES)
    made.set_limit("cyn", 1)
    made.open()
    await begun(made)
    made.begin()
    ann, cid = made.people["ann"], made.new_cid
    way = made.luck.randrange(6)
    moves = [
        (ann, p.SetStatus(cid(), p.Status.away, "Lunch")),
        (ann, p.Phone(cid(), True)),
        (ann, p.SetStatus(cid(), p.Status.offline)),
        (made.people["sue"], p.SetAgent(cid(), ann.id, 1)),
        (SYSTEM, WithdrawGrant("ann", p.Role.agent, "sales")),
        (made.people["sue"], p.SetStatus(cid(), p.Status.drain, "", ann.id)),
    ]
    (gone,) = await made.race(moves[way], chance=0.85)
    assert gone.refused is None
    heads = made.referee.rows.heads.values()
    hers = [head.id for head in heads if head.offer_to == ann.id]
    assert len(hers) <= (2 if way == 3 else 0)  # what she was offered before she was given less stays
    return f"{way == 3} {len(hers)} {sum(kinds(made, head).count('OfferEnded') for head in heads)}"


async def many_at_once(made: World) -> str:
    """R6: 22 chats come at once to two agents who may have two each; everything is served in the end."""
    made.set_department(
        "sales", routing=made.luck.choice((p.Routing.least_busy, p.Routing.round_robin)), **SALES
    )
    made.set_department("sales", wrapup_ms=1_000)
    for name in ("ann", "bob", "cyn"):
        made.set_limit(name, 2)
    made.open()
    made.link("cyn", False)
    for _ in range(22):
        made.begin()
        await made.stumble(0.3)
    await made.settle()
    for _ in range(40):
        for head in [*made.referee.rows.heads.values()]:
            owner = next((one for one in made.people.values() if one.id == head.offer_to), None)
            if owner is not None:
                made.ask(owner, p.Say(made.new_cid(), head.id, "yes?"))
                made.ask(owner, p.Close(made.new_cid(), head.id))
                await made.stumble(0.4)
        await made.settle()
        made.now += 1_000
        await made.settle()
    assert {head.state for head in made.referee.rows.heads.values()} == {p.State.closed}
    return "served"


async def transfer_close(made: World) -> str:
    """R7: the receiver accepts, or the owner closes; a closed chat has no new owner."""
    made.open()
    head = await answered(made)
    ann, bob = made.people["ann"], made.people["bob"]
    made.ask(ann, p.Transfer(made.new_cid(), head.id, bob.id))
    await made.settle()
    taken, closed = await made.race(
        (bob, p.Take(made.new_cid(), head.id)), (ann, p.Close(made.new_cid(), head.id))
    )
    found = now(made, head)
    if taken.refused is None:
        assert (found.state, found.owner) == (p.State.active, bob.id)
        assert closed.refused in (p.Code.not_now, p.Code.unknown)
        return "accepted"
    assert (found.state, found.owner, taken.refused) == (p.State.wrapup, ann.id, p.Code.taken)
    return "closed"


async def transfer_line(made: World) -> str:
    """R8: the visitor writes on while the chat changes hands; each line is there once, in order."""
    made.open()
    head = await answered(made)
    ann, bob, who = made.people["ann"], made.people["bob"], visitor_of(head)
    made.ask(ann, p.Transfer(made.new_cid(), head.id, bob.id, made.luck.choice((0, head.department))))
    await made.settle()
    asked = [made.ask(who, p.Say(made.new_cid(), head.id, "before"))]
    asked += await made.race(
        (bob, p.Take(made.new_cid(), head.id)),
        (who, p.Say(made.new_cid(), head.id, "meanwhile")),
        (ann, p.Say(made.new_cid(), head.id, "from the old owner")),
    )
    late = asked.pop()
    assert not any(one.refused for one in asked)
    log = kinds(made, head)
    assert (late.refused is None) == (log.count("Said") == 5)
    assert now(made, head).owner == bob.id
    return f"{log[log.index('Transferred') :].count('Said')} lines after"


async def transfer_away(made: World) -> str:
    """R9: who shall have it goes away, is full, or leaves the department: refused, kept, or the department's queue."""
    made.set_limit("cyn", 1)
    made.open()
    head = await answered(made)
    ann, cyn, cid = made.people["ann"], made.people["cyn"], made.new_cid
    other = await begun(made, "support")
    to = made.departments["support"] if made.luck.random() < 0.5 else 0
    goes = [
        (cyn, p.SetStatus(cid(), p.Status.away, "Lunch")),
        (cyn, p.Take(cid(), other.id)),
        (SYSTEM, WithdrawGrant("cyn", p.Role.agent, "support" if to else "sales")),
        (SYSTEM, WithdrawGrant("cyn", p.Role.agent, "sales")),
    ]
    away = made.luck.choice((None, *p.Away))
    wish = p.Transfer(cid(), head.id, cyn.id, to, "please", away)
    asked, _ = await made.race((ann, wish), goes[made.luck.randrange(4)])
    await made.pass_time(3)
    found = now(made, head)
    assert found.state in (p.State.active, p.State.waiting)
    if found.state is p.State.active:
        assert found.owner == ann.id
    return f"{asked.refused} {found.state}"


async def transfer_transfer(made: World) -> str:
    """R10: two transfers at once: the first wins, the second is told to whom the chat is offered."""
    made.open()
    head = await answered(made)
    people, cid = made.people, made.new_cid
    asked = await made.race(
        (people["ann"], p.Transfer(cid(), head.id, people["bob"].id)),
        (people["ann"], p.Transfer(cid(), head.id, 0, made.departments["support"])),
        (people["sue"], p.Transfer(cid(), head.id, people["cyn"].id)),
    )
    assert [one.refused for one in asked].count(None) == 1
    found = now(made, head)
    for one in asked:
        if one.refused:
            assert one.made
            assert one.made.refusal
            assert (found.offer_name or found.offer_queue) in one.made.refusal.text
    return found.offer_name or found.offer_queue


async def accept_timeout(made: World) -> str:
    """R11: the offered agent accepts in the moment in which the time runs out: one of both."""
    made.set_department("sales", routing=p.Routing.round_robin, **SALES)
    made.open()
    head = await begun(made)
    first = next(one for one in made.people.values() if one.id == head.offer_to)
    made.now = head.due_at - made.luck.choice((0, 1))
    (taken,) = await made.race((first, p.Take(made.new_cid(), head.id)), chance=0.8)
    made.now += 1
    await made.settle()
    found, log = now(made, head), kinds(made, head)
    if taken.refused is None:
        assert log.count("Took") == 1
        if log.index("Took") > log.index("OfferEnded"):
            assert found.owner == first.id  # from the queue, as anybody might
            return "taken after it ran out"
        assert found.state is p.State.offered, "no first line came in time, so it went on"
        return "accepted"
    assert taken.refused is p.Code.taken
    assert found.offer_to not in (0, first.id)
    seat = made.referee.rows.seats[first.id]
    assert (seat.status, seat.reason) == (p.Status.away, "No answer")
    return "passed on"


async def accept_accept(made: World) -> str:
    """A transfer to a department: several of its agents accept, and the owner takes it back."""
    made.open()
    head = await answered(made)
    made.ask(made.people["ann"], p.Transfer(made.new_cid(), head.id, 0, made.departments["support"]))
    await made.settle()
    taken = await made.race(
        (made.people["cyn"], p.Take(made.new_cid(), head.id)),
        (made.people["dan"], p.Take(made.new_cid(), head.id)),
        (made.people["ann"], p.CancelTransfer(made.new_cid(), head.id)),
    )
    assert [one.refused for one in taken].count(None) == 1
    found = now(made, head)
    assert found.department == made.departments["sales" if taken[2].refused is None else "support"]
    return found.owner_name


async def close_close(made: World) -> str:
    """R12, R13: agent, supervisor, visitor and a line at once: one end, and no line is lost."""
    made.open()
    head = await answered(made)
    who = visitor_of(head)
    asked = await made.race(
        (made.people["ann"], p.Close(made.new_cid(), head.id)),
        (made.people["sue"], p.Close(made.new_cid(), head.id)),
        (who, p.Leave(made.new_cid(), head.id)),
        (who, p.Say(made.new_cid(), head.id, "one more")),
    )
    log = kinds(made, head)
    assert asked[3].refused is None
    ends = sum(log.count(kind) for kind in ("Ended", "VisitorLeft"))
    assert ends == log.count("Reopened") + (now(made, head).state is p.State.wrapup)
    return "+".join(log[-3:])


async def offline_start(made: World) -> str:
    """R16: the last agent goes home while a chat begins, is taken, or turned into a message."""
    made.set_department("sales", routing=p.Routing.round_robin, **SALES)
    made.open()
    for name in ("bob", "cyn"):
        made.ask(made.people[name], p.SetStatus(made.new_cid(), p.Status.offline))
    await made.settle()
    ann, visitor = made.people["ann"], made.visitor()
    asked = made.begin("sales", visitor)
    (gone,) = await made.race((ann, p.SetStatus(made.new_cid(), p.Status.offline)), chance=0.8)
    assert gone.refused is None
    assert asked.made is not None
    (head,) = made.referee.rows.heads.values()
    assert head.state is p.State.waiting
    cid = made.new_cid()
    letter = p.LeaveMessage(cid, head.department, "later", "v@x.example", chat=head.id)
    left, came = await made.race(
        (visitor, BeginMessage(cid, letter, Where())),
        (ann, p.SetStatus(made.new_cid(), p.Status.online)),
        chance=0.85,
    )
    assert came.refused is None
    assert (left.refused is None) == (now(made, head).state is p.State.left_message)
    return str(left.refused) + "+".join(kinds(made, head)[2:])


async def removed(made: World) -> str:
    """R18: an agent is removed from the department while answering; the chat goes back with its history."""
    made.open()
    head = await answered(made)
    bob, cid = made.people["bob"], made.new_cid
    asked = await made.race(
        (SYSTEM, WithdrawGrant("bob", p.Role.agent, "sales")),
        (bob, p.Take(cid(), (await begun(made)).id)),
        (made.people["ann"], p.Transfer(cid(), head.id, bob.id)),
        (bob, p.Take(cid(), head.id)),
    )
    assert not [each for each in made.referee.rows.heads.values() if bob.id in (each.owner, each.offer_to)]
    late = made.ask(made.people["bob"], p.Say(cid(), head.id, "still here?"))
    await made.settle()
    assert late.refused is p.Code.unknown
    return " ".join(str(one.refused) for one in asked)


async def forced(made: World) -> str:
    """R19: a supervisor gives the chat to another while its agent writes: the line is there, or refused."""
    made.open()
    head = await answered(made)
    people, cid = made.people, made.new_cid
    given, said = await made.race(
        (people["sue"], p.Transfer(cid(), head.id, people["bob"].id, force=True)),
        (people["ann"], p.Say(cid(), head.id, "what I was writing")),
    )
    assert given.refused is None
    assert now(made, head).owner == people["bob"].id
    assert (said.refused is None) == (kinds(made, head).count("Said") == 3)
    return str(said.refused)


async def watch_transfer(made: World) -> str:
    """R20: an analyst comes to watch, or watches, while the chat goes to a department that is none of hers."""
    made.open()
    head = await answered(made)
    ann, dan, who = made.people["ann"], made.people["dan"], visitor_of(head)
    made.ask(ann, p.Transfer(made.new_cid(), head.id, 0, made.departments["support"]))
    await made.settle()
    ada = Console(made, "ada")
    watched = made.luck.random() < 0.5
    if watched:
        ada.hear(p.Open(made.new_cid(), head.id))
        await made.stumble(0.9)
    lines = [f"line {number} of {head.visitor}" for number in range(3)]
    moves = [lambda text=text: made.ask(who, p.Say(made.new_cid(), head.id, text)) for text in lines]
    moves.insert(made.luck.randrange(3), lambda: made.ask(dan, p.Take(made.new_cid(), head.id)))
    moves.insert(made.luck.randrange(4), lambda: ada.hear(p.Open(made.new_cid(), head.id)))
    for move in moves:
        move()
        await made.stumble(0.7)
    await ada.rest()
    assert now(made, head).department == made.departments["support"]
    log = made.database.read_now(lambda db: chats.staff_log(db, head.id))
    change = next(entry.seq for entry in log if isinstance(entry.what, p.Transferred))
    late = [entry.seq for entry in log if isinstance(entry.what, p.Said) and entry.seq > change]
    assert not set(late) & set(ada.events(head.id)), (
        "what was said in the other department is not hers to read"
    )
    assert head.id not in ada.reader.following | ada.reader.watching | ada.reader.shown
    deeds = "SELECT count(*) FROM audit WHERE actor = 'ada' AND deed = '{}'"
    begun_to, ended = (count_rows(made.database, deeds.format(deed)) for deed in ("watch", "watch_end"))
    assert begun_to == ended, f"{begun_to} times begun to watch, {ended} times ended"
    return f"{len(ada.events(head.id))} {ada.answers} {len(late)}"


async def killed(made: World) -> str:
    """kill -9 with offers open: what ran out meanwhile goes on, nothing is stuck and nothing doubled."""
    made.set_department("sales", routing=p.Routing.round_robin, reply_ms=made.luck.choice((0, 60_000)))
    made.open()
    held = await answered(made, "cyn", "support")
    for _ in range(3):
        made.begin()
        await made.stumble(0.7)
    made.ask(made.people["cyn"], p.Transfer(made.new_cid(), held.id, made.people["dan"].id))
    made.link("cyn", False, 5_000)
    await made.stumble(0.7)
    made.die(made.luck.choice((10, 30_000, 400_000)))
    back = made.luck.sample(("ann", "bob", "cyn", "dan"), made.luck.randrange(5))
    for name in back:
        made.link(name, True)
        await made.stumble(0.4)
    for head in [*made.referee.rows.heads.values()]:
        made.ask(SYSTEM, VisitorLink(head.id, True))
    await made.settle()
    await made.pass_time(8)
    for head in made.referee.rows.heads.values():
        assert head.state is not p.State.offered or made.referee.rows.present(head.offer_to)
    return f"{len(back)} {[str(head.state) for head in made.referee.rows.heads.values()]}"


async def full_of_offers(made: World) -> str:
    """An offer counts, however long its chat was silent before, and in the department in which it is offered."""
    made.set_department("support", agent_limit=made.luck.choice((0, 1)), idle_ms=30_000)
    made.set_department("sales", idle_ms=30_000, strict_limit=True)
    made.set_limit("cyn", made.luck.choice((1, 2)))
    made.open()
    cid, people = made.new_cid, made.people
    heads = [
        await answered(made),
        await answered(made, "bob"),
        await answered(made, "bob"),
        await begun(made),
    ]
    made.now += 40_000
    to = made.departments["support"]
    wishes = [(0, p.Transfer(cid(), heads[at].id, people["cyn"].id, to)) for at in range(3)]
    moves = [(people["ann" if at == 0 else "bob"], wish) for at, (_, wish) in enumerate(wishes)]
    asked = await made.race(*moves, (people["cyn"], p.Take(cid(), heads[3].id)))
    counted = made.referee.rows.counted(people["cyn"].id, made.now)
    assert len(counted) <= made.referee.rows.limits[people["cyn"].id]
    return " ".join(str(one.refused) for one in asked)


RACES: dict[Race, int] = {  # with how many different ends at least
    take_take: 3,
    take_leave: 2,
    take_assign: 2,
    assign_gone: 3,
    many_at_once: 1,
    transfer_close: 2,
    transfer_line: 2,
    transfer_away: 4,
    transfer_transfer: 3,
    accept_timeout: 2,
    accept_accept: 3,
    close_close: 3,
    offline_start: 2,
    removed: 3,
    forced: 2,
    watch_transfer: 4,
    killed: 5,
    full_of_offers: 2,
}


async def once(race: Race, database: Database, seed: int) -> tuple[str, int]:
    """One seed of a race: how it ended, and how many batches were committed. AssertionError tells the steps."""
    async with world(database, seed) as made:
        made.note(f"again: {again(race.__name__, seed)}")
        return await race(made), made.commits
