"""What a reader gets to catch up: the lists at hello, and each conversation's events after its cursor."""

from __future__ import annotations

from collections.abc import Mapping

from agentconsole.protocol import (
    MAX_INT,
    Ack,
    Breaks,
    Explanation,
    Refused,
    Resume,
    RoomCard,
    SeatCard,
    Synced,
    VisitorResume,
    VisitorSynced,
    VisitorWelcome,
    Welcome,
    encode,
)

from .audience import has_canned, has_feedback
from .domain.leading import lead
from .domain.life import Entry, Head, unknown
from .domain.policy import Deed, Thing, can
from .hub import Hub
from .readers import ROOMS, StaffReader, VisitorReader, pack
from .storage import assignments, chats, messages
from .views import staff_event, visitor_event

TAIL = 500


async def greet_staff(
    hub: Hub, reader: StaffReader, cursors: Mapping[int, int], run: str, now: int, rights: int
) -> bool:
    """The lists as they stand and, from that very moment on, what changes; what is missing of the reader's own chats;
    then Synced.

    False = meanwhile the reader has gone, or the rights that were read when the hub's ``rights`` was this number
    have changed; nothing was told.
    """
    actor = reader.actor
    rooms = await _rooms(hub, reader)
    if reader.gone or hub.rights_changed(actor.id, rights):
        return False
    seat = hub.board.seat(actor.id)
    words: list[object] = [
        Welcome(run, now, actor.id, actor.name, actor.display, list(actor.grants), seat.status, seat.reason),
        hub.department_list(actor),
    ]
    if can(actor, Deed.see_team):
        cards = (hub.seat_card(user) for user in hub.board.users)
        words.extend(card for card in cards if isinstance(card, SeatCard))
    words.append(Breaks(hub.board.breaks))
    words.extend(card for card in hub.board.canned.values() if has_canned(actor, card))
    words.extend(
        card
        for card in hub.board.left.values()
        if can(actor, Deed.left_read, Thing(department=card.department))
    )
    words.extend(rooms)
    words.extend(filed.card for filed in hub.board.feedback.values() if has_feedback(actor, filed))
    for head in hub.board.heads.values():
        if hub.lists(actor, head):
            reader.shown.add(head.id)
            words.append(hub.card(head))
    mine = list(hub.board.own_open(actor.id))
    words.extend(hub.learning(head.id) for head in mine if hub.is_learned_from(head.id))
    words.append(hub.tickets.counts(actor))
    lists = b"".join(pack(encode(word)) for word in words)
    reader.allow(len(lists))  # in one piece: what is committed next must not come before them
    reader.send(lists)
    hub.enter_staff(reader)
    reader.release(ROOMS, 0)
    for head in mine:
        hub.follow(reader, head.id)
        reader.hold(head.id)
    for head in mine:
        await catch_up_staff(hub, reader, head, cursors.get(head.id))
    reader.send(pack(encode(Synced())))
    return True


async def _rooms(hub: Hub, reader: StaffReader) -> list[RoomCard]:
    """The reader's rooms of staff messages, from the database; what is told in them meanwhile is held back."""
    channels = hub.channels(reader.actor)
    reader.hold(ROOMS)
    hub.arriving.add(reader)
    try:
        return await hub.database.read(lambda db: messages.cards(db, reader.actor.id, channels))
    finally:
        hub.arriving.discard(reader)


async def open_chat(hub: Hub, reader: StaffReader, head: Head, after: int | None, cid: str) -> None:
    """Show a conversation from ``after`` on (None = from its end), follow it if it goes on, then acknowledge."""
    if head.id in hub.board.heads:
        hub.follow(reader, head.id)
    if reader.hold(head.id) and not await catch_up_staff(hub, reader, head, after):
        refusal = unknown()
        reader.send(pack(encode(Refused(refusal.code, refusal.text, cid, head.id))))
    elif cid:
        reader.send(pack(encode(Ack(cid, head.id))))


async def catch_up_staff(hub: Hub, reader: StaffReader, head: Head, after: int | None) -> bool:
    """A conversation's events after ``after``, or its last ones if that does not fit; then what was held back.

    False = while it was being read the right to read it ended; nothing was told.
    """
    current = hub.board.heads.get(head.id, head)
    fits = after is not None and after <= current.seq
    log: list[Entry] = []
    if not fits or after != current.seq:
        start = after if fits and after is not None else 0
        log, latest = await hub.database.read(
            lambda db: (chats.staff_log(db, head.id, start, limit=TAIL), chats.one(db, head.id))
        )
        if latest is None or not hub.may_read(reader.actor, latest):
            hub.unfollow(reader, head.id)
            reader.release(head.id, MAX_INT)
            return False
        if fits and log and log[0].seq != start + 1:
            fits = False
    last = log[-1].seq if log else (after if fits and after is not None else 0)
    first = log[0].seq - 1 if log else last
    frames = [pack(encode(Resume(head.id, first, last, reset=not fits)))]
    frames.extend(staff_event(head.id, entry) for entry in log)
    await reader.send_many(frames)
    reader.release(head.id, last)
    return True


async def explanations(hub: Hub, head: Head) -> list[Explanation]:
    """Why a chat went where it went, oldest first, and how it stands now if it waits."""
    found = await hub.database.read(lambda db: assignments.of(db, head.id))
    current = hub.board.heads.get(head.id, head)
    now = hub.dispatcher.explain(current) if hub.dispatcher is not None else None
    return [*found, now] if now is not None else found


async def greet_visitor(
    hub: Hub, reader: VisitorReader, cursors: Mapping[int, int], run: str, now: int, ended: Head | None
) -> None:
    """Subscribe first, then the departments, the visitor's open chats and the last one that ended, then Synced."""
    led = lead(hub.board.departments.values(), "", reader.page)
    reader.send(pack(encode(VisitorWelcome(run, now, hub.board.faces(now), lead=led))))
    hub.enter_visitor(reader)
    heads = [hub.board.heads[key] for key in sorted(hub.board.of_visitor.get(reader.actor.id, ()))]
    if ended is not None and ended.id not in {head.id for head in heads}:
        heads.insert(0, ended)
    for head in heads:
        reader.hold(head.id)
    for head in heads:
        await show_chat(hub, reader, head, cursors.get(head.id))
    reader.send(pack(encode(VisitorSynced())))


async def show_chat(hub: Hub, reader: VisitorReader, head: Head, after: int | None) -> None:
    """A visitor's chat: its card and its public events from ``after`` on (None = from the first)."""
    current = hub.board.heads.get(head.id, head)
    fits = after is not None and after <= current.pub
    start = after if fits and after is not None else 0
    log: list[Entry] = []
    if start != current.pub:
        log = await hub.database.read(lambda db: chats.public_log(db, head.id, start))
    last = log[-1].pub if log else start
    current = hub.board.heads.get(head.id, current)
    frames = [pack(encode(hub.visitor_card(current)))]
    frames.append(pack(encode(VisitorResume(head.id, start, last, reset=after is not None and not fits))))
    frames.extend(visitor_event(head.id, entry) for entry in log)
    await reader.send_many(frames)
    reader.release(head.id, last)
