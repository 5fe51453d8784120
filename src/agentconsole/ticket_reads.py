"""Questions about tickets over REST: lists, one ticket, its mails, files, filters, outbox and quarantine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from agentconsole.client import new_cid
from agentconsole.protocol import (
    CustomerCard,
    FileCard,
    MailCard,
    QuarantineCard,
    TicketDetail,
    TicketFilter,
    TicketPage,
    TicketQuery,
)
from agentconsole.questions import Asks, parsed

EVENTS = 500  # of one answer of the server


class TicketReads:
    """One method a question; each raises Problem. ``client`` gives the one to ask, which changes with every login."""

    def __init__(self, client: Callable[[], Asks]) -> None:
        self._client = client

    async def page(self, query: TicketQuery) -> TicketPage:
        """One page of the tickets that fit."""
        return parsed(await self._get("/api/tickets", msgspec.to_builtins(query)), TicketPage)

    async def one(self, ticket: int, after: int = 0) -> TicketDetail:
        """A ticket with its events after ``after``, all of them."""
        detail = await self._one(ticket, after)
        entries = detail.entries
        while len(entries) >= EVENTS and entries[-1].seq < detail.card.seq:
            detail = await self._one(ticket, entries[-1].seq)
            if not detail.entries:
                break
            entries = [*entries, *detail.entries]
        return msgspec.structs.replace(detail, entries=entries)

    async def _one(self, ticket: int, after: int) -> TicketDetail:
        content = await self._get(f"/api/tickets/{ticket}", {"after": after, "limit": EVENTS})
        return parsed(content, TicketDetail)

    async def mail(self, ticket: int, seq: int) -> str:
        """All the text of the mail of an event, quotes and signature too."""
        return (await self._get(f"/api/tickets/{ticket}/whole/{seq}")).decode("utf-8", "replace")

    async def raw_mail(self, ticket: int, seq: int) -> bytes:
        """The mail of an event, byte for byte."""
        return await self._get(f"/api/tickets/{ticket}/raw/{seq}")

    async def customer(self, email: str) -> CustomerCard:
        """Who has this address: notes, earlier chats and tickets."""
        return parsed(await self._get("/api/customers", {"email": email}), CustomerCard)

    async def merge_customers(self, email: str, into: str) -> None:
        """Who has the first address is who has the second: one card for both from now on."""
        body = msgspec.json.encode({"cid": new_cid(), "email": email, "into": into})
        await self._client().ask("POST", "/api/customers/merge", content=body)

    async def filters(self) -> list[TicketFilter]:
        """The saved filters that I may use: mine and those of my departments."""
        return parsed(await self._get("/api/filters"), list[TicketFilter])

    async def save_filter(self, name: str, query: TicketQuery, department: int = 0) -> TicketFilter:
        """Keep a filter: mine, or a department's for everybody in it."""
        body = encode_filter(name, query, department)
        return parsed(await self._client().ask("PUT", "/api/filters", content=body), TicketFilter)

    async def delete_filter(self, id: int) -> None:
        """Forget a saved filter."""
        await self._client().ask("DELETE", f"/api/filters/{id}")

    async def upload(self, name: str, data: bytes, type: str) -> FileCard:
        """Give the server a file, to be sent with an answer."""
        content = await self._client().ask(
            "POST", "/api/files", content=data, params={"name": name}, kind=type
        )
        return parsed(content, FileCard)

    async def file(self, id: int) -> bytes:
        """What is in a file."""
        return await self._get(f"/api/files/{id}")

    async def mails(self, state: str = "") -> list[MailCard]:
        """The mails to customers in one state, or in several (with commas)."""
        return parsed(await self._get("/api/mails", {"state": state} if state else None), list[MailCard])

    async def settle(self, id: int, what: str) -> None:
        """Decide what becomes of a mail: "resend", "sent" or "withdraw"."""
        await self._client().ask("POST", f"/api/mails/{id}/settle", content=encode_choice(what))

    async def quarantine(self, ignored: bool = False) -> list[QuarantineCard]:
        """The mails that could not become part of a ticket by themselves, or those that were ignored."""
        params = {"ignored": "true"} if ignored else None
        return parsed(await self._get("/api/quarantine", params), list[QuarantineCard])

    async def held_mail(self, id: int) -> str:
        """What a mail in quarantine says."""
        return (await self._get(f"/api/quarantine/{id}/whole")).decode("utf-8", "replace")

    async def release(self, id: int) -> None:
        """Make a ticket of a mail after all."""
        await self._client().ask("POST", f"/api/quarantine/{id}/release", content=b"{}")

    async def discard(self, id: int) -> None:
        """Throw a mail away for good."""
        await self._client().ask("POST", f"/api/quarantine/{id}/discard", content=b"{}")

    def _get(self, path: str, params: Any = None) -> Awaitable[bytes]:
        return self._client().ask("GET", path, params=params)


def encode_filter(name: str, query: TicketQuery, department: int) -> bytes:
    """The body of a filter to be kept."""
    body: dict[str, object] = {"name": name, "query": query}
    return msgspec.json.encode(body | ({"department": department} if department else {}))


def encode_choice(what: str) -> bytes:
    """The body of a decision about a mail."""
    return msgspec.json.encode({"what": what})
