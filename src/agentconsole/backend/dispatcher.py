"""Where the dispatcher runs: keeps its scene from committed facts, proposes to the desk, and looks after who is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from agentconsole.protocol import Explanation, Membership, OfferEnd, OfferEnded, State, Status

from .board import Board
from .company import Company
from .desk import Change, Made
from .desk.availability import Bench, Rescue
from .desk.handing import Assign, Overflow
from .domain import routing
from .domain.facts import Agent, Held, Place, Queue, Waiting
from .domain.life import Head
from .domain.offers import OfferLost
from .domain.policy import SYSTEM, is_given
from .domain.scene import Scene
from .storage.users import User

REST, REST_MOST = 0.05, 2.0  # seconds after a second refusal, doubled each time
STALE_MS = 5_000  # so old may the last line be in the scene; the transaction counts exactly


class Dispatcher:
    """Runs in the event loop, after every batch that changed something and when time alone has.

    ``submit(actor, command, reply)`` is the desk's; a refused proposal is looked at again with fresh facts.
    """

    def __init__(
        self,
        board: Board,
        submit: Callable[[Any, Any, Callable[[Made], None]], None],
        clock: Callable[[], int],
    ) -> None:
        self._board = board
        self._submit = submit
        self._clock = clock
        self._scene = Scene()
        self._places: dict[int, dict[int, Place]] = {}
        self._benched: set[int] = set()
        self._rescuing: set[int] = set()
        self._company = Company(board, submit)
        self._asked = False
        self._refusals: dict[int, int] = {}
        self._alarm: asyncio.TimerHandle | None = None

    def load(self) -> None:
        """Take in everything that the board knows."""
        self.departments_changed()
        for head in self._board.heads.values():
            self._put(head)

    # --- what was committed ----------------------------------------------------------------------------------------

    def changed(self, change: Change) -> None:
        """A chat, as it was just committed."""
        before, after = change.before, change.after
        if before is not None and before.version == after.version:
            held = self._scene.held.get(after.id)
            if held is not None and after.spoke_at - held.spoke_at > STALE_MS:
                self._put(after)
            return
        for entry in change.entries:
            if isinstance(entry.what, OfferEnded) and before is not None:
                self._offer_ended(before, entry.what)
        self._put(after)
        for user in {after.owner, after.offer_to} | ({before.owner, before.offer_to} if before else set()):
            if user:
                self._put_agent(user)
        self.ask()

    def _offer_ended(self, before: Head, what: OfferEnded) -> None:
        asked = before.state is State.offered and before.offer_to == what.user
        given = before.timed and (before.owner == what.user or asked)
        missed = what.why is OfferEnd.timeout and what.user != 0 and given
        if missed and not self._answers_meanwhile(what.user, before):
            self._benched.add(what.user)
            self._submit(SYSTEM, Bench(what.user), _ignore)

    def _answers_meanwhile(self, user: int, missed: Head) -> bool:
        """Has this agent had the last word in another chat since the missed one was given? Then nobody is away."""
        department = self._board.departments.get(missed.department)
        given_at = missed.due_at - (department.reply_ms if department else 0)
        others = (head for head in self._board.own_open(user) if head.id != missed.id)
        return any(head.spoke_at > given_at and not head.asked_at for head in others)

    def _put(self, head: Head) -> None:
        scene = self._scene
        self._company.put(head)
        waiting = self._waiting(head)
        if waiting is not None:
            scene.put_waiting(waiting)
        else:
            scene.drop_waiting(head.id)
            self._refusals.pop(head.id, None)
        agent = head.owner if head.state in (State.active, State.wrapup) else 0
        offered = head.offer_to if head.state in (State.active, State.offered) else 0
        if not (agent or offered):
            scene.drop_held(head.id)
            return
        spoke_at = max(head.spoke_at, head.taken_at, head.since)
        scene.put_held(Held(head.id, agent, head.department, spoke_at, offered, head.offer_department))

    def _waiting(self, head: Head) -> Waiting | None:
        passed_on = head.state is State.active and head.offer_department and not head.offer_to
        if head.state is not State.waiting and not passed_on:
            return None
        return Waiting(
            chat=head.id,
            department=head.offer_department if passed_on else head.department,
            since=head.since,
            priority=head.priority,
            language=head.language,
            tried=frozenset(head.tried),
            wanted=0 if passed_on else head.wanted,
            wanted_until=head.wanted_until,
            barred=head.owner,
            moved=tuple(key for key in head.passed if self._in_use(key)),
            entered=head.queued_at,
        )

    def _in_use(self, department: int) -> bool:
        found = self._board.departments.get(department)
        return found is not None and not found.archived

    def departments_changed(self) -> None:
        """Departments were added or changed; an archived one finishes what it has."""
        for key, found in self._board.departments.items():
            to = found.overflow_to
            self._scene.put_queue(
                Queue(
                    id=key,
                    name=found.name,
                    routing=found.routing,
                    priority=found.priority,
                    skills=frozenset(found.skills),
                    languages=frozenset(found.languages),
                    skill_wait_ms=found.skill_wait_ms,
                    idle_ms=found.idle_ms,
                    overflow_to=to if self._in_use(to) else 0,
                    overflow_ms=found.overflow_ms,
                )
            )
        for head in self._board.heads.values():
            if head.passed:
                self._put(head)
        self.people_changed()

    def people_changed(self) -> None:
        """Users, grants, limits or memberships changed."""
        self._places.clear()
        for user in {*self._board.users, *self._scene.agents}:
            self._put_agent(user)
        for head in [*self._board.heads.values()]:
            self._check_offer(head)
        self.ask()

    def seat_changed(self, user: int) -> None:
        """Somebody's status or link changed: offers to who cannot take them any more go on."""
        self._benched.discard(user)
        self._put_agent(user)
        for key in self._board.offered_to.get(user, set()).copy():
            self._check_offer(self._board.heads[key])
        self.ask()

    def _check_offer(self, head: Head) -> None:
        department = head.offer_department or head.department
        if head.offer_to and not self._board.is_there(head.offer_to, department):
            self._submit(SYSTEM, OfferLost(head.id, head.offer_to), _ignore)

    def _put_agent(self, user: int) -> None:
        person = self._board.users.get(user)
        places = self._places_of(person) if person is not None else {}
        if person is None or not places:
            self._scene.drop_agent(user)
            return
        seat = self._board.seat(user)
        agent = Agent(
            id=user,
            name=person.display,
            status=Status.away if user in self._benched else seat.status,
            reason=seat.reason,
            lost=bool(seat.lost_at),
            limit=self._board.limit_of(user),
            languages=frozenset(person.languages),
            skills=frozenset(person.skills),
            given_at=self._board.given_at.get(user, 0),
            freed_at=self._board.freed_at.get(user, 0),
            places=places,
        )
        if self._scene.agents.get(user) != agent:
            self._scene.put_agent(agent)

    def _places_of(self, person: User) -> dict[int, Place]:
        """How somebody stands in each department whose chats they are given; asked at every change of their chats."""
        if person.id not in self._places:
            self._places[person.id] = {} if person.disabled else dict(self._standing(person.id))
        return self._places[person.id]

    def _standing(self, user: int) -> Iterator[tuple[int, Place]]:
        members = self._board.members.get(user, {})
        for key, found in self._board.departments.items():
            if is_given(self._board.grants.get(user, ()), key):
                own = members.get(key, Membership(key))
                yield key, Place(own.tier, own.limit or found.agent_limit)

    # --- deciding --------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Dispatch at the end of this turn of the event loop."""
        if not self._asked:
            self._asked = True
            asyncio.get_running_loop().call_soon(self._dispatch)

    def _dispatch(self) -> None:
        self._asked = False
        now = self._clock()
        for proposal in routing.dispatch(self._scene, now):
            command: Any
            if isinstance(proposal, routing.Assignment):
                self._scene.reserve(proposal.chat, proposal.agent)
                explanation = explained(proposal.chat, proposal.explanation, now)
                command = Assign(proposal.chat, proposal.agent, explanation)
            else:
                self._scene.reserve(proposal.chat, 0)
                command = Overflow(proposal.chat, proposal.to, proposal.why)
            self._submit(SYSTEM, command, _Reply(self, proposal.chat, getattr(command, "agent", 0)))
        self._set_alarm(now)

    def _set_alarm(self, now: int) -> None:
        """Dispatch again at the very moment at which time alone makes something possible."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        due = self._scene.next_time(now)
        if due > now:
            self._alarm = asyncio.get_running_loop().call_later((due - now) / 1_000, self.ask)

    def answered(self, chat: int, agent: int, refused: bool) -> None:
        """A proposal was carried out or refused; refused ones are looked at again with fresh facts, and ever more slowly
        if that does not help."""
        if not refused:
            self._refusals.pop(chat, None)
            self._scene.release(chat)
            return
        times = self._refusals[chat] = self._refusals.get(chat, 0) + 1
        if times == 1:
            self._look_again(chat, agent)
        else:
            rest = min(REST_MOST, REST * 2**times)
            asyncio.get_running_loop().call_later(rest, self._look_again, chat, agent)

    def _look_again(self, chat: int, agent: int) -> None:
        self._scene.release(chat)
        for key in (chat, *self._board.of_owner.get(agent, ()), *self._board.offered_to.get(agent, ())):
            head = self._board.heads.get(key)
            if head is not None:
                self._put(head)
        self.ask()

    def explain(self, head: Head) -> Explanation | None:
        """How it stands now for a chat that waits; None if it does not."""
        waiting = self._waiting(head)
        if waiting is None:
            return None
        now = self._clock()
        return explained(head.id, routing.explain(self._scene, waiting, now), now)

    def tick(self) -> None:
        """Time has passed: what it made possible, and the chats of those whose link stays lost."""
        now = self._clock()
        self._company.tick(now)
        due = self._scene.next_time(now)
        if due and due <= now:
            self.ask()
        for user, seat in self._board.seats.items():
            if seat.lost_at and 0 < seat.held_until <= now:
                for key in sorted(self._board.of_owner.get(user, ())):
                    self._rescue(self._board.heads[key])

    def _rescue(self, head: Head) -> None:
        waits = head.asked_at or not head.replied_at
        if head.state is not State.active or not waits or head.id in self._rescuing:
            return
        self._rescuing.add(head.id)

        def done(made: Made) -> None:
            self._rescuing.discard(head.id)

        self._submit(SYSTEM, Rescue(head.id, head.owner), done)


class _Reply:
    """What a proposal's answer goes to."""

    __slots__ = ("_agent", "_chat", "_dispatcher")

    def __init__(self, dispatcher: Dispatcher, chat: int, agent: int) -> None:
        self._dispatcher, self._chat, self._agent = dispatcher, chat, agent

    def __call__(self, made: Made) -> None:
        self._dispatcher.answered(self._chat, self._agent, made.refusal is not None)


def explained(chat: int, decision: routing.Decision, now: int) -> Explanation:
    """A decision as it goes over the wire and into the database."""
    return Explanation(
        chat=chat,
        at=now,
        text=decision.text,
        reasons=decision.reasons,
        agent=decision.agent,
        agent_name=decision.agent_name,
        routing=decision.routing,
    )


def _ignore(made: Made) -> None:
    """Nobody waits for this answer."""
