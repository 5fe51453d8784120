"""`agentconsole hours`: a department's week as strips in two zones, and expectations that are tested."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agentconsole import errands, strips
from agentconsole.client import Http, Problem
from agentconsole.errands import Told
from agentconsole.protocol import Code, DepartmentCard, HoursKind, HoursResult, HoursWeek, HoursWish
from agentconsole.questions import parsed

DESCRIPTION = """\
Show a week of a department's opening hours as strips, by its own clock and by
yours; days on which a clock changes are marked. `agentconsole hours test FILE`
compares a file of expectations with the hours as they are kept."""
TEST_DESCRIPTION = """\
Compare expectations with the opening hours as they are kept: one a line, as
  support: Sun 02:30 Europe/Oslo -> closed
  support email: 2026-12-24 12:00 -> closed    # without a zone: its own clock
A weekday is the next such day. The exit code is 1 if something differs."""
LONGEST = 100_000


def main(words: Sequence[str]) -> int:
    """Run the command; the answer is the exit code."""
    if words and words[0] == "test":
        known = errands.parser("hours test", TEST_DESCRIPTION)
        known.add_argument("file", help="the file of expectations; - is standard input")
        return errands.run(known, words[1:], _test)
    known = errands.parser("hours", DESCRIPTION)
    known.add_argument("department", help="its short name, as in its addresses, or its number")
    known.add_argument(
        "--kind", choices=[kind.value for kind in HoursKind], default="chat", help="open for what"
    )
    known.add_argument(
        "--zone", default="", help="show it in this time zone too, as Asia/Tokyo (usually yours)"
    )
    known.add_argument(
        "--from", dest="first", default="", metavar="DATE", help="from this date (usually today)"
    )
    return errands.run(known, words, _show)


def _show(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        cards = await errands.ask(http, "/api/departments", list[DepartmentCard])
        key = next((card.id for card in cards if given.department in (card.slug, str(card.id))), None)
        if key is None:
            raise Problem(Code.unknown, f"There is no department {given.department}.")
        asked = {"kind": given.kind, "zone": given.zone or strips.zone_here(), "from": given.first}
        answer = await http.ask("GET", f"/api/departments/{key}/hours", params=asked)
        week = parsed(answer, HoursWeek)
        return Told(told(week), {"done": True, "hours": msgspec.to_builtins(week)})

    return work


def _test(given: argparse.Namespace) -> errands.Work:
    async def work(http: Http) -> Told:
        wish = HoursWish(_written(given.file))
        answer = await http.ask("POST", "/api/hours/test", content=msgspec.json.encode(wish))
        result = parsed(answer, HoursResult)
        data = {"done": not result.misses, **msgspec.to_builtins(result)}
        if result.misses:
            return Told(missed(given.file, result), data, errands.REFUSED)
        return Told(f"All {result.read} expectations are met.", data)

    return work


def _written(name: str) -> str:
    """What stands in this file. Raises Problem."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise Problem(Code.invalid, f"{name} cannot be read: {error}.") from error
    if len(text) > LONGEST:
        raise Problem(Code.too_long, f"A file of expectations may have up to {LONGEST:,} characters.")
    return text


def told(week: HoursWeek) -> str:
    """A week in lines: what is kept, how it is now, and the strips."""
    lines = [
        f"{week.name}, {week.kind}: {week.words}",
        _now(week),
        "",
        *strips.strip(week.zone, week.days),
    ]
    if week.reader_zone != week.zone:
        lines += ["", *strips.strip(week.reader_zone, week.reader_days)]
    return "\n".join([*lines, "", strips.legend(strips.HALF_HOUR)])


def _now(week: HoursWeek) -> str:
    """Open or closed, and until when by this machine's clock."""
    now = "open" if week.open else "closed"
    if not week.change_at:
        return f"now {now}"
    at = datetime.fromtimestamp(week.change_at / 1_000, UTC).astimezone()
    return f"now {now}, until {at.strftime('%a %Y-%m-%d %H:%M')} by this machine's clock"


def missed(name: str, result: HoursResult) -> str:
    """What differs, a line each."""
    head = f"{len(result.misses)} of {result.read} expectations are not met."
    return "\n".join(
        [head, *(f"{name}:{miss.line}: {miss.text}   is: {miss.found}" for miss in result.misses)]
    )
