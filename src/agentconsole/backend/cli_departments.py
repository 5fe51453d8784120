"""The words of `agentconsole admin department`: queues, when they are open, how they write mail."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from .cli import OK, add_verb, complain, listed, shaped


def department_words(words: argparse.ArgumentParser) -> None:
    """Add add, set, add-everybody and list."""
    verbs = words.add_subparsers(metavar="VERB", required=True)
    add = add_verb(verbs, "add", shaped("admin", "AddDepartment"), "Add a department.", "SLUG")
    change = add_verb(verbs, "set", shaped("admin", "SetDepartment"), "Change a department.", "SLUG")
    for verb in (add, change):
        verb.usage = f"{verb.prog} SLUG [--name NAME] ... (see --help)"
        verb.add_argument("--name", help="the name that people see")
        verb.add_argument("--description", help="a sentence for colleagues")
        verb.add_argument("--welcome", help="what visitors read first")
        verb.add_argument(
            "--topic",
            action="append",
            dest="topics",
            metavar="TOPIC",
            help="a topic to choose; again for more",
        )
        verb.add_argument(
            "--wrapup-seconds", type=int, metavar="N", dest="wrapup_s", help="how long a close can be undone"
        )
        verb.add_argument(
            "--abandon-seconds",
            type=int,
            metavar="N",
            dest="abandon_s",
            help="how long a lost visitor keeps the place",
        )
        verb.add_argument(
            "--waiting-seconds",
            type=int,
            metavar="N",
            dest="waiting_s",
            help="after which who waits is told that nobody has come",
        )
        verb.add_argument("--queue-limit", type=int, metavar="N", help="how many may wait")
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
    add_verb(verbs, "list", listed("ListDepartments"), "All departments.").set_defaults(line=_department_line)


def _routing_words(verb: argparse.ArgumentParser) -> None:
    from agentconsole.protocol import Away, Routing

    verb.add_argument("--routing", choices=[way.value for way in Routing], help="how chats find their agent")
    verb.add_argument("--priority", type=int, metavar="N", help="points that count like waiting, -10 to 10")
    verb.add_argument(
        "--agent-limit",
        type=int,
        metavar="N",
        help="chats of it that one agent may have; 0 = the agent's limit",
    )
    verb.add_argument(
        "--skill",
        action="append",
        dest="skills",
        metavar="SKILL",
        help="a skill that its chats ask for; again for more",
    )
    verb.add_argument(
        "--language",
        action="append",
        dest="languages",
        metavar="LANGUAGE",
        help="a language that its chats ask for; again for more",
    )
    verb.add_argument(
        "--page",
        action="append",
        dest="pages",
        metavar="PATTERN",
        help="a pattern of pages that lead here, as /pricing*",
    )
    verb.add_argument(
        "--alarm",
        action="append",
        dest="alarms",
        metavar="WORD",
        help="a word that puts a chat at risk; again for more",
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
        verb.add_argument(f"--{name}-seconds", type=int, metavar="N", dest=dest, help=f"seconds {meaning}")
    verb.add_argument("--overflow-to", metavar="D", help="the department it flows over to; '' = none")
    verb.add_argument("--away", choices=[way.value for way in Away], help="if the wanted person is away")
    verb.add_argument("--guests", type=int, metavar="N", help="colleagues who may join one chat")
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
    _switch(verb, "to_solve", "a chat must be marked when it is closed", "it need not")
    _switch(verb, "note_required", "a transfer to here needs a note", "it needs none")
    _switch(verb, "strict_limit", "limits hold also for what is taken by hand", "they hold for what is given")


def _switch(verb: argparse.ArgumentParser, name: str, on: str, off: str) -> None:
    """--name and --no-name; neither = it stays as it is."""
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
        "--also",
        action="append",
        dest="also",
        metavar="ADDRESS",
        help="another address that leads to it; again for more",
    )
    verb.add_argument("--mailbox", help="the mailbox in mail.toml that its mail goes through")
    verb.add_argument("--mail-name", help="the name beside its address; '' = the department's name")
    verb.add_argument("--mail-language", help="the language of its mails, as nb or pt")
    verb.add_argument("--signature", help="what stands at the end of its mails")
    _switch(verb, "acknowledge", "who writes is told that it has come", "they are not")
    _switch(verb, "tell_solved", "customers are told that a ticket is solved", "they are not")
    _switch(verb, "transcript", "a chat that is over is mailed to who was answered", "they are not")
    _switch(verb, "missed", "a missed chat with an e-mail address becomes a ticket", "it does not")
    _switch(verb, "mail_html", "its mails say the same as HTML too", "they are plain text alone")
    _switch(
        verb,
        "plus",
        "its mail server delivers address+tag to the address",
        "it does not; mails do without",
    )


def _department_line(row: dict[str, Any]) -> list[str]:
    return [
        row["slug"],
        row["name"],
        "team" if row["team"] else "closed",
        "archived" if row["archived"] else "",
    ]
