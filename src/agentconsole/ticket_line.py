"""`agentconsole ticket ...`: tickets from the shell and from scripts, with the rights of who is logged in."""

from __future__ import annotations

import argparse
import mimetypes
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from agentconsole import dates, errands, ticket_print
from agentconsole.client import Http, Problem, new_cid, now_ms
from agentconsole.errands import Told
from agentconsole.protocol import (
    MAX_FILE,
    MAX_FILES,
    Code,
    DepartmentCard,
    SeatCard,
    TicketDone,
    TicketPriority,
    TicketQuery,
    TicketStatus,
)
from agentconsole.questions import parsed
from agentconsole.ticket_reads import TicketReads

Plan = Callable[[argparse.Namespace], errands.Work]
Words = Callable[[argparse.ArgumentParser], None]


def main(words: Sequence[str]) -> int:
    """Run the command; the answer is the exit code."""
    word = errands.first_word("ticket", words, DEEDS)
    if isinstance(word, int):
        return word
    description, add, plan = DEEDS[word]
    known = errands.parser(f"ticket {word}", description)
    add(known)
    return errands.run(known, words[1:], plan)


# --- reading -------------------------------------------------------------------------------------------------------


def _list_words(known: argparse.ArgumentParser) -> None:
    known.add_argument(
        "--status", default="active", help="such as new,open; active = all to be done; '' = all (%(default)s)"
    )
    known.add_argument("--department", default="", metavar="NAME", help="a department's short name or number")
    known.add_argument("--assignee", default="", metavar="NAME", help="a login name, me, or nobody")
    known.add_argument("--priority", default="", help="such as high,urgent")
    known.add_argument("--source", default="", help="such as e-mail, widget, chat, api")
    known.add_argument("--tag", default="")
    known.add_argument("--email", default="", help="the customer's address")
    known.add_argument("--text", default="", help="words in number, subject, name, address, tags, first line")
    known.add_argument("--overdue", action="store_true", help="only those not answered or solved in time")
    known.add_argument("--order", choices=("pressing", "newest", "oldest"), default="pressing")
    known.add_argument("--offset", type=int, default=0)
    known.add_argument("--limit", type=int, default=50)


def _list(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        named = (
            "status",
            "priority",
            "source",
            "tag",
            "email",
            "text",
            "overdue",
            "order",
            "offset",
            "limit",
        )
        query = TicketQuery(
            **{name: getattr(given, name) for name in named},
            department=str(await _department(http, given.department)) if given.department else "",
            assignee=await _assignee(http, given.assignee),
        )
        page = await TicketReads(lambda: http).page(query)
        text = ticket_print.table(page, now_ms(), ticket_print.columns())
        return Told(text, {"done": True, **msgspec.to_builtins(page)})

    return work


def _number(known: argparse.ArgumentParser) -> None:
    known.add_argument("ticket", type=int, help="the ticket's number")


def _show_words(known: argparse.ArgumentParser) -> None:
    _number(known)
    known.add_argument("--after", type=int, default=0, metavar="SEQ", help="only what happened after that")


def _show(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        detail = await TicketReads(lambda: http).one(given.ticket, given.after)
        return Told(ticket_print.thread(detail, now_ms()), {"done": True, **msgspec.to_builtins(detail)})

    return work


def _file_words(known: argparse.ArgumentParser) -> None:
    known.add_argument("file", type=int, help="the file's number, as the ticket shows it")
    known.add_argument("path", type=Path, help="where to save it; what is there already is never replaced")


def _file(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        data = await TicketReads(lambda: http).file(given.file)
        try:
            with given.path.open("xb") as into:
                into.write(data)
        except OSError as error:
            raise Problem("file", f"{given.path} cannot be written: {error.strerror}.") from error
        text = f"Saved {len(data):,} bytes as {given.path}."
        return Told(text, {"done": True, "path": str(given.path), "size": len(data), "text": text})

    return work


# --- doing ---------------------------------------------------------------------------------------------------------


def _with_id(known: argparse.ArgumentParser) -> None:
    known.add_argument(
        "--id",
        default="",
        metavar="CID",
        help="your own id for this, 8 to 40 letters, digits, - or _: again with the same id is harmless",
    )


def _text_words(known: argparse.ArgumentParser) -> None:
    _number(known)
    known.add_argument("text", help="- reads it from standard input")
    known.add_argument("--file", action="append", default=[], type=Path, metavar="PATH", help="attach a file")
    _with_id(known)


def _reply_words(known: argparse.ArgumentParser) -> None:
    _text_words(known)
    known.add_argument(
        "--status",
        choices=[*TicketStatus],
        metavar="STATUS",
        help=f"what the ticket becomes: {', '.join(TicketStatus)} (waiting; with --hold, hold)",
    )
    known.add_argument("--hold", metavar="DATE", help=f"on hold until then: {dates.EXAMPLES}")
    known.add_argument(
        "--seen", type=int, metavar="SEQ", help="refuse if the customer or a colleague wrote after that"
    )
    known.add_argument("--to", default="", metavar="EMAIL", help="refuse if the customer has another address")


def _reply(given: argparse.Namespace) -> errands.Work:
    text = _text(given.text)

    async def work(http: Http) -> Told:
        body = {
            "text": text,
            "seen": given.seen or 0,
            "insist": given.seen is None,
            "email": given.to,
            "status": given.status or ("waiting" if given.hold is None else "hold"),
            "hold_until": 0 if given.hold is None else _date(given.hold),
            "files": await _uploaded(http, given),
        }
        return await _done(http, given, "POST", f"/{given.ticket}/replies", body, "Ticket {} is answered.")

    return work


def _note(given: argparse.Namespace) -> errands.Work:
    text = _text(given.text)

    async def work(http: Http) -> Told:
        body = {"text": text, "files": await _uploaded(http, given)}
        return await _done(http, given, "POST", f"/{given.ticket}/notes", body, "Ticket {} has the note.")

    return work


def _set_words(known: argparse.ArgumentParser) -> None:
    _number(known)
    known.add_argument("--status", choices=[*TicketStatus])
    known.add_argument("--until", metavar="DATE", help=f"on hold until then: {dates.EXAMPLES}")
    known.add_argument("--assignee", metavar="NAME", help="a login name, me, or nobody")
    known.add_argument("--department", metavar="NAME", help="a department's short name or number")
    known.add_argument("--priority", choices=[*TicketPriority])
    known.add_argument("--tags", help="such as billing,vip; '' = none")
    known.add_argument("--subject")
    known.add_argument("--version", type=int, default=0, help="refuse if somebody changed it since")
    _with_id(known)


def _set(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        body = {
            name: getattr(given, name)
            for name in ("status", "priority", "subject")
            if getattr(given, name) is not None
        }
        if given.version:
            body["version"] = given.version
        if given.until is not None:
            body |= {"hold_until": _date(given.until), "status": given.status or "hold"}
        if given.assignee is not None:
            body["assignee"] = await _user(http, await _assignee(http, given.assignee))
        if given.department is not None:
            body["department"] = await _department(http, given.department)
        if given.tags is not None:
            body["tags"] = [tag.strip() for tag in given.tags.split(",") if tag.strip()]
        return await _done(http, given, "PATCH", f"/{given.ticket}", body, "Ticket {} is changed.")

    return work


def _take_words(known: argparse.ArgumentParser) -> None:
    _number(known)
    _with_id(known)


def _take(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        return await _done(http, given, "POST", f"/{given.ticket}/take", {}, "Ticket {} is yours.")

    return work


def _next(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        return await _done(http, given, "POST", "/next", {}, "Ticket {} is yours.")

    return work


def _new_words(known: argparse.ArgumentParser) -> None:
    known.add_argument("department", help="a department's short name or number")
    known.add_argument("text", help="what the customer wrote or said; - reads it from standard input")
    known.add_argument("--subject", default="", help="without it, the first words of the text")
    known.add_argument("--email", default="", help="the customer's address")
    known.add_argument("--name", default="", help="the customer's name")
    known.add_argument("--source", default="api", help="such as phone or facebook (%(default)s)")
    known.add_argument("--priority", choices=[*TicketPriority], default="normal")
    known.add_argument("--tags", default="", help="such as billing,vip")
    _with_id(known)


def _new(given: argparse.Namespace) -> errands.Work:
    text = _text(given.text)

    async def work(http: Http) -> Told:
        body = {name: getattr(given, name) for name in ("subject", "email", "name", "source", "priority")}
        body |= {"text": text, "department": await _department(http, given.department)}
        body["tags"] = [tag.strip() for tag in given.tags.split(",") if tag.strip()]
        return await _done(http, given, "POST", "", body, "It is ticket {}.")

    return work


def _merge_words(known: argparse.ArgumentParser) -> None:
    _number(known)
    known.add_argument("into", type=int, help="the ticket that gets its messages")
    _with_id(known)


def _merge(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        body = {"into": given.into}
        return await _done(http, given, "POST", f"/{given.ticket}/merge", body, "All is in ticket {} now.")

    return work


def _split_words(known: argparse.ArgumentParser) -> None:
    _number(known)
    known.add_argument("seq", type=int, help="the message's number, as the ticket shows it")
    known.add_argument("--subject", default="", help="without it, the first words of the message")
    _with_id(known)


def _split(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        body = {"seq": given.seq, "subject": given.subject}
        return await _done(http, given, "POST", f"/{given.ticket}/split", body, "It is ticket {} now.")

    return work


# --- what they share -----------------------------------------------------------------------------------------------


async def _done(
    http: Http, given: argparse.Namespace, method: str, path: str, body: dict[str, Any], sentence: str
) -> Told:
    """Give the order; the sentence names the ticket that came of it."""
    cid = given.id or new_cid()
    try:
        content = msgspec.json.encode({"cid": cid, **body})
    except UnicodeEncodeError as error:
        raise Problem(Code.invalid, "This text is not UTF-8.") from error
    done = parsed(await http.ask(method, f"/api/tickets{path}", content=content), TicketDone)
    text = sentence.format(done.ticket)
    return Told(text, {"done": True, "ticket": done.ticket, "seq": done.seq, "cid": cid, "text": text})


def _text(written: str) -> str:
    """The text itself, or that of standard input."""
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape") if written == "-" else written


def _date(written: str) -> int:
    try:
        return dates.to_come(written, now_ms())
    except dates.BadDate as error:
        raise Problem(Code.invalid, str(error)) from error


async def _department(http: Http, name: str) -> int:
    """The id of a department. Raises Problem."""
    for card in await errands.ask(http, "/api/departments", list[DepartmentCard]):
        if name in (card.slug, str(card.id)):
            return int(card.id)
    raise Problem(Code.unknown, f"There is no department {name}.")


async def _assignee(http: Http, name: str) -> str:
    """As a list asks for it: a user's id, me, nobody or ''. Raises Problem."""
    if name in ("", "me", "nobody") or name.isdecimal():
        return name
    for seat in await errands.ask(http, "/api/team", list[SeatCard]):
        if seat.name == name:
            return str(seat.user)
    raise Problem(Code.unknown, f"There is no colleague with the name {name}.")


class _Me(msgspec.Struct):
    user: int


async def _user(http: Http, found: str) -> int:
    """A user's id; 0 = nobody."""
    if found in ("", "nobody"):
        return 0
    return (await errands.ask(http, "/api/me", _Me)).user if found == "me" else int(found)


async def _uploaded(http: Http, given: argparse.Namespace) -> list[int]:
    """The ids of the files to be attached. Raises Problem."""
    if given.file and given.id:
        raise Problem("usage", "A message with files cannot be sent again under the same id; leave --id out.")
    if len(given.file) > MAX_FILES:
        raise Problem(Code.invalid, f"A message may have up to {MAX_FILES} files.")
    contents = [(path, _content(path)) for path in given.file]  # all are there before one is sent
    reads = TicketReads(lambda: http)
    return [
        (
            await reads.upload(
                path.name, data, mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            )
        ).id
        for path, data in contents
    ]


def _content(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Problem("file", f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_FILE:
        raise Problem(Code.too_long, f"{path} is too big; a file may have up to {MAX_FILE:,} bytes.")
    return data


DEEDS: dict[str, tuple[str, Words, Plan]] = {
    "list": ("List tickets, the most pressing first, with their countdowns.", _list_words, _list),
    "show": ("Show a ticket and what happened in it, oldest first.", _show_words, _show),
    "reply": ("Answer the customer.", _reply_words, _reply),
    "note": ("Write a private note, which no customer ever sees.", _text_words, _note),
    "set": ("Change what a ticket says of itself; what is left out stays.", _set_words, _set),
    "take": ("Become the assignee of a ticket that is nobody's.", _take_words, _take),
    "next": ("Take the unassigned ticket nearest to its breach.", _with_id, _next),
    "new": ("Write a ticket down for a customer.", _new_words, _new),
    "merge": ("Put a ticket's messages into another one of the same customer.", _merge_words, _merge),
    "split": ("Make a message of the customer a ticket of its own.", _split_words, _split),
    "file": ("Save a file of a ticket.", _file_words, _file),
}
