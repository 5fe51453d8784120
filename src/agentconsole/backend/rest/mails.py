"""Mails over REST: the outbox, and the quarantine of those that could not become part of a ticket by themselves."""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from agentconsole.protocol import Code, Count, MailCard, MailState, Part, QuarantineCard

from ..desk.mailing import MailDeed, SettleMail
from ..desk.receiving import DiscardMail, no_prisoner, released_into
from ..domain.letter import Unreadable
from ..domain.life import Refusal
from ..domain.policy import Actor, Deed, Thing, can
from ..storage import Connection, arrivals, departments, mails
from .calls import Call, Download, Route
from .tickets import own

SHOWN = 20_000  # bytes of a mail that cannot be read


class MailQuery(Part, frozen=True):
    """Which mails: in one of these states (a list with commas; '' = any), to the customer of this ticket (0 = any)."""

    state: Annotated[str, Meta(max_length=120)] = ""
    ticket: Count = 0


class Wish(StrEnum):
    """What a person decides about a mail."""

    resend = "resend"  # send it (again)
    sent = "sent"  # it arrived, as somebody found out
    withdraw = "withdraw"  # do not send it


DEEDS = {Wish.resend: MailDeed.resend, Wish.sent: MailDeed.accepted, Wish.withdraw: MailDeed.withdraw}


class Settling(Part, frozen=True):
    """A decision about a mail: send it again, it arrived, or do not send it."""

    what: Wish


class HeldQuery(Part, frozen=True):
    """Which mails: those that wait for a decision, or those that were ``ignored``."""

    ignored: bool = False


class Releasing(Part, frozen=True):
    """Whose ticket a mail becomes; may be left out where its mailbox belongs to one department of mine."""

    department: Count = 0


async def _list(call: Call) -> list[MailCard]:
    query = call.query
    states = [_state(word.strip()) for word in query.state.split(",") if word.strip()] or [*MailState]

    def read(connection: Connection) -> list[MailCard]:
        mine = _departments(connection, call.actor, Deed.see_mail)
        if not query.ticket:
            return [mail.card for mail in mails.in_state(connection, states, mine)]
        if own(connection, call.actor, query.ticket).department not in mine:
            return []
        return [card for card in mails.of_ticket(connection, query.ticket) if card.state in states]

    return await call.house.database.read(read)


def _state(word: str) -> MailState:
    if word not in MailState.__members__:
        known = ", ".join(MailState)
        raise Refusal(Code.invalid, f"There is no mail state {word[:40]!r}; there are {known}.")
    return MailState(word)


def _departments(connection: Connection, actor: Actor, deed: Deed) -> dict[int, str]:
    """The departments in which the actor may do this, each with its mailbox."""
    return {
        found.id: found.mailing.mailbox
        for found in departments.every(connection)
        if can(actor, deed, Thing(department=found.id))
    }


async def _settle(call: Call) -> None:
    await call.house.desk.handle(call.actor, SettleMail(call.key, DEEDS[call.body.what]))


async def _quarantine(call: Call) -> list[QuarantineCard]:
    def read(connection: Connection) -> list[QuarantineCard]:
        return arrivals.detained(connection, _mailboxes(connection, call.actor), call.query.ignored)

    return await call.house.database.read(read)


def _mailboxes(connection: Connection, actor: Actor) -> set[str] | None:
    """Whose quarantine this actor sees: None = all, with that of mailboxes which no department has any more."""
    if can(actor, Deed.see_mail):
        return None
    return {mailbox for mailbox in _departments(connection, actor, Deed.see_mail).values() if mailbox}


async def _held(call: Call) -> Download:
    def read(connection: Connection) -> bytes:
        card = arrivals.prisoner(connection, call.key)
        mine = _mailboxes(connection, call.actor)
        if card is None or not (mine is None or card.mailbox in mine):
            raise no_prisoner()
        return arrivals.detained_raw(connection, call.key)

    raw = await call.house.database.read(read)
    if not raw:
        raise Refusal(Code.not_now, "Nothing is left of this mail.")
    try:
        text = (await call.house.intake.read(raw)).text
    except Unreadable as unreadable:
        came = raw[:SHOWN].decode("utf-8", "replace").replace("\r\n", "\n")
        text = f"This mail could not be read. {unreadable.reason} It begins so:\n\n{came}"
    return Download(f"mail-{call.key}.txt", text.encode("utf-8", "replace"), "text/plain")


async def _release(call: Call) -> QuarantineCard:
    house = call.house
    department = await house.database.read(lambda db: _into(db, call))
    await house.intake.release(call.actor, secrets.token_hex(8), call.key, department)
    return await _prisoner(call)


async def _discard(call: Call) -> QuarantineCard:
    await call.house.desk.handle(call.actor, DiscardMail(call.key))
    return await _prisoner(call)


async def _prisoner(call: Call) -> QuarantineCard:
    card = await call.house.database.read(lambda db: arrivals.prisoner(db, call.key))
    if card is None:
        raise no_prisoner()
    return card


def _into(connection: Connection, call: Call) -> int:
    """The department that was said, or the only one of mine whose mailbox it is. Raises Refusal unknown, invalid."""
    card = arrivals.prisoner(connection, call.key)
    fitting = released_into(connection, call.actor, card) if card is not None else []
    if call.body.department:
        fitting = [key for key in fitting if key == call.body.department]
    if not fitting:
        raise no_prisoner()
    if len(fitting) > 1:
        raise Refusal(Code.invalid, "Several departments may have it: say which one gets the ticket.")
    return fitting[0]


ROUTES = (
    Route(
        method="GET",
        path="/api/mails",
        handler=_list,
        summary="The mails to customers of my departments, newest first, and how far each has got.",
        query=MailQuery,
        answer=list[MailCard],
        refusals=(Code.invalid, Code.unknown),
    ),
    Route(
        method="POST",
        path="/api/mails/{mail}/settle",
        handler=_settle,
        summary="Decide about a mail of which nobody knows whether it arrived, or which did not go out.",
        body=Settling,
        status=204,
        refusals=(Code.unknown, Code.not_now),
    ),
    Route(
        method="GET",
        path="/api/quarantine",
        handler=_quarantine,
        summary="Mails that could not become part of a ticket by themselves, or that were ignored, and why.",
        query=HeldQuery,
        answer=list[QuarantineCard],
    ),
    Route(
        method="GET",
        path="/api/quarantine/{mail}/whole",
        handler=_held,
        summary="What a mail in quarantine says; how it begins, if that is why it lies there.",
        answer=Download,
        refusals=(Code.unknown, Code.not_now),
    ),
    Route(
        method="POST",
        path="/api/quarantine/{mail}/release",
        handler=_release,
        summary="Take a mail in after all: onto the ticket that it belongs to for sure, or as a new one.",
        body=Releasing,
        answer=QuarantineCard,
        refusals=(Code.unknown, Code.invalid, Code.not_now),
    ),
    Route(
        method="POST",
        path="/api/quarantine/{mail}/discard",
        handler=_discard,
        summary="Throw a mail away for good; who did it stands in the audit log.",
        answer=QuarantineCard,
        refusals=(Code.unknown, Code.not_now),
    ),
)
