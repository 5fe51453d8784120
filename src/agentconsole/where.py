"""What an action is, and where its keys act."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """Where an action's keys act. Actions of ``anywhere`` also act while the composer has the focus, except for their
    single printable keys, which then are text."""

    anywhere = "anywhere"
    queue = "queue"  # the queue's list
    chat = "chat"  # a chat is open; the composer may have the focus (printable keys only when it has not)
    composer = "composer"  # the composer has the focus
    left = "left"  # the list of left messages
    team = "team"  # who is where
    departments = "departments"  # the settings of the departments that I run
    observe = "observe"  # running chats as tiles, watched silently
    running = "running"  # the list of all running chats
    messages = "messages"  # messages among staff; the composer may have the focus
    feedback = "feedback"  # the list of feedback
    tickets = "tickets"  # the list of tickets
    ticket = (
        "ticket"  # a ticket is open; its composer may have the focus (printable keys only when it has not)
    )
    ticketing = "ticketing"  # either: on the ticket under the cursor, or the open one
    mails = "mails"  # mails to customers that are under way or in trouble, and those in quarantine


@dataclass(frozen=True)
class Action:
    """One thing a person can do. ``id`` is the name in settings and in code, ``label`` two or three words for the
    footer, ``help`` one sentence for help, palette and docs; ``shown`` = in the footer, if there is room."""

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    where: Where = Where.anywhere
    shown: bool = False
