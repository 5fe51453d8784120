"""`agentconsole busy on|off`: a call begins or ends, said from a script."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import msgspec

from agentconsole import errands
from agentconsole.client import Http, Problem, new_cid
from agentconsole.errands import Told
from agentconsole.protocol import Code, SeatCard

DESCRIPTION = """\
Say that a call begins (on) or ends (off). While it lasts no new chats come;
afterwards the status before it is back."""


def main(words: Sequence[str]) -> int:
    """Run the command; the answer is the exit code."""
    known = errands.parser("busy", DESCRIPTION)
    known.add_argument("state", choices=("on", "off"), help="a call begins, or it ends")
    known.add_argument("--of", default="", metavar="NAME", help="whose call (supervisors); without it mine")
    return errands.run(known, words, _plan)


def _plan(given: argparse.Namespace) -> errands.Work:
    on, of = given.state == "on", given.of

    async def work(http: Http) -> Told:
        path = f"/api/team/{await _id(http, of)}/phone" if of else "/api/me/phone"
        await http.ask("PUT", path, content=msgspec.json.encode({"cid": new_cid(), "on": on}))
        whose = f"{of} is" if of else "You are"
        text = f"{whose} on the phone: no new chats." if on else f"{whose} off the phone."
        return Told(text, {"done": True, "on": on, "user": of, "text": text})

    return work


async def _id(http: Http, name: str) -> int:
    """The id of a colleague by login name. Raises Problem."""
    for seat in await errands.ask(http, "/api/team", list[SeatCard]):
        if seat.name == name:
            return int(seat.user)
    raise Problem(Code.unknown, f"There is no colleague with the name {name}.")
