"""Every screen is two keys away at most: from every other one, from within a dialog, and from the middle of a text."""

from __future__ import annotations

import pytest

from agentconsole.screens.help import Help
from agentconsole.screens.transfer import TransferDialog
from tests.screens.fed import Desk, desk, left, log, mine, waiting
from tests.screens.fed_tickets import settled, ticket, with_doors
from tests.screens.team import supervisor, team, theirs

SCREENS = {
    "queue": "g",
    "chat": "1",
    "transfer": "h",
    "observe": "E",
    "team": "W",
    "messages": "M",
    "running": "V",
    "left": "l",
    "feedback": "F",
    "tickets": "K",
    "mails": "X",
    "departments": "ampersand",
    "help": "question_mark",
}
DIALOGS = {
    "status": "s",
    "break": "b",
    "finishing": "S",
    "theme": "T",
    "palette": "colon",
    "quit": "Q",
    "help": "question_mark",
    "transfer": "h",
    "whom": "at",
    "alerts": "A",
    "ticket number": "number_sign",
}


def shown(d: Desk) -> str:
    """The name of the screen that stands there."""
    screen = d.app.screen
    if screen is d.app.main:
        return d.app.main.where.value
    return {Help: "help", TransferDialog: "transfer"}.get(type(screen), "a dialog")


async def staffed(d: Desk) -> None:
    """A supervisor at work, with a chat of his own and one to watch."""
    await with_doors(d, ticket(5))
    await d.feed(supervisor(), *team(), waiting(1, "Bo"), left(1), theirs(21))
    await d.feed(mine(11), *log(11, "*", "<hello", "+"))
    d.store.outbox.entries.clear()


def letters_are_keys(d: Desk) -> bool:
    """True if no dialog stands there and nothing is being written."""
    composer = d.app.main.composer
    return d.app.screen is d.app.main and not (composer and composer.field.has_focus)


async def reaches(d: Desk, to: str) -> None:
    """Its own key leads there, where letters are text after Escape: two keys at most."""
    await d.press(*([] if letters_are_keys(d) else ["escape"]), SCREENS[to])
    assert shown(d) == to


async def begins(d: Desk, at: str) -> None:
    """Stand there, with nothing in front."""
    for _ in range(4):
        if d.app.screen is not d.app.main:
            await d.press("escape")
    await d.press("escape", SCREENS[at])
    assert shown(d) == at


@pytest.mark.parametrize("at", SCREENS)
async def test_every_screen_leads_to_every_other(at: str) -> None:
    async with desk() as d:
        await staffed(d)
        for to in SCREENS:
            if to != at:
                await begins(d, at)
                await reaches(d, to)


@pytest.mark.parametrize("dialog", DIALOGS)
async def test_every_screen_is_reached_from_within_a_dialog(dialog: str) -> None:
    async with desk() as d:
        await staffed(d)
        for to in SCREENS:
            await begins(d, "team")
            await d.press("escape", DIALOGS[dialog])
            assert d.app.screen is not d.app.main, dialog
            await reaches(d, to)


@pytest.mark.parametrize("where", ["chat", "messages", "ticket"])
async def test_every_screen_is_reached_from_the_middle_of_a_text(where: str) -> None:
    async with desk((40, 12)) as d:
        await staffed(d)
        for to in SCREENS:
            if where == "ticket":
                await begins(d, "tickets")
                await settled(d)
                await d.press("enter")
            else:
                await begins(d, where)
            await d.press("i")
            await d.type("x")
            composer = d.app.main.composer
            assert composer is not None
            assert composer.field.has_focus
            text = composer.text
            await reaches(d, to)
            assert composer.text == text or to == "chat" != where


async def test_a_chat_is_handed_over_from_anywhere_and_the_dialog_names_it() -> None:
    async with desk() as d:
        await staffed(d)
        for at in ("team", "messages", "left"):
            await begins(d, at)
            await d.press("h")
            assert d.sees("Hand over the chat with Ana")
            await d.press("escape")
        await d.press("g", "end", "h")
        assert d.sees("Hand over the chat with Ana")
        await d.press("escape", "home")
        assert d.store.chats[d.app.main.queue.selected].name == "Bo"
        await d.press("h")
        assert d.sees("Hand over the chat with Bo")
