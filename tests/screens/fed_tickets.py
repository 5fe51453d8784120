"""Tickets for the console's tests: cards, logs, and a door that answers questions about them as the server would."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from agentconsole.client import Problem
from agentconsole.protocol import (
    Answered,
    CustomerCard,
    EarlierChat,
    FileCard,
    MailCard,
    MailKind,
    MailState,
    Party,
    QuarantineCard,
    Side,
    TicketCard,
    TicketChanged,
    TicketCount,
    TicketCounts,
    TicketDetail,
    TicketEntry,
    TicketFilter,
    TicketNoted,
    TicketPage,
    TicketQuery,
    TicketStatus,
    TicketWhat,
    Wrote,
    encode,
)
from agentconsole.protocol import (
    TicketPriority as TicketPriority,
)
from agentconsole.tickets import may_fit
from tests.screens.fed import ME, START, Desk
from tests.waiting import async_until

HOUR = 3_600_000
CUSTOMER = Party(Side.visitor, 0, "Ana")
KIM, ROBIN = Party(Side.staff, ME, "Kim"), Party(Side.staff, 8, "Robin")


def ticket(number: int, **facts: Any) -> TicketCard:
    """A ticket of Ana's, due in two hours."""
    given: dict[str, Any] = {
        "version": 1,
        "seq": 1,
        "pub": 1,
        "department": 1,
        "status": TicketStatus.new,
        "subject": f"Printer {number} is on fire",
        "created_at": START - 3 * HOUR,
        "updated_at": START - HOUR,
        "email": "ana@example.org",
        "name": "Ana",
        "asked_at": START - HOUR,
        "first_due": START + 2 * HOUR + 10 * 60_000,
    } | facts
    dues = [given.get(name, 0) for name in ("first_due", "next_due", "solve_due")]
    return TicketCard(number, due_at=min((due for due in dues if due), default=0), **given)


def entry(seq: int, what: TicketWhat, by: Party = CUSTOMER, pub: int = 0, at: int = 0) -> TicketEntry:
    """One event of a ticket."""
    return TicketEntry(seq, at or START - 2 * HOUR + seq * 60_000, by, what, pub)


class Doors:
    """Answers what a console asks over REST, from what was put in."""

    def __init__(self) -> None:
        self.cards: dict[int, TicketCard] = {}
        self.logs: dict[int, list[TicketEntry]] = {}
        self.mails: list[MailCard] = []
        self.files: dict[int, bytes] = {}
        self.raws: dict[int, bytes] = {}
        self.filters: list[TicketFilter] = []
        self.chats: list[EarlierChat] = []
        self.held: list[QuarantineCard] = []
        self.decided: list[tuple[str, str]] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.down = False
        self.shut: asyncio.Event | None = None  # no answer comes before it is set

    def put(self, card: TicketCard, *entries: TicketEntry) -> TicketCard:
        """A ticket with its log."""
        self.cards[card.ticket] = card
        self.logs[card.ticket] = list(entries) or [entry(1, Wrote("It burns. Please help!"), pub=1)]
        return card

    def listed(self, query: TicketQuery) -> list[TicketCard]:
        """The tickets that fit, the nearest to breach first."""
        words = query.text.casefold().split()
        found = [
            card
            for card in self.cards.values()
            if may_fit(query, card, ME)
            and all(word in f"{card.ticket} {card.subject} {card.name}".casefold() for word in words)
        ]
        if query.order == "newest":
            return sorted(found, key=lambda card: -card.ticket)
        return sorted(found, key=lambda card: (card.due_at or 2**60, card.ticket))

    async def ask(
        self, method: str, path: str, *, content: bytes | None = None, params: Any = None, kind: str = ""
    ) -> bytes:
        """As `Client.ask`."""
        self.asked.append((method, path, params))
        if self.shut is not None:
            await self.shut.wait()
        if self.down:
            raise Problem("unreachable", "The server cannot be reached.")
        match [method, *path.strip("/").split("/")[1:]]:
            case ["GET", "tickets"]:
                query = TicketQuery(**params)
                found = self.listed(query)
                return encode(TicketPage(len(found), found[query.offset : query.offset + query.limit]))
            case ["GET", "tickets", key]:
                if int(key) not in self.cards:
                    raise Problem("unknown", "There is no such ticket, or it is not yours to see.")
                log = [each for each in self.logs[int(key)] if each.seq > params["after"]]
                mails = [mail for mail in self.mails if mail.ticket == int(key)]
                return encode(TicketDetail(self.cards[int(key)], log, mails))
            case ["GET", "tickets", key, "whole" | "raw", seq]:
                return self.raws[int(seq)]
            case ["GET", "customers"]:
                theirs = [card for card in self.cards.values() if card.email == params["email"]]
                return encode(CustomerCard(params["email"], "Ana", self.chats, [], tickets=theirs))
            case ["GET", "mails"]:
                return json.dumps([json.loads(encode(each)) for each in self.mails]).encode()
            case ["GET", "quarantine"]:
                wanted = [each for each in self.held if each.ignored == bool(params)]
                return json.dumps([json.loads(encode(each)) for each in wanted]).encode()
            case ["POST", "mails", id, "settle"]:
                self.decided.append((f"mail {id}", json.loads(content or b"")["what"]))
                return b""
            case ["GET", "quarantine", id, "whole"]:
                return self.raws[int(id)]
            case ["POST", "quarantine", id, deed]:
                self.decided.append((f"quarantine {id}", deed))
                return b"{}"
            case ["GET", "filters"]:
                return json.dumps([json.loads(encode(each)) for each in self.filters]).encode()
            case ["PUT", "filters"]:
                given = json.loads(content or b"")
                kept = TicketFilter(len(self.filters) + 1, given["name"], TicketQuery(**given["query"]), ME)
                self.filters.append(kept)
                return encode(kept)
            case ["DELETE", "filters", id]:
                self.filters = [each for each in self.filters if each.id != int(id)]
                return b""
            case ["POST", "files"]:
                id = len(self.files) + 1
                self.files[id] = content or b""
                return encode(FileCard(id, params["name"], kind, len(content or b"")))
            case ["GET", "files", id] if int(id) in self.files:
                return self.files[int(id)]
        raise Problem("unknown", f"{method} {path} is no door here.")


async def with_doors(d: Desk, *cards: TicketCard) -> Doors:
    """This console asks the doors from now on; each of these tickets has one message."""
    doors = Doors()
    for card in cards:
        doors.put(card)
    d.app.client.ask = doors.ask  # type: ignore[method-assign]
    await d.feed(TicketCounts([TicketCount(1, new=3, open=2, solved=40, overdue=1), TicketCount(2, open=1)]))
    return doors


async def settled(d: Desk) -> None:
    """Wait until nothing is being read."""
    main = d.app.main

    def quiet() -> bool:
        return not main.tickets._reads and not main.work._reading and not main.tickets.resting

    await d.drawn()
    await async_until(quiet, every=0.005, what="all is read")
    await d.drawn()


def thread() -> list[TicketEntry]:
    """A conversation by mail, with a note and changes."""
    return [
        entry(1, Wrote("Hello,\nmy printer is on fire.\n\nAna", "e-mail", mail=1, quoted=True), pub=1),
        entry(2, TicketChanged("assignee", "", "Kim"), KIM),
        entry(3, TicketChanged("priority", "normal", "high"), KIM),
        entry(4, TicketNoted("She has the big contract."), ROBIN),
        entry(5, Answered("Please switch it off.\n\nKim", "ana@example.org", 7), KIM, pub=2),
        entry(6, TicketChanged("status", "open", "waiting"), KIM),
        entry(
            7,
            Wrote(
                "It is off. What now?",
                "e-mail",
                mail=2,
                files=[FileCard(3, "fire.jpg", "image/jpeg", 120_000)],
            ),
            pub=3,
        ),
    ]


def mail(state: MailState = MailState.accepted, answer: str = "250 2.0.0 Ok", **facts: Any) -> MailCard:
    """The mail of the answer in `thread`."""
    given: dict[str, Any] = {"seq": 5} | facts
    return MailCard(
        7,
        12,
        1,
        MailKind.answer,
        "ana@example.org",
        "Re: Printer",
        state,
        START - HOUR,
        answer=answer,
        **given,
    )
