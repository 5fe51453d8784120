"""The main screens look as they were drawn: every letter and every style, at a fixed time with fixed data.

`AGENTCONSOLE_REDRAW=1 ./dev test tests/screens/test_drawn.py` draws them anew into tests/screens/drawn.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from agentconsole.protocol import (
    Clock,
    ColleagueTyping,
    CustomerCard,
    EarlierChat,
    Message,
    Outcome,
    Preview,
    RoomCard,
    State,
    TicketPriority,
    TicketStatus,
)
from agentconsole.settings import Settings
from tests.screens.drawing import compare, differences, drawn
from tests.screens.fed import ME, START, Desk, desk, left, log, mine, waiting
from tests.screens.fed_tickets import HOUR, settled, thread, ticket, with_doors
from tests.screens.team import ROBIN, handed_to_me, history, person, team

ROOM = f"u{ME}-{ROBIN}"
SAID = ("Could you have a look at chat 12?", "It is about the invoice of March, and she is in a hurry.")


@pytest.fixture(autouse=True)
def _greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are drawn in the machine's zone."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def morning(d: Desk) -> None:
    """A desk at work: chats that wait, are mine, are offered; tickets, messages, a team."""
    d.store.link.welcomed("run1", START)
    d.store.link.measured(40)
    await d.feed(
        *team(),
        waiting(1, "Bo", 400, topic="Delivery"),
        waiting(2, "ひかり", 65, department=2, first_line="請求書がまだ届いていません。"),
        waiting(3, "Zoë", 12, topic="Login", drill=True, lost_at=START - 4_000),
        mine(11, topic="Printer", email="ana@example.org", page="https://example.org/help", guests=[person(ROBIN, "Robin")]),
        *log(11, "*", "<My printer is on fire.", "+", ">Please stand back. Is anybody near it?", "<No, we have all left the room."),
        mine(12, "Łucja", department=2, first_line="Faktura", seq=3),
        *log(12, "*", "<Dzień dobry, proszę o fakturę za marzec.", "+", name="Łucja"),
        mine(13, "Sam", state=State.wrapup, due_at=START + 21_000),
        *log(13, "*", "<Thanks, that is all", "+", name="Sam"),
        handed_to_me(),
        *history(),
        left(1),
        *(Message(id, ROOM, START - 60_000 + id * 1_000, ROBIN, "Robin", text) for id, text in enumerate(SAID, 1)),
        RoomCard(ROOM, 2, 2, START - 58_000, SAID[1], "Robin"),
        Preview(11, "The fire brigade says that"),
        Preview(1, "how long will"),
        ColleagueTyping(11, ROBIN, "Robin", True),
    )  # fmt: skip
    doors = await with_doors(
        d,
        ticket(1, first_due=START - 3 * HOUR, breached=[Clock.first], priority=TicketPriority.urgent),
        ticket(2, department=2, assignee=ME, assignee_name="Kim", status=TicketStatus.open, tags=["paper"]),
        ticket(3, status=TicketStatus.waiting, name="", first_due=0),
    )
    given = {"seq": 7, "pub": 3, "status": TicketStatus.open, "subject": "Printer is on fire"}
    doors.put(ticket(12, **given), *thread())
    earlier = [EarlierChat(4, 1, START - 90 * 24 * HOUR, State.closed, "It smokes", Outcome.solved)]
    d.app.main.chat.customers[11] = CustomerCard("ana@example.org", "Ana", earlier, [])


# What is pressed to come to each place; the first picture is where one begins.
PLACES = {
    "queue": ("g",),
    "chat": ("1",),
    "note": ("f8",),
    "transfer": ("f8", "escape", "h"),
    "messages": ("escape", "M"),
    "left": ("l",),
    "team": ("W",),
    "help": ("question_mark",),
    "tickets": ("escape", "K"),
    "ticket": ("number_sign", "1", "2", "enter"),
}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_screens_look_as_they_were_drawn(size: tuple[int, int]) -> None:
    wrong = []
    async with desk(size) as d:
        await morning(d)
        for place, keys in PLACES.items():
            await d.press(*keys)
            await settled(d)
            try:
                compare(d.app, f"{place}-{size[0]}x{size[1]}")
            except AssertionError as found:
                wrong.append(str(found))
    assert not wrong, "\n\n".join(wrong)


async def test_a_picture_tells_letters_styles_and_rows() -> None:
    async with desk((60, 18)) as d:
        await d.feed(waiting(1, "ひかり"))
        before = drawn(d.app)
        assert drawn(d.app) == before
        assert "ひかり" in before.split("\n\n", maxsplit=1)[0]
        await d.feed(waiting(1, "Bo", version=2))
        (was, now) = differences(before, drawn(d.app))
        assert "row 3 was |" in was
        assert "ひかり" in was
        assert "row 3 is  |" in now
        assert "Bo" in now
        before = drawn(d.app)
        d.app.choose_theme("day")
        await d.drawn()
        assert len(differences(before, drawn(d.app))) == 3 * 18
        assert "row 1 has other styles" in differences(before, drawn(d.app))[0]
    assert differences("", before) == ["it has not been drawn yet"]


async def test_another_theme_is_on_the_screen_at_once() -> None:
    """Also one with the same background, for which Textual itself paints nothing anew."""
    async with desk((60, 18), Settings(theme="mono")) as d:
        await d.feed(waiting(1, "Bo"))
        for widget in d.app.screen.walk_children():
            widget.notify_style_update()  # as when a dialog closes
        d.app.choose_theme("ansi-dark")
        await d.drawn()
        at_once = drawn(d.app)
        for widget in d.app.screen.walk_children():
            widget.refresh()
        await d.drawn()
        assert differences(at_once, drawn(d.app)) == []
