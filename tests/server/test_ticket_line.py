"""`agentconsole ticket`: tickets from the shell, with exit codes, JSON and standard input."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agentconsole import credentials
from tests import shell
from tests.server.site import Site, running, staff_token

Way = Callable[..., shell.Outcome]


async def ticket(
    site: Site, who: str, *words: str, given: bytes = b"", columns: int = 120, way: Way = shell.run
) -> shell.Outcome:
    """The command: exit code, what it printed, what it complained of."""
    env = {credentials.VARIABLE: staff_token(who), "COLUMNS": str(columns), "TZ": "UTC"}
    given_to = ("ticket", *words, "--server", site.url, "--user", who)
    return await asyncio.to_thread(way, *given_to, env=env, given=given)


async def data(site: Site, who: str, *words: str, given: bytes = b"", way: Way = shell.run) -> Any:
    """What the command says with --json when all goes well."""
    code, out, complaint = await ticket(site, who, *words, "--json", given=given, way=way)
    assert code == 0, (out, complaint)
    return json.loads(out)


NEW = ("new", "sales", "It is wrong.", "--subject", "A bill", "--email", "kim@example.org", "--name", "Kim")


async def test_a_ticket_from_the_shell_from_beginning_to_end(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        made = await data(site, "ann", *NEW, "--id", "bill-0001", "--tags", "VIP,money", way=shell.process)
        assert (await data(site, "ann", *NEW, "--id", "bill-0001", "--tags", "VIP,money")) == made
        number = str(made["ticket"])
        code, out, _ = await ticket(site, "bob", "list")
        assert code == 0
        assert out.splitlines()[0].split()[:3] == ["#", "TIME", "STATUS"]
        assert "A bill" in out.splitlines()[1]
        assert "asked <1m" in out
        assert (await data(site, "bob", "next"))["ticket"] == made["ticket"]
        text = "Grüße,\nBob\n".encode()
        said = await data(site, "ann", "reply", number, "-", "--hold", "3d", given=text, way=shell.process)
        (card,) = (await data(site, "ann", "list", "--status", "hold"))["tickets"]
        assert card["hold_until"] > card["updated_at"]
        code, out, _ = await ticket(site, "bob", "show", number)
        assert "Ann (answer)\n    Grüße,\n    Bob\n" in out
        assert "Kim (message)\n    It is wrong." in out
        noted = await data(site, "bob", "note", number, "mind the tone")
        assert noted["seq"] > said["seq"]
        code, out, _ = await ticket(site, "bob", "show", number)
        assert "Bob (PRIVATE NOTE)\n    mind the tone" in out
        await data(
            site, "bob", "set", number, "--until", "tomorrow", "--assignee", "ann", "--priority", "low"
        )
        (card,) = (await data(site, "ann", "list", "--assignee", "me", "--status", "hold"))["tickets"]
        assert (card["priority"], card["tags"]) == ("low", ["vip", "money"])
        assert card["hold_until"] > card["updated_at"]
        await data(site, "bob", "set", number, "--status", "solved", "--assignee", "nobody", "--tags", "")
        assert (await data(site, "ann", "list"))["total"] == 0
        assert (await data(site, "ann", "list", "--status", "solved", "--assignee", "nobody"))["total"] == 1


async def test_merged_and_split(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        first, second = [(await data(site, "ann", *NEW))["ticket"] for _ in range(2)]
        assert (await data(site, "ann", "merge", str(second), str(first)))["ticket"] == first
        log = (await data(site, "ann", "show", str(first)))["entries"]
        seq = next(entry["seq"] for entry in reversed(log) if entry["what"]["kind"] == "wrote")
        third = (await data(site, "ann", "split", str(first), str(seq), "--subject", "Another"))["ticket"]
        assert third not in (first, second)
        assert (await data(site, "ann", "show", str(third)))["card"]["subject"] == "Another"


async def test_files_go_along_and_come_back(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        number = str((await data(site, "ann", *NEW))["ticket"])
        paper = tmp_path / "Quittung für Kim.txt"
        paper.write_bytes(b"paid\x00\xff")
        await data(site, "ann", "reply", number, "see the file", "--file", str(paper))
        _, out, _ = await ticket(site, "bob", "show", number)
        assert "file 1: Quittung für Kim.txt, 6 B" in out
        saved = tmp_path / "saved"
        assert (await ticket(site, "bob", "file", "1", str(saved)))[0] == 0
        assert saved.read_bytes() == paper.read_bytes()
        code, _, complaint = await ticket(site, "bob", "file", "1", str(saved))
        assert (code, "cannot be written" in complaint) == (1, True)
        assert (await ticket(site, "carl", "file", "1", str(tmp_path / "x")))[0] == 1
        assert (await ticket(site, "ann", "note", number, "x", "--file", "/nowhere/at-all"))[0] == 1
        again = ("note", number, "x", "--file", str(paper), "--id", "file-0001")
        assert (await ticket(site, "ann", *again))[0] == 2


async def test_what_cannot_be_is_refused_with_a_sentence(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        number = str((await data(site, "ann", *NEW))["ticket"])
        seen = (await data(site, "ann", "reply", number, "one"))["seq"]
        for words, part in (
            (("reply", number, "two", "--seen", "1"), "Meanwhile Ann wrote"),
            (("reply", number, "two", "--to", "pat@example.org"), "kim@example.org"),
            (("reply", number, "  "), "nothing to send"),
            (("reply", number, "-"), "nothing to send"),
            (("set", number, "--until", "yesterday"), "yesterday"),
            (("set", number, "--assignee", "carl"), "does not work on tickets"),
            (("set", number, "--assignee", "nobody-at-all"), "no colleague"),
            (("set", number, "--version", "1", "--priority", "low"), "Somebody changed"),
            (("list", "--status", "nonsense"), "there are new, open"),
            (("new", "nowhere", "x"), "no department"),
            (("merge", number, number), "into itself"),
        ):
            code, out, complaint = await ticket(site, "ann", *words)
            assert (code, out) == (1, ""), words
            assert part in complaint, words
        assert (await ticket(site, "ann", "reply", number, "two", "--seen", str(seen)))[0] == 0
        for unknown in (number, "999999"):
            code, _, complaint = await ticket(site, "carl", "show", unknown)
            assert (code, "no such ticket" in complaint) == (1, True)
        assert (await ticket(site, "carl", "next", way=shell.process))[0] == 1
        assert (await ticket(site, "ann", "dance"))[0] == 2
        assert (await ticket(site, "ann", "show", "seven"))[0] == 2


async def test_nothing_of_a_customer_drives_the_terminal(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as site:
        text = "hello\x1b[2J\x07\u202eevil\nAnn (answer)"
        made = await data(
            site, "ann", "new", "sales", text, "--subject", "\x1b]0;x\x07Subject", "--name", "K\x9bim"
        )
        for words in (("list",), ("show", str(made["ticket"]))):
            _, out, _ = await ticket(site, "ann", *words, columns=60)
            assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(out)
        assert "\n    Ann (answer)" in out, "no line of a text can pass for another's"
