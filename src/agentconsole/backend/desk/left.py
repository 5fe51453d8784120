"""What visitors leave when nobody answers them: a left message, and the ticket that makes sure of an answer."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agentconsole.protocol import LeftCard, Party, Said, Side, TicketNoted, TicketWhat, Transcribed, Wrote

from ..domain.life import Entry, Head
from ..domain.policy import Actor
from ..domain.ticket import subject_of, tag_of
from ..storage import chats, letters
from ..storage.chats import WorkingSet
from .made import TicketMade
from .tickets import Draft, begin, transcript_of


def leave(
    sheet: WorkingSet,
    card: LeftCard,
    visitor: int,
    log: Sequence[Entry],
    text: str,
    language: str,
    now: int,
    promised_by: Party | None = None,
) -> tuple[LeftCard, TicketMade]:
    """Write a left message down, and its ticket. ``log`` are the lines of the chat that it ends, ``text`` was added."""
    by = Party(Side.visitor, 0, card.name)
    said = any(isinstance(entry.what, Said) for entry in log)
    wrote = Wrote(text or card.text, "widget", card.email)
    first: TicketWhat = Transcribed(card.chat, transcript_of(log)) if said else wrote
    also: list[TicketWhat] = [wrote] if said and text else []
    draft = Draft(
        department=card.department,
        subject=subject_of(text or card.text),
        source="widget",
        email=card.email,
        name=card.name,
        first=first,
        by=by,
        chat=card.chat,
        language=language,
        drill=card.drill,
        assignee=card.agent,
        assignee_name=card.agent_name,
        tags=_tags(sheet, card),
    )
    note = TicketNoted(card.note) if card.note and promised_by is not None else None
    ticket = begin(sheet, draft, now, also, note, promised_by)
    left = letters.leave(sheet.connection, msgspec.structs.replace(card, ticket=ticket.id), visitor)
    return left, TicketMade(None, ticket)


def _tags(sheet: WorkingSet, card: LeftCard) -> tuple[str, ...]:
    """The topic, if it is one that the department offers: a stranger makes no tags."""
    offered = card.topic in sheet.department(card.department).topics
    tag = tag_of(card.topic) if offered else ""
    return (tag,) if tag else ()


def missed(sheet: WorkingSet, head: Head, now: int) -> list[TicketMade]:
    """The ticket of a chat that its visitor left before anybody answered, if there is somebody to write to."""
    sheet.flush()
    log = chats.public_log(sheet.connection, head.id)
    if not any(isinstance(entry.what, Said) for entry in log):
        return []
    draft = Draft(
        department=head.department,
        subject=subject_of(head.topic or head.first_line),
        source="chat",
        email=head.email,
        name=head.name,
        first=Transcribed(head.id, transcript_of(log)),
        by=Party(Side.visitor, 0, head.name),
        chat=head.id,
        language=head.language,
        drill=head.drill,
    )
    return [TicketMade(None, begin(sheet, draft, now))]


def settled(sheet: WorkingSet, ticket: int, actor: Actor, now: int) -> list[LeftCard]:
    """The left message of this ticket is handled, now that the ticket was answered or solved."""
    card = letters.left_as(sheet.connection, ticket)
    if card is None or card.handled_at:
        return []
    letters.handle(sheet.connection, card.id, actor.display, now)
    return [msgspec.structs.replace(card, handled_by=actor.display, handled_at=now)]


def ticketed(sheet: WorkingSet, now: int) -> None:
    """Left messages of a version that knew no tickets become such."""
    for card in letters.unticketed(sheet.connection):
        draft = Draft(
            department=card.department,
            subject=subject_of(card.text),
            source="widget",
            email=card.email,
            name=card.name,
            first=Wrote(card.text, "widget", card.email),
            by=Party(Side.visitor, 0, card.name),
            chat=card.chat,
            drill=card.drill,
            assignee=card.agent,
            assignee_name=card.agent_name,
            silent=True,
        )
        letters.bind(sheet.connection, card.id, begin(sheet, draft, card.at).id)
