"""What customers of the demo wrote while nobody was there: tickets that wait on Monday morning."""

from __future__ import annotations

from pathlib import Path

import msgspec

from agentconsole.protocol import NewTicket, TicketPriority

from . import rest
from .link import new_cid

MAILBOX = "demo"
FOLDER = "mails"
LEVELS = (
    "normal first=30m next=2h solve=2d",
    "high first=15m next=1h solve=1d",
    "urgent first=5m next=30m solve=4h",
)


class Letter(msgspec.Struct, frozen=True):
    """One message: to which department, what it says, from whom."""

    department: str
    subject: str
    text: str
    name: str
    source: str = "e-mail"
    priority: TicketPriority = TicketPriority.normal
    tags: tuple[str, ...] = ()


LETTERS = (
    Letter(
        "support",
        "The new version does not start",
        "Since the update on Saturday the program closes at once.\n\nWe have twelve desks, and all are the same.",
        "Robin",
        priority=TicketPriority.urgent,
        tags=("update",),
    ),
    Letter(
        "support",
        "Two-step login and a new phone",
        "I have a new phone, and the codes of the old one are gone. How do I log in now?",
        "Kim",
    ),
    Letter("support", "Passord glemt", "Jeg får ikke e-posten med nytt passord. Kan dere hjelpe?", "Sander"),
    Letter(
        "billing",
        "Charged twice in March",
        "There are two payments of the same amount on my statement, on the 3rd and on the 4th.",
        "Alex",
        priority=TicketPriority.high,
        tags=("refund",),
    ),
    Letter(
        "billing", "Address on the invoice", "We have moved. Please write the new address.", "Sam", "phone"
    ),
    Letter("sales", "Cena dla szkoły", "Czy są zniżki dla szkół? Potrzebujemy 40 stanowisk.", "Zofia"),
    Letter(
        "sales",
        "A trial for the whole team",
        "Could the trial run for four weeks? Two are too short for us to judge it.",
        "Jo",
        "facebook",
    ),
)


def furnish(data: Path) -> None:
    """Before the server starts: a mailbox whose mails go into a folder of the demo and nowhere else."""
    folder = msgspec.json.encode(str(data / FOLDER)).decode()
    (data / "mail.toml").write_text(f"[mailbox.{MAILBOX}]\nsmtp_folder = {folder}\n")


async def write(base: str, token: str) -> None:
    """Write the tickets down with this person's token. Raises Trouble."""
    keys = await rest.departments(base, token)
    for letter in LETTERS:
        wish = NewTicket(
            cid=new_cid(),
            department=keys[letter.department],
            subject=letter.subject,
            text=letter.text,
            email=f"{letter.name.lower()}@customer.example",
            name=letter.name,
            source=letter.source,
            priority=letter.priority,
            tags=list(letter.tags),
        )
        await rest.new_ticket(base, token, wish)
