"""Rules in a running server: written over REST, heard of over sockets, woken by the clock."""

from pathlib import Path

import httpx
import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend.desk import slices
from agentconsole.backend.storage import backlog, tickets
from tests.server.site import SALES, running, staff_token
from tests.server.windows import new_cid
from tests.waiting import async_until


async def test_what_a_rule_does_is_heard_of_by_those_who_may_know(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as site:
        ann, bob, carl = [await site.staff(name) for name in ("ann", "bob", "carl")]
        wish = {
            "name": "Loud",
            "event": "ticket_created",
            "when": "text contains urgent",
            "do": ["priority urgent", "notify @ann {ticket.subject}", "notify #sales"],
            "department": SALES,
        }
        headers = {"Authorization": f"Bearer {staff_token('sue')}"}
        async with httpx.AsyncClient(base_url=site.url, headers=headers) as client:
            answer = await client.post("/api/rules", json=wish)
            assert answer.status_code == 201, answer.text
            refusal = (await client.post("/api/rules", json={**wish, "when": "text has urgent"})).json()
            assert refusal["text"].startswith("Here should stand is or contains or matches after text")
            await ann.done(p.NewTicket(new_cid(), SALES, "Fire", "URGENT: fire"))
            card = await bob.expect(p.TicketCard, priority=p.TicketPriority.urgent)
            assert card.subject == "Fire"
            told = await ann.expect(p.Message, author=0)
            assert (told.author_name, told.room[:3]) == ("rule Loud", "u0-")
            assert told.text.endswith("Fire: Fire")
            assert (await bob.expect(p.Message, author=0)).room == f"d{SALES}"
            [kept] = (await client.get("/api/rules")).json()
            assert (kept["fired"], len(kept["firings"])) == (1, 1)
        await carl.settle()
        assert not carl.seen((p.Message, p.TicketCard))


async def test_the_clock_wakes_rules_and_does_what_is_left_at_a_start_too(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slice is one ticket here, so that a restart comes in between, or the clock before it."""
    monkeypatch.setattr(slices, "SLICE", 1)
    async with running(sqlite_url, tmp_path) as site:
        ann = await site.staff("ann")
        for _ in range(3):
            await ann.done(p.NewTicket(new_cid(), SALES, "Slow", "x"))
        wish = p.RuleWish("Old", p.RuleEvent.time_passed, ["tag old"], "age over 0m")
        headers = {"Authorization": f"Bearer {staff_token('root')}"}
        async with httpx.AsyncClient(base_url=site.url, headers=headers) as client:
            answer = await client.post("/api/rules", json=msgspec.to_builtins(wish))
            assert answer.status_code == 201, answer.text
            levels = {"levels": ["normal first=4h always"]}
            answer = await client.patch(f"/api/departments/{SALES}", json=levels)
            assert answer.status_code == 200, answer.text
        await site.restart()

        async def done() -> bool:
            found, left = await site.hub.database.read(
                lambda db: ([tickets.one(db, key) for key in (1, 2, 3)], backlog.every(db))
            )
            acted = all(each is not None and each.tags == ("old",) and each.first_due for each in found)
            return acted and not left

        await async_until(done, what="every ticket to be tagged and wound")
