"""Loop brakes: which letters get no automatic answer, and which senders write too much for a person."""

from __future__ import annotations

import re
from collections.abc import Collection

from .letter import Letter, Nature

AUTOMATIC_AN_HOUR = 4  # mails that no person wrote, to one address
MACHINE_LETTERS_AN_HOUR = 4  # that one sender's programs may add to tickets
NEW_TICKETS_AN_HOUR = 20  # by one sender
MACHINE = "its sender's address is that of a machine"
_MACHINE = re.compile(
    r"(?:(?:(?:no|do[-_.]?not|ne)[-_.]?(?:reply|answer|responder|svar)|mail(?:er)?[-_.]?daemon|mdaemon|postmaster|"
    r"bounces?|listserv|majordomo)(?:[-+._=][^@]*)?|(?:daemon|root)(?:\+[^@]*)?)@"
)


def is_machine(address: str) -> bool:
    """Does nobody read what is sent to this address (in lower case)?"""
    return _MACHINE.match(address) is not None


def why_silent(letter: Letter, own: Collection[str], recent: int) -> str:
    """Why this letter gets no automatic answer; '' = it may get one.

    ``own`` are all addresses of ours, ``recent`` how many automatic mails its sender got within the last hour.
    """
    if letter.nature is not Nature.person:
        return letter.automatic or f"no person wrote it ({letter.nature.value})"
    if letter.null_sender:
        return "it came with an empty return path"
    if letter.no_answer:
        return letter.no_answer
    if letter.sender in own:
        return "it comes from an address of ours"
    if is_machine(letter.sender):
        return MACHINE
    if recent >= AUTOMATIC_AN_HOUR:
        return f"its sender got {recent} automatic mails within an hour"
    return ""
