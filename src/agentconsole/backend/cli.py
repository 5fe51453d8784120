"""The commands `agentconsole serve` and `agentconsole admin`."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

from agentconsole.text import clean, width

from .options import Options, Unusable, certified, check, load, read

OK, REFUSED, USAGE, UNREACHABLE = 0, 1, 2, 3

WIDEST = 40  # column
CODES = """\
exit codes: 0 done, or it was so already; 1 refused, the sentence says why; 2 wrong usage;
3 neither the server nor its database could be reached (or somebody else holds its lock)."""


def complain(sentence: object, code: int) -> int:
    """Say on standard error what is wrong; the exit code."""
    print(f"agentconsole: {clean(str(sentence))}", file=sys.stderr)
    return code


# --- serve ---------------------------------------------------------------------------------------------------------


def serve(arguments: Sequence[str]) -> int:
    """Run the server until it is told to stop."""
    from .mail.settings import of as mailboxes

    try:
        options = check(load(arguments, os.environ))
        certified(options)
        mailboxes(options)
        options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except Unusable as problem:
        return complain(problem, USAGE)
    except OSError as error:
        why = f"The data folder {options.data} cannot be used: {error.strerror or error}."
        return complain(f"{why} Start the server as its owner, or choose another with --data.", UNREACHABLE)
    from . import logs, server
    from .storage.database import Locked, TooNew, Unreachable

    logs.set_up(options.log_level)
    try:
        server.run(options, lambda url, first: _ready(options, url, first))
    except (Locked, TooNew, Unreachable) as problem:
        return complain(problem, UNREACHABLE)
    except OSError as error:
        return complain(f"The server cannot run: {str(error).rstrip('.')}.", UNREACHABLE)
    return OK


def _ready(options: Options, url: str, first: bool) -> None:
    if first:
        print(first_steps(options), file=sys.stderr, flush=True)
    print(f"ready {url}", flush=True)


FIRST_STEPS = """\
There are no users yet, and no password that would let anybody in. Make the first administrator
(who also becomes agent and supervisor) with:

    agentconsole admin{where} user add NAME

Until there are departments, everybody shares all chats. To make some:

    agentconsole admin{where} department add support
"""


def first_steps(options: Options) -> str:
    """What to do on a first start."""
    usual = Options().data == options.data
    return FIRST_STEPS.format(where="" if usual else f" --data {shlex.quote(str(options.data))}")


# --- admin ---------------------------------------------------------------------------------------------------------


def admin(arguments: Sequence[str]) -> int:
    """Give one order or ask one question."""
    words = _parser().parse_args(arguments)
    given = {name: getattr(words, name) for name in ("data", "database") if getattr(words, name) is not None}
    try:
        options = read(given, os.environ)
    except Unusable as problem:
        return complain(problem, USAGE)
    from .domain.life import Refusal

    try:
        wish = words.wish(words)
    except Refusal as refusal:
        return complain(refusal.text, REFUSED)
    return _give(options, wish, words)


def _give(options: Options, wish: Any, words: argparse.Namespace) -> int:
    answer = answered(options, wish)
    if isinstance(answer, int):
        return answer
    _show(answer, words)
    return OK


def answered(options: Options, wish: Any) -> Any:
    """What the running server, or its database without one, answers; or an exit code, and it was said why."""
    from .operator import alone, ask
    from .storage.database import Locked, TooNew, Unreachable

    try:
        answer = ask(options.data, wish)
        if answer is None:
            options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
            answer = _alone(options, lambda: alone(options, _clock, wish))
    except (Locked, TooNew, Unreachable) as problem:
        return complain(problem, UNREACHABLE)
    except PermissionError as error:
        why = f"{options.data} cannot be used: {error.strerror}."
        hint = "Say it as root or as the server's own user, or name the server's data folder with --data."
        return complain(f"{why} {hint}", UNREACHABLE)
    except OSError as error:
        return complain(f"The server cannot be reached: {error}.", UNREACHABLE)
    return answer if answer.code is None else complain(answer.text, REFUSED)


def _alone(options: Options, work: Callable[[], Any]) -> Any:
    """Who has named the wrong folder by mistake must not wonder where everybody is."""
    new = not options.database and not (options.data / "agentconsole.db").exists()
    answer = work()
    if new:
        hint = "If your server keeps its data elsewhere, say where with --data or --database."
        complain(f"A new database was made in {options.data}. {hint}", OK)
    return answer


def _clock() -> int:
    return time.time_ns() // 1_000_000


def _show(answer: Any, words: argparse.Namespace) -> None:
    if answer.done is not None:
        done = {"changed": answer.done.changed, "text": answer.done.text, "about": answer.done.about}
        print(json.dumps(done) if words.json else clean(answer.done.text))
    elif words.json:
        print(json.dumps(answer.rows))
    else:
        print_rows([words.line(row) for row in answer.rows or []])
    if answer.done is None and answer.text:
        complain(answer.text, OK)


def print_rows(rows: Sequence[Sequence[str]]) -> None:
    """Print cells as columns; a long cell does not make the others wide."""
    cells = [[clean(cell) for cell in row] for row in rows]
    widths = [min(WIDEST, max(map(width, column))) for column in zip_longest(*cells, fillvalue="")]
    for row in cells:
        padded = [cell + " " * (most - width(cell)) for cell, most in zip(row, widths, strict=False)]
        print("  ".join(padded).rstrip())


def _parser() -> argparse.ArgumentParser:
    from .cli_departments import department_words
    from .cli_webhooks import webhook_words

    words = argparse.ArgumentParser(
        prog="agentconsole admin",
        description="Run the system: users, rights, departments, sessions. Every order may be given twice.",
        epilog=CODES,
        allow_abbrev=False,
    )
    _common(words, None)
    nouns = words.add_subparsers(metavar="NOUN", required=True)
    _user_words(nouns.add_parser("user", help="members of staff and their rights"))
    department_words(nouns.add_parser("department", help="queues and their settings"))
    _template_words(nouns.add_parser("template", help="what mails to customers say"))
    webhook_words(nouns.add_parser("webhook", help="calls of rules to other systems"))
    _break_words(nouns.add_parser("break", help="reasons for a break"))
    _system_words(nouns.add_parser("system", help="what holds for everybody"))
    _session_words(nouns.add_parser("session", help="who is logged in"))
    _audit_words(nouns.add_parser("audit", help="who did what"))
    return words


def _common(words: argparse.ArgumentParser, default: Any) -> None:
    words.add_argument("--data", metavar="DIR", default=default, help="the server's data folder")
    words.add_argument("--database", metavar="URL", default=default, help="the server's PostgreSQL database")
    words.add_argument("--json", action="store_true", default=default or False, help="answer in JSON")


def add_verb(verbs: Any, name: str, wish: Any, meaning: str, *names: str) -> argparse.ArgumentParser:
    """A verb with the words that all have; ``wish`` makes of them what is asked for or ordered."""
    words: argparse.ArgumentParser = verbs.add_parser(
        name, help=meaning, description=meaning, allow_abbrev=False
    )
    _common(words, argparse.SUPPRESS)
    for positional in names:
        words.add_argument(positional.lower(), metavar=positional)
    words.set_defaults(wish=wish)
    return words


def _user_words(words: argparse.ArgumentParser) -> None:
    verbs = words.add_subparsers(metavar="VERB", required=True)
    add = add_verb(verbs, "add", _add_user, "Add a user; the first one becomes administrator.", "NAME")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add.add_argument("--display", default="", help="the name that visitors and colleagues see")
    add.add_argument("--only-admin", action="store_true", help="the first user: not agent and supervisor too")
    passwd = add_verb(verbs, "passwd", _set_password, "Set another password; all sessions end.", "NAME")
    passwd.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    for name, meaning in (("grant", "Give a role."), ("withdraw", "Take a role away.")):
        verb = add_verb(verbs, name, _grant(name), meaning, "NAME")
        verb.add_argument("role", choices=("agent", "supervisor", "analyst", "admin"))
        verb.add_argument("--department", metavar="D", default="", help="only in this department")
    can = add_verb(
        verbs, "set", shaped("team", "SetAgentOf"), "Set what an agent can, and how many chats.", "NAME"
    )
    can.add_argument("--limit", type=int, metavar="N", help="chats at once; 0 = as the system has it")
    can.add_argument(
        "--language", action="append", dest="languages", metavar="L", help="a language, as pl; again for more"
    )
    can.add_argument("--skill", action="append", dest="skills", metavar="S", help="a skill; again for more")
    member = add_verb(
        verbs, "member", shaped("team", "SetMemberOf"), "Set how an agent stands in a department.", "NAME"
    )
    member.add_argument("--department", metavar="D", required=True, help="the department")
    member.add_argument("--tier", type=int, metavar="N", help="1 is asked first, 9 last")
    member.add_argument(
        "--limit", type=int, metavar="N", help="chats of this department at once; 0 = the agent's own limit"
    )
    for name, meaning in (("disable", "Lock a user out."), ("enable", "Let a user in again.")):
        add_verb(verbs, name, _disable(name), meaning, "NAME")
    add_verb(verbs, "list", listed("ListUsers"), "All users.").set_defaults(line=_user_line)


def _template_words(words: argparse.ArgumentParser) -> None:
    verbs = words.add_subparsers(metavar="VERB", required=True)
    given = add_verb(
        verbs,
        "set",
        _template,
        "Set a template; the text comes on standard input, without one it is removed.",
    )
    given.add_argument("kind", choices=("answer", "acknowledgement", "solved", "transcript", "rule"))
    given.add_argument(
        "--department", metavar="D", help="only of this department; else of all without their own"
    )
    given.add_argument("--language", metavar="L", help="only in this language, as nb; else in every one")
    given.add_argument("--subject", help="its subject, with fields")
    given.add_argument("--remove", action="store_true", help="back to the built-in words; nothing is read")
    add_verb(verbs, "list", listed("ListTemplates"), "All templates.").set_defaults(line=_template_line)


def _break_words(words: argparse.ArgumentParser) -> None:
    verbs = words.add_subparsers(metavar="VERB", required=True)
    given = add_verb(verbs, "set", _breaks, "Replace the reasons; without any, every word will do.")
    given.add_argument("reasons", nargs="*", metavar="NAME[=MINUTES]", help="as Lunch=30 Training")


def _system_words(words: argparse.ArgumentParser) -> None:
    verbs = words.add_subparsers(metavar="VERB", required=True)
    given = add_verb(verbs, "set", shaped("team", "SetSystem"), "Set what holds for everybody.")
    given.add_argument(
        "--chat-limit", type=int, metavar="N", required=True, help="chats at once that an agent may have"
    )


def _session_words(words: argparse.ArgumentParser) -> None:
    verbs = words.add_subparsers(metavar="VERB", required=True)
    add_verb(verbs, "list", listed("ListSessions"), "The sessions in force.").set_defaults(line=_session_line)
    revoke = add_verb(verbs, "revoke", _revoke, "End a session, or all of a user.")
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", type=int, metavar="N", help="the session's number")
    which.add_argument("--user", help="all sessions of this user")


def _audit_words(words: argparse.ArgumentParser) -> None:
    verbs = words.add_subparsers(metavar="VERB", required=True)
    given = add_verb(verbs, "list", asked("ListAudit"), "Who did what, and who watched which chat.")
    given.add_argument("--limit", type=int, metavar="N", help="how many lines, the newest; 100 if not said")
    given.add_argument("--about", help="only of this user or thing, as ana or 'chat 7'")
    given.set_defaults(line=_audit_line)


def _password(words: argparse.Namespace) -> str:
    """The hash of the password that was given. Raises Refusal."""
    from .auth import hash_password

    if words.password_stdin:
        written = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        import getpass

        written = getpass.getpass(f"Password for {words.name}: ")
        if written != getpass.getpass("The same again: "):
            complain("The two differ; nothing was changed.", REFUSED)
            raise SystemExit(REFUSED)
    else:
        print(
            "agentconsole: Give --password-stdin and write the password to standard input.", file=sys.stderr
        )
        raise SystemExit(USAGE)
    return hash_password(written)


def _add_user(words: argparse.Namespace) -> Any:
    from .desk.admin import AddUser

    return AddUser(words.name, _password(words), words.display, words.only_admin)


def _set_password(words: argparse.Namespace) -> Any:
    from .desk.admin import SetPassword

    return SetPassword(words.name, _password(words))


def _grant(verb: str) -> Any:
    def wish(words: argparse.Namespace) -> Any:
        from agentconsole.protocol import Role

        from .desk.admin import GiveGrant, WithdrawGrant

        shape = GiveGrant if verb == "grant" else WithdrawGrant
        return shape(words.name, Role(words.role), words.department)

    return wish


def _disable(verb: str) -> Any:
    def wish(words: argparse.Namespace) -> Any:
        from .desk.admin import DisableUser

        return DisableUser(words.name, verb == "disable")

    return wish


def shaped(room: str, shape: str) -> Any:
    """An order made of the words that were given, checked like one that came over the socket."""

    def wish(words: argparse.Namespace) -> Any:
        import importlib

        import msgspec

        from agentconsole.protocol import Code

        from .domain.life import Refusal

        where = f".desk.{room}" if room else ".operator"
        found: Any = getattr(importlib.import_module(where, __package__), shape)
        given = {name: value for name, value in vars(words).items() if value is not None}
        chosen = {name: given[name] for name in found.__struct_fields__ if name in given}
        try:
            return msgspec.convert({"t": found.__struct_config__.tag, **chosen}, found)
        except msgspec.ValidationError as error:
            text, _, where = str(error).partition(" - at ")
            where = where.strip("`").removeprefix("$.")
            raise Refusal(Code.invalid, f"{where}: {text}." if where else f"{text}.") from error

    return wish


def asked(shape: str) -> Any:
    """A question made of the words that were given."""
    return shaped("", shape)


def _template(words: argparse.Namespace) -> Any:
    words.text = "" if words.remove else sys.stdin.read()
    return shaped("templates", "SetTemplate")(words)


def _breaks(words: argparse.Namespace) -> Any:
    from agentconsole.protocol import BreakReason, Code

    from .desk.availability import SetBreaks
    from .domain.life import Refusal

    reasons = []
    for word in words.reasons:
        name, _, minutes = word.partition("=")
        if minutes and not minutes.isdecimal():
            raise Refusal(Code.invalid, f"Write minutes as a number: {word}.")
        reasons.append(BreakReason(name, int(minutes or 0)))
    return SetBreaks(reasons)


def _revoke(words: argparse.Namespace) -> Any:
    from .desk.sessions import EndSession, EndSessions

    return EndSessions(words.user) if words.user else EndSession(words.id)


def listed(shape: str) -> Any:
    """A question without words."""

    def wish(words: argparse.Namespace) -> Any:
        from . import operator

        return getattr(operator, shape)()

    return wish


def _user_line(row: dict[str, Any]) -> list[str]:
    grants = [
        grant["role"] + (f" in {grant['department']}" if grant["department"] else "")
        for grant in row["grants"]
    ]
    return [
        row["name"],
        row["display"],
        ", ".join(grants) or "no rights",
        "disabled" if row["disabled"] else "",
    ]


def _template_line(row: dict[str, Any]) -> list[str]:
    where = row["department"] or "all"
    return [where, row["kind"], row["language"] or "every language", row["subject"]]


def _audit_line(row: dict[str, Any]) -> list[str]:
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row["at"] / 1_000))
    return [f"{at} UTC", row["actor"], row["deed"], row["object"], row["detail"]]


def _session_line(row: dict[str, Any]) -> list[str]:
    used = time.strftime("%Y-%m-%d %H:%M", time.gmtime(row["used_at"] / 1_000))
    return [str(row["id"]), row["user"], f"last used {used} UTC", row["label"]]
