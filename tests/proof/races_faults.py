"""Deliberate faults of the desk, the domain and the dispatcher, each of which the races must find out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.backend import dispatcher, hub
from agentconsole.backend.desk import availability, desk, handing, workload
from agentconsole.backend.domain import chat, life, offers
from agentconsole.protocol import State


def limit_not_asked(patch: Any) -> None:
    """The transaction that gives a chat does not count."""
    patch(workload.Colleague, "why_not", workload.Colleague.absent)


def batch_not_counted(patch: Any) -> None:
    """What the same batch gave before is not counted when somebody takes one more."""

    def may_take(sheet: Any, *others: Any) -> None:
        flush, sheet.flush = sheet.flush, lambda: None
        try:
            workload.may_take(sheet, *others)
        finally:
            sheet.flush = flush

    patch(desk, "may_take", may_take)


def offers_not_counted(patch: Any) -> None:
    """A chat that was silent for long does not count against whom it is offered to."""
    counts = workload.counts
    patch(workload, "counts", lambda sheet, head, user, now: counts(sheet, head, -1, now))


def presence_not_asked(patch: Any) -> None:
    """The transaction that gives a chat does not look whether the agent is there."""
    patch(workload.Colleague, "absent", "")


def accepted_unasked(patch: Any) -> None:
    """Accepting does not look whether the chat is (still) offered to this person."""
    patch(offers, "accepts", lambda head, actor: head.state is State.active and head.owner != actor.id)


def old_timer_runs_on(patch: Any) -> None:
    """The timer of the old owner is not cleared when a transfer is accepted."""
    accept = offers.accept

    def hasty(head: life.Head, *others: Any) -> life.Decision:
        after, entries = accept(head, *others)
        return msgspec.structs.replace(after, timed=head.timed, due_at=head.due_at), entries

    patch(offers, "accept", hasty)


def refusals_forgotten(patch: Any) -> None:
    """The dispatcher does not look again at a chat when its proposal was refused."""

    def answered(self: dispatcher.Dispatcher, chat: int, agent: int, refused: bool) -> None:
        if not refused:
            self._scene.release(chat)

    patch(dispatcher.Dispatcher, "answered", answered)


def offers_outlive_presence(patch: Any) -> None:
    """An offer does not end when the agent leaves."""
    patch(dispatcher.Dispatcher, "_check_offer", lambda self, head: None)


def offers_outlive_the_chat(patch: Any) -> None:
    """An open offer does not end with its chat."""
    patch(chat, "ENDING", {"timed": False, "help_at": 0, "invited": ()})


def tried_forgotten(patch: Any) -> None:
    """Who was asked in vain is asked again."""
    following = offers._next

    def forgetful(before: life.Head, *others: Any) -> life.Decision:
        after, entries = following(before, *others)
        return msgspec.structs.replace(after, tried=()), entries

    patch(offers, "_next", forgetful)


def rights_of_before(patch: Any) -> None:
    """A command on its way is carried out with the rights that its sender had."""
    patch(desk, "_rights", lambda connection, made, known: known)


def never_rescued(patch: Any) -> None:
    """The chats of who does not come back stay where they are."""
    patch(dispatcher.Dispatcher, "_rescue", lambda self, head: None)


def benched_in_silence(patch: Any) -> None:
    """A break that the system begins is written down and told to nobody."""
    bench = availability.COMMANDS[availability.Bench]

    def silent(*arguments: Any) -> Any:
        made = bench(*arguments)
        made.news = []
        return made

    patch(desk, "PLAIN", desk.PLAIN | {availability.Bench: silent})


def moved_without_looking(patch: Any) -> None:
    """The dispatcher's proposal is carried out whatever became of the chat meanwhile."""
    assign = handing.COMMANDS[handing.Assign]

    def hasty(sheet: Any, actor: Any, command: Any, now: int) -> Any:
        head = sheet.head(command.chat)
        if head is not None and head.state is State.active:
            sheet._heads[head.id] = msgspec.structs.replace(
                head,
                offer_department=head.offer_department or head.department,
                offer_to=0,
                due_at=now + 9_000,
            )
        return assign(sheet, actor, command, now)

    patch(desk, "PLAIN", desk.PLAIN | {handing.Assign: hasty})


def watchers_stay(patch: Any) -> None:
    """Who watched a chat hears of it on, wherever it goes."""
    patch(hub.Hub, "unfollow", lambda self, reader, chat: None)


def read_as_it_was(patch: Any) -> None:
    """Who may read a chat is asked of what was told last, not of what was committed."""
    may_read = hub.Hub.may_read

    def hasty(self: hub.Hub, actor: Any, head: life.Head) -> bool:
        return may_read(self, actor, self.board.heads.get(head.id, head))

    patch(hub.Hub, "may_read", hasty)


FAULTS: dict[str, Callable[[Any], None]] = {
    fault.__name__.replace("_", "-"): fault
    for fault in (
        limit_not_asked,
        batch_not_counted,
        offers_not_counted,
        presence_not_asked,
        accepted_unasked,
        old_timer_runs_on,
        refusals_forgotten,
        offers_outlive_presence,
        offers_outlive_the_chat,
        tried_forgotten,
        rights_of_before,
        never_rescued,
        benched_in_silence,
        moved_without_looking,
        watchers_stay,
        read_as_it_was,
    )
}
