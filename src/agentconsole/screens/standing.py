"""The bottom row: who I am, my status, the link, the tickets, and what waits for me, as much of it as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from agentconsole import narrate, team, text
from agentconsole.link import LinkState
from agentconsole.protocol import Status, TicketCount
from agentconsole.store import Store
from agentconsole.tickets import totals
from agentconsole.views import Counts
from agentconsole.widgets.paint import Cell

NARROW = 60
MARGIN = 5  # cells left and right of the tickets together, so that no number runs into another


class Form(NamedTuple):
    """How much is said: cells for my name, whether in whole words, with zeros, with reasons for my status, and of a
    link on which all is well."""

    name: int
    words: bool = False
    zeros: bool = True
    reasons: bool = True
    link: bool = True


# The first that fits is shown: my status and what waits for me go before the whole of my name.
FORMS = (
    *(Form(80, words=True), Form(80), Form(80, zeros=False)),
    *(Form(24), Form(24, zeros=False, reasons=False), Form(12, zeros=False, reasons=False)),
)
WITH_TICKETS = 3  # so many of them are tried first for one that leaves room for the tickets too
NARROW_FORMS = (
    *(Form(40, link=False), Form(14, link=False)),
    *(Form(cells, zeros=False, reasons=False, link=False) for cells in (14, 6, 0)),
)


def row(store: Store, now: int, width: int) -> tuple[list[Cell], list[Cell]]:
    """Both ends of the row; ``now`` is this machine's clock, ``width`` in cells."""
    left: list[Cell] = []
    right: list[Cell] = []
    tickets: list[Cell] = []
    narrow = width < NARROW
    first = FORMS[:WITH_TICKETS] if store.tickets.counts and not narrow else ()
    for number, form in enumerate((*first, *(NARROW_FORMS if narrow else FORMS))):
        left, right = _me(store, now, form, narrow), _counted(store.counts(), form, narrow)
        room = width - _width(left, right)
        tickets = _tickets(store, room - MARGIN)
        if room > 0 and (tickets or number >= len(first)):
            break
    return [*left, *tickets], right


def _me(store: Store, now: int, form: Form, narrow: bool) -> list[Cell]:
    """My sign, name and status, and the link."""
    me, link = store.me, store.link
    cells: list[Cell] = []
    if me:
        sign, ink = team.SIGNS[me.status]
        name = text.cut(text.clean(me.display), form.name)
        cells = [(f" {sign} ", ink), *([(f"{name} ", "strong")] if name else [])]
        if not narrow or me.status is not Status.online:
            cells.append((f"{_status(store, now, brief=not form.reasons)} ", ink))
    fine = link.state is LinkState.connected and not link.silent_s(now)
    if not fine:
        cells.append((f" ! {link.words(now)}", "bad"))
    elif form.link:
        words = link.words(now)
        cells.append((f" ⇄ {words if form.words else words.removeprefix('link ')}", "dim"))
    return cells


def _status(store: Store, now: int, brief: bool) -> str:
    """``brief`` leaves out the reason, and who set it."""
    if store.seat:
        return team.status_line(store.seat, store.server_now(now), brief)
    me = store.me
    assert me is not None
    return narrate.STATUSES[me.status] + (f": {me.reason}" if me.reason and not brief else "")


def _counted(counts: Counts, form: Form, narrow: bool) -> list[Cell]:
    """The numbers, what presses most first; where it is narrow, how many are mine gives way to what is offered."""
    told = [
        (counts.messages, "from staff", "msg", counts.messages > 0),
        (counts.mine, "mine", "mine", not (narrow and counts.offers)),
        (counts.waiting, "waiting", "wait", True),
        (counts.unread, "unread", "new", True),
    ]
    cells: list[Cell] = []
    if counts.offers:
        cells += [(f" ⇒{counts.offers} offered{' to you' if form.words else ''} ", "on"), ("  ", "")]
    for number, words, word, shown in told:
        if shown and (number or form.zeros):
            cells += [
                (f"{number}", "strong" if number else "dim"),
                (f" {words if form.words else word}  ", "dim"),
            ]
    if not cells:
        return []
    last, ink = cells[-1]
    return [*cells[:-1], (last[:-1], ink)]


def _tickets(store: Store, room: int) -> list[Cell]:
    """New, open and solved tickets by department; with less room only what there is, or all together."""
    counts = store.tickets.counts
    named = [(text.clean(store.department_name(count.department)), count) for count in counts]
    for words in _said(named, totals(counts)):
        if counts and words and text.width(words) <= room:
            return [(f"   {words}", "dim")]
    return []


def _said(named: list[tuple[str, TicketCount]], sums: TicketCount) -> Iterator[str]:
    yield "  ".join(f"{name} {_all(count)}" for name, count in named)
    yield "  ".join(f"{name} {_some(count)}" for name, count in named if _some(count))
    yield f"tickets {_all(sums)}"
    for solved in (True, False):
        if some := _some(sums, solved):
            yield f"tickets {some}"
    yield f"tickets {sums.new + sums.open}"


def _all(count: TicketCount) -> str:
    return f"{count.new} new {count.open} open {count.solved} solved"


def _some(count: TicketCount, solved: bool = True) -> str:
    parts = [(count.new, "new"), (count.open, "open"), (count.solved if solved else 0, "solved")]
    return " ".join(f"{number} {word}" for number, word in parts if number)


def _width(*ends: Iterable[Cell]) -> int:
    return sum(text.width(text.clean(words)) for end in ends for words, _ in end)
