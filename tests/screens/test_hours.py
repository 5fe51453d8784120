"""The opening hours on the screen: strips in both zones at every width, other weeks and kinds, and refusals."""

import asyncio
from datetime import date
from typing import Any

import msgspec
import pytest

from agentconsole import strips
from agentconsole.backend.domain.hours import Kind, Opening, parse_day, parse_week, words
from agentconsole.backend.domain.strip import strip
from agentconsole.client import Problem
from agentconsole.protocol import HoursKind, HoursWeek
from agentconsole.text import width
from tests.screens.fed import START, Desk, desk
from tests.waiting import async_until

OSLO = Opening(
    "Europe/Oslo",
    parse_week("Mon-Fri 08:00-12:00 13:00-16:00, Fri 22:00-02:00"),
    parse_week("always"),
    days=(parse_day("2026-10-26=Stocktaking"),),
)


def week(name: str, kind: HoursKind, first: str, zone: str, opening: Opening = OSLO) -> HoursWeek:
    """What a server answers."""
    day = date.fromisoformat(first)
    return HoursWeek(
        department=1,
        name=name,
        kind=kind,
        zone=opening.zone,
        words=words(opening, Kind(kind)),
        open=True,
        change_at=START + 3_600_000,
        days=strip(opening, Kind(kind), day, opening.zone),
        reader_zone=zone or opening.zone,
        reader_days=strip(opening, Kind(kind), day, zone or opening.zone),
    )


HALVES = "." * 25 + "+#######+.+#####+" + "." * 6


class Server:
    """Answers questions about hours; ``asked`` holds their parameters."""

    def __init__(self, d: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[dict[str, str]] = []
        self.names = ["Support"]
        self.problem = ""
        self.gate = asyncio.Event()
        self.gate.set()
        monkeypatch.setattr(d.app.client, "ask", self.ask)
        monkeypatch.setattr(strips, "zone_here", lambda: "Asia/Kathmandu")

    async def ask(self, method: str, path: str, *, params: dict[str, str], **more: Any) -> bytes:
        assert (method, path) == ("GET", "/api/hours")
        self.asked.append(params)
        await self.gate.wait()
        if self.problem:
            raise Problem("unreachable", self.problem)
        kind = HoursKind(params["kind"])
        return msgspec.json.encode([week(name, kind, "2026-10-23", params["zone"]) for name in self.names])


@pytest.mark.parametrize(
    "size, night, half",
    [
        ((80, 24), "##......................", "............+###++##+..."),
        (
            (120, 40),
            "####" + "." * 44,
            HALVES,
        ),
        (
            (100, 30),
            "####" + "." * 44,
            HALVES,
        ),
    ],
)
async def test_a_week_stands_in_both_zones_one_day_a_row(
    size: tuple[int, int], night: str, half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(size) as d:
        server = Server(d, monkeypatch)
        await d.press("Y")
        await async_until(lambda: d.sees("● open until"), what="the week")
        assert server.asked == [{"kind": "chat", "zone": "Asia/Kathmandu", "from": "2026-09-21"}]
        assert d.sees("Opening hours for chats, 21 Sep to 27 Sep 2026")
        assert d.sees(f"Sat 24 Oct {night} 00:00-02:00")
        assert d.sees(f"Sun 25 Oct {'.' * len(night)} closed; clock -1 h")
        assert d.sees(f"Mon 26 Oct {'.' * len(night)} closed; Stocktaking")
        await d.press("pagedown")
        assert d.sees("here: Asia/Kathmandu")
        assert d.sees(f"Tue 27 Oct {half} 12:45-16:45, 17:45-20:45")
        assert d.sees("; department's clock -1 h")
        await d.press("escape")
        assert not d.sees("Opening hours")


async def test_at_forty_columns_a_sign_is_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk((40, 12)) as d:
        Server(d, monkeypatch)
        await d.press("Y")
        await async_until(lambda: d.sees("● open until"), what="the week")
        for _ in range(30):
            await d.press("down")
            if d.sees("Tue 27 Oct ........####.###........"):
                break
        assert d.sees("Tue 27 Oct ........####.###........")
        assert all(width(row) <= 40 for row in d.screen)


async def test_other_weeks_and_other_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk((100, 30)) as d:
        server = Server(d, monkeypatch)
        await d.press("Y", "right", "right", "left", "tab")
        await async_until(lambda: d.sees("always (Europe/Oslo)"), what="the hours for e-mail")
        assert d.sees("Opening hours for answers by e-mail, 28 Sep to 04 Oct 2026")
        assert [(asked["kind"], asked["from"]) for asked in server.asked][-2:] == [
            ("chat", "2026-09-28"),
            ("email", "2026-09-28"),
        ]


async def test_a_late_answer_to_an_earlier_question_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk((100, 30)) as d:
        server = Server(d, monkeypatch)
        server.gate.clear()
        await d.press("Y")
        await async_until(lambda: len(server.asked) == 1, what="the first question")
        assert d.sees("Reading")
        late, server.gate = server.gate, asyncio.Event()
        server.gate.set()
        await d.press("tab")
        await async_until(lambda: d.sees("always (Europe/Oslo)"), what="the answer to the second question")
        late.set()
        await d.drawn()
        assert d.sees("always (Europe/Oslo)")
        assert not d.sees("Mon-Thu")


async def test_a_refusal_is_said_in_place_and_the_dialog_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk((100, 30)) as d:
        server = Server(d, monkeypatch)
        server.problem = "The server cannot be reached."
        await d.press("Y")
        await async_until(lambda: d.sees("The server cannot be reached."), what="the refusal")
        server.problem = ""
        await d.press("right")
        await async_until(lambda: d.sees("● open until"), what="the week")


async def test_a_name_from_outside_is_no_markup_and_drives_no_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with desk((100, 30)) as d:
        server = Server(d, monkeypatch)
        server.names = ["[bold]Sup\x1b[31mport[/]\u202e"]
        await d.press("Y")
        await async_until(lambda: d.sees("● open until"), what="the week")
        assert d.sees("[bold]Sup")
        assert not any("\x1b" in row or "\u202e" in row for row in d.screen)


async def test_who_has_no_department_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk((100, 30)) as d:
        server = Server(d, monkeypatch)
        server.names = []
        await d.press("Y")
        await async_until(lambda: d.sees("You have no role in any department"), what="the sentence")
