"""The command `agentconsole mail`: what works of the mailboxes, and what became of a ticket's mails."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from agentconsole.text import clean

from .cli import OK, REFUSED, USAGE, answered, complain, print_rows
from .mail import settings
from .options import Options, Unusable, read

CODES = """\
exit codes: 0 everything works, or it was answered; 1 something does not work, or is refused; 2 wrong usage, or a
mail.toml that cannot be; 3 neither the server nor its database could be reached."""


def main(arguments: Sequence[str]) -> int:
    """Run one of check, trace, settle, quarantine, ignored, discard and example; the exit code."""
    words = _parser().parse_args(arguments)
    given = {
        name: getattr(words, name)
        for name in ("data", "database", "mail")
        if getattr(words, name, None) is not None
    }
    try:
        return int(words.run(read(given, os.environ), words))
    except Unusable as problem:
        return complain(problem, USAGE)


def _parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(
        prog="agentconsole mail",
        description="Mailboxes and mails, on the server's machine (docs/mail.md).",
        epilog=CODES,
        allow_abbrev=False,
    )
    verbs = words.add_subparsers(metavar="VERB", required=True)
    check = _verb(verbs, "check", _check, "Try every mailbox; nothing is sent.")
    check.add_argument(
        "--mail", metavar="FILE", help="file of the mailboxes, if not mail.toml in the data folder"
    )
    check.add_argument("only", nargs="*", metavar="MAILBOX", help="only these")
    trace = _verb(verbs, "trace", _trace, "What became of the mails of a ticket, oldest first.")
    trace.add_argument("ticket", type=int, metavar="TICKET")
    settle = _verb(verbs, "settle", _settle, "Decide about a mail whose fate is not known, or that failed.")
    settle.add_argument("mail_id", type=int, metavar="MAIL", help="its number, as trace shows it")
    settle.add_argument(
        "deed", choices=("resend", "accepted", "withdraw"), help="send it again; it arrived; never send it"
    )
    held = _verb(verbs, "quarantine", _held, "Mails that came and wait for somebody to decide, newest first.")
    held.set_defaults(ignored=False)
    held = _verb(verbs, "ignored", _held, "Mails that came and were needed by nobody, newest first, and why.")
    held.set_defaults(ignored=True)
    discard = _verb(
        verbs, "discard", _discard, "Throw away a mail in quarantine, or an ignored one, for good."
    )
    discard.add_argument(
        "mail_id", type=int, metavar="MAIL", help="its number, as quarantine and ignored show it"
    )
    _verb(verbs, "example", _example, "Print a mail.toml to begin with.")
    return words


def _verb(verbs: Any, name: str, run: Any, meaning: str) -> argparse.ArgumentParser:
    words: argparse.ArgumentParser = verbs.add_parser(
        name, help=meaning, description=meaning, allow_abbrev=False
    )
    words.add_argument("--data", metavar="DIR", help="the server's data folder")
    words.add_argument("--database", metavar="URL", help="the server's PostgreSQL database")
    words.add_argument("--json", action="store_true", help="answer in JSON")
    words.set_defaults(run=run)
    return words


def _example(options: Options, words: argparse.Namespace) -> int:
    print(settings.example(), end="")
    return OK


# --- check


def _check(options: Options, words: argparse.Namespace) -> int:
    found = settings.of(options)
    where = settings.path_of(options)
    if not found:
        return complain(f"There are no mailboxes: {where} is not there or empty (docs/mail.md).", REFUSED)
    unknown = [name for name in words.only if name not in found]
    if unknown:
        return complain(f"{where} has no mailbox {unknown[0]}; it has {', '.join(found)}.", USAGE)
    chosen = [box for name, box in found.items() if not words.only or name in words.only]
    works = asyncio.run(_checked(chosen, words.json))
    lost = [] if words.only else _without(options, found)
    for slug, name in lost:
        complain(f"The department {slug} wants the mailbox {name}, which is not in {where}.", REFUSED)
    return OK if works and not lost else REFUSED


async def _checked(chosen: Sequence[settings.Mailbox], as_json: bool) -> bool:
    from .mail.check import checked

    works = True
    for box in chosen:
        async for finding in checked(box):
            works = works and finding.ok
            if as_json:
                print(json.dumps(msgspec.structs.asdict(finding)), flush=True)
            else:
                mark = "ok  " if finding.ok else "FAIL"
                place = f"{finding.mailbox} {finding.half} {finding.step}"
                print(clean(f"{mark} {place}: {finding.text}"), flush=True)
    return works


def _without(options: Options, found: settings.Mailboxes) -> list[tuple[str, str]]:
    """Departments whose mailbox is nowhere, if a server runs that can be asked."""
    from .operator import ListDepartments, ask

    try:
        answer = ask(options.data, ListDepartments())
    except OSError:
        answer = None
    rows = (answer.rows if answer else None) or []
    named = [(row["slug"], row["mailbox"]) for row in rows if row["mailbox"] and not row["archived"]]
    return [(slug, name) for slug, name in named if name not in found]


# --- trace, settle


def _trace(options: Options, words: argparse.Namespace) -> int:
    from .operator import TraceTicket

    answer = answered(options, TraceTicket(words.ticket))
    return _listed(words, answer, f"Ticket {words.ticket} has no mails.", _row)


def _listed(
    words: argparse.Namespace, answer: Any, nothing: str, line: Callable[[dict[str, Any]], list[str]]
) -> int:
    if isinstance(answer, int):
        return answer
    rows: list[dict[str, Any]] = answer.rows or []
    if words.json:
        print(json.dumps(rows))
    elif not rows:
        print(nothing)
    else:
        print_rows([line(row) for row in rows])
    return OK


def _row(row: dict[str, Any]) -> list[str]:
    number = f"mail {row['mail']}" if row["mail"] else "from"
    return [_at(row), number, row["who"], row["state"], row["text"]]


def _held(options: Options, words: argparse.Namespace) -> int:
    from .operator import ListHeld

    nothing = "No mail was ignored." if words.ignored else "No mail lies in quarantine."
    return _listed(words, answered(options, ListHeld(words.ignored)), nothing, _held_row)


def _held_row(row: dict[str, Any]) -> list[str]:
    done = f"released by {row['released_by']}, ticket {row['ticket']}" if row["released_at"] else ""
    done = f"discarded by {row['discarded_by']}" if row["discarded_at"] else done
    subject = row["subject"] or "no subject"
    cells = [
        f"mail {row['id']}",
        _at(row),
        row["mailbox"],
        row["sender"] or "no sender",
        subject,
        row["reason"],
    ]
    return [*cells, done] if done else cells


def _at(row: dict[str, Any]) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(row["at"] / 1_000))


def _settle(options: Options, words: argparse.Namespace) -> int:
    from .desk.mailing import MailDeed, SettleMail

    return _done(words, answered(options, SettleMail(words.mail_id, MailDeed(words.deed))))


def _discard(options: Options, words: argparse.Namespace) -> int:
    from .desk.receiving import DiscardMail

    return _done(words, answered(options, DiscardMail(words.mail_id)))


def _done(words: argparse.Namespace, answer: Any) -> int:
    if isinstance(answer, int):
        return answer
    done = answer.done
    print(json.dumps({"changed": done.changed, "text": done.text}) if words.json else clean(done.text))
    return OK
