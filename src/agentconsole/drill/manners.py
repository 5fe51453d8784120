"""How a simulated colleague works: how fast, how often something else than answering happens, and what is said then."""

from __future__ import annotations

import msgspec


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds of the agent's life, 0 = never; ``declines`` to ``helps`` are shares, of all offers or chats.

    ``picks`` = takes waiting chats by hand, ``mentor`` = comes when a colleague calls for help. ``friend`` is the user name of somebody who is written to and
    given chats more often than others. ``not_these`` are topics left to others.
    """

    hesitation: tuple[float, float] = (15.0, 45.0)
    breaks: float = 0.0
    chatter: float = 0.0
    declines: float = 0.0
    misses: float = 0.0
    transfers: float = 0.0
    invites: float = 0.0
    helps: float = 0.0
    picks: bool = True
    mentor: bool = False
    friend: str = ""
    not_these: tuple[str, ...] = ()


HEADLESS = Manners(
    hesitation=(1, 6), breaks=60, chatter=20, declines=0.12, misses=0.15, transfers=0.35, invites=0.25, helps=0.2
)  # fmt: skip
BESIDE_A_PERSON = Manners(
    hesitation=(8, 30), breaks=240, chatter=300, declines=0.12, misses=0.04, transfers=0.3, invites=0.12, helps=0.1
)  # fmt: skip

HANDOVER = (
    "Please take this one: you know that better than I do. I have asked for the details already.",
    "Half solved; the visitor still waits for a confirmation. I have to leave soon.",
    "The number is in the conversation. Nothing was promised yet.",
    "Comes from another department, wants an answer today.",
)
DECLINED = ("I am in the middle of something", "This is not for me", "")
CALLS = ("Can somebody have a look?", "The visitor is getting impatient", "May I promise that?")
ADVICE = (
    "Ask for the number first, then look at the date.",
    "You may promise it for tomorrow.",
    "Nobody is angry with you: say what you do next, and do it.",
)
CHANNEL = (
    "It is busy today, isn't it?",
    "Does anybody know when the page is back?",
    "I take the next one from the queue.",
    "If a question about the invoices of last month comes: they were sent twice by mistake.",
    "Back in ten minutes.",
)
DIRECT = (
    "Could you have a look at the queue, please?",
    "Shall I take one of yours?",
    "Thanks for earlier!",
)
ANSWERS = ("Sure.", "One moment, I am typing to a visitor.", "Good idea, thanks.", "I think so, yes.")
NOTES = ("Has written before, a friendly one.", "Looked it up: all is as it should be.")
