"""Hostile texts stand on the screen literally, do nothing, and break no neighbour."""

import pytest

from agentconsole.protocol import CannedCard, Preview
from agentconsole.text import UNSAFE
from tests.hostile import HOSTILE
from tests.screens.fed import Desk, desk, left, log, mine, waiting

MARKUP = ["[bold]x[/bold]", "[/", "[/nope]", "[@click=app.quit]x[/]", "$primary [$error]x", "\\[x]"]
TEXTS = [*MARKUP, *(each.text[:4_000] for each in HOSTILE)]


def harmless(d: Desk) -> None:
    for row in d.screen:
        assert all(ch >= " " and ch != "\x7f" for ch in row)
        assert not UNSAFE.search(row)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(120, 40), (40, 12)])
async def test_no_field_of_a_visitor_acts(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        for number, text in enumerate(TEXTS):
            chat = 101 + number % 3
            name, topic, page = text[:80], text[:120], text[:2_048]
            fields = {
                "topic": topic,
                "first_line": text,
                "page": page,
                "page_title": page,
                "email": text[:254],
                "language": text[:35],
            }
            await d.feed(waiting(1, name, **fields, version=number + 1), Preview(1, text))
            harmless(d)
            await d.feed(
                mine(chat, name, version=number + 1, **fields),
                *log(chat, f"*{topic}", f"<{text}", "+", "<the next line", name=name),
                Preview(chat, text),
            )
            d.app.main.go_chat(chat)
            await d.pilot.pause()
            harmless(d)
            assert d.sees("the next line")
            await d.feed(left(number % 20 + 1, text, name=name, email=text[:254], page=page))
        await d.press("escape", "l")
        for _ in range(20):
            await d.press("down")
            harmless(d)
        assert d.sent == []


async def test_markup_is_shown_as_written() -> None:
    async with desk() as d:
        for number, text in enumerate(MARKUP):
            await d.feed(waiting(number + 1, text))
        for text in MARKUP:
            assert d.sees(text[:14])


async def test_names_in_dialogs_and_notices_are_literal() -> None:
    async with desk() as d:
        await d.feed(
            mine(11, "[/red]\x1b[2J"),
            *log(11, "*", "<a", "+"),
            CannedCard(9, "evil", "[/x]\x1b]52;c;aGk=\x07"),
        )
        await d.press("1", "f9")
        assert d.sees("Close the chat with [/red]")
        harmless(d)
        await d.press("escape", "ctrl+r")
        assert d.sees("[/x]")
        harmless(d)
        await d.press("escape")
        d.app.tell("[/nope] \x1b[31m")
        await d.pilot.pause()
        assert d.sees("[/nope]")
        harmless(d)


async def test_every_drawn_row_is_clean_by_itself_and_exactly_as_wide_as_asked() -> None:
    async with desk() as d:
        for each in HOSTILE:
            strip = d.app.main.status.strip([(each.text[:200], "strong"), ("|", "")], 40)
            assert not UNSAFE.search(strip.text)
            assert strip.cell_length == 40
