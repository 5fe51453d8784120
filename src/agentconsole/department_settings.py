"""The settings of a department: what each is called, what it means in one sentence, how it is shown and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agentconsole import narrate

Value = Any  # as JSON has it: str, int, bool or list[str]


class Kind(StrEnum):
    """How a setting is written."""

    flag = "flag"  # yes or no
    choice = "choice"  # one of a closed set
    department = "department"  # the short name of another department, or ''
    number = "number"
    seconds = "seconds"
    line = "line"  # one line of text
    words = "words"  # several words, with commas
    lines = "lines"  # several texts, one a line, in the editor
    text = "text"  # a text of several lines, in the editor


EDITED = frozenset({Kind.lines, Kind.text})


@dataclass(frozen=True, slots=True)
class Setting:
    """``name`` is the field of the server's answer, ``help`` one sentence, ``choices`` the values of a closed set with
    what each means."""

    name: str
    label: str
    help: str
    kind: Kind
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together, under a heading."""

    title: str
    settings: tuple[Setting, ...]


YES_NO = (("yes", ""), ("no", ""))
ROUTINGS = (
    ("manual", "agents pick from the queue by hand"),
    ("ring", "rings with everybody, the first has it"),
    ("round_robin", "in turn"),
    ("least_busy", "to who has the fewest chats"),
    ("longest_idle", "to who has been idle the longest"),
    ("fill_first", "to who has the most chats and still a free place"),
)
AWAYS = (
    ("refuse", "say so and change nothing"),
    ("wait", "the visitor waits in that person's line, for a limited time"),
    ("email", "the visitor is promised an e-mail from that person"),
)


def _flag(name: str, label: str, help: str) -> Setting:
    return Setting(name, label, help, Kind.flag, YES_NO)


GROUPS = (
    Group(
        "What people see",
        (
            Setting("name", "Name", "What visitors and colleagues call the department.", Kind.line),
            Setting("description", "Description", "A sentence for colleagues.", Kind.line),
            Setting("welcome", "Welcome", "What visitors read first.", Kind.text),
            Setting("topics", "Topics", "What visitors can choose to come here, one a line.", Kind.lines),
            Setting(
                "pages", "Pages", "Patterns of pages that lead here, as /pricing*, one a line.", Kind.lines
            ),
            Setting("guide", "Guide", "When to transfer to here, shown in the transfer dialog.", Kind.text),
            _flag(
                "archived",
                "Archived",
                "Hidden from visitors and lists; its chats are kept, and the command line can show it again.",
            ),
        ),
    ),
    Group(
        "How chats find an agent",
        (
            Setting("routing", "Routing", "How its chats find their agent.", Kind.choice, ROUTINGS),
            Setting("priority", "Priority", "Points that count like waiting, from -10 to 10.", Kind.number),
            Setting("languages", "Languages", "What its chats ask for, as en, de, with commas.", Kind.words),
            Setting("skills", "Skills", "What its chats ask for of an agent, with commas.", Kind.words),
            Setting(
                "skill_wait_s",
                "Skill wait",
                "Seconds after which anybody of the department may have such a chat; 0 = never.",
                Kind.seconds,
            ),
            Setting(
                "agent_limit",
                "Chats per agent",
                "Chats of this department that one agent may have; 0 = the agent's own limit.",
                Kind.number,
            ),
            _flag("strict_limit", "Strict limits", "Limits hold also for what is taken by hand."),
            Setting(
                "idle_s",
                "Idle after",
                "Seconds of silence after which a chat does not count against its agent; 0 = it always counts.",
                Kind.seconds,
            ),
            Setting(
                "reply_s",
                "First reply",
                "Seconds for a first answer, before the chat goes on to somebody else; 0 = no limit.",
                Kind.seconds,
            ),
            Setting("overflow_to", "Overflow to", "The department its queue flows over to.", Kind.department),
            Setting(
                "overflow_s",
                "Overflow after",
                "Seconds after which a waiting chat flows over; 0 = only if nobody is there.",
                Kind.seconds,
            ),
        ),
    ),
    Group(
        "Waiting and ending",
        (
            Setting("queue_limit", "Queue limit", "How many visitors may wait.", Kind.number),
            Setting(
                "waiting_s",
                "Waiting limit",
                "Seconds after which who waits is told that nobody has come.",
                Kind.seconds,
            ),
            Setting(
                "abandon_s", "Lost visitor", "Seconds that a lost visitor keeps the place.", Kind.seconds
            ),
            Setting(
                "wrapup_s",
                "Wrap-up",
                "Seconds after a close in which it can be undone, before the next chat.",
                Kind.seconds,
            ),
            _flag("to_solve", "Must be marked", "A chat must be marked as solved or not when it is closed."),
        ),
    ),
    Group(
        "Working together",
        (
            _flag("team", "Open to the team", "Colleagues of the department may read each other's chats."),
            Setting("guests", "Guests", "Colleagues who may join one chat.", Kind.number),
            _flag("note_required", "Note required", "A transfer to here needs a note."),
            Setting("offer_s", "Offer", "Seconds that a transfer stands open.", Kind.seconds),
            Setting(
                "away", "Person away", "What to do if the wanted person cannot take it.", Kind.choice, AWAYS
            ),
            Setting(
                "wait_for_s",
                "Wait for a person",
                "Seconds that a visitor waits in the line of somebody who is away.",
                Kind.seconds,
            ),
            Setting("alarms", "Alarm words", "Words that put a chat at risk, one a line.", Kind.lines),
        ),
    ),
    Group(
        "Opening hours",
        (
            Setting("opening_zone", "Time zone", "The zone of its clock, as Europe/Oslo.", Kind.line),
            Setting(
                "chat_hours",
                "Hours for chats",
                "As 'Mon-Fri 08:00-16:00, Sat 10:00-14:00', 'always' or 'closed'; nothing = no hours are kept.",
                Kind.line,
            ),
            Setting("email_hours", "Hours for e-mail", "When e-mail is answered, written alike.", Kind.line),
            Setting(
                "phone_hours", "Hours for telephone", "When calls are answered, written alike.", Kind.line
            ),
            Setting(
                "days",
                "Days that differ",
                "One a line: '12-25=Christmas Day' is closed, '2026-12-23 08:00-12:00=Stocktaking' is shorter.",
                Kind.lines,
            ),
            Setting("hours", "Hours in words", "For colleagues; nothing opens or closes by it.", Kind.line),
        ),
    ),
    Group(
        "Tickets and e-mail",
        (
            Setting(
                "levels",
                "Service levels",
                "One a line, as 'normal first=4h next=8h solve=3d'.",
                Kind.lines,
            ),
            Setting("address", "Address", "What its mails come from; administrators set it.", Kind.line),
            Setting(
                "also",
                "Other addresses",
                "Other addresses that lead here, with commas; administrators set them.",
                Kind.words,
            ),
            Setting(
                "mailbox", "Mailbox", "The mailbox of the mail settings; administrators set it.", Kind.line
            ),
            _flag(
                "plus",
                "Plus addresses",
                "The mail server delivers address+tag to the address; administrators set it.",
            ),
            Setting(
                "mail_name",
                "Name in mails",
                "The name beside its address; nothing = that of the department.",
                Kind.line,
            ),
            Setting("mail_language", "Language of mails", "As en, nb or pt-BR.", Kind.line),
            Setting("signature", "Signature", "What stands at the end of its mails.", Kind.text),
            _flag("acknowledge", "Acknowledge", "Who writes is told that it has come."),
            _flag("tell_solved", "Tell when solved", "Customers are told that their ticket is solved."),
            _flag("transcript", "Transcripts", "Chats are mailed to visitors who ask for it."),
            _flag(
                "mail_html",
                "Mails as HTML too",
                "Beside the plain text a simple HTML part, with links to click.",
            ),
            _flag("missed", "Missed chats", "A missed chat with an e-mail address becomes a ticket."),
        ),
    ),
)


def shown(setting: Setting, value: Value) -> str:
    """A value in one line; '' if there is none."""
    match setting.kind:
        case Kind.flag:
            return "yes" if value else "no"
        case Kind.choice:
            return dict(setting.choices).get(str(value), "") or str(value)
        case Kind.seconds:
            return f"{value} s ({narrate.duration(1_000 * value)})" if value >= 120 else f"{value} s"
        case Kind.words | Kind.lines:
            return ", ".join(value)
    return " ".join(str(value).split("\n"))


def written(setting: Setting, value: Value) -> str:
    """A value as a person writes it; `read` makes the same value of it."""
    match setting.kind:
        case Kind.flag:
            return "yes" if value else "no"
        case Kind.words:
            return ", ".join(value)
        case Kind.lines:
            return "\n".join(value)
    return str(value)


def read(setting: Setting, words: str) -> Value:
    """What somebody has written, as the server wants it. Raises ValueError with a sentence."""
    match setting.kind:
        case Kind.flag:
            return words == "yes"
        case Kind.number | Kind.seconds:
            return _number(words.strip())
        case Kind.words:
            return _listed(words.split(","))
        case Kind.lines:
            return _listed(words.split("\n"))
    return words


def _number(words: str) -> int:
    digits = words.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:
        raise ValueError(f"{words or 'Nothing'} does not fit: write a whole number. Nothing was changed.")
    return int(words)


def _listed(parts: Sequence[str]) -> list[str]:
    return [word for part in parts if (word := part.strip())]


def known(settings: Mapping[str, Value]) -> list[tuple[str, list[Setting]]]:
    """The groups, with those settings that the server has told."""
    groups = [(group.title, [each for each in group.settings if each.name in settings]) for group in GROUPS]
    return [(title, found) for title, found in groups if found]
