"""What the commands for scripts share: the login that the console has kept, one question to the server, exit codes."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from agentconsole import credentials, settings
from agentconsole.client import Http, Problem, server_url
from agentconsole.protocol import Code
from agentconsole.questions import parsed
from agentconsole.text import clean

T = TypeVar("T")

DONE, REFUSED, USAGE, UNREACHABLE, LOGIN = range(5)
LOGGED_IN = """\
It uses the login that the console has kept, or the token in
AGENTCONSOLE_TOKEN."""
EPILOGUE = """\
exit codes: 0 done, or it was so already; 1 refused, the sentence says why;
2 wrong usage; 3 the server cannot be reached; 4 not logged in"""


class Told(msgspec.Struct):
    """What came of an errand: a text for people, for --json the same as data, and the exit code."""

    text: str
    data: dict[str, Any]
    code: int = DONE


Work = Callable[[Http], Awaitable[Told]]


def parser(prog: str, description: str) -> argparse.ArgumentParser:
    """The words that every errand knows."""
    words = argparse.ArgumentParser(
        prog=f"agentconsole {prog}",
        description=f"{description}\n{LOGGED_IN}",
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    words.add_argument("--server", default="", metavar="URL", help="address of the server")
    words.add_argument("--user", default="", metavar="NAME", help="name under which to log in")
    words.add_argument("--json", action="store_true", help="print the answer as one line of JSON")
    return words


def first_word(name: str, words: Sequence[str], deeds: Mapping[str, Sequence[Any]]) -> str | int:
    """What is to be done, if the first word says one of these; else the exit code, and they were listed."""
    first = words[0] if words else ""
    if first in deeds:
        return first
    asked = first in ("-h", "--help")
    out = sys.stdout if asked else sys.stderr
    print(f"usage: agentconsole {name} WORD ...\n", file=out)
    for word, (meaning, *_) in deeds.items():
        print(f"  {word:<8} {meaning}", file=out)
    print(f"\nEach explains itself: agentconsole {name} {next(iter(deeds))} --help", file=out)
    if first and not asked:
        print(f"agentconsole {name}: {first!r} is none of these words; flags stand behind one", file=out)
    return DONE if asked else USAGE


def run(
    words: argparse.ArgumentParser, given: Sequence[str], plan: Callable[[argparse.Namespace], Work]
) -> int:
    """Do what ``plan`` makes of the words; the answer is the exit code."""
    read = words.parse_args(given)
    held = settings.load().settings
    server, user = read.server or held.server, read.user or held.user
    code, told = asyncio.run(_do(server, user, plan(read)))
    if read.json:
        print(msgspec.json.encode(told.data).decode())
        return code
    text = "\n".join(clean(line) for line in told.text.splitlines())
    if code == DONE:
        print(text)
    else:
        print(f"agentconsole: {text}", file=sys.stderr)
    return code


async def _do(server: str, user: str, work: Work) -> tuple[int, Told]:
    if not (server and user):
        text = "Name the server and the user: --server URL --user NAME, or put them into the settings."
        return USAGE, _refused("usage", text)
    try:
        server = server_url(server)
    except ValueError as error:
        return USAGE, _refused("usage", str(error))
    found = await credentials.find(server, user)
    if not found.token:
        text = found.notice or f"{user} is not logged in at {server} here. Start the console once and log in."
        return LOGIN, _refused(Code.login, text)
    try:
        told = await work(Http(server, found.token))
    except Problem as problem:
        code = {"usage": USAGE, "unreachable": UNREACHABLE, Code.login: LOGIN}.get(problem.code, REFUSED)
        return code, _refused(problem.code, str(problem))
    return told.code, told


def _refused(code: str, text: str) -> Told:
    return Told(text, {"done": False, "code": str(code), "text": text})


async def ask(http: Http, path: str, shape: type[T]) -> T:
    """What the server answers at this path, in this shape. Raises Problem."""
    return parsed(await http.ask("GET", path), shape)
