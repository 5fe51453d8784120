"""Who works at the demo's site and where: departments, colleagues and what they can, breaks, canned replies."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec

KEEPER = "keeper"  # the first administrator, who also reads the books at the end
SEAT = "demo"  # the person at the console
COLLEAGUES = ("ana", "bo", "mia", "tom")
QUIET = "billing"  # where nobody is called: a chat there waits as long as it takes
MENTOR = "ines"  # a supervisor who comes when an agent calls for help


class Grant(msgspec.Struct, frozen=True):
    """A role in a department ('' = in all)."""

    role: str
    department: str = ""


class Person(msgspec.Struct, frozen=True):
    """Somebody of staff, with a password of their own; ``limit`` 0 = as many chats as the system has it."""

    name: str
    display: str
    grants: tuple[Grant, ...]
    password: str
    limit: int = 0
    languages: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()

    @property
    def rights(self) -> str:
        """What the person may do, in words."""
        return ", ".join(
            grant.role + (f" in {grant.department}" if grant.department else "") for grant in self.grants
        )


DEPARTMENTS: tuple[dict[str, Any], ...] = (
    {
        "slug": "support",
        "name": "Support",
        "description": "Something does not work",
        "welcome": "Hello! Tell us what does not work, and what you see.",
        "topics": ["Login", "Something is broken", "Settings", "A question"],
        "pages": ["/help*", "/login", "*/settings"],
        "routing": "ring",
        "team": True,
        "away": "email",
        "guide": "When something that was bought does not work. Write down what was tried already.",
        "alarms": ["lawyer", "third time"],
    },
    {
        "slug": "sales",
        "name": "Sales",
        "description": "Questions before buying",
        "welcome": "Welcome! What would you like to know?",
        "topics": ["Prices", "Trial", "Delivery", "A question"],
        "pages": ["/pricing*", "/trial", "*/delivery"],
        "routing": "least_busy",
        "priority": 2,
        "reply_s": 150,
        "languages": ["pl", "ja", "ro"],
        "skill_wait_s": 25,
        "away": "wait",
        "wait_for_s": 120,
        "overflow_to": "support",
        "overflow_s": 120,
        "guide": "When somebody wants to buy, or more of it. Complaints stay in Support.",
        "alarms": ["competitor", "too expensive"],
    },
    {
        "slug": "billing",
        "name": "Billing",
        "description": "Invoices and payments",
        "welcome": "Hello! Please have the number of your invoice at hand.",
        "topics": ["Invoice", "Payment", "A question"],
        "pages": ["/account/*"],
        "routing": "manual",
        "skills": ["invoices"],
        "note_required": True,
        "to_solve": True,
        "guide": "Only with the number of the invoice or of the payment, in the note.",
        "alarms": ["refund", "charged twice"],
    },
)
BRISK: dict[str, dict[str, Any]] = {  # seconds for a site where everybody lives several times as fast
    "support": {"wrapup_s": 5, "reply_s": 10, "offer_s": 5},
    "sales": {
        "wrapup_s": 5,
        "reply_s": 5,
        "offer_s": 5,
        "skill_wait_s": 3,
        "wait_for_s": 10,
        "overflow_s": 5,
    },
    "billing": {"wrapup_s": 5, "reply_s": 10, "offer_s": 5},
}
BREAKS = {"Coffee": 10, "Lunch": 30, "Meeting": 60, "Paperwork": 0}  # minutes, 0 = as long as needed
TIERS = {("tom", "sales"): 2}  # asked when nobody of tier 1 is free
MEMBER_LIMITS = {("mia", "billing"): 1}
ROLES = {
    "agent": ("agent",),
    "supervisor": ("supervisor",),
    "analyst": ("analyst",),
    "admin": ("agent", "supervisor", "admin"),
}

CANNED = {
    "hello": "Hello {name}, this is {agent}. How can I help you?",
    "moment": "One moment please, I am looking it up.",
    "mail": "Which e-mail address may I use to write to you?",
    "more": "Is there anything else that I can do for you?",
    "bye": "Thank you for writing to {department}, {name}. Have a nice day!",
}


def people(role: str) -> list[Person]:
    """Everybody, the first administrator first, each with a fresh password."""
    return [
        Person(KEEPER, "Site admin", (), _password()),
        Person(SEAT, f"Demo {role}", tuple(Grant(each) for each in ROLES[role]), _password()),
        _agent("ana", ("sales", "support"), 2, ("en", "pl", "ro"), ()),
        _agent("bo", ("support", "billing"), 2, ("en", "nb"), ("invoices",)),
        _agent("mia", ("billing", "sales"), 2, ("en", "ja", "zh"), ("invoices",)),
        _agent("tom", ("support", "sales"), 3, ("en", "pt"), ()),
        Person(MENTOR, MENTOR.title(), (Grant("supervisor"),), _password()),
    ]


def _agent(
    name: str, slugs: tuple[str, ...], limit: int, languages: tuple[str, ...], skills: tuple[str, ...]
) -> Person:
    grants = tuple(Grant("agent", slug) for slug in slugs)
    return Person(name, name.title(), grants, _password(), limit, languages, skills)


def _password() -> str:
    return secrets.token_urlsafe(12)
