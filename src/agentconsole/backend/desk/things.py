"""What a command is about, looked up for whoever gave it: what is not theirs answers like what does not exist."""

from __future__ import annotations

from agentconsole.protocol import Code

from ..domain.department import Department
from ..domain.life import Entry, Head, Refusal, thing, unknown
from ..domain.policy import NOTHING, Actor, Deed, Thing, can
from ..storage import departments
from ..storage.chats import WorkingSet
from .made import Change, Made


def require(actor: Actor, deed: Deed, about: Thing = NOTHING) -> None:
    """Raises Refusal unknown, if this actor may not do it."""
    if not can(actor, deed, about):
        raise unknown_thing()


def unknown_thing() -> Refusal:
    """There is no such thing, or it is not this actor's to change: both answer alike."""
    return Refusal(Code.unknown, "There is no such thing, or it is not yours to change.")


def readable(sheet: WorkingSet, actor: Actor, key: int) -> Head:
    """A chat that this actor may read. Raises Refusal unknown."""
    head = sheet.head(key)
    if head is None or not can(actor, Deed.read_chat, thing(head, sheet.department(head.department).team)):
        raise unknown()
    return head


def department_in_use(sheet: WorkingSet, key: int) -> Department:
    """A department that is not archived. Raises Refusal unknown."""
    found = departments.one(sheet.connection, key)
    if found is None or found.archived:
        raise Refusal(Code.unknown, "There is no such department.")
    return found


def carry_out(sheet: WorkingSet, before: Head, after: Head, entries: list[Entry]) -> Made:
    """Keep a decision about a chat for writing; the answer is what it made."""
    sheet.change(after, entries)
    return Made(about=after.id, seq=after.seq, pub=after.pub, changes=[Change(before, after, entries)])
