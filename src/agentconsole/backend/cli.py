"""The commands `agentconsole serve` and `agentconsole admin`."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from agentconsole.text import clean

from .options import Options, Unusable, certified, check, load, read

OK, REFUSED, USAGE, UNREACHABLE = 0, 1, 2, 3

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
        return complain(f"The data folder cannot be made: {error}.", UNREACHABLE)
    from . import logs, server
    from .storage.database import Locked, TooNew, Unreachable

    logs.set_up(options.log_level)
    try:
        server.run(options, lambda url, first: _ready(options, url, first))
    except (Locked, TooNew, Unreachable) as problem:
        return complain(problem, UNREACHABLE)
    except OSError as error:
        return complain(f"The server cannot run: {error}.", UNREACHABLE)
    return OK


def _ready(options: Options, url: str, first: bool) -> None:
    if first:
        print(first_steps(options), file=sys.stderr, flush=True)
    print(f"ready {url}", flush=True)


FIRST_STEPS = """\
There are no users yet, and no password that would let anybody in. Make the first administrator
(who also becomes agent and supervisor) with:

    agentconsole admin{where} user add NAME --password-stdin

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
    from .operator import alone, ask
    from .storage.database import Locked, TooNew, Unreachable

    try:
        answer = ask(options.data, wish)
        if answer is None:
            options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
            answer = alone(options, _clock, wish)
    except (Locked, TooNew, Unreachable) as problem:
        return complain(problem, UNREACHABLE)
    except OSError as error:
        return complain(f"The server cannot be reached: {error}.", UNREACHABLE)
    if answer.code is not None:
        return complain(answer.text, REFUSED)
    _show(answer, words)
    return OK


def _clock() -> int:
    return time.time_ns() // 1_000_000


def _show(answer: Any, words: argparse.Namespace) -> None:
    if answer.done is not None:
        done = {"changed": answer.done.changed, "text": answer.done.text, "about": answer.done.about}
        print(json.dumps(done) if words.json else clean(answer.done.text))
    elif words.json:
        print(json.dumps(answer.rows))
    else:
        for row in answer.rows or []:
            print(clean("  ".join(words.line(row))))


def _parser() -> argparse.ArgumentParser:
    from .cli_webhooks import webhook_words

    words = argparse.ArgumentParser(
        prog="agentconsole admin",
        description="Run the system: users, rights, departments, sessions. Every order may be given twice.",
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _common(words, None)
    nouns = words.add_subparsers(
        metavar="user|department|template|webhook|break|system|session|audit", required=True
    )
    _user_words(nouns.add_parser("user", help="members of staff and their rights"))
    _department_words(nouns.add_parser("department", help="queues and their settings"))
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
    can.add_argument("--limit", type=int, help="chats at once; 0 = as the system has it")
    can.add_argument(
        "--language", action="append", dest="languages", help="a language, as pl; again for more"
    )
    can.add_argument("--skill", action="append", dest="skills", help="a skill; again for more")
    member = add_verb(
        verbs, "member", shaped("team", "SetMemberOf"), "Set how an agent stands in a department.", "NAME"
    )
    member.add_argument("--department", metavar="D", required=True, help="the department")
    member.add_argument("--tier", type=int, help="1 is asked first, 9 last")
    member.add_argument(
        "--limit", type=int, help="chats of this department at once; 0 = the agent's own limit"
    )
    for name, meaning in (("disable", "Lock a user out."), ("enable", "Let a user in again.")):
        add_verb(verbs, name, _disable(name), meaning, "NAME")
    add_verb(verbs, "list", _list("ListUsers"), "All users.").set_defaults(line=_user_line)


def _department_words(words: argparse.ArgumentParser) -> None:
    verbs = words.add_subparsers(metavar="VERB", required=True)
    add = add_verb(verbs, "add", shaped("admin", "AddDepartment"), "Add a department.", "SLUG")
    change = add_verb(verbs, "set", shaped("admin", "SetDepartment"), "Change a department.", "SLUG")
    for verb in (add, change):
        verb.add_argument("--name", help="the name that people see")
        verb.add_argument("--description", help="a sentence for colleagues")
        verb.add_argument("--welcome", help="what visitors read first")
        verb.add_argument("--topic", action="append", dest="topics", help="a topic to choose; again for more")
        verb.add_argument(
            "--wrapup-seconds", type=int, dest="wrapup_s", help="how long a close can be undone"
        )
        verb.add_argument(
            "--abandon-seconds", type=int, dest="abandon_s", help="how long a lost visitor keeps the place"
        )
        verb.add_argument(
            "--waiting-seconds",
            type=int,
            dest="waiting_s",
            help="after which who waits is told that nobody has come",
        )
        verb.add_argument("--queue-limit", type=int, help="how many may wait")
        _routing_words(verb)
        access = verb.add_mutually_exclusive_group()
        access.add_argument(
            "--team", action="store_true", default=None, help="colleagues may read each other's chats"
        )
        access.add_argument("--closed", action="store_false", dest="team", help="they may not (default)")
    change.add_argument(
        "--no-topics", action="store_const", const=[], dest="topics", help="no topics any more"
    )
    change.add_argument(
        "--no-levels", action="store_const", const=[], dest="levels", help="no service levels any more"
    )
    state = change.add_mutually_exclusive_group()
    state.add_argument(
        "--archive", action="store_true", dest="archived", default=None, help="hide it from visitors"
    )
    state.add_argument("--restore", action="store_false", dest="archived", help="show it again")
    add_verb(
        verbs, "add-everybody", shaped("team", "AddEverybody"), "Make all agents agents of it too.", "SLUG"
    )
    add_verb(verbs, "list", _list("ListDepartments"), "All departments.").set_defaults(line=_department_line)


def _routing_words(verb: argparse.ArgumentParser) -> None:
    from agentconsole.protocol import Away, Routing

    verb.add_argument("--routing", choices=[way.value for way in Routing], help="how chats find their agent")
    verb.add_argument("--priority", type=int, help="points that count like waiting, -10 to 10")
    verb.add_argument(
        "--agent-limit", type=int, help="chats of it that one agent may have; 0 = the agent's limit"
    )
    verb.add_argument(
        "--skill", action="append", dest="skills", help="a skill that its chats ask for; again for more"
    )
    verb.add_argument(
        "--language",
        action="append",
        dest="languages",
        help="a language that its chats ask for; again for more",
    )
    verb.add_argument(
        "--page", action="append", dest="pages", help="a pattern of pages that lead here, as /pricing*"
    )
    verb.add_argument(
        "--alarm", action="append", dest="alarms", help="a word that puts a chat at risk; again for more"
    )
    seconds = (
        ("skill-wait", "after which anybody of it may have a chat"),
        ("reply", "for a first answer, before a chat goes on; 0 = no limit"),
        ("offer", "that a transfer stands open"),
        ("wait-for", "that a visitor waits for a person who is away"),
        ("overflow", "after which a waiting chat flows over; 0 = only if nobody is there"),
        ("idle", "of silence after which a chat does not count; 0 = always counts"),
    )
    for name, meaning in seconds:
        dest = f"{name.replace('-', '_')}_s"
        verb.add_argument(f"--{name}-seconds", type=int, dest=dest, help=f"seconds {meaning}")
    verb.add_argument("--overflow-to", metavar="D", help="the department it flows over to; '' = none")
    verb.add_argument("--away", choices=[way.value for way in Away], help="if the wanted person is away")
    verb.add_argument("--guests", type=int, help="colleagues who may join one chat")
    verb.add_argument("--hours", help="when it is open, in words for colleagues")
    _opening_words(verb)
    _mail_words(verb)
    verb.add_argument(
        "--level",
        action="append",
        dest="levels",
        metavar="LEVEL",
        help='a service level, as "normal first=4h next=8h solve=3d"; again for more priorities',
    )
    verb.add_argument("--guide", help="when to transfer here, for colleagues")
    for name, on, off in (
        ("to_solve", "a chat must be marked when it is closed", "it need not"),
        ("note_required", "a transfer to here needs a note", "it needs none"),
        ("strict_limit", "limits hold also for what is taken by hand", "they hold for what is given"),
    ):
        flag = name.replace("_", "-")
        either = verb.add_mutually_exclusive_group()
        either.add_argument(f"--{flag}", action="store_true", default=None, help=on)
        either.add_argument(f"--no-{flag}", action="store_false", dest=name, help=off)


def _opening_words(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--opening-zone", metavar="ZONE", help="the time zone of its clock, as Europe/Oslo")
    for kind, what in (("chat", "chats"), ("email", "answers by e-mail"), ("phone", "the telephone")):
        verb.add_argument(
            f"--{kind}-hours",
            metavar="HOURS",
            help=f"opening hours for {what}, as 'Mon-Fri 08:00-16:00, Sat 10:00-14:00', 'always' or 'closed'; '' = none kept",
        )
    verb.add_argument(
        "--holiday",
        action="append",
        dest="more_days",
        metavar="DATE[=NAME]",
        help="a closed day, as 2026-12-24 or, every year, '12-25=Christmas Day'; again for more",
    )
    verb.add_argument(
        "--exception",
        action="append",
        dest="more_days",
        metavar="DAY",
        help="a day with other hours, as '2026-12-23 08:00-12:00=Stocktaking'; again for more",
    )
    verb.add_argument(
        "--holidays",
        action="extend",
        dest="more_days",
        type=_calendar,
        metavar="FILE.ics",
        help="the whole-day events of a calendar file, as closed days",
    )
    verb.add_argument(
        "--usual-day", action="append", dest="usual_days", metavar="DATE", help="a day that differs no more"
    )
    verb.add_argument(
        "--no-days", action="store_const", const=[], dest="days", help="no day differs any more"
    )


def _calendar(name: str) -> list[str]:
    """The closed days of a calendar file, in writing; what could not be used is said on standard error."""
    from .domain.calendar_file import holidays
    from .domain.timetable import day_text

    try:
        with open(name, "rb") as file:
            found = holidays(file.read(), datetime.now(UTC).date())
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{name}: {error}") from None
    complain(
        f"{name}: {len(found.days)} days; {found.past} events are over, {found.skipped} cannot be used.", OK
    )
    return [day_text(day) for day in found.days]


def _mail_words(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--address", help="the e-mail address that it writes from; '' = it writes none")
    verb.add_argument(
        "--also", action="append", dest="also", help="another address that leads to it; again for more"
    )
    verb.add_argument("--mailbox", help="the mailbox in mail.toml that its mail goes through")
    verb.add_argument("--mail-name", help="the name beside its address; '' = the department's name")
    verb.add_argument("--mail-language", help="the language of its mails, as nb or pt")
    verb.add_argument("--signature", help="what stands at the end of its mails")
    for name, on, off in (
        ("acknowledge", "who writes is told that it has come", "they are not"),
        ("tell_solved", "customers are told that a ticket is solved", "they are not"),
        ("transcript", "a chat that is over is mailed to who was answered", "they are not"),
        ("missed", "a missed chat with an e-mail address becomes a ticket", "it does not"),
        ("mail_html", "its mails say the same as HTML too", "they are plain text alone"),
        ("plus", "its mail server delivers address+tag to the address", "it does not; mails do without"),
    ):
        flag = name.replace("_", "-")
        either = verb.add_mutually_exclusive_group()
        either.add_argument(f"--{flag}", action="store_true", default=None, help=on)
        either.add_argument(f"--no-{flag}", action="store_false", dest=name, help=off)


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
    add_verb(verbs, "list", _list("ListTemplates"), "All templates.").set_defaults(line=_template_line)


def _break_words(words: argparse.ArgumentParser) -> None:
    verbs = words.add_subparsers(metavar="VERB", required=True)
    given = add_verb(verbs, "set", _breaks, "Replace the reasons; without any, every word will do.")
    given.add_argument("reasons", nargs="*", metavar="NAME[=MINUTES]", help="as Lunch=30 Training")


def _system_words(words: argparse.ArgumentParser) -> None:
    verbs = words.add_subparsers(metavar="VERB", required=True)
    given = add_verb(verbs, "set", shaped("team", "SetSystem"), "Set what holds for everybody.")
    given.add_argument("--chat-limit", type=int, required=True, help="chats at once that an agent may have")


def _session_words(words: argparse.ArgumentParser) -> None:
    verbs = words.add_subparsers(metavar="VERB", required=True)
    add_verb(verbs, "list", _list("ListSessions"), "The sessions in force.").set_defaults(line=_session_line)
    revoke = add_verb(verbs, "revoke", _revoke, "End a session, or all of a user.")
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", type=int, help="the session's number")
    which.add_argument("--user", help="all sessions of this user")


def _audit_words(words: argparse.ArgumentParser) -> None:
    verbs = words.add_subparsers(metavar="VERB", required=True)
    given = add_verb(verbs, "list", asked("ListAudit"), "Who did what, and who watched which chat.")
    given.add_argument("--limit", type=int, help="how many lines, the newest; 100 if not said")
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
            raise Refusal(Code.invalid, f"{error}.") from error

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


def _list(shape: str) -> Any:
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


def _department_line(row: dict[str, Any]) -> list[str]:
    return [
        row["slug"],
        row["name"],
        "team" if row["team"] else "closed",
        "archived" if row["archived"] else "",
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
