"""Keys that come in one bunch, as they do over a slow line, act in the order in which they were typed."""

from textual import events
from textual.keys import key_to_character

from agentconsole.protocol import Close, Note, Outcome, Say
from tests.screens.fed import Desk, desk, log, mine
from tests.waiting import async_until


async def bunch(d: Desk, *keys: str) -> None:
    """All these keys at once; a word stands for its letters, as words do in `press`."""
    for key in keys:
        names = [key] if len(key) == 1 or key in NAMED or "+" in key else list(key)
        for name in names:
            d.app.post_message(events.Key(name, key_to_character(name)))
    await settled(d)


async def settled(d: Desk) -> None:
    """Every key has had its turn."""
    await async_until(lambda: d.app.keyboard.idle, what="the last key's turn")
    await d.drawn()


NAMED = {"enter", "space", "escape", "backspace", "left", "down", "f2", "f3", "f4", "f8", "f9"}


async def test_each_line_is_sent_before_the_next_is_written() -> None:
    async with desk() as d:
        await d.feed(mine(11), *log(11, "hello"))
        await d.press("1")
        await bunch(d, "one", "enter", "two", "enter", "thre", "backspace", "ow", "left", "X")
        assert [command.text for command in d.sent if isinstance(command, Say)] == ["one", "two"]
        assert d.app.main.chat.composer.text == "throXw"


async def test_letters_behind_a_key_of_another_mode_belong_to_that_mode() -> None:
    async with desk() as d:
        await d.feed(mine(11), *log(11, "hello"))
        await d.press("1")
        await bunch(d, "draft", "f8", "secret", "enter", "f8", "er", "f9", "2", "escape", "f2")
        assert [command for command in d.sent if isinstance(command, Say)] == []
        assert [command.text for command in d.sent if isinstance(command, Note)] == ["secret"]
        assert [command.outcome for command in d.sent if isinstance(command, Close)] == [Outcome.unsolved]
        assert d.store.draft(11) == "drafter"
        assert d.app.main.where == "queue"


async def test_a_paste_takes_its_turn() -> None:
    async with desk() as d:
        await d.feed(mine(11), *log(11, "hello"))
        await d.press("1")
        for event in (*map(typed, "ab"), typed("backspace"), events.Paste("pasted"), typed("backspace")):
            d.app.post_message(event)
        await settled(d)
        assert d.app.main.chat.composer.text == "apaste"


def typed(key: str) -> events.Key:
    return events.Key(key, key_to_character(key))


async def test_letters_that_walk_leave_letters_keys_and_function_keys_go_on_to_write() -> None:
    async with desk() as d:
        for chat, name in ((11, "Ana"), (12, "Bo"), (13, "Cy")):
            await d.feed(mine(chat, name, seq=3), *log(chat, "*", "<a", "+", name=name))
        seen = set()
        for _ in range(3):
            await d.press("n")
            seen.add(d.app.main.chat.chat)
            assert d.app.focused is d.app.main.chat
        assert seen == {11, 12, 13}
        await d.press("right_square_bracket", "left_square_bracket")
        assert d.app.focused is d.app.main.chat
        assert d.app.main.chat.composer.text == ""
        await d.press("f3")
        await d.type("now")
        await d.press("f3")
        assert d.app.focused is d.app.main.chat.composer.field
        assert "now" in d.store.words()["drafts"].values()  # type: ignore[attr-defined]
