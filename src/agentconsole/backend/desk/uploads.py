"""Files on their way into a message of staff: uploaded, and forgotten if they are never sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from agentconsole.protocol import MAX_FILE, Code
from agentconsole.text import file_name

from ..domain.life import Refusal
from ..domain.policy import Actor, Deed, can
from ..domain.spans import DAY_MS
from ..storage import files
from ..storage.chats import WorkingSet
from .made import Made
from .things import require

UNSENT = 20
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")


class KeepFile(msgspec.Struct, frozen=True):
    """Keep a file until it is sent with an answer or a note; its card is the value of what is made."""

    name: str
    type: str
    data: bytes


class ForgetFiles(msgspec.Struct, frozen=True):
    """Delete what was uploaded a day ago and never sent."""


def _keep(sheet: WorkingSet, actor: Actor, command: KeepFile, now: int) -> Made:
    if not can(actor, Deed.file_add):
        raise Refusal(Code.not_now, "Only who answers tickets sends files.")
    name = file_name(command.name)
    if not name:
        raise Refusal(Code.invalid, "A file needs a name.")
    if not command.data:
        raise Refusal(Code.empty, f"There is nothing in {name}.")
    if len(command.data) > MAX_FILE:
        raise Refusal(Code.too_long, f"A file may have up to {MAX_FILE:,} bytes.")
    if files.unsent(sheet.connection, actor.id) >= UNSENT:
        raise Refusal(Code.full, f"{UNSENT} files of yours wait to be sent. Send some of them first.")
    kind = command.type if _TYPE.fullmatch(command.type) else "application/octet-stream"
    stored = files.add(sheet.connection, name, kind, command.data, now, owner=actor.id)
    return Made(about=stored.id, value=stored.card)


def _forget(sheet: WorkingSet, actor: Actor, command: ForgetFiles, now: int) -> Made:
    require(actor, Deed.expire)
    files.forget(sheet.connection, now - DAY_MS)
    return Made()


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {
    KeepFile: _keep,
    ForgetFiles: _forget,
}
