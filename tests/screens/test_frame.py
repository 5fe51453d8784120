"""The frame: places, status, link, notices, small terminals, and that nothing is written without a reason."""

import pytest
from textual.filter import ANSIToTruecolor

from agentconsole import keys
from agentconsole.keys import Where
from agentconsole.protocol import SeatCard, SetStatus, Status, TakeNext
from agentconsole.settings import Settings
from agentconsole.store import Store
from agentconsole.themes import THEMES
from tests.screens.fed import ME, START, Desk, desk, event, left, log, mine, waiting
from tests.waiting import async_until

ROWS = {(120, 40): 40, (80, 24): 24, (40, 12): 12, (20, 6): 6}


async def with_ana(d: Desk) -> None:
    await d.feed(mine(11), *log(11, "*", "<It burns", "+", "<the newest line"))
    await d.press("1")


async def test_the_status_bar_says_who_i_am_my_status_the_link_and_the_counts() -> None:
    async with desk() as d:
        d.store.link.welcomed("run", START)
        d.store.link.measured(40)
        await d.feed(waiting(1), mine(11), *log(11, "*", "<a", "+", "<b"))
        bar = d.screen[-1]
        assert "● Kim online" in bar
        assert "link quick" in bar
        assert "1 mine  1 waiting  2 unread" in bar


async def test_my_status_is_chosen_by_keys_and_shown_with_its_reason() -> None:
    async with desk() as d:
        await d.press("s", "2")
        await d.type("lunch")
        await d.press("enter")
        (status,) = d.sent
        assert isinstance(status, SetStatus)
        assert (status.status, status.reason) == (Status.away, "lunch")
        await d.feed(SeatCard(ME, "kim", "Kim", Status.away, START, "lunch"))
        assert "◐ Kim on break: lunch" in d.screen[-1]
        assert d.sees("Your status: on break.")


async def test_a_silent_server_is_told_from_the_third_second_and_nothing_is_blanked() -> None:
    async with desk() as d:
        d.store.link.welcomed("run", d.clock.now)
        await with_ana(d)
        await d.type("wait")
        await d.press("enter")
        d.store.link.asked(d.clock.now)
        await d.later(2_900)
        assert not d.sees("No answer")
        await d.later(1_200)
        assert d.sees("! No answer for 4 s.")
        assert d.sees("1 thing of yours will be sent")
        assert d.sees("the newest line")
        assert d.sees("to Ana ▸")
        d.store.link.heard(d.clock.now)
        await d.later(1_000)
        assert not d.sees("No answer")


async def test_a_reconnect_says_how_much_was_missed() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.feed(*_hello_again(event(11, 5, "<one"), event(11, 6, "<two")))
        assert d.sees("Back again: caught up 2 events.")
        await d.later(7_000)
        assert not d.sees("Back again")


def _hello_again(*events: object) -> list:
    from tests.screens.fed import hello

    first, *rest = hello()
    *lists, synced = rest
    return [first, *lists, mine(11, version=9, seq=6), *events, synced]


@pytest.mark.parametrize("size", ROWS)
async def test_composer_and_newest_line_stand_on_every_size(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await with_ana(d)
        await d.type("I am here")
        assert len(d.screen) == size[1]
        assert d.sees("the newest")
        assert d.sees("Ana ▸ I am h") or d.sees("I am here")


@pytest.mark.parametrize("size", [(20, 6), (40, 12), (120, 40)])
async def test_a_resized_terminal_keeps_draft_and_newest_line(size: tuple[int, int]) -> None:
    async with desk() as d:
        await with_ana(d)
        await d.type("half")
        await d.pilot.resize_terminal(*size)
        await d.pilot.pause()
        assert d.app.main.chat.composer.text == "half"
        assert d.sees("the newest")
        assert d.sees("half")


@pytest.mark.parametrize("theme", THEMES)
async def test_every_theme_shows_every_place(theme: str) -> None:
    async with desk(settings=Settings(theme=theme)) as d:
        await d.feed(waiting(1), left(1))
        await with_ana(d)
        await d.press("f8")
        assert d.app.theme == theme
        assert d.sees("NOTE – staff only ▸")
        await d.press("escape", "g")
        assert d.sees("My printer is on fire")
        await d.press("l")
        assert d.sees("Please call me back")


@pytest.mark.parametrize("theme", THEMES)
async def test_a_console_begins_in_the_colours_of_its_theme(theme: str) -> None:
    """Where these are the terminal's own sixteen, nothing turns them into others."""
    async with desk(settings=Settings(theme=theme)) as d:
        begun = [type(each) for each in d.app.get_line_filters()]
        assert (ANSIToTruecolor in begun) is not THEMES[theme].ansi
        d.app.choose_theme("night")
        d.app.choose_theme(theme)
        assert [type(each) for each in d.app.get_line_filters()] == begun


async def test_time_alone_paints_nothing() -> None:
    async with desk((120, 40)) as d:
        await with_ana(d)
        await d.feed(waiting(1, wait_s=70))
        painted: list[object] = []
        for widget in d.app.screen.walk_children():
            real = widget.refresh
            widget.refresh = lambda *a, real=real, w=widget, **k: (painted.append(w), real(*a, **k))[1]  # type: ignore[method-assign]
        d.store.chats[11] = mine(11)
        for _ in range(5):
            await d.later(1_000)
        assert painted == []
        await d.press("f2")
        assert painted


async def test_a_click_on_a_place_goes_there() -> None:
    async with desk() as d:
        await d.feed(left(1))
        await d.pilot.click("#places", offset=(d.screen[0].index("Left"), 0))
        await d.pilot.pause()
        assert d.sees("Please call me back")


async def test_every_action_of_the_table_has_a_deed() -> None:
    async with desk() as d:
        for action in keys.ACTIONS:
            name = "break_" if action.id == "break" else action.id
            known = any(callable(getattr(noun, name, None)) for noun in d.app.deeds.nouns)
            assert action.id.startswith("chat_") or known, action.id


@pytest.mark.slow
@pytest.mark.parametrize("place", ["g", "1", "l", "W"])
async def test_no_action_breaks_the_console_in_an_empty_place(place: str) -> None:
    async with desk() as d:
        await d.press(place)
        for action in keys.ACTIONS:
            if action.id not in ("quit", "logout", "editor"):
                d.app.do(action.id)
                await d.pilot.pause()
                await d.press("escape", "escape")
                assert d.app.is_running, action.id
                assert d.app.screen is d.app.main, action.id


async def test_who_logs_out_leaves_also_if_the_server_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as d:
        told: list[str] = []
        monkeypatch.setattr(d.app, "exit", lambda *_, message=None: told.append(str(message)))
        d.app.do("logout")
        await d.pilot.pause()
        await d.press("enter")
        await async_until(lambda: told, what="the console has left")
        (sentence,) = told
        assert "the server could not be told" in sentence
        assert "cannot be reached" in sentence
        assert d.app.session.token == ""


async def test_palette_and_help_know_all_actions_that_fit_here() -> None:
    async with desk((120, 40)) as d:
        await d.press("colon")
        await d.type("break")
        assert d.sees("Set my status to break")
        await d.press("escape", "question_mark")
        await d.type("theme")
        assert d.sees("Choose another theme")
        await d.press("enter")
        assert d.sees("calm and dark")


async def test_keys_can_be_remapped() -> None:
    table = keys.remapped({"take_next": ("$",)})
    async with desk(table=table) as d:
        await d.feed(waiting(1))
        await d.press("t")
        assert d.sent == []
        await d.press("dollar_sign")
        assert [type(command) for command in d.sent] == [TakeNext]
        assert d.sees("$ Take next")


async def test_quit_asks_only_while_i_have_chats() -> None:
    async with desk() as d:
        await d.feed(mine(11))
        await d.press("Q")
        assert d.sees("Leave the console?")
        await d.press("escape")
        assert d.app.is_running
    async with desk() as d:
        await d.press("Q")
        assert d.app.return_value == 0


def test_footer_keys_exist_for_every_place() -> None:
    for where in Where:
        assert any(action.shown and action.keys for action in keys.at(where))
    assert Store().counts().mine == 0


async def test_help_on_a_narrow_screen_names_the_actions_and_says_when_there_is_none() -> None:
    async with desk((40, 16)) as d:
        await with_ana(d)
        await d.press("escape", "question_mark")
        await d.type("close")
        assert d.sees("F9 c         Close")
        await d.type("xyz")
        assert d.sees("No key does that, Escape goes")


@pytest.mark.parametrize("size, hints", [((40, 12), False), ((80, 24), True)])
async def test_after_a_notice_the_screen_is_as_it_was(size: tuple[int, int], hints: bool) -> None:
    async with desk(size) as d:
        assert d.sees("? Help") is hints
        await d.press("D")
        assert d.sees("Nothing is offered to you.")
        assert not d.sees("? Help")
        await d.press("g")
        assert not d.sees("Nothing is offered")
        assert d.sees("? Help") is hints
