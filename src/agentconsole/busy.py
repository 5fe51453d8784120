"""`agentconsole busy on|off`: a call begins or ends, said from a script, with the token that the console has kept."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

import msgspec

from agentconsole import credentials, settings
from agentconsole.client import Http, Problem, new_cid, server_url
from agentconsole.protocol import Code, SeatCard
from agentconsole.text import clean

DONE, REFUSED, USAGE, UNREACHABLE, LOGIN = range(5)

DESCRIPTION = """\
Say that a call begins (on) or ends (off). While it lasts no new chats come; afterwards the status before it is
back. It uses the login that the console has kept, or the token in AGENTCONSOLE_TOKEN."""
EPILOGUE = """\
exit codes: 0 done, or it was so already; 1 refused, the sentence says why; 2 wrong usage; 3 the server cannot be
reached; 4 not logged in"""


class Answer(msgspec.Struct, omit_defaults=True):
    """What is printed with --json; ``code`` is '' when it was done."""

    done: bool
    on: bool
    user: str
    text: str
    code: str = ""


def main(words: Sequence[str]) -> int:
    """Run the command; the answer is the exit code."""
    given = _parser().parse_args(words)
    held = settings.load().settings
    server, user = given.server or held.server, given.user or held.user
    on = given.state == "on"
    answer = Answer(False, on, given.of or user, "")
    try:
        code = asyncio.run(_say(server, user, given.of, on, answer))
    except ValueError as error:  # the address
        answer.code, answer.text, code = "usage", str(error), USAGE
    if given.json:
        print(msgspec.json.encode(answer).decode())
    else:
        said = clean(answer.text)
        print(
            said if answer.done else f"agentconsole: {said}", file=sys.stdout if answer.done else sys.stderr
        )
    return code


async def _say(server: str, user: str, of: str, on: bool, answer: Answer) -> int:
    """Tell the server; what it said stands in ``answer``. Raises ValueError for an address that is none."""
    if not (server and user):
        answer.code = "usage"
        answer.text = "Name the server and the user: --server URL --user NAME, or put them into the settings."
        return USAGE
    server = server_url(server)
    found = await credentials.find(server, user)
    if not found.token:
        answer.code = Code.login
        answer.text = (
            found.notice or f"{user} is not logged in at {server} here. Start the console once and log in."
        )
        return LOGIN
    http = Http(server, found.token)
    try:
        path = f"/api/team/{await _id(http, of)}/phone" if of else "/api/me/phone"
        await http.ask("PUT", path, content=msgspec.json.encode({"cid": new_cid(), "on": on}))
    except Problem as problem:
        answer.code, answer.text = problem.code, str(problem)
        return {"unreachable": UNREACHABLE, Code.login: LOGIN}.get(problem.code, REFUSED)
    answer.done = True
    whose = f"{of} is" if of else "You are"
    answer.text = f"{whose} on the phone: no new chats." if on else f"{whose} off the phone."
    return DONE


async def _id(http: Http, name: str) -> int:
    """The id of a colleague by login name. Raises Problem."""
    try:
        team = msgspec.json.decode(await http.ask("GET", "/api/team"), type=list[SeatCard])
    except msgspec.MsgspecError as error:
        raise Problem("unreachable", "The server's answer cannot be read; is it the same version?") from error
    for seat in team:
        if seat.name == name:
            return seat.user
    raise Problem(Code.unknown, f"There is no colleague with the name {name}.")


def _parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(
        prog="agentconsole busy",
        description=DESCRIPTION,
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    words.add_argument("state", choices=("on", "off"), help="a call begins, or it ends")
    words.add_argument("--server", default="", metavar="URL", help="address of the server")
    words.add_argument("--user", default="", metavar="NAME", help="name under which to log in")
    words.add_argument("--of", default="", metavar="NAME", help="whose call (supervisors); without it mine")
    words.add_argument("--json", action="store_true", help="print the answer as one line of JSON")
    return words
