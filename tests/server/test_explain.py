"""`agentconsole explain`: why a chat went where it went, from a script, with the facts of that moment."""

import asyncio
import json
from pathlib import Path

from agentconsole import credentials
from agentconsole import protocol as p
from agentconsole.backend.desk import admin
from tests import shell
from tests.server.site import SALES, Site, running, staff_token
from tests.server.windows import new_cid


async def explain(site: Site, who: str, chat: int, *words: str) -> shell.Outcome:
    """The command: exit code, what it printed, what it complained of."""
    given = ("explain", str(chat), "--server", site.url, "--user", who, *words)
    way = shell.process if words else shell.run
    return await asyncio.to_thread(way, *given, env={credentials.VARIABLE: staff_token(who)})


async def test_it_tells_of_the_chosen_and_of_everybody_else(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        await site.order(admin.SetDepartment("sales", routing=p.Routing.least_busy))
        ann, bob = await site.staff("ann"), await site.staff("bob")
        await bob.done(p.SetStatus(new_cid(), p.Status.away, "Lunch"))
        _, chat = await site.chat(department=SALES)
        await ann.expect(p.ChatCard, chat=chat, offer_to=1)
        await bob.done(p.SetStatus(new_cid(), p.Status.online))  # what is told is not how it is now
        code, out, _ = await explain(site, "ann", chat)
        assert code == 0
        assert "To Ann" in out
        assert "Bob: is on a break (Lunch)" in out
        code, out, _ = await explain(site, "ann", chat, "--json")
        (told,) = json.loads(out)["explanations"]
        assert (code, told["agent_name"], told["routing"]) == (0, "Ann", "least_busy")
        assert {reason["name"]: reason["verdict"] for reason in told["reasons"]} == {
            "Ann": "chosen",
            "Bob": "break",
        }


async def test_a_chat_that_waits_is_told_of_as_it_stands(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        await site.order(admin.SetDepartment("sales", routing=p.Routing.least_busy))
        ann = await site.staff("ann")
        await ann.done(p.SetStatus(new_cid(), p.Status.drain))
        _, chat = await site.chat(department=SALES)
        _, out, _ = await explain(site, "ann", chat)
        assert "Ann: finishes the running chats and takes no new ones" in out


async def test_what_is_not_mine_does_not_exist(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        _, chat = await site.chat(department=SALES)
        for number in (chat, 999_999):
            code, out, complaint = await explain(site, "carl", number)
            assert (code, out) == (1, "")
            assert "There is no such chat" in complaint
