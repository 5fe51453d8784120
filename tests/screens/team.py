"""Colleagues and departments for the screens of teamwork, and the chats that go between them."""

from __future__ import annotations

from typing import Any

from agentconsole.protocol import (
    Away,
    ChatCard,
    DepartmentCard,
    DepartmentList,
    Event,
    Grant,
    Offered,
    Party,
    Person,
    Resume,
    Role,
    Said,
    SeatCard,
    Side,
    StaffFrame,
    Started,
    State,
    Status,
    Took,
    Welcome,
)
from tests.screens.fed import ME, START

ROBIN, ALEX, SAM, JO = 8, 9, 10, 11


def departments(**support: Any) -> DepartmentList:
    """Three departments; ``support`` changes the first one, which is that of the chats."""
    return DepartmentList(
        [
            DepartmentCard(1, "support", "Support", mine=True, open=True, **support),
            DepartmentCard(
                2,
                "billing",
                "Billing",
                mine=True,
                open=True,
                guide="Invoices over 100 euros",
                note_required=True,
            ),
            DepartmentCard(3, "sales", "Sales", away=Away.wait, guide="Whoever wants to buy"),
        ]
    )


def seat(user: int, name: str, **facts: Any) -> SeatCard:
    """A colleague."""
    given: dict[str, Any] = {"status": Status.online, "limit": 3, "departments": [1]} | facts
    return SeatCard(user, name.lower(), name, since=START - 180_000, **given)


def team() -> list[StaffFrame]:
    """The departments, me and four colleagues."""
    return [
        departments(),
        seat(ME, "Kim", chats=1),
        seat(ROBIN, "Robin", chats=1, departments=[1, 2]),
        seat(ALEX, "Alex", status=Status.away, reason="Lunch", departments=[2]),
        seat(SAM, "Sam", lost_at=START - 38_000, held_until=START + 22_000, departments=[0]),
        seat(JO, "Jo", chats=3, departments=[3]),
    ]


def supervisor() -> Welcome:
    """I supervise everything."""
    return Welcome(
        "run1", START, ME, "kim", "Kim", [Grant(Role.supervisor), Grant(Role.agent)], Status.online
    )


def theirs(chat: int, name: str = "Ana", version: int = 5, nobody: bool = False, **facts: Any) -> ChatCard:
    """A running chat of Robin's, or of ``nobody``."""
    given: dict[str, Any] = {
        "department": 1,
        "first_line": "My printer is on fire",
        "state": State.active,
        "owner": 0 if nobody else ROBIN,
        "owner_name": "" if nobody else "Robin",
        "name": name,
        "taken_at": START - 60_000,
    } | facts
    return ChatCard(chat, version, 4, 4, since=START - 90_000, started_at=START - 90_000, **given)


def handed_to_me(chat: int = 21, left_s: int = 42, **facts: Any) -> ChatCard:
    """A chat that Robin hands to me."""
    offer = {"offer_to": ME, "offer_name": "Kim", "offer_by": ROBIN, "offer_until": START + left_s * 1000}
    return theirs(chat, **(offer | facts))


def history(chat: int = 21, note: str = "She wants a new printer") -> list[StaffFrame]:
    """What was said in Robin's chat, and the offer with its note."""
    robin, ana = Party(Side.staff, ROBIN, "Robin"), Party(Side.visitor, 0, "Ana")
    said: list[tuple[Party, Any, int]] = [
        (ana, Started(), 1),
        (ana, Said("My printer is on fire"), 2),
        (robin, Took(), 3),
        (robin, Said("Stand back, please"), 4),
        (robin, Offered(1, ME, "Kim", True, note, START + 42_000), 0),
    ]
    events = [
        Event(chat, seq, START - 60_000 + seq * 1000, by, what, pub)
        for seq, (by, what, pub) in enumerate(said, 1)
    ]
    return [Resume(chat, 0, len(events), True), *events]


def person(user: int, name: str) -> Person:
    """A member of staff in a chat."""
    return Person(user, name)
