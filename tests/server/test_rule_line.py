"""`agentconsole rule`: rules from the shell, as texts."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from agentconsole import credentials
from agentconsole import protocol as p
from tests import shell
from tests.server.site import SALES, Site, running, staff_token
from tests.server.windows import new_cid

TEXT = """
name = 'Refunds'
event = 'ticket_created'
when = 'text contains refund'
do = ['priority high']
department = 'sales'
"""


async def rule(
    site: Site, who: str, *words: str, given: str = "", way: Callable[..., shell.Outcome] = shell.run
) -> shell.Outcome:
    """The command: exit code, what it printed, what it complained of."""
    env = {credentials.VARIABLE: staff_token(who)}
    given_to = ("rule", *words, "--server", site.url, "--user", who)
    return await asyncio.to_thread(way, *given_to, env=env, given=given.encode())


async def test_a_rule_from_the_shell_from_beginning_to_end(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        await site.order(p.NewTicket(new_cid(), SALES, "Money", "a refund"))
        code, out, _ = await rule(site, "sue", "try", "-", given=TEXT, way=shell.process)
        assert (code, out.splitlines()[0]) == (
            0,
            "Of 1 tickets it would have fired on 1. Nothing was changed.",
        )
        code, out, _ = await rule(site, "sue", "set", "-", "--json", given=TEXT)
        kept = json.loads(out)
        assert (code, kept["rule"]["name"]) == (0, "Refunds")
        number = str(kept["id"])
        code, text, _ = await rule(site, "sue", "show", number)
        assert "when = 'text contains refund'" in text
        assert (await rule(site, "sue", "off", number))[1] == f"Rule {number}, Refunds, is off.\n"
        assert "off  sales" in (await rule(site, "sue", "list"))[1]
        assert (await rule(site, "sue", "set", "-", "--rule", number, given=text))[0] == 0
        assert "on   sales" in (await rule(site, "sue", "list"))[1]
        assert (await rule(site, "ann", "list"))[1] == "There are no rules that you may set.\n"
        for who, words, given, told in (
            (
                "sue",
                ("set", "-"),
                TEXT.replace("contains", "has"),
                "Here should stand is or contains or matches",
            ),
            ("sue", ("set", "-"), TEXT + "x = 1", "A rule has no x"),
            ("sue", ("set", str(tmp_path / "nothing.toml")), "", "cannot be read"),
            ("ann", ("set", "-"), TEXT, "not yours to set"),
            ("ann", ("remove", number), "", "not yours to set"),
        ):
            code, out, complaint = await rule(site, who, *words, given=given)
            assert (code, out) == (1, ""), complaint
            assert told in complaint
        assert (await rule(site, "sue", "remove", number))[0] == 0
        assert (await rule(site, "sue", "on", number))[0] == 1
