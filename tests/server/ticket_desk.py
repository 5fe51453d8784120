"""The REST door of a site for tests of tickets: who asks what, and what is answered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import msgspec

from agentconsole import protocol as p
from agentconsole.backend.domain.mailing import Mailing
from agentconsole.backend.mail.intake import Intake
from tests.server.site import SALES, Site, running, staff_token
from tests.server.windows import new_cid

UNKNOWN = b'{"code":"unknown","text":"There is no such ticket, or it is not yours to see."}'
MAILING = Mailing(address="sales@shop.example", mailbox="shop", acknowledge=False)


class Desk:
    """`site` with its REST door; `path` of a question is below /api/tickets unless it begins with /api."""

    def __init__(self, site: Site, http: httpx.AsyncClient) -> None:
        self.site = site
        self.http = http

    def token(self, who: str) -> dict[str, str]:
        """The header that says who asks."""
        return {"Authorization": f"Bearer {staff_token(who)}"}

    async def ask(self, who: str, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """The bare answer to somebody; a command without a cid gets one."""
        if isinstance(body, dict) and "cid" not in body:
            body = {"cid": new_cid(), **body}
        headers = {**self.token(who), **more.pop("headers", {})}
        path = path if path.startswith("/api/") else f"/api/tickets{path}"
        return await self.http.request(method, path, json=body, headers=headers, **more)

    async def do(self, who: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """What is answered when all goes well."""
        answer = await self.ask(who, method, path, body, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def refused(self, who: str, method: str, path: str, body: Any = None, **more: Any) -> str:
        """The code of a refusal."""
        answer = await self.ask(who, method, path, body, **more)
        assert not answer.is_success, answer.text
        return str(answer.json()["code"])

    async def new(self, who: str = "ann", **more: Any) -> int:
        """A new ticket's number."""
        given = {"department": SALES, "subject": "A bill", "text": "It is wrong.", "email": "kim@x.example"}
        return int((await self.do(who, "POST", "", {**given, **more}))["ticket"])

    async def show(self, who: str, ticket: int, **query: Any) -> p.TicketDetail:
        """One ticket, as the console reads it."""
        answer = await self.ask(who, "GET", f"/{ticket}", params=query)
        assert answer.is_success, answer.text
        return msgspec.json.decode(answer.content, type=p.TicketDetail)

    async def list(self, who: str, **query: Any) -> p.TicketPage:
        """A page of tickets."""
        answer = await self.ask(who, "GET", "", params=query)
        assert answer.is_success, answer.text
        return msgspec.json.decode(answer.content, type=p.TicketPage)

    async def reply(self, who: str, ticket: int, text: str = "Sorry.", **more: Any) -> Any:
        """An answer by somebody who has read everything."""
        seen = (await self.show(who, ticket)).card.seq
        return await self.do(who, "POST", f"/{ticket}/replies", {"text": text, "seen": seen, **more})

    async def mail(
        self, text: str, answering: bytes = b"", sender: str = "kim@x.example", attached: bytes = b""
    ) -> str:
        """A customer's mail comes in, as an answer to one of ours; what became of it."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, MAILING.address, "Re: A bill"
        message["Message-ID"] = f"<{new_cid()}@x.example>"
        message["Date"] = "Sat, 21 Nov 2026 10:00:00 +0000"
        if answering:
            message["In-Reply-To"] = message_from_bytes(answering)["Message-ID"]
        message.set_content(text)
        if attached:
            message.add_attachment(attached, maintype="text", subtype="plain", filename="log.txt")
        intake = Intake(self.site.hub.database, self.site.desk)
        try:
            return await intake.take(message.as_bytes(), MAILING.mailbox)
        finally:
            await intake.close()

    async def detain(self, raw: bytes, reason: str, mailbox: str = MAILING.mailbox) -> None:
        """A mail goes into quarantine."""
        intake = Intake(self.site.hub.database, self.site.desk)
        await intake.detain(raw, mailbox, reason)

    async def raw(self, who: str, ticket: int, seq: int) -> bytes:
        """The mail of an event."""
        answer = await self.ask(who, "GET", f"/{ticket}/raw/{seq}")
        assert answer.is_success, answer.text
        return answer.content


@asynccontextmanager
async def desk(url: str, data: Path, **options: Any) -> AsyncIterator[Desk]:
    """A site whose sales department writes mails, and its REST door."""
    async with (
        running(url, data, {"mailing": MAILING}, **options) as site,
        httpx.AsyncClient(base_url=site.url, timeout=30) as http,
    ):
        yield Desk(site, http)


def texts(detail: p.TicketDetail) -> list[str]:
    """What was written in a ticket, in order."""
    return [entry.what.text for entry in detail.entries if isinstance(entry.what, p.Wrote | p.Answered)]
