"""Tickets over REST, on the real server: their life, who may see them, and what is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from agentconsole import protocol as p
from tests.server.site import SALES, Site, running, staff_token
from tests.server.windows import new_cid

UNKNOWN = b'{"code":"unknown","text":"There is no such ticket, or it is not yours to see."}'


class Desk:
    """The REST door of a site."""

    def __init__(self, site: Site, http: httpx.AsyncClient) -> None:
        self.site = site
        self.http = http

    async def ask(self, who: str, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """The bare answer to somebody; a body without a cid gets one."""
        if body is not None and "cid" not in body:
            body = {"cid": new_cid(), **body}
        headers = {"Authorization": f"Bearer {staff_token(who)}"}
        return await self.http.request(method, f"/api/tickets{path}", json=body, headers=headers, **more)

    async def do(self, who: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """What is answered when all goes well."""
        answer = await self.ask(who, method, path, body, **more)
        assert answer.is_success, answer.text
        return answer.json()

    async def refused(self, who: str, method: str, path: str, body: Any = None, **more: Any) -> str:
        """The code of a refusal."""
        answer = await self.ask(who, method, path, body, **more)
        assert not answer.is_success, answer.text
        return str(answer.json()["code"])

    async def new(self, who: str = "ann", department: int = SALES, **more: Any) -> int:
        """A new ticket's number."""
        given = {"department": department, "subject": "A bill", "text": "It is wrong.", **more}
        return int((await self.do(who, "POST", "", given))["chat"])

    async def show(self, who: str, ticket: int, **query: Any) -> p.TicketDetail:
        """One ticket, as the console reads it."""
        answer = await self.ask(who, "GET", f"/{ticket}", params=query)
        assert answer.is_success, answer.text
        return msgspec.json.decode(answer.content, type=p.TicketDetail)


@asynccontextmanager
async def desk(url: str, data: Path, **options: Any) -> AsyncIterator[Desk]:
    """A site and its REST door."""
    async with running(url, data, **options) as site, httpx.AsyncClient(base_url=site.url) as http:
        yield Desk(site, http)


async def test_the_life_of_a_ticket(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        number = await d.new(email="Kim@Example.org", name="Kim", tags=["VIP"], priority="high")
        page = await d.do("bob", "GET", "")
        assert (page["total"], page["tickets"][0]["ticket"]) == (1, number)
        detail = await d.show("bob", number)
        assert (detail.card.status, detail.card.email) == ("new", "kim@example.org")
        print(detail)
        done = await d.do("ann", "POST", f"/{number}/replies", {"text": "Sorry.", "seen": detail.card.seq})
        print(await d.show("ann", number, after=done["seq"] - 1))
